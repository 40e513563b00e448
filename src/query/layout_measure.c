/* SPDX-License-Identifier: Apache-2.0 */
/* layout_measure.c - what each token is to the layout: blanks, brackets, widths.
 *
 * Blanks follow from the tokens alone, with two exceptions where the language
 * itself looks at them: `*` in patterns of names, and ['name'] behind a name.
 */
#include "query/layout_priv.h"
#include "query/parse_priv.h"
#include "query/special.h"

struct measure {
    struct slice text;
    const struct token *tokens;
    struct piece *pieces;
    uint32_t count;
};

/* Names behind which a parenthesis or a sign does not belong to them. */
static bool is_keyword(const struct token *token)
{
    static const char *const words[] = {
        "between", "!between", "and",   "or",    "by",     "on",   "with",  "of",     "to",
        "from",    "step",     "matches", "regex", "union", "search", "find", "limit", "default"};

    return token->kind == TOKEN_NAME &&
           (SLICE_IS_ONE_OF(token->text, words) ||
            special_text_operand(token->text) != TEXT_OPERAND_NONE);
}

static bool adjacent(const struct measure *m, uint32_t i)
{
    return m->tokens[i - 1].end == m->tokens[i].at;
}

/* `project-away` is three tokens: marks them as one name. */
static void mark_operator(struct measure *m, uint32_t i, bool behind_bar)
{
    static const char *const hyphened[] = {
        "project-away", "project-keep",    "project-rename", "project-reorder",
        "mv-expand",    "mv-apply",        "make-series",    "parse-where",
        "parse-kv",     "sample-distinct", "top-nested",     "top-hitters",
        "project-by-names"};
    static const char *const sources[] = {"union", "search", "find", "print"};
    uint32_t last = i;

    if (i >= m->count || m->tokens[i].kind != TOKEN_NAME)
        return;
    while (last + 2 < m->count && layout_is(&m->tokens[last + 1], "-") && adjacent(m, last + 1) &&
           m->tokens[last + 2].kind == TOKEN_NAME && adjacent(m, last + 2))
        last += 2;
    struct slice name = slice_from(m->text.data + m->tokens[i].at,
                                   m->tokens[last].end - m->tokens[i].at);
    if (last > i && !behind_bar && !SLICE_IS_ONE_OF(name, hyphened)) { /* `print-x` is `print -x` */
        last = i;
        name = m->tokens[i].text;
    }
    if (last == i && !behind_bar && !SLICE_IS_ONE_OF(name, sources))
        return;
    for (; i <= last; i++)
        m->pieces[i].is_operator = true;
}

/* kind=inner, hint.strategy = shuffle ... behind an operator's name. */
static void mark_params(struct measure *m, struct slice op_name, uint32_t i)
{
    while (i + 2 < m->count) {
        bool hint = layout_is(&m->tokens[i], "hint") && layout_is(&m->tokens[i + 1], ".");
        uint32_t equal = hint ? i + 3 : i + 1;
        bool known = m->tokens[i].kind == TOKEN_NAME &&
                     parse_is_option(op_name, m->tokens[i].text);
        if ((!hint && !known) || equal + 1 >= m->count || !layout_is(&m->tokens[equal], "="))
            return;
        for (; i <= equal + 1; i++)
            m->pieces[i].is_param = true;
    }
}

static bool starts_pipeline(const struct measure *m, uint32_t i)
{
    return i == 0 || layout_is(&m->tokens[i - 1], "(") || layout_is(&m->tokens[i - 1], ";") ||
           layout_is(&m->tokens[i - 1], "=") || layout_is(&m->tokens[i - 1], "{") ||
           layout_is(&m->tokens[i - 1], ",");
}

static void mark_all(struct measure *m)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (m->pieces[i].is_operator)
            continue;
        bool behind_bar = i > 0 && layout_is(&m->tokens[i - 1], "|");
        if (behind_bar || starts_pipeline(m, i))
            mark_operator(m, i, behind_bar);
        if (m->pieces[i].is_operator) {
            uint32_t end = i;
            while (end < m->count && m->pieces[end].is_operator)
                end++;
            struct slice name = slice_from(m->text.data + m->tokens[i].at,
                                           m->tokens[end - 1].end - m->tokens[i].at);
            mark_params(m, name, end);
        }
    }
}

static bool ends_operand(const struct token *token)
{
    return !is_keyword(token) &&
           (token->kind != TOKEN_SYMBOL || layout_is(token, ")") || layout_is(token, "]"));
}

/* Whether an operand, not an operator, stands at token i. */
static bool is_operand(const struct measure *m, uint32_t i)
{
    const struct token *before = &m->tokens[i == 0 ? 0 : i - 1];

    if (i == 0 || is_keyword(before) || m->pieces[i - 1].is_operator)
        return true;
    if (layout_is(before, "*")) /* of `2 * -x`, not of a pattern */
        return i > 1 && ends_operand(&m->tokens[i - 2]);
    return before->kind == TOKEN_SYMBOL && !layout_is(before, ")") && !layout_is(before, "]") &&
           !layout_is(before, "}");
}

/* Whether token i is of one pattern with what is before it, as in `*x**y`: no blank is in one,
 * and it begins with a star where an operand stands. */
static bool is_within_pattern(const struct measure *m, uint32_t i)
{
    uint32_t first = i;

    while (first > 0 && adjacent(m, first) && !m->pieces[first - 1].is_operator &&
           (layout_is(&m->tokens[first - 1], "*") ||
            (m->tokens[first - 1].kind == TOKEN_NAME && !is_keyword(&m->tokens[first - 1]))))
        first--;
    return first < i && layout_is(&m->tokens[first], "*") && is_operand(m, first);
}

static bool is_sign(const struct measure *m, uint32_t i)
{
    return (layout_is(&m->tokens[i], "-") || layout_is(&m->tokens[i], "+")) && is_operand(m, i);
}

static bool is_type_behind_colon(const struct measure *m, uint32_t i)
{
    enum type type;

    return layout_is(&m->tokens[i - 1], ":") &&
           (layout_is(&m->tokens[i], "(") || layout_is(&m->tokens[i], "*") ||
            (m->tokens[i].kind == TOKEN_NAME && type_from_name(m->tokens[i].text, &type)));
}

/* Whether a point right beside the token would make another token of the two. */
static bool may_take_point(const struct token *token)
{
    return token->kind == TOKEN_NUMBER || token->kind == TOKEN_SPAN || layout_is(token, ".") ||
           layout_is(token, "..");
}

static bool spaced_bracket(const struct measure *m, uint32_t i)
{
    const struct token *a = &m->tokens[i - 1], *b = &m->tokens[i];
    bool name = a->kind == TOKEN_NAME && !is_keyword(a) && !m->pieces[i - 1].is_operator &&
                !m->pieces[i - 1].is_param;

    if (layout_is(b, "["))
        return !name && a->kind != TOKEN_QUOTED && !layout_is(a, ")") && !layout_is(a, "]");
    return !name;
}

/* Whether a blank stands before token i; `patterns`: `*` may be part of a name. */
static bool is_spaced(const struct measure *m, uint32_t i, bool patterns)
{
    const struct token *a = &m->tokens[i - 1], *b = &m->tokens[i];

    if (b->kind == TOKEN_END || (m->pieces[i].is_operator && m->pieces[i - 1].is_operator))
        return false;
    if (m->pieces[i].is_param && m->pieces[i - 1].is_param &&
        (layout_is(a, "=") || layout_is(b, "=")))
        return false;
    if (layout_is(b, ",") || layout_is(b, ";") || layout_is(b, ")") || layout_is(b, "]") ||
        layout_is(a, "(") || layout_is(a, "[") || layout_is(b, ":") || is_type_behind_colon(m, i))
        return false;
    if (layout_is(a, ".") || layout_is(b, ".")) /* it could become part of what is beside it */
        return (layout_is(a, ".") ? may_take_point(b) : may_take_point(a)) && !adjacent(m, i);
    if (layout_is(a, "{") && layout_is(b, "}"))
        return false;
    if (layout_is(b, "(") || layout_is(b, "["))
        return spaced_bracket(m, i) && !is_sign(m, i - 1);
    if (b->kind == TOKEN_QUOTED && a->kind == TOKEN_NAME)
        return !adjacent(m, i);
    if (patterns && (layout_is(a, "*") || layout_is(b, "*")))
        return !adjacent(m, i);
    return !is_within_pattern(m, i) && !is_sign(m, i - 1);
}

/* Whether names with `*` may stand behind the operator at token i. */
static bool has_patterns(const struct measure *m, uint32_t i)
{
    static const char *const names[] = {"union", "search", "find", "evaluate"};
    struct slice name = m->tokens[i].text;

    if (slice_is(name, "project")) /* project-away and the like */
        return i + 1 < m->count && m->pieces[i + 1].is_operator;
    return SLICE_IS_ONE_OF(name, names);
}

struct slice layout_comment(struct slice text, size_t *at, size_t end, uint32_t *ret_lines)
{
    *ret_lines = 0;
    for (size_t i = *at; i < end; i++) {
        bool line_start = i == 0 || text.data[i - 1] == '\n';
        if (text.data[i] == '\n')
            (*ret_lines)++;
        if ((text.data[i] == '#' && line_start) ||
            (text.data[i] == '/' && i + 1 < end && text.data[i + 1] == '/')) {
            size_t stop = i;
            while (stop < end && text.data[stop] != '\n')
                stop++;
            *at = stop;
            while (stop > i && (text.data[stop - 1] == ' ' ||
                                (text.data[stop - 1] >= '\t' && text.data[stop - 1] <= '\r')))
                stop--;
            return slice_from(text.data + i, stop - i);
        }
    }
    *at = end;
    return slice_from("", 0);
}

/* The columns of the datatable whose rows open at token i, 0 if it is none. */
static uint32_t row_size(const struct measure *m, uint32_t i)
{
    uint32_t open = i < 2 ? 0 : i - 2, columns = 0;

    if (i < 3 || !layout_is(&m->tokens[i - 1], ")"))
        return 0;
    while (open > 0 && m->pieces[open].match != i - 1)
        open--;
    if (open == 0 || !layout_is(&m->tokens[open - 1], "datatable"))
        return 0;
    for (uint32_t k = open; k < i; k++)
        columns += layout_is(&m->tokens[k], ":");
    return columns;
}

static uint32_t value_count(const struct measure *m, uint32_t open)
{
    uint32_t count = 0;

    for (uint32_t i = open + 1; i < m->pieces[open].match; i = m->pieces[i].match + 1)
        count += layout_is(&m->tokens[i], ",") || i == open + 1;
    return count;
}

static enum status match_brackets(struct measure *m, struct arena *arena, struct error *err)
{
    uint32_t *open = ARENA_ARRAY(arena, uint32_t, m->count + 1, err);
    uint32_t depth = 0;

    if (open == NULL)
        return err->status;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct token *t = &m->tokens[i];
        m->pieces[i].match = i;
        if (layout_opens(t))
            open[depth++] = i;
        if (layout_is(t, ")") || layout_is(t, "]") || layout_is(t, "}")) {
            if (depth == 0)
                return lex_error(m->text, t->at, "SYN0002", err, "nothing is open here");
            m->pieces[open[--depth]].match = i;
        }
    }
    if (depth > 0)
        return lex_error(m->text, m->tokens[open[depth - 1]].at, "SYN0002", err,
                         "this bracket is not closed");
    for (uint32_t i = 1; i < m->count; i++) {
        uint32_t row = layout_is(&m->tokens[i], "[") ? row_size(m, i) : 0;
        m->pieces[i].is_rows = row > 0 && value_count(m, i) > row;
        m->pieces[i].row = row;
    }
    return STATUS_OK;
}

static bool has_line_feed(const struct measure *m, uint32_t i)
{
    return memchr(m->text.data + m->tokens[i].at, '\n', m->tokens[i].end - m->tokens[i].at) !=
           NULL;
}

/* Widths, and where lines must break: at bars, statements, rows and comments. */
static void add_up(struct measure *m)
{
    uint32_t width = 0, breaks = 0;
    bool patterns = false;

    for (uint32_t i = 0; i < m->count; i++) {
        struct piece *p = &m->pieces[i];
        size_t gap = i == 0 ? 0 : m->tokens[i - 1].end;
        uint32_t lines;
        if (p->is_operator && (i == 0 || !m->pieces[i - 1].is_operator))
            patterns = has_patterns(m, i);
        p->is_spaced = i > 0 && is_spaced(m, i, patterns);
        p->gap_breaks =
            layout_comment(m->text, &gap, m->tokens[i].at, &lines).size > 0;
        width += p->is_spaced;
        breaks += p->gap_breaks;
        p->width = width;
        p->breaks = breaks;
        width += m->tokens[i].end - m->tokens[i].at;
        breaks += layout_is(&m->tokens[i], "|") || layout_is(&m->tokens[i], ";") || p->is_rows ||
                  has_line_feed(m, i);
    }
}

enum status layout_measure(struct arena *arena, struct slice text, const struct token *tokens,
                           uint32_t count, struct piece **ret, struct error *err)
{
    struct measure m = {text, tokens, ARENA_ARRAY(arena, struct piece, count + 1, err), count};

    *ret = m.pieces;
    if (m.pieces == NULL)
        return err->status;
    enum status status = match_brackets(&m, arena, err);
    if (status != STATUS_OK)
        return status;
    mark_all(&m);
    add_up(&m);
    return STATUS_OK;
}
