/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator that is offered is one that the parser knows. */
#include "test.h"

#include "base/limits.h"
#include "query/ast_priv.h"
#include "query/complete_priv.h"

static void test_offered_operators_are_operators(void **state)
{
    struct arena *arena = arena_new(16 * MIB);

    (void)state;
    for (uint32_t i = 0; i < complete_operators.count; i++) {
        struct error err = {0};
        struct node *tree;
        struct buf text;
        buf_init(&text, KIB);
        buf_add_format(&text, "T | %s", complete_operators.words[i].text);
        if (parse_query(arena, buf_slice(&text), &tree, &err) != STATUS_OK &&
            strstr(err.text, "is not an operator") != NULL)
            fail_msg("%s", err.text);
        buf_release(&text);
        assert_true(complete_operators.words[i].summary[0] != '\0');
    }
    arena_free(arena);
}

static void test_offered_types_are_types(void **state)
{
    enum type type;

    (void)state;
    for (uint32_t i = 0; i < complete_types.count; i++)
        assert_true(type_from_name(slice_of(complete_types.words[i].text), &type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offered_operators_are_operators),
        cmocka_unit_test(test_offered_types_are_types),
    };
    return RUN_TESTS(tests);
}
