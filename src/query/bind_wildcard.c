/* SPDX-License-Identifier: Apache-2.0 */
/* bind_wildcard.c - names of tables with '*' in them. */
#include "query/bind_priv.h"
#include "query/rowset_priv.h"

#include "base/limits.h"

struct matching {
    struct binder *b;
    struct slice pattern;
    struct names *names;
    bool is_let;
};

static bool is_known(const struct names *names, struct slice name)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (slice_equal(names->items[i], name))
            return true;
    }
    return false;
}

static void add_name(struct binder *b, struct names *names, struct slice name)
{
    if (names->count == names->capacity) {
        uint32_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        struct slice *items = ARENA_ARRAY(b->q->arena, struct slice, capacity, b->err);
        if (items == NULL)
            return;
        if (names->count > 0)
            memcpy(items, names->items, names->count * sizeof(*items));
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count] = arena_copy(b->q->arena, name, b->err);
    names->count++;
}

static void match(void *arg, struct slice name)
{
    struct matching *m = arg;

    if (m->b->err->status == STATUS_OK && bind_pattern_matches(m->pattern, name) &&
        !is_known(m->names, name) && (m->is_let || bind_is_seen(m->b, name)))
        add_name(m->b, m->names, name);
}

bool bind_wildcard(struct binder *b, struct slice pattern, struct names *ret)
{
    const struct query_env *env = b->q->request->env;
    struct matching m = {b, pattern, ret, true};

    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        if (v->kind == BINDING_FUNCTION && (v->node->flags & NODE_VIEW) != 0)
            match(&m, v->name);
    }
    m.is_let = false;
    if (env != NULL && env->stored != NULL && slice_is(pattern, "*"))
        env->stored(env->context, match, &m);
    else if (env != NULL && env->names != NULL)
        env->names(env->context, match, &m);
    return b->err->status == STATUS_OK;
}

/* ---- columns of tables without rows ---- */

static bool add_named(struct binder *b, struct slice text, struct names *names)
{
    struct token *tokens;
    uint32_t count;

    if (lex(b->q->arena, text, &tokens, &count, b->err) != STATUS_OK)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool name = tokens[i].kind == TOKEN_NAME || tokens[i].kind == TOKEN_QUOTED;
        if (name && !is_known(names, tokens[i].text))
            add_name(b, names, tokens[i].text);
    }
    return b->err->status == STATUS_OK;
}

static bool is_there(struct plan *const *plans, uint32_t count, const struct schema *own,
                     struct slice name)
{
    bool found = schema_find(own, name) != UINT32_MAX;

    for (uint32_t i = 0; i < count && !found; i++)
        found = schema_find(&plans[i]->schema, name) != UINT32_MAX;
    return found;
}

/* The columns of one declared table that are named. */
static void add_columns(struct binder *b, struct slice table, const struct names *named,
                        struct plan *const *plans, uint32_t count, struct schema *ret)
{
    const struct query_env *env = b->q->request->env;
    struct column *columns = (struct column *)(uintptr_t)ret->columns;
    struct table_source *source = NULL;
    struct error ignored = {0};

    if (env->table(env->context, table, &source, &ignored) != STATUS_OK)
        return; /* a view without a table of its name */
    const struct schema *schema = source->ops->schema(source);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const struct column *column = &schema->columns[i];
        if (ret->column_count == TABLE_COLUMNS_MAX)
            return;
        if (!is_known(named, column->name) || is_there(plans, count, ret, column->name))
            continue;
        columns[ret->column_count++] = *column;
    }
}

static const struct {
    const char *name;
    enum type type;
} ALWAYS[] = {
    {"TenantId", TYPE_GUID},
    {"TimeGenerated", TYPE_DATETIME},
    {"_Seq", TYPE_LONG},
    {"_ReceivedTime", TYPE_DATETIME},
    {"Type", TYPE_STRING},
    {"AdditionalFields", TYPE_DYNAMIC},
};

struct plan *bind_absent(struct binder *b, const struct names *stored,
                         struct plan *const *plans, uint32_t count)
{
    const struct query_env *env = b->q->request->env;
    struct names named = {0}, tables = {0};
    struct matching all = {b, SLICE("*"), &tables, false};
    struct schema schema = {0};

    if (env == NULL || env->stored == NULL || env->names == NULL || env->table == NULL)
        return NULL;
    struct column *columns = ARENA_ARRAY(b->q->arena, struct column, TABLE_COLUMNS_MAX, b->err);
    if (columns == NULL)
        return NULL;
    schema.columns = columns;
    for (size_t i = 0; i < sizeof(ALWAYS) / sizeof(ALWAYS[0]); i++) {
        if (!is_there(plans, count, &schema, slice_of(ALWAYS[i].name)))
            columns[schema.column_count++] =
                (struct column){slice_of(ALWAYS[i].name), ALWAYS[i].type};
    }
    if (!add_named(b, b->text, &named) || !add_named(b, b->q->request->text, &named))
        return NULL;
    env->names(env->context, match, &all);
    for (uint32_t i = 0; i < tables.count; i++) {
        if (!is_known(stored, tables.items[i]))
            add_columns(b, tables.items[i], &named, plans, count, &schema);
    }
    struct rowset *rows = rowset_new(b->q->arena, &schema, NULL, b->err);
    return rows == NULL ? NULL : plan_rows(b->q, &schema, rows, b->err);
}
