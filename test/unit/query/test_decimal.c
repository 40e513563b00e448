/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of decimals against results on paper, and at the ends of the range. */
#include "query/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct decimal number(const char *text)
{
    struct decimal ret;

    assert_true(decimal_parse(slice_of(text), &ret));
    return ret;
}

static void is(const struct decimal *value, const char *wanted)
{
    char text[DECIMAL_TEXT_BYTES + 1];
    size_t size = decimal_format(value, text);

    assert_true(size < DECIMAL_TEXT_BYTES);
    text[size] = '\0';
    assert_string_equal(text, wanted);
}

static void texts_come_back_in_one_form(void **state)
{
    static const char *const pairs[][2] = {
        {"1.50", "1.5"},   {"-0.0", "0"},       {"+7", "7"},           {"1e3", "1000"},
        {"1E-3", "0.001"}, {".5", "0.5"},       {"100", "100"},        {"5.", "5"},
        {"1e40", "1E+40"}, {"-15e39", "-1.5E+40"}, {"1e-40", "1E-40"},
        {"9999999999999999999999999999999999", "9999999999999999999999999999999999"},
        {"99999999999999999999999999999999995", "1E+35"},
        {"0.00000000000000000000000000000000012", "1.2E-34"}};
    static const char *const wrong[] = {"", "-", "1e", "1e+", "x", "1.2.3", "1 ", "1e99999",
                                        "--1", "."};
    struct decimal ret;

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct decimal value = number(pairs[i][0]);
        is(&value, pairs[i][1]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(decimal_parse(slice_of(wrong[i]), &ret));
}

static void the_four_operations_and_the_rest(void **state)
{
    static const struct {
        const char *a, *b, *wanted;
        char op;
    } cases[] = {{"0.1", "0.2", "0.3", '+'},
                 {"1", "-1", "0", '+'},
                 {"1e33", "0.4", "1000000000000000000000000000000000", '+'},
                 {"9999999999999999999999999999999999", "1", "1E+34", '+'},
                 {"1e34", "1e-100", "1E+34", '-'},
                 {"3", "5.5", "-2.5", '-'},
                 {"1.1", "1.1", "1.21", '*'},
                 {"-99999999999999999", "99999999999999999", "-9999999999999999800000000000000001",
                  '*'},
                 {"1", "3", "0.3333333333333333333333333333333333", '/'},
                 {"2", "3", "0.6666666666666666666666666666666667", '/'},
                 {"0", "3", "0", '/'},
                 {"7", "-2", "-3.5", '/'},
                 {"7", "3", "1", '%'},
                 {"-7", "3", "2", '%'},
                 {"7.5", "-2", "1.5", '%'},
                 {"1e100", "7", "4", '%'},
                 {"1", "7", "1", '%'}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decimal a = number(cases[i].a);
        struct decimal b = number(cases[i].b);
        struct decimal c;
        assert_true(decimal_compute(cases[i].op, &a, &b, &c));
        is(&c, cases[i].wanted);
    }
}

static void what_has_no_result_says_so(void **state)
{
    struct decimal one = number("1");
    struct decimal zero = number("0");
    struct decimal huge = number("9e6144");
    struct decimal tiny = number("1e-6140");
    struct decimal ret = one;

    (void)state;
    assert_false(decimal_compute('/', &one, &zero, &ret));
    assert_false(decimal_compute('%', &one, &zero, &ret));
    assert_false(decimal_compute('*', &huge, &huge, &ret));
    assert_false(decimal_compute('+', &huge, &huge, &ret));
    is(&ret, "1"); /* untouched */
    assert_true(decimal_compute('*', &tiny, &tiny, &ret));
    is(&ret, "0");
}

static void order_and_rounding(void **state)
{
    static const char *const rising[] = {"-1e10", "-2", "-1.9", "0", "1e-5", "0.1", "1.9",
                                         "1.95",  "2",  "1e10"};
    static const struct {
        const char *value;
        int64_t digits;
        const char *wanted;
    } rounded[] = {{"2.345", 2, "2.35"}, {"-2.5", 0, "-3"}, {"149", -2, "100"}, {"150", -2, "200"},
                   {"0.4", 0, "0"},      {"0.5", 0, "1"},   {"4", -2, "0"},     {"1.5", 9, "1.5"},
                   {"999.9", 0, "1000"}, {"1.5", INT64_MIN, "0"},
                   {"1e30", INT64_MAX, "1000000000000000000000000000000"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
        for (size_t j = 0; j < sizeof(rising) / sizeof(rising[0]); j++) {
            struct decimal a = number(rising[i]);
            struct decimal b = number(rising[j]);
            int order = decimal_order(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
    for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
        struct decimal value = number(rounded[i].value);
        decimal_round(&value, rounded[i].digits);
        is(&value, rounded[i].wanted);
    }
    struct decimal up = number("1.2");
    struct decimal down = number("-1.8");
    struct decimal whole = number("70");
    decimal_ceiling(&up);
    decimal_ceiling(&down);
    decimal_ceiling(&whole);
    is(&up, "2");
    is(&down, "-1");
    is(&whole, "70");
}

static void values_are_compared_and_computed(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct error err;
    struct value a = {.type = TYPE_DECIMAL, .bytes = SLICE("1.0")};
    struct value b = {.type = TYPE_DECIMAL, .bytes = SLICE(" 1 ")};
    struct value ret;

    (void)state;
    assert_int_equal(decimal_compare(&a, &b), 0);
    assert_int_equal(decimal_arithmetic(arena, '+', &a, &b, &ret, &err), STATUS_OK);
    assert_true(slice_is(ret.bytes, "2"));
    b.bytes = SLICE("0");
    assert_int_equal(decimal_arithmetic(arena, '/', &a, &b, &ret, &err), STATUS_OK);
    assert_true(ret.is_null);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back_in_one_form),
        cmocka_unit_test(the_four_operations_and_the_rest),
        cmocka_unit_test(what_has_no_result_says_so),
        cmocka_unit_test(order_and_rounding),
        cmocka_unit_test(values_are_compared_and_computed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
