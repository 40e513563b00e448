/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - the table of plugins, and their arguments as placeholders of a text. */
#include "query/plugin_priv.h"

#include "base/limits.h"
#include "base/text.h"

#define DAYS                                                                                       \
    "datatable(u: string, t: datetime)['a', datetime(2024-01-01), 'b', datetime(2024-01-01), "     \
    "'a', datetime(2024-01-02)] | "
#define FROM_TO "datetime(2024-01-01), datetime(2024-01-03), 1d"
#define STATES                                                                                     \
    "datatable(u: string, t: datetime, s: string)['a', datetime(2024-01-01), 'x', 'a', "           \
    "datetime(2024-01-01 01:00), 'y', 'a', datetime(2024-01-01 02:00), 'z'] | "

static const struct plugin plugins[] = {
    {{"active_users_count",
      "active_users_count(id, time, start, end, lookback, period, periods, bin [, dimensions])",
      "how many ids there are in so many periods of the time before",
      DAYS "evaluate active_users_count(u, t, datetime(2024-01-01), datetime(2024-01-03), 7d, 1d, "
           "2, 1d) | project dcount == 1"},
     plugin_users_count},
    {{"activity_counts_metrics",
      "activity_counts_metrics(id, time, start, end, step [, dimensions])",
      "rows, ids, new ids and ids so far, a step of time each",
      DAYS "evaluate activity_counts_metrics(u, t, " FROM_TO ") | summarize max(aggregated_dcount)"
           " == 2"},
     plugin_counts_metrics},
    {{"activity_engagement",
      "activity_engagement(id, time, [start, end,] inner, outer [, dimensions])",
      "the share of the ids of a longer time that are there in a shorter one",
      DAYS "evaluate activity_engagement(u, t, " FROM_TO ", 2d) | summarize min(activity_ratio) == "
           "0.5"},
     plugin_engagement},
    {{"activity_metrics", "activity_metrics(id, time, [start, end,] window [, dimensions])",
      "ids, new ids, and how many stay or go from one window to the next",
      DAYS "evaluate activity_metrics(u, t, " FROM_TO ") | summarize max(retention_rate) == 0.5"},
     plugin_activity_metrics},
    {{"bag_unpack", "bag_unpack(column [, prefix, conflict, ignored])",
      "the keys of a bag as columns",
      "print d = dynamic({'a': true}) | evaluate bag_unpack(d)"},
     plugin_bag_unpack},
    {{"dcount_intersect", "dcount_intersect(sketch, sketch [, ...])",
      "how many values the first two, three ... sketches of hll() share; at most sixteen",
      "range x from 1 to 9 step 1 | summarize a = hll_if(x, x < 6), b = hll_if(x, x > 3) | "
      "evaluate dcount_intersect(a, b) | project s1 == 2"},
     plugin_dcount_intersect},
    {{"funnel_sequence", "funnel_sequence(id, time, start, end, gap, step, state, sequence)",
      "the states before and behind a sequence of states, with the number of ids",
      STATES "evaluate funnel_sequence(u, t, " FROM_TO ", 1d, s, dynamic(['y'])) | "
             "project prev == 'x' and next == 'z' and dcount == 1"},
     plugin_funnel},
    {{"funnel_sequence_completion",
      "funnel_sequence_completion(id, time, start, end, step, state, sequence, gaps)",
      "how many ids come how far in a sequence of states",
      STATES "evaluate funnel_sequence_completion(u, t, " FROM_TO ", s, dynamic(['x', 'z']), "
             "dynamic([1h, 3h])) | summarize sum(dcount) == 3"},
     plugin_completion},
    {{"geo_line_lookup",
      "geo_line_lookup(table, line, longitude, latitude, radius [, return_unmatched, "
      "lookup_area_radius, return_lookup_key])",
      "the rows of a table whose line is near a point",
      "print x = 1.0, y = 1.001 | evaluate geo_line_lookup(datatable(l: dynamic, n: long)"
      "[dynamic({'type': 'LineString', 'coordinates': [[0, 1], [2, 1]]}), 7], l, x, y, 500) | "
      "project n == 7"},
     plugin_geo_lookup},
    {{"geo_polygon_lookup",
      "geo_polygon_lookup(table, polygon, longitude, latitude [, radius, return_unmatched, "
      "lookup_area_radius, return_lookup_key])",
      "the rows of a table whose polygon holds a point",
      "print x = 1.0, y = 1.0 | evaluate geo_polygon_lookup(datatable(p: dynamic, n: long)"
      "[dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}), "
      "7], p, x, y) | project n == 7"},
     plugin_geo_lookup},
    {{"identity", "identity()", "the input", "print true | evaluate identity()"}, plugin_identity},
    {{"ipv4_lookup", "ipv4_lookup(table, address, network [, keys] [, return_unmatched])",
      "the rows of a table whose IPv4 network holds an address",
      "print ip = '10.0.0.1' | evaluate ipv4_lookup(datatable(net: string, n: long)['10.0.0.0/8', "
      "7], ip, net) | project n == 7"},
     plugin_ip_lookup},
    {{"ipv6_lookup", "ipv6_lookup(table, address, network [, keys] [, return_unmatched])",
      "the rows of a table whose IPv6 network holds an address",
      "print ip = 'fe80::1' | evaluate ipv6_lookup(datatable(net: string, n: long)['fe80::/10', "
      "7], ip, net) | project n == 7"},
     plugin_ip_lookup},
    {{"narrow", "narrow()", "a row for each cell",
      "print a = 1, b = 2 | evaluate narrow() | count | project Count == 2"},
     plugin_narrow},
    {{"new_activity_metrics",
      "new_activity_metrics(id, time, start, end, window [, cohort] [, dimensions] [, known])",
      "how many of the ids that are first seen in a window come back in later ones",
      DAYS "evaluate new_activity_metrics(u, t, " FROM_TO ") | where from_t < to_t | "
           "summarize max(retention_rate) == 0.5"},
     plugin_new_activity},
    {{"pivot", "pivot(column [, aggregate] [, columns])", "the values of a column as columns",
      "print k = 'yes', v = true | evaluate pivot(k, take_any(v)) | project yes"},
     plugin_pivot},
    {{"preview", "preview(rows)", "so many rows",
      "range x from 1 to 9 step 1 | evaluate preview(2) | count | project Count == 2"},
     plugin_preview},
    {{"rolling_percentile", "rolling_percentile(value, percent, time, bin, bins [, dimensions])",
      "a percentile over the last so many bins",
      "range x from 1 to 3 step 1 | evaluate rolling_percentile(x, 50, x, 1, 2) | "
      "summarize max(rolling_2_percentile_x_50) == 2"},
     plugin_rolling_percentile},
    {{"rows_near", "rows_near(condition, before [, after])", "rows that hold it and those around",
      "range x from 1 to 9 step 1 | evaluate rows_near(x == 5, 1) | summarize sum(x) == 15"},
     plugin_rows_near},
    {{"schema_merge", "schema_merge([PreserveOrder])", "several outputs of getschema as one",
      "print a = 1 | getschema | evaluate schema_merge() | count | project Count == 1"},
     plugin_schema_merge},
    {{"sequence_detect", "sequence_detect(time, gap, span, condition, ... [, dimensions])",
      "rows that fulfil conditions one after the other",
      STATES "evaluate sequence_detect(t, 2h, 2h, a = s == 'x', b = s == 'z', u) | "
             "project Duration == 2h"},
     plugin_sequence_detect},
    {{"session_count", "session_count(id, time, start, end, bin, lookback [, dimensions])",
      "how many sessions are active in each bin",
      DAYS "evaluate session_count(u, t, " FROM_TO ", 1h) | summarize sum(count_sessions) == 3"},
     plugin_session_count},
    {{"sliding_window_counts",
      "sliding_window_counts(id, time, start, end, window, bin [, dimensions])",
      "rows and ids of the window before the end of each bin",
      DAYS "evaluate sliding_window_counts(u, t, datetime(2024-01-01), datetime(2024-01-03), 2d, "
           "1d) | summarize max(Count) == 3"},
     plugin_sliding_counts},
};

const struct special *special_plugin_at(uint32_t index)
{
    return index < sizeof(plugins) / sizeof(plugins[0]) ? &plugins[index].text : NULL;
}

const struct plugin *plugin_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++) {
        if (slice_is(name, plugins[i].text.name))
            return &plugins[i];
    }
    return NULL;
}

void *plugin_unknown(struct binder *b, const struct node *call)
{
    struct slice name = slice_head(call->name, 64);
    struct slice best = {NULL, 0};
    size_t distance = name.size <= 3 ? 2 : 4;

    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++) {
        size_t d = text_distance(slice_of(plugins[i].text.name), name);
        if (d < distance) {
            distance = d;
            best = slice_of(plugins[i].text.name);
        }
    }
    static const char *const absent[] = {
        "autocluster", "basket", "diffpatterns", "diffpatterns_text", "python", "r", "csharp",
        "sql_request", "mysql_request", "postgresql_request", "cosmosdb_sql_request",
        "http_request", "http_request_post", "ai_embeddings", "ai_embed_text",
        "ai_chat_completion", "ai_chat_completion_prompt", "infer_storage_schema",
        "infer_storage_schema_with_suggestions", "azure_digital_twins_query_request"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        if (slice_is(name, absent[i]))
            return bind_fail(b, call->at, "SEM0100",
                             "plugin '%.*s' is not here: no query leaves the server, runs other "
                             "languages or mines patterns",
                             SLICE_FMT(name));
    }
    return bind_unknown(b, call->at, "SEM0100", "plugin", name, best);
}

/* ---- texts over the input ---- */

bool plugin_refuse(struct binder *b, const struct node *op, const char *what)
{
    bind_fail(b, op->at, "SEM0219", "'%.*s' %s", SLICE_FMT(slice_head(op->args->name, 64)), what);
    return false;
}

struct node *plugin_copy(struct binder *b, const struct node *from)
{
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);

    if (copy != NULL) {
        *copy = *from;
        copy->next = NULL;
    }
    return copy;
}

struct node *plugin_name(struct binder *b, const struct node *op, struct slice name)
{
    struct node *node = ARENA_NEW(b->q->arena, struct node, b->err);

    if (node != NULL)
        *node = (struct node){.kind = NODE_NAME, .at = op->at, .name = name};
    return node == NULL || name.data == NULL ? NULL : node;
}

bool plugin_add(struct binder *b, const struct node *op, struct plugin_call *call,
                const struct node *arg)
{
    if (call->count >= PLUGIN_ARGS_MAX)
        return plugin_refuse(b, op, "has too many arguments");
    call->args[call->count++] = arg;
    return b->err->status == STATUS_OK;
}

bool plugin_args(struct binder *b, const struct node *op, uint32_t fixed, uint32_t timeline,
                 struct plugin_call *ret)
{
    const struct node *arg = op->args->args;

    *ret = (struct plugin_call){.dims = fixed};
    for (uint32_t i = 0; i < fixed; i++, arg = arg->next) {
        if (arg == NULL || (arg->kind == NODE_NAMED && i <= timeline))
            return plugin_refuse(b, op, "has too few arguments");
        if (!plugin_add(b, op, ret, plugin_copy(b, arg->kind == NODE_NAMED ? arg->args : arg)))
            return false;
    }
    for (const struct node *dim = arg; dim != NULL; dim = dim->next) {
        if (dim->kind != NODE_NAME)
            return plugin_refuse(b, op, "takes columns as dimensions");
    }
    ret->has_dims = arg != NULL;
    struct slice name = bind_name_of(b, ret->args[timeline]);
    if (name.size == 0)
        return plugin_refuse(b, op, "takes a column as its timeline");
    return plugin_add(b, op, ret, arg) && plugin_add(b, op, ret, plugin_name(b, op, name));
}

bool plugin_read_window(struct binder *b, const struct node *window, struct plugin_window *ret)
{
    struct expr *expr = bind_constant(b, window);

    if (expr == NULL)
        return false;
    ret->by_calendar = expr->type == TYPE_STRING;
    ret->unit = expr->value.bytes;
    return !ret->by_calendar || slice_is(ret->unit, "week") || slice_is(ret->unit, "month") ||
           slice_is(ret->unit, "year") ||
           bind_refuse_word(b, window->at, "a window", ret->unit, "week month year");
}

void plugin_add_window(struct buf *text, const struct plugin_window *window, const char *value,
                       const char *length, const char *start)
{
    if (window->by_calendar)
        buf_add_format(text, "startof%.*s(%s)", SLICE_FMT(window->unit), value);
    else if (start == NULL)
        buf_add_format(text, "bin(%s, %s)", value, length);
    else
        buf_add_format(text, "bin_at(%s, %s, %s)", value, length, start);
}

static void add_placeholder(struct buf *buf, uint32_t index)
{
    buf_add_format(buf, "__%u", index + 1);
}

struct plan *plugin_expand(struct binder *b, struct plan *input, const struct node *op,
                           const struct plugin_call *call, const char *text)
{
    struct buf buf;

    buf_init(&buf, QUERY_TEXT_BYTES_MAX);
    for (const char *c = text; *c != '\0'; c++) {
        if ((*c == '#' || *c == '@') && call->has_dims) {
            buf_add_text(&buf, *c == '#' ? ", " : "tostring(pack_array(");
            add_placeholder(&buf, call->dims);
            buf_add_text(&buf, *c == '#' ? "" : "))");
        } else if (*c == '@') {
            buf_add_text(&buf, "''");
        } else if (*c != '#') {
            buf_add_byte(&buf, *c);
        }
    }
    buf_add_byte(&buf, '\0');
    struct plan *plan =
        buf.failed ? NULL : bind_macro(b, input, op->at, buf.data, call->args, call->count);
    buf_release(&buf);
    return plan;
}

struct plan *plugin_expand_made(struct binder *b, struct plan *input, const struct node *op,
                                const struct plugin_call *call, struct buf *text)
{
    buf_add_byte(text, '\0');
    struct plan *plan = buf_check(text, b->err) == STATUS_OK
                            ? plugin_expand(b, input, op, call, text->data)
                            : NULL;
    buf_release(text);
    return plan;
}
