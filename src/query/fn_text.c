/* SPDX-License-Identifier: Apache-2.0 */
/* fn_text.c - further string functions. */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"
#include "table/search.h"

#include <stdlib.h>

/* indexof(source, match [, start, length, occurrence]), in characters; -1 if nowhere. */
static enum status row_indexof(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    int64_t start = arg_count > 2 ? args[2].integer : 0;
    int64_t length = arg_count > 3 ? args[3].integer : -1;
    int64_t nth = arg_count > 4 ? args[4].integer : 1;
    size_t from = 0;
    enum status status = STATUS_OK;

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
    while (status == STATUS_OK) { /* the length counts from where each search starts */
        size_t end = length < 0 ? s.size : from;
        for (int64_t i = 0; i < length && end < s.size; i++)
            (void)text_next_rune(s, &end);
        size_t at = slice_find(slice_head(s, end), args[1].bytes, from);
        if (at == SIZE_MAX)
            return give_long(ret, -1);
        if (--nth <= 0)
            return give_long(ret, (int64_t)text_rune_count(slice_head(s, at)));
        status = eval_spend(eval, (length < 0 ? at : end) - from + args[1].bytes.size, err);
        from = at;
        (void)text_next_rune(s, &from); /* within a character the length would count its rest */
    }
    return status;
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

#define STRREP_MAX 1024 /* times, as documented: more is as many */

static enum status row_strrep(ROW_PARAMETERS)
{
    struct slice between = arg_count > 2 ? args[2].bytes : SLICE("");
    struct buf buf;

    int64_t times = args[1].integer < STRREP_MAX ? args[1].integer : STRREP_MAX;
    if (times < 0)
        return ERROR_SET(err, STATUS_INVALID, "strrep() does not repeat %lld times",
                         (long long)times);
    text_start(&buf);
    for (int64_t i = 0; i < times; i++) {
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
    enum status status = STATUS_OK;
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    for (size_t at = 0; at < source.size && status == STATUS_OK;) {
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
        status = eval_spend(eval, from * 4, err);
    }
    if (status == STATUS_OK)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
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
        if (status == STATUS_OK)
            status = eval_spend(eval, args[0].bytes.size + 16, err);
        if (status != STATUS_OK)
            return status;
        if (search_has(args[0].bytes, term, false, false, false))
            return give_long(ret, i);
    }
    return give_long(ret, -1);
}
ROW_EVAL(row_has_any_index, TYPE_LONG)
BIND(bind_has_any_index, "sy", TYPE_LONG)

/* The texts of an array; what is no text there has no data. */
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
    for (uint32_t i = 0; status == STATUS_OK && i < items.count; i++) {
        texts[i] = (struct slice){0};
        if (dynamic_kind(items.data[i]) == JSON_STRING)
            status = dynamic_to_string(eval->arena, items.data[i], &texts[i], err);
    }
    *ret = texts;
    *ret_count = items.count;
    return status;
}

/* A text to find, and its place in the list. */
struct find {
    struct slice text;
    uint32_t index;
};

static int compare_finds(const void *a, const void *b)
{
    const struct find *x = a;
    const struct find *y = b;
    int order = slice_compare(x->text, y->text);

    return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* The first from `low` that has a byte of at least `byte` behind its first `depth`. */
static uint32_t first_with(const struct find *finds, uint32_t low, uint32_t high, size_t depth,
                           unsigned byte)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((unsigned char)finds[middle].text.data[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Marks those of the sorted texts that begin s; what it took.  Each byte narrows the range of
 * those that begin as s does, as a walk down a tree would. */
static uint64_t mark_at(const struct find *finds, uint32_t count, struct slice s, bool *found)
{
    uint32_t low = 0;
    uint32_t high = count;
    size_t depth = 0;

    while (true) {
        /* what ends here stands before what goes on */
        for (; low < high && finds[low].text.size == depth; low++)
            found[low] = true;
        if (low == high || depth == s.size)
            break;
        unsigned byte = (unsigned char)s.data[depth];
        low = first_with(finds, low, high, depth, byte);
        high = first_with(finds, low, high, depth, byte + 1);
        depth++;
    }
    return (depth + 1) * 16;
}

/* The texts to find that are not empty, sorted; each once, at its first place. */
static enum status sort_finds(struct eval *eval, struct slice json, struct find **ret,
                              uint32_t *ret_count, struct error *err)
{
    struct slice *texts;
    uint32_t count;
    uint32_t kept = 0;
    enum status status = texts_of(eval, json, &texts, &count, err);

    if (status != STATUS_OK)
        return status;
    struct find *finds = ARENA_ARRAY(eval->arena, struct find, count + 1, err);
    if (finds == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].size > 0)
            finds[kept++] = (struct find){texts[i], i};
    }
    qsort(finds, kept, sizeof(*finds), compare_finds);
    count = kept;
    kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || !slice_equal(finds[kept - 1].text, finds[i].text))
            finds[kept++] = finds[i];
    }
    *ret = finds;
    *ret_count = kept;
    return STATUS_OK;
}

static int compare_index(const void *a, const void *b)
{
    const struct find *x = a;
    const struct find *y = b;

    return x->index < y->index ? -1 : x->index > y->index;
}

/* Leaves those of the finds that are somewhere in s, in the order of the list. */
static enum status keep_found(struct eval *eval, struct slice s, struct find *finds,
                              uint32_t *count, struct error *err)
{
    bool *found = ARENA_ARRAY(eval->arena, bool, *count + 1, err);
    enum status status = found == NULL ? err->status : STATUS_OK;
    uint32_t kept = 0;

    for (size_t at = 0; at < s.size && status == STATUS_OK; at++)
        status = eval_spend(eval, mark_at(finds, *count, slice_tail(s, at), found), err);
    for (uint32_t i = 0; i < *count && status == STATUS_OK; i++) {
        if (found[i])
            finds[kept++] = finds[i];
    }
    qsort(finds, kept, sizeof(*finds), compare_index);
    *count = kept;
    return status;
}

/* What replaces what: by byte of the text, whether something takes it, and where it begins the
 * find's number from 1. */
struct places {
    char *taken;
    uint32_t *starts;
};

/* Takes all places of a text that are free yet. */
static void take_places(struct slice s, const struct find *find, uint32_t number,
                        struct places *places)
{
    size_t size = find->text.size;

    for (size_t at = slice_find(s, find->text, 0); at != SIZE_MAX;) {
        const char *last = memrchr(places->taken + at, 1, size);
        if (last == NULL) {
            memset(places->taken + at, 1, size);
            places->starts[at] = number;
            last = places->taken + at + size - 1;
        }
        /* what begins up to there overlaps it */
        at = slice_find(s, find->text, (size_t)(last - places->taken) + 1);
    }
}

static void add_replaced(struct buf *buf, struct slice s, const struct places *places,
                         const struct find *finds, const struct slice *rewrites,
                         uint32_t rewrite_count)
{
    for (size_t at = 0; at < s.size;) {
        if (places->taken[at] == 0) {
            buf_add_byte(buf, s.data[at++]);
            continue;
        }
        const struct find *found = &finds[places->starts[at] - 1];
        if (found->index < rewrite_count)
            buf_add_slice(buf, rewrites[found->index].data == NULL ? found->text
                                                                    : rewrites[found->index]);
        at += found->text.size;
    }
}

/* Where texts to find overlap, the one that stands first in the list goes first, wherever it
 * begins; what was put in is not looked through. */
static enum status row_replace_strings(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    struct find *finds = NULL;
    struct slice *rewrites = NULL;
    uint32_t find_count = 0;
    uint32_t rewrite_count = 0;
    struct buf buf;
    enum status status = sort_finds(eval, args[1].bytes, &finds, &find_count, err);

    (void)arg_count;
    if (status == STATUS_OK)
        status = texts_of(eval, args[2].bytes, &rewrites, &rewrite_count, err);
    if (status == STATUS_OK)
        status = keep_found(eval, s, finds, &find_count, err);
    if (status != STATUS_OK)
        return status;
    if (find_count == 0)
        return give_bytes(ret, s);
    struct places places = {ARENA_ARRAY(eval->arena, char, s.size, err),
                            ARENA_ARRAY(eval->arena, uint32_t, s.size, err)};
    if (places.taken == NULL || places.starts == NULL)
        return err->status;
    for (uint32_t i = 0; i < find_count && status == STATUS_OK; i++) {
        take_places(s, &finds[i], i + 1, &places);
        status = eval_spend(eval, s.size, err);
    }
    if (status != STATUS_OK)
        return status;
    text_start(&buf);
    add_replaced(&buf, s, &places, finds, rewrites, rewrite_count);
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

static bool add_codepoint(struct buf *buf, struct slice number)
{
    int64_t rune;

    if (!text_parse_i64(slice_trim(number), &rune) || rune < 0 || rune > 0x10FFFF ||
        (rune >= 0xD800 && rune <= 0xDFFF))
        return false;
    text_add_rune(buf, (uint32_t)rune);
    return true;
}

/* Nothing at all where one of the arguments is no code point. */
static enum status row_make_string(ROW_PARAMETERS)
{
    struct buf buf;
    bool valid = true;

    text_start(&buf);
    for (uint32_t i = 0; i < arg_count && valid; i++) {
        struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
        if (!items_is_array(&args[i]))
            valid = add_codepoint(&buf, args[i].bytes);
        while (valid && items_is_array(&args[i]) && dynamic_next(&it))
            valid = add_codepoint(&buf, it.value);
    }
    if (!valid)
        buf_clear(&buf);
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

#define HEX_DIGITS_MAX 16 /* of a long: wider is not filled up */

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
    width = width < 0 ? 0 : width > HEX_DIGITS_MAX ? HEX_DIGITS_MAX : width;
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
