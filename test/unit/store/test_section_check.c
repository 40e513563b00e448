/* SPDX-License-Identifier: Apache-2.0 */
/* The check renders each row and believes only the verifier. */
#include "store/sealed_priv.h"

#include "store/section_trip.h"

static void rows_are_shown_in_order_and_a_refusal_counts(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 100, 1);
    trip_init(&t, &m, false);
    t.verifier.seen = 0;
    assert_int_equal(section_check(&t.info, buf_slice(&t.plain), &t.verifier.verifier, &t.err),
                     STATUS_OK);
    assert_int_equal(t.verifier.seen, 100);
    t.verifier.refuse = true;
    assert_int_equal(section_check(&t.info, buf_slice(&t.plain), &t.verifier.verifier, &t.err),
                     STATUS_CORRUPT);
    /* without a verifier the bytes have to decode at least */
    assert_int_equal(section_check(&t.info, buf_slice(&t.plain), NULL, &t.err), STATUS_OK);
    t.info.row_count++;
    assert_int_equal(section_check(&t.info, buf_slice(&t.plain), NULL, &t.err), STATUS_CORRUPT);
    t.info.row_count--;
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_shown_in_order_and_a_refusal_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
