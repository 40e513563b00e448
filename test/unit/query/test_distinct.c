/* SPDX-License-Identifier: Apache-2.0 */
/* Counting distinct hashes: exactly, then nearly, joined and written down. */
#include "test.h"

#include "base/hash.h"
#include "base/limits.h"
#include "query/distinct_priv.h"

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
        cmocka_unit_test(sets_join_in_every_form),
        cmocka_unit_test(json_gives_the_same_set_back),
        cmocka_unit_test(values_have_a_hash_of_what_they_are),
    };

    return RUN_TESTS(tests);
}
