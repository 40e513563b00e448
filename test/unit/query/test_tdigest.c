/* SPDX-License-Identifier: Apache-2.0 */
/* The sketch is exact while it is small and close when it is not; it survives its text. */
#include "query/tdigest_priv.h"

#include "base/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct value whole(int64_t number)
{
    return (struct value){.type = TYPE_LONG, .integer = number};
}

static void add_range(struct arena *arena, struct tdigest *digest, int64_t from, int64_t to)
{
    struct error err;

    for (int64_t i = from; i <= to; i++) {
        struct value value = whole(i * 7919 % 1000003); /* not in order */
        assert_int_equal(tdigest_add(arena, digest, &value, 1, &err), STATUS_OK);
    }
}

static void few_values_are_exact(void **state)
{
    struct arena *arena = arena_new(1u << 24);
    struct error err;
    struct tdigest digest = {0};
    double total;

    (void)state;
    assert_true(tdigest_percentile(&digest, 50).is_null);
    for (int64_t i = 1000; i >= 1; i--) {
        struct value value = whole(i);
        assert_int_equal(tdigest_add(arena, &digest, &value, 1, &err), STATUS_OK);
    }
    for (int64_t p = 1; p <= 100; p++)
        assert_int_equal(tdigest_percentile(&digest, (double)p).integer, p * 10);
    struct value value = whole(685);
    assert_true(tdigest_rank(&digest, &value, &total) == 685 && total == 1000);
    arena_free(arena);
}

static void many_values_are_close_and_bounded(void **state)
{
    struct arena *arena = arena_new(1u << 26);
    struct error err;
    struct tdigest a = {0};
    struct tdigest b = {0};

    (void)state;
    add_range(arena, &a, 1, 500000);
    add_range(arena, &b, 500001, 1000002);
    assert_int_equal(tdigest_merge(arena, &a, &b, &err), STATUS_OK);
    assert_true(a.count <= TDIGEST_KEPT_MAX);
    for (double p = 0.1; p < 100; p += 0.7) {
        double wanted = p * 10000;
        double off = fabs((double)tdigest_percentile(&a, p).integer - wanted);
        assert_true(off < 1000000 * 0.002 * sqrt(p / 100 * (1 - p / 100)) + 500);
    }
    arena_free(arena);
}

static void the_text_gives_the_sketch_back(void **state)
{
    static const char *const wrong[] = {
        "[]", "7", "{}", "[[7],[1],[1],[1]]", "[[7],[1]]", "[[5],[1],[1]]", "[[7],[],[]]",
        "[[7],[1.5],[1]]", "[[8],[\"x\"],[1]]", "[[8],[1],[0]]", "[[8],[1],[-1]]",
        "[[7],[1,2],[1]]", "[[7],[1],[1,2]]", "[[],[1],[1]]"};
    struct arena *arena = arena_new(1u << 24);
    struct error err = {.status = STATUS_OK};
    struct tdigest digest = {0};
    struct tdigest back;
    struct value big = {.type = TYPE_DATETIME, .integer = 3155378975999999999};
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    assert_int_equal(tdigest_add(arena, &digest, &big, 2.5, &err), STATUS_OK);
    tdigest_add_json(&digest, &buf);
    assert_true(slice_is(buf_slice(&buf), "[[9],[3155378975999999999],[2.5]]"));
    assert_true(tdigest_from_json(arena, buf_slice(&buf), &back, &err));
    assert_int_equal(tdigest_percentile(&back, 50).integer, big.integer);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(tdigest_from_json(arena, slice_of(wrong[i]), &back, &err));
        assert_int_equal(err.status, STATUS_OK);
    }
    buf_release(&buf);
    arena_free(arena);
}

static void unlike_sketches_do_not_merge(void **state)
{
    struct arena *arena = arena_new(1u << 24);
    struct error err;
    struct tdigest a = {0};
    struct tdigest b = {0};
    struct value one = whole(1);
    struct value half = {.type = TYPE_REAL, .real = 0.5};
    struct value nothing = {.type = TYPE_REAL, .real = (double)NAN};

    (void)state;
    assert_int_equal(tdigest_merge(arena, &a, &b, &err), STATUS_OK);
    assert_int_equal(tdigest_add(arena, &a, &one, 1, &err), STATUS_OK);
    assert_int_equal(tdigest_add(arena, &b, &nothing, 1, &err), STATUS_OK);
    assert_int_equal(b.count, 0);
    assert_int_equal(tdigest_add(arena, &b, &half, 1, &err), STATUS_OK);
    assert_int_equal(tdigest_merge(arena, &a, &b, &err), STATUS_INVALID);
    assert_int_equal(tdigest_type(TYPE_INT), TYPE_LONG);
    assert_int_equal(tdigest_type(TYPE_STRING), TYPE_REAL);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_values_are_exact),
        cmocka_unit_test(many_values_are_close_and_bounded),
        cmocka_unit_test(the_text_gives_the_sketch_back),
        cmocka_unit_test(unlike_sketches_do_not_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
