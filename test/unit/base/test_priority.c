/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/priority.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#define SECOND_US UINT64_C(1000000)

static int nice_of_thread(void)
{
    return getpriority(PRIO_PROCESS, 0);
}

static void *look(void *context)
{
    *(int *)context = nice_of_thread();
    return NULL;
}

static void *stand_back(void *context)
{
    int *nice = context;
    pthread_t child;

    priority_prompt();
    nice[0] = nice_of_thread();
    priority_behind(3);
    nice[1] = nice_of_thread();
    if (pthread_create(&child, NULL, look, &nice[2]) == 0)
        (void)pthread_join(child, NULL);
    return NULL;
}

/* Of a thread and its children, and of no other. */
static void who_stands_back_is_less_urgent(void **state)
{
    int before = nice_of_thread(), nice[3] = {-100, -100, -100};
    int behind = before + 3 < 19 ? before + 3 : 19;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stand_back, nice), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(nice[0], before);
    assert_int_equal(nice[1], behind);
    assert_int_equal(nice[2], behind);
    assert_int_equal(nice_of_thread(), before);
}

struct places {
    int before, long_alone, beside, of_another, of_started, of_front, after;
};

static int processors_of_thread(void)
{
    cpu_set_t processors;

    assert_int_equal(sched_getaffinity(0, sizeof(processors), &processors), 0);
    return CPU_COUNT(&processors);
}

static void *count_processors(void *context)
{
    *(int *)context = processors_of_thread();
    return NULL;
}

static void *begin_behind(void *context)
{
    priority_behind(3);
    priority_keep_off(30 * SECOND_US + 2, 0);
    return count_processors(context);
}

static void *begin_in_front(void *context)
{
    priority_keep_off(30 * SECOND_US + 3, 0);
    return count_processors(context);
}

static void run_thread(void *(*run)(void *context), void *context)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, run, context), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *work_long(void *context)
{
    struct places *places = context;

    priority_behind(3);
    priority_short_came(10 * SECOND_US);
    priority_keep_off(10 * SECOND_US, PRIORITY_LONG_US - 1);
    places->before = processors_of_thread();
    priority_keep_off(20 * SECOND_US, PRIORITY_LONG_US);
    places->long_alone = processors_of_thread();
    return NULL;
}

static void *work_long_beside(void *context)
{
    struct places *places = context;

    priority_behind(3);
    priority_short_came(30 * SECOND_US);
    priority_keep_off(30 * SECOND_US, PRIORITY_LONG_US);
    places->beside = processors_of_thread();
    run_thread(count_processors, &places->of_started);
    run_thread(begin_behind, &places->of_another);
    priority_keep_off(30 * SECOND_US + PRIORITY_CALM_US, PRIORITY_LONG_US);
    places->after = processors_of_thread();
    return NULL;
}

/* Whoever it is that works long; what is in front has all of them always. */
static void long_work_keeps_off_one_processor(void **state)
{
    int all = processors_of_thread(), left = all > 1 ? all - 1 : all;
    struct places places = {0};

    (void)state;
    run_thread(work_long, &places);
    assert_int_equal(places.before, all);
    assert_int_equal(places.long_alone, all);
    run_thread(work_long_beside, &places);
    assert_int_equal(places.beside, left);
    assert_int_equal(places.of_started, left);
    assert_int_equal(places.of_another, left);
    assert_int_equal(places.after, all);
    run_thread(begin_in_front, &places.of_front);
    assert_int_equal(places.of_front, all);
    assert_int_equal(processors_of_thread(), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stands_back_is_less_urgent),
        cmocka_unit_test(long_work_keeps_off_one_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
