/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - UTF-8, numbers, hex and base64 in text; safe printing. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

bool text_is_utf8(struct slice s); /* RFC 3629: no surrogates, no overlong forms */
bool text_is_ascii(struct slice s);
bool text_has_control(struct slice s); /* of ASCII: NUL to 0x1f, 0x7f */
/* Without the byte order mark that editors write before UTF-8. */
struct slice text_without_mark(struct slice s);

/* One code point at `*at` (advanced); U+FFFD for a broken sequence (1 byte). */
uint32_t text_next_rune(struct slice s, size_t *at);
void text_add_rune(struct buf *buf, uint32_t rune);
size_t text_rune_count(struct slice s);

/* The whole text must be the number; false otherwise, also out of range. */
bool text_parse_i64(struct slice s, int64_t *ret); /* [+-]digits */
bool text_parse_u64(struct slice s, uint64_t *ret);
/* C locale, any number of digits; also inf, nan.  Out of range: an infinity, or 0. */
bool text_parse_double(struct slice s, double *ret);
/* 0 to 15, or -1 for what is no digit. */
static inline int text_hex_digit(char c)
{
    char lower = (char)(c | 0x20);

    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
bool text_parse_hex(struct slice s, void *ret, size_t size); /* exactly 2*size digits */
/* "250ms", "30s", "15m", "12h", "30d". */
bool text_parse_duration(struct slice s, int64_t *ret_ms);

void text_add_hex(struct buf *buf, const void *data, size_t size);
void text_add_base64(struct buf *buf, const void *data, size_t size); /* standard, padded */
bool text_parse_base64(struct slice s, struct buf *ret);
/* The shortest digits that read back the same double; "NaN", "Infinity". */
void text_add_double(struct buf *buf, double value);

/* A JSON string with quotes; invalid UTF-8 becomes U+FFFD. */
void text_add_json_string(struct buf *buf, struct slice s);
/* For a terminal: control characters, ESC, C1 and bidi controls become \u{..}. */
void text_add_printable(struct buf *buf, struct slice s);
/* JSON as it is, but that these characters, which can stand in its strings only, are \uXXXX. */
void text_add_json_safe(struct buf *buf, struct slice json);
/* A CSV cell (RFC 4180); a cell that a spreadsheet would run as a formula
 * (= + - @, tab, CR, NUL and their full-width forms first) gets a leading '. */
void text_add_csv_cell(struct buf *buf, struct slice s);

/* Edit distance for "did you mean"; lengths over 64 give SIZE_MAX. */
size_t text_distance(struct slice a, struct slice b);
/* A known word is what was meant if text_distance() is below this: with more letters wrong than
 * right it would be a guess. */
size_t text_typo_limit(struct slice word);
/* STATUS_INVALID if the name is none of `names`, "one two three": "there is no KIND 'name' here",
 * with the nearest of them where one was meant. */
enum status text_check_name(struct slice name, const char *names, const char *kind,
                            struct error *err) MUST_USE;

#endif
