/* SPDX-License-Identifier: Apache-2.0 */
/* kql_tree.c - see kql_tree.h. */
#include "kql_tree.h"

#include "kql_grammar.h"
#include "query/lex_priv.h"

#include "base/limits.h"

/* A text as tokens; count without the end, 0 if it is no text of the language. */
struct tree {
    struct slice text;
    const struct token *tokens;
    uint32_t count;
};

struct range {
    uint32_t from, to; /* tokens */
};

static struct tree tree_of(struct arena *arena, struct slice text)
{
    struct tree tree = {.text = text};
    struct token *tokens = NULL;
    struct error err;

    if (lex(arena, text, &tokens, &tree.count, &err) == STATUS_OK && tree.count > 0) {
        tree.tokens = tokens;
        tree.count--;
    } else {
        tree.count = 0;
    }
    return tree;
}

static int step_of(const struct token *token)
{
    if (token->kind != TOKEN_SYMBOL || token->text.size != 1)
        return 0;
    return strchr("([{", token->text.data[0]) != NULL   ? 1
           : strchr(")]}", token->text.data[0]) != NULL ? -1
                                                        : 0;
}

static bool is_symbol(const struct tree *tree, uint32_t i, const char *symbol)
{
    return i < tree->count && tree->tokens[i].kind == TOKEN_SYMBOL &&
           slice_is(tree->tokens[i].text, symbol);
}

/* Up to the end of what begins at `from` and is not split by one of the stops. */
static struct range range_from(const struct tree *tree, uint32_t from, const char *stops)
{
    struct range range = {from, from};
    int depth = 0;

    for (; range.to < tree->count; range.to++) {
        const struct token *token = &tree->tokens[range.to];
        int step = step_of(token);
        if (depth + step < 0 || (depth == 0 && range.to > from && token->kind == TOKEN_SYMBOL &&
                                 token->text.size == 1 &&
                                 strchr(stops, token->text.data[0]) != NULL))
            break;
        depth += step;
    }
    return range;
}

/* An argument, an operator with its bar, or a group in brackets, by chance. */
static struct range some_range(struct kql_maker *m, const struct tree *tree)
{
    uint32_t start = kql_roll(m, tree->count);
    uint32_t wanted = kql_roll(m, 3);

    for (uint32_t n = 0; n < tree->count; n++) {
        uint32_t i = (start + n) % tree->count;
        if (wanted == 0 && is_symbol(tree, i, "|"))
            return range_from(tree, i, "|;");
        if (wanted == 1 && (is_symbol(tree, i, ",") || is_symbol(tree, i, "(")) &&
            i + 1 < tree->count)
            return range_from(tree, i + 1, ",|;");
        if (wanted == 2 && step_of(&tree->tokens[i]) == 1) {
            struct range range = range_from(tree, i + 1, "");
            return (struct range){i, range.to < tree->count ? range.to + 1 : range.to};
        }
    }
    return (struct range){start, start + 1};
}

static struct slice text_of(const struct tree *tree, struct range range)
{
    if (range.from >= range.to)
        return (struct slice){"", 0};
    uint32_t from = tree->tokens[range.from].at, to = tree->tokens[range.to - 1].end;
    return slice_from(tree->text.data + from, to - from);
}

static struct slice before(const struct tree *tree, uint32_t token)
{
    return slice_head(tree->text,
                      token < tree->count ? tree->tokens[token].at : tree->text.size);
}

static struct slice behind(const struct tree *tree, uint32_t token)
{
    return slice_tail(tree->text,
                      token < tree->count ? tree->tokens[token].at : tree->text.size);
}

/* What may stand in place of a range: the same kind of thing. */
static void make_like(struct kql_maker *m, const struct tree *tree, struct range range)
{
    if (is_symbol(tree, range.from, "|"))
        kql_make(m, "$O ");
    else if (is_symbol(tree, range.from, "("))
        kql_make(m, kql_roll(m, 3) == 0 ? "($Q)" : "($A)");
    else if (is_symbol(tree, range.from, "["))
        kql_make(m, "[$A]");
    else
        kql_make(m, kql_roll(m, 4) == 0 ? "$F" : "$A");
}

/* A token by another of its kind. */
static void change_token(struct kql_maker *m, const struct tree *tree)
{
    uint32_t at = kql_roll(m, tree->count);

    for (uint32_t n = 0; n < tree->count && tree->tokens[at].kind == TOKEN_SYMBOL; n++)
        at = (at + 1) % tree->count;
    buf_add_slice(m->out, before(tree, at));
    switch (tree->tokens[at].kind) {
    case TOKEN_STRING:
        kql_make(m, "$S ");
        break;
    case TOKEN_NUMBER:
        kql_make(m, kql_roll(m, 2) == 0 ? "$L " : "$N ");
        break;
    case TOKEN_SPAN:
        kql_make(m, "$P ");
        break;
    case TOKEN_NAME:
    case TOKEN_QUOTED:
        kql_make(m, kql_roll(m, 2) == 0 ? "$c " : "$n ");
        break;
    case TOKEN_LITERAL:
    case TOKEN_SYMBOL:
    case TOKEN_END:
        kql_make(m, "$A ");
        break;
    }
    buf_add_slice(m->out, behind(tree, at + 1));
}

static void change(struct kql_maker *m, const struct tree *tree)
{
    struct range a = some_range(m, tree), b = some_range(m, tree);

    switch (kql_roll(m, 8)) {
    case 0: /* one operator more, at the end */
        buf_add_slice(m->out, tree->text);
        kql_make(m, "$O");
        return;
    case 1: /* one before */
        while (a.from < tree->count && !is_symbol(tree, a.from, "|"))
            a.from++;
        buf_add_slice(m->out, before(tree, a.from));
        kql_make(m, "$O ");
        buf_add_slice(m->out, behind(tree, a.from));
        return;
    case 2: /* leave out */
        buf_add_slice(m->out, before(tree, a.from));
        buf_add_slice(m->out, behind(tree, a.to));
        return;
    case 3: /* a piece of it in another's place */
        buf_add_slice(m->out, before(tree, a.from));
        buf_add_slice(m->out, text_of(tree, b));
        buf_add_byte(m->out, ' ');
        buf_add_slice(m->out, behind(tree, a.to));
        return;
    case 4:
    case 5:
        change_token(m, tree);
        return;
    default:
        buf_add_slice(m->out, before(tree, a.from));
        make_like(m, tree, a);
        buf_add_byte(m->out, ' ');
        buf_add_slice(m->out, behind(tree, a.to));
    }
}

void kql_tree_change(struct slice text, unsigned seed, struct buf *ret)
{
    struct kql_maker m = {.state = seed, .out = ret};
    struct arena *arena = arena_new(16 * MIB);

    if (arena == NULL)
        return;
    struct tree tree = tree_of(arena, text);
    if (tree.count == 0 || kql_roll(&m, 20) == 0)
        kql_make(&m, "$q");
    else
        change(&m, &tree);
    arena_free(arena);
}

void kql_tree_cross(struct slice text, struct slice other, unsigned seed, struct buf *ret)
{
    struct kql_maker m = {.state = seed, .out = ret};
    struct arena *arena = arena_new(16 * MIB);

    if (arena == NULL)
        return;
    struct tree into = tree_of(arena, text), from = tree_of(arena, other);
    if (into.count > 0 && from.count > 0) {
        struct range place = some_range(&m, &into), piece = some_range(&m, &from);
        for (int i = 0; i < 8 && is_symbol(&into, place.from, "|") !=
                                     is_symbol(&from, piece.from, "|"); i++)
            piece = some_range(&m, &from);
        buf_add_slice(ret, before(&into, place.from));
        buf_add_slice(ret, text_of(&from, piece));
        buf_add_byte(ret, ' ');
        buf_add_slice(ret, behind(&into, place.to));
    }
    arena_free(arena);
}
