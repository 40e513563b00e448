/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of one and of several columns are found whatever the encoding, strange ones are not,
 * dictionaries take turns, memory ends. */
#include "mixed.h"

#include "query/key_find_priv.h"

#include <stdatomic.h>

static const enum type types[] = {TYPE_STRING, TYPE_LONG, TYPE_REAL,     TYPE_BOOL,
                                  TYPE_GUID,   TYPE_DECIMAL, TYPE_DATETIME};
#define TYPES ((uint32_t)(sizeof(types) / sizeof(types[0])))
#define ROWS 300u

/* Row r has value first + (r * step) % count. */
static struct vector column_of(struct arena *arena, enum type type, uint32_t first,
                               uint32_t count, uint32_t step, enum mixed_form form)
{
    struct error err = {.status = STATUS_OK};
    uint32_t *codes = ARENA_ARRAY(arena, uint32_t, ROWS, &err);
    struct vector v;

    assert_non_null(codes);
    ASSERT_OK(vector_flat(arena, type, count, type != TYPE_STRING, &v, &err));
    for (uint32_t k = 0; k < count; k++) {
        struct value value = mixed_value(type, first + k);
        vector_set(&v, k, &value);
    }
    for (uint32_t r = 0; r < ROWS; r++)
        codes[r] = r * step % count;
    v.encoding = VECTOR_DICT;
    v.row_count = ROWS;
    v.codes = codes;
    v.dict_size = count;
    v.dict_id = form == FORM_DICT ? 9000 + type * 100 + first : 0;
    if (form == FORM_FLAT)
        ASSERT_OK(vector_flatten(arena, &v, &v, &err));
    return v;
}

/* What each reader of a set with half of the values finds is what the set itself would say,
 * and nothing for what it would have to add. */
static void finds_what_the_set_has(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= TYPES; count++) {
        struct arena *arena = arena_new(32 * MIB);
        struct error err = {.status = STATUS_OK};
        struct vector columns[TYPES];
        struct key_set set;
        struct key_finder finder;
        uint32_t found[ROWS], numbers[ROWS];
        ASSERT_OK(key_set_init(&set, arena, types, count, &err));
        ASSERT_OK(key_finder_init(&finder, arena, &set, NULL, &err));
        for (uint32_t c = 0; c < count; c++)
            columns[c] = column_of(arena, types[c], 0, MIXED_VALUES / 2, c + 1, FORM_FLAT);
        ASSERT_OK(key_find(&finder, columns, ROWS, found, &err));
        for (uint32_t r = 0; r < ROWS; r++)
            assert_int_equal(found[r], GROUP_NONE); /* it is empty */
        ASSERT_OK(key_set_add(&set, columns, ROWS, numbers, &err));
        uint32_t had = key_set_count(&set);
        uint32_t hits = 0, misses = 0;
        for (int form = FORM_FLAT; form <= FORM_FRESH; form++) {
            for (uint32_t turn = 0; turn < 2; turn++) {
                for (uint32_t c = 0; c < count; c++)
                    columns[c] = column_of(arena, types[c], 0, MIXED_VALUES - turn, c + 1,
                                           (enum mixed_form)form);
                ASSERT_OK(key_finder_init(&finder, arena, &set, NULL, &err));
                ASSERT_OK(key_find(&finder, columns, ROWS, found, &err));
                ASSERT_OK(key_find(&finder, columns, ROWS, numbers, &err));
                assert_memory_equal(found, numbers, sizeof(found)); /* remembered */
                struct key_set copy;
                uint32_t map[MIXED_VALUES * ROWS];
                ASSERT_OK(key_set_init(&copy, arena, types, count, &err));
                ASSERT_OK(key_set_merge(&copy, &set, map, &err));
                ASSERT_OK(key_set_add(&copy, columns, ROWS, numbers, &err));
                for (uint32_t r = 0; r < ROWS; r++) {
                    assert_int_equal(found[r], numbers[r] < had ? numbers[r] : GROUP_NONE);
                    hits += numbers[r] < had;
                    misses += numbers[r] >= had;
                }
            }
        }
        assert_true(hits > 0 && misses > 0);
        arena_free(arena);
    }
}

/* One finder, two dictionaries by turns and a constant between them. */
static void dictionaries_take_turns(void **state)
{
    struct arena *arena = arena_new(16 * MIB);
    struct error err = {.status = STATUS_OK};
    struct vector all = column_of(arena, TYPE_STRING, 0, 3, 1, FORM_FLAT);
    struct vector low = column_of(arena, TYPE_STRING, 0, 2, 1, FORM_DICT);
    struct vector high = column_of(arena, TYPE_STRING, 1, 2, 1, FORM_DICT);
    struct vector same;
    struct value value = mixed_value(TYPE_STRING, 2);
    struct key_set set;
    struct key_finder finder;
    uint32_t numbers[ROWS];

    (void)state;
    ASSERT_OK(key_set_init(&set, arena, types, 1, &err));
    ASSERT_OK(key_set_add(&set, &all, ROWS, numbers, &err));
    ASSERT_OK(key_finder_init(&finder, arena, &set, NULL, &err));
    ASSERT_OK(vector_const(arena, &value, ROWS, &same, &err));
    for (uint32_t turn = 0; turn < 4; turn++) {
        ASSERT_OK(key_find(&finder, turn % 2 == 0 ? &low : &high, ROWS, numbers, &err));
        for (uint32_t r = 0; r < ROWS; r++)
            assert_int_equal(numbers[r], r % 2 + turn % 2);
        ASSERT_OK(key_find(&finder, &same, ROWS, numbers, &err));
        for (uint32_t r = 0; r < ROWS; r++)
            assert_int_equal(numbers[r], 2);
    }
    arena_free(arena);
}

static void without_columns(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct error err = {.status = STATUS_OK};
    struct key_set set;
    struct key_finder finder;
    uint32_t number;

    (void)state;
    ASSERT_OK(key_set_init(&set, arena, types, 0, &err));
    ASSERT_OK(key_finder_init(&finder, arena, &set, NULL, &err));
    ASSERT_OK(key_find(&finder, NULL, 1, &number, &err));
    assert_int_equal(number, GROUP_NONE);
    ASSERT_OK(key_set_add(&set, NULL, 1, &number, &err));
    ASSERT_OK(key_find(&finder, NULL, 1, &number, &err));
    assert_int_equal(number, 0);
    arena_free(arena);
}

static void memory_ends(void **state)
{
    struct arena *arena = arena_new(16 * MIB);
    struct arena *small = arena_new(64 * KIB);
    struct error err = {.status = STATUS_OK};
    struct key_set set;
    struct key_finder finder;

    (void)state;
    ASSERT_OK(key_set_init(&set, arena, types, 1, &err));
    ASSERT_STATUS(STATUS_LIMIT, key_finder_init(&finder, small, &set, NULL, &err));
    arena_free(small);
    arena_free(arena);
}

/* Rows that share a great text end soon after they are cancelled, within their batch. */
static void long_keys_are_cancelled(void **state)
{
    static const atomic_bool cancelled = true;
    const struct query_request request = {.cancelled = &cancelled};
    struct query query = {.request = &request};
    struct run run = {.query = &query};
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(64 * MIB);
    struct slice shared[ROWS];
    uint32_t numbers[ROWS];
    struct key_set set;
    struct key_finder finder;

    (void)state;
    char *text = arena_alloc(arena, 15 * MIB, &err);
    assert_non_null(text);
    for (uint32_t i = 0; i < ROWS; i++)
        shared[i] = slice_from(text, 10);
    struct vector v = {.type = TYPE_STRING, .row_count = ROWS, .slices = shared};
    ASSERT_OK(key_set_init(&set, arena, types, 1, &err));
    ASSERT_OK(key_finder_init(&finder, arena, &set, &run, &err));
    ASSERT_OK(key_find(&finder, &v, ROWS, numbers, &err)); /* too little to look */
    for (uint32_t i = 0; i < ROWS; i++)
        shared[i] = slice_from(text, 15 * MIB);
    ASSERT_STATUS(STATUS_CANCELLED, key_find(&finder, &v, ROWS, numbers, &err));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_set_has),
        cmocka_unit_test(dictionaries_take_turns),
        cmocka_unit_test(without_columns),
        cmocka_unit_test(memory_ends),
        cmocka_unit_test(long_keys_are_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
