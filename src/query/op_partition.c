/* SPDX-License-Identifier: Apache-2.0 */
/* op_partition.c - partition: the rows are kept, parted by a column's values, and
 * the operators run on one part after the other. */
#include "query/op_priv.h"

#include "base/hash.h"

struct plan_partition {
    struct plan plan;
    uint32_t column;
    struct plan *inner;
};

struct gather {
    struct stage stage;
    pthread_mutex_t lock;
    struct rowset *rows;
};

static enum status gather_push(struct stage *stage, struct worker *w, const struct batch *batch,
                               bool *stop, struct error *err)
{
    struct gather *g = (struct gather *)stage;

    (void)w;
    (void)stop;
    (void)pthread_mutex_lock(&g->lock);
    enum status status = rowset_add(g->rows, batch, NULL, batch->row_count, err);
    (void)pthread_mutex_unlock(&g->lock);
    return status;
}

/* The rows of each part, in order, as chains. */
struct parts {
    struct group_table groups;
    uint32_t *first, *last; /* a part: row numbers */
    uint32_t *next;         /* a row (dense): the part's next row, or UINT32_MAX */
};

static enum status add_row(struct parts *parts, struct arena *arena,
                           const struct key_encoder *keys, uint32_t row, uint32_t number,
                           struct error *err)
{
    size_t size = key_bytes(keys, row);
    char *key = arena_alloc_raw(arena, size + 1, err);
    bool has_null = false;
    bool is_new = false;
    uint32_t part;

    if (key == NULL)
        return err->status;
    key_encode(keys, row, key, &has_null);
    struct slice text = slice_from(key, size);
    enum status status =
        group_add(&parts->groups, text, hash_slice(text), &part, &is_new, err);
    if (status != STATUS_OK)
        return status;
    parts->next[number] = UINT32_MAX;
    if (is_new)
        parts->first[part] = number;
    else
        parts->next[parts->last[part]] = number;
    parts->last[part] = number;
    return STATUS_OK;
}

static enum status part_rows(const struct rowset *rows, uint32_t column, struct arena *arena,
                             struct parts *ret, struct error *err)
{
    uint64_t total = (uint64_t)rows->chunk_count * BATCH_ROWS_MAX;
    enum status status = group_init(&ret->groups, arena, err);

    ret->first = ARENA_ARRAY(arena, uint32_t, total + 1, err);
    ret->last = ARENA_ARRAY(arena, uint32_t, total + 1, err);
    ret->next = ARENA_ARRAY(arena, uint32_t, total + 1, err);
    if (ret->first == NULL || ret->last == NULL || ret->next == NULL)
        return err->status;
    for (uint32_t c = 0; c < rows->chunk_count && status == STATUS_OK; c++) {
        struct key_encoder keys = {&rows->chunks[c].columns[column], 1};
        for (uint32_t r = 0; r < rows->chunks[c].row_count && status == STATUS_OK; r++)
            status = add_row(ret, arena, &keys, r, c * BATCH_ROWS_MAX + r, err);
    }
    return status;
}

/* The part's rows as a set of their own. */
static enum status take_part(const struct rowset *from, const struct parts *parts, uint32_t part,
                             struct rowset *into, struct error *err)
{
    uint32_t numbers[256];
    uint32_t row = parts->first[part];
    enum status status = STATUS_OK;
    struct vector *columns =
        ARENA_ARRAY(into->arena, struct vector, from->schema.column_count + 1, err);

    if (columns == NULL)
        return err->status;
    while (row != UINT32_MAX && status == STATUS_OK) {
        uint32_t count = 0;
        for (; row != UINT32_MAX && count < 256; row = parts->next[row])
            numbers[count++] = row;
        status = rowset_take(from, into->arena, numbers, count, columns, err);
        struct batch batch = {count, from->schema.column_count, columns, false, NULL};
        if (status == STATUS_OK)
            status = rowset_add(into, &batch, NULL, count, err);
    }
    return status;
}

static enum status run_part(const struct plan_partition *p, const struct run *outer,
                            const struct rowset *all, const struct parts *parts, uint32_t part,
                            struct stage *out, struct error *err)
{
    struct run run = *outer;
    struct worker sub = outer->workers[0];
    enum status status = run_check(outer, err);

    run.workers = &sub;
    run.scan_threads = 1;
    sub.run = &run;
    sub.sites = NULL; /* the arena below goes with the part */
    sub.site_capacity = 0;
    sub.home = NULL;
    sub.arena = arena_share(outer->arena);
    sub.batch_arena = arena_share(outer->arena);
    run.arena = sub.arena;
    if (sub.arena == NULL || sub.batch_arena == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    struct rowset *rows = rowset_new(sub.arena, &all->schema, NULL, err);
    if (rows == NULL)
        status = err->status;
    if (status == STATUS_OK)
        status = take_part(all, parts, part, rows, err);
    run.given = rows;
    run.cells = NULL;
    if (status == STATUS_OK)
        status = plan_run(p->inner, &run, out, err);
out:
    arena_free(sub.batch_arena);
    arena_free(sub.arena);
    return status;
}

static enum status partition_run(const struct plan *plan, struct run *run, struct stage *out,
                                 struct error *err)
{
    const struct plan_partition *p = (const struct plan_partition *)plan;
    struct gather g = {.stage = {gather_push}, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct parts parts = {0};

    g.rows = rowset_new(run->arena, &plan->inputs[0]->schema, NULL, err);
    if (g.rows == NULL)
        return err->status;
    enum status status = plan_run(plan->inputs[0], run, &g.stage, err);
    (void)pthread_mutex_destroy(&g.lock);
    if (status == STATUS_OK)
        status = part_rows(g.rows, p->column, run->arena, &parts, err);
    for (uint32_t i = 0; status == STATUS_OK && i < parts.groups.count; i++)
        status = run_part(p, run, g.rows, &parts, i, out, err);
    return status;
}

static enum status partition_need(struct plan *plan, const uint8_t *needed, struct query *q,
                                  struct error *err)
{
    struct plan_partition *p = (struct plan_partition *)plan;
    uint8_t *below = arena_alloc(q->arena, plan->inputs[0]->schema.column_count + 1, err);

    (void)needed;
    if (below == NULL)
        return err->status;
    memset(below, 1, plan->inputs[0]->schema.column_count);
    enum status status = plan_optimise(p->inner, q, err);
    return status == STATUS_OK ? plan_need(plan->inputs[0], below, q, err) : status;
}

static void partition_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_partition *p = (const struct plan_partition *)plan;

    buf_add_text(ret, "by ");
    buf_add_slice(ret, plan->inputs[0]->schema.columns[p->column].name);
    buf_add_format(ret, "; in each: %s", p->inner->ops->name);
    if (p->inner->describe != NULL) {
        buf_add_byte(ret, ' ');
        p->inner->describe(p->inner, ret);
    }
}

struct plan *plan_partition(struct query *q, struct plan *input, uint32_t column,
                            struct plan *inner, struct error *err)
{
    static const struct plan_ops ops = {"partition", partition_run, partition_need, NULL};
    struct plan_partition *p = (struct plan_partition *)op_new(q, sizeof(*p), &ops, input, err);

    if (p == NULL)
        return NULL;
    p->plan.describe = partition_describe;
    p->column = column;
    p->inner = p->plan.inner = inner;
    p->plan.depth = inner->depth + 1;
    p->plan.schema = inner->schema;
    p->plan.is_serialized = false;
    return &p->plan;
}
