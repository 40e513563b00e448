/* SPDX-License-Identifier: Apache-2.0 */
/* expr_priv.h - bound scalar expressions and their evaluation.
 *
 * An expression is read-only once it is bound.  Operators such as `==` are
 * functions too, so everything runs through one call machinery: constants are
 * folded when binding, a pure call of one dictionary column runs once a
 * dictionary, nulls propagate unless the function asks to see them.
 */
#ifndef QUERY_EXPR_PRIV_H
#define QUERY_EXPR_PRIV_H

#include "base/arena.h"
#include "query/function.h"
#include "table/batch.h"

enum expr_kind {
    EXPR_CONST,  /* value */
    EXPR_COLUMN, /* column of the input */
    EXPR_CALL,   /* function over args */
    EXPR_AND,    /* args: two or more */
    EXPR_OR,
};

struct expr {
    enum expr_kind kind;
    enum type type;
    uint32_t at;     /* byte offset in its text */
    uint32_t weight; /* cost as a tree: bounds what shared parameters can unfold to */
    uint32_t column;
    uint32_t site; /* EXPR_CALL: number of the call, for caches */
    uint32_t depth; /* the longest way to a leaf: bounds who recurses (QUERY_EXPR_DEPTH_MAX) */
    bool is_impure; /* it or something below is */
    bool is_member; /* tostring() of a member of a column: its text if that is a vector.member */
    bool is_any;    /* EXPR_OR: whether any column has args[0]->args[1] */
    struct value value;
    const struct function *function;
    struct expr **args;
    uint32_t arg_count;
    const struct value **constants; /* arg_count of them */
    void *call_state;
};

/* What one dictionary's worth of a call gave, kept for the next batch. */
struct site_cache {
    uint64_t dict_id;
    uint32_t dict_size;
    struct arena *arena;
    struct vector result; /* FLAT or CONST over the dictionary */
};

struct run;

/* One thread of a run.  `batch_arena` is cleared by whoever started the batch. */
struct worker {
    uint32_t index;
    struct run *run;
    struct arena *arena;       /* lives until the run ends */
    struct arena *batch_arena;
    struct arena *home;        /* lives as long as the run's; made by run_pieces() */
    uint64_t row_base;         /* rows this worker has seen, for impure functions */
    struct site_cache *sites;
    uint32_t site_capacity;
};

/* ret has batch->row_count rows. */
enum status expr_eval(struct worker *worker, const struct expr *expr, const struct batch *batch,
                      struct vector *ret, struct error *err) MUST_USE;
/* Evaluates without rows; for constant arguments. */
enum status expr_eval_constant(struct worker *worker, const struct expr *expr, struct value *ret,
                               struct error *err) MUST_USE;
/* The rows where a bool vector is true; rows has room for row_count. */
uint32_t expr_select(const struct vector *v, uint32_t *rows);

/* Of operators: a null argument gives null, and the call machinery sees to it. */
#define FUNCTION_SPREAD_NULLS 128u
/* Two columns of codes of one dictionary of different strings come as they are. */
#define FUNCTION_COMPARES_CODES 256u

/* Functions behind the operators. */
const struct function *operator_compare(struct slice name); /* == != < <= > >= */
const struct function *operator_arithmetic(struct slice name, enum type left, enum type right,
                                           enum type *ret_left, enum type *ret_right,
                                           enum type *ret); /* NULL if the types do not fit */
const struct function *operator_string(struct slice name);  /* has, contains ... */
extern const struct function operator_negate;
extern const struct function operator_reread;  /* (dynamic): parse_json(tostring(it)) */
extern const struct function operator_member;  /* (dynamic, string) */
extern const struct function operator_element; /* (dynamic, long or string) */
extern const struct function operator_regex_row; /* (string, pattern) */
extern const struct function operator_regex;   /* (string); call_state: struct regex */
extern const struct function operator_not;
extern const struct function operator_in;      /* (x); call_state: struct in_set */
extern const struct function operator_in_values; /* (dynamic, x): x is it or an element of it */
extern const struct function operator_in_values_nocase; /* (dynamic, string) */
extern const struct function operator_has_list;
const struct function *operator_cast(enum type to);

/* The list of an `in`: values of one type; built once, then read-only. */
struct in_set;
struct in_set *in_set_new(struct arena *arena, enum type type, bool nocase, bool negated,
                          uint32_t value_count, struct error *err);
enum status in_set_add(struct in_set *set, const struct value *value,
                       struct error *err) MUST_USE;
uint32_t in_set_values(const struct in_set *set, const struct value **ret);
bool in_set_is_negated(const struct in_set *set);
bool in_set_is_nocase(const struct in_set *set);

/* The words of has_any, has_all. */
struct has_list {
    const struct slice *words;
    uint32_t count;
    bool all;
    bool negated;
};

/* <0, 0, >0; both of one type, neither null.  NaN stands before everything. */
int value_compare(const struct value *a, const struct value *b);

#endif
