/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/frame_priv.h"

#include "base/limits.h"
#include "base/random.h"
#include "codec/compress.h"
#include "ingest/split_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static const struct key key = {{1, 2, 3}};

static struct frame_header make_header(void)
{
    struct frame_header header = {.lsn = 7, .commit_lsn = 5};

    memset(header.tenant.bytes, 0xAB, sizeof(header.tenant.bytes));
    memset(header.previous, 0xCD, sizeof(header.previous));
    return header;
}

static void a_file_header_reads_back_and_shows_each_flip(void **state)
{
    struct wal_header header = {.log_id = guid_new(), .number = 3, .first_lsn = 99}, back;
    uint8_t bytes[WAL_HEADER_BYTES];

    (void)state;
    wal_header_encode(&header, bytes);
    assert_memory_equal(bytes, "DBWAL\0\0\0\1\0\0\0", 12);
    assert_true(wal_header_decode(bytes, &back));
    assert_true(guid_equal(&back.log_id, &header.log_id));
    assert_int_equal(back.number, 3);
    assert_int_equal(back.first_lsn, 99);
    for (size_t i = 0; i < WAL_HEADER_BYTES * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << (i % 8));
        assert_false(wal_header_decode(bytes, &back));
        bytes[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
}

static void a_frame_opens_only_where_it_was_sealed(void **state)
{
    struct frame_header header = make_header();
    struct guid log_id = guid_new(), other = guid_new();
    struct buf bytes, plain;
    struct frame frame;
    struct error err;

    (void)state;
    buf_init(&bytes, MIB);
    buf_init(&plain, MIB);
    assert_int_equal(frame_seal(&log_id, &header, &key, SLICE("payload"), &bytes, &err), STATUS_OK);
    assert_true(frame_decode(buf_slice(&bytes), &frame));
    assert_int_equal(frame_size(&frame), bytes.size);
    assert_int_equal(frame.header.lsn, 7);
    assert_int_equal(frame.header.commit_lsn, 5);
    assert_true(guid_equal(&frame.header.tenant, &header.tenant));
    assert_memory_equal(frame.header.previous, header.previous, AEAD_TAG_BYTES);
    assert_int_equal(frame_open(&frame, &log_id, &key, &plain, &err), STATUS_OK);
    assert_true(slice_is(buf_slice(&plain), "payload"));
    assert_int_equal(frame_open(&frame, &other, &key, &plain, &err), STATUS_CORRUPT);
    for (size_t i = 0; i < bytes.size * 8; i++) {
        bytes.data[i / 8] ^= (char)(1u << (i % 8));
        assert_false(frame_decode(buf_slice(&bytes), &frame));
        bytes.data[i / 8] ^= (char)(1u << (i % 8));
    }
    for (size_t size = 0; size < bytes.size; size++)
        assert_false(frame_decode(slice_from(bytes.data, size), &frame));
    buf_release(&bytes);
    buf_release(&plain);
}

static void a_payload_that_does_not_fit_is_refused(void **state)
{
    struct frame_header header = make_header();
    struct guid log_id = guid_new();
    struct buf bytes;
    struct error err;

    (void)state;
    buf_init(&bytes, 100);
    assert_int_equal(frame_seal(&log_id, &header, &key, SLICE("payload"), &bytes, &err),
                     STATUS_LIMIT);
    assert_int_equal(frame_seal(&log_id, &header, &key, slice_from("", FRAME_SEALED_BYTES_MAX),
                                &bytes, &err),
                     STATUS_LIMIT);
    buf_release(&bytes);
}

static const struct record samples[] = {
    {.raw = {"{\"a\":1}", 7}, .flags = RECORD_CONFLICTING | RECORD_FOREIGN},
    {.raw = {"x", 1}, .flags = RECORD_QUARANTINED},
    {.raw = {"{}", 2}},
};

static void make_payload(struct buf *payload, const struct payload_tail *tail)
{
    struct record records[3];
    struct payload_scratch scratch;
    struct error err;

    memcpy(records, samples, sizeof(records));
    records[1].quarantine_reason = quarantine_text(QUARANTINE_NOT_JSON);
    buf_init(&scratch.plain, MIB);
    buf_init(&scratch.packed, MIB);
    assert_int_equal(payload_add_block(payload, records, 2, &scratch, &err), STATUS_OK);
    assert_int_equal(payload_add_block(payload, records + 2, 1, &scratch, &err), STATUS_OK);
    payload_add_tail(payload, tail);
    buf_release(&scratch.plain);
    buf_release(&scratch.packed);
}

static struct payload_tail make_tail(void)
{
    static uint8_t leaves[2 * FRAME_LEAF_BYTES];
    struct payload_tail tail = {.table = SLICE("Mine"),
                                .received_us = 12345,
                                .block_count = 2,
                                .leaf_count = 2,
                                .leaves = leaves,
                                .keyed = true,
                                .answer = SLICE("answer")};

    memset(leaves, 7, sizeof(leaves));
    memset(tail.key_mac.bytes, 8, HASH_BYTES);
    memset(tail.body_hash.bytes, 9, HASH_BYTES);
    return tail;
}

static void records_read_back_with_what_is_stored_of_them(void **state)
{
    struct payload_tail tail = make_tail(), back;
    struct arena *arena = arena_new(MIB);
    struct record items[3];
    struct payload_records records = {items, 0, 3};
    struct slice blocks;
    struct buf payload;
    struct error err;

    (void)state;
    buf_init(&payload, MIB);
    make_payload(&payload, &tail);
    assert_int_equal(payload_decode_tail(buf_slice(&payload), &back, &blocks, &err), STATUS_OK);
    assert_true(slice_is(back.table, "Mine"));
    assert_int_equal(back.received_us, 12345);
    assert_int_equal(back.leaf_count, 2);
    assert_memory_equal(back.leaves, tail.leaves, 2 * FRAME_LEAF_BYTES);
    assert_true(back.keyed);
    assert_memory_equal(&back.body_hash, &tail.body_hash, HASH_BYTES);
    assert_true(slice_is(back.answer, "answer"));
    struct reader r = reader_from(blocks.data, blocks.size);
    assert_int_equal(payload_next_block(&r, arena, &records, &err), STATUS_OK);
    assert_int_equal(payload_next_block(&r, arena, &records, &err), STATUS_OK);
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(records.count, 3);
    for (int i = 0; i < 3; i++)
        assert_true(slice_equal(items[i].raw, samples[i].raw));
    assert_int_equal(items[0].flags, RECORD_CONFLICTING); /* the rest follows from raw */
    assert_ptr_equal(items[1].quarantine_reason, quarantine_text(QUARANTINE_NOT_JSON));
    assert_int_equal(payload_next_block(&r, arena, &records, &err), STATUS_CORRUPT);
    r = reader_from(blocks.data, blocks.size);
    records = (struct payload_records){items, 0, 1}; /* more than the leaves say */
    assert_int_equal(payload_next_block(&r, arena, &records, &err), STATUS_CORRUPT);
    arena_free(arena);
    buf_release(&payload);
}

#define BODY "[{\"a\":1} , {\"b\":2},x\n, {}]"

/* Records two, three and four of BODY. */
static void make_received(struct buf *payload, struct slice body)
{
    struct payload_tail tail = make_tail();
    struct buf packed;
    struct error err;
    const struct record records[] = {
        {.raw = {body.data + 11, 7}, .flags = RECORD_CONFLICTING | RECORD_FOREIGN},
        {.raw = {body.data + 19, 1},
         .flags = RECORD_QUARANTINED,
         .quarantine_reason = quarantine_text(QUARANTINE_NOT_JSON)},
        {.raw = {body.data + 23, 2}},
    };

    buf_init(&packed, MIB);
    assert_int_equal(zstd_pack(body, 1, &packed, &err), STATUS_OK);
    const struct payload_body as_it_came = {buf_slice(&packed), body};
    const struct record swapped[] = {records[1], records[0]};
    const struct record strange[] = {{.raw = {"{}", 2}}};
    const struct record long_one[] = {{.raw = {body.data + 11, body.size}}};
    assert_false(payload_add_received(payload, &as_it_came, swapped, 2));
    assert_false(payload_add_received(payload, &as_it_came, strange, 1));
    assert_false(payload_add_received(payload, &as_it_came, long_one, 1));
    assert_int_equal(payload->size, 0);
    assert_true(payload_add_received(payload, &as_it_came, records, 3));
    tail.is_received = true;
    tail.block_count = 1;
    payload_add_tail(payload, &tail);
    buf_release(&packed);
}

static void a_body_reads_back_as_it_came(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct record items[3];
    struct payload_records records = {items, 0, 3};
    struct payload_tail back;
    struct slice blocks;
    struct buf payload;
    struct error err;

    (void)state;
    buf_init(&payload, MIB);
    make_received(&payload, SLICE(BODY));
    assert_int_equal(payload_decode_tail(buf_slice(&payload), &back, &blocks, &err), STATUS_OK);
    assert_true(back.is_received);
    struct reader r = reader_from(blocks.data, blocks.size);
    assert_int_equal(payload_next_received(&r, arena, &records, &err), STATUS_OK);
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(records.count, 3);
    assert_true(slice_is(items[0].raw, "{\"b\":2}"));
    assert_int_equal(items[0].flags, RECORD_CONFLICTING);
    assert_true(slice_is(items[1].raw, "x"));
    assert_ptr_equal(items[1].quarantine_reason, quarantine_text(QUARANTINE_NOT_JSON));
    assert_true(slice_is(items[2].raw, "{}"));
    r = reader_from(blocks.data, blocks.size);
    records = (struct payload_records){items, 0, 2}; /* more than the leaves say */
    assert_int_equal(payload_next_received(&r, arena, &records, &err), STATUS_CORRUPT);
    arena_free(arena);
    buf_release(&payload);
}

static void damaged_bodies_are_refused_or_harmless(void **state)
{
    struct payload_tail back;
    struct buf payload;
    struct error err;
    struct rng rng = {2};

    (void)state;
    buf_init(&payload, MIB);
    make_received(&payload, SLICE(BODY));
    for (int i = 0; i < 20000; i++) {
        struct arena *arena = arena_new(MIB);
        struct record items[3];
        struct payload_records records = {items, 0, 3};
        struct slice blocks;
        uint32_t at = rng_below(&rng, (uint32_t)payload.size);
        char before = payload.data[at];
        payload.data[at] = (char)rng_next(&rng);
        if (payload_decode_tail(buf_slice(&payload), &back, &blocks, &err) == STATUS_OK) {
            struct reader r = reader_from(blocks.data, blocks.size);
            if (payload_next_received(&r, arena, &records, &err) == STATUS_OK)
                assert_true(records.count <= 3);
        }
        payload.data[at] = before;
        arena_free(arena);
    }
    buf_release(&payload);
}

/* Every change is an error or reads something of the same form; none harms. */
static void damaged_payloads_are_refused_or_harmless(void **state)
{
    struct payload_tail tail = make_tail(), back;
    struct buf payload;
    struct error err;
    struct rng rng = {1};

    (void)state;
    buf_init(&payload, MIB);
    make_payload(&payload, &tail);
    for (size_t size = 0; size < payload.size; size++) {
        struct slice blocks;
        assert_int_equal(
            payload_decode_tail(slice_from(payload.data, size), &back, &blocks, &err),
            STATUS_CORRUPT);
    }
    for (int i = 0; i < 20000; i++) {
        struct arena *arena = arena_new(MIB);
        struct record items[3];
        struct payload_records records = {items, 0, 3};
        struct slice blocks;
        uint32_t at = rng_below(&rng, (uint32_t)payload.size);
        char before = payload.data[at];
        payload.data[at] = (char)rng_next(&rng);
        if (payload_decode_tail(buf_slice(&payload), &back, &blocks, &err) == STATUS_OK) {
            struct reader r = reader_from(blocks.data, blocks.size);
            while (reader_left(&r) > 0 &&
                   payload_next_block(&r, arena, &records, &err) == STATUS_OK)
                ;
        }
        payload.data[at] = before;
        arena_free(arena);
    }
    buf_release(&payload);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_header_reads_back_and_shows_each_flip),
        cmocka_unit_test(a_frame_opens_only_where_it_was_sealed),
        cmocka_unit_test(a_payload_that_does_not_fit_is_refused),
        cmocka_unit_test(records_read_back_with_what_is_stored_of_them),
        cmocka_unit_test(a_body_reads_back_as_it_came),
        cmocka_unit_test(damaged_bodies_are_refused_or_harmless),
        cmocka_unit_test(damaged_payloads_are_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
