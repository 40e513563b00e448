/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/aead.h"

#include "base/random.h"
#include "base/text.h"
#include "crypt/aead_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <stdlib.h>

static void check_vector(uint8_t key_byte, struct slice additional, const char *cipher_hex)
{
    const uint8_t *nonce = (const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVWX";
    uint8_t sealed[12 + AEAD_OVERHEAD_BYTES], want[28], plain[12];
    struct error err;
    struct key key;

    memset(key.bytes, key_byte, sizeof(key.bytes));
    assert_int_equal(aead_seal_nonce(&key, nonce, additional, SLICE("XAES-256-GCM"), sealed, &err),
                     STATUS_OK);
    assert_true(text_parse_hex(slice_of(cipher_hex), want, sizeof(want)));
    assert_memory_equal(sealed, nonce, 24);
    assert_memory_equal(sealed + 24, want, sizeof(want));
    assert_int_equal(aead_open_to(&key, additional,
                                  slice_from((const char *)sealed, sizeof(sealed)), plain, &err),
                     STATUS_OK);
    assert_memory_equal(plain, "XAES-256-GCM", 12);
}

static void sealing_matches_the_vectors_of_c2sp(void **state)
{
    (void)state;
    check_vector(0x01, SLICE(""), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
    check_vector(0x03, SLICE("c2sp.org/XAES-256-GCM"),
                 "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

/* The accumulated test of C2SP: inputs from SHAKE-128 of nothing, and the
 * SHAKE-128 of all outputs. */
static void sealing_matches_the_accumulated_vector(void **state)
{
    enum { ROUNDS = 10000, STREAM_BYTES = ROUNDS * 570 };
    uint8_t *stream = malloc(STREAM_BYTES), digest[32], want[32], sealed[255 + 40];
    EVP_MD_CTX *in = EVP_MD_CTX_new(), *out = EVP_MD_CTX_new();
    size_t at = 0;

    (void)state;
    assert_true(stream != NULL && in != NULL && out != NULL);
    assert_int_equal(EVP_DigestInit_ex(in, EVP_shake128(), NULL), 1);
    assert_int_equal(EVP_DigestFinalXOF(in, stream, STREAM_BYTES), 1);
    assert_int_equal(EVP_DigestInit_ex(out, EVP_shake128(), NULL), 1);
    for (int i = 0; i < ROUNDS; i++) {
        struct error err;
        struct key key;
        memcpy(key.bytes, stream + at, 32);
        const uint8_t *nonce = stream + at + 32;
        at += 32 + 24;
        struct slice plain = {(const char *)stream + at + 1, stream[at]};
        at += 1 + plain.size;
        struct slice additional = {(const char *)stream + at + 1, stream[at]};
        at += 1 + additional.size;
        assert_int_equal(aead_seal_nonce(&key, nonce, additional, plain, sealed, &err), STATUS_OK);
        assert_int_equal(EVP_DigestUpdate(out, sealed + 24, plain.size + 16), 1);
    }
    assert_int_equal(EVP_DigestFinalXOF(out, digest, sizeof(digest)), 1);
    assert_true(text_parse_hex(
        SLICE("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"), want, 32));
    assert_memory_equal(digest, want, 32);
    EVP_MD_CTX_free(in);
    EVP_MD_CTX_free(out);
    free(stream);
}

static void every_flipped_bit_and_other_place_is_corrupt(void **state)
{
    struct key key, other;
    struct buf sealed, plain;
    struct error err;

    (void)state;
    random_bytes(&key, sizeof(key));
    other = key;
    other.bytes[31] ^= 1;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    assert_int_equal(aead_seal(&key, SLICE("here"), SLICE("a secret"), &sealed, &err), STATUS_OK);
    assert_int_equal(sealed.size, 8 + AEAD_OVERHEAD_BYTES);
    buf_add_text(&plain, "before ");
    for (size_t bit = 0; bit < sealed.size * 8; bit++) {
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << (bit % 8)));
        assert_int_equal(aead_open(&key, SLICE("here"), buf_slice(&sealed), &plain, &err),
                         STATUS_CORRUPT);
        assert_int_equal(plain.size, 7);
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << (bit % 8)));
    }
    for (size_t size = 0; size < sealed.size; size++)
        assert_int_equal(
            aead_open(&key, SLICE("here"), slice_head(buf_slice(&sealed), size), &plain, &err),
            STATUS_CORRUPT);
    assert_int_equal(aead_open(&key, SLICE("there"), buf_slice(&sealed), &plain, &err),
                     STATUS_CORRUPT);
    assert_int_equal(aead_open(&other, SLICE("here"), buf_slice(&sealed), &plain, &err),
                     STATUS_CORRUPT);
    assert_int_equal(aead_open(&key, SLICE("here"), buf_slice(&sealed), &plain, &err), STATUS_OK);
    assert_true(slice_is(buf_slice(&plain), "before a secret"));
    buf_release(&sealed);
    buf_release(&plain);
}

static void nothing_can_be_sealed_and_a_full_buffer_is_a_limit(void **state)
{
    struct key key = {{1}};
    struct buf sealed, plain;
    struct error err;

    (void)state;
    buf_init(&sealed, AEAD_OVERHEAD_BYTES);
    buf_init(&plain, 1);
    assert_int_equal(aead_seal(&key, SLICE(""), SLICE(""), &sealed, &err), STATUS_OK);
    assert_int_equal(aead_open(&key, SLICE(""), buf_slice(&sealed), &plain, &err), STATUS_OK);
    assert_int_equal(plain.size, 0);
    assert_int_equal(aead_open(&key, SLICE("x"), buf_slice(&sealed), &plain, &err),
                     STATUS_CORRUPT);
    assert_int_equal(aead_seal(&key, SLICE(""), SLICE("x"), &sealed, &err), STATUS_LIMIT);
    buf_release(&sealed);
    buf_init(&sealed, 100);
    assert_int_equal(aead_seal(&key, SLICE(""), SLICE("xy"), &sealed, &err), STATUS_OK);
    assert_int_equal(aead_open(&key, SLICE(""), buf_slice(&sealed), &plain, &err), STATUS_LIMIT);
    buf_release(&sealed);
    buf_release(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealing_matches_the_vectors_of_c2sp),
        cmocka_unit_test(sealing_matches_the_accumulated_vector),
        cmocka_unit_test(every_flipped_bit_and_other_place_is_corrupt),
        cmocka_unit_test(nothing_can_be_sealed_and_a_full_buffer_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
