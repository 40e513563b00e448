/* SPDX-License-Identifier: Apache-2.0 */
/* Which scans a loss concerns, before and after somebody accepted it. */
#include "store/gap_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct guid TENANT = {{1}}, OTHER = {{2}};

enum { FIELD, EVENT, SEQ, RECEIVED, TAKEN_AS_EVENT, COLUMNS };

static struct source_column columns[COLUMNS] = {
    [FIELD] = {.source = COLUMN_FIELD, .type = TYPE_DATETIME, .path = {"a", 1}},
    [EVENT] = {.source = COLUMN_TIME, .type = TYPE_DATETIME, .path = {"", 0}},
    [SEQ] = {.source = COLUMN_SEQ, .type = TYPE_LONG, .path = {"", 0}},
    [RECEIVED] = {.source = COLUMN_RECEIVED, .type = TYPE_DATETIME, .path = {"", 0}},
    [TAKEN_AS_EVENT] = {.source = COLUMN_FIELD, .type = TYPE_DATETIME, .path = {"b", 1}},
};

/* Records 10 to 20 of the times 1000 to 2000. */
static struct store_gap make_gap(bool is_accepted)
{
    return (struct store_gap){.tenant = TENANT, .first_seq = 10, .last_seq = 20,
                              .is_accepted = is_accepted, .time_from = 1000, .time_to = 2000};
}

static bool meets(bool is_accepted, const struct filter *filters, uint32_t filter_count,
                  int64_t time_from, int64_t time_to)
{
    struct store_gap gap = make_gap(is_accepted);
    const struct scan_source source = {.columns = columns, .gaps = &gap, .gap_count = 1,
                                       .time_column = TAKEN_AS_EVENT};
    const struct scan_request request = {.filters = filters, .filter_count = filter_count,
                                         .time_from = time_from, .time_to = time_to};

    return gap_met(&source, &request) != NULL;
}

static bool meets_filter(const struct filter *filter)
{
    return meets(true, filter, 1, INT64_MIN, INT64_MAX);
}

static struct filter range(uint32_t column, int64_t low, int64_t high)
{
    return (struct filter){.kind = FILTER_RANGE, .column = column, .low = low, .high = high};
}

static void a_loss_that_nobody_accepted_concerns_every_scan(void **state)
{
    const struct filter apart = range(SEQ, 100, 200);

    (void)state;
    assert_true(meets(false, NULL, 0, INT64_MIN, INT64_MAX));
    assert_true(meets(false, &apart, 1, 5000, 6000));
}

static void an_accepted_loss_concerns_its_times(void **state)
{
    (void)state;
    assert_true(meets(true, NULL, 0, INT64_MIN, INT64_MAX));
    assert_true(meets(true, NULL, 0, 2000, INT64_MAX));
    assert_false(meets(true, NULL, 0, 2001, INT64_MAX));
    assert_true(meets(true, NULL, 0, INT64_MIN, 1001));
    assert_false(meets(true, NULL, 0, INT64_MIN, 1000)); /* the end is not in it */
}

static void filters_on_time_and_number_rule_it_out(void **state)
{
    static const uint32_t times[] = {EVENT, RECEIVED, TAKEN_AS_EVENT};

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct filter before = range(times[i], INT64_MIN, 999);
        struct filter within = range(times[i], 1500, 1600);
        struct filter after = range(times[i], 2001, INT64_MAX);
        assert_false(meets_filter(&before));
        assert_true(meets_filter(&within));
        assert_false(meets_filter(&after));
    }
    struct filter low = range(SEQ, 0, 9), edge = range(SEQ, 20, 30), high = range(SEQ, 21, 30);
    assert_false(meets_filter(&low));
    assert_true(meets_filter(&edge));
    assert_false(meets_filter(&high));
    struct filter field = range(FIELD, 5000, 6000); /* says nothing of when it was */
    assert_true(meets_filter(&field));
    struct filter inside = range(EVENT, 5000, 6000);
    inside.path = slice_from("x", 1);
    assert_true(meets_filter(&inside));
    struct filter any = {.kind = FILTER_ANY_HAS, .column = SOURCE_COLUMN_ANY};
    assert_true(meets_filter(&any));
}

static void values_and_alternatives_must_all_lie_outside(void **state)
{
    const struct value values[] = {{.type = TYPE_LONG, .integer = 5},
                                   {.type = TYPE_LONG, .integer = 15},
                                   {.type = TYPE_LONG, .is_null = true}};
    struct filter equal = {.kind = FILTER_EQUAL, .column = SEQ, .values = values,
                           .value_count = 1};

    (void)state;
    assert_false(meets_filter(&equal));
    equal.value_count = 2;
    assert_true(meets_filter(&equal));
    equal.values = &values[2];
    equal.value_count = 1;
    assert_true(meets_filter(&equal));
    struct filter parts[] = {range(SEQ, 0, 9), range(SEQ, 30, 40)};
    struct filter either = {.kind = FILTER_OR, .parts = parts, .part_count = 2};
    assert_false(meets_filter(&either));
    parts[1] = range(FIELD, 0, 1);
    assert_true(meets_filter(&either));
    either.part_count = 0;
    assert_true(meets_filter(&either));
}

static bool is_tenant(const void *context, const struct guid *tenant)
{
    return guid_equal(context, tenant);
}

static void a_range_is_kept_once_and_found_by_its_numbers(void **state)
{
    struct gap_list list;
    struct store_gap gap = make_gap(false), found;
    struct scan_source source = {.arena = arena_new(1 << 20)};
    struct error err;
    char text[128];

    (void)state;
    gap_list_init(&list);
    for (unsigned i = 0; i < 40; i++) { /* it grows */
        struct store_gap other = {.tenant = OTHER, .first_seq = i * 10, .last_seq = i * 10};
        assert_int_equal(gap_list_set(&list, &other, &err), STATUS_OK);
    }
    assert_int_equal(gap_list_set(&list, &gap, &err), STATUS_OK);
    gap = make_gap(true);
    assert_int_equal(gap_list_set(&list, &gap, &err), STATUS_OK);
    assert_int_equal(list.count, 41);
    assert_false(gap_list_find(&list, &TENANT, 1, 9, &found));
    assert_false(gap_list_find(&list, &TENANT, 21, 99, &found));
    assert_true(gap_list_find(&list, &TENANT, 20, 99, &found));
    assert_true(found.is_accepted);
    gap_describe(&found, text, sizeof(text));
    assert_string_equal(text, "records 10 to 20, or some of them, were lost to damage, "
                              "which was accepted");
    assert_int_equal(gap_list_copy(&list, is_tenant, &TENANT, &source, &err), STATUS_OK);
    assert_int_equal(source.gap_count, 1);
    assert_int_equal(source.gaps[0].first_seq, 10);
    gap_list_release(&list);
    arena_free(source.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_that_nobody_accepted_concerns_every_scan),
        cmocka_unit_test(an_accepted_loss_concerns_its_times),
        cmocka_unit_test(filters_on_time_and_number_rule_it_out),
        cmocka_unit_test(values_and_alternatives_must_all_lie_outside),
        cmocka_unit_test(a_range_is_kept_once_and_found_by_its_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
