/* SPDX-License-Identifier: Apache-2.0 */
/* log_read.c - see log_read_priv.h and docs/format/wal.md, Recovery. */
#include "ingest/log_read_priv.h"

#include "ingest/ingest.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define WAL_NAME_BYTES 20 /* 16 digits and ".wal" */
#define COPY_SUFFIX ".tmp" /* of io_replace() */
#define LOST_FILE_FRAMES 16u /* of the most records each: more than a file has */
#define LOST_FILES_MAX 64u
#define FILE_READ_BYTES_MAX (2 * (size_t)FRAME_SEALED_BYTES_MAX + 2 * WAL_FILE_BYTES)

/* ---- finding the files ---- */

static bool parse_name(const char *name, uint64_t *ret)
{
    uint8_t bytes[8];
    struct slice s = slice_of(name);

    if (s.size != WAL_NAME_BYTES || !slice_ends_with(s, SLICE(".wal")) ||
        !text_parse_hex(slice_head(s, 16), bytes, sizeof(bytes)))
        return false;
    *ret = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        *ret = *ret << 8 | bytes[i];
    return true;
}

/* A copy that was not finished: on a full disk it takes what the log needs. */
static void remove_copy(struct io *io, const char *name)
{
    char path[WAL_PATH_BYTES];
    struct slice whole = slice_of(name);

    if (whole.size != WAL_NAME_BYTES + sizeof(COPY_SUFFIX) - 1 ||
        !slice_ends_with(whole, SLICE(".wal" COPY_SUFFIX)))
        return;
    (void)snprintf(path, sizeof(path), WAL_DIR "/%.*s", SLICE_FMT(whole));
    io_unlink_if_possible(io, path);
}

static enum status on_name(void *context, const char *name, struct error *err)
{
    struct log_reader *reader = context;
    uint64_t number;

    if (!parse_name(name, &number)) {
        remove_copy(reader->io, name);
        return STATUS_OK;
    }
    if (reader->file_count == reader->file_capacity) {
        size_t capacity = reader->file_capacity == 0 ? 16 : 2 * reader->file_capacity;
        struct wal_found *files = realloc(reader->files, capacity * sizeof(*files));
        if (files == NULL)
            return ERROR_MEMORY(err);
        reader->files = files;
        reader->file_capacity = capacity;
    }
    reader->files[reader->file_count++] = (struct wal_found){.number = number};
    reader->next_number = number + 1; /* names are in order */
    return STATUS_OK;
}

static enum status see_oldest(void *context, const char *name, struct error *err)
{
    uint64_t *oldest = context, number;

    (void)err;
    if (parse_name(name, &number) && (*oldest == 0 || number < *oldest))
        *oldest = number;
    return STATUS_OK;
}

enum status ingest_oldest_log(struct io *io, uint64_t *ret, struct error *err)
{
    *ret = 0;
    enum status status = io_list(io, WAL_DIR, see_oldest, ret, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it was never opened */
}

static bool is_zero(struct slice bytes)
{
    return bytes.size == 0 ||
           (bytes.data[0] == 0 && memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0);
}

/* Is there nothing but zeros in the file from `from` on?  Mostly its first bytes tell. */
static enum status has_only_zeros(struct io *io, const char *path, uint64_t from, bool *ret,
                                  uint64_t *ret_size, struct error *err)
{
    struct io_file *file = NULL;
    char piece[32 * KIB];

    *ret = true;
    enum status status = io_open(io, path, IO_READ, &file, err);
    if (status == STATUS_OK)
        status = io_size(file, ret_size, err);
    for (size_t size; status == STATUS_OK && *ret && from < *ret_size; from += size) {
        size = *ret_size - from < sizeof(piece) ? (size_t)(*ret_size - from) : sizeof(piece);
        status = io_read_at(file, from, piece, size, err);
        *ret = status == STATUS_OK && is_zero(slice_from(piece, size));
    }
    io_close(file);
    return status;
}

/* Zeros only: the file before it may still be the one that is written to. */
static enum status is_made_ahead(struct io *io, uint64_t number, bool *ret, struct error *err)
{
    char path[WAL_PATH_BYTES];
    uint64_t size = 0;

    wal_path(number, path);
    enum status status = has_only_zeros(io, path, 0, ret, &size, err);
    *ret = *ret && status == STATUS_OK && size > WAL_HEADER_BYTES;
    return status;
}

enum status log_check_unused(struct io *io, uint64_t number, struct error *err)
{
    char path[WAL_PATH_BYTES];
    uint64_t size = 0;
    bool is_unused = false;

    wal_path(number, path);
    enum status status = has_only_zeros(io, path, WAL_HEADER_BYTES, &is_unused, &size, err);
    if (status == STATUS_OK && !is_unused)
        return ERROR_SET(err, STATUS_CORRUPT, "'%s' exists, and is to be begun", path);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status log_reader_open(struct log_reader *reader, struct io *io, struct error *err)
{
    bool is_ahead = false;

    *reader = (struct log_reader){.io = io, .next_number = 1};
    enum status status = io_list(io, WAL_DIR, on_name, reader, err);
    if (status == STATUS_OK && reader->file_count > 0)
        status = is_made_ahead(io, reader->files[reader->file_count - 1].number, &is_ahead, err);
    if (is_ahead)
        reader->next_number = reader->files[--reader->file_count].number;
    return status;
}

void log_reader_close(struct log_reader *reader)
{
    free(reader->files);
    reader->files = NULL;
    io_close(reader->file);
    reader->file = NULL;
}

/* ---- frames in memory ---- */

/* The first whole frame from `from` on with such a number; SIZE_MAX if there is none. */
static size_t find_frame(struct slice bytes, size_t from, uint64_t lsn_min, struct frame *ret)
{
    size_t at = from > bytes.size ? SIZE_MAX : slice_find(bytes, SLICE(FRAME_MAGIC), from);

    while (at != SIZE_MAX &&
           !(frame_decode(slice_tail(bytes, at), ret) && ret->header.lsn >= lsn_min))
        at = slice_find(bytes, SLICE(FRAME_MAGIC), at + 1);
    return at;
}

/* Behind the frame at `at` that does not check: a frame of a commit that began after
 * its number, which tells that it was acknowledged; or the frame itself, moved. */
static size_t find_proof(struct slice bytes, size_t at, uint64_t lsn)
{
    struct frame frame;
    size_t from = find_frame(bytes, at, lsn, &frame);

    while (from != SIZE_MAX && frame.header.commit_lsn <= lsn && frame.header.lsn != lsn)
        from = find_frame(bytes, from + 1, lsn, &frame);
    return from;
}

/* The size of the last file up to its last acknowledged frame; 0: it was never begun. */
static size_t valid_size(struct slice bytes, bool *ret_is_damaged)
{
    struct wal_header header;
    struct frame frame;
    size_t at = WAL_HEADER_BYTES;
    uint64_t lsn = 0;

    *ret_is_damaged = false;
    if (bytes.size < WAL_HEADER_BYTES)
        return 0;
    if (wal_header_decode((const uint8_t *)bytes.data, &header)) {
        lsn = header.first_lsn;
    } else { /* it is on the disk before any frame is */
        at = find_frame(bytes, WAL_HEADER_BYTES, 0, &frame);
        if (at == SIZE_MAX)
            return 0;
        *ret_is_damaged = true;
        lsn = frame.header.lsn;
    }
    for (;;) { /* each round moves `at` forward */
        if (frame_decode(slice_tail(bytes, at), &frame) && frame.header.lsn == lsn) {
            at += frame_size(&frame);
            lsn++;
            continue;
        }
        size_t proof = find_proof(bytes, at, lsn);
        if (proof == SIZE_MAX)
            return at;
        *ret_is_damaged = true;
        at = proof;
        (void)frame_decode(slice_tail(bytes, at), &frame);
        lsn = frame.header.lsn;
    }
}

/* ---- the last file ---- */

/* Without space for a copy: the same bytes to the same place, and what is behind cut off. */
static enum status renew_in_place(struct io *io, const char *path, struct slice valid,
                                  struct error *err)
{
    struct io_file *file = NULL;
    enum status status = io_open(io, path, IO_WRITE, &file, err);

    if (status == STATUS_OK)
        status = io_write_at(file, 0, valid.data, valid.size, err);
    if (status == STATUS_OK)
        status = io_truncate(file, valid.size, err);
    if (status == STATUS_OK)
        status = io_sync(file, err);
    io_close(file);
    return status == STATUS_OK ? io_sync_dir(io, WAL_DIR, err) : status;
}

/* A file of which nothing is valid: behind its header there was something once.  One that was
 * never begun stays until the next file takes its name: if the process ends before that, the
 * one before it is still not the last, whose damaged end would be taken for a torn one. */
static enum status drop_last(struct log_reader *reader, const char *path, size_t size,
                             struct error *err)
{
    char aside[WAL_PATH_BYTES + 8];

    reader->next_number = reader->files[--reader->file_count].number;
    if (size <= WAL_HEADER_BYTES) {
        reader->torn_bytes = 0;
        return STATUS_OK;
    }
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    return io_rename(reader->io, path, aside, err);
}

/* Of a file that was made ahead: without the zeros at its end. */
static size_t written_size(struct slice bytes, size_t valid)
{
    struct wal_header header;

    if (bytes.size < WAL_HEADER_BYTES ||
        !wal_header_decode((const uint8_t *)bytes.data, &header) || !header.is_ahead)
        return bytes.size;
    while (bytes.size > valid && bytes.data[bytes.size - 1] == 0)
        bytes.size--;
    return bytes.size;
}

/* Writes the valid part to a new file that takes the name of the old one. */
enum status log_reader_renew(struct log_reader *reader, struct error *err)
{
    char path[WAL_PATH_BYTES];
    struct buf bytes;

    if (reader->file_count == 0)
        return STATUS_OK;
    struct wal_found *found = &reader->files[reader->file_count - 1];
    wal_path(found->number, path);
    buf_init(&bytes, FILE_READ_BYTES_MAX);
    enum status status = io_read_all(reader->io, path, &bytes, err);
    if (status != STATUS_OK)
        goto out;
    size_t size = valid_size(buf_slice(&bytes), &found->is_damaged);
    reader->torn_bytes = written_size(buf_slice(&bytes), size) - size;
    found->size_bytes = size;
    if (size == 0) {
        status = drop_last(reader, path, bytes.size, err);
    } else { /* also when nothing is wrong: it may be in the page cache only */
        struct slice valid = slice_head(buf_slice(&bytes), size);
        status = io_replace(reader->io, path, valid, err);
        if (status == STATUS_FULL)
            status = renew_in_place(reader->io, path, valid, err);
    }
out:
    buf_release(&bytes);
    return status;
}

/* ---- reading ---- */

/* The bytes of the file from an offset on. */
static enum status read_rest(struct log_reader *reader, uint64_t from, struct buf *ret,
                             struct error *err)
{
    uint64_t size = reader->files[reader->file_at].size_bytes;

    if (from >= size)
        return STATUS_OK;
    void *room = buf_extend(ret, size - from);
    return room == NULL ? ERROR_MEMORY(err)
                        : io_read_at(reader->file, from, room, size - from, err);
}

/* The header does not check.  The first frame repeats the log id; without that one
 * no frame of the file can be shown to be authentic, and all are lost. */
static enum status mend_header(struct log_reader *reader, struct wal_header *ret,
                               struct error *err)
{
    struct wal_found *found = &reader->files[reader->file_at];
    struct frame frame;
    struct buf bytes;

    found->is_damaged = true;
    buf_init(&bytes, FILE_READ_BYTES_MAX);
    enum status status = read_rest(reader, WAL_HEADER_BYTES, &bytes, err);
    *ret = (struct wal_header){
        .number = found->number, .first_lsn = reader->lsn, .is_ahead = true}; /* may be */
    reader->offset = found->size_bytes;
    if (status == STATUS_OK && frame_decode(buf_slice(&bytes), &frame)) {
        memcpy(ret->log_id.bytes, frame.header.previous, sizeof(ret->log_id.bytes));
        ret->first_lsn = frame.header.lsn;
        reader->offset = WAL_HEADER_BYTES;
    } else if (status == STATUS_OK) {
        reader->is_short = reader->is_short || bytes.size > 0;
        for (size_t at = find_frame(buf_slice(&bytes), 0, 0, &frame); at != SIZE_MAX;
             at = find_frame(buf_slice(&bytes), at + 1, 0, &frame))
            ret->first_lsn = frame.header.lsn + 1;
    }
    buf_release(&bytes);
    return status;
}

static enum status read_header(struct log_reader *reader, struct wal_header *ret,
                               struct error *err)
{
    const struct wal_found *found = &reader->files[reader->file_at];
    uint8_t bytes[WAL_HEADER_BYTES];

    if (found->size_bytes < sizeof(bytes))
        return mend_header(reader, ret, err);
    enum status status = io_read_at(reader->file, 0, bytes, sizeof(bytes), err);
    if (status != STATUS_OK)
        return status;
    if (!wal_header_decode(bytes, ret) || ret->number != found->number)
        return mend_header(reader, ret, err);
    reader->offset = WAL_HEADER_BYTES;
    return STATUS_OK;
}

/* Frames between reader->lsn and `lsn` lack: the item that says so, if any. */
static bool tell_lost(struct log_reader *reader, uint64_t lsn, struct log_item *ret)
{
    uint64_t count = reader->lsn == 0 || lsn < reader->lsn ? 0 : lsn - reader->lsn;

    reader->lsn = lsn;
    if (count == 0)
        return false;
    *ret = (struct log_item){.file_at = reader->file_at,
                             .offset = reader->offset,
                             .lost_count = count,
                             .has_suspect = reader->has_suspect,
                             .suspect = reader->suspect};
    reader->is_short = reader->has_suspect = false;
    return true;
}

/* Files are missing before the one at file_at, or at the end.  Between others the numbers
 * of the frames tell what lacks, elsewhere nobody knows: as many as there can well be. */
static bool tell_missing(struct log_reader *reader, struct log_item *ret)
{
    bool is_end = reader->file_at == reader->file_count;
    uint64_t next = is_end ? reader->last_wanted + 1 : reader->files[reader->file_at].number;

    if (reader->expected == 0 || reader->expected >= next)
        return false;
    uint64_t count = next - reader->expected;
    reader->missing += count;
    reader->expected = next;
    if (reader->lsn != 0 && !is_end)
        return false;
    count = LOST_FILE_FRAMES * (count < LOST_FILES_MAX ? count : LOST_FILES_MAX);
    *ret = (struct log_item){.file_at = SIZE_MAX,
                             .file = next - 1,
                             .lost_count = count,
                             .has_suspect = reader->has_suspect,
                             .suspect = reader->suspect};
    reader->is_short = reader->has_suspect = false;
    reader->lsn += reader->lsn == 0 ? 0 : count;
    return true;
}

/* Opens the file at file_at; *ret_lost: there is an item before its first frame. */
static enum status next_file(struct log_reader *reader, struct log_item *ret, bool *ret_lost,
                             struct error *err)
{
    struct wal_found *found = &reader->files[reader->file_at];
    struct wal_header header;
    char path[WAL_PATH_BYTES];

    wal_path(found->number, path);
    enum status status = io_open(reader->io, path, IO_READ, &reader->file, err);
    if (status == STATUS_OK)
        status = io_size(reader->file, &found->size_bytes, err);
    if (status == STATUS_OK)
        status = read_header(reader, &header, err);
    if (status != STATUS_OK)
        return status;
    if (header.first_lsn < reader->lsn)
        return ERROR_SET(err, STATUS_CORRUPT, "'%s' begins with frame %llu, want %llu", path,
                         (unsigned long long)header.first_lsn, (unsigned long long)reader->lsn);
    reader->log_id = header.log_id;
    reader->has_zeros = header.is_ahead;
    memcpy(reader->previous, header.log_id.bytes, sizeof(reader->previous));
    *ret_lost = tell_lost(reader, header.first_lsn, ret);
    if (*ret_lost && reader->file_at > 0 && found[-1].number + 1 == found->number)
        found[-1].is_damaged = true;
    reader->expected = reader->expected == 0 ? 0 : found->number + 1;
    return STATUS_OK;
}

/* Reads the frame at the offset into `bytes`; STATUS_NOT_FOUND if none checks there. */
static enum status read_frame(struct log_reader *reader, struct buf *bytes, struct frame *ret,
                              struct error *err)
{
    uint64_t left = reader->files[reader->file_at].size_bytes - reader->offset;
    uint32_t sealed_size = 0;

    buf_clear(bytes);
    if (left < FRAME_HEADER_BYTES)
        return STATUS_NOT_FOUND;
    char *head = buf_extend(bytes, FRAME_HEADER_BYTES);
    if (head == NULL)
        return ERROR_MEMORY(err);
    enum status status = io_read_at(reader->file, reader->offset, head, FRAME_HEADER_BYTES, err);
    if (status != STATUS_OK)
        return status;
    memcpy(&sealed_size, head + 56, sizeof(sealed_size));
    if (sealed_size > left - FRAME_HEADER_BYTES || sealed_size > FRAME_SEALED_BYTES_MAX)
        return STATUS_NOT_FOUND;
    char *sealed = buf_extend(bytes, sealed_size);
    if (sealed == NULL)
        return ERROR_MEMORY(err);
    status = io_read_at(reader->file, reader->offset + FRAME_HEADER_BYTES, sealed, sealed_size,
                        err);
    if (status != STATUS_OK)
        return status;
    return frame_decode(buf_slice(bytes), ret) && ret->header.lsn == reader->lsn &&
                   memcmp(ret->header.previous, reader->previous, AEAD_TAG_BYTES) == 0
               ? STATUS_OK
               : STATUS_NOT_FOUND;
}

/* What the head of a damaged frame says of its tenant, if the rest of it is right. */
static void suspect(struct log_reader *reader, struct slice rest)
{
    struct frame_header header;

    reader->has_suspect = frame_peek(rest, &header) && header.lsn == reader->lsn &&
                          memcmp(header.previous, reader->previous, AEAD_TAG_BYTES) == 0;
    reader->suspect = header.tenant;
}

/* Moves to the next frame that checks, or to the end of the file.  Zeros up to there are no
 * damage: if frames lacked, the number of the next one would tell. */
static enum status skip_damage(struct log_reader *reader, struct log_item *ret, bool *ret_lost,
                               struct error *err)
{
    struct frame frame;
    struct buf rest;

    buf_init(&rest, FILE_READ_BYTES_MAX);
    enum status status = read_rest(reader, reader->offset, &rest, err);
    if (status == STATUS_OK && reader->has_zeros && is_zero(buf_slice(&rest))) {
        reader->offset += rest.size;
    } else if (status == STATUS_OK) {
        reader->files[reader->file_at].is_damaged = true;
        reader->is_short = true;
        suspect(reader, buf_slice(&rest));
        size_t at = find_frame(buf_slice(&rest), 0, reader->lsn, &frame);
        reader->offset += at == SIZE_MAX ? rest.size : at;
        if (at != SIZE_MAX) {
            memcpy(reader->previous, frame.header.previous, AEAD_TAG_BYTES);
            *ret_lost = tell_lost(reader, frame.header.lsn, ret);
        }
    }
    buf_release(&rest);
    return status;
}

static enum status step(struct log_reader *reader, struct buf *bytes, struct log_item *ret,
                        bool *ret_found, struct error *err)
{
    const struct wal_found *found = &reader->files[reader->file_at];
    struct frame frame;

    if (reader->file == NULL) {
        *ret_found = tell_missing(reader, ret);
        return *ret_found ? STATUS_OK : next_file(reader, ret, ret_found, err);
    }
    if (reader->offset >= found->size_bytes) {
        io_close(reader->file);
        reader->file = NULL;
        reader->file_at++;
        return STATUS_OK;
    }
    enum status status = read_frame(reader, bytes, &frame, err);
    if (status == STATUS_NOT_FOUND)
        return skip_damage(reader, ret, ret_found, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct log_item){.file_at = reader->file_at,
                             .offset = reader->offset,
                             .log_id = reader->log_id,
                             .frame = frame};
    memcpy(reader->previous, frame.tag, AEAD_TAG_BYTES);
    reader->offset += frame_size(&frame);
    reader->lsn++;
    reader->is_short = reader->has_suspect = false;
    *ret_found = true;
    return STATUS_OK;
}

enum status log_reader_next(struct log_reader *reader, struct buf *bytes, struct log_item *ret,
                            bool *ret_done, struct error *err)
{
    bool found = false;

    *ret_done = false;
    while (!found && reader->file_at < reader->file_count) {
        enum status status = step(reader, bytes, ret, &found, err);
        if (status != STATUS_OK)
            return status;
    }
    found = found || tell_missing(reader, ret);
    if (!found && reader->is_short && reader->file_count > 0) { /* one at least */
        *ret = (struct log_item){.file_at = reader->file_count - 1,
                                 .lost_count = 1,
                                 .has_suspect = reader->has_suspect,
                                 .suspect = reader->suspect};
        reader->is_short = reader->has_suspect = false;
        reader->lsn++;
        found = true;
    }
    *ret_done = !found;
    if (found && ret->file_at != SIZE_MAX)
        ret->file = reader->files[ret->file_at].number;
    return STATUS_OK;
}
