/* SPDX-License-Identifier: Apache-2.0 */
/* section.c - a section of a segment file: its life, its bytes, and what is decoded of it beside
 * its columns (section_view.c): the header, pages of the index, roll-ups, types of values. */
#include "store/section_priv.h"

#include "base/random.h"
#include "base/slab.h"
#include "codec/compress.h"
#include "store/sealed_priv.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define FOUND_ROWS_MIN 16u /* a path, or a key */
#define WHOLE_SHARE 64u    /* of the section's bytes, for the keys of its whole records */

/* ---- life ---- */

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

/* ---- bytes ---- */

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

static enum status open_section(struct section *section, struct chunked_reader *ret,
                                struct error *err)
{
    uint8_t context[SECTION_CONTEXT_BYTES_MAX];
    struct key key;

    if (section->file == NULL)
        return STATUS_OK;
    enum status status = segment_file_open(section->file, err);
    if (status == STATUS_IO)
        status = segment_file_open(section->file, err);
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

enum status section_read(const struct section *section, const struct chunked_reader *reader,
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
        status = section_read(section, &reader, (struct plain_range){0, info->header_packed},
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

/* ---- what its values are ---- */

bool section_found_type(const struct part *view, uint32_t path, uint8_t *ret)
{
    struct found_types *found = atomic_load(&section_of_view(view)->found);
    uint8_t kept = found == NULL ? 0 : atomic_load_explicit(&found->types[path],
                                                            memory_order_relaxed);

    if (kept != 0)
        *ret = kept - 1;
    return kept != 0;
}

void section_keep_type(const struct part *view, uint32_t path, uint8_t type)
{
    struct section *section = section_of_view(view);
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
           whole_bytes(types) <= section_of_view(view)->info.raw_bytes / WHOLE_SHARE;
}

void section_keep_whole(const struct part *view, struct map *types)
{
    struct section *section = section_of_view(view);
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
    enum status status = section_read(section, &header->reader, range, &page->bytes, err);

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
