/* SPDX-License-Identifier: Apache-2.0 */
/* picker.c - see picker_priv.h.  A group's cells are overwritten in place where
 * the bytes fit, so that input in ascending order does not eat memory. */
#include "query/picker_priv.h"

struct cell {
    struct value value;
    size_t capacity; /* bytes at value.bytes.data */
};

struct picker {
    struct cell *cells; /* NULL: no row yet */
};

uint32_t picker_state_bytes(void)
{
    return (uint32_t)sizeof(struct picker);
}

static bool is_empty(const struct value *v)
{
    return v->is_null || (v->type == TYPE_STRING && v->bytes.size == 0);
}

/* As in min() and max() any number is beyond NaN. */
static bool is_beyond(const struct aggregate_call *call, const struct value *old,
                      const struct value *candidate)
{
    if (candidate->type == TYPE_REAL && (isnan(old->real) || isnan(candidate->real)))
        return isnan(old->real) && !isnan(candidate->real);
    int c = value_compare(candidate, old);
    return call->is_min ? c < 0 : c > 0;
}

/* take_any() of one expression looks for a row where it has a value; of several it takes
 * them all from one row, whatever they are. */
static bool is_better(const struct aggregate_call *call, const struct value *old,
                      const struct value *candidate)
{
    if (call->is_any)
        return call->arg_count == 1 && is_empty(old) && !is_empty(candidate);
    if (candidate->is_null)
        return false;
    if (old->is_null)
        return true;
    return is_beyond(call, old, candidate);
}

static enum status set_cell(struct arena *arena, struct cell *cell, const struct value *v,
                            struct error *err)
{
    char *data = (char *)(uintptr_t)cell->value.bytes.data;

    if (!type_is_bytes(v->type)) {
        cell->value = *v;
        return STATUS_OK;
    }
    if (v->bytes.size > cell->capacity) {
        cell->capacity = v->bytes.size + v->bytes.size / 2;
        data = arena_alloc_raw(arena, cell->capacity, err);
        if (data == NULL) {
            cell->capacity = 0;
            return err->status;
        }
    }
    if (v->bytes.size > 0)
        memcpy(data, v->bytes.data, v->bytes.size);
    cell->value = *v;
    cell->value.bytes.data = data;
    return STATUS_OK;
}

static enum status new_cells(const struct aggregate_call *call, struct arena *arena,
                             struct picker *picker, struct error *err)
{
    picker->cells = ARENA_ARRAY(arena, struct cell, call->arg_count + 1, err);
    return picker->cells == NULL ? err->status : STATUS_OK;
}

/* The best row of the batch a group in best[]; the groups that have one. */
static uint32_t find_best(const struct aggregate_call *call, const struct picker_rows *rows,
                          uint32_t *best, uint32_t *touched)
{
    uint32_t touched_count = 0;

    for (uint32_t r = 0; r < rows->row_count; r++) {
        uint32_t g = rows->groups[r];
        if (best[g] == UINT32_MAX) {
            best[g] = r;
            touched[touched_count++] = g;
            continue;
        }
        if (call->is_any && call->arg_count > 1)
            continue;
        struct value old = vector_value(&rows->args[0], best[g]);
        struct value candidate = vector_value(&rows->args[0], r);
        if (is_better(call, &old, &candidate))
            best[g] = r;
    }
    return touched_count;
}

enum status picker_update(const struct aggregate_call *call, void *states, uint32_t group_count,
                          const struct picker_rows *rows, struct picker_memory memory,
                          struct error *err)
{
    struct picker *pickers = states;
    /* The best row of the batch a group first, then one copy a group. */
    uint32_t *best = arena_alloc_raw(memory.scratch, group_count * sizeof(*best) + 4, err);
    uint32_t *touched =
        arena_alloc_raw(memory.scratch, rows->row_count * sizeof(*touched) + 4, err);

    if (best == NULL || touched == NULL)
        return err->status;
    memset(best, 0xff, group_count * sizeof(*best));
    uint32_t touched_count = find_best(call, rows, best, touched);
    for (uint32_t i = 0; i < touched_count; i++) {
        struct picker *picker = &pickers[touched[i]];
        uint32_t row = best[touched[i]];
        bool fresh = picker->cells == NULL;
        enum status status = fresh ? new_cells(call, memory.states, picker, err) : STATUS_OK;
        struct value candidate = vector_value(&rows->args[0], row);
        if (status == STATUS_OK && !fresh &&
            !is_better(call, &picker->cells[0].value, &candidate))
            continue;
        for (uint32_t a = 0; a < call->arg_count && status == STATUS_OK; a++) {
            struct value v = vector_value(&rows->args[a], row);
            status = set_cell(memory.states, &picker->cells[a], &v, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status picker_merge(const struct aggregate_call *call, struct arena *arena, void *into,
                         const void *from, struct error *err)
{
    struct picker *to = into;
    const struct picker *other = from;
    bool fresh = to->cells == NULL;

    if (other->cells == NULL ||
        (!fresh && !is_better(call, &to->cells[0].value, &other->cells[0].value)))
        return STATUS_OK;
    enum status status = fresh ? new_cells(call, arena, to, err) : STATUS_OK;
    for (uint32_t a = 0; a < call->arg_count && status == STATUS_OK; a++)
        status = set_cell(arena, &to->cells[a], &other->cells[a].value, err);
    return status;
}

enum status picker_finish(const struct aggregate_call *call, const void *states, uint32_t count,
                          struct arena *arena, struct vector *ret, struct error *err)
{
    const struct picker *pickers = states;

    for (uint32_t a = 0; a < call->arg_count; a++) {
        enum type type = call->args[a]->type;
        enum status status = vector_flat(arena, type, count, true, &ret[a], err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t i = 0; i < count; i++) {
            const struct value none = {.type = type, .is_null = true};
            vector_set(&ret[a], i, pickers[i].cells == NULL ? &none : &pickers[i].cells[a].value);
        }
    }
    return STATUS_OK;
}
