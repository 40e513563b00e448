/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild.c - the catalog made anew from the directories of the segment files.
 *
 * What the files do not tell is which of their sections still count, and the
 * floor of the log.  Both follow from the numbers of the rows:
 * 1. A merge writes whole sections again, under a higher generation.  So the
 *    sections are taken from the highest generation down; one whose rows are all
 *    in those taken already was merged away, or is of a flush that was repeated.
 * 2. The log is replayed from the first file there is; rows that are in a section
 *    are left out then (sealed_has_row()), and a checkpoint sets the floor again.
 * 3. A file whose head or directory is damaged is set aside: no catalog has the keys of its
 *    sections any more, or none of them may be read as it is.  Its number is not used again, and
 *    which rows that costs is found as for a file that is missing (store_missing()).
 * Nothing else is written or removed here: until that checkpoint a start does all this
 * again. */
#include "store/sealed_priv.h"

#include <stdlib.h>

struct rebuild {
    struct sealed *sealed;
    uint64_t *numbers; /* of the files */
    uint32_t number_count, number_capacity;
    struct section_info *infos; /* all sections of all files */
    uint32_t count, capacity;
    struct catalog *ret;
};

static void note_number(struct rebuild *r, uint64_t number)
{
    if (number >= r->ret->next_segment)
        r->ret->next_segment = number + 1;
}

static enum status see_name(void *context, const char *name, struct error *err)
{
    struct rebuild *r = context;
    uint64_t number = 0;
    bool is_aside = false;

    if (!segment_parse_any(name, &number, &is_aside))
        return STATUS_OK;
    if (is_aside) {
        note_number(r, number);
        return STATUS_OK;
    }
    if (r->number_count == r->number_capacity) {
        uint32_t capacity = r->number_capacity == 0 ? 64 : 2 * r->number_capacity;
        uint64_t *numbers = realloc(r->numbers, capacity * sizeof(*numbers));
        if (numbers == NULL)
            return ERROR_MEMORY(err);
        r->numbers = numbers;
        r->number_capacity = capacity;
    }
    r->numbers[r->number_count++] = number;
    return STATUS_OK;
}

static enum status add_file(struct rebuild *r, uint64_t number, struct error *err)
{
    struct section_info *found = NULL;
    uint32_t count = 0;
    enum status status =
        segment_directory_read(r->sealed->options.io, number, &found, &count, err);

    if (status != STATUS_OK)
        return error_wrap(err, "the catalog cannot be made anew");
    if (r->count + count > r->capacity) {
        uint32_t capacity = 2 * (r->count + count);
        struct section_info *infos = realloc(r->infos, (size_t)capacity * sizeof(*infos));
        if (infos == NULL) {
            free(found);
            return ERROR_MEMORY(err);
        }
        r->infos = infos;
        r->capacity = capacity;
    }
    if (count > 0)
        memcpy(r->infos + r->count, found, (size_t)count * sizeof(*found));
    r->count += count;
    free(found);
    note_number(r, number);
    return STATUS_OK;
}

static enum status set_aside(struct rebuild *r, uint64_t number, struct error *err)
{
    char path[SEGMENT_PATH_BYTES], aside[SEGMENT_PATH_BYTES];

    note_number(r, number);
    segment_path(number, "seg", path);
    segment_path(number, "seg" SEGMENT_ASIDE, aside);
    return io_rename(r->sealed->options.io, path, aside, err);
}

static int newest_first(const void *a, const void *b)
{
    const struct section_info *x = a, *y = b;

    if (x->generation != y->generation)
        return x->generation < y->generation ? 1 : -1;
    if (x->segment != y->segment)
        return x->segment < y->segment ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Calls each() for the runs of numbers that the section has. */
static enum status each_run(uint64_t *seqs, uint32_t count,
                            enum status (*each)(void *context, uint64_t first, uint64_t last,
                                                struct error *err),
                            void *context, struct error *err)
{
    enum status status = STATUS_OK;

    qsort(seqs, count, sizeof(*seqs), rising);
    for (uint32_t from = 0, end; from < count && status == STATUS_OK; from = end) {
        for (end = from + 1; end < count && seqs[end] <= seqs[end - 1] + 1;)
            end++;
        status = each(context, seqs[from], seqs[end - 1], err);
    }
    return status;
}

struct runs {
    struct seq_set *set;
    const struct guid *tenant;
    uint64_t known; /* how many of them are in the set */
};

static enum status count_run(void *context, uint64_t first, uint64_t last, struct error *err)
{
    struct runs *runs = context;

    (void)err;
    runs->known += seq_set_count(runs->set, runs->tenant, first, last);
    return STATUS_OK;
}

static enum status add_run(void *context, uint64_t first, uint64_t last, struct error *err)
{
    struct runs *runs = context;

    return seq_set_add(runs->set, runs->tenant, first, last, err);
}

/* The numbers of the rows, in the caller's array.  Where they cannot be read they
 * are all from the lowest to the highest, if that is as many as there are rows. */
static enum status read_seqs(struct rebuild *r, const struct section_info *info, uint64_t **ret,
                             bool *ret_known, struct error *err)
{
    struct sealed *sealed = r->sealed;
    struct segment_file *file = NULL;
    struct section *section = NULL;
    struct part *view = NULL;
    uint64_t *seqs = calloc(info->row_count, sizeof(*seqs));
    enum status status = seqs == NULL ? ERROR_MEMORY(err)
                                      : segment_file_new(sealed->options.io, info->segment,
                                                         &file, err);

    if (status == STATUS_OK)
        status = section_new(info, file, (struct slice){NULL, 0}, sealed->options.keyring,
                             sealed->cache, &section, err);
    if (status == STATUS_OK)
        status = section_view(section, &view, err);
    if (status == STATUS_OK)
        status = section_load_rows(view, ROWS_SEQS, err);
    *ret_known = status == STATUS_OK;
    if (status == STATUS_OK)
        memcpy(seqs, view->seqs, info->row_count * sizeof(*seqs));
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        *ret_known = info->seq_max - info->seq_min + 1 == info->row_count;
        for (uint32_t i = 0; i < info->row_count; i++)
            seqs[i] = info->seq_min + i;
        status = STATUS_OK;
    }
    part_unref(view);
    section_unref(section);
    segment_file_unref(file);
    *ret = seqs;
    return status;
}

static enum status take_section(struct rebuild *r, const struct section_info *info,
                                struct error *err)
{
    struct runs runs = {.set = &r->sealed->rows, .tenant = &info->tenant};
    uint64_t *seqs = NULL;
    bool is_known = false;
    enum status status = read_seqs(r, info, &seqs, &is_known, err);

    if (status == STATUS_OK && is_known)
        status = each_run(seqs, info->row_count, count_run, &runs, err);
    if (status == STATUS_OK && runs.known != 0 && runs.known != info->row_count)
        status = ERROR_SET(err, STATUS_CORRUPT,
                           "the catalog cannot be made anew: segment %016llx, section %u has %llu "
                           "of its %u records in another section too",
                           (unsigned long long)info->segment, info->index,
                           (unsigned long long)runs.known, info->row_count);
    if (status == STATUS_OK && runs.known == 0) {
        r->ret->infos[r->ret->count++] = *info;
        if (is_known)
            status = each_run(seqs, info->row_count, add_run, &runs, err);
    }
    free(seqs);
    return status;
}

static int by_place(const void *a, const void *b)
{
    return section_order(a, b);
}

enum status catalog_rebuild(struct sealed *sealed, bool sets_aside, struct catalog *ret,
                            struct error *err)
{
    struct rebuild r = {.sealed = sealed, .ret = ret};

    *ret = (struct catalog){.next_segment = 1};
    enum status status = io_list(sealed->options.io, SEGMENT_DIR, see_name, &r, err);
    for (uint32_t i = 0; i < r.number_count && status == STATUS_OK; i++) {
        status = add_file(&r, r.numbers[i], err);
        if (status == STATUS_CORRUPT && sets_aside)
            status = set_aside(&r, r.numbers[i], err);
    }
    if (status == STATUS_OK && r.count > SECTIONS_MAX)
        status = ERROR_SET(err, STATUS_LIMIT, "the segments have %u sections, the limit is %u",
                           r.count, SECTIONS_MAX);
    if (status == STATUS_OK) {
        ret->infos = calloc((size_t)r.count + 1, sizeof(*ret->infos));
        status = ret->infos == NULL ? ERROR_MEMORY(err) : STATUS_OK;
    }
    if (status == STATUS_OK && r.count > 0)
        qsort(r.infos, r.count, sizeof(*r.infos), newest_first);
    for (uint32_t i = 0; i < r.count && status == STATUS_OK; i++)
        status = take_section(&r, &r.infos[i], err);
    if (status == STATUS_OK) {
        ret->generation = r.count > 0 ? r.infos[0].generation : 0;
        qsort(ret->infos, ret->count, sizeof(*ret->infos), by_place);
    } else {
        catalog_release(ret);
    }
    free(r.numbers);
    free(r.infos);
    return status;
}

/* ---- a segment more than the catalog lists ---- */

/* All files that it lists are there: it was not cut short behind a merge. */
static bool has_all_files(const struct rebuild *r, const struct catalog *catalog)
{
    uint64_t last = 0;

    for (uint32_t i = 0; i < catalog->count; i++) {
        uint64_t number = catalog->infos[i].segment;
        if (number != last && bsearch(&number, r->numbers, r->number_count,
                                      sizeof(*r->numbers), rising) == NULL)
            return false;
        last = number;
    }
    return true;
}

/* The numbers of a tenant's rows in the new sections. */
struct extent {
    uint64_t first, last;
};

static enum status find_extents(const struct rebuild *r, struct map *tenants,
                                struct extent *extents, struct error *err)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const struct section_info *info = &r->infos[i];
        bool is_new = false;
        struct map_entry *entry = map_put(tenants, guid_slice(&info->tenant), &is_new, err);
        if (entry == NULL)
            return err->status;
        if (is_new) {
            entry->value = tenants->count - 1;
            extents[entry->value] = (struct extent){info->seq_min, info->seq_max};
        }
        struct extent *extent = &extents[entry->value];
        extent->first = info->seq_min < extent->first ? info->seq_min : extent->first;
        extent->last = info->seq_max > extent->last ? info->seq_max : extent->last;
    }
    return STATUS_OK;
}

/* Sections that may have rows of the new ones join them in r->infos, all others stay live
 * without a look.  There is room for all in both. */
static enum status divide(struct rebuild *r, const struct catalog *catalog, struct error *err)
{
    struct extent *extents = calloc((size_t)r->count + 1, sizeof(*extents));
    struct map tenants;

    if (extents == NULL)
        return ERROR_MEMORY(err);
    map_init(&tenants);
    enum status status = find_extents(r, &tenants, extents, err);
    for (uint32_t i = 0; i < catalog->count && status == STATUS_OK; i++) {
        const struct section_info *info = &catalog->infos[i];
        const struct map_entry *entry = map_find(&tenants, guid_slice(&info->tenant));
        bool is_near = entry != NULL && info->seq_min <= extents[entry->value].last &&
                       info->seq_max >= extents[entry->value].first;
        if (is_near)
            r->infos[r->count++] = *info;
        else
            r->ret->infos[r->ret->count++] = *info;
    }
    map_release(&tenants);
    free(extents);
    return status;
}

static enum status make_room(struct rebuild *r, const struct catalog *catalog, struct error *err)
{
    size_t count = (size_t)r->count + catalog->count + 1;
    struct section_info *infos = realloc(r->infos, count * sizeof(*infos));

    if (infos != NULL)
        r->infos = infos;
    r->ret->infos = calloc(count, sizeof(*infos));
    return infos == NULL || r->ret->infos == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

static enum status extend(struct rebuild *r, const struct catalog *catalog, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < r->number_count && status == STATUS_OK; i++) {
        if (r->numbers[i] >= catalog->next_segment)
            status = add_file(r, r->numbers[i], err);
    }
    if (status == STATUS_OK)
        status = make_room(r, catalog, err);
    if (status == STATUS_OK)
        status = divide(r, catalog, err);
    if (status != STATUS_OK)
        return status;
    qsort(r->infos, r->count, sizeof(*r->infos), newest_first);
    for (uint32_t i = 0; i < r->count && status == STATUS_OK; i++)
        status = take_section(r, &r->infos[i], err);
    if (r->count > 0 && r->infos[0].generation > r->ret->generation)
        r->ret->generation = r->infos[0].generation;
    qsort(r->ret->infos, r->ret->count, sizeof(*r->ret->infos), by_place);
    return status;
}

enum status catalog_extend(struct sealed *sealed, struct catalog *catalog, bool *ret_done,
                           struct error *err)
{
    const uint64_t oldest_log = sealed->options.oldest_log;
    struct catalog extended = {.generation = catalog->generation,
                               .wal_floor = catalog->wal_floor,
                               .next_segment = catalog->next_segment};
    struct rebuild r = {.sealed = sealed, .ret = &extended};

    *ret_done = false;
    if (oldest_log == 0 || (oldest_log > 1 && oldest_log > catalog->wal_floor))
        return STATUS_OK;
    enum status status = io_list(sealed->options.io, SEGMENT_DIR, see_name, &r, err);
    if (status == STATUS_OK)
        qsort(r.numbers, r.number_count, sizeof(*r.numbers), rising);
    if (status == STATUS_OK && has_all_files(&r, catalog)) {
        status = extend(&r, catalog, err);
        *ret_done = status == STATUS_OK;
    }
    if (*ret_done) {
        catalog_release(catalog);
        *catalog = extended; /* the next commit writes it whole */
    } else {
        catalog_release(&extended);
    }
    free(r.numbers);
    free(r.infos);
    return status;
}
