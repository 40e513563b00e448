/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants:
 * 1. row_count and byte_count are the sums over all parts on the shelves.
 * 2. Only parts of one WAL file are joined, so a flush by WAL file takes whole
 *    parts and never a row too many.
 * 3. A part with a holder is in exactly that list of a flush or a join.
 * 4. places names every shelf (fewer only after there was no memory for it);
 *    oldest_us is the least added_us of all parts.
 */
#include "store/memory_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

#define JOIN_FAN_IN 8u /* so many parts of a size class are joined */
#define SHELF_PARTS_MIN 2u

/* ---- lists ---- */

/* Takes a new reference. */
static enum status add_held(struct held_list *list, struct held *held, struct error *err)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct held **held_room = realloc(list->held, capacity * sizeof(struct held *));
        if (held_room == NULL)
            return ERROR_MEMORY(err);
        list->held = held_room;
        list->capacity = capacity;
    }
    list->held[list->count++] = held_ref(held);
    return STATUS_OK;
}

void held_list_release(struct held_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        held_unref(list->held[i]);
    free(list->held);
    *list = (struct held_list){0};
}

/* ---- shelves ---- */

void memory_make_empty(struct memory *memory)
{
    *memory = (struct memory){.oldest_us = UINT64_MAX};
    map_init(&memory->places);
}

struct place_key {
    char bytes[sizeof(struct guid) + TABLE_NAME_BYTES_MAX];
};

static struct slice key_of(const struct guid *tenant, struct slice table, struct place_key *room)
{
    CHECK(table.size <= TABLE_NAME_BYTES_MAX);
    memcpy(room->bytes, tenant->bytes, sizeof(tenant->bytes));
    if (table.size > 0)
        memcpy(room->bytes + sizeof(tenant->bytes), table.data, table.size);
    return slice_from(room->bytes, sizeof(tenant->bytes) + table.size);
}

static struct memory_shelf *find_shelf(const struct memory *memory, const struct guid *tenant,
                                       struct slice table)
{
    struct place_key room;
    const struct map_entry *entry = map_find(&memory->places, key_of(tenant, table, &room));

    if (entry != NULL)
        return &memory->shelves[entry->value];
    if (memory->places.count == memory->shelf_count)
        return NULL;
    for (uint32_t i = 0; i < memory->shelf_count; i++) { /* there was no memory for the map */
        struct memory_shelf *shelf = &memory->shelves[i];
        if (guid_equal(&shelf->tenant, tenant) && slice_equal(shelf->table, table))
            return shelf;
    }
    return NULL;
}

static enum status set_place(struct memory *memory, uint32_t index, struct error *err)
{
    const struct memory_shelf *shelf = &memory->shelves[index];
    struct place_key room;
    struct map_entry *entry =
        map_put(&memory->places, key_of(&shelf->tenant, shelf->table, &room), NULL, err);

    if (entry == NULL)
        return err->status;
    entry->value = index;
    return STATUS_OK;
}

static struct memory_shelf *add_shelf(struct memory *memory, const struct held *held,
                                      struct error *err)
{
    if (memory->shelf_count == memory->shelf_capacity) {
        uint32_t capacity = memory->shelf_capacity == 0 ? 16 : memory->shelf_capacity * 2;
        struct memory_shelf *shelves = realloc(memory->shelves, capacity * sizeof(*shelves));
        if (shelves == NULL) {
            (void)ERROR_MEMORY(err);
            return NULL;
        }
        memory->shelves = shelves;
        memory->shelf_capacity = capacity;
    }
    char *table = slice_dup(held->table);
    if (table == NULL) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    struct memory_shelf *shelf = &memory->shelves[memory->shelf_count];
    *shelf = (struct memory_shelf){.tenant = held->tenant,
                                   .table = slice_from(table, held->table.size)};
    if (set_place(memory, memory->shelf_count, err) != STATUS_OK) {
        free(table);
        return NULL;
    }
    memory->shelf_count++;
    return shelf;
}

static void release_shelf(struct memory_shelf *shelf)
{
    for (uint32_t i = 0; i < shelf->part_count; i++)
        held_unref(shelf->parts[i].held);
    free(shelf->parts);
    free((void *)(uintptr_t)shelf->table.data);
}

void memory_release(struct memory *memory)
{
    for (uint32_t i = 0; i < memory->shelf_count; i++)
        release_shelf(&memory->shelves[i]);
    free(memory->shelves);
    map_release(&memory->places);
    memory_make_empty(memory);
}

static void count_part(struct memory *memory, const struct memory_part *p, bool is_added)
{
    if (is_added) {
        memory->row_count += p->held->row_count;
        memory->byte_count += p->size_bytes;
    } else {
        CHECK(memory->row_count >= p->held->row_count); /* invariant 1 */
        memory->row_count -= p->held->row_count;
        memory->byte_count -= p->size_bytes;
    }
}

static enum status put_part(struct memory *memory, struct memory_shelf *shelf, struct held *held,
                            uint64_t added_us, struct error *err)
{
    if (shelf->part_count == shelf->part_capacity) {
        uint32_t capacity = shelf->part_capacity == 0 ? SHELF_PARTS_MIN : shelf->part_capacity * 2;
        struct memory_part *parts = realloc(shelf->parts, capacity * sizeof(*parts));
        if (parts == NULL)
            return ERROR_MEMORY(err);
        shelf->parts = parts;
        shelf->part_capacity = capacity;
    }
    struct memory_part *p = &shelf->parts[shelf->part_count++];
    *p = (struct memory_part){
        .held = held, .added_us = added_us, .size_bytes = held_bytes(held)};
    count_part(memory, p, true);
    if (added_us < memory->oldest_us)
        memory->oldest_us = added_us;
    return STATUS_OK;
}

enum status memory_add(struct memory *memory, struct held *held, uint64_t now_us,
                       struct error *err)
{
    struct memory_shelf *shelf = find_shelf(memory, &held->tenant, held->table);
    if (shelf == NULL)
        shelf = add_shelf(memory, held, err);
    if (shelf == NULL)
        return err->status;
    return put_part(memory, shelf, held, now_us, err);
}

/* Takes the part at `index` off the shelf; its order is kept. */
static void drop_part(struct memory *memory, struct memory_shelf *shelf, uint32_t index)
{
    count_part(memory, &shelf->parts[index], false);
    held_unref(shelf->parts[index].held);
    shelf->part_count--;
    memmove(&shelf->parts[index], &shelf->parts[index + 1],
            (shelf->part_count - index) * sizeof(*shelf->parts));
}

enum status memory_list(const struct memory *memory, const struct guid *tenant,
                        struct held_list *ret, struct error *err)
{
    for (uint32_t i = 0; i < memory->shelf_count; i++) {
        if (tenant != NULL && !guid_equal(&memory->shelves[i].tenant, tenant))
            continue;
        for (uint32_t k = 0; k < memory->shelves[i].part_count; k++) {
            enum status status = add_held(ret, memory->shelves[i].parts[k].held, err);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static void find_oldest(struct memory *memory)
{
    memory->oldest_us = UINT64_MAX;
    for (uint32_t i = 0; i < memory->shelf_count; i++) {
        for (uint32_t k = 0; k < memory->shelves[i].part_count; k++) {
            if (memory->shelves[i].parts[k].added_us < memory->oldest_us)
                memory->oldest_us = memory->shelves[i].parts[k].added_us;
        }
    }
}

/* ---- flush ---- */

enum status memory_begin_flush(struct memory *memory, uint64_t wal_floor, struct held_list *ret,
                               struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < memory->shelf_count && status == STATUS_OK; i++) {
        struct memory_shelf *shelf = &memory->shelves[i];
        for (uint32_t k = 0; k < shelf->part_count && status == STATUS_OK; k++) {
            struct memory_part *p = &shelf->parts[k];
            if (p->held->wal_file_max >= wal_floor)
                continue;
            if (p->holder != NULL) /* a join will put another part in its place soon */
                status = ERROR_SET(err, STATUS_BUSY, "parts in memory are being joined");
            else
                status = add_held(ret, p->held, err);
            if (status == STATUS_OK)
                p->holder = ret;
        }
    }
    if (status != STATUS_OK) {
        memory_end_flush(memory, ret, false);
        held_list_release(ret);
    }
    return status;
}

/* Takes empty shelves away and names the places of the others. */
static void drop_empty_shelves(struct memory *memory)
{
    struct error ignored;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < memory->shelf_count; i++) {
        if (memory->shelves[i].part_count == 0)
            release_shelf(&memory->shelves[i]);
        else
            memory->shelves[kept++] = memory->shelves[i];
    }
    if (kept == memory->shelf_count)
        return;
    memory->shelf_count = kept;
    map_clear(&memory->places);
    for (uint32_t i = 0; i < kept; i++) {
        if (set_place(memory, i, &ignored) != STATUS_OK)
            break; /* find_shelf() looks at all of them then */
    }
}

void memory_end_flush(struct memory *memory, const struct held_list *list, bool done)
{
    for (uint32_t i = 0; i < memory->shelf_count; i++) {
        struct memory_shelf *shelf = &memory->shelves[i];
        for (uint32_t k = shelf->part_count; k > 0; k--) {
            struct memory_part *p = &shelf->parts[k - 1];
            if (p->holder != list)
                continue;
            p->holder = NULL;
            if (done)
                drop_part(memory, shelf, k - 1);
        }
    }
    if (!done)
        return;
    drop_empty_shelves(memory);
    find_oldest(memory);
}

/* ---- joins ---- */

/* 0 for up to 64 rows, 1 up to 512, 2 up to 4,096; 3 is not joined any more.  Any two of the
 * others fit together: what has more than half of a bound would stand in their way. */
static uint32_t size_class(const struct memory_part *p)
{
    uint32_t rows = p->held->row_count;

    if (p->size_bytes > PART_JOIN_BYTES_MAX / 2 || p->held->value_count > PART_VALUES_MAX / 2)
        return 3;
    return rows <= SMALL_TENANT_ROWS / 64  ? 0
           : rows <= SMALL_TENANT_ROWS / 8 ? 1
           : rows <= SMALL_TENANT_ROWS     ? 2
                                           : 3;
}

/* What is joined of class `wanted` and below, from one file of the log. */
static bool may_join(const struct memory_part *p, uint32_t wanted, uint64_t wal_file)
{
    return size_class(p) <= wanted && p->holder == NULL && !p->stays &&
           p->held->wal_file_max == wal_file;
}

bool memory_begin_join(struct memory *memory, const struct guid *tenant, struct slice table,
                       struct held_list *ret)
{
    struct memory_shelf *shelf = find_shelf(memory, tenant, table);
    struct error err;
    uint32_t counts[3] = {0}, wanted = 3;
    uint64_t bytes = 0, values = 0;

    if (shelf == NULL || shelf->part_count < JOIN_FAN_IN)
        return false;
    uint64_t wal_file = shelf->parts[shelf->part_count - 1].held->wal_file_max;
    for (uint32_t i = 0; i < shelf->part_count; i++) {
        if (may_join(&shelf->parts[i], 2, wal_file))
            counts[size_class(&shelf->parts[i])]++;
    }
    for (uint32_t class = 0; class < 3; class++) {
        if (counts[class] >= JOIN_FAN_IN)
            wanted = class;
    }
    if (wanted == 3)
        return false;
    for (uint32_t i = 0; i < shelf->part_count; i++) {
        struct memory_part *p = &shelf->parts[i];
        if (!may_join(p, wanted, wal_file))
            continue;
        bytes += p->size_bytes;
        values += p->held->value_count;
        if (bytes > PART_JOIN_BYTES_MAX || values > PART_VALUES_MAX ||
            add_held(ret, p->held, &err) != STATUS_OK)
            break; /* what there is will do; without memory a join can wait */
        p->holder = ret;
    }
    if (ret->count >= 2)
        return true;
    for (uint32_t i = 0; i < shelf->part_count; i++) {
        if (shelf->parts[i].holder == ret)
            shelf->parts[i].holder = NULL;
    }
    held_list_release(ret);
    return false;
}

void memory_end_join(struct memory *memory, const struct held_list *list, struct held *joined)
{
    if (list->count == 0)
        return;
    struct memory_shelf *shelf =
        find_shelf(memory, &list->held[0]->tenant, list->held[0]->table);
    CHECK(shelf != NULL);
    bool is_placed = joined == NULL;
    for (uint32_t i = 0; i < shelf->part_count;) {
        struct memory_part *p = &shelf->parts[i];
        if (p->holder != list) {
            i++;
            continue;
        }
        p->holder = NULL;
        if (joined == NULL) {
            p->stays = true;
            i++;
        } else if (!is_placed) { /* in the place and with the age of the oldest */
            count_part(memory, p, false);
            held_unref(p->held);
            p->held = joined;
            p->size_bytes = held_bytes(joined);
            count_part(memory, p, true);
            is_placed = true;
            i++;
        } else {
            drop_part(memory, shelf, i);
        }
    }
    CHECK(is_placed); /* invariant 3 */
}
