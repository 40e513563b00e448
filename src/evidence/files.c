/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - see files_priv.h and docs/format/evidence.md.
 *
 * Invariant: blocks are the authority.  A leaf behind the last whole block is
 * not stored, whatever the leaf file holds there. */
#include "evidence/files_priv.h"

#include "evidence/evidence.h"

#include "base/check.h"
#include "base/crew.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypt/aead.h"
#include "crypt/hash.h"

#include <stdatomic.h>
#include <stdio.h>

#define ASIDE_BYTES_MAX (256 * MIB)
#define RUN_BYTES_MAX (256 * MIB) /* leaves of one tenant between two checkpoints */
#define BLOCK_LABEL "daybook/evidence/v1"
#define BLOCK_BOUND_BYTES 24u /* of the header, in the additional data */
#define ADDITIONAL_BYTES (sizeof(BLOCK_LABEL) + 16 + BLOCK_BOUND_BYTES + HASH_BYTES)

/* The largest block: one leaf of LEAF_RECORDS_MAX records fits the plain limit. */
_Static_assert(ENTRY_BYTES + (LEAF_RECORDS_MAX / NODE_RECORDS + 1) * HASH_BYTES <=
                   BLOCK_PLAIN_BYTES_MAX,
               "an entry fits a block");

/* ---- runs ---- */

void run_init(struct run *run)
{
    *run = (struct run){0};
    buf_init(&run->leaves, RUN_BYTES_MAX);
    buf_init(&run->entries, RUN_BYTES_MAX);
}

void run_release(struct run *run)
{
    if (run->entries.data != NULL)
        explicit_bzero(run->entries.data, run->entries.size);
    buf_release(&run->leaves);
    buf_release(&run->entries);
    run->count = 0;
}

uint32_t node_count(uint32_t record_count)
{
    return record_count <= NODE_RECORDS ? 0 : (record_count + NODE_RECORDS - 1) / NODE_RECORDS;
}

uint32_t leaf_record_count(const uint8_t leaf[LEAF_BYTES])
{
    if (leaf[4] == LEAF_KIND_GAP)
        return 0;
    return (uint32_t)leaf[24] << 24 | (uint32_t)leaf[25] << 16 | (uint32_t)leaf[26] << 8 | leaf[27];
}

enum status run_add(struct run *run, const struct leaf_commit *commit,
                    const struct leaf_fields *fields, struct error *err)
{
    size_t leaves_size = run->leaves.size, entries_size = run->entries.size;

    if (run->count == 0)
        run->first_index = fields->leaf_index;
    CHECK(fields->leaf_index == run->first_index + run->count);
    buf_add(&run->leaves, commit->leaf, LEAF_BYTES);
    buf_add(&run->entries, commit->seed, SEED_BYTES);
    buf_put_u64(&run->entries, (uint64_t)commit->received_us);
    uint32_t nodes = node_count(leaf_record_count(commit->leaf));
    if (nodes > 0)
        buf_add(&run->entries, commit->nodes, nodes * sizeof(*commit->nodes));
    if (run->leaves.failed || run->entries.failed) {
        run->leaves.size = leaves_size;
        run->entries.size = entries_size;
        run->leaves.failed = run->entries.failed = false;
        return ERROR_SET(err, STATUS_LIMIT, "no memory for more leaves before a checkpoint");
    }
    run->count++;
    return STATUS_OK;
}

const uint8_t *run_leaf(const struct run *run, uint64_t index)
{
    if (run->count == 0 || index < run->first_index || index - run->first_index >= run->count)
        return NULL;
    return (const uint8_t *)run->leaves.data + (index - run->first_index) * LEAF_BYTES;
}

static size_t entry_bytes(const uint8_t leaf[LEAF_BYTES])
{
    return ENTRY_BYTES + (size_t)node_count(leaf_record_count(leaf)) * HASH_BYTES;
}

const uint8_t *run_entry(const struct run *run, uint64_t index)
{
    size_t at = 0;

    if (run_leaf(run, index) == NULL)
        return NULL;
    if (run->entries.size == (size_t)run->count * ENTRY_BYTES) /* none has nodes */
        return (const uint8_t *)run->entries.data + (index - run->first_index) * ENTRY_BYTES;
    for (uint64_t i = run->first_index; i < index; i++)
        at += entry_bytes(run_leaf(run, i));
    return (const uint8_t *)run->entries.data + at;
}

/* ---- paths and headers ---- */

static void tenant_path(const struct guid *tenant, const char *kind, uint64_t number,
                        char ret[PATH_BYTES])
{
    char hex[33];

    for (int i = 0; i < 16; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", tenant->bytes[i]);
    if (kind == NULL)
        (void)snprintf(ret, PATH_BYTES, "t/%s", hex);
    else
        (void)snprintf(ret, PATH_BYTES, "t/%s/%s.%llu", hex, kind, (unsigned long long)number);
}

struct block_header {
    uint32_t size; /* of the whole block */
    uint64_t first_index;
    uint32_t count;
    uint32_t sealed_crc;
    uint8_t bytes[BLOCK_HEADER_BYTES];
};

static void put_le(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Fills bytes from the fields. */
static void header_encode(struct block_header *header)
{
    uint8_t *at = header->bytes;

    memcpy(at, "EVB1", 4);
    put_le(at + 4, 4, header->size);
    put_le(at + 8, 8, header->first_index);
    put_le(at + 16, 4, header->count);
    put_le(at + 20, 4, 0);
    put_le(at + 24, 4, header->sealed_crc);
    put_le(at + 28, 4, hash_crc32c(0, at, 28));
}

/* Fills the fields from bytes; false for what is no header. */
static bool header_decode(struct block_header *header)
{
    struct reader r = reader_from(header->bytes, BLOCK_HEADER_BYTES);
    struct slice magic = reader_bytes(&r, 4);

    header->size = reader_u32(&r);
    header->first_index = reader_u64(&r);
    header->count = reader_u32(&r);
    uint32_t zero = reader_u32(&r);
    header->sealed_crc = reader_u32(&r);
    return slice_equal(magic, SLICE("EVB1")) && zero == 0 &&
           reader_u32(&r) == hash_crc32c(0, header->bytes, BLOCK_HEADER_BYTES - 4) &&
           header->count >= 1 && header->count <= BLOCK_LEAVES_MAX &&
           header->size >= BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + ENTRY_BYTES &&
           header->size <= BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + BLOCK_PLAIN_BYTES_MAX;
}

static struct slice additional_data(const struct guid *tenant, const struct block_header *header,
                                    struct slice leaves, uint8_t room[ADDITIONAL_BYTES])
{
    uint8_t *at = room;

    memcpy(at, BLOCK_LABEL, sizeof(BLOCK_LABEL));
    at += sizeof(BLOCK_LABEL);
    memcpy(at, tenant->bytes, 16);
    at += 16;
    memcpy(at, header->bytes, BLOCK_BOUND_BYTES);
    at += BLOCK_BOUND_BYTES;
    sha256(leaves.data, leaves.size, at);
    return (struct slice){(const char *)room, ADDITIONAL_BYTES};
}

/* ---- loading ---- */

struct newest {
    bool any;
    uint64_t number;
};

static enum status see_name(void *context, const char *name, struct error *err)
{
    struct newest *newest = context;
    struct slice text = slice_of(name);
    uint64_t number = 0;

    (void)err;
    if (slice_starts_with(text, SLICE("batch.")) &&
        text_parse_u64(slice_tail(text, 6), &number) && (!newest->any || number > newest->number)) {
        newest->any = true;
        newest->number = number;
    }
    return STATUS_OK;
}

/* Is there a whole header at offset, with room for its block behind it? */
static enum status probe_block(struct io_file *file, uint64_t offset, uint64_t file_size,
                               struct block_header *ret, struct error *err)
{
    if (offset > file_size || file_size - offset < BLOCK_HEADER_BYTES)
        return STATUS_NOT_FOUND;
    enum status status = io_read_at(file, offset, ret->bytes, BLOCK_HEADER_BYTES, err);
    if (status != STATUS_OK)
        return status;
    return header_decode(ret) && ret->size <= file_size - offset ? STATUS_OK : STATUS_NOT_FOUND;
}

#define SCAN_BYTES ((size_t)MIB)

/* The first header behind *offset, which is moved to it; STATUS_NOT_FOUND: none. */
static enum status find_block(struct io_file *file, uint64_t *offset, uint64_t file_size,
                              struct block_header *ret, struct error *err)
{
    enum status status = STATUS_NOT_FOUND;
    struct buf room;

    buf_init(&room, SCAN_BYTES);
    for (uint64_t at = *offset + 1; status == STATUS_NOT_FOUND && at < file_size;) {
        size_t size = file_size - at < SCAN_BYTES ? (size_t)(file_size - at) : SCAN_BYTES;
        buf_clear(&room);
        void *bytes = buf_extend(&room, size);
        enum status read = bytes == NULL ? ERROR_MEMORY(err)
                                         : io_read_at(file, at, bytes, size, err);
        size_t found = 0;
        while (read == STATUS_OK && status == STATUS_NOT_FOUND &&
               (found = slice_find(buf_slice(&room), SLICE("EVB1"), found)) != SIZE_MAX) {
            *offset = at + found++;
            status = probe_block(file, *offset, file_size, ret, err);
        }
        if (read != STATUS_OK)
            status = read;
        at += size > 3 && at + size < file_size ? size - 3 : size; /* a magic on the seam */
    }
    buf_release(&room);
    return status;
}

/* The block at *offset, or the first one behind what is damaged there. */
static enum status next_block(struct io_file *file, uint64_t *offset, uint64_t file_size,
                              struct block_header *ret, struct error *err)
{
    enum status status = probe_block(file, *offset, file_size, ret, err);

    return status == STATUS_NOT_FOUND ? find_block(file, offset, file_size, ret, err) : status;
}

static enum status sealed_is_whole(struct io_file *file, uint64_t offset,
                                   const struct block_header *header, struct error *err)
{
    struct buf sealed;

    buf_init(&sealed, header->size);
    uint8_t *room = buf_extend(&sealed, header->size - BLOCK_HEADER_BYTES);
    enum status status = room == NULL ? buf_check(&sealed, err)
                                      : io_read_at(file, offset + BLOCK_HEADER_BYTES, room,
                                                   sealed.size, err);
    if (status == STATUS_OK && hash_crc32c(0, sealed.data, sealed.size) != header->sealed_crc)
        status = STATUS_NOT_FOUND;
    buf_release(&sealed);
    return status;
}

/* Counts the whole blocks of a batch file.  All are read: a flush writes
 * several at once, and a crash may have kept any part of them. */
static enum status scan_blocks(struct io_file *file, uint64_t first_leaf, struct stored *ret,
                               struct error *err)
{
    uint64_t size = 0;
    enum status status = io_size(file, &size, err);

    *ret = (struct stored){.leaf_count = first_leaf};
    while (status == STATUS_OK) { /* each round moves batch_end forward */
        struct block_header header;
        status = probe_block(file, ret->batch_end, size, &header, err);
        if (status == STATUS_OK)
            status = sealed_is_whole(file, ret->batch_end, &header, err);
        if (status != STATUS_OK)
            break;
        if (header.first_index != ret->leaf_count ||
            header.first_index + header.count > first_leaf + FILE_LEAVES)
            break; /* one before it is damaged: files_mend() */
        ret->leaf_count += header.count;
        ret->batch_end += header.size;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A last leaf that is damaged does not say it. */
static enum status find_next_seq(struct io *io, const struct guid *tenant, struct stored *stored,
                                 struct error *err)
{
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields fields;

    stored->next_seq = 0;
    if (stored->leaf_count == 0)
        return STATUS_OK;
    enum status status = files_leaf(io, tenant, stored->leaf_count - 1, leaf, err);
    if (status == STATUS_OK)
        status = leaf_decode(leaf, &fields, err);
    if (status == STATUS_OK && fields.leaf_index == stored->leaf_count - 1)
        stored->next_seq = fields.first_seq + fields.count;
    return status == STATUS_CORRUPT ? STATUS_OK : status;
}

/* Copies a damaged file, unless one was kept before. */
static enum status keep_aside(struct io *io, const struct guid *tenant, const char *kind,
                              uint64_t number, struct error *err)
{
    char path[PATH_BYTES], aside[PATH_BYTES + 8];
    struct buf bytes;

    tenant_path(tenant, kind, number, path);
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    aside[sizeof("t/") - 1 + 32] = '-'; /* beside the tenant's directory: they are listed */
    if (io_exists(io, aside))
        return STATUS_OK;
    buf_init(&bytes, ASIDE_BYTES_MAX);
    enum status status = io_read_all(io, path, &bytes, err);
    if (status == STATUS_OK)
        status = io_replace(io, aside, buf_slice(&bytes), err);
    buf_release(&bytes);
    return status == STATUS_FULL || status == STATUS_LIMIT ? STATUS_OK : status;
}

enum status files_load(struct io *io, const struct guid *tenant, struct stored *ret,
                       struct error *err)
{
    struct newest newest = {false, 0};
    struct io_file *file = NULL;
    char path[PATH_BYTES];

    *ret = (struct stored){0};
    tenant_path(tenant, NULL, 0, path);
    if (!io_exists(io, path))
        return STATUS_OK;
    enum status status = io_list(io, path, see_name, &newest, err);
    if (status != STATUS_OK || !newest.any)
        return status;
    tenant_path(tenant, "batch", newest.number, path);
    status = io_open(io, path, IO_READ, &file, err);
    if (status == STATUS_OK)
        status = scan_blocks(file, newest.number * FILE_LEAVES, ret, err);
    io_close(file);
    if (status == STATUS_OK)
        status = find_next_seq(io, tenant, ret, err);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "'%s'", path);
}

enum status files_put_leaf(struct io *io, const struct guid *tenant, uint64_t index,
                           const uint8_t leaf[LEAF_BYTES], struct error *err)
{
    uint64_t number = index / FILE_LEAVES;
    struct io_file *file = NULL;
    char path[PATH_BYTES];
    enum status status = keep_aside(io, tenant, "leaf", number, err);

    tenant_path(tenant, "leaf", number, path);
    if (status == STATUS_OK)
        status = io_open(io, path, IO_WRITE, &file, err);
    if (status == STATUS_OK)
        status = io_write_at(file, index % FILE_LEAVES * LEAF_BYTES, leaf, LEAF_BYTES, err);
    io_close(file);
    return status;
}

enum status files_mend(struct io *io, const struct guid *tenant, uint64_t index,
                       struct stored *stored, struct error *err)
{
    uint64_t number = stored->leaf_count / FILE_LEAVES, size = 0, at = stored->batch_end;
    struct block_header header;
    struct io_file *file = NULL;
    char path[PATH_BYTES];

    tenant_path(tenant, "batch", number, path);
    if (!io_exists(io, path))
        return STATUS_OK;
    enum status status = io_open(io, path, IO_READ, &file, err);
    if (status == STATUS_OK)
        status = io_size(file, &size, err);
    bool is_damaged = size > stored->batch_end;
    while (status == STATUS_OK) { /* each round moves `at` forward */
        status = next_block(file, &at, size, &header, err);
        if (status != STATUS_OK || header.first_index + header.count > index)
            break;
        enum status whole = sealed_is_whole(file, at, &header, err);
        at += header.size;
        if (whole == STATUS_OK && header.first_index >= stored->leaf_count) {
            stored->leaf_count = header.first_index + header.count;
            stored->batch_end = at;
        } else if (whole != STATUS_NOT_FOUND) {
            status = whole;
        }
    }
    io_close(file);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = find_next_seq(io, tenant, stored, err);
    return status == STATUS_OK && is_damaged ? keep_aside(io, tenant, "batch", number, err)
                                             : status;
}

void leaf_reader_init(struct leaf_reader *reader, struct io *io, const struct guid *tenant)
{
    *reader = (struct leaf_reader){.io = io, .tenant = *tenant};
}

void leaf_reader_release(struct leaf_reader *reader)
{
    io_close(reader->file);
    reader->file = NULL;
}

/* Opens the file with leaf `index`, unless it is open. */
static enum status leaf_reader_open(struct leaf_reader *reader, uint64_t index, struct error *err)
{
    uint64_t number = index / FILE_LEAVES;
    char path[PATH_BYTES];

    if (reader->file != NULL && reader->number == number)
        return STATUS_OK;
    leaf_reader_release(reader);
    reader->number = number;
    tenant_path(&reader->tenant, "leaf", number, path);
    enum status status = io_open(reader->io, path, IO_READ, &reader->file, err);
    /* The caller knows that the leaf is stored: its absence is damage. */
    return status == STATUS_NOT_FOUND
               ? ERROR_SET(err, STATUS_CORRUPT, "evidence file '%s' is missing", path)
               : status;
}

enum status leaf_reader_get(struct leaf_reader *reader, uint64_t index, uint32_t count,
                            uint8_t *ret, struct error *err)
{
    enum status status = leaf_reader_open(reader, index, err);

    return status == STATUS_OK ? io_read_at(reader->file, index % FILE_LEAVES * LEAF_BYTES, ret,
                                            (size_t)count * LEAF_BYTES, err)
                               : status;
}

enum status files_leaf(struct io *io, const struct guid *tenant, uint64_t index,
                       uint8_t ret[LEAF_BYTES], struct error *err)
{
    struct leaf_reader reader;

    leaf_reader_init(&reader, io, tenant);
    enum status status = leaf_reader_get(&reader, index, 1, ret, err);
    leaf_reader_release(&reader);
    return status;
}

/* ---- writing ---- */

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
        size_t next = entry_bytes(run_leaf(run, index + count));
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
    uint8_t additional[ADDITIONAL_BYTES];
    struct block_header header = {
        .size = (uint32_t)(BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + plain.size),
        .first_index = first_index,
        .count = (uint32_t)(leaves.size / LEAF_BYTES),
    };
    size_t start = ret->size;
    enum status status = STATUS_OK;

    header_encode(&header); /* for the additional data; the checksums come later */
    if (buf_extend(ret, BLOCK_HEADER_BYTES) == NULL)
        return buf_check(ret, err);
    status = aead_seal(key, additional_data(tenant, &header, leaves, additional), plain, ret, err);
    if (status != STATUS_OK)
        return status;
    struct slice sealed = slice_tail(buf_slice(ret), start + BLOCK_HEADER_BYTES);
    header.sealed_crc = hash_crc32c(0, sealed.data, sealed.size);
    header_encode(&header);
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

    tenant_path(&job->tenant, "batch", job->stored.leaf_count / FILE_LEAVES, path);
    enum status status = io_open(io, path, IO_WRITE, &step->batch, err);
    tenant_path(&job->tenant, NULL, 0, path);
    return status == STATUS_OK && step->fresh ? io_sync_dir(io, path, err) : status;
}

static enum status make_tenant_dir(struct io *io, const struct guid *tenant, struct error *err)
{
    char path[PATH_BYTES];

    tenant_path(tenant, NULL, 0, path);
    return io_make_dir(io, path, err);
}

static enum status write_leaves(struct io *io, struct step *step, struct error *err)
{
    const struct append_job *job = step->job;
    uint64_t index = job->stored.leaf_count;
    char path[PATH_BYTES];
    struct slice leaves = {(const char *)run_leaf(job->run, index),
                           (step->end - index) * LEAF_BYTES};

    tenant_path(&job->tenant, "leaf", index / FILE_LEAVES, path);
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
        status = next_block(batch, ret_end, size, &header, err);
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

    tenant_path(tenant, "leaf", number, path);
    enum status status = io_open(io, path, IO_WRITE, &leaf, err);
    tenant_path(tenant, "batch", number, path);
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
    tenant_path(tenant, NULL, 0, path);
    return status == STATUS_OK ? io_sync_dir(io, path, err) : status;
}

/* ---- reading blocks ---- */

enum status block_reader_init(struct block_reader *reader, struct io *io,
                              struct keyring *keyring, const struct guid *tenant,
                              struct error *err)
{
    *reader = (struct block_reader){.io = io, .tenant = *tenant};
    run_init(&reader->run);
    leaf_reader_init(&reader->leaves, io, tenant);
    return keyring_tenant_key(keyring, tenant, KEY_PURPOSE_TLOG, &reader->key, err);
}

void block_reader_release(struct block_reader *reader)
{
    run_release(&reader->run);
    leaf_reader_release(&reader->leaves);
    io_close(reader->batch);
    explicit_bzero(&reader->key, sizeof(reader->key));
}

/* The entries must be exactly what the counts of the leaves ask for. */
static bool run_is_whole(const struct run *run)
{
    size_t size = 0;

    for (uint32_t i = 0; i < run->count; i++) {
        const uint8_t *leaf = run_leaf(run, run->first_index + i);
        if (leaf_record_count(leaf) > LEAF_RECORDS_MAX)
            return false;
        size += entry_bytes(leaf);
    }
    return size == run->entries.size;
}

static enum status read_block(struct block_reader *reader, uint64_t offset,
                              const struct block_header *header, struct error *err)
{
    uint8_t additional[ADDITIONAL_BYTES];
    struct run *run = &reader->run;
    struct buf sealed;

    run_release(run);
    run->first_index = header->first_index;
    buf_init(&sealed, header->size);
    void *leaf_room = buf_extend(&run->leaves, (size_t)header->count * LEAF_BYTES);
    void *sealed_room = buf_extend(&sealed, header->size - BLOCK_HEADER_BYTES);
    enum status status = leaf_room == NULL || sealed_room == NULL
                             ? ERROR_MEMORY(err)
                             : leaf_reader_get(&reader->leaves, header->first_index,
                                               header->count, leaf_room, err);
    if (status == STATUS_OK)
        status = io_read_at(reader->batch, offset + BLOCK_HEADER_BYTES, sealed_room, sealed.size,
                            err);
    if (status == STATUS_OK)
        status = aead_open(&reader->key,
                           additional_data(&reader->tenant, header, buf_slice(&run->leaves),
                                           additional),
                           buf_slice(&sealed), &run->entries, err);
    if (status == STATUS_OK) {
        run->count = header->count;
        if (!run_is_whole(run))
            status = ERROR_SET(err, STATUS_CORRUPT, "its entries do not fit its leaves");
    }
    if (status != STATUS_OK) {
        run_release(run);
        status = error_wrap(err, "evidence block of leaves %llu to %llu",
                            (unsigned long long)header->first_index,
                            (unsigned long long)(header->first_index + header->count - 1));
    }
    reader->next_offset = offset + header->size;
    buf_release(&sealed);
    return status;
}

/* Opens the batch file with that number, unless it is open. */
static enum status open_batch(struct block_reader *reader, uint64_t number, struct error *err)
{
    char path[PATH_BYTES];

    if (reader->batch != NULL && reader->batch_number == number)
        return STATUS_OK;
    io_close(reader->batch);
    reader->batch = NULL;
    reader->batch_number = number;
    tenant_path(&reader->tenant, "batch", number, path);
    enum status status = io_open(reader->io, path, IO_READ, &reader->batch, err);
    return status == STATUS_NOT_FOUND
               ? ERROR_SET(err, STATUS_CORRUPT, "evidence file '%s' is missing", path)
               : status;
}

enum status block_reader_seek(struct block_reader *reader, uint64_t index, struct error *err)
{
    struct run *run = &reader->run;
    uint64_t number = index / FILE_LEAVES, offset = 0, size = 0;
    struct block_header header;

    if (run_leaf(run, index) != NULL)
        return STATUS_OK;
    if (run->count > 0 && index >= run->first_index && run->first_index / FILE_LEAVES == number)
        offset = reader->next_offset; /* forward in the same file */
    else if (index >= reader->known_leaf && reader->known_leaf / FILE_LEAVES == number)
        offset = reader->known_offset;
    enum status status = open_batch(reader, number, err);
    if (status == STATUS_OK)
        status = io_size(reader->batch, &size, err);
    while (status == STATUS_OK) { /* each round moves offset forward */
        status = next_block(reader->batch, &offset, size, &header, err);
        bool is_found = status == STATUS_OK;
        if (status == STATUS_NOT_FOUND || (is_found && header.first_index > index))
            return ERROR_SET(err, STATUS_CORRUPT, "evidence of leaf %llu is damaged or lost",
                             (unsigned long long)index);
        if (is_found && index - header.first_index < header.count)
            return read_block(reader, offset, &header, err);
        offset += header.size;
    }
    return status;
}
