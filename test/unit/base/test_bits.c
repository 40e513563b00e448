/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/bits.h"
#include "base/limits.h"
#include "base/random.h"

static uint64_t any(struct rng *rng, unsigned bits)
{
    return bits == 0 ? 0 : rng_next(rng) >> (64 - bits);
}

static void what_is_put_is_got(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct rng rng = {seed}, again = {seed};
        struct bit_writer w = {&buf, 0, 0};
        buf_clear(&buf);
        for (int i = 0; i < 50; i++) {
            unsigned width = rng_below(&rng, BITS_AT_ONCE + 1), k = rng_below(&rng, 64);
            bits_put(&w, any(&rng, width), width);
            bits_put_rice(&w, any(&rng, k + 3 < 64 ? k + 3 : 64), k);
            bits_put_unary(&w, rng_below(&rng, 150));
            bits_put_gamma(&w, any(&rng, rng_below(&rng, 16)) + 1);
        }
        bits_end(&w);
        struct bit_reader r = bit_reader_from(buf_slice(&buf));
        for (int i = 0; i < 50; i++) {
            unsigned width = rng_below(&again, BITS_AT_ONCE + 1), k = rng_below(&again, 64);
            assert_int_equal(bits_get(&r, width), any(&again, width));
            assert_int_equal(bits_get_rice(&r, k), any(&again, k + 3 < 64 ? k + 3 : 64));
            assert_int_equal(bits_get_unary(&r), rng_below(&again, 150));
            assert_int_equal(bits_get_gamma(&r, 16), any(&again, rng_below(&again, 16)) + 1);
        }
        assert_false(r.failed);
        assert_true(r.end - r.at < 8);
    }
    buf_release(&buf);
}

static void nothing_is_read_behind_the_end(void **state)
{
    static const char zeros[9];
    struct bit_reader r = bit_reader_from(slice_from(zeros, sizeof(zeros)));

    (void)state;
    assert_int_equal(bits_get(&r, 56), 0);
    assert_int_equal(bits_get(&r, 16), 0);
    assert_false(r.failed);
    assert_int_equal(bits_get(&r, 1), 0);
    assert_true(r.failed);
    r = bit_reader_from(slice_from(zeros, sizeof(zeros)));
    assert_int_equal(bits_get_unary(&r), 0);
    assert_true(r.failed);
    r = bit_reader_from(slice_from("\x01", 1));
    assert_int_equal(bits_get_rice(&r, 8), 0);
    assert_true(r.failed);
    r = bit_reader_from(slice_from("\x80\xff", 2)); /* seven bits more than allowed */
    assert_int_equal(bits_get_gamma(&r, 6), 1);
    assert_true(r.failed);
    r = bit_reader_from(SLICE(""));
    assert_int_equal(bits_get(&r, 0), 0);
    assert_false(r.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_got),
        cmocka_unit_test(nothing_is_read_behind_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
