/* SPDX-License-Identifier: Apache-2.0 */
/* compare.c - are two answers the same?
 *
 * Names and types of columns are.  Rows are compared as multisets, reals with a
 * relative difference of 1e-9 (sums are made in any order) and what is cut from
 * great ones with them, dynamic values as text.  Behind a sort the keys stand in
 * the same order; of a take there are as many rows, each of them among those it
 * took from.
 */
#include "forms.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>

static bool same_real(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    if (isinf(a) || isinf(b))
        return a == b;
    double off = fabs(a - b), size = fmax(fabs(a), fabs(b));
    return off <= 1e-9 * size || off <= 1e-9;
}

static bool empty(const struct value *v)
{
    return v->is_null || (type_is_bytes(v->type) && (v->bytes.size == 0 ||
                          (v->type == TYPE_DYNAMIC && slice_is(v->bytes, "null"))));
}

/* Beyond 2^53 a whole number that a real can hold may have been cut from one by tolong(). */
static bool is_cut(int64_t number)
{
    return (number > INT64_C(1) << 53 || number < -(INT64_C(1) << 53)) &&
           number < INT64_MAX - 1024 && (int64_t)(double)number == number;
}

/* Sums of decimals lose their last digits, too. */
static bool same_decimal(struct slice a, struct slice b)
{
    double left, right;

    return text_parse_double(a, &left) && text_parse_double(b, &right) && same_real(left, right);
}

static bool same(const struct value *a, const struct value *b)
{
    if (empty(a) || empty(b))
        return empty(a) && empty(b);
    if (a->type == TYPE_REAL)
        return same_real(a->real, b->real);
    if (a->type == TYPE_DECIMAL && same_decimal(a->bytes, b->bytes))
        return true;
    if (a->type == TYPE_LONG && is_cut(a->integer) && is_cut(b->integer))
        return same_real((double)a->integer, (double)b->integer);
    return value_order(a, b) == 0;
}

static bool same_row(const struct value *a, const struct value *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!same(&a[i], &b[i]))
            return false;
    }
    return true;
}

/* Sorting brings like rows together; reals come last, as they may differ a bit. */
static int row_order(const void *left, const void *right)
{
    const struct value *a = *(const struct value *const *)left;
    const struct value *b = *(const struct value *const *)right;
    int reals = 0;

    for (; a->type != TYPE_COUNT_; a++, b++) {
        int order = empty(a) || empty(b) ? (int)empty(b) - (int)empty(a) : value_order(a, b);
        if (order != 0 && a->type != TYPE_REAL)
            return order;
        if (reals == 0)
            reals = order;
    }
    return reals;
}

/* Pointers to copies of the rows that end with a mark. */
static const struct value **sorted(const struct answer *a)
{
    uint32_t width = a->shape.count + 1;
    const struct value **rows = TAKE_MANY(a->arena, const struct value *, a->row_count);
    struct value *copies = TAKE_MANY(a->arena, struct value, (size_t)width * a->row_count);

    for (uint32_t r = 0; r < a->row_count; r++) {
        struct value *copy = copies + (size_t)r * width;
        if (a->shape.count > 0)
            memcpy(copy, a->cells + (size_t)r * a->shape.count, a->shape.count * sizeof(*copy));
        copy[a->shape.count] = (struct value){.type = TYPE_COUNT_};
        rows[r] = copy;
    }
    qsort(rows, a->row_count, sizeof(const struct value *), row_order);
    return rows;
}

static void add_row(struct buf *ret, const char *label, const struct value *row, uint32_t count)
{
    buf_add_format(ret, "  %s ", label);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_text(ret, i > 0 ? " | " : "");
        render_value(&row[i], ret);
    }
    buf_add_byte(ret, '\n');
}

/* Each row of `a` has one of its own in `b`. */
static void compare_rows(const struct answer *a, const struct answer *b, struct buf *ret)
{
    const struct value **left = sorted(a), **right = sorted(b);
    bool *taken = TAKE_MANY(a->arena, bool, b->row_count);
    uint32_t from = 0;

    for (uint32_t l = 0; l < a->row_count; l++) {
        bool found = false;
        while (from < b->row_count && taken[from])
            from++;
        for (uint32_t r = from; r < b->row_count && !found; r++) {
            if (!taken[r] && same_row(left[l], right[r], a->shape.count))
                found = taken[r] = true;
        }
        if (!found) {
            add_row(ret, "only in the first: ", left[l], a->shape.count);
            break;
        }
    }
    for (uint32_t r = 0; r < b->row_count && ret->size > 0; r++) {
        if (!taken[r]) {
            add_row(ret, "only in the second:", right[r], a->shape.count);
            break;
        }
    }
}

static void compare_order(const struct step *sort, const struct answer *a, const struct answer *b,
                          struct buf *ret)
{
    struct schema schema = {a->shape.fields, a->shape.count};

    for (uint32_t i = 0; i < sort->by_count; i++) {
        uint32_t c = schema_find(&schema, sort->by[i].term->name);
        for (uint32_t r = 0; r < a->row_count && c != UINT32_MAX && ret->size == 0; r++) {
            size_t at = (size_t)r * a->shape.count + c;
            if (!same(&a->cells[at], &b->cells[at]))
                buf_add_format(ret, "  row %u is in another order by %.*s\n", r,
                               SLICE_FMT(schema.columns[c].name));
        }
    }
}

static void compare_shapes(const struct shape *a, const struct shape *b, struct buf *ret)
{
    bool differ = a->count != b->count;

    for (uint32_t i = 0; i < a->count && !differ; i++)
        differ = !slice_equal(a->fields[i].name, b->fields[i].name) ||
                 a->fields[i].type != b->fields[i].type;
    for (int side = 0; side < 2 && differ; side++) {
        const struct shape *s = side == 0 ? a : b;
        buf_add_text(ret, side == 0 ? "  columns" : "\n  columns");
        for (uint32_t i = 0; i < s->count; i++)
            buf_add_format(ret, " %.*s:%s", SLICE_FMT(s->fields[i].name),
                           type_name(s->fields[i].type));
    }
    if (differ)
        buf_add_byte(ret, '\n');
}

/* What is read as an object would lose one of two columns of a name. */
static void check_names(const struct shape *s, struct buf *ret)
{
    for (uint32_t i = 0; i < s->count; i++) {
        bool is_good = s->fields[i].name.size > 0;
        for (uint32_t k = 0; k < i && is_good; k++)
            is_good = !slice_equal(s->fields[k].name, s->fields[i].name);
        if (!is_good)
            buf_add_format(ret, "  column %u, '%.*s', has no name of its own\n", i,
                           SLICE_FMT(s->fields[i].name));
    }
}

void compare_answers(const struct question *q, const struct answer *a, const struct answer *b,
                     struct buf *ret)
{
    const struct step *last = pipe_last(q->pipe);
    uint32_t wanted = a->row_count;

    if (a->is_limit || b->is_limit)
        return;
    if (a->error[0] != '\0' || b->error[0] != '\0') {
        if ((a->error[0] == '\0') != (b->error[0] == '\0'))
            buf_add_format(ret, "  only one fails: %s%s\n", a->error, b->error);
        return;
    }
    compare_shapes(&a->shape, &b->shape, ret);
    check_names(&a->shape, ret);
    if (ret->size > 0)
        return;
    if (last != NULL && last->kind == STEP_TAKE) {
        wanted = wanted < last->number ? wanted : last->number;
        if (b->row_count == wanted)
            compare_rows(b, a, ret);
    } else if (b->row_count == wanted) {
        compare_rows(a, b, ret);
    }
    if (b->row_count != wanted) {
        buf_add_format(ret, "  %u rows and %u rows\n", wanted, b->row_count);
        if (last == NULL || last->kind != STEP_TAKE)
            compare_rows(a, b, ret);
        if (last == NULL || last->kind != STEP_TAKE)
            compare_rows(b, a, ret);
    }
    if (last != NULL && last->kind == STEP_SORT && ret->size == 0)
        compare_order(last, a, b, ret);
}

/* ---- forms: rows as multisets; loose arrays and bags as multisets of what they hold ---- */

static int text_order(const void *left, const void *right)
{
    return slice_compare(*(const struct slice *)left, *(const struct slice *)right);
}

/* Reals in few digits: sums are made in any order. */
static struct slice shorten(struct arena *arena, struct slice item)
{
    double real;

    if (slice_find_byte(item, '.', 0) == SIZE_MAX || !text_parse_double(item, &real))
        return item;
    return slice_of(take_text(arena, "%.9g", real));
}

/* The elements of an array in an order, the keys of a bag: which of several values a key
 * keeps is free. */
static struct slice loosen(struct arena *arena, struct slice text)
{
    struct slice items[4096];
    uint32_t count = 0, depth = 0;
    size_t from = 1;
    bool is_bag = text.size > 0 && text.data[0] == '{', quoted = false;

    if (text.size < 2 || (!is_bag && text.data[0] != '['))
        return text;
    for (size_t i = 1; i < text.size && count < 4096; i++) {
        char c = text.data[i];
        if (quoted && c == '\\')
            i++;
        quoted ^= c == '"';
        if (quoted)
            continue;
        depth += c == '[' || c == '{';
        if (is_bag && c == ':' && depth == 0)
            items[count++] = slice_from(text.data + from, i - from);
        if (!is_bag && depth == 0 && (c == ',' || i == text.size - 1))
            items[count++] = slice_from(text.data + from, i - from);
        if (depth == 0 && c == ',')
            from = i + 1;
        depth -= depth > 0 && (c == ']' || c == '}');
    }
    size_t size = count;
    for (uint32_t i = 0; i < count; i++) {
        items[i] = shorten(arena, items[i]);
        size += items[i].size;
    }
    qsort(items, count, sizeof(items[0]), text_order);
    struct slice ret = {take_bytes(arena, size), 0};
    for (uint32_t i = 0; i < count; i++) {
        memcpy((char *)(uintptr_t)ret.data + ret.size, items[i].data, items[i].size);
        ret.size += items[i].size;
        ((char *)(uintptr_t)ret.data)[ret.size++] = ' ';
    }
    return ret;
}

static struct answer loosened(const struct answer *a)
{
    struct answer ret = *a;
    size_t count = (size_t)a->row_count * a->shape.count;

    ret.cells = TAKE_MANY(a->arena, struct value, count);
    for (size_t i = 0; i < count; i++) {
        ret.cells[i] = a->cells[i];
        if (a->cells[i].type == TYPE_DYNAMIC && !a->cells[i].is_null)
            ret.cells[i].bytes = loosen(a->arena, a->cells[i].bytes);
    }
    return ret;
}

void compare_forms(const struct answer *a, const struct answer *b, bool is_loose, struct buf *ret)
{
    static const struct pipe none;
    const struct question plain = {.pipe = (struct pipe *)(uintptr_t)&none};

    if (is_loose && a->error[0] == '\0' && b->error[0] == '\0') {
        struct answer left = loosened(a), right = loosened(b);
        for (uint32_t i = 0; i < left.shape.count && i < right.shape.count; i++)
            left.shape.fields[i].name = right.shape.fields[i].name; /* of percentiles() */
        compare_answers(&plain, &left, &right, ret);
    } else {
        compare_answers(&plain, a, b, ret);
    }
}
