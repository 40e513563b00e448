/* SPDX-License-Identifier: Apache-2.0 */
/* complete_place.c - what the text before a cursor ends in.
 *
 * The text is taken apart by tokens, not by the parser, since it is rarely a query
 * yet.  Brackets that are open at the cursor are walked from the outside in; one that
 * holds a query of its own starts a new pipeline, the others are part of an operator.
 */
#include "query/complete_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "query/special.h"

struct reader_state {
    struct slice text; /* up to the word */
    const struct token *tokens;
    uint32_t count; /* without TOKEN_END */
    struct complete_context *ret;
    struct arena *arena;
    struct error *err; /* no memory */
};

static bool is(const struct reader_state *r, uint32_t i, const char *text)
{
    return i < r->count &&
           (r->tokens[i].kind == TOKEN_SYMBOL || r->tokens[i].kind == TOKEN_NAME) &&
           slice_is(r->tokens[i].text, text);
}

static bool is_any(const struct reader_state *r, uint32_t i, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (is(r, i, *list))
            return true;
    }
    return false;
}

/* An operator of texts that is a word, with such an operand behind it. */
static bool takes(const struct reader_state *r, uint32_t i, enum text_operand operand)
{
    return i < r->count && r->tokens[i].kind == TOKEN_NAME &&
           special_text_operand(r->tokens[i].text) == operand;
}

/* ---- the word at the cursor ---- */

/* Where the string or comment that is open at the end begins; SIZE_MAX: none is. */
static size_t open_at_end(struct arena *arena, struct slice text, bool *ret_comment)
{
    *ret_comment = false;
    for (size_t i = 0; i < text.size;) {
        struct error ignored = {0};
        struct slice value;
        size_t end;
        char c = text.data[i];
        if (c == '/' && i + 1 < text.size && text.data[i + 1] == '/') {
            size_t feed = slice_find_byte(text, '\n', i);
            *ret_comment = feed == SIZE_MAX;
            if (feed == SIZE_MAX)
                return i;
            i = feed + 1;
        } else if (c == '\'' || c == '"') {
            size_t start = i > 0 && text.data[i - 1] == '@' ? i - 1 : i;
            if (lex_string(arena, text, start, &value, &end, &ignored) != STATUS_OK) {
                if (slice_find_byte(text, '\n', i) == SIZE_MAX)
                    return start;
                i = slice_find_byte(text, '\n', i); /* closed by nothing: begin anew */
                continue;
            }
            i = end;
        } else {
            i++;
        }
    }
    return SIZE_MAX;
}

static bool is_word_char(char c)
{
    return lex_is_name_char(c);
}

/* Splits the text into what is before the word, and the word. */
static bool split_word(struct arena *arena, struct slice text, struct complete_context *ret)
{
    bool comment;
    size_t open = open_at_end(arena, text, &comment);
    size_t from = text.size;

    if (comment)
        return false;
    if (open != SIZE_MAX) {
        ret->is_quoted = true;
        ret->from = (uint32_t)open;
        ret->word = slice_tail(text, open + (text.data[open] == '@' ? 2 : 1));
        return true;
    }
    while (from > 0 && is_word_char(text.data[from - 1]))
        from--;
    if (from > 0 && text.data[from - 1] == '!' && from < text.size)
        from--;
    ret->from = (uint32_t)from;
    ret->word = slice_tail(text, from);
    return true;
}

/* ---- brackets and pipelines ---- */

/* The operator or source that token i belongs to begins with one of the words. */
static bool is_within(const struct reader_state *r, uint32_t i, const char *const *words)
{
    uint32_t depth = 0;

    for (; i < r->count; i--) { /* 0 - 1 is behind the end */
        depth += is(r, i, ")");
        if (is(r, i, "(") && depth-- == 0)
            return false;
        if (depth == 0 && is_any(r, i, words))
            return true;
        if (depth == 0 && (is(r, i, "|") || is(r, i, ";") || is(r, i, "{")))
            return false;
    }
    return false;
}

/* The bracket opens a query of its own, or statements. */
static bool opens_pipeline(const struct reader_state *r, uint32_t open)
{
    static const char *const before[] = {"join", "lookup", "union", "materialize", "toscalar",
                                         "view", "|", ";", NULL};
    static const char *const joins[] = {"join", "lookup", "union", NULL};

    if (is(r, open, "{"))
        return true;
    if (!is(r, open, "("))
        return false;
    while (open > 0 && is(r, open - 1, "(")) { /* in ((T | ..., but not where ((a */
        open--;
        if (open > 0 && takes(r, open - 1, TEXT_OPERAND_LIST))
            return true;
    }
    if (open == 0 || is_any(r, open - 1, before))
        return true;
    if (is(r, open - 1, "=")) /* let f = (; not extend x = ( */
        return open >= 3 && is(r, open - 3, "let");
    /* kind=inner (, union A, ( */
    return ((open >= 2 && is(r, open - 2, "=")) || is(r, open - 1, ",")) &&
           is_within(r, open - 1, joins);
}

/* Does it go on with the rows of the operator it stands in? */
static bool goes_on(const struct reader_state *r, uint32_t open)
{
    static const char *const partition[] = {"partition", NULL};

    return is(r, open, "(") && open > 0 &&
           (is(r, open - 1, "on") ||
            (open > 1 && is(r, open - 2, "by") && is_within(r, open - 2, partition)));
}

static struct slice span(const struct reader_state *r, uint32_t from, uint32_t to)
{
    size_t start = from < r->count ? r->tokens[from].at : r->text.size;
    size_t end = to > from ? r->tokens[to - 1].end : start;

    return slice_from(r->text.data + start, end - start);
}

static void add_segment(struct reader_state *r, uint32_t from, uint32_t to)
{
    if (r->ret->segment_count < COMPLETE_SEGMENTS_MAX)
        r->ret->segments[r->ret->segment_count++] = span(r, from, to);
}

static void add_let(struct reader_state *r, uint32_t from, uint32_t to)
{
    struct complete_context *c = r->ret;

    if (!is(r, from, "let") || to < from + 3 || c->let_count == COMPLETE_SEGMENTS_MAX)
        return;
    c->let_names[c->let_count] = r->tokens[from + 1].text;
    c->lets[c->let_count++] = span(r, from, to);
}

/* Which brackets are open at the end; bars and semicolons between them. */
struct walk {
    uint32_t open[256];   /* token numbers */
    uint32_t starts[256]; /* of the statement or operator at this depth */
    uint32_t statements[256]; /* the statement begins; the pipeline of a let stays text of it */
    uint32_t segments[256], lets[256]; /* counts when the bracket opened */
    uint32_t depth;
};

static bool push(struct reader_state *r, struct walk *w, uint32_t i)
{
    struct complete_context *c = r->ret;

    if (w->depth + 1 == 256)
        return false;
    w->depth++;
    w->open[w->depth] = i;
    w->segments[w->depth] = c->segment_count;
    w->lets[w->depth] = c->let_count;
    w->starts[w->depth] = w->statements[w->depth] = i + 1;
    return true;
}

/* Leaves in *w the walk, and in ret the lets and segments of all open pipelines; those
 * of brackets that closed are forgotten. */
static bool walk(struct reader_state *r, struct walk *w)
{
    struct complete_context *c = r->ret;

    for (uint32_t i = 0; i < r->count; i++) {
        if (is(r, i, "(") || is(r, i, "[") || is(r, i, "{")) {
            if (!push(r, w, i))
                return false;
        } else if (is(r, i, ")") || is(r, i, "]") || is(r, i, "}")) {
            if (w->depth == 0)
                return false;
            c->segment_count = w->segments[w->depth];
            c->let_count = w->lets[w->depth];
            w->depth--;
        } else if (is(r, i, "|")) {
            add_segment(r, w->starts[w->depth], i);
            w->starts[w->depth] = i + 1;
        } else if (is(r, i, ";")) {
            c->segment_count = w->segments[w->depth];
            add_let(r, w->statements[w->depth], i);
            w->starts[w->depth] = w->statements[w->depth] = i + 1;
        } else if (is(r, i, "=") && is(r, w->starts[w->depth], "let") &&
                   i == w->starts[w->depth] + 2) {
            w->starts[w->depth] = i + 1;
        }
    }
    return true;
}

/* The operator's name, three tokens for `project-away`; *ret_end is behind it. */
static struct slice operator_at(const struct reader_state *r, uint32_t start, uint32_t *ret_end)
{
    uint32_t end = start;

    if (start < r->count && r->tokens[start].kind == TOKEN_NAME)
        end++;
    while (end > start && end + 1 < r->count && is(r, end, "-") &&
           r->tokens[end].at == r->tokens[end - 1].end &&
           r->tokens[end + 1].kind == TOKEN_NAME &&
           r->tokens[end + 1].at == r->tokens[end].end)
        end += 2;
    *ret_end = end;
    return span(r, start, end);
}

/* Bracket d has the operators that mv-apply runs over the elements. */
static bool is_applied(const struct reader_state *r, const struct walk *w, uint32_t d)
{
    uint32_t end;

    return w->open[d] > 0 && is(r, w->open[d] - 1, "on") &&
           slice_is(operator_at(r, w->starts[d - 1], &end), "mv-apply");
}

/* In the pipeline from bracket `outer` on the operators inside mv-apply read what
 * mv-expand of the same columns gives. */
static bool add_elements(struct reader_state *r, const struct walk *w, uint32_t outer,
                         uint32_t level)
{
    struct complete_context *c = r->ret;

    for (uint32_t d = level; d > outer; d--) {
        uint32_t at = w->segments[d] - w->segments[outer], end;
        if (!is_applied(r, w, d) || c->segment_count == COMPLETE_SEGMENTS_MAX)
            continue;
        struct buf text;
        buf_init(&text, 2 * QUERY_TEXT_BYTES_MAX);
        (void)operator_at(r, w->starts[d - 1], &end);
        buf_add_text(&text, "mv-expand ");
        buf_add_slice(&text, span(r, end, w->open[d] - 1));
        struct slice segment = arena_copy(r->arena, buf_slice(&text), r->err);
        buf_release(&text);
        if (segment.data == NULL)
            return false;
        memmove(c->segments + at + 1, c->segments + at,
                (c->segment_count - at) * sizeof(c->segments[0]));
        c->segments[at] = segment;
        c->segment_count++;
    }
    return true;
}

/* The segments of the innermost pipeline; *ret_start: where its last operator begins. */
static bool choose_pipeline(struct reader_state *r, struct walk *w, uint32_t *ret_start,
                            uint32_t *ret_level)
{
    struct complete_context *c = r->ret;
    uint32_t level = 0, outer = 0;

    for (uint32_t d = 1; d <= w->depth; d++) {
        uint32_t end = d < w->depth ? w->segments[d + 1] : c->segment_count;
        bool has_bar = end > w->segments[d];
        if (is_applied(r, w, d) || (goes_on(r, w->open[d]) && (has_bar || d == w->depth))) {
            level = d; /* with the segments of the outer one before it */
        } else if (opens_pipeline(r, w->open[d]) || has_bar) {
            level = d;
            outer = d;
        }
    }
    c->segment_count -= w->segments[outer];
    memmove(c->segments, c->segments + w->segments[outer],
            c->segment_count * sizeof(c->segments[0]));
    *ret_start = w->starts[level];
    *ret_level = level;
    return add_elements(r, w, outer, level);
}

/* ---- what may stand there ---- */

static bool ends_operand(const struct reader_state *r, uint32_t start)
{
    static const char *const words[] = {"and",  "or",   "by",      "on",       "with",  "of",
                                        "to",   "from", "step",    "between",  "!between", "where",
                                        "matches", "regex", "asc", "desc",     NULL};
    const struct token *last = &r->tokens[r->count - 1];

    if (r->count <= start + 1 && last->kind == TOKEN_NAME)
        return false; /* the operator's own name */
    if (last->kind == TOKEN_SYMBOL)
        return slice_is(last->text, ")") || slice_is(last->text, "]");
    return !(last->kind == TOKEN_NAME && (is_any(r, r->count - 1, words) ||
                                          special_text_operand(last->text) != TEXT_OPERAND_NONE));
}

static bool is_comparison(const struct reader_state *r, uint32_t i)
{
    static const char *const list[] = {"==", "!=", "=~", "!~", "<>", NULL};

    return is_any(r, i, list) || takes(r, i, TEXT_OPERAND_TEXT);
}

/* A name, perhaps with members, that ends before token `end`. */
static struct slice operand_before(const struct reader_state *r, uint32_t end)
{
    uint32_t from = end;

    while (from > 0 && (r->tokens[from - 1].kind == TOKEN_NAME ||
                        r->tokens[from - 1].kind == TOKEN_QUOTED)) {
        from--;
        if (from == 0 || !is(r, from - 1, "."))
            break;
        from--;
    }
    return from == end || is(r, from, ".") ? slice_from("", 0) : span(r, from, end);
}

static bool find_operand(struct reader_state *r, const struct walk *w)
{
    uint32_t last = r->count - 1;

    if (is_comparison(r, last))
        r->ret->operand = operand_before(r, last);
    else if (w->depth > 0 && (is(r, last, "(") || is(r, last, ",")) && w->open[w->depth] > 1 &&
             takes(r, w->open[w->depth] - 1, TEXT_OPERAND_LIST))
        r->ret->operand = operand_before(r, w->open[w->depth] - 1);
    return r->ret->operand.size > 0;
}

/* `project-aw`: the word begins at the first token behind the bar. */
static bool is_half_operator(struct reader_state *r, uint32_t start, struct slice whole)
{
    uint32_t end;

    (void)operator_at(r, start, &end);
    if (end == start || end + 1 != r->count || !is(r, end, "-") ||
        r->tokens[end].end != r->text.size || r->tokens[end].at != r->tokens[end - 1].end)
        return false;
    r->ret->from = r->tokens[start].at;
    r->ret->word = slice_tail(whole, r->ret->from);
    return true;
}

static bool is_one_of(struct slice name, const char *const *list)
{
    while (*list != NULL && !slice_is(name, *list))
        list++;
    return *list != NULL;
}

/* search in (, find in (: the tables that are looked through. */
static bool names_tables(const struct reader_state *r, const struct walk *w)
{
    static const char *const names[] = {"search", "find", NULL};
    uint32_t last = r->count - 1;

    return w->depth > 0 && w->open[w->depth] > 0 && is(r, w->open[w->depth] - 1, "in") &&
           (is(r, last, "(") || is(r, last, ",")) && is_one_of(r->ret->op_name, names);
}

/* What an operator wants that is no expression. */
static enum complete_place place_by_operator(const struct reader_state *r, uint32_t start)
{
    static const char *const column_operators[] = {"project-away", "project-keep",
                                                   "project-reorder", "project-rename",
                                                   "distinct", NULL};
    static const char *const plain[] = {"take", "limit", "sample", "as", "count", "consume",
                                        "getschema", NULL};
    static const char *const joins[] = {"join", "lookup", NULL};
    static const char *const by_first[] = {"sort", "order", NULL};
    struct slice name = r->ret->op_name;
    bool is_bare = r->count <= start + 1;

    if (is_one_of(name, column_operators))
        return PLACE_COLUMN;
    if (is_one_of(name, plain))
        return PLACE_NOTHING;
    if (slice_is(name, "render"))
        return is_bare ? PLACE_CHART : r->ret->is_in_call ? PLACE_PROPERTY : PLACE_NOTHING;
    if (slice_is(name, "union") || (is_one_of(name, joins) && is_bare))
        return PLACE_SOURCE;
    r->ret->is_bare = is_bare && is_one_of(name, by_first);
    if (r->ret->is_bare)
        return PLACE_BEHIND;
    return PLACE_EXPRESSION;
}

/* What an expression at the end is compared with, and where in its operator it stands. */
static void describe_expression(struct reader_state *r, const struct walk *w, uint32_t start)
{
    static const char *const orders[] = {"<", "<=", ">", ">=", NULL};
    struct complete_context *c = r->ret;
    uint32_t last = r->count - 1;
    uint32_t open = w->depth > 0 ? w->open[w->depth] : 0;

    if (is_any(r, last, orders))
        c->operand = operand_before(r, last);
    else if (open > 1 && (is(r, last, "(") || is(r, last, "..")) &&
             (is(r, open - 1, "between") || is(r, open - 1, "!between")))
        c->operand = operand_before(r, open - 1);
    c->is_compared = last > 1 && r->tokens[last].kind != TOKEN_SYMBOL &&
                     (is_comparison(r, last - 1) || is_any(r, last - 1, orders));
    c->is_in_call = open > start;
    for (uint32_t i = start; i <= last; i++)
        c->is_behind_by = c->is_behind_by || is(r, i, "by") || is(r, i, "on");
}

/* Behind $right the columns are those of the other table: what stands between the join's
 * options and `on` is the pipeline. */
static void choose_right(struct reader_state *r, uint32_t start)
{
    uint32_t from = start + 1, to = r->count;

    while (from + 2 < r->count && is(r, from + 1, "="))
        from += 3; /* kind=inner */
    while (from + 4 < r->count && is(r, from, "hint"))
        from += 5; /* hint.strategy=shuffle */
    for (uint32_t i = r->count; i > from; i--)
        to = is(r, i - 1, "on") ? i - 1 : to;
    if (to > from && to < r->count) {
        r->ret->segments[0] = span(r, from, to);
        r->ret->segment_count = 1;
    }
}

static enum complete_place place_in_operator(struct reader_state *r, const struct walk *w,
                                             uint32_t start)
{
    uint32_t last = r->count - 1;

    if (is(r, last, ".")) {
        if (last > 0 && is(r, last - 1, "hint"))
            return PLACE_HINT;
        if (last > 0 && is(r, last - 1, "$right"))
            choose_right(r, start);
        return last > 0 && (is(r, last - 1, "$left") || is(r, last - 1, "$right"))
                   ? PLACE_COLUMN
                   : PLACE_NOTHING;
    }
    if (is(r, last, "=") && last > 0 && is(r, last - 1, "kind"))
        return PLACE_KIND;
    bool is_step = last > 1 && is(r, last - 2, "step"); /* of scan */
    bool in_typeof = last > 0 && is(r, last, "(") && is(r, last - 1, "typeof");
    if ((is(r, last, ":") && !is_step) || in_typeof)
        return PLACE_TYPE;
    if (names_tables(r, w))
        return r->ret->is_quoted ? PLACE_NOTHING : PLACE_SOURCE;
    if (find_operand(r, w))
        return PLACE_VALUE;
    if (r->ret->is_quoted)
        return PLACE_NOTHING;
    describe_expression(r, w, start);
    return ends_operand(r, start) ? PLACE_BEHIND : place_by_operator(r, start);
}

static enum complete_place find_place(struct reader_state *r, struct slice whole)
{
    struct walk w = {0};
    uint32_t start, level, end;

    if (!walk(r, &w) || !choose_pipeline(r, &w, &start, &level))
        return PLACE_NOTHING;
    bool behind_bar = start > 0 && is(r, start - 1, "|");
    if (goes_on(r, level > 0 ? w.open[level] : 0) && level > 0)
        behind_bar = true;
    if (start >= r->count) { /* nothing of the operator or the source is there yet */
        if (r->ret->is_quoted)
            return PLACE_NOTHING;
        return behind_bar ? PLACE_OPERATOR : PLACE_SOURCE;
    }
    if (behind_bar && is_half_operator(r, start, whole))
        return PLACE_OPERATOR;
    if (!behind_bar) { /* in a source: print, union, range, a name */
        struct slice name = operator_at(r, start, &end);
        r->ret->op_name = name;
        if (is(r, start, "let") && r->count < start + 3)
            return PLACE_NOTHING;
        if (is(r, r->count - 1, ":")) /* let f = (x: */
            return PLACE_TYPE;
        return is(r, start, "print") || is(r, start, "union") || w.depth > level
                   ? place_in_operator(r, &w, start)
                   : PLACE_NOTHING;
    }
    r->ret->op_name = operator_at(r, start, &end);
    return place_in_operator(r, &w, end - 1);
}

enum status complete_context(struct arena *arena, struct slice text, uint32_t at,
                             struct complete_context *ret, struct error *err)
{
    struct slice whole = slice_head(text, at);
    struct token *tokens;
    uint32_t count;

    *ret = (struct complete_context){.op_name = {"", 0}, .operand = {"", 0}, .word = {"", 0}};
    *err = (struct error){0};
    if (!split_word(arena, whole, ret))
        return STATUS_OK;
    struct slice before = slice_head(whole, ret->from);
    enum status status = lex(arena, before, &tokens, &count, err);
    if (status == STATUS_INVALID) {
        *err = (struct error){0};
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    struct reader_state r = {before, tokens, count - 1, ret, arena, err};
    if (r.count == 0)
        ret->place = ret->is_quoted ? PLACE_NOTHING : PLACE_SOURCE;
    else
        ret->place = find_place(&r, whole);
    return err->status;
}
