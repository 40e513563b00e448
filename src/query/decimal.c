/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.c - see decimal.h.  80-bit binary: 19 digits. */
#include "query/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static long double number(struct slice text)
{
    char copy[128];
    size_t size = text.size < sizeof(copy) - 1 ? text.size : sizeof(copy) - 1;

    if (size > 0)
        memcpy(copy, text.data, size);
    copy[size] = '\0';
    return strtold(copy, NULL);
}

int decimal_compare(const struct value *a, const struct value *b)
{
    long double x = number(a->bytes);
    long double y = number(b->bytes);
    return x < y ? -1 : x > y;
}

enum status decimal_arithmetic(struct arena *arena, char op, const struct value *a,
                               const struct value *b, struct value *ret, struct error *err)
{
    long double x = number(a->bytes);
    long double y = number(b->bytes);
    long double z = op == '+'   ? x + y
                    : op == '-' ? x - y
                    : op == '*' ? x * y
                    : op == '/' ? x / y
                                : fmodl(x, y);
    char text[64];

    *ret = (struct value){.type = TYPE_DECIMAL, .is_null = true};
    if (!isfinite(z))
        return STATUS_OK;
    if (op == '%' && z < 0)
        z += fabsl(y);
    int size = snprintf(text, sizeof(text), "%.18Lg", z);
    ret->bytes = arena_copy(arena, slice_from(text, (size_t)size), err);
    ret->is_null = ret->bytes.data == NULL;
    return ret->is_null ? err->status : STATUS_OK;
}
