/* SPDX-License-Identifier: Apache-2.0 */
/* bind_let.c - statements: lets, the functions that they make, parameters of the query. */
#include "query/bind_priv.h"

/* ---- let functions ---- */

static const struct node *argument_of(const struct node *call, const struct node *param,
                                      uint32_t index)
{
    uint32_t i = 0;

    for (const struct node *arg = call->args; arg != NULL; arg = arg->next) {
        if (arg->kind == NODE_NAMED && slice_equal(arg->by->name, param->name))
            return arg->args;
        if (i++ == index && arg->kind != NODE_NAMED)
            return arg;
    }
    return NULL;
}

static bool bind_parameter(struct binder *b, struct binder *inner, const struct node *call,
                           const struct node *param, const struct node *arg)
{
    struct binding v = {.name = param->name};

    if ((param->flags & NODE_TABULAR) != 0) {
        if (arg == NULL) {
            bind_fail(b, call->at, "SEM0219", "argument '%.*s' is missing",
                      SLICE_FMT(slice_head(param->name, 128)));
            return false;
        }
        v.kind = BINDING_TABLE;
        v.node = arg;
        v.closure = b->bindings;
        v.text = b->text;
        return bind_push(inner, &v);
    }
    v.kind = BINDING_SCALAR;
    v.row = b->row;
    v.expr = arg != NULL             ? bind_typed(b, arg, param->value.type)
             : param->args != NULL   ? bind_typed(inner, param->args, param->value.type)
                                     : NULL;
    if (v.expr == NULL) {
        if (b->err->status == STATUS_OK)
            bind_fail(b, call->at, "SEM0219", "argument '%.*s' is missing",
                      SLICE_FMT(slice_head(param->name, 128)));
        return false;
    }
    return bind_push(inner, &v);
}

struct plan *bind_function(struct binder *b, const struct binding *function,
                           const struct node *call, const struct node *first_node,
                           struct expr **ret_expr)
{
    const struct node *param = function->node->by;
    struct binder inner = *b;
    uint32_t index = 0;

    if (b->depth >= BIND_DEPTH_MAX)
        return bind_fail(b, call->at, "E_QUERY_TOO_COMPLEX", "calls are nested too deep");
    if (node_count(call->args) + (first_node != NULL) > node_count(param))
        return bind_fail(b, call->at, "SEM0219", "'%.*s' takes %u arguments",
                         SLICE_FMT(slice_head(call->name, 128)), node_count(param));
    if (function->warning.size > 0)
        bind_warn(b, call->at, "KS_FUNCTION", "%.*s", SLICE_FMT(function->warning));
    inner.depth++;
    inner.bindings = function->closure;
    inner.text = function->text;
    if (first_node != NULL) {
        if (param == NULL || (param->flags & NODE_TABULAR) == 0)
            return bind_fail(b, call->at, "SEM0100", "the first parameter must be a table");
        if (!bind_parameter(b, &inner, call, param, first_node))
            return NULL;
        param = param->next;
    }
    for (; param != NULL; param = param->next) {
        if (!bind_parameter(b, &inner, call, param, argument_of(call, param, index++)))
            return NULL;
    }
    inner.scope = (struct scope){0};
    inner.aggregates = NULL;
    inner.windows = NULL;
    struct plan *plan = bind_statements(&inner, function->node->body, ret_expr);
    b->weight = inner.weight;
    if (b->err->status != STATUS_OK && inner.text.data != b->text.data)
        (void)error_wrap(b->err, "function '%.*s'", SLICE_FMT(slice_head(function->name, 128)));
    return plan;
}

/* ---- statements ---- */

/* What is wrong with a table shows, unless it may come of a guess: then it shows where the
 * table is used. */
static bool bind_dry(struct binder *b, const struct binding *table)
{
    bool outer = b->is_dry, guessed = b->q->has_guessed;

    b->is_dry = true;
    b->q->has_guessed = false;
    bool ok = bind_closure(b, table) != NULL;
    if (!ok && b->q->has_guessed && b->err->status == STATUS_INVALID) {
        *b->err = (struct error){0};
        ok = true;
    }
    b->is_dry = outer;
    b->q->has_guessed = b->q->has_guessed || guessed;
    return ok;
}

static bool bind_let(struct binder *b, const struct node *let)
{
    struct binding v = {
        .name = let->name, .node = let->args, .closure = b->bindings, .text = b->text};
    const struct node *value = let->args;

    if (value->kind == NODE_FUNCTION) {
        v.kind = BINDING_FUNCTION;
        return bind_push(b, &v);
    }
    if (!bind_is_tabular(b, value)) {
        /* In a function it may depend on a parameter, so on the caller's row; rand() and the like
         * are asked anew for each row and use. */
        struct expr *expr = bind_expr(b, value);
        if (expr == NULL)
            return false;
        v.kind = BINDING_SCALAR;
        v.row = b->row;
        v.expr = expr;
        v.is_let = true;
        return bind_push(b, &v);
    }
    v.kind = BINDING_TABLE;
    if (value->kind == NODE_CALL && slice_is(value->name, "materialize")) {
        struct plan *plan = bind_table(b, value);
        v.kind = BINDING_CELL;
        v.plan = plan == NULL ? NULL : plan_cell(b->q, plan, b->err);
        return v.plan != NULL && bind_push(b, &v);
    }
    /* Bound once here, so that what nobody uses is checked too. */
    return bind_dry(b, &v) && bind_push(b, &v);
}

static const struct query_parameter *given_parameter(const struct query_request *r,
                                                     struct slice name)
{
    for (uint32_t i = 0; i < r->parameter_count; i++) {
        if (slice_equal(r->parameters[i].name, name))
            return &r->parameters[i];
    }
    return NULL;
}

/* The literal that a given text is, or NULL: it is plain text then, as a text that is no literal
 * of its own (007, 1e3) is for a parameter of type string. */
static const struct node *literal_of(struct binder *b, struct slice text, enum type type)
{
    struct node *literal = NULL;
    struct error ignored = {0};

    if (parse_query(b->q->arena, text, &literal, &ignored) != STATUS_OK || literal->next != NULL ||
        (literal->kind != NODE_LITERAL && literal->kind != NODE_UNARY))
        return NULL;
    bool is_text = literal->kind == NODE_LITERAL && literal->value.type == TYPE_STRING;
    return type == TYPE_STRING && !is_text ? NULL : literal;
}

static struct expr *given_value(struct binder *b, const struct query_parameter *given,
                                const struct node *column)
{
    enum type type = column->value.type;
    const struct node *literal = literal_of(b, given->text, type);
    struct value plain = {.type = TYPE_STRING, .bytes = given->text};
    struct expr *expr = literal != NULL ? bind_constant(b, literal)
                                        : bind_const_expr(b, &plain, column->at);
    bool is_null = expr == NULL || expr->value.is_null || given->text.size == 0;

    expr = bind_cast(b, expr, type);
    if (expr == NULL || !expr->value.is_null || is_null || type == TYPE_DYNAMIC)
        return expr;
    bind_fail(b, column->at, "SEM0100", "parameter '%.*s' is %s, and cannot be '%.*s'",
              SLICE_FMT(slice_head(column->name, 128)), type_phrase(type),
              SLICE_FMT(slice_head(given->text, 128)));
    return NULL;
}

static bool bind_parameter_value(struct binder *b, const struct node *column)
{
    const struct query_parameter *given = given_parameter(b->q->request, column->name);
    struct binding v = {.name = column->name, .kind = BINDING_SCALAR};

    if (given == NULL && column->args == NULL) {
        bind_fail(b, column->at, "SEM0100", "parameter '%.*s' has no value",
                  SLICE_FMT(slice_head(column->name, 128)));
        return false;
    }
    v.expr = given != NULL
                 ? given_value(b, given, column)
                 : bind_cast(b, bind_constant(b, column->args), column->value.type);
    return v.expr != NULL && bind_push(b, &v);
}

static bool declares(const struct node *list, struct slice name)
{
    for (const struct node *s = list; s != NULL; s = s->next) {
        const struct node *column = s->kind == NODE_DECLARE ? s->by : NULL;
        for (; column != NULL; column = column->next) {
            if (slice_equal(column->name, name))
                return true;
        }
    }
    return false;
}

/* One that was given and is not declared is most likely misspelt. */
static bool check_given(struct binder *b, const struct node *list)
{
    const struct query_request *r = b->q->request;

    for (uint32_t i = 0; i < r->parameter_count && b->depth == 0; i++) {
        struct slice name = r->parameters[i].name;
        if (declares(list, name))
            continue;
        bind_fail(b, list->at, "SEM0100",
                  "the query declares no parameter '%.*s'; declare query_parameters(NAME:TYPE)",
                  SLICE_FMT(slice_head(name, 128)));
        return false;
    }
    return true;
}

/* In the words of the service: programs read there which cases of a pattern they are to define. */
static struct plan *refuse_calls(struct binder *b, const struct node *missing)
{
    return bind_fail(b, missing->at, "SEM0036",
                     "One or more pattern references were not declared. Detected pattern "
                     "references: [%.*s]",
                     SLICE_FMT(missing->value.bytes));
}

/* Limits and now() are heeded.  Other options are seen by those who ask for them; what their value
 * is is not checked. */
static bool bind_set(struct binder *b, const struct node *set)
{
    struct binding v = {.name = bind_join_name(b, BIND_SET, set->name), .kind = BINDING_SCALAR};

    if (!bind_option(b, set))
        return false;
    const struct value yes = {.type = TYPE_BOOL, .boolean = true}; /* what "set NAME" alone says */
    v.expr = set->args != NULL ? bind_constant(b, set->args) : bind_const_expr(b, &yes, set->at);
    if (v.expr == NULL && set->args != NULL) {
        *b->err = (struct error){0};
        return true;
    }
    return v.expr != NULL && bind_push(b, &v);
}

struct plan *bind_statements(struct binder *b, const struct node *list, struct expr **ret_expr)
{
    struct plan *plan = NULL;

    bind_warn_unused(b, list);
    if (!check_given(b, list))
        return NULL;
    for (const struct node *s = list; s != NULL; s = s->next) {
        if (query_check(b->q, b->err) != STATUS_OK)
            return NULL;
        if (s->kind == NODE_LET) {
            if (!bind_let(b, s))
                return NULL;
        } else if (s->kind == NODE_DECLARE) {
            if (s->args != NULL && s->args->value.bytes.size > 0)
                return refuse_calls(b, s->args);
            for (const struct node *c = s->by; c != NULL; c = c->next) {
                if (!bind_parameter_value(b, c))
                    return NULL;
            }
        } else if (s->kind == NODE_RESTRICT) {
            if (!bind_restrict(b, s))
                return NULL;
        } else if (s->kind == NODE_ALIAS) {
            return bind_fail(b, s->at, "SEM0100",
                             "'alias' names another database, and there are no others: take the "
                             "statement away, and name tables without a database");
        } else if (s->kind == NODE_PARAM) {
            if (!bind_set(b, s))
                return NULL;
        } else if (bind_is_tabular(b, s)) {
            plan = bind_table(b, s);
            if (plan == NULL)
                return NULL;
            *ret_expr = NULL;
        } else if (b->depth == 0) {
            (void)bind_table(b, s); /* a value or an unknown name: says so */
            return NULL;
        } else {
            plan = NULL;
            *ret_expr = bind_expr(b, s);
            if (*ret_expr == NULL) {
                if (s->kind == NODE_NAME) { /* more likely a table */
                    *b->err = (struct error){0};
                    return bind_named_table(b, s->name, s->at);
                }
                return NULL;
            }
        }
    }
    if (plan == NULL && *ret_expr == NULL && b->err->status == STATUS_OK)
        return bind_fail(b, 0, "SEM0100",
                         "expected a table at the end of the query: behind the last ';' stands "
                         "what is asked for, such as: Table | take 10");
    return plan;
}
