/* SPDX-License-Identifier: Apache-2.0 */
/* fn_set.c - arrays as sets, and sorting them.  Sorting makes sets of any size
 * cheap: elements are compared after a sort, results keep the first order. */
#include "base/time.h"
#include "query/items.h"
#include "query/literal.h"
#include "table/dynamic.h"
#include "table/search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

BIND(bind_sets, "y", TYPE_DYNAMIC)

struct ranked {
    struct slice item;
    uint32_t index; /* in its array */
};

/* Merges two sorted runs that follow each other. */
static enum status merge_runs(struct eval *eval, const struct ranked *from, uint32_t first,
                              uint32_t count, struct ranked *to, struct error *err)
{
    uint32_t a = 0;
    uint32_t b = first;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        bool second = a == first || (b < count && item_compare(from[a].item, from[b].item) > 0);
        to[i] = from[second ? b++ : a++];
        status = eval_spend(eval, 16 + to[i].item.size, err);
    }
    return status;
}

/* By value; equal ones keep their order.  Not qsort(): a million elements with escapes
 * take seconds, and the time is looked at meanwhile. */
static enum status sort_ranked(struct eval *eval, struct ranked *ranked, uint32_t count,
                               struct error *err)
{
    struct ranked *from = ranked;
    struct ranked *to = ARENA_ARRAY(eval->arena, struct ranked, count + 1, err);

    if (to == NULL)
        return err->status;
    for (uint64_t run = 1; run < count; run *= 2) {
        for (uint64_t at = 0; at < count; at += 2 * run) {
            uint64_t end = at + 2 * run < count ? at + 2 * run : count;
            uint64_t first = at + run < end ? run : end - at;
            enum status status = merge_runs(eval, from + at, (uint32_t)first,
                                            (uint32_t)(end - at), to + at, err);
            if (status != STATUS_OK)
                return status;
        }
        struct ranked *swap = from;
        from = to;
        to = swap;
    }
    if (from != ranked)
        memcpy(ranked, from, count * sizeof(*ranked));
    return STATUS_OK;
}

static enum status ranked_of(struct eval *eval, const struct value *value, struct ranked **ret,
                             uint32_t *ret_count, struct error *err)
{
    struct items items;
    enum status status = items_of(eval, value->is_null ? SLICE("") : value->bytes, &items, err);

    if (status != STATUS_OK)
        return status;
    struct ranked *ranked = ARENA_ARRAY(eval->arena, struct ranked, items.count + 1, err);
    if (ranked == NULL)
        return err->status;
    for (uint32_t i = 0; i < items.count; i++)
        ranked[i] = (struct ranked){items.data[i], i};
    *ret = ranked;
    *ret_count = items.count;
    return STATUS_OK;
}

static int compare_item(const void *a, const void *b)
{
    return item_compare(((const struct ranked *)a)->item, ((const struct ranked *)b)->item);
}

static bool has_item(const struct ranked *sorted, uint32_t count, struct slice item)
{
    struct ranked key = {item, 0};

    return bsearch(&key, sorted, count, sizeof(key), compare_item) != NULL;
}

static int compare_index(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    return x->index < y->index ? -1 : x->index > y->index;
}

/* Keeps the distinct elements of ranked (any order), in the order of the array. */
static enum status distinct_items(struct eval *eval, struct ranked *ranked, uint32_t *count,
                                  struct error *err)
{
    uint32_t kept = 0;
    enum status status = sort_ranked(eval, ranked, *count, err);

    for (uint32_t i = 0; i < *count && status == STATUS_OK; i++) {
        if (kept == 0 || item_compare(ranked[kept - 1].item, ranked[i].item) != 0)
            ranked[kept++] = ranked[i];
    }
    if (status != STATUS_OK)
        return status;
    qsort(ranked, kept, sizeof(*ranked), compare_index);
    *count = kept;
    return STATUS_OK;
}

static enum status row_set_union(ROW_PARAMETERS)
{
    struct value joined = {.type = TYPE_DYNAMIC};
    struct ranked *ranked;
    uint32_t count;
    struct buf buf;

    list_start(&buf);
    for (uint32_t i = 0; i < arg_count; i++) {
        struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
        if (!items_is_array(&args[i])) {
            buf_release(&buf);
            return STATUS_OK;
        }
        while (dynamic_next(&it))
            list_add(&buf, it.value);
    }
    enum status status = list_give(eval, &buf, &joined, err);
    if (status == STATUS_OK)
        status = ranked_of(eval, &joined, &ranked, &count, err);
    if (status == STATUS_OK)
        status = distinct_items(eval, ranked, &count, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < count; i++)
        list_add(&buf, ranked[i].item);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_set_union, TYPE_DYNAMIC)

/* Elements of the first array that are (wanted) or are not in the others. */
static enum status set_filter(struct eval *eval, const struct value *args, uint32_t arg_count,
                              bool wanted, struct value *ret, struct error *err)
{
    struct ranked *first;
    struct ranked *other;
    uint32_t count;
    uint32_t other_count;
    struct buf buf;

    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = ranked_of(eval, &args[0], &first, &count, err);
    if (status == STATUS_OK)
        status = distinct_items(eval, first, &count, err);
    for (uint32_t k = 1; k < arg_count && status == STATUS_OK; k++) {
        uint32_t kept = 0;
        status = ranked_of(eval, &args[k], &other, &other_count, err);
        if (status == STATUS_OK)
            status = sort_ranked(eval, other, other_count, err);
        for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
            if (has_item(other, other_count, first[i].item) == wanted)
                first[kept++] = first[i];
            status = eval_spend(eval, 64 + first[i].item.size, err);
        }
        count = kept;
    }
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = 0; i < count; i++)
        list_add(&buf, first[i].item);
    return list_give(eval, &buf, ret, err);
}

static enum status row_set_intersect(ROW_PARAMETERS)
{
    return set_filter(eval, args, arg_count, true, ret, err);
}
ROW_EVAL(row_set_intersect, TYPE_DYNAMIC)

static enum status row_set_difference(ROW_PARAMETERS)
{
    return set_filter(eval, args, arg_count, false, ret, err);
}
ROW_EVAL(row_set_difference, TYPE_DYNAMIC)

/* ---- `in` with a value that comes with the row ---- */

/* What is in an array and in the arrays in it; counted only where `into` is NULL.  Their depth is
 * that of JSON (limits.h). */
static uint32_t flatten(struct slice array, struct slice *into)
{
    struct dynamic_iterator it = dynamic_iterate(array);
    uint32_t count = 0;

    while (dynamic_next(&it)) {
        if (dynamic_kind(it.value) == JSON_ARRAY)
            count += flatten(it.value, into == NULL ? NULL : into + count);
        else if (into == NULL)
            count++;
        else
            into[count++] = it.value;
    }
    return count;
}

static bool has_array(const struct items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (dynamic_kind(items->data[i]) == JSON_ARRAY)
            return true;
    }
    return false;
}

static enum status items_or_one(struct eval *eval, const struct value *value, struct items *ret,
                                struct error *err)
{
    if (!items_is_array(value)) {
        *ret = (struct items){&value->bytes, 1};
        return STATUS_OK;
    }
    enum status status = items_of(eval, value->bytes, ret, err);
    if (status != STATUS_OK || !has_array(ret))
        return status;
    uint32_t count = flatten(value->bytes, NULL);
    struct slice *flat = ARENA_ARRAY(eval->arena, struct slice, count + 1, err);
    if (flat == NULL)
        return err->status;
    *ret = (struct items){flat, flatten(value->bytes, flat)};
    return eval_spend(eval, value->bytes.size, err);
}

static enum status row_in_values(ROW_PARAMETERS)
{
    struct items items;
    struct slice wanted;

    (void)arg_count;
    enum status status = items_or_one(eval, &args[0], &items, err);
    if (status == STATUS_OK)
        status = value_json(eval, &args[1], &wanted, err);
    if (status != STATUS_OK)
        return status;
    return give_bool(ret, items_find(&items, wanted) != UINT32_MAX);
}
ROW_EVAL(row_in_values, TYPE_BOOL)

static enum status row_in_values_nocase(ROW_PARAMETERS)
{
    enum status status;
    struct items items;
    bool found = false;

    (void)arg_count;
    status = items_or_one(eval, &args[0], &items, err);
    for (uint32_t i = 0; status == STATUS_OK && i < items.count && !found; i++) {
        struct slice text;
        status = dynamic_to_string(eval->arena, items.data[i], &text, err);
        if (status == STATUS_OK)
            status = eval_spend(eval, 8 + text.size, err);
        found = status == STATUS_OK && search_equal(text, args[1].bytes, false);
    }
    return status == STATUS_OK ? give_bool(ret, found) : status;
}
ROW_EVAL(row_in_values_nocase, TYPE_BOOL)

const struct function operator_in_values = {.name = "in", .eval = eval_row_in_values};
const struct function operator_in_values_nocase = {.name = "in~",
                                                   .eval = eval_row_in_values_nocase};

/* ---- values in an order ---- */

static enum status row_order(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    buf_init(&buf, 2 * DYNAMIC_BYTES_MAX);
    if (args[0].is_null)
        buf_add_byte(&buf, args[1].boolean ? ITEM_ORDER_LOW : ITEM_ORDER_HIGH);
    else
        item_add_order(&buf, args[0].bytes);
    if (buf.size > QUERY_STRING_BYTES_MAX) /* of the longest the last bytes do not count */
        buf.size = QUERY_STRING_BYTES_MAX;
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_order, TYPE_STRING)

const struct function operator_order = {
    .name = "order", .flags = FUNCTION_LAZY_NULL, .eval = eval_row_order};

static enum status row_set_has_element(ROW_PARAMETERS)
{
    struct items items;
    struct slice wanted;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &items, err);
    if (status == STATUS_OK)
        status = value_json(eval, &args[1], &wanted, err);
    if (status != STATUS_OK)
        return status;
    return give_bool(ret, items_find(&items, wanted) != UINT32_MAX);
}
ROW_EVAL(row_set_has_element, TYPE_BOOL)
BIND(bind_set_has_element, "ya", TYPE_BOOL)

/* Sizes of the union and of what all sets share. */
static enum status measure(struct eval *eval, const struct value *args, uint32_t arg_count,
                           uint64_t *ret_shared, uint64_t *ret_all, struct error *err)
{
    struct value set = {.type = TYPE_DYNAMIC, .is_null = true};
    enum status status = set_filter(eval, args, arg_count, true, &set, err);

    *ret_shared = set.is_null ? 0 : dynamic_count(set.bytes);
    set.is_null = true;
    if (status == STATUS_OK)
        status = row_set_union(eval, args, arg_count, &set, err);
    *ret_all = set.is_null ? 0 : dynamic_count(set.bytes);
    return status;
}

static enum status row_jaccard_index(ROW_PARAMETERS)
{
    uint64_t shared;
    uint64_t all;

    if (!items_is_array(&args[0]) || !items_is_array(&args[1]))
        return STATUS_OK;
    enum status status = measure(eval, args, arg_count, &shared, &all, err);
    if (status != STATUS_OK)
        return status;
    return give_real(ret, (double)shared / (double)all);
}
ROW_EVAL(row_jaccard_index, TYPE_REAL)
BIND(bind_jaccard_index, "y", TYPE_REAL)

static enum status row_set_equals(ROW_PARAMETERS)
{
    uint64_t shared;
    uint64_t all;
    enum status status = measure(eval, args, arg_count, &shared, &all, err);

    if (status != STATUS_OK)
        return status;
    return give_bool(ret, shared == all);
}
ROW_EVAL(row_set_equals, TYPE_BOOL)
BIND(bind_set_equals, "y", TYPE_BOOL)

/* ---- sorting ---- */

#define SPAN_BYTES 32u /* more than a timespan has as text, or its ticks */

/* A timespan is a text in an array; other spellings of one are texts that were sent as such. */
static bool is_span(struct slice json, int64_t *ret_ticks)
{
    struct buf spelled;

    if (dynamic_kind(json) != JSON_STRING || json.size > SPAN_BYTES)
        return false;
    struct slice text = slice_from(json.data + 1, json.size - 2);
    if (!literal_timespan(text, ret_ticks))
        return false;
    buf_init(&spelled, SPAN_BYTES);
    time_format_span(*ret_ticks, &spelled);
    bool same = slice_equal(buf_slice(&spelled), text);
    buf_release(&spelled);
    return same;
}

/* Where all are timespans (or null) their ticks stand for them, to be compared.  Beside other
 * texts they stay texts: which of them were timespans nobody knows. */
static enum status rank_spans(struct eval *eval, struct ranked *ranked, uint32_t count,
                              struct error *err)
{
    int64_t ticks = 0;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!dynamic_is_null(ranked[i].item) && !is_span(ranked[i].item, &ticks))
            return STATUS_OK;
        status = eval_spend(eval, 256, err);
    }
    char *texts = ARENA_ARRAY(eval->arena, char, (size_t)count * SPAN_BYTES + 1, err);
    if (texts == NULL)
        status = err->status;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        char *text = texts + (size_t)i * SPAN_BYTES;
        if (!is_span(ranked[i].item, &ticks))
            continue;
        int size = snprintf(text, SPAN_BYTES, "%" PRId64, ticks);
        ranked[i].item = slice_from(text, (size_t)size);
        status = eval_spend(eval, 256, err);
    }
    return status;
}

/* Sorts the first array; further arrays of the same length follow it.  Several
 * arrays give an array of arrays, which the binder takes apart. */
static enum status sort_arrays(struct eval *eval, const struct value *args, uint32_t arg_count,
                               bool descending, struct value *ret, struct error *err)
{
    bool nulls_last = true;
    struct ranked *first;
    struct buf buf;
    uint32_t count;
    uint32_t nulls = 0;

    if (arg_count > 1 && args[arg_count - 1].type == TYPE_BOOL)
        nulls_last = args[--arg_count].boolean;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = ranked_of(eval, &args[0], &first, &count, err);
    if (status == STATUS_OK)
        status = rank_spans(eval, first, count, err);
    if (status == STATUS_OK)
        status = sort_ranked(eval, first, count, err); /* nulls are at the end */
    if (status != STATUS_OK)
        return status;
    while (nulls < count && dynamic_is_null(first[count - 1 - nulls].item))
        nulls++;
    list_start(&buf);
    for (uint32_t k = 0; status == STATUS_OK && k < arg_count; k++) {
        struct items items;
        status = items_of(eval, args[k].is_null ? SLICE("") : args[k].bytes, &items, err);
        if (status == STATUS_OK && items.count != count) {
            buf_add_text(&buf, ",null");
            continue;
        }
        if (arg_count > 1)
            buf_add_text(&buf, k > 0 ? ",[" : "[");
        for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
            uint32_t values = count - nulls;
            uint32_t place = nulls_last ? i : (i + values) % (count == 0 ? 1 : count);
            uint32_t rank = place < values && descending ? values - 1 - place : place;
            uint32_t index = first[rank].index;
            if (i > 0)
                buf_add_byte(&buf, ',');
            buf_add_slice(&buf, items.data[index]);
        }
        if (arg_count > 1)
            buf_add_byte(&buf, ']');
    }
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return list_give(eval, &buf, ret, err);
}

static enum status row_array_sort_asc(ROW_PARAMETERS)
{
    return sort_arrays(eval, args, arg_count, false, ret, err);
}
ROW_EVAL_LAZY(row_array_sort_asc, TYPE_DYNAMIC)

static enum status row_array_sort_desc(ROW_PARAMETERS)
{
    return sort_arrays(eval, args, arg_count, true, ret, err);
}
ROW_EVAL_LAZY(row_array_sort_desc, TYPE_DYNAMIC)

static enum status bind_array_sort(BIND_PARAMETERS)
{
    uint32_t arrays = arg_count > 1 && args[arg_count - 1].type == TYPE_BOOL ? arg_count - 1
                                                                            : arg_count;

    *ret = TYPE_DYNAMIC;
    return bind_letters(args, arrays, "y", want, err);
}

#define SET(NAME, SIGNATURE, TEXT, EXAMPLE, MAX, BIND_FN)                                          \
    {.name = #NAME, .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),             \
     .args_min = 2, .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##NAME}
#define SORT(NAME, TEXT, EXAMPLE)                                                                  \
    {.name = #NAME, .signature = #NAME "(array [, array ...] [, nulls_last])", .summary = (TEXT),  \
     .example = (EXAMPLE), .args_min = 1, .args_max = 64, .flags = FUNCTION_LAZY_NULL,             \
     .bind = bind_array_sort, .eval = eval_row_##NAME}

static const struct function functions[] = {
    SET(set_union, "set_union(array, array [, ...])", "the elements that any array has",
        "array_length(set_union(dynamic([1, 2]), dynamic([2, 3]))) == 3", 64, bind_sets),
    SET(set_intersect, "set_intersect(array, array [, ...])", "the elements that all arrays have",
        "tostring(set_intersect(dynamic([1, 2]), dynamic([2, 3]))) == '[2]'", 64, bind_sets),
    SET(set_difference, "set_difference(array, array [, ...])",
        "the elements of the first array that the others do not have",
        "tostring(set_difference(dynamic([1, 2]), dynamic([2, 3]))) == '[1]'", 64, bind_sets),
    SET(set_has_element, "set_has_element(array, value)", "true if the array has the value",
        "set_has_element(dynamic([1, 2]), 2)", 2, bind_set_has_element),
    SET(set_equals, "set_equals(array, array)", "true if both arrays have the same elements",
        "set_equals(dynamic([1, 2]), dynamic([2, 1, 1]))", 2, bind_set_equals),
    SET(jaccard_index, "jaccard_index(array, array)",
        "shared elements by all elements of two sets",
        "jaccard_index(dynamic([1, 2]), dynamic([2])) == 0.5", 2, bind_jaccard_index),
    SORT(array_sort_asc, "the elements in ascending order; further arrays follow the first",
         "tostring(array_sort_asc(dynamic([2, 1]))) == '[1,2]'"),
    SORT(array_sort_desc, "the elements in descending order; further arrays follow the first",
         "tostring(array_sort_desc(dynamic([1, 2]))) == '[2,1]'"),
};

FUNCTION_FAMILY(set, functions);
