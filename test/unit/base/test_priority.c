/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/priority.h"

#include <pthread.h>
#include <sys/resource.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stands_back_is_less_urgent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
