/* SPDX-License-Identifier: Apache-2.0 */
/* join_build.c - the side of a join that is kept: its rows by their keys. */
#include "query/join_priv.h"

struct build_stage {
    struct stage stage;
    const struct plan_join *plan;
    struct run *run;
    struct join_built *build;
    pthread_mutex_t lock;
};

static enum status grow_array(struct arena *arena, uint32_t **array, uint32_t *capacity,
                              uint32_t wanted, struct error *err)
{
    if (wanted <= *capacity)
        return STATUS_OK;
    uint32_t size = *capacity == 0 ? 4096 : *capacity * 2;
    while (size < wanted)
        size *= 2;
    uint32_t *grown = ARENA_ARRAY(arena, uint32_t, size, err);
    if (grown == NULL)
        return err->status;
    if (*capacity > 0)
        memcpy(grown, *array, *capacity * sizeof(**array));
    *array = grown;
    *capacity = size;
    return STATUS_OK;
}

enum status join_keys(struct worker *w, struct expr **exprs, uint32_t count,
                      const struct batch *batch, struct vector **ret, uint32_t **ret_numbers,
                      struct error *err)
{
    size_t rows = (size_t)batch->row_count + 1;
    enum status status = STATUS_OK;

    *ret = ARENA_ARRAY(w->batch_arena, struct vector, count + 1, err);
    *ret_numbers = arena_alloc_raw(w->batch_arena, rows * sizeof(**ret_numbers), err);
    if (*ret == NULL || *ret_numbers == NULL)
        return err->status;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = expr_eval(w, exprs[i], batch, &(*ret)[i], err);
    return status;
}

/* Rows in front of which their key has not come: numbers are given in their order. */
static uint32_t first_rows(uint32_t key_count, uint32_t *numbers, uint32_t row_count,
                           uint32_t *ret_rows)
{
    uint32_t count = 0;

    for (uint32_t r = 0; r < row_count; r++) {
        if (numbers[r] != key_count + count)
            continue;
        numbers[count] = numbers[r];
        ret_rows[count++] = r;
    }
    return count;
}

/* Rows that come in. */
struct incoming {
    const struct batch *batch;
    const struct vector *keys, *nets; /* nets: their networks, or NULL */
    uint32_t *numbers, *rows;         /* room for a number each */
};

/* The first, or all, rows of each key.  Null matches null, as in Kusto. */
static enum status build_rows(struct join_built *b, const struct plan_join *p,
                              const struct incoming *in, struct error *err)
{
    uint32_t known = key_set_count(&b->keys);
    uint32_t count = in->batch->row_count;
    uint32_t *numbers = in->numbers;
    enum status status = key_set_add(&b->keys, in->keys, count, numbers, err);

    if (status != STATUS_OK || p->keys_only)
        return status;
    bool is_some = p->kind == JOIN_INNER_UNIQUE;
    if (is_some)
        count = first_rows(known, numbers, count, in->rows);
    uint32_t row = (uint32_t)b->rows->row_count;
    status = rowset_add(b->rows, in->batch, is_some ? in->rows : NULL, count, err);
    if (status == STATUS_OK && in->nets != NULL)
        return join_nets_add(&b->nets, in->nets, numbers, row, err);
    if (status == STATUS_OK)
        status = grow_array(b->arena, &b->heads, &b->head_capacity, key_set_count(&b->keys), err);
    if (status == STATUS_OK)
        status = grow_array(b->arena, &b->nexts, &b->next_capacity, row + count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++, row++) {
        b->nexts[row] = b->heads[numbers[i]];
        b->heads[numbers[i]] = row + 1;
    }
    return status;
}

static enum status build_push(struct stage *stage, struct worker *w, const struct batch *batch,
                              bool *stop, struct error *err)
{
    struct build_stage *s = (struct build_stage *)stage;
    const struct plan_join *p = s->plan;
    struct vector *keys;
    struct vector nets;
    uint32_t *numbers;
    enum status status =
        join_keys(w, p->build_keys, p->key_count, batch, &keys, &numbers, err);

    (void)stop;
    if (status == STATUS_OK && p->build_net != NULL)
        status = expr_eval(w, p->build_net, batch, &nets, err);
    if (status != STATUS_OK)
        return status;
    uint32_t *rows =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*rows), err);
    if (rows == NULL)
        return err->status;
    (void)pthread_mutex_lock(&s->lock);
    const struct incoming in = {batch, keys, p->build_net == NULL ? NULL : &nets, numbers, rows};
    status = build_rows(s->build, p, &in, err);
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* Chains are in reverse order of the rows: turn them round once. */
static void build_order(struct join_built *b)
{
    for (uint32_t g = 0; g < key_set_count(&b->keys) && g < b->head_capacity; g++) {
        uint32_t reversed = 0;
        for (uint32_t at = b->heads[g]; at != 0;) {
            uint32_t next = b->nexts[at - 1];
            b->nexts[at - 1] = reversed;
            reversed = at;
            at = next;
        }
        b->heads[g] = reversed;
    }
}

enum status join_build(const struct plan_join *p, struct run *run, struct join_built *b,
                       struct error *err)
{
    const struct plan *built = p->plan.inputs[p->build_left ? 0 : 1];
    struct build_stage build = {
        .stage = {build_push},
        .plan = p,
        .run = run,
        .build = b,
        .lock = PTHREAD_MUTEX_INITIALIZER};
    enum type *types = ARENA_ARRAY(b->arena, enum type, p->key_count + 1, err);

    if (types == NULL)
        return err->status;
    for (uint32_t i = 0; i < p->key_count; i++)
        types[i] = p->build_keys[i]->type;
    enum status status = key_set_init(&b->keys, b->arena, types, p->key_count, err);
    b->keys.run = run;
    b->nets = (struct join_nets){.arena = b->arena, .run = run, .is_v6 = p->nets_are_v6};
    if (status == STATUS_OK) {
        b->rows = rowset_new(b->arena, &built->schema, p->build_needed, err);
        status = b->rows == NULL ? err->status : STATUS_OK;
    }
    if (status == STATUS_OK)
        status = plan_run(built, run, &build.stage, err);
    (void)pthread_mutex_destroy(&build.lock);
    if (status == STATUS_OK && p->build_net != NULL)
        return join_nets_order(&b->nets, key_set_count(&b->keys), err);
    if (status == STATUS_OK)
        build_order(b);
    return status;
}
