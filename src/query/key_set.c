/* SPDX-License-Identifier: Apache-2.0 */
/* key_set.c - see key_set_priv.h.
 *
 * A null's bytes are one zero byte: numbers have eight, a guid sixteen, and
 * neither JSON nor a decimal is one; strings have no null.
 */
#include "query/key_set_priv.h"

#include "base/hash.h"

#define NUMBERS_KNOWN_FIRST 1024u
#define NUMBERS_KNOWN_MAX 16384u
#define PAIRS_FIRST 64u
#define PAIRS_AHEAD 16u /* rows whose slots are fetched before they are needed */
#define GRID_PLACES_MAX (1u << 18) /* a megabyte, for the second cache */
#define GRID_PLACES_A_ROW 16u /* so far: a greater grid is not worth its clearing yet */
#define DICTIONARY_SHARE 16u /* a dictionary is of use to so small a part of its size in rows */
#define BYTES_A_LOOK MIB     /* of keys that are read between two looks at the time */
#define NUMBER_PENDING (GROUP_NONE - 1)

enum status key_set_init(struct key_set *set, struct arena *arena, const enum type *types,
                         uint32_t column_count, struct error *err)
{
    *set = (struct key_set){.arena = arena, .column_count = column_count};
    set->columns = ARENA_ARRAY(arena, struct key_column, column_count + 1, err);
    set->pairs = ARENA_ARRAY(arena, struct key_pairs, column_count + 1, err);
    set->scratch = arena_alloc_raw(arena, 3 * BATCH_ROWS_MAX * sizeof(*set->scratch), err);
    set->hashes = arena_alloc_raw(arena, BATCH_ROWS_MAX * sizeof(*set->hashes), err);
    if (set->columns == NULL || set->pairs == NULL || set->scratch == NULL ||
        set->hashes == NULL)
        return err->status;
    for (uint32_t c = 0; c < column_count; c++) {
        struct key_column *column = &set->columns[c];
        enum status status = group_init(&column->values, arena, err);
        if (status != STATUS_OK)
            return status;
        column->type = types[c];
        column->null_number = GROUP_NONE;
    }
    return STATUS_OK;
}

uint32_t key_set_count(const struct key_set *set)
{
    if (set->column_count == 0)
        return set->is_used ? 1 : 0;
    return set->column_count == 1 ? set->columns[0].values.count
                                  : set->pairs[set->column_count - 2].count;
}

/* ---- values of one column ---- */

struct slice key_value_bytes(const struct vector *v, uint32_t at, uint64_t *number)
{
    if (v->nulls != NULL && v->nulls[at] != 0)
        return slice_from("", 1);
    if (type_is_bytes(v->type))
        return v->slices[at];
    if (v->type == TYPE_GUID)
        return slice_from((const char *)v->guids[at].bytes, sizeof(v->guids[at].bytes));
    if (v->type == TYPE_BOOL) {
        *number = v->booleans[at] != 0;
    } else if (v->type == TYPE_REAL) {
        double real = type_real_key(v->reals[at]);
        memcpy(number, &real, sizeof(*number));
    } else {
        *number = (uint64_t)v->integers[at];
    }
    return slice_from((const char *)number, sizeof(*number));
}

uint64_t key_value_hash(struct slice bytes)
{
    uint64_t number;

    if (bytes.size != sizeof(number))
        return hash_slice(bytes);
    memcpy(&number, bytes.data, sizeof(number));
    return hash_u64(number ^ hash_seed());
}

static enum status add_bytes(struct key_column *column, struct slice bytes, uint64_t hash,
                             bool is_null, uint32_t *ret, struct error *err)
{
    bool is_new;
    enum status status = group_add(&column->values, bytes, hash, ret, &is_new, err);

    if (status == STATUS_OK && is_null)
        column->null_number = *ret;
    return status;
}

static bool is_null_at(const struct vector *v, uint32_t at)
{
    return v->nulls != NULL && v->nulls[at] != 0;
}

enum status key_spend(const struct run *run, size_t *spent_bytes, size_t bytes,
                      struct error *err)
{
    *spent_bytes += bytes;
    if (*spent_bytes < BYTES_A_LOOK)
        return STATUS_OK;
    *spent_bytes = 0;
    return run == NULL ? STATUS_OK : run_check(run, err);
}

/* The numbers of elements.  Where they are in the table is asked of memory before the
 * first is looked at: a big table is all cache misses. */
static enum status add_elements(struct key_set *set, struct key_column *column,
                                const struct vector *v, const uint32_t *elements, uint32_t count,
                                uint32_t *ret, struct error *err)
{
    enum status status = STATUS_OK;
    uint64_t number;

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct slice bytes = key_value_bytes(v, elements[i], &number);
        set->hashes[i] = key_value_hash(bytes);
        group_prefetch(&column->values, set->hashes[i]);
        status = key_spend(set->run, &set->spent_bytes, bytes.size, err);
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct slice bytes = key_value_bytes(v, elements[i], &number);
        status = add_bytes(column, bytes, set->hashes[i], is_null_at(v, elements[i]), &ret[i],
                           err);
        if (status == STATUS_OK)
            status = key_spend(set->run, &set->spent_bytes, bytes.size, err);
    }
    return status;
}

static enum status numbers_of_dictionary(struct key_set *set, struct key_column *column,
                                         const struct vector *v, uint32_t *ret,
                                         struct error *err)
{
    uint32_t *codes = set->scratch;
    uint32_t *numbers = set->scratch + BATCH_ROWS_MAX;
    uint32_t count = 0;

    if (column->by_code_capacity < v->dict_size) {
        uint32_t capacity = v->dict_size + v->dict_size / 2;
        column->by_code = arena_alloc_raw(set->arena, capacity * sizeof(*codes), err);
        column->by_code_capacity = column->by_code == NULL ? 0 : capacity;
        column->dict_id = 0;
        if (column->by_code == NULL)
            return err->status;
    }
    if (v->dict_id == 0 || column->dict_id != v->dict_id || column->dict_size != v->dict_size) {
        memset(column->by_code, 0xff, v->dict_size * sizeof(*codes));
        column->dict_id = v->dict_id;
        column->dict_size = v->dict_size;
    }
    for (uint32_t r = 0; r < v->row_count; r++) {
        uint32_t code = v->codes[r];
        ret[r] = column->by_code[code];
        if (ret[r] != GROUP_NONE)
            continue;
        column->by_code[code] = NUMBER_PENDING;
        codes[count++] = code;
    }
    if (count == 0)
        return STATUS_OK;
    enum status status = add_elements(set, column, v, codes, count, numbers, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        column->by_code[codes[i]] = numbers[i];
    for (uint32_t r = 0; r < v->row_count; r++)
        ret[r] = column->by_code[v->codes[r]];
    return STATUS_OK;
}

static bool is_whole_number(enum type type)
{
    return type == TYPE_LONG || type == TYPE_INT || type == TYPE_DATETIME ||
           type == TYPE_TIMESPAN;
}

/* Room for twice as many as there are, up to a bound. */
static enum status fit_known(struct key_set *set, struct key_column *column, struct error *err)
{
    uint32_t count = column->known_count == 0 ? NUMBERS_KNOWN_FIRST : column->known_count;

    while (count < NUMBERS_KNOWN_MAX && count / 2 < column->values.count)
        count *= 2;
    if (count == column->known_count)
        return STATUS_OK;
    column->known = ARENA_ARRAY(set->arena, struct known_number, count, err);
    column->known_count = column->known == NULL ? 0 : count;
    return column->known == NULL ? err->status : STATUS_OK;
}

/* Times of rows in order fall into few bins, one after the other. */
static enum status numbers_of_wholes(struct key_set *set, struct key_column *column,
                                     const struct vector *v, uint32_t *ret, struct error *err)
{
    enum status status = fit_known(set, column, err);
    uint32_t mask = column->known_count - 1;

    if (status != STATUS_OK)
        return status;
    for (uint32_t r = 0; r < v->row_count && status == STATUS_OK; r++) {
        int64_t value = v->integers[r];
        if (r > 0 && v->nulls == NULL && value == v->integers[r - 1]) {
            ret[r] = ret[r - 1];
            continue;
        }
        struct known_number *known = &column->known[hash_u64((uint64_t)value) & mask];
        bool is_null = is_null_at(v, r);
        if (known->number == 0 || known->value != value || is_null) {
            status = add_elements(set, column, v, &r, 1, &ret[r], err);
            if (status == STATUS_OK && !is_null)
                *known = (struct known_number){value, ret[r] + 1};
            continue;
        }
        ret[r] = known->number - 1;
    }
    return status;
}

static enum status numbers_of_rows(struct key_set *set, struct key_column *column,
                                   const struct vector *v, uint32_t *ret, struct error *err)
{
    uint32_t *elements = set->scratch;

    for (uint32_t r = 0; r < v->row_count; r++)
        elements[r] = vector_index(v, r);
    return add_elements(set, column, v, elements, v->row_count, ret, err);
}

bool key_dictionary_pays(const struct vector *v, uint64_t known_id)
{
    bool lasts = v->dict_id != 0;

    return (lasts && v->dict_id == known_id) ||
           v->dict_size / (lasts ? DICTIONARY_SHARE : 1) <= v->row_count;
}

static enum status numbers_of(struct key_set *set, struct key_column *column,
                              const struct vector *v, uint32_t *ret, struct error *err)
{
    const uint32_t first = 0;

    if (v->encoding == VECTOR_CONST) {
        uint32_t number = 0;
        enum status status = add_elements(set, column, v, &first, 1, &number, err);
        for (uint32_t r = 0; r < v->row_count; r++)
            ret[r] = number;
        return status;
    }
    if (v->encoding == VECTOR_DICT && key_dictionary_pays(v, column->dict_id))
        return numbers_of_dictionary(set, column, v, ret, err);
    if (v->encoding == VECTOR_FLAT && is_whole_number(v->type))
        return numbers_of_wholes(set, column, v, ret, err);
    return numbers_of_rows(set, column, v, ret, err);
}

enum status key_set_number(struct key_set *set, uint32_t column, const struct vector *v,
                           uint32_t *ret_numbers, struct error *err)
{
    return numbers_of(set, &set->columns[column], v, ret_numbers, err);
}

/* ---- pairs ---- */

static uint64_t pair_hash(uint64_t pair)
{
    return hash_u64(pair ^ hash_seed());
}

static uint32_t first_slot(const struct key_pairs *p, uint64_t pair)
{
    return (uint32_t)pair_hash(pair) & (p->slot_count - 1);
}

void key_pair_prefetch(const struct key_pairs *p, uint64_t pair)
{
    __builtin_prefetch(&p->slots[first_slot(p, pair)]);
}

static uint32_t slot_of(const struct key_pairs *p, uint64_t pair, uint64_t hash)
{
    uint32_t mask = p->slot_count - 1;
    uint32_t i = (uint32_t)hash & mask;

    while (p->slots[i] != 0 && p->pairs[p->slots[i] - 1] != pair)
        i = (i + 1) & mask;
    return i;
}

uint32_t key_pair_slot(const struct key_pairs *p, uint64_t pair)
{
    return slot_of(p, pair, pair_hash(pair));
}

static enum status grow_pairs(struct key_set *set, struct key_pairs *p, struct error *err)
{
    uint32_t capacity = p->capacity == 0 ? PAIRS_FIRST : p->capacity * 2;
    uint64_t *pairs = arena_alloc_raw(set->arena, capacity * sizeof(*pairs), err);
    uint32_t *slots = ARENA_ARRAY(set->arena, uint32_t, (size_t)capacity * 2, err);

    if (pairs == NULL || slots == NULL)
        return err->status;
    if (p->count > 0)
        memcpy(pairs, p->pairs, p->count * sizeof(*pairs));
    p->pairs = pairs;
    p->capacity = capacity;
    p->slots = slots;
    p->slot_count = capacity * 2;
    for (uint32_t i = 0; i < p->count; i++)
        slots[key_pair_slot(p, pairs[i])] = i + 1;
    return STATUS_OK;
}

static enum status add_pair(struct key_set *set, struct key_pairs *p, uint64_t pair,
                            uint64_t hash, uint32_t *ret, struct error *err)
{
    if (p->count == p->capacity) {
        enum status status = p->count >= QUERY_OPERATOR_ROWS_MAX
                                 ? ERROR_SET(err, STATUS_LIMIT, "more than %u groups",
                                             QUERY_OPERATOR_ROWS_MAX)
                                 : grow_pairs(set, p, err);
        if (status != STATUS_OK)
            return status;
    }
    uint32_t slot = slot_of(p, pair, hash);
    if (p->slots[slot] == 0) {
        p->pairs[p->count++] = pair;
        p->slots[slot] = p->count;
    }
    *ret = p->slots[slot] - 1;
    return STATUS_OK;
}

static uint32_t power_of_two(uint32_t least)
{
    uint32_t power = 1;

    while (power < least)
        power *= 2;
    return power;
}

/* A grid with a place for each pair of numbers below these, if that is not too many. */
static enum status fit_grid(struct key_set *set, struct key_pairs *p, uint32_t left_count,
                            uint32_t right_count, struct error *err)
{
    if (p->grid_rows >= left_count && p->grid_columns >= right_count)
        return STATUS_OK;
    bool is_small = left_count <= GRID_PLACES_MAX && right_count <= GRID_PLACES_MAX;
    uint64_t rows = is_small ? power_of_two(left_count) : GRID_PLACES_MAX;
    uint64_t columns = is_small ? power_of_two(right_count) : GRID_PLACES_MAX;
    p->grid_rows = 0;
    p->grid_columns = 0;
    if (rows * columns > GRID_PLACES_MAX || rows * columns > p->asked * GRID_PLACES_A_ROW)
        return STATUS_OK;
    /* What the old one knew is found in the slots, once a pair. */
    p->grid = ARENA_ARRAY(set->arena, uint32_t, rows * columns, err);
    if (p->grid == NULL)
        return err->status;
    p->grid_rows = (uint32_t)rows;
    p->grid_columns = (uint32_t)columns;
    return STATUS_OK;
}

static enum status add_pairs_by_grid(struct key_set *set, struct key_pairs *p, uint32_t *numbers,
                                     const uint32_t *right, uint32_t count, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t r = 0; r < count && status == STATUS_OK; r++) {
        uint32_t *place = &p->grid[numbers[r] * p->grid_columns + right[r]];
        uint32_t number = *place - 1;
        if (*place == 0) {
            uint64_t pair = key_pair(numbers[r], right[r]);
            status = add_pair(set, p, pair, pair_hash(pair), &number, err);
        }
        *place = number + 1;
        numbers[r] = number;
    }
    return status;
}

/* Joins column c to those before it.  numbers: those of the left, and then of the pairs. */
static enum status add_pairs(struct key_set *set, uint32_t c, uint32_t *numbers,
                             const uint32_t *right, uint32_t count, struct error *err)
{
    struct key_pairs *p = &set->pairs[c - 1];
    uint32_t left_count = c == 1 ? set->columns[0].values.count : set->pairs[c - 2].count;
    uint32_t right_count = set->columns[c].values.count;
    uint64_t last = UINT64_MAX; /* no number is that great */
    uint32_t number = 0;

    p->asked += count;
    enum status status = fit_grid(set, p, left_count, right_count, err);
    if (status == STATUS_OK && p->grid_rows > 0)
        return add_pairs_by_grid(set, p, numbers, right, count, err);
    uint64_t seed = hash_seed();
    for (uint32_t r = 0; r < count; r++)
        set->hashes[r] = hash_u64(key_pair(numbers[r], right[r]) ^ seed);
    for (uint32_t r = 0; r < count && status == STATUS_OK; r++) {
        uint64_t pair = key_pair(numbers[r], right[r]);
        if (r + PAIRS_AHEAD < count && p->slot_count > 0)
            __builtin_prefetch(
                &p->slots[(uint32_t)set->hashes[r + PAIRS_AHEAD] & (p->slot_count - 1)]);
        if (pair != last)
            status = add_pair(set, p, pair, set->hashes[r], &number, err);
        last = pair;
        numbers[r] = number;
    }
    return status;
}

enum status key_set_add(struct key_set *set, const struct vector *columns, uint32_t row_count,
                        uint32_t *ret_numbers, struct error *err)
{
    uint32_t *right = set->scratch + 2 * (size_t)BATCH_ROWS_MAX;

    set->is_used = true;
    if (set->column_count == 0) {
        memset(ret_numbers, 0, row_count * sizeof(*ret_numbers));
        return STATUS_OK;
    }
    enum status status = numbers_of(set, &set->columns[0], &columns[0], ret_numbers, err);
    for (uint32_t c = 1; c < set->column_count && status == STATUS_OK; c++) {
        status = numbers_of(set, &set->columns[c], &columns[c], right, err);
        if (status == STATUS_OK)
            status = add_pairs(set, c, ret_numbers, right, row_count, err);
    }
    return status;
}

/* ---- two sets ---- */

static enum status merge_values(struct key_column *column, const struct key_column *from,
                                bool copies, uint32_t *map, struct error *err)
{
    enum status status = group_merge(&column->values, &from->values, copies, map, err);

    if (status == STATUS_OK && from->null_number != GROUP_NONE)
        column->null_number = map[from->null_number];
    return status;
}

enum status key_set_merge_column(struct key_set *set, const struct key_set *from,
                                 uint32_t column, uint32_t *map, struct error *err)
{
    return merge_values(&set->columns[column], &from->columns[column], true, map, err);
}

enum status key_set_merge(struct key_set *set, const struct key_set *from, uint32_t *map,
                          struct error *err)
{
    enum status status = STATUS_OK;
    const uint32_t *left = NULL;

    set->is_used = set->is_used || from->is_used;
    if (set->column_count == 0)
        map[0] = 0;
    for (uint32_t c = 0; c < set->column_count && status == STATUS_OK; c++) {
        const struct key_column *values = &from->columns[c];
        bool is_last = c + 1 == set->column_count;
        uint32_t *right = set->column_count == 1
                              ? map
                              : ARENA_ARRAY(set->arena, uint32_t, values->values.count + 1, err);
        status = right == NULL ? err->status
                               : merge_values(&set->columns[c], values, false, right, err);
        if (c == 0 || status != STATUS_OK) {
            left = right;
            continue;
        }
        const struct key_pairs *pairs = &from->pairs[c - 1];
        uint32_t *joined =
            is_last ? map : ARENA_ARRAY(set->arena, uint32_t, pairs->count + 1, err);
        if (joined == NULL)
            return err->status;
        for (uint32_t i = 0; i < pairs->count && status == STATUS_OK; i++) {
            uint64_t pair = pairs->pairs[i];
            pair = key_pair(left[pair >> 32], right[(uint32_t)pair]);
            status = add_pair(set, &set->pairs[c - 1], pair, pair_hash(pair), &joined[i], err);
        }
        left = joined;
    }
    return status;
}

/* ---- sets of one column ---- */

const struct group_entry *key_set_entries(const struct key_set *set)
{
    return set->columns[0].values.entries;
}

enum status key_set_take(struct key_set *set, const struct group_entry *entries, uint32_t count,
                         uint32_t *map, struct error *err)
{
    struct key_column *column = &set->columns[0];
    enum status status = group_take(&column->values, entries, count, map, err);

    set->is_used = true;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (entries[i].key.size == 1 && entries[i].key.data[0] == 0 &&
            column->type != TYPE_STRING)
            column->null_number = map[i];
    }
    return status;
}

void key_set_clear(struct key_set *set)
{
    struct key_column *column = &set->columns[0];

    group_clear(&column->values);
    column->null_number = GROUP_NONE;
    column->dict_id = 0;
    if (column->known_count > 0)
        memset(column->known, 0, column->known_count * sizeof(*column->known));
}

/* ---- columns again ---- */

static void put_value(const struct key_column *column, uint32_t number, void *data,
                      uint8_t *nulls, uint32_t at)
{
    struct slice bytes = column->values.entries[number].key;
    bool is_null = number == column->null_number;

    if (nulls != NULL)
        nulls[at] = is_null;
    if (type_is_bytes(column->type))
        ((struct slice *)data)[at] = is_null ? slice_from(NULL, 0) : bytes;
    else if (is_null)
        memset((char *)data + at * vector_element_bytes(column->type), 0,
               vector_element_bytes(column->type));
    else if (column->type == TYPE_BOOL)
        ((uint8_t *)data)[at] = bytes.data[0] != 0; /* a number below 2, low byte first */
    else
        memcpy((char *)data + at * vector_element_bytes(column->type), bytes.data, bytes.size);
}

/* FLAT values of numbers (NULL: from, from + 1 ...). */
static enum status make_flat(const struct key_column *column, const uint32_t *numbers,
                             uint32_t from, uint32_t count, struct arena *arena,
                             struct vector *ret, struct error *err)
{
    bool has_nulls = column->null_number != GROUP_NONE && column->type != TYPE_STRING;
    enum status status = vector_flat(arena, column->type, count, has_nulls, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        put_value(column, numbers == NULL ? from + i : numbers[i], data, nulls, i);
    return status;
}

enum status key_set_dictionary(struct key_set *set, uint32_t column_number, struct vector *ret,
                               struct error *err)
{
    struct key_column *column = &set->columns[column_number];

    if (column->values_id == 0 || column->values_vector.row_count != column->values.count) {
        enum status status = make_flat(column, NULL, 0, column->values.count, set->arena,
                                       &column->values_vector, err);
        if (status != STATUS_OK)
            return status;
        column->values_id = vector_new_dict_id();
    }
    *ret = column->values_vector;
    ret->encoding = VECTOR_DICT;
    ret->row_count = 0;
    ret->dict_size = column->values.count;
    ret->dict_unique = true;
    ret->dict_id = column->values_id;
    return STATUS_OK;
}

static enum status make_column(struct key_set *set, uint32_t column, const uint32_t *numbers,
                               uint32_t count, struct arena *arena, struct vector *ret,
                               struct error *err)
{
    if (count < set->columns[column].values.count / DICTIONARY_SHARE)
        return make_flat(&set->columns[column], numbers, 0, count, arena, ret, err);
    enum status status = key_set_dictionary(set, column, ret, err);
    ret->row_count = count;
    ret->codes = numbers;
    return status;
}

enum status key_set_columns(struct key_set *set, uint32_t from, uint32_t count,
                            struct arena *arena, struct vector *ret, struct error *err)
{
    if (set->column_count == 0)
        return STATUS_OK;
    if (set->column_count == 1)
        return make_flat(&set->columns[0], NULL, from, count, arena, &ret[0], err);
    uint32_t *left = arena_alloc_raw(arena, (count + 1) * sizeof(*left), err);
    enum status status = left == NULL ? err->status : STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        left[i] = from + i;
    for (uint32_t c = set->column_count - 1; c > 0 && status == STATUS_OK; c--) {
        const struct key_pairs *pairs = &set->pairs[c - 1];
        uint32_t *right = arena_alloc_raw(arena, (count + 1) * sizeof(*right), err);
        uint32_t *next = arena_alloc_raw(arena, (count + 1) * sizeof(*next), err);
        if (right == NULL || next == NULL)
            return err->status;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t pair = pairs->pairs[left[i]];
            right[i] = (uint32_t)pair;
            next[i] = (uint32_t)(pair >> 32);
        }
        status = make_column(set, c, right, count, arena, &ret[c], err);
        left = next;
    }
    if (status == STATUS_OK)
        status = make_column(set, 0, left, count, arena, &ret[0], err);
    return status;
}
