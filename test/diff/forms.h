/* SPDX-License-Identifier: Apache-2.0 */
/* forms.h - one question as several texts that must have one answer.
 *
 * What is asked comes from the engine's own tables of functions: the names, and from
 * their examples what arguments look like.  Nothing knows the right answer here; the
 * texts differ in how the engine gets to it: constants or columns, pushed down or
 * behind a barrier, rows among other rows, a value in one text and a table in another.
 *
 * Columns stand as marks in the texts of terms, so that they can become the values
 * of a row.
 */
#ifndef DIFF_FORMS_H
#define DIFF_FORMS_H

#include "model.h"

#define CALL_ARGS_MAX 10u
#define FORMS_MAX 4u

/* ---- callee.c: what can be called ---- */

enum callee_kind { CALLEE_SCALAR, CALLEE_INFIX, CALLEE_AGGREGATE, CALLEE_WINDOW };

struct callee {
    const char *name;
    enum callee_kind kind;
    bool is_impure;       /* only whether it is null can be compared */
    bool is_sized;        /* has an argument that says how many values are kept */
    uint32_t args_min, args_max;
    /* Of the example.  A type of TYPE_COUNT_: no value alone, as typeof(long). */
    const char *example[CALL_ARGS_MAX];
    enum type types[CALL_ARGS_MAX];
    uint32_t example_count;
    enum type result;     /* of the example */
    uint8_t gives_columns; /* these: 0: not tried yet; 1: yes; 2: no */
    uint8_t fits[CALL_ARGS_MAX][TYPE_COUNT_][2];
};

/* A literal, and the value it has. */
struct sample {
    const char *text;
    struct value value;
};

void callees_open(void); /* before engine_open() */
uint32_t callee_count(void);
struct callee *callee_at(uint32_t index);
/* Literals of a type: ones at the edge of it, then those of all examples and their results. */
uint32_t sample_count(enum type type, bool edges_only);
const struct sample *sample_at(enum type type, uint32_t index);
/* Whether the argument can have the type, as a constant or from a column. */
bool callee_fits(struct callee *callee, uint32_t arg, enum type type, bool is_column);
/* Whether a call stands for several columns. */
bool callee_gives_columns(struct callee *callee);

/* ---- call.c: calls by chance ---- */

struct term_text {
    const char *text; /* columns as marks */
    enum type type;
    bool is_row;      /* differs from row to row */
    bool is_free;     /* may be a column */
};

struct call {
    struct callee *callee;
    struct term_text args[CALL_ARGS_MAX];
    uint32_t arg_count;
};

struct teller { /* who makes up texts */
    struct dice *dice;
    struct arena *arena;
};

const struct table *forms_table(void); /* what they ask: every type, edges, samples */
void call_make(struct teller *t, struct callee *callee, uint32_t depth, struct call *ret);
const char *call_text(struct teller *t, const struct call *call);
/* "$0", or what of it does not depend on chance or on the order of rows. */
const char *call_settled(const struct call *call);
const char *some_literal(struct teller *t, enum type type);
const char *some_column_mark(struct teller *t, enum type type); /* or NULL */
/* "$0", "$1" ... in a format are the texts. */
const char *fill_text(struct teller *t, const char *format, const char *const *texts);
const char *name_text(struct teller *t, struct slice name);
/* Marks as names of columns, or as the values of a row. */
const char *with_names(struct teller *t, const char *text);
const char *with_values(struct teller *t, const char *text, uint32_t row);
const char *literal_of(struct teller *t, const struct value *value);

/* ---- forms.c ---- */

struct forms {
    const char *texts[FORMS_MAX];
    bool may_fail[FORMS_MAX]; /* alone: a bad constant is refused, a bad value of a row is not */
    uint32_t count;
    bool is_loose; /* arrays and bags of aggregates: the order in them is free */
};

/* About the function that the seed says. */
void forms_make(struct dice *dice, struct arena *arena, uint64_t seed, struct forms *ret);
/* The rows of Odd that a filter (an operator or "") leaves, in some way. */
const char *forms_rows(struct teller *t, const char *filter, bool is_plain);
void compare_forms(const struct answer *a, const struct answer *b, bool is_loose, struct buf *ret);

/* ---- operators.c: about the operator that the seed says ---- */

void operators_make(struct dice *dice, struct arena *arena, uint64_t seed, struct forms *ret);

/* ---- cover.c: what of the language's reference was asked and answered ---- */

void cover_open(void);
void cover_text(const char *text);
uint32_t cover_report(void); /* prints what never was; their number */



#endif
