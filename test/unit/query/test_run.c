/* SPDX-License-Identifier: Apache-2.0 */
/* Workers, limits, and the tools that operators share. */
#include "mixed.h"

#include "query/run_priv.h"

static void time_and_cancellation_are_looked_at(void **state)
{
    atomic_bool cancelled = false;
    struct query_request request = {.cancelled = &cancelled};
    struct query query = {.request = &request, .deadline_us = UINT64_MAX};
    struct eval eval = {.query = &query};
    struct error err = {.status = STATUS_OK};

    (void)state;
    ASSERT_OK(query_check(&query, &err));
    atomic_store(&cancelled, true);
    ASSERT_STATUS(STATUS_CANCELLED, query_check(&query, &err));
    ASSERT_STATUS(STATUS_CANCELLED, eval_check(&eval, 32, &err));
    ASSERT_STATUS(STATUS_OK, eval_check(&eval, 33, &err)); /* not in every row */
    eval.query = NULL;
    ASSERT_STATUS(STATUS_OK, eval_check(&eval, 32, &err));
    request.cancelled = NULL;
    query.deadline_us = 0;
    ASSERT_STATUS(STATUS_LIMIT, query_check(&query, &err));
    assert_string_equal(err.code, "E_QUERY_TIMEOUT");
    run_code(&err);
    assert_string_equal(err.code, "E_QUERY_TIMEOUT"); /* a code stays */
    err = (struct error){.status = STATUS_INVALID};
    run_code(&err);
    assert_string_equal(err.code, "");
    err = (struct error){.status = STATUS_LIMIT, .text = "make-series gives too many points"};
    run_code(&err);
    assert_string_equal(err.code, "E_RUNAWAY_QUERY");
    assert_string_equal(err.text, "make-series gives too many points");
    struct arena *arena = arena_new(1);
    assert_non_null(arena);
    assert_null(arena_alloc_raw(arena, MIB, &err));
    run_code(&err);
    assert_string_equal(err.code, "E_RUNAWAY_QUERY");
    assert_non_null(strstr(err.text, "; filter first, or summarize by fewer keys"));
    arena_free(arena);
}

static void absent_columns_are_null(void **state)
{
    (void)state;
    for (uint32_t t = 0; t < TYPE_COUNT_; t++) {
        struct vector v = run_absent((enum type)t, 7);
        assert_int_equal(v.row_count, 7);
        assert_int_equal(vector_is_null(&v, 6), t != TYPE_STRING);
        struct value one = vector_value(&v, 6);
        if (t == TYPE_STRING)
            assert_int_equal(one.bytes.size, 0);
    }
}

/* Codes and constants become rows; the nulls with them. */
static void vectors_are_expanded(void **state)
{
    static const uint32_t codes[] = {2, 0, 1, 2};
    static const int64_t numbers[] = {10, 0, 30};
    static const uint8_t nulls[] = {0, 1, 0};
    struct vector v = {.type = TYPE_LONG, .encoding = VECTOR_DICT, .row_count = 4,
                       .integers = numbers, .nulls = nulls, .codes = codes, .dict_size = 3};
    struct error err = {.status = STATUS_OK};
    struct arena *arena = arena_new(64 * KIB);
    struct arena *little = arena_new(8);
    struct vector flat;

    (void)state;
    ASSERT_OK(run_expand(arena, &v, &flat, &err));
    assert_int_equal(flat.encoding, VECTOR_FLAT);
    assert_int_equal(flat.integers[0], 30);
    assert_int_equal(flat.integers[1], 10);
    assert_int_equal(flat.integers[3], 30);
    assert_int_equal(flat.nulls[2], 1);
    assert_int_equal(flat.nulls[3], 0);
    ASSERT_STATUS(STATUS_LIMIT, run_expand(little, &v, &flat, &err));
    v.encoding = VECTOR_FLAT; /* as it is: nothing to allocate */
    ASSERT_OK(run_expand(little, &v, &flat, &err));
    assert_ptr_equal(flat.data, numbers);
    arena_free(little);
    arena_free(arena);
}

/* What workers share is the budget. */
static void workers_share_the_budget(void **state)
{
    struct query query = {.arena = arena_new(256 * KIB)};
    struct error err = {.status = STATUS_OK};
    struct run run;

    (void)state;
    ASSERT_OK(run_begin(&query, 3, &run, &err));
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(run.workers[i].index, i);
    assert_non_null(arena_alloc(run.workers[0].arena, 150 * KIB, &err));
    assert_null(arena_alloc(run.workers[2].batch_arena, 150 * KIB, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
    run_end(&run);
    run_end(&run); /* again: nothing is left */
    assert_true(arena_used_bytes(query.arena) < 100 * KIB);
    arena_free(query.arena);
    query.arena = arena_new(16);
    ASSERT_STATUS(STATUS_LIMIT, run_begin(&query, 3, &run, &err));
    arena_free(query.arena);
}

static const char *const hungry[] = {
    "let a = toscalar(@ | summarize max(id)); let m = materialize(@ | where id > a - 700); "
    "m | where id in ((m | project id | take 40)) and b | summarize count(), make_set(s)",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {
    "let m = materialize(@ | where id > 10); m | count",
    "print x = toscalar(@ | summarize max(id))",
};
MIXED_TEST(what_is_collected_is_stopped, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(time_and_cancellation_are_looked_at),
         cmocka_unit_test(absent_columns_are_null),
         cmocka_unit_test(vectors_are_expanded),
         cmocka_unit_test(workers_share_the_budget),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(what_is_collected_is_stopped))
