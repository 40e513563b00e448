/* SPDX-License-Identifier: Apache-2.0 */
/* bind_call.c - calls: functions of the language, aggregates, let functions. */
#include "query/bind_priv.h"
#include "query/fn_priv.h"
#include "query/rowset_priv.h"

#include "base/text.h"
#include "table/dynamic.h"

#include <stdio.h>

static struct slice nearest_function(const struct binder *b, struct slice name)
{
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);
    struct slice best = {NULL, 0};
    size_t distance = name.size <= 3 ? 2 : 4;

    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->function_count + families[f]->aggregate_count; i++) {
            const char *text = i < families[f]->function_count
                                   ? families[f]->functions[i].name
                                   : families[f]->aggregates[i - families[f]->function_count].name;
            size_t d = text_distance(slice_of(text), name);
            if (d < distance) {
                distance = d;
                best = slice_of(text);
            }
        }
    }
    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        size_t d = text_distance(v->name, name);
        if (v->kind == BINDING_FUNCTION && d < distance) {
            distance = d;
            best = v->name;
        }
    }
    return best;
}

static bool check_count(struct binder *b, const struct node *node, uint32_t count, uint32_t min,
                        uint32_t max)
{
    if (count >= min && (max == 255 || count <= max))
        return true;
    if (min == max)
        bind_fail(b, node->at, "SEM0219", "'%.*s' takes %u arguments, found %u",
                  SLICE_FMT(node->name), min, count);
    else if (max == 255)
        bind_fail(b, node->at, "SEM0219", "'%.*s' takes at least %u arguments, found %u",
                  SLICE_FMT(node->name), min, count);
    else
        bind_fail(b, node->at, "SEM0219", "'%.*s' takes %u to %u arguments, found %u",
                  SLICE_FMT(node->name), min, max, count);
    return false;
}

static bool bind_args(struct binder *b, const struct node *node, struct expr ***ret,
                      struct argument **ret_arguments, uint32_t *ret_count)
{
    uint32_t count = node_count(node->args);
    struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, count + 1, b->err);
    struct argument *arguments = ARENA_ARRAY(b->q->arena, struct argument, count + 1, b->err);
    uint32_t i = 0;

    if (args == NULL || arguments == NULL)
        return false;
    for (const struct node *arg = node->args; arg != NULL; arg = arg->next) {
        args[i] = bind_expr(b, arg);
        if (args[i] == NULL)
            return false;
        arguments[i].type = args[i]->type;
        arguments[i].constant = args[i]->kind == EXPR_CONST ? &args[i]->value : NULL;
        lex_position(b->text, arg->at, &arguments[i].line, &arguments[i].column);
        i++;
    }
    *ret = args;
    *ret_arguments = arguments;
    *ret_count = count;
    return true;
}

static void place(struct binder *b, const struct node *node)
{
    if (b->err->line == 0)
        lex_position(b->text, node->at, &b->err->line, &b->err->column);
    if (b->err->code[0] == '\0' && b->err->status == STATUS_INVALID)
        (void)error_code(b->err, "SEM0219");
}

static bool cast_args(struct binder *b, struct expr **args, struct argument *arguments,
                      const enum type *want, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        args[i] = bind_cast(b, args[i], want[i]);
        if (args[i] == NULL)
            return false;
        arguments[i].type = args[i]->type;
        arguments[i].constant = args[i]->kind == EXPR_CONST ? &args[i]->value : NULL;
    }
    return true;
}

static struct expr *bind_builtin(struct binder *b, const struct node *node,
                                 const struct function *function)
{
    struct expr **args;
    struct argument *arguments;
    uint32_t count;
    enum type ret = TYPE_STRING;
    void *state = NULL;

    if (!bind_args(b, node, &args, &arguments, &count) ||
        !check_count(b, node, count, function->args_min, function->args_max))
        return NULL;
    enum type *want = ARENA_ARRAY(b->q->arena, enum type, count + 1, b->err);
    if (want == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        want[i] = arguments[i].type;
    if (function->bind(arguments, count, want, &ret, b->err) != STATUS_OK) {
        place(b, node);
        return NULL;
    }
    if (!cast_args(b, args, arguments, want, count))
        return NULL;
    if (function->prepare != NULL) {
        struct eval eval = {.arena = b->q->arena,
                            .query = b->q,
                            .query_arena = b->q->arena,
                            .now = b->q->request->now};
        if (function->prepare(&eval, arguments, count, &state, b->err) != STATUS_OK) {
            place(b, node);
            return NULL;
        }
    }
    return bind_invoke_with(b, &(struct invocation){node->at, function, args, count, ret, state});
}

/* ---- functions that are part of the language ---- */

static struct expr *bind_toscalar(struct binder *b, const struct node *node)
{
    struct rowset *rows = NULL;
    struct scope scope = b->scope;
    struct aggregates *aggregates = b->aggregates;

    if (node->args == NULL)
        return bind_fail(b, node->at, "SEM0219", "'toscalar' takes a table");
    if (!bind_is_tabular(b, node->args))
        return bind_expr(b, node->args);
    b->scope = (struct scope){0};
    b->aggregates = NULL;
    struct plan *plan = bind_table(b, node->args);
    b->scope = scope;
    b->aggregates = aggregates;
    if (plan == NULL)
        return NULL;
    if (plan->schema.column_count == 0)
        return bind_fail(b, node->at, "SEM0100", "the table of toscalar() has no columns");
    enum type type = plan->schema.columns[0].type;
    struct value value = {.type = type, .is_null = type != TYPE_STRING};
    if (!bind_run(b, plan, &rows))
        return NULL;
    for (uint32_t c = 0; rows != NULL && c < rows->chunk_count; c++) {
        if (rows->chunks[c].row_count > 0) {
            value = rowset_value(rows, c * BATCH_ROWS_MAX, 0);
            break;
        }
    }
    return bind_const_expr(b, &value, node->at);
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
            return bind_column_expr(b, column, b->scope.columns->columns[column].type,
                                    node->at);
    }
    return bind_expr(b, node->args->next);
}

static struct expr *bind_ingestion_time(struct binder *b, const struct node *node)
{
    struct value null = {.type = TYPE_DATETIME, .is_null = true};

    if (b->scope.columns != NULL) {
        uint32_t column = schema_find(b->scope.columns, SLICE("_ReceivedTime"));
        if (column != UINT32_MAX)
            return bind_column_expr(b, column, TYPE_DATETIME, node->at);
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
        args[count++] = bind_column_expr(b, i, schema->columns[i].type, node->at);
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
    struct scope scope = b->scope;

    if (node->args == NULL)
        return bind_fail(b, node->at, "SEM0219", "'column_names_of' takes a table");
    b->scope = (struct scope){0};
    struct plan *plan = bind_table(b, node->args);
    b->scope = scope;
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

static const struct {
    const char *name;
    struct expr *(*bind)(struct binder *b, const struct node *node);
} specials[] = {{"toscalar", bind_toscalar},
                {"column_ifexists", bind_if_exists},
                {"columnifexists", bind_if_exists},
                {"ingestion_time", bind_ingestion_time},
                {"pack_all", bind_pack_all},
                {"column_names_of", bind_column_names},
                {"__null", bind_typed_null}};

static struct expr *call_user(struct binder *b, const struct binding *user,
                              const struct node *node)
{
    struct expr *expr = NULL;
    struct plan *plan = bind_function(b, user, node, NULL, NULL, &expr);

    if (plan != NULL)
        return bind_fail(b, node->at, "SEM0100", "'%.*s' gives a table, a value is needed",
                         SLICE_FMT(slice_head(node->name, 128)));
    return expr;
}

struct expr *bind_call(struct binder *b, const struct node *node)
{
    const struct binding *user = node->by == NULL ? bind_find(b, node->name) : NULL;

    if (user != NULL && user->kind == BINDING_FUNCTION)
        return call_user(b, user, node);
    bind_warn_deprecated(b, node);
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        if (slice_is(node->name, specials[i].name))
            return specials[i].bind(b, node);
    }
    struct expr *window = bind_window(b, node);
    if (window != NULL || b->err->status != STATUS_OK)
        return window;
    const struct aggregate *aggregate = aggregate_find(node->name);
    if (aggregate != NULL && b->aggregates != NULL)
        return bind_aggregate(b, node, aggregate);
    const struct function *function = function_find(node->name);
    if (function != NULL)
        return bind_builtin(b, node, function);
    if (aggregate != NULL)
        return bind_fail(b, node->at, "SEM0261", "aggregate '%.*s' can only stand in summarize",
                         SLICE_FMT(slice_head(node->name, 128)));
    user = bind_stored(b, node->name);
    if (user != NULL)
        return call_user(b, user, node);
    if (b->err->status != STATUS_OK)
        return NULL;
    return bind_unknown(b, node->at, "SEM0260", "function", node->name,
                        nearest_function(b, node->name));
}

/* ---- aggregates ---- */

static bool add_call(struct binder *b, const struct aggregate_call *call)
{
    struct aggregates *a = b->aggregates;

    if (a->count == a->capacity) {
        uint32_t capacity = a->capacity == 0 ? 8 : a->capacity * 2;
        struct aggregate_call *calls =
            ARENA_ARRAY(b->q->arena, struct aggregate_call, capacity, b->err);
        if (calls == NULL)
            return false;
        if (a->count > 0)
            memcpy(calls, a->calls, a->count * sizeof(*calls));
        a->calls = calls;
        a->capacity = capacity;
    }
    a->calls[a->count++] = *call;
    a->output_count += call->output_count;
    return true;
}

static bool is_key(const struct aggregates *a, struct slice name)
{
    for (uint32_t i = 0; i < a->key_count; i++) {
        if (slice_equal(a->keys[i].name, name))
            return true;
    }
    return false;
}

/* arg_max(x, *), arg_max(x, a, b), take_any(*), take_any(a, b). */
static bool picker_args(struct binder *b, const struct node *node, struct aggregate_call *call,
                        struct aggregates *outer)
{
    const struct schema *schema = b->scope.columns;
    uint32_t capacity = node_count(node->args) + schema->column_count + 1;
    struct expr **args = ARENA_ARRAY(b->q->arena, struct expr *, capacity, b->err);
    struct slice *names = ARENA_ARRAY(b->q->arena, struct slice, capacity, b->err);
    uint32_t count = 0;

    for (const struct node *arg = node->args; arg != NULL && args != NULL && names != NULL;
         arg = arg->next) {
        if (arg->kind != NODE_STAR) {
            args[count] = bind_expr(b, arg);
            if (args[count] == NULL)
                return false;
            names[count] = bind_name_of(b, arg);
            count++;
            continue;
        }
        for (uint32_t c = 0; c < schema->column_count; c++) {
            struct slice name = schema->columns[c].name;
            bool decides = count > 0 && slice_equal(names[0], name);
            if (decides || is_key(outer, name))
                continue;
            args[count] = bind_column_expr(b, c, schema->columns[c].type, arg->at);
            if (args[count] == NULL)
                return false;
            names[count++] = name;
        }
    }
    call->args = args;
    call->arg_count = count;
    call->output_count = count;
    call->output_names = names;
    return args != NULL && names != NULL;
}

static struct expr *bind_picker(struct binder *b, const struct node *node,
                                const struct aggregate *aggregate)
{
    struct aggregates *outer = b->aggregates;
    struct aggregate_call call = {.is_picker = true};
    struct slice name = slice_of(aggregate->name);

    call.is_any = slice_is(name, "take_any") || slice_is(name, "any");
    call.is_min = slice_is(name, "arg_min") || slice_is(name, "argmin");
    b->aggregates = NULL;
    bool ok = picker_args(b, node, &call, outer);
    b->aggregates = outer;
    uint32_t first = outer->key_count + outer->output_count;
    if (!ok || !add_call(b, &call))
        return NULL;
    if (call.arg_count == 0)
        return bind_fail(b, node->at, "SEM0219", "'%s' takes at least one argument",
                         aggregate->name);
    return bind_column_expr(b, first, call.args[0]->type, node->at);
}

struct expr *bind_aggregate(struct binder *b, const struct node *node,
                            const struct aggregate *aggregate)
{
    struct aggregates *outer = b->aggregates;
    struct aggregate_call call = {.aggregate = aggregate, .output_count = 1};
    struct argument *arguments;

    if (aggregate->is_row_picker)
        return bind_picker(b, node, aggregate);
    b->aggregates = NULL;
    bool ok = bind_args(b, node, &call.args, &arguments, &call.arg_count);
    b->aggregates = outer;
    if (!ok || !check_count(b, node, call.arg_count, aggregate->args_min, aggregate->args_max))
        return NULL;
    enum type *want = ARENA_ARRAY(b->q->arena, enum type, call.arg_count + 1, b->err);
    const struct value **constants =
        ARENA_ARRAY(b->q->arena, const struct value *, call.arg_count + 1, b->err);
    if (want == NULL || constants == NULL)
        return NULL;
    for (uint32_t i = 0; i < call.arg_count; i++)
        want[i] = arguments[i].type;
    if (aggregate->bind(arguments, call.arg_count, want, &call.type, b->err) != STATUS_OK) {
        place(b, node);
        return NULL;
    }
    if (!cast_args(b, call.args, arguments, want, call.arg_count))
        return NULL;
    for (uint32_t i = 0; i < call.arg_count; i++)
        constants[i] = arguments[i].constant;
    call.constants = constants;
    uint32_t column = outer->key_count + outer->output_count;
    if (!add_call(b, &call))
        return NULL;
    return bind_column_expr(b, column, call.type, node->at);
}

/* ---- window functions ---- */

struct expr *bind_window(struct binder *b, const struct node *node)
{
    static const struct {
        const char *name;
        enum window_kind kind;
        uint32_t args_min;
    } kinds[] = {{"prev", WINDOW_PREV, 1},
                 {"next", WINDOW_NEXT, 1},
                 {"row_number", WINDOW_ROW_NUMBER, 0},
                 {"row_cumsum", WINDOW_CUMSUM, 1},
                 {"row_rank_min", WINDOW_RANK_MIN, 1},
                 {"row_rank_dense", WINDOW_RANK_DENSE, 1},
                 {"row_window_session", WINDOW_SESSION, 3}};
    struct windows *w = b->windows;
    struct window_call call = {0};
    struct argument *arguments;

    for (size_t i = 0;; i++) {
        if (i == sizeof(kinds) / sizeof(kinds[0]))
            return NULL;
        if (slice_is(node->name, kinds[i].name)) {
            call.kind = kinds[i].kind;
            if (!check_count(b, node, node_count(node->args), kinds[i].args_min, 4))
                return NULL;
            break;
        }
    }
    if (w == NULL)
        return bind_fail(b, node->at, "SEM0025",
                         "'%.*s' needs rows in an order: use it in extend, project or where "
                         "behind serialize or sort",
                         SLICE_FMT(node->name));
    if (!bind_args(b, node, &call.args, &arguments, &call.arg_count))
        return NULL;
    bool counts = call.kind == WINDOW_ROW_NUMBER || call.kind == WINDOW_RANK_MIN ||
                  call.kind == WINDOW_RANK_DENSE;
    call.type = counts                            ? TYPE_LONG
                : call.kind == WINDOW_SESSION     ? TYPE_DATETIME
                : call.args[0]->type == TYPE_INT && call.kind == WINDOW_CUMSUM
                    ? TYPE_LONG
                    : call.args[0]->type;
    if (call.kind == WINDOW_CUMSUM) {
        call.args[0] = bind_cast(b, call.args[0], call.type);
        if (call.args[0] == NULL)
            return NULL;
    }
    if (w->count == w->capacity) {
        uint32_t capacity = w->capacity == 0 ? 8 : w->capacity * 2;
        struct window_call *calls =
            ARENA_ARRAY(b->q->arena, struct window_call, capacity, b->err);
        if (calls == NULL)
            return NULL;
        if (w->count > 0)
            memcpy(calls, w->calls, w->count * sizeof(*calls));
        w->calls = calls;
        w->capacity = capacity;
    }
    char name[32];
    (void)snprintf(name, sizeof(name), "$window%u", w->count);
    call.name = arena_copy(b->q->arena, slice_of(name), b->err);
    if (call.name.data == NULL)
        return NULL;
    w->calls[w->count] = call;
    return bind_column_expr(b, w->base + w->count++, call.type, node->at);
}
