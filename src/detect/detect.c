/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: a hit leaves the queue only when its rows are durable, or with the process, whose
 * log has the record then.  It is queued under the same lock under which the pair was learnt, so
 * a pair is either unknown or on its way to the table. */
#include "detect/detect.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "detect/first_seen.h"
#include "detect/hit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define QUEUE_HITS_MAX 100000u
#define TENANT_HITS_MAX (QUEUE_HITS_MAX / 2) /* of them: one cannot shut out the others */
#define WRITE_HITS_MAX 1000u /* the largest, all of escapes, are one request: 64 KiB each */
#define ALERTS_PER_HOUR_MAX 500u
#define TENANT_ALERTS_PER_HOUR_MAX (ALERTS_PER_HOUR_MAX / 2)
#define WRITE_TRIES_MAX 50u /* at once, before others have their turn */
#define WRITE_PAUSE_MS_MIN 100u
#define WRITE_PAUSE_MS_MAX 5000u
#define EVENTS_AT_ONCE 64u /* of a batch, so that small ones of others come between */

struct detect {
    struct record_sink sink; /* first: the sink's address is the detect's */
    struct detect_options options;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    struct first_seen *first_seen;
    struct hit *head, *tail;
    struct map waiting; /* guid bytes -> how many hits of the tenant are not written */
    uint64_t queued;   /* ever: the number of the last one */
    uint64_t depth;    /* not written */
    uint64_t drain_to, drain_left; /* of the last drain: up to this number so many were not */
    uint64_t pause_ms; /* before what could not be written is tried again; 0: all could */
    struct error why;  /* it could not, the last time */
    bool started, stopping, has_thread;
    pthread_t writer;
    struct detect_stats stats;
    uint64_t hour; /* since 1970, of the alert limit */
    uint32_t alerts_in_hour;
    struct map hourly; /* guid bytes -> how many of them are the tenant's */
};

/* ---- what the tables remember ---- */

struct loader {
    struct query_sink sink; /* first */
    struct detect *detect;
    const struct guid *tenant; /* of load_oldest() */
};

/* Columns as in the question of load_tenant(). */
static enum status load_rows(struct query_sink *sink, const struct batch *batch,
                             struct error *err)
{
    struct detect *d = ((struct loader *)sink)->detect;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < batch->row_count; i++) {
        struct guid tenant = vector_value(&batch->columns[0], i).guid;
        struct first_seen_row row = {
            .kind = vector_value(&batch->columns[1], i).bytes,
            .mailbox = vector_value(&batch->columns[2], i).bytes,
            .app = vector_value(&batch->columns[3], i).bytes,
            .address = vector_value(&batch->columns[4], i).bytes,
            .network = vector_value(&batch->columns[5], i).bytes,
            .user = vector_value(&batch->columns[6], i).bytes,
            .time = vector_value(&batch->columns[7], i).integer,
            .alerted = vector_value(&batch->columns[8], i).boolean,
            .undated = vector_value(&batch->columns[9], i).boolean,
        };
        status = first_seen_load(d->first_seen, &tenant, &row, err);
    }
    return status;
}

/* One row; null where there is no such record. */
static enum status load_oldest(struct query_sink *sink, const struct batch *batch,
                               struct error *err)
{
    const struct loader *loader = (const struct loader *)sink;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < batch->row_count; i++) {
        struct value oldest = vector_value(&batch->columns[0], i);
        if (!oldest.is_null)
            status = first_seen_load_oldest(loader->detect->first_seen, loader->tenant,
                                            oldest.integer, err);
    }
    return status;
}

/* A row has the time of the record with which something came first.  Older records that came
 * behind it left none, but they were watched.  Where the rows say that learning is over it does
 * not matter, and where there are none nothing was learnt.  Those of the batch itself do not
 * count yet: it may be history that comes newest first. */
static enum status ask_for_oldest(struct detect *d, const struct record_batch *batch,
                                  struct error *err)
{
    struct loader loader = {{.rows = load_oldest}, d, &batch->tenant};
    int64_t now = time_from_unix_us(clock_unix_us(d->options.clock));
    int64_t oldest = first_seen_oldest(d->first_seen, &batch->tenant);
    char text[512];
    bool ignored;

    if (d->options.ask == NULL || oldest == INT64_MAX ||
        oldest <= now - FIRST_SEEN_LEARNING_DAYS * TICKS_PER_DAY)
        return STATUS_OK;
    (void)snprintf(text, sizeof(text),
                   "let until = ago(%dd); let first = %llu; union"
                   " (AuditRecords | where TimeGenerated < until and _Seq < first),"
                   " (OfficeActivity | where TimeGenerated < until and _Seq < first)"
                   " | summarize min(TimeGenerated)",
                   FIRST_SEEN_LEARNING_DAYS, (unsigned long long)batch->records[0].seq);
    return d->options.ask(d->options.context, &batch->tenant, slice_of(text), &loader.sink,
                          &ignored, err);
}

/* What was half loaded is loaded again with the next batch: learning twice is learning. */
static enum status load_tenant(struct detect *d, const struct record_batch *batch,
                               struct error *err)
{
    const struct guid *tenant = &batch->tenant;
    struct loader loader = {{.rows = load_rows}, d, tenant};
    enum status status = STATUS_OK;
    bool is_complete = true;
    struct error untold;

    if (first_seen_is_loaded(d->first_seen, tenant))
        return STATUS_OK;
    if (d->options.ask != NULL)
        status = d->options.ask(
            d->options.context, tenant,
            SLICE("FirstSeen | project TenantId, Kind, Mailbox, AppId, Address, Network,"
                  " UserId, FirstTime, Alerted = isnotempty(AlertId),"
                  " Undated = coalesce(Undated, false)"),
            &loader.sink, &is_complete, err);
    /* Without an answer it learns again, as where rows lack.  That is better than to look at
     * nothing, and to ask with each batch anew while others wait for the lock. */
    if (status == STATUS_OK && ask_for_oldest(d, batch, &untold) != STATUS_OK)
        is_complete = false;
    if (status == STATUS_OK)
        status = first_seen_set_loaded(d->first_seen, tenant, is_complete, err);
    d->stats.lacking_tenants += status == STATUS_OK && !is_complete;
    return status;
}

static enum status load_addresses(struct query_sink *sink, const struct batch *batch,
                                  struct error *err)
{
    struct detect *d = ((struct loader *)sink)->detect;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < batch->row_count; i++)
        status = first_seen_load_alerted(d->first_seen, vector_value(&batch->columns[0], i).bytes,
                                         err);
    return status;
}

enum status detect_load(struct detect *detect, struct error *err)
{
    struct loader loader = {{.rows = load_addresses}, detect, NULL};
    bool is_complete = true;
    enum status status = detect->options.ask(
        detect->options.context, NULL,
        SLICE("SecurityAlert | where AlertType == '" FIRST_SEEN_ALERT_TYPE "'"
              " | distinct tostring(parse_json(ExtendedProperties).address)"),
        &loader.sink, &is_complete, err);
    if (status == STATUS_OK && !is_complete) {
        first_seen_set_alerts_lack(detect->first_seen);
        detect->stats.alerts_lack = true;
    }
    return status;
}

/* A lost row may have been an alert's, and its address counts for all tenants: so does its lack. */
void detect_set_lacking(struct detect *d, const struct guid *tenant)
{
    (void)pthread_mutex_lock(&d->lock);
    d->stats.lacking_tenants += first_seen_set_lacking(d->first_seen, tenant);
    if (!d->stats.alerts_lack) { /* else those that wait say it already */
        d->stats.alerts_lack = true;
        first_seen_set_alerts_lack(d->first_seen);
        for (struct hit *hit = d->head; hit != NULL; hit = hit->next)
            hit->found.reasons |= REASON_RECORDS_LACK;
    }
    (void)pthread_mutex_unlock(&d->lock);
}

/* ---- the sink ---- */

/* A hit leaves the queue. */
static void count_gone(struct detect *d, const struct hit *hit)
{
    d->depth--;
    map_find(&d->waiting, guid_slice(&hit->tenant))->value--; /* as it was counted when it came */
}

/* Takes a replayed FirstSeen row off the held-back hits. */
static void cancel_hit(struct detect *d, const struct guid *tenant,
                       const struct first_seen_row *row)
{
    struct hit **link = &d->head;

    while (*link != NULL) {
        struct hit *hit = *link;
        if (!hit_matches(hit, tenant, row)) {
            link = &hit->next;
            continue;
        }
        *link = hit->next;
        count_gone(d, hit);
        hit_free(hit);
    }
    d->tail = NULL;
    for (struct hit *hit = d->head; hit != NULL; hit = hit->next)
        d->tail = hit;
}

static enum status replay_row(struct detect *d, const struct guid *tenant,
                              const struct record *record, struct error *err)
{
    struct arena *scratch = NULL;
    struct first_seen_row row;
    bool ok;

    enum status status = hit_row_from_record(record, &scratch, &row, &ok, err);
    if (status == STATUS_OK && ok) {
        cancel_hit(d, tenant, &row);
        status = first_seen_load(d->first_seen, tenant, &row, err);
    }
    arena_free(scratch);
    return status;
}

/* Of the hour in which they were received, which a replay knows, too: what it finds again of the
 * hours before does not count as of this one.  Batches come nearly in order, so an hour before
 * counts as this one; a clock that was set back begins anew. */
static void begin_hour(struct detect *d, int64_t received_us)
{
    uint64_t hour = (uint64_t)received_us / (uint64_t)US_PER_HOUR;

    if (hour <= d->hour && hour + 1 >= d->hour)
        return;
    d->hour = hour;
    d->alerts_in_hour = 0;
    map_clear(&d->hourly);
}

static bool may_alert(struct detect *d, const struct record_batch *batch)
{
    struct error ignored; /* without memory the bound of all is enough */

    begin_hour(d, batch->received_us);
    struct map_entry *own = map_put(&d->hourly, guid_slice(&batch->tenant), NULL, &ignored);
    if (d->alerts_in_hour >= ALERTS_PER_HOUR_MAX ||
        (own != NULL && own->value >= TENANT_ALERTS_PER_HOUR_MAX)) {
        d->stats.suppressed++;
        return false;
    }
    d->alerts_in_hour++;
    if (own != NULL)
        own->value++;
    return true;
}

static void add_hit(struct detect *d, struct hit *hit)
{
    hit->next = NULL;
    if (d->tail == NULL)
        d->head = hit;
    else
        d->tail->next = hit;
    d->tail = hit;
}

/* waiting: of the tenant. */
static enum status observe(struct detect *d, const struct record_batch *batch,
                           const struct event *event, struct map_entry *waiting,
                           struct error *err)
{
    const struct guid *tenant = &batch->tenant;
    struct first_seen_hit found;

    /* Before it is learnt: what is not new any more is never a hit again. */
    if (d->depth >= QUEUE_HITS_MAX || waiting->value >= TENANT_HITS_MAX)
        return ERROR_SET(err, STATUS_BUSY, "the queue of hits is full");
    d->stats.events++;
    enum status status = first_seen_observe(d->first_seen, tenant, event, &found, err);
    if (status != STATUS_OK || found.kind == FIRST_SEEN_NOTHING)
        return status;
    if (found.alert && !may_alert(d, batch))
        first_seen_suppress(&found);
    if (found.alert) /* behind the bound: nobody marks addresses without end */
        status = first_seen_mark(d->first_seen, tenant, event->address, err);
    if (status != STATUS_OK)
        return status;
    struct hit *hit = hit_new(tenant, event, &found, err);
    if (hit == NULL)
        return err->status;
    hit->number = ++d->queued;
    add_hit(d, hit);
    d->depth++;
    waiting->value++;
    d->stats.pairs += found.kind == FIRST_SEEN_PAIR;
    d->stats.networks += found.network_new;
    d->stats.alerts += found.alert;
    return STATUS_OK;
}

/* What stands back may be put aside with the lock held, and all tenants need it: records are
 * read before, and learnt a few at a time. */
static enum status take_some(struct detect *d, const struct record_batch *batch, uint32_t first,
                             uint32_t count, struct error *err)
{
    const struct record *records = batch->records + first;
    struct event events[EVENTS_AT_ONCE];
    struct arena *scratch = NULL; /* few records need it */
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        status = event_from_record(&records[i], &scratch, &events[i], err);
    (void)pthread_mutex_lock(&d->lock);
    uint64_t queued = d->queued;
    if (status == STATUS_OK)
        status = load_tenant(d, batch, err);
    struct map_entry *waiting =
        status == STATUS_OK ? map_put(&d->waiting, guid_slice(&batch->tenant), NULL, err) : NULL;
    if (status == STATUS_OK && waiting == NULL)
        status = err->status;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        status = observe(d, batch, &events[i], waiting, err);
    if (d->queued != queued) /* the writer need not wake for nothing */
        (void)pthread_cond_broadcast(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
    arena_free(scratch);
    return status;
}

static enum status replay_rows(struct detect *d, const struct record_batch *batch,
                               struct error *err)
{
    (void)pthread_mutex_lock(&d->lock);
    enum status status = load_tenant(d, batch, err);
    for (uint32_t i = 0; status == STATUS_OK && i < batch->record_count; i++)
        status = replay_row(d, &batch->tenant, &batch->records[i], err);
    (void)pthread_cond_broadcast(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
    return status;
}

/* Their keeping does not wait for the rules. */
static void count_missed(struct detect *d, uint32_t count)
{
    (void)pthread_mutex_lock(&d->lock);
    d->stats.missed += count;
    (void)pthread_mutex_unlock(&d->lock);
}

static enum status take(struct record_sink *sink, const struct record_batch *batch,
                        struct error *err)
{
    struct detect *d = (struct detect *)sink;
    enum status status = STATUS_OK;

    if (slice_is(batch->table, "FirstSeen")) /* our own rows are known when they are written */
        return batch->replayed ? replay_rows(d, batch, err) : STATUS_OK;
    if (!slice_is(batch->table, "AuditRecords") && !slice_is(batch->table, "OfficeActivity"))
        return STATUS_OK;
    for (uint32_t at = 0, count; status == STATUS_OK && at < batch->record_count; at += count) {
        uint32_t left = batch->record_count - at;
        count = left < EVENTS_AT_ONCE ? left : EVENTS_AT_ONCE;
        status = take_some(d, batch, at, count, err);
        if (status != STATUS_OK)
            count_missed(d, left);
    }
    return status;
}

enum status detect_new(const struct detect_options *options, struct detect **ret,
                       struct error *err)
{
    struct detect *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return ERROR_MEMORY(err);
    d->sink.take = take;
    d->options = *options;
    (void)pthread_mutex_init(&d->lock, NULL);
    clock_cond_init(&d->changed);
    map_init(&d->waiting);
    map_init(&d->hourly);
    d->first_seen = first_seen_new();
    if (d->first_seen == NULL) {
        detect_free(d);
        return ERROR_MEMORY(err);
    }
    *ret = d;
    return STATUS_OK;
}

struct record_sink *detect_sink(struct detect *detect)
{
    return &detect->sink;
}

/* ---- the writer ---- */

/* Up to WRITE_HITS_MAX hits of one tenant off the queue, as a list. */
static struct hit *take_hits(struct detect *d)
{
    struct hit *list = NULL, **end = &list, **link = &d->head;
    struct guid tenant = d->head->tenant;
    uint32_t count = 0;

    d->tail = NULL;
    while (*link != NULL) {
        struct hit *hit = *link;
        if (count < WRITE_HITS_MAX && guid_equal(&hit->tenant, &tenant)) {
            *link = hit->next;
            hit->next = NULL;
            *end = hit;
            end = &hit->next;
            count++;
        } else {
            d->tail = hit;
            link = &hit->next;
        }
    }
    return list;
}

/* Most of what refuses is over in a moment. */
static enum status write_body(struct detect *d, const struct guid *tenant, const char *table,
                              const struct buf *body, struct error *err)
{
    const struct timespec wait = {0, 20000000};
    enum status status = buf_check(body, err);

    if (status != STATUS_OK || body->size == 0)
        return status;
    for (unsigned left = WRITE_TRIES_MAX;; left--) {
        status = d->options.write(d->options.context, tenant, slice_of(table), buf_slice(body),
                                  err);
        if (status == STATUS_OK || left == 1)
            return status;
        (void)nanosleep(&wait, NULL);
    }
}

static enum status write_alerts(struct detect *d, struct hit *list, struct error *err)
{
    int64_t now = time_from_unix_us(clock_unix_us(d->options.clock));
    struct buf alerts, json;

    buf_init(&alerts, REQUEST_BODY_BYTES_MAX);
    buf_init(&json, MIB);
    for (const struct hit *hit = list; hit != NULL; hit = hit->next)
        if (hit->found.alert && !hit->is_alert_written)
            hit_add_alert(hit, now, &alerts);
    enum status status = write_body(d, &list->tenant, "SecurityAlert", &alerts, err);
    for (struct hit *hit = list; hit != NULL && status == STATUS_OK; hit = hit->next) {
        if (!hit->found.alert || hit->is_alert_written)
            continue;
        hit->is_alert_written = true;
        buf_clear(&json);
        hit_add_webhook(hit, now, &json);
        struct detect_alert alert = {hit->tenant, hit->alert_id, buf_slice(&json)};
        if (d->options.deliver != NULL)
            d->options.deliver(d->options.context, &alert);
    }
    buf_release(&alerts);
    buf_release(&json);
    return status;
}

/* The alert first: a crash between the two writes raises it again rather than never. */
static enum status write_hits(struct detect *d, struct hit *list, struct error *err)
{
    struct buf rows;
    enum status status = write_alerts(d, list, err);

    buf_init(&rows, REQUEST_BODY_BYTES_MAX);
    for (const struct hit *hit = list; hit != NULL && status == STATUS_OK; hit = hit->next)
        hit_add_row(hit, &rows);
    if (status == STATUS_OK)
        status = write_body(d, &list->tenant, "FirstSeen", &rows, err);
    buf_release(&rows);
    return status;
}

static void drop_written(struct detect *d, struct hit *list)
{
    while (list != NULL) {
        struct hit *next = list->next;
        count_gone(d, list);
        if (list->number <= d->drain_to)
            d->drain_left--;
        hit_free(list);
        list = next;
    }
    d->pause_ms = 0;
}

/* Behind the others, for the next try. */
static void put_back(struct detect *d, struct hit *list, const struct error *err)
{
    while (list != NULL) {
        struct hit *next = list->next;
        add_hit(d, list);
        list = next;
    }
    d->stats.failed_writes++;
    d->why = *err;
    d->pause_ms = d->pause_ms == 0                       ? WRITE_PAUSE_MS_MIN
                  : d->pause_ms < WRITE_PAUSE_MS_MAX / 2 ? d->pause_ms * 2
                                                         : WRITE_PAUSE_MS_MAX;
}

/* Returns when there is something to write, or no more time to wait for it. */
static void wait_for_hits(struct detect *d)
{
    struct timespec until = clock_deadline(d->pause_ms);

    while (d->pause_ms > 0 && !d->stopping &&
           pthread_cond_timedwait(&d->changed, &d->lock, &until) == 0)
        ;
    while (d->head == NULL && !d->stopping)
        (void)pthread_cond_wait(&d->changed, &d->lock);
}

static void *run_writer(void *arg)
{
    struct detect *d = arg;
    bool gives_up = false;
    struct error err;

    (void)pthread_mutex_lock(&d->lock);
    while (!gives_up) {
        wait_for_hits(d);
        if (d->head == NULL)
            break;
        struct hit *list = take_hits(d);
        (void)pthread_mutex_unlock(&d->lock);
        enum status status = write_hits(d, list, &err);
        (void)pthread_mutex_lock(&d->lock);
        if (status == STATUS_OK)
            drop_written(d, list);
        else
            put_back(d, list, &err);
        gives_up = status != STATUS_OK && d->stopping;
        (void)pthread_cond_broadcast(&d->changed);
    }
    (void)pthread_mutex_unlock(&d->lock);
    return NULL;
}

enum status detect_start(struct detect *d, struct error *err)
{
    if (pthread_create(&d->writer, NULL, run_writer, d) != 0)
        return ERROR_SET(err, STATUS_LIMIT, "cannot start the thread that writes alerts");
    d->has_thread = true;
    (void)pthread_mutex_lock(&d->lock);
    d->started = true;
    (void)pthread_mutex_unlock(&d->lock);
    return STATUS_OK;
}

enum status detect_drain(struct detect *d, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&d->lock);
    uint64_t failed = d->stats.failed_writes;
    d->drain_to = d->queued;
    d->drain_left = d->depth;
    while (d->started && d->drain_left > 0 && d->pause_ms == 0 && d->stats.failed_writes == failed)
        (void)pthread_cond_wait(&d->changed, &d->lock);
    if (d->started && d->drain_left > 0)
        status = ERROR_SET(err, STATUS_BUSY, "what the rules found cannot be written: %s",
                           d->why.text);
    (void)pthread_mutex_unlock(&d->lock);
    return status;
}

void detect_free(struct detect *d)
{
    if (d == NULL)
        return;
    if (d->has_thread) {
        (void)pthread_mutex_lock(&d->lock);
        d->stopping = true;
        (void)pthread_cond_broadcast(&d->changed);
        (void)pthread_mutex_unlock(&d->lock);
        (void)pthread_join(d->writer, NULL);
    }
    while (d->head != NULL) {
        struct hit *next = d->head->next;
        hit_free(d->head);
        d->head = next;
    }
    first_seen_free(d->first_seen);
    map_release(&d->waiting);
    map_release(&d->hourly);
    (void)pthread_mutex_destroy(&d->lock);
    (void)pthread_cond_destroy(&d->changed);
    free(d);
}

void detect_stats(struct detect *d, struct detect_stats *ret)
{
    (void)pthread_mutex_lock(&d->lock);
    *ret = d->stats;
    ret->queue_depth = d->depth;
    ret->is_failing = d->pause_ms > 0;
    (void)pthread_mutex_unlock(&d->lock);
}
