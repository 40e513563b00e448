/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/webhook.h"

#include "base/clock.h"
#include "base/limits.h"
#include "wire/client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define QUEUE_MAX 10000u
#define PAUSE_FIRST_MS 100u
#define STOP_MS 10000u /* for what waits at the end */

struct job {
    struct job *next;
    struct guid id;
    size_t size;
    char body[];
};

struct webhook {
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, stopping;
    uint64_t stop_by_us; /* monotonic; of `stopping` */
    char *url; /* NULL: off */
    bool allow_private;
    struct client *client; /* of `client_url`; only the thread uses it */
    char *client_url;
    bool client_private; /* it may call private addresses */
    struct slice client_path; /* the end of client_url */
    struct job *head, *tail;
    struct webhook_stats stats;
};

/* Where "https://host:port" ends.  A query may stand there without a path. */
static size_t path_begin(struct slice url)
{
    size_t scheme = slice_find(url, SLICE("://"), 0);
    size_t at = scheme == SIZE_MAX ? url.size : scheme + 3;

    while (at < url.size && strchr("/?#", url.data[at]) == NULL)
        at++;
    return at;
}

/* A client for the settings as they are now; NULL with err if delivery is off or cannot be set
 * up. */
static struct client *client_for(struct webhook *w, struct error *err)
{
    (void)pthread_mutex_lock(&w->lock);
    char *url = w->url == NULL ? NULL : slice_dup(slice_of(w->url));
    bool allow_private = w->allow_private;
    (void)pthread_mutex_unlock(&w->lock);
    if (url == NULL) {
        (void)ERROR_SET(err, STATUS_NOT_FOUND, "there is no webhook any more");
        return NULL;
    }
    if (w->client != NULL && strcmp(url, w->client_url) == 0 &&
        w->client_private == allow_private) {
        free(url);
        return w->client;
    }
    client_free(w->client);
    free(w->client_url);
    w->client = NULL;
    w->client_url = url;
    w->client_private = allow_private;
    struct slice base = slice_of(url);
    size_t path = path_begin(base);
    w->client_path = slice_tail(base, path);
    struct client_options options = {
        .url = slice_head(base, path), /* what errors name: the rest may be a secret */
        .timeout_ms = WEBHOOK_TIMEOUT_MS,
        .guarded = true,
        .allow_private = allow_private,
    };
    if (client_new(&options, &w->client, err) != STATUS_OK)
        return NULL;
    return w->client;
}

/* The status says all: an answer may be of any length. */
static enum status drop_body(void *context, struct slice bytes, struct error *err)
{
    (void)context;
    (void)bytes;
    (void)err;
    return STATUS_OK;
}

static enum status send_job(struct webhook *w, const struct job *job, struct error *err)
{
    struct client *client = client_for(w, err);
    struct client_answer answer = {0};
    char id[GUID_TEXT_BYTES + 1];

    if (client == NULL)
        return err->status;
    guid_format(&job->id, id);
    struct http_pair headers[2] = {{SLICE("Content-Type"), SLICE("application/json")},
                                   {SLICE("Daybook-Alert"), slice_of(id)}};
    struct client_request request = {
        .method = HTTP_POST,
        .path = w->client_path,
        .headers = headers,
        .header_count = 2,
        .body = slice_from(job->body, job->size),
        .answer_bytes_max = WEBHOOK_ANSWER_BYTES_MAX, /* of a refusal */
        .on_body = drop_body,
    };
    enum status status = client_send(client, &request, &answer, err);
    if (status == STATUS_OK && answer.status / 100 != 2)
        status = ERROR_SET(err, STATUS_DENIED, "it answered %u", answer.status);
    client_answer_release(&answer);
    return status;
}

/* Waits unless the webhook stops; true when it stops. */
static bool pause_ms(struct webhook *w, uint64_t ms)
{
    struct timespec until = clock_deadline(ms);

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        ;
    bool stopping = w->stopping;
    (void)pthread_mutex_unlock(&w->lock);
    return stopping;
}

/* Tries for some seconds; false: it went wrong. */
static bool deliver(struct webhook *w, struct job *job)
{
    struct error err;
    bool ok = false;

    for (unsigned try = 0; !ok && try < WEBHOOK_TRIES_MAX; try++) {
        ok = send_job(w, job, &err) == STATUS_OK;
        if (!ok && (err.status == STATUS_INVALID || /* of the settings: no try can help */
                    try + 1 == WEBHOOK_TRIES_MAX || pause_ms(w, (uint64_t)PAUSE_FIRST_MS << try)))
            break;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->stats.delivered += ok;
    w->stats.failed += !ok;
    if (!ok)
        (void)snprintf(w->stats.failure, sizeof(w->stats.failure), "%s", err.text);
    w->stats.queue_depth--;
    (void)pthread_mutex_unlock(&w->lock);
    free(job);
    return ok;
}

/* What waits is still delivered at the end, while the receiver takes it, and for a while. */
static bool has_ended(const struct webhook *w, bool ok)
{
    return w->stopping && (!ok || clock_monotonic_us(clock_system()) >= w->stop_by_us);
}

static void *run(void *arg)
{
    struct webhook *w = arg;
    bool ok = true;

    (void)pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->head == NULL && !w->stopping)
            (void)pthread_cond_wait(&w->changed, &w->lock);
        if (w->head == NULL || has_ended(w, ok))
            break;
        struct job *job = w->head;
        w->head = job->next;
        if (w->head == NULL)
            w->tail = NULL;
        (void)pthread_mutex_unlock(&w->lock);
        ok = deliver(w, job);
        (void)pthread_mutex_lock(&w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum status webhook_new(struct webhook **ret, struct error *err)
{
    struct webhook *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return ERROR_MEMORY(err);
    (void)pthread_mutex_init(&w->lock, NULL);
    clock_cond_init(&w->changed);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        webhook_free(w);
        return ERROR_SET(err, STATUS_LIMIT, "cannot start the thread that delivers alerts");
    }
    w->has_thread = true;
    *ret = w;
    return STATUS_OK;
}

enum status webhook_set(struct webhook *w, struct slice url, bool allow_private,
                        struct error *err)
{
    char *copy = url.size == 0 ? NULL : slice_dup(url);

    if (url.size > 0 && copy == NULL)
        return ERROR_MEMORY(err);
    (void)pthread_mutex_lock(&w->lock);
    free(w->url);
    w->url = copy;
    w->allow_private = allow_private;
    (void)pthread_mutex_unlock(&w->lock);
    return STATUS_OK;
}

void webhook_put(struct webhook *w, const struct detect_alert *alert)
{
    struct job *job = calloc(1, sizeof(*job) + alert->json.size);

    (void)pthread_mutex_lock(&w->lock);
    if (job == NULL || w->url == NULL || w->stats.queue_depth >= QUEUE_MAX) {
        w->stats.dropped += w->url != NULL;
        free(job);
    } else {
        job->id = alert->id;
        job->size = alert->json.size;
        memcpy(job->body, alert->json.data, alert->json.size);
        if (w->tail == NULL)
            w->head = job;
        else
            w->tail->next = job;
        w->tail = job;
        w->stats.queue_depth++;
        (void)pthread_cond_signal(&w->changed);
    }
    (void)pthread_mutex_unlock(&w->lock);
}

void webhook_free(struct webhook *w)
{
    if (w == NULL)
        return;
    if (w->has_thread) {
        (void)pthread_mutex_lock(&w->lock);
        w->stopping = true;
        w->stop_by_us = clock_monotonic_us(clock_system()) + STOP_MS * UINT64_C(1000);
        (void)pthread_cond_broadcast(&w->changed);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_join(w->thread, NULL);
    }
    while (w->head != NULL) {
        struct job *next = w->head->next;
        free(w->head);
        w->head = next;
    }
    client_free(w->client);
    free(w->client_url);
    free(w->url);
    (void)pthread_mutex_destroy(&w->lock);
    (void)pthread_cond_destroy(&w->changed);
    free(w);
}

void webhook_stats(struct webhook *w, struct webhook_stats *ret)
{
    (void)pthread_mutex_lock(&w->lock);
    *ret = w->stats;
    (void)pthread_mutex_unlock(&w->lock);
}
