/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in dynamic(...), as compact JSON. */
#include "test.h"

#include "base/limits.h"
#include "query/literal.h"

static void literals_become_json(void **state)
{
    static const struct {
        const char *text, *json;
    } good[] = {{"[1, 'a', \"b\"]", "[1,\"a\",\"b\"]"},
                {" { \"a\" : { 'b' : null } } ", "{\"a\":{\"b\":null}}"},
                {"null", "null"},
                {"true", "true"},
                {"'it''s'", "\"its\""},
                {"['a' \"b\", @'\\c' // d\n 'e', 'f',]", "[\"ab\",\"\\\\ce\",\"f\"]"},
                {"{'k' 'l': 'm' h'n'}", "{\"kl\":\"mn\"}"},
                {"\"\\u00e4\"", "\"\303\244\""},
                {"[]", "[]"},
                {"[\302\2401,\343\200\200'a\302\240'\357\273\277]\302\240",
                 "[1,\"a\302\240\"]"},
                {"{\302\240'k'\302\240:\302\240[\302\240]\302\240}", "{\"k\":[]}"},
                {"{}", "{}"},
                {"-1.5", "-1.5"},
                {"[1h, datetime(2024-01-01)]",
                 "[\"01:00:00\",\"2024-01-01T00:00:00.0000000Z\"]"}};
    struct arena *arena = arena_new(MIB);
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct slice json = {NULL, 0};
        size_t at = 0;
        enum status status = literal_dynamic(arena, slice_of(good[i].text), &json, &at, &err);
        if (status != STATUS_OK)
            fail_msg("%s: %s", good[i].text, err.text);
        if (!slice_is(json, good[i].json))
            fail_msg("%s gives %.*s", good[i].text, SLICE_FMT(json));
    }
    arena_free(arena);
}

static void broken_ones_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } bad[] = {{"[1,", 3}, {"{", 1}, {"{\"a\":}", 5}, {"[1 2]", 3}, {"[1,\n'a", 4}, {"nul", 0},
               {"]", 0}, {"{1:2}", 1}, {"['a' 'b' 1]", 9}};
    struct arena *arena = arena_new(MIB);
    struct slice json;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t at = SIZE_MAX;
        if (literal_dynamic(arena, slice_of(bad[i].text), &json, &at, &err) != STATUS_INVALID)
            fail_msg("'%s' is taken", bad[i].text);
        if (at != bad[i].at)
            fail_msg("'%s' is wrong at %zu", bad[i].text, at);
        assert_true(err.text[0] != '\0');
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_become_json),
        cmocka_unit_test(broken_ones_are_refused),
    };

    return RUN_TESTS(tests);
}
