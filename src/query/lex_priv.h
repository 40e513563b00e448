/* SPDX-License-Identifier: Apache-2.0 */
/* lex_priv.h - KQL text to tokens.
 *
 * The whole text becomes one array that ends with TOKEN_END.  Literals that
 * are written `type(...)` are one token each, since what stands between the
 * parentheses follows rules of its own.
 */
#ifndef QUERY_LEX_PRIV_H
#define QUERY_LEX_PRIV_H

#include "base/arena.h"
#include "table/type.h"

#include <stdarg.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,    /* text: the name; also `!has` and `in~` */
    TOKEN_QUOTED,  /* ['a name']: text is the decoded name */
    TOKEN_STRING,  /* text is the decoded value */
    TOKEN_NUMBER,  /* text: digits, perhaps 0x, fraction, exponent */
    TOKEN_SPAN,    /* text: 1d, 2.5h ... */
    TOKEN_LITERAL, /* type + text between the parentheses */
    TOKEN_SYMBOL,  /* text: one of the operators and brackets */
};

struct token {
    enum token_kind kind;
    enum type type;  /* TOKEN_LITERAL */
    uint32_t at;     /* byte offset in the text */
    uint32_t end;    /* first byte behind it */
    struct slice text;
};

/* Line and column (characters) of a byte offset, both 1-based. */
void lex_position(struct slice text, uint32_t at, uint32_t *ret_line, uint32_t *ret_column);

/* Fills err (STATUS_INVALID) at a position of the text. */
struct lex_place {
    struct slice text;
    uint32_t at;
    const char *code;
};
void lex_report(const struct lex_place *place, struct error *err, const char *format,
                va_list args) __attribute__((format(printf, 3, 0)));
/* The same; returns STATUS_INVALID. */
enum status lex_error(struct slice text, uint32_t at, const char *code, struct error *err,
                      const char *format, ...) PRINTF_LIKE(5, 6);

/* The bytes of a blank at text[at], 0 if there is none.  No-break and other spaces are common
 * in queries that are pasted. */
size_t lex_blank(struct slice text, size_t at);

enum status lex(struct arena *arena, struct slice text, struct token **ret, uint32_t *ret_count,
                struct error *err) MUST_USE;

/* Decodes one string literal at text[at] (quotes, @ and h prefixes, ```), for
 * dynamic() literals too.  *ret_end is behind it. */
enum status lex_string(struct arena *arena, struct slice text, size_t at, struct slice *ret,
                       size_t *ret_end, struct error *err) MUST_USE;

static inline bool lex_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static inline bool lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool lex_is_name_char(char c)
{
    return lex_is_name_start(c) || lex_is_digit(c);
}

#endif
