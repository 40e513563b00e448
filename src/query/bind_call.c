/* SPDX-License-Identifier: Apache-2.0 */
/* bind_call.c - calls: functions of the language, aggregates, let functions. */
#include "query/bind_priv.h"
#include "query/fn_priv.h"

#include "base/text.h"


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

/* How the function is written, to be said behind a message; "" if nobody knows. */
static const char *signature_of(struct slice name)
{
    const struct function *function = function_find(name);
    const struct aggregate *aggregate = aggregate_find(name);

    if (aggregate != NULL && aggregate->signature != NULL)
        return aggregate->signature;
    return function != NULL && function->signature != NULL ? function->signature : "";
}

bool bind_check_count(struct binder *b, const struct node *node, uint32_t count, uint32_t min,
                        uint32_t max)
{
    const char *signature = signature_of(node->name);
    const char *mark = signature[0] == '\0' ? "" : ": ";

    if (count >= min && (max == 255 || count <= max))
        return true;
    if (min == max)
        bind_fail(b, node->at, "SEM0219", "'%.*s' takes %u argument%s, found %u%s%s",
                  SLICE_FMT(node->name), min, min == 1 ? "" : "s", count, mark, signature);
    else if (max == 255)
        bind_fail(b, node->at, "SEM0219", "'%.*s' takes at least %u argument%s, found %u%s%s",
                  SLICE_FMT(node->name), min, min == 1 ? "" : "s", count, mark, signature);
    else
        bind_fail(b, node->at, "SEM0219", "'%.*s' takes %u to %u arguments, found %u%s%s",
                  SLICE_FMT(node->name), min, max, count, mark, signature);
    return false;
}

bool bind_call_args(struct binder *b, const struct node *node, struct expr ***ret,
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
        arguments[i].text = b->text;
        arguments[i++].at = arg->at;
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

/* Where nothing is run, what toscalar() gives is not known: an assertion fails only where it is. */
static bool is_left_open(const struct binder *b, const struct function *function)
{
    return (b->is_dry || b->q->request->check_only) &&
           function == function_find(SLICE("assert"));
}

static struct expr *bind_builtin(struct binder *b, const struct node *node,
                                 const struct function *function)
{
    struct expr **args;
    struct argument *arguments;
    uint32_t count;
    enum type ret = TYPE_STRING;
    void *state = NULL;

    if (!bind_call_args(b, node, &args, &arguments, &count) ||
        !bind_check_count(b, node, count, function->args_min, function->args_max) ||
        !bind_check_types(b, node, args, count))
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
    const struct value holds = {.type = TYPE_BOOL, .boolean = true};
    if (is_left_open(b, function))
        return bind_const_expr(b, &holds, node->at);
    if (function->prepare != NULL) {
        struct eval eval = {.arena = b->q->arena,
                            .query = b->q,
                            .query_arena = b->q->arena,
                            .now = b->q->now};
        if (function->prepare(&eval, arguments, count, &state, b->err) != STATUS_OK) {
            place(b, node);
            return NULL;
        }
    }
    return bind_invoke_with(b, &(struct invocation){node->at, function, args, count, ret, state});
}

static struct expr *call_user(struct binder *b, const struct binding *user,
                              const struct node *node)
{
    struct expr *expr = NULL;
    struct plan *plan = bind_function(b, user, node, NULL, &expr);

    if (plan != NULL)
        return bind_fail(b, node->at, "SEM0100", "'%.*s' gives a table, a value is needed",
                         SLICE_FMT(slice_head(node->name, 128)));
    return expr;
}

static bool is_call_of(const struct expr *expr, const char *name)
{
    return expr->kind == EXPR_CALL && expr->function->eval == function_find(slice_of(name))->eval;
}

/* parse_json(tostring(d)) of a dynamic d need not parse what is JSON already. */
static struct expr *reread(struct binder *b, struct expr *call)
{
    if (call == NULL || !is_call_of(call, "parse_json") ||
        !is_call_of(call->args[0], "tostring") || call->args[0]->args[0]->type != TYPE_DYNAMIC)
        return call;
    return bind_invoke(b, call->at, &operator_reread, call->args[0]->args, 1, TYPE_DYNAMIC);
}

struct expr *bind_call(struct binder *b, const struct node *node)
{
    const struct binding *user = node->by == NULL ? bind_find(b, node->name) : NULL;

    if (user != NULL && user->kind == BINDING_FUNCTION)
        return call_user(b, user, node);
    if (node->by != NULL && !bind_is_own_database(node->by)) /* what is here is another's */
        return bind_fail(b, node->at, "SEM0100",
                         "functions of other databases and clusters are not supported");
    bind_warn_call(b, node);
    struct expr *special = bind_special(b, node);
    if (special != NULL || b->err->status != STATUS_OK)
        return special;
    struct expr *window = bind_window(b, node);
    if (window != NULL || b->err->status != STATUS_OK)
        return window;
    const struct aggregate *aggregate = aggregate_find(node->name);
    if (aggregate != NULL && b->aggregates != NULL)
        return bind_aggregate(b, node, aggregate);
    const struct function *function = function_find(node->name);
    if (function != NULL)
        return reread(b, bind_builtin(b, node, function));
    if (aggregate != NULL)
        return bind_fail(b, node->at, "SEM0261",
                         "aggregate '%.*s' can only stand in summarize; summarize first, then use "
                         "the column that it gives",
                         SLICE_FMT(slice_head(node->name, 128)));
    user = bind_stored(b, node->name);
    if (user != NULL)
        return call_user(b, user, node);
    if (b->err->status != STATUS_OK)
        return NULL;
    const char *here = bind_hint(node->name);
    if (here != NULL)
        return bind_fail(b, node->at, "SEM0260", "function '%.*s' is not known; here it is %s",
                         SLICE_FMT(slice_head(node->name, 128)), here);
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
    uint32_t capacity = 1;

    for (const struct node *arg = node->args; arg != NULL; arg = arg->next)
        capacity += arg->kind == NODE_STAR ? schema->column_count : 1;
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

static bool same_value(const struct value *a, const struct value *b)
{
    if (a->type != b->type || a->is_null != b->is_null)
        return false;
    if (a->is_null)
        return true;
    if (type_is_bytes(a->type))
        return slice_equal(a->bytes, b->bytes);
    if (a->type == TYPE_GUID)
        return memcmp(a->guid.bytes, b->guid.bytes, sizeof(a->guid.bytes)) == 0;
    return a->type == TYPE_BOOL ? a->boolean == b->boolean : a->integer == b->integer;
}

/* Of the same value in every row, as far as can be seen. */
static bool same_expr(const struct expr *a, const struct expr *b)
{
    bool same = a->kind == b->kind && a->type == b->type && !a->is_impure && !b->is_impure &&
                a->function == b->function && a->call_state == b->call_state &&
                a->is_any == b->is_any && a->arg_count == b->arg_count &&
                (a->kind != EXPR_COLUMN || a->column == b->column) &&
                (a->kind != EXPR_CONST || same_value(&a->value, &b->value));

    for (uint32_t i = 0; i < a->arg_count && same; i++)
        same = same_expr(a->args[i], b->args[i]);
    return same;
}

#define SHARING_MAX 64u /* calls that another one is compared with */

/* percentile(x, 95) has the samples of percentile(x, 5) before it. */
static void share_state(const struct aggregates *a, struct aggregate_call *call)
{
    const struct aggregate *own = call->aggregate;
    uint32_t first = a->count > SHARING_MAX ? a->count - SHARING_MAX : 0;

    for (uint32_t i = first; i < a->count && own->state_args > 0 && call->shares == 0; i++) {
        const struct aggregate_call *other = &a->calls[i];
        bool same = !other->is_picker && other->shares == 0 &&
                    other->aggregate->update == own->update;
        for (uint32_t k = 0; k < own->state_args && same; k++)
            same = same_expr(other->args[k], call->args[k]);
        call->shares = same ? i + 1 : 0;
    }
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
    bool ok = bind_call_args(b, node, &call.args, &arguments, &call.arg_count);
    b->aggregates = outer;
    if (!ok ||
        !bind_check_count(b, node, call.arg_count, aggregate->args_min, aggregate->args_max) ||
        !bind_check_types(b, node, call.args, call.arg_count))
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
    share_state(outer, &call);
    uint32_t column = outer->key_count + outer->output_count;
    if (!add_call(b, &call))
        return NULL;
    return bind_column_expr(b, column, call.type, node->at);
}
