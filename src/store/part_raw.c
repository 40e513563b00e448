/* SPDX-License-Identifier: Apache-2.0 */
/* part_raw() - the same rows with every record whole: what is stored when the
 * columns of a part do not give back the bytes that came. */
#include "store/part_priv.h"

#include "base/limits.h"

#include <stdlib.h>

struct row_time {
    uint64_t seq;
    int64_t received_us;
};

static int compare_times(const void *a, const void *b)
{
    const struct row_time *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A batch has one receive time, a joined part has many. */
static enum status keep_times(const struct part *from, struct part *to, struct error *err)
{
    struct row_time *times = calloc(from->row_count, sizeof(*times));

    if (times == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t r = 0; r < from->row_count; r++)
        times[r] = (struct row_time){from->seqs[r], from->received_us[r]};
    qsort(times, from->row_count, sizeof(*times), compare_times);
    for (uint32_t r = 0; r < to->row_count; r++) {
        const struct row_time key = {to->seqs[r], 0};
        const struct row_time *found =
            bsearch(&key, times, from->row_count, sizeof(*times), compare_times);
        if (found != NULL)
            to->received_us[r] = found->received_us;
    }
    to->received_min = from->received_min;
    to->received_max = from->received_max;
    free(times);
    return STATUS_OK;
}

static enum status render_all(const struct part *part, struct arena *arena,
                              struct record *records, struct error *err)
{
    struct buf raw;
    enum status status = STATUS_OK;

    buf_init(&raw, REQUEST_BODY_BYTES_MAX);
    for (uint32_t r = 0; r < part->row_count && status == STATUS_OK; r++) {
        buf_clear(&raw);
        part_render(part, r, &raw);
        status = buf_check(&raw, err);
        char *copy = status == STATUS_OK ? arena_alloc_raw(arena, raw.size + 1, err) : NULL;
        if (status == STATUS_OK && copy == NULL)
            status = err->status;
        if (status != STATUS_OK)
            break;
        if (raw.size > 0)
            memcpy(copy, raw.data, raw.size);
        records[r] = (struct record){.raw = slice_from(copy, raw.size),
                                     .flags = part->row_flags[r],
                                     .seq = part->seqs[r],
                                     .event_time = part->event_times[r],
                                     .quarantine_reason =
                                         part->reasons == NULL ? NULL : part->reasons[r]};
    }
    buf_release(&raw);
    return status;
}

enum status part_raw(const struct part *part, struct part **ret, struct error *err)
{
    struct arena *arena = arena_new(PART_MEMORY_BYTES_MAX);
    struct record *records =
        arena == NULL ? NULL : ARENA_ARRAY(arena, struct record, part->row_count, err);
    struct record_batch batch = {.tenant = part->tenant,
                                 .table = part->table,
                                 .records = records,
                                 .record_count = part->row_count,
                                 .received_us = part->received_min,
                                 .wal_file = part->wal_file_max};
    struct part *made = NULL;
    enum status status = records == NULL ? ERROR_MEMORY(err) : STATUS_OK;

    if (status == STATUS_OK)
        status = render_all(part, arena, records, err);
    if (status == STATUS_OK) /* no tokens: every record is kept whole */
        status = part_from_records(&batch, &made, err);
    if (status == STATUS_OK)
        status = keep_times(part, made, err);
    if (status == STATUS_OK) {
        *ret = made;
        made = NULL; /* given away */
    }
    part_unref(made);
    arena_free(arena);
    return status;
}
