/* SPDX-License-Identifier: Apache-2.0 */
/* convert.c - one value in another type, as the to...() functions give it.
 * What does not convert is null; nothing here is an error of the query. */
#include "base/check.h"
#include "base/text.h"
#include "query/decimal.h"
#include "query/fn_priv.h"
#include "query/literal.h"
#include "table/dynamic.h"

#include <math.h>

/* The first double above INT64_MAX. */
#define LONG_END 9223372036854775808.0

static bool real_to_long(double real, int64_t *ret)
{
    if (!(real >= -LONG_END && real < LONG_END))
        return false;
    *ret = (int64_t)real;
    return true;
}

/* What is too large is the largest there is, as over the rows of the service. */
static bool real_to_whole(double real, enum type type, int64_t *ret)
{
    int64_t least = type == TYPE_INT ? INT32_MIN : INT64_MIN;
    int64_t most = type == TYPE_INT ? INT32_MAX : INT64_MAX;

    if (isnan(real) || isinf(real))
        return false;
    if (!real_to_long(real, ret))
        *ret = real < 0 ? least : most;
    *ret = *ret < least ? least : *ret > most ? most : *ret;
    return true;
}

static bool text_is_true(struct slice text, bool *ret)
{
    int64_t number;

    text = slice_trim(text);
    if (slice_equal_nocase(text, SLICE("true")) || slice_equal_nocase(text, SLICE("false"))) {
        *ret = (text.data[0] | 32) == 't';
        return true;
    }
    if (!literal_long(text, &number))
        return false;
    *ret = number != 0;
    return true;
}

enum status value_text(struct arena *arena, const struct value *value, struct slice *ret,
                       struct error *err)
{
    struct buf buf;
    char text[64];

    *ret = SLICE("");
    if (value->is_null && value->type != TYPE_STRING)
        return STATUS_OK;
    switch (value->type) {
    case TYPE_BOOL:
        *ret = value->boolean ? SLICE("True") : SLICE("False"); /* as the service has it */
        return STATUS_OK;
    case TYPE_DATETIME:
        time_format_iso(value->integer, text);
        *ret = arena_copy(arena, slice_of(text), err);
        return ret->data == NULL ? err->status : STATUS_OK;
    case TYPE_GUID:
        guid_format(&value->guid, text);
        *ret = arena_copy(arena, slice_of(text), err);
        return ret->data == NULL ? err->status : STATUS_OK;
    case TYPE_STRING:
    case TYPE_DECIMAL:
        *ret = value->bytes;
        return STATUS_OK;
    case TYPE_DYNAMIC:
        return dynamic_to_string(arena, value->bytes, ret, err);
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_REAL:
    case TYPE_TIMESPAN:
    case TYPE_COUNT_:
        break;
    }
    buf_init(&buf, sizeof(text));
    if (value->type == TYPE_REAL)
        text_add_double(&buf, value->real);
    else if (value->type == TYPE_TIMESPAN)
        time_format_span(value->integer, &buf);
    else
        buf_add_i64(&buf, value->integer);
    enum status status = buf_check(&buf, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(&buf), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&buf);
    return status;
}

enum status value_of_json(struct eval *eval, struct slice json, struct value *ret,
                          struct error *err)
{
    if (dynamic_is_null(json)) {
        *ret = (struct value){.type = TYPE_DYNAMIC, .is_null = true};
        return STATUS_OK;
    }
    enum status status = dynamic_to_value(eval->arena, json, ret, err);
    if (status == STATUS_OK && ret->is_null)
        *ret = (struct value){.type = TYPE_DYNAMIC, .bytes = json};
    return status;
}

static void to_bool(const struct value *from, struct value *ret)
{
    bool value = false;

    if (from->type == TYPE_BOOL)
        value = from->boolean;
    else if (from->type == TYPE_REAL)
        value = from->real != 0;
    else if (from->type == TYPE_DECIMAL) {
        struct decimal number;
        if (!decimal_parse(from->bytes, &number))
            return;
        value = number.count != 0;
    } else if (from->type == TYPE_STRING) {
        if (!text_is_true(from->bytes, &value))
            return;
    } else if (from->type == TYPE_INT || from->type == TYPE_LONG)
        value = from->integer != 0;
    else
        return;
    *ret = (struct value){.type = TYPE_BOOL, .boolean = value};
}

/* Without what is behind the point; false for what is too large. */
static bool decimal_to_long(struct slice text, int64_t *ret)
{
    struct decimal number;

    *ret = 0;
    if (!decimal_parse(text, &number))
        return false;
    for (int32_t i = 0; i < number.count + number.exponent; i++) {
        int digit = i < number.count ? number.digits[i] : 0;
        if (__builtin_mul_overflow(*ret, 10, ret) ||
            __builtin_add_overflow(*ret, number.negative ? -digit : digit, ret))
            return false;
    }
    return true;
}

static void to_long(const struct value *from, struct value *ret)
{
    int64_t value = 0;

    if (from->type == TYPE_BOOL)
        value = from->boolean;
    else if (from->type == TYPE_REAL) {
        if (!real_to_whole(from->real, ret->type, &value))
            return;
    } else if (from->type == TYPE_STRING) {
        if (!literal_long(from->bytes, &value))
            return;
    } else if (from->type == TYPE_DECIMAL) {
        if (!decimal_to_long(from->bytes, &value))
            return;
    } else if (from->type == TYPE_GUID)
        return;
    else
        value = from->integer;
    if (ret->type == TYPE_INT && (from->type == TYPE_INT || from->type == TYPE_LONG))
        value = (int32_t)(uint32_t)value; /* the low half, as the service has it */
    if (ret->type == TYPE_INT && (value < INT32_MIN || value > INT32_MAX))
        return;
    ret->is_null = false;
    ret->integer = value;
}

static void to_real(const struct value *from, struct value *ret)
{
    double value = 0;

    if (from->type == TYPE_BOOL)
        value = from->boolean;
    else if (from->type == TYPE_REAL)
        value = from->real;
    else if (from->type == TYPE_STRING || from->type == TYPE_DECIMAL) {
        int64_t whole;
        if (!literal_real(from->bytes, &value)) {
            if (!literal_long(from->bytes, &whole))
                return;
            value = (double)whole;
        }
    } else if (from->type == TYPE_GUID)
        return;
    else
        value = (double)from->integer;
    ret->is_null = false;
    ret->real = value;
}

static void to_time(const struct value *from, struct value *ret)
{
    int64_t ticks = 0;

    if (from->type == TYPE_STRING) {
        if (ret->type == TYPE_DATETIME ? !literal_datetime(from->bytes, &ticks)
                                       : !literal_timespan(from->bytes, &ticks))
            return;
    } else if (from->type == TYPE_REAL) {
        if (!real_to_long(from->real, &ticks))
            return;
    } else if (from->type == TYPE_DATETIME || from->type == TYPE_TIMESPAN ||
               from->type == TYPE_INT || from->type == TYPE_LONG)
        ticks = from->integer;
    else if (from->type == TYPE_BOOL && ret->type == TYPE_TIMESPAN)
        ticks = from->boolean;
    else
        return;
    if (ret->type == TYPE_DATETIME && (ticks < 0 || ticks > TICKS_MAX))
        return;
    ret->is_null = false;
    ret->integer = ticks;
}

/* Hyphens may stand anywhere between the digits, or nowhere; what is behind the last is not
 * looked at. */
static bool to_guid(struct slice text, struct value *ret)
{
    char digits[32];
    size_t count = 0;

    if (guid_parse(text, &ret->guid))
        return true;
    for (size_t i = 0; i < text.size && count < sizeof(digits); i++) {
        if (text.data[i] != '-')
            digits[count++] = text.data[i];
    }
    return guid_parse(slice_from(digits, count), &ret->guid);
}

static enum status to_dynamic(struct eval *eval, const struct value *from, bool parse,
                              struct value *ret, struct error *err)
{
    struct buf buf;

    if (parse && from->type == TYPE_STRING) {
        enum status status = dynamic_parse(eval->arena, from->bytes, &ret->bytes, err);
        ret->is_null = status != STATUS_OK || dynamic_is_null(ret->bytes);
        return status;
    }
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    if (from->type == TYPE_DECIMAL)
        buf_add_slice(&buf, from->bytes);
    else
        dynamic_add_value(&buf, from);
    return give_buf(eval, &buf, ret, err);
}

static enum status to_decimal(struct eval *eval, const struct value *from, struct value *ret,
                              struct error *err)
{
    struct slice text;
    struct decimal number;

    if (from->type == TYPE_DATETIME || from->type == TYPE_TIMESPAN || from->type == TYPE_GUID)
        return STATUS_OK;
    if (from->type == TYPE_BOOL)
        return give_bytes(ret, from->boolean ? SLICE("1") : SLICE("0"));
    enum status status = value_text(eval->arena, from, &text, err);
    if (status == STATUS_OK && decimal_parse(slice_trim(text), &number))
        return decimal_value(eval->arena, &number, ret, err);
    return status;
}

enum status value_convert(struct eval *eval, const struct value *from, enum type type, bool parse,
                          struct value *ret, struct error *err)
{
    struct value inner;

    if (from->type == type && !(type == TYPE_DYNAMIC && parse)) {
        *ret = *from;
        return STATUS_OK;
    }
    *ret = (struct value){.type = type, .is_null = type != TYPE_STRING};
    if (type == TYPE_STRING)
        return value_text(eval->arena, from, &ret->bytes, err);
    if (from->is_null && from->type != TYPE_STRING)
        return STATUS_OK;
    if (from->type == TYPE_DYNAMIC) {
        enum status status = value_of_json(eval, from->bytes, &inner, err);
        if (status != STATUS_OK || (inner.type == TYPE_DYNAMIC && type != TYPE_DYNAMIC))
            return status;
        if (type == TYPE_DYNAMIC && !(parse && inner.type == TYPE_STRING)) {
            *ret = *from;
            return STATUS_OK;
        }
        return value_convert(eval, &inner, type, parse, ret, err);
    }
    switch (type) {
    case TYPE_BOOL:
        to_bool(from, ret);
        return STATUS_OK;
    case TYPE_INT:
    case TYPE_LONG:
        to_long(from, ret);
        return STATUS_OK;
    case TYPE_REAL:
        to_real(from, ret);
        return STATUS_OK;
    case TYPE_DECIMAL:
        return to_decimal(eval, from, ret, err);
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        to_time(from, ret);
        return STATUS_OK;
    case TYPE_GUID:
        ret->is_null = from->type != TYPE_STRING || !to_guid(slice_trim(from->bytes), ret);
        return STATUS_OK;
    case TYPE_DYNAMIC:
        return to_dynamic(eval, from, parse, ret, err);
    case TYPE_STRING:
    case TYPE_COUNT_:
        break;
    }
    CHECK(false);
    return STATUS_OK;
}
