/* SPDX-License-Identifier: Apache-2.0 */
#include "table/vector.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdatomic.h>

size_t vector_element_bytes(enum type type)
{
    switch (type) {
    case TYPE_BOOL:
        return sizeof(uint8_t);
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        return sizeof(int64_t);
    case TYPE_REAL:
        return sizeof(double);
    case TYPE_GUID:
        return sizeof(struct guid);
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
        return sizeof(struct slice);
    case TYPE_COUNT_:
        break;
    }
    CHECK(false);
    return 0;
}

struct value vector_element(const struct vector *v, uint32_t index)
{
    struct value value = {.type = v->type, .is_null = v->nulls != NULL && v->nulls[index] != 0};

    CHECK_DEBUG(index < vector_element_count(v));
    switch (v->type) {
    case TYPE_BOOL:
        value.boolean = v->booleans[index] != 0;
        break;
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        value.integer = v->integers[index];
        break;
    case TYPE_REAL:
        value.real = v->reals[index];
        break;
    case TYPE_GUID:
        value.guid = v->guids[index];
        break;
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
        value.bytes = v->slices[index];
        break;
    case TYPE_COUNT_:
        CHECK(false);
    }
    return value;
}

struct value vector_value(const struct vector *v, uint32_t row)
{
    CHECK_DEBUG(row < v->row_count);
    return vector_element(v, vector_index(v, row));
}

enum status vector_flat(struct arena *arena, enum type type, uint32_t row_count, bool with_nulls,
                        struct vector *ret, struct error *err)
{
    size_t count = row_count > 0 ? row_count : 1;
    uint8_t *nulls = NULL;

    *ret = (struct vector){.type = type, .encoding = VECTOR_FLAT, .row_count = row_count};
    void *data = arena_alloc_array(arena, count, vector_element_bytes(type), err);
    if (data == NULL)
        return err->status;
    if (with_nulls) {
        nulls = arena_alloc(arena, count, err);
        if (nulls == NULL)
            return err->status;
    }
    ret->data = data;
    ret->nulls = nulls;
    return STATUS_OK;
}

enum status vector_raw(struct arena *arena, enum type type, uint32_t row_count,
                       struct vector *ret, struct error *err)
{
    void *data = arena_alloc_raw(arena, vector_element_bytes(type) * row_count + 1, err);
    uint8_t *nulls = arena_alloc_raw(arena, (size_t)row_count + 1, err);

    *ret = (struct vector){.type = type, .encoding = VECTOR_FLAT, .row_count = row_count};
    if (data == NULL || nulls == NULL)
        return err->status;
    ret->data = data;
    ret->nulls = nulls;
    return STATUS_OK;
}

void *vector_data(struct vector *v)
{
    return (void *)(uintptr_t)v->data;
}

uint8_t *vector_nulls(struct vector *v)
{
    return (uint8_t *)(uintptr_t)v->nulls;
}

void vector_set(struct vector *v, uint32_t index, const struct value *value)
{
    void *data = vector_data(v);

    CHECK_DEBUG(value->type == v->type && index < vector_element_count(v));
    if (v->nulls != NULL)
        vector_nulls(v)[index] = value->is_null && v->type != TYPE_STRING;
    switch (value->type) {
    case TYPE_BOOL:
        ((uint8_t *)data)[index] = value->boolean && !value->is_null;
        break;
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        ((int64_t *)data)[index] = value->is_null ? 0 : value->integer;
        break;
    case TYPE_REAL:
        ((double *)data)[index] = value->is_null ? 0 : value->real;
        break;
    case TYPE_GUID:
        ((struct guid *)data)[index] = value->is_null ? (struct guid){{0}} : value->guid;
        break;
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
        ((struct slice *)data)[index] = value->is_null ? (struct slice){"", 0} : value->bytes;
        break;
    case TYPE_COUNT_:
        CHECK(false);
    }
}

enum status vector_const(struct arena *arena, const struct value *value, uint32_t row_count,
                         struct vector *ret, struct error *err)
{
    struct value copy = *value;
    bool is_null = value->is_null && value->type != TYPE_STRING;

    if (type_is_bytes(value->type) && !value->is_null) {
        copy.bytes = arena_copy(arena, value->bytes, err);
        if (copy.bytes.data == NULL)
            return err->status;
    }
    enum status status = vector_flat(arena, value->type, 1, is_null, ret, err);
    if (status != STATUS_OK)
        return status;
    vector_set(ret, 0, &copy);
    ret->encoding = VECTOR_CONST;
    ret->row_count = row_count;
    return STATUS_OK;
}

static void gather(const struct vector *v, const uint32_t *rows, uint32_t row_count, void *data)
{
    switch (v->type) {
    case TYPE_BOOL:
        for (uint32_t i = 0; i < row_count; i++)
            ((uint8_t *)data)[i] = v->booleans[rows[i]];
        break;
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DATETIME:
    case TYPE_TIMESPAN:
        for (uint32_t i = 0; i < row_count; i++)
            ((int64_t *)data)[i] = v->integers[rows[i]];
        break;
    case TYPE_REAL:
        for (uint32_t i = 0; i < row_count; i++)
            ((double *)data)[i] = v->reals[rows[i]];
        break;
    case TYPE_GUID:
        for (uint32_t i = 0; i < row_count; i++)
            ((struct guid *)data)[i] = v->guids[rows[i]];
        break;
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_DECIMAL:
        for (uint32_t i = 0; i < row_count; i++)
            ((struct slice *)data)[i] = v->slices[rows[i]];
        break;
    case TYPE_COUNT_:
        CHECK(false);
    }
}

enum status vector_take(struct arena *arena, const struct vector *v, const uint32_t *rows,
                        uint32_t row_count, struct vector *ret, struct error *err)
{
    struct vector source = *v; /* v may be ret */

    v = &source;
    if (v->member != NULL) {
        struct vector *member = ARENA_NEW(arena, struct vector, err);
        enum status taken = member == NULL
                                ? err->status
                                : vector_take(arena, v->member, rows, row_count, member, err);
        if (taken != STATUS_OK)
            return taken;
        source.member = member;
    }
    if (v->encoding == VECTOR_CONST) {
        *ret = *v;
        ret->row_count = row_count;
        return STATUS_OK;
    }
    if (v->encoding == VECTOR_DICT) {
        uint32_t *codes = arena_alloc_raw(arena, (row_count + 1) * sizeof(*codes), err);
        if (codes == NULL)
            return err->status;
        for (uint32_t i = 0; i < row_count; i++)
            codes[i] = v->codes[rows[i]];
        *ret = *v;
        ret->codes = codes;
        ret->row_count = row_count;
        return STATUS_OK;
    }
    enum status status = vector_flat(arena, v->type, row_count, v->nulls != NULL, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    if (status != STATUS_OK)
        return status;
    ret->home = v->home;
    ret->member = v->member;
    gather(v, rows, row_count, data);
    for (uint32_t i = 0; v->nulls != NULL && i < row_count; i++)
        nulls[i] = v->nulls[rows[i]];
    return STATUS_OK;
}

/* What is FLAT and has no bytes elsewhere: as results of functions over a dictionary are. */
static enum status copy_flat(struct arena *arena, const struct vector *v, struct vector *ret,
                             struct error *err)
{
    const struct vector source = *v; /* v may be ret */
    enum status status =
        vector_flat(arena, source.type, source.row_count, source.nulls != NULL, ret, err);

    if (status != STATUS_OK || source.row_count == 0)
        return status;
    memcpy(vector_data(ret), source.data,
           source.row_count * vector_element_bytes(source.type));
    if (source.nulls != NULL)
        memcpy(vector_nulls(ret), source.nulls, source.row_count);
    return STATUS_OK;
}

enum status vector_flatten(struct arena *arena, const struct vector *v, struct vector *ret,
                           struct error *err)
{
    if (v->encoding == VECTOR_FLAT && !type_is_bytes(v->type))
        return copy_flat(arena, v, ret, err);
    struct vector source = *v; /* v may be ret */
    enum status status =
        vector_flat(arena, source.type, source.row_count, source.nulls != NULL, ret, err);

    v = &source;
    for (uint32_t row = 0; status == STATUS_OK && row < v->row_count; row++) {
        struct value value = vector_value(v, row);
        if (type_is_bytes(value.type) && value.bytes.size > 0) {
            value.bytes = arena_copy(arena, value.bytes, err);
            if (value.bytes.data == NULL)
                return err->status;
        }
        vector_set(ret, row, &value);
    }
    return status;
}

/* A number of its own, spread: others are hashes of theirs.  The kernel's random bytes took
 * longer than what a short question does with a dictionary. */
uint64_t vector_new_dict_id(void)
{
    static atomic_uint_fast64_t made;

    return hash_u64(hash_seed() + atomic_fetch_add(&made, 1)) | 1;
}
