/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c - see evidence.h: which leaves there are, in memory and on disk.
 *
 * Invariants:
 * 1. The leaves of a tenant are stored.leaf_count on disk, then `flushing`,
 *    then `pending`, without gap; evidence->lock guards all of it.
 * 2. `flushing` changes only under flush_lock as well, so a flush reads it
 *    without the lock while takes go on; it is emptied when it is on disk.
 * 3. flush_lock is taken before lock.
 * 4. A flush that found no space, or no descriptor, leaves `flushing`, which the next one writes
 *    again, to the same places.  After any other failure nothing is written
 *    any more (`failed`): what the disk holds is not known.
 * 5. Stored leaves [doubt_from, doubt_to) came again from the write-ahead log, so no
 *    flush of them is known to have ended well: the next flush writes them again
 *    before the log may be cut. */
#include "evidence/evidence_priv.h"

#include "base/check.h"
#include "base/map.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct log {
    struct guid tenant;
    struct stored stored;
    uint64_t next_seq; /* after the last leaf, also of those in memory */
    uint64_t doubt_from, doubt_to;
    struct run flushing, pending;
};

struct evidence {
    struct leaf_sink sink; /* first */
    struct io *io;
    struct keyring *keyring;
    struct evidence_neighbours neighbours; /* raw NULL: none */
    pthread_mutex_t flush_lock, lock;
    struct map logs; /* tenant -> struct log *, owned */
    bool behind; /* some log may have leaves in flushing */
    bool failed;
    uint32_t thread_count; /* of a flush */
};

static uint64_t log_leaf_count(const struct log *log)
{
    return log->stored.leaf_count + log->flushing.count + log->pending.count;
}

static void log_free(struct log *log)
{
    if (log == NULL)
        return;
    run_release(&log->flushing);
    run_release(&log->pending);
    free(log);
}

/* The tenant's log, loaded at its first use.  Under lock. */
static enum status find_log(struct evidence *evidence, const struct guid *tenant,
                            struct log **ret, struct error *err)
{
    struct log *log = map_pointer(&evidence->logs, guid_slice(tenant));

    if (log != NULL) {
        *ret = log;
        return STATUS_OK;
    }
    log = calloc(1, sizeof(*log));
    if (log == NULL)
        return ERROR_MEMORY(err);
    log->tenant = *tenant;
    run_init(&log->flushing);
    run_init(&log->pending);
    enum status status = files_load(evidence->io, tenant, &log->stored, err);
    if (status != STATUS_OK)
        goto out;
    log->next_seq = log->stored.next_seq;
    struct map_entry *slot = map_put(&evidence->logs, guid_slice(tenant), NULL, err);
    if (slot == NULL) {
        status = err->status;
        goto out;
    }
    slot->value = (uint64_t)(uintptr_t)log;
    *ret = log;
    log = NULL; /* given away */
out:
    log_free(log);
    return status;
}

static const uint8_t *memory_leaf(const struct log *log, uint64_t index)
{
    const uint8_t *leaf = run_leaf(&log->flushing, index);

    return leaf != NULL ? leaf : run_leaf(&log->pending, index);
}

/* ---- taking ---- */

static enum status check_known(struct evidence *evidence, struct log *log,
                               const struct leaf_commit *commit, uint64_t index,
                               struct error *err)
{
    const uint8_t *known = memory_leaf(log, index);
    uint8_t stored[LEAF_BYTES];

    if (known == NULL) {
        enum status status = files_leaf(evidence->io, &log->tenant, index, stored, err);
        if (status == STATUS_CORRUPT || /* the log's is authentic; its block tells */
            (status == STATUS_OK && memcmp(stored, commit->leaf, LEAF_BYTES) != 0)) {
            memcpy(stored, commit->leaf, LEAF_BYTES);
            status = files_put_leaf(evidence->io, &log->tenant, index, stored, err);
        }
        if (status != STATUS_OK)
            return status;
        known = stored;
    }
    if (memcmp(known, commit->leaf, LEAF_BYTES) != 0)
        return ERROR_SET(err, STATUS_CORRUPT, "replayed evidence leaf %llu differs from the stored",
                         (unsigned long long)index);
    if (known == stored && log->doubt_from == log->doubt_to) {
        log->doubt_from = index;
        log->doubt_to = log->stored.leaf_count;
    }
    return STATUS_OK;
}

static bool is_all_stored(const struct log *log)
{
    return log->flushing.count == 0 && log->pending.count == 0;
}

/* The first of the gaps has all numbers that lack, as far as they fit. */
static enum status add_gap(struct log *log, const struct leaf_place *next, struct error *err)
{
    uint64_t first = log_leaf_count(log) == 0 ? 1 : next->first_seq; /* else it is not known */
    uint64_t from = log->next_seq == 0 ? first : log->next_seq;
    uint64_t lost = next->first_seq > from ? next->first_seq - from : 0;
    struct leaf_fields fields = {.kind = LEAF_KIND_GAP,
                                 .leaf_index = log_leaf_count(log),
                                 .first_seq = from,
                                 .count = lost > UINT32_MAX ? UINT32_MAX : (uint32_t)lost,
                                 .commit_time_us = next->commit_time_us};
    struct leaf_commit commit = {.tenant = log->tenant, .replayed = true};

    leaf_encode(&fields, commit.leaf);
    enum status status = run_add(&log->pending, &commit, &fields, err);
    if (status == STATUS_OK)
        log->next_seq = from + fields.count;
    return status;
}

/* Puts gaps before `next` where leaves lack: the log was damaged, or the files were. */
static enum status fill(struct evidence *evidence, struct log *log, const struct leaf_place *next,
                        struct error *err)
{
    enum status status = STATUS_OK;

    if (log_leaf_count(log) >= next->leaf_index)
        return STATUS_OK;
    if (is_all_stored(log)) {
        status = files_mend(evidence->io, &log->tenant, next->leaf_index, &log->stored, err);
        log->next_seq = log->stored.next_seq;
        if (log->next_seq > next->first_seq) /* the last leaf there is damaged */
            log->next_seq = 0;
    }
    while (status == STATUS_OK && log_leaf_count(log) < next->leaf_index)
        status = add_gap(log, next, err);
    return status;
}

static enum status take_locked(struct evidence *evidence, const struct leaf_commit *commit,
                               const struct leaf_fields *fields, struct error *err)
{
    struct log *log = NULL;
    enum status status = find_log(evidence, &commit->tenant, &log, err);

    if (status != STATUS_OK)
        return status;
    uint64_t next = log_leaf_count(log);
    if (commit->replayed && fields->leaf_index < next)
        return check_known(evidence, log, commit, fields->leaf_index, err);
    const struct leaf_place place = {fields->leaf_index, fields->first_seq,
                                     fields->commit_time_us};
    if (is_all_stored(log))
        status = fill(evidence, log, &place, err);
    if (is_all_stored(log) && log->next_seq > fields->first_seq)
        log->next_seq = 0; /* the last leaf on the disk is damaged */
    if (status != STATUS_OK)
        return status;
    if (fields->leaf_index != log_leaf_count(log))
        return ERROR_SET(err, STATUS_CORRUPT, "evidence leaf %llu does not follow: want %llu",
                         (unsigned long long)fields->leaf_index, (unsigned long long)next);
    if (fields->first_seq < log->next_seq)
        return ERROR_SET(err, STATUS_CORRUPT,
                         "evidence leaf %llu starts with record %llu, want %llu",
                         (unsigned long long)next, (unsigned long long)fields->first_seq,
                         (unsigned long long)log->next_seq);
    status = run_add(&log->pending, commit, fields, err);
    if (status == STATUS_OK)
        log->next_seq = fields->first_seq + fields->count;
    return status;
}

static enum status take(struct leaf_sink *sink, const struct leaf_commit *commit,
                        struct error *err)
{
    struct evidence *evidence = (struct evidence *)sink;
    struct leaf_fields fields;
    enum status status = leaf_decode(commit->leaf, &fields, err);

    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&evidence->lock);
    status = take_locked(evidence, commit, &fields, err);
    (void)pthread_mutex_unlock(&evidence->lock);
    return status;
}

static enum status skip(struct leaf_sink *sink, const struct guid *tenant,
                        const struct leaf_place *next, struct error *err)
{
    struct evidence *evidence = (struct evidence *)sink;
    struct log *log = NULL;

    (void)pthread_mutex_lock(&evidence->lock);
    enum status status = find_log(evidence, tenant, &log, err);
    if (status == STATUS_OK)
        status = fill(evidence, log, next, err);
    (void)pthread_mutex_unlock(&evidence->lock);
    return status;
}

/* ---- flushing ---- */

/* Moves what is pending to flushing (unless a flush before left something
 * there), for up to APPEND_JOBS_MAX logs from *at on (moved behind them). */
static size_t start_flush(struct evidence *evidence, size_t *at, struct log **ret_logs,
                          struct append_job *ret_jobs)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&evidence->lock);
    for (; *at < evidence->logs.count && count < APPEND_JOBS_MAX; (*at)++) {
        struct log *log = (struct log *)(uintptr_t)evidence->logs.entries[*at].value;
        if (log->flushing.count == 0) {
            struct run empty = log->flushing;
            log->flushing = log->pending;
            log->pending = empty;
        }
        if (log->flushing.count == 0)
            continue;
        ret_logs[count] = log;
        ret_jobs[count] = (struct append_job){log->tenant, &log->flushing, log->stored};
        count++;
    }
    (void)pthread_mutex_unlock(&evidence->lock);
    return count;
}

static void end_flush(struct evidence *evidence, struct log *const *logs,
                      const struct append_job *jobs, size_t count)
{
    (void)pthread_mutex_lock(&evidence->lock);
    for (size_t i = 0; i < count; i++) {
        logs[i]->stored = jobs[i].stored;
        run_release(&logs[i]->flushing);
    }
    (void)pthread_mutex_unlock(&evidence->lock);
}

/* Writes each log's flushing, or else its pending leaves. */
static enum status flush_all(struct evidence *evidence, struct append_job *jobs,
                             struct error *err)
{
    const struct append_means means = {evidence->io, evidence->keyring, evidence->thread_count};
    struct log *logs[APPEND_JOBS_MAX];
    enum status status = STATUS_OK;
    size_t at = 0, count = 0;

    while (status == STATUS_OK && (count = start_flush(evidence, &at, logs, jobs)) > 0) {
        status = files_append(&means, jobs, count, err);
        if (status == STATUS_OK)
            end_flush(evidence, logs, jobs, count);
    }
    return status;
}

/* Invariant 5.  stored does not change meanwhile: the caller has flush_lock. */
static enum status renew_all(struct evidence *evidence, struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t at = 0; status == STATUS_OK; at++) {
        struct log *log = NULL;
        uint64_t from = 0, to = 0;
        (void)pthread_mutex_lock(&evidence->lock);
        if (at < evidence->logs.count) {
            log = (struct log *)(uintptr_t)evidence->logs.entries[at].value;
            from = log->doubt_from;
            to = log->doubt_to;
        }
        (void)pthread_mutex_unlock(&evidence->lock);
        if (log == NULL)
            break;
        if (from == to)
            continue;
        status = files_renew(evidence->io, &log->tenant, from, to, err);
        (void)pthread_mutex_lock(&evidence->lock);
        if (status == STATUS_OK)
            log->doubt_from = log->doubt_to = 0;
        (void)pthread_mutex_unlock(&evidence->lock);
    }
    return status;
}

bool evidence_may_try_again(enum status status)
{
    return status == STATUS_FULL || status == STATUS_BUSY;
}

enum status evidence_flush(struct evidence *evidence, struct error *err)
{
    struct append_job *jobs = calloc(APPEND_JOBS_MAX, sizeof(*jobs));
    enum status status = STATUS_OK;

    if (jobs == NULL)
        return ERROR_MEMORY(err);
    (void)pthread_mutex_lock(&evidence->flush_lock);
    bool was_failed = evidence->failed;
    if (was_failed) {
        errno = EIO; /* the text ends with it */
        status = ERROR_SET(err, STATUS_IO, "evidence could not be written before; restart");
    }
    if (status == STATUS_OK)
        status = renew_all(evidence, err);
    if (status == STATUS_OK && evidence->behind) /* first what was left */
        status = flush_all(evidence, jobs, err);
    if (status == STATUS_OK)
        status = flush_all(evidence, jobs, err);
    evidence->behind = evidence_may_try_again(status);
    evidence->failed = was_failed || (status != STATUS_OK && !evidence->behind);
    (void)pthread_mutex_unlock(&evidence->flush_lock);
    free(jobs);
    return status;
}

/* ---- looking ---- */

enum status evidence_count(struct evidence *evidence, const struct guid *tenant,
                           uint64_t *ret_leaves, uint64_t *ret_next_seq, struct error *err)
{
    struct log *log = NULL;

    (void)pthread_mutex_lock(&evidence->lock);
    enum status status = find_log(evidence, tenant, &log, err);
    if (status == STATUS_OK && ret_leaves != NULL)
        *ret_leaves = log_leaf_count(log);
    if (status == STATUS_OK && ret_next_seq != NULL)
        *ret_next_seq = log->next_seq;
    (void)pthread_mutex_unlock(&evidence->lock);
    return status;
}

enum status evidence_stored(struct evidence *evidence, const struct guid *tenant,
                            struct stored *ret, struct error *err)
{
    struct log *log = NULL;

    (void)pthread_mutex_lock(&evidence->lock);
    enum status status = find_log(evidence, tenant, &log, err);
    if (status == STATUS_OK)
        *ret = log->stored;
    (void)pthread_mutex_unlock(&evidence->lock);
    return status;
}

enum status evidence_memory(struct evidence *evidence, const struct guid *tenant, uint64_t index,
                            struct run *ret, struct error *err)
{
    struct log *log = NULL;

    (void)pthread_mutex_lock(&evidence->lock);
    enum status status = find_log(evidence, tenant, &log, err);
    if (status != STATUS_OK)
        goto out;
    if (index >= log_leaf_count(log)) {
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no evidence leaf %llu",
                           (unsigned long long)index);
        goto out;
    }
    const uint8_t *leaf = memory_leaf(log, index);
    if (leaf == NULL)
        goto out;
    const uint8_t *entry = run_entry(&log->flushing, index);
    if (entry == NULL)
        entry = run_entry(&log->pending, index);
    ret->first_index = index;
    buf_add(&ret->leaves, leaf, LEAF_BYTES);
    buf_add(&ret->entries, entry, run_entry_bytes(leaf));
    status = buf_check(&ret->entries, err);
    ret->count = 1;
out:
    (void)pthread_mutex_unlock(&evidence->lock);
    return status;
}

/* A leaf of memory or, by the reader, of the disk; its bytes to *ret. */
static enum status look_up(struct evidence *evidence, struct leaf_reader *reader, uint64_t index,
                           uint8_t ret[LEAF_BYTES], struct leaf_fields *ret_fields,
                           struct error *err)
{
    struct log *log = NULL;
    bool stored = false;

    (void)pthread_mutex_lock(&evidence->lock);
    enum status status = find_log(evidence, &reader->tenant, &log, err);
    if (status == STATUS_OK && index >= log_leaf_count(log))
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no evidence leaf %llu",
                           (unsigned long long)index);
    if (status == STATUS_OK) {
        const uint8_t *leaf = memory_leaf(log, index);
        stored = leaf == NULL;
        if (!stored)
            memcpy(ret, leaf, LEAF_BYTES);
    }
    (void)pthread_mutex_unlock(&evidence->lock);
    if (status == STATUS_OK && stored)
        status = leaf_reader_get(reader, index, 1, ret, err);
    if (status == STATUS_OK)
        status = leaf_decode(ret, ret_fields, err);
    if (status == STATUS_OK && ret_fields->leaf_index != index)
        status = ERROR_SET(err, STATUS_CORRUPT, "evidence leaf %llu says it is %llu",
                           (unsigned long long)index, (unsigned long long)ret_fields->leaf_index);
    return status;
}

enum status evidence_leaf(struct evidence *evidence, const struct guid *tenant, uint64_t index,
                          uint8_t ret[LEAF_BYTES], struct error *err)
{
    struct leaf_reader reader;
    struct leaf_fields fields;

    leaf_reader_init(&reader, evidence->io, tenant);
    enum status status = look_up(evidence, &reader, index, ret, &fields, err);
    leaf_reader_release(&reader);
    return status;
}

/* What is asked for is new most of the time: steps back from the end, each twice as far,
 * until the leaf is in [low, high), then halves that. */
static enum status find_leaf(struct evidence *evidence, struct leaf_reader *reader,
                             uint64_t count, uint64_t seq, uint64_t *ret_index, struct error *err)
{
    uint64_t low = 0, high = count, back = 1;
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields fields;

    while (low < high) {
        uint64_t at = back > 0 ? high - (back < high ? back : high) : low + (high - low) / 2;
        enum status status = look_up(evidence, reader, at, leaf, &fields, err);
        if (status != STATUS_OK)
            return status;
        if (seq < fields.first_seq) {
            high = at;
            back *= 2;
        } else if (seq - fields.first_seq >= fields.count) {
            low = at + 1;
            back = 0;
        } else {
            *ret_index = at;
            return STATUS_OK;
        }
    }
    return ERROR_SET(err, STATUS_NOT_FOUND, "no evidence covers record %llu",
                     (unsigned long long)seq);
}

enum status evidence_leaf_of_seq(struct evidence *evidence, const struct guid *tenant,
                                 uint64_t seq, uint64_t *ret_index, struct error *err)
{
    struct leaf_reader reader;
    uint64_t count = 0;
    enum status status = evidence_count(evidence, tenant, &count, NULL, err);

    leaf_reader_init(&reader, evidence->io, tenant);
    if (status == STATUS_OK)
        status = find_leaf(evidence, &reader, count, seq, ret_index, err);
    leaf_reader_release(&reader);
    return status;
}

struct leaf_sink *evidence_sink(struct evidence *evidence)
{
    return &evidence->sink;
}

struct io *evidence_io(struct evidence *evidence)
{
    return evidence->io;
}

struct keyring *evidence_keyring(struct evidence *evidence)
{
    return evidence->keyring;
}

const struct evidence_neighbours *evidence_neighbours(struct evidence *evidence)
{
    return &evidence->neighbours;
}

void evidence_set_neighbours(struct evidence *evidence,
                             const struct evidence_neighbours *neighbours)
{
    evidence->neighbours = *neighbours;
}

void evidence_set_threads(struct evidence *evidence, uint32_t count)
{
    evidence->thread_count = count;
}

/* ---- life ---- */

enum status evidence_open(struct io *io, struct keyring *keyring, struct evidence **ret,
                          struct error *err)
{
    struct evidence *evidence = calloc(1, sizeof(*evidence));

    if (evidence == NULL)
        return ERROR_MEMORY(err);
    evidence->sink.take = take;
    evidence->sink.skip = skip;
    evidence->io = io;
    evidence->keyring = keyring;
    map_init(&evidence->logs);
    int failed = pthread_mutex_init(&evidence->flush_lock, NULL);
    CHECK(failed == 0);
    failed = pthread_mutex_init(&evidence->lock, NULL);
    CHECK(failed == 0);
    enum status status = io_make_dir(io, "t", err);
    if (status == STATUS_OK)
        status = io_sync_dir(io, "", err);
    if (status == STATUS_OK)
        *ret = evidence;
    else
        evidence_close(evidence);
    return status;
}

void evidence_close(struct evidence *evidence)
{
    if (evidence == NULL)
        return;
    for (size_t i = 0; i < evidence->logs.count; i++)
        log_free((struct log *)(uintptr_t)evidence->logs.entries[i].value);
    map_release(&evidence->logs);
    (void)pthread_mutex_destroy(&evidence->lock);
    (void)pthread_mutex_destroy(&evidence->flush_lock);
    free(evidence);
}
