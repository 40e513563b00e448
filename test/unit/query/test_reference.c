/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of the reference has an example that is true, and the page is current. */
#include "ask.h"

#include "query/bind_priv.h"
#include "query/complete_priv.h"
#include "query/function.h"
#include "query/reference_priv.h"
#include "query/special.h"

#include <stdio.h>

static unsigned failures_of(const char *before, const char *example, const char *after)
{
    struct buf query;
    struct buf answer;

    buf_init(&query, MIB);
    buf_add_text(&query, before);
    buf_add_text(&query, example);
    buf_add_text(&query, after);
    buf_add_byte(&query, '\0');
    ask_answer(query.data, false, &answer);
    bool good = ask_fits(answer.data, "[[true]]");
    if (!good)
        print_error("%s\n  %s\n", query.data, answer.data);
    buf_release(&answer);
    buf_release(&query);
    return !good;
}

static void operators_have_examples(void **state)
{
    const struct complete_words *const lists[] = {&complete_sources, &complete_operators,
                                                 &complete_infix};
    unsigned failures = 0;

    (void)state;
    for (size_t l = 0; l < 3; l++) {
        for (uint32_t i = 0; i < lists[l]->count; i++) {
            const char *name = lists[l]->words[i].text;
            const char *example = reference_example(name);
            if (example == NULL)
                print_error("%s has no example in reference.c\n", name);
            failures += example == NULL || failures_of("", example, "") > 0;
        }
    }
    assert_int_equal(failures, 0);
    assert_null(reference_example("nothing"));
}

static void specials_have_examples(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (uint32_t i = 0; special_at(i) != NULL; i++) {
        const char *example = special_at(i)->example;
        if (example[0] != '\0')
            failures += failures_of("print ok = (", example, ")");
    }
    for (uint32_t i = 0; special_window_at(i) != NULL; i++)
        failures += failures_of("", special_window_at(i)->example, "");
    for (uint32_t i = 0; special_plugin_at(i) != NULL; i++) {
        const char *example = special_plugin_at(i)->example;
        if (example[0] != '\0')
            failures += failures_of("", example, "");
    }
    assert_int_equal(failures, 0);
}

static void options_and_operators_of_texts_have_examples(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (uint32_t i = 0; special_text_at(i) != NULL; i++) {
        const struct special *one = special_text_at(i);
        assert_true(one->summary[0] != '\0');
        assert_non_null(strstr(one->example, one->name));
        assert_int_not_equal(special_text_operand(slice_of(one->name)), TEXT_OPERAND_NONE);
        failures += failures_of("print ok = (", one->example, ")");
    }
    for (uint32_t i = 0; special_set_at(i) != NULL; i++) {
        const struct special *one = special_set_at(i);
        assert_non_null(strstr(one->example, one->name));
        failures += failures_of("", one->example, "");
    }
    assert_int_equal(failures, 0);
}

/* Behind each word stands a query that has it; what the binder refuses is not on the page. */
static void values_of_properties_are_accepted(void **state)
{
    static const struct {
        const char *name, *before, *after;
    } queries[] = {
        {"join", "T | join kind=", " (T) on n"},
        {"lookup", "T | lookup kind=", " (T) on n"},
        {"union", "T | union kind=", " T"},
        {"mv-expand", "T | mv-expand kind=", " d"},
        {"parse", "T | parse kind=", " s with 'O' x 'e'"},
        {"make-series", "T | make-series kind=", " count() on n from 1 to 3 step 1"},
        {"reduce", "T | reduce kind=", " by s"},
        {"search", "T | search kind=", " 'a'"},
        {"getschema", "T | getschema kind=", ""},
        {"scan", "T | sort by n | scan kind=", " with (step a: true;)"},
        {"step", "T | sort by n | scan with (step a output=", ": true;)"},
        {"render", "T | render ", ""},
        {"render kind", "T | render columnchart kind=", ""},
    };
    struct bind_option_about about;
    size_t lists = 0;

    (void)state;
    for (uint32_t i = 0; bind_option_at(i, &about); i++) {
        assert_true(about.summary[0] != '\0');
        if (about.words == NULL || strcmp(about.name, "bagexpansion") == 0)
            continue;
        assert_true(lists < sizeof(queries) / sizeof(queries[0]));
        for (uint32_t w = 0; w < about.words->count; w++) {
            struct buf query;
            struct buf answer;
            buf_init(&query, KIB);
            buf_add_format(&query, "%s%s%s", queries[lists].before, about.words->words[w].text,
                           queries[lists].after);
            buf_add_byte(&query, '\0');
            ask_answer(query.data, true, &answer);
            if (strstr(answer.data, "error") != NULL)
                fail_msg("%s: %s", query.data, answer.data);
            buf_release(&answer);
            buf_release(&query);
        }
        lists++;
    }
    assert_int_equal(lists, sizeof(queries) / sizeof(queries[0]));
}

static void functions_have_examples(void **state)
{
    uint32_t count;
    const struct function_family *const *families = function_families(&count);

    (void)state;
    for (uint32_t f = 0; f < count; f++) {
        for (uint32_t i = 0; i < families[f]->function_count; i++)
            assert_true(families[f]->functions[i].example[0] != '\0' &&
                        families[f]->functions[i].summary[0] != '\0');
        for (uint32_t i = 0; i < families[f]->aggregate_count; i++)
            assert_true(families[f]->aggregates[i].example[0] != '\0' &&
                        families[f]->aggregates[i].summary[0] != '\0');
    }
}

static void the_page_is_current(void **state)
{
    const char *source = getenv("DAYBOOK_SOURCE");
    struct error err;
    struct buf path;
    struct buf wanted;
    struct buf page;
    char block[4096];
    size_t size;

    (void)state;
    assert_non_null(source);
    buf_init(&path, MIB);
    buf_init(&wanted, MIB);
    buf_init(&page, MIB);
    buf_add_text(&path, source);
    buf_add_text(&path, "/docs/user/kql.md");
    buf_add_byte(&path, '\0');
    FILE *file = fopen(path.data, "rb");
    assert_non_null(file);
    while ((size = fread(block, 1, sizeof(block), file)) > 0)
        buf_add(&page, block, size);
    (void)fclose(file);
    assert_int_equal(query_add_reference(&wanted, &err), STATUS_OK);
    if (!slice_equal(buf_slice(&page), buf_slice(&wanted)))
        print_error("docs/user/kql.md is not current: run tools/kqldoc\n");
    assert_true(slice_equal(buf_slice(&page), buf_slice(&wanted)));
    buf_release(&path);
    buf_release(&page);
    buf_init(&page, 100);
    assert_int_not_equal(query_add_reference(&page, &err), STATUS_OK);
    buf_release(&page);
    buf_release(&wanted);
}

ASK_MAIN(cmocka_unit_test(operators_have_examples), cmocka_unit_test(specials_have_examples),
         cmocka_unit_test(options_and_operators_of_texts_have_examples),
         cmocka_unit_test(values_of_properties_are_accepted),
         cmocka_unit_test(functions_have_examples), cmocka_unit_test(the_page_is_current))
