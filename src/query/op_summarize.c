/* SPDX-License-Identifier: Apache-2.0 */
/* op_summarize.c - summarize, distinct, count: groups numbered by their keys
 * (key_set_priv.h), each worker for itself, merged at the end: few here, many in
 * summarize_share.c.
 */
#include "query/explain_priv.h"
#include "query/picker_priv.h"
#include "query/summarize_priv.h"

struct summarize_stage {
    struct stage stage;
    const struct plan_summarize *plan;
    struct run *run;
    struct summarize_part *parts;
};

uint32_t summarize_state_bytes(const struct aggregate_call *call)
{
    return call->is_picker ? picker_state_bytes() : call->aggregate->state_bytes;
}

enum status summarize_open(const struct plan_summarize *p, struct run *run,
                           struct summarize_part *part, struct error *err)
{
    part->arena = arena_share(run->arena);
    if (part->arena == NULL)
        return ERROR_MEMORY(err);
    part->states = ARENA_ARRAY(part->arena, void *, p->call_count + 1, err);
    part->state_capacity = ARENA_ARRAY(part->arena, uint32_t, p->call_count + 1, err);
    part->contexts =
        ARENA_ARRAY(part->arena, struct aggregate_state_context, p->call_count + 1, err);
    if (part->states == NULL || part->state_capacity == NULL || part->contexts == NULL)
        return err->status;
    for (uint32_t i = 0; i < p->call_count; i++) {
        part->contexts[i].arena = part->arena;
        part->contexts[i].run = run;
        part->contexts[i].constants = p->calls[i].constants;
        part->contexts[i].arg_count = p->calls[i].arg_count;
        part->contexts[i].type = p->calls[i].type;
    }
    enum status status =
        key_set_init(&part->keys, part->arena, p->key_types, p->key_count, err);
    part->keys.run = run;
    return status;
}

enum status summarize_fit(const struct plan_summarize *p, struct summarize_part *part,
                               struct error *err)
{
    uint32_t count = key_set_count(&part->keys);

    for (uint32_t i = 0; i < p->call_count; i++) {
        size_t bytes = summarize_state_bytes(&p->calls[i]);
        uint32_t capacity = part->state_capacity[i];
        if (capacity >= count || p->calls[i].shares != 0)
            continue;
        uint32_t wanted = capacity == 0 ? 16 : capacity * 2;
        while (wanted < count)
            wanted *= 2;
        void *states = arena_alloc_array(part->arena, wanted, bytes, err);
        if (states == NULL)
            return err->status;
        if (capacity > 0)
            memcpy(states, part->states[i], capacity * bytes);
        part->states[i] = states;
        part->state_capacity[i] = wanted;
    }
    return STATUS_OK;
}

static enum status find_groups(const struct plan_summarize *p, struct summarize_part *part,
                               struct worker *w, const struct batch *batch, uint32_t *groups,
                               struct error *err)
{
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, p->key_count + 1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < p->key_count && status == STATUS_OK; i++)
        status = expr_eval(w, p->keys[i].expr, batch, &columns[i], err);
    return status == STATUS_OK
               ? key_set_add(&part->keys, columns, batch->row_count, groups, err)
               : status;
}

#define UPDATE_BYTES MIB /* of the arguments of rows that are added up at once */

/* Rows of a call's arguments. */
struct call_rows {
    const struct aggregate_call *call;
    const struct vector *args;
    const uint32_t *groups, *weights;
    uint32_t row_count;
};

static enum status add_rows(const struct call_rows *rows, struct summarize_part *part,
                            uint32_t index, struct worker *w, struct error *err)
{
    const struct aggregate_call *call = rows->call;

    if (call->is_picker) {
        const struct picker_rows picked = {rows->groups, rows->args, rows->row_count};
        const struct picker_memory memory = {part->arena, w->batch_arena};
        return picker_update(call, part->states[index], key_set_count(&part->keys), &picked,
                             memory, err);
    }
    part->contexts[index].weights = rows->weights;
    return call->aggregate->update(&part->contexts[index], part->states[index], rows->groups,
                                   rows->args, call->arg_count, rows->row_count, err);
}

static bool has_bytes(const struct call_rows *rows)
{
    bool has = false;

    for (uint32_t i = 0; i < rows->call->arg_count; i++)
        has = has || type_is_bytes(rows->args[i].type);
    return has;
}

static size_t row_bytes(const struct call_rows *rows, uint32_t row)
{
    size_t size = 0;

    for (uint32_t i = 0; i < rows->call->arg_count; i++) {
        const struct vector *v = &rows->args[i];
        size += type_is_bytes(v->type) ? v->slices[vector_index(v, row)].size : 0;
    }
    return size;
}

/* The rows from `from` to `end`; args has room for their arguments. */
static struct call_rows some_of(const struct call_rows *rows, uint32_t from, uint32_t end,
                                struct vector *args)
{
    for (uint32_t i = 0; i < rows->call->arg_count; i++) {
        struct vector *v = &args[i];
        *v = rows->args[i];
        v->row_count = end - from;
        if (v->encoding == VECTOR_DICT)
            v->codes += from;
        if (v->encoding != VECTOR_FLAT)
            continue;
        v->data = (const char *)v->data + vector_element_bytes(v->type) * from;
        v->nulls = v->nulls == NULL ? NULL : v->nulls + from;
    }
    return (struct call_rows){rows->call, args, rows->groups + from,
                              rows->weights == NULL ? NULL : rows->weights + from, end - from};
}

/* Rows may share texts and arrays: a batch can have many times the bytes that memory has,
 * so it is added up in pieces between which the time is looked at. */
static enum status update(const struct aggregate_call *call, struct summarize_part *part,
                          uint32_t index, struct worker *w, const struct batch *batch,
                          const uint32_t *groups, struct error *err)
{
    struct vector *args = ARENA_ARRAY(w->batch_arena, struct vector, call->arg_count * 2 + 1, err);
    enum status status = args == NULL ? err->status : STATUS_OK;
    const struct call_rows all = {call, args, groups, batch->weights, batch->row_count};
    size_t bytes = 0;
    uint32_t from = 0;

    for (uint32_t i = 0; i < call->arg_count && status == STATUS_OK; i++)
        status = expr_eval(w, call->args[i], batch, &args[i], err);
    uint32_t looked_at = status == STATUS_OK && has_bytes(&all) ? batch->row_count : 0;
    for (uint32_t r = 0; r < looked_at && status == STATUS_OK; r++) {
        bytes += row_bytes(&all, r);
        if (bytes < UPDATE_BYTES)
            continue;
        struct call_rows some = some_of(&all, from, r + 1, args + call->arg_count);
        status = add_rows(&some, part, index, w, err);
        if (status == STATUS_OK)
            status = run_check(w->run, err);
        from = r + 1;
        bytes = 0;
    }
    if (status != STATUS_OK || (from > 0 && from == batch->row_count))
        return status;
    struct call_rows rest = some_of(&all, from, batch->row_count, args + call->arg_count);
    return add_rows(&rest, part, index, w, err);
}

static enum status summarize_push(struct stage *stage, struct worker *w,
                                  const struct batch *batch, bool *stop, struct error *err)
{
    struct summarize_stage *s = (struct summarize_stage *)stage;
    struct summarize_part *part = &s->parts[w->index];
    const struct plan_summarize *p = s->plan;
    uint32_t *groups =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*groups), err);
    enum status status = groups == NULL ? err->status : STATUS_OK;

    (void)stop;
    if (status == STATUS_OK && part->arena == NULL)
        status = summarize_open(p, s->run, part, err);
    if (status == STATUS_OK)
        status = find_groups(p, part, w, batch, groups, err);
    if (status == STATUS_OK)
        status = summarize_fit(p, part, err);
    for (uint32_t i = 0; i < p->call_count && status == STATUS_OK; i++) {
        if (p->calls[i].shares == 0)
            status = update(&p->calls[i], part, i, w, batch, groups, err);
    }
    return status == STATUS_OK ? summarize_relieve(p, part, batch->row_count, err) : status;
}

enum status summarize_add_state(const struct aggregate_call *call,
                                struct aggregate_state_context *context, void *into,
                                const void *from, struct error *err)
{
    return call->is_picker ? picker_merge(call, context->arena, into, from, err)
                           : call->aggregate->merge(context, into, from, err);
}

static enum status merge_states(const struct plan_summarize *p, uint32_t index,
                                struct summarize_part *into, const struct summarize_part *from,
                                const uint32_t *map, struct error *err)
{
    const struct aggregate_call *call = &p->calls[index];
    size_t bytes = summarize_state_bytes(call);
    uint32_t count = key_set_count(&from->keys);
    enum status status = STATUS_OK;

    for (uint32_t g = 0; g < count && status == STATUS_OK; g++) {
        char *to = (char *)into->states[index] + bytes * map[g];
        const char *state = (const char *)from->states[index] + bytes * g;
        if (g % BATCH_ROWS_MAX == 0)
            status = run_check(into->keys.run, err);
        if (status == STATUS_OK)
            status = summarize_add_state(call, &into->contexts[index], to, state, err);
    }
    return status;
}

static enum status merge(const struct plan_summarize *p, struct summarize_part *into,
                         const struct summarize_part *from, struct error *err)
{
    uint32_t *map =
        arena_alloc_raw(into->arena, (key_set_count(&from->keys) + 1) * sizeof(*map), err);
    enum status status =
        map == NULL ? err->status : key_set_merge(&into->keys, &from->keys, map, err);

    if (status == STATUS_OK)
        status = summarize_fit(p, into, err);
    for (uint32_t i = 0; i < p->call_count && status == STATUS_OK; i++) {
        if (p->calls[i].shares == 0)
            status = merge_states(p, i, into, from, map, err);
    }
    return status;
}

static bool needs_keys(const struct plan_summarize *p)
{
    bool needs = p->needed == NULL;

    for (uint32_t i = 0; i < p->key_count && !needs; i++)
        needs = p->needed[i] != 0;
    return needs;
}

static enum status give_keys(const struct plan_summarize *p, struct summarize_part *part,
                             uint32_t from, uint32_t count, struct arena *arena,
                             struct vector *ret, struct error *err)
{
    if (needs_keys(p))
        return key_set_columns(&part->keys, from, count, arena, ret, err);
    for (uint32_t i = 0; i < p->key_count; i++)
        ret[i] = run_absent(p->key_types[i], count);
    return STATUS_OK;
}

enum status summarize_emit(const struct plan_summarize *p, struct summarize_part *part,
                           struct worker *w, struct stage *out, bool *stop, struct error *err)
{
    enum status status = STATUS_OK;

    uint32_t total = key_set_count(&part->keys);
    for (uint32_t at = 0; at < total && !*stop && status == STATUS_OK; at += BATCH_ROWS_MAX) {
        uint32_t left = total - at;
        uint32_t count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        uint32_t width = p->plan.schema.column_count;
        struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, width + 1, err);
        status = columns == NULL ? err->status
                                 : give_keys(p, part, at, count, w->batch_arena, columns, err);
        uint32_t column = p->key_count;
        for (uint32_t i = 0; i < p->call_count && status == STATUS_OK; i++) {
            const struct aggregate_call *call = &p->calls[i];
            uint32_t own = call->shares == 0 ? i : call->shares - 1;
            const char *states =
                (const char *)part->states[own] + (size_t)summarize_state_bytes(call) * at;
            if (call->is_picker)
                status = picker_finish(call, states, count, w->batch_arena, &columns[column], err);
            else
                status = call->aggregate->finish(&part->contexts[i], states, count,
                                                 w->batch_arena, &columns[column], err);
            if (status == STATUS_OK && !call->is_picker)
                columns[column].type = call->type;
            column += call->output_count;
        }
        struct batch batch = {count, width, columns, false, NULL};
        if (status == STATUS_OK)
            status = run_check(w->run, err);
        if (status == STATUS_OK)
            status = stage_push(out, w, &batch, stop, err);
        arena_clear(w->batch_arena);
    }
    return status;
}

static enum status summarize_finish(struct summarize_stage *s, struct stage *out,
                                    struct error *err)
{
    const struct plan_summarize *p = s->plan;
    struct summarize_part *first = &s->parts[0];
    enum status status = STATUS_OK;
    bool stop = false;

    if (summarize_shares_pay(p, s->run, s->parts))
        return summarize_by_shares(p, s->run, s->parts, out, err);
    for (uint32_t i = 1; i < s->run->thread_count; i++) {
        struct summarize_part *part = &s->parts[i];
        if (part->arena != NULL && (first->arena == NULL || key_set_count(&part->keys) >
                                                                key_set_count(&first->keys)))
            first = part; /* the others go into the one with most groups */
    }
    for (uint32_t i = 0; i < s->run->thread_count && status == STATUS_OK; i++) {
        if (s->parts[i].arena != NULL && &s->parts[i] != first)
            status = merge(p, first, &s->parts[i], err);
    }
    if (status == STATUS_OK && first->arena == NULL && p->key_count == 0) {
        /* Nothing came in: one row of empty aggregates. */
        uint32_t group;
        status = summarize_open(p, s->run, first, err);
        if (status == STATUS_OK)
            status = key_set_add(&first->keys, NULL, 1, &group, err);
        if (status == STATUS_OK)
            status = summarize_fit(p, first, err);
    }
    return status != STATUS_OK || first->arena == NULL
               ? status
               : summarize_emit(p, first, &s->run->workers[0], out, &stop, err);
}

static enum status summarize_run(const struct plan *plan, struct run *run, struct stage *out,
                                 struct error *err)
{
    struct summarize_stage stage = {
        .stage = {summarize_push}, .plan = (const struct plan_summarize *)plan, .run = run};

    stage.parts = ARENA_ARRAY(run->arena, struct summarize_part, run->thread_count, err);
    if (stage.parts == NULL)
        return err->status;
    enum status status = plan_run(plan->inputs[0], run, &stage.stage, err);
    if (status == STATUS_OK)
        status = summarize_finish(&stage, out, err);
    for (uint32_t i = 0; i < run->thread_count; i++)
        arena_free(stage.parts[i].arena);
    return status;
}

/* Can rows that are alike be taken together? */
static bool takes_weights(const struct plan_summarize *p)
{
    bool takes = true;

    for (uint32_t i = 0; i < p->key_count; i++)
        takes = takes && !p->keys[i].expr->is_impure;
    for (uint32_t i = 0; i < p->call_count; i++) {
        const struct aggregate_call *call = &p->calls[i];
        takes = takes && !call->is_picker && call->aggregate->weights != WEIGHTS_NOT;
        for (uint32_t a = 0; a < call->arg_count; a++)
            takes = takes && !call->args[a]->is_impure;
    }
    return takes;
}

/* Does the answer depend on the order of rows?  That of arrays does. */
static bool heeds_order(const struct plan_summarize *p)
{
    bool heeds = !takes_weights(p);

    for (uint32_t i = 0; i < p->call_count; i++)
        heeds = heeds || p->calls[i].type == TYPE_DYNAMIC;
    return heeds;
}

/* The column that a key is the bins of, or UINT32_MAX. */
static uint32_t binned_column(const struct expr *e)
{
    if (e->kind != EXPR_CALL || !slice_is(slice_of(e->function->name), "bin") ||
        e->arg_count != 2 || e->args[0]->kind != EXPR_COLUMN ||
        e->args[0]->type != TYPE_DATETIME || e->args[1]->kind != EXPR_CONST ||
        e->args[1]->type != TYPE_TIMESPAN || e->args[1]->value.is_null ||
        e->args[1]->value.integer <= 0)
        return UINT32_MAX;
    return e->args[0]->column;
}

/* Marks what is read by all but one key (UINT32_MAX: by all). */
static void mark_others(const struct plan_summarize *p, uint32_t but, uint8_t *ret)
{
    for (uint32_t i = 0; i < p->key_count; i++) {
        if (i != but)
            expr_mark(p->keys[i].expr, ret);
    }
    for (uint32_t i = 0; i < p->call_count; i++) {
        for (uint32_t a = 0; a < p->calls[i].arg_count; a++)
            expr_mark(p->calls[i].args[a], ret);
    }
}

/* Rows that are alike are counted together; so are those of one bin, where a column is read
 * through bin() alone. */
static enum status ask_tally(const struct plan_summarize *p, struct query *q, struct error *err)
{
    uint32_t width = p->plan.inputs[0]->schema.column_count;
    int64_t *bins = ARENA_ARRAY(q->arena, int64_t, width + (size_t)1, err);

    if (bins == NULL)
        return err->status;
    for (uint32_t i = 0; i < p->key_count; i++) {
        const struct expr *key = p->keys[i].expr;
        uint32_t column = binned_column(key);
        uint8_t *others =
            column == UINT32_MAX ? NULL : arena_alloc(q->arena, width + (size_t)1, err);
        if (column == UINT32_MAX)
            continue;
        if (others == NULL)
            return err->status;
        mark_others(p, i, others);
        if (others[column] == NEED_NOT)
            bins[column] = key->args[1]->value.integer;
    }
    plan_tally(p->plan.inputs[0], bins);
    return STATUS_OK;
}

static enum status ask_elements(const struct plan_summarize *p, struct query *q,
                                struct error *err)
{
    uint32_t count = p->key_count;

    for (uint32_t i = 0; i < p->call_count; i++)
        count += p->calls[i].arg_count;
    struct expr **exprs = ARENA_ARRAY(q->arena, struct expr *, (size_t)count + 1, err);
    if (exprs == NULL)
        return err->status;
    count = 0;
    for (uint32_t i = 0; i < p->key_count; i++)
        exprs[count++] = p->keys[i].expr;
    for (uint32_t i = 0; i < p->call_count; i++) {
        for (uint32_t a = 0; a < p->calls[i].arg_count; a++)
            exprs[count++] = p->calls[i].args[a];
    }
    return plan_ask_elements(p->plan.inputs[0], exprs, count, q, err);
}

static enum status summarize_need(struct plan *plan, const uint8_t *needed, struct query *q,
                                  struct error *err)
{
    struct plan_summarize *p = (struct plan_summarize *)plan;
    uint8_t *below = arena_alloc(q->arena, plan->inputs[0]->schema.column_count + 1, err);

    p->needed = needed; /* of the keys: aggregates nobody reads are rare */
    if (below == NULL)
        return err->status;
    mark_others(p, UINT32_MAX, below);
    if (!heeds_order(p))
        plan_any_order(plan->inputs[0]);
    enum status status = takes_weights(p) ? ask_tally(p, q, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = ask_elements(p, q, err);
    if (status != STATUS_OK)
        return status;
    return plan_need(plan->inputs[0], below, q, err);
}

/* Filters on keys hold for the input too; keys come first in the schema. */
static enum status summarize_filter(struct plan *plan, const struct pushed *list,
                                    struct query *q, struct error *err)
{
    struct plan_summarize *p = (struct plan_summarize *)plan;
    const struct pushed *below = NULL;

    for (; list != NULL; list = list->next) {
        if (list->column >= p->key_count)
            continue;
        struct pushed *one = ARENA_NEW(q->arena, struct pushed, err);
        if (one == NULL)
            return err->status;
        *one = *list;
        one->next = below;
        below = one;
    }
    enum status status = push_through(q, p->keys, p->key_count, below, &below, err);
    return status == STATUS_OK ? plan_filter(plan->inputs[0], below, q, err) : status;
}

static void summarize_describe(const struct plan *plan, struct buf *ret)
{
    const struct plan_summarize *p = (const struct plan_summarize *)plan;
    const struct schema *below = &plan->inputs[0]->schema;

    for (uint32_t i = 0; i < p->call_count; i++) {
        const struct aggregate_call *call = &p->calls[i];
        const char *picker = call->is_any ? "take_any" : call->is_min ? "arg_min" : "arg_max";
        buf_add_text(ret, i > 0 ? ", " : "");
        buf_add_format(ret, "%s(", call->is_picker ? picker : call->aggregate->name);
        for (uint32_t a = 0; a < call->arg_count; a++) {
            buf_add_text(ret, a > 0 ? ", " : "");
            explain_expr(ret, call->args[a], below);
        }
        buf_add_byte(ret, ')');
    }
    for (uint32_t i = 0; i < p->key_count; i++) {
        buf_add_text(ret, i > 0 ? ", " : ret->size > 0 ? " by " : "by ");
        explain_expr(ret, p->keys[i].expr, below);
    }
    buf_add_text(ret, "; each thread for itself, then merged");
}

struct plan *plan_summarize(struct query *q, struct plan *input, const struct output *keys,
                            uint32_t key_count, struct aggregate_call *calls,
                            uint32_t call_count, struct error *err)
{
    static const struct plan_ops ops = {"summarize", summarize_run, summarize_need,
                                        summarize_filter};
    struct plan_summarize *p = (struct plan_summarize *)op_new(q, sizeof(*p), &ops, input, err);
    uint32_t width = key_count;

    if (p == NULL)
        return NULL;
    p->plan.describe = summarize_describe;
    for (uint32_t i = 0; i < call_count; i++)
        width += calls[i].output_count;
    struct column *columns = ARENA_ARRAY(q->arena, struct column, width + 1, err);
    p->keys = ARENA_ARRAY(q->arena, struct output, key_count + 1, err);
    p->key_types = ARENA_ARRAY(q->arena, enum type, key_count + 1, err);
    p->calls = ARENA_ARRAY(q->arena, struct aggregate_call, call_count + 1, err);
    if (columns == NULL || p->keys == NULL || p->key_types == NULL || p->calls == NULL)
        return NULL;
    for (uint32_t i = 0; i < key_count; i++) {
        p->keys[i] = keys[i];
        p->key_types[i] = keys[i].expr->type;
        columns[i] = (struct column){keys[i].name, keys[i].expr->type};
    }
    uint32_t at = key_count;
    for (uint32_t i = 0; i < call_count; i++) {
        p->calls[i] = calls[i];
        for (uint32_t o = 0; o < calls[i].output_count; o++)
            columns[at++] = (struct column){
                calls[i].is_picker ? calls[i].output_names[o] : calls[i].name,
                calls[i].is_picker ? calls[i].args[o]->type : calls[i].type};
    }
    p->key_count = key_count;
    p->call_count = call_count;
    p->plan.schema = (struct schema){columns, width};
    p->plan.is_serialized = false;
    return &p->plan;
}
