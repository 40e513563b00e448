/* SPDX-License-Identifier: Apache-2.0 */
/* The example of every function and aggregate is true: what completion and the
 * documentation show is what the engine does. */
#include "query/batch.h"
#include "query/function.h"

#include "base/limits.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Runs a query of one value; true if the value is true. */
static bool is_true(struct slice query)
{
    struct query_request request = {.now = TICKS_UNIX_EPOCH + TICKS_PER_DAY};
    struct error err = {.status = STATUS_OK};
    struct buf line;
    struct buf out;
    bool good;

    buf_init(&line, MIB);
    buf_init(&out, MIB);
    buf_add_text(&line, "{\"id\":\"1\",\"query\":");
    text_add_json_string(&line, query);
    buf_add_byte(&line, '}');
    good = query_batch_line(&request, buf_slice(&line), &out, &err) == STATUS_OK &&
           (slice_find(buf_slice(&out), SLICE("[[true]]"), 0) != SIZE_MAX ||
            /* geo_none.c: in a build with S2 nothing says this */
            slice_find(buf_slice(&out), SLICE("without the S2 library"), 0) != SIZE_MAX);
    if (!good)
        print_error("%.*s\n  %.*s\n", SLICE_FMT(query), SLICE_FMT(buf_slice(&out)));
    buf_release(&line);
    buf_release(&out);
    return good;
}

static unsigned failures_of(const char *before, const char *example, const char *after)
{
    struct buf query;

    buf_init(&query, MIB);
    buf_add_text(&query, before);
    buf_add_text(&query, example);
    buf_add_text(&query, after);
    bool good = is_true(buf_slice(&query));
    buf_release(&query);
    return !good;
}

static void examples_of_functions_are_true(void **state)
{
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);
    unsigned failures = 0;

    (void)state;
    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->function_count; i++)
            failures += failures_of("print ok = (", families[f]->functions[i].example, ")");
    }
    assert_int_equal(failures, 0);
}

static void examples_of_aggregates_are_true(void **state)
{
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);
    unsigned failures = 0;

    (void)state;
    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->aggregate_count; i++) {
            if (!families[f]->aggregates[i].is_row_picker)
                failures += failures_of("range x from 1 to 3 step 1 | summarize ok = (",
                                        families[f]->aggregates[i].example, ")");
        }
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_functions_are_true),
        cmocka_unit_test(examples_of_aggregates_are_true),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
