/* SPDX-License-Identifier: Apache-2.0 */
/* bind_special.c - calls that need to see more than the values of their arguments:
 * the columns of the input, a table, the request. */
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "query/bind_priv.h"
#include "query/fn_priv.h"
#include "query/rowset_priv.h"
#include "query/special.h"
#include "table/dynamic.h"

/* What toscalar() gave where these names are seen: a function without parameters, or a table with
 * a name, may come to it again, and it is asked once. */
struct asked {
    const struct node *argument;
    const struct binding *bindings;
    struct value value;
    struct asked *next;
};

static const struct asked *find_asked(const struct binder *b, const struct node *argument)
{
    for (const struct asked *a = b->q->asked; a != NULL; a = a->next) {
        if (a->argument == argument && a->bindings == b->bindings)
            return a;
    }
    return NULL;
}

static struct expr *bind_asked(struct binder *b, const struct node *node)
{
    struct rowset *rows = NULL;

    if (!bind_is_tabular(b, node->args)) {
        struct expr *expr = bind_expr(b, node->args);
        /* rand() and the like: once */
        return expr != NULL && expr->is_impure ? bind_constant(b, node->args) : expr;
    }
    struct plan *plan = bind_inner_column(b, node->args, node->at, "toscalar()");
    if (plan == NULL)
        return NULL;
    enum type type = plan->schema.columns[0].type;
    struct value value = {.type = type, .is_null = type != TYPE_STRING};
    if (!bind_run(b, plan, node->at, &rows))
        return NULL;
    for (uint32_t c = 0; rows != NULL && c < rows->chunk_count; c++) {
        if (rows->chunks[c].row_count > 0) {
            value = rowset_value(rows, c * BATCH_ROWS_MAX, 0);
            break;
        }
    }
    return bind_const_expr(b, &value, node->at);
}

static struct expr *bind_toscalar(struct binder *b, const struct node *node)
{
    if (node->args == NULL)
        return bind_fail(b, node->at, "SEM0219", "'toscalar' takes a table");
    const struct asked *before = find_asked(b, node->args);
    if (before != NULL)
        return bind_const_expr(b, &before->value, node->at);
    struct expr *expr = bind_asked(b, node);
    if (expr == NULL || expr->kind != EXPR_CONST || b->is_dry)
        return expr;
    struct asked *asked = ARENA_NEW(b->q->arena, struct asked, b->err);
    if (asked == NULL)
        return NULL;
    *asked = (struct asked){node->args, b->bindings, expr->value, b->q->asked};
    b->q->asked = asked;
    return expr;
}

static struct expr *bind_if_exists(struct binder *b, const struct node *node)
{
    if (node_count(node->args) != 2)
        return bind_fail(b, node->at, "SEM0219", "'column_ifexists' takes 2 arguments");
    struct expr *name = bind_constant(b, node->args);
    if (name == NULL)
        return NULL;
    if (name->type != TYPE_STRING)
        return bind_fail(b, node->at, "SEM0100", "the column's name must be a constant string");
    if (b->scope.columns != NULL) {
        uint32_t column = schema_find(b->scope.columns, name->value.bytes);
        if (column != UINT32_MAX)
            return bind_scope_column(b, column, node->at);
        query_note_columns(b->q);
    }
    return bind_expr(b, node->args->next);
}

static struct expr *bind_ingestion_time(struct binder *b, const struct node *node)
{
    struct value null = {.type = TYPE_DATETIME, .is_null = true};

    if (b->scope.columns != NULL) {
        uint32_t column = schema_find(b->scope.columns, SLICE("_ReceivedTime"));
        if (column != UINT32_MAX)
            return bind_scope_column(b, column, node->at);
    }
    return bind_const_expr(b, &null, node->at);
}

/* pack_all([ignore_null_empty]): bag_pack('a', a, 'b', b ...). */
static struct expr *bind_pack_all(struct binder *b, const struct node *node)
{
    const struct function *pack = function_find(SLICE("bag_pack"));
    const struct schema *schema = b->scope.columns;
    uint32_t count = 0;

    if (schema == NULL || pack == NULL)
        return bind_fail(b, node->at, "SEM0100", "'pack_all' needs a table");
    struct expr **args =
        ARENA_ARRAY(b->q->arena, struct expr *, schema->column_count * 2 + 1, b->err);
    for (uint32_t i = 0; args != NULL && i < schema->column_count; i++) {
        struct value name = {.type = TYPE_STRING, .bytes = schema->columns[i].name};
        args[count++] = bind_const_expr(b, &name, node->at);
        args[count++] = bind_scope_column(b, i, node->at);
        if (args[count - 1] == NULL || args[count - 2] == NULL)
            return NULL;
    }
    struct expr *bag =
        args == NULL ? NULL : bind_invoke(b, node->at, pack, args, count, TYPE_DYNAMIC);
    if (bag == NULL || node->args == NULL)
        return bag;
    struct expr *without = bind_cast(b, bind_constant(b, node->args), TYPE_BOOL);
    if (without == NULL || without->value.is_null || !without->value.boolean)
        return without == NULL ? NULL : bag;
    return bind_invoke(b, node->at, &function_without_empty, &bag, 1, TYPE_DYNAMIC);
}

static struct expr *bind_column_names(struct binder *b, const struct node *node)
{
    struct buf buf;

    if (node->args == NULL)
        return bind_fail(b, node->at, "SEM0219", "'column_names_of' takes a table");
    struct plan *plan = bind_inner_table(b, node->args);
    if (plan == NULL)
        return NULL;
    buf_init(&buf, MIB);
    buf_add_byte(&buf, '[');
    for (uint32_t i = 0; i < plan->schema.column_count; i++) {
        struct value name = {.type = TYPE_STRING, .bytes = plan->schema.columns[i].name};
        if (i > 0)
            buf_add_byte(&buf, ',');
        dynamic_add_value(&buf, &name);
    }
    buf_add_byte(&buf, ']');
    struct value names = {.type = TYPE_DYNAMIC, .bytes = buf_slice(&buf)};
    struct expr *expr = bind_const_expr(b, &names, node->at);
    buf_release(&buf);
    return expr;
}

static struct expr *bind_typed_null(struct binder *b, const struct node *node)
{
    struct value v = {.type = TYPE_DYNAMIC, .is_null = true};
    (void)node;
    return bind_const_expr(b, &v, node->at);
}

static struct expr *constant_text_of(struct binder *b, struct slice text, uint32_t at)
{
    struct value value = {.type = TYPE_STRING, .bytes = text};

    return bind_const_expr(b, &value, at);
}

static struct expr *bind_column_exists(struct binder *b, const struct node *node)
{
    struct value exists = {.type = TYPE_BOOL};

    if (node_count(node->args) != 1)
        return bind_fail(b, node->at, "SEM0219", "'iscolumnexists' takes 1 argument");
    struct expr *name = bind_typed(b, node->args, TYPE_STRING);
    if (name == NULL)
        return NULL;
    if (name->kind != EXPR_CONST)
        return bind_fail(b, node->at, "SEM0100", "the column's name must be a constant string");
    exists.boolean = b->scope.columns != NULL &&
                     schema_find(b->scope.columns, name->value.bytes) != UINT32_MAX;
    return bind_const_expr(b, &exists, node->at);
}

/* bag_pack_columns(a, b): bag_pack('a', a, 'b', b). */
static struct expr *bind_pack_columns(struct binder *b, const struct node *node)
{
    const struct function *pack = function_find(SLICE("bag_pack"));
    uint32_t room = node_count(node->args) * 2 + 1;
    struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, room, b->err);
    uint32_t count = 0;

    if (args == NULL || pack == NULL)
        return NULL;
    for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
        if (arg->kind != NODE_NAME)
            return bind_fail(b, arg->at, "SEM0100", "'bag_pack_columns' takes columns");
        args[count] = constant_text_of(b, arg->name, arg->at);
        args[count + 1] = bind_expr(b, arg);
        if (args[count] == NULL || args[count + 1] == NULL)
            return NULL;
        count += 2;
    }
    if (count == 0)
        return bind_fail(b, node->at, "SEM0219", "'bag_pack_columns' takes at least one column");
    return bind_invoke(b, node->at, pack, args, count, TYPE_DYNAMIC);
}

/* Is the text an element of the array? */
static bool has_text(struct slice json, struct slice text)
{
    struct dynamic_iterator it = dynamic_iterate(json);

    while (dynamic_next(&it)) {
        if (it.value.size == text.size + 2 &&
            slice_equal(slice_from(it.value.data + 1, text.size), text))
            return true;
    }
    return false;
}

/* pack_record(rest, names): the columns but for `names`, and the members of the column `rest`,
 * which are no columns; without what is empty.  So a member is one column, or one of `rest`. */
static struct expr *bind_pack_record(struct binder *b, const struct node *node)
{
    const struct schema *schema = b->scope.columns;
    const struct function *pack = function_find(SLICE("bag_pack"));
    const struct function *merge = function_find(SLICE("bag_merge"));
    uint32_t count = 0;

    if (schema == NULL || node_count(node->args) != 2)
        return bind_fail(b, node->at, "SEM0219", "'pack_record' takes a column and names");
    struct expr *rest = bind_expr(b, node->args), *names = bind_constant(b, node->args->next);
    struct expr **args =
        ARENA_ARRAY(b->q->arena, struct expr *, schema->column_count * 2 + 1, b->err);
    if (rest == NULL || names == NULL || args == NULL)
        return NULL;
    if (rest->kind != EXPR_COLUMN || rest->type != TYPE_DYNAMIC || names->type != TYPE_DYNAMIC)
        return bind_fail(b, node->at, "SEM0219", "'pack_record' takes a dynamic column and names");
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (i == rest->column || has_text(names->value.bytes, schema->columns[i].name))
            continue;
        args[count] = constant_text_of(b, schema->columns[i].name, node->at);
        args[count + 1] = bind_scope_column(b, i, node->at);
        if (args[count] == NULL || args[count + 1] == NULL)
            return NULL;
        count += 2;
    }
    struct expr *bag = bind_invoke(b, node->at, pack, args, count, TYPE_DYNAMIC);
    bag = bag == NULL
              ? NULL
              : bind_invoke(b, node->at, &function_without_empty, &bag, 1, TYPE_DYNAMIC);
    struct expr *both[2] = {rest, bag};
    bag = bag == NULL ? NULL : bind_invoke(b, node->at, merge, both, 2, TYPE_DYNAMIC);
    return bag == NULL ? NULL : bind_invoke(b, node->at, &function_record, &bag, 1, TYPE_DYNAMIC);
}

/* A function of all columns, where its one argument is `*`; else NULL without an error. */
static struct expr *bind_of_all(struct binder *b, const struct node *node,
                                const struct function *function, enum type type)
{
    const struct schema *schema = b->scope.columns;

    if (node->args == NULL || node->args->kind != NODE_STAR || node->args->next != NULL ||
        schema == NULL || function == NULL)
        return NULL;
    struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, schema->column_count + 1, b->err);
    for (uint32_t i = 0; args != NULL && i < schema->column_count; i++) {
        args[i] = bind_scope_column(b, i, node->at);
        if (args[i] == NULL)
            return NULL;
    }
    return args == NULL ? NULL
                        : bind_invoke(b, node->at, function, args, schema->column_count, type);
}

static struct expr *bind_data_size(struct binder *b, const struct node *node)
{
    return bind_of_all(b, node, function_find(SLICE("estimate_data_size")), TYPE_LONG);
}

static struct expr *bind_pack_array(struct binder *b, const struct node *node)
{
    return bind_of_all(b, node, function_find(SLICE("pack_array")), TYPE_DYNAMIC);
}

/* bin_auto(x): bin_at() with what `set query_bin_auto_size` and `_at` say. */
static struct expr *bind_bin_auto(struct binder *b, const struct node *node)
{
    const struct binding *size = bind_find(b, SLICE(BIND_SET "query_bin_auto_size"));
    const struct binding *at = bind_find(b, SLICE(BIND_SET "query_bin_auto_at"));
    const struct function *bin = function_find(at == NULL ? SLICE("bin") : SLICE("bin_at"));
    struct argument arguments[3] = {{0}};
    struct expr *args[3];
    enum type want[3];
    enum type type;
    uint32_t count = at == NULL ? 2 : 3;

    if (node_count(node->args) != 1)
        return bind_fail(b, node->at, "SEM0219", "'bin_auto' takes 1 argument");
    if (size == NULL || bin == NULL)
        return bind_fail(b, node->at, "SEM0100",
                         "'bin_auto' needs 'set query_bin_auto_size = ...;' before the query");
    if (size->expr->type == TYPE_BOOL || (at != NULL && at->expr->type == TYPE_BOOL))
        return bind_fail(b, node->at, "SEM0100",
                         "query_bin_auto_size and query_bin_auto_at want a value, not a bool");
    args[0] = bind_expr(b, node->args);
    args[1] = size->expr;
    args[2] = at == NULL ? NULL : at->expr;
    if (args[0] == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        arguments[i].type = want[i] = args[i]->type;
    if (bin->bind(arguments, count, want, &type, b->err) != STATUS_OK) {
        (void)error_code(b->err, "SEM0219");
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        args[i] = bind_cast(b, args[i], want[i]);
        if (args[i] == NULL)
            return NULL;
    }
    struct expr **kept = ARENA_ARRAY(b->q->arena, struct expr *, count, b->err);
    if (kept == NULL)
        return NULL;
    memcpy(kept, args, count * sizeof(*kept));
    return bind_invoke(b, node->at, bin, kept, count, type);
}

/* ---- who asks, and where ---- */

static struct slice principal_of(const struct binder *b)
{
    struct slice name = b->q->request->principal;

    return name.size > 0 ? name : SLICE("local");
}

static struct expr *bind_principal(struct binder *b, const struct node *node)
{
    return constant_text_of(b, bind_join_name(b, "daybook=", principal_of(b)), node->at);
}

static struct expr *bind_principal_details(struct binder *b, const struct node *node)
{
    struct buf buf;

    buf_init(&buf, MIB);
    buf_add_text(&buf, "{\"UserPrincipalName\":");
    struct value name = {.type = TYPE_STRING, .bytes = principal_of(b)};
    dynamic_add_value(&buf, &name);
    buf_add_text(&buf, ",\"IdentityProvider\":\"daybook\",\"Type\":\"token\",\"FQN\":");
    name.bytes = bind_join_name(b, "daybook=", principal_of(b));
    dynamic_add_value(&buf, &name);
    buf_add_byte(&buf, '}');
    struct value bag = {.type = TYPE_DYNAMIC, .bytes = buf_slice(&buf)};
    struct expr *expr = bind_const_expr(b, &bag, node->at);
    buf_release(&buf);
    return expr;
}

/* True if one of the names is the caller's; tokens are in no groups. */
static struct expr *bind_member(struct binder *b, const struct node *node)
{
    struct slice fqn = bind_join_name(b, "daybook=", principal_of(b));
    struct value is = {.type = TYPE_BOOL};

    if (node->args == NULL)
        return bind_fail(b, node->at, "SEM0219", "'%.*s' takes at least 1 argument",
                         SLICE_FMT(node->name));
    for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
        struct expr *expr = bind_constant(b, arg);
        if (expr == NULL)
            return NULL;
        struct buf quoted;
        buf_init(&quoted, MIB);
        struct value name = {.type = TYPE_STRING, .bytes = fqn};
        dynamic_add_value(&quoted, &name);
        is.boolean = is.boolean ||
                     (expr->type == TYPE_STRING && slice_equal(expr->value.bytes, fqn)) ||
                     (expr->type == TYPE_DYNAMIC && !expr->value.is_null &&
                      slice_find(expr->value.bytes, buf_slice(&quoted), 0) != SIZE_MAX);
        buf_release(&quoted);
    }
    return bind_const_expr(b, &is, node->at);
}

static struct expr *bind_database(struct binder *b, const struct node *node)
{
    return constant_text_of(b, SLICE(BIND_DATABASE), node->at);
}

/* ---- cursors: the receive time in ticks, as text ---- */

static struct expr *bind_cursor(struct binder *b, const struct node *node)
{
    struct buf buf;

    buf_init(&buf, KIB);
    buf_add_i64(&buf, b->q->request->now);
    struct expr *expr = constant_text_of(b, buf_slice(&buf), node->at);
    buf_release(&buf);
    return expr;
}

static struct expr *cursor_compare(struct binder *b, const struct node *node, struct slice op,
                                   bool without)
{
    struct value time = {.type = TYPE_DATETIME};
    struct value all = {.type = TYPE_BOOL, .boolean = without};

    if (node_count(node->args) != 1)
        return bind_fail(b, node->at, "SEM0219", "'%.*s' takes 1 argument",
                         SLICE_FMT(node->name));
    struct expr *cursor = bind_cast(b, bind_constant(b, node->args), TYPE_STRING);
    if (cursor == NULL)
        return NULL;
    if (cursor->value.bytes.size == 0)
        return bind_const_expr(b, &all, node->at);
    if (!text_parse_i64(cursor->value.bytes, &time.integer) || time.integer < 0 ||
        time.integer > TICKS_MAX)
        return bind_fail(b, node->args->at, "SEM0100", "a cursor is what cursor_current() gave");
    uint32_t column = b->scope.columns == NULL
                          ? UINT32_MAX
                          : schema_find(b->scope.columns, SLICE("_ReceivedTime"));
    if (column == UINT32_MAX)
        return bind_fail(b, node->at, "SEM0100",
                         "'%.*s' needs a table whose records have a time of receipt",
                         SLICE_FMT(node->name));
    struct expr *received = bind_scope_column(b, column, node->at);
    if (received == NULL)
        return NULL;
    return bind_compare(b, node->at, op, received, bind_const_expr(b, &time, node->at));
}

static struct expr *bind_cursor_after(struct binder *b, const struct node *node)
{
    return cursor_compare(b, node, SLICE(">"), true);
}

static struct expr *bind_cursor_before(struct binder *b, const struct node *node)
{
    return cursor_compare(b, node, SLICE("<="), true);
}

/* Records lie in no extents: the empty guid, no tags. */
static struct expr *bind_extent_id(struct binder *b, const struct node *node)
{
    struct value none = {.type = TYPE_GUID};

    return bind_const_expr(b, &none, node->at);
}

static struct expr *bind_extent_tags(struct binder *b, const struct node *node)
{
    struct value none = {.type = TYPE_DYNAMIC, .bytes = SLICE("[]")};

    return bind_const_expr(b, &none, node->at);
}

static const struct {
    struct special text;
    struct expr *(*bind)(struct binder *b, const struct node *node);
} specials[] = {
    {{"toscalar", "toscalar(table)", "the first value of the first row of a query",
      "toscalar(range x from 3 to 5 step 1 | count) == 3"},
     bind_toscalar},
    {{"column_ifexists", "column_ifexists(name, otherwise)",
      "a column, or the other value where the table has no such column",
      "column_ifexists('absent', 7) == 7"},
     bind_if_exists},
    {{"columnifexists", "columnifexists(name, otherwise)", "the old name of column_ifexists()",
      "columnifexists('absent', 7) == 7"},
     bind_if_exists},
    {{"iscolumnexists", "iscolumnexists(name)", "whether the table has such a column",
      "not(iscolumnexists('absent'))"},
     bind_column_exists},
    {{"ingestion_time", "ingestion_time()", "when the record was received",
      "isnull(ingestion_time())"},
     bind_ingestion_time},
    {{"pack_all", "pack_all([ignore_null_empty])", "all columns as a bag",
      "tostring(pack_all()) == '{}'"},
     bind_pack_all},
    {{"pack_record", "pack_record(rest, names)",
      "all columns but for those names, with the members of the column rest; nothing empty",
      "toscalar(print a = 1, b = dynamic({'c':2}) | project tostring(pack_record(b, "
      "dynamic(['x'])))) == '{\"c\":2,\"a\":1}'"},
     bind_pack_record},
    {{"bag_pack_columns", "bag_pack_columns(column, ...)", "columns as a bag of their names",
      "toscalar(print a = 1 | project tostring(bag_pack_columns(a))) == '{\"a\":1}'"},
     bind_pack_columns},
    {{"column_names_of", "column_names_of(table)", "the names of a table's columns",
      "column_names_of((print a = 1))[0] == 'a'"},
     bind_column_names},
    {{"bin_auto", "bin_auto(value)", "bin() with what 'set query_bin_auto_size' says", ""},
     bind_bin_auto},
    {{"current_principal", "current_principal()", "who runs the query",
      "current_principal() startswith 'daybook='"},
     bind_principal},
    {{"current_principal_details", "current_principal_details()", "who runs the query, as a bag",
      "current_principal_details().IdentityProvider == 'daybook'"},
     bind_principal_details},
    {{"current_principal_is_member_of", "current_principal_is_member_of(name, ...)",
      "whether the caller is one of these", "current_principal_is_member_of(current_principal())"},
     bind_member},
    {{"current_database", "current_database()", "the name of the database",
      "current_database() == 'daybook'"},
     bind_database},
    {{"current_cluster_endpoint", "current_cluster_endpoint()", "the name of the cluster",
      "current_cluster_endpoint() == 'daybook'"},
     bind_database},
    {{"cursor_current", "cursor_current()", "a cursor that stands behind all records",
      "cursor_current() == tostring(tolong(now()))"},
     bind_cursor},
    {{"current_cursor", "current_cursor()", "the old name of cursor_current()",
      "current_cursor() == cursor_current()"},
     bind_cursor},
    {{"cursor_after", "cursor_after(cursor)",
      "whether a record was received after the cursor was taken; '' is before all",
      "cursor_after('')"},
     bind_cursor_after},
    {{"cursor_before_or_at", "cursor_before_or_at(cursor)",
      "whether a record was received before the cursor was taken",
      "cursor_before_or_at('')"},
     bind_cursor_before},
    {{"extent_id", "extent_id()", "the empty guid: there are no extents",
      "extent_id() == guid(00000000-0000-0000-0000-000000000000)"},
     bind_extent_id},
    {{"extentid", "extentid()", "the old name of extent_id()", "extentid() == extent_id()"},
     bind_extent_id},
    {{"extent_tags", "extent_tags()", "an empty array: there are no extents",
      "array_length(extent_tags()) == 0"},
     bind_extent_tags},
    {{"estimate_data_size", NULL, NULL, NULL}, bind_data_size},
    {{"pack_array", NULL, NULL, NULL}, bind_pack_array},
    {{"__null", NULL, NULL, NULL}, bind_typed_null},
};

struct expr *bind_special(struct binder *b, const struct node *node)
{
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        if (slice_is(node->name, specials[i].text.name))
            return specials[i].bind(b, node);
    }
    return NULL;
}

const struct special *special_at(uint32_t index)
{
    return index < COUNT_OF(specials) && specials[index].text.signature != NULL
               ? &specials[index].text
               : NULL;
}
