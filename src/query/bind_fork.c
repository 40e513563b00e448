/* SPDX-License-Identifier: Apache-2.0 */
/* bind_fork.c - fork and facet give several tables, an answer has one: the first, and a
 * warning that there are more. */
#include "query/bind_priv.h"

static struct plan *bind_operators(struct binder *b, struct plan *input, const struct node *list)
{
    struct scope scope = b->scope;

    for (const struct node *o = list; o != NULL && input != NULL; o = o->next)
        input = bind_operator(b, input, NULL, o);
    b->scope = scope;
    return input;
}

struct plan *bind_fork(struct binder *b, struct plan *input, const struct node *op)
{
    uint32_t count = node_count(op->body);

    if (count > 1)
        bind_warn(b, op->at, "KS_TABLES", "fork gives %u tables, this is the first of them",
                  count);
    return bind_operators(b, input, op->body->body);
}

struct plan *bind_facet(struct binder *b, struct plan *input, const struct node *op)
{
    uint32_t count = node_count(op->args) + (op->body != NULL);
    struct node *column = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node *name = ARENA_NEW(b->q->arena, struct node, b->err);

    if (column == NULL || name == NULL)
        return NULL;
    if (count > 1)
        bind_warn(b, op->at, "KS_TABLES", "facet gives %u tables, this is the first of them",
                  count);
    *column = *op->args;
    column->next = NULL;
    *name = (struct node){.kind = NODE_NAME,
                          .at = op->at,
                          .name = bind_join_name(b, "count_", bind_name_of(b, op->args))};
    const struct node *args[2] = {column, name};
    return name->name.data == NULL
               ? NULL
               : bind_macro(b, input, op->at, "__input | summarize __2 = count() by __1", args,
                            2);
}
