/* SPDX-License-Identifier: Apache-2.0 */
/* fn_compress.c - text packed by zlib or gzip and written in base64; punycode. */
#include "base/text.h"
#include "query/fn_priv.h"

#include <zlib.h>

#define ZLIB_WINDOW 15
#define GZIP_WINDOW (15 + 16)

/* false: the text is no such stream, or what it holds is no UTF-8 or too long. */
static bool unpack(struct slice packed, int window, struct buf *ret)
{
    z_stream z = {0};
    char out[4096];
    int code = Z_OK;

    if (packed.size > QUERY_STRING_BYTES_MAX || inflateInit2(&z, window) != Z_OK)
        return false;
    z.next_in = (Bytef *)(uintptr_t)packed.data;
    z.avail_in = (uInt)packed.size;
    while (code == Z_OK && !ret->failed) {
        z.next_out = (Bytef *)out;
        z.avail_out = sizeof(out);
        code = inflate(&z, Z_NO_FLUSH);
        buf_add_slice(ret, slice_from(out, sizeof(out) - z.avail_out));
    }
    (void)inflateEnd(&z);
    return code == Z_STREAM_END && !ret->failed && text_is_utf8(buf_slice(ret));
}

static enum status decompress(struct eval *eval, struct slice text, int window,
                              struct value *ret, struct error *err)
{
    struct buf packed;
    struct buf buf;

    buf_init(&packed, QUERY_STRING_BYTES_MAX);
    text_start(&buf);
    bool good = text_parse_base64(slice_trim(text), &packed) && !packed.failed &&
                unpack(buf_slice(&packed), window, &buf);
    buf_release(&packed);
    if (good)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return give_bytes(ret, SLICE(""));
}

static enum status compress_text(struct eval *eval, struct slice text, int window,
                                 struct value *ret, struct error *err)
{
    z_stream z = {0};
    struct buf buf;

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERROR_MEMORY(err);
    uLong room = deflateBound(&z, text.size);
    char *packed = arena_alloc_raw(eval->arena, room + 1, err);
    if (packed == NULL) {
        (void)deflateEnd(&z);
        return err->status;
    }
    z.next_in = (Bytef *)(uintptr_t)text.data;
    z.avail_in = (uInt)text.size;
    z.next_out = (Bytef *)packed;
    z.avail_out = (uInt)room;
    int code = deflate(&z, Z_FINISH);
    size_t size = room - z.avail_out;
    (void)deflateEnd(&z);
    text_start(&buf);
    if (code == Z_STREAM_END)
        text_add_base64(&buf, packed, size);
    return give_buf(eval, &buf, ret, err);
}

#define PACKED(NAME, WINDOW)                                                                       \
    static enum status row_##NAME##_decompress(ROW_PARAMETERS)                                     \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return decompress(eval, args[0].bytes, (WINDOW), ret, err);                                \
    }                                                                                              \
    ROW_EVAL(row_##NAME##_decompress, TYPE_STRING)                                                 \
    static enum status row_##NAME##_compress(ROW_PARAMETERS)                                       \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return compress_text(eval, args[0].bytes, (WINDOW), ret, err);                             \
    }                                                                                              \
    ROW_EVAL(row_##NAME##_compress, TYPE_STRING)
PACKED(zlib, ZLIB_WINDOW)
PACKED(gzip, GZIP_WINDOW)

/* ---- punycode, RFC 3492 ---- */

#define RUNES_MAX 4096u

struct puny {
    uint32_t runes[RUNES_MAX];
    uint32_t count;
};

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
    uint32_t k = 0;

    delta = first ? delta / 700 : delta / 2;
    delta += delta / count;
    for (; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
}

static uint32_t digit_of(char c)
{
    return c >= 'a' && c <= 'z'   ? (uint32_t)(c - 'a')
           : c >= 'A' && c <= 'Z' ? (uint32_t)(c - 'A')
           : c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26
                                  : 36;
}

/* A number of variable length at *at. */
static bool puny_number(struct slice text, size_t *at, uint32_t bias, uint32_t *ret)
{
    uint64_t number = 0;
    uint64_t weight = 1;

    for (uint32_t k = 36;; k += 36) {
        if (*at >= text.size)
            return false;
        uint32_t digit = digit_of(text.data[(*at)++]);
        uint32_t t = threshold(k, bias);
        number += digit * weight;
        if (digit >= 36 || number > UINT32_MAX)
            return false;
        if (digit < t)
            break;
        weight *= 36 - t;
        if (weight > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t)number;
    return true;
}

static bool puny_decode(struct slice text, struct puny *p)
{
    size_t at = 0;
    uint64_t rune = 128;
    uint64_t i = 0;
    uint32_t bias = 72;

    for (size_t n = text.size; n > 0 && at == 0; n--)
        at = text.data[n - 1] == '-' ? n : 0;
    if (text.size > RUNES_MAX)
        return false;
    for (size_t n = 0; n + 1 < at; n++)
        p->runes[p->count++] = (unsigned char)text.data[n];
    while (at < text.size) {
        uint32_t delta;
        if (!puny_number(text, &at, bias, &delta))
            return false;
        bool first = i == 0;
        i += delta;
        p->count++;
        bias = adapt(delta, p->count, first);
        rune += i / p->count;
        i %= p->count;
        if (rune > 0x10ffff)
            return false;
        memmove(&p->runes[i + 1], &p->runes[i], (p->count - 1 - i) * sizeof(*p->runes));
        p->runes[i++] = (uint32_t)rune;
    }
    return true;
}

static enum status row_from_punycode(ROW_PARAMETERS)
{
    struct puny *p = ARENA_NEW(eval->arena, struct puny, err);
    struct buf buf;

    (void)arg_count;
    if (p == NULL)
        return err->status;
    if (!text_is_ascii(args[0].bytes) || !puny_decode(args[0].bytes, p))
        return give_bytes(ret, SLICE(""));
    text_start(&buf);
    for (uint32_t i = 0; i < p->count; i++)
        text_add_rune(&buf, p->runes[i]);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_from_punycode, TYPE_STRING)

BIND(bind_text, "s", TYPE_STRING)

#define TEXT(NAME, SUMMARY, EXAMPLE, EVAL)                                                         \
    {.name = (NAME), .signature = NAME "(text)", .summary = (SUMMARY), .example = (EXAMPLE),       \
     .args_min = 1, .args_max = 1, .bind = bind_text, .eval = eval_row_##EVAL}

static const struct function functions[] = {
    TEXT("zlib_compress_to_base64_string", "the text packed by zlib, in base64",
         "zlib_decompress_from_base64_string(zlib_compress_to_base64_string('abc')) == 'abc'",
         zlib_compress),
    TEXT("zlib_decompress_from_base64_string", "the text that was packed by zlib",
         "zlib_decompress_from_base64_string('x') == ''", zlib_decompress),
    TEXT("gzip_compress_to_base64_string", "the text packed by gzip, in base64",
         "gzip_decompress_from_base64_string(gzip_compress_to_base64_string('abc')) == 'abc'",
         gzip_compress),
    TEXT("gzip_decompress_from_base64_string", "the text that was packed by gzip",
         "gzip_decompress_from_base64_string('x') == ''", gzip_decompress),
    TEXT("punycode_to_string", "the name that punycode stands for",
         "punycode_to_string('mnchen-3ya') == 'münchen'", from_punycode),
};

FUNCTION_FAMILY(compress, functions);
