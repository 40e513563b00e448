/* SPDX-License-Identifier: Apache-2.0 */
/* section_decode.c - the header of a section, read back.
 *
 * The bytes come from a disk.  Invariants of a header that was accepted:
 * 1. Rows of the root shapes add up to the rows of the section.
 * 2. Every slot's values lie inside its path's column, and the columns are
 *    covered exactly (value_count is made here from the shapes).
 * 3. Paths of slots, objects and parents exist and are of the right class; an
 *    array path is above the paths of its elements (no circle).
 * 4. Literal and slot ranges lie inside their shape. */
#include "base/random.h"
#include "store/section_priv.h"

#include <stdlib.h>

static enum status corrupt(struct error *err, const char *what)
{
    return ERROR_SET(err, STATUS_CORRUPT, "a section's header has broken %s", what);
}

/* A count read from the file: each thing takes at least one byte. */
static bool get_count(struct reader *r, uint32_t max, uint32_t *ret)
{
    uint64_t n = reader_varint(r);

    *ret = (uint32_t)n;
    return !r->failed && n <= max && n <= reader_left(r);
}

static enum status get_paths(struct reader *r, struct part *part, struct error *err)
{
    part->paths = ARENA_ARRAY(part->arena, struct path_column, (size_t)part->path_count + 1, err);
    if (part->paths == NULL)
        return err->status;
    for (uint32_t p = 0; p < part->path_count; p++) {
        struct path_column *column = &part->paths[p];
        column->path = reader_blob(r);
        uint8_t flags = reader_u8(r);
        if (r->failed || flags > 7 || (flags & 3) == 3)
            return corrupt(err, "paths");
        column->is_array = (flags & 1) != 0;
        column->is_object = (flags & 2) != 0;
        column->has_escapes = (flags & 4) != 0;
    }
    return part->path_count > 0 && part->paths[0].is_object ? STATUS_OK : corrupt(err, "paths");
}

static enum status get_slots(struct reader *r, struct part *part, struct shape *shape,
                             struct error *err)
{
    uint64_t end = 0;

    if (!get_count(r, SHAPE_SLOTS_MAX, &shape->slot_count))
        return corrupt(err, "slots");
    shape->slots = ARENA_ARRAY(part->arena, struct slot, (size_t)shape->slot_count + 1, err);
    if (shape->slots == NULL)
        return err->status;
    for (uint32_t i = 0; i < shape->slot_count; i++) {
        uint8_t kind = reader_u8(r);
        uint64_t path = reader_varint(r);
        uint64_t step = reader_varint(r);
        if (r->failed || (kind & 7) > SLOT_ARRAY || kind > 15 || path >= part->path_count ||
            step > shape->literals.size - end)
            return corrupt(err, "slots");
        struct path_column *column = &part->paths[path];
        bool is_array = (kind & 7) == SLOT_ARRAY;
        end += step;
        if (path <= shape->parent_path || column->is_object || column->is_array != is_array ||
            shape->row_count > COLUMN_VALUES_MAX - column->value_count)
            return corrupt(err, "slots");
        shape->slots[i] = (struct slot){.kind = kind & 7, .path = (uint32_t)path,
                                        .literal_end = (uint32_t)end,
                                        .first = column->value_count,
                                        .shadowed = (kind & 8) != 0};
        part->has_shadowed |= shape->slots[i].shadowed;
        column->value_count += shape->row_count;
    }
    return STATUS_OK;
}

static enum status get_objects(struct reader *r, struct part *part, struct shape *shape,
                               struct error *err)
{
    if (!get_count(r, SHAPE_SLOTS_MAX * 2, &shape->object_count))
        return corrupt(err, "objects");
    shape->objects =
        ARENA_ARRAY(part->arena, struct shape_object, (size_t)shape->object_count + 1, err);
    if (shape->objects == NULL)
        return err->status;
    for (uint32_t i = 0; i < shape->object_count; i++) {
        uint64_t path = reader_varint(r);
        uint64_t begin = reader_varint(r), size = reader_varint(r);
        uint64_t slot = reader_varint(r), slots = reader_varint(r);
        if (r->failed || path >= part->path_count || !part->paths[path].is_object ||
            begin > shape->literals.size || size > shape->literals.size - begin ||
            slot > shape->slot_count || slots > shape->slot_count - slot)
            return corrupt(err, "objects");
        shape->objects[i] = (struct shape_object){
            (uint32_t)path, (uint32_t)begin, (uint32_t)(begin + size), (uint32_t)slot,
            (uint32_t)(slot + slots)};
    }
    return STATUS_OK;
}

static enum status get_shape(struct reader *r, struct part *part, uint32_t s, struct error *err)
{
    struct shape *shape = &part->shapes[s];
    bool is_root = s < part->root_shape_count;

    shape->hash = reader_u64(r);
    uint8_t raw = reader_u8(r);
    uint64_t parent = reader_varint(r), count = reader_varint(r);
    shape->literals = reader_blob(r);
    shape->is_raw = raw == 1;
    if (r->failed || raw > 1 || parent >= part->path_count || count > COLUMN_VALUES_MAX ||
        shape->literals.size > UINT32_MAX || is_root != (parent == 0) ||
        (!is_root && !part->paths[parent].is_array))
        return corrupt(err, "shapes");
    shape->parent_path = (uint32_t)parent;
    shape->row_count = (uint32_t)count;
    if (is_root) {
        const struct shape *before = s == 0 ? NULL : &part->shapes[s - 1];
        shape->row_begin = before == NULL ? 0 : before->row_begin + before->row_count;
        if (count > part->row_count - shape->row_begin)
            return corrupt(err, "shapes");
    }
    enum status status = get_slots(r, part, shape, err);
    part->value_count += shape_value_count(shape);
    return status == STATUS_OK ? get_objects(r, part, shape, err) : status;
}

/* Paths of elements of one array only: invariant of path_parent(). */
static bool parents_agree(const struct section_header *header)
{
    const struct part *part = header->part;

    for (uint32_t p = 0; p < part->path_count; p++) {
        uint32_t parent = path_parent(part, &header->uses, p);
        for (uint32_t u = header->uses.starts[p]; u < header->uses.starts[p + 1]; u++)
            if (part->shapes[header->uses.uses[u].shape].parent_path != parent)
                return false;
    }
    return true;
}

static enum status get_shapes(struct reader *r, struct section_header *header, struct error *err)
{
    struct part *part = header->part;
    uint64_t rows = 0;

    part->shapes = ARENA_ARRAY(part->arena, struct shape, (size_t)part->shape_count + 1, err);
    if (part->shapes == NULL)
        return err->status;
    for (uint32_t s = 0; s < part->shape_count; s++) {
        enum status status = get_shape(r, part, s, err);
        if (status != STATUS_OK)
            return status;
        rows += s < part->root_shape_count ? part->shapes[s].row_count : 0;
    }
    if (rows != part->row_count)
        return corrupt(err, "shapes");
    enum status status = path_uses_build(part, part->arena, &header->uses, err);
    if (status == STATUS_OK && !parents_agree(header))
        status = corrupt(err, "shapes");
    return status;
}

static enum status get_entry(struct reader *r, const struct section_header *header,
                             uint32_t value_count, uint64_t *offset, struct column_entry *ret,
                             struct error *err)
{
    uint8_t flags = reader_u8(r);

    *ret = (struct column_entry){.value_count = value_count,
                                 .is_inline = (flags & 1) != 0,
                                 .is_indexed = (flags & 2) != 0};
    ret->codes = reader_u8(r);
    ret->texts = reader_u8(r);
    uint64_t dict_count = reader_varint(r), text_bytes = reader_varint(r);
    uint64_t base = reader_varint(r);
    uint64_t donor = (flags & 4) != 0 ? reader_varint(r) : 0, size = reader_varint(r);
    if (r->failed || flags > 7 || donor >= header->part->path_count ||
        ret->codes >= CODES_COUNT_ || ret->texts >= TEXTS_COUNT_ || dict_count > value_count ||
        text_bytes > COLUMN_STREAM_BYTES_MAX || base > UINT32_MAX || size > UINT32_MAX)
        return corrupt(err, "columns");
    ret->dict_count = (uint32_t)dict_count;
    ret->text_bytes = (uint32_t)text_bytes;
    ret->base = (uint32_t)base;
    ret->donor = (uint32_t)donor;
    ret->size = (uint32_t)size;
    if (ret->is_inline) {
        struct slice blob = reader_bytes(r, size);
        ret->offset = (uint64_t)(blob.data - header->raw.data);
    } else {
        ret->offset = *offset;
        *offset += size;
    }
    return r->failed ? corrupt(err, "columns") : STATUS_OK;
}

/* Level of a path: how many steps over bases and donors end below it.  0: not known yet. */
static uint8_t level_above(const struct section_header *header, const uint8_t *levels,
                           uint32_t path)
{
    const struct column_entry *entry = &header->columns[path];
    bool has_base = entry->codes == CODES_SAME || entry->codes == CODES_CONTEXT;
    uint8_t base = has_base ? levels[entry->base] : 1, donor = levels[entry->donor];

    if (entry->donor == 0)
        donor = 1;
    if (base == 0 || donor == 0)
        return 0;
    return has_base || entry->donor != 0 ? (uint8_t)((base > donor ? base : donor) + 1) : 1;
}

/* Following bases and donors ends: columns lean on each other in no circle. */
static enum status check_leaning(const struct section_header *header, struct error *err)
{
    uint32_t count = header->part->path_count, known = 0;

    for (uint32_t p = 0; p < count; p++) {
        const struct column_entry *entry = &header->columns[p];
        if ((entry->codes == CODES_SAME || entry->codes == CODES_CONTEXT) &&
            (entry->base == 0 || entry->base >= count))
            return corrupt(err, "columns");
    }
    uint8_t *levels = ARENA_ARRAY(header->part->arena, uint8_t, (size_t)count + 1, err);
    if (levels == NULL)
        return err->status;
    for (uint32_t round = 0; round <= CONTEXT_CHAIN_MAX && known < count; round++) {
        for (uint32_t p = 0; p < count; p++) {
            if (levels[p] == 0)
                levels[p] = level_above(header, levels, p);
            if (levels[p] > CONTEXT_CHAIN_MAX + 1)
                return corrupt(err, "columns");
        }
        known = 0;
        for (uint32_t p = 0; p < count; p++)
            known += levels[p] != 0 ? 1 : 0;
    }
    return known == count ? STATUS_OK : corrupt(err, "columns");
}

static enum status get_columns(struct reader *r, struct section_header *header, uint64_t *offset,
                               struct error *err)
{
    struct part *part = header->part;
    enum status status = STATUS_OK;

    header->columns =
        ARENA_ARRAY(part->arena, struct column_entry, (size_t)part->path_count + 1, err);
    if (header->columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < ROW_DATA_COUNT_ && status == STATUS_OK; i++)
        status = get_entry(r, header, part->row_count, offset, &header->rows[i], err);
    for (uint32_t p = 0; p < part->path_count && status == STATUS_OK; p++)
        if (!part->paths[p].is_object)
            status = get_entry(r, header, part->paths[p].value_count, offset, &header->columns[p],
                               err);
    return status == STATUS_OK ? check_leaning(header, err) : status;
}

uint32_t section_indexed_as(const struct section_header *header, uint32_t path)
{
    for (unsigned i = 0; i < CONTEXT_CHAIN_MAX * 2; i++) {
        if (header->columns[path].codes != CODES_SAME)
            break;
        path = header->columns[path].base;
    }
    return path;
}

static bool is_same(const struct section_header *header, uint32_t path)
{
    const struct path_column *column = &header->part->paths[path];

    return path > 0 && !column->is_array && !column->is_object &&
           header->columns[path].codes == CODES_SAME;
}

/* A question to the index asks for them in each section. */
static enum status list_same(struct section_header *header, struct error *err)
{
    uint32_t path_count = header->part->path_count, count = 0;

    for (uint32_t p = 0; p < path_count; p++)
        count += is_same(header, p);
    header->same =
        ARENA_ARRAY(header->part->arena, struct same_column, count + (size_t)1, err);
    for (uint32_t p = 0; p < path_count && header->same != NULL; p++) {
        if (is_same(header, p))
            header->same[header->same_count++] =
                (struct same_column){p, section_indexed_as(header, p)};
    }
    return header->same == NULL ? err->status : STATUS_OK;
}

static enum status get_reasons(struct reader *r, struct part *part, struct error *err)
{
    uint32_t count = 0;
    uint64_t row = 0;

    if (!get_count(r, part->row_count, &count))
        return corrupt(err, "reasons");
    if (count == 0)
        return STATUS_OK;
    part->reasons = ARENA_ARRAY(part->arena, const char *, (size_t)part->row_count, err);
    if (part->reasons == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++) {
        row += reader_varint(r);
        struct slice text = arena_copy(part->arena, reader_blob(r), err);
        if (text.data == NULL)
            return err->status;
        if (r->failed || row >= part->row_count)
            return corrupt(err, "reasons");
        part->reasons[row] = text.data;
    }
    return STATUS_OK;
}

static enum status get_ranks(struct reader *r, struct section_header *header, struct error *err)
{
    uint32_t path_count = header->part->path_count;
    uint32_t block_count = entity_block_count(header->part->row_count);
    uint64_t all = block_count == 0 ? 0 : UINT64_MAX >> (SECTION_BLOCKS_MAX - block_count);

    if (!get_count(r, path_count, &header->rank_count))
        return corrupt(err, "index");
    header->ranks = ARENA_ARRAY(header->part->arena, uint32_t, header->rank_count, err);
    header->rank_blocks =
        ARENA_ARRAY(header->part->arena, uint64_t, header->rank_count, err);
    if (header->ranks == NULL || header->rank_blocks == NULL)
        return err->status;
    for (uint32_t i = 0; i < header->rank_count; i++) {
        uint64_t path = reader_varint(r);
        if (path >= path_count)
            return corrupt(err, "index");
        header->ranks[i] = (uint32_t)path;
        header->rank_blocks[i] = header->form < SECTION_FORMAT_BLOCKS ? all : reader_u64(r);
        if (header->rank_blocks[i] == 0 || (header->rank_blocks[i] & ~all) != 0)
            return corrupt(err, "index");
    }
    return STATUS_OK;
}

static bool has_escaped_literals(const struct part *part)
{
    bool any = false;

    for (uint32_t s = 0; s < part->shape_count && !any; s++)
        any = slice_find_byte(part->shapes[s].literals, '\\', 0) != SIZE_MAX;
    return any;
}

static enum status get_pages(struct reader *r, struct section_header *header, uint64_t offset,
                             struct error *err)
{
    if (!get_count(r, UINT32_MAX, &header->page_count))
        return corrupt(err, "index");
    header->index_bits = reader_u8(r);
    enum status status = header->has_index ? get_ranks(r, header, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    header->pages = ARENA_ARRAY(header->part->arena, struct index_page,
                                (size_t)header->page_count + 1, err);
    if (header->pages == NULL)
        return err->status;
    for (uint32_t i = 0; i < header->page_count; i++) {
        uint32_t first = reader_u32(r);
        uint64_t size = reader_varint(r);
        if (size > SECTION_HEADER_BYTES_MAX)
            return corrupt(err, "index");
        header->pages[i] = (struct index_page){first, (uint32_t)size, offset};
        offset += size;
    }
    return r->failed || header->index_bits < 1 || header->index_bits > 32 ? corrupt(err, "index")
                                                                          : STATUS_OK;
}

static enum status get_header(const struct section_info *info, struct section_header *header,
                              struct error *err)
{
    struct reader r = reader_from(header->raw.data, header->raw.size);
    struct part *part = header->part;
    uint64_t offset = info->header_packed;
    uint8_t format = reader_u8(&r);

    if (format < SECTION_FORMAT_OLD || format > SECTION_FORMAT)
        return corrupt(err, "format");
    header->form = format;
    header->has_index = format != SECTION_FORMAT_OLD;
    part->row_count = (uint32_t)reader_varint(&r);
    if (part->row_count != info->row_count || part->row_count > PART_ROWS_MAX ||
        !get_count(&r, PART_PATHS_MAX * 4, &part->path_count) ||
        !get_count(&r, PART_SHAPES_MAX * 4, &part->shape_count) ||
        !get_count(&r, part->shape_count, &part->root_shape_count))
        return corrupt(err, "counts");
    enum status status = get_paths(&r, part, err);
    if (status == STATUS_OK)
        status = get_shapes(&r, header, err);
    if (status == STATUS_OK)
        status = get_columns(&r, header, &offset, err);
    if (status == STATUS_OK)
        status = list_same(header, err);
    if (status == STATUS_OK)
        status = get_reasons(&r, part, err);
    header->has_open_raw = status == STATUS_OK && part_has_open_raw(part);
    header->has_escaped_literals = status == STATUS_OK && has_escaped_literals(part);
    if (status == STATUS_OK)
        status = get_pages(&r, header, offset, err);
    if (status == STATUS_OK && reader_left(&r) != 0)
        status = corrupt(err, "end");
    return status;
}

enum status section_header_decode(const struct section_info *info, struct slice raw,
                                  struct section_header **ret, struct error *err)
{
    struct arena *arena = arena_new_apart(ARENA_BUDGET_BYTES_MAX);
    enum status status = STATUS_OK;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    struct section_header *header = ARENA_NEW(arena, struct section_header, err);
    struct part *part = ARENA_NEW(arena, struct part, err);
    if (header == NULL || part == NULL) {
        status = err->status;
        goto out;
    }
    header->part = part;
    atomic_init(&header->has_seed, false);
    atomic_init(&header->seed, 0);
    header->raw = arena_copy(arena, raw, err);
    part->table = arena_copy(arena, slice_of(info->table), err);
    if (header->raw.data == NULL || part->table.data == NULL) {
        status = err->status;
        goto out;
    }
    part->arena = arena;
    part->tenant = info->tenant;
    part->seq_min = info->seq_min;
    part->seq_max = info->seq_max;
    part->time_min = info->time_min;
    part->time_max = info->time_max;
    part->received_min = info->received_min;
    part->received_max = info->received_max;
    part->raw_bytes = info->raw_bytes;
    part->id = random_u64();
    status = get_header(info, header, err);
    if (status != STATUS_OK)
        goto out;
    *ret = header;
    arena = NULL;
out:
    arena_free(arena);
    return status;
}

void section_header_free(struct section_header *header)
{
    if (header == NULL)
        return;
    chunked_reader_release(&header->reader);
    arena_free(header->part->arena);
}

enum status section_header_view(const struct section_header *header, struct part **ret,
                                struct error *err)
{
    const struct part *from = header->part;
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);

    if (arena == NULL)
        return ERROR_MEMORY(err);
    struct part *part = ARENA_NEW(arena, struct part, err);
    struct path_column *paths =
        arena_alloc_raw(arena, ((size_t)from->path_count + 1) * sizeof(*paths), err);
    if (part == NULL || paths == NULL) {
        arena_free(arena);
        return err->status;
    }
    memcpy(paths, from->paths, from->path_count * sizeof(*paths));
    memcpy(part, from, sizeof(*part));
    atomic_init(&part->references, 1);
    part->paths = paths;
    part->arena = arena;
    part->reasons = NULL;
    *ret = part;
    return STATUS_OK;
}
