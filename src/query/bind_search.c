/* SPDX-License-Identifier: Apache-2.0 */
/* bind_search.c - search and find: a union of tables, and a predicate in which a text
 * alone, or '*', stands for every column that holds text. */
#include "base/limits.h"
#include "base/text.h"
#include "query/bind_priv.h"
#include "query/items.h"

#include <string.h>

struct searching {
    const struct schema *schema;
    bool exact_case;
    uint32_t first; /* column: the table's name in front is not searched */
    uint8_t *named; /* columns that the predicate names */
    bool everywhere; /* it asks every column besides */
};

static bool holds_text(enum type type)
{
    return type == TYPE_STRING || type == TYPE_DYNAMIC;
}

/* "a*b" is a pattern: what begins with a and ends in b, as words unless a star is there too. */
static struct slice term_pattern(struct binder *b, struct slice text, bool head, bool tail,
                                 bool exact_case)
{
    struct buf pattern;

    buf_init(&pattern, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&pattern, exact_case ? "" : "(?i)");
    buf_add_text(&pattern, head ? "" : "\\b");
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '*')
            buf_add_byte(&pattern, '.');
        else if (c != '\0' && strchr("\\.+?()|[]{}^$", c) != NULL)
            buf_add_byte(&pattern, '\\');
        buf_add_byte(&pattern, c);
    }
    buf_add_text(&pattern, tail ? "" : "\\b");
    struct slice copy = arena_copy(b->q->arena, buf_slice(&pattern), b->err);
    buf_release(&pattern);
    return copy;
}

/* "a*" is a prefix, "*a" a suffix, "*a*" anywhere, "a" a word, "a*b" a pattern. */
static struct node *term_node(struct binder *b, const struct searching *s,
                              const struct node *left, const struct node *term)
{
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 3, b->err);
    struct slice text = term->value.bytes;
    bool head = text.size > 1 && text.data[0] == '*';
    bool tail = text.size > 1 && text.data[text.size - 1] == '*';

    if (nodes == NULL)
        return NULL;
    text = slice_tail(text, head);
    text = slice_head(text, text.size - tail);
    bool is_pattern = slice_find_byte(text, '*', 0) < text.size;
    const char *plain = head && tail ? "contains" : tail ? "hasprefix" : head ? "hassuffix" : "has";
    struct slice suffix = s->exact_case ? SLICE("_cs") : SLICE("");
    if (is_pattern)
        text = term_pattern(b, text, head, tail, s->exact_case);
    nodes[0] = (struct node){.kind = NODE_BINARY,
                             .at = term->at,
                             .name = is_pattern ? SLICE("matches regex")
                                                : bind_join_name(b, plain, suffix),
                             .args = &nodes[1]};
    nodes[1] = *left;
    nodes[1].next = &nodes[2];
    nodes[2] = *term;
    nodes[2].next = NULL;
    nodes[2].value.bytes = text;
    return nodes[0].name.data == NULL || text.data == NULL ? NULL : &nodes[0];
}

/* What is asked of '*' is asked of every column with text, joined by or. */
static struct node *every_column(struct binder *b, struct searching *s,
                                 const struct node *node, bool is_term)
{
    struct node *any = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node **tail = any == NULL ? NULL : &any->args;

    if (any == NULL)
        return NULL;
    s->everywhere = true;
    *any = (struct node){.kind = NODE_BINARY, .at = node->at, .name = SLICE("or")};
    for (uint32_t c = s->first; c < s->schema->column_count; c++) {
        struct node column = {
            .kind = NODE_NAME, .at = node->at, .name = s->schema->columns[c].name};
        if (!holds_text(s->schema->columns[c].type))
            continue;
        if (is_term) {
            *tail = term_node(b, s, &column,
                              node->kind == NODE_LITERAL ? node : node->args->next);
        } else {
            struct node *copies = ARENA_ARRAY(b->q->arena, struct node, 2, b->err);
            if (copies == NULL)
                return NULL;
            copies[0] = *node;
            copies[0].next = NULL;
            copies[1] = column;
            copies[1].next = node->args->next;
            copies[0].args = &copies[1];
            *tail = copies;
        }
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    }
    if (any->args == NULL)
        return bind_fail(b, node->at, "SEM0100", "no column holds text");
    return any->args->next == NULL ? any->args : any;
}

static bool is_text(const struct node *node)
{
    return node != NULL && node->kind == NODE_LITERAL && node->value.type == TYPE_STRING;
}

static const struct node *spread(struct binder *b, void *context, const struct node *node)
{
    struct searching *s = context;

    if (node->kind == NODE_NAME) {
        uint32_t column = schema_find(s->schema, node->name);
        if (column != UINT32_MAX)
            s->named[column] = 1;
        return NULL;
    }
    bool of_star = node->args != NULL && node->args->kind == NODE_STAR;
    if (node->kind == NODE_BINARY && slice_is(node->name, ":") && is_text(node->args->next))
        return of_star ? every_column(b, s, node, true)
                       : term_node(b, s, node->args, node->args->next);
    if ((node->kind == NODE_BINARY || node->kind == NODE_IN) && of_star)
        return every_column(b, s, node, false);
    return NULL;
}

/* A text stands for itself only where a condition is expected. */
static struct node *spread_terms(struct binder *b, struct searching *s, const struct node *node)
{
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);

    if (is_text(node))
        return every_column(b, s, node, true);
    bool joins = node->kind == NODE_BINARY &&
                 (slice_is(node->name, "and") || slice_is(node->name, "or"));
    bool negates = node->kind == NODE_CALL && slice_is(node->name, "not");
    struct node one = *node;
    one.next = NULL;
    if (!joins && !negates)
        return bind_rewrite(b, &one, spread, s);
    if (copy == NULL)
        return NULL;
    *copy = one;
    struct node **tail = &copy->args;
    for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
        *tail = spread_terms(b, s, arg);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    }
    return copy;
}

/* The tables as a union with the column that names the table. */
static struct node tables_of(const struct node *op, struct node *with, struct node *name,
                             struct node *every)
{
    bool finds = slice_is(op->name, "find");
    const struct node *given = bind_param(op, "withsource");

    if (given == NULL)
        given = bind_param(op, "with_source");
    *every = (struct node){.kind = NODE_STAR, .name = {"*", 1}};
    *name = (struct node){.kind = NODE_NAME,
                          .at = op->at,
                          .name = finds ? SLICE("source_") : SLICE("$table")};
    if (given != NULL)
        name->name = given->kind == NODE_LITERAL ? given->value.bytes : given->name;
    *with = (struct node){
        .kind = NODE_PARAM, .at = op->at, .name = SLICE("withsource"), .args = name};
    return (struct node){.kind = NODE_OPERATOR,
                         .at = op->at,
                         .name = SLICE("union"),
                         .args = op->by != NULL ? op->by : every,
                         .params = with};
}

/* ---- what find gives ---- */

static void add_shown(struct buf *shown, struct slice name)
{
    if (shown->size > 1)
        buf_add_byte(shown, ',');
    text_add_json_string(shown, name);
}

/* pack_: a bag of what has a value and is not shown.  Takes `shown`, a list of names. */
static struct node *rest_node(struct binder *b, uint32_t at, struct buf *shown)
{
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 6, b->err);

    buf_add_byte(shown, ']');
    struct value names = {.type = TYPE_DYNAMIC,
                          .bytes = arena_copy(b->q->arena, buf_slice(shown), b->err)};
    buf_release(shown);
    if (nodes == NULL || names.bytes.data == NULL)
        return NULL;
    nodes[0] = (struct node){.kind = NODE_NAMED, .at = at, .by = &nodes[1], .args = &nodes[2]};
    nodes[1] = (struct node){.kind = NODE_NAME, .at = at, .name = SLICE("pack_")};
    nodes[2] = (struct node){
        .kind = NODE_CALL, .at = at, .name = SLICE("bag_remove_keys"), .args = &nodes[3]};
    nodes[3] = (struct node){.kind = NODE_CALL, .at = at, .name = SLICE("pack_all"),
                             .args = &nodes[5], .next = &nodes[4]};
    nodes[4] = (struct node){.kind = NODE_LITERAL, .at = at, .value = names};
    nodes[5] = (struct node){.kind = NODE_LITERAL, .at = at,
                             .value = {.type = TYPE_BOOL, .boolean = true}};
    return &nodes[0];
}

/* name:type, which the parser takes for a look into a column: a cast. */
static struct node *typed_node(struct binder *b, const struct node *item)
{
    const struct node *left = item->args, *right = left->next;
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 3, b->err);
    enum type type;

    if (nodes == NULL)
        return NULL;
    if (left->kind != NODE_NAME || right->kind != NODE_NAME ||
        !type_from_name(right->name, &type))
        return bind_fail(b, item->at, "SYN0002", "expected a column and its type");
    nodes[0] = (struct node){.kind = NODE_NAMED, .at = item->at, .by = &nodes[1],
                             .args = &nodes[2]};
    nodes[1] = *left;
    nodes[1].next = NULL;
    nodes[2] = (struct node){.kind = NODE_CALL,
                             .at = item->at,
                             .name = bind_join_name(b, "to", slice_of(type_name(type))),
                             .args = &nodes[1]};
    return nodes[2].name.data == NULL ? NULL : &nodes[0];
}

static bool is_pack_all(const struct node *item)
{
    return item->kind == NODE_CALL && slice_is(item->name, "pack_all") && item->args == NULL;
}

/* project a, b:long, pack_all() */
static struct plan *find_project(struct binder *b, struct plan *plan, const struct node *op,
                                 struct node *source)
{
    struct node project = {.kind = NODE_OPERATOR, .at = op->at, .name = SLICE("project")};
    struct node **tail = &source->next;
    struct buf shown;

    list_start(&shown);
    add_shown(&shown, source->name);
    for (const struct node *item = op->body; item != NULL; item = item->next) {
        bool typed = item->kind == NODE_BINARY && slice_is(item->name, ":");
        struct node *copy =
            typed ? typed_node(b, item) : ARENA_NEW(b->q->arena, struct node, b->err);
        if (copy == NULL) {
            buf_release(&shown);
            return NULL;
        }
        if (!typed)
            *copy = *item;
        copy->next = NULL;
        if (typed || item->kind == NODE_NAME)
            add_shown(&shown, typed ? copy->by->name : item->name);
        *tail = copy;
        tail = &copy->next;
    }
    struct node *rest = rest_node(b, op->at, &shown);
    for (tail = &source->next; rest != NULL && *tail != NULL; tail = &(*tail)->next) {
        if (!is_pack_all(*tail))
            continue;
        rest->next = (*tail)->next;
        *tail = rest;
        break;
    }
    project.args = source;
    return rest == NULL ? NULL : bind_operator(b, plan, NULL, &project);
}

/* The table's name, the columns that the predicate names or all tables have, and the rest
 * packed. */
static struct plan *find_smart(struct binder *b, struct plan *plan, const struct node *op,
                               const uint8_t *shows)
{
    struct output *outputs = bind_all(b, &plan->schema, 1);
    uint32_t count = 0;
    struct buf shown;

    if (outputs == NULL)
        return NULL;
    list_start(&shown);
    for (uint32_t c = 0; c < plan->schema.column_count; c++) {
        if (c != 0 && shows[c] == 0)
            continue;
        outputs[count++] = outputs[c];
        add_shown(&shown, plan->schema.columns[c].name);
    }
    struct node *rest = rest_node(b, op->at, &shown);
    if (rest == NULL)
        return NULL;
    b->scope = (struct scope){.columns = &plan->schema};
    outputs[count] = (struct output){rest->by->name, bind_expr(b, rest->args)};
    return outputs[count].expr == NULL ? NULL
                                       : plan_project(b->q, plan, outputs, count + 1, b->err);
}

/* The predicate over the columns of `plan`, which it searches. */
static struct plan *search(struct binder *b, struct plan *plan, const struct node *op,
                           struct searching *s)
{
    struct node where = {.kind = NODE_OPERATOR, .at = op->at, .name = SLICE("where")};

    s->schema = &plan->schema;
    s->exact_case = bind_option_is(op, "kind", "case_sensitive");
    s->named = arena_alloc(b->q->arena, plan->schema.column_count + 1, b->err);
    if (s->named == NULL)
        return NULL;
    if (op->args == NULL)
        return plan;
    where.args = spread_terms(b, s, op->args);
    return where.args == NULL ? NULL : bind_operator(b, plan, NULL, &where);
}

static struct plan *find_tables(struct binder *b, const struct node *op, struct node *tables)
{
    struct searching s = {.first = 1};
    struct plan *all = bind_union_source(b, tables);
    struct node source = {.kind = NODE_NAME, .at = op->at, .name = tables->params->args->name};
    uint8_t *common = NULL;

    if (all == NULL || search(b, all, op, &s) == NULL)
        return NULL;
    /* What the predicate asks nothing of has no part in it. */
    for (uint32_t c = 0; c < all->schema.column_count && s.everywhere; c++)
        s.named[c] = 1;
    struct plan *plan = bind_find_source(b, tables, &all->schema, s.named, &common);
    plan = plan == NULL ? NULL : search(b, plan, op, &s);
    if (plan == NULL)
        return NULL;
    if (op->body != NULL)
        return find_project(b, plan, op, &source);
    for (uint32_t c = 0; c < plan->schema.column_count; c++)
        common[c] = common[c] || s.named[c];
    return find_smart(b, plan, op, common);
}

struct plan *bind_search(struct binder *b, struct plan *input, const struct node *op)
{
    struct scope scope = b->scope;
    struct searching s = {.first = input == NULL};
    struct node with, name, every;
    struct node tables = tables_of(op, &with, &name, &every);
    struct plan *plan = input;

    if (slice_is(op->name, "find") && input == NULL) {
        plan = find_tables(b, op, &tables);
    } else {
        plan = input != NULL ? input : bind_union_source(b, &tables);
        plan = plan == NULL ? NULL : search(b, plan, op, &s);
    }
    b->scope = scope;
    return plan;
}
