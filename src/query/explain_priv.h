/* SPDX-License-Identifier: Apache-2.0 */
/* explain_priv.h - a plan as rows, and measured runs.
 *
 * A plan's operators describe themselves (plan->describe); what they say is made
 * of bound expressions, so it shows what runs and not what was written.
 */
#ifndef QUERY_EXPLAIN_PRIV_H
#define QUERY_EXPLAIN_PRIV_H

#include "query/run_priv.h"

/* What one operator did, over all its runs. */
struct plan_profile {
    uint64_t rows;    /* handed on */
    uint64_t run_us;  /* in its run() and all below and above it */
    uint64_t push_us; /* of that, in the operators above it */
};

#define EXPLAIN_TEXT_BYTES_MAX 400u /* of one description; what is longer is cut */

/* Appends an expression over the columns of `schema` (NULL: they have no names). */
void explain_expr(struct buf *ret, const struct expr *expr, const struct schema *schema);
void explain_value(struct buf *ret, const struct value *value);

/* Hands the plan to the sink as rows: operator (indented by its depth), detail and,
 * with EXPLAIN_ANALYZE, after running it on one thread, rows and self_us.  The plan
 * is optimised. */
enum status explain_plan(struct query *q, struct plan *plan, struct query_sink *sink,
                         struct error *err) MUST_USE;

#endif
