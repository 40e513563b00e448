/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* Outlives crew_run() while a thread that came too late has still to see so. */
struct crew {
    pthread_mutex_t lock; /* all below */
    pthread_cond_t ended;
    void (*work)(void *context, uint32_t index);
    void *context;
    uint32_t begun, running; /* of the others */
    uint32_t users;          /* threads that know of it; the last frees it */
    bool is_over;
};

/* With the lock held. */
static void leave(struct crew *crew)
{
    bool is_last = --crew->users == 0;

    (void)pthread_mutex_unlock(&crew->lock);
    if (!is_last)
        return;
    (void)pthread_mutex_destroy(&crew->lock);
    (void)pthread_cond_destroy(&crew->ended);
    free(crew);
}

static void *help(void *argument)
{
    struct crew *crew = argument;

    (void)pthread_mutex_lock(&crew->lock);
    if (!crew->is_over) {
        uint32_t index = ++crew->begun;
        crew->running++;
        (void)pthread_mutex_unlock(&crew->lock);
        crew->work(crew->context, index);
        (void)pthread_mutex_lock(&crew->lock);
        crew->running--;
        (void)pthread_cond_signal(&crew->ended);
    }
    leave(crew);
    return NULL;
}

static struct crew *crew_new(void (*work)(void *context, uint32_t index), void *context)
{
    struct crew *crew = calloc(1, sizeof(*crew));

    if (crew == NULL)
        return NULL;
    crew->work = work;
    crew->context = context;
    crew->users = 1;
    (void)pthread_mutex_init(&crew->lock, NULL);
    (void)pthread_cond_init(&crew->ended, NULL);
    return crew;
}

/* Fewer than wanted is slower, not wrong. */
static void start(struct crew *crew, uint32_t count)
{
    pthread_attr_t detached;

    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (uint32_t i = 0; i < count; i++) {
        pthread_t thread;
        (void)pthread_mutex_lock(&crew->lock);
        crew->users++;
        (void)pthread_mutex_unlock(&crew->lock);
        if (pthread_create(&thread, &detached, help, crew) == 0)
            continue;
        (void)pthread_mutex_lock(&crew->lock);
        crew->users--;
        (void)pthread_mutex_unlock(&crew->lock);
        break;
    }
    (void)pthread_attr_destroy(&detached);
}

void crew_run(uint32_t count, void (*work)(void *context, uint32_t index), void *context)
{
    struct crew *crew = count > 1 ? crew_new(work, context) : NULL;

    if (crew == NULL) {
        work(context, 0);
        return;
    }
    start(crew, count - 1);
    work(context, 0);
    (void)pthread_mutex_lock(&crew->lock);
    crew->is_over = true;
    while (crew->running > 0)
        (void)pthread_cond_wait(&crew->ended, &crew->lock);
    leave(crew);
}
