/* SPDX-License-Identifier: Apache-2.0 */
/* column_decode.c - one column of a part, read back (docs/format/segment.md).
 *
 * The bytes come from a disk: every count is checked against what the shapes
 * say before memory is taken for it, every code against the dictionary. */
#include "base/time.h"
#include "codec/json.h"
#include "store/column_priv.h"

#include <stdlib.h>

struct decoding {
    const struct part *part;
    const struct path_uses *uses;
    uint32_t path;
    const struct column_entry *entry;
    struct reader reader;
    struct arena *scratch;
    struct cache_memory *memory;
    struct path_column *ret;
    uint32_t *codes; /* scratch, of values: packed at the end */
};

static enum status corrupt(const struct decoding *d, struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "column %u does not decode", d->path);
}

/* Turns tokens into codes, in place; false if one points nowhere.  *ret_fresh
 * is the number of different codes. */
static bool tokens_to_codes(uint32_t *tokens, uint32_t count, bool recent, uint32_t *ret_fresh)
{
    uint32_t fresh = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (tokens[i] == 0)
            tokens[i] = fresh++;
        else if (tokens[i] > fresh)
            return false;
        else
            tokens[i] = recent ? fresh - tokens[i] : tokens[i] - 1;
    }
    *ret_fresh = fresh;
    return true;
}

/* ---- arrays ---- */

static enum status decode_counts(struct decoding *d, struct error *err)
{
    struct path_column *ret = d->ret;
    uint64_t total = 0;
    uint32_t *counts = NULL, count = 0;

    ret->codes.wide =
        cache_memory_alloc(d->memory, (size_t)ret->value_count * sizeof(uint32_t) + 4, err);
    ret->value_starts =
        cache_memory_alloc(d->memory, ((size_t)ret->value_count + 1) * sizeof(uint32_t), err);
    if (ret->codes.wide == NULL || ret->value_starts == NULL)
        return err->status;
    if (d->entry->codes == CODES_PLANES) {
        enum status status = planes_get(&d->reader, d->scratch, &counts, &count, err);
        if (status != STATUS_OK)
            return status;
        if (count != ret->value_count)
            return corrupt(d, err);
    } else if (d->entry->codes != CODES_CONST) {
        return corrupt(d, err);
    }
    uint64_t same = counts == NULL ? reader_varint(&d->reader) : 0;
    for (uint32_t v = 0; v < ret->value_count; v++) {
        uint64_t n = counts == NULL ? same : counts[v];
        ret->value_starts[v] = (uint32_t)total;
        if (n > COLUMN_VALUES_MAX - total)
            return corrupt(d, err);
        ret->codes.wide[v] = (uint32_t)n;
        total += n;
    }
    ret->value_starts[ret->value_count] = (uint32_t)total;
    ret->element_count = (uint32_t)total;
    return STATUS_OK;
}

static bool is_element_shape(const struct decoding *d, uint64_t shape)
{
    return shape >= d->part->root_shape_count && shape < d->part->shape_count &&
           d->part->shapes[shape].parent_path == d->path;
}

/* Every shape below this array has as many elements as the header says. */
static enum status check_shape_counts(struct decoding *d, const uint32_t *seen, struct error *err)
{
    for (uint32_t s = d->part->root_shape_count; s < d->part->shape_count; s++)
        if (d->part->shapes[s].parent_path == d->path && d->part->shapes[s].row_count != seen[s])
            return corrupt(d, err);
    return STATUS_OK;
}

static enum status decode_many_shapes(struct decoding *d, uint64_t low, uint32_t *seen,
                                      struct error *err)
{
    struct path_column *ret = d->ret;
    uint32_t *tokens = NULL, count = 0;
    enum status status = planes_get(&d->reader, d->scratch, &tokens, &count, err);

    if (status != STATUS_OK)
        return status;
    if (count != ret->element_count || low > UINT32_MAX)
        return corrupt(d, err);
    size_t size = (size_t)count * sizeof(uint32_t) + 4;
    ret->element_shapes = cache_memory_alloc(d->memory, size, err);
    ret->element_ranks = cache_memory_alloc(d->memory, size, err);
    if (ret->element_shapes == NULL || ret->element_ranks == NULL)
        return err->status;
    for (uint32_t e = 0; e < count; e++) {
        uint64_t shape = low + tokens[e];
        if (!is_element_shape(d, shape))
            return corrupt(d, err);
        ret->element_shapes[e] = (uint32_t)shape;
        ret->element_ranks[e] = seen[shape]++;
    }
    return STATUS_OK;
}

static enum status decode_array(struct decoding *d, struct error *err)
{
    struct path_column *ret = d->ret;
    enum status status = decode_counts(d, err);

    if (status != STATUS_OK)
        return status;
    uint8_t many = reader_u8(&d->reader);
    uint64_t low = reader_varint(&d->reader);
    uint32_t *seen = ARENA_ARRAY(d->scratch, uint32_t, (size_t)d->part->shape_count + 1, err);
    if (seen == NULL)
        return err->status;
    if (d->reader.failed || many > 1)
        return corrupt(d, err);
    if (many == 1) {
        status = decode_many_shapes(d, low, seen, err);
    } else if (ret->element_count > 0) {
        if (!is_element_shape(d, low))
            return corrupt(d, err);
        ret->only_shape = (uint32_t)low;
        seen[low] = ret->element_count;
    }
    return status == STATUS_OK ? check_shape_counts(d, seen, err) : status;
}

/* ---- values ---- */

static enum status decode_event(struct decoding *d, struct error *err)
{
    const struct part *part = d->part;
    struct path_column *ret = d->ret;
    uint32_t form = d->entry->base;

    if (form >= TIME_FORM_COUNT || part->event_times == NULL ||
        path_parent(part, d->uses, d->path) != 0)
        return corrupt(d, err);
    size_t size = time_form_size((uint8_t)form);
    char *text = cache_memory_alloc(d->memory, size * ret->dict_count + 1, err);
    struct map_slot {
        int64_t ticks;
        uint32_t code;
    } *slots = NULL;
    uint32_t slot_count = 16, fresh = 0;
    while (slot_count < (uint64_t)ret->dict_count * 2)
        slot_count *= 2;
    slots = ARENA_ARRAY(d->scratch, struct map_slot, slot_count, err);
    if (text == NULL || slots == NULL)
        return err->status;
    /* values stand in the order of the uses: codes follow by first occurrence,
     * which is the order of the column, so go through it by `first` */
    int64_t *ticks = arena_alloc_raw(d->scratch, (size_t)ret->value_count * 8 + 8, err);
    if (ticks == NULL)
        return err->status;
    for (uint32_t u = d->uses->starts[d->path]; u < d->uses->starts[d->path + 1]; u++) {
        const struct shape *shape = &part->shapes[d->uses->uses[u].shape];
        uint32_t first = shape->slots[d->uses->uses[u].slot].first;
        memcpy(ticks + first, part->event_times + shape->row_begin,
               shape->row_count * sizeof(*ticks));
    }
    for (uint32_t v = 0; v < ret->value_count; v++) {
        uint32_t at = (uint32_t)(((uint64_t)ticks[v] * 0x9E3779B97F4A7C15u) >> 32);
        while (slots[at & (slot_count - 1)].code != 0 &&
               slots[at & (slot_count - 1)].ticks != ticks[v])
            at++;
        struct map_slot *slot = &slots[at & (slot_count - 1)];
        if (slot->code == 0) {
            if (fresh == ret->dict_count || ticks[v] < 0 || ticks[v] > TICKS_MAX)
                return corrupt(d, err);
            time_form_write((uint8_t)form, ticks[v], text + fresh * size);
            ret->dict[fresh] = (struct slice){text + fresh * size, size};
            *slot = (struct map_slot){ticks[v], ++fresh};
        }
        d->codes[v] = slot->code - 1;
    }
    memset(ret->dict_kinds, JSON_STRING, ret->dict_count);
    return fresh == ret->dict_count ? STATUS_OK : corrupt(d, err);
}

static const struct path_column *base_of(const struct decoding *d)
{
    uint32_t base = d->entry->base;

    if (base == 0 || base >= d->part->path_count || base == d->path)
        return NULL;
    const struct path_column *column = &d->part->paths[base];
    return column->is_array || column->is_object || !column->loaded ? NULL : column;
}

static enum status context_codes(struct decoding *d, uint32_t **ret, struct error *err)
{
    *ret = arena_alloc(d->scratch, (size_t)d->ret->value_count * sizeof(**ret) + 4, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t p = d->path; (p = path_parent(d->part, d->uses, p)) != 0;)
        if (!d->part->paths[p].loaded)
            return corrupt(d, err);
    return part_context_codes(d->part, d->uses, d->path, d->entry->base, *ret, err);
}

static enum status decode_same(struct decoding *d, struct error *err)
{
    const struct path_column *base = base_of(d);
    struct path_column *ret = d->ret;
    uint32_t *context = NULL, fresh = 0;

    if (base == NULL || base->dict == NULL)
        return corrupt(d, err);
    enum status status = context_codes(d, &context, err);
    if (status != STATUS_OK)
        return status;
    uint32_t *map = arena_alloc(d->scratch, (size_t)base->dict_count * sizeof(*map) + 4, err);
    char *text = cache_memory_alloc(d->memory, (size_t)d->entry->text_bytes + 1, err);
    if (map == NULL || text == NULL)
        return err->status;
    char *end = text + d->entry->text_bytes;
    for (uint32_t v = 0; v < ret->value_count; v++) {
        uint32_t c = context[v];
        if (c >= base->dict_count)
            return corrupt(d, err);
        if (map[c] == 0) {
            struct slice from = base->dict[c];
            if (fresh == ret->dict_count || from.size > (size_t)(end - text))
                return corrupt(d, err);
            if (from.size > 0)
                memcpy(text, from.data, from.size);
            ret->dict[fresh] = (struct slice){text, from.size};
            ret->dict_kinds[fresh] = base->dict_kinds[c];
            text += from.size;
            map[c] = ++fresh;
        }
        d->codes[v] = map[c] - 1;
    }
    return fresh == ret->dict_count && text == end ? STATUS_OK : corrupt(d, err);
}

static enum status decode_context(struct decoding *d, struct error *err)
{
    const struct path_column *base = base_of(d);
    struct path_column *ret = d->ret;
    struct context_lists lists = {0};
    struct slice ranks;
    uint32_t *escapes = NULL, *context = NULL, escape_count = 0, fresh = 0, next = 0;

    if (base == NULL)
        return corrupt(d, err);
    enum status status = stream_get(&d->reader, d->scratch, &ranks, err);
    if (status == STATUS_OK)
        status = planes_get(&d->reader, d->scratch, &escapes, &escape_count, err);
    if (status == STATUS_OK)
        status = context_codes(d, &context, err);
    if (status != STATUS_OK)
        return status;
    if (ranks.size != ret->value_count ||
        !tokens_to_codes(escapes, escape_count, true, &fresh) || fresh != ret->dict_count)
        return corrupt(d, err);
    status = context_lists_init(&lists, base->dict_count + 1, context, ret->value_count, err);
    for (uint32_t v = 0; status == STATUS_OK && v < ret->value_count; v++) {
        uint8_t rank = (uint8_t)ranks.data[v];
        if (rank != CONTEXT_ESCAPE) {
            if (!context_take(&lists, context[v], rank, &d->codes[v]))
                status = corrupt(d, err);
        } else if (next == escape_count) {
            status = corrupt(d, err);
        } else {
            d->codes[v] = escapes[next++];
            context_push(&lists, context[v], d->codes[v]);
        }
    }
    context_lists_release(&lists);
    return status;
}

static enum status decode_tokens(struct decoding *d, bool recent, struct error *err)
{
    uint32_t *tokens = NULL, count = 0, fresh = 0;
    enum status status = planes_get(&d->reader, d->scratch, &tokens, &count, err);

    if (status != STATUS_OK)
        return status;
    if (count != d->ret->value_count || !tokens_to_codes(tokens, count, recent, &fresh) ||
        fresh != d->ret->dict_count)
        return corrupt(d, err);
    d->codes = tokens;
    return STATUS_OK;
}

/* *ret_texts: whether the texts follow in the blob. */
static enum status decode_codes(struct decoding *d, bool *ret_texts, struct error *err)
{
    struct path_column *ret = d->ret;

    *ret_texts = true;
    switch ((enum codes_encoding)d->entry->codes) {
    case CODES_CONST:
        return ret->dict_count == 1 ? STATUS_OK : corrupt(d, err);
    case CODES_IDENTITY:
        for (uint32_t v = 0; v < ret->value_count; v++)
            d->codes[v] = v;
        return ret->dict_count == ret->value_count ? STATUS_OK : corrupt(d, err);
    case CODES_PLANES:
        return decode_tokens(d, false, err);
    case CODES_RECENT:
        return decode_tokens(d, true, err);
    case CODES_SAME:
        *ret_texts = false;
        return decode_same(d, err);
    case CODES_CONTEXT:
        return decode_context(d, err);
    case CODES_EVENT:
        *ret_texts = false;
        return decode_event(d, err);
    case CODES_COUNT_:
        break;
    }
    return corrupt(d, err);
}

static enum status decode_dictionary(struct decoding *d, struct error *err)
{
    struct path_column *ret = d->ret;
    struct slice kinds;
    enum status status =
        d->entry->donor != 0
            ? borrow_decode(d->entry, &d->part->paths[d->entry->donor], &d->reader, d->scratch,
                            d->memory, ret, err)
        : texts_are_guids(d->entry->texts)
            ? guids_decode(d->entry, &d->reader, d->scratch, d->memory, &ret->guids, err)
            : texts_decode(d->entry, &d->reader, d->scratch, d->memory, ret->dict, err);

    if (status != STATUS_OK)
        return status;
    uint8_t kind = reader_u8(&d->reader);
    if (kind != UINT8_MAX) {
        memset(ret->dict_kinds, kind, ret->dict_count);
        return d->reader.failed || kind > JSON_NULL ? corrupt(d, err) : STATUS_OK;
    }
    status = stream_get(&d->reader, d->scratch, &kinds, err);
    if (status != STATUS_OK)
        return status;
    if (kinds.size != ret->dict_count)
        return corrupt(d, err);
    memcpy(ret->dict_kinds, kinds.data, kinds.size);
    for (uint32_t i = 0; i < ret->dict_count; i++)
        if (ret->dict_kinds[i] > JSON_NULL)
            return corrupt(d, err);
    return STATUS_OK;
}

static enum status pack_codes(struct decoding *d, struct error *err)
{
    enum code_width width = code_width_for(d->ret->dict_count);
    size_t bytes = codes_bytes(width, d->ret->value_count);
    void *room = bytes == 0 ? NULL : cache_memory_alloc(d->memory, bytes, err);

    if (bytes > 0 && room == NULL)
        return err->status;
    d->ret->codes = codes_pack(d->codes, d->ret->value_count, width, room);
    return STATUS_OK;
}

static bool has_own_texts(const struct column_entry *entry)
{
    return entry->codes != CODES_SAME && entry->codes != CODES_EVENT;
}

static enum status alloc_texts(struct decoding *d, struct error *err)
{
    struct path_column *ret = d->ret;
    size_t count = (size_t)ret->dict_count + 1;

    ret->dict_kinds = cache_memory_alloc(d->memory, count, err);
    if (ret->dict_kinds == NULL || (texts_are_guids(d->entry->texts) && has_own_texts(d->entry)))
        return ret->dict_kinds == NULL ? err->status : STATUS_OK;
    ret->dict = cache_memory_alloc(d->memory, count * sizeof(*ret->dict), err);
    if (ret->dict == NULL)
        return err->status;
    ret->dict[ret->dict_count] = (struct slice){"", 0};
    return STATUS_OK;
}

static enum status decode_values(struct decoding *d, struct error *err)
{
    struct path_column *ret = d->ret;
    bool texts = false;

    if (ret->value_count == 0)
        return STATUS_OK;
    ret->dict_count = d->entry->dict_count;
    if (ret->dict_count == 0 || ret->dict_count > ret->value_count)
        return corrupt(d, err);
    d->codes = ARENA_ARRAY(d->scratch, uint32_t, (size_t)ret->value_count, err);
    if (d->codes == NULL)
        return err->status;
    enum status status = alloc_texts(d, err);
    if (status == STATUS_OK)
        status = decode_codes(d, &texts, err);
    if (status == STATUS_OK)
        status = pack_codes(d, err);
    if (status == STATUS_OK && texts)
        status = decode_dictionary(d, err);
    return status;
}

enum status column_decode(const struct part *part, const struct path_uses *uses, uint32_t path,
                          const struct column_bytes *source, struct cache_memory *memory,
                          struct path_column *ret, struct error *err)
{
    const struct path_column *known = &part->paths[path];
    const struct column_entry *entry = source->entry;
    struct reader reader = reader_from(source->blob.data, source->blob.size);
    struct decoding d = {part, uses, path, entry, reader, NULL, memory, ret, NULL};
    enum status status = STATUS_OK;

    *ret = (struct path_column){.path = known->path, .is_array = known->is_array,
                                .is_object = known->is_object, .has_escapes = known->has_escapes,
                                .value_count = entry->value_count};
    if (entry->value_count > COLUMN_VALUES_MAX || entry->text_bytes > COLUMN_STREAM_BYTES_MAX)
        return corrupt(&d, err);
    d.scratch = arena_new(ARENA_BUDGET_BYTES_MAX);
    if (d.scratch == NULL)
        return ERROR_MEMORY(err);
    status = known->is_array ? decode_array(&d, err) : decode_values(&d, err);
    if (status == STATUS_OK && (d.reader.failed || reader_left(&d.reader) != 0))
        status = corrupt(&d, err);
    ret->loaded = status == STATUS_OK;
    arena_free(d.scratch);
    return status;
}
