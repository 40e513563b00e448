/* SPDX-License-Identifier: Apache-2.0 */
/* Spellings of values, and what is none. */
#include "test.h"

#include "base/time.h"
#include "query/literal.h"

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"-12", -12}, {"+7", 7}, {"0x1F", 31}, {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"", "-", "1.5", "12a", "0x", "9223372036854775808",
                                      "-9223372036854775809", "--1"};
    int64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(literal_long(slice_of(good[i].text), &value));
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(literal_long(slice_of(bad[i]), &value));
}

static void reals_and_decimals(void **state)
{
    double value;

    (void)state;
    assert_true(literal_real(SLICE("1.5"), &value) && value == 1.5);
    assert_true(literal_real(SLICE("-2e3"), &value) && value == -2000);
    assert_true(literal_real(SLICE("NaN"), &value) && value != value);
    assert_true(literal_real(SLICE("-inf"), &value) && value < -1e308);
    assert_false(literal_real(SLICE(""), &value));
    assert_false(literal_real(SLICE("1.5x"), &value));
    assert_true(literal_is_decimal(SLICE("1.5")));
    assert_true(literal_is_decimal(SLICE("-12")));
    assert_true(literal_is_decimal(SLICE("1e5")));
    assert_false(literal_is_decimal(SLICE("")));
    assert_false(literal_is_decimal(SLICE("1.5.2")));
    assert_false(literal_is_decimal(SLICE("abc")));
}

static void times(void **state)
{
    static const struct {
        const char *text, *iso;
    } good[] = {{"2024-02-29", "2024-02-29T00:00:00.0000000Z"},
                {"2024-02-29T13:45", "2024-02-29T13:45:00.0000000Z"},
                {"2024-02-29 13:45:01.1234567", "2024-02-29T13:45:01.1234567Z"},
                {"2024-02-29T13:45:00+02:00", "2024-02-29T11:45:00.0000000Z"},
                {"2024-02-29T13:45:00Z", "2024-02-29T13:45:00.0000000Z"},
                {"2/29/2024 13:45 -14:00", "2024-03-01T03:45:00.0000000Z"},
                {"2/29/2024", "2024-02-29T00:00:00.0000000Z"},
                {"2024", "2024-01-01T00:00:00.0000000Z"}};
    static const char *const bad[] = {"", "2023-02-29", "2024-13-01", "x", "2024-02-29T25:00",
                                      "2024-02-29 13:45 zz", "2024-02-29T13:45:00+99:00",
                                      "2/29/2024 13:45 +99:00", "2/29/2024 13:45 -14:01",
                                      "2/29/2024 13:45 +01:60"};
    char text[TIME_TEXT_BYTES + 1];
    int64_t ticks;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!literal_datetime(slice_of(good[i].text), &ticks))
            fail_msg("%s", good[i].text);
        time_format_iso(ticks, text);
        assert_string_equal(text, good[i].iso);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (literal_datetime(slice_of(bad[i]), &ticks))
            fail_msg("'%s' is taken for a time", bad[i]);
    }
}

static void timespans(void **state)
{
    static const struct {
        const char *text;
        int64_t ticks;
    } good[] = {{"1d", TICKS_PER_DAY},
                {"2.5h", 5 * TICKS_PER_HOUR / 2},
                {"10ms", 10 * TICKS_PER_MS},
                {"3", 3 * TICKS_PER_DAY},
                {"01:02:03", TICKS_PER_HOUR + 2 * TICKS_PER_MINUTE + 3 * TICKS_PER_SECOND},
                {"-1.00:00:01", -TICKS_PER_DAY - TICKS_PER_SECOND},
                {"00:00:00.0000001", 1}};
    static const char *const bad[] = {"", "1x", "a", "1d2", "99999999999999d"};
    int64_t ticks;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!literal_timespan(slice_of(good[i].text), &ticks))
            fail_msg("%s", good[i].text);
        assert_int_equal(ticks, good[i].ticks);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (literal_timespan(slice_of(bad[i]), &ticks))
            fail_msg("'%s' is taken for a timespan", bad[i]);
    }
}

static void booleans_have_six_spellings(void **state)
{
    bool value = false;

    (void)state;
    assert_true(literal_bool(SLICE("True"), &value) && value);
    assert_true(literal_bool(SLICE("FALSE"), &value) && !value);
    assert_false(literal_bool(SLICE("tRUE"), &value));
    assert_false(literal_bool(SLICE(""), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans_have_six_spellings),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(reals_and_decimals),
        cmocka_unit_test(times),
        cmocka_unit_test(timespans),
    };

    return RUN_TESTS(tests);
}
