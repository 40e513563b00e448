/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guid.h"

#include "base/random.h"
#include "base/text.h"

#include <endian.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#define EACH_BYTE UINT64_C(0x0101010101010101)

static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

struct guid guid_new(void)
{
    struct guid guid;

    random_bytes(guid.bytes, sizeof(guid.bytes));
    guid.bytes[6] = (uint8_t)((guid.bytes[6] & 0x0f) | 0x40);
    guid.bytes[8] = (uint8_t)((guid.bytes[8] & 0x3f) | 0x80);
    return guid;
}

bool guid_parse(struct slice text, struct guid *ret)
{
    struct guid guid;
    size_t digits = 0;

    if (text.size == GUID_TEXT_BYTES + 2 && text.data[0] == '{' && text.data[37] == '}')
        text = slice_from(text.data + 1, GUID_TEXT_BYTES);
    if (text.size != GUID_TEXT_BYTES && text.size != 32)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.size == GUID_TEXT_BYTES && is_hyphen_place(i)) {
            if (text.data[i] != '-')
                return false;
            continue;
        }
        int value = text_hex_digit(text.data[i]);
        if (value < 0)
            return false;
        if (digits % 2 == 0)
            guid.bytes[digits / 2] = (uint8_t)(value << 4);
        else
            guid.bytes[digits / 2] |= (uint8_t)value;
        digits++;
    }
    *ret = guid;
    return true;
}

/* Stored texts pass here by the million, in both directions. */
#ifdef __AVX2__

static inline __m128i load(const char *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* What each digit counts; `valid` keeps its ones where it is a lower-case one. */
static inline __m128i digit_values(__m128i digits, __m128i *valid)
{
    __m128i number = _mm_sub_epi8(digits, _mm_set1_epi8('0'));
    __m128i letter = _mm_sub_epi8(digits, _mm_set1_epi8('a'));
    __m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
    __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);

    *valid = _mm_and_si128(*valid, _mm_or_si128(is_number, is_letter));
    return _mm_blendv_epi8(_mm_add_epi8(letter, _mm_set1_epi8(10)), number, is_number);
}

bool guid_parse_lower(const char *text36, struct guid *ret)
{
    const __m128i from_begin =
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, -1, -1);
    const __m128i from_middle =
        _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 1);
    const __m128i to_middle =
        _mm_setr_epi8(3, 4, 5, 6, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i from_end =
        _mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i weights = _mm_set1_epi16(0x0110); /* the first of two digits is the high half */
    __m128i valid = _mm_set1_epi8(-1), middle = load(text36 + 16);

    if (text36[8] != '-' || text36[13] != '-' || text36[18] != '-' || text36[23] != '-')
        return false;
    __m128i first = _mm_or_si128(_mm_shuffle_epi8(load(text36), from_begin),
                                 _mm_shuffle_epi8(middle, from_middle));
    __m128i second = _mm_or_si128(_mm_shuffle_epi8(middle, to_middle),
                                  _mm_shuffle_epi8(load(text36 + 20), from_end));
    first = _mm_maddubs_epi16(digit_values(first, &valid), weights);
    second = _mm_maddubs_epi16(digit_values(second, &valid), weights);
    if (_mm_movemask_epi8(valid) != 0xffff)
        return false;
    _mm_storeu_si128((__m128i *)(void *)ret->bytes, _mm_packus_epi16(first, second));
    return true;
}

void guid_format(const struct guid *guid, char ret[GUID_TEXT_BYTES + 1])
{
    const __m128i hex = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b',
                                      'c', 'd', 'e', 'f');
    const __m128i half = _mm_set1_epi8(15);
    __m128i bytes = load((const char *)guid->bytes);
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), half), low = _mm_and_si128(bytes, half);
    char digits[32];

    _mm_storeu_si128((__m128i *)(void *)digits,
                     _mm_shuffle_epi8(hex, _mm_unpacklo_epi8(high, low)));
    _mm_storeu_si128((__m128i *)(void *)(digits + 16),
                     _mm_shuffle_epi8(hex, _mm_unpackhi_epi8(high, low)));
    memcpy(ret, digits, 8);
    memcpy(ret + 9, digits + 8, 4);
    memcpy(ret + 14, digits + 12, 4);
    memcpy(ret + 19, digits + 16, 4);
    memcpy(ret + 24, digits + 20, 12);
    ret[8] = ret[13] = ret[18] = ret[23] = '-';
    ret[GUID_TEXT_BYTES] = '\0';
}

#else

/* Eight digits at a time, the first one lowest.
 * Of each pair the first is the high half of a byte. */
static uint32_t pack_nibbles(uint64_t nibbles)
{
    uint64_t pairs = (nibbles << 4 | nibbles >> 8) & UINT64_C(0x00ff00ff00ff00ff);

    pairs = (pairs | pairs >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(pairs | pairs >> 16);
}

/* 0x80 in each byte that is from `first` to `last`; no byte of `bytes` is above 127. */
static uint64_t bytes_between(uint64_t bytes, unsigned first, unsigned last)
{
    return (bytes + (128 - first) * EACH_BYTE) & ~(bytes + (127 - last) * EACH_BYTE);
}

/* Clears a bit of *valid when one of the characters is no lower-case digit. */
static uint32_t parse_digits(const char *a, const char *b, uint64_t *valid)
{
    uint32_t first, second;

    memcpy(&first, a, sizeof(first));
    memcpy(&second, b, sizeof(second));
    uint64_t text = (uint64_t)le32toh(second) << 32 | le32toh(first);
    uint64_t low = text & 127 * EACH_BYTE;
    *valid &= ~text & (bytes_between(low, '0', '9') | bytes_between(low, 'a', 'f'));
    uint64_t letters = text >> 6 & EACH_BYTE;
    return htole32(pack_nibbles((text & 15 * EACH_BYTE) + 9 * letters));
}

bool guid_parse_lower(const char *text36, struct guid *ret)
{
    /* where the halves of each eight digits stand between the hyphens */
    static const uint8_t halves[4][2] = {{0, 4}, {9, 14}, {19, 24}, {28, 32}};
    uint64_t valid = 128 * EACH_BYTE;
    uint32_t words[4];

    if (text36[8] != '-' || text36[13] != '-' || text36[18] != '-' || text36[23] != '-')
        return false;
    for (size_t i = 0; i < 4; i++)
        words[i] = parse_digits(text36 + halves[i][0], text36 + halves[i][1], &valid);
    if (valid != 128 * EACH_BYTE)
        return false;
    memcpy(ret->bytes, words, sizeof(ret->bytes));
    return true;
}

void guid_format(const struct guid *guid, char ret[GUID_TEXT_BYTES + 1])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < sizeof(guid->bytes); i++) {
        if (is_hyphen_place(at))
            ret[at++] = '-';
        ret[at++] = hex[guid->bytes[i] >> 4];
        ret[at++] = hex[guid->bytes[i] & 15];
    }
    ret[at] = '\0';
}

#endif
