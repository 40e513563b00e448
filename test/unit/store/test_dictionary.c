/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dictionary_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void a_text_and_its_kind_have_one_code(void **state)
{
    (void)state;
    struct dictionary d = {0};
    static char texts[3000][8];
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 3000; i++) {
            int size = snprintf(texts[i], sizeof(texts[i]), "%u", i / 2);
            enum json_kind kind = i % 2 ? JSON_STRING : JSON_NUMBER;
            assert_int_equal(dictionary_put(&d, slice_from(texts[i], (size_t)size), kind), i);
        }
    }
    assert_int_equal(d.count, 3000);
    struct arena *arena = arena_new(1 << 20);
    struct path_column column = {0};
    struct error err;
    assert_int_equal(dictionary_finish(&d, arena, &column, &err), STATUS_OK);
    assert_false(column.has_escapes);
    arena_free(arena);
    dictionary_release(&d);
}

/* One more than are announced finds room, too. */
static void distinct_texts_have_their_room_at_once(void **state)
{
    (void)state;
    struct dictionary distinct = {.most = 2000}, common = {.most = 2000};
    static char texts[2001][8];
    for (uint32_t i = 0; i <= 2000; i++) {
        size_t size = (size_t)snprintf(texts[i], sizeof(texts[i]), "%u", i);
        assert_int_equal(dictionary_put(&distinct, slice_from(texts[i], size), JSON_STRING), i);
        size = (size_t)snprintf(texts[i], sizeof(texts[i]), "%u", i % 100);
        assert_int_equal(dictionary_put(&common, slice_from(texts[i], size), JSON_STRING), i % 100);
        (void)snprintf(texts[i], sizeof(texts[i]), "%u", i);
        if (i >= 32 && i < 2000)
            assert_int_equal(distinct.capacity, 2000);
    }
    assert_int_equal(distinct.count, 2001);
    assert_int_equal(common.count, 100);
    dictionary_release(&distinct);
    dictionary_release(&common);
}

static void finishing_copies_the_texts(void **state)
{
    (void)state;
    struct dictionary d = {0};
    struct path_column column = {0};
    struct arena *arena = arena_new(1 << 20);
    struct error err;
    char text[] = "a\\n";
    assert_int_equal(dictionary_put(&d, slice_from(text, 3), JSON_STRING), 0);
    assert_int_equal(dictionary_put(&d, SLICE(""), JSON_NULL), 1);
    assert_int_equal(dictionary_finish(&d, arena, &column, &err), STATUS_OK);
    text[0] = 'x';
    assert_int_equal(column.dict_count, 2);
    assert_true(slice_is(column.dict[0], "a\\n"));
    assert_int_equal(column.dict[1].size, 0);
    assert_int_equal(column.dict_kinds[1], JSON_NULL);
    assert_true(column.has_escapes);
    arena_free(arena);
    dictionary_release(&d);
}

static void finishing_keeps_to_the_budget(void **state)
{
    (void)state;
    struct dictionary d = {0};
    struct path_column column = {0};
    struct arena *arena = arena_new(1);
    struct error err;
    assert_int_equal(dictionary_put(&d, SLICE("a"), JSON_STRING), 0);
    assert_int_equal(dictionary_finish(&d, arena, &column, &err), STATUS_LIMIT);
    arena_free(arena);
    dictionary_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_and_its_kind_have_one_code),
        cmocka_unit_test(distinct_texts_have_their_room_at_once),
        cmocka_unit_test(finishing_copies_the_texts),
        cmocka_unit_test(finishing_keeps_to_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
