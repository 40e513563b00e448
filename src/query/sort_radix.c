/* SPDX-License-Identifier: Apache-2.0 */
/* sort_radix.c - see sort_radix_priv.h. */
#include "query/sort_radix_priv.h"

#define DIGIT_BITS_MAX 11u /* the counters of a digit stay in the first cache */
#define DIGIT_BITS_MIN 6u
#define INSERTION_ROWS 24u

/* One digit's pass: from -> to, by `bits` bits of the key above `shift`. */
static void radix_pass(const struct sort_entry *from, struct sort_entry *to, uint64_t count,
                       uint32_t shift, uint32_t bits)
{
    uint32_t places[1u << DIGIT_BITS_MAX];
    uint32_t size = 1u << bits;
    uint32_t sum = 0;

    memset(places, 0, size * sizeof(*places));
    for (uint64_t i = 0; i < count; i++)
        places[from[i].key >> shift & (size - 1)]++;
    for (uint32_t d = 0; d < size; d++) {
        uint32_t here = places[d];
        places[d] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < count; i++)
        to[places[from[i].key >> shift & (size - 1)]++] = from[i];
}

/* The same for words that hold key and row. */
static void radix_pass_words(const uint64_t *from, uint64_t *to, uint64_t count, uint32_t shift,
                             uint32_t bits)
{
    uint32_t places[1u << DIGIT_BITS_MAX];
    uint32_t size = 1u << bits;
    uint32_t sum = 0;

    memset(places, 0, size * sizeof(*places));
    for (uint64_t i = 0; i < count; i++)
        places[from[i] >> shift & (size - 1)]++;
    for (uint32_t d = 0; d < size; d++) {
        uint32_t here = places[d];
        places[d] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < count; i++)
        to[places[from[i] >> shift & (size - 1)]++] = from[i];
}

static void insertion_sort(struct sort_entry *list, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        struct sort_entry e = list[i];
        uint64_t at = i;
        for (; at > 0 && list[at - 1].key > e.key; at--)
            list[at] = list[at - 1];
        list[at] = e;
    }
}

/* More counters than rows cost more than another pass. */
static uint32_t pass_count(uint64_t count, uint32_t bits)
{
    uint32_t most = 63 - (uint32_t)__builtin_clzll(count | 1);

    most = most < DIGIT_BITS_MIN ? DIGIT_BITS_MIN : most;
    most = most > DIGIT_BITS_MAX ? DIGIT_BITS_MAX : most;
    return (bits + most - 1) / most;
}

enum status sort_entries(const struct run *run, struct sort_entry **list,
                         struct sort_entry **spare, uint64_t count, uint32_t bits,
                         struct error *err)
{
    if (count <= INSERTION_ROWS) {
        insertion_sort(*list, count);
        return STATUS_OK;
    }
    uint32_t passes = pass_count(count, bits);
    for (uint32_t p = 0; p < passes; p++) {
        uint32_t shift = bits * p / passes;
        enum status status = run_check(run, err);
        if (status != STATUS_OK)
            return status;
        radix_pass(*list, *spare, count, shift, bits * (p + 1) / passes - shift);
        struct sort_entry *swap = *list;
        *list = *spare;
        *spare = swap;
    }
    return STATUS_OK;
}

static void insert_words(uint64_t *list, uint64_t count, uint32_t shift)
{
    for (uint64_t i = 1; i < count; i++) {
        uint64_t word = list[i];
        uint64_t at = i;
        for (; at > 0 && list[at - 1] >> shift > word >> shift; at--)
            list[at] = list[at - 1];
        list[at] = word;
    }
}

enum status sort_words(const struct run *run, uint64_t **list, uint64_t **spare, uint64_t count,
                       uint32_t shift, uint32_t bits, struct error *err)
{
    if (count <= INSERTION_ROWS) {
        insert_words(*list, count, shift);
        return STATUS_OK;
    }
    uint32_t passes = pass_count(count, bits);
    for (uint32_t p = 0; p < passes; p++) {
        uint32_t from = bits * p / passes;
        enum status status = run_check(run, err);
        if (status != STATUS_OK)
            return status;
        radix_pass_words(*list, *spare, count, shift + from, bits * (p + 1) / passes - from);
        uint64_t *swap = *list;
        *list = *spare;
        *spare = swap;
    }
    return STATUS_OK;
}
