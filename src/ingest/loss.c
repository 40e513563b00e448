/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/loss_priv.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/twin.h"

#include <stdlib.h>

#define LOSS_MAGIC "DBLOST\0" /* and a byte, the version */
#define HEAD_BYTES 12u        /* magic, version, count */
#define VERSION 2u
#define ITEM_BYTES_1 33u /* of version 1 */
#define ITEM_BYTES (ITEM_BYTES_1 + 3 * 8 + INGEST_WHO_BYTES)
#define LEAVES_PER_FRAME 128u /* a request has at most 100 of full count and 8 of full size */
#define LEAVES_SKIPPED_MAX 1024u

_Static_assert(REQUEST_RECORDS_MAX / LEAF_RECORDS_MAX +
                       2 * (REQUEST_BODY_BYTES_MAX / LEAF_BYTES_MAX) <=
                   LEAVES_PER_FRAME,
               "the leaves of a request");

/* ---- the list ---- */

static struct ingest_lost *find(const struct loss *loss, const struct ingest_lost *item)
{
    for (uint32_t i = 0; i < loss->count; i++) {
        struct ingest_lost *known = &loss->items[i];
        if (guid_equal(&known->tenant, &item->tenant) && known->first_seq == item->first_seq &&
            known->last_seq == item->last_seq)
            return known;
    }
    return NULL;
}

static enum status add(struct loss *loss, const struct ingest_lost *item, struct error *err)
{
    if (find(loss, item) != NULL)
        return STATUS_OK; /* found again: the log was not cut yet */
    if (loss->count == loss->capacity) {
        uint32_t capacity = loss->capacity == 0 ? 16 : 2 * loss->capacity;
        struct ingest_lost *items = realloc(loss->items, capacity * sizeof(*items));
        if (items == NULL)
            return ERROR_MEMORY(err);
        loss->items = items;
        loss->capacity = capacity;
    }
    loss->items[loss->count++] = *item;
    loss->is_changed = true;
    return STATUS_OK;
}

/* twin_check. */
static enum status check(void *context, struct slice *bytes, struct error *err)
{
    struct reader r = reader_from(bytes->data, bytes->size);

    (void)context;
    struct slice magic = reader_bytes(&r, sizeof(LOSS_MAGIC) - 1);
    uint8_t version = reader_u8(&r);
    uint64_t count = reader_u32(&r), item_bytes = version == 1 ? ITEM_BYTES_1 : ITEM_BYTES;
    if (!r.failed && slice_equal(magic, SLICE(LOSS_MAGIC)) && version >= 1 &&
        version <= VERSION && bytes->size == HEAD_BYTES + count * item_bytes + 4) {
        struct reader end = reader_from(bytes->data + bytes->size - 4, 4);
        if (reader_u32(&end) == hash_crc32c(0, bytes->data, bytes->size - 4))
            return STATUS_OK;
    }
    return ERROR_SET(err, STATUS_CORRUPT, "'" LOSS_PATH "' is not readable");
}

static struct ingest_lost read_item(struct reader *r, uint8_t version)
{
    struct ingest_lost item = {.first_seq = 0};
    struct slice id = reader_bytes(r, sizeof(item.tenant.bytes));

    if (!r->failed)
        memcpy(item.tenant.bytes, id.data, id.size);
    item.first_seq = reader_u64(r);
    item.last_seq = reader_u64(r);
    item.is_bound = reader_u8(r) != 0;
    if (version == 1)
        return item;
    item.accepted_us = (int64_t)reader_u64(r);
    item.from_us = (int64_t)reader_u64(r);
    item.to_us = (int64_t)reader_u64(r);
    struct slice by = reader_bytes(r, sizeof(item.accepted_by));
    if (!r->failed)
        memcpy(item.accepted_by, by.data, sizeof(item.accepted_by) - 1);
    return item;
}

enum status loss_load(struct loss *loss, struct io *io, struct error *err)
{
    struct buf bytes;
    enum twin_sound sound = TWIN_IN_BOTH;

    *loss = (struct loss){.items = NULL};
    buf_init(&bytes, 64 * MIB);
    enum status status = twin_load(io, LOSS_PATH, check, NULL, &bytes, &sound, err);
    struct reader r = reader_from(bytes.data, bytes.size);
    (void)reader_bytes(&r, sizeof(LOSS_MAGIC) - 1);
    uint8_t version = reader_u8(&r);
    uint32_t count = status == STATUS_OK ? reader_u32(&r) : 0;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct ingest_lost item = read_item(&r, version);
        status = add(loss, &item, err);
    }
    buf_release(&bytes);
    loss->is_changed = sound != TWIN_IN_BOTH && count > 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status loss_save(struct loss *loss, struct io *io, struct error *err)
{
    struct buf bytes;

    if (!loss->is_changed)
        return STATUS_OK;
    buf_init(&bytes, 64 * MIB);
    buf_add(&bytes, LOSS_MAGIC, sizeof(LOSS_MAGIC) - 1);
    buf_put_u8(&bytes, VERSION);
    buf_put_u32(&bytes, loss->count);
    for (uint32_t i = 0; i < loss->count; i++) {
        const struct ingest_lost *item = &loss->items[i];
        buf_add(&bytes, item->tenant.bytes, sizeof(item->tenant.bytes));
        buf_put_u64(&bytes, item->first_seq);
        buf_put_u64(&bytes, item->last_seq);
        buf_put_u8(&bytes, item->is_bound);
        buf_put_u64(&bytes, (uint64_t)item->accepted_us);
        buf_put_u64(&bytes, (uint64_t)item->from_us);
        buf_put_u64(&bytes, (uint64_t)item->to_us);
        buf_add(&bytes, item->accepted_by, sizeof(item->accepted_by));
    }
    enum status status = buf_check(&bytes, err);
    if (status == STATUS_OK) {
        buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
        status = buf_check(&bytes, err);
    }
    if (status == STATUS_OK)
        status = twin_save(io, LOSS_PATH, buf_slice(&bytes), err);
    loss->is_changed = status != STATUS_OK;
    buf_release(&bytes);
    return status;
}

enum status loss_accept(struct loss *loss, struct io *io, const struct ingest_lost *accepted,
                        struct error *err)
{
    struct ingest_lost *item = find(loss, accepted);
    const bool is_new = item == NULL;

    if (is_new && add(loss, accepted, err) != STATUS_OK)
        return err->status;
    item = is_new ? &loss->items[loss->count - 1] : item;
    const struct ingest_lost before = *item;
    *item = *accepted;
    item->is_bound = before.is_bound;
    loss->is_changed = true;
    enum status status = loss_save(loss, io, err);
    if (status != STATUS_OK) { /* the next save writes it as it was */
        *item = before;
        loss->count -= is_new;
    }
    return status;
}

void loss_release(struct loss *loss)
{
    free(loss->items);
    *loss = (struct loss){.items = NULL};
}

/* ---- a replay ---- */

void loss_note(struct loss *loss, struct tenant *suspect, uint64_t frame_count, bool is_saved)
{
    if (suspect != NULL && frame_count > 0) {
        suspect->lost.frames += is_saved ? 0 : 1;
        suspect->lost.saved_frames += is_saved ? 1 : 0;
        frame_count--;
    }
    *(is_saved ? &loss->saved_frames : &loss->frames) += frame_count;
}

/* Frames that may be the tenant's, since the last one that is. */
static uint64_t open_frames(const struct loss *loss, const struct tenant *tenant)
{
    return tenant->lost.frames + (loss->frames - tenant->lost.frames_before);
}

static bool is_open(const struct loss *loss, const struct tenant *tenant)
{
    return open_frames(loss, tenant) > 0 || tenant->lost.saved_frames > 0 ||
           loss->saved_frames > tenant->lost.saved_before;
}

static void settle(const struct loss *loss, struct tenant *tenant)
{
    tenant->lost = (struct tenant_loss){.frames_before = loss->frames,
                                        .saved_before = loss->saved_frames};
}

/* The first number of a tenant that is not known to be stored or replayed. */
static uint64_t start_of(const struct ingest_options *options, const struct tenant *tenant)
{
    if (tenant->seen || options->last_sealed == NULL)
        return tenant->given.next_seq;
    return options->last_sealed(options->context, &tenant->id) + 1;
}

static enum status lose(struct loss *loss, const struct tenant *tenant, uint64_t from,
                        uint64_t end, bool is_bound, struct error *err)
{
    const struct ingest_lost item = {.tenant = tenant->id,
                                     .first_seq = from,
                                     .last_seq = end - 1,
                                     .is_bound = is_bound};

    return from < end ? add(loss, &item, err) : STATUS_OK;
}

enum status loss_close(struct loss *loss, const struct ingest_options *options,
                       struct tenant *tenant, const struct leaf_fields *next, bool *ret_skip,
                       struct error *err)
{
    const struct tenant_counters *given = &tenant->given;
    bool is_behind = next->leaf_index > given->next_leaf && next->first_seq >= given->next_seq;
    uint64_t from = start_of(options, tenant);
    enum status status = STATUS_OK;

    *ret_skip = false;
    if (!is_behind && !(is_open(loss, tenant) && !tenant->seen)) {
        settle(loss, tenant);
        return STATUS_OK;
    }
    /* The first leaf that is seen says only where a loss before it ends. */
    *ret_skip = is_behind;
    status = lose(loss, tenant, from, next->first_seq, false, err);
    settle(loss, tenant);
    return status;
}

enum status loss_end(struct loss *loss, const struct ingest_options *options,
                     struct tenant *tenant, bool *ret_skip, struct error *err)
{
    struct tenant_counters *given = &tenant->given;
    const struct tenant_counters *saved = &tenant->durable;
    uint64_t from = start_of(options, tenant), frames = open_frames(loss, tenant);
    enum status status = STATUS_OK;

    *ret_skip = false;
    if (is_open(loss, tenant) || given->next_leaf < saved->next_leaf) {
        /* The state may know of more than the log has. */
        if (given->next_leaf < saved->next_leaf)
            *given = *saved;
        *ret_skip = true;
        status = lose(loss, tenant, from, given->next_seq, false, err);
    }
    if (status == STATUS_OK && frames > 0) {
        uint64_t leaves = frames > LEAVES_SKIPPED_MAX ? LEAVES_SKIPPED_MAX
                                                      : frames * LEAVES_PER_FRAME;
        uint64_t end = given->next_seq + frames * REQUEST_RECORDS_MAX;
        status = lose(loss, tenant, given->next_seq, end, true, err);
        given->next_seq = end;
        given->next_leaf += leaves > LEAVES_SKIPPED_MAX ? LEAVES_SKIPPED_MAX : leaves;
    }
    settle(loss, tenant);
    return status;
}
