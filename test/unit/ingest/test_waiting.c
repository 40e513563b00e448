/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/waiting_priv.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ENTRIES 400

static const char bytes[COMMIT_BYTES_MAX + 1]; /* what they say is not looked at */

static struct wal_entry entry_of(uint8_t tenant, size_t size)
{
    return (struct wal_entry){.tenant = {{tenant}}, .payload = slice_from(bytes, size)};
}

static void assert_list(const struct wal_entry *list, const struct wal_entry *const *expected,
                        size_t count)
{
    for (size_t i = 0; i < count; i++, list = list->next)
        assert_ptr_equal(list, expected[i]);
    assert_null(list);
}

#define ASSERT_LIST(list, ...)                                                                     \
    do {                                                                                           \
        const struct wal_entry *const expected[] = {__VA_ARGS__};                                  \
        assert_list(list, expected, sizeof(expected) / sizeof(expected[0]));                       \
    } while (0)

static void nothing_waits(void **state)
{
    struct waiting waiting;

    (void)state;
    waiting_init(&waiting);
    assert_true(waiting_is_empty(&waiting));
    assert_null(waiting_take(&waiting));
    assert_null(waiting_take_all(&waiting));
}

static void small_ones_go_before_the_large_ones_of_others(void **state)
{
    struct wal_entry large = entry_of(1, COMMIT_SMALL_BYTES), behind = entry_of(1, 0);
    struct wal_entry small = entry_of(2, COMMIT_SMALL_BYTES - 1), late = entry_of(3, 1);
    struct waiting waiting;

    (void)state;
    waiting_init(&waiting);
    waiting_add(&waiting, &large);
    waiting_add(&waiting, &behind);
    waiting_add(&waiting, &small);
    ASSERT_LIST(waiting_take(&waiting), &small);
    waiting_add(&waiting, &late);
    /* now it is the turn of the large one, and who waits goes with it */
    ASSERT_LIST(waiting_take(&waiting), &large, &behind, &late);
    assert_true(waiting_is_empty(&waiting));
}

static void a_large_one_alone_goes_at_once(void **state)
{
    struct wal_entry one = entry_of(1, COMMIT_BYTES_MAX + 1), two = entry_of(1, COMMIT_BYTES_MAX);
    struct waiting waiting;

    (void)state;
    waiting_init(&waiting);
    waiting_add(&waiting, &one);
    waiting_add(&waiting, &two);
    ASSERT_LIST(waiting_take(&waiting), &one);
    ASSERT_LIST(waiting_take(&waiting), &two);
    assert_null(waiting_take(&waiting));
}

static void tenants_take_turns_with_large_ones(void **state)
{
    struct wal_entry flood[4], other = entry_of(2, COMMIT_BYTES_MAX);
    struct waiting waiting;

    (void)state;
    waiting_init(&waiting);
    for (size_t i = 0; i < 4; i++) {
        flood[i] = entry_of(1, COMMIT_BYTES_MAX);
        waiting_add(&waiting, &flood[i]);
    }
    ASSERT_LIST(waiting_take(&waiting), &flood[0]);
    waiting_add(&waiting, &other);
    ASSERT_LIST(waiting_take(&waiting), &other);
    ASSERT_LIST(waiting_take(&waiting), &flood[1]);
    ASSERT_LIST(waiting_take_all(&waiting), &flood[2], &flood[3]);
    assert_true(waiting_is_empty(&waiting));
}

static void a_commit_has_a_bounded_size(void **state)
{
    const size_t size = COMMIT_SMALL_BYTES / 2;
    struct wal_entry entries[2 * COMMIT_BYTES_MAX / (COMMIT_SMALL_BYTES / 2)];
    const size_t count = sizeof(entries) / sizeof(entries[0]);
    struct waiting waiting;

    (void)state;
    waiting_init(&waiting);
    for (size_t i = 0; i < count; i++) {
        entries[i] = entry_of((uint8_t)i, size);
        waiting_add(&waiting, &entries[i]);
    }
    const struct wal_entry *e = waiting_take(&waiting);
    for (size_t i = 0; i < count / 2; i++, e = e->next)
        assert_ptr_equal(e, &entries[i]);
    assert_null(e);
    assert_ptr_equal(waiting_take(&waiting), &entries[count / 2]);
}

/* Whatever comes in whatever order: each goes once, a tenant's in its order, a commit is not
 * too large, and what waits gets its turn. */
static void each_goes_once_and_in_its_tenants_order(void **state)
{
    static struct wal_entry entries[ENTRIES];
    struct rng rng = {.state = 1};
    uint64_t last[4] = {0}, oldest = 0, commits = 0;
    size_t added = 0, taken = 0;
    struct waiting waiting;

    (void)state;
    waiting_init(&waiting);
    while (taken < ENTRIES) {
        for (uint64_t i = rng_below(&rng, 8); i > 0 && added < ENTRIES; i--, added++) {
            size_t size = rng_below(&rng, 3) == 0 ? rng_below(&rng, COMMIT_BYTES_MAX)
                                                 : rng_below(&rng, 1000);
            entries[added] = entry_of((uint8_t)rng_below(&rng, 4), size);
            entries[added].position = added + 1;
            waiting_add(&waiting, &entries[added]);
        }
        size_t small_bytes = 0, large_bytes = 0;
        bool is_empty = waiting_is_empty(&waiting);
        const struct wal_entry *e = waiting_take(&waiting);
        assert_int_equal(e == NULL, is_empty);
        for (; e != NULL; e = e->next, taken++) {
            assert_true(e->position > last[e->tenant.bytes[0]]);
            last[e->tenant.bytes[0]] = e->position;
            if (e->payload.size >= COMMIT_SMALL_BYTES)
                large_bytes += e->payload.size;
            else
                small_bytes += e->payload.size;
        }
        assert_true(small_bytes <= COMMIT_BYTES_MAX && large_bytes <= COMMIT_BYTES_MAX);
        /* the head leaves after a bounded number of commits */
        commits = waiting.head == NULL || waiting.head->position != oldest ? 0 : commits + 1;
        oldest = waiting.head == NULL ? 0 : waiting.head->position;
        assert_true(commits <= 4);
    }
    assert_true(waiting_is_empty(&waiting));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_waits),
        cmocka_unit_test(small_ones_go_before_the_large_ones_of_others),
        cmocka_unit_test(a_large_one_alone_goes_at_once),
        cmocka_unit_test(tenants_take_turns_with_large_ones),
        cmocka_unit_test(a_commit_has_a_bounded_size),
        cmocka_unit_test(each_goes_once_and_in_its_tenants_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
