/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "table/schema.h"

static void names_are_case_sensitive(void **state)
{
    static const struct column columns[] = {{{"A", 1}, TYPE_LONG}, {{"b", 1}, TYPE_STRING}};
    const struct schema schema = {columns, 2};

    (void)state;
    assert_int_equal(schema_find(&schema, SLICE("b")), 1);
    assert_true(schema_find(&schema, SLICE("B")) == UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_case_sensitive)};

    return RUN_TESTS(tests);
}
