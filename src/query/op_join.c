/* SPDX-License-Identifier: Apache-2.0 */
/* op_join.c - hash join, all kinds: what it gives, needs and passes on. */
#include "query/explain_priv.h"
#include "query/join_priv.h"

static enum status join_run(const struct plan *plan, struct run *run, struct stage *out,
                            struct error *err)
{
    struct join_built b = {.arena = arena_share(run->arena)};

    if (run->counted != NULL && run->counted->join == plan)
        b.counted = run->counted;
    run->counted = NULL;
    if (b.arena == NULL)
        return ERROR_MEMORY(err);
    const struct plan_join *p = (const struct plan_join *)plan;
    enum status status = join_build(p, run, &b, err);
    if (status == STATUS_OK)
        status = join_probe(p, run, &b, out, err);
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
    if (p->build_net != NULL)
        expr_mark(built ? p->build_net : p->probe_net, below);
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

static bool shows(const struct plan_join *p, struct slice name)
{
    uint32_t at = schema_find(&p->plan.inputs[1]->schema, name);

    return at != UINT32_MAX && (p->hide == NULL || !p->hide[at]);
}

/* name, name1, name2 ... whichever is free, and no name of a column of the right: of left (c) and
 * right (c, c1) comes c, c2, c1, as of Microsoft's binder. */
static struct slice free_name(struct query *q, const struct plan_join *p,
                              const struct column *columns, uint32_t count, struct slice name,
                              struct error *err)
{
    struct slice candidate = name;
    struct buf buf;

    for (uint32_t n = 1; has_name(columns, count, candidate) || (n > 1 && shows(p, candidate));
         n++) {
        buf_init(&buf, name.size + 16);
        buf_add_slice(&buf, name);
        buf_add_u64(&buf, n);
        candidate = buf_check(&buf, err) == STATUS_OK ? arena_copy(q->arena, buf_slice(&buf), err)
                                                      : (struct slice){NULL, 0};
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
        struct slice name = free_name(q, p, columns, count, right->columns[c].name, err);
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
    if (p->build_net != NULL) {
        buf_add_text(ret, p->key_count > 0 ? ", the network " : ", its network ");
        explain_expr(ret, p->build_net, build);
        buf_add_text(ret, " holding ");
        explain_expr(ret, p->probe_net, probe);
    }
}

static const struct plan_ops join_ops = {"join", join_run, join_need, join_filter};

bool op_is_join(const struct plan *plan)
{
    return plan->ops == &join_ops;
}

struct plan *plan_join(struct query *q, struct plan *left, struct plan *right,
                       const struct join_spec *spec, struct error *err)
{
    struct plan_join *p = (struct plan_join *)op_new(q, sizeof(*p), &join_ops, NULL, err);

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
    p->build_net = spec->right_net;
    p->probe_net = spec->left_net;
    p->nets_are_v6 = spec->nets_are_v6;
    p->hide = spec->hide_right;
    return join_schema(q, p, err) == STATUS_OK ? &p->plan : NULL;
}
