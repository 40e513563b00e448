/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "codec/yaml.h"

static struct error err;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * MIB);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void documents_become_trees(void **state)
{
    struct yaml_node **documents;
    uint32_t count;

    (void)state;
    ASSERT_OK(yaml_parse(SLICE("a: 1\nb: [x, 'y']\nc: {d: e}\n---\nsecond: yes\n"), arena,
                         &documents, &count, &err));
    assert_int_equal(count, 2);
    ASSERT_SLICE(yaml_text(documents[0], "a", ""), "1");
    const struct yaml_node *b = yaml_get(documents[0], "b");
    assert_int_equal(b->kind, YAML_SEQUENCE);
    assert_int_equal(b->count, 2);
    assert_int_equal(b->line, 2);
    assert_false(b->items[0]->quoted);
    assert_true(b->items[1]->quoted);
    ASSERT_SLICE(yaml_text(yaml_get(documents[0], "c"), "d", ""), "e");
    ASSERT_SLICE(yaml_text(documents[0], "none", "fallback"), "fallback");
    assert_null(yaml_get(b, "a"));
    ASSERT_OK(yaml_parse(SLICE(""), arena, &documents, &count, &err));
    assert_int_equal(count, 0);
}

static void refuse(struct slice text, const char *why, uint32_t line)
{
    struct yaml_node **documents;
    uint32_t count;

    ASSERT_STATUS(STATUS_INVALID, yaml_parse(text, arena, &documents, &count, &err));
    assert_non_null(strstr(err.text, why));
    assert_int_equal(err.line, line);
    assert_int_equal(count, 0);
}

static void hostile_yaml_is_refused_with_its_place(void **state)
{
    char deep[400];

    (void)state;
    refuse(SLICE("a: &x [1]\nb: *x\n"), "aliases", 2);
    refuse(SLICE("a: 1\nb: 2\na: 3\n"), "twice", 1);
    refuse(SLICE("? [a]\n: b\n"), "scalar", 1);
    refuse(SLICE("a: [1\n"), "", err.line == 0 ? 0 : 2);
    memset(deep, '[', sizeof(deep));
    refuse(slice_from(deep, sizeof(deep)), "deep", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_trees),
        cmocka_unit_test(hostile_yaml_is_refused_with_its_place),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
