/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and their values. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"print datetime(", "! 1:15 expected ')' to close 'datetime('"},
        {"print dynamic(", "! 1:14 expected ')' to close 'dynamic('"},
        {"print dynamic({)", "! 1:14 expected ')' to close 'dynamic('"},
        {"print datetime(nonsense)", "! 1:7 'datetime(nonsense)' is not a datetime literal"},
        {"print long(x)", "! 1:7 'long(x)' is not a long literal"},
        {"print time(zz)", "! 1:7 'time(zz)' is not a timespan literal"},
        {"print real(zz)", "! 1:7 'real(zz)' is not a real literal"},
        {"print bool(maybe)", "! 1:7 'bool(maybe)' is not a bool literal"},
        {"print decimal(zz)", "! 1:7 'decimal(zz)' is not a decimal literal"},
        {"print int(1.5)", "! 1:7 'int(1.5)' is not an int literal"},
        {"print guid(zz)", "! 1:7 'guid(zz)' is not a guid literal"},
        {"print 0x", "! 1:7 '0x' is not a real literal"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"print long(null), real(nan), int(-5)", "[[null,\"NaN\",-5]]"},
        {"print bool(true), time(1.02:03:04), datetime(2026-01-02 03:04)",
         "[[true,\"1.02:03:04\",\"2026-01-02T03:04:00.0000000Z\"]]"},
        {"print guid(7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001)",
         "[[\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001\"]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
