/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are gathered per tenant in a pending batch; the writer takes the whole
 * pending batch, writes one request a tenant, then publishes how far it came.
 * Invariant: done <= taken <= given.  The last failed ranges are remembered; a
 * ticket older than those that were forgotten counts as failed, never as done. */
#include "share/self_audit.h"

#include "base/guid.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PENDING_LINES_MAX 20000u
#define FAILED_RANGES_MAX 64u
#define QUERY_SHOWN_BYTES_MAX (64 * KIB)
#define FULL_TRIES 10u
#define FULL_WAIT_MS 20

struct line {
    struct line *next;
    struct guid tenant;
    size_t size;
    char text[];
};

struct self_audit {
    struct ingest *ingest;
    const struct clock *clock;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, stopping;
    struct { /* the writer's; times are monotonic */
        uint64_t paid_us; /* when all writes so far are paid for */
        uint64_t own_requests, other_requests, other_us; /* of the log; newest of others */
    } pace;
    struct line *pending, **pending_end; /* in the order of arrival */
    uint32_t pending_count;
    uint64_t given, done;
    struct { /* of tickets; a ring */
        uint64_t from, to;
    } failed[FAILED_RANGES_MAX];
    uint32_t failed_count;
    uint64_t forgotten_to; /* of the newest range that left the ring */
    struct error failure;  /* the newest */
};

static void add_string(struct buf *buf, const char *key, struct slice value)
{
    buf_add_format(buf, ",\"%s\":", key);
    text_add_json_string(buf, value);
}

static void write_line(const struct self_audit *audit, const struct audit_action *action,
                       struct buf *ret)
{
    const struct principal *who = action->request->principal;
    char id[GUID_TEXT_BYTES + 1], token[GUID_TEXT_BYTES + 1], time[TIME_TEXT_BYTES + 1];
    struct guid guid = guid_new();

    guid_format(&guid, id);
    guid_format(&who->id, token);
    time_format_iso(time_from_unix_us(clock_unix_us(audit->clock)), time);
    buf_add_format(ret, "{\"CreationTime\":\"%s\",\"Id\":\"%s\"", time, id);
    add_string(ret, "Operation", slice_of(action->operation));
    add_string(ret, "UserId", slice_of(who->name));
    add_string(ret, "TokenId", slice_of(token));
    add_string(ret, "Role", slice_of(role_name(who->role)));
    add_string(ret, "ClientIP", action->request->remote);
    add_string(ret, "Query", slice_head(action->query, QUERY_SHOWN_BYTES_MAX));
    if (action->query.size > QUERY_SHOWN_BYTES_MAX)
        buf_add_format(ret, ",\"QueryBytes\":%zu", action->query.size);
    buf_add_text(ret, "}\n");
}

/* What one round writes, by the writer and its helpers. */
struct round {
    struct self_audit *audit;
    pthread_mutex_t lock; /* of all below */
    struct line *list;
    uint64_t request_count; /* that were acknowledged */
    enum status status; /* of the last that failed, with its error */
    struct error failure;
};

/* The lines of the list's first tenant, off the list and into the body. */
static bool take_tenant(struct round *round, struct guid *ret_tenant, struct buf *body)
{
    (void)pthread_mutex_lock(&round->lock);
    bool is_left = round->list != NULL;
    if (is_left)
        *ret_tenant = round->list->tenant;
    for (struct line **link = &round->list; *link != NULL;) {
        struct line *line = *link;
        if (!guid_equal(&line->tenant, ret_tenant)) {
            link = &line->next;
            continue;
        }
        buf_add(body, line->text, line->size);
        *link = line->next;
        free(line);
    }
    (void)pthread_mutex_unlock(&round->lock);
    return is_left;
}

static enum status try_write(struct self_audit *audit, struct guid tenant,
                             const struct buf *body, struct error *err)
{
    struct ingest_answer answer;
    struct arena *arena = arena_new(256 * MIB);
    enum status status;

    struct ingest_request request = {
        .tenant = tenant,
        .table = SLICE("DaybookAudit"),
        .body = buf_slice(body),
        .format = INGEST_FORMAT_NDJSON,
        .internal = true,
    };
    status = arena == NULL ? ERROR_MEMORY(err) : buf_check(body, err);
    if (status == STATUS_OK)
        status = ingest_put(audit->ingest, &request, arena, &answer, err);
    arena_free(arena);
    return status;
}

/* A disk that has no space refuses all that is queued together; the reserve is for what
 * comes alone, so it is tried again. */
static enum status write_tenant(struct self_audit *audit, struct guid tenant,
                                const struct buf *body, struct error *err)
{
    const struct timespec wait = {0, FULL_WAIT_MS * 1000000L};
    enum status status = try_write(audit, tenant, body, err);

    for (unsigned i = 0; i < FULL_TRIES && status == STATUS_FULL; i++) {
        (void)nanosleep(&wait, NULL);
        status = try_write(audit, tenant, body, err);
    }
    return status;
}

static void *write_tenants(void *arg)
{
    struct round *round = arg;
    struct guid tenant;
    struct buf body;

    buf_init(&body, REQUEST_BODY_BYTES_MAX);
    while (take_tenant(round, &tenant, &body)) {
        struct error err;
        enum status status = write_tenant(round->audit, tenant, &body, &err);
        (void)pthread_mutex_lock(&round->lock);
        if (status == STATUS_OK) {
            round->request_count++;
        } else {
            round->status = status;
            round->failure = err;
        }
        (void)pthread_mutex_unlock(&round->lock);
        buf_clear(&body);
    }
    buf_release(&body);
    return NULL;
}

/* All lines of the list.  Tenants are side by side, since each waits for a sync. */
static enum status write_round(struct self_audit *audit, struct line *list, struct error *err)
{
    struct round round = {audit, PTHREAD_MUTEX_INITIALIZER, list, 0, STATUS_OK, {0}};
    pthread_t helpers[SELF_AUDIT_HELPERS_MAX];
    uint32_t tenants = 0, count = 0;

    for (const struct line *line = list; line->next != NULL; line = line->next)
        tenants += !guid_equal(&line->tenant, &line->next->tenant);
    while (count < SELF_AUDIT_HELPERS_MAX && count < tenants &&
           pthread_create(&helpers[count], NULL, write_tenants, &round) == 0)
        count++;
    (void)write_tenants(&round);
    while (count > 0)
        (void)pthread_join(helpers[--count], NULL);
    (void)pthread_mutex_destroy(&round.lock);
    audit->pace.own_requests += round.request_count;
    *err = round.failure;
    return round.status;
}

static void remember_failure(struct self_audit *audit, uint64_t from, uint64_t to,
                             const struct error *failure)
{
    uint32_t slot = audit->failed_count++ % FAILED_RANGES_MAX;

    if (audit->failed[slot].to > audit->forgotten_to)
        audit->forgotten_to = audit->failed[slot].to;
    audit->failed[slot].from = from;
    audit->failed[slot].to = to;
    audit->failure = *failure;
}

static bool has_failed(const struct self_audit *audit, uint64_t ticket)
{
    bool failed = ticket <= audit->forgotten_to;

    for (uint32_t i = 0; i < FAILED_RANGES_MAX && !failed; i++)
        failed = ticket >= audit->failed[i].from && ticket <= audit->failed[i].to;
    return failed && ticket > 0;
}

static bool do_others_write(struct self_audit *audit, uint64_t now_us)
{
    struct ingest_stats stats;

    ingest_stats(audit->ingest, &stats);
    uint64_t others = stats.acked_requests - audit->pace.own_requests;
    if (others != audit->pace.other_requests)
        audit->pace.other_us = now_us;
    audit->pace.other_requests = others;
    return others > 0 && now_us - audit->pace.other_us < SELF_AUDIT_BUSY_MS * UINT64_C(1000);
}

/* Writes are paid for with SELF_AUDIT_PACE_MS each; a few may run into debt.  Those
 * beyond wait for others to join, if there is somebody to be spared the syncs. */
static bool must_gather(struct self_audit *audit)
{
    const uint64_t limit_us = SELF_AUDIT_BURST * SELF_AUDIT_PACE_MS * UINT64_C(1000);
    uint64_t now_us = clock_monotonic_us(audit->clock);
    bool is_busy = do_others_write(audit, now_us);

    if (audit->pace.paid_us < now_us)
        audit->pace.paid_us = now_us;
    if (audit->pace.paid_us - now_us > limit_us)
        return is_busy;
    audit->pace.paid_us += SELF_AUDIT_PACE_MS * UINT64_C(1000);
    return false;
}

static void *run(void *arg)
{
    struct self_audit *audit = arg;

    (void)pthread_mutex_lock(&audit->lock);
    for (;;) {
        while (audit->pending == NULL && !audit->stopping)
            (void)pthread_cond_wait(&audit->changed, &audit->lock);
        if (audit->pending == NULL)
            break;
        if (!audit->stopping && must_gather(audit)) {
            (void)pthread_mutex_unlock(&audit->lock);
            struct timespec wait = {0, SELF_AUDIT_GATHER_MS * 1000000L};
            (void)nanosleep(&wait, NULL);
            (void)pthread_mutex_lock(&audit->lock);
        }
        struct line *list = audit->pending;
        uint64_t from = audit->done + 1, to = audit->given;
        audit->pending = NULL;
        audit->pending_end = &audit->pending;
        audit->pending_count = 0;
        (void)pthread_mutex_unlock(&audit->lock);

        struct error failure;
        enum status status = write_round(audit, list, &failure);
        (void)pthread_mutex_lock(&audit->lock);
        if (status != STATUS_OK) {
            remember_failure(audit, from, to, &failure);
        }
        audit->done = to;
        (void)pthread_cond_broadcast(&audit->changed);
    }
    (void)pthread_mutex_unlock(&audit->lock);
    return NULL;
}

enum status self_audit_new(struct ingest *ingest, const struct clock *clock,
                           struct self_audit **ret, struct error *err)
{
    struct self_audit *audit = calloc(1, sizeof(*audit));

    if (audit == NULL)
        return ERROR_MEMORY(err);
    audit->ingest = ingest;
    audit->clock = clock;
    audit->pending_end = &audit->pending;
    (void)pthread_mutex_init(&audit->lock, NULL);
    (void)pthread_cond_init(&audit->changed, NULL);
    if (pthread_create(&audit->thread, NULL, run, audit) != 0) {
        self_audit_free(audit);
        return ERROR_SET(err, STATUS_LIMIT, "cannot start the thread that writes the audit");
    }
    audit->has_thread = true;
    *ret = audit;
    return STATUS_OK;
}

enum status self_audit_begin(struct self_audit *audit, const struct audit_action *action,
                             struct audit_ticket *ret, struct error *err)
{
    struct buf text;
    enum status status;

    ret->number = 0;
    if (action->tenant_count == 0)
        return STATUS_OK;
    buf_init(&text, MIB);
    write_line(audit, action, &text);
    status = buf_check(&text, err);
    (void)pthread_mutex_lock(&audit->lock);
    if (status == STATUS_OK && audit->pending_count + action->tenant_count > PENDING_LINES_MAX)
        status = ERROR_SET(err, STATUS_BUSY, "too many actions wait for their audit record");
    for (uint32_t i = 0; status == STATUS_OK && i < action->tenant_count; i++) {
        struct line *line = malloc(sizeof(*line) + text.size);
        if (line == NULL) {
            status = ERROR_MEMORY(err);
            break;
        }
        line->tenant = action->tenants[i];
        line->size = text.size;
        memcpy(line->text, text.data, text.size);
        line->next = NULL;
        *audit->pending_end = line;
        audit->pending_end = &line->next;
        audit->pending_count++;
    }
    if (status == STATUS_OK) {
        ret->number = ++audit->given;
        (void)pthread_cond_broadcast(&audit->changed);
    }
    (void)pthread_mutex_unlock(&audit->lock);
    buf_release(&text);
    return status;
}

enum status self_audit_wait(struct self_audit *audit, struct audit_ticket ticket,
                            struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&audit->lock);
    while (audit->done < ticket.number)
        (void)pthread_cond_wait(&audit->changed, &audit->lock);
    if (has_failed(audit, ticket.number)) {
        *err = audit->failure;
        status = error_wrap(err, "the action was not recorded, so it is refused");
    }
    (void)pthread_mutex_unlock(&audit->lock);
    return status;
}

enum status self_audit_put(struct self_audit *audit, const struct audit_action *action,
                           struct error *err)
{
    struct audit_ticket ticket;
    enum status status = self_audit_begin(audit, action, &ticket, err);

    return status == STATUS_OK ? self_audit_wait(audit, ticket, err) : status;
}

void self_audit_free(struct self_audit *audit)
{
    if (audit == NULL)
        return;
    if (audit->has_thread) {
        (void)pthread_mutex_lock(&audit->lock);
        audit->stopping = true;
        (void)pthread_cond_broadcast(&audit->changed);
        (void)pthread_mutex_unlock(&audit->lock);
        (void)pthread_join(audit->thread, NULL);
    }
    (void)pthread_mutex_destroy(&audit->lock);
    (void)pthread_cond_destroy(&audit->changed);
    free(audit);
}
