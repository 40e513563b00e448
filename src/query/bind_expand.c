/* SPDX-License-Identifier: Apache-2.0 */
/* bind_expand.c - mv-expand and mv-apply. */
#include "base/limits.h"
#include "query/bind_priv.h"

/* Rows of each row that mvexpand, the old form of mv-expand, gives where no limit is said. */
#define LEGACY_ROWS_MAX 128

struct expansion {
    struct expand_spec spec;
    struct expand_column *columns;
    struct column *schema; /* input columns, changed and added to */
    uint32_t count, width;
};

static bool add_column(struct binder *b, struct expansion *x, const struct node *item,
                       const struct node *type)
{
    struct expr *expr = bind_expr(b, item);
    struct slice name = bind_name_of(b, item);

    if (expr == NULL)
        return false;
    enum type to = type->kind == NODE_TYPEOF ? type->value.type : TYPE_DYNAMIC;
    if (expr->type != TYPE_DYNAMIC && expr->type != TYPE_STRING) {
        bind_fail(b, item->at, "SEM0100", "'%.*s' is %s, a dynamic is needed",
                  SLICE_FMT(slice_head(name, 128)), type_phrase(expr->type));
        return false;
    }
    if (expr->type == TYPE_STRING) { /* a text is one element */
        if (type->kind != NODE_TYPEOF)
            to = TYPE_STRING;
        expr = bind_cast(b, expr, TYPE_DYNAMIC);
        if (expr == NULL)
            return false;
    }
    const struct node *target = item->kind == NODE_NAMED ? item->by : NULL;
    if (target != NULL || item->kind == NODE_NAME)
        name = target != NULL ? target->name : item->name;
    struct schema now = {x->schema, x->width};
    bool is_unnamed = name.size == 0;
    for (uint32_t n = 1; is_unnamed && (n == 1 || schema_find(&now, name) != UINT32_MAX); n++) {
        name = bind_numbered(b, SLICE("Column"), n);
        if (name.data == NULL)
            return false;
    }
    uint32_t at = schema_find(&now, name);
    if (at == UINT32_MAX) {
        at = x->width++;
        x->schema[at].name = name;
    }
    x->schema[at].type = to;
    x->columns[x->count++] = (struct expand_column){expr, at, to};
    return true;
}

static bool bind_expansion(struct binder *b, struct plan *input, const struct node *op,
                           struct expansion *x)
{
    const struct node *index = bind_param(op, "with_itemindex");
    const struct node *limit = bind_param(op, "limit");
    uint32_t items = node_count(op->args);

    x->width = input->schema.column_count;
    x->schema = ARENA_ARRAY(b->q->arena, struct column, x->width + items + 2, b->err);
    x->columns = ARENA_ARRAY(b->q->arena, struct expand_column, items + 1, b->err);
    if (x->schema == NULL || x->columns == NULL)
        return false;
    memcpy(x->schema, input->schema.columns, x->width * sizeof(*x->schema));
    const struct node *type = op->by;
    for (const struct node *item = op->args; item != NULL; item = item->next, type = type->next) {
        if (!add_column(b, x, item, type))
            return false;
    }
    x->spec.index_column = UINT32_MAX;
    if (index != NULL) {
        struct schema now = {x->schema, x->width};
        struct slice name = index->name;
        for (uint32_t n = 1; name.data != NULL && schema_find(&now, name) != UINT32_MAX; n++)
            name = bind_numbered(b, index->name, n);
        if (name.data == NULL)
            return false;
        x->spec.index_column = x->width;
        x->schema[x->width++] = (struct column){name, TYPE_LONG};
    }
    x->spec.limit =
        slice_is(op->name, "mvexpand") ? LEGACY_ROWS_MAX : QUERY_OPERATOR_ROWS_MAX;
    if (limit != NULL && !bind_count(b, limit, &x->spec.limit))
        return false;
    x->spec.arrays = bind_option_is(op, "bagexpansion", "array") ||
                     bind_option_is(op, "kind", "array");
    struct schema *schema = ARENA_NEW(b->q->arena, struct schema, b->err);
    if (schema == NULL)
        return false;
    *schema = (struct schema){x->schema, x->width};
    x->spec.schema = schema;
    x->spec.columns = x->columns;
    x->spec.column_count = x->count;
    return true;
}

struct plan *bind_expand(struct binder *b, struct plan *input, const struct node *op)
{
    struct expansion x = {0};
    return bind_expansion(b, input, op, &x) ? plan_expand(b->q, input, &x.spec, b->err) : NULL;
}

/* The input's columns that are not expanded, then what the operators gave. */
static bool bind_result(struct binder *b, const struct plan *input, const struct plan *inner,
                        struct expansion *x)
{
    uint32_t room = input->schema.column_count + inner->schema.column_count + 1;
    struct schema *result = ARENA_NEW(b->q->arena, struct schema, b->err);
    struct column *columns = ARENA_ARRAY(b->q->arena, struct column, room, b->err);
    uint32_t *origins = ARENA_ARRAY(b->q->arena, uint32_t, room, b->err);
    uint32_t count = 0;

    if (result == NULL || columns == NULL || origins == NULL)
        return false;
    for (uint32_t c = 0; c < input->schema.column_count; c++) {
        uint32_t at = schema_find(&inner->schema, input->schema.columns[c].name);
        bool expanded = false;
        for (uint32_t i = 0; i < x->count; i++)
            expanded = expanded || x->columns[i].target == c;
        if (at == UINT32_MAX && expanded)
            continue;
        columns[count] = at == UINT32_MAX ? input->schema.columns[c] : inner->schema.columns[at];
        origins[count++] = at == UINT32_MAX ? EXPAND_OUTER | c : at;
    }
    for (uint32_t c = 0; c < inner->schema.column_count; c++) {
        if (schema_find(&input->schema, inner->schema.columns[c].name) != UINT32_MAX)
            continue;
        columns[count] = inner->schema.columns[c];
        origins[count++] = c;
    }
    *result = (struct schema){columns, count};
    x->spec.result = result;
    x->spec.origins = origins;
    return true;
}

struct plan *bind_apply(struct binder *b, struct plan *input, const struct node *op)
{
    struct expansion x = {0};
    struct scope scope = b->scope;

    if (!bind_expansion(b, input, op, &x))
        return NULL;
    struct plan *inner = plan_given(b->q, input, x.spec.schema, b->err);
    for (const struct node *o = op->body; o != NULL && inner != NULL; o = o->next)
        inner = bind_operator(b, inner, NULL, o);
    b->scope = scope;
    if (inner == NULL || !bind_result(b, input, inner, &x))
        return NULL;
    x.spec.apply = inner;
    return plan_expand(b->q, input, &x.spec, b->err);
}
