/* SPDX-License-Identifier: Apache-2.0 */
/* group.c - summarize, arg_max and joins of the naive evaluator. */
#include "naive.h"

#include <math.h>
#include <stdlib.h>

/* ---- aggregates: args[k][r] is argument k of row r ---- */

static struct value long_value(int64_t n)
{
    return (struct value){.type = TYPE_LONG, .integer = n};
}

static struct value real_value(double r)
{
    return (struct value){.type = TYPE_REAL, .real = r};
}

static bool yes(const struct value *v)
{
    return !v->is_null && v->boolean;
}

static struct value count(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    (void)naive;
    (void)args;
    return long_value(rows);
}

static struct value count_if(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    int64_t n = 0;

    (void)naive;
    for (uint32_t r = 0; r < rows; r++)
        n += yes(&args[0][r]) ? 1 : 0;
    return long_value(n);
}

static struct value sum_long(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    uint64_t sum = 0;

    (void)naive;
    for (uint32_t r = 0; r < rows; r++)
        sum += args[0][r].is_null ? 0 : (uint64_t)args[0][r].integer;
    return long_value((int64_t)sum);
}

static struct value sum_if(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    uint64_t sum = 0;

    (void)naive;
    for (uint32_t r = 0; r < rows; r++)
        sum += args[0][r].is_null || !yes(&args[1][r]) ? 0 : (uint64_t)args[0][r].integer;
    return long_value((int64_t)sum);
}

static double as_real(const struct value *v)
{
    return v->type == TYPE_REAL ? v->real : (double)v->integer;
}

static uint32_t add_up(const struct value *values, uint32_t rows, double *ret_sum)
{
    uint32_t n = 0;

    *ret_sum = 0;
    for (uint32_t r = 0; r < rows; r++) {
        *ret_sum += values[r].is_null ? 0 : as_real(&values[r]);
        n += values[r].is_null ? 0 : 1;
    }
    return n;
}

static struct value sum_real(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    double sum;

    (void)naive;
    (void)add_up(args[0], rows, &sum);
    return real_value(sum);
}

static struct value average(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    double sum;
    uint32_t n = add_up(args[0], rows, &sum);

    (void)naive;
    return real_value(n == 0 ? NAN : sum / n);
}

/* Of a sample: divided by n - 1; of fewer than two 0. */
static struct value variance(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    double sum, squares = 0;
    uint32_t n = add_up(args[0], rows, &sum);

    (void)naive;
    for (uint32_t r = 0; r < rows; r++) {
        double off = as_real(&args[0][r]) - sum / n;
        squares += args[0][r].is_null ? 0 : off * off;
    }
    return real_value(n < 2 ? 0 : squares / (n - 1));
}

/* A NaN counts only if there is nothing else. */
static bool is_better(const struct value *v, const struct value *best, int sign)
{
    if (v->is_null || best->is_null)
        return !v->is_null;
    if (v->type == TYPE_REAL && (isnan(v->real) || isnan(best->real)))
        return !isnan(v->real);
    return value_order(v, best) * sign > 0;
}

static struct value extreme(const struct value *values, uint32_t rows, int sign)
{
    struct value best = {.is_null = true};

    for (uint32_t r = 0; r < rows; r++) {
        if (is_better(&values[r], &best, sign))
            best = values[r];
    }
    return best;
}

static struct value minimum(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    (void)naive;
    return extreme(args[0], rows, -1);
}

static struct value maximum(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    (void)naive;
    return extreme(args[0], rows, 1);
}

/* The values that are not null, sorted; *ret_distinct of them differ. */
static struct value *sorted(struct naive *naive, const struct value *values, uint32_t rows,
                            bool distinct, uint32_t *ret_count)
{
    struct value *all = TAKE_MANY(naive->arena, struct value, rows);
    uint32_t n = 0;

    for (uint32_t r = 0; r < rows; r++) {
        uint32_t at = n;
        if (values[r].is_null)
            continue;
        while (at > 0 && value_order(&all[at - 1], &values[r]) > 0)
            at--;
        if (distinct && at > 0 && value_order(&all[at - 1], &values[r]) == 0)
            continue;
        memmove(all + at + 1, all + at, (n - at) * sizeof(*all));
        all[at] = values[r];
        n++;
    }
    *ret_count = n;
    return all;
}

static struct value count_distinct(struct naive *naive, const struct value *const *args,
                                   uint32_t rows)
{
    uint32_t n;

    (void)sorted(naive, args[0], rows, true, &n);
    return long_value(n);
}

static struct value median(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    uint32_t n;
    struct value *all = sorted(naive, args[0], rows, false, &n);

    return n == 0 ? (struct value){.is_null = true} : all[(n + 1) / 2 - 1];
}

static struct value list_of(struct naive *naive, const struct value *values, uint32_t rows,
                            bool distinct)
{
    uint32_t n;
    struct value *all = sorted(naive, values, rows, distinct, &n);
    struct buf buf;

    buf_init(&buf, 1 << 20);
    buf_add_byte(&buf, '[');
    for (uint32_t i = 0; i < n; i++) {
        buf_add_text(&buf, i > 0 ? "," : "");
        if (all[i].type == TYPE_STRING) {
            buf_add_byte(&buf, '"');
            for (size_t at = 0; at < all[i].bytes.size; at++) {
                char c = all[i].bytes.data[at];
                buf_add_text(&buf, c == '"' || c == '\\' ? "\\" : "");
                buf_add_byte(&buf, c);
            }
            buf_add_byte(&buf, '"');
        } else {
            buf_add_i64(&buf, all[i].integer);
        }
    }
    buf_add_byte(&buf, ']');
    char *copy = take_bytes(naive->arena, buf.size);
    memcpy(copy, buf.data, buf.size);
    struct value v = {.type = TYPE_DYNAMIC, .bytes = {copy, buf.size}};
    buf_release(&buf);
    return v;
}

static struct value make_set(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    return list_of(naive, args[0], rows, true);
}

static struct value make_list(struct naive *naive, const struct value *const *args, uint32_t rows)
{
    return list_of(naive, args[0], rows, false);
}

const struct aggregate_rule AGGREGATES[] = {
    {"count()", "l=", count},
    {"countif(@)", "l=b", count_if},
    {"sum(@)", "l=l", sum_long},
    {"sum(@)", "r=r", sum_real},
    {"sumif(@, @)", "l=lb", sum_if},
    {"avg(@)", "r=l", average},
    {"avg(@)", "r=r", average},
    {"variance(@)", "r=r", variance},
    {"min(@)", "l=l", minimum},
    {"max(@)", "l=l", maximum},
    {"min(@)", "r=r", minimum},
    {"max(@)", "r=r", maximum},
    {"min(@)", "t=t", minimum},
    {"max(@)", "t=t", maximum},
    {"max(@)", "p=p", maximum},
    {"dcount(@)", "l=l", count_distinct},
    {"dcount(@)", "l=s", count_distinct},
    {"count_distinct(@)", "l=s", count_distinct},
    {"count_distinct(@)", "l=t", count_distinct},
    {"percentile(@, 50)", "l=l", median},
    {"array_sort_asc(make_set(@))", "d=l", make_set},
    {"array_sort_asc(make_set(@))", "d=s", make_set},
    {"array_sort_asc(make_list(@))", "d=l", make_list},
    {"array_sort_asc(make_list(@))", "d=s", make_list},
};
const uint32_t AGGREGATE_COUNT = sizeof(AGGREGATES) / sizeof(AGGREGATES[0]);

/* ---- groups ---- */

struct groups {
    struct value **keys;
    struct rows *rows; /* of each key */
    uint32_t count;
};

static struct groups group(struct naive *naive, const struct step *step, const struct rows *in)
{
    struct groups g = {.keys = TAKE_MANY(naive->arena, struct value *, in->count + 1),
                       .rows = TAKE_MANY(naive->arena, struct rows, in->count + 1)};

    for (uint32_t r = 0; r < in->count; r++) {
        struct value *key = TAKE_MANY(naive->arena, struct value, step->by_count);
        uint32_t at = 0;
        for (uint32_t i = 0; i < step->by_count; i++)
            key[i] = term_value(naive, step->by[i].term, &in->shape, in->rows[r]);
        for (; at < g.count; at++) {
            bool same = true;
            for (uint32_t i = 0; i < step->by_count && same; i++)
                same = value_order(&g.keys[at][i], &key[i]) == 0;
            if (same)
                break;
        }
        if (at == g.count)
            g.keys[g.count++] = key;
        rows_add(naive, &g.rows[at], in->rows[r]);
    }
    return g;
}

static struct value aggregate(struct naive *naive, const struct item *item,
                              const struct shape *shape, const struct rows *rows)
{
    struct value *args[2] = {TAKE_MANY(naive->arena, struct value, rows->count),
                             TAKE_MANY(naive->arena, struct value, rows->count)};
    const struct term *terms[2] = {item->term, item->second};

    for (int k = 0; k < 2; k++) {
        for (uint32_t r = 0; r < rows->count && terms[k] != NULL; r++)
            args[k][r] = term_value(naive, terms[k], shape, rows->rows[r]);
    }
    struct value v =
        item->aggregate->fn(naive, (const struct value *const *)args, rows->count);
    v.type = type_of_letter(item->aggregate->types[0]);
    return v;
}

struct rows step_summarize(struct naive *naive, const struct step *step, const struct rows *in)
{
    struct groups g = group(naive, step, in);
    struct rows out = {0};

    (void)step_shape(step, naive->arena, &in->shape, &out.shape);
    if (step->by_count == 0 && g.count == 0)
        g.count = 1; /* of nothing */
    for (uint32_t i = 0; i < g.count; i++) {
        struct value *row = TAKE_MANY(naive->arena, struct value, out.shape.count);
        for (uint32_t k = 0; k < step->by_count; k++)
            row[k] = g.keys[i][k];
        for (uint32_t k = 0; k < step->item_count; k++)
            row[step->by_count + k] =
                aggregate(naive, &step->items[k], &in->shape, &g.rows[i]);
        rows_add(naive, &out, row);
    }
    return out;
}

/* summarize arg_max(id, *) by ...: the row with the highest id. */
struct rows step_arg_max(struct naive *naive, const struct step *step, const struct rows *in)
{
    struct groups g = group(naive, step, in);
    struct rows out = {0};
    uint32_t id = schema_find(&(struct schema){in->shape.fields, in->shape.count}, SLICE("id"));

    (void)step_shape(step, naive->arena, &in->shape, &out.shape);
    if (step->by_count == 0 && g.count == 0) { /* of nothing: one row of nulls */
        struct value *none = TAKE_MANY(naive->arena, struct value, out.shape.count);
        for (uint32_t c = 0; c < out.shape.count; c++) {
            enum type type = out.shape.fields[c].type;
            none[c] = (struct value){.type = type, .is_null = type != TYPE_STRING};
        }
        rows_add(naive, &out, none);
    }
    for (uint32_t i = 0; i < g.count; i++) {
        const struct value *best = g.rows[i].rows[0];
        for (uint32_t r = 1; r < g.rows[i].count; r++) {
            if (value_order(&g.rows[i].rows[r][id], &best[id]) > 0)
                best = g.rows[i].rows[r];
        }
        struct value *row = TAKE_MANY(naive->arena, struct value, out.shape.count);
        for (uint32_t c = 0; c < out.shape.count; c++)
            row[c] = c < step->by_count
                         ? g.keys[i][c]
                         : best[schema_find(&(struct schema){in->shape.fields, in->shape.count},
                                            out.shape.fields[c].name)];
        rows_add(naive, &out, row);
    }
    return out;
}

/* ---- joins ---- */

static bool keys_match(struct naive *naive, const struct step *step,
                       const struct rows *const *sides, const struct value *left,
                       const struct value *right)
{
    for (uint32_t i = 0; i < step->by_count; i++) {
        struct value a = term_value(naive, step->by[i].term, &sides[0]->shape, left);
        struct value b = term_value(naive, step->items[i].term, &sides[1]->shape, right);
        if (value_order(&a, &b) != 0)
            return false;
    }
    return true;
}

static void add_pair(struct naive *naive, const struct step *step, const struct rows *const *sides,
                     const struct value *left, const struct value *right, struct rows *out)
{
    struct value *row = TAKE_MANY(naive->arena, struct value, out->shape.count);
    uint32_t n = 0;

    for (uint32_t side = 0; side < 2; side++) {
        const struct value *from = side == 0 ? left : right;
        for (uint32_t c = 0; c < sides[side]->shape.count && n < out->shape.count; c++) {
            bool is_key = false;
            for (uint32_t i = 0; i < step->by_count && side == 1; i++)
                is_key |= slice_equal(sides[1]->shape.fields[c].name, step->items[i].term->name);
            if (step->kind == STEP_LOOKUP && is_key)
                continue;
            enum type type = sides[side]->shape.fields[c].type;
            row[n++] = from != NULL ? from[c]
                                    : (struct value){.type = type, .is_null = type != TYPE_STRING};
        }
    }
    rows_add(naive, out, row);
}

struct rows step_join(struct naive *naive, const struct step *step, const struct rows *in)
{
    struct rows right = pipe_rows(naive, step->pipe, NULL), out = {0};
    const struct rows *const sides[2] = {in, &right};
    bool *matched = TAKE_MANY(naive->arena, bool, right.count);
    const char *kind = step->word;
    bool semi = strstr(kind, "semi") != NULL, anti = strstr(kind, "anti") != NULL;
    bool of_right = strncmp(kind, "right", 5) == 0;

    (void)step_shape(step, naive->arena, &in->shape, &out.shape);
    for (uint32_t l = 0; l < sides[0]->count; l++) {
        bool any = false;
        for (uint32_t r = 0; r < sides[1]->count; r++) {
            if (!keys_match(naive, step, sides, sides[0]->rows[l], sides[1]->rows[r]))
                continue;
            any = matched[r] = true;
            if (!semi && !anti)
                add_pair(naive, step, sides, sides[0]->rows[l], sides[1]->rows[r], &out);
        }
        if (!of_right && ((semi && any) || (anti && !any)))
            rows_add(naive, &out, sides[0]->rows[l]);
        if (!any && (strcmp(kind, "leftouter") == 0 || strcmp(kind, "fullouter") == 0))
            add_pair(naive, step, sides, sides[0]->rows[l], NULL, &out);
    }
    for (uint32_t r = 0; r < sides[1]->count; r++) {
        if (of_right && ((semi && matched[r]) || (anti && !matched[r])))
            rows_add(naive, &out, sides[1]->rows[r]);
        if (!matched[r] && (strcmp(kind, "rightouter") == 0 || strcmp(kind, "fullouter") == 0))
            add_pair(naive, step, sides, NULL, sides[1]->rows[r], &out);
    }
    return out;
}
