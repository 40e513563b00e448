/* SPDX-License-Identifier: Apache-2.0 */
/* bind_warn.c - what is legal but suspicious.  A view is not looked into: its text is
 * not the asker's. */
#include "query/bind_priv.h"
#include "query/op_priv.h"

#include "base/map.h"

#include <stdio.h>

void bind_warn(struct binder *b, uint32_t at, const char *code, const char *format, ...)
{
    struct query_stats *stats = b->q->stats;
    struct query_warning warning = {0};
    va_list args;

    if (stats == NULL || b->text.data != b->q->request->text.data ||
        stats->warning_count == QUERY_WARNINGS_MAX)
        return;
    (void)snprintf(warning.code, sizeof(warning.code), "%s", code);
    va_start(args, format);
    (void)vsnprintf(warning.text, sizeof(warning.text), format, args);
    va_end(args);
    for (uint32_t i = 0; i < stats->warning_count; i++) {
        if (b->q->warnings_at[i] == at && strcmp(stats->warnings[i].text, warning.text) == 0)
            return; /* bound more than once: a let, a macro */
    }
    lex_position(b->text, at, &warning.line, &warning.column);
    b->q->warnings_at[stats->warning_count] = at;
    stats->warnings[stats->warning_count++] = warning;
}

void bind_warn_call(struct binder *b, const struct node *call)
{
    /* Names and successors: the language's reference. */
    static const struct {
        const char *old, *now;
    } names[] = {
        {"any", "take_any"},
        {"anyif", "take_anyif"},
        {"argmax", "arg_max"},
        {"argmin", "arg_min"},
        {"arraylength", "array_length"},
        {"base64_decodestring", "base64_decode_tostring"},
        {"base64_encodestring", "base64_encode_tostring"},
        {"columnifexists", "column_ifexists"},
        {"datepart", "datetime_part"},
        {"extractall", "extract_all"},
        {"make_dictionary", "make_bag"},
        {"makelist", "make_list"},
        {"makeset", "make_set"},
        {"notempty", "isnotempty"},
        {"notnull", "isnotnull"},
        {"pack", "bag_pack"},
        {"pack_dictionary", "bag_pack"},
        {"parsejson", "parse_json"},
        {"parseurl", "parse_url"},
        {"parseurlquery", "parse_urlquery"},
        {"replace", "replace_regex or replace_string"},
        {"to_utf8", "unicode_codepoints_from_string"},
        {"toobject", "todynamic"},
        {"totime", "totimespan"},
        {"weekofyear", "week_of_year"},
    };

    const struct query_env *env = b->q->request->env;
    if (slice_is(call->name, "geo_info_from_ip_address") && (env == NULL || env->places == NULL))
        bind_warn(b, call->at, "KS_NO_DATA",
                  "'%.*s' gives null: the setting geoip_database names no file",
                  SLICE_FMT(call->name));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(call->name, names[i].old))
            bind_warn(b, call->at, "KS_DEPRECATED", "'%s' is deprecated; use %s", names[i].old,
                      names[i].now);
    }
}

static bool has_upper(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= 'A' && text.data[i] <= 'Z')
            return true;
    }
    return false;
}

bool bind_warn_lost(struct binder *b, uint32_t at, const struct value *from,
                    const struct value *to)
{
    if (!to->is_null && to->type == TYPE_INT && from->type == TYPE_LONG &&
        to->integer != from->integer) {
        bind_warn(b, at, "KS_VALUE", "this long does not fit an int: it becomes %lld",
                  (long long)to->integer);
        return false;
    }
    if (!to->is_null || from->is_null || (from->type == TYPE_STRING && from->bytes.size == 0))
        return false;
    if (from->type == TYPE_STRING)
        bind_warn(b, at, "KS_VALUE", "'%.*s' is not %s: it becomes null",
                  SLICE_FMT(slice_head(from->bytes, 64)), type_phrase(to->type));
    else
        bind_warn(b, at, "KS_VALUE", "this %s is not %s: it becomes null",
                  type_name(from->type), type_phrase(to->type));
    return true;
}

bool bind_warn_constant(struct binder *b, uint32_t at, const struct expr *constant,
                        enum type type)
{
    if (constant->kind != EXPR_CONST || constant->type != TYPE_STRING || type == TYPE_DYNAMIC)
        return false;
    struct expr *copy = bind_const_expr(b, &constant->value, constant->at);
    copy = copy == NULL ? NULL : bind_cast(b, copy, type);
    return copy != NULL && copy->kind == EXPR_CONST &&
           bind_warn_lost(b, at, &constant->value, &copy->value);
}

void bind_warn_compare(struct binder *b, const struct node *node, const struct expr *left,
                       const struct expr *right)
{
    const struct expr *constant = right->kind == EXPR_CONST ? right : left;
    const struct node *other = right->kind == EXPR_CONST ? node->args : node->args->next;
    bool equals = slice_is(node->name, "==");

    if (constant->kind == EXPR_CONST && constant->value.is_null) {
        bind_warn(b, node->at, "KS_NULL", "a comparison with null is never true; use isnull()");
        return;
    }
    if (bind_warn_constant(b, node->args->next->at, right, left->type) ||
        bind_warn_constant(b, node->args->at, left, right->type))
        return;
    if (left->type != right->type && left->type != TYPE_DYNAMIC && right->type != TYPE_DYNAMIC &&
        !(type_is_number(left->type) && type_is_number(right->type)))
        bind_warn(b, node->at, "KS_TYPES", "compares %s with %s, which is converted",
                  type_phrase(left->type), type_phrase(right->type));
    bool lowers = other->kind == NODE_CALL && slice_is(other->name, "tolower");
    if (equals && lowers && constant->kind == EXPR_CONST && constant->type == TYPE_STRING &&
        has_upper(constant->value.bytes))
        bind_warn(b, node->at, "KS_FALSE", "tolower() never gives a text with capitals; use =~");
}

void bind_warn_predicate(struct binder *b, uint32_t at, const struct expr *predicate)
{
    if (predicate->kind != EXPR_CONST)
        return;
    bool is_true = !predicate->value.is_null && predicate->value.boolean;
    bind_warn(b, at, is_true ? "KS_TRUE" : "KS_FALSE",
              is_true ? "the condition is always true" : "the condition is never true");
}

/* ---- columns of views that are never filled ---- */

struct stored {
    struct slice name;
    bool found;
};

static void compare_name(void *arg, struct slice name)
{
    struct stored *s = arg;

    s->found = s->found || slice_equal(s->name, name);
}

/* Where nobody says which tables hold rows, all do.  The last answer is kept: a condition may
 * name its column thousands of times. */
static bool holds_rows(const struct binder *b, struct slice table)
{
    const struct query_env *env = b->q->request->env;
    struct stored s = {table, false};

    if (env->stored == NULL)
        return true;
    if (!slice_equal(b->q->asked_of, table)) {
        env->stored(env->context, compare_name, &s);
        b->q->asked_of = table;
        b->q->holds_rows = s.found;
    }
    return b->q->holds_rows;
}

/* The plan below whose column it is, through predicates and what only renames it. */
static const struct plan *origin(const struct plan *plan, uint32_t *column)
{
    for (;; plan = plan->inputs[0]) {
        if (op_where_predicate(plan) != NULL)
            continue;
        const struct expr *output = op_project_output(plan, *column);
        if (output == NULL || output->kind != EXPR_COLUMN)
            return plan;
        *column = output->column;
    }
}

static bool is_nothing(const struct expr *e)
{
    return e != NULL && e->kind == EXPR_CONST &&
           (e->value.is_null || (e->type == TYPE_STRING && e->value.bytes.size == 0));
}

/* In rows of other tables; those of the view's own name are for the caller to ask about. */
static bool is_unmapped(const struct plan *view, uint32_t column)
{
    uint32_t others = 0;

    for (uint32_t i = 0; i < view->input_count; i++) {
        uint32_t c = column;
        const struct plan *from = origin(view->inputs[i], &c);
        if (slice_equal(op_scan_name(from), view->view))
            continue;
        if (!is_nothing(op_project_output(from, c)))
            return false;
        others++;
    }
    return others > 0;
}

/* The text names the column itself, and does not ask all of them (`* == 1`). */
static bool is_named(const struct binder *b, const struct expr *e, struct slice name)
{
    struct slice text = slice_tail(b->text, e->at);

    return slice_starts_with(text, name) || slice_starts_with(text, SLICE("["));
}

static bool is_said(const struct binder *b, const char *text)
{
    const struct query_stats *stats = b->q->stats;

    for (uint32_t i = 0; stats != NULL && i < stats->warning_count; i++) {
        if (strcmp(stats->warnings[i].text, text) == 0)
            return true;
    }
    return false;
}

static void warn_column(struct binder *b, const struct plan *input, const struct expr *e)
{
    char text[sizeof(((struct query_warning *)NULL)->text)];
    uint32_t column = e->column;
    const struct plan *view = origin(input, &column);

    if (view->view.size == 0 || !is_named(b, e, input->schema.columns[e->column].name) ||
        !is_unmapped(view, column) || holds_rows(b, view->view))
        return;
    (void)snprintf(text, sizeof(text), "column '%.*s' of %.*s is never filled here; see tables.md",
                   SLICE_FMT(slice_head(view->schema.columns[column].name, 48)),
                   SLICE_FMT(slice_head(view->view, 48)));
    if (!is_said(b, text))
        bind_warn(b, e->at, "KS_EMPTY", "%s", text);
}

void bind_warn_unfilled(struct binder *b, const struct plan *input, const struct expr *predicate)
{
    if (b->text.data != b->q->request->text.data)
        return;
    if (predicate->kind == EXPR_COLUMN && predicate->column < input->schema.column_count)
        warn_column(b, input, predicate);
    for (uint32_t i = 0; i < predicate->arg_count && !predicate->is_any; i++)
        bind_warn_unfilled(b, input, predicate->args[i]);
}

void bind_warn_shadowed(struct binder *b, const struct node *name)
{
    const struct binding *let = bind_find(b, name->name);

    if (let != NULL && let->kind == BINDING_SCALAR && let->is_let)
        bind_warn(b, name->at, "KS_SHADOWED", "'%.*s' means the column, not the let",
                  SLICE_FMT(slice_head(name->name, 64)));
}

/* A name that stands once in the text is not used. */
void bind_warn_unused(struct binder *b, const struct node *statements)
{
    struct token *tokens;
    struct map uses; /* of a let's name: how often it stands in the text */
    uint32_t count;
    struct error ignored = {0};

    if (b->depth > 0 || statements == NULL || statements->next == NULL ||
        lex(b->q->arena, b->text, &tokens, &count, &ignored) != STATUS_OK)
        return;
    map_init(&uses);
    for (const struct node *s = statements; s != NULL; s = s->next) {
        if (s->kind == NODE_LET)
            (void)map_put(&uses, s->name, NULL, &ignored);
    }
    for (uint32_t i = 0; i < count; i++) {
        bool is_name = tokens[i].kind == TOKEN_NAME || tokens[i].kind == TOKEN_QUOTED;
        struct map_entry *entry = is_name ? map_find(&uses, tokens[i].text) : NULL;
        if (entry != NULL)
            entry->value++;
    }
    for (const struct node *s = statements; s != NULL; s = s->next) {
        const struct map_entry *entry = s->kind == NODE_LET ? map_find(&uses, s->name) : NULL;
        if (entry != NULL && entry->value == 1)
            bind_warn(b, s->at, "KS_UNUSED", "'%.*s' is not used",
                      SLICE_FMT(slice_head(s->name, 64)));
    }
    map_release(&uses);
}
