/* SPDX-License-Identifier: Apache-2.0 */
/* text_index.c - which columns of a part have a text: one table of the hashes of all
 * texts of columns that have many. */
#include "base/hash.h"
#include "store/column_priv.h"

#include <stdlib.h>

#define TEXT_BYTES_MIN 8u  /* on average: shorter ones are cheap */
#define SAMPLE_TEXTS 256u
#define MATCHES_MIN 64u    /* of them: below, reading two columns for one is not worth it */

struct place {
    uint32_t hash;
    uint32_t path; /* 0: free */
    uint32_t code;
};

struct text_index {
    const struct part *part;
    struct place *places; /* mask + 1 */
    uint64_t mask;
    uint32_t *matches; /* by path; for text_index_donor() */
};

static bool may_lend(const struct path_column *column)
{
    uint8_t form;
    int64_t ticks;
    uint64_t bytes = 0;

    if (column->is_array || column->is_object || column->dict_count < BORROW_TEXTS_MIN ||
        time_form_of(column->dict[0], &form, &ticks))
        return false;
    for (uint32_t i = 0; i < column->dict_count; i++)
        bytes += column->dict[i].size;
    return bytes >= (uint64_t)column->dict_count * TEXT_BYTES_MIN;
}

static void add_texts(struct text_index *index, uint32_t path)
{
    const struct path_column *column = &index->part->paths[path];

    for (uint32_t i = 0; i < column->dict_count; i++) {
        uint64_t hash = hash_slice(column->dict[i]), at = hash & index->mask;
        while (index->places[at].path != 0)
            at = (at + 1) & index->mask;
        index->places[at] = (struct place){(uint32_t)(hash >> 32), path, i};
    }
}

enum status text_index_new(const struct part *part, struct text_index **ret, struct error *err)
{
    struct text_index *index = calloc(1, sizeof(*index));
    uint64_t total = 0, room = 16;

    if (index == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t p = 1; p < part->path_count; p++)
        total += may_lend(&part->paths[p]) ? part->paths[p].dict_count : 0;
    while (room < total * 2)
        room *= 2;
    index->part = part;
    index->mask = room - 1;
    index->places = calloc(room, sizeof(*index->places));
    index->matches = calloc((size_t)part->path_count + 1, sizeof(*index->matches));
    if (index->places == NULL || index->matches == NULL) {
        text_index_free(index);
        return ERROR_MEMORY(err);
    }
    for (uint32_t p = 1; p < part->path_count; p++)
        if (may_lend(&part->paths[p]))
            add_texts(index, p);
    *ret = index;
    return STATUS_OK;
}

void text_index_free(struct text_index *index)
{
    if (index == NULL)
        return;
    free(index->places);
    free(index->matches);
    free(index);
}

static bool is_at(const struct text_index *index, const struct place *place, uint64_t hash,
                  struct slice text)
{
    return place->hash == (uint32_t)(hash >> 32) &&
           slice_equal(index->part->paths[place->path].dict[place->code], text);
}

static void count_matches(const struct text_index *index, struct slice text)
{
    uint64_t hash = hash_slice(text);

    for (uint64_t at = hash & index->mask; index->places[at].path != 0;
         at = (at + 1) & index->mask)
        if (is_at(index, &index->places[at], hash, text))
            index->matches[index->places[at].path]++;
}

uint32_t text_index_donor(const struct text_index *index, uint32_t path,
                          bool (*may_lend_to)(void *context, uint32_t donor), void *context)
{
    const struct path_column *column = &index->part->paths[path];
    uint32_t path_count = index->part->path_count, best = 0, sample = SAMPLE_TEXTS;

    if (!may_lend(column))
        return 0;
    memset(index->matches, 0, path_count * sizeof(*index->matches));
    sample = sample < column->dict_count ? sample : column->dict_count;
    for (uint32_t i = 0; i < sample; i++)
        count_matches(index, column->dict[(uint64_t)i * column->dict_count / sample]);
    index->matches[path] = 0;
    for (uint32_t p = 1; p < path_count; p++) {
        uint32_t matches = index->matches[p];
        if (matches >= MATCHES_MIN && matches > index->matches[best] && may_lend_to(context, p))
            best = p;
    }
    return best;
}

uint32_t text_index_code(const struct text_index *index, uint32_t path, struct slice text)
{
    uint64_t hash = hash_slice(text);

    for (uint64_t at = hash & index->mask; index->places[at].path != 0;
         at = (at + 1) & index->mask)
        if (index->places[at].path == path && is_at(index, &index->places[at], hash, text))
            return index->places[at].code;
    return BORROW_NONE;
}
