/* SPDX-License-Identifier: Apache-2.0 */
/* Parts give back the exact bytes of their records, alone and joined. */
#include "store/part_priv.h"

#include "base/limits.h"
#include "store/batch_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const NASTY[] = {
    "{}",
    " { } ",
    "\xEF\xBB\xBF{\"a\":1}",
    "{\"a\":[]}",
    "{\"a\":[ ]}",
    "{\"a\":[\n]}",
    "{\"a\":{}}",
    "{\"a\":{ }}",
    "{\"a\":[[],[[]],[[1],[2,3]],[ ]]}",
    "{\"a\":[1,\"1\",true,null,{},{\"x\":1},[],[1]]}",
    "{\"a\":[1, 2 ,3\t,\n4 ] , \"b\" : \"c\" }",
    "{\"a\":1.0e+5,\"b\":-0,\"c\":-0.0,\"d\":1E-7,\"e\":123456789012345678901234567890}",
    "{\"a\":\"\\\"quoted\\\" \\\\ \\u0041\\/\"}",
    "{\"\\u0061\":1,\"a\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":{\"b\":1},\"a\":{\"b\":2,\"c\":3}}",
    "{\"a\":[1,2],\"a\":[3],\"a\":{\"x\":[4]}}",
    "{\"a.b\":1,\"a\":{\"b\":2},\"a[]\":3,\"a\\\\\":4}",
    "{\"\":1,\"a\":{\"\":{\"\":[{\"\":\"\"}]}}}",
    "{\"\xC3\xBC\":\"\xF0\x9F\x98\x80\",\"\xE2\x82\xAC\":{\"\xC3\xA9\":[\"\xC3\xA9\"]}}",
    "{\"x\":{\"y\":{\"z\":[{\"p\":[{\"q\":[1,{\"r\":2}]}]},{\"p\":[]}]}}}",
    "{\"x\":[[[[[[[[[[[[[[[[\"deep\"]]]]]]]]]]]]]]]]}",
    "not json",
    "[1,2,3]",
    "\"text\"",
    "",
    "{\"a\":\"\xFF\xFE\"}",
};

#define NASTY_COUNT (sizeof(NASTY) / sizeof(NASTY[0]))

static struct part *build(const struct batch_maker *m)
{
    struct error err;
    struct part *part = NULL;

    if (part_from_records(&m->batch, &part, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return part;
}

/* Every record of the batch is there once, with its bytes. */
static void check_part(const struct part *part, const struct batch_maker *m, uint64_t first_seq)
{
    struct buf raw;
    buf_init(&raw, 64 * MIB);
    uint32_t seen = 0;

    for (uint32_t row = 0; row < part->row_count; row++) {
        if (part->seqs[row] < first_seq || part->seqs[row] - first_seq >= m->batch.record_count)
            continue;
        const struct record *record = &m->records[part->seqs[row] - first_seq];
        buf_clear(&raw);
        part_render(part, row, &raw);
        assert_false(raw.failed);
        if (!slice_equal(buf_slice(&raw), record->raw))
            fail_msg("wanted '%.*s', found '%.*s'", SLICE_FMT(record->raw),
                     SLICE_FMT(buf_slice(&raw)));
        assert_int_equal(part->event_times[row], record->event_time);
        assert_int_equal(part->row_flags[row], record->flags);
        seen++;
    }
    assert_int_equal(seen, m->batch.record_count);
    buf_release(&raw);
}

static void nasty_records_render_exactly(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    for (size_t i = 0; i < NASTY_COUNT; i++)
        batch_maker_add(&m, slice_of(NASTY[i]), (int64_t)(NASTY_COUNT - i));
    struct part *part = build(&m);
    assert_int_equal(part->row_count, NASTY_COUNT);
    check_part(part, &m, 1);
    part_unref(part);
    batch_maker_release(&m);
}

static void each_nasty_record_renders_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < NASTY_COUNT; i++) {
        struct batch_maker m;
        batch_maker_init(&m, "T", 1);
        batch_maker_add(&m, slice_of(NASTY[i]), 7);
        struct part *part = build(&m);
        check_part(part, &m, 1);
        part_unref(part);
        batch_maker_release(&m);
    }
}

/* A random JSON value; the seed decides all. */
static void add_random(struct buf *buf, struct rng *rng, int depth)
{
    static const char *const SCALARS[] = {"1", "-0", "true", "null", "\"\"", "\"x\"", "\"\\n\"",
                                          "[ ]", "2.50", "\"y y\"", "[]", "{}"};
    static const char *const KEYS[] = {"a", "b", "c.d", "\\u0061", "e[", ""};
    uint32_t kind = rng_below(rng, depth > 5 ? 1 : 3);

    if (kind == 0 && depth > 0) {
        buf_add_text(buf, SCALARS[rng_below(rng, 12)]);
        return;
    }
    bool is_object = kind != 1 || depth == 0;
    uint32_t count = rng_below(rng, 4);
    buf_add_byte(buf, is_object ? '{' : '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        if (rng_below(rng, 4) == 0)
            buf_add_byte(buf, ' ');
        if (is_object)
            buf_add_format(buf, "\"%s\":", KEYS[rng_below(rng, 6)]);
        add_random(buf, rng, depth + 1);
    }
    buf_add_byte(buf, is_object ? '}' : ']');
}

static void add_random_records(struct batch_maker *m, struct rng *rng, uint32_t count)
{
    struct buf text;
    buf_init(&text, 64 * MIB);
    for (uint32_t i = 0; i < count; i++) {
        buf_clear(&text);
        add_random(&text, rng, 0);
        batch_maker_add(m, buf_slice(&text), (int64_t)rng_below(rng, 50));
    }
    buf_release(&text);
}

static void random_records_render_exactly_joined_or_not(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct rng rng = {seed};
        struct batch_maker m[3];
        struct part *parts[3], *joined = NULL;
        struct error err;
        uint64_t seq = 1;
        for (int i = 0; i < 3; i++) {
            batch_maker_init(&m[i], "T", 1);
            m[i].next_seq = seq;
            m[i].batch.wal_file = (uint64_t)i + 5;
            add_random_records(&m[i], &rng, 1 + rng_below(&rng, 100));
            parts[i] = build(&m[i]);
            check_part(parts[i], &m[i], seq);
            seq = m[i].next_seq;
        }
        assert_int_equal(part_join(parts, 3, &joined, &err), STATUS_OK);
        assert_int_equal(joined->row_count, seq - 1);
        assert_int_equal(joined->wal_file_max, 7);
        assert_int_equal(joined->seq_min, 1);
        assert_int_equal(joined->seq_max, seq - 1);
        seq = 1;
        for (int i = 0; i < 3; i++) {
            check_part(joined, &m[i], seq);
            seq = m[i].next_seq;
            part_unref(parts[i]);
            batch_maker_release(&m[i]);
        }
        part_unref(joined);
    }
}

static void rows_of_a_shape_are_in_order_of_time(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    for (int i = 0; i < 100; i++)
        batch_maker_add(&m, i % 2 ? SLICE("{\"a\":1}") : SLICE("{\"b\":1}"), (i * 37) % 11);
    struct part *part = build(&m);
    assert_int_equal(part->root_shape_count, 2);
    for (uint32_t s = 0; s < 2; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t i = 1; i < shape->row_count; i++) {
            uint32_t row = shape->row_begin + i;
            assert_true(part->event_times[row - 1] <= part->event_times[row]);
            if (part->event_times[row - 1] == part->event_times[row])
                assert_true(part->seqs[row - 1] < part->seqs[row]);
        }
    }
    part_unref(part);
    batch_maker_release(&m);
}

static void a_later_key_shadows_an_earlier_one(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"a\":{\"b\":1},\"\\u0061\":2}"), 1);
    struct part *part = build(&m);
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

static void objects_and_arrays_render_alone(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"i\":1, \"o\" : { \"x\":[1, 2],\"y\":{}},\"z\":\"t\"}"), 1);
    batch_maker_add(&m, SLICE("{\"i\":2, \"o\" : { \"x\":[3],\"y\":{}},\"z\":\"u\"}"), 2);
    struct part *part = build(&m);
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
    struct part *part = build(&m);
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
    struct part *part = build(&m);
    check_part(part, &m, 1);
    assert_true(part->path_count <= PART_PATHS_MAX);
    assert_int_equal(part->root_shape_count, 5); /* four fit, two are raw */
    part_unref(part);
    buf_release(&text);
    batch_maker_release(&m);
}

static void joins_refuse_what_does_not_fit(void **state)
{
    (void)state;
    struct batch_maker m[2];
    struct part *parts[2], *joined = NULL;
    struct error err;
    struct buf text;
    buf_init(&text, MIB);
    for (uint32_t i = 0; i < 2; i++) {
        batch_maker_init(&m[i], "T", 1);
        for (uint32_t k = 0; k < 700; k++) {
            buf_clear(&text);
            buf_add_format(&text, "{\"p%u_%u\":1}", i, k);
            batch_maker_add(&m[i], buf_slice(&text), 1);
        }
        parts[i] = build(&m[i]);
    }
    assert_int_equal(part_join(parts, 2, &joined, &err), STATUS_LIMIT);
    assert_int_equal(part_join(parts, 0, &joined, &err), STATUS_INVALID);
    parts[1]->tenant.bytes[0] = 9;
    assert_int_equal(part_join(parts, 2, &joined, &err), STATUS_INVALID);
    assert_null(joined);
    m[0].batch.record_count = 0;
    assert_int_equal(part_from_records(&m[0].batch, &joined, &err), STATUS_INVALID);
    m[0].batch.record_count = 700;
    for (uint32_t i = 0; i < 2; i++) {
        part_unref(parts[i]);
        batch_maker_release(&m[i]);
    }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nasty_records_render_exactly),
        cmocka_unit_test(each_nasty_record_renders_alone),
        cmocka_unit_test(random_records_render_exactly_joined_or_not),
        cmocka_unit_test(rows_of_a_shape_are_in_order_of_time),
        cmocka_unit_test(a_later_key_shadows_an_earlier_one),
        cmocka_unit_test(objects_and_arrays_render_alone),
        cmocka_unit_test(what_passes_the_bounds_is_kept_raw),
        cmocka_unit_test(many_paths_fall_back_to_raw),
        cmocka_unit_test(joins_refuse_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
