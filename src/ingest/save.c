/* SPDX-License-Identifier: Apache-2.0 */
/* save.c - writing runs, merging them by size, and the order of a save.
 *
 * The state names the runs that count.  A new run is written and synced first,
 * then the state is replaced, then what it no longer names is removed: a crash
 * leaves either the old state with a stray file, or the new one. */
#include "ingest/save_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

#define MERGE_WIDTH 4 /* so many runs of one size class become one */
#define MERGE_BASE_ENTRIES 4096u

bool key_value_decode(struct slice value, struct key_value *ret)
{
    if (value.size < KEY_MAC_REST_BYTES + HASH_BYTES)
        return false;
    ret->mac_rest = value.data;
    memcpy(ret->body_hash.bytes, value.data + KEY_MAC_REST_BYTES, HASH_BYTES);
    ret->answer = slice_tail(value, KEY_MAC_REST_BYTES + HASH_BYTES);
    return true;
}

/* One that no state names.  What stays is written over, or removed at the next start. */
static void remove_run(struct memory *memory, uint64_t number)
{
    char path[RUN_PATH_BYTES];

    run_path(number, path);
    io_unlink_if_possible(memory->io, path);
}

/* ---- the run of this save ---- */

static enum status write_prints(struct run_writer *writer, const struct tenant *tenant,
                                uint32_t oldest, struct error *err)
{
    struct print *prints = NULL;
    size_t count = 0;
    enum status status = print_set_sorted(&tenant->frozen, &prints, &count, err);

    if (status == STATUS_OK)
        status = run_writer_begin(writer, &tenant->id, RUN_KIND_RECORD, &tenant->wal_key, count,
                                  err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct run_entry entry = {
            .key = prints[i].id,
            .minute = prints[i].minute,
            .value = slice_from((const char *)prints[i].content, PRINT_CONTENT_BYTES)};
        if (entry.minute >= oldest)
            status = run_writer_add(writer, &entry, err);
    }
    if (status == STATUS_OK)
        status = run_writer_end(writer, err);
    free(prints);
    return status;
}

static uint64_t mac_key(const struct map_entry *entry)
{
    uint64_t key;

    memcpy(&key, entry->key.data, sizeof(key));
    return key;
}

static int by_mac(const void *a, const void *b)
{
    uint64_t x = mac_key(*(const struct map_entry *const *)a);
    uint64_t y = mac_key(*(const struct map_entry *const *)b);

    return x < y ? -1 : x > y;
}

static enum status write_key(struct run_writer *writer, const struct map_entry *from,
                             uint32_t oldest, struct buf *scratch, struct error *err)
{
    const struct kept_answer *answer = (const struct kept_answer *)(uintptr_t)from->value;

    if (answer->minute < oldest)
        return STATUS_OK;
    buf_clear(scratch);
    buf_add(scratch, from->key.data + 8, KEY_MAC_REST_BYTES);
    buf_add(scratch, answer->body_hash.bytes, HASH_BYTES);
    buf_add(scratch, answer->bytes, answer->size);
    enum status status = buf_check(scratch, err);
    if (status != STATUS_OK)
        return status;
    struct run_entry entry = {
        .key = mac_key(from), .minute = answer->minute, .value = buf_slice(scratch)};
    return run_writer_add(writer, &entry, err);
}

static enum status write_keys(struct run_writer *writer, const struct tenant *tenant,
                              uint32_t oldest, struct error *err)
{
    size_t count = tenant->frozen_keys.count;
    const struct map_entry **sorted = malloc((count + 1) * sizeof(*sorted));
    struct buf scratch;

    if (sorted == NULL)
        return ERROR_MEMORY(err);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &tenant->frozen_keys.entries[i];
    qsort(sorted, count, sizeof(const struct map_entry *), by_mac);
    buf_init(&scratch, 32 * MIB);
    enum status status =
        run_writer_begin(writer, &tenant->id, RUN_KIND_KEY, &tenant->wal_key, count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = write_key(writer, sorted[i], oldest, &scratch, err);
    if (status == STATUS_OK)
        status = run_writer_end(writer, err);
    buf_release(&scratch);
    free(sorted);
    return status;
}

/* The frozen sets do not change while they are written: nothing that is in
 * them can be refused any more. */
static enum status write_run(struct memory *memory, struct tenant *const *tenants, size_t count,
                             uint32_t oldest, struct error *err)
{
    struct run_writer *writer = NULL;
    enum status status = run_writer_new(memory->io, memory->next_run, &writer, err);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (tenants[i]->frozen.count > 0)
            status = write_prints(writer, tenants[i], oldest, err);
        if (status == STATUS_OK && tenants[i]->frozen_keys.count > 0)
            status = write_keys(writer, tenants[i], oldest, err);
    }
    if (status == STATUS_OK)
        status = run_writer_finish(writer, err);
    run_writer_free(writer);
    if (status != STATUS_OK)
        remove_run(memory, memory->next_run);
    return status;
}

/* ---- merging ---- */

struct merge_input {
    struct run *const *runs;
    size_t count;
    size_t next_section[RUNS_MAX];
};

static int compare_sections(const struct run_section_info *a, const struct run_section_info *b)
{
    int order = memcmp(a->tenant.bytes, b->tenant.bytes, sizeof(a->tenant.bytes));

    return order != 0 ? order : (int)a->kind - (int)b->kind;
}

/* The lowest section that is next in any run; false at the end. */
static bool lowest_section(const struct merge_input *input, struct run_section_info *ret)
{
    bool found = false;

    for (size_t i = 0; i < input->count; i++) {
        if (input->next_section[i] == run_section_count(input->runs[i]))
            continue;
        struct run_section_info info = run_section(input->runs[i], input->next_section[i]);
        if (!found || compare_sections(&info, ret) < 0)
            *ret = info;
        found = true;
    }
    return found;
}

/* Opens a cursor in each run that has the section and steps over it. */
static enum status open_cursors(struct merge_input *input, const struct run_section_info *section,
                                struct run_cursor *cursors, size_t *ret_count,
                                uint64_t *ret_entries, struct error *err)
{
    *ret_entries = 0;
    for (size_t i = 0; i < input->count; i++) {
        size_t at = input->next_section[i];
        if (at == run_section_count(input->runs[i]))
            continue;
        struct run_section_info info = run_section(input->runs[i], at);
        if (compare_sections(&info, section) != 0)
            continue;
        input->next_section[i]++;
        if (info.entry_count == 0)
            continue;
        *ret_entries += info.entry_count;
        enum status status = run_cursor_open(&cursors[(*ret_count)++], input->runs[i], at, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static struct run_cursor *lowest_cursor(struct run_cursor *cursors, size_t count)
{
    struct run_cursor *lowest = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!cursors[i].done && (lowest == NULL || cursors[i].entry.key < lowest->entry.key))
            lowest = &cursors[i];
    }
    return lowest;
}

/* A damaged run is forgotten. */
static void note_read(struct memory *memory, struct run *run, enum status status)
{
    if (status == STATUS_CORRUPT)
        memory_break(memory, run);
}

static enum status merge_section(struct memory *memory, struct merge_input *input,
                                 const struct run_section_info *section,
                                 struct run_writer *writer, uint32_t oldest, struct error *err)
{
    struct run_cursor cursors[RUNS_MAX];
    size_t count = 0;
    uint64_t entries = 0;
    struct tenant *tenant = NULL;
    enum status status = open_cursors(input, section, cursors, &count, &entries, err);

    if (status != STATUS_OK)
        note_read(memory, cursors[count - 1].run, status);
    if (status != STATUS_OK || count == 0)
        goto out;
    status = tenant_table_get(memory->tenants, &section->tenant, &tenant, err);
    if (status == STATUS_OK)
        status = run_writer_begin(writer, &section->tenant, section->kind, &tenant->wal_key,
                                  entries, err);
    while (status == STATUS_OK) {
        struct run_cursor *lowest = lowest_cursor(cursors, count);
        if (lowest == NULL)
            break;
        if (lowest->entry.minute >= oldest)
            status = run_writer_add(writer, &lowest->entry, err);
        if (status != STATUS_OK)
            break;
        status = run_cursor_next(lowest, err);
        note_read(memory, lowest->run, status);
    }
    if (status == STATUS_OK)
        status = run_writer_end(writer, err);
out:
    for (size_t i = 0; i < count; i++)
        run_cursor_close(&cursors[i]);
    return status;
}

static enum status merge_runs(struct memory *memory, struct run *const *runs, size_t count,
                              uint32_t oldest, struct error *err)
{
    struct merge_input input = {.runs = runs, .count = count};
    struct run_section_info section;
    struct run_writer *writer = NULL;
    enum status status = run_writer_new(memory->io, memory->next_run, &writer, err);

    while (status == STATUS_OK && lowest_section(&input, &section))
        status = merge_section(memory, &input, &section, writer, oldest, err);
    if (status == STATUS_OK)
        status = run_writer_finish(writer, err);
    run_writer_free(writer);
    if (status != STATUS_OK)
        remove_run(memory, memory->next_run);
    return status;
}

static unsigned size_class(const struct run *run)
{
    unsigned class = 0;

    for (uint64_t n = run_entry_count(run) / MERGE_BASE_ENTRIES; n > 0; n /= MERGE_WIDTH)
        class++;
    return class;
}

/* ---- the save ---- */

/* The runs the next state names: old ones first. */
struct plan {
    struct run *runs[RUNS_MAX + 1];
    size_t count;
    struct run *made[RUNS_MAX]; /* of this save: dropped when it fails */
    size_t made_count;
    bool forgets; /* one before its time */
};

static void plan_without_old(const struct memory *memory, uint32_t oldest, struct plan *ret)
{
    for (size_t i = 0; i < memory->run_count; i++) {
        if (run_newest_minute(memory->runs[i]) >= oldest && !run_is_broken(memory->runs[i]))
            ret->runs[ret->count++] = memory->runs[i];
    }
}

/* So many are full that no merge makes room for another one. */
static void plan_without_first(struct plan *plan)
{
    plan->count--;
    memmove(plan->runs, plan->runs + 1, plan->count * sizeof(plan->runs[0]));
    plan->forgets = true;
}

static enum status plan_add(struct memory *memory, struct plan *plan, struct error *err)
{
    struct run *run = NULL;
    enum status status = memory_open_run(memory, memory->next_run, &run, err);

    if (status != STATUS_OK)
        return status;
    memory->next_run++;
    plan->made[plan->made_count++] = run;
    plan->runs[plan->count++] = run;
    return STATUS_OK;
}

static bool plan_has_broken(const struct plan *plan)
{
    bool any = false;

    for (size_t i = 0; i < plan->count; i++)
        any = any || run_is_broken(plan->runs[i]);
    return any;
}

/* No other run goes into it any more.  Two that are not full always fit into one.  One that the
 * disk does not give may be read again, and the others do not wait for that. */
static bool is_closed(const struct memory *memory, const struct run *run)
{
    return run_is_unread(run) || run_entry_count(run) > memory->run_entries_max / 2;
}

/* The first of the last runs that become one: MERGE_WIDTH or more of one size class, or all
 * behind the closed ones while there are too many; as many of them as fit.  The count of runs
 * when none do. */
static size_t first_to_merge(const struct memory *memory, const struct plan *plan)
{
    size_t low = plan->count, at = plan->count;
    uint64_t entries = 0;

    while (low > 0 && !is_closed(memory, plan->runs[low - 1]))
        low--;
    if (plan->count - low < 2)
        return plan->count;
    size_t first = plan->count - 1;
    unsigned class = size_class(plan->runs[first]);
    while (first > low && size_class(plan->runs[first - 1]) <= class)
        first--;
    if (plan->count - first < MERGE_WIDTH) {
        if (plan->count - low < RUNS_MAX / 2 && plan->count < RUNS_MAX - MERGE_WIDTH)
            return plan->count;
        first = low;
    }
    while (at > first &&
           entries + run_entry_count(plan->runs[at - 1]) <= memory->run_entries_max)
        entries += run_entry_count(plan->runs[--at]);
    return at;
}

/* What is made stands beside what it is made of until the state is written. */
static bool has_space(const struct memory *memory, struct run *const *runs, size_t count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += run_bytes(runs[i]);
    return io_has_merge_space(memory->io, bytes);
}

/* The runs stay as they are, and the save does without the merge. */
static bool can_wait(const struct plan *plan, enum status status)
{
    return status == STATUS_LIMIT || status == STATUS_FULL || status == STATUS_IO ||
           (status == STATUS_CORRUPT && plan_has_broken(plan)); /* the next save leaves it out */
}

static enum status plan_merge(struct memory *memory, uint32_t oldest, struct plan *plan,
                              struct error *err)
{
    size_t first;

    while ((first = first_to_merge(memory, plan)) < plan->count &&
           has_space(memory, plan->runs + first, plan->count - first)) {
        enum status status =
            merge_runs(memory, plan->runs + first, plan->count - first, oldest, err);
        if (status != STATUS_OK)
            return can_wait(plan, status) ? STATUS_OK : status;
        plan->count = first;
        status = plan_add(memory, plan, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static bool is_in(const struct run *run, struct run *const *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i] == run)
            return true;
    }
    return false;
}

/* Closes a run, and removes its file or sets it aside; what stays is removed at the
 * next start. */
static void drop_run(struct memory *memory, struct run *run)
{
    struct error ignored;
    uint64_t number = run_number(run);
    bool is_broken = run_is_broken(run);

    run_close(run);
    if (!is_broken) {
        remove_run(memory, number);
        return;
    }
    enum status status = run_set_aside(memory->io, number, &ignored);
    (void)status;
}

/* Of a save that failed. */
static void drop_made(struct memory *memory, const struct plan *plan, bool may_be_named)
{
    for (size_t i = 0; i < plan->made_count; i++) {
        uint64_t number = run_number(plan->made[i]);
        run_close(plan->made[i]);
        if (!may_be_named)
            remove_run(memory, number);
    }
}

/* Makes the plan what lookups see, and drops the rest. */
static void install(struct memory *memory, const struct plan *plan)
{
    struct run *gone[2 * RUNS_MAX];
    size_t gone_count = 0;

    for (size_t i = 0; i < memory->run_count; i++) {
        if (!is_in(memory->runs[i], plan->runs, plan->count))
            gone[gone_count++] = memory->runs[i];
    }
    for (size_t i = 0; i < plan->made_count; i++) {
        if (!is_in(plan->made[i], plan->runs, plan->count))
            gone[gone_count++] = plan->made[i];
    }
    (void)pthread_rwlock_wrlock(&memory->lock);
    CHECK(plan->count <= RUNS_MAX);
    memcpy(memory->runs, plan->runs, plan->count * sizeof(plan->runs[0]));
    memory->run_count = plan->count;
    memory->generation++;
    (void)pthread_rwlock_unlock(&memory->lock);
    for (size_t i = 0; i < gone_count; i++)
        drop_run(memory, gone[i]);
}

/* Those that the start could not open. */
static void open_again(struct memory *memory)
{
    for (size_t i = 0; i < memory->run_count; i++) {
        struct run *before = memory->runs[i], *run = NULL;
        struct error ignored;
        if (!run_is_unopened(before) || run_is_broken(before))
            continue;
        enum status status = memory_open_run(memory, run_number(before), &run, &ignored);
        if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND)
            memory_break(memory, before);
        if (status != STATUS_OK)
            continue;
        (void)pthread_rwlock_wrlock(&memory->lock);
        memory->runs[i] = run;
        memory->generation++;
        (void)pthread_rwlock_unlock(&memory->lock);
        run_close(before);
    }
}

static enum status make_plan(struct memory *memory, struct tenant *const *tenants, size_t count,
                             uint32_t oldest, struct plan *plan, struct error *err)
{
    bool has_news = false;

    open_again(memory);
    plan_without_old(memory, oldest, plan);
    for (size_t i = 0; i < count; i++)
        has_news = has_news || tenants[i]->frozen.count > 0 || tenants[i]->frozen_keys.count > 0;
    if (!has_news)
        return STATUS_OK;
    if (plan->count == RUNS_MAX)
        plan_without_first(plan);
    enum status status = write_run(memory, tenants, count, oldest, err);
    if (status == STATUS_OK)
        status = plan_add(memory, plan, err);
    if (status == STATUS_OK)
        status = plan_merge(memory, oldest, plan, err);
    return status;
}

enum status memory_save(struct memory *memory, uint64_t floor, uint32_t oldest, struct error *err)
{
    struct tenant **tenants = NULL;
    size_t count = 0;
    uint64_t numbers[RUNS_MAX + 1];
    struct plan plan = {.count = 0};
    enum status status = tenant_table_list(memory->tenants, &tenants, &count, err);

    if (status == STATUS_OK)
        status = make_plan(memory, tenants, count, oldest, &plan, err);
    bool may_be_named = status == STATUS_OK;
    if (status == STATUS_OK) {
        for (size_t i = 0; i < plan.count; i++)
            numbers[i] = run_number(plan.runs[i]);
        struct state_content content = {floor, memory->next_run, numbers, plan.count};
        status = state_write(memory, &content, err);
    }
    if (status != STATUS_OK) {
        drop_made(memory, &plan, may_be_named);
        goto out;
    }
    install(memory, &plan);
    if (plan.forgets)
        (void)atomic_fetch_add(&memory->forgotten_count, 1);
    memory->floor = floor;
    for (size_t i = 0; i < count; i++) {
        (void)pthread_mutex_lock(&tenants[i]->lock);
        tenant_thaw(tenants[i]);
        (void)pthread_mutex_unlock(&tenants[i]->lock);
    }
out:
    free(tenants);
    return status;
}
