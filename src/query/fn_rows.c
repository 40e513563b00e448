/* SPDX-License-Identifier: Apache-2.0 */
/* fn_rows.c - what the families share: binding by letters, one row at a time. */
#include "base/check.h"
#include "query/fn_priv.h"
#include "table/dynamic.h"

static bool letter_type(char letter, enum type *ret)
{
    static const struct {
        char letter;
        enum type type;
    } letters[] = {{'b', TYPE_BOOL},   {'i', TYPE_INT},      {'l', TYPE_LONG},
                   {'r', TYPE_REAL},   {'m', TYPE_DECIMAL},  {'d', TYPE_DATETIME},
                   {'t', TYPE_TIMESPAN}, {'g', TYPE_GUID},   {'s', TYPE_STRING},
                   {'y', TYPE_DYNAMIC}};

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i].letter == letter) {
            *ret = letters[i].type;
            return true;
        }
    }
    return false;
}

enum status bind_letters(const struct argument *args, uint32_t arg_count, const char *letters,
                         enum type *want, struct error *err)
{
    size_t count = strlen(letters);

    for (uint32_t i = 0; i < arg_count && count > 0; i++) {
        char letter = letters[i < count ? i : count - 1];
        if (letter == 'a' || letter_type(letter, &want[i]))
            continue;
        if (type_is_number(args[i].type))
            continue;
        switch (args[i].type) {
        case TYPE_BOOL:
            want[i] = TYPE_LONG;
            break;
        case TYPE_DYNAMIC:
        case TYPE_STRING:
            want[i] = TYPE_REAL;
            break;
        case TYPE_DATETIME:
        case TYPE_TIMESPAN:
        case TYPE_GUID:
        case TYPE_INT:
        case TYPE_LONG:
        case TYPE_REAL:
        case TYPE_DECIMAL:
        case TYPE_COUNT_: {
            enum status status = ERROR_SET(err, STATUS_INVALID,
                                           "argument %u is of type '%s', wanted a number",
                                           i + 1, type_name(args[i].type));
            argument_place(&args[i], err);
            return status;
        }
        }
    }
    return STATUS_OK;
}

enum type type_common(enum type a, enum type b)
{
    if (a == b)
        return a;
    if (!type_is_number(a) || !type_is_number(b))
        return TYPE_DYNAMIC;
    if (a == TYPE_DECIMAL || b == TYPE_DECIMAL)
        return TYPE_DECIMAL;
    if (a == TYPE_REAL || b == TYPE_REAL)
        return TYPE_REAL;
    return TYPE_LONG;
}

bool constant_text(const struct argument *args, uint32_t index, struct slice *ret)
{
    const struct value *value = args[index].constant;

    if (value == NULL || value->type != TYPE_STRING)
        return false;
    *ret = value->bytes;
    return true;
}

struct value row_value(const struct vector *v, uint32_t row)
{
    struct value value = vector_element(v, vector_index(v, row));

    if (v->type == TYPE_DYNAMIC && !value.is_null && dynamic_is_null(value.bytes))
        value.is_null = true;
    return value;
}

static void store(void *data, uint8_t *nulls, uint32_t row, const struct value *value)
{
    bool is_null = value->is_null;

    nulls[row] = is_null;
    switch (value->type) {
    case TYPE_BOOL:
        ((uint8_t *)data)[row] = !is_null && value->boolean;
        return;
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        ((int64_t *)data)[row] = is_null ? 0 : value->integer;
        return;
    case TYPE_REAL:
        ((double *)data)[row] = is_null ? 0 : value->real;
        return;
    case TYPE_GUID:
        ((struct guid *)data)[row] = is_null ? (struct guid){{0}} : value->guid;
        return;
    case TYPE_STRING:
        nulls[row] = 0;
        ((struct slice *)data)[row] = is_null ? SLICE("") : value->bytes;
        return;
    case TYPE_DECIMAL:
    case TYPE_DYNAMIC:
        ((struct slice *)data)[row] = is_null ? SLICE("") : value->bytes;
        return;
    case TYPE_COUNT_:
        break;
    }
    CHECK(false);
}

/* Loads the arguments of a row; true if one of them is null. */
static bool load(const struct row_call *call, uint32_t row, struct value *values)
{
    bool any_null = false;

    for (uint32_t i = 0; i < call->arg_count; i++) {
        values[i] = row_value(&call->args[i], row);
        any_null = any_null || (values[i].is_null && values[i].type != TYPE_STRING);
    }
    return any_null;
}

/* What a row costs, before more is known. */
static uint64_t row_work(const struct value *values, uint32_t count)
{
    uint64_t work = EVAL_ROW_WORK;

    for (uint32_t i = 0; i < count; i++) {
        if (type_is_bytes(values[i].type) && !values[i].is_null)
            work += values[i].bytes.size;
    }
    return work;
}

enum status function_rows(struct eval *eval, const struct row_call *call, struct vector *ret,
                          struct error *err)
{
    uint32_t rows = call->row_count;
    bool once = !call->impure;
    bool any_null = false;
    struct value *values = ARENA_ARRAY(eval->arena, struct value, call->arg_count + 1, err);

    if (values == NULL)
        return err->status;
    for (uint32_t i = 0; i < call->arg_count; i++)
        once = once && call->args[i].encoding == VECTOR_CONST;
    if (once)
        rows = 1;
    enum status status = vector_flat(eval->arena, call->type, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    for (uint32_t row = 0; status == STATUS_OK && row < rows; row++) {
        struct value result = {.type = call->type, .is_null = call->type != TYPE_STRING};
        if (result.type == TYPE_STRING)
            result.bytes = SLICE("");
        bool has_null = load(call, row, values);
        status = eval_spend(eval, row_work(values, call->arg_count), err);
        if (status == STATUS_OK && (!has_null || call->lazy_null))
            status = call->row(eval, values, call->arg_count, &result, err);
        if (type_is_bytes(call->type) && !result.is_null &&
            result.bytes.size > QUERY_STRING_BYTES_MAX)
            return ERROR_SET(err, STATUS_LIMIT, "a text of %zu bytes is over the limit of %zu",
                             result.bytes.size, QUERY_STRING_BYTES_MAX);
        result.type = call->type;
        store(data, nulls, row, &result);
        any_null = any_null || nulls[row] != 0;
    }
    if (status != STATUS_OK)
        return status;
    if (!any_null)
        ret->nulls = NULL;
    if (once)
        ret->encoding = VECTOR_CONST;
    ret->row_count = call->row_count;
    return STATUS_OK;
}

enum status give_buf(struct eval *eval, struct buf *buf, struct value *ret, struct error *err)
{
    enum status status = buf_check(buf, err);

    if (status == STATUS_OK) {
        ret->bytes = arena_copy(eval->arena, buf_slice(buf), err);
        ret->is_null = false;
        status = ret->bytes.data == NULL ? err->status : STATUS_OK;
    }
    buf_release(buf);
    return status;
}
