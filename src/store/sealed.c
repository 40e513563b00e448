/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.c - opening the sealed half of the store, its list of live sections,
 * and what it counts. */
#include "store/sealed_priv.h"

#include "base/map.h"

#include <stdlib.h>

/* ---- lists ---- */

struct section_list *section_list_new(uint32_t capacity, struct error *err)
{
    struct section_list *list = calloc(1, sizeof(*list));

    if (list != NULL)
        list->sections = calloc((size_t)capacity + 1, sizeof(*list->sections));
    if (list == NULL || list->sections == NULL) {
        free(list);
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    atomic_init(&list->references, 1);
    return list;
}

void section_list_unref(struct section_list *list)
{
    if (list == NULL || atomic_fetch_sub(&list->references, 1) != 1)
        return;
    for (uint32_t i = 0; i < list->count; i++)
        section_unref(list->sections[i]);
    free(list->sections);
    free(list);
}

/* The first section at `from` or behind whose tenant is above (or not below) the one asked
 * for.  Steps double before the search halves: neighbours are found at once. */
static uint32_t first_from(const struct section_list *list, const struct guid *tenant,
                           uint32_t from, bool above)
{
    uint32_t low = from, high = list->count, step = 1;

    while (low < high) {
        uint32_t middle = step > 0 && high - low > step ? low + step - 1 : low + (high - low) / 2;
        int order = memcmp(list->sections[middle]->info.tenant.bytes, tenant->bytes,
                           sizeof(tenant->bytes));
        if (order < 0 || (above && order == 0)) {
            low = middle + 1;
            step *= 2;
        } else {
            high = middle;
            step = 0;
        }
    }
    return low;
}

void section_list_find(const struct section_list *list, const struct guid *tenant, uint32_t from,
                       uint32_t *ret_begin, uint32_t *ret_end)
{
    *ret_begin = first_from(list, tenant, from, false);
    *ret_end = first_from(list, tenant, *ret_begin, true);
}

struct section_list *sealed_pin(struct sealed *sealed, void (*with)(void *context), void *context)
{
    (void)pthread_mutex_lock(&sealed->lock);
    struct section_list *list = sealed->list;
    (void)atomic_fetch_add(&list->references, 1);
    if (with != NULL)
        with(context);
    (void)pthread_mutex_unlock(&sealed->lock);
    return list;
}

uint64_t sealed_wal_floor(struct sealed *sealed)
{
    (void)pthread_mutex_lock(&sealed->lock);
    uint64_t floor = sealed->wal_floor;
    (void)pthread_mutex_unlock(&sealed->lock);
    return floor;
}

/* ---- opening ---- */

static struct slice number_key(const uint64_t *number)
{
    return (struct slice){(const char *)number, sizeof(*number)};
}

static enum status make_sections(struct sealed *sealed, const struct catalog *catalog,
                                 struct error *err)
{
    struct map files; /* segment number -> its file, which the sections hold */
    enum status status = STATUS_OK;

    sealed->list = section_list_new(catalog->count, err);
    if (sealed->list == NULL)
        return err->status;
    map_init(&files);
    for (uint32_t i = 0; i < catalog->count && status == STATUS_OK; i++) {
        const struct section_info *info = &catalog->infos[i];
        struct segment_file *file = NULL;
        bool is_new = false;
        struct map_entry *entry = map_put(&files, number_key(&info->segment), &is_new, err);
        if (entry == NULL)
            status = err->status;
        else if (is_new)
            status = segment_file_new(sealed->options.io, info->segment, &file, err);
        else
            file = (struct segment_file *)(uintptr_t)entry->value;
        if (status == STATUS_OK)
            status = section_new(info, file, (struct slice){NULL, 0}, sealed->options.keyring,
                                 sealed->cache, &sealed->list->sections[i], err);
        if (is_new)
            segment_file_unref(file);
        if (status == STATUS_OK) {
            entry->value = (uint64_t)(uintptr_t)file;
            file->live_count++;
            sealed->list->sections[i]->corrupt_count = &sealed->corrupt_count;
            sealed->list->count++;
        }
    }
    map_release(&files);
    return status;
}

struct cleaning {
    struct sealed *sealed;
    struct map live; /* numbers of the files that the catalog names */
    struct buf names; /* NUL-terminated, one after the other: to be removed */
};

static enum status look_at(void *context, const char *name, struct error *err)
{
    struct cleaning *cleaning = context;
    uint64_t number = 0;
    bool remove = slice_ends_with(slice_of(name), SLICE(".tmp"));

    /* A catalog that was made anew is not on the disk yet. */
    if (!cleaning->sealed->is_rebuilt && segment_parse_name(name, &number))
        remove = map_find(&cleaning->live, number_key(&number)) == NULL;
    if (remove)
        buf_add(&cleaning->names, name, strlen(name) + 1);
    return buf_check(&cleaning->names, err);
}

/* Removes what the catalog does not list: left over from a crash.  The catalog that was read
 * may not have its name or its last change on the disk yet; the one before lists these files,
 * and the very first would be missing after a power cut, on a disk that may have no place for
 * another. */
static enum status clean(struct sealed *sealed, struct error *err)
{
    struct cleaning cleaning = {.sealed = sealed};
    enum status status = STATUS_OK;

    map_init(&cleaning.live);
    buf_init(&cleaning.names, CATALOG_BYTES_MAX);
    for (uint32_t i = 0; i < sealed->list->count && status == STATUS_OK; i++) {
        const uint64_t *number = &sealed->list->sections[i]->info.segment;
        if (map_put(&cleaning.live, number_key(number), NULL, err) == NULL)
            status = err->status;
    }
    if (status == STATUS_OK)
        status = io_list(sealed->options.io, SEGMENT_DIR, look_at, &cleaning, err);
    if (status == STATUS_OK)
        status = catalog_sync(sealed->options.io, &sealed->catalog, err);
    if (status == STATUS_OK)
        status = io_sync_dir(sealed->options.io, SEGMENT_DIR, err);
    for (size_t at = 0; at < cleaning.names.size && status == STATUS_OK;) {
        char path[SEGMENT_PATH_BYTES + 256];
        struct slice name = slice_of(cleaning.names.data + at);
        at += name.size + 1;
        if (name.size > 255)
            continue;
        memcpy(path, SEGMENT_DIR "/", sizeof(SEGMENT_DIR));
        memcpy(path + sizeof(SEGMENT_DIR), name.data, name.size + 1);
        status = io_unlink(sealed->options.io, path, err);
    }
    buf_release(&cleaning.names);
    map_release(&cleaning.live);
    return status;
}

struct seen_files {
    bool any;
    uint64_t highest; /* number */
};

static enum status see_segment(void *context, const char *name, struct error *err)
{
    struct seen_files *seen = context;
    uint64_t number = 0;
    bool is_aside = false;

    (void)err;
    if (segment_parse_any(name, &number, &is_aside)) {
        seen->any = true;
        seen->highest = number > seen->highest && !is_aside ? number : seen->highest;
    }
    return STATUS_OK;
}

/* There is a file that the catalog does not know yet: a crash came before its commit, which is
 * nothing unusual, or the end of the catalog was lost, and with it what was sealed since.  One
 * that cannot be read was no segment. */
static enum status catch_up(struct sealed *sealed, struct catalog *ret, struct error *err)
{
    struct catalog anew = {0};
    bool is_done = false;
    enum status status = catalog_extend(sealed, ret, &is_done, err);

    sealed->is_rebuilt = status == STATUS_OK;
    if (status == STATUS_OK && is_done)
        return STATUS_OK;
    if (status == STATUS_OK) {
        status = catalog_rebuild(sealed, false, &anew, err);
        sealed->is_rebuilt = status == STATUS_OK;
        sealed->is_anew = sealed->is_rebuilt;
    }
    if (status == STATUS_OK) {
        catalog_release(ret);
        *ret = anew;
    } else if (status == STATUS_CORRUPT) {
        seq_set_release(&sealed->rows);
        seq_set_init(&sealed->rows);
        status = STATUS_OK;
    }
    return status;
}

/* is_unread: the disk may yet give the catalog, so no damaged segment is set aside for good. */
static enum status remake(struct sealed *sealed, bool is_damaged, bool is_unread,
                          struct catalog *ret, struct error *err)
{
    bool is_set_aside = is_damaged && !ret->is_torn;
    enum status status = catalog_rebuild(sealed, !is_unread, ret, err);

    sealed->is_rebuilt = sealed->is_anew = true;
    if (status == STATUS_OK && is_set_aside)
        status = io_rename(sealed->options.io, CATALOG_PATH, CATALOG_ASIDE_PATH, err);
    return status;
}

/* Reads the catalog.  One that is damaged, or that the disk does not give, is set aside, one that
 * is missing though there are segments is taken for damaged; then it is made anew.  One with a
 * torn end, or that is behind the segments, is made anew as well, as what lacks may have been
 * committed, but a crash is no damage. */
static enum status load(struct sealed *sealed, struct catalog *ret, struct error *err)
{
    struct io *io = sealed->options.io;
    struct seen_files seen = {0};
    struct error list_err;
    enum status status = catalog_load(io, ret, err);
    bool is_unread = status == STATUS_IO;
    bool is_damaged = status == STATUS_CORRUPT || is_unread;
    bool is_new = status == STATUS_NOT_FOUND;

    if (status != STATUS_OK && !is_damaged && !is_new)
        return status;
    if (io_list(io, SEGMENT_DIR, see_segment, &seen, &list_err) != STATUS_OK) {
        *err = list_err;
        return err->status;
    }
    if (is_damaged || (is_new && (seen.any || io_exists(io, CATALOG_ASIDE_PATH)))) {
        status = remake(sealed, is_damaged, is_unread, ret, err);
    } else if (is_new) { /* from now on a missing one is damage */
        const struct catalog_state empty = {.next_segment = ret->next_segment};
        status = catalog_commit(io, &empty, NULL, NULL, &ret->file, err);
    } else if (seen.any && seen.highest >= ret->next_segment) {
        status = catch_up(sealed, ret, err);
    }
    atomic_store(&sealed->floor_is_known, !sealed->is_anew);
    atomic_store(&sealed->is_settled, !sealed->is_rebuilt);
    return status;
}

enum status sealed_open(const struct sealed_options *options, struct sealed **ret,
                        struct error *err)
{
    struct catalog catalog = {0};
    struct sealed *sealed = calloc(1, sizeof(*sealed));
    enum status status = STATUS_OK;

    if (sealed == NULL)
        return ERROR_MEMORY(err);
    sealed->options = *options;
    (void)pthread_mutex_init(&sealed->lock, NULL);
    (void)pthread_mutex_init(&sealed->write_lock, NULL);
    (void)pthread_mutex_init(&sealed->merge_lock, NULL);
    sealed->idle_generation = UINT64_MAX;
    sealed->merge_sections_max = MERGE_SECTIONS_MAX;
    seq_set_init(&sealed->rows);
    size_t cache_bytes = options->cache_bytes == 0 ? BLOCK_CACHE_BYTES : options->cache_bytes;
    sealed->cache = cache_new(cache_bytes);
    if (sealed->cache == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    status = io_make_dir(options->io, SEGMENT_DIR, err);
    if (status == STATUS_OK)
        status = load(sealed, &catalog, err);
    if (status != STATUS_OK)
        goto out;
    sealed->generation = catalog.generation;
    sealed->wal_floor = catalog.wal_floor;
    sealed->next_segment = catalog.next_segment;
    sealed->catalog = catalog.file;
    status = make_sections(sealed, &catalog, err);
    if (status == STATUS_OK)
        status = clean(sealed, err);
    if (status != STATUS_OK)
        goto out;
    *ret = sealed;
    sealed = NULL;
out:
    catalog_release(&catalog);
    sealed_close(sealed);
    return status;
}

bool sealed_floor_is_known(struct sealed *sealed)
{
    return atomic_load(&sealed->floor_is_known);
}

bool sealed_is_settled(struct sealed *sealed)
{
    return atomic_load(&sealed->is_settled);
}

bool sealed_has_row(struct sealed *sealed, const struct guid *tenant, uint64_t seq)
{
    return seq_set_has(&sealed->rows, tenant, seq);
}

void sealed_close(struct sealed *sealed)
{
    if (sealed == NULL)
        return;
    section_list_unref(sealed->list);
    cache_free(sealed->cache);
    seq_set_release(&sealed->rows);
    (void)pthread_mutex_destroy(&sealed->lock);
    (void)pthread_mutex_destroy(&sealed->write_lock);
    (void)pthread_mutex_destroy(&sealed->merge_lock);
    free(sealed);
}

/* How many files the sections of a list are in. */
static uint64_t count_files(const struct section_list *list)
{
    struct map numbers;
    struct error ignored;

    map_init(&numbers);
    for (uint32_t i = 0; i < list->count; i++) {
        if (map_put(&numbers, number_key(&list->sections[i]->info.segment), NULL,
                    &ignored) == NULL)
            break; /* no memory: a count that is too low harms nobody */
    }
    uint64_t count = numbers.count;
    map_release(&numbers);
    return count;
}

uint64_t sealed_decoded(struct sealed *sealed)
{
    struct cache_stats cache;

    cache_stats(sealed->cache, &cache);
    return cache.misses;
}

void sealed_set_rows_bytes(struct sealed *sealed, size_t bytes)
{
    cache_set_beside(sealed->cache, bytes);
}

bool store_is_crowded(const struct store_stats *stats)
{
    return stats->sections > SECTIONS_MAX / 2;
}

void sealed_stats(struct sealed *sealed, struct store_stats *ret)
{
    struct section_list *list = sealed_pin(sealed, NULL, NULL);
    struct cache_stats cache;

    ret->rows_sealed = ret->bytes_sealed = ret->fallback_records = 0;
    ret->unjoined_sections = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct section_info *info = &list->sections[i]->info;
        ret->rows_sealed += info->row_count;
        ret->bytes_sealed += info->size_bytes;
        ret->fallback_records += info->fallback_count;
        ret->unjoined_sections += atomic_load(&list->sections[i]->stays);
        ret->unreadable_sections += section_is_unread(list->sections[i]);
    }
    ret->segments = count_files(list);
    ret->sections = list->count;
    cache_stats(sealed->cache, &cache);
    ret->cache_bytes = cache.bytes;
    ret->cache_hits = cache.hits;
    ret->cache_misses = cache.misses;
    ret->flushes = atomic_load(&sealed->flush_count);
    ret->merges = atomic_load(&sealed->merge_count);
    ret->raw_sections = atomic_load(&sealed->raw_count);
    ret->unverified_sections = atomic_load(&sealed->unverified_count);
    ret->unchecked_sections = atomic_load(&sealed->unchecked_count);
    ret->corrupt_sections = atomic_load(&sealed->corrupt_count);
    section_list_unref(list);
}
