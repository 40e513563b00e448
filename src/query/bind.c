/* SPDX-License-Identifier: Apache-2.0 */
/* bind.c - which function binds which operator. */
#include "query/bind_priv.h"

#include "base/limits.h"

/* The rows as they are: render, as, consume. */
static struct plan *bind_nothing(struct binder *b, struct plan *input, const struct node *op)
{
    (void)b;
    (void)op;
    return input;
}

struct node *bind_prefix(struct binder *b, const struct node *pipe, const struct node *op)
{
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node **tail = copy == NULL ? NULL : &copy->args;

    if (copy == NULL)
        return NULL;
    *copy = *pipe;
    for (const struct node *n = pipe->args; n != NULL && n != op; n = n->next) {
        *tail = ARENA_NEW(b->q->arena, struct node, b->err);
        if (*tail == NULL)
            return NULL;
        **tail = *n;
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    return copy;
}

struct slice bind_as_name(const struct node *ops)
{
    struct slice name = slice_from(NULL, 0);

    for (const struct node *op = ops; op != NULL; op = op->next)
        name = slice_is(op->name, "as") ? op->args->name : name;
    return name;
}

static struct plan *bind_as(struct binder *b, struct plan *input, const struct node *pipe,
                            const struct node *op)
{
    struct binding v = {.name = op->args->name,
                        .kind = BINDING_TABLE,
                        .closure = b->bindings,
                        .text = b->text};

    if (pipe == NULL)
        return input;
    if (bind_option_is(op, "hint.materialized", "true")) {
        v.kind = BINDING_CELL;
        v.plan = plan_cell(b->q, input, b->err);
        return v.plan != NULL && bind_push(b, &v) ? plan_reader(b->q, v.plan, b->err) : NULL;
    }
    v.node = bind_prefix(b, pipe, op);
    return v.node != NULL && bind_push(b, &v) ? input : NULL;
}

/* FileProfile(SHA1): a column that a stored function is told about is its name. */
static struct node *name_columns(struct binder *b, const struct plan *input,
                                 const struct node *call)
{
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node **tail = copy == NULL ? NULL : &copy->args;

    if (copy == NULL)
        return NULL;
    *copy = *call;
    for (const struct node *arg = call->args; arg != NULL; arg = arg->next) {
        *tail = ARENA_NEW(b->q->arena, struct node, b->err);
        if (*tail == NULL)
            return NULL;
        **tail = *arg;
        if (arg->kind == NODE_NAME && bind_find(b, arg->name) == NULL &&
            schema_find(&input->schema, arg->name) != UINT32_MAX) {
            (*tail)->kind = NODE_LITERAL;
            (*tail)->value = (struct value){.type = TYPE_STRING, .bytes = arg->name};
        }
        tail = &(*tail)->next;
    }
    return copy;
}

static struct plan *bind_invoke_op(struct binder *b, const struct plan *input,
                                   const struct node *pipe, const struct node *op)
{
    const struct node *call = op->args;
    const struct binding *f = bind_find_function(b, call->name);
    struct expr *expr = NULL;

    if (pipe == NULL)
        return bind_fail(b, op->at, "SEM0100", "'invoke' is not supported inside mv-apply");
    if (f == NULL && b->err->status != STATUS_OK)
        return NULL;
    if (f == NULL || f->kind != BINDING_FUNCTION)
        return bind_unknown(b, call->at, "SEM0260", "function", call->name,
                            slice_from(NULL, 0));
    if (f->is_stored)
        call = name_columns(b, input, call);
    if (call == NULL)
        return NULL;
    struct node *prefix = bind_prefix(b, pipe, op);
    struct plan *plan =
        prefix == NULL ? NULL : bind_function(b, f, call, prefix, &expr);
    if (plan == NULL && b->err->status == STATUS_OK)
        return bind_fail(b, call->at, "SEM0100", "'%.*s' gives no table",
                         SLICE_FMT(slice_head(call->name, 128)));
    return plan;
}

static const struct {
    const char *name;
    bind_operator_fn *bind;
} operators[] = {
    {"where", bind_where},
    {"filter", bind_where},
    {"project", bind_project},
    {"extend", bind_extend},
    {"project-away", bind_project_away},
    {"project-keep", bind_project_keep},
    {"project-rename", bind_project_rename},
    {"project-reorder", bind_project_reorder},
    {"summarize", bind_summarize},
    {"distinct", bind_distinct},
    {"count", bind_count_op},
    {"sort", bind_sort},
    {"order", bind_sort},
    {"top", bind_top},
    {"take", bind_take},
    {"limit", bind_take},
    {"sample", bind_sample},
    {"sample-distinct", bind_sample_distinct},
    {"top-hitters", bind_top_hitters},
    {"top-nested", bind_top_nested},
    {"project-by-names", bind_project_by_names},
    {"partition", bind_partition},
    {"scan", bind_scan},
    {"make-series", bind_make_series},
    {"search", bind_search},
    {"fork", bind_fork},
    {"facet", bind_facet},
    {"reduce", bind_reduce},
    {"join", bind_join},
    {"lookup", bind_join},
    {"union", bind_union},
    {"mv-expand", bind_expand},
    {"mvexpand", bind_expand},
    {"mv-apply", bind_apply},
    {"mvapply", bind_apply},
    {"parse", bind_parse},
    {"parse-where", bind_parse},
    {"parse-kv", bind_parse_kv},
    {"evaluate", bind_evaluate},
    {"serialize", bind_serialize},
    {"getschema", bind_getschema},
    {"render", bind_nothing},
    {"consume", bind_nothing},
};

/* Whether the table behind an operator has further columns, since one before it has. */
static bool stays_open(const struct plan *plan, const struct plan *input, const struct node *op)
{
    static const char *const naming[] = {
        "project",     "project-keep", "summarize",   "distinct",   "count",
        "getschema",   "reduce",       "make-series", "top-nested", "top-hitters",
        "sample-distinct"};
    bool open = plan->is_open || input->is_open;

    for (uint32_t i = 0; i < plan->input_count; i++)
        open = open || plan->inputs[i]->is_open;
    for (size_t i = 0; i < sizeof(naming) / sizeof(naming[0]); i++)
        open = open && !slice_is(op->name, naming[i]);
    return open;
}

static struct plan *bind_one(struct binder *b, struct plan *input, const struct node *pipe,
                             const struct node *op)
{
    struct scope scope = b->scope;
    struct plan *plan = NULL;

    if (input->depth > BIND_PLAN_DEPTH_MAX) {
        bind_fail(b, op->at, "E_QUERY_TOO_COMPLEX", "query too complex: more than %u operators",
                  BIND_PLAN_DEPTH_MAX);
        b->err->status = STATUS_LIMIT;
        return NULL;
    }
    if (query_check(b->q, b->err) != STATUS_OK || !bind_check_options(b, op))
        return NULL;
    if (slice_is(op->name, "as"))
        return bind_as(b, input, pipe, op);
    if (slice_is(op->name, "invoke"))
        return bind_invoke_op(b, input, pipe, op);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!slice_is(op->name, operators[i].name))
            continue;
        b->scope = (struct scope){.columns = &input->schema, .is_open = input->is_open};
        b->aggregates = NULL;
        plan = operators[i].bind(b, input, op);
        b->scope = scope;
        b->aggregates = NULL;
        b->windows = NULL;
        if (plan != NULL)
            plan->is_open = stays_open(plan, input, op);
        if (plan != NULL && plan->schema.column_count > 0 &&
            !bind_has_room(b, plan->schema.column_count - 1, op->at))
            return NULL;
        return plan;
    }
    return bind_fail(b, op->at, "SEM0100", "operator '%.*s' is not supported",
                     SLICE_FMT(slice_head(op->name, 64)));
}

struct plan *bind_operator(struct binder *b, struct plan *input, const struct node *pipe,
                           const struct node *op)
{
    const struct node *outer = b->pipe;

    if (!bind_enter(b, op->at, 1))
        return NULL;
    b->pipe = pipe;
    struct plan *plan = bind_one(b, input, pipe, op);
    b->pipe = outer;
    b->levels--;
    return plan;
}
