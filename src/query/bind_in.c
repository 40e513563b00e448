/* SPDX-License-Identifier: Apache-2.0 */
/* bind_in.c - in, has_any, has_all and their lists: literals, dynamic arrays,
 * tables. */
#include "query/bind_priv.h"
#include "query/fn_priv.h"
#include "query/rowset_priv.h"

#include "table/dynamic.h"

struct values {
    struct value *items;
    uint32_t count, capacity;
};

static bool add_value(struct binder *b, struct values *list, const struct value *v)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct value *items = ARENA_ARRAY(b->q->arena, struct value, capacity, b->err);
        if (items == NULL)
            return false;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *v;
    return true;
}

static bool add_table(struct binder *b, struct values *list, const struct node *node)
{
    struct rowset *rows = NULL;
    struct plan *plan = bind_inner_column(b, node, node->at, "the list");

    if (plan == NULL || !bind_run(b, plan, node->at, &rows))
        return false;
    for (uint32_t c = 0; rows != NULL && c < rows->chunk_count; c++) {
        if (query_check(b->q, b->err) != STATUS_OK)
            return false;
        for (uint32_t r = 0; r < rows->chunks[c].row_count; r++) {
            struct value v = rowset_value(rows, c * BATCH_ROWS_MAX + r, 0);
            if (!add_value(b, list, &v))
                return false;
        }
    }
    return true;
}

/* Arrays in it count as what is in them; their depth is that of JSON (limits.h). */
static bool add_array(struct binder *b, struct values *list, struct slice json)
{
    struct dynamic_iterator it = dynamic_iterate(json);

    while (dynamic_next(&it)) {
        struct value v;
        if (dynamic_kind(it.value) == JSON_ARRAY) {
            if (!add_array(b, list, it.value))
                return false;
            continue;
        }
        if (dynamic_to_value(b->q->arena, it.value, &v, b->err) != STATUS_OK)
            return false;
        if (v.type == TYPE_DYNAMIC)
            v.bytes = it.value;
        if (!add_value(b, list, &v))
            return false;
    }
    return true;
}

/* The constants of a list that is compared with a type; *ret_open: there are others. */
static bool collect(struct binder *b, const struct node *list, enum type type,
                    struct values *ret, bool *ret_open)
{
    for (const struct node *item = list; item != NULL; item = item->next) {
        if (bind_is_tabular(b, item)) {
            if (!add_table(b, ret, item))
                return false;
            continue;
        }
        struct expr *expr = bind_expr(b, item);
        if (expr == NULL)
            return false;
        if (expr->kind != EXPR_CONST) {
            *ret_open = true;
            continue;
        }
        bind_warn_constant(b, item->at, expr, type);
        bool array = expr->type == TYPE_DYNAMIC && !expr->value.is_null &&
                     dynamic_kind(expr->value.bytes) == JSON_ARRAY;
        if (array ? !add_array(b, ret, expr->value.bytes) : !add_value(b, ret, &expr->value))
            return false;
    }
    return true;
}

static struct expr *call_of(struct binder *b, const struct node *node, const char *name,
                            struct expr **args, uint32_t count)
{
    return bind_invoke(b, node->at, function_find(slice_of(name)), args, count, TYPE_BOOL);
}

/* A null is in a list that holds a null, as it is where all of the list is known. */
static struct expr *or_both_null(struct binder *b, const struct node *node, struct expr *equal,
                                 struct expr *left, struct expr *right)
{
    if (equal == NULL || left->type == TYPE_STRING || right->type == TYPE_STRING)
        return equal;
    struct expr *nulls[2] = {call_of(b, node, "isnull", &left, 1),
                             call_of(b, node, "isnull", &right, 1)};
    struct expr *either[2] = {equal, NULL};
    if (nulls[0] == NULL || nulls[1] == NULL)
        return NULL;
    either[1] = bind_logic(b, node->at, EXPR_AND, nulls, 2);
    return either[1] == NULL ? NULL : bind_logic(b, node->at, EXPR_OR, either, 2);
}

/* Whether a value is in a list is never null. */
static struct expr *or_false(struct binder *b, const struct node *node, struct expr *any)
{
    struct value no = {.type = TYPE_BOOL};
    struct expr *args[2] = {any, bind_const_expr(b, &no, node->at)};

    return args[1] == NULL ? NULL : call_of(b, node, "coalesce", args, 2);
}

/* A list with columns in it: a chain of comparisons. */
static struct expr *bind_open_in(struct binder *b, const struct node *node, struct expr *left,
                                 bool nocase, bool negated)
{
    uint32_t count = node_count(node->body);
    struct expr **terms = ARENA_ARRAY(b->q->arena, struct expr *, count + 1, b->err);
    uint32_t i = 0;

    for (const struct node *item = node->body; item != NULL && terms != NULL;
         item = item->next) {
        struct expr *right = bind_expr(b, item);
        if (right == NULL)
            return NULL;
        if (right->type == TYPE_DYNAMIC) {
            struct expr *args[2] = {right, nocase ? bind_cast(b, left, TYPE_STRING) : left};
            terms[i] = args[1] == NULL
                           ? NULL
                           : bind_invoke(b, node->at,
                                         nocase ? &operator_in_values_nocase : &operator_in_values,
                                         args, 2, TYPE_BOOL);
        } else if (nocase) {
            terms[i] = bind_string_op(b, node->at, SLICE("=~"), left, right);
        } else {
            terms[i] = or_both_null(b, node, bind_compare(b, node->at, SLICE("=="), left, right),
                                    left, right);
        }
        if (terms[i++] == NULL)
            return NULL;
    }
    if (terms == NULL)
        return NULL;
    struct expr *any = i == 1 ? terms[0] : bind_logic(b, node->at, EXPR_OR, terms, i);
    any = any == NULL || left->type == TYPE_STRING ? any : or_false(b, node, any);
    if (any == NULL || !negated)
        return any;
    return bind_invoke(b, node->at, &operator_not, &any, 1, TYPE_BOOL);
}

/* What dynamic values are compared as.  One of these types may be shown otherwise in them than
 * by itself; all others are known by their texts. */
static enum type type_of_items(const struct values *list)
{
    enum type type = TYPE_STRING;
    bool is_first = true;

    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].is_null)
            continue;
        if (!is_first && list->items[i].type != type)
            return TYPE_STRING;
        type = list->items[i].type;
        is_first = false;
    }
    return type == TYPE_BOOL || type == TYPE_DATETIME || type == TYPE_TIMESPAN ||
                   type == TYPE_GUID || type == TYPE_REAL
               ? type
               : TYPE_STRING;
}

/* A null of the list is found by what is null itself; what became so by a cast is none. */
static struct expr *or_null(struct binder *b, const struct node *node, struct expr *in,
                            struct expr *left, bool negated)
{
    struct expr *terms[2] = {in, call_of(b, node, negated ? "isnotnull" : "isnull", &left, 1)};

    return in == NULL || terms[1] == NULL
               ? NULL
               : bind_logic(b, node->at, negated ? EXPR_AND : EXPR_OR, terms, 2);
}

static struct expr *bind_set(struct binder *b, const struct node *node, struct expr *left,
                             const struct values *list, bool nocase, bool negated)
{
    enum type type = left->type;
    bool has_null = false;

    if (nocase)
        type = TYPE_STRING;
    else if (type == TYPE_DYNAMIC)
        type = type_of_items(list);
    if (type == TYPE_INT)
        type = TYPE_LONG;
    for (uint32_t i = 0; i < list->count && type_is_number(type); i++) {
        if (type_is_number(list->items[i].type))
            type = type_common(type, list->items[i].type);
    }
    bool can_lose = left->type == TYPE_DYNAMIC || type == TYPE_DECIMAL;
    struct in_set *set =
        in_set_new(b->q->arena, type, nocase, negated, list->count, b->err);
    if (set == NULL)
        return NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        struct expr *item = bind_const_expr(b, &list->items[i], node->at);
        item = item == NULL ? NULL : bind_cast(b, item, type);
        if (item == NULL || (i % 1024 == 0 && query_check(b->q, b->err) != STATUS_OK))
            return NULL;
        bool lost = item->value.is_null && !list->items[i].is_null;
        if (can_lose && item->value.is_null)
            has_null = has_null || !lost;
        else if (!lost && in_set_add(set, &item->value, b->err) != STATUS_OK)
            return NULL;
    }
    struct expr *arg = bind_cast(b, left, type);
    const struct invocation call = {node->at, &operator_in, &arg, 1, TYPE_BOOL, set};
    struct expr *in = arg == NULL ? NULL : bind_invoke_with(b, &call);
    return has_null ? or_null(b, node, in, left, negated) : in;
}

static struct expr *bind_has_list(struct binder *b, const struct node *node, struct expr *left,
                                  const struct values *list)
{
    struct has_list *words = ARENA_NEW(b->q->arena, struct has_list, b->err);
    struct slice *texts = ARENA_ARRAY(b->q->arena, struct slice, list->count + 1, b->err);

    if (words == NULL || texts == NULL)
        return NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        struct expr *item = bind_const_expr(b, &list->items[i], node->at);
        item = item == NULL ? NULL : bind_cast(b, item, TYPE_STRING);
        if (item == NULL || (i % 1024 == 0 && query_check(b->q, b->err) != STATUS_OK))
            return NULL;
        texts[words->count++] = item->value.bytes; /* a null is the empty word: it is anywhere */
    }
    words->words = texts;
    words->negated = node->name.data[0] == '!';
    words->all = slice_ends_with(node->name, SLICE("all"));
    struct expr *arg = bind_cast(b, left, TYPE_STRING);
    if (arg == NULL)
        return NULL;
    const struct invocation call = {node->at, &operator_has_list, &arg, 1, TYPE_BOOL, words};
    return bind_invoke_with(b, &call);
}

#define IN_COMPARISONS_MAX 256u /* more are a set of texts */

/* A dynamic value may be shown otherwise than a constant of its value (true, 1.0, a time), so the
 * text says nothing; `==` knows. */
static bool is_by_value(struct binder *b, const struct node *node, const struct expr *left,
                        const struct values *list)
{
    bool has_typed = false;

    if (left->type != TYPE_DYNAMIC || node_count(node->body) > IN_COMPARISONS_MAX)
        return false;
    for (const struct node *item = node->body; item != NULL; item = item->next) {
        if (bind_is_tabular(b, item))
            return false;
    }
    for (uint32_t i = 0; i < list->count && !has_typed; i++)
        has_typed = list->items[i].type != TYPE_STRING && list->items[i].type != TYPE_DYNAMIC;
    return has_typed;
}

struct expr *bind_in(struct binder *b, const struct node *node)
{
    struct expr *left = bind_expr(b, node->args);
    struct values list = {0};
    bool open = false;
    bool negated = node->name.data[0] == '!';
    bool nocase = node->name.data[node->name.size - 1] == '~';
    bool has = slice_is(slice_head(slice_tail(node->name, negated), 3), "has");

    if (left == NULL ||
        !collect(b, node->body, has || nocase ? TYPE_STRING : left->type, &list, &open))
        return NULL;
    if (has && open)
        return bind_fail(b, node->at, "SEM0100", "'%.*s' needs a constant list",
                         SLICE_FMT(node->name));
    if (has)
        return bind_has_list(b, node, left, &list);
    open |= !nocase && is_by_value(b, node, left, &list);
    return open ? bind_open_in(b, node, left, nocase, negated)
                : bind_set(b, node, left, &list, nocase, negated);
}
