/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/trial.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/compress.h"
#include "sim/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TABLE "Mine"
#define NOW_US INT64_C(1708189923000000) /* 2024-02-17T17:12:03Z */
#define RECORD_BYTES 1024u
#define LOG_AHEAD_BYTES (12 * KIB) /* some requests fill such a file */

/* The server's 8 MiB would be most of what a life writes.  Half of the lives have none: damage
 * to wal/ is to find the log. */
#define RESERVE_BYTES (64 * KIB)

#define REFUSED_S 60 /* for what cannot be read, before what it knows is passed by */

static const uint32_t sizes[] = {1, 1, 2, 3, 7, 20, TRIAL_RECORDS_MAX};

/* The first problem is kept: those after it follow from it. */
void trial_say(struct trial *t, const char *format, ...)
{
    va_list arguments;

    if (t->problem[0] != '\0')
        return;
    va_start(arguments, format);
    (void)vsnprintf(t->problem, sizeof(t->problem), format, arguments);
    va_end(arguments);
}

void trial_init(struct trial *t, uint64_t seed, uint64_t disk_seed, const char *kek)
{
    struct error err;

    *t = (struct trial){.seed = seed, .rng = {seed * 0x9E3779B97F4A7C15u}};
    t->control.rng.state = seed * 0xD1342543DE82EF95u;
    t->disk = disk_new(disk_seed ^ 0x5DEECE66Du);
    t->engine.io = disk_io(t->disk);
    t->engine.kek = kek;
    t->engine.log_ahead_bytes = seed % 2 * LOG_AHEAD_BYTES;
    t->engine.reserve_bytes = seed / 2 % 2 * RESERVE_BYTES;
    clock_fixed_init(&t->engine.clock, NOW_US);
    map_init(&t->records);
    if (engine_make(&t->engine, &err) != STATUS_OK)
        trial_say(t, "cannot make the directory: %s", err.text);
}

void trial_release(struct trial *t)
{
    engine_close(&t->engine);
    disk_free(t->disk);
    map_release(&t->records);
}

/* ---- what is sent ---- */

static int make_shape(struct rng *rng, char *ret, size_t size)
{
    uint32_t shape = rng_below(rng, 3), a = rng_below(rng, 7), b = rng_below(rng, 100000);

    if (shape == 0)
        return snprintf(ret, size, "\"Operation\":\"op%u\",\"Size\":%u", a, b);
    if (shape == 1)
        return snprintf(ret, size, " \"Operation\" : \"op%u\", \"N\":{\"a\":[%u,null]}", a, b);
    return snprintf(ret, size,
                    "\"Operation\":\"op%u\",\"Real\":%u.50,\"Text\":\"caf\\u00e9 \\\"q\\\"\"", a,
                    b);
}

/* Record i of a request: odd blanks, several shapes, one in eight large. */
static size_t make_record(const struct trial *t, const struct trial_request *r, uint32_t i,
                          char ret[RECORD_BYTES])
{
    struct rng rng = {t->seed ^ ((uint64_t)r->id << 20) ^ i};
    char identity[64] = "";
    size_t pad = rng_below(&rng, 8) == 0 ? rng_below(&rng, 600) : 0;

    if (r->with_id)
        (void)snprintf(identity, sizeof(identity), "\"Id\":\"r%u-%u\",", r->id, i);
    int size = snprintf(ret, RECORD_BYTES, "{%s\"Mark\":\"m%ux%u\",", identity, r->id, i);
    size += make_shape(&rng, ret + size, RECORD_BYTES - (size_t)size);
    if (pad > 0) {
        size += snprintf(ret + size, RECORD_BYTES - (size_t)size, ",\"Pad\":\"");
        for (size_t k = 0; k < pad; k++)
            ret[size++] = (char)('a' + rng_below(&rng, 26));
        ret[size++] = '"';
    }
    ret[size++] = '}';
    return (size_t)size;
}

static struct slice record_key(const struct trial_request *r, const char *raw, size_t size,
                               char ret[RECORD_BYTES + 1])
{
    ret[0] = (char)r->tenant;
    memcpy(ret + 1, raw, size);
    return slice_from(ret, size + 1);
}

struct trial_request *trial_new_request(struct trial *t)
{
    char raw[RECORD_BYTES], key[RECORD_BYTES + 1];
    struct error err;

    if (t->request_count == TRIAL_REQUESTS_MAX)
        return NULL;
    struct trial_request *r = &t->requests[t->request_count];
    uint32_t flags = rng_below(&t->rng, 3);
    *r = (struct trial_request){
        .id = t->request_count++,
        .tenant = rng_below(&t->rng, ENGINE_TENANTS),
        .count = sizes[rng_below(&t->rng, sizeof(sizes) / sizeof(*sizes))],
        .with_id = flags != 0,
        .with_key = flags != 1, /* one of the two, or a retry is a new record */
    };
    for (uint32_t i = 0; i < r->count; i++) {
        size_t size = make_record(t, r, i, raw);
        struct map_entry *entry =
            map_put(&t->records, record_key(r, raw, size, key), NULL, &err);
        CHECK(entry != NULL);
        entry->value = (uint64_t)r->id << 32 | i;
    }
    return r;
}

static enum status put(struct trial *t, const struct trial_request *r, struct arena *arena,
                       struct ingest_answer *ret, struct error *err)
{
    char raw[RECORD_BYTES], key[32];
    struct buf body, packed;

    buf_init(&body, MIB);
    buf_init(&packed, MIB);
    for (uint32_t i = 0; i < r->count; i++) {
        buf_add(&body, raw, make_record(t, r, i, raw));
        buf_add_byte(&body, '\n');
    }
    (void)snprintf(key, sizeof(key), "key-%u", r->id);
    struct ingest_request request = {
        .tenant = t->engine.tenants[r->tenant],
        .table = SLICE(TABLE),
        .body = buf_slice(&body),
        .source_id = t->engine.tenants[0],
        .idempotency_key = slice_of(r->with_key ? key : ""),
        .internal = r->tenant == ENGINE_TENANTS - 1, /* as are all of the instance */
    };
    if (r->id % 2 == 0) /* came as zstd */
        CHECK(zstd_pack(request.body, 3, &packed, err) == STATUS_OK);
    request.packed = buf_slice(&packed);
    alloc_arm(true);
    enum status status = ingest_put(t->engine.ingest, &request, arena, ret, err);
    alloc_arm(false);
    buf_release(&body);
    buf_release(&packed);
    return status;
}

static bool is_unread(const struct engine *e)
{
    struct ingest_stats stats;

    ingest_stats(e->ingest, &stats);
    return stats.unreadable_runs != 0;
}

/* Whether what is there already may not be known now (trial.h). */
static bool is_passed_by(const struct engine *e)
{
    return e->unread_us != 0 && is_unread(e) &&
           e->clock.now_unix_us / US_PER_SECOND - e->unread_us / US_PER_SECOND >= REFUSED_S;
}

/* `answer` NULL: nobody knows how much of it. */
static void note_again(struct trial_request *r, const struct ingest_answer *answer)
{
    r->again_max += answer != NULL ? answer->stored : r->count;
    if (answer != NULL && (r->acked || answer->duplicates != 0)) /* it was there */
        r->again += answer->stored;
}

static void check_answer(struct trial *t, struct trial_request *r,
                         const struct ingest_answer *answer, bool is_again)
{
    if (answer->stored + answer->duplicates != r->count || answer->quarantined_count != 0)
        trial_say(t, "request %u of %u records: %u stored, %u duplicates", r->id, r->count,
                  answer->stored, answer->duplicates);
    if (is_again && !answer->replayed_key && answer->stored != 0) {
        note_again(r, answer);
        r->acked = true;
        t->acks++;
        return;
    }
    if (r->acked && !answer->replayed_key && answer->stored != 0)
        trial_say(t, "request %u was acknowledged and is stored again", r->id);
    if (r->acked && answer->replayed_key && answer->first_seq != r->first_seq &&
        r->again_max == 0) /* else it may be the answer of then */
        trial_say(t, "request %u had number %llu, its retry says %llu", r->id,
                  (unsigned long long)r->first_seq, (unsigned long long)answer->first_seq);
    if (answer->stored != 0 && answer->duplicates != 0)
        trial_say(t, "request %u was there in part", r->id);
    if (!r->maybe && !r->acked && (answer->replayed_key || answer->stored != r->count))
        trial_say(t, "request %u was refused and is there all the same", r->id);
    if (!r->acked)
        r->first_seq = answer->first_seq; /* 0: duplicates of what is there already */
    r->acked = true;
    t->acks++;
}

/* Sends the request, for the first time or again. */
void trial_put(struct trial *t, struct trial_request *r)
{
    struct ingest_answer answer = {0};
    struct arena *arena = arena_new(64 * MIB);
    struct error err;

    CHECK(arena != NULL);
    bool is_again = (r->acked || r->maybe) && is_passed_by(&t->engine);
    enum status status = put(t, r, arena, &answer, &err);
    if (status == STATUS_OK) {
        check_answer(t, r, &answer, is_again);
    } else if (status == STATUS_IO || atomic_load(&t->engine.dead)) {
        r->maybe = true; /* its answer is lost */
        if (is_again)
            note_again(r, NULL);
    } else if (status == STATUS_FULL || status == STATUS_BUSY || status == STATUS_LIMIT) {
        t->refused++;
        if (status == STATUS_BUSY && t->engine.unread_us == 0 && is_unread(&t->engine))
            t->engine.unread_us = t->engine.clock.now_unix_us;
    } else {
        trial_say(t, "request %u: %s", r->id, err.text);
    }
    arena_free(arena);
}

void trial_step(struct trial *t)
{
    struct engine *e = &t->engine;
    struct trial_request *r;
    uint32_t what = rng_below(&t->rng, 100);
    struct error err;
    bool worked = false;
    enum status status = STATUS_OK;

    if (rng_below(&t->control.rng, 3) == 0)
        control_step(t);
    e->clock.now_unix_us += (int64_t)rng_below(&t->rng, 90000000) - 5000000;
    if (what < 62 || (what < 74 && t->no_retries)) {
        r = trial_new_request(t);
        if (r != NULL)
            trial_put(t, r);
    } else if (what < 74) {
        if (t->request_count > 0)
            trial_put(t, &t->requests[rng_below(&t->rng, t->request_count)]);
    } else if (what < 88) {
        status = engine_checkpoint(e, &err);
        t->checkpoints += status == STATUS_OK;
    } else if (what < 97) {
        status = store_merge_step(e->store, NULL, &worked, &err);
        t->merges += worked;
    } else {
        status = engine_compact(e, &err);
        t->merges += status == STATUS_OK;
    }
    if (status != STATUS_OK &&
        (t->no_failures || (status != STATUS_IO && status != STATUS_FULL)) &&
        !disk_is_off(t->disk) && !atomic_load(&e->dead))
        trial_say(t, "step %u: %s (%s)", what, err.text, err.origin);
    if (t->loud)
        printf("  step %u: %s%s\n", what, status == STATUS_OK ? "ok" : err.text,
               atomic_load(&e->dead) ? ", dead" : "");
}
