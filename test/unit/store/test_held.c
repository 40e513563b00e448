/* SPDX-License-Identifier: Apache-2.0 */
/* Small batches in memory as text, and the parts that are made of them. */
#include "store/held_priv.h"

#include "base/crew.h"
#include "store/part_maker.h"

static void make(struct batch_maker *m, uint64_t seq, uint32_t count)
{
    batch_maker_init(m, "AuditRecords", 1);
    m->next_seq = seq;
    m->batch.wal_file = 7;
    for (uint32_t i = 0; i < count; i++) {
        char line[256];
        int size = snprintf(line, sizeof(line),
                            "{\"Id\":%u , \"Items\":[{\"a\":\"\\u00e4\"},%u]}", i, i % 3);
        batch_maker_add(m, slice_from(line, (size_t)size), 1000 - (int64_t)i);
    }
}

static void check(const struct part *part, const struct batch_maker *m)
{
    uint64_t first = m->records[0].seq;

    check_part(part, m, first);
    for (uint32_t r = 0; r < part->row_count; r++) {
        if (part->seqs[r] >= first && part->seqs[r] - first < m->batch.record_count)
            assert_int_equal(part->received_us[r], m->batch.received_us);
    }
}

static void a_small_batch_is_text_until_it_is_asked_for(void **state)
{
    (void)state;
    struct batch_maker m;
    struct held_pool pool = {0};
    struct held *held = NULL;
    struct part *part = NULL, *again = NULL, *direct = NULL;
    struct error err;
    make(&m, 40, 5);
    batch_maker_add(&m, SLICE("no record"), 2000);
    assert_int_equal(held_from_batch(&m.batch, &pool, &held, &err), STATUS_OK);
    assert_true(held_is_text(held));
    assert_int_equal(held->row_count, 6);
    assert_int_equal(held->quarantined_count, 1);
    assert_int_equal(held->seq_min, 40);
    assert_int_equal(held->seq_max, 45);
    assert_int_equal(held->time_min, 996);
    assert_int_equal(held->time_max, 2000);
    assert_int_equal(held->wal_file_max, 7);
    assert_true(slice_is(held->table, "AuditRecords"));
    assert_int_equal(part_from_records(&m.batch, &direct, &err), STATUS_OK);
    assert_true(held_bytes(held) < part_memory_bytes(direct) / 4);
    assert_int_equal(held_part(held, &part, &err), STATUS_OK);
    assert_int_equal(part->row_count, 6);
    assert_true(held->value_count >= part->value_count);
    assert_int_equal(part->shape_count, direct->shape_count);
    assert_int_equal(part->wal_file_max, 7);
    assert_int_equal(part->time_min, held->time_min);
    assert_int_equal(part->seq_max, held->seq_max);
    check(part, &m);
    assert_int_equal(held_part(held, &again, &err), STATUS_OK);
    assert_ptr_equal(again, part); /* it was kept */
    assert_int_equal(atomic_load(&pool.bytes), part_memory_bytes(part));
    part_unref(again);
    held_unref(held_ref(held));
    held_unref(held);
    assert_int_equal(atomic_load(&pool.bytes), 0);
    check(part, &m); /* lives as long as somebody has it */
    part_unref(part);
    part_unref(direct);
    batch_maker_release(&m);
}

static void a_full_pool_keeps_nothing(void **state)
{
    (void)state;
    struct batch_maker m;
    struct held_pool pool;
    struct held *held = NULL;
    struct part *part = NULL, *again = NULL;
    struct error err;
    atomic_init(&pool.bytes, HELD_PARTS_BYTES_MAX);
    make(&m, 1, 3);
    assert_int_equal(held_from_batch(&m.batch, &pool, &held, &err), STATUS_OK);
    assert_int_equal(held_part(held, &part, &err), STATUS_OK);
    assert_int_equal(held_part(held, &again, &err), STATUS_OK);
    assert_ptr_not_equal(part, again);
    assert_int_equal(atomic_load(&pool.bytes), HELD_PARTS_BYTES_MAX);
    check(again, &m);
    part_unref(part);
    part_unref(again);
    held_unref(held);
    batch_maker_release(&m);
}

static void many_rows_or_bytes_are_a_part_at_once(void **state)
{
    (void)state;
    struct batch_maker m;
    struct held_pool pool = {0};
    struct held *held = NULL;
    struct part *part = NULL;
    struct error err;
    make(&m, 1, HELD_TEXT_ROWS_MAX + 1);
    assert_int_equal(held_from_batch(&m.batch, &pool, &held, &err), STATUS_OK);
    assert_false(held_is_text(held));
    assert_int_equal(held->row_count, HELD_TEXT_ROWS_MAX + 1);
    assert_int_equal(held_part(held, &part, &err), STATUS_OK);
    check(part, &m);
    part_unref(part);
    held_unref(held);
    batch_maker_release(&m);
    char *large = calloc(1, HELD_TEXT_BYTES_MAX + 1);
    assert_non_null(large);
    memset(large, ' ', HELD_TEXT_BYTES_MAX);
    large[0] = '{';
    large[HELD_TEXT_BYTES_MAX - 1] = '}';
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, slice_from(large, HELD_TEXT_BYTES_MAX), 1);
    assert_int_equal(held_from_batch(&m.batch, &pool, &held, &err), STATUS_OK);
    assert_false(held_is_text(held));
    held_unref(held);
    free(large);
    batch_maker_release(&m);
}

static void texts_and_parts_are_joined(void **state)
{
    (void)state;
    struct batch_maker makers[3];
    struct held_pool pool = {0};
    struct held *held[3];
    struct part *part = NULL, *one = NULL;
    struct error err;
    for (uint32_t i = 0; i < 3; i++) {
        make(&makers[i], 1 + 100 * i, i == 1 ? 40 : 4);
        makers[i].batch.received_us += i;
        assert_int_equal(held_from_batch(&makers[i].batch, &pool, &held[i], &err), STATUS_OK);
    }
    assert_int_equal(held_join(held, 3, &part, &err), STATUS_OK);
    assert_int_equal(part->row_count, 48);
    for (uint32_t i = 0; i < 3; i++)
        check(part, &makers[i]);
    assert_int_equal(held_join(held, 1, &one, &err), STATUS_OK);
    assert_int_equal(one->row_count, 4);
    part_unref(one);
    part_unref(part);
    for (uint32_t i = 0; i < 3; i++) {
        held_unref(held[i]);
        batch_maker_release(&makers[i]);
    }
}

#define ZEROS (HELD_TEXT_BYTES_MAX / 2 - 256)
#define FULL_TEXTS (DELIVERY_TOKENS_MAX / ZEROS + 10)

/* Not all of them at once: their tokens would take a hundred times what the texts do. */
static void texts_of_many_values_are_joined(void **state)
{
    (void)state;
    struct batch_maker m;
    struct held_pool pool = {0};
    struct held *held[FULL_TEXTS];
    struct part *part = NULL;
    struct error err;
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < FULL_TEXTS; i++) {
        batch_maker_add_zeros(&m, ZEROS, 1);
        struct record_batch one = m.batch;
        one.records += i;
        one.record_count = 1;
        assert_int_equal(held_from_batch(&one, &pool, &held[i], &err), STATUS_OK);
        assert_true(held_is_text(held[i]));
        assert_true(held[i]->value_count > ZEROS);
    }
    assert_int_equal(held_join(held, FULL_TEXTS, &part, &err), STATUS_OK);
    check(part, &m);
    assert_int_equal(part->value_count, FULL_TEXTS * (ZEROS + 1));
    part_unref(part);
    for (uint32_t i = 0; i < FULL_TEXTS; i++)
        held_unref(held[i]);
    batch_maker_release(&m);
}

#define TEXTS 6u

/* Texts of few rows stay one, with the time at which each row came. */
static void few_texts_become_one_text(void **state)
{
    (void)state;
    struct batch_maker makers[TEXTS];
    struct held_pool pool = {0};
    struct held *held[TEXTS], *pair = NULL, *most = NULL, *all = NULL, *mixed = NULL;
    struct part *part = NULL;
    struct error err;
    for (uint32_t i = 0; i < TEXTS; i++) {
        make(&makers[i], 1 + 100 * i, i < 2 ? 4 : HELD_TEXT_ROWS_MAX);
        makers[i].batch.received_us += i;
        makers[i].batch.wal_file += i;
        assert_int_equal(held_from_batch(&makers[i].batch, &pool, &held[i], &err), STATUS_OK);
    }
    assert_int_equal(held_merge(held, 2, &pair, &err), STATUS_OK);
    assert_true(held_is_text(pair));
    assert_int_equal(pair->row_count, 8);
    assert_int_equal(pair->seq_max, 104);
    assert_int_equal(pair->wal_file_max, 8);
    assert_int_equal(held_part(pair, &part, &err), STATUS_OK);
    check(part, &makers[0]);
    check(part, &makers[1]);
    part_unref(part);
    /* With the last one it has too many rows, but each still has its time. */
    struct held *few[] = {pair, held[2], held[3], held[4]};
    assert_int_equal(held_merge(few, 4, &most, &err), STATUS_OK);
    assert_true(held_is_text(most));
    struct held *rest[] = {most, held[5]};
    assert_int_equal(held_merge(rest, 2, &all, &err), STATUS_OK);
    assert_false(held_is_text(all));
    assert_int_equal(held_part(all, &part, &err), STATUS_OK);
    for (uint32_t i = 0; i < TEXTS; i++)
        check(part, &makers[i]);
    part_unref(part);
    struct held *both[] = {held[0], all};
    assert_int_equal(held_merge(both, 2, &mixed, &err), STATUS_OK);
    assert_false(held_is_text(mixed));
    assert_int_equal(mixed->row_count, all->row_count + 4);
    held_unref(mixed);
    held_unref(all);
    held_unref(most);
    held_unref(pair);
    for (uint32_t i = 0; i < TEXTS; i++) {
        held_unref(held[i]);
        batch_maker_release(&makers[i]);
    }
}

static void ask(void *context, uint32_t index)
{
    struct error err;

    (void)index;
    for (int i = 0; i < 200; i++) {
        struct part *part = NULL;
        assert_int_equal(held_part(context, &part, &err), STATUS_OK);
        assert_int_equal(part->row_count, 4);
        part_unref(part);
    }
}

static void threads_that_ask_at_once_get_the_rows(void **state)
{
    (void)state;
    struct batch_maker m;
    struct held_pool pool = {0};
    struct held *held = NULL;
    struct error err;
    make(&m, 1, 4);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(held_from_batch(&m.batch, &pool, &held, &err), STATUS_OK);
        crew_run(4, ask, held);
        assert_true(atomic_load(&pool.bytes) > 0);
        held_unref(held);
        assert_int_equal(atomic_load(&pool.bytes), 0);
    }
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_batch_is_text_until_it_is_asked_for),
        cmocka_unit_test(a_full_pool_keeps_nothing),
        cmocka_unit_test(many_rows_or_bytes_are_a_part_at_once),
        cmocka_unit_test(texts_and_parts_are_joined),
        cmocka_unit_test(texts_of_many_values_are_joined),
        cmocka_unit_test(few_texts_become_one_text),
        cmocka_unit_test(threads_that_ask_at_once_get_the_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
