/* SPDX-License-Identifier: Apache-2.0 */
/* literal_dynamic.c - dynamic(...) literals: JSON with KQL's strings, bare
 * nulls and nested literals such as datetime(2020-01-01) and 1d. */
#include "query/literal.h"

#include "base/buf.h"
#include "base/limits.h"
#include "query/lex_priv.h"
#include "table/dynamic.h"

struct reader_state {
    struct arena *arena;
    struct slice text;
    size_t at;
    uint32_t depth;
    struct buf *out;
    struct error *err;
};

static enum status value(struct reader_state *r);

static char next(const struct reader_state *r)
{
    return r->at < r->text.size ? r->text.data[r->at] : '\0';
}

static void skip(struct reader_state *r)
{
    while (r->at < r->text.size) {
        size_t blank = lex_blank(r->text, r->at);
        if (blank > 0) {
            r->at += blank;
        } else if (next(r) == '/' && r->at + 1 < r->text.size && r->text.data[r->at + 1] == '/') {
            while (r->at < r->text.size && r->text.data[r->at] != '\n')
                r->at++;
        } else {
            break;
        }
    }
}

static enum status fail(struct reader_state *r, const char *expected)
{
    return ERROR_SET(r->err, STATUS_INVALID, "expected %s in the dynamic literal", expected);
}

static void add_string(struct reader_state *r, struct slice s)
{
    struct value v = {.type = TYPE_STRING, .bytes = s};
    dynamic_add_value(r->out, &v);
}

static bool at_string(const struct reader_state *r)
{
    struct slice rest = slice_tail(r->text, r->at);

    if (rest.size > 1 && (rest.data[0] == 'h' || rest.data[0] == 'H'))
        rest = slice_tail(rest, 1);
    if (slice_starts_with(rest, SLICE("```")) || slice_starts_with(rest, SLICE("~~~")))
        return true;
    if (rest.size > 1 && rest.data[0] == '@')
        rest = slice_tail(rest, 1);
    return rest.size > 0 && (rest.data[0] == '"' || rest.data[0] == '\'');
}

/* Strings side by side are one, as outside of the literal. */
static enum status string(struct reader_state *r)
{
    struct buf joined;
    struct slice s;
    size_t end = r->at;
    bool is_joined = false;
    enum status status = lex_string(r->arena, r->text, r->at, &s, &end, r->err);

    buf_init(&joined, DYNAMIC_BYTES_MAX);
    while (status == STATUS_OK) {
        r->at = end;
        skip(r);
        if (!at_string(r))
            break;
        if (!is_joined)
            buf_add_slice(&joined, s);
        is_joined = true;
        status = lex_string(r->arena, r->text, r->at, &s, &end, r->err);
        if (status == STATUS_OK)
            buf_add_slice(&joined, s);
    }
    if (status == STATUS_OK)
        status = buf_check(&joined, r->err);
    if (status == STATUS_OK)
        add_string(r, is_joined ? buf_slice(&joined) : s);
    buf_release(&joined);
    return status;
}

static enum status array(struct reader_state *r)
{
    r->at++;
    buf_add_byte(r->out, '[');
    for (bool first = true;; first = false) {
        skip(r);
        if (next(r) == ']')
            break;
        if (!first)
            buf_add_byte(r->out, ',');
        enum status status = value(r);
        if (status != STATUS_OK)
            return status;
        skip(r);
        if (next(r) == ',')
            r->at++;
        else if (next(r) != ']')
            return fail(r, "',' or ']'");
    }
    r->at++;
    buf_add_byte(r->out, ']');
    return STATUS_OK;
}

static struct slice word(struct reader_state *r)
{
    size_t start = r->at;
    while (lex_is_name_char(next(r)) || next(r) == '-' || next(r) == '+' || next(r) == '.')
        r->at++;
    return slice_from(r->text.data + start, r->at - start);
}

static enum status object(struct reader_state *r)
{
    r->at++;
    buf_add_byte(r->out, '{');
    for (bool first = true;; first = false) {
        skip(r);
        if (next(r) == '}')
            break;
        if (!first)
            buf_add_byte(r->out, ',');
        enum status status = STATUS_OK;
        if (at_string(r))
            status = string(r);
        else if (lex_is_name_start(next(r)))
            add_string(r, word(r));
        else
            status = fail(r, "a key");
        if (status != STATUS_OK)
            return status;
        skip(r);
        if (next(r) != ':')
            return fail(r, "':'");
        r->at++;
        buf_add_byte(r->out, ':');
        status = value(r);
        if (status != STATUS_OK)
            return status;
        skip(r);
        if (next(r) == ',')
            r->at++;
        else if (next(r) != '}')
            return fail(r, "',' or '}'");
    }
    r->at++;
    buf_add_byte(r->out, '}');
    return STATUS_OK;
}

/* datetime(...) and the like inside a dynamic value. */
static enum status nested(struct reader_state *r, enum type type)
{
    size_t close = slice_find_byte(r->text, ')', r->at);
    struct value v = {.type = type};
    bool ok = false;

    if (close == SIZE_MAX)
        return fail(r, "')'");
    struct slice body = slice_trim(
        slice_from(r->text.data + r->at + 1, close - r->at - 1));
    v.is_null = slice_is(body, "null");
    if (type == TYPE_DATETIME)
        ok = literal_datetime(body, &v.integer);
    else if (type == TYPE_TIMESPAN)
        ok = literal_timespan(body, &v.integer);
    else if (type == TYPE_GUID)
        ok = guid_parse(body, &v.guid);
    else if (type == TYPE_LONG || type == TYPE_INT)
        ok = literal_long(body, &v.integer);
    else if (type == TYPE_REAL)
        ok = literal_real(body, &v.real);
    else if (type == TYPE_BOOL) {
        v.boolean = slice_equal_nocase(body, SLICE("true")) || slice_is(body, "1");
        ok = true;
    } else if (type == TYPE_DECIMAL) {
        v.bytes = body;
        ok = literal_is_decimal(body);
    }
    if (!ok && !v.is_null)
        return fail(r, "a value of the literal's type");
    r->at = close + 1;
    if (v.is_null)
        buf_add_text(r->out, "null");
    else
        dynamic_add_value(r->out, &v);
    return STATUS_OK;
}

static enum status bare(struct reader_state *r)
{
    size_t start = r->at;
    struct slice text = word(r);
    struct value v = {.type = TYPE_LONG};
    enum type type;

    if (text.size == 0)
        return fail(r, "a value");
    skip(r);
    if (next(r) == '(' && type_from_name(text, &type)) {
        if (type != TYPE_DYNAMIC)
            return nested(r, type);
        r->at++;
        enum status status = value(r);
        skip(r);
        if (status == STATUS_OK && next(r) != ')')
            return fail(r, "')'");
        r->at++;
        return status;
    }
    if (slice_equal_nocase(text, SLICE("null")) || slice_equal_nocase(text, SLICE("true")) ||
        slice_equal_nocase(text, SLICE("false"))) {
        char c = (char)(text.data[0] | 32);
        buf_add_text(r->out, c == 'n' ? "null" : c == 't' ? "true" : "false");
        return STATUS_OK;
    }
    if (literal_long(text, &v.integer)) {
        dynamic_add_value(r->out, &v);
        return STATUS_OK;
    }
    v.type = TYPE_REAL;
    if (literal_real(text, &v.real)) {
        dynamic_add_value(r->out, &v);
        return STATUS_OK;
    }
    v.type = TYPE_TIMESPAN;
    if (literal_timespan(text, &v.integer)) {
        dynamic_add_value(r->out, &v);
        return STATUS_OK;
    }
    r->at = start;
    return fail(r, "a value");
}

static enum status value(struct reader_state *r)
{
    enum status status;

    if (++r->depth > JSON_DEPTH_MAX)
        return fail(r, "less nesting");
    skip(r);
    if (next(r) == '[')
        status = array(r);
    else if (next(r) == '{')
        status = object(r);
    else if (at_string(r))
        status = string(r);
    else
        status = bare(r);
    r->depth--;
    return status;
}

enum status literal_dynamic(struct arena *arena, struct slice text, struct slice *ret,
                            size_t *ret_at, struct error *err)
{
    struct buf buf;
    struct reader_state r = {.arena = arena, .text = text, .out = &buf, .err = err};

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    enum status status = value(&r);
    skip(&r);
    if (status == STATUS_OK && r.at != text.size)
        status = fail(&r, "nothing more");
    *ret_at = r.at;
    if (status == STATUS_OK)
        status = buf_check(&buf, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(&buf), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&buf);
    return status;
}
