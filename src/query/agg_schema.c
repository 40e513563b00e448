/* SPDX-License-Identifier: Apache-2.0 */
/* agg_schema.c - buildschema(): what shapes dynamic values have.  A state is a tree
 * with a node for each place in the values. */
#include "base/hash.h"
#include "query/agg_priv.h"
#include "query/items.h"
#include "table/dynamic.h"

#define PLACES_MAX 10000u /* of one state */

enum shape_kind {
    SHAPE_LONG = 1,
    SHAPE_DOUBLE = 2,
    SHAPE_STRING = 4,
    SHAPE_BOOL = 8,
    SHAPE_BAG = 16,
};

#define MEMBERS_LISTED 8u /* of which one is found by looking at each */

struct shape;

/* In the order in which they came; slots are there where they are many. */
struct members {
    struct shape *first, *last;
    struct shape **slots; /* slot_count, a power of two, at most half of them taken */
    uint32_t count, slot_count;
};

struct shape {
    struct slice key; /* as written in JSON, without the quotes */
    uint64_t hash;    /* of the key */
    unsigned kinds;
    struct members members;
    struct shape *next;
};

struct schema_state {
    struct shape *root;
    uint64_t places;
};

struct growing {
    struct arena *arena;
    struct schema_state *state;
    struct error *err;
};

static struct shape **slot_of(const struct members *m, struct slice key, uint64_t hash)
{
    uint32_t mask = m->slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;

    while (m->slots[at] != NULL &&
           (m->slots[at]->hash != hash || !slice_equal(m->slots[at]->key, key)))
        at = (at + 1) & mask;
    return &m->slots[at];
}

static struct shape *find_member(const struct members *m, struct slice key, uint64_t hash)
{
    struct shape *shape = m->first;

    if (m->slots != NULL)
        return *slot_of(m, key, hash);
    while (shape != NULL && !slice_equal(shape->key, key))
        shape = shape->next;
    return shape;
}

/* Room for one more: foreign bags choose how many members there are. */
static bool fit_slots(struct growing *g, struct members *m)
{
    if (m->count < MEMBERS_LISTED || m->count < m->slot_count / 2)
        return true;
    uint32_t wanted = m->slots == NULL ? 4 * MEMBERS_LISTED : 2 * m->slot_count;
    struct shape **slots = ARENA_ARRAY(g->arena, struct shape *, wanted, g->err);
    if (slots == NULL)
        return false;
    m->slots = slots;
    m->slot_count = wanted;
    for (struct shape *shape = m->first; shape != NULL; shape = shape->next)
        *slot_of(m, shape->key, shape->hash) = shape;
    return true;
}

static struct shape *new_shape(struct growing *g, struct slice key, uint64_t hash)
{
    if (++g->state->places > PLACES_MAX) {
        (void)ERROR_SET(g->err, STATUS_LIMIT, "buildschema() finds more than %u places",
                        PLACES_MAX);
        return NULL;
    }
    struct shape *shape = ARENA_NEW(g->arena, struct shape, g->err);
    if (shape == NULL)
        return NULL;
    shape->hash = hash;
    shape->key = arena_copy(g->arena, key, g->err);
    return shape->key.data == NULL ? NULL : shape;
}

static struct shape *member_of(struct growing *g, struct members *m, struct slice key)
{
    uint64_t hash = hash_slice(key);
    struct shape *shape = find_member(m, key, hash);

    if (shape != NULL)
        return shape;
    shape = fit_slots(g, m) ? new_shape(g, key, hash) : NULL;
    if (shape == NULL)
        return NULL;
    if (m->first == NULL)
        m->first = shape;
    else
        m->last->next = shape;
    m->last = shape;
    m->count++;
    if (m->slots != NULL)
        *slot_of(m, key, hash) = shape;
    return shape;
}

/* dynamic values are of bounded depth, so this may recurse. */
static bool add_shape(struct growing *g, struct shape *shape, struct slice json)
{
    struct value v;
    enum json_kind kind = dynamic_kind(json);

    if (dynamic_is_null(json))
        return true;
    if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
        struct dynamic_iterator it = dynamic_iterate(json);
        shape->kinds |= SHAPE_BAG;
        while (dynamic_next(&it)) {
            struct shape *member = member_of(
                g, &shape->members, kind == JSON_ARRAY ? SLICE("`indexer`") : it.key);
            if (member == NULL || !add_shape(g, member, it.value))
                return false;
        }
        return true;
    }
    if (dynamic_to_value(g->arena, json, &v, g->err) != STATUS_OK)
        return false;
    shape->kinds |= v.type == TYPE_LONG   ? SHAPE_LONG
                    : v.type == TYPE_REAL ? SHAPE_DOUBLE
                    : v.type == TYPE_BOOL ? SHAPE_BOOL
                                          : SHAPE_STRING;
    return true;
}

static bool merge_shape(struct growing *g, struct shape *into, const struct shape *from)
{
    into->kinds |= from->kinds;
    for (const struct shape *m = from->members.first; m != NULL; m = m->next) {
        struct shape *member = member_of(g, &into->members, m->key);
        if (member == NULL || !merge_shape(g, member, m))
            return false;
    }
    return true;
}

static struct shape *root_of(struct growing *g)
{
    if (g->state->root == NULL)
        g->state->root = new_shape(g, SLICE(""), 0);
    return g->state->root;
}

static enum status update(UPDATE_PARAMETERS)
{
    (void)arg_count;
    for (uint32_t row = 0; row < row_count; row++) {
        struct growing g = {context->arena, (struct schema_state *)states + groups[row], err};
        struct value v = row_value(&args[0], row);
        if (v.is_null)
            continue;
        struct shape *root = root_of(&g);
        if (root == NULL || !add_shape(&g, root, v.bytes))
            return err->status;
    }
    return STATUS_OK;
}

static enum status merge(MERGE_PARAMETERS)
{
    const struct schema_state *other = from;
    struct growing g = {context->arena, into, err};

    if (other->root == NULL)
        return STATUS_OK;
    struct shape *root = root_of(&g);
    return root != NULL && merge_shape(&g, root, other->root) ? STATUS_OK : err->status;
}

static void render(const struct shape *shape, struct buf *buf)
{
    static const char *const names[] = {"long", "double", "string", "bool"};
    bool several = (shape->kinds & (shape->kinds - 1)) != 0;
    bool any = false;

    buf_add_text(buf, several ? "[" : shape->kinds == 0 ? "null" : "");
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        if ((shape->kinds & (1u << i)) == 0)
            continue;
        buf_add_format(buf, "%s\"%s\"", any ? "," : "", names[i]);
        any = true;
    }
    if ((shape->kinds & SHAPE_BAG) != 0) {
        buf_add_text(buf, any ? ",{" : "{");
        for (const struct shape *m = shape->members.first; m != NULL; m = m->next) {
            buf_add_text(buf, m == shape->members.first ? "\"" : ",\"");
            buf_add_slice(buf, m->key);
            buf_add_text(buf, "\":");
            render(m, buf);
        }
        buf_add_byte(buf, '}');
    }
    if (several)
        buf_add_byte(buf, ']');
}

static enum status finish(FINISH_PARAMETERS)
{
    const struct schema_state *state = states;
    enum status status = vector_flat(arena, TYPE_DYNAMIC, state_count, true, ret, err);
    struct slice *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    struct buf buf;

    (void)context;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        nulls[i] = state[i].root == NULL;
        if (state[i].root == NULL)
            continue;
        buf_clear(&buf);
        render(state[i].root, &buf);
        status = buf_check(&buf, err);
        if (status == STATUS_OK) {
            struct slice copy = arena_copy(arena, buf_slice(&buf), err);
            data[i] = copy;
            status = copy.data == NULL ? err->status : STATUS_OK;
        }
    }
    buf_release(&buf);
    return status;
}

BIND(bind_schema, "y", TYPE_DYNAMIC)

static const struct aggregate aggregates[] = {
    {.name = "buildschema", .signature = "buildschema(dynamic)",
     .summary = "the shapes that dynamic values have",
     .example = "tostring(buildschema(todynamic('1'))) == 'long'", .args_min = 1, .args_max = 1,
     .state_bytes = sizeof(struct schema_state), .bind = bind_schema, .update = update,
     .merge = merge, .finish = finish},
};

AGGREGATE_FAMILY(agg_schema, aggregates);
