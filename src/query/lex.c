/* SPDX-License-Identifier: Apache-2.0 */
/* lex.c - one pass over the text; the token array grows by doubling. */
#include "query/lex_priv.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>

struct lexer {
    struct arena *arena;
    struct slice text;
    size_t at;
    struct token *tokens;
    uint32_t count, capacity;
};

void lex_position(struct slice text, uint32_t at, uint32_t *ret_line, uint32_t *ret_column)
{
    uint32_t line = 1;
    uint32_t column = 1;

    for (size_t i = 0; i < at && i < text.size; i++) {
        if (text.data[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text.data[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

void lex_report(const struct lex_place *place, struct error *err, const char *format,
                va_list args)
{
    char message[ERROR_TEXT_BYTES];

    (void)vsnprintf(message, sizeof(message), format, args);
    (void)ERROR_SET(err, STATUS_INVALID, "%s", message);
    lex_position(place->text, place->at, &err->line, &err->column);
    (void)error_code(err, place->code);
}

enum status lex_error(struct slice text, uint32_t at, const char *code, struct error *err,
                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    lex_report(&(struct lex_place){text, at, code}, err, format, args);
    va_end(args);
    return err->status;
}

static char peek(const struct lexer *lx, size_t ahead)
{
    return lx->at + ahead < lx->text.size ? lx->text.data[lx->at + ahead] : '\0';
}

static enum status add(struct lexer *lx, enum token_kind kind, size_t at, struct slice text,
                       struct error *err)
{
    if (lx->count == lx->capacity) {
        uint32_t capacity = lx->capacity == 0 ? 256 : lx->capacity * 2;
        struct token *tokens = ARENA_ARRAY(lx->arena, struct token, capacity, err);
        if (tokens == NULL)
            return err->status;
        if (lx->count > 0)
            memcpy(tokens, lx->tokens, lx->count * sizeof(*tokens));
        lx->tokens = tokens;
        lx->capacity = capacity;
    }
    lx->tokens[lx->count++] = (struct token){.kind = kind,
                                             .at = (uint32_t)at,
                                             .end = (uint32_t)lx->at,
                                             .text = text};
    return STATUS_OK;
}

size_t lex_blank(struct slice text, size_t at)
{
    size_t end = at;

    if (at >= text.size)
        return 0;
    if (text.data[at] == ' ' || (text.data[at] >= '\t' && text.data[at] <= '\r'))
        return 1;
    if ((unsigned char)text.data[at] < 0x80)
        return 0;
    uint32_t rune = text_next_rune(text, &end);
    bool is_blank = rune == 0xa0 || rune == 0x3000 || rune == 0xfeff || rune == 0x202f ||
                    rune == 0x205f || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200f);
    return is_blank ? end - at : 0;
}

static void skip_blank(struct lexer *lx)
{
    while (lx->at < lx->text.size) {
        char c = lx->text.data[lx->at];
        bool line_start = lx->at == 0 || lx->text.data[lx->at - 1] == '\n';
        size_t blank = lex_blank(lx->text, lx->at);
        if (blank > 0) {
            lx->at += blank;
        } else if ((c == '/' && peek(lx, 1) == '/') || (c == '#' && line_start)) {
            while (lx->at < lx->text.size && lx->text.data[lx->at] != '\n')
                lx->at++;
        } else {
            break;
        }
    }
}

static bool hex_rune(struct slice text, size_t at, size_t digits, uint32_t *ret)
{
    uint32_t rune = 0;

    if (at + digits > text.size)
        return false;
    for (size_t i = 0; i < digits; i++) {
        int digit = text_hex_digit(text.data[at + i]);
        if (digit < 0)
            return false;
        rune = rune * 16 + (uint32_t)digit;
    }
    *ret = rune;
    return true;
}

/* The escape behind a backslash at text[at]; returns the bytes it takes, 0 for
 * an unknown one. */
static size_t add_escape(struct buf *buf, struct slice text, size_t at)
{
    static const char names[] = "abfnrtv0\\'\"?`";
    static const char values[] = "\a\b\f\n\r\t\v\0\\'\"?`";
    uint32_t rune;
    char c = at < text.size ? text.data[at] : '\0';
    const char *found = c == '\0' ? NULL : strchr(names, c);

    if (found != NULL) {
        buf_add_byte(buf, values[found - names]);
        return 1;
    }
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0 || !hex_rune(text, at + 1, digits, &rune))
        return 0;
    uint32_t low;
    if (rune >= 0xd800 && rune < 0xdc00 && at + 6 < text.size && text.data[at + 5] == '\\' &&
        text.data[at + 6] == 'u' && hex_rune(text, at + 7, 4, &low) && low >= 0xdc00 &&
        low < 0xe000) {
        text_add_rune(buf, 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00));
        return 11;
    }
    text_add_rune(buf, rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000) ? 0xfffd : rune);
    return digits + 1;
}

static enum status string_verbatim(struct arena *arena, struct slice text, size_t at,
                                   struct slice *ret, size_t *ret_end, struct error *err)
{
    struct buf buf;
    char quote = text.data[at];
    size_t i = at + 1;

    buf_init(&buf, QUERY_TEXT_BYTES_MAX);
    for (; i < text.size; i++) {
        if (text.data[i] == quote) {
            if (i + 1 < text.size && text.data[i + 1] == quote)
                i++;
            else
                break;
        }
        buf_add_byte(&buf, text.data[i]);
    }
    enum status status = buf_check(&buf, err);
    if (status == STATUS_OK && i >= text.size)
        status = lex_error(text, (uint32_t)at, "SYN0001", err, "the string is not closed");
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(&buf), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    *ret_end = i + 1;
    buf_release(&buf);
    return status;
}

static enum status string_escaped(struct arena *arena, struct slice text, size_t at,
                                  struct slice *ret, size_t *ret_end, struct error *err)
{
    struct buf buf;
    char quote = text.data[at];
    size_t i = at + 1;
    enum status status = STATUS_OK;

    buf_init(&buf, QUERY_TEXT_BYTES_MAX);
    while (i < text.size && text.data[i] != quote && text.data[i] != '\n') {
        if (text.data[i] != '\\') {
            buf_add_byte(&buf, text.data[i++]);
            continue;
        }
        size_t taken = add_escape(&buf, text, i + 1);
        if (taken == 0) {
            status = lex_error(text, (uint32_t)i, "SYN0001", err,
                               "'\\%c' is not an escape; write '\\\\' or use @'...'",
                               i + 1 < text.size ? text.data[i + 1] : ' ');
            goto out;
        }
        i += taken + 1;
    }
    if (i >= text.size || text.data[i] != quote) {
        status = lex_error(text, (uint32_t)at, "SYN0001", err, "the string is not closed");
        goto out;
    }
    if ((status = buf_check(&buf, err)) != STATUS_OK)
        goto out;
    *ret = arena_copy(arena, buf_slice(&buf), err);
    if (ret->data == NULL)
        status = err->status;
    *ret_end = i + 1;
out:
    buf_release(&buf);
    return status;
}

enum status lex_string(struct arena *arena, struct slice text, size_t at, struct slice *ret,
                       size_t *ret_end, struct error *err)
{
    static const char fence[2][4] = {"```", "~~~"};

    if (at < text.size && (text.data[at] == 'h' || text.data[at] == 'H'))
        at++;
    for (int i = 0; i < 2; i++) {
        if (!slice_starts_with(slice_tail(text, at), slice_from(fence[i], 3)))
            continue;
        size_t end = slice_find(text, slice_from(fence[i], 3), at + 3);
        if (end == SIZE_MAX)
            return lex_error(text, (uint32_t)at, "SYN0001", err, "the string is not closed");
        *ret = slice_from(text.data + at + 3, end - at - 3);
        *ret_end = end + 3;
        return STATUS_OK;
    }
    if (at < text.size && text.data[at] == '@')
        return string_verbatim(arena, text, at + 1, ret, ret_end, err);
    return string_escaped(arena, text, at, ret, ret_end, err);
}

static bool at_string(const struct lexer *lx)
{
    size_t i = 0;
    char c = peek(lx, 0);

    if (c == 'h' || c == 'H')
        c = peek(lx, ++i);
    if (c == '@')
        c = peek(lx, ++i);
    return c == '\'' || c == '"' || (c == '`' && peek(lx, i + 1) == '`') ||
           (c == '~' && peek(lx, i + 1) == '~' && peek(lx, i + 2) == '~');
}

static enum status take_string(struct lexer *lx, struct error *err)
{
    struct slice value = {NULL, 0};
    size_t start = lx->at;
    size_t end = start;
    enum status status = lex_string(lx->arena, lx->text, start, &value, &end, err);

    if (status != STATUS_OK)
        return status;
    lx->at = end;
    /* Adjacent strings are one: 'a' 'b'. */
    while (lx->count > 0 && lx->tokens[lx->count - 1].kind == TOKEN_STRING) {
        struct token *last = &lx->tokens[lx->count - 1];
        char *both = arena_alloc_raw(lx->arena, last->text.size + value.size + 1, err);
        if (both == NULL)
            return err->status;
        if (last->text.size > 0)
            memcpy(both, last->text.data, last->text.size);
        if (value.size > 0)
            memcpy(both + last->text.size, value.data, value.size);
        last->text = slice_from(both, last->text.size + value.size);
        last->end = (uint32_t)end;
        return STATUS_OK;
    }
    return add(lx, TOKEN_STRING, start, value, err);
}

/* `type(` opens a literal: the text up to the matching parenthesis. */
static enum status take_literal(struct lexer *lx, size_t start, enum type type, size_t open,
                                struct error *err)
{
    size_t depth = 0;
    size_t i = open;
    bool strings = type == TYPE_DYNAMIC || type == TYPE_STRING;

    for (; i < lx->text.size; i++) {
        char c = lx->text.data[i];
        lx->at = i;
        if (c == '(' || (strings && (c == '[' || c == '{')))
            depth++;
        if ((c == ')' || (strings && (c == ']' || c == '}'))) && --depth == 0)
            break;
        if (c == '\'' || c == '"' || (strings && at_string(lx) && c != 'h' && c != 'H')) {
            struct slice value;
            size_t end;
            enum status status = lex_string(lx->arena, lx->text, i, &value, &end, err);
            if (status != STATUS_OK)
                return status;
            i = end - 1;
        } else if (strings && c == '/' && peek(lx, 1) == '/') {
            while (i + 1 < lx->text.size && lx->text.data[i + 1] != '\n')
                i++;
        }
    }
    if (i >= lx->text.size)
        return lex_error(lx->text, (uint32_t)open, "SYN0001", err,
                         "expected ')' to close '%s('", type_name(type));
    lx->at = i + 1;
    struct slice body = slice_from(lx->text.data + open + 1, i - open - 1);
    enum status status = add(lx, TOKEN_LITERAL, start, body, err);
    if (status == STATUS_OK)
        lx->tokens[lx->count - 1].type = type;
    return status;
}

static enum status take_name(struct lexer *lx, struct error *err)
{
    size_t start = lx->at;
    enum type type;

    if (peek(lx, 0) == '!')
        lx->at++;
    while (lex_is_name_char(peek(lx, 0)))
        lx->at++;
    struct slice name = slice_from(lx->text.data + start, lx->at - start);
    if (peek(lx, 0) == '~' && (slice_is(name, "in") || slice_is(name, "!in"))) {
        lx->at++;
        return add(lx, TOKEN_NAME, start, slice_from(name.data, name.size + 1), err);
    }
    size_t open = lx->at;
    while (open < lx->text.size && strchr(" \t\r\n", lx->text.data[open]) != NULL &&
           lx->text.data[open] != '\0')
        open++;
    if (open < lx->text.size && lx->text.data[open] == '(' && type_from_name(name, &type) &&
        type != TYPE_STRING && (lx->count == 0 || !slice_is(lx->tokens[lx->count - 1].text, ".")))
        return take_literal(lx, start, type, open, err);
    return add(lx, TOKEN_NAME, start, name, err);
}

static bool is_span_unit(struct slice unit)
{
    static const char *const units[] = {
        "d",       "day",     "days",    "h",           "hr",          "hrs",   "hour",
        "hours",   "m",       "min",     "minute",      "minutes",     "s",     "sec",
        "second",  "seconds", "ms",      "milli",       "millis",      "millisec",
        "millisecond", "milliseconds", "micro", "micros", "microsec", "microsecond",
        "microseconds", "nano", "nanos", "nanosec", "nanosecond", "nanoseconds", "tick", "ticks"};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (slice_equal_nocase(unit, slice_of(units[i])))
            return true;
    }
    return false;
}

static enum status take_number(struct lexer *lx, struct error *err)
{
    size_t start = lx->at;

    if (peek(lx, 0) == '0' && (peek(lx, 1) == 'x' || peek(lx, 1) == 'X')) {
        lx->at += 2;
        while (lex_is_name_char(peek(lx, 0)))
            lx->at++;
        return add(lx, TOKEN_NUMBER, start,
                   slice_from(lx->text.data + start, lx->at - start), err);
    }
    while (lex_is_digit(peek(lx, 0)))
        lx->at++;
    if (peek(lx, 0) == '.' && lex_is_digit(peek(lx, 1))) {
        lx->at++;
        while (lex_is_digit(peek(lx, 0)))
            lx->at++;
    } else if (peek(lx, 0) == '.' && peek(lx, 1) != '.' && !lex_is_name_start(peek(lx, 1))) {
        lx->at++; /* "1." */
    }
    char sign = peek(lx, 1);
    if ((peek(lx, 0) == 'e' || peek(lx, 0) == 'E') &&
        (lex_is_digit(sign) || ((sign == '-' || sign == '+') && lex_is_digit(peek(lx, 2))))) {
        lx->at += 2;
        while (lex_is_digit(peek(lx, 0)))
            lx->at++;
    }
    size_t unit = lx->at;
    while (lex_is_name_char(peek(lx, 0)))
        lx->at++;
    struct slice suffix = slice_from(lx->text.data + unit, lx->at - unit);
    struct slice text = slice_from(lx->text.data + start, lx->at - start);
    if (suffix.size == 0)
        return add(lx, TOKEN_NUMBER, start, text, err);
    if (is_span_unit(suffix))
        return add(lx, TOKEN_SPAN, start, text, err);
    return add(lx, TOKEN_NAME, start, text, err); /* names may begin with a digit */
}

/* What is meant by characters that texts bring along, or other languages have. */
static const char *hint_of_character(struct slice c)
{
    static const struct {
        const char *character, *hint;
    } hints[] = {
        {"\xe2\x80\x9c", "; write plain quotes"}, {"\xe2\x80\x9d", "; write plain quotes"},
        {"\xe2\x80\x9e", "; write plain quotes"}, {"\xe2\x80\x98", "; write plain quotes"},
        {"\xe2\x80\x99", "; write plain quotes"},  {"\xe2\x80\x93", "; write -"},
        {"\xe2\x80\x94", "; write -"},  {"`", "; a name with blanks is written ['a name']"},
        {"!", "; write not(...), '!=' or '!in'"}, {"^", "; write pow(x, y)"},
        {"\\", "; paths are texts: @'C:\\...'"},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (slice_is(c, hints[i].character))
            return hints[i].hint;
    }
    return "";
}

static enum status take_symbol(struct lexer *lx, struct error *err)
{
    static const char *const two[] = {"==", "!=", "<=", ">=", "<>", "=~", "!~", "..", "=>"};
    struct slice rest = slice_tail(lx->text, lx->at);
    size_t size = 1;

    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++) {
        if (slice_starts_with(rest, slice_of(two[i])))
            size = 2;
    }
    bool known = rest.data[0] != '\0' && strchr("()[]{}|;,.=<>+-*/%:?~@#&", rest.data[0]) != NULL;
    if (size == 1 && !known) {
        size_t at = 0;
        (void)text_next_rune(rest, &at);
        return lex_error(lx->text, (uint32_t)lx->at, "SYN0001", err,
                         "unexpected character '%.*s'%s", (int)at, rest.data,
                         hint_of_character(slice_head(rest, at)));
    }
    size_t start = lx->at;
    lx->at += size;
    return add(lx, TOKEN_SYMBOL, start, slice_head(rest, size), err);
}

/* ['name'] or ["name"], as a name. */
static bool at_quoted(const struct lexer *lx, size_t *ret_ahead)
{
    size_t i = 1;

    if (peek(lx, 0) != '[')
        return false;
    while (peek(lx, i) == ' ')
        i++;
    *ret_ahead = i;
    if (peek(lx, i) != '\'' && peek(lx, i) != '"')
        return false;
    if (lx->count == 0)
        return true;
    /* Behind a bracket it is an element access. */
    const struct token *last = &lx->tokens[lx->count - 1];
    return last->kind != TOKEN_SYMBOL ||
           (!slice_is(last->text, ")") && !slice_is(last->text, "]"));
}

static enum status take_quoted(struct lexer *lx, size_t ahead, bool *ret_done, struct error *err)
{
    struct slice value;
    size_t start = lx->at;
    size_t end;
    enum status status = lex_string(lx->arena, lx->text, start + ahead, &value, &end, err);

    if (status != STATUS_OK)
        return status;
    while (end < lx->text.size && lx->text.data[end] == ' ')
        end++;
    *ret_done = end < lx->text.size && lx->text.data[end] == ']';
    if (!*ret_done)
        return STATUS_OK;
    lx->at = end + 1;
    return add(lx, TOKEN_QUOTED, start, value, err);
}

static enum status take_one(struct lexer *lx, struct error *err)
{
    char c = peek(lx, 0);
    size_t ahead;

    if (at_string(lx))
        return take_string(lx, err);
    if (lex_is_digit(c))
        return take_number(lx, err);
    if (lex_is_name_start(c) || (c == '!' && lex_is_name_start(peek(lx, 1))))
        return take_name(lx, err);
    if (at_quoted(lx, &ahead)) {
        bool done = false;
        enum status status = take_quoted(lx, ahead, &done, err);
        if (status != STATUS_OK || done)
            return status;
    }
    return take_symbol(lx, err);
}

enum status lex(struct arena *arena, struct slice text, struct token **ret, uint32_t *ret_count,
                struct error *err)
{
    struct lexer lx = {.arena = arena, .text = text};
    enum status status = STATUS_OK;

    if (text.size > QUERY_TEXT_BYTES_MAX) {
        (void)ERROR_SET(err, STATUS_LIMIT,
                        "the query has %zu bytes, more than %zu; long lists go into a watchlist",
                        text.size, QUERY_TEXT_BYTES_MAX);
        (void)error_code(err, "E_QUERY_TOO_COMPLEX");
        return STATUS_LIMIT;
    }
    while (status == STATUS_OK) {
        skip_blank(&lx);
        if (lx.at >= text.size)
            break;
        status = take_one(&lx, err);
    }
    if (status == STATUS_OK)
        status = add(&lx, TOKEN_END, text.size, slice_from(text.data + text.size, 0), err);
    *ret = lx.tokens;
    *ret_count = lx.count;
    return status;
}
