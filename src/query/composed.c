/* SPDX-License-Identifier: Apache-2.0 */
/* composed.c - expressions over the input of a projection below.
 *
 * A column of the projection becomes what it is computed of.  A member of pack_record() becomes
 * the column that it is of, so that the bag of all columns need not be made for it.
 */
#include "base/limits.h"
#include "query/fn_priv.h"
#include "query/op_priv.h"

#define CHEAP_WEIGHT_MAX 256u  /* of what may be computed twice */
#define MERGED_WEIGHT_MAX 8192u /* of an output of two projections in one */

static const char *const cheap_names[] = {
    "iff",        "iif",    "case",      "coalesce", "tostring", "tolower", "toupper", "isempty",
    "isnotempty", "isnull", "isnotnull", "has",      "in",       "not",     "toint",   "tolong",
    "tobool",     "==",     "!=",        "<",        "<=",       ">",       ">=",      "trim_end",
};

static bool is_cheap_function(const struct function *function)
{
    for (size_t i = 0; i < sizeof(cheap_names) / sizeof(cheap_names[0]); i++) {
        if (slice_is(slice_of(function->name), cheap_names[i]))
            return true;
    }
    return function == &operator_member;
}

bool expr_is_cheap(const struct expr *e)
{
    if (e->kind == EXPR_CONST || e->kind == EXPR_COLUMN)
        return true;
    if (e->is_impure || e->weight > CHEAP_WEIGHT_MAX ||
        (e->kind == EXPR_CALL && !is_cheap_function(e->function)))
        return false;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!expr_is_cheap(e->args[i]))
            return false;
    }
    return true;
}

/* ---- members of records ---- */

/* parse_json() of what is no text. */
static bool is_parsed_again(const struct expr *e)
{
    struct slice name = e->kind == EXPR_CALL ? slice_of(e->function->name) : SLICE("");

    return (slice_is(name, "parse_json") || slice_is(name, "todynamic")) &&
           e->args[0]->type == TYPE_DYNAMIC;
}

/* The record that `e` is a member of, and its name; NULL: it is none. */
static const struct expr *record_of(const struct plan *project, const struct expr *e,
                                    struct slice *ret_name)
{
    if (e->kind != EXPR_CALL ||
        (e->function != &operator_member && e->function != &operator_element) ||
        e->args[1]->kind != EXPR_CONST || e->args[1]->type != TYPE_STRING)
        return NULL;
    const struct expr *base = is_parsed_again(e->args[0]) ? e->args[0]->args[0] : e->args[0];
    if (base->kind != EXPR_COLUMN)
        return NULL;
    const struct expr *record = op_project_output(project, base->column);
    *ret_name = e->args[1]->value.bytes;
    return record->kind == EXPR_CALL && record->function == &function_record ? record : NULL;
}

static void count_argument(struct expr *e, const struct expr *argument)
{
    e->weight += argument->weight;
    e->depth = argument->depth >= e->depth ? argument->depth + 1 : e->depth;
    e->is_impure = e->is_impure || argument->is_impure;
}

static struct expr *new_call(struct query *q, const struct expr *at,
                             const struct function *function, struct expr *const *args,
                             uint32_t arg_count, struct error *err)
{
    struct expr *call = ARENA_NEW(q->arena, struct expr, err);
    struct expr **copies = ARENA_ARRAY(q->arena, struct expr *, arg_count + (size_t)1, err);
    const struct value **constants =
        ARENA_ARRAY(q->arena, const struct value *, arg_count + (size_t)1, err);

    if (call == NULL || copies == NULL || constants == NULL)
        return NULL;
    *call = (struct expr){.kind = EXPR_CALL,
                          .type = TYPE_DYNAMIC,
                          .at = at->at,
                          .weight = 1,
                          .depth = 1,
                          .site = q->site_count++,
                          .function = function,
                          .args = copies,
                          .arg_count = arg_count,
                          .constants = constants};
    for (uint32_t i = 0; i < arg_count; i++) {
        copies[i] = args[i];
        constants[i] = args[i]->kind == EXPR_CONST ? &args[i]->value : NULL;
        count_argument(call, args[i]);
    }
    return call;
}

/* A column's value as it is in the bag, or a member of what is no column. */
static struct expr *member_of(struct query *q, const struct expr *record, const struct expr *e,
                              struct slice name, struct error *err)
{
    const struct expr *merged = record->args[0];
    const struct expr *full = merged->args[1]; /* of no column at all it is a constant */
    const struct expr *bag = full->kind == EXPR_CONST ? full : full->args[0];

    for (uint32_t i = 0; i < bag->arg_count; i += 2) {
        if (slice_equal(bag->args[i]->value.bytes, name))
            return new_call(q, e, &operator_packed, &bag->args[i + 1], 1, err);
    }
    struct expr *const args[2] = {merged->args[0], e->args[1]};
    return new_call(q, e, &operator_member, args, 2, err);
}

/* ---- over the input ---- */

static bool is_packed_text(const struct expr *e)
{
    return e->kind == EXPR_CALL && slice_is(slice_of(e->function->name), "tostring") &&
           e->args[0]->kind == EXPR_CALL && e->args[0]->function == &operator_packed &&
           e->args[0]->args[0]->type == TYPE_STRING;
}

struct expr *expr_over_input(struct query *q, const struct plan *project, struct expr *e,
                             struct error *err)
{
    struct slice name;
    const struct expr *record = record_of(project, e, &name);

    if (record != NULL)
        return member_of(q, record, e, name, err);
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
    copy->weight = copy->depth = 1;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        args[i] = expr_over_input(q, project, e->args[i], err);
        if (args[i] == NULL)
            return NULL;
        count_argument(copy, args[i]);
    }
    return is_packed_text(copy) ? copy->args[0]->args[0] : copy;
}

bool expr_reads_cheaply(const struct plan *project, const struct expr *e, uint32_t *weight)
{
    struct slice name;

    *weight += 1;
    if (*weight > CHEAP_WEIGHT_MAX)
        return false;
    if (record_of(project, e, &name) != NULL)
        return true;
    if (e->kind == EXPR_COLUMN) {
        const struct expr *output = op_project_output(project, e->column);
        *weight += output->weight;
        return expr_is_cheap(output) && *weight <= CHEAP_WEIGHT_MAX;
    }
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!expr_reads_cheaply(project, e->args[i], weight))
            return false;
    }
    return true;
}

/* ---- two projections in one ---- */

/* Counts how often the columns of the projection are read, but for members of records.
 * false: the expression is impure, or too large with what it reads. */
static bool count_reads(const struct plan *project, const struct expr *e, uint32_t *reads,
                        uint32_t *weight)
{
    struct slice name;

    *weight += 1;
    if (e->is_impure || *weight > MERGED_WEIGHT_MAX)
        return false;
    if (record_of(project, e, &name) != NULL)
        return true;
    if (e->kind == EXPR_COLUMN) {
        reads[e->column]++;
        *weight += op_project_output(project, e->column)->weight;
    }
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!count_reads(project, e->args[i], reads, weight))
            return false;
    }
    return *weight <= MERGED_WEIGHT_MAX;
}

static bool has_record(const struct plan *plan)
{
    for (uint32_t c = 0; op_is_project(plan) && c < plan->schema.column_count; c++) {
        const struct expr *output = op_project_output(plan, c);
        if (output->kind == EXPR_CALL && output->function == &function_record)
            return true;
    }
    return false;
}

/* Nothing that costs much is computed more often in one projection than in two; it is for the
 * sake of records alone. */
static bool can_merge(struct query *q, const struct plan *project, const struct output *outputs,
                      uint32_t count, struct error *err)
{
    uint32_t columns = project->schema.column_count;
    uint32_t *reads = ARENA_ARRAY(q->arena, uint32_t, columns + (size_t)1, err);
    uint32_t over = 0, below = 0; /* the depths */

    if (reads == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t weight = 0;
        if (!count_reads(project, outputs[i].expr, reads, &weight))
            return false;
        over = outputs[i].expr->depth > over ? outputs[i].expr->depth : over;
    }
    for (uint32_t c = 0; c < columns; c++) {
        const struct expr *output = op_project_output(project, c);
        if (output->is_impure || (reads[c] > 1 && !expr_is_cheap(output)))
            return false;
        below = output->depth > below ? output->depth : below;
    }
    return over + below <= QUERY_EXPR_DEPTH_MAX;
}

/* Two projections in one, or the one over the other. */
static struct plan *project_over(struct query *q, struct plan *input,
                                 const struct output *outputs, uint32_t count, struct error *err)
{
    err->status = STATUS_OK;
    if (!has_record(input) || !can_merge(q, input, outputs, count, err))
        return err->status == STATUS_OK ? plan_project(q, input, outputs, count, err) : NULL;
    struct output *over = ARENA_ARRAY(q->arena, struct output, count + (size_t)1, err);
    for (uint32_t i = 0; i < count && over != NULL; i++) {
        over[i].name = outputs[i].name;
        over[i].expr = expr_over_input(q, input, outputs[i].expr, err);
        if (over[i].expr == NULL)
            return NULL;
    }
    return over == NULL ? NULL : plan_project(q, input->inputs[0], over, count, err);
}

struct plan *plan_project_over(struct query *q, struct plan *input, const struct output *outputs,
                               uint32_t count, struct error *err)
{
    struct plan *plan = NULL;
    bool goes_below = false;

    for (uint32_t i = 0; op_is_union(input) && i < input->input_count; i++)
        goes_below |= has_record(input->inputs[i]);
    if (goes_below) {
        struct plan **inputs =
            ARENA_ARRAY(q->arena, struct plan *, input->input_count + (size_t)1, err);
        for (uint32_t i = 0; i < input->input_count && inputs != NULL; i++) {
            inputs[i] = project_over(q, input->inputs[i], outputs, count, err);
            if (inputs[i] == NULL)
                return NULL;
        }
        plan = inputs == NULL ? NULL : plan_union(q, inputs, input->input_count, err);
    } else {
        plan = project_over(q, input, outputs, count, err);
    }
    if (plan != NULL) {
        plan->is_serialized = input->is_serialized;
        plan->is_open = input->is_open;
    }
    return plan;
}
