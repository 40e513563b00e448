/* SPDX-License-Identifier: Apache-2.0 */
/* section_view.c - a section as a part whose columns are loaded one by one.
 *
 * A column is decoded once for all views and lies in the cache; the arena of a view holds the
 * pins and gives them back when the view is freed. */
#include "base/slab.h"
#include "store/sealed_priv.h"
#include "store/values_priv.h"

#include <stdlib.h>

#define COLUMN_MEMORY_BYTES_MAX (2 * GIB)

/* ---- views ---- */

/* What of an array's elements is loaded, with all that is below them. */
enum tree { TREE_NOTHING, TREE_LEAN, TREE_TEXTS };

struct section_reader { /* in the arena of the view */
    struct section *section;
    struct cache_entry *header_entry;
    const struct section_header *header;
    struct cache_entry **pins; /* row data, then by path */
    uint32_t pin_count;
    uint8_t *trees; /* by path: enum tree */
};

static void release_reader(void *arg)
{
    struct section_reader *reader = arg;

    for (uint32_t i = 0; i < reader->pin_count; i++)
        cache_unpin(reader->pins[i]);
    cache_unpin(reader->header_entry);
    section_unref(reader->section);
}

enum status section_peek(struct section *section, struct section_peek *ret, struct error *err)
{
    *ret = (struct section_peek){.section = section};
    if (!section_is_usable(section))
        return ERROR_SET(err, STATUS_CORRUPT, "segment %016llx, section %u was found damaged",
                         (unsigned long long)section->info.segment, section->info.index);
    enum status status = section_header_get(section, &ret->entry, err);
    if (status != STATUS_OK)
        return section_note(section, status, err);
    ret->part = ((const struct section_header *)ret->entry->payload)->part;
    return STATUS_OK;
}

void section_peek_end(struct section_peek *peek)
{
    cache_unpin(peek->entry);
    peek->entry = NULL;
}

uint64_t section_value_count(struct section *section)
{
    struct section_peek peek;
    struct error ignored;

    if (section_peek(section, &peek, &ignored) != STATUS_OK)
        return 0;
    uint64_t count = peek.part->value_count;
    section_peek_end(&peek);
    return count;
}

enum status section_view(struct section *section, struct part **ret, struct error *err)
{
    struct section_peek peek;
    struct part *view = NULL;
    enum status status = section_peek(section, &peek, err);

    if (status != STATUS_OK)
        return status;
    struct cache_entry *entry = peek.entry;
    const struct section_header *header = entry->payload;
    status = section_header_view(header, &view, err);
    if (status != STATUS_OK)
        goto out;
    uint32_t pin_count = ROW_DATA_COUNT_ + view->path_count;
    struct section_reader *reader = ARENA_NEW(view->arena, struct section_reader, err);
    struct cache_entry **pins =
        (struct cache_entry **)arena_alloc_array(view->arena, pin_count, sizeof(*pins), err);
    uint8_t *trees = ARENA_ARRAY(view->arena, uint8_t, (size_t)view->path_count + 1, err);
    if (reader == NULL || pins == NULL || trees == NULL) {
        status = err->status;
        goto out;
    }
    *reader = (struct section_reader){section, entry, header, pins, pin_count, trees};
    status = arena_on_free(view->arena, release_reader, reader, err);
    if (status != STATUS_OK)
        goto out;
    (void)section_ref(section);
    view->reader = reader;
    *ret = view;
    view = NULL;
    entry = NULL;
out:
    part_unref(view);
    cache_unpin(entry);
    return status;
}

/* ---- columns ---- */

/* Texts of GUIDs, once somebody wants all of them. */
struct guid_texts {
    struct cache_memory memory;
    struct slice *dict;
};

struct loaded {
    struct cache_memory memory;
    _Atomic(struct guid_texts *) texts;
    struct path_column column;
    void *rows;
    bool is_whole; /* TIMES: all are whole seconds */
};

static void free_guid_texts(struct guid_texts *texts)
{
    if (texts != NULL)
        cache_memory_free(&texts->memory);
    free(texts);
}

static void free_loaded(void *payload)
{
    struct loaded *loaded = payload;

    free_guid_texts(atomic_load(&loaded->texts));
    path_values_free(atomic_load(&loaded->column.values));
    cache_memory_free(&loaded->memory);
    slab_free(loaded, sizeof(*loaded));
}

/* The blob of an entry: in the header or read into *bytes. */
static enum status get_blob(const struct section_reader *reader, const struct column_entry *entry,
                            struct buf *bytes, struct slice *ret, struct error *err)
{
    if (entry->is_inline) {
        *ret = slice_head(slice_tail(reader->header->raw, entry->offset), entry->size);
        return STATUS_OK;
    }
    enum status status = section_read(reader->section, &reader->header->reader,
                                      (struct plain_range){entry->offset, entry->size}, bytes,
                                      err);
    *ret = buf_slice(bytes);
    return status;
}

static bool are_whole_seconds(const int64_t *times, uint32_t count)
{
    bool whole = true;

    for (uint32_t i = 0; i < count && whole; i++)
        whole = times[i] % TICKS_PER_SECOND == 0;
    return whole;
}

/* Decodes item `place` (row data, then paths) and pins it. */
static enum status make_item(struct part *view, uint32_t place, struct error *err)
{
    struct section_reader *reader = view->reader;
    const struct section_header *header = reader->header;
    bool is_rows = place < ROW_DATA_COUNT_;
    const struct column_entry *entry =
        is_rows ? &header->rows[place] : &header->columns[place - ROW_DATA_COUNT_];
    struct loaded *loaded = slab_alloc(sizeof(*loaded));
    struct slice blob;
    struct buf bytes;

    if (loaded == NULL)
        return ERROR_MEMORY(err);
    memset(loaded, 0, sizeof(*loaded));
    loaded->memory.bytes_max = COLUMN_MEMORY_BYTES_MAX;
    buf_init(&bytes, SECTION_BYTES_MAX);
    enum status status = get_blob(reader, entry, &bytes, &blob, err);
    if (status == STATUS_OK)
        status = is_rows ? row_data_decode(view, (enum row_data)place, entry, blob,
                                           &loaded->memory, &loaded->rows, err)
                         : column_decode(view, &header->uses, place - ROW_DATA_COUNT_,
                                         &(struct column_bytes){entry, blob}, &loaded->memory,
                                         &loaded->column, err);
    buf_release(&bytes);
    if (status != STATUS_OK) {
        free_loaded(loaded);
        return status;
    }
    if (place == ROW_TIMES)
        loaded->is_whole = are_whole_seconds(loaded->rows, view->row_count);
    reader->pins[place] =
        cache_add(reader->section->cache, reader->section->id, ITEM_ROWS + place, loaded,
                  free_loaded, loaded->memory.bytes + sizeof(*loaded));
    return reader->pins[place] == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

/* Is the item at hand without decoding it?  It is pinned then. */
static bool find_item(const struct part *view, uint32_t place)
{
    const struct section_reader *reader = view->reader;

    if (reader->pins[place] == NULL)
        reader->pins[place] =
            cache_find(reader->section->cache, reader->section->id, ITEM_ROWS + place);
    return reader->pins[place] != NULL;
}

static enum status get_item(struct part *view, uint32_t place, struct loaded **ret,
                            struct error *err)
{
    enum status status = find_item(view, place) ? STATUS_OK : make_item(view, place, err);

    if (status == STATUS_OK)
        *ret = view->reader->pins[place]->payload;
    return status;
}

static enum status load_rows(struct part *view, unsigned which, struct error *err)
{
    struct loaded *loaded = NULL;
    enum status status = STATUS_OK;

    if ((which & (ROWS_SEQS | ROWS_RECEIVED)) != 0 && view->seqs == NULL) {
        status = get_item(view, ROW_SEQS, &loaded, err);
        if (status == STATUS_OK)
            view->seqs = loaded->rows;
    }
    if (status == STATUS_OK && (which & ROWS_TIMES) != 0 && view->event_times == NULL) {
        status = get_item(view, ROW_TIMES, &loaded, err);
        if (status == STATUS_OK)
            view->event_times = loaded->rows;
    }
    if (status == STATUS_OK && (which & ROWS_RECEIVED) != 0 && view->received_us == NULL) {
        status = get_item(view, ROW_RECEIVED, &loaded, err);
        if (status == STATUS_OK)
            view->received_us = loaded->rows;
    }
    if (status == STATUS_OK && (which & ROWS_FLAGS) != 0 && view->row_flags == NULL) {
        status = get_item(view, ROW_FLAGS, &loaded, err);
        if (status == STATUS_OK) {
            view->row_flags = loaded->rows;
            view->reasons = view->reader->header->part->reasons;
        }
    }
    return status;
}

static struct guid_texts *make_guid_texts(const struct path_column *column, struct error *err)
{
    struct guid_texts *texts = calloc(1, sizeof(*texts));
    size_t count = column->dict_count;

    if (texts == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    texts->dict =
        cache_memory_alloc(&texts->memory, (count + 1) * sizeof(*texts->dict), err);
    char *text = cache_memory_alloc(&texts->memory, count * GUID_TEXT_BYTES + 1, err);
    if (texts->dict == NULL || text == NULL) {
        free_guid_texts(texts);
        return NULL;
    }
    guids_to_texts(column->guids, column->dict_count, text, texts->dict);
    texts->dict[count] = (struct slice){"", 0};
    return texts;
}

/* The texts of a loaded column, which stay with the cached one. */
static enum status get_texts(struct part *view, uint32_t path, struct error *err)
{
    struct path_column *column = &view->paths[path];

    if (column->guids == NULL || column->dict != NULL)
        return STATUS_OK;
    struct loaded *loaded = column->home_entry->payload;
    struct guid_texts *texts = atomic_load_explicit(&loaded->texts, memory_order_acquire);
    if (texts == NULL) {
        struct guid_texts *mine = make_guid_texts(column, err);
        if (mine == NULL)
            return err->status;
        if (atomic_compare_exchange_strong(&loaded->texts, &texts, mine)) {
            texts = mine;
            cache_charge(column->home_entry, mine->memory.bytes);
        } else {
            free_guid_texts(mine);
        }
    }
    column->dict = texts->dict;
    return STATUS_OK;
}

static enum status load_path(struct part *view, uint32_t path, unsigned depth, struct error *err);

/* What a column has to be decoded with. */
static enum status load_leaned_on(struct part *view, uint32_t path, unsigned depth,
                                  struct error *err)
{
    const struct column_entry *entry = &view->reader->header->columns[path];
    enum status status = STATUS_OK;

    if (entry->codes == CODES_SAME || entry->codes == CODES_CONTEXT)
        status = load_path(view, entry->base, depth, err);
    if (status == STATUS_OK && entry->codes == CODES_SAME)
        status = get_texts(view, entry->base, err);
    if (status == STATUS_OK && entry->donor != 0)
        status = load_path(view, entry->donor, depth, err);
    if (status == STATUS_OK && entry->donor != 0 && !texts_are_guids(entry->texts))
        status = get_texts(view, entry->donor, err);
    if (status == STATUS_OK && entry->codes == CODES_EVENT && !view->paths[path].is_array)
        status = load_rows(view, ROWS_TIMES, err);
    return status;
}

/* depth: bases of bases and arrays of arrays, both bounded by the header's
 * checks; 128 is above their sum. */
static enum status load_path(struct part *view, uint32_t path, unsigned depth, struct error *err)
{
    uint32_t place = ROW_DATA_COUNT_ + path;
    enum status status = STATUS_OK;

    if (view->paths[path].is_object)
        view->paths[path].loaded = true; /* there is nothing to load */
    if (view->paths[path].loaded)
        return STATUS_OK;
    if (depth > 128)
        return ERROR_SET(err, STATUS_CORRUPT, "columns lean on each other too deeply");
    uint32_t parent = path_parent(view, &view->reader->header->uses, path);
    if (parent != 0)
        status = load_path(view, parent, depth + 1, err);
    bool is_found = status == STATUS_OK && find_item(view, place);
    if (status == STATUS_OK && !is_found)
        status = load_leaned_on(view, path, depth + 1, err);
    if (status == STATUS_OK && !is_found)
        status = make_item(view, place, err);
    if (status != STATUS_OK)
        return status;
    struct loaded *loaded = view->reader->pins[place]->payload;
    struct slice name = view->paths[path].path;
    memcpy(&view->paths[path], &loaded->column, sizeof(loaded->column));
    view->paths[path].path = name; /* the decoder's view may be gone */
    atomic_init(&view->paths[path].values, NULL);
    view->paths[path].home = &loaded->column;
    view->paths[path].home_entry = view->reader->pins[place];
    return STATUS_OK;
}

enum status section_load_lean(struct part *view, uint32_t path, struct error *err)
{
    if (view->reader == NULL)
        return STATUS_OK;
    return section_note(view->reader->section, load_path(view, path, 0, err), err);
}

enum status section_load(struct part *view, uint32_t path, struct error *err)
{
    enum status status = section_load_lean(view, path, err);

    return status == STATUS_OK ? get_texts(view, path, err) : status;
}

enum status section_load_rows(struct part *view, unsigned which, struct error *err)
{
    if (view->reader == NULL)
        return STATUS_OK;
    return section_note(view->reader->section, load_rows(view, which, err), err);
}

static int64_t event_unit(const struct section_header *header, uint32_t path)
{
    const struct column_entry *entry = &header->columns[path];
    const struct path_column *column = &header->part->paths[path];

    return entry->codes == CODES_EVENT && !column->is_array && !column->is_object
               ? time_form_unit((uint8_t)entry->base)
               : 0;
}

int64_t section_event_unit(const struct part *view, uint32_t path)
{
    return event_unit(view->reader->header, path);
}

int64_t section_peek_event_unit(const struct section_peek *peek, uint32_t path)
{
    return event_unit(peek->entry->payload, path);
}

static enum text_form text_form(const struct section_header *header, uint32_t path)
{
    const struct column_entry *entry = &header->columns[path];

    for (unsigned i = 0; i < CONTEXT_CHAIN_MAX && entry->codes == CODES_SAME; i++)
        entry = &header->columns[entry->base];
    if (texts_are_guids(entry->texts))
        return FORM_GUID;
    if (entry->codes == CODES_EVENT)
        return FORM_TIME;
    if (entry->donor != 0)
        return FORM_ANY;
    return entry->texts == TEXTS_INTEGER ? FORM_INTEGER
           : entry->texts == TEXTS_TIME  ? FORM_TIME
                                         : FORM_ANY;
}

enum text_form section_text_form(const struct part *view, uint32_t path)
{
    return text_form(view->reader->header, path);
}

enum text_form section_peek_text_form(const struct section_peek *peek, uint32_t path)
{
    return text_form(peek->entry->payload, path);
}

struct section *section_of_view(const struct part *view)
{
    return view->reader->section;
}

bool section_times_are_whole(const struct part *view)
{
    const struct loaded *times = view->reader->pins[ROW_TIMES]->payload;

    return times->is_whole;
}

static enum status load_slots(struct part *view, const struct slot_range *range, enum tree wanted,
                              struct error *err);

/* What is below an array is loaded once: its elements may have it, and each array in them, in any
 * number of slots, so a walk from slot to slot would take ever longer from level to level. */
static enum status load_elements(struct part *view, uint32_t array, enum tree wanted,
                                 struct error *err)
{
    uint8_t *have = &view->reader->trees[array];
    enum status status = STATUS_OK;

    if (*have >= (uint8_t)wanted)
        return STATUS_OK;
    for (uint32_t s = view->root_shape_count; s < view->shape_count && status == STATUS_OK; s++) {
        const struct shape *shape = &view->shapes[s];
        if (shape->parent_path == array)
            status = load_slots(view, &(struct slot_range){s, 0, shape->slot_count}, wanted, err);
    }
    if (status == STATUS_OK)
        *have = (uint8_t)wanted;
    return status;
}

static enum status load_slots(struct part *view, const struct slot_range *range, enum tree wanted,
                              struct error *err)
{
    const struct shape *shape = &view->shapes[range->shape];
    enum status status = STATUS_OK;

    if (view->reader == NULL)
        return STATUS_OK;
    for (uint32_t i = range->begin; i < range->end && status == STATUS_OK; i++) {
        const struct slot *slot = &shape->slots[i];
        status = wanted == TREE_TEXTS ? section_load(view, slot->path, err)
                                      : section_load_lean(view, slot->path, err);
        if (status == STATUS_OK && slot->kind == SLOT_ARRAY)
            status = load_elements(view, slot->path, wanted, err);
    }
    return status;
}

enum status section_load_slots(struct part *view, const struct slot_range *range,
                               struct error *err)
{
    return load_slots(view, range, TREE_LEAN, err);
}

enum status section_load_shape(struct part *view, uint32_t shape, struct error *err)
{
    const struct slot_range all = {shape, 0, view->shapes[shape].slot_count};

    return load_slots(view, &all, TREE_TEXTS, err);
}

enum status section_load_all(struct part *view, struct error *err)
{
    enum status status =
        section_load_rows(view, ROWS_SEQS | ROWS_TIMES | ROWS_RECEIVED | ROWS_FLAGS, err);

    for (uint32_t p = 0; p < view->path_count && status == STATUS_OK; p++)
        status = section_load(view, p, err);
    return status;
}
