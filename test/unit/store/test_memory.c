/* SPDX-License-Identifier: Apache-2.0 */
/* Parts that are not sealed yet. */
#include "store/memory_priv.h"

#include "store/part_maker.h"

static struct held *one_row(uint8_t tenant, uint64_t seq, uint64_t wal_file)
{
    struct batch_maker m;
    batch_maker_init(&m, "T", tenant);
    m.next_seq = seq;
    m.batch.wal_file = wal_file;
    batch_maker_add(&m, SLICE("{\"a\":1}"), 1);
    struct held *held = NULL;
    struct error err;
    assert_int_equal(held_from_part(build_part(&m), &held, &err), STATUS_OK);
    batch_maker_release(&m);
    return held;
}

static void add(struct memory *memory, struct held *held, uint64_t now_us)
{
    struct error err;

    assert_int_equal(memory_add(memory, held, now_us, &err), STATUS_OK);
}

static void a_flush_takes_whole_files(void **state)
{
    (void)state;
    struct memory memory;
    memory_make_empty(&memory);
    struct held_list list = {0};
    struct error err;
    for (uint64_t i = 0; i < 20; i++)
        add(&memory, one_row((uint8_t)(i % 3), i + 1, i), 100 + i);
    assert_int_equal(memory.row_count, 20);
    assert_int_equal(memory.oldest_us, 100);
    struct guid tenant = memory.shelves[0].tenant;
    assert_int_equal(memory_list(&memory, &tenant, &list, &err), STATUS_OK);
    assert_int_equal(list.count, 7); /* of three tenants in turn */
    for (uint32_t i = 0; i < list.count; i++)
        assert_true(guid_equal(&list.held[i]->tenant, &tenant));
    held_list_release(&list);
    assert_int_equal(memory_begin_flush(&memory, 5, &list, &err), STATUS_OK);
    assert_int_equal(list.count, 5);
    memory_end_flush(&memory, &list, true);
    held_list_release(&list);
    assert_int_equal(memory.row_count, 15);
    assert_int_equal(memory.oldest_us, 105);
    assert_int_equal(memory_begin_flush(&memory, 100, &list, &err), STATUS_OK);
    assert_int_equal(list.count, 15);
    memory_end_flush(&memory, &list, false); /* failed: all stay */
    assert_int_equal(memory.row_count, 15);
    held_list_release(&list);
    assert_int_equal(memory_begin_flush(&memory, 100, &list, &err), STATUS_OK);
    memory_end_flush(&memory, &list, true);
    held_list_release(&list);
    assert_int_equal(memory.row_count, 0);
    assert_int_equal(memory.byte_count, 0);
    assert_int_equal(memory.shelf_count, 0);
    assert_int_equal(memory.oldest_us, UINT64_MAX);
    memory_release(&memory);
}

static void parts_of_one_file_are_joined(void **state)
{
    (void)state;
    struct memory memory;
    memory_make_empty(&memory);
    struct held_list list = {0}, flush = {0};
    struct part *part = NULL;
    struct held *joined = NULL;
    struct error err;
    struct guid tenant = {{0}};
    for (uint64_t i = 0; i < 10; i++)
        add(&memory, one_row(0, i + 1, i < 2 ? 1 : 2), 100 + i);
    assert_true(memory_begin_join(&memory, &tenant, SLICE("T"), &list));
    assert_int_equal(list.count, 8);
    /* While they are busy neither a flush nor a join may take them. */
    struct held_list other = {0};
    assert_false(memory_begin_join(&memory, &tenant, SLICE("T"), &other));
    assert_int_equal(memory_begin_flush(&memory, 3, &flush, &err), STATUS_BUSY);
    assert_int_equal(memory_begin_flush(&memory, 2, &flush, &err), STATUS_OK);
    assert_int_equal(flush.count, 2);
    memory_end_flush(&memory, &flush, true);
    held_list_release(&flush);
    assert_int_equal(held_join(list.held, list.count, &part, &err), STATUS_OK);
    assert_int_equal(held_from_part(part, &joined, &err), STATUS_OK);
    memory_end_join(&memory, &list, joined);
    held_list_release(&list);
    assert_int_equal(memory.row_count, 8);
    assert_int_equal(memory.oldest_us, 102);
    assert_int_equal(memory_list(&memory, NULL, &list, &err), STATUS_OK);
    assert_int_equal(list.count, 1);
    held_list_release(&list);
    memory_release(&memory);
}

static void what_cannot_be_joined_is_not_tried_again(void **state)
{
    (void)state;
    struct memory memory;
    memory_make_empty(&memory);
    struct held_list list = {0};
    struct guid tenant = {{0}};
    for (uint64_t i = 0; i < 8; i++)
        add(&memory, one_row(0, i + 1, 1), i);
    assert_false(memory_begin_join(&memory, &tenant, SLICE("other"), &list));
    assert_true(memory_begin_join(&memory, &tenant, SLICE("T"), &list));
    memory_end_join(&memory, &list, NULL);
    held_list_release(&list);
    assert_false(memory_begin_join(&memory, &tenant, SLICE("T"), &list));
    assert_int_equal(memory.row_count, 8);
    memory_release(&memory);
}

static void a_shelf_is_found_after_others_went(void **state)
{
    (void)state;
    struct memory memory;
    struct held_list list = {0};
    struct error err;
    memory_make_empty(&memory);
    for (uint64_t i = 0; i < 200; i++) /* the even tenants have rows of the old file only */
        add(&memory, one_row((uint8_t)i, i + 1, i % 2), i);
    assert_int_equal(memory.shelf_count, 200);
    assert_int_equal(memory_begin_flush(&memory, 1, &list, &err), STATUS_OK);
    memory_end_flush(&memory, &list, true);
    held_list_release(&list);
    assert_int_equal(memory.shelf_count, 100);
    assert_int_equal(memory.oldest_us, 1);
    for (uint64_t i = 0; i < 200; i++)
        add(&memory, one_row((uint8_t)i, i + 300, 1), 500 + i);
    assert_int_equal(memory.shelf_count, 200);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(memory.shelves[i].part_count, i < 100 ? 2 : 1);
    memory_release(&memory);
}

/* The row of `part` once more, as what came by itself. */
static void add_again(struct memory *memory, struct part *part)
{
    struct held *held = NULL;
    struct error err;

    assert_int_equal(held_from_part(part_ref(part), &held, &err), STATUS_OK);
    add(memory, held, 100);
}

/* The bytes of a part say nothing of what a join of it takes. */
static void a_join_is_bounded_by_values(void **state)
{
    (void)state;
    struct batch_maker m;
    struct memory memory;
    struct held_list list = {0};
    struct held *joined = NULL;
    struct error err;
    struct guid tenant = {{0}};
    batch_maker_init(&m, "T", 0);
    batch_maker_add_zeros(&m, PART_VALUES_MAX / 4, 1);
    struct part *part = build_part(&m);
    memory_make_empty(&memory);
    for (uint32_t i = 0; i < 8; i++)
        add_again(&memory, part);
    assert_true(memory.byte_count < MIB);
    assert_true(memory_begin_join(&memory, &tenant, SLICE("T"), &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(held_merge(list.held, list.count, &joined, &err), STATUS_OK);
    memory_end_join(&memory, &list, joined);
    held_list_release(&list);
    assert_false(memory_begin_join(&memory, &tenant, SLICE("T"), &list));
    /* What has more than half of a bound stands in no other one's way. */
    for (uint32_t i = 0; i < 3; i++)
        add_again(&memory, part);
    assert_true(memory_begin_join(&memory, &tenant, SLICE("T"), &list));
    assert_int_equal(list.count, 3);
    for (uint32_t i = 0; i < list.count; i++)
        assert_int_equal(list.held[i]->row_count, 1);
    memory_end_join(&memory, &list, NULL);
    held_list_release(&list);
    assert_int_equal(memory.row_count, 11);
    memory_release(&memory);
    part_unref(part);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flush_takes_whole_files),
        cmocka_unit_test(parts_of_one_file_are_joined),
        cmocka_unit_test(what_cannot_be_joined_is_not_tried_again),
        cmocka_unit_test(a_shelf_is_found_after_others_went),
        cmocka_unit_test(a_join_is_bounded_by_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
