/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering: literals and leaves copied in turn.  Arrays recurse; a part made
 * from records is at most JSON_DEPTH_MAX deep, and so is one from a segment,
 * because a path's children stand behind it (part_priv.h). */
#include "store/part_priv.h"

static void render_slots(const struct part *part, const struct shape *shape, uint32_t slot_begin,
                         uint32_t slot_end, uint32_t rank, struct buf *ret);

static void add_literal(const struct shape *shape, uint32_t begin, uint32_t end, struct buf *ret)
{
    buf_add(ret, shape->literals.data + begin, end - begin);
}

void part_add_text(const struct path_column *column, uint32_t code, struct buf *ret)
{
    if (column->dict != NULL) {
        buf_add(ret, column->dict[code].data, column->dict[code].size);
        return;
    }
    char *text = buf_extend(ret, GUID_TEXT_BYTES + 1);
    if (text == NULL)
        return; /* the caller asks the buffer */
    guid_format(&column->guids[code], text);
    ret->size--; /* without its 0 */
}

void part_render_array(const struct part *part, uint32_t path_index, uint32_t value_index,
                       struct buf *ret)
{
    const struct path_column *path = &part->paths[path_index];
    uint32_t begin = path->value_starts[value_index];
    uint32_t end = path->value_starts[value_index + 1];

    buf_add_byte(ret, '[');
    for (uint32_t e = begin; e < end; e++) {
        bool is_mixed = path->element_shapes != NULL;
        const struct shape *shape =
            &part->shapes[is_mixed ? path->element_shapes[e] : path->only_shape];
        if (e > begin)
            buf_add_byte(ret, ',');
        uint32_t rank = is_mixed ? path->element_ranks[e] : e;
        render_slots(part, shape, 0, shape->slot_count, rank, ret);
        uint32_t tail =
            shape->slot_count == 0 ? 0 : shape->slots[shape->slot_count - 1].literal_end;
        add_literal(shape, tail, (uint32_t)shape->literals.size, ret);
    }
    buf_add_byte(ret, ']');
}

/* The slots with the literals before each, from the end of the slot before. */
static void render_slots(const struct part *part, const struct shape *shape, uint32_t slot_begin,
                         uint32_t slot_end, uint32_t rank, struct buf *ret)
{
    uint32_t from = slot_begin == 0 ? 0 : shape->slots[slot_begin - 1].literal_end;

    for (uint32_t i = slot_begin; i < slot_end; i++) {
        const struct slot *slot = &shape->slots[i];
        const struct path_column *path = &part->paths[slot->path];
        add_literal(shape, from, slot->literal_end, ret);
        from = slot->literal_end;
        if (slot->kind == SLOT_ARRAY)
            part_render_array(part, slot->path, slot->first + rank, ret);
        else
            part_add_text(path, code_at(path->codes, slot->first + rank), ret);
    }
}

void part_render(const struct part *part, uint32_t row, struct buf *ret)
{
    const struct shape *shape = &part->shapes[part_root_shape(part, row)];
    uint32_t tail = shape->slot_count == 0 ? 0 : shape->slots[shape->slot_count - 1].literal_end;

    render_slots(part, shape, 0, shape->slot_count, row - shape->row_begin, ret);
    add_literal(shape, tail, (uint32_t)shape->literals.size, ret);
}

void part_render_object(const struct part *part, const struct shape *shape,
                        const struct shape_object *object, uint32_t row, struct buf *ret)
{
    uint32_t from = object->literal_begin;

    for (uint32_t i = object->slot_begin; i < object->slot_end; i++) {
        const struct slot *slot = &shape->slots[i];
        const struct path_column *path = &part->paths[slot->path];
        uint32_t value = slot->first + (row - shape->row_begin);
        add_literal(shape, from, slot->literal_end, ret);
        from = slot->literal_end;
        if (slot->kind == SLOT_ARRAY)
            part_render_array(part, slot->path, value, ret);
        else
            part_add_text(path, code_at(path->codes, value), ret);
    }
    add_literal(shape, from, object->literal_end, ret);
}
