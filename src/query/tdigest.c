/* SPDX-License-Identifier: Apache-2.0 */
/* tdigest.c - see tdigest_priv.h. */
#include "query/tdigest_priv.h"

#include "base/text.h"
#include "table/dynamic.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

static const struct {
    enum type type;
    uint32_t code; /* in the dynamic */
} kinds[] = {{TYPE_LONG, 7}, {TYPE_REAL, 8}, {TYPE_DATETIME, 9}, {TYPE_TIMESPAN, 10}};

enum type tdigest_type(enum type type)
{
    return type == TYPE_INT || type == TYPE_LONG || type == TYPE_BOOL ? TYPE_LONG
           : type == TYPE_DATETIME || type == TYPE_TIMESPAN           ? type
                                                                      : TYPE_REAL;
}

static int compare_centroids(const void *a, const void *b)
{
    long double x = ((const struct centroid *)a)->mean;
    long double y = ((const struct centroid *)b)->mean;

    return x < y ? -1 : x > y;
}

static void join(struct centroid *into, const struct centroid *from)
{
    double weight = into->weight + from->weight;

    into->mean += (from->mean - into->mean) * (long double)(from->weight / weight);
    into->weight = weight;
}

/* Sorts, and joins what is equal. */
static void settle(struct tdigest *digest)
{
    uint32_t kept = 0;

    if (digest->is_sorted || digest->count == 0)
        return;
    qsort(digest->data, digest->count, sizeof(*digest->data), compare_centroids);
    for (uint32_t i = 1; i < digest->count; i++) {
        if (digest->data[i].mean == digest->data[kept].mean)
            digest->data[kept].weight += digest->data[i].weight;
        else
            digest->data[++kept] = digest->data[i];
    }
    digest->count = kept + 1;
    digest->is_sorted = true;
}

/* The scale function k1: a centroid may span one unit of it. */
static double scale(double share)
{
    return TDIGEST_SCALE / (2 * PI) * asin(2 * fmin(fmax(share, 0), 1) - 1);
}

static void compress(struct tdigest *digest)
{
    uint32_t kept = 0;
    double total = 0;
    double before = 0; /* weight left of the one that grows */

    settle(digest);
    if (digest->count <= TDIGEST_KEPT_MAX / 2)
        return;
    for (uint32_t i = 0; i < digest->count; i++)
        total += digest->data[i].weight;
    for (uint32_t i = 1; i < digest->count; i++) {
        double after = before + digest->data[kept].weight + digest->data[i].weight;
        bool is_near = scale(after / total) - scale(before / total) <= 1;
        if (is_near && isfinite(digest->data[kept].mean) && isfinite(digest->data[i].mean)) {
            join(&digest->data[kept], &digest->data[i]);
        } else {
            before += digest->data[kept].weight;
            digest->data[++kept] = digest->data[i];
        }
    }
    digest->count = kept + 1;
}

static enum status add(struct arena *arena, struct tdigest *digest, struct centroid centroid,
                       struct error *err)
{
    if (digest->count == TDIGEST_KEPT_MAX)
        compress(digest);
    if (digest->count == digest->capacity) {
        uint32_t capacity = digest->capacity == 0 ? 16 : digest->capacity * 2;
        struct centroid *data = ARENA_ARRAY(arena, struct centroid, capacity, err);
        if (data == NULL)
            return err->status;
        if (digest->count > 0)
            memcpy(data, digest->data, digest->count * sizeof(*data));
        digest->data = data;
        digest->capacity = capacity;
    }
    digest->data[digest->count++] = centroid;
    digest->is_sorted = false;
    return STATUS_OK;
}

enum status tdigest_add(struct arena *arena, struct tdigest *digest, const struct value *value,
                        double weight, struct error *err)
{
    bool is_real = value->type == TYPE_REAL;
    struct centroid one = {is_real ? (long double)value->real : (long double)value->integer,
                           weight};

    digest->type = value->type;
    return is_real && isnan(value->real) ? STATUS_OK : add(arena, digest, one, err);
}

enum status tdigest_merge(struct arena *arena, struct tdigest *into, const struct tdigest *from,
                          struct error *err)
{
    enum status status = STATUS_OK;

    if (from->count == 0)
        return STATUS_OK;
    if (into->count > 0 && into->type != from->type)
        return ERROR_SET(err, STATUS_INVALID, "cannot merge a tdigest of %s with one of %s",
                         type_name(from->type), type_name(into->type));
    into->type = from->type;
    for (uint32_t i = 0; i < from->count && status == STATUS_OK; i++)
        status = add(arena, into, from->data[i], err);
    return status;
}

static struct value value_of(const struct tdigest *digest, long double mean)
{
    struct value value = {.type = digest->type};

    if (digest->type == TYPE_REAL)
        value.real = (double)mean;
    else
        value.integer = (int64_t)llroundl(mean);
    return value;
}

struct value tdigest_percentile(struct tdigest *digest, double percent)
{
    double total = 0;
    double sum = 0;

    settle(digest);
    for (uint32_t i = 0; i < digest->count; i++)
        total += digest->data[i].weight;
    for (uint32_t i = 0; i < digest->count; i++) {
        sum += digest->data[i].weight;
        if (sum >= total * percent / 100 - total * 1e-12)
            return value_of(digest, digest->data[i].mean);
    }
    return digest->count > 0 ? value_of(digest, digest->data[digest->count - 1].mean)
                             : (struct value){.type = digest->type, .is_null = true};
}

double tdigest_rank(struct tdigest *digest, const struct value *value, double *ret_total)
{
    long double limit = value->type == TYPE_REAL ? (long double)value->real
                                                 : (long double)value->integer;
    double rank = 0;

    *ret_total = 0;
    for (uint32_t i = 0; i < digest->count; i++) {
        *ret_total += digest->data[i].weight;
        rank += digest->data[i].mean <= limit ? digest->data[i].weight : 0;
    }
    return rank;
}

/* ---- as a dynamic ---- */

static void add_number(struct buf *buf, double number)
{
    if (number == floor(number) && fabs(number) < 9e15)
        buf_add_i64(buf, (int64_t)number);
    else
        text_add_double(buf, number);
}

static void add_mean(const struct tdigest *digest, long double mean, struct buf *buf)
{
    struct value value = value_of(digest, mean);

    if (digest->type == TYPE_REAL && isfinite(value.real))
        text_add_double(buf, value.real);
    else if (digest->type == TYPE_REAL)
        dynamic_add_value(buf, &value); /* JSON has no infinity: a text */
    else
        buf_add_i64(buf, value.integer);
}

void tdigest_add_json(struct tdigest *digest, struct buf *buf)
{
    uint32_t code = 0;

    settle(digest);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        code = kinds[i].type == digest->type ? kinds[i].code : code;
    buf_add_format(buf, "[[%u],[", code);
    for (uint32_t i = 0; i < digest->count; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        add_mean(digest, digest->data[i].mean, buf);
    }
    buf_add_text(buf, "],[");
    for (uint32_t i = 0; i < digest->count; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        add_number(buf, digest->data[i].weight);
    }
    buf_add_text(buf, "]]");
}

static bool read_mean(const struct tdigest *digest, struct slice text, long double *ret)
{
    int64_t whole;
    double real;

    if (digest->type != TYPE_REAL) {
        *ret = 0;
        if (!text_parse_i64(text, &whole))
            return false;
        *ret = (long double)whole;
        return true;
    }
    if (slice_is(text, "\"Infinity\"") || slice_is(text, "\"-Infinity\""))
        real = text.data[1] == '-' ? -(double)INFINITY : (double)INFINITY;
    else if (!text_parse_double(text, &real) || !isfinite(real))
        return false;
    *ret = (long double)real;
    return true;
}

static bool read_kind(struct slice json, enum type *ret)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    int64_t code;

    if (!dynamic_next(&it) || !text_parse_i64(slice_trim(it.value), &code))
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].code == code) {
            *ret = kinds[i].type;
            return true;
        }
    }
    return false;
}

bool tdigest_from_json(struct arena *arena, struct slice json, struct tdigest *ret,
                       struct error *err)
{
    struct slice parts[3];
    struct dynamic_iterator it = dynamic_iterate(json);
    uint32_t count = 0;

    *ret = (struct tdigest){0};
    for (; count < 3 && dynamic_next(&it); count++)
        parts[count] = slice_trim(it.value);
    if (count < 3 || dynamic_next(&it) || !read_kind(parts[0], &ret->type))
        return false;
    struct dynamic_iterator means = dynamic_iterate(parts[1]);
    struct dynamic_iterator weights = dynamic_iterate(parts[2]);
    while (dynamic_next(&means)) {
        struct centroid one;
        if (!dynamic_next(&weights) || !read_mean(ret, slice_trim(means.value), &one.mean) ||
            !text_parse_double(slice_trim(weights.value), &one.weight) || !(one.weight > 0) ||
            !isfinite(one.weight))
            return false;
        if (add(arena, ret, one, err) != STATUS_OK)
            return false;
    }
    return !dynamic_next(&weights) && ret->count > 0;
}
