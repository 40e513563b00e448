/* SPDX-License-Identifier: Apache-2.0 */
/* wal.c - see wal_priv.h.
 *
 * Invariants:
 * 1. Only who has set `is_busy` touches file, log_id, lsn, size and out: a thread that waits
 *    for its entry, or the committer.
 * 2. An entry becomes durable after the write and the sync of its bytes
 *    succeeded; a tenant's entries settle in their order.
 * 3. When a commit is refused, all that is queued is refused with it, because
 *    its numbers follow from the refused ones; nothing is queued meanwhile
 *    (`refusing`).
 * 4. After `stopped` nothing becomes durable any more.
 * Lock order: a tenant's lock, then wal->lock.  settle() runs without it. */
#include "ingest/wal_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "ingest/ahead_priv.h"
#include "ingest/log_read_priv.h"
#include "ingest/reserve_priv.h"
#include "ingest/waiting_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define KEEP_PATH WAL_DIR "/keep"
#define NOTE_BEGIN "keep "
#define NOTE_BYTES 48
#define OUT_KEEP_BYTES (8 * MIB) /* buffer kept between commits */
/* After a commit found no space others are refused at once, so that the server's own
 * records are not refused with them (invariant 3). */
#define FULL_PAUSE_US UINT64_C(200000)
#define AHEAD_SHARE 8u /* behind this part of a file made ahead the next one is made */
#define SLOW_SHOWN_US UINT64_C(10000000) /* a log that nobody writes to has no other sync */
#define RELEASES_MAX 4u /* somebody else may be quicker to take what was given up */

struct wal_file {
    uint64_t number, size;
    bool is_kept; /* it leaves the log as NAME.aside */
};

struct wal {
    struct wal_options options;
    pthread_t committer;
    bool has_committer;

    /* of who is busy */
    struct io_file *file;
    struct guid log_id;
    uint8_t previous[AEAD_TAG_BYTES];
    uint64_t number, lsn, size;
    uint64_t zeros_end; /* of the file that was made ahead; 0: it was not */
    struct ahead ahead;
    struct reserve reserve;
    struct buf out;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t work;  /* for the committer */
    pthread_cond_t moved; /* an entry settled or ended, a file began */
    bool is_busy; /* somebody commits or begins a file */
    struct waiting waiting;
    struct wal_entry *live;
    uint64_t queued_position;
    uint64_t rotate_asked, rotate_done;
    struct error rotate_error;
    bool rotate_failed, closing, refusing, stopped;
    struct error stop_error;
    struct wal_file *files; /* in order of number */
    size_t file_count, file_capacity;
    uint64_t keep_below; /* files below it are kept, too */
    struct wal_stats stats;
    uint64_t full_until_us; /* monotonic; with a reserve only */
    uint64_t sync_began_us; /* likewise, while it is_syncing */
    bool is_syncing;
    uint64_t slow_until_us; /* monotonic; what wal_ready() says after a slow sync */
};

void wal_path(uint64_t number, char ret[WAL_PATH_BYTES])
{
    (void)snprintf(ret, WAL_PATH_BYTES, WAL_DIR "/%016llx.wal", (unsigned long long)number);
}

/* ---- files ---- */

enum status wal_note_file(struct wal *wal, uint64_t number, uint64_t size_bytes,
                          bool is_kept, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&wal->lock);
    if (wal->file_count == wal->file_capacity) {
        size_t capacity = wal->file_capacity == 0 ? 16 : wal->file_capacity * 2;
        struct wal_file *files = realloc(wal->files, capacity * sizeof(*files));
        if (files == NULL) {
            status = ERROR_MEMORY(err);
            goto out;
        }
        wal->files = files;
        wal->file_capacity = capacity;
    }
    size_t place = wal->file_count++;
    for (; place > 0 && wal->files[place - 1].number > number; place--)
        wal->files[place] = wal->files[place - 1];
    wal->files[place] = (struct wal_file){number, size_bytes, is_kept};
    wal->stats.bytes += size_bytes;
out:
    (void)pthread_mutex_unlock(&wal->lock);
    return status;
}

static void grow_file(struct wal *wal, uint64_t number, size_t size_bytes)
{
    for (size_t i = 0; i < wal->file_count; i++) {
        if (wal->files[i].number == number)
            wal->files[i].size += size_bytes;
    }
    wal->stats.bytes += size_bytes;
}

/* What is left of the zeros is of no use any more.  A failure leaves them there. */
static void leave_file(struct wal *wal)
{
    struct error ignored;

    if (wal->file != NULL && wal->zeros_end > wal->size) {
        enum status status = io_truncate(wal->file, wal->size, &ignored);
        (void)status;
    }
    io_close(wal->file);
    wal->file = NULL;
    wal->zeros_end = 0;
}

/* Puts the header of a file, and unless it was made ahead its name, on the disk. */
static enum status sync_begun(struct wal *wal, struct io_file *file, bool is_named,
                              struct error *err)
{
    enum status status = io_sync(file, err);

    return status == STATUS_OK && !is_named ? io_sync_dir(wal->options.io, WAL_DIR, err) : status;
}

/* A file that could not be begun holds nothing, so its name is used again.  Its
 * header may be on the disk: no frame goes to the file before any more.  *ret_fatal: a sync
 * failed; another one would say that the name is there without having written it. */
static enum status begin_file(struct wal *wal, uint64_t number, bool *ret_fatal,
                              struct error *err)
{
    struct wal_header header = {.log_id = guid_new(), .number = number, .first_lsn = wal->lsn};
    uint8_t bytes[WAL_HEADER_BYTES];
    char path[WAL_PATH_BYTES];
    struct io_file *file = NULL;

    wal_path(number, path);
    header.is_ahead = ahead_take(&wal->ahead, number);
    wal_header_encode(&header, bytes);
    enum status status =
        header.is_ahead ? STATUS_OK : log_check_unused(wal->options.io, number, err);
    if (status == STATUS_OK)
        status = io_open(wal->options.io, path, IO_WRITE, &file, err);
    if (status == STATUS_OK && !header.is_ahead)
        status = io_truncate(file, 0, err);
    if (status == STATUS_OK)
        status = io_write_at(file, 0, bytes, sizeof(bytes), err);
    if (status == STATUS_OK) {
        status = sync_begun(wal, file, header.is_ahead, err);
        *ret_fatal = status == STATUS_IO;
    }
    if (status == STATUS_OK)
        status = wal_note_file(wal, number, sizeof(bytes), false, err);
    leave_file(wal);
    if (status != STATUS_OK) {
        io_close(file);
        return status;
    }
    wal->file = file;
    wal->zeros_end = header.is_ahead ? wal->options.ahead_bytes : 0;
    wal->log_id = header.log_id;
    memcpy(wal->previous, header.log_id.bytes, sizeof(wal->previous));
    (void)pthread_mutex_lock(&wal->lock);
    wal->number = number;
    (void)pthread_mutex_unlock(&wal->lock);
    wal->size = WAL_HEADER_BYTES;
    return STATUS_OK;
}

/* ---- what is kept ---- */

/* "keep N CRC\n" */
static void note_format(uint64_t floor, char ret[NOTE_BYTES])
{
    int size = snprintf(ret, NOTE_BYTES, NOTE_BEGIN "%llu", (unsigned long long)floor);
    uint32_t crc = hash_crc32c(0, ret, (size_t)size);

    (void)snprintf(ret + size, NOTE_BYTES - (size_t)size, " %08x\n", crc);
}

static bool note_parse(struct slice text, uint64_t *ret)
{
    struct slice rest = slice_tail(text, sizeof(NOTE_BEGIN) - 1);
    size_t digits = slice_find(rest, SLICE(" "), 0);
    char whole[NOTE_BYTES];

    if (digits == SIZE_MAX || !text_parse_u64(slice_head(rest, digits), ret))
        return false;
    note_format(*ret, whole);
    return slice_is(text, whole);
}

/* Reads which files are to be kept.  A note that cannot be read, or does not check, was for some
 * of them. */
static enum status load_note(struct wal *wal, struct error *err)
{
    struct buf bytes;

    buf_init(&bytes, KIB);
    enum status status = io_read_all(wal->options.io, KEEP_PATH, &bytes, err);
    bool is_believed = status == STATUS_OK && note_parse(buf_slice(&bytes), &wal->keep_below);
    buf_release(&bytes);
    if (status == STATUS_BUSY)
        return status;
    if (!is_believed && status != STATUS_NOT_FOUND)
        wal->keep_below = wal->options.next_file;
    return STATUS_OK;
}

/* No file is left that the note is for.  One that stays is harmless. */
static void drop_note(struct wal *wal)
{
    (void)pthread_mutex_lock(&wal->lock);
    bool is_done = wal->keep_below != 0 && wal->file_count > 0 &&
                   wal->files[0].number >= wal->keep_below;
    if (is_done)
        wal->keep_below = 0;
    (void)pthread_mutex_unlock(&wal->lock);
    if (is_done)
        io_unlink_if_possible(wal->options.io, KEEP_PATH);
}

enum status wal_keep(struct wal *wal, uint64_t floor, struct error *err)
{
    char text[NOTE_BYTES];

    (void)pthread_mutex_lock(&wal->lock);
    if (wal->keep_below > floor)
        floor = wal->keep_below;
    wal->keep_below = floor; /* in this process, whatever the disk says */
    (void)pthread_mutex_unlock(&wal->lock);
    note_format(floor, text);
    return io_replace(wal->options.io, KEEP_PATH, slice_of(text), err);
}

/* Takes one file out of the log.  One that a trim before could not report may
 * be gone. */
static enum status drop_file(struct wal *wal, const struct wal_file *file, struct error *err)
{
    char path[WAL_PATH_BYTES], aside[WAL_PATH_BYTES + 8];

    wal_path(file->number, path);
    if (file->is_kept && io_exists(wal->options.io, path)) {
        (void)snprintf(aside, sizeof(aside), "%s.aside", path);
        return io_rename(wal->options.io, path, aside, err);
    }
    enum status status = io_unlink(wal->options.io, path, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status wal_trim(struct wal *wal, uint64_t floor, struct error *err)
{
    enum status status = STATUS_OK;
    bool removed = false;

    for (;;) {
        struct wal_file file = {0};
        (void)pthread_mutex_lock(&wal->lock);
        if (wal->file_count > 1 && wal->files[0].number < floor)
            file = wal->files[0];
        file.is_kept = file.is_kept || file.number < wal->keep_below;
        (void)pthread_mutex_unlock(&wal->lock);
        if (file.number == 0)
            break;
        status = drop_file(wal, &file, err);
        if (status != STATUS_OK)
            return status;
        removed = true;
        (void)pthread_mutex_lock(&wal->lock);
        wal->stats.bytes -= file.size;
        memmove(wal->files, wal->files + 1, --wal->file_count * sizeof(*wal->files));
        (void)pthread_mutex_unlock(&wal->lock);
    }
    if (removed)
        status = io_sync_dir(wal->options.io, WAL_DIR, err);
    if (status == STATUS_OK)
        drop_note(wal);
    return status;
}

/* ---- the owner's side ---- */

enum status wal_enqueue(struct wal *wal, struct wal_entry *entry, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&wal->lock);
    if (wal->stopped) {
        *err = wal->stop_error;
        status = err->status;
    } else if (wal->refusing) {
        status = ERROR_SET(err, STATUS_BUSY, "the log is undoing a refused commit, try again");
    } else if (!entry->internal && wal->full_until_us != 0 &&
               clock_monotonic_us(wal->options.clock) < wal->full_until_us) {
        errno = ENOSPC; /* the text ends with it */
        status = ERROR_SET(err, STATUS_FULL, "the disk is full, try again");
    } else if (wal->stats.bytes > WAL_BYTES_MAX && !entry->internal) {
        status = ERROR_SET(err, STATUS_BUSY, "the log has %llu bytes that are not stored yet",
                           (unsigned long long)wal->stats.bytes);
    } else {
        entry->state = WAL_WAITING;
        entry->file = 0;
        entry->position = ++wal->queued_position;
        (void)pthread_cond_init(&entry->changed, NULL);
        waiting_add(&wal->waiting, entry);
        entry->live_previous = NULL;
        entry->live_next = wal->live;
        if (wal->live != NULL)
            wal->live->live_previous = entry;
        wal->live = entry;
        wal->stats.depth++;
        if (entry->stands_back)
            (void)pthread_cond_signal(&wal->work);
    }
    (void)pthread_mutex_unlock(&wal->lock);
    return status;
}

void wal_entry_end(struct wal *wal, struct wal_entry *entry)
{
    (void)pthread_mutex_lock(&wal->lock);
    CHECK(entry->state != WAL_WAITING);
    if (entry->live_previous != NULL)
        entry->live_previous->live_next = entry->live_next;
    else
        wal->live = entry->live_next;
    if (entry->live_next != NULL)
        entry->live_next->live_previous = entry->live_previous;
    wal->stats.depth--;
    (void)pthread_cond_destroy(&entry->changed);
    (void)pthread_cond_broadcast(&wal->moved);
    (void)pthread_mutex_unlock(&wal->lock);
}

void wal_stop(struct wal *wal, const struct error *err)
{
    (void)pthread_mutex_lock(&wal->lock);
    bool first = !wal->stopped;
    if (first) {
        wal->stopped = true;
        wal->stop_error = *err;
    }
    (void)pthread_mutex_unlock(&wal->lock);
    if (first && wal->options.fatal != NULL)
        wal->options.fatal(wal->options.context, err);
    (void)pthread_mutex_lock(&wal->lock); /* who waits hears of it when it was told */
    (void)pthread_cond_broadcast(&wal->moved);
    (void)pthread_cond_signal(&wal->work);
    (void)pthread_mutex_unlock(&wal->lock);
}

static bool has_live_before(const struct wal *wal, uint64_t file)
{
    for (const struct wal_entry *e = wal->live; e != NULL; e = e->live_next) {
        if (e->file != 0 && e->file < file)
            return true;
    }
    return false;
}

static bool has_waiting_up_to(const struct wal *wal, uint64_t position)
{
    for (const struct wal_entry *e = wal->live; e != NULL; e = e->live_next) {
        if (e->state == WAL_WAITING && e->position <= position)
            return true;
    }
    return false;
}

enum status wal_settle(struct wal *wal, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&wal->lock);
    uint64_t position = wal->queued_position;
    while (has_waiting_up_to(wal, position) && !wal->stopped)
        (void)pthread_cond_wait(&wal->moved, &wal->lock);
    if (wal->stopped) {
        *err = wal->stop_error;
        status = err->status;
    }
    (void)pthread_mutex_unlock(&wal->lock);
    return status;
}

enum status wal_rotate(struct wal *wal, uint64_t *ret_file, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&wal->lock);
    uint64_t ticket = ++wal->rotate_asked;
    (void)pthread_cond_signal(&wal->work);
    while (wal->rotate_done < ticket && !wal->stopped)
        (void)pthread_cond_wait(&wal->moved, &wal->lock);
    if (!wal->stopped && wal->rotate_failed) {
        *err = wal->rotate_error;
        status = err->status;
        goto out;
    }
    uint64_t file = wal->number;
    while (!wal->stopped && has_live_before(wal, file))
        (void)pthread_cond_wait(&wal->moved, &wal->lock);
    if (wal->stopped) {
        *err = wal->stop_error;
        status = err->status;
        goto out;
    }
    *ret_file = file;
out:
    (void)pthread_mutex_unlock(&wal->lock);
    return status;
}

void wal_stats(struct wal *wal, struct wal_stats *ret)
{
    (void)pthread_mutex_lock(&wal->lock);
    *ret = wal->stats;
    if (wal->is_syncing) {
        uint64_t took = clock_monotonic_us(wal->options.clock) - wal->sync_began_us;
        ret->fsync_us_last = took > ret->fsync_us_last ? took : ret->fsync_us_last;
    }
    (void)pthread_mutex_unlock(&wal->lock);
}

enum status wal_ready(struct wal *wal, struct error *err)
{
    uint64_t now = clock_monotonic_us(wal->options.clock);

    (void)pthread_mutex_lock(&wal->lock);
    bool is_stopped = wal->stopped;
    bool is_slow = now < wal->slow_until_us ||
                   (wal->is_syncing && now > wal->sync_began_us + WAL_SYNC_SLOW_US);
    (void)pthread_mutex_unlock(&wal->lock);
    if (is_stopped)
        return ERROR_SET(err, STATUS_BUSY, "the log has stopped: nothing can be stored");
    return is_slow ? ERROR_SET(err, STATUS_BUSY,
                               "the disk is slow: a sync of the log takes over a second")
                   : STATUS_OK;
}

/* ---- a commit ---- */

/* With the lock held: the entry is its owner's again. */
static void wake(struct wal *wal, struct wal_entry *entry, const struct error *refused)
{
    if (refused != NULL)
        entry->err = *refused;
    entry->state = refused == NULL ? WAL_DURABLE : WAL_REFUSED;
    (void)pthread_cond_signal(&entry->changed);
    (void)pthread_cond_broadcast(&wal->moved);
}

/* Settles and wakes a durable list.  When a sink fails, the rest is refused. */
static void finish(struct wal *wal, struct wal_entry *list)
{
    const struct error *refused = NULL;
    struct error err, ignored;

    for (struct wal_entry *e = list, *next; e != NULL; e = next) {
        enum status status = e->settle(e, refused == NULL, refused == NULL ? &err : &ignored);
        if (status != STATUS_OK) {
            refused = &err;
            wal_stop(wal, &err);
        }
        (void)pthread_mutex_lock(&wal->lock);
        next = e->next;
        wake(wal, e, refused);
        (void)pthread_mutex_unlock(&wal->lock);
    }
}

static void take_back(struct wal_entry *list)
{
    struct error ignored;

    for (struct wal_entry *e = list; e != NULL; e = e->next)
        CHECK(e->settle(e, false, &ignored) == STATUS_OK);
}

/* Invariant 3.  All numbers are taken back before the first owner wakes, so
 * that it may try again at once. */
static void refuse(struct wal *wal, struct wal_entry *list, const struct error *err)
{
    (void)pthread_mutex_lock(&wal->lock);
    wal->refusing = true;
    struct wal_entry *rest = waiting_take_all(&wal->waiting);
    (void)pthread_mutex_unlock(&wal->lock);
    take_back(list);
    take_back(rest);
    (void)pthread_mutex_lock(&wal->lock);
    wal->refusing = false;
    for (struct wal_entry *e = list, *next; e != NULL; e = next) {
        next = e->next;
        wake(wal, e, err);
    }
    for (struct wal_entry *e = rest, *next; e != NULL; e = next) {
        next = e->next;
        wake(wal, e, err);
    }
    (void)pthread_mutex_unlock(&wal->lock);
}

static enum status seal_all(struct wal *wal, const struct wal_entry *list, uint64_t *ret_lsn,
                            struct error *err)
{
    struct frame_header header = {.lsn = wal->lsn, .commit_lsn = wal->lsn};

    buf_clear(&wal->out);
    memcpy(header.previous, wal->previous, sizeof(header.previous));
    for (const struct wal_entry *e = list; e != NULL; e = e->next) {
        if (e->payload.size == 0)
            continue;
        header.tenant = e->tenant;
        enum status status = frame_seal(&wal->log_id, &header, e->key, e->payload, &wal->out, err);
        if (status != STATUS_OK)
            return status;
        memcpy(header.previous, wal->out.data + wal->out.size - AEAD_TAG_BYTES, AEAD_TAG_BYTES);
        header.lsn++;
    }
    *ret_lsn = header.lsn;
    return STATUS_OK;
}

static bool has_kind(const struct wal_entry *list, bool internal)
{
    while (list != NULL && list->internal != internal)
        list = list->next;
    return list != NULL;
}

/* Space for the commit, and the free space that is kept unless it is the server's own.
 * Once the reserve is given up nothing else goes with that. */
static enum status check_space(struct wal *wal, const struct wal_entry *list, struct error *err)
{
    bool is_short = !reserve_is_whole(&wal->reserve);
    bool is_own = has_kind(list, true) && !(is_short && has_kind(list, false));
    uint64_t end = wal->size + wal->out.size;
    uint64_t grown = end <= wal->zeros_end ? 0 : end - wal->zeros_end;
    uint64_t available = 0, needed = is_own ? 0 : INGEST_RESERVE_BYTES;

    needed += grown < wal->out.size ? grown : wal->out.size;
    enum status status = io_free_bytes(wal->options.io, &available, err);
    if (status == STATUS_OK && available < needed) {
        errno = ENOSPC; /* the text ends with it */
        status = ERROR_SET(err, STATUS_FULL, "the disk has %llu bytes left, %llu are needed",
                           (unsigned long long)available, (unsigned long long)needed);
    }
    return status;
}

static enum status sync_file(struct wal *wal, struct error *err)
{
    uint64_t before = clock_monotonic_us(wal->options.clock);

    (void)pthread_mutex_lock(&wal->lock);
    wal->sync_began_us = before;
    wal->is_syncing = true;
    (void)pthread_mutex_unlock(&wal->lock);
    enum status status = io_sync(wal->file, err);
    uint64_t took = clock_monotonic_us(wal->options.clock) - before;
    (void)pthread_mutex_lock(&wal->lock);
    wal->is_syncing = false;
    wal->slow_until_us = took > WAL_SYNC_SLOW_US ? before + took + SLOW_SHOWN_US : 0;
    wal->stats.fsyncs++;
    wal->stats.fsync_us_last = took;
    wal->stats.fsync_us_total += took;
    if (took > wal->stats.fsync_us_max)
        wal->stats.fsync_us_max = took;
    (void)pthread_mutex_unlock(&wal->lock);
    return status;
}

/* No space: the file is cut to what is durable and left for a new one. */
static enum status undo_write(struct wal *wal, struct error *err)
{
    enum status status = io_truncate(wal->file, wal->size, err);

    if (status == STATUS_OK)
        status = io_sync(wal->file, err);
    if (status == STATUS_OK) {
        io_close(wal->file);
        wal->file = NULL;
        wal->zeros_end = 0;
    }
    return status;
}

/* Writes and syncs what is sealed.  *ret_fatal: what is on the disk is not
 * known any more. */
static enum status write_out(struct wal *wal, bool *ret_fatal, struct error *err)
{
    struct error undo_err;

    *ret_fatal = false;
    if (wal->out.size == 0)
        return STATUS_OK;
    enum status status = io_write_at(wal->file, wal->size, wal->out.data, wal->out.size, err);
    if (status == STATUS_FULL) {
        if (undo_write(wal, &undo_err) != STATUS_OK) {
            *err = undo_err;
            *ret_fatal = true;
        }
        return err->status;
    }
    if (status == STATUS_OK)
        status = sync_file(wal, err);
    *ret_fatal = status != STATUS_OK;
    return status;
}

/* A log that nobody writes to keeps no other file ready. */
static void grow(struct wal *wal, size_t size_bytes)
{
    uint64_t soon = wal->options.ahead_bytes / AHEAD_SHARE;

    if (wal->size < soon && wal->size + size_bytes >= soon)
        ahead_want(&wal->ahead, wal->number + 1);
    wal->size += size_bytes;
    (void)pthread_mutex_lock(&wal->lock);
    grow_file(wal, wal->number, size_bytes);
    (void)pthread_mutex_unlock(&wal->lock);
}

/* The commit does not fit into the zeros, and there is another file of them. */
static bool is_used_up(struct wal *wal, const struct wal_entry *list)
{
    uint64_t end = wal->size;

    for (const struct wal_entry *e = list; e != NULL; e = e->next)
        end += e->payload.size > 0 ? frame_sealed_size(e->payload) : 0;
    return end > wal->zeros_end && wal->size > WAL_HEADER_BYTES &&
           ahead_is_ready(&wal->ahead, wal->number + 1);
}

static enum status try_commit(struct wal *wal, struct wal_entry *list, bool *ret_fatal,
                              struct error *err)
{
    uint64_t next_lsn = wal->lsn;
    enum status status = STATUS_OK;

    *ret_fatal = false;
    if (wal->file == NULL || wal->size >= WAL_FILE_BYTES || is_used_up(wal, list))
        status = begin_file(wal, wal->number + 1, ret_fatal, err);
    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&wal->lock);
    for (struct wal_entry *e = list; e != NULL; e = e->next)
        e->file = e->payload.size > 0 ? wal->number : 0;
    (void)pthread_mutex_unlock(&wal->lock);
    status = seal_all(wal, list, &next_lsn, err);
    if (status == STATUS_OK && wal->out.size > 0)
        status = check_space(wal, list, err);
    if (status == STATUS_OK)
        status = write_out(wal, ret_fatal, err);
    if (status != STATUS_OK)
        return status;
    if (wal->out.size > 0) {
        memcpy(wal->previous, wal->out.data + wal->out.size - AEAD_TAG_BYTES, AEAD_TAG_BYTES);
        wal->lsn = next_lsn;
        grow(wal, wal->out.size);
    }
    return STATUS_OK;
}

/* No byte is left: the server's own records get the reserve. */
static enum status commit(struct wal *wal, struct wal_entry *list, bool *ret_fatal,
                          struct error *err)
{
    enum status status = try_commit(wal, list, ret_fatal, err);

    for (unsigned i = 0; i < RELEASES_MAX && status == STATUS_FULL && !*ret_fatal &&
                         has_kind(list, true) && !has_kind(list, false) &&
                         reserve_release(&wal->reserve, wal->out.size);
         i++)
        status = try_commit(wal, list, ret_fatal, err);
    if (status == STATUS_FULL && !*ret_fatal && wal->options.reserve_bytes != 0) {
        (void)pthread_mutex_lock(&wal->lock);
        wal->full_until_us = clock_monotonic_us(wal->options.clock) + FULL_PAUSE_US;
        (void)pthread_mutex_unlock(&wal->lock);
    }
    return status;
}

static void rotate(struct wal *wal, uint64_t ticket)
{
    struct error err;
    bool fatal = false;
    enum status status = STATUS_OK;

    if (wal->file == NULL || wal->size > WAL_HEADER_BYTES)
        status = begin_file(wal, wal->number + 1, &fatal, &err);
    if (fatal)
        wal_stop(wal, &err);
    reserve_renew(&wal->reserve);
    (void)pthread_mutex_lock(&wal->lock);
    wal->rotate_done = ticket;
    wal->rotate_failed = status != STATUS_OK;
    if (wal->rotate_failed)
        wal->rotate_error = err;
    (void)pthread_cond_broadcast(&wal->moved);
    (void)pthread_mutex_unlock(&wal->lock);
}

static void commit_list(struct wal *wal, struct wal_entry *list, bool stopped)
{
    struct stage_watch watch = stage_watch_start(wal->options.stages);
    struct error err;
    bool fatal = false;
    enum status status = STATUS_OK;

    if (stopped) {
        err = wal->stop_error;
        status = err.status;
    } else {
        status = commit(wal, list, &fatal, &err);
    }
    stage_watch_lap(&watch, STAGE_LOG);
    if (fatal)
        wal_stop(wal, &err);
    if (status != STATUS_OK)
        refuse(wal, list, &err);
    else
        finish(wal, list);
    stage_watch_lap(&watch, STAGE_EVIDENCE);
    if (wal->out.capacity > OUT_KEEP_BYTES)
        buf_release(&wal->out);
}

/* ---- who commits ---- */

static bool has_turn(const struct wal *wal)
{
    return wal->rotate_asked != wal->rotate_done && !wal->stopped;
}

static bool has_work(const struct wal *wal)
{
    return has_turn(wal) || !waiting_is_empty(&wal->waiting);
}

/* One commit, or a new file.  The lock is held, and let go meanwhile. */
static void work(struct wal *wal)
{
    uint64_t ticket = wal->rotate_asked;
    bool stopped = wal->stopped, turns = has_turn(wal);
    struct wal_entry *list = turns ? NULL : waiting_take(&wal->waiting);

    wal->is_busy = true;
    (void)pthread_mutex_unlock(&wal->lock);
    if (turns)
        rotate(wal, ticket);
    if (list != NULL)
        commit_list(wal, list, stopped);
    (void)pthread_mutex_lock(&wal->lock);
    wal->is_busy = false;
    if (has_work(wal))
        (void)pthread_cond_signal(&wal->work);
}

enum status wal_wait(struct wal *wal, struct wal_entry *entry, struct error *err)
{
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&wal->lock);
    while (entry->state == WAL_WAITING) {
        if (wal->is_busy || entry->stands_back || has_turn(wal))
            (void)pthread_cond_wait(&entry->changed, &wal->lock);
        else
            work(wal);
    }
    if (entry->state == WAL_REFUSED) {
        *err = entry->err;
        status = err->status;
    }
    (void)pthread_mutex_unlock(&wal->lock);
    return status;
}

static void *committer_main(void *arg)
{
    struct wal *wal = arg;

    (void)pthread_mutex_lock(&wal->lock);
    while (!wal->closing || has_work(wal)) {
        if (wal->is_busy || !has_work(wal))
            (void)pthread_cond_wait(&wal->work, &wal->lock);
        else
            work(wal);
    }
    (void)pthread_mutex_unlock(&wal->lock);
    return NULL;
}

enum status wal_open(const struct wal_options *options, struct wal **ret, struct error *err)
{
    struct wal *wal = calloc(1, sizeof(*wal));

    if (wal == NULL)
        return ERROR_MEMORY(err);
    wal->options = *options;
    wal->lsn = options->next_lsn;
    wal->number = options->next_file - 1;
    waiting_init(&wal->waiting);
    buf_init(&wal->out, COMMIT_BYTES_MAX + FRAME_SEALED_BYTES_MAX + MIB);
    (void)pthread_mutex_init(&wal->lock, NULL);
    (void)pthread_cond_init(&wal->work, NULL);
    (void)pthread_cond_init(&wal->moved, NULL);
    const struct ahead_options ahead = {.size_bytes = options->ahead_bytes,
                                        .first = options->next_file,
                                        .in_background = options->has_ahead_thread};
    bool fatal = false; /* it fails in any case */
    enum status status = ahead_open(&wal->ahead, options->io, &ahead, err);
    if (status == STATUS_OK)
        status = load_note(wal, err);
    if (status == STATUS_OK)
        status = begin_file(wal, options->next_file, &fatal, err);
    if (status == STATUS_OK)
        status = reserve_open(&wal->reserve, options->io, options->reserve_bytes, err);
    else if (status == STATUS_FULL)
        (void)!reserve_open(&wal->reserve, options->io, options->reserve_bytes, err);
    if (status == STATUS_FULL) /* the first commit after there is space begins it */
        status = STATUS_OK;
    if (status == STATUS_OK) {
        wal->has_committer = pthread_create(&wal->committer, NULL, committer_main, wal) == 0;
        if (!wal->has_committer)
            status = ERROR_SET(err, STATUS_LIMIT, "cannot start the committer thread");
    }
    if (status != STATUS_OK) {
        wal_close(wal);
        return status;
    }
    *ret = wal;
    return STATUS_OK;
}

void wal_close(struct wal *wal)
{
    if (wal == NULL)
        return;
    if (wal->has_committer) {
        (void)pthread_mutex_lock(&wal->lock);
        wal->closing = true;
        (void)pthread_cond_signal(&wal->work);
        (void)pthread_mutex_unlock(&wal->lock);
        (void)pthread_join(wal->committer, NULL);
    }
    CHECK(wal->live == NULL);
    ahead_close(&wal->ahead);
    if (wal->stopped) /* what is in the file is for the next start to find out */
        wal->zeros_end = 0;
    leave_file(wal);
    buf_release(&wal->out);
    free(wal->files);
    (void)pthread_mutex_destroy(&wal->lock);
    (void)pthread_cond_destroy(&wal->work);
    (void)pthread_cond_destroy(&wal->moved);
    free(wal);
}
