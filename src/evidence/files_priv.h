/* SPDX-License-Identifier: Apache-2.0 */
/* files_priv.h - the files of one tenant (docs/format/evidence.md). */
#ifndef EVIDENCE_FILES_PRIV_H
#define EVIDENCE_FILES_PRIV_H

#include "base/guid.h"
#include "base/io.h"
#include "crypt/keyring.h"
#include "evidence/run_priv.h"

#define FILE_LEAVES 65536u
#define PATH_BYTES 80

/* Where a file is.  kind: "leaf" or "batch"; NULL: the directory of the tenant. */
void files_path(const struct guid *tenant, const char *kind, uint64_t number,
                char ret[PATH_BYTES]);

/* ---- files.c: loading and mending ---- */

/* What is stored of a tenant. */
struct stored {
    uint64_t leaf_count;
    uint64_t next_seq;  /* 0 also where the last leaf is damaged */
    uint64_t batch_end; /* where the next block goes in the last batch file */
    /* Of the newest append into one file: its first leaf, and where its blocks begin.
     * 0, 0 where nothing was appended yet: where the first file begins. */
    uint64_t newest_leaf, newest_offset;
};

enum status files_load(struct io *io, const struct guid *tenant, struct stored *ret,
                       struct error *err) MUST_USE;

/* Leaf `index` follows, which is behind those that are stored: what is between them was
 * damaged.  Takes whole blocks behind the damage for stored, up to that leaf; what
 * an append would write over is copied to t/TENANT-batch.N.aside. */
enum status files_mend(struct io *io, const struct guid *tenant, uint64_t index,
                       struct stored *stored, struct error *err) MUST_USE;
/* Puts a leaf that is stored back to its place; its damaged file is copied to
 * t/TENANT-leaf.N.aside.  Not durable: files_renew(). */
enum status files_put_leaf(struct io *io, const struct guid *tenant, uint64_t index,
                           const uint8_t leaf[LEAF_BYTES], struct error *err) MUST_USE;

/* ---- files_write.c ---- */

/* What is to be appended for a tenant: run->first_index = stored.leaf_count. */
struct append_job {
    struct guid tenant;
    const struct run *run;
    struct stored stored; /* changed on success */
};

#define APPEND_JOBS_MAX 64u /* open files: two a job; a process may have 1,024, or fewer */

#define FILES_THREADS_MAX 16u

struct append_means {
    struct io *io;
    struct keyring *keyring;
    uint32_t thread_count; /* that wait for the disk, at most; 0 = 1 */
};

/* Appends and syncs the runs of several tenants. */
enum status files_append(const struct append_means *means, struct append_job *jobs, size_t count,
                         struct error *err) MUST_USE;
/* Makes the stored leaves [from, to) durable, which may be only in the page cache:
 * left there by a process that ended before its sync, or after one that failed. */
enum status files_renew(struct io *io, const struct guid *tenant, uint64_t from, uint64_t to,
                        struct error *err) MUST_USE;

/* ---- files_read.c ---- */

enum status files_leaf(struct io *io, const struct guid *tenant, uint64_t index,
                       uint8_t ret[LEAF_BYTES], struct error *err) MUST_USE;

/* Reads stored leaves; has the file of the last one open. */
struct leaf_reader {
    struct io *io;
    struct guid tenant;
    struct io_file *file; /* NULL: none is open */
    uint64_t number;      /* of the file */
};

void leaf_reader_init(struct leaf_reader *reader, struct io *io, const struct guid *tenant);
void leaf_reader_release(struct leaf_reader *reader);
/* `count` leaves from `index` on, which are in one file: LEAF_BYTES each. */
enum status leaf_reader_get(struct leaf_reader *reader, uint64_t index, uint32_t count,
                            uint8_t *ret, struct error *err) MUST_USE;

/* Reads stored runs, a block at a time; going forward is cheap.  Has the files of the
 * current block open. */
struct block_reader {
    struct io *io;
    struct guid tenant;
    struct key key;
    struct run run; /* the current block; count 0 = none */
    uint64_t next_offset; /* of the block behind it, in file run.first_index / FILE_LEAVES */
    struct leaf_reader leaves;
    struct io_file *batch; /* NULL: none is open */
    uint64_t batch_number;
    uint64_t known_leaf, known_offset; /* a block that begins with that leaf; may be 0, 0 */
};

enum status block_reader_init(struct block_reader *reader, struct io *io,
                              struct keyring *keyring, const struct guid *tenant,
                              struct error *err) MUST_USE;
void block_reader_release(struct block_reader *reader);
/* Makes reader->run the block with this leaf. */
enum status block_reader_seek(struct block_reader *reader, uint64_t index,
                              struct error *err) MUST_USE;

#endif
