/* SPDX-License-Identifier: Apache-2.0 */
/* filter_priv.h - a filter as a question to one part.
 *
 *   filter_match.c  which values of a dictionary match
 *   filter_lent.c   the same of texts that are made of another column's
 *   filter_words.c  where a word can be, by what is known of columns and texts
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
    bool *asked;      /* per path: `values` tells of all codes, not of some blocks' alone */
    uint64_t *free;   /* per path: blocks of rows in which neither it nor what is below has one */
    bool *shapes;     /* per shape: its literals match */
    struct slot_span {
        uint32_t begin, end;
    } *spans;         /* per shape of elements: the slots that have marks are in there */
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
    const uint32_t *seq_row; /* a row whose _Seq is the word; NULL: there is none */
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
/* The codes that the loaded path has in some blocks, a byte a code.  NULL in *ret: all of
 * them; so it is too where they are many, and below arrays. */
enum status filter_codes_in(struct part_scan *scan, uint32_t path, uint64_t blocks,
                            uint8_t **ret, struct error *err) MUST_USE;
/* A byte a code of the loaded path; NULL in *ret if no code matches.  What is said of codes
 * that are not wanted is left open. */
struct wanted_values {
    uint32_t path;
    enum type type;
    const uint8_t *codes; /* 1: it is wanted, 0: it is not; NULL: all are */
};
enum status filter_match_path(struct part_scan *scan, const struct filter *filter,
                              const struct wanted_values *wanted, uint8_t **ret,
                              struct error *err) MUST_USE;

/* Texts that stand one behind the other against words of ASCII: sets matches[i] of those that
 * have one. */
void filter_match_run(const struct filter *filter, const struct slice *texts, uint32_t count,
                      uint8_t *matches);

/* ---- filter_lent.c ---- */
/* The same where the texts are made of a donor's (struct lent_texts) and words are looked for:
 * what the donor's say, and the fronts.  *ret_done false: they are not, or a word might be
 * neither.  lent: what is known of all of the donor's codes (as filter_match_path() says it);
 * lent_is_known false: it is asked. */
struct lent_question {
    const struct filter *filter;
    uint32_t path;
    bool lent_is_known;
    const uint8_t *lent;
    const uint8_t *codes; /* as in wanted_values */
};
enum status filter_match_lent(struct part_scan *scan, const struct lent_question *question,
                              uint8_t **ret, bool *ret_done, struct error *err) MUST_USE;

/* ---- filter_words.c ---- */
/* Can the filter's words be looked for in leaves and literals? */
bool filter_is_findable(const struct filter *filter);
/* Any column, and a word of digits that no time ends or begins with: it is in a leaf, a
 * literal, in what a number is shown as, or it is the _Seq. */
bool filter_is_number(const struct filter *filter);
/* May one of the words be in what no record says: the tenant, the table, a truth value? */
bool filter_is_elsewhere(const struct scan_source *source, const struct guid *tenant,
                         const struct filter *filter);
/* Are GUIDs of the part shown in another way than they are written, so that its index does not
 * know the words? */
bool filter_shows_guids_anew(const struct part_scan *scan, const struct filter *filter);
/* May a text of the value path, or what its column shows of it, have one of the words? */
bool filter_may_be_in(const struct part_scan *scan, const struct filter *filter, uint32_t path);
/* May the column show another thing than is written, as texts of it are read as JSON?  Of words:
 * others than are written.  Where only the header is at hand, any text may be one. */
enum status filter_is_unpacked(struct part_scan *scan, const struct filter *filter, bool *ret,
                               struct error *err) MUST_USE;
/* Sets matches[i] of the values that have a word in the way their columns show them, where
 * that is another than they are written.  NULL in *matches stands for no match so far. */
enum status filter_match_shown(struct part_scan *scan, const struct filter *filter,
                               uint32_t path, uint8_t **matches, struct error *err) MUST_USE;
/* Is its one word what stands between the hyphens of a GUID? */
bool filter_is_guid_piece(const struct filter *filter);
/* The same of GUIDs that are no texts yet, for such a filter. */
enum status filter_match_guids(struct part_scan *scan, const struct filter *filter,
                               const struct path_column *path, uint8_t **ret,
                               struct error *err) MUST_USE;

/* ---- filter_marks.c ---- */
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
bool filter_array_matches(const struct part *part, const struct marks *marks, uint32_t path,
                          uint32_t value);

#endif
