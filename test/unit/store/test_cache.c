/* SPDX-License-Identifier: Apache-2.0 */
/* The cache keeps what is used, within its bound. */
#include "store/cache_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int freed;

static void release(void *payload)
{
    free(payload);
    freed++;
}

static struct cache_entry *add(struct cache *cache, uint64_t owner, uint32_t item, size_t bytes)
{
    struct cache_entry *entry = cache_add(cache, owner, item, malloc(1), release, bytes);

    assert_non_null(entry);
    return entry;
}

static void the_least_recently_used_leaves_first(void **state)
{
    (void)state;
    struct cache *cache = cache_new(3000);
    freed = 0;
    for (uint32_t i = 0; i < 2; i++)
        cache_unpin(add(cache, 1, i, 1000));
    cache_unpin(cache_find(cache, 1, 0)); /* used again */
    cache_unpin(add(cache, 1, 2, 1000));
    struct cache_entry *kept = cache_find(cache, 1, 0);
    assert_non_null(kept);
    cache_unpin(kept);
    assert_null(cache_find(cache, 1, 1));
    assert_int_equal(freed, 1);
    struct cache_stats stats;
    cache_stats(cache, &stats);
    assert_true(stats.bytes <= 3000);
    assert_int_equal(stats.hits, 2);
    assert_int_equal(stats.misses, 1);
    cache_free(cache);
    assert_int_equal(freed, 3);
}

/* Asks for the items [begin, end) of an owner, each of 1,000 bytes; how many were there. */
static uint32_t ask(struct cache *cache, uint64_t owner, uint32_t begin, uint32_t end)
{
    uint32_t found = 0;

    for (uint32_t i = begin; i < end; i++) {
        struct cache_entry *entry = cache_find(cache, owner, i);
        found += entry != NULL;
        cache_unpin(entry != NULL ? entry : add(cache, owner, i, 1000 - sizeof(*entry)));
    }
    return found;
}

static void a_scan_greater_than_the_cache_hits_what_fits(void **state)
{
    (void)state;
    struct cache *cache = cache_new(80 * 1000);
    struct cache_stats stats;
    for (int pass = 0; pass < 2; pass++)
        (void)ask(cache, 1, 0, 100);
    for (int pass = 0; pass < 5; pass++)
        assert_in_range(ask(cache, 1, 0, 100), 65, 80);
    cache_stats(cache, &stats);
    assert_true(stats.bytes <= 80 * 1000);
    cache_free(cache);
}

static void what_is_used_again_outlives_a_scan(void **state)
{
    (void)state;
    struct cache *cache = cache_new(80 * 1000);
    for (int pass = 0; pass < 2; pass++)
        (void)ask(cache, 1, 0, 60);
    (void)ask(cache, 2, 0, 5000);
    assert_int_equal(ask(cache, 1, 0, 60), 60);
    cache_free(cache);
}

static void another_set_takes_the_place_of_the_last(void **state)
{
    (void)state;
    struct cache *cache = cache_new(80 * 1000);
    for (uint64_t owner = 1; owner < 5; owner++) {
        for (int pass = 0; pass < 2; pass++)
            (void)ask(cache, owner, 0, 60);
        assert_int_equal(ask(cache, owner, 0, 60), 60);
    }
    cache_free(cache);
}

static void what_is_pinned_stays_whatever_it_costs(void **state)
{
    (void)state;
    struct cache *cache = cache_new(10);
    freed = 0;
    struct cache_entry *a = add(cache, 1, 0, 1000), *b = add(cache, 1, 1, 1000);
    assert_int_equal(freed, 0);
    cache_unpin(a);
    cache_unpin(b);
    assert_int_equal(freed, 2);
    cache_free(cache);
}

static void two_that_make_the_same_share_one(void **state)
{
    (void)state;
    struct cache *cache = cache_new(10000);
    freed = 0;
    struct cache_entry *a = add(cache, 1, 0, 10), *b = add(cache, 1, 0, 10);
    assert_ptr_equal(a, b);
    assert_int_equal(freed, 1);
    cache_unpin(a);
    cache_unpin(b);
    cache_free(cache);
}

static void entries_of_a_dropped_owner_go_when_unpinned(void **state)
{
    (void)state;
    struct cache *cache = cache_new(10000);
    freed = 0;
    struct cache_entry *a = add(cache, 1, 0, 10);
    cache_unpin(add(cache, 1, 1, 10));
    cache_unpin(add(cache, 2, 0, 10));
    cache_drop(cache, 1);
    assert_int_equal(freed, 1);
    assert_null(cache_find(cache, 1, 0));
    cache_unpin(a);
    assert_int_equal(freed, 2);
    cache_unpin(cache_find(cache, 2, 0));
    cache_free(cache);
    assert_int_equal(freed, 3);
}

static void memory_of_columns_is_zeroed_and_bounded(void **state)
{
    (void)state;
    struct cache_memory memory = {.bytes_max = 100000};
    struct error err;
    char *small = cache_memory_alloc(&memory, 10, &err);
    char *large = cache_memory_alloc(&memory, 60000, &err);
    assert_non_null(small);
    assert_non_null(large);
    assert_int_equal(small[9] | large[59999], 0);
    assert_null(cache_memory_alloc(&memory, 60000, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    cache_memory_free(&memory);
    assert_int_equal(memory.bytes, 0);
}

static void memory_that_comes_back_is_zeroed_again(void **state)
{
    (void)state;
    struct error err;
    for (int round = 0; round < 4; round++) {
        struct cache_memory memory = {0};
        for (size_t size = 20000; size < 3000000; size *= 3) {
            char *bytes = cache_memory_alloc(&memory, size, &err);
            assert_non_null(bytes);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(bytes[i], 0);
            memset(bytes, 0x5a, size);
        }
        cache_memory_free(&memory);
    }
}

static void count_freed(void *payload)
{
    *(unsigned *)payload += 1;
}

static void an_owner_takes_its_entries_along(void **state)
{
    (void)state;
    struct cache *cache = cache_new(64 * MIB);
    struct cache_entry *pinned = NULL;
    unsigned gone[3] = {0};
    for (uint32_t i = 0; i < 3000; i++) {
        uint64_t owner = 1000 + i % 3;
        struct cache_entry *entry =
            cache_add(cache, owner, i, &gone[i % 3], count_freed, 100);
        assert_non_null(entry);
        if (i == 4)
            pinned = entry;
        else
            cache_unpin(entry);
    }
    cache_drop(cache, 1001);
    assert_int_equal(gone[0], 0);
    assert_int_equal(gone[1], 999); /* one is pinned */
    assert_null(cache_find(cache, 1001, 7));
    assert_null(cache_find(cache, 1001, 4));
    cache_unpin(pinned);
    assert_int_equal(gone[1], 1000);
    cache_drop(cache, 1001);
    cache_drop(cache, 1000);
    assert_int_equal(gone[0], 1000);
    struct cache_entry *left = cache_find(cache, 1002, 2);
    assert_non_null(left);
    cache_unpin(left);
    cache_free(cache);
    assert_int_equal(gone[2], 1000);
}

static void add_eight(struct cache *cache, uint64_t owner)
{
    for (uint32_t i = 0; i < 8; i++)
        cache_unpin(add(cache, owner, i, 900));
}

static void what_owners_take_leaves_less_room(void **state)
{
    struct cache_stats stats;

    (void)state;
    struct cache *cache = cache_new(8000);
    add_eight(cache, 1);
    cache_stats(cache, &stats);
    assert_in_range(stats.bytes, 7000, 8000);
    cache_hold(cache, 4000);
    cache_stats(cache, &stats);
    assert_in_range(stats.bytes, 3000, 4000);
    cache_hold(cache, 100000); /* a quarter is always there */
    cache_unpin(add(cache, 1, 9, 900));
    cache_stats(cache, &stats);
    assert_in_range(stats.bytes, 1000, 2000);
    cache_let_go(cache, 104000);
    add_eight(cache, 2);
    cache_stats(cache, &stats);
    assert_in_range(stats.bytes, 7000, 8000);
    cache_hold(cache, 2000);
    cache_set_beside(cache, 3000);
    cache_stats(cache, &stats);
    assert_in_range(stats.bytes, 2000, 3000);
    cache_set_beside(cache, 0);
    add_eight(cache, 3);
    cache_stats(cache, &stats);
    assert_in_range(stats.bytes, 5000, 6000);
    cache_let_go(cache, 2000);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_leaves_first),
        cmocka_unit_test(a_scan_greater_than_the_cache_hits_what_fits),
        cmocka_unit_test(what_is_used_again_outlives_a_scan),
        cmocka_unit_test(another_set_takes_the_place_of_the_last),
        cmocka_unit_test(what_is_pinned_stays_whatever_it_costs),
        cmocka_unit_test(two_that_make_the_same_share_one),
        cmocka_unit_test(entries_of_a_dropped_owner_go_when_unpinned),
        cmocka_unit_test(memory_of_columns_is_zeroed_and_bounded),
        cmocka_unit_test(memory_that_comes_back_is_zeroed_again),
        cmocka_unit_test(an_owner_takes_its_entries_along),
        cmocka_unit_test(what_owners_take_leaves_less_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
