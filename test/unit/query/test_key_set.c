/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of one and of several columns: the same numbers whatever the encoding, values back,
 * two sets joined, memory that ends. */
#include "mixed.h"

#include "base/hash.h"
#include "query/key_set_priv.h"

#include <stdatomic.h>

static const enum type types[] = {TYPE_STRING, TYPE_LONG, TYPE_INT,      TYPE_REAL,     TYPE_BOOL,
                                  TYPE_GUID,   TYPE_DECIMAL, TYPE_DATETIME, TYPE_TIMESPAN};
#define TYPES ((uint32_t)(sizeof(types) / sizeof(types[0])))
#define ROWS 300u

static bool same(const struct value *a, const struct value *b)
{
    return a->type == b->type && a->is_null == b->is_null &&
           (a->is_null || value_compare(a, b) == 0);
}

/* Row r has value (r * step) % MIXED_VALUES. */
static struct vector column_of(struct arena *arena, enum type type, uint32_t step,
                               enum mixed_form form)
{
    struct error err = {.status = STATUS_OK};
    uint32_t *codes = ARENA_ARRAY(arena, uint32_t, ROWS, &err);
    struct vector v;

    assert_non_null(codes);
    ASSERT_OK(vector_flat(arena, type, MIXED_VALUES, type != TYPE_STRING, &v, &err));
    for (uint32_t k = 0; k < MIXED_VALUES; k++) {
        struct value value = mixed_value(type, k);
        vector_set(&v, k, &value);
    }
    for (uint32_t r = 0; r < ROWS; r++)
        codes[r] = r * step % MIXED_VALUES;
    v.encoding = VECTOR_DICT;
    v.row_count = ROWS;
    v.codes = codes;
    v.dict_size = MIXED_VALUES;
    v.dict_unique = true;
    v.dict_id = form == FORM_DICT ? 7000 + type : 0;
    if (form == FORM_FLAT)
        ASSERT_OK(vector_flatten(arena, &v, &v, &err));
    return v;
}

static void check_values(struct key_set *set, const struct vector *columns, uint32_t count,
                         const uint32_t *numbers, struct arena *arena)
{
    struct error err = {.status = STATUS_OK};
    struct vector back[TYPES];

    ASSERT_OK(key_set_columns(set, 0, key_set_count(set), arena, back, &err));
    for (uint32_t r = 0; r < ROWS; r++) {
        for (uint32_t c = 0; c < count; c++) {
            struct value was = vector_value(&columns[c], r);
            struct value is = vector_value(&back[c], numbers[r]);
            assert_true(same(&was, &is));
        }
    }
}

/* One column and all of them, in each encoding, by the same set. */
static void numbers_do_not_depend_on_encodings(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= TYPES; count++) {
        struct arena *arena = arena_new(16 * MIB);
        struct error err = {.status = STATUS_OK};
        struct vector columns[TYPES];
        struct key_set set;
        uint32_t first[ROWS], numbers[ROWS];
        ASSERT_OK(key_set_init(&set, arena, types, count, &err));
        for (int form = FORM_FLAT; form <= FORM_FRESH; form++) {
            for (uint32_t c = 0; c < count; c++)
                columns[c] = column_of(arena, types[c], c + 1, (enum mixed_form)form);
            ASSERT_OK(key_set_add(&set, columns, ROWS, numbers, &err));
            if (form == FORM_FLAT)
                memcpy(first, numbers, sizeof(first));
            assert_memory_equal(first, numbers, sizeof(first));
            check_values(&set, columns, count, numbers, arena);
        }
        for (uint32_t r = 0; r < MIXED_VALUES; r++)
            assert_int_equal(first[r], r);
        assert_int_equal(key_set_count(&set), MIXED_VALUES);
        arena_free(arena);
    }
}

/* A constant, a dictionary that is too big for the rows, the same code twice in a batch. */
static void odd_batches(void **state)
{
    static const uint32_t codes[4] = {9, 3, 9, 3};
    struct arena *arena = arena_new(16 * MIB);
    struct error err = {.status = STATUS_OK};
    struct vector one;
    struct value value = mixed_value(TYPE_STRING, 3);
    enum type type = TYPE_STRING;
    struct key_set set;
    uint32_t numbers[4];

    (void)state;
    ASSERT_OK(key_set_init(&set, arena, &type, 1, &err));
    ASSERT_OK(vector_const(arena, &value, 4, &one, &err));
    ASSERT_OK(key_set_add(&set, &one, 4, numbers, &err));
    assert_int_equal(numbers[3], 0);
    for (uint64_t id = 0; id < 3; id++) {
        struct vector v = column_of(arena, TYPE_STRING, 1, FORM_DICT);
        v.row_count = 4;
        v.codes = codes;
        v.dict_id = id;
        v.dict_size = id == 1 ? 10 : MIXED_VALUES;
        ASSERT_OK(key_set_add(&set, &v, 4, numbers, &err));
        assert_int_equal(numbers[0], 1);
        assert_int_equal(numbers[1], 0);
        assert_int_equal(numbers[2], 1);
    }
    arena_free(arena);
}

static void no_columns_are_one_key(void **state)
{
    struct arena *arena = arena_new(16 * MIB);
    struct error err = {.status = STATUS_OK};
    struct key_set set, other;
    uint32_t numbers[2] = {5, 5};

    (void)state;
    ASSERT_OK(key_set_init(&set, arena, NULL, 0, &err));
    ASSERT_OK(key_set_init(&other, arena, NULL, 0, &err));
    assert_int_equal(key_set_count(&set), 0);
    ASSERT_OK(key_set_add(&other, NULL, 2, numbers, &err));
    assert_int_equal(numbers[1], 0);
    assert_int_equal(key_set_count(&other), 1);
    ASSERT_OK(key_set_merge(&set, &other, numbers, &err));
    assert_int_equal(numbers[0], 0);
    assert_int_equal(key_set_count(&set), 1);
    arena_free(arena);
}

/* Rows in two sets, joined: as if they had been in one. */
static void sets_are_joined(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= TYPES; count++) {
        struct arena *arena = arena_new(16 * MIB);
        struct error err = {.status = STATUS_OK};
        struct vector left[TYPES], right[TYPES];
        struct key_set a, b;
        uint32_t in_a[ROWS], in_b[ROWS], map[ROWS], again[ROWS];
        ASSERT_OK(key_set_init(&a, arena, types, count, &err));
        ASSERT_OK(key_set_init(&b, arena, types, count, &err));
        for (uint32_t c = 0; c < count; c++) {
            left[c] = column_of(arena, types[c], 1, FORM_DICT);
            right[c] = column_of(arena, types[c], c + 1, FORM_FLAT);
        }
        ASSERT_OK(key_set_add(&a, left, 5, in_a, &err));
        ASSERT_OK(key_set_add(&b, right, ROWS, in_b, &err));
        ASSERT_OK(key_set_merge(&a, &b, map, &err));
        ASSERT_OK(key_set_add(&a, right, ROWS, again, &err));
        for (uint32_t r = 0; r < ROWS; r++) {
            in_b[r] = map[in_b[r]];
            assert_int_equal(again[r], in_b[r]);
        }
        check_values(&a, right, count, in_b, arena);
        arena_free(arena);
    }
}

/* Out of memory at any place is a limit. */
static void memory_is_bounded(void **state)
{
    bool passed = false;

    (void)state;
    for (size_t budget = 20 * KIB; !passed; budget += 1777) {
        struct arena *arena = arena_new(budget);
        struct arena *rows = arena_new(4 * MIB);
        struct error err = {.status = STATUS_OK};
        struct vector columns[TYPES], back[TYPES];
        struct key_set set, other;
        uint32_t numbers[ROWS];
        enum status status = key_set_init(&set, arena, types, TYPES, &err);
        for (uint32_t c = 0; c < TYPES; c++)
            columns[c] = column_of(rows, types[c], c + 1, FORM_DICT);
        if (status == STATUS_OK)
            status = key_set_init(&other, arena, types, TYPES, &err);
        if (status == STATUS_OK)
            status = key_set_add(&set, columns, ROWS, numbers, &err);
        if (status == STATUS_OK)
            status = key_set_merge(&other, &set, numbers, &err);
        if (status == STATUS_OK)
            status = key_set_columns(&other, 0, MIXED_VALUES, arena, back, &err);
        passed = status == STATUS_OK;
        assert_true(passed || status == STATUS_LIMIT);
        arena_free(rows);
        arena_free(arena);
    }
}

static const char *const alike[] = {
    "@ | summarize count(), sum(id) by s, n, r, b, g, t, p, c | sort by t asc, s asc",
    "@ | summarize count() by tostring(d), i, id % 7 | summarize count(), sum(count_) by i | "
    "sort by i asc",
    "@ | summarize n = count() by s, bin(t, 3h) | where s startswith 'a' | summarize sum(n) by "
    "toupper(s), t | sort by t asc, Column1 asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

/* Rows that share a great text end soon after they are cancelled, within their batch. */
static void long_keys_are_cancelled(void **state)
{
    static const enum type type = TYPE_STRING;
    static const atomic_bool cancelled = true;
    const struct query_request request = {.cancelled = &cancelled};
    struct query query = {.request = &request};
    struct run run = {.query = &query};
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(64 * MIB);
    struct slice shared[BATCH_ROWS_MAX];
    uint32_t numbers[BATCH_ROWS_MAX];
    struct key_set set;

    (void)state;
    assert_non_null(arena);
    char *text = arena_alloc(arena, 15 * MIB, &err);
    assert_non_null(text);
    ASSERT_OK(key_set_init(&set, arena, &type, 1, &err));
    set.run = &run;
    for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++)
        shared[i] = slice_from(text, 10);
    struct vector v = {.type = type, .row_count = BATCH_ROWS_MAX, .slices = shared};
    ASSERT_OK(key_set_add(&set, &v, BATCH_ROWS_MAX, numbers, &err)); /* too little to look */
    for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++)
        shared[i] = slice_from(text, 15 * MIB);
    ASSERT_STATUS(STATUS_CANCELLED, key_set_add(&set, &v, BATCH_ROWS_MAX, numbers, &err));
    arena_free(arena);
}

/* Pairs have one number whether few or many values meet: ever more of them come, the grid of
 * places grows, and is left when it would be too great. */
static void pairs_keep_their_numbers(void **state)
{
    enum { BITS_MAX = 11, BATCHES = 3, COUNT = 1000 };
    static const enum type longs[] = {TYPE_LONG, TYPE_LONG};
    static int64_t values[2][COUNT];
    static uint32_t numbers[COUNT], number_of[1u << (2 * BITS_MAX)]; /* + 1 */
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(256 * MIB);
    struct key_set set;
    uint32_t seed = 3, count = 0, grids = 0;

    (void)state;
    assert_non_null(arena);
    ASSERT_OK(key_set_init(&set, arena, longs, 2, &err));
    for (uint32_t b = 0; b < BITS_MAX * BATCHES; b++) {
        uint32_t mask = (2u << b / BATCHES) - 1;
        for (uint32_t r = 0; r < COUNT; r++) {
            seed = seed * 1664525 + 1013904223;
            values[0][r] = seed >> 8 & mask;
            values[1][r] = seed >> 20 & mask;
        }
        const struct vector v[] = {
            {.type = TYPE_LONG, .row_count = COUNT, .integers = values[0]},
            {.type = TYPE_LONG, .row_count = COUNT, .integers = values[1]}};
        ASSERT_OK(key_set_add(&set, v, COUNT, numbers, &err));
        grids += set.pairs[0].grid_rows > 0;
        for (uint32_t r = 0; r < COUNT; r++) {
            uint32_t *known = &number_of[values[0][r] << BITS_MAX | values[1][r]];
            if (*known == 0)
                *known = ++count; /* they are numbered as they come */
            assert_int_equal(numbers[r] + 1, *known);
        }
    }
    assert_int_equal(key_set_count(&set), count);
    assert_true(grids > BATCHES);
    assert_int_equal(set.pairs[0].grid_rows, 0);
    arena_free(arena);
}

ASK_MAIN(cmocka_unit_test(numbers_do_not_depend_on_encodings),
         cmocka_unit_test(odd_batches),
         cmocka_unit_test(no_columns_are_one_key),
         cmocka_unit_test(sets_are_joined),
         cmocka_unit_test(pairs_keep_their_numbers),
         cmocka_unit_test(long_keys_are_cancelled),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(encodings_do_not_matter))
