/* SPDX-License-Identifier: Apache-2.0 */
/* agg_tdigest.c - tdigest() and tdigest_merge() over groups. */
#include "query/agg_priv.h"
#include "query/tdigest_priv.h"

static enum status bind_digest(BIND_PARAMETERS)
{
    (void)err;
    want[0] = tdigest_type(args[0].type);
    if (arg_count > 1)
        want[1] = TYPE_REAL;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

static enum status bind_merge(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)err;
    want[0] = TYPE_DYNAMIC;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

static enum status update_digest(UPDATE_PARAMETERS)
{
    enum status status = STATUS_OK;

    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct value value = row_value(&args[0], row);
        struct value weight = {.type = TYPE_REAL, .real = 1};
        if (arg_count > 1)
            weight = row_value(&args[1], row);
        if (!value.is_null && !weight.is_null && weight.real > 0)
            status = tdigest_add(context->arena, (struct tdigest *)states + groups[row], &value,
                                 weight.real, err);
    }
    return status;
}

static enum status update_merge(UPDATE_PARAMETERS)
{
    enum status status = STATUS_OK;

    (void)arg_count;
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct value value = row_value(&args[0], row);
        struct tdigest one;
        if (value.is_null)
            continue;
        err->status = STATUS_OK;
        if (tdigest_from_json(context->arena, value.bytes, &one, err))
            status = tdigest_merge(context->arena, (struct tdigest *)states + groups[row], &one,
                                   err);
        else
            status = err->status;
    }
    return status;
}

static enum status merge_digests(MERGE_PARAMETERS)
{
    return tdigest_merge(context->arena, into, from, err);
}

static enum status finish_digest(FINISH_PARAMETERS)
{
    const struct tdigest *digests = states;
    enum status status = vector_flat(arena, TYPE_DYNAMIC, state_count, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    struct buf buf;

    (void)context;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        struct tdigest digest = digests[i];
        struct slice copy = SLICE("");
        nulls[i] = digest.count == 0;
        buf_clear(&buf);
        if (digest.count > 0) {
            tdigest_add_json(&digest, &buf);
            status = buf_check(&buf, err);
            if (status == STATUS_OK) {
                copy = arena_copy(arena, buf_slice(&buf), err);
                status = copy.data == NULL ? err->status : STATUS_OK;
            }
        }
        ((struct slice *)data)[i] = copy;
    }
    buf_release(&buf);
    return status;
}

#define DIGEST(NAME, SIGNATURE, TEXT, EXAMPLE, MAX, KIND)                                          \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = 1, .args_max = (MAX), .state_bytes = sizeof(struct tdigest),                      \
     .bind = bind_##KIND, .update = update_##KIND, .merge = merge_digests,                         \
     .finish = finish_digest}

static const struct aggregate aggregates[] = {
    DIGEST("tdigest", "tdigest(value [, weight])", "a sketch for percentile_tdigest()",
           "percentile_tdigest(tdigest(x), 50, typeof(long)) == 2", 2, digest),
    DIGEST("tdigest_merge", "tdigest_merge(sketch)", "sketches of tdigest() joined into one",
           "isnull(tdigest_merge(dynamic(null)))", 1, merge),
    DIGEST("merge_tdigest", "merge_tdigest(sketch)", "the same as tdigest_merge()",
           "isnull(merge_tdigest(dynamic(null)))", 1, merge),
};

AGGREGATE_FAMILY(agg_tdigest, aggregates);
