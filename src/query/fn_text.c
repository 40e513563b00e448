/* SPDX-License-Identifier: Apache-2.0 */
/* fn_text.c - further string functions. */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"
#include "table/search.h"

/* indexof(source, match [, start, length, occurrence]), in characters; -1 if nowhere. */
static enum status row_indexof(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    int64_t start = arg_count > 2 ? args[2].integer : 0;
    int64_t length = arg_count > 3 ? args[3].integer : -1;
    int64_t nth = arg_count > 4 ? args[4].integer : 1;
    size_t from = 0;

    (void)eval, (void)err;
    if (length < -1 || nth < 0)
        return STATUS_OK;
    if (start < 0) {
        int64_t count = (int64_t)text_rune_count(s);
        start = start < -count ? 0 : start + count;
    }
    while (start > 0 && from < s.size) {
        (void)text_next_rune(s, &from);
        start--;
    }
    if (start > 0)
        return give_long(ret, -1);
    while (true) { /* the length counts from where each search starts */
        size_t end = length < 0 ? s.size : from;
        for (int64_t i = 0; i < length && end < s.size; i++)
            (void)text_next_rune(s, &end);
        size_t at = slice_find(slice_head(s, end), args[1].bytes, from);
        if (at == SIZE_MAX)
            break;
        if (--nth <= 0)
            return give_long(ret, (int64_t)text_rune_count(slice_head(s, at)));
        from = at + 1;
    }
    return give_long(ret, -1);
}
ROW_EVAL(row_indexof, TYPE_LONG)
BIND(bind_indexof, "ssl", TYPE_LONG)
BIND(bind_texts, "s", TYPE_STRING)

static enum status row_reverse(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    char *out = arena_alloc_raw(eval->arena, s.size + 1, err);

    (void)arg_count;
    if (out == NULL)
        return err->status;
    for (size_t at = 0; at < s.size;) {
        size_t begin = at;
        (void)text_next_rune(s, &at);
        memcpy(out + s.size - at, s.data + begin, at - begin);
    }
    return give_bytes(ret, slice_from(out, s.size));
}
ROW_EVAL(row_reverse, TYPE_STRING)

static enum status row_strrep(ROW_PARAMETERS)
{
    struct slice between = arg_count > 2 ? args[2].bytes : SLICE("");
    struct buf buf;

    if (args[1].integer < 0 || args[1].integer > 1024)
        return ERROR_SET(err, STATUS_INVALID, "strrep() repeats 0 to 1024 times, not %lld",
                         (long long)args[1].integer);
    text_start(&buf);
    for (int64_t i = 0; i < args[1].integer; i++) {
        if (i > 0)
            buf_add_slice(&buf, between);
        buf_add_slice(&buf, args[0].bytes);
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_strrep, TYPE_STRING)
BIND(bind_strrep, "sls", TYPE_STRING)

/* translate(search, replacement, source): characters one by one; the last
 * replacement stands for those that have none. */
static enum status row_translate(ROW_PARAMETERS)
{
    struct slice source = args[2].bytes;
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    for (size_t at = 0; at < source.size;) {
        uint32_t rune = text_next_rune(source, &at);
        uint32_t replacement = 0;
        bool found = false;
        size_t from = 0;
        size_t to = 0;
        while (!found && from < args[0].bytes.size) {
            found = text_next_rune(args[0].bytes, &from) == rune;
            if (to < args[1].bytes.size)
                replacement = text_next_rune(args[1].bytes, &to);
        }
        if (!found)
            text_add_rune(&buf, rune);
        else if (args[1].bytes.size > 0)
            text_add_rune(&buf, replacement);
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_translate, TYPE_STRING)

static enum status row_strcmp(ROW_PARAMETERS)
{
    int order = slice_compare(args[0].bytes, args[1].bytes);

    (void)eval, (void)arg_count, (void)err;
    return give_long(ret, order < 0 ? -1 : order > 0);
}
ROW_EVAL(row_strcmp, TYPE_LONG)
BIND(bind_strcmp, "s", TYPE_LONG)

static enum status row_has_any_index(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[1].bytes);

    (void)arg_count;
    if (!items_is_array(&args[1]))
        return STATUS_OK;
    for (int64_t i = 0; dynamic_next(&it); i++) {
        struct slice term;
        enum status status = dynamic_to_string(eval->arena, it.value, &term, err);
        if (status != STATUS_OK)
            return status;
        if (search_has(args[0].bytes, term, false, false, false))
            return give_long(ret, i);
    }
    return give_long(ret, -1);
}
ROW_EVAL(row_has_any_index, TYPE_LONG)
BIND(bind_has_any_index, "sy", TYPE_LONG)

/* The texts of an array of texts. */
static enum status texts_of(struct eval *eval, struct slice json, struct slice **ret,
                            uint32_t *ret_count, struct error *err)
{
    struct items items;
    enum status status = items_of(eval, json, &items, err);

    if (status != STATUS_OK)
        return status;
    struct slice *texts = ARENA_ARRAY(eval->arena, struct slice, items.count + 1, err);
    if (texts == NULL)
        return err->status;
    for (uint32_t i = 0; status == STATUS_OK && i < items.count; i++)
        status = dynamic_to_string(eval->arena, items.data[i], &texts[i], err);
    *ret = texts;
    *ret_count = items.count;
    return status;
}

/* One pass: at each place the first text that is found there is replaced. */
static enum status row_replace_strings(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    struct slice *finds;
    struct slice *rewrites;
    uint32_t find_count;
    uint32_t rewrite_count;
    struct buf buf;
    enum status status = texts_of(eval, args[1].bytes, &finds, &find_count, err);

    (void)arg_count;
    if (status == STATUS_OK)
        status = texts_of(eval, args[2].bytes, &rewrites, &rewrite_count, err);
    if (status != STATUS_OK)
        return status;
    text_start(&buf);
    for (size_t at = 0; at < s.size;) {
        uint32_t i = 0;
        while (i < find_count &&
               (finds[i].size == 0 || !slice_starts_with(slice_tail(s, at), finds[i])))
            i++;
        if (i == find_count) {
            buf_add_byte(&buf, s.data[at++]);
            continue;
        }
        if (i < rewrite_count)
            buf_add_slice(&buf, rewrites[i]);
        at += finds[i].size;
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_replace_strings, TYPE_STRING)
BIND(bind_replace_strings, "syy", TYPE_STRING)

/* ---- code points ---- */

static enum status row_codepoints(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    list_start(&buf);
    for (size_t at = 0; at < args[0].bytes.size;) {
        if (buf.size > 1)
            buf_add_byte(&buf, ',');
        buf_add_u64(&buf, text_next_rune(args[0].bytes, &at));
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_codepoints, TYPE_DYNAMIC)
BIND(bind_codepoints, "s", TYPE_DYNAMIC)

static void add_codepoint(struct buf *buf, int64_t rune)
{
    if (rune > 0 && rune <= 0x10FFFF && !(rune >= 0xD800 && rune <= 0xDFFF))
        text_add_rune(buf, (uint32_t)rune);
}

static enum status row_make_string(ROW_PARAMETERS)
{
    struct buf buf;
    int64_t rune;

    text_start(&buf);
    for (uint32_t i = 0; i < arg_count; i++) {
        struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
        if (items_is_array(&args[i])) {
            while (dynamic_next(&it)) {
                if (text_parse_i64(slice_trim(it.value), &rune))
                    add_codepoint(&buf, rune);
            }
        } else if (text_parse_i64(args[i].bytes, &rune)) {
            add_codepoint(&buf, rune);
        }
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_make_string, TYPE_STRING)
BIND(bind_make_string, "y", TYPE_STRING)

static enum status row_isascii(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    return give_bool(ret, text_is_ascii(args[0].bytes));
}
ROW_EVAL(row_isascii, TYPE_BOOL)

static enum status row_isutf8(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    return give_bool(ret, text_is_utf8(args[0].bytes));
}
ROW_EVAL(row_isutf8, TYPE_BOOL)
BIND(bind_text_test, "s", TYPE_BOOL)

/* ---- tohex ---- */

static enum status bind_tohex(BIND_PARAMETERS)
{
    (void)err;
    if (args[0].type != TYPE_INT)
        want[0] = TYPE_LONG;
    if (arg_count > 1)
        want[1] = TYPE_LONG;
    *ret = TYPE_STRING;
    return STATUS_OK;
}

static enum status row_tohex(ROW_PARAMETERS)
{
    uint64_t bits = (uint64_t)args[0].integer;
    int64_t width = arg_count > 1 ? args[1].integer : 0;
    struct buf buf;

    if (args[0].type == TYPE_INT)
        bits &= UINT32_MAX;
    width = width < 0 ? 0 : width > 64 ? 64 : width;
    text_start(&buf);
    buf_add_format(&buf, "%0*llx", (int)width, (unsigned long long)bits);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_tohex, TYPE_STRING)

#define TEXT_FUNCTION(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN, EVAL)                     \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##EVAL}

static const struct function functions[] = {
    TEXT_FUNCTION("indexof", "indexof(source, match [, start, length, occurrence])",
                  "where a text is, in characters from 0; -1 if nowhere",
                  "indexof('abcabc', 'c', 3) == 5", 2, 5, bind_indexof, indexof),
    TEXT_FUNCTION("reverse", "reverse(text)", "the characters in reverse order",
                  "reverse('abc') == 'cba'", 1, 1, bind_texts, reverse),
    TEXT_FUNCTION("strrep", "strrep(text, count [, delimiter])", "a text many times",
                  "strrep('ab', 2, '-') == 'ab-ab'", 2, 3, bind_strrep, strrep),
    TEXT_FUNCTION("translate", "translate(search, replacement, source)",
                  "replaces characters one by one", "translate('ab', 'xy', 'cab') == 'cxy'", 3, 3,
                  bind_texts, translate),
    TEXT_FUNCTION("strcmp", "strcmp(a, b)", "-1, 0 or 1 as a is before, equal to or after b",
                  "strcmp('a', 'b') == -1", 2, 2, bind_strcmp, strcmp),
    TEXT_FUNCTION("has_any_index", "has_any_index(source, values)",
                  "the index of the first value that the text has as a term; -1 if none",
                  "has_any_index('an apple', dynamic(['pear', 'apple'])) == 1", 2, 2,
                  bind_has_any_index, has_any_index),
    TEXT_FUNCTION("replace_strings", "replace_strings(text, finds, replacements)",
                  "replaces several texts",
                  "replace_strings('a b', dynamic(['a', 'b']), dynamic(['b', 'c'])) == 'b c'", 3,
                  3, bind_replace_strings, replace_strings),
    TEXT_FUNCTION("unicode_codepoints_from_string", "unicode_codepoints_from_string(text)",
                  "the code points as an array",
                  "unicode_codepoints_from_string('a')[0] == 97", 1, 1, bind_codepoints,
                  codepoints),
    TEXT_FUNCTION("to_utf8", "to_utf8(text)", "the code points as an array",
                  "to_utf8('a')[0] == 97", 1, 1, bind_codepoints, codepoints),
    TEXT_FUNCTION("unicode_codepoints_to_string", "unicode_codepoints_to_string(values, ...)",
                  "the text with these code points",
                  "unicode_codepoints_to_string(97, 98) == 'ab'", 1, 64, bind_make_string,
                  make_string),
    TEXT_FUNCTION("make_string", "make_string(values, ...)", "the text with these code points",
                  "make_string(97, 98) == 'ab'", 1, 64, bind_make_string, make_string),
    TEXT_FUNCTION("isascii", "isascii(text)", "true if all bytes are ASCII", "isascii('a')", 1, 1,
                  bind_text_test, isascii),
    TEXT_FUNCTION("isutf8", "isutf8(text)", "true if the bytes are UTF-8", "isutf8('a')", 1, 1,
                  bind_text_test, isutf8),
    TEXT_FUNCTION("tohex", "tohex(value [, width])", "a whole number in hex digits",
                  "tohex(255, 4) == '00ff'", 1, 2, bind_tohex, tohex),
};

FUNCTION_FAMILY(text, functions);
