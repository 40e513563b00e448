/* SPDX-License-Identifier: Apache-2.0 */
/* part_raw() - the same rows with every record whole: what is stored when the
 * columns of a part do not give back the bytes that came. */
#include "store/part_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

struct row_facts {
    uint64_t seq;
    int64_t received_us;
    uint64_t tag;
};

static int compare_facts(const void *a, const void *b)
{
    const struct row_facts *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A batch has one receive time, a joined part has many; and the tags are those of the
 * bytes that came, not of what the columns give back. */
static enum status keep_facts(const struct part *from, struct part *to, struct error *err)
{
    struct row_facts *facts = calloc(from->row_count, sizeof(*facts));

    if (facts == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t r = 0; r < from->row_count; r++)
        facts[r] = (struct row_facts){from->seqs[r], from->received_us[r],
                                      from->tags == NULL ? 0 : from->tags[r]};
    qsort(facts, from->row_count, sizeof(*facts), compare_facts);
    for (uint32_t r = 0; r < to->row_count; r++) {
        const struct row_facts key = {.seq = to->seqs[r]};
        const struct row_facts *found =
            bsearch(&key, facts, from->row_count, sizeof(*facts), compare_facts);
        CHECK(found != NULL);
        to->received_us[r] = found->received_us;
        to->tags[r] = found->tag;
    }
    if (from->tags == NULL)
        to->tags = NULL;
    to->received_min = from->received_min;
    to->received_max = from->received_max;
    free(facts);
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
        status = keep_facts(part, made, err);
    if (status == STATUS_OK) {
        *ret = made;
        made = NULL; /* given away */
    }
    part_unref(made);
    arena_free(arena);
    return status;
}
