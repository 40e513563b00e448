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

/* T1 has the first and the last numbers, T0 those between: what is known of T1's section covers
 * all of T0's numbers. */
static struct store *store_of_two_sections(void)
{
    struct store *store = open_store();
    struct batch_maker m;
    struct error err;

    batch_maker_init(&m, "T1", 1);
    for (uint32_t i = 1; i <= ROWS; i++) {
        batch_maker_add(&m, SLICE("{\"i\":1}"), i);
        if (i % 100 != 0)
            continue;
        m.batch.table = i % 200 == 0 ? SLICE("T0") : SLICE("T1");
        assert_int_equal(record_sink_take(store_sink(store), &m.batch, &err), STATUS_OK);
        batch_maker_clear(&m);
    }
    batch_maker_release(&m);
    assert_int_equal(store_flush(store, 2, &err), STATUS_OK);
    assert_int_equal(store->sealed->list->count, 2);
    return store;
}

/* T0's facts were altered, as the next start finds it. */
static void lose_t0(struct store *store, bool is_t1_broken, bool is_t1_accepted)
{
    const struct section_list *list = store->sealed->list;
    struct error err;

    for (uint32_t i = 0; i < list->count; i++) {
        struct section *section = list->sections[i];
        struct store_gap gap = section_gap(section);
        if (strcmp(section->info.table, "T0") == 0) {
            section->info.time_max++;
            atomic_store(&section->facts, FACTS_UNKNOWN);
            continue;
        }
        gap.is_accepted = true;
        if (is_t1_accepted)
            assert_int_equal(store_set_gap(store, &gap, &err), STATUS_OK);
        atomic_store(&section->is_broken, is_t1_broken);
    }
}

static void a_known_loss_of_a_section_hides_no_other(void **state)
{
    (void)state;
    struct store *store = store_of_two_sections();

    lose_t0(store, false, true);
    struct ranges ranges = find(store, ROWS);
    assert_int_equal(ranges.count, 1);
    assert_int_equal(ranges.first[0], 101);
    assert_int_equal(ranges.last[0], 200);
    close_store(store);
}

/* Which of the numbers are whose nobody can tell; what is accepted is not told again. */
static void a_section_that_cannot_be_read_hides_no_other(void **state)
{
    (void)state;
    struct store_gap gap = {.tenant = tenant_of(1), .is_accepted = true};
    struct error err;

    for (int is_accepted = 0; is_accepted < 2; is_accepted++) {
        struct store *store = store_of_two_sections();
        lose_t0(store, true, is_accepted == 1);
        struct ranges ranges = find(store, ROWS);
        assert_int_equal(ranges.count, 2);
        assert_int_equal(ranges.first[0], 1);
        assert_int_equal(ranges.last[1], ROWS);
        for (uint32_t i = 0; i < 2; i++) {
            gap.first_seq = ranges.first[i];
            gap.last_seq = ranges.last[i];
            assert_int_equal(store_set_gap(store, &gap, &err), STATUS_OK);
        }
        assert_int_equal(find(store, ROWS).count, 0);
        close_store(store);
    }
}

/* Its rows are counted, and whoever asks for them is told. */
static void a_section_that_cannot_be_read_lacks_no_number(void **state)
{
    (void)state;
    struct store *store = store_without(ROWS + 1);
    struct error err;

    for (uint32_t i = 0; is_sealed && i < 2; i++) {
        struct section *section = store->sealed->list->sections[0];
        struct store_gap gap = section_gap(section);
        atomic_store(&section->is_broken, true);
        assert_int_equal(find(store, ROWS).count, 0);
        gap.is_accepted = true;
        assert_int_equal(store_set_gap(store, &gap, &err), STATUS_OK);
    }
    close_store(store);
}

/* A sum that is too large says as little as one that is too small. */
static void rows_that_are_there_twice_hide_no_other(void **state)
{
    (void)state;
    struct store *store = store_without(70);
    struct batch_maker m;

    batch_maker_init(&m, "T0", 1);
    for (uint32_t i = 1; i <= 5; i++)
        batch_maker_add(&m, SLICE("{\"i\":1}"), i);
    put(store, &m);
    batch_maker_release(&m);
    struct ranges ranges = find(store, ROWS);
    assert_int_equal(ranges.count, 4);
    assert_int_equal(ranges.first[0], 70);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_as_many_rows_as_numbers_are_nothing_lacks),
        cmocka_unit_test(numbers_without_a_row_are_found_but_for_those_that_are_known),
        cmocka_unit_test(the_last_of_many_ranges_stands_for_the_rest),
        cmocka_unit_test(a_section_of_which_the_facts_were_altered_counts_for_nothing),
        cmocka_unit_test(a_known_loss_of_a_section_hides_no_other),
        cmocka_unit_test(a_section_that_cannot_be_read_hides_no_other),
        cmocka_unit_test(a_section_that_cannot_be_read_lacks_no_number),
        cmocka_unit_test(rows_that_are_there_twice_hide_no_other),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
