/* SPDX-License-Identifier: Apache-2.0 */
/* op_join.c - hash join, all kinds.
 *
 * One side is built (kept in memory, hashed by its keys), the other streams.
 * Built is the right side, except for kinds that return or de-duplicate one
 * side in a way that wants the left: innerunique builds the left with one row
 * a key; rightsemi and rightanti build the left's keys only.
 */
#include "query/explain_priv.h"
#include "query/key_find_priv.h"
#include "query/op_priv.h"

struct plan_join {
    struct plan plan;
    enum join_kind kind;
    struct expr **build_keys, **probe_keys;
    uint32_t key_count;
    bool build_left;
    bool keys_only;      /* semi and anti: rows of the built side are not kept */
    const bool *hide;    /* right columns that are left out, or NULL */
    uint32_t *out_left;  /* per left column: output column, or UINT32_MAX */
    uint32_t *out_right;
    const uint8_t *build_needed;
    const uint8_t *probe_needed;
};

struct build {
    struct arena *arena;
    struct rowset *rows;
    struct key_set keys;
    uint32_t *heads; /* a key: first row + 1 */
    uint32_t head_capacity;
    uint32_t *nexts; /* a row number: next row + 1 */
    uint32_t next_capacity;
    atomic_uint_fast64_t pairs; /* given so far */
    atomic_uchar *matched; /* a row number, for outer kinds */
};

struct build_stage {
    struct stage stage;
    const struct plan_join *plan;
    struct run *run;
    struct build *build;
    pthread_mutex_t lock;
};

struct prober {
    struct arena *arena; /* NULL: it had no batch yet */
    struct key_finder finder;
};

struct probe_stage {
    struct stage stage;
    const struct plan_join *plan;
    struct run *run;
    struct build *build;
    struct stage *out;
    struct prober *probers; /* a worker */
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

/* A batch's keys, and room for their numbers. */
static enum status eval_keys(struct worker *w, struct expr **exprs, uint32_t count,
                             const struct batch *batch, struct vector **ret,
                             uint32_t **ret_numbers, struct error *err)
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

/* The first, or all, rows of each key.  Null matches null, as in Kusto. */
static enum status build_rows(struct build *b, const struct plan_join *p,
                              const struct batch *batch, const struct vector *keys,
                              uint32_t *numbers, uint32_t *rows, struct error *err)
{
    uint32_t known = key_set_count(&b->keys);
    uint32_t count = batch->row_count;
    enum status status = key_set_add(&b->keys, keys, count, numbers, err);

    if (status != STATUS_OK || p->keys_only)
        return status;
    bool is_some = p->kind == JOIN_INNER_UNIQUE;
    if (is_some)
        count = first_rows(known, numbers, count, rows);
    uint32_t row = (uint32_t)b->rows->row_count;
    status = rowset_add(b->rows, batch, is_some ? rows : NULL, count, err);
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
    uint32_t *numbers;
    enum status status =
        eval_keys(w, p->build_keys, p->key_count, batch, &keys, &numbers, err);

    (void)stop;
    if (status != STATUS_OK)
        return status;
    uint32_t *rows =
        arena_alloc_raw(w->batch_arena, ((size_t)batch->row_count + 1) * sizeof(*rows), err);
    if (rows == NULL)
        return err->status;
    (void)pthread_mutex_lock(&s->lock);
    status = build_rows(s->build, p, batch, keys, numbers, rows, err);
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* Chains are in reverse order of the rows: turn them round once. */
static void build_order(struct build *b)
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

/* What a batch is probed with: by one worker, as far as *stop. */
struct probing {
    struct probe_stage *stage;
    struct worker *worker;
    const struct batch *batch; /* NULL: rows of the built side alone */
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
    struct build *build = x->stage->build;
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
    uint64_t before = atomic_fetch_add(&build->pairs, pairs->count);
    if (status == STATUS_OK && before > QUERY_OPERATOR_ROWS_MAX)
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

static enum status probe_rows(struct probing *x, const uint32_t *numbers, struct error *err)
{
    struct build *b = x->stage->build;
    struct pairs *pairs = x->pairs;
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
            pairs->probe[pairs->count] = r;
            pairs->built[pairs->count++] = at - 1;
            if (pairs->count == BATCH_ROWS_MAX)
                status = flush(x, err);
        }
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
        eval_keys(w, p->probe_keys, p->key_count, batch, &keys, &numbers, err);

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
    struct probing x = {s, w, batch, pairs, rows, 0, stop};
    status = probe_rows(&x, numbers, err);
    if (status != STATUS_OK || !keeps_unmatched_probe(p) || x.lonely_count == 0)
        return status;
    return push_pairs(&x, rows, NULL, x.lonely_count, err);
}

static enum status emit_unmatched(struct probe_stage *s, struct error *err)
{
    struct build *b = s->build;
    struct worker *w = &s->run->workers[0];
    struct pairs *pairs = arena_alloc_raw(s->run->arena, sizeof(*pairs), err);
    bool stop = false;
    enum status status = pairs == NULL ? err->status : STATUS_OK;

    const struct probing x = {s, w, NULL, pairs, NULL, 0, &stop};
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

static enum status build_side(const struct plan_join *p, struct run *run, struct build *b,
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
    if (status == STATUS_OK) {
        b->rows = rowset_new(b->arena, &built->schema, p->build_needed, err);
        status = b->rows == NULL ? err->status : STATUS_OK;
    }
    if (status == STATUS_OK)
        status = plan_run(built, run, &build.stage, err);
    (void)pthread_mutex_destroy(&build.lock);
    if (status == STATUS_OK)
        build_order(b);
    return status;
}

static enum status join_both(const struct plan_join *p, struct run *run, struct build *b,
                             struct stage *out, struct error *err)
{
    const struct plan *streamed = p->plan.inputs[p->build_left ? 1 : 0];
    struct probe_stage probe = {
        .stage = {probe_push}, .plan = p, .run = run, .build = b, .out = out};
    bool outer = p->kind == JOIN_RIGHT_OUTER || p->kind == JOIN_FULL_OUTER;
    enum status status = build_side(p, run, b, err);

    if (status == STATUS_OK && outer) {
        b->matched = arena_alloc(b->arena, (size_t)b->rows->chunk_count * BATCH_ROWS_MAX + 1, err);
        status = b->matched == NULL ? err->status : STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    probe.probers = ARENA_ARRAY(b->arena, struct prober, run->thread_count, err);
    if (probe.probers == NULL)
        return err->status;
    status = plan_run(streamed, run, &probe.stage, err);
    if (status == STATUS_OK && outer)
        status = emit_unmatched(&probe, err);
    for (uint32_t i = 0; i < run->thread_count; i++)
        arena_free(probe.probers[i].arena);
    return status;
}

static enum status join_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    struct build b = {.arena = arena_share(run->arena)};

    if (b.arena == NULL)
        return ERROR_MEMORY(err);
    enum status status = join_both((const struct plan_join *)plan, run, &b, out, err);
    arena_free(b.arena);
    return status;
}

static enum status side_need(struct plan_join *p, bool left, const uint8_t *needed,
                             struct query *q, struct error *err)
{
    struct plan *input = p->plan.inputs[left ? 0 : 1];
    uint32_t count = input->schema.column_count;
    const uint32_t *out = left ? p->out_left : p->out_right;
    uint8_t *kept = arena_alloc(q->arena, count + 1, err);
    uint8_t *below = arena_alloc(q->arena, count + 1, err);
    bool built = left == p->build_left;

    if (kept == NULL || below == NULL)
        return err->status;
    for (uint32_t c = 0; c < count; c++)
        kept[c] = below[c] = out[c] != UINT32_MAX && needed[out[c]] != 0;
    struct expr **keys = built ? p->build_keys : p->probe_keys;
    for (uint32_t i = 0; i < p->key_count; i++)
        expr_mark(keys[i], below);
    if (built)
        p->build_needed = kept;
    else
        p->probe_needed = kept;
    return plan_need(input, below, q, err);
}

static enum status join_need(struct plan *plan, const uint8_t *needed, struct query *q,
                             struct error *err)
{
    struct plan_join *p = (struct plan_join *)plan;
    enum status status = side_need(p, true, needed, q, err);
    return status == STATUS_OK ? side_need(p, false, needed, q, err) : status;
}

/* Filters on left columns hold for the left input, where its rows are not kept
 * against them. */
static enum status join_filter(struct plan *plan, const struct pushed *list, struct query *q,
                               struct error *err)
{
    struct plan_join *p = (struct plan_join *)plan;
    const struct pushed *left = NULL;
    bool allowed = p->kind == JOIN_INNER || p->kind == JOIN_LEFT_OUTER ||
                   p->kind == JOIN_LEFT_ANTI || p->kind == JOIN_LEFT_SEMI;

    for (; allowed && list != NULL; list = list->next) {
        if (list->column >= plan->inputs[0]->schema.column_count)
            continue;
        struct pushed *one = ARENA_NEW(q->arena, struct pushed, err);
        if (one == NULL)
            return err->status;
        *one = *list;
        one->next = left;
        left = one;
    }
    enum status status = plan_filter(plan->inputs[0], left, q, err);
    return status == STATUS_OK ? plan_filter(plan->inputs[1], NULL, q, err) : status;
}

static bool has_name(const struct column *columns, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(columns[i].name, name))
            return true;
    }
    return false;
}

/* name, name1, name2 ... whichever is free. */
static struct slice free_name(struct query *q, const struct column *columns, uint32_t count,
                              struct slice name, struct error *err)
{
    struct slice candidate = name;
    struct buf buf;

    for (uint32_t n = 1; has_name(columns, count, candidate); n++) {
        buf_init(&buf, COLUMN_NAME_BYTES_MAX * 4);
        buf_add_slice(&buf, name);
        buf_add_u64(&buf, n);
        candidate = arena_copy(q->arena, buf_slice(&buf), err);
        buf_release(&buf);
        if (candidate.data == NULL)
            break;
    }
    return candidate;
}

static enum status join_schema(struct query *q, struct plan_join *p, struct error *err)
{
    const struct schema *left = &p->plan.inputs[0]->schema;
    const struct schema *right = &p->plan.inputs[1]->schema;
    uint32_t count = 0;
    bool only_right = p->kind == JOIN_RIGHT_ANTI || p->kind == JOIN_RIGHT_SEMI;
    bool only_left = p->kind == JOIN_LEFT_ANTI || p->kind == JOIN_LEFT_SEMI;
    struct column *columns =
        ARENA_ARRAY(q->arena, struct column, left->column_count + right->column_count + 1, err);

    p->out_left = ARENA_ARRAY(q->arena, uint32_t, left->column_count + 1, err);
    p->out_right = ARENA_ARRAY(q->arena, uint32_t, right->column_count + 1, err);
    if (columns == NULL || p->out_left == NULL || p->out_right == NULL)
        return err->status;
    for (uint32_t c = 0; c < left->column_count; c++) {
        p->out_left[c] = only_right ? UINT32_MAX : count;
        if (!only_right)
            columns[count++] = left->columns[c];
    }
    for (uint32_t c = 0; c < right->column_count; c++) {
        bool hidden = only_left || (p->hide != NULL && p->hide[c]);
        p->out_right[c] = hidden ? UINT32_MAX : count;
        if (hidden)
            continue;
        struct slice name = free_name(q, columns, count, right->columns[c].name, err);
        if (name.data == NULL)
            return err->status;
        columns[count++] = (struct column){name, right->columns[c].type};
    }
    p->plan.schema = (struct schema){columns, count};
    return STATUS_OK;
}

static void join_describe(const struct plan *plan, struct buf *ret)
{
    static const char *const names[] = {
        [JOIN_INNER] = "inner",           [JOIN_INNER_UNIQUE] = "innerunique",
        [JOIN_LEFT_OUTER] = "leftouter",  [JOIN_RIGHT_OUTER] = "rightouter",
        [JOIN_FULL_OUTER] = "fullouter",  [JOIN_LEFT_ANTI] = "leftanti",
        [JOIN_RIGHT_ANTI] = "rightanti",  [JOIN_LEFT_SEMI] = "leftsemi",
        [JOIN_RIGHT_SEMI] = "rightsemi",
    };
    const struct plan_join *p = (const struct plan_join *)plan;
    const struct schema *build = &plan->inputs[p->build_left ? 0 : 1]->schema;
    const struct schema *probe = &plan->inputs[p->build_left ? 1 : 0]->schema;

    buf_add_format(ret, "%s, hash table of the %s side", names[p->kind],
                   p->build_left ? "left" : "right");
    for (uint32_t i = 0; i < p->key_count; i++) {
        buf_add_text(ret, i > 0 ? ", " : " on ");
        explain_expr(ret, p->build_keys[i], build);
        buf_add_text(ret, " == ");
        explain_expr(ret, p->probe_keys[i], probe);
    }
}

struct plan *plan_join(struct query *q, struct plan *left, struct plan *right,
                       const struct join_spec *spec, struct error *err)
{
    static const struct plan_ops ops = {"join", join_run, join_need, join_filter};
    struct plan_join *p = (struct plan_join *)op_new(q, sizeof(*p), &ops, NULL, err);

    if (p == NULL)
        return NULL;
    p->plan.describe = join_describe;
    p->plan.inputs = ARENA_ARRAY(q->arena, struct plan *, 2, err);
    if (p->plan.inputs == NULL)
        return NULL;
    p->plan.inputs[0] = left;
    p->plan.inputs[1] = right;
    p->plan.input_count = 2;
    p->plan.reads_given = left->reads_given || right->reads_given;
    p->plan.depth = 1 + (left->depth > right->depth ? left->depth : right->depth);
    p->kind = spec->kind;
    p->build_left = spec->kind == JOIN_INNER_UNIQUE || spec->kind == JOIN_RIGHT_ANTI ||
                    spec->kind == JOIN_RIGHT_SEMI;
    p->keys_only = spec->kind == JOIN_LEFT_ANTI || spec->kind == JOIN_LEFT_SEMI ||
                   spec->kind == JOIN_RIGHT_ANTI || spec->kind == JOIN_RIGHT_SEMI;
    p->build_keys = p->build_left ? spec->left_keys : spec->right_keys;
    p->probe_keys = p->build_left ? spec->right_keys : spec->left_keys;
    p->key_count = spec->key_count;
    p->hide = spec->hide_right;
    return join_schema(q, p, err) == STATUS_OK ? &p->plan : NULL;
}
