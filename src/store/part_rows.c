/* SPDX-License-Identifier: Apache-2.0 */
/* part_rows.c - from the values of a column to rows and to neighbouring values.
 *
 * A value of a slot is known by its rank among the records (or elements) of the
 * slot's shape: column index = slot.first + rank.  Record k of a root shape is
 * row row_begin + k.  Element e of an array path belongs to the array value v
 * with value_starts[v] <= e < value_starts[v + 1]. */
#include "store/column_priv.h"

#include <stdlib.h>

#define ARRAY_DEPTH_MAX 64u

enum status path_uses_build(const struct part *part, struct arena *arena, struct path_uses *ret,
                            struct error *err)
{
    uint32_t total = 0;

    ret->starts = ARENA_ARRAY(arena, uint32_t, (size_t)part->path_count + 2, err);
    if (ret->starts == NULL)
        return err->status;
    for (uint32_t s = 0; s < part->shape_count; s++) {
        for (uint32_t i = 0; i < part->shapes[s].slot_count; i++)
            ret->starts[part->shapes[s].slots[i].path + 2]++;
        total += part->shapes[s].slot_count;
    }
    ret->uses = ARENA_ARRAY(arena, struct path_use, (size_t)total + 1, err);
    if (ret->uses == NULL)
        return err->status;
    for (uint32_t p = 2; p < part->path_count + 2; p++)
        ret->starts[p] += ret->starts[p - 1];
    for (uint32_t s = 0; s < part->shape_count; s++)
        for (uint32_t i = 0; i < part->shapes[s].slot_count; i++)
            ret->uses[ret->starts[part->shapes[s].slots[i].path + 1]++] = (struct path_use){s, i};
    return STATUS_OK;
}

uint32_t path_parent(const struct part *part, const struct path_uses *uses, uint32_t path)
{
    if (uses->starts[path] == uses->starts[path + 1])
        return 0;
    return part->shapes[uses->uses[uses->starts[path]].shape].parent_path;
}


static uint32_t rank_of_element(const struct path_column *array, uint32_t element)
{
    return array->element_ranks == NULL ? element : array->element_ranks[element];
}

static void root_rows(const struct part *part, const struct path_uses *uses, uint32_t path,
                      uint32_t *ret)
{
    for (uint32_t u = uses->starts[path]; u < uses->starts[path + 1]; u++) {
        const struct shape *shape = &part->shapes[uses->uses[u].shape];
        uint32_t first = shape->slots[uses->uses[u].slot].first;

        for (uint32_t k = 0; k < shape->row_count; k++)
            ret[first + k] = shape->row_begin + k;
    }
}

/* owners[element] = row, of an array path whose values' rows are known. */
static void element_owners(const struct path_column *array, const uint32_t *value_rows,
                           uint32_t *owners)
{
    for (uint32_t v = 0; v < array->value_count; v++)
        for (uint32_t e = array->value_starts[v]; e < array->value_starts[v + 1]; e++)
            owners[e] = value_rows[v];
}

static void element_rows(const struct part *part, const struct path_uses *uses, uint32_t path,
                         const struct path_column *array, const uint32_t *owners, uint32_t *ret)
{
    for (uint32_t u = uses->starts[path]; u < uses->starts[path + 1]; u++) {
        uint32_t s = uses->uses[u].shape;
        uint32_t first = part->shapes[s].slots[uses->uses[u].slot].first;

        if (array->element_shapes == NULL) {
            for (uint32_t e = 0; e < array->element_count; e++)
                ret[first + e] = owners[e];
            continue;
        }
        for (uint32_t e = 0; e < array->element_count; e++)
            if (array->element_shapes[e] == s)
                ret[first + rank_of_element(array, e)] = owners[e];
    }
}

enum status part_value_rows(const struct part *part, const struct path_uses *uses, uint32_t path,
                            uint32_t *ret, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t chain[ARRAY_DEPTH_MAX], depth = 0;
    uint32_t *rows = NULL, *owners = NULL;

    for (uint32_t p = path; p != 0; p = path_parent(part, uses, p)) {
        if (depth == ARRAY_DEPTH_MAX)
            return ERROR_SET(err, STATUS_CORRUPT, "arrays nest deeper than %u", ARRAY_DEPTH_MAX);
        chain[depth++] = p;
    }
    for (; depth > 0; depth--) {
        const struct path_column *column = &part->paths[chain[depth - 1]];
        bool last = depth == 1;
        uint32_t parent = path_parent(part, uses, chain[depth - 1]);
        uint32_t *into = last ? ret : malloc(((size_t)column->value_count + 1) * sizeof(*into));

        if (into == NULL) {
            status = ERROR_MEMORY(err);
            goto out;
        }
        if (parent == 0)
            root_rows(part, uses, chain[depth - 1], into);
        else
            element_rows(part, uses, chain[depth - 1], &part->paths[parent], owners, into);
        free(rows);
        rows = NULL;
        if (last)
            break;
        rows = into;
        free(owners);
        owners = malloc(((size_t)column->element_count + 1) * sizeof(*owners));
        if (owners == NULL) {
            status = ERROR_MEMORY(err);
            goto out;
        }
        element_owners(column, rows, owners);
    }
out:
    free(rows);
    free(owners);
    return status;
}

static const struct slot *slot_of(const struct part *part, const struct path_uses *uses,
                                  uint32_t shape, uint32_t path)
{
    for (uint32_t u = uses->starts[path]; u < uses->starts[path + 1]; u++)
        if (uses->uses[u].shape == shape)
            return &part->shapes[shape].slots[uses->uses[u].slot];
    return NULL;
}

bool part_context_needs_rows(const struct part *part, const struct path_uses *uses, uint32_t path,
                             uint32_t base)
{
    return path_parent(part, uses, path) != path_parent(part, uses, base);
}

/* The base stands at the root, the values below arrays: by row. */
static enum status context_by_row(const struct part *part, const struct path_uses *uses,
                                  uint32_t path, uint32_t base, uint32_t *ret, struct error *err)
{
    const struct path_column *column = &part->paths[base];
    uint32_t *by_row = malloc(((size_t)part->row_count + 1) * sizeof(*by_row));

    if (by_row == NULL)
        return ERROR_MEMORY(err);
    enum status status = part_value_rows(part, uses, path, ret, err);
    if (status == STATUS_OK) {
        for (uint32_t r = 0; r < part->row_count; r++)
            by_row[r] = column->dict_count;
        for (uint32_t u = uses->starts[base]; u < uses->starts[base + 1]; u++) {
            const struct shape *shape = &part->shapes[uses->uses[u].shape];
            uint32_t first = shape->slots[uses->uses[u].slot].first;
            codes_copy(codes_from(column->codes, first), shape->row_count,
                       by_row + shape->row_begin);
        }
        for (uint32_t v = 0; v < part->paths[path].value_count; v++)
            ret[v] = by_row[ret[v]];
    }
    free(by_row);
    return status;
}

enum status part_context_codes(const struct part *part, const struct path_uses *uses,
                               uint32_t path, uint32_t base, uint32_t *ret, struct error *err)
{
    const struct path_column *column = &part->paths[base];

    if (part_context_needs_rows(part, uses, path, base)) {
        if (path_parent(part, uses, base) != 0)
            return ERROR_SET(err, STATUS_CORRUPT, "a column refers to another array's column");
        return context_by_row(part, uses, path, base, ret, err);
    }
    for (uint32_t u = uses->starts[path]; u < uses->starts[path + 1]; u++) {
        const struct shape *shape = &part->shapes[uses->uses[u].shape];
        const struct slot *slot = slot_of(part, uses, uses->uses[u].shape, base);
        uint32_t first = shape->slots[uses->uses[u].slot].first;

        if (slot != NULL)
            codes_copy(codes_from(column->codes, slot->first), shape->row_count, ret + first);
        for (uint32_t k = 0; slot == NULL && k < shape->row_count; k++)
            ret[first + k] = column->dict_count;
    }
    return STATUS_OK;
}
