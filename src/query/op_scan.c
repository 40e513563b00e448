/* SPDX-License-Identifier: Apache-2.0 */
/* op_scan.c - rows of a table source: only needed columns, advisory filters. */
#include "base/limits.h"
#include "query/explain_priv.h"
#include "query/op_priv.h"

struct plan_scan {
    struct plan plan;
    struct table_source *source;
    struct slice name; /* of the table */
    uint32_t *columns; /* schema indices */
    uint32_t column_count;
    bool *for_filters;   /* a column of them */
    struct filter *filters;
    uint32_t filter_count;
    bool hands_filters;  /* the predicates above have become filters */
    bool tally;          /* the consumer counts alike rows together */
    const int64_t *column_bins; /* a column of the schema: see plan_tally() */
    int64_t *bins;              /* the same of `columns` */
    const struct scan_elements *elements; /* asked for where an mv-expand takes them */
    int64_t time_from, time_to;
};

struct scan_stage {
    struct scan_sink sink;
    const struct plan_scan *plan;
    struct run *run;
    struct stage *out;
    const struct run_elements *elements; /* NULL: not asked for */
    struct vector **columns; /* a worker: room for the schema; absent but for those of the plan */
};

/* A row per element: the columns of the scan stay where they are, the element is its
 * mv-expand's. */
static enum status take_elements(struct scan_stage *s, struct worker *w,
                                 const struct batch *batch, bool *stop, struct error *err)
{
    const struct schema *schema = s->elements->schema;
    struct vector *columns =
        arena_alloc_raw(w->batch_arena, (schema->column_count + 1) * sizeof(*columns), err);

    if (columns == NULL)
        return err->status;
    for (uint32_t c = 0; c < schema->column_count; c++)
        columns[c] = run_absent(schema->columns[c].type, batch->row_count);
    for (uint32_t i = 0; i < s->plan->column_count; i++)
        columns[s->plan->columns[i]] = batch->columns[i];
    columns[s->elements->target] = batch->columns[s->plan->column_count];
    struct batch full = {.row_count = batch->row_count,
                         .column_count = schema->column_count,
                         .columns = columns};
    return stage_push(s->elements->out, w, &full, stop, err);
}

static enum status take(struct scan_sink *sink, uint32_t worker, const struct batch *batch,
                        bool *stop, struct error *err)
{
    struct scan_stage *s = (struct scan_stage *)sink;
    struct worker *w = &s->run->workers[worker];
    const struct schema *schema = &s->plan->plan.schema;
    struct vector *columns = s->columns[worker];
    enum status status = run_check(s->run, err);

    if (status == STATUS_OK && batch->column_count > s->plan->column_count) {
        status = take_elements(s, w, batch, stop, err);
        arena_clear(w->batch_arena);
        return status;
    }
    for (uint32_t c = 0; c < schema->column_count; c++)
        columns[c].row_count = batch->row_count;
    for (uint32_t i = 0; i < s->plan->column_count && status == STATUS_OK; i++)
        columns[s->plan->columns[i]] = batch->columns[i];
    struct batch full = {.row_count = batch->row_count,
                         .column_count = schema->column_count,
                         .columns = columns,
                         .decided = batch->decided && s->plan->hands_filters,
                         .weights = batch->weights};
    if (status == STATUS_OK)
        status = stage_push(s->out, w, &full, stop, err);
    w->row_base += batch->row_count;
    arena_clear(w->batch_arena);
    return status;
}

static enum status check(void *context, struct error *err)
{
    return run_check(context, err);
}

static void add_stats(struct query *q, const struct scan_stats *s)
{
    struct scan_stats *to = &q->stats->scan;

    (void)pthread_mutex_lock(&q->lock);
    to->rows_scanned += s->rows_scanned;
    to->parts_scanned += s->parts_scanned;
    to->parts_skipped += s->parts_skipped;
    to->bytes_read += s->bytes_read;
    if (!s->complete && to->complete) {
        to->complete = false;
        memcpy(to->gap, s->gap, sizeof(to->gap));
        to->gap_code = s->gap_code;
    }
    if (s->watermark > to->watermark)
        to->watermark = s->watermark;
    if (s->time_low <= s->time_high) {
        if (to->time_low > to->time_high) {
            to->time_low = s->time_low;
            to->time_high = s->time_high;
        }
        if (s->time_low < to->time_low)
            to->time_low = s->time_low;
        if (s->time_high > to->time_high)
            to->time_high = s->time_high;
    }
    (void)pthread_mutex_unlock(&q->lock);
}

void query_note_columns(struct query *query)
{
    struct scan_stats stats;

    if (query->unsure != NULL && !query->unsure->ops->knows_schema(query->unsure, &stats))
        add_stats(query, &stats);
}

static enum status make_room(struct scan_stage *stage, struct error *err)
{
    const struct schema *schema = &stage->plan->plan.schema;
    struct run *run = stage->run;

    stage->columns = ARENA_ARRAY(run->arena, struct vector *, run->scan_threads, err);
    for (uint32_t i = 0; stage->columns != NULL && i < run->scan_threads; i++) {
        struct vector *room =
            arena_alloc_raw(run->arena, (schema->column_count + 1) * sizeof(*room), err);
        if (room == NULL)
            return err->status;
        for (uint32_t c = 0; c < schema->column_count; c++)
            room[c] = run_absent(schema->columns[c].type, 0);
        stage->columns[i] = room;
    }
    return stage->columns == NULL ? err->status : STATUS_OK;
}

static enum status scan_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    const struct plan_scan *p = (const struct plan_scan *)plan;
    const struct query_request *request = run->query->request;
    struct scan_stage stage = {.sink = {take}, .plan = p, .run = run, .out = out};
    struct scan_stats stats = {.complete = true, .time_low = 1, .time_high = 0};
    bool asks = run->elements != NULL && run->elements->scan == plan && p->hands_filters;
    bool has_top = run->top != NULL && run->top->scan == plan && !asks;
    struct scan_request scan = {.tenants = request->tenants,
                                .tenant_count = request->tenant_count,
                                .columns = p->columns,
                                .column_count = p->column_count,
                                .for_filters = p->hands_filters ? p->for_filters : NULL,
                                .tally = p->hands_filters && p->tally,
                                .bins = p->bins,
                                .elements = asks ? p->elements : NULL,
                                .top = has_top ? run->top->top : NULL,
                                .time_from = p->time_from,
                                .time_to = p->time_to,
                                .filters = p->filters,
                                .filter_count = p->filter_count,
                                .thread_count = run->scan_threads,
                                .arena = run->arena,
                                .cancelled = request->cancelled,
                                .check = check,
                                .check_context = run};
    stage.elements = run->elements;
    enum status status = make_room(&stage, err);
    if (status == STATUS_OK)
        status = p->source->ops->scan(p->source, &scan, &stage.sink, &stats, err);
    add_stats(run->query, &stats);
    return status;
}

static enum status scan_need(struct plan *plan, const uint8_t *needed, struct query *q,
                             struct error *err)
{
    struct plan_scan *p = (struct plan_scan *)plan;

    p->columns = ARENA_ARRAY(q->arena, uint32_t, plan->schema.column_count + 1, err);
    p->for_filters = ARENA_ARRAY(q->arena, bool, plan->schema.column_count + 1, err);
    p->bins = p->column_bins == NULL
                  ? NULL
                  : ARENA_ARRAY(q->arena, int64_t, plan->schema.column_count + 1, err);
    if (p->columns == NULL || p->for_filters == NULL ||
        (p->column_bins != NULL && p->bins == NULL))
        return err->status;
    p->column_count = 0;
    for (uint32_t c = 0; c < plan->schema.column_count; c++) {
        if (needed[c] == NEED_NOT)
            continue;
        p->for_filters[p->column_count] = needed[c] == NEED_FILTERS;
        if (p->bins != NULL)
            p->bins[p->column_count] = p->column_bins[c];
        p->columns[p->column_count++] = c;
    }
    return STATUS_OK;
}

/* A field may have any other name of a time; which one has it is the source's to know. */
static bool is_event_time(const struct schema *schema, uint32_t column)
{
    return column < schema->column_count &&
           schema->columns[column].type == TYPE_DATETIME &&
           slice_is(schema->columns[column].name, "TimeGenerated");
}

static enum status make_filter(struct query *q, const struct pushed *f, struct filter *ret,
                               struct error *err)
{
    struct filter *parts = ARENA_ARRAY(q->arena, struct filter, f->part_count + 1, err);
    enum status status = parts == NULL ? err->status : STATUS_OK;

    *ret = (struct filter){.kind = f->kind,
                           .column = f->column,
                           .path = f->path,
                           .values = f->values,
                           .value_count = f->value_count,
                           .low = f->low,
                           .high = f->high,
                           .parts = parts,
                           .part_count = f->part_count};
    for (uint32_t i = 0; i < f->part_count && status == STATUS_OK; i++)
        status = make_filter(q, &f->parts[i], &parts[i], err);
    return status;
}

static enum status scan_filter(struct plan *plan, const struct pushed *list, struct query *q,
                               struct error *err)
{
    struct plan_scan *p = (struct plan_scan *)plan;
    uint32_t count = 0;

    if (q->request->no_pushdown)
        return STATUS_OK;
    p->hands_filters = true;
    for (const struct pushed *f = list; f != NULL; f = f->next)
        count++;
    p->filters = ARENA_ARRAY(q->arena, struct filter, count + 1, err);
    if (p->filters == NULL)
        return err->status;
    for (const struct pushed *f = list; f != NULL; f = f->next) {
        enum status status = make_filter(q, f, &p->filters[p->filter_count++], err);
        if (status != STATUS_OK)
            return status;
        if (f->kind != FILTER_RANGE || !is_event_time(&plan->schema, f->column) ||
            f->path.size > 0)
            continue;
        if (f->low > p->time_from)
            p->time_from = f->low;
        if (f->high != INT64_MAX && f->high + 1 < p->time_to)
            p->time_to = f->high + 1;
    }
    return STATUS_OK;
}

static const struct plan_ops ops = {"scan", scan_run, scan_need, scan_filter};

static void describe_filter(const struct schema *schema, const struct filter *f, struct buf *ret)
{
    static const char *const verbs[] = {[FILTER_EQUAL] = "==", [FILTER_EQUAL_NOCASE] = "=~",
                                        [FILTER_HAS] = "has", [FILTER_ANY_HAS] = "has"};

    if (f->kind == FILTER_OR) {
        for (uint32_t i = 0; i < f->part_count; i++) {
            buf_add_text(ret, i > 0 ? " or " : "");
            if (f->parts[i].kind != FILTER_OR) /* alternatives are not nested */
                describe_filter(schema, &f->parts[i], ret);
        }
        return;
    }
    if (f->column < schema->column_count)
        buf_add_slice(ret, schema->columns[f->column].name);
    else
        buf_add_byte(ret, '*');
    if (f->path.size > 0)
        buf_add_byte(ret, '.');
    buf_add_slice(ret, f->path);
    if (f->kind == FILTER_RANGE) {
        enum type type = schema->columns[f->column].type;
        struct value low = {.type = type, .integer = f->low};
        struct value high = {.type = type, .integer = f->high};
        buf_add_text(ret, f->high == INT64_MAX ? " >= " : f->low == INT64_MIN ? " <= " : " in ");
        if (f->low != INT64_MIN)
            explain_value(ret, &low);
        buf_add_text(ret, f->low != INT64_MIN && f->high != INT64_MAX ? " .. " : "");
        if (f->high != INT64_MAX)
            explain_value(ret, &high);
        return;
    }
    buf_add_format(ret, " %s ", verbs[f->kind]);
    if (f->value_count == 1)
        explain_value(ret, &f->values[0]);
    else
        buf_add_format(ret, "any of %u values", f->value_count);
}

static void scan_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_scan *p = (const struct plan_scan *)plan;

    buf_add_slice(ret, p->name);
    buf_add_text(ret, "; columns ");
    for (uint32_t i = 0; i < p->column_count; i++) {
        buf_add_text(ret, i > 0 ? ", " : "");
        buf_add_slice(ret, plan->schema.columns[p->columns[i]].name);
    }
    buf_add_text(ret, p->column_count == 0 ? "none" : "");
    for (uint32_t i = 0; i < p->filter_count; i++) {
        buf_add_text(ret, i > 0 ? " and " : "; filters ");
        describe_filter(&plan->schema, &p->filters[i], ret);
    }
    if (p->elements != NULL) {
        buf_add_text(ret, "; rows are the elements of ");
        buf_add_slice(ret, plan->schema.columns[p->elements->column].name);
        buf_add_text(ret, p->elements->path.data[0] == '[' ? "" : ".");
        buf_add_slice(ret, p->elements->path);
        buf_add_text(ret, " where their columns allow it");
    }
}

bool op_scan_elements(struct plan *plan, const struct scan_elements *elements)
{
    struct plan_scan *p = (struct plan_scan *)plan;

    if (plan->ops != &ops || p->elements != NULL)
        return false;
    p->elements = elements;
    return true;
}

struct slice op_scan_name(const struct plan *plan)
{
    return plan->ops == &ops ? ((const struct plan_scan *)plan)->name : SLICE("");
}

bool op_is_filtered_scan(const struct plan *plan)
{
    return plan->ops == &ops && ((const struct plan_scan *)plan)->hands_filters;
}

void plan_tally(struct plan *plan, const int64_t *bins)
{
    while (plan->filters_scan && plan->ops != &ops)
        plan = plan->inputs[0];
    if (plan->ops != &ops)
        return;
    ((struct plan_scan *)plan)->tally = true;
    ((struct plan_scan *)plan)->column_bins = bins;
}

struct plan *plan_scan(struct query *q, struct table_source *source, struct slice name,
                       struct error *err)
{
    struct plan_scan *p = ARENA_NEW(q->arena, struct plan_scan, err);
    struct scan_stats stats;

    if (p == NULL)
        return NULL;
    p->plan.ops = &ops;
    p->plan.describe = scan_describe;
    p->plan.schema = *source->ops->schema(source);
    if (source->ops->knows_schema != NULL && !source->ops->knows_schema(source, &stats))
        q->unsure = source;
    p->source = source;
    p->name = name;
    p->time_from = INT64_MIN;
    p->time_to = INT64_MAX;
    p->plan.filters_scan = true;
    return &p->plan;
}
