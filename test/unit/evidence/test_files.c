/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever happens to the files of a tenant is noticed, and as little as possible is lost. */
#include "evidence/files_priv.h"

#include "evidence/files_fixture.h"

#define RECORDS 600

static enum status verify_fresh(struct fixture *fixture)
{
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    struct error err;
    struct evidence_summary summary;
    enum status status = fixture_verify(evidence, &fixture->tenant, 1, RECORDS, &err);
    enum status other = evidence_check(evidence, &fixture->tenant, &summary, &err);

    if (other == STATUS_OK && summary.leaf_count < 3) /* the lost ones are at the end */
        other = STATUS_NOT_FOUND;
    assert_int_equal(status == STATUS_OK, other == STATUS_OK);
    evidence_close(evidence);
    return status;
}

static void every_changed_byte_of_both_files_is_noticed(void **state)
{
    static const char *const paths[] = {LEAF_PATH, BATCH_PATH};
    struct fixture *fixture = *state;

    write_three(fixture);
    assert_int_equal(size_of(fixture, LEAF_PATH), 3 * 128);
    assert_int_equal(size_of(fixture, BATCH_PATH), 2 * 72 + 3 * (40 + 4 * 32));
    assert_int_equal(verify_fresh(fixture), STATUS_OK);
    for (int p = 0; p < 2; p++) {
        uint64_t size = size_of(fixture, paths[p]);
        for (uint64_t at = 0; at < size; at++) {
            flip(fixture, paths[p], at);
            enum status status = verify_fresh(fixture);
            /* A damaged block counts as one being written, and a leaf with other
             * sequence numbers is not found by them. */
            bool found = p == 0 && (at % 128 < 16 || at % 128 >= 28);
            assert_true(status == STATUS_CORRUPT || (!found && status == STATUS_NOT_FOUND));
            flip(fixture, paths[p], at);
        }
    }
    assert_int_equal(verify_fresh(fixture), STATUS_OK);
}

/* A gap is in the place of what was damaged, whose bytes are kept. */
static void lost_blocks_are_a_gap_when_the_next_leaf_comes(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_summary summary;
    struct error err;

    write_three(fixture);
    flip(fixture, BATCH_PATH, size_of(fixture, BATCH_PATH) - 1);
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    uint64_t stored = 0;
    assert_int_equal(evidence_count(evidence, &fixture->tenant, &stored, NULL, &err), STATUS_OK);
    assert_true(stored < 3);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 3, 601, 5, false, &err), STATUS_OK);
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    assert_int_equal(evidence_check(evidence, &fixture->tenant, &summary, &err), STATUS_OK);
    assert_int_equal(summary.leaf_count, 4);
    assert_int_equal(summary.lost_leaf_count, 3 - stored);
    assert_int_equal(summary.record_count + summary.lost_record_count, 605);
    assert_true(io_exists(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1-batch.0.aside"));
    evidence_close(evidence);
}

/* Only what a damaged block commits to is lost, not what is behind it. */
static void blocks_behind_a_damaged_one_are_read(void **state)
{
    struct fixture *fixture = *state;
    struct error err;

    write_three(fixture);
    for (uint64_t at = 0; at < 32; at++) { /* the header of the first block */
        flip(fixture, BATCH_PATH, at);
        struct evidence *evidence = fixture_open(fixture, fixture->disk);
        uint64_t leaves = 9;
        assert_int_equal(fixture_take(evidence, &fixture->tenant, 3, 601, 5, false, &err),
                         STATUS_OK);
        assert_int_equal(evidence_count(evidence, &fixture->tenant, &leaves, NULL, &err),
                         STATUS_OK);
        assert_int_equal(leaves, 4);
        assert_int_equal(fixture_verify(evidence, &fixture->tenant, 1, 1, &err), STATUS_CORRUPT);
        assert_int_equal(fixture_verify(evidence, &fixture->tenant, 600, 1, &err), STATUS_OK);
        evidence_close(evidence);
        flip(fixture, BATCH_PATH, at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(every_changed_byte_of_both_files_is_noticed),
        FIXTURE_TEST(lost_blocks_are_a_gap_when_the_next_leaf_comes),
        FIXTURE_TEST(blocks_behind_a_damaged_one_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
