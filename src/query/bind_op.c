/* SPDX-License-Identifier: Apache-2.0 */
/* bind_op.c - operators that become where, project, sort, take. */
#include "query/bind_priv.h"
#include "query/fn_priv.h"
#include "query/rowset_priv.h"

#include "base/limits.h"
#include "base/text.h"

const struct node *bind_param(const struct node *op, const char *name)
{
    for (const struct node *p = op->params; p != NULL; p = p->next) {
        if (slice_equal_nocase(p->name, slice_of(name)))
            return p->args;
    }
    return NULL;
}

bool bind_option_is(const struct node *op, const char *name, const char *word)
{
    const struct node *value = bind_param(op, name);

    return value != NULL && value->kind == NODE_NAME &&
           slice_equal_nocase(value->name, slice_of(word));
}

bool bind_pattern_matches(struct slice pattern, struct slice name)
{
    size_t p = 0;
    size_t n = 0;
    size_t star = SIZE_MAX;
    size_t mark = 0;

    while (n < name.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.size && pattern.data[p] == name.data[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

struct slice bind_join_name(struct binder *b, const char *prefix, struct slice name)
{
    struct buf buf;

    buf_init(&buf, strlen(prefix) + name.size + 1);
    buf_add_text(&buf, prefix);
    buf_add_slice(&buf, name);
    struct slice both = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return both;
}

struct output *bind_all(struct binder *b, const struct schema *schema, uint32_t extra)
{
    struct output *outputs =
        ARENA_ARRAY(b->q->arena, struct output, schema->column_count + extra + 1, b->err);

    for (uint32_t i = 0; outputs != NULL && i < schema->column_count; i++) {
        outputs[i].name = schema->columns[i].name;
        outputs[i].expr = bind_column_expr(b, i, schema->columns[i].type, 0);
        if (outputs[i].expr == NULL)
            return NULL;
    }
    return outputs;
}

static uint32_t find_output(const struct output *outputs, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(outputs[i].name, name))
            return i;
    }
    return UINT32_MAX;
}

struct slice bind_numbered(struct binder *b, struct slice name, uint32_t number)
{
    struct buf buf;

    buf_init(&buf, name.size + 16);
    buf_add_slice(&buf, name);
    buf_add_u64(&buf, number);
    struct slice both = arena_copy(b->q->arena, buf_slice(&buf), b->err);
    buf_release(&buf);
    return both;
}

bool bind_has_room(struct binder *b, uint32_t count, uint32_t at)
{
    return count < TABLE_COLUMNS_MAX ||
           bind_fail(b, at, "E_RUNAWAY_QUERY", "more than %u columns", TABLE_COLUMNS_MAX) != NULL;
}

/* The number behind `name` in `full` as bind_numbered() writes it; 0: another name. */
static uint32_t number_behind(struct slice full, struct slice name)
{
    uint64_t number;

    if (full.size <= name.size || full.data[name.size] < '1' || full.data[name.size] > '9' ||
        !slice_equal(slice_head(full, name.size), name) ||
        !text_parse_u64(slice_tail(full, name.size), &number) || number > TABLE_COLUMNS_MAX)
        return 0;
    return (uint32_t)number;
}

struct slice bind_free_name(struct binder *b, const struct output *outputs, uint32_t count,
                            struct slice name)
{
    bool taken[TABLE_COLUMNS_MAX + 1] = {0};
    uint32_t n = 1;

    if (find_output(outputs, count, name) == UINT32_MAX)
        return name;
    for (uint32_t i = 0; i < count; i++)
        taken[number_behind(outputs[i].name, name)] = true;
    while (n <= TABLE_COLUMNS_MAX && taken[n])
        n++;
    return bind_numbered(b, name, n);
}

/* ---- where ---- */

/* Runs `plan` under the windows that binding its expressions found. */
static struct plan *under_windows(struct binder *b, struct plan *plan,
                                  const struct windows *windows)
{
    return windows->count == 0
               ? plan
               : plan_window(b->q, plan, windows->calls, windows->count, b->err);
}

struct plan *bind_where(struct binder *b, struct plan *input, const struct node *op)
{
    struct windows windows = {.base = input->schema.column_count,
                              .is_ordered = input->is_serialized};

    b->windows = &windows;
    struct expr *predicate = bind_expr(b, op->args);
    b->windows = NULL;
    if (predicate == NULL)
        return NULL;
    if (predicate->type != TYPE_BOOL && predicate->type != TYPE_DYNAMIC &&
        !type_is_number(predicate->type))
        return bind_fail(b, op->args->at, "SEM0106", "where needs a bool, found %s%s",
                         type_phrase(predicate->type),
                         op->args->kind == NODE_NAMED ? "; compare with '=='" : "");
    if (op->args->kind == NODE_NAMED)
        bind_warn(b, op->args->at, "KS_EQUALS", "'=' gives a name: compare with '=='");
    predicate = bind_cast(b, predicate, TYPE_BOOL);
    if (predicate != NULL) {
        bind_warn_predicate(b, op->args->at, predicate);
        bind_warn_unfilled(b, input, predicate);
    }
    struct plan *below = under_windows(b, input, &windows);
    struct plan *where =
        predicate == NULL || below == NULL ? NULL
                                           : plan_where_below(b->q, below, predicate, b->err);
    if (where == NULL || windows.count == 0)
        return where;
    struct output *outputs = bind_all(b, &input->schema, 0);
    return outputs == NULL ? NULL
                           : plan_project(b->q, where, outputs, input->schema.column_count, b->err);
}

/* ---- project and extend ---- */

struct list {
    struct output *outputs;
    bool *named; /* which of them the query itself names */
    uint32_t count, fixed; /* fixed: columns of the input in front (extend) */
    uint32_t items, unnamed;
    const char *prefix;
    bool is_print; /* whose columns are numbered by their place */
    bool keeps;    /* what the input has, as extend does */
};

static bool put(struct binder *b, struct list *list, struct slice name, struct expr *expr,
                bool named, uint32_t at)
{
    uint32_t old = find_output(list->outputs, list->count, name);

    if (old != UINT32_MAX && old < list->fixed) {
        list->outputs[old].expr = expr;
        return true;
    }
    if (old != UINT32_MAX && named && list->named[old]) {
        bind_fail(b, at, "SEM0111", "column '%.*s' stands twice",
                  SLICE_FMT(slice_head(name, 128)));
        return false;
    }
    if (!bind_has_room(b, list->count, at))
        return false;
    name = bind_free_name(b, list->outputs, list->count, name);
    if (name.data == NULL)
        return false;
    list->named[list->count] = named;
    list->outputs[list->count++] = (struct output){name, expr};
    return true;
}

/* The next number for a column without a name; extend leaves those of the input alone. */
static struct slice next_number(struct binder *b, struct list *list)
{
    struct slice name;

    if (list->is_print)
        return bind_numbered(b, slice_of(list->prefix), list->items);
    do {
        name = bind_numbered(b, slice_of(list->prefix), ++list->unnamed);
    } while (name.data != NULL && find_output(list->outputs, list->fixed, name) != UINT32_MAX);
    return name;
}

/* (a, b) = f(): the elements of the array f gives. */
static bool put_multi(struct binder *b, struct list *list, const struct node *item,
                      struct expr *expr)
{
    int64_t index = 0;

    if (expr->type != TYPE_DYNAMIC) {
        bind_fail(b, item->at, "SEM0100", "several names need a dynamic array");
        return false;
    }
    for (const struct node *name = item->by; name != NULL; name = name->next) {
        struct value at = {.type = TYPE_LONG, .integer = index++};
        struct expr *args[2] = {expr, bind_const_expr(b, &at, item->at)};
        struct expr *element =
            args[1] == NULL
                ? NULL
                : bind_invoke(b, item->at, &operator_element, args, 2, TYPE_DYNAMIC);
        if (element == NULL || !put(b, list, name->name, element, true, item->at))
            return false;
    }
    return true;
}

static bool bind_item(struct binder *b, struct list *list, const struct node *item,
                      const struct schema *schema)
{
    if (item->kind == NODE_STAR) {
        for (uint32_t i = 0; i < schema->column_count; i++) {
            struct expr *expr = bind_column_expr(b, i, schema->columns[i].type, item->at);
            if (!bind_pattern_matches(item->name, schema->columns[i].name))
                continue;
            if (expr == NULL || !put(b, list, schema->columns[i].name, expr, false, item->at))
                return false;
        }
        return true;
    }
    struct expr *expr = bind_expr(b, item);
    if (expr == NULL)
        return false;
    struct multi multi;
    if (!bind_multi(b, item, expr, !list->is_print && !list->keeps, &multi))
        return false;
    for (uint32_t i = 0; i < multi.count; i++) {
        if (!put(b, list, multi.names[i], multi.exprs[i], i < multi.named, item->at))
            return false;
    }
    if (multi.count > 0)
        return true;
    if ((item->flags & NODE_MULTI) != 0 && item->by->next != NULL)
        return put_multi(b, list, item, expr);
    struct slice name = bind_name_of(b, item);
    bool named = item->kind == NODE_NAMED || item->kind == NODE_NAME;
    if (list->is_print && item->kind != NODE_NAMED)
        name = slice_from(NULL, 0);
    if (name.size == 0)
        name = next_number(b, list);
    return put(b, list, name, expr, named, item->at);
}

static uint32_t list_room(const struct node *items, const struct schema *schema)
{
    uint32_t room = 1;

    for (const struct node *item = items; item != NULL; item = item->next)
        room += item->kind == NODE_STAR    ? schema->column_count
                : item->kind == NODE_CALL  ? MULTI_MAX
                : item->kind == NODE_NAMED ? MULTI_MAX + node_count(item->by)
                                           : 1 + node_count(item->by);
    return room;
}

static struct plan *bind_list(struct binder *b, struct plan *input, const struct node *items,
                              bool keep, const char *prefix)
{
    struct windows windows = {.base = input->schema.column_count,
                              .is_ordered = input->is_serialized};
    struct list list = {.prefix = prefix, .is_print = prefix[0] == 'p', .keeps = keep};
    uint32_t room = list_room(items, &input->schema);

    list.outputs = keep ? bind_all(b, &input->schema, room)
                        : ARENA_ARRAY(b->q->arena, struct output, room, b->err);
    list.named = ARENA_ARRAY(b->q->arena, bool,
                             room + (keep ? input->schema.column_count : 0), b->err);
    if (list.outputs == NULL || list.named == NULL)
        return NULL;
    list.count = list.fixed = keep ? input->schema.column_count : 0;
    b->windows = &windows;
    b->items = items;
    bool ok = true;
    for (const struct node *item = items; item != NULL && ok; item = item->next, list.items++)
        ok = bind_item(b, &list, item, &input->schema);
    b->windows = NULL;
    b->items = NULL;
    if (!ok)
        return NULL;
    struct plan *below = under_windows(b, input, &windows);
    return below == NULL ? NULL
                         : plan_project_over(b->q, below, list.outputs, list.count, b->err);
}

struct plan *bind_project(struct binder *b, struct plan *input, const struct node *op)
{
    return bind_list(b, input, op->args, false,
                     slice_is(op->name, "print") ? "print_" : "Column");
}

/* Later items of one extend see the input, not the earlier items. */
struct plan *bind_extend(struct binder *b, struct plan *input, const struct node *op)
{
    return bind_list(b, input, op->args, true, "Column");
}

struct plan *bind_serialize(struct binder *b, struct plan *input, const struct node *op)
{
    input->is_serialized = true; /* as they come */
    struct plan *plan = op->args == NULL ? input : bind_extend(b, input, op);

    if (plan != NULL)
        plan->is_serialized = true;
    return plan;
}

static bool any_matches(const struct node *patterns, struct slice name)
{
    for (const struct node *p = patterns; p != NULL; p = p->next) {
        if (p->kind == NODE_STAR ? bind_pattern_matches(p->name, name)
                                 : slice_equal(p->name, name))
            return true;
    }
    return false;
}

static bool check_names(struct binder *b, const struct schema *schema,
                        const struct node *patterns)
{
    for (const struct node *p = patterns; p != NULL; p = p->next) {
        if (p->kind == NODE_NAME && schema_find(schema, p->name) == UINT32_MAX &&
            bind_expr(b, p) == NULL)
            return false;
    }
    return true;
}

static struct plan *pick(struct binder *b, struct plan *input, const struct node *op, bool keep)
{
    struct output *outputs = bind_all(b, &input->schema, 0);
    uint32_t count = 0;

    if (outputs == NULL || !check_names(b, &input->schema, op->args))
        return NULL;
    for (uint32_t i = 0; i < input->schema.column_count; i++) {
        if (any_matches(op->args, input->schema.columns[i].name) == keep)
            outputs[count++] = outputs[i];
    }
    return plan_project(b->q, input, outputs, count, b->err);
}

struct plan *bind_project_away(struct binder *b, struct plan *input, const struct node *op)
{
    return pick(b, input, op, false);
}

struct plan *bind_project_keep(struct binder *b, struct plan *input, const struct node *op)
{
    return pick(b, input, op, true);
}

/* `old` of project-rename: the place of its output.  A field that the table does not
 * declare (bind_custom_field) becomes a further one. */
static uint32_t renamed(struct binder *b, const struct plan *input, const struct node *item,
                        struct output *outputs, uint32_t *count)
{
    uint32_t column = schema_find(&input->schema, item->args->name);
    struct expr *expr = column != UINT32_MAX ? NULL : bind_expr(b, item->args);

    if (column != UINT32_MAX || expr == NULL)
        return column;
    if (expr->kind == EXPR_CONST) {
        bind_fail(b, item->at, "SEM0100", "expected a column");
        return UINT32_MAX;
    }
    outputs[*count].expr = expr;
    return (*count)++;
}

struct plan *bind_project_rename(struct binder *b, struct plan *input, const struct node *op)
{
    struct output *outputs = bind_all(b, &input->schema, node_count(op->args));
    uint32_t count = input->schema.column_count;

    for (const struct node *item = op->args; item != NULL && outputs != NULL; item = item->next) {
        if (item->kind != NODE_NAMED || item->args->kind != NODE_NAME)
            return bind_fail(b, item->at, "SEM0100", "expected new_name = old_name");
        uint32_t column = renamed(b, input, item, outputs, &count);
        if (column == UINT32_MAX)
            return NULL;
        outputs[column].name = item->by->name;
    }
    for (const struct node *item = op->args; item != NULL && outputs != NULL; item = item->next) {
        struct slice name = item->by->name;
        uint32_t first = find_output(outputs, count, name);
        if (first != UINT32_MAX &&
            find_output(&outputs[first + 1], count - first - 1, name) != UINT32_MAX)
            return bind_fail(b, item->at, "SEM0111", "column '%.*s' stands twice",
                             SLICE_FMT(slice_head(name, 128)));
    }
    return outputs == NULL
               ? NULL
               : plan_project(b->q, input, outputs, count, b->err);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The digits that a name begins with, without zeros in front of them; *name is what follows. */
static struct slice take_number(struct slice *name)
{
    size_t begin = 0;
    size_t end = 0;

    while (end < name->size && is_digit(name->data[end]))
        end++;
    while (begin < end && name->data[begin] == '0')
        begin++;
    struct slice number = slice_from(name->data + begin, end - begin);
    *name = slice_tail(*name, end);
    return number;
}

/* Numbers in the names by their value: a20 comes before a100. */
static int by_numbers(struct slice a, struct slice b)
{
    struct slice x = a;
    struct slice y = b;

    while (x.size > 0 && y.size > 0) {
        int order = 0;
        if (is_digit(x.data[0]) && is_digit(y.data[0])) {
            struct slice m = take_number(&x);
            struct slice n = take_number(&y);
            order = m.size != n.size ? (m.size < n.size ? -1 : 1) : slice_compare(m, n);
        } else {
            order = slice_compare(slice_head(x, 1), slice_head(y, 1));
            x = slice_tail(x, 1);
            y = slice_tail(y, 1);
        }
        if (order != 0)
            return order;
    }
    return x.size == y.size ? slice_compare(a, b) : (x.size < y.size ? -1 : 1);
}

static int by_name(struct slice a, struct slice b, unsigned flags)
{
    int order = (flags & NODE_GRANNY) != 0 ? by_numbers(a, b) : slice_compare(a, b);
    return (flags & NODE_DESC) != 0 ? -order : order;
}

struct plan *bind_project_reorder(struct binder *b, struct plan *input, const struct node *op)
{
    struct output *all = bind_all(b, &input->schema, 0);
    uint32_t total = input->schema.column_count;
    struct output *outputs = ARENA_ARRAY(b->q->arena, struct output, total + 1, b->err);
    uint32_t count = 0;

    if (all == NULL || outputs == NULL || !check_names(b, &input->schema, op->args))
        return NULL;
    for (const struct node *p = op->args; p != NULL; p = p->next) {
        uint32_t first = count;
        for (uint32_t i = 0; i < total; i++) {
            if (all[i].expr == NULL ||
                !(p->kind == NODE_STAR ? bind_pattern_matches(p->name, all[i].name)
                                       : slice_equal(p->name, all[i].name)))
                continue;
            uint32_t at = count++;
            bool sorted = (p->flags & (NODE_ASC | NODE_DESC)) != 0;
            while (sorted && at > first &&
                   by_name(all[i].name, outputs[at - 1].name, p->flags) < 0) {
                outputs[at] = outputs[at - 1];
                at--;
            }
            outputs[at] = all[i];
            all[i].expr = NULL;
        }
    }
    for (uint32_t i = 0; i < total; i++) {
        if (all[i].expr != NULL)
            outputs[count++] = all[i];
    }
    return plan_project(b->q, input, outputs, count, b->err);
}

/* ---- sort, top, take ---- */

/* Dynamic values have an order, but their bytes have another. */
static struct expr *bind_order_key(struct binder *b, struct expr *key, const struct order *order)
{
    struct value nulls_low = {.type = TYPE_BOOL,
                              .boolean = order->nulls_first != order->descending};
    struct expr *args[2] = {key, NULL};

    if (key == NULL || key->type != TYPE_DYNAMIC)
        return key;
    args[1] = bind_const_expr(b, &nulls_low, key->at);
    return args[1] == NULL ? NULL
                           : bind_invoke(b, key->at, &operator_order, args, 2, TYPE_STRING);
}

static struct plan *bind_order(struct binder *b, struct plan *input, const struct node *list,
                               uint64_t limit)
{
    struct order *orders = ARENA_ARRAY(b->q->arena, struct order, node_count(list), b->err);
    uint32_t count = 0;

    for (const struct node *o = list; o != NULL && orders != NULL; o = o->next) {
        struct order *order = &orders[count];
        order->descending = (o->flags & NODE_ASC) == 0;
        order->nulls_first = (o->flags & NODE_NULLS_FIRST) != 0 ||
                             ((o->flags & NODE_NULLS_LAST) == 0 && !order->descending);
        struct expr *key = bind_has_room(b, count++, o->at) ? bind_expr(b, o->args) : NULL;
        order->expr = bind_order_key(b, key, order);
        if (order->expr == NULL)
            return NULL;
    }
    return orders == NULL ? NULL : plan_sort(b->q, input, orders, count, limit, b->err);
}

struct plan *bind_sort(struct binder *b, struct plan *input, const struct node *op)
{
    return bind_order(b, input, op->by, UINT64_MAX);
}

struct plan *bind_top(struct binder *b, struct plan *input, const struct node *op)
{
    uint64_t limit;
    return bind_count(b, op->args, &limit) ? bind_order(b, input, op->by, limit) : NULL;
}

struct plan *bind_take(struct binder *b, struct plan *input, const struct node *op)
{
    uint64_t limit;
    struct plan *plan =
        bind_count(b, op->args, &limit) ? plan_take(b->q, input, limit, b->err) : NULL;
    return plan;
}

/* ---- getschema ---- */

static const char *clr_name(enum type type)
{
    static const char *const names[TYPE_COUNT_] = {
        [TYPE_BOOL] = "System.SByte",          [TYPE_INT] = "System.Int32",
        [TYPE_LONG] = "System.Int64",          [TYPE_REAL] = "System.Double",
        [TYPE_DECIMAL] = "System.Data.SqlTypes.SqlDecimal",
        [TYPE_DATETIME] = "System.DateTime",   [TYPE_TIMESPAN] = "System.TimeSpan",
        [TYPE_GUID] = "System.Guid",           [TYPE_STRING] = "System.String",
        [TYPE_DYNAMIC] = "System.Object"};
    return names[type];
}

struct plan *bind_getschema(struct binder *b, struct plan *input, const struct node *op)
{
    static const struct column columns[] = {{{"ColumnName", 10}, TYPE_STRING},
                                            {{"ColumnOrdinal", 13}, TYPE_INT},
                                            {{"DataType", 8}, TYPE_STRING},
                                            {{"ColumnType", 10}, TYPE_STRING}};
    struct schema schema = {columns, 4};
    struct rowset *rows = rowset_new(b->q->arena, &schema, NULL, b->err);

    (void)op;
    query_note_columns(b->q);
    for (uint32_t i = 0; rows != NULL && i < input->schema.column_count; i++) {
        const struct column *c = &input->schema.columns[i];
        struct value values[4] = {
            {.type = TYPE_STRING, .bytes = c->name},
            {.type = TYPE_INT, .integer = i},
            {.type = TYPE_STRING, .bytes = slice_of(clr_name(c->type))},
            {.type = TYPE_STRING, .bytes = slice_of(type_name(c->type))}};
        if (rowset_add_values(rows, values, b->err) != STATUS_OK)
            return NULL;
    }
    return rows == NULL ? NULL : plan_rows(b->q, &schema, rows, b->err);
}
