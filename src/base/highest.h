/* SPDX-License-Identifier: Apache-2.0 */
/* highest.h - the n highest of the numbers that come by, and the least of these: what a
 * further number must reach to be among them. */
#ifndef BASE_HIGHEST_H
#define BASE_HIGHEST_H

#include <stdbool.h>
#include <stdint.h>

struct highest {
    int64_t *items; /* a heap, the least first */
    uint32_t count, capacity;
};

/* room: for `capacity` numbers, at least one; the caller's. */
void highest_init(struct highest *highest, int64_t *room, uint32_t capacity);
void highest_add(struct highest *highest, int64_t number);
/* INT64_MIN as long as there are fewer than `capacity`. */
int64_t highest_bound(const struct highest *highest);

#endif
