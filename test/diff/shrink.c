/* SPDX-License-Identifier: Apache-2.0 */
/* shrink.c - leaves things out of a question for as long as it still differs. */
#include "model.h"

struct shrinker {
    struct question *q;
    bool (*differs)(const struct question *q, void *context);
    void *context;
    uint32_t left; /* trials */
    bool changed;
};

static bool still(struct shrinker *s)
{
    struct shape shape;

    if (s->left == 0)
        return false;
    s->left--;
    for (uint32_t i = 0; i < s->q->let_count; i++) {
        if (!pipe_shape(s->q->lets[i], s->q->arena, NULL, &shape))
            return false;
    }
    return pipe_shape(s->q->pipe, s->q->arena, NULL, &shape) && s->differs(s->q, s->context);
}

static void shrink_pipe(struct shrinker *s, struct pipe *pipe);

/* A term by one of its arguments, or by a constant. */
static void shrink_term(struct shrinker *s, struct term **at)
{
    struct term *whole = *at;

    for (uint32_t i = 0; i < whole->arg_count; i++) {
        if (whole->args[i]->type != whole->type)
            continue;
        *at = whole->args[i];
        if (still(s)) {
            s->changed = true;
            shrink_term(s, at);
            return;
        }
        *at = whole;
    }
    if (whole->kind != TERM_CONST && whole->type == TYPE_BOOL) {
        struct term *yes = TAKE(s->q->arena, struct term);
        *yes = (struct term){.kind = TERM_CONST, .type = TYPE_BOOL,
                             .value = {.type = TYPE_BOOL, .boolean = true}};
        *at = yes;
        if (still(s)) {
            s->changed = true;
            return;
        }
        *at = whole;
    }
    for (uint32_t i = 0; i < whole->arg_count; i++)
        shrink_term(s, &whole->args[i]);
    if (whole->pipe != NULL)
        shrink_pipe(s, whole->pipe);
}

static void shrink_items(struct shrinker *s, struct item *items, uint32_t *count,
                         uint32_t least)
{
    for (uint32_t i = *count; i-- > least;) {
        struct item saved = items[i];
        memmove(items + i, items + i + 1, (*count - i - 1) * sizeof(*items));
        (*count)--;
        if (still(s)) {
            s->changed = true;
            continue;
        }
        memmove(items + i + 1, items + i, (*count - i) * sizeof(*items));
        items[i] = saved;
        (*count)++;
    }
    for (uint32_t i = 0; i < *count; i++) {
        if (items[i].term != NULL)
            shrink_term(s, &items[i].term);
        if (items[i].second != NULL)
            shrink_term(s, &items[i].second);
    }
}

static void shrink_step(struct shrinker *s, struct step *step)
{
    uint32_t fixed = step->item_count;
    bool free_items = step->kind != STEP_JOIN && step->kind != STEP_LOOKUP &&
                      step->kind != STEP_NUMBER && step->kind != STEP_PARSE &&
                      step->kind != STEP_AS_IS && step->kind != STEP_TOP;

    if (free_items && step->item_count > 1)
        shrink_items(s, step->items, &step->item_count, 1);
    else if (fixed == 1 && step->items[0].term != NULL && free_items)
        shrink_term(s, &step->items[0].term);
    if ((step->kind == STEP_SORT && step->by_count > 1) || step->kind == STEP_SUMMARIZE)
        shrink_items(s, step->by, &step->by_count, step->kind == STEP_SORT);
    if (step->pipe != NULL && !step->pipe->is_given)
        shrink_pipe(s, step->pipe);
}

static void shrink_pipe(struct shrinker *s, struct pipe *pipe)
{
    for (struct step **at = &pipe->first; *at != NULL;) {
        struct step *step = *at;
        *at = step->next;
        if (!pipe->is_given && still(s)) {
            s->changed = true;
            continue;
        }
        *at = step;
        shrink_step(s, step);
        at = &step->next;
    }
}

void question_shrink(struct question *q, bool (*differs)(const struct question *q, void *context),
                     void *context)
{
    struct shrinker s = {.q = q, .differs = differs, .context = context, .left = 2000};

    do {
        s.changed = false;
        for (uint32_t i = 0; i < q->let_count; i++)
            shrink_pipe(&s, q->lets[i]);
        shrink_pipe(&s, q->pipe);
    } while (s.changed && s.left > 0);
}
