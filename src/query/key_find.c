/* SPDX-License-Identifier: Apache-2.0 */
/* key_find.c - see key_find_priv.h. */
#include "query/key_find_priv.h"

/* In by_code, beside numbers: nobody asked, it is being asked, it is not in the set. */
#define CODE_UNKNOWN GROUP_NONE
#define CODE_PENDING (GROUP_NONE - 1)
#define CODE_ABSENT (GROUP_NONE - 2)

enum status key_finder_init(struct key_finder *finder, struct arena *arena,
                            const struct key_set *set, const struct run *run,
                            struct error *err)
{
    *finder = (struct key_finder){.set = set, .arena = arena, .run = run};
    finder->columns = ARENA_ARRAY(arena, struct found_codes, set->column_count + 1, err);
    finder->scratch =
        arena_alloc_raw(arena, 3 * BATCH_ROWS_MAX * sizeof(*finder->scratch), err);
    finder->hashes = arena_alloc_raw(arena, BATCH_ROWS_MAX * sizeof(*finder->hashes), err);
    return finder->columns == NULL || finder->scratch == NULL || finder->hashes == NULL
               ? err->status
               : STATUS_OK;
}

/* Slots are asked of memory before the first is looked at, as when they are filled. */
static enum status find_elements(struct key_finder *f, uint32_t column, const struct vector *v,
                                 const uint32_t *elements, uint32_t count, uint32_t *ret,
                                 struct error *err)
{
    const struct group_table *values = &f->set->columns[column].values;
    enum status status = STATUS_OK;
    uint64_t number;

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct slice bytes = key_value_bytes(v, elements[i], &number);
        f->hashes[i] = key_value_hash(bytes);
        group_prefetch(values, f->hashes[i]);
        status = key_spend(f->run, &f->spent_bytes, bytes.size, err);
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct slice bytes = key_value_bytes(v, elements[i], &number);
        ret[i] = group_find(values, bytes, f->hashes[i]);
        status = key_spend(f->run, &f->spent_bytes, bytes.size, err);
    }
    return status;
}

static enum status prepare_codes(struct key_finder *f, struct found_codes *known,
                                 const struct vector *v, struct error *err)
{
    if (known->capacity < v->dict_size) {
        uint32_t capacity = v->dict_size + v->dict_size / 2;
        known->by_code = arena_alloc_raw(f->arena, capacity * sizeof(*known->by_code), err);
        known->capacity = known->by_code == NULL ? 0 : capacity;
        known->dict_id = 0;
        if (known->by_code == NULL)
            return err->status;
    }
    if (v->dict_id == 0 || known->dict_id != v->dict_id || known->dict_size != v->dict_size) {
        for (uint32_t i = 0; i < v->dict_size; i++)
            known->by_code[i] = CODE_UNKNOWN;
        known->dict_id = v->dict_id;
        known->dict_size = v->dict_size;
    }
    return STATUS_OK;
}

static enum status find_dictionary(struct key_finder *f, uint32_t column,
                                   const struct vector *v, uint32_t *ret, struct error *err)
{
    struct found_codes *known = &f->columns[column];
    uint32_t *codes = f->scratch;
    uint32_t *numbers = f->scratch + BATCH_ROWS_MAX;
    uint32_t count = 0;
    enum status status = prepare_codes(f, known, v, err);

    for (uint32_t r = 0; r < v->row_count && status == STATUS_OK; r++) {
        uint32_t code = v->codes[r];
        if (known->by_code[code] != CODE_UNKNOWN)
            continue;
        known->by_code[code] = CODE_PENDING;
        codes[count++] = code;
    }
    if (status == STATUS_OK)
        status = find_elements(f, column, v, codes, count, numbers, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        known->by_code[codes[i]] = numbers[i] == GROUP_NONE ? CODE_ABSENT : numbers[i];
    for (uint32_t r = 0; r < v->row_count; r++) {
        uint32_t number = known->by_code[v->codes[r]];
        ret[r] = number == CODE_ABSENT ? GROUP_NONE : number;
    }
    return STATUS_OK;
}

static enum status find_column(struct key_finder *f, uint32_t column, const struct vector *v,
                               uint32_t *ret, struct error *err)
{
    uint32_t *elements = f->scratch;
    const uint32_t first = 0;

    if (v->encoding == VECTOR_CONST && v->row_count > 0) {
        uint32_t number = GROUP_NONE;
        enum status status = find_elements(f, column, v, &first, 1, &number, err);
        for (uint32_t r = 0; r < v->row_count; r++)
            ret[r] = number;
        return status;
    }
    if (v->encoding == VECTOR_DICT && key_dictionary_pays(v, f->columns[column].dict_id))
        return find_dictionary(f, column, v, ret, err);
    for (uint32_t r = 0; r < v->row_count; r++)
        elements[r] = vector_index(v, r);
    return find_elements(f, column, v, elements, v->row_count, ret, err);
}

/* numbers: those of the left, and then of the pairs. */
static void find_pairs(const struct key_pairs *p, uint32_t *numbers, const uint32_t *right,
                       uint32_t count)
{
    uint64_t last = UINT64_MAX; /* no number is that great */
    uint32_t number = GROUP_NONE;

    for (uint32_t r = 0; r < count && p->slot_count > 0; r++)
        key_pair_prefetch(p, key_pair(numbers[r], right[r]));
    for (uint32_t r = 0; r < count; r++) {
        uint64_t pair = key_pair(numbers[r], right[r]);
        bool may = p->slot_count > 0 && numbers[r] != GROUP_NONE && right[r] != GROUP_NONE;
        if (may && pair != last) {
            uint32_t entry = p->slots[key_pair_slot(p, pair)];
            number = entry == 0 ? GROUP_NONE : entry - 1;
            last = pair;
        }
        numbers[r] = may ? number : GROUP_NONE;
    }
}

enum status key_find(struct key_finder *finder, const struct vector *columns,
                     uint32_t row_count, uint32_t *ret_numbers, struct error *err)
{
    const struct key_set *set = finder->set;
    uint32_t *right = finder->scratch + 2 * (size_t)BATCH_ROWS_MAX;

    if (set->column_count == 0) {
        for (uint32_t r = 0; r < row_count; r++)
            ret_numbers[r] = set->is_used ? 0 : GROUP_NONE;
        return STATUS_OK;
    }
    enum status status = find_column(finder, 0, &columns[0], ret_numbers, err);
    for (uint32_t c = 1; c < set->column_count && status == STATUS_OK; c++) {
        status = find_column(finder, c, &columns[c], right, err);
        if (status == STATUS_OK)
            find_pairs(&set->pairs[c - 1], ret_numbers, right, row_count);
    }
    return status;
}
