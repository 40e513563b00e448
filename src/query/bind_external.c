/* SPDX-License-Identifier: Apache-2.0 */
/* bind_external.c - tables made of text: externaldata, and the tenant's watchlists.
 *
 * The text is read while the query is bound (its columns are known without it for
 * externaldata), once for each address, and only where the query runs. */
#include "query/bind_priv.h"
#include "query/csv.h"
#include "query/rowset_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/json.h"
#include "table/dynamic.h"

struct filling {
    struct rowset *rows;
    const struct schema *schema;
    struct value *values;
    struct slice *paths; /* of the columns in JSON; NULL: members by the columns' names */
    uint32_t at;         /* where the query names it */
};

static bool start(struct binder *b, const struct schema *schema, uint32_t at,
                  struct filling *ret)
{
    *ret = (struct filling){.schema = schema, .at = at};
    ret->rows = rowset_new(b->q->arena, schema, NULL, b->err);
    ret->values =
        ARENA_ARRAY(b->q->arena, struct value, schema->column_count + 1, b->err);
    return ret->rows != NULL && ret->values != NULL;
}

/* The cell of a text, as the column's type. */
static bool set_text(struct binder *b, struct filling *f, uint32_t column, struct slice text)
{
    struct value value = {.type = TYPE_STRING, .bytes = text};

    if (f->schema->columns[column].type != TYPE_STRING) {
        struct slice trimmed = slice_trim(text);
        value.bytes = trimmed;
        struct expr *expr = bind_const_expr(b, &value, f->at);
        if (f->schema->columns[column].type == TYPE_DYNAMIC && expr != NULL) {
            const struct function *parse = function_find(SLICE("parse_json"));
            expr = bind_invoke(b, f->at, parse, &expr, 1, TYPE_DYNAMIC);
        } else {
            expr = bind_cast(b, expr, f->schema->columns[column].type);
        }
        if (expr == NULL)
            return false;
        value = expr->value;
    }
    f->values[column] = value;
    return true;
}

static bool add_row(struct binder *b, struct filling *f)
{
    return rowset_add_values(f->rows, f->values, b->err) == STATUS_OK &&
           query_check(b->q, b->err) == STATUS_OK;
}

/* ---- formats ---- */

static bool add_csv(struct binder *b, struct filling *f, struct slice text, char separator,
                    bool skip_first)
{
    struct csv csv = {text_without_mark(text), separator, b->q->arena};
    uint32_t columns = f->schema->column_count, count;
    struct slice *cells = ARENA_ARRAY(b->q->arena, struct slice, columns + 1, b->err);

    if (cells == NULL)
        return false;
    for (bool first = true;; first = false) {
        if (csv_next(&csv, cells, columns, &count, b->err) != STATUS_OK)
            return false;
        if (count == 0)
            return true;
        if (first && skip_first)
            continue;
        for (uint32_t c = 0; c < columns; c++) {
            if (!set_text(b, f, c, c < count ? cells[c] : slice_from("", 0)))
                return false;
        }
        if (!add_row(b, f))
            return false;
    }
}

static bool add_lines(struct binder *b, struct filling *f, struct slice text, bool skip_first)
{
    struct slice line;

    for (bool first = true; slice_next(&text, '\n', &line); first = false) {
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if ((first && skip_first) || (text.data == NULL && line.size == 0))
            continue;
        for (uint32_t c = 0; c < f->schema->column_count; c++) {
            if (!set_text(b, f, c, c == 0 ? line : slice_from("", 0)))
                return false;
        }
        if (!add_row(b, f))
            return false;
    }
    return true;
}

static bool add_object(struct binder *b, struct filling *f, struct slice json)
{
    for (uint32_t c = 0; c < f->schema->column_count; c++) {
        const struct column *column = &f->schema->columns[c];
        struct slice text, member = SLICE("");
        if (f->paths == NULL)
            member = dynamic_member(json, column->name);
        else if (f->paths[c].size > 0)
            member = dynamic_path(json, f->paths[c]);
        if (column->type == TYPE_DYNAMIC) {
            f->values[c] = (struct value){
                .type = TYPE_DYNAMIC, .bytes = member, .is_null = dynamic_is_null(member)};
            continue;
        }
        if (dynamic_to_string(b->q->arena, member, &text, b->err) != STATUS_OK ||
            !set_text(b, f, c, text))
            return false;
    }
    return add_row(b, f);
}

/* Values one after the other, or one array of them. */
static bool add_json(struct binder *b, struct filling *f, struct slice text)
{
    struct json_tape tape;
    bool ok = true;

    json_tape_init(&tape);
    for (text = slice_trim(text); ok && text.size > 0; text = slice_trim(text)) {
        size_t end = 0;
        struct slice json;
        if (json_parse_prefix(text, JSON_DEPTH_MAX, &tape, &end) != JSON_OK) {
            (void)ERROR_SET(b->err, STATUS_INVALID, "the external data is not JSON");
            ok = false;
            break;
        }
        ok = dynamic_parse(b->q->arena, slice_head(text, end), &json, b->err) == STATUS_OK;
        text = slice_tail(text, end);
        if (ok && dynamic_kind(json) == JSON_ARRAY) {
            struct dynamic_iterator it = dynamic_iterate(json);
            while (ok && dynamic_next(&it))
                ok = add_object(b, f, it.value);
        } else if (ok) {
            ok = add_object(b, f, json);
        }
    }
    json_tape_release(&tape);
    return ok;
}

/* ---- externaldata ---- */

/* A member of a mapping: its names are written with small letters as well. */
static struct slice mapped(struct slice entry, struct slice name)
{
    struct dynamic_iterator it = dynamic_iterate(entry);

    while (dynamic_next(&it)) {
        if (slice_equal_nocase(it.key, name))
            return it.value;
    }
    return SLICE("");
}

/* [{"Column": "a", "Properties": {"Path": "$.x.y"}}, ...], or "path" beside "column"; a column
 * that it does not name is null. */
static bool read_mapping(struct binder *b, const struct node *node, struct slice text,
                         struct filling *f)
{
    struct slice json, name, path;

    if (dynamic_parse(b->q->arena, text, &json, b->err) != STATUS_OK)
        return false;
    f->paths = ARENA_ARRAY(b->q->arena, struct slice, f->schema->column_count + 1, b->err);
    if (f->paths == NULL)
        return false;
    for (uint32_t c = 0; c < f->schema->column_count; c++)
        f->paths[c] = SLICE(""); /* not mapped */
    struct dynamic_iterator it = dynamic_iterate(json);
    bool ok = dynamic_kind(json) == JSON_ARRAY;
    while (ok && dynamic_next(&it)) {
        struct slice properties = mapped(it.value, SLICE("properties"));
        struct slice from = properties.size > 0 ? properties : it.value;
        if (!dynamic_is_null(mapped(from, SLICE("transform"))))
            return bind_fail(b, node->at, "SEM0100",
                             "an ingestionMapping with a Transform is not read") != NULL;
        if (dynamic_to_string(b->q->arena, mapped(it.value, SLICE("column")), &name, b->err) !=
                STATUS_OK ||
            dynamic_to_string(b->q->arena, mapped(from, SLICE("path")), &path, b->err) != STATUS_OK)
            return false;
        uint32_t column = schema_find(f->schema, name);
        ok = column != UINT32_MAX && slice_starts_with(path, SLICE("$"));
        if (ok)
            f->paths[column] = path;
    }
    return ok || bind_fail(b, node->at, "SEM0100",
                           "an ingestionMapping is an array of objects with a Column of the table"
                           " and a Path that begins with $") != NULL;
}

/* Mappings of JSON are read; any other would be passed over in silence. */
static bool take_mapping(struct binder *b, const struct node *node, struct filling *f)
{
    const struct node *mapping = bind_param(node, "ingestionMapping");
    struct expr *expr = mapping == NULL ? NULL : bind_constant(b, mapping);

    if (bind_param(node, "ingestionMappingReference") != NULL)
        return bind_fail(b, node->at, "SEM0100",
                         "there are no stored mappings; write it out as ingestionMapping") != NULL;
    if (mapping == NULL)
        return true;
    return expr != NULL && (expr->type == TYPE_STRING
                                ? read_mapping(b, node, expr->value.bytes, f)
                                : bind_fail(b, mapping->at, "SEM0106",
                                            "an ingestionMapping is a string") != NULL);
}

static struct slice format_of(struct binder *b, const struct node *node, struct slice url)
{
    static const char *const endings[] = {"csv", "tsv", "psv", "txt", "json", "raw"};
    const struct node *format = bind_param(node, "format");
    struct slice path = slice_head(url, slice_find_byte(url, '?', 0));

    if (format != NULL && format->kind == NODE_NAME)
        return format->name;
    if (format != NULL) {
        struct expr *expr = bind_constant(b, format);
        return expr == NULL || expr->type != TYPE_STRING ? slice_from(NULL, 0)
                                                         : expr->value.bytes;
    }
    if (slice_ends_with(path, SLICE(".gz")))
        path.size -= 3;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (slice_ends_with(path, slice_of(endings[i])))
            return slice_of(endings[i]);
    }
    return SLICE("csv");
}

static bool add_text(struct binder *b, struct filling *f, const struct node *node,
                     struct slice url, struct slice text)
{
    struct slice format = format_of(b, node, url);
    const struct node *first = bind_param(node, "ignoreFirstRecord");
    struct expr *skip = first == NULL ? NULL : bind_constant(b, first);
    bool skips = skip != NULL && skip->type == TYPE_BOOL && skip->value.boolean;

    if (b->err->status != STATUS_OK)
        return false;
    bool is_json = slice_equal_nocase(format, SLICE("json")) ||
                   slice_equal_nocase(format, SLICE("multijson"));
    if (is_json)
        return add_json(b, f, text);
    if (f->paths != NULL)
        return bind_fail(b, node->at, "SEM0100",
                         "an ingestionMapping is for json and multijson only") != NULL;
    if (slice_equal_nocase(format, SLICE("csv")))
        return add_csv(b, f, text, ',', skips);
    if (slice_equal_nocase(format, SLICE("tsv")))
        return add_csv(b, f, text, '\t', skips);
    if (slice_equal_nocase(format, SLICE("psv")))
        return add_csv(b, f, text, '|', skips);
    if (slice_equal_nocase(format, SLICE("txt")))
        return add_lines(b, f, text, skips);
    if (slice_equal_nocase(format, SLICE("raw"))) {
        for (uint32_t c = 0; c < f->schema->column_count; c++) {
            if (!set_text(b, f, c, c == 0 ? text : slice_from("", 0)))
                return false;
        }
        return add_row(b, f);
    }
    bind_fail(b, node->at, "SEM0100",
              "the format '%.*s' is not supported: csv, tsv, psv, txt, json, multijson, raw",
              SLICE_FMT(slice_head(format, 64)));
    return false;
}

/* What stands at the address; asked for once in a query. */
static bool fetch(struct binder *b, struct slice url, uint32_t at, struct slice *ret)
{
    const struct query_env *env = b->q->request->env;
    enum status status;

    for (const struct fetched *f = b->q->fetched; f != NULL; f = f->next) {
        if (slice_equal(f->url, url)) {
            *ret = f->text;
            return true;
        }
    }
    b->q->stats->phase = QUERY_PHASE_RUN;
    if (env == NULL || env->fetch == NULL)
        status = ERROR_SET(b->err, STATUS_DENIED,
                           "external data is refused: queries do not reach outside of the server");
    else
        status = env->fetch(env->context, url, b->q->arena, ret, b->err);
    struct fetched *kept =
        status == STATUS_OK ? ARENA_NEW(b->q->arena, struct fetched, b->err) : NULL;
    if (kept == NULL) {
        if (b->err->line == 0)
            lex_position(b->text, at, &b->err->line, &b->err->column);
        return false;
    }
    *kept = (struct fetched){url, *ret, b->q->fetched};
    b->q->fetched = kept;
    b->q->stats->phase = QUERY_PHASE_BIND;
    return true;
}

struct plan *bind_externaldata(struct binder *b, const struct node *node)
{
    struct filling f;
    struct schema schema;
    struct slice text;

    if (!bind_declared(b, node->by, &schema))
        return NULL;
    if (schema.column_count == 0 || node->args == NULL)
        return bind_fail(b, node->at, "SEM0100", "externaldata wants columns and an address");
    if (!start(b, &schema, node->at, &f) || !take_mapping(b, node, &f))
        return NULL;
    for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
        struct expr *url = bind_constant(b, arg);
        if (url == NULL)
            return NULL;
        if (url->type != TYPE_STRING)
            return bind_fail(b, arg->at, "SEM0106", "an address is a string, not %s",
                             type_phrase(url->type));
        if (b->q->request->check_only || b->is_dry)
            continue;
        if (!fetch(b, url->value.bytes, node->at, &text) ||
            !add_text(b, &f, node, url->value.bytes, text))
            return NULL;
    }
    return plan_rows(b->q, &schema, f.rows, b->err);
}

/* ---- watchlists ---- */

/* The columns of a watchlist: the names of its first line, and SearchKey, the first
 * cell, by which rules of others look rows up. */
static bool watchlist_schema(struct binder *b, struct csv *csv, struct schema *ret)
{
    struct slice *cells =
        ARENA_ARRAY(b->q->arena, struct slice, TABLE_COLUMNS_MAX, b->err);
    struct column *columns =
        ARENA_ARRAY(b->q->arena, struct column, TABLE_COLUMNS_MAX, b->err);
    uint32_t count = 0;

    if (cells == NULL || columns == NULL ||
        csv_next(csv, cells, TABLE_COLUMNS_MAX - 1, &count, b->err) != STATUS_OK)
        return false;
    if (count >= TABLE_COLUMNS_MAX) {
        (void)ERROR_SET(b->err, STATUS_LIMIT, "the watchlist has too many columns");
        return false;
    }
    columns[0] = (struct column){SLICE("SearchKey"), TYPE_STRING};
    for (uint32_t i = 0; i < count; i++)
        columns[i + 1] = (struct column){cells[i], TYPE_STRING};
    *ret = (struct schema){columns, count + 1};
    return true;
}

static bool watchlist_rows(struct binder *b, struct csv *csv, struct filling *f)
{
    uint32_t room = f->schema->column_count - 1, count;
    struct slice *cells = ARENA_ARRAY(b->q->arena, struct slice, room + 1, b->err);

    if (cells == NULL)
        return false;
    for (;;) {
        if (csv_next(csv, cells, room, &count, b->err) != STATUS_OK)
            return false;
        if (count == 0)
            return true;
        for (uint32_t c = 0; c <= room; c++) {
            uint32_t cell = c == 0 ? 0 : c - 1;
            if (!set_text(b, f, c, cell < count ? cells[cell] : slice_from("", 0)))
                return false;
        }
        if (!add_row(b, f))
            return false;
    }
}

struct aliases {
    struct binder *b;
    struct filling *f;
    bool ok;
};

static void add_alias(void *arg, struct slice name)
{
    struct aliases *a = arg;

    a->ok = a->ok && set_text(a->b, a->f, 0, name) && add_row(a->b, a->f);
}

static struct plan *bind_aliases(struct binder *b, const struct node *node)
{
    const struct query_env *env = b->q->request->env;
    struct column *column = ARENA_NEW(b->q->arena, struct column, b->err);
    struct filling f;

    if (column == NULL)
        return NULL;
    *column = (struct column){SLICE("WatchlistAlias"), TYPE_STRING};
    struct schema schema = {column, 1};
    if (!start(b, &schema, node->at, &f))
        return NULL;
    struct aliases a = {b, &f, true};
    if (env != NULL && env->watchlists != NULL)
        env->watchlists(env->context, add_alias, &a);
    return a.ok ? plan_rows(b->q, &schema, f.rows, b->err) : NULL;
}

bool bind_is_watchlist(struct slice name)
{
    return slice_is(name, "_GetWatchlist") || slice_is(name, "_GetWatchlistAlias");
}

struct plan *bind_watchlist(struct binder *b, const struct node *node)
{
    const struct query_env *env = b->q->request->env;
    struct schema schema;
    struct filling f;
    struct csv csv = {.separator = ',', .arena = b->q->arena};

    if (!bind_is_seen(b, node->name))
        return bind_unseen(b, node->name, node->at);
    if (slice_is(node->name, "_GetWatchlistAlias"))
        return bind_aliases(b, node);
    struct expr *alias = node->args == NULL ? NULL : bind_constant(b, node->args);
    if (alias == NULL || alias->type != TYPE_STRING)
        return b->err->status != STATUS_OK
                   ? NULL
                   : bind_fail(b, node->at, "SEM0219",
                               "'_GetWatchlist' takes the alias of a watchlist, a string");
    enum status status =
        env == NULL || env->watchlist == NULL
            ? ERROR_SET(b->err, STATUS_NOT_FOUND, "there are no watchlists")
            : env->watchlist(env->context, alias->value.bytes, b->q->arena, &csv.rest, b->err);
    if (status == STATUS_NOT_FOUND)
        return bind_fail(b, node->args->at, "SEM0100",
                         "there is no watchlist '%.*s'; add it with 'daybook watchlist add'",
                         SLICE_FMT(slice_head(alias->value.bytes, 128)));
    csv.rest = text_without_mark(csv.rest);
    if (status != STATUS_OK || !watchlist_schema(b, &csv, &schema) ||
        !start(b, &schema, node->at, &f) || !watchlist_rows(b, &csv, &f))
        return NULL;
    return plan_rows(b->q, &schema, f.rows, b->err);
}
