/* SPDX-License-Identifier: Apache-2.0 */
/* bind_window.c - functions over rows in an order: prev(), row_number() ... */
#include "query/bind_priv.h"
#include "query/fn_priv.h"
#include "query/special.h"

#include <stdio.h>

#define ROWS "range x from 1 to 3 step 1 | "

static const struct kind {
    struct special text;
    enum window_kind kind;
    uint32_t args_min, args_max;
} kinds[] = {
    {{"prev", "prev(value [, distance, otherwise])", "the value some rows before",
      ROWS "serialize p = prev(x, 1, 9) | summarize ok = sum(p) == 12"},
     WINDOW_PREV, 1, 3},
    {{"next", "next(value [, distance, otherwise])", "the value some rows behind",
      ROWS "serialize n = next(x, 1, 9) | summarize ok = sum(n) == 14"},
     WINDOW_NEXT, 1, 3},
    {{"row_number", "row_number([start, restart])", "the number of the row",
      ROWS "serialize n = row_number() | summarize ok = max(n) == 3"},
     WINDOW_ROW_NUMBER, 0, 2},
    {{"row_cumsum", "row_cumsum(number [, restart])", "the sum of the rows so far",
      ROWS "serialize s = row_cumsum(x) | summarize ok = max(s) == 6"},
     WINDOW_CUMSUM, 1, 2},
    {{"row_rank_min", "row_rank_min(value [, restart])",
      "the rank of the row; equal values have that of their first",
      ROWS "extend y = x / 3 | sort by y asc | extend r = row_rank_min(y) | "
           "summarize ok = max(r) == 3"},
     WINDOW_RANK_MIN, 1, 2},
    {{"row_rank_dense", "row_rank_dense(value [, restart])",
      "the rank of the row among different values",
      ROWS "extend y = x / 3 | sort by y asc | extend r = row_rank_dense(y) | "
           "summarize ok = max(r) == 2"},
     WINDOW_RANK_DENSE, 1, 2},
    {{"row_rank", "row_rank(value [, dense])", "the old name of row_rank_dense()",
      ROWS "extend y = x / 3 | sort by y asc | extend r = row_rank(y) | "
           "summarize ok = max(r) == 2"},
     WINDOW_RANK_DENSE, 1, 2},
    {{"row_window_session", "row_window_session(time, within, gap [, restart])",
      "the time at which the session of the row began",
      "range t from datetime(2024-01-01) to datetime(2024-01-01 00:05) step 1m | sort by t asc | "
      "extend s = row_window_session(t, 1h, 2m) | summarize ok = dcount(s) == 1"},
     WINDOW_SESSION, 3, 4},
};

const struct special *special_window_at(uint32_t index)
{
    return index < COUNT_OF(kinds) ? &kinds[index].text : NULL;
}

/* What the pass over the rows reads is of the types it reads. */
static bool cast_args(struct binder *b, struct window_call *call)
{
    enum type want[4] = {call->args == NULL || call->arg_count == 0 ? TYPE_LONG
                                                                    : call->args[0]->type,
                         TYPE_BOOL, TYPE_BOOL, TYPE_BOOL};

    call->type = TYPE_LONG;
    switch (call->kind) {
    case WINDOW_PREV:
    case WINDOW_NEXT:
        call->type = want[0];
        want[1] = TYPE_LONG;
        want[2] = want[0];
        break;
    case WINDOW_ROW_NUMBER:
        want[0] = TYPE_LONG;
        break;
    case WINDOW_CUMSUM:
        /* A sum of ints may be none: it is a long, as that of sum(). */
        if (want[0] == TYPE_BOOL || want[0] == TYPE_INT)
            want[0] = TYPE_LONG;
        else if (want[0] == TYPE_DYNAMIC)
            want[0] = TYPE_REAL;
        call->type = want[0];
        break;
    case WINDOW_RANK_MIN:
    case WINDOW_RANK_DENSE:
        break;
    case WINDOW_SESSION:
        call->type = want[0] = TYPE_DATETIME;
        want[1] = want[2] = TYPE_TIMESPAN;
        break;
    }
    for (uint32_t i = 0; i < call->arg_count; i++) {
        call->args[i] = bind_cast(b, call->args[i], want[i]);
        if (call->args[i] == NULL)
            return false;
    }
    return true;
}

/* The default of prev() and next() is a value of the column. */
static bool check_default(struct binder *b, const struct node *node,
                          const struct window_call *call)
{
    if ((call->kind != WINDOW_PREV && call->kind != WINDOW_NEXT) || call->arg_count < 3)
        return true;
    enum type type = call->args[0]->type;
    enum type given = call->args[2]->type;
    bool null = call->args[2]->kind == EXPR_CONST && call->args[2]->value.is_null;
    if (null || type == given || type == TYPE_DYNAMIC || given == TYPE_DYNAMIC ||
        (type_is_number(type) && type_is_number(given)))
        return true;
    bind_fail(b, node->args->next->next->at, "SEM0219",
              "argument 3 of '%.*s' is %s, %s is needed as the value is one",
              SLICE_FMT(node->name), type_phrase(given), type_phrase(type));
    return false;
}

static bool bind_args(struct binder *b, const struct node *node, const struct kind *kind,
                      struct window_call *call)
{
    struct argument *arguments;
    struct node plain = *node;
    struct node first;

    if (!bind_check_count(b, node, node_count(node->args), kind->args_min, kind->args_max))
        return false;
    if (slice_is(node->name, "row_rank") && node_count(node->args) > 1) {
        struct expr *dense = bind_constant(b, node->args->next);
        if (dense != NULL && dense->type != TYPE_BOOL)
            return bind_fail(b, node->args->next->at, "SEM0219",
                             "argument 2 of 'row_rank' is %s, a bool is needed",
                             type_phrase(dense->type)) != NULL;
        if (dense == NULL)
            return false;
        call->kind = dense->value.boolean ? WINDOW_RANK_DENSE : WINDOW_RANK_MIN;
        first = *node->args;
        first.next = NULL;
        plain.args = &first;
    }
    return bind_call_args(b, &plain, &call->args, &arguments, &call->arg_count) &&
           bind_check_types(b, &plain, call->args, call->arg_count) &&
           check_default(b, &plain, call) && cast_args(b, call);
}

static bool add_call(struct binder *b, struct window_call *call)
{
    struct windows *w = b->windows;
    char name[32];

    if (w->count == w->capacity) {
        uint32_t capacity = w->capacity == 0 ? 8 : w->capacity * 2;
        struct window_call *calls =
            ARENA_ARRAY(b->q->arena, struct window_call, capacity, b->err);
        if (calls == NULL)
            return false;
        if (w->count > 0)
            memcpy(calls, w->calls, w->count * sizeof(*calls));
        w->calls = calls;
        w->capacity = capacity;
    }
    (void)snprintf(name, sizeof(name), "$window%u", w->count);
    call->name = arena_copy(b->q->arena, slice_of(name), b->err);
    w->calls[w->count++] = *call;
    return call->name.data != NULL;
}

struct expr *bind_window(struct binder *b, const struct node *node)
{
    const struct kind *kind = NULL;
    struct window_call call = {0};

    for (size_t i = 0; i < COUNT_OF(kinds) && kind == NULL; i++)
        kind = slice_is(node->name, kinds[i].text.name) ? &kinds[i] : NULL;
    if (kind == NULL)
        return NULL;
    if (b->windows == NULL)
        return bind_fail(b, node->at, "SEM0025",
                         "'%.*s' needs rows in an order: use it in extend, project or where "
                         "behind serialize or sort",
                         SLICE_FMT(node->name));
    if (!b->windows->is_ordered)
        bind_warn(b, node->at, "KS_ORDER",
                  "the rows come in no order: put 'sort by' (or 'serialize') before '%.*s'",
                  SLICE_FMT(node->name));
    call.kind = kind->kind;
    if (!bind_args(b, node, kind, &call) || !add_call(b, &call))
        return NULL;
    return bind_column_expr(b, b->windows->base + b->windows->count - 1, call.type, node->at);
}
