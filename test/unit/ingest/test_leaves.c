/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/leaves_priv.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static void leaves_are_cut_by_count_and_by_bytes(void **state)
{
    struct arena *arena = arena_new(256 * MIB);
    uint32_t count = 2 * LEAF_RECORDS_MAX + 1;
    struct record *records = calloc(count, sizeof(*records));
    struct leaves leaves;
    struct error err;

    (void)state;
    for (uint32_t i = 0; i < count; i++)
        records[i].raw = SLICE("{}");
    assert_int_equal(leaves_cut(records, count, arena, &leaves, &err), STATUS_OK);
    assert_int_equal(leaves.count, 3);
    assert_int_equal(leaves.items[0].count, LEAF_RECORDS_MAX);
    assert_int_equal(leaves.items[2].first, 2 * LEAF_RECORDS_MAX);
    assert_int_equal(leaves.items[2].count, 1);
    assert_memory_not_equal(leaves.items[0].seed, leaves.items[1].seed, SEED_BYTES);
    records[0].raw.size = LEAF_BYTES_MAX - 2; /* only sizes are looked at */
    assert_int_equal(leaves_cut(records, 3, arena, &leaves, &err), STATUS_OK);
    assert_int_equal(leaves.count, 2);
    assert_int_equal(leaves.items[0].count, 2);
    assert_int_equal(leaves.items[0].raw_bytes, LEAF_BYTES_MAX);
    records[0].raw.size = 3 * LEAF_BYTES_MAX; /* a quarantined one may be so large */
    assert_int_equal(leaves_cut(records, 3, arena, &leaves, &err), STATUS_OK);
    assert_int_equal(leaves.items[0].count, 1);
    assert_int_equal(leaves_cut(records, 0, arena, &leaves, &err), STATUS_OK);
    assert_int_equal(leaves.count, 0);
    struct arena *small = arena_new(1000);
    assert_int_equal(leaves_cut(records, 3, small, &leaves, &err), STATUS_LIMIT);
    arena_free(small);
    free(records);
    arena_free(arena);
}

static void the_root_follows_from_seed_numbers_and_bytes(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct record records[3] = {
        {.raw = SLICE("{}")}, {.raw = SLICE("{\"a\":1}")}, {.raw = SLICE("x")}};
    struct leaf_fields fields = {.kind = LEAF_KIND_DATA,
                                 .flags = LEAF_FLAG_CLOCK_BACK | LEAF_FLAG_IDEMPOTENCY,
                                 .leaf_index = 4,
                                 .first_seq = 10,
                                 .commit_time_us = 99};
    struct hash256 salts[3], hashes[3], root;
    struct leaves leaves;
    struct error err;

    (void)state;
    assert_int_equal(leaves_cut(records, 3, arena, &leaves, &err), STATUS_OK);
    leaves_commit(&leaves, records);
    leaves_finish(&leaves, records, &fields, 77);
    leaf_salts(leaves.items[0].seed, 3, salts);
    for (uint32_t i = 0; i < 3; i++) {
        leaf_commitment(&salts[i], records[i].raw, &hashes[i]);
        uint32_t size = (uint32_t)records[i].raw.size;
        leaf_inner_hashes(10 + i, 77, &size, &hashes[i], 1, &hashes[i]);
    }
    merkle_root(hashes, 3, &root);
    assert_memory_equal(&leaves.items[0].fields.batch_root, &root, HASH_BYTES);
    assert_memory_equal(leaves.hashes, &root, sizeof(root)); /* the only node */
    struct leaf_fields back;
    assert_int_equal(leaf_decode(leaves.items[0].leaf, &back, &err), STATUS_OK);
    assert_int_equal(back.count, 3);
    assert_int_equal(back.raw_bytes, 10);
    assert_int_equal(leaves_check(&leaves.items[0], records, 77, hashes, &err), STATUS_OK);
    assert_int_equal(leaves_check(&leaves.items[0], records, 78, hashes, &err), STATUS_CORRUPT);
    records[1].raw = SLICE("{\"a\":2}");
    assert_int_equal(leaves_check(&leaves.items[0], records, 77, hashes, &err), STATUS_CORRUPT);
    arena_free(arena);
}

static void numbers_go_on_from_leaf_to_leaf(void **state)
{
    struct arena *arena = arena_new(64 * MIB);
    uint32_t count = LEAF_RECORDS_MAX + 5;
    struct record *records = calloc(count, sizeof(*records));
    struct leaf_fields fields = {.kind = LEAF_KIND_DATA,
                                 .flags = LEAF_FLAG_CLOCK_BACK,
                                 .leaf_index = 4,
                                 .first_seq = 10,
                                 .commit_time_us = 99};
    struct leaves leaves;
    struct error err;

    (void)state;
    for (uint32_t i = 0; i < count; i++)
        records[i].raw = SLICE("{}");
    assert_int_equal(leaves_cut(records, count, arena, &leaves, &err), STATUS_OK);
    leaves_commit(&leaves, records);
    leaves_finish(&leaves, records, &fields, 77);
    assert_int_equal(leaves.items[1].fields.leaf_index, 5);
    assert_int_equal(leaves.items[1].fields.first_seq, 10 + LEAF_RECORDS_MAX);
    assert_int_equal(leaves.items[1].fields.commit_time_us, 100);
    assert_int_equal(leaves.items[0].fields.flags, LEAF_FLAG_CLOCK_BACK);
    assert_int_equal(leaves.items[1].fields.flags, 0);
    free(records);
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_are_cut_by_count_and_by_bytes),
        cmocka_unit_test(the_root_follows_from_seed_numbers_and_bytes),
        cmocka_unit_test(numbers_go_on_from_leaf_to_leaf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
