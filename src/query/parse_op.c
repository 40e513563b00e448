/* SPDX-License-Identifier: Apache-2.0 */
/* parse_op.c - the operators behind a bar.
 *
 *   operator                          args          by         params  body
 *   where                             predicate
 *   project extend print serialize    named list
 *   project-away -keep -reorder       patterns
 *   project-rename                    named list
 *   summarize                         aggregates    by list    hints
 *   sort, top                         [count]       order list hints
 *   take sample                       count
 *   distinct                          expressions
 *   join lookup                       right table   on list    kind ...
 *   union                             tables                   kind ...
 *   mv-expand mv-apply                named list    TYPEOF of the same place (or NULL name)
 *                                                              limit, with_itemindex; body: on
 *   parse, parse-where                expression    pattern    kind, flags
 */
#include "query/parse_priv.h"

#include <stdio.h>

struct node *parse_pattern(struct parser *p)
{
    const struct token *first = parse_peek(p, 0);
    const struct token *last = first;
    bool star = false;

    if (first->kind == TOKEN_QUOTED)
        return parse_name(p);
    while (last->kind == TOKEN_NAME || parse_is(p, "*") || last->kind == TOKEN_NUMBER) {
        star = star || parse_is(p, "*");
        p->at++;
        if (parse_peek(p, 0)->at != last->end)
            break;
        last = parse_peek(p, 0);
    }
    last = &p->tokens[p->at > 0 ? p->at - 1 : 0];
    if (last < first)
        return parse_fail(p, "a column name or a pattern");
    struct node *node = parse_node(p, star ? NODE_STAR : NODE_NAME, first->at);
    if (node != NULL)
        node->name = slice_from(p->text.data + first->at, last->end - first->at);
    return node;
}

/* granny-asc, granny-desc: by name, numbers in it by their value */
static bool granny_order(struct parser *p, struct node *item)
{
    bool descending = parse_is_at(p, 2, "desc");

    if (!parse_is_at(p, 1, "-") || !(descending || parse_is_at(p, 2, "asc")))
        return parse_fail(p, "granny-asc or granny-desc") != NULL;
    item->flags |= NODE_GRANNY | (descending ? NODE_DESC : NODE_ASC);
    p->at += 3;
    return true;
}

static bool pattern_list(struct parser *p, struct node *op)
{
    struct node **tail = &op->args;

    do {
        struct node *item = parse_pattern(p);
        if (item == NULL)
            return false;
        if (parse_take(p, "asc"))
            item->flags |= NODE_ASC;
        else if (parse_take(p, "desc"))
            item->flags |= NODE_DESC;
        else if (parse_is(p, "granny") && !granny_order(p, item))
            return false;
        *tail = item;
        tail = &item->next;
    } while (parse_take(p, ","));
    return true;
}

/* Operators of which nothing else begins with `name =`: there every name is meant as an
 * option, and the binder says which ones there are. */
static bool has_options_only(struct slice op_name)
{
    static const char *const names[] = {"join",      "lookup", "union",  "sort",   "order",
                                        "top",       "take",   "limit",  "sample", "parse",
                                        "parse-where", "search", "find", "partition", "reduce",
                                        "scan",      "as",     "count",  "consume", "getschema"};

    return SLICE_IS_ONE_OF(op_name, names);
}

/* Of the others most make columns, which may have any name. */
static bool has_option(struct slice op_name, struct slice name)
{
    static const char *const expansions[] = {"mv-expand", "mvexpand", "mv-apply", "mvapply"};
    static const char *const names[] = {"kind", "bagexpansion", "with_itemindex"};

    if (slice_is(op_name, "make-series"))
        return slice_is(name, "kind");
    return SLICE_IS_ONE_OF(op_name, expansions) && SLICE_IS_ONE_OF(name, names);
}

bool parse_is_option(struct slice op_name, struct slice name)
{
    return has_options_only(op_name) || has_option(op_name, name);
}

/* "hint." and the name, which may be in brackets and apart from the dot. */
static bool name_hint(struct parser *p, struct node *param)
{
    static const struct slice prefix = {"hint.", sizeof("hint.") - 1};
    char *name = arena_alloc(p->arena, prefix.size + param->name.size, p->err);

    if (name == NULL)
        return false;
    memcpy(name, prefix.data, prefix.size);
    if (param->name.size > 0)
        memcpy(name + prefix.size, param->name.data, param->name.size);
    param->name = slice_from(name, prefix.size + param->name.size);
    return true;
}

bool parse_params(struct parser *p, struct node *op)
{
    struct node **tail = &op->params;
    bool open = has_options_only(op->name);

    while (*tail != NULL)
        tail = &(*tail)->next;
    for (;;) {
        const struct token *token = parse_peek(p, 0);
        bool hint = parse_is(p, "hint") && parse_is_at(p, 1, ".") &&
                    (open || parse_is_at(p, 3, "=")); /* else a column of that name */
        bool option = token->kind == TOKEN_NAME && parse_is_at(p, 1, "=") &&
                      parse_is_option(op->name, token->text);
        if (!hint && !option)
            return true;
        p->at += hint ? 2 : 0;
        struct node *param = parse_name(p);
        if (param == NULL || !parse_need(p, "="))
            return false;
        param->kind = NODE_PARAM;
        param->at = token->at;
        if (hint && !name_hint(p, param))
            return false;
        param->args = parse_peek(p, 0)->kind == TOKEN_NAME ? parse_name(p) : parse_unary(p);
        if (param->args == NULL)
            return false;
        *tail = param;
        tail = &param->next;
    }
}

static bool order_list(struct parser *p, struct node **ret)
{
    struct node **tail = ret;

    do {
        struct node *order = parse_node(p, NODE_ORDER, parse_peek(p, 0)->at);
        struct node *expr = order == NULL ? NULL : parse_named(p);
        if (expr == NULL)
            return false;
        order->args = expr;
        if (parse_take(p, "asc"))
            order->flags |= NODE_ASC;
        else if (parse_take(p, "desc"))
            order->flags |= NODE_DESC;
        if (parse_take(p, "nulls")) {
            if (parse_take(p, "first"))
                order->flags |= NODE_NULLS_FIRST;
            else if (parse_take(p, "last"))
                order->flags |= NODE_NULLS_LAST;
            else
                return parse_fail(p, "'first' or 'last'") != NULL;
        }
        *tail = order;
        tail = &order->next;
    } while (parse_take(p, ","));
    return true;
}

static bool op_summarize(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    if (!parse_is(p, "by") && !parse_named_list(p, &op->args))
        return false;
    if (!parse_take(p, "by"))
        return true;
    if (!parse_params(p, op) || !parse_named_list(p, &op->by))
        return false;
    return true;
}

static bool op_sort(struct parser *p, struct node *op)
{
    return parse_params(p, op) && parse_need(p, "by") && order_list(p, &op->by);
}

static bool op_top(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    op->args = parse_expression(p);
    return op->args != NULL && parse_params(p, op) && parse_need(p, "by") &&
           order_list(p, &op->by);
}

struct node *parse_right_table(struct parser *p)
{
    if (parse_is(p, "(")) {
        p->at++;
        struct node *inner = parse_pipeline(p);
        if (inner == NULL || !parse_need(p, ")"))
            return NULL;
        inner->flags |= NODE_PAREN;
        return inner;
    }
    return parse_unary(p);
}

static bool op_join(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    op->args = parse_right_table(p);
    if (op->args == NULL || !parse_params(p, op))
        return false;
    if (parse_take(p, "where")) { /* not in the language any more; the parser knows it */
        return parse_fail(p, "'on'") != NULL;
    }
    if (!parse_need(p, "on"))
        return false;
    struct node **tail = &op->by;
    do {
        *tail = parse_expression(p);
        if (*tail == NULL)
            return false;
        tail = &(*tail)->next;
    } while (parse_take(p, ","));
    return true;
}

static bool op_union(struct parser *p, struct node *op)
{
    struct node **tail = &op->args;

    if (!parse_params(p, op))
        return false;
    do {
        const struct token *token = parse_peek(p, 0);
        bool pattern = parse_is(p, "*") ||
                       (token->kind == TOKEN_NAME && parse_is_at(p, 1, "*") &&
                        parse_peek(p, 1)->at == token->end);
        *tail = pattern ? parse_pattern(p) : parse_right_table(p);
        if (*tail == NULL)
            return false;
        tail = &(*tail)->next;
    } while (parse_take(p, ","));
    return true;
}

static bool op_distinct(struct parser *p, struct node *op)
{
    return parse_params(p, op) && parse_named_list(p, &op->args);
}

/* args and by run in parallel: by[i] is the TYPEOF of args[i], or a NAME node. */
static bool expand_columns(struct parser *p, struct node *op)
{
    struct node **arg = &op->args;
    struct node **type = &op->by;

    do {
        *arg = parse_named(p);
        if (*arg == NULL)
            return false;
        if (parse_is(p, "to") && parse_is_at(p, 1, "typeof")) {
            p->at++;
            *type = parse_typeof(p);
        } else {
            *type = parse_node(p, NODE_NAME, (*arg)->at);
        }
        if (*type == NULL)
            return false;
        arg = &(*arg)->next;
        type = &(*type)->next;
    } while (parse_take(p, ","));
    return true;
}

static bool op_expand(struct parser *p, struct node *op)
{
    if (!parse_params(p, op) || !expand_columns(p, op))
        return false;
    if (parse_take(p, "limit")) {
        struct node *limit = parse_node(p, NODE_PARAM, parse_peek(p, 0)->at);
        if (limit == NULL)
            return false;
        limit->name = SLICE("limit");
        limit->args = parse_expression(p);
        if (limit->args == NULL)
            return false;
        limit->next = op->params;
        op->params = limit;
    }
    if (slice_is(op->name, "mv-expand") || slice_is(op->name, "mvexpand"))
        return true;
    return parse_need(p, "on") && parse_operators(p, &op->body);
}

/* * "text" name:type * ... */
static bool op_parse(struct parser *p, struct node *op)
{
    struct node **tail = &op->by;

    if (!parse_params(p, op))
        return false;
    op->args = parse_expression(p);
    if (op->args == NULL || !parse_need(p, "with"))
        return false;
    for (;;) {
        const struct token *token = parse_peek(p, 0);
        struct node *item;
        if (parse_is(p, "*")) {
            item = parse_node(p, NODE_STAR, token->at);
            p->at++;
        } else if (token->kind == TOKEN_STRING) {
            p->at++;
            item = parse_literal(p, token);
        } else if (token->kind == TOKEN_NAME || token->kind == TOKEN_QUOTED) {
            item = parse_name(p);
            if (item == NULL)
                return false;
            item->kind = NODE_COLUMN;
            item->value.type = TYPE_STRING;
            if (parse_take(p, ":")) {
                if (!type_from_name(parse_peek(p, 0)->text, &item->value.type))
                    return parse_fail(p, "a type") != NULL;
                p->at++;
            }
        } else {
            break;
        }
        if (item == NULL)
            return false;
        *tail = item;
        tail = &item->next;
    }
    return op->by != NULL || parse_fail(p, "a pattern of strings, columns and '*'") != NULL;
}

static bool op_expression(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    op->args = parse_named(p);
    return op->args != NULL;
}

static bool op_list(struct parser *p, struct node *op)
{
    return parse_params(p, op) && parse_named_list(p, &op->args);
}

static bool op_serialize(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    const struct token *token = parse_peek(p, 0);
    if (token->kind != TOKEN_NAME && token->kind != TOKEN_QUOTED)
        return true;
    return parse_named_list(p, &op->args);
}

/* count [as Name], getschema, consume */
static bool op_nothing(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    if (!parse_is(p, "as"))
        return true;
    p->at++;
    op->args = parse_name(p);
    return op->args != NULL;
}

static bool op_as(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    op->args = parse_name(p);
    return op->args != NULL;
}

static const struct {
    const char *name;
    bool (*parse)(struct parser *p, struct node *op);
} operators[] = {
    {"where", op_expression},      {"filter", op_expression},  {"project", op_list},
    {"project-rename", op_list},   {"extend", op_list},        {"summarize", op_summarize},
    {"sort", op_sort},             {"order", op_sort},         {"top", op_top},
    {"take", op_expression},       {"limit", op_expression},   {"sample", op_expression},
    {"distinct", op_distinct},     {"count", op_nothing},      {"join", op_join},
    {"lookup", op_join},           {"union", op_union},        {"mv-expand", op_expand},
    {"mvexpand", op_expand},       {"mv-apply", op_expand},    {"mvapply", op_expand},
    {"parse", op_parse},           {"parse-where", op_parse},  {"project-away", pattern_list},
    {"project-keep", pattern_list}, {"project-reorder", pattern_list},
    {"serialize", op_serialize},   {"as", op_as},              {"getschema", op_nothing},
    {"consume", op_nothing},       {"render", parse_render},   {"invoke", op_expression},
};

struct node *parse_operator(struct parser *p)
{
    const struct token *token = parse_peek(p, 0);
    struct node *op = parse_node(p, NODE_OPERATOR, token->at);

    if (op == NULL)
        return NULL;
    if (token->kind != TOKEN_NAME)
        return parse_fail(p, "an operator such as where, project or summarize");
    p->at++;
    while (parse_is(p, "-") && parse_peek(p, 0)->at == p->tokens[p->at - 1].end &&
           parse_peek(p, 1)->kind == TOKEN_NAME &&
           parse_peek(p, 1)->at == parse_peek(p, 0)->end)
        p->at += 2;
    op->name = slice_from(token->text.data, p->tokens[p->at - 1].end - token->at);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!slice_is(op->name, operators[i].name))
            continue;
        if (slice_is(op->name, "sort") || slice_is(op->name, "order") ||
            parse_peek(p, 0)->kind != TOKEN_END || operators[i].parse == op_nothing ||
            operators[i].parse == parse_render || operators[i].parse == op_serialize)
            return operators[i].parse(p, op) ? op : NULL;
        return parse_fail(p, "the operator's arguments");
    }
    return parse_op_other(p, op) ? op : NULL;
}

bool parse_operators(struct parser *p, struct node **ret)
{
    struct node **tail = ret;

    if (!parse_enter(p) || !parse_need(p, "("))
        return false;
    do {
        *tail = parse_operator(p);
        if (*tail == NULL)
            return false;
        tail = &(*tail)->next;
    } while (parse_take(p, "|"));
    p->depth--;
    return parse_need(p, ")");
}
