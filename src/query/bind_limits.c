/* SPDX-License-Identifier: Apache-2.0 */
/* bind_limits.c - what `set` says about the query, under Kusto's names: its limits, and now();
 * which options there are.
 *
 * A query may tighten any limit, and may loosen those that are defaults; what the
 * request itself says stays the bound: the lower of the two holds.  Memory is never
 * loosened, as it is the server's. */
#include "query/bind_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/time.h"
#include "query/special.h"

enum heed {
    HEED_ROWS,
    HEED_BYTES,
    HEED_NONE,
    HEED_TAKE,
    HEED_MEMORY,
    HEED_TIME,
    HEED_TIME_MAX,
    HEED_NOW,
    HEED_LATER, /* by those who ask for it, under BIND_SET */
};

static const struct option {
    struct special about;
    enum heed heed;
} options[] = {
    {{"best_effort", "set best_effort;", "each union does without tables that are not there",
      "set best_effort; union (print a = true), Absent"},
     HEED_LATER},
    {{"max_memory_consumption_per_iterator", "set max_memory_consumption_per_iterator = bytes;",
      "the same as maxmemoryconsumptionperiterator",
      "set max_memory_consumption_per_iterator = 100000000; print true"},
     HEED_MEMORY},
    {{"max_memory_consumption_per_query_per_node",
      "set max_memory_consumption_per_query_per_node = bytes;",
      "the same as maxmemoryconsumptionperiterator",
      "set max_memory_consumption_per_query_per_node = 100000000; print true"},
     HEED_MEMORY},
    {{"maxmemoryconsumptionperiterator", "set maxmemoryconsumptionperiterator = bytes;",
      "the memory of the query, which can be lowered only",
      "set maxmemoryconsumptionperiterator = 100000000; print true"},
     HEED_MEMORY},
    {{"norequesttimeout", "set norequesttimeout;", "the most time that a query can have",
      "set norequesttimeout; print true"},
     HEED_TIME_MAX},
    {{"notruncation", "set notruncation;", "no limit on rows and bytes of the answer",
      "set notruncation; print true"},
     HEED_NONE},
    {{"query_bin_auto_at", "set query_bin_auto_at = value;", "where a bin of bin_auto() begins",
      "set query_bin_auto_size = 5; set query_bin_auto_at = 1; print bin_auto(7) == 6"},
     HEED_LATER},
    {{"query_bin_auto_size", "set query_bin_auto_size = value;", "the size of bin_auto()'s bins",
      "set query_bin_auto_size = 5; print bin_auto(7) == 5"},
     HEED_LATER},
    {{"query_now", "set query_now = datetime;", "what now() gives, and ago() counts from",
      "set query_now = datetime(2026-01-31); print now() == datetime(2026-01-31)"},
     HEED_NOW},
    {{"query_take_max_records", "set query_take_max_records = rows;",
      "so many rows of the answer, and no more, without an error",
      "set query_take_max_records = 1; range x from 1 to 3 step 1 | project x == 1"},
     HEED_TAKE},
    {{"servertimeout", "set servertimeout = timespan;", "how long the query may take",
      "set servertimeout = 5m; print true"},
     HEED_TIME},
    {{"truncation_max_records", "set truncation_max_records = rows;",
      "the same as truncationmaxrecords", "set truncation_max_records = 1; print true"},
     HEED_ROWS},
    {{"truncation_max_size", "set truncation_max_size = bytes;", "the same as truncationmaxsize",
      "set truncation_max_size = 1000; print true"},
     HEED_BYTES},
    {{"truncationmaxrecords", "set truncationmaxrecords = rows;",
      "an answer with more rows is an error", "set truncationmaxrecords = 1; print true"},
     HEED_ROWS},
    {{"truncationmaxsize", "set truncationmaxsize = bytes;",
      "an answer with more bytes is an error", "set truncationmaxsize = 1000; print true"},
     HEED_BYTES},
};

/* Names: the request properties that Kusto documents, and those of its documented examples. */
const char *const bind_set_idle =
    "client_max_redirect_count client_results_reader_allow_varying_row_widths "
    "deferpartialqueryfailures materialized_view_shuffle materialized_view_shuffle_query "
    "maxoutputcolumns push_selection_through_aggregation query_cursor_disabled query_datascope "
    "query_distribution_nodes_span query_fanout_nodes_percent query_fanout_threads_percent "
    "query_force_row_level_security query_language query_log_query_parameters "
    "query_materialize_remote_subquery query_max_entities_in_union query_python_debug "
    "query_results_cache_force_refresh query_results_cache_max_age "
    "query_results_cache_per_shard query_results_progressive_row_count "
    "query_results_progressive_update_period query_shuffle_broadcast_join "
    "query_weakconsistency_session_id queryconsistency querytrace request_app_name "
    "request_block_row_level_security request_callout_disabled request_description "
    "request_impersonation_disabled request_readonly request_readonly_hardline "
    "request_remote_entities_disabled request_sandboxed_execution_disabled request_user "
    "results_progressive_enabled";
const char *const bind_set_missing =
    "query_cursor_after_default query_cursor_before_or_at_default query_cursor_current "
    "query_cursor_scoped_tables query_datetimescope_column query_datetimescope_from "
    "query_datetimescope_to query_results_apply_getschema request_external_data_disabled "
    "request_external_table_disabled validate_permissions validatepermissions";

const struct special *special_set_at(uint32_t index)
{
    return index < sizeof(options) / sizeof(options[0]) ? &options[index].about : NULL;
}

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

static void set_limit(struct query *q, enum heed heed, uint64_t value)
{
    bool given = q->request->rows_max != 0; /* by the request */

    switch (heed) {
    case HEED_ROWS:
        q->rows_max = given ? lower(q->rows_max, value) : value;
        break;
    case HEED_BYTES:
        q->bytes_max = given ? lower(q->bytes_max, value) : value;
        break;
    case HEED_NONE:
        if (!given)
            q->rows_max = q->bytes_max = UINT64_MAX;
        break;
    case HEED_TAKE:
        q->take_max = value;
        break;
    case HEED_MEMORY:
        arena_lower_budget(q->arena, (size_t)value);
        break;
    case HEED_TIME:
        set_time(q, value);
        break;
    case HEED_TIME_MAX:
        set_time(q, UINT64_MAX);
        break;
    case HEED_NOW:
    case HEED_LATER:
        break;
    }
}

/* "set NAME" alone says yes. */
static bool set_flag(struct binder *b, const struct node *set, enum heed heed)
{
    const struct expr *expr = set->args == NULL ? NULL : bind_constant(b, set->args);

    if (set->args != NULL && expr == NULL)
        return false;
    if (expr != NULL && (expr->type != TYPE_BOOL || expr->value.is_null))
        return bind_fail(b, set->at, "SEM0100", "'%.*s' wants true or false",
                         SLICE_FMT(set->name)) != NULL;
    if (expr == NULL || expr->value.boolean)
        set_limit(b->q, heed, 0);
    return true;
}

static bool set_number(struct binder *b, const struct node *set, enum heed heed)
{
    const struct expr *expr = set->args == NULL ? NULL : bind_constant(b, set->args);
    enum type want = heed == HEED_TIME ? TYPE_TIMESPAN : TYPE_LONG;

    if (set->args != NULL && expr == NULL)
        return false;
    if (expr == NULL || (expr->type != want && !(want == TYPE_LONG && expr->type == TYPE_INT)) ||
        expr->value.is_null || expr->value.integer <= 0)
        return bind_fail(b, set->at, "SEM0100", "'%.*s' wants a %s above 0", SLICE_FMT(set->name),
                         heed == HEED_TIME ? "timespan such as 5m" : "whole number") != NULL;
    uint64_t value = (uint64_t)expr->value.integer;
    set_limit(b->q, heed, heed == HEED_TIME ? value / (uint64_t)TICKS_PER_US : value);
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

/* Kusto leaves alone what it does not know; a name that is misspelt is told all the same. */
static void warn_unknown(struct binder *b, const struct node *set)
{
    size_t distance = bind_near_enough(set->name);
    struct slice best = {NULL, 0};
    struct slice name = slice_head(set->name, 48);

    for (uint32_t i = 0; special_set_at(i) != NULL; i++) {
        struct slice near = bind_nearest_word(special_set_at(i)->name, set->name, &distance);
        best = near.size > 0 ? near : best;
    }
    const char *const lists[] = {bind_set_idle, bind_set_missing};
    for (size_t i = 0; i < 2; i++) {
        struct slice near = bind_nearest_word(lists[i], set->name, &distance);
        best = near.size > 0 ? near : best;
    }
    if (best.size > 0)
        bind_warn(b, set->at, "KS_OPTION", "'%.*s' is no option of a query; did you mean '%.*s'?",
                  SLICE_FMT(name), SLICE_FMT(best));
    else
        bind_warn(b, set->at, "KS_OPTION", "'%.*s' is no option of a query: it changes nothing",
                  SLICE_FMT(name));
}

static const struct option *find(struct slice name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (slice_equal_nocase(name, slice_of(options[i].about.name)))
            return &options[i];
    }
    return NULL;
}

bool bind_option(struct binder *b, const struct node *set)
{
    const struct option *option = find(set->name);

    if (option == NULL && bind_has_word(bind_set_missing, set->name))
        bind_warn(b, set->at, "KS_OPTION",
                  "'%.*s' changes nothing here: the answer may differ from Kusto's",
                  SLICE_FMT(set->name));
    else if (option == NULL && !bind_has_word(bind_set_idle, set->name))
        warn_unknown(b, set);
    if (option == NULL || b->depth > 0)
        return true;
    switch (option->heed) {
    case HEED_ROWS:
    case HEED_BYTES:
    case HEED_TAKE:
    case HEED_MEMORY:
    case HEED_TIME:
        return set_number(b, set, option->heed);
    case HEED_NONE:
    case HEED_TIME_MAX:
        return set_flag(b, set, option->heed);
    case HEED_NOW:
        return set_now(b, set);
    case HEED_LATER:
        break;
    }
    return true;
}
