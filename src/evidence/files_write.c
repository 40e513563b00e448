/* SPDX-License-Identifier: Apache-2.0 */
/* files_write.c - appending to the files of several tenants at once, and writing again what may
 * not be on the disk. */
#include "evidence/files_priv.h"

#include "base/check.h"
#include "base/crew.h"
#include "base/hash.h"
#include "base/limits.h"
#include "crypt/aead.h"
#include "evidence/block_priv.h"
#include "evidence/evidence.h"

#include <stdatomic.h>

/* ---- blocks ---- */

/* The leaves from `index` that fit one block of one file. */
static uint32_t block_leaves(const struct run *run, uint64_t index, size_t *ret_plain_size)
{
    uint64_t left = run->first_index + run->count - index;
    uint64_t room = FILE_LEAVES - index % FILE_LEAVES;
    uint32_t count = 0;
    size_t size = 0;

    if (left > room)
        left = room;
    if (left > BLOCK_LEAVES_MAX)
        left = BLOCK_LEAVES_MAX;
    while (count < left) {
        size_t next = run_entry_bytes(run_leaf(run, index + count));
        if (size + next > BLOCK_PLAIN_BYTES_MAX)
            break;
        size += next;
        count++;
    }
    *ret_plain_size = size;
    return count;
}

static enum status add_block(struct buf *ret, const struct guid *tenant, const struct key *key,
                             uint64_t first_index, struct slice leaves, struct slice plain,
                             struct error *err)
{
    uint8_t additional[BLOCK_ADDITIONAL_BYTES];
    struct block_header header = {
        .size = (uint32_t)(BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + plain.size),
        .first_index = first_index,
        .count = (uint32_t)(leaves.size / LEAF_BYTES),
    };
    size_t start = ret->size;
    enum status status = STATUS_OK;

    block_encode(&header); /* for the additional data; the checksums come later */
    if (buf_extend(ret, BLOCK_HEADER_BYTES) == NULL)
        return buf_check(ret, err);
    status = aead_seal(key, block_additional(tenant, &header, leaves, additional), plain, ret, err);
    if (status != STATUS_OK)
        return status;
    struct slice sealed = slice_tail(buf_slice(ret), start + BLOCK_HEADER_BYTES);
    header.sealed_crc = hash_crc32c(0, sealed.data, sealed.size);
    block_encode(&header);
    memcpy(ret->data + start, header.bytes, BLOCK_HEADER_BYTES);
    return STATUS_OK;
}

/* All blocks for the leaves [index, end), which are of one file. */
static enum status encode_blocks(const struct run *run, const struct guid *tenant,
                                 const struct key *key, uint64_t index, uint64_t end,
                                 struct buf *ret, struct error *err)
{
    const char *plain = (const char *)run_entry(run, index);

    while (index < end) { /* block_leaves() is at least 1 */
        size_t plain_size = 0;
        uint32_t count = block_leaves(run, index, &plain_size);
        struct slice leaves = {(const char *)run_leaf(run, index), (size_t)count * LEAF_BYTES};
        enum status status = add_block(ret, tenant, key, index, leaves,
                                       slice_from(plain, plain_size), err);
        if (status != STATUS_OK)
            return status;
        plain += plain_size;
        index += count;
    }
    return STATUS_OK;
}

/* The part of a job that goes into one pair of files. */
struct step {
    struct append_job *job;
    uint64_t end; /* the leaves [job->stored.leaf_count, end) */
    bool fresh;   /* the files are new */
    struct io_file *leaf, *batch;
    struct buf blocks;
};

/* ---- a call of the disk for each step, by several threads ---- */

/* A sync waits for the disk, which serves many at once in the time of one. */
struct crowd {
    struct io *io;
    struct step *steps;
    size_t count;
    enum status (*call)(struct io *io, struct step *step, struct error *err);
    atomic_size_t next;
    atomic_bool has_failed;
    enum status status[FILES_THREADS_MAX]; /* of each thread */
    struct error errors[FILES_THREADS_MAX];
};

static void call_some(void *context, uint32_t index)
{
    struct crowd *crowd = context;

    while (crowd->status[index] == STATUS_OK && !atomic_load(&crowd->has_failed)) {
        size_t next = atomic_fetch_add(&crowd->next, 1);
        if (next >= crowd->count)
            break;
        crowd->status[index] =
            crowd->call(crowd->io, &crowd->steps[next], &crowd->errors[index]);
        if (crowd->status[index] != STATUS_OK)
            atomic_store(&crowd->has_failed, true);
    }
}

static enum status call_all(struct crowd *crowd,
                            enum status (*call)(struct io *io, struct step *step,
                                                struct error *err),
                            uint32_t thread_count, struct error *err)
{
    crowd->call = call;
    atomic_store(&crowd->next, 0);
    thread_count = thread_count > FILES_THREADS_MAX ? FILES_THREADS_MAX : thread_count;
    crew_run(thread_count > crowd->count ? (uint32_t)crowd->count : thread_count, call_some,
             crowd);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < FILES_THREADS_MAX; i++) {
        /* A full disk is tried again, which a failed sync beside it must never be. */
        if (crowd->status[i] == STATUS_OK ||
            (status != STATUS_OK && !evidence_may_try_again(status)))
            continue;
        *err = crowd->errors[i];
        status = crowd->status[i];
    }
    return status;
}

static enum status sync_leaves(struct io *io, struct step *step, struct error *err)
{
    (void)io;
    return io_sync(step->leaf, err);
}

static enum status sync_blocks(struct io *io, struct step *step, struct error *err)
{
    (void)io;
    return io_sync(step->batch, err);
}

/* ---- appending ---- */

/* The names of both files are on the disk before a block is: a block without
 * its leaves would be damage. */
static enum status begin_batch(struct io *io, struct step *step, struct error *err)
{
    const struct append_job *job = step->job;
    char path[PATH_BYTES];

    files_path(&job->tenant, "batch", job->stored.leaf_count / FILE_LEAVES, path);
    enum status status = io_open(io, path, IO_WRITE, &step->batch, err);
    files_path(&job->tenant, NULL, 0, path);
    return status == STATUS_OK && step->fresh ? io_sync_dir(io, path, err) : status;
}

static enum status make_tenant_dir(struct io *io, const struct guid *tenant, struct error *err)
{
    char path[PATH_BYTES];

    files_path(tenant, NULL, 0, path);
    return io_make_dir(io, path, err);
}

static enum status write_leaves(struct io *io, struct step *step, struct error *err)
{
    const struct append_job *job = step->job;
    uint64_t index = job->stored.leaf_count;
    char path[PATH_BYTES];
    struct slice leaves = {(const char *)run_leaf(job->run, index),
                           (step->end - index) * LEAF_BYTES};

    files_path(&job->tenant, "leaf", index / FILE_LEAVES, path);
    enum status status = io_open(io, path, IO_WRITE, &step->leaf, err);
    return status != STATUS_OK ? status
                               : io_write_at(step->leaf, index % FILE_LEAVES * LEAF_BYTES,
                                             leaves.data, leaves.size, err);
}

static enum status write_blocks(struct keyring *keyring, struct step *step, struct error *err)
{
    const struct append_job *job = step->job;
    struct key key;
    enum status status = keyring_tenant_key(keyring, &job->tenant, KEY_PURPOSE_TLOG, &key, err);

    if (status == STATUS_OK)
        status = encode_blocks(job->run, &job->tenant, &key, job->stored.leaf_count, step->end,
                               &step->blocks, err);
    if (status == STATUS_OK)
        status = io_write_at(step->batch, step->fresh ? 0 : job->stored.batch_end,
                             step->blocks.data, step->blocks.size, err);
    explicit_bzero(&key, sizeof(key));
    return status;
}

static enum status finish_step(struct step *step, struct error *err)
{
    struct append_job *job = step->job;
    struct leaf_fields fields;
    enum status status = leaf_decode(run_leaf(job->run, step->end - 1), &fields, err);

    if (status != STATUS_OK)
        return status;
    job->stored.newest_leaf = job->stored.leaf_count;
    job->stored.newest_offset = step->fresh ? 0 : job->stored.batch_end;
    job->stored.batch_end = job->stored.newest_offset + step->blocks.size;
    job->stored.leaf_count = step->end;
    job->stored.next_seq = fields.first_seq + fields.count;
    return STATUS_OK;
}

/* The next step of each unfinished job; all writes of a kind before the first
 * sync, so that one journal commit of the file system serves many files. */
static enum status run_steps(const struct append_means *means, struct step *steps, size_t count,
                             struct error *err)
{
    struct io *io = means->io;
    struct crowd crowd = {.io = io, .steps = steps, .count = count};
    bool new_tenants = false;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        bool first = steps[i].job->stored.leaf_count == 0;
        new_tenants = new_tenants || first;
        if (first)
            status = make_tenant_dir(io, &steps[i].job->tenant, err);
    }
    if (status == STATUS_OK && new_tenants)
        status = io_sync_dir(io, "t", err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = write_leaves(io, &steps[i], err);
    if (status == STATUS_OK)
        status = call_all(&crowd, sync_leaves, means->thread_count, err);
    if (status == STATUS_OK)
        status = call_all(&crowd, begin_batch, means->thread_count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = write_blocks(means->keyring, &steps[i], err);
    if (status == STATUS_OK)
        status = call_all(&crowd, sync_blocks, means->thread_count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = finish_step(&steps[i], err);
    return status;
}

/* Steps for the jobs that are not done; returns how many. */
static size_t plan_steps(struct append_job *jobs, size_t count, struct step *ret)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t index = jobs[i].stored.leaf_count;
        uint64_t end = jobs[i].run->first_index + jobs[i].run->count;
        uint64_t file_end = (index / FILE_LEAVES + 1) * FILE_LEAVES;
        if (index == end)
            continue;
        ret[used] = (struct step){.job = &jobs[i], .end = end < file_end ? end : file_end,
                                  .fresh = index % FILE_LEAVES == 0};
        buf_init(&ret[used].blocks, RUN_BYTES_MAX);
        used++;
    }
    return used;
}

enum status files_append(const struct append_means *means, struct append_job *jobs, size_t count,
                         struct error *err)
{
    struct step steps[APPEND_JOBS_MAX];
    enum status status = STATUS_OK;

    CHECK(count <= APPEND_JOBS_MAX);
    while (status == STATUS_OK) { /* each round fills files or finishes jobs */
        size_t step_count = plan_steps(jobs, count, steps);
        if (step_count == 0)
            break;
        status = run_steps(means, steps, step_count, err);
        for (size_t i = 0; i < step_count; i++) {
            io_close(steps[i].leaf);
            io_close(steps[i].batch);
            buf_release(&steps[i].blocks);
        }
    }
    return status;
}

/* ---- writing again ---- */

/* The blocks of a file from the one with leaf `first` on, as [*ret_begin, *ret_end). */
static enum status find_blocks(struct io_file *batch, uint64_t first, uint64_t *ret_begin,
                               uint64_t *ret_end, struct error *err)
{
    struct block_header header;
    uint64_t size = 0;
    enum status status = io_size(batch, &size, err);

    *ret_begin = *ret_end = 0;
    while (status == STATUS_OK) { /* each round moves *ret_end forward */
        status = block_next(batch, ret_end, size, &header, err);
        if (status != STATUS_OK)
            break;
        *ret_end += header.size;
        if (header.first_index + header.count <= first)
            *ret_begin = *ret_end;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The same bytes to the same place: pages that a failed sync took for clean are
 * written after all. */
static enum status write_again(struct io_file *file, uint64_t begin, uint64_t end,
                               struct error *err)
{
    enum status status = STATUS_OK;
    struct buf room;

    buf_init(&room, MIB);
    while (begin < end && status == STATUS_OK) {
        size_t size = end - begin < MIB ? (size_t)(end - begin) : MIB;
        buf_clear(&room);
        void *bytes = buf_extend(&room, size);
        status = bytes == NULL ? ERROR_MEMORY(err) : io_read_at(file, begin, bytes, size, err);
        if (status == STATUS_OK)
            status = io_write_at(file, begin, bytes, size, err);
        begin += size;
    }
    buf_release(&room);
    return status == STATUS_OK ? io_sync(file, err) : status;
}

/* The leaves [first, end) of one pair of files, and their blocks. */
static enum status renew_pair(struct io *io, const struct guid *tenant, uint64_t first,
                              uint64_t end, struct error *err)
{
    struct io_file *leaf = NULL, *batch = NULL;
    uint64_t number = first / FILE_LEAVES, base = number * FILE_LEAVES;
    uint64_t block_begin = 0, block_end = 0;
    char path[PATH_BYTES];

    files_path(tenant, "leaf", number, path);
    enum status status = io_open(io, path, IO_WRITE, &leaf, err);
    files_path(tenant, "batch", number, path);
    if (status == STATUS_OK)
        status = io_open(io, path, IO_WRITE, &batch, err);
    if (status == STATUS_OK)
        status = write_again(leaf, (first - base) * LEAF_BYTES, (end - base) * LEAF_BYTES, err);
    if (status == STATUS_OK)
        status = find_blocks(batch, first, &block_begin, &block_end, err);
    if (status == STATUS_OK)
        status = write_again(batch, block_begin, block_end, err);
    io_close(leaf);
    io_close(batch);
    return status;
}

enum status files_renew(struct io *io, const struct guid *tenant, uint64_t from, uint64_t to,
                        struct error *err)
{
    char path[PATH_BYTES];
    enum status status = STATUS_OK;

    while (from < to && status == STATUS_OK) {
        uint64_t file_end = (from / FILE_LEAVES + 1) * FILE_LEAVES;
        uint64_t end = to < file_end ? to : file_end;
        status = renew_pair(io, tenant, from, end, err);
        from = end;
    }
    files_path(tenant, NULL, 0, path);
    return status == STATUS_OK ? io_sync_dir(io, path, err) : status;
}
