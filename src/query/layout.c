/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c - query_format(): the tokens of a query with canonical blanks and lines.
 *
 * Invariants
 * 1. Tokens and comments come out in their order, byte for byte (blanks at the end of
 *    a comment excepted).
 * 2. Where a line breaks depends on the tokens, on whether a comment stands behind
 *    something or on a line of its own, and on blank lines between statements; all
 *    of that is kept, so the layout of a layout is itself.
 * 3. What is handed out parses to the tree of what came in.
 */
#include "query/layout_priv.h"

#include "base/limits.h"
#include "query/ast_priv.h"
#include "query/query.h"

#define LINE_WIDTH 100u
#define INDENT 4u
#define INDENT_MAX 64u
#define MEMORY_BYTES (256 * MIB)

struct layout {
    struct slice text;
    const struct token *tokens;
    const struct piece *pieces;
    struct buf *out;
    uint32_t column, line_indent; /* of the line being written */
    uint32_t continued;           /* indent of a line that only a comment makes necessary */
};

/* Where a token goes: behind the one before it, or on a line of its own. */
struct place {
    bool is_line, keeps_blank;
    uint32_t indent, comment_indent;
};

enum split {
    SPLIT_NEVER,
    SPLIT_COMMAS, /* each item on a line */
    SPLIT_FILL,   /* as many items a line as fit */
    SPLIT_LOGIC,  /* before `and`, `or` */
    SPLIT_ROWS,   /* each row of a datatable on a line */
};

static struct place line_at(uint32_t indent)
{
    if (indent > INDENT_MAX)
        indent = INDENT_MAX;
    return (struct place){.is_line = true, .indent = indent, .comment_indent = indent};
}

static const struct place here = {.is_line = false};

static void start_line(struct layout *l, uint32_t indent, bool blank)
{
    if (l->out->size > 0)
        buf_add_text(l->out, blank ? "\n\n" : "\n");
    for (uint32_t i = 0; i < indent; i++)
        buf_add_byte(l->out, ' ');
    l->column = indent;
    l->line_indent = indent;
}

/* The comments before token i; true: the token needs a new line. */
static bool put_comments(struct layout *l, uint32_t i, const struct place *place,
                         bool *ret_blank)
{
    size_t at = i == 0 ? 0 : l->tokens[i - 1].end, end = l->tokens[i].at;
    bool any = false;
    uint32_t lines;

    for (;;) {
        struct slice comment = layout_comment(l->text, &at, end, &lines);
        *ret_blank = lines > 1 && place->keeps_blank;
        if (comment.size == 0)
            return any;
        if (lines == 0 && !any && i > 0) {
            buf_add_byte(l->out, ' ');
        } else {
            uint32_t indent = place->is_line ? place->comment_indent : l->continued;
            start_line(l, comment.data[0] == '#' ? 0 : indent, *ret_blank);
        }
        buf_add_slice(l->out, comment);
        any = true;
    }
}

static void put(struct layout *l, uint32_t i, struct place place)
{
    const struct token *t = &l->tokens[i];
    bool blank;
    bool commented = put_comments(l, i, &place, &blank);

    if (place.is_line)
        start_line(l, place.indent, blank);
    else if (commented)
        start_line(l, l->continued, false);
    else if (l->pieces[i].is_spaced && l->out->size > 0) {
        buf_add_byte(l->out, ' ');
        l->column++;
    }
    struct slice written = slice_from(l->text.data + t->at, t->end - t->at);
    buf_add_slice(l->out, written);
    const char *feed = memrchr(written.data, '\n', written.size);
    l->column = feed == NULL ? l->column + (uint32_t)written.size
                             : (uint32_t)(written.data + written.size - feed) - 1;
}

/* Whether tokens from .. last fit on the rest of this line. */
static bool fits(const struct layout *l, uint32_t from, uint32_t last, struct place place)
{
    const struct piece *a = &l->pieces[from], *b = &l->pieces[last + 1];
    uint32_t column = place.is_line ? place.indent : l->column;

    return b->breaks - a->breaks - b->gap_breaks == 0 &&
           column + (b->width - a->width) <= LINE_WIDTH + b->is_spaced;
}

static uint32_t after(const struct layout *l, uint32_t i)
{
    return l->pieces[i].match + 1;
}

/* The first of from .. to that is `text` outside of brackets, or `to`. */
static uint32_t find(const struct layout *l, uint32_t from, uint32_t to, const char *text)
{
    while (from < to && !layout_is(&l->tokens[from], text))
        from = after(l, from);
    return from < to ? from : to;
}

static void put_statements(struct layout *l, uint32_t from, uint32_t to, uint32_t indent);
static void put_pipeline(struct layout *l, uint32_t from, uint32_t to, struct place place);
static void put_items(struct layout *l, uint32_t from, uint32_t to, struct place place,
                      enum split split);

static bool has_logic(const struct layout *l, uint32_t from, uint32_t to)
{
    return find(l, from, to, "and") < to || find(l, from, to, "or") < to;
}

/* Only single values, so several may share a line. */
static bool is_plain_list(const struct layout *l, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if ((i - from) % 2 == 1 ? !layout_is(&l->tokens[i], ",")
                                : layout_opens(&l->tokens[i]) || layout_is(&l->tokens[i], ","))
            return false;
    }
    return true;
}

static enum split split_of(const struct layout *l, uint32_t from, uint32_t to)
{
    if (l->pieces[from - 1].is_rows)
        return SPLIT_ROWS;
    if (find(l, from, to, ",") == to)
        return has_logic(l, from, to) ? SPLIT_LOGIC : SPLIT_NEVER;
    return is_plain_list(l, from, to) ? SPLIT_FILL : SPLIT_COMMAS;
}

/* A bracket whose content does not fit on the line. */
static void put_bracket(struct layout *l, uint32_t open, struct place place)
{
    uint32_t close = l->pieces[open].match;
    uint32_t continued = l->continued;

    put(l, open, place);
    uint32_t base = l->line_indent;
    struct place inside = line_at(base + INDENT);
    l->continued = inside.indent;
    if (open + 1 < close) {
        if (layout_is(&l->tokens[open], "{"))
            put_statements(l, open + 1, close, inside.indent);
        else if (find(l, open + 1, close, "|") < close)
            put_pipeline(l, open + 1, close, inside);
        else
            put_items(l, open + 1, close, inside, split_of(l, open + 1, close));
    }
    struct place end = line_at(base);
    end.comment_indent = inside.indent;
    put(l, close, end);
    l->continued = continued;
}

static bool breaks_before(const struct layout *l, uint32_t i, uint32_t to, enum split split)
{
    uint32_t last = i;

    switch (split) {
    case SPLIT_COMMAS:
        return layout_is(&l->tokens[i - 1], ",");
    case SPLIT_LOGIC:
        return layout_is(&l->tokens[i], "and") || layout_is(&l->tokens[i], "or");
    case SPLIT_FILL:
        last = find(l, i, to, ",");
        return layout_is(&l->tokens[i - 1], ",") && !fits(l, i, last < to ? last : to - 1, here);
    case SPLIT_NEVER:
    case SPLIT_ROWS:
        break;
    }
    return false;
}

/* Tokens from .. to, broken where `split` says and in brackets that do not fit. */
static void put_items(struct layout *l, uint32_t from, uint32_t to, struct place place,
                      enum split split)
{
    struct place line = place.is_line ? place : line_at(l->continued);
    uint32_t values = 0;

    for (uint32_t i = from; i < to; i = after(l, i)) {
        uint32_t last = l->pieces[i].match;
        struct place p = i == from ? place : here;
        if (i > from && breaks_before(l, i, to, split))
            p = line;
        if (split == SPLIT_ROWS && i > from && layout_is(&l->tokens[i - 1], ",") &&
            ++values % l->pieces[from - 1].row == 0)
            p = line;
        if (last > i && !fits(l, i, last, p)) {
            put_bracket(l, i, p);
            continue;
        }
        put(l, i, p);
        for (uint32_t k = i + 1; k <= last; k++)
            put(l, k, here);
    }
}

/* Operators whose arguments are a list that may stand on lines of its own. */
static bool is_list_operator(const struct token *name)
{
    static const char *const names[] = {"extend",   "project", "summarize", "distinct", "print",
                                        "sort",     "order",   "union",     "parse",    "serialize",
                                        "mv", "make"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (layout_is(name, names[i]))
            return true;
    }
    return false;
}

/* One operator with its arguments, or the source of a pipeline. */
static void put_clause(struct layout *l, uint32_t from, uint32_t to, struct place place)
{
    uint32_t continued = l->continued, at = from;
    uint32_t indent = place.is_line ? place.indent : l->line_indent;
    struct place item = line_at(indent + INDENT);

    l->continued = item.indent;
    bool commas = find(l, from, to, ",") < to;
    if (fits(l, from, to - 1, place)) {
        put_items(l, from, to, place, SPLIT_NEVER);
    } else if (commas && is_list_operator(&l->tokens[from]) && l->pieces[from].is_operator) {
        while (at < to && (l->pieces[at].is_operator || l->pieces[at].is_param))
            at = after(l, at); /* behind the value of an option in brackets, too */
        put_items(l, from, at, place, SPLIT_NEVER);
        uint32_t by = find(l, at, to, "by");
        if (at < by)
            put_items(l, at, by, item, SPLIT_COMMAS);
        if (by < to && fits(l, by, to - 1, item)) {
            put_items(l, by, to, item, SPLIT_NEVER);
        } else if (by < to) {
            l->continued = item.indent + INDENT;
            put(l, by, item);
            put_items(l, by + 1, to, here,
                      is_plain_list(l, by + 1, to) ? SPLIT_FILL : SPLIT_COMMAS);
        }
    } else {
        put_items(l, from, to, place, commas ? SPLIT_NEVER : SPLIT_LOGIC);
    }
    l->continued = continued;
}

/* place.indent is where the bars stand if the pipeline begins a line. */
static void put_pipeline(struct layout *l, uint32_t from, uint32_t to, struct place place)
{
    uint32_t bar = find(l, from, to, "|");
    uint32_t indent = place.is_line ? place.indent : l->line_indent;

    if (bar > from)
        put_clause(l, from, bar, place);
    while (bar < to) {
        uint32_t next = find(l, bar + 1, to, "|");
        put(l, bar, line_at(indent));
        if (next > bar + 1)
            put_clause(l, bar + 1, next, here);
        bar = next;
    }
}

static void put_statement(struct layout *l, uint32_t from, uint32_t to, struct place place)
{
    uint32_t equal = layout_is(&l->tokens[from], "let") ? find(l, from, to, "=") : to;

    if (equal >= to - 1 || find(l, equal, to, "|") == to) {
        put_pipeline(l, from, to, place);
        return;
    }
    put_items(l, from, equal + 1, place, SPLIT_NEVER);
    put_pipeline(l, equal + 1, to, line_at(place.indent + INDENT));
}

static void put_statements(struct layout *l, uint32_t from, uint32_t to, uint32_t indent)
{
    uint32_t continued = l->continued;

    l->continued = indent + INDENT > INDENT_MAX ? INDENT_MAX : indent + INDENT;
    while (from < to) {
        uint32_t end = find(l, from, to, ";");
        struct place place = line_at(indent);
        place.keeps_blank = true;
        if (end > from)
            put_statement(l, from, end, place);
        if (end < to)
            put(l, end, here);
        from = end + 1;
    }
    l->continued = continued;
}

static enum status lay_out(struct arena *arena, struct slice text, struct buf *ret,
                           struct error *err)
{
    struct token *tokens;
    struct piece *pieces;
    uint32_t count;
    bool blank;
    enum status status = lex(arena, text, &tokens, &count, err);

    if (status == STATUS_OK)
        status = layout_measure(arena, text, tokens, count, &pieces, err);
    if (status != STATUS_OK)
        return status;
    struct layout l = {.text = text, .tokens = tokens, .pieces = pieces, .out = ret};
    struct place end = line_at(0);
    end.keeps_blank = true;
    put_statements(&l, 0, count - 1, 0);
    (void)put_comments(&l, count - 1, &end, &blank);
    buf_add_byte(ret, '\n');
    return buf_check(ret, err);
}

/* Invariant 3. */
static enum status check_meaning(struct arena *arena, const struct node *before,
                                 struct slice laid_out, struct error *err)
{
    struct node *after_it = NULL;
    enum status status = parse_query(arena, laid_out, &after_it, err);

    if (status == STATUS_LIMIT) /* no memory for both */
        return status;
    if (status != STATUS_OK || !ast_same(before, after_it))
        return ERROR_SET(err, STATUS_INVALID,
                         "this query cannot be laid out without changing what it means");
    return STATUS_OK;
}

enum status query_format(struct slice text, struct buf *ret, struct error *err)
{
    struct arena *arena = arena_new(MEMORY_BYTES);
    struct node *before = NULL;
    struct buf out;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    buf_init(&out, 16 * QUERY_TEXT_BYTES_MAX);
    enum status status = parse_query(arena, text, &before, err);
    if (status == STATUS_OK)
        status = lay_out(arena, text, &out, err);
    if (status == STATUS_OK && out.size > QUERY_TEXT_BYTES_MAX)
        status = ERROR_SET(err, STATUS_LIMIT,
                           "laid out, the query has %zu bytes, more than the %zu that one may have",
                           out.size, QUERY_TEXT_BYTES_MAX);
    if (status == STATUS_OK)
        status = check_meaning(arena, before, buf_slice(&out), err);
    if (status == STATUS_OK)
        buf_add_slice(ret, buf_slice(&out));
    buf_release(&out);
    arena_free(arena);
    return status == STATUS_OK ? buf_check(ret, err) : status;
}
