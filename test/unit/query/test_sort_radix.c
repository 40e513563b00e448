/* SPDX-License-Identifier: Apache-2.0 */
/* Words and entries in the order of some of their bits, against what insertion finds. */
#include "test.h"

#include "query/fn_priv.h"
#include "query/sort_radix_priv.h"

#include <stdlib.h>

#define ROWS_MAX 20000u

static const uint32_t counts[] = {0, 1, 2, 24, 25, 100, 5000, ROWS_MAX};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state >> 20;
}

/* The row stands in the low bits; what is above `bits` more is the same everywhere. */
static void words_are_sorted(void **state)
{
    static uint64_t list[ROWS_MAX], spare[ROWS_MAX];
    atomic_bool cancelled = false;
    struct query_request request = {.cancelled = &cancelled};
    struct query query = {.request = &request, .deadline_us = UINT64_MAX};
    const struct run run = {.query = &query};
    struct error err = {.status = STATUS_OK};
    uint64_t random = 1;

    (void)state;
    for (uint32_t bits = 0; bits <= 40; bits += 5) {
        for (uint32_t c = 0; c < COUNT_OF(counts); c++) {
            for (uint32_t i = 0; i < counts[c]; i++) {
                uint64_t key = next_random(&random) & ((UINT64_C(1) << bits) - 1);
                list[i] = UINT64_C(5) << 60 | key << 18 | i;
            }
            uint64_t *sorted = list, *other = spare;
            ASSERT_OK(sort_words(&run, &sorted, &other, counts[c], 18, bits, &err));
            assert_true(sorted == list || sorted == spare);
            for (uint32_t i = 1; i < counts[c]; i++)
                assert_true(sorted[i - 1] < sorted[i]); /* equal ones as they came */
        }
    }
    uint64_t *sorted = list, *other = spare;
    atomic_store(&cancelled, true);
    ASSERT_STATUS(STATUS_CANCELLED,
                  sort_words(&run, &sorted, &other, ROWS_MAX, 0, 20, &err));
}

static void entries_are_sorted(void **state)
{
    static struct sort_entry list[ROWS_MAX], spare[ROWS_MAX];
    atomic_bool cancelled = false;
    struct query_request request = {.cancelled = &cancelled};
    struct query query = {.request = &request, .deadline_us = UINT64_MAX};
    struct run run = {.query = &query};
    struct error err = {.status = STATUS_OK};
    uint64_t random = 1;

    (void)state;
    for (uint32_t bits = 1; bits <= 41; bits += 8) {
        for (uint32_t c = 0; c < COUNT_OF(counts); c++) {
            struct sort_entry *sorted = list, *other = spare;
            for (uint32_t i = 0; i < counts[c]; i++) {
                uint64_t key = next_random(&random) & ((UINT64_C(1) << bits) - 1);
                list[i] = (struct sort_entry){.key = key, .row = i};
            }
            ASSERT_OK(sort_entries(&run, &sorted, &other, counts[c], bits, &err));
            for (uint32_t i = 1; i < counts[c]; i++) {
                assert_true(sorted[i - 1].key <= sorted[i].key);
                assert_true(sorted[i - 1].key < sorted[i].key ||
                            sorted[i - 1].row < sorted[i].row);
            }
        }
    }
    struct sort_entry *sorted = list, *other = spare;
    atomic_store(&cancelled, true);
    ASSERT_STATUS(STATUS_CANCELLED,
                  sort_entries(&run, &sorted, &other, ROWS_MAX, 20, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_sorted),
        cmocka_unit_test(entries_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
