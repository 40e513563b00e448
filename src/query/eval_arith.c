/* SPDX-License-Identifier: Apache-2.0 */
/* eval_arith.c - + - * / % and unary minus.
 *
 * Integers wrap as in Kusto's long; a division of integers by zero is null.
 */
#include "query/decimal.h"
#include "query/expr_priv.h"

#include "query/fn_priv.h"

#include <math.h>

#define AT(v, i) ((v)->encoding == VECTOR_CONST ? 0 : (i))

typedef bool integer_op(int64_t a, int64_t b, int64_t *ret); /* false: null */
typedef double real_op(double a, double b);

static bool add_i(int64_t a, int64_t b, int64_t *ret)
{
    *ret = (int64_t)((uint64_t)a + (uint64_t)b);
    return true;
}

static bool sub_i(int64_t a, int64_t b, int64_t *ret)
{
    *ret = (int64_t)((uint64_t)a - (uint64_t)b);
    return true;
}

static bool mul_i(int64_t a, int64_t b, int64_t *ret)
{
    *ret = (int64_t)((uint64_t)a * (uint64_t)b);
    return true;
}

static bool div_i(int64_t a, int64_t b, int64_t *ret)
{
    if (b == 0)
        return false;
    *ret = b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
    return true;
}

static bool mod_i(int64_t a, int64_t b, int64_t *ret)
{
    if (b == 0)
        return false;
    int64_t rest = b == -1 ? 0 : a % b;
    *ret = rest < 0 ? (b < 0 ? rest - b : rest + b) : rest; /* never negative */
    return true;
}

static double add_r(double a, double b)
{
    return a + b;
}
static double sub_r(double a, double b)
{
    return a - b;
}
static double mul_r(double a, double b)
{
    return a * b;
}
static double div_r(double a, double b)
{
    return a / b;
}
static double mod_r(double a, double b)
{
    double rest = fmod(a, b);
    return rest < 0 ? rest + fabs(b) : rest;
}

static enum status integers(integer_op *op, enum type type, struct eval *eval,
                            const struct vector *args, uint32_t rows, struct vector *ret,
                            struct error *err)
{
    const struct vector *a = &args[0];
    const struct vector *b = &args[1];
    enum status status = vector_flat(eval->arena, type, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    bool any = false;

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        int64_t *to = (int64_t *)data + i;
        nulls[i] = !op(a->integers[AT(a, i)], b->integers[AT(b, i)], to);
        if (type == TYPE_INT)
            *to = (int32_t)*to;
        else if (type == TYPE_DATETIME && (*to < 0 || *to > TICKS_MAX))
            nulls[i] = 1;
        if (nulls[i] != 0) {
            *to = 0;
            any = true;
        }
    }
    if (!any)
        ret->nulls = NULL;
    return status;
}

static enum status reals(real_op *op, struct eval *eval, const struct vector *args,
                         uint32_t rows, struct vector *ret, struct error *err)
{
    const struct vector *a = &args[0];
    const struct vector *b = &args[1];
    enum status status = vector_flat(eval->arena, TYPE_REAL, rows, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++)
        ((double *)data)[i] = op(a->reals[AT(a, i)], b->reals[AT(b, i)]);
    return status;
}

/* A rest may take milliseconds, so that the time is looked at behind each. */
static uint64_t decimal_work(char op)
{
    return op == '%' ? EVAL_WORK : op == '/' ? EVAL_ROW_WORK : EVAL_ROW_WORK / 16;
}

static enum status decimals(char op, struct eval *eval, const struct vector *args, uint32_t rows,
                            struct vector *ret, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_DECIMAL, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct value a = vector_value(&args[0], i);
        struct value b = vector_value(&args[1], i);
        struct value result = {.type = TYPE_DECIMAL, .is_null = true};
        if (!a.is_null && !b.is_null)
            status = decimal_arithmetic(eval->arena, op, &a, &b, &result, err);
        if (status == STATUS_OK)
            status = eval_spend(eval, decimal_work(op), err);
        nulls[i] = result.is_null;
        ((struct slice *)data)[i] = result.bytes;
    }
    return status;
}

/* timespan * real, timespan / real: the result is a timespan. */
static enum status span_scale(bool divide, struct eval *eval, const struct vector *args,
                              uint32_t rows, struct vector *ret, struct error *err)
{
    bool swapped = args[0].type == TYPE_REAL;
    const struct vector *span = &args[swapped ? 1 : 0];
    const struct vector *number = &args[swapped ? 0 : 1];
    enum status status = vector_flat(eval->arena, TYPE_TIMESPAN, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        double ticks = (double)span->integers[AT(span, i)];
        double factor = number->reals[AT(number, i)];
        double result = divide ? ticks / factor : ticks * factor;
        nulls[i] = !(fabs(result) < 9.2e18);
        ((int64_t *)data)[i] = nulls[i] != 0 ? 0 : (int64_t)result;
    }
    return status;
}

static enum status span_ratio(struct eval *eval, const struct vector *args, uint32_t rows,
                              struct vector *ret, struct error *err)
{
    const struct vector *a = &args[0];
    const struct vector *b = &args[1];
    enum status status = vector_flat(eval->arena, TYPE_REAL, rows, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++)
        ((double *)data)[i] =
            (double)a->integers[AT(a, i)] / (double)b->integers[AT(b, i)];
    return status;
}

#define EVAL(NAME, CALL)                                                                           \
    static enum status NAME(struct eval *eval, const struct vector *args, uint32_t arg_count,      \
                            uint32_t rows, struct vector *ret, struct error *err)                  \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return CALL;                                                                               \
    }
#define FAMILY(OP, LETTER)                                                                         \
    EVAL(OP##_int, integers(OP##_i, TYPE_INT, eval, args, rows, ret, err))                         \
    EVAL(OP##_long, integers(OP##_i, TYPE_LONG, eval, args, rows, ret, err))                       \
    EVAL(OP##_span, integers(OP##_i, TYPE_TIMESPAN, eval, args, rows, ret, err))                   \
    EVAL(OP##_time, integers(OP##_i, TYPE_DATETIME, eval, args, rows, ret, err))                   \
    EVAL(OP##_real, reals(OP##_r, eval, args, rows, ret, err))                                     \
    EVAL(OP##_decimal, decimals(LETTER, eval, args, rows, ret, err))                               \
    static const struct function OP##_functions[] = {                                              \
        {.name = #OP, .flags = FUNCTION_SPREAD_NULLS, .eval = OP##_int},                           \
        {.name = #OP, .flags = FUNCTION_SPREAD_NULLS, .eval = OP##_long},                          \
        {.name = #OP, .flags = FUNCTION_SPREAD_NULLS, .eval = OP##_span},                          \
        {.name = #OP, .flags = FUNCTION_SPREAD_NULLS, .eval = OP##_time},                          \
        {.name = #OP, .flags = FUNCTION_SPREAD_NULLS, .eval = OP##_real},                          \
        {.name = #OP, .flags = FUNCTION_SPREAD_NULLS, .eval = OP##_decimal}};
FAMILY(add, '+')
FAMILY(sub, '-')
FAMILY(mul, '*')
FAMILY(div, '/')
FAMILY(mod, '%')
EVAL(scale_mul, span_scale(false, eval, args, rows, ret, err))
EVAL(scale_div, span_scale(true, eval, args, rows, ret, err))
EVAL(ratio, span_ratio(eval, args, rows, ret, err))

static const struct function scale_mul_function = {
    .name = "*", .flags = FUNCTION_SPREAD_NULLS, .eval = scale_mul};
static const struct function scale_div_function = {
    .name = "/", .flags = FUNCTION_SPREAD_NULLS, .eval = scale_div};
static const struct function ratio_function = {
    .name = "/", .flags = FUNCTION_SPREAD_NULLS, .eval = ratio};

static const struct function *of_type(char op, enum type type)
{
    const struct function *family = op == '+'   ? add_functions
                                    : op == '-' ? sub_functions
                                    : op == '*' ? mul_functions
                                    : op == '/' ? div_functions
                                                : mod_functions;
    switch (type) {
    case TYPE_INT:
        return &family[0];
    case TYPE_LONG:
        return &family[1];
    case TYPE_TIMESPAN:
        return &family[2];
    case TYPE_DATETIME:
        return &family[3];
    case TYPE_REAL:
        return &family[4];
    case TYPE_DECIMAL:
        return &family[5];
    case TYPE_BOOL:
    case TYPE_GUID:
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_COUNT_:
        break;
    }
    return NULL;
}

static const struct function *times(char op, enum type left, enum type right,
                                    enum type *want_left, enum type *want_right, enum type *ret)
{
    bool both = left == TYPE_TIMESPAN && right == TYPE_TIMESPAN;

    /* A datetime counts from the first of January of the year 1. */
    if (left == TYPE_DATETIME && (right == TYPE_DATETIME || right == TYPE_TIMESPAN) &&
        (op == '/' || op == '%')) {
        *ret = op == '/' ? TYPE_REAL : TYPE_TIMESPAN;
        return op == '/' ? &ratio_function : of_type('%', TYPE_TIMESPAN);
    }
    if (left == TYPE_DATETIME && right == TYPE_DATETIME) {
        *ret = TYPE_TIMESPAN;
        return op == '-' ? of_type('-', TYPE_TIMESPAN) : NULL;
    }
    if (left == TYPE_DATETIME || right == TYPE_DATETIME) {
        bool other_is_span = left == TYPE_TIMESPAN || right == TYPE_TIMESPAN;
        *ret = TYPE_DATETIME;
        if (!other_is_span || (op != '+' && (op != '-' || left != TYPE_DATETIME)))
            return NULL;
        return of_type(op, TYPE_DATETIME);
    }
    *ret = TYPE_TIMESPAN;
    if (both && op == '/') {
        *ret = TYPE_REAL;
        return &ratio_function;
    }
    if (both)
        return op == '*' ? NULL : of_type(op, TYPE_TIMESPAN);
    enum type number = left == TYPE_TIMESPAN ? right : left;
    if (!type_is_number(number) || (op != '*' && (op != '/' || left != TYPE_TIMESPAN)))
        return NULL;
    *(left == TYPE_TIMESPAN ? want_right : want_left) = TYPE_REAL;
    return op == '*' ? &scale_mul_function : &scale_div_function;
}

const struct function *operator_arithmetic(struct slice name, enum type left, enum type right,
                                           enum type *ret_left, enum type *ret_right,
                                           enum type *ret)
{
    char op = name.data[0];

    /* A dynamic operand is read as the other side's type; a number may have a
     * fraction whatever the other side is. */
    enum type *open = left == TYPE_DYNAMIC ? &left : &right;
    enum type other = left == TYPE_DYNAMIC ? right : left;
    if (*open == TYPE_DYNAMIC && (other == TYPE_DATETIME || other == TYPE_DECIMAL))
        *open = other;
    else if (*open == TYPE_DYNAMIC)
        *open = other == TYPE_TIMESPAN && (op == '+' || op == '-') ? TYPE_TIMESPAN : TYPE_REAL;
    if (right == TYPE_DYNAMIC)
        right = TYPE_REAL;
    if (left == TYPE_BOOL)
        left = TYPE_LONG;
    if (right == TYPE_BOOL)
        right = TYPE_LONG;
    *ret_left = left;
    *ret_right = right;
    if (left == TYPE_DATETIME || left == TYPE_TIMESPAN || right == TYPE_DATETIME ||
        right == TYPE_TIMESPAN)
        return times(op, left, right, ret_left, ret_right, ret);
    if (!type_is_number(left) || !type_is_number(right))
        return NULL;
    enum type common = left == TYPE_DECIMAL || right == TYPE_DECIMAL ? TYPE_DECIMAL
                       : left == TYPE_REAL || right == TYPE_REAL     ? TYPE_REAL
                                                                     : TYPE_LONG;
    *ret_left = *ret_right = *ret = common;
    return of_type(op, common);
}

/* ---- unary ---- */

static enum status eval_negate(struct eval *eval, const struct vector *args, uint32_t arg_count,
                               uint32_t rows, struct vector *ret, struct error *err)
{
    (void)arg_count;
    if (args[0].type == TYPE_DECIMAL) {
        struct value zero = {.type = TYPE_DECIMAL, .bytes = SLICE("0")};
        struct vector both[2] = {{0}, args[0]};
        enum status made = vector_const(eval->arena, &zero, rows, &both[0], err);
        return made != STATUS_OK ? made : decimals('-', eval, both, rows, ret, err);
    }
    enum status status = vector_flat(eval->arena, args[0].type, rows, false, ret, err);
    void *data = vector_data(ret);
    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        if (args[0].type == TYPE_REAL)
            ((double *)data)[i] = -args[0].reals[AT(&args[0], i)];
        else
            ((int64_t *)data)[i] = (int64_t)(0 - (uint64_t)args[0].integers[AT(&args[0], i)]);
    }
    return status;
}

const struct function operator_negate = {
    .name = "-", .flags = FUNCTION_SPREAD_NULLS, .eval = eval_negate};

static enum status eval_not(struct eval *eval, const struct vector *args, uint32_t arg_count,
                            uint32_t rows, struct vector *ret, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_BOOL, rows, false, ret, err);
    void *data = vector_data(ret);

    (void)arg_count;
    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++)
        ((uint8_t *)data)[i] = args[0].booleans[AT(&args[0], i)] == 0;
    return status;
}

const struct function operator_not = {
    .name = "not", .flags = FUNCTION_SPREAD_NULLS, .eval = eval_not};

/* ---- casts ---- */

/* Converts as tostring(), tolong() ... do; what does not convert is null. */
static enum status cast_vector(struct eval *eval, const struct vector *v, enum type to,
                               struct vector *ret, struct error *err)
{
    uint32_t rows = v->row_count;
    enum status status = vector_flat(eval->arena, to, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    bool any = false;

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct value from = vector_value(v, i);
        struct value to_value = {.type = to, .is_null = true};
        if (type_is_bytes(from.type) && !from.is_null)
            status = eval_spend(eval, from.bytes.size, err); /* rows may share a long one */
        if (status == STATUS_OK)
            status = value_convert(eval, &from, to, false, &to_value, err);
        nulls[i] = to_value.is_null && to != TYPE_STRING;
        any = any || nulls[i] != 0;
        if (to_value.is_null)
            continue;
        if (type_is_bytes(to))
            ((struct slice *)data)[i] = to_value.bytes;
        else if (to == TYPE_GUID)
            ((struct guid *)data)[i] = to_value.guid;
        else if (to == TYPE_BOOL)
            ((uint8_t *)data)[i] = to_value.boolean;
        else
            ((int64_t *)data)[i] = to_value.integer;
    }
    if (!any)
        ret->nulls = NULL;
    return status;
}

#define CAST(NAME, TYPE)                                                                           \
    static enum status cast_##NAME(struct eval *eval, const struct vector *args,                   \
                                   uint32_t arg_count, uint32_t rows, struct vector *ret,          \
                                   struct error *err)                                              \
    {                                                                                              \
        struct vector in = args[0];                                                                \
        (void)arg_count;                                                                           \
        in.row_count = rows;                                                                       \
        return cast_vector(eval, &in, TYPE, ret, err);                                             \
    }
CAST(bool, TYPE_BOOL)
CAST(int, TYPE_INT)
CAST(long, TYPE_LONG)
CAST(real, TYPE_REAL)
CAST(decimal, TYPE_DECIMAL)
CAST(datetime, TYPE_DATETIME)
CAST(timespan, TYPE_TIMESPAN)
CAST(guid, TYPE_GUID)
CAST(string, TYPE_STRING)
CAST(dynamic, TYPE_DYNAMIC)

const struct function *operator_cast(enum type to)
{
    static const struct function casts[TYPE_COUNT_] = {
        [TYPE_BOOL] = {.name = "tobool", .eval = cast_bool},
        [TYPE_INT] = {.name = "toint", .eval = cast_int},
        [TYPE_LONG] = {.name = "tolong", .eval = cast_long},
        [TYPE_REAL] = {.name = "toreal", .eval = cast_real},
        [TYPE_DECIMAL] = {.name = "todecimal", .eval = cast_decimal},
        [TYPE_DATETIME] = {.name = "todatetime", .eval = cast_datetime},
        [TYPE_TIMESPAN] = {.name = "totimespan", .eval = cast_timespan},
        [TYPE_GUID] = {.name = "toguid", .eval = cast_guid},
        [TYPE_STRING] = {.name = "tostring", .eval = cast_string},
        [TYPE_DYNAMIC] = {.name = "todynamic", .eval = cast_dynamic}};
    return &casts[to];
}
