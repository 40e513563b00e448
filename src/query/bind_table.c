/* SPDX-License-Identifier: Apache-2.0 */
/* bind_table.c - what stands first in a pipeline: tables and views by their names,
 * calls that give a table, pipes. */
#include "query/bind_priv.h"
#include "query/op_priv.h"
#include "query/rowset_priv.h"

#include "base/text.h"

#define TABLE_LEVELS 4u /* what binds a union or a search takes more of the stack */

const struct binding *bind_find(const struct binder *b, struct slice name)
{
    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        if (slice_equal(v->name, name))
            return v;
    }
    return NULL;
}

bool bind_push(struct binder *b, const struct binding *binding)
{
    struct binding *copy = ARENA_NEW(b->q->arena, struct binding, b->err);

    if (copy == NULL)
        return false;
    *copy = *binding;
    copy->next = b->bindings;
    b->bindings = copy;
    return true;
}

bool bind_run(struct binder *b, struct plan *plan, uint32_t at, struct rowset **ret)
{
    *ret = NULL;
    if (plan->reads_given) {
        (void)bind_fail(b, at, "SEM0100",
                        "this has to be known before the query runs, and cannot come from the "
                        "rows inside 'partition' or 'mv-apply'");
        return false;
    }
    if (b->q->request->check_only || b->is_dry)
        return true;
    b->q->stats->phase = QUERY_PHASE_RUN;
    enum status status = plan_optimise(plan, b->q, b->err);
    if (status == STATUS_OK)
        status = run_collect(b->q, plan, ret, b->err);
    if (status == STATUS_OK)
        b->q->stats->phase = QUERY_PHASE_BIND;
    return status == STATUS_OK;
}

/* ---- is it a table? ---- */

static bool is_table_name(struct binder *b, struct slice name)
{
    const struct query_env *env = b->q->request->env;
    struct error ignored = {0};
    struct table_source *source = NULL;

    if (env == NULL)
        return false;
    if (env->view != NULL && env->view(env->context, name).size > 0)
        return true;
    return env->table != NULL && env->table(env->context, name, &source, &ignored) == STATUS_OK;
}

static const struct node *last_of(const struct node *list)
{
    while (list != NULL && list->next != NULL)
        list = list->next;
    return list;
}

/* Of what stands in the function. */
static bool is_tabular_within(struct binder *b, const struct binding *f, const struct node *node)
{
    const struct binding *outer = b->bindings;

    if (b->depth >= BIND_DEPTH_MAX)
        return false;
    b->bindings = f->closure;
    b->depth++;
    bool tabular = bind_is_tabular(b, node);
    b->depth--;
    b->bindings = outer;
    return tabular;
}

static bool function_is_tabular(struct binder *b, const struct binding *f)
{
    const struct node *last = last_of(f->node->body);

    if (last == NULL)
        return false;
    if (last->kind == NODE_NAME) {
        for (const struct node *p = f->node->by; p != NULL; p = p->next) {
            if (slice_equal(p->name, last->name))
                return (p->flags & NODE_TABULAR) != 0;
        }
        for (const struct node *s = f->node->body; s != last; s = s->next) {
            if (s->kind == NODE_LET && slice_equal(s->name, last->name))
                return is_tabular_within(b, f, s->args);
        }
    }
    return is_tabular_within(b, f, last);
}

static bool is_foreign(struct slice name)
{
    return slice_is(name, "cluster") || slice_is(name, "database") ||
           slice_is(name, "workspace") || slice_is(name, "app") || slice_is(name, "resource");
}

bool bind_is_tabular(struct binder *b, const struct node *node)
{
    const struct binding *found;

    switch (node->kind) {
    case NODE_PIPE:
        return bind_is_tabular(b, node->args) || node->args->next != NULL;
    case NODE_SOURCE:
    case NODE_OPERATOR:
        return true;
    case NODE_NAME:
        if (b->scope.columns != NULL && schema_find(b->scope.columns, node->name) != UINT32_MAX)
            return false;
        found = bind_find_function(b, node->name);
        if (found != NULL && found->kind == BINDING_FUNCTION)
            return node_count(found->node->by) == 0 && function_is_tabular(b, found);
        return found != NULL ? found->kind != BINDING_SCALAR
                             : bind_is_watchlist(node->name) || is_table_name(b, node->name);
    case NODE_CALL:
        if (slice_is(node->name, "materialize") || slice_is(node->name, "table") ||
            slice_is(node->name, "external_table") || slice_is(node->name, "view") ||
            bind_is_watchlist(node->name))
            return true;
        found = bind_find_function(b, node->name);
        return found != NULL && found->kind == BINDING_FUNCTION && function_is_tabular(b, found);
    case NODE_MEMBER:
        return node->args->kind == NODE_CALL && is_foreign(node->args->name);
    case NODE_FUNCTION:
    case NODE_LITERAL:
    case NODE_STAR:
    case NODE_INDEX:
    case NODE_UNARY:
    case NODE_BINARY:
    case NODE_IN:
    case NODE_BETWEEN:
    case NODE_NAMED:
    case NODE_ORDER:
    case NODE_COLUMN:
    case NODE_PARAM:
    case NODE_LET:
    case NODE_DECLARE:
    case NODE_TYPEOF:
    case NODE_RESTRICT:
    case NODE_ALIAS:
        break;
    }
    return false;
}

/* ---- tables and views by name ---- */

struct nearest {
    const struct binder *b;
    struct slice name;
    size_t distance, best_size;
    char best[128]; /* a copy: a name lives as long as the call that brings it */
};

static void consider(void *arg, struct slice name)
{
    struct nearest *n = arg;
    size_t d = slice_equal_nocase(name, n->name) ? 0 : text_distance(name, n->name);

    if (d < n->distance && (bind_find(n->b, name) != NULL || bind_is_seen(n->b, name))) {
        n->distance = d;
        n->best_size = slice_head(name, sizeof(n->best)).size;
        memcpy(n->best, name.data, n->best_size);
    }
}

static struct plan *bind_view(struct binder *b, struct slice name, struct slice text, uint32_t at)
{
    struct binder inner = *b;
    struct node *statements;
    struct expr *expr = NULL;

    if (b->depth >= BIND_DEPTH_MAX)
        return bind_fail(b, at, "SEM0100", "view '%.*s' refers to itself",
                         SLICE_FMT(slice_head(name, 128)));
    struct slice *views =
        ARENA_ARRAY(b->q->arena, struct slice, b->view_count + 1, b->err);
    if (views == NULL)
        return NULL;
    if (b->view_count > 0)
        memcpy(views, b->views, b->view_count * sizeof(*views));
    views[b->view_count] = name;
    inner.views = views;
    inner.view_count++;
    inner.depth++;
    inner.bindings = NULL;
    inner.scope = (struct scope){0};
    inner.aggregates = NULL;
    inner.windows = NULL;
    inner.text = text;
    if (parse_query(b->q->arena, text, &statements, b->err) != STATUS_OK) {
        (void)error_wrap(b->err, "view '%.*s'", SLICE_FMT(slice_head(name, 128)));
        return NULL;
    }
    struct plan *plan = bind_statements(&inner, statements, &expr);
    b->weight = inner.weight;
    if (plan == NULL && b->err->status == STATUS_OK)
        return bind_fail(b, at, "SEM0100", "view '%.*s' gives no table",
                         SLICE_FMT(slice_head(name, 128)));
    if (plan == NULL)
        (void)error_wrap(b->err, "view '%.*s'", SLICE_FMT(slice_head(name, 128)));
    else if (op_is_union(plan))
        plan->view = name;
    return plan;
}

static bool in_view(const struct binder *b, struct slice name)
{
    for (uint32_t i = 0; i < b->view_count; i++) {
        if (slice_equal(b->views[i], name))
            return true;
    }
    return false;
}

/* What a table had when its highest number was the request's watermark. */
static struct plan *bind_up_to(struct binder *b, struct plan *scan, uint64_t watermark, uint32_t at)
{
    uint32_t seq = schema_find(&scan->schema, SLICE("_Seq"));
    struct value highest = {.type = TYPE_LONG, .integer = (int64_t)watermark};
    struct scope scope = b->scope;

    if (seq == UINT32_MAX)
        return scan;
    b->scope = (struct scope){.columns = &scan->schema};
    struct expr *column = bind_column_expr(b, seq, TYPE_LONG, at);
    struct expr *constant = bind_const_expr(b, &highest, at);
    struct expr *is_seen = column == NULL || constant == NULL
                               ? NULL
                               : bind_compare(b, at, SLICE("<="), column, constant);
    b->scope = scope;
    return is_seen == NULL ? NULL : plan_where(b->q, scan, is_seen, b->err);
}

struct plan *bind_named_table(struct binder *b, struct slice name, uint32_t at)
{
    const struct query_env *env = b->q->request->env;
    struct table_source *source = NULL;
    struct nearest nearest = {.b = b, .name = name, .distance = name.size < 5 ? 2 : 4};

    if (!bind_is_seen(b, name) && is_table_name(b, name)) {
        b->q->table_missing = true;
        return bind_unseen(b, name, at);
    }
    if (env != NULL && env->view != NULL && !in_view(b, name)) {
        struct slice text = env->view(env->context, name);
        if (text.size > 0)
            return bind_view(b, name, text, at);
    }
    if (env != NULL && env->table != NULL) {
        enum status status = env->table(env->context, name, &source, b->err);
        struct plan *scan = status == STATUS_OK ? plan_scan(b->q, source, name, b->err) : NULL;
        if (scan != NULL && b->q->request->has_watermark)
            return bind_up_to(b, scan, b->q->request->watermark, at);
        if (status == STATUS_OK)
            return scan;
        if (status != STATUS_NOT_FOUND)
            return NULL;
        *b->err = (struct error){0};
    }
    if (env != NULL && env->names != NULL)
        env->names(env->context, consider, &nearest);
    for (const struct binding *v = b->bindings; v != NULL; v = v->next) {
        if (v->kind != BINDING_SCALAR)
            consider(&nearest, v->name);
    }
    b->q->table_missing = true;
    return bind_unknown(b, at, "SEM0100", "table", name,
                        slice_from(nearest.best, nearest.best_size));
}

struct plan *bind_closure(struct binder *b, const struct binding *v)
{
    struct binder inner = *b;

    if (b->depth >= BIND_DEPTH_MAX)
        return bind_fail(b, v->node->at, "E_QUERY_TOO_COMPLEX", "query too complex");
    inner.bindings = v->closure;
    inner.text = v->text;
    inner.scope = (struct scope){0};
    inner.aggregates = NULL;
    inner.windows = NULL;
    inner.depth++;
    struct plan *plan = bind_table(&inner, v->node);
    b->weight = inner.weight;
    return plan;
}

static struct plan *bind_name_table(struct binder *b, const struct node *node)
{
    const struct binding *v = bind_find_function(b, node->name);

    if (v == NULL && b->err->status != STATUS_OK)
        return NULL;
    if (v == NULL)
        return bind_is_watchlist(node->name) ? bind_watchlist(b, node)
                                             : bind_named_table(b, node->name, node->at);
    switch (v->kind) {
    case BINDING_TABLE:
        return bind_closure(b, v);
    case BINDING_CELL:
        return plan_reader(b->q, v->plan, b->err);
    case BINDING_SCHEMA:
        return v->plan;
    case BINDING_FUNCTION: {
        struct node call = {.kind = NODE_CALL, .at = node->at, .name = node->name};
        struct expr *expr = NULL;
        struct plan *plan = bind_function(b, v, &call, NULL, &expr);
        if (plan == NULL && b->err->status == STATUS_OK)
            return bind_fail(b, node->at, "SEM0100", "'%.*s' gives a value, a table is needed",
                             SLICE_FMT(slice_head(node->name, 128)));
        return plan;
    }
    case BINDING_SCALAR:
    case BINDING_FENCE:
        break;
    }
    return bind_fail(b, node->at, "SEM0100", "'%.*s' is a value, a table is needed",
                     SLICE_FMT(slice_head(node->name, 128)));
}

static struct plan *bind_materialize(struct binder *b, const struct node *node)
{
    if (node->args == NULL || node->args->next != NULL)
        return bind_fail(b, node->at, "SEM0219", "'materialize' takes one table");
    return bind_table(b, node->args);
}

/* Each names all that there is: there is no cache of hot data. */
static bool is_data_scope(struct binder *b, const struct node *node)
{
    static const char *const scopes[] = {"all", "default", "hotcache"};
    const struct expr *scope = bind_constant(b, node);

    if (scope == NULL)
        return false;
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (scope->type == TYPE_STRING &&
            slice_equal_nocase(scope->value.bytes, slice_of(scopes[i])))
            return true;
    }
    (void)bind_fail(b, node->at, "SEM0100",
                    "the data scope of 'table' is 'all', 'default' or 'hotcache'");
    return false;
}

/* table('Name' [, 'scope']) */
static struct plan *bind_table_called(struct binder *b, const struct node *node)
{
    const struct node *scope = node->args->next;

    if (scope != NULL && scope->next != NULL)
        return bind_fail(b, node->at, "SEM0219",
                         "'table' takes the name of a table and a data scope");
    struct expr *name = bind_constant(b, node->args);
    if (name == NULL)
        return NULL;
    if (name->type != TYPE_STRING)
        return bind_fail(b, node->at, "SEM0100", "'table' takes the name of a table");
    if (scope != NULL && !is_data_scope(b, scope))
        return NULL;
    struct node named = {.kind = NODE_NAME, .at = node->at, .name = name->value.bytes};
    return bind_name_table(b, &named);
}

static struct plan *bind_call_table(struct binder *b, const struct node *node)
{
    const struct binding *v = bind_find_function(b, node->name);
    struct expr *expr = NULL;

    if (v == NULL && b->err->status != STATUS_OK)
        return NULL;
    if (node->by != NULL && !bind_is_own_database(node->by)) { /* what is here is another's */
        b->q->table_missing = true;
        return bind_fail(b, node->at, "SEM0100",
                         "tables of other databases and clusters are not supported");
    }
    if (bind_is_watchlist(node->name))
        return bind_watchlist(b, node);
    if (slice_is(node->name, "materialize"))
        return bind_materialize(b, node);
    if (slice_is(node->name, "table") && node->args != NULL)
        return bind_table_called(b, node);
    if (v != NULL && v->kind == BINDING_FUNCTION) {
        struct plan *plan = bind_function(b, v, node, NULL, &expr);
        if (plan == NULL && b->err->status == STATUS_OK)
            return bind_fail(b, node->at, "SEM0100", "'%.*s' gives a value, a table is needed",
                             SLICE_FMT(slice_head(node->name, 128)));
        return plan;
    }
    if (is_foreign(node->name) || node->by != NULL)
        return bind_fail(b, node->at, "SEM0100", "'%.*s' is not supported: there are no others",
                         SLICE_FMT(slice_head(node->name, 128)));
    if (v == NULL && node->args == NULL) /* a stored function without parameters */
        return bind_named_table(b, node->name, node->at);
    if (aggregate_find(node->name) != NULL)
        return bind_fail(b, node->at, "SEM0261",
                         "aggregate '%.*s' can only stand in summarize: Table | summarize "
                         "%.*s(...)",
                         SLICE_FMT(slice_head(node->name, 64)),
                         SLICE_FMT(slice_head(node->name, 64)));
    b->q->table_missing = true;
    return bind_unknown(b, node->at, "SEM0260", "function", node->name,
                        slice_from(NULL, 0));
}

static struct plan *bind_source_and_operators(struct binder *b, const struct node *node)
{
    if (++b->weight > QUERY_NODES_MAX) {
        bind_fail(b, node->at, "E_QUERY_TOO_COMPLEX", "query too complex");
        b->err->status = STATUS_LIMIT;
        return NULL;
    }
    if (query_check(b->q, b->err) != STATUS_OK)
        return NULL;
    switch (node->kind) {
    case NODE_PIPE: {
        struct plan *plan = bind_table(b, node->args);
        const struct binding *outer = b->bindings;
        for (const struct node *op = node->args->next; op != NULL && plan != NULL; op = op->next)
            plan = bind_operator(b, plan, node, op);
        b->bindings = outer;
        return plan;
    }
    case NODE_NAME:
        return bind_name_table(b, node);
    case NODE_CALL:
        return bind_call_table(b, node);
    case NODE_SOURCE:
        return bind_source(b, node);
    case NODE_OPERATOR:
        return bind_union_source(b, node);
    case NODE_MEMBER:
        if (bind_is_own_database(node->args))
            return bind_named_table(b, node->name, node->at);
        if (node->args->kind == NODE_NAME && bind_is_tabular(b, node->args))
            return bind_fail(b, node->at, "SEM0100",
                             "a column of a table is asked for behind a bar: %.*s | project %.*s",
                             SLICE_FMT(slice_head(node->args->name, 128)),
                             SLICE_FMT(slice_head(node->name, 128)));
        b->q->table_missing = true;
        return bind_fail(b, node->at, "SEM0100",
                         "tables of other databases and clusters are not supported");
    case NODE_FUNCTION:
    case NODE_LITERAL:
    case NODE_STAR:
    case NODE_INDEX:
    case NODE_UNARY:
    case NODE_BINARY:
    case NODE_IN:
    case NODE_BETWEEN:
    case NODE_NAMED:
    case NODE_ORDER:
    case NODE_COLUMN:
    case NODE_PARAM:
    case NODE_LET:
    case NODE_DECLARE:
    case NODE_TYPEOF:
    case NODE_RESTRICT:
    case NODE_ALIAS:
        break;
    }
    return bind_fail(b, node->at, "SEM0100",
                     "a value cannot stand here; a table is needed, as in: Table | where ...");
}

struct plan *bind_table(struct binder *b, const struct node *node)
{
    uint32_t row = b->row;

    if (!bind_enter(b, node->at, TABLE_LEVELS))
        return NULL;
    b->row = ++b->q->table_count;
    struct plan *plan = bind_source_and_operators(b, node);
    b->row = row;
    b->levels -= TABLE_LEVELS;
    return plan;
}

struct plan *bind_inner_table(struct binder *b, const struct node *node)
{
    struct scope scope = b->scope;
    struct aggregates *aggregates = b->aggregates;
    struct windows *windows = b->windows;

    b->scope = (struct scope){0};
    b->aggregates = NULL;
    b->windows = NULL;
    struct plan *plan = bind_table(b, node);
    b->scope = scope;
    b->aggregates = aggregates;
    b->windows = windows;
    return plan;
}

struct plan *bind_inner_column(struct binder *b, const struct node *node, uint32_t at,
                               const char *of)
{
    struct plan *plan = bind_inner_table(b, node);

    if (plan != NULL && plan->schema.column_count == 0)
        return bind_fail(b, at, "SEM0100", "the table of %s has no columns", of);
    return plan;
}
