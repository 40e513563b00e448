/* SPDX-License-Identifier: Apache-2.0 */
/* part_raw() - the same rows with every record whole: what is stored when the
 * columns of a part do not give back the bytes that came, or pass a bound of a section.
 *
 * Joined rows whose texts are all the same may be a thousand times as large when they are
 * whole, so they are taken in pieces. */
#include "store/part_priv.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

struct row_facts {
    uint64_t seq;
    int64_t received_us;
    uint64_t tag;
};

/* Rows of a part, whole. */
struct piece {
    const struct part *from;
    uint32_t begin, end;
    struct record *records;
    struct arena *arena; /* of their bytes */
};

static int compare_facts(const void *a, const void *b)
{
    const struct row_facts *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A batch has one receive time, a joined part has many; and the tags are those of the
 * bytes that came, not of what the columns give back. */
static enum status keep_facts(const struct piece *piece, struct part *to, struct error *err)
{
    const struct part *from = piece->from;
    struct row_facts *facts = calloc(to->row_count, sizeof(*facts));

    if (facts == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t r = piece->begin; r < piece->end; r++)
        facts[r - piece->begin] = (struct row_facts){from->seqs[r], from->received_us[r],
                                                     from->tags == NULL ? 0 : from->tags[r]};
    qsort(facts, to->row_count, sizeof(*facts), compare_facts);
    to->received_min = INT64_MAX;
    to->received_max = INT64_MIN;
    for (uint32_t r = 0; r < to->row_count; r++) {
        const struct row_facts key = {.seq = to->seqs[r]};
        const struct row_facts *found =
            bsearch(&key, facts, to->row_count, sizeof(*facts), compare_facts);
        CHECK(found != NULL);
        int64_t received_us = found->received_us;
        to->received_us[r] = received_us;
        to->received_min = received_us < to->received_min ? received_us : to->received_min;
        to->received_max = received_us > to->received_max ? received_us : to->received_max;
        to->tags[r] = found->tag;
    }
    if (from->tags == NULL)
        to->tags = NULL;
    free(facts);
    return STATUS_OK;
}

static enum status add_record(struct piece *piece, struct slice raw, struct error *err)
{
    const struct part *part = piece->from;
    uint32_t row = piece->end;
    struct slice copy = arena_copy(piece->arena, raw, err);

    if (copy.data == NULL)
        return err->status;
    piece->records[row - piece->begin] =
        (struct record){.raw = copy,
                        .flags = part->row_flags[row],
                        .seq = part->seqs[row],
                        .event_time = part->event_times[row],
                        .quarantine_reason = part->reasons == NULL ? NULL : part->reasons[row]};
    piece->end++;
    return STATUS_OK;
}

/* As many rows as there is room for, and at least one. */
static enum status render_some(struct piece *piece, struct error *err)
{
    struct buf raw;
    size_t bytes = 0;
    enum status status = STATUS_OK;

    buf_init(&raw, REQUEST_BODY_BYTES_MAX);
    while (piece->end < piece->from->row_count && status == STATUS_OK) {
        buf_clear(&raw);
        part_render(piece->from, piece->end, &raw);
        status = buf_check(&raw, err);
        bytes += raw.size;
        if (status != STATUS_OK || (bytes > PART_RAW_BYTES_MAX && piece->end > piece->begin))
            break;
        status = add_record(piece, buf_slice(&raw), err);
    }
    buf_release(&raw);
    return status;
}

enum status part_raw(const struct part *part, uint32_t from, struct part **ret,
                     uint32_t *ret_end, struct error *err)
{
    struct piece piece = {.from = part, .begin = from, .end = from};
    struct part *made = NULL;
    enum status status = STATUS_OK;

    CHECK(from < part->row_count);
    piece.arena = arena_new(PART_MEMORY_BYTES_MAX);
    if (piece.arena == NULL)
        return ERROR_MEMORY(err);
    piece.records = ARENA_ARRAY(piece.arena, struct record, part->row_count - from, err);
    status = piece.records == NULL ? err->status : render_some(&piece, err);
    const struct record_batch batch = {.tenant = part->tenant,
                                       .table = part->table,
                                       .records = piece.records,
                                       .record_count = piece.end - from,
                                       .received_us = part->received_min,
                                       .wal_file = part->wal_file_max};
    if (status == STATUS_OK) /* no tokens: every record is kept whole */
        status = part_from_records(&batch, &made, err);
    if (status == STATUS_OK)
        status = keep_facts(&piece, made, err);
    if (status == STATUS_OK) {
        *ret = made;
        *ret_end = piece.end;
        made = NULL; /* given away */
    }
    part_unref(made);
    arena_free(piece.arena);
    return status;
}
