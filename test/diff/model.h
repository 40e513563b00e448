/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - questions as data: what is generated, spelled as KQL, evaluated
 * naively, and made smaller when two answers differ.
 *
 * A question and all it points to lives in one arena.  Columns are found by
 * name, so that a step may be left out and what stands behind it still reads.
 */
#ifndef DIFF_MODEL_H
#define DIFF_MODEL_H

#include "base/arena.h"
#include "table/schema.h"

#define FIELDS_MAX 40u
#define ARGS_MAX 4u
#define ITEMS_MAX 6u

/* Allocates or ends the program. */
void *take_bytes(struct arena *arena, size_t size);
#define TAKE(arena, type) ((type *)take_bytes((arena), sizeof(type)))
#define TAKE_MANY(arena, type, count) ((type *)take_bytes((arena), sizeof(type) * ((count) + 1)))
const char *take_text(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- chance: a seed, or the bytes of a fuzzer ---- */

struct dice {
    uint64_t state;
    const uint8_t *bytes; /* used instead while there are some */
    size_t size;
};

uint32_t roll(struct dice *dice, uint32_t below); /* below >= 1 */
static inline bool chance(struct dice *dice, uint32_t percent)
{
    return roll(dice, 100) < percent;
}

/* ---- tables ---- */

struct shape {
    struct column fields[FIELDS_MAX];
    uint32_t count;
};

struct table {
    const char *name;
    struct shape shape;
    struct value *cells; /* row_count * shape.count */
    uint32_t row_count;
};

static inline struct value *table_row(const struct table *t, uint32_t row)
{
    return t->cells + (size_t)row * t->shape.count;
}

#define TABLES 6u
/* The fixed tables, the same in every run; the last one is for forms.h alone. */
const struct table *tables_all(void);

/* ---- terms: scalar expressions ---- */

enum term_kind { TERM_COLUMN, TERM_CONST, TERM_CALL, TERM_IN, TERM_SCALAR };

struct naive;
struct rule {
    const char *text; /* '@' are the arguments */
    const char *types; /* "l=ls": result, arguments; a capital is a constant */
    struct value (*fn)(struct naive *naive, const struct value *args);
    bool takes_null; /* fn sees nulls; else one of them makes the result null */
};

struct term {
    enum term_kind kind;
    enum type type;
    struct slice name;     /* COLUMN */
    struct value value;    /* CONST */
    const struct rule *rule; /* CALL */
    struct term *args[ARGS_MAX];
    uint32_t arg_count;
    struct pipe *pipe;     /* IN: args[0] in (pipe); SCALAR: toscalar(pipe) */
};

extern const struct rule RULES[];
extern const uint32_t RULE_COUNT;
enum type type_of_letter(char letter);
struct slice words_of(uint32_t index); /* texts that are in the tables, and some that are not */
uint32_t word_count(void);

/* ---- steps: operators ---- */

enum step_kind {
    STEP_WHERE,
    STEP_EXTEND,
    STEP_PROJECT,
    STEP_AWAY,
    STEP_KEEP,
    STEP_RENAME,
    STEP_DISTINCT,
    STEP_COUNT,
    STEP_SUMMARIZE,
    STEP_ARG_MAX,
    STEP_SORT,
    STEP_TOP,     /* and a projection to the key, as ties are free */
    STEP_TAKE,    /* last only */
    STEP_NUMBER,  /* after a sort by a unique key: row_number(), prev(), row_cumsum() */
    STEP_JOIN,
    STEP_LOOKUP,
    STEP_UNION,
    STEP_EXPAND,
    STEP_APPLY,
    STEP_PARSE,
    STEP_AS_IS,   /* text that the naive evaluator does not know; last only */
};

struct aggregate_rule {
    const char *text;
    const char *types;
    struct value (*fn)(struct naive *naive, const struct value *const *args, uint32_t rows);
};
extern const struct aggregate_rule AGGREGATES[];
extern const uint32_t AGGREGATE_COUNT;

struct item {
    struct slice name;
    struct term *term;      /* of an aggregate: its first argument, or NULL */
    struct term *second;
    const struct aggregate_rule *aggregate;
    bool ascending;
};

struct step {
    enum step_kind kind;
    struct item items[ITEMS_MAX];
    uint32_t item_count;
    struct item by[ITEMS_MAX];
    uint32_t by_count;
    struct pipe *pipe;      /* JOIN, LOOKUP, UNION, APPLY */
    const char *word;       /* the kind of a join; AS_IS */
    uint32_t number;        /* TAKE, TOP */
    struct step *next;
};

struct pipe {
    const struct table *table;
    struct slice let;       /* the name of a let instead of a table */
    const struct pipe *let_pipe;
    bool is_range, is_given; /* range x from 1 to number; the rows of mv-apply */
    uint32_t number;
    struct step *first;
};

#define LETS_MAX 2u
struct question {
    struct arena *arena;
    struct pipe *lets[LETS_MAX];
    struct slice let_names[LETS_MAX];
    uint32_t let_count;
    struct pipe *pipe;
};

/* make.c: a question that is well typed. */
struct question *question_make(struct dice *dice, struct arena *arena);
/* Its columns; false if something does not fit (a step was left out). */
bool pipe_shape(const struct pipe *pipe, struct arena *arena, const struct shape *given,
                struct shape *ret);
bool step_shape(const struct step *step, struct arena *arena, const struct shape *in,
                struct shape *ret);
bool question_is_known(const struct question *q); /* by the naive evaluator */
const struct step *pipe_last(const struct pipe *pipe);

/* render.c */
void render_question(const struct question *q, struct buf *buf);
void render_value(const struct value *value, struct buf *buf);

/* ---- answers ---- */

struct answer {
    struct shape shape;
    struct value *cells;
    uint32_t row_count, capacity;
    struct arena *arena;
    char error[300]; /* "" = it ran */
    bool is_limit;   /* it hit a bound: no answer to compare */
};

void answer_add(struct answer *answer, const struct value *row);

/* naive.c: from the documentation, a row at a time. */
void naive_answer(const struct question *q, struct answer *ret);
int value_order(const struct value *a, const struct value *b); /* nulls, then NaN first */

/* engine.c */
struct way {
    const char *name;
    enum { PLACE_PLAIN, PLACE_MEMORY, PLACE_MANY, PLACE_SEALED, PLACE_MERGED, PLACES } place;
    uint32_t threads;
    bool no_pushdown;
};
extern const struct way WAYS[];
extern const uint32_t WAY_COUNT;
void engine_open(void);
void engine_close(void);
void engine_answer(struct slice text, const struct way *way, struct answer *ret);
/* Whether it can be run; the type of its last column (ret_last may be NULL). */
bool engine_binds(struct slice text, enum type *ret_last);

/* compare.c: "" or what differs; `q` tells what order and choice are free. */
void compare_answers(const struct question *q, const struct answer *a, const struct answer *b,
                     struct buf *ret);

/* shrink.c: the smallest question that still makes `differs` true. */
void question_shrink(struct question *q, bool (*differs)(const struct question *q, void *context),
                     void *context);

#endif
