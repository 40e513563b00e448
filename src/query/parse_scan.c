/* SPDX-License-Identifier: Apache-2.0 */
/* parse_scan.c - partition and scan.
 *
 *   operator    args      by                params         body
 *   partition   query     column            hints          operators
 *   scan                  declared columns  with_match_id  steps: ORDER nodes with name,
 *                                                          condition in args, assignments
 *                                                          in by, output in params
 */
#include "query/parse_priv.h"

/* partition by column (operators), or {query} */
bool parse_partition(struct parser *p, struct node *op)
{
    if (!parse_params(p, op))
        return false;
    if (!slice_is(op->name, "__partitionby") && !parse_need(p, "by"))
        return false;
    if (!parse_params(p, op))
        return false;
    op->by = parse_name(p);
    if (op->by == NULL || !parse_params(p, op))
        return false;
    if (parse_take(p, "{")) {
        op->args = parse_pipeline(p);
        return op->args != NULL && parse_need(p, "}");
    }
    return parse_operators(p, &op->body);
}

/* step name [output = all|last|none] : condition [=> column = expression, ...]; */
static struct node *parse_step(struct parser *p)
{
    struct node *name = parse_need(p, "step") ? parse_name(p) : NULL;
    struct node *step = name == NULL ? NULL : parse_node(p, NODE_ORDER, name->at);

    if (step == NULL)
        return NULL;
    step->name = name->name;
    if (parse_take(p, "output")) {
        if (!parse_need(p, "="))
            return NULL;
        step->params = parse_name(p);
        if (step->params == NULL)
            return NULL;
    }
    if (!parse_need(p, ":"))
        return NULL;
    step->args = parse_expression(p);
    if (step->args == NULL)
        return NULL;
    return !parse_take(p, "=>") || parse_named_list(p, &step->by) ? step : NULL;
}

bool parse_scan(struct parser *p, struct node *op)
{
    struct node **tail = &op->body;

    if (!parse_params(p, op))
        return false;
    if (parse_take(p, "declare") && !parse_columns(p, &op->by))
        return false;
    if (!parse_need(p, "with") || !parse_need(p, "("))
        return false;
    while (!parse_take(p, ")")) {
        *tail = parse_step(p);
        if (*tail == NULL || (!parse_take(p, ";") && !parse_is(p, ")")))
            return *tail != NULL && parse_fail(p, "';' or ')'") != NULL;
        tail = &(*tail)->next;
    }
    return op->body != NULL || parse_fail(p, "a step") != NULL;
}
