/* SPDX-License-Identifier: Apache-2.0 */
/* bind_plugin.c - plugins that are query texts over their input. */
#include "base/limits.h"
#include "query/bind_priv.h"

#define ARGS_MAX 9u

/* The arguments of the call as __1, __2 ...; at least `least`. */
static bool take_args(struct binder *b, const struct node *op, uint32_t least,
                      const struct node **args, uint32_t *ret_count)
{
    uint32_t count = 0;

    for (const struct node *arg = op->args->args; arg != NULL && count < ARGS_MAX;
         arg = arg->next) {
        struct node *one = ARENA_NEW(b->q->arena, struct node, b->err);
        if (one == NULL)
            return false;
        *one = *arg;
        one->next = NULL;
        args[count++] = one;
    }
    *ret_count = count;
    if (count >= least)
        return true;
    bind_fail(b, op->at, "SEM0219", "'%.*s' takes at least %u arguments",
              SLICE_FMT(slice_head(op->args->name, 64)), least);
    return false;
}

static struct node *name_node(struct binder *b, const struct node *op, struct slice name)
{
    struct node *node = ARENA_NEW(b->q->arena, struct node, b->err);

    if (node != NULL)
        *node = (struct node){.kind = NODE_NAME, .at = op->at, .name = name};
    return node == NULL || name.data == NULL ? NULL : node;
}

static bool is_true(const struct node *named)
{
    return named->kind == NODE_NAMED && slice_is(named->by->name, "return_unmatched") &&
           named->args->kind == NODE_LITERAL && named->args->value.boolean;
}

/* Every row against every network: the sources of networks are short lists. */
static struct plan *lookup(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[ARGS_MAX];
    uint32_t count;
    bool v6 = slice_is(op->args->name, "ipv6_lookup");

    if (!take_args(b, op, 3, args, &count))
        return NULL;
    bool unmatched = count == 4 && is_true(args[3]);
    if (count > 4 || (count == 4 && args[3]->kind != NODE_NAMED))
        return bind_fail(b, args[3]->at, "SEM0100", "further keys are not supported");
    if (unmatched)
        return bind_macro(
            b, input, op->at,
            v6 ? "let __s = __input | serialize __n = row_number() | extend __j = 1;"
                 "let __m = __s | join kind=inner (__1 | extend __j = 1, __r = __3) on __j"
                 " | where ipv6_is_match(__2, __r) | project-away __j, __j1, __r;"
                 "union __m, (__s | join kind=leftanti (__m) on __n | project-away __j)"
                 " | project-away __n"
               : "let __s = __input | serialize __n = row_number() | extend __j = 1;"
                 "let __m = __s | join kind=inner (__1 | extend __j = 1, __r = __3) on __j"
                 " | where ipv4_is_match(__2, __r) | project-away __j, __j1, __r;"
                 "union __m, (__s | join kind=leftanti (__m) on __n | project-away __j)"
                 " | project-away __n",
            args, 3);
    return bind_macro(b, input, op->at,
                      v6 ? "__input | extend __j = 1"
                           " | join kind=inner (__1 | extend __j = 1, __r = __3) on __j"
                           " | where ipv6_is_match(__2, __r) | project-away __j, __j1, __r"
                         : "__input | extend __j = 1"
                           " | join kind=inner (__1 | extend __j = 1, __r = __3) on __j"
                           " | where ipv4_is_match(__2, __r) | project-away __j, __j1, __r",
                      args, 3);
}

static struct plan *schema_merge(struct binder *b, struct plan *input, const struct node *op)
{
    return bind_macro(b, input, op->at,
                      "__input | summarize ColumnOrdinal = max(ColumnOrdinal)"
                      " by ColumnName, DataType, ColumnType"
                      " | project ColumnName, ColumnOrdinal, DataType, ColumnType"
                      " | sort by ColumnOrdinal asc",
                      NULL, 0);
}

/* A list of the arguments from `first` on. */
static const struct node *tail_of(const struct node **args, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i + 1 < count; i++)
        ((struct node *)(uintptr_t)args[i])->next = (struct node *)(uintptr_t)args[i + 1];
    return first < count ? args[first] : NULL;
}

/* rolling_percentile(value, percentile, index, bin, bins [, keys]): a row counts in
 * its bin and the bins - 1 after it. */
static struct plan *rolling_percentile(struct binder *b, struct plan *input,
                                       const struct node *op)
{
    const struct node *args[ARGS_MAX + 3];
    uint32_t count;
    struct buf name;

    if (!take_args(b, op, 5, args, &count))
        return NULL;
    struct expr *percent = bind_cast(b, bind_constant(b, args[1]), TYPE_STRING);
    struct expr *bins = bind_cast(b, bind_constant(b, args[4]), TYPE_STRING);
    if (percent == NULL || bins == NULL)
        return NULL;
    buf_init(&name, COLUMN_NAME_BYTES_MAX * 4);
    buf_add_text(&name, "rolling_");
    buf_add_slice(&name, bins->value.bytes);
    buf_add_text(&name, "_percentile_");
    buf_add_slice(&name, bind_name_of(b, args[0]));
    buf_add_byte(&name, '_');
    buf_add_slice(&name, percent->value.bytes);
    struct slice column = arena_copy(b->q->arena, buf_slice(&name), b->err);
    buf_release(&name);
    const struct node *keys = tail_of(args, 5, count);
    args[5] = name_node(b, op, column);
    args[6] = name_node(b, op, bind_name_of(b, args[2]));
    args[7] = keys;
    return args[5] == NULL || args[6] == NULL
               ? NULL
               : bind_macro(b, input, op->at,
                            keys != NULL
                                ? "let __l = toscalar(__input | summarize max(bin(__3, __4)));"
                                  "__input | extend __o = range(0, __5 - 1, 1)"
                                  " | mv-expand __o to typeof(long)"
                                  " | extend __t = bin(__3, __4) + __o * __4"
                                  " | where __t <= __l"
                                  " | summarize __6 = percentile(__1, __2) by __7 = __t, __8"
                                : "let __l = toscalar(__input | summarize max(bin(__3, __4)));"
                                  "__input | extend __o = range(0, __5 - 1, 1)"
                                  " | mv-expand __o to typeof(long)"
                                  " | extend __t = bin(__3, __4) + __o * __4"
                                  " | where __t <= __l"
                                  " | summarize __6 = percentile(__1, __2) by __7 = __t",
                            args, 8);
}

/* sliding_window_counts(id, time, start, end, window, bin [, keys]) */
static struct plan *sliding_counts(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[ARGS_MAX + 2];
    uint32_t count;

    if (!take_args(b, op, 6, args, &count))
        return NULL;
    const struct node *keys = tail_of(args, 6, count);
    args[6] = name_node(b, op, bind_name_of(b, args[1]));
    args[7] = keys;
    return args[6] == NULL
               ? NULL
               : bind_macro(b, input, op->at,
                            keys != NULL
                                ? "__input | extend __o = range(0, tolong(__5 / __6) - 1, 1)"
                                  " | mv-expand __o to typeof(long)"
                                  " | extend __t = bin_at(__2, __6, __3) + __o * __6"
                                  " | where __t between (__3 .. __4)"
                                  " | summarize Count = count(), dcount = dcount(__1)"
                                  " by __7 = __t, __8"
                                : "__input | extend __o = range(0, tolong(__5 / __6) - 1, 1)"
                                  " | mv-expand __o to typeof(long)"
                                  " | extend __t = bin_at(__2, __6, __3) + __o * __6"
                                  " | where __t between (__3 .. __4)"
                                  " | summarize Count = count(), dcount = dcount(__1)"
                                  " by __7 = __t",
                            args, 8);
}

static void add_quoted(struct buf *buf, const char *open, struct slice name, const char *close)
{
    buf_add_text(buf, open);
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '\'' || name.data[i] == '\\')
            buf_add_byte(buf, '\\');
        buf_add_byte(buf, name.data[i]);
    }
    buf_add_text(buf, close);
}

/* A row for each cell. */
static struct plan *narrow(struct binder *b, struct plan *input, const struct node *op)
{
    struct buf text;

    buf_init(&text, MIB);
    buf_add_text(&text, "__input | serialize Row = row_number(0) | project Row, Column = "
                        "pack_array(");
    for (uint32_t i = 0; i < input->schema.column_count; i++)
        add_quoted(&text, i > 0 ? ", '" : "'", input->schema.columns[i].name, "'");
    buf_add_text(&text, "), Value = pack_array(");
    for (uint32_t i = 0; i < input->schema.column_count; i++)
        add_quoted(&text, i > 0 ? ", tostring(['" : "tostring(['", input->schema.columns[i].name,
                   "'])");
    buf_add_text(&text, ") | mv-expand Column to typeof(string), Value to typeof(string)");
    buf_add_byte(&text, '\0');
    struct plan *plan = text.failed ? NULL : bind_macro(b, input, op->at, text.data, NULL, 0);
    buf_release(&text);
    return plan;
}

struct plan *bind_plugin(struct binder *b, struct plan *input, const struct node *op)
{
    static const struct {
        const char *name;
        bind_operator_fn *bind;
    } plugins[] = {{"geo_line_lookup", bind_geo_lookup},
                   {"geo_polygon_lookup", bind_geo_lookup},
                   {"ipv4_lookup", lookup},
                   {"ipv6_lookup", lookup},
                   {"narrow", narrow},
                   {"rolling_percentile", rolling_percentile},
                   {"schema_merge", schema_merge},
                   {"sliding_window_counts", sliding_counts}};

    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]) && input != NULL; i++) {
        if (slice_is(op->args->name, plugins[i].name))
            return plugins[i].bind(b, input, op);
    }
    bind_operator_fn *activity = bind_activity_plugin(op->args->name);
    if (activity != NULL && input != NULL)
        return activity(b, input, op);
    return bind_fail(b, op->args->at, "SEM0100", "plugin '%.*s' is not supported",
                     SLICE_FMT(slice_head(op->args->name, 64)));
}
