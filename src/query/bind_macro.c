/* SPDX-License-Identifier: Apache-2.0 */
/* bind_macro.c - operators written in terms of others: a query text whose
 * placeholders are replaced by the operator's arguments. */
#include "base/limits.h"
#include "base/text.h"
#include "query/bind_priv.h"

static bool rewrite_list(struct binder *b, const struct node *list, bind_change_fn *change,
                         void *context, struct node **ret)
{
    *ret = bind_rewrite(b, list, change, context);
    return list == NULL || *ret != NULL;
}

struct node *bind_rewrite(struct binder *b, const struct node *list, bind_change_fn *change,
                          void *context)
{
    struct node *first = NULL;
    struct node **tail = &first;

    if (++b->weight > QUERY_NODES_MAX)
        return bind_fail(b, 0, "E_QUERY_TOO_COMPLEX", "query too complex");
    for (const struct node *n = list; n != NULL; n = n->next) {
        const struct node *given = change(b, context, n);
        if (b->err->status != STATUS_OK)
            return NULL;
        const struct node *from = given != NULL ? given : n;
        do {
            struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);
            if (copy == NULL)
                return NULL;
            *copy = *from;
            copy->next = NULL;
            *tail = copy;
            tail = &copy->next;
            from = from->next;
            if (given == NULL && (!rewrite_list(b, n->args, change, context, &copy->args) ||
                                  !rewrite_list(b, n->by, change, context, &copy->by) ||
                                  !rewrite_list(b, n->params, change, context, &copy->params) ||
                                  !rewrite_list(b, n->body, change, context, &copy->body)))
                return NULL;
        } while (given != NULL && from != NULL);
    }
    return first;
}

struct placeholders {
    const struct node *const *args;
    uint32_t count;
};

static const struct node *put_argument(struct binder *b, void *context, const struct node *node)
{
    const struct placeholders *p = context;
    struct slice name = node->name;

    (void)b;
    if (node->kind != NODE_NAME || name.size < 3 || memcmp(name.data, "__", 2) != 0)
        return NULL;
    uint64_t number = 0;
    if (!text_parse_u64(slice_tail(name, 2), &number) || number == 0 || number > p->count)
        return NULL;
    return p->args[number - 1];
}

/* Errors about what the text itself says point at the operator. */
static void place_at(struct node *list, uint32_t at)
{
    for (struct node *n = list; n != NULL; n = n->next) {
        n->at = at;
        place_at(n->args, at);
        place_at(n->by, at);
        place_at(n->params, at);
        place_at(n->body, at);
    }
}

struct plan *bind_macro(struct binder *b, struct plan *input, uint32_t at, const char *text,
                        const struct node *const *args, uint32_t arg_count)
{
    static const char name[] = "__input";
    struct placeholders p = {args, arg_count};
    struct binding v = {.name = slice_of(name), .kind = BINDING_SCHEMA, .plan = input};
    const struct binding *outer = b->bindings;
    struct slice copy = arena_copy(b->q->arena, slice_of(text), b->err);
    struct scope scope = b->scope;
    struct node *tree;
    struct expr *expr = NULL;

    const char *first = strstr(text, name);
    if (first != NULL && strstr(first + 1, name) != NULL) {
        v.kind = BINDING_CELL;
        v.plan = plan_cell(b->q, input, b->err);
    }
    if (copy.data == NULL || v.plan == NULL ||
        parse_query(b->q->arena, copy, &tree, b->err) != STATUS_OK)
        return NULL;
    place_at(tree, at);
    tree = bind_rewrite(b, tree, put_argument, &p);
    if (tree == NULL || !bind_push(b, &v))
        return NULL;
    b->scope = (struct scope){0};
    struct plan *plan = bind_statements(b, tree, &expr);
    b->scope = scope;
    b->bindings = outer;
    return plan;
}

/* ---- the operators that are one text ---- */

struct plan *bind_sample(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[1] = {op->args};
    return bind_macro(b, input, op->at,
                      "__input | extend __random = rand() | top __1 by __random"
                      " | project-away __random",
                      args, 1);
}

struct plan *bind_sample_distinct(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[2] = {op->args, op->by};
    return bind_macro(b, input, op->at, "__input | distinct __2 | sample __1", args, 2);
}

struct plan *bind_top_hitters(struct binder *b, struct plan *input, const struct node *op)
{
    struct slice what = bind_name_of(b, op->body != NULL ? op->body : op->by);
    struct node name = {.kind = NODE_NAME,
                        .at = op->at,
                        .name = bind_join_name(b,
                                               op->body != NULL ? "approximate_sum_"
                                                                : "approximate_count_",
                                               what)};
    const struct node *args[4] = {op->args, op->by, &name, op->body};

    return name.name.data == NULL
               ? NULL
               : bind_macro(b, input, op->at,
                            op->body != NULL
                                ? "__input | summarize __3 = sum(__4) by __2 | top __1 by __3"
                                : "__input | summarize __3 = count() by __2 | top __1 by __3",
                            args, op->body != NULL ? 4 : 3);
}
