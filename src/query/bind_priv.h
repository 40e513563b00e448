/* SPDX-License-Identifier: Apache-2.0 */
/* bind_priv.h - from syntax tree to plans and bound expressions.
 *
 * A tabular let is a closure (tree, names, text) that is bound anew at each
 * use, so that every use is pruned and filtered by itself; materialize() gives
 * a cell instead.  Scalar lets and subqueries (toscalar, in (T)) are evaluated
 * while binding and become constants, but for lets of rand() and the like.
 */
#ifndef QUERY_BIND_PRIV_H
#define QUERY_BIND_PRIV_H

#include "query/ast_priv.h"
#include "query/lex_priv.h"
#include "query/run_priv.h"

enum binding_kind {
    BINDING_SCALAR,   /* expr: a constant or a parameter's expression */
    BINDING_TABLE,    /* node with closure and text */
    BINDING_FUNCTION, /* node: NODE_FUNCTION */
    BINDING_CELL,     /* plan: materialized */
    BINDING_SCHEMA,   /* the source of mv-apply, or a table of a check: plan */
    BINDING_FENCE,    /* restrict access: further out, only tables of the list `node` are seen */
};

struct binding {
    struct slice name;
    enum binding_kind kind;
    struct expr *expr;
    uint32_t row; /* binder.row where expr was bound: its columns are of that row */
    const struct node *node;
    const struct binding *closure;
    struct slice text;
    struct plan *plan;
    struct slice warning; /* of a stored function */
    bool is_stored;
    bool is_let; /* written by the asker: a scalar that is no parameter */
    const struct binding *next;
};

/* What a name can mean in an expression: columns of the input, and for join
 * conditions $left and $right. */
struct scope {
    const struct schema *columns;
    const struct schema *right; /* not NULL in `on`: $left is columns */
    bool is_open;               /* a name that is not there may be a column: plan.is_open */
};

/* Aggregates found while binding the expressions of summarize. */
struct aggregates {
    struct aggregate_call *calls;
    uint32_t count, capacity;
    uint32_t key_count, output_count;
    const struct output *keys;
};

struct windows {
    struct window_call *calls;
    uint32_t count, capacity;
    uint32_t base;   /* columns of the input */
    bool is_ordered; /* its rows are */
};

struct binder {
    struct query *q;
    struct error *err;
    struct slice text; /* that positions refer to */
    const struct binding *bindings;
    struct scope scope;
    uint32_t row; /* which table's rows expressions are bound for: a number of each bind_table() */
    struct aggregates *aggregates; /* NULL where none may stand */
    struct windows *windows;       /* NULL where none may stand */
    struct run fold;               /* one worker, to evaluate constants */
    const struct slice *views;     /* names of the views being bound, innermost last */
    uint32_t view_count;
    uint32_t depth;   /* of function calls and views */
    uint32_t levels;  /* of expressions, tables and operators in one another, and in functions */
    bool is_dry;      /* only to find errors: subqueries do not run */
    uint64_t weight;  /* operators bound: bounds what lets can unfold to */
    const struct node *pipe;          /* that the operator being bound stands in, or NULL */
    const struct node *last_operator; /* of the query: it may give several tables */
    const struct node *items;         /* that extend or project is making, or NULL */
    const struct node *beside_text;   /* what a text is compared with, or NULL */
};

#define BIND_DEPTH_MAX 64u
#define BIND_PLAN_DEPTH_MAX 400u

/* So many levels deeper, before what recurses; pair with b->levels -= levels.  False: there are
 * too many. */
bool bind_enter(struct binder *b, uint32_t at, uint32_t levels);

/* Errors: fill b->err at the node and return NULL. */
void *bind_fail(struct binder *b, uint32_t at, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
void *bind_unknown(struct binder *b, uint32_t at, const char *code, const char *what,
                   struct slice name, struct slice nearest);

/* What a function of another language is here, or NULL. */
const char *bind_hint(struct slice name);
/* The column or value in scope whose name is most like it; "" if none is. */
struct slice bind_nearest_column(const struct binder *b, struct slice name);
/* A name that is no column, and what it may be instead. */
struct expr *bind_unknown_column(struct binder *b, const struct node *node);
/* Values whose types cannot be compared. */
struct expr *bind_hint_compare(struct binder *b, uint32_t at, const struct expr *left,
                               const struct expr *right);

/* ---- warnings ---- */
void bind_warn(struct binder *b, uint32_t at, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
void bind_warn_call(struct binder *b, const struct node *call);
/* node: NODE_BINARY of a comparison. */
void bind_warn_compare(struct binder *b, const struct node *node, const struct expr *left,
                       const struct expr *right);
/* A value that its new type does not have.  False: it has, and nothing is said. */
bool bind_warn_lost(struct binder *b, uint32_t at, const struct value *from,
                    const struct value *to);
/* The same of a text that is compared with a type. */
bool bind_warn_constant(struct binder *b, uint32_t at, const struct expr *constant,
                        enum type type);
/* A condition that does not depend on the row. */
void bind_warn_predicate(struct binder *b, uint32_t at, const struct expr *predicate);
/* A condition on a column of a view that has no value in any row: the table of the view's name
 * holds none, and what the view makes of other rows does not give it. */
void bind_warn_unfilled(struct binder *b, const struct plan *input, const struct expr *predicate);
/* A column that hides a let of its name. */
void bind_warn_shadowed(struct binder *b, const struct node *name);
/* Lets of the query that nothing uses. */
void bind_warn_unused(struct binder *b, const struct node *statements);

/* ---- expressions ---- */
struct expr *bind_expr(struct binder *b, const struct node *node);
struct expr *bind_typed(struct binder *b, const struct node *node, enum type type);
struct expr *bind_constant(struct binder *b, const struct node *node); /* a folded one */
bool bind_count(struct binder *b, const struct node *node, uint64_t *ret); /* >= 0 */
struct expr *bind_cast(struct binder *b, struct expr *expr, enum type type);
/* A function with its arguments, which have the types it wants. */
struct expr *bind_invoke(struct binder *b, uint32_t at, const struct function *function,
                         struct expr **args, uint32_t arg_count, enum type type);
struct invocation {
    uint32_t at;
    const struct function *function;
    struct expr **args;
    uint32_t arg_count;
    enum type type; /* of the result */
    void *state;    /* what function->eval() finds in call_state */
};
struct expr *bind_invoke_with(struct binder *b, const struct invocation *invocation);
struct expr *bind_const_expr(struct binder *b, const struct value *value, uint32_t at);
struct expr *bind_column_expr(struct binder *b, uint32_t column, enum type type, uint32_t at);
/* A column of the scope that is meant without its name, as by `*` or pack_all().  Beside
 * aggregates the rows have keys alone: others are refused there. */
struct expr *bind_scope_column(struct binder *b, uint32_t column, uint32_t at);
struct expr *bind_call(struct binder *b, const struct node *node);
/* Refuses arguments of types that the function has no use for. */
bool bind_check_types(struct binder *b, const struct node *call, struct expr *const *args,
                      uint32_t count);
struct expr *bind_in(struct binder *b, const struct node *node);
struct expr *bind_compare(struct binder *b, uint32_t at, struct slice op, struct expr *left,
                          struct expr *right);
struct expr *bind_logic(struct binder *b, uint32_t at, enum expr_kind kind, struct expr **args,
                        uint32_t count);
struct expr *bind_string_op(struct binder *b, uint32_t at, struct slice op, struct expr *left,
                            struct expr *right);
struct expr *bind_aggregate(struct binder *b, const struct node *node,
                            const struct aggregate *aggregate);
/* NULL without an error if the name is none of theirs. */
struct expr *bind_window(struct binder *b, const struct node *node);
struct expr *bind_special(struct binder *b, const struct node *node);
bool bind_call_args(struct binder *b, const struct node *node, struct expr ***ret,
                    struct argument **ret_arguments, uint32_t *ret_count);
bool bind_check_count(struct binder *b, const struct node *node, uint32_t count, uint32_t min,
                      uint32_t max);
/* What `set NAME = value` says is bound under this and the name. */
#define BIND_SET "set "
/* Heeds a `set` of a limit or of now(), outside of functions; true for every other option, which it
 * leaves alone, but for a warning where there is none of the name. */
bool bind_option(struct binder *b, const struct node *set);
/* Options of Kusto that change nothing here, between blanks: those that have no say about the
 * answer, and those that have there. */
extern const char *const bind_set_idle, *const bind_set_missing;

/* The default name of an expression's column, or an empty slice. */
struct slice bind_name_of(struct binder *b, const struct node *node);
struct slice bind_join_name(struct binder *b, const char *prefix, struct slice name);

/* The name with the number behind it; data NULL: no memory. */
struct slice bind_numbered(struct binder *b, struct slice name, uint32_t number);

/* Whether `count` columns may get one more; else fails. */
bool bind_has_room(struct binder *b, uint32_t count, uint32_t at);

/* The name, or with the first number behind it that none of the outputs has (there are fewer
 * than a table may have); data NULL: no memory. */
struct slice bind_free_name(struct binder *b, const struct output *outputs, uint32_t count,
                            struct slice name);

/* ---- tables ---- */
bool bind_is_tabular(struct binder *b, const struct node *node);
struct plan *bind_table(struct binder *b, const struct node *node);
/* The same inside an expression, whose columns, aggregates and windows it does not see. */
struct plan *bind_inner_table(struct binder *b, const struct node *node);
/* The same where values of the first column are wanted: an error at `at` if there is none;
 * `of` what wants them, as in "the list". */
struct plan *bind_inner_column(struct binder *b, const struct node *node, uint32_t at,
                               const char *of);
struct plan *bind_operator(struct binder *b, struct plan *input, const struct node *pipe,
                           const struct node *op);
struct plan *bind_named_table(struct binder *b, struct slice name, uint32_t at);
/* A let's table, bound with the names that it saw. */
struct plan *bind_closure(struct binder *b, const struct binding *v);
/* Binds the body of a function; *ret_expr or the returned plan.  first_node: a table for its
 * first parameter (invoke), or NULL. */
struct plan *bind_function(struct binder *b, const struct binding *function,
                           const struct node *call, const struct node *first_node,
                           struct expr **ret_expr);
const struct binding *bind_find(const struct binder *b, struct slice name);
bool bind_push(struct binder *b, const struct binding *binding);
/* A stored function, NULL if there is none that is seen (or, with b->err set, it is broken). */
const struct binding *bind_stored(struct binder *b, struct slice name);
/* restrict access: lets that it does not name are gone, and tables, views and stored
 * functions are seen where bind_is_seen() says so. */
bool bind_restrict(struct binder *b, const struct node *node);
bool bind_is_seen(const struct binder *b, struct slice name);
void *bind_unseen(struct binder *b, struct slice name, uint32_t at); /* fails */
/* database(), or with the name that current_database() gives. */
bool bind_is_own_database(const struct node *call);
#define BIND_DATABASE "daybook"
/* A let's name first, then a stored function. */
const struct binding *bind_find_function(struct binder *b, struct slice name);
/* The schema that NODE_COLUMNs declare. */
bool bind_declared(struct binder *b, const struct node *columns, struct schema *ret);
struct plan *bind_externaldata(struct binder *b, const struct node *node);
bool bind_is_watchlist(struct slice name);
struct plan *bind_watchlist(struct binder *b, const struct node *node);
/* The pipe up to (not with) `op`, as a tree of its own. */
struct node *bind_prefix(struct binder *b, const struct node *pipe, const struct node *op);
/* The name that the last `as` among operators gives; "" without one. */
struct slice bind_as_name(const struct node *ops);
/* The name of the table that a source names, which is bound already; "" where it is made of
 * tables. */
struct slice bind_table_of(struct binder *b, const struct node *source);
/* Further tables of operators that give several.  bind_again(): the rows that reach `op`
 * once more, NULL without an error where that has no sense (inside of mv-apply).
 * bind_further() adds a table to the answer, if `op` ends the query and they are wanted;
 * bind_more() warns otherwise that there are `count` tables. */
struct plan *bind_again(struct binder *b, const struct node *op);
bool bind_further(struct binder *b, const struct node *op, struct slice name,
                  struct plan *plan);
void bind_more(struct binder *b, const struct node *op, const char *what, uint32_t count);
/* Binds the statements; the last tabular one, or NULL with *ret_expr. */
struct plan *bind_statements(struct binder *b, const struct node *list, struct expr **ret_expr);
/* Runs a plan now, for what stands at `at`; NULL rows with check_only. */
bool bind_run(struct binder *b, struct plan *plan, uint32_t at, struct rowset **ret);

/* ---- operators, by file ---- */
typedef struct plan *bind_operator_fn(struct binder *b, struct plan *input,
                                      const struct node *op);
bind_operator_fn bind_where, bind_project, bind_extend, bind_project_away, bind_project_keep,
    bind_project_rename, bind_project_reorder, bind_summarize, bind_distinct, bind_count_op,
    bind_sort, bind_top, bind_take, bind_join, bind_union, bind_expand, bind_apply, bind_parse,
    bind_parse_kv, bind_serialize, bind_getschema, bind_evaluate, bind_search, bind_top_nested,
    bind_sample_distinct, bind_sample, bind_top_hitters, bind_project_by_names, bind_partition,
    bind_scan, bind_make_series, bind_reduce, bind_fork, bind_facet;
/* The join of two tables on conditions, which may be NULL; `spec` has all but its keys. */
struct plan *bind_join_on(struct binder *b, struct plan *left, struct plan *right,
                          const struct node *conditions, bool hides_keys, struct join_spec *spec);
struct plan *bind_source(struct binder *b, const struct node *node);
struct plan *bind_union_source(struct binder *b, const struct node *node);
/* The tables of find. */
struct found {
    struct plan **plans;          /* each with the columns of all; the first is its name */
    const struct schema **owns;   /* what each has itself */
    uint32_t count;
    const struct schema *schema;  /* of the plans */
    const struct slice *bases;    /* a column: its name in the tables, where x_long is x */
    uint8_t *common;              /* a column: whether all tables have it */
    bool has_variants;            /* some column has another type in another table */
};
/* Of the tables in `node` (a union) those that have a column of `all` that is named; all
 * tables, if none has or `all` is NULL. */
bool bind_find_tables(struct binder *b, const struct node *node, const struct found *all,
                      const uint8_t *named, struct found *ret);
/* The names of tables that a pattern means: views of the query, then what the environment has.
 * A let that is no view is none of them, as it is made of rows that are there already.
 * `*` alone means the tables that hold rows. */
struct names {
    struct slice *items;
    uint32_t count, capacity;
};
bool bind_wildcard(struct binder *b, struct slice pattern, struct names *ret);
/* A table without rows, with the columns that every table has and those that the
 * query names and only tables without rows declare: so that a query over `*` means
 * the same before the first record of a kind is there.  NULL: no environment. */
struct plan *bind_absent(struct binder *b, const struct names *stored,
                         struct plan *const *plans, uint32_t count);
const struct node *bind_param(const struct node *op, const char *name);
/* Refuses options that the operator does not have, or not with such a value. */
bool bind_check_options(struct binder *b, const struct node *op);
struct complete_words; /* complete_priv.h */
/* The words that an option of an operator may have; NULL if they have no meaning of their own. */
const struct complete_words *bind_option_list(struct slice op, struct slice name);
/* The options in the order of their table; false behind the last. */
struct bind_option_about {
    const char *operators, *name, *values; /* the first and the last: words between blanks */
    const char *summary;
    const struct complete_words *words; /* NULL: `values` are those there are */
};
bool bind_option_at(uint32_t index, struct bind_option_about *ret);
/* Whether it is one of the words, in any case; which is nearest, if nearer than *distance. */
bool bind_has_word(const char *words, struct slice word);
struct slice bind_nearest_word(const char *words, struct slice word, size_t *distance);
/* Below such a distance a word is said to be meant. */
size_t bind_near_enough(struct slice word);
/* Whether the option is given as the word. */
bool bind_option_is(const struct node *op, const char *name, const char *word);
/* Says that `word` is not `what` ("a kind of join"), and which of `words` (between blanks)
 * is near, or else all of them.  False. */
bool bind_refuse_word(struct binder *b, uint32_t at, const char *what, struct slice word,
                      const char *words);
/* The same for a list. */
bool bind_refuse_value(struct binder *b, uint32_t at, const char *what, struct slice word,
                       const struct complete_words *list);
bool bind_pattern_matches(struct slice pattern, struct slice name);
/* The columns that one item of a list stands for, where its call gives several. */
#define MULTI_MAX 16u
struct multi {
    struct slice names[MULTI_MAX];
    struct expr *exprs[MULTI_MAX];
    uint32_t count; /* 0: it is one column */
    uint32_t named; /* by the query: the first so many */
};
/* `with_rest`: what the item has no name for comes too, as in project. */
bool bind_multi(struct binder *b, const struct node *item, struct expr *expr, bool with_rest,
                struct multi *ret);
/* An operator in terms of others: `text` is a query in which __input is the
 * input (of the width it has, read again at each place) and __1, __2 ... stand
 * for arguments, an expression or a list each. */
struct plan *bind_macro(struct binder *b, struct plan *input, uint32_t at, const char *text,
                        const struct node *const *args, uint32_t arg_count);
/* A copy of a tree in which change() replaces nodes: it gives the node to put in
 * (a list is spliced in), or NULL to go on below.  NULL with b->err set fails. */
typedef const struct node *bind_change_fn(struct binder *b, void *context,
                                          const struct node *node);
struct node *bind_rewrite(struct binder *b, const struct node *list, bind_change_fn *change,
                          void *context);
/* A projection that keeps all columns, as a list to change. */
struct output *bind_all(struct binder *b, const struct schema *schema, uint32_t extra);

#endif
