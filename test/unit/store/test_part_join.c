/* SPDX-License-Identifier: Apache-2.0 */
/* Joined parts give back the exact bytes of their records. */
#include "store/part_maker.h"

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
            parts[i] = build_part(&m[i]);
            check_part(parts[i], &m[i], seq);
            seq = m[i].next_seq;
        }
        assert_int_equal(part_join(parts, 3, &joined, &err), STATUS_OK);
        assert_int_equal(joined->raw_bytes,
                         parts[0]->raw_bytes + parts[1]->raw_bytes + parts[2]->raw_bytes);
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
        parts[i] = build_part(&m[i]);
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

/* Of elements that are all the same a part keeps their number alone; a join takes memory for each
 * of them. */
static void joins_are_bounded_by_values(void **state)
{
    (void)state;
    struct batch_maker m;
    struct part *joined = NULL;
    struct error err;
    batch_maker_init(&m, "T", 1);
    batch_maker_add_zeros(&m, PART_VALUES_MAX / 4, 1);
    struct part *part = build_part(&m), *parts[4] = {part, part, part, part};
    assert_true(part_memory_bytes(part) < 64 * KIB);
    assert_int_equal(part->value_count, PART_VALUES_MAX / 4 + 1);
    assert_int_equal(part_join(parts, 4, &joined, &err), STATUS_LIMIT);
    assert_null(joined);
    assert_int_equal(part_join(parts, 3, &joined, &err), STATUS_OK);
    assert_int_equal(joined->value_count, 3 * part->value_count);
    assert_int_equal(joined->row_count, 3);
    part_unref(joined);
    part_unref(part);
    batch_maker_release(&m);
}

/* An object without members has no column, but the join numbers it. */
static void what_has_no_members_is_a_value(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"a\":[{},{},{\"b\":1,\"c\":[2,2]}],\"d\":1}"), 1);
    batch_maker_add(&m, SLICE("{}"), 1);
    struct part *part = build_part(&m);
    assert_int_equal(part->value_count, 2 + 2 + 2 + 2 + 1);
    part_unref(part);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_records_render_exactly_joined_or_not),
        cmocka_unit_test(joins_refuse_what_does_not_fit),
        cmocka_unit_test(joins_are_bounded_by_values),
        cmocka_unit_test(what_has_no_members_is_a_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
