/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that no row has. */
#include "store/scan_maker.h"

#include "store/sealed_priv.h"

#define ROWS 300u

struct ranges {
    uint64_t first[STORE_MISSING_MAX + 1], last[STORE_MISSING_MAX + 1];
    uint32_t count;
};

static enum status take_range(void *context, uint64_t first, uint64_t last, struct error *err)
{
    struct ranges *ranges = context;

    (void)err;
    assert_true(ranges->count < STORE_MISSING_MAX);
    ranges->first[ranges->count] = first;
    ranges->last[ranges->count++] = last;
    return STATUS_OK;
}

static struct ranges find(struct store *store, uint64_t last_seq)
{
    const struct guid tenant = tenant_of(1);
    struct ranges ranges = {.count = 0};
    struct error err;

    assert_int_equal(store_missing(store, &tenant, last_seq, take_range, &ranges, &err),
                     STATUS_OK);
    return ranges;
}

/* Records 1 to ROWS without those of which (number % step) is 0; some are in each table. */
static struct store *store_without(uint64_t step)
{
    struct store *store = open_store();
    struct batch_maker m;

    batch_maker_init(&m, "T0", 1);
    for (uint32_t i = 1; i <= ROWS; i++) {
        if (i % step == 0)
            m.next_seq++;
        else
            batch_maker_add(&m, SLICE("{\"i\":1}"), i);
        if (i % 100 == 0) {
            m.batch.table = i % 200 == 0 ? SLICE("T0") : SLICE("T1");
            put(store, &m);
        }
    }
    batch_maker_release(&m);
    return store;
}

static void where_as_many_rows_as_numbers_are_nothing_lacks(void **state)
{
    (void)state;
    struct store *store = store_without(ROWS + 1);

    assert_int_equal(find(store, ROWS).count, 0);
    assert_int_equal(find(store, 0).count, 0);
    struct ranges ranges = find(store, ROWS + 7);
    assert_int_equal(ranges.count, 1);
    assert_int_equal(ranges.first[0], ROWS + 1);
    assert_int_equal(ranges.last[0], ROWS + 7);
    close_store(store);
}

static void numbers_without_a_row_are_found_but_for_those_that_are_known(void **state)
{
    (void)state;
    struct store *store = store_without(70);
    struct store_gap gap = {.tenant = tenant_of(1), .first_seq = 140, .last_seq = 140};
    struct ranges ranges = find(store, ROWS);
    struct error err;

    assert_int_equal(ranges.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(ranges.first[i], 70 * (i + 1));
        assert_int_equal(ranges.last[i], 70 * (i + 1));
    }
    assert_int_equal(store_set_gap(store, &gap, &err), STATUS_OK);
    ranges = find(store, ROWS);
    assert_int_equal(ranges.count, 3);
    assert_int_equal(ranges.first[1], 210);
    close_store(store);
}

static void the_last_of_many_ranges_stands_for_the_rest(void **state)
{
    (void)state;
    struct store *store = store_without(2);
    struct ranges ranges = find(store, ROWS);

    assert_int_equal(ranges.count, STORE_MISSING_MAX);
    assert_int_equal(ranges.first[0], 2);
    assert_int_equal(ranges.last[0], 2);
    assert_int_equal(ranges.first[STORE_MISSING_MAX - 1], 2 * STORE_MISSING_MAX);
    assert_int_equal(ranges.last[STORE_MISSING_MAX - 1], ROWS);
    close_store(store);
}

/* Whose rows they are is not known: they count as gone, and are in no answer. */
static void a_section_of_which_the_facts_were_altered_counts_for_nothing(void **state)
{
    (void)state;
    struct store *store = store_without(ROWS + 1);
    struct store_gap *gaps = NULL;
    struct arena *arena = arena_new(MIB);
    struct error err;
    uint32_t count = 0;

    if (is_sealed) {
        struct section *section = store->sealed->list->sections[0];
        section->info.time_max++;
        atomic_store(&section->facts, FACTS_UNKNOWN); /* as the next start finds it */
        struct ranges ranges = find(store, ROWS);
        uint64_t lost = 0;
        for (uint32_t i = 0; i < ranges.count; i++)
            lost += ranges.last[i] - ranges.first[i] + 1;
        assert_int_equal(lost, section->info.row_count);
        assert_true(section_is_altered(section));
    }
    assert_int_equal(store_gaps(store, arena, &gaps, &count, &err), STATUS_OK);
    assert_int_equal(count, 0); /* the caller says what lacks */
    arena_free(arena);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_as_many_rows_as_numbers_are_nothing_lacks),
        cmocka_unit_test(numbers_without_a_row_are_found_but_for_those_that_are_known),
        cmocka_unit_test(the_last_of_many_ranges_stands_for_the_rest),
        cmocka_unit_test(a_section_of_which_the_facts_were_altered_counts_for_nothing),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
