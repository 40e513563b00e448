/* SPDX-License-Identifier: Apache-2.0 */
/* render.c - a question as KQL. */
#include "model.h"

#include "base/guid.h"
#include "base/time.h"

#include <math.h>

static void render_pipe(const struct pipe *pipe, struct buf *buf);

static void render_text(struct slice s, struct buf *buf)
{
    buf_add_byte(buf, '\'');
    for (size_t i = 0; i < s.size; i++) {
        char c = s.data[i];
        if (c == '\'' || c == '\\')
            buf_add_byte(buf, '\\');
        if (c == '\n' || c == '\r' || c == '\t')
            buf_add_text(buf, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else
            buf_add_byte(buf, c);
    }
    buf_add_byte(buf, '\'');
}

void render_value(const struct value *value, struct buf *buf)
{
    char text[64];

    if (value->is_null) {
        buf_add_format(buf, "%s(null)", type_name(value->type));
        return;
    }
    switch (value->type) {
    case TYPE_BOOL:
        buf_add_text(buf, value->boolean ? "true" : "false");
        break;
    case TYPE_INT:
    case TYPE_LONG:
        buf_add_format(buf, value->integer < 0 ? "(%lld)" : "%lld", (long long)value->integer);
        break;
    case TYPE_REAL:
        if (isfinite(value->real))
            buf_add_format(buf, "real(%.17g)", value->real);
        else
            buf_add_text(buf, isnan(value->real) ? "real(nan)"
                                                 : value->real > 0 ? "real(+inf)" : "real(-inf)");
        break;
    case TYPE_DATETIME:
        time_format_iso(value->integer, text);
        buf_add_format(buf, "datetime(%s)", text);
        break;
    case TYPE_TIMESPAN:
        buf_add_text(buf, "time(");
        time_format_span(value->integer, buf);
        buf_add_byte(buf, ')');
        break;
    case TYPE_GUID:
        guid_format(&value->guid, text);
        buf_add_format(buf, "guid(%s)", text);
        break;
    case TYPE_STRING:
        render_text(value->bytes, buf);
        break;
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
    case TYPE_COUNT_:
        buf_add_format(buf, "dynamic(%.*s)", SLICE_FMT(value->bytes));
        break;
    }
}

static void render_term(const struct term *term, struct buf *buf);

/* A text with the arguments in place of '@'. */
static void render_call(const char *text, struct term *const *args, struct buf *buf)
{
    for (uint32_t n = 0; *text != '\0'; text++) {
        if (*text == '@')
            render_term(args[n++], buf);
        else
            buf_add_byte(buf, *text);
    }
}

static void render_term(const struct term *term, struct buf *buf)
{
    switch (term->kind) {
    case TERM_COLUMN:
        buf_add_slice(buf, term->name);
        break;
    case TERM_CONST:
        render_value(&term->value, buf);
        break;
    case TERM_CALL:
        render_call(term->rule->text, term->args, buf);
        break;
    case TERM_IN:
        buf_add_byte(buf, '(');
        render_term(term->args[0], buf);
        buf_add_text(buf, " in (");
        render_pipe(term->pipe, buf);
        buf_add_text(buf, "))");
        break;
    case TERM_SCALAR:
        buf_add_text(buf, "toscalar(");
        render_pipe(term->pipe, buf);
        buf_add_byte(buf, ')');
        break;
    }
}

static void render_items(const struct item *items, uint32_t count, struct buf *buf)
{
    for (uint32_t i = 0; i < count; i++) {
        struct term *args[2] = {items[i].term, items[i].second};
        buf_add_text(buf, i > 0 ? ", " : " ");
        buf_add_slice(buf, items[i].name);
        if (items[i].aggregate != NULL) {
            buf_add_text(buf, " = ");
            render_call(items[i].aggregate->text, args, buf);
        } else if (items[i].term != NULL &&
                   (items[i].term->kind != TERM_COLUMN ||
                    !slice_equal(items[i].term->name, items[i].name))) {
            buf_add_text(buf, " = ");
            render_term(items[i].term, buf);
        }
    }
}

static void render_keys(const struct step *step, struct buf *buf)
{
    for (uint32_t i = 0; i < step->by_count; i++) {
        buf_add_text(buf, i > 0 ? ", " : " ");
        render_term(step->by[i].term, buf);
        buf_add_text(buf, step->by[i].ascending ? " asc" : " desc");
    }
}

static void render_join(const struct step *step, struct buf *buf)
{
    buf_add_format(buf, step->word[0] == '\0' ? " (" : " kind=%s (", step->word);
    render_pipe(step->pipe, buf);
    buf_add_text(buf, ") on");
    for (uint32_t i = 0; i < step->by_count; i++) {
        struct slice left = step->by[i].term->name, right = step->items[i].term->name;
        buf_add_text(buf, i > 0 ? ", " : " ");
        if (slice_equal(left, right))
            buf_add_slice(buf, left);
        else
            buf_add_format(buf, "$left.%.*s == $right.%.*s", SLICE_FMT(left), SLICE_FMT(right));
    }
}

static void render_expand(const struct step *step, struct buf *buf)
{
    render_items(step->items, 1, buf);
    if (step->word != NULL)
        buf_add_format(buf, " to typeof(%s)", step->word);
    if (step->kind == STEP_APPLY) {
        buf_add_text(buf, " on (");
        render_pipe(step->pipe, buf);
        buf_add_byte(buf, ')');
    }
}

static void render_number(const struct step *step, struct buf *buf)
{
    buf_add_text(buf, "sort by");
    render_keys(step, buf);
    buf_add_format(buf, " | extend %.*s = row_number(), %.*s = prev(%.*s), %.*s = row_cumsum(%.*s)",
                   SLICE_FMT(step->items[0].name), SLICE_FMT(step->items[1].name),
                   SLICE_FMT(step->items[1].term->name), SLICE_FMT(step->items[2].name),
                   SLICE_FMT(step->items[1].term->name));
}

static void render_odd(const struct step *step, struct buf *buf)
{
    if (step->kind == STEP_TAKE) {
        buf_add_format(buf, " %u", step->number);
    } else if (step->kind == STEP_TOP) {
        buf_add_format(buf, " %u by", step->number);
        render_keys(step, buf);
        buf_add_text(buf, " | project ");
        render_term(step->by[0].term, buf);
    } else if (step->kind == STEP_UNION) {
        buf_add_text(buf, " (");
        render_pipe(step->pipe, buf);
        buf_add_byte(buf, ')');
    } else if (step->kind == STEP_PARSE) {
        buf_add_byte(buf, ' ');
        render_term(step->items[0].term, buf);
        buf_add_format(buf, " with * 'k=' %.*s:string ' n=' %.*s:long",
                       SLICE_FMT(step->items[1].name), SLICE_FMT(step->items[2].name));
    } else {
        for (uint32_t i = 0; i < step->item_count; i++)
            buf_add_format(buf, "%s%.*s = %.*s", i > 0 ? ", " : " ",
                           SLICE_FMT(step->items[i].name), SLICE_FMT(step->items[i].term->name));
    }
}

static const char *const OPERATORS[] = {
    [STEP_WHERE] = "where ",          [STEP_EXTEND] = "extend",
    [STEP_PROJECT] = "project",       [STEP_AWAY] = "project-away",
    [STEP_KEEP] = "project-keep",     [STEP_RENAME] = "project-rename",
    [STEP_DISTINCT] = "distinct",     [STEP_COUNT] = "count",
    [STEP_SUMMARIZE] = "summarize",   [STEP_ARG_MAX] = "summarize arg_max(id, *)",
    [STEP_SORT] = "sort by",          [STEP_TOP] = "top",
    [STEP_TAKE] = "take",             [STEP_NUMBER] = "",
    [STEP_JOIN] = "join",             [STEP_LOOKUP] = "lookup",
    [STEP_UNION] = "union",           [STEP_EXPAND] = "mv-expand",
    [STEP_APPLY] = "mv-apply",        [STEP_PARSE] = "parse",
    [STEP_AS_IS] = "",
};

static void render_step(const struct step *step, struct buf *buf)
{
    buf_add_text(buf, " | ");
    buf_add_text(buf, OPERATORS[step->kind]);
    switch (step->kind) {
    case STEP_WHERE:
        render_term(step->items[0].term, buf);
        break;
    case STEP_SUMMARIZE:
    case STEP_ARG_MAX:
        render_items(step->items, step->item_count, buf);
        if (step->by_count > 0)
            buf_add_text(buf, " by");
        render_items(step->by, step->by_count, buf);
        break;
    case STEP_SORT:
        render_keys(step, buf);
        break;
    case STEP_JOIN:
    case STEP_LOOKUP:
        render_join(step, buf);
        break;
    case STEP_EXPAND:
    case STEP_APPLY:
        render_expand(step, buf);
        break;
    case STEP_NUMBER:
        render_number(step, buf);
        break;
    case STEP_AS_IS:
        buf_add_text(buf, step->word);
        break;
    case STEP_EXTEND:
    case STEP_PROJECT:
    case STEP_AWAY:
    case STEP_KEEP:
    case STEP_DISTINCT:
    case STEP_COUNT:
        render_items(step->items, step->item_count, buf);
        break;
    case STEP_TOP:
    case STEP_TAKE:
    case STEP_UNION:
    case STEP_PARSE:
    case STEP_RENAME:
        render_odd(step, buf);
        break;
    }
}

static void render_pipe(const struct pipe *pipe, struct buf *buf)
{
    bool first = true;

    if (pipe->is_range)
        buf_add_format(buf, "range x from 1 to %u step 1", pipe->number);
    else if (pipe->let.size > 0)
        buf_add_slice(buf, pipe->let);
    else if (!pipe->is_given)
        buf_add_text(buf, pipe->table->name);
    for (const struct step *step = pipe->first; step != NULL; step = step->next) {
        size_t start = buf->size;
        render_step(step, buf);
        if (first && pipe->is_given && !buf->failed) { /* inside mv-apply no bar is first */
            memmove(buf->data + start, buf->data + start + 3, buf->size - start - 3);
            buf->size -= 3;
        }
        first = false;
    }
}

void render_question(const struct question *q, struct buf *buf)
{
    for (uint32_t i = 0; i < q->let_count; i++) {
        buf_add_format(buf, "let %.*s = ", SLICE_FMT(q->let_names[i]));
        render_pipe(q->lets[i], buf);
        buf_add_text(buf, ";\n");
    }
    render_pipe(q->pipe, buf);
}
