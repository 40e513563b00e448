/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fold.h"

#include "base/fold_table_priv.h"
#include "base/text.h"

#define RUNES 0x110000u /* code points end below */
#define REPLACEMENT 0xFFFDu

static uint32_t other_case(const struct fold_run *runs, size_t count, uint32_t rune)
{
    size_t low = 0;

    while (low < count) { /* the first run that does not end before it */
        size_t middle = low + (count - low) / 2;
        if (runs[middle].last < rune)
            low = middle + 1;
        else
            count = middle;
    }
    const struct fold_run *run = &runs[low];
    bool is_in = rune >= run->first && rune <= run->last &&
                 (rune - run->first) % (uint32_t)run->step == 0;
    return is_in ? (uint32_t)((int32_t)rune + run->delta) : rune;
}

uint32_t fold_upper(uint32_t rune)
{
    size_t count = sizeof(upper_runs) / sizeof(upper_runs[0]);

    if (rune < 0x80)
        return rune - 'a' < 26 ? rune - 32 : rune;
    return rune > upper_runs[count - 1].last ? rune : other_case(upper_runs, count, rune);
}

uint32_t fold_lower(uint32_t rune)
{
    size_t count = sizeof(lower_runs) / sizeof(lower_runs[0]);

    if (rune < 0x80)
        return rune - 'A' < 26 ? rune + 32 : rune;
    return rune > lower_runs[count - 1].last ? rune : other_case(lower_runs, count, rune);
}

uint32_t fold_next(struct slice s, size_t *at)
{
    size_t from = *at;
    unsigned char first = (unsigned char)s.data[from];

    if (first < 0x80) {
        *at = from + 1;
        return fold_upper(first);
    }
    uint32_t rune = text_next_rune(s, at);
    if (rune == REPLACEMENT && *at == from + 1)
        return RUNES + first;
    return fold_upper(rune);
}

bool fold_has_case(struct slice s)
{
    for (size_t at = 0; at < s.size;) {
        if ((unsigned char)s.data[at] < 0x80) {
            at++;
            continue;
        }
        uint32_t rune = text_next_rune(s, &at);
        if (fold_upper(rune) != rune || fold_lower(rune) != rune)
            return true;
    }
    return false;
}
