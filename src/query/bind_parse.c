/* SPDX-License-Identifier: Apache-2.0 */
/* bind_parse.c - parse, parse-where, parse-kv: patterns become regular
 * expressions. */
#include "base/limits.h"
#include "query/bind_priv.h"
#include "query/regex.h"

struct pattern {
    struct parse_spec spec;
    struct parse_column *columns;
    struct column *schema;
    uint32_t width;
    struct buf regex;
    uint32_t groups;
};

static void add_escaped(struct buf *buf, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\0') {
            buf_add_text(buf, "\\x00");
            continue;
        }
        if (strchr("\\.+*?()|[]{}^$", text.data[i]) != NULL)
            buf_add_byte(buf, '\\');
        buf_add_byte(buf, text.data[i]);
    }
}

#define SHAPE_GUID "[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"

/* What a typed column looks like; NULL: like any text. */
static const char *shape_of(enum type type, bool is_regex)
{
    switch (type) {
    case TYPE_LONG:
    case TYPE_INT:
        return "\\s*[-+]?\\d+";
    case TYPE_REAL:
    case TYPE_DECIMAL:
        return is_regex ? "\\s*[-+]?\\d+(?:\\.\\d+)?" : "\\s*[-+]?(?:\\d+\\.?\\d*|\\.\\d+)";
    case TYPE_BOOL:
        return is_regex ? "\\s*(?i:true|false)" : "\\s*(?:(?i:true|false)|[-+]?\\d+)";
    case TYPE_GUID:
        return SHAPE_GUID;
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
    case TYPE_COUNT_:
        break;
    }
    return NULL;
}

/* A column takes what stands before the text that follows.  Where a star follows, and
 * anywhere in a pattern of regular expressions, only its type can say where it ends;
 * before a star at the very end it need not be there. */
static void add_group(struct buf *buf, const struct node *item, bool is_regex)
{
    const struct node *star =
        item->next != NULL && item->next->kind == NODE_STAR ? item->next : NULL;
    const char *shape =
        is_regex || star != NULL ? shape_of(item->value.type, is_regex) : NULL;

    buf_add_text(buf, "(");
    if (shape == NULL)
        buf_add_text(buf, is_regex ? ".*" : ".*?");
    else
        buf_add_text(buf, shape);
    buf_add_text(buf, shape != NULL && !is_regex && star->next == NULL ? "|)" : ")");
}

static bool add_column(struct binder *b, struct pattern *x, const struct node *item,
                       bool is_regex)
{
    struct schema now = {x->schema, x->width};
    uint32_t at = schema_find(&now, item->name);

    if (x->groups >= REGEX_GROUPS_MAX) {
        bind_fail(b, item->at, "SEM0100", "a pattern has at most %u columns", REGEX_GROUPS_MAX);
        return false;
    }
    for (uint32_t i = 0; i < x->spec.column_count; i++) {
        if (x->columns[i].target == at) {
            bind_fail(b, item->at, "SEM0100", "a pattern names a column twice: '%.*s'",
                      SLICE_FMT(item->name));
            return false;
        }
    }
    if (at == UINT32_MAX)
        at = x->width++;
    x->schema[at] = (struct column){item->name, item->value.type};
    x->columns[x->spec.column_count++] =
        (struct parse_column){at, ++x->groups, item->value.type};
    add_group(&x->regex, item, is_regex);
    return true;
}

static bool add_regex(struct binder *b, struct pattern *x, const struct node *item)
{
    struct regex *regex;

    if (regex_new(item->value.bytes, 0, &regex, b->err) != STATUS_OK) {
        lex_position(b->text, item->at, &b->err->line, &b->err->column);
        return false;
    }
    x->groups += regex_group_count(regex);
    regex_free(regex);
    buf_add_text(&x->regex, "(?:");
    buf_add_slice(&x->regex, item->value.bytes);
    buf_add_byte(&x->regex, ')');
    return true;
}

/* May an item stand behind another one?  Where nothing says where a column ends, or two
 * stars what each of them skips, the pattern means nothing. */
static bool check_order(struct binder *b, const struct node *item, const struct node *before)
{
    bool is_text = item->kind != NODE_STAR && item->kind != NODE_COLUMN;
    const char *wrong = NULL;

    if (is_text)
        wrong = item->value.bytes.size == 0 ? "an empty text in a pattern matches anywhere" : NULL;
    else if (before == NULL)
        return true;
    else if (before->kind == NODE_STAR)
        wrong = "behind '*' stands the text up to which it skips: * 'text' column";
    else if (before->kind == NODE_COLUMN && item->kind == NODE_COLUMN)
        wrong = "between two columns stands the text that ends the first: a ',' b";
    else if (before->kind == NODE_COLUMN && before->value.type == TYPE_STRING)
        wrong = "'*' behind a column of text: nothing says where the column ends; put a text "
                "between them";
    if (wrong != NULL)
        bind_fail(b, item->at, "SEM0476", "%s", wrong);
    return wrong == NULL;
}

static bool build(struct binder *b, struct pattern *x, const struct node *op, bool is_regex)
{
    const struct node *before = NULL;
    const struct node *flags = bind_param(op, "flags");

    /* Texts are matched from the first to the last byte, regular expressions anywhere. */
    if (is_regex && flags != NULL) {
        buf_add_text(&x->regex, "(?");
        buf_add_slice(&x->regex, flags->name);
        buf_add_byte(&x->regex, ')');
    } else if (!is_regex) {
        buf_add_text(&x->regex, "(?s)^");
    }
    for (const struct node *item = op->by; item != NULL; item = item->next) {
        bool ok = check_order(b, item, before);
        before = item;
        if (ok && item->kind == NODE_STAR)
            buf_add_text(&x->regex, ".*?");
        else if (ok && item->kind == NODE_COLUMN)
            ok = add_column(b, x, item, is_regex);
        else if (ok && is_regex)
            ok = add_regex(b, x, item);
        else if (ok)
            add_escaped(&x->regex, item->value.bytes);
        if (!ok)
            return false;
    }
    if (!is_regex)
        buf_add_byte(&x->regex, '$');
    return buf_check(&x->regex, b->err) == STATUS_OK;
}

static void free_regex(void *regex)
{
    regex_free(regex);
}

static bool open_pattern(struct binder *b, struct plan *input, const struct node *op,
                         struct pattern *x)
{
    uint32_t items = node_count(op->by);

    x->width = input->schema.column_count;
    x->schema = ARENA_ARRAY(b->q->arena, struct column, x->width + items + 1, b->err);
    x->columns = ARENA_ARRAY(b->q->arena, struct parse_column, items + 1, b->err);
    x->spec.text = bind_typed(b, op->args, TYPE_STRING);
    if (x->schema == NULL || x->columns == NULL || x->spec.text == NULL)
        return false;
    memcpy(x->schema, input->schema.columns, x->width * sizeof(*x->schema));
    return true;
}

static struct plan *close_pattern(struct binder *b, struct plan *input, const struct node *op,
                                  struct pattern *x)
{
    struct schema *schema = ARENA_NEW(b->q->arena, struct schema, b->err);
    struct regex *regex = NULL;

    if (schema == NULL)
        return NULL;
    if (regex_new(buf_slice(&x->regex), 0, &regex, b->err) != STATUS_OK) {
        lex_position(b->text, op->at, &b->err->line, &b->err->column);
        return NULL;
    }
    if (arena_on_free(b->q->arena, free_regex, regex, b->err) != STATUS_OK) {
        regex_free(regex);
        return NULL;
    }
    *schema = (struct schema){x->schema, x->width};
    x->spec.schema = schema;
    x->spec.regex = regex;
    x->spec.columns = x->columns;
    x->spec.group_count = x->groups < REGEX_GROUPS_MAX ? x->groups : REGEX_GROUPS_MAX;
    return plan_parse(b->q, input, &x->spec, b->err);
}

struct plan *bind_parse(struct binder *b, struct plan *input, const struct node *op)
{
    struct pattern x = {0};
    bool is_regex = bind_option_is(op, "kind", "regex");
    struct plan *plan = NULL;

    x.spec.relaxed = bind_option_is(op, "kind", "relaxed");
    x.spec.filter = slice_is(op->name, "parse-where");
    if (bind_param(op, "flags") != NULL && !is_regex)
        bind_warn(b, bind_param(op, "flags")->at, "KS_FLAGS",
                  "flags mean nothing here: they are those of kind=regex");
    buf_init(&x.regex, 8 * QUERY_TEXT_BYTES_MAX);
    if (open_pattern(b, input, op, &x) && build(b, &x, op, is_regex))
        plan = close_pattern(b, input, op, &x);
    buf_release(&x.regex);
    return plan;
}
