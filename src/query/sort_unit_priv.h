/* SPDX-License-Identifier: Apache-2.0 */
/* sort_unit_priv.h - what many numbers are multiples of, and how many times each is.
 *
 * A number is divided without a remainder by a multiplication with the inverse of the odd part
 * modulo 2^64; what is no multiple comes out too great (Warren, Hacker's Delight, 10-16).
 */
#ifndef QUERY_SORT_UNIT_PRIV_H
#define QUERY_SORT_UNIT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

struct unit {
    uint64_t value;   /* odd << shift */
    uint32_t shift;
    uint64_t inverse; /* of the odd part */
    uint64_t most;    /* times it fits 64 bits */
};

struct unit unit_of(uint64_t value); /* not 0 */
/* The greatest common divisor; one of them may be 0. */
uint64_t unit_divisor(uint64_t a, uint64_t b);

/* False: the number is no multiple of the unit, and *ret says nothing. */
static inline bool unit_divide(const struct unit *unit, uint64_t number, uint64_t *ret)
{
    *ret = (number >> unit->shift) * unit->inverse;
    return (number & ((UINT64_C(1) << unit->shift) - 1)) == 0 && *ret <= unit->most;
}

#endif
