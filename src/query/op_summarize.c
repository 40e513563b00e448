/* SPDX-License-Identifier: Apache-2.0 */
/* op_summarize.c - summarize, distinct, count: groups in a hash table, one a
 * worker, merged at the end.
 *
 * A group is found by its encoded key.  If all keys of a batch are dictionary
 * columns whose sizes multiply to little, a table from code to group answers
 * instead, and the key is encoded once per combination.
 */
#include "base/hash.h"
#include "query/explain_priv.h"
#include "query/op_priv.h"
#include "query/picker_priv.h"

#define CODE_PRODUCT_MAX 65536u

struct plan_summarize {
    struct plan plan;
    struct output *keys;
    uint32_t key_count;
    enum type *key_types;
    struct aggregate_call *calls;
    uint32_t call_count;
};

#define NUMBERS_KNOWN 1024u

/* The group of a number that was a key lately. */
struct known_number {
    int64_t number;
    uint32_t group; /* + 1; 0 = free */
};

struct part {
    struct arena *arena;
    struct group_table groups;
    void **states; /* a call: array of states */
    uint32_t *state_capacity;
    struct aggregate_state_context *contexts;
    uint32_t *code_groups; /* CODE_PRODUCT_MAX, GROUP_NONE = not seen */
    uint64_t code_id;      /* of the dictionary code_groups is about, or 0 */
    struct known_number *numbers; /* NUMBERS_KNOWN, if the key is one whole number */
    char *key;
    size_t key_capacity;
};

struct summarize_stage {
    struct stage stage;
    const struct plan_summarize *plan;
    struct run *run;
    struct part *parts;
};

static uint32_t state_bytes(const struct aggregate_call *call)
{
    return call->is_picker ? picker_state_bytes() : call->aggregate->state_bytes;
}

static enum status part_open(const struct plan_summarize *p, struct run *run, struct part *part,
                             struct error *err)
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
        part->contexts[i].constants = p->calls[i].constants;
        part->contexts[i].type = p->calls[i].type;
    }
    return group_init(&part->groups, part->arena, err);
}

static enum status states_grow(const struct plan_summarize *p, struct part *part,
                               struct error *err)
{
    for (uint32_t i = 0; i < p->call_count; i++) {
        size_t bytes = state_bytes(&p->calls[i]);
        uint32_t capacity = part->state_capacity[i];
        if (capacity >= part->groups.count)
            continue;
        uint32_t wanted = capacity == 0 ? 16 : capacity * 2;
        while (wanted < part->groups.count)
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

static enum status group_of_row(struct part *part, const struct key_encoder *keys, uint32_t row,
                                uint32_t *ret, struct error *err)
{
    size_t size = key_bytes(keys, row);
    bool ignored;

    if (size > part->key_capacity) {
        part->key_capacity = size * 2 + 64;
        part->key = arena_alloc_raw(part->arena, part->key_capacity, err);
        if (part->key == NULL) {
            part->key_capacity = 0;
            return err->status;
        }
    }
    key_encode(keys, row, part->key, &ignored);
    struct slice key = slice_from(part->key, size);
    bool is_new;
    return group_add(&part->groups, key, hash_slice(key), ret, &is_new, err);
}

/* Whether the code table can answer: the product of the dictionaries' sizes. */
static uint32_t code_product(const struct key_encoder *keys, uint32_t row_count)
{
    uint64_t product = 1;
    bool stable = true;

    for (uint32_t c = 0; c < keys->count; c++) {
        const struct vector *v = &keys->columns[c];
        if (v->encoding == VECTOR_FLAT)
            return 0;
        if (v->encoding == VECTOR_DICT) {
            product *= v->dict_size;
            stable = stable && v->dict_id != 0;
        }
        if (product > CODE_PRODUCT_MAX)
            return 0;
    }
    return stable || product <= row_count ? (uint32_t)product : 0;
}

static uint64_t code_identity(const struct key_encoder *keys)
{
    uint64_t id = 1;

    for (uint32_t c = 0; c < keys->count; c++) {
        const struct vector *v = &keys->columns[c];
        if (v->encoding == VECTOR_DICT && v->dict_id == 0)
            return 0;
        if (v->encoding == VECTOR_CONST)
            return 0;
        id = hash_u64(id * 31 + v->dict_id);
    }
    return id;
}

static enum status groups_by_code(struct part *part, const struct key_encoder *keys,
                                  uint32_t product, uint32_t row_count, uint32_t *groups,
                                  struct error *err)
{
    uint64_t id = code_identity(keys);

    if (part->code_groups == NULL) {
        part->code_groups =
            arena_alloc_raw(part->arena, CODE_PRODUCT_MAX * sizeof(*part->code_groups), err);
        if (part->code_groups == NULL)
            return err->status;
        part->code_id = 0;
    }
    if (id == 0 || id != part->code_id) {
        memset(part->code_groups, 0xff, product * sizeof(*part->code_groups));
        part->code_id = id;
    }
    for (uint32_t r = 0; r < row_count; r++) {
        uint32_t code = 0;
        for (uint32_t c = 0; c < keys->count; c++) {
            const struct vector *v = &keys->columns[c];
            if (v->encoding == VECTOR_DICT)
                code = code * v->dict_size + v->codes[r];
        }
        if (part->code_groups[code] == GROUP_NONE) {
            enum status status = group_of_row(part, keys, r, &part->code_groups[code], err);
            if (status != STATUS_OK)
                return status;
        }
        groups[r] = part->code_groups[code];
    }
    return STATUS_OK;
}

static bool is_whole_number(const struct vector *v)
{
    return v->encoding == VECTOR_FLAT && (v->type == TYPE_LONG || v->type == TYPE_INT ||
                                          v->type == TYPE_DATETIME || v->type == TYPE_TIMESPAN);
}

/* Times of rows in order fall into few bins, one after the other. */
static enum status groups_by_number(struct part *part, const struct key_encoder *keys,
                                    uint32_t row_count, uint32_t *groups, struct error *err)
{
    const struct vector *v = &keys->columns[0];

    if (part->numbers == NULL)
        part->numbers = ARENA_ARRAY(part->arena, struct known_number, NUMBERS_KNOWN, err);
    if (part->numbers == NULL)
        return err->status;
    for (uint32_t r = 0; r < row_count; r++) {
        int64_t number = v->integers[r];
        if (v->nulls == NULL && r > 0 && number == v->integers[r - 1]) {
            groups[r] = groups[r - 1];
            continue;
        }
        struct known_number *known =
            &part->numbers[hash_u64((uint64_t)number) & (NUMBERS_KNOWN - 1)];
        bool null = v->nulls != NULL && v->nulls[r] != 0;
        if (known->group == 0 || known->number != number || null) {
            enum status status = group_of_row(part, keys, r, &groups[r], err);
            if (status != STATUS_OK)
                return status;
            if (!null)
                *known = (struct known_number){number, groups[r] + 1};
            continue;
        }
        groups[r] = known->group - 1;
    }
    return STATUS_OK;
}

static enum status find_groups(const struct plan_summarize *p, struct part *part,
                               struct worker *w, const struct batch *batch, uint32_t *groups,
                               struct error *err)
{
    struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, p->key_count + 1, err);
    enum status status = columns == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < p->key_count && status == STATUS_OK; i++)
        status = expr_eval(w, p->keys[i].expr, batch, &columns[i], err);
    if (status != STATUS_OK)
        return status;
    struct key_encoder keys = {columns, p->key_count};
    uint32_t product = p->key_count == 0 ? 0 : code_product(&keys, batch->row_count);
    if (p->key_count == 0) {
        memset(groups, 0, batch->row_count * sizeof(*groups));
        return part->groups.count > 0 ? STATUS_OK : group_of_row(part, &keys, 0, groups, err);
    }
    if (product > 0)
        return groups_by_code(part, &keys, product, batch->row_count, groups, err);
    if (p->key_count == 1 && is_whole_number(&columns[0]))
        return groups_by_number(part, &keys, batch->row_count, groups, err);
    for (uint32_t r = 0; r < batch->row_count && status == STATUS_OK; r++)
        status = group_of_row(part, &keys, r, &groups[r], err);
    return status;
}

static enum status update(const struct aggregate_call *call, struct part *part, uint32_t index,
                          struct worker *w, const struct batch *batch, const uint32_t *groups,
                          struct error *err)
{
    struct vector *args = ARENA_ARRAY(w->batch_arena, struct vector, call->arg_count + 1, err);
    enum status status = args == NULL ? err->status : STATUS_OK;

    for (uint32_t i = 0; i < call->arg_count && status == STATUS_OK; i++)
        status = expr_eval(w, call->args[i], batch, &args[i], err);
    if (status != STATUS_OK)
        return status;
    if (call->is_picker) {
        const struct picker_rows rows = {groups, args, batch->row_count};
        const struct picker_memory memory = {part->arena, w->batch_arena};
        return picker_update(call, part->states[index], part->groups.count, &rows, memory, err);
    }
    part->contexts[index].weights = batch->weights;
    return call->aggregate->update(&part->contexts[index], part->states[index], groups, args,
                                   call->arg_count, batch->row_count, err);
}

static enum status summarize_push(struct stage *stage, struct worker *w,
                                  const struct batch *batch, bool *stop, struct error *err)
{
    struct summarize_stage *s = (struct summarize_stage *)stage;
    struct part *part = &s->parts[w->index];
    const struct plan_summarize *p = s->plan;
    uint32_t *groups =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*groups), err);
    enum status status = groups == NULL ? err->status : STATUS_OK;

    (void)stop;
    if (status == STATUS_OK && part->arena == NULL)
        status = part_open(p, s->run, part, err);
    if (status == STATUS_OK)
        status = find_groups(p, part, w, batch, groups, err);
    if (status == STATUS_OK)
        status = states_grow(p, part, err);
    for (uint32_t i = 0; i < p->call_count && status == STATUS_OK; i++)
        status = update(&p->calls[i], part, i, w, batch, groups, err);
    return status;
}

static enum status merge(const struct plan_summarize *p, struct part *into,
                         const struct part *from, struct run *run, struct error *err)
{
    for (uint32_t g = 0; g < from->groups.count; g++) {
        uint32_t target;
        bool is_new;
        enum status status = group_add(&into->groups, from->groups.entries[g].key,
                                       from->groups.entries[g].hash, &target, &is_new, err);
        if (status == STATUS_OK)
            status = states_grow(p, into, err);
        if (status == STATUS_OK && g % BATCH_ROWS_MAX == 0)
            status = run_check(run, err);
        for (uint32_t i = 0; i < p->call_count && status == STATUS_OK; i++) {
            size_t bytes = state_bytes(&p->calls[i]);
            char *to = (char *)into->states[i] + bytes * target;
            const char *state = (const char *)from->states[i] + bytes * g;
            status = p->calls[i].is_picker
                         ? picker_merge(&p->calls[i], into->arena, to, state, err)
                         : p->calls[i].aggregate->merge(&into->contexts[i], to, state, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status key_columns(const struct plan_summarize *p, const struct part *part,
                               uint32_t from, uint32_t count, struct arena *arena,
                               struct vector *ret, struct error *err)
{
    struct value *values = ARENA_ARRAY(arena, struct value, p->key_count + 1, err);

    if (values == NULL)
        return err->status;
    for (uint32_t c = 0; c < p->key_count; c++) {
        enum status status = vector_flat(arena, p->key_types[c], count, true, &ret[c], err);
        if (status != STATUS_OK)
            return status;
    }
    for (uint32_t r = 0; r < count; r++) {
        key_decode(part->groups.entries[from + r].key, p->key_types, p->key_count, values);
        for (uint32_t c = 0; c < p->key_count; c++)
            vector_set(&ret[c], r, &values[c]);
    }
    return STATUS_OK;
}

static enum status emit(const struct plan_summarize *p, struct part *part, struct run *run,
                        struct stage *out, struct error *err)
{
    struct worker *w = &run->workers[0];
    bool stop = false;
    enum status status = STATUS_OK;

    for (uint32_t at = 0; at < part->groups.count && !stop && status == STATUS_OK;
         at += BATCH_ROWS_MAX) {
        uint32_t left = part->groups.count - at;
        uint32_t count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        uint32_t width = p->plan.schema.column_count;
        struct vector *columns = ARENA_ARRAY(w->batch_arena, struct vector, width + 1, err);
        status = columns == NULL ? err->status
                                 : key_columns(p, part, at, count, w->batch_arena, columns, err);
        uint32_t column = p->key_count;
        for (uint32_t i = 0; i < p->call_count && status == STATUS_OK; i++) {
            const struct aggregate_call *call = &p->calls[i];
            const char *states = (const char *)part->states[i] + (size_t)state_bytes(call) * at;
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
            status = run_check(run, err);
        if (status == STATUS_OK)
            status = stage_push(out, w, &batch, &stop, err);
        arena_clear(w->batch_arena);
    }
    return status;
}

static enum status summarize_finish(struct summarize_stage *s, struct stage *out,
                                    struct error *err)
{
    const struct plan_summarize *p = s->plan;
    struct part *first = NULL;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < s->run->thread_count && status == STATUS_OK; i++) {
        if (s->parts[i].arena == NULL)
            continue;
        if (first == NULL)
            first = &s->parts[i];
        else
            status = merge(p, first, &s->parts[i], s->run, err);
    }
    if (status == STATUS_OK && first == NULL && p->key_count == 0) {
        /* Nothing came in: one row of empty aggregates. */
        struct key_encoder none = {NULL, 0};
        uint32_t group;
        first = &s->parts[0];
        status = part_open(p, s->run, first, err);
        if (status == STATUS_OK)
            status = group_of_row(first, &none, 0, &group, err);
        if (status == STATUS_OK)
            status = states_grow(p, first, err);
    }
    return status != STATUS_OK || first == NULL ? status : emit(p, first, s->run, out, err);
}

static enum status summarize_run(const struct plan *plan, struct run *run, struct stage *out,
                                 struct error *err)
{
    struct summarize_stage stage = {
        .stage = {summarize_push}, .plan = (const struct plan_summarize *)plan, .run = run};

    stage.parts = ARENA_ARRAY(run->arena, struct part, run->thread_count, err);
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

static enum status summarize_need(struct plan *plan, const uint8_t *needed, struct query *q,
                                  struct error *err)
{
    struct plan_summarize *p = (struct plan_summarize *)plan;
    uint8_t *below = arena_alloc(q->arena, plan->inputs[0]->schema.column_count + 1, err);

    (void)needed; /* aggregates nobody reads are rare: queries name what they want */
    if (below == NULL)
        return err->status;
    for (uint32_t i = 0; i < p->key_count; i++)
        expr_mark(p->keys[i].expr, below);
    for (uint32_t i = 0; i < p->call_count; i++) {
        for (uint32_t a = 0; a < p->calls[i].arg_count; a++)
            expr_mark(p->calls[i].args[a], below);
    }
    if (takes_weights(p))
        plan_tally(plan->inputs[0]);
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
