/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/check.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t max_bytes)
{
    CHECK(max_bytes > 0);
    *buf = (struct buf){.max_bytes = max_bytes};
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->size = buf->capacity = 0;
    buf->failed = false;
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

bool buf_reserve(struct buf *buf, size_t size)
{
    CHECK(buf->max_bytes > 0);
    if (buf->failed || size > buf->max_bytes - buf->size) {
        buf->failed = true;
        return false;
    }
    size_t wanted = buf->size + size;
    if (wanted <= buf->capacity)
        return true;
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    while (capacity < wanted)
        capacity += capacity / 2 + 1;
    if (capacity > buf->max_bytes)
        capacity = buf->max_bytes;
    char *data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void *buf_extend(struct buf *buf, size_t size)
{
    static char nothing;

    if (!buf_reserve(buf, size))
        return NULL;
    if (buf->data == NULL)
        return &nothing; /* size is 0 */
    char *at = buf->data + buf->size;
    buf->size += size;
    return at;
}

/* Most often there is room: this is apart, so that the way there saves no registers. */
__attribute__((noinline)) static void grow_and_add(struct buf *buf, const void *data, size_t size)
{
    void *at = buf_extend(buf, size);

    if (at != NULL)
        memcpy(at, data, size);
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
    size_t from = buf->size;

    if (size == 0)
        return;
    if (size > buf->capacity - from || buf->failed) {
        grow_and_add(buf, data, size);
        return;
    }
    buf->size = from + size;
    memcpy(buf->data + from, data, size);
}

void buf_add_slice(struct buf *buf, struct slice s)
{
    buf_add(buf, s.data, s.size);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, char byte)
{
    if (buf->size < buf->capacity && !buf->failed)
        buf->data[buf->size++] = byte;
    else
        grow_and_add(buf, &byte, 1);
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_add_i64(struct buf *buf, int64_t value)
{
    if (value < 0) {
        buf_add_byte(buf, '-');
        buf_add_u64(buf, 0 - (uint64_t)value);
    } else {
        buf_add_u64(buf, (uint64_t)value);
    }
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    char stack[512];
    va_list args;

    va_start(args, format);
    int size = vsnprintf(stack, sizeof(stack), format, args);
    va_end(args);
    if (size < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)size < sizeof(stack)) {
        buf_add(buf, stack, (size_t)size);
        return;
    }
    if (!buf_reserve(buf, (size_t)size + 1))
        return;
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
    va_end(args);
    buf->size += (size_t)size;
}

void buf_put_u8(struct buf *buf, uint8_t v)
{
    buf_add_byte(buf, (char)v);
}

void buf_put_u16(struct buf *buf, uint16_t v)
{
    v = htole16(v);
    buf_add(buf, &v, sizeof(v));
}

void buf_put_u32(struct buf *buf, uint32_t v)
{
    v = htole32(v);
    buf_add(buf, &v, sizeof(v));
}

void buf_put_u64(struct buf *buf, uint64_t v)
{
    v = htole64(v);
    buf_add(buf, &v, sizeof(v));
}

void buf_put_varint(struct buf *buf, uint64_t v)
{
    uint8_t bytes[10];
    size_t size = 0;

    while (v >= 0x80) {
        bytes[size++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[size++] = (uint8_t)v;
    buf_add(buf, bytes, size);
}

void buf_put_blob(struct buf *buf, struct slice s)
{
    buf_put_varint(buf, s.size);
    buf_add_slice(buf, s);
}

enum status buf_check(const struct buf *buf, struct error *err)
{
    if (buf->failed)
        return ERROR_SET(err, STATUS_LIMIT, "a buffer would pass its limit of %zu bytes",
                         buf->max_bytes);
    return STATUS_OK;
}

char *buf_take(struct buf *buf)
{
    if (buf->failed)
        return NULL;
    char *data = realloc(buf->data, buf->size + 1);
    if (data == NULL)
        return NULL;
    data[buf->size] = '\0';
    buf->data = NULL;
    buf->size = buf->capacity = 0;
    return data;
}

struct reader reader_from(const void *data, size_t size)
{
    static const uint8_t nothing[1];
    const uint8_t *at = data == NULL ? nothing : data;

    return (struct reader){.at = at, .end = at + (data == NULL ? 0 : size)};
}

static const uint8_t *take(struct reader *r, size_t size)
{
    if (r->failed || size > reader_left(r)) {
        r->failed = true;
        r->at = r->end;
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += size;
    return at;
}

uint8_t reader_u8(struct reader *r)
{
    const uint8_t *at = take(r, 1);
    return at == NULL ? 0 : *at;
}

uint16_t reader_u16(struct reader *r)
{
    uint16_t v = 0;
    const uint8_t *at = take(r, sizeof(v));
    if (at != NULL)
        memcpy(&v, at, sizeof(v));
    return le16toh(v);
}

uint32_t reader_u32(struct reader *r)
{
    uint32_t v = 0;
    const uint8_t *at = take(r, sizeof(v));
    if (at != NULL)
        memcpy(&v, at, sizeof(v));
    return le32toh(v);
}

uint64_t reader_u64(struct reader *r)
{
    uint64_t v = 0;
    const uint8_t *at = take(r, sizeof(v));
    if (at != NULL)
        memcpy(&v, at, sizeof(v));
    return le64toh(v);
}

uint64_t reader_varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *at = take(r, 1);
        if (at == NULL)
            return 0;
        uint64_t bits = *at & 0x7f;
        if (shift == 63 && bits > 1)
            break; /* more than 64 bits */
        v |= bits << shift;
        if ((*at & 0x80) == 0)
            return v;
    }
    r->failed = true;
    return 0;
}

struct slice reader_bytes(struct reader *r, size_t size)
{
    const uint8_t *at = take(r, size);
    return at == NULL ? (struct slice){NULL, 0} : slice_from((const char *)at, size);
}

struct slice reader_blob(struct reader *r)
{
    uint64_t size = reader_varint(r);
    if (size > reader_left(r)) {
        r->failed = true;
        return (struct slice){NULL, 0};
    }
    return reader_bytes(r, (size_t)size);
}
