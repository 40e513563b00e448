/* SPDX-License-Identifier: Apache-2.0 */
/* The text was checked to be JSON when it was made, so scanning it needs no
 * grammar: only strings and brackets matter.  Every step checks the bounds all
 * the same, so that a fault elsewhere cannot become a read outside. */
#include "table/dynamic.h"

#include "base/limits.h"
#include "base/text.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t skip_blanks(struct slice s, size_t at)
{
    while (at < s.size && is_blank(s.data[at]))
        at++;
    return at;
}

/* Where the next quote or backslash is, from `at` on; the size if there is none. */
static size_t string_stop(struct slice s, size_t at)
{
#ifdef __AVX2__
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    for (; at + 32 <= s.size; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(s.data + at));
        uint32_t stops = (uint32_t)_mm256_movemask_epi8(
            _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash)));
        if (stops != 0)
            return at + (size_t)__builtin_ctz(stops);
    }
#endif
    while (at < s.size && s.data[at] != '"' && s.data[at] != '\\')
        at++;
    return at;
}

/* Behind the string whose opening quote is at `at`. */
static size_t skip_string(struct slice s, size_t at, bool *ret_escaped)
{
    for (at = string_stop(s, at + 1); at < s.size; at = string_stop(s, at + 2)) {
        if (s.data[at] == '"')
            return at + 1;
        *ret_escaped = true;
    }
    return s.size;
}

/* Behind the value at `at`. */
static size_t skip_value(struct slice s, size_t at)
{
    size_t depth = 0;
    bool escaped = false;

    while (at < s.size) {
        switch (s.data[at]) {
        case '"':
            at = skip_string(s, at, &escaped);
            break;
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return at;
            depth--;
            at++;
            break;
        case ',':
            if (depth == 0)
                return at;
            at++;
            continue;
        default:
            at++;
            if (depth == 0) {
                while (at < s.size && s.data[at] != ',' && s.data[at] != '}' &&
                       s.data[at] != ']' && s.data[at] > ' ')
                    at++;
            } else {
                continue;
            }
            break;
        }
        if (depth == 0)
            return at;
    }
    return s.size;
}

bool dynamic_is_null(struct slice json)
{
    return json.size == 0 || slice_is(json, "null");
}

enum json_kind dynamic_kind(struct slice json)
{
    size_t at = skip_blanks(json, 0);

    if (at == json.size)
        return JSON_NULL;
    switch (json.data[at]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

struct dynamic_iterator dynamic_iterate(struct slice json)
{
    struct dynamic_iterator it = {.text = json};
    enum json_kind kind = dynamic_kind(json);

    it.is_object = kind == JSON_OBJECT;
    it.at = kind == JSON_OBJECT || kind == JSON_ARRAY ? skip_blanks(json, 0) + 1 : json.size;
    return it;
}

bool dynamic_next(struct dynamic_iterator *it)
{
    struct slice s = it->text;
    size_t at = skip_blanks(s, it->at);

    if (it->started && at < s.size && s.data[at] == ',')
        at = skip_blanks(s, at + 1);
    it->started = true;
    if (at >= s.size || s.data[at] == '}' || s.data[at] == ']') {
        it->at = s.size;
        return false;
    }
    it->key = (struct slice){NULL, 0};
    if (it->is_object) {
        size_t begin = at;
        it->key_escaped = false;
        at = skip_string(s, at, &it->key_escaped);
        if (at < begin + 2)
            return false;
        it->key = slice_from(s.data + begin + 1, at - begin - 2);
        at = skip_blanks(s, at);
        if (at >= s.size || s.data[at] != ':')
            return false;
        at = skip_blanks(s, at + 1);
    }
    size_t end = skip_value(s, at);
    it->value = slice_from(s.data + at, end - at);
    it->at = end;
    return true;
}

uint64_t dynamic_count(struct slice json)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    uint64_t count = 0;

    while (dynamic_next(&it))
        count++;
    return count;
}

static bool key_is(const struct dynamic_iterator *it, struct slice key)
{
    struct buf decoded;

    if (!it->key_escaped)
        return slice_equal(it->key, key);
    buf_init(&decoded, it->key.size + 1);
    json_unescape(it->key, &decoded);
    bool equal = slice_equal(buf_slice(&decoded), key);
    buf_release(&decoded);
    return equal;
}

struct slice dynamic_member(struct slice json, struct slice key)
{
    struct slice found = {NULL, 0};

    if (dynamic_kind(json) != JSON_OBJECT)
        return found;
    struct dynamic_iterator it = dynamic_iterate(json);
    while (dynamic_next(&it)) {
        if (key_is(&it, key))
            found = it.value;
    }
    return found;
}

struct slice dynamic_element(struct slice json, int64_t index)
{
    struct dynamic_iterator it = dynamic_iterate(json);

    if (dynamic_kind(json) != JSON_ARRAY)
        return (struct slice){NULL, 0};
    if (index < 0)
        index += (int64_t)dynamic_count(json);
    while (index >= 0 && dynamic_next(&it)) {
        if (index-- == 0)
            return it.value;
    }
    return (struct slice){NULL, 0};
}

/* The quote of "name']" that a bracket follows, with `quote` as the quote; SIZE_MAX: none. */
static size_t quoted_end(struct slice path, size_t at, char quote)
{
    for (; at + 1 < path.size; at++) {
        if (path.data[at] == '\\')
            at++; /* what is behind it is of the name */
        else if (path.data[at] == quote && path.data[at + 1] == ']')
            return at;
    }
    return SIZE_MAX;
}

/* The member of a name as a path quotes it: a backslash stands before a quote or another
 * backslash of the name, and for itself before anything else. */
static struct slice quoted_member(struct slice json, struct slice name)
{
    struct slice found = {NULL, 0};
    struct buf plain;

    if (slice_find_byte(name, '\\', 0) == SIZE_MAX)
        return dynamic_member(json, name);
    buf_init(&plain, name.size + 1);
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '\\' && i + 1 < name.size &&
            (name.data[i + 1] == '\\' || name.data[i + 1] == '\'' || name.data[i + 1] == '"'))
            i++;
        buf_add_byte(&plain, name.data[i]);
    }
    if (!plain.failed)
        found = dynamic_member(json, buf_slice(&plain));
    buf_release(&plain);
    return found;
}

/* A step "['name']" or "["name"]". */
static struct slice quoted_step(struct slice json, struct slice path, size_t *at)
{
    size_t begin = *at + 2;
    size_t end = quoted_end(path, begin, path.data[begin - 1]);

    *at = end == SIZE_MAX ? path.size : end + 2;
    return end == SIZE_MAX ? (struct slice){NULL, 0}
                           : quoted_member(json, slice_from(path.data + begin, end - begin));
}

/* One step of a path at `at`: ".name", "name", "[3]", "['name']". */
static struct slice path_step(struct slice json, struct slice path, size_t *at)
{
    if (path.data[*at] == '[' && *at + 1 < path.size &&
        (path.data[*at + 1] == '\'' || path.data[*at + 1] == '"'))
        return quoted_step(json, path, at);
    if (path.data[*at] == '[') {
        size_t close = slice_find_byte(path, ']', *at);
        if (close == SIZE_MAX) {
            *at = path.size;
            return (struct slice){NULL, 0};
        }
        struct slice inside = slice_from(path.data + *at + 1, close - *at - 1);
        int64_t index;
        *at = close + 1;
        if (!text_parse_i64(inside, &index))
            return (struct slice){NULL, 0};
        return dynamic_element(json, index);
    }
    size_t begin = path.data[*at] == '.' ? *at + 1 : *at;
    size_t end = begin;
    while (end < path.size && path.data[end] != '.' && path.data[end] != '[')
        end++;
    *at = end;
    return dynamic_member(json, slice_from(path.data + begin, end - begin));
}

struct slice dynamic_path(struct slice json, struct slice path)
{
    size_t at = path.size > 0 && path.data[0] == '$' ? 1 : 0;

    while (at < path.size && json.size > 0)
        json = path_step(json, path, &at);
    return json;
}

static enum status keep(struct arena *arena, struct buf *buf, struct slice *ret,
                        struct error *err)
{
    enum status status = buf_check(buf, err);

    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(buf), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(buf);
    return status;
}

/* Copies JSON without the blanks between its tokens, and each string with the escapes that it
 * needs only: `\u0026` is &. */
static void add_compact(struct buf *buf, struct slice json, struct buf *scratch)
{
    size_t from = 0; /* from here on nothing is copied yet */

    for (size_t at = 0; at < json.size;) {
        size_t begin = at;
        bool escaped = false;
        if (json.data[at] != '"') {
            at++;
            if (!is_blank(json.data[begin]))
                continue;
        } else {
            at = skip_string(json, at, &escaped);
            if (!escaped)
                continue;
        }
        buf_add(buf, json.data + from, begin - from);
        from = at;
        if (escaped) {
            buf_clear(scratch);
            json_unescape(slice_from(json.data + begin + 1, at - begin - 2), scratch);
            text_add_json_string(buf, buf_slice(scratch));
        }
    }
    buf_add(buf, json.data + from, json.size - from);
}

/* Is a character behind a backslash one that needs it, written as short as it can be?  JSON has
 * no NUL there. */
static bool is_needed_escape(char c)
{
    return strchr("\"\\nrt", c) != NULL;
}

#ifdef __AVX2__

/* A bit a byte of 64: where the byte is `c`. */
static uint64_t places_of(__m256i low, __m256i high, char c)
{
    __m256i all = _mm256_set1_epi8(c);
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all));

    return (uint64_t)b << 32 | a;
}

/* The blank that has the four lowest bits of a byte, if there is one, is that byte. */
static uint64_t blanks_of(__m256i low, __m256i high)
{
    const __m256i blanks = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0));
    uint32_t a = (uint32_t)_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, low), low));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, high), high));

    return (uint64_t)b << 32 | a;
}

/* Each bit with those below it: odd inside of a string, where a bit is a quote. */
static uint64_t parity(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* Which bytes of 64 are escaped by the one before.  *carry: the first is; then the first of the
 * next block. */
static uint64_t escaped_places(uint64_t slashes, uint64_t *carry)
{
    uint64_t escaped = *carry;

    *carry = 0;
    for (slashes &= ~escaped; slashes != 0;) {
        unsigned at = (unsigned)__builtin_ctzll(slashes);
        slashes &= slashes - 1;
        if (at == 63) {
            *carry = 1;
            break;
        }
        escaped |= UINT64_C(2) << at;
        slashes &= ~(UINT64_C(2) << at);
    }
    return escaped;
}

static bool are_needed_escapes(const char *block, uint64_t escaped)
{
    while (escaped != 0 && is_needed_escape(block[__builtin_ctzll(escaped)]))
        escaped &= escaped - 1;
    return escaped == 0;
}

/* Is it not compact, by a blank outside the strings or a needless escape?  64 bytes at a
 * time. */
static bool is_loose(struct slice json)
{
    uint64_t in_string = 0; /* all ones: the block begins in a string */
    uint64_t carry = 0;

    for (size_t at = 0; at < json.size; at += 64) {
        char last[64] = {0};
        const char *block = json.data + at;
        if (json.size - at < 64)
            block = memcpy(last, block, json.size - at);
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)block);
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(block + 32));
        uint64_t slashes = places_of(low, high, '\\'), quotes = places_of(low, high, '"');
        if ((slashes | carry) != 0) {
            uint64_t escaped = escaped_places(slashes, &carry);
            if (!are_needed_escapes(block, escaped))
                return true;
            quotes &= ~escaped;
        }
        uint64_t blanks = blanks_of(low, high);
        if (blanks != 0 && (blanks & ~(parity(quotes) ^ in_string)) != 0)
            return true;
        in_string ^= (__builtin_popcountll(quotes) & 1) != 0 ? UINT64_MAX : 0;
    }
    return false;
}

#else

static bool is_loose(struct slice json)
{
    bool in_string = false;

    for (size_t at = 0; at < json.size; at++) {
        char c = json.data[at];
        if (c == '\\' && at + 1 < json.size && !is_needed_escape(json.data[++at]))
            return true;
        if (c == '"')
            in_string = !in_string;
        else if (!in_string && is_blank(c))
            return true;
    }
    return false;
}

#endif

void dynamic_compact_tail(struct buf *text, size_t from, struct buf *scratch)
{
    struct slice json = slice_tail(buf_slice(text), from);
    struct buf string;

    if (text->failed || !is_loose(json))
        return;
    buf_init(&string, json.size + 1);
    buf_clear(scratch);
    add_compact(scratch, json, &string);
    text->size = from;
    buf_add_slice(text, buf_slice(scratch));
    text->failed = text->failed || scratch->failed || string.failed;
    buf_release(&string);
}

enum status dynamic_compact(struct arena *arena, struct slice json, struct slice *ret,
                            struct error *err)
{
    struct buf buf, scratch;

    if (!is_loose(json)) {
        *ret = json;
        return STATUS_OK;
    }
    buf_init(&buf, 3 * json.size + 1); /* \b takes six bytes */
    buf_init(&scratch, json.size + 1);
    add_compact(&buf, json, &scratch);
    enum status status = buf_check(&scratch, err);
    buf_release(&scratch);
    if (status == STATUS_OK)
        return keep(arena, &buf, ret, err);
    buf_release(&buf);
    return status;
}

enum status dynamic_to_string(struct arena *arena, struct slice json, struct slice *ret,
                              struct error *err)
{
    struct slice text = slice_trim(json);
    struct buf buf;

    if (dynamic_is_null(text)) {
        *ret = (struct slice){"", 0};
        return STATUS_OK;
    }
    if (dynamic_kind(text) != JSON_STRING)
        return dynamic_compact(arena, text, ret, err);
    text = text.size >= 2 ? slice_from(text.data + 1, text.size - 2) : (struct slice){"", 0};
    if (slice_find_byte(text, '\\', 0) == SIZE_MAX) {
        *ret = text;
        return STATUS_OK;
    }
    buf_init(&buf, text.size + 4);
    json_unescape(text, &buf);
    return keep(arena, &buf, ret, err);
}

enum status dynamic_to_value(struct arena *arena, struct slice json, struct value *ret,
                             struct error *err)
{
    struct slice text = slice_trim(json);

    *ret = (struct value){.type = TYPE_DYNAMIC, .is_null = true};
    switch (dynamic_kind(text)) {
    case JSON_TRUE:
    case JSON_FALSE:
        *ret = (struct value){.type = TYPE_BOOL, .boolean = dynamic_kind(text) == JSON_TRUE};
        return STATUS_OK;
    case JSON_NUMBER:
        if (text_parse_i64(text, &ret->integer)) {
            ret->type = TYPE_LONG;
            ret->is_null = false;
        } else if (text_parse_double(text, &ret->real)) {
            ret->type = TYPE_REAL;
            ret->is_null = false;
        }
        return STATUS_OK;
    case JSON_STRING:
        ret->type = TYPE_STRING;
        ret->is_null = false;
        return dynamic_to_string(arena, text, &ret->bytes, err);
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        return STATUS_OK;
    }
    return STATUS_OK;
}

static void add_real(struct buf *buf, double value)
{
    size_t begin = buf->size;

    if (value != value || value - value != 0) { /* JSON has neither NaN nor infinity */
        buf_add_byte(buf, '"');
        text_add_double(buf, value);
        buf_add_byte(buf, '"');
        return;
    }
    text_add_double(buf, value);
    struct slice text = slice_tail(buf_slice(buf), begin);
    if (slice_find_byte(text, '.', 0) == SIZE_MAX && slice_find_byte(text, 'e', 0) == SIZE_MAX)
        buf_add_text(buf, ".0");
}

void dynamic_add_value(struct buf *buf, const struct value *value)
{
    char text[64];

    if (value->is_null && value->type != TYPE_STRING) {
        buf_add_text(buf, "null");
        return;
    }
    switch (value->type) {
    case TYPE_BOOL:
        buf_add_text(buf, value->boolean ? "true" : "false");
        return;
    case TYPE_INT:
    case TYPE_LONG:
        buf_add_i64(buf, value->integer);
        return;
    case TYPE_REAL:
        add_real(buf, value->real);
        return;
    case TYPE_DATETIME:
        time_format_iso(value->integer, text);
        text_add_json_string(buf, slice_of(text));
        return;
    case TYPE_TIMESPAN:
        buf_add_byte(buf, '"');
        time_format_span(value->integer, buf);
        buf_add_byte(buf, '"');
        return;
    case TYPE_GUID:
        guid_format(&value->guid, text);
        text_add_json_string(buf, slice_of(text));
        return;
    case TYPE_DECIMAL:
    case TYPE_STRING:
        text_add_json_string(buf, value->bytes);
        return;
    case TYPE_DYNAMIC:
        if (value->bytes.size == 0)
            buf_add_text(buf, "null");
        else
            buf_add_slice(buf, value->bytes);
        return;
    case TYPE_COUNT_:
        return;
    }
}

enum status dynamic_in_text(struct slice text, struct slice *ret, struct error *err)
{
    struct slice trimmed = slice_trim(text);
    enum json_kind kind = dynamic_kind(trimmed);
    struct json_tape tape;

    *ret = (struct slice){"", 0};
    if (kind != JSON_ARRAY && kind != JSON_OBJECT)
        return STATUS_OK;
    json_tape_init(&tape);
    enum json_result result = json_parse(trimmed, 4 * JSON_DEPTH_MAX, &tape);
    json_tape_release(&tape);
    if (result == JSON_OK)
        *ret = trimmed;
    return result == JSON_NO_MEMORY ? ERROR_MEMORY(err) : STATUS_OK;
}

enum status dynamic_parse(struct arena *arena, struct slice text, struct slice *ret,
                          struct error *err)
{
    const struct slice bom = SLICE("\xEF\xBB\xBF");
    struct slice trimmed = slice_trim(text);
    struct json_tape tape;
    struct buf buf;

    if (trimmed.size == 0) {
        *ret = (struct slice){"", 0};
        return STATUS_OK;
    }
    if (slice_starts_with(trimmed, bom)) /* it may stand before a document, not in one */
        trimmed = slice_trim(slice_tail(trimmed, bom.size));
    json_tape_init(&tape);
    enum json_result result = slice_starts_with(trimmed, bom)
                                  ? JSON_BROKEN
                                  : json_parse(trimmed, 4 * JSON_DEPTH_MAX, &tape);
    bool is_compact = result == JSON_OK && !tape.has_blanks &&
                      slice_find_byte(trimmed, '\\', 0) == SIZE_MAX;
    json_tape_release(&tape);
    if (is_compact) {
        *ret = trimmed;
        return STATUS_OK;
    }
    if (result == JSON_OK)
        return dynamic_compact(arena, trimmed, ret, err);
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    text_add_json_string(&buf, text);
    return keep(arena, &buf, ret, err);
}
