/* SPDX-License-Identifier: Apache-2.0 */
/* fn_priv.h - what the families of scalar functions share.
 *
 * Most functions are written for one row (row_function) and lifted to vectors
 * by ROW_EVAL(); the ones that real queries use most have loops of their own.
 */
#ifndef QUERY_FN_PRIV_H
#define QUERY_FN_PRIV_H

#include "base/buf.h"
#include "base/limits.h"
#include "query/function.h"

/* *ret is a null of the result type (for string: empty) when it is called. */
typedef enum status row_function(struct eval *eval, const struct value *args, uint32_t arg_count,
                                 struct value *ret, struct error *err);

struct row_call {
    const struct vector *args;
    uint32_t arg_count, row_count;
    row_function *row;
    enum type type; /* of the result */
    bool lazy_null; /* row() sees null arguments */
    bool impure;    /* never once for all rows */
};

enum status function_rows(struct eval *eval, const struct row_call *call, struct vector *ret,
                          struct error *err) MUST_USE;

#define EVAL_PARAMETERS                                                                            \
    struct eval *eval, const struct vector *args, uint32_t arg_count, uint32_t row_count,          \
        struct vector *ret, struct error *err
#define ROW_PARAMETERS                                                                             \
    struct eval *eval, const struct value *args, uint32_t arg_count, struct value *ret,            \
        struct error *err
#define BIND_PARAMETERS                                                                            \
    const struct argument *args, uint32_t arg_count, enum type *want, enum type *ret,              \
        struct error *err
#define UNUSED_ROW (void)eval, (void)args, (void)arg_count, (void)ret, (void)err
#define UNUSED_EVAL UNUSED_ROW, (void)row_count

#define ROW_EVAL(NAME, TYPE)                                                                       \
    static enum status eval_##NAME(EVAL_PARAMETERS)                                                \
    {                                                                                              \
        struct row_call call = {args, arg_count, row_count, NAME, TYPE, false, false};             \
        return function_rows(eval, &call, ret, err);                                               \
    }
#define ROW_EVAL_LAZY(NAME, TYPE)                                                                  \
    static enum status eval_##NAME(EVAL_PARAMETERS)                                                \
    {                                                                                              \
        struct row_call call = {args, arg_count, row_count, NAME, TYPE, true, false};              \
        return function_rows(eval, &call, ret, err);                                               \
    }

/* Argument types by letter: b bool, i int, l long, r real, m decimal, d
 * datetime, t timespan, g guid, s string, y dynamic; n a number as it is (other
 * scalars become long or real), a anything.  The last letter repeats. */
enum status bind_letters(const struct argument *args, uint32_t arg_count, const char *letters,
                         enum type *want, struct error *err) MUST_USE;

#define BIND(NAME, LETTERS, TYPE)                                                                  \
    static enum status NAME(BIND_PARAMETERS)                                                       \
    {                                                                                              \
        *ret = (TYPE);                                                                             \
        return bind_letters(args, arg_count, LETTERS, want, err);                                  \
    }

/* The common type of several results: equal types; int and long give long,
 * with real real, with decimal decimal; dynamic where they differ otherwise. */
enum type type_common(enum type a, enum type b);

/* One value in another type; null where it does not convert.  parse: text to
 * dynamic is parsed as JSON. */
enum status value_convert(struct eval *eval, const struct value *from, enum type type, bool parse,
                          struct value *ret, struct error *err) MUST_USE;
/* tostring() of one value. */
enum status value_text(struct arena *arena, const struct value *value, struct slice *ret,
                       struct error *err) MUST_USE;
/* The value that an element of a dynamic stands for; containers stay dynamic. */
enum status value_of_json(struct eval *eval, struct slice json, struct value *ret,
                          struct error *err) MUST_USE;

/* ---- results of one row ---- */
static inline enum status give_bool(struct value *ret, bool value)
{
    *ret = (struct value){.type = TYPE_BOOL, .boolean = value};
    return STATUS_OK;
}

static inline enum status give_long(struct value *ret, int64_t value)
{
    ret->is_null = false;
    ret->integer = value;
    return STATUS_OK;
}

static inline enum status give_real(struct value *ret, double value)
{
    ret->is_null = false;
    ret->real = value;
    return STATUS_OK;
}

static inline enum status give_bytes(struct value *ret, struct slice value)
{
    ret->is_null = false;
    ret->bytes = value;
    return STATUS_OK;
}

static inline void text_start(struct buf *buf)
{
    buf_init(buf, QUERY_STRING_BYTES_MAX);
}

/* The text as the result, copied to the arena; releases buf. */
enum status give_buf(struct eval *eval, struct buf *buf, struct value *ret,
                     struct error *err) MUST_USE;

/* Element i of a vector that is FLAT or CONST; a dynamic that is JSON null is null. */
struct value row_value(const struct vector *v, uint32_t row);

/* The constant text argument i, or false. */
bool constant_text(const struct argument *args, uint32_t index, struct slice *ret);

/* A bag without members that are null or the empty text: of pack_all(true). */
extern const struct function function_without_empty;
extern const struct function function_record; /* bag_merge(rest, pack_all(true)) as it is */
extern const struct function operator_packed; /* (value): a member of such a bag */
/* (dynamic, bool): a text that is ordered as the values are, for sort; nulls before all? */
extern const struct function operator_order;

/* ---- the families ---- */
extern const struct function_family function_family_convert;
extern const struct function_family function_family_condition;
extern const struct function_family function_family_string;
extern const struct function_family function_family_text;
extern const struct function_family function_family_time;
extern const struct function_family function_family_calendar;
extern const struct function_family function_family_format;
extern const struct function_family function_family_regex;
extern const struct function_family function_family_dynamic;
extern const struct function_family function_family_array;
extern const struct function_family function_family_bag;
extern const struct function_family function_family_entra;
extern const struct function_family function_family_set;
extern const struct function_family function_family_math;
extern const struct function_family function_family_number;
extern const struct function_family function_family_hash;
extern const struct function_family function_family_encode;
extern const struct function_family function_family_agent;
extern const struct function_family function_family_parse;
extern const struct function_family function_family_url;
extern const struct function_family function_family_xml;
extern const struct function_family function_family_ipv4;
extern const struct function_family function_family_ipv6;
extern const struct function_family function_family_unit;
extern const struct function_family function_family_compress;
extern const struct function_family function_family_decompose;
extern const struct function_family function_family_series;
extern const struct function_family function_family_fit;
extern const struct function_family function_family_period;
extern const struct function_family function_family_relate;
extern const struct function_family function_family_tdigest;
extern const struct function_family function_family_agg_tdigest;
extern const struct function_family function_family_zone;
extern const struct function_family function_family_sketch;
extern const struct function_family function_family_agg_basic;
extern const struct function_family function_family_agg_number;
extern const struct function_family function_family_agg_collect;
extern const struct function_family function_family_agg_distinct;
extern const struct function_family function_family_agg_percentile;
extern const struct function_family function_family_agg_pick;
extern const struct function_family function_family_agg_schema;

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define FUNCTION_FAMILY(NAME, TABLE)                                                               \
    const struct function_family function_family_##NAME = {.functions = (TABLE),                   \
                                                           .function_count = COUNT_OF(TABLE)}
#define AGGREGATE_FAMILY(NAME, TABLE)                                                              \
    const struct function_family function_family_##NAME = {.aggregates = (TABLE),                  \
                                                           .aggregate_count = COUNT_OF(TABLE)}

#endif
