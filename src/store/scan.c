/* SPDX-License-Identifier: Apache-2.0 */
/* The table_source of the store: units dealt out to worker threads.
 *
 * A worker has two arenas on the budget of the request: one lives for a part,
 * one for a batch.  The first error ends the scan for all; a damaged section
 * does not: it is a gap, named in the stats.
 */
#include "store/filter_priv.h"
#include "store/gap_priv.h"
#include "store/tally_priv.h"

#include "base/check.h"
#include "base/crew.h"

#include <pthread.h>
#include <stdio.h>

#define SCAN_THREADS_MAX 64u
#define ROLLUP_SHARE 32u /* of a section's rows are worth counting all of them */

_Static_assert(SECTION_BLOCKS_MAX <= 64, "a word has a bit for each block");

struct scan_run {
    struct scan_source *source;
    const struct scan_request *request;
    const struct scan_unit *units; /* of the source, in the order they are dealt out */
    struct scan_marks marks;
    struct rollup_ask rollup;
    struct scan_sink *sink;
    struct scan_worker *workers;
    atomic_uint next_unit;
    atomic_bool stop;
    pthread_mutex_t lock; /* of what follows */
    struct scan_stats *stats;
    struct error *err;
    enum status status;
};

struct scan_worker {
    struct scan_run *run;
    uint32_t index;
    struct arena *part_arena, *batch_arena;
    struct highest highest; /* of the request's top, if it has one */
};

/* ---- time and cancellation ---- */

static enum status check_cancelled(const struct scan_request *request, struct error *err)
{
    if (request->cancelled != NULL && atomic_load(request->cancelled))
        return ERROR_SET(err, STATUS_CANCELLED, "the query was cancelled");
    return STATUS_OK;
}

/* Asked before each unit, and each filter of one: one of which no row matches sends no batch,
 * whose taker would look. */
static enum status look(const struct scan_request *request, struct error *err)
{
    enum status status = check_cancelled(request, err);

    return status == STATUS_OK && request->check != NULL
               ? request->check(request->check_context, err)
               : status;
}

enum status scan_look(const struct part_scan *scan, struct error *err)
{
    return look(scan->request, err);
}

/* ---- columns of views ---- */

enum status scan_load(struct part_scan *scan, uint32_t path, struct error *err)
{
    return scan->is_view ? section_load(scan->part, path, err) : STATUS_OK;
}

enum status scan_load_lean(struct part_scan *scan, uint32_t path, struct error *err)
{
    return scan->is_view ? section_load_lean(scan->part, path, err) : STATUS_OK;
}

enum status scan_load_tree(struct part_scan *scan, uint32_t path, struct error *err)
{
    const struct part *part = scan->part;
    if (!scan->is_view)
        return STATUS_OK;
    bool *wanted = ARENA_ARRAY(scan->arena, bool, part->path_count, err);
    if (wanted == NULL)
        return err->status;
    enum status status = STATUS_OK;

    wanted[path] = true;
    for (uint32_t p = path; p < part->path_count && status == STATUS_OK; p++) {
        if (!wanted[p])
            continue;
        status = scan_load(scan, p, err);
        for (uint32_t s = part->root_shape_count; s < part->shape_count; s++) {
            const struct shape *shape = &part->shapes[s];
            for (uint32_t i = 0; shape->parent_path == p && i < shape->slot_count; i++)
                wanted[shape->slots[i].path] = true;
        }
    }
    return status;
}

enum status scan_load_shape(struct part_scan *scan, uint32_t shape, struct error *err)
{
    return scan->is_view ? section_load_shape(scan->part, shape, err) : STATUS_OK;
}

enum status scan_load_slots(struct part_scan *scan, const struct slot_range *range,
                            struct error *err)
{
    return scan->is_view ? section_load_slots(scan->part, range, err) : STATUS_OK;
}

enum status scan_load_rows(struct part_scan *scan, unsigned which, struct error *err)
{
    return scan->is_view ? section_load_rows(scan->part, which, err) : STATUS_OK;
}

/* ---- where paths are ---- */

/* paths: by class. */
static struct binding bind_shape(const struct shape *shape, const uint32_t *paths)
{
    uint32_t value = paths[PATH_VALUE], array = paths[PATH_ARRAY], object = paths[PATH_OBJECT];

    if (shape->is_raw)
        return (struct binding){.kind = BIND_RAW};
    if (value == UINT32_MAX && array == UINT32_MAX && object == UINT32_MAX)
        return (struct binding){.kind = BIND_NONE};
    for (uint32_t i = 0; i < shape->slot_count; i++) {
        const struct slot *slot = &shape->slots[i];
        bool is_array = slot->kind == SLOT_ARRAY;
        if (!slot->shadowed && slot->path == (is_array ? array : value))
            return (struct binding){is_array ? BIND_ARRAY : BIND_LEAF, slot->path, slot->first};
    }
    for (uint32_t i = 0; i < shape->object_count; i++) {
        if (shape->objects[i].path == object)
            return (struct binding){BIND_OBJECT, i, 0};
    }
    return (struct binding){.kind = BIND_NONE};
}

int64_t scan_event_unit(const struct part_scan *scan, uint32_t path)
{
    if (scan->peek != NULL)
        return section_peek_event_unit(scan->peek, path);
    return scan->is_view ? section_event_unit(scan->part, path) : 0;
}

enum text_form scan_text_form(const struct part_scan *scan, uint32_t path)
{
    if (scan->peek != NULL)
        return section_peek_text_form(scan->peek, path);
    return scan->is_view ? section_text_form(scan->part, path) : FORM_ANY;
}

enum status scan_filter_path(struct arena *arena, const struct source_column *column,
                             const struct filter *filter, struct slice *ret, struct error *err)
{
    struct buf path;

    *ret = column->path;
    if (filter->path.size == 0)
        return STATUS_OK;
    buf_init(&path, 2 * PART_PATH_BYTES_MAX);
    buf_add_slice(&path, column->path);
    if (filter->path.data[0] != '[')
        buf_add_byte(&path, '.');
    buf_add_slice(&path, filter->path);
    enum status status = buf_check(&path, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(&path), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&path);
    return status;
}

enum status scan_bind(struct part_scan *scan, struct slice path, struct binding **ret,
                      struct error *err)
{
    const struct part *part = scan->part;
    uint32_t found[PATH_CLASS_COUNT];

    part_find_paths(part, path, found);
    *ret = ARENA_ARRAY(scan->arena, struct binding, part->root_shape_count, err);
    if (*ret == NULL)
        return err->status;
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        if (scan->live_shapes == NULL || scan->live_shapes[s])
            (*ret)[s] = bind_shape(&part->shapes[s], found);
    }
    return STATUS_OK;
}

/* ---- batches ---- */

uint32_t scan_batch_end(const struct part_scan *scan, uint32_t begin)
{
    const struct part *part = scan->part;
    uint32_t end = scan->row_count - begin > BATCH_ROWS_MAX ? begin + BATCH_ROWS_MAX
                                                            : scan->row_count;
    bool is_raw = part->shapes[part_root_shape(part, scan->rows[begin])].is_raw;

    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        uint32_t border = is_raw ? shape->row_begin + shape->row_count : shape->row_begin;
        if (!shape->is_raw || border <= scan->rows[begin])
            continue;
        return rising_find(scan->rows, begin, end, border);
    }
    return end;
}

static enum status send_batch(struct scan_worker *worker, const struct part_scan *scan,
                              const uint32_t *rows, uint32_t count, bool *stop, struct error *err)
{
    uint32_t column_count = scan->request->column_count;
    struct batch batch = {
        .row_count = count, .column_count = column_count, .decided = scan->is_decided};
    struct vector *columns = ARENA_ARRAY(worker->batch_arena, struct vector, column_count, err);
    if (columns == NULL)
        return err->status;
    for (uint32_t i = 0; i < column_count; i++) {
        enum status status = scan_make_column(scan, &scan->plans[i], rows, count,
                                              worker->batch_arena, &columns[i], err);
        if (status != STATUS_OK)
            return status;
    }
    batch.columns = columns;
    return worker->run->sink->take(worker->run->sink, worker->index, &batch, stop, err);
}

static enum status send_rows(struct scan_worker *worker, const struct part_scan *scan,
                             struct error *err)
{
    struct scan_run *run = worker->run;
    enum status status = STATUS_OK;

    for (uint32_t at = 0; at < scan->row_count && status == STATUS_OK;) {
        bool stop = false;
        if (atomic_load_explicit(&run->stop, memory_order_relaxed))
            return STATUS_OK;
        status = check_cancelled(run->request, err);
        if (status != STATUS_OK)
            return status;
        uint32_t end = scan_batch_end(scan, at);
        status = send_batch(worker, scan, scan->rows + at, end - at, &stop, err);
        arena_clear(worker->batch_arena);
        if (stop)
            atomic_store(&run->stop, true);
        at = end;
    }
    return status;
}

/* Hands combinations to the sink of the scan. */
struct scan_tally_sink {
    struct tally_sink sink;
    struct scan_worker *worker;
};

static enum status take_tally(const struct tally_sink *sink, const struct batch *batch,
                              bool *stop, struct error *err)
{
    const struct scan_worker *worker = ((const struct scan_tally_sink *)sink)->worker;
    struct scan_run *run = worker->run;

    enum status status = check_cancelled(run->request, err);
    if (status == STATUS_OK)
        status = run->sink->take(run->sink, worker->index, batch, stop, err);
    if (*stop)
        atomic_store(&run->stop, true);
    *stop = *stop || atomic_load_explicit(&run->stop, memory_order_relaxed);
    return status;
}

/* ---- units ---- */

static void note_rows(struct scan_run *run, int64_t time_min, int64_t time_max,
                      uint64_t examined)
{
    struct scan_stats *stats = run->stats;

    (void)pthread_mutex_lock(&run->lock);
    stats->rows_scanned += examined;
    if (examined == 0) {
        stats->parts_skipped++;
    } else {
        stats->parts_scanned++;
        if (time_min < stats->time_low)
            stats->time_low = time_min;
        if (time_max > stats->time_high)
            stats->time_high = time_max;
    }
    (void)pthread_mutex_unlock(&run->lock);
}

static void note_skipped(struct scan_run *run)
{
    note_rows(run, INT64_MAX, INT64_MIN, 0);
}

/* The first one is told. */
static void set_gap(struct scan_stats *stats, const char *code, const char *text)
{
    stats->complete = false;
    if (stats->gap_code != NULL)
        return;
    stats->gap_code = code;
    (void)snprintf(stats->gap, sizeof(stats->gap), "%.*s", (int)sizeof(stats->gap) - 1, text);
}

static void set_damage(struct scan_stats *stats, const struct section *section, const char *code)
{
    struct store_gap gap = section_gap(section);
    char text[sizeof(stats->gap)];

    gap_describe(&gap, text, sizeof(text));
    set_gap(stats, code, text);
}

static void note_damage(struct scan_run *run, const struct section *section, const char *code)
{
    (void)pthread_mutex_lock(&run->lock);
    set_damage(run->stats, section, code);
    (void)pthread_mutex_unlock(&run->lock);
}

static enum status scan_part(struct scan_worker *worker, struct part_scan *scan, struct error *err)
{
    const struct scan_tally_sink tally = {{take_tally}, worker};
    uint64_t examined;
    bool is_done = false;
    enum status status = scan_tally_whole(scan, &tally.sink, &is_done, &examined, err);

    if (status == STATUS_OK && !is_done)
        status = scan_choose_rows(scan, &examined, err);
    if (status == STATUS_OK && !is_done && scan->row_count > 0 && scan->request->top != NULL)
        status = scan_top_narrow(scan, &worker->highest, err);
    if (status == STATUS_OK && !is_done && scan->row_count > 0)
        status = scan_plan_elements(scan, err);
    if (status == STATUS_OK && !is_done && scan->row_count > 0)
        status = scan_plan_columns(scan, err);
    if (status == STATUS_OK && !is_done && scan->elements != NULL) {
        status = scan_send_elements(scan, worker->batch_arena, &tally.sink, err);
        is_done = true;
    }
    if (status == STATUS_OK && !is_done && scan->request->tally && scan->is_decided &&
        scan->row_count > 0)
        status = scan_tally(scan, &tally.sink, &is_done, err);
    if (status == STATUS_OK && !is_done)
        status = send_rows(worker, scan, err);
    if (status == STATUS_OK)
        note_rows(worker->run, scan->part->time_min, scan->part->time_max, examined);
    return status;
}

static bool is_probed(const struct scan_source *source, const struct filter *filter)
{
    if (filter->value_count == 0 || filter->column == SOURCE_COLUMN_ANY ||
        (filter->kind != FILTER_EQUAL && filter->kind != FILTER_EQUAL_NOCASE))
        return false;
    const struct source_column *column = &source->columns[filter->column];
    return column->source == COLUMN_FIELD &&
           column->type == (filter->path.size > 0 ? TYPE_DYNAMIC : TYPE_STRING);
}

/* Does a hit lie in what a `has` filter looks at? */
static bool is_looked_at(const struct part *part, const struct scan_source *source,
                         const struct filter *filter, uint32_t path)
{
    if (filter->kind == FILTER_ANY_HAS || path == 0)
        return true;
    struct slice column = source->columns[filter->column].path;
    struct slice text = part->paths[path].path;
    return slice_starts_with(text, column) &&
           (text.size == column.size || text.data[column.size] == '.' ||
            text.data[column.size] == '[');
}

/* The same for `has`: *ret_known false if the index cannot tell. */
static void probe_has(struct part_scan *scan, const struct filter *filter, uint64_t *ret,
                      bool *ret_known)
{
    const struct scan_source *source = scan->source;
    const struct section_peek *peek = scan->peek;
    bool is_any = filter->kind == FILTER_ANY_HAS;
    struct error err;

    *ret = 0;
    *ret_known = is_any || (source->columns[filter->column].source == COLUMN_FIELD &&
                            filter->path.size == 0);
    *ret_known = *ret_known && filter_is_findable(filter) && filter->value_count > 0;
    if (is_any && *ret_known)
        *ret_known = !filter_is_elsewhere(source, &peek->part->tenant, filter) &&
                     !filter_shows_guids_anew(scan, filter);
    for (uint32_t k = 0; k < filter->value_count && *ret_known; k++) {
        struct word_hit *hits = NULL;
        uint32_t count = 0;
        if (section_probe_words(peek->section, filter->values[k].bytes, scan->arena, &hits,
                                &count, ret_known, &err) != STATUS_OK)
            *ret_known = false;
        if (*ret_known && filter->value_count == 1)
            scan->probed = (struct probed_words){filter, hits, count};
        for (uint32_t i = 0; i < count && *ret_known; i++) {
            if (is_looked_at(peek->part, source, filter, hits[i].path))
                *ret |= hits[i].blocks;
        }
    }
}

/* The blocks in which the index leaves room for a filter; all if it says nothing,
 * as an index that cannot be read does. */
static void probe_filter(struct part_scan *scan, const struct filter *filter, uint64_t *ret)
{
    const struct scan_source *source = scan->source;
    uint64_t found = 0;
    struct slice path;
    struct error err;
    bool is_known = true;

    *ret = UINT64_MAX;
    if (filter->kind == FILTER_OR) {
        for (uint32_t i = 0; i < filter->part_count; i++) {
            uint64_t one;
            probe_filter(scan, &filter->parts[i], &one);
            found |= one;
        }
        *ret = found;
        return;
    }
    if (filter_is_unpacked(scan, filter, &is_known, &err) != STATUS_OK || is_known)
        return;
    is_known = true;
    if (filter->kind == FILTER_HAS || filter->kind == FILTER_ANY_HAS) {
        probe_has(scan, filter, &found, &is_known);
        *ret = is_known ? found : UINT64_MAX;
        return;
    }
    if (!is_probed(source, filter) ||
        scan_filter_path(scan->arena, &source->columns[filter->column], filter, &path,
                         &err) != STATUS_OK)
        return;
    for (uint32_t k = 0; k < filter->value_count && is_known; k++) {
        const struct value *value = &filter->values[k];
        uint64_t one = 0;
        bool maybe;
        bool is_text = value->type == TYPE_STRING && !value->is_null && value->bytes.size > 0;
        struct section *section = scan->peek->section;
        is_known = is_text && (filter->kind == FILTER_EQUAL
                                   ? section_probe_exact(section, path, value->bytes, &maybe,
                                                         &one, &err)
                                   : section_probe(section, path, value->bytes, &maybe, &one,
                                                   &err)) == STATUS_OK;
        found |= one;
    }
    if (is_known)
        *ret = found;
}

/* The blocks that the index of the section leaves. */
static uint64_t probe(struct part_scan *scan)
{
    const struct scan_request *request = scan->request;
    uint64_t blocks = UINT64_MAX;

    for (uint32_t i = 0; i < request->filter_count && blocks != 0; i++) {
        uint64_t found;
        probe_filter(scan, &request->filters[i], &found);
        blocks &= found;
    }
    return blocks;
}

/* The blocks that may have rows: the times and the index are asked first, as most
 * sections of most questions need no view. */
static enum status find_blocks(struct part_scan *scan, struct section *section, uint64_t *ret,
                               struct error *err)
{
    struct section_peek peek;
    enum status status = section_peek(section, &peek, err);

    *ret = UINT64_MAX;
    if (status != STATUS_OK)
        return status;
    scan->part = peek.part;
    scan->peek = &peek;
    if (scan_is_outside(scan))
        *ret = 0;
    else if (!scan->source->is_quarantine)
        *ret = probe(scan);
    scan->part = NULL;
    scan->peek = NULL;
    section_peek_end(&peek);
    return STATUS_OK;
}

/* Rows of which no more is known than this. */
struct row_facts {
    int64_t time_min, time_max;
    uint32_t row_count;
};

/* Nothing but how many rows there are, all of which are rows of the table: nothing is opened. */
static bool is_counted(const struct scan_source *source, const struct scan_request *request,
                       const struct row_facts *facts)
{
    return scan_tallies_all(source, request, facts->time_min, facts->time_max) &&
           request->column_count == 0 && request->elements == NULL && request->top == NULL;
}

/* There is no question that could leave a row of the section out. */
static bool is_unasked(const struct scan_source *source, const struct scan_request *request,
                       const struct section_info *info)
{
    return request->filter_count == 0 && request->top == NULL && !source->is_quarantine &&
           scan_times_are_inside(request, info->time_min, info->time_max);
}

static enum status send_count(struct scan_worker *worker, const struct row_facts *facts,
                              struct error *err)
{
    const struct scan_tally_sink tally = {{take_tally}, worker};
    const struct batch batch = {.row_count = 1, .decided = true, .weights = &facts->row_count};
    bool stop = false;
    enum status status = take_tally(&tally.sink, &batch, &stop, err);

    if (status == STATUS_OK)
        note_rows(worker->run, facts->time_min, facts->time_max, facts->row_count);
    return status;
}

static enum status scan_held(struct scan_worker *worker, struct part_scan *scan,
                             struct held *held, struct error *err)
{
    const struct row_facts facts = {held->time_min, held->time_max, held->row_count};

    if (held_is_text(held) && scan_times_are_outside(scan->request, held->time_min,
                                                     held->time_max)) {
        note_skipped(worker->run);
        return STATUS_OK;
    }
    if (held_is_text(held) && held->quarantined_count == 0 &&
        is_counted(scan->source, scan->request, &facts))
        return send_count(worker, &facts, err);
    enum status status = held_part(held, &scan->part, err);
    if (status == STATUS_OK)
        status = scan_part(worker, scan, err);
    part_unref(scan->part);
    return status;
}

/* What is known of the section is sent at once. */
static enum status send_known(struct scan_worker *worker, const struct part_scan *scan,
                              struct section *section, enum rollup_answer *ret,
                              struct error *err)
{
    const struct scan_tally_sink tally = {{take_tally}, worker};
    const struct section_info *info = section_info(section);
    const struct rollup_ask *ask = &worker->run->rollup;
    uint64_t rows = 0;

    *ret = ROLLUP_REFUSED;
    if (!ask->is_possible ||
        !scan_times_are_inside(scan->request, info->time_min, info->time_max))
        return STATUS_OK;
    enum status status = rollup_send(scan, ask, section, &tally.sink, ret, &rows, err);
    if (status == STATUS_OK && *ret == ROLLUP_SENT)
        note_rows(worker->run, info->time_min, info->time_max, rows > 0 ? info->row_count : 0);
    return status;
}

/* Many rows were counted: the next question of the kind finds their counts.  Where they
 * cannot be kept it is slower, and this one is answered. */
static void keep_known(const struct scan_worker *worker, const struct part_scan *scan,
                       struct section *section)
{
    bool are_many = scan->request->filter_count == 0 ||
                    scan->row_count >= scan->part->row_count / ROLLUP_SHARE;
    struct error ignored = {0};

    if (are_many) {
        enum status status = rollup_make(scan, &worker->run->rollup, section, &ignored);
        (void)status;
    }
}

const char *scan_section_gap(enum status status, const struct error *err)
{
    if (status == STATUS_CORRUPT)
        return SCAN_SECTION_DAMAGED;
    return section_was_unread(status, err) ? SCAN_SECTION_UNREADABLE : NULL;
}

static enum status scan_section(struct scan_worker *worker, struct part_scan *scan,
                                struct section *section, struct error *err)
{
    const struct section_info *info = section_info(section);
    const struct scan_request *request = scan->request;
    const struct row_facts facts = {info->time_min, info->time_max, info->row_count};
    enum rollup_answer known;
    uint64_t blocks = UINT64_MAX;

    if (section_is_altered(section)) /* a gap tells which numbers it had */
        return STATUS_OK;
    if (scan_section_is_outside(scan->source, request, &worker->run->marks, info)) {
        note_skipped(worker->run);
        return STATUS_OK;
    }
    if (!section_is_usable(section)) {
        note_damage(worker->run, section, SCAN_SECTION_DAMAGED);
        return STATUS_OK;
    }
    if (info->fallback_count == 0 && is_counted(scan->source, request, &facts))
        return send_count(worker, &facts, err);
    enum status status = send_known(worker, scan, section, &known, err);
    if (status != STATUS_OK || known == ROLLUP_SENT)
        return status;
    if (!is_unasked(scan->source, request, info))
        status = find_blocks(scan, section, &blocks, err);
    if (status == STATUS_OK && blocks == 0) {
        note_skipped(worker->run);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = section_view(section, &scan->part, err);
    if (status == STATUS_OK) {
        scan->is_view = true;
        scan->blocks = &blocks;
        status = scan_part(worker, scan, err);
        if (status == STATUS_OK && known == ROLLUP_UNKNOWN)
            keep_known(worker, scan, section);
        part_unref(scan->part);
    }
    const char *gap = scan_section_gap(status, err);
    if (gap == NULL)
        return status;
    note_damage(worker->run, section, gap);
    return STATUS_OK;
}

static void fail_run(struct scan_run *run, const struct error *err)
{
    (void)pthread_mutex_lock(&run->lock);
    if (run->status == STATUS_OK) {
        run->status = err->status;
        *run->err = *err;
    }
    (void)pthread_mutex_unlock(&run->lock);
    atomic_store(&run->stop, true);
}

static void work(void *context, uint32_t worker_index)
{
    struct scan_run *run = context;
    struct scan_worker *worker = &run->workers[worker_index];
    struct error err = {0};

    while (!atomic_load(&run->stop)) {
        uint32_t index = atomic_fetch_add(&run->next_unit, 1);
        if (index >= run->source->unit_count)
            break;
        const struct scan_unit *unit = &run->units[index];
        struct part_scan scan = {.source = run->source,
                                 .request = run->request,
                                 .arena = worker->part_arena};
        enum status status = look(run->request, &err);
        if (status == STATUS_OK)
            status = unit->section != NULL ? scan_section(worker, &scan, unit->section, &err)
                                           : scan_held(worker, &scan, unit->held, &err);
        arena_clear(worker->part_arena);
        if (status != STATUS_OK)
            fail_run(run, &err);
    }
}

/* ---- the table_source ---- */

static const struct schema *source_schema(struct table_source *base)
{
    return &((struct scan_source *)base)->schema;
}

static enum status start_highest(struct scan_worker *worker, struct error *err)
{
    const struct scan_request *request = worker->run->request;

    if (request->top == NULL)
        return STATUS_OK;
    int64_t *room = ARENA_ARRAY(request->arena, int64_t, request->top->count, err);
    if (room == NULL)
        return err->status;
    highest_init(&worker->highest, room, request->top->count);
    return STATUS_OK;
}

static enum status run_workers(struct scan_run *run, struct scan_worker *workers,
                               uint32_t count, struct error *err)
{
    enum status status = STATUS_OK;

    run->workers = workers;
    for (uint32_t i = 0; i < count; i++) {
        workers[i].run = run;
        workers[i].index = i;
        workers[i].part_arena = arena_share(run->request->arena);
        workers[i].batch_arena = arena_share(run->request->arena);
        if (workers[i].part_arena == NULL || workers[i].batch_arena == NULL)
            status = ERROR_MEMORY(err);
        if (status == STATUS_OK)
            status = start_highest(&workers[i], err);
    }
    if (status == STATUS_OK)
        crew_run(count, work, run);
    for (uint32_t i = 0; i < count; i++) {
        arena_free(workers[i].part_arena);
        arena_free(workers[i].batch_arena);
    }
    return status;
}

/* What is known to lack, before a row is read. */
static void note_lost(const struct scan_source *source, const struct scan_request *request,
                      struct scan_stats *stats)
{
    const struct store_gap *gap = gap_met(source, request);
    char text[sizeof(stats->gap)];

    if (gap != NULL) {
        gap_describe(gap, text, sizeof(text));
        set_gap(stats, SCAN_RECORDS_LOST, text);
    }
}

static enum status source_scan(struct table_source *base, const struct scan_request *request,
                               struct scan_sink *sink, struct scan_stats *stats,
                               struct error *err)
{
    struct scan_source *source = (struct scan_source *)base;
    struct scan_worker workers[SCAN_THREADS_MAX] = {0};
    struct scan_run run = {.source = source,
                           .request = request,
                           .sink = sink,
                           .stats = stats,
                           .err = err,
                           .status = STATUS_OK};
    uint32_t count = request->thread_count;

    CHECK(count >= 1);
    for (uint32_t i = 0; i < request->column_count; i++)
        CHECK(request->columns[i] < source->schema.column_count);
    if (count > source->unit_count)
        count = source->unit_count;
    if (count > SCAN_THREADS_MAX)
        count = SCAN_THREADS_MAX;
    *stats = (struct scan_stats){.complete = true,
                                 .watermark = source->watermark,
                                 .time_low = INT64_MAX,
                                 .time_high = INT64_MIN};
    note_lost(source, request, stats);
    if (count == 0)
        return STATUS_OK;
    if (scan_top_order(source, request, &run.units, err) != STATUS_OK ||
        scan_marks_make(source, request, &run.marks, err) != STATUS_OK)
        return err->status;
    rollup_ask_make(source, request, &run.rollup);
    if (pthread_mutex_init(&run.lock, NULL) != 0)
        return ERROR_MEMORY(err);
    atomic_init(&run.next_unit, 0);
    atomic_init(&run.stop, false);
    enum status status = run_workers(&run, workers, count, err);
    (void)pthread_mutex_destroy(&run.lock);
    return status == STATUS_OK ? run.status : status;
}

static bool source_knows_schema(struct table_source *base, struct scan_stats *ret)
{
    const struct scan_source *source = (const struct scan_source *)base;
    const struct scan_request all = {.time_from = INT64_MIN, .time_to = INT64_MAX};

    *ret = (struct scan_stats){.complete = true, .time_low = INT64_MAX, .time_high = INT64_MIN};
    if (source->is_found)
        note_lost(source, &all, ret);
    if (source->unread != NULL)
        set_damage(ret, source->unread, source->unread_code);
    return ret->complete;
}

static void source_free(struct table_source *base)
{
    (void)base; /* the snapshot owns it */
}

void scan_source_init(struct scan_source *source)
{
    static const struct table_source_ops OPS = {
        .schema = source_schema, .scan = source_scan, .free = source_free,
        .knows_schema = source_knows_schema};

    source->base.ops = &OPS;
    source->time_column = UINT32_MAX;
}
