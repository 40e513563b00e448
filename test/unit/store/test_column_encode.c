/* SPDX-License-Identifier: Apache-2.0 */
/* What columns say about each other is found and not stored twice. */
#include "store/column_priv.h"

#include "store/section_trip.h"

static void each_kind_of_column_gets_its_encoding(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 2000, 3);
    trip_init(&t, &m, true);
    struct section_header *header = trip_header(&t);
    assert_int_equal(trip_entry(header, "CreationTime")->codes, CODES_EVENT);
    assert_int_equal(trip_entry(header, "Id")->codes, CODES_IDENTITY);
    assert_int_equal(trip_entry(header, "Id")->texts, TEXTS_GUID);
    bool same = trip_entry(header, "ActorIp")->codes == CODES_SAME ||
                trip_entry(header, "ClientIP")->codes == CODES_SAME;
    assert_true(same);
    assert_int_equal(trip_entry(header, "Size")->texts, TEXTS_INTEGER);
    assert_int_equal(trip_entry(header, "Props[].Value")->codes, CODES_CONTEXT);
    assert_int_equal(trip_entry(header, "Props[].Name")->dict_count, 2);
    assert_true(trip_entry(header, "Id")->is_indexed);
    assert_true(trip_entry(header, "UserId")->is_indexed);
    assert_false(trip_entry(header, "Operation")->is_indexed);
    section_header_free(header);
    trip_release(&t);
    batch_maker_release(&m);
}

static void a_flush_finds_equal_columns_too(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 500, 3);
    trip_init(&t, &m, false);
    struct section_header *header = trip_header(&t);
    assert_true(trip_entry(header, "ActorIp")->codes == CODES_SAME ||
                trip_entry(header, "ClientIP")->codes == CODES_SAME);
    section_header_free(header);
    trip_release(&t);
    batch_maker_release(&m);
}

static void a_thousand_records_stay_small(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 4000, 3);
    trip_init(&t, &m, true);
    assert_true(t.plain.size / 4000 < 60); /* of about 300; 16 are the Id */
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_column_gets_its_encoding),
        cmocka_unit_test(a_flush_finds_equal_columns_too),
        cmocka_unit_test(a_thousand_records_stay_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
