/* SPDX-License-Identifier: Apache-2.0 */
/* bind_plugin.c - plugins that are query texts over their input. */
#include "base/limits.h"
#include "query/plugin_priv.h"

/* The arguments of the call as __1, __2 ...; at least `least`. */
static bool take_args(struct binder *b, const struct node *op, uint32_t least,
                      const struct node **args, uint32_t *ret_count)
{
    uint32_t count = 0;

    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next) {
        if (count == PLUGIN_ARGS_MAX)
            return plugin_refuse(b, op, "has too many arguments");
        args[count] = plugin_copy(b, arg);
        if (args[count++] == NULL)
            return false;
    }
    *ret_count = count;
    if (count >= least)
        return true;
    bind_fail(b, op->at, "SEM0219", "'%.*s' takes at least %u arguments",
              SLICE_FMT(slice_head(op->args->name, 64)), least);
    return false;
}

/* (table, source's key, table's key [, further keys] [, return_unmatched]) */
static bool lookup_keys(struct binder *b, const struct node **args, uint32_t count,
                        uint32_t *ret_keys, bool *ret_unmatched)
{
    *ret_keys = 0;
    *ret_unmatched = false;
    for (uint32_t i = 3; i < count; i++) {
        const struct node *arg = args[i];
        bool named = arg->kind == NODE_NAMED;
        if (arg->kind == NODE_NAME && *ret_keys == i - 3) {
            ++*ret_keys;
            continue;
        }
        if (named && !slice_is(arg->by->name, "return_unmatched"))
            return bind_refuse_word(b, arg->at, "an argument of a lookup", arg->by->name,
                                    "return_unmatched");
        struct expr *value = bind_constant(b, named ? arg->args : arg);
        if (value == NULL)
            return false;
        if (value->type != TYPE_BOOL || i + 1 < count)
            return bind_fail(b, arg->at, "SEM0100",
                             "expected columns of both tables, then return_unmatched") != NULL;
        *ret_unmatched = value->value.boolean;
    }
    return true;
}

/* Keys meet under names that no table has: what join calls a second `k` depends on the other
 * columns.  The last sign keeps a second `__k1_` from being called as another key. */
static void add_lookup_keys(struct buf *text, uint32_t keys)
{
    for (uint32_t i = 0; i < keys; i++)
        buf_add_format(text, ", __k%u_ = __%u", i, 4 + i);
}

static struct plan *bind_text(struct binder *b, struct plan *input, const struct node *op,
                              struct buf *text, const struct node *const *args,
                              uint32_t arg_count)
{
    buf_add_byte(text, '\0');
    struct plan *plan = buf_check(text, b->err) == STATUS_OK
                            ? bind_macro(b, input, op->at, text->data, args, arg_count)
                            : NULL;
    buf_release(text);
    return plan;
}

/* A column that its side was given, as a text; it may be of what ipv4_is_match() takes. */
static struct expr *address_of(struct binder *b, const struct plan *side, const struct node *op,
                               struct node *column, bool is_v6)
{
    bool is_first = slice_is(column->name, "__address_");
    struct node other = {
        .kind = NODE_LITERAL, .at = op->at, .value = {.type = TYPE_STRING, .bytes = SLICE("")}};
    const struct node call = {.kind = NODE_CALL,
                              .at = op->at,
                              .name = is_v6 ? SLICE("ipv6_is_match") : SLICE("ipv4_is_match"),
                              .args = is_first ? column : &other};
    struct scope scope = b->scope;

    *(is_first ? &column->next : &other.next) = is_first ? &other : column;
    b->scope = (struct scope){&side->schema, NULL, side->is_open};
    struct expr *checked = bind_expr(b, &call);
    column->next = NULL;
    struct expr *expr = checked == NULL ? NULL : bind_cast(b, bind_expr(b, column), TYPE_STRING);
    b->scope = scope;
    return expr;
}

/* The names of add_lookup_keys(), as what a join is on. */
static bool key_names(struct binder *b, const struct node *op, uint32_t keys,
                      const struct node **ret)
{
    struct node *names = ARENA_ARRAY(b->q->arena, struct node, keys + (size_t)1, b->err);
    struct buf name;

    for (uint32_t i = 0; i < keys && names != NULL; i++) {
        buf_init(&name, 32);
        buf_add_format(&name, "__k%u_", i);
        names[i] = (struct node){.kind = NODE_NAME,
                                 .at = op->at,
                                 .name = arena_copy(b->q->arena, buf_slice(&name), b->err),
                                 .next = i + 1 < keys ? &names[i + 1] : NULL};
        buf_release(&name);
        if (names[i].name.data == NULL)
            return false;
    }
    *ret = keys == 0 ? NULL : names;
    return names != NULL;
}

/* What the plugin's call says. */
struct ip_lookup {
    const struct node *args[PLUGIN_ARGS_MAX];
    uint32_t keys;
    bool is_v6;
};

static bool bind_sides(struct binder *b, struct plan *input, const struct node *op,
                       const struct ip_lookup *lookup, struct plan *ret[2])
{
    uint32_t keys = lookup->keys;
    struct buf text;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "__input | extend __address_ = __2");
    add_lookup_keys(&text, keys);
    ret[0] = bind_text(b, input, op, &text, lookup->args, 3 + keys);
    if (ret[0] == NULL)
        return false;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "__1 | extend __network_ = __3");
    add_lookup_keys(&text, keys);
    for (uint32_t i = 0; i < keys; i++)
        buf_add_format(&text, "%s__%u", i > 0 ? ", " : " | project-away ", 4 + i);
    ret[1] = bind_text(b, input, op, &text, lookup->args, 3 + keys);
    return ret[1] != NULL;
}

/* A join by the keys and the networks (join_nets_priv.h). */
struct plan *plugin_ip_lookup(struct binder *b, struct plan *input, const struct node *op)
{
    struct ip_lookup lookup = {.is_v6 = slice_is(op->args->name, "ipv6_lookup")};
    const struct node *names;
    struct plan *sides[2];
    struct buf text;
    uint32_t count;
    bool unmatched;

    if (!take_args(b, op, 3, lookup.args, &count) ||
        !lookup_keys(b, lookup.args, count, &lookup.keys, &unmatched) ||
        !bind_sides(b, input, op, &lookup, sides) || !key_names(b, op, lookup.keys, &names))
        return NULL;
    struct node address = {
        .kind = NODE_NAME, .at = lookup.args[1]->at, .name = SLICE("__address_")};
    struct node network = {
        .kind = NODE_NAME, .at = lookup.args[2]->at, .name = SLICE("__network_")};
    struct join_spec spec = {.kind = unmatched ? JOIN_LEFT_OUTER : JOIN_INNER,
                             .nets_are_v6 = lookup.is_v6};
    spec.left_net = address_of(b, sides[0], op, &address, lookup.is_v6);
    if (spec.left_net == NULL)
        return NULL;
    spec.right_net = address_of(b, sides[1], op, &network, lookup.is_v6);
    if (spec.right_net == NULL)
        return NULL;
    struct plan *joined = bind_join_on(b, sides[0], sides[1], names, false, &spec);
    if (joined == NULL)
        return NULL;
    joined->is_open = sides[0]->is_open || sides[1]->is_open;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "__input | project-away __address_, __network_");
    for (uint32_t i = 0; i < lookup.keys; i++)
        buf_add_format(&text, ", __k%u_, __k%u_1", i, i);
    return bind_text(b, joined, op, &text, NULL, 0);
}

/* The order is kept unless the argument says that it need not.  What of a column differs is said
 * where its type stands. */
struct plan *plugin_schema_merge(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node always = {
        .kind = NODE_LITERAL, .at = op->at, .value = {.type = TYPE_BOOL, .boolean = true}};
    const struct node *args[PLUGIN_ARGS_MAX];
    uint32_t count;

    if (!take_args(b, op, 0, args, &count))
        return NULL;
    if (count > 1)
        return bind_fail(b, op->at, "SEM0219", "'schema_merge' takes 1 argument");
    const struct node *keeps = count == 0 ? &always : args[0];
    if (keeps->kind == NODE_NAMED) {
        if (!slice_is(keeps->by->name, "PreserveOrder")) {
            (void)bind_refuse_word(b, keeps->at, "an argument of schema_merge", keeps->by->name,
                                   "PreserveOrder");
            return NULL;
        }
        keeps = keeps->args;
    }
    return bind_macro(
        b, input, op->at,
        "__input | summarize __o = max(ColumnOrdinal), __u = min(ColumnOrdinal),"
        " __t = array_sort_asc(make_set(ColumnType)),"
        " __d = make_bag(bag_pack(ColumnType, DataType)) by ColumnName"
        " | extend __c = case(array_length(__t) == 1, tostring(__t[0]),"
        " array_length(set_difference(__t, dynamic(['int', 'long']))) == 0, 'long',"
        " array_length(set_difference(__t, dynamic(['int', 'long', 'real']))) == 0, 'real',"
        " strcat('ERROR(types differ: ', strcat_array(__t, ', '), ')'))"
        " | extend __c = iff(__1 and __o != __u, 'ERROR(columns are out of order)', __c)"
        " | extend __e = __c startswith_cs 'ERROR'"
        " | sort by __o asc"
        " | project ColumnName, ColumnOrdinal = iff(__e, int(-1), __o),"
        " DataType = iff(__e, strcat('ERROR(unknown CSL type:', __c, ')'), tostring(__d[__c])),"
        " ColumnType = __c",
        &keeps, 1);
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
struct plan *plugin_rolling_percentile(struct binder *b, struct plan *input,
                                       const struct node *op)
{
    const struct node *args[PLUGIN_ARGS_MAX + 3];
    uint32_t count;
    struct buf name;

    if (!take_args(b, op, 5, args, &count))
        return NULL;
    struct expr *percent = bind_cast(b, bind_constant(b, args[1]), TYPE_STRING);
    struct expr *bins = bind_cast(b, bind_constant(b, args[4]), TYPE_STRING);
    if (percent == NULL || bins == NULL)
        return NULL;
    struct slice base = bind_name_of(b, args[0]);
    buf_init(&name, bins->value.bytes.size + base.size + percent->value.bytes.size + 32);
    buf_add_text(&name, "rolling_");
    buf_add_slice(&name, bins->value.bytes);
    buf_add_text(&name, "_percentile_");
    buf_add_slice(&name, base);
    buf_add_byte(&name, '_');
    buf_add_slice(&name, percent->value.bytes);
    struct slice column = arena_copy(b->q->arena, buf_slice(&name), b->err);
    buf_release(&name);
    const struct node *keys = tail_of(args, 5, count);
    args[5] = plugin_name(b, op, column);
    args[6] = plugin_name(b, op, bind_name_of(b, args[2]));
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
struct plan *plugin_narrow(struct binder *b, struct plan *input, const struct node *op)
{
    struct buf text;

    buf_init(&text, MIB);
    buf_add_text(&text, "__input | serialize __n = row_number(0) | project Row = __n, "
                        "Column = pack_array(");
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
