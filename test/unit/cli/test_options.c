/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "cli/options.h"

#include <string.h>

static const struct option table[] = {
    {"tenant", true, false, "NAME", "whose"},
    {"ip", true, true, "ADDRESS", "an address"},
    {"follow", false, false, NULL, "go on"},
    {"o", true, false, "FORMAT", "format"},
};

static struct error err;
static struct options options;

static enum status parse(struct arena *arena, int argc, const char **argv)
{
    return options_parse(table, 4, argc, argv, arena, &options, &err);
}

#define PARSE(...)                                                                                 \
    parse(*state, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)),             \
          (const char *[]){__VA_ARGS__})

static int set_up(void **state)
{
    *state = arena_new(MIB);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void options_stand_anywhere_in_either_form(void **state)
{
    ASSERT_OK(PARSE("one", "--tenant", "a b", "two", "--follow", "-o=csv", "--ip==", "-"));
    assert_string_equal(options_get(&options, "tenant", NULL), "a b");
    assert_string_equal(options_get(&options, "o", NULL), "csv");
    assert_string_equal(options_get(&options, "ip", NULL), "=");
    assert_true(options_has(&options, "follow"));
    assert_int_equal(options.word_count, 3);
    assert_string_equal(options.words[1], "two");
    assert_string_equal(options.words[2], "-");
}

static void two_dashes_end_the_options(void **state)
{
    ASSERT_OK(PARSE("--", "--tenant", "--"));
    assert_int_equal(options.word_count, 2);
    assert_false(options_has(&options, "tenant"));
    assert_string_equal(options_get(&options, "tenant", "else"), "else");
}

static void a_value_may_look_like_an_option(void **state)
{
    ASSERT_OK(PARSE("--tenant", "--follow"));
    assert_string_equal(options_get(&options, "tenant", NULL), "--follow");
    assert_false(options_has(&options, "follow"));
}

static void what_is_wrong_is_said_with_the_nearest_right_one(void **state)
{
    ASSERT_STATUS(STATUS_INVALID, PARSE("--tennant", "a"));
    assert_non_null(strstr(err.text, "did you mean '--tenant'"));
    ASSERT_STATUS(STATUS_INVALID, PARSE("--something-else"));
    assert_null(strstr(err.text, "did you mean"));
    ASSERT_STATUS(STATUS_INVALID, PARSE("-x"));
    assert_null(strstr(err.text, "did you mean"));
    ASSERT_STATUS(STATUS_INVALID, PARSE("--tenant"));
    assert_non_null(strstr(err.text, "wants a value"));
    ASSERT_STATUS(STATUS_INVALID, PARSE("--tenant", ""));
    assert_non_null(strstr(err.text, "option 'tenant' is empty"));
    ASSERT_STATUS(STATUS_INVALID, PARSE("--tenant="));
    ASSERT_STATUS(STATUS_INVALID, PARSE("--follow=yes"));
    assert_non_null(strstr(err.text, "takes no value"));
}

static void the_short_form_asks_for_help_where_there_is_some(void **state)
{
    static const struct option with_help[] = {{"help", false, false, NULL, "show this help"}};
    const char *words[] = {"-h"};

    ASSERT_OK(options_parse(with_help, 1, 1, words, *state, &options, &err));
    assert_true(options_has(&options, "help"));
    ASSERT_STATUS(STATUS_INVALID, PARSE("-h"));
}

static void only_some_options_may_be_given_twice(void **state)
{
    ASSERT_STATUS(STATUS_INVALID, PARSE("--tenant", "a", "--tenant", "b"));
    assert_non_null(strstr(err.text, "twice"));
    ASSERT_OK(PARSE("--ip", "1", "--ip", "2"));
    assert_int_equal(options.value_count, 2);
    assert_string_equal(options_get(&options, "ip", NULL), "2");
}

static void there_is_an_end_to_options(void **state)
{
    const char *many[2 * OPTION_VALUES_MAX + 2];

    for (unsigned i = 0; i < OPTION_VALUES_MAX + 1; i++) {
        many[2 * i] = "--ip";
        many[2 * i + 1] = "x";
    }
    ASSERT_OK(parse(*state, (int)(2 * OPTION_VALUES_MAX), many));
    ASSERT_STATUS(STATUS_INVALID, parse(*state, (int)(2 * OPTION_VALUES_MAX + 2), many));
}

static void the_help_names_every_option(void **state)
{
    struct buf help;

    (void)state;
    buf_init(&help, MIB);
    options_help(table, 4, &help);
    assert_int_not_equal(slice_find(buf_slice(&help), SLICE("  --tenant NAME "), 0), SIZE_MAX);
    assert_int_not_equal(slice_find(buf_slice(&help), SLICE("  -o FORMAT "), 0), SIZE_MAX);
    assert_int_not_equal(slice_find(buf_slice(&help), SLICE("  --follow "), 0), SIZE_MAX);
    buf_release(&help);
}

#define OPTIONS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPTIONS_TEST(options_stand_anywhere_in_either_form),
        OPTIONS_TEST(two_dashes_end_the_options),
        OPTIONS_TEST(a_value_may_look_like_an_option),
        OPTIONS_TEST(what_is_wrong_is_said_with_the_nearest_right_one),
        OPTIONS_TEST(the_short_form_asks_for_help_where_there_is_some),
        OPTIONS_TEST(only_some_options_may_be_given_twice),
        OPTIONS_TEST(there_is_an_end_to_options),
        OPTIONS_TEST(the_help_names_every_option),
    };

    return RUN_TESTS(tests);
}
