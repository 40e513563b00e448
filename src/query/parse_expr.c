/* SPDX-License-Identifier: Apache-2.0 */
/* parse_expr.c - expressions, by precedence: or, and, equality (with in, has_any and
 * between), relational, additive, multiplicative, string operators, unary, postfix. */
#include "query/parse_priv.h"

#include "base/limits.h"
#include "query/literal.h"
#include "query/special.h"

#include <stdio.h>

struct node *parse_node(struct parser *p, enum node_kind kind, uint32_t at)
{
    if (++p->nodes > QUERY_NODES_MAX) {
        (void)ERROR_SET(p->err, STATUS_LIMIT,
                        "query too complex: more than %u elements; long lists go into a watchlist",
                        QUERY_NODES_MAX);
        (void)error_code(p->err, "E_QUERY_TOO_COMPLEX");
        return NULL;
    }
    struct node *node = ARENA_NEW(p->arena, struct node, p->err);
    if (node != NULL) {
        node->kind = kind;
        node->at = at;
    }
    return node;
}

bool parse_enter(struct parser *p)
{
    if (++p->depth <= QUERY_DEPTH_MAX)
        return true;
    uint32_t line, column;
    lex_position(p->text, parse_peek(p, 0)->at, &line, &column);
    (void)ERROR_SET(p->err, STATUS_LIMIT,
                    "query too complex: nested deeper than %u; name its parts by 'let'",
                    QUERY_DEPTH_MAX);
    p->err->line = line;
    p->err->column = column;
    (void)error_code(p->err, "E_QUERY_TOO_COMPLEX");
    return false;
}

const struct token *parse_peek(const struct parser *p, uint32_t ahead)
{
    uint32_t at = p->at + ahead;
    return &p->tokens[at < p->count ? at : p->count - 1];
}

bool parse_is_at(const struct parser *p, uint32_t ahead, const char *text)
{
    const struct token *token = parse_peek(p, ahead);
    return (token->kind == TOKEN_SYMBOL || token->kind == TOKEN_NAME) &&
           slice_is(token->text, text);
}

bool parse_is(const struct parser *p, const char *text)
{
    return parse_is_at(p, 0, text);
}

bool parse_take(struct parser *p, const char *text)
{
    if (!parse_is(p, text))
        return false;
    p->at++;
    return true;
}

void *parse_error(struct parser *p, uint32_t at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    lex_report(&(struct lex_place){p->text, at, "SYN0002"}, p->err, format, args);
    va_end(args);
    return NULL;
}

struct slice parse_excerpt(const struct parser *p, const struct token *token)
{
    return slice_head(slice_from(p->text.data + token->at, token->end - token->at), 60);
}

void *parse_fail(struct parser *p, const char *expected)
{
    const struct token *token = parse_peek(p, 0);
    char room[PARSE_HINT_BYTES];
    const char *hint = parse_hint(p, expected, room);
    const char *text = hint == NULL ? "" : hint;
    const char *mark = hint == NULL ? "" : "; ";

    if (token->kind == TOKEN_END) /* behind the last word, not behind blank lines */
        return parse_error(p, p->at > 0 ? p->tokens[p->at - 1].end : token->at,
                           "expected %s, found the end of the query%s%s", expected, mark, text);
    return parse_error(p, token->at, "expected %s, found '%.*s'%s%s", expected,
                       SLICE_FMT(parse_excerpt(p, token)), mark, text);
}

bool parse_need(struct parser *p, const char *text)
{
    char expected[64];

    if (parse_take(p, text))
        return true;
    (void)snprintf(expected, sizeof(expected), "'%s'", text);
    (void)parse_fail(p, expected);
    return false;
}

struct node *parse_name(struct parser *p)
{
    const struct token *token = parse_peek(p, 0);

    if (token->kind != TOKEN_NAME && token->kind != TOKEN_QUOTED && token->kind != TOKEN_SPAN)
        return parse_fail(p, "a name");
    if (token->text.size > 0 && token->text.data[0] == '!')
        return parse_fail(p, "a name");
    struct node *node = parse_node(p, NODE_NAME, token->at);
    if (node == NULL)
        return NULL;
    node->name = token->text;
    if (token->kind == TOKEN_QUOTED)
        node->flags |= NODE_QUOTED;
    p->at++;
    return node;
}

static bool parse_arguments(struct parser *p, const char *close, struct node **ret)
{
    struct node **tail = ret;

    if (parse_take(p, close))
        return true;
    for (;;) {
        struct node *arg;
        if (parse_is(p, "*") && (parse_is_at(p, 1, ",") || parse_is_at(p, 1, close))) {
            arg = parse_node(p, NODE_STAR, parse_peek(p, 0)->at);
            if (arg != NULL)
                arg->name = SLICE("*");
            p->at++;
        } else if ((parse_peek(p, 0)->kind == TOKEN_NAME ||
                    parse_peek(p, 0)->kind == TOKEN_QUOTED) &&
                   parse_is_at(p, 1, "=")) {
            arg = parse_node(p, NODE_NAMED, parse_peek(p, 0)->at);
            if (arg == NULL || (arg->by = parse_name(p)) == NULL)
                return false;
            p->at++;
            arg->args = parse_pipeline(p);
            arg = arg->args == NULL ? NULL : arg;
        } else {
            arg = parse_pipeline(p);
        }
        if (arg == NULL)
            return false;
        *tail = arg;
        tail = &arg->next;
        if (parse_take(p, close))
            return true;
        if (!parse_is(p, ","))
            return parse_fail(p, slice_is(slice_of(close), ")") ? "',' or ')'" : "',' or ']'") !=
                   NULL;
        p->at++;
        if (parse_take(p, close))
            return true; /* a comma behind the last one */
    }
}

static struct node *parse_paren(struct parser *p)
{
    p->at++;
    struct node *inner = parse_pipeline(p);
    if (inner == NULL || !parse_need(p, ")"))
        return NULL;
    inner->flags |= NODE_PAREN;
    return inner;
}

static struct node *parse_primary(struct parser *p)
{
    const struct token *token = parse_peek(p, 0);

    if (token->kind == TOKEN_STRING || token->kind == TOKEN_NUMBER ||
        token->kind == TOKEN_SPAN || token->kind == TOKEN_LITERAL) {
        p->at++;
        return parse_literal(p, token);
    }
    if (parse_is(p, "("))
        return parse_paren(p);
    if (parse_is(p, "["))
        return parse_fail(p, "an expression (arrays are written dynamic([...]))");
    if (parse_is(p, "typeof"))
        return parse_typeof(p);
    if (parse_is(p, "*")) { /* every column, in search; the binder refuses it elsewhere */
        struct node *star = parse_node(p, NODE_STAR, token->at);
        p->at++;
        if (star != NULL)
            star->name = token->text;
        return star;
    }
    if (token->kind != TOKEN_NAME && token->kind != TOKEN_QUOTED)
        return parse_fail(p, "an expression");
    bool is_true = false;
    if (token->kind == TOKEN_NAME && literal_bool(token->text, &is_true)) {
        struct node *node = parse_node(p, NODE_LITERAL, token->at);
        if (node == NULL)
            return NULL;
        node->value = (struct value){.type = TYPE_BOOL, .boolean = is_true};
        p->at++;
        return node;
    }
    if (parse_at_pattern(p))
        return parse_pattern_call(p);
    struct node *name = parse_name(p);
    if (name == NULL || token->kind == TOKEN_QUOTED || !parse_is(p, "("))
        return name;
    p->at++;
    name->kind = NODE_CALL;
    return parse_arguments(p, ")", &name->args) ? name : NULL;
}

static struct node *wrap(struct parser *p, enum node_kind kind, uint32_t at, struct node *target)
{
    struct node *node = parse_node(p, kind, at);

    if (node != NULL)
        node->args = target;
    return node;
}

static struct node *parse_index(struct parser *p, struct node *target)
{
    uint32_t at = parse_peek(p, 0)->at;

    p->at++;
    struct node *index = parse_expression(p);
    if (index == NULL || !parse_need(p, "]"))
        return NULL;
    struct node *node = wrap(p, NODE_INDEX, at, target);
    if (node != NULL)
        target->next = index;
    return node;
}

static struct node *parse_postfix(struct parser *p)
{
    struct node *node = parse_primary(p);
    uint32_t steps = 0;

    while (node != NULL) {
        if (parse_is(p, ".") || parse_is(p, "[")) {
            if (++steps > QUERY_DEPTH_MAX)
                return parse_fail(p, "a shorter path");
        }
        if (parse_is(p, "[")) {
            node = parse_index(p, node);
            continue;
        }
        const struct token *quoted = parse_peek(p, 0);
        if (quoted->kind == TOKEN_QUOTED) {
            struct node *member = wrap(p, NODE_MEMBER, quoted->at, node);
            if (member == NULL)
                return NULL;
            member->name = quoted->text;
            p->at++;
            node = member;
            continue;
        }
        if (!parse_take(p, "."))
            break;
        if (parse_is(p, "["))
            continue; /* a.[0] */
        uint32_t at = p->at;
        struct node *name = parse_primary(p);
        if (name == NULL)
            return NULL;
        if (name->kind != NODE_NAME && name->kind != NODE_CALL) {
            p->at = at;
            return parse_fail(p, "a member name");
        }
        name->next = name->kind == NODE_CALL ? NULL : name->next;
        if (name->kind == NODE_CALL) {
            /* database("x").f(y): the path in front is kept in `by`. */
            name->by = node;
            node = name;
            continue;
        }
        struct node *member = wrap(p, NODE_MEMBER, name->at, node);
        if (member == NULL)
            return NULL;
        member->name = name->name;
        node = member;
    }
    return node;
}

static bool is_string_operator(struct slice name);

/* `* has x`: any column has it. */
static bool is_any_column(const struct parser *p)
{
    return parse_is(p, "*") &&
           (parse_is_at(p, 1, "=~") || parse_is_at(p, 1, ":") || parse_is_at(p, 1, "==") ||
            parse_is_at(p, 1, "matches") ||
            (parse_peek(p, 1)->kind == TOKEN_NAME && is_string_operator(parse_peek(p, 1)->text)));
}

struct node *parse_unary(struct parser *p)
{
    const struct token *token = parse_peek(p, 0);

    if (!parse_enter(p))
        return NULL;
    struct node *node;
    if (parse_is(p, "-") || parse_is(p, "+")) {
        p->at++;
        struct node *operand = parse_unary(p);
        node = operand == NULL ? NULL : wrap(p, NODE_UNARY, token->at, operand);
        if (node != NULL)
            node->name = token->text;
    } else if (is_any_column(p)) {
        p->at++;
        node = parse_node(p, NODE_STAR, token->at);
        if (node != NULL)
            node->name = token->text;
    } else {
        node = parse_postfix(p);
    }
    p->depth--;
    return node;
}

/* Operators of one level in a row lean to the left: the tree is as deep as the
 * row is long, so that it is bounded too. */
#define CHAIN_MAX 1000u

static struct node *binary(struct parser *p, const struct token *op, struct slice name,
                           struct node *left, struct node *right)
{
    struct node *node = left == NULL || right == NULL ? NULL
                                                      : wrap(p, NODE_BINARY, op->at, left);
    if (node != NULL) {
        node->name = name;
        left->next = right;
    }
    return node;
}

/* Those of other languages are refused by the binder, which says what to write instead. */
static bool is_string_operator(struct slice name)
{
    static const char *const foreign[] = {"like", "notlike", "!like", "!notlike"};

    return special_text_operand(name) == TEXT_OPERAND_TEXT || SLICE_IS_ONE_OF(name, foreign);
}

static struct node *parse_string_operation(struct parser *p)
{
    struct node *left = parse_unary(p);

    for (uint32_t links = 0; left != NULL; links++) {
        if (links == CHAIN_MAX)
            return parse_fail(p, "at most 1000 operators in a row");
        const struct token *op = parse_peek(p, 0);
        struct slice name = op->text;
        if (op->kind == TOKEN_NAME && is_string_operator(name)) {
            p->at++;
        } else if (parse_is(p, "=~") || parse_is(p, "!~") || parse_is(p, ":")) {
            p->at++;
        } else if (parse_is(p, "matches") && parse_is_at(p, 1, "regex")) {
            p->at += 2;
            name = SLICE("matches regex");
        } else {
            break;
        }
        left = binary(p, op, name, left, parse_unary(p));
    }
    return left;
}

static struct node *parse_chain(struct parser *p, const char *const *names,
                                struct node *(*below)(struct parser *))
{
    struct node *left = below(p);

    for (uint32_t links = 0; left != NULL; links++) {
        const struct token *op = parse_peek(p, 0);
        bool found = false;
        for (size_t i = 0; names[i] != NULL; i++)
            found = found || parse_is(p, names[i]);
        if (!found)
            break;
        if (links == CHAIN_MAX)
            return parse_fail(p, "at most 1000 operators in a row");
        p->at++;
        left = binary(p, op, op->text, left, below(p));
    }
    return left;
}

static struct node *parse_multiplicative(struct parser *p)
{
    static const char *const names[] = {"*", "/", "%", NULL};
    return parse_chain(p, names, parse_string_operation);
}

static struct node *parse_additive(struct parser *p)
{
    static const char *const names[] = {"+", "-", NULL};
    return parse_chain(p, names, parse_multiplicative);
}

static struct node *parse_relational(struct parser *p)
{
    static const char *const names[] = {"<", ">", "<=", ">=", NULL};
    return parse_chain(p, names, parse_additive);
}

static struct node *parse_between(struct parser *p, struct node *left)
{
    const struct token *op = parse_peek(p, 0);

    p->at++;
    struct node *node = wrap(p, NODE_BETWEEN, op->at, left);
    if (node == NULL || !parse_need(p, "("))
        return NULL;
    node->name = op->text;
    left->next = parse_expression(p);
    if (left->next == NULL || !parse_need(p, ".."))
        return NULL;
    left->next->next = parse_expression(p);
    return left->next->next == NULL || !parse_need(p, ")") ? NULL : node;
}

static struct node *parse_in(struct parser *p, struct node *left)
{
    const struct token *op = parse_peek(p, 0);

    p->at++;
    struct node *node = wrap(p, NODE_IN, op->at, left);
    if (node == NULL)
        return NULL;
    node->name = op->text;
    if (parse_take(p, "(")) {
        if (!parse_arguments(p, ")", &node->body))
            return NULL;
    } else {
        node->body = parse_unary(p); /* has_any x */
        if (node->body == NULL)
            return NULL;
    }
    return node;
}

static struct node *parse_equality(struct parser *p)
{
    struct node *left = parse_relational(p);

    for (uint32_t links = 0; left != NULL; links++) {
        if (links == CHAIN_MAX)
            return parse_fail(p, "at most 1000 operators in a row");
        const struct token *op = parse_peek(p, 0);
        if (parse_is(p, "between") || parse_is(p, "!between")) {
            left = parse_between(p, left);
        } else if (op->kind == TOKEN_NAME &&
                   special_text_operand(op->text) == TEXT_OPERAND_LIST) {
            left = parse_in(p, left);
        } else if (parse_is(p, "==") || parse_is(p, "!=") || parse_is(p, "<>")) {
            p->at++;
            left = binary(p, op, op->text, left, parse_relational(p));
        } else {
            break;
        }
    }
    return left;
}

/* `and` and `or` keep one node with many arguments: a list of 10,000 terms is
 * wide, not deep. */
static struct node *parse_logical(struct parser *p, const char *name,
                                  struct node *(*below)(struct parser *))
{
    struct node *left = below(p);
    struct node *node = NULL;
    struct node *last = left;

    while (left != NULL && parse_is(p, name)) {
        const struct token *op = parse_peek(p, 0);
        p->at++;
        struct node *right = below(p);
        if (right == NULL)
            return NULL;
        if (node == NULL) {
            node = wrap(p, NODE_BINARY, op->at, left);
            if (node == NULL)
                return NULL;
            node->name = op->text;
        }
        last->next = right;
        last = right;
    }
    return left == NULL ? NULL : node != NULL ? node : left;
}

static struct node *parse_and(struct parser *p)
{
    return parse_logical(p, "and", parse_equality);
}

struct node *parse_expression(struct parser *p)
{
    if (!parse_enter(p))
        return NULL;
    struct node *node = parse_logical(p, "or", parse_and);
    p->depth--;
    return node;
}

struct node *parse_named(struct parser *p)
{
    const struct token *token = parse_peek(p, 0);
    bool single = (token->kind == TOKEN_NAME || token->kind == TOKEN_QUOTED ||
                   token->kind == TOKEN_SPAN) &&
                  parse_is_at(p, 1, "=");
    bool multi = false;

    if (parse_is(p, "(")) { /* (a, b) = f() */
        uint32_t i = 1;
        while (parse_peek(p, i)->kind == TOKEN_NAME || parse_peek(p, i)->kind == TOKEN_QUOTED) {
            i++;
            if (!parse_is_at(p, i, ","))
                break;
            i++;
        }
        multi = i > 1 && parse_is_at(p, i, ")") && parse_is_at(p, i + 1, "=");
    }
    if (!single && !multi)
        return parse_expression(p);
    struct node *named = parse_node(p, NODE_NAMED, token->at);
    if (named == NULL)
        return NULL;
    if (single) {
        named->by = parse_name(p);
        p->at++;
    } else {
        struct node **tail = &named->by;
        named->flags |= NODE_MULTI;
        p->at++;
        while (!parse_take(p, ")")) {
            *tail = parse_name(p);
            if (*tail == NULL)
                return NULL;
            tail = &(*tail)->next;
            (void)parse_take(p, ",");
        }
        p->at++;
    }
    named->args = parse_expression(p);
    return named->args == NULL ? NULL : named;
}

bool parse_named_list(struct parser *p, struct node **ret)
{
    struct node **tail = ret;

    do {
        struct node *item;
        if (parse_is(p, "*")) {
            item = parse_pattern(p);
        } else {
            item = parse_named(p);
        }
        if (item == NULL)
            return false;
        *tail = item;
        tail = &item->next;
    } while (parse_take(p, ","));
    return true;
}
