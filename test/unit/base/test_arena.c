/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/slab_priv.h"

static void allocations_are_zeroed_and_aligned(void **state)
{
    struct error err;
    struct arena *arena = arena_new(MIB);

    (void)state;
    for (size_t size = 1; size < 5000; size += 37) {
        unsigned char *memory = arena_alloc(arena, size, &err);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_clear(arena);
    unsigned char *again = arena_alloc(arena, 100, &err);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
    arena_free(arena);
}

/* Of whole huge pages and a rest; a block is not the same memory as another. */
static void great_allocations_are_zeroed_and_kept_apart(void **state)
{
    static const size_t sizes[] = {2 * MIB - 1, 2 * MIB, 5 * MIB + 7};
    struct arena *arena = arena_new(64 * MIB);
    struct error err;

    (void)state;
    for (uint32_t round = 0; round < 2; round++) {
        unsigned char *memory[3];
        for (uint32_t i = 0; i < 3; i++) {
            memory[i] = arena_alloc(arena, sizes[i], &err);
            assert_non_null(memory[i]);
            assert_int_equal((uintptr_t)memory[i] % 16, 0);
            for (size_t at = 0; at < sizes[i]; at++) {
                if (memory[i][at] != 0)
                    fail_msg("byte %zu of %zu is not zero", at, sizes[i]);
            }
            memset(memory[i], (int)i + 1, sizes[i]);
        }
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(memory[i][0], i + 1);
            assert_int_equal(memory[i][sizes[i] - 1], i + 1);
        }
        arena_clear(arena);
    }
    arena_free(arena);
}

static void the_budget_is_a_limit_for_its_owner(void **state)
{
    struct error err;
    struct arena *arena = arena_new(100 * KIB);

    (void)state;
    assert_non_null(arena_alloc(arena, 60 * KIB, &err));
    assert_null(arena_alloc(arena, 60 * KIB, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    assert_non_null(strstr(err.text, "budget"));
    assert_null(arena_alloc_array(arena, SIZE_MAX / 2, 4, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    arena_clear(arena);
    assert_non_null(arena_alloc(arena, 60 * KIB, &err));
    arena_free(arena);
}

static void what_holds_little_takes_little(void **state)
{
    struct error err;
    struct arena *arena = arena_new(100 * MIB);

    (void)state;
    assert_non_null(arena_alloc(arena, 100, &err));
    assert_in_range(arena_used_bytes(arena), 100, ARENA_BLOCK_BYTES_MIN);
    for (int i = 0; i < 10000; i++) {
        size_t size = 1 + (size_t)i * 7919 % (ARENA_BLOCK_BYTES / 4);
        assert_non_null(arena_alloc(arena, size, &err));
        arena_clear(arena);
        assert_true(arena_used_bytes(arena) <= ARENA_BLOCK_BYTES);
    }
    arena_free(arena);
}

static void what_stays_is_in_slabs(void **state)
{
    struct error err;
    struct arena *arena = arena_new_apart(100 * MIB);

    (void)state;
    assert_non_null(arena);
    size_t before = slab_bytes();
    for (int i = 0; i < 1000; i++) {
        unsigned char *memory = arena_alloc(arena, i % 50 == 0 ? 60 * KIB : 900, &err);
        assert_non_null(memory);
        memset(memory, i, 900);
    }
    size_t taken = slab_bytes() - before;
    if (SLAB_IN_HEAP) /* under a sanitizer nothing is */
        assert_int_equal(taken, 0);
    else
        assert_in_range(taken, 900 * KIB, 2 * MIB); /* what is larger is not */
    arena_clear(arena);
    assert_non_null(arena_alloc(arena, 900, &err));
    arena_free(arena);
    assert_true(slab_bytes() <= 256 * KIB);
}

/* And what does not leave room for one still has blocks as long as there is room for these. */
static void what_holds_much_takes_huge_pages(void **state)
{
    struct error err = {0};
    struct arena *arena = arena_new(16 * MIB);
    size_t before = 0;

    (void)state;
    assert_non_null(arena_alloc_raw(arena, 8 * MIB, &err));
    for (uint32_t i = 0; i < 4 * 1024; i++) {
        unsigned char *memory = arena_alloc_raw(arena, i % 7 == 0 ? 20000 : 200, &err);
        assert_non_null(memory);
        memset(memory, 0xff, 200);
        if (i == 0)
            before = arena_used_bytes(arena);
        if (arena_used_bytes(arena) + 64 * KIB > 16 * MIB)
            break;
    }
    assert_true(before > 9 * MIB); /* of the first small one */
    assert_true(arena_used_bytes(arena) > 15 * MIB);
    arena_clear(arena);
    assert_true(arena_used_bytes(arena) <= ARENA_BLOCK_BYTES);
    arena_free(arena);
}

static void a_shared_arena_draws_on_the_same_budget(void **state)
{
    struct error err;
    struct arena *parent = arena_new(200 * KIB);
    struct arena *child = arena_share(parent);

    (void)state;
    assert_non_null(arena_alloc(child, 150 * KIB, &err));
    assert_null(arena_alloc(parent, 100 * KIB, &err));
    arena_free(child);
    assert_int_equal(arena_used_bytes(parent), 0);
    assert_non_null(arena_alloc(parent, 100 * KIB, &err));
    ASSERT_OK(arena_charge(parent, 50 * KIB, &err));
    ASSERT_STATUS(STATUS_LIMIT, arena_charge(parent, 100 * KIB, &err));
    arena_refund(parent, 50 * KIB);
    arena_free(parent);
}

static void append(void *arg)
{
    char **at = arg;

    *(*at)++ = 'x';
}

static void the_budget_can_be_lowered_only(void **state)
{
    struct error err;
    struct arena *arena = arena_new(MIB);
    struct arena *worker = arena_share(arena);

    (void)state;
    arena_lower_budget(arena, 2 * MIB);
    assert_null(arena_alloc(worker, MIB + MIB / 2, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    arena_lower_budget(arena, MIB / 4);
    assert_null(arena_alloc(worker, MIB / 2, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    assert_non_null(arena_alloc(worker, MIB / 8, &err));
    arena_free(worker);
    arena_free(arena);
}

static void cleanups_run_once_when_it_ends(void **state)
{
    struct error err;
    char marks[8] = "", *at = marks;
    struct arena *arena = arena_new(MIB);

    (void)state;
    ASSERT_OK(arena_on_free(arena, append, &at, &err));
    ASSERT_OK(arena_on_free(arena, append, &at, &err));
    arena_clear(arena);
    assert_string_equal(marks, "xx");
    arena_free(arena);
    assert_string_equal(marks, "xx");
}

static void a_copy_ends_with_nul(void **state)
{
    struct error err;
    struct arena *arena = arena_new(MIB);
    struct slice copy = arena_copy(arena, SLICE("abc"), &err);

    (void)state;
    ASSERT_SLICE(copy, "abc");
    assert_int_equal(copy.data[3], 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_and_aligned),
        cmocka_unit_test(great_allocations_are_zeroed_and_kept_apart),
        cmocka_unit_test(the_budget_is_a_limit_for_its_owner),
        cmocka_unit_test(what_holds_little_takes_little),
        cmocka_unit_test(what_stays_is_in_slabs),
        cmocka_unit_test(what_holds_much_takes_huge_pages),
        cmocka_unit_test(a_shared_arena_draws_on_the_same_budget),
        cmocka_unit_test(the_budget_can_be_lowered_only),
        cmocka_unit_test(cleanups_run_once_when_it_ends),
        cmocka_unit_test(a_copy_ends_with_nul),
    };

    return RUN_TESTS(tests);
}
