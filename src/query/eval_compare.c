/* SPDX-License-Identifier: Apache-2.0 */
/* eval_compare.c - == != < <= > >= over two vectors of one type. */
#include "query/decimal.h"
#include "query/expr_priv.h"
#include "query/items.h"

#include "table/dynamic.h"

enum comparison { EQ, NE, LT, LE, GT, GE };

static int compare_decimal(struct slice a, struct slice b)
{
    struct value x = {.type = TYPE_DECIMAL, .bytes = a};
    struct value y = {.type = TYPE_DECIMAL, .bytes = b};
    return decimal_compare(&x, &y);
}

int value_compare(const struct value *a, const struct value *b)
{
    switch (a->type) {
    case TYPE_BOOL:
        return (int)a->boolean - (int)b->boolean;
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    case TYPE_REAL:
        if (a->real != a->real || b->real != b->real)
            return (int)(a->real == a->real) - (int)(b->real == b->real);
        return a->real < b->real ? -1 : a->real > b->real;
    case TYPE_DECIMAL:
        return compare_decimal(a->bytes, b->bytes);
    case TYPE_GUID:
        return memcmp(a->guid.bytes, b->guid.bytes, sizeof(a->guid.bytes));
    case TYPE_STRING:
        return slice_compare(a->bytes, b->bytes);
    case TYPE_DYNAMIC:
        return item_compare(a->bytes, b->bytes);
    case TYPE_COUNT_:
        break;
    }
    return 0;
}

static inline bool holds(enum comparison op, int c)
{
    switch (op) {
    case EQ:
        return c == 0;
    case NE:
        return c != 0;
    case LT:
        return c < 0;
    case LE:
        return c <= 0;
    case GT:
        return c > 0;
    case GE:
        return c >= 0;
    }
    return false;
}

#define AT(v, i) ((v)->encoding == VECTOR_CONST ? 0 : (i))

/* One loop an operator and shape, so that the compiler can vectorise it. */
#define LOOP(FIELD, OP)                                                                            \
    do {                                                                                           \
        if (b->encoding == VECTOR_CONST) {                                                         \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                out[i] = a->FIELD[i] OP b->FIELD[0];                                               \
        } else if (a->encoding == VECTOR_CONST) {                                                  \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                out[i] = a->FIELD[0] OP b->FIELD[i];                                               \
        } else {                                                                                   \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                out[i] = a->FIELD[i] OP b->FIELD[i];                                               \
        }                                                                                          \
    } while (0)

#define LOOPS(FIELD)                                                                               \
    switch (op) {                                                                                  \
    case EQ:                                                                                       \
        LOOP(FIELD, ==);                                                                           \
        break;                                                                                     \
    case NE:                                                                                       \
        LOOP(FIELD, !=);                                                                           \
        break;                                                                                     \
    case LT:                                                                                       \
        LOOP(FIELD, <);                                                                            \
        break;                                                                                     \
    case LE:                                                                                       \
        LOOP(FIELD, <=);                                                                           \
        break;                                                                                     \
    case GT:                                                                                       \
        LOOP(FIELD, >);                                                                            \
        break;                                                                                     \
    case GE:                                                                                       \
        LOOP(FIELD, >=);                                                                           \
        break;                                                                                     \
    }

static void compare_integers(enum comparison op, const struct vector *a, const struct vector *b,
                             uint32_t rows, uint8_t *out)
{
    if (a->encoding == VECTOR_CONST && b->encoding == VECTOR_CONST) {
        memset(out, holds(op, a->integers[0] < b->integers[0] ? -1
                                                              : a->integers[0] > b->integers[0]),
               rows);
        return;
    }
    LOOPS(integers)
}

static void compare_reals(enum comparison op, const struct vector *a, const struct vector *b,
                          uint32_t rows, uint8_t *out)
{
    for (uint32_t i = 0; i < rows; i++) {
        double x = a->reals[AT(a, i)];
        double y = b->reals[AT(b, i)];
        if (x != x || y != y)
            out[i] = op == NE; /* NaN equals nothing */
        else
            out[i] = holds(op, x < y ? -1 : x > y);
    }
}

static enum status compare_slices(enum comparison op, struct eval *eval,
                                  const struct vector *args, uint32_t rows, uint8_t *out,
                                  struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct slice a = args[0].slices[AT(&args[0], i)];
        struct slice b = args[1].slices[AT(&args[1], i)];
        out[i] = op == EQ || op == NE ? slice_equal(a, b) == (op == EQ)
                                      : holds(op, slice_compare(a, b));
        status = eval_spend(eval, (a.size < b.size ? a.size : b.size) / 4, err);
    }
    return status;
}

/* By what they say as texts; the caller looks at nulls. */
static enum status compare_dynamics(enum comparison op, struct eval *eval,
                                    const struct vector *args, uint32_t rows, uint8_t *out,
                                    struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct slice texts[2] = {{"", 0}, {"", 0}};
        for (int k = 0; k < 2 && status == STATUS_OK; k++)
            status = dynamic_to_string(eval->arena, args[k].slices[AT(&args[k], i)], &texts[k],
                                       err);
        if (status == STATUS_OK)
            status = eval_spend(eval, (texts[0].size + texts[1].size) / 4, err);
        out[i] = holds(op, slice_compare(texts[0], texts[1]));
    }
    return status;
}

/* Texts of one dictionary without doubles are equal where their codes are. */
static void compare_codes(enum comparison op, const struct vector *a, const struct vector *b,
                          uint32_t rows, uint8_t *out)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = (a->codes[i] == b->codes[i]) == (op == EQ);
}

/* null == null and null != x decide; the rest with null is null. */
static enum status compare(enum comparison op, struct eval *eval, const struct vector *args,
                           uint32_t rows, struct vector *ret, struct error *err)
{
    const struct vector *a = &args[0];
    const struct vector *b = &args[1];
    enum status status = vector_flat(eval->arena, TYPE_BOOL, rows, false, ret, err);
    uint8_t *out = vector_data(ret);

    if (status != STATUS_OK)
        return status;
    if (a->encoding == VECTOR_DICT) {
        compare_codes(op, a, b, rows, out);
        return STATUS_OK;
    }
    switch (a->type) {
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        compare_integers(op, a, b, rows, out);
        break;
    case TYPE_REAL:
        compare_reals(op, a, b, rows, out);
        break;
    case TYPE_STRING:
        status = compare_slices(op, eval, args, rows, out, err);
        break;
    case TYPE_DYNAMIC:
        status = compare_dynamics(op, eval, args, rows, out, err);
        break;
    case TYPE_BOOL:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = holds(op, (int)a->booleans[AT(a, i)] - (int)b->booleans[AT(b, i)]);
        break;
    case TYPE_DECIMAL:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = holds(op, compare_decimal(a->slices[AT(a, i)], b->slices[AT(b, i)]));
        break;
    case TYPE_GUID:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = holds(op, memcmp(&a->guids[AT(a, i)], &b->guids[AT(b, i)], 16));
        break;
    case TYPE_COUNT_:
        break;
    }
    if (status != STATUS_OK || (a->nulls == NULL && b->nulls == NULL))
        return status;
    uint8_t *null_bytes = arena_alloc(eval->arena, rows + 1, err);
    if (null_bytes == NULL)
        return err->status;
    for (uint32_t i = 0; i < rows; i++) {
        bool x = a->nulls != NULL && a->nulls[AT(a, i)] != 0;
        bool y = b->nulls != NULL && b->nulls[AT(b, i)] != 0;
        if (!x && !y)
            continue;
        if ((op == EQ || op == NE) && x != y) {
            out[i] = op == NE;
        } else {
            out[i] = 0;
            null_bytes[i] = 1;
        }
    }
    ret->nulls = null_bytes;
    return STATUS_OK;
}

#define COMPARISON(NAME)                                                                           \
    static enum status eval_##NAME(struct eval *eval, const struct vector *args,                   \
                                   uint32_t arg_count, uint32_t rows, struct vector *ret,          \
                                   struct error *err)                                              \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return compare(NAME, eval, args, rows, ret, err);                                          \
    }
COMPARISON(EQ)
COMPARISON(NE)
COMPARISON(LT)
COMPARISON(LE)
COMPARISON(GT)
COMPARISON(GE)

const struct function *operator_compare(struct slice name)
{
    static const struct function functions[] = {
        {.name = "==", .eval = eval_EQ, .flags = FUNCTION_COMPARES_CODES},
        {.name = "!=", .eval = eval_NE, .flags = FUNCTION_COMPARES_CODES},
        {.name = "<", .eval = eval_LT},  {.name = "<=", .eval = eval_LE},
        {.name = ">", .eval = eval_GT},  {.name = ">=", .eval = eval_GE}};

    if (slice_is(name, "<>"))
        name = SLICE("!=");
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (slice_is(name, functions[i].name))
            return &functions[i];
    }
    return NULL;
}

/* ---- not, negate are in eval_arith.c; members of dynamic values here ---- */

static enum status eval_member(struct eval *eval, const struct vector *args, uint32_t arg_count,
                               uint32_t rows, struct vector *ret, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_DYNAMIC, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    (void)arg_count;
    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        const struct vector *key = &args[1];
        uint32_t at = AT(key, i);
        struct slice json = args[0].slices[AT(&args[0], i)];
        struct slice found;
        if (key->type == TYPE_STRING)
            found = dynamic_member(json, key->slices[at]);
        else
            found = dynamic_element(json, key->integers[at]);
        bool null = dynamic_is_null(found) || (key->nulls != NULL && key->nulls[at] != 0);
        ((struct slice *)data)[i] = null ? slice_from(NULL, 0) : found;
        nulls[i] = null;
        status = eval_spend(eval, json.size / 4, err);
    }
    return status;
}

const struct function operator_member = {.name = ".", .eval = eval_member};
const struct function operator_element = {.name = "[]", .eval = eval_member};
