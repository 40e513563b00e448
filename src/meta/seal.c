/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c - is the database still what was written, and if not, what was?  SQLite sees damage
 * to its own structure, not to a name or a role in it, so after each change a sum of the
 * whole file is put beside it, and a copy (docs/format/control.md).
 *
 * The order: the change is committed; the blocks of the copy that differ are written and
 * synced; then the sum is replaced.  The copy counts when it has the sum, so
 * 1. it is never older than the last change that was answered: a token that was revoked
 *    does not come back;
 * 2. a copy that a crash left half written does not count, and the database does;
 * 3. where they cannot be written both are removed, and nothing is put back; the next
 *    copy is a new file, as after a failed sync the page cache may show what the disk
 *    does not have.  Where they cannot be removed either nothing is answered any more.
 *
 * The change counter in the file's header says whether the sum is of this state: a crash
 * between a change and its sum leaves a sum of the state before, which is no damage. */
#include "meta/meta_priv.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/hash.h"

#define SUM_MAGIC "DBMSUM1" /* with its NUL */
#define SUM_BYTES 36u
#define DATABASE_BYTES_MAX (2 * GIB)
#define COUNTER_AT 24u
#define HEADER_BYTES 100u
#define BLOCK_BYTES 4096u
#define JOURNAL "-journal"
#define DAMAGED ".damaged"

struct sum {
    uint32_t counter;
    uint64_t size, hash;
};

void meta_path(const struct meta *meta, const char *suffix, char ret[META_PATH_BYTES])
{
    int size = snprintf(ret, META_PATH_BYTES, "%s%s", meta->path, suffix);

    CHECK(size > 0 && size < META_PATH_BYTES);
}

/* ---- the sum ---- */

static struct sum sum_of(struct slice bytes)
{
    struct sum sum = {.size = bytes.size};

    if (bytes.size >= HEADER_BYTES) {
        const uint8_t *at = (const uint8_t *)bytes.data + COUNTER_AT; /* big-endian */
        sum.counter = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        sum.hash = hash_xxh3(bytes.data, bytes.size, 0);
    }
    return sum;
}

static bool sums_equal(const struct sum *a, const struct sum *b)
{
    return a->counter == b->counter && a->size == b->size && a->hash == b->hash;
}

/* false: there is no sound one. */
static bool read_sum(const struct meta *meta, struct sum *ret)
{
    char path[META_PATH_BYTES];
    struct error ignored;
    struct buf bytes;

    meta_path(meta, META_SUM, path);
    buf_init(&bytes, 128 * KIB);
    enum status status = io_read_all(meta->options.io, path, &bytes, &ignored);
    struct reader r = reader_from(bytes.data, bytes.size);
    struct slice magic = reader_bytes(&r, sizeof(SUM_MAGIC));
    bool sound = status == STATUS_OK && bytes.size == SUM_BYTES &&
                 slice_equal(magic, slice_from(SUM_MAGIC, sizeof(SUM_MAGIC)));

    ret->counter = reader_u32(&r);
    (void)reader_u32(&r);
    ret->size = reader_u64(&r);
    ret->hash = reader_u64(&r);
    sound = sound && reader_u32(&r) == hash_crc32c(0, bytes.data, SUM_BYTES - 4);
    buf_release(&bytes);
    return sound;
}

static enum status write_sum(struct meta *meta, const struct sum *sum, struct error *err)
{
    char path[META_PATH_BYTES];
    struct buf bytes;

    meta_path(meta, META_SUM, path);
    buf_init(&bytes, SUM_BYTES);
    buf_add(&bytes, SUM_MAGIC, sizeof(SUM_MAGIC));
    buf_put_u32(&bytes, sum->counter);
    buf_put_u32(&bytes, 0);
    buf_put_u64(&bytes, sum->size);
    buf_put_u64(&bytes, sum->hash);
    if (!bytes.failed)
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    enum status status = buf_check(&bytes, err);
    if (status == STATUS_OK)
        status = io_replace(meta->options.io, path, buf_slice(&bytes), err);
    buf_release(&bytes);
    return status;
}

enum status meta_check_sum(struct meta *meta, struct error *err)
{
    struct sum now, then;
    struct buf bytes;

    buf_init(&bytes, DATABASE_BYTES_MAX);
    enum status status = io_read_all(meta->options.io, meta->path, &bytes, err);
    now = sum_of(buf_slice(&bytes));
    buf_release(&bytes);
    if (status == STATUS_OK && read_sum(meta, &then) && then.counter == now.counter &&
        !sums_equal(&then, &now))
        return ERROR_SET(err, STATUS_CORRUPT, "it is not what was written");
    return status;
}

/* ---- the copy ---- */

/* Writes the blocks that differ: most of a large database stays as it is. */
static enum status write_blocks(struct io_file *file, struct slice bytes, struct slice copy,
                                struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t at = 0; at < bytes.size && status == STATUS_OK; at += BLOCK_BYTES) {
        struct slice now = slice_head(slice_tail(bytes, at), BLOCK_BYTES);
        bool is_same = at + now.size <= copy.size &&
                       slice_equal(now, slice_head(slice_tail(copy, at), now.size));
        if (!is_same)
            status = io_write_at(file, at, now.data, now.size, err);
    }
    return status;
}

static enum status write_copy(struct meta *meta, struct slice bytes, struct error *err)
{
    struct io *io = meta->options.io;
    struct io_file *file = NULL;
    char path[META_PATH_BYTES];
    struct buf copy;

    meta_path(meta, META_COPY, path);
    buf_init(&copy, DATABASE_BYTES_MAX);
    if (!io_exists(io, path))
        return io_replace(io, path, bytes, err);
    enum status status = io_read_all(io, path, &copy, err);
    if (status == STATUS_LIMIT) { /* it cannot be ours */
        buf_clear(&copy);
        status = STATUS_OK;
    }
    if (status == STATUS_OK)
        status = io_open(io, path, IO_WRITE, &file, err);
    if (status == STATUS_OK)
        status = write_blocks(file, bytes, buf_slice(&copy), err);
    if (status == STATUS_OK)
        status = io_truncate(file, bytes.size, err);
    if (status == STATUS_OK)
        status = io_sync(file, err);
    io_close(file);
    buf_release(&copy);
    return status;
}

static bool copy_has(const struct meta *meta, const struct sum *sum, struct buf *ret)
{
    char path[META_PATH_BYTES];
    struct error ignored;

    meta_path(meta, META_COPY, path);
    if (io_read_all(meta->options.io, path, ret, &ignored) != STATUS_OK)
        return false;
    struct sum copy = sum_of(buf_slice(ret));
    return ret->size >= HEADER_BYTES && sums_equal(&copy, sum);
}

static bool is_sealed(const struct meta *meta, const struct sum *now)
{
    struct sum then;
    struct buf copy;

    buf_init(&copy, DATABASE_BYTES_MAX);
    bool is_same = read_sum(meta, &then) && sums_equal(&then, now) && copy_has(meta, now, &copy);
    buf_release(&copy);
    return is_same;
}

static enum status remove_seal(struct meta *meta, struct error *err)
{
    static const char *const suffixes[] = {META_SUM, META_COPY};
    enum status status = STATUS_OK;
    char path[META_PATH_BYTES];

    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        meta_path(meta, suffixes[i], path);
        status = io_unlink(meta->options.io, path, err);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    return status == STATUS_OK ? meta_sync_directory(meta->options.io, meta->path, err) : status;
}

static enum status write_seal(struct meta *meta, struct error *err)
{
    struct buf bytes;

    buf_init(&bytes, DATABASE_BYTES_MAX);
    enum status status = io_read_all(meta->options.io, meta->path, &bytes, err);
    struct sum now = sum_of(buf_slice(&bytes));
    if (status == STATUS_OK && !is_sealed(meta, &now)) {
        status = write_copy(meta, buf_slice(&bytes), err);
        if (status == STATUS_OK)
            status = write_sum(meta, &now, err);
    }
    buf_release(&bytes);
    return status;
}

enum status meta_seal(struct meta *meta, struct error *err)
{
    enum status status = write_seal(meta, err);

    if (status == STATUS_OK) {
        meta->summed_changes = sqlite3_total_changes(meta->db);
        return STATUS_OK;
    }
    return remove_seal(meta, err);
}

/* ---- putting back ---- */

/* Out of the way, kept for a person to look at. */
static enum status set_aside(struct meta *meta, const char *suffix, struct error *err)
{
    char path[META_PATH_BYTES], aside[META_PATH_BYTES + sizeof(DAMAGED)];

    meta_path(meta, suffix, path);
    (void)snprintf(aside, sizeof(aside), "%s" DAMAGED, path);
    return io_exists(meta->options.io, path) ? io_rename(meta->options.io, path, aside, err)
                                             : STATUS_OK;
}

enum status meta_restore(struct meta *meta, struct error *err)
{
    struct sum then;
    struct buf copy;

    buf_init(&copy, DATABASE_BYTES_MAX);
    enum status status = read_sum(meta, &then) && copy_has(meta, &then, &copy)
                             ? STATUS_OK
                             : ERROR_SET(err, STATUS_NOT_FOUND, "the copy does not count");
    /* The journal first: it would be rolled back into the copy. */
    if (status == STATUS_OK)
        status = set_aside(meta, JOURNAL, err);
    if (status == STATUS_OK)
        status = set_aside(meta, "", err);
    if (status == STATUS_OK)
        status = io_replace(meta->options.io, meta->path, buf_slice(&copy), err);
    buf_release(&copy);
    return status;
}

/* ---- the lock ---- */

void meta_lock(struct meta *meta)
{
    (void)pthread_mutex_lock(&meta->lock);
}

static void stop(struct meta *meta, const struct error *why)
{
    meta->vfs.is_failed = true;
    if (!meta->was_fatal && meta->options.fatal != NULL)
        meta->options.fatal(meta->options.context, why);
    meta->was_fatal = true;
}

/* A change that was committed counts; one that finds no place for its copy is copied with
 * the next. */
void meta_unlock(struct meta *meta)
{
    struct error err;

    if (meta->vfs.is_failed)
        stop(meta, &meta->vfs.last);
    else if (sqlite3_total_changes(meta->db) != meta->summed_changes &&
             meta_seal(meta, &err) != STATUS_OK)
        stop(meta, &err);
    (void)pthread_mutex_unlock(&meta->lock);
}
