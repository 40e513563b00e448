/* SPDX-License-Identifier: Apache-2.0 */
/* fn_condition.c - iff() case() coalesce() not() and what asks for nulls. */
#include "query/fn_priv.h"
#include "table/dynamic.h"

/* A dynamic gives way to what stands beside it. */
static enum type type_either(enum type a, enum type b)
{
    return a == TYPE_DYNAMIC ? b : b == TYPE_DYNAMIC ? a : type_common(a, b);
}

/* The type of several alternatives; each is converted to it.  A literal null
 * gives way to the type of the others. */
static enum type unify(const struct argument *args, uint32_t arg_count, uint32_t first,
                       uint32_t step)
{
    enum type type = TYPE_COUNT_;

    for (uint32_t i = first; i < arg_count; i += step) {
        const struct value *constant = args[i].constant;
        bool is_null = constant != NULL && constant->is_null && args[i].type == TYPE_DYNAMIC;
        if (is_null)
            continue;
        type = type == TYPE_COUNT_ ? args[i].type : type_either(type, args[i].type);
    }
    return type == TYPE_COUNT_ ? args[first].type : type;
}

static enum status bind_iff(BIND_PARAMETERS)
{
    (void)err, (void)arg_count;
    want[0] = TYPE_BOOL;
    *ret = unify(args, 3, 1, 1);
    want[1] = *ret;
    want[2] = *ret;
    return STATUS_OK;
}

/* case(c1, v1, c2, v2, ..., otherwise) */
static enum status bind_case(BIND_PARAMETERS)
{
    enum type odd;

    if (arg_count % 2 == 0)
        return ERROR_SET(err, STATUS_INVALID,
                         "case() wants pairs of condition and value and one value at the end");
    odd = unify(args, arg_count, 1, 2);
    const struct value *last = args[arg_count - 1].constant;
    if (last == NULL || !last->is_null || args[arg_count - 1].type != TYPE_DYNAMIC)
        odd = type_either(odd, args[arg_count - 1].type);
    for (uint32_t i = 0; i < arg_count; i++)
        want[i] = i % 2 == 0 && i + 1 < arg_count ? TYPE_BOOL : odd;
    *ret = odd;
    return STATUS_OK;
}

static enum status bind_coalesce(BIND_PARAMETERS)
{
    (void)err;
    *ret = unify(args, arg_count, 0, 1);
    for (uint32_t i = 0; i < arg_count; i++)
        want[i] = *ret;
    return STATUS_OK;
}

/* Copies element `row` of v to row `row` of data. */
static void pick(const struct vector *v, uint32_t row, size_t element_bytes, void *data,
                 uint8_t *nulls)
{
    uint32_t index = vector_index(v, row);

    memcpy((char *)data + row * element_bytes, (const char *)v->data + index * element_bytes,
           element_bytes);
    nulls[row] = v->nulls != NULL ? v->nulls[index] : 0;
}

/* Row by row the value whose condition is the first true one. */
static enum status eval_case(EVAL_PARAMETERS)
{
    const struct vector *otherwise = &args[arg_count - 1];
    size_t element_bytes = vector_element_bytes(otherwise->type);
    enum status status = vector_flat(eval->arena, otherwise->type, row_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        const struct vector *chosen = otherwise;
        for (uint32_t i = 0; i + 1 < arg_count; i += 2) {
            uint32_t index = vector_index(&args[i], row);
            if (args[i].booleans[index] && !(args[i].nulls != NULL && args[i].nulls[index])) {
                chosen = &args[i + 1];
                break;
            }
        }
        pick(chosen, row, element_bytes, data, nulls);
    }
    if (status == STATUS_OK && otherwise->type == TYPE_STRING)
        ret->nulls = NULL;
    return status;
}

static bool is_missing(const struct vector *v, uint32_t row)
{
    if (vector_is_null(v, row))
        return true;
    if (v->type == TYPE_STRING)
        return v->slices[vector_index(v, row)].size == 0;
    return v->type == TYPE_DYNAMIC && dynamic_is_null(v->slices[vector_index(v, row)]);
}

static enum status eval_coalesce(EVAL_PARAMETERS)
{
    size_t element_bytes = vector_element_bytes(args[0].type);
    enum status status = vector_flat(eval->arena, args[0].type, row_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        uint32_t i = 0;
        while (i + 1 < arg_count && is_missing(&args[i], row))
            i++;
        pick(&args[i], row, element_bytes, data, nulls);
    }
    if (status == STATUS_OK && args[0].type == TYPE_STRING)
        ret->nulls = NULL;
    return status;
}

static enum status row_not(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    return give_bool(ret, !args[0].boolean);
}
ROW_EVAL(row_not, TYPE_BOOL)
BIND(bind_not, "b", TYPE_BOOL)

static bool is_empty_text(const struct vector *v, uint32_t index)
{
    struct slice s = v->slices[index];

    if (v->type == TYPE_DYNAMIC)
        return dynamic_is_null(s) || (s.size == 2 && s.data[0] == '"');
    return s.size == 0;
}

static enum status test_rows(struct eval *eval, const struct vector *v, bool text, bool negate,
                             struct vector *ret, struct error *err)
{
    uint32_t count = vector_element_count(v);
    enum status status = vector_flat(eval->arena, TYPE_BOOL, count, false, ret, err);
    void *data = vector_data(ret);
    uint8_t *out = data;

    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        bool hit = v->nulls != NULL && v->nulls[i];
        if (v->type == TYPE_DYNAMIC && !hit)
            hit = text ? is_empty_text(v, i) : dynamic_is_null(v->slices[i]);
        else if (v->type == TYPE_STRING)
            hit = text && v->slices[i].size == 0;
        out[i] = hit != negate;
    }
    if (status != STATUS_OK)
        return status;
    ret->encoding = v->encoding;
    ret->row_count = v->row_count;
    ret->codes = v->codes;
    ret->dict_size = v->dict_size;
    return STATUS_OK;
}

#define NULL_TEST(NAME, TEXT, NEGATE)                                                              \
    static enum status eval_##NAME(EVAL_PARAMETERS)                                                \
    {                                                                                              \
        (void)arg_count, (void)row_count;                                                          \
        return test_rows(eval, &args[0], TEXT, NEGATE, ret, err);                                  \
    }
NULL_TEST(isnull, false, false)
NULL_TEST(isnotnull, false, true)
NULL_TEST(isempty, true, false)
NULL_TEST(isnotempty, true, true)
BIND(bind_test, "a", TYPE_BOOL)

#define TEST(NAME, EVAL, TEXT, EXAMPLE)                                                            \
    {.name = (NAME), .signature = NAME "(value)", .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = 1, .args_max = 1, .flags = FUNCTION_LAZY_NULL, .bind = bind_test,                 \
     .eval = eval_##EVAL}

static const struct function functions[] = {
    TEST("isnull", isnull, "true if the value is null (a text never is)", "isnull(toint('x'))"),
    TEST("isnotnull", isnotnull, "true if the value is not null", "isnotnull(1)"),
    TEST("notnull", isnotnull, "the same as isnotnull()", "notnull(1)"),
    TEST("isempty", isempty, "true if the value is null or the empty text", "isempty('')"),
    TEST("isnotempty", isnotempty, "true if there is a value that is not the empty text",
         "isnotempty('a')"),
    TEST("notempty", isnotempty, "the same as isnotempty()", "notempty('a')"),
    {.name = "iff", .signature = "iff(condition, then, else)",
     .summary = "one of two values, by a condition", .example = "iff(1 > 0, 'a', 'b') == 'a'",
     .args_min = 3, .args_max = 3, .flags = FUNCTION_LAZY_NULL, .bind = bind_iff,
     .eval = eval_case},
    {.name = "iif", .signature = "iif(condition, then, else)", .summary = "the same as iff()",
     .example = "iif(1 > 0, 'a', 'b') == 'a'", .args_min = 3, .args_max = 3,
     .flags = FUNCTION_LAZY_NULL, .bind = bind_iff, .eval = eval_case},
    {.name = "case", .signature = "case(condition, then [, condition, then ...], else)",
     .summary = "the value of the first true condition",
     .example = "case(1 > 2, 'a', 2 > 1, 'b', 'c') == 'b'", .args_min = 3, .args_max = 255,
     .flags = FUNCTION_LAZY_NULL, .bind = bind_case, .eval = eval_case},
    {.name = "coalesce", .signature = "coalesce(value, value [, ...])",
     .summary = "the first value that is not null or the empty text",
     .example = "coalesce('', 'b') == 'b'", .args_min = 1, .args_max = 255,
     .flags = FUNCTION_LAZY_NULL, .bind = bind_coalesce, .eval = eval_coalesce},
    {.name = "not", .signature = "not(condition)", .summary = "the opposite truth value",
     .example = "not(1 > 2)", .args_min = 1, .args_max = 1, .bind = bind_not,
     .eval = eval_row_not},
};

FUNCTION_FAMILY(condition, functions);
