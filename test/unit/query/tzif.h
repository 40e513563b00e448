/* SPDX-License-Identifier: Apache-2.0 */
/* tzif.h - makes files of time zones, right ones and others. */
#ifndef TEST_QUERY_TZIF_H
#define TEST_QUERY_TZIF_H

#include "base/buf.h"

#include <string.h>

struct tzif {
    char version;
    uint32_t leaps, times, types;
    int64_t at[4];
    uint8_t type[4];
    int32_t offsets[4];
    const char *footer;
};

/* +1:00, from second 1000 of 1970 +2:00, and back at second 20000. */
#define TZIF_PLAIN                                                                                 \
    (struct tzif)                                                                                  \
    {                                                                                              \
        .version = '2', .times = 2, .types = 2, .at = {1000, 20000}, .type = {1, 0},               \
        .offsets = {3600, 7200}, .footer = "\n\n"                                                  \
    }

static inline void tzif_put(struct buf *buf, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        buf_put_u8(buf, (uint8_t)(bytes < 8 ? value >> (8 * bytes) : 0));
}

static inline void tzif_header(struct buf *buf, const struct tzif *t, bool empty)
{
    buf_add_text(buf, "TZif");
    buf_add_byte(buf, t->version);
    tzif_put(buf, 0, 15);
    tzif_put(buf, 0, 8);
    tzif_put(buf, empty ? 0 : t->leaps, 4);
    tzif_put(buf, empty ? 0 : t->times, 4);
    tzif_put(buf, empty ? 1 : t->types, 4);
    tzif_put(buf, 1, 4);
}

/* The first table is the least that there can be. */
static inline void tzif_make(struct buf *buf, const struct tzif *t)
{
    tzif_header(buf, t, true);
    tzif_put(buf, 0, 7);
    tzif_header(buf, t, false);
    for (uint32_t i = 0; i < t->times && i < 4; i++)
        tzif_put(buf, (uint64_t)t->at[i], 8);
    for (uint32_t i = 0; i < t->times && i < 4; i++)
        tzif_put(buf, t->type[i], 1);
    for (uint32_t i = 0; i < t->types && i < 4; i++) {
        tzif_put(buf, (uint32_t)t->offsets[i], 4);
        tzif_put(buf, 0, 2);
    }
    tzif_put(buf, 0, 1);
    buf_add_text(buf, t->footer);
}

#endif
