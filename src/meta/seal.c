/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c - is the database still what was written?  SQLite sees damage to its own
 * structure, not to a name or a role in it, so after each change a sum of the whole
 * file is put beside it (docs/format/control.md).
 *
 * The change counter in the file's header says whether the sum is of this state: a
 * crash between a change and its sum leaves a sum of the state before, which is no
 * damage.
 *
 * Closing a file drops the locks that SQLite has on it; so it is read only where no
 * statement is open, under the lock of struct meta. */
#include "meta/meta_priv.h"

#include "base/buf.h"
#include "base/hash.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define SUM_MAGIC "DBMSUM1" /* with its NUL */
#define SUM_BYTES 36u
#define DATABASE_BYTES_MAX (2 * GIB)
#define COUNTER_AT 24u
#define HEADER_BYTES 100u

struct sum {
    uint32_t counter;
    uint64_t size, hash;
};

static enum status read_file(const char *path, size_t max_bytes, struct buf *ret,
                             struct error *err)
{
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    buf_init(ret, max_bytes);
    if (fd < 0)
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no '%s'", path);
    while (status == STATUS_OK) {
        char *room = buf_extend(ret, 64 * KIB);
        ssize_t got = room == NULL ? 0 : read(fd, room, 64 * KIB);
        if (room == NULL || got < 0)
            status = ERROR_SET(err, STATUS_IO, "cannot read '%s'", path);
        else
            ret->size -= 64 * KIB - (size_t)got;
        if (got == 0)
            break;
    }
    (void)close(fd);
    return status;
}

static enum status sum_of_database(const struct meta *meta, struct sum *ret, struct error *err)
{
    struct buf bytes;
    enum status status = read_file(meta->path, DATABASE_BYTES_MAX, &bytes, err);

    *ret = (struct sum){.size = bytes.size};
    if (status == STATUS_OK && bytes.size >= HEADER_BYTES) {
        const uint8_t *at = (const uint8_t *)bytes.data + COUNTER_AT; /* big-endian */
        ret->counter = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        ret->hash = hash_xxh3(bytes.data, bytes.size, 0);
    }
    buf_release(&bytes);
    return status;
}

/* false: there is no sound one. */
static bool read_sum(const struct meta *meta, struct sum *ret)
{
    struct error ignored;
    struct buf bytes;
    enum status status = read_file(meta->sum_path, 128 * KIB, &bytes, &ignored);
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

static bool write_whole(const char *path, struct slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = fd >= 0 && write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size;

    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* Without sync: a sum that is lost, or old, is no damage.  So is one that cannot be
 * written. */
static void write_sum(struct meta *meta, const struct sum *sum)
{
    char temporary[META_PATH_BYTES + 8];
    struct buf bytes;

    buf_init(&bytes, SUM_BYTES);
    buf_add(&bytes, SUM_MAGIC, sizeof(SUM_MAGIC));
    buf_put_u32(&bytes, sum->counter);
    buf_put_u32(&bytes, 0);
    buf_put_u64(&bytes, sum->size);
    buf_put_u64(&bytes, sum->hash);
    if (!bytes.failed)
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    (void)snprintf(temporary, sizeof(temporary), "%s.tmp", meta->sum_path);
    if (!bytes.failed && write_whole(temporary, buf_slice(&bytes)) &&
        rename(temporary, meta->sum_path) == 0)
        meta->summed_changes = sqlite3_total_changes(meta->db);
    else
        (void)unlink(temporary);
    buf_release(&bytes);
}

enum status meta_check_sum(struct meta *meta, struct error *err)
{
    struct sum now, then;
    enum status status = sum_of_database(meta, &now, err);

    if (status != STATUS_OK)
        return status;
    if (read_sum(meta, &then) && then.counter == now.counter &&
        (then.size != now.size || then.hash != now.hash))
        return ERROR_SET(err, STATUS_CORRUPT,
                         "the control plane '%s' was damaged: it is not what was written; put it "
                         "back from a backup, without '%s'",
                         meta->path, meta->sum_path);
    write_sum(meta, &now);
    return STATUS_OK;
}

void meta_lock(struct meta *meta)
{
    (void)pthread_mutex_lock(&meta->lock);
}

void meta_unlock(struct meta *meta)
{
    struct error ignored;
    struct sum sum;

    if (sqlite3_total_changes(meta->db) != meta->summed_changes &&
        sum_of_database(meta, &sum, &ignored) == STATUS_OK)
        write_sum(meta, &sum);
    (void)pthread_mutex_unlock(&meta->lock);
}
