/* SPDX-License-Identifier: Apache-2.0 */
/* fn_array.c - functions on dynamic arrays. */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"

#include <math.h>

static enum status row_array_length(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    return give_long(ret, (int64_t)dynamic_count(args[0].bytes));
}
ROW_EVAL(row_array_length, TYPE_LONG)
BIND(bind_array_length, "y", TYPE_LONG)
BIND(bind_arrays, "y", TYPE_DYNAMIC)
BIND(bind_values, "a", TYPE_DYNAMIC)

static enum status row_pack_array(ROW_PARAMETERS)
{
    struct buf buf;

    list_start(&buf);
    for (uint32_t i = 0; i < arg_count; i++) {
        struct slice json;
        enum status status = value_json(eval, &args[i], &json, err);
        if (status != STATUS_OK) {
            buf_release(&buf);
            return status;
        }
        list_add(&buf, json);
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_pack_array, TYPE_DYNAMIC)

static enum status row_array_concat(ROW_PARAMETERS)
{
    struct buf buf;
    bool any = false;

    list_start(&buf);
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i].is_null)
            continue;
        any = true;
        struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
        if (dynamic_kind(args[i].bytes) != JSON_ARRAY)
            list_add(&buf, args[i].bytes);
        else
            while (dynamic_next(&it))
                list_add(&buf, it.value);
    }
    if (!any) {
        buf_release(&buf);
        return STATUS_OK;
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_array_concat, TYPE_DYNAMIC)

/* ---- parts ---- */

static int64_t from_end(int64_t index, uint32_t count)
{
    return index < 0 ? index + count : index;
}

static enum status give_range(struct eval *eval, const struct items *items, int64_t first,
                              int64_t end, struct value *ret, struct error *err)
{
    struct buf buf;

    list_start(&buf);
    for (int64_t i = first < 0 ? 0 : first; i < end && i < items->count; i++)
        list_add(&buf, items->data[i]);
    return list_give(eval, &buf, ret, err);
}

static enum status row_array_slice(ROW_PARAMETERS)
{
    struct items items;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &items, err);
    if (status != STATUS_OK)
        return status;
    int64_t last = from_end(args[2].integer, items.count);
    return give_range(eval, &items, from_end(args[1].integer, items.count),
                      last >= items.count ? items.count : last + 1, ret, err);
}
ROW_EVAL(row_array_slice, TYPE_DYNAMIC)
BIND(bind_array_slice, "yll", TYPE_DYNAMIC)

static enum status row_array_split(ROW_PARAMETERS)
{
    struct items items;
    struct items cuts;
    struct value part = {.type = TYPE_DYNAMIC};
    struct buf buf;
    int64_t from = 0;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &items, err);
    if (status == STATUS_OK)
        status = items_of(eval, args[1].bytes, &cuts, err);
    if (status != STATUS_OK)
        return status;
    if (!items_is_array(&args[1]))
        cuts = (struct items){&args[1].bytes, 1};
    list_start(&buf);
    for (uint32_t i = 0; status == STATUS_OK && i <= cuts.count; i++) {
        int64_t cut = items.count;
        if (i < cuts.count && !text_parse_i64(cuts.data[i], &cut))
            continue;
        cut = from_end(cut, items.count);
        status = give_range(eval, &items, from, cut, &part, err);
        if (status == STATUS_OK)
            list_add(&buf, part.bytes);
        from = cut > from ? cut : from;
    }
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_array_split, TYPE_DYNAMIC)

/* array_index_of(array, value [, start, length, occurrence]) */
static enum status row_array_index_of(ROW_PARAMETERS)
{
    struct items items;
    struct slice wanted;
    int64_t start = arg_count > 2 ? args[2].integer : 0;
    int64_t length = arg_count > 3 ? args[3].integer : -1;
    int64_t nth = arg_count > 4 ? args[4].integer : 1;

    if (!items_is_array(&args[0]) || nth < 1 || length < -1)
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &items, err);
    if (status == STATUS_OK)
        status = value_json(eval, &args[1], &wanted, err);
    if (status != STATUS_OK)
        return status;
    start = from_end(start, items.count);
    start = start < 0 ? 0 : start;
    for (int64_t i = start; i < items.count && (length < 0 || i - start < length); i++) {
        if (item_equal(items.data[i], wanted) && --nth == 0)
            return give_long(ret, i);
    }
    return give_long(ret, -1);
}
ROW_EVAL(row_array_index_of, TYPE_LONG)

static enum status bind_array_index_of(BIND_PARAMETERS)
{
    *ret = TYPE_LONG;
    return bind_letters(args, arg_count, "yalll", want, err);
}

static enum status row_array_sum(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    double sum = 0;
    double number;

    (void)eval, (void)arg_count, (void)err;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    while (dynamic_next(&it)) {
        struct slice text = slice_trim(it.value);
        if (dynamic_is_null(text))
            continue;
        if (!text_parse_double(text, &number))
            return STATUS_OK;
        sum += number;
    }
    return give_real(ret, sum);
}
ROW_EVAL(row_array_sum, TYPE_REAL)
BIND(bind_array_sum, "y", TYPE_REAL)

/* ---- order ---- */

static enum status row_array_reverse(ROW_PARAMETERS)
{
    struct items items;
    struct buf buf;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return give_bytes(ret, args[0].bytes);
    enum status status = items_of(eval, args[0].bytes, &items, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (uint32_t i = items.count; i > 0; i--)
        list_add(&buf, items.data[i - 1]);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_array_reverse, TYPE_DYNAMIC)

static enum status rotate(struct eval *eval, struct slice json, int64_t by, struct value *ret,
                          struct error *err)
{
    struct items items;
    struct buf buf;
    enum status status = items_of(eval, json, &items, err);

    if (status != STATUS_OK)
        return status;
    int64_t first = items.count == 0 ? 0 : by % items.count;
    if (first < 0)
        first += items.count;
    list_start(&buf);
    for (uint32_t i = 0; i < items.count; i++)
        list_add(&buf, items.data[((uint64_t)first + i) % items.count]);
    return list_give(eval, &buf, ret, err);
}

static int64_t negated(int64_t value)
{
    return value == INT64_MIN ? INT64_MAX : -value;
}

static enum status row_array_rotate_left(ROW_PARAMETERS)
{
    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    return rotate(eval, args[0].bytes, args[1].integer, ret, err);
}
ROW_EVAL(row_array_rotate_left, TYPE_DYNAMIC)

static enum status row_array_rotate_right(ROW_PARAMETERS)
{
    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    return rotate(eval, args[0].bytes, negated(args[1].integer), ret, err);
}
ROW_EVAL(row_array_rotate_right, TYPE_DYNAMIC)
BIND(bind_array_move, "yla", TYPE_DYNAMIC)

/* Of an array of texts, which know no null: "". */
static struct slice filler_of(const struct items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (dynamic_kind(items->data[i]) != JSON_STRING)
            return SLICE("null");
    }
    return SLICE("\"\"");
}

static enum status shift(struct eval *eval, const struct value *args, uint32_t arg_count,
                         int64_t by, struct value *ret, struct error *err)
{
    struct items items;
    struct slice filler;
    struct buf buf;

    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &items, err);
    if (status == STATUS_OK && arg_count > 2)
        status = value_json(eval, &args[2], &filler, err);
    if (status != STATUS_OK)
        return status;
    if (arg_count <= 2)
        filler = filler_of(&items);
    if (by > items.count)
        by = items.count;
    if (by < -(int64_t)items.count)
        by = -(int64_t)items.count;
    list_start(&buf);
    for (int64_t i = by; i < by + items.count; i++)
        list_add(&buf, i >= 0 && i < items.count ? items.data[i] : filler);
    return list_give(eval, &buf, ret, err);
}

static enum status row_array_shift_left(ROW_PARAMETERS)
{
    return shift(eval, args, arg_count, args[1].integer, ret, err);
}
ROW_EVAL(row_array_shift_left, TYPE_DYNAMIC)

static enum status row_array_shift_right(ROW_PARAMETERS)
{
    return shift(eval, args, arg_count, negated(args[1].integer), ret, err);
}
ROW_EVAL(row_array_shift_right, TYPE_DYNAMIC)

/* ---- array_iff ---- */

static struct slice choice_at(const struct value *value, const struct items *items, uint32_t index)
{
    if (!items_is_array(value))
        return value->bytes;
    return index < items->count ? items->data[index] : SLICE("");
}

static enum status row_array_iff(ROW_PARAMETERS)
{
    struct items lists[3];
    struct buf buf;

    (void)arg_count;
    for (uint32_t i = 0; i < 3; i++) {
        enum status status = items_of(eval, args[i].bytes, &lists[i], err);
        if (status != STATUS_OK)
            return status;
    }
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    list_start(&buf);
    for (uint32_t i = 0; i < lists[0].count; i++) {
        struct slice condition = lists[0].data[i];
        double number = 0;
        bool known = slice_is(condition, "true") || slice_is(condition, "false") ||
                     text_parse_double(condition, &number);
        bool holds = slice_is(condition, "true") || number != 0;
        list_add(&buf, !known  ? SLICE("")
                       : holds ? choice_at(&args[1], &lists[1], i)
                               : choice_at(&args[2], &lists[2], i));
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_array_iff, TYPE_DYNAMIC)

/* ---- making ---- */

static enum status row_strcat_array(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    struct buf buf;
    bool first = true;
    enum status status = STATUS_OK;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    text_start(&buf);
    while (status == STATUS_OK && dynamic_next(&it)) {
        struct slice text;
        status = dynamic_to_string(eval->arena, it.value, &text, err);
        if (!first)
            buf_add_slice(&buf, args[1].bytes);
        if (status == STATUS_OK)
            buf_add_slice(&buf, text);
        first = false;
    }
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_strcat_array, TYPE_STRING)
BIND(bind_strcat_array, "ys", TYPE_STRING)

#define RANGE_MAX 1048576

static enum status bind_range(BIND_PARAMETERS)
{
    enum status status = STATUS_OK;

    *ret = TYPE_DYNAMIC;
    if (args[0].type == TYPE_DATETIME || args[0].type == TYPE_TIMESPAN) {
        want[1] = args[0].type;
        if (arg_count > 2)
            want[2] = TYPE_TIMESPAN;
        return STATUS_OK;
    }
    status = bind_letters(args, arg_count, "n", want, err);
    for (uint32_t i = 0; i < arg_count; i++) {
        if (want[i] == TYPE_DECIMAL)
            want[i] = TYPE_REAL;
        else if (want[i] == TYPE_INT)
            want[i] = TYPE_LONG;
    }
    return status;
}

static double number_of(const struct value *value)
{
    return value->type == TYPE_REAL ? value->real : (double)value->integer;
}

/* Whole numbers, instants and durations are counted in integers. */
static enum status row_range(ROW_PARAMETERS)
{
    bool real = args[0].type == TYPE_REAL || (arg_count > 2 && args[2].type == TYPE_REAL) ||
                args[1].type == TYPE_REAL;
    bool in_time = args[0].type == TYPE_DATETIME || args[0].type == TYPE_TIMESPAN;
    int64_t step = arg_count > 2 ? args[2].integer : in_time ? TICKS_PER_HOUR : 1;
    double real_step = arg_count > 2 ? number_of(&args[2]) : 1;
    struct value item = args[0];
    struct buf buf;

    if (real ? real_step == 0 : step == 0)
        return STATUS_OK;
    list_start(&buf);
    for (uint32_t i = 0; i < RANGE_MAX; i++) {
        if (real) {
            item.type = TYPE_REAL;
            item.real = number_of(&args[0]) + i * real_step;
            if (!(real_step > 0 ? item.real <= number_of(&args[1])
                                : item.real >= number_of(&args[1])))
                break;
        } else if (step > 0 ? item.integer > args[1].integer : item.integer < args[1].integer)
            break;
        if (buf.size > 1)
            buf_add_byte(&buf, ',');
        dynamic_add_value(&buf, &item);
        if (!real && __builtin_add_overflow(item.integer, step, &item.integer))
            break;
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_range, TYPE_DYNAMIC)

static enum status row_repeat(ROW_PARAMETERS)
{
    struct slice json;
    struct buf buf;

    (void)arg_count;
    if (args[1].is_null || args[1].integer < 0)
        return STATUS_OK;
    if (args[1].integer > RANGE_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "repeat() makes at most %d elements", RANGE_MAX);
    enum status status = value_json(eval, &args[0], &json, err);
    if (status != STATUS_OK)
        return status;
    list_start(&buf);
    for (int64_t i = 0; i < args[1].integer; i++)
        list_add(&buf, json);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_repeat, TYPE_DYNAMIC)
BIND(bind_repeat, "al", TYPE_DYNAMIC)

static enum status row_zip(ROW_PARAMETERS)
{
    struct items *lists = ARENA_ARRAY(eval->arena, struct items, arg_count, err);
    uint32_t count = 0;
    struct buf buf;

    if (lists == NULL)
        return err->status;
    for (uint32_t i = 0; i < arg_count; i++) {
        enum status status = items_of(eval, args[i].bytes, &lists[i], err);
        if (status != STATUS_OK)
            return status;
        count = lists[i].count > count ? lists[i].count : count;
    }
    list_start(&buf);
    for (uint32_t k = 0; k < count; k++) {
        if (k > 0)
            buf_add_byte(&buf, ',');
        for (uint32_t i = 0; i < arg_count; i++) {
            buf_add_byte(&buf, i == 0 ? '[' : ',');
            buf_add_slice(&buf, k < lists[i].count ? lists[i].data[k] : SLICE("null"));
        }
        buf_add_byte(&buf, ']');
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_zip, TYPE_DYNAMIC)

#define ARRAY(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN, EVAL)                             \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##EVAL}
#define ARRAY_LAZY(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN, EVAL)                        \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .flags = FUNCTION_LAZY_NULL, .bind = (BIND_FN),         \
     .eval = eval_row_##EVAL}

static const struct function functions[] = {
    ARRAY("array_length", "array_length(array)", "the number of elements",
          "array_length(dynamic([1, 2])) == 2", 1, 1, bind_array_length, array_length),
    ARRAY("arraylength", "arraylength(array)", "the same as array_length()",
          "arraylength(dynamic([1, 2])) == 2", 1, 1, bind_array_length, array_length),
    ARRAY_LAZY("pack_array", "pack_array(value, ...)", "an array of the values",
               "tostring(pack_array(1, 'a')) == '[1,\"a\"]'", 0, 255, bind_values, pack_array),
    ARRAY_LAZY("array_concat", "array_concat(array, ...)", "arrays one after the other",
               "tostring(array_concat(dynamic([1]), dynamic([2]))) == '[1,2]'", 1, 64,
               bind_arrays, array_concat),
    ARRAY("array_slice", "array_slice(array, first, last)",
          "the elements from first to last, both included; negative from the end",
          "tostring(array_slice(dynamic([1, 2, 3]), 1, -1)) == '[2,3]'", 3, 3, bind_array_slice,
          array_slice),
    ARRAY("array_split", "array_split(array, index | indices)", "an array cut into arrays",
          "tostring(array_split(dynamic([1, 2, 3]), 1)) == '[[1],[2,3]]'", 2, 2, bind_arrays,
          array_split),
    ARRAY("array_index_of", "array_index_of(array, value [, start, length, occurrence])",
          "where a value is, from 0; -1 if nowhere",
          "array_index_of(dynamic(['a', 'b']), 'b') == 1", 2, 5, bind_array_index_of,
          array_index_of),
    ARRAY("array_sum", "array_sum(array)", "the sum of the numbers",
          "array_sum(dynamic([1, 2])) == 3", 1, 1, bind_array_sum, array_sum),
    ARRAY("array_reverse", "array_reverse(array)", "the elements in reverse order",
          "tostring(array_reverse(dynamic([1, 2]))) == '[2,1]'", 1, 1, bind_arrays,
          array_reverse),
    ARRAY("array_rotate_left", "array_rotate_left(array, count)",
          "the elements moved to the left, around the end",
          "tostring(array_rotate_left(dynamic([1, 2, 3]), 1)) == '[2,3,1]'", 2, 2,
          bind_array_move, array_rotate_left),
    ARRAY("array_rotate_right", "array_rotate_right(array, count)",
          "the elements moved to the right, around the end",
          "tostring(array_rotate_right(dynamic([1, 2, 3]), 1)) == '[3,1,2]'", 2, 2,
          bind_array_move, array_rotate_right),
    ARRAY("array_shift_left", "array_shift_left(array, count [, filler])",
          "the elements moved to the left, filled at the end",
          "tostring(array_shift_left(dynamic([1, 2]), 1, 0)) == '[2,0]'", 2, 3, bind_array_move,
          array_shift_left),
    ARRAY("array_shift_right", "array_shift_right(array, count [, filler])",
          "the elements moved to the right, filled at the start",
          "tostring(array_shift_right(dynamic([1, 2]), 1, 0)) == '[0,1]'", 2, 3, bind_array_move,
          array_shift_right),
    ARRAY_LAZY("array_iff", "array_iff(conditions, then, else)",
               "iff() element by element",
               "tostring(array_iff(dynamic([true, false]), 1, 2)) == '[1,2]'", 3, 3, bind_arrays,
               array_iff),
    ARRAY_LAZY("array_iif", "array_iif(conditions, then, else)", "the same as array_iff()",
               "tostring(array_iif(dynamic([true, false]), 1, 2)) == '[1,2]'", 3, 3, bind_arrays,
               array_iff),
    ARRAY("strcat_array", "strcat_array(array, delimiter)", "the elements as one text",
          "strcat_array(dynamic([1, 2]), '-') == '1-2'", 2, 2, bind_strcat_array, strcat_array),
    ARRAY("array_strcat", "array_strcat(array, delimiter)", "the same as strcat_array()",
          "array_strcat(dynamic([1, 2]), '-') == '1-2'", 2, 2, bind_strcat_array, strcat_array),
    ARRAY("range", "range(start, stop [, step])", "the values from start to stop as an array",
          "tostring(range(1, 7, 3)) == '[1,4,7]'", 2, 3, bind_range, range),
    ARRAY_LAZY("repeat", "repeat(value, count)", "an array with a value many times",
               "tostring(repeat(1, 2)) == '[1,1]'", 2, 2, bind_repeat, repeat),
    ARRAY_LAZY("zip", "zip(array, ...)", "the first elements as an array, then the second, ...",
               "tostring(zip(dynamic([1]), dynamic([2]))) == '[[1,2]]'", 2, 16, bind_arrays, zip),
};

FUNCTION_FAMILY(array, functions);
