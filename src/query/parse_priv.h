/* SPDX-License-Identifier: Apache-2.0 */
/* parse_priv.h - the parser's state, shared by its files. */
#ifndef QUERY_PARSE_PRIV_H
#define QUERY_PARSE_PRIV_H

#include "query/ast_priv.h"
#include "query/lex_priv.h"

struct parser {
    struct arena *arena;
    struct slice text;
    const struct token *tokens;
    uint32_t at, count;
    uint32_t depth, nodes;
    struct pattern_case *cases; /* of the patterns so far */
    uint32_t case_count;
    struct node *missing; /* a text: the calls of patterns that have no case */
    struct error *err;
};

/* All return NULL (or false) with p->err set on failure. */
struct node *parse_node(struct parser *p, enum node_kind kind, uint32_t at);
void *parse_error(struct parser *p, uint32_t at, const char *format, ...) PRINTF_LIKE(3, 4);
void *parse_fail(struct parser *p, const char *expected); /* "expected X, found Y; hint" */
/* What may be meant where the next token makes no sense; NULL: who knows.  `room` holds the
 * texts that are made for it. */
#define PARSE_HINT_BYTES 128
const char *parse_hint(const struct parser *p, const char *expected, char room[PARSE_HINT_BYTES]);
/* The operator or source in whose arguments the next token stands; "" for none. */
struct slice parse_operator_around(const struct parser *p);
/* How that one is written; NULL: it is not known. */
const char *parse_usage(const struct parser *p, char room[PARSE_HINT_BYTES]);
/* Where the last bracket was opened that is not closed; NULL: nowhere. */
const char *parse_unclosed(const struct parser *p, char room[PARSE_HINT_BYTES]);
/* What is written instead of an operator of another language, or NULL. */
const char *parse_hint_operator(struct slice name);
/* The token as it is written, cut to what a message has room for. */
struct slice parse_excerpt(const struct parser *p, const struct token *token);
bool parse_enter(struct parser *p); /* one level deeper; pair with p->depth-- */

const struct token *parse_peek(const struct parser *p, uint32_t ahead);
bool parse_is(const struct parser *p, const char *text); /* a symbol or a bare word */
bool parse_is_at(const struct parser *p, uint32_t ahead, const char *text);
bool parse_take(struct parser *p, const char *text);     /* consumes it if it is there */
bool parse_need(struct parser *p, const char *text);

struct node *parse_expression(struct parser *p);
struct node *parse_unary(struct parser *p);
struct node *parse_pipeline(struct parser *p); /* an expression or a tabular expression */
struct node *parse_named(struct parser *p);    /* [name =] expression */
struct node *parse_name(struct parser *p);
struct node *parse_pattern(struct parser *p); /* a name, perhaps with '*' */
bool parse_named_list(struct parser *p, struct node **ret);
bool parse_columns(struct parser *p, struct node **ret); /* (a:t, b:t) */
/* The same, or with a star in front, which stands for the columns of the rows. */
bool parse_row_type(struct parser *p, struct node **ret);
struct node *parse_typeof(struct parser *p);
struct node *parse_operator(struct parser *p);
bool parse_operators(struct parser *p, struct node **ret); /* (a | b) */
struct node *parse_source(struct parser *p, bool *ret_is_source);
struct node *parse_statement(struct parser *p);
bool parse_statements(struct parser *p, const char *end, struct node **ret);
struct node *parse_literal(struct parser *p, const struct token *token);
/* operator families */
bool parse_params(struct parser *p, struct node *op);
/* Whether `name = value` behind the operator's name is an option, not a column. */
bool parse_is_option(struct slice op_name, struct slice name);
bool parse_render(struct parser *p, struct node *op);
struct node *parse_right_table(struct parser *p);
bool parse_partition(struct parser *p, struct node *op);
bool parse_scan(struct parser *p, struct node *op);
bool parse_op_other(struct parser *p, struct node *op);
bool parse_reduce(struct parser *p, struct node *op);
bool parse_fork(struct parser *p, struct node *op);
bool parse_facet(struct parser *p, struct node *op);
/* declare pattern: the functions that it is, the call of one of them */
struct node *parse_pattern_statement(struct parser *p);
bool parse_at_pattern(const struct parser *p);
struct node *parse_pattern_call(struct parser *p);

#endif
