/* SPDX-License-Identifier: Apache-2.0 */
/* agg_pick.c - the aggregates that pick whole rows: only their names; the
 * planner runs them, since they give several columns. */
#include "query/agg_priv.h"

#define PICKER(NAME, SIGNATURE, TEXT, EXAMPLE)                                                     \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = 1, .args_max = 255, .is_row_picker = true}

static const struct aggregate aggregates[] = {
    PICKER("arg_max", "arg_max(value, * | column [, ...])",
           "the row in which a value is greatest", "arg_max(x, x) == 3"),
    PICKER("argmax", "argmax(value, * | column [, ...])", "the same as arg_max()",
           "argmax(x, x) == 3"),
    PICKER("arg_min", "arg_min(value, * | column [, ...])",
           "the row in which a value is smallest", "arg_min(x, x) == 1"),
    PICKER("argmin", "argmin(value, * | column [, ...])", "the same as arg_min()",
           "argmin(x, x) == 1"),
    PICKER("take_any", "take_any(* | column [, ...])",
           "any row; of one column a value where there is one", "take_any(x) > 0"),
    PICKER("any", "any(* | column [, ...])", "the same as take_any()", "any(x) > 0"),
};

AGGREGATE_FAMILY(agg_pick, aggregates);
