/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - joins sections of one tenant, table and month of receipt.
 *
 * A step in the background does what merge_plan.c has chosen; compaction joins all
 * that can be joined and packs it as small as it gets.  Both take the groups (tenant
 * and table) in order and fill files with the results: one with sections that may
 * still grow, one with those that are done.
 *
 * A damaged section is left where it is, and so are one that the disk does not give, and
 * those that do not fit together, do not match their commitments when joined, or cannot be
 * compared with them, as the disk does not give the evidence.  What cannot be written ends the
 * step: it is the same for all. */
#include "store/sealed_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/priority.h"
#include "base/time.h"

#include <stdlib.h>

#define COMMIT_ROWS (16 * PART_ROWS_MAX) /* between two commits of compacted sections */

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
    uint64_t values; /* once there is more than one */
};

struct merging {
    struct sealed *sealed;
    struct section_list *list;
    bool is_compaction; /* asked for: everything, not only what the plan wants */
    const atomic_bool *cancelled; /* or NULL */
    struct job job;
    struct sealing growing, done; /* sections that may grow; those that are done */
    bool has_growing, has_done;   /* they are open */
    struct sealing_room room;
    struct section **removed; /* inputs of the jobs done since the last commit */
    uint32_t removed_count;
    uint64_t rows;            /* of them */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* or NULL */
    void *context;
    uint64_t rows_done, rows_total;
};

/* Adds it to the job unless they do not fit together.  Only headers know the values: those of
 * sections that nothing is joined with are not read for it. */
static bool job_take(struct job *job, struct section *section)
{
    if (job->count > 0) {
        if (job->rows + section->info.row_count > PART_ROWS_MAX ||
            job->raw_bytes + section->info.raw_bytes > SECTION_RAW_BYTES_MAX)
            return false;
        uint64_t before =
            job->count == 1 ? section_value_count(job->inputs[0]) : job->values;
        uint64_t values = before + section_value_count(section);
        if (values > PART_VALUES_MAX)
            return false;
        job->values = values;
    }
    job->inputs[job->count++] = section;
    job->rows += section->info.row_count;
    job->raw_bytes += section->info.raw_bytes;
    return true;
}

static void job_clear(struct job *job)
{
    job->count = 0;
    job->rows = job->raw_bytes = job->values = 0;
}

/* STATUS_CORRUPT: one is damaged, which is marked and counted.  STATUS_IO: one could not be
 * read; it may be later, but no other one's merges wait for that. */
static enum status load_inputs(const struct job *job, struct part **views, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < job->count && status == STATUS_OK; i++) {
        status = section_view(job->inputs[i], &views[i], err);
        if (status == STATUS_OK)
            status = section_load_all(views[i], err);
        if (status == STATUS_IO)
            atomic_store(&job->inputs[i]->stays, true);
    }
    return status;
}

/* The level that the result is written at. */
static enum section_level level_of(const struct merging *merging)
{
    const struct job *job = &merging->job;
    enum merge_plan plan = merging->sealed->plan;
    uint8_t least = SECTION_COMPACTED;

    if (merging->is_compaction || plan == PLAN_CLOSE)
        return SECTION_COMPACTED;
    for (uint32_t i = 0; i < job->count; i++)
        least = job->inputs[i]->info.level < least ? job->inputs[i]->info.level : least;
    return least == SECTION_FLUSHED ? SECTION_MERGED : (enum section_level)least;
}

/* Adds the result to the file it belongs to. */
static enum status add_result(struct merging *merging, const struct part *part,
                              struct error *err)
{
    bool is_done = merge_is_done(merging->job.rows, merging->job.raw_bytes);
    struct sealing *sealing = is_done ? &merging->done : &merging->growing;
    bool *is_open = is_done ? &merging->has_done : &merging->has_growing;
    enum status status = STATUS_OK;

    if (!*is_open)
        status = sealing_begin(sealing, merging->sealed, err);
    *is_open = true;
    return status == STATUS_OK ? sealing_add(sealing, &merging->room, part, level_of(merging), err)
                               : status;
}

static bool is_refused(enum status status, const struct error *err)
{
    return status == STATUS_LIMIT || status == STATUS_CORRUPT || status == STATUS_NOT_FOUND ||
           section_was_unchecked(status, err);
}

/* Makes one section of the inputs.  One that cannot be done changes nothing: its inputs
 * stay, and are not tried again. */
static enum status run_job(struct merging *merging, struct error *err)
{
    const struct job *job = &merging->job;
    struct part **views = calloc(job->count, sizeof(*views));
    struct part *joined = NULL;

    if (views == NULL)
        return ERROR_MEMORY(err);
    enum status status = load_inputs(job, views, err);
    if (status == STATUS_CORRUPT || status == STATUS_IO) {
        status = STATUS_OK; /* the others wait for the next step */
        goto out;
    }
    if (status == STATUS_OK && job->count > 1)
        status = part_join(views, job->count, &joined, err);
    if (status == STATUS_OK)
        status = add_result(merging, joined != NULL ? joined : views[0], err);
    if (is_refused(status, err)) {
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
out:
    part_unref(joined);
    for (uint32_t i = 0; i < job->count; i++) {
        part_unref(views[i]);
        cache_drop(job->inputs[i]->cache, job->inputs[i]->id); /* room for what readers use */
    }
    free(views);
    return status;
}

static void close_files(struct merging *merging)
{
    if (merging->has_growing)
        sealing_release(&merging->growing);
    if (merging->has_done)
        sealing_release(&merging->done);
    merging->has_growing = merging->has_done = false;
}

static enum status commit(struct merging *merging, struct error *err)
{
    const struct commit what = {
        .sealings = {merging->has_growing ? &merging->growing : NULL,
                     merging->has_done ? &merging->done : NULL},
        .removed = merging->removed,
        .removed_count = merging->removed_count,
    };
    enum status status = STATUS_OK;

    if (merging->removed_count > 0) {
        status = sealed_commit(merging->sealed, &what, err);
        if (status == STATUS_OK)
            (void)atomic_fetch_add(&merging->sealed->merge_count, 1);
    }
    close_files(merging);
    merging->removed_count = 0;
    merging->rows = 0;
    return status;
}

/* ---- groups ---- */

static bool is_cancelled(const struct merging *merging)
{
    return merging->cancelled != NULL && atomic_load(merging->cancelled);
}

/* Compaction: nothing would get better. */
static bool is_as_good_as_it_gets(const struct job *job)
{
    return job->count == 1 && job->inputs[0]->info.level == SECTION_COMPACTED;
}

static bool wants(const struct merging *merging, const struct section *section)
{
    if (!merging->is_compaction)
        return merge_wants(merging->sealed, section);
    return section_is_usable(section) && !atomic_load(&section->stays);
}

static bool is_filled(const struct merging *merging, bool is_open, const struct sealing *sealing)
{
    return is_open && sealing->count >= merging->sealed->merge_sections_max;
}

/* Of compaction: what is done since the last commit is enough, or all that a file can have. */
static bool commit_is_due(const struct merging *merging)
{
    return merging->rows >= COMMIT_ROWS ||
           is_filled(merging, merging->has_growing, &merging->growing) ||
           is_filled(merging, merging->has_done, &merging->done);
}

static enum status finish_job(struct merging *merging, struct error *err)
{
    struct job *job = &merging->job;
    enum status status = STATUS_OK;

    priority_keep_off(clock_monotonic_us(clock_system()), 0);
    if (job->count > 0 && is_cancelled(merging))
        return ERROR_SET(err, STATUS_CANCELLED, "the merge was cancelled");
    if (job->count > 0 && !(merging->is_compaction && is_as_good_as_it_gets(job)))
        status = run_job(merging, err);
    if (status == STATUS_OK && merging->is_compaction && commit_is_due(merging))
        status = commit(merging, err);
    merging->rows_done += job->rows;
    if (status == STATUS_OK && merging->progress != NULL)
        merging->progress(merging->context, merging->rows_done, merging->rows_total);
    job_clear(job);
    return status;
}

/* One month of a group: sections in order of time, as many as fit together. */
static enum status join_month(struct merging *merging, uint32_t from, uint32_t end,
                              uint32_t month, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = from; i < end && status == STATUS_OK; i++) {
        struct section *section = merging->list->sections[i];
        if (!wants(merging, section) || merge_month(section) != month)
            continue;
        while (status == STATUS_OK && !job_take(&merging->job, section))
            status = finish_job(merging, err); /* there is room then */
    }
    return status == STATUS_OK ? finish_job(merging, err) : status;
}

static enum status join_group(struct merging *merging, uint32_t from, uint32_t end,
                              struct error *err)
{
    uint32_t last = 0, month;
    enum status status = STATUS_OK;

    do { /* the months of the group, rising */
        month = UINT32_MAX;
        for (uint32_t i = from; i < end; i++) {
            if (!wants(merging, merging->list->sections[i]))
                continue;
            uint32_t m = merge_month(merging->list->sections[i]);
            month = m > last && m < month ? m : month;
        }
        if (month != UINT32_MAX)
            status = join_month(merging, from, end, month, err);
        last = month;
    } while (month != UINT32_MAX && status == STATUS_OK);
    return status;
}

/* All groups, or as many as `rows_max` rows take. */
static enum status join_groups(struct merging *merging, uint64_t rows_max, struct error *err)
{
    const struct section_list *list = merging->list;
    enum status status = STATUS_OK;

    for (uint32_t from = 0, end; status == STATUS_OK && from < list->count; from = end) {
        for (end = from + 1;
             end < list->count && is_same_group(list->sections[from], list->sections[end]);)
            end++;
        status = join_group(merging, from, end, err);
        if (merging->rows >= rows_max)
            break;
    }
    return status;
}

static enum status merging_begin(struct merging *merging, struct error *err)
{
    sealing_room_init(&merging->room);
    merging->list = sealed_pin(merging->sealed, NULL, NULL);
    merging->removed = calloc((size_t)merging->list->count + 1, sizeof(*merging->removed));
    merging->job.inputs = calloc((size_t)merging->list->count + 1, sizeof(struct section *));
    return merging->removed == NULL || merging->job.inputs == NULL ? ERROR_MEMORY(err)
                                                                   : STATUS_OK;
}

static void merging_end(struct merging *merging)
{
    close_files(merging);
    sealing_room_release(&merging->room);
    free(merging->removed);
    free(merging->job.inputs);
    section_list_unref(merging->list);
}

/* ---- in the background ---- */

/* Nothing has changed since there was nothing to do? */
static bool is_idle(struct sealed *sealed, uint64_t *ret_generation, int64_t *ret_day)
{
    (void)pthread_mutex_lock(&sealed->write_lock);
    *ret_generation = sealed->generation;
    (void)pthread_mutex_unlock(&sealed->write_lock);
    *ret_day = sealed->options.clock == NULL ? 0
                                             : clock_unix_us(sealed->options.clock) / US_PER_DAY;
    return *ret_generation == sealed->idle_generation && *ret_day == sealed->idle_day;
}

/* For what `rows_max` rows become. */
static bool has_space(const struct merging *merging, uint64_t rows_max)
{
    const struct section_list *list = merging->list;
    uint64_t bytes = 0, rows = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        if (rows >= rows_max && !is_same_group(list->sections[i - 1], list->sections[i]))
            break; /* a group is joined as a whole */
        if (!wants(merging, list->sections[i]))
            continue;
        bytes += list->sections[i]->info.size_bytes;
        rows += list->sections[i]->info.row_count;
    }
    return io_has_merge_space(merging->sealed->options.io, bytes);
}

/* One plan, or a part of it; with nothing to do, or no space for that, the next flush is
 * waited for. */
static enum status join_chosen(struct merging *merging, uint64_t generation, int64_t day,
                               struct error *err)
{
    struct sealed *sealed = merging->sealed;
    enum merge_plan plan = merge_choose(sealed, merging->list);
    uint64_t rows_max = plan == PLAN_JOIN ? UINT64_MAX : COMMIT_ROWS;

    if (plan != PLAN_NONE && has_space(merging, rows_max))
        return join_groups(merging, rows_max, err);
    sealed->plan = PLAN_NONE; /* a smaller one may fit then */
    sealed->idle_generation = generation;
    sealed->idle_day = day;
    return STATUS_OK;
}

enum status sealed_merge_step(struct sealed *sealed, const atomic_bool *cancelled,
                              bool *ret_worked, struct error *err)
{
    struct merging merging = {.sealed = sealed, .cancelled = cancelled};
    uint64_t generation = 0;
    int64_t day = 0;
    enum status status = STATUS_OK;

    *ret_worked = false;
    if (!sealed_is_settled(sealed)) /* a commit would write it */
        return STATUS_OK;
    (void)pthread_mutex_lock(&sealed->merge_lock);
    if (!is_idle(sealed, &generation, &day)) {
        status = merging_begin(&merging, err);
        if (status == STATUS_OK)
            status = join_chosen(&merging, generation, day, err);
        if (status == STATUS_CANCELLED)
            status = STATUS_OK; /* what is done counts */
        *ret_worked = merging.removed_count > 0;
        if (status == STATUS_OK)
            status = commit(&merging, err);
        merging_end(&merging);
    }
    (void)pthread_mutex_unlock(&sealed->merge_lock);
    return status;
}

/* ---- compaction ---- */

enum status sealed_compact(struct sealed *sealed,
                           void (*progress)(void *context, uint64_t done, uint64_t total),
                           void *context, const atomic_bool *cancelled, struct error *err)
{
    struct merging merging = {.sealed = sealed, .is_compaction = true, .cancelled = cancelled,
                              .progress = progress, .context = context};

    if (!sealed_is_settled(sealed)) /* a commit would write it */
        return ERROR_SET(err, STATUS_BUSY, "a checkpoint has to come first");
    (void)pthread_mutex_lock(&sealed->merge_lock);
    enum status status = merging_begin(&merging, err);
    for (uint32_t i = 0; i < merging.list->count; i++)
        merging.rows_total += merging.list->sections[i]->info.row_count;
    if (status == STATUS_OK)
        status = join_groups(&merging, UINT64_MAX, err);
    if (status == STATUS_OK)
        status = commit(&merging, err);
    merging_end(&merging);
    (void)pthread_mutex_unlock(&sealed->merge_lock);
    return status;
}
