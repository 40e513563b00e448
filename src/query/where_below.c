/* SPDX-License-Identifier: Apache-2.0 */
/* where_below.c - predicates go below projections and unions.
 *
 * A view computes dozens of columns, some of them bags of all the others; what a predicate
 * leaves out need not be computed.  A conjunct goes below if what it reads of the projection is
 * cheap, as that is computed twice for the rows that stay: a column, a constant, or one of some
 * of them.  It is the same predicate there, so the scan may decide more of it.
 */
#include "query/op_priv.h"

/* Impure, or of any column, which are others below. */
static bool asks_any(const struct expr *e)
{
    bool any = e->is_impure || e->is_any;

    for (uint32_t i = 0; i < e->arg_count && !any; i++)
        any = asks_any(e->args[i]);
    return any;
}

/* The conjuncts of which `goes` says `which`, as one predicate; NULL: there are none, or err. */
static struct expr *some_of(struct query *q, struct expr *predicate, const bool *goes, bool which,
                            struct error *err)
{
    uint32_t count = 0;

    if (predicate->kind != EXPR_AND)
        return goes[0] == which ? predicate : NULL;
    struct expr *both = ARENA_NEW(q->arena, struct expr, err);
    struct expr **args =
        ARENA_ARRAY(q->arena, struct expr *, predicate->arg_count + (size_t)1, err);
    if (both == NULL || args == NULL)
        return NULL;
    for (uint32_t i = 0; i < predicate->arg_count; i++) {
        if (goes[i] == which)
            args[count++] = predicate->args[i];
    }
    *both = *predicate;
    both->args = args;
    both->arg_count = count;
    return count == 0 ? NULL : count == 1 ? args[0] : both;
}

/* Of each input of a union, which have its columns. */
static struct plan *where_each(struct query *q, const struct plan *input, struct expr *predicate,
                               struct error *err)
{
    struct plan **inputs =
        ARENA_ARRAY(q->arena, struct plan *, input->input_count + (size_t)1, err);

    for (uint32_t i = 0; i < input->input_count && inputs != NULL; i++) {
        inputs[i] = plan_where_below(q, input->inputs[i], predicate, err);
        if (inputs[i] == NULL)
            return NULL;
    }
    struct plan *plan =
        inputs == NULL ? NULL : plan_union(q, inputs, input->input_count, err);
    if (plan != NULL) {
        plan->is_serialized = input->is_serialized;
        plan->is_open = input->is_open;
        plan->view = input->view;
    }
    return plan;
}

struct plan *plan_where_below(struct query *q, struct plan *input, struct expr *predicate,
                              struct error *err)
{
    uint32_t count = predicate->kind == EXPR_AND ? predicate->arg_count : 1, moved = 0;
    bool *goes = ARENA_ARRAY(q->arena, bool, count + (size_t)1, err);

    if (goes == NULL)
        return NULL;
    if (op_is_union(input) && !predicate->is_impure)
        return where_each(q, input, predicate, err);
    for (uint32_t i = 0; i < count && op_is_project(input); i++) {
        uint32_t weight = 0;
        const struct expr *one = predicate->kind == EXPR_AND ? predicate->args[i] : predicate;
        goes[i] = expr_reads_cheaply(input, one, &weight) && !asks_any(one);
        moved += goes[i];
    }
    if (moved == 0)
        return plan_where(q, input, predicate, err);
    struct expr *stays = some_of(q, predicate, goes, false, err);
    struct expr *below = some_of(q, predicate, goes, true, err);
    if (below == NULL || (stays == NULL && moved < count))
        return NULL;
    below = expr_over_input(q, input, below, err);
    struct plan *plan =
        below == NULL ? NULL : plan_where_below(q, input->inputs[0], below, err);
    plan = plan == NULL ? NULL : op_project_again(q, input, plan, err);
    return plan == NULL || stays == NULL ? plan : plan_where(q, plan, stays, err);
}
