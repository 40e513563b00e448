/* SPDX-License-Identifier: Apache-2.0 */
/* has, contains, startswith ... with their case-sensitive and negated forms; in; regex. */
#include "mixed.h"

#include "query/expr_priv.h"

static const struct ask words_cases[] = {
    {"print 'a b-c' has 'B', 'ab' has 'a', 'a b' has_cs 'B', 'a b' !has 'b', 'a b' !has_cs 'B'",
     "[[true,false,false,false,true]]"},
    {"print 'abc d' hasprefix 'AB', 'abc' hassuffix 'BC', 'abc' hasprefix_cs 'AB', "
     "'abc' hassuffix_cs 'bc', 'abc' !hasprefix 'ab', 'abc' !hassuffix 'bc', "
     "'abc' !hasprefix_cs 'AB', 'abc' !hassuffix_cs 'BC'",
     "[[true,true,false,true,false,false,true,true]]"},
    {"print 'x' has '', 'x' contains '', '' startswith '', '' endswith 'a'",
     "[[true,true,true,false]]"},
    {"print 'abc' contains 'B', 'abc' contains_cs 'B', 'abc' !contains 'b', 'abc' !contains_cs 'B'",
     "[[true,false,false,true]]"},
    {"print 'abc' startswith 'AB', 'abc' startswith_cs 'AB', 'abc' endswith 'BC', "
     "'abc' endswith_cs 'BC', 'abc' !startswith 'AB', 'abc' !startswith_cs 'AB', "
     "'abc' !endswith 'BC', 'abc' !endswith_cs 'BC', 'c' endswith 'abc'",
     "[[true,false,true,false,false,true,false,true,false]]"},
    {"print 'abc' =~ 'ABC', 'abc' !~ 'ABC', 'abc' =~ 'ab'", "[[true,false,false]]"},
};
ASK_TEST(words, words_cases)

static const struct ask lists_cases[] = {
    {"print 'a b' has_any ('x', 'B'), 'a b' has_all ('a', 'B'), 'a b' has_all ('a', 'c'), "
     "'a b' has_any ('')",
     "[[true,true,false,true]]"},
    {"print 'a' in ('A', 'b'), 'a' in~ ('A', 'b'), 'a' !in ('A'), 'a' !in~ ('A')",
     "[[false,true,true,false]]"},
    {"print 1 in (1.0, 2), 3 in (1, 2), -0.0 in (0.0), 1h in (60m), true in (false)",
     "[[true,false,true,true,false]]"},
    {"datatable(n: long)[1, long(null), 3] | project n in (1, long(null)), n !in (1)",
     "[[true,false],[true,true],[false,true]]"},
    {"range x from 1 to 5000 step 1 | where x in (range y from 2 to 9000 step 2) | count",
     "[[2500]]"},
    {"print guid(00000000-0000-0000-0000-000000000001) in (guid(00000000-0000-0000-0000-0000000000"
     "01)), decimal(1.50) in (decimal(1.5))",
     "[[true,true]]"},
};
ASK_TEST(lists, lists_cases)

static const struct ask regex_cases[] = {
    {"print 'abc' matches regex 'b.', 'abc' matches regex '^b'", "[[true,false]]"},
    {"print 'abc' matches regex '('", "! "},
    {"print 1 matches regex 'a', 'a' in (1h)", "[[false,false]]"},
};
ASK_TEST(regexes, regex_cases)

/* A list holds as many different values as it was made for, each once, whatever its case. */
static void lists_are_bounded(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct error err = {.status = STATUS_OK};
    const struct value *values;
    struct value v = {.type = TYPE_STRING};

    (void)state;
    struct in_set *set = in_set_new(arena, TYPE_STRING, true, false, 2, &err);
    assert_non_null(set);
    v.bytes = SLICE("one");
    ASSERT_OK(in_set_add(set, &v, &err));
    v.bytes = SLICE("ONE");
    ASSERT_OK(in_set_add(set, &v, &err));
    assert_int_equal(in_set_values(set, &values), 1);
    ASSERT_SLICE(values[0].bytes, "one");
    v.bytes = SLICE("two");
    ASSERT_OK(in_set_add(set, &v, &err));
    v.bytes = SLICE("three");
    ASSERT_STATUS(STATUS_LIMIT, in_set_add(set, &v, &err));
    err = (struct error){0};
    v.is_null = true; /* cannot be said as a filter */
    ASSERT_OK(in_set_add(set, &v, &err));
    assert_int_equal(in_set_values(set, &values), 0);
    assert_true(in_set_is_nocase(set));
    assert_false(in_set_is_negated(set));
    assert_null(operator_string(SLICE("nosuch")));
    arena_free(arena);
    arena = arena_new(64);
    assert_null(in_set_new(arena, TYPE_STRING, true, false, 2, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    arena_free(arena);
}

static const char *const alike[] = {
    "@ | summarize countif(s has 'alpha'), countif(s has_cs 'Alpha'), countif(s !has 'beta'), "
    "countif(s hasprefix 'al'), countif(s hassuffix 'ta'), countif(s contains 'ph'), "
    "countif(s startswith 'AL'), countif(s endswith_cs 'a'), countif(s =~ 'ALPHA')",
    "@ | summarize countif(s has_any ('beta', 'delta')), countif(s has_all ('alpha', 'beta')), "
    "countif(s in ('alpha', 'beta')), countif(s in~ ('ALPHA')), countif(s !in ('alpha', ''))",
    "@ | summarize countif(n in (10, 20)), countif(n !in (10)), countif(r in (0.5, 1.0)), "
    "countif(t in (datetime(1970-01-01 05:00))), countif(b in (true)), countif(c in (decimal(3)))",
    "@ | summarize countif(s matches regex '^[a-z]+$'), countif(s has tostring(id % 3)), "
    "countif('alpha beta' has s), countif('alpha' contains s), countif(s startswith "
    "substring(s, 0, id % 3))",
    "@ | where s has 'alpha' and s !contains 'bet' or s in ('2.5', '1') | summarize count(), "
    "sum(id) by s | sort by s asc",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | where s has 'alpha' or s in~ ('BETA', 'x') or s has_any ('delta', 'y') or s matches "
    "regex 'z.*' or s contains tostring(id) | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

ASK_MAIN(cmocka_unit_test(words),
         cmocka_unit_test(lists),
         cmocka_unit_test(regexes),
         cmocka_unit_test(lists_are_bounded),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded))
