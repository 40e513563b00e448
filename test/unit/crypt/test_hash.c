/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/hash.h"

#include "base/text.h"
#include "crypt/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static void assert_hex(const uint8_t *data, size_t size, const char *hex)
{
    uint8_t want[256];

    assert_true(size <= sizeof(want) && text_parse_hex(slice_of(hex), want, size));
    assert_memory_equal(data, want, size);
}

static void sha256_matches_fips_180(void **state)
{
    uint8_t digest[SHA256_BYTES];

    (void)state;
    sha256("abc", 3, digest);
    assert_hex(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(NULL, 0, digest);
    assert_hex(digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void every_way_to_hash_gives_the_same(void **state)
{
    uint8_t data[200], one[32], other[32];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 31);
    for (size_t size = 0; size <= sizeof(data); size++) {
        struct sha256 hash;
        sha256(data, size, one);
        sha256_init(&hash);
        sha256_add(&hash, data, size / 3);
        sha256_add(&hash, data + size / 3, size - size / 3);
        sha256_end(&hash, other);
        assert_memory_equal(one, other, 32);
    }
    sha256(data, 65, one);
    sha256_prefixed_pair(data[0], data + 1, data + 33, other);
    assert_memory_equal(one, other, 32);
}

static void hmac_matches_rfc_4231(void **state)
{
    uint8_t key[131], mac[32];

    (void)state;
    hmac256("Jefe", 4, SLICE("what do ya want for nothing?"), mac);
    assert_hex(mac, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    hmac256(key, sizeof(key), SLICE("Test Using Larger Than Block-Size Key - Hash Key First"),
            mac);
    assert_hex(mac, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void a_short_hmac_is_that_of_the_same_message(void **state)
{
    struct hmac256 keyed;
    uint8_t data[55], one[32], other[32];

    (void)state;
    memset(data, 0x5a, sizeof(data));
    hmac256_init(&keyed, "key", 3);
    for (size_t size = 0; size <= sizeof(data); size++) {
        hmac256_short(&keyed, data, size, one);
        hmac256("key", 3, slice_from((const char *)data, size), other);
        assert_memory_equal(one, other, sizeof(one));
    }
}

static void expand_matches_rfc_5869_and_the_second_implementation(void **state)
{
    uint8_t prk[32], out[150];
    static const char info[] = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9";

    (void)state;
    assert_true(text_parse_hex(
        SLICE("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"), prk, 32));
    hkdf_expand_sha256(prk, slice_from(info, 10), out, 42);
    assert_hex(out, 42,
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
               "34007208d5b887185865");
    for (size_t i = 0; i < sizeof(prk); i++)
        prk[i] = (uint8_t)i;
    hkdf_expand_sha256(prk, SLICE("label"), out, 80);
    assert_memory_equal(out, vector_expand_256, 80);
    hkdf_expand_sha512(prk, SLICE("label"), out, 150);
    assert_memory_equal(out, vector_expand_512, 150);
}

static void secrets_compare_by_content(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abc", 3));
    assert_false(secret_equal("abc", "abd", 3));
    assert_true(secret_equal("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_fips_180),
        cmocka_unit_test(every_way_to_hash_gives_the_same),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(a_short_hmac_is_that_of_the_same_message),
        cmocka_unit_test(expand_matches_rfc_5869_and_the_second_implementation),
        cmocka_unit_test(secrets_compare_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
