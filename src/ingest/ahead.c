/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/ahead_priv.h"

#include "base/limits.h"
#include "ingest/log_read_priv.h"

#define TMP_PATH WAL_DIR "/ahead.tmp"
#define PIECE_BYTES (256 * KIB)

static bool is_wanted(struct ahead *ahead, uint64_t number)
{
    (void)pthread_mutex_lock(&ahead->lock);
    bool result = ahead->wanted == number && !ahead->is_closing;
    (void)pthread_mutex_unlock(&ahead->lock);
    return result;
}

/* The file system keeps what a refused request, an audit record and a flush may need. */
static enum status check_space(const struct ahead *ahead, struct error *err)
{
    uint64_t available = 0;
    enum status status = io_free_bytes(ahead->io, &available, err);

    if (status == STATUS_OK && available < ahead->size_bytes + 2 * INGEST_RESERVE_BYTES)
        status = ERROR_SET(err, STATUS_FULL, "no space for a file of the log ahead");
    return status;
}

static enum status write_zeros(struct ahead *ahead, uint64_t number, struct error *err)
{
    struct io_file *file = NULL;
    enum status status = io_open(ahead->io, TMP_PATH, IO_WRITE, &file, err);

    if (status == STATUS_OK)
        status = io_truncate(file, 0, err);
    for (uint64_t at = 0; at < ahead->size_bytes && status == STATUS_OK; at += PIECE_BYTES) {
        uint64_t left = ahead->size_bytes - at;
        size_t size = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        if (!is_wanted(ahead, number))
            status = ERROR_SET(err, STATUS_CANCELLED, "the file is not wanted any more");
        if (status == STATUS_OK)
            status = io_write_zeros(file, at, at + size, err);
        if (status == STATUS_OK)
            status = io_pace(file, at + size, err);
    }
    if (status == STATUS_OK)
        status = io_sync(file, err);
    io_close(file);
    return status;
}

/* Unless who needed it took the name for a file without zeros. */
static bool begin_naming(struct ahead *ahead, uint64_t number)
{
    (void)pthread_mutex_lock(&ahead->lock);
    ahead->is_naming = ahead->wanted == number && !ahead->is_closing;
    bool result = ahead->is_naming;
    (void)pthread_mutex_unlock(&ahead->lock);
    return result;
}

static void end(struct ahead *ahead, uint64_t number, bool is_ready)
{
    (void)pthread_mutex_lock(&ahead->lock);
    ahead->is_naming = false;
    if (ahead->wanted == number)
        ahead->wanted = 0;
    if (is_ready)
        ahead->ready = number;
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->lock);
}

/* Whatever fails, the log does without this file.  A name that may not be on the disk goes: who
 * found it there would change nothing in the directory, and a sync of that tells nothing. */
static void make(struct ahead *ahead, uint64_t number)
{
    char path[WAL_PATH_BYTES];
    struct error ignored;
    bool is_named = false;

    wal_path(number, path);
    enum status status = check_space(ahead, &ignored);
    if (status == STATUS_OK)
        status = write_zeros(ahead, number, &ignored);
    if (status == STATUS_OK && begin_naming(ahead, number)) {
        status = log_check_unused(ahead->io, number, &ignored);
        if (status == STATUS_OK)
            status = io_rename(ahead->io, TMP_PATH, path, &ignored);
        is_named = status == STATUS_OK;
        if (is_named)
            status = io_sync_dir(ahead->io, WAL_DIR, &ignored);
    }
    if (is_named && status != STATUS_OK)
        io_unlink_if_possible(ahead->io, path);
    if (!is_named && io_exists(ahead->io, TMP_PATH))
        io_unlink_if_possible(ahead->io, TMP_PATH);
    end(ahead, number, is_named && status == STATUS_OK);
}

static void *make_all(void *arg)
{
    struct ahead *ahead = arg;

    (void)pthread_mutex_lock(&ahead->lock);
    while (!ahead->is_closing) {
        uint64_t number = ahead->wanted;
        if (number == 0) {
            (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&ahead->lock);
        make(ahead, number);
        (void)pthread_mutex_lock(&ahead->lock);
    }
    (void)pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

enum status ahead_open(struct ahead *ahead, struct io *io, const struct ahead_options *options,
                       struct error *err)
{
    *ahead = (struct ahead){
        .io = io, .size_bytes = options->size_bytes, .wanted = options->first};
    (void)pthread_mutex_init(&ahead->lock, NULL);
    (void)pthread_cond_init(&ahead->changed, NULL);
    if (options->size_bytes == 0)
        return STATUS_OK;
    make(ahead, options->first);
    if (!options->in_background)
        return STATUS_OK;
    ahead->has_thread = pthread_create(&ahead->thread, NULL, make_all, ahead) == 0;
    return ahead->has_thread ? STATUS_OK
                             : ERROR_SET(err, STATUS_LIMIT, "cannot start a thread of the log");
}

void ahead_close(struct ahead *ahead)
{
    char path[WAL_PATH_BYTES];

    if (ahead->io == NULL)
        return;
    (void)pthread_mutex_lock(&ahead->lock);
    ahead->is_closing = true;
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->lock);
    if (ahead->has_thread)
        (void)pthread_join(ahead->thread, NULL);
    wal_path(ahead->ready, path);
    if (ahead->ready != 0) /* or at the next start */
        io_unlink_if_possible(ahead->io, path);
    (void)pthread_mutex_destroy(&ahead->lock);
    (void)pthread_cond_destroy(&ahead->changed);
}

void ahead_want(struct ahead *ahead, uint64_t number)
{
    if (ahead->size_bytes == 0)
        return;
    (void)pthread_mutex_lock(&ahead->lock);
    ahead->wanted = number;
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->lock);
    if (!ahead->has_thread)
        make(ahead, number);
}

bool ahead_is_ready(struct ahead *ahead, uint64_t number)
{
    (void)pthread_mutex_lock(&ahead->lock);
    bool result = ahead->ready == number;
    (void)pthread_mutex_unlock(&ahead->lock);
    return result;
}

bool ahead_take(struct ahead *ahead, uint64_t number)
{
    (void)pthread_mutex_lock(&ahead->lock);
    while (ahead->is_naming)
        (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
    ahead->wanted = 0;
    bool result = ahead->ready == number;
    ahead->ready = 0;
    (void)pthread_mutex_unlock(&ahead->lock);
    return result;
}
