/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/highest.h"
#include "base/random.h"

#include <stdlib.h>

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x < y) - (x > y);
}

static void the_bound_is_the_last_of_the_n_highest(void **state)
{
    static int64_t all[2000];
    int64_t room[100];
    struct rng rng = {7};

    (void)state;
    for (uint32_t capacity = 1; capacity <= 100; capacity += 11) {
        struct highest highest;
        highest_init(&highest, room, capacity);
        for (uint32_t i = 0; i < 2000; i++) {
            all[i] = (int64_t)rng_below(&rng, 500) - 250;
            highest_add(&highest, all[i]);
            if (i % 97 != 0)
                continue;
            qsort(all, i + 1, sizeof(all[0]), descending);
            assert_int_equal(highest_bound(&highest),
                             i + 1 < capacity ? INT64_MIN : all[capacity - 1]);
        }
    }
}

static void extremes_count(void **state)
{
    int64_t room[2];
    struct highest highest;

    (void)state;
    highest_init(&highest, room, 2);
    assert_int_equal(highest_bound(&highest), INT64_MIN);
    highest_add(&highest, INT64_MIN);
    highest_add(&highest, INT64_MAX);
    assert_int_equal(highest_bound(&highest), INT64_MIN);
    highest_add(&highest, INT64_MAX);
    assert_int_equal(highest_bound(&highest), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_is_the_last_of_the_n_highest),
        cmocka_unit_test(extremes_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
