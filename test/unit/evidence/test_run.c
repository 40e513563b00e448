/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of a run, and what belongs to them, are found by their index. */
#include "evidence/run_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FIRST 7u
#define NODES_MAX 16u

static enum status add(struct run *run, uint64_t index, uint32_t records, struct error *err)
{
    struct hash256 nodes[NODES_MAX];
    struct leaf_fields fields = {
        .kind = LEAF_KIND_DATA, .leaf_index = index, .first_seq = 1 + index, .count = records};
    struct leaf_commit commit = {.received_us = 1000 + (int64_t)index, .nodes = nodes};

    assert_true(node_count(records) <= NODES_MAX);
    memset(nodes, 0x40 + (int)index, sizeof(nodes));
    memset(commit.seed, (int)index, sizeof(commit.seed));
    leaf_encode(&fields, commit.leaf);
    return run_add(run, &commit, &fields, err);
}

/* Seed, time and nodes of that leaf, no more and no less. */
static void assert_entry(const struct run *run, uint64_t index, uint32_t records)
{
    const uint8_t *leaf = run_leaf(run, index), *entry = run_entry(run, index);
    uint8_t seed[SEED_BYTES], nodes[NODES_MAX * HASH_BYTES];
    size_t nodes_size = (size_t)node_count(records) * HASH_BYTES;

    assert_non_null(leaf);
    assert_non_null(entry);
    assert_int_equal(leaf_record_count(leaf), records);
    assert_int_equal(run_entry_bytes(leaf), ENTRY_BYTES + nodes_size);
    memset(seed, (int)index, sizeof(seed));
    assert_memory_equal(entry, seed, sizeof(seed));
    struct reader r = reader_from(entry + SEED_BYTES, 8);
    assert_int_equal(reader_u64(&r), 1000 + index);
    memset(nodes, 0x40 + (int)index, sizeof(nodes));
    assert_memory_equal(entry + ENTRY_BYTES, nodes, nodes_size);
}

static void entries_are_found_whatever_is_before_them(void **state)
{
    static const uint32_t counts[][3] = {{1, 64, 2}, {65, 1, 1000}, {1, 200, 3}};
    struct error err;

    (void)state;
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        struct run run;
        run_init(&run);
        assert_null(run_leaf(&run, 0));
        assert_null(run_entry(&run, 0));
        for (uint64_t i = 0; i < 3; i++)
            assert_int_equal(add(&run, FIRST + i, counts[c][i], &err), STATUS_OK);
        assert_int_equal(run.first_index, FIRST);
        assert_int_equal(run.count, 3);
        for (uint64_t i = 0; i < 3; i++)
            assert_entry(&run, FIRST + i, counts[c][i]);
        assert_null(run_leaf(&run, FIRST - 1));
        assert_null(run_leaf(&run, FIRST + 3));
        assert_null(run_entry(&run, FIRST + 3));
        run_release(&run);
        assert_null(run_leaf(&run, FIRST));
    }
}

static void nodes_are_kept_of_more_records_than_one_is_above(void **state)
{
    uint8_t leaf[LEAF_BYTES];
    const struct leaf_fields gap = {.kind = LEAF_KIND_GAP, .first_seq = 1, .count = 200};

    (void)state;
    assert_int_equal(node_count(0), 0);
    assert_int_equal(node_count(NODE_RECORDS), 0);
    assert_int_equal(node_count(NODE_RECORDS + 1), 2);
    assert_int_equal(node_count(3 * NODE_RECORDS), 3);
    leaf_encode(&gap, leaf); /* of lost records nothing is known */
    assert_int_equal(leaf_record_count(leaf), 0);
    assert_int_equal(run_entry_bytes(leaf), ENTRY_BYTES);
}

/* Neither half of a leaf is there that found no room. */
static void a_full_run_stays_as_it_was(void **state)
{
    struct error err = {0};

    (void)state;
    for (int which = 0; which < 2; which++) {
        struct run run;
        run_init(&run);
        struct buf *full = which == 0 ? &run.leaves : &run.entries;
        size_t most = full->max_bytes;
        full->max_bytes = which == 0 ? LEAF_BYTES : ENTRY_BYTES + 2 * HASH_BYTES; /* of one leaf */
        assert_int_equal(add(&run, FIRST, 100, &err), STATUS_OK);
        size_t leaves = run.leaves.size, entries = run.entries.size;
        assert_int_equal(add(&run, FIRST + 1, 100, &err), STATUS_LIMIT);
        assert_int_equal(run.leaves.size, leaves);
        assert_int_equal(run.entries.size, entries);
        assert_null(run_leaf(&run, FIRST + 1));
        assert_entry(&run, FIRST, 100);
        full->max_bytes = most;
        assert_int_equal(add(&run, FIRST + 1, 100, &err), STATUS_OK);
        assert_entry(&run, FIRST + 1, 100);
        run_release(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_whatever_is_before_them),
        cmocka_unit_test(nodes_are_kept_of_more_records_than_one_is_above),
        cmocka_unit_test(a_full_run_stays_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
