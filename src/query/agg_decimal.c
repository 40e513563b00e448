/* SPDX-License-Identifier: Apache-2.0 */
/* agg_decimal.c - sum() and avg() of decimals, for agg_basic.c. */
#include "query/agg_priv.h"
#include "query/decimal.h"

static enum status add(struct aggregate_state_context *context, struct decimal_sum *sum,
                       const struct decimal *number, struct error *err)
{
    if (sum->total == NULL) {
        sum->total = ARENA_NEW(context->arena, struct decimal, err);
        if (sum->total == NULL)
            return err->status;
    }
    if (!decimal_compute('+', sum->total, number, sum->total))
        return ERROR_SET(err, STATUS_LIMIT, "a sum of decimals is too large");
    return STATUS_OK;
}

enum status decimal_sum_value(struct aggregate_state_context *context, struct decimal_sum *sum,
                              struct slice text, struct error *err)
{
    struct decimal number;

    sum->count++;
    return decimal_parse(slice_trim(text), &number) ? add(context, sum, &number, err) : STATUS_OK;
}

enum status decimal_sum_merge(struct aggregate_state_context *context, struct decimal_sum *into,
                              const struct decimal_sum *from, struct error *err)
{
    into->count += from->count;
    return from->total == NULL ? STATUS_OK : add(context, into, from->total, err);
}

enum status decimal_sum_finish(const struct decimal_sum *sum, bool average, struct arena *arena,
                               struct value *ret, struct error *err)
{
    struct decimal total = sum->total == NULL ? (struct decimal){0} : *sum->total;

    *ret = (struct value){.type = TYPE_DECIMAL, .is_null = true};
    if (average) {
        struct decimal divisor;
        struct buf buf;
        buf_init(&buf, DECIMAL_TEXT_BYTES);
        buf_add_u64(&buf, sum->count);
        bool ok = decimal_parse(buf_slice(&buf), &divisor) &&
                  decimal_compute('/', &total, &divisor, &total);
        buf_release(&buf);
        if (!ok)
            return STATUS_OK;
    }
    return decimal_value(arena, &total, ret, err);
}
