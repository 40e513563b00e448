/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - where rows come from: the seam under the query engine.
 *
 * Filled by the store (tables of the tenants), by `datatable` and `range`, by
 * files in offline use.  A source never filters wrongly: it may return more
 * rows than the filters ask for (the engine applies the predicates again, but
 * for batches that are `decided`) but must not leave out a row that matches.
 */
#ifndef TABLE_SOURCE_H
#define TABLE_SOURCE_H

#include "base/guid.h"
#include "table/batch.h"
#include "table/schema.h"

#include <stdatomic.h>

enum filter_kind {
    FILTER_EQUAL,        /* column == value, or in a list of values (value_count of them) */
    FILTER_EQUAL_NOCASE, /* the same with =~ / in~ */
    FILTER_HAS,          /* column has value (a term, ASCII case folded) */
    FILTER_ANY_HAS,      /* any column has value (column is SOURCE_COLUMN_ANY) */
    FILTER_RANGE,        /* low <= column <= high; integer types, datetime, timespan */
    FILTER_OR,           /* one of the parts holds */
};

#define SOURCE_COLUMN_ANY UINT32_MAX

/* An advisory conjunct over a column of the table's schema (not of `columns`). */
struct filter {
    enum filter_kind kind;
    uint32_t column;     /* index in the table's schema */
    struct slice path;   /* inside a dynamic column: "a.b" ("" = the column itself); "[]" is
                          * any element of an array: "[].b", "a[].b[].c" (EQUAL* only) */
    const struct value *values; /* EQUAL*, HAS: value_count alternatives */
    uint32_t value_count;
    int64_t low, high;   /* RANGE, inclusive */
    const struct filter *parts; /* OR */
    uint32_t part_count;
};

/* Elements of arrays, for a consumer that reads no more of one than whether it is there
 * and the text (tostring) of one member. */
struct scan_elements {
    uint32_t column;     /* dynamic, of the table's schema; nobody reads its own value */
    struct slice path;   /* from there to the elements: "[]", "[].b[]" */
    struct slice member; /* of an element: "a", "a.b" */
};

/* The consumer keeps the `count` rows with the highest values of a column (datetime, long
 * ...), nulls last.  What is below `low` need not come: the consumer raises it while the
 * scan runs.  If all rows that satisfy the filters are kept, the source may leave out those
 * of them that have `count` others above. */
struct scan_top {
    uint32_t column; /* of the table's schema */
    uint32_t count;  /* >= 1 */
    bool keeps_all;  /* of what satisfies the filters, before it chooses the highest */
    atomic_int_fast64_t *low;
};

static inline int64_t scan_top_low(const struct scan_top *top)
{
    return (int64_t)atomic_load_explicit(top->low, memory_order_relaxed);
}

static inline void scan_top_raise(const struct scan_top *top, int64_t low)
{
    int_fast64_t now = atomic_load_explicit(top->low, memory_order_relaxed);

    while (now < low && !atomic_compare_exchange_weak(top->low, &now, low))
        ;
}

struct scan_request {
    const struct guid *tenants; /* the tenants the caller may read and asked for */
    uint32_t tenant_count;
    const uint32_t *columns;    /* schema indices wanted, in output order */
    uint32_t column_count;
    const bool *for_filters;    /* a column: it is read by the filters' predicates alone, so a
                                 * batch that is decided may hold nulls there; NULL = none is */
    bool tally;                 /* rows that are alike in these columns may come as one, with
                                 * their number, in batches that are decided */
    const int64_t *bins;        /* NULL, or a column, if tally: > 0: rows whose values, times, are
                                 * in one bin of so many ticks, counted from 0, are alike */
    /* NULL, or: a batch may have a row per element, as mv-expand gives them (where there is
     * no array, one row of null).  It is decided, and has one column more: the element, a
     * dynamic vector with `member`. */
    const struct scan_elements *elements;
    const struct scan_top *top; /* NULL: all rows are wanted */
    int64_t time_from, time_to; /* event time ticks, [from, to); INT64_MIN/MAX = all */
    const struct filter *filters;
    uint32_t filter_count;
    uint32_t thread_count;      /* how many threads may call take() at once, >= 1 */
    struct arena *arena;        /* budget; worker threads use arena_share() */
    const atomic_bool *cancelled; /* checked at least every batch */
    /* NULL, or what a source asks that may work for long without a batch, from any of its
     * threads: STATUS_OK, or the error that ends the scan. */
    enum status (*check)(void *context, struct error *err);
    void *check_context;
};

/* Why an answer is not complete. */
#define SCAN_RECORDS_LOST "records_lost"       /* numbers were given to records that lack */
#define SCAN_SECTION_DAMAGED "section_damaged" /* stored rows cannot be read */
#define SCAN_SECTION_UNREADABLE "section_unreadable" /* the disk does not give them now */

struct scan_stats {
    uint64_t rows_scanned;
    uint64_t parts_scanned, parts_skipped;
    uint64_t bytes_read;
    bool complete;      /* false: rows lack, or could not be read; `gap` says which */
    char gap[256];
    const char *gap_code; /* a constant for programs, such as SCAN_RECORDS_LOST; NULL: none */
    uint64_t watermark; /* highest _Seq that was visible (one tenant), else 0 */
    int64_t time_low, time_high; /* event times of what was scanned; low > high if nothing */
};

/* Takes batches; `worker` is 0 .. thread_count-1 and calls of one worker do not
 * overlap.  *stop set true ends the scan early without an error (limit). */
struct scan_sink {
    enum status (*take)(struct scan_sink *sink, uint32_t worker, const struct batch *batch,
                        bool *stop, struct error *err);
};

struct table_source;

struct table_source_ops {
    /* Lives as long as the source (or its snapshot). */
    const struct schema *(*schema)(struct table_source *source);
    enum status (*scan)(struct table_source *source, const struct scan_request *request,
                        struct scan_sink *sink, struct scan_stats *stats, struct error *err);
    void (*free)(struct table_source *source);
    /* NULL, or: false where columns or their types may be others, as the rows that tell cannot
     * be read; `complete`, `gap` and `gap_code` of *ret say which. */
    bool (*knows_schema)(struct table_source *source, struct scan_stats *ret);
};

struct table_source { /* first member of every implementation */
    const struct table_source_ops *ops;
};

#endif
