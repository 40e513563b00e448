/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - see words_priv.h.  Bytes are looked at 64 at a time: what each of them
 * is becomes a bit, and terms are runs of ones. */
#include "store/words_priv.h"

#include "table/search.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#define WEAK_BYTES_MAX 11u
#define OCTET_DIGITS_MAX 3u
#define WINDOW_BYTES 64u

static bool is_weak_letter(char c)
{
    char low = (char)(c | 0x20);

    return (low >= 'a' && low <= 'f') || low == 't' || low == 'z';
}

bool word_is_strong(struct slice term)
{
    bool has_digit = false;

    if (term.size > WEAK_BYTES_MAX)
        return true;
    for (size_t i = 0; i < term.size; i++) {
        bool is_digit = term.data[i] >= '0' && term.data[i] <= '9';
        has_digit |= is_digit;
        if (!is_digit && !is_weak_letter(term.data[i]))
            return true;
    }
    return !has_digit;
}

/* ---- what bytes are ---- */

#ifdef __AVX2__

static inline __m256i is_within(__m256i v, char first, char last)
{
    __m256i from_first = _mm256_sub_epi8(v, _mm256_set1_epi8(first));
    __m256i most = _mm256_set1_epi8((char)(last - first));

    return _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, most), from_first);
}

/* 32 bytes, to the bits from `shift` on. */
static inline void classify_half(struct words *w, const char *bytes, unsigned shift)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i low = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
    __m256i digit = is_within(v, '0', '9');
    __m256i letter = _mm256_or_si256(is_within(low, 'a', 'z'), v); /* bit 7: above 127 too */
    __m256i weak = _mm256_or_si256(is_within(low, 'a', 'f'),
                                   _mm256_or_si256(is_within(low, 't', 't'),
                                                   is_within(low, 'z', 'z')));
    uint32_t digits = (uint32_t)_mm256_movemask_epi8(digit);
    uint32_t letters = (uint32_t)_mm256_movemask_epi8(letter);
    uint32_t weak_letters = (uint32_t)_mm256_movemask_epi8(weak);

    w->terms |= (uint64_t)(digits | letters) << shift;
    w->digits |= (uint64_t)digits << shift;
    w->strong |= (uint64_t)(letters & ~weak_letters) << shift;
}

static void classify(struct words *w, const char bytes[WINDOW_BYTES])
{
    classify_half(w, bytes, 0);
    classify_half(w, bytes + 32, 32);
}

#else

static void classify(struct words *w, const char bytes[WINDOW_BYTES])
{
    for (unsigned i = 0; i < WINDOW_BYTES; i++) {
        char c = bytes[i];
        bool is_term = search_is_term((unsigned char)c), is_digit = c >= '0' && c <= '9';
        w->terms |= (uint64_t)is_term << i;
        w->digits |= (uint64_t)is_digit << i;
        w->strong |= (uint64_t)(is_term && !is_digit && !is_weak_letter(c)) << i;
    }
}

#endif

static void load_window(struct words *w, size_t base)
{
    char padded[WINDOW_BYTES] = {0}; /* a zero is no term */
    const char *bytes = w->text.data + base;
    size_t left = w->text.size - base;

    if (left < WINDOW_BYTES) {
        memcpy(padded, bytes, left);
        bytes = padded;
    }
    w->base = base;
    w->window_end = base + WINDOW_BYTES;
    w->terms = w->digits = w->strong = 0;
    classify(w, bytes);
}

/* ---- terms ---- */

struct term {
    size_t begin, size;
    bool is_strong, is_octet;
};

static bool next_term(struct words *w, struct term *ret)
{
    while (w->at < w->text.size) {
        if (w->at >= w->window_end)
            load_window(w, w->at);
        uint64_t ahead = w->terms >> (w->at - w->base);
        if (ahead == 0) {
            w->at = w->window_end;
            continue;
        }
        size_t begin = w->at + (unsigned)__builtin_ctzll(ahead), offset = begin - w->base;
        uint64_t others = ~(w->terms >> offset);
        size_t size = others == 0 ? WINDOW_BYTES : (unsigned)__builtin_ctzll(others);
        bool may_go_on = begin + size == w->window_end && w->window_end < w->text.size;
        if (may_go_on && offset > 0) {
            w->at = begin;
            load_window(w, begin);
            continue;
        }
        uint64_t mask = size >= 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1;
        uint64_t digits = w->digits >> offset & mask, strong = w->strong >> offset & mask;
        while (may_go_on && begin + size < w->text.size &&
               search_is_term((unsigned char)w->text.data[begin + size]))
            size++;
        w->at = begin + size;
        *ret = (struct term){begin, size, size > WEAK_BYTES_MAX || strong != 0 || digits == 0,
                             size <= OCTET_DIGITS_MAX && digits == mask};
        return true;
    }
    return false;
}

/* Counts decimal terms with a dot between them; true: the last four are one. */
static bool join(struct words *words, const struct term *term)
{
    bool follows = words->joined > 0 && term->begin == words->end + 1 &&
                   words->text.data[words->end] == '.';

    if (!term->is_octet) {
        words->joined = 0;
        return false;
    }
    if (!follows)
        words->joined = 0;
    if (words->joined == 4) {
        memmove(words->begins, words->begins + 1, 3 * sizeof(words->begins[0]));
        words->joined = 3;
    }
    words->begins[words->joined++] = term->begin;
    words->end = term->begin + term->size;
    return words->joined == 4;
}

bool words_next(struct words *words, struct slice *ret)
{
    struct term term;

    while (next_term(words, &term)) {
        words->any_strong |= term.is_strong;
        if (join(words, &term)) {
            *ret = slice_from(words->text.data + words->begins[0],
                              words->end - words->begins[0]);
            return true;
        }
        if (term.is_strong) {
            *ret = slice_from(words->text.data + term.begin, term.size);
            return true;
        }
    }
    return false;
}

bool words_any_strong(struct slice text)
{
    struct words words = {.text = text};
    struct term term;

    while (next_term(&words, &term)) {
        if (term.is_strong)
            return true;
    }
    return false;
}
