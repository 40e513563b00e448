/* SPDX-License-Identifier: Apache-2.0 */
/* guid.h - 16-byte identifiers in text order (byte 0 is the first two digits). */
#ifndef BASE_GUID_H
#define BASE_GUID_H

#include "base/slice.h"

#define GUID_TEXT_BYTES 36

struct guid {
    uint8_t bytes[16];
};

struct guid guid_new(void); /* random, version 4 */
/* Accepts 36 characters with hyphens, any case, with or without braces, and 32
 * hex digits.  Returns false otherwise; *ret is untouched then. */
bool guid_parse(struct slice text, struct guid *ret);
/* Exactly the lower-case 36-character form (the stored encodings need this). */
bool guid_parse_lower(const char *text36, struct guid *ret);
void guid_format(const struct guid *guid, char ret[GUID_TEXT_BYTES + 1]);

static inline bool guid_equal(const struct guid *a, const struct guid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static inline bool guid_is_zero(const struct guid *a)
{
    static const struct guid zero;
    return guid_equal(a, &zero);
}

/* Its bytes, to be the key of a map. */
static inline struct slice guid_slice(const struct guid *guid)
{
    return (struct slice){(const char *)guid->bytes, sizeof(guid->bytes)};
}

#endif
