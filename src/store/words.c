/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - see words_priv.h.  Bytes are looked at 64 at a time: what each of them
 * is becomes a bit, and terms are runs of ones.  What all bits of a run have in common is told
 * by one addition: a one that is added at the begin of a run of ones is carried to the bit
 * behind it. */
#include "store/words_priv.h"

#include "base/term.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#define WEAK_BYTES_MAX 11u
#define OCTET_DIGITS_MAX 3u
#define WINDOW_BYTES 63u /* so that behind each term there is a bit */

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

struct classes {
    uint64_t terms, digits, strong, dots;
};

#ifdef __AVX2__

static inline __m256i is_within(__m256i v, char first, char last)
{
    __m256i from_first = _mm256_sub_epi8(v, _mm256_set1_epi8(first));
    __m256i most = _mm256_set1_epi8((char)(last - first));

    return _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, most), from_first);
}

/* 32 bytes, to the bits from `shift` on. */
static inline void classify_half(const char *bytes, unsigned shift, struct classes *ret)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i low = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
    __m256i digit = is_within(v, '0', '9');
    __m256i letter = is_within(low, 'a', 'z');
    __m256i weak = _mm256_or_si256(is_within(low, 'a', 'f'),
                                   _mm256_or_si256(is_within(low, 't', 't'),
                                                   is_within(low, 'z', 'z')));
    __m256i dot = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('.'));
    uint32_t digits = (uint32_t)_mm256_movemask_epi8(digit);
    uint32_t letters = (uint32_t)_mm256_movemask_epi8(letter);
    uint32_t weak_letters = (uint32_t)_mm256_movemask_epi8(weak);

    ret->terms |= (uint64_t)(digits | letters) << shift;
    ret->digits |= (uint64_t)digits << shift;
    ret->strong |= (uint64_t)(letters & ~weak_letters) << shift;
    ret->dots |= (uint64_t)(uint32_t)_mm256_movemask_epi8(dot) << shift;
}

static inline void classify(const char bytes[WORDS_ROOM_BYTES], struct classes *ret)
{
    classify_half(bytes, 0, ret);
    classify_half(bytes + 32, 32, ret);
}

/* Those above 127: seldom any. */
static inline uint64_t wide_bytes(const char bytes[WORDS_ROOM_BYTES])
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32));

    if (_mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0)
        return 0;
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 |
           (uint32_t)_mm256_movemask_epi8(low);
}

#else

static void classify(const char bytes[WORDS_ROOM_BYTES], struct classes *ret)
{
    for (unsigned i = 0; i < WORDS_ROOM_BYTES; i++) {
        char c = bytes[i];
        bool is_term = term_has_ascii((unsigned char)c), is_digit = c >= '0' && c <= '9';
        ret->terms |= (uint64_t)is_term << i;
        ret->digits |= (uint64_t)is_digit << i;
        ret->strong |= (uint64_t)(is_term && !is_digit && !is_weak_letter(c)) << i;
        ret->dots |= (uint64_t)(c == '.') << i;
    }
}

static uint64_t wide_bytes(const char bytes[WORDS_ROOM_BYTES])
{
    uint64_t wide = 0;

    for (unsigned i = 0; i < WORDS_ROOM_BYTES; i++)
        wide |= (uint64_t)((unsigned char)bytes[i] >> 7) << i;
    return wide;
}

#endif

/* Characters beyond ASCII that belong to terms. */
static void add_wide(const struct words *w, uint64_t wide, struct classes *classes)
{
    while (wide != 0) {
        unsigned bit = (unsigned)__builtin_ctzll(wide);
        size_t end = 0;
        bool is_term = term_has_wide(w->text, w->base + bit, &end);
        uint64_t bits = ((UINT64_C(1) << (end - w->base - bit)) - 1) << bit;
        if (is_term) {
            classes->terms |= bits;
            classes->strong |= bits;
        }
        wide &= ~bits;
    }
}

/* The ends of the runs that have bits of `all` alone. */
static inline uint64_t ends_of_all(uint64_t runs, uint64_t begins, uint64_t all)
{
    return ((runs & all) + begins) & ~runs;
}

/* The ends of the runs of twelve and more. */
static inline uint64_t ends_of_long(uint64_t runs)
{
    uint64_t two = runs & runs << 1, four = two & two << 2, eight = four & four << 4;

    _Static_assert(WEAK_BYTES_MAX + 1 == 8 + 4, "the shifts");
    return (eight & four << 8) << 1 & ~runs;
}

/* What is known of a window's terms; a term at its end that goes on begins the next window,
 * unless it is all of this one. */
static inline void find_ends(struct words *w, const struct classes *classes, uint64_t inside)
{
    uint64_t terms = classes->terms & inside, digits = classes->digits;
    uint64_t begins = terms & ~(terms << 1), ends = terms << 1 & ~terms;
    uint64_t weak = ends_of_all(terms, begins, ~classes->strong) &
                    ~ends_of_all(terms, begins, ~digits) & ~ends_of_long(terms);
    /* dots between digits, as far as one sees; or an address goes on from the window before */
    uint64_t joints = classes->dots & inside & digits << 1 &
                      (digits >> 1 | UINT64_C(1) << (WINDOW_BYTES - 1));

    w->terms = terms;
    w->strong_ends = ends & ~weak;
    w->digit_ends = ends_of_all(terms, begins, digits);
    w->may_join = joints != 0 || (w->joined > 0 && w->end + 1 == w->base);
    w->ends = w->may_join ? ends : w->strong_ends;
    if (ends >> WINDOW_BYTES != 0 && w->next < w->text.size && terms != inside) {
        w->next = w->base + 64 - (unsigned)__builtin_clzll(inside & ~terms);
        w->ends &= inside;
    }
}

static void load_window(struct words *w)
{
    char padded[WORDS_ROOM_BYTES];
    const char *bytes = w->text.data + w->next;
    size_t left = w->text.size - w->next;
    uint64_t inside = (UINT64_C(1) << (left < WINDOW_BYTES ? left : WINDOW_BYTES)) - 1;
    struct classes classes = {0};

    if (left < WORDS_ROOM_BYTES && !w->has_room) {
        memset(padded, 0, sizeof(padded));
        memcpy(padded, bytes, left);
        bytes = padded;
    }
    w->base = w->next;
    w->next = w->base + WINDOW_BYTES;
    classify(bytes, &classes);
    uint64_t wide = wide_bytes(bytes) & inside;
    if (wide != 0)
        add_wide(w, wide, &classes);
    find_ends(w, &classes, inside);
}

/* ---- terms ---- */

struct term {
    size_t begin, size;
    bool is_strong, is_octet;
};

static inline bool next_term(struct words *w, struct term *ret)
{
    while (w->ends == 0) {
        if (w->next >= w->text.size)
            return false;
        load_window(w);
    }
    unsigned end = (unsigned)__builtin_ctzll(w->ends);
    uint64_t before = ~w->terms & ((UINT64_C(1) << end) - 1);
    unsigned begin = before == 0 ? 0 : 64 - (unsigned)__builtin_clzll(before);
    size_t size = end - begin;
    w->ends &= w->ends - 1;
    if (size == WINDOW_BYTES) {
        while (w->base + size < w->text.size &&
               term_has(w->text, w->base + size))
            w->next = w->base + ++size;
    }
    *ret = (struct term){w->base + begin, size, (w->strong_ends >> end & 1) != 0,
                         size <= OCTET_DIGITS_MAX && (w->digit_ends >> end & 1) != 0};
    return true;
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
        if (!words->may_join) {
            words->joined = 0;
        } else if (join(words, &term)) {
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
    struct slice unit;

    while (!words.any_strong && words_next(&words, &unit))
        continue;
    return words.any_strong;
}
