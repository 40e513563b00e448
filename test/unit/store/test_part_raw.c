/* SPDX-License-Identifier: Apache-2.0 */
/* A part of whole records is the same rows. */
#include "store/row_tag_priv.h"
#include "store/segment_fixture.h"

static uint32_t row_of(const struct part *part, uint64_t seq)
{
    for (uint32_t r = 0; r < part->row_count; r++)
        if (part->seqs[r] == seq)
            return r;
    fail_msg("no row %llu", (unsigned long long)seq);
    return 0;
}

static void every_row_keeps_its_bytes_and_times(void **state)
{
    (void)state;
    struct batch_maker m;
    struct part *halves[2], *joined = NULL, *raw = NULL;
    struct buf want, got;
    struct error err;
    uint32_t end = 0;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 200, 1);
    batch_maker_add(&m, SLICE("no object"), 5);
    struct record_batch first = m.batch, second = m.batch;
    first.record_count = 100;
    second.records += 100;
    second.record_count = 101;
    second.received_us += 1000;
    assert_int_equal(part_from_records(&first, &halves[0], &err), STATUS_OK);
    assert_int_equal(part_from_records(&second, &halves[1], &err), STATUS_OK);
    assert_int_equal(part_join(halves, 2, &joined, &err), STATUS_OK);
    assert_int_equal(part_raw(joined, 0, &raw, &end, &err), STATUS_OK);
    assert_int_equal(end, 201);
    assert_int_equal(raw->row_count, 201);
    assert_int_equal(raw->received_min, joined->received_min);
    assert_int_equal(raw->received_max, joined->received_max);
    assert_int_equal(raw->wal_file_max, joined->wal_file_max);
    buf_init(&want, MIB);
    buf_init(&got, MIB);
    for (uint32_t r = 0; r < joined->row_count; r++) {
        uint32_t at = row_of(raw, joined->seqs[r]);
        buf_clear(&want);
        buf_clear(&got);
        part_render(joined, r, &want);
        part_render(raw, at, &got);
        assert_true(slice_equal(buf_slice(&want), buf_slice(&got)));
        assert_true(raw->shapes[part_root_shape(raw, at)].is_raw);
        assert_int_equal(raw->received_us[at], joined->received_us[r]);
        assert_int_equal(raw->tags[at], row_tag(joined->seqs[r], buf_slice(&want)));
        assert_int_equal(raw->event_times[at], joined->event_times[r]);
        assert_int_equal(raw->row_flags[at], joined->row_flags[r]);
        assert_true(raw->reasons[at] == joined->reasons[r]);
    }
    buf_release(&want);
    buf_release(&got);
    part_unref(raw);
    part_unref(joined);
    part_unref(halves[0]);
    part_unref(halves[1]);
    batch_maker_release(&m);
}

/* What the columns give back may be wrong, and that is when the rows are kept whole. */
static void tags_are_those_of_the_bytes_that_came(void **state)
{
    (void)state;
    struct batch_maker m;
    struct part *part = NULL, *raw = NULL;
    struct error err;
    uint32_t end = 0;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 20, 1);
    assert_int_equal(part_from_records(&m.batch, &part, &err), STATUS_OK);
    part->tags[7] ^= 1;
    assert_int_equal(part_raw(part, 0, &raw, &end, &err), STATUS_OK);
    assert_int_equal(raw->tags[row_of(raw, part->seqs[7])], part->tags[7]);
    part_unref(raw);
    part->tags = NULL;
    assert_int_equal(part_raw(part, 0, &raw, &end, &err), STATUS_OK);
    assert_null(raw->tags);
    part_unref(raw);
    part_unref(part);
    batch_maker_release(&m);
}

/* Of equal texts a part has one; whole, each row has its own. */
static void large_rows_are_taken_in_pieces(void **state)
{
    enum { ROWS = 20, FITTING = PART_RAW_BYTES_MAX / (2 * MIB) };
    static char text[2 * MIB + 1];
    struct batch_maker m;
    struct part *halves[2], *joined = NULL;
    struct error err;

    (void)state;
    (void)snprintf(text, sizeof(text), "{\"a\":\"%*d\"}", (int)sizeof(text) - 9, 7);
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < ROWS; i++)
        batch_maker_add(&m, slice_of(text), i);
    struct record_batch first = m.batch, second = m.batch;
    first.record_count = second.record_count = ROWS / 2;
    second.records += ROWS / 2;
    second.received_us += 1000;
    assert_int_equal(part_from_records(&first, &halves[0], &err), STATUS_OK);
    assert_int_equal(part_from_records(&second, &halves[1], &err), STATUS_OK);
    assert_int_equal(part_join(halves, 2, &joined, &err), STATUS_OK);
    for (uint32_t from = 0, end = 0; from < ROWS; from = end) {
        struct part *raw = NULL;
        assert_int_equal(part_raw(joined, from, &raw, &end, &err), STATUS_OK);
        uint32_t count = ROWS - from < FITTING ? ROWS - from : FITTING;
        assert_int_equal(end - from, count);
        assert_int_equal(raw->row_count, count);
        assert_true(raw->raw_bytes <= PART_RAW_BYTES_MAX);
        assert_int_equal(raw->seq_min, joined->seqs[from]);
        assert_int_equal(raw->received_min, joined->received_us[from]);
        assert_int_equal(raw->received_max, joined->received_us[end - 1]);
        for (uint32_t r = 0; r < count; r++)
            assert_int_equal(raw->tags[row_of(raw, joined->seqs[from + r])],
                             joined->tags[from + r]);
        part_unref(raw);
    }
    part_unref(joined);
    part_unref(halves[0]);
    part_unref(halves[1]);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_keeps_its_bytes_and_times),
        cmocka_unit_test(tags_are_those_of_the_bytes_that_came),
        cmocka_unit_test(large_rows_are_taken_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
