/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#define SPIN_NS 2000000 /* far above the clock's grain */

/* Uses processor time, however busy the machine is. */
static void spin(void)
{
    struct timespec begin, now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < SPIN_NS);
}

static void a_lap_counts_for_its_stage_only(void **state)
{
    struct stage_times times = {0};

    (void)state;
    struct stage_watch watch = stage_watch_start(&times);
    spin();
    stage_watch_lap(&watch, STAGE_PARSE);
    assert_true(times.cpu_ns[STAGE_PARSE] >= SPIN_NS);
    uint64_t parse = times.cpu_ns[STAGE_PARSE];
    spin();
    stage_watch_lap(&watch, STAGE_LOG);
    assert_true(times.cpu_ns[STAGE_LOG] >= SPIN_NS);
    assert_true(times.cpu_ns[STAGE_PARSE] == parse);
    for (unsigned i = 0; i < STAGE_COUNT_; i++)
        assert_true(i == STAGE_PARSE || i == STAGE_LOG || times.cpu_ns[i] == 0);
    assert_true(stage_seconds(&times, STAGE_PARSE) >= SPIN_NS / 1e9);
}

static void what_is_skipped_is_in_no_stage(void **state)
{
    struct stage_times times = {0};

    (void)state;
    struct stage_watch watch = stage_watch_start(&times);
    uint64_t begin = watch.since_ns;
    spin();
    stage_watch_skip(&watch);
    assert_true(watch.since_ns - begin >= SPIN_NS);
    stage_watch_lap(&watch, STAGE_SIGN);
    assert_true(times.cpu_ns[STAGE_SIGN] < watch.since_ns - begin);
}

static void without_times_nothing_happens(void **state)
{
    (void)state;
    struct stage_watch watch = stage_watch_start(NULL);
    stage_watch_lap(&watch, STAGE_LOG);
    stage_watch_skip(&watch);
    assert_true(watch.since_ns == 0);
}

static void each_stage_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STAGE_COUNT_; i++) {
        assert_non_null(stage_name((enum stage)i));
        for (unsigned k = 0; k < i; k++)
            assert_true(strcmp(stage_name((enum stage)i), stage_name((enum stage)k)) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lap_counts_for_its_stage_only),
        cmocka_unit_test(what_is_skipped_is_in_no_stage),
        cmocka_unit_test(without_times_nothing_happens),
        cmocka_unit_test(each_stage_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
