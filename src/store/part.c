/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a part and small questions about it. */
#include "store/part_priv.h"

#include "base/check.h"
#include "store/values_priv.h"

struct part *part_ref(struct part *part)
{
    unsigned before = atomic_fetch_add_explicit(&part->references, 1, memory_order_relaxed);

    CHECK(before > 0);
    return part;
}

void part_unref(struct part *part)
{
    if (part == NULL ||
        atomic_fetch_sub_explicit(&part->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < part->path_count; i++)
        path_values_free(atomic_load(&part->paths[i].values));
    arena_free(part->arena);
}

uint32_t part_find_path(const struct part *part, struct slice path, enum path_class path_class)
{
    for (uint32_t i = 0; i < part->path_count; i++) {
        const struct path_column *column = &part->paths[i];
        if (column->is_array == (path_class == PATH_ARRAY) &&
            column->is_object == (path_class == PATH_OBJECT) && slice_equal(column->path, path))
            return i;
    }
    return UINT32_MAX;
}

void part_find_paths(const struct part *part, struct slice path, uint32_t ret[PATH_CLASS_COUNT])
{
    char last = path.size == 0 ? 0 : path.data[path.size - 1];

    for (unsigned c = 0; c < PATH_CLASS_COUNT; c++)
        ret[c] = UINT32_MAX;
    for (uint32_t i = 0; i < part->path_count; i++) {
        const struct path_column *column = &part->paths[i];
        struct slice text = column->path;
        if (text.size != path.size || (text.size > 0 && text.data[text.size - 1] != last) ||
            !slice_equal(text, path))
            continue;
        enum path_class found = column->is_array    ? PATH_ARRAY
                                : column->is_object ? PATH_OBJECT
                                                    : PATH_VALUE;
        if (ret[found] == UINT32_MAX)
            ret[found] = i;
    }
}

uint32_t part_root_shape(const struct part *part, uint32_t row)
{
    uint32_t low = 0, high = part->root_shape_count;

    CHECK(row < part->row_count);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (part->shapes[middle].row_begin <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t part_memory_bytes(const struct part *part)
{
    size_t bytes = arena_used_bytes(part->arena);

    for (uint32_t i = 0; i < part->path_count; i++)
        bytes += path_values_bytes(atomic_load(&part->paths[i].values));
    return bytes;
}

bool part_has_open_raw(const struct part *part)
{
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t i = 0; shape->is_raw && i < shape->row_count; i++) {
            if (part->reasons == NULL || part->reasons[shape->row_begin + i] == NULL)
                return true;
        }
    }
    return false;
}

/* Is one of the elements (path: theirs) an object?  It has no path of its own. */
static bool has_objects_in(const struct part *part, uint32_t array, struct slice path)
{
    for (uint32_t s = part->root_shape_count; s < part->shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        if (shape->parent_path == array &&
            (shape->slot_count != 1 || !slice_equal(part->paths[shape->slots[0].path].path, path)))
            return true;
    }
    return false;
}

bool part_has_only_arrays(const struct part *part, struct slice path)
{
    for (size_t at = slice_find_byte(path, '[', 0); at != SIZE_MAX;
         at = slice_find_byte(path, '[', at + 1)) {
        struct slice array = slice_head(path, at), elements = slice_head(path, at + 2);
        /* Read as they are, or expanded again: that gives an object's members, and a scalar. */
        bool is_whole = elements.size == path.size || path.data[at + 2] == '[';
        if (part_find_path(part, array, PATH_OBJECT) != UINT32_MAX ||
            (is_whole &&
             (part_find_path(part, array, PATH_VALUE) != UINT32_MAX ||
              has_objects_in(part, part_find_path(part, array, PATH_ARRAY), elements))))
            return false;
    }
    return part_find_path(part, path, PATH_ARRAY) == UINT32_MAX &&
           part_find_path(part, path, PATH_OBJECT) == UINT32_MAX;
}
