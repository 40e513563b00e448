/* SPDX-License-Identifier: Apache-2.0 */
/* A header with a wrong byte is refused or describes a part without harm. */
#include "store/section_priv.h"

#include "store/section_trip.h"

static void every_changed_byte_of_a_header_is_survived(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 60, 3);
    trip_init(&t, &m, true);
    char *raw = malloc(t.info.header_raw);
    uint32_t refused = 0, total = 0;
    assert_non_null(raw);
    for (size_t at = 0; at < t.info.header_raw; at++) {
        struct section_header *header = NULL;
        assert_int_equal(zstd_unpack(slice_head(buf_slice(&t.plain), t.info.header_packed),
                                     t.info.header_raw, raw, &t.err),
                         STATUS_OK);
        raw[at] = (char)(raw[at] ^ (1 << at % 8));
        enum status status = section_header_decode(&t.info, slice_from(raw, t.info.header_raw),
                                                   &header, &t.err);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        refused += status == STATUS_CORRUPT ? 1 : 0;
        total++;
        if (status == STATUS_OK)
            section_header_free(header);
    }
    assert_true(refused > total / 10);
    for (size_t size = 0; size < t.info.header_raw; size++) {
        struct section_header *header = NULL;
        assert_int_equal(section_header_decode(&t.info, slice_from(raw, size), &header, &t.err),
                         STATUS_CORRUPT);
    }
    free(raw);
    trip_release(&t);
    batch_maker_release(&m);
}

static void reasons_of_quarantine_are_kept(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    batch_maker_add(&m, SLICE("{\"a\":1}"), 1);
    batch_maker_add(&m, SLICE("nonsense"), 2);
    trip_init(&t, &m, false);
    uint32_t found = 0;
    for (uint32_t r = 0; r < 2; r++)
        if (t.view->reasons[r] != NULL) {
            assert_string_equal(t.view->reasons[r], "is not an object");
            assert_int_equal(t.view->seqs[r], 2);
            found++;
        }
    assert_int_equal(found, 1);
    assert_int_equal(t.info.fallback_count, 1);
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_byte_of_a_header_is_survived),
        cmocka_unit_test(reasons_of_quarantine_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
