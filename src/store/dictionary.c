/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: at most half of the slots are taken, so a probe ends soon. */
#include "store/dictionary_priv.h"

#include "base/hash.h"

#include <stdlib.h>

#define SLOTS_FIRST 16u
#define SLOTS_FEW 1024u /* up to here a table grows by more at once */
#define TEXTS_FIRST 8u
#define TEXTS_TELLING 32u /* from here on it shows whether texts come again */
#define COUNT_MAX (UINT32_C(1) << 30)

void dictionary_release(struct dictionary *dictionary)
{
    free(dictionary->texts);
    free(dictionary->kinds);
    free(dictionary->slots);
    *dictionary = (struct dictionary){0};
}

/* A column of texts that hardly come again has room for all of them at once: most of the
 * work of a batch's dictionaries would be growing. */
static bool wants_all(const struct dictionary *d)
{
    return d->count >= TEXTS_TELLING && d->count < d->most &&
           d->count * UINT64_C(4) >= d->asked_count * UINT64_C(3);
}

static bool grow_texts(struct dictionary *d)
{
    uint32_t capacity = d->capacity == 0 ? TEXTS_FIRST : d->capacity * 2;

    if (wants_all(d) && d->most > capacity)
        capacity = d->most;
    struct slice *texts = realloc(d->texts, capacity * sizeof(*texts));
    if (texts == NULL)
        return false;
    d->texts = texts;
    uint8_t *kinds = realloc(d->kinds, capacity);
    if (kinds == NULL)
        return false;
    d->kinds = kinds;
    d->capacity = capacity;
    return true;
}

static uint32_t more_slots(const struct dictionary *d)
{
    uint32_t factor = d->slot_mask < SLOTS_FEW ? 4 : 2;
    uint32_t count = d->slots == NULL ? SLOTS_FIRST : (d->slot_mask + 1) * factor;

    while (wants_all(d) && count / 2 <= d->most && d->most < COUNT_MAX)
        count *= 2;
    return count;
}

static bool grow_slots(struct dictionary *d)
{
    uint32_t count = more_slots(d);
    struct dictionary_slot *slots = calloc(count, sizeof(*slots));
    if (slots == NULL)
        return false;
    uint32_t mask = count - 1;
    for (uint32_t i = 0; d->slots != NULL && i <= d->slot_mask; i++) {
        struct dictionary_slot slot = d->slots[i];
        if (slot.code_plus_1 == 0)
            continue;
        uint32_t at = slot.hash & mask;
        while (slots[at].code_plus_1 != 0)
            at = (at + 1) & mask;
        slots[at] = slot;
    }
    free(d->slots);
    d->slots = slots;
    d->slot_mask = mask;
    return true;
}

static uint32_t append(struct dictionary *d, struct slice text, enum json_kind kind)
{
    if (d->count == COUNT_MAX || (d->count == d->capacity && !grow_texts(d)))
        return DICTIONARY_NO_CODE;
    d->texts[d->count] = text;
    d->kinds[d->count] = (uint8_t)kind;
    d->text_bytes += text.size;
    d->has_strings |= kind == JSON_STRING;
    return d->count++;
}

uint32_t dictionary_put(struct dictionary *d, struct slice text, enum json_kind kind)
{
    if ((d->slots == NULL || d->count * 2 > d->slot_mask) && !grow_slots(d))
        return DICTIONARY_NO_CODE;
    d->asked_count++;
    if (d->seed == 0)
        d->seed = hash_seed() | 1;
    uint64_t wide = hash_short(text, d->seed + 2 * (uint64_t)kind);
    uint32_t hash = (uint32_t)(wide >> 32);
    uint32_t at = hash & d->slot_mask;
    for (; d->slots[at].code_plus_1 != 0; at = (at + 1) & d->slot_mask) {
        uint32_t code = d->slots[at].code_plus_1 - 1;
        if (d->slots[at].hash == hash && d->kinds[code] == (uint8_t)kind &&
            d->texts[code].size == text.size &&
            bytes_equal(d->texts[code].data, text.data, text.size))
            return code;
    }
    uint32_t code = append(d, text, kind);
    if (code != DICTIONARY_NO_CODE)
        d->slots[at] = (struct dictionary_slot){hash, code + 1};
    return code;
}

enum status dictionary_finish(const struct dictionary *d, struct arena *arena,
                              struct path_column *column, struct error *err)
{
    struct slice *texts = arena_alloc_raw(arena, (d->count + (size_t)1) * sizeof(*texts), err);
    if (texts == NULL)
        return err->status;
    uint8_t *kinds = arena_alloc_raw(arena, d->count + (size_t)1, err);
    if (kinds == NULL)
        return err->status;
    char *all = arena_alloc_raw(arena, d->text_bytes + 1, err), *bytes = all;
    if (all == NULL)
        return err->status;
    for (uint32_t i = 0; i < d->count; i++) {
        size_t size = d->texts[i].size;
        if (size > 0)
            memcpy(bytes, d->texts[i].data, size);
        texts[i] = slice_from(bytes, size);
        kinds[i] = d->kinds[i];
        bytes += size;
    }
    texts[d->count] = (struct slice){"", 0};
    column->dict = texts;
    column->dict_kinds = kinds;
    column->dict_count = d->count;
    column->has_escapes = d->has_strings && memchr(all, '\\', d->text_bytes) != NULL;
    return STATUS_OK;
}
