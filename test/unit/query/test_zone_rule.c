/* SPDX-License-Identifier: Apache-2.0 */
/* The rule behind a table: what it says of years, and texts that are none. */
#include "test.h"

#include "base/time.h"
#include "query/zone_priv.h"

static int64_t seconds_of(const char *text)
{
    int64_t ticks = 0;

    assert_true(time_parse_iso(slice_of(text), &ticks));
    return (ticks - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND;
}

/* The seconds around a change of the offset, UTC: before it, and at it. */
static void changes_are_where_the_rule_says(void **state)
{
    static const struct {
        const char *rule, *at;
        int32_t before, after;
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T01:00:00Z", 3600, 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T01:00:00Z", 7200, 3600},
        {"EST5EDT,M3.2.0,M11.1.0", "2044-03-13T07:00:00Z", -18000, -14400},
        {"EST5EDT4,M3.2.0/2:00:00,M11.1.0/+2", "2044-11-06T06:00:00Z", -14400, -18000},
        {"NZST-12NZDT,M9.5.0,M4.1.0/3", "2041-04-06T14:00:00Z" /* 03:00 NZDT */, 46800, 43200},
        {"NZST-12NZDT,M9.5.0,M4.1.0/3", "2041-09-28T14:00:00Z", 43200, 46800},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2040-10-28T01:00:00Z", 3600, 0},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-03-25T01:00:00Z", -7200, -3600},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2040-03-24T00:00:00Z", 7200, 10800},
        {"AAA0BBB,J60,J300", "2040-03-01T02:00:00Z", 0, 3600},
        {"AAA0BBB,59/0,300", "2040-02-29T00:00:00Z", 0, 3600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone_rule rule;
        int64_t at = seconds_of(cases[i].at);
        assert_true(zone_rule_parse(slice_of(cases[i].rule), &rule));
        assert_int_equal(zone_rule_offset(&rule, at - 1, ZONE_UTC), cases[i].before);
        assert_int_equal(zone_rule_offset(&rule, at, ZONE_UTC), cases[i].after);
        int64_t local = at + cases[i].before;
        assert_int_equal(zone_rule_offset(&rule, local - 1, ZONE_LOCAL), cases[i].before);
        assert_int_equal(zone_rule_offset(&rule, local, ZONE_LOCAL), cases[i].after);
    }
}

static void summer_time_can_hold_for_ever(void **state)
{
    struct zone_rule rule;

    (void)state;
    assert_true(zone_rule_parse(SLICE("XXX3EDT4,0/0,J365/23"), &rule));
    for (int64_t at = seconds_of("2039-12-25T00:00:00Z"), i = 0; i < 1000; i++, at += 3600)
        assert_int_equal(zone_rule_offset(&rule, at, ZONE_UTC), -14400);
}

static void other_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "", "CET", "1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
        "CET-25", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J300",
        "CET-1CEST,J366,J300", "CET-1CEST,366,300", "CET-1CEST,1/168,300", "CET-1:60",
        "CET-1:00:60", "<CET-1", "<>1", "CET-0001", "CET--1", "CET-1CEST,,",
    };
    struct zone_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(zone_rule_parse(slice_of(texts[i]), &rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_where_the_rule_says),
        cmocka_unit_test(summer_time_can_hold_for_ever),
        cmocka_unit_test(other_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
