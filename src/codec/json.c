/* SPDX-License-Identifier: Apache-2.0 */
/* A recursive-descent parser without recursion: `state` says what may come
 * next, `open` holds the containers.  Strings are scanned 32 bytes at a time
 * (AVX2 or SSE2 where the build has them), as they are most of the bytes.
 *
 * Invariant: tokens[i].next is set when the value i is complete; until then a
 * container's `end` is 0.
 */
#include "codec/json.h"

#include "base/check.h"
#include "base/text.h"

#include <stdlib.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define DEPTH_LIMIT 1024u /* of the stack below; callers ask for less */

struct parser {
    const unsigned char *text;
    size_t size, at;
    struct json_tape *tape;
    bool saw_high_byte; /* the text must then be checked for UTF-8 */
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

static struct json_token *add_token(struct json_tape *tape)
{
    if (tape->count == tape->capacity) {
        uint32_t capacity = tape->capacity == 0 ? 256 : tape->capacity * 2;
        struct json_token *tokens = realloc(tape->tokens, capacity * sizeof(*tokens));
        if (tokens == NULL)
            return NULL;
        tape->tokens = tokens;
        tape->capacity = capacity;
    }
    return &tape->tokens[tape->count++];
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->size) {
        unsigned char c = p->text[p->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            break;
        p->tape->has_blanks = true;
        p->at++;
    }
}

/* Index of the next quote, backslash or control byte at or after `at` (size if
 * there is none); *high becomes true when a byte above 127 was passed. */
static size_t find_string_stop(const unsigned char *text, size_t at, size_t size, bool *high)
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

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Steps over the escape at `at` (a backslash). */
static bool skip_escape(struct parser *p)
{
    if (p->at + 1 >= p->size)
        return false;
    switch (p->text[p->at + 1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        p->at += 2;
        return true;
    case 'u':
        if (p->size - p->at < 6)
            return false;
        for (size_t i = 2; i < 6; i++) {
            if (!is_hex(p->text[p->at + i]))
                return false;
        }
        p->at += 6;
        return true;
    default:
        return false;
    }
}

/* A string whose opening quote is at `at`. */
static enum json_result parse_string(struct parser *p)
{
    struct json_token *token = add_token(p->tape);

    if (token == NULL)
        return JSON_NO_MEMORY;
    *token = (struct json_token){.start = (uint32_t)++p->at, .kind = JSON_STRING};
    for (;;) {
        p->at = find_string_stop(p->text, p->at, p->size, &p->saw_high_byte);
        if (p->at >= p->size)
            return JSON_BROKEN;
        if (p->text[p->at] == '"')
            break;
        token->escaped = 1;
        if (p->text[p->at] != '\\' || !skip_escape(p))
            return JSON_BROKEN;
    }
    token->end = (uint32_t)p->at++;
    token->next = p->tape->count;
    return JSON_OK;
}

static size_t skip_digits(const struct parser *p, size_t at)
{
    while (at < p->size && p->text[at] >= '0' && p->text[at] <= '9')
        at++;
    return at;
}

/* RFC 8259 section 6. */
static enum json_result parse_number(struct parser *p)
{
    size_t at = p->at;

    if (p->text[at] == '-')
        at++;
    size_t digits = at;
    at = skip_digits(p, at);
    if (at == digits || (p->text[digits] == '0' && at > digits + 1))
        return JSON_BROKEN;
    if (at < p->size && p->text[at] == '.') {
        size_t fraction = ++at;
        at = skip_digits(p, at);
        if (at == fraction)
            return JSON_BROKEN;
    }
    if (at < p->size && (p->text[at] | 0x20) == 'e') {
        at++;
        if (at < p->size && (p->text[at] == '+' || p->text[at] == '-'))
            at++;
        size_t exponent = at;
        at = skip_digits(p, at);
        if (at == exponent)
            return JSON_BROKEN;
    }
    struct json_token *token = add_token(p->tape);
    if (token == NULL)
        return JSON_NO_MEMORY;
    *token = (struct json_token){.start = (uint32_t)p->at, .end = (uint32_t)at,
                                 .next = p->tape->count, .kind = JSON_NUMBER};
    p->at = at;
    return JSON_OK;
}

static enum json_result parse_word(struct parser *p, const char *word, enum json_kind kind)
{
    size_t size = strlen(word);

    if (p->size - p->at < size || memcmp(p->text + p->at, word, size) != 0)
        return JSON_BROKEN;
    struct json_token *token = add_token(p->tape);
    if (token == NULL)
        return JSON_NO_MEMORY;
    *token = (struct json_token){.start = (uint32_t)p->at, .end = (uint32_t)(p->at + size),
                                 .next = p->tape->count, .kind = (uint8_t)kind};
    p->at += size;
    return JSON_OK;
}

static enum json_result parse_scalar(struct parser *p)
{
    if (p->at >= p->size)
        return JSON_BROKEN;
    switch (p->text[p->at]) {
    case '"':
        return parse_string(p);
    case 't':
        return parse_word(p, "true", JSON_TRUE);
    case 'f':
        return parse_word(p, "false", JSON_FALSE);
    case 'n':
        return parse_word(p, "null", JSON_NULL);
    default:
        if (p->text[p->at] != '-' && (p->text[p->at] < '0' || p->text[p->at] > '9'))
            return JSON_BROKEN;
        return parse_number(p);
    }
}

/* A key and its colon; blanks before it are skipped already. */
static enum json_result parse_key(struct parser *p)
{
    if (p->at >= p->size || p->text[p->at] != '"')
        return JSON_BROKEN;
    enum json_result result = parse_string(p);
    if (result != JSON_OK)
        return result;
    skip_blanks(p);
    if (p->at >= p->size || p->text[p->at] != ':')
        return JSON_BROKEN;
    p->at++;
    skip_blanks(p);
    return JSON_OK;
}

struct stack {
    uint32_t open[DEPTH_LIMIT];
    unsigned depth;
};

/* Opens the container at `at`; *ret_empty when it closes at once. */
static enum json_result open_container(struct parser *p, struct stack *stack, unsigned depth_max,
                                       bool *ret_empty)
{
    bool object = p->text[p->at] == '{';

    if (stack->depth == depth_max)
        return JSON_TOO_DEEP;
    struct json_token *token = add_token(p->tape);
    if (token == NULL)
        return JSON_NO_MEMORY;
    *token = (struct json_token){.start = (uint32_t)p->at,
                                 .kind = object ? JSON_OBJECT : JSON_ARRAY};
    stack->open[stack->depth++] = p->tape->count - 1;
    p->at++;
    skip_blanks(p);
    *ret_empty = p->at < p->size && p->text[p->at] == (object ? '}' : ']');
    return object && !*ret_empty ? parse_key(p) : JSON_OK;
}

/* After a value: closes what ends here, or steps over a comma (and key).
 * Leaves depth 0 when the outermost container is closed. */
static enum json_result after_value(struct parser *p, struct stack *stack)
{
    while (stack->depth > 0) {
        struct json_token *open = &p->tape->tokens[stack->open[stack->depth - 1]];
        bool object = open->kind == JSON_OBJECT;
        skip_blanks(p);
        if (p->at >= p->size)
            return JSON_BROKEN;
        if (p->text[p->at] == ',') {
            p->at++;
            skip_blanks(p);
            return object ? parse_key(p) : JSON_OK;
        }
        if (p->text[p->at] != (object ? '}' : ']'))
            return JSON_BROKEN;
        open->end = (uint32_t)++p->at;
        open->next = p->tape->count;
        stack->depth--;
    }
    return JSON_OK;
}

static enum json_result parse_value(struct parser *p, unsigned depth_max)
{
    struct stack stack = {.depth = 0};
    enum json_result result;

    do {
        if (p->at < p->size && (p->text[p->at] == '{' || p->text[p->at] == '[')) {
            bool empty = false;
            result = open_container(p, &stack, depth_max, &empty);
            if (result != JSON_OK)
                return result;
            if (!empty)
                continue;
        } else {
            result = parse_scalar(p);
            if (result != JSON_OK)
                return result;
        }
        result = after_value(p, &stack);
        if (result != JSON_OK)
            return result;
    } while (stack.depth > 0);
    return JSON_OK;
}

enum json_result json_parse_prefix(struct slice text, unsigned depth_max, struct json_tape *tape,
                                   size_t *ret_end)
{
    struct parser p = {(const unsigned char *)text.data, text.size, 0, tape, false};

    CHECK(depth_max <= DEPTH_LIMIT && text.size < UINT32_MAX);
    tape->count = 0;
    tape->error_offset = 0;
    tape->has_blanks = false;
    if (text.size >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        p.at = 3;
    skip_blanks(&p);
    enum json_result result = parse_value(&p, depth_max);
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
