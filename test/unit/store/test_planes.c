/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/random.h"
#include "store/column_priv.h"

static void numbers_of_any_width_come_back(void **state)
{
    uint32_t tokens[1000], *again = NULL, count = 0;
    struct rng rng = {2};
    struct error err;
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    for (unsigned bits = 1; bits <= 32; bits++) {
        struct arena *arena = arena_new(MIB);
        for (uint32_t i = 0; i < 1000; i++)
            tokens[i] = (uint32_t)(rng_next(&rng) >> (64 - bits));
        buf_clear(&buf);
        ASSERT_OK(planes_put(&buf, tokens, bits * 30, packing_for(bits * 30, 1), &err));
        struct reader reader = reader_from(buf.data, buf.size);
        ASSERT_OK(planes_get(&reader, arena, &again, &count, &err));
        assert_int_equal(count, bits * 30);
        assert_memory_equal(again, tokens, count * sizeof(again[0]));
        assert_int_equal(reader_left(&reader), 0);
        arena_free(arena);
    }
    buf_release(&buf);
}

static void what_is_no_planes_is_refused(void **state)
{
    static const char *const wrong[] = {"\0\1\0", "\0\1\5", "\0\3\3ab", "\0\0", "\0\x09zz"};
    static const size_t sizes[] = {3, 3, 5, 2, 4};
    struct arena *arena = arena_new(MIB);
    uint32_t *again = NULL, count = 0;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct reader reader = reader_from(wrong[i], sizes[i]);
        assert_int_equal(planes_get(&reader, arena, &again, &count, &err), STATUS_CORRUPT);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_any_width_come_back),
        cmocka_unit_test(what_is_no_planes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
