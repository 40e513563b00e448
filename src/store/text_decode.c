/* SPDX-License-Identifier: Apache-2.0 */
/* text_decode.c - the texts of a dictionary, read back.
 *
 * All texts of a dictionary stand in one block of exactly text_bytes bytes;
 * what would not fit or fill it is STATUS_CORRUPT. */
#include "base/guid.h"
#include "base/time.h"
#include "base/transpose.h"
#include "store/column_priv.h"

#define NUMBER_BYTES_MAX 20 /* of 64 bits, with its sign */

struct text_block {
    char *at, *end;
};

static enum status corrupt(struct error *err)
{
    return ERROR_SET(err, STATUS_CORRUPT, "a column holds broken texts");
}

static char *take(struct text_block *block, size_t size)
{
    char *at = block->at;

    if (size > (size_t)(block->end - block->at))
        return NULL;
    block->at += size;
    return at;
}

static enum status decode_plain(struct reader *reader, uint32_t count, struct text_block *block,
                                struct arena *scratch, struct slice *ret, struct error *err)
{
    struct slice lengths, bytes;
    enum status status = stream_get(reader, scratch, &lengths, err);

    if (status == STATUS_OK)
        status = stream_get(reader, scratch, &bytes, err);
    if (status != STATUS_OK)
        return status;
    struct reader sizes = reader_from(lengths.data, lengths.size);
    struct reader texts = reader_from(bytes.data, bytes.size);
    for (uint32_t i = 0; i < count; i++) {
        struct slice text = reader_bytes(&texts, reader_varint(&sizes));
        char *at = take(block, text.size);
        if (at == NULL || texts.failed || sizes.failed)
            return corrupt(err);
        if (text.size > 0)
            memcpy(at, text.data, text.size);
        ret[i] = (struct slice){at, text.size};
    }
    return STATUS_OK;
}

enum status guids_decode(const struct column_entry *entry, struct reader *reader,
                         struct arena *scratch, struct cache_memory *memory,
                         const struct guid **ret, struct error *err)
{
    struct slice bytes;
    enum status status = stream_get(reader, scratch, &bytes, err);

    if (status != STATUS_OK)
        return status;
    size_t size = (size_t)entry->dict_count * sizeof(struct guid);
    bool is_packed = entry->texts == TEXTS_GUID_BITS;
    if ((bytes.size != size && !is_packed) ||
        entry->text_bytes != (uint64_t)entry->dict_count * GUID_TEXT_BYTES)
        return corrupt(err);
    struct guid *guids = cache_memory_alloc(memory, size + 1, err);
    if (guids == NULL)
        return err->status;
    if (is_packed && !guid_bits_unpack(bytes, entry->dict_count, guids))
        return corrupt(err);
    if (!is_packed && size > 0)
        memcpy(guids, bytes.data, size);
    *ret = guids;
    return STATUS_OK;
}

void guids_to_texts(const struct guid *guids, uint32_t count, char *text, struct slice *ret)
{
    for (uint32_t i = 0; i < count; i++) {
        guid_format(&guids[i], text); /* its 0 gives way to the next */
        ret[i] = (struct slice){text, GUID_TEXT_BYTES};
        text += GUID_TEXT_BYTES;
    }
}

static enum status decode_integers(struct reader *reader, uint32_t count,
                                   struct text_block *block, struct arena *scratch,
                                   struct slice *ret, struct error *err)
{
    struct slice bytes;
    int64_t value = 0;
    enum status status = stream_get(reader, scratch, &bytes, err);

    if (status != STATUS_OK)
        return status;
    struct reader steps = reader_from(bytes.data, bytes.size);
    struct buf text;
    buf_init(&text, NUMBER_BYTES_MAX);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        value = (int64_t)((uint64_t)value + (uint64_t)unzigzag(reader_varint(&steps)));
        buf_clear(&text);
        buf_add_i64(&text, value);
        char *at = take(block, text.size);
        status = at == NULL || steps.failed ? corrupt(err) : buf_check(&text, err);
        if (status == STATUS_OK)
            memcpy(at, text.data, text.size);
        ret[i] = slice_from(at, text.size);
    }
    buf_release(&text);
    return status;
}

static enum status decode_times(struct reader *reader, uint32_t count, struct text_block *block,
                                struct arena *scratch, struct slice *ret, struct error *err)
{
    struct slice bytes;
    uint64_t value = 0;
    enum status status = stream_get(reader, scratch, &bytes, err);

    if (status != STATUS_OK)
        return status;
    struct reader steps = reader_from(bytes.data, bytes.size);
    uint8_t form = reader_u8(&steps);
    if (form >= TIME_FORM_COUNT)
        return corrupt(err);
    int64_t unit = TICKS_PER_SECOND;
    for (uint8_t digits = form >> 1; digits > 0; digits--)
        unit /= 10;
    for (uint32_t i = 0; i < count; i++) {
        char *at = take(block, time_form_size(form));
        value += (uint64_t)unzigzag(reader_varint(&steps));
        if (at == NULL || steps.failed || value > (uint64_t)(TICKS_MAX / unit))
            return corrupt(err);
        time_form_write(form, (int64_t)value * unit, at);
        ret[i] = (struct slice){at, time_form_size(form)};
    }
    return STATUS_OK;
}

struct grouped {
    struct slice classes;
    struct reader lengths, bytes;
    uint64_t class_count;
    uint64_t sizes[256];
    uint64_t counts[256];
};

static enum status read_grouped(struct reader *reader, uint32_t count, struct arena *scratch,
                                struct grouped *ret, struct error *err)
{
    struct slice lengths, bytes;
    enum status status = stream_get(reader, scratch, &ret->classes, err);

    if (status == STATUS_OK)
        status = stream_get(reader, scratch, &lengths, err);
    if (status == STATUS_OK)
        status = stream_get(reader, scratch, &bytes, err);
    if (status != STATUS_OK)
        return status;
    ret->lengths = reader_from(lengths.data, lengths.size);
    ret->bytes = reader_from(bytes.data, bytes.size);
    ret->class_count = reader_varint(&ret->lengths);
    if (ret->classes.size != count || ret->class_count > 255)
        return corrupt(err);
    for (uint64_t c = 1; c <= ret->class_count; c++)
        ret->sizes[c] = reader_varint(&ret->lengths);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t class = (uint8_t)ret->classes.data[i];
        if (class > ret->class_count)
            return corrupt(err);
        ret->counts[class]++;
    }
    return ret->lengths.failed ? corrupt(err) : STATUS_OK;
}

static enum status decode_grouped(struct reader *reader, uint32_t count, struct text_block *block,
                                  struct arena *scratch, struct slice *ret, struct error *err)
{
    struct grouped grouped = {0};
    struct slice columns[256];
    uint64_t rows[256] = {0};
    enum status status = read_grouped(reader, count, scratch, &grouped, err);

    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < count; i++) { /* class 0 first: its bytes stand first */
        if (grouped.classes.data[i] != 0)
            continue;
        ret[i] = reader_bytes(&grouped.bytes, reader_varint(&grouped.lengths));
    }
    for (uint64_t c = 1; c <= grouped.class_count; c++) {
        if (grouped.sizes[c] > COLUMN_STREAM_BYTES_MAX)
            return corrupt(err);
        columns[c] = reader_bytes(&grouped.bytes, grouped.counts[c] * grouped.sizes[c]);
    }
    if (grouped.bytes.failed || grouped.lengths.failed)
        return corrupt(err);
    for (uint32_t i = 0, end; i < count; i = end) {
        uint8_t class = (uint8_t)grouped.classes.data[i];
        for (end = i + 1; class > 0 && end < count && grouped.classes.data[end] == class; )
            end++;
        size_t size = class == 0 ? ret[i].size : grouped.sizes[class];
        char *at = take(block, size * (end - i));
        if (at == NULL)
            return corrupt(err);
        if (class > 0 && size > 0)
            transpose(columns[class].data + rows[class], grouped.counts[class], size, end - i, at,
                      size);
        else if (size > 0)
            memcpy(at, ret[i].data, size);
        rows[class] += end - i;
        for (uint32_t k = i; k < end; k++)
            ret[k] = (struct slice){at + (k - i) * size, size};
    }
    return STATUS_OK;
}

enum status texts_decode(const struct column_entry *entry, struct reader *reader,
                         struct arena *scratch, struct cache_memory *memory, struct slice *ret,
                         struct error *err)
{
    enum status status = STATUS_OK;
    enum texts_encoding encoding = (enum texts_encoding)entry->texts;
    uint32_t count = entry->dict_count, text_bytes = entry->text_bytes;
    struct text_block block = {0};

    if (count == 0 && encoding == TEXTS_NONE)
        return STATUS_OK;
    block.at = cache_memory_alloc(memory, (size_t)text_bytes + 1, err);
    if (block.at == NULL)
        return err->status;
    block.end = block.at + text_bytes;
    switch (encoding) {
    case TEXTS_PLAIN:
        status = decode_plain(reader, count, &block, scratch, ret, err);
        break;
    case TEXTS_INTEGER:
        status = decode_integers(reader, count, &block, scratch, ret, err);
        break;
    case TEXTS_TIME:
        status = decode_times(reader, count, &block, scratch, ret, err);
        break;
    case TEXTS_GROUPED:
        status = decode_grouped(reader, count, &block, scratch, ret, err);
        break;
    case TEXTS_NONE:
    case TEXTS_GUID: /* guids_decode() */
    case TEXTS_GUID_BITS:
    case TEXTS_COUNT_:
        status = corrupt(err);
        break;
    }
    if (status == STATUS_OK && block.at != block.end)
        status = corrupt(err);
    return status;
}
