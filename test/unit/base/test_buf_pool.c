/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MAX_BYTES (8 * BUF_POOL_BYTES_MAX)

static void memory_that_was_given_is_taken_again(void **state)
{
    struct buf_pool pool;
    struct buf buf;

    (void)state;
    buf_pool_init(&pool);
    buf_pool_take(&pool, MAX_BYTES, &buf);
    assert_int_equal(buf.capacity, 0);
    assert_true(buf_reserve(&buf, BUF_POOL_BYTES_MIN));
    buf_add_text(&buf, "of the one before");
    char *data = buf.data;
    buf_pool_give(&pool, &buf);
    assert_null(buf.data);
    assert_int_equal(buf.size, 0);
    buf_pool_take(&pool, MAX_BYTES, &buf);
    assert_ptr_equal(buf.data, data);
    assert_int_equal(buf.size, 0);
    assert_int_equal(buf.max_bytes, MAX_BYTES);
    struct buf other;
    buf_pool_take(&pool, MAX_BYTES, &other);
    assert_null(other.data);
    buf_pool_give(&pool, &buf);
    buf_pool_give(&pool, &other); /* nothing in it */
    assert_int_equal(pool.count, 1);
    buf_pool_release(&pool);
}

static void a_failed_buffer_is_sound_when_taken_again(void **state)
{
    struct buf_pool pool;
    struct buf buf;

    (void)state;
    buf_pool_init(&pool);
    buf_pool_take(&pool, BUF_POOL_BYTES_MAX, &buf);
    assert_true(buf_reserve(&buf, BUF_POOL_BYTES_MAX));
    assert_false(buf_reserve(&buf, BUF_POOL_BYTES_MAX + 1));
    assert_true(buf.failed);
    buf_pool_give(&pool, &buf);
    assert_false(buf.failed);
    buf_pool_take(&pool, MAX_BYTES, &buf);
    assert_false(buf.failed);
    assert_int_equal(buf.capacity, BUF_POOL_BYTES_MAX);
    buf_pool_give(&pool, &buf);
    buf_pool_release(&pool);
}

static void what_is_kept_is_bounded(void **state)
{
    struct buf_pool pool;
    struct buf bufs[BUF_POOL_COUNT + 2];

    (void)state;
    buf_pool_init(&pool);
    for (int i = 0; i < BUF_POOL_COUNT + 2; i++) {
        buf_pool_take(&pool, MAX_BYTES, &bufs[i]);
        assert_true(buf_reserve(&bufs[i], BUF_POOL_BYTES_MIN));
    }
    for (int i = 0; i < BUF_POOL_COUNT + 2; i++)
        buf_pool_give(&pool, &bufs[i]);
    assert_int_equal(pool.count, BUF_POOL_COUNT);
    buf_pool_take(&pool, BUF_POOL_BYTES_MAX - 1, &bufs[0]); /* could be more than it may hold */
    assert_null(bufs[0].data);
    buf_pool_take(&pool, MAX_BYTES, &bufs[0]);
    assert_int_equal(pool.count, BUF_POOL_COUNT - 1);
    assert_true(buf_reserve(&bufs[0], BUF_POOL_BYTES_MAX + 1));
    buf_pool_give(&pool, &bufs[0]); /* too large */
    buf_init(&bufs[0], MAX_BYTES);
    assert_true(buf_reserve(&bufs[0], 64));
    buf_pool_give(&pool, &bufs[0]); /* too small */
    assert_int_equal(pool.count, BUF_POOL_COUNT - 1);
    buf_pool_release(&pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_was_given_is_taken_again),
        cmocka_unit_test(a_failed_buffer_is_sound_when_taken_again),
        cmocka_unit_test(what_is_kept_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
