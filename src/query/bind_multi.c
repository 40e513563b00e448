/* SPDX-License-Identifier: Apache-2.0 */
/* bind_multi.c - calls that stand for several columns: the function gives an array,
 * whose elements are taken out and named. */
#include "query/bind_priv.h"

static const struct {
    const char *name;
    const char *columns; /* name:type, r real, l long, y dynamic */
} calls[] = {
    {"series_fit_line", "rsquare:r slope:r variance:r rvariance:r interception:r line_fit:y"},
    {"series_fit_2lines",
     "rsquare:r split_idx:l variance:r rvariance:r line_fit:y right_rsquare:r right_slope:r "
     "right_interception:r right_variance:r right_rvariance:r left_rsquare:r left_slope:r "
     "left_interception:r left_variance:r left_rvariance:r"},
    {"series_stats", "min:r min_idx:l max:r max_idx:l avg:r stdev:r variance:r"},
    {"series_decompose", "baseline:y seasonal:y trend:y residual:y"},
    {"series_decompose_anomalies", "ad_flag:y ad_score:y baseline:y"},
    {"series_fft", "real:y imag:y"},
    {"series_fit_poly", "rsquare:r coefficients:y variance:r rvariance:r poly_fit:y"},
    {"series_ifft", "real:y imag:y"},
    {"series_periods_detect", "periods:y scores:y"},
    {"series_periods_validate", "periods:y scores:y"},
};

static struct slice column_name(struct binder *b, const struct node *call, struct slice suffix)
{
    struct buf buf;
    struct slice arg = call->args == NULL ? suffix : bind_name_of(b, call->args);

    buf_init(&buf, call->name.size + arg.size + suffix.size + 2);
    buf_add_slice(&buf, call->name);
    buf_add_byte(&buf, '_');
    buf_add_slice(&buf, arg);
    buf_add_byte(&buf, '_');
    buf_add_slice(&buf, suffix);
    struct slice name = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return name;
}

static bool put(struct binder *b, struct expr *array, enum type type, struct slice name,
                struct multi *m)
{
    struct value at = {.type = TYPE_LONG, .integer = m->count};
    struct expr *args[2] = {array, bind_const_expr(b, &at, array->at)};
    struct expr *element =
        args[1] == NULL ? NULL
                        : bind_invoke(b, array->at, &operator_element, args, 2, TYPE_DYNAMIC);

    m->names[m->count] = name;
    m->exprs[m->count] = bind_cast(b, element, type);
    return m->exprs[m->count++] != NULL;
}

static bool split(struct binder *b, const struct node *call, const char *columns,
                  struct expr *array, struct multi *m)
{
    struct slice rest = slice_of(columns);

    while (rest.size > 0) {
        size_t colon = 0;
        while (rest.data[colon] != ':')
            colon++;
        char letter = rest.data[colon + 1];
        struct slice name = column_name(b, call, slice_head(rest, colon));
        if (name.data == NULL || !put(b, array,
                                      letter == 'r'   ? TYPE_REAL
                                      : letter == 'l' ? TYPE_LONG
                                                      : TYPE_DYNAMIC,
                                      name, m))
            return false;
        rest = slice_tail(rest, colon + 2);
        rest = slice_tail(rest, rest.size > 0);
    }
    return true;
}

/* array_sort_asc(a, b): the arrays, sorted alike. */
static bool split_sorted(struct binder *b, const struct node *call, struct expr *array,
                         struct multi *m)
{
    for (const struct node *arg = call->args; arg != NULL && m->count < MULTI_MAX;
         arg = arg->next) {
        struct slice base = bind_name_of(b, arg);
        struct buf buf;
        if (base.size == 0)
            break; /* without a name; nulls_last and the like */
        buf_init(&buf, base.size + 16);
        buf_add_slice(&buf, base);
        buf_add_text(&buf, "_sorted");
        struct slice name = arena_copy(b->q->arena, buf_slice(&buf), b->err);
        buf_release(&buf);
        if (name.data == NULL || !put(b, array, TYPE_DYNAMIC, name, m))
            return false;
    }
    return true;
}

bool bind_multi(struct binder *b, const struct node *item, struct expr *expr, bool with_rest,
                struct multi *m)
{
    const struct node *call = item->kind == NODE_NAMED ? item->args : item;
    bool ok = true;

    m->count = m->named = 0;
    if (call->kind != NODE_CALL || expr->type != TYPE_DYNAMIC)
        return true;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && ok; i++) {
        if (slice_is(call->name, calls[i].name))
            ok = split(b, call, calls[i].columns, expr, m);
    }
    if (ok && item == call && call->args != NULL && call->args->next != NULL &&
        (slice_is(call->name, "array_sort_asc") || slice_is(call->name, "array_sort_desc")))
        ok = split_sorted(b, call, expr, m);
    uint32_t named = item->kind == NODE_NAMED ? node_count(item->by) : m->count;
    const struct node *name = item->kind == NODE_NAMED ? item->by : NULL;
    for (uint32_t i = 0; ok && name != NULL && i < m->count; i++, name = name->next)
        m->names[i] = name->name;
    m->named = item->kind == NODE_NAMED ? named : 0;
    if (named < m->count && !with_rest)
        m->count = named;
    return ok;
}
