/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of time zones: offsets, and files that are damaged. */
#include "test.h"

#include "tzif.h"

#include "base/limits.h"
#include "query/zone.h"

static enum status parse(const struct tzif *t, size_t cut, struct zone **ret, struct error *err)
{
    struct buf file;

    buf_init(&file, MIB);
    tzif_make(&file, t);
    enum status status = zone_parse(slice_head(buf_slice(&file), file.size - cut), ret, err);
    buf_release(&file);
    return status;
}

static void offsets_follow_the_changes(void **state)
{
    static const struct {
        int64_t seconds;
        enum zone_clock clock;
        int32_t offset;
    } cases[] = {
        {-1000000, ZONE_UTC, 3600},
        {999, ZONE_UTC, 3600},
        {1000, ZONE_UTC, 7200},
        {19999, ZONE_UTC, 7200},
        {20000, ZONE_UTC, 3600},
        {INT64_C(300000000000), ZONE_UTC, 3600},
        {4599, ZONE_LOCAL, 3600},  /* before the gap of 4600 to 8200 */
        {4600, ZONE_LOCAL, 7200},  /* in it */
        {8199, ZONE_LOCAL, 7200},
        {8200, ZONE_LOCAL, 7200},
        {23599, ZONE_LOCAL, 7200},
        {23600, ZONE_LOCAL, 7200}, /* 23600 to 27200 come twice */
        {27199, ZONE_LOCAL, 7200},
        {27200, ZONE_LOCAL, 3600},
    };
    struct tzif plain = TZIF_PLAIN;
    struct zone *zone = NULL;
    struct error err;

    (void)state;
    ASSERT_OK(parse(&plain, 0, &zone, &err));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(zone_offset(zone, cases[i].seconds, cases[i].clock), cases[i].offset);
    zone_free(zone);
}

static void the_rule_holds_behind_the_table(void **state)
{
    struct tzif t = TZIF_PLAIN;
    struct zone *zone = NULL;
    struct error err;

    (void)state;
    t.footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    ASSERT_OK(parse(&t, 0, &zone, &err));
    assert_int_equal(zone_offset(zone, 1000, ZONE_UTC), 7200);              /* the table */
    assert_int_equal(zone_offset(zone, 20000, ZONE_UTC), 3600);             /* 1970-01-01 */
    assert_int_equal(zone_offset(zone, INT64_C(4118000000), ZONE_UTC), 7200); /* 2100-06-29 */
    zone_free(zone);
    t = (struct tzif){.version = '3', .types = 1, .offsets = {-18000}, .footer = "\nEST5\n"};
    ASSERT_OK(parse(&t, 0, &zone, &err));
    assert_int_equal(zone_offset(zone, -5, ZONE_LOCAL), -18000);
    zone_free(zone);
}

static void a_damaged_file_is_refused(void **state)
{
    const struct tzif good = TZIF_PLAIN;
    struct tzif bad[11];
    struct zone *zone = NULL;
    struct error err;
    struct buf file;

    (void)state;
    for (size_t i = 0; i < 11; i++)
        bad[i] = good;
    bad[0].version = '\0';
    bad[1].leaps = 1;
    bad[2].times = 0x7fffffff;
    bad[3].types = 0;
    bad[4].types = 257;
    bad[5].at[1] = 1000; /* not after the one before */
    bad[6].type[1] = 2;
    bad[7].offsets[0] = 93600;
    bad[8].at[0] = INT64_MIN;
    bad[9].footer = "\nCET-1CEST\n";
    bad[10].footer = "x\n";
    for (size_t i = 0; i < 11; i++) {
        ASSERT_STATUS(STATUS_CORRUPT, parse(&bad[i], 0, &zone, &err));
        assert_null(zone);
    }
    buf_init(&file, MIB);
    tzif_make(&file, &good);
    size_t size = file.size;
    for (size_t cut = 1; cut <= size; cut++)
        ASSERT_STATUS(STATUS_CORRUPT, parse(&good, cut, &zone, &err));
    file.data[0] = 't';
    ASSERT_STATUS(STATUS_CORRUPT, zone_parse(buf_slice(&file), &zone, &err));
    buf_release(&file);
    zone_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_follow_the_changes),
        cmocka_unit_test(the_rule_holds_behind_the_table),
        cmocka_unit_test(a_damaged_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
