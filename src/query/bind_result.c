/* SPDX-License-Identifier: Apache-2.0 */
/* bind_result.c - the name of a column that the query does not name.
 *
 * Which function gives its column which name follows Microsoft's own binder
 * (Kusto.Language, ResultNameKind): most give none, some hand their first
 * argument's name on, aggregates put a prefix before it.
 */
#include "query/bind_priv.h"

/* prefix NULL: the name of the first argument as it is. */
static const struct {
    const char *name, *prefix;
} prefixes[] = {
    {"any", "any"},
    {"buildschema", "schema"},
    {"dcount_hll", "dcount_hll"},
    {"gettype", "type"},
    {"make_bag", "bag"},
    {"make_bag_if", "bag"},
    {"make_dictionary", "dictionary"},
    {"make_list", "list"},
    {"make_list_if", "list"},
    {"make_list_with_nulls", "list"},
    {"make_set", "set"},
    {"make_set_if", "set"},
    {"makelist", "list"},
    {"makeset", "set"},
    {"merge_tdigest", "merge_tdigests"},
    {"percentile_array_tdigest", "percentile_tdigest"},
    {"percentile_tdigest", "percentile_tdigest"},
    {"percentiles_array_tdigest", "percentile_tdigest"},
    {"percentilesw", "percentile"},
    {"percentilesw_array", "percentiles"},
    {"percentiles_array", "percentiles"},
    {"percentilew", "percentile"},
    {"repeat", "repeat"},
    {"string_size", "string_size"},
    {"strlen", "strlen"},
    {"tdigest_merge", "merge_tdigests"},
    {"treepath", "tree"},
};

/* These hand the name of their first argument on. */
static const char *const transparent[] = {
    "abs", "acos", "asin", "atan", "atan2", "bin", "bin_at", "bin_auto", "binary_all_and",
    "binary_all_or", "binary_all_xor", "binary_and", "binary_not", "binary_or",
    "binary_shift_left", "binary_shift_right", "binary_xor", "bitset_count_ones", "ceiling",
    "cos", "erf", "erfc", "exp", "exp10", "exp2", "floor", "format_bytes", "format_datetime",
    "format_timespan", "gamma", "log", "log10", "log2", "loggamma", "parse_csv", "parse_json",
    "parse_xml", "parsejson", "passthrough", "pow", "rand", "round", "series_fill_backward",
    "series_fill_const", "series_fill_forward", "series_fill_linear", "series_fir", "series_iir",
    "series_outliers", "sin", "split", "sqrt", "startofday", "take_anyif", "tan", "tobool",
    "toboolean", "todatetime", "todecimal", "todouble", "todynamic", "toguid", "tohex", "toint",
    "tolong", "toobject", "toreal", "tostring", "totime", "totimespan"};

static bool is_transparent(struct slice name)
{
    for (size_t i = 0; i < sizeof(transparent) / sizeof(transparent[0]); i++) {
        if (slice_is(name, transparent[i]))
            return true;
    }
    return false;
}

static struct slice prefix_of(struct slice name)
{
    const struct aggregate *aggregate = aggregate_find(name);

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (slice_is(name, prefixes[i].name))
            return slice_of(prefixes[i].prefix);
    }
    return aggregate == NULL || aggregate->is_row_picker ? (struct slice){NULL, 0} : name;
}

static struct slice joined(struct binder *b, struct slice left, struct slice right)
{
    struct buf buf;

    buf_init(&buf, left.size + 1 + right.size);
    buf_add_slice(&buf, left);
    buf_add_byte(&buf, '_');
    buf_add_slice(&buf, right);
    struct slice both = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return both;
}

static struct slice name_of_element(struct binder *b, const struct node *node)
{
    struct slice base = bind_name_of(b, node->args);
    const struct value *index = &node->args->next->value;
    struct buf buf;

    if (base.size == 0)
        return base;
    if (index->type == TYPE_STRING)
        return joined(b, base, index->bytes);
    buf_init(&buf, 64);
    buf_add_i64(&buf, index->integer);
    struct slice name = joined(b, base, buf_slice(&buf));
    buf_release(&buf);
    return name;
}

/* tdigest_merge(), hll_merge() as functions of a row, not over a group */
static bool is_scalar_merge(const struct binder *b, struct slice name)
{
    return b->aggregates == NULL && aggregate_find(name) != NULL && function_find(name) != NULL;
}

/* array_sort_asc(d) is d_sorted, of anything without a name array0_sorted. */
static struct slice name_of_sorted(struct binder *b, struct slice arg)
{
    return joined(b, arg.size > 0 ? arg : SLICE("array0"), SLICE("sorted"));
}

static bool is_sort(struct slice name)
{
    return slice_is(name, "array_sort_asc") || slice_is(name, "array_sort_desc");
}

static struct slice name_of_call(struct binder *b, const struct node *call)
{
    struct slice none = {NULL, 0};
    const struct aggregate *aggregate = aggregate_find(call->name);
    struct slice prefix = prefix_of(call->name);

    if (is_scalar_merge(b, call->name))
        return slice_is(call->name, "hll_merge") ? SLICE("hll_merged_result")
                                                 : SLICE("tdigests_merge_result");
    if (slice_is(call->name, "ingestion_time"))
        return SLICE("$IngestionTime");
    struct slice arg = call->args == NULL ? none : bind_name_of(b, call->args);
    bool alone = call->args != NULL && call->args->next == NULL;
    if (alone && (slice_is(call->name, "make_datetime") || slice_is(call->name, "make_timespan")))
        return arg;
    if (is_transparent(call->name))
        return arg;
    if (is_sort(call->name))
        return name_of_sorted(b, arg);
    if (aggregate != NULL && aggregate->is_row_picker && prefix.size == 0) {
        if (slice_is(call->name, "argmax") || slice_is(call->name, "argmin"))
            return joined(b, slice_tail(call->name, 3), arg);
        return arg;
    }
    return prefix.size == 0 ? none : joined(b, prefix, arg);
}

struct slice bind_name_of(struct binder *b, const struct node *node)
{
    struct slice none = {NULL, 0};

    if (node->kind == NODE_NAME)
        return node->name;
    if (node->kind == NODE_NAMED)
        return node->by->name;
    if (node->kind == NODE_MEMBER) {
        struct slice base = bind_name_of(b, node->args);
        return base.size == 0 ? node->name : joined(b, base, node->name);
    }
    if (node->kind == NODE_INDEX && node->args->next->kind == NODE_LITERAL)
        return name_of_element(b, node);
    return node->kind == NODE_CALL ? name_of_call(b, node) : none;
}
