/* SPDX-License-Identifier: Apache-2.0 */
/* naive.h - what the files of the naive evaluator share. */
#ifndef DIFF_NAIVE_H
#define DIFF_NAIVE_H

#include "model.h"

#define NAIVE_ROWS_MAX 3000u
#define ASKED_MAX 16u

struct rows;
struct naive {
    const struct question *question;
    struct arena *arena;
    const struct pipe *asked[ASKED_MAX]; /* subqueries see no row: each is run once */
    struct rows *answers[ASKED_MAX];
    uint32_t asked_count;
    bool is_over; /* more rows than NAIVE_ROWS_MAX somewhere: there is no answer */
};

/* A table while it is worked on. */
struct rows {
    struct shape shape;
    struct value **rows;
    uint32_t count, capacity;
};

/* ---- JSON without white space, read by its first byte ---- */

static inline char node_first(struct slice json)
{
    return json.size == 0 ? 'n' : json.data[0];
}

size_t node_end(struct slice json, size_t at); /* behind the value at `at` */
/* The next member or element; *at starts with 1. */
bool node_next(struct slice json, size_t *at, struct slice *ret_key, struct slice *ret_value);
struct slice node_member(struct slice json, struct slice key);
struct slice node_element(struct slice json, uint32_t index);
uint32_t node_count(struct slice json);

struct value term_value(struct naive *naive, const struct term *term, const struct shape *shape,
                        const struct value *row);
struct rows pipe_rows(struct naive *naive, const struct pipe *pipe, const struct rows *given);
void rows_add(struct naive *naive, struct rows *rows, struct value *row);
struct rows step_join(struct naive *naive, const struct step *step, const struct rows *in);
struct rows step_summarize(struct naive *naive, const struct step *step, const struct rows *in);
struct rows step_arg_max(struct naive *naive, const struct step *step, const struct rows *in);

#endif
