/* SPDX-License-Identifier: Apache-2.0 */
/* receipt.c - see receipt.h. */
#include "crypt/receipt.h"

#include "base/text.h"
#include "crypt/hash.h"

#define NOTE_DASH "\xe2\x80\x94 " /* U+2014 and a blank start a signature line */
#define NOTE_TYPE_ED25519 0x01
#define NOTE_KEY_ID_BYTES 4
#define NOTE_SIGNATURE_BYTES (NOTE_KEY_ID_BYTES + SIGNATURE_BYTES)

/* Which key of a name signed. */
static void make_key_id(struct slice origin, const uint8_t public_key[PUBLIC_KEY_BYTES],
                        uint8_t ret[NOTE_KEY_ID_BYTES])
{
    static const uint8_t separator[] = {'\n', NOTE_TYPE_ED25519};
    uint8_t digest[SHA256_BYTES];
    struct sha256 hash;

    sha256_init(&hash);
    sha256_add(&hash, origin.data, origin.size);
    sha256_add(&hash, separator, sizeof(separator));
    sha256_add(&hash, public_key, PUBLIC_KEY_BYTES);
    sha256_end(&hash, digest);
    memcpy(ret, digest, NOTE_KEY_ID_BYTES);
}

static void add_text(struct buf *ret, struct slice origin, const struct receipt_fields *fields)
{
    buf_add_text(ret, "audit-receipt/v1\n");
    buf_add_slice(ret, origin);
    buf_add_text(ret, "\nleaf ");
    buf_add_u64(ret, fields->leaf_index);
    buf_add_text(ret, "\nseq ");
    buf_add_u64(ret, fields->first_seq);
    buf_add_byte(ret, ' ');
    buf_add_u64(ret, fields->count);
    buf_add_text(ret, "\ntime ");
    buf_add_i64(ret, fields->time_us);
    buf_add_text(ret, "\nleafhash ");
    text_add_base64(ret, fields->leaf_hash, sizeof(fields->leaf_hash));
    buf_add_text(ret, "\nmmd ");
    buf_add_u64(ret, RECEIPT_MMD_SECONDS);
    buf_add_byte(ret, '\n');
}

enum status receipt_add(struct buf *ret, struct slice origin, const struct receipt_fields *fields,
                        const struct signer *signer,
                        const uint8_t public_key[PUBLIC_KEY_BYTES], struct error *err)
{
    uint8_t signature[NOTE_SIGNATURE_BYTES];
    size_t start = ret->size;

    add_text(ret, origin, fields);
    enum status status = buf_check(ret, err);
    if (status != STATUS_OK)
        return status;
    make_key_id(origin, public_key, signature);
    status = signer_sign(signer, slice_tail(buf_slice(ret), start), signature + NOTE_KEY_ID_BYTES,
                         err);
    if (status != STATUS_OK)
        return status;
    buf_add_text(ret, "\n" NOTE_DASH);
    buf_add_slice(ret, origin);
    buf_add_byte(ret, ' ');
    text_add_base64(ret, signature, sizeof(signature));
    buf_add_byte(ret, '\n');
    return buf_check(ret, err);
}

/* Takes one line off *rest and the word in front of it. */
static bool next_field(struct slice *rest, struct slice word, struct slice *ret)
{
    struct slice line;

    if (!slice_next(rest, '\n', &line) || !slice_starts_with(line, word))
        return false;
    *ret = slice_tail(line, word.size);
    return true;
}

/* Exactly size bytes in their only spelling (unused bits zero). */
static bool parse_base64(struct slice text, uint8_t *ret, size_t size)
{
    struct buf bytes, again;

    buf_init(&bytes, 128);
    buf_init(&again, 256);
    bool ok = text_parse_base64(text, &bytes) && bytes.size == size;
    if (ok) {
        memcpy(ret, bytes.data, size);
        text_add_base64(&again, ret, size);
        ok = slice_equal(buf_slice(&again), text);
    }
    buf_release(&again);
    buf_release(&bytes);
    return ok;
}

static bool parse_text(struct slice text, struct receipt_fields *ret, struct slice *ret_origin)
{
    struct slice rest = text, field, first, count;
    uint64_t records = 0;

    if (!next_field(&rest, SLICE("audit-receipt/v1"), &field) || field.size != 0 ||
        !next_field(&rest, SLICE(""), ret_origin) || ret_origin->size > ORIGIN_BYTES_MAX ||
        !next_field(&rest, SLICE("leaf "), &field) || !text_parse_u64(field, &ret->leaf_index) ||
        !next_field(&rest, SLICE("seq "), &field))
        return false;
    count = field;
    if (!slice_next(&count, ' ', &first) || !text_parse_u64(first, &ret->first_seq) ||
        !text_parse_u64(count, &records) || records > UINT32_MAX)
        return false;
    ret->count = (uint32_t)records;
    return next_field(&rest, SLICE("time "), &field) && text_parse_i64(field, &ret->time_us) &&
           next_field(&rest, SLICE("leafhash "), &field) &&
           parse_base64(field, ret->leaf_hash, sizeof(ret->leaf_hash));
}

enum status receipt_verify(struct slice note, const uint8_t public_key[PUBLIC_KEY_BYTES],
                           struct receipt_fields *ret, struct slice *ret_origin,
                           struct error *err)
{
    uint8_t signature[NOTE_SIGNATURE_BYTES], key_id[NOTE_KEY_ID_BYTES];
    struct receipt_fields fields = {0};
    struct slice origin, line;
    struct buf again;
    enum status status = STATUS_OK;

    buf_init(&again, RECEIPT_BYTES_MAX);
    size_t gap = note.size > RECEIPT_BYTES_MAX ? SIZE_MAX : slice_find(note, SLICE("\n\n"), 0);
    struct slice text = slice_head(note, gap == SIZE_MAX ? 0 : gap + 1);
    if (gap == SIZE_MAX || !parse_text(text, &fields, &origin)) {
        status = ERROR_SET(err, STATUS_CORRUPT, "not a receipt of the form audit-receipt/v1");
        goto out;
    }
    /* One form only: what the fields give must be what was signed. */
    add_text(&again, origin, &fields);
    if (again.failed || !slice_equal(buf_slice(&again), text)) {
        status = ERROR_SET(err, STATUS_CORRUPT, "receipt is not in its canonical form");
        goto out;
    }
    line = slice_tail(note, gap + 2);
    if (!slice_starts_with(line, SLICE(NOTE_DASH)) || !slice_ends_with(line, SLICE("\n")))
        line.size = 0;
    line = slice_tail(slice_head(line, line.size > 0 ? line.size - 1 : 0), strlen(NOTE_DASH));
    if (!slice_starts_with(line, origin) || line.size <= origin.size ||
        line.data[origin.size] != ' ' ||
        !parse_base64(slice_tail(line, origin.size + 1), signature, sizeof(signature))) {
        status = ERROR_SET(err, STATUS_CORRUPT, "receipt has no signature of '%.*s'",
                           SLICE_FMT(origin));
        goto out;
    }
    make_key_id(origin, public_key, key_id);
    if (memcmp(key_id, signature, sizeof(key_id)) != 0)
        status = ERROR_SET(err, STATUS_CORRUPT, "receipt was signed by another key");
    else if (!signature_is_valid(public_key, text, signature + NOTE_KEY_ID_BYTES))
        status = ERROR_SET(err, STATUS_CORRUPT, "receipt signature is wrong");
    else {
        *ret = fields;
        *ret_origin = origin;
    }
out:
    buf_release(&again);
    return status;
}
