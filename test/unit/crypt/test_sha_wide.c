/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/sha_wide_priv.h"

#include "sha_reference.h"

#include "base/random.h"

#define BLOCKS_MAX 5
#define DIGEST_BYTES 32

static void reference(const uint8_t *message, size_t block_count, uint8_t ret[DIGEST_BYTES])
{
    uint32_t state[SHA_STATE_WORDS];

    sha_reference(message, block_count, state);
    sha_put_state(state, ret);
}

static void sixteen_messages_are_hashed_as_each_alone(void **state)
{
    uint8_t messages[SHA_WIDE_LANES][BLOCKS_MAX * SHA_BLOCK_BYTES];

    (void)state;
    if (!sha_wide_is_there())
        return; /* sha_digests() is tested below */
    for (int try = 0; try < 50; try++) {
        struct sha_wide wide;
        size_t counts[SHA_WIDE_LANES]; /* some end before others */
        random_bytes(messages, sizeof(messages));
        for (unsigned i = 0; i < SHA_WIDE_LANES; i++)
            counts[i] = random_u64() % (BLOCKS_MAX + 1);
        sha_wide_start(&wide);
        for (size_t b = 0; b < BLOCKS_MAX; b++) {
            const uint8_t *blocks[SHA_WIDE_LANES];
            unsigned lanes = 0;
            for (unsigned i = 0; i < SHA_WIDE_LANES; i++) {
                blocks[i] = messages[i] + b * SHA_BLOCK_BYTES;
                lanes |= (b < counts[i] ? 1u : 0u) << i;
            }
            sha_wide_block(&wide, blocks, lanes);
        }
        for (unsigned i = 0; i < SHA_WIDE_LANES; i++) {
            uint8_t got[DIGEST_BYTES], want[DIGEST_BYTES];
            sha_wide_digest(&wide, i, got);
            reference(messages[i], counts[i], want);
            assert_memory_equal(got, want, sizeof(want));
        }
    }
}

static void digests_are_those_of_each_message(void **state)
{
    uint8_t messages[SHA_WIDE_LANES * BLOCKS_MAX * SHA_BLOCK_BYTES];
    uint8_t got[SHA_WIDE_LANES + 1][DIGEST_BYTES], want[DIGEST_BYTES];

    (void)state;
    for (size_t block_count = 1; block_count <= BLOCKS_MAX; block_count++) {
        for (size_t count = 0; count <= SHA_WIDE_LANES; count++) {
            random_bytes(messages, sizeof(messages));
            memset(got, 7, sizeof(got));
            sha_digests(messages, block_count, count, got[0]);
            for (size_t i = 0; i < count; i++) {
                reference(messages + i * block_count * SHA_BLOCK_BYTES, block_count, want);
                assert_memory_equal(got[i], want, sizeof(want));
            }
            memset(want, 7, sizeof(want));
            assert_memory_equal(got[count], want, sizeof(want)); /* nothing behind them */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_messages_are_hashed_as_each_alone),
        cmocka_unit_test(digests_are_those_of_each_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
