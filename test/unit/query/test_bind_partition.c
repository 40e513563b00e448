/* SPDX-License-Identifier: Apache-2.0 */
/* partition, scan. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | partition by nosuch (take 1)", "! 1:18 column 'nosuch' is not known"},
        {"T | partition by n (nosuchop)", "! 1:21 'nosuchop' is not an operator"},
        {"T | partition by n (where nosuch == 1)", "! 1:27 column 'nosuch' is not known"},
        {"T | scan with (step a: true => m = n;) | count",
         "! 1:32 a step assigns to columns of the input and declared ones only"},
        {"T | scan declare (m:long = 0) with (step a: nosuch;)",
         "! 1:45 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | partition by n (top 1 by s) | count", "[[2]]"},
        {"T | scan declare (m:long = 0) with (step a: true => m = m + n;) | project m",
         "[[1],[2]]"},
    };

    (void)state;
    ASK(cases);
}

static void declared_columns_are_bounded(void **state)
{
    const uint32_t room = TABLE_COLUMNS_MAX - 7; /* T has as many */
    char wanted[64];
    struct buf query;

    (void)state;
    buf_init(&query, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&query, "T | scan declare (c0: long");
    for (uint32_t i = 1; i < room; i++)
        buf_add_format(&query, ", c%u: long", i);
    (void)snprintf(wanted, sizeof(wanted), "! 1:%zu more than 1000 columns", query.size + 3);
    for (uint32_t i = room; i < 2 * room; i++)
        buf_add_format(&query, ", c%u: long", i);
    buf_add_text(&query, ") with (step a: true;) | count");
    buf_add_byte(&query, '\0');
    const struct ask one = {query.data, wanted};
    ask_all(&one, 1);
    buf_release(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
        cmocka_unit_test(declared_columns_are_bounded),
    };

    return RUN_TESTS(tests);
}
