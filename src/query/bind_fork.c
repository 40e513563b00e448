/* SPDX-License-Identifier: Apache-2.0 */
/* bind_fork.c - fork and facet, and what operators that give several tables have in common.
 *
 * The first table is the operator's result, as of any other.  Where the operator ends the
 * query, the further ones follow in the answer: each is a plan of its own over the same
 * rows, so that each reads only what it needs. */
#include "query/bind_priv.h"

#include "base/limits.h"

#include <stdio.h>

static bool is_wanted(const struct binder *b, const struct node *op)
{
    return op == b->last_operator && b->q->takes_tables;
}

struct plan *bind_again(struct binder *b, const struct node *op)
{
    struct scope scope = b->scope;

    if (b->pipe == NULL)
        return NULL;
    struct node *prefix = bind_prefix(b, b->pipe, op);
    b->scope = (struct scope){0};
    struct plan *plan = prefix == NULL ? NULL : bind_table(b, prefix);
    b->scope = scope;
    return plan;
}

bool bind_further(struct binder *b, const struct node *op, struct slice name, struct plan *plan)
{
    struct further **tail = &b->q->further;
    char number[24];
    uint32_t count = 2;

    if (plan == NULL || !is_wanted(b, op))
        return b->err->status == STATUS_OK;
    for (; *tail != NULL; tail = &(*tail)->next)
        count++;
    (void)snprintf(number, sizeof(number), "Table%u", count);
    *tail = ARENA_NEW(b->q->arena, struct further, b->err);
    if (*tail == NULL)
        return false;
    (*tail)->plan = plan;
    (*tail)->name =
        name.size > 0 ? name : arena_copy(b->q->arena, slice_of(number), b->err);
    return (*tail)->name.data != NULL;
}

void bind_more(struct binder *b, const struct node *op, const char *what, uint32_t count)
{
    if (count > 1 && !is_wanted(b, op))
        bind_warn(b, op->at, "KS_TABLES", "%s gives %u tables, this is the first of them", what,
                  count);
}

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
    bind_more(b, op, "fork", node_count(op->body));
    struct plan *first = bind_operators(b, input, op->body->body);
    for (const struct node *branch = op->body->next; branch != NULL && first != NULL;
         branch = branch->next) {
        struct plan *again = bind_again(b, op);
        if (again != NULL)
            again = bind_operators(b, again, branch->body);
        struct slice name = branch->name.size > 0 ? branch->name : bind_as_name(branch->body);
        if (!bind_further(b, op, name, again))
            return NULL;
    }
    return first;
}

/* The values of one column and how often each comes. */
static struct plan *facet_of(struct binder *b, struct plan *input, const struct node *op,
                             const struct node *item)
{
    struct node *column = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node *name = ARENA_NEW(b->q->arena, struct node, b->err);

    if (column == NULL || name == NULL)
        return NULL;
    *column = *item;
    column->next = NULL;
    *name = (struct node){.kind = NODE_NAME,
                          .at = op->at,
                          .name = bind_join_name(b, "count_", bind_name_of(b, item))};
    const struct node *args[2] = {column, name};
    return name->name.data == NULL
               ? NULL
               : bind_macro(b, input, op->at, "__input | summarize __2 = count() by __1", args,
                            2);
}

struct plan *bind_facet(struct binder *b, struct plan *input, const struct node *op)
{
    bind_more(b, op, "facet", node_count(op->args) + (op->body != NULL));
    struct plan *first = facet_of(b, input, op, op->args);
    for (const struct node *item = op->args->next; item != NULL && first != NULL;
         item = item->next) {
        struct plan *again = bind_again(b, op);
        if (again != NULL)
            again = facet_of(b, again, op, item);
        if (!bind_further(b, op, bind_name_of(b, item), again))
            return NULL;
    }
    if (op->body == NULL || first == NULL)
        return first;
    struct plan *again = bind_again(b, op);
    if (again != NULL)
        again = bind_operators(b, again, op->body);
    return bind_further(b, op, slice_from(NULL, 0), again) ? first : NULL;
}
