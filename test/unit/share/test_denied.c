/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "share/denied.h"

#include <stdio.h>

#define SECOND UINT64_C(1000000)

static struct denied denied;
static char line[256];

static int set_up(void **state)
{
    (void)state;
    denied_init(&denied);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    denied_release(&denied);
    return 0;
}

static void each_reason_has_its_count_and_name(void **state)
{
    uint64_t counts[DENIED_COUNT_];

    (void)state;
    for (unsigned i = 0; i < DENIED_COUNT_; i++) {
        for (unsigned k = 0; k <= i; k++)
            (void)denied_add(&denied, (enum denied_reason)i, SECOND, line, sizeof(line));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(denied_reason_name((enum denied_reason)i),
                                    denied_reason_name((enum denied_reason)k));
    }
    denied_counts(&denied, counts);
    for (unsigned i = 0; i < DENIED_COUNT_; i++)
        assert_int_equal(counts[i], i + 1);
    assert_string_equal(denied_reason_name(DENIED_COUNT_), "other");
}

static void the_log_gets_a_line_a_minute_of_all_that_came(void **state)
{
    (void)state;
    assert_true(denied_add(&denied, DENIED_UNKNOWN, SECOND, line, sizeof(line)));
    assert_string_equal(line, "1 requests were refused: unknown 1");
    for (int i = 0; i < 50; i++)
        assert_false(denied_add(&denied, DENIED_UNKNOWN, 30 * SECOND, line, sizeof(line)));
    assert_false(denied_add(&denied, DENIED_FOREIGN, 61 * SECOND - 1, line, sizeof(line)));
    assert_true(denied_add(&denied, DENIED_FORBIDDEN, 61 * SECOND, line, sizeof(line)));
    assert_string_equal(line, "52 requests were refused: unknown 50 forbidden 1 foreign 1");
    assert_true(denied_add(&denied, DENIED_LIMITED, 500 * SECOND, line, 12));
    assert_string_equal(line, "1 requests "); /* no room, no harm */
}

static void a_token_is_recorded_once_a_second(void **state)
{
    struct guid one = {{1}}, other = {{2}};
    uint32_t left_out = 7;

    (void)state;
    assert_true(denied_may_record(&denied, &one, SECOND, &left_out));
    assert_int_equal(left_out, 0);
    assert_true(denied_may_record(&denied, &other, SECOND, &left_out));
    for (int i = 0; i < 3; i++)
        assert_false(denied_may_record(&denied, &one, 2 * SECOND - 1, &left_out));
    assert_true(denied_may_record(&denied, &one, 2 * SECOND, &left_out));
    assert_int_equal(left_out, 3);
    assert_true(denied_may_record(&denied, &one, 9 * SECOND, &left_out));
    assert_int_equal(left_out, 0);
}

/* Of more tokens than there are places each is recorded, too. */
static void a_place_goes_to_the_last_one(void **state)
{
    uint32_t left_out;

    (void)state;
    for (unsigned i = 0; i < 3 * DENIED_TOKENS; i++) {
        struct guid id = {{0}};
        memcpy(id.bytes, &i, sizeof(i));
        assert_true(denied_may_record(&denied, &id, SECOND, &left_out));
        assert_int_equal(left_out, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_reason_has_its_count_and_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_gets_a_line_a_minute_of_all_that_came, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_token_is_recorded_once_a_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_goes_to_the_last_one, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
