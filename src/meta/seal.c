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

#include "base/check.h"
#include "base/twin.h"

#define JOURNAL "-journal"
#define DAMAGED ".damaged"

/* The database's path with a suffix. */
static void path_with(const struct meta *meta, const char *suffix, char ret[META_PATH_BYTES])
{
    int size = snprintf(ret, META_PATH_BYTES, "%s%s", meta->path, suffix);

    CHECK(size > 0 && size < META_PATH_BYTES);
}

enum status meta_check_sum(struct meta *meta, struct error *err)
{
    struct meta_sum now, then;
    char path[META_PATH_BYTES];

    path_with(meta, META_SUM, path);
    if (!meta_sum_read(meta->options.io, path, &then) || then.size > meta->options.bytes_max)
        return STATUS_OK; /* none, or one that cannot be made again */
    enum status status = meta_sum_of(meta->options.io, meta->path, meta->options.bytes_max, &now,
                                     err);
    if (status == STATUS_OK && then.counter == now.counter && !meta_sums_equal(&then, &now))
        return ERROR_SET(err, STATUS_CORRUPT, "it is not what was written");
    return status;
}

/* ---- the copy ---- */

/* The database, and its copy on the way to the same bytes. */
struct following {
    struct meta_pages *pages;
    const struct meta_written *written;
    struct io_file *from, *to;
    uint64_t copy_size;
    bool was_behind; /* the copy had other bytes */
};

static enum status copy_page(struct following *f, uint64_t page, struct error *err)
{
    struct meta_page now, then;
    enum status status = meta_page_read(f->from, f->pages->size, page, &now, err);

    if (status == STATUS_OK)
        status = meta_page_read(f->to, f->copy_size, page, &then, err);
    if (status != STATUS_OK || now.size == 0 ||
        (now.size == then.size && memcmp(now.bytes, then.bytes, now.size) == 0))
        return status;
    f->was_behind = true;
    return io_write_at(f->to, page * META_PAGE_BYTES, now.bytes, now.size, err);
}

static enum status follow_page(struct following *f, uint64_t page, struct error *err)
{
    enum status status = meta_pages_follow(f->pages, f->from, page, err);

    return status == STATUS_OK ? copy_page(f, page, err) : status;
}

/* What was written, and what is new. */
static enum status follow(struct following *f, struct error *err)
{
    if (f->written->is_all)
        f->pages->size = 0;
    enum status status = meta_pages_resize(f->pages, f->from, err);
    if (status == STATUS_OK)
        status = io_size(f->to, &f->copy_size, err);
    uint64_t first = f->written->is_all ? 0 : f->copy_size / META_PAGE_BYTES;
    for (uint64_t page = first; page < f->pages->count && status == STATUS_OK; page++)
        status = copy_page(f, page, err);
    for (uint32_t i = 0; i < f->written->count && !f->written->is_all && status == STATUS_OK; i++)
        status = follow_page(f, f->written->pages[i], err);
    if (status == STATUS_OK && f->copy_size > f->pages->size) {
        f->was_behind = true;
        status = io_truncate(f->to, f->pages->size, err);
    }
    return status;
}

static enum status finish_seal(struct meta *meta, const struct following *f, struct error *err)
{
    struct io *io = meta->options.io;
    struct meta_sum now, then;
    char path[META_PATH_BYTES];
    enum status status = meta_pages_sum(f->pages, f->from, &now, err);

    path_with(meta, META_SUM, path);
    if (status == STATUS_OK && !f->was_behind && meta_sum_read(io, path, &then) &&
        meta_sums_equal(&then, &now))
        return STATUS_OK;
    if (status == STATUS_OK)
        status = io_sync(f->to, err);
    if (status == STATUS_OK && f->written->is_all) /* the copy may be new */
        status = meta_sync_directory(io, meta->path, err);
    return status == STATUS_OK ? meta_sum_write(io, path, &now, err) : status;
}

static enum status write_seal(struct meta *meta, struct error *err)
{
    struct following f = {.pages = &meta->pages, .written = &meta->vfs.written};
    char path[META_PATH_BYTES];

    path_with(meta, META_COPY, path);
    enum status status = io_open(meta->options.io, meta->path, IO_READ, &f.from, err);
    if (status == STATUS_OK)
        status = io_open(meta->options.io, path, IO_WRITE, &f.to, err);
    if (status == STATUS_OK)
        status = follow(&f, err);
    if (status == STATUS_OK)
        status = finish_seal(meta, &f, err);
    io_close(f.from);
    io_close(f.to);
    return status;
}

static enum status remove_seal(struct meta *meta, struct error *err)
{
    static const char *const suffixes[] = {META_SUM, META_SUM TWIN_COPY, META_COPY};
    enum status status = STATUS_OK;
    char path[META_PATH_BYTES];

    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        path_with(meta, suffixes[i], path);
        status = io_unlink(meta->options.io, path, err);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    return status == STATUS_OK ? meta_sync_directory(meta->options.io, meta->path, err) : status;
}

enum status meta_seal(struct meta *meta, struct error *err)
{
    enum status status = write_seal(meta, err);

    meta->vfs.written.is_all = status != STATUS_OK;
    meta->vfs.written.count = 0;
    if (status != STATUS_OK && !meta->is_unsealed && meta->options.unsealed != NULL)
        meta->options.unsealed(meta->options.context, err);
    meta->is_unsealed = status != STATUS_OK;
    return status == STATUS_OK ? STATUS_OK : remove_seal(meta, err);
}

/* ---- putting back ---- */

/* Out of the way, kept for a person to look at. */
static enum status set_aside(struct meta *meta, const char *suffix, struct error *err)
{
    char path[META_PATH_BYTES], aside[META_PATH_BYTES + sizeof(DAMAGED)];

    path_with(meta, suffix, path);
    (void)snprintf(aside, sizeof(aside), "%s" DAMAGED, path);
    return io_exists(meta->options.io, path) ? io_rename(meta->options.io, path, aside, err)
                                             : STATUS_OK;
}

static bool copy_counts(const struct meta *meta)
{
    struct meta_sum copy, then;
    char path[META_PATH_BYTES];
    struct error ignored;

    path_with(meta, META_SUM, path);
    if (!meta_sum_read(meta->options.io, path, &then) || then.size == 0)
        return false;
    path_with(meta, META_COPY, path);
    return meta_sum_of(meta->options.io, path, meta->options.bytes_max, &copy, &ignored) ==
               STATUS_OK &&
           meta_sums_equal(&copy, &then);
}

enum status meta_restore(struct meta *meta, struct error *err)
{
    char path[META_PATH_BYTES];
    struct buf copy;

    buf_init(&copy, meta->options.bytes_max);
    enum status status = copy_counts(meta)
                             ? STATUS_OK
                             : ERROR_SET(err, STATUS_NOT_FOUND, "the copy does not count");
    path_with(meta, META_COPY, path);
    if (status == STATUS_OK)
        status = io_read_all(meta->options.io, path, &copy, err);
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
    if (!meta->vfs.is_failed)
        meta->vfs.last = (struct error){.status = STATUS_OK}; /* of somebody else's call */
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
    else if ((meta->vfs.written.count > 0 || meta->vfs.written.is_all) &&
             meta_seal(meta, &err) != STATUS_OK)
        stop(meta, &err);
    (void)pthread_mutex_unlock(&meta->lock);
}
