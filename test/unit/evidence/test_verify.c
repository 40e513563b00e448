/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/evidence.h"

#include "evidence/fixture.h"

#include "base/random.h"

#define LEAVES 6
static const uint32_t counts[LEAVES] = {10, 64, 65, 1000, 1, 200};
#define RECORDS 1340

static struct evidence *six_leaves_flushed(struct fixture *fixture, bool each)
{
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    uint64_t seq = 1;
    struct error err;

    for (uint64_t i = 0; i < LEAVES; i++) {
        assert_int_equal(fixture_take(evidence, &fixture->tenant, i, seq, counts[i], false, &err),
                         STATUS_OK);
        if (each || i == 3)
            assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        seq += counts[i];
    }
    assert_int_equal(seq, RECORDS + 1);
    return evidence;
}

/* The last two in memory. */
static struct evidence *six_leaves(struct fixture *fixture)
{
    return six_leaves_flushed(fixture, false);
}

static void check_ranges(struct fixture *fixture, struct evidence *evidence)
{
    struct rng rng = {3};
    struct error err;

    assert_int_equal(fixture_verify(evidence, &fixture->tenant, 1, RECORDS, &err), STATUS_OK);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, 99, 0, &err), STATUS_OK);
    for (int i = 0; i < 200; i++) {
        uint32_t from = 1 + rng_below(&rng, RECORDS), count = 1 + rng_below(&rng, RECORDS);
        if (from + count > RECORDS + 1)
            count = RECORDS + 1 - from;
        assert_int_equal(fixture_verify(evidence, &fixture->tenant, from, count, &err),
                         STATUS_OK);
    }
}

static void every_range_of_right_records_passes(void **state)
{
    struct evidence *evidence = six_leaves(*state);

    check_ranges(*state, evidence);
    evidence_close(evidence);
}

/* Blocks before and behind where the newest append began, also after a restart. */
static void ranges_of_many_flushes_pass(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = six_leaves_flushed(fixture, true);

    check_ranges(fixture, evidence);
    evidence_close(evidence);
    evidence = fixture_open(fixture, fixture->disk);
    check_ranges(fixture, evidence);
    evidence_close(evidence);
}

static void every_wrong_record_is_found_and_named(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = six_leaves(fixture);
    struct error err;

    for (uint64_t bad = 1; bad <= RECORDS; bad += bad < 150 ? 1 : 37) {
        struct raw_source source = {.bad_seq = bad};
        assert_int_equal(evidence_verify(evidence, &fixture->tenant, 1, RECORDS, raw_of, &source,
                                         &err),
                         STATUS_CORRUPT);
        assert_non_null(strstr(err.text, "evidence leaf"));
        assert_int_equal(evidence_verify(evidence, &fixture->tenant, bad, 1, raw_of, &source,
                                         &err),
                         STATUS_CORRUPT);
    }
    evidence_close(evidence);
}

static void one_record_needs_its_run_of_64_only(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = six_leaves(fixture);
    struct raw_source source = {.bad_seq = 10 + 64 + 65 + 1};
    struct error err;

    /* In the leaf of 1,000: record 500 of it is right, its first one is not. */
    assert_int_equal(evidence_verify(evidence, &fixture->tenant, 139 + 500, 1, raw_of, &source,
                                     &err),
                     STATUS_OK);
    assert_int_equal(source.calls, 64);
    evidence_close(evidence);
}

static void a_whole_log_is_summed_up(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = six_leaves(fixture);
    struct evidence_summary summary;
    struct hash256 hashes[LEAVES], root;
    struct guid unknown = {{9}};
    struct error err;

    assert_int_equal(evidence_check(evidence, &fixture->tenant, &summary, &err), STATUS_OK);
    assert_int_equal(summary.leaf_count, LEAVES);
    assert_int_equal(summary.record_count, RECORDS);
    assert_int_equal(summary.next_seq, RECORDS + 1);
    for (uint64_t i = 0; i < LEAVES; i++) {
        uint8_t leaf[LEAF_BYTES];
        assert_int_equal(evidence_leaf(evidence, &fixture->tenant, i, leaf, &err), STATUS_OK);
        leaf_hash(leaf, &hashes[i]);
    }
    merkle_root(hashes, LEAVES, &root);
    assert_memory_equal(&root, &summary.root, sizeof(root));
    assert_int_equal(evidence_check(evidence, &unknown, &summary, &err), STATUS_OK);
    assert_int_equal(summary.leaf_count, 0);
    /* A hole in the numbers. */
    assert_int_equal(fixture_take(evidence, &fixture->tenant, LEAVES, RECORDS + 10, 3, false,
                                  &err),
                     STATUS_OK);
    assert_int_equal(evidence_check(evidence, &fixture->tenant, &summary, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "does not follow"));
    evidence_close(evidence);
}

/* Has records 20 to 30 only. */
static enum status raw_of_eleven(void *context, uint64_t seq, struct slice *ret,
                                 struct error *err)
{
    if (seq < 20 || seq > 30)
        return ERROR_SET(err, STATUS_NOT_FOUND, "not here");
    return raw_of(context, seq, ret, err);
}

static enum status elsewhere(void *context, const struct guid *tenant, uint64_t seq,
                             struct buf *ret, struct error *err)
{
    struct slice raw;

    if (tenant->bytes[0] != 0xa1)
        return ERROR_SET(err, STATUS_DENIED, "wrong tenant");
    enum status status = raw_of(context, seq, &raw, err);
    buf_add_slice(ret, raw);
    return status;
}

static void records_around_the_range_come_from_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = six_leaves(fixture);
    struct raw_source source = {.bad_seq = 0}, others = {.bad_seq = 0};
    const struct evidence_neighbours neighbours = {elsewhere, &others};
    struct error err;

    assert_int_equal(evidence_verify(evidence, &fixture->tenant, 20, 11, raw_of_eleven, &source,
                                     &err),
                     STATUS_NOT_FOUND);
    evidence_set_neighbours(evidence, &neighbours);
    assert_int_equal(evidence_verify(evidence, &fixture->tenant, 20, 11, raw_of_eleven, &source,
                                     &err),
                     STATUS_OK);
    assert_int_equal(others.calls, 64 - 11);
    /* What is inside the range must come from raw(). */
    assert_int_equal(evidence_verify(evidence, &fixture->tenant, 20, 12, raw_of_eleven, &source,
                                     &err),
                     STATUS_NOT_FOUND);
    others.bad_seq = 40;
    assert_int_equal(evidence_verify(evidence, &fixture->tenant, 20, 11, raw_of_eleven, &source,
                                     &err),
                     STATUS_CORRUPT);
    evidence_close(evidence);
}

static void failures_are_passed_on_and_gaps_named(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = six_leaves(fixture);
    struct raw_source source = {.missing_seq = 5};
    struct guid unknown = {{9}};
    struct error err;

    assert_int_equal(evidence_verify(evidence, &fixture->tenant, 1, 10, raw_of, &source, &err),
                     STATUS_IO);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, RECORDS, 2, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(fixture_verify(evidence, &unknown, 1, 2, &err), STATUS_NOT_FOUND);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, UINT64_MAX, 2, &err),
                     STATUS_INVALID);
    /* A hole in the numbers. */
    assert_int_equal(fixture_take(evidence, &fixture->tenant, LEAVES, RECORDS + 10, 3, false,
                                  &err),
                     STATUS_OK);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, RECORDS, 13, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, RECORDS + 10, 3, &err),
                     STATUS_OK);
    evidence_close(evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranges_of_many_flushes_pass, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_range_of_right_records_passes, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_wrong_record_is_found_and_named, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(one_record_needs_its_run_of_64_only, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_whole_log_is_summed_up, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(records_around_the_range_come_from_elsewhere,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(failures_are_passed_on_and_gaps_named, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
