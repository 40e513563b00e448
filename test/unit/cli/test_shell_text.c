/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "cli/shell_text.h"

#include <stdlib.h>

static void test_a_query_ends_at_a_blank_line_or_a_semicolon(void **state)
{
    static const struct {
        const char *text;
        bool ended;
    } cases[] = {
        {"T\n", false},
        {"T\n\n", true},
        {"T\n  \t\n", true},
        {"T | take 5;\n", true},
        {"T | take 5 ;  \n", true},
        {"let a = 1;\n", false},
        {"let a = 1;\nT;\n", true},
        {"let a = 1; T;\n", true},
        {"let f = () { let b = 1; T };\n", false},
        {"print ';let x';\n", true},
        {"// ; let\nprint 1;\n", true},
        {"set x = 1;\n", false},
        {"declare query_parameters(a:long = 1);\n", false},
        {"letter;\n", true},
        {"\n", true},
        {"", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (shell_is_ended(slice_of(cases[i].text)) != cases[i].ended)
            fail_msg("'%s'", cases[i].text);
    }
}

static void caret(const char *text, uint32_t line, uint32_t column, const char *wanted)
{
    struct buf out;

    buf_init(&out, MIB);
    shell_add_caret(&out, slice_of(text), line, column);
    if (!slice_is(buf_slice(&out), wanted))
        fail_msg("found '%.*s'", SLICE_FMT(buf_slice(&out)));
    buf_release(&out);
}

static void test_a_caret_stands_under_its_character(void **state)
{
    (void)state;
    caret("T\n| wher x\n", 2, 3, "  | wher x\n    ^\n");
    caret("\xc3\xa4\xc3\xb6 x", 1, 4, "  \xc3\xa4\xc3\xb6 x\n     ^\n");
    caret("T", 1, 9, "  T\n   ^\n");
    caret("T", 2, 1, "");
    caret("T", 0, 0, "");
    caret("a\x1b[31m b", 1, 1, "  a\\u{1b}[31m b\n  ^\n");
}

static void test_the_history_lies_in_the_state_directory(void **state)
{
    struct buf path;

    (void)state;
    buf_init(&path, 4 * KIB);
    (void)setenv("XDG_STATE_HOME", "/x/state", 1);
    shell_add_history_path(&path);
    ASSERT_SLICE(buf_slice(&path), "/x/state/daybook/history");
    buf_clear(&path);
    (void)setenv("XDG_STATE_HOME", "relative", 1);
    (void)setenv("HOME", "/home/ann", 1);
    shell_add_history_path(&path);
    ASSERT_SLICE(buf_slice(&path), "/home/ann/.local/state/daybook/history");
    buf_clear(&path);
    (void)unsetenv("HOME");
    shell_add_history_path(&path);
    assert_int_equal(path.size, 0);
    buf_release(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_query_ends_at_a_blank_line_or_a_semicolon),
        cmocka_unit_test(test_a_caret_stands_under_its_character),
        cmocka_unit_test(test_the_history_lies_in_the_state_directory),
    };
    return RUN_TESTS(tests);
}
