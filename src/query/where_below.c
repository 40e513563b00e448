/* SPDX-License-Identifier: Apache-2.0 */
/* where_below.c - predicates go below projections.
 *
 * A view computes dozens of columns, some of them bags of all the others; what a predicate
 * leaves out need not be computed.  A conjunct goes below if what it reads of the projection is
 * cheap, as that is computed twice for the rows that stay: a column, a constant, or one of some
 * of them.  It is the same predicate there, so the scan may decide more of it.
 */
#include "query/op_priv.h"

#define WEIGHT_MAX 256u /* of a predicate, which chains of projections could make grow */

static const char *const cheap_names[] = {
    "iff",       "iif",       "case",   "coalesce", "tostring", "tolower", "toupper", "isempty",
    "isnotempty", "isnull",   "isnotnull", "has",   "in",       "not",     "toint",   "tolong",
    "tobool",    "==",        "!=",     "<",        "<=",       ">",       ">=",
};

static bool is_cheap_function(const struct function *function)
{
    for (size_t i = 0; i < sizeof(cheap_names) / sizeof(cheap_names[0]); i++) {
        if (slice_is(slice_of(function->name), cheap_names[i]))
            return true;
    }
    return function == &operator_member;
}

static bool is_cheap(const struct expr *e)
{
    if (e->kind == EXPR_CONST || e->kind == EXPR_COLUMN)
        return true;
    if (e->is_impure || e->weight > WEIGHT_MAX ||
        (e->kind == EXPR_CALL && !is_cheap_function(e->function)))
        return false;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!is_cheap(e->args[i]))
            return false;
    }
    return true;
}

/* What its columns become is added to *weight. */
static bool can_go_below(const struct plan *project, const struct expr *e, uint32_t *weight)
{
    if (e->is_impure || e->is_any)
        return false;
    if (e->kind == EXPR_COLUMN) {
        const struct expr *output = op_project_output(project, e->column);
        *weight += output->weight;
        return is_cheap(output) && *weight <= WEIGHT_MAX;
    }
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!can_go_below(project, e->args[i], weight))
            return false;
    }
    *weight += 1;
    return *weight <= WEIGHT_MAX;
}

/* The same over the input of the projection. */
static struct expr *over_input(struct query *q, const struct plan *project, struct expr *e,
                               struct error *err)
{
    if (e->kind == EXPR_CONST)
        return e;
    if (e->kind == EXPR_COLUMN) /* read-only from here on */
        return (struct expr *)(uintptr_t)op_project_output(project, e->column);
    struct expr *copy = ARENA_NEW(q->arena, struct expr, err);
    struct expr **args = ARENA_ARRAY(q->arena, struct expr *, e->arg_count + (size_t)1, err);
    if (copy == NULL || args == NULL)
        return NULL;
    *copy = *e;
    copy->args = args;
    copy->site = e->kind == EXPR_CALL ? q->site_count++ : e->site;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        args[i] = over_input(q, project, e->args[i], err);
        if (args[i] == NULL)
            return NULL;
    }
    return copy;
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

struct plan *plan_where_below(struct query *q, struct plan *input, struct expr *predicate,
                              struct error *err)
{
    uint32_t count = predicate->kind == EXPR_AND ? predicate->arg_count : 1, moved = 0;
    bool *goes = ARENA_ARRAY(q->arena, bool, count + (size_t)1, err);

    if (goes == NULL)
        return NULL;
    for (uint32_t i = 0; i < count && op_is_project(input); i++) {
        uint32_t weight = 0;
        goes[i] = can_go_below(input, predicate->kind == EXPR_AND ? predicate->args[i] : predicate,
                               &weight);
        moved += goes[i];
    }
    if (moved == 0)
        return plan_where(q, input, predicate, err);
    struct expr *stays = some_of(q, predicate, goes, false, err);
    struct expr *below = some_of(q, predicate, goes, true, err);
    if (below == NULL || (stays == NULL && moved < count))
        return NULL;
    below = over_input(q, input, below, err);
    struct plan *plan =
        below == NULL ? NULL : plan_where_below(q, input->inputs[0], below, err);
    plan = plan == NULL ? NULL : op_project_again(q, input, plan, err);
    return plan == NULL || stays == NULL ? plan : plan_where(q, plan, stays, err);
}
