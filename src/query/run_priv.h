/* SPDX-License-Identifier: Apache-2.0 */
/* run_priv.h - one query while it is bound and run. */
#ifndef QUERY_RUN_PRIV_H
#define QUERY_RUN_PRIV_H

#include "query/plan_priv.h"
#include "query/query.h"

#include <pthread.h>

/* What externaldata has read. */
struct fetched {
    struct slice url, text;
    const struct fetched *next;
};

struct binding;

/* Bound and run on behalf of one query_run(); the binder runs subqueries
 * (toscalar, in (T)) while binding. */
/* A table of the answer behind the first. */
struct further {
    struct slice name;
    struct plan *plan;
    struct further *next;
};

struct query {
    const struct query_request *request;
    struct arena *arena;
    uint64_t start_us, deadline_us; /* monotonic */
    uint64_t rows_max, bytes_max; /* of the result: above it fails; UINT64_MAX = none */
    uint64_t take_max;    /* rows of the result that are wanted; UINT64_MAX = all */
    int64_t now;          /* ticks: what now() gives */
    uint32_t site_count;
    uint32_t table_count; /* tables bound so far: each has rows of its own */
    struct asked *asked;  /* what toscalar() gave, latest first; bind_special.c */
    uint32_t thread_count;
    pthread_mutex_t lock;     /* guards stats */
    struct query_stats *stats;
    uint32_t warnings_at[QUERY_WARNINGS_MAX]; /* bytes of the text where stats->warnings are */
    const struct fetched *fetched;
    bool takes_tables; /* the sink has a place for further ones */
    struct further *further;
    bool has_guessed;   /* a name was taken for a column of a table that is_open, of any type */
    struct slice asked_of; /* bind_warn.c: a table, "" = none yet, and whether it holds rows */
    bool holds_rows;
    struct table_source *unsure; /* a table of which not all columns are known; NULL: none */
    struct error late;  /* a table could not be had in time; STATUS_OK: all could */
    bool table_missing; /* the last error is that of a table that is not known */
    const struct binding *stored; /* functions of the environment that were used */
};

/* Batches that the scan gives with a row per element go on behind the mv-expands. */
struct run_elements {
    const struct plan *scan;
    struct stage *out;
    const struct schema *schema; /* of what is handed on */
    uint32_t target;             /* its column for the element */
};

/* The consumer keeps the highest rows of a scan. */
struct run_top {
    const struct plan *scan;
    const struct scan_top *top;
};

/* What several readers want of the rows of one element or part. */
struct run_cell {
    const struct plan *plan;
    struct rowset *rows;
    struct run_cell *next;
};

/* One execution of one plan. */
struct run {
    struct query *query;
    struct arena *arena; /* the query's */
    uint32_t thread_count; /* workers have indices below it */
    uint32_t scan_threads; /* of them, at once: 1 under mv-apply */
    struct worker *workers;
    const struct rowset *given; /* under mv-apply: the rows of one input row */
    struct run_cell *cells;     /* of these, as far as they were read */
    /* The stage below which rows are made now that gathers them in `arena`: what lives
     * there it takes as it is (vector.home).  NULL: none. */
    const struct stage *keeper;
    const struct run_elements *elements; /* NULL: none */
    const struct run_top *top;           /* NULL: none */
    struct run_counted *counted; /* NULL: none */
};

/* A join, of whose rows the predicate above it counts what it leaves. */
struct run_counted {
    const struct plan *join;
    atomic_uint_fast64_t pairs; /* that the join gave so far: rows without a partner are none */
};

enum status run_begin(struct query *q, uint32_t thread_count, struct run *run,
                     struct error *err) MUST_USE;
void run_end(struct run *run);

/* Time and cancellation; call them every batch and in long loops. */
enum status query_check(const struct query *query, struct error *err) MUST_USE;
enum status run_check(const struct run *run, struct error *err) MUST_USE;
/* The answer depends on which columns the tables so far have. */
void query_note_columns(struct query *query);
void run_free_arena(void *arena); /* for arena_on_free() */

/* Work behind a breaker: work(context, worker, i, stop) for each piece i < count, in any order,
 * by as many workers as the run may have at once, each on a thread of its own; in the end all
 * have ended.  What is to live as long as the run's arena is made in the worker's home.  With
 * *stop set, or after an error, which is returned, further pieces are left out. */
typedef enum status run_piece(void *context, struct worker *worker, uint32_t piece, bool *stop,
                              struct error *err);
enum status run_pieces(struct run *run, uint32_t count, run_piece *work, void *context,
                       struct error *err) MUST_USE;

/* FLAT with borrowed bytes (vector_flatten() copies them). */
enum status run_expand(struct arena *arena, const struct vector *v, struct vector *ret,
                       struct error *err) MUST_USE;
/* The rows of the columns that `expr` reads; other columns are left empty. */
enum status run_take_needed(struct worker *w, const struct batch *batch, const struct expr *expr,
                            const uint32_t *rows, uint32_t row_count, struct batch *ret,
                            struct error *err) MUST_USE;
/* The rows of the needed columns (needed NULL: all). */
enum status run_take(struct worker *w, const struct batch *batch, const uint8_t *needed,
                     const uint32_t *rows, uint32_t row_count, struct batch *ret,
                     struct error *err) MUST_USE;

extern const struct run_zero {
    struct slice slice;
    int64_t integer[2];
} run_zero;
extern const uint8_t run_null[1];

/* A null constant of the type, for columns nobody reads: most of a wide table's, batch by
 * batch. */
static inline struct vector run_absent(enum type type, uint32_t row_count)
{
    return (struct vector){
        .type = type,
        .encoding = VECTOR_CONST,
        .row_count = row_count,
        .data = type_is_bytes(type) ? (const void *)&run_zero.slice : run_zero.integer,
        .nulls = type == TYPE_STRING ? NULL : run_null,
    };
}

/* A row of one value, which is not copied. */
static inline struct vector run_one_value(const struct value *value)
{
    if (value->is_null)
        return run_absent(value->type, 1);
    return (struct vector){
        .type = value->type, .encoding = VECTOR_CONST, .row_count = 1, .data = &value->bytes};
}

/* Collects a plan's result. */
enum status run_collect(struct query *q, struct plan *plan, struct rowset **ret,
                        struct error *err) MUST_USE;
/* The same of one that reads the run's given rows: made once for these, in the run's arena. */
enum status run_collect_given(struct run *run, const struct plan *plan, struct rowset **ret,
                              struct error *err) MUST_USE;

/* "E_RUNAWAY_QUERY" on a STATUS_LIMIT that has no code yet. */
void run_code(struct error *err);

#endif
