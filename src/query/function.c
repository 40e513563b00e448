/* SPDX-License-Identifier: Apache-2.0 */
/* function.c - the families in one list, and finding a name in them. */
#include "query/function.h"

#include "query/fn_geo_priv.h"
#include "query/lex_priv.h"

#include <stdarg.h>
#include <stdio.h>

static const struct function_family *const families[] = {
    &function_family_convert,
    &function_family_condition,
    &function_family_string,
    &function_family_time,
    &function_family_calendar,
    &function_family_zone,
    &function_family_regex,
    &function_family_text,
    &function_family_array,
    &function_family_bag,
    &function_family_entra,
    &function_family_set,
    &function_family_number,
    &function_family_math,
    &function_family_hash,
    &function_family_encode,
    &function_family_url,
    &function_family_parse,
    &function_family_agent,
    &function_family_format,
    &function_family_xml,
    &function_family_sketch,
    &function_family_series,
    &function_family_ipv4,
    &function_family_ipv6,
    &function_family_unit,
    &function_family_geo_point,
    &function_family_place,
    &function_family_geo_hash,
    &function_family_geo_s2,
    &function_family_geo_h3,
    &function_family_geo_line,
    &function_family_geo_polygon,
    &function_family_geo_set,
    &function_family_compress,
    &function_family_fit,
    &function_family_decompose,
    &function_family_period,
    &function_family_relate,
    &function_family_tdigest,
    &function_family_agg_schema,
    &function_family_agg_basic,
    &function_family_agg_number,
    &function_family_agg_collect,
    &function_family_agg_distinct,
    &function_family_agg_percentile,
    &function_family_agg_pick,
    &function_family_agg_tdigest,
};

const struct function_family *const *function_families(uint32_t *ret_count)
{
    *ret_count = COUNT_OF(families);
    return families;
}

void argument_place(const struct argument *argument, struct error *err)
{
    if (argument->text.size > 0)
        lex_position(argument->text, argument->at, &err->line, &err->column);
}

enum status argument_fail(struct error *err, const struct argument *argument,
                          const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    enum status status = ERROR_SET(err, STATUS_INVALID, "%s", text);
    argument_place(argument, err);
    return status;
}

enum status argument_between(const struct argument *argument, const char *what, double low,
                             double high, struct error *err)
{
    const struct value *v = argument->constant;

    if (v == NULL || v->is_null || !type_is_number(v->type) || v->type == TYPE_DECIMAL)
        return STATUS_OK;
    double number = v->type == TYPE_REAL ? v->real : (double)v->integer;
    if (number >= low && number <= high)
        return STATUS_OK;
    return argument_fail(err, argument, "the %s is %g, it is from %g to %g", what, number, low,
                         high);
}

const struct function *function_find(struct slice name)
{
    for (uint32_t f = 0; f < COUNT_OF(families); f++) {
        for (uint32_t i = 0; i < families[f]->function_count; i++) {
            if (slice_equal_nocase(name, slice_of(families[f]->functions[i].name)))
                return &families[f]->functions[i];
        }
    }
    return NULL;
}

const struct aggregate *aggregate_find(struct slice name)
{
    for (uint32_t f = 0; f < COUNT_OF(families); f++) {
        for (uint32_t i = 0; i < families[f]->aggregate_count; i++) {
            if (slice_equal_nocase(name, slice_of(families[f]->aggregates[i].name)))
                return &families[f]->aggregates[i];
        }
    }
    return NULL;
}
