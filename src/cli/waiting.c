/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/waiting.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct waiting {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

static void *write_lines(void *arg)
{
    struct waiting *w = arg;
    unsigned seconds = 0;

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        struct timespec until = clock_deadline(WAITING_MS);
        while (!w->stopping && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
            ;
        if (!w->stopping)
            (void)dprintf(w->fd, "\r%u s ... Ctrl-C cancels", ++seconds * (WAITING_MS / 1000));
    }
    if (seconds > 0)
        (void)dprintf(w->fd, "\r\033[K");
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct waiting *waiting_start(int fd)
{
    struct waiting *w = isatty(fd) ? calloc(1, sizeof(*w)) : NULL;

    if (w == NULL)
        return NULL;
    w->fd = fd;
    (void)pthread_mutex_init(&w->lock, NULL);
    clock_cond_init(&w->changed);
    if (pthread_create(&w->thread, NULL, write_lines, w) != 0) {
        (void)pthread_mutex_destroy(&w->lock);
        (void)pthread_cond_destroy(&w->changed);
        free(w);
        return NULL;
    }
    return w;
}

void waiting_stop(struct waiting *w)
{
    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_broadcast(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_mutex_destroy(&w->lock);
    (void)pthread_cond_destroy(&w->changed);
    free(w);
}
