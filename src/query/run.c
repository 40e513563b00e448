/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - workers, limits and the small tools that operators share. */
#include "query/run_priv.h"

#include "base/clock.h"
#include "base/priority.h"
#include "query/rowset_priv.h"

#include <stdio.h>

void run_free_arena(void *arena)
{
    arena_free(arena);
}

enum status run_begin(struct query *q, uint32_t thread_count, struct run *run, struct error *err)
{
    *run = (struct run){.query = q, .arena = q->arena, .thread_count = thread_count,
                         .scan_threads = thread_count};
    run->workers = ARENA_ARRAY(q->arena, struct worker, thread_count, err);
    if (run->workers == NULL)
        return err->status;
    for (uint32_t i = 0; i < thread_count; i++) {
        struct worker *w = &run->workers[i];
        w->index = i;
        w->run = run;
        w->arena = arena_share(q->arena);
        w->batch_arena = arena_share(q->arena);
        if (w->arena == NULL || w->batch_arena == NULL) {
            run_end(run);
            return ERROR_MEMORY(err);
        }
    }
    return STATUS_OK;
}

void run_end(struct run *run)
{
    for (uint32_t i = 0; run->workers != NULL && i < run->thread_count; i++) {
        arena_free(run->workers[i].batch_arena);
        arena_free(run->workers[i].arena);
    }
    run->workers = NULL;
}

enum status query_check(const struct query *query, struct error *err)
{
    const struct query_request *request = query->request;

    if (request->cancelled != NULL &&
        atomic_load_explicit(request->cancelled, memory_order_relaxed))
        return ERROR_SET(err, STATUS_CANCELLED, "the query was cancelled");
    uint64_t now_us = clock_monotonic_us(clock_system());
    priority_keep_off(now_us, now_us - query->start_us);
    if (now_us > query->deadline_us) {
        (void)ERROR_SET(err, STATUS_LIMIT,
                        "the query took longer than its time limit; look at a shorter span of "
                        "time, or 'set servertimeout = 10m'");
        (void)error_code(err, "E_QUERY_TIMEOUT");
        return STATUS_LIMIT;
    }
    return STATUS_OK;
}

enum status run_check(const struct run *run, struct error *err)
{
    return query_check(run->query, err);
}

enum status eval_check(const struct eval *eval, uint32_t row, struct error *err)
{
    return row % 16 != 0 || eval->query == NULL ? STATUS_OK
                                                  : query_check(eval->query, err);
}

enum status eval_look(struct eval *eval, struct error *err)
{
    eval->work = 0;
    return eval->query == NULL ? STATUS_OK : query_check(eval->query, err);
}

void run_code(struct error *err)
{
    size_t size = strlen(err->text);

    if (err->status != STATUS_LIMIT || err->code[0] != '\0')
        return;
    if (slice_starts_with(slice_of(err->text), SLICE("the memory budget of "))) /* of an arena */
        (void)snprintf(err->text + size, sizeof(err->text) - size,
                       "; filter first, or summarize by fewer keys");
    (void)error_code(err, "E_RUNAWAY_QUERY");
}

const struct run_zero run_zero;
const uint8_t run_null[1] = {1};

enum status run_expand(struct arena *arena, const struct vector *v, struct vector *ret,
                       struct error *err)
{
    struct vector in = *v;
    uint32_t rows = in.row_count;
    size_t bytes = vector_element_bytes(in.type);

    if (in.encoding == VECTOR_FLAT) {
        *ret = in;
        return STATUS_OK;
    }
    char *data = arena_alloc_raw(arena, bytes * rows + 1, err);
    uint8_t *nulls = in.nulls == NULL ? NULL : arena_alloc_raw(arena, rows + 1, err);
    if (data == NULL || (in.nulls != NULL && nulls == NULL))
        return err->status;
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t at = vector_index(&in, r);
        memcpy(data + bytes * r, (const char *)in.data + bytes * at, bytes);
        if (nulls != NULL)
            nulls[r] = in.nulls[at];
    }
    *ret = (struct vector){.type = in.type,
                           .encoding = VECTOR_FLAT,
                           .row_count = rows,
                           .data = data,
                           .nulls = nulls};
    return STATUS_OK;
}

enum status run_take(struct worker *w, const struct batch *batch, const uint8_t *needed,
                     const uint32_t *rows, uint32_t row_count, struct batch *ret,
                     struct error *err)
{
    struct vector *columns =
        ARENA_ARRAY(w->batch_arena, struct vector, batch->column_count + 1, err);

    if (columns == NULL)
        return err->status;
    for (uint32_t c = 0; c < batch->column_count; c++) {
        enum status status = STATUS_OK;
        if (needed != NULL && needed[c] == 0)
            columns[c] = run_absent(batch->columns[c].type, row_count);
        else
            status = vector_take(w->batch_arena, &batch->columns[c], rows, row_count,
                                 &columns[c], err);
        if (status != STATUS_OK)
            return status;
    }
    *ret = (struct batch){.row_count = row_count,
                          .column_count = batch->column_count,
                          .columns = columns};
    return STATUS_OK;
}

enum status run_take_needed(struct worker *w, const struct batch *batch, const struct expr *expr,
                            const uint32_t *rows, uint32_t row_count, struct batch *ret,
                            struct error *err)
{
    uint8_t *needed = arena_alloc(w->batch_arena, batch->column_count + 1, err);

    if (needed == NULL)
        return err->status;
    expr_mark(expr, needed);
    return run_take(w, batch, needed, rows, row_count, ret, err);
}

void expr_mark(const struct expr *expr, uint8_t *needed)
{
    if (expr->kind == EXPR_COLUMN)
        needed[expr->column] = 1;
    for (uint32_t i = 0; i < expr->arg_count; i++)
        expr_mark(expr->args[i], needed);
}

/* ---- plans ---- */

enum status plan_need(struct plan *plan, const uint8_t *needed, struct query *q,
                      struct error *err)
{
    return plan->ops->need(plan, needed, q, err);
}

enum status plan_filter(struct plan *plan, const struct pushed *list, struct query *q,
                        struct error *err)
{
    enum status status = STATUS_OK;

    if (plan->ops->filter != NULL)
        return plan->ops->filter(plan, list, q, err);
    for (uint32_t i = 0; i < plan->input_count && status == STATUS_OK; i++)
        status = plan_filter(plan->inputs[i], NULL, q, err);
    return status;
}

enum status plan_optimise(struct plan *plan, struct query *q, struct error *err)
{
    uint8_t *all = arena_alloc(q->arena, plan->schema.column_count + 1, err);

    if (all == NULL)
        return err->status;
    memset(all, 1, plan->schema.column_count + 1);
    enum status status = plan_need(plan, all, q, err);
    return status == STATUS_OK ? plan_filter(plan, NULL, q, err) : status;
}

/* ---- collecting ---- */

struct collector {
    struct stage stage;
    pthread_mutex_t lock;
    struct rowset *rows;
};

static enum status collect(struct stage *stage, struct worker *w, const struct batch *batch,
                           bool *stop, struct error *err)
{
    struct collector *c = (struct collector *)stage;

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&c->lock);
    enum status status = rowset_add(c->rows, batch, NULL, batch->row_count, err);
    (void)pthread_mutex_unlock(&c->lock);
    return status;
}

enum status run_collect(struct query *q, struct plan *plan, struct rowset **ret,
                        struct error *err)
{
    struct collector c = {.stage = {collect}, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct run run;
    struct arena *arena = arena_share(q->arena);

    if (arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = arena_on_free(q->arena, run_free_arena, arena, err);
    if (status != STATUS_OK) {
        arena_free(arena);
        return status;
    }
    c.rows = rowset_new(arena, &plan->schema, NULL, err);
    status = c.rows == NULL ? err->status : run_begin(q, q->thread_count, &run, err);
    if (status == STATUS_OK) {
        status = plan_run(plan, &run, &c.stage, err);
        run_end(&run);
    }
    (void)pthread_mutex_destroy(&c.lock);
    if (status == STATUS_OK)
        *ret = c.rows;
    return status;
}

enum status run_collect_given(struct run *run, const struct plan *plan, struct rowset **ret,
                              struct error *err)
{
    struct collector c = {.stage = {collect}, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct run_cell *cell = run->cells;
    const struct stage *keeper = run->keeper;
    enum status status = STATUS_OK;

    while (cell != NULL && cell->plan != plan)
        cell = cell->next;
    if (cell != NULL) {
        *ret = cell->rows;
        return STATUS_OK;
    }
    cell = ARENA_NEW(run->arena, struct run_cell, err);
    c.rows = cell == NULL ? NULL : rowset_new(run->arena, &plan->schema, NULL, err);
    if (c.rows == NULL)
        return err->status;
    run->keeper = NULL; /* it keeps what comes to it, not these */
    status = plan_run(plan, run, &c.stage, err);
    run->keeper = keeper;
    (void)pthread_mutex_destroy(&c.lock);
    if (status != STATUS_OK)
        return status;
    *cell = (struct run_cell){plan, c.rows, run->cells};
    run->cells = cell;
    *ret = c.rows;
    return STATUS_OK;
}
