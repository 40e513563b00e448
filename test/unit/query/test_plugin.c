/* SPDX-License-Identifier: Apache-2.0 */
/* The table of plugins: every one is found, runs as its example says, and is named where a
 * query is near. */
#include "ask.h"

#include "query/plugin_priv.h"

static void every_plugin_is_found_and_does_as_it_says(void **state)
{
    struct buf answer;

    (void)state;
    for (uint32_t i = 0; special_plugin_at(i) != NULL; i++) {
        const struct special *text = special_plugin_at(i);
        const struct plugin *plugin = plugin_find(slice_of(text->name));
        assert_non_null(plugin);
        assert_ptr_equal(&plugin->text, text);
        assert_non_null(strstr(text->signature, text->name));
        if (i > 0)
            assert_true(strcmp(special_plugin_at(i - 1)->name, text->name) < 0);
        if (text->example[0] == '\0')
            continue;
        ask_answer(text->example, false, &answer);
        if (strstr(answer.data, "[[true]]") == NULL)
            fail_msg("%s\n  %.400s", text->example, answer.data);
        buf_release(&answer);
    }
    assert_null(plugin_find(SLICE("nosuch")));
    assert_null(plugin_find(SLICE("")));
}

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | evaluate bag_unpac(d)",
         "! 1:14 plugin 'bag_unpac' is not known; did you mean 'bag_unpack'?"},
        {"T | evaluate nosuch()", "! 1:14 plugin 'nosuch' is not known"},
        {"evaluate narrow()", "! 1:1 'narrow' needs a table in front of it"},
        {"T | evaluate session_count(n)", "! 1:5 'session_count' has too few arguments"},
        {"T | evaluate session_count(n, t, t, t, 1d, 1d, n + 1)",
         "! 1:5 takes columns as dimensions"},
        {"T | evaluate session_count(n, t + 1h, t, t, 1d, 1d)",
         "! 1:5 takes a column as its timeline"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plugin_is_found_and_does_as_it_says),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
    };

    return RUN_TESTS(tests);
}
