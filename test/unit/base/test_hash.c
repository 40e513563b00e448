/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

static void known_vectors_hold(void **state)
{
    static const uint8_t zeros[32];

    (void)state;
    /* XXH64 of the empty text and of "abc"; CRC32C of RFC 3720 B.4. */
    assert_true(hash_xxh64("", 0, 0) == 0xEF46DB3751D8E999u);
    assert_true(hash_xxh64("abc", 3, 0) == 0x44BC2CF5AD770999u);
    assert_int_equal(hash_crc32c(0, zeros, sizeof(zeros)), 0x8A9136AA);
    assert_int_equal(hash_crc32c(0, "123456789", 9), 0xE3069283);
}

static void a_check_sum_can_be_continued(void **state)
{
    (void)state;
    assert_int_equal(hash_crc32c(hash_crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
}

static void the_seed_is_one_per_process(void **state)
{
    (void)state;
    assert_true(hash_seed() == hash_seed());
    assert_true(hash_slice(SLICE("a")) != hash_slice(SLICE("b")));
    assert_true(hash_u64(1) != hash_u64(2));
}

/* Each byte and the size count, whatever the size; no other byte is read. */
static void short_texts_are_told_apart(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 100; size++) {
        char *text = calloc(1, size + 1); /* of just this size, for a sanitizer */
        assert_non_null(text);
        uint64_t hash = hash_short(slice_from(text, size), 7);
        assert_true(hash == hash_short(slice_from(text, size), 7));
        assert_true(hash != hash_short(slice_from(text, size), 8));
        assert_true(size == 0 || hash != hash_short(slice_from(text, size - 1), 7));
        for (size_t i = 0; i < size; i++) {
            text[i] = 1;
            assert_true(hash != hash_short(slice_from(text, size), 7));
            text[i] = 0;
        }
        text[size] = 1;
        assert_true(hash == hash_short(slice_from(text, size), 7));
        free(text);
    }
}

/* Numbers as texts fall evenly into the places of a table, which are high bits. */
static void short_texts_are_spread(void **state)
{
    uint32_t counts[256] = {0};
    char text[64];

    (void)state;
    for (int i = 0; i < 256 * 100; i++) {
        int size = snprintf(text, sizeof(text), "user%d", i);
        counts[hash_short(slice_from(text, (size_t)size), 3) >> 32 & 255]++;
    }
    for (size_t i = 0; i < 256; i++)
        assert_in_range(counts[i], 50, 150); /* 100, with a deviation of 10 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors_hold),
        cmocka_unit_test(a_check_sum_can_be_continued),
        cmocka_unit_test(the_seed_is_one_per_process),
        cmocka_unit_test(short_texts_are_told_apart),
        cmocka_unit_test(short_texts_are_spread),
    };

    return RUN_TESTS(tests);
}
