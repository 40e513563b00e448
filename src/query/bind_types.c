/* SPDX-License-Identifier: Apache-2.0 */
/* bind_types.c - arguments that no conversion makes sensible: a text where a time, a
 * number or a condition is needed.
 *
 * Our functions convert what they get; the language does not.  A query that relies on
 * it means something else than its writer thinks, so it is refused where it stands.
 * A dynamic value may be anything and passes.  Types: the language's reference. */
#include "query/bind_priv.h"

/* A letter an argument, the last one for all further: d datetime, t timespan,
 * b condition, n number, m number or timespan, s no number or time, y dynamic, . any */
static const struct {
    const char *name, *kinds;
} wanted[] = {
    {"ago", "t"},
    {"startofday", "dn"},
    {"startofweek", "dn"},
    {"startofmonth", "dn"},
    {"startofyear", "dn"},
    {"endofday", "dn"},
    {"endofweek", "dn"},
    {"endofmonth", "dn"},
    {"endofyear", "dn"},
    {"dayofweek", "d"},
    {"dayofmonth", "d"},
    {"dayofyear", "d"},
    {"hourofday", "d"},
    {"monthofyear", "d"},
    {"getyear", "d"},
    {"getmonth", "d"},
    {"week_of_year", "d"},
    {"datetime_diff", "sdd"},
    {"datetime_add", "snd"},
    {"datetime_part", "sd"},
    {"format_datetime", "ds"},
    {"format_timespan", "ts"},
    {"not", "b"},
    {"iff", "b.."},
    {"iif", "b.."},
    {"abs", "m"},
    {"sqrt", "n"},
    {"exp", "n"},
    {"log", "n"},
    {"log2", "n"},
    {"log10", "n"},
    {"pow", "n"},
    {"sin", "n"},
    {"cos", "n"},
    {"round", "n"},
    {"ceiling", "n"},
    {"array_length", "y"},
    {"array_concat", "y"},
    {"array_slice", "ynn"},
    {"array_sum", "y"},
    {"bag_keys", "y"},
    {"set_union", "y"},
    {"set_difference", "y"},
    {"set_intersect", "y"},
    {"sum", "m"},
    {"sumif", "mb"},
    {"avg", "m"},
    {"avgif", "mb"},
    {"stdev", "n"},
    {"stdevif", "nb"},
    {"variance", "n"},
    {"varianceif", "nb"},
    {"countif", "b"},
    {"dcountif", ".bn"},
    {"maxif", ".b"},
    {"minif", ".b"},
    {"make_set_if", ".bn"},
    {"make_list_if", ".bn"},
    {"take_anyif", ".b"},
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
    case 'b':
        return type == TYPE_BOOL || type_is_number(type);
    case 'n':
        return type_is_number(type) || type == TYPE_BOOL;
    case 'm':
        return type_is_number(type) || type == TYPE_TIMESPAN || type == TYPE_BOOL ||
               type == TYPE_DATETIME;
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
    case 'y':
        return "a dynamic value";
    case 's':
        return "a string";
    default:
        return "a number";
    }
}

bool bind_check_types(struct binder *b, const struct node *call, struct expr *const *args,
                      uint32_t count)
{
    const char *kinds = NULL;
    const struct node *node = call->args;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && kinds == NULL; i++) {
        if (slice_is(call->name, wanted[i].name))
            kinds = wanted[i].kinds;
    }
    for (uint32_t i = 0; kinds != NULL && i < count && node != NULL; i++, node = node->next) {
        bool null = args[i]->kind == EXPR_CONST && args[i]->value.is_null;
        if (!null && !fits(*kinds, args[i]->type)) {
            bind_fail(b, node->at, "SEM0219", "argument %u of '%.*s' is a %s, %s is needed", i + 1,
                      SLICE_FMT(call->name), type_name(args[i]->type), said(*kinds));
            return false;
        }
        kinds += kinds[1] != '\0';
    }
    return true;
}
