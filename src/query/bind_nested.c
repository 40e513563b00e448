/* SPDX-License-Identifier: Apache-2.0 */
/* bind_nested.c - top-nested: level by level, the best of each parent; written as
 * summarize, join and row_number(). */
#include "base/limits.h"
#include "query/bind_priv.h"

#define LEVELS_MAX 3u /* placeholders: expression, aggregate and count of each */

static void add_keys(struct buf *text, uint32_t count, bool with_expressions)
{
    for (uint32_t i = 1; i <= count; i++) {
        buf_add_format(text, i > 1 ? ", __k%u" : "__k%u", i);
        if (with_expressions)
            buf_add_format(text, " = __%u", 3 * i - 2);
    }
}

static void add_level(struct buf *text, const struct node *level, uint32_t number)
{
    const char *order = (level->flags & NODE_ASC) != 0 ? "asc" : "desc";

    buf_add_format(text, "let __t%u = __input | summarize __a%u = __%u by ", number, number,
                   3 * number - 1);
    add_keys(text, number, true);
    if (number > 1) {
        buf_add_format(text, " | join kind=inner (__t%u) on ", number - 1);
        add_keys(text, number - 1, false);
    }
    buf_add_text(text, " | sort by ");
    if (number > 1) {
        add_keys(text, number - 1, false);
        buf_add_text(text, ", ");
    }
    buf_add_format(text, "__a%u %s | extend __r = row_number(1, ", number, order);
    for (uint32_t i = 1; i < number; i++)
        buf_add_format(text, "prev(__k%u) != __k%u or ", i, i);
    buf_add_text(text, "false)");
    if (level->params != NULL)
        buf_add_format(text, " | where __r <= __%u", 3 * number);
    buf_add_text(text, " | project ");
    for (uint32_t i = 1; i <= number; i++)
        buf_add_format(text, "%s__k%u, __a%u", i > 1 ? ", " : "", i, i);
    buf_add_text(text, "; ");
}

static struct slice level_name(struct binder *b, const struct node *level, bool aggregate)
{
    if (aggregate && level->by->kind == NODE_NAMED)
        return level->by->by->name;
    struct slice name = bind_name_of(b, level->args);
    return aggregate ? bind_join_name(b, "aggregated_", name) : name;
}

/* The columns under their own names. */
static struct plan *name_columns(struct binder *b, struct plan *plan, const struct node *op)
{
    struct output *outputs = bind_all(b, &plan->schema, 0);
    uint32_t at = 0;

    for (const struct node *level = op->args; level != NULL && outputs != NULL;
         level = level->next) {
        outputs[at++].name = level_name(b, level, false);
        outputs[at++].name = level_name(b, level, true);
    }
    return outputs == NULL ? NULL : plan_project(b->q, plan, outputs, at, b->err);
}

struct plan *bind_top_nested(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[3 * LEVELS_MAX];
    struct buf text;
    uint32_t number = 0;

    if (node_count(op->args) > LEVELS_MAX)
        return bind_fail(b, op->at, "SEM0100", "top-nested has more than %u levels", LEVELS_MAX);
    buf_init(&text, 64 * KIB);
    for (const struct node *level = op->args; level != NULL; level = level->next, number++) {
        if (level->body != NULL) {
            buf_release(&text);
            return bind_fail(b, level->body->at, "SEM0100",
                             "top-nested: 'with others' is not supported");
        }
        args[3 * number] = level->args->kind == NODE_NAMED ? level->args->args : level->args;
        args[3 * number + 1] = level->by->kind == NODE_NAMED ? level->by->args : level->by;
        args[3 * number + 2] = level->params;
        add_level(&text, level, number + 1);
    }
    buf_add_format(&text, "__t%u", number);
    buf_add_byte(&text, '\0');
    struct plan *plan =
        text.failed ? NULL : bind_macro(b, input, op->at, text.data, args, 3 * number);
    buf_release(&text);
    return plan == NULL ? NULL : name_columns(b, plan, op);
}
