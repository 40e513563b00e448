/* SPDX-License-Identifier: Apache-2.0 */
/* zone.c - a TZif file (RFC 8536): a header, the table with times of 32 bits for old
 * readers, a second header, the table with times of 64 bits, and the rule as text. */
#include "query/zone_priv.h"

#include <stdlib.h>

#define TYPES_MAX 256
#define OFFSET_MIN (-89999)             /* -24:59:59 */
#define OFFSET_MAX 93599                /* 25:59:59 */
#define AT_MAX (INT64_C(1) << 59)       /* tables begin at the Big Bang, -2^59, at most */

struct zone {
    struct zone_rule rule;
    bool has_rule;
    int32_t first; /* offset before all changes */
    uint32_t change_count;
    struct zone_change changes[];
};

struct counts {
    uint32_t utc, standard, leaps, times, types, letters;
};

static uint32_t big_u32(struct reader *r)
{
    return __builtin_bswap32(reader_u32(r));
}

static bool read_header(struct reader *r, struct counts *ret)
{
    struct slice magic = reader_bytes(r, 4);
    uint8_t version = reader_u8(r);

    (void)reader_bytes(r, 15);
    ret->utc = big_u32(r);
    ret->standard = big_u32(r);
    ret->leaps = big_u32(r);
    ret->times = big_u32(r);
    ret->types = big_u32(r);
    ret->letters = big_u32(r);
    return !r->failed && slice_is(magic, "TZif") && version >= '2';
}

static bool skip(struct reader *r, uint64_t size)
{
    if (r->failed || size > reader_left(r))
        return false;
    (void)reader_bytes(r, (size_t)size);
    return true;
}

static bool skip_table(struct reader *r, const struct counts *c)
{
    return skip(r, (uint64_t)c->times * 5 + (uint64_t)c->types * 6 + c->letters +
                       (uint64_t)c->leaps * 8 + c->standard + c->utc);
}

static bool read_types(struct reader *r, uint32_t count, int32_t *offsets)
{
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (int32_t)big_u32(r);
        (void)reader_bytes(r, 2); /* is it summer time; where its name is */
        if (offsets[i] < OFFSET_MIN || offsets[i] > OFFSET_MAX)
            return false;
    }
    return !r->failed;
}

/* The changes' times, their types, the types' offsets. */
static bool read_table(struct reader *r, struct zone *zone, uint32_t type_count)
{
    int32_t offsets[TYPES_MAX] = {0};
    struct reader types;

    for (uint32_t i = 0; i < zone->change_count; i++) {
        int64_t at = (int64_t)__builtin_bswap64(reader_u64(r));
        if (at < -AT_MAX || at > AT_MAX || (i > 0 && at <= zone->changes[i - 1].at))
            return false;
        zone->changes[i].at = at;
    }
    struct slice indexes = reader_bytes(r, zone->change_count);
    if (r->failed || !read_types(r, type_count, offsets))
        return false;
    types = reader_from(indexes.data, indexes.size);
    zone->first = offsets[0];
    for (uint32_t i = 0; i < zone->change_count; i++) {
        uint8_t type = reader_u8(&types);
        if (type >= type_count)
            return false;
        zone->changes[i].before = i > 0 ? zone->changes[i - 1].after : zone->first;
        zone->changes[i].after = offsets[type];
    }
    return true;
}

/* A line feed, the rule or nothing, a line feed. */
static bool read_rule(struct reader *r, struct zone *zone)
{
    struct slice rest = reader_bytes(r, reader_left(r));
    size_t end = slice_find_byte(rest, '\n', 1);

    if (rest.size < 2 || rest.data[0] != '\n' || end == SIZE_MAX)
        return false;
    struct slice text = slice_from(rest.data + 1, end - 1);
    zone->has_rule = text.size > 0;
    return text.size == 0 || zone_rule_parse(text, &zone->rule);
}

enum status zone_parse(struct slice file, struct zone **ret, struct error *err)
{
    struct reader r = reader_from(file.data, file.size);
    struct counts c;

    *ret = NULL;
    if (!read_header(&r, &c) || !skip_table(&r, &c) || !read_header(&r, &c))
        return ERROR_SET(err, STATUS_CORRUPT, "not a time zone table of version 2 or later");
    if (c.leaps > 0)
        return ERROR_SET(err, STATUS_CORRUPT, "the time zone table counts leap seconds");
    if (c.types == 0 || c.types > TYPES_MAX || c.times > reader_left(&r) / 9)
        return ERROR_SET(err, STATUS_CORRUPT, "the time zone table is longer than its file");
    struct zone *zone = calloc(1, sizeof(*zone) + c.times * sizeof(zone->changes[0]));
    if (zone == NULL)
        return ERROR_MEMORY(err);
    zone->change_count = c.times;
    if (!read_table(&r, zone, c.types) ||
        !skip(&r, (uint64_t)c.letters + c.standard + c.utc) || !read_rule(&r, zone)) {
        zone_free(zone);
        return ERROR_SET(err, STATUS_CORRUPT, "the time zone table is damaged");
    }
    *ret = zone;
    return STATUS_OK;
}

void zone_free(struct zone *zone)
{
    free(zone);
}

int32_t zone_offset(const struct zone *zone, int64_t seconds, enum zone_clock clock)
{
    uint32_t low = 0;
    uint32_t high = zone->change_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone_change_key(&zone->changes[middle], clock) <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->change_count && zone->has_rule)
        return zone_rule_offset(&zone->rule, seconds, clock);
    return low == 0 ? zone->first : zone->changes[low - 1].after;
}
