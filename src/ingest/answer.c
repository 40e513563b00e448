/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - see answer_priv.h; the bytes are in docs/format/wal.md. */
#include "ingest/answer_priv.h"

#include "crypt/receipt.h"
#include "ingest/split_priv.h"

void receipt_of_leaf(const struct leaf_draft *draft, struct leaf_receipt *ret)
{
    struct hash256 hash;

    leaf_hash(draft->leaf, &hash);
    ret->fields = (struct receipt_fields){.leaf_index = draft->fields.leaf_index,
                                          .first_seq = draft->fields.first_seq,
                                          .count = draft->fields.count,
                                          .time_us = draft->fields.commit_time_us};
    memcpy(ret->fields.leaf_hash, hash.bytes, sizeof(ret->fields.leaf_hash));
    memcpy(ret->seed, draft->seed, SEED_BYTES);
}

void answer_encode(const struct ingest_answer *answer, const struct receipts *receipts,
                   struct buf *ret)
{
    uint32_t last = 0;

    buf_put_varint(ret, answer->records);
    buf_put_varint(ret, answer->duplicates);
    buf_put_varint(ret, answer->conflicting);
    buf_put_varint(ret, answer->foreign);
    buf_put_varint(ret, answer->first_seq);
    buf_put_varint(ret, answer->count);
    buf_put_varint(ret, answer->duplicates);
    for (uint32_t i = 0; i < answer->duplicates; i++) {
        buf_put_varint(ret, answer->duplicate_indexes[i] - last);
        last = answer->duplicate_indexes[i];
    }
    last = 0;
    buf_put_varint(ret, answer->quarantined_count);
    for (uint32_t i = 0; i < answer->quarantined_count; i++) {
        buf_put_varint(ret, answer->quarantined[i].index - last);
        buf_put_u8(ret, (uint8_t)quarantine_from_text(answer->quarantined[i].reason));
        last = answer->quarantined[i].index;
    }
    buf_put_varint(ret, receipts->count);
    for (uint32_t i = 0; i < receipts->count; i++) {
        const struct leaf_receipt *receipt = &receipts->items[i];
        buf_put_varint(ret, receipt->fields.leaf_index);
        buf_put_varint(ret, receipt->fields.first_seq);
        buf_put_varint(ret, receipt->fields.count);
        buf_put_u64(ret, (uint64_t)receipt->fields.time_us);
        buf_add(ret, receipt->fields.leaf_hash, sizeof(receipt->fields.leaf_hash));
        buf_add(ret, receipt->seed, SEED_BYTES);
    }
}

/* A count whose items have at least item_bytes each; 0 when it cannot be. */
static uint32_t read_count(struct reader *r, size_t item_bytes)
{
    uint64_t count = reader_varint(r);

    if (count > reader_left(r) / item_bytes)
        r->failed = true;
    return r->failed ? 0 : (uint32_t)count;
}

static enum status read_lists(struct reader *r, struct arena *arena, struct ingest_answer *ret,
                              struct error *err)
{
    uint64_t last = 0;

    if (read_count(r, 1) != ret->duplicates)
        r->failed = true;
    uint32_t *duplicates =
        ARENA_ARRAY(arena, uint32_t, r->failed ? 0 : ret->duplicates, err);
    if (duplicates == NULL)
        return err->status;
    for (uint32_t i = 0; i < ret->duplicates && !r->failed; i++)
        duplicates[i] = (uint32_t)(last += reader_varint(r));
    ret->duplicate_indexes = duplicates;
    ret->quarantined_count = read_count(r, 2);
    struct ingest_quarantined *quarantined =
        ARENA_ARRAY(arena, struct ingest_quarantined, ret->quarantined_count, err);
    if (quarantined == NULL)
        return err->status;
    last = 0;
    for (uint32_t i = 0; i < ret->quarantined_count && !r->failed; i++) {
        last += reader_varint(r);
        uint8_t reason = reader_u8(r);
        if (reason == QUARANTINE_NONE || reason >= QUARANTINE_COUNT_)
            r->failed = true;
        else
            quarantined[i] = (struct ingest_quarantined){
                (uint32_t)last, quarantine_text((enum quarantine)reason)};
    }
    ret->quarantined = quarantined;
    return STATUS_OK;
}

enum status answer_decode(struct slice bytes, struct arena *arena, struct ingest_answer *ret,
                          struct receipts *ret_receipts, struct error *err)
{
    struct reader r = reader_from(bytes.data, bytes.size);

    *ret = (struct ingest_answer){.records = (uint32_t)reader_varint(&r)};
    ret->duplicates = (uint32_t)reader_varint(&r);
    ret->conflicting = (uint32_t)reader_varint(&r);
    ret->foreign = (uint32_t)reader_varint(&r);
    ret->first_seq = reader_varint(&r);
    ret->count = (uint32_t)reader_varint(&r);
    enum status status = read_lists(&r, arena, ret, err);
    if (status != STATUS_OK)
        return status;
    ret->stored = ret->count - ret->quarantined_count;
    ret_receipts->count = read_count(&r, 3 + 8 + 32 + SEED_BYTES);
    ret_receipts->items = ARENA_ARRAY(arena, struct leaf_receipt, ret_receipts->count, err);
    if (ret_receipts->items == NULL)
        return err->status;
    for (uint32_t i = 0; i < ret_receipts->count; i++) {
        struct leaf_receipt *receipt = &ret_receipts->items[i];
        receipt->fields.leaf_index = reader_varint(&r);
        receipt->fields.first_seq = reader_varint(&r);
        receipt->fields.count = (uint32_t)reader_varint(&r);
        receipt->fields.time_us = (int64_t)reader_u64(&r);
        struct slice hash = reader_bytes(&r, sizeof(receipt->fields.leaf_hash));
        struct slice seed = reader_bytes(&r, SEED_BYTES);
        if (r.failed)
            break;
        memcpy(receipt->fields.leaf_hash, hash.data, hash.size);
        memcpy(receipt->seed, seed.data, seed.size);
    }
    if (r.failed || reader_left(&r) != 0)
        return ERROR_SET(err, STATUS_CORRUPT, "a kept answer is not readable");
    return STATUS_OK;
}

enum status answer_sign(struct keyring *keyring, const struct guid *tenant,
                        const struct receipts *receipts, struct arena *arena,
                        struct ingest_answer *answer, struct error *err)
{
    struct error sign_err;
    struct buf notes;
    enum status status = STATUS_OK;
    bool is_signed = receipts->count > 0;
    char *seeds = arena_alloc_raw(arena, (size_t)receipts->count * SEED_BYTES, err);

    if (seeds == NULL)
        return err->status;
    buf_init(&notes, (size_t)(receipts->count + 1) * (RECEIPT_BYTES_MAX + 1));
    for (uint32_t i = 0; i < receipts->count; i++) {
        memcpy(seeds + (size_t)i * SEED_BYTES, receipts->items[i].seed, SEED_BYTES);
        if (i > 0)
            buf_add_byte(&notes, '\n');
        is_signed = is_signed && keyring_sign_receipt(keyring, tenant, &receipts->items[i].fields,
                                                      &notes, &sign_err) == STATUS_OK;
    }
    answer->seeds = slice_from(seeds, (size_t)receipts->count * SEED_BYTES);
    answer->receipt = slice_from("", 0);
    if (is_signed && !notes.failed) {
        answer->receipt = arena_copy(arena, buf_slice(&notes), err);
        if (answer->receipt.data == NULL)
            status = err->status;
    }
    buf_release(&notes);
    return status;
}
