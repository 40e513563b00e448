/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/random.h"
#include "base/transpose.h"

#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 70u
#define MARK ((char)0xA5)

static char from[SIDE_MAX * (SIDE_MAX + 3)], to[SIDE_MAX * (SIDE_MAX + 3)];

/* Every byte has its place, and what lies between the lines is left alone. */
static void turned(size_t rows, size_t columns, size_t more)
{
    size_t from_step = columns + more, to_step = rows + more;

    memset(to, MARK, sizeof(to));
    transpose(from, from_step, rows, columns, to, to_step);
    for (size_t c = 0; c < SIDE_MAX; c++) {
        for (size_t r = 0; r < to_step && c < columns; r++) {
            char want = r < rows ? from[r * from_step + c] : MARK;
            assert_int_equal(to[c * to_step + r], want);
        }
    }
    for (size_t i = columns * to_step; i < sizeof(to); i++)
        assert_int_equal(to[i], MARK);
}

static void all_sizes_are_turned(void **state)
{
    struct rng rng = {7};

    (void)state;
    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (char)rng_next(&rng);
    for (size_t rows = 0; rows <= SIDE_MAX; rows++) {
        for (size_t columns = 0; columns <= SIDE_MAX; columns++) {
            turned(rows, columns, 0);
            turned(rows, columns, 3);
        }
    }
}

/* The sanitizer sees a read or write that is behind the last byte. */
static void nothing_behind_the_end_is_touched(void **state)
{
    (void)state;
    for (size_t rows = 1; rows < 40; rows++) {
        for (size_t columns = 1; columns < 40; columns++) {
            char *source = calloc(rows, columns), *target = malloc(rows * columns);
            assert_non_null(source);
            assert_non_null(target);
            transpose(source, columns, rows, columns, target, rows);
            for (size_t i = 0; i < rows * columns; i++)
                assert_int_equal(target[i], 0);
            free(source);
            free(target);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes_are_turned),
        cmocka_unit_test(nothing_behind_the_end_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
