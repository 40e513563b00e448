/* SPDX-License-Identifier: Apache-2.0 */
/* parse_stmt.c - statements, let functions, pipelines. */
#include "query/parse_priv.h"

#include "base/limits.h"

struct node *parse_typeof(struct parser *p)
{
    struct node *node = parse_node(p, NODE_TYPEOF, parse_peek(p, 0)->at);

    p->at++;
    if (node == NULL || !parse_need(p, "("))
        return NULL;
    const struct token *token = parse_peek(p, 0);
    if (token->kind == TOKEN_NAME && type_from_name(token->text, &node->value.type) &&
        parse_is_at(p, 1, ")")) {
        p->at += 2;
        return node;
    }
    p->at--;
    node->flags |= NODE_TABULAR;
    return parse_row_type(p, &node->by) ? node : NULL;
}

static struct node *parse_column(struct parser *p)
{
    struct node *column = parse_name(p);

    if (column == NULL || !parse_need(p, ":"))
        return NULL;
    column->kind = NODE_COLUMN;
    if (parse_is(p, "(")) {
        column->flags |= NODE_TABULAR;
        if (parse_is_at(p, 1, "*") && parse_is_at(p, 2, ")")) {
            p->at += 3;
            return column;
        }
        return parse_columns(p, &column->by) ? column : NULL;
    }
    const struct token *token = parse_peek(p, 0);
    if (token->kind != TOKEN_NAME || !type_from_name(token->text, &column->value.type))
        return parse_fail(p, "a type (string, long, real, datetime, dynamic ...)");
    p->at++;
    if (parse_take(p, "=")) {
        column->args = parse_expression(p);
        if (column->args == NULL)
            return NULL;
    }
    return column;
}

static bool columns_behind(struct parser *p, struct node **tail)
{
    if (!parse_enter(p))
        return false;
    while (!parse_take(p, ")")) {
        *tail = parse_column(p);
        if (*tail == NULL)
            return false;
        tail = &(*tail)->next;
        if (!parse_take(p, ",") && !parse_is(p, ")"))
            return parse_fail(p, "',' or ')'") != NULL;
    }
    p->depth--;
    return true;
}

bool parse_columns(struct parser *p, struct node **ret)
{
    return parse_need(p, "(") && columns_behind(p, ret);
}

bool parse_row_type(struct parser *p, struct node **ret)
{
    if (!parse_need(p, "("))
        return false;
    if (!parse_is(p, "*"))
        return columns_behind(p, ret);
    *ret = parse_node(p, NODE_STAR, parse_peek(p, 0)->at);
    if (*ret == NULL)
        return false;
    p->at++;
    if (!parse_take(p, ",") && !parse_is(p, ")"))
        return parse_fail(p, "',' or ')'") != NULL;
    return columns_behind(p, &(*ret)->next);
}

struct node *parse_pipeline(struct parser *p)
{
    bool is_source = false;

    if (!parse_enter(p))
        return NULL;
    struct node *source = parse_source(p, &is_source);
    if (source == NULL && !is_source && p->err->status == STATUS_OK)
        source = parse_expression(p);
    if (source == NULL)
        return NULL;
    if (parse_is(p, "|")) {
        struct node *pipe = parse_node(p, NODE_PIPE, source->at);
        if (pipe == NULL)
            return NULL;
        pipe->args = source;
        struct node **tail = &source->next;
        while (parse_take(p, "|")) {
            struct node *op = parse_operator(p);
            if (op == NULL)
                return NULL;
            *tail = op;
            tail = &op->next;
        }
        source = pipe;
    }
    p->depth--;
    return source;
}

/* (a:long, T:(x:string)) { ... } : is it a function? */
static bool at_function(const struct parser *p)
{
    if (!parse_is(p, "("))
        return false;
    if (parse_is_at(p, 1, ")"))
        return parse_is_at(p, 2, "{");
    const struct token *name = parse_peek(p, 1);
    return (name->kind == TOKEN_NAME || name->kind == TOKEN_QUOTED) && parse_is_at(p, 2, ":");
}

static struct node *parse_function(struct parser *p)
{
    struct node *function = parse_node(p, NODE_FUNCTION, parse_peek(p, 0)->at);

    if (function == NULL)
        return NULL;
    if (parse_take(p, "view"))
        function->flags |= NODE_VIEW;
    if (!parse_columns(p, &function->by) || !parse_need(p, "{") ||
        !parse_statements(p, "}", &function->body) || !parse_need(p, "}"))
        return NULL;
    return function;
}

static struct node *parse_let(struct parser *p)
{
    struct node *let = parse_node(p, NODE_LET, parse_peek(p, 0)->at);

    p->at++;
    struct node *name = let == NULL ? NULL : parse_name(p);
    if (name == NULL || !parse_need(p, "="))
        return NULL;
    let->name = name->name;
    if (at_function(p) || (parse_is(p, "view") && parse_is_at(p, 1, "(")))
        let->args = parse_function(p);
    else
        let->args = parse_pipeline(p);
    return let->args == NULL ? NULL : let;
}

static struct node *parse_declare(struct parser *p)
{
    if (parse_is_at(p, 1, "pattern")) {
        p->at++;
        return parse_pattern_statement(p);
    }
    struct node *declare = parse_node(p, NODE_DECLARE, parse_peek(p, 0)->at);

    p->at++;
    if (declare == NULL || !parse_need(p, "query_parameters") ||
        !parse_columns(p, &declare->by))
        return NULL;
    return declare;
}

/* A let, a table, a pattern of such; database().name, cluster(...).database(...).name. */
static struct node *parse_entity(struct parser *p)
{
    struct node *member = NULL;

    while (parse_peek(p, 0)->kind == TOKEN_NAME && parse_is_at(p, 1, "(")) {
        struct node *call = parse_node(p, NODE_CALL, parse_peek(p, 0)->at);
        if (member == NULL)
            member = parse_node(p, NODE_MEMBER, parse_peek(p, 0)->at);
        if (call == NULL || member == NULL)
            return NULL;
        call->name = parse_peek(p, 0)->text;
        p->at += 2;
        if (!parse_is(p, ")") && (call->args = parse_expression(p)) == NULL)
            return NULL;
        if (!parse_need(p, ")") || !parse_need(p, "."))
            return NULL;
        call->next = member->args; /* the innermost first */
        member->args = call;
    }
    struct node *name = parse_pattern(p);
    if (name == NULL || member == NULL)
        return name;
    member->by = name;
    return member;
}

/* restrict access to (entity, ...) */
static struct node *parse_restrict(struct parser *p)
{
    struct node *limits = parse_node(p, NODE_RESTRICT, parse_peek(p, 0)->at);
    struct node **tail = limits == NULL ? NULL : &limits->by;

    p->at += 2;
    if (tail == NULL || !parse_need(p, "to") || !parse_need(p, "("))
        return NULL;
    do {
        *tail = parse_entity(p);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    } while (parse_take(p, ","));
    return parse_need(p, ")") ? limits : NULL;
}

/* alias database name = cluster(...).database(...) */
static struct node *parse_alias(struct parser *p)
{
    struct node *alias = parse_node(p, NODE_ALIAS, parse_peek(p, 0)->at);

    p->at += 2;
    struct node *name = alias == NULL ? NULL : parse_name(p);
    if (name == NULL || !parse_need(p, "="))
        return NULL;
    alias->name = name->name;
    alias->args = parse_expression(p);
    return alias->args == NULL ? NULL : alias;
}

/* `set name = value`: options of the query. */
static struct node *parse_set(struct parser *p)
{
    struct node *set = parse_node(p, NODE_PARAM, parse_peek(p, 0)->at);

    p->at++;
    struct node *name = set == NULL ? NULL : parse_name(p);
    if (name == NULL)
        return NULL;
    set->name = name->name;
    if (parse_take(p, "=")) {
        set->args = parse_expression(p);
        if (set->args == NULL)
            return NULL;
    }
    return set;
}

struct node *parse_statement(struct parser *p)
{
    if (parse_is(p, "let") && !parse_is_at(p, 1, "|"))
        return parse_let(p);
    if (parse_is(p, "set") && parse_peek(p, 1)->kind == TOKEN_NAME)
        return parse_set(p);
    if (parse_is(p, "declare") && parse_peek(p, 1)->kind == TOKEN_NAME)
        return parse_declare(p);
    if (parse_is(p, "restrict") && parse_is_at(p, 1, "access"))
        return parse_restrict(p);
    if (parse_is(p, "alias") && parse_is_at(p, 1, "database"))
        return parse_alias(p);
    return parse_pipeline(p);
}

bool parse_statements(struct parser *p, const char *end, struct node **ret)
{
    struct node **tail = ret;

    if (!parse_enter(p))
        return false;
    for (;;) {
        while (parse_take(p, ";"))
            ;
        if (end == NULL ? parse_peek(p, 0)->kind == TOKEN_END : parse_is(p, end))
            break;
        *tail = parse_statement(p);
        if (*tail == NULL)
            return false;
        while (*tail != NULL) /* a pattern is several */
            tail = &(*tail)->next;
        bool done = end == NULL ? parse_peek(p, 0)->kind == TOKEN_END : parse_is(p, end);
        if (!done && !parse_is(p, ";"))
            return parse_fail(p, "an operator, '|' or ';'") != NULL;
    }
    p->depth--;
    return true;
}

/* Rows of operators make a tree deeper than what is nested in the text. */
static enum status check_levels(struct slice text, const struct node *statements,
                                struct error *err)
{
    const struct node *node = ast_below(statements, QUERY_LEVELS_MAX);

    if (node == NULL)
        return STATUS_OK;
    (void)ERROR_SET(err, STATUS_LIMIT,
                    "query too complex: more than %u brackets and operators in one another; write "
                    "'in (...)' for many 'or'",
                    QUERY_LEVELS_MAX);
    lex_position(text, node->at, &err->line, &err->column);
    return error_code(err, "E_QUERY_TOO_COMPLEX");
}

enum status parse_query(struct arena *arena, struct slice text, struct node **ret,
                        struct error *err)
{
    struct token *tokens = NULL;
    uint32_t count = 0;

    *ret = NULL;
    *err = (struct error){0};
    enum status status = lex(arena, text, &tokens, &count, err);
    if (status != STATUS_OK)
        return status;
    struct parser p = {.arena = arena, .text = text, .tokens = tokens, .count = count, .err = err};
    if (!parse_statements(&p, NULL, ret))
        return err->status;
    if (*ret == NULL)
        return lex_error(text, 0, "SYN0002", err, "expected a query, found nothing");
    return check_levels(text, *ret, err);
}
