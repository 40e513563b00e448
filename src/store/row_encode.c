/* SPDX-License-Identifier: Apache-2.0 */
/* row_encode.c - what each row has beside its record: sequence number, event
 * time, receive time and flags (docs/format/segment.md, "SEQS, TIMES ...").
 *
 * Receive times rise with the sequence numbers in steps (one a request), so
 * they are stored as a step function of seq. */
#include "base/time.h"
#include "store/column_priv.h"

#include <stdlib.h>

#define RECEIVED_BY_SEQ 0
#define RECEIVED_BY_ROW 2
#define SPAN_A_ROW_MAX UINT64_C(4) /* numbers a row that are worth a place each */

static enum status corrupt(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "the rows' data do not decode");
}

static int64_t time_unit(const struct part *part)
{
    int64_t unit = TICKS_PER_SECOND;

    for (uint32_t r = 0; r < part->row_count && unit > 1; r++)
        while (unit > 1 && (part->event_times[r] - part->time_min) % unit != 0)
            unit /= 10;
    return unit;
}

static void put_seqs(const struct part *part, struct buf *raw)
{
    uint64_t last = part->seq_min;

    for (uint32_t r = 0; r < part->row_count; r++) {
        buf_put_varint(raw, zigzag((int64_t)(part->seqs[r] - last)));
        last = part->seqs[r];
    }
}

static void put_times(const struct part *part, struct buf *raw)
{
    int64_t unit = time_unit(part), last = part->time_min;

    buf_put_varint(raw, (uint64_t)unit);
    for (uint32_t r = 0; r < part->row_count; r++) {
        buf_put_varint(raw, zigzag((part->event_times[r] - last) / unit));
        last = part->event_times[r];
    }
}

struct receipt {
    uint64_t seq;
    int64_t received_us;
};

static int compare_receipts(const void *a, const void *b)
{
    const struct receipt *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Numbers that lie close together say themselves where they stand.  `places`: `span` of them,
 * empty; false if they are not enough, or two rows have one number. */
static bool place_receipts(const struct part *part, uint64_t span, struct receipt *places,
                           struct receipt *ret)
{
    uint32_t count = 0;

    for (uint32_t r = 0; r < part->row_count; r++) {
        uint64_t place = part->seqs[r] - part->seq_min;
        if (place >= span)
            return false;
        places[place] = (struct receipt){place + 1, part->received_us[r]}; /* 0: empty */
    }
    for (uint64_t i = 0; i < span; i++) {
        ret[count] = (struct receipt){part->seq_min + i, places[i].received_us};
        count += places[i].seq != 0;
    }
    return count == part->row_count;
}

/* In the order of their numbers; ret has room for one more. */
static enum status order_receipts(const struct part *part, struct receipt *ret, struct error *err)
{
    uint64_t span = part->seq_max - part->seq_min + 1;
    bool is_done = false;

    if (span <= part->row_count * SPAN_A_ROW_MAX) {
        struct receipt *places = calloc(span, sizeof(*places));
        if (places == NULL)
            return ERROR_MEMORY(err);
        is_done = place_receipts(part, span, places, ret);
        free(places);
    }
    if (is_done)
        return STATUS_OK;
    for (uint32_t r = 0; r < part->row_count; r++)
        ret[r] = (struct receipt){part->seqs[r], part->received_us[r]};
    qsort(ret, part->row_count, sizeof(*ret), compare_receipts);
    return STATUS_OK;
}

/* Returns the encoding. */
static enum status put_received(const struct part *part, struct buf *raw, uint8_t *ret_encoding,
                                struct error *err)
{
    struct receipt *all = malloc(((size_t)part->row_count + 1) * sizeof(*all));
    uint32_t runs = 0;
    int64_t last = part->received_min;
    uint64_t last_seq = part->seq_min;

    if (all == NULL)
        return ERROR_MEMORY(err);
    if (order_receipts(part, all, err) != STATUS_OK) {
        free(all);
        return err->status;
    }
    for (uint32_t r = 0; r < part->row_count; r++)
        runs += r == 0 || all[r].received_us != all[r - 1].received_us ? 1 : 0;
    *ret_encoding = runs <= part->row_count / 2 + 1 ? RECEIVED_BY_SEQ : RECEIVED_BY_ROW;
    if (*ret_encoding == RECEIVED_BY_SEQ)
        buf_put_varint(raw, runs);
    for (uint32_t r = 0; r < part->row_count; r++) {
        int64_t received = part->received_us[r];
        if (*ret_encoding == RECEIVED_BY_SEQ) {
            if (r > 0 && all[r].received_us == all[r - 1].received_us)
                continue;
            received = all[r].received_us;
            buf_put_varint(raw, all[r].seq - last_seq);
            last_seq = all[r].seq;
        }
        buf_put_varint(raw, zigzag(received - last));
        last = received;
    }
    free(all);
    return STATUS_OK;
}

static void put_flags(const struct part *part, struct buf *raw, uint8_t *ret_encoding)
{
    bool same = true;

    for (uint32_t r = 1; same && r < part->row_count; r++)
        same = part->row_flags[r] == part->row_flags[0];
    *ret_encoding = same ? CODES_CONST : CODES_PLANES;
    buf_add(raw, part->row_flags, same ? 1 : part->row_count);
}

enum status row_data_encode(const struct part *part, enum row_data which, struct packing how,
                            struct buf *blob, struct column_entry *ret, struct error *err)
{
    size_t start = blob->size;
    struct buf raw;
    enum status status = STATUS_OK;

    *ret = (struct column_entry){.value_count = part->row_count};
    buf_init(&raw, COLUMN_STREAM_BYTES_MAX);
    switch (which) {
    case ROW_SEQS:
        put_seqs(part, &raw);
        break;
    case ROW_TIMES:
        put_times(part, &raw);
        break;
    case ROW_RECEIVED:
        status = put_received(part, &raw, &ret->codes, err);
        break;
    case ROW_FLAGS:
        put_flags(part, &raw, &ret->codes);
        break;
    case ROW_DATA_COUNT_:
        break;
    }
    if (status == STATUS_OK)
        status = buf_check(&raw, err);
    if (status == STATUS_OK)
        status = stream_put(blob, buf_slice(&raw), how, err);
    ret->size = (uint32_t)(blob->size - start);
    buf_release(&raw);
    return status;
}

static bool get_seqs(const struct part *part, struct reader *raw, uint64_t *ret)
{
    uint64_t last = part->seq_min;

    for (uint32_t r = 0; r < part->row_count; r++) {
        last += (uint64_t)unzigzag(reader_varint(raw));
        if (last < part->seq_min || last > part->seq_max)
            return false;
        ret[r] = last;
    }
    return !raw->failed;
}

static bool get_times(const struct part *part, struct reader *raw, int64_t *ret)
{
    uint64_t unit = reader_varint(raw), last = (uint64_t)part->time_min;

    for (uint32_t r = 0; r < part->row_count; r++) {
        last += (uint64_t)unzigzag(reader_varint(raw)) * unit;
        if ((int64_t)last < part->time_min || (int64_t)last > part->time_max)
            return false;
        ret[r] = (int64_t)last;
    }
    return !raw->failed;
}

static bool get_received_by_row(const struct part *part, struct reader *raw, int64_t *ret)
{
    uint64_t last = (uint64_t)part->received_min;

    for (uint32_t r = 0; r < part->row_count; r++) {
        last += (uint64_t)unzigzag(reader_varint(raw));
        ret[r] = (int64_t)last;
    }
    return !raw->failed;
}

static enum status get_received_by_seq(const struct part *part, struct reader *raw,
                                       struct arena *scratch, int64_t *ret, struct error *err)
{
    uint64_t runs = reader_varint(raw), seq = part->seq_min;
    uint64_t last = (uint64_t)part->received_min;

    if (runs == 0 || runs > part->row_count || part->seqs == NULL)
        return corrupt(err);
    struct receipt *steps = ARENA_ARRAY(scratch, struct receipt, runs, err);
    if (steps == NULL)
        return err->status;
    for (uint64_t i = 0; i < runs; i++) {
        uint64_t step = reader_varint(raw);
        seq += step;
        last += (uint64_t)unzigzag(reader_varint(raw));
        if (seq < step) /* wrapped */
            return corrupt(err);
        steps[i] = (struct receipt){seq, (int64_t)last};
    }
    if (raw->failed || steps[0].seq != part->seq_min)
        return corrupt(err);
    for (uint32_t r = 0; r < part->row_count; r++) {
        uint64_t low = 0, high = runs;
        while (high - low > 1) {
            uint64_t middle = low + (high - low) / 2;
            if (steps[middle].seq <= part->seqs[r])
                low = middle;
            else
                high = middle;
        }
        ret[r] = steps[low].received_us;
    }
    return STATUS_OK;
}

static bool get_flags(const struct part *part, uint8_t encoding, struct reader *raw, uint8_t *ret)
{
    bool same = encoding == CODES_CONST;
    struct slice bytes = reader_bytes(raw, same ? 1 : part->row_count);

    if (raw->failed)
        return false;
    if (same)
        memset(ret, bytes.data[0], part->row_count);
    else
        memcpy(ret, bytes.data, part->row_count);
    return true;
}

static enum status decode(const struct part *part, enum row_data which,
                          const struct column_entry *entry, struct reader *raw,
                          struct arena *scratch, void *ret, struct error *err)
{
    bool good = false;

    switch (which) {
    case ROW_SEQS:
        good = get_seqs(part, raw, ret);
        break;
    case ROW_TIMES:
        good = get_times(part, raw, ret);
        break;
    case ROW_RECEIVED:
        if (entry->codes == RECEIVED_BY_SEQ) {
            enum status status = get_received_by_seq(part, raw, scratch, ret, err);
            if (status != STATUS_OK)
                return status;
            good = true;
        } else {
            good = get_received_by_row(part, raw, ret);
        }
        break;
    case ROW_FLAGS:
        good = get_flags(part, entry->codes, raw, ret);
        break;
    case ROW_DATA_COUNT_:
        break;
    }
    return good && reader_left(raw) == 0 ? STATUS_OK : corrupt(err);
}

enum status row_data_decode(const struct part *part, enum row_data which,
                            const struct column_entry *entry, struct slice blob,
                            struct cache_memory *memory, void **ret, struct error *err)
{
    struct reader reader = reader_from(blob.data, blob.size);
    struct arena *scratch = arena_new(ARENA_BUDGET_BYTES_MAX);
    struct slice bytes = {NULL, 0};
    size_t unit = which == ROW_FLAGS ? sizeof(uint8_t) : sizeof(uint64_t);

    if (scratch == NULL)
        return ERROR_MEMORY(err);
    enum status status = stream_get(&reader, scratch, &bytes, err);
    if (status != STATUS_OK)
        goto out;
    void *room = cache_memory_alloc(memory, (size_t)part->row_count * unit + 8, err);
    if (room == NULL) {
        status = err->status;
        goto out;
    }
    struct reader raw = reader_from(bytes.data, bytes.size);
    status = decode(part, which, entry, &raw, scratch, room, err);
    if (status == STATUS_OK)
        *ret = room;
out:
    arena_free(scratch);
    return status;
}
