/* SPDX-License-Identifier: Apache-2.0 */
/* ast_priv.h - the syntax tree: one node type for all constructs.
 *
 * `name` is the operator, function or symbol; the four lists hold what the
 * construct has of each.  The parser bounds depth (QUERY_LEVELS_MAX) and count, so whoever
 * reads a tree may recurse.
 */
#ifndef QUERY_AST_PRIV_H
#define QUERY_AST_PRIV_H

#include "base/arena.h"
#include "table/type.h"

enum node_kind {
    NODE_LITERAL,  /* value */
    NODE_NAME,     /* name */
    NODE_STAR,     /* name: a pattern with '*' */
    NODE_CALL,     /* name(args) */
    NODE_MEMBER,   /* args[0] . name */
    NODE_INDEX,    /* args[0] [ args[1] ] */
    NODE_UNARY,    /* name args[0] */
    NODE_BINARY,   /* args[0] name args[1] */
    NODE_IN,       /* args[0] name (body ...): in, has_any ... */
    NODE_BETWEEN,  /* args[0] name (args[1] .. args[2]) */
    NODE_NAMED,    /* by: NODE_NAME list; args[0] */
    NODE_ORDER,    /* args[0]; flags */
    NODE_COLUMN,   /* name : value.type; a tabular parameter has flag TABULAR and by = columns */
    NODE_PARAM,    /* name = args[0] */
    NODE_PIPE,     /* args: source, then operators */
    NODE_OPERATOR, /* name; lists as in parse_op.c */
    NODE_SOURCE,   /* datatable, print, range, union, search, find, externaldata ... */
    NODE_FUNCTION, /* by: parameters; body: statements */
    NODE_LET,      /* name; args[0] */
    NODE_DECLARE,  /* by: NODE_COLUMN with default in args; of a pattern args[0]: the calls in
                      the whole text that have no case, as a text */
    NODE_TYPEOF,   /* value.type, or by: columns of a schema */
    NODE_RESTRICT, /* by: NODE_NAME, NODE_STAR; NODE_MEMBER with args: database(...) ... */
    NODE_ALIAS,    /* of a database */
};

enum node_flag {
    NODE_DESC = 1,
    NODE_ASC = 2,
    NODE_NULLS_FIRST = 4,
    NODE_NULLS_LAST = 8,
    NODE_TABULAR = 16,
    NODE_VIEW = 32,
    NODE_PAREN = 64,  /* written in parentheses */
    NODE_MULTI = 128, /* (a, b) = ... */
    NODE_GRANNY = 256,
    NODE_QUOTED = 512, /* ['name'] */
    NODE_EVERY = 1024, /* `or`: one word in every column with text */
};

struct node {
    enum node_kind kind;
    uint32_t at; /* byte offset in its text */
    uint32_t flags;
    struct slice name;
    struct value value;
    struct node *next;
    struct node *args, *by, *params, *body;
};

/* Parses statements; *ret is the list.  Errors have line, column and code. */
enum status parse_query(struct arena *arena, struct slice text, struct node **ret,
                        struct error *err) MUST_USE;

/* Whether two lists of trees are the same but for positions. */
bool ast_same(const struct node *a, const struct node *b);

/* The first node that has `levels` others above it, or NULL. */
const struct node *ast_below(const struct node *list, uint32_t levels);

static inline uint32_t node_count(const struct node *list)
{
    uint32_t count = 0;
    for (; list != NULL; list = list->next)
        count++;
    return count;
}

#endif
