/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and their values. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"print datetime(", "expected ')' to close 'datetime('", 1, 15},
        {"print dynamic(", "expected ')' to close 'dynamic('", 1, 14},
        {"print dynamic({)", "expected ')' to close 'dynamic('", 1, 14},
        {"print datetime(nonsense)", "'datetime(nonsense)' is not a datetime literal", 1, 7},
        {"print long(x)", "'long(x)' is not a long literal", 1, 7},
        {"print time(zz)", "'time(zz)' is not a timespan literal", 1, 7},
        {"print real(zz)", "'real(zz)' is not a real literal", 1, 7},
        {"print bool(maybe)", "'bool(maybe)' is not a bool literal", 1, 7},
        {"print decimal(zz)", "'decimal(zz)' is not a decimal literal", 1, 7},
        {"print int(1.5)", "'int(1.5)' is not a int literal", 1, 7},
        {"print guid(zz)", "'guid(zz)' is not a guid literal", 1, 7},
        {"print 0x", "'0x' is not a real literal", 1, 7},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"print long(null), real(nan), int(-5)", "[[null,\"NaN\",-5]]", 0, 0},
        {"print bool(true), time(1.02:03:04), datetime(2026-01-02 03:04)",
         "[[true,\"1.02:03:04\",\"2026-01-02T03:04:00.0000000Z\"]]", 0, 0},
        {"print guid(7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001)",
         "[[\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
