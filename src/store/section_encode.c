/* SPDX-License-Identifier: Apache-2.0 */
/* section_encode.c - a part as the plain bytes of a section.
 *
 *     header (zstd) | column blobs in the order of their entries | index pages
 */
#include "codec/compress.h"
#include "store/section_priv.h"

#include <stdlib.h>

#define BLOB_BYTES_A_ROW 128u /* of all columns, as they mostly are */

struct writing {
    const struct part *part;
    struct packing packing;
    struct column_encoder *encoder;
    struct column_entry rows[ROW_DATA_COUNT_];
    struct column_entry *columns; /* by path */
    size_t *blob_starts;          /* row data, then by path */
    struct buf body;              /* all blobs */
    struct entity_index index;
};

static void put_reasons(struct buf *header, const struct part *part)
{
    uint32_t count = 0, last = 0;

    for (uint32_t r = 0; part->reasons != NULL && r < part->row_count; r++)
        count += part->reasons[r] != NULL ? 1 : 0;
    buf_put_varint(header, count);
    for (uint32_t r = 0; count > 0 && r < part->row_count; r++) {
        if (part->reasons[r] == NULL)
            continue;
        buf_put_varint(header, r - last);
        buf_put_blob(header, slice_of(part->reasons[r]));
        last = r;
    }
}

static void put_shape(struct buf *header, const struct shape *shape)
{
    uint32_t last = 0;

    buf_put_u64(header, shape->hash);
    buf_put_u8(header, shape->is_raw ? 1 : 0);
    buf_put_varint(header, shape->parent_path);
    buf_put_varint(header, shape->row_count);
    buf_put_blob(header, shape->literals);
    buf_put_varint(header, shape->slot_count);
    for (uint32_t i = 0; i < shape->slot_count; i++) {
        const struct slot *slot = &shape->slots[i];
        buf_put_u8(header, (uint8_t)(slot->kind | (slot->shadowed ? 8 : 0)));
        buf_put_varint(header, slot->path);
        buf_put_varint(header, slot->literal_end - last);
        last = slot->literal_end;
    }
    buf_put_varint(header, shape->object_count);
    for (uint32_t i = 0; i < shape->object_count; i++) {
        const struct shape_object *object = &shape->objects[i];
        buf_put_varint(header, object->path);
        buf_put_varint(header, object->literal_begin);
        buf_put_varint(header, object->literal_end - object->literal_begin);
        buf_put_varint(header, object->slot_begin);
        buf_put_varint(header, object->slot_end - object->slot_begin);
    }
}

static struct slice blob_at(const struct writing *w, size_t place, const struct column_entry *entry)
{
    return (struct slice){w->body.data + w->blob_starts[place], entry->size};
}

static bool is_inline(const struct writing *w, const struct column_entry *entry)
{
    return entry->size <= w->packing.inline_bytes;
}

static void put_entry(struct buf *header, const struct writing *w,
                      const struct column_entry *entry, size_t place)
{
    bool in_header = is_inline(w, entry);

    buf_put_u8(header, (uint8_t)((in_header ? 1 : 0) | (entry->is_indexed ? 2 : 0) |
                                 (entry->donor != 0 ? 4 : 0)));
    buf_put_u8(header, entry->codes);
    buf_put_u8(header, entry->texts);
    buf_put_varint(header, entry->dict_count);
    buf_put_varint(header, entry->text_bytes);
    buf_put_varint(header, entry->base);
    if (entry->donor != 0)
        buf_put_varint(header, entry->donor);
    buf_put_varint(header, entry->size);
    if (in_header)
        buf_add_slice(header, blob_at(w, place, entry));
}

static void put_header(const struct writing *w, struct buf *header)
{
    const struct part *part = w->part;

    buf_put_u8(header, SECTION_FORMAT);
    buf_put_varint(header, part->row_count);
    buf_put_varint(header, part->path_count);
    buf_put_varint(header, part->shape_count);
    buf_put_varint(header, part->root_shape_count);
    for (uint32_t p = 0; p < part->path_count; p++) {
        const struct path_column *column = &part->paths[p];
        buf_put_blob(header, column->path);
        buf_put_u8(header, (uint8_t)((column->is_array ? 1 : 0) | (column->is_object ? 2 : 0) |
                                     (column->has_escapes ? 4 : 0)));
    }
    for (uint32_t s = 0; s < part->shape_count; s++)
        put_shape(header, &part->shapes[s]);
    for (uint32_t i = 0; i < ROW_DATA_COUNT_; i++)
        put_entry(header, w, &w->rows[i], i);
    for (uint32_t p = 0; p < part->path_count; p++)
        if (!part->paths[p].is_object)
            put_entry(header, w, &w->columns[p], ROW_DATA_COUNT_ + p);
    put_reasons(header, part);
    buf_put_varint(header, w->index.page_count);
    buf_add_slice(header, buf_slice(&w->index.directory));
}

static enum status encode_columns(struct writing *w, struct error *err)
{
    const struct part *part = w->part;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < ROW_DATA_COUNT_ && status == STATUS_OK; i++) {
        w->blob_starts[i] = w->body.size;
        status = row_data_encode(part, (enum row_data)i, w->packing, &w->body, &w->rows[i],
                                 err);
    }
    for (uint32_t p = 0; p < part->path_count && status == STATUS_OK; p++) {
        w->blob_starts[ROW_DATA_COUNT_ + p] = w->body.size;
        status = column_encode(w->encoder, p, &w->body, &w->columns[p], err);
    }
    return status;
}

/* header | what is not inline | pages, behind *ret. */
static enum status put_section(struct writing *w, struct buf *ret, struct section_info *info,
                               struct error *err)
{
    size_t start = ret->size;
    struct buf header;

    buf_init(&header, SECTION_HEADER_BYTES_MAX);
    put_header(w, &header);
    enum status status = buf_check(&header, err);
    if (status == STATUS_OK)
        status = zstd_pack(buf_slice(&header), w->packing.level < 3 ? 3 : w->packing.level, ret,
                           err);
    info->header_packed = (uint32_t)(ret->size - start);
    info->header_raw = (uint32_t)header.size;
    info->index_pages = w->index.page_count;
    for (uint32_t i = 0; i < ROW_DATA_COUNT_; i++)
        if (!is_inline(w, &w->rows[i]))
            buf_add_slice(ret, blob_at(w, i, &w->rows[i]));
    for (uint32_t p = 0; p < w->part->path_count; p++)
        if (!is_inline(w, &w->columns[p]))
            buf_add_slice(ret, blob_at(w, ROW_DATA_COUNT_ + p, &w->columns[p]));
    buf_add_slice(ret, buf_slice(&w->index.pages));
    buf_release(&header);
    return status == STATUS_OK ? buf_check(ret, err) : status;
}

static void note_times(const struct writing *w, struct section_info *info)
{
    const struct part *part = w->part;

    info->time_count = 0;
    if (part_has_open_raw(part))
        return;
    for (uint32_t p = 0; p < part->path_count && info->time_count < SECTION_TIMES_MAX; p++) {
        const struct path_column *path = &part->paths[p];
        if (!path->is_array && !path->is_object && w->columns[p].codes == CODES_EVENT)
            info->times[info->time_count++] = section_time_mark(path->path);
    }
}

enum status section_encode(const struct part *part, const struct section_options *options,
                           struct buf *ret, struct section_info *info, struct error *err)
{
    struct writing w = {.part = part, .packing = packing_for(part->row_count, options->level)};
    struct path_uses uses;
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);
    enum status status = STATUS_OK;

    buf_init(&w.body, SECTION_BYTES_MAX);
    buf_init(&w.index.pages, SECTION_BYTES_MAX);
    buf_init(&w.index.directory, SECTION_HEADER_BYTES_MAX);
    if (arena == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    (void)buf_reserve(&w.body, (size_t)part->row_count * BLOB_BYTES_A_ROW);
    w.columns = ARENA_ARRAY(arena, struct column_entry, part->path_count, err);
    w.blob_starts =
        ARENA_ARRAY(arena, size_t, (size_t)part->path_count + ROW_DATA_COUNT_, err);
    if (w.columns == NULL || w.blob_starts == NULL) {
        status = err->status;
        goto out;
    }
    status = column_encoder_new(part, w.packing, options->thorough, &w.encoder, err);
    if (status == STATUS_OK)
        status = encode_columns(&w, err);
    if (status == STATUS_OK)
        status = path_uses_build(part, arena, &uses, err);
    if (status == STATUS_OK)
        status = entity_index_build(part, &uses, options->index_seed, w.columns, &w.index, err);
    if (status == STATUS_OK)
        status = put_section(&w, ret, info, err);
    if (status == STATUS_OK)
        note_times(&w, info);
out:
    column_encoder_free(w.encoder);
    buf_release(&w.body);
    buf_release(&w.index.pages);
    buf_release(&w.index.directory);
    arena_free(arena);
    return status;
}
