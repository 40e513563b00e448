/* SPDX-License-Identifier: Apache-2.0 */
/* bind_window.c - functions over rows in an order: prev(), row_number() ... */
#include "query/bind_priv.h"
#include "query/fn_priv.h"
#include "query/special.h"

#include <stdio.h>

#define ROWS "range x from 1 to 3 step 1 | "

static const struct {
    struct special text;
    enum window_kind kind;
    uint32_t args_min;
} kinds[] = {
    {{"prev", "prev(value [, distance, otherwise])", "the value some rows before",
      ROWS "serialize p = prev(x, 1, 9) | summarize ok = sum(p) == 12"},
     WINDOW_PREV, 1},
    {{"next", "next(value [, distance, otherwise])", "the value some rows behind",
      ROWS "serialize n = next(x, 1, 9) | summarize ok = sum(n) == 14"},
     WINDOW_NEXT, 1},
    {{"row_number", "row_number([start, restart])", "the number of the row",
      ROWS "serialize n = row_number() | summarize ok = max(n) == 3"},
     WINDOW_ROW_NUMBER, 0},
    {{"row_cumsum", "row_cumsum(number [, restart])", "the sum of the rows so far",
      ROWS "serialize s = row_cumsum(x) | summarize ok = max(s) == 6"},
     WINDOW_CUMSUM, 1},
    {{"row_rank_min", "row_rank_min(value [, restart])",
      "the rank of the row; equal values have that of their first",
      ROWS "extend y = x / 3 | sort by y asc | extend r = row_rank_min(y) | "
           "summarize ok = max(r) == 3"},
     WINDOW_RANK_MIN, 1},
    {{"row_rank_dense", "row_rank_dense(value [, restart])",
      "the rank of the row among different values",
      ROWS "extend y = x / 3 | sort by y asc | extend r = row_rank_dense(y) | "
           "summarize ok = max(r) == 2"},
     WINDOW_RANK_DENSE, 1},
    {{"row_rank", "row_rank(value [, dense])", "the old name of row_rank_dense()",
      ROWS "extend y = x / 3 | sort by y asc | extend r = row_rank(y) | "
           "summarize ok = max(r) == 2"},
     WINDOW_RANK_DENSE, 1},
    {{"row_window_session", "row_window_session(time, within, gap [, restart])",
      "the time at which the session of the row began",
      "range t from datetime(2024-01-01) to datetime(2024-01-01 00:05) step 1m | sort by t asc | "
      "extend s = row_window_session(t, 1h, 2m) | summarize ok = dcount(s) == 1"},
     WINDOW_SESSION, 3},
};

const struct special *special_window_at(uint32_t index)
{
    return index < COUNT_OF(kinds) ? &kinds[index].text : NULL;
}

struct expr *bind_window(struct binder *b, const struct node *node)
{
    struct windows *w = b->windows;
    struct window_call call = {0};
    struct argument *arguments;
    struct node plain = *node;
    struct node first;

    for (size_t i = 0;; i++) {
        if (i == COUNT_OF(kinds))
            return NULL;
        if (slice_is(node->name, kinds[i].text.name)) {
            call.kind = kinds[i].kind;
            if (!bind_check_count(b, node, node_count(node->args), kinds[i].args_min, 4))
                return NULL;
            break;
        }
    }
    if (slice_is(node->name, "row_rank") && node_count(node->args) > 1) {
        struct expr *dense = bind_cast(b, bind_constant(b, node->args->next), TYPE_BOOL);
        if (dense == NULL)
            return NULL;
        call.kind = dense->value.boolean ? WINDOW_RANK_DENSE : WINDOW_RANK_MIN;
        first = *node->args;
        first.next = NULL;
        plain.args = &first;
    }
    if (w == NULL)
        return bind_fail(b, node->at, "SEM0025",
                         "'%.*s' needs rows in an order: use it in extend, project or where "
                         "behind serialize or sort",
                         SLICE_FMT(node->name));
    if (!bind_call_args(b, &plain, &call.args, &arguments, &call.arg_count))
        return NULL;
    bool counts = call.kind == WINDOW_ROW_NUMBER || call.kind == WINDOW_RANK_MIN ||
                  call.kind == WINDOW_RANK_DENSE;
    call.type = counts                            ? TYPE_LONG
                : call.kind == WINDOW_SESSION     ? TYPE_DATETIME
                                              : call.args[0]->type;
    if (call.kind == WINDOW_CUMSUM) {
        call.args[0] = bind_cast(b, call.args[0], call.type);
        if (call.args[0] == NULL)
            return NULL;
    }
    if (w->count == w->capacity) {
        uint32_t capacity = w->capacity == 0 ? 8 : w->capacity * 2;
        struct window_call *calls =
            ARENA_ARRAY(b->q->arena, struct window_call, capacity, b->err);
        if (calls == NULL)
            return NULL;
        if (w->count > 0)
            memcpy(calls, w->calls, w->count * sizeof(*calls));
        w->calls = calls;
        w->capacity = capacity;
    }
    char name[32];
    (void)snprintf(name, sizeof(name), "$window%u", w->count);
    call.name = arena_copy(b->q->arena, slice_of(name), b->err);
    if (call.name.data == NULL)
        return NULL;
    w->calls[w->count] = call;
    return bind_column_expr(b, w->base + w->count++, call.type, node->at);
}
