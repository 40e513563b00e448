/* SPDX-License-Identifier: Apache-2.0 */
/* log_read_priv.h - the frames of the log in order, and what lacks between them.
 *
 * The end of the last file may be torn: log_reader_renew() cuts it.  Whatever else
 * does not check is damage: the reader goes on at the next frame that does and tells
 * how many lie between.  Frames are whole here, not yet authentic: that is
 * frame_open()'s.  One thread at a time.
 */
#ifndef INGEST_LOG_READ_PRIV_H
#define INGEST_LOG_READ_PRIV_H

#include "ingest/frame_priv.h"
#include "ingest/wal_priv.h"

struct wal_found {
    uint64_t number, size_bytes;
    bool is_damaged; /* to be kept aside once it is no part of the log any more */
};

struct log_reader {
    struct io *io;
    struct wal_found *files; /* in order of number */
    size_t file_count, file_capacity;
    uint64_t next_number; /* of a new file */
    uint64_t torn_bytes; /* cut off the end of the log */
    /* set by who knows which files there should be */
    uint64_t expected;    /* the next one; 0: what there is */
    uint64_t last_wanted; /* was begun for sure */
    uint64_t missing;     /* how many are not there */
    /* the file being read */
    size_t file_at;
    struct io_file *file;
    struct guid log_id;
    uint64_t offset, lsn; /* next to be read; lsn 0: not known yet */
    uint8_t previous[AEAD_TAG_BYTES];
    bool has_zeros; /* they may follow the last frame */
    bool is_short; /* frames lack behind lsn, nobody knows yet how many */
    bool has_suspect;
    struct guid suspect; /* whose the first of them seems to be */
};

/* A frame, or a place where frames lack. */
struct log_item {
    size_t file_at; /* SIZE_MAX: in files that are missing, `file` is the last */
    uint64_t file, offset;
    struct guid log_id;
    struct frame frame;   /* in the caller's bytes; lost_count 0 */
    uint64_t lost_count;  /* so many frames lack here, 1 at least */
    bool has_suspect;     /* the first one's header looks right but for its checksum */
    struct guid suspect;  /* its tenant */
};

/* Lists the files of the log.  The one that was made ahead and not begun is none of them. */
enum status log_reader_open(struct log_reader *reader, struct io *io, struct error *err) MUST_USE;
void log_reader_close(struct log_reader *reader);

/* Makes the last file durable up to its last acknowledged frame: what is read may be
 * in the page cache only.  A file that was never begun is not part of the log: it stays until
 * the next one takes its name. */
enum status log_reader_renew(struct log_reader *reader, struct error *err) MUST_USE;

/* From file_at on; *ret_done at the end of the log.  `bytes` holds the frame. */
enum status log_reader_next(struct log_reader *reader, struct buf *bytes, struct log_item *ret,
                            bool *ret_done, struct error *err) MUST_USE;

/* A file may be begun with this number: there is none, or one without a byte of a frame, as
 * one that was made ahead or could not be begun.  STATUS_CORRUPT else: whoever thought that the
 * number is free did not see all files. */
enum status log_check_unused(struct io *io, uint64_t number, struct error *err) MUST_USE;

#endif
