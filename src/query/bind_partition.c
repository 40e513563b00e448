/* SPDX-License-Identifier: Apache-2.0 */
/* bind_partition.c - partition, and scan with its steps. */
#include "base/limits.h"
#include "query/bind_priv.h"
#include "query/complete_priv.h"
#include "query/rowset_priv.h"

#include <math.h>

#define QUERIES_MAX 64u /* of a partition, as documented */

/* The parts of `op` when each is bound by itself. */
struct parting {
    const struct node *op;
    uint32_t column;
    struct plan *cell; /* all rows, where the operators run on each part; NULL: a query */
};

/* The query in braces with the column's value as a name. */
static struct plan *bind_for_key(struct binder *b, const struct node *op,
                                 const struct value *value)
{
    const struct binding *outer = b->bindings;
    struct scope scope = b->scope;
    struct binding key = {.name = op->by->name,
                          .kind = BINDING_SCALAR,
                          .expr = bind_const_expr(b, value, op->by->at)};

    if (key.expr == NULL || !bind_push(b, &key))
        return NULL;
    b->scope = (struct scope){0};
    struct plan *plan = bind_table(b, op->args);
    b->bindings = outer;
    b->scope = scope;
    return plan;
}

/* Whether the column has the value; a value that equals nothing is asked for by name. */
static struct expr *bind_is_key(struct binder *b, struct node *name, const struct value *value)
{
    bool is_nan = value->type == TYPE_REAL && !value->is_null && isnan(value->real);
    struct node literal = {.kind = NODE_LITERAL, .at = name->at, .value = *value};
    struct node is = {.kind = NODE_BINARY, .at = name->at, .name = SLICE("=="), .args = name};
    struct node text = {.kind = NODE_CALL, .at = name->at, .name = SLICE("tostring"), .args = name};

    name->next = NULL;
    if (value->is_null || is_nan) {
        is.kind = NODE_CALL;
        is.name = is_nan ? SLICE("isnan") : SLICE("isnull");
    } else if (value->type == TYPE_DYNAMIC) {
        struct node other = text;
        other.args = &literal;
        text.next = &other;
        is.args = &text;
        return bind_expr(b, &is);
    } else {
        name->next = &literal;
    }
    return bind_expr(b, &is);
}

/* The operators in parentheses on the rows with the value, as a pipe of its own: so `as`
 * can name them.  value: NULL for no rows. */
static struct plan *bind_part(struct binder *b, const struct parting *p,
                              const struct value *value)
{
    struct node *nodes = ARENA_ARRAY(b->q->arena, struct node, 3, b->err);
    const struct binding *outer = b->bindings;
    struct scope scope = b->scope;
    struct plan *part = nodes == NULL ? NULL : plan_reader(b->q, p->cell, b->err);
    struct binding v = {.name = SLICE("\001part"), .kind = BINDING_CELL};

    if (part == NULL)
        return NULL;
    if (value != NULL) {
        nodes[0] = *p->op->by;
        b->scope = (struct scope){.columns = &part->schema};
        struct expr *is_key = bind_is_key(b, &nodes[0], value);
        b->scope = scope;
        part = is_key == NULL ? NULL : plan_where(b->q, part, is_key, b->err);
    } else {
        part = plan_take(b->q, part, 0, b->err);
    }
    v.plan = part == NULL ? NULL : plan_cell(b->q, part, b->err);
    if (v.plan == NULL || !bind_push(b, &v))
        return NULL;
    nodes[1] = (struct node){.kind = NODE_PIPE, .at = p->op->at, .args = &nodes[2]};
    nodes[2] = (struct node){
        .kind = NODE_NAME, .at = p->op->at, .name = v.name, .next = p->op->body};
    b->scope = (struct scope){0};
    struct plan *plan = bind_table(b, &nodes[1]);
    b->bindings = outer;
    b->scope = scope;
    return plan;
}

static bool is_same_schema(const struct schema *a, const struct schema *c)
{
    bool same = a->column_count == c->column_count;

    for (uint32_t i = 0; same && i < a->column_count; i++)
        same = a->columns[i].type == c->columns[i].type &&
               slice_equal(a->columns[i].name, c->columns[i].name);
    return same;
}

/* The values of the column; *ret: NULL where nothing runs. */
static bool find_keys(struct binder *b, struct plan *input, const struct parting *p,
                      struct rowset **ret)
{
    const struct node *by = p->op->by;
    enum type type = input->schema.columns[p->column].type;
    struct output key = {by->name, bind_column_expr(b, p->column, type, by->at)};
    struct plan *distinct =
        key.expr == NULL ? NULL : plan_summarize(b->q, input, &key, 1, NULL, 0, b->err);

    if (distinct == NULL || !bind_run(b, distinct, p->op->at, ret))
        return false;
    if (*ret == NULL || (*ret)->row_count <= QUERIES_MAX)
        return true;
    return bind_fail(b, p->op->at, "SEM0100", "partition by more than %u values%s", QUERIES_MAX,
                     p->cell != NULL ? ", which is the most where `as` names the rows" : "") !=
           NULL;
}

/* A query that is bound for each value of the column. */
static struct plan *partition_queries(struct binder *b, struct plan *input,
                                      const struct parting *p)
{
    struct plan *plans[QUERIES_MAX];
    struct rowset *rows = NULL;

    if (!find_keys(b, input, p, &rows))
        return NULL;
    uint64_t count = rows == NULL ? 0 : rows->row_count;
    if (count == 0) { /* for its columns */
        enum type type = input->schema.columns[p->column].type;
        struct value none = {.type = type, .is_null = type != TYPE_STRING};
        plans[0] = p->cell != NULL ? bind_part(b, p, NULL) : bind_for_key(b, p->op, &none);
        return plans[0] == NULL ? NULL : plan_take(b->q, plans[0], 0, b->err);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct value value = rowset_value(rows, i, 0);
        plans[i] = p->cell != NULL ? bind_part(b, p, &value) : bind_for_key(b, p->op, &value);
        if (plans[i] == NULL)
            return NULL;
        if (!is_same_schema(&plans[0]->schema, &plans[i]->schema))
            return bind_fail(b, p->op->at, "SEM0100",
                             "the queries of a partition differ in columns");
    }
    return count == 1 ? plans[0] : plan_union(b->q, plans, (uint32_t)count, b->err);
}

/* Rows that are named to be read again are those of one part. */
static bool names_rows(const struct node *operators)
{
    for (const struct node *o = operators; o != NULL && o->next != NULL; o = o->next) {
        if (slice_is(o->name, "as"))
            return true;
    }
    return false;
}

struct plan *bind_partition(struct binder *b, struct plan *input, const struct node *op)
{
    struct parting p = {op, schema_find(&input->schema, op->by->name), NULL};
    struct scope scope = b->scope;

    if (p.column == UINT32_MAX)
        return bind_expr(b, op->by) == NULL
                   ? NULL
                   : bind_fail(b, op->by->at, "SEM0100", "partition needs a column");
    if (op->args != NULL)
        return partition_queries(b, input, &p);
    if (names_rows(op->body)) {
        p.cell = plan_cell(b->q, input, b->err);
        input = p.cell == NULL ? NULL : plan_reader(b->q, p.cell, b->err);
        return input == NULL ? NULL : partition_queries(b, input, &p);
    }
    struct plan *inner = plan_given(b->q, input, &input->schema, b->err);
    for (const struct node *o = op->body; o != NULL && inner != NULL; o = o->next)
        inner = bind_operator(b, inner, NULL, o);
    b->scope = scope;
    return inner == NULL ? NULL : plan_partition(b->q, input, p.column, inner, b->err);
}

/* ---- scan ---- */

struct scanning {
    const struct node *op;
    struct column *columns; /* the row's, then each step's under hidden names */
    struct value *defaults;
    struct step *steps;
    struct schema schema, row;
    uint32_t width;
};

/* The column `name` of step number `step`, as the expressions know it. */
static struct slice hidden_name(struct binder *b, uint32_t step, struct slice name)
{
    char prefix[16] = {1, (char)('0' + step / 10), (char)('0' + step % 10), '.', 0};
    return bind_join_name(b, prefix, name);
}

/* step.column becomes the hidden column's name. */
static const struct node *name_state(struct binder *b, void *context, const struct node *node)
{
    const struct scanning *s = context;
    uint32_t index = 0;

    if (node->kind != NODE_MEMBER || node->args->kind != NODE_NAME)
        return NULL;
    for (const struct node *step = s->op->body; step != NULL; step = step->next, index++) {
        if (!slice_equal(step->name, node->args->name))
            continue;
        if (schema_find(&s->row, node->name) == UINT32_MAX)
            return bind_unknown(b, node->at, "SEM0100", "column", node->name,
                                slice_from(NULL, 0));
        struct node *name = ARENA_NEW(b->q->arena, struct node, b->err);
        if (name == NULL)
            return NULL;
        *name = (struct node){.kind = NODE_NAME,
                              .at = node->at,
                              .name = hidden_name(b, index, node->name)};
        return name;
    }
    return NULL;
}

static bool bind_columns(struct binder *b, const struct plan *input, struct scanning *s)
{
    uint32_t inputs = input->schema.column_count;
    uint32_t steps = node_count(s->op->body);
    uint32_t at = inputs;

    s->width = inputs + node_count(s->op->by);
    s->columns =
        ARENA_ARRAY(b->q->arena, struct column, (uint64_t)s->width * (steps + 1) + 1, b->err);
    s->defaults = ARENA_ARRAY(b->q->arena, struct value, s->width + 1, b->err);
    if (s->columns == NULL || s->defaults == NULL)
        return false;
    memcpy(s->columns, input->schema.columns, inputs * sizeof(*s->columns));
    for (const struct node *c = s->op->by; c != NULL; c = c->next, at++) {
        if (!bind_has_room(b, at, c->at))
            return false;
        s->columns[at] = (struct column){c->name, c->value.type};
        if (schema_find(&(struct schema){s->columns, at}, c->name) != UINT32_MAX) {
            bind_fail(b, c->at, "SEM0111", "column '%.*s' is there already",
                      SLICE_FMT(slice_head(c->name, 128)));
            return false;
        }
    }
    for (uint32_t i = 0; i < s->width; i++)
        s->defaults[i] = (struct value){.type = s->columns[i].type,
                                        .is_null = s->columns[i].type != TYPE_STRING};
    at = inputs;
    for (const struct node *c = s->op->by; c != NULL; c = c->next, at++) {
        if (c->args == NULL)
            continue;
        struct expr *value = bind_cast(b, bind_constant(b, c->args), c->value.type);
        if (value == NULL)
            return false;
        s->defaults[at] = value->value;
    }
    for (uint32_t i = 0; i < s->width * steps; i++) {
        struct column *c = &s->columns[s->width + i];
        *c = s->columns[i % s->width];
        c->name = hidden_name(b, i / s->width, c->name);
        if (c->name.data == NULL)
            return false;
    }
    s->schema = (struct schema){s->columns, s->width * (steps + 1)};
    s->row = (struct schema){s->columns, s->width};
    return true;
}

static struct expr *bind_in_step(struct binder *b, struct scanning *s, const struct node *node)
{
    struct node one = *node;

    one.next = NULL;
    struct node *named = bind_rewrite(b, &one, name_state, s);
    return named == NULL ? NULL : bind_expr(b, named);
}

static bool bind_step(struct binder *b, struct scanning *s, const struct node *node,
                      struct step *ret)
{
    uint32_t count = node_count(node->by);
    uint32_t *targets = ARENA_ARRAY(b->q->arena, uint32_t, count + 1, b->err);

    ret->values = ARENA_ARRAY(b->q->arena, struct expr *, count + 1, b->err);
    ret->targets = targets;
    if (targets == NULL || ret->values == NULL)
        return false;
    ret->condition = bind_cast(b, bind_in_step(b, s, node->args), TYPE_BOOL);
    if (ret->condition == NULL)
        return false;
    if (node->params != NULL && !slice_is(node->params->name, "all")) {
        bool last = slice_is(node->params->name, "last");
        if (!last && !slice_is(node->params->name, "none")) {
            return bind_refuse_value(b, node->params->at, "an output of a step",
                                     node->params->name, &complete_step_outputs);
        }
        ret->output = last ? STEP_LAST : STEP_NONE;
    }
    for (const struct node *a = node->by; a != NULL; a = a->next) {
        uint32_t target =
            a->kind == NODE_NAMED ? schema_find(&s->row, a->by->name) : UINT32_MAX;
        if (target == UINT32_MAX) {
            bind_fail(b, a->at, "SEM0100", "a step assigns to columns of the input and declared"
                                           " ones only");
            return false;
        }
        struct expr *value = bind_in_step(b, s, a->args);
        targets[ret->value_count] = target;
        ret->values[ret->value_count] = bind_cast(b, value, s->columns[target].type);
        if (ret->values[ret->value_count++] == NULL)
            return false;
    }
    return true;
}

static struct plan *bind_steps(struct binder *b, struct plan *input, struct scanning *s)
{
    const struct node *id = bind_param(s->op, "with_match_id");
    struct schema *schemas = ARENA_ARRAY(b->q->arena, struct schema, 2, b->err);
    struct column *result = ARENA_ARRAY(b->q->arena, struct column, s->width + 1, b->err);

    if (schemas == NULL || result == NULL)
        return NULL;
    memcpy(result, s->columns, s->width * sizeof(*result));
    if (id != NULL && schema_find(&(struct schema){s->columns, s->width}, id->name) != UINT32_MAX)
        return bind_fail(b, id->at, "SEM0111",
                         "column '%.*s' is there already: call the number of the match otherwise",
                         SLICE_FMT(slice_head(id->name, 128)));
    if (id != NULL)
        result[s->width] = (struct column){id->name, TYPE_LONG};
    schemas[0] = s->schema;
    schemas[1] = (struct schema){result, s->width + (id != NULL)};
    struct steps_spec spec = {.steps = s->steps,
                              .step_count = node_count(s->op->body),
                              .width = s->width,
                              .defaults = s->defaults,
                              .schema = &schemas[0],
                              .result = &schemas[1],
                              .with_id = id != NULL};
    return plan_steps(b->q, input, &spec, b->err);
}

#define STEPS_MAX 99u

static bool bind_each_step(struct binder *b, struct scanning *s, struct step *step)
{
    struct scope outer = b->scope;
    bool is_bound = true;

    b->scope = (struct scope){.columns = &s->schema};
    for (const struct node *n = s->op->body; n != NULL && is_bound; n = n->next)
        is_bound = bind_step(b, s, n, step++);
    b->scope = outer;
    return is_bound;
}

struct plan *bind_scan(struct binder *b, struct plan *input, const struct node *op)
{
    struct scanning s = {.op = op};

    if (node_count(op->body) > STEPS_MAX)
        return bind_fail(b, op->at, "E_QUERY_TOO_COMPLEX", "scan has more than %u steps",
                         STEPS_MAX);
    if (!bind_columns(b, input, &s))
        return NULL;
    struct step *steps = ARENA_ARRAY(b->q->arena, struct step, node_count(op->body), b->err);
    if (steps == NULL || !bind_each_step(b, &s, steps))
        return NULL;
    s.steps = steps;
    return bind_steps(b, input, &s);
}
