/* SPDX-License-Identifier: Apache-2.0 */
/* bind_names.c - project-by-names: columns named by constant texts and arrays. */
#include "query/bind_priv.h"
#include "table/dynamic.h"

struct picked {
    struct output *outputs;
    uint32_t count;
};

/* A name that is no column is passed over; one that is named twice stands once. */
static bool pick(struct binder *b, const struct schema *schema, struct slice pattern,
                 struct picked *p)
{
    for (uint32_t c = 0; c < schema->column_count; c++) {
        const struct column *column = &schema->columns[c];
        bool old = !bind_pattern_matches(pattern, column->name);
        for (uint32_t i = 0; i < p->count; i++)
            old = old || slice_equal(p->outputs[i].name, column->name);
        if (old)
            continue;
        p->outputs[p->count].name = column->name;
        p->outputs[p->count].expr = bind_column_expr(b, c, column->type, 0);
        if (p->outputs[p->count++].expr == NULL)
            return false;
    }
    return true;
}

static bool pick_argument(struct binder *b, const struct schema *schema, const struct node *arg,
                          struct picked *p)
{
    struct slice name;
    struct expr *expr = bind_constant(b, arg);

    if (expr == NULL)
        return false;
    if (expr->type == TYPE_STRING)
        return pick(b, schema, expr->value.bytes, p);
    if (expr->type != TYPE_DYNAMIC) {
        bind_fail(b, arg->at, "SEM0100", "expected names: texts or arrays of texts");
        return false;
    }
    if (expr->value.is_null || dynamic_kind(expr->value.bytes) != JSON_ARRAY)
        return true;
    struct dynamic_iterator it = dynamic_iterate(expr->value.bytes);
    while (dynamic_next(&it)) {
        if (dynamic_to_string(b->q->arena, it.value, &name, b->err) != STATUS_OK ||
            !pick(b, schema, name, p))
            return false;
    }
    return true;
}

struct plan *bind_project_by_names(struct binder *b, struct plan *input, const struct node *op)
{
    struct picked p = {0};

    p.outputs =
        ARENA_ARRAY(b->q->arena, struct output, input->schema.column_count + 1, b->err);
    if (p.outputs == NULL)
        return NULL;
    for (const struct node *arg = op->args; arg != NULL; arg = arg->next) {
        if (!pick_argument(b, &input->schema, arg, &p))
            return NULL;
    }
    return plan_project(b->q, input, p.outputs, p.count, b->err);
}
