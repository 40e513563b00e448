/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms against the sum of their definition; periods that were put in. */
#include "query/fourier_priv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PI 3.14159265358979323846
#define COUNT_MAX 60u

static void transforms_are_the_sums_they_should_be(void **state)
{
    struct arena *arena = arena_new(1u << 24);
    struct eval eval = {.arena = arena};
    struct error err;

    (void)state;
    for (uint32_t n = 1; n <= COUNT_MAX; n++) {
        double re[COUNT_MAX];
        double im[COUNT_MAX];
        double x[COUNT_MAX];
        double y[COUNT_MAX];
        for (uint32_t i = 0; i < n; i++) {
            re[i] = x[i] = (i * 7 + 3) % 11;
            im[i] = y[i] = (i * 5 + 1) % 13;
        }
        assert_int_equal(fourier_transform(&eval, re, im, n, false, &err), STATUS_OK);
        for (uint32_t k = 0; k < n; k++) {
            double a = 0;
            double b = 0;
            for (uint32_t i = 0; i < n; i++) {
                double angle = -2 * PI * i * k / n;
                a += x[i] * cos(angle) - y[i] * sin(angle);
                b += x[i] * sin(angle) + y[i] * cos(angle);
            }
            assert_true(fabs(re[k] - a) < 1e-9 && fabs(im[k] - b) < 1e-9);
        }
        assert_int_equal(fourier_transform(&eval, re, im, n, true, &err), STATUS_OK);
        for (uint32_t i = 0; i < n; i++)
            assert_true(fabs(re[i] - x[i]) < 1e-9 && fabs(im[i] - y[i]) < 1e-9);
    }
    arena_free(arena);
}

static void a_budget_that_is_too_small_is_told(void **state)
{
    struct arena *arena = arena_new(64);
    struct eval eval = {.arena = arena};
    struct error err = {.status = STATUS_OK};
    double re[3] = {1, 2, 3};
    double im[3] = {0};
    struct period found;
    double *scores;

    (void)state;
    assert_int_not_equal(fourier_transform(&eval, re, im, 3, false, &err), STATUS_OK);
    assert_int_not_equal(period_scores(&eval, re, 3, &scores, &err), STATUS_OK);
    double data[32] = {0};
    assert_int_not_equal(
        period_find(&eval, data, 32, &(struct period_range){4, 16, 1}, &found, &err), STATUS_OK);
    arena_free(arena);
}

static void the_period_that_is_there_is_found(void **state)
{
    struct arena *arena = arena_new(1u << 24);
    struct eval eval = {.arena = arena};
    struct error err;
    double data[200];
    struct period found[3];

    (void)state;
    for (uint32_t length = 4; length <= 60; length++) {
        for (uint32_t i = 0; i < 200; i++)
            data[i] = i % length == 0 ? 10 : i % length < length / 2 ? 3 : 0;
        data[17] = (double)NAN;
        assert_int_equal(period_find(&eval, data, 200, &(struct period_range){4, 100, 3}, found,
                                     &err),
                         STATUS_OK);
        assert_int_equal(found[0].length, length);
        assert_true(found[0].score > 0.6 && found[0].score <= 1);
    }
    assert_int_equal(period_find(&eval, data, 200, &(struct period_range){5, 7, 1}, found, &err),
                     STATUS_OK);
    assert_true(found[0].length == 0 || (found[0].length >= 5 && found[0].length <= 7));
    arena_free(arena);
}

static void noise_and_constants_have_none(void **state)
{
    struct arena *arena = arena_new(1u << 24);
    struct eval eval = {.arena = arena};
    struct error err;
    double data[128];
    struct period found;
    uint32_t seed = 1;

    (void)state;
    for (uint32_t i = 0; i < 128; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = seed >> 16;
    }
    assert_int_equal(period_find(&eval, data, 128, &(struct period_range){4, 64, 1}, &found, &err),
                     STATUS_OK);
    assert_true(found.score < 0.6);
    for (uint32_t i = 0; i < 128; i++)
        data[i] = 5;
    assert_int_equal(period_find(&eval, data, 128, &(struct period_range){4, 64, 1}, &found, &err),
                     STATUS_OK);
    assert_int_equal(found.length, 0);
    assert_int_equal(period_find(&eval, data, 5, &(struct period_range){4, 64, 1}, &found, &err),
                     STATUS_OK);
    assert_int_equal(found.length, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_are_the_sums_they_should_be),
        cmocka_unit_test(a_budget_that_is_too_small_is_told),
        cmocka_unit_test(the_period_that_is_there_is_found),
        cmocka_unit_test(noise_and_constants_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
