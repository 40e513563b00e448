/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as bytes; the hash table over them. */
#include "mixed.h"

#include "base/hash.h"
#include "query/op_priv.h"

static const enum type types[] = {TYPE_STRING, TYPE_LONG, TYPE_INT,      TYPE_REAL,     TYPE_BOOL,
                                  TYPE_GUID,   TYPE_DECIMAL, TYPE_DATETIME, TYPE_TIMESPAN};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* A key has the size that was said, and is equal for equal values alone. */
static void keys_tell_values_apart(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct error err = {.status = STATUS_OK};
    struct vector columns[TYPES];
    char keys_of[MIXED_VALUES][512];
    size_t sizes[MIXED_VALUES];

    (void)state;
    for (uint32_t k = 0; k < MIXED_VALUES; k++) {
        for (size_t c = 0; c < TYPES; c++) {
            struct value v = mixed_value(types[c], k);
            ASSERT_OK(vector_const(arena, &v, 3, &columns[c], &err));
        }
        const struct key_encoder keys = {columns, TYPES};
        bool null = false;
        sizes[k] = key_bytes(&keys, 2);
        assert_true(sizes[k] < sizeof(keys_of[k]));
        memset(keys_of[k], 'x', sizeof(keys_of[k]));
        key_encode(&keys, 2, keys_of[k], &null);
        assert_int_equal(null, k == 5);
        assert_int_equal(keys_of[k][sizes[k]], 'x');
        for (uint32_t before = 0; before < k; before++)
            assert_false(slice_equal(slice_from(keys_of[k], sizes[k]),
                                     slice_from(keys_of[before], sizes[before])));
    }
    arena_free(arena);
}

/* -0 is 0: one group. */
static void zeros_are_one(void **state)
{
    static const double reals[] = {0.0, -0.0};
    const struct vector v = {.type = TYPE_REAL, .row_count = 2, .reals = reals};
    const struct key_encoder keys = {&v, 1};
    char a[9], b[9];
    bool null;

    (void)state;
    assert_int_equal(key_bytes(&keys, 0), sizeof(a));
    key_encode(&keys, 0, a, &null);
    key_encode(&keys, 1, b, &null);
    assert_memory_equal(a, b, sizeof(a));
}

static void groups_are_numbered(void **state)
{
    struct arena *arena = arena_new(16 * MIB);
    struct error err = {.status = STATUS_OK};
    struct group_table table;
    uint32_t group;
    bool is_new;

    (void)state;
    ASSERT_OK(group_init(&table, arena, &err));
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            /* The same hash for many: what differs is the key. */
            struct slice key = slice_from((const char *)&i, sizeof(i));
            if (round == 0)
                assert_int_equal(group_find(&table, key, i % 97), GROUP_NONE);
            ASSERT_OK(group_add(&table, key, i % 97, &group, &is_new, &err));
            assert_int_equal(group, i);
            assert_int_equal(is_new, round == 0);
            assert_int_equal(group_find(&table, key, i % 97), i);
        }
    }
    ASSERT_OK(group_add(&table, SLICE(""), 0, &group, &is_new, &err));
    assert_int_equal(group, 5000);
    table.count = QUERY_OPERATOR_ROWS_MAX;
    ASSERT_STATUS(STATUS_LIMIT, group_add(&table, SLICE("new"), 1, &group, &is_new, &err));
    arena_free(arena);
}

/* One table's keys in another, some of which it has; copied they outlive their table. */
static void tables_are_joined(void **state)
{
    (void)state;
    for (int copies = 0; copies < 2; copies++) {
        struct arena *arena = arena_new(16 * MIB), *other = arena_new(16 * MIB);
        struct error err = {.status = STATUS_OK};
        struct group_table table, from;
        static uint32_t map[3000];
        uint32_t group;
        bool is_new;
        ASSERT_OK(group_init(&table, arena, &err));
        ASSERT_OK(group_init(&from, other, &err));
        for (uint32_t i = 0; i < 6000; i++) {
            uint32_t key = i % 3 == 0 ? i : i / 2; /* a third of the one is in the other */
            struct group_table *to = i % 2 == 0 ? &table : &from;
            ASSERT_OK(group_add(to, slice_from((const char *)&key, sizeof(key)), key % 97, &group,
                                &is_new, &err));
        }
        uint32_t had = table.count, came = from.count;
        ASSERT_OK(group_merge(&table, &from, copies != 0, map, &err));
        assert_true(table.count > had && table.count < had + came);
        for (uint32_t i = 0; i < came; i++)
            assert_true(slice_equal(table.entries[map[i]].key, from.entries[i].key));
        if (copies != 0)
            arena_free(other);
        for (uint32_t i = 0; i < table.count; i++)
            assert_int_equal(group_find(&table, table.entries[i].key, table.entries[i].hash), i);
        if (copies == 0)
            arena_free(other);
        arena_free(arena);
    }
}

/* Out of memory at any place, what is in the table stays findable. */
static void memory_is_bounded(void **state)
{
    (void)state;
    for (size_t budget = 64; budget < 200 * KIB; budget += 777) {
        struct arena *arena = arena_new(budget);
        struct error err = {.status = STATUS_OK};
        struct group_table table;
        uint32_t i = 0, group;
        bool is_new;
        enum status status = group_init(&table, arena, &err);
        for (; status == STATUS_OK; i++)
            status = group_add(&table, slice_from((const char *)&i, sizeof(i)), i, &group,
                               &is_new, &err);
        assert_int_equal(status, STATUS_LIMIT);
        for (uint32_t k = 0; k + 1 < i; k++)
            assert_int_equal(group_find(&table, slice_from((const char *)&k, sizeof(k)), k), k);
        arena_free(arena);
    }
}

static const char *const alike[] = {
    "@ | summarize count(), sum(id) by s, n, r, b, g, t, p, c | sort by t asc, s asc",
    "@ | summarize count() by tostring(d), i | sort by d asc, i asc",
    "@ | summarize count() by x = strcat(s, id % 50), id % 3 | sort by x asc, Column1 asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

ASK_MAIN(cmocka_unit_test(keys_tell_values_apart),
         cmocka_unit_test(zeros_are_one),
         cmocka_unit_test(groups_are_numbered),
         cmocka_unit_test(tables_are_joined),
        cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(encodings_do_not_matter))
