/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <stdlib.h>

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        if (fold(a.data[i]) != fold(b.data[i]))
            return false;
    }
    return true;
}

bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.size >= prefix.size && slice_equal(slice_head(s, prefix.size), prefix);
}

bool slice_ends_with(struct slice s, struct slice suffix)
{
    return s.size >= suffix.size && slice_equal(slice_tail(s, s.size - suffix.size), suffix);
}

size_t slice_find(struct slice s, struct slice needle, size_t from)
{
    if (from > s.size || needle.size > s.size - from)
        return SIZE_MAX;
    if (needle.size == 0)
        return from;
    const char *at = memmem(s.data + from, s.size - from, needle.data, needle.size);
    return at == NULL ? SIZE_MAX : (size_t)(at - s.data);
}

size_t slice_find_byte(struct slice s, char byte, size_t from)
{
    if (from >= s.size)
        return SIZE_MAX;
    const char *at = memchr(s.data + from, byte, s.size - from);
    return at == NULL ? SIZE_MAX : (size_t)(at - s.data);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    while (s.size > 0 && is_blank(s.data[0]))
        s = slice_tail(s, 1);
    while (s.size > 0 && is_blank(s.data[s.size - 1]))
        s.size--;
    return s;
}

bool slice_next(struct slice *rest, char separator, struct slice *ret)
{
    if (rest->data == NULL)
        return false;
    size_t at = slice_find_byte(*rest, separator, 0);
    if (at == SIZE_MAX) {
        *ret = *rest;
        *rest = (struct slice){NULL, 0};
        return true;
    }
    *ret = slice_head(*rest, at);
    *rest = slice_tail(*rest, at + 1);
    return true;
}

char *slice_dup(struct slice s)
{
    char *copy = malloc(s.size + 1);

    if (copy == NULL)
        return NULL;
    if (s.size > 0)
        memcpy(copy, s.data, s.size);
    copy[s.size] = '\0';
    return copy;
}

bool slice_is_one_of(struct slice a, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(a, list[i]))
            return true;
    }
    return false;
}
