/* SPDX-License-Identifier: Apache-2.0 */
/* == != < <= > >= of each type, with nulls; members of dynamic values. */
#include "mixed.h"

#include "query/expr_priv.h"

#include <math.h>

static const struct ask nulls_cases[] = {
    {"print long(null) == 1, long(null) != 1, long(null) == long(null), long(null) < 1",
     "[[false,true,null,null]]"},
    {"datatable(a: long, b: long)[1, 2, 2, 2, long(null), 2, long(null), long(null)] | project "
     "a == b, a != b, a < b, a <= b, a > b, a >= b",
     "[[false,true,true,true,false,false],[true,false,false,true,false,true],"
     "[false,true,null,null,null,null],[null,null,null,null,null,null]]"},
    {"datatable(s: string)['', 'a'] | project s == '', s < 'a', s >= ''",
     "[[true,true,true],[false,false,true]]"},
};
ASK_TEST(nulls, nulls_cases)

static const struct ask types_cases[] = {
    {"print 5 == '5', '5' != 5", "[[true,false]]"},
    {"print 1 < 'a'", "! 1:9 cannot compare a long with a string"},
    {"print true > false, 1 == 1.0, int(1) < 2, decimal(1.50) == decimal(1.5), 1h >= 60m",
     "[[true,true,true,true,true]]"},
    {"print guid(00000000-0000-0000-0000-000000000001) < guid(00000000-0000-0000-0000-00000000000"
     "2), datetime(2026-01-01) <> datetime(2026-01-02), 'a' < 'b', 'B' < 'a'",
     "[[true,true,true,true]]"},
    {"print real(nan) == real(nan), real(nan) != 1.0, real(nan) < 1.0, real(+inf) > 1e308",
     "[[false,true,false,true]]"},
};
ASK_TEST(types, types_cases)

static const struct ask members_cases[] = {
    {"datatable(d: dynamic, k: string, n: long)[dynamic({\"a\":[5,{\"b\":6}]}), 'a', 0, "
     "dynamic([1,2]), 'b', long(null), dynamic('x'), 'a', 1] | project d.a[1].b, d[k], d[n], "
     "d[-1]",
     "[[6,[5,{\"b\":6}],null,null],[null,null,null,2],[null,null,null,null]]"},
    {"print d = dynamic({\"a\":null}) | project isnull(d.a), isnull(d.b), isnull(d.a.b)",
     "[[true,true,true]]"},
};
ASK_TEST(members, members_cases)

static const struct ask errors_cases[] = {
    {"print datetime(2026-01-01) == 1h", "! cannot"},
    {"print true < 1h", "! cannot"},
    {"print x = 1 | project x.a", "! "},
};
ASK_TEST(errors, errors_cases)

/* NaN is before everything; what is of no type is equal. */
static void values_have_an_order(void **state)
{
    static const enum type types[] = {TYPE_BOOL, TYPE_INT,  TYPE_LONG,     TYPE_REAL,
                                      TYPE_GUID, TYPE_STRING, TYPE_DECIMAL, TYPE_DATETIME};
    struct value nan = {.type = TYPE_REAL, .real = NAN};
    struct value low = {.type = TYPE_REAL, .real = -INFINITY};

    (void)state;
    assert_int_equal(value_compare(&nan, &nan), 0);
    assert_true(value_compare(&nan, &low) < 0);
    assert_true(value_compare(&low, &nan) > 0);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct value a = mixed_value(types[i], 6);
        struct value b = mixed_value(types[i], 7);
        assert_int_equal(value_compare(&a, &a), 0);
        assert_true(value_compare(&a, &b) < 0);
        assert_true(value_compare(&b, &a) > 0);
    }
}

#define ALL(A, B)                                                                                  \
    "@ | summarize countif(" A " == " B "), countif(" A " != " B "), countif(" A " < " B           \
    "), countif(" A " <= " B "), countif(" A " > " B "), countif(" A " >= " B                      \
    "), countif(isnull(" A " < " B "))"
static const char *const alike[] = {
    ALL("n", "10"),
    ALL("10", "n"),
    ALL("n", "i"),
    ALL("n", "id"),
    ALL("r", "0.5"),
    ALL("0.5", "r"),
    ALL("r", "r + id % 3 - 1"),
    ALL("s", "'alpha'"),
    ALL("'alpha'", "s"),
    ALL("s", "strcat(substring(s, 0, 1), tostring(id % 2))"),
    ALL("b", "true"),
    ALL("b", "(n > 0)"),
    ALL("g", "guid(11111111-1111-1111-1111-111111111111)"),
    ALL("t", "datetime(1970-01-01 05:00)"),
    ALL("t", "(now() - p)"),
    ALL("p", "2s"),
    ALL("c", "decimal(1)"),
    ALL("c", "-c"),
    "@ | summarize count() by x = tostring(d.a), y = tostring(d[1]), z = tostring(d[s]), "
    "w = tostring(d[i]) | sort by x asc, y asc, z asc, w asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | where n >= 10 or r < id or s > 'b' or c == 3 or g != guid(null) and b == true | extend "
    "x = d.a, y = d[n] | summarize countif(isnull(x)), countif(isnull(y))",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(nulls),
         cmocka_unit_test(types),
         cmocka_unit_test(members),
         cmocka_unit_test(errors),
         cmocka_unit_test(values_have_an_order),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
