/* SPDX-License-Identifier: Apache-2.0 */
/* When it is done, and when not: each bound is what decides. */
#include "main/upkeep.h"
#include "storage_place.h"

#include <time.h>

#define WAIT_MS 20u
#define WAITS_MAX 1000u

static struct error err;

static void large_bodies_stop_before_small_ones(void **state)
{
    struct store_memory memory = {.rows = MEMORY_ROWS_MAX - 1};

    (void)state;
    assert_true(upkeep_has_room(&memory, false, 0));
    assert_false(upkeep_has_room(&memory, false, 1)); /* that are on their way */
    assert_true(upkeep_has_room(&memory, true, MEMORY_ROWS_MAX / 4));
    assert_false(upkeep_has_room(&memory, true, MEMORY_ROWS_MAX / 4 + 1));
    memory.rows = MEMORY_ROWS_MAX / 4 * 5;
    assert_false(upkeep_has_room(&memory, true, 0));
    memory = (struct store_memory){.bytes = MEMORY_BYTES_MAX - MEMORY_ROW_BYTES};
    assert_true(upkeep_has_room(&memory, false, 0));
    assert_false(upkeep_has_room(&memory, false, 1));
    assert_true(upkeep_has_room(&memory, true, 1));
    memory.bytes = MEMORY_BYTES_MAX / 4 * 5;
    assert_false(upkeep_has_room(&memory, true, 0));
}

static bool is_due(struct store_memory memory)
{
    return upkeep_is_due(&memory, 0, UINT64_MAX);
}

static void a_checkpoint_is_due_by_rows_bytes_age_and_log(void **state)
{
    const struct store_memory few = {.rows = 3, .shelves = 1};

    (void)state;
    assert_false(is_due(few));
    assert_false(is_due((struct store_memory){.rows = MEMORY_ROWS_FLUSH - 1, .shelves = 1}));
    assert_true(is_due((struct store_memory){.rows = MEMORY_ROWS_FLUSH, .shelves = 1}));
    assert_true(is_due((struct store_memory){.rows = 1, .bytes = MEMORY_BYTES_FLUSH}));
    /* rows that are worth a section, and a few of each tenant */
    assert_true(is_due((struct store_memory){
        .rows = 2 * FLUSH_SHELF_ROWS, .shelves = 2, .age_ms = MEMORY_AGE_FLUSH_MS}));
    assert_false(is_due((struct store_memory){
        .rows = 2 * FLUSH_SHELF_ROWS - 1, .shelves = 2, .age_ms = MEMORY_AGE_FLUSH_MS}));
    assert_true(is_due(
        (struct store_memory){.rows = 3, .shelves = 2, .age_ms = MEMORY_AGE_FLUSH_MS_MAX}));
    assert_true(upkeep_is_due(&few, WAL_BYTES_FLUSH, UINT64_MAX));
    assert_false(upkeep_is_due(&few, WAL_BYTES_FLUSH - 1, UINT64_MAX));
}

static void without_rows_only_the_log_makes_it_due(void **state)
{
    const struct store_memory none = {.bytes = MEMORY_BYTES_FLUSH,
                                      .age_ms = MEMORY_AGE_FLUSH_MS_MAX};

    (void)state;
    assert_false(upkeep_is_due(&none, WAL_BYTES_FLUSH - 1, 0));
    assert_true(upkeep_is_due(&none, WAL_BYTES_FLUSH, UINT64_MAX));
}

static void a_disk_that_is_nearly_full_makes_it_due_early(void **state)
{
    struct store_memory memory = {.rows = 1, .shelves = 1, .age_ms = FREE_AGE_FLUSH_MS};

    (void)state;
    assert_true(upkeep_is_due(&memory, 0, FREE_BYTES_FLUSH - 1));
    assert_false(upkeep_is_due(&memory, 0, FREE_BYTES_FLUSH));
    memory.age_ms--;
    assert_false(upkeep_is_due(&memory, 0, 0));
}

static uint64_t rows_in_memory(const struct storage_place *p)
{
    struct store_memory memory;

    store_memory(p->parts->store, &memory);
    return memory.rows;
}

static void a_step_seals_what_is_old_enough(void **state)
{
    struct storage_place *p = *state;
    struct upkeep upkeep;
    bool worked = true;

    upkeep_init(&upkeep, p->storage, p->io);
    storage_place_ingest(p, "{\"n\":1}\n");
    ASSERT_OK(upkeep_checkpoint_step(&upkeep, &worked, &err));
    assert_false(worked);
    assert_int_equal(rows_in_memory(p), 1);
    p->clock.now_unix_us += (int64_t)MEMORY_AGE_FLUSH_MS_MAX * 1000;
    ASSERT_OK(upkeep_checkpoint_step(&upkeep, &worked, &err));
    assert_true(worked);
    assert_int_equal(rows_in_memory(p), 0);
    ASSERT_OK(upkeep_merge_step(&upkeep, &worked, &err));
    assert_false(worked); /* there is one file */
}

static void the_threads_do_it_by_themselves_until_they_are_stopped(void **state)
{
    struct storage_place *p = *state;
    const struct timespec wait = {0, WAIT_MS * 1000000L};
    struct upkeep upkeep;

    upkeep_init(&upkeep, p->storage, p->io);
    storage_place_ingest(p, "{\"n\":1}\n");
    p->clock.now_unix_us += (int64_t)MEMORY_AGE_FLUSH_MS_MAX * 1000;
    ASSERT_OK(upkeep_start(&upkeep, &err));
    for (unsigned i = 0; i < WAITS_MAX && rows_in_memory(p) > 0; i++)
        (void)nanosleep(&wait, NULL);
    upkeep_stop(&upkeep);
    assert_int_equal(rows_in_memory(p), 0);
    storage_place_expect(p, "1:{\"n\":1}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_bodies_stop_before_small_ones),
        cmocka_unit_test(a_checkpoint_is_due_by_rows_bytes_age_and_log),
        cmocka_unit_test(without_rows_only_the_log_makes_it_due),
        cmocka_unit_test(a_disk_that_is_nearly_full_makes_it_due_early),
        STORAGE_TEST(a_step_seals_what_is_old_enough),
        STORAGE_TEST(the_threads_do_it_by_themselves_until_they_are_stopped),
    };

    return RUN_TESTS(tests);
}
