/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/vhash.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define MESSAGE_BYTES 10000

static void make_key(struct vhash_key *key)
{
    uint8_t bytes[VHASH_KEY_BYTES];

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * i * 7 + i * 13 + (i >> 8) * 5 + 3);
    vhash_key_init(key, bytes);
}

/* The wanted values were computed with the whole numbers of Python from the definition:
 *
 *     word(b, i) = int.from_bytes(b[8*i:8*i+8], "little")
 *     s = 1; for each block: s = (s * P + nh % 2**126) % (2**127 - 1)
 *     nh = sum((w[2i] + K[2i]) % 2**64 * ((w[2i+1] + K[2i+1]) % 2**64))
 *     sum(a * b for a, b in zip([s % 2**43, s >> 43 & 2**43 - 1, s >> 86], L)) % (2**61 - 1)
 */
static void values_are_those_of_the_definition(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint64_t wanted;
    } cases[] = {
        {0, 0x09b1f2d36fa94a35},    {1, 0x0d144b901e0a9287},    {15, 0x1a65cef959b263c8},
        {16, 0x18874c55b84a61d5},   {17, 0x158d5fe71cb91437},   {1424, 0x13e6d5a178236418},
        {2047, 0x0519da24eb54e2d1}, {2048, 0x12af2e7db40ebf08}, {2049, 0x0ec07fb73c4a67a7},
        {4096, 0x05f535bcb1815b0b}, {9999, 0x02c7cf831f23b9ab},
    };
    static char message[MESSAGE_BYTES];
    struct vhash_key key;
    make_key(&key);
    for (unsigned i = 0; i < MESSAGE_BYTES; i++)
        message[i] = (char)(i * 31 + (i >> 7));
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(vhash(&key, i * UINT64_C(1000003), message, cases[i].size),
                         cases[i].wanted);
}

/* Sums as large as they get, which only whole numbers of 127 bits hold. */
static void the_largest_words_do_not_overflow(void **state)
{
    (void)state;
    static uint8_t ones[MESSAGE_BYTES];
    uint8_t bytes[VHASH_KEY_BYTES];
    struct vhash_key key;
    memset(ones, 0xff, sizeof(ones));
    memset(bytes, 0, sizeof(bytes));
    memset(bytes + VHASH_BLOCK_BYTES, 0xff, sizeof(bytes) - VHASH_BLOCK_BYTES);
    vhash_key_init(&key, bytes);
    assert_int_equal(vhash(&key, UINT64_MAX, ones, sizeof(ones)), 0x00003c25b7c90dd0);
}

static void a_byte_a_size_and_a_number_make_another_value(void **state)
{
    (void)state;
    static uint8_t message[MESSAGE_BYTES];
    struct rng rng = {7};
    struct vhash_key key;
    make_key(&key);
    for (unsigned i = 0; i < 2000; i++) {
        size_t size = 1 + rng_below(&rng, MESSAGE_BYTES - 1), at = rng_below(&rng, (uint32_t)size);
        uint64_t value = vhash(&key, i, message, size);
        assert_int_not_equal(vhash(&key, i, message, size - 1), value);
        assert_int_not_equal(vhash(&key, i + 1, message, size), value);
        message[at] ^= (uint8_t)(1u << (i % 8));
        assert_int_not_equal(vhash(&key, i, message, size), value);
    }
}

static void another_key_gives_other_values(void **state)
{
    (void)state;
    uint8_t bytes[VHASH_KEY_BYTES] = {0};
    struct vhash_key key, other;
    make_key(&key);
    vhash_key_init(&other, bytes);
    assert_int_not_equal(vhash(&key, 1, "record", 6), vhash(&other, 1, "record", 6));
}

/* By openssl enc -aes-256-ctr -K 0700.. -iv 0 of 2,104 zeros,
 * and then as above. */
static void a_key_is_made_of_the_key_stream_of_another(void **state)
{
    (void)state;
    struct key from = {{7}};
    struct vhash_key key;
    struct error err;
    assert_int_equal(vhash_key_derive(&from, &key, &err), STATUS_OK);
    assert_int_equal(vhash(&key, 1, "a record", 8), 0x1abde8a0f24a69fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_definition),
        cmocka_unit_test(the_largest_words_do_not_overflow),
        cmocka_unit_test(a_byte_a_size_and_a_number_make_another_value),
        cmocka_unit_test(a_key_is_made_of_the_key_stream_of_another),
        cmocka_unit_test(another_key_gives_other_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
