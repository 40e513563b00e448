/* SPDX-License-Identifier: Apache-2.0 */
/* agg_collect.c - make_list() make_set() make_bag(): values as one array or bag.
 *
 * A state keeps the values themselves, in order of arrival; for a set also a
 * table of slots (item index + 1, 0 = free), so that a value is kept once.
 * A bag is a set of members, "key":value, that are told apart by their keys.
 */
#include "base/hash.h"
#include "query/agg_priv.h"
#include "table/dynamic.h"

#define ITEMS_MAX 1048576u /* of one list, set or bag, unless the query asks for fewer */
#define LEGACY_ITEMS_MAX 128u /* under an old name, unless the query asks for more */

struct collect_state {
    struct value *items;
    uint32_t *slots; /* slot_count, a power of two; NULL for lists */
    uint32_t count, capacity, slot_count;
    uint32_t max; /* items; 0 before the first row */
    bool is_bag;
};

enum collect_kind { COLLECT_LIST, COLLECT_LIST_NULLS, COLLECT_SET, COLLECT_BAG };

static enum status bind_collect(BIND_PARAMETERS)
{
    (void)args, (void)err;
    if (arg_count > 1)
        want[1] = TYPE_LONG;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

static enum status bind_collect_if(BIND_PARAMETERS)
{
    (void)args, (void)err;
    want[1] = TYPE_BOOL;
    if (arg_count > 2)
        want[2] = TYPE_LONG;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

static uint64_t value_hash(const struct value *value)
{
    if (type_is_bytes(value->type))
        return hash_slice(value->bytes);
    if (value->type == TYPE_GUID)
        return hash_slice(slice_from((const char *)value->guid.bytes, sizeof(value->guid)));
    if (value->type == TYPE_REAL)
        return hash_slice(slice_from((const char *)&value->real, sizeof(value->real)));
    return hash_u64(value->type == TYPE_BOOL ? value->boolean : (uint64_t)value->integer);
}

static bool value_equal(const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null)
        return a->is_null == b->is_null;
    if (type_is_bytes(a->type))
        return slice_equal(a->bytes, b->bytes);
    if (a->type == TYPE_GUID)
        return guid_equal(&a->guid, &b->guid);
    if (a->type == TYPE_REAL)
        return memcmp(&a->real, &b->real, sizeof(a->real)) == 0;
    return a->type == TYPE_BOOL ? a->boolean == b->boolean : a->integer == b->integer;
}

/* The key of a member, with its quotes. */
static struct slice member_key(const struct value *member)
{
    size_t end = 1;

    while (member->bytes.data[end] != '"')
        end += member->bytes.data[end] == '\\' ? 2 : 1;
    return slice_head(member->bytes, end + 1);
}

static uint32_t *slot_of(const struct collect_state *state, const struct value *value)
{
    struct value sought = *value;
    uint32_t mask = state->slot_count - 1;

    if (state->is_bag)
        sought.bytes = member_key(value);
    uint32_t at = (uint32_t)value_hash(&sought) & mask;
    for (; state->slots[at] != 0; at = (at + 1) & mask) {
        const struct value *item = &state->items[state->slots[at] - 1];
        if (state->is_bag ? slice_starts_with(item->bytes, sought.bytes)
                          : value_equal(item, &sought))
            break;
    }
    return &state->slots[at];
}

static enum status grow_slots(struct arena *arena, struct collect_state *state,
                              struct error *err)
{
    uint32_t count = state->slot_count == 0 ? 16 : state->slot_count * 2;
    uint32_t *slots = ARENA_ARRAY(arena, uint32_t, count, err);

    if (slots == NULL)
        return err->status;
    state->slots = slots;
    state->slot_count = count;
    for (uint32_t i = 0; i < state->count; i++)
        *slot_of(state, &state->items[i]) = i + 1;
    return STATUS_OK;
}

static enum status grow_items(struct arena *arena, struct collect_state *state,
                              struct error *err)
{
    uint32_t capacity = state->capacity == 0 ? 4 : state->capacity * 2;
    struct value *items = ARENA_ARRAY(arena, struct value, capacity, err);

    if (items == NULL)
        return err->status;
    if (state->count > 0)
        memcpy(items, state->items, state->count * sizeof(*items));
    state->items = items;
    state->capacity = capacity;
    return STATUS_OK;
}

static enum status collect_add(struct arena *arena, struct collect_state *state, bool unique,
                               const struct value *value, struct error *err)
{
    enum status status = STATUS_OK;
    struct value kept = *value;

    if (unique) {
        if (value->type == TYPE_REAL)
            kept.real = type_real_key(value->real);
        if (state->count * 4 >= state->slot_count * 3)
            status = grow_slots(arena, state, err);
        if (status != STATUS_OK || *slot_of(state, &kept) != 0)
            return status;
    }
    if (state->count == state->capacity)
        status = grow_items(arena, state, err);
    if (status != STATUS_OK)
        return status;
    if (type_is_bytes(value->type) && !value->is_null) {
        kept.bytes = arena_copy(arena, value->bytes, err);
        if (kept.bytes.data == NULL)
            return err->status;
    }
    state->items[state->count++] = kept;
    if (unique)
        *slot_of(state, &kept) = state->count;
    return STATUS_OK;
}

/* Lists and sets of arrays are those of their elements, bags have the members of all. */
static enum status add_elements(struct arena *arena, struct collect_state *state, bool unique,
                                struct slice json, uint32_t max, struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    enum status status = STATUS_OK;

    while (status == STATUS_OK && state->count < max && dynamic_next(&it)) {
        struct value element = {.type = TYPE_DYNAMIC, .bytes = slice_trim(it.value)};
        if (state->is_bag) { /* from the quote before its key */
            const char *begin = it.key.data - 1;
            const char *end = element.bytes.data + element.bytes.size;
            element.bytes = slice_from(begin, (size_t)(end - begin));
        }
        status = collect_add(arena, state, unique, &element, err);
    }
    return status;
}

static uint32_t items_max(const struct aggregate_state_context *context, uint32_t arg_count,
                          uint32_t index, uint32_t unasked)
{
    const struct value *constant =
        arg_count > index && context->constants != NULL ? context->constants[index] : NULL;

    if (constant == NULL || constant->is_null || constant->integer < 0)
        return unasked;
    if (constant->integer > ITEMS_MAX)
        return ITEMS_MAX;
    return (uint32_t)constant->integer;
}

static enum status collect(UPDATE_PARAMETERS, enum collect_kind kind, bool has_condition,
                           uint32_t unasked)
{
    const struct vector *condition = has_condition ? &args[1] : NULL;
    uint32_t max = items_max(context, arg_count, has_condition ? 2 : 1, unasked);
    bool unique = kind == COLLECT_SET || kind == COLLECT_BAG;
    enum status status = STATUS_OK;

    for (uint32_t row = 0; status == STATUS_OK && row < row_count; row++) {
        struct collect_state *state = (struct collect_state *)states + groups[row];
        struct value value = row_value(&args[0], row);
        state->max = max;
        state->is_bag = kind == COLLECT_BAG;
        if (value.is_null && value.type != TYPE_STRING && kind != COLLECT_LIST_NULLS)
            continue;
        if (!row_holds(condition, row) || state->count >= max)
            continue;
        if (kind == COLLECT_BAG &&
            (value.type != TYPE_DYNAMIC || dynamic_kind(value.bytes) != JSON_OBJECT))
            continue;
        if (kind == COLLECT_BAG ||
            (value.type == TYPE_DYNAMIC && dynamic_kind(value.bytes) == JSON_ARRAY))
            status = add_elements(context->arena, state, unique, value.bytes, max, err);
        else
            status = collect_add(context->arena, state, unique, &value, err);
    }
    return status;
}

#define COLLECT(NAME, KIND, HAS_CONDITION, UNASKED)                                                \
    static enum status update_##NAME(UPDATE_PARAMETERS)                                            \
    {                                                                                              \
        return collect(context, states, groups, args, arg_count, row_count, err, KIND,             \
                       HAS_CONDITION, UNASKED);                                                    \
    }
COLLECT(list, COLLECT_LIST, false, ITEMS_MAX)
COLLECT(list_if, COLLECT_LIST, true, ITEMS_MAX)
COLLECT(list_nulls, COLLECT_LIST_NULLS, false, ITEMS_MAX)
COLLECT(set, COLLECT_SET, false, ITEMS_MAX)
COLLECT(set_if, COLLECT_SET, true, ITEMS_MAX)
COLLECT(bag, COLLECT_BAG, false, ITEMS_MAX)
COLLECT(bag_if, COLLECT_BAG, true, ITEMS_MAX)
COLLECT(legacy_list, COLLECT_LIST, false, LEGACY_ITEMS_MAX)
COLLECT(legacy_set, COLLECT_SET, false, LEGACY_ITEMS_MAX)
COLLECT(legacy_bag, COLLECT_BAG, false, LEGACY_ITEMS_MAX)

static enum status merge_items(MERGE_PARAMETERS, bool unique)
{
    const struct collect_state *other = from;
    struct collect_state *state = into;
    enum status status = STATUS_OK;

    if (state->max == 0) {
        state->max = other->max;
        state->is_bag = other->is_bag;
    }
    for (uint32_t i = 0; status == STATUS_OK && i < other->count && state->count < state->max; i++)
        status = collect_add(context->arena, state, unique, &other->items[i], err);
    return status;
}

static enum status merge_list(MERGE_PARAMETERS)
{
    return merge_items(context, into, from, err, false);
}

static enum status merge_set(MERGE_PARAMETERS)
{
    return merge_items(context, into, from, err, true);
}

static void render(const struct collect_state *state, bool bag, struct buf *buf)
{
    buf_add_byte(buf, bag ? '{' : '[');
    for (uint32_t i = 0; i < state->count; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        dynamic_add_value(buf, &state->items[i]);
    }
    buf_add_byte(buf, bag ? '}' : ']');
}

static enum status finish_items(FINISH_PARAMETERS, bool bag)
{
    const struct collect_state *collected = states;
    struct buf buf;
    enum status status = vector_flat(arena, TYPE_DYNAMIC, state_count, false, ret, err);
    void *data = vector_data(ret);

    (void)context;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < state_count; i++) {
        buf_clear(&buf);
        render(&collected[i], bag, &buf);
        status = buf_check(&buf, err);
        if (status == STATUS_OK) {
            struct slice copy = arena_copy(arena, buf_slice(&buf), err);
            ((struct slice *)data)[i] = copy;
            status = copy.data == NULL ? err->status : STATUS_OK;
        }
    }
    buf_release(&buf);
    return status;
}

static enum status finish_list(FINISH_PARAMETERS)
{
    return finish_items(context, states, state_count, arena, ret, err, false);
}

static enum status finish_bag(FINISH_PARAMETERS)
{
    return finish_items(context, states, state_count, arena, ret, err, true);
}

#define PLAIN(NAME, TEXT, EXAMPLE, UPDATE, MERGE, FINISH)                                          \
    {.name = (NAME), .signature = NAME "(value [, max_size])", .summary = (TEXT),                  \
     .example = (EXAMPLE), .args_min = 1, .args_max = 2,                                           \
     .state_bytes = sizeof(struct collect_state), .bind = bind_collect,                            \
     .update = update_##UPDATE, .merge = merge_##MERGE, .finish = finish_##FINISH}
#define WITH_IF(NAME, TEXT, EXAMPLE, UPDATE, MERGE, FINISH)                                        \
    {.name = (NAME), .signature = NAME "(value, condition [, max_size])", .summary = (TEXT),       \
     .example = (EXAMPLE), .args_min = 2, .args_max = 3,                                           \
     .state_bytes = sizeof(struct collect_state), .bind = bind_collect_if,                         \
     .update = update_##UPDATE, .merge = merge_##MERGE, .finish = finish_##FINISH}

static const struct aggregate aggregates[] = {
    PLAIN("make_set", "the distinct values as an array", "array_length(make_set(x)) == 3", set,
          set, list),
    PLAIN("makeset", "make_set(); at most 128 values, unless max_size says more",
          "array_length(makeset(x)) == 3", legacy_set, set, list),
    WITH_IF("make_set_if", "the distinct values of the rows where a condition holds",
            "array_length(make_set_if(x, x > 1)) == 2", set_if, set, list),
    PLAIN("make_list", "the values as an array, without nulls; of arrays their elements",
          "array_length(make_list(x)) == 3", list, list, list),
    PLAIN("makelist", "make_list(); at most 128 values, unless max_size says more",
          "array_length(makelist(x)) == 3", legacy_list, list, list),
    WITH_IF("make_list_if", "the values of the rows where a condition holds",
            "array_length(make_list_if(x, x > 1)) == 2", list_if, list, list),
    PLAIN("make_list_with_nulls", "the values as an array, nulls too",
          "array_length(make_list_with_nulls(x)) == 3", list_nulls, list, list),
    PLAIN("make_bag", "bags joined into one; the first value of a key stays",
          "array_length(bag_keys(make_bag(bag_pack('k', x)))) == 1", bag, set, bag),
    PLAIN("make_dictionary", "make_bag(); of at most 128 keys, unless max_size says more",
          "array_length(bag_keys(make_dictionary(bag_pack('k', x)))) == 1", legacy_bag, set, bag),
    WITH_IF("make_bag_if", "bags of the rows where a condition holds joined into one",
            "array_length(bag_keys(make_bag_if(bag_pack('k', x), x > 5))) == 0", bag_if, set,
            bag),
};

AGGREGATE_FAMILY(agg_collect, aggregates);
