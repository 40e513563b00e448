/* SPDX-License-Identifier: Apache-2.0 */
/* bind_nested.c - top-nested: level by level, the best of each parent; written as
 * summarize, join and row_number().
 *
 * Table __tN has the keys that are chosen at level N, with those of their parents.  Rows
 * that fall out at a level are `others` from there on: table __oN has what the levels that
 * ask for them make of these rows; levels that do not stay empty. */
#include "base/limits.h"
#include "query/bind_priv.h"

#define LEVELS_MAX 16u
#define ARGS 4u /* of a level: expression, aggregate, count, others */

/* The number of an argument, which the text names by __NUMBER. */
static uint32_t number_of(uint32_t level, uint32_t arg)
{
    return (level - 1) * ARGS + arg + 1;
}

static void add_keys(struct buf *text, uint32_t count, bool with_expressions)
{
    for (uint32_t i = 1; i <= count; i++) {
        buf_add_format(text, i > 1 ? ", __k%u" : "__k%u", i);
        if (with_expressions)
            buf_add_format(text, " = __%u", number_of(i, 0));
    }
}

static void add_columns(struct buf *text, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++)
        buf_add_format(text, "%s__k%u, __a%u", i > 1 ? ", " : "", i, i);
}

/* The ranks restart where the number of the parent's row changes, __g: keys that are compared
 * would do so within NaN, and not between values that only the grouping tells apart. */
static void add_level(struct buf *text, const struct node *level, uint32_t number)
{
    const char *order = (level->flags & NODE_ASC) != 0 ? "asc" : "desc";

    buf_add_format(text, "let __t%u = __input | summarize __a%u = __%u by ", number, number,
                   number_of(number, 1));
    add_keys(text, number, true);
    if (number > 1) {
        buf_add_format(text, " | join kind=inner (__t%u) on ", number - 1);
        add_keys(text, number - 1, false);
    }
    buf_add_text(text, " | sort by ");
    if (number > 1) {
        add_keys(text, number - 1, false);
        buf_add_text(text, ", __g, ");
    }
    buf_add_format(text, "__a%u %s", number, order);
    buf_add_text(text, number > 1 ? " | extend __r = row_number(1, prev(__g) != __g)"
                                  : " | extend __r = row_number()");
    if (level->params != NULL)
        buf_add_format(text, " | where __r <= __%u", number_of(number, 2));
    buf_add_text(text, " | project ");
    add_columns(text, number);
    buf_add_text(text, level->next != NULL ? ", __g = row_number(); " : "; ");
}

/* The rows that fall out at level `number`, where a level from there on asks for them. */
static bool add_others(struct buf *text, const struct node *level, uint32_t number)
{
    bool asked = false;

    for (const struct node *l = level; l != NULL; l = l->next)
        asked = asked || l->body != NULL;
    if (!asked)
        return false;
    buf_add_format(text, "let __o%u = __input | extend ", number);
    add_keys(text, number, true);
    if (number > 1) {
        buf_add_format(text, " | join kind=inner (__t%u) on ", number - 1);
        add_keys(text, number - 1, false);
    }
    buf_add_format(text, " | join kind=leftanti (__t%u) on ", number);
    add_keys(text, number, false);
    buf_add_text(text, " | summarize __n = count()");
    uint32_t i = number;
    for (const struct node *l = level; l != NULL; l = l->next, i++) {
        if (l->body != NULL)
            buf_add_format(text, ", __a%u = __%u", i, number_of(i, 1));
    }
    if (number > 1) {
        buf_add_text(text, " by ");
        add_columns(text, number - 1);
    }
    buf_add_text(text, " | where __n > 0 | project-away __n | extend ");
    i = number;
    const char *comma = "";
    for (const struct node *l = level; l != NULL; l = l->next, i++) {
        if (l->body == NULL)
            continue;
        buf_add_format(text, "%s__k%u = __%u", comma, i, number_of(i, 3));
        comma = ", ";
    }
    buf_add_text(text, "; ");
    return true;
}

/* The columns under their own names, a number behind what an earlier one has. */
static struct plan *name_columns(struct binder *b, struct plan *plan, const struct node *op)
{
    struct output *outputs = bind_all(b, &plan->schema, 0);
    uint32_t at = 0, unnamed = 0;

    for (const struct node *level = op->args; level != NULL && outputs != NULL;
         level = level->next) {
        struct slice name = bind_name_of(b, level->args);
        if (name.size == 0)
            name = bind_numbered(b, SLICE("Column"), ++unnamed);
        outputs[at].name = bind_free_name(b, outputs, at, name);
        at++;
        name = level->by->kind == NODE_NAMED ? level->by->by->name
                                             : bind_join_name(b, "aggregated_", name);
        outputs[at].name = bind_free_name(b, outputs, at, name);
        at++;
    }
    return outputs == NULL || b->err->status != STATUS_OK
               ? NULL
               : plan_project(b->q, plan, outputs, at, b->err);
}

static bool is_whole(enum type type)
{
    return type == TYPE_INT || type == TYPE_LONG;
}

/* What `with others` gives, in the type of the column. */
static const struct node *bind_others(struct binder *b, const struct node *level)
{
    const struct node *key = level->args->kind == NODE_NAMED ? level->args->args : level->args;
    const struct expr *of = bind_expr(b, key);
    struct expr *others = of == NULL ? NULL : bind_constant(b, level->body);

    if (others == NULL || others->type == of->type)
        return others == NULL ? NULL : level->body;
    enum type from = others->type;
    bool is_null = others->value.is_null;
    bool fits = !type_is_number(from) || of->type == TYPE_STRING ||
                (type_is_number(of->type) && (!is_whole(of->type) || is_whole(from)));
    others = fits ? bind_cast(b, others, of->type) : others;
    if (others == NULL)
        return NULL;
    if (!fits || (others->value.is_null && !is_null))
        return bind_fail(b, level->body->at, "SEM0100",
                         "'with others' gives %s, and the column is %s: give one of its type",
                         type_phrase(from), type_phrase(of->type));
    struct node *literal = ARENA_NEW(b->q->arena, struct node, b->err);
    if (literal == NULL)
        return NULL;
    *literal = (struct node){
        .kind = NODE_LITERAL, .at = level->body->at, .value = others->value};
    return literal;
}

static void add_query(struct buf *text, const struct node *op, uint32_t levels)
{
    bool with_others[LEVELS_MAX + 1] = {false};
    uint32_t number = 1;

    for (const struct node *level = op->args; level != NULL; level = level->next, number++) {
        add_level(text, level, number);
        with_others[number] = add_others(text, level, number);
    }
    bool any = with_others[1];
    for (uint32_t i = 2; i <= levels; i++)
        any = any || with_others[i];
    if (!any) {
        buf_add_format(text, "__t%u", levels);
        return;
    }
    buf_add_format(text, "union __t%u", levels);
    for (uint32_t i = levels; i >= 1; i--) {
        if (with_others[i])
            buf_add_format(text, ", __o%u", i);
    }
    buf_add_text(text, " | project ");
    add_columns(text, levels);
}

struct plan *bind_top_nested(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[ARGS * LEVELS_MAX];
    uint32_t levels = node_count(op->args);
    uint32_t count = 0;
    struct buf text;

    if (levels > LEVELS_MAX)
        return bind_fail(b, op->at, "SEM0100", "top-nested has more than %u levels", LEVELS_MAX);
    for (const struct node *level = op->args; level != NULL; level = level->next) {
        uint64_t ignored;
        if (level->params != NULL && !bind_count(b, level->params, &ignored))
            return NULL;
        args[count++] = level->args->kind == NODE_NAMED ? level->args->args : level->args;
        args[count++] = level->by->kind == NODE_NAMED ? level->by->args : level->by;
        args[count++] = level->params;
        args[count] = level->body == NULL ? NULL : bind_others(b, level);
        if (args[count++] == NULL && level->body != NULL)
            return NULL;
    }
    buf_init(&text, 64 * KIB);
    add_query(&text, op, levels);
    buf_add_byte(&text, '\0');
    struct plan *plan = text.failed ? NULL : bind_macro(b, input, op->at, text.data, args, count);
    buf_release(&text);
    return plan == NULL ? NULL : name_columns(b, plan, op);
}
