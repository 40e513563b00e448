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
        struct expr *expr = bind_constant(b, v);
        expr = expr == NULL ? NULL : bind_cast(b, expr, schema.columns[column].type);
        if (expr == NULL)
            return NULL;
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

static struct plan *range(struct binder *b, const struct node *node)
{
    struct expr *exprs[3];
    const struct node *arg = node->args;

    for (int i = 0; i < 3; i++, arg = arg->next) {
        exprs[i] = bind_constant(b, arg);
        if (exprs[i] == NULL)
            return NULL;
    }
    enum type type = exprs[0]->type;
    enum type step = TYPE_LONG;
    if (type == TYPE_DATETIME || type == TYPE_TIMESPAN) {
        step = TYPE_TIMESPAN;
    } else if (type_is_number(type)) {
        type = type == TYPE_REAL || exprs[1]->type == TYPE_REAL || exprs[2]->type == TYPE_REAL
                   ? TYPE_REAL
                   : TYPE_LONG;
        step = type;
    } else {
        return bind_fail(b, node->at, "SEM0100", "range needs numbers, datetimes or timespans");
    }
    exprs[0] = bind_cast(b, exprs[0], type);
    exprs[1] = bind_cast(b, exprs[1], type);
    exprs[2] = bind_cast(b, exprs[2], step);
    for (int i = 0; i < 3; i++) {
        if (exprs[i] == NULL)
            return NULL;
        if (exprs[i]->value.is_null)
            return bind_fail(b, node->at, "SEM0100", "range needs values that are not null");
    }
    return plan_range(b->q, node->by->name, &exprs[0]->value, &exprs[1]->value, &exprs[2]->value,
                      b->err);
}

struct plan *bind_source(struct binder *b, const struct node *node)
{
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
