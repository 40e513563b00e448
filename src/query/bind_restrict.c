/* SPDX-License-Identifier: Apache-2.0 */
/* bind_restrict.c - restrict access to (...): which names the statements behind it see.
 *
 * A let keeps the names that stood before it, so one that is named gives its rows though
 * they come of tables that are not.  Names of lets without the hidden ones are a list of
 * their own; a fence at its head says which tables are seen. */
#include "query/bind_priv.h"

/* A name that no query can spell. */
static const char fence_name[] = "\001restrict";

bool bind_is_own_database(const struct node *call)
{
    if (call->kind != NODE_CALL || !slice_is(call->name, "database") || call->by != NULL ||
        call->next != NULL)
        return false;
    const struct node *name = call->args;
    return name == NULL ||
           (name->next == NULL && name->kind == NODE_LITERAL &&
            name->value.type == TYPE_STRING && slice_is(name->value.bytes, BIND_DATABASE));
}

static bool is_named(const struct node *list, struct slice name)
{
    for (const struct node *n = list; n != NULL; n = n->next) {
        if (n->kind == NODE_STAR ? bind_pattern_matches(n->name, name)
                                 : n->kind == NODE_NAME && slice_equal(n->name, name))
            return true;
    }
    return false;
}

bool bind_is_seen(const struct binder *b, struct slice name)
{
    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        if (v->kind == BINDING_FENCE && !is_named(v->node, name))
            return false;
    }
    return true;
}

void *bind_unseen(struct binder *b, struct slice name, uint32_t at)
{
    return bind_fail(b, at, "SEM0100", "'%.*s' is not among what 'restrict access' names",
                     SLICE_FMT(slice_head(name, 128)));
}

/* Of a let: values, and functions that give one, are always seen. */
static bool is_table(struct binder *b, const struct binding *v)
{
    struct node call = {.kind = NODE_CALL, .name = v->name};

    if (v->kind == BINDING_SCALAR || v->kind == BINDING_FENCE)
        return false;
    return v->kind != BINDING_FUNCTION || bind_is_tabular(b, &call);
}

/* A name alone is a let or, if there is none, a table; a pattern means lets only. */
static bool is_let(struct binder *b, const struct node *entity)
{
    if (entity->kind == NODE_STAR)
        return true;
    const struct binding *found =
        entity->kind == NODE_NAME ? bind_find(b, entity->name) : NULL;
    return found != NULL && is_table(b, found);
}

/* The tables among the entities, as a list of names and patterns. */
static bool name_tables(struct binder *b, const struct node *entities, struct node **ret)
{
    struct node **tail = ret;

    for (const struct node *e = entities; e != NULL; e = e->next) {
        const struct node *name = e->kind == NODE_MEMBER ? e->by : e;
        if (is_let(b, e))
            continue;
        if (e->kind == NODE_MEMBER && !bind_is_own_database(e->args))
            return bind_fail(b, e->at, "SEM0100",
                             "there are no other databases and clusters: name tables alone, or "
                             "as database().NAME") != NULL;
        if (name->kind == NODE_NAME && bind_find_function(b, name->name) == NULL &&
            (b->err->status != STATUS_OK || !bind_is_tabular(b, name)))
            return b->err->status == STATUS_OK &&
                   bind_named_table(b, name->name, name->at) != NULL;
        *tail = ARENA_NEW(b->q->arena, struct node, b->err);
        if (*tail == NULL)
            return false;
        **tail = *name;
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    return true;
}

bool bind_restrict(struct binder *b, const struct node *node)
{
    struct binding fence = {.name = slice_of(fence_name), .kind = BINDING_FENCE};
    const struct binding *first = NULL;
    const struct binding **tail = &first;
    struct node *tables = NULL;

    if (!name_tables(b, node->by, &tables))
        return false;
    fence.node = tables;
    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        if (is_table(b, v) && !is_named(node->by, v->name))
            continue;
        struct binding *copy = ARENA_NEW(b->q->arena, struct binding, b->err);
        if (copy == NULL)
            return false;
        *copy = *v;
        copy->next = NULL;
        *tail = copy;
        tail = &copy->next;
    }
    b->bindings = first;
    return bind_push(b, &fence);
}
