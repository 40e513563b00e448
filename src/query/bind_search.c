/* SPDX-License-Identifier: Apache-2.0 */
/* bind_search.c - search and find: a union of tables, and a predicate in which a text
 * alone, or '*', stands for every column that holds text. */
#include "base/limits.h"
#include "base/term.h"
#include "base/text.h"
#include "query/bind_priv.h"
#include "query/fn_priv.h"

#include <string.h>

struct searching {
    const struct schema *schema;
    bool exact_case;
    uint32_t first; /* column: the table's name in front is not searched */
    uint8_t *named; /* columns that the predicate names */
    bool everywhere; /* it asks every column besides */
    const struct found *found; /* find: its tables, of which this is one */
    const struct schema *own;  /* what the table has itself */
};

static bool holds_text(enum type type)
{
    return type == TYPE_STRING || type == TYPE_DYNAMIC;
}

/* What base/term.h has between terms, as regular expressions spell it. */
#define BETWEEN_TERMS                                                                              \
    "[^\\pL\\p{Mn}\\p{Mc}\\pN]|"                                                                   \
    "[\\x{180B}-\\x{180D}\\x{180F}\\x{FE00}-\\x{FE0F}\\x{E0100}-\\x{E01EF}]"

/* "a*b" is a pattern: what begins with a and ends in b, as words unless a star is there too. */
static struct slice term_pattern(struct binder *b, struct slice text, bool head, bool tail,
                                 bool exact_case)
{
    struct buf pattern;

    buf_init(&pattern, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&pattern, exact_case ? "" : "(?i)");
    if (!head && term_has(text, 0))
        buf_add_text(&pattern, "(?:^|" BETWEEN_TERMS ")");
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '*')
            buf_add_byte(&pattern, '.');
        else if (c != '\0' && strchr("\\.+?()|[]{}^$", c) != NULL)
            buf_add_byte(&pattern, '\\');
        buf_add_byte(&pattern, c);
    }
    if (!tail && term_has(text, text.size - 1))
        buf_add_text(&pattern, "(?:" BETWEEN_TERMS "|$)");
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

static bool is_text(const struct node *node)
{
    return node != NULL && node->kind == NODE_LITERAL && node->value.type == TYPE_STRING;
}

/* What is asked of '*' is asked of every column with text, joined by or. */
static struct node *every_column(struct binder *b, struct searching *s,
                                 const struct node *node, bool is_term)
{
    struct node *any = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node **tail = any == NULL ? NULL : &any->args;

    if (any == NULL)
        return NULL;
    const struct node *term = node->kind == NODE_LITERAL ? node : node->args->next;
    bool is_word = is_term ? slice_find_byte(term->value.bytes, '*', 0) == SIZE_MAX
                           : node->kind == NODE_BINARY && is_text(term) &&
                                 (slice_is(node->name, "has") || slice_is(node->name, "has_cs"));
    s->everywhere = true;
    *any = (struct node){.kind = NODE_BINARY,
                         .at = node->at,
                         .flags = is_word ? NODE_EVERY : 0,
                         .name = SLICE("or")};
    for (uint32_t c = s->first; c < s->schema->column_count; c++) {
        struct node column = {
            .kind = NODE_NAME, .at = node->at, .name = s->schema->columns[c].name};
        if (!holds_text(s->schema->columns[c].type))
            continue;
        if (is_term) {
            *tail = term_node(b, s, &column, term);
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

/* A column of another type in each table: the one of this table's, or any (of nulls). */
static uint32_t variant_of(const struct searching *s, struct slice name)
{
    uint32_t own = schema_find(s->own, name);
    uint32_t found = UINT32_MAX;

    for (uint32_t c = s->first; c < s->schema->column_count; c++) {
        if (!slice_equal(s->found->bases[c], name))
            continue;
        s->named[c] = 1;
        if (found == UINT32_MAX ||
            (own != UINT32_MAX && s->schema->columns[c].type == s->own->columns[own].type))
            found = c;
    }
    return found;
}

static bool has_variants(const struct searching *s, struct slice name)
{
    for (uint32_t c = s->first; c < s->schema->column_count; c++) {
        if (slice_equal(s->found->bases[c], name))
            return !slice_equal(s->schema->columns[c].name, name);
    }
    return false;
}

/* Notes a column that is named; the node to put in for it, or NULL. */
static const struct node *column_node(struct binder *b, struct searching *s,
                                      const struct node *node)
{
    uint32_t column = s->found != NULL ? variant_of(s, node->name) : UINT32_MAX;

    if (column == UINT32_MAX || slice_equal(s->schema->columns[column].name, node->name))
        return NULL;
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);
    if (copy == NULL)
        return NULL;
    *copy = *node;
    copy->name = s->schema->columns[column].name;
    copy->next = NULL;
    return copy;
}

static const struct node *spread(struct binder *b, void *context, const struct node *node)
{
    struct searching *s = context;

    if (node->kind == NODE_NAME)
        return column_node(b, s, node);
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

#define TABLE_COLUMN "$table"

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
                          .name = finds ? SLICE("source_") : SLICE(TABLE_COLUMN)};
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

/* The predicate over the columns of `plan`, which it searches. */
static struct plan *search(struct binder *b, struct plan *plan, const struct node *op,
                           struct searching *s)
{
    struct node where = {.kind = NODE_OPERATOR, .at = op->at, .name = SLICE("where")};

    s->exact_case = bind_option_is(op, "kind", "case_sensitive");
    if (op->args == NULL)
        return plan;
    where.args = spread_terms(b, s, op->args);
    return where.args == NULL ? NULL : bind_operator(b, plan, NULL, &where);
}

/* What rows behind a bar are called: by the last `as`, or as their table. */
static bool source_of(struct binder *b, const struct node *op, struct slice *ret)
{
    const struct node *prefix = b->pipe == NULL ? NULL : bind_prefix(b, b->pipe, op);
    const struct node *source = prefix == NULL ? NULL : prefix->args;

    *ret = source == NULL ? slice_from(NULL, 0) : bind_as_name(source->next);
    if (ret->size == 0 && source != NULL)
        *ret = bind_table_of(b, source);
    if (ret->size == 0)
        *ret = SLICE("search_arg0");
    return b->err->status == STATUS_OK;
}

/* The rows that came behind a bar, with the name of where they are from in front. */
static struct plan *name_table(struct binder *b, struct plan *plan, const struct node *op)
{
    struct value name = {.type = TYPE_STRING};
    uint32_t columns = plan->schema.column_count;

    if (schema_find(&plan->schema, SLICE(TABLE_COLUMN)) != UINT32_MAX)
        return plan; /* of a search before */
    if (!source_of(b, op, &name.bytes))
        return NULL;
    struct output *outputs = bind_all(b, &plan->schema, 1);
    struct expr *expr = bind_const_expr(b, &name, 0);
    if (outputs == NULL || expr == NULL)
        return NULL;
    memmove(outputs + 1, outputs, columns * sizeof(*outputs));
    outputs[0] = (struct output){SLICE(TABLE_COLUMN), expr};
    return plan_project(b->q, plan, outputs, columns + 1, b->err);
}

/* ---- what find gives, of each table ---- */

static const char rest_name[] = "\001rest";

/* pack_: a bag of what has a value and is not shown, under the names it has in the table. */
static struct expr *bind_rest(struct binder *b, const struct searching *s, uint32_t at,
                              const uint8_t *shown)
{
    const struct function *pack = function_find(SLICE("bag_pack"));
    uint32_t columns = s->schema->column_count;
    struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, columns * 2 + 1, b->err);
    uint32_t count = 0;

    if (args == NULL || pack == NULL)
        return NULL;
    for (uint32_t c = s->first; c < columns; c++) {
        struct value name = {.type = TYPE_STRING, .bytes = s->found->bases[c]};
        if (shown[c] != 0)
            continue;
        args[count] = bind_const_expr(b, &name, at);
        args[count + 1] = bind_column_expr(b, c, s->schema->columns[c].type, at);
        if (args[count] == NULL || args[count + 1] == NULL)
            return NULL;
        count += 2;
    }
    struct expr *bag = bind_invoke(b, at, pack, args, count, TYPE_DYNAMIC);
    return bag == NULL ? NULL
                       : bind_invoke(b, at, &function_without_empty, &bag, 1, TYPE_DYNAMIC);
}

/* x_long, if x has another type in each table. */
static struct slice shown_name(struct binder *b, const struct searching *s, struct slice name,
                               const char *type)
{
    struct buf buf;

    if (!has_variants(s, name))
        return name;
    buf_init(&buf, name.size + 16);
    buf_add_slice(&buf, name);
    buf_add_byte(&buf, '_');
    buf_add_text(&buf, type);
    struct slice copy = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return copy;
}

/* name:type, which the parser takes for a look into a column: a cast. */
static struct node *typed_node(struct binder *b, struct searching *s, const struct node *item)
{
    const struct node *left = item->args, *right = left->next;
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 4, b->err);
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
    nodes[1].name = shown_name(b, s, left->name, type_name(type));
    nodes[2] = (struct node){.kind = NODE_CALL,
                             .at = item->at,
                             .name = bind_join_name(b, "to", slice_of(type_name(type))),
                             .args = &nodes[3]};
    nodes[3] = *left;
    nodes[3].next = NULL;
    uint32_t column = variant_of(s, left->name);
    if (column != UINT32_MAX)
        nodes[3].name = s->schema->columns[column].name;
    return nodes[1].name.data == NULL || nodes[2].name.data == NULL ? NULL : &nodes[0];
}

static bool is_pack_all(const struct node *item)
{
    return item->kind == NODE_CALL && slice_is(item->name, "pack_all") && item->args == NULL;
}

/* An item of the list; notes which columns are shown. */
static struct node *shown_node(struct binder *b, struct searching *s, const struct node *item,
                               uint8_t *shown)
{
    bool typed = item->kind == NODE_BINARY && slice_is(item->name, ":");
    const struct node *name = typed ? item->args : item;

    for (uint32_t c = s->first; c < s->schema->column_count && name->kind == NODE_NAME; c++)
        shown[c] |= slice_equal(s->found->bases[c], name->name);
    if (typed)
        return typed_node(b, s, item);
    if (item->kind == NODE_NAME && has_variants(s, item->name))
        return bind_fail(b, item->at, "SEM0100",
                         "column '%.*s' has another type in each table; say which is wanted, "
                         "such as %.*s:string",
                         SLICE_FMT(slice_head(item->name, 128)),
                         SLICE_FMT(slice_head(item->name, 128)));
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);
    if (copy != NULL)
        *copy = *item;
    return copy;
}

/* pack_all() stands for a column that is there already. */
static struct node *pack_node(struct binder *b, const struct node *item)
{
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 3, b->err);

    if (nodes == NULL)
        return NULL;
    nodes[0] = (struct node){.kind = NODE_NAMED, .at = item->at, .by = &nodes[1],
                             .args = &nodes[2]};
    nodes[1] = (struct node){.kind = NODE_NAME, .at = item->at, .name = SLICE("pack_")};
    nodes[2] = (struct node){.kind = NODE_NAME, .at = item->at, .name = slice_of(rest_name)};
    return &nodes[0];
}

/* project a, b:long, pack_all() */
static struct plan *find_project(struct binder *b, struct plan *plan, const struct node *op,
                                 struct searching *s)
{
    struct node source = {.kind = NODE_NAME, .at = op->at, .name = s->found->bases[0]};
    struct node project = {
        .kind = NODE_OPERATOR, .at = op->at, .name = SLICE("project"), .args = &source};
    struct node **tail = &source.next;
    uint32_t columns = plan->schema.column_count;
    uint8_t *shown = arena_alloc(b->q->arena, columns + 1, b->err);
    struct output *outputs = bind_all(b, &plan->schema, 1);

    if (shown == NULL || outputs == NULL)
        return NULL;
    for (const struct node *item = op->body; item != NULL; item = item->next) {
        *tail = is_pack_all(item) ? pack_node(b, item) : shown_node(b, s, item, shown);
        if (*tail == NULL)
            return NULL;
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    outputs[columns] = (struct output){slice_of(rest_name), bind_rest(b, s, op->at, shown)};
    if (outputs[columns].expr == NULL)
        return NULL;
    plan = plan_project(b->q, plan, outputs, columns + 1, b->err);
    return plan == NULL ? NULL : bind_operator(b, plan, NULL, &project);
}

/* The table's name, the columns that the predicate names or all tables have, and the rest
 * packed. */
static struct plan *find_smart(struct binder *b, struct plan *plan, const struct node *op,
                               const struct searching *s)
{
    struct output *outputs = bind_all(b, &plan->schema, 1);
    uint8_t *shown = arena_alloc(b->q->arena, plan->schema.column_count + 1, b->err);
    uint32_t count = 0;

    if (outputs == NULL || shown == NULL)
        return NULL;
    for (uint32_t c = 0; c < plan->schema.column_count; c++) {
        shown[c] = c < s->first || s->found->common[c] != 0 || s->named[c] != 0;
        if (shown[c] != 0)
            outputs[count++] = outputs[c];
    }
    outputs[count] = (struct output){SLICE("pack_"), bind_rest(b, s, op->at, shown)};
    return outputs[count].expr == NULL ? NULL
                                       : plan_project(b->q, plan, outputs, count + 1, b->err);
}

/* The rows of each table that the predicate keeps, in found->plans.  A table is left out
 * where a column has a type of which the predicate makes no sense, while it does of another
 * table's.  !all: only for s->named, so the first table will do if types do not differ. */
static bool search_each(struct binder *b, const struct node *op, struct searching *s,
                        struct found *found, bool all)
{
    struct error first = {0};
    uint32_t kept = 0;

    s->found = found;
    s->schema = found->schema;
    s->named = arena_alloc(b->q->arena, found->schema->column_count + 1, b->err);
    for (uint32_t i = 0; i < found->count && s->named != NULL; i++) {
        s->own = found->owns[i];
        struct plan *plan = search(b, found->plans[i], op, s);
        if (plan == NULL && (!found->has_variants || b->err->status != STATUS_INVALID))
            return false;
        if (plan != NULL) {
            found->owns[kept] = s->own;
            found->plans[kept++] = plan;
        } else if (first.status == STATUS_OK) {
            first = *b->err;
        }
        *b->err = (struct error){0};
        if (!all && !found->has_variants)
            break;
    }
    if (kept == 0)
        *b->err = first;
    found->count = kept;
    return kept > 0;
}

static struct plan *find_tables(struct binder *b, const struct node *op,
                                const struct node *tables)
{
    struct searching s = {.first = 1};
    struct found all, found;

    if (!bind_find_tables(b, tables, NULL, NULL, &all) || !search_each(b, op, &s, &all, false))
        return NULL;
    /* What the predicate asks nothing of has no part in it. */
    for (uint32_t c = 0; c < all.schema->column_count && s.everywhere; c++)
        s.named[c] = 1;
    if (!bind_find_tables(b, tables, &all, s.named, &found) ||
        !search_each(b, op, &s, &found, true))
        return NULL;
    for (uint32_t i = 0; i < found.count; i++) {
        s.own = found.owns[i];
        struct plan *plan = op->body != NULL ? find_project(b, found.plans[i], op, &s)
                                             : find_smart(b, found.plans[i], op, &s);
        if (plan == NULL)
            return NULL;
        found.plans[i] = plan;
    }
    return found.count == 1 ? found.plans[0]
                            : plan_union(b->q, found.plans, found.count, b->err);
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
        s.schema = plan == NULL ? NULL : &plan->schema;
        plan = plan == NULL ? NULL : search(b, plan, op, &s);
        if (plan != NULL && input != NULL && slice_is(op->name, "search"))
            plan = name_table(b, plan, op);
    }
    b->scope = scope;
    return plan;
}
