/* SPDX-License-Identifier: Apache-2.0 */
/* bind_limits.c - what `set` says about the query, under Kusto's names: its limits, and now().
 *
 * A query may tighten any limit, and may loosen those that are defaults; what the
 * request itself says stays the bound: the lower of the two holds.  Memory is never
 * loosened, as it is the server's. */
#include "query/bind_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/time.h"

enum limit {
    LIMIT_ROWS,
    LIMIT_BYTES,
    LIMIT_NONE,
    LIMIT_TAKE,
    LIMIT_MEMORY,
    LIMIT_TIME,
    LIMIT_TIME_MAX,
};

static const struct option {
    const char *name;
    enum limit limit;
} options[] = {
    {"truncationmaxrecords", LIMIT_ROWS},
    {"truncation_max_records", LIMIT_ROWS},
    {"truncationmaxsize", LIMIT_BYTES},
    {"truncation_max_size", LIMIT_BYTES},
    {"notruncation", LIMIT_NONE},
    {"query_take_max_records", LIMIT_TAKE},
    {"maxmemoryconsumptionperiterator", LIMIT_MEMORY},
    {"max_memory_consumption_per_iterator", LIMIT_MEMORY},
    {"max_memory_consumption_per_query_per_node", LIMIT_MEMORY},
    {"servertimeout", LIMIT_TIME},
    {"norequesttimeout", LIMIT_TIME_MAX},
};

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void set_time(struct query *q, uint64_t us)
{
    uint64_t now_us = clock_monotonic_us(clock_system());
    uint64_t end_us = now_us + lower(us, (uint64_t)QUERY_TIME_MS_MAX * 1000);

    q->deadline_us = q->request->time_ms == 0 ? end_us : lower(q->deadline_us, end_us);
}

static void set_limit(struct query *q, enum limit limit, uint64_t value)
{
    bool given = q->request->rows_max != 0; /* by the request */

    switch (limit) {
    case LIMIT_ROWS:
        q->rows_max = given ? lower(q->rows_max, value) : value;
        break;
    case LIMIT_BYTES:
        q->bytes_max = given ? lower(q->bytes_max, value) : value;
        break;
    case LIMIT_NONE:
        if (!given)
            q->rows_max = q->bytes_max = UINT64_MAX;
        break;
    case LIMIT_TAKE:
        q->take_max = value;
        break;
    case LIMIT_MEMORY:
        arena_lower_budget(q->arena, (size_t)value);
        break;
    case LIMIT_TIME:
        set_time(q, value);
        break;
    case LIMIT_TIME_MAX:
        set_time(q, UINT64_MAX);
        break;
    }
}

/* "set NAME" alone says yes. */
static bool set_flag(struct binder *b, const struct node *set, enum limit limit)
{
    const struct expr *expr = set->args == NULL ? NULL : bind_constant(b, set->args);

    if (set->args != NULL && expr == NULL)
        return false;
    if (expr != NULL && (expr->type != TYPE_BOOL || expr->value.is_null))
        return bind_fail(b, set->at, "SEM0100", "'%.*s' wants true or false",
                         SLICE_FMT(set->name)) != NULL;
    if (expr == NULL || expr->value.boolean)
        set_limit(b->q, limit, 0);
    return true;
}

static bool set_number(struct binder *b, const struct node *set, enum limit limit)
{
    const struct expr *expr = set->args == NULL ? NULL : bind_constant(b, set->args);
    enum type want = limit == LIMIT_TIME ? TYPE_TIMESPAN : TYPE_LONG;

    if (set->args != NULL && expr == NULL)
        return false;
    if (expr == NULL || (expr->type != want && !(want == TYPE_LONG && expr->type == TYPE_INT)) ||
        expr->value.is_null || expr->value.integer <= 0)
        return bind_fail(b, set->at, "SEM0100", "'%.*s' wants a %s above 0", SLICE_FMT(set->name),
                         limit == LIMIT_TIME ? "timespan such as 5m" : "whole number") != NULL;
    uint64_t value = (uint64_t)expr->value.integer;
    set_limit(b->q, limit, limit == LIMIT_TIME ? value / (uint64_t)TICKS_PER_US : value);
    return true;
}

static bool set_now(struct binder *b, const struct node *set)
{
    const struct expr *expr = set->args == NULL ? NULL : bind_constant(b, set->args);

    if (set->args != NULL && expr == NULL)
        return false;
    if (expr == NULL || expr->type != TYPE_DATETIME || expr->value.is_null)
        return bind_fail(b, set->at, "SEM0100",
                         "'%.*s' wants a datetime such as datetime(2026-01-31 12:00)",
                         SLICE_FMT(set->name)) != NULL;
    b->q->now = expr->value.integer;
    return true;
}

bool bind_option(struct binder *b, const struct node *set)
{
    if (slice_is(set->name, "query_now"))
        return set_now(b, set);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        enum limit limit = options[i].limit;
        if (!slice_is(set->name, options[i].name))
            continue;
        return limit == LIMIT_NONE || limit == LIMIT_TIME_MAX ? set_flag(b, set, limit)
                                                              : set_number(b, set, limit);
    }
    return true;
}
