/* SPDX-License-Identifier: Apache-2.0 */
#include "base/highest.h"

#include "base/check.h"

void highest_init(struct highest *highest, int64_t *room, uint32_t capacity)
{
    CHECK(capacity > 0);
    *highest = (struct highest){room, 0, capacity};
}

static void rise(struct highest *highest, uint32_t at, int64_t number)
{
    while (at > 0 && highest->items[(at - 1) / 2] > number) {
        highest->items[at] = highest->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    highest->items[at] = number;
}

/* From the top down to its place. */
static void sink(struct highest *highest, int64_t number)
{
    uint32_t at = 0;

    for (uint32_t child = 1; child < highest->count; child = 2 * at + 1) {
        if (child + 1 < highest->count && highest->items[child + 1] < highest->items[child])
            child++;
        if (highest->items[child] >= number)
            break;
        highest->items[at] = highest->items[child];
        at = child;
    }
    highest->items[at] = number;
}

void highest_add(struct highest *highest, int64_t number)
{
    if (highest->count < highest->capacity) {
        highest->count++;
        rise(highest, highest->count - 1, number);
    } else if (number > highest->items[0]) {
        sink(highest, number);
    }
}

int64_t highest_bound(const struct highest *highest)
{
    return highest->count < highest->capacity ? INT64_MIN : highest->items[0];
}
