/* SPDX-License-Identifier: Apache-2.0 */
#include "mmdb_file.h"

#include "codec/mmdb.h"

#include <math.h>

static const struct mmdb_row rows[] = {
    {"::203.0.113.0", 96 + 24, "Australia", "New South Wales", "Sydney", -33.5, 151.25},
    {"2001:db8::", 32, "Iceland", NULL, NULL, 64.5, -18},
    {"2001:db9::", 32, "\xff\xfe", NULL, "Nowhere", 91, NAN},
};

static struct error err;

static void an_address_has_its_place(void **state)
{
    char path[] = "/tmp/daybook-mmdb-XXXXXX";
    struct mmdb *mmdb = NULL;
    struct mmdb_place place;

    (void)state;
    mmdb_write(path, rows, 3);
    ASSERT_OK(mmdb_open(path, &mmdb, &err));
    (void)unlink(path);
    assert_true(mmdb_find(mmdb, SLICE(" 203.0.113.7 "), &place));
    assert_true(slice_is(place.country, "Australia"));
    assert_true(slice_is(place.state, "New South Wales"));
    assert_true(slice_is(place.city, "Sydney"));
    assert_true(place.latitude == -33.5 && place.longitude == 151.25);
    assert_true(mmdb_find(mmdb, SLICE("2001:db8:1::5"), &place));
    assert_true(slice_is(place.country, "Iceland"));
    assert_int_equal(place.state.size + place.city.size, 0);
    mmdb_close(mmdb);
}

static void what_cannot_be_is_not_known(void **state)
{
    static const char *const none[] = {"203.0.114.7", "2001:dba::", "", "x", "203.0.113",
                                       "203.0.113.7/24", "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16"};
    char path[] = "/tmp/daybook-mmdb-XXXXXX";
    struct mmdb *mmdb = NULL;
    struct mmdb_place place;

    (void)state;
    mmdb_write(path, rows, 3);
    ASSERT_OK(mmdb_open(path, &mmdb, &err));
    (void)unlink(path);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(mmdb_find(mmdb, slice_of(none[i]), &place));
    assert_false(mmdb_find(mmdb, slice_from("203.0.113.7\0x", 13), &place));
    assert_true(mmdb_find(mmdb, SLICE("2001:db9::1"), &place)); /* no UTF-8, no latitude */
    assert_int_equal(place.country.size, 0);
    assert_true(slice_is(place.city, "Nowhere"));
    assert_true(isnan(place.latitude) && isnan(place.longitude));
    mmdb_close(mmdb);
    mmdb_close(NULL);
}

static void another_file_is_refused(void **state)
{
    char path[] = "/tmp/daybook-mmdb-XXXXXX";
    struct mmdb *mmdb = NULL;
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, "this is none", 12), 12);
    (void)close(fd);
    ASSERT_STATUS(STATUS_INVALID, mmdb_open(path, &mmdb, &err));
    assert_non_null(strstr(err.text, "is no database of addresses"));
    (void)unlink(path);
    ASSERT_STATUS(STATUS_IO, mmdb_open(path, &mmdb, &err));
    assert_null(mmdb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_its_place),
        cmocka_unit_test(what_cannot_be_is_not_known),
        cmocka_unit_test(another_file_is_refused),
    };

    return RUN_TESTS(tests);
}
