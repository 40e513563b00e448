/* SPDX-License-Identifier: Apache-2.0 */
/* bind_geo.c - geo_polygon_lookup and geo_line_lookup: every row against every shape, as
 * a query over both; tables of shapes are short. */
#include "base/limits.h"
#include "query/plugin_priv.h"

enum {
    LOOKUP_TABLE,
    LOOKUP_KEY,
    LOOKUP_LNG,
    LOOKUP_LAT,
    LOOKUP_RADIUS,
    LOOKUP_UNMATCHED,
    LOOKUP_AREA, /* a hint for speed */
    LOOKUP_RETURN_KEY,
    LOOKUP_ARGS,
};

/* A lone copy of an argument: lists of nodes are linked. */
static const struct node *copy_of(struct binder *b, const struct node *node)
{
    struct node *copy = ARENA_NEW(b->q->arena, struct node, b->err);

    if (copy != NULL) {
        *copy = *node;
        copy->next = NULL;
    }
    return copy;
}

/* Arguments by place, then by name; those left out are NULL. */
static bool take_lookup_args(struct binder *b, const struct node *op,
                             const struct node *args[LOOKUP_ARGS])
{
    static const char *const names[LOOKUP_ARGS] = {
        [LOOKUP_RADIUS] = "radius",
        [LOOKUP_UNMATCHED] = "return_unmatched",
        [LOOKUP_AREA] = "lookup_area_radius",
        [LOOKUP_RETURN_KEY] = "return_lookup_key"};
    uint32_t place = 0;

    for (const struct node *arg = op->args->args; arg != NULL; arg = arg->next, place++) {
        uint32_t index = place;
        const struct node *value = arg;
        if (arg->kind == NODE_NAMED) {
            for (index = LOOKUP_RADIUS; index < LOOKUP_ARGS; index++) {
                if (slice_is(arg->by->name, names[index]))
                    break;
            }
            if (slice_is(arg->by->name, "join_hint")) /* its name on newer pages */
                index = LOOKUP_AREA;
            value = arg->args;
        }
        if (index >= LOOKUP_ARGS || args[index] != NULL) {
            bind_fail(b, arg->at, "SEM0219", "'%.*s' does not take this argument",
                      SLICE_FMT(slice_head(op->args->name, 64)));
            return false;
        }
        args[index] = copy_of(b, value);
        if (args[index] == NULL)
            return false;
    }
    for (uint32_t i = 0; i <= LOOKUP_LAT; i++) {
        if (args[i] == NULL) {
            bind_fail(b, op->at, "SEM0219", "'%.*s' takes at least 4 arguments",
                      SLICE_FMT(slice_head(op->args->name, 64)));
            return false;
        }
    }
    return true;
}

/* false if it is left out; a flag must be a constant. */
static bool take_flag(struct binder *b, const struct node *arg, bool *ret)
{
    *ret = false;
    if (arg == NULL)
        return true;
    struct expr *flag = bind_cast(b, bind_constant(b, arg), TYPE_BOOL);
    if (flag == NULL)
        return false;
    *ret = !flag->value.is_null && flag->value.boolean;
    return true;
}

/* The radius may be a column of either table; of another type no point would be near. */
static bool check_radius(struct binder *b, struct plan *input, const struct node *op,
                         const struct node *const *args)
{
    const struct node *radius = args[LOOKUP_RADIUS];

    /* the table of shapes is not bound, and what it needs not run, a second time for a number */
    if (radius == NULL || (radius->kind == NODE_LITERAL && type_is_number(radius->value.type)))
        return true;
    struct plan *plan = bind_macro(b, input, op->at,
                                   "__input | extend __j = 1 | join kind=inner (__1 | extend"
                                   " __j = 1) on __j | project __r = __5",
                                   args, LOOKUP_RADIUS + 1);
    if (plan == NULL)
        return false;
    if (type_is_number(plan->schema.columns[0].type))
        return true;
    bind_fail(b, radius->at, "SEM0219", "the radius is a number of meters, not %s",
              type_phrase(plan->schema.columns[0].type));
    return false;
}

struct plan *plugin_geo_lookup(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[LOOKUP_ARGS] = {NULL};
    bool is_line = slice_is(op->args->name, "geo_line_lookup");
    bool unmatched;
    bool with_key;
    struct buf text;

    if (!take_lookup_args(b, op, args) || !take_flag(b, args[LOOKUP_UNMATCHED], &unmatched) ||
        !take_flag(b, args[LOOKUP_RETURN_KEY], &with_key))
        return NULL;
    if (is_line && args[LOOKUP_RADIUS] == NULL)
        return bind_fail(b, op->at, "SEM0219", "'geo_line_lookup' takes a radius");
    if (!check_radius(b, input, op, args))
        return NULL;
    const char *test = is_line ? "geo_distance_point_to_line(__3, __4, __r) <= __5"
                       : args[LOOKUP_RADIUS] != NULL
                           ? "geo_distance_point_to_polygon(__3, __4, __r) <= __5"
                           : "geo_point_in_polygon(__3, __4, __r)";
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_format(&text,
                   "let __s = materialize(__input | serialize __n = row_number()"
                   " | extend __j = 1);"
                   "let __m = __s | join kind=inner (__1 | extend __j = 1, __r = __2%s) on __j"
                   " | where %s | project-away __j, __j1, __r;",
                   with_key ? "" : " | project-away __2", test);
    buf_add_text(&text, unmatched
                            ? "union __m, (__s | join kind=leftanti (__m) on __n"
                              " | project-away __j) | project-away __n"
                            : "__m | project-away __n");
    buf_add_byte(&text, '\0');
    struct plan *plan =
        text.failed ? NULL : bind_macro(b, input, op->at, text.data, args, LOOKUP_RADIUS + 1);
    buf_release(&text);
    return plan;
}
