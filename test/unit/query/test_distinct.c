/* SPDX-License-Identifier: Apache-2.0 */
/* Counting distinct hashes: exactly, then nearly, joined and written down. */
#include "test.h"

#include "base/hash.h"
#include "base/limits.h"
#include "query/distinct_priv.h"

#include <math.h>

static void add_many(struct arena *arena, struct distinct *set, uint64_t from, uint64_t count,
                     bool exact)
{
    struct error err;

    for (uint64_t i = 0; i < count; i++)
        ASSERT_OK(distinct_add(arena, set, hash_u64(from + i), exact, &err));
}

static bool is_near(int64_t count, int64_t wanted)
{
    return count > wanted - wanted / 25 && count < wanted + wanted / 25; /* five sigmas */
}

static void few_are_counted_exactly(void **state)
{
    struct arena *arena = arena_new(64 * MIB);
    struct distinct set = {0};
    struct error err;

    (void)state;
    assert_int_equal(distinct_count(&set), 0);
    add_many(arena, &set, 1, 1000, false);
    add_many(arena, &set, 1, 1000, false);
    assert_int_equal(distinct_count(&set), 1000);
    ASSERT_OK(distinct_add(arena, &set, 0, false, &err)); /* the mark of a free slot */
    ASSERT_OK(distinct_add(arena, &set, 0, false, &err));
    assert_int_equal(distinct_count(&set), 1001);
    assert_null(set.registers);
    arena_free(arena);
}

static void many_are_counted_nearly_unless_it_must_be_exact(void **state)
{
    struct arena *arena = arena_new(256 * MIB);
    struct distinct near = {0};
    struct distinct exact = {0};

    (void)state;
    add_many(arena, &near, 1, 100000, false);
    add_many(arena, &exact, 1, 100000, true);
    assert_non_null(near.registers);
    assert_true(is_near(distinct_count(&near), 100000));
    assert_null(exact.registers);
    assert_int_equal(distinct_count(&exact), 100000);
    arena_free(arena);
}

/* Of a hundred draws the mean error is a tenth of one's, which is 0.8 %. */
static void estimates_have_no_bias_at_any_size(void **state)
{
    static const uint32_t sizes[] = {8193,  10000, 20000,  30000, 41500,
                                     55000, 80000, 120000, 200000};
    enum { DRAWS = 100, SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    double sum[SIZES] = {0}, squares[SIZES] = {0};
    struct arena *arena = arena_new(64 * MIB);
    struct error err;

    (void)state;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        struct distinct set = {0};
        uint64_t i = 0;
        for (size_t s = 0; s < SIZES; s++) {
            for (; i < sizes[s]; i++)
                ASSERT_OK(distinct_add(arena, &set, hash_xxh64(&i, sizeof(i), draw), false,
                                       &err));
            double error = (double)distinct_count(&set) / sizes[s] - 1;
            sum[s] += error;
            squares[s] += error * error;
        }
        arena_clear(arena);
    }
    for (size_t s = 0; s < SIZES; s++) {
        double deviation = sqrt(squares[s] / DRAWS);
        if (fabs(sum[s] / DRAWS) > 0.003 || deviation > 0.0105)
            print_error("%u: mean %.4f, deviation %.4f\n", sizes[s], sum[s] / DRAWS, deviation);
        assert_true(fabs(sum[s] / DRAWS) <= 0.003);
        assert_true(deviation <= 0.0105);
    }
    arena_free(arena);
}

static void registers_at_their_ends_have_a_count(void **state)
{
    struct arena *arena = arena_new(MIB);
    struct distinct set = {0};
    struct error err;

    (void)state;
    ASSERT_OK(distinct_to_registers(arena, &set, &err));
    assert_int_equal(distinct_count(&set), 0);
    set.registers[7] = 1;
    assert_int_equal(distinct_count(&set), 1);
    memset(set.registers, 20, DISTINCT_REGISTERS);
    assert_true(distinct_count(&set) > (INT64_C(1) << 32));
    memset(set.registers, 255, DISTINCT_REGISTERS);
    assert_true(distinct_count(&set) == DISTINCT_COUNT_MAX);
    arena_free(arena);
}

static void sets_join_in_every_form(void **state)
{
    struct arena *arena = arena_new(256 * MIB);
    struct error err;

    (void)state;
    for (uint32_t form = 0; form < 4; form++) {
        struct distinct into = {0};
        struct distinct from = {0};
        uint64_t many[2] = {(form & 1) != 0 ? 20000 : 100, (form & 2) != 0 ? 20000 : 100};
        add_many(arena, &into, 1, many[0], false);
        add_many(arena, &from, 51, many[1], false);
        ASSERT_OK(distinct_merge(arena, &into, &from, false, &err));
        int64_t wanted = (int64_t)(50 + many[1] > many[0] ? 50 + many[1] : many[0]);
        if (form == 0)
            assert_int_equal(distinct_count(&into), wanted);
        else
            assert_true(is_near(distinct_count(&into), wanted));
    }
    arena_free(arena);
}

static void json_gives_the_same_set_back(void **state)
{
    static const char *const bad[] = {"[]", "1", "[\"hll\"]", "[\"hll\",\"%\"]", "[\"x\",\"AAAA\"]",
                                      "null"};
    struct arena *arena = arena_new(256 * MIB);
    struct error err;

    (void)state;
    for (uint64_t count = 100; count <= 100000; count *= 1000) {
        struct distinct set = {0};
        struct distinct back;
        struct buf json;
        add_many(arena, &set, 7, count, false);
        buf_init(&json, MIB);
        distinct_add_json(&set, &json);
        assert_true(distinct_from_json(arena, buf_slice(&json), &back, &err));
        assert_int_equal(distinct_count(&back), distinct_count(&set));
        buf_release(&json);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct distinct back;
        assert_false(distinct_from_json(arena, slice_of(bad[i]), &back, &err));
    }
    arena_free(arena);
}

static void values_have_a_hash_of_what_they_are(void **state)
{
    struct value text = {.type = TYPE_STRING, .bytes = SLICE("a")};
    struct value other = {.type = TYPE_STRING, .bytes = SLICE("b")};
    struct value number = {.type = TYPE_LONG, .integer = 1};

    (void)state;
    assert_true(distinct_hash(&text) == distinct_hash(&text));
    assert_true(distinct_hash(&text) != distinct_hash(&other));
    assert_true(distinct_hash(&number) != distinct_hash(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_counted_exactly),
        cmocka_unit_test(many_are_counted_nearly_unless_it_must_be_exact),
        cmocka_unit_test(estimates_have_no_bias_at_any_size),
        cmocka_unit_test(registers_at_their_ends_have_a_count),
        cmocka_unit_test(sets_join_in_every_form),
        cmocka_unit_test(json_gives_the_same_set_back),
        cmocka_unit_test(values_have_a_hash_of_what_they_are),
    };

    return RUN_TESTS(tests);
}
