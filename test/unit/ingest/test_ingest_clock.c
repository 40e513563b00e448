/* SPDX-License-Identifier: Apache-2.0 */
/* What ingest remembers while the clock is wrong. */
#include "ingest/two_clocks.h"
#include "ingest/world.h"

#include "base/limits.h"
#include "base/time.h"

#define AHEAD_US (8 * US_PER_DAY) /* more than is remembered */
#define A "{\"Id\":\"a\"}"
#define B "{\"Id\":\"b\"}"

struct fixture {
    struct world w;
    struct two_clocks clocks;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    world_new(&f->w);
    two_clocks_init(&f->clocks, WORLD_NOW_US);
    f->w.clock_used = &f->clocks.clock;
    world_open(&f->w);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    world_free(&f->w);
    free(f);
    return 0;
}

static void pass(struct fixture *f, int64_t us)
{
    f->clocks.unix_us += us;
    f->clocks.monotonic_us += (uint64_t)us;
}

static void checkpoint(struct fixture *f)
{
    struct world *w = &f->w;
    struct error err;

    ASSERT_OK(ingest_rotate(w->ingest, &w->floor, &err));
    ASSERT_OK(ingest_save(w->ingest, w->floor, &err));
    ASSERT_OK(ingest_trim(w->ingest, w->floor, &err));
}

static uint64_t ahead_us(struct fixture *f)
{
    struct ingest_stats stats;

    ingest_stats(f->w.ingest, &stats);
    return stats.clock_ahead_us;
}

/* Returns how many of the records were stored. */
static uint32_t put(struct fixture *f, const char *body, const char *key)
{
    struct ingest_request request = world_request(&f->w, "Mine", slice_of(body));
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;

    request.idempotency_key = slice_of(key);
    ASSERT_OK(ingest_put(f->w.ingest, &request, arena, &answer, &err));
    uint32_t stored = answer.replayed_key ? 0 : answer.stored;
    arena_free(arena);
    return stored;
}

/* Of the records without an Id only the key is remembered. */
static void put_first(struct fixture *f)
{
    assert_int_equal(put(f, "{}", "key"), 1);
    assert_int_equal(put(f, A, ""), 1);
}

static void expect_known(struct fixture *f, const char *also)
{
    assert_int_equal(put(f, "{}", "key"), 0);
    assert_int_equal(put(f, A, ""), 0);
    assert_int_equal(put(f, also, ""), 0);
}

/* The clock is wrong for as long as it takes to save, with a restart or without. */
static void a_clock_that_jumps_ahead_forgets_nothing(void **state)
{
    struct fixture *f = *state;

    put_first(f);
    checkpoint(f);
    assert_int_equal(put(f, B, ""), 1);
    for (int i = 0; i < 3; i++) {
        f->clocks.unix_us += AHEAD_US;
        pass(f, US_PER_SECOND);
        if (i == 1)
            world_reopen(&f->w);
        checkpoint(f);
        assert_true(ahead_us(f) > 0);
        f->clocks.unix_us -= AHEAD_US;
        expect_known(f, B);
        checkpoint(f);
        assert_int_equal(ahead_us(f), 0);
    }
}

/* What is sent again while it is wrong, as the answer was lost. */
static void a_clock_that_jumps_ahead_stores_nothing_twice(void **state)
{
    struct fixture *f = *state;

    put_first(f);
    for (int i = 0; i < 4; i++) { /* it is in memory, there from the log, in a run, and that anew */
        if (i % 2 == 1)
            world_reopen(&f->w);
        f->clocks.unix_us += AHEAD_US;
        pass(f, US_PER_SECOND);
        expect_known(f, A);
        f->clocks.unix_us -= AHEAD_US;
        if (i == 1)
            checkpoint(f);
    }
}

/* A restart takes what was received meanwhile for no witness of the time. */
static void what_comes_while_the_clock_is_ahead_forgets_nothing(void **state)
{
    struct fixture *f = *state;

    put_first(f);
    checkpoint(f);
    f->clocks.unix_us += AHEAD_US;
    pass(f, US_PER_SECOND);
    assert_int_equal(put(f, B, ""), 1);
    checkpoint(f);
    world_reopen(&f->w);
    expect_known(f, B);
    checkpoint(f);
    assert_true(ahead_us(f) > 0);
    f->clocks.unix_us -= AHEAD_US;
    pass(f, US_PER_SECOND);
    expect_known(f, B);
    world_reopen(&f->w);
    expect_known(f, B);
}

/* It is right, after a standstill: a day later what is older than a week is. */
static void a_clock_that_stays_ahead_is_believed_after_a_day(void **state)
{
    struct fixture *f = *state;

    put_first(f);
    checkpoint(f);
    f->clocks.unix_us += AHEAD_US;
    checkpoint(f);
    assert_int_equal(put(f, A, ""), 0);
    pass(f, US_PER_DAY);
    checkpoint(f);
    assert_int_equal(ahead_us(f), 0);
    assert_int_equal(put(f, A, ""), 1);
    assert_int_equal(put(f, "{}", "key"), 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_clock_that_jumps_ahead_forgets_nothing),
        TEST(a_clock_that_jumps_ahead_stores_nothing_twice),
        TEST(what_comes_while_the_clock_is_ahead_forgets_nothing),
        TEST(a_clock_that_stays_ahead_is_believed_after_a_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
