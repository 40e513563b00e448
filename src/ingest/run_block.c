/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/run_block_priv.h"

#include "base/check.h"

/* ---- writing ---- */

void run_block_writer_init(struct run_block_writer *writer, size_t bytes_max)
{
    writer->is_packed = false;
    writer->count = 0;
    buf_init(&writer->values, bytes_max);
}

void run_block_writer_release(struct run_block_writer *writer)
{
    buf_release(&writer->values);
}

void run_block_begin(struct run_block_writer *writer, bool is_packed)
{
    writer->is_packed = is_packed;
    writer->count = 0;
    buf_clear(&writer->values);
}

bool run_block_is_full(const struct run_block_writer *writer)
{
    return writer->is_packed ? writer->count == RUN_BLOCK_ENTRIES
                             : writer->values.size >= RUN_BLOCK_BYTES;
}

void run_block_add(struct run_block_writer *writer, const struct run_entry *entry)
{
    CHECK(!run_block_is_full(writer));
    if (writer->count == 0)
        writer->first_key = entry->key;
    if (writer->is_packed) {
        CHECK(entry->value.size >= RUN_PRINT_BYTES);
        writer->keys[writer->count] = entry->key;
        writer->minutes[writer->count] = entry->minute;
        buf_add(&writer->values, entry->value.data, RUN_PRINT_BYTES);
    } else {
        buf_put_u64(&writer->values, entry->key);
        buf_put_u32(&writer->values, entry->minute);
        buf_put_blob(&writer->values, entry->value);
    }
    writer->count++;
}

static unsigned bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64u - (unsigned)__builtin_clzll(value);
}

static void put_packed(const struct run_block_writer *writer, struct buf *ret)
{
    uint32_t count = writer->count, lowest = UINT32_MAX, highest = 0;
    uint64_t last = writer->first_key;
    uint64_t mean = (writer->keys[count - 1] - last) / count;

    for (uint32_t i = 0; i < count; i++) {
        lowest = writer->minutes[i] < lowest ? writer->minutes[i] : lowest;
        highest = writer->minutes[i] > highest ? writer->minutes[i] : highest;
    }
    unsigned k = mean > 1 ? bits_of(mean) - 1 : 0, minute_bits = bits_of(highest - lowest);
    buf_put_varint(ret, count);
    buf_put_u64(ret, last);
    buf_put_u8(ret, (uint8_t)k);
    buf_put_u32(ret, lowest);
    buf_put_u8(ret, (uint8_t)minute_bits);
    buf_add_slice(ret, buf_slice(&writer->values));
    struct bit_writer w = {ret, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        bits_put_rice(&w, writer->keys[i] - last, k);
        bits_put(&w, writer->minutes[i] - lowest, minute_bits);
        last = writer->keys[i];
    }
    bits_end(&w);
}

void run_block_end(struct run_block_writer *writer, struct buf *ret)
{
    if (writer->is_packed && writer->count > 0)
        put_packed(writer, ret);
    else
        buf_add_slice(ret, buf_slice(&writer->values));
    ret->failed = ret->failed || writer->values.failed;
    run_block_begin(writer, writer->is_packed);
}

/* ---- reading ---- */

static void open_packed(struct run_block_reader *reader)
{
    struct reader *r = &reader->plain;

    reader->left = reader_varint(r);
    reader->key = reader_u64(r);
    reader->k = reader_u8(r);
    reader->lowest_minute = reader_u32(r);
    reader->minute_bits = reader_u8(r);
    if (r->failed || reader->left > RUN_BLOCK_ENTRIES || reader->k > 63 ||
        reader->minute_bits > 32) {
        reader->failed = true;
        return;
    }
    reader->values = reader_bytes(r, reader->left * RUN_PRINT_BYTES).data;
    reader->failed = r->failed;
    reader->bits = bit_reader_from(reader_bytes(r, reader_left(r)));
}

void run_block_open(struct run_block_reader *reader, struct slice bytes, bool is_packed)
{
    *reader = (struct run_block_reader){.is_packed = is_packed,
                                        .plain = reader_from(bytes.data, bytes.size)};
    if (is_packed && bytes.size > 0)
        open_packed(reader);
}

static bool next_packed(struct run_block_reader *reader, struct run_entry *ret)
{
    if (reader->left == 0)
        return false;
    reader->key += bits_get_rice(&reader->bits, reader->k);
    uint32_t minute = (uint32_t)bits_get(&reader->bits, reader->minute_bits);
    *ret = (struct run_entry){reader->key, reader->lowest_minute + minute,
                              slice_from(reader->values, RUN_PRINT_BYTES)};
    reader->values += RUN_PRINT_BYTES;
    reader->left--;
    reader->failed = reader->bits.failed;
    return !reader->failed;
}

bool run_block_next(struct run_block_reader *reader, struct run_entry *ret)
{
    if (reader->failed)
        return false;
    if (reader->is_packed)
        return next_packed(reader, ret);
    if (reader_left(&reader->plain) == 0)
        return false;
    ret->key = reader_u64(&reader->plain);
    ret->minute = reader_u32(&reader->plain);
    ret->value = reader_blob(&reader->plain);
    reader->failed = reader->plain.failed;
    return !reader->failed;
}
