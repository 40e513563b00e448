/* SPDX-License-Identifier: Apache-2.0 */
/* join_probe.c - the side of a join that streams: each of its rows looks for partners. */
#include "query/join_priv.h"
#include "query/key_find_priv.h"

struct prober {
    struct arena *arena; /* NULL: it had no batch yet */
    struct key_finder finder;
};

struct probe_stage {
    struct stage stage;
    const struct plan_join *plan;
    struct run *run;
    struct join_built *build;
    struct stage *out;
    struct prober *probers; /* a worker */
};

/* What a batch is probed with: by one worker, as far as *stop. */
struct probing {
    struct probe_stage *stage;
    struct worker *worker;
    const struct batch *batch; /* NULL: rows of the built side alone */
    const struct vector *nets; /* of its rows; NULL: keys alone decide */
    struct pairs {
        uint32_t probe[BATCH_ROWS_MAX], built[BATCH_ROWS_MAX];
        uint32_t count;
    } *pairs;
    uint32_t *lonely; /* rows without a partner */
    uint32_t lonely_count;
    bool *stop;
};

/* Pushes pairs (probe row, built row); built NULL: nulls for the built side. */
static enum status push_pairs(const struct probing *x, const uint32_t *probe,
                              const uint32_t *built, uint32_t count, struct error *err)
{
    const struct plan_join *p = x->stage->plan;
    const struct rowset *rows = x->stage->build->rows;
    const struct batch *batch = x->batch;
    struct worker *w = x->worker;
    uint32_t width = p->plan.schema.column_count;
    const uint32_t *out_probe = p->build_left ? p->out_right : p->out_left;
    const uint32_t *out_built = p->build_left ? p->out_left : p->out_right;
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, width + 1, err);
    struct vector *taken =
        ARENA_ARRAY(w->batch_arena, struct vector, rows->schema.column_count + 1, err);
    enum status status = columns == NULL || taken == NULL ? err->status : STATUS_OK;

    for (uint32_t c = 0; c < width && status == STATUS_OK; c++)
        columns[c] = run_absent(p->plan.schema.columns[c].type, count);
    for (uint32_t c = 0; batch != NULL && c < batch->column_count && status == STATUS_OK; c++) {
        if (out_probe[c] != UINT32_MAX && p->probe_needed[c] != 0)
            status = vector_take(w->batch_arena, &batch->columns[c], probe, count,
                                 &columns[out_probe[c]], err);
    }
    if (status == STATUS_OK && built != NULL)
        status = rowset_take(rows, w->batch_arena, built, count, taken, err);
    for (uint32_t c = 0; c < rows->schema.column_count && status == STATUS_OK; c++) {
        if (built != NULL && out_built[c] != UINT32_MAX)
            columns[out_built[c]] = taken[c];
    }
    struct batch result = {count, width, columns, false, NULL};
    return status == STATUS_OK ? stage_push(x->stage->out, w, &result, x->stop, err) : status;
}

static enum status flush(const struct probing *x, struct error *err)
{
    struct join_built *build = x->stage->build;
    struct worker *w = x->worker;
    struct pairs *pairs = x->pairs;

    if (pairs->count == 0)
        return STATUS_OK;
    /* What a full batch of pairs allocates downstream goes when it is through:
     * one probe row may match millions. */
    struct arena *outer = w->batch_arena;
    struct arena *own = arena_share(w->arena);
    if (own == NULL)
        return ERROR_MEMORY(err);
    w->batch_arena = own;
    enum status status = run_check(x->stage->run, err);
    uint64_t before = atomic_fetch_add(
        build->counted == NULL ? &build->pairs : &build->counted->pairs, pairs->count);
    if (status == STATUS_OK && before > QUERY_OPERATOR_ROWS_MAX && build->counted == NULL)
        status = ERROR_SET(err, STATUS_LIMIT, "join gives more than %u rows",
                           QUERY_OPERATOR_ROWS_MAX);
    if (status == STATUS_OK)
        status = push_pairs(x, pairs->probe, pairs->built, pairs->count, err);
    w->batch_arena = outer;
    arena_free(own);
    pairs->count = 0;
    return status;
}

static bool keeps_unmatched_probe(const struct plan_join *p)
{
    return p->kind == JOIN_LEFT_OUTER || p->kind == JOIN_FULL_OUTER;
}

static enum status add_pair(struct probing *x, uint32_t probe, uint32_t built, struct error *err)
{
    struct pairs *pairs = x->pairs;

    pairs->probe[pairs->count] = probe;
    pairs->built[pairs->count++] = built;
    return pairs->count == BATCH_ROWS_MAX ? flush(x, err) : STATUS_OK;
}

static enum status probe_rows(struct probing *x, const uint32_t *numbers, struct error *err)
{
    struct join_built *b = x->stage->build;
    enum status status = STATUS_OK;

    for (uint32_t r = 0; r < x->batch->row_count && !*x->stop && status == STATUS_OK; r++) {
        if (numbers[r] == GROUP_NONE) {
            x->lonely[x->lonely_count++] = r;
            continue;
        }
        for (uint32_t at = b->heads[numbers[r]]; at != 0 && !*x->stop && status == STATUS_OK;
             at = b->nexts[at - 1]) {
            if (b->matched != NULL)
                atomic_store_explicit(&b->matched[at - 1], 1, memory_order_relaxed);
            status = add_pair(x, r, at - 1, err);
        }
    }
    return status == STATUS_OK ? flush(x, err) : status;
}

/* The same where not all rows of a key meet. */
static enum status probe_nets(struct probing *x, const uint32_t *numbers, struct error *err)
{
    const struct join_built *b = x->stage->build;
    struct net_hits hits = {.arena = x->worker->batch_arena};
    enum status status = STATUS_OK;

    for (uint32_t r = 0; r < x->batch->row_count && !*x->stop && status == STATUS_OK; r++) {
        struct slice address = x->nets->slices[vector_index(x->nets, r)];
        hits.count = 0;
        if (numbers[r] != GROUP_NONE)
            status = join_nets_find(&b->nets, numbers[r], address, &hits, err);
        if (hits.count == 0)
            x->lonely[x->lonely_count++] = r;
        for (uint32_t i = 0; i < hits.count && !*x->stop && status == STATUS_OK; i++)
            status = add_pair(x, r, hits.list[i].row, err);
    }
    return status == STATUS_OK ? flush(x, err) : status;
}

/* Semi and anti: the rows themselves, with a partner or without. */
static enum status push_some(struct probe_stage *s, struct worker *w, const struct batch *batch,
                             const uint32_t *numbers, uint32_t *rows, bool *stop,
                             struct error *err)
{
    const struct plan_join *p = s->plan;
    bool anti = p->kind == JOIN_LEFT_ANTI || p->kind == JOIN_RIGHT_ANTI;
    struct batch taken;
    uint32_t count = 0;

    for (uint32_t r = 0; r < batch->row_count; r++) {
        rows[count] = r;
        count += (numbers[r] != GROUP_NONE) != anti;
    }
    if (count == 0)
        return STATUS_OK;
    enum status status = run_take(w, batch, p->probe_needed, rows, count, &taken, err);
    return status == STATUS_OK ? stage_push(s->out, w, &taken, stop, err) : status;
}

static enum status find_keys(struct probe_stage *s, struct worker *w, const struct vector *keys,
                             uint32_t row_count, uint32_t *ret, struct error *err)
{
    struct prober *prober = &s->probers[w->index];
    enum status status = STATUS_OK;

    if (prober->arena == NULL) {
        prober->arena = arena_share(s->run->arena);
        status = prober->arena == NULL ? ERROR_MEMORY(err)
                                       : key_finder_init(&prober->finder, prober->arena,
                                                         &s->build->keys, s->run, err);
    }
    return status == STATUS_OK ? key_find(&prober->finder, keys, row_count, ret, err) : status;
}

static enum status probe_push(struct stage *stage, struct worker *w, const struct batch *batch,
                              bool *stop, struct error *err)
{
    struct probe_stage *s = (struct probe_stage *)stage;
    const struct plan_join *p = s->plan;
    struct vector *keys;
    uint32_t *numbers;
    enum status status =
        join_keys(w, p->probe_keys, p->key_count, batch, &keys, &numbers, err);

    if (status == STATUS_OK)
        status = find_keys(s, w, keys, batch->row_count, numbers, err);
    if (status != STATUS_OK)
        return status;
    uint32_t *rows =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*rows), err);
    if (rows == NULL)
        return err->status;
    if (p->keys_only)
        return push_some(s, w, batch, numbers, rows, stop, err);
    struct pairs *pairs = arena_alloc_raw(w->batch_arena, sizeof(*pairs), err);
    if (pairs == NULL)
        return err->status;
    pairs->count = 0;
    struct vector nets;
    if (p->probe_net != NULL && expr_eval(w, p->probe_net, batch, &nets, err) != STATUS_OK)
        return err->status;
    struct probing x = {.stage = s, .worker = w, .batch = batch, .pairs = pairs, .lonely = rows,
                        .nets = p->probe_net == NULL ? NULL : &nets, .stop = stop};
    status = x.nets != NULL ? probe_nets(&x, numbers, err) : probe_rows(&x, numbers, err);
    if (status != STATUS_OK || !keeps_unmatched_probe(p) || x.lonely_count == 0)
        return status;
    return push_pairs(&x, rows, NULL, x.lonely_count, err);
}

static enum status emit_unmatched(struct probe_stage *s, struct error *err)
{
    struct join_built *b = s->build;
    struct worker *w = &s->run->workers[0];
    struct pairs *pairs = arena_alloc_raw(s->run->arena, sizeof(*pairs), err);
    bool stop = false;
    enum status status = pairs == NULL ? err->status : STATUS_OK;

    const struct probing x = {.stage = s, .worker = w, .pairs = pairs, .stop = &stop};
    if (pairs != NULL)
        pairs->count = 0;
    for (uint32_t c = 0; c < b->rows->chunk_count && status == STATUS_OK && !stop; c++) {
        for (uint32_t r = 0; r < b->rows->chunks[c].row_count; r++) {
            uint32_t number = c * BATCH_ROWS_MAX + r;
            if (atomic_load_explicit(&b->matched[number], memory_order_relaxed) == 0)
                pairs->built[pairs->count++] = number;
        }
        status = flush(&x, err);
        arena_clear(w->batch_arena);
    }
    return status;
}

enum status join_probe(const struct plan_join *p, struct run *run, struct join_built *b,
                       struct stage *out, struct error *err)
{
    const struct plan *streamed = p->plan.inputs[p->build_left ? 1 : 0];
    struct probe_stage probe = {
        .stage = {probe_push}, .plan = p, .run = run, .build = b, .out = out};
    bool outer = p->kind == JOIN_RIGHT_OUTER || p->kind == JOIN_FULL_OUTER;

    if (outer) {
        b->matched = arena_alloc(b->arena, (size_t)b->rows->chunk_count * BATCH_ROWS_MAX + 1, err);
        if (b->matched == NULL)
            return err->status;
    }
    probe.probers = ARENA_ARRAY(b->arena, struct prober, run->thread_count, err);
    if (probe.probers == NULL)
        return err->status;
    enum status status = plan_run(streamed, run, &probe.stage, err);
    if (status == STATUS_OK && outer)
        status = emit_unmatched(&probe, err);
    for (uint32_t i = 0; i < run->thread_count; i++)
        arena_free(probe.probers[i].arena);
    return status;
}
