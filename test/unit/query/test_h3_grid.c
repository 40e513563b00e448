/* SPDX-License-Identifier: Apache-2.0 */
/* The H3 grid is whole: cells hold their middle, neighbours see each other. */
#include "query/h3_priv.h"

#include "test.h"

#include <math.h>

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static struct geo_point random_point(uint64_t *state)
{
    double lng = (double)next_random(state) / 2147483648.0 * 360 - 180;
    double height = (double)next_random(state) / 2147483648.0 * 2 - 1;

    return (struct geo_point){lng, asin(height) * 180 / M_PI};
}

static void a_cell_holds_its_middle(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int resolution = i % (H3_RESOLUTION_MAX + 1);
        uint64_t cell = h3_of(random_point(&seed), resolution);
        uint64_t parsed;
        char token[H3_TOKEN_BYTES];
        h3_format(cell, token);
        assert_true(h3_parse(slice_of(token), &parsed));
        assert_int_equal(h3_of(h3_center(cell), resolution), cell);
    }
}

static void check_around(uint64_t cell)
{
    uint64_t around[6];
    uint64_t back[6];
    uint32_t count = h3_neighbors(cell, around);

    assert_int_equal(count, h3_is_pentagon(cell) ? 5 : 6);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t back_count = h3_neighbors(around[i], back);
        bool sees = false;
        for (uint32_t k = 0; k < back_count; k++)
            sees = sees || back[k] == cell;
        assert_true(sees);
    }
}

static void neighbors_see_each_other(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int base = 0; base < H3_BASES; base++)
        check_around(h3_base_cell(base));
    for (int i = 0; i < 4000; i++)
        check_around(h3_of(random_point(&seed), i % (H3_RESOLUTION_MAX + 1)));
}

/* Values of the H3 project's own library. */
static void corners_are_where_they_should_be(void **state)
{
    static const double wanted[6][2] = {
        {-74.0022744646159, 40.735376026215022},   {-74.046908029686236, 40.727986222489115},
        {-74.060610712223664, 40.696775140349033}, {-74.029724408156682, 40.672970047595463},
        {-73.985140983708192, 40.680349049267583}, {-73.971393761028622, 40.71154393543933}};
    struct geo_point corners[H3_CORNERS_MAX];
    uint64_t cell;

    (void)state;
    assert_true(h3_parse(SLICE("862a1072fffffff"), &cell));
    assert_int_equal(h3_corners(cell, corners), 6);
    for (int i = 0; i < 6; i++) {
        assert_true(fabs(corners[i].lng - wanted[i][0]) < 1e-9);
        assert_true(fabs(corners[i].lat - wanted[i][1]) < 1e-9);
    }
    /* a pentagon of an odd resolution lies on five faces */
    assert_int_equal(h3_corners(h3_parent(h3_base_cell(4), 0), corners), 5);
    uint64_t children[7];
    (void)h3_children(h3_base_cell(4), children);
    assert_int_equal(h3_corners(children[0], corners), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_holds_its_middle),
        cmocka_unit_test(neighbors_see_each_other),
        cmocka_unit_test(corners_are_where_they_should_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
