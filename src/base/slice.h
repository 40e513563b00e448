/* SPDX-License-Identifier: Apache-2.0 */
/* slice.h - a borrowed run of bytes.
 *
 * A slice does not own, is not NUL-terminated and may hold any byte.  An empty
 * slice may have data == NULL.  All functions are pure and thread-safe.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data;
    size_t size;
};

#define SLICE(literal) ((struct slice){("" literal), sizeof(literal) - 1})
#define SLICE_FMT(s) (int)((s).size > INT32_MAX ? INT32_MAX : (s).size), (s).data /* "%.*s" */

static inline struct slice slice_from(const char *data, size_t size)
{
    return (struct slice){data, size};
}

static inline struct slice slice_of(const char *text) /* NUL-terminated; NULL gives empty */
{
    return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

/* memcmp() for equality.  Most texts are short, and a call costs more than they do. */
static inline bool bytes_equal(const char *a, const char *b, size_t size)
{
    uint64_t x, y;

    if (size < sizeof(x)) {
        for (size_t i = 0; i < size; i++)
            if (a[i] != b[i])
                return false;
        return true;
    }
    if (size > 64)
        return memcmp(a, b, size) == 0;
    for (size_t at = 0; at + sizeof(x) < size; at += sizeof(x)) {
        memcpy(&x, a + at, sizeof(x));
        memcpy(&y, b + at, sizeof(y));
        if (x != y)
            return false;
    }
    memcpy(&x, a + size - sizeof(x), sizeof(x));
    memcpy(&y, b + size - sizeof(y), sizeof(y));
    return x == y;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

/* list: an array of strings. */
#define SLICE_IS_ONE_OF(a, list) slice_is_one_of(a, list, sizeof(list) / sizeof((list)[0]))
bool slice_is_one_of(struct slice a, const char *const *list, size_t count);

/* The bytes from `from` (clamped) up to the end. */
static inline struct slice slice_tail(struct slice s, size_t from)
{
    if (from > s.size)
        from = s.size;
    return (struct slice){s.data + from, s.size - from};
}

/* At most the first `size` bytes. */
static inline struct slice slice_head(struct slice s, size_t size)
{
    return (struct slice){s.data, size < s.size ? size : s.size};
}

/* memcmp order, shorter first: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* ASCII letters fold; other bytes compare as they are. */
bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_starts_with(struct slice s, struct slice prefix);
bool slice_ends_with(struct slice s, struct slice suffix);

/* Index of the first `needle` at or after `from`, or SIZE_MAX. */
size_t slice_find(struct slice s, struct slice needle, size_t from);
size_t slice_find_byte(struct slice s, char byte, size_t from);

/* Without ASCII white space (space \t \r \n) at both ends. */
struct slice slice_trim(struct slice s);

/* Takes the part before the next `separator` off *rest and puts it into *ret.
 * The last part is the one without a separator after it.  Returns false when
 * nothing is left (*rest has data NULL then).  Usage:
 *     while (slice_next(&rest, ',', &part)) ... */
bool slice_next(struct slice *rest, char separator, struct slice *ret);

/* A NUL-terminated heap copy, owned by the caller; NULL without memory. */
char *slice_dup(struct slice s);

#endif
