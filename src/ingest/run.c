/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - see run_priv.h; the bytes are in docs/format/ingest.md.
 *
 * Invariant: blocks of a section lie back to back, so a block's offset is the
 * sum of the sizes before it; `offsets` has one more element than blocks. */
#include "ingest/run_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/twin.h"
#include "crypt/aead.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MAGIC "DBRUN\0\0\0"
#define FORMAT_VERSION 2
#define FORMAT_VERSION_OLDEST 1 /* its records are not packed, and have 12 bytes of content */
#define HEADER_BYTES 64
#define DIRECTORY_BYTES 64 /* a section */
#define ENTRY_BYTES_MAX (32 * MIB)
#define INDEX_BLOCK 0xFFFFFFFFu
#define FILTER_BITS_PER_ENTRY 10
#define FILTER_PROBES 6
#define INDEX_BYTES_MAX (256 * MIB)
#define DIRECTORY_BYTES_MAX (64 * MIB)
#define ADDITIONAL_BYTES 56
#define UNREAD_WAIT_S 60u   /* a loose cable, a path of a network; who sends tries again */
#define UNREAD_AGAIN_S 600u /* a disk takes seconds each time to say that it cannot */

/* What the disk does not give, in seconds of the monotonic clock. */
struct unread {
    atomic_uint since;     /* 0: nothing is known against it */
    atomic_uint passed_to; /* not tried before */
};

struct section {
    struct guid tenant;
    enum run_kind kind;
    uint32_t newest_minute;
    uint64_t entry_count, offset, index_offset;
    uint32_t index_size;
    bool readable; /* the tenant still has its key */
    bool is_packed; /* its blocks are */
    struct key key;
    uint32_t block_count;
    uint64_t *first_keys; /* block_count */
    uint64_t *offsets;    /* block_count + 1 */
    struct unread *unread; /* block_count */
    uint8_t *filter;
    size_t filter_size;
};

struct run {
    struct io_file *file; /* NULL: of run_new_unread() */
    struct guid id;
    uint64_t number, file_bytes;
    uint32_t version;
    struct section *sections;
    uint32_t section_count;
    atomic_bool is_broken, is_unread;
    struct unread unopened; /* file NULL */
};

void run_path(uint64_t number, char ret[RUN_PATH_BYTES])
{
    (void)snprintf(ret, RUN_PATH_BYTES, RUN_DIR "/%016llx.run", (unsigned long long)number);
}

static void make_additional(const struct guid *run, const struct guid *tenant, enum run_kind kind,
                            uint32_t block, uint8_t ret[ADDITIONAL_BYTES])
{
    uint32_t numbers[2] = {(uint32_t)kind, block};

    memcpy(ret, "daybook/run/v1\0\0", 16);
    memcpy(ret + 16, run->bytes, 16);
    memcpy(ret + 32, tenant->bytes, 16);
    memcpy(ret + 48, numbers, sizeof(numbers));
}

/* ---- the filter ---- */

static void filter_add(uint8_t *filter, size_t size, uint64_t key)
{
    uint64_t step = (key * 0x9E3779B97F4A7C15u) | 1, bits = (uint64_t)size * 8;

    for (unsigned i = 0; i < FILTER_PROBES; i++, key += step)
        filter[key % bits / 8] |= (uint8_t)(1u << (key % bits % 8));
}

static bool filter_has(const uint8_t *filter, size_t size, uint64_t key)
{
    uint64_t step = (key * 0x9E3779B97F4A7C15u) | 1, bits = (uint64_t)size * 8;

    for (unsigned i = 0; i < FILTER_PROBES; i++, key += step) {
        if ((filter[key % bits / 8] & (1u << (key % bits % 8))) == 0)
            return false;
    }
    return true;
}

/* ---- writing ---- */

struct run_writer {
    struct io *io;
    struct io_file *file;
    struct guid id;
    uint64_t number, offset;
    struct buf directory;
    uint32_t section_count;
    /* the section being written */
    struct guid tenant;
    enum run_kind kind;
    struct key key;
    uint64_t section_offset, entry_count;
    uint32_t newest_minute, block_count;
    struct run_block_writer block;
    struct buf plain, index, sealed;
    uint8_t *filter;
    size_t filter_size;
};

enum status run_writer_new(struct io *io, uint64_t number, struct run_writer **ret,
                           struct error *err)
{
    struct run_writer *w = calloc(1, sizeof(*w));
    char path[RUN_PATH_BYTES];

    if (w == NULL)
        return ERROR_MEMORY(err);
    w->io = io;
    w->number = number;
    w->id = guid_new();
    w->offset = HEADER_BYTES;
    buf_init(&w->directory, DIRECTORY_BYTES_MAX);
    run_block_writer_init(&w->block, ENTRY_BYTES_MAX + 2 * RUN_BLOCK_BYTES);
    buf_init(&w->plain, ENTRY_BYTES_MAX + 4 * RUN_BLOCK_BYTES);
    buf_init(&w->index, INDEX_BYTES_MAX);
    buf_init(&w->sealed, INDEX_BYTES_MAX + AEAD_OVERHEAD_BYTES);
    run_path(number, path);
    /* A try that failed may have left a file that nothing names. */
    enum status status = io_open(io, path, IO_WRITE, &w->file, err);
    if (status == STATUS_OK)
        status = io_truncate(w->file, 0, err);
    if (status != STATUS_OK) {
        run_writer_free(w);
        return status;
    }
    *ret = w;
    return STATUS_OK;
}

void run_writer_free(struct run_writer *w)
{
    if (w == NULL)
        return;
    io_close(w->file);
    buf_release(&w->directory);
    run_block_writer_release(&w->block);
    buf_release(&w->plain);
    buf_release(&w->index);
    buf_release(&w->sealed);
    free(w->filter);
    explicit_bzero(&w->key, sizeof(w->key));
    free(w);
}

enum status run_writer_begin(struct run_writer *w, const struct guid *tenant, enum run_kind kind,
                             const struct key *key, size_t entry_count_max, struct error *err)
{
    CHECK(w->filter == NULL);
    w->tenant = *tenant;
    w->kind = kind;
    w->key = *key;
    w->section_offset = w->offset;
    w->entry_count = 0;
    w->newest_minute = w->block_count = 0;
    run_block_begin(&w->block, kind == RUN_KIND_RECORD);
    buf_clear(&w->index);
    w->filter_size = entry_count_max * FILTER_BITS_PER_ENTRY / 8 + 8;
    w->filter = calloc(1, w->filter_size);
    return w->filter == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

static enum status write_sealed(struct run_writer *w, uint32_t block, struct slice plain,
                                struct error *err)
{
    uint8_t additional[ADDITIONAL_BYTES];

    make_additional(&w->id, &w->tenant, w->kind, block, additional);
    buf_clear(&w->sealed);
    enum status status =
        aead_seal(&w->key, slice_from((const char *)additional, sizeof(additional)), plain,
                  &w->sealed, err);
    if (status == STATUS_OK)
        status = io_write_at(w->file, w->offset, w->sealed.data, w->sealed.size, err);
    if (status != STATUS_OK)
        return status;
    w->offset += w->sealed.size;
    return io_pace(w->file, w->offset, err);
}

static enum status end_block(struct run_writer *w, struct error *err)
{
    uint64_t first_key = w->block.first_key;

    if (w->block.count == 0)
        return STATUS_OK;
    buf_clear(&w->plain);
    run_block_end(&w->block, &w->plain);
    enum status status = buf_check(&w->plain, err);
    if (status == STATUS_OK)
        status = write_sealed(w, w->block_count, buf_slice(&w->plain), err);
    if (status != STATUS_OK)
        return status;
    buf_put_u64(&w->index, first_key);
    buf_put_varint(&w->index, w->sealed.size);
    w->block_count++;
    return buf_check(&w->index, err);
}

enum status run_writer_add(struct run_writer *w, const struct run_entry *entry, struct error *err)
{
    if (run_block_is_full(&w->block)) {
        enum status status = end_block(w, err);
        if (status != STATUS_OK)
            return status;
    }
    run_block_add(&w->block, entry);
    filter_add(w->filter, w->filter_size, entry->key);
    if (entry->minute > w->newest_minute)
        w->newest_minute = entry->minute;
    w->entry_count++;
    return buf_check(&w->block.values, err);
}

/* A section without entries leaves no trace. */
enum status run_writer_end(struct run_writer *w, struct error *err)
{
    static const uint8_t zeros[12];
    struct buf index;
    enum status status = end_block(w, err);
    uint64_t index_offset = w->offset;

    buf_init(&index, INDEX_BYTES_MAX);
    if (status == STATUS_OK && w->entry_count > 0) {
        buf_put_varint(&index, w->block_count);
        buf_add_slice(&index, buf_slice(&w->index));
        buf_put_blob(&index, slice_from((const char *)w->filter, w->filter_size));
        status = buf_check(&index, err);
        if (status == STATUS_OK)
            status = write_sealed(w, INDEX_BLOCK, buf_slice(&index), err);
        buf_add(&w->directory, w->tenant.bytes, sizeof(w->tenant.bytes));
        buf_put_u32(&w->directory, (uint32_t)w->kind);
        buf_put_u32(&w->directory, w->newest_minute);
        buf_put_u64(&w->directory, w->entry_count);
        buf_put_u64(&w->directory, w->section_offset);
        buf_put_u64(&w->directory, index_offset);
        buf_put_u32(&w->directory, (uint32_t)w->sealed.size);
        buf_add(&w->directory, zeros, sizeof(zeros));
        w->section_count++;
    }
    buf_release(&index);
    free(w->filter);
    w->filter = NULL;
    return status;
}

enum status run_writer_finish(struct run_writer *w, struct error *err)
{
    struct buf header;

    CHECK(w->filter == NULL);
    buf_put_u32(&w->directory, hash_crc32c(0, w->directory.data, w->directory.size));
    enum status status = buf_check(&w->directory, err);
    if (status == STATUS_OK)
        status = io_write_at(w->file, w->offset, w->directory.data, w->directory.size, err);
    buf_init(&header, HEADER_BYTES);
    buf_add(&header, MAGIC, 8);
    buf_put_u32(&header, FORMAT_VERSION);
    buf_put_u32(&header, w->section_count);
    buf_add(&header, w->id.bytes, sizeof(w->id.bytes));
    buf_put_u64(&header, w->number);
    buf_put_u64(&header, w->offset);
    buf_put_u64(&header, 0);
    buf_put_u32(&header, 0);
    buf_put_u32(&header, hash_crc32c(0, header.data, header.size));
    if (status == STATUS_OK)
        status = buf_check(&header, err);
    if (status == STATUS_OK)
        status = io_write_at(w->file, 0, header.data, header.size, err);
    if (status == STATUS_OK)
        status = io_sync(w->file, err);
    if (status == STATUS_OK)
        status = io_sync_dir(w->io, RUN_DIR, err);
    buf_release(&header);
    return status;
}

/* ---- reading ---- */

static enum status corrupt(const struct run *run, const char *what, struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "run file %016llx: %s", (unsigned long long)run->number,
                     what);
}

/* Once more where the disk fails: it may have passed. */
static enum status read_bytes(struct run *run, uint64_t offset, void *ret, size_t size,
                              struct error *err)
{
    enum status status = io_read_at(run->file, offset, ret, size, err);

    if (status == STATUS_IO)
        status = io_read_at(run->file, offset, ret, size, err);
    if (status == STATUS_IO)
        atomic_store(&run->is_unread, true);
    return status;
}

static enum status read_sealed(struct run *run, const struct section *s, uint32_t block,
                               struct buf *ret, struct error *err)
{
    bool is_index = block == INDEX_BLOCK;
    uint64_t offset = is_index ? s->index_offset : s->offsets[block];
    size_t size = is_index ? s->index_size : (size_t)(s->offsets[block + 1] - offset);
    uint8_t additional[ADDITIONAL_BYTES];
    struct buf sealed;

    make_additional(&run->id, &s->tenant, s->kind, block, additional);
    buf_init(&sealed, INDEX_BYTES_MAX + AEAD_OVERHEAD_BYTES);
    buf_clear(ret);
    char *at = buf_extend(&sealed, size);
    enum status status = at == NULL ? buf_check(&sealed, err)
                                    : read_bytes(run, offset, at, size, err);
    if (status == STATUS_OK)
        status = aead_open(&s->key, slice_from((const char *)additional, sizeof(additional)),
                           buf_slice(&sealed), ret, err);
    if (status == STATUS_CORRUPT)
        (void)error_wrap(err, "run file %016llx, offset %llu", (unsigned long long)run->number,
                         (unsigned long long)offset);
    buf_release(&sealed);
    return status;
}

static enum status read_index(struct run *run, struct section *s, struct error *err)
{
    struct buf plain;

    buf_init(&plain, INDEX_BYTES_MAX);
    enum status status = read_sealed(run, s, INDEX_BLOCK, &plain, err);
    if (status != STATUS_OK)
        goto out;
    struct reader r = reader_from(plain.data, plain.size);
    uint64_t block_count = reader_varint(&r);
    if (r.failed || block_count == 0 || block_count > reader_left(&r) / 9) {
        status = corrupt(run, "an index is not readable", err);
        goto out;
    }
    s->block_count = (uint32_t)block_count;
    s->first_keys = calloc(block_count, sizeof(*s->first_keys));
    s->offsets = calloc(block_count + 1, sizeof(*s->offsets));
    s->unread = calloc(block_count, sizeof(*s->unread));
    if (s->first_keys == NULL || s->offsets == NULL || s->unread == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    s->offsets[0] = s->offset;
    for (uint64_t i = 0; i < block_count; i++) {
        s->first_keys[i] = reader_u64(&r);
        s->offsets[i + 1] = s->offsets[i] + reader_varint(&r);
    }
    struct slice filter = reader_blob(&r);
    if (r.failed || filter.size == 0 || s->offsets[block_count] != s->index_offset) {
        status = corrupt(run, "an index is not readable", err);
        goto out;
    }
    s->filter = malloc(filter.size);
    if (s->filter == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    memcpy(s->filter, filter.data, filter.size);
    s->filter_size = filter.size;
out:
    buf_release(&plain);
    return status;
}

static enum status read_directory(struct run *run, struct slice bytes, uint64_t end,
                                  const struct run_keys *keys, struct error *err)
{
    struct reader r = reader_from(bytes.data, bytes.size);

    for (uint32_t i = 0; i < run->section_count; i++) {
        struct section *s = &run->sections[i];
        struct slice tenant = reader_bytes(&r, sizeof(s->tenant.bytes));
        memcpy(s->tenant.bytes, tenant.data, sizeof(s->tenant.bytes));
        s->kind = (enum run_kind)reader_u32(&r);
        s->is_packed = s->kind == RUN_KIND_RECORD && run->version > 1;
        s->newest_minute = reader_u32(&r);
        s->entry_count = reader_u64(&r);
        s->offset = reader_u64(&r);
        s->index_offset = reader_u64(&r);
        s->index_size = reader_u32(&r);
        (void)reader_bytes(&r, 12);
        if (s->offset > s->index_offset || s->index_offset > end ||
            s->index_size > end - s->index_offset || s->index_size < AEAD_OVERHEAD_BYTES)
            return corrupt(run, "the directory is not readable", err);
        enum status status = keys->get(keys->context, &s->tenant, &s->key, err);
        if (status == STATUS_NOT_FOUND)
            continue;
        if (status == STATUS_OK)
            status = read_index(run, s, err);
        if (status != STATUS_OK)
            return status;
        s->readable = true;
    }
    return STATUS_OK;
}

static enum status read_header(struct run *run, uint64_t file_size, uint64_t *ret_directory,
                               struct error *err)
{
    uint8_t bytes[HEADER_BYTES];

    if (file_size < HEADER_BYTES)
        return corrupt(run, "the header is cut", err);
    enum status status = read_bytes(run, 0, bytes, sizeof(bytes), err);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_from(bytes, sizeof(bytes));
    struct slice magic = reader_bytes(&r, 8);
    run->version = reader_u32(&r);
    run->section_count = reader_u32(&r);
    memcpy(run->id.bytes, reader_bytes(&r, sizeof(run->id.bytes)).data, sizeof(run->id.bytes));
    uint64_t number = reader_u64(&r);
    *ret_directory = reader_u64(&r);
    (void)reader_bytes(&r, 12);
    if (reader_u32(&r) != hash_crc32c(0, bytes, 60) || memcmp(magic.data, MAGIC, 8) != 0 ||
        run->version < FORMAT_VERSION_OLDEST || run->version > FORMAT_VERSION ||
        number != run->number)
        return corrupt(run, "the header is not readable", err);
    uint64_t size = (uint64_t)run->section_count * DIRECTORY_BYTES + sizeof(uint32_t);
    if (*ret_directory > file_size || size != file_size - *ret_directory ||
        size > DIRECTORY_BYTES_MAX)
        return corrupt(run, "the directory is not where the header says", err);
    return STATUS_OK;
}

enum status run_open(struct io *io, uint64_t number, const struct run_keys *keys, struct run **ret,
                     struct error *err)
{
    struct run *run = calloc(1, sizeof(*run));
    uint64_t directory = 0;
    char path[RUN_PATH_BYTES];
    struct buf bytes;
    enum status status = STATUS_OK;

    if (run == NULL)
        return ERROR_MEMORY(err);
    run->number = number;
    buf_init(&bytes, DIRECTORY_BYTES_MAX);
    run_path(number, path);
    status = io_open(io, path, IO_READ, &run->file, err);
    if (status == STATUS_OK)
        status = io_size(run->file, &run->file_bytes, err);
    if (status == STATUS_OK)
        status = read_header(run, run->file_bytes, &directory, err);
    if (status != STATUS_OK)
        goto out;
    size_t size = (size_t)(run->file_bytes - directory) - sizeof(uint32_t);
    uint8_t *at = buf_extend(&bytes, size + sizeof(uint32_t));
    run->sections = calloc(run->section_count + 1u, sizeof(*run->sections));
    if (at == NULL || run->sections == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    status = read_bytes(run, directory, at, bytes.size, err);
    if (status != STATUS_OK)
        goto out;
    struct reader crc = reader_from(at + size, sizeof(uint32_t));
    status = reader_u32(&crc) == hash_crc32c(0, at, size)
                 ? read_directory(run, slice_from(bytes.data, size), directory, keys, err)
                 : corrupt(run, "the directory is not readable", err);
    if (status != STATUS_OK)
        goto out;
    *ret = run;
    run = NULL;
out:
    buf_release(&bytes);
    run_close(run);
    return status;
}

void run_close(struct run *run)
{
    if (run == NULL)
        return;
    for (uint32_t i = 0; run->sections != NULL && i < run->section_count; i++) {
        free(run->sections[i].first_keys);
        free(run->sections[i].offsets);
        free(run->sections[i].unread);
        free(run->sections[i].filter);
        explicit_bzero(&run->sections[i].key, sizeof(struct key));
    }
    free(run->sections);
    io_close(run->file);
    free(run);
}

bool run_break(struct run *run)
{
    return !atomic_exchange(&run->is_broken, true);
}

bool run_is_broken(const struct run *run)
{
    return atomic_load(&run->is_broken);
}

bool run_is_unread(const struct run *run)
{
    return atomic_load(&run->is_unread);
}

static unsigned seconds_of(const struct clock *clock)
{
    return (unsigned)(clock_monotonic_us(clock) / 1000000) + 1;
}

enum status run_new_unread(uint64_t number, const struct clock *clock, struct run **ret,
                           struct error *err)
{
    struct run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return ERROR_MEMORY(err);
    run->number = number;
    atomic_store(&run->is_unread, true);
    atomic_store(&run->unopened.since, seconds_of(clock));
    *ret = run;
    return STATUS_OK;
}

enum status run_set_aside(struct io *io, uint64_t number, struct error *err)
{
    char path[RUN_PATH_BYTES], aside[RUN_PATH_BYTES];

    run_path(number, path);
    (void)snprintf(aside, sizeof(aside), RUN_DIR "/%016llx.run" TWIN_DAMAGED,
                   (unsigned long long)number);
    return io_exists(io, path) ? io_rename(io, path, aside, err) : STATUS_OK;
}

bool run_is_unopened(const struct run *run)
{
    return run->file == NULL;
}

uint64_t run_number(const struct run *run)
{
    return run->number;
}

uint64_t run_bytes(const struct run *run)
{
    return run->file_bytes;
}

uint64_t run_entry_count(const struct run *run)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < run->section_count; i++)
        count += run->sections[i].entry_count;
    return count;
}

uint32_t run_newest_minute(const struct run *run)
{
    uint32_t newest = run_is_unopened(run) ? UINT32_MAX : 0;

    for (uint32_t i = 0; i < run->section_count; i++) {
        if (run->sections[i].newest_minute > newest)
            newest = run->sections[i].newest_minute;
    }
    return newest;
}

size_t run_section_count(const struct run *run)
{
    return run->section_count;
}

struct run_section_info run_section(const struct run *run, size_t section)
{
    const struct section *s = &run->sections[section];

    /* What cannot be read has no entries: a merge leaves it out. */
    return (struct run_section_info){s->tenant, s->kind, s->readable ? s->entry_count : 0};
}

/* The next entry of a block; *ret_more false: it was the last. */
static enum status next_entry(const struct run *run, struct run_block_reader *block,
                              struct run_entry *ret, bool *ret_more, struct error *err)
{
    *ret_more = run_block_next(block, ret);
    return block->failed ? corrupt(run, "an entry is not readable", err) : STATUS_OK;
}

static int compare_section(const struct section *s, const struct guid *tenant, enum run_kind kind)
{
    int order = memcmp(s->tenant.bytes, tenant->bytes, sizeof(tenant->bytes));

    if (order == 0)
        order = (int)s->kind - (int)kind;
    return order;
}

static const struct section *find_section(const struct run *run, const struct guid *tenant,
                                          enum run_kind kind)
{
    size_t low = 0, high = run->section_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_section(&run->sections[middle], tenant, kind);
        if (order == 0)
            return run->sections[middle].readable ? &run->sections[middle] : NULL;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The first block that can hold the key: before the first one that begins at
 * or behind it. */
static uint32_t first_block(const struct section *s, uint64_t key)
{
    uint32_t low = 0, high = s->block_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->first_keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : 0;
}

/* *ret_end: no other block is wanted. */
static enum status find_in_block(const struct run *run, const struct section *s,
                                 struct slice bytes, const struct run_query *query,
                                 bool *ret_end, struct error *err)
{
    struct run_block_reader block;
    struct run_entry entry;
    enum status status;
    bool more;

    run_block_open(&block, bytes, s->is_packed);
    while ((status = next_entry(run, &block, &entry, &more, err)) == STATUS_OK && more) {
        *ret_end = entry.key > query->key ||
                   (entry.key == query->key && query->found(query->context, &entry));
        if (*ret_end)
            break;
    }
    return status;
}

/* It could not be read just now.  STATUS_OK: that has lasted for so long that it is passed by. */
static enum status note_unread(struct unread *unread, const struct clock *clock,
                               struct error *err)
{
    unsigned now = seconds_of(clock), none = 0;

    (void)atomic_compare_exchange_strong(&unread->since, &none, now);
    if (now - atomic_load(&unread->since) < UNREAD_WAIT_S)
        return ERROR_SET(err, STATUS_BUSY,
                         "the disk does not give what was received lately, try again");
    atomic_store(&unread->passed_to, now + UNREAD_AGAIN_S);
    return STATUS_OK;
}

/* *ret_passed: it is passed by. */
static enum status read_block(struct run *run, const struct section *s, uint32_t block,
                              const struct clock *clock, struct buf *ret, bool *ret_passed,
                              struct error *err)
{
    struct unread *unread = &s->unread[block];
    unsigned passed_to = atomic_load(&unread->passed_to);

    *ret_passed = passed_to != 0 && seconds_of(clock) < passed_to;
    if (*ret_passed)
        return STATUS_OK;
    enum status status = read_sealed(run, s, block, ret, err);
    *ret_passed = status == STATUS_IO;
    if (status == STATUS_IO)
        return note_unread(unread, clock, err);
    if (status == STATUS_OK && atomic_load(&unread->since) != 0) {
        atomic_store(&unread->passed_to, 0);
        atomic_store(&unread->since, 0);
    }
    return status;
}

enum status run_find(struct run *run, const struct run_query *query, struct error *err)
{
    const struct section *s = find_section(run, &query->tenant, query->kind);
    enum status status = STATUS_OK;
    bool is_end = false;
    struct buf plain;

    if (run_is_unopened(run))
        return note_unread(&run->unopened, query->clock, err);
    if (s == NULL || !filter_has(s->filter, s->filter_size, query->key))
        return STATUS_OK;
    buf_init(&plain, INDEX_BYTES_MAX);
    for (uint32_t i = first_block(s, query->key); status == STATUS_OK && !is_end &&
                                                  i < s->block_count &&
                                                  s->first_keys[i] <= query->key;
         i++) {
        bool is_passed = false;
        status = read_block(run, s, i, query->clock, &plain, &is_passed, err);
        if (status == STATUS_OK && !is_passed)
            status = find_in_block(run, s, buf_slice(&plain), query, &is_end, err);
    }
    buf_release(&plain);
    return status;
}

enum status run_cursor_open(struct run_cursor *cursor, struct run *run, size_t section,
                            struct error *err)
{
    *cursor = (struct run_cursor){.run = run, .section = section};
    buf_init(&cursor->plain, INDEX_BYTES_MAX);
    run_block_open(&cursor->reader, SLICE(""), false);
    return run_cursor_next(cursor, err);
}

enum status run_cursor_next(struct run_cursor *cursor, struct error *err)
{
    const struct section *s = &cursor->run->sections[cursor->section];
    bool more = false;
    enum status status = next_entry(cursor->run, &cursor->reader, &cursor->entry, &more, err);

    while (status == STATUS_OK && !more) {
        if (!s->readable || cursor->block == s->block_count) {
            cursor->done = true;
            return STATUS_OK;
        }
        status = read_sealed(cursor->run, s, (uint32_t)cursor->block++, &cursor->plain, err);
        if (status != STATUS_OK)
            return status;
        run_block_open(&cursor->reader, buf_slice(&cursor->plain), s->is_packed);
        status = next_entry(cursor->run, &cursor->reader, &cursor->entry, &more, err);
    }
    if (status == STATUS_OK && s->kind == RUN_KIND_RECORD &&
        cursor->entry.value.size < RUN_PRINT_BYTES)
        return corrupt(cursor->run, "an entry is not readable", err);
    return status;
}

void run_cursor_close(struct run_cursor *cursor)
{
    buf_release(&cursor->plain);
}
