/* SPDX-License-Identifier: Apache-2.0 */
/* scan_priv.h - a table as the query engine reads it: rows of parts.
 *
 *   scan_schema.c   which columns the table has, and where each comes from
 *   scan.c          the table_source: threads, parts, choice of rows, batches
 *   scan_filter.c   which rows of a part may match the filters
 *   scan_column.c   one column of a batch
 *   scan_raw.c      the same for records that are kept raw
 *   scan_tally.c    combinations of values counted, instead of rows
 *   rollup.c        such counts of whole sections, kept in the cache
 *   scan_elements.c a row per element of arrays
 *   scan_top.c      the highest of a column alone
 *
 * A worker scans a unit (a part in memory, a sealed section) at a time: it
 * finds the runs of rows in the time range, narrows them by codes, and only
 * then makes the wanted columns, BATCH_ROWS_MAX rows at a time.
 */
#ifndef STORE_SCAN_PRIV_H
#define STORE_SCAN_PRIV_H

#include "base/highest.h"
#include "base/map.h"
#include "store/memory_priv.h"
#include "store/path_priv.h"
#include "store/segment_priv.h"
#include "store/values_priv.h"
#include "table/source.h"

#define QUARANTINE_TABLE SLICE("Quarantine")

enum column_source {
    COLUMN_FIELD,    /* a path of the record */
    COLUMN_TENANT,
    COLUMN_SEQ,
    COLUMN_RECEIVED,
    COLUMN_TIME,     /* event time */
    COLUMN_REST,     /* the top-level fields that are not columns */
    COLUMN_REASON,   /* Quarantine */
    COLUMN_RAW,      /* Quarantine */
    COLUMN_TABLE,    /* Quarantine */
};

struct source_column {
    enum column_source source;
    enum type type;
    struct slice path; /* FIELD: as in part_priv.h */
    bool is_parsed;    /* FIELD, dynamic: a text that is an array or object of JSON is that */
};

/* What is scanned at once: one of the two is set. */
struct scan_unit {
    struct held *held;       /* borrowed from the snapshot */
    struct section *section; /* likewise */
};

/* The columns of a table.  Those of a declared table are made once, for all that ask. */
struct scan_schema {
    struct schema schema;
    struct source_column *columns; /* schema.column_count */
    struct map fields;    /* paths of the top-level fields that are columns */
    uint32_t time_column; /* the field that the event time is taken from; UINT32_MAX: none */
    struct arena *arena;  /* owns names and arrays */
};

struct scan_source {
    struct table_source base; /* first */
    struct schema schema;     /* this and what follows of scan_schema */
    const struct source_column *columns;
    const struct map *fields;
    uint32_t time_column;
    struct scan_schema *found; /* owned, of a table that is not declared; or NULL */
    struct slice table;
    struct guid *tenants; /* as they were asked for */
    uint32_t tenant_count;
    bool is_quarantine;
    bool is_found; /* the columns are those of the rows */
    struct scan_unit *units;
    uint32_t unit_count, unit_capacity;
    struct store_gap *gaps; /* what is lost of the tenants */
    uint32_t gap_count;
    enum status (*check)(void *context, struct error *err); /* while it is made; or NULL */
    void *check_context;
    const struct section *unread; /* its rows did not help to find the columns; NULL: none */
    const char *unread_code;      /* why: SCAN_SECTION_... */
    uint64_t watermark; /* highest _Seq of the snapshot, if there is one tenant */
    struct arena *arena; /* owns names and arrays */
    struct scan_source *next; /* of the snapshot */
};

/* definition NULL, or not declared: a user table (or the quarantine), columns found in the
 * units of the source.  Owned by the caller. */
enum status scan_schema_make(struct scan_source *source, const struct table_definition *definition,
                             struct scan_schema **ret, struct error *err) MUST_USE;
void scan_schema_free(struct scan_schema *schema); /* NULL allowed */
/* Sets base.ops. */
void scan_source_init(struct scan_source *source);

/* ---- one part while it is scanned, by one worker ---- */

struct part_scan;
/* End of the batch of chosen rows that begins at `begin`: rows that are kept raw stay apart. */
uint32_t scan_batch_end(const struct part_scan *scan, uint32_t begin);

enum binding_kind { BIND_NONE, BIND_LEAF, BIND_ARRAY, BIND_OBJECT, BIND_RAW };

/* Where a path is in a shape. */
struct binding {
    enum binding_kind kind;
    uint32_t index; /* LEAF, ARRAY: the path; OBJECT: in shape->objects */
    uint32_t first; /* LEAF, ARRAY: slot.first */
};

struct part_scan {
    const struct scan_source *source;
    const struct scan_request *request;
    struct part *part;
    bool is_view;        /* columns are loaded on demand */
    const struct section_peek *peek; /* not NULL: `part` is only looked at, there is no view yet */
    struct arena *arena; /* until the part is done */
    struct probed_words { /* what the index says of one filter; NULL: of none */
        const struct filter *filter;
        const struct word_hit *hits;
        uint32_t count;
    } probed;
    const uint64_t *blocks; /* of INDEX_BLOCK_ROWS rows that may match, or NULL */
    uint32_t *rows;      /* chosen, rising */
    uint32_t row_count;
    bool is_decided;     /* they satisfy the filters, for sure */
    bool is_whole;       /* scan_tally_whole(): all rows are meant, rows is NULL */
    const bool *live_shapes; /* scan_plan_columns(): root shapes of the chosen rows, which alone
                              * are bound from then on; NULL before: all are */
    struct column_plan *plans; /* request->column_count */
    const struct element_walk *elements; /* scan_plan_elements(): rows are elements; or NULL */
};

/* How a wanted column is made for this part. */
struct column_plan {
    const struct source_column *column;
    struct binding *bindings; /* FIELD: per root shape */
    const struct path_values *values; /* of the leaves, or NULL if there are none */
    bool has_containers; /* some chosen shape has an array or object there */
    int64_t event_unit;  /* the leaves are the event time in whole units of so many ticks, or 0 */
    bool is_absent;      /* nobody reads it */
    const bool *rest;    /* REST: by path of the chosen rows' shapes, it is no column's */
    const struct path_column *guids; /* few rows of many GUIDs: read from here, values is NULL */
};

/* Is the time over, or the client gone?  To be asked within a part between what takes long. */
enum status scan_look(const struct part_scan *scan, struct error *err) MUST_USE;
/* Loads a column of a view; nothing to do for a part in memory. */
enum status scan_load(struct part_scan *scan, uint32_t path, struct error *err) MUST_USE;
enum status scan_load_tree(struct part_scan *scan, uint32_t path, struct error *err) MUST_USE;
enum status scan_load_shape(struct part_scan *scan, uint32_t shape,
                            struct error *err) MUST_USE;
/* For rendering, and for reading few values: lean (segment_priv.h). */
enum status scan_load_lean(struct part_scan *scan, uint32_t path, struct error *err) MUST_USE;
enum status scan_load_slots(struct part_scan *scan, const struct slot_range *range,
                            struct error *err) MUST_USE;
enum status scan_load_rows(struct part_scan *scan, unsigned which, struct error *err) MUST_USE;

/* If the leaves of a path are the event times, as text: the ticks of the text's
 * unit, else 0.  Known of views only. */
int64_t scan_event_unit(const struct part_scan *scan, uint32_t path);
/* What all texts of a value path look like; FORM_ANY of parts in memory. */
enum text_form scan_text_form(const struct part_scan *scan, uint32_t path);
/* The path that a filter on a column asks of. */
enum status scan_filter_path(struct arena *arena, const struct source_column *column,
                             const struct filter *filter, struct slice *ret,
                             struct error *err) MUST_USE;
/* Where each root shape has the path; the array is the scan's. */
enum status scan_bind(struct part_scan *scan, struct slice path, struct binding **ret,
                      struct error *err) MUST_USE;

/* ---- scan_filter.c ---- */
/* section_time_mark() of the columns that filters and top of a request ask of; 0: of none. */
struct scan_marks {
    uint64_t *filters; /* request->filter_count */
    uint64_t top;
};
/* In the request's arena. */
enum status scan_marks_make(const struct scan_source *source, const struct scan_request *request,
                            struct scan_marks *ret, struct error *err) MUST_USE;
/* No row with event times in [time_min, time_max] is in the time range of the request. */
bool scan_times_are_outside(const struct scan_request *request, int64_t time_min,
                            int64_t time_max);
/* All of them are. */
bool scan_times_are_inside(const struct scan_request *request, int64_t time_min,
                           int64_t time_max);
/* The code of the gap that the rows of a section are for this scan, which goes on; NULL: it
 * failed for another reason. */
const char *scan_section_gap(enum status status, const struct error *err);
/* Is every row of the section outside of the times that are asked for?  It is not opened then. */
bool scan_section_is_outside(const struct scan_source *source, const struct scan_request *request,
                             const struct scan_marks *marks, const struct section_info *info);
/* Is every row outside of the time range, as filters on the event time narrow it? */
bool scan_is_outside(struct part_scan *scan);
/* Chooses the rows: time range, quarantine, filters. */
enum status scan_choose_rows(struct part_scan *scan, uint64_t *ret_examined,
                             struct error *err) MUST_USE;

/* ---- scan_column.c ---- */
enum status scan_plan_columns(struct part_scan *scan, struct error *err) MUST_USE;
/* One column, which the caller has set in the plan. */
enum status scan_plan_column(struct part_scan *scan, struct column_plan *plan,
                             struct error *err) MUST_USE;
/* One column for the chosen rows [begin, begin + count); either all of them
 * are of the raw shape or none is. */
enum status scan_make_column(const struct part_scan *scan, const struct column_plan *plan,
                             const uint32_t *rows, uint32_t count, struct arena *arena,
                             struct vector *ret, struct error *err) MUST_USE;

/* A vector of codes into the values. */
struct vector scan_dict_vector(const struct path_values *values, const uint32_t *codes,
                               uint32_t count);
/* Is a chosen row of the shape? */
bool scan_has_rows_of(const struct part_scan *scan, const struct shape *shape);

/* ---- scan_top.c ---- */
/* The units in the order of the scan; in the request's arena, or the source's own. */
enum status scan_top_order(const struct scan_source *source, const struct scan_request *request,
                           const struct scan_unit **ret, struct error *err) MUST_USE;
/* Leaves out chosen rows that are not among the highest of those the worker has met. */
enum status scan_top_narrow(struct part_scan *scan, struct highest *highest,
                            struct error *err) MUST_USE;

/* ---- scan_tally.c ---- */
struct tally_sink {
    /* *stop set true: no more is wanted. */
    enum status (*take)(const struct tally_sink *sink, const struct batch *batch, bool *stop,
                        struct error *err);
};
/* Sends the combinations of values that the chosen rows have, with how many rows have
 * them.  *ret_done false: there are no codes or too many; nothing was sent. */
enum status scan_tally(struct part_scan *scan, const struct tally_sink *out, bool *ret_done,
                       struct error *err) MUST_USE;
/* Does the request want no more than combinations of all rows of that time? */
bool scan_tallies_all(const struct scan_source *source, const struct scan_request *request,
                      int64_t time_min, int64_t time_max);
/* The same of all rows of a part, if nothing narrows them and one column varies at most;
 * its counts stay with the values.  *ret_rows: how many rows there are. */
enum status scan_tally_whole(struct part_scan *scan, const struct tally_sink *out,
                             bool *ret_done, uint64_t *ret_rows, struct error *err) MUST_USE;

/* ---- scan_elements.c ---- */
/* Sets scan->elements if the elements that the request asks for can be read as columns;
 * before scan_plan_columns(). */
enum status scan_plan_elements(struct part_scan *scan, struct error *err) MUST_USE;
/* Sends them, with the other columns.  The arena is cleared now and then. */
enum status scan_send_elements(struct part_scan *scan, struct arena *arena,
                               const struct tally_sink *out, struct error *err) MUST_USE;

/* ---- scan_raw.c ---- */
enum status scan_make_raw_column(const struct part_scan *scan, const struct column_plan *plan,
                                 const uint32_t *rows, uint32_t count, struct arena *arena,
                                 struct vector *ret, struct error *err) MUST_USE;

#endif
