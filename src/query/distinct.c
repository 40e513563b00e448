/* SPDX-License-Identifier: Apache-2.0 */
#include "query/distinct_priv.h"

#include "base/hash.h"
#include "base/text.h"
#include "table/dynamic.h"

#include <math.h>

uint64_t distinct_hash(const struct value *value)
{
    uint64_t hash;

    if (type_is_bytes(value->type))
        return hash_xxh64(value->bytes.data, value->bytes.size, 0);
    if (value->type == TYPE_GUID)
        return hash_xxh64(value->guid.bytes, sizeof(value->guid), 0);
    if (value->type == TYPE_REAL) {
        double real = type_real_key(value->real);
        return hash_xxh64(&real, sizeof(real), 0);
    }
    hash = value->type == TYPE_BOOL ? value->boolean : (uint64_t)value->integer;
    return hash_xxh64(&hash, sizeof(hash), 0);
}

static uint64_t *slot_of(const struct distinct *set, uint64_t hash)
{
    uint32_t mask = set->slot_count - 1;
    uint32_t at = (uint32_t)(hash >> 8) & mask;

    while (set->slots[at] != 0 && set->slots[at] != hash)
        at = (at + 1) & mask;
    return &set->slots[at];
}

static void register_add(uint8_t *registers, uint64_t hash)
{
    uint32_t index = (uint32_t)(hash >> (64 - DISTINCT_BITS));
    uint64_t rest = (hash << DISTINCT_BITS) | (1u << (DISTINCT_BITS - 1));
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);

    if (rank > registers[index])
        registers[index] = rank;
}

enum status distinct_to_registers(struct arena *arena, struct distinct *set, struct error *err)
{
    if (set->registers != NULL)
        return STATUS_OK;
    set->registers = ARENA_ARRAY(arena, uint8_t, DISTINCT_REGISTERS, err);
    if (set->registers == NULL)
        return err->status;
    for (uint32_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i] != 0)
            register_add(set->registers, set->slots[i]);
    }
    set->slots = NULL;
    set->slot_count = 0;
    return STATUS_OK;
}

static enum status grow(struct arena *arena, struct distinct *set, struct error *err)
{
    struct distinct bigger = {.slot_count = set->slot_count == 0 ? 16 : set->slot_count * 2,
                              .count = set->count};

    bigger.slots = ARENA_ARRAY(arena, uint64_t, bigger.slot_count, err);
    if (bigger.slots == NULL)
        return err->status;
    for (uint32_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i] != 0)
            *slot_of(&bigger, set->slots[i]) = set->slots[i];
    }
    *set = bigger;
    return STATUS_OK;
}

enum status distinct_add(struct arena *arena, struct distinct *set, uint64_t hash, bool exact,
                         struct error *err)
{
    enum status status = STATUS_OK;

    if (set->registers != NULL) {
        register_add(set->registers, hash);
        return STATUS_OK;
    }
    hash += hash == 0;
    if ((uint64_t)set->count * 4 >= (uint64_t)set->slot_count * 3)
        status = grow(arena, set, err);
    if (status != STATUS_OK)
        return status;
    uint64_t *slot = slot_of(set, hash);
    if (*slot == hash)
        return STATUS_OK;
    *slot = hash;
    set->count++;
    return set->count > DISTINCT_EXACT_MAX && !exact ? distinct_to_registers(arena, set, err)
                                                      : STATUS_OK;
}

enum status distinct_merge(struct arena *arena, struct distinct *into,
                           const struct distinct *from, bool exact, struct error *err)
{
    enum status status = STATUS_OK;

    if (from->registers != NULL)
        status = distinct_to_registers(arena, into, err);
    for (uint32_t i = 0; status == STATUS_OK && i < from->slot_count; i++) {
        if (from->slots[i] != 0)
            status = distinct_add(arena, into, from->slots[i], exact, err);
    }
    if (status == STATUS_OK && from->registers != NULL)
        distinct_union(into->registers, from->registers, into->registers);
    return status;
}

void distinct_union(const uint8_t *a, const uint8_t *b, uint8_t *ret)
{
    for (uint32_t i = 0; i < DISTINCT_REGISTERS; i++)
        ret[i] = a[i] > b[i] ? a[i] : b[i];
}

bool distinct_has(const struct distinct *set, uint64_t hash)
{
    return set->slot_count > 0 && *slot_of(set, hash) == hash;
}

/* The sums of Ertl's estimator for registers that nothing came to, and for those that are full:
 * what is expected of them where registers had no bounds. */
static double empty_part(double share)
{
    double sum = share, before = -1;

    for (double power = 1; sum != before; power *= 2) {
        share *= share;
        before = sum;
        sum += share * power;
    }
    return sum;
}

static double full_part(double share)
{
    double sum = 1 - share, before = -1;

    for (double power = 0.5; share > 0 && sum != before; power /= 2) {
        share = sqrt(share);
        before = sum;
        sum -= (1 - share) * (1 - share) * power;
    }
    return share > 0 ? sum / 3 : 0;
}

int64_t distinct_count(const struct distinct *set)
{
    const double m = DISTINCT_REGISTERS;
    uint32_t ranks[DISTINCT_RANK_MAX + 1] = {0};

    if (set->registers == NULL)
        return set->count;
    for (uint32_t i = 0; i < DISTINCT_REGISTERS; i++) {
        uint8_t rank = set->registers[i];
        ranks[rank < DISTINCT_RANK_MAX ? rank : DISTINCT_RANK_MAX]++;
    }
    if (ranks[0] == DISTINCT_REGISTERS)
        return 0;
    double sum = m * full_part(1 - ranks[DISTINCT_RANK_MAX] / m);
    for (uint32_t rank = DISTINCT_RANK_MAX - 1; rank > 0; rank--)
        sum = (sum + ranks[rank]) / 2;
    sum += m * empty_part(ranks[0] / m);
    double most = (double)DISTINCT_COUNT_MAX; /* sum is 0 where all are full */
    double estimate = m * m / (2 * M_LN2) < sum * most ? m * m / (2 * M_LN2 * sum) : most;
    return llround(estimate);
}

void distinct_add_json(const struct distinct *set, struct buf *buf)
{
    struct buf hashes;

    buf_init(&hashes, DISTINCT_REGISTERS + DISTINCT_EXACT_MAX * sizeof(uint64_t) + 1);
    buf_put_u8(&hashes, set->registers != NULL);
    for (uint32_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i] != 0)
            buf_put_u64(&hashes, set->slots[i]);
    }
    if (set->registers != NULL)
        buf_add(&hashes, set->registers, DISTINCT_REGISTERS);
    buf_add_text(buf, "[\"hll\",\"");
    text_add_base64(buf, hashes.data, hashes.size);
    buf_add_text(buf, "\"]");
    buf->failed = buf->failed || hashes.failed;
    buf_release(&hashes);
}

bool distinct_from_json(struct arena *arena, struct slice json, struct distinct *ret,
                        struct error *err)
{
    struct slice text = slice_trim(dynamic_element(json, 1));
    struct buf bytes;
    bool good = false;

    *ret = (struct distinct){0};
    if (!slice_is(dynamic_element(json, 0), "\"hll\"") || text.size < 2)
        return false;
    buf_init(&bytes, DISTINCT_REGISTERS + DISTINCT_EXACT_MAX * sizeof(uint64_t) + 1);
    if (!text_parse_base64(slice_from(text.data + 1, text.size - 2), &bytes) ||
        buf_check(&bytes, err) != STATUS_OK)
        goto out;
    struct reader reader = reader_from(bytes.data, bytes.size);
    if (reader_u8(&reader) == 0) {
        good = reader_left(&reader) % sizeof(uint64_t) == 0;
        while (good && reader_left(&reader) > 0)
            good = distinct_add(arena, ret, reader_u64(&reader), false, err) == STATUS_OK;
    } else if (reader_left(&reader) == DISTINCT_REGISTERS &&
               distinct_to_registers(arena, ret, err) == STATUS_OK) {
        memcpy(ret->registers, bytes.data + 1, DISTINCT_REGISTERS);
        for (uint32_t i = 0; i < DISTINCT_REGISTERS; i++) {
            if (ret->registers[i] > DISTINCT_RANK_MAX)
                ret->registers[i] = DISTINCT_RANK_MAX;
        }
        good = true;
    }
out:
    buf_release(&bytes);
    return good;
}
