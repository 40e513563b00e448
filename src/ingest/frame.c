/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - see frame_priv.h; the bytes are drawn in docs/format/wal.md. */
#include "ingest/frame_priv.h"

#include "base/hash.h"
#include "base/limits.h"
#include "codec/compress.h"
#include "ingest/split_priv.h"

#define WAL_MAGIC "DBWAL\0\0\0"
#define FORMAT_VERSION 1
#define FLAG_AHEAD 1
#define FRAME_ADDITIONAL_BYTES 60
#define TAIL_BLOCKS 1   /* versions of the tail */
#define TAIL_RECEIVED 2
#define TAIL_SIZE_BYTES 4
#define BLOCK_ZSTD_LEVEL 1
#define LITTLE_BLOCK_BYTES 512u /* up to so many, packing costs more than it saves in the log */
#define LITTLE_ZSTD_LEVEL (-10)
#define FLAGS_STORED (RECORD_QUARANTINED | RECORD_CONFLICTING)

_Static_assert(REQUEST_BODY_BYTES_MAX + REQUEST_RECORDS_MAX * 24 < FRAME_SEALED_BYTES_MAX,
               "a request fits a frame");

static void put_le(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

static uint64_t get_le(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

void wal_header_encode(const struct wal_header *header, uint8_t ret[WAL_HEADER_BYTES])
{
    memset(ret, 0, WAL_HEADER_BYTES);
    memcpy(ret, WAL_MAGIC, 8);
    put_le(ret + 8, 4, FORMAT_VERSION);
    put_le(ret + 12, 4, header->is_ahead ? FLAG_AHEAD : 0);
    memcpy(ret + 16, header->log_id.bytes, 16);
    put_le(ret + 32, 8, header->number);
    put_le(ret + 40, 8, header->first_lsn);
    put_le(ret + 60, 4, hash_crc32c(0, ret, 60));
}

bool wal_header_decode(const uint8_t bytes[WAL_HEADER_BYTES], struct wal_header *ret)
{
    if (memcmp(bytes, WAL_MAGIC, 8) != 0 || get_le(bytes + 8, 4) != FORMAT_VERSION ||
        get_le(bytes + 60, 4) != hash_crc32c(0, bytes, 60))
        return false;
    ret->is_ahead = (get_le(bytes + 12, 4) & FLAG_AHEAD) != 0;
    memcpy(ret->log_id.bytes, bytes + 16, 16);
    ret->number = get_le(bytes + 32, 8);
    ret->first_lsn = get_le(bytes + 40, 8);
    return true;
}

static void make_additional(const struct guid *log_id, const uint8_t *head,
                            uint8_t ret[16 + FRAME_ADDITIONAL_BYTES])
{
    memcpy(ret, log_id->bytes, 16);
    memcpy(ret + 16, head, FRAME_ADDITIONAL_BYTES);
}

enum status frame_seal(const struct guid *log_id, const struct frame_header *header,
                       const struct key *key, struct slice payload, struct buf *ret,
                       struct error *err)
{
    size_t sealed_size = payload.size + AEAD_OVERHEAD_BYTES, before = ret->size;
    uint8_t additional[16 + FRAME_ADDITIONAL_BYTES];

    if (sealed_size > FRAME_SEALED_BYTES_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "the request does not fit a frame of the log");
    uint8_t *head = buf_extend(ret, FRAME_HEADER_BYTES + sealed_size);
    if (head == NULL)
        return buf_check(ret, err);
    memcpy(head, FRAME_MAGIC, 4);
    put_le(head + 4, 4, FORMAT_VERSION);
    put_le(head + 8, 8, header->lsn);
    put_le(head + 16, 8, header->commit_lsn);
    memcpy(head + 24, header->tenant.bytes, 16);
    memcpy(head + 40, header->previous, AEAD_TAG_BYTES);
    put_le(head + 56, 4, sealed_size);
    make_additional(log_id, head, additional);
    enum status status =
        aead_seal_to(key, slice_from((const char *)additional, sizeof(additional)), payload,
                     head + FRAME_HEADER_BYTES, err);
    if (status != STATUS_OK) {
        ret->size = before;
        return status;
    }
    uint32_t crc = hash_crc32c(0, head, FRAME_ADDITIONAL_BYTES);
    put_le(head + 60, 4, hash_crc32c(crc, head + FRAME_HEADER_BYTES, sealed_size));
    return STATUS_OK;
}

bool frame_peek(struct slice bytes, struct frame_header *ret)
{
    const uint8_t *head = (const uint8_t *)bytes.data;

    *ret = (struct frame_header){0};
    if (bytes.size < FRAME_HEADER_BYTES || memcmp(head, FRAME_MAGIC, 4) != 0)
        return false;
    ret->lsn = get_le(head + 8, 8);
    ret->commit_lsn = get_le(head + 16, 8);
    memcpy(ret->tenant.bytes, head + 24, 16);
    memcpy(ret->previous, head + 40, AEAD_TAG_BYTES);
    return true;
}

bool frame_decode(struct slice bytes, struct frame *ret)
{
    const uint8_t *head = (const uint8_t *)bytes.data;

    if (bytes.size < FRAME_HEADER_BYTES || memcmp(head, FRAME_MAGIC, 4) != 0 ||
        get_le(head + 4, 4) != FORMAT_VERSION)
        return false;
    size_t sealed_size = get_le(head + 56, 4);
    if (sealed_size < AEAD_OVERHEAD_BYTES || sealed_size > FRAME_SEALED_BYTES_MAX ||
        sealed_size > bytes.size - FRAME_HEADER_BYTES)
        return false;
    uint32_t crc = hash_crc32c(0, head, FRAME_ADDITIONAL_BYTES);
    if (get_le(head + 60, 4) != hash_crc32c(crc, head + FRAME_HEADER_BYTES, sealed_size))
        return false;
    *ret = (struct frame){
        .head = slice_from(bytes.data, FRAME_ADDITIONAL_BYTES),
        .sealed = slice_from(bytes.data + FRAME_HEADER_BYTES, sealed_size),
        .tag = head + FRAME_HEADER_BYTES + sealed_size - AEAD_TAG_BYTES,
    };
    return frame_peek(bytes, &ret->header);
}

enum status frame_open(const struct frame *frame, const struct guid *log_id, const struct key *key,
                       struct buf *ret, struct error *err)
{
    uint8_t additional[16 + FRAME_ADDITIONAL_BYTES];

    make_additional(log_id, (const uint8_t *)frame->head.data, additional);
    return aead_open(key, slice_from((const char *)additional, sizeof(additional)), frame->sealed,
                     ret, err);
}

/* ---- the payload ---- */

static void put_head(struct buf *ret, const struct record *record)
{
    buf_put_varint(ret, record->raw.size);
    buf_put_u8(ret, (uint8_t)(record->flags & FLAGS_STORED));
    if ((record->flags & RECORD_QUARANTINED) != 0)
        buf_put_u8(ret, (uint8_t)quarantine_from_text(record->quarantine_reason));
}

enum status payload_add_block(struct buf *payload, const struct record *records, uint32_t count,
                              struct payload_scratch *scratch, struct error *err)
{
    struct buf *plain = &scratch->plain;

    buf_clear(plain);
    buf_clear(&scratch->packed);
    buf_put_varint(plain, count);
    for (uint32_t i = 0; i < count; i++)
        put_head(plain, &records[i]);
    for (uint32_t i = 0; i < count; i++)
        buf_add_slice(plain, records[i].raw);
    enum status status = buf_check(plain, err);
    if (status != STATUS_OK)
        return status;
    int level = plain->size <= LITTLE_BLOCK_BYTES ? LITTLE_ZSTD_LEVEL : BLOCK_ZSTD_LEVEL;
    status = zstd_pack(buf_slice(plain), level, &scratch->packed, err);
    buf_put_varint(payload, plain->size);
    buf_put_blob(payload, buf_slice(&scratch->packed));
    return status == STATUS_OK ? buf_check(payload, err) : status;
}

bool payload_add_received(struct buf *payload, const struct payload_body *body,
                          const struct record *records, uint32_t count)
{
    size_t start = payload->size, at = 0;

    buf_put_varint(payload, body->plain.size);
    buf_put_blob(payload, body->packed);
    buf_put_varint(payload, count);
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t from = (uintptr_t)records[i].raw.data - (uintptr_t)body->plain.data;
        if (from < at || from > body->plain.size || records[i].raw.size > body->plain.size - from) {
            payload->size = start;
            return false;
        }
        buf_put_varint(payload, from - at);
        put_head(payload, &records[i]);
        at = from + records[i].raw.size;
    }
    return true;
}

void payload_add_tail(struct buf *payload, const struct payload_tail *tail)
{
    size_t start = payload->size;

    buf_put_u8(payload, tail->is_received ? TAIL_RECEIVED : TAIL_BLOCKS);
    buf_put_blob(payload, tail->table);
    buf_put_u64(payload, (uint64_t)tail->received_us);
    buf_add(payload, tail->source_id.bytes, sizeof(tail->source_id.bytes));
    buf_put_varint(payload, tail->block_count);
    buf_put_varint(payload, tail->leaf_count);
    buf_add(payload, tail->leaves, (size_t)tail->leaf_count * FRAME_LEAF_BYTES);
    buf_put_u8(payload, tail->keyed);
    if (tail->keyed) {
        buf_add(payload, tail->key_mac.bytes, HASH_BYTES);
        buf_add(payload, tail->body_hash.bytes, HASH_BYTES);
        buf_put_blob(payload, tail->answer);
    }
    buf_put_u32(payload, (uint32_t)(payload->size - start));
}

static void copy_bytes(struct reader *r, void *ret, size_t size)
{
    struct slice bytes = reader_bytes(r, size);

    if (!r->failed)
        memcpy(ret, bytes.data, size);
}

enum status payload_decode_tail(struct slice payload, struct payload_tail *ret,
                                struct slice *ret_blocks, struct error *err)
{
    struct reader r = reader_from(payload.data, 0);
    struct payload_tail tail = {.leaves = NULL};
    size_t tail_size = 0;

    if (payload.size >= TAIL_SIZE_BYTES) {
        size_t end = payload.size - TAIL_SIZE_BYTES;
        tail_size = get_le((const uint8_t *)payload.data + end, TAIL_SIZE_BYTES);
        if (tail_size > 0 && tail_size <= end) {
            *ret_blocks = slice_head(payload, end - tail_size);
            r = reader_from(payload.data + end - tail_size, tail_size);
        }
    }
    uint8_t version = reader_u8(&r);
    tail.table = reader_blob(&r);
    tail.received_us = (int64_t)reader_u64(&r);
    copy_bytes(&r, tail.source_id.bytes, sizeof(tail.source_id.bytes));
    uint64_t blocks = reader_varint(&r), leaves = reader_varint(&r);
    if (blocks > REQUEST_RECORDS_MAX || leaves > REQUEST_RECORDS_MAX)
        r.failed = true;
    tail.block_count = (uint32_t)blocks;
    tail.leaf_count = (uint32_t)leaves;
    if (!r.failed)
        tail.leaves = (const uint8_t *)reader_bytes(&r, leaves * FRAME_LEAF_BYTES).data;
    tail.keyed = reader_u8(&r) != 0;
    if (tail.keyed) {
        copy_bytes(&r, tail.key_mac.bytes, HASH_BYTES);
        copy_bytes(&r, tail.body_hash.bytes, HASH_BYTES);
        tail.answer = reader_blob(&r);
    }
    tail.is_received = version == TAIL_RECEIVED;
    if (r.failed || reader_left(&r) != 0 || (version != TAIL_BLOCKS && !tail.is_received) ||
        (tail.is_received && tail.block_count != 1))
        return ERROR_SET(err, STATUS_CORRUPT, "the tail of a log frame is not readable");
    *ret = tail;
    return STATUS_OK;
}

static enum status bad_block(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "a block of a log frame is not readable");
}

/* What stands about one record beside its raw bytes. */
static bool read_head(struct reader *r, struct record *ret)
{
    uint64_t size = reader_varint(r);
    uint8_t flags = reader_u8(r);

    *ret = (struct record){.raw = {NULL, size}, .flags = flags};
    if (r->failed || (flags & ~FLAGS_STORED) != 0)
        return false;
    if ((flags & RECORD_QUARANTINED) != 0) {
        uint8_t reason = reader_u8(r);
        if (reason == QUARANTINE_NONE || reason >= QUARANTINE_COUNT_)
            return false;
        ret->quarantine_reason = quarantine_text((enum quarantine)reason);
    }
    return !r->failed;
}

/* Sizes and flags; the raw bytes follow them in the block. */
static bool read_heads(struct reader *r, struct record *items, uint64_t count, size_t *ret_bytes)
{
    *ret_bytes = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_head(r, &items[i]) || items[i].raw.size > reader_left(r))
            return false;
        *ret_bytes += items[i].raw.size;
    }
    return *ret_bytes == reader_left(r);
}

enum status payload_next_block(struct reader *blocks, struct arena *arena,
                               struct payload_records *ret, struct error *err)
{
    uint64_t plain_size = reader_varint(blocks);
    struct slice packed = reader_blob(blocks);
    size_t bytes;

    if (blocks->failed || plain_size > FRAME_SEALED_BYTES_MAX)
        return bad_block(err);
    char *plain = arena_alloc_raw(arena, plain_size, err);
    if (plain == NULL)
        return err->status;
    enum status status = zstd_unpack(packed, plain_size, plain, err);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_from(plain, plain_size);
    uint64_t count = reader_varint(&r);
    if (r.failed || count > ret->max - ret->count)
        return bad_block(err);
    struct record *items = ret->items + ret->count;
    if (!read_heads(&r, items, count, &bytes))
        return bad_block(err);
    for (uint64_t i = 0; i < count; i++)
        items[i].raw = reader_bytes(&r, items[i].raw.size);
    ret->count += (uint32_t)count;
    return STATUS_OK;
}

enum status payload_next_received(struct reader *blocks, struct arena *arena,
                                  struct payload_records *ret, struct error *err)
{
    uint64_t plain_size = reader_varint(blocks);
    struct slice packed = reader_blob(blocks);
    uint64_t count = reader_varint(blocks);
    size_t at = 0;

    if (blocks->failed || plain_size > REQUEST_BODY_BYTES_MAX || count > ret->max - ret->count)
        return bad_block(err);
    char *plain = arena_alloc_raw(arena, plain_size, err);
    if (plain == NULL)
        return err->status;
    enum status status = zstd_unpack(packed, plain_size, plain, err);
    for (uint64_t i = 0; i < count && status == STATUS_OK; i++) {
        struct record *record = &ret->items[ret->count];
        uint64_t gap = reader_varint(blocks);
        if (!read_head(blocks, record) || gap > plain_size - at ||
            record->raw.size > plain_size - at - gap)
            return bad_block(err);
        record->raw.data = plain + at + gap;
        at += gap + record->raw.size;
        ret->count++;
    }
    return status;
}
