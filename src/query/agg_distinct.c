/* SPDX-License-Identifier: Apache-2.0 */
/* agg_distinct.c - dcount() count_distinct() hll() hll_merge(). */
#include "query/agg_priv.h"
#include "query/distinct_priv.h"
#include "table/dynamic.h"

static enum status bind_distinct(BIND_PARAMETERS)
{
    (void)want;
    *ret = TYPE_LONG;
    return arg_count < 2 ? STATUS_OK : argument_between(&args[1], "accuracy", 0, 4, err);
}

static enum status bind_distinct_if(BIND_PARAMETERS)
{
    want[1] = TYPE_BOOL;
    *ret = TYPE_LONG;
    return arg_count < 3 ? STATUS_OK : argument_between(&args[2], "accuracy", 0, 4, err);
}

static enum status bind_hll(BIND_PARAMETERS)
{
    enum status status = bind_distinct(args, arg_count, want, ret, err);

    *ret = TYPE_DYNAMIC;
    return status;
}

static enum status bind_hll_if(BIND_PARAMETERS)
{
    enum status status = bind_distinct_if(args, arg_count, want, ret, err);

    *ret = TYPE_DYNAMIC;
    return status;
}

/* Room for the hashes of a dictionary, kept as long as batches have the same one. */
static enum status hashes_of(struct aggregate_state_context *context, const struct vector *v,
                             struct error *err)
{
    if (context->hashes_id == v->dict_id)
        return STATUS_OK;
    if (context->hashes_capacity < v->dict_size) {
        context->hashes_id = 0;
        context->hashes_capacity = v->dict_size + v->dict_size / 2;
        context->hashes =
            ARENA_ARRAY(context->arena, uint64_t, context->hashes_capacity, err);
        if (context->hashes == NULL) {
            context->hashes_capacity = 0;
            return err->status;
        }
    }
    memset(context->hashes, 0, v->dict_size * sizeof(*context->hashes));
    context->hashes_id = v->dict_id;
    return STATUS_OK;
}

static enum status add_rows(UPDATE_PARAMETERS, bool exact, bool has_condition)
{
    const struct vector *v = &args[0];
    const struct vector *condition = has_condition ? &args[1] : NULL;
    bool keeps = v->encoding == VECTOR_DICT && v->dict_id != 0;
    enum status status = keeps ? hashes_of(context, v, err) : STATUS_OK;

    (void)arg_count;
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        uint32_t index = vector_index(v, row);
        if ((v->nulls != NULL && v->nulls[index] != 0) || !row_holds(condition, row))
            continue;
        uint64_t hash = keeps ? context->hashes[index] : 0;
        if (hash == 0) {
            struct value value = vector_element(v, index);
            hash = distinct_hash(&value);
            hash += hash == 0; /* as distinct_add() does */
        }
        if (keeps)
            context->hashes[index] = hash;
        status = distinct_add(context->arena, (struct distinct *)states + groups[row], hash,
                              exact, err);
    }
    return status;
}

#define DISTINCT_ROWS(NAME, EXACT, HAS_CONDITION)                                                  \
    static enum status update_##NAME(UPDATE_PARAMETERS)                                            \
    {                                                                                              \
        return add_rows(context, states, groups, args, arg_count, row_count, err, EXACT,           \
                        HAS_CONDITION);                                                            \
    }
DISTINCT_ROWS(dcount, false, false)
DISTINCT_ROWS(dcountif, false, true)
DISTINCT_ROWS(exact, true, false)
DISTINCT_ROWS(exact_if, true, true)

static enum status update_sketch(UPDATE_PARAMETERS)
{
    enum status status = STATUS_OK;

    (void)arg_count;
    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct value value = row_value(&args[0], row);
        struct distinct sketch;
        if (value.is_null || value.type != TYPE_DYNAMIC)
            continue;
        err->status = STATUS_OK;
        if (distinct_from_json(context->arena, value.bytes, &sketch, err))
            status = distinct_merge(context->arena, (struct distinct *)states + groups[row],
                                    &sketch, false, err);
        else
            status = err->status;
    }
    return status;
}

static enum status merge_dcount(MERGE_PARAMETERS)
{
    return distinct_merge(context->arena, into, from, false, err);
}

static enum status merge_exact(MERGE_PARAMETERS)
{
    return distinct_merge(context->arena, into, from, true, err);
}

static enum status finish_distinct(FINISH_PARAMETERS)
{
    enum status status = vector_flat(arena, TYPE_LONG, state_count, false, ret, err);
    void *data = vector_data(ret);

    (void)context;
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++)
        ((int64_t *)data)[i] = distinct_count((const struct distinct *)states + i);
    return status;
}

static enum status finish_hll(FINISH_PARAMETERS)
{
    const struct distinct *sets = states;
    enum status status = vector_flat(arena, TYPE_DYNAMIC, state_count, false, ret, err);
    void *data = vector_data(ret);
    struct buf buf;

    (void)context;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        struct slice copy = SLICE("");
        buf_clear(&buf);
        if (sets[i].count > 0 || sets[i].registers != NULL) {
            distinct_add_json(&sets[i], &buf);
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

#define COUNTS(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN, UPDATE, MERGE, FINISH)           \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .state_bytes = sizeof(struct distinct),                 \
     .bind = (BIND_FN), .update = update_##UPDATE, .merge = merge_##MERGE,                         \
     .finish = finish_##FINISH, .weights = WEIGHTS_IGNORED}

static const struct aggregate aggregates[] = {
    COUNTS("dcount", "dcount(value [, accuracy])",
           "the number of distinct values; an estimate above some thousands", "dcount(x) == 3", 1,
           2, bind_distinct, dcount, dcount, distinct),
    COUNTS("dcountif", "dcountif(value, condition [, accuracy])",
           "dcount() over the rows where a condition holds", "dcountif(x, x > 1) == 2", 2, 3,
           bind_distinct_if, dcountif, dcount, distinct),
    COUNTS("count_distinct", "count_distinct(value)", "the exact number of distinct values",
           "count_distinct(x) == 3", 1, 1, bind_distinct, exact, exact, distinct),
    COUNTS("count_distinctif", "count_distinctif(value, condition)",
           "count_distinct() over the rows where a condition holds",
           "count_distinctif(x, x > 1) == 2", 2, 2, bind_distinct_if, exact_if, exact, distinct),
    COUNTS("hll", "hll(value [, accuracy])", "a sketch for dcount_hll()",
           "dcount_hll(hll(x)) == 3", 1, 2, bind_hll, dcount, dcount, hll),
    COUNTS("hll_if", "hll_if(value, condition [, accuracy])",
           "a sketch of the rows where a condition holds", "dcount_hll(hll_if(x, x > 1)) == 2", 2,
           3, bind_hll_if, dcountif, dcount, hll),
    COUNTS("hll_merge", "hll_merge(sketch)", "sketches joined into one",
           "isnull(hll_merge(dynamic(null)))", 1, 1, bind_hll, sketch, dcount, hll),
};

AGGREGATE_FAMILY(agg_distinct, aggregates);
