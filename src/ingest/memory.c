/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - looking things up in the runs, and the state file. */
#include "ingest/memory_priv.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/twin.h"
#include "crypt/aead.h"
#include "ingest/save_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define STATE_MAGIC "DBINGST\0"
#define STATE_VERSION 4
#define STATE_VERSION_OLDEST 1 /* its runs have other fingerprints of contents */
#define STATE_BYTES_MAX (64 * MIB)
#define STATE_HEAD_BYTES 40
#define COUNTER_BYTES 24
#define SEALED_COUNTER_BYTES (COUNTER_BYTES + AEAD_OVERHEAD_BYTES)
#define STATE_TENANT_BYTES (sizeof(struct guid) + SEALED_COUNTER_BYTES)
#define ADDITIONAL_BYTES 40
#define LOOKS_AT_ONCE 256u /* a few milliseconds; a save waits for so many, and no longer */

/* A save goes before those who look: some of them are always there while known records are
 * sent again, and would keep it away for ever.  Nobody may take the lock to read twice. */
void memory_init(struct memory *memory, struct io *io, struct tenant_table *tenants)
{
    pthread_rwlockattr_t attributes;

    *memory = (struct memory){.io = io,
                              .tenants = tenants,
                              .clock = clock_system(),
                              .next_run = 1,
                              .run_entries_max = RUN_ENTRIES_MAX};
    (void)pthread_rwlockattr_init(&attributes);
    (void)pthread_rwlockattr_setkind_np(&attributes,
                                        PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&memory->lock, &attributes);
    (void)pthread_rwlockattr_destroy(&attributes);
}

void memory_free_all(struct memory *memory)
{
    for (size_t i = 0; i < memory->run_count; i++)
        run_close(memory->runs[i]);
    (void)pthread_rwlock_destroy(&memory->lock);
}

uint64_t memory_generation(struct memory *memory)
{
    (void)pthread_rwlock_rdlock(&memory->lock);
    uint64_t generation = memory->generation;
    (void)pthread_rwlock_unlock(&memory->lock);
    return generation;
}

uint32_t memory_unread(struct memory *memory)
{
    uint32_t count = 0;

    (void)pthread_rwlock_rdlock(&memory->lock);
    for (size_t i = 0; i < memory->run_count; i++)
        count += run_is_unread(memory->runs[i]);
    (void)pthread_rwlock_unlock(&memory->lock);
    return count;
}

void memory_break(struct memory *memory, struct run *run)
{
    if (run_break(run))
        (void)atomic_fetch_add(&memory->lost_count, 1);
}

/* ---- looking up ---- */

struct print_search {
    const struct print *print;
    uint32_t oldest, seen;
    enum print_verdict verdict;
};

static bool on_print(void *context, const struct run_entry *entry)
{
    struct print_search *search = context;

    search->seen++;
    if (entry->minute >= search->oldest && entry->value.size >= PRINT_CONTENT_BYTES) {
        bool same = memcmp(entry->value.data, search->print->content, PRINT_CONTENT_BYTES) == 0;
        search->verdict = same ? PRINT_DUPLICATE : PRINT_CONFLICTING;
    }
    return search->verdict == PRINT_DUPLICATE || search->seen >= DEDUPE_VERSIONS_LOOKED_MAX;
}

/* What a damaged run remembers is forgotten: its block may be anybody's. */
static enum status memory_find(struct memory *memory, struct run *run,
                               const struct run_query *query, struct error *err)
{
    if (run_is_broken(run))
        return STATUS_OK;
    enum status status = run_find(run, query, err);
    if (status != STATUS_CORRUPT)
        return status;
    memory_break(memory, run);
    return STATUS_OK;
}

static enum status look_one(struct memory *memory, const struct guid *tenant,
                            struct print_search *search, struct error *err)
{
    struct run_query query = {.tenant = *tenant,
                              .kind = RUN_KIND_RECORD,
                              .found = on_print,
                              .context = search,
                              .clock = memory->clock};
    enum print_verdict best = PRINT_NEW;

    for (size_t i = memory->run_count; i-- > 0 && best != PRINT_DUPLICATE;) {
        search->seen = 0;
        search->verdict = PRINT_NEW;
        query.key = search->print->id;
        enum status status = memory_find(memory, memory->runs[i], &query, err);
        if (status == STATUS_OK && search->seen > 0 && search->verdict != PRINT_DUPLICATE) {
            query.key = print_late_key(search->print);
            status = memory_find(memory, memory->runs[i], &query, err);
        }
        if (status != STATUS_OK)
            return status;
        if (search->verdict > best)
            best = search->verdict;
    }
    search->verdict = best;
    return STATUS_OK;
}

/* Under the lock. */
static enum status look_some(struct memory *memory, const struct memory_query *query,
                             uint32_t first, uint8_t *ret_verdicts, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = first; i < query->count && i - first < LOOKS_AT_ONCE && status == STATUS_OK;
         i++) {
        struct print_search search = {.print = &query->prints[i], .oldest = query->oldest};
        if (memory->run_count > 0 && query->prints[i].id != 0)
            status = look_one(memory, &query->tenant->id, &search, err);
        ret_verdicts[i] = (uint8_t)search.verdict;
    }
    return status;
}

/* When a save comes between, the first verdicts are of the runs before it and the generation
 * is theirs: who holds no lock of the tenant finds that it passed, and asks again.  With the
 * lock they hold all the same: what the save has put into a run is not thawed until then. */
enum status memory_look(struct memory *memory, const struct memory_query *query,
                        uint8_t *ret_verdicts, uint64_t *ret_generation, struct error *err)
{
    enum status status = STATUS_OK;

    *ret_generation = memory_generation(memory);
    for (uint32_t i = 0; i < query->count && status == STATUS_OK; i += LOOKS_AT_ONCE) {
        (void)pthread_rwlock_rdlock(&memory->lock);
        status = look_some(memory, query, i, ret_verdicts, err);
        (void)pthread_rwlock_unlock(&memory->lock);
    }
    return status;
}

struct key_search {
    const struct hash256 *mac;
    uint32_t oldest;
    struct kept_answer *found;
    struct error err;
    enum status status;
};

static bool on_key(void *context, const struct run_entry *entry)
{
    struct key_search *search = context;
    struct key_value value;

    if (entry->minute < search->oldest || !key_value_decode(entry->value, &value) ||
        memcmp(value.mac_rest, search->mac->bytes + 8, KEY_MAC_REST_BYTES) != 0)
        return false;
    search->found =
        kept_answer_new(entry->minute, &value.body_hash, value.answer, &search->err);
    if (search->found == NULL)
        search->status = search->err.status;
    return true;
}

enum status memory_look_key(struct memory *memory, const struct tenant *tenant,
                            const struct hash256 *mac, uint32_t oldest, struct kept_answer **ret,
                            struct error *err)
{
    struct key_search search = {.mac = mac, .oldest = oldest};
    struct run_query query = {.tenant = tenant->id,
                              .kind = RUN_KIND_KEY,
                              .found = on_key,
                              .context = &search,
                              .clock = memory->clock};
    enum status status = STATUS_OK;

    memcpy(&query.key, mac->bytes, sizeof(query.key));
    *ret = NULL;
    (void)pthread_rwlock_rdlock(&memory->lock);
    for (size_t i = memory->run_count; i-- > 0 && search.found == NULL && status == STATUS_OK;) {
        status = memory_find(memory, memory->runs[i], &query, err);
        if (status == STATUS_OK && search.status != STATUS_OK) {
            *err = search.err;
            status = search.status;
        }
    }
    (void)pthread_rwlock_unlock(&memory->lock);
    if (status == STATUS_OK)
        *ret = search.found;
    else
        free(search.found);
    return status;
}

/* ---- the state file ---- */

static void make_additional(const struct guid *tenant, uint64_t floor,
                            uint8_t ret[ADDITIONAL_BYTES])
{
    memcpy(ret, "daybook/state/v1", 16);
    memcpy(ret + 16, tenant->bytes, 16);
    memcpy(ret + 32, &floor, sizeof(floor));
}

static enum status add_tenant(struct tenant *tenant, uint64_t floor, struct buf *ret,
                              struct error *err)
{
    uint8_t additional[ADDITIONAL_BYTES];
    struct buf plain;

    (void)pthread_mutex_lock(&tenant->durable_lock);
    struct tenant_counters counters = tenant->durable;
    (void)pthread_mutex_unlock(&tenant->durable_lock);
    make_additional(&tenant->id, floor, additional);
    buf_init(&plain, COUNTER_BYTES);
    buf_put_u64(&plain, counters.next_seq);
    buf_put_u64(&plain, counters.next_leaf);
    buf_put_u64(&plain, (uint64_t)counters.commit_us);
    buf_add(ret, tenant->id.bytes, sizeof(tenant->id.bytes));
    enum status status = buf_check(&plain, err);
    if (status == STATUS_OK)
        status = aead_seal(&tenant->wal_key,
                           slice_from((const char *)additional, sizeof(additional)),
                           buf_slice(&plain), ret, err);
    buf_release(&plain);
    return status;
}

enum status state_write(const struct memory *memory, const struct state_content *content,
                        struct error *err)
{
    struct tenant **list = NULL;
    size_t count = 0;
    struct buf bytes;
    enum status status = tenant_table_list(memory->tenants, &list, &count, err);

    if (status != STATUS_OK)
        return status;
    buf_init(&bytes, STATE_BYTES_MAX);
    buf_add(&bytes, STATE_MAGIC, 8);
    buf_put_u32(&bytes, STATE_VERSION);
    buf_put_u32(&bytes, (uint32_t)content->run_count);
    buf_put_u32(&bytes, (uint32_t)count);
    buf_put_u32(&bytes, memory->minute);
    buf_put_u64(&bytes, content->floor);
    buf_put_u64(&bytes, content->next_run);
    for (size_t i = 0; i < content->run_count; i++)
        buf_put_u64(&bytes, content->runs[i]);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_tenant(list[i], content->floor, &bytes, err);
    buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    if (status == STATUS_OK)
        status = buf_check(&bytes, err);
    if (status == STATUS_OK)
        status = twin_save(memory->io, STATE_PATH, buf_slice(&bytes), err);
    buf_release(&bytes);
    free(list);
    return status;
}

static enum status corrupt_state(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "'%s' is not readable", STATE_PATH);
}

static enum status read_tenant(struct memory *memory, struct reader *r, struct error *err)
{
    struct slice id_bytes = reader_bytes(r, sizeof(struct guid));
    struct slice sealed = reader_bytes(r, SEALED_COUNTER_BYTES);
    uint8_t additional[ADDITIONAL_BYTES], plain[COUNTER_BYTES];
    struct tenant *tenant;
    struct guid id;

    if (r->failed)
        return corrupt_state(err);
    memcpy(id.bytes, id_bytes.data, sizeof(id.bytes));
    enum status status = tenant_table_get_stored(memory->tenants, &id, &tenant, err);
    if (status != STATUS_OK || tenant == NULL)
        return status;
    make_additional(&id, memory->floor, additional);
    status = aead_open_to(&tenant->wal_key,
                          slice_from((const char *)additional, sizeof(additional)), sealed, plain,
                          err);
    if (status != STATUS_OK)
        return error_wrap(err, "'%s'", STATE_PATH);
    struct reader counters = reader_from(plain, sizeof(plain));
    tenant->durable.next_seq = reader_u64(&counters);
    tenant->durable.next_leaf = reader_u64(&counters);
    tenant->durable.commit_us = (int64_t)reader_u64(&counters);
    tenant->given = tenant->durable;
    return STATUS_OK;
}

static enum status get_key(void *context, const struct guid *id, struct key *ret,
                           struct error *err)
{
    struct tenant *tenant;
    enum status status = tenant_table_get(context, id, &tenant, err);

    if (status == STATUS_OK)
        *ret = tenant->wal_key;
    return status;
}

enum status memory_open_run(struct memory *memory, uint64_t number, struct run **ret,
                            struct error *err)
{
    struct run_keys keys = {.get = get_key, .context = memory->tenants};

    return run_open(memory->io, number, &keys, ret, err);
}

/* twin_check. */
static enum status check_state(void *context, struct slice *bytes, struct error *err)
{
    (void)context;
    if (bytes->size < STATE_HEAD_BYTES + sizeof(uint32_t))
        return corrupt_state(err);
    size_t size = bytes->size - sizeof(uint32_t);
    struct reader end = reader_from(bytes->data + size, sizeof(uint32_t));
    struct reader r = reader_from(bytes->data, size);
    struct slice magic = reader_bytes(&r, 8);
    uint32_t version = reader_u32(&r), run_count = reader_u32(&r), tenant_count = reader_u32(&r);
    (void)reader_bytes(&r, STATE_HEAD_BYTES - 8 - 3 * sizeof(uint32_t));
    if (memcmp(magic.data, STATE_MAGIC, 8) != 0 ||
        reader_u32(&end) != hash_crc32c(0, bytes->data, size))
        return corrupt_state(err);
    if (version > STATE_VERSION) /* sound: its copy is not to be taken instead */
        return ERROR_SET(err, STATUS_INVALID, "'%s' has version %u, of a newer program",
                         STATE_PATH, version);
    if (version < STATE_VERSION_OLDEST || run_count > RUNS_MAX ||
        reader_left(&r) != run_count * sizeof(uint64_t) +
                               (uint64_t)tenant_count * STATE_TENANT_BYTES)
        return corrupt_state(err);
    return STATUS_OK;
}

/* A run that is damaged is set aside: what it remembers is forgotten, and counted.  One that the
 * disk does not give now stays named, and so does its file. */
static enum status load_run(struct memory *memory, uint64_t number, struct error *err)
{
    struct run **run = &memory->runs[memory->run_count];
    enum status status = memory_open_run(memory, number, run, err);

    if (status == STATUS_IO)
        status = memory_open_run(memory, number, run, err);
    if (status == STATUS_IO)
        status = run_new_unread(number, memory->clock, run, err);
    if (status == STATUS_OK) {
        memory->run_count++;
        return STATUS_OK;
    }
    if (status != STATUS_CORRUPT && status != STATUS_NOT_FOUND)
        return status;
    (void)atomic_fetch_add(&memory->lost_count, 1);
    return run_set_aside(memory->io, number, err);
}

/* An older program does not say the minute.  Nor may it stay behind what was received for ever,
 * where each process that takes something in lives shortly.  But that may have been while the
 * clock was ahead: it counts when a day has passed since by the clock, as one that stays ahead
 * for a day is believed (horizon_priv.h). */
static void raise_minute(struct memory *memory)
{
    int64_t day_ago = (clock_unix_us(memory->clock) - US_PER_DAY) / US_PER_MINUTE;
    int64_t last = memory->minute == 0 ? UINT32_MAX : day_ago;

    for (size_t i = 0; i < memory->run_count; i++) {
        uint32_t newest = run_newest_minute(memory->runs[i]);
        if (newest != UINT32_MAX && newest > memory->minute && newest <= last)
            memory->minute = newest;
    }
}

/* The bytes passed check_state(). */
static enum status read_state(struct memory *memory, struct slice bytes, struct error *err)
{
    struct reader r = reader_from(bytes.data, bytes.size - sizeof(uint32_t));
    (void)reader_bytes(&r, 8 + sizeof(uint32_t)); /* magic, version */
    uint32_t run_count = reader_u32(&r), tenant_count = reader_u32(&r);
    memory->minute = reader_u32(&r);
    memory->floor = reader_u64(&r);
    memory->next_run = reader_u64(&r);
    for (uint32_t i = 0; i < run_count; i++) {
        enum status status = load_run(memory, reader_u64(&r), err);
        if (status != STATUS_OK)
            return status;
    }
    raise_minute(memory);
    for (uint32_t i = 0; i < tenant_count; i++) {
        enum status status = read_tenant(memory, &r, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status remove_leftover(void *context, const char *name, struct error *err)
{
    struct memory *memory = context;
    char path[RUN_PATH_BYTES + 256];

    if (!slice_ends_with(slice_of(name), SLICE(".run")))
        return STATUS_OK;
    for (size_t i = 0; i < memory->run_count; i++) {
        char live[RUN_PATH_BYTES];
        run_path(run_number(memory->runs[i]), live);
        if (strcmp(live + sizeof(RUN_DIR), name) == 0)
            return STATUS_OK;
    }
    (void)snprintf(path, sizeof(path), RUN_DIR "/%s", name);
    return io_unlink(memory->io, path, err);
}

bool memory_is_saved(const struct memory *memory)
{
    return io_exists(memory->io, STATE_PATH) || io_exists(memory->io, STATE_PATH TWIN_COPY);
}

enum status memory_load(struct memory *memory, struct error *err)
{
    enum twin_sound sound = TWIN_IN_BOTH;
    struct buf bytes;

    buf_init(&bytes, STATE_BYTES_MAX);
    enum status status = io_make_dir(memory->io, RUN_DIR, err);
    if (status == STATUS_OK)
        status = twin_load(memory->io, STATE_PATH, check_state, NULL, &bytes, &sound, err);
    if (status == STATUS_OK)
        status = read_state(memory, buf_slice(&bytes), err);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    if (status == STATUS_OK) /* the state before may list what is removed: its name goes first */
        status = io_sync_dir(memory->io, RUN_DIR, err);
    if (status == STATUS_OK && sound == TWIN_IN_BOTH) /* a copy that is older may list it too */
        status = io_list(memory->io, RUN_DIR, remove_leftover, memory, err);
    buf_release(&bytes);
    return status;
}
