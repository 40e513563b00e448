/* SPDX-License-Identifier: Apache-2.0 */
/* bind_expr.c - names, operators, casts and constants. */
#include "query/bind_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "query/regex.h"

#include <stdio.h>

void *bind_fail(struct binder *b, uint32_t at, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    lex_report(&(struct lex_place){b->text, at, code}, b->err, format, args);
    va_end(args);
    return NULL;
}

void *bind_unknown(struct binder *b, uint32_t at, const char *code, const char *what,
                   struct slice name, struct slice nearest)
{
    b->q->has_guessed = false; /* this comes of no guess */
    if (nearest.size > 0)
        return bind_fail(b, at, code, "%s '%.*s' is not known; did you mean '%.*s'?", what,
                         SLICE_FMT(slice_head(name, 128)), SLICE_FMT(slice_head(nearest, 128)));
    return bind_fail(b, at, code, "%s '%.*s' is not known", what,
                     SLICE_FMT(slice_head(name, 128)));
}

#define EXPR_WEIGHT_MAX (4 * QUERY_NODES_MAX)

/* Fails at a bound of what is bound. */
static void *fail_too_complex(struct binder *b, uint32_t at, const char *what, uint32_t max)
{
    bind_fail(b, at, "E_QUERY_TOO_COMPLEX", "query too complex: more than %u %s", max, what);
    b->err->status = STATUS_LIMIT;
    return NULL;
}

bool bind_enter(struct binder *b, uint32_t at, uint32_t levels)
{
    if (b->levels + levels > QUERY_LEVELS_MAX)
        return fail_too_complex(b, at, "brackets, operators and calls of functions in one another",
                                QUERY_LEVELS_MAX) != NULL;
    b->levels += levels;
    return true;
}

static struct expr *new_expr(struct binder *b, enum expr_kind kind, enum type type, uint32_t at)
{
    struct expr *expr = ARENA_NEW(b->q->arena, struct expr, b->err);

    if (expr != NULL) {
        expr->kind = kind;
        expr->type = type;
        expr->at = at;
        expr->weight = 1;
        expr->depth = 1;
    }
    return expr;
}

struct expr *bind_const_expr(struct binder *b, const struct value *value, uint32_t at)
{
    struct expr *expr = new_expr(b, EXPR_CONST, value->type, at);

    if (expr == NULL)
        return NULL;
    expr->value = *value;
    if (type_is_bytes(value->type) && !value->is_null) {
        expr->value.bytes = arena_copy(b->q->arena, value->bytes, b->err);
        if (expr->value.bytes.data == NULL)
            return NULL;
    }
    return expr;
}

struct expr *bind_column_expr(struct binder *b, uint32_t column, enum type type, uint32_t at)
{
    struct expr *expr = new_expr(b, EXPR_COLUMN, type, at);

    if (expr != NULL)
        expr->column = column;
    return expr;
}

static struct expr *fail_beside_aggregates(struct binder *b, struct slice name, uint32_t at)
{
    return bind_fail(b, at, "SEM0100", "column '%.*s' must stand in an aggregate or behind 'by'",
                     SLICE_FMT(slice_head(name, 128)));
}

struct expr *bind_scope_column(struct binder *b, uint32_t column, uint32_t at)
{
    const struct column *wanted = &b->scope.columns->columns[column];

    if (b->aggregates == NULL)
        return bind_column_expr(b, column, wanted->type, at);
    for (uint32_t i = 0; i < b->aggregates->key_count; i++) {
        if (slice_equal(b->aggregates->keys[i].name, wanted->name))
            return bind_column_expr(b, i, b->aggregates->keys[i].expr->type, at);
    }
    return fail_beside_aggregates(b, wanted->name, at);
}

/* Sums the weights of args into expr; fails when it gets too heavy or too deep. */
static bool weigh(struct binder *b, struct expr *expr)
{
    uint64_t weight = 1;
    uint32_t below = 0;

    for (uint32_t i = 0; i < expr->arg_count; i++) {
        weight += expr->args[i]->weight;
        below = expr->args[i]->depth > below ? expr->args[i]->depth : below;
        expr->is_impure = expr->is_impure || expr->args[i]->is_impure;
    }
    if (weight > EXPR_WEIGHT_MAX)
        return fail_too_complex(b, expr->at, "steps of an expression", EXPR_WEIGHT_MAX) != NULL;
    if (below >= QUERY_EXPR_DEPTH_MAX)
        return fail_too_complex(b, expr->at, "steps of an expression in one another",
                                QUERY_EXPR_DEPTH_MAX) != NULL;
    expr->weight = (uint32_t)weight;
    expr->depth = below + 1;
    return true;
}

static struct expr *fold(struct binder *b, struct expr *expr)
{
    struct value value;
    struct worker *w = &b->fold.workers[0];

    if (expr_eval_constant(w, expr, &value, b->err) != STATUS_OK) {
        if (b->err->line == 0)
            lex_position(b->text, expr->at, &b->err->line, &b->err->column);
        return NULL;
    }
    struct expr *folded = bind_const_expr(b, &value, expr->at);
    arena_clear(w->batch_arena);
    return folded;
}

struct expr *bind_invoke_with(struct binder *b, const struct invocation *invocation)
{
    const struct function *function = invocation->function;
    uint32_t count = invocation->arg_count;
    struct expr *expr = new_expr(b, EXPR_CALL, invocation->type, invocation->at);
    bool constant = (function->flags & FUNCTION_IMPURE) == 0;

    if (expr == NULL)
        return NULL;
    expr->function = function;
    expr->call_state = invocation->state;
    expr->args = ARENA_ARRAY(b->q->arena, struct expr *, count + 1, b->err);
    expr->constants = ARENA_ARRAY(b->q->arena, const struct value *, count + 1, b->err);
    if (expr->args == NULL || expr->constants == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct expr *arg = invocation->args[i];
        expr->args[i] = arg;
        constant = constant && arg->kind == EXPR_CONST;
        if (arg->kind == EXPR_CONST)
            expr->constants[i] = &arg->value;
    }
    expr->arg_count = count;
    expr->site = b->q->site_count++;
    expr->is_impure = (function->flags & FUNCTION_IMPURE) != 0;
    if (!weigh(b, expr))
        return NULL;
    return constant ? fold(b, expr) : expr;
}

struct expr *bind_invoke(struct binder *b, uint32_t at, const struct function *function,
                         struct expr **args, uint32_t arg_count, enum type type)
{
    const struct invocation invocation = {at, function, args, arg_count, type, NULL};

    return bind_invoke_with(b, &invocation);
}

struct expr *bind_cast(struct binder *b, struct expr *expr, enum type type)
{
    if (expr == NULL || expr->type == type)
        return expr;
    return bind_invoke(b, expr->at, operator_cast(type), &expr, 1, type);
}

struct expr *bind_typed(struct binder *b, const struct node *node, enum type type)
{
    return bind_cast(b, bind_expr(b, node), type);
}

static bool has_column(const struct expr *expr)
{
    bool found = expr->kind == EXPR_COLUMN;

    for (uint32_t i = 0; i < expr->arg_count && !found; i++)
        found = has_column(expr->args[i]);
    return found;
}

struct expr *bind_constant(struct binder *b, const struct node *node)
{
    struct scope scope = b->scope;

    b->scope = (struct scope){0};
    struct expr *expr = bind_expr(b, node);
    b->scope = scope;
    if (expr == NULL || expr->kind == EXPR_CONST)
        return expr;
    if (has_column(expr))
        return bind_fail(b, node->at, "SEM0100", "a constant is needed here");
    return fold(b, expr); /* rand() and the like: once */
}

bool bind_count(struct binder *b, const struct node *node, uint64_t *ret)
{
    struct expr *expr = bind_constant(b, node);

    if (expr == NULL)
        return false;
    double real = expr->type == TYPE_REAL ? expr->value.real : -1;
    bool whole = expr->type == TYPE_LONG || expr->type == TYPE_INT ||
                 (real >= 0 && real < 1e15 && real == (double)(int64_t)real);
    if (!whole || expr->value.is_null ||
        (expr->type != TYPE_REAL && expr->value.integer < 0)) {
        bind_fail(b, node->at, "SEM0100", "expected a whole number of rows, 0 or greater");
        return false;
    }
    *ret = expr->type == TYPE_REAL ? (uint64_t)real : (uint64_t)expr->value.integer;
    return true;
}

struct expr *bind_logic(struct binder *b, uint32_t at, enum expr_kind kind, struct expr **args,
                        uint32_t count)
{
    struct expr *expr = new_expr(b, kind, TYPE_BOOL, at);
    bool constant = true;

    if (expr == NULL)
        return NULL;
    expr->args = ARENA_ARRAY(b->q->arena, struct expr *, count + 1, b->err);
    if (expr->args == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (args[i]->type != TYPE_BOOL && args[i]->type != TYPE_DYNAMIC &&
            !type_is_number(args[i]->type))
            return bind_fail(b, args[i]->at, "SEM0106", "expected a bool, found %s%s",
                             type_phrase(args[i]->type),
                             args[i]->type == TYPE_STRING
                                 ? "; one of several texts is asked for with has_any ('a', 'b')"
                                 : "");
        expr->args[i] = bind_cast(b, args[i], TYPE_BOOL);
        if (expr->args[i] == NULL)
            return NULL;
        constant = constant && expr->args[i]->kind == EXPR_CONST;
    }
    expr->arg_count = count;
    if (!weigh(b, expr))
        return NULL;
    return constant ? fold(b, expr) : expr;
}

/* ---- comparison ---- */

static bool common_type(enum type a, enum type c, bool ordered, enum type *ret)
{
    *ret = a;
    if (a == c)
        return true;
    if (type_is_number(a) && type_is_number(c)) {
        *ret = a == TYPE_DECIMAL || c == TYPE_DECIMAL ? TYPE_DECIMAL
               : a == TYPE_REAL || c == TYPE_REAL     ? TYPE_REAL
                                                      : TYPE_LONG;
        return true;
    }
    if (a == TYPE_DYNAMIC || c == TYPE_DYNAMIC) {
        enum type other = a == TYPE_DYNAMIC ? c : a;
        *ret = other == TYPE_INT || other == TYPE_LONG ? TYPE_REAL : other;
        return true;
    }
    if ((a == TYPE_BOOL && type_is_number(c)) || (c == TYPE_BOOL && type_is_number(a))) {
        *ret = a == TYPE_BOOL ? c : a;
        return true;
    }
    /* Tables spell codes as text or number. */
    if (!ordered && (a == TYPE_STRING || c == TYPE_STRING)) {
        *ret = a == TYPE_STRING ? c : a;
        return true;
    }
    return false;
}

/* Dynamic values are compared by their texts, but a null is none.  To be equal to a text that
 * is not empty is said as that: no null is, and a source understands it. */
static enum type type_of_dynamics(struct slice op, const struct expr *left,
                                  const struct expr *right)
{
    const struct expr *constant = left->kind == EXPR_CONST ? left : right;
    bool is_text = constant->kind == EXPR_CONST && !constant->value.is_null &&
                   !slice_is(constant->value.bytes, "\"\"");

    return is_text && (slice_is(op, "==") || slice_is(op, "!=")) ? TYPE_STRING : TYPE_DYNAMIC;
}

#define REAL_WHOLE_MAX (INT64_C(1) << 53) /* from here on whole numbers share reals */

/* May a whole number have neighbours that are the same real? */
static bool is_beyond_reals(const struct expr *number)
{
    if (number->type != TYPE_LONG || number->kind != EXPR_CONST)
        return number->type == TYPE_LONG;
    return !number->value.is_null && (number->value.integer >= REAL_WHOLE_MAX ||
                                      number->value.integer <= -REAL_WHOLE_MAX);
}

struct expr *bind_compare(struct binder *b, uint32_t at, struct slice op, struct expr *left,
                          struct expr *right)
{
    enum type type;

    if (left == NULL || right == NULL)
        return NULL;
    if (left->type == TYPE_DYNAMIC && right->type == TYPE_DYNAMIC)
        type = type_of_dynamics(op, left, right);
    else if (!common_type(left->type, right->type, op.data[0] == '<' || op.data[0] == '>',
                          &type))
        return bind_hint_compare(b, at, left, right);
    if ((left->type == TYPE_DYNAMIC && is_beyond_reals(right)) ||
        (right->type == TYPE_DYNAMIC && is_beyond_reals(left)))
        type = TYPE_DECIMAL; /* whole numbers of 64 bits are exact in it */
    struct expr *args[2] = {bind_cast(b, left, type), bind_cast(b, right, type)};
    if (args[0] == NULL || args[1] == NULL)
        return NULL;
    return bind_invoke(b, at, operator_compare(op), args, 2, TYPE_BOOL);
}

static void free_regex(void *regex)
{
    regex_free(regex);
}

struct expr *bind_string_op(struct binder *b, uint32_t at, struct slice op, struct expr *left,
                            struct expr *right)
{
    if (left == NULL || right == NULL)
        return NULL;
    struct expr *args[2] = {bind_cast(b, left, TYPE_STRING), bind_cast(b, right, TYPE_STRING)};
    if (args[0] == NULL || args[1] == NULL)
        return NULL;
    if (slice_is(op, ":"))
        op = SLICE("has");
    if (slice_is(op, "matches regex")) {
        struct regex *regex = NULL;
        if (args[1]->kind != EXPR_CONST)
            return bind_invoke(b, at, &operator_regex_row, args, 2, TYPE_BOOL);
        if (regex_new(args[1]->value.bytes, 0, &regex, b->err) != STATUS_OK) {
            lex_position(b->text, args[1]->at, &b->err->line, &b->err->column);
            return NULL;
        }
        if (arena_on_free(b->q->arena, free_regex, regex, b->err) != STATUS_OK) {
            regex_free(regex);
            return NULL;
        }
        const struct invocation call = {at, &operator_regex, args, 1, TYPE_BOOL, regex};
        return bind_invoke_with(b, &call);
    }
    const struct function *function = operator_string(op);
    if (function == NULL)
        return bind_fail(b, at, "SYN0002",
                         "'%.*s' is not supported; write 'contains', 'startswith', 'endswith' or "
                         "'matches regex'",
                         SLICE_FMT(op));
    return bind_invoke(b, at, function, args, 2, TYPE_BOOL);
}

static struct expr *bind_arithmetic(struct binder *b, const struct node *node,
                                    struct expr *left, struct expr *right)
{
    enum type types[3];

    if (left == NULL || right == NULL)
        return NULL;
    const struct function *function = operator_arithmetic(node->name, left->type, right->type,
                                                          &types[0], &types[1], &types[2]);
    if (function == NULL)
        return bind_fail(b, node->at, "SEM0001", "cannot compute %s %.*s %s%s",
                         type_name(left->type), SLICE_FMT(node->name), type_name(right->type),
                         slice_is(node->name, "+") &&
                                 (left->type == TYPE_STRING || right->type == TYPE_STRING)
                             ? "; texts are joined with strcat()"
                             : "");
    struct expr *args[2] = {bind_cast(b, left, types[0]), bind_cast(b, right, types[1])};
    if (args[0] == NULL || args[1] == NULL)
        return NULL;
    return bind_invoke(b, node->at, function, args, 2, types[2]);
}

/* `* has x`: true if it is true of any column, as text. */
static struct expr *bind_any(struct binder *b, const struct node *node)
{
    const struct schema *schema = b->scope.columns;
    uint32_t count = schema == NULL || b->scope.right != NULL ? 0 : schema->column_count;
    struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, count + 1, b->err);
    struct expr *word = bind_typed(b, node->args->next, TYPE_STRING);

    if (args == NULL || word == NULL)
        return NULL;
    if (node->name.data[0] == '!' || slice_starts_with(node->name, SLICE("not")) || count == 0)
        return bind_fail(b, node->at, "SEM0100", "'%.*s' cannot follow '*' here",
                         SLICE_FMT(node->name));
    for (uint32_t i = 0; i < count; i++) {
        struct expr *column = bind_scope_column(b, i, node->at);
        column = bind_cast(b, column, TYPE_STRING);
        args[i] = slice_is(node->name, "==")
                      ? bind_compare(b, node->at, node->name, column, word)
                      : bind_string_op(b, node->at, node->name, column, word);
        if (args[i] == NULL)
            return NULL;
    }
    struct expr *any = bind_logic(b, node->at, EXPR_OR, args, count);
    if (any != NULL)
        any->is_any = any->kind == EXPR_OR && word->kind == EXPR_CONST &&
                      (slice_is(node->name, "has") || slice_is(node->name, "has_cs") ||
                       slice_is(node->name, ":"));
    return any;
}

static struct expr *bind_binary(struct binder *b, const struct node *node)
{
    bool is_and = slice_is(node->name, "and");

    if (is_and || slice_is(node->name, "or")) {
        uint32_t count = node_count(node->args);
        struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, count, b->err);
        uint32_t i = 0;
        if (args == NULL)
            return NULL;
        for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
            args[i] = bind_expr(b, arg);
            if (args[i++] == NULL)
                return NULL;
        }
        struct expr *logic =
            bind_logic(b, node->at, is_and ? EXPR_AND : EXPR_OR, args, count);
        if (logic != NULL)
            logic->is_any = (node->flags & NODE_EVERY) != 0 && logic->kind == EXPR_OR &&
                            logic->args[0]->kind == EXPR_CALL &&
                            logic->args[0]->args[1]->kind == EXPR_CONST;
        return logic;
    }
    if (node->args->kind == NODE_STAR)
        return bind_any(b, node);
    struct expr *left = bind_expr(b, node->args);
    if (left != NULL && left->type == TYPE_STRING)
        b->beside_text = node->args->next;
    struct expr *right = left == NULL ? NULL : bind_expr(b, node->args->next);
    b->beside_text = NULL;
    if (right != NULL && operator_compare(node->name) != NULL)
        bind_warn_compare(b, node, left, right);
    if (operator_compare(node->name) != NULL)
        return bind_compare(b, node->at, node->name, left, right);
    if (node->name.size == 1 && strchr("+-*/%", node->name.data[0]) != NULL)
        return bind_arithmetic(b, node, left, right);
    return bind_string_op(b, node->at, node->name, left, right);
}

static struct expr *bind_unary(struct binder *b, const struct node *node)
{
    struct expr *arg = bind_expr(b, node->args);

    if (arg == NULL || slice_is(node->name, "+"))
        return arg;
    if (arg->type == TYPE_BOOL || arg->type == TYPE_INT || arg->type == TYPE_DYNAMIC)
        arg = bind_cast(b, arg, arg->type == TYPE_DYNAMIC ? TYPE_REAL : TYPE_LONG);
    if (arg == NULL)
        return NULL;
    if (!type_is_number(arg->type) && arg->type != TYPE_TIMESPAN)
        return bind_fail(b, node->at, "SEM0001", "cannot negate %s%s", type_phrase(arg->type),
                         arg->type != TYPE_STRING ? ""
                                                  : "; an order is turned by 'desc', columns are "
                                                    "left out by project-away");
    return bind_invoke(b, node->at, &operator_negate, &arg, 1, arg->type);
}

static struct expr *bind_between(struct binder *b, const struct node *node)
{
    struct expr *x = bind_expr(b, node->args);
    struct expr *low = x == NULL ? NULL : bind_expr(b, node->args->next);
    struct expr *high = low == NULL ? NULL : bind_expr(b, node->args->next->next);

    if (high == NULL)
        return NULL;
    if (high->type == TYPE_TIMESPAN && low->type == TYPE_DATETIME) { /* start .. length */
        struct node plus = {.kind = NODE_BINARY, .at = node->at, .name = SLICE("+")};
        high = bind_arithmetic(b, &plus, low, high);
        if (high == NULL)
            return NULL;
    }
    bool negated = node->name.data[0] == '!';
    struct expr *terms[2] = {
        bind_compare(b, node->at, negated ? SLICE("<") : SLICE(">="), x, low),
        bind_compare(b, node->at, negated ? SLICE(">") : SLICE("<="), x, high)};
    if (terms[0] == NULL || terms[1] == NULL)
        return NULL;
    return bind_logic(b, node->at, negated ? EXPR_OR : EXPR_AND, terms, 2);
}

/* ---- names and paths ---- */

/* Tables with columns such as `clientIp_s` get further ones as data comes: the suffix
 * is the type.  One that is not declared is read from AdditionalFields. */
static struct expr *bind_custom_field(struct binder *b, const struct node *node)
{
    static const struct {
        const char *suffix;
        enum type type;
    } suffixes[] = {{"_s", TYPE_STRING}, {"_g", TYPE_STRING},   {"_d", TYPE_REAL},
                    {"_b", TYPE_BOOL},   {"_t", TYPE_DATETIME}};
    const struct schema *schema = b->scope.columns;
    uint32_t rest = schema == NULL || b->scope.right != NULL
                        ? UINT32_MAX
                        : schema_find(schema, SLICE("AdditionalFields"));
    struct value key = {.type = TYPE_STRING, .bytes = node->name};
    bool open = false;

    for (uint32_t i = 0; rest != UINT32_MAX && i < schema->column_count && !open; i++)
        open = slice_ends_with(schema->columns[i].name, SLICE("_s"));
    if (!open || b->aggregates != NULL || schema->columns[rest].type != TYPE_DYNAMIC)
        return NULL;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (!slice_ends_with(node->name, slice_of(suffixes[i].suffix)))
            continue;
        struct expr *args[2] = {bind_column_expr(b, rest, TYPE_DYNAMIC, node->at),
                                bind_const_expr(b, &key, node->at)};
        if (args[0] == NULL || args[1] == NULL)
            return NULL;
        return bind_cast(b, bind_invoke(b, node->at, &operator_member, args, 2, TYPE_DYNAMIC),
                         suffixes[i].type);
    }
    return NULL;
}

static bool is_open(const struct binder *b)
{
    return b->scope.is_open && (b->is_dry || b->q->request->check_only) &&
           b->scope.columns->column_count > 0;
}

/* A column that the data will have.  Nothing reads it: the first column stands for it. */
static struct expr *guess(struct binder *b, const struct node *node)
{
    b->q->has_guessed = true;
    return bind_column_expr(b, 0, TYPE_DYNAMIC, node->at);
}

static struct expr *bind_name(struct binder *b, const struct node *node)
{
    if (b->aggregates != NULL) {
        for (uint32_t i = 0; i < b->aggregates->key_count; i++) {
            if (slice_equal(b->aggregates->keys[i].name, node->name))
                return bind_column_expr(b, i, b->aggregates->keys[i].expr->type, node->at);
        }
    } else if (b->scope.columns != NULL) {
        uint32_t column = schema_find(b->scope.columns, node->name);
        if (column != UINT32_MAX) {
            bind_warn_shadowed(b, node);
            return bind_column_expr(b, column, b->scope.columns->columns[column].type,
                                    node->at);
        }
    }
    const struct binding *found = bind_find(b, node->name);
    if (found != NULL && found->kind == BINDING_SCALAR) {
        if (found->row != b->row && has_column(found->expr))
            return bind_fail(b, node->at, "SEM0100",
                             "'%.*s' has a value for each row, and this table is asked for once: "
                             "join it with the rows instead",
                             SLICE_FMT(slice_head(node->name, 128)));
        if (found->expr->kind != EXPR_CONST)
            return found->expr;
        struct expr *copy = new_expr(b, EXPR_CONST, found->expr->type, node->at);
        if (copy != NULL)
            copy->value = found->expr->value;
        return copy;
    }
    if (found != NULL && found->kind == BINDING_FUNCTION)
        return bind_call(b, &(struct node){.kind = NODE_CALL, .at = node->at, .name = node->name});
    if (found != NULL)
        return bind_fail(b, node->at, "SEM0100", "'%.*s' is a table, a value is needed here",
                         SLICE_FMT(slice_head(node->name, 128)));
    if (b->aggregates != NULL && b->scope.columns != NULL &&
        schema_find(b->scope.columns, node->name) != UINT32_MAX)
        return fail_beside_aggregates(b, node->name, node->at);
    struct expr *custom = bind_custom_field(b, node);
    if (custom != NULL || b->err->status != STATUS_OK)
        return custom;
    if (is_open(b))
        return guess(b, node);
    return bind_unknown_column(b, node);
}

/* $left.x and $right.y in `on`. */
static struct expr *bind_side(struct binder *b, const struct node *node, bool right)
{
    const struct schema *schema = right ? b->scope.right : b->scope.columns;
    uint32_t column = schema_find(schema, node->name);

    if (column == UINT32_MAX && !is_open(b))
        return bind_unknown(b, node->at, "SEM0100", right ? "column of $right" : "column of $left",
                            node->name, bind_nearest_column(b, node->name));
    struct expr *expr = column == UINT32_MAX
                            ? guess(b, node)
                            : bind_column_expr(b, column, schema->columns[column].type, node->at);
    if (expr != NULL && right)
        expr->site = 1; /* marks the side until op_join takes it apart */
    return expr;
}

static struct expr *bind_member(struct binder *b, const struct node *node)
{
    const struct node *target = node->args;

    if (target->kind == NODE_NAME && b->scope.right != NULL &&
        (slice_is(target->name, "$left") || slice_is(target->name, "$right")))
        return bind_side(b, node, slice_is(target->name, "$right"));
    struct expr *base = bind_expr(b, target);
    if (base == NULL)
        return NULL;
    if (base->type == TYPE_STRING && base->kind != EXPR_CONST)
        return bind_fail(b, node->at, "SEM0100",
                         "'.%.*s' needs a dynamic value, found a string; use parse_json()",
                         SLICE_FMT(slice_head(node->name, 128)));
    if (base->type != TYPE_DYNAMIC)
        return bind_fail(b, node->at, "SEM0100", "'.%.*s' needs a dynamic value, found %s%s",
                         SLICE_FMT(slice_head(node->name, 128)), type_phrase(base->type),
                         base->type == TYPE_DATETIME
                             ? "; write datetime_part('hour', x), startofday(x) ..."
                             : "");
    struct value key = {.type = TYPE_STRING, .bytes = node->name};
    struct expr *args[2] = {base, bind_const_expr(b, &key, node->at)};
    if (args[1] == NULL)
        return NULL;
    return bind_invoke(b, node->at, &operator_member, args, 2, TYPE_DYNAMIC);
}

static struct expr *bind_index(struct binder *b, const struct node *node)
{
    struct expr *base = bind_expr(b, node->args);
    struct expr *index = base == NULL ? NULL : bind_expr(b, node->args->next);

    if (index == NULL)
        return NULL;
    if (base->type != TYPE_DYNAMIC)
        return bind_fail(b, node->at, "SEM0100", "'[...]' needs a dynamic value, found %s%s",
                         type_phrase(base->type),
                         base->type == TYPE_STRING ? "; use parse_json(), split() or substring()"
                                                   : "");
    if (index->type != TYPE_STRING)
        index = bind_cast(b, index, index->type == TYPE_DYNAMIC ? TYPE_STRING : TYPE_LONG);
    struct expr *args[2] = {base, index};
    if (index == NULL)
        return NULL;
    return bind_invoke(b, node->at, &operator_element, args, 2, TYPE_DYNAMIC);
}

static struct expr *bind_node(struct binder *b, const struct node *node)
{
    switch (node->kind) {
    case NODE_LITERAL:
        return bind_const_expr(b, &node->value, node->at);
    case NODE_NAME:
        return bind_name(b, node);
    case NODE_CALL:
        return bind_call(b, node);
    case NODE_MEMBER:
        return bind_member(b, node);
    case NODE_INDEX:
        return bind_index(b, node);
    case NODE_UNARY:
        return bind_unary(b, node);
    case NODE_BINARY:
        return bind_binary(b, node);
    case NODE_IN:
        return bind_in(b, node);
    case NODE_BETWEEN:
        return bind_between(b, node);
    case NODE_NAMED:
        return bind_expr(b, node->args);
    case NODE_STAR:
        return bind_fail(b, node->at, "SYN0002",
                         "'*' cannot stand here; rows are counted with count()");
    case NODE_TYPEOF: {
        if ((node->flags & NODE_TABULAR) != 0)
            return bind_fail(b, node->at, "SEM0100", "the type of a table is no value");
        struct value name = {.type = TYPE_STRING, .bytes = slice_of(type_name(node->value.type))};
        return bind_const_expr(b, &name, node->at);
    }
    case NODE_ORDER:
    case NODE_COLUMN:
    case NODE_PARAM:
    case NODE_PIPE:
    case NODE_OPERATOR:
    case NODE_SOURCE:
    case NODE_FUNCTION:
    case NODE_LET:
    case NODE_DECLARE:
    case NODE_RESTRICT:
    case NODE_ALIAS:
        break;
    }
    return bind_fail(b, node->at, "SEM0100", "a table cannot stand here; a value is needed");
}

struct expr *bind_expr(struct binder *b, const struct node *node)
{
    if (!bind_enter(b, node->at, 1))
        return NULL;
    struct expr *expr = bind_node(b, node);
    b->levels--;
    return expr;
}
