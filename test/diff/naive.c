/* SPDX-License-Identifier: Apache-2.0 */
/* naive.c - terms and operators, a row at a time, from the documentation. */
#include "naive.h"

#include <math.h>
#include <stdlib.h>

/* ---- JSON ---- */

size_t node_end(struct slice json, size_t at)
{
    int depth = 0;
    bool quoted = false;

    for (; at < json.size; at++) {
        char c = json.data[at];
        if (quoted) {
            quoted = c != '"';
            at += c == '\\' ? 1 : 0;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']' || (c == ',' && depth == 0)) {
            if (depth == 0)
                return at;
            depth--;
        }
    }
    return json.size;
}

bool node_next(struct slice json, size_t *at, struct slice *ret_key, struct slice *ret_value)
{
    *ret_key = (struct slice){0};
    if (*at + 1 >= json.size || (node_first(json) != '[' && node_first(json) != '{'))
        return false;
    if (json.data[0] == '{') {
        size_t close = slice_find_byte(json, '"', *at + 1);
        *ret_key = slice_from(json.data + *at + 1, close - *at - 1);
        *at = close + 2;
    }
    size_t end = node_end(json, *at);
    *ret_value = slice_from(json.data + *at, end - *at);
    *at = end + 1;
    return true;
}

struct slice node_member(struct slice json, struct slice key)
{
    struct slice name, value;
    size_t at = 1;

    while (node_first(json) == '{' && node_next(json, &at, &name, &value)) {
        if (slice_equal(name, key))
            return value;
    }
    return (struct slice){0};
}

struct slice node_element(struct slice json, uint32_t index)
{
    struct slice name, value;
    size_t at = 1;

    for (uint32_t i = 0; node_first(json) == '[' && node_next(json, &at, &name, &value); i++) {
        if (i == index)
            return value;
    }
    return (struct slice){0};
}

uint32_t node_count(struct slice json)
{
    struct slice name, value;
    uint32_t count = 0;
    size_t at = 1;

    while (node_next(json, &at, &name, &value))
        count++;
    return count;
}

/* ---- values ---- */

int value_order(const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null)
        return (int)b->is_null - (int)a->is_null;
    switch (a->type) {
    case TYPE_REAL:
        if (isnan(a->real) || isnan(b->real))
            return (isnan(b->real) ? 1 : 0) - (isnan(a->real) ? 1 : 0);
        return (a->real > b->real) - (a->real < b->real);
    case TYPE_BOOL:
        return (int)a->boolean - (int)b->boolean;
    case TYPE_GUID:
        return memcmp(a->guid.bytes, b->guid.bytes, 16);
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
        return slice_compare(a->bytes, b->bytes);
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
    case TYPE_COUNT_:
        break;
    }
    return (a->integer > b->integer) - (a->integer < b->integer);
}

static struct rows subquery(struct naive *naive, const struct pipe *pipe)
{
    for (uint32_t i = 0; i < naive->asked_count; i++) {
        if (naive->asked[i] == pipe)
            return *naive->answers[i];
    }
    struct rows rows = pipe_rows(naive, pipe, NULL);
    if (naive->asked_count < ASKED_MAX) {
        naive->asked[naive->asked_count] = pipe;
        naive->answers[naive->asked_count] = TAKE(naive->arena, struct rows);
        *naive->answers[naive->asked_count++] = rows;
    }
    return rows;
}

static struct value in_pipe(struct naive *naive, const struct term *term, const struct value *v)
{
    struct rows rows = subquery(naive, term->pipe);
    struct value yes = {.type = TYPE_BOOL};

    for (uint32_t i = 0; i < rows.count; i++)
        yes.boolean |= value_order(&rows.rows[i][0], v) == 0;
    return yes;
}

struct value term_value(struct naive *naive, const struct term *term, const struct shape *shape,
                        const struct value *row)
{
    struct value args[ARGS_MAX] = {{0}};
    bool any_null = false;

    switch (term->kind) {
    case TERM_CONST:
        return term->value;
    case TERM_COLUMN:
        for (uint32_t i = 0; i < shape->count; i++) {
            if (slice_equal(shape->fields[i].name, term->name))
                return row[i];
        }
        abort();
    case TERM_SCALAR: {
        struct rows rows = subquery(naive, term->pipe);
        if (rows.count > 0)
            return rows.rows[0][0];
        return (struct value){.type = term->type, .is_null = term->type != TYPE_STRING};
    }
    case TERM_IN:
    case TERM_CALL:
        break;
    }
    for (uint32_t i = 0; i < term->arg_count; i++) {
        args[i] = term_value(naive, term->args[i], shape, row);
        any_null |= args[i].is_null && args[i].type != TYPE_STRING;
    }
    if (term->kind == TERM_IN)
        return in_pipe(naive, term, &args[0]);
    if (any_null && !term->rule->takes_null)
        return (struct value){.type = term->type, .is_null = term->type != TYPE_STRING};
    struct value v = term->rule->fn(naive, args);
    v.type = term->type;
    return v;
}

/* ---- rows ---- */

void rows_add(struct naive *naive, struct rows *rows, struct value *row)
{
    if (rows->count == NAIVE_ROWS_MAX) {
        naive->is_over = true;
        return;
    }
    if (rows->count == rows->capacity) {
        uint32_t capacity = rows->capacity * 2 + 64;
        struct value **more = TAKE_MANY(naive->arena, struct value *, capacity);
        if (rows->count > 0)
            memcpy(more, rows->rows, rows->count * sizeof(*more));
        rows->rows = more;
        rows->capacity = capacity;
    }
    rows->rows[rows->count++] = row;
}

static struct value *row_new(struct naive *naive, const struct rows *rows)
{
    return TAKE_MANY(naive->arena, struct value, rows->shape.count);
}

/* Cells for the new shape: from the input by name, or from an item. */
static struct value *row_of_items(struct naive *naive, const struct step *step,
                                  const struct rows *in, const struct value *row,
                                  const struct rows *out)
{
    struct value *cells = row_new(naive, out);

    for (uint32_t c = 0; c < out->shape.count; c++) {
        const struct column *field = &out->shape.fields[c];
        uint32_t old = schema_find(&(struct schema){in->shape.fields, in->shape.count},
                                   field->name);
        if (old != UINT32_MAX)
            cells[c] = row[old];
        for (uint32_t i = 0; i < step->item_count; i++) {
            if (slice_equal(step->items[i].name, field->name) && step->items[i].term != NULL)
                cells[c] = term_value(naive, step->items[i].term, &in->shape, row);
        }
    }
    return cells;
}

static bool same_row(const struct value *a, const struct value *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (value_order(&a[i], &b[i]) != 0)
            return false;
    }
    return true;
}

static void add_distinct(struct naive *naive, struct rows *out, struct value *row)
{
    for (uint32_t i = 0; i < out->count; i++) {
        if (same_row(out->rows[i], row, out->shape.count))
            return;
    }
    rows_add(naive, out, row);
}

/* ---- sorting ---- */

/* By insertion: rows are few, and it is stable. */
static void sort_rows(struct naive *naive, const struct step *step, struct rows *rows)
{
    struct value **keys = TAKE_MANY(naive->arena, struct value *, rows->count);

    for (uint32_t r = 0; r < rows->count; r++) {
        keys[r] = TAKE_MANY(naive->arena, struct value, step->by_count);
        for (uint32_t i = 0; i < step->by_count; i++)
            keys[r][i] = term_value(naive, step->by[i].term, &rows->shape, rows->rows[r]);
        struct value *key = keys[r], *row = rows->rows[r];
        uint32_t at = r;
        for (; at > 0; at--) {
            int order = 0;
            for (uint32_t i = 0; i < step->by_count && order == 0; i++) {
                order = value_order(&keys[at - 1][i], &key[i]);
                order = step->by[i].ascending ? order : -order;
            }
            if (order <= 0)
                break;
            keys[at] = keys[at - 1];
            rows->rows[at] = rows->rows[at - 1];
        }
        keys[at] = key;
        rows->rows[at] = row;
    }
}

/* items[0] row_number(), items[1] prev(column), items[2] row_cumsum(column) */
static void number_rows(struct naive *naive, const struct step *step, const struct rows *in,
                        struct rows *out)
{
    int64_t sum = 0;
    struct value before = {.is_null = true};

    for (uint32_t r = 0; r < in->count; r++) {
        struct value *row = row_new(naive, out), now;
        memcpy(row, in->rows[r], in->shape.count * sizeof(*row));
        now = term_value(naive, step->items[1].term, &in->shape, in->rows[r]);
        if (!now.is_null)
            sum = (int64_t)((uint64_t)sum + (uint64_t)now.integer);
        before.type = TYPE_LONG;
        row[in->shape.count] = (struct value){.type = TYPE_LONG, .integer = r + 1};
        row[in->shape.count + 1] = before;
        row[in->shape.count + 2] = (struct value){.type = TYPE_LONG, .integer = sum};
        before = now;
        rows_add(naive, out, row);
    }
}

/* ---- operators over nested values ---- */

static struct value cell_of_json(struct naive *naive, enum type type, struct slice json)
{
    struct value v = {.type = TYPE_DYNAMIC, .bytes = json,
                      .is_null = json.size == 0 || node_first(json) == 'n'};

    if (type == TYPE_DYNAMIC)
        return v;
    if (type == TYPE_LONG && !v.is_null && node_first(json) != '-' &&
        (node_first(json) < '0' || node_first(json) > '9'))
        return (struct value){.type = type, .is_null = true}; /* no number */
    static const char *const names[] = {"l=d", "s=d"};
    const char *wanted = names[type == TYPE_STRING ? 1 : 0];
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = &RULES[i];
        if (strcmp(rule->types, wanted) == 0 && rule->text[0] == 't') {
            struct value cast = {.type = type, .is_null = true};
            return v.is_null && type != TYPE_STRING ? cast : rule->fn(naive, &v);
        }
    }
    abort();
}

/* One row an element; a bag gives bags of one; null gives a row of null. */
static void expand_row(struct naive *naive, const struct step *step, const struct rows *in,
                       struct value *row, struct rows *out)
{
    const struct item *item = &step->items[0];
    struct value whole = term_value(naive, item->term, &in->shape, row);
    struct slice key, value, json = whole.is_null ? (struct slice){0} : whole.bytes;
    uint32_t at_column = schema_find(&(struct schema){out->shape.fields, out->shape.count},
                                     item->name);
    enum type type = out->shape.fields[at_column].type;
    bool nested = node_first(json) == '[' || node_first(json) == '{';
    size_t at = 1;

    while (nested && node_next(json, &at, &key, &value)) {
        struct value *cells = row_new(naive, out);
        memcpy(cells, row, in->shape.count * sizeof(*cells));
        if (node_first(json) == '{')
            value = slice_of(take_text(naive->arena, "{\"%.*s\":%.*s}", SLICE_FMT(key),
                                       SLICE_FMT(value)));
        cells[at_column] = cell_of_json(naive, type, value);
        rows_add(naive, out, cells);
    }
    if (nested || (step->kind == STEP_APPLY && json.size == 0))
        return; /* mv-apply runs over no rows then */
    struct value *cells = row_new(naive, out);
    memcpy(cells, row, in->shape.count * sizeof(*cells));
    cells[at_column] = cell_of_json(naive, type, json);
    rows_add(naive, out, cells);
}

/* parse s with * "k=" word:string " n=" count:long */
static void parse_row(struct naive *naive, const struct step *step, const struct rows *in,
                      struct value *row, struct rows *out)
{
    struct slice s = term_value(naive, step->items[0].term, &in->shape, row).bytes;
    struct value *cells = row_new(naive, out), number = {.type = TYPE_STRING};
    size_t start = slice_find(s, SLICE("k="), 0);
    size_t at = start == SIZE_MAX ? start : slice_find(s, SLICE(" n="), start + 2);

    memcpy(cells, row, in->shape.count * sizeof(*cells));
    struct value *word = &cells[in->shape.count], *count = &cells[in->shape.count + 1];
    *word = (struct value){.type = TYPE_STRING};
    *count = (struct value){.type = TYPE_LONG, .is_null = true};
    if (at != SIZE_MAX) { /* the word ends at the first, whether a number follows or not */
        number.bytes = slice_tail(s, at + 3);
        for (uint32_t i = 0; i < RULE_COUNT; i++) {
            if (strcmp(RULES[i].types, "l=s") == 0 && RULES[i].text[0] == 't')
                *count = RULES[i].fn(naive, &number);
        }
        if (!count->is_null)
            word->bytes = slice_from(s.data + start + 2, at - start - 2);
    }
    rows_add(naive, out, cells);
}

/* Rows of both; a column is the same if name and type are. */
static void union_rows(struct naive *naive, const struct rows *in, struct rows *out)
{
    for (uint32_t r = 0; r < in->count; r++) {
        struct value *cells = row_new(naive, out);
        for (uint32_t c = 0; c < out->shape.count; c++) {
            uint32_t old = schema_find(&(struct schema){in->shape.fields, in->shape.count},
                                       out->shape.fields[c].name);
            cells[c] = (struct value){.type = out->shape.fields[c].type,
                                      .is_null = out->shape.fields[c].type != TYPE_STRING};
            if (old != UINT32_MAX)
                cells[c] = in->rows[r][old];
        }
        rows_add(naive, out, cells);
    }
}

static void apply_row(struct naive *naive, const struct step *step, const struct rows *in,
                      struct value *row, struct rows *out)
{
    struct rows one = {.shape = in->shape}, expanded = {.shape = in->shape};
    struct step expand = *step;

    expand.kind = STEP_EXPAND;
    if (!step_shape(&expand, naive->arena, &in->shape, &expanded.shape))
        abort();
    rows_add(naive, &one, row);
    expand_row(naive, step, &one, row, &expanded);
    struct rows inner = pipe_rows(naive, step->pipe, &expanded);
    for (uint32_t r = 0; r < inner.count; r++) {
        struct value *cells = row_new(naive, out);
        uint32_t count = 0;
        for (uint32_t c = 0; c < in->shape.count; c++) {
            uint32_t at = schema_find(&(struct schema){inner.shape.fields, inner.shape.count},
                                      in->shape.fields[c].name);
            cells[count++] = at == UINT32_MAX ? row[c] : inner.rows[r][at];
        }
        for (uint32_t c = 0; c < inner.shape.count; c++) {
            if (schema_find(&(struct schema){in->shape.fields, in->shape.count},
                            inner.shape.fields[c].name) == UINT32_MAX)
                cells[count++] = inner.rows[r][c];
        }
        rows_add(naive, out, cells);
    }
}

/* ---- pipes ---- */

static void row_step(struct naive *naive, const struct step *step, const struct rows *in,
                     struct value *row, struct rows *out)
{
    if (step->kind == STEP_WHERE) {
        struct value yes = term_value(naive, step->items[0].term, &in->shape, row);
        if (!yes.is_null && yes.boolean)
            rows_add(naive, out, row);
    } else if (step->kind == STEP_DISTINCT) {
        add_distinct(naive, out, row_of_items(naive, step, in, row, out));
    } else if (step->kind == STEP_EXPAND) {
        expand_row(naive, step, in, row, out);
    } else if (step->kind == STEP_APPLY) {
        apply_row(naive, step, in, row, out);
    } else if (step->kind == STEP_PARSE) {
        parse_row(naive, step, in, row, out);
    } else {
        rows_add(naive, out, row_of_items(naive, step, in, row, out));
    }
}

static struct rows run_step(struct naive *naive, const struct step *step, struct rows *in)
{
    struct rows out = {0}, other;

    if (!step_shape(step, naive->arena, &in->shape, &out.shape))
        abort();
    switch (step->kind) {
    case STEP_SORT:
        sort_rows(naive, step, in);
        return *in;
    case STEP_TAKE:
    case STEP_AS_IS:
        return *in; /* see compare.c */
    case STEP_TOP:
        sort_rows(naive, step, in);
        in->count = in->count < step->number ? in->count : step->number;
        break;
    case STEP_NUMBER:
        sort_rows(naive, step, in);
        number_rows(naive, step, in, &out);
        return out;
    case STEP_COUNT:
        rows_add(naive, &out, row_new(naive, &out));
        out.rows[0][0] = (struct value){.type = TYPE_LONG, .integer = in->count};
        return out;
    case STEP_SUMMARIZE:
        return step_summarize(naive, step, in);
    case STEP_ARG_MAX:
        return step_arg_max(naive, step, in);
    case STEP_JOIN:
    case STEP_LOOKUP:
        return step_join(naive, step, in);
    case STEP_UNION:
        other = pipe_rows(naive, step->pipe, NULL);
        union_rows(naive, in, &out);
        union_rows(naive, &other, &out);
        return out;
    case STEP_RENAME:
        out.rows = in->rows;
        out.count = in->count;
        return out;
    case STEP_WHERE:
    case STEP_EXTEND:
    case STEP_PROJECT:
    case STEP_AWAY:
    case STEP_KEEP:
    case STEP_DISTINCT:
    case STEP_EXPAND:
    case STEP_APPLY:
    case STEP_PARSE:
        break;
    }
    for (uint32_t r = 0; r < in->count; r++)
        row_step(naive, step, in, in->rows[r], &out);
    return out;
}

struct rows pipe_rows(struct naive *naive, const struct pipe *pipe, const struct rows *given)
{
    struct rows rows = {0};

    if (pipe->is_given) {
        rows = *given;
    } else if (pipe->is_range) {
        rows.shape = (struct shape){.fields = {{SLICE("x"), TYPE_LONG}}, .count = 1};
        for (uint32_t i = 1; i <= pipe->number; i++) {
            struct value *row = row_new(naive, &rows);
            row[0] = (struct value){.type = TYPE_LONG, .integer = i};
            rows_add(naive, &rows, row);
        }
    } else if (pipe->let_pipe != NULL) {
        rows = pipe_rows(naive, pipe->let_pipe, NULL);
    } else {
        rows.shape = pipe->table->shape;
        for (uint32_t r = 0; r < pipe->table->row_count; r++)
            rows_add(naive, &rows, table_row(pipe->table, r));
    }
    for (const struct step *step = pipe->first; step != NULL; step = step->next)
        rows = run_step(naive, step, &rows);
    return rows;
}

void naive_answer(const struct question *q, struct answer *ret)
{
    struct naive naive = {.question = q, .arena = ret->arena};
    struct rows rows = pipe_rows(&naive, q->pipe, NULL);

    ret->shape = rows.shape;
    ret->is_limit = naive.is_over;
    for (uint32_t r = 0; r < rows.count; r++)
        answer_add(ret, rows.rows[r]);
}
