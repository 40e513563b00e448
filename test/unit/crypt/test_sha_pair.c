/* SPDX-License-Identifier: Apache-2.0 */
#include "sha_reference.h"

#include "base/random.h"

#define BLOCKS_MAX 9

static void two_messages_are_hashed_as_one_after_the_other(void **state)
{
    uint8_t a[BLOCKS_MAX * SHA_BLOCK_BYTES], b[BLOCKS_MAX * SHA_BLOCK_BYTES];

    (void)state;
    for (int try = 0; try < 50; try++) {
        random_bytes(a, sizeof(a));
        random_bytes(b, sizeof(b));
        for (size_t count = 0; count <= BLOCKS_MAX; count++) {
            uint32_t x[SHA_STATE_WORDS], y[SHA_STATE_WORDS], z[SHA_STATE_WORDS];
            uint32_t want_a[SHA_STATE_WORDS], want_b[SHA_STATE_WORDS];
            memcpy(x, sha_start, sizeof(x));
            memcpy(y, sha_start, sizeof(y));
            memcpy(z, sha_start, sizeof(z));
            sha_reference(a, count, want_a);
            sha_reference(b, count, want_b);
            sha_blocks_pair((struct sha_lane){x, a}, (struct sha_lane){y, b}, count);
            assert_memory_equal(x, want_a, sizeof(x));
            assert_memory_equal(y, want_b, sizeof(y));
            sha_blocks(z, a, count);
            assert_memory_equal(z, want_a, sizeof(z));
        }
    }
}

/* FIPS 180-4, "abc". */
static void the_digest_is_the_state_big_endian(void **state)
{
    uint8_t block[SHA_BLOCK_BYTES] = {'a', 'b', 'c', 0x80}, digest[32], want[32];
    uint32_t words[SHA_STATE_WORDS];

    (void)state;
    block[SHA_BLOCK_BYTES - 1] = 24;
    memcpy(words, sha_start, sizeof(words));
    sha_blocks(words, block, 1);
    sha_put_state(words, digest);
    sha256("abc", 3, want);
    assert_memory_equal(digest, want, sizeof(want));
    assert_int_equal(digest[0], 0xba);
    assert_int_equal(digest[31], 0xad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_messages_are_hashed_as_one_after_the_other),
        cmocka_unit_test(the_digest_is_the_state_big_endian),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
