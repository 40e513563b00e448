/* SPDX-License-Identifier: Apache-2.0 */
/* bind_summarize.c - summarize, distinct, count: keys, aggregates, and a
 * projection over them for expressions such as sum(a) / count(). */
#include "query/bind_priv.h"

static struct slice unnamed(struct binder *b, uint32_t number)
{
    return bind_numbered(b, SLICE("Column"), number);
}

/* Keys of `by`, named; *ret has room for all columns of the input too. */
static bool bind_keys(struct binder *b, struct plan *input, const struct node *list,
                      struct output **ret, uint32_t *ret_count, uint32_t *unnamed_count)
{
    uint32_t room = node_count(list) + 1;

    for (const struct node *item = list; item != NULL; item = item->next)
        room += item->kind == NODE_STAR ? input->schema.column_count : 0;
    struct output *keys = ARENA_ARRAY(b->q->arena, struct output, room, b->err);
    uint32_t count = 0;
    for (const struct node *item = list; item != NULL && keys != NULL; item = item->next) {
        if (item->kind == NODE_STAR) {
            for (uint32_t i = 0; i < input->schema.column_count; i++) {
                const struct column *c = &input->schema.columns[i];
                if (!bind_pattern_matches(item->name, c->name))
                    continue;
                if (!bind_has_room(b, count, item->at))
                    return false;
                keys[count].name = c->name;
                keys[count].expr = bind_column_expr(b, i, c->type, item->at);
                if (keys[count++].expr == NULL)
                    return false;
            }
            continue;
        }
        struct expr *expr = bind_has_room(b, count, item->at) ? bind_expr(b, item) : NULL;
        if (expr == NULL)
            return false;
        struct slice name = bind_name_of(b, item);
        if (name.size == 0)
            name = unnamed(b, ++*unnamed_count);
        keys[count].name = bind_free_name(b, keys, count, name);
        keys[count++].expr = expr;
    }
    *ret = keys;
    *ret_count = count;
    return keys != NULL;
}

static bool is_alone(const struct aggregates *a, uint32_t calls_before, const struct expr *expr)
{
    return a->count == calls_before + 1 && expr->kind == EXPR_COLUMN &&
           expr->column >= a->key_count;
}

struct results {
    struct output *outputs;
    uint32_t count, capacity;
};

static bool add_result(struct binder *b, struct results *r, struct slice name, struct expr *expr)
{
    if (expr == NULL || !bind_has_room(b, r->count, expr->at))
        return false;
    if (r->count == r->capacity) {
        uint32_t capacity = r->capacity == 0 ? 32 : r->capacity * 2;
        struct output *outputs = ARENA_ARRAY(b->q->arena, struct output, capacity, b->err);
        if (outputs == NULL)
            return false;
        if (r->count > 0)
            memcpy(outputs, r->outputs, r->count * sizeof(*outputs));
        r->outputs = outputs;
        r->capacity = capacity;
    }
    r->outputs[r->count].name = bind_free_name(b, r->outputs, r->count, name);
    r->outputs[r->count++].expr = expr;
    return true;
}

/* percentiles(x, 50, 95) is one column a percentile: spelled as single calls, which share
 * their samples (share_samples()). */
static const struct node *split_percentiles(struct binder *b, const struct node *item,
                                            struct node **ret_list)
{
    const struct node *call = item->kind == NODE_NAMED ? item->args : item;
    struct node **tail = ret_list;
    bool weighted = slice_is(call->name, "percentilesw") || slice_is(call->name, "percentilew");
    const struct node *name = item->kind == NODE_NAMED ? item->by : NULL;

    if (call->kind != NODE_CALL || node_count(call->args) < (weighted ? 3 : 2) ||
        (!slice_is(call->name, "percentiles") && !slice_is(call->name, "percentile") &&
         !weighted))
        return item;
    struct slice base = bind_name_of(b, call->args);
    const struct node *first = weighted ? call->args->next->next : call->args->next;
    for (const struct node *p = first; p != NULL; p = p->next) {
        struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 6, b->err);
        if (nodes == NULL)
            return NULL;
        struct expr *percent = bind_constant(b, p);
        if (percent == NULL)
            return NULL;
        struct slice text;
        struct expr *as_text = bind_cast(b, percent, TYPE_STRING);
        if (as_text == NULL)
            return NULL;
        text = as_text->value.bytes;
        nodes[0] = (struct node){.kind = NODE_NAMED, .at = item->at};
        nodes[1] = *call;
        nodes[1].name = weighted ? SLICE("percentilew") : SLICE("percentile");
        nodes[1].next = NULL;
        nodes[2] = *call->args;
        nodes[1].args = &nodes[2];
        nodes[3] = *p;
        nodes[3].next = NULL;
        if (weighted) {
            nodes[4] = *call->args->next;
            nodes[2].next = &nodes[4];
            nodes[4].next = &nodes[3];
        } else {
            nodes[2].next = &nodes[3];
        }
        nodes[5] = (struct node){.kind = NODE_NAME, .at = item->at};
        struct buf buf;
        buf_init(&buf, base.size + text.size + 16 + (name != NULL ? name->name.size : 0));
        if (name != NULL) {
            buf_add_slice(&buf, name->name);
            name = name->next;
        } else {
            buf_add_text(&buf, "percentile_");
            buf_add_slice(&buf, base);
            buf_add_byte(&buf, '_');
            for (size_t i = 0; i < text.size; i++)
                buf_add_byte(&buf, text.data[i] == '.' ? '_' : text.data[i]);
        }
        nodes[5].name = arena_copy(b->q->arena, buf_slice(&buf), b->err);
        buf_release(&buf);
        nodes[0].by = &nodes[5];
        nodes[0].args = &nodes[1];
        *tail = &nodes[0];
        tail = &nodes[0].next;
    }
    return *ret_list;
}

/* The name of a further column of a row picker: argmax() and any() put a prefix before it,
 * what has no name is numbered. */
static struct slice picked_name(struct binder *b, const struct node *call, struct slice name,
                                uint32_t index)
{
    bool old = slice_is(call->name, "argmax") || slice_is(call->name, "argmin") ||
               slice_is(call->name, "any");
    bool any = slice_is(call->name, "take_any") || slice_is(call->name, "any");
    struct buf buf;

    if (name.size > 0 && !old)
        return name;
    struct slice base = any ? SLICE("any") : bind_name_of(b, call->args);
    buf_init(&buf, base.size + name.size + 32);
    if (!any) {
        buf_add_slice(&buf, slice_tail(call->name, call->name.size - 3));
        buf_add_byte(&buf, '_');
    }
    buf_add_slice(&buf, base);
    buf_add_byte(&buf, '_');
    buf_add_slice(&buf, name);
    if (name.size == 0)
        buf_add_format(&buf, "arg%u", index);
    struct slice both = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return both;
}

/* One item of the list; a row picker alone gives all its columns. */
static bool bind_item(struct binder *b, struct aggregates *a, const struct node *item,
                      struct results *r, uint32_t *unnamed_count)
{
    uint32_t before = a->count;
    uint32_t first = a->key_count + a->output_count;
    struct expr *expr = bind_expr(b, item);

    if (expr == NULL)
        return false;
    struct slice name = bind_name_of(b, item);
    if (is_alone(a, before, expr) && a->calls[before].is_picker) {
        const struct aggregate_call *call = &a->calls[before];
        const struct node *given = item->kind == NODE_NAMED ? item->by : NULL;
        for (uint32_t i = 0; i < call->output_count; i++) {
            struct slice column = given != NULL ? given->name : call->output_names[i];
            if (given != NULL)
                given = given->next;
            bool all = item->args != NULL && item->args->kind == NODE_STAR;
            if (i == 0 && !all && name.size > 0 && item->kind != NODE_NAMED)
                column = name;
            else if (given == NULL && item->kind != NODE_NAMED)
                column = picked_name(b, item, column, i);
            if (column.size == 0)
                column = unnamed(b, ++*unnamed_count);
            if (!add_result(b, r, column,
                            bind_column_expr(b, first + i, call->args[i]->type, item->at)))
                return false;
        }
        return true;
    }
    if (name.size == 0)
        name = unnamed(b, ++*unnamed_count);
    return add_result(b, r, name, expr);
}

static bool is_own_function(struct binder *b, struct slice name)
{
    const struct binding *own = bind_find(b, name);

    return own != NULL && own->kind == BINDING_FUNCTION;
}

/* Calls of one percentiles() from `first` on are of the same values, whatever these are made
 * with; unless the query has a function of its own under the name. */
static void share_samples(struct binder *b, struct aggregates *a, uint32_t first)
{
    if (is_own_function(b, SLICE("percentile")) || is_own_function(b, SLICE("percentilew")))
        return;
    for (uint32_t i = first + 1; i < a->count; i++) {
        if (a->calls[i].shares == 0)
            a->calls[i].shares =
                a->calls[first].shares != 0 ? a->calls[first].shares : first + 1;
    }
}

struct plan *bind_summarize(struct binder *b, struct plan *input, const struct node *op)
{
    struct aggregates a = {0};
    struct results r = {0};
    struct output *keys;
    uint32_t unnamed_count = 0;

    if (!bind_keys(b, input, op->by, &keys, &a.key_count, &unnamed_count))
        return NULL;
    a.keys = keys;
    for (uint32_t i = 0; i < a.key_count; i++) {
        if (!add_result(b, &r, keys[i].name,
                        bind_column_expr(b, i, keys[i].expr->type, op->at)))
            return NULL;
    }
    bool ok = true;
    b->aggregates = &a;
    for (const struct node *item = op->args; item != NULL && ok; item = item->next) {
        struct node *split = NULL;
        const struct node *one = split_percentiles(b, item, &split);
        ok = one != NULL;
        if (one == item)
            ok = bind_item(b, &a, item, &r, &unnamed_count);
        uint32_t first = a.count;
        for (; ok && one != NULL && one != item; one = one->next)
            ok = bind_item(b, &a, one, &r, &unnamed_count);
        if (ok && split != NULL)
            share_samples(b, &a, first);
    }
    b->aggregates = NULL;
    if (!ok)
        return NULL;
    struct plan *plan =
        plan_summarize(b->q, input, keys, a.key_count, a.calls, a.count, b->err);
    return plan == NULL ? NULL : plan_project(b->q, plan, r.outputs, r.count, b->err);
}

struct plan *bind_distinct(struct binder *b, struct plan *input, const struct node *op)
{
    struct output *keys;
    uint32_t count;
    uint32_t unnamed_count = 0;

    if (!bind_keys(b, input, op->args, &keys, &count, &unnamed_count))
        return NULL;
    return plan_summarize(b->q, input, keys, count, NULL, 0, b->err);
}

struct plan *bind_count_op(struct binder *b, struct plan *input, const struct node *op)
{
    struct node call = {.kind = NODE_CALL, .at = op->at, .name = SLICE("count")};
    struct node name = {.kind = NODE_NAME, .at = op->at, .name = SLICE("Count")};
    struct node named = {.kind = NODE_NAMED, .at = op->at, .by = &name, .args = &call};
    struct node summarize = {.kind = NODE_OPERATOR, .at = op->at, .args = &named};

    return bind_summarize(b, input, &summarize);
}
