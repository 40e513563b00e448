/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/sign.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

/* Test 2 of RFC 8032 section 7.1. */
static void signatures_match_rfc_8032(void **state)
{
    uint8_t seed[32], public_key[32], want_public[32], want[64], signature[64];
    struct error err;

    (void)state;
    assert_true(text_parse_hex(
        SLICE("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"), seed, 32));
    assert_true(text_parse_hex(
        SLICE("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), want_public,
        32));
    assert_true(text_parse_hex(
        SLICE("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        want, 64));
    struct signer *signer = signer_new(seed, &err);
    assert_non_null(signer);
    assert_int_equal(signer_public(signer, public_key, &err), STATUS_OK);
    assert_memory_equal(public_key, want_public, 32);
    assert_int_equal(signer_sign(signer, SLICE("\x72"), signature, &err), STATUS_OK);
    assert_memory_equal(signature, want, 64);
    signer_free(signer);
    signer_free(NULL);
}

static void a_changed_bit_anywhere_is_invalid(void **state)
{
    uint8_t seed[32] = {7}, public_key[32], signature[64];
    struct error err;

    (void)state;
    struct signer *signer = signer_new(seed, &err);
    assert_non_null(signer);
    assert_int_equal(signer_public(signer, public_key, &err), STATUS_OK);
    assert_int_equal(signer_sign(signer, SLICE("message"), signature, &err), STATUS_OK);
    assert_true(signature_is_valid(public_key, SLICE("message"), signature));
    assert_false(signature_is_valid(public_key, SLICE("messagf"), signature));
    for (size_t bit = 0; bit < 512; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(signature_is_valid(public_key, SLICE("message"), signature));
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 256; bit++) {
        public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(signature_is_valid(public_key, SLICE("message"), signature));
        public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    signer_free(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_match_rfc_8032),
        cmocka_unit_test(a_changed_bit_anywhere_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
