/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of work are done once each, by any worker; errors and a stop end them. */
#include "test.h"

#include "base/limits.h"
#include "query/run_priv.h"

#define PIECES 1000u

struct tried {
    atomic_uint done[PIECES], total;
    uint32_t fails_at, stops_at;
    void *kept[PIECES];
};

static enum status try_piece(void *context, struct worker *w, uint32_t piece, bool *stop,
                             struct error *err)
{
    struct tried *t = context;

    atomic_fetch_add(&t->done[piece], 1);
    atomic_fetch_add(&t->total, 1);
    *stop = piece == t->stops_at;
    if (piece == t->fails_at)
        return ERROR_SET(err, STATUS_INVALID, "piece %u", piece);
    t->kept[piece] = arena_alloc(w->home, 16, err);
    return t->kept[piece] == NULL || arena_alloc(w->batch_arena, 16, err) == NULL
               ? err->status
               : STATUS_OK;
}

static enum status run_all(uint32_t threads, struct tried *t, struct error *ret_err)
{
    const struct query_request request = {0};
    struct query query = {.request = &request,
                          .arena = arena_new(MIB),
                          .deadline_us = UINT64_MAX};
    struct error err = {0};
    struct run run;

    assert_non_null(query.arena);
    ASSERT_OK(run_begin(&query, threads, &run, &err));
    enum status status = run_pieces(&run, PIECES, try_piece, t, ret_err);
    run_end(&run);
    for (uint32_t i = 0; i < PIECES; i++) /* homes outlive the run */
        assert_true(t->kept[i] == NULL || *(char *)t->kept[i] == 0);
    arena_free(query.arena);
    return status;
}

static void each_is_done_once(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct tried t = {.fails_at = PIECES, .stops_at = PIECES};
        struct error err = {0};
        ASSERT_OK(run_all(threads, &t, &err));
        for (uint32_t i = 0; i < PIECES; i++)
            assert_int_equal(atomic_load(&t.done[i]), 1);
    }
}

static void an_error_is_returned_and_ends_them(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct tried t = {.fails_at = 3, .stops_at = PIECES};
        struct error err = {0};
        ASSERT_STATUS(STATUS_INVALID, run_all(threads, &t, &err));
        assert_string_equal(err.text, "piece 3");
        assert_true(threads > 1 || atomic_load(&t.total) == 4);
    }
}

static void a_stop_ends_them(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct tried t = {.fails_at = PIECES, .stops_at = 3};
        struct error err = {0};
        ASSERT_OK(run_all(threads, &t, &err));
        assert_true(threads > 1 || atomic_load(&t.total) == 4);
    }
}

static void without_memory_for_homes_nothing_is_done(void **state)
{
    const struct query_request request = {0};
    struct query query = {.request = &request,
                          .arena = arena_new(MIB),
                          .deadline_us = UINT64_MAX};
    struct tried t = {.fails_at = PIECES, .stops_at = PIECES};
    struct error err = {0};
    struct run run;

    (void)state;
    ASSERT_OK(run_begin(&query, 2, &run, &err));
    arena_lower_budget(query.arena, 8);
    ASSERT_STATUS(STATUS_LIMIT, run_pieces(&run, PIECES, try_piece, &t, &err));
    run_end(&run);
    arena_free(query.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_done_once),
        cmocka_unit_test(an_error_is_returned_and_ends_them),
        cmocka_unit_test(a_stop_ends_them),
        cmocka_unit_test(without_memory_for_homes_nothing_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
