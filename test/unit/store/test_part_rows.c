/* SPDX-License-Identifier: Apache-2.0 */
/* A value below arrays knows its row and its neighbours. */
#include "store/column_priv.h"

#include "store/segment_fixture.h"

static void values_know_their_rows(void **state)
{
    (void)state;
    struct batch_maker m;
    struct error err;
    struct path_uses uses;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"n\":\"0\",\"a\":[{\"b\":[{\"v\":\"0\"},{\"v\":\"0\"}]}]}"), 0);
    batch_maker_add(&m, SLICE("{\"n\":\"1\",\"a\":[]}"), 1);
    batch_maker_add(&m, SLICE("{\"n\":\"2\",\"a\":[{\"x\":1},{\"b\":[{\"v\":\"2\"}]}]}"), 2);
    batch_maker_add(&m, SLICE("{\"a\":[{\"b\":[{\"v\":\"3\"},{\"w\":1,\"v\":\"3\"}]}]}"), 3);
    struct part *part = fixture_part(&m);
    struct arena *arena = arena_new(MIB);
    assert_int_equal(path_uses_build(part, arena, &uses, &err), STATUS_OK);
    uint32_t path = part_find_path(part, SLICE("a[].b[].v"), PATH_VALUE);
    uint32_t name = part_find_path(part, SLICE("n"), PATH_VALUE);
    const struct path_column *column = &part->paths[path];
    uint32_t rows[8], context[8];
    assert_int_equal(column->value_count, 5);
    assert_int_equal(part_value_rows(part, &uses, path, rows, &err), STATUS_OK);
    assert_true(part_context_needs_rows(part, &uses, path, name));
    assert_int_equal(part_context_codes(part, &uses, path, name, context, &err), STATUS_OK);
    for (uint32_t v = 0; v < 5; v++) {
        struct slice text = column->dict[code_at(column->codes, v)];
        assert_int_equal(part->seqs[rows[v]], (uint64_t)(text.data[0] - '0') + 1);
        if (slice_is(text, "3"))
            assert_int_equal(context[v], part->paths[name].dict_count); /* absent */
        else
            assert_true(slice_equal(part->paths[name].dict[context[v]], text));
    }
    uint32_t other = part_find_path(part, SLICE("a[].x"), PATH_VALUE);
    assert_int_equal(part_context_codes(part, &uses, name, other, context, &err), STATUS_CORRUPT);
    arena_free(arena);
    part_unref(part);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_know_their_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
