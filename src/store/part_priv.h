/* SPDX-License-Identifier: Apache-2.0 */
/* part_priv.h - a part: up to PART_ROWS_MAX rows of one tenant and table, in
 * columns that give back the exact raw bytes.
 *
 * Each record is cut into its *shape* (the literal bytes between the leaf
 * values: braces, keys, white space) and its leaves.  A leaf is the verbatim
 * text of a scalar: for a string the bytes between the quotes, escapes as they
 * came; for a number, true, false or null the token itself.  Rendering is
 * therefore a walk over the shape that copies literals and leaves, exact by
 * construction.
 *
 * An array ends the shape: it is one ARRAY slot that holds an element count,
 * and its elements have shapes of their own (their *group* lies below the
 * array's path).  So
 *
 *   {"Id":"a","Folders":[{"Path":"x"},{"Path":"y"}]}
 *
 *   path 0 ""            shape A  {"Id":"<0>","Folders":<1>}
 *   path 1 "Id"          values   a
 *   path 2 "Folders"     counts   2              (an array path)
 *                        shape B  {"Path":"<0>"}  twice
 *   path 3 "Folders[].Path" values  x y
 *
 * The literals of an element are what stands between the commas (or brackets)
 * around it, so they hold the blanks there; the array itself renders as '[',
 * the elements joined by ',' and ']'.  An empty array with blanks inside is a
 * SCALAR leaf of kind JSON_ARRAY ("[ ]").  The literals of a record begin at
 * its first byte and end at its last (BOM and blanks included).
 *
 * A path's text joins unescaped keys with '.', "[]" marks elements; keys that
 * hold '.', '[' or '\' have them escaped with '\'; an empty key is "\e".  The
 * identity of a path is its text and its class (value, array, object): "a" may
 * be there as a value, as an array and as an object.  Parents stand before
 * their children.
 *
 * Rows of a part are sorted by (group shape, event time, seq), so that every
 * root shape is one run of rows.  Elements below an array path stay in the
 * order of their parents' rows; each array path keeps the shape of each of its
 * elements.  A column of a path holds the values of all shapes that have it,
 * shape after shape (root) or element after element of one shape, shape after
 * shape (below arrays): `slot.first` is where the values of that slot of that
 * shape begin.  Two slots of a shape may have the same path (duplicate keys);
 * all but the last are shadowed, and so is what lies inside a shadowed object.
 *
 * Records that do not fit the bounds (too many shapes, paths or slots, or
 * quarantined) have the RAW shape: one SCALAR leaf, path "\raw", kind
 * JSON_OBJECT, no literals, the whole record (which need not be UTF-8).
 *
 * A part is immutable and counted once it is published.
 */
#ifndef STORE_PART_PRIV_H
#define STORE_PART_PRIV_H

#include "base/arena.h"
#include "base/guid.h"
#include "store/codes_priv.h"
#include "table/record.h"

#include <stdatomic.h>

enum slot_kind {
    SLOT_STRING,  /* leaf text stands between quotes, which are in the literals */
    SLOT_SCALAR,  /* number, true, false, null */
    SLOT_ARRAY,
};

struct slot {
    uint8_t kind;            /* enum slot_kind */
    uint32_t path;           /* index in part->paths */
    uint32_t literal_end;    /* literal bytes before this leaf: [previous end, this) of the shape */
    uint32_t first;          /* index of this shape's first value in the path's column */
    bool shadowed;           /* a later key of the same object has the same name: not a column */
};

/* An object of the shape that is not shadowed, so that a query can render it. */
struct shape_object {
    uint32_t path;                       /* path text of the object, index in paths */
    uint32_t literal_begin, literal_end; /* its text: from '{' to '}' in the literals */
    uint32_t slot_begin, slot_end;       /* the slots inside */
};

struct shape {
    uint64_t hash;
    struct slice literals;   /* all literal bytes in a row; the tail after the last slot too */
    struct slot *slots;
    uint32_t slot_count;
    struct shape_object *objects; /* nested objects, not the root */
    uint32_t object_count;
    uint32_t parent_path;    /* 0 for a record, else the array path it is an element of */
    uint32_t row_begin;      /* root shapes: the run of rows [row_begin, row_begin + row_count) */
    uint32_t row_count;      /* element shapes: number of elements */
    bool is_raw;
};

/* What a shape adds to the value_count of its part: a row or element without slots counts, too. */
static inline uint64_t shape_value_count(const struct shape *shape)
{
    return (uint64_t)shape->row_count * (shape->slot_count == 0 ? 1 : shape->slot_count);
}

/* Texts of a dictionary that are a front and the text of another path, the donor, or one of
 * the two (docs/format/segment.md, "Donors").  Kept where the fronts are a small part
 * and 16 bits are enough to number them. */
struct lent_texts {
    uint32_t donor; /* a path */
    uint32_t front_count;
    const uint16_t *codes;  /* a text: the donor's code, its dict_count for none */
    const uint16_t *fronts; /* a text: the number of its front */
    const struct slice *front_texts; /* front_count, one behind the other in memory */
    const uint8_t *odd_fronts; /* a front: a term at its end may go on behind it, or it has a
                                * backslash */
};

/* The values of one path: a dictionary and a code a value.  For an array path
 * the codes are element counts and there is no dictionary. */
struct path_column {
    struct slice path;       /* text, see above */
    bool is_array;
    bool is_object;          /* only names a shape_object; no values */
    uint32_t value_count;
    struct codes codes;      /* value_count; array: the element counts, always wide */
    uint32_t dict_count;
    struct slice *dict;      /* distinct leaf texts, verbatim (escaped); behind them an empty one */
    /* Views: texts that are lower-case GUIDs stay 16 bytes each; dict is NULL until
     * section_load() makes them texts.  NULL for other columns. */
    const struct guid *guids;
    /* Views: how the texts are made of another path's, for whoever searches both. */
    const struct lent_texts *lent; /* NULL: they are not, or it is not known */
    uint8_t *dict_kinds;     /* enum json_kind of each: "1" the string differs from 1 the number */
    bool has_escapes;        /* some dictionary text holds a backslash */

    /* array paths only */
    uint32_t element_count;
    uint32_t *element_shapes; /* NULL when all have the shape only_shape */
    uint32_t only_shape;
    uint32_t *value_starts;   /* value_count + 1: first element of each array */
    uint32_t *element_ranks;  /* position among the elements of its shape; NULL if one shape */

    bool loaded;              /* segments load columns on demand (segment_priv.h) */
    /* Values decoded for queries, made on demand (values.c); freed with the part. */
    _Atomic(struct path_values *) values;
    /* A view's column: the cached one it was copied from, which keeps the values. */
    struct path_column *home;
    struct cache_entry *home_entry;
};

struct part {
    atomic_uint references;
    struct guid tenant;
    struct slice table;
    uint32_t row_count;
    uint64_t *seqs;          /* row_count each, in row order */
    int64_t *event_times;    /* ticks */
    int64_t *received_us;
    uint8_t *row_flags;      /* enum record_flag */
    uint64_t *tags;          /* row_tag() of each as it came, or NULL: of what was sealed before */
    const char **reasons;    /* quarantine reason or NULL; array NULL if no row has one */
    int64_t time_min, time_max, received_min, received_max;
    uint64_t seq_min, seq_max;
    uint64_t raw_bytes;      /* of all rows, as they came */
    uint64_t value_count;    /* of all shapes: what a join takes goes by it (PART_VALUES_MAX) */

    struct shape *shapes;    /* root shapes in row order, then element shapes */
    uint32_t shape_count, root_shape_count;
    bool has_shadowed;       /* views: some slot of a shape is shadowed */
    struct path_column *paths; /* 0 is the root "" (is_object) */
    uint32_t path_count;

    uint64_t wal_file_max;   /* memory parts: newest WAL file that holds a row of it */
    struct arena *arena;     /* owns everything above */
    uint64_t id;             /* unique in the process: dict_id of vectors */
    struct section_reader *reader; /* view of a sealed section (segment_priv.h), else NULL */
};

/* ---- part_build.c ---- */
/* Columns from a batch of records.  These are durable, and a batch that no part can
 * be made of would stop the server at each start again; so a batch that passes any
 * bound when it is cut into leaves is kept with every record whole.  That takes its
 * bytes and about 150 a record, far below PART_MEMORY_BYTES_MAX. */
enum status part_from_records(const struct record_batch *batch, struct part **ret,
                              struct error *err) MUST_USE;
/* The same with another bound of memory; STATUS_LIMIT if whole records pass it too. */
enum status part_from_records_within(const struct record_batch *batch, size_t memory_bytes,
                                     struct part **ret, struct error *err) MUST_USE;
/* One part from several of one tenant and table (sum of rows <= PART_ROWS_MAX),
 * without parsing JSON again.  All columns of the inputs must be loaded. */
/* STATUS_LIMIT when the shapes, paths or values together pass the bounds of a part. */
enum status part_join(struct part *const *parts, uint32_t part_count, struct part **ret,
                      struct error *err) MUST_USE;
/* ---- part_raw.c ---- */
/* The rows from `from` on, each record whole (its RAW shape), as many as PART_RAW_BYTES_MAX has
 * room for and at least one; *ret_end is behind the last.  All columns are loaded. */
enum status part_raw(const struct part *part, uint32_t from, struct part **ret,
                     uint32_t *ret_end, struct error *err) MUST_USE;
struct part *part_ref(struct part *part);
void part_unref(struct part *part); /* NULL allowed */
enum path_class { PATH_VALUE, PATH_ARRAY, PATH_OBJECT };
uint32_t part_find_path(const struct part *part, struct slice path,
                        enum path_class path_class); /* UINT32_MAX if none */
/* The same of all classes, in one pass: ret[class]. */
#define PATH_CLASS_COUNT 3
void part_find_paths(const struct part *part, struct slice path, uint32_t ret[PATH_CLASS_COUNT]);
/* Is a record kept raw that is not in quarantine?  Its fields may say anything. */
bool part_has_open_raw(const struct part *part);
/* Is there no object where a path has "[]", and no container at its end?  (A scalar, and an
 * object that is an element, count only where the path ends or has "[]" again: a scalar has no
 * members, and those of an element are asked for by name.) */
bool part_has_only_arrays(const struct part *part, struct slice path);
uint32_t part_root_shape(const struct part *part, uint32_t row); /* index in shapes */
/* Numbers that rise, as those of chosen rows do: the place in [begin, end) of the first that
 * is `least` or more; `end` if none is. */
static inline uint32_t rising_find(const uint32_t *numbers, uint32_t begin, uint32_t end,
                                   uint32_t least)
{
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (numbers[middle] < least)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}
size_t part_memory_bytes(const struct part *part);

/* ---- part_render.c ---- */
/* Appends the exact raw bytes of a row.  All columns of its shape are loaded. */
void part_render(const struct part *part, uint32_t row, struct buf *ret);
/* Appends one text of a dictionary, as it came. */
void part_add_text(const struct path_column *column, uint32_t code, struct buf *ret);
/* Appends the JSON text of one array value of a row. */
void part_render_array(const struct part *part, uint32_t path, uint32_t value_index,
                       struct buf *ret);
/* Appends the JSON text of a nested object of a root shape for a row. */
void part_render_object(const struct part *part, const struct shape *shape,
                        const struct shape_object *object, uint32_t row, struct buf *ret);

#endif
