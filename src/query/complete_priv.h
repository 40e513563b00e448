/* SPDX-License-Identifier: Apache-2.0 */
/* complete_priv.h - what stands around a cursor, and the words that may stand there. */
#ifndef QUERY_COMPLETE_PRIV_H
#define QUERY_COMPLETE_PRIV_H

#include "query/lex_priv.h"

enum complete_place {
    PLACE_NOTHING,  /* in a comment, behind a literal name, where the text makes no sense */
    PLACE_SOURCE,   /* where a table stands */
    PLACE_OPERATOR, /* behind a bar */
    PLACE_EXPRESSION,
    PLACE_COLUMN,   /* columns only: project-away, $left. ... */
    PLACE_BEHIND,   /* behind an operand: `==`, `and`, `by` ... */
    PLACE_VALUE,    /* behind `==`, in the list of an `in`: values of `operand` */
    PLACE_KIND,     /* behind `kind=` */
    PLACE_HINT,     /* behind `hint.` */
    PLACE_TYPE,     /* behind a colon, in typeof() */
    PLACE_CHART,    /* behind `render` */
    PLACE_PROPERTY, /* in the brackets of `render ... with (` */
};

#define COMPLETE_SEGMENTS_MAX 256u

struct complete_context {
    enum complete_place place;
    uint32_t from;           /* first byte of the word at the cursor: what a choice replaces */
    struct slice word;       /* decoded, up to the cursor */
    bool is_quoted;          /* the word is an open string */
    struct slice op_name;    /* the operator the cursor is in, "" in a source */
    struct slice operand;    /* PLACE_VALUE: the text of what is compared; PLACE_EXPRESSION:
                              * what its order is compared with, or "" */
    bool is_compared;        /* PLACE_BEHIND: a comparison is complete: a == 1 */
    bool is_bare;            /* PLACE_BEHIND: the operator's name stands there alone */
    bool is_in_call;         /* PLACE_EXPRESSION: in brackets of the operator */
    bool is_behind_by;       /* `by` or `on` stands before it in the operator */
    struct slice segments[COMPLETE_SEGMENTS_MAX]; /* of the pipeline before this operator */
    uint32_t segment_count;
    struct slice lets[COMPLETE_SEGMENTS_MAX];     /* statements before, without `;` */
    struct slice let_names[COMPLETE_SEGMENTS_MAX];
    uint32_t let_count;
};

/* What text[.. at] ends in.  Never fails for what the text is: PLACE_NOTHING then. */
enum status complete_context(struct arena *arena, struct slice text, uint32_t at,
                             struct complete_context *ret, struct error *err) MUST_USE;

/* ---- words of the language ---- */

struct complete_word {
    const char *text, *detail, *summary;
};
struct complete_words {
    const struct complete_word *words;
    uint32_t count;
};
extern const struct complete_words complete_operators, complete_sources, complete_elsewhere,
    complete_hints, complete_infix, complete_order, complete_types, complete_window_functions,
    complete_logic, complete_properties;
/* Values of properties: what the binder accepts (bind_options.c), and no more. */
extern const struct complete_words complete_join_kinds, complete_lookup_kinds,
    complete_union_kinds, complete_expand_kinds, complete_parse_kinds, complete_search_kinds,
    complete_series_kinds, complete_reduce_kinds, complete_getschema_kinds, complete_scan_kinds,
    complete_step_outputs, complete_charts, complete_chart_kinds;
/* The n-th word, from 0, that divides the arguments of an operator; NULL: there is none. */
const struct complete_word *complete_keyword(struct slice op_name, uint32_t n);
/* All of them, with their operators; NULL behind the last. */
const struct complete_word *complete_keyword_at(uint32_t index, const char **ret_op);

#endif
