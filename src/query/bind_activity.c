/* SPDX-License-Identifier: Apache-2.0 */
/* bind_activity.c - plugins that count who is active when, rows near others, and what
 * sets of identifiers share; query texts over their input. */
#include "base/limits.h"
#include "query/distinct_priv.h"
#include "query/plugin_priv.h"

/* (id, time, start, end, step, dimensions) */
struct plan *plugin_counts_metrics(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_window step;
    struct plugin_call call;
    struct buf text;

    if (!plugin_args(b, op, 5, 1, &call) || !plugin_read_window(b, call.args[4], &step))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "let __d = materialize(__input | where __2 between (__3 .. __4)"
                        " | extend __t = ");
    plugin_add_window(&text, &step, "__2", "__5", "__3");
    buf_add_text(&text, ", __i = __1, __g = @);"
                        "let __f = __d | summarize __t = min(__t) by __i, __g"
                        " | summarize __new = count() by __t, __g;"
                        "__d | summarize __c = count(), __u = count_distinct(__i) by __t, __g#"
                        " | join kind=leftouter (__f) on __t, __g"
                        " | extend __new = coalesce(__new, 0) | sort by __g asc, __t asc"
                        " | extend __all = row_cumsum(__new, prev(__g) != __g)"
                        " | project __7 = __t#, ['count'] = __c, dcount = __u, new_dcount = __new,"
                        " aggregated_dcount = __all");
    return plugin_expand_made(b, input, op, &call, &text);
}

/* (id, time, start, end, lookback, period, periods, bin, dimensions) */
struct plan *plugin_users_count(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_window bin;
    struct plugin_call call;
    struct buf text;

    if (!plugin_args(b, op, 8, 1, &call) || !plugin_read_window(b, call.args[7], &bin))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "let __d = materialize(__input | where __2 between ((__3 - __5) .. __4)"
                        " | extend __t = __2, __i = __1, __g = @);"
                        "__d | where __t >= __3"
                        " | join kind=inner (__d | project __g, __i, __b = __t) on __g, __i"
                        " | where __b > __t - __5 and __b <= __t"
                        " | summarize __n = count_distinct(bin(__b, __6)) by __t, __i#"
                        " | where __n >= __7 | summarize dcount = count_distinct(__i)"
                        " by __10 = ");
    plugin_add_window(&text, &bin, "__t", "__8", "__3");
    buf_add_byte(&text, '#');
    return plugin_expand_made(b, input, op, &call, &text);
}

/* Start and end may be left out: then they are those of the input. */
static bool take_open_args(struct binder *b, const struct node *op, uint32_t rest,
                           struct plugin_call *ret, bool *ret_open)
{
    uint32_t fixed = 0;

    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next) {
        bool column = arg->kind == NODE_NAME &&
                      (bind_find(b, arg->name) == NULL || b->scope.columns == NULL ||
                       schema_find(b->scope.columns, arg->name) != UINT32_MAX);
        fixed += !column || fixed < 2;
    }
    *ret_open = fixed < 4 + rest;
    return plugin_args(b, op, *ret_open ? 2 + rest : 4 + rest, 1, ret);
}

/* Distinct ids by window, and the windows' ids moved to the window that follows. */
static void add_windows(struct buf *text, const struct plugin_window *window, bool open)
{
    buf_add_text(text, open ? "let __d = materialize(__input | summarize by __t = "
                            : "let __d = materialize(__input | where __2 between (__3 .. __4)"
                              " | summarize by __t = ");
    plugin_add_window(text, window, "__2", open ? "__3" : "__5", open ? NULL : "__3");
    buf_add_text(text, ", __i = __1, __g = @#); let __p = __d | extend __t = ");
    if (window->by_calendar)
        buf_add_format(text, "startof%.*s(__t, 1);", SLICE_FMT(window->unit));
    else
        buf_add_text(text, open ? "__t + __3;" : "__t + __5;");
}

/* (id, time, [start, end,] window, dimensions) */
struct plan *plugin_activity_metrics(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_window window;
    struct plugin_call call;
    bool open;

    if (!take_open_args(b, op, 1, &call, &open) ||
        !plugin_read_window(b, call.args[open ? 2 : 4], &window))
        return NULL;
    static const char steps[] =
        "let __b = __d | join kind=inner (__p) on __t, __i, __g | summarize __both = count()"
        " by __t, __g;"
        "let __w = __p | summarize __prev = count() by __t, __g;"
        "__d | summarize __n = count() by __t, __g#"
        " | join kind=leftouter (__b) on __t, __g | join kind=leftouter (__w) on __t, __g"
        " | extend __both = coalesce(__both, 0)"
        " | project %s = __t#, dcount_values = __n, dcount_newvalues = __n - __both,"
        " retention_rate = iff(isnull(__prev), real(nan), todouble(__both) / __prev),"
        " churn_rate = iff(isnull(__prev), real(nan), 1 - todouble(__both) / __prev)";
    struct buf text;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_windows(&text, &window, open);
    buf_add_format(&text, steps, open ? "__5" : "__7");
    return plugin_expand_made(b, input, op, &call, &text);
}

/* (id, time, [start, end,] inner, outer, dimensions): the outer window ends with the inner, and
 * holds it. Where it is no multiple, it begins within an inner one, of which an id's last row
 * tells whether it is there. */
struct plan *plugin_engagement(struct binder *b, struct plan *input, const struct node *op)
{
    struct plugin_call call;
    bool open;

    if (!take_open_args(b, op, 2, &call, &open))
        return NULL;
    return plugin_expand(b, input, op, &call,
                  open ? "let __d = materialize(__input | summarize __m = max(__2)"
                         " by __t = bin(__2, __3), __i = __1, __g = @#);"
                         "let __l = toscalar(__d | summarize max(__t));"
                         "let __w = __d | extend __o = range(0, max_of(tolong(__4 / __3), 0), 1)"
                         " | mv-expand __o to typeof(long) | extend __t = __t + __o * __3"
                         " | where __t <= __l and (__o == 0 or __m >= __t + __3 - __4)"
                         " | summarize __out = count_distinct(__i) by __t, __g;"
                         "__d | summarize __n = count_distinct(__i) by __t, __g#"
                         " | join kind=inner (__w) on __t, __g"
                         " | project __6 = __t#, dcount_activities_inner = __n,"
                         " dcount_activities_outer = __out,"
                         " activity_ratio = todouble(__n) / __out"
                       : "let __d = materialize(__input | where __2 between ((__3 - __6) .. __4)"
                         " | summarize __m = max(__2)"
                         " by __t = bin_at(__2, __5, __3), __i = __1, __g = @#);"
                         "let __w = __d | extend __o = range(0, max_of(tolong(__6 / __5), 0), 1)"
                         " | mv-expand __o to typeof(long) | extend __t = __t + __o * __5"
                         " | where __o == 0 or __m >= __t + __5 - __6"
                         " | summarize __out = count_distinct(__i) by __t, __g;"
                         "__d | where __t >= __3 | summarize __n = count_distinct(__i)"
                         " by __t, __g# | join kind=inner (__w) on __t, __g"
                         " | project __8 = __t#, dcount_activities_inner = __n,"
                         " dcount_activities_outer = __out,"
                         " activity_ratio = todouble(__n) / __out");
}

/* (condition, rows [, rows after]) */
struct plan *plugin_rows_near(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[3] = {NULL};
    uint32_t count = 0;

    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next) {
        if (count >= 3 || (args[count++] = plugin_copy(b, arg)) == NULL)
            return count >= 3 ? (plugin_refuse(b, op, "has too many arguments"), NULL) : NULL;
    }
    if (count < 2)
        return plugin_refuse(b, op, "has too few arguments") ? input : NULL;
    if (count == 2)
        args[2] = args[1];
    return bind_macro(b, input, op->at,
                      "let __s = materialize(__input | serialize __n = row_number());"
                      "let __h = __s | where __1 | extend __o = range(__n - __2, __n + __3, 1)"
                      " | mv-expand __o to typeof(long) | distinct __o;"
                      "__s | where __n in (__h) | project-away __n",
                      args, 3);
}

struct plan *plugin_preview(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[1] = {op->args->args};

    if (args[0] == NULL || args[0]->next != NULL)
        return plugin_refuse(b, op, "takes a number of rows") ? input : NULL;
    bind_more(b, op, "preview", 2);
    struct plan *first = bind_macro(b, input, op->at, "__input | take __1", args, 1);
    struct plan *again = first == NULL ? NULL : bind_again(b, op);
    if (again != NULL)
        again = bind_macro(b, again, op->at, "__input | count", NULL, 0);
    return first != NULL && bind_further(b, op, slice_from(NULL, 0), again) ? first : NULL;
}

struct plan *plugin_identity(struct binder *b, struct plan *input, const struct node *op)
{
    return op->args->args == NULL || plugin_refuse(b, op, "takes no arguments") ? input : NULL;
}

struct plan *plugin_dcount_intersect(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[SKETCHES_SHARED_MAX];
    uint32_t count = 0;
    struct buf text;

    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next) {
        if (count >= SKETCHES_SHARED_MAX)
            return plugin_refuse(b, op, "takes at most 16 sets") ? input : NULL;
        args[count] = plugin_copy(b, arg);
        if (args[count++] == NULL)
            return NULL;
    }
    if (count < 2)
        return plugin_refuse(b, op, "takes at least 2 sets") ? input : NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "__input | project __s = hll_intersect(");
    for (uint32_t n = 0; n < count; n++)
        buf_add_format(&text, n > 0 ? ", __%u" : "__%u", n + 1);
    buf_add_text(&text, ") | project ");
    for (uint32_t n = 0; n < count; n++)
        buf_add_format(&text, "%ss%u = tolong(__s[%u])", n > 0 ? ", " : "", n, n);
    buf_add_byte(&text, '\0');
    struct plan *plan = text.failed ? NULL : bind_macro(b, input, op->at, text.data, args, count);
    buf_release(&text);
    return plan;
}
