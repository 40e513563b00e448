/* SPDX-License-Identifier: Apache-2.0 */
/* bind_join.c - join and lookup. */
#include "query/bind_priv.h"
#include "query/fn_priv.h"

/* Which words there are, bind_options.c knows. */
static enum join_kind kind_of(const struct node *op)
{
    static const struct {
        const char *name;
        enum join_kind kind;
    } kinds[] = {{"inner", JOIN_INNER},           {"innerunique", JOIN_INNER_UNIQUE},
                 {"leftouter", JOIN_LEFT_OUTER},  {"rightouter", JOIN_RIGHT_OUTER},
                 {"fullouter", JOIN_FULL_OUTER},  {"leftanti", JOIN_LEFT_ANTI},
                 {"anti", JOIN_LEFT_ANTI},        {"leftantisemi", JOIN_LEFT_ANTI},
                 {"rightanti", JOIN_RIGHT_ANTI},  {"rightantisemi", JOIN_RIGHT_ANTI},
                 {"leftsemi", JOIN_LEFT_SEMI},    {"rightsemi", JOIN_RIGHT_SEMI},
                 {"semi", JOIN_LEFT_SEMI}};
    const struct node *kind = bind_param(op, "kind");

    for (size_t i = 0; kind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_equal_nocase(kind->name, slice_of(kinds[i].name)))
            return kinds[i].kind;
    }
    return slice_is(op->name, "lookup") ? JOIN_LEFT_OUTER : JOIN_INNER_UNIQUE;
}

struct keys {
    struct expr **left, **right;
    bool *hidden; /* right columns that are keys of the same name (lookup) */
    uint32_t count;
};

static bool add_key(struct binder *b, struct keys *keys, const struct node *node,
                    struct expr *left, struct expr *right)
{
    enum type type = left->type;

    if (left->type != right->type) {
        if (type_is_number(left->type) && type_is_number(right->type))
            type = type_common(left->type, right->type);
        else if (left->type == TYPE_DYNAMIC)
            type = right->type;
        else if (right->type != TYPE_DYNAMIC) {
            bind_fail(b, node->at, "SEM0023", "cannot join %s with %s",
                      type_phrase(left->type), type_phrase(right->type));
            return false;
        }
    }
    if (right->kind == EXPR_COLUMN)
        keys->hidden[right->column] = true;
    keys->left[keys->count] = bind_cast(b, left, type);
    keys->right[keys->count] = bind_cast(b, right, type);
    keys->count++;
    return keys->left[keys->count - 1] != NULL && keys->right[keys->count - 1] != NULL;
}

static bool bind_condition(struct binder *b, struct keys *keys, const struct node *node,
                           const struct plan *left, const struct plan *right)
{
    struct scope scope = {&left->schema, &right->schema, left->is_open || right->is_open};

    if (node->kind == NODE_NAME) { /* a column of both */
        struct scope sides[2] = {{&left->schema, NULL, left->is_open},
                                 {&right->schema, NULL, right->is_open}};
        struct expr *exprs[2];
        for (int i = 0; i < 2; i++) {
            b->scope = sides[i];
            exprs[i] = bind_expr(b, node);
            if (exprs[i] == NULL)
                return false;
        }
        return add_key(b, keys, node, exprs[0], exprs[1]);
    }
    bool is_and = node->kind == NODE_BINARY && slice_is(node->name, "and");
    if (is_and) {
        for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
            if (!bind_condition(b, keys, arg, left, right))
                return false;
        }
        return true;
    }
    if (node->kind != NODE_BINARY || !slice_is(node->name, "==")) {
        bind_fail(b, node->at, "SEM0052", "expected a column or $left.a == $right.b");
        return false;
    }
    b->scope = scope;
    struct expr *x = bind_expr(b, node->args);
    struct expr *y = x == NULL ? NULL : bind_expr(b, node->args->next);
    if (y == NULL)
        return false;
    if (x->kind != EXPR_COLUMN || y->kind != EXPR_COLUMN || x->site == y->site) {
        bind_fail(b, node->at, "SEM0052", "expected $left.a == $right.b");
        return false;
    }
    return x->site == 0 ? add_key(b, keys, node, x, y) : add_key(b, keys, node, y, x);
}

static uint32_t condition_count(const struct node *list)
{
    uint32_t count = 0;

    for (; list != NULL; list = list->next)
        count += list->kind == NODE_BINARY && slice_is(list->name, "and")
                     ? condition_count(list->args)
                     : 1;
    return count;
}

struct plan *bind_join_on(struct binder *b, struct plan *left, struct plan *right,
                          const struct node *conditions, bool hides_keys, struct join_spec *spec)
{
    struct scope scope = b->scope;
    struct keys keys = {0};
    uint32_t room = condition_count(conditions) + 1;

    keys.left = ARENA_ARRAY(b->q->arena, struct expr *, room, b->err);
    keys.right = ARENA_ARRAY(b->q->arena, struct expr *, room, b->err);
    keys.hidden = ARENA_ARRAY(b->q->arena, bool, right->schema.column_count + 1, b->err);
    if (keys.left == NULL || keys.right == NULL || keys.hidden == NULL)
        return NULL;
    for (const struct node *condition = conditions; condition != NULL;
         condition = condition->next) {
        if (!bind_condition(b, &keys, condition, left, right))
            return NULL;
    }
    b->scope = scope;
    spec->left_keys = keys.left;
    spec->right_keys = keys.right;
    spec->key_count = keys.count;
    spec->hide_right = hides_keys ? keys.hidden : NULL;
    return plan_join(b->q, left, right, spec, b->err);
}

struct plan *bind_join(struct binder *b, struct plan *input, const struct node *op)
{
    struct join_spec spec = {.kind = kind_of(op)};
    struct scope scope = b->scope;

    b->scope = (struct scope){0};
    struct plan *right = bind_table(b, op->args);
    if (right == NULL)
        return NULL;
    b->scope = scope;
    return bind_join_on(b, input, right, op->by, slice_is(op->name, "lookup"), &spec);
}
