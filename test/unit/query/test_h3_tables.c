/* SPDX-License-Identifier: Apache-2.0 */
/* The constants of the H3 grid agree with each other. */
#include "query/h3_priv.h"

#include "test.h"

static void borders_are_seen_from_both_sides(void **state)
{
    (void)state;
    for (int face = 0; face < H3_FACES; face++) {
        for (int i = 0; i < 3; i++) {
            const struct h3_border *there = &h3_borders[face][i];
            int back = -1;
            for (int k = 0; k < 3; k++) {
                if (h3_borders[there->face][k].face == face)
                    back = k;
            }
            assert_true(back >= 0);
            assert_int_equal((there->turns + h3_borders[there->face][back].turns) % 6, 0);
        }
    }
}

static void first_cells_lie_at_their_home(void **state)
{
    int pentagons = 0;

    (void)state;
    for (int i = 0; i < H3_BASES; i++) {
        const struct h3_base *base = &h3_bases[i];
        const struct h3_place *place =
            &h3_places[base->face][base->i * 9 + base->j * 3 + base->k];
        assert_int_equal(place->base, i);
        assert_int_equal(place->turns, 0);
        pentagons += base->is_pentagon;
    }
    assert_int_equal(pentagons, 12);
}

/* They are numbered from the north to the south. */
static void first_cells_are_in_order(void **state)
{
    (void)state;
    for (int i = 1; i < H3_BASES; i++)
        assert_true(h3_center(h3_base_cell(i - 1)).lat >= h3_center(h3_base_cell(i)).lat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders_are_seen_from_both_sides),
        cmocka_unit_test(first_cells_lie_at_their_home),
        cmocka_unit_test(first_cells_are_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
