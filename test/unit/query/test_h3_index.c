/* SPDX-License-Identifier: Apache-2.0 */
/* The bits of an H3 index: what is none is refused, rotations come around. */
#include "query/h3_priv.h"

#include "test.h"

static void tokens_come_back(void **state)
{
    static const char *const good[] = {"862a1072fffffff", "8001fffffffffff", "8f2a1072b59cad9"};
    char token[H3_TOKEN_BYTES];
    uint64_t cell;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(h3_parse(slice_of(good[i]), &cell));
        h3_format(cell, token);
        assert_string_equal(token, good[i]);
    }
}

static void broken_tokens_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "1",
        "g62a1072fffffff",
        "162a1072fffffff",   /* another mode */
        "80f5fffffffffff",   /* first cell 122 */
        "862a1072ffffffe",   /* a digit behind the resolution */
        "872a1072fffffff",   /* a digit too few */
        "81083ffffffffff0", /* too long */
        "81087ffffffffff",   /* the axis that a pentagon has not */
    };
    uint64_t cell;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (h3_parse(slice_of(bad[i]), &cell))
            fail_msg("'%s' is taken", bad[i]);
    }
}

static void six_turns_are_none(void **state)
{
    uint64_t cell;

    (void)state;
    assert_true(h3_parse(SLICE("862a1072fffffff"), &cell));
    assert_int_equal(h3_rotate_ccw(cell, 6), cell);
    assert_int_equal(h3_rotate_cw(h3_rotate_ccw(cell, 1)), cell);
    assert_int_not_equal(h3_rotate_ccw(cell, 1), cell);
    assert_int_equal(h3_rotate_pentagon(h3_base_cell(4), 3), h3_base_cell(4));
}

static void children_have_their_parent(void **state)
{
    uint64_t children[7];

    (void)state;
    for (int base = 0; base < H3_BASES; base++) {
        uint64_t cell = h3_base_cell(base);
        uint32_t count = h3_children(cell, children);
        assert_int_equal(count, h3_is_pentagon(cell) ? 6 : 7);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(h3_resolution(children[i]), 1);
            assert_int_equal(h3_parent(children[i], 0), cell);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_back),
        cmocka_unit_test(broken_tokens_are_refused),
        cmocka_unit_test(six_turns_are_none),
        cmocka_unit_test(children_have_their_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
