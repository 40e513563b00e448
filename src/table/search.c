/* SPDX-License-Identifier: Apache-2.0 */
#include "table/search.h"

#include "base/fold.h"
#include "base/hash.h"
#include "base/term.h"

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

/* ---- what is looked for ---- */

/* front, back: no term may go on there; at_end: nothing may come behind. */
struct wanted {
    struct slice part;
    bool exact;  /* else the case does not count: */
    bool folded; /* of letters beyond ASCII either, so that a match may differ in size */
    bool front, back, at_end;
};

static struct wanted want(struct slice part, bool exact_case)
{
    return (struct wanted){.part = part,
                           .exact = exact_case,
                           .folded = !exact_case && !fold_is_ascii(part)};
}

static bool fits(const struct wanted *w, struct slice text, size_t begin, size_t end)
{
    return (!w->front || begin == 0 || !term_has(text, begin - 1)) &&
           (!w->back || end == text.size || !term_has(text, end)) &&
           (!w->at_end || end == text.size);
}

/* How many letters of the part are at `from`, all of them if it is there, but for case;
 * *ret_end: behind them. */
static size_t folds_at(struct slice text, struct slice part, size_t from, bool *ret_all,
                       size_t *ret_end)
{
    size_t at = from;
    size_t letters = 0;

    *ret_all = true;
    for (size_t i = 0; i < part.size && *ret_all;) {
        *ret_all = at < text.size && fold_next(text, &at) == fold_next(part, &i);
        letters++;
    }
    *ret_end = at;
    return letters;
}

/* ---- texts that repeat themselves ---- */

#define ROLL_PRIME ((UINT64_C(1) << 61) - 1)
__extension__ typedef unsigned __int128 wide;

static uint64_t roll_times(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    uint64_t sum = (uint64_t)(product & ROLL_PRIME) + (uint64_t)(product >> 61);

    return sum >= ROLL_PRIME ? sum - ROLL_PRIME : sum;
}

/* What counts of the next letter, or byte, at *at; never 0. */
static uint64_t next_letter(const struct wanted *w, struct slice s, size_t *at)
{
    if (w->folded)
        return (uint64_t)fold_next(s, at) + 1;
    unsigned char c = (unsigned char)s.data[(*at)++];
    return (w->exact ? c : search_fold(c)) + 1u;
}

static bool is_at(const struct wanted *w, struct slice text, size_t begin)
{
    size_t end;
    bool all;

    if (!w->folded)
        return same_at(text.data + begin, w->part.data, w->part.size, w->exact);
    (void)folds_at(text, w->part, begin, &all, &end);
    return all;
}

/* Rabin and Karp's search: it takes as long as the texts are, whatever stands in them.  The
 * base is drawn once a process, so that nobody can choose texts of equal sums. */
static bool roll(const struct wanted *w, struct slice text, size_t from)
{
    uint64_t base = hash_seed() % (ROLL_PRIME - UINT32_MAX) + UINT32_MAX;
    uint64_t sum = 0;
    uint64_t top = 1; /* what the first letter of the window counts, times base */
    uint64_t have = 0;
    size_t begin = from;
    size_t end = from;

    for (size_t i = 0; i < w->part.size;) {
        if (end >= text.size)
            return false;
        sum = (roll_times(sum, base) + next_letter(w, w->part, &i)) % ROLL_PRIME;
        have = (roll_times(have, base) + next_letter(w, text, &end)) % ROLL_PRIME;
        top = roll_times(top, base);
    }
    while (have != sum || !fits(w, text, begin, end) || !is_at(w, text, begin)) {
        if (end >= text.size)
            return false;
        have = (roll_times(have, base) + next_letter(w, text, &end)) % ROLL_PRIME;
        have = (have + ROLL_PRIME - roll_times(next_letter(w, text, &begin), top)) % ROLL_PRIME;
    }
    return true;
}

/* ---- other texts ---- */

/* Letters compared in vain before a text counts as one that repeats itself. */
static uint64_t patience(struct slice text)
{
    return 4 * (uint64_t)text.size + 1024;
}

static bool find_exact(const struct wanted *w, struct slice text)
{
    uint64_t spent = 0;

    for (size_t at = slice_find(text, w->part, 0); at != SIZE_MAX;
         at = slice_find(text, w->part, at + 1)) {
        if (fits(w, text, at, at + w->part.size))
            return true;
        spent += w->part.size;
        if (spent > patience(text))
            return roll(w, text, at + 1);
    }
    return false;
}

static bool find_folded(const struct wanted *w, struct slice text)
{
    size_t second = 0;
    uint32_t first = fold_next(w->part, &second);
    struct slice rest = slice_tail(w->part, second);
    uint64_t spent = 0;

    for (size_t at = 0; at < text.size;) {
        size_t begin = at;
        size_t end;
        bool all;
        if (fold_next(text, &at) != first)
            continue;
        spent += folds_at(text, rest, at, &all, &end);
        if (all && fits(w, text, begin, end))
            return true;
        if (spent > patience(text))
            return roll(w, text, at);
    }
    return false;
}

/* The next place of a byte before `end`, or `end`. */
static const char *next_byte(const char *at, const char *end, int byte)
{
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;

    return found == NULL ? end : found;
}

static size_t same_bytes(const char *text, const char *part, size_t size)
{
    size_t i = 0;

    while (i < size &&
           search_fold((unsigned char)text[i]) == search_fold((unsigned char)part[i]))
        i++;
    return i;
}

/* ASCII.  The library's search for a byte reads many at a time: once for each case. */
static bool find_plain(const struct wanted *w, struct slice text)
{
    struct slice part = w->part;
    unsigned char low = search_fold((unsigned char)part.data[0]);
    bool is_letter = low >= 'a' && low <= 'z';
    const char *end = text.data + text.size - part.size + 1;
    const char *lower = next_byte(text.data, end, low);
    const char *upper = is_letter ? next_byte(text.data, end, low & ~0x20) : end;
    uint64_t spent = 0;

    while (lower < end || upper < end) {
        const char *at = lower < upper ? lower : upper;
        size_t begin = (size_t)(at - text.data);
        size_t same = same_bytes(at + 1, part.data + 1, part.size - 1);
        if (same == part.size - 1 && fits(w, text, begin, begin + part.size))
            return true;
        spent += same;
        if (spent > patience(text))
            return roll(w, text, begin + 1);
        if (at == lower)
            lower = next_byte(at + 1, end, low);
        else
            upper = next_byte(at + 1, end, low & ~0x20);
    }
    return false;
}

static bool find(const struct wanted *w, struct slice text)
{
    if (w->part.size == 0)
        return true;
    if (w->folded)
        return find_folded(w, text);
    if (w->part.size > text.size)
        return false;
    return w->exact ? find_exact(w, text) : find_plain(w, text);
}

/* ---- what is asked ---- */

bool search_starts(struct slice text, struct slice part, bool exact_case)
{
    size_t end;
    bool all;

    if (exact_case || fold_is_ascii(part))
        return text.size >= part.size && same_at(text.data, part.data, part.size, exact_case);
    (void)folds_at(text, part, 0, &all, &end);
    return all;
}

bool search_equal(struct slice text, struct slice part, bool exact_case)
{
    size_t end;
    bool all;

    if (exact_case || fold_is_ascii(part))
        return text.size == part.size && same_at(text.data, part.data, part.size, exact_case);
    (void)folds_at(text, part, 0, &all, &end);
    return all && end == text.size;
}

bool search_ends(struct slice text, struct slice part, bool exact_case)
{
    struct wanted w = want(part, exact_case);

    w.at_end = true;
    if (w.folded)
        return find(&w, text);
    return text.size >= part.size && same_at(text.data + text.size - part.size, part.data,
                                             part.size, exact_case);
}

bool search_contains(struct slice text, struct slice part, bool exact_case)
{
    const struct wanted w = want(part, exact_case);

    return find(&w, text);
}

bool search_has(struct slice text, struct slice term, bool exact_case, bool prefix_open,
                bool suffix_open)
{
    struct wanted w = want(term, exact_case);

    if (term.size == 0)
        return true;
    w.front = !prefix_open && term_has(term, 0);
    w.back = !suffix_open && term_has(term, term.size - 1);
    return find(&w, text);
}

bool search_next_term(struct slice text, size_t *at, struct slice *ret)
{
    size_t begin = *at;

    while (begin < text.size && !term_has(text, begin))
        begin++;
    size_t end = begin;
    while (end < text.size && term_has(text, end))
        end++;
    *at = end;
    *ret = slice_from(text.data + begin, end - begin);
    return end > begin;
}
