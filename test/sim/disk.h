/* SPDX-License-Identifier: Apache-2.0 */
/* disk.h - a disk in memory that breaks as real ones do, from a seed.
 *
 * Each file has two contents: `now`, what a read gives (the page cache), and
 * `safe`, what a power cut cannot take away.  Writes go to `now` and are kept as
 * changes until a sync; a power cut keeps an arbitrary part of the changes, in
 * pieces of 512 bytes, in any order, with the size before or after the data.
 * The same holds for the names of a directory until it is synced.  A sync that
 * fails forgets its changes: the next one succeeds and what it was to write is
 * not on the disk, as on Linux.  A call that fails may have done half its work.
 *
 * After the power is cut every call fails until disk_restart().  Thread-safe.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "base/io.h"
#include "base/random.h"

enum disk_call {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC, /* of a file or a directory */
    DISK_RENAME,
    DISK_OTHER, /* truncate, unlink, mkdir, size, list */
    DISK_CALLS_
};

struct disk_faults {
    uint64_t cut_at;      /* the power goes in this call, counted from 1; 0 = never */
    uint64_t fail_at;     /* this call of the kinds in fail_kinds fails; 0 = none */
    uint32_t fail_kinds;  /* bits 1u << enum disk_call */
    bool sticky;          /* and all of these kinds after it */
    bool full;            /* it fails for want of space */
    uint32_t fail_ppm[DISK_CALLS_]; /* each call by chance, in parts per million */
    bool no_space;        /* new files, and writes behind a file's end, find no space */
};

enum disk_restart {
    DISK_KILLED,  /* the process ended: what was written is there, not yet safe */
    DISK_NO_POWER /* only what is safe, and some of the rest */
};

struct disk;

struct disk *disk_new(uint64_t seed);
void disk_free(struct disk *disk);
struct io *disk_io(struct disk *disk); /* lives as long as the disk */
/* Counts of calls begin again at 0. */
void disk_set_faults(struct disk *disk, const struct disk_faults *faults);
uint64_t disk_calls(const struct disk *disk);       /* since disk_set_faults() */
uint64_t disk_calls_of(const struct disk *disk, uint32_t kinds);
bool disk_is_off(const struct disk *disk);
void disk_restart(struct disk *disk, enum disk_restart how);

enum disk_damage {
    DISK_FLIP,
    DISK_ZERO,
    DISK_CUT,
    DISK_SWAP,
    DISK_GONE,
    DISK_WITHIN,    /* disk_misdirect(), in the same file */
    DISK_ELSEWHERE, /* the same, in any file */
    DISK_DAMAGES_
};
/* Damages or removes one file whose path has the prefix, at random, on the disk and in the
 * cache; its path is put into ret (empty: there is no such file). */
void disk_rot(struct disk *disk, const char *prefix, enum disk_damage damage, char ret[128]);

/* One of all the writes that reached the disk, at random, went elsewhere, and the cache is gone
 * that had hidden it: where it belongs are the bytes of before, and the file has its length all
 * the same; where it went, in the same file or another one, its bytes lie over what was there
 * then.  Writes after it lie over both. */
struct disk_misdirected {
    char from[128], to[128]; /* the file that it was meant for, the one that has it */
};
/* `from` and `to` are prefixes of paths; to == NULL: the same file.  Both are synced before.
 * False: there is no such file. */
bool disk_misdirect(struct disk *disk, struct rng *rng, const char *from, const char *to,
                    struct disk_misdirected *ret);
/* A bad sector: some bytes of one file whose path has the prefix, at random, are not given any
 * more, until they are written again or the disk is mended.  Its path is put into ret (empty:
 * there is no such file). */
void disk_go_bad(struct disk *disk, const char *prefix, char ret[128]);
void disk_mend(struct disk *disk);

/* The number of files. */
uint32_t disk_file_count(const struct disk *disk);

#endif
