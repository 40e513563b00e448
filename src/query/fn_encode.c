/* SPDX-License-Identifier: Apache-2.0 */
/* fn_encode.c - base64 and compressed text. */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"

BIND(bind_text, "s", TYPE_STRING)
BIND(bind_array, "s", TYPE_DYNAMIC)
BIND(bind_guid, "s", TYPE_GUID)
BIND(bind_from_guid, "g", TYPE_STRING)
BIND(bind_from_array, "y", TYPE_STRING)

/* The bytes of a base64 text; false if it is none.  Missing padding is allowed
 * where wanted. */
static bool decode(struct slice text, bool lenient, struct buf *ret)
{
    struct buf padded;
    bool good;

    text = slice_trim(text);
    buf_init(ret, QUERY_STRING_BYTES_MAX);
    if (!lenient || text.size % 4 == 0)
        return text_parse_base64(text, ret) && !ret->failed;
    buf_init(&padded, text.size + 4);
    buf_add_slice(&padded, text);
    while (padded.size % 4 != 0 && !padded.failed)
        buf_add_byte(&padded, '=');
    good = !padded.failed && text_parse_base64(buf_slice(&padded), ret) && !ret->failed;
    buf_release(&padded);
    return good;
}

static enum status row_base64_encode(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    text_add_base64(&buf, args[0].bytes.data, args[0].bytes.size);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_base64_encode, TYPE_STRING)

/* Bytes that are no UTF-8 give the empty text. */
static enum status row_base64_decode(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    if (decode(args[0].bytes, true, &buf) && text_is_utf8(buf_slice(&buf)))
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return give_bytes(ret, SLICE(""));
}
ROW_EVAL(row_base64_decode, TYPE_STRING)

static enum status row_base64_toarray(ROW_PARAMETERS)
{
    struct buf bytes;
    struct buf buf;

    (void)arg_count;
    if (!decode(args[0].bytes, false, &bytes)) {
        buf_release(&bytes);
        return STATUS_OK;
    }
    list_start(&buf);
    for (size_t i = 0; i < bytes.size; i++) {
        if (i > 0)
            buf_add_byte(&buf, ',');
        buf_add_u64(&buf, (unsigned char)bytes.data[i]);
    }
    buf_release(&bytes);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_base64_toarray, TYPE_DYNAMIC)

static enum status row_base64_fromarray(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    struct buf bytes;
    struct buf buf;
    int64_t byte;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    buf_init(&bytes, QUERY_STRING_BYTES_MAX);
    while (dynamic_next(&it)) {
        if (text_parse_i64(slice_trim(it.value), &byte) && byte >= 0 && byte <= 255) {
            buf_add_byte(&bytes, (char)(unsigned char)byte);
        } else {
            buf_release(&bytes);
            return STATUS_OK;
        }
    }
    text_start(&buf);
    text_add_base64(&buf, bytes.data, bytes.size);
    buf.failed = buf.failed || bytes.failed;
    buf_release(&bytes);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_base64_fromarray, TYPE_STRING)

/* The first three fields of a guid are stored little-endian in base64. */
static void swap_guid(uint8_t *bytes)
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t copy[16];

    memcpy(copy, bytes, sizeof(copy));
    for (uint32_t i = 0; i < 16; i++)
        bytes[i] = copy[order[i]];
}

static enum status row_base64_toguid(ROW_PARAMETERS)
{
    struct buf bytes;

    (void)eval, (void)arg_count, (void)err;
    if (decode(args[0].bytes, false, &bytes) && bytes.size == sizeof(ret->guid)) {
        memcpy(ret->guid.bytes, bytes.data, sizeof(ret->guid));
        swap_guid(ret->guid.bytes);
        ret->is_null = false;
    }
    buf_release(&bytes);
    return STATUS_OK;
}
ROW_EVAL(row_base64_toguid, TYPE_GUID)

static enum status row_base64_fromguid(ROW_PARAMETERS)
{
    struct guid guid = args[0].guid;
    struct buf buf;

    (void)arg_count;
    swap_guid(guid.bytes);
    text_start(&buf);
    text_add_base64(&buf, guid.bytes, sizeof(guid));
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_base64_fromguid, TYPE_STRING)

#define ENCODE(NAME, SIGNATURE, TEXT, EXAMPLE, BIND_FN, EVAL)                                      \
    {.name = (NAME), .signature = NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = 1, .args_max = 1, .bind = (BIND_FN), .eval = eval_row_##EVAL}

static const struct function functions[] = {
    ENCODE("base64_encode_tostring", "(text)", "the text in base64",
           "base64_encode_tostring('Kusto') == 'S3VzdG8='", bind_text, base64_encode),
    ENCODE("base64_encodestring", "(text)", "the text in base64",
           "base64_encodestring('Kusto') == 'S3VzdG8='", bind_text, base64_encode),
    ENCODE("base64_decode_tostring", "(text)", "the text that base64 stands for",
           "base64_decode_tostring('S3VzdG8=') == 'Kusto'", bind_text, base64_decode),
    ENCODE("base64_decodestring", "(text)", "the text that base64 stands for",
           "base64_decodestring('S3VzdG8=') == 'Kusto'", bind_text, base64_decode),
    ENCODE("base64_decode_toarray", "(text)", "the bytes that base64 stands for",
           "base64_decode_toarray('S3VzdG8=')[0] == 75", bind_array, base64_toarray),
    ENCODE("base64_encode_fromarray", "(bytes)", "an array of bytes in base64",
           "base64_encode_fromarray(dynamic([75])) == 'Sw=='", bind_from_array,
           base64_fromarray),
    ENCODE("base64_decode_toguid", "(text)", "the identifier that base64 stands for",
           "isnull(base64_decode_toguid('Sw=='))", bind_guid, base64_toguid),
    ENCODE("base64_encode_fromguid", "(guid)", "an identifier in base64",
           "strlen(base64_encode_fromguid(new_guid())) == 24", bind_from_guid,
           base64_fromguid),
};

FUNCTION_FAMILY(encode, functions);
