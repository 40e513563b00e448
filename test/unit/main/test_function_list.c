/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "main/function_list.h"

static struct function_text functions[8];
static uint32_t count;

static enum status read(const char *text, struct arena *arena, struct error *err)
{
    count = 0;
    return function_list_read(slice_of(text), arena, functions, &count, err);
}

static void functions_have_a_name_and_a_text(void **state)
{
    static const char text[] = "// first\n\nOne(a:long) {\n  a\n}\n// warning: beware\nTwo(\n"
                               "    b:long) {\n  b\n}\nUno = One\n";
    struct arena *arena = arena_new(1 << 20);
    struct error err;

    (void)state;
    assert_true(function_list_count(slice_of(text)) >= 3);
    ASSERT_OK(read(text, arena, &err));
    assert_int_equal(count, 3);
    ASSERT_SLICE(functions[0].name, "One");
    ASSERT_SLICE(functions[0].text, "(a:long) {\n  a\n}");
    ASSERT_SLICE(functions[1].text, "// warning: beware\n(\n    b:long) {\n  b\n}");
    ASSERT_SLICE(functions[2].name, "Uno");
    ASSERT_SLICE(functions[2].text, "(a:long) {\n  a\n}");
    arena_free(arena);
}

static void mistakes_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text, *says;
        uint32_t line;
    } cases[] = {
        {"\nOne {\n}\n", "wants NAME(parameters) {", 2},
        {"(a:long) {\n}\n", "wants NAME(parameters) {", 1},
        {"One() {\n  1\n", "a function does not end", 1},
        {"One() {\n  1\n}\nOne() {\n  1\n}\n", "the function stands twice", 4},
        {"Two = One\n", "there is no such function above", 1},
    };
    struct arena *arena = arena_new(1 << 20);
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ASSERT_STATUS(STATUS_INVALID, read(cases[i].text, arena, &err));
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(err.line, cases[i].line);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_a_name_and_a_text),
        cmocka_unit_test(mistakes_are_named_with_their_line),
    };

    return RUN_TESTS(tests);
}
