/* SPDX-License-Identifier: Apache-2.0 */
/* flush.c - the rows in memory become sections of a new segment file.
 *
 * What is small of a tenant and table is joined first: a small tenant's batches become
 * one section, not one each.
 *
 * The order of the steps is the safety:
 * 1. encode each part, decode it again, have every row checked;
 * 2. seal and write it to NAME.tmp; sync; rename; sync the directory;
 * 3. commit the change to the catalog: now the sections count and the floor has moved;
 * 4. publish to readers.
 * A part whose rows do not match what came, or that passes a bound of a section, is
 * encoded again with every record whole, in as many sections as that takes; one that
 * does not match either is stored so all the same and counted, and the caller keeps
 * the log of it: one part must not keep the others out of the segments for ever.
 * A part whose evidence the disk does not give is sealed by its tags, which say that it is
 * what came, and counted.  Its log is not kept: that holds nothing of these rows that was not
 * written and synced before, and one bad sector would keep all logs from then on.
 * A failure before 3 changes nothing.  A failure of 3 leaves the file, because
 * the change may have reached the disk; but not one for want of space, where each
 * try would leave another file. */
#include "base/check.h"
#include "base/crew.h"
#include "store/sealed_priv.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define CHECK_CACHE_BYTES (2 * MIB) /* what is being checked is pinned, and may pass it */

static const int level_zstd[] = {FLUSH_ZSTD_LEVEL, MERGE_ZSTD_LEVEL, COMPACT_ZSTD_LEVEL};

enum status sealing_begin(struct sealing *sealing, struct sealed *sealed, struct error *err)
{
    (void)pthread_mutex_lock(&sealed->write_lock);
    *sealing = (struct sealing){.sealed = sealed, .generation = sealed->generation + 1};
    /* a number is never used twice in a process, also after a failure */
    uint64_t number = sealed->next_segment++;
    (void)pthread_mutex_unlock(&sealed->write_lock);
    (void)pthread_mutex_init(&sealing->lock, NULL);
    return segment_writer_begin(&sealing->writer, sealed->options.io, number, err);
}

void sealing_room_init(struct sealing_room *room)
{
    *room = (struct sealing_room){0};
    buf_init(&room->plain, SECTION_BYTES_MAX);
    buf_init(&room->cipher, SECTION_BYTES_MAX);
}

void sealing_room_release(struct sealing_room *room)
{
    if (room->plain.data != NULL)
        OPENSSL_cleanse(room->plain.data, room->plain.size);
    buf_release(&room->plain);
    buf_release(&room->cipher);
    cache_free(room->cache);
    room->cache = NULL;
}

static enum status grow_infos(struct sealing *sealing, struct error *err)
{
    if (sealing->count < sealing->capacity)
        return STATUS_OK;
    uint32_t capacity = sealing->capacity == 0 ? 64 : sealing->capacity * 2;
    struct section_info *infos = realloc(sealing->infos, capacity * sizeof(*infos));
    if (infos == NULL)
        return ERROR_MEMORY(err);
    sealing->infos = infos;
    sealing->capacity = capacity;
    return STATUS_OK;
}

/* Its place in the file is its number, which the encryption binds it to. */
static enum status append(struct sealing *sealing, struct sealing_room *room,
                          struct section_info *info, struct error *err)
{
    (void)pthread_mutex_lock(&sealing->lock);
    enum status status = grow_infos(sealing, err);
    info->index = sealing->count;
    if (status == STATUS_OK)
        status = section_seal(sealing->sealed->options.keyring, info, buf_slice(&room->plain),
                              &room->cipher, err);
    if (status == STATUS_OK)
        status = segment_writer_add(&sealing->writer, info, buf_slice(&room->cipher), err);
    if (status == STATUS_OK)
        sealing->infos[sealing->count++] = *info;
    (void)pthread_mutex_unlock(&sealing->lock);
    return status;
}

enum status sealing_add(struct sealing *sealing, struct sealing_room *room,
                        const struct part *part, enum section_level level, struct error *err)
{
    struct sealed *sealed = sealing->sealed;
    struct section_options options = {level_zstd[level], level != SECTION_FLUSHED, 0};
    struct section_info info;

    if (part->row_count == 0)
        return STATUS_OK;
    section_info_from_part(part, &info);
    info.segment = sealing->writer.number;
    info.generation = sealing->generation;
    info.level = (uint8_t)level;
    buf_clear(&room->plain);
    buf_clear(&room->cipher);
    enum status status =
        section_index_seed(sealed->options.keyring, &part->tenant, &options.index_seed, err);
    if (status == STATUS_OK)
        status = section_encode(part, &options, &room->plain, &info, err);
    if (status == STATUS_OK && room->cache == NULL)
        room->cache = cache_new(CHECK_CACHE_BYTES);
    if (status == STATUS_OK && room->cache == NULL)
        status = ERROR_MEMORY(err);
    if (status == STATUS_OK)
        status = section_check(room->cache, &info, buf_slice(&room->plain),
                               room->unverified ? NULL : part, sealed->options.verifier, err);
    if (section_was_unchecked(status, err)) {
        (void)atomic_fetch_add(&sealed->unchecked_count, 1);
        if (part->tags != NULL) /* they are right, and one tenant must not stop all others */
            status = STATUS_OK;
    }
    return status == STATUS_OK ? append(sealing, room, &info, err) : status;
}

void sealing_release(struct sealing *sealing)
{
    segment_writer_release(&sealing->writer);
    (void)pthread_mutex_destroy(&sealing->lock);
    free(sealing->infos);
    sealing->infos = NULL;
}

/* ---- commit ---- */

int section_order(const struct section_info *a, const struct section_info *b)
{
    int order = memcmp(a->tenant.bytes, b->tenant.bytes, sizeof(a->tenant.bytes));

    if (order == 0)
        order = strcmp(a->table, b->table);
    if (order == 0)
        order = (a->time_min > b->time_min) - (a->time_min < b->time_min);
    if (order == 0)
        order = (a->segment > b->segment) - (a->segment < b->segment);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_sections(const void *a, const void *b)
{
    return section_order(&(*(struct section *const *)a)->info,
                         &(*(struct section *const *)b)->info);
}

/* The new sections of a sealing, behind those of the list. */
static enum status add_new(struct sealed *sealed, const struct sealing *sealing,
                           struct section_list *list, struct error *err)
{
    struct segment_file *file = NULL;
    enum status status =
        segment_file_new(sealed->options.io, sealing->writer.number, &file, err);

    for (uint32_t i = 0; i < sealing->count && status == STATUS_OK; i++) {
        status = section_new(&sealing->infos[i], file, (struct slice){NULL, 0},
                             sealed->options.keyring, sealed->cache,
                             &list->sections[list->count], err);
        if (status != STATUS_OK)
            break;
        struct section *section = list->sections[list->count++];
        section->corrupt_count = &sealed->corrupt_count;
        atomic_store(&section->facts, FACTS_SOUND); /* they were just sealed */
    }
    if (file != NULL)
        file->live_count = sealing->count;
    segment_file_unref(file);
    return status;
}

/* Both are in order. */
static enum status merge_lists(const struct section_list *old, struct section_list *fresh,
                               struct section_list **ret, struct error *err)
{
    struct section_list *list = section_list_new(old->count + fresh->count, err);
    uint32_t a = 0, b = 0;

    if (list == NULL)
        return err->status;
    while (a < old->count || b < fresh->count) {
        bool is_old = b == fresh->count ||
                      (a < old->count &&
                       compare_sections(&old->sections[a], &fresh->sections[b]) < 0);
        struct section *section = is_old ? old->sections[a++] : fresh->sections[b++];
        if (!section->is_leaving)
            list->sections[list->count++] = section_ref(section);
    }
    *ret = list;
    return STATUS_OK;
}

/* The sections of all sealings of the commit, in order. */
static enum status list_new(struct sealed *sealed, const struct commit *commit,
                            struct section_list **ret, struct error *err)
{
    uint32_t count = 0;
    enum status status = STATUS_OK;

    for (unsigned i = 0; i < 2; i++)
        count += commit->sealings[i] == NULL ? 0 : commit->sealings[i]->count;
    struct section_list *fresh = section_list_new(count, err);
    if (fresh == NULL)
        return err->status;
    for (unsigned i = 0; i < 2 && status == STATUS_OK; i++) {
        const struct sealing *sealing = commit->sealings[i];
        if (sealing != NULL && sealing->count > 0)
            status = add_new(sealed, sealing, fresh, err);
    }
    qsort(fresh->sections, fresh->count, sizeof(struct section *), compare_sections);
    *ret = fresh; /* also of what could not be finished */
    return status;
}

/* The current list without the removed and with the new sections. */
static enum status next_list(struct sealed *sealed, const struct commit *commit,
                             struct section_list *fresh, struct section_list **ret,
                             struct error *err)
{
    for (uint32_t i = 0; i < commit->removed_count; i++)
        commit->removed[i]->is_leaving = true;
    enum status status = merge_lists(sealed->list, fresh, ret, err);
    for (uint32_t i = 0; i < commit->removed_count; i++)
        commit->removed[i]->is_leaving = false;
    return status;
}

/* Files of removed sections that no live section uses go with their readers. */
static void mark_dead_files(const struct commit *commit)
{
    for (uint32_t i = 0; i < commit->removed_count; i++) {
        struct segment_file *file = commit->removed[i]->file;
        CHECK(file->live_count > 0);
        if (--file->live_count == 0)
            atomic_store(&file->is_dead, true);
    }
}

/* The catalog has it. */
static enum status record(struct sealed *sealed, const struct commit *commit,
                          const struct section_list *fresh, const struct section_list *list,
                          uint64_t wal_floor, struct error *err)
{
    const struct catalog_state state = {.generation = sealed->generation + 1,
                                        .wal_floor = wal_floor,
                                        .next_segment = sealed->next_segment};
    const struct catalog_change change = {fresh, commit->removed, commit->removed_count};

    /* also after a failure: what may be on the disk is not to be numbered again */
    sealed->generation = state.generation;
    return catalog_commit(sealed->options.io, &state, &change, list, &sealed->catalog, err);
}

static void show(struct sealed *sealed, const struct commit *commit, struct section_list *list,
                 uint64_t wal_floor)
{
    mark_dead_files(commit);
    (void)pthread_mutex_lock(&sealed->lock);
    struct section_list *old = sealed->list;
    sealed->list = list;
    sealed->wal_floor = wal_floor;
    if (commit->publish != NULL)
        commit->publish(commit->context);
    (void)pthread_mutex_unlock(&sealed->lock);
    section_list_unref(old);
}

static enum status make_visible(struct sealed *sealed, const struct commit *commit,
                                struct error *err)
{
    struct section_list *fresh = NULL, *list = NULL;
    uint64_t wal_floor = commit->wal_floor == NULL ? sealed->wal_floor : *commit->wal_floor;
    enum status status = list_new(sealed, commit, &fresh, err);

    if (status == STATUS_OK)
        status = next_list(sealed, commit, fresh, &list, err);
    if (status == STATUS_OK)
        status = record(sealed, commit, fresh, list, wal_floor, err);
    if (status == STATUS_OK)
        show(sealed, commit, list, wal_floor);
    else
        section_list_unref(list);
    section_list_unref(fresh);
    return status;
}

/* Before a file has its name: each try of what cannot be recorded would leave another one. */
static enum status check_room(struct sealed *sealed, const struct commit *commit,
                              struct error *err)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < 2; i++)
        count += commit->sealings[i] == NULL ? 0 : commit->sealings[i]->count;
    (void)pthread_mutex_lock(&sealed->write_lock);
    count += sealed->list->count;
    (void)pthread_mutex_unlock(&sealed->write_lock);
    return catalog_check_count(count - commit->removed_count, err);
}

/* The new files get their names. */
static enum status end_files(struct sealed *sealed, const struct commit *commit,
                             struct error *err)
{
    enum status status = check_room(sealed, commit, err);

    for (unsigned i = 0; i < 2 && status == STATUS_OK; i++) {
        if (commit->sealings[i] != NULL && commit->sealings[i]->count > 0)
            status = segment_writer_end(&commit->sealings[i]->writer, err);
    }
    return status;
}

enum status sealed_commit(struct sealed *sealed, const struct commit *commit, struct error *err)
{
    enum status status = end_files(sealed, commit, err);
    bool is_unlisted = status != STATUS_OK; /* else it may be listed */

    if (status == STATUS_OK) {
        (void)pthread_mutex_lock(&sealed->write_lock);
        status = make_visible(sealed, commit, err);
        (void)pthread_mutex_unlock(&sealed->write_lock);
        is_unlisted = status == STATUS_FULL;
    }
    for (unsigned i = 0; i < 2 && is_unlisted; i++) {
        if (commit->sealings[i] != NULL)
            segment_writer_drop(&commit->sealings[i]->writer);
    }
    return status;
}

/* ---- flush ---- */

/* What a thread of a flush has for itself. */
struct flusher {
    struct sealing_room room;
    uint32_t unverified_count; /* of sections */
    enum status status;
    struct error err;
};

/* What becomes one section. */
struct row_group {
    uint32_t from, count;
};

/* The rows that become sections, by as many threads as there are. */
struct flushing {
    struct sealing sealing;
    struct held *const *rows;
    struct row_group *groups; /* of them, in order */
    uint32_t row_count, group_count;
    struct flusher flushers[FLUSH_THREADS_MAX];
    atomic_uint next;
    atomic_bool has_failed;
};

static bool is_mismatch(enum status status)
{
    return status == STATUS_CORRUPT || status == STATUS_NOT_FOUND;
}

/* A section of records that are whole. */
static enum status flush_raw(struct sealing *sealing, struct flusher *flusher,
                             const struct part *raw)
{
    struct sealing_room *room = &flusher->room;
    enum status status = sealing_add(sealing, room, raw, SECTION_FLUSHED, &flusher->err);

    if (status == STATUS_OK) {
        (void)atomic_fetch_add(&sealing->sealed->raw_count, 1);
    } else if (is_mismatch(status)) {
        room->unverified = true;
        status = sealing_add(sealing, room, raw, SECTION_FLUSHED, &flusher->err);
        room->unverified = false;
        flusher->unverified_count += status == STATUS_OK;
    }
    return status;
}

static enum status flush_part(struct sealing *sealing, struct flusher *flusher,
                              const struct part *part)
{
    enum status status =
        sealing_add(sealing, &flusher->room, part, SECTION_FLUSHED, &flusher->err);

    if (!is_mismatch(status) && status != STATUS_LIMIT)
        return status;
    status = STATUS_OK;
    for (uint32_t from = 0, end = 0; from < part->row_count && status == STATUS_OK; from = end) {
        struct part *raw = NULL;
        status = part_raw(part, from, &raw, &end, &flusher->err);
        if (status == STATUS_OK)
            status = flush_raw(sealing, flusher, raw);
        part_unref(raw);
    }
    return status;
}

static bool is_small(const struct held *held)
{
    return held->row_count <= SMALL_TENANT_ROWS;
}

/* Neighbours of one tenant and table, while they are small and fit together. */
static enum status make_groups(struct flushing *flushing, struct error *err)
{
    struct held *const *held = flushing->rows;
    uint32_t count = flushing->row_count, end;

    flushing->groups = calloc((size_t)count + 1, sizeof(*flushing->groups));
    if (flushing->groups == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t from = 0; from < count; from = end) {
        uint64_t rows = held[from]->row_count, bytes = held_bytes(held[from]);
        uint64_t values = held[from]->value_count;
        for (end = from + 1; end < count && is_small(held[from]); end++) {
            rows += held[end]->row_count;
            bytes += held_bytes(held[end]);
            values += held[end]->value_count;
            if (!is_small(held[end]) || rows > PART_ROWS_MAX || bytes > PART_JOIN_BYTES_MAX ||
                values > PART_VALUES_MAX ||
                !guid_equal(&held[end]->tenant, &held[from]->tenant) ||
                !slice_equal(held[end]->table, held[from]->table))
                break;
        }
        flushing->groups[flushing->group_count++] = (struct row_group){from, end - from};
    }
    return STATUS_OK;
}

static enum status flush_held(struct flushing *flushing, struct flusher *flusher,
                              struct held *held)
{
    struct part *part = NULL;
    enum status status = held_part(held, &part, &flusher->err);

    if (status == STATUS_OK)
        status = flush_part(&flushing->sealing, flusher, part);
    part_unref(part);
    return status;
}

/* One section of all, or, where they do not fit together or a row of them does not match,
 * one of each. */
static enum status flush_group(struct flushing *flushing, struct flusher *flusher,
                               const struct row_group *group)
{
    struct held *const *held = flushing->rows + group->from;
    struct part *joined = NULL;
    enum status status = STATUS_LIMIT;

    if (group->count > 1)
        status = held_join(held, group->count, &joined, &flusher->err);
    if (status == STATUS_OK)
        status = sealing_add(&flushing->sealing, &flusher->room, joined, SECTION_FLUSHED,
                             &flusher->err);
    part_unref(joined);
    if (status != STATUS_LIMIT && !is_mismatch(status))
        return status;
    status = STATUS_OK;
    for (uint32_t i = 0; i < group->count && status == STATUS_OK; i++)
        status = flush_held(flushing, flusher, held[i]);
    return status;
}

static void flush_some(struct flushing *flushing, struct flusher *flusher)
{
    sealing_room_init(&flusher->room);
    while (!atomic_load(&flushing->has_failed)) {
        uint32_t next = atomic_fetch_add(&flushing->next, 1);
        if (next >= flushing->group_count)
            break;
        flusher->status = flush_group(flushing, flusher, &flushing->groups[next]);
        if (flusher->status != STATUS_OK)
            atomic_store(&flushing->has_failed, true);
    }
    sealing_room_release(&flusher->room);
}

static void flush_work(void *context, uint32_t index)
{
    struct flushing *flushing = context;
    /* the calling thread is watched by who calls */
    struct stage_watch watch = stage_watch_start(
        index == 0 ? NULL : flushing->sealing.sealed->options.stages);

    flush_some(flushing, &flushing->flushers[index]);
    stage_watch_lap(&watch, STAGE_FLUSH);
}

static enum status flush_parts(struct flushing *flushing, struct error *err)
{
    uint32_t count = flushing->sealing.sealed->options.thread_count;

    if (make_groups(flushing, err) != STATUS_OK)
        return err->status;
    count = count > FLUSH_THREADS_MAX ? FLUSH_THREADS_MAX : count;
    crew_run(count > flushing->group_count ? flushing->group_count : count, flush_work,
             flushing);
    for (uint32_t i = 0; i < FLUSH_THREADS_MAX; i++) {
        if (flushing->flushers[i].status == STATUS_OK)
            continue;
        *err = flushing->flushers[i].err;
        return flushing->flushers[i].status;
    }
    return STATUS_OK;
}

/* The log of rows that were refused is the only good copy of them: that it stays is on the disk
 * before the commit that lets a later start remove it. */
static enum status keep_log(struct flushing *flushing, uint64_t wal_floor, struct error *err)
{
    struct sealed *sealed = flushing->sealing.sealed;
    const struct sealed_options *options = &sealed->options;
    uint32_t count = 0;

    for (uint32_t i = 0; i < FLUSH_THREADS_MAX; i++)
        count += flushing->flushers[i].unverified_count;
    if (count == 0)
        return STATUS_OK;
    enum status status = options->keep_log == NULL
                             ? STATUS_OK
                             : options->keep_log(options->context, wal_floor, err);
    if (status == STATUS_OK)
        (void)atomic_fetch_add(&sealed->unverified_count, count);
    return status;
}

enum status sealed_flush(struct sealed *sealed, struct held *const *rows, uint32_t row_count,
                         uint64_t wal_floor, void (*publish)(void *context), void *context,
                         struct error *err)
{
    struct flushing flushing = {.rows = rows, .row_count = row_count};
    const struct commit commit = {.sealings = {&flushing.sealing}, .wal_floor = &wal_floor,
                                  .publish = publish, .context = context};
    enum status status = sealing_begin(&flushing.sealing, sealed, err);

    if (status == STATUS_OK)
        status = flush_parts(&flushing, err);
    if (status == STATUS_OK)
        status = keep_log(&flushing, wal_floor, err);
    if (status == STATUS_OK)
        status = sealed_commit(sealed, &commit, err);
    if (status == STATUS_OK) {
        (void)atomic_fetch_add(&sealed->flush_count, 1);
        atomic_store(&sealed->floor_is_known, true);
        atomic_store(&sealed->is_settled, true);
    }
    sealing_release(&flushing.sealing);
    free(flushing.groups);
    return status;
}
