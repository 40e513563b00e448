/* SPDX-License-Identifier: Apache-2.0 */
/* merge_plan.c - what is worth merging: files, not sections.
 *
 * A flush writes a file with a section for each tenant that sent something.  When
 * enough files of one size and month stand side by side all their sections are
 * written again, those of a tenant and table joined, into one file: so files die
 * as a whole, small tenants share files, and a row is written again once for each
 * factor of MERGE_FILES between its first file and its last.
 *
 * A section of more than half of the rows or bytes that one may have is done and goes
 * to a file of its own kind, which is left alone.  A month that is over is compacted,
 * once.  A file that is more dead than alive, because compaction took sections from it,
 * is renewed.
 *
 * A plan is the set of chosen files; it lasts until all they have is done.  After
 * a restart another one is made from what there is. */
#include "base/time.h"
#include "store/sealed_priv.h"

#include <stdlib.h>

#define MERGE_FILES 8u             /* of one size and month start a merge */
#define MERGE_ROWS_MAX 8388608u    /* of one plan: later a month is compacted anyway */
#define DEAD_BYTES_MIN (64 * KIB)  /* less is not worth a file */
#define CLOSED_AFTER_US US_PER_DAY /* rows in memory are sealed by then */

uint32_t merge_month(const struct section *section)
{
    struct civil_time civil;

    time_to_civil(time_from_unix_us(section->info.received_min), &civil);
    return (uint32_t)(civil.year * 12 + civil.month);
}

bool merge_is_done(uint64_t rows, uint64_t raw_bytes)
{
    return rows > PART_ROWS_MAX / 2 || raw_bytes > SECTION_RAW_BYTES_MAX / 2;
}

/* May it still be joined with others? */
static bool is_open(const struct section *section)
{
    return section_is_usable(section) && !atomic_load(&section->stays) &&
           section->info.level != SECTION_COMPACTED &&
           !merge_is_done(section->info.row_count, section->info.raw_bytes);
}

bool merge_wants(const struct sealed *sealed, const struct section *section)
{
    if (!section->file->is_chosen)
        return false;
    if (sealed->plan == PLAN_RENEW)
        return section_is_usable(section) && !atomic_load(&section->stays);
    return is_open(section);
}

/* ---- facts ---- */

struct files {
    struct segment_file **files; /* borrowed from the list */
    uint32_t count;
};

static bool is_mostly_dead(const struct segment_file *file)
{
    uint64_t live = file->facts.live_bytes;
    uint64_t dead = file->facts.end > live ? file->facts.end - live : 0;

    return dead > live && dead > DEAD_BYTES_MIN;
}

/* Rows of files in powers of MERGE_FILES. */
static unsigned size_class(const struct segment_file *file)
{
    unsigned class = 0;

    for (uint64_t rows = file->facts.open_rows; rows >= MERGE_FILES; rows /= MERGE_FILES)
        class++;
    return class;
}

static void add_facts(const struct section *section)
{
    struct file_facts *facts = &section->file->facts;
    uint64_t end = section->info.offset + section->info.size_bytes;
    uint32_t month = merge_month(section);

    facts->live_bytes += section->info.size_bytes;
    facts->end = end > facts->end ? end : facts->end;
    facts->section_count++;
    if (!is_open(section))
        return;
    facts->open_rows += section->info.row_count;
    facts->month = facts->month == 0 || month < facts->month ? month : facts->month;
}

/* The files of the list with their facts; false without memory. */
static bool find_files(const struct section_list *list, struct files *ret)
{
    ret->files = calloc((size_t)list->count + 1, sizeof(*ret->files));
    if (ret->files == NULL)
        return false;
    for (uint32_t i = 0; i < list->count; i++)
        list->sections[i]->file->facts = (struct file_facts){0};
    for (uint32_t i = 0; i < list->count; i++) {
        struct segment_file *file = list->sections[i]->file;
        if (!file->facts.is_listed)
            ret->files[ret->count++] = file;
        file->facts.is_listed = true;
        add_facts(list->sections[i]);
    }
    return true;
}

/* ---- choices ---- */

static int compare_files(const void *a, const void *b)
{
    const struct segment_file *x = *(struct segment_file *const *)a;
    const struct segment_file *y = *(struct segment_file *const *)b;
    unsigned x_class = size_class(x), y_class = size_class(y);

    if (x->facts.month != y->facts.month)
        return x->facts.month < y->facts.month ? -1 : 1;
    if (x_class != y_class)
        return x_class < y_class ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* Is there room in the plan for the sections of this file?  One file always has it. */
static bool has_room(uint64_t *sections, const struct segment_file *file)
{
    bool fits = *sections == 0 || *sections + file->facts.section_count <= MERGE_SECTIONS_MAX;

    *sections += fits ? file->facts.section_count : 0;
    return fits;
}

/* Enough files of one month and size, the smallest first; of those with very many sections as
 * many as a plan has room for. */
static bool choose_equals(struct files *files)
{
    qsort(files->files, files->count, sizeof(*files->files), compare_files);
    for (uint32_t from = 0, end; from < files->count; from = end) {
        const struct segment_file *first = files->files[from];
        uint64_t rows = 0, sections = 0;
        bool is_filled = false;
        for (end = from; end < files->count; end++) {
            const struct segment_file *file = files->files[end];
            if (file->facts.month != first->facts.month ||
                size_class(file) != size_class(first) ||
                rows + file->facts.open_rows > MERGE_ROWS_MAX)
                break;
            is_filled = !has_room(&sections, file);
            if (is_filled)
                break;
            rows += file->facts.open_rows;
        }
        if (rows > 0 && end - from >= (is_filled ? 2 : MERGE_FILES)) {
            for (uint32_t i = from; i < end; i++)
                files->files[i]->is_chosen = true;
            return true;
        }
        end += end == from; /* a file above the bound stands alone */
    }
    return false;
}

/* What is open in months that are over. */
static bool choose_closed(const struct sealed *sealed, struct files *files)
{
    struct civil_time civil;
    bool found = false;

    if (sealed->options.clock == NULL)
        return false;
    int64_t now_us = clock_unix_us(sealed->options.clock) - CLOSED_AFTER_US;
    time_to_civil(time_from_unix_us(now_us), &civil);
    uint32_t month = (uint32_t)(civil.year * 12 + civil.month);
    uint64_t sections = 0;
    for (uint32_t i = 0; i < files->count; i++) {
        struct segment_file *file = files->files[i];
        file->is_chosen = file->facts.open_rows > 0 && file->facts.month < month &&
                          has_room(&sections, file);
        found |= file->is_chosen;
    }
    return found;
}

static bool choose_dead(struct files *files)
{
    uint64_t sections = 0;
    bool found = false;

    for (uint32_t i = 0; i < files->count; i++) {
        files->files[i]->is_chosen =
            is_mostly_dead(files->files[i]) && has_room(&sections, files->files[i]);
        found |= files->files[i]->is_chosen;
    }
    return found;
}

static bool has_wanted(const struct sealed *sealed, const struct section_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (merge_wants(sealed, list->sections[i]))
            return true;
    }
    return false;
}

enum merge_plan merge_choose(struct sealed *sealed, const struct section_list *list)
{
    struct files files = {0};

    if (sealed->plan != PLAN_NONE && has_wanted(sealed, list))
        return sealed->plan;
    for (uint32_t i = 0; i < list->count; i++)
        list->sections[i]->file->is_chosen = false;
    sealed->plan = PLAN_NONE;
    if (!find_files(list, &files)) /* without memory it can wait */
        return PLAN_NONE;
    if (choose_equals(&files))
        sealed->plan = PLAN_JOIN;
    else if (choose_closed(sealed, &files))
        sealed->plan = PLAN_CLOSE;
    else if (choose_dead(&files))
        sealed->plan = PLAN_RENEW;
    free(files.files);
    return sealed->plan;
}
