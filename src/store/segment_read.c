/* SPDX-License-Identifier: Apache-2.0 */
/* segment_read.c - sections of segment files: opening, views, loading columns.
 *
 * A view is a part whose columns are filled one by one from the cache; its
 * arena holds the pins and gives them back when the view is freed. */
#include "base/random.h"
#include "base/slab.h"
#include "codec/compress.h"
#include "store/sealed_priv.h"
#include "store/values_priv.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEM_HEADER 0u
#define ITEM_ROWS 1u /* and above: data of rows, then columns */
#define ITEM_PAGES (1u << 23)
#define ITEM_ROLLUPS (1u << 24) /* and above */
#define COLUMN_MEMORY_BYTES_MAX (2 * GIB)

/* ---- files and sections ---- */

enum status segment_file_new(struct io *io, uint64_t number, struct segment_file **ret,
                             struct error *err)
{
    struct segment_file *file = calloc(1, sizeof(*file));

    if (file == NULL)
        return ERROR_MEMORY(err);
    atomic_init(&file->references, 1);
    atomic_init(&file->is_dead, false);
    file->io = io;
    file->number = number;
    (void)pthread_mutex_init(&file->lock, NULL);
    *ret = file;
    return STATUS_OK;
}

void segment_file_unref(struct segment_file *file)
{
    if (file == NULL || atomic_fetch_sub(&file->references, 1) != 1)
        return;
    io_close(file->file);
    if (atomic_load(&file->is_dead)) {
        char path[SEGMENT_PATH_BYTES];
        segment_path(file->number, "seg", path);
        io_unlink_if_possible(file->io, path); /* what stays is removed at the next start */
    }
    (void)pthread_mutex_destroy(&file->lock);
    free(file);
}

enum status section_new(const struct section_info *info, struct segment_file *file,
                        struct slice plain, struct keyring *keyring, struct cache *cache,
                        struct section **ret, struct error *err)
{
    struct section *section = slab_alloc(sizeof(*section));

    if (section == NULL)
        return ERROR_MEMORY(err);
    memset(section, 0, sizeof(*section));
    atomic_init(&section->references, 1);
    atomic_init(&section->is_broken, false);
    atomic_init(&section->is_unread, false);
    atomic_init(&section->facts, file == NULL ? FACTS_SOUND : FACTS_UNKNOWN);
    atomic_init(&section->found, NULL);
    section->info = *info;
    section->id = random_u64();
    section->plain = plain;
    section->keyring = keyring;
    section->cache = cache;
    section->file = file;
    if (file != NULL)
        (void)atomic_fetch_add(&file->references, 1);
    cache_hold(cache, sizeof(*section));
    *ret = section;
    return STATUS_OK;
}

struct section *section_ref(struct section *section)
{
    (void)atomic_fetch_add(&section->references, 1);
    return section;
}

static size_t found_bytes(uint32_t path_count)
{
    return sizeof(struct found_types) + path_count;
}

static size_t whole_bytes(const struct map *types)
{
    size_t bytes = sizeof(*types) + types->entry_capacity * sizeof(*types->entries) +
                   types->slot_count * sizeof(*types->slots);

    for (size_t i = 0; i < types->count; i++)
        bytes += types->entries[i].key.size;
    return bytes;
}

static void free_whole(struct section *section, struct map *whole)
{
    if (whole == NULL)
        return;
    cache_let_go(section->cache, whole_bytes(whole));
    map_release(whole);
    free(whole);
}

static void free_found(struct section *section)
{
    struct found_types *found = atomic_load(&section->found);

    if (found != NULL)
        cache_let_go(section->cache, found_bytes(found->path_count));
    free(found);
    free_whole(section, section->whole);
}

void section_unref(struct section *section)
{
    if (section == NULL || atomic_fetch_sub(&section->references, 1) != 1)
        return;
    free_found(section);
    cache_drop(section->cache, section->id);
    cache_let_go(section->cache, sizeof(*section));
    segment_file_unref(section->file);
    slab_free(section, sizeof(*section));
}

const struct section_info *section_info(const struct section *section)
{
    return &section->info;
}

bool section_is_usable(const struct section *section)
{
    return !atomic_load(&section->is_broken);
}

bool section_is_unread(const struct section *section)
{
    return atomic_load(&section->is_unread);
}

bool section_was_unread(enum status status, const struct error *err)
{
    return status == STATUS_IO && strcmp(err->code, SCAN_SECTION_UNREADABLE) == 0;
}

/* STATUS_IO, twice. */
static enum status note_unread(struct section *section, struct error *err)
{
    atomic_store(&section->is_unread, true);
    return error_code(err, SCAN_SECTION_UNREADABLE);
}

enum status section_note(struct section *section, enum status status, struct error *err)
{
    if (status != STATUS_CORRUPT && status != STATUS_NOT_FOUND)
        return status;
    if (!atomic_exchange(&section->is_broken, true) && section->corrupt_count != NULL)
        (void)atomic_fetch_add(section->corrupt_count, 1);
    err->status = STATUS_CORRUPT;
    return error_wrap(err, "segment %016llx, section %u",
                      (unsigned long long)section->info.segment, section->info.index);
}

static enum status unwrap(struct section *section, struct key *ret, struct error *err)
{
    enum status status = section_unwrap(section->keyring, &section->info, ret, err);

    if (status == STATUS_OK)
        atomic_store(&section->facts, FACTS_SOUND);
    else if (status == STATUS_CORRUPT)
        atomic_store(&section->facts, FACTS_ALTERED);
    return status;
}

bool section_is_altered(const struct section *section)
{
    return atomic_load(&section->facts) == FACTS_ALTERED;
}

enum status section_check_facts(struct section *section, struct error *err)
{
    struct key key;

    if (atomic_load(&section->facts) == FACTS_SOUND)
        return STATUS_OK;
    enum status status = unwrap(section, &key, err);
    OPENSSL_cleanse(&key, sizeof(key));
    return section_note(section, status, err);
}

static enum status read_cipher(void *context, uint64_t offset, void *ret, size_t size,
                               struct error *err)
{
    struct section *section = context;
    const uint64_t at = section->info.offset + offset;
    enum status status = io_read_at(section->file->file, at, ret, size, err);

    if (status == STATUS_IO) /* it may have passed */
        status = io_read_at(section->file->file, at, ret, size, err);
    return status == STATUS_IO ? note_unread(section, err) : status;
}

/* Damage to the head alone harms no section: each has its own checks. */
static enum status check_head(struct segment_file *file, struct error *err)
{
    enum status status = segment_check_head(file->file, file->number, err);

    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_CORRUPT) {
        *err = (struct error){0};
        return STATUS_OK;
    }
    io_close(file->file);
    file->file = NULL;
    return status;
}

static enum status open_file(struct segment_file *file, struct error *err)
{
    char path[SEGMENT_PATH_BYTES];
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&file->lock);
    if (file->file == NULL) {
        segment_path(file->number, "seg", path);
        status = io_open(file->io, path, IO_READ, &file->file, err);
        if (status == STATUS_OK)
            status = check_head(file, err);
    }
    (void)pthread_mutex_unlock(&file->lock);
    return status;
}

static enum status open_section(struct section *section, struct chunked_reader *ret,
                                struct error *err)
{
    uint8_t context[SECTION_CONTEXT_BYTES_MAX];
    struct key key;

    if (section->file == NULL)
        return STATUS_OK;
    enum status status = open_file(section->file, err);
    if (status == STATUS_IO)
        status = open_file(section->file, err);
    if (status == STATUS_IO)
        return note_unread(section, err);
    if (status == STATUS_OK)
        status = unwrap(section, &key, err);
    if (status != STATUS_OK)
        return status;
    struct chunked_source source = {
        .file_key = &key,
        .context = section_context(&section->info, "daybook/seg/v1", context),
        .cipher_size = section->info.size_bytes,
        .read_at = read_cipher,
        .read_context = section,
    };
    status = chunked_reader_init(ret, &source, err);
    OPENSSL_cleanse(&key, sizeof(key));
    return status;
}

struct plain_range {
    uint64_t offset;
    size_t size;
};

/* Plain bytes of the section, in *ret (cleared). */
static enum status read_plain(const struct section *section, const struct chunked_reader *reader,
                              struct plain_range range, struct buf *ret, struct error *err)
{
    uint64_t plain_size = section->file == NULL ? section->plain.size : reader->plain_size;
    uint64_t offset = range.offset;
    size_t size = range.size;

    if (offset > plain_size || size > plain_size - offset)
        return ERROR_SET(err, STATUS_CORRUPT, "%zu bytes at %llu are outside of the section", size,
                         (unsigned long long)offset);
    buf_clear(ret);
    void *room = buf_extend(ret, size);
    if (room == NULL && size > 0)
        return buf_check(ret, err);
    if (section->file != NULL)
        return chunked_reader_read(reader, offset, size, room, err);
    if (size > 0)
        memcpy(room, section->plain.data + offset, size);
    return STATUS_OK;
}

/* ---- the header ---- */

static void free_header(void *payload)
{
    section_header_free(payload);
}

static enum status read_header(struct section *section, struct section_header **ret,
                               struct error *err)
{
    const struct section_info *info = &section->info;
    struct chunked_reader reader = {0};
    struct buf packed, raw;

    buf_init(&packed, SECTION_BYTES_MAX);
    buf_init(&raw, SECTION_HEADER_BYTES_MAX + 1);
    enum status status = open_section(section, &reader, err);
    if (status == STATUS_OK)
        status = read_plain(section, &reader, (struct plain_range){0, info->header_packed},
                            &packed, err);
    if (status != STATUS_OK)
        goto out;
    void *room = buf_extend(&raw, (size_t)info->header_raw + 1);
    if (room == NULL) {
        status = buf_check(&raw, err);
        goto out;
    }
    raw.size = info->header_raw;
    status = zstd_unpack(buf_slice(&packed), info->header_raw, room, err);
    if (status == STATUS_OK)
        status = section_header_decode(info, buf_slice(&raw), ret, err);
    if (status == STATUS_OK)
        (*ret)->reader = reader;
out:
    chunked_reader_release(&reader);
    buf_release(&packed);
    buf_release(&raw);
    return status;
}

enum status section_header_get(struct section *section, struct cache_entry **ret,
                               struct error *err)
{
    struct section_header *header = NULL;

    *ret = cache_find(section->cache, section->id, ITEM_HEADER);
    if (*ret != NULL)
        return STATUS_OK;
    enum status status = read_header(section, &header, err);
    if (status != STATUS_OK)
        return status;
    *ret = cache_add(section->cache, section->id, ITEM_HEADER, header, free_header,
                     arena_used_bytes(header->part->arena));
    return *ret == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

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
    enum status status = read_plain(reader->section, &reader->header->reader,
                                    (struct plain_range){entry->offset, entry->size}, bytes, err);
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

bool section_found_type(const struct part *view, uint32_t path, uint8_t *ret)
{
    struct found_types *found = atomic_load(&view->reader->section->found);
    uint8_t kept = found == NULL ? 0 : atomic_load_explicit(&found->types[path],
                                                            memory_order_relaxed);

    if (kept != 0)
        *ret = kept - 1;
    return kept != 0;
}

#define FOUND_ROWS_MIN 16u /* a path, or a key */
#define WHOLE_SHARE 64u    /* of the section's bytes, for the keys of its whole records */

void section_keep_type(const struct part *view, uint32_t path, uint8_t type)
{
    struct section *section = view->reader->section;
    struct found_types *found = atomic_load(&section->found), *mine = NULL;

    if (found == NULL && view->path_count <= view->row_count / FOUND_ROWS_MIN)
        mine = calloc(1, found_bytes(view->path_count));
    if (mine != NULL) {
        mine->path_count = view->path_count;
        if (atomic_compare_exchange_strong(&section->found, &found, mine)) {
            cache_hold(section->cache, found_bytes(view->path_count));
            found = mine;
        } else {
            free(mine);
        }
    }
    if (found != NULL)
        atomic_store_explicit(&found->types[path], (unsigned char)(type + 1),
                              memory_order_relaxed);
}

bool section_found_whole(const struct section *section,
                         bool (*use)(void *context, const struct map *types), void *context)
{
    if (section->file == NULL)
        return false;
    (void)pthread_mutex_lock(&section->file->lock);
    bool ret = section->whole != NULL && use(context, section->whole);
    (void)pthread_mutex_unlock(&section->file->lock);
    return ret;
}

/* Records of very many fields are few in a section, and it costs most to parse them again. */
static bool is_worth_keeping(const struct part *view, const struct map *types)
{
    return types->count <= view->row_count / FOUND_ROWS_MIN ||
           whole_bytes(types) <= view->reader->section->info.raw_bytes / WHOLE_SHARE;
}

void section_keep_whole(const struct part *view, struct map *types)
{
    struct section *section = view->reader->section;
    bool is_kept = section->file != NULL && is_worth_keeping(view, types);
    struct map *mine = is_kept ? malloc(sizeof(*mine)) : NULL;

    if (mine == NULL)
        return;
    *mine = *types;
    map_init(types);
    cache_hold(section->cache, whole_bytes(mine));
    (void)pthread_mutex_lock(&section->file->lock);
    struct map *before = section->whole;
    section->whole = mine;
    (void)pthread_mutex_unlock(&section->file->lock);
    free_whole(section, before);
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

/* ---- pages of the index ---- */

static void free_page(void *payload)
{
    struct section_page *page = payload;

    buf_release(&page->bytes);
    buf_release(&page->steps);
    free(page);
}

static enum status read_page(struct section *section, const struct section_header *header,
                             uint32_t index, struct section_page *page, struct error *err)
{
    const struct plain_range range = {header->pages[index].offset, header->pages[index].size};
    const struct index_probe all = {.first = header->pages[index].first,
                                    .rank_count = header->rank_count,
                                    .rank_blocks = header->rank_blocks};
    enum status status = read_plain(section, &header->reader, range, &page->bytes, err);

    return status == STATUS_OK
               ? entity_index_steps(buf_slice(&page->bytes), &all, &page->steps, err)
               : status;
}

enum status section_page_get(struct section *section, const struct section_header *header,
                             uint32_t index, struct cache_entry **ret, struct error *err)
{
    *ret = cache_find(section->cache, section->id, ITEM_PAGES + index);
    if (*ret != NULL)
        return STATUS_OK;
    struct section_page *page = calloc(1, sizeof(*page));
    if (page == NULL)
        return ERROR_MEMORY(err);
    buf_init(&page->bytes, SECTION_HEADER_BYTES_MAX);
    buf_init(&page->steps, SECTION_HEADER_BYTES_MAX);
    enum status status = read_page(section, header, index, page, err);
    if (status != STATUS_OK) {
        free_page(page);
        return status;
    }
    *ret = cache_add(section->cache, section->id, ITEM_PAGES + index, page, free_page,
                     page->bytes.capacity + page->steps.capacity + sizeof(*page));
    return *ret == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

/* ---- roll-ups ---- */

struct cache_entry *section_rollup_find(struct section *section, uint32_t hash)
{
    return cache_find(section->cache, section->id, ITEM_ROLLUPS | hash);
}

enum status section_rollup_add(struct section *section, uint32_t hash, void *payload,
                               void (*free_payload)(void *payload), size_t bytes,
                               struct error *err)
{
    struct cache_entry *entry = cache_add(section->cache, section->id, ITEM_ROLLUPS | hash,
                                          payload, free_payload, bytes);

    if (entry == NULL)
        return ERROR_MEMORY(err);
    cache_unpin(entry);
    return STATUS_OK;
}
