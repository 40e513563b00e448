/* SPDX-License-Identifier: Apache-2.0 */
/* layout_priv.h - what the two halves of the formatter share. */
#ifndef QUERY_LAYOUT_PRIV_H
#define QUERY_LAYOUT_PRIV_H

#include "query/lex_priv.h"

/* What the layout knows of a token besides the token. */
struct piece {
    uint32_t match;   /* of an opening bracket: its closing one; else the token itself */
    uint32_t width;   /* of all tokens before it on one line, and its own blank */
    uint32_t breaks;  /* line breaks that all tokens before it make necessary */
    bool gap_breaks;  /* there is a comment before it */
    bool is_spaced;   /* a blank stands before it */
    bool is_operator; /* part of the name of an operator */
    bool is_param;    /* part of `kind=inner`, `hint.strategy=shuffle` ... */
    bool is_rows;     /* the bracket of a datatable with several rows */
    uint32_t row;     /* is_rows: how many values a row has */
};

/* Fills count pieces; STATUS_INVALID for brackets that do not match. */
enum status layout_measure(struct arena *arena, struct slice text, const struct token *tokens,
                           uint32_t count, struct piece **ret, struct error *err) MUST_USE;

static inline bool layout_is(const struct token *token, const char *text)
{
    return (token->kind == TOKEN_SYMBOL || token->kind == TOKEN_NAME) &&
           slice_is(token->text, text);
}

static inline bool layout_opens(const struct token *token)
{
    return layout_is(token, "(") || layout_is(token, "[") || layout_is(token, "{");
}

/* The next comment in text[*at .. end), or an empty slice.  *ret_lines counts the
 * line feeds before it. */
struct slice layout_comment(struct slice text, size_t *at, size_t end, uint32_t *ret_lines);

#endif
