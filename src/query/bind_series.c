/* SPDX-License-Identifier: Apache-2.0 */
/* bind_series.c - make-series: summarize by keys and the bin of the axis, then the
 * bins of each series side by side. */
#include "base/limits.h"
#include "query/bind_priv.h"

struct making {
    const struct node *op, *axis;
    const struct node *from, *to, *step; /* NULL where not given */
    struct slice name;                   /* of the axis */
    bool with_last;
};

static bool read_range(struct binder *b, struct making *m)
{
    const struct node *axis = m->op->body;

    m->axis = axis->kind == NODE_NAMED ? axis->args : axis;
    m->name = bind_name_of(b, axis);
    if (axis->kind == NODE_IN && axis->body != NULL && axis->body->kind == NODE_CALL &&
        slice_is(axis->body->name, "range")) { /* axis in range(from, to, step) */
        m->axis = axis->args;
        m->name = bind_name_of(b, m->axis);
        m->from = axis->body->args;
        m->to = m->from == NULL ? NULL : m->from->next;
        m->step = m->to == NULL ? NULL : m->to->next;
        m->with_last = true;
    }
    for (const struct node *p = axis->next; p != NULL; p = p->next)
        *(slice_is(p->name, "from") ? &m->from : slice_is(p->name, "to") ? &m->to : &m->step) =
            p->args;
    if (m->step == NULL)
        bind_fail(b, m->op->at, "SEM0100", "make-series needs a step, as in: on time step 1h");
    return m->step != NULL;
}

static bool constant_of(struct binder *b, const struct node *node, enum type type,
                        struct value *ret, struct node *literal)
{
    *ret = (struct value){.type = type, .is_null = true};
    if (node == NULL)
        return true;
    struct node one = *node;
    one.next = NULL;
    struct expr *expr = bind_cast(b, bind_constant(b, &one), type);
    if (expr == NULL)
        return false;
    *ret = expr->value;
    ret->type = type;
    *literal = (struct node){.kind = NODE_LITERAL, .at = node->at, .value = *ret};
    return true;
}

/* An axis in range(from, to, step) begins at the bin that `from` is in. */
static bool begin_at_bin(struct binder *b, struct value *from, struct node *literals)
{
    struct node step = literals[2];
    struct node at = literals[0];
    struct node call = {.kind = NODE_CALL, .at = at.at, .name = SLICE("bin"), .args = &at};

    at.next = &step;
    if (from->is_null)
        return true;
    struct expr *bin = bind_constant(b, &call);
    if (bin == NULL)
        return false;
    *from = literals[0].value = bin->value;
    return true;
}

/* Of times: the axis ends before the bin behind that of `to`, which bounds the scan, as
 * bin(axis, step) <= to would not.  *ret_end is null where there is no such bin. */
static bool find_end(struct binder *b, const struct making *m, const struct node *literals,
                     struct node *ret_end)
{
    struct value end = literals[1].value;
    struct node copy[3] = {literals[1], {0}, literals[2]};

    *ret_end = literals[1];
    ret_end->value.is_null = true;
    if (!m->with_last || end.type != TYPE_DATETIME || end.is_null)
        return true;
    if (!begin_at_bin(b, &end, copy))
        return false;
    if (end.is_null || literals[2].value.integer > TICKS_MAX - end.integer)
        return true;
    end.integer += literals[2].value.integer;
    ret_end->value = end;
    return true;
}

/* The type of the axis must be one that has bins. */
static bool axis_types(struct binder *b, const struct making *m, enum type *ret_axis,
                       enum type *ret_step)
{
    struct expr *axis = bind_expr(b, m->axis);

    if (axis == NULL)
        return false;
    *ret_axis = axis->type == TYPE_INT ? TYPE_LONG : axis->type;
    *ret_step = axis->type == TYPE_DATETIME ? TYPE_TIMESPAN : *ret_axis;
    if (axis->type == TYPE_DATETIME || axis->type == TYPE_TIMESPAN || axis->type == TYPE_INT ||
        axis->type == TYPE_LONG || axis->type == TYPE_REAL)
        return true;
    bind_fail(b, m->axis->at, "SEM0100", "the axis is %s; a time or a number is needed",
              type_phrase(axis->type));
    return false;
}

static bool bind_bounds(struct binder *b, const struct making *m, struct series_spec *spec,
                        struct node *literals)
{
    enum type axis;
    enum type step;

    if (!axis_types(b, m, &axis, &step) ||
        !constant_of(b, m->from, axis, &spec->from, &literals[0]) ||
        !constant_of(b, m->to, axis, &spec->to, &literals[1]) ||
        !constant_of(b, m->step, step, &spec->step, &literals[2]))
        return false;
    bool positive = step == TYPE_REAL ? spec->step.real > 0 : spec->step.integer > 0;
    if (spec->step.is_null || !positive)
        bind_fail(b, m->step->at, "SEM0100", "the step must be greater than 0");
    return !spec->step.is_null && positive &&
           (!m->with_last || begin_at_bin(b, &spec->from, literals));
}

/* What a bin without rows holds: the given default, else 0. */
static bool bind_defaults(struct binder *b, const struct making *m, const struct schema *schema,
                          struct series_spec *spec)
{
    uint32_t count = node_count(m->op->args);
    struct value *defaults = ARENA_ARRAY(b->q->arena, struct value, count + 1, b->err);
    uint32_t i = 0;

    if (defaults == NULL)
        return false;
    b->scope = (struct scope){0};
    spec->key_count = schema->column_count - count - 1;
    for (const struct node *n = m->op->args; n != NULL; n = n->next, i++) {
        enum type type = schema->columns[spec->key_count + 1 + i].type;
        defaults[i] = (struct value){.type = type, .is_null = !type_is_number(type)};
        if (type == TYPE_DECIMAL)
            defaults[i].bytes = SLICE("0");
        if (n->params == NULL)
            continue;
        struct expr *expr = bind_constant(b, n->params);
        if (expr == NULL)
            return false;
        bool null = expr->value.is_null;
        if (!null && expr->type != type && !(type_is_number(expr->type) && type_is_number(type))) {
            bind_fail(b, n->params->at, "SEM0100", "the default is %s, the series one of %s",
                      type_phrase(expr->type), type_name(type));
            return false;
        }
        defaults[i] = expr->value;
    }
    spec->defaults = defaults;
    return true;
}

static struct plan *bind_bins(struct binder *b, struct plan *input, const struct making *m,
                              const struct node *literals)
{
    struct node name = {.kind = NODE_NAME, .at = m->op->at, .name = m->name};
    struct node axis = *m->axis;
    struct node end;
    const struct node *args[8] = {&axis,     &literals[0], &literals[1], m->op->args,
                                  m->op->by, &name,        &literals[2], &end};
    struct buf text;

    axis.next = NULL;
    if (!find_end(b, m, literals, &end))
        return NULL;
    buf_init(&text, KIB);
    buf_add_text(&text, "__input | where ");
    if (m->from == NULL && m->to == NULL)
        buf_add_text(&text, "isnotnull(__1)"); /* what is compared is not null */
    if (m->from != NULL)
        buf_add_text(&text, "__1 >= __2");
    if (m->from != NULL && m->to != NULL)
        buf_add_text(&text, " and ");
    if (m->to != NULL)
        buf_add_text(&text, !m->with_last         ? "__1 < __3"
                            : end.value.is_null ? "bin(__1, __7) <= __3"
                                                : "__1 < __8");
    buf_add_text(&text, " | summarize __4 by ");
    if (m->op->by != NULL)
        buf_add_text(&text, "__5, ");
    buf_add_text(&text, m->from == NULL || m->with_last ? "__6 = bin(__1, __7)"
                                                        : "__6 = bin_at(__1, __7, __2)");
    buf_add_byte(&text, '\0');
    struct plan *plan =
        text.failed ? NULL : bind_macro(b, input, m->op->at, text.data, args, 8);
    buf_release(&text);
    return plan;
}

/* Columns are known by their places: the keys, the axis, one of each aggregate.  What gives
 * several, as arg_max(a, b) and percentiles(x, 5, 95), has no series. */
static bool has_column_each(struct binder *b, const struct node *op, const struct schema *bins)
{
    return bins->column_count == node_count(op->by) + 1 + node_count(op->args) ||
           bind_fail(b, op->args->at, "SEM0100",
                     "make-series takes aggregates that give one column each") != NULL;
}

struct plan *bind_make_series(struct binder *b, struct plan *input, const struct node *op)
{
    struct making m = {.op = op};
    struct series_spec spec = {0};
    struct node literals[3] = {0};

    if (!read_range(b, &m) || !bind_bounds(b, &m, &spec, literals))
        return NULL;
    struct plan *bins = bind_bins(b, input, &m, literals);
    if (bins == NULL || !has_column_each(b, op, &bins->schema) ||
        !bind_defaults(b, &m, &bins->schema, &spec))
        return NULL;
    spec.with_last = m.with_last;
    spec.nonempty = bind_option_is(op, "kind", "nonempty");
    return plan_series(b->q, bins, &spec, b->err);
}
