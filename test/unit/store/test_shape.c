/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: bounds and shadowed keys. */
#include "store/part_maker.h"

static void a_later_key_shadows_an_earlier_one(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"a\":{\"b\":1},\"\\u0061\":2}"), 1);
    struct part *part = build_part(&m);
    const struct shape *shape = &part->shapes[0];
    assert_int_equal(shape->slot_count, 2);
    assert_true(shape->slots[0].shadowed);
    assert_false(shape->slots[1].shadowed);
    assert_int_equal(shape->object_count, 0);
    assert_int_not_equal(part_find_path(part, SLICE("a"), PATH_VALUE), UINT32_MAX);
    assert_int_not_equal(part_find_path(part, SLICE("a.b"), PATH_VALUE), UINT32_MAX);
    assert_int_equal(part_find_path(part, SLICE("a"), PATH_ARRAY), UINT32_MAX);
    part_unref(part);
    batch_maker_release(&m);
}

/* Objects of one key to those in which the marks of two names meet; without escapes. */
static void only_a_key_that_comes_again_is_shadowed(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, MIB);
    for (uint32_t keys = 1; keys <= 256; keys *= 2) {
        for (uint32_t again = 0; again <= keys; again += (keys + 3) / 4) { /* keys: none */
            struct batch_maker m;
            batch_maker_init(&m, "T", 1);
            buf_clear(&text);
            for (uint32_t i = 0; i < keys; i++)
                buf_add_format(&text, "%s\"k%u\":%u", i == 0 ? "{" : ",", i, i);
            if (again < keys)
                buf_add_format(&text, ",\"k%u\":0", again);
            buf_add_text(&text, "}");
            batch_maker_add(&m, buf_slice(&text), 1);
            struct part *part = build_part(&m);
            const struct shape *shape = &part->shapes[0];
            assert_int_equal(shape->slot_count, keys + (again < keys));
            for (uint32_t i = 0; i < shape->slot_count; i++)
                assert_int_equal(shape->slots[i].shadowed, i == again && again < keys);
            part_unref(part);
            batch_maker_release(&m);
        }
    }
    buf_release(&text);
}

static void what_passes_the_bounds_is_kept_raw(void **state)
{
    (void)state;
    struct batch_maker m;
    struct buf text;
    buf_init(&text, 64 * MIB);
    batch_maker_init(&m, "T", 1);
    /* too many slots */
    buf_add_text(&text, "{\"k\":0");
    for (uint32_t i = 0; i < SHAPE_SLOTS_MAX; i++)
        buf_add_format(&text, ",\"k%u\":%u", i, i);
    buf_add_text(&text, "}");
    batch_maker_add(&m, buf_slice(&text), 1);
    /* too long a path */
    buf_clear(&text);
    buf_add_text(&text, "{\"");
    for (size_t i = 0; i <= PART_PATH_BYTES_MAX; i++)
        buf_add_byte(&text, 'x');
    buf_add_text(&text, "\":1}");
    batch_maker_add(&m, buf_slice(&text), 2);
    /* too many shapes, and a record that fits none the less */
    for (uint32_t i = 0; i < PART_SHAPES_MAX + 50; i++) {
        buf_clear(&text);
        buf_add_format(&text, "{\"s\":[{\"n%u\":\"v\"}]}", i);
        batch_maker_add(&m, buf_slice(&text), 3);
    }
    batch_maker_add(&m, SLICE("{\"s\":[{\"n0\":\"w\"}]}"), 4);
    struct part *part = build_part(&m);
    check_part(part, &m, 1);
    assert_true(part->shape_count <= PART_SHAPES_MAX);
    uint32_t raw_rows = 0;
    for (uint32_t s = 0; s < part->root_shape_count; s++)
        raw_rows += part->shapes[s].is_raw ? part->shapes[s].row_count : 0;
    /* 1 shape for {"s":..}, 1 for raw: the other elements fit */
    assert_int_equal(raw_rows, 2 + 50 + 2);
    part_unref(part);
    buf_release(&text);
    batch_maker_release(&m);
}

static void many_paths_fall_back_to_raw(void **state)
{
    (void)state;
    struct batch_maker m;
    struct buf text;
    buf_init(&text, 64 * MIB);
    batch_maker_init(&m, "T", 1);
    for (uint32_t r = 0; r < 6; r++) {
        buf_clear(&text);
        buf_add_text(&text, "{\"k\":0");
        for (uint32_t i = 0; i < 1000; i++)
            buf_add_format(&text, ",\"r%u_%u\":%u", r, i, i);
        buf_add_text(&text, "}");
        batch_maker_add(&m, buf_slice(&text), 1);
    }
    struct part *part = build_part(&m);
    check_part(part, &m, 1);
    assert_true(part->path_count <= PART_PATHS_MAX);
    assert_int_equal(part->root_shape_count, 5); /* four fit, two are raw */
    part_unref(part);
    buf_release(&text);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_later_key_shadows_an_earlier_one),
        cmocka_unit_test(only_a_key_that_comes_again_is_shadowed),
        cmocka_unit_test(what_passes_the_bounds_is_kept_raw),
        cmocka_unit_test(many_paths_fall_back_to_raw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
