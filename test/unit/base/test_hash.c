/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/hash.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors_hold),
        cmocka_unit_test(a_check_sum_can_be_continued),
        cmocka_unit_test(the_seed_is_one_per_process),
    };

    return RUN_TESTS(tests);
}
