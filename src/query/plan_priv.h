/* SPDX-License-Identifier: Apache-2.0 */
/* plan_priv.h - the tree of operators, made by the binder, read-only when run.
 *
 * Running is a recursion: run(plan, out) makes a stage that pushes into `out`
 * and runs the plan's input with it.  So a batch goes from the scan through
 * all streaming operators in one call chain on the thread that read it;
 * breakers (summarize, sort, join's build side) gather and push afterwards.
 */
#ifndef QUERY_PLAN_PRIV_H
#define QUERY_PLAN_PRIV_H

#include "query/expr_priv.h"
#include "table/schema.h"
#include "table/source.h"

struct query;
struct run;
struct plan;
struct node;

/* One consumer of batches.  push() may be called by several workers at once,
 * each with its own number.  *stop ends the input early. */
struct stage {
    enum status (*push)(struct stage *stage, struct worker *worker, const struct batch *batch,
                        bool *stop, struct error *err);
};

static inline enum status stage_push(struct stage *stage, struct worker *worker,
                                     const struct batch *batch, bool *stop, struct error *err)
{
    return batch->row_count == 0 ? STATUS_OK : stage->push(stage, worker, batch, stop, err);
}

/* A conjunct that may help the scan: about a column of the plan's output. */
struct pushed {
    enum filter_kind kind;
    uint32_t column;
    struct slice path;
    const struct value *values;
    uint32_t value_count;
    int64_t low, high;
    const struct pushed *parts; /* OR: part_count of them */
    uint32_t part_count;
    bool is_wider; /* accepts more than the conjunct it was made of */
    const struct pushed *next;
};

/* What is asked of a column of a plan's output. */
enum need {
    NEED_NOT,
    NEED_ROWS,    /* its values */
    NEED_FILTERS, /* its values, unless the source decides the filters itself */
};

struct plan_ops {
    const char *name;
    enum status (*run)(const struct plan *plan, struct run *run, struct stage *out,
                       struct error *err);
    /* needed[i]: enum need of output column i.  Notes it and tells the inputs. */
    enum status (*need)(struct plan *plan, const uint8_t *needed, struct query *q,
                        struct error *err);
    /* Hands filters on to the inputs; NULL: none of them holds below. */
    enum status (*filter)(struct plan *plan, const struct pushed *list, struct query *q,
                          struct error *err);
};

struct plan_profile;

struct plan { /* first member of every operator */
    const struct plan_ops *ops;
    /* What it does, for people, in terms of its inputs' columns; may be NULL. */
    void (*describe)(const struct plan *plan, struct buf *ret);
    struct plan_profile *profile; /* NULL unless the run is measured */
    struct schema schema;
    struct plan **inputs;
    struct plan *inner; /* run for each row or part of the input, or NULL */
    uint32_t input_count;
    uint32_t depth;     /* longest way to a source, through what runs within or is kept too */
    bool is_serialized; /* rows come in an order that means something */
    bool reads_given;   /* rows of a part or an element are below: run by their operator only */
    bool is_open;       /* nothing is run: it has further columns, which the data decide */
    bool filters_scan;  /* a scan, perhaps behind predicates that it gets as filters whole */
    struct slice view;  /* its rows are those of the view with this name; "" = of none */
};

/* explain.c */
enum status plan_run_measured(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err) MUST_USE;

static inline enum status plan_run(const struct plan *plan, struct run *run, struct stage *out,
                                   struct error *err)
{
    if (plan->profile != NULL)
        return plan_run_measured(plan, run, out, err);
    return plan->ops->run(plan, run, out, err);
}

enum status plan_need(struct plan *plan, const uint8_t *needed, struct query *q,
                      struct error *err) MUST_USE;
enum status plan_filter(struct plan *plan, const struct pushed *list, struct query *q,
                        struct error *err) MUST_USE;
/* Both of the above for a finished plan whose whole output is wanted. */
enum status plan_optimise(struct plan *plan, struct query *q, struct error *err) MUST_USE;

/* The consumer takes batches with weights: asks the scan below for them, if there is
 * nothing but predicates in between.  bins: of a column of times that is read through bin()
 * alone the size of the bins, else 0; in the query's arena. */
void plan_tally(struct plan *plan, const int64_t *bins);

/* The consumer does not ask for the order of the rows: a window below, with nothing but
 * predicates and projections in between, hands them on from all threads. */
void plan_any_order(struct plan *plan);

/* Marks the columns an expression reads. */
void expr_mark(const struct expr *expr, uint8_t *needed);

/* ---- constructors; all copy the lists they get into the query's arena ---- */
struct output {
    struct slice name;
    struct expr *expr;
};

struct order {
    struct expr *expr;
    bool descending, nulls_first;
};

struct aggregate_call {
    struct slice name;
    const struct aggregate *aggregate; /* NULL: a row picker */
    struct expr **args;
    uint32_t arg_count;
    enum type type;
    const struct value **constants;
    uint32_t shares; /* 1 + the call before it whose states it reads, too; 0: it has its own */
    /* row pickers: args[0] decides (none for take_any), the rest is returned */
    bool is_picker, is_any, is_min;
    uint32_t output_count; /* columns it gives */
    const struct slice *output_names;
};

enum join_kind {
    JOIN_INNER,
    JOIN_INNER_UNIQUE,
    JOIN_LEFT_OUTER,
    JOIN_RIGHT_OUTER,
    JOIN_FULL_OUTER,
    JOIN_LEFT_ANTI,
    JOIN_RIGHT_ANTI,
    JOIN_LEFT_SEMI,
    JOIN_RIGHT_SEMI,
};

struct rowset;

struct plan *plan_scan(struct query *q, struct table_source *source, struct slice name,
                       struct error *err);
struct plan *plan_rows(struct query *q, const struct schema *schema, struct rowset *rows,
                       struct error *err); /* a finished rowset */
struct plan *plan_range(struct query *q, struct slice name, const struct value *from,
                        const struct value *to, const struct value *step, struct error *err);
struct plan *plan_where(struct query *q, struct plan *input, struct expr *predicate,
                        struct error *err);
/* The same over the input of a projection below, where members of a record are read there
 * (composed.c). */
struct plan *plan_project_over(struct query *q, struct plan *input, const struct output *outputs,
                               uint32_t count, struct error *err);
/* The same, below projections as far as it can (where_below.c). */
struct plan *plan_where_below(struct query *q, struct plan *input, struct expr *predicate,
                              struct error *err);
struct plan *plan_project(struct query *q, struct plan *input, const struct output *outputs,
                          uint32_t count, struct error *err);
struct plan *plan_take(struct query *q, struct plan *input, uint64_t rows, struct error *err);
struct plan *plan_sort(struct query *q, struct plan *input, const struct order *orders,
                       uint32_t count, uint64_t limit, struct error *err);
struct plan *plan_summarize(struct query *q, struct plan *input, const struct output *keys,
                            uint32_t key_count, struct aggregate_call *calls,
                            uint32_t call_count, struct error *err);
struct join_spec {
    enum join_kind kind;
    struct expr **left_keys, **right_keys;
    uint32_t key_count;

    const bool *hide_right; /* per right column */
    /* Texts, or NULL: rows meet if one's network holds the other's address.  Of the kinds inner
     * and leftouter. */
    struct expr *left_net, *right_net;
    bool nets_are_v6;
};
struct plan *plan_join(struct query *q, struct plan *left, struct plan *right,
                       const struct join_spec *spec, struct error *err);
/* inputs have the same schema. */
struct plan *plan_union(struct query *q, struct plan **inputs, uint32_t count,
                        struct error *err);
struct plan *plan_cell(struct query *q, struct plan *input, struct error *err); /* materialize */
struct plan *plan_reader(struct query *q, struct plan *cell, struct error *err);
/* Runs the cells that the plan reads, also its inner ones: before several threads do. */
enum status plan_fill(const struct plan *plan, struct error *err) MUST_USE;

/* elements.c: the plan's consumer reads it through these expressions alone.  If all they
 * ask of an mv-expand below is whether an element is there and one member's text, the
 * scan below is told that it may give elements instead of rows. */
enum status plan_ask_elements(struct plan *plan, struct expr *const *exprs, uint32_t count,
                              struct query *q, struct error *err) MUST_USE;

struct expand_column {
    struct expr *expr;   /* dynamic */
    uint32_t target;     /* output column */
    enum type type;
};
#define EXPAND_OUTER 0x80000000u
struct expand_spec {
    const struct expand_column *columns;
    uint32_t column_count;
    uint32_t index_column; /* output column of with_itemindex, or UINT32_MAX */
    bool arrays; /* bagexpansion=array */
    uint64_t limit;
    const struct schema *schema; /* output */
    struct plan *apply;          /* mv-apply: runs on the rows of one input row */
    const struct schema *result; /* mv-apply: the output */
    const uint32_t *origins;     /* a column of it: EXPAND_OUTER | input column, or the
                                    column of apply's output */
};
/* What run->given holds: rows of `outer`, or made of one of them. */
struct plan *plan_given(struct query *q, const struct plan *outer, const struct schema *schema,
                        struct error *err);
struct plan *plan_expand(struct query *q, struct plan *input, const struct expand_spec *spec,
                         struct error *err);

struct regex;
struct parse_column {
    uint32_t target; /* output column */
    uint32_t group;  /* of the expression */
    enum type type;
};
struct parse_spec {
    struct expr *text; /* string */
    const struct regex *regex;
    const struct parse_column *columns;
    uint32_t column_count, group_count;
    bool relaxed; /* what does not convert is null; else the row does not match */
    bool filter;  /* parse-where: only rows that match */
    const struct schema *schema; /* output */
};
struct plan *plan_parse(struct query *q, struct plan *input, const struct parse_spec *spec,
                        struct error *err);

/* A serialized pass that adds columns computed from neighbours: prev, next,
 * row_number, row_cumsum ... */
enum window_kind {
    WINDOW_PREV,
    WINDOW_NEXT,
    WINDOW_ROW_NUMBER,
    WINDOW_CUMSUM,
    WINDOW_RANK_MIN,
    WINDOW_RANK_DENSE,
    WINDOW_SESSION,
};
struct window_call {
    enum window_kind kind;
    struct slice name;
    enum type type;
    struct expr **args;
    uint32_t arg_count;
};
struct plan *plan_window(struct query *q, struct plan *input, const struct window_call *calls,
                         uint32_t count, struct error *err);

/* partition: `inner` (over plan_given()) runs on the rows of each value of a column. */
struct plan *plan_partition(struct query *q, struct plan *input, uint32_t column,
                            struct plan *inner, struct error *err);

/* scan: steps that rows are matched with.  Expressions see one row: the row's
 * own columns (width), then those of each step's last row (width each). */
enum step_output { STEP_ALL, STEP_LAST, STEP_NONE };
struct step {
    struct expr *condition;
    const uint32_t *targets; /* columns that are assigned */
    struct expr **values;
    uint32_t value_count;
    enum step_output output;
};
struct steps_spec {
    const struct step *steps;
    uint32_t step_count;
    uint32_t width;                /* of a row: the input's columns, then the declared */
    const struct value *defaults;  /* a column of the row */
    const struct schema *schema;   /* of the expressions */
    const struct schema *result;   /* the row's columns, and the match id */
    bool with_id;
};
struct plan *plan_steps(struct query *q, struct plan *input, const struct steps_spec *spec,
                        struct error *err);

/* make-series behind its summarize, whose columns are keys, axis, aggregates. */
struct series_spec {
    uint32_t key_count;
    const struct value *defaults; /* an aggregate */
    struct value from, to, step;  /* from, to: null where the data decide */
    bool with_last;               /* `to` is in the series */
    bool nonempty;                /* without rows and keys: a series of defaults */
};
#define SERIES_POINTS_MAX 1048576u
struct plan *plan_series(struct query *q, struct plan *input, const struct series_spec *spec,
                         struct error *err);

#endif
