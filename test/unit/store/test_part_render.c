/* SPDX-License-Identifier: Apache-2.0 */
/* Objects and arrays of a row as JSON text. */
#include "store/part_maker.h"

static void objects_and_arrays_render_alone(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"i\":1, \"o\" : { \"x\":[1, 2],\"y\":{}},\"z\":\"t\"}"), 1);
    batch_maker_add(&m, SLICE("{\"i\":2, \"o\" : { \"x\":[3],\"y\":{}},\"z\":\"u\"}"), 2);
    struct part *part = build_part(&m);
    const struct shape *shape = &part->shapes[0];
    struct buf out;
    buf_init(&out, MIB);
    assert_int_equal(shape->object_count, 2);
    part_render_object(part, shape, &shape->objects[0], 1, &out);
    assert_true(slice_is(buf_slice(&out), "{ \"x\":[3],\"y\":{}}"));
    buf_clear(&out);
    part_render_object(part, shape, &shape->objects[1], 0, &out);
    assert_true(slice_is(buf_slice(&out), "{}"));
    buf_clear(&out);
    part_render_array(part, part_find_path(part, SLICE("o.x"), PATH_ARRAY), 0, &out);
    assert_true(slice_is(buf_slice(&out), "[1, 2]"));
    buf_release(&out);
    part_unref(part);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_and_arrays_render_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
