/* SPDX-License-Identifier: Apache-2.0 */
/* A recursive-descent parser without recursion: what is open is linked through its tokens.
 * Strings are scanned 32 bytes at a time (AVX2 where the build has it), as they are most of
 * the bytes.
 *
 * A record has about a hundred tokens, so all that is done for each of them is inlined into
 * one function, where the parser's members are registers.
 *
 * Invariant: tokens[i].next is set when the value i is complete; until then a container's
 * `end` is the container around it. */
#include "codec/json.h"

#include "base/check.h"
#include "base/text.h"

#include <stdlib.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

struct parser {
    const unsigned char *text;
    size_t size, at;
    struct json_tape *tape;
    uint32_t count;     /* of tokens: the tape's, while it is worked on */
    uint32_t container; /* the innermost that is open, if depth > 0 */
    unsigned depth;
    bool saw_high_byte; /* the text must then be checked for UTF-8 */
    bool has_blanks;
};

void json_tape_init(struct json_tape *tape)
{
    *tape = (struct json_tape){0};
}

void json_tape_release(struct json_tape *tape)
{
    free(tape->tokens);
    *tape = (struct json_tape){0};
}

const char *json_result_text(enum json_result result)
{
    switch (result) {
    case JSON_OK:
        return "is valid JSON";
    case JSON_BROKEN:
        return "is not valid JSON";
    case JSON_NOT_UTF8:
        return "is not valid UTF-8";
    case JSON_TOO_DEEP:
        return "is nested too deep";
    case JSON_TRAILING:
        return "has other bytes behind the JSON value";
    case JSON_NO_MEMORY:
        return "does not fit the memory";
    }
    return "";
}

static bool grow(struct json_tape *tape)
{
    uint32_t capacity = tape->capacity == 0 ? 256 : tape->capacity * 2;
    struct json_token *tokens = realloc(tape->tokens, capacity * sizeof(*tokens));

    if (tokens == NULL)
        return false;
    tape->tokens = tokens;
    tape->capacity = capacity;
    return true;
}

static inline bool add_token(struct parser *p, struct json_token token)
{
    if (p->count == p->tape->capacity && !grow(p->tape))
        return false;
    p->tape->tokens[p->count++] = token;
    return true;
}

static size_t pass_blanks(const unsigned char *text, size_t at, size_t size)
{
    while (at < size &&
           (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t'))
        at++;
    return at;
}

static inline void skip_blanks(struct parser *p)
{
    if (p->at >= p->size || p->text[p->at] > ' ')
        return;
    size_t at = pass_blanks(p->text, p->at, p->size);
    p->has_blanks |= at > p->at;
    p->at = at;
}

/* Index of the next quote, backslash or control byte at or after `at` (size if
 * there is none); *high becomes true when a byte above 127 was passed. */
static inline size_t find_string_stop(const unsigned char *text, size_t at, size_t size, bool *high)
{
#ifdef __AVX2__
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    const __m256i blank = _mm256_set1_epi8(0x1F);
    for (; at + 32 <= size; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(text + at));
        __m256i stop = _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash));
        stop = _mm256_or_si256(stop, _mm256_cmpeq_epi8(_mm256_min_epu8(v, blank), v));
        uint32_t stops = (uint32_t)_mm256_movemask_epi8(stop);
        uint32_t highs = (uint32_t)_mm256_movemask_epi8(v);
        if (stops != 0) {
            unsigned first = (unsigned)__builtin_ctz(stops);
            *high |= (highs & ((1u << first) - 1)) != 0;
            return at + first;
        }
        *high |= highs != 0;
    }
#endif
    for (; at < size; at++) {
        unsigned char c = text[at];
        if (c == '"' || c == '\\' || c < 0x20)
            return at;
        *high |= c >= 0x80;
    }
    return size;
}

/* The bytes of the escape that `text` begins with (a backslash); 0: it is none. */
static size_t escape_bytes(const unsigned char *text, size_t size)
{
    if (size < 2)
        return 0;
    switch (text[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return 2;
    case 'u':
        for (size_t i = 2; i < 6; i++) {
            if (i >= size || text_hex_digit((char)text[i]) < 0)
                return 0;
        }
        return 6;
    default:
        return 0;
    }
}

/* A string whose opening quote is at `at`. */
static inline enum json_result parse_string(struct parser *p)
{
    size_t start = p->at + 1;
    uint8_t escaped = 0;

    for (p->at = start;;) {
        p->at = find_string_stop(p->text, p->at, p->size, &p->saw_high_byte);
        if (p->at >= p->size)
            return JSON_BROKEN;
        if (p->text[p->at] == '"')
            break;
        size_t bytes =
            p->text[p->at] == '\\' ? escape_bytes(p->text + p->at, p->size - p->at) : 0;
        if (bytes == 0)
            return JSON_BROKEN;
        escaped = 1;
        p->at += bytes;
    }
    struct json_token token = {.start = (uint32_t)start, .end = (uint32_t)p->at++,
                               .next = p->count + 1, .kind = JSON_STRING, .escaped = escaped};
    return add_token(p, token) ? JSON_OK : JSON_NO_MEMORY;
}

static size_t skip_digits(const unsigned char *text, size_t at, size_t size)
{
    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    return at;
}

/* RFC 8259 section 6: where the number at `at` ends; `at` if it is none. */
static size_t number_end(const unsigned char *text, size_t at, size_t size)
{
    size_t none = at;

    if (text[at] == '-')
        at++;
    size_t digits = at;
    at = skip_digits(text, at, size);
    if (at == digits || (text[digits] == '0' && at > digits + 1))
        return none;
    if (at < size && text[at] == '.') {
        size_t fraction = ++at;
        at = skip_digits(text, at, size);
        if (at == fraction)
            return none;
    }
    if (at < size && (text[at] | 0x20) == 'e') {
        at++;
        if (at < size && (text[at] == '+' || text[at] == '-'))
            at++;
        size_t exponent = at;
        at = skip_digits(text, at, size);
        if (at == exponent)
            return none;
    }
    return at;
}

/* Where the word at `at` ends; `at` if it is another one. */
static size_t word_end(const unsigned char *text, size_t at, size_t size, struct slice word)
{
    bool is_there = size - at >= word.size && memcmp(text + at, word.data, word.size) == 0;

    return is_there ? at + word.size : at;
}

/* What is neither a string nor a container. */
static inline enum json_result parse_scalar(struct parser *p, unsigned char first)
{
    enum json_kind kind = JSON_NUMBER;
    size_t end = p->at;

    if (first == '-' || (first >= '0' && first <= '9')) {
        end = number_end(p->text, p->at, p->size);
    } else if (first == 't') {
        kind = JSON_TRUE;
        end = word_end(p->text, p->at, p->size, SLICE("true"));
    } else if (first == 'f') {
        kind = JSON_FALSE;
        end = word_end(p->text, p->at, p->size, SLICE("false"));
    } else if (first == 'n') {
        kind = JSON_NULL;
        end = word_end(p->text, p->at, p->size, SLICE("null"));
    }
    if (end == p->at)
        return JSON_BROKEN;
    struct json_token token = {.start = (uint32_t)p->at, .end = (uint32_t)end,
                               .next = p->count + 1, .kind = (uint8_t)kind};
    p->at = end;
    return add_token(p, token) ? JSON_OK : JSON_NO_MEMORY;
}

static inline enum json_result open_container(struct parser *p, bool is_object,
                                              unsigned depth_max)
{
    if (p->depth == depth_max)
        return JSON_TOO_DEEP;
    struct json_token token = {.start = (uint32_t)p->at, .end = p->container,
                               .kind = is_object ? JSON_OBJECT : JSON_ARRAY};
    p->container = p->count;
    p->depth++;
    p->at++;
    return add_token(p, token) ? JSON_OK : JSON_NO_MEMORY;
}

/* At the colon behind a key, and over it. */
static inline enum json_result pass_colon(struct parser *p)
{
    skip_blanks(p);
    if (p->at >= p->size || p->text[p->at] != ':')
        return JSON_BROKEN;
    p->at++;
    skip_blanks(p);
    return JSON_OK;
}

/* Closes what ends here, until something comes behind a comma; *ret_key: in an object.
 * Depth 0 when the outermost container is closed. */
static inline enum json_result close_containers(struct parser *p, bool *ret_key)
{
    while (p->depth > 0) {
        struct json_token *open = &p->tape->tokens[p->container];
        bool is_object = open->kind == JSON_OBJECT;
        skip_blanks(p);
        if (p->at >= p->size)
            return JSON_BROKEN;
        if (p->text[p->at] == ',') {
            p->at++;
            skip_blanks(p);
            *ret_key = is_object;
            return JSON_OK;
        }
        if (p->text[p->at] != (is_object ? '}' : ']'))
            return JSON_BROKEN;
        p->container = open->end;
        p->depth--;
        open->end = (uint32_t)++p->at;
        open->next = p->count;
    }
    return JSON_OK;
}

static inline enum json_result parse_value(struct parser *p, unsigned depth_max)
{
    bool wants_key = false;

    for (;;) {
        unsigned char first = p->at < p->size ? p->text[p->at] : 0;
        bool is_container = first == '{' || first == '[';
        enum json_result result;
        if (first == '"')
            result = parse_string(p);
        else if (wants_key)
            return JSON_BROKEN;
        else if (is_container)
            result = open_container(p, first == '{', depth_max);
        else
            result = parse_scalar(p, first);
        if (result == JSON_OK && wants_key) {
            result = pass_colon(p);
            wants_key = false;
            if (result == JSON_OK)
                continue;
        }
        if (result != JSON_OK)
            return result;
        if (is_container) {
            skip_blanks(p);
            if (p->at >= p->size || p->text[p->at] != (first == '{' ? '}' : ']')) {
                wants_key = first == '{';
                continue;
            }
        }
        result = close_containers(p, &wants_key);
        if (result != JSON_OK || p->depth == 0)
            return result;
    }
}

enum json_result json_parse_prefix(struct slice text, unsigned depth_max, struct json_tape *tape,
                                   size_t *ret_end)
{
    struct parser p = {
        .text = (const unsigned char *)text.data, .size = text.size, .tape = tape};

    CHECK(text.size < UINT32_MAX);
    if (text.size >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        p.at = 3;
    skip_blanks(&p);
    enum json_result result = parse_value(&p, depth_max);
    tape->count = p.count;
    tape->has_blanks = p.has_blanks;
    tape->error_offset = (uint32_t)p.at;
    if (result == JSON_OK && p.saw_high_byte && !text_is_utf8(slice_head(text, p.at)))
        result = JSON_NOT_UTF8;
    if (result == JSON_BROKEN && !text_is_utf8(text))
        result = JSON_NOT_UTF8;
    *ret_end = p.at;
    return result;
}

enum json_result json_parse(struct slice text, unsigned depth_max, struct json_tape *tape)
{
    size_t end;
    enum json_result result = json_parse_prefix(text, depth_max, tape, &end);

    if (result != JSON_OK)
        return result;
    tape->has_blanks = tape->has_blanks || end < text.size;
    for (; end < text.size; end++) {
        char c = text.data[end];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
            tape->error_offset = (uint32_t)end;
            return JSON_TRAILING;
        }
    }
    return JSON_OK;
}

/* Four hex digits (checked by the parser; anything else counts as 0). */
static uint32_t hex4(const char *at)
{
    unsigned char bytes[2] = {0, 0};

    (void)text_parse_hex(slice_from(at, 4), bytes, 2);
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* Decodes \uXXXX (and its low surrogate) at `at`; returns the bytes used. */
static size_t unescape_unicode(struct slice s, size_t at, struct buf *ret)
{
    if (s.size - at < 6) {
        text_add_rune(ret, 0xFFFD);
        return s.size - at;
    }
    uint32_t rune = hex4(s.data + at + 2);
    if (rune >= 0xD800 && rune <= 0xDBFF && s.size - at >= 12 && s.data[at + 6] == '\\' &&
        s.data[at + 7] == 'u') {
        uint32_t low = hex4(s.data + at + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            text_add_rune(ret, 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00));
            return 12;
        }
    }
    text_add_rune(ret, rune);
    return 6;
}

void json_add_line(struct buf *ret, struct slice json)
{
    struct slice line;

    while (slice_next(&json, '\n', &line)) {
        struct slice part;
        while (slice_next(&line, '\r', &part))
            buf_add_slice(ret, part);
    }
}

void json_unescape(struct slice escaped, struct buf *ret)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    for (size_t at = 0; at < escaped.size;) {
        size_t slash = slice_find_byte(escaped, '\\', at);
        if (slash == SIZE_MAX)
            slash = escaped.size;
        buf_add(ret, escaped.data + at, slash - at);
        at = slash;
        if (at + 1 >= escaped.size)
            break;
        char c = escaped.data[at + 1];
        if (c == 'u') {
            at += unescape_unicode(escaped, at, ret);
            continue;
        }
        const char *known = strchr(from, c);
        buf_add_byte(ret, known != NULL && c != '\0' ? to[known - from] : c);
        at += 2;
    }
}

struct slice json_plain(struct slice text, struct buf *scratch)
{
    if (slice_find_byte(text, '\\', 0) == SIZE_MAX)
        return text;
    buf_clear(scratch);
    json_unescape(text, scratch);
    return buf_slice(scratch);
}

static bool key_equals(struct slice text, const struct json_token *token, struct slice key)
{
    struct slice raw = json_text(text, token);
    struct buf decoded;

    if (!token->escaped)
        return slice_equal(raw, key);
    buf_init(&decoded, raw.size + 1);
    json_unescape(raw, &decoded);
    bool equal = slice_equal(buf_slice(&decoded), key);
    buf_release(&decoded);
    return equal;
}

uint32_t json_member(struct slice text, const struct json_token *tokens, uint32_t object,
                     struct slice key)
{
    uint32_t found = UINT32_MAX;

    if (tokens[object].kind != JSON_OBJECT)
        return found;
    for (uint32_t i = object + 1; i < tokens[object].next; i = tokens[i + 1].next) {
        if (key_equals(text, &tokens[i], key))
            found = i + 1;
    }
    return found;
}
