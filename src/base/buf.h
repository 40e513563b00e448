/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - a growing byte buffer that cannot be made without its maximum.
 *
 * Errors are sticky: an append that does not fit the maximum or the memory
 * sets `failed` and every later append is ignored, so a writer checks once at
 * the end with buf_check().  Embedded, zero-initialisable after buf_init().
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/error.h"
#include "base/slice.h"

#include <stdarg.h>

struct buf {
    char *data; /* size bytes, owned; NULL while empty */
    size_t size;
    size_t capacity;
    size_t max_bytes;
    bool failed;
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_release(struct buf *buf); /* frees; usable again with the same maximum */
void buf_clear(struct buf *buf);   /* size 0, not failed, memory kept */

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_slice(struct buf *buf, struct slice s);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_u64(struct buf *buf, uint64_t value); /* decimal digits */
void buf_add_i64(struct buf *buf, int64_t value);
void buf_add_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Little-endian integers and LEB128, for stored formats. */
void buf_put_u8(struct buf *buf, uint8_t v);
void buf_put_u16(struct buf *buf, uint16_t v);
void buf_put_u32(struct buf *buf, uint32_t v);
void buf_put_u64(struct buf *buf, uint64_t v);
void buf_put_varint(struct buf *buf, uint64_t v);
void buf_put_blob(struct buf *buf, struct slice s); /* varint size, then the bytes */

/* Room for `size` more bytes that the caller fills; NULL when failed. */
void *buf_extend(struct buf *buf, size_t size);
bool buf_reserve(struct buf *buf, size_t size); /* room ahead of size; false when failed */

static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data, buf->size};
}

/* STATUS_LIMIT if any append failed. */
enum status buf_check(const struct buf *buf, struct error *err) MUST_USE;

/* The bytes as a NUL-terminated string that the caller owns; buf is empty
 * after.  NULL when failed. */
char *buf_take(struct buf *buf);

/* ---- reading the same encodings; every getter checks the bounds ---- */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* sticky: reads after a failure give 0 */
};

struct reader reader_from(const void *data, size_t size);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
uint64_t reader_varint(struct reader *r);
struct slice reader_blob(struct reader *r);              /* borrowed from the input */
struct slice reader_bytes(struct reader *r, size_t size); /* borrowed */
static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

#endif
