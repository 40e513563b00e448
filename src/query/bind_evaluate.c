/* SPDX-License-Identifier: Apache-2.0 */
/* bind_evaluate.c - plugins whose columns come from the data: the input runs
 * while binding and the plugin's table is made from its rows. */
#include "base/limits.h"
#include "base/map.h"
#include "query/plugin_priv.h"
#include "query/rowset_priv.h"
#include "table/dynamic.h"

struct unpack {
    struct binder *b;
    uint32_t at; /* of the call */
    const struct rowset *rows;
    uint32_t bag; /* the input's column */
    struct slice prefix;
    struct slice ignored; /* JSON array of keys that make no columns */
    bool is_declared;     /* the columns come from the query, in its order */
    bool drops;           /* the input's columns are not kept */
    bool replaces, keeps; /* what happens to columns that are there already */
    struct map keys; /* name to output column */
    struct column *columns;
    uint32_t count, capacity;
};

static enum type type_of(struct binder *b, struct slice json)
{
    struct value v;

    if (dynamic_to_value(b->q->arena, json, &v, b->err) != STATUS_OK || v.is_null)
        return TYPE_DYNAMIC;
    return v.type;
}

#define TYPE_OPEN TYPE_COUNT_ /* of a column all of whose values were null so far */

/* The type of a column does not depend on the order in which its values come. */
static bool add_key(struct unpack *u, struct slice key, struct slice json)
{
    struct binder *b = u->b;
    bool is_new = false;
    struct map_entry *entry = map_put(&u->keys, key, &is_new, b->err);
    enum type type = dynamic_is_null(json) ? TYPE_OPEN : type_of(b, json);

    if (entry == NULL)
        return false;
    if (!is_new) {
        struct column *c = &u->columns[entry->value];
        if (type == TYPE_OPEN || c->type == type)
            return true;
        c->type = c->type == TYPE_OPEN ? type : TYPE_DYNAMIC; /* a real has not all long's digits */
        return true;
    }
    if (u->count == u->capacity) {
        bind_fail(b, u->at, "E_RUNAWAY_QUERY", "bag_unpack gives more than %u columns",
                  TABLE_COLUMNS_MAX);
        return false;
    }
    struct buf name;
    buf_init(&name, u->prefix.size + key.size + 1);
    buf_add_slice(&name, u->prefix);
    buf_add_slice(&name, key);
    u->columns[u->count].name = arena_copy(b->q->arena, buf_slice(&name), b->err);
    buf_release(&name);
    u->columns[u->count].type = type;
    entry->value = u->count++;
    return u->columns[u->count - 1].name.data != NULL;
}

static bool is_ignored(const struct unpack *u, struct slice key)
{
    struct dynamic_iterator it = dynamic_iterate(u->ignored);

    while (dynamic_next(&it)) {
        if (it.value.size == key.size + 2 && memcmp(it.value.data + 1, key.data, key.size) == 0)
            return true;
    }
    return false;
}

/* A key without its escapes. */
static bool key_of(struct unpack *u, const struct dynamic_iterator *it, struct slice *ret)
{
    struct buf decoded;

    *ret = it->key;
    if (!it->key_escaped)
        return true;
    buf_init(&decoded, it->key.size + 1);
    json_unescape(it->key, &decoded);
    *ret = arena_copy(u->b->q->arena, buf_slice(&decoded), u->b->err);
    buf_release(&decoded);
    return ret->data != NULL;
}

#define CHECK_BYTES MIB /* of bags: the time is looked at so often */

static bool find_keys(struct unpack *u)
{
    struct slice key;
    size_t bytes = 0;

    for (uint32_t c = 0; c < u->rows->chunk_count; c++) {
        for (uint32_t r = 0; r < u->rows->chunks[c].row_count; r++) {
            struct value bag = rowset_value(u->rows, c * BATCH_ROWS_MAX + r, u->bag);
            if (bag.is_null || dynamic_kind(bag.bytes) != JSON_OBJECT)
                continue;
            bytes += bag.bytes.size + 64; /* rows may share a long one */
            if (bytes >= CHECK_BYTES && query_check(u->b->q, u->b->err) != STATUS_OK)
                return false;
            bytes %= CHECK_BYTES;
            struct dynamic_iterator it = dynamic_iterate(bag.bytes);
            while (dynamic_next(&it)) {
                if (!is_ignored(u, it.key) &&
                    (!key_of(u, &it, &key) || !add_key(u, key, it.value)))
                    return false;
            }
        }
    }
    for (uint32_t i = 0; i < u->count; i++) {
        if (u->columns[i].type == TYPE_OPEN)
            u->columns[i].type = TYPE_DYNAMIC;
    }
    return true;
}

static int by_name(const struct column *a, const struct column *c)
{
    return slice_compare(a->name, c->name);
}

/* A key of the bag; where that has none, what is `kept`, if there is something. */
static struct expr *member_or(struct unpack *u, struct slice name, struct expr *kept,
                              enum type type)
{
    struct binder *b = u->b;
    struct value key = {.type = TYPE_STRING, .bytes = name};
    struct expr *of[2] = {bind_column_expr(b, u->bag, TYPE_DYNAMIC, 0),
                          bind_const_expr(b, &key, 0)};
    struct expr *member = of[0] == NULL || of[1] == NULL
                              ? NULL
                              : bind_invoke(b, 0, &operator_member, of, 2, TYPE_DYNAMIC);

    if (member == NULL || kept == NULL)
        return member;
    struct expr *is_null = bind_invoke(b, 0, function_find(SLICE("isnull")), &member, 1, TYPE_BOOL);
    struct expr *args[3] = {is_null, bind_cast(b, kept, type), bind_cast(b, member, type)};
    return args[0] == NULL || args[1] == NULL || args[2] == NULL
               ? NULL
               : bind_invoke(b, 0, function_find(SLICE("iff")), args, 3, type);
}

/* What a column of the output is made of: a key of the bag.  A column that the query declares
 * instead of all is the input's where that has one, and no key where it lacks the prefix or is to
 * be ignored; with replace_source it is the input's where the bag has no such key. */
static struct expr *unpacked(struct unpack *u, const struct schema *in, const struct column *c)
{
    struct binder *b = u->b;
    uint32_t own = u->drops ? schema_find(in, c->name) : UINT32_MAX;
    struct value none = {.type = TYPE_DYNAMIC, .is_null = true};
    struct expr *kept = NULL;

    if (own != UINT32_MAX && own != u->bag) {
        kept = bind_column_expr(b, own, in->columns[own].type, 0);
        if (kept == NULL || !u->replaces)
            return kept;
    }
    if (!slice_starts_with(c->name, u->prefix) ||
        is_ignored(u, slice_tail(c->name, u->prefix.size)))
        return kept != NULL ? kept : bind_const_expr(b, &none, 0);
    return member_or(u, slice_tail(c->name, u->prefix.size), kept, c->type);
}

/* The input's columns without the bag, then the keys by name. */
static struct plan *unpack_plan(struct unpack *u, struct plan *rows)
{
    struct binder *b = u->b;
    const struct schema *in = &rows->schema;
    struct output *outputs =
        ARENA_ARRAY(b->q->arena, struct output, in->column_count + u->count + 1, b->err);
    uint32_t *order = ARENA_ARRAY(b->q->arena, uint32_t, u->count + 1, b->err);
    uint32_t count = 0;

    if (outputs == NULL || order == NULL)
        return NULL;
    for (uint32_t c = 0; c < in->column_count; c++) {
        if (c == u->bag || u->drops)
            continue;
        outputs[count].name = in->columns[c].name;
        outputs[count].expr = bind_column_expr(b, c, in->columns[c].type, 0);
        if (outputs[count++].expr == NULL)
            return NULL;
    }
    for (uint32_t i = 0; i < u->count; i++) {
        uint32_t at = i;
        for (; at > 0 && !u->is_declared &&
               by_name(&u->columns[i], &u->columns[order[at - 1]]) < 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (uint32_t i = 0; i < u->count; i++) {
        const struct column *c = &u->columns[order[i]];
        uint32_t place = 0;
        while (place < count && !slice_equal(outputs[place].name, c->name))
            place++;
        if (place < count && u->keeps)
            continue;
        if (place < count && !u->replaces)
            return bind_fail(b, u->at, "SEM0100",
                             "bag_unpack: column '%.*s' is there already; give a prefix",
                             SLICE_FMT(slice_head(c->name, 128)));
        outputs[place] = (struct output){c->name, bind_cast(b, unpacked(u, in, c), c->type)};
        if (outputs[place].expr == NULL)
            return NULL;
        count += place == count;
    }
    return plan_project(b->q, rows, outputs, count, b->err);
}

static bool read_conflict(struct binder *b, uint32_t at, struct slice word, struct unpack *u)
{
    u->replaces = slice_is(word, "replace_source");
    u->keeps = slice_is(word, "keep_source");
    return u->replaces || u->keeps || slice_is(word, "error") ||
           bind_refuse_word(b, at, "what to do with columns that are there", word,
                            "error replace_source keep_source");
}

/* bag_unpack(bag [, prefix, conflict, ignored]), each also by name. */
static bool unpack_options(struct binder *b, const struct node *arg, struct unpack *u)
{
    static const char *const names[] = {"OutputColumnPrefix", "columnsConflict",
                                        "ignoredProperties"};

    for (uint32_t at = 0; arg != NULL; arg = arg->next, at++) {
        for (uint32_t i = 0; i < 3 && arg->kind == NODE_NAMED; i++)
            at = slice_is(arg->by->name, names[i]) ? i : at;
        if (arg->kind == NODE_NAMED && !slice_is(arg->by->name, names[at < 3 ? at : 0]))
            return bind_refuse_word(b, arg->at, "an argument of bag_unpack", arg->by->name,
                                    "OutputColumnPrefix columnsConflict ignoredProperties");
        struct expr *value = bind_constant(b, arg);
        if (value == NULL)
            return false;
        if (at > 2 || value->type != (at == 2 ? TYPE_DYNAMIC : TYPE_STRING)) {
            bind_fail(b, arg->at, "SEM0100", "'bag_unpack' takes a column, a prefix, what to do"
                                             " with columns that are there, keys to ignore");
            return false;
        }
        if (at == 0)
            u->prefix = value->value.bytes;
        else if (at == 2)
            u->ignored = value->value.bytes;
        else if (!read_conflict(b, arg->at, value->value.bytes, u))
            return false;
    }
    return true;
}

/* : (*, name:type ...): the columns are known without looking at the rows. */
static struct plan *unpack_declared(struct unpack *u, struct plan *input, const struct node *op)
{
    bool star = op->by->kind == NODE_STAR;

    for (const struct node *c = star ? op->by->next : op->by; c != NULL; c = c->next) {
        if (u->count == u->capacity)
            return bind_fail(u->b, c->at, "E_RUNAWAY_QUERY", "more than %u columns",
                             TABLE_COLUMNS_MAX);
        u->columns[u->count++] = (struct column){c->name, c->value.type};
    }
    u->is_declared = true;
    u->drops = !star;
    return unpack_plan(u, input);
}

/* Nothing is run, so the columns are not known: any name may be one. */
static struct plan *open_table(struct binder *b, struct plan *input, const struct node *op)
{
    input->is_open = true;
    if (b->q->request->check_only)
        bind_warn(b, op->at, "KS_UNCHECKED",
                  "'%.*s' makes columns from the data: their names and types are not checked",
                  SLICE_FMT(op->args->name));
    return input;
}

struct plan *plugin_bag_unpack(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args = op->args->args;
    struct unpack u = {.b = b, .at = op->args->at, .capacity = TABLE_COLUMNS_MAX};
    struct rowset *rows = NULL;

    if (args == NULL)
        return bind_fail(b, op->at, "SEM0219", "'bag_unpack' takes a column");
    struct expr *bag = bind_expr(b, args);
    if (bag == NULL)
        return NULL;
    if (bag->kind != EXPR_COLUMN || bag->type != TYPE_DYNAMIC)
        return bind_fail(b, args->at, "SEM0100", "'bag_unpack' needs a dynamic column");
    u.bag = bag->column;
    u.columns = ARENA_ARRAY(b->q->arena, struct column, u.capacity, b->err);
    if (u.columns == NULL || !unpack_options(b, args->next, &u))
        return NULL;
    if (op->by != NULL)
        return unpack_declared(&u, input, op);
    if (!bind_run(b, input, op->at, &rows))
        return NULL;
    if (rows == NULL)
        return open_table(b, input, op);
    struct plan *plan = plan_rows(b->q, &input->schema, rows, b->err);
    u.rows = rows;
    if (plan == NULL)
        return NULL;
    map_init(&u.keys);
    plan = find_keys(&u) ? unpack_plan(&u, plan) : NULL;
    map_release(&u.keys);
    return plan;
}

/* ---- pivot: one aggregate a value of a column, as aggregate_if calls ---- */

struct pivot {
    struct slice *texts;
    struct value *values;
    uint32_t count;
};

/* The distinct values of the pivot's column, in the order of their text. */
static bool pivot_values(struct binder *b, struct plan *input, const struct expr *column,
                         struct pivot *ret)
{
    struct output key = {SLICE("v"), (struct expr *)(uintptr_t)column};
    struct plan *distinct = plan_summarize(b->q, input, &key, 1, NULL, 0, b->err);
    struct rowset *rows = NULL;

    if (distinct == NULL || !bind_run(b, distinct, column->at, &rows))
        return false;
    uint64_t total = rows == NULL ? 0 : rows->row_count;
    if (total > TABLE_COLUMNS_MAX) {
        bind_fail(b, 0, "E_RUNAWAY_QUERY", "pivot gives more than %u columns", TABLE_COLUMNS_MAX);
        return false;
    }
    ret->texts = ARENA_ARRAY(b->q->arena, struct slice, total + 1, b->err);
    ret->values = ARENA_ARRAY(b->q->arena, struct value, total + 1, b->err);
    if (ret->texts == NULL || ret->values == NULL)
        return false;
    for (uint64_t i = 0; i < total; i++) {
        struct value v = rowset_value(rows, (uint32_t)i, 0);
        struct expr *constant = bind_const_expr(b, &v, 0);
        struct expr *text = bind_cast(b, constant, TYPE_STRING);
        if (text == NULL)
            return false;
        uint32_t at = ret->count++;
        for (; at > 0 && slice_compare(text->value.bytes, ret->texts[at - 1]) < 0; at--) {
            ret->texts[at] = ret->texts[at - 1];
            ret->values[at] = ret->values[at - 1];
        }
        ret->texts[at] = text->value.bytes;
        ret->values[at] = constant->value;
    }
    return true;
}

/* agg(x, ...) of the rows with column == value: agg_if(x, condition, ...) under KQL's names. */
static struct node *conditional(struct binder *b, const struct node *call,
                                struct node *condition)
{
    static const char *const pairs[][2] = {
        {"count", "countif"},       {"sum", "sumif"},         {"avg", "avgif"},
        {"min", "minif"},           {"max", "maxif"},         {"dcount", "dcountif"},
        {"make_set", "make_set_if"}, {"make_list", "make_list_if"},
        {"take_any", "take_anyif"}, {"any", "take_anyif"},    {"stdev", "stdevif"},
        {"variance", "varianceif"}, {"make_bag", "make_bag_if"}};
    struct node *node = ARENA_NEW(b->q->arena, struct node, b->err);
    struct node *arg = ARENA_NEW(b->q->arena, struct node, b->err);

    if (node == NULL || arg == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (!slice_is(call->name, pairs[i][0]))
            continue;
        *node = *call;
        node->next = NULL;
        node->name = slice_of(pairs[i][1]);
        if (call->args == NULL) {
            node->args = condition;
            return node;
        }
        *arg = *call->args;
        arg->next = condition;
        condition->next = call->args->next;
        node->args = arg;
        return node;
    }
    return bind_fail(b, call->at, "SEM0100", "pivot over '%.*s' is not supported",
                     SLICE_FMT(slice_head(call->name, 64)));
}

/* What equals nothing is asked for by name.  nodes: two. */
static struct node pivot_condition(const struct node *column, const struct value *value,
                                   struct node *nodes)
{
    bool is_nan = value->type == TYPE_REAL && !value->is_null && isnan(value->real);
    struct node is = {.kind = NODE_BINARY, .at = column->at, .name = SLICE("=="), .args = nodes};

    nodes[0] = *column;
    nodes[0].next = NULL;
    if (value->is_null || is_nan) {
        is.kind = NODE_CALL;
        is.name = is_nan ? SLICE("isnan") : SLICE("isnull");
        return is;
    }
    nodes[0].next = &nodes[1];
    nodes[1] = (struct node){.kind = NODE_LITERAL, .at = column->at, .value = *value};
    return is;
}

static struct node *pivot_item(struct binder *b, const struct node *column,
                               const struct node *call, const struct value *value,
                               struct slice text)
{
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 5, b->err);

    if (nodes == NULL)
        return NULL;
    nodes[0] = (struct node){.kind = NODE_NAMED, .at = call->at, .by = &nodes[1]};
    nodes[1] = (struct node){.kind = NODE_NAME, .at = call->at, .name = text};
    nodes[2] = pivot_condition(column, value, &nodes[3]);
    nodes[0].args = conditional(b, call, &nodes[2]);
    return nodes[0].args == NULL ? NULL : &nodes[0];
}

/* The keys of pivot that are not named: all other columns. */
static struct node *other_columns(struct binder *b, const struct plan *input,
                                  const struct node *column, const struct node *call)
{
    struct node *list = NULL;
    struct node **tail = &list;

    for (uint32_t c = 0; c < input->schema.column_count; c++) {
        struct slice name = input->schema.columns[c].name;
        bool used = slice_equal(name, column->name);
        for (const struct node *arg = call->args; arg != NULL; arg = arg->next)
            used = used || (arg->kind == NODE_NAME && slice_equal(arg->name, name));
        if (used)
            continue;
        *tail = ARENA_NEW(b->q->arena, struct node, b->err);
        if (*tail == NULL)
            return NULL;
        **tail = (struct node){.kind = NODE_NAME, .at = column->at, .name = name};
        tail = &(*tail)->next;
    }
    return list;
}

static bool is_among(const struct node *list, struct slice name)
{
    while (list != NULL && !slice_equal(list->name, name))
        list = list->next;
    return list != NULL;
}

/* The column of that name, as the type that is declared for it: NULL, none is. */
static bool add_output(struct binder *b, const struct plan *rows, const struct node *named,
                       const enum type *type, struct output *ret)
{
    const struct schema *in = &rows->schema;
    uint32_t at = schema_find(in, named->name);

    if (at == UINT32_MAX) {
        bind_fail(b, named->at, "SEM0100", "pivot has no column '%.*s'",
                  SLICE_FMT(slice_head(named->name, 128)));
        return false;
    }
    struct expr *column = bind_column_expr(b, at, in->columns[at].type, 0);
    *ret = (struct output){named->name, column == NULL || type == NULL
                                            ? column
                                            : bind_cast(b, column, *type)};
    return ret->expr != NULL;
}

/* : (*, name:type ...): the columns are these, in this order; of those that are no key
 * the name is the value of the pivot's column. */
static struct plan *pivot_declared(struct binder *b, struct plan *input, const struct node *op,
                                   const struct node *call, struct node *summarize)
{
    bool star = op->by->kind == NODE_STAR;
    const struct node *declared = star ? op->by->next : op->by;
    struct node column = *op->args->args;
    struct node text = {.kind = NODE_CALL, .at = column.at, .name = SLICE("tostring"),
                        .args = &column};
    struct node **tail = &summarize->args;
    uint32_t count = 0;

    column.next = NULL;
    for (const struct node *c = declared; c != NULL; c = c->next, count++) {
        struct value name = {.type = TYPE_STRING, .bytes = c->name};
        if (is_among(summarize->by, c->name))
            continue;
        *tail = pivot_item(b, &text, call, &name, c->name);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    }
    struct plan *rows = bind_summarize(b, input, summarize);
    if (rows == NULL)
        return NULL;
    struct output *outputs = ARENA_ARRAY(b->q->arena, struct output,
                                         rows->schema.column_count + count, b->err);
    if (outputs == NULL)
        return NULL;
    count = 0;
    for (const struct node *key = star ? summarize->by : NULL; key != NULL; key = key->next) {
        if (!is_among(declared, key->name) &&
            !add_output(b, rows, key, NULL, &outputs[count++]))
            return NULL;
    }
    for (const struct node *c = declared; c != NULL; c = c->next) {
        if (!add_output(b, rows, c, &c->value.type, &outputs[count++]))
            return NULL;
    }
    return plan_project(b->q, rows, outputs, count, b->err);
}

static struct plan *pivot_found(struct binder *b, struct plan *input, const struct node *op,
                                const struct expr *expr, const struct node *call,
                                struct node *summarize)
{
    const struct node *column = op->args->args;
    struct node **tail = &summarize->args;
    struct pivot p = {0};
    struct rowset *rows = NULL;

    if (!bind_run(b, input, op->at, &rows))
        return NULL;
    if (rows == NULL)
        return open_table(b, input, op);
    struct plan *first = plan_rows(b->q, &input->schema, rows, b->err);
    struct plan *second = plan_rows(b->q, &input->schema, rows, b->err);
    if (first == NULL || second == NULL || !pivot_values(b, first, expr, &p))
        return NULL;
    for (uint32_t i = 0; i < p.count; i++) {
        *tail = pivot_item(b, column, call, &p.values[i], p.texts[i]);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    }
    b->scope = (struct scope){.columns = &second->schema};
    return bind_summarize(b, second, summarize);
}

struct plan *plugin_pivot(struct binder *b, struct plan *input, const struct node *op)
{
    static const struct node count = {.kind = NODE_CALL, .name = {"count", 5}};
    const struct node *column = op->args->args;
    const struct node *call = column == NULL || column->next == NULL ? &count : column->next;
    struct node summarize = {.kind = NODE_OPERATOR, .at = op->at};

    struct expr *expr = column == NULL ? NULL : bind_expr(b, column);
    if (expr == NULL)
        return b->err->status != STATUS_OK
                   ? NULL
                   : bind_fail(b, op->at, "SEM0219", "'pivot' takes a column");
    if (expr->kind != EXPR_COLUMN || call->kind != NODE_CALL)
        return bind_fail(b, column->at, "SEM0100", "expected pivot(column, aggregate, ...)");
    summarize.by = call == &count || call->next == NULL ? other_columns(b, input, column, call)
                                                        : call->next;
    if (b->err->status != STATUS_OK)
        return NULL;
    return op->by != NULL ? pivot_declared(b, input, op, call, &summarize)
                          : pivot_found(b, input, op, expr, call, &summarize);
}

struct plan *bind_evaluate(struct binder *b, struct plan *input, const struct node *op)
{
    const struct plugin *plugin = plugin_find(op->args->name);

    if (plugin == NULL)
        return plugin_unknown(b, op->args);
    if (input == NULL)
        return bind_fail(b, op->at, "SYN0002", "'%s' needs a table in front of it",
                         plugin->text.name);
    for (const struct node *column = op->by; column != NULL; column = column->next) {
        if ((column->flags & NODE_TABULAR) != 0)
            return bind_fail(b, column->at, "SEM0100", "a column's type is no table");
    }
    return plugin->bind(b, input, op);
}
