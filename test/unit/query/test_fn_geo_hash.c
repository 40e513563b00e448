/* SPDX-License-Identifier: Apache-2.0 */
/* Geohashes, at the ends of the world as well. */
#include "ask.h"

static void points_have_a_rectangle_of_each_length(void **state)
{
    static const struct ask cases[] = {
        {"print geo_point_to_geohash(-80.195829, 25.802215, 8)", "dhwfz15h"},
        {"print geo_point_to_geohash(180, 90, 3), geo_point_to_geohash(-180, -90, 3)",
         "[[\"zzz\",\"000\"]]"},
        {"print strlen(geo_point_to_geohash(1, 1, 18))", "[[18]]"},
        {"print geo_point_to_geohash(1, 1, 19), geo_point_to_geohash(1, 91)", "[[\"\",\"\"]]"},
        {"print geo_geohash_to_central_point('sunny').coordinates",
         "[[[42.47314453125,23.70849609375]]]"},
        {"print geo_geohash_to_polygon('a'), geo_geohash_to_polygon('')", "[[null,null]]"},
    };

    (void)state;
    ASK(cases);
}

static void neighbors_wrap_around_and_end_at_the_poles(void **state)
{
    static const struct ask cases[] = {
        {"print array_sort_asc(geo_geohash_neighbors('8'))",
         "[\"2\",\"3\",\"9\",\"b\",\"c\",\"r\",\"x\",\"z\"]"},
        {"print array_length(geo_geohash_neighbors('b'))", "[[5]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_have_a_rectangle_of_each_length),
        cmocka_unit_test(neighbors_wrap_around_and_end_at_the_poles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
