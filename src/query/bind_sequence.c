/* SPDX-License-Identifier: Apache-2.0 */
/* bind_sequence.c - plugins over what ids do one after the other: sessions, cohorts,
 * funnels, sequences; query texts over their input. */
#include "base/limits.h"
#include "query/plugin_priv.h"
#include "table/dynamic.h"

#include <stdio.h>

/* Where ids are sorted, __q = row_rank_dense(__i) tells one from the next: == and != would take
 * each NaN and null for an id of its own, and a number for the text of it. */

/* (id, time, start, end, bin, lookback, dimensions): a session is of one id, without a
 * pause longer than the look-back; it is active in every bin in which it has a row. */
struct plan *plugin_session_count(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_call call;

    if (!plugin_args(b, op, 6, 1, &call))
        return NULL;
    return plugin_expand(b, input, op, &call,
                         "__input | where __2 between (__3 .. __4)"
                         " | extend __i = __1, __t = __2, __g = @"
                         " | sort by __g asc, __i asc, __t asc"
                         " | extend __n = row_number(), __q = row_rank_dense(__i)"
                         " | extend __new = __n == 1 or __g != prev(__g) or __q != prev(__q)"
                         " or __t - prev(__t) > __6 | extend __s = row_cumsum(tolong(__new))"
                         " | summarize count_sessions = count_distinct(__s)"
                         " by __8 = bin_at(__t, __5, __3)# | sort by __8 asc");
}

/* (id, time, start, end, look-back, bin, dimensions): a row counts in its bin, and in those behind
 * it that the look-back holds: it is rounded down to whole bins, as documented, and is one at
 * least. Months and their like differ in length: there, in those that begin less than the
 * look-back after the row's. */
struct plan *plugin_sliding_counts(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_call call;
    struct plugin_window w;
    struct buf text;

    if (!plugin_args(b, op, 6, 1, &call) || !plugin_read_window(b, call.args[5], &w))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "__input | extend __b = ");
    plugin_add_window(&text, &w, "__2", "__6", "__3");
    if (w.by_calendar)
        buf_add_format(&text,
                       ", __o = range(0, tolong(__5 / 7d), 1) | mv-expand __o to typeof(long)"
                       " | extend __t = startof%.*s(__b, __o)"
                       " | where (__o == 0 or __t < __b + __5) and __t between (startof%.*s(__3)",
                       SLICE_FMT(w.unit), SLICE_FMT(w.unit));
    else
        buf_add_text(&text, ", __o = range(0, max_of(tolong(__5 / __6), 1) - 1, 1)"
                            " | mv-expand __o to typeof(long) | extend __t = __b + __o * __6"
                            " | where __t between (__3");
    buf_add_text(&text, " .. __4)"
                        " | summarize Count = count(), dcount = dcount(__1) by __8 = __t#");
    return plugin_expand_made(b, input, op, &call, &text);
}

/* ---- cohorts ---- */

/* What stands between the window and the dimensions, and behind these: a constant is the
 * cohort, a table the ids that are not new. */
struct cohort {
    const struct node *only, *known;
    struct plugin_window window;
};

/* The call without cohort and known ids, which are taken out. */
static struct node *plain_call(struct binder *b, const struct node *op, struct cohort *ret)
{
    struct node *copy = plugin_copy(b, op);
    struct node *call = plugin_copy(b, op->args);
    struct node **tail = call == NULL ? NULL : &call->args;
    uint32_t at = 0;

    if (copy == NULL || call == NULL)
        return NULL;
    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next, at++) {
        struct node *one = plugin_copy(b, arg);
        bool column = arg->kind == NODE_NAME && b->scope.columns != NULL &&
                      schema_find(b->scope.columns, arg->name) != UINT32_MAX;
        if (one == NULL)
            return NULL;
        if (at == 5 && !column && !bind_is_tabular(b, one)) {
            ret->only = one;
        } else if (at >= 5 && arg->next == NULL && !column && bind_is_tabular(b, one)) {
            ret->known = one;
        } else {
            *tail = one;
            tail = &one->next;
        }
    }
    *tail = NULL;
    copy->args = call;
    return copy;
}

static void add_cohorts(struct buf *text, const struct cohort *c)
{
    buf_add_text(text, "let __d = materialize(__input | where __2 between (__3 .. __4)");
    if (c->known != NULL)
        buf_add_text(text, " | extend __i = __1"
                           " | join kind=leftanti (__9 | project __i = __1) on __i");
    buf_add_text(text, " | summarize by __t = ");
    plugin_add_window(text, &c->window, "__2", "__5", "__3");
    buf_add_text(text, ", __i = __1, __g = @#);"
                       "let __f = __d | summarize __from = min(__t) by __i, __g#;"
                       "let __p = ");
    if (c->window.by_calendar) {
        buf_add_text(text, "range __q from __3 to __4 step 1d | distinct __to = ");
        plugin_add_window(text, &c->window, "__q", "__5", "__3");
    } else {
        buf_add_text(text, "range __to from __3 to __4 step __5");
    }
    buf_add_text(text, " | extend __j = 1;"
                       "let __a = __d | join kind=inner (__f) on __i, __g"
                       " | summarize __n = count() by __to = __t, __g, __first = __from;"
                       "__f | summarize __size = count() by __from, __g#");
    if (c->only != NULL) {
        buf_add_text(text, " | where __from == ");
        plugin_add_window(text, &c->window, "__8", "__5", "__3");
    }
    buf_add_text(text,
                 " | extend __j = 1 | join kind=inner (__p) on __j | where __to >= __from"
                 " | join kind=leftouter (__a) on __to, __g"
                 " | summarize __new = sumif(__n, __first > __from or"
                 " (__to == __from and __first == __from)),"
                 " __back = sumif(__n, __first == __from) by __from, __to, __g, __size#"
                 " | extend __new = coalesce(__new, 0), __back = coalesce(__back, 0)"
                 " | sort by __from asc, __to asc, __g asc"
                 " | project __10 = __from, __11 = __to, dcount_new_values = __new,"
                 " dcount_retained_values = __back, dcount_churn_values = __size - __back,"
                 " retention_rate = todouble(__back) / __size,"
                 " churn_rate = todouble(__size - __back) / __size#");
}

/* (id, time, start, end, window [, cohort], dimensions [, known ids]) */
struct plan *plugin_new_activity(struct binder *b, struct plan *input, const struct node *op)
{
    struct cohort c = {0};
    struct plugin_call call;
    struct buf text;
    const struct node *plain = plain_call(b, op, &c);

    if (plain == NULL || !plugin_args(b, plain, 5, 1, &call) ||
        !plugin_read_window(b, call.args[4], &c.window))
        return NULL;
    struct slice time = call.args[6]->name;
    if (c.known != NULL && call.args[0]->kind != NODE_NAME)
        return bind_fail(b, op->at, "SEM0219", "the id is to be a column of both tables");
    if (!plugin_add(b, op, &call, c.only) || !plugin_add(b, op, &call, c.known) ||
        !plugin_add(b, op, &call, plugin_name(b, op, bind_join_name(b, "from_", time))) ||
        !plugin_add(b, op, &call, plugin_name(b, op, bind_join_name(b, "to_", time))))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_cohorts(&text, &c);
    return plugin_expand_made(b, input, op, &call, &text);
}

/* ---- funnels ---- */

#define STATES_MAX 16u

/* How many states a constant sequence has; 0 with an error. */
static uint32_t sequence_length(struct binder *b, const struct node *node)
{
    struct expr *expr = bind_constant(b, node);
    uint32_t count = 0;

    if (expr == NULL)
        return 0;
    if (expr->type != TYPE_DYNAMIC || expr->value.is_null ||
        dynamic_kind(expr->value.bytes) != JSON_ARRAY) {
        bind_fail(b, node->at, "SEM0219", "the sequence is %s, an array of states is needed",
                  type_phrase(expr->type));
        return 0;
    }
    struct dynamic_iterator it = dynamic_iterate(expr->value.bytes);
    while (count <= STATES_MAX && dynamic_next(&it))
        count++;
    if (count > 0 && count <= STATES_MAX)
        return count;
    bind_fail(b, node->at, "SEM0219", "the sequence has %s states, 1 to %u are possible",
              count == 0 ? "no" : "too many", STATES_MAX);
    return 0;
}

/* Steps: runs of one state of an id, with their first and last time.  A sequence is found
 * where steps follow each other without a longer gap. */
static void add_steps(struct buf *text, uint32_t length)
{
    buf_add_text(text,
                 "__input | where __2 between (__3 .. __4)"
                 " | project __i = __1, __t = __2, __v = tostring(__7)"
                 " | sort by __i asc, __t asc, __v asc"
                 " | extend __n = row_number(), __q = row_rank_dense(__i)"
                 " | extend __new = __n == 1 or __q != prev(__q) or __v != prev(__v)"
                 " | extend __r = row_cumsum(tolong(__new))"
                 " | summarize __a = min(__t), __z = max(__t), __i = take_any(__i) by __q, __v, __r"
                 " | sort by __r asc | extend __hit = true");
    for (uint32_t k = 0; k < length; k++) {
        buf_add_format(text, " and next(__v, %u) == tostring(__8[%u])", k, k);
        if (k > 0)
            buf_add_format(text, " and next(__q, %u) == __q"
                                 " and next(__a, %u) - next(__z, %u) <= __5", k, k, k - 1);
    }
    buf_add_format(text,
                   ", prev = iff(prev(__q) == __q and __a - prev(__z) <= __5, prev(__v), ''),"
                   " next = iff(next(__q, %u) == __q and next(__a, %u) - next(__z, %u) <= __5,"
                   " next(__v, %u), '')"
                   " | where __hit",
                   length, length, length - 1, length);
}

/* One of the tables: by the states before and behind, or by one of them. */
static struct plan *funnel_table(struct binder *b, struct plan *input, const struct node *op,
                                 const struct plugin_call *call, const char *by)
{
    uint32_t length = sequence_length(b, call->args[7]);
    struct buf text;

    if (length == 0)
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_steps(&text, length);
    buf_add_format(&text, " | summarize dcount = count_distinct(__i), samples = make_set(__i, 128)"
                          " by __10 = bin_at(__a, __6, __3), %s", by);
    buf_add_text(&text, " | sort by __10 asc, dcount desc");
    for (const char *c = by; *c != '\0'; c++) { /* a, b -> , a asc, b asc */
        if (c == by)
            buf_add_text(&text, ", ");
        if (*c == ',')
            buf_add_text(&text, " asc");
        buf_add_byte(&text, *c);
    }
    buf_add_text(&text, " asc");
    return plugin_expand_made(b, input, op, call, &text);
}

/* (id, time, start, end, gap, step, state, sequence) */
struct plan *plugin_funnel(struct binder *b, struct plan *input, const struct node *op)
{
    static const char *const further[] = {"prev", "next"};
    struct plugin_call call;

    if (!plugin_args(b, op, 8, 1, &call))
        return NULL;
    if (call.has_dims)
        return plugin_refuse(b, op, "has too many arguments") ? input : NULL;
    bind_more(b, op, "funnel_sequence", 3);
    struct plan *first = funnel_table(b, input, op, &call, "prev, next");
    for (size_t i = 0; i < 2 && first != NULL; i++) {
        struct plan *again = bind_again(b, op);
        if (again != NULL)
            again = funnel_table(b, again, op, &call, further[i]);
        if (!bind_further(b, op, slice_of(further[i]), again))
            return NULL;
    }
    return first;
}

/* A state of the sequence is reached where it comes within the gap behind a row at which
 * the one before it is reached; the last of these counts.  __m tells the rows that reach
 * the state before (0) from those that are in this state (1). */
static void add_reached(struct buf *text, uint32_t number)
{
    buf_add_format(text,
                   "let __s%u = union (__s%u | extend __m = 0),"
                   " (__e | where __v == tostring(__7[%u]) | mv-expand __p = __8 to"
                   " typeof(timespan) | project __i, __p, __t, __b = __t, __m = 1)"
                   " | sort by __p asc, __i asc, __t asc, __m asc"
                   " | extend __k = row_number(), __q = row_rank_dense(__i)"
                   " | extend __first = __k == 1 or __p != prev(__p) or __q != prev(__q)"
                   " | scan declare (__l: datetime, __o: datetime) with"
                   " (step s: true => __l = iff(__m == 0, __t, iff(__first, datetime(null),"
                   " s.__l)), __o = iff(__m == 0, __b, iff(__first, datetime(null), s.__o));)"
                   " | where __m == 1 and __t - __l <= __p"
                   " | project __i, __p, __t, __b = __o;",
                   number, number - 1, number);
}

/* (id, time, start, end, step, state, sequence, gaps) */
struct plan *plugin_completion(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_call call;
    struct buf text;

    if (!plugin_args(b, op, 8, 1, &call))
        return NULL;
    if (call.has_dims)
        return plugin_refuse(b, op, "has too many arguments") ? input : NULL;
    uint32_t length = sequence_length(b, call.args[6]);
    struct slice state = bind_name_of(b, call.args[5]);
    if (length == 0 || !plugin_add(b, op, &call, plugin_name(b, op, state)))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "let __e = materialize(__input | where __2 between (__3 .. __4)"
                        " | project __i = __1, __t = __2, __v = tostring(__6));"
                        "let __s0 = __e | where __v == tostring(__7[0])"
                        " | mv-expand __p = __8 to typeof(timespan)"
                        " | project __i, __p, __t, __b = __t;");
    for (uint32_t k = 1; k < length; k++)
        add_reached(&text, k);
    buf_add_text(&text, "union ");
    for (uint32_t k = 0; k < length; k++)
        buf_add_format(&text, "%s(__s%u | summarize dcount = count_distinct(__i)"
                              " by __w = bin_at(__b, __5, __3), __p | extend __x = %u)",
                       k > 0 ? ", " : "", k, k);
    buf_add_text(&text, " | sort by __w asc, __p asc, __x asc"
                        " | project __10 = __w, __11 = tostring(__7[__x]), Period = __p, dcount");
    return plugin_expand_made(b, input, op, &call, &text);
}

/* ---- conditions one after the other ---- */

#define CONDITIONS_MAX 16u

struct detection {
    const struct node *conditions[CONDITIONS_MAX];
    struct slice names[CONDITIONS_MAX];
    uint32_t count;
    struct node *columns; /* the dimensions as they are written */
    struct node *values;  /* the same without names */
};

static bool add_condition(struct binder *b, struct detection *d, const struct node *arg,
                          const struct node *condition)
{
    char number[16];

    if (d->count == CONDITIONS_MAX)
        return bind_fail(b, arg->at, "SEM0219", "more than %u conditions", CONDITIONS_MAX) != NULL;
    (void)snprintf(number, sizeof(number), "Expr%u", d->count + 1);
    d->names[d->count] = arg->kind == NODE_NAMED
                             ? arg->by->name
                             : arena_copy(b->q->arena, slice_of(number), b->err);
    d->conditions[d->count++] = condition;
    return b->err->status == STATUS_OK;
}

/* A column, or behind a condition what is none, is a dimension. */
static bool is_dimension(struct binder *b, const struct detection *d, const struct node *arg,
                         const struct node *value)
{
    struct expr *expr = arg->kind == NODE_NAME ? NULL : bind_expr(b, value);

    if (expr != NULL && expr->type != TYPE_BOOL && d->count == 0)
        bind_fail(b, arg->at, "SEM0219", "a condition is %s, a bool is needed",
                  type_phrase(expr->type));
    return arg->kind == NODE_NAME || (expr != NULL && expr->type != TYPE_BOOL);
}

/* The call with time, gap and span: conditions and dimensions are taken out. */
static struct node *take_conditions(struct binder *b, const struct node *op,
                                    struct detection *ret)
{
    struct node *copy = plugin_copy(b, op);
    struct node *call = plugin_copy(b, op->args);
    struct node **tail = call == NULL ? NULL : &call->args;
    struct node **columns = &ret->columns, **values = &ret->values;
    uint32_t at = 0;

    if (copy == NULL || call == NULL)
        return NULL;
    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next, at++) {
        struct node *one = plugin_copy(b, arg->kind == NODE_NAMED ? arg->args : arg);
        if (one == NULL)
            return NULL;
        if (at < 3) {
            *tail = one;
            tail = &one->next;
        } else if (is_dimension(b, ret, arg, one)) {
            *columns = plugin_copy(b, arg);
            *values = one;
            if (*columns == NULL)
                return NULL;
            columns = &(*columns)->next;
            values = &one->next;
        } else if (b->err->status == STATUS_OK && !add_condition(b, ret, arg, one)) {
            return NULL;
        }
        if (b->err->status != STATUS_OK)
            return NULL;
    }
    *tail = NULL;
    copy->args = call;
    return copy;
}

/* name_time = __tN, for each condition: what project-rename takes. */
static struct node *time_names(struct binder *b, const struct node *op,
                               const struct detection *d, struct slice time)
{
    struct node *names = ARENA_ARRAY(b->q->arena, struct node, 3 * CONDITIONS_MAX, b->err);
    struct buf buf;

    for (uint32_t i = 0; i < d->count && names != NULL; i++) {
        struct node *pair = &names[3 * (size_t)i];
        char old[16];
        (void)snprintf(old, sizeof(old), "__t%u", i);
        buf_init(&buf, d->names[i].size + 1 + time.size);
        buf_add_slice(&buf, d->names[i]);
        buf_add_byte(&buf, '_');
        buf_add_slice(&buf, time);
        pair[0] = (struct node){
            .kind = NODE_NAMED, .at = op->at, .by = &pair[1], .args = &pair[2]};
        pair[0].next = i + 1 < d->count ? &pair[3] : NULL;
        pair[1] = (struct node){.kind = NODE_NAME, .at = op->at};
        pair[1].name = arena_copy(b->q->arena, buf_slice(&buf), b->err);
        pair[2] = (struct node){.kind = NODE_NAME, .at = op->at};
        pair[2].name = arena_copy(b->q->arena, slice_of(old), b->err);
        buf_release(&buf);
    }
    return b->err->status == STATUS_OK ? names : NULL;
}

/* Conditions are __6, __7 ...; the dimensions' values and the names of the times follow. */
static void add_detection(struct buf *text, uint32_t count, bool has_dims)
{
    buf_add_text(text, "let __e = materialize(__input | extend __t = __1, __g = ");
    if (has_dims)
        buf_add_format(text, "tostring(pack_array(__%u))", 6 + count);
    else
        buf_add_text(text, "''");
    buf_add_text(text, ", __n = row_number());"
                       "__e | where __6 | project __g#, __t0 = __t, __n0 = __n");
    for (uint32_t i = 1; i < count; i++) {
        buf_add_format(text,
                       " | join kind=inner (__e | where __%u | project __g, __t%u = __t,"
                       " __n%u = __n) on __g | project-away __g1"
                       " | where (__t%u > __t%u or (__t%u == __t%u and __n%u != __n%u))"
                       " and __t%u - __t%u <= __2 and __t%u - __t0 <= __3",
                       6 + i, i, i, i, i - 1, i, i - 1, i, i - 1, i, i - 1, i);
    }
    buf_add_text(text, " | sort by ");
    for (uint32_t i = 0; i < count; i++)
        buf_add_format(text, "%s__t%u asc", i > 0 ? ", " : "", i);
    buf_add_format(text, " | extend Duration = __t%u - __t0 | project-away __g", count - 1);
    for (uint32_t i = 0; i < count; i++)
        buf_add_format(text, ", __n%u", i);
    buf_add_format(text, " | project-rename __%u", 7 + count);
}

/* (time, gap, span, conditions, dimensions) */
struct plan *plugin_sequence_detect(struct binder *b, struct plan *input, const struct node *op)
{
    struct detection d = {0};
    struct plugin_call call;
    struct buf text;
    const struct node *plain = take_conditions(b, op, &d);

    if (plain == NULL || !plugin_args(b, plain, 3, 0, &call))
        return NULL;
    if (d.count == 0)
        return plugin_refuse(b, op, "takes at least one condition") ? input : NULL;
    for (uint32_t i = 0; i < d.count; i++) {
        if (!plugin_add(b, op, &call, d.conditions[i]))
            return NULL;
    }
    call.args[call.dims] = d.columns;
    call.has_dims = d.columns != NULL;
    if (!plugin_add(b, op, &call, d.values) ||
        !plugin_add(b, op, &call, time_names(b, op, &d, call.args[4]->name)))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_detection(&text, d.count, call.has_dims);
    return plugin_expand_made(b, input, op, &call, &text);
}
