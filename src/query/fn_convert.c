/* SPDX-License-Identifier: Apache-2.0 */
/* fn_convert.c - tostring() tolong() ... parse_json(). */
#include "query/fn_priv.h"
#include "table/dynamic.h"

#include <stdlib.h>

/* A vector with the elements of v, as FLAT. */
static struct vector elements_of(const struct vector *v)
{
    struct vector flat = *v;

    flat.encoding = VECTOR_FLAT;
    flat.row_count = vector_element_count(v);
    flat.codes = NULL;
    flat.home = NULL;
    return flat;
}

/* int and long are carried alike, so widening is a new name. */
static bool is_carried_alike(enum type from, enum type to)
{
    return from == to || (from == TYPE_INT && to == TYPE_LONG);
}

static enum status long_to_real(struct eval *eval, const struct vector *from, struct vector *ret,
                                struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_REAL, from->row_count, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < from->row_count; i++)
        ((double *)data)[i] = (double)from->integers[i];
    ret->nulls = from->nulls;
    return status;
}

static enum status dynamic_to_text(struct eval *eval, const struct vector *from,
                                   struct vector *ret, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_STRING, from->row_count, false, ret, err);
    void *data = vector_data(ret);
    struct slice *texts = data;

    for (uint32_t i = 0; status == STATUS_OK && i < from->row_count; i++) {
        texts[i] = SLICE("");
        if (from->nulls != NULL && from->nulls[i])
            continue;
        status = eval_spend(eval, from->slices[i].size / 4, err); /* rows may share a long one */
        if (status == STATUS_OK)
            status = dynamic_to_string(eval->arena, from->slices[i], &texts[i], err);
    }
    return status;
}

static enum status convert_rows(struct eval *eval, const struct vector *from, enum type type,
                                bool parse, struct vector *ret, struct error *err);

static enum status cast(struct eval *eval, const struct vector *from, enum type type, bool parse,
                        struct vector *ret, struct error *err)
{
    struct vector elements = elements_of(from);
    struct vector converted;
    enum status status = STATUS_OK;

    if (is_carried_alike(from->type, type) && !(parse && type == TYPE_DYNAMIC)) {
        *ret = *from;
        ret->type = type;
        return STATUS_OK;
    }
    if (type == TYPE_REAL && (from->type == TYPE_INT || from->type == TYPE_LONG))
        status = long_to_real(eval, &elements, &converted, err);
    else if (type == TYPE_STRING && from->type == TYPE_DYNAMIC)
        status = dynamic_to_text(eval, &elements, &converted, err);
    else
        status = convert_rows(eval, &elements, type, parse, &converted, err);
    if (status != STATUS_OK)
        return status;
    *ret = *from;
    ret->type = type;
    ret->data = converted.data;
    ret->nulls = converted.nulls;
    ret->dict_unique = false;
    ret->dict_id = 0;
    return STATUS_OK;
}

enum status function_cast(struct eval *eval, const struct vector *from, enum type type,
                          struct vector *ret, struct error *err)
{
    return cast(eval, from, type, false, ret, err);
}

#define CONVERSION(NAME, TYPE)                                                                     \
    static enum status row_to_##NAME(ROW_PARAMETERS)                                               \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return value_convert(eval, &args[0], TYPE, false, ret, err);                               \
    }

CONVERSION(bool, TYPE_BOOL)
CONVERSION(int, TYPE_INT)
CONVERSION(long, TYPE_LONG)
CONVERSION(real, TYPE_REAL)
CONVERSION(decimal, TYPE_DECIMAL)
CONVERSION(datetime, TYPE_DATETIME)
CONVERSION(timespan, TYPE_TIMESPAN)
CONVERSION(guid, TYPE_GUID)
CONVERSION(string, TYPE_STRING)
CONVERSION(dynamic, TYPE_DYNAMIC)

static enum status row_parse(ROW_PARAMETERS)
{
    (void)arg_count;
    return value_convert(eval, &args[0], TYPE_DYNAMIC, true, ret, err);
}

static enum status convert_rows(struct eval *eval, const struct vector *from, enum type type,
                                bool parse, struct vector *ret, struct error *err)
{
    static row_function *const rows[TYPE_COUNT_] = {
        [TYPE_BOOL] = row_to_bool,         [TYPE_INT] = row_to_int,
        [TYPE_LONG] = row_to_long,         [TYPE_REAL] = row_to_real,
        [TYPE_DECIMAL] = row_to_decimal,   [TYPE_DATETIME] = row_to_datetime,
        [TYPE_TIMESPAN] = row_to_timespan, [TYPE_GUID] = row_to_guid,
        [TYPE_STRING] = row_to_string,     [TYPE_DYNAMIC] = row_to_dynamic};
    struct row_call call = {from, 1, from->row_count, parse ? row_parse : rows[type], type,
                            false, false};

    return function_rows(eval, &call, ret, err);
}

#define CONVERT(NAME, TYPE, PARSE)                                                                 \
    static enum status bind_to_##NAME(BIND_PARAMETERS)                                             \
    {                                                                                              \
        (void)args, (void)arg_count, (void)want, (void)err;                                        \
        *ret = (TYPE);                                                                             \
        return STATUS_OK;                                                                          \
    }                                                                                              \
    static enum status eval_to_##NAME(EVAL_PARAMETERS)                                             \
    {                                                                                              \
        (void)arg_count, (void)row_count;                                                          \
        return cast(eval, &args[0], (TYPE), (PARSE), ret, err);                                    \
    }

CONVERT(bool, TYPE_BOOL, false)
CONVERT(int, TYPE_INT, false)
CONVERT(long, TYPE_LONG, false)
CONVERT(real, TYPE_REAL, false)
CONVERT(decimal, TYPE_DECIMAL, false)
CONVERT(datetime, TYPE_DATETIME, false)
CONVERT(timespan, TYPE_TIMESPAN, false)
CONVERT(guid, TYPE_GUID, false)
CONVERT(string, TYPE_STRING, false)
CONVERT(dynamic, TYPE_DYNAMIC, true)

/* parse_json(tostring(d)): what is no text in d is JSON already. */
static enum status row_reread(ROW_PARAMETERS)
{
    bool is_text = dynamic_kind(slice_trim(args[0].bytes)) == JSON_STRING;
    struct slice text;
    enum status status = dynamic_to_string(eval->arena, args[0].bytes, &text, err);

    (void)arg_count;
    if (status == STATUS_OK && is_text)
        status = dynamic_parse(eval->arena, text, &text, err);
    if (status != STATUS_OK)
        return status;
    ret->bytes = text;
    ret->is_null = dynamic_is_null(text);
    return STATUS_OK;
}
ROW_EVAL(row_reread, TYPE_DYNAMIC)

const struct function operator_reread = {.name = "parse_json", .eval = eval_row_reread};

static enum status row_gettype(ROW_PARAMETERS)
{
    struct value inner = args[0];

    (void)arg_count;
    if (inner.type == TYPE_DYNAMIC && !inner.is_null) {
        switch (dynamic_kind(inner.bytes)) {
        case JSON_OBJECT:
            return give_bytes(ret, SLICE("dictionary"));
        case JSON_ARRAY:
            return give_bytes(ret, SLICE("array"));
        case JSON_STRING:
        case JSON_NUMBER:
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL:
            break;
        }
        enum status status = value_of_json(eval, args[0].bytes, &inner, err);
        if (status != STATUS_OK)
            return status;
    }
    if (inner.is_null && inner.type != TYPE_STRING)
        return give_bytes(ret, SLICE("null"));
    if (args[0].type == TYPE_DYNAMIC && inner.type == TYPE_REAL)
        return give_bytes(ret, SLICE("double"));
    return give_bytes(ret, slice_of(type_name(inner.type)));
}
ROW_EVAL_LAZY(row_gettype, TYPE_STRING)
BIND(bind_gettype, "a", TYPE_STRING)

struct member {
    struct slice key, value;
};

static int compare_members(const void *a, const void *b)
{
    return slice_compare(((const struct member *)a)->key, ((const struct member *)b)->key);
}

/* JSON without blanks whose bags are in the order of their keys.  Dynamics are not
 * deeper than JSON_DEPTH_MAX. */
static enum status add_ordered(struct arena *arena, struct slice json, struct buf *buf,
                               struct error *err)
{
    enum json_kind kind = dynamic_kind(json);
    bool bag = kind == JSON_OBJECT;
    struct dynamic_iterator it = dynamic_iterate(json);
    uint32_t count = 0;

    if (!bag && kind != JSON_ARRAY) {
        buf_add_slice(buf, slice_trim(json));
        return STATUS_OK;
    }
    while (dynamic_next(&it))
        count++;
    struct member *members = ARENA_ARRAY(arena, struct member, count + 1, err);
    if (members == NULL)
        return err->status;
    it = dynamic_iterate(json);
    for (uint32_t i = 0; i < count && dynamic_next(&it); i++)
        members[i] = (struct member){it.key, it.value};
    if (bag && count > 1)
        qsort(members, count, sizeof(*members), compare_members);
    buf_add_byte(buf, bag ? '{' : '[');
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        if (bag) {
            buf_add_byte(buf, '"');
            buf_add_slice(buf, members[i].key);
            buf_add_text(buf, "\":");
        }
        status = add_ordered(arena, members[i].value, buf, err);
    }
    buf_add_byte(buf, bag ? '}' : ']');
    return status;
}

static enum status row_dynamic_to_json(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    if (args[0].type == TYPE_STRING) /* a scalar, as tostring() has it */
        return give_bytes(ret, args[0].bytes);
    if (args[0].is_null)
        return give_bytes(ret, SLICE("null"));
    text_start(&buf);
    enum status status = add_ordered(eval->arena, args[0].bytes, &buf, err);
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_dynamic_to_json, TYPE_STRING)

static enum status bind_dynamic_to_json(BIND_PARAMETERS)
{
    (void)arg_count;
    (void)err;
    *ret = TYPE_STRING;
    want[0] = args[0].type == TYPE_DYNAMIC ? TYPE_DYNAMIC : TYPE_STRING;
    return STATUS_OK;
}

#define TO(NAME, KIND, TEXT, EXAMPLE, FLAGS)                                                       \
    {.name = (NAME), .signature = NAME "(value)", .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = 1, .args_max = 1, .flags = (FLAGS), .bind = bind_to_##KIND,                       \
     .eval = eval_to_##KIND}

static const struct function functions[] = {
    TO("tostring", string, "the value as text; null gives the empty text", "tostring(12) == '12'",
       FUNCTION_LAZY_NULL),
    TO("parse_json", dynamic, "reads JSON text; other text stays a string",
       "parse_json('{\"a\":1}').a == 1", 0),
    TO("parsejson", dynamic, "the same as parse_json()", "parsejson('[1]')[0] == 1",
       FUNCTION_DEPRECATED),
    TO("todynamic", dynamic, "the same as parse_json()", "todynamic('[1]')[0] == 1", 0),
    TO("toobject", dynamic, "the same as parse_json()", "toobject('[1]')[0] == 1",
       FUNCTION_DEPRECATED),
    TO("toint", int, "a 32 bit integer, or null", "toint('12') == 12", 0),
    TO("tolong", long, "a 64 bit integer, or null", "tolong('12') == 12", 0),
    TO("toreal", real, "a floating-point number, or null", "toreal('1.5') == 1.5", 0),
    TO("todouble", real, "the same as toreal()", "todouble('1.5') == 1.5", 0),
    TO("todecimal", decimal, "a decimal number, or null", "tostring(todecimal('1.50')) == '1.5'",
       0),
    TO("tobool", bool, "true or false from text or a number, or null", "tobool('true')", 0),
    TO("toboolean", bool, "the same as tobool()", "toboolean('1')", 0),
    TO("todatetime", datetime, "an instant from text, or null",
       "todatetime('2020-01-02') == datetime(2020-01-02)", 0),
    TO("totimespan", timespan, "a duration from text, or null",
       "totimespan('01:00:00') == 1h", 0),
    TO("totime", timespan, "the same as totimespan()", "totime('01:00:00') == 1h",
       FUNCTION_DEPRECATED),
    TO("toguid", guid, "an identifier from text, or null",
       "isnull(toguid('no identifier'))", 0),
    {.name = "gettype", .signature = "gettype(value)",
     .summary = "the name of the type the value has at run time",
     .example = "gettype(1) == 'long'", .args_min = 1, .args_max = 1,
     .flags = FUNCTION_LAZY_NULL, .bind = bind_gettype, .eval = eval_row_gettype},
    {.name = "dynamic_to_json", .signature = "dynamic_to_json(value)",
     .summary = "the JSON text of a dynamic value",
     .example = "dynamic_to_json(dynamic([1])) == '[1]'", .args_min = 1, .args_max = 1,
     .flags = FUNCTION_LAZY_NULL, .bind = bind_dynamic_to_json,
     .eval = eval_row_dynamic_to_json},
};

FUNCTION_FAMILY(convert, functions);
