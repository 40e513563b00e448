/* SPDX-License-Identifier: Apache-2.0 */
/* sealed_priv.h - the inside of struct sealed: files, sections, catalog.
 *
 * Locks, in this order: merge_lock (merge or compaction: one at a time),
 * write_lock (numbers, commits: never while sections are made), lock (the
 * current list, for pointers only).  So a flush goes on beside a merge; only
 * merges take sections away, so what a merge has pinned is still live when it
 * commits.
 */
#ifndef STORE_SEALED_PRIV_H
#define STORE_SEALED_PRIV_H

#include "base/map.h"
#include "store/cache_priv.h"
#include "store/section_priv.h"
#include "store/seq_set_priv.h"

#include <pthread.h>

#define SEGMENT_DIR "seg"
#define SEGMENT_PATH_BYTES 40
#define CATALOG_PATH SEGMENT_DIR "/catalog"
#define CATALOG_ASIDE_PATH CATALOG_PATH ".damaged"
#define SEGMENT_ASIDE ".damaged" /* behind the name of a file that was set aside */
#define CATALOG_BYTES_MAX (256 * MIB)
#define CATALOG_HEAD_BYTES 20u /* before the numbers */
#define SECTIONS_MAX 1000000u
/* In it, also of sections that were removed: an entry takes more than a hundred bytes. */
#define CATALOG_ENTRIES_MAX (CATALOG_BYTES_MAX / 100)
/* Of what is joined: all of it is in memory then, and takes five times as much.  Records of up
 * to 1,536 bytes reach PART_ROWS_MAX first. */
#define SECTION_RAW_BYTES_MAX (96 * MIB)
/* Of the files of one plan, and of a file that is written: no longer directory can be, and an entry
 * with its wrapped key takes 160 bytes, or 230 with a long name. */
#define MERGE_SECTIONS_MAX 262144u
#define FLUSH_THREADS_MAX 16
#define FLUSH_ZSTD_LEVEL 1
#define MERGE_ZSTD_LEVEL 6
#define COMPACT_ZSTD_LEVEL 7

/* What a merge wants to know of a file (merge_plan.c). */
struct file_facts {
    uint64_t open_rows;  /* in sections that may still grow */
    uint64_t live_bytes, end; /* of live sections; the end of the last of them */
    uint32_t section_count; /* live */
    uint32_t month;      /* merge_month() of the oldest open section, 0 if there is none */
    bool is_listed;      /* in the plan under way */
};

/* An open segment file; goes with its last section. */
struct segment_file {
    atomic_uint references;
    struct io *io;
    uint64_t number;
    pthread_mutex_t lock; /* opening, and `whole` of its sections */
    struct io_file *file; /* NULL until somebody reads */
    atomic_bool is_dead;  /* no live section: unlinked with the last reference */
    uint32_t live_count;  /* live sections; write_lock */
    bool is_chosen;       /* by the plan of sealed; merge_lock */
    struct file_facts facts; /* merge_lock */
};

/* Is `info` what the section was sealed with? */
enum section_facts { FACTS_UNKNOWN, FACTS_SOUND, FACTS_ALTERED };

/* What is known of the values of a section's paths without its columns. */
struct found_types {
    uint32_t path_count;
    atomic_uchar types[]; /* by path: 1 + section_keep_type(); 0: none yet */
};

/* There may be a hundred thousand: what it takes to read one is in its header, which the
 * cache may drop. */
struct section {
    atomic_uint references;
    struct section_info info;
    uint64_t id;                /* in this process: owner of cache entries */
    struct segment_file *file;  /* NULL: `plain` is the section */
    struct slice plain;         /* sections being checked before they count */
    struct keyring *keyring;
    struct cache *cache;
    atomic_uint_fast64_t *corrupt_count; /* of the store; NULL allowed */
    atomic_bool is_broken;
    atomic_bool is_unread; /* the disk did not give something of it since the start */
    atomic_uint facts; /* enum section_facts */
    _Atomic(struct found_types *) found; /* owned; NULL until there is something */
    struct map *whole; /* section_keep_whole(); likewise; the file's lock guards it */
    atomic_bool stays; /* not read, joined or checked: not tried again in this process */
    bool is_leaving;   /* a commit takes it away; write_lock */
};

enum merge_plan {
    PLAN_NONE,
    PLAN_JOIN,  /* files of one size become one */
    PLAN_CLOSE, /* what is open in months that are over is compacted */
    PLAN_RENEW, /* files that are mostly dead are written again */
};

/* The catalog, as the next commit finds it; all 0: it has to be written whole. */
struct catalog_file {
    uint64_t bytes, snapshot_bytes; /* with changes; of the snapshot alone */
    uint32_t crc;                   /* of `bytes` */
};

struct sealed {
    struct sealed_options options;
    pthread_mutex_t merge_lock;
    enum merge_plan plan;      /* what the chosen files were chosen for; merge_lock */
    uint64_t idle_generation;  /* with it there was nothing to do, or no space; UINT64_MAX: none */
    int64_t idle_day;
    uint32_t merge_sections_max; /* MERGE_SECTIONS_MAX, less in tests */
    pthread_mutex_t write_lock;
    pthread_mutex_t lock;
    struct section_list *list;
    uint64_t wal_floor, generation, next_segment;
    struct catalog_file catalog; /* write_lock */
    struct cache *cache;
    atomic_uint_fast64_t flush_count, merge_count, corrupt_count;
    atomic_uint_fast64_t raw_count, unverified_count; /* sections, see sealed_flush() */
    atomic_uint_fast64_t unchecked_count; /* sections, see sealing_add() */
    bool is_anew;                /* the catalog was made anew, at the start */
    bool is_rebuilt;             /* at the start: what is live is not in the catalog */
    struct seq_set rows;         /* is_rebuilt: in sections that may have rows of the log, too */
    atomic_bool is_settled;      /* false: is_rebuilt, and no checkpoint since */
    atomic_bool floor_is_known;  /* false: rebuilt, and no checkpoint since */
};

/* ---- segment_file.c ---- */
enum status segment_file_new(struct io *io, uint64_t number, struct segment_file **ret,
                             struct error *err) MUST_USE;
void segment_file_unref(struct segment_file *file); /* NULL allowed */
/* Once it is open it stays so.  Damage to its head alone does no harm: sections have their own
 * checks. */
enum status segment_file_open(struct segment_file *file, struct error *err) MUST_USE;

/* ---- section.c ---- */
/* Its entries in the cache. */
#define ITEM_HEADER 0u
#define ITEM_ROWS 1u /* and above: data of rows, then columns */
#define ITEM_PAGES (1u << 23)
#define ITEM_ROLLUPS (1u << 24) /* and above */
/* A section of a file (reference taken) or, file NULL, of plain bytes. */
enum status section_new(const struct section_info *info, struct segment_file *file,
                        struct slice plain, struct keyring *keyring, struct cache *cache,
                        struct section **ret, struct error *err) MUST_USE;
struct section *section_ref(struct section *section);
void section_unref(struct section *section); /* NULL allowed */

/* Damage sets the section aside; anything else may pass.  What the disk does not give, also when
 * asked again, is STATUS_IO with the code SCAN_SECTION_UNREADABLE. */
enum status section_note(struct section *section, enum status status,
                         struct error *err) MUST_USE;
/* Plain bytes, in *ret (cleared).  The reader is the header's. */
struct plain_range {
    uint64_t offset;
    size_t size;
};
enum status section_read(const struct section *section, const struct chunked_reader *reader,
                         struct plain_range range, struct buf *ret, struct error *err) MUST_USE;
/* The decoded header (payload: struct section_header), pinned. */
enum status section_header_get(struct section *section, struct cache_entry **ret,
                               struct error *err) MUST_USE;
/* A page of the index (payload: struct section_page), pinned. */
struct section_page {
    struct buf bytes;
    struct buf steps; /* struct index_step each */
};
enum status section_page_get(struct section *section, const struct section_header *header,
                             uint32_t index, struct cache_entry **ret,
                             struct error *err) MUST_USE;

/* What rollup.c keeps of the section, pinned; NULL: nothing. */
struct cache_entry *section_rollup_find(struct section *section, uint32_t hash);
/* Takes the payload. */
enum status section_rollup_add(struct section *section, uint32_t hash, void *payload,
                               void (*free_payload)(void *payload), size_t bytes,
                               struct error *err) MUST_USE;

/* Room for `capacity` sections, none in it; NULL on failure. */
struct section_list *section_list_new(uint32_t capacity, struct error *err);

/* ---- segment_write.c ---- */
/* The number in "0123456789abcdef.seg"; false for any other name. */
bool segment_parse_name(const char *name, uint64_t *ret);
bool segment_parse_any(const char *name, uint64_t *ret, bool *ret_aside); /* SEGMENT_ASIDE too */
void segment_path(uint64_t number, const char *suffix, char ret[SEGMENT_PATH_BYTES]);
struct segment_writer {
    struct io *io;
    struct io_file *file;
    uint64_t number, offset;
    struct buf directory;
    uint32_t section_count;
    bool is_renamed;
};
enum status segment_writer_begin(struct segment_writer *writer, struct io *io, uint64_t number,
                                 struct error *err) MUST_USE;
/* Writes one sealed section; sets offset of *info. */
enum status segment_writer_add(struct segment_writer *writer, struct section_info *info,
                               struct slice sealed, struct error *err) MUST_USE;
/* Directory, tail, sync, rename, sync of the directory. */
enum status segment_writer_end(struct segment_writer *writer, struct error *err) MUST_USE;
/* Removes the file that was ended, for who knows that no catalog lists it. */
void segment_writer_drop(struct segment_writer *writer);
/* Closes; removes the temporary file if it was not ended. */
void segment_writer_release(struct segment_writer *writer);
/* STATUS_INVALID: a newer program wrote the file; STATUS_CORRUPT: damage. */
enum status segment_check_head(struct io_file *file, uint64_t number,
                               struct error *err) MUST_USE;
/* The entries of a finished file: what a check without the catalog reads. */
enum status segment_directory_read(struct io *io, uint64_t number, struct section_info **ret,
                                   uint32_t *ret_count, struct error *err) MUST_USE;

/* ---- catalog.c ---- */
/* What is read, with the sections that are live, in section_order(). */
struct catalog {
    uint64_t generation, wal_floor, next_segment;
    struct section_info *infos; /* owned */
    uint32_t count;
    struct catalog_file file;
    bool is_torn; /* with STATUS_CORRUPT: only the end is not right, as after a crash */
};
enum status catalog_decode(struct slice bytes, struct catalog *ret, struct error *err) MUST_USE;
/* STATUS_NOT_FOUND, and an empty one, if there is no file. */
enum status catalog_load(struct io *io, struct catalog *ret, struct error *err) MUST_USE;
void catalog_release(struct catalog *catalog);
/* What was read of the file is on the disk, all of it. */
enum status catalog_sync(struct io *io, const struct catalog_file *file,
                         struct error *err) MUST_USE;
/* What holds after a commit, and what that changes. */
struct catalog_state {
    uint64_t generation, wal_floor, next_segment;
};
struct catalog_change {
    const struct section_list *added;
    struct section *const *removed;
    uint32_t removed_count;
};
/* STATUS_LIMIT if a catalog of so many sections could not be read again. */
enum status catalog_check_count(uint64_t count, struct error *err) MUST_USE;
/* Durable: the change behind the others, or a snapshot of `all` (NULL: no section) where
 * there is no change, or no room for it.  After STATUS_FULL it does not hold, after any other
 * failure it may. */
enum status catalog_commit(struct io *io, const struct catalog_state *state,
                           const struct catalog_change *change, const struct section_list *all,
                           struct catalog_file *file, struct error *err) MUST_USE;

/* ---- rebuild.c ---- */
/* The catalog from the segment files, with sealed->rows; its floor is not known.  A file that is
 * damaged is set aside, or STATUS_CORRUPT. */
enum status catalog_rebuild(struct sealed *sealed, bool sets_aside, struct catalog *ret,
                            struct error *err) MUST_USE;
/* Adds the sections of the segment files that have a number from *catalog's next on to it, with
 * sealed->rows; what they have instead of its own goes.  *ret_done false: the
 * catalog was cut short, as a file that it lists is gone, or the log does not reach back to its
 * floor; nothing was changed.  STATUS_CORRUPT: one of these files was no segment. */
enum status catalog_extend(struct sealed *sealed, struct catalog *catalog, bool *ret_done,
                           struct error *err) MUST_USE;

/* ---- section_check.c ---- */
/* Decodes the plain section and, unless `part` is NULL, checks that its rows are those of
 * the part, with the bytes they came with: by their tags or by the verifier, which may be
 * NULL.  STATUS_CORRUPT or STATUS_NOT_FOUND if not; STATUS_IO if the verifier could not read what
 * it needs, where tags, if there are any, were right.  What is decoded does not stay in the
 * cache. */
enum status section_check(struct cache *cache, const struct section_info *info,
                          struct slice plain, const struct part *part,
                          struct record_verifier *verifier, struct error *err) MUST_USE;

/* It is that STATUS_IO. */
bool section_was_unchecked(enum status status, const struct error *err);

/* ---- flush.c ---- */
/* One job that makes new sections of parts: begin, add each, commit. */
struct sealing {
    struct sealed *sealed;
    struct segment_writer writer;
    uint64_t generation;
    struct section_info *infos;
    uint32_t count, capacity;
    pthread_mutex_t lock; /* from `writer` on: threads make sections and add them in turn */
};
/* What each of these threads needs for itself. */
struct sealing_room {
    struct buf plain, cipher;
    struct cache *cache; /* for section_check(); NULL until the first section */
    bool unverified; /* rows are not compared with what came */
};
void sealing_room_init(struct sealing_room *room);
void sealing_room_release(struct sealing_room *room);
enum status sealing_begin(struct sealing *sealing, struct sealed *sealed,
                          struct error *err) MUST_USE;
/* STATUS_CORRUPT or STATUS_NOT_FOUND from the verifier, or STATUS_IO that is
 * section_was_unchecked(): nothing was added. */
enum status sealing_add(struct sealing *sealing, struct sealing_room *room,
                        const struct part *part, enum section_level level,
                        struct error *err) MUST_USE;
/* What takes effect in one step. */
struct commit {
    struct sealing *sealings[2]; /* whose sections become live; NULL: none */
    struct section *const *removed; /* live ones that go */
    uint32_t removed_count;
    const uint64_t *wal_floor;   /* NULL: stays as it is */
    void (*publish)(void *context); /* in the moment the new list becomes visible, or NULL */
    void *context;
};
enum status sealed_commit(struct sealed *sealed, const struct commit *commit,
                          struct error *err) MUST_USE;
void sealing_release(struct sealing *sealing);
/* The order of a list: tenant, table, time, place. */
int section_order(const struct section_info *a, const struct section_info *b);

/* ---- merge_plan.c: what is worth merging; under merge_lock ---- */
uint32_t merge_month(const struct section *section); /* of receipt: year * 12 + month */
/* Is a section of so much done: more than half of what it may have? */
bool merge_is_done(uint64_t rows, uint64_t raw_bytes);
/* The plan under way if something of it is left, else a new one. */
enum merge_plan merge_choose(struct sealed *sealed, const struct section_list *list);
/* Is the section to be written again, by the plan? */
bool merge_wants(const struct sealed *sealed, const struct section *section);

#endif
