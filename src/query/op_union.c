/* SPDX-License-Identifier: Apache-2.0 */
/* op_union.c - union of inputs that have the same schema; materialize. */
#include "query/op_priv.h"

struct plan_union {
    struct plan plan;
};

static enum status union_run(const struct plan *plan, struct run *run, struct stage *out,
                             struct error *err)
{
    enum status status = STATUS_OK;

    /* A table that gives little looks at the time in no batch. */
    for (uint32_t i = 0; i < plan->input_count && status == STATUS_OK; i++) {
        status = run_check(run, err);
        if (status == STATUS_OK)
            status = plan_run(plan->inputs[i], run, out, err);
    }
    return status;
}

static enum status union_need(struct plan *plan, const uint8_t *needed, struct query *q,
                              struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < plan->input_count && status == STATUS_OK; i++)
        status = plan_need(plan->inputs[i], needed, q, err);
    return status;
}

static enum status union_filter(struct plan *plan, const struct pushed *list, struct query *q,
                                struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < plan->input_count && status == STATUS_OK; i++)
        status = plan_filter(plan->inputs[i], list, q, err);
    return status;
}

static void union_describe(const struct plan *plan, struct buf *ret)
{
    buf_add_format(ret, "%u tables, one after the other", plan->input_count);
}

static const struct plan_ops union_ops = {"union", union_run, union_need, union_filter};

bool op_is_union(const struct plan *plan)
{
    return plan->ops == &union_ops;
}

struct plan *plan_union(struct query *q, struct plan **inputs, uint32_t count, struct error *err)
{
    struct plan *p = op_new(q, sizeof(struct plan_union), &union_ops, NULL, err);

    if (p == NULL)
        return NULL;
    p->describe = union_describe;
    p->inputs = ARENA_ARRAY(q->arena, struct plan *, count, err);
    if (p->inputs == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        p->inputs[i] = inputs[i];
        p->reads_given |= inputs[i]->reads_given;
        if (inputs[i]->depth >= p->depth)
            p->depth = inputs[i]->depth + 1;
    }
    p->input_count = count;
    p->schema = inputs[0]->schema;
    return p;
}

/* ---- materialize: the cell runs its input once; readers replay it ---- */

struct plan_cell {
    struct plan plan;
    struct query *query;
    struct rowset *rows; /* NULL until the first reader ran, and of one that reads given rows */
    bool is_filled;      /* what such a one reads besides, before threads run it */
    bool optimised;
};

struct plan_reader {
    struct plan plan;
    struct plan_cell *cell;
};

static enum status cell_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    return plan_run(plan->inputs[0], run, out, err);
}

static enum status cell_need(struct plan *plan, const uint8_t *needed, struct query *q,
                             struct error *err)
{
    return plan_need(plan->inputs[0], needed, q, err);
}

struct plan *plan_cell(struct query *q, struct plan *input, struct error *err)
{
    static const struct plan_ops ops = {"materialize", cell_run, cell_need, NULL};
    struct plan_cell *p = (struct plan_cell *)op_new(q, sizeof(*p), &ops, input, err);

    if (p == NULL)
        return NULL;
    p->query = q;
    return &p->plan;
}

static enum status fill_cell(struct plan_cell *cell, struct error *err)
{
    return cell->rows != NULL ? STATUS_OK
                              : run_collect(cell->query, &cell->plan, &cell->rows, err);
}

/* A query runs its plans one after the other, and what several threads run at once was filled
 * before (plan_fill()), so the cell needs no lock. */
static enum status reader_run(const struct plan *plan, struct run *run, struct stage *out,
                              struct error *err)
{
    struct plan_cell *cell = ((const struct plan_reader *)plan)->cell;
    struct rowset *rows = NULL;

    /* Rows inside 'partition' and 'mv-apply' are others each time: the run has such cells. */
    enum status status = cell->plan.reads_given
                             ? run_collect_given(run, &cell->plan, &rows, err)
                             : fill_cell(cell, err);
    if (status != STATUS_OK)
        return status;
    return rowset_push(rows != NULL ? rows : cell->rows, run, out, err);
}

static enum status reader_need(struct plan *plan, const uint8_t *needed, struct query *q,
                               struct error *err)
{
    struct plan_cell *cell = ((const struct plan_reader *)plan)->cell;

    (void)needed;
    if (cell->optimised)
        return STATUS_OK;
    cell->optimised = true;
    return plan_optimise(&cell->plan, q, err);
}

static const struct plan_ops reader_ops = {"materialized", reader_run, reader_need, NULL};

enum status plan_fill(const struct plan *plan, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < plan->input_count && status == STATUS_OK; i++)
        status = plan_fill(plan->inputs[i], err);
    if (status == STATUS_OK && plan->inner != NULL)
        status = plan_fill(plan->inner, err);
    if (status != STATUS_OK || plan->ops != &reader_ops)
        return status;
    struct plan_cell *cell = ((const struct plan_reader *)plan)->cell;
    if (!cell->plan.reads_given)
        return fill_cell(cell, err);
    if (cell->is_filled) /* a chain of cells, each read twice, is gone through once */
        return STATUS_OK;
    cell->is_filled = true;
    return plan_fill(&cell->plan, err);
}

struct plan *plan_reader(struct query *q, struct plan *cell, struct error *err)
{
    struct plan_reader *p =
        (struct plan_reader *)op_new(q, sizeof(*p), &reader_ops, NULL, err);

    if (p == NULL)
        return NULL;
    p->cell = (struct plan_cell *)cell;
    p->plan.depth = cell->depth + 1; /* it may run the cell */
    p->plan.schema = cell->schema;
    p->plan.is_serialized = cell->is_serialized;
    p->plan.reads_given = cell->reads_given;
    return &p->plan;
}
