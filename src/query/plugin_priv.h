/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_priv.h - the plugins of evaluate: which there are, and what those have in common
 * that are query texts over their input. */
#ifndef QUERY_PLUGIN_PRIV_H
#define QUERY_PLUGIN_PRIV_H

#include "query/bind_priv.h"
#include "query/special.h"

struct plugin {
    struct special text;
    bind_operator_fn *bind;
};

/* NULL: none of that name. */
const struct plugin *plugin_find(struct slice name);
/* "plugin 'x' is not known", with the nearest that is.  NULL. */
void *plugin_unknown(struct binder *b, const struct node *call);

/* By file: bind_evaluate.c; bind_plugin.c; bind_geo.c; bind_activity.c; bind_sequence.c */
bind_operator_fn plugin_bag_unpack, plugin_pivot;
bind_operator_fn plugin_ip_lookup, plugin_narrow, plugin_rolling_percentile,
    plugin_schema_merge, plugin_sliding_counts;
bind_operator_fn plugin_geo_lookup;
bind_operator_fn plugin_users_count, plugin_counts_metrics, plugin_engagement,
    plugin_activity_metrics, plugin_dcount_intersect, plugin_identity, plugin_preview,
    plugin_rows_near;
bind_operator_fn plugin_session_count, plugin_new_activity, plugin_funnel, plugin_completion,
    plugin_sequence_detect;

/* "'plugin' what" at the operator.  false */
bool plugin_refuse(struct binder *b, const struct node *op, const char *what);
/* A lone copy: arguments are linked. */
struct node *plugin_copy(struct binder *b, const struct node *from);
struct node *plugin_name(struct binder *b, const struct node *op, struct slice name);

/* Arguments as __1, __2 ...; what stands behind the first `fixed`, the dimensions, is one
 * list in the place after them, and the name of the timeline's column (`timeline` among the
 * first, from 0) follows. */
#define PLUGIN_ARGS_MAX 24u
struct plugin_call {
    const struct node *args[PLUGIN_ARGS_MAX];
    uint32_t count;
    uint32_t dims; /* the place of the dimensions */
    bool has_dims;
};
bool plugin_args(struct binder *b, const struct node *op, uint32_t fixed, uint32_t timeline,
                 struct plugin_call *ret);
/* One more argument, for the next placeholder. */
bool plugin_add(struct binder *b, const struct node *op, struct plugin_call *call,
                const struct node *arg);
/* A length of time or a number, or a part of the calendar. */
struct plugin_window {
    bool by_calendar; /* 'week', 'month' or 'year' */
    struct slice unit;
};
bool plugin_read_window(struct binder *b, const struct node *window, struct plugin_window *ret);
/* The window that holds a value of time, as a text.  length and start: placeholders of the
 * window's length, and of where windows are counted from; NULL: from 0. */
void plugin_add_window(struct buf *text, const struct plugin_window *window, const char *value,
                       const char *length, const char *start);
/* The text with `, dims` (or nothing) for each '#', and the dimensions as one value for '@'. */
struct plan *plugin_expand(struct binder *b, struct plan *input, const struct node *op,
                           const struct plugin_call *call, const char *text);
/* The same of a text that was made for it, which is released. */
struct plan *plugin_expand_made(struct binder *b, struct plan *input, const struct node *op,
                                const struct plugin_call *call, struct buf *text);

#endif
