/* SPDX-License-Identifier: Apache-2.0 */
/* Work is done once, by whoever comes, and nobody is at it afterwards. */
#include "base/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

enum { PIECES = 20000, THREADS = 8 };

struct pile {
    atomic_uint next;
    atomic_uchar done[PIECES]; /* how often each was */
    atomic_uint ran[THREADS];  /* how often each index was run */
    atomic_uint running;
};

static void take(void *context, uint32_t index)
{
    struct pile *pile = context;

    atomic_fetch_add(&pile->running, 1);
    assert_true(index < THREADS);
    atomic_fetch_add(&pile->ran[index], 1);
    for (uint32_t i; (i = atomic_fetch_add(&pile->next, 1)) < PIECES;)
        atomic_fetch_add(&pile->done[i], 1);
    atomic_fetch_sub(&pile->running, 1);
}

static void every_piece_is_taken_once(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= THREADS; count++) {
        static struct pile pile;
        pile = (struct pile){.next = 0};
        crew_run(count, take, &pile);
        assert_int_equal(pile.running, 0);
        assert_int_equal(pile.ran[0], 1);
        for (uint32_t i = 0; i < THREADS; i++)
            assert_true(pile.ran[i] <= (i < count || i == 0 ? 1 : 0));
        for (uint32_t i = 0; i < PIECES; i++)
            assert_int_equal(pile.done[i], 1);
    }
}

struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t came;
    uint32_t present;
};

static void meet(void *context, uint32_t index)
{
    struct meeting *m = context;

    (void)index;
    (void)pthread_mutex_lock(&m->lock);
    m->present++;
    (void)pthread_cond_broadcast(&m->came);
    while (m->present < 3)
        (void)pthread_cond_wait(&m->came, &m->lock);
    (void)pthread_mutex_unlock(&m->lock);
}

static void all_threads_come_if_there_is_time(void **state)
{
    struct meeting m = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

    (void)state;
    crew_run(3, meet, &m);
    assert_int_equal(m.present, 3);
}

static void nothing(void *context, uint32_t index)
{
    atomic_uint *running = context;

    (void)index;
    atomic_fetch_add(running, 1);
    atomic_fetch_sub(running, 1);
}

/* Late threads find only what is theirs: the context is gone by then. */
static void who_comes_too_late_goes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2000; i++) {
        atomic_uint running = 0;
        crew_run(4, nothing, &running);
        assert_int_equal(running, 0);
        running = 77; /* whoever runs now would show */
        assert_int_equal(running, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_is_taken_once),
        cmocka_unit_test(all_threads_come_if_there_is_time),
        cmocka_unit_test(who_comes_too_late_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
