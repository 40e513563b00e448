/* SPDX-License-Identifier: Apache-2.0 */
/* bind_source.c - datatable, print, range; which function binds which source. */
#include "query/bind_priv.h"
#include "query/rowset_priv.h"

bool bind_declared(struct binder *b, const struct node *columns, struct schema *ret)
{
    uint32_t count = node_count(columns);
    struct column *list = ARENA_ARRAY(b->q->arena, struct column, count + 1, b->err);
    uint32_t i = 0;

    for (; list != NULL && columns != NULL; columns = columns->next)
        list[i++] = (struct column){columns->name, columns->value.type};
    *ret = (struct schema){list, count};
    return list != NULL;
}

static struct plan *datatable(struct binder *b, const struct node *node)
{
    struct schema schema;
    uint32_t column = 0;

    if (!bind_declared(b, node->by, &schema))
        return NULL;
    struct rowset *rows = rowset_new(b->q->arena, &schema, NULL, b->err);
    struct value *values =
        ARENA_ARRAY(b->q->arena, struct value, schema.column_count + 1, b->err);
    if (rows == NULL || values == NULL)
        return NULL;
    if (schema.column_count == 0 || node_count(node->args) % schema.column_count != 0)
        return bind_fail(b, node->at, "SYN0002", "%u values do not fill rows of %u columns",
                         node_count(node->args), schema.column_count);
    for (const struct node *v = node->args; v != NULL; v = v->next) {
        const struct expr *given = bind_constant(b, v);
        struct expr *expr = given == NULL ? NULL : bind_const_expr(b, &given->value, given->at);
        expr = expr == NULL ? NULL : bind_cast(b, expr, schema.columns[column].type);
        if (expr == NULL)
            return NULL;
        bind_warn_lost(b, v->at, &given->value, &expr->value);
        values[column++] = expr->value;
        if (column == schema.column_count) {
            column = 0;
            if (rowset_add_values(rows, values, b->err) != STATUS_OK)
                return NULL;
        }
    }
    return plan_rows(b->q, &schema, rows, b->err);
}

static struct plan *print(struct binder *b, const struct node *node)
{
    static const struct schema none = {NULL, 0};
    struct rowset *rows = rowset_new(b->q->arena, &none, NULL, b->err);
    struct scope scope = b->scope;

    if (rows == NULL || rowset_add_values(rows, NULL, b->err) != STATUS_OK)
        return NULL;
    struct plan *one = plan_rows(b->q, &none, rows, b->err);
    if (one == NULL)
        return NULL;
    b->scope = (struct scope){.columns = &one->schema};
    struct plan *plan = bind_project(b, one, node);
    b->scope = scope;
    return plan;
}

/* The types of start, end and step: one that has a distance, and the distance's. */
static bool range_types(struct binder *b, const struct node *const *nodes,
                        struct expr *const *exprs, enum type *ret)
{
    static const char *const words[] = {"start", "end", "step"};
    enum type type = exprs[0]->type;
    bool is_time = type == TYPE_DATETIME || type == TYPE_TIMESPAN;

    if (!is_time && !type_is_number(type)) {
        bind_fail(b, nodes[0]->at, "SEM0100", "range needs numbers, datetimes or timespans");
        return false;
    }
    for (int i = 1; i < 3; i++) {
        enum type is = exprs[i]->type;
        enum type want = is_time && i == 2 ? TYPE_TIMESPAN : type;
        if (is == want || is == TYPE_DYNAMIC || (type_is_number(is) && type_is_number(want)))
            continue;
        bind_fail(b, nodes[i]->at, "SEM0100", "the %s of range is %s, %s is needed", words[i],
                  type_phrase(is), type_phrase(want));
        return false;
    }
    if (!is_time)
        type = type == TYPE_REAL || exprs[1]->type == TYPE_REAL || exprs[2]->type == TYPE_REAL
                   ? TYPE_REAL
                   : TYPE_LONG;
    ret[0] = ret[1] = type;
    ret[2] = is_time ? TYPE_TIMESPAN : type;
    return true;
}

static struct plan *range(struct binder *b, const struct node *node)
{
    const struct node *nodes[3] = {node->args, node->args->next, node->args->next->next};
    struct expr *exprs[3];
    enum type types[3];

    for (int i = 0; i < 3; i++) {
        exprs[i] = bind_constant(b, nodes[i]);
        if (exprs[i] == NULL)
            return NULL;
    }
    if (!range_types(b, nodes, exprs, types))
        return NULL;
    for (int i = 0; i < 3; i++) {
        exprs[i] = bind_cast(b, exprs[i], types[i]);
        if (exprs[i] == NULL)
            return NULL;
        if (exprs[i]->value.is_null)
            return bind_fail(b, nodes[i]->at, "SEM0100",
                             "range needs values that are not null");
    }
    const struct value *step = &exprs[2]->value;
    if (step->type == TYPE_REAL ? !(step->real < 0 || step->real > 0) : step->integer == 0)
        return bind_fail(b, nodes[2]->at, "SEM0100", "the step of range must not be 0");
    return plan_range(b->q, node->by->name, &exprs[0]->value, &exprs[1]->value, step, b->err);
}

struct plan *bind_source(struct binder *b, const struct node *node)
{
    if (!bind_check_options(b, node))
        return NULL;
    if (slice_is(node->name, "datatable"))
        return datatable(b, node);
    if (slice_is(node->name, "print"))
        return print(b, node);
    if (slice_is(node->name, "range"))
        return range(b, node);
    if (slice_is(node->name, "search") || slice_is(node->name, "find"))
        return bind_search(b, NULL, node);
    if (slice_is(node->name, "evaluate"))
        return bind_evaluate(b, NULL, node);
    return bind_externaldata(b, node);
}
