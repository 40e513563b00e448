/* SPDX-License-Identifier: Apache-2.0 */
/* filter_priv.h - a filter as a question to one part.
 *
 *   filter_match.c  which values of a dictionary match
 *   filter_marks.c  which arrays and objects hold a value that matches
 *   scan_filter.c   which rows are left
 */
#ifndef STORE_FILTER_PRIV_H
#define STORE_FILTER_PRIV_H

#include "store/scan_priv.h"

/* What values a filter finds below a set of paths. */
struct marks {
    uint8_t **values; /* per path: a byte a code, NULL if none matches */
    bool *paths;      /* per path: a value of it or below matches */
    bool *shapes;     /* per shape: its literals match */
};

struct test {
    const struct filter *filter; /* NULL: decides nothing */
    struct binding *bindings;    /* of the column; NULL for any column */
    const uint8_t *values;       /* of the leaf path: a byte a code; NULL if none matches */
    bool matches_missing;
    bool is_walk;  /* marks may be asked for arrays and objects */
    bool is_exact; /* a leaf that matches here satisfies the filter */
    bool is_event; /* the leaf is the event time, whose range has been applied */
    bool is_true;  /* all rows that are left satisfy it */
    struct marks marks;
    struct test *parts; /* FILTER_OR: filter->part_count */
};

/* ---- filter_match.c ---- */
/* The type a column's leaves are compared as; TYPE_COUNT_ if they cannot be. */
enum type filter_type(const struct filter *filter, enum type column);
bool filter_matches_missing(const struct filter *filter);
/* Is one of the texts in there, as a term or not? */
bool filter_is_within(const struct filter *filter, struct slice text);
bool filter_matches_slice(const struct filter *filter, struct slice text);
/* A byte a code of the loaded path; NULL in *ret if no code matches. */
enum status filter_match_path(struct part_scan *scan, const struct filter *filter, uint32_t path,
                              enum type type, uint8_t **ret, struct error *err) MUST_USE;

/* ---- filter_marks.c ---- */
/* Can the filter's words be looked for in leaves and literals? */
bool filter_is_findable(const struct filter *filter);
/* Marks the loaded paths that begin with `prefix`. */
enum status filter_mark(struct part_scan *scan, struct test *test, struct slice prefix,
                        struct error *err) MUST_USE;
/* Marks the loaded paths among the hits, and the literals if they may match.  Says too
 * whether what is marked satisfies the filter for sure (test->is_exact). */
enum status filter_mark_hits(struct part_scan *scan, struct test *test,
                             const struct word_hit *hits, uint32_t count, bool has_literals,
                             struct error *err) MUST_USE;
/* Marks one leaf path, whose matches are test->values, and the arrays above. */
enum status filter_mark_path(struct part_scan *scan, struct test *test, uint32_t path,
                             struct error *err) MUST_USE;
/* Keeps the rows of a root shape that have a mark in the slots [begin, end); how many. */
struct slot_run {
    const struct shape *shape;
    uint32_t begin, end;
};
uint32_t filter_keep_marked(const struct part *part, const struct marks *marks,
                            const struct slot_run *run, uint32_t *rows, uint32_t count);
bool filter_slots_match(const struct part *part, const struct marks *marks,
                        const struct shape *shape, uint32_t slot_begin, uint32_t slot_end,
                        uint32_t rank);
bool filter_array_matches(const struct part *part, const struct marks *marks, uint32_t path,
                          uint32_t value);

#endif
