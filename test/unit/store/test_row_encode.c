/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, times, receipts and flags of rows come back. */
#include "store/column_priv.h"

#include "store/segment_fixture.h"

#define ROWS 500u

/* kind 0: regular, 1: wild; stride: of the numbers */
static void trip(int kind, uint64_t stride)
{
    struct rng rng = {3};
    uint64_t seqs[ROWS];
    int64_t times[ROWS], received[ROWS];
    uint8_t flags[ROWS];
    struct part part = {.row_count = ROWS, .seqs = seqs, .event_times = times,
                        .received_us = received, .row_flags = flags, .time_min = INT64_MAX,
                        .received_min = INT64_MAX, .time_max = INT64_MIN,
                        .received_max = INT64_MIN, .seq_min = 1000,
                        .seq_max = 1000 + (ROWS - 1) * stride};
    const void *const wanted[] = {seqs, times, received, flags};
    struct error err;

    for (uint32_t r = 0; r < ROWS; r++) {
        seqs[r] = 1000 + (r * 7) % ROWS * stride;
        times[r] = FIXTURE_TIME + (int64_t)rng_below(&rng, 1000000) * (kind == 0 ? 10000000 : 7);
        received[r] = kind == 0 ? (int64_t)(seqs[r] / 100) * 1000 : (int64_t)rng_next(&rng) >> 2;
        flags[r] = kind == 0 ? 4 : (uint8_t)(r & 1);
        part.time_min = times[r] < part.time_min ? times[r] : part.time_min;
        part.time_max = times[r] > part.time_max ? times[r] : part.time_max;
        part.received_min = received[r] < part.received_min ? received[r] : part.received_min;
        part.received_max = received[r] > part.received_max ? received[r] : part.received_max;
    }
    for (int which = 0; which < ROW_DATA_COUNT_; which++) {
        struct column_entry entry;
        struct cache_memory memory = {.bytes_max = MIB};
        struct buf blob;
        void *found = NULL;
        buf_init(&blob, MIB);
        assert_int_equal(row_data_encode(&part, (enum row_data)which,
                                         packing_for(part.row_count, 3), &blob, &entry, &err),
                         STATUS_OK);
        assert_int_equal(row_data_decode(&part, (enum row_data)which, &entry, buf_slice(&blob),
                                         &memory, &found, &err),
                         STATUS_OK);
        assert_memory_equal(found, wanted[which], ROWS * (which == ROW_FLAGS ? 1 : 8));
        for (size_t size = 0; size < blob.size; size++)
            assert_int_equal(row_data_decode(&part, (enum row_data)which, &entry,
                                             slice_head(buf_slice(&blob), size), &memory, &found,
                                             &err),
                             STATUS_CORRUPT);
        cache_memory_free(&memory);
        buf_release(&blob);
    }
}

static void regular_rows_come_back(void **state)
{
    (void)state;
    trip(0, 1);
}

static void rows_with_gaps_between_their_numbers_come_back(void **state)
{
    (void)state;
    trip(0, 3);
    trip(0, 1000);
}

static void wild_rows_come_back(void **state)
{
    (void)state;
    trip(1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regular_rows_come_back),
        cmocka_unit_test(rows_with_gaps_between_their_numbers_come_back),
        cmocka_unit_test(wild_rows_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
