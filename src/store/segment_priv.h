/* SPDX-License-Identifier: Apache-2.0 */
/* segment_priv.h - the sealed half of the store: parts in segment files
 * (docs/format/segment.md, docs/format/catalog.md).
 *
 * `struct sealed` owns the catalog, the segment files and the block cache.  A
 * reader pins the list of live sections, prunes by the facts in section_info
 * and by section_probe(), and opens what is left as a *view*: a struct part of
 * its own whose columns are NULL until section_load() fills them from the
 * cache.  The view pins what it has loaded; part_unref() gives it back.
 *
 *     struct section_list *list = sealed_pin(sealed, NULL, NULL);
 *     section_view(list->sections[i], &part, err);
 *     section_load(part, path, err);           any path of the part
 *     section_load_rows(part, ROWS_TIMES, err);
 *     part_unref(part);
 *     section_list_unref(list);
 *
 * Threads: sealed_*(), section_probe() and section_view() are thread-safe; a
 * view has one user at a time (load first, then share it read-only).
 */
#ifndef STORE_SEGMENT_PRIV_H
#define STORE_SEGMENT_PRIV_H

#include "base/limits.h"
#include "store/held_priv.h"
#include "store/store.h"

#define WRAPPED_KEY_BYTES 72 /* KEY_BYTES and the overhead of crypt/aead.h */

enum section_level { SECTION_FLUSHED, SECTION_MERGED, SECTION_COMPACTED };

/* What is known of a section without opening it. */
#define SECTION_TIMES_MAX 4u

struct section_info {
    uint64_t segment;
    uint32_t index;
    uint64_t generation;
    struct guid tenant;
    char table[TABLE_NAME_BYTES_MAX + 1];
    uint8_t level; /* enum section_level */
    uint32_t row_count, fallback_count;
    uint64_t seq_min, seq_max;
    int64_t time_min, time_max;         /* ticks */
    int64_t received_min, received_max; /* Unix us */
    uint64_t raw_bytes;
    uint64_t offset, size_bytes; /* of the ciphertext */
    uint32_t header_packed, header_raw, index_pages;
    uint32_t crc;
    uint8_t wrapped_key[WRAPPED_KEY_BYTES];
    /* section_time_mark() of fields whose values, where there are any, are the event times
     * of their rows: they are within [time_min, time_max]. */
    uint8_t time_count;
    uint64_t times[SECTION_TIMES_MAX];
};

/* What the entry of a section has of a path: the first eight bytes of its SHA-256. */
uint64_t section_time_mark(struct slice path);

struct section; /* counted by the lists and views that hold it */

struct section_list { /* immutable, counted; sorted by tenant, table, time_min */
    atomic_uint references;
    uint32_t count;
    struct section **sections;
};

struct sealed;

struct sealed_options {
    struct io *io;
    struct keyring *keyring;
    const struct clock *clock;
    struct record_verifier *verifier; /* NULL: no check (tests) */
    size_t cache_bytes;               /* 0 = BLOCK_CACHE_BYTES */
    uint32_t thread_count;            /* of a flush; 0 = 1 */
    struct stage_times *stages;       /* takes what its other threads cost; NULL allowed */
    /* as in struct store_options */
    uint64_t oldest_log;
    enum status (*keep_log)(void *context, uint64_t wal_floor, struct error *err);
    void *context;
};

/* Reads the catalog, removes what it does not list.  A damaged one is renamed to
 * CATALOG_ASIDE_PATH and made anew from the segments, without those that are damaged too, which
 * are set aside; STATUS_CORRUPT names the file that stands in the way of that. */
enum status sealed_open(const struct sealed_options *options, struct sealed **ret,
                        struct error *err) MUST_USE;
void sealed_close(struct sealed *sealed); /* no list or view may be left; NULL allowed */
uint64_t sealed_wal_floor(struct sealed *sealed);
/* Where the catalog was made anew its floor is not known before the next flush: the
 * whole log is replayed. */
bool sealed_floor_is_known(struct sealed *sealed);
/* false until the next flush: the catalog was made anew, or a segment that it does not list was
 * taken in.  Of the log that is replayed the rows are left out of which sealed_has_row() says
 * that a section has them. */
bool sealed_is_settled(struct sealed *sealed);
bool sealed_has_row(struct sealed *sealed, const struct guid *tenant, uint64_t seq);

/* The live sections.  with(context), if given, runs under the lock that also
 * covers the `publish` calls below: what it copies belongs to this list. */
struct section_list *sealed_pin(struct sealed *sealed, void (*with)(void *context),
                                void *context);
void section_list_unref(struct section_list *list); /* NULL allowed */
/* The sections [*ret_begin, *ret_end) of a tenant, all of which stand at `from` or behind. */
void section_list_find(const struct section_list *list, const struct guid *tenant, uint32_t from,
                       uint32_t *ret_begin, uint32_t *ret_end);

/* ---- flush.c ---- */
/* Writes the rows into one segment file, checks every one, commits sections
 * and floor in one step, and calls publish(context) in the moment the new
 * list becomes visible.  row_count, of what is held, may be 0: then only the floor moves.
 * Neighbours of one tenant and table are joined. */
enum status sealed_flush(struct sealed *sealed, struct held *const *rows, uint32_t row_count,
                         uint64_t wal_floor, void (*publish)(void *context), void *context,
                         struct error *err) MUST_USE;

/* ---- merge.c ---- */
/* What is worth merging, one plan's work or a part of it.  *cancelled (or NULL) ends it
 * early; what is done then counts. */
enum status sealed_merge_step(struct sealed *sealed, const atomic_bool *cancelled,
                              bool *ret_worked, struct error *err) MUST_USE;
enum status sealed_compact(struct sealed *sealed,
                           void (*progress)(void *context, uint64_t done, uint64_t total),
                           void *context, const atomic_bool *cancelled,
                           struct error *err) MUST_USE;

uint64_t sealed_decoded(struct sealed *sealed); /* see struct store_memory */
/* What the rows in memory take, which the cache then has not. */
void sealed_set_rows_bytes(struct sealed *sealed, size_t bytes);
/* Fills the sealed half of *ret. */
void sealed_stats(struct sealed *sealed, struct store_stats *ret);

/* ---- reading ---- */
const struct section_info *section_info(const struct section *section);
/* false: damaged, set aside (a scan reports a gap and goes on) */
bool section_is_usable(const struct section *section);
/* The disk did not give something of it since the start.  It may be read again. */
bool section_is_unread(const struct section *section);
/* Is that why it failed? */
bool section_was_unread(enum status status, const struct error *err);
/* Are the facts what the section was sealed with?  Questions pass sections by for them and
 * count their rows.  It unwraps the key, once.  STATUS_CORRUPT: they were altered, and
 * nothing of section_info() is to be believed. */
enum status section_check_facts(struct section *section, struct error *err) MUST_USE;
/* section_check_facts() found them altered. */
bool section_is_altered(const struct section *section);

/* May a row of the section hold exactly this text (of any case) as the value
 * of a column?  `path` is the column's path or empty for any column.
 * *ret_blocks (if not NULL) gets a bit for each block of INDEX_BLOCK_ROWS rows
 * that may; bit i for block i.  An error never means "no": treat as maybe. */
#define SECTION_BLOCKS_MAX (PART_ROWS_MAX / INDEX_BLOCK_ROWS) /* 64 */
enum status section_probe(struct section *section, struct slice path, struct slice value,
                          bool *ret_maybe, uint64_t *ret_blocks, struct error *err) MUST_USE;
/* The same for a text in this case: more is known of letters beyond ASCII. */
enum status section_probe_exact(struct section *section, struct slice path, struct slice value,
                                bool *ret_maybe, uint64_t *ret_blocks,
                                struct error *err) MUST_USE;

/* Where can one column have all units of a text that is searched with `has`?  Path 0
 * stands for the literals of shapes (every row of a block may have them). */
struct word_hit {
    uint32_t path;
    uint64_t blocks;
};
/* *ret_known false: the index cannot tell.  The hits are in the arena. */
enum status section_probe_words(struct section *section, struct slice text, struct arena *arena,
                                struct word_hit **ret, uint32_t *ret_count, bool *ret_known,
                                struct error *err) MUST_USE;
struct section *section_of_view(const struct part *view);

/* A section looked at before it is worth a view: shapes and paths, to be read only, no
 * column.  Give it back with section_peek_end(). */
struct cache_entry;
struct section_peek {
    struct section *section;
    struct part *part;
    struct cache_entry *entry;
};
enum status section_peek(struct section *section, struct section_peek *ret,
                         struct error *err) MUST_USE;
void section_peek_end(struct section_peek *peek);
/* value_count of its part, by its header; 0 if that cannot be read, which whoever loads it will
 * find out. */
uint64_t section_value_count(struct section *section);
/* As section_event_unit(). */
int64_t section_peek_event_unit(const struct section_peek *peek, uint32_t path);

/* A view with shapes and paths; no column is loaded.  STATUS_CORRUPT also
 * marks the section as not usable. */
enum status section_view(struct section *section, struct part **ret, struct error *err) MUST_USE;
/* The column of a path (with the array columns above it, which scans need). */
enum status section_load(struct part *view, uint32_t path, struct error *err) MUST_USE;
/* The same, but GUIDs do not become texts: for whoever reads few of them (part_add_text()). */
enum status section_load_lean(struct part *view, uint32_t path, struct error *err) MUST_USE;
enum section_rows { ROWS_SEQS = 1, ROWS_TIMES = 2, ROWS_RECEIVED = 4, ROWS_FLAGS = 8 };
/* `which` is a set of enum section_rows; FLAGS brings the reasons too. */
enum status section_load_rows(struct part *view, unsigned which, struct error *err) MUST_USE;
/* If the leaves of a path are the event times of their rows, as text: the ticks of
 * the text's unit, else 0. */
int64_t section_event_unit(const struct part *view, uint32_t path);
/* What all texts of a value path look like, as the header says before they are loaded. */
enum text_form {
    FORM_ANY,
    FORM_GUID,    /* lower case, 36 characters */
    FORM_INTEGER, /* canonical decimals */
    FORM_TIME,    /* YYYY-MM-DDThh:mm:ss[.f...][Z] */
};
enum text_form section_text_form(const struct part *view, uint32_t path);
enum text_form section_peek_text_form(const struct section_peek *peek, uint32_t path);
/* What all values of a path are (scan_schema.c), for as long as the section is open: to find it
 * takes a look at each of them.  Of few rows it is not kept.  false: nothing is known. */
bool section_found_type(const struct part *view, uint32_t path, uint8_t *ret);
void section_keep_type(const struct part *view, uint32_t path, uint8_t type);
struct map;
/* The same of its records that are kept whole: from the path of a key to what it is.  use() looks
 * at it, under a lock.  false: nothing is known, or use() says that it is not enough. */
bool section_found_whole(const struct section *section,
                         bool (*use)(void *context, const struct map *types), void *context);
/* In place of what was kept.  Takes over what is in the map, which may be empty then. */
void section_keep_whole(const struct part *view, struct map *types);
/* ROWS_TIMES are loaded: are all of them whole seconds? */
bool section_times_are_whole(const struct part *view);
/* Every column of every shape: what part_render() of any row needs. */
enum status section_load_all(struct part *view, struct error *err) MUST_USE;
/* What part_render() and its like need of a shape: slots [begin, end), with what is in their
 * arrays.  Lean. */
struct slot_range {
    uint32_t shape, begin, end;
};
enum status section_load_slots(struct part *view, const struct slot_range *range,
                               struct error *err) MUST_USE;
/* All of them, as section_load() does. */
enum status section_load_shape(struct part *view, uint32_t shape, struct error *err) MUST_USE;

#endif
