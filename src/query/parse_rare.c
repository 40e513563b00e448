/* SPDX-License-Identifier: Apache-2.0 */
/* parse_rare.c - reduce, fork, facet, render, declare pattern.
 *
 *   operator    args          by                     params  body
 *   reduce      expression    threshold, characters  kind
 *   fork                                                     PARAM nodes: name, operators in body
 *   facet       columns                                      operators
 *   render                                               chart, properties
 *
 * A pattern becomes one let function for each of its cases, and a call of it the call of
 * the function: all that the binder sees of patterns is which calls have no case. */
#include "query/parse_priv.h"

#include "base/limits.h"
#include "base/text.h"

#define CASES_MAX 256u /* and patterns */
#define MISSING_BYTES_MAX 400u

/* reduce [kind=source] by expression [with threshold=0.1, characters="..."] */
bool parse_reduce(struct parser *p, struct node *op)
{
    struct node **tail = &op->by;

    if (!parse_params(p, op) || !parse_need(p, "by"))
        return false;
    op->args = parse_expression(p);
    if (op->args == NULL)
        return false;
    if (!parse_take(p, "with"))
        return true;
    do {
        if (!parse_is(p, "threshold") && !parse_is(p, "characters"))
            return parse_fail(p, "'threshold' or 'characters'") != NULL;
        struct node *param = parse_name(p);
        if (param == NULL || !parse_need(p, "="))
            return false;
        param->kind = NODE_PARAM;
        param->args = parse_unary(p);
        if (param->args == NULL)
            return false;
        *tail = param;
        tail = &param->next;
        (void)parse_take(p, ",");
    } while (parse_is(p, "threshold") || parse_is(p, "characters"));
    return true;
}

/* fork [name =] (operators) [name =] (operators) ... */
bool parse_fork(struct parser *p, struct node *op)
{
    struct node **tail = &op->body;

    do {
        struct node *branch = parse_node(p, NODE_PARAM, parse_peek(p, 0)->at);
        if (branch == NULL)
            return false;
        if (!parse_is(p, "(")) {
            struct node *name = parse_name(p);
            if (name == NULL || !parse_need(p, "="))
                return false;
            branch->name = name->name;
        }
        if (!parse_operators(p, &branch->body))
            return false;
        *tail = branch;
        tail = &branch->next;
    } while (parse_is(p, "(") || (parse_peek(p, 0)->kind == TOKEN_NAME && parse_is_at(p, 1, "=")));
    return true;
}

/* facet by columns [with (operators)] */
bool parse_facet(struct parser *p, struct node *op)
{
    return parse_need(p, "by") && parse_named_list(p, &op->args) &&
           (!parse_take(p, "with") || parse_operators(p, &op->body));
}

/* ---- render chart [with (property = value, ...)] ---- */

#define RENDER_DEPTH_MAX 32u

/* The brackets that are open in a value. */
struct open_brackets {
    char closers[RENDER_DEPTH_MAX];
    uint32_t count;
};

/* Opens or closes one, if one is at hand; false: it closes another, or they are too many. */
static bool pass_bracket(const struct parser *p, struct open_brackets *open)
{
    static const char *const pairs[][2] = {{"(", ")"}, {"[", "]"}, {"{", "}"}};

    for (int i = 0; i < 3; i++) {
        if (parse_is(p, pairs[i][0])) {
            if (open->count == RENDER_DEPTH_MAX)
                return false;
            open->closers[open->count++] = pairs[i][1][0];
        } else if (parse_is(p, pairs[i][1])) {
            return open->count > 0 && open->closers[--open->count] == pairs[i][1][0];
        }
    }
    return true;
}

/* A value, of which a list of columns may follow; where it is a word, the word. */
static struct node *render_value(struct parser *p, bool in_list)
{
    const struct token *first = parse_peek(p, 0);
    struct node *value = parse_node(p, first->kind == TOKEN_NAME ? NODE_NAME : NODE_LITERAL,
                                    first->at);
    struct open_brackets open = {.count = 0};

    if (value == NULL)
        return NULL;
    value->name = first->text;
    if (parse_is(p, ",") || parse_is(p, ")") || parse_is(p, "|") || parse_is(p, ";"))
        return parse_fail(p, "a value");
    for (;; p->at++) {
        bool ends = parse_is(p, "|") || parse_is(p, ";") || parse_is(p, "}") ||
                    (parse_is(p, ")") && open.count == 0);
        bool next = parse_is(p, ",") && parse_peek(p, 1)->kind == TOKEN_NAME &&
                    parse_is_at(p, 2, "=");
        bool legacy = !in_list && parse_peek(p, 0)->kind == TOKEN_NAME && parse_is_at(p, 1, "=");
        if (parse_peek(p, 0)->kind == TOKEN_END || (open.count == 0 && (ends || next || legacy)))
            return value;
        if (!in_list && parse_is(p, "with") && open.count == 0)
            return value;
        if (!pass_bracket(p, &open))
            return parse_fail(p, "the end of the value");
    }
}

static struct node **render_property(struct parser *p, struct node **tail, bool in_list)
{
    struct node *param = parse_name(p);

    if (param == NULL || !parse_need(p, "="))
        return NULL;
    param->kind = NODE_PARAM;
    param->args = render_value(p, in_list);
    if (param->args == NULL)
        return NULL;
    *tail = param;
    return &param->next;
}

/* Nothing is drawn here, but what no one could draw is refused. */
bool parse_render(struct parser *p, struct node *op)
{
    struct node *chart = parse_node(p, NODE_PARAM, parse_peek(p, 0)->at);
    struct node **tail = chart == NULL ? NULL : &chart->next;

    if (tail == NULL)
        return false;
    if (parse_peek(p, 0)->kind != TOKEN_NAME)
        return parse_fail(p, "a chart such as timechart or piechart") != NULL;
    chart->name = SLICE("chart");
    chart->args = parse_name(p);
    op->params = chart;
    if (chart->args == NULL)
        return false;
    while (parse_peek(p, 0)->kind == TOKEN_NAME && parse_is_at(p, 1, "=")) { /* the old way */
        tail = render_property(p, tail, false);
        if (tail == NULL)
            return false;
    }
    if (!parse_take(p, "with"))
        return true;
    if (!parse_need(p, "("))
        return false;
    while (!parse_take(p, ")")) {
        tail = render_property(p, tail, true);
        if (tail == NULL)
            return false;
        if (!parse_take(p, ",") && !parse_is(p, ")"))
            return parse_fail(p, "',' or ')'") != NULL;
    }
    return true;
}

/* ---- declare pattern name = (a:string)[b:string] { ("x").["y"] = { query }; ... } ---- */

/* One case: its arguments and path as they are written, and the function that it is; no
 * function: a pattern of the name is there. */
struct pattern_case {
    struct slice name, key, function;
    struct pattern_case *next;
};

static struct pattern_case *add_case(struct parser *p, struct slice pattern, uint32_t at)
{
    struct pattern_case *one = ARENA_NEW(p->arena, struct pattern_case, p->err);

    if (one == NULL)
        return NULL;
    if (++p->case_count > CASES_MAX)
        return parse_error(p, at, "patterns have more than %u cases", CASES_MAX);
    *one = (struct pattern_case){.name = pattern, .next = p->cases};
    p->cases = one;
    return one;
}

/* 'text', however it is written in the query. */
static void add_quoted(struct buf *key, struct slice text)
{
    buf_add_byte(key, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'' || text.data[i] == '\\')
            buf_add_byte(key, '\\');
        buf_add_byte(key, text.data[i]);
    }
    buf_add_byte(key, '\'');
}

static bool add_literal(struct parser *p, struct buf *key)
{
    struct node *literal = parse_unary(p);

    if (literal == NULL)
        return false;
    if (literal->kind != NODE_LITERAL || literal->value.type != TYPE_STRING)
        return parse_error(p, literal->at, "expected a constant text") != NULL;
    add_quoted(key, literal->value.bytes);
    return true;
}

/* ("x", "y") and then .name or .["name"]: the key of a case, ('x', 'y').['name']. */
static bool parse_key(struct parser *p, struct buf *key)
{
    if (!parse_need(p, "("))
        return false;
    buf_add_byte(key, '(');
    while (!parse_take(p, ")")) {
        buf_add_text(key, key->size > 1 ? ", " : "");
        if (!add_literal(p, key))
            return false;
        if (!parse_take(p, ",") && !parse_is(p, ")"))
            return parse_fail(p, "',' or ')'") != NULL;
    }
    buf_add_byte(key, ')');
    if (!parse_take(p, "."))
        return true;
    buf_add_text(key, ".[");
    if (parse_take(p, "[")) {
        if (!add_literal(p, key) || !parse_need(p, "]"))
            return false;
    } else {
        struct node *name = parse_name(p);
        if (name == NULL)
            return false;
        add_quoted(key, name->name);
    }
    buf_add_byte(key, ']');
    return true;
}

static bool keep_key(struct parser *p, struct slice *ret)
{
    struct buf key;

    buf_init(&key, QUERY_TEXT_BYTES_MAX);
    bool good = parse_key(p, &key) && buf_check(&key, p->err) == STATUS_OK;
    *ret = good ? arena_copy(p->arena, buf_slice(&key), p->err) : slice_from(NULL, 0);
    buf_release(&key);
    return ret->data != NULL;
}

/* A name that no query can write. */
static struct slice function_name(struct parser *p, struct slice pattern)
{
    struct buf name;

    buf_init(&name, QUERY_TEXT_BYTES_MAX);
    buf_add_slice(&name, pattern);
    buf_add_format(&name, "\x01%u", p->case_count);
    struct slice copy = arena_copy(p->arena, buf_slice(&name), p->err);
    buf_release(&name);
    return copy;
}

static struct node *parse_case(struct parser *p, struct slice pattern)
{
    struct node *let = parse_node(p, NODE_LET, parse_peek(p, 0)->at);
    struct node *function = parse_node(p, NODE_FUNCTION, parse_peek(p, 0)->at);
    struct slice key;

    if (let == NULL || function == NULL || !keep_key(p, &key) || !parse_need(p, "=") ||
        !parse_need(p, "{") || !parse_statements(p, "}", &function->body) || !parse_need(p, "}"))
        return NULL;
    struct pattern_case *one = add_case(p, pattern, let->at);
    if (one == NULL)
        return NULL;
    one->key = key;
    one->function = let->name = function_name(p, pattern);
    let->args = function;
    return let->name.data == NULL ? NULL : let;
}

struct node *parse_pattern_statement(struct parser *p)
{
    struct node *first = parse_node(p, NODE_DECLARE, parse_peek(p, 0)->at);
    struct node *path = NULL;
    struct node *parameters = NULL;

    p->at++; /* pattern */
    struct node *name = first == NULL ? NULL : parse_name(p);
    if (p->missing == NULL)
        p->missing = parse_node(p, NODE_LITERAL, 0);
    if (name == NULL || p->missing == NULL || add_case(p, name->name, name->at) == NULL)
        return NULL;
    p->missing->value.type = TYPE_STRING;
    first->args = p->missing;
    if (!parse_take(p, "="))
        return first; /* for a program that wants to know its calls */
    if (!parse_columns(p, &parameters))
        return NULL;
    if (parse_take(p, "[")) {
        path = parse_name(p);
        if (path == NULL || !parse_need(p, ":") || parse_name(p) == NULL || !parse_need(p, "]"))
            return NULL;
    }
    if (!parse_need(p, "{"))
        return NULL;
    struct node *last = first;
    while (!parse_take(p, "}")) {
        last->next = parse_case(p, name->name);
        if (last->next == NULL)
            return NULL;
        last = last->next;
        if (!parse_take(p, ";") && !parse_is(p, "}"))
            return parse_fail(p, "';' or '}'");
    }
    return first;
}

bool parse_at_pattern(const struct parser *p)
{
    const struct token *token = parse_peek(p, 0);

    if (token->kind != TOKEN_NAME || !parse_is_at(p, 1, "("))
        return false;
    for (const struct pattern_case *one = p->cases; one != NULL; one = one->next) {
        if (slice_equal(one->name, token->text))
            return true;
    }
    return false;
}

/* Notes a call without a case: the message about one tells all, each once, as many as fit. */
static bool add_missing(struct parser *p, const struct node *call, struct slice key)
{
    struct slice *list = &p->missing->value.bytes;
    struct buf plain, all;

    if (list->size > MISSING_BYTES_MAX)
        return true; /* the first alone is as much as is told */
    if (list->size == 0)
        p->missing->at = call->at;
    buf_init(&plain, 2 * QUERY_TEXT_BYTES_MAX);
    buf_init(&all, 16 * QUERY_TEXT_BYTES_MAX);
    buf_add_slice(&plain, call->name);
    buf_add_slice(&plain, key);
    buf_add_slice(&all, *list);
    buf_add_text(&all, list->size > 0 ? "," : "");
    size_t end = all.size;
    text_add_json_string(&all, buf_slice(&plain));
    bool ok = buf_check(&plain, p->err) == STATUS_OK && buf_check(&all, p->err) == STATUS_OK;
    bool is_new = ok && slice_find(*list, slice_tail(buf_slice(&all), end), 0) == SIZE_MAX;
    if (is_new && (list->size == 0 || all.size <= MISSING_BYTES_MAX))
        *list = arena_copy(p->arena, buf_slice(&all), p->err);
    buf_release(&plain);
    buf_release(&all);
    return ok && list->data != NULL;
}

struct node *parse_pattern_call(struct parser *p)
{
    struct node *call = parse_name(p);
    struct slice key;

    if (call == NULL || !keep_key(p, &key))
        return NULL;
    call->kind = NODE_CALL;
    for (const struct pattern_case *one = p->cases; one != NULL; one = one->next) {
        if (one->function.data != NULL && slice_equal(one->name, call->name) &&
            slice_equal(one->key, key)) {
            call->name = one->function;
            return call;
        }
    }
    return add_missing(p, call, key) ? call : NULL;
}
