/* SPDX-License-Identifier: Apache-2.0 */
#include "store/words_priv.h"

#include "table/search.h"

#define WEAK_BYTES_MAX 11u
#define OCTET_DIGITS_MAX 3u

bool word_is_strong(struct slice term)
{
    bool has_digit = false;

    if (term.size > WEAK_BYTES_MAX)
        return true;
    for (size_t i = 0; i < term.size; i++) {
        char c = term.data[i], low = (char)(c | 0x20);
        bool is_digit = c >= '0' && c <= '9';
        has_digit |= is_digit;
        if (!is_digit && !(low >= 'a' && low <= 'f') && low != 't' && low != 'z')
            return true;
    }
    return !has_digit;
}

static bool is_octet(struct slice term)
{
    for (size_t i = 0; i < term.size; i++) {
        if (term.data[i] < '0' || term.data[i] > '9')
            return false;
    }
    return term.size <= OCTET_DIGITS_MAX;
}

/* Counts decimal terms with a dot between them; true: the last four are one. */
static bool join(struct words *words, struct slice term)
{
    size_t begin = (size_t)(term.data - words->text.data);
    bool follows = words->joined > 0 && begin == words->end + 1 &&
                   words->text.data[words->end] == '.';

    if (!is_octet(term)) {
        words->joined = 0;
        return false;
    }
    if (!follows)
        words->joined = 0;
    if (words->joined == 4) {
        memmove(words->begins, words->begins + 1, 3 * sizeof(words->begins[0]));
        words->joined = 3;
    }
    words->begins[words->joined++] = begin;
    words->end = begin + term.size;
    return words->joined == 4;
}

bool words_next(struct words *words, struct slice *ret)
{
    struct slice term;

    while (search_next_term(words->text, &words->at, &term)) {
        if (join(words, term)) {
            *ret = slice_from(words->text.data + words->begins[0],
                              words->end - words->begins[0]);
            return true;
        }
        if (word_is_strong(term)) {
            *ret = term;
            return true;
        }
    }
    return false;
}

bool words_any_strong(struct slice text)
{
    struct slice term;

    for (size_t at = 0; search_next_term(text, &at, &term);) {
        if (word_is_strong(term))
            return true;
    }
    return false;
}
