/* SPDX-License-Identifier: Apache-2.0 */
/* store_raw(): the raw bytes of records by sequence number.
 *
 * The numbers asked for are taken a window at a time: the rows of all parts and
 * sections that fall into it are collected, put in order and rendered.  A
 * section is opened when the first window touches it and closed after the last.
 */
#include "store/store_priv.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW 8192u

struct raw_unit {
    struct part *part;       /* owned; NULL before it is wanted */
    struct section *section; /* of the snapshot; NULL: in memory */
    struct held *held;       /* likewise */
    uint64_t seq_min, seq_max;
    bool is_lost;   /* it cannot be read */
    bool is_unread; /* is_lost: the disk does not give it now */
};

struct raw_row {
    uint64_t seq;
    uint32_t unit;
    uint32_t row;
};

struct raw_reader {
    struct raw_unit *units;
    uint32_t unit_count;
    struct raw_row *rows;
    uint32_t row_count, row_capacity;
    struct error unread; /* of a unit that is_unread */
};

static int compare_rows(const void *left, const void *right)
{
    const struct raw_row *a = left, *b = right;

    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static enum status find_units(struct raw_reader *r, const struct store_snapshot *snapshot,
                              const struct guid *tenant, struct error *err)
{
    uint32_t begin = 0, end = 0;

    section_list_find(snapshot->sections, tenant, 0, &begin, &end);
    r->units = calloc((size_t)(end - begin) + snapshot->memory.count + 1, sizeof(*r->units));
    if (r->units == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = begin; i < end; i++) {
        struct section *section = snapshot->sections->sections[i];
        const struct section_info *info = section_info(section);
        if (section_is_altered(section)) /* a gap tells which numbers it had */
            continue;
        r->units[r->unit_count++] = (struct raw_unit){
            .section = section, .seq_min = info->seq_min, .seq_max = info->seq_max};
    }
    for (uint32_t i = 0; i < snapshot->memory.count; i++) {
        struct held *held = snapshot->memory.held[i];
        if (guid_equal(&held->tenant, tenant))
            r->units[r->unit_count++] = (struct raw_unit){
                .held = held, .seq_min = held->seq_min, .seq_max = held->seq_max};
    }
    return STATUS_OK;
}

static enum status add_row(struct raw_reader *r, struct raw_row row, struct error *err)
{
    if (r->row_count == r->row_capacity) {
        uint32_t capacity = r->row_capacity == 0 ? 256 : r->row_capacity * 2;
        struct raw_row *rows = realloc(r->rows, capacity * sizeof(*rows));
        if (rows == NULL)
            return ERROR_MEMORY(err);
        r->rows = rows;
        r->row_capacity = capacity;
    }
    r->rows[r->row_count++] = row;
    return STATUS_OK;
}

/* STATUS_OK: the unit is lost for this reader, which goes on with the others. */
static enum status lose(struct raw_reader *r, struct raw_unit *unit, enum status status,
                        const struct error *err)
{
    unit->is_unread = section_was_unread(status, err);
    unit->is_lost = unit->is_unread || status == STATUS_CORRUPT;
    if (unit->is_unread)
        r->unread = *err;
    return unit->is_lost ? STATUS_OK : status;
}

/* The rows of a unit with numbers in [from, last]. */
static enum status add_unit_rows(struct raw_reader *r, uint32_t index, uint64_t from,
                                 uint64_t last, struct error *err)
{
    struct raw_unit *unit = &r->units[index];
    enum status status = STATUS_OK;

    if (unit->seq_max < from || unit->seq_min > last || unit->is_lost)
        return STATUS_OK;
    if (unit->part == NULL && unit->held != NULL) {
        status = held_part(unit->held, &unit->part, err);
    } else if (unit->part == NULL) {
        status = section_view(unit->section, &unit->part, err);
        if (status == STATUS_OK)
            status = section_load_rows(unit->part, ROWS_SEQS, err);
        if (status != STATUS_OK)
            return lose(r, unit, status, err);
    }
    for (uint32_t row = 0; status == STATUS_OK && row < unit->part->row_count; row++) {
        uint64_t seq = unit->part->seqs[row];
        if (seq >= from && seq <= last)
            status = add_row(r, (struct raw_row){seq, index, row}, err);
    }
    return status;
}

/* *ret_lost: it cannot be read. */
static enum status render(struct raw_reader *r, const struct raw_row *row, struct buf *raw,
                          bool *ret_lost, struct error *err)
{
    struct raw_unit *unit = &r->units[row->unit];

    *ret_lost = unit->is_lost;
    if (unit->is_lost)
        return STATUS_OK;

    buf_clear(raw);
    if (unit->section != NULL) {
        uint32_t shape = part_root_shape(unit->part, row->row);
        const struct slot_range all = {shape, 0, unit->part->shapes[shape].slot_count};
        enum status status = section_load_slots(unit->part, &all, err);
        if (status != STATUS_OK) {
            status = lose(r, unit, status, err);
            *ret_lost = unit->is_lost;
            return status;
        }
    }
    part_render(unit->part, row->row, raw);
    return buf_check(raw, err);
}

/* Gives back parts that no later window needs. */
static void close_parts(struct raw_reader *r, uint64_t from)
{
    for (uint32_t i = 0; i < r->unit_count; i++) {
        struct raw_unit *unit = &r->units[i];
        if (unit->part == NULL || unit->seq_max >= from)
            continue;
        part_unref(unit->part);
        unit->part = NULL;
    }
}

/* The lowest number at or above `from` that a unit may hold; false: none. */
static bool next_seq(const struct raw_reader *r, uint64_t from, uint64_t *ret)
{
    bool is_found = false;

    for (uint32_t i = 0; i < r->unit_count; i++) {
        const struct raw_unit *unit = &r->units[i];
        if (unit->seq_max < from)
            continue;
        uint64_t seq = unit->seq_min > from ? unit->seq_min : from;
        if (!is_found || seq < *ret)
            *ret = seq;
        is_found = true;
    }
    return is_found;
}

static enum status read_window(struct raw_reader *r, uint64_t from, uint64_t last, struct buf *raw,
                               enum status (*each)(void *context, uint64_t seq, struct slice raw,
                                                   struct error *err),
                               void *context, struct error *err)
{
    enum status status = STATUS_OK;

    r->row_count = 0;
    for (uint32_t i = 0; i < r->unit_count && status == STATUS_OK; i++)
        status = add_unit_rows(r, i, from, last, err);
    if (status != STATUS_OK || r->row_count == 0)
        return status;
    qsort(r->rows, r->row_count, sizeof(*r->rows), compare_rows);
    for (uint32_t i = 0; i < r->row_count && status == STATUS_OK; i++) {
        bool is_lost;
        status = render(r, &r->rows[i], raw, &is_lost, err);
        if (status == STATUS_OK && !is_lost)
            status = each(context, r->rows[i].seq, buf_slice(raw), err);
    }
    return status;
}

static uint64_t last_of(uint64_t from_seq, uint64_t count)
{
    return count - 1 > UINT64_MAX - from_seq ? UINT64_MAX : from_seq + (count - 1);
}

static enum status lost(const struct store_gap *gap, struct error *err)
{
    char text[sizeof(err->text)];

    gap_describe(gap, text, sizeof(text));
    (void)ERROR_SET(err, STATUS_CORRUPT, "%s", text);
    return error_code(err, SCAN_RECORDS_LOST);
}

/* The disk may give it another time. */
static enum status unread(const struct store_gap *gap, const char *why, struct error *err)
{
    char text[sizeof(err->text)];

    gap_describe(gap, text, sizeof(text));
    errno = why[0] != '\0' ? 0 : EIO; /* its text has it */
    (void)ERROR_SET(err, STATUS_IO, "%s%s%s", text, why[0] != '\0' ? ": " : "", why);
    return error_code(err, SCAN_SECTION_UNREADABLE);
}

static bool section_is_damaged(const struct section *section)
{
    return !section_is_usable(section);
}

/* A section of which that was found and that may have records of the range. */
static bool find_section(struct store *store, const struct guid *tenant, uint64_t from,
                         uint64_t last, bool (*is_it)(const struct section *section),
                         struct store_gap *ret)
{
    struct section_list *list = sealed_pin(store->sealed, NULL, NULL);
    uint32_t begin = 0, end = 0;
    bool is_found = false;

    section_list_find(list, tenant, 0, &begin, &end);
    for (uint32_t i = begin; i < end && !is_found; i++) {
        const struct section *section = list->sections[i];
        is_found = is_it(section) && !section_is_altered(section) &&
                   section_info(section)->seq_min <= last &&
                   section_info(section)->seq_max >= from;
        if (is_found)
            *ret = section_gap(section);
    }
    section_list_unref(list);
    return is_found;
}

/* with_unread: also what the disk did not give before; it may now. */
static enum status check_lost(struct store *store, const struct guid *tenant, uint64_t from_seq,
                              uint64_t count, bool with_unread, struct error *err)
{
    uint64_t last = last_of(from_seq, count);
    struct store_gap gap;

    if (count == 0)
        return STATUS_OK;
    if (gap_list_find(&store->gaps, tenant, from_seq, last, &gap) ||
        find_section(store, tenant, from_seq, last, section_is_damaged, &gap))
        return lost(&gap, err);
    return with_unread && find_section(store, tenant, from_seq, last, section_is_unread, &gap)
               ? unread(&gap, "", err)
               : STATUS_OK;
}

enum status store_check_lost(struct store *store, const struct guid *tenant, uint64_t from_seq,
                             uint64_t count, struct error *err)
{
    return check_lost(store, tenant, from_seq, count, true, err);
}

/* All that was asked for is told, or what lacks. */
static enum status check_units(const struct raw_reader *r, struct error *err)
{
    for (uint32_t i = 0; i < r->unit_count; i++) {
        const struct raw_unit *unit = &r->units[i];
        if (unit->is_lost) {
            struct store_gap gap = section_gap(unit->section);
            return unit->is_unread ? unread(&gap, r->unread.text, err) : lost(&gap, err);
        }
    }
    return STATUS_OK;
}

enum status store_raw(struct store *store, const struct guid *tenant, uint64_t from_seq,
                      uint64_t count,
                      enum status (*each)(void *context, uint64_t seq, struct slice raw,
                                          struct error *err),
                      void *context, struct error *err)
{
    struct store_snapshot *snapshot = NULL;
    struct raw_reader r = {0};
    struct buf raw;
    buf_init(&raw, REQUEST_BODY_BYTES_MAX + RECORD_BYTES_MAX);

    if (count == 0)
        return STATUS_OK;
    uint64_t end = last_of(from_seq, count);
    enum status status = store_snapshot_of(store, tenant, &snapshot, err);
    if (status == STATUS_OK)
        status = find_units(&r, snapshot, tenant, err);
    uint64_t from = from_seq;
    while (status == STATUS_OK && next_seq(&r, from, &from) && from <= end) {
        uint64_t last = end - from >= WINDOW ? from + (WINDOW - 1) : end;
        status = read_window(&r, from, last, &raw, each, context, err);
        if (last == UINT64_MAX)
            break;
        from = last + 1;
        close_parts(&r, from);
    }
    if (status == STATUS_OK)
        status = check_lost(store, tenant, from_seq, count, false, err);
    if (status == STATUS_OK)
        status = check_units(&r, err);
    for (uint32_t i = 0; i < r.unit_count; i++)
        part_unref(r.units[i].part);
    free(r.units);
    free(r.rows);
    buf_release(&raw);
    store_snapshot_free(snapshot);
    return status == STATUS_CANCELLED ? STATUS_OK : status;
}
