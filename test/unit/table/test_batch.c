/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "table/batch.h"

static void rows_are_picked_in_every_column(void **state)
{
    static const int64_t numbers[] = {10, 20, 30};
    static const struct slice words[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    const struct vector columns[] = {
        {.type = TYPE_LONG, .row_count = 3, .integers = numbers},
        {.type = TYPE_STRING, .row_count = 3, .slices = words},
    };
    const struct batch batch = {3, 2, columns, false, NULL};
    const uint32_t rows[] = {2, 0};
    struct arena *arena = arena_new(MIB);
    struct batch taken;
    struct error err;

    (void)state;
    ASSERT_OK(batch_take(arena, &batch, rows, 2, &taken, &err));
    assert_int_equal(taken.row_count, 2);
    assert_int_equal(taken.column_count, 2);
    assert_int_equal(vector_value(&taken.columns[0], 0).integer, 30);
    ASSERT_SLICE(vector_value(&taken.columns[1], 1).bytes, "a");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_picked_in_every_column)};

    return RUN_TESTS(tests);
}
