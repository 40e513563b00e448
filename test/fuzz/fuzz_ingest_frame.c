/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the bytes of a log: headers, frames, and payloads (as if the seal
 * had been right) are refused or read within their bounds. */
#include "ingest/frame_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "ingest/answer_priv.h"

#define RECORDS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_payload(struct slice payload, struct arena *arena)
{
    struct record items[RECORDS];
    struct payload_records records = {items, 0, RECORDS};
    struct payload_tail tail;
    struct ingest_answer answer;
    struct receipts receipts;
    struct slice blocks;
    struct error err;

    if (payload_decode_tail(payload, &tail, &blocks, &err) != STATUS_OK)
        return;
    struct reader r = reader_from(blocks.data, blocks.size);
    enum status (*next)(struct reader *, struct arena *, struct payload_records *,
                        struct error *) =
        tail.is_received ? payload_next_received : payload_next_block;
    while (reader_left(&r) > 0 && next(&r, arena, &records, &err) == STATUS_OK)
        CHECK(records.count <= RECORDS);
    for (uint32_t i = 0; i < records.count; i++)
        CHECK((items[i].quarantine_reason != NULL) == ((items[i].flags & RECORD_QUARANTINED) != 0));
    if (tail.keyed && answer_decode(tail.answer, arena, &answer, &receipts, &err) == STATUS_OK)
        CHECK(answer.duplicates <= tail.answer.size && receipts.count <= tail.answer.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_from((const char *)data, size);
    struct arena *arena = arena_new(256 * MIB);
    struct wal_header header;
    struct frame frame;

    CHECK(arena != NULL);
    if (size >= WAL_HEADER_BYTES && wal_header_decode(data, &header))
        bytes = slice_tail(bytes, WAL_HEADER_BYTES);
    while (frame_decode(bytes, &frame)) {
        CHECK(frame_size(&frame) <= bytes.size);
        read_payload(frame.sealed, arena);
        bytes = slice_tail(bytes, frame_size(&frame));
    }
    read_payload(bytes, arena);
    arena_free(arena);
    return 0;
}
