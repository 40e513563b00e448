/* SPDX-License-Identifier: Apache-2.0 */
/* rowset_codes.c - the texts of kept rows as numbers; see rowset_priv.h. */
#include "query/key_set_priv.h"
#include "query/rowset_priv.h"

#define TEXTS_FEW 65536u  /* so many different ones are never too many */
#define ROWS_A_TEXT 4u    /* beyond these a text has so many rows, or slices take less */
#define LOOSE_FEW BATCH_ROWS_MAX /* so many rows may come without a dictionary, */
#define LOOSE_SHARE 8u    /* or one in so many */

enum status rowset_code(struct rowset *set, struct error *err)
{
    uint32_t count = 0;

    set->coded = ARENA_ARRAY(set->arena, uint32_t, set->schema.column_count + 1, err);
    set->loose = ARENA_ARRAY(set->arena, uint32_t, set->schema.column_count + 1, err);
    if (set->coded == NULL || set->loose == NULL)
        return err->status;
    for (uint32_t c = 0; c < set->schema.column_count; c++) {
        if ((set->needed == NULL || set->needed[c] != 0) &&
            set->schema.columns[c].type == TYPE_STRING)
            set->coded[c] = ++count;
    }
    if (count == 0)
        return STATUS_OK;
    enum type *types = ARENA_ARRAY(set->arena, enum type, count, err);
    struct key_set *texts = ARENA_NEW(set->arena, struct key_set, err);
    if (types == NULL || texts == NULL)
        return err->status;
    for (uint32_t i = 0; i < count; i++)
        types[i] = TYPE_STRING;
    set->texts = texts;
    return key_set_init(texts, set->arena, types, count, err);
}

static struct vector *column_of(const struct rowset *set, uint32_t chunk, uint32_t column)
{
    return (struct vector *)(uintptr_t)&set->chunks[chunk].columns[column];
}

static const struct group_table *texts_of(const struct rowset *set, uint32_t column)
{
    return &set->texts->columns[set->coded[column] - 1].values;
}

/* Makes slices of the codes that are there. */
static enum status uncode(struct rowset *set, uint32_t column, struct error *err)
{
    const struct group_entry *texts = texts_of(set, column)->entries;

    for (uint32_t c = 0; c < set->chunk_count; c++) {
        struct vector *v = column_of(set, c, column);
        uint32_t rows = set->chunks[c].row_count;
        bool is_last = c + 1 == set->chunk_count;
        size_t capacity = is_last && set->row_capacity > rows ? set->row_capacity : rows;
        struct slice *slices = arena_alloc_raw(set->arena, capacity * sizeof(*slices) + 1, err);
        uint8_t *nulls = arena_alloc(set->arena, capacity + 1, err);
        if (slices == NULL || nulls == NULL)
            return err->status;
        for (uint32_t r = 0; r < rows; r++)
            slices[r] = texts[v->codes[r]].key;
        *v = (struct vector){.type = v->type,
                             .encoding = VECTOR_FLAT,
                             .row_count = v->row_count,
                             .slices = slices,
                             .nulls = nulls,
                             .home = set->home,
                             .is_rooted = true};
    }
    set->coded[column] = 0;
    return STATUS_OK;
}

/* Rows without a dictionary that is of use have each text hashed; sources give some so, now
 * and then.  They are counted. */
static bool are_too_loose(struct rowset *set, uint32_t column, const struct vector *v,
                          uint32_t count)
{
    bool has_dictionary = v->encoding == VECTOR_CONST ||
                          (v->encoding == VECTOR_DICT &&
                           (v->dict_id != 0 || v->dict_size <= v->row_count));

    if (has_dictionary)
        return false;
    set->loose[column] += count;
    return set->loose[column] > LOOSE_FEW &&
           set->loose[column] > (set->row_count + count) / LOOSE_SHARE;
}

/* The picked rows as a vector of their own. */
static enum status pick(struct rowset *set, const struct vector *v, const struct picked *picked,
                        struct vector *ret, struct error *err)
{
    const uint32_t *rows = picked->rows == NULL ? NULL : picked->rows + picked->from;

    *ret = *v;
    ret->row_count = picked->count;
    if (v->encoding == VECTOR_CONST)
        return STATUS_OK;
    if (v->encoding == VECTOR_FLAT && rows == NULL) {
        ret->slices += picked->from;
        return STATUS_OK;
    }
    if (v->encoding == VECTOR_FLAT) {
        ret->encoding = VECTOR_DICT;
        ret->codes = rows;
        ret->dict_size = v->row_count;
        return STATUS_OK;
    }
    if (rows == NULL) {
        ret->codes += picked->from;
        return STATUS_OK;
    }
    if (set->picked == NULL)
        set->picked = ARENA_ARRAY(set->arena, uint32_t, BATCH_ROWS_MAX, err);
    if (set->picked == NULL)
        return err->status;
    for (uint32_t i = 0; i < picked->count; i++)
        set->picked[i] = v->codes[rows[i]];
    ret->codes = set->picked;
    return STATUS_OK;
}

enum status rowset_add_codes(struct rowset *set, uint32_t column, const struct vector *v,
                             const struct picked *picked, struct error *err)
{
    uint32_t last = set->chunk_count - 1;
    uint32_t different = texts_of(set, column)->count;
    uint32_t *codes = (uint32_t *)(uintptr_t)column_of(set, last, column)->codes;
    struct vector some;

    if (are_too_loose(set, column, v, picked->count) ||
        (different > TEXTS_FEW && different > set->row_count / ROWS_A_TEXT))
        return uncode(set, column, err);
    enum status status = pick(set, v, picked, &some, err);
    return status == STATUS_OK ? key_set_number(set->texts, set->coded[column] - 1, &some,
                                                codes + set->chunks[last].row_count, err)
                               : status;
}

enum status rowset_finish(struct rowset *set, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t c = 0; set->texts != NULL && c < set->schema.column_count; c++) {
        struct vector all;
        if (set->coded[c] == 0)
            continue;
        status = key_set_dictionary(set->texts, set->coded[c] - 1, &all, err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t i = 0; i < set->chunk_count; i++) {
            struct vector *v = column_of(set, i, c);
            all.row_count = v->row_count;
            all.codes = v->codes;
            *v = all;
        }
    }
    return status;
}

/* The codes of `from` become those of the same texts in `into`. */
static enum status translate(struct rowset *into, struct rowset *from, uint32_t column,
                             struct error *err)
{
    uint32_t number = into->coded[column] - 1;
    size_t count = texts_of(from, column)->count;
    uint32_t *map = arena_alloc_raw(from->arena, (count + 1) * sizeof(*map), err);
    enum status status =
        map == NULL ? err->status
                    : key_set_merge_column(into->texts, from->texts, number, map, err);

    for (uint32_t c = 0; c < from->chunk_count && status == STATUS_OK; c++) {
        uint32_t *codes = (uint32_t *)(uintptr_t)column_of(from, c, column)->codes;
        for (uint32_t r = 0; r < from->chunks[c].row_count; r++)
            codes[r] = map[codes[r]];
    }
    return status;
}

enum status rowset_adopt_codes(struct rowset *into, struct rowset *from, struct error *err)
{
    enum status status = STATUS_OK;

    if (into->chunk_count == 0 && into->texts == NULL) {
        into->texts = from->texts;
        into->coded = from->coded;
        return STATUS_OK;
    }
    for (uint32_t c = 0; c < into->schema.column_count && status == STATUS_OK; c++) {
        bool here = into->texts != NULL && into->coded[c] != 0;
        bool there = from->texts != NULL && from->coded[c] != 0;
        if (here && there)
            status = translate(into, from, c, err);
        else if (here)
            status = uncode(into, c, err);
        else if (there)
            status = uncode(from, c, err);
    }
    return status;
}
