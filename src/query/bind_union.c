/* SPDX-License-Identifier: Apache-2.0 */
/* bind_union.c - union: the inputs are projected to one schema. */
#include "base/limits.h"
#include "query/bind_priv.h"
#include "query/literal.h"

struct inputs {
    struct plan **plans;
    struct slice *names; /* for withsource */
    uint32_t count, capacity;
};

static bool add_input(struct binder *b, struct inputs *in, struct plan *plan, struct slice name)
{
    if (plan == NULL)
        return false;
    if (in->count == in->capacity) {
        uint32_t capacity = in->capacity == 0 ? 8 : in->capacity * 2;
        struct plan **plans = ARENA_ARRAY(b->q->arena, struct plan *, capacity, b->err);
        struct slice *names = ARENA_ARRAY(b->q->arena, struct slice, capacity, b->err);
        if (plans == NULL || names == NULL)
            return false;
        if (in->count > 0) {
            memcpy(plans, in->plans, in->count * sizeof(*plans));
            memcpy(names, in->names, in->count * sizeof(*names));
        }
        in->plans = plans;
        in->names = names;
        in->capacity = capacity;
    }
    in->plans[in->count] = plan;
    in->names[in->count++] = name;
    return true;
}

/* The rows of a table itself: what its view adds stands in other tables, which `*` names too. */
static struct plan *bind_own_rows(struct binder *b, const struct node *name)
{
    const struct query_env *env = b->q->request->env;
    struct table_source *source = NULL;
    struct error ignored = {0};
    struct binder inner = *b;

    if (bind_find(b, name->name) != NULL || env == NULL || env->table == NULL ||
        env->table(env->context, name->name, &source, &ignored) != STATUS_OK)
        return bind_table(b, name); /* of the query, or a view without a table */
    inner.views = &name->name;
    inner.view_count = 1;
    struct plan *plan = bind_named_table(&inner, name->name, name->at);
    b->weight = inner.weight;
    return plan;
}

static bool add_wildcard(struct binder *b, struct inputs *in, const struct node *node)
{
    struct names names = {0};
    bool is_all = slice_is(node->name, "*");

    if (!bind_wildcard(b, node->name, &names))
        return false;
    for (uint32_t i = 0; i < names.count; i++) {
        struct node name = {.kind = NODE_NAME, .at = node->at, .name = names.items[i]};
        struct plan *plan = is_all ? bind_own_rows(b, &name) : bind_table(b, &name);
        if (!add_input(b, in, plan, names.items[i]))
            return false;
    }
    if (!is_all)
        return true;
    struct plan *absent = bind_absent(b, &names, in->plans, in->count);
    return absent == NULL ? b->err->status == STATUS_OK
                          : add_input(b, in, absent, SLICE("*"));
}

/* The argument of table(). */
static struct slice called_table(struct binder *b, const struct node *name)
{
    struct scope scope = b->scope;

    b->scope = (struct scope){0};
    const struct expr *expr = bind_constant(b, name);
    b->scope = scope;
    return expr != NULL && expr->type == TYPE_STRING ? expr->value.bytes : slice_from(NULL, 0);
}

struct slice bind_table_of(struct binder *b, const struct node *source)
{
    while (source->kind == NODE_CALL && slice_is(source->name, "materialize") &&
           source->args != NULL)
        source = source->args;
    if (source->kind == NODE_CALL && slice_is(source->name, "table") && source->args != NULL)
        return called_table(b, source->args);
    if (source->kind == NODE_NAME || source->kind == NODE_CALL || source->kind == NODE_MEMBER)
        return source->name;
    return bind_as_name(source->kind == NODE_PIPE ? source->args->next : NULL);
}

/* What `withsource` says of a leg that is bound already. */
static struct slice source_name(struct binder *b, const struct node *leg, uint32_t number)
{
    struct slice name = bind_table_of(b, leg);
    struct buf buf;

    if (name.size > 0)
        return name;
    buf_init(&buf, 64);
    buf_add_text(&buf, "union_arg");
    buf_add_u64(&buf, number);
    name = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return name;
}

/* A name that a call computes is not computed for nothing. */
static bool add_leg(struct binder *b, struct inputs *in, const struct node *leg, bool named)
{
    struct plan *plan = bind_table(b, leg);

    if (plan == NULL)
        return false;
    struct slice name = named ? source_name(b, leg, in->count) : slice_from(NULL, 0);
    return b->err->status == STATUS_OK && add_input(b, in, plan, name);
}

static const struct node *find_source(const struct node *op)
{
    const struct node *source = bind_param(op, "withsource");

    return source != NULL ? source : bind_param(op, "with_source");
}

static bool says_yes(const struct node *op, const char *name)
{
    const struct node *param = bind_param(op, name);
    bool is_yes = false;

    if (param != NULL && !literal_bool(param->name, &is_yes))
        is_yes = param->kind == NODE_LITERAL && param->value.boolean;
    return is_yes;
}

/* Whether the union does without tables that are not there. */
static bool is_fuzzy(const struct binder *b, const struct node *op)
{
    const struct binding *set = bind_find(b, SLICE(BIND_SET "best_effort"));
    bool is_set = set != NULL && set->expr->type == TYPE_BOOL && !set->expr->value.is_null &&
                  set->expr->value.boolean;

    return is_set || says_yes(op, "isfuzzy") || says_yes(op, "best_effort");
}

static bool collect(struct binder *b, struct inputs *in, const struct node *op)
{
    bool fuzzy = is_fuzzy(b, op);
    bool named = find_source(op) != NULL;
    struct error first = {0};
    uint32_t first_at = 0;
    uint32_t absent = 0;

    for (const struct node *t = op->args; t != NULL; t = t->next) {
        uint32_t before = in->count;
        bool guessed = b->q->has_guessed;
        b->q->table_missing = false;
        bool ok = t->kind == NODE_STAR ? add_wildcard(b, in, t) : add_leg(b, in, t, named);
        if (ok)
            continue;
        /* Only what is not there is left out; a mistake is one all the same. */
        if (!fuzzy || !b->q->table_missing || b->err->status != STATUS_INVALID)
            return false;
        if (absent++ == 0) {
            first = *b->err;
            first_at = t->at;
        }
        *b->err = (struct error){0};
        b->q->has_guessed = guessed; /* by others: that a table is not there comes of no guess */
        b->q->table_missing = false; /* or a mistake behind this union is none for one around it */
        in->count = before;
    }
    /* One warning a union: a rule names dozens of tables, and there is room for few warnings. */
    if (in->count > 0 && absent == 1)
        bind_warn(b, first_at, "KS_ABSENT", "the union does without it: %s", first.text);
    else if (in->count > 0 && absent > 1)
        bind_warn(b, first_at, "KS_ABSENT", "the union does without it and %u more: %s", absent - 1,
                  first.text);
    if (in->count > 0)
        return true;
    b->q->table_missing = absent > 0;
    if (absent > 0)
        *b->err = first;
    else
        bind_fail(b, op->at, "SEM0100", "union has no table");
    return false;
}

/* ---- one schema for all ---- */

struct merged {
    struct column *columns;
    struct slice *names; /* of the result: where inputs differ in the type, with the type */
    uint32_t count;
};

static uint32_t find(const struct merged *m, struct slice name, enum type type)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (slice_equal(m->columns[i].name, name) && m->columns[i].type == type)
            return i;
    }
    return UINT32_MAX;
}

static bool in_all(const struct inputs *in, const struct column *column)
{
    for (uint32_t i = 0; i < in->count; i++) {
        uint32_t c = schema_find(&in->plans[i]->schema, column->name);
        if (c == UINT32_MAX || in->plans[i]->schema.columns[c].type != column->type)
            return false;
    }
    return true;
}

static bool merge(struct binder *b, const struct inputs *in, bool inner, struct merged *m)
{
    uint32_t room = 1;

    for (uint32_t i = 0; i < in->count; i++)
        room += in->plans[i]->schema.column_count;
    m->columns = ARENA_ARRAY(b->q->arena, struct column, room, b->err);
    for (uint32_t i = 0; i < in->count && m->columns != NULL; i++) {
        const struct schema *s = &in->plans[i]->schema;
        if (query_check(b->q, b->err) != STATUS_OK)
            return false;
        for (uint32_t c = 0; c < s->column_count; c++) {
            if (find(m, s->columns[c].name, s->columns[c].type) != UINT32_MAX ||
                (inner && !in_all(in, &s->columns[c])))
                continue;
            if (m->count >= TABLE_COLUMNS_MAX) {
                bind_fail(b, 0, "E_RUNAWAY_QUERY", "union has more than %u columns",
                          TABLE_COLUMNS_MAX);
                return false;
            }
            m->columns[m->count++] = s->columns[c];
        }
    }
    return m->columns != NULL;
}

static bool is_taken(const struct merged *m, struct slice name)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (slice_equal(m->columns[i].name, name))
            return true;
    }
    return false;
}

/* x_long; x_long1 where some input has a column x_long of its own. */
static struct slice typed_name(struct binder *b, const struct merged *m,
                               const struct column *column)
{
    struct buf buf;

    buf_init(&buf, column->name.size + 32); /* _timespan and a number */
    buf_add_slice(&buf, column->name);
    buf_add_byte(&buf, '_');
    buf_add_text(&buf, type_name(column->type));
    size_t size = buf.size;
    for (uint32_t n = 1; !buf.failed && is_taken(m, buf_slice(&buf)); n++) {
        buf.size = size;
        buf_add_u64(&buf, n);
    }
    struct slice name = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return name;
}

static bool has_variant(const struct merged *m, const struct column *column)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (m->columns[i].type != column->type && slice_equal(m->columns[i].name, column->name))
            return true;
    }
    return false;
}

/* What `withsource` names; "" without. */
static struct slice source_column(const struct node *source)
{
    return source == NULL                 ? SLICE("")
           : source->kind == NODE_LITERAL ? source->value.bytes
                                          : source->name;
}

/* A column of the inputs that is called like that of the source gets a number. */
static struct slice beside_source(struct binder *b, const struct merged *m, struct slice name,
                                  struct slice source)
{
    struct slice free = name;

    for (uint32_t n = 1; slice_equal(free, source) || (n > 1 && is_taken(m, free)); n++) {
        free = bind_numbered(b, name, n);
        if (free.data == NULL)
            break;
    }
    return free;
}

static bool name_columns(struct binder *b, const struct node *source, struct merged *m)
{
    struct slice taken = source_column(source);

    m->names = ARENA_ARRAY(b->q->arena, struct slice, m->count + 1, b->err);
    for (uint32_t i = 0; i < m->count && m->names != NULL; i++) {
        m->names[i] = has_variant(m, &m->columns[i]) ? typed_name(b, m, &m->columns[i])
                                                     : m->columns[i].name;
        if (source != NULL && slice_equal(m->names[i], taken))
            m->names[i] = beside_source(b, m, m->names[i], taken);
    }
    return m->names != NULL && b->err->status == STATUS_OK;
}

static struct plan *conform(struct binder *b, const struct inputs *in, uint32_t index,
                            const struct merged *m, const struct node *source)
{
    struct output *outputs = ARENA_ARRAY(b->q->arena, struct output, m->count + 2, b->err);
    const struct schema *s = &in->plans[index]->schema;
    uint32_t count = 0;

    if (outputs == NULL || query_check(b->q, b->err) != STATUS_OK)
        return NULL;
    if (source != NULL) {
        struct value name = {.type = TYPE_STRING, .bytes = in->names[index]};
        outputs[count].name = source_column(source);
        outputs[count++].expr = bind_const_expr(b, &name, 0);
        if (outputs[0].expr == NULL)
            return NULL;
    }
    for (uint32_t i = 0; i < m->count; i++) {
        const struct column *column = &m->columns[i];
        uint32_t c = schema_find(s, column->name);
        struct value null = {.type = column->type, .is_null = column->type != TYPE_STRING};
        outputs[count].name = m->names[i];
        outputs[count].expr = c != UINT32_MAX && s->columns[c].type == column->type
                                  ? bind_column_expr(b, c, column->type, 0)
                                  : bind_const_expr(b, &null, 0);
        if (outputs[count++].expr == NULL)
            return NULL;
    }
    return plan_project_over(b->q, in->plans[index], outputs, count, b->err);
}

/* Each of the inputs with the columns of all, in *ret; NULL without. */
static struct plan **conform_all(struct binder *b, const struct inputs *in,
                                 const struct node *op, struct merged *m)
{
    struct plan **plans = ARENA_ARRAY(b->q->arena, struct plan *, in->count + 1, b->err);
    const struct node *source = find_source(op);

    if (plans == NULL || !merge(b, in, bind_option_is(op, "kind", "inner"), m) ||
        !name_columns(b, source, m))
        return NULL;
    for (uint32_t i = 0; i < in->count; i++) {
        plans[i] = conform(b, in, i, m, source);
        if (plans[i] == NULL)
            return NULL;
    }
    return plans;
}

static struct plan *unite(struct binder *b, const struct inputs *in, const struct node *op)
{
    struct merged m = {0};
    struct plan **plans = conform_all(b, in, op, &m);
    bool is_open = false;

    if (plans == NULL)
        return NULL;
    for (uint32_t i = 0; i < in->count; i++)
        is_open = is_open || in->plans[i]->is_open;
    struct plan *plan = in->count == 1 ? plans[0] : plan_union(b->q, plans, in->count, b->err);
    if (plan != NULL)
        plan->is_open = is_open;
    return plan;
}

struct plan *bind_union_source(struct binder *b, const struct node *node)
{
    struct inputs in = {0};
    struct scope scope = b->scope;

    if (!slice_is(node->name, "union"))
        return bind_fail(b, node->at, "SYN0002", "'%.*s' needs a table in front of it",
                         SLICE_FMT(node->name));
    if (!bind_check_options(b, node))
        return NULL;
    b->scope = (struct scope){0};
    struct plan *plan = collect(b, &in, node) ? unite(b, &in, node) : NULL;
    b->scope = scope;
    return plan;
}

static bool has_named(const struct plan *plan, const struct found *all, const uint8_t *named)
{
    bool found = false;

    for (uint32_t c = 1; c < all->schema->column_count && !found; c++)
        found = named[c] != 0 && schema_find(&plan->schema, all->bases[c]) != UINT32_MAX;
    return found;
}

static void keep_named(struct inputs *in, const struct found *all, const uint8_t *named)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < in->count; i++) {
        if (!has_named(in->plans[i], all, named))
            continue;
        in->plans[kept] = in->plans[i];
        in->names[kept++] = in->names[i];
    }
    in->count = kept > 0 ? kept : in->count;
}

/* What is said of the columns: the first is the table's name. */
static bool describe(struct binder *b, const struct inputs *in, const struct merged *m,
                     struct found *ret)
{
    struct slice *bases = ARENA_ARRAY(b->q->arena, struct slice, m->count + 1, b->err);

    ret->owns = ARENA_ARRAY(b->q->arena, const struct schema *, in->count + 1, b->err);
    ret->common = arena_alloc(b->q->arena, m->count + 1, b->err);
    if (bases == NULL || ret->owns == NULL || ret->common == NULL)
        return false;
    ret->count = in->count;
    ret->schema = &ret->plans[0]->schema;
    ret->bases = bases;
    bases[0] = ret->schema->columns[0].name;
    for (uint32_t i = 0; i < in->count; i++)
        ret->owns[i] = &in->plans[i]->schema;
    for (uint32_t c = 0; c < m->count; c++) {
        bases[c + 1] = m->columns[c].name;
        ret->common[c + 1] = in_all(in, &m->columns[c]);
        ret->has_variants = ret->has_variants ||
                            !slice_equal(bases[c + 1], ret->schema->columns[c + 1].name);
    }
    return true;
}

bool bind_find_tables(struct binder *b, const struct node *node, const struct found *all,
                      const uint8_t *named, struct found *ret)
{
    struct inputs in = {0};
    struct merged m = {0};
    struct scope scope = b->scope;

    b->scope = (struct scope){0};
    bool ok = collect(b, &in, node);
    b->scope = scope;
    if (!ok)
        return false;
    if (all != NULL)
        keep_named(&in, all, named);
    *ret = (struct found){.plans = conform_all(b, &in, node, &m)};
    if (ret->plans == NULL)
        return false;
    /* What is asked of a column of that name is asked of the tables'. */
    struct slice source = source_column(find_source(node));
    if (source.size > 0 && is_taken(&m, source)) {
        bind_fail(b, node->at, "SEM0111",
                  "the tables have a column '%.*s': name another one for the source",
                  SLICE_FMT(slice_head(source, 128)));
        return false;
    }
    return describe(b, &in, &m, ret);
}

struct plan *bind_union(struct binder *b, struct plan *input, const struct node *op)
{
    struct inputs in = {0};
    struct scope scope = b->scope;
    const struct node *prefix = b->pipe == NULL ? NULL : bind_prefix(b, b->pipe, op);

    if (b->pipe != NULL && prefix == NULL)
        return NULL;
    if (prefix != NULL && prefix->args->next == NULL)
        prefix = prefix->args; /* the union of a table without operators */
    b->scope = (struct scope){0};
    struct slice name = prefix == NULL || find_source(op) == NULL ? SLICE("union_arg0")
                                                                  : source_name(b, prefix, 0);
    struct plan *plan =
        add_input(b, &in, input, name) && collect(b, &in, op) ? unite(b, &in, op) : NULL;
    b->scope = scope;
    return plan;
}
