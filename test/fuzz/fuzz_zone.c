/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_zone.c - any bytes as the table of a time zone, and offsets of what is one; any text
 * as its rule. */
#include "base/time.h"
#include "query/zone_priv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An offset is less than 26 hours: a longer one is not one of the table. */
static void check(int32_t offset)
{
    if (offset < -93600 || offset > 93600)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t first = -TICKS_UNIX_EPOCH / TICKS_PER_SECOND;
    const int64_t last = (TICKS_MAX - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND;
    struct slice text = slice_from((const char *)data, size);
    struct zone_rule rule;
    struct zone *zone;
    struct error err;

    bool is_rule = zone_rule_parse(text, &rule);
    enum status status = zone_parse(text, &zone, &err);
    for (int64_t at = first; at <= last; at += (last - first) / 37) {
        if (is_rule) {
            check(zone_rule_offset(&rule, at, ZONE_UTC));
            check(zone_rule_offset(&rule, at, ZONE_LOCAL));
        }
        if (status == STATUS_OK) {
            check(zone_offset(zone, at, ZONE_UTC));
            check(zone_offset(zone, at, ZONE_LOCAL));
        }
    }
    if (status == STATUS_OK)
        zone_free(zone);
    return 0;
}
