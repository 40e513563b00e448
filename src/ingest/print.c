/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - see print_priv.h.
 *
 * Invariants:
 * 1. capacity is 0 or a power of two, and at most 3/4 of it is used, so that every
 *    walk meets a free slot.
 * 2. The place where a walk begins rises with the id, so the slots are nearly sorted. */
#include "ingest/print_priv.h"

#include "base/limits.h"

#include <stdlib.h>

#define CAPACITY_MIN 8u /* a small tenant has a few until they are saved */
#define PRINT_OF_CONTENT 1u /* the number of vhash() */
#define PRINT_OF_TABLE 2u
#define LATE_FACTOR UINT64_C(0x9E3779B97F4A7C15)
#define ID_PREFIX_BYTES 3 /* "id" and its NUL */
#define ID_SHORT_BYTES 55

/* The first 8 bytes of HMAC("id" 0 table 0 Id). */
static uint64_t id_of(const struct hmac256 *idem, struct slice table, struct slice id)
{
    size_t size = ID_PREFIX_BYTES + table.size + 1 + id.size;
    uint8_t digest[SHA256_BYTES];
    uint64_t ret;

    if (size <= ID_SHORT_BYTES) {
        char text[ID_SHORT_BYTES] = "id";
        char *at = text + ID_PREFIX_BYTES;
        if (table.size > 0)
            memcpy(at, table.data, table.size);
        at += table.size;
        *at++ = '\0';
        if (id.size > 0)
            memcpy(at, id.data, id.size);
        hmac256_short(idem, text, size, digest);
    } else {
        struct hmac256 mac = *idem;
        hmac256_add(&mac, "id", ID_PREFIX_BYTES);
        hmac256_add(&mac, table.data, table.size);
        hmac256_add(&mac, "", 1);
        hmac256_add(&mac, id.data, id.size);
        hmac256_end(&mac, digest);
    }
    memcpy(&ret, digest, sizeof(ret));
    return ret != 0 ? ret : 1;
}

void print_make(const struct print_keys *keys, struct slice table, struct slice id,
                struct slice raw, struct print *ret)
{
    uint64_t content = vhash(&keys->hash, PRINT_OF_CONTENT, raw.data, raw.size);

    ret->id = id_of(keys->idem, table, id);
    memcpy(ret->content, &content, PRINT_CONTENT_BYTES);
    ret->minute = 0;
}

uint64_t print_of_body(const struct print_keys *keys, struct slice table, struct slice body)
{
    uint64_t number = vhash(&keys->hash, PRINT_OF_TABLE, table.data, table.size);

    return vhash(&keys->hash, number, body.data, body.size);
}

void print_set_content_2(struct gmac *gmac, struct slice raw, struct print *ret)
{
    uint8_t tag[GMAC_BYTES];

    gmac_begin(gmac, GMAC_CONTENT);
    gmac_add(gmac, raw.data, raw.size);
    gmac_end(gmac, tag);
    memcpy(ret->content, tag, PRINT_CONTENT_BYTES);
}

void print_set_content_1(const struct hmac256 *idem, struct slice raw, struct print *ret)
{
    struct hmac256 mac = *idem;
    uint8_t digest[SHA256_BYTES];

    hmac256_add(&mac, "raw", 4);
    hmac256_add(&mac, raw.data, raw.size);
    hmac256_end(&mac, digest);
    memcpy(ret->content, digest, PRINT_CONTENT_BYTES);
}

bool print_has_content_of(const struct print *a, const struct print *b)
{
    return memcmp(a->content, b->content, PRINT_CONTENT_BYTES) == 0;
}

void print_set_release(struct print_set *set)
{
    free(set->slots);
    *set = (struct print_set){0};
}

/* Where a walk begins: the highest bits of the id, which is uniform. */
static size_t home_of(const struct print_set *set, uint64_t id)
{
    return (size_t)(id >> (__builtin_clzll(set->capacity) + 1));
}

uint64_t print_late_key(const struct print *print)
{
    uint64_t content;

    memcpy(&content, print->content, sizeof(content));
    uint64_t key = print->id ^ (content * LATE_FACTOR); /* the highest bits say where it lies */
    return key != 0 ? key : 1;
}

/* The slot with this key and the content of the print, or where it may be put: a free place,
 * or where there are as many with the key as there may be, that of a forgotten one.  NULL:
 * nowhere. */
static struct print *walk(const struct print_set *set, uint64_t key, const struct print *print)
{
    size_t mask = set->capacity - 1;
    struct print *forgotten = NULL;
    uint32_t versions = 0;

    for (size_t i = home_of(set, key);; i = (i + 1) & mask) {
        struct print *slot = &set->slots[i];
        if (slot->id == 0)
            return slot;
        if (slot->id != key)
            continue;
        if (print_has_content_of(slot, print))
            return slot;
        if (slot->minute == 0)
            forgotten = slot;
        if (++versions == DEDUPE_VERSIONS_MAX)
            return forgotten;
    }
}

static bool is_at(const struct print *slot, const struct print *print)
{
    return slot != NULL && slot->id != 0 && print_has_content_of(slot, print);
}

enum print_verdict print_set_look(const struct print_set *set, const struct print *print,
                                  uint32_t oldest)
{
    enum print_verdict verdict = PRINT_NEW;
    size_t mask = set->capacity - 1;
    uint32_t versions = 0;

    if (set->count == 0)
        return PRINT_NEW;
    for (size_t i = home_of(set, print->id); versions < DEDUPE_VERSIONS_MAX; i = (i + 1) & mask) {
        const struct print *slot = &set->slots[i];
        if (slot->id == 0)
            break;
        if (slot->id != print->id)
            continue;
        versions++;
        if (slot->minute == 0 || slot->minute < oldest)
            continue;
        if (print_has_content_of(slot, print))
            return PRINT_DUPLICATE;
        verdict = PRINT_CONFLICTING;
    }
    if (versions == 0)
        return PRINT_NEW;
    const struct print *late = walk(set, print_late_key(print), print);
    if (is_at(late, print) && late->minute != 0 && late->minute >= oldest)
        return PRINT_DUPLICATE;
    return verdict;
}

/* There are DEDUPE_VERSIONS_MAX under the id of the print, which gets the late key.  That is asked
 * for only where the id is known, so one of them is remembered for as long. */
static void keep_known(const struct print_set *set, const struct print *print)
{
    size_t mask = set->capacity - 1, i = home_of(set, print->id);

    while (set->slots[i].id != print->id)
        i = (i + 1) & mask;
    if (set->slots[i].minute < print->minute)
        set->slots[i].minute = print->minute;
}

/* Adds to a set that has room. */
static void place(struct print_set *set, const struct print *print)
{
    struct print placed = *print;
    struct print *slot = walk(set, placed.id, print);

    if (slot == NULL) {
        keep_known(set, print);
        placed.id = print_late_key(print);
        slot = walk(set, placed.id, print);
    }
    if (slot == NULL) /* so many equal keys of 64 bits by chance */
        return;
    set->count += slot->id == 0;
    *slot = placed;
}

static enum status resize(struct print_set *set, size_t capacity, struct error *err)
{
    struct print_set bigger = {calloc(capacity, sizeof(struct print)), capacity, 0};

    if (bigger.slots == NULL)
        return ERROR_MEMORY(err);
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i].id != 0 && set->slots[i].minute != 0)
            place(&bigger, &set->slots[i]);
    }
    free(set->slots);
    *set = bigger;
    return STATUS_OK;
}

enum status print_set_reserve(struct print_set *set, size_t count, struct error *err)
{
    size_t capacity = set->capacity == 0 ? CAPACITY_MIN : set->capacity;

    while ((set->count + count) * 4 > capacity * 3)
        capacity *= 2;
    return capacity == set->capacity ? STATUS_OK : resize(set, capacity, err);
}

enum status print_set_add(struct print_set *set, const struct print *print, struct error *err)
{
    enum status status = print_set_reserve(set, 1, err);

    if (status == STATUS_OK)
        place(set, print);
    return status;
}

bool print_set_forget(struct print_set *set, const struct print *print)
{
    if (set->count == 0)
        return false;
    struct print *slot = walk(set, print->id, print);
    if (!is_at(slot, print))
        slot = walk(set, print_late_key(print), print);
    if (!is_at(slot, print))
        return false;
    slot->minute = 0;
    return true;
}

/* Of prints that are nearly sorted. */
static void insertion_sort(struct print *prints, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct print print = prints[i];
        size_t at = i;
        for (; at > 0 && prints[at - 1].id > print.id; at--)
            prints[at] = prints[at - 1];
        prints[at] = print;
    }
}

enum status print_set_sorted(const struct print_set *set, struct print **ret, size_t *ret_count,
                             struct error *err)
{
    struct print *prints = malloc((set->count + 1) * sizeof(*prints));
    size_t count = 0;

    if (prints == NULL)
        return ERROR_MEMORY(err);
    /* those that went on from the end to the front are the last */
    for (int wrapped = 0; wrapped < 2; wrapped++) {
        for (size_t i = 0; i < set->capacity; i++) {
            const struct print *slot = &set->slots[i];
            if (slot->id != 0 && slot->minute != 0 && (home_of(set, slot->id) > i) == wrapped)
                prints[count++] = *slot;
        }
    }
    insertion_sort(prints, count);
    *ret = prints;
    *ret_count = count;
    return STATUS_OK;
}
