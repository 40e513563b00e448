/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/receipt.h"

#include "base/text.h"
#include "crypt/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#define ORIGIN "audit.example.com/tlog/000102030405060708090a0b0c0d0e0f"

static struct slice vector_note(void)
{
    return slice_from((const char *)vector_receipt, sizeof(vector_receipt));
}

static struct receipt_fields sample(void)
{
    struct receipt_fields fields = {7, 100, 257, 1795410000000000, {0}};

    memcpy(fields.leaf_hash, vector_leaf_hash, 32);
    return fields;
}

static struct signer *sample_signer(void)
{
    uint8_t seed[32];
    struct error err;

    for (int i = 0; i < 32; i++)
        seed[i] = (uint8_t)i;
    struct signer *signer = signer_new(seed, &err);
    assert_non_null(signer);
    return signer;
}

static void note_has_the_published_text(void **state)
{
    struct receipt_fields fields = sample(), back;
    struct signer *signer = sample_signer();
    struct slice origin;
    struct error err;
    struct buf note;

    (void)state;
    buf_init(&note, RECEIPT_BYTES_MAX);
    assert_int_equal(receipt_add(&note, SLICE(ORIGIN), &fields, signer, vector_public, &err),
                     STATUS_OK);
    assert_true(slice_equal(buf_slice(&note), vector_note()));
    assert_int_equal(receipt_verify(buf_slice(&note), vector_public, &back, &origin, &err),
                     STATUS_OK);
    assert_memory_equal(&back, &fields, sizeof(fields));
    assert_true(slice_is(origin, ORIGIN));
    buf_release(&note);
    signer_free(signer);
}

static void every_changed_byte_is_refused(void **state)
{
    struct receipt_fields back;
    struct slice origin;
    struct error err;
    char note[sizeof(vector_receipt) + 1];

    (void)state;
    for (size_t at = 0; at < sizeof(vector_receipt); at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(note, vector_receipt, sizeof(vector_receipt));
            note[at] = (char)(note[at] ^ (1 << bit));
            assert_int_equal(receipt_verify(slice_from(note, sizeof(vector_receipt)),
                                            vector_public, &back, &origin, &err),
                             STATUS_CORRUPT);
        }
    for (size_t size = 0; size < sizeof(vector_receipt); size++)
        assert_int_equal(
            receipt_verify(slice_head(vector_note(), size), vector_public, &back, &origin, &err),
            STATUS_CORRUPT);
    memcpy(note, vector_receipt, sizeof(vector_receipt));
    note[sizeof(vector_receipt)] = '\n';
    assert_int_equal(
        receipt_verify(slice_from(note, sizeof(note)), vector_public, &back, &origin, &err),
        STATUS_CORRUPT);
}

#define KEY_ID_BYTES 4
#define SIGNATURE_TEXT_BYTES 92 /* key id and signature in base64 */

/* That of ORIGIN and vector_public, from the signature of the published note. */
static void key_id(uint8_t ret[KEY_ID_BYTES])
{
    size_t start = sizeof(vector_receipt) - SIGNATURE_TEXT_BYTES - strlen("\n");
    struct buf bytes;

    buf_init(&bytes, KEY_ID_BYTES + SIGNATURE_BYTES);
    assert_true(text_parse_base64(
        slice_head(slice_tail(vector_note(), start), SIGNATURE_TEXT_BYTES), &bytes));
    assert_int_equal(bytes.size, KEY_ID_BYTES + SIGNATURE_BYTES);
    memcpy(ret, bytes.data, KEY_ID_BYTES);
    buf_release(&bytes);
}

static void refuse(const char *text, const char *reason)
{
    uint8_t signature[KEY_ID_BYTES + SIGNATURE_BYTES];
    struct signer *signer = sample_signer();
    struct receipt_fields back;
    struct slice origin;
    struct error err;
    struct buf note;

    buf_init(&note, 10000);
    buf_add_text(&note, text);
    key_id(signature);
    assert_int_equal(signer_sign(signer, slice_of(text), signature + KEY_ID_BYTES, &err),
                     STATUS_OK);
    buf_add_text(&note, "\n\xe2\x80\x94 " ORIGIN " ");
    text_add_base64(&note, signature, sizeof(signature));
    buf_add_byte(&note, '\n');
    assert_int_equal(receipt_verify(buf_slice(&note), vector_public, &back, &origin, &err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(err.text, reason));
    buf_release(&note);
    signer_free(signer);
}

static void other_forms_are_refused_even_when_signed(void **state)
{
    const char *hash = "leafhash AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    char text[1000];

    (void)state;
    const struct {
        const char *format, *reason;
    } forms[] = {
        {"audit-receipt/v1\n" ORIGIN "\nleaf 07\nseq 1 1\ntime 1\n%smmd 60\n", "canonical"},
        {"audit-receipt/v1\n" ORIGIN "\nleaf 7\nseq 1 1\ntime 1\n%smmd 61\n", "canonical"},
        {"audit-receipt/v1\n" ORIGIN "\nleaf 7\nseq 1 1\ntime 1\n%smmd 60\nmore\n", "canonical"},
        {"audit-receipt/v1\n" ORIGIN "\nleaf 7\nseq 1 5000000000\ntime 1\n%smmd 60\n", "form"},
        {"audit-receipt/v1\n" ORIGIN "\nleaf 7\nseq 1\ntime 1\n%smmd 60\n", "form"},
        {"audit-receipt/v2\n" ORIGIN "\nleaf 7\nseq 1 1\ntime 1\n%smmd 60\n", "form"},
        {ORIGIN "\n7\n%s", "form"},
        {"audit-receipt/v1\nother\nleaf 7\nseq 1 1\ntime 1\n%smmd 60\n", "signature of"},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct buf buf;
        const char *at = strstr(forms[i].format, "%s");
        buf_init(&buf, sizeof(text) - 1);
        buf_add(&buf, forms[i].format, (size_t)(at - forms[i].format));
        buf_add_text(&buf, hash);
        buf_add_text(&buf, at + 2);
        memcpy(text, buf.data, buf.size);
        text[buf.size] = '\0';
        buf_release(&buf);
        refuse(text, forms[i].reason);
    }
}

static void a_receipt_of_another_key_or_too_long_is_refused(void **state)
{
    uint8_t public_key[PUBLIC_KEY_BYTES];
    struct receipt_fields fields = sample(), back;
    struct signer *signer = sample_signer();
    struct slice origin;
    struct error err;
    struct buf note;

    (void)state;
    memcpy(public_key, vector_public, sizeof(public_key));
    public_key[0] ^= 1;
    assert_int_equal(receipt_verify(vector_note(), public_key, &back, &origin, &err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "another key"));
    buf_init(&note, 100);
    assert_int_equal(receipt_add(&note, SLICE(ORIGIN), &fields, signer, vector_public, &err),
                     STATUS_LIMIT);
    buf_release(&note);
    buf_init(&note, RECEIPT_BYTES_MAX + 1);
    while (note.size <= RECEIPT_BYTES_MAX)
        buf_add_byte(&note, '\n');
    assert_int_equal(receipt_verify(buf_slice(&note), vector_public, &back, &origin, &err),
                     STATUS_CORRUPT);
    buf_release(&note);
    signer_free(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(note_has_the_published_text),
        cmocka_unit_test(every_changed_byte_is_refused),
        cmocka_unit_test(other_forms_are_refused_even_when_signed),
        cmocka_unit_test(a_receipt_of_another_key_or_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
