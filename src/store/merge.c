/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - joins sections of one tenant, table and month of receipt.
 *
 * Merging in the background is tiered: when enough sections of one size stand
 * side by side they become one.  A step writes the sections of many tenants
 * into one file, so that small tenants share files.  Compaction joins all that
 * can be joined and packs it as small as it gets.
 *
 * A damaged section is left where it is, and so are those that do not fit
 * together or do not match their commitments when joined. */
#include "base/time.h"
#include "store/sealed_priv.h"

#include <stdlib.h>

#define MERGE_SECTIONS 8u                       /* of one tier start a merge */
#define MERGE_STEP_ROWS 262144u                 /* of one step */
#define COMPACT_STEP_ROWS (4 * PART_ROWS_MAX)   /* between two commits */
#define JOIN_RAW_BYTES_MAX ((uint64_t)256 * MIB)
#define TIER_COUNT 9u                           /* rows: < 4, < 16 ... < 65,536, more */

static uint32_t month_of(const struct section *section)
{
    struct civil_time civil;

    time_to_civil(time_from_unix_us(section->info.received_min), &civil);
    return (uint32_t)(civil.year * 12 + civil.month);
}

static unsigned tier_of(const struct section *section)
{
    unsigned tier = 0;

    for (uint32_t rows = section->info.row_count; rows >= 4 && tier < TIER_COUNT - 1; rows /= 4)
        tier++;
    return tier;
}

static bool is_same_group(const struct section *a, const struct section *b)
{
    return guid_equal(&a->info.tenant, &b->info.tenant) &&
           strcmp(a->info.table, b->info.table) == 0;
}

/* The sections that become one. */
struct job {
    struct section **inputs; /* borrowed from the pinned list */
    uint32_t count, capacity;
    uint64_t rows, raw_bytes;
};

struct merging {
    struct sealed *sealed;
    struct section_list *list;
    enum section_level level;
    struct sealing sealing;
    bool is_open;
    struct section **removed; /* inputs of the jobs done since the last commit */
    uint32_t removed_count;
    uint64_t rows;            /* of them */
};

static bool fits(const struct job *job, const struct section *section)
{
    return job->rows + section->info.row_count <= PART_ROWS_MAX &&
           (job->count == 0 ||
            job->raw_bytes + section->info.raw_bytes <= JOIN_RAW_BYTES_MAX);
}

static void job_add(struct job *job, struct section *section)
{
    job->inputs[job->count++] = section;
    job->rows += section->info.row_count;
    job->raw_bytes += section->info.raw_bytes;
}

static void job_clear(struct job *job)
{
    job->count = 0;
    job->rows = job->raw_bytes = 0;
}

static enum status load_inputs(const struct job *job, struct part **views, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < job->count && status == STATUS_OK; i++) {
        status = section_view(job->inputs[i], &views[i], err);
        if (status == STATUS_OK)
            status = section_load_all(views[i], err);
    }
    return status;
}

/* Does one job.  *ret_done false: it cannot be done, nothing happened. */
static enum status run_job(struct merging *merging, const struct job *job, bool *ret_done,
                           struct error *err)
{
    struct part **views = calloc(job->count, sizeof(*views));
    struct part *joined = NULL;

    *ret_done = false;
    if (views == NULL)
        return ERROR_MEMORY(err);
    enum status status = load_inputs(job, views, err);
    if (status == STATUS_CORRUPT) {
        status = STATUS_OK; /* marked and counted; the others wait for the next step */
        goto out;
    }
    if (status == STATUS_OK && job->count > 1)
        status = part_join(views, job->count, &joined, err);
    if (status == STATUS_OK && !merging->is_open) {
        status = sealing_begin(&merging->sealing, merging->sealed, err);
        merging->is_open = true;
    }
    if (status == STATUS_OK)
        status = sealing_add(&merging->sealing, joined != NULL ? joined : views[0],
                             merging->level, err);
    if (status == STATUS_LIMIT || status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        for (uint32_t i = 0; i < job->count; i++)
            atomic_store(&job->inputs[i]->stays, true);
        status = STATUS_OK; /* nothing was removed; the others go on */
        goto out;
    }
    if (status != STATUS_OK)
        goto out;
    for (uint32_t i = 0; i < job->count; i++)
        merging->removed[merging->removed_count++] = job->inputs[i];
    merging->rows += job->rows;
    *ret_done = true;
out:
    part_unref(joined);
    for (uint32_t i = 0; i < job->count; i++)
        part_unref(views[i]);
    free(views);
    return status;
}

static enum status commit(struct merging *merging, struct error *err)
{
    enum status status = STATUS_OK;

    if (!merging->is_open)
        return STATUS_OK;
    status = sealing_commit(&merging->sealing, merging->removed, merging->removed_count,
                            merging->sealed->wal_floor, NULL, NULL, err);
    if (status == STATUS_OK)
        (void)atomic_fetch_add(&merging->sealed->merge_count, 1);
    sealing_release(&merging->sealing);
    merging->is_open = false;
    merging->removed_count = 0;
    merging->rows = 0;
    return status;
}

static enum status merging_begin(struct merging *merging, struct sealed *sealed,
                                 enum section_level level, struct job *job, struct error *err)
{
    *merging = (struct merging){.sealed = sealed, .level = level};
    merging->list = sealed_pin(sealed, NULL, NULL);
    merging->removed = calloc((size_t)merging->list->count + 1, sizeof(*merging->removed));
    job->inputs = calloc((size_t)merging->list->count + 1, sizeof(*job->inputs));
    return merging->removed == NULL || job->inputs == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

static void merging_end(struct merging *merging, struct job *job)
{
    if (merging->is_open)
        sealing_release(&merging->sealing);
    free(merging->removed);
    free(job->inputs);
    section_list_unref(merging->list);
}

/* ---- in the background ---- */

/* A job of the group [from, end) of the list: enough sections of one month and
 * tier, starting to look at section `at`. */
static bool find_job(const struct section_list *list, uint32_t at, uint32_t end, struct job *job)
{
    const struct section *first = list->sections[at];

    job_clear(job);
    for (uint32_t i = at; i < end; i++) {
        struct section *section = list->sections[i];
        if (section_is_usable(section) && section->info.level != SECTION_COMPACTED &&
            !atomic_load(&section->stays) &&
            month_of(section) == month_of(first) && tier_of(section) == tier_of(first) &&
            fits(job, section))
            job_add(job, section);
    }
    return job->count >= MERGE_SECTIONS || (job->count > 1 && job->rows > PART_ROWS_MAX / 2);
}

static enum status merge_due(struct merging *merging, struct job *job, bool *ret_worked,
                             struct error *err)
{
    const struct section_list *list = merging->list;
    enum status status = STATUS_OK;

    for (uint32_t from = 0, end; from < list->count && status == STATUS_OK; from = end) {
        for (end = from + 1;
             end < list->count && is_same_group(list->sections[from], list->sections[end]);)
            end++;
        for (uint32_t at = from; at + 1 < end && status == STATUS_OK; at++) {
            bool done = false;
            if (!find_job(list, at, end, job))
                continue;
            status = run_job(merging, job, &done, err);
            *ret_worked = *ret_worked || done;
            break; /* one job a group and step */
        }
        if (merging->rows >= MERGE_STEP_ROWS)
            break;
    }
    return status == STATUS_OK ? commit(merging, err) : status;
}

enum status sealed_merge_step(struct sealed *sealed, bool *ret_worked, struct error *err)
{
    struct merging merging;
    struct job job = {0};

    *ret_worked = false;
    if (!sealed_floor_is_known(sealed)) /* a commit would write it */
        return STATUS_OK;
    (void)pthread_mutex_lock(&sealed->write_lock);
    enum status status = merging_begin(&merging, sealed, SECTION_MERGED, &job, err);
    if (status == STATUS_OK)
        status = merge_due(&merging, &job, ret_worked, err);
    merging_end(&merging, &job);
    (void)pthread_mutex_unlock(&sealed->write_lock);
    return status;
}

/* ---- compaction ---- */

struct compaction {
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
    const atomic_bool *cancelled;
    uint64_t done, total; /* rows */
};

/* Nothing would get better. */
static bool is_done(const struct job *job)
{
    return job->count == 0 ||
           (job->count == 1 && job->inputs[0]->info.level == SECTION_COMPACTED);
}

static enum status compact_job(struct merging *merging, struct compaction *compaction,
                               struct job *job, struct error *err)
{
    enum status status = STATUS_OK;
    bool done = false;

    if (compaction->cancelled != NULL && atomic_load(compaction->cancelled))
        return ERROR_SET(err, STATUS_CANCELLED, "compaction was cancelled");
    if (!is_done(job))
        status = run_job(merging, job, &done, err);
    if (status == STATUS_OK && merging->rows >= COMPACT_STEP_ROWS)
        status = commit(merging, err);
    compaction->done += job->rows;
    if (status == STATUS_OK && compaction->progress != NULL)
        compaction->progress(compaction->context, compaction->done, compaction->total);
    job_clear(job);
    return status;
}

/* One month of a group: sections in order of time, as many as fit together. */
static enum status compact_month(struct merging *merging, struct compaction *compaction,
                                 uint32_t from, uint32_t end, uint32_t month, struct job *job,
                                 struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = from; i < end && status == STATUS_OK; i++) {
        struct section *section = merging->list->sections[i];
        if (month_of(section) != month || !section_is_usable(section) ||
            atomic_load(&section->stays))
            continue;
        if (!fits(job, section))
            status = compact_job(merging, compaction, job, err);
        job_add(job, section);
    }
    return status == STATUS_OK ? compact_job(merging, compaction, job, err) : status;
}

static enum status compact_group(struct merging *merging, struct compaction *compaction,
                                 uint32_t from, uint32_t end, struct job *job, struct error *err)
{
    uint32_t last = 0, month;
    enum status status = STATUS_OK;

    do { /* the months of the group, rising */
        month = UINT32_MAX;
        for (uint32_t i = from; i < end; i++) {
            uint32_t m = month_of(merging->list->sections[i]);
            month = m > last && m < month ? m : month;
        }
        if (month != UINT32_MAX)
            status = compact_month(merging, compaction, from, end, month, job, err);
        last = month;
    } while (month != UINT32_MAX && status == STATUS_OK);
    return status;
}

enum status sealed_compact(struct sealed *sealed,
                           void (*progress)(void *context, uint64_t done, uint64_t total),
                           void *context, const atomic_bool *cancelled, struct error *err)
{
    struct merging merging;
    struct compaction compaction = {progress, context, cancelled, 0, 0};
    struct job job = {0};

    if (!sealed_floor_is_known(sealed)) /* a commit would write it */
        return ERROR_SET(err, STATUS_BUSY, "a checkpoint has to come first");
    (void)pthread_mutex_lock(&sealed->write_lock);
    enum status status = merging_begin(&merging, sealed, SECTION_COMPACTED, &job, err);
    for (uint32_t i = 0; i < merging.list->count; i++)
        compaction.total += merging.list->sections[i]->info.row_count;
    for (uint32_t from = 0, end; from < merging.list->count && status == STATUS_OK; from = end) {
        for (end = from + 1; end < merging.list->count &&
                             is_same_group(merging.list->sections[from],
                                           merging.list->sections[end]);)
            end++;
        status = compact_group(&merging, &compaction, from, end, &job, err);
    }
    if (status == STATUS_OK)
        status = commit(&merging, err);
    merging_end(&merging, &job);
    (void)pthread_mutex_unlock(&sealed->write_lock);
    return status;
}
