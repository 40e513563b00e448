/* SPDX-License-Identifier: Apache-2.0 */
#include "query/sort_unit_priv.h"

struct unit unit_of(uint64_t value)
{
    struct unit u = {.value = value, .shift = (uint32_t)__builtin_ctzll(value)};
    uint64_t odd = value >> u.shift;

    u.inverse = odd; /* right in three bits; each step doubles these */
    for (uint32_t bits = 3; bits < 64; bits *= 2)
        u.inverse *= 2 - odd * u.inverse;
    u.most = UINT64_MAX / odd;
    return u;
}

uint64_t unit_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
