/* SPDX-License-Identifier: Apache-2.0 */
/* parse_source.c - what can stand first in a pipeline, and the rarer operators. */
#include "query/parse_priv.h"

#include "base/text.h"
#include "query/function.h"

static bool list_of_literals(struct parser *p, struct node **ret)
{
    struct node **tail = ret;

    if (!parse_need(p, "["))
        return false;
    while (!parse_take(p, "]")) {
        *tail = parse_expression(p);
        if (*tail == NULL)
            return false;
        tail = &(*tail)->next;
        if (!parse_take(p, ",") && !parse_is(p, "]"))
            return parse_fail(p, "',' or ']'") != NULL;
    }
    return true;
}

static bool with_properties(struct parser *p, struct node **ret)
{
    while (*ret != NULL)
        ret = &(*ret)->next;
    if (!parse_take(p, "with"))
        return true;
    if (!parse_need(p, "("))
        return false;
    while (!parse_take(p, ")")) {
        struct node *param = parse_name(p);
        if (param == NULL || !parse_need(p, "="))
            return false;
        param->kind = NODE_PARAM;
        param->args = parse_expression(p);
        if (param->args == NULL)
            return false;
        *ret = param;
        ret = &param->next;
        if (!parse_take(p, ",") && !parse_is(p, ")"))
            return parse_fail(p, "',' or ')'") != NULL;
    }
    return true;
}

static bool source_datatable(struct parser *p, struct node *source)
{
    return parse_columns(p, &source->by) && list_of_literals(p, &source->args);
}

static bool source_externaldata(struct parser *p, struct node *source)
{
    return parse_columns(p, &source->by) && list_of_literals(p, &source->args) &&
           with_properties(p, &source->params);
}

static bool source_range(struct parser *p, struct node *source)
{
    struct node *name = parse_name(p);

    if (name == NULL || !parse_need(p, "from"))
        return false;
    source->by = name;
    source->args = parse_expression(p);
    if (source->args == NULL || !parse_need(p, "to"))
        return false;
    source->args->next = parse_expression(p);
    if (source->args->next == NULL || !parse_need(p, "step"))
        return false;
    source->args->next->next = parse_expression(p);
    return source->args->next->next != NULL;
}

static bool source_print(struct parser *p, struct node *source)
{
    return parse_named_list(p, &source->args);
}

/* search [in (tables)] predicate; find [in (tables)] where p [project ...] */
static bool source_search(struct parser *p, struct node *source)
{
    if (!parse_params(p, source))
        return false;
    if (parse_take(p, "in")) {
        struct node **tail = &source->by;
        if (!parse_need(p, "("))
            return false;
        while (!parse_take(p, ")")) {
            *tail = parse_is(p, "(") ? parse_right_table(p) : parse_pattern(p);
            if (*tail == NULL)
                return false;
            tail = &(*tail)->next;
            (void)parse_take(p, ",");
        }
    }
    if (slice_is(source->name, "find")) {
        (void)parse_params(p, source);
        (void)parse_take(p, "where");
    }
    if (parse_is(p, "*") && (parse_peek(p, 1)->kind == TOKEN_END || parse_is_at(p, 1, "|"))) {
        p->at++;
        return true;
    }
    source->args = parse_expression(p);
    if (source->args == NULL)
        return false;
    if (!parse_take(p, "project"))
        return true;
    if (parse_is(p, "-") && parse_is_at(p, 1, "smart")) { /* as without it */
        p->at += 2;
        return true;
    }
    return parse_named_list(p, &source->body);
}

static bool op_evaluate(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    op->args = parse_unary(p);
    if (op->args == NULL)
        return false;
    if (op->args->kind != NODE_CALL)
        return parse_fail(p, "a plugin call") != NULL;
    return !parse_take(p, ":") || parse_row_type(p, &op->by);
}

struct node *parse_source(struct parser *p, bool *ret_is_source)
{
    static const struct {
        const char *name;
        bool (*parse)(struct parser *p, struct node *source);
    } sources[] = {{"datatable", source_datatable},
                   {"externaldata", source_externaldata},
                   {"external_data", source_externaldata},
                   {"range", source_range},
                   {"print", source_print},
                   {"search", source_search},
                   {"find", source_search},
                   {"evaluate", op_evaluate}};
    static const char *const not[] = {"|", ";", ")", ",", "=", ".", "==", "!=", "<", ">", "+",
                                      "/", "]", "}"};
    const struct token *token = parse_peek(p, 0);
    const struct token *after = parse_peek(p, 1);

    *ret_is_source = false;
    if (token->kind != TOKEN_NAME || after->kind == TOKEN_END)
        return NULL;
    for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
        if (parse_is_at(p, 1, not[i]))
            return NULL;
    }
    if (slice_is(token->text, "union")) {
        *ret_is_source = true;
        return parse_operator(p);
    }
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (!slice_is(token->text, sources[i].name))
            continue;
        if (sources[i].parse == source_range && !parse_is_at(p, 2, "from"))
            return NULL;
        bool call = parse_is_at(p, 1, "(");
        if (sources[i].parse == op_evaluate && call)
            return NULL;
        *ret_is_source = true;
        struct node *source = parse_node(p, NODE_SOURCE, token->at);
        if (source == NULL)
            return NULL;
        source->name = token->text;
        p->at++;
        return sources[i].parse(p, source) ? source : NULL;
    }
    return NULL;
}

/* ---- operators that the engine parses and runs elsewhere, or refuses ---- */

static bool op_sample_distinct(struct parser *p, struct node *op)
{
    op->args = parse_expression(p);
    if (op->args == NULL || !parse_need(p, "of"))
        return false;
    op->by = parse_named(p);
    return op->by != NULL;
}

static bool op_top_hitters(struct parser *p, struct node *op)
{
    if (!op_sample_distinct(p, op))
        return false;
    if (parse_take(p, "by")) {
        op->body = parse_expression(p);
        return op->body != NULL;
    }
    return true;
}

/* top-nested [n] of expr [with others = x] by aggregate [asc|desc], ... */
static bool op_top_nested(struct parser *p, struct node *op)
{
    struct node **tail = &op->args;

    for (;;) {
        struct node *level = parse_node(p, NODE_ORDER, parse_peek(p, 0)->at);
        if (level == NULL)
            return false;
        if (!parse_is(p, "of")) {
            level->params = parse_expression(p);
            if (level->params == NULL)
                return false;
        }
        if (!parse_need(p, "of"))
            return false;
        level->args = parse_named(p);
        if (level->args == NULL)
            return false;
        if (parse_take(p, "with")) {
            if (!parse_need(p, "others") || !parse_need(p, "="))
                return false;
            level->body = parse_expression(p);
            if (level->body == NULL)
                return false;
        }
        if (!parse_need(p, "by"))
            return false;
        level->by = parse_named(p);
        if (level->by == NULL)
            return false;
        if (parse_take(p, "asc"))
            level->flags |= NODE_ASC;
        else
            (void)parse_take(p, "desc");
        *tail = level;
        tail = &level->next;
        if (!parse_take(p, ","))
            return true;
        if (!parse_take(p, "top-nested") && parse_is(p, "top"))
            p->at += 3;
    }
}

/* parse-kv expr as (columns) with (properties) */
static bool op_parse_kv(struct parser *p, struct node *op)
{
    op->args = parse_expression(p);
    return op->args != NULL && parse_need(p, "as") && parse_columns(p, &op->by) &&
           with_properties(p, &op->params);
}

/* make-series a = agg(x) default=0 on t from a to b step c by ... */
static bool op_make_series(struct parser *p, struct node *op)
{
    struct node **tail = &op->args;

    if (!parse_params(p, op))
        return false;
    do {
        struct node *series = parse_named(p);
        if (series == NULL)
            return false;
        if (parse_is(p, "default") && parse_is_at(p, 1, "=")) {
            p->at += 2;
            series->params = parse_unary(p);
            if (series->params == NULL)
                return false;
        }
        *tail = series;
        tail = &series->next;
    } while (parse_take(p, ","));
    if (!parse_need(p, "on"))
        return false;
    struct node *axis = parse_named(p);
    struct node **step = &op->body;
    if (axis == NULL)
        return false;
    *step = axis;
    static const char *const words[] = {"from", "to", "step"};
    for (size_t i = 0; i < 3; i++) {
        if (!parse_take(p, words[i]))
            continue;
        struct node *param = parse_node(p, NODE_PARAM, axis->at);
        if (param == NULL)
            return false;
        param->name = slice_of(words[i]);
        param->args = parse_expression(p);
        if (param->args == NULL)
            return false;
        while (*step != NULL)
            step = &(*step)->next;
        *step = param;
    }
    return !parse_take(p, "by") || parse_named_list(p, &op->by);
}

/* fork (a) (b); facet by ...; reduce and the graph's:
 * skipped to the end of the operator, in balance, and refused by the binder. */
static bool op_skip(struct parser *p, struct node *op)
{
    uint32_t depth = 0;

    (void)op;
    for (;; p->at++) {
        const struct token *token = parse_peek(p, 0);
        bool closes = parse_is(p, ")") || parse_is(p, "]") || parse_is(p, "}");
        if (token->kind == TOKEN_END)
            return depth == 0 || parse_fail(p, "a closing bracket") != NULL;
        if (depth == 0 && (closes || parse_is(p, "|") || parse_is(p, ";")))
            return true;
        bool opens = parse_is(p, "(") || parse_is(p, "[") || parse_is(p, "{");
        if (opens && !parse_enter(p)) /* the layout goes into each */
            return false;
        depth += opens;
        p->depth -= closes;
        depth -= closes;
    }
}

static bool op_names(struct parser *p, struct node *op)
{
    return parse_named_list(p, &op->args);
}

bool parse_op_other(struct parser *p, struct node *op)
{
    static const struct {
        const char *name;
        bool (*parse)(struct parser *p, struct node *op);
    } others[] = {{"sample-distinct", op_sample_distinct},
                  {"top-hitters", op_top_hitters},
                  {"top-nested", op_top_nested},
                  {"parse-kv", op_parse_kv},
                  {"make-series", op_make_series},
                  {"evaluate", op_evaluate},
                  {"search", source_search},
                  {"partition", parse_partition},
                  {"__partitionby", parse_partition},
                  {"scan", parse_scan},
                  {"reduce", parse_reduce},
                  {"fork", parse_fork},
                  {"facet", parse_facet},
                  {"macro-expand", op_skip},
                  {"project-by-names", op_names},
                  {"execute-and-cache", op_skip},
                  {"make-graph", op_skip},
                  {"graph-match", op_skip},
                  {"graph-shortest-paths", op_skip},
                  {"graph-mark-components", op_skip},
                  {"graph-to-table", op_skip}};
    static const char *const common[] = {
        "where", "project", "extend", "summarize", "sort", "order", "top", "take", "limit",
        "distinct", "count", "join", "lookup", "union", "mv-expand", "mv-apply", "parse",
        "parse-where", "parse-kv", "project-away", "project-keep", "project-rename",
        "project-reorder", "render", "serialize", "evaluate", "invoke", "getschema", "as",
        "search", "sample", "make-series", "partition", "scan", "top-nested"};
    const char *nearest = NULL;
    const char *instead = parse_hint_operator(op->name);
    size_t best = 3;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (slice_is(op->name, others[i].name))
            return others[i].parse(p, op);
    }
    struct slice name = slice_head(op->name, 60);
    if (instead != NULL)
        return parse_error(p, op->at, "'%.*s' is not an operator; write %s", SLICE_FMT(name),
                           instead) != NULL;
    if (function_find(op->name) != NULL || aggregate_find(op->name) != NULL)
        return parse_error(p, op->at, "'%.*s' is not an operator but a function: %s",
                           SLICE_FMT(name),
                           function_find(op->name) != NULL ? "use it in extend, project or where"
                                                           : "use it in summarize") != NULL;
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        size_t distance = slice_equal_nocase(op->name, slice_of(common[i]))
                              ? 0
                              : text_distance(op->name, slice_of(common[i]));
        if (distance < best) {
            best = distance;
            nearest = common[i];
        }
    }
    if (nearest == NULL)
        return parse_error(p, op->at, "'%.*s' is not an operator", SLICE_FMT(name)) != NULL;
    return parse_error(p, op->at, "'%.*s' is not an operator; did you mean '%s'?", SLICE_FMT(name),
                       nearest) != NULL;
}
