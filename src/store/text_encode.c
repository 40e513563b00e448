/* SPDX-License-Identifier: Apache-2.0 */
/* text_encode.c - the texts of a dictionary (docs/format/segment.md, "Texts").
 *
 * GUID, INTEGER and TIME hold exactly the texts that their decoder writes; one
 * text of another form sends the dictionary to PLAIN or GROUPED. */
#include "base/guid.h"
#include "base/text.h"
#include "base/time.h"
#include "base/transpose.h"
#include "codec/compress.h"
#include "store/column_priv.h"

#include <stdlib.h>

#define SMALL_ROWS 256u /* of which a column mostly stands in the header */
#define STREAM_HEAD_BYTES_MAX 6u
#define PACKED_HEAD_BYTES_MAX 11u
#define INTEGER_TEXT_BYTES 20u
#define GUID_BYTES sizeof(struct guid)
#define SAMPLE_BYTES (128 * GUID_BYTES)
#define GROUPED_TEXTS_MIN 32u    /* texts of a class, and of a grouped dictionary */
#define GROUPED_CLASSES_MAX 64u
#define SIGNATURE_SLOTS 4096u    /* power of two */

struct packing packing_for(uint32_t row_count, int level)
{
    return row_count <= SMALL_ROWS ? (struct packing){level, 512, 512}
                                   : (struct packing){level, 23, 256};
}

/* Packed behind the head at once, which is as long as it can be; then both are made to meet. */
enum status stream_put(struct buf *ret, struct slice raw, struct packing how, struct error *err)
{
    size_t start = ret->size;

    if (raw.size > COLUMN_STREAM_BYTES_MAX / 2)
        return ERROR_SET(err, STATUS_LIMIT, "a column of %zu bytes is too large", raw.size);
    if (raw.size > how.raw_bytes && buf_extend(ret, PACKED_HEAD_BYTES_MAX) != NULL) {
        size_t from = ret->size;
        enum status status = zstd_pack(raw, how.level, ret, err);
        if (status != STATUS_OK)
            return status;
        size_t packed = ret->size - from;
        ret->size = start;
        if (packed < raw.size) {
            buf_put_u8(ret, 1);
            buf_put_varint(ret, raw.size);
            buf_put_varint(ret, packed);
            memmove(ret->data + ret->size, ret->data + from, packed);
            ret->size += packed;
            return buf_check(ret, err);
        }
    }
    stream_put_plain(ret, raw);
    return buf_check(ret, err);
}

void stream_put_plain(struct buf *ret, struct slice raw)
{
    buf_put_u8(ret, 0);
    buf_put_blob(ret, raw);
}

enum status stream_get(struct reader *reader, struct arena *scratch, struct slice *ret,
                       struct error *err)
{
    uint8_t method = reader_u8(reader);
    uint64_t raw_size = method == 1 ? reader_varint(reader) : 0;
    struct slice bytes = reader_blob(reader);

    if (reader->failed || method > 1 || raw_size > COLUMN_STREAM_BYTES_MAX)
        return ERROR_SET(err, STATUS_CORRUPT, "a stream of a column is cut short");
    *ret = bytes;
    if (method == 0)
        return STATUS_OK;
    void *room = arena_alloc_raw(scratch, raw_size + 1, err);
    if (room == NULL)
        return err->status;
    *ret = (struct slice){room, raw_size};
    return zstd_unpack(bytes, raw_size, room, err);
}

/* ---- ISO times of one form: bit 0 'Z', then the number of fraction digits ---- */

size_t time_form_size(uint8_t form)
{
    uint8_t digits = form >> 1;

    return 19u + (digits > 0 ? digits + 1u : 0u) + (form & 1u);
}

void time_form_write(uint8_t form, int64_t ticks, char *ret)
{
    char text[TIME_TEXT_BYTES + 1];
    size_t size = time_form_size(form);

    time_format_iso(ticks, text);
    memcpy(ret, text, size);
    if ((form & 1) != 0)
        ret[size - 1] = 'Z';
}

/* `count` digits; not_digits is set where one is none. */
static unsigned digits_at(const char *at, unsigned count, bool *not_digits)
{
    unsigned value = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';
        *not_digits |= digit > 9;
        value = value * 10 + digit;
    }
    return value;
}

/* What time_form_write() writes, and nothing else: so it needs not be written to be told. */
bool time_form_of(struct slice text, uint8_t *ret_form, int64_t *ret_ticks)
{
    static const unsigned ticks_of[] = {10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    const char *at = text.data;
    bool bad = false;

    if (text.size < 19 || text.size > TIME_TEXT_BYTES || at[4] != '-' || at[7] != '-' ||
        at[10] != 'T' || at[13] != ':' || at[16] != ':')
        return false;
    bool zulu = at[text.size - 1] == 'Z';
    size_t rest = text.size - 19 - (zulu ? 1 : 0);
    if (rest == 1 || rest > 8 || (rest > 0 && at[19] != '.'))
        return false;
    unsigned digits = rest == 0 ? 0 : (unsigned)rest - 1;
    const struct civil_time civil = {
        .year = (int)digits_at(at, 4, &bad),
        .month = (int)digits_at(at + 5, 2, &bad),
        .day = (int)digits_at(at + 8, 2, &bad),
        .hour = (int)digits_at(at + 11, 2, &bad),
        .minute = (int)digits_at(at + 14, 2, &bad),
        .second = (int)digits_at(at + 17, 2, &bad),
        .tick = digits == 0 ? 0 : (int)(digits_at(at + 20, digits, &bad) * ticks_of[digits])};
    if (bad || !time_is_valid_date(civil.year, civil.month, civil.day) || civil.hour > 23 ||
        civil.minute > 59 || civil.second > 59)
        return false;
    *ret_form = (uint8_t)(digits << 1 | (zulu ? 1 : 0));
    return time_from_civil(&civil, ret_ticks);
}

/* ---- encoding ---- */

static bool encode_guids(const struct slice *texts, uint32_t count, struct buf *raw)
{
    for (uint32_t i = 0; i < count; i++) {
        struct guid guid;
        if (texts[i].size != GUID_TEXT_BYTES || !guid_parse_lower(texts[i].data, &guid))
            return false;
        if (i == 0)
            (void)buf_reserve(raw, count * sizeof(guid));
        buf_add(raw, guid.bytes, sizeof(guid.bytes));
    }
    return true;
}

static bool integer_of(struct slice text, int64_t *ret)
{
    if (text.size == 0 || text.size > INTEGER_TEXT_BYTES || !text_parse_i64(text, ret))
        return false;
    char first = text.data[text.data[0] == '-' ? 1 : 0];
    /* canonical: no plus, no leading zero, no "-0" */
    return text.data[0] != '+' && (first != '0' || text.size == 1);
}

static bool encode_integers(const struct slice *texts, uint32_t count, struct buf *raw)
{
    int64_t last = 0, value = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!integer_of(texts[i], &value))
            return false;
        buf_put_varint(raw, zigzag((int64_t)((uint64_t)value - (uint64_t)last)));
        last = value;
    }
    return true;
}

int64_t time_form_unit(uint8_t form)
{
    int64_t unit = TICKS_PER_SECOND;

    for (uint8_t digits = form >> 1; digits > 0; digits--)
        unit /= 10;
    return unit;
}

static bool encode_times(const struct slice *texts, uint32_t count, struct buf *raw)
{
    uint8_t form = 0, first_form = 0;
    int64_t last = 0, ticks = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!time_form_of(texts[i], &form, &ticks) || (i > 0 && form != first_form))
            return false;
        if (i == 0) {
            buf_put_u8(raw, form);
            first_form = form;
        }
        ticks /= time_form_unit(form);
        buf_put_varint(raw, zigzag(ticks - last));
        last = ticks;
    }
    return true;
}

static enum status encode_plain(const struct slice *texts, uint32_t count, struct packing how,
                                struct buf *ret, struct error *err)
{
    struct buf lengths, bytes;
    size_t total = 0;

    buf_init(&lengths, COLUMN_STREAM_BYTES_MAX);
    buf_init(&bytes, COLUMN_STREAM_BYTES_MAX);
    for (uint32_t i = 0; i < count; i++)
        total += texts[i].size;
    (void)buf_reserve(&lengths, count);
    (void)buf_reserve(&bytes, total);
    for (uint32_t i = 0; i < count; i++) {
        buf_put_varint(&lengths, texts[i].size);
        buf_add_slice(&bytes, texts[i]);
    }
    enum status status = buf_check(&lengths, err);
    if (status == STATUS_OK)
        status = buf_check(&bytes, err);
    if (status == STATUS_OK)
        status = stream_put(ret, buf_slice(&lengths), how, err);
    if (status == STATUS_OK)
        status = stream_put(ret, buf_slice(&bytes), how, err);
    buf_release(&lengths);
    buf_release(&bytes);
    return status;
}

struct group {
    uint64_t signature;
    uint32_t count;
    uint32_t size; /* bytes of each text */
    uint8_t class; /* 0: none of its own */
};

/* Length, and where the punctuation is that no base64 or GUID has. */
static uint64_t signature_of(struct slice text)
{
    uint64_t h = text.size * 0x9E3779B97F4A7C15u + 1;

    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    c >= 0x80 || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
        if (!word)
            h = (h ^ (i << 8 | c)) * 0xff51afd7ed558ccdu;
    }
    return h | 1;
}

static struct group *group_find(struct group *groups, uint64_t signature)
{
    for (uint32_t probe = 0; probe < SIGNATURE_SLOTS; probe++) {
        struct group *g = &groups[((signature >> 20) + probe) & (SIGNATURE_SLOTS - 1)];
        if (g->signature == signature || g->signature == 0)
            return g;
    }
    return NULL;
}

/* Counts the signatures and gives classes to the frequent ones, in order of
 * first occurrence.  Returns the number of classes. */
static uint32_t group_texts(const struct slice *texts, uint32_t count, struct group *groups,
                            struct group *classes[GROUPED_CLASSES_MAX])
{
    uint32_t class_count = 0, distinct = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t signature = signature_of(texts[i]);
        struct group *g = group_find(groups, signature);
        if (g->signature == 0) {
            if (distinct == SIGNATURE_SLOTS / 2)
                continue;
            distinct++;
            *g = (struct group){.signature = signature, .size = (uint32_t)texts[i].size};
        }
        /* equal signatures of unlike lengths are possible, if only for foes */
        g->count += g->size == texts[i].size ? 1 : 0;
        if (g->count == GROUPED_TEXTS_MIN && class_count < GROUPED_CLASSES_MAX - 1) {
            classes[class_count++] = g;
            g->class = (uint8_t)class_count;
        }
    }
    return class_count;
}

static void put_transposed(struct buf *bytes, const struct slice *texts, const uint8_t *class_of,
                           uint32_t count, const struct group *group, struct buf *lines)
{
    char *out = buf_extend(bytes, (size_t)group->count * group->size);

    buf_clear(lines);
    for (uint32_t i = 0; i < count; i++) {
        if (class_of[i] == group->class)
            buf_add_slice(lines, texts[i]);
    }
    if (out != NULL && lines->size == (size_t)group->count * group->size)
        transpose(lines->data, group->size, group->count, group->size, out, group->count);
}

static enum status put_grouped(const struct slice *texts, uint32_t count, struct group *groups,
                               uint8_t *class_of, struct packing how, struct buf *ret,
                               struct error *err)
{
    struct group *classes[GROUPED_CLASSES_MAX];
    uint32_t class_count = group_texts(texts, count, groups, classes);
    struct buf lengths, bytes, lines;

    buf_init(&lengths, COLUMN_STREAM_BYTES_MAX);
    buf_init(&bytes, COLUMN_STREAM_BYTES_MAX);
    buf_init(&lines, COLUMN_STREAM_BYTES_MAX);
    buf_put_varint(&lengths, class_count);
    for (uint32_t c = 0; c < class_count; c++)
        buf_put_varint(&lengths, classes[c]->size);
    for (uint32_t c = 0; c < class_count; c++)
        classes[c]->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct group *g = group_find(groups, signature_of(texts[i]));
        class_of[i] = g->signature != 0 && g->size == texts[i].size ? g->class : 0;
        if (class_of[i] > 0) {
            classes[class_of[i] - 1]->count++;
        } else {
            buf_put_varint(&lengths, texts[i].size);
            buf_add_slice(&bytes, texts[i]);
        }
    }
    for (uint32_t c = 0; c < class_count; c++)
        put_transposed(&bytes, texts, class_of, count, classes[c], &lines);
    enum status status = buf_check(&lengths, err);
    if (status == STATUS_OK)
        status = buf_check(&bytes, err);
    if (status == STATUS_OK)
        status = buf_check(&lines, err);
    if (status == STATUS_OK)
        status = stream_put(ret, (struct slice){(const char *)class_of, count}, how, err);
    if (status == STATUS_OK)
        status = stream_put(ret, buf_slice(&lengths), how, err);
    if (status == STATUS_OK)
        status = stream_put(ret, buf_slice(&bytes), how, err);
    buf_release(&lengths);
    buf_release(&bytes);
    buf_release(&lines);
    return status;
}

static enum status encode_grouped(const struct slice *texts, uint32_t count, struct packing how,
                                  struct buf *ret, struct error *err)
{
    struct group *groups = calloc(SIGNATURE_SLOTS, sizeof(*groups));
    uint8_t *class_of = malloc((size_t)count + 1);
    enum status status = groups == NULL || class_of == NULL
                             ? ERROR_MEMORY(err)
                             : put_grouped(texts, count, groups, class_of, how, ret, err);

    free(groups);
    free(class_of);
    return status;
}

/* PLAIN, or GROUPED if that is smaller. */
static enum status encode_free(const struct slice *texts, uint32_t count, struct packing how,
                               bool thorough, struct buf *ret, uint8_t *ret_encoding,
                               struct error *err)
{
    size_t start = ret->size;
    struct buf grouped;
    enum status status = encode_plain(texts, count, how, ret, err);

    *ret_encoding = TEXTS_PLAIN;
    buf_init(&grouped, COLUMN_STREAM_BYTES_MAX);
    if (status != STATUS_OK || !thorough || count < GROUPED_TEXTS_MIN)
        goto out;
    status = encode_grouped(texts, count, how, &grouped, err);
    if (status == STATUS_OK && grouped.size < ret->size - start) {
        ret->size = start;
        buf_add_slice(ret, buf_slice(&grouped));
        *ret_encoding = TEXTS_GROUPED;
        status = buf_check(ret, err);
    }
out:
    buf_release(&grouped);
    return status;
}

/* Those that are drawn do not shrink: of many, some are tried first. */
static enum status put_whole_guids(struct slice raw, struct packing how, struct buf *ret,
                                   struct error *err)
{
    struct slice sample = {raw.data + raw.size / 2 / GUID_BYTES * GUID_BYTES, SAMPLE_BYTES};
    size_t start = ret->size;
    bool shrinks = true;

    if (raw.size >= SAMPLE_BYTES * 4) {
        enum status status = stream_put(ret, sample, how, err);
        if (status != STATUS_OK)
            return status;
        shrinks = ret->size - start < SAMPLE_BYTES;
        ret->size = start;
    }
    if (shrinks)
        return stream_put(ret, raw, how, err);
    stream_put_plain(ret, raw);
    return buf_check(ret, err);
}

/* GUID, or GUID_BITS if that is smaller.  raw: the GUIDs. */
static enum status put_guids(struct slice raw, uint32_t count, struct packing how, bool thorough,
                             struct buf *ret, uint8_t *ret_encoding, struct error *err)
{
    size_t start = ret->size;
    struct buf bits;

    if (!thorough)
        return put_whole_guids(raw, how, ret, err);
    enum status status = stream_put(ret, raw, how, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&bits, COLUMN_STREAM_BYTES_MAX);
    guid_bits_pack((const struct guid *)(const void *)raw.data, count, &bits);
    status = buf_check(&bits, err);
    if (status == STATUS_OK && bits.size + STREAM_HEAD_BYTES_MAX < ret->size - start) {
        ret->size = start;
        stream_put_plain(ret, buf_slice(&bits));
        *ret_encoding = TEXTS_GUID_BITS;
        status = buf_check(ret, err);
    }
    buf_release(&bits);
    return status;
}

enum status texts_encode(const struct slice *texts, uint32_t count, struct packing how,
                         bool thorough, struct buf *ret, uint8_t *ret_encoding, struct error *err)
{
    static bool (*const forms[])(const struct slice *, uint32_t, struct buf *) = {
        encode_guids, encode_integers, encode_times};
    static const uint8_t encodings[] = {TEXTS_GUID, TEXTS_INTEGER, TEXTS_TIME};
    struct buf raw;
    enum status status = STATUS_OK;

    *ret_encoding = TEXTS_NONE;
    if (count == 0)
        return STATUS_OK;
    buf_init(&raw, COLUMN_STREAM_BYTES_MAX);
    for (size_t i = 0; i < sizeof(encodings); i++) {
        buf_clear(&raw);
        if (!forms[i](texts, count, &raw))
            continue;
        *ret_encoding = encodings[i];
        status = buf_check(&raw, err);
        if (status == STATUS_OK && encodings[i] == TEXTS_GUID)
            status = put_guids(buf_slice(&raw), count, how, thorough, ret, ret_encoding, err);
        else if (status == STATUS_OK)
            status = stream_put(ret, buf_slice(&raw), how, err);
        goto out;
    }
    status = encode_free(texts, count, how, thorough, ret, ret_encoding, err);
out:
    buf_release(&raw);
    return status;
}
