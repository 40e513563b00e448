/* SPDX-License-Identifier: Apache-2.0 */
#include "table/search.h"

#include "base/fold.h"

static bool same_at(const char *text, const char *part, size_t size, bool exact)
{
    if (exact)
        return size == 0 || memcmp(text, part, size) == 0;
    for (size_t i = 0; i < size; i++) {
        if (search_fold((unsigned char)text[i]) != search_fold((unsigned char)part[i]))
            return false;
    }
    return true;
}

/* ---- letters beyond ASCII ---- */

/* Whether the part is at `from`, but for case; *ret_end: behind it. */
static bool folds_at(struct slice text, struct slice part, size_t from, size_t *ret_end)
{
    size_t at = from;

    for (size_t i = 0; i < part.size;) {
        if (at >= text.size || fold_next(text, &at) != fold_next(part, &i))
            return false;
    }
    *ret_end = at;
    return true;
}

/* The first place of `part` at or after `from`, the border of a letter, or SIZE_MAX. */
static size_t find_folded(struct slice text, struct slice part, size_t from, size_t *ret_end)
{
    size_t second = 0;
    uint32_t first = fold_next(part, &second);

    for (size_t at = from; at < text.size;) {
        size_t begin = at;
        if (fold_next(text, &at) == first &&
            folds_at(text, slice_tail(part, second), at, ret_end))
            return begin;
    }
    return SIZE_MAX;
}

static bool has_folded(struct slice text, struct slice term, bool check_front, bool check_back)
{
    size_t end = 0;

    for (size_t at = find_folded(text, term, 0, &end); at != SIZE_MAX;) {
        bool front = !check_front || at == 0 || !search_is_term((unsigned char)text.data[at - 1]);
        bool back = !check_back || end == text.size ||
                    !search_is_term((unsigned char)text.data[end]);
        if (front && back)
            return true;
        (void)fold_next(text, &at);
        at = find_folded(text, term, at, &end);
    }
    return false;
}

/* ---- ASCII, or the case is exact ---- */

/* The next place of a byte before `end`, or `end`. */
static const char *next_byte(const char *at, const char *end, int byte)
{
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;

    return found == NULL ? end : found;
}

/* The first place of `part` at or after `from`, or SIZE_MAX. */
static size_t find(struct slice text, struct slice part, size_t from, bool exact)
{
    if (exact)
        return slice_find(text, part, from);
    if (part.size == 0)
        return from <= text.size ? from : SIZE_MAX;
    if (part.size > text.size || from > text.size - part.size)
        return SIZE_MAX;
    /* The library's search for a byte reads many at a time: once for each case. */
    unsigned char low = search_fold((unsigned char)part.data[0]);
    bool is_letter = low >= 'a' && low <= 'z';
    const char *end = text.data + text.size - part.size + 1;
    const char *lower = next_byte(text.data + from, end, low);
    const char *upper = is_letter ? next_byte(text.data + from, end, low & ~0x20) : end;
    while (lower < end || upper < end) {
        const char *at = lower < upper ? lower : upper;
        if (same_at(at + 1, part.data + 1, part.size - 1, false))
            return (size_t)(at - text.data);
        if (at == lower)
            lower = next_byte(at + 1, end, low);
        else
            upper = next_byte(at + 1, end, low & ~0x20);
    }
    return SIZE_MAX;
}

static bool is_plain(struct slice part, bool exact_case)
{
    return exact_case || fold_is_ascii(part);
}

bool search_equal(struct slice text, struct slice part, bool exact_case)
{
    size_t end;

    if (is_plain(part, exact_case))
        return text.size == part.size && same_at(text.data, part.data, part.size, exact_case);
    return folds_at(text, part, 0, &end) && end == text.size;
}

bool search_starts(struct slice text, struct slice part, bool exact_case)
{
    size_t end;

    if (is_plain(part, exact_case))
        return text.size >= part.size && same_at(text.data, part.data, part.size, exact_case);
    return folds_at(text, part, 0, &end);
}

bool search_ends(struct slice text, struct slice part, bool exact_case)
{
    size_t end = 0;

    if (is_plain(part, exact_case))
        return text.size >= part.size && same_at(text.data + text.size - part.size, part.data,
                                                 part.size, exact_case);
    for (size_t at = find_folded(text, part, 0, &end); at != SIZE_MAX;) {
        if (end == text.size)
            return true;
        (void)fold_next(text, &at);
        at = find_folded(text, part, at, &end);
    }
    return false;
}

bool search_contains(struct slice text, struct slice part, bool exact_case)
{
    size_t end;

    if (!is_plain(part, exact_case))
        return find_folded(text, part, 0, &end) != SIZE_MAX;
    return find(text, part, 0, exact_case) != SIZE_MAX;
}

bool search_has(struct slice text, struct slice term, bool exact_case, bool prefix_open,
                bool suffix_open)
{
    if (term.size == 0)
        return true;
    bool check_front = !prefix_open && search_is_term((unsigned char)term.data[0]);
    bool check_back = !suffix_open && search_is_term((unsigned char)term.data[term.size - 1]);
    if (!is_plain(term, exact_case))
        return has_folded(text, term, check_front, check_back);
    for (size_t at = find(text, term, 0, exact_case); at != SIZE_MAX;
         at = find(text, term, at + 1, exact_case)) {
        bool front = !check_front || at == 0 || !search_is_term((unsigned char)text.data[at - 1]);
        bool back = !check_back || at + term.size == text.size ||
                    !search_is_term((unsigned char)text.data[at + term.size]);
        if (front && back)
            return true;
    }
    return false;
}

bool search_next_term(struct slice text, size_t *at, struct slice *ret)
{
    size_t begin = *at;

    while (begin < text.size && !search_is_term((unsigned char)text.data[begin]))
        begin++;
    size_t end = begin;
    while (end < text.size && search_is_term((unsigned char)text.data[end]))
        end++;
    *at = end;
    *ret = slice_from(text.data + begin, end - begin);
    return end > begin;
}
