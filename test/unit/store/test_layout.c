/* SPDX-License-Identifier: Apache-2.0 */
/* The two ends of making a part. */
#include "store/layout_priv.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void begin(struct part **part, struct shape_table *table)
{
    struct guid tenant = {{1}};
    struct error err;

    assert_int_equal(part_new(&tenant, SLICE("T"), MIB, part, &err), STATUS_OK);
    assert_int_equal(shape_table_init(table, (*part)->arena, &err), STATUS_OK);
}

static void unused_shapes_and_paths_are_left_out(void **state)
{
    (void)state;
    struct part *part;
    struct shape_table table;
    struct layout layout;
    struct error err;
    uint32_t raw, unused;
    begin(&part, &table);
    assert_int_equal(shape_table_path(&table, PATH_VALUE, SLICE("unused"), &unused, &err),
                     STATUS_OK);
    assert_int_equal(shape_table_raw(&table, &raw, &err), STATUS_OK);
    table.shapes[raw].row_count = 3;
    assert_int_equal(layout_begin(&layout, part, &table, &err), STATUS_OK);
    assert_int_equal(part->row_count, 3);
    assert_int_equal(part->path_count, 2);
    assert_true(slice_is(part->paths[1].path, "\\raw"));
    assert_int_equal(part->paths[1].value_count, 3);
    assert_int_equal(layout.path_map[unused], UINT32_MAX);
    layout_release(&layout);
    shape_table_release(&table);
    part_unref(part);
}

static void a_part_has_a_bounded_number_of_rows(void **state)
{
    (void)state;
    struct part *part;
    struct shape_table table;
    struct layout layout;
    struct error err;
    uint32_t raw;
    begin(&part, &table);
    assert_int_equal(shape_table_raw(&table, &raw, &err), STATUS_OK);
    table.shapes[raw].row_count = PART_ROWS_MAX + 1;
    assert_int_equal(layout_begin(&layout, part, &table, &err), STATUS_LIMIT);
    layout_release(&layout);
    shape_table_release(&table);
    part_unref(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unused_shapes_and_paths_are_left_out),
        cmocka_unit_test(a_part_has_a_bounded_number_of_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
