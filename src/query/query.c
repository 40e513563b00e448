/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - query_run(): parse, bind, optimise, run, hand the rows on. */
#include "query/query.h"

#include "base/clock.h"
#include "base/limits.h"
#include "query/bind_priv.h"
#include "query/explain_priv.h"

#include <inttypes.h>

const char *query_phase_name(enum query_phase phase)
{
    switch (phase) {
    case QUERY_PHASE_PARSE:
        return "parse";
    case QUERY_PHASE_BIND:
        return "bind";
    case QUERY_PHASE_RUN:
        return "run";
    }
    return "run";
}

struct result_stage {
    struct stage stage;
    struct query *query;
    struct query_sink *sink;
    pthread_mutex_t lock;
    uint64_t rows, bytes;
};

static size_t batch_bytes(const struct batch *batch)
{
    size_t bytes = 0;

    for (uint32_t c = 0; c < batch->column_count; c++) {
        const struct vector *v = &batch->columns[c];
        for (uint32_t r = 0; r < batch->row_count; r++)
            bytes += type_is_bytes(v->type) ? v->slices[vector_index(v, r)].size : 8;
    }
    return bytes;
}

static enum status result_push(struct stage *stage, struct worker *w, const struct batch *batch,
                               bool *stop, struct error *err)
{
    struct result_stage *s = (struct result_stage *)stage;
    enum status status = STATUS_OK;
    const struct query *q = s->query;
    size_t bytes = q->bytes_max == UINT64_MAX ? 0 : batch_bytes(batch);

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&s->lock);
    s->rows += batch->row_count;
    s->bytes += bytes;
    if (s->rows > q->rows_max || s->bytes > q->bytes_max) {
        status = s->rows > q->rows_max
                     ? ERROR_SET(err, STATUS_LIMIT, "the result has more than %" PRIu64
                                 " rows; take fewer, or 'set notruncation'",
                                 q->rows_max)
                     : ERROR_SET(err, STATUS_LIMIT, "the result has more than %" PRIu64
                                 " bytes; project fewer columns, take fewer rows, or 'set "
                                 "notruncation'",
                                 q->bytes_max);
        (void)error_code(err, "E_QUERY_RESULT_SET_TOO_LARGE");
    } else {
        status = s->sink->rows(s->sink, batch, err);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* The rows of one table of the answer. */
static enum status run_table(struct query *q, struct plan *plan, struct result_stage *result,
                             struct error *err)
{
    struct run run;

    if (q->request->check_only)
        return STATUS_OK;
    q->stats->phase = QUERY_PHASE_RUN;
    enum status status = run_begin(q, q->thread_count, &run, err);
    if (status == STATUS_OK) {
        status = plan_run(plan, &run, &result->stage, err);
        run_end(&run);
    }
    q->stats->rows = result->rows;
    return status;
}

static enum status run_plan(struct query *q, struct plan *plan, struct query_sink *sink,
                            struct error *err)
{
    struct result_stage result = {.stage = {result_push},
                                  .query = q,
                                  .sink = sink,
                                  .lock = PTHREAD_MUTEX_INITIALIZER};
    enum status status = plan_optimise(plan, q, err);

    if (status == STATUS_OK && q->request->explain != EXPLAIN_NOT)
        return explain_plan(q, plan, sink, err);
    if (status == STATUS_OK && sink->begin != NULL)
        status = sink->begin(sink, &plan->schema, err);
    if (status == STATUS_OK)
        status = run_table(q, plan, &result, err);
    for (struct further *f = q->further; f != NULL && status == STATUS_OK; f = f->next) {
        if (q->take_max != UINT64_MAX)
            f->plan = plan_take(q, f->plan, q->take_max, err);
        status = f->plan == NULL ? err->status : plan_optimise(f->plan, q, err);
        if (status == STATUS_OK)
            status = sink->table(sink, f->name, &f->plan->schema, err);
        if (status == STATUS_OK)
            status = run_table(q, f->plan, &result, err);
    }
    (void)pthread_mutex_destroy(&result.lock);
    return status;
}

/* The operator that the rows of the query come from, if it ends in one. */
static const struct node *last_operator(const struct node *statements)
{
    const struct node *last = statements;

    while (last != NULL && last->next != NULL)
        last = last->next;
    if (last == NULL || last->kind != NODE_PIPE)
        return NULL;
    for (last = last->args; last->next != NULL;)
        last = last->next;
    return last;
}

/* Only checked, and what is wrong may come of a guess: it is not held against the query. */
static enum status give_nothing(struct query_sink *sink, struct error *err)
{
    static const struct schema none = {NULL, 0};

    *err = (struct error){0};
    return sink->begin == NULL ? STATUS_OK : sink->begin(sink, &none, err);
}

/* A table that could not be had in time may have been taken for a name that is not known. */
static enum status bind_failure(struct query *q, struct error *err)
{
    if (q->late.status != STATUS_OK && err->status == STATUS_INVALID)
        *err = q->late;
    return err->status == STATUS_OK
               ? ERROR_SET(err, STATUS_INVALID, "expected a table at the end of the query")
               : err->status;
}

static enum status bind_and_run(struct query *q, struct query_sink *sink, struct error *err)
{
    const struct query_request *request = q->request;
    struct node *statements = NULL;
    struct expr *expr = NULL;
    struct binder b = {.q = q, .err = err, .text = request->text};
    enum status status = parse_query(q->arena, request->text, &statements, err);

    if (status != STATUS_OK)
        return status;
    q->stats->phase = QUERY_PHASE_BIND;
    status = run_begin(q, 1, &b.fold, err);
    if (status != STATUS_OK)
        return status;
    b.last_operator = last_operator(statements);
    q->takes_tables = sink->table != NULL && request->explain == EXPLAIN_NOT;
    struct plan *plan = bind_statements(&b, statements, &expr);
    if (plan != NULL && q->take_max != UINT64_MAX)
        plan = plan_take(q, plan, q->take_max, err);
    if (plan != NULL)
        status = run_plan(q, plan, sink, err);
    else if (request->check_only && q->has_guessed && err->status == STATUS_INVALID)
        status = give_nothing(sink, err);
    else
        status = bind_failure(q, err);
    run_end(&b.fold);
    return status;
}

/* Tables ask it. */
static enum status look(void *query, struct error *err)
{
    struct query *q = query;
    enum status status = query_check(q, err);

    if (status != STATUS_OK)
        q->late = *err;
    return status;
}

static enum status run_watched(struct query *q, struct query_sink *sink, struct error *err)
{
    const struct query_env *env = q->request->env;
    bool is_watched = env != NULL && env->watch != NULL;

    if (is_watched)
        env->watch(env->context, look, q);
    enum status status = bind_and_run(q, sink, err);
    if (is_watched)
        env->watch(env->context, NULL, NULL);
    return status;
}

enum status query_run(const struct query_request *request, struct query_sink *sink,
                      struct query_stats *ret_stats, struct error *err)
{
    uint64_t start_us = clock_monotonic_us(clock_system());
    uint64_t time_ms = request->time_ms == 0 ? QUERY_TIME_MS : request->time_ms;
    struct query q = {.request = request,
                      .stats = ret_stats,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .rows_max = request->rows_max == 0 ? QUERY_ROWS_MAX : request->rows_max,
                      .bytes_max = request->rows_max == UINT64_MAX ? UINT64_MAX
                                                                   : QUERY_RESULT_BYTES_MAX,
                      .take_max = UINT64_MAX,
                      .now = request->now,
                      .thread_count = request->thread_count == 0 ? 1 : request->thread_count};

    if (time_ms > QUERY_TIME_MS_MAX)
        time_ms = QUERY_TIME_MS_MAX;
    *ret_stats = (struct query_stats){
        .phase = QUERY_PHASE_PARSE, .scan = {.complete = true, .time_low = 1, .time_high = 0}};
    *err = (struct error){0};
    q.start_us = start_us;
    q.deadline_us = start_us + time_ms * 1000;
    q.arena = arena_new(request->memory_bytes == 0 ? QUERY_MEMORY_BYTES : request->memory_bytes);
    if (q.arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = run_watched(&q, sink, err);
    if (status != STATUS_OK)
        run_code(err);
    if (request->has_watermark)
        ret_stats->scan.watermark = request->watermark;
    ret_stats->memory_bytes = arena_used_bytes(q.arena);
    arena_free(q.arena);
    (void)pthread_mutex_destroy(&q.lock);
    ret_stats->elapsed_us = clock_monotonic_us(clock_system()) - start_us;
    return status;
}
