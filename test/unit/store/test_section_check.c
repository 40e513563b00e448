/* SPDX-License-Identifier: Apache-2.0 */
/* The check renders each row and believes only its tag or the verifier. */
#include "store/sealed_priv.h"

#include "store/section_trip.h"

static void make(struct trip *t, struct batch_maker *m)
{
    batch_maker_init(m, "T", 1);
    fixture_records(m, 100, 1);
    trip_init(t, m, false);
    t->verifier.seen = 0;
}

static void release(struct trip *t, struct batch_maker *m)
{
    trip_release(t);
    batch_maker_release(m);
}

static void rows_without_tags_are_all_shown_to_the_verifier(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    make(&t, &m);
    t.part->tags = NULL;
    assert_int_equal(trip_check(&t), STATUS_OK);
    assert_int_equal(t.verifier.seen, 100);
    t.verifier.refuse = true;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    release(&t, &m);
}

static void of_rows_with_tags_the_verifier_sees_the_first(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    make(&t, &m);
    assert_int_equal(trip_check(&t), STATUS_OK);
    assert_int_equal(t.verifier.seen, 64);
    t.verifier.refuse = true;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    release(&t, &m);
}

static void each_tag_is_compared(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    make(&t, &m);
    for (uint32_t r = 0; r < t.part->row_count; r++) {
        t.part->tags[r] ^= 1;
        assert_int_equal(trip_check(&t), STATUS_CORRUPT);
        t.part->tags[r] ^= 1;
    }
    assert_int_equal(trip_check(&t), STATUS_OK);
    release(&t, &m);
}

static void rows_have_the_numbers_times_and_flags_of_the_part(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    make(&t, &m);
    uint32_t last = t.part->row_count - 1;
    t.part->seqs[last]++;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    t.part->seqs[last]--;
    t.part->event_times[last]++;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    t.part->event_times[last]--;
    t.part->received_us[last]++;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    t.part->received_us[last]--;
    t.part->row_flags[last] ^= RECORD_QUARANTINED;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    t.part->row_flags[last] ^= RECORD_QUARANTINED;
    assert_int_equal(trip_check(&t), STATUS_OK);
    release(&t, &m);
}

/* What its tags refuse is refused all the same: the tags come first. */
static void evidence_that_cannot_be_read_is_told_from_what_differs(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    make(&t, &m);
    uint64_t *tags = t.part->tags;
    t.verifier.unread = 1;
    for (int i = 0; i < 2; i++) { /* with tags and without */
        enum status status = trip_check(&t);
        assert_int_equal(status, STATUS_IO);
        assert_true(section_was_unchecked(status, &t.err));
        t.part->tags = NULL;
    }
    t.part->tags = tags;
    tags[99] ^= 1;
    assert_int_equal(trip_check(&t), STATUS_CORRUPT);
    assert_false(section_was_unchecked(STATUS_CORRUPT, &t.err));
    tags[99] ^= 1;
    errno = EIO; /* as of a write */
    enum status other = ERROR_SET(&t.err, STATUS_IO, "the disk failed");
    assert_false(section_was_unchecked(other, &t.err));
    release(&t, &m);
}

static void without_a_part_the_bytes_have_to_decode_at_least(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    make(&t, &m);
    t.verifier.refuse = true;
    assert_int_equal(section_check(t.cache, &t.info, buf_slice(&t.plain), NULL,
                                   &t.verifier.verifier, &t.err),
                     STATUS_OK);
    t.info.row_count++;
    assert_int_equal(section_check(t.cache, &t.info, buf_slice(&t.plain), NULL,
                                   &t.verifier.verifier, &t.err),
                     STATUS_CORRUPT);
    t.info.row_count--;
    release(&t, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_without_tags_are_all_shown_to_the_verifier),
        cmocka_unit_test(of_rows_with_tags_the_verifier_sees_the_first),
        cmocka_unit_test(each_tag_is_compared),
        cmocka_unit_test(rows_have_the_numbers_times_and_flags_of_the_part),
        cmocka_unit_test(evidence_that_cannot_be_read_is_told_from_what_differs),
        cmocka_unit_test(without_a_part_the_bytes_have_to_decode_at_least),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
