/* SPDX-License-Identifier: Apache-2.0 */
/* fn_compress.c - text packed by zlib or gzip and written in base64; punycode. */
#include "base/fold.h"
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

static void add_puny_number(struct buf *buf, uint32_t number, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (uint32_t k = 36;; k += 36) {
        uint32_t t = threshold(k, bias);
        if (number < t)
            break;
        buf_add_byte(buf, digits[t + (number - t) % (36 - t)]);
        number = (number - t) / (36 - t);
    }
    buf_add_byte(buf, digits[number]);
}

/* false: it cannot be written so */
static bool puny_encode(const struct puny *p, struct buf *buf)
{
    uint32_t done = 0;
    uint32_t bias = 72;
    uint64_t delta = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->runes[i] < 128) {
            buf_add_byte(buf, (char)p->runes[i]);
            done++;
        }
    }
    const uint32_t basic = done;
    if (basic > 0)
        buf_add_byte(buf, '-');
    for (uint32_t from = 128; done < p->count; from++, delta++) {
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < p->count; i++) {
            if (p->runes[i] >= from && p->runes[i] < least)
                least = p->runes[i];
        }
        delta += (uint64_t)(least - from) * (done + 1);
        from = least;
        for (uint32_t i = 0; i < p->count; i++) {
            delta += p->runes[i] < from;
            if (p->runes[i] != from)
                continue;
            if (delta > UINT32_MAX)
                return false;
            add_puny_number(buf, (uint32_t)delta, bias);
            bias = adapt((uint32_t)delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return true;
}

static bool read_runes(struct slice text, struct puny *ret)
{
    ret->count = 0;
    for (size_t at = 0; at < text.size;) {
        if (ret->count == RUNES_MAX)
            return false;
        ret->runes[ret->count++] = text_next_rune(text, &at);
    }
    return text_is_utf8(text);
}

/* What a label may take, in either direction, is the square of its size. */
static enum status spend_label(struct eval *eval, struct slice label, struct error *err)
{
    uint64_t size = label.size < RUNES_MAX ? label.size : RUNES_MAX;

    return eval_spend(eval, size * size, err);
}

static enum status row_to_punycode(ROW_PARAMETERS)
{
    struct puny *p = ARENA_NEW(eval->arena, struct puny, err);
    struct buf buf;

    (void)arg_count;
    if (p == NULL || spend_label(eval, args[0].bytes, err) != STATUS_OK)
        return err->status;
    text_start(&buf);
    if (!read_runes(args[0].bytes, p) || !puny_encode(p, &buf))
        buf_clear(&buf);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_to_punycode, TYPE_STRING)

#define PUNY_LABEL "xn--"

/* One label of a domain: what is beyond ASCII behind xn--; and back. */
static bool add_label(struct puny *p, struct slice label, bool encode, struct buf *buf)
{
    struct slice prefix = slice_of(PUNY_LABEL);

    if (encode) {
        if (fold_is_ascii(label)) {
            buf_add_slice(buf, label);
            return true;
        }
        buf_add_slice(buf, prefix);
        return read_runes(label, p) && puny_encode(p, buf);
    }
    if (label.size < prefix.size || !slice_equal_nocase(slice_head(label, prefix.size), prefix)) {
        buf_add_slice(buf, label);
        return true;
    }
    p->count = 0;
    label = slice_tail(label, prefix.size);
    if (!text_is_ascii(label) || !puny_decode(label, p))
        return false;
    for (uint32_t i = 0; i < p->count; i++)
        text_add_rune(buf, p->runes[i]);
    return true;
}

/* Bytes of the full stop that the text begins with: the four of IDNA, RFC 3490, 3.1. */
static size_t full_stop_size(struct slice text)
{
    static const char *const stops[] = {".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};

    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        struct slice stop = slice_of(stops[i]);
        if (text.size >= stop.size && slice_equal(slice_head(text, stop.size), stop))
            return stop.size;
    }
    return 0;
}

static enum status puny_domain(struct eval *eval, struct slice domain, bool encode,
                               struct value *ret, struct error *err)
{
    struct puny *p = ARENA_NEW(eval->arena, struct puny, err);
    struct slice rest = domain;
    struct buf buf;
    bool good = true;
    enum status status = STATUS_OK;

    if (p == NULL)
        return err->status;
    text_start(&buf);
    for (size_t at = 0; good && at <= rest.size;) {
        size_t stop = full_stop_size(slice_tail(rest, at));
        if (stop == 0 && at < rest.size) {
            at++;
            continue;
        }
        status = spend_label(eval, slice_head(rest, at), err);
        good = status == STATUS_OK && add_label(p, slice_head(rest, at), encode, &buf);
        if (stop == 0)
            break;
        buf_add_byte(&buf, '.');
        rest = slice_tail(rest, at + stop);
        at = 0;
    }
    if (!good)
        buf_clear(&buf);
    if (status == STATUS_OK)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}

static enum status row_domain_to_punycode(ROW_PARAMETERS)
{
    (void)arg_count;
    return puny_domain(eval, args[0].bytes, true, ret, err);
}
ROW_EVAL(row_domain_to_punycode, TYPE_STRING)

static enum status row_domain_from_punycode(ROW_PARAMETERS)
{
    (void)arg_count;
    return puny_domain(eval, args[0].bytes, false, ret, err);
}
ROW_EVAL(row_domain_from_punycode, TYPE_STRING)

static enum status row_from_punycode(ROW_PARAMETERS)
{
    struct puny *p = ARENA_NEW(eval->arena, struct puny, err);
    struct buf buf;

    (void)arg_count;
    if (p == NULL || spend_label(eval, args[0].bytes, err) != STATUS_OK)
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
    TEXT("punycode_domain_from_string", "a domain whose labels are in punycode, as it is read",
         "punycode_domain_from_string('xn--mnchen-3ya.de') == 'münchen.de'",
         domain_from_punycode),
    TEXT("punycode_domain_to_string", "a domain with its labels in punycode where they need it",
         "punycode_domain_to_string('München.de') == 'xn--Mnchen-3ya.de'", domain_to_punycode),
    TEXT("punycode_from_string", "a name in punycode",
         "punycode_from_string('münchen') == 'mnchen-3ya'", to_punycode),
    TEXT("punycode_to_string", "the name that punycode stands for",
         "punycode_to_string('mnchen-3ya') == 'münchen'", from_punycode),
};

FUNCTION_FAMILY(compress, functions);
