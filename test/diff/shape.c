/* SPDX-License-Identifier: Apache-2.0 */
/* shape.c - the columns behind a step; whether its terms still fit. */
#include "model.h"

static uint32_t find(const struct shape *shape, struct slice name)
{
    return schema_find(&(struct schema){shape->fields, shape->count}, name);
}

static bool add(struct shape *shape, struct slice name, enum type type)
{
    if (shape->count == FIELDS_MAX || find(shape, name) != UINT32_MAX)
        return false;
    shape->fields[shape->count++] = (struct column){name, type};
    return true;
}

static bool term_fits(const struct term *term, struct arena *arena, const struct shape *in)
{
    struct shape inner;

    if (term->kind == TERM_COLUMN) {
        uint32_t at = find(in, term->name);
        return at != UINT32_MAX && in->fields[at].type == term->type;
    }
    if (term->kind == TERM_IN || term->kind == TERM_SCALAR) {
        enum type wanted = term->kind == TERM_IN ? term->args[0]->type : term->type;
        if (!pipe_shape(term->pipe, arena, NULL, &inner) || inner.count != 1 ||
            inner.fields[0].type != wanted)
            return false;
    }
    for (uint32_t i = 0; i < term->arg_count; i++) {
        if (!term_fits(term->args[i], arena, in))
            return false;
    }
    return true;
}

static bool items_fit(const struct item *items, uint32_t count, struct arena *arena,
                      const struct shape *in)
{
    for (uint32_t i = 0; i < count; i++) {
        if ((items[i].term != NULL && !term_fits(items[i].term, arena, in)) ||
            (items[i].second != NULL && !term_fits(items[i].second, arena, in)))
            return false;
    }
    return true;
}

/* project-away (keep false), project-keep */
static bool pick(const struct step *step, const struct shape *in, bool keep, struct shape *ret)
{
    ret->count = 0;
    for (uint32_t c = 0; c < in->count; c++) {
        bool named = false;
        for (uint32_t i = 0; i < step->item_count; i++)
            named |= slice_equal(step->items[i].name, in->fields[c].name);
        if (named == keep)
            (void)add(ret, in->fields[c].name, in->fields[c].type);
    }
    return ret->count > 0;
}

static bool rename_columns(const struct step *step, const struct shape *in, struct shape *ret)
{
    *ret = *in;
    for (uint32_t i = 0; i < step->item_count; i++) {
        if (find(in, step->items[i].name) != UINT32_MAX)
            return false;
        ret->fields[find(in, step->items[i].term->name)].name = step->items[i].name;
    }
    return true;
}

static bool project(const struct step *step, struct shape *ret)
{
    bool ok = true;

    ret->count = 0;
    for (uint32_t i = 0; i < step->by_count; i++)
        ok &= add(ret, step->by[i].name, step->by[i].term->type);
    for (uint32_t i = 0; i < step->item_count; i++)
        ok &= add(ret, step->items[i].name,
                  step->items[i].aggregate != NULL
                      ? type_of_letter(step->items[i].aggregate->types[0])
                      : step->items[i].term->type);
    return ok && ret->count > 0;
}

static bool arg_max(const struct step *step, const struct shape *in, struct shape *ret)
{
    uint32_t id = find(in, SLICE("id"));

    ret->count = 0;
    if (id == UINT32_MAX)
        return false;
    for (uint32_t i = 0; i < step->by_count; i++) {
        if (slice_is(step->by[i].name, "id") ||
            !add(ret, step->by[i].name, step->by[i].term->type))
            return false;
    }
    (void)add(ret, SLICE("id"), in->fields[id].type);
    for (uint32_t c = 0; c < in->count; c++)
        (void)add(ret, in->fields[c].name, in->fields[c].type);
    return true;
}

/* The first free name of name1, name2 ... that none of the others has. */
static bool add_renamed(struct shape *shape, struct arena *arena, const struct column *field,
                        const struct shape *others)
{
    if (add(shape, field->name, field->type))
        return true;
    for (int i = 1; i < 20 && shape->count < FIELDS_MAX; i++) {
        struct slice name = slice_of(take_text(arena, "%.*s%d", SLICE_FMT(field->name), i));
        if (find(others, name) == UINT32_MAX && add(shape, name, field->type))
            return true;
    }
    return false;
}

static bool is_key(const struct step *step, struct slice name)
{
    for (uint32_t i = 0; i < step->by_count; i++) {
        if (slice_equal(name, step->items[i].term->name))
            return true;
    }
    return false;
}

static bool join(const struct step *step, struct arena *arena, const struct shape *in,
                 struct shape *ret)
{
    struct shape right;
    struct shape shown = {.count = 0}; /* of the right: a lookup leaves its keys out */

    if (!pipe_shape(step->pipe, arena, NULL, &right))
        return false;
    for (uint32_t i = 0; i < step->by_count; i++) {
        if (!term_fits(step->by[i].term, arena, in) ||
            !term_fits(step->items[i].term, arena, &right))
            return false;
    }
    bool one = strstr(step->word, "semi") != NULL || strstr(step->word, "anti") != NULL;
    *ret = one && strncmp(step->word, "right", 5) == 0 ? right : *in;
    for (uint32_t c = 0; c < right.count && !one; c++) {
        if (step->kind != STEP_LOOKUP || !is_key(step, right.fields[c].name))
            (void)add(&shown, right.fields[c].name, right.fields[c].type);
    }
    for (uint32_t c = 0; c < shown.count; c++) {
        if (!add_renamed(ret, arena, &shown.fields[c], &shown))
            return false;
    }
    return true;
}

static bool unite(const struct step *step, struct arena *arena, const struct shape *in,
                  struct shape *ret)
{
    struct shape right;

    *ret = *in;
    if (!pipe_shape(step->pipe, arena, NULL, &right))
        return false;
    for (uint32_t c = 0; c < right.count; c++) {
        uint32_t at = find(ret, right.fields[c].name);
        if (at != UINT32_MAX ? ret->fields[at].type != right.fields[c].type
                             : !add(ret, right.fields[c].name, right.fields[c].type))
            return false;
    }
    return true;
}

static enum type target(const struct step *step)
{
    return step->word == NULL ? TYPE_DYNAMIC
                              : strcmp(step->word, "long") == 0 ? TYPE_LONG : TYPE_STRING;
}

static bool replace(struct shape *shape, struct slice name, enum type type)
{
    uint32_t at = find(shape, name);

    if (at == UINT32_MAX)
        return add(shape, name, type);
    shape->fields[at].type = type;
    return true;
}

static bool apply(const struct step *step, struct arena *arena, const struct shape *in,
                  struct shape *ret)
{
    struct shape given = *in, inner;

    if (step->pipe == NULL || find(in, step->items[0].name) != UINT32_MAX ||
        !add(&given, step->items[0].name, target(step)) ||
        !pipe_shape(step->pipe, arena, &given, &inner))
        return false;
    ret->count = 0;
    for (uint32_t c = 0; c < in->count; c++) {
        uint32_t at = find(&inner, in->fields[c].name);
        (void)add(ret, in->fields[c].name,
                  at == UINT32_MAX ? in->fields[c].type : inner.fields[at].type);
    }
    for (uint32_t c = 0; c < inner.count; c++) {
        if (find(in, inner.fields[c].name) == UINT32_MAX &&
            !add(ret, inner.fields[c].name, inner.fields[c].type))
            return false;
    }
    return true;
}

/* Items that name columns of the input must find them. */
static bool names_fit(const struct step *step, const struct shape *in)
{
    for (uint32_t i = 0; i < step->item_count; i++) {
        if (find(in, step->items[i].name) == UINT32_MAX)
            return false;
    }
    return true;
}

bool step_shape(const struct step *step, struct arena *arena, const struct shape *in,
                struct shape *ret)
{
    *ret = *in;
    if (step->kind == STEP_JOIN || step->kind == STEP_LOOKUP)
        return join(step, arena, in, ret);
    if (!items_fit(step->items, step->item_count, arena, in) ||
        !items_fit(step->by, step->by_count, arena, in))
        return false;
    switch (step->kind) {
    case STEP_WHERE:
    case STEP_SORT:
    case STEP_TAKE:
        return true;
    case STEP_AS_IS:
        return names_fit(step, in);
    case STEP_EXTEND:
        for (uint32_t i = 0; i < step->item_count; i++) {
            if (!replace(ret, step->items[i].name, step->items[i].term->type))
                return false;
        }
        return true;
    case STEP_AWAY:
    case STEP_KEEP:
        return names_fit(step, in) && pick(step, in, step->kind == STEP_KEEP, ret);
    case STEP_RENAME:
        return rename_columns(step, in, ret);
    case STEP_PROJECT:
    case STEP_DISTINCT:
    case STEP_SUMMARIZE:
        return project(step, ret);
    case STEP_TOP:
        *ret = (struct shape){.count = 0};
        return add(ret, step->by[0].term->name, step->by[0].term->type);
    case STEP_COUNT:
        *ret = (struct shape){.count = 0};
        return add(ret, SLICE("Count"), TYPE_LONG);
    case STEP_ARG_MAX:
        return arg_max(step, in, ret);
    case STEP_NUMBER:
        return add(ret, step->items[0].name, TYPE_LONG) &&
               add(ret, step->items[1].name, TYPE_LONG) &&
               add(ret, step->items[2].name, TYPE_LONG);
    case STEP_UNION:
        return unite(step, arena, in, ret);
    case STEP_EXPAND:
        return replace(ret, step->items[0].name, target(step));
    case STEP_APPLY:
        return apply(step, arena, in, ret);
    case STEP_PARSE:
        return add(ret, step->items[1].name, TYPE_STRING) &&
               add(ret, step->items[2].name, TYPE_LONG);
    case STEP_JOIN:
    case STEP_LOOKUP:
        break;
    }
    return false;
}

bool pipe_shape(const struct pipe *pipe, struct arena *arena, const struct shape *given,
                struct shape *ret)
{
    struct shape shape;

    if (pipe->is_given) {
        shape = *given;
    } else if (pipe->is_range) {
        shape = (struct shape){.fields = {{SLICE("x"), TYPE_LONG}}, .count = 1};
    } else if (pipe->let_pipe != NULL) {
        if (!pipe_shape(pipe->let_pipe, arena, NULL, &shape))
            return false;
    } else {
        shape = pipe->table->shape;
    }
    for (const struct step *step = pipe->first; step != NULL; step = step->next) {
        struct shape next;
        if (!step_shape(step, arena, &shape, &next))
            return false;
        shape = next;
    }
    *ret = shape;
    return true;
}

const struct step *pipe_last(const struct pipe *pipe)
{
    const struct step *last = pipe->first;

    while (last != NULL && last->next != NULL)
        last = last->next;
    return last;
}

bool question_is_known(const struct question *q)
{
    const struct step *last = pipe_last(q->pipe);

    return last == NULL || last->kind != STEP_AS_IS;
}
