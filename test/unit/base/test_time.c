/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/time.h"

#include "base/random.h"

static void iso_texts_mean_what_they_say(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"2024-02-17T17:12:03", "2024-02-17T17:12:03.0000000Z"},
        {"2024-02-17 17:12", "2024-02-17T17:12:00.0000000Z"},
        {"2024-02-17", "2024-02-17T00:00:00.0000000Z"},
        {"2024-02-17T17:12:03.1234567Z", "2024-02-17T17:12:03.1234567Z"},
        {"2024-02-17T17:12:03.123456789Z", "2024-02-17T17:12:03.1234567Z"},
        {"2024-02-17T19:12:03+02:00", "2024-02-17T17:12:03.0000000Z"},
        {"2024-03-01T00:30:00+0100", "2024-02-29T23:30:00.0000000Z"},
        {"2024-02-17T14:00:00+14:00", "2024-02-17T00:00:00.0000000Z"},
        {"2024-02-17T10:00:00-14:00", "2024-02-18T00:00:00.0000000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0000000Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z"},
        {"9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"},
    };
    char text[TIME_TEXT_BYTES + 1];
    int64_t ticks;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(time_parse_iso(slice_of(cases[i].text), &ticks));
        time_format_iso(ticks, text);
        assert_string_equal(text, cases[i].wanted);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "2024", "2024-02-30", "2023-02-29", "2024-13-01", "2024-02-17T25:00:00",
        "2024-02-17T17:61:00", "2024-02-17T17:12:03x", "2024-02-17T17:12:03.",
        "2024-02-17T17:12:03+25:00", "2024-02-17T17:12:03+14:01", "2024-02-17T17:12:03-1430",
        "0001-01-01T00:00:00+01:00", "2024-02-17T", "x",
    };
    int64_t ticks;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(time_parse_iso(slice_of(texts[i]), &ticks));
}

static void every_tick_is_written_so_that_it_comes_back(void **state)
{
    char text[TIME_TEXT_BYTES + 1];
    int64_t back;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        int64_t ticks = (int64_t)(random_u64() % ((uint64_t)TICKS_MAX + 1));
        time_format_iso(ticks, text);
        assert_int_equal(strlen(text), TIME_TEXT_BYTES);
        assert_true(time_parse_iso(slice_of(text), &back));
        assert_int_equal(back, ticks);
    }
}

static void every_day_of_ten_thousand_years_goes_both_ways(void **state)
{
    struct civil_time civil, last = {0};
    int64_t back;

    (void)state;
    for (int64_t ticks = 0; ticks <= TICKS_MAX; ticks += TICKS_PER_DAY) {
        time_to_civil(ticks, &civil);
        assert_true(time_is_valid_date(civil.year, civil.month, civil.day));
        assert_true(civil.day == last.day + 1 || civil.day == 1);
        assert_true(time_from_civil(&civil, &back) && back == ticks);
        if (ticks > 0)
            assert_int_equal(civil.week_day, (last.week_day + 1) % 7);
        last = civil;
    }
    assert_int_equal(last.year, 9999);
    assert_int_equal(last.year_day, 365);
    assert_true(time_from_unix_us(0) == TICKS_UNIX_EPOCH);
    assert_int_equal(time_to_unix_us(TICKS_UNIX_EPOCH + 10), 1);
}

static void spans_print_as_kusto_does(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    time_format_span(TICKS_PER_DAY + 2 * TICKS_PER_HOUR + 3, &buf);
    buf_add_byte(&buf, ' ');
    time_format_span(-(90 * TICKS_PER_SECOND), &buf);
    buf_add_byte(&buf, ' ');
    time_format_span(INT64_MIN, &buf);
    ASSERT_SLICE(buf_slice(&buf),
                 "1.02:00:00.0000003 -00:01:30 -10675199.02:48:05.4775808");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_texts_mean_what_they_say),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(every_tick_is_written_so_that_it_comes_back),
        cmocka_unit_test(every_day_of_ten_thousand_years_goes_both_ways),
        cmocka_unit_test(spans_print_as_kusto_does),
    };

    return RUN_TESTS(tests);
}
