/* SPDX-License-Identifier: Apache-2.0 */
/* function.h - what the binder and the executor know of scalar and aggregate
 * functions.  Families live in query/fn_*.c and query/agg_*.c; each exports one
 * `const struct function_family`.
 */
#ifndef QUERY_FUNCTION_H
#define QUERY_FUNCTION_H

#include "table/batch.h"

/* What an argument is at bind time. */
struct argument {
    enum type type;
    const struct value *constant; /* NULL unless it is known at bind time */
    struct slice text;            /* that it stands in, or none */
    uint32_t at;
};

/* Says where the argument stands that err is about. */
void argument_place(const struct argument *argument, struct error *err);
/* Refuses an argument where it stands: STATUS_INVALID. */
enum status argument_fail(struct error *err, const struct argument *argument,
                          const char *format, ...) PRINTF_LIKE(3, 4);
/* Whether an argument that is known is a number from `low` to `high`. */
enum status argument_between(const struct argument *argument, const char *what, double low,
                             double high, struct error *err) MUST_USE;

/* Run state shared by the calls of one query; `arena` is the current batch's. */
struct query;

struct eval {
    struct arena *arena;       /* results; cleared after the batch is consumed */
    struct arena *query_arena; /* compiled patterns and the like; lives with the plan */
    int64_t now;
    const struct value **constants; /* of this call: constants[i] or NULL, as at bind time */
    void *call_state;          /* what prepare() made for this call, shared by all threads */
    uint64_t *row_base;        /* rand(), row-dependent functions: first row of the batch */
    const struct query *query; /* whose time limit counts; NULL = none */
    uint64_t work;             /* of eval_spend(), since the time was looked at */
};

/* Time limit and cancellation, looked at in every 16th row: a batch of rows that are
 * slow each does not hold the query beyond its limit. */
enum status eval_check(const struct eval *eval, uint32_t row, struct error *err) MUST_USE;

/* The same by what was done: bytes read, elements compared, whatever takes some
 * nanoseconds.  For rows that differ in cost and for every loop within a row whose length
 * the query or the data chooses; the time is looked at once in EVAL_WORK. */
#define EVAL_WORK 65536u
#define EVAL_ROW_WORK 4096u /* what any row of a function may cost beside its bytes */
enum status eval_look(struct eval *eval, struct error *err) MUST_USE; /* at the time, now */
static inline enum status eval_spend(struct eval *eval, uint64_t work, struct error *err)
{
    eval->work += work;
    return eval->work < EVAL_WORK ? STATUS_OK : eval_look(eval, err);
}

enum function_flag {
    FUNCTION_IMPURE = 1,     /* rand(), new_guid(): never folded, never per dictionary value */
    FUNCTION_LAZY_NULL = 2,  /* sees null arguments itself (else a null argument gives null) */
    FUNCTION_DEPRECATED = 4,
};

struct function {
    const char *name;      /* lower case; aliases are entries of their own with the same eval */
    const char *signature; /* "substring(source, start [, length])" for completion and docs */
    const char *summary;   /* one line, our own words */
    const char *example;   /* "substring('abcdef', 1, 2) == 'bc'": evaluates to true; a test */
    uint8_t args_min, args_max; /* 255 = any number */
    uint32_t flags;
    /* Checks the argument types and gives the result type.  May ask for
     * conversions by setting want[i] (initialised to args[i].type). */
    enum status (*bind)(const struct argument *args, uint32_t arg_count, enum type *want,
                        enum type *ret, struct error *err);
    /* Optional: once per query and call site, before running (compile a regex). */
    enum status (*prepare)(struct eval *eval, const struct argument *args, uint32_t arg_count,
                           void **ret_state, struct error *err);
    /* args are FLAT or CONST only (the caller lifts dictionaries: a pure
     * function of one DICT argument and constants runs on the dictionary).
     * Nulls are handled inside: the caller need not mask them.
     * ret->row_count must be row_count; any encoding is allowed. */
    enum status (*eval)(struct eval *eval, const struct vector *args, uint32_t arg_count,
                        uint32_t row_count, struct vector *ret, struct error *err);
};

/* Aggregates keep one fixed-size state a group; bytes beyond it go to the
 * group arena.  update() gets the group number of each row. */
struct run;
struct aggregate_state_context {
    struct arena *arena; /* lives until the aggregation ends; one a worker */
    const struct run *run; /* whose time is looked at */
    const struct value **constants;
    uint32_t arg_count; /* of them */
    enum type type; /* of the result, as bind() gave it: set by the caller */
    const uint32_t *weights; /* of the rows of update(): set by the caller; NULL: one each */
    /* dcount() and its kin: hashes of the values of a dictionary, 0 = not made yet */
    uint64_t *hashes;
    uint64_t hashes_id;      /* of the dictionary */
    uint32_t hashes_capacity;
};

enum aggregate_weights {
    WEIGHTS_NOT,     /* cannot be told of rows that stand for several */
    WEIGHTS_IGNORED, /* how often a value comes does not matter */
    WEIGHTS_USED,    /* update() heeds them */
};

struct aggregate {
    const char *name, *signature, *summary, *example;
    uint8_t args_min, args_max;
    uint32_t state_bytes; /* zeroed before first use; alignment 8 */
    /* So many first arguments make the state; finish() reads the others, which are constants,
     * so that calls that differ in them alone can have one state.  0: all make it. */
    uint8_t state_args;
    enum status (*bind)(const struct argument *args, uint32_t arg_count, enum type *want,
                        enum type *ret, struct error *err);
    /* states: array of state_bytes; groups[row] is the index of the row's state. */
    enum status (*update)(struct aggregate_state_context *context, void *states,
                          const uint32_t *groups, const struct vector *args, uint32_t arg_count,
                          uint32_t row_count, struct error *err);
    /* Adds `from` (made by another worker) to `into`, which may take what it has. */
    enum status (*merge)(struct aggregate_state_context *context, void *into, const void *from,
                         struct error *err);
    /* The result of state_count states as a vector of the bound type.  It comes once a call of
     * those that share them. */
    enum status (*finish)(struct aggregate_state_context *context, const void *states,
                          uint32_t state_count, struct arena *arena, struct vector *ret,
                          struct error *err);
    /* arg_max/arg_min/take_any produce several columns: see query/agg_arg.c; the
     * planner treats them apart and these rows only name them. */
    bool is_row_picker;
    enum aggregate_weights weights;
};

struct function_family {
    const struct function *functions;
    uint32_t function_count;
    const struct aggregate *aggregates;
    uint32_t aggregate_count;
};

/* Converts a vector as bind() asked for with want[]: what tolong(), tostring()
 * ... give, but text becomes a dynamic string instead of being parsed as JSON.
 * Any encoding; it is kept. */
enum status function_cast(struct eval *eval, const struct vector *from, enum type type,
                          struct vector *ret, struct error *err) MUST_USE;

/* Over all families; names are matched in lower case.  NULL if there is none. */
const struct function *function_find(struct slice name);
const struct aggregate *aggregate_find(struct slice name);
/* For completion, docs and "did you mean". */
const struct function_family *const *function_families(uint32_t *ret_count);

#endif
