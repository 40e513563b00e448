/* SPDX-License-Identifier: Apache-2.0 */
/* bind_search.c - search and find: a union of tables, and a predicate in which a text
 * alone, or '*', stands for every column that holds text. */
#include "base/limits.h"
#include "base/text.h"
#include "query/bind_priv.h"
#include "query/items.h"

struct searching {
    const struct schema *schema;
    bool exact_case;
    uint32_t first; /* column: the table's name in front is not searched */
    uint8_t *named; /* columns that the predicate names */
};

static bool holds_text(enum type type)
{
    return type == TYPE_STRING || type == TYPE_DYNAMIC;
}

/* "a*" is a prefix, "*a" a suffix, "*a*" anywhere, "a" a word. */
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
    if (memchr(text.data, '*', text.size) != NULL)
        return bind_fail(b, term->at, "SEM0100", "'*' can only stand first and last");
    const char *plain = head && tail ? "contains" : tail ? "hasprefix" : head ? "hassuffix" : "has";
    nodes[0] = (struct node){.kind = NODE_BINARY,
                             .at = term->at,
                             .name = bind_join_name(b, plain,
                                                    s->exact_case ? SLICE("_cs") : SLICE("")),
                             .args = &nodes[1]};
    nodes[1] = *left;
    nodes[1].next = &nodes[2];
    nodes[2] = *term;
    nodes[2].next = NULL;
    nodes[2].value.bytes = text;
    return nodes[0].name.data == NULL ? NULL : &nodes[0];
}

/* What is asked of '*' is asked of every column with text, joined by or. */
static struct node *every_column(struct binder *b, const struct searching *s,
                                 const struct node *node, bool is_term)
{
    struct node *any = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node **tail = any == NULL ? NULL : &any->args;

    if (any == NULL)
        return NULL;
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

static struct plan *all_tables(struct binder *b, const struct node *op, const char *source)
{
    static const struct node every = {.kind = NODE_STAR, .name = {"*", 1}};
    struct node name = {.kind = NODE_NAME, .at = op->at, .name = slice_of(source)};
    struct node with = {
        .kind = NODE_PARAM, .at = op->at, .name = SLICE("withsource"), .args = &name};
    struct node tables = {.kind = NODE_OPERATOR,
                          .at = op->at,
                          .name = SLICE("union"),
                          .args = op->by != NULL ? op->by
                                                 : (struct node *)(uintptr_t)&every,
                          .params = &with};

    return bind_union_source(b, &tables);
}

/* source_, the columns that the predicate names, and the rest packed. */
static struct plan *find_columns(struct binder *b, struct plan *plan, const struct node *op,
                                 const uint8_t *named)
{
    struct node items[1] = {{.kind = NODE_NAME, .at = op->at, .name = SLICE("source_")}};

    if (op->body != NULL) {
        struct node project = {.kind = NODE_OPERATOR, .at = op->at, .name = SLICE("project")};
        items[0].next = op->body;
        project.args = &items[0];
        return bind_operator(b, plan, NULL, &project);
    }
    struct output *outputs = bind_all(b, &plan->schema, 1);
    struct node calls[4] = {0};
    uint32_t count = 0;
    struct buf shown;
    if (outputs == NULL)
        return NULL;
    list_start(&shown);
    for (uint32_t c = 0; c < plan->schema.column_count; c++) {
        if (c != 0 && named[c] == 0)
            continue;
        outputs[count++] = outputs[c];
        if (shown.size > 1)
            buf_add_byte(&shown, ',');
        text_add_json_string(&shown, plan->schema.columns[c].name);
    }
    buf_add_byte(&shown, ']');
    struct value names = {.type = TYPE_DYNAMIC,
                          .bytes = arena_copy(b->q->arena, buf_slice(&shown), b->err)};
    buf_release(&shown);
    calls[0] = (struct node){
        .kind = NODE_CALL, .at = op->at, .name = SLICE("bag_remove_keys"), .args = &calls[1]};
    calls[1] = (struct node){.kind = NODE_CALL, .at = op->at, .name = SLICE("pack_all"),
                             .args = &calls[3], .next = &calls[2]};
    calls[2] = (struct node){.kind = NODE_LITERAL, .at = op->at, .value = names};
    calls[3] = (struct node){.kind = NODE_LITERAL, .at = op->at,
                             .value = {.type = TYPE_BOOL, .boolean = true}};
    b->scope = (struct scope){.columns = &plan->schema};
    outputs[count] = (struct output){SLICE("pack_"), bind_expr(b, &calls[0])};
    return outputs[count].expr == NULL ? NULL
                                       : plan_project(b->q, plan, outputs, count + 1, b->err);
}

struct plan *bind_search(struct binder *b, struct plan *input, const struct node *op)
{
    bool finds = slice_is(op->name, "find");
    struct scope scope = b->scope;
    struct plan *plan =
        input != NULL ? input : all_tables(b, op, finds ? "source_" : "$table");

    if (plan == NULL)
        return NULL;
    struct searching s = {.schema = &plan->schema,
                          .first = input == NULL,
                          .exact_case = bind_option_is(op, "kind", "case_sensitive")};
    s.named = arena_alloc(b->q->arena, plan->schema.column_count + 1, b->err);
    if (s.named == NULL)
        return NULL;
    if (op->args != NULL) {
        struct node where = {.kind = NODE_OPERATOR, .at = op->at, .name = SLICE("where")};
        where.args = spread_terms(b, &s, op->args);
        plan = where.args == NULL ? NULL : bind_operator(b, plan, NULL, &where);
    }
    if (plan != NULL && finds)
        plan = find_columns(b, plan, op, s.named);
    b->scope = scope;
    return plan;
}
