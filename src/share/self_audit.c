/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are gathered in a pending batch; the writer takes the whole of it, writes one
 * request a tenant, then publishes how far it came.
 * Invariant: done <= taken <= given.  The last failed ranges are remembered; a
 * ticket older than those that were forgotten counts as failed, never as done. */
#include "share/self_audit.h"

#include "base/guid.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypt/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PENDING_LINES_MAX 20000u
#define PENDING_BYTES_MAX (64 * MIB)
#define REQUESTS_MAX 64u /* under way at once, in one commit if all goes well */
#define REQUEST_BYTES_ENOUGH (4 * MIB) /* no more lines are added beyond */
#define REQUESTS_BYTES_ENOUGH (16 * MIB)
#define ANSWERS_BYTES_MAX (256 * MIB)
#define FAILED_RANGES_MAX 64u
#define QUERY_JSON_BYTES_MAX (RECORD_BYTES_MAX / 4 * 3) /* beside parameters and the rest */
#define FULL_TRIES 10u
#define FULL_WAIT_MS 20

/* What is said of an action to some of its tenants. */
struct text {
    uint32_t lines; /* that still show it; counted under the lock until the writer has them */
    size_t size;
    char bytes[];
};

struct line {
    struct line *next;
    struct guid tenant;
    struct text *text;
    uint32_t order; /* of arrival, within a round */
};

/* One request under way. */
struct write {
    struct ingest_request request;
    struct buf body;
    struct put *put;
    enum status status;
    struct error err;
};

struct self_audit {
    struct ingest *ingest;
    const struct clock *clock;
    struct write writes[REQUESTS_MAX]; /* the writer's, as is the arena */
    struct arena *arena;  /* of the answers, which nobody reads */
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
    size_t pending_bytes;
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

/* With blanks for control characters. */
static void add_plain(struct buf *buf, struct slice text, bool keeps_lines)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_kept = (unsigned char)c >= ' ' ||
                       (keeps_lines && (c == '\t' || c == '\n' || c == '\r'));
        buf_add_byte(buf, is_kept ? c : ' ');
    }
}

/* Nothing of a text that can be asked is left out, or what matters could hide behind the rest:
 * where it would not fit a record, control characters, of six bytes as JSON, are blanks. */
static void add_query(struct buf *buf, struct slice query)
{
    struct slice shown = slice_head(query, QUERY_TEXT_BYTES_MAX);
    size_t size = buf->size;

    add_string(buf, "Query", shown);
    if (buf->size - size > QUERY_JSON_BYTES_MAX) {
        struct buf plain;
        buf_init(&plain, QUERY_TEXT_BYTES_MAX);
        add_plain(&plain, shown, true);
        buf->size = size;
        buf->failed |= plain.failed;
        add_string(buf, "Query", buf_slice(&plain));
        buf_release(&plain);
    }
    if (query.size > shown.size)
        buf_add_format(buf, ",\"QueryBytes\":%zu", query.size);
}

static void add_asked(const struct audit_action *action, struct buf *ret)
{
    add_query(ret, action->query);
    if (action->parameters.size > 0) {
        buf_add_text(ret, ",\"Parameters\":");
        add_plain(ret, action->parameters, false); /* on one line; in texts there are none */
    }
}

/* The id is random, so nobody can find a short text by trying. */
static void add_hash(const struct audit_action *action, const char *id, struct buf *ret)
{
    struct sha256 hash;
    uint8_t digest[SHA256_BYTES];

    sha256_init(&hash);
    sha256_add(&hash, id, GUID_TEXT_BYTES);
    sha256_add(&hash, "\n", 1);
    sha256_add(&hash, action->query.data, action->query.size);
    if (action->parameters.size > 0) {
        sha256_add(&hash, "\n", 1);
        sha256_add(&hash, action->parameters.data, action->parameters.size);
    }
    sha256_end(&hash, digest);
    buf_add_text(ret, ",\"QueryHash\":\"");
    text_add_hex(ret, digest, sizeof(digest));
    buf_add_byte(ret, '"');
}

/* Beside others' a tenant's record has a hash for what was asked. */
static void write_line(const struct self_audit *audit, const struct audit_action *action,
                       const char *id, bool is_beside_others, struct buf *ret)
{
    const struct principal *who = action->request->principal;
    char token[GUID_TEXT_BYTES + 1], time[TIME_TEXT_BYTES + 1];

    guid_format(&who->id, token);
    time_format_iso(time_from_unix_us(clock_unix_us(audit->clock)), time);
    buf_add_format(ret, "{\"CreationTime\":\"%s\",\"Id\":\"%s\"", time, id);
    add_string(ret, "Operation", slice_of(action->operation));
    add_string(ret, "UserId", slice_of(who->name));
    add_string(ret, "TokenId", slice_of(token));
    add_string(ret, "Role", slice_of(role_name(who->role)));
    add_string(ret, "ClientIP", action->request->remote);
    if (is_beside_others)
        add_hash(action, id, ret);
    else
        add_asked(action, ret);
    buf_add_text(ret, "}\n");
}

/* ---- a round: all that waits, a request for each tenant ---- */

struct round {
    struct self_audit *audit;
    struct line **lines; /* by tenant, then in their order */
    uint32_t count, taken;
    enum status status; /* of the last that failed, with its error */
    struct error failure;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = *(struct line *const *)a, *y = *(struct line *const *)b;
    int order = memcmp(x->tenant.bytes, y->tenant.bytes, sizeof(x->tenant.bytes));

    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static void free_line(struct line *line)
{
    if (--line->text->lines == 0)
        free(line->text);
    free(line);
}

static void free_lines(struct line *list)
{
    while (list != NULL) {
        struct line *next = list->next;
        free_line(list);
        list = next;
    }
}

/* Takes the next lines of one tenant. */
static void begin_write(struct round *round, struct write *write)
{
    struct line *first = round->lines[round->taken];

    write->request = (struct ingest_request){.tenant = first->tenant,
                                             .table = SLICE("DaybookAudit"),
                                             .format = INGEST_FORMAT_NDJSON,
                                             .internal = true,
                                             .ids_are_new = true};
    buf_init(&write->body, REQUEST_BODY_BYTES_MAX);
    while (round->taken < round->count && write->body.size < REQUEST_BYTES_ENOUGH &&
           guid_equal(&round->lines[round->taken]->tenant, &write->request.tenant)) {
        const struct text *text = round->lines[round->taken]->text;
        buf_add(&write->body, text->bytes, text->size);
        free_line(round->lines[round->taken++]);
    }
    write->request.body = buf_slice(&write->body);
    write->status = buf_check(&write->body, &write->err);
    if (write->status == STATUS_OK)
        write->status = ingest_put_begin(round->audit->ingest, &write->request, round->audit->arena,
                                         &write->put, &write->err);
}

/* A disk that has no space refuses all that is queued together; the reserve is for what
 * comes alone, so it is tried again. */
static void try_alone(struct round *round, struct write *write)
{
    const struct timespec wait = {0, FULL_WAIT_MS * 1000000L};
    struct ingest_answer answer;

    for (unsigned i = 0; i < FULL_TRIES && write->status == STATUS_FULL; i++) {
        (void)nanosleep(&wait, NULL);
        write->status = ingest_put(round->audit->ingest, &write->request, round->audit->arena,
                                   &answer, &write->err);
    }
}

static void end_write(struct round *round, struct write *write)
{
    try_alone(round, write);
    if (write->status == STATUS_OK) {
        round->audit->pace.own_requests++;
    } else {
        round->status = write->status;
        round->failure = write->err;
    }
    buf_release(&write->body);
}

/* Some requests, side by side: one sync is for all of them. */
static void write_some(struct round *round)
{
    struct write *writes = round->audit->writes;
    struct ingest_answer answer;
    uint32_t count = 0;
    size_t bytes = 0;

    (void)ingest_wait_for_room(round->audit->ingest, true);
    for (; round->taken < round->count && count < REQUESTS_MAX && bytes < REQUESTS_BYTES_ENOUGH;
         count++) {
        begin_write(round, &writes[count]);
        bytes += writes[count].body.size;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (writes[i].status == STATUS_OK)
            writes[i].status = ingest_put_end(writes[i].put, &answer, &writes[i].err);
    }
    for (uint32_t i = 0; i < count; i++)
        end_write(round, &writes[i]);
    arena_clear(round->audit->arena);
}

static enum status sort_lines(struct round *round, struct line *list, struct error *err)
{
    uint32_t count = 0;

    for (const struct line *line = list; line != NULL; line = line->next)
        count++;
    round->lines = calloc(count, sizeof(*round->lines));
    if (round->lines == NULL)
        return ERROR_MEMORY(err);
    for (struct line *line = list; line != NULL; line = line->next) {
        line->order = round->count;
        round->lines[round->count++] = line;
    }
    qsort(round->lines, count, sizeof(struct line *), compare_lines);
    return STATUS_OK;
}

/* The lines of the list, which are freed. */
static enum status write_round(struct self_audit *audit, struct line *list, struct error *err)
{
    struct round round = {.audit = audit};
    enum status status = sort_lines(&round, list, err);

    if (status != STATUS_OK) {
        free_lines(list);
        return status;
    }
    while (round.taken < round.count)
        write_some(&round);
    free(round.lines);
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
        audit->pending_bytes = 0;
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
    audit->arena = arena_new(ANSWERS_BYTES_MAX);
    if (audit->arena == NULL) {
        self_audit_free(audit);
        return ERROR_MEMORY(err);
    }
    if (pthread_create(&audit->thread, NULL, run, audit) != 0) {
        self_audit_free(audit);
        return ERROR_SET(err, STATUS_LIMIT, "cannot start the thread that writes the audit");
    }
    audit->has_thread = true;
    *ret = audit;
    return STATUS_OK;
}

/* A line for each tenant behind *end, which is moved; the text is freed with the last.  When
 * it fails, what was added stays there. */
static enum status add_lines(const struct guid *tenants, uint32_t count, struct slice said,
                             struct line ***end, struct error *err)
{
    struct text *text = count == 0 ? NULL : malloc(sizeof(*text) + said.size);

    if (count == 0)
        return STATUS_OK;
    if (text == NULL)
        return ERROR_MEMORY(err);
    text->lines = 0;
    text->size = said.size;
    memcpy(text->bytes, said.data, said.size);
    for (uint32_t i = 0; i < count; i++) {
        struct line *line = malloc(sizeof(*line));
        if (line == NULL) {
            if (text->lines == 0)
                free(text);
            return ERROR_MEMORY(err);
        }
        *line = (struct line){.tenant = tenants[i], .text = text};
        text->lines++;
        **end = line;
        *end = &line->next;
    }
    return STATUS_OK;
}

/* What waits to be written of an action. */
struct lines {
    struct line *list;
    uint32_t count;
    size_t bytes; /* of texts */
};

/* What is asked of several tenants at once names those whom it is about: the tenants' own
 * records have a hash of it, that of the instance has the text. */
static enum status make_lines(const struct self_audit *audit, const struct audit_action *action,
                              struct lines *ret, struct error *err)
{
    static const struct guid instance = {{0}};
    bool are_many = action->tenant_count > 1;
    struct guid guid = guid_new();
    char id[GUID_TEXT_BYTES + 1];
    struct line **end = &ret->list;
    struct buf text;

    *ret = (struct lines){.count = action->tenant_count + are_many};
    guid_format(&guid, id);
    buf_init(&text, 2 * MIB); /* beyond what is kept of it: RECORD_BYTES_MAX */
    write_line(audit, action, id, are_many, &text);
    enum status status = buf_check(&text, err);
    if (status == STATUS_OK)
        status = add_lines(action->tenants, action->tenant_count, buf_slice(&text), &end, err);
    ret->bytes = text.size;
    if (are_many && status == STATUS_OK) {
        buf_clear(&text);
        write_line(audit, action, id, false, &text);
        status = buf_check(&text, err);
        if (status == STATUS_OK)
            status = add_lines(&instance, 1, buf_slice(&text), &end, err);
        ret->bytes += text.size;
    }
    buf_release(&text);
    return status;
}

/* With the lock held. */
static void queue_lines(struct self_audit *audit, const struct lines *lines)
{
    *audit->pending_end = lines->list;
    while (*audit->pending_end != NULL)
        audit->pending_end = &(*audit->pending_end)->next;
    audit->pending_count += lines->count;
    audit->pending_bytes += lines->bytes;
}

enum status self_audit_begin(struct self_audit *audit, const struct audit_action *action,
                             struct audit_ticket *ret, struct error *err)
{
    struct lines lines = {0};

    ret->number = 0;
    if (action->tenant_count == 0)
        return STATUS_OK;
    enum status status = make_lines(audit, action, &lines, err);
    (void)pthread_mutex_lock(&audit->lock);
    /* The last one may go beyond: one of more tenants than that would never have room. */
    bool is_full = audit->pending_count >= PENDING_LINES_MAX ||
                   audit->pending_bytes + lines.bytes > PENDING_BYTES_MAX;
    if (status == STATUS_OK && is_full)
        status = ERROR_SET(err, STATUS_BUSY, "too many actions wait for their audit record");
    if (status == STATUS_OK) {
        queue_lines(audit, &lines);
        ret->number = ++audit->given;
        (void)pthread_cond_broadcast(&audit->changed);
    }
    (void)pthread_mutex_unlock(&audit->lock);
    if (status != STATUS_OK)
        free_lines(lines.list);
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
    arena_free(audit->arena);
    free(audit);
}
