/* SPDX-License-Identifier: Apache-2.0 */
/* bind_types.c - arguments that no conversion makes sensible: a text where a time, a
 * number or a condition is needed.
 *
 * Our functions convert what they get; the language does not.  A query that relies on
 * it means something else than its writer thinks, so it is refused where it stands.
 * A dynamic value may be anything and passes.  Types: the language's reference. */
#include "query/bind_priv.h"

#include <string.h>

/* A letter an argument, the last one for all further: d datetime, t timespan,
 * b condition, g guid, n number, m number, time or timespan, x number or timespan, s no number or
 * time, y dynamic, . any.  Functions: words between blanks. */
static const struct {
    const char *kinds, *functions;
} wanted[] = {
    {"d",
     " dayofweek dayofmonth dayofyear hourofday monthofyear getyear getmonth week_of_year "},
    {"dn",
     " startofday startofweek startofmonth startofyear endofday endofweek endofmonth "
     "endofyear "},
    {"t", " ago "},
    {"sdd", " datetime_diff "},
    {"snd", " datetime_add "},
    {"sd", " datetime_part datepart "},
    {"ds", " format_datetime datetime_utc_to_local datetime_local_to_utc "},
    {"ts", " format_timespan "},
    {"g", " base64_encode_fromguid "},
    {"b", " not countif "},
    {"b..", " iff iif "},
    {"n",
     " sqrt exp exp2 exp10 log log2 log10 pow sin cos tan cot asin acos atan atan2 degrees "
     "radians round sign gamma loggamma erf erfc isnan isinf isfinite make_timespan rand "
     "binary_and binary_or binary_xor binary_not binary_shift_left binary_shift_right "
     "bitset_count_ones unixtime_seconds_todatetime unixtime_milliseconds_todatetime "
     "unixtime_microseconds_todatetime unixtime_nanoseconds_todatetime tohex stdev stdevp "
     "variance variancep binary_all_and binary_all_or binary_all_xor covariance "
     "covariancep "},
    {"m", " abs ceiling bin floor bin_at range sum avg "},
    {"nns", " format_bytes "},
    {".nn", " substring "},
    {".snnn", " indexof_regex "},
    {".n", " repeat hash hash_xxhash64 dcount make_set makeset make_list makelist hll "},
    {".sn", " split "},
    {".ss", " countof replace_string replace_regex "},
    {".y", " replace_strings has_any_index "},
    {"sn.", " extract "},
    {"..nnn", " indexof "},
    {".n", " make_datetime "},
    {"ynsnn", " series_decompose "},
    {"ynnsnsn", " series_decompose_anomalies "},
    {"ynnsn", " series_decompose_forecast "},
    {"s.",
     " extract_all extract_json trim trim_start trim_end strcat_delim ipv4_is_in_range "
     "ipv6_is_in_range "},
    {"ssn", " ipv4_is_match ipv4_compare ipv6_is_match ipv6_compare "},
    {"y",
     " array_concat array_length array_sum array_reverse bag_keys bag_merge bag_zip "
     "bag_remove_keys set_union set_difference set_intersect jaccard_index zip treepath "
     "hll_merge dcount_hll tdigest_merge merge_tdigest buildschema series_iir "},
    {"y.",
     " series_fit_line series_fit_line_dynamic series_fit_2lines series_fit_2lines_dynamic "
     "series_fit_poly series_stats series_stats_dynamic series_outliers "
     "series_fill_backward series_fill_linear series_fill_forward series_seasonal "
     "series_magnitude series_sum series_product series_fft series_ifft "},
    {"yy.", " series_fir series_pearson_correlation series_cosine_similarity "},
    {"ynn", " array_slice array_rotate_left array_rotate_right "},
    {"yn.", " array_shift_left array_shift_right percentile_tdigest "},
    {"yn", " series_periods_validate make_bag "},
    {"ynnn", " series_periods_detect "},
    {"y.nnn", " array_index_of "},
    {"y..", " array_iff array_split series_fill_const set_has_element "},
    {"ys", " strcat_array bag_has_key "},
    {"ys.", " bag_set_key "},
    {"ym", " percentrank_tdigest rank_tdigest "},
    {"mb", " sumif avgif "},
    {"nb", " stdevif stdevpif varianceif variancepif row_number "},
    {"nnb", " covarianceif covariancepif "},
    {"mn", " percentile percentiles tdigest "},
    {"mnn", " percentilew percentilesw "},
    {"m.", " percentiles_array "},
    {"mn.", " percentilesw_array "},
    {".bn", " dcountif make_set_if make_list_if hll_if "},
    {".b", " maxif minif take_anyif anyif count_distinctif row_rank_min row_rank_dense "},
    {"ybn", " make_bag_if "},
    {".n.", " prev next "},
    {"xb", " row_cumsum "},
    {"dttb", " row_window_session "},
};

static bool fits(char kind, enum type type)
{
    if (type == TYPE_DYNAMIC)
        return true;
    switch (kind) {
    case 'd':
        return type == TYPE_DATETIME;
    case 't':
        return type == TYPE_TIMESPAN;
    case 'g':
        return type == TYPE_GUID;
    case 'b':
        return type == TYPE_BOOL || type_is_number(type);
    case 'n':
        return type_is_number(type) || type == TYPE_BOOL;
    case 'm':
        return type_is_number(type) || type == TYPE_TIMESPAN || type == TYPE_BOOL ||
               type == TYPE_DATETIME;
    case 'x':
        return type_is_number(type) || type == TYPE_TIMESPAN || type == TYPE_BOOL;
    case 's':
        return type == TYPE_STRING;
    case 'y':
        return false;
    default:
        return true;
    }
}

static const char *said(char kind)
{
    switch (kind) {
    case 'd':
        return "a datetime";
    case 't':
        return "a timespan";
    case 'b':
        return "a bool";
    case 'g':
        return "a guid";
    case 'y':
        return "a dynamic value";
    case 's':
        return "a string";
    default:
        return "a number";
    }
}

static const char *kinds_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        for (const char *at = wanted[i].functions; *at != '\0'; at += strcspn(at, " ")) {
            at += strspn(at, " ");
            if (slice_equal(slice_from(at, strcspn(at, " ")), name))
                return wanted[i].kinds;
        }
    }
    return NULL;
}

bool bind_check_types(struct binder *b, const struct node *call, struct expr *const *args,
                      uint32_t count)
{
    const char *kinds = kinds_of(call->name);
    bool is_case = slice_is(call->name, "case"); /* conditions and values in turn */
    const struct node *node = call->args;

    for (uint32_t i = 0; (kinds != NULL || is_case) && i < count && node != NULL;
         i++, node = node->next) {
        bool null = args[i]->kind == EXPR_CONST && args[i]->value.is_null;
        char kind = !is_case ? *kinds : i % 2 == 0 && i + 1 < count ? 'b' : '.';
        if (kind == 'b' && node->kind == NODE_NAMED) {
            bind_fail(b, node->at, "SEM0219", "'=' gives a name: compare with '=='");
            return false;
        }
        if (!null && !fits(kind, args[i]->type)) {
            bind_fail(b, node->at, "SEM0219", "argument %u of '%.*s' is %s, %s is needed", i + 1,
                      SLICE_FMT(call->name), type_phrase(args[i]->type), said(kind));
            return false;
        }
        if (kinds != NULL)
            kinds += kinds[1] != '\0';
    }
    return true;
}
