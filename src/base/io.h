/* SPDX-License-Identifier: Apache-2.0 */
/* io.h - all file access of the server below its data directory, behind one table of functions.
 *
 * io_linux() is the real disk.  A test may pass a wrapper that fails the n-th
 * call, or a simulated disk.  Paths are relative to the directory the io was
 * opened on and never come from outside ('..' is refused, RESOLVE_BENEATH).
 * Functions are thread-safe on different files; one file is written by one
 * thread.  Every failure is STATUS_IO, STATUS_FULL (no space; never of a sync),
 * STATUS_BUSY (too many files are open, or no memory to open one: nothing
 * happened) or STATUS_NOT_FOUND (open, unlink) with the path in its text.
 *
 * What is not behind it has no path below that directory, or is more than bytes: the directory
 * itself, its name in the one above, its lock and its owner (main/data_dir.c), and the file of
 * the key-encryption key (crypt/keyring_local.c), which lies where the operator says, perhaps
 * behind links or in a directory that may not be read, is made with a mode of its own and
 * refused with another one.  Calls on these fail in tests of their own (test_data_dir,
 * test_keyring_local).  What an operator wrote, such as the configuration, is only read.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/buf.h"
#include "base/error.h"

struct io;

enum io_open_mode {
    IO_READ,   /* must exist */
    IO_CREATE, /* must not exist; read and write */
    IO_WRITE,  /* create or open; read and write; not truncated */
};

struct io_file; /* an open file */

struct io_ops {
    enum status (*open)(struct io *io, const char *path, enum io_open_mode mode,
                        struct io_file **ret, struct error *err);
    void (*close)(struct io_file *file); /* NULL allowed */
    /* Exactly size bytes or an error; a short file is STATUS_CORRUPT. */
    enum status (*read_at)(struct io_file *file, uint64_t offset, void *ret, size_t size,
                           struct error *err);
    enum status (*write_at)(struct io_file *file, uint64_t offset, const void *data, size_t size,
                            struct error *err);
    enum status (*sync)(struct io_file *file, struct error *err); /* fdatasync */
    enum status (*size)(struct io_file *file, uint64_t *ret, struct error *err);
    enum status (*truncate)(struct io_file *file, uint64_t size, struct error *err);
    enum status (*rename)(struct io *io, const char *from, const char *to, struct error *err);
    enum status (*unlink)(struct io *io, const char *path, struct error *err);
    enum status (*make_dir)(struct io *io, const char *path, struct error *err); /* ok if there */
    enum status (*sync_dir)(struct io *io, const char *path, struct error *err); /* "" = root */
    /* Calls entry() for each name in the directory, in byte order. */
    enum status (*list)(struct io *io, const char *path,
                        enum status (*entry)(void *context, const char *name, struct error *err),
                        void *context, struct error *err);
    enum status (*free_bytes)(struct io *io, uint64_t *ret, struct error *err);
    void (*release)(struct io *io);
    enum status (*pace)(struct io_file *file, uint64_t end, struct error *err); /* or NULL */
};

struct io { /* first member of every implementation */
    const struct io_ops *ops;
};

struct io_file { /* likewise */
    const struct io_ops *ops;
};

/* The real disk below directory `root` (which must exist). */
enum status io_linux_new(const char *root, struct io **ret, struct error *err) MUST_USE;
void io_free(struct io *io);

enum status io_open(struct io *io, const char *path, enum io_open_mode mode, struct io_file **ret,
                    struct error *err) MUST_USE;
void io_close(struct io_file *file);
enum status io_read_at(struct io_file *file, uint64_t offset, void *ret, size_t size,
                       struct error *err) MUST_USE;
enum status io_write_at(struct io_file *file, uint64_t offset, const void *data, size_t size,
                        struct error *err) MUST_USE;
enum status io_sync(struct io_file *file, struct error *err) MUST_USE;
/* For who writes a long file from front to end, after each write: what is there up to `end` goes
 * to the disk in pieces, and this waits for the piece before.  Else the system does it all at
 * once, and the small syncs of others stand behind it.  Makes nothing durable; a failure is like
 * one of io_sync(), and is not told there again. */
enum status io_pace(struct io_file *file, uint64_t end, struct error *err) MUST_USE;
enum status io_size(struct io_file *file, uint64_t *ret, struct error *err) MUST_USE;
enum status io_truncate(struct io_file *file, uint64_t size, struct error *err) MUST_USE;
enum status io_rename(struct io *io, const char *from, const char *to, struct error *err) MUST_USE;
enum status io_unlink(struct io *io, const char *path, struct error *err) MUST_USE;
/* Of what does no harm where it stays. */
void io_unlink_if_possible(struct io *io, const char *path);
enum status io_make_dir(struct io *io, const char *path, struct error *err) MUST_USE;
enum status io_sync_dir(struct io *io, const char *path, struct error *err) MUST_USE;
enum status io_list(struct io *io, const char *path,
                    enum status (*entry)(void *context, const char *name, struct error *err),
                    void *context, struct error *err) MUST_USE;
enum status io_free_bytes(struct io *io, uint64_t *ret, struct error *err) MUST_USE;
/* Is there space for a merge that writes so many bytes, beside what requests, audit records and a
 * flush may need?  A small one takes nothing from them that it does not give back, and what is
 * not merged on a nearly full disk is soon too much. */
bool io_has_merge_space(struct io *io, uint64_t bytes);

/* Zeros from `offset` to before `end`. */
enum status io_write_zeros(struct io_file *file, uint64_t offset, uint64_t end,
                           struct error *err) MUST_USE;
/* A whole file; STATUS_LIMIT above max_bytes. */
enum status io_read_all(struct io *io, const char *path, struct buf *ret,
                        struct error *err) MUST_USE;
/* temp file, sync, rename, sync of the directory: old or new, never half.  After a failure the
 * temp file is removed. */
enum status io_replace(struct io *io, const char *path, struct slice content,
                       struct error *err) MUST_USE;
/* The same for what is too large to be in memory at once: begin, add each piece, end; the
 * content of the path changes in the end, or, unless is_whole, not at all. */
struct io_replacing {
    struct io *io;
    const char *path; /* the caller's */
    struct io_file *file;
    uint64_t bytes; /* so far */
};
enum status io_replace_begin(struct io *io, const char *path, struct io_replacing *ret,
                             struct error *err) MUST_USE; /* to be ended after a failure too */
enum status io_replace_add(struct io_replacing *replacing, struct slice piece,
                           struct error *err) MUST_USE;
enum status io_replace_end(struct io_replacing *replacing, bool is_whole,
                           struct error *err) MUST_USE; /* STATUS_OK if it is not whole */
bool io_exists(struct io *io, const char *path);

#endif
