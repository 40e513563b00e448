/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/answer_priv.h"

#include "base/limits.h"
#include "ingest/split_priv.h"
#include "ingest/world.h"

static const uint32_t duplicate_indexes[] = {0, 3, 1000};

static struct ingest_answer sample(struct ingest_quarantined quarantined[2])
{
    quarantined[0] = (struct ingest_quarantined){1, quarantine_text(QUARANTINE_TOO_DEEP)};
    quarantined[1] = (struct ingest_quarantined){70, quarantine_text(QUARANTINE_ARRAY_REST)};
    return (struct ingest_answer){.records = 1005,
                                  .stored = 1000,
                                  .duplicates = 3,
                                  .conflicting = 2,
                                  .foreign = 1,
                                  .duplicate_indexes = duplicate_indexes,
                                  .quarantined = quarantined,
                                  .quarantined_count = 2,
                                  .first_seq = UINT64_C(1) << 40,
                                  .count = 1002};
}

static struct leaf_receipt make_receipt(uint64_t index)
{
    struct leaf_receipt receipt = {
        .fields = {.leaf_index = index, .first_seq = 7, .count = 9, .time_us = 12345}};

    memset(receipt.fields.leaf_hash, (int)index, sizeof(receipt.fields.leaf_hash));
    memset(receipt.seed, (int)index + 1, sizeof(receipt.seed));
    return receipt;
}

static void an_answer_reads_back(void **state)
{
    struct ingest_quarantined quarantined[2];
    struct ingest_answer answer = sample(quarantined), back;
    struct leaf_receipt items[] = {make_receipt(4), make_receipt(5)};
    struct receipts receipts = {items, 2}, receipts_back;
    struct arena *arena = arena_new(MIB);
    struct buf bytes;
    struct error err;

    (void)state;
    buf_init(&bytes, MIB);
    answer_encode(&answer, &receipts, &bytes);
    ASSERT_OK(answer_decode(buf_slice(&bytes), arena, &back, &receipts_back, &err));
    assert_int_equal(back.records, 1005);
    assert_int_equal(back.stored, 1000);
    assert_int_equal(back.duplicates, 3);
    assert_int_equal(back.conflicting, 2);
    assert_int_equal(back.foreign, 1);
    assert_int_equal(back.first_seq, UINT64_C(1) << 40);
    assert_int_equal(back.count, 1002);
    assert_memory_equal(back.duplicate_indexes, duplicate_indexes, sizeof(duplicate_indexes));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(back.quarantined[i].index, quarantined[i].index);
        assert_ptr_equal(back.quarantined[i].reason, quarantined[i].reason);
    }
    assert_int_equal(receipts_back.count, 2);
    assert_memory_equal(receipts_back.items, items, sizeof(items));
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(answer_decode(slice_head(buf_slice(&bytes), size), arena, &back,
                                       &receipts_back, &err),
                         STATUS_CORRUPT);
    buf_add_byte(&bytes, 0);
    assert_int_equal(answer_decode(buf_slice(&bytes), arena, &back, &receipts_back, &err),
                     STATUS_CORRUPT);
    buf_release(&bytes);
    arena_free(arena);
}

static void a_receipt_is_one_note_a_leaf(void **state)
{
    struct world w;
    struct leaf_receipt items[] = {make_receipt(4), make_receipt(5)};
    struct receipts receipts = {items, 2};
    struct ingest_answer one = {.records = 0}, two = one;
    struct arena *arena = arena_new(MIB);
    struct error err;

    (void)state;
    world_new(&w);
    ASSERT_OK(answer_sign(w.keyring, &w.tenant, &receipts, arena, &two, &err));
    assert_int_equal(two.seeds.size, 2 * SEED_BYTES);
    assert_memory_equal(two.seeds.data + SEED_BYTES, items[1].seed, SEED_BYTES);
    receipts.count = 1;
    ASSERT_OK(answer_sign(w.keyring, &w.tenant, &receipts, arena, &one, &err));
    assert_true(slice_starts_with(two.receipt, one.receipt));
    assert_int_equal(two.receipt.data[one.receipt.size], '\n');
    world_free(&w);
    arena_free(arena);
}

static void what_cannot_be_signed_is_answered_without_receipt(void **state)
{
    struct world w;
    struct leaf_receipt item = make_receipt(4);
    struct receipts receipts = {&item, 1};
    struct ingest_answer answer = {.records = 1};
    struct arena *arena = arena_new(MIB);
    struct guid unknown = guid_new();
    struct error err;

    (void)state;
    world_new(&w);
    ASSERT_OK(answer_sign(w.keyring, &unknown, &receipts, arena, &answer, &err));
    assert_int_equal(answer.receipt.size, 0);
    assert_int_equal(answer.seeds.size, SEED_BYTES);
    receipts.count = 0;
    ASSERT_OK(answer_sign(w.keyring, &w.tenant, &receipts, arena, &answer, &err));
    assert_int_equal(answer.receipt.size, 0);
    world_free(&w);
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_reads_back),
        cmocka_unit_test(a_receipt_is_one_note_a_leaf),
        cmocka_unit_test(what_cannot_be_signed_is_answered_without_receipt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
