/* SPDX-License-Identifier: Apache-2.0 */
/* A query ends soon after it is cancelled, has had its time or its memory. */
#include "answers.h"

#include <pthread.h>
#include <time.h>

#define SOON_US 1000000 /* what "soon" is, sanitizers included */

/* Each would run for minutes, or need gigabytes. */
static const char *const endless[] = {
    "range x from 1 to 40000000 step 1 | extend y = x | summarize count() by y % 7",
    "range x from 1 to 40000000 step 1 | sort by x desc | extend y = prev(x) | take 3",
    "range x from 1 to 40000000 step 1 | summarize make_list(x)",
    "range x from 1 to 40000000 step 1 | summarize count() by tostring(x)",
    "range x from 1 to 40000000 step 1 | serialize n = row_number() | where n < 0",
    "let a = range(1, 1000, 1); print a = a | mv-expand b = a | mv-expand c = a | mv-expand d = a"
    " | mv-expand e = a | where tolong(e) < 0",
    "let a = range(1, 1000, 1); print a = a, s = strrep('x', 1000) | mv-expand b = a"
    " | mv-expand c = a | sort by s asc",
    "range x from 1 to 100000 step 1 | extend k = 1"
    " | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | where x < 0",
    "range x from 1 to 3000 step 1 | mv-apply y = range(1, x, 1) on (summarize sum(tolong(y)))",
    "AuditRecords | extend k = 1 | join kind=inner (AuditRecords | extend k = 1) on k"
    " | where strcat(Id, Id1) has 'nothing' | count",
    "union (AuditRecords | extend a = range(1, 10000, 1) | mv-expand a), AuditRecords"
    " | where tostring(a) == 'x' | count",
};

#define ENDLESS_COUNT (sizeof(endless) / sizeof(endless[0]))

/* Time by the clock, or of the processors where that is less: on a busy machine it is. */
struct stopwatch {
    uint64_t wall_us, processor_us;
};

static struct stopwatch read_clocks(void)
{
    struct timespec used;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (struct stopwatch){.wall_us = clock_monotonic_us(clock_system()),
                              .processor_us = (uint64_t)used.tv_sec * 1000000u +
                                              (uint64_t)used.tv_nsec / 1000u};
}

static uint64_t us_since(struct stopwatch start)
{
    struct stopwatch now = read_clocks();
    uint64_t wall_us = now.wall_us - start.wall_us;
    uint64_t processor_us = now.processor_us - start.processor_us;

    return wall_us < processor_us ? wall_us : processor_us;
}

static void expect_end(struct answers *a, struct query_request request, enum status wanted,
                       const char *code)
{
    for (uint32_t threads = 1; threads <= 4; threads += 3) {
        struct query_stats stats;
        struct error err;
        struct buf got;
        request.thread_count = threads;
        buf_init(&got, GIB);
        struct stopwatch start = read_clocks();
        enum status status = answers_ask(a, request, &got, &stats, &err);
        uint64_t elapsed = us_since(start);
        buf_release(&got);
        if (status != wanted || strcmp(err.code, code) != 0)
            fail_msg("%.*s: %u threads: %s %s %s", SLICE_FMT(request.text), threads,
                     status_name(status), err.code, err.text);
        if (elapsed > SOON_US)
            fail_msg("%.*s: %u threads: ended after %llu us", SLICE_FMT(request.text), threads,
                     (unsigned long long)elapsed);
    }
}

static void a_cancelled_query_does_not_run(void **state)
{
    atomic_bool cancelled = true;

    for (size_t i = 0; i < ENDLESS_COUNT; i++)
        expect_end(*state, (struct query_request){.text = slice_of(endless[i]),
                                                  .cancelled = &cancelled},
                   STATUS_CANCELLED, "");
}

struct canceller {
    atomic_bool cancelled;
    pthread_t thread;
};

static void *cancel_later(void *context)
{
    struct canceller *c = context;
    const struct timespec pause = {.tv_nsec = 30000000};

    (void)nanosleep(&pause, NULL);
    atomic_store(&c->cancelled, true);
    return NULL;
}

static void a_running_query_ends_when_it_is_cancelled(void **state)
{
    for (size_t i = 0; i < ENDLESS_COUNT; i++) {
        struct canceller c = {.cancelled = false};
        struct query_request request = {
            .text = slice_of(endless[i]), .cancelled = &c.cancelled, .thread_count = 2};
        struct query_stats stats;
        struct error err;
        struct buf got;
        buf_init(&got, GIB);
        assert_int_equal(pthread_create(&c.thread, NULL, cancel_later, &c), 0);
        struct stopwatch start = read_clocks();
        enum status status = answers_ask(*state, request, &got, &stats, &err);
        uint64_t elapsed = us_since(start);
        assert_int_equal(pthread_join(c.thread, NULL), 0);
        buf_release(&got);
        if ((status != STATUS_CANCELLED && status != STATUS_LIMIT && status != STATUS_OK) ||
            elapsed > SOON_US)
            fail_msg("%s: %s after %llu us", endless[i], status_name(status),
                     (unsigned long long)elapsed);
    }
}

static void a_query_ends_when_its_time_is_over(void **state)
{
    static const size_t long_ones[] = {0, 5, 7, 8, 9, 10};

    for (size_t i = 0; i < sizeof(long_ones) / sizeof(long_ones[0]); i++)
        expect_end(*state, (struct query_request){.text = slice_of(endless[long_ones[i]]),
                                                  .time_ms = 20},
                   STATUS_LIMIT, "E_QUERY_TIMEOUT");
}

/* Each row takes long: not many of them may pass between two looks at the time. */
static void rows_that_take_long_end_in_time(void **state)
{
    static const char *const slow[] = {
        "range x from 1 to 1000 step 1 | extend s = series_fir(range(1, 500000, 1),"
        " range(1, 1000, 1), x > 0) | where tostring(s) == 'x'",
        "range x from 1 to 1000 step 1 | extend s = series_fill_const(range(1, 500000, 1),"
        " 1.5 * x, 2.5) | where tostring(s) == 'x'",
    };

    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        expect_end(*state, (struct query_request){.text = slice_of(slow[i]), .time_ms = 300},
                   STATUS_LIMIT, "E_QUERY_TIMEOUT");
}

static void a_query_ends_when_its_memory_is_used_up(void **state)
{
    static const size_t big_ones[] = {1, 2, 3, 4, 6};

    for (size_t i = 0; i < sizeof(big_ones) / sizeof(big_ones[0]); i++)
        expect_end(*state, (struct query_request){.text = slice_of(endless[big_ones[i]]),
                                                  .memory_bytes = 8 * MIB},
                   STATUS_LIMIT, "E_RUNAWAY_QUERY");
}

static void a_result_has_its_bounds(void **state)
{
    expect_end(*state, (struct query_request){.text = SLICE("range x from 1 to 1000 step 1"),
                                              .rows_max = 10},
               STATUS_LIMIT, "E_QUERY_RESULT_SET_TOO_LARGE");
    expect_end(*state, (struct query_request){.text = SLICE("AuditRecords | project Id"),
                                              .rows_max = 10},
               STATUS_LIMIT, "E_QUERY_RESULT_SET_TOO_LARGE");
}

static int setup(void **state)
{
    struct answers *a = calloc(1, sizeof(*a));

    assert_non_null(a);
    answers_open(a);
    answers_generate(a, 10000);
    *state = a;
    return 0;
}

static int teardown(void **state)
{
    answers_close(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_query_does_not_run),
        cmocka_unit_test(a_running_query_ends_when_it_is_cancelled),
        cmocka_unit_test(a_query_ends_when_its_time_is_over),
        cmocka_unit_test(rows_that_take_long_end_in_time),
        cmocka_unit_test(a_query_ends_when_its_memory_is_used_up),
        cmocka_unit_test(a_result_has_its_bounds),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
