/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/evidence.h"

#include "evidence/fixture.h"

#include <pthread.h>
#include <sys/resource.h>

static const uint32_t counts[] = {1, 5, 64, 65, 128, 1000, 1, 3, 10000, 2};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

/* Leaves [from, to) with the sizes of counts[]; gives the number after them. */
static uint64_t take_leaves(struct evidence *evidence, const struct guid *tenant, uint64_t from,
                            uint64_t to, bool replayed)
{
    uint64_t seq = 1;
    struct error err;

    for (uint64_t i = 0; i < to; i++) {
        if (i >= from)
            assert_int_equal(fixture_take(evidence, tenant, i, seq, counts[i % COUNTS], replayed,
                                          &err),
                             STATUS_OK);
        seq += counts[i % COUNTS];
    }
    return seq;
}

static void leaves_are_the_same_in_memory_on_disk_and_after_reopening(void **state)
{
    struct fixture *fixture = *state;
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    uint64_t next = take_leaves(evidence, &fixture->tenant, 0, COUNTS, false);
    for (int round = 0; round < 3; round++) {
        uint64_t leaves = 0, next_seq = 0;
        if (round == 1)
            assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        if (round == 2) {
            evidence_close(evidence);
            evidence = fixture_open(fixture, fixture->disk);
        }
        assert_int_equal(evidence_count(evidence, &fixture->tenant, &leaves, &next_seq, &err),
                         STATUS_OK);
        assert_int_equal(leaves, COUNTS);
        assert_int_equal(next_seq, next);
        uint64_t seq = 1;
        for (uint64_t i = 0; i < COUNTS; i++) {
            struct evidence_entry entry;
            uint8_t leaf[LEAF_BYTES], seed[SEED_BYTES];
            uint64_t index = 0;
            assert_int_equal(evidence_leaf(evidence, &fixture->tenant, i, leaf, &err), STATUS_OK);
            assert_int_equal(evidence_entry(evidence, &fixture->tenant, i, &entry, &err),
                             STATUS_OK);
            assert_memory_equal(leaf, entry.leaf, LEAF_BYTES);
            assert_int_equal(entry.fields.first_seq, seq);
            assert_int_equal(entry.received_us, 1000 + (int64_t)i);
            memset(seed, (int)i + 1, sizeof(seed));
            assert_memory_equal(entry.seed, seed, SEED_BYTES);
            assert_int_equal(evidence_leaf_of_seq(evidence, &fixture->tenant, seq, &index, &err),
                             STATUS_OK);
            assert_int_equal(index, i);
            seq += counts[i];
            assert_int_equal(
                evidence_leaf_of_seq(evidence, &fixture->tenant, seq - 1, &index, &err),
                STATUS_OK);
            assert_int_equal(index, i);
        }
        assert_int_equal(evidence_leaf_of_seq(evidence, &fixture->tenant, next, &seq, &err),
                         STATUS_NOT_FOUND);
        assert_int_equal(evidence_leaf_of_seq(evidence, &fixture->tenant, 0, &seq, &err),
                         STATUS_NOT_FOUND);
    }
    evidence_close(evidence);
    evidence_close(NULL);
}

static void an_unknown_tenant_has_no_leaves(void **state)
{
    struct fixture *fixture = *state;
    struct guid other = {{7}};
    uint8_t leaf[LEAF_BYTES];
    struct evidence_entry entry;
    uint64_t leaves = 9, next_seq = 9;
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    assert_int_equal(evidence_count(evidence, &other, &leaves, &next_seq, &err), STATUS_OK);
    assert_int_equal(leaves, 0);
    assert_int_equal(next_seq, 0);
    assert_int_equal(evidence_leaf(evidence, &other, 0, leaf, &err), STATUS_NOT_FOUND);
    assert_int_equal(evidence_entry(evidence, &other, 0, &entry, &err), STATUS_NOT_FOUND);
    evidence_close(evidence);
}

static void tenants_do_not_mix(void **state)
{
    struct fixture *fixture = *state;
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    for (uint64_t index = 0; index < 3; index++)
        for (uint8_t t = 1; t <= 20; t++) {
            struct guid tenant = {{t}};
            assert_int_equal(fixture_take(evidence, &tenant, index, 1 + 10 * index, 10, false,
                                          &err),
                             STATUS_OK);
            if (t % 7 == 0)
                assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        }
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    evidence_close(evidence);
    evidence = fixture_open(fixture, fixture->disk);
    for (uint8_t t = 1; t <= 20; t++) {
        struct guid tenant = {{t}};
        assert_int_equal(fixture_verify(evidence, &tenant, 1, 30, &err), STATUS_OK);
    }
    evidence_close(evidence);
}

static void a_leaf_that_does_not_follow_is_corrupt(void **state)
{
    struct fixture *fixture = *state;
    struct leaf_commit broken = {.received_us = 1};
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 0, 1, 5, false, &err), STATUS_OK);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 0, 1, 5, false, &err),
                     STATUS_CORRUPT);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 2, 6, 5, true, &err),
                     STATUS_CORRUPT);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 1, 5, 5, false, &err),
                     STATUS_CORRUPT);
    assert_int_equal(evidence_sink(evidence)->take(evidence_sink(evidence), &broken, &err),
                     STATUS_CORRUPT);
    evidence_close(evidence);
}

static void a_replayed_leaf_must_be_the_known_one(void **state)
{
    struct fixture *fixture = *state;
    uint64_t leaves = 0;
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    uint64_t next = take_leaves(evidence, &fixture->tenant, 0, 4, false);
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    evidence_close(evidence);
    evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(take_leaves(evidence, &fixture->tenant, 0, 6, true) > next, true);
    assert_int_equal(take_leaves(evidence, &fixture->tenant, 0, 6, true) > next, true);
    assert_int_equal(evidence_count(evidence, &fixture->tenant, &leaves, NULL, &err), STATUS_OK);
    assert_int_equal(leaves, 6);
    uint8_t leaf[LEAF_BYTES];
    struct leaf_fields fields;
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 1, 2, 4, true, &err),
                     STATUS_OK); /* on disk it has 5 records: the log is right, the file is not */
    assert_int_equal(evidence_leaf(evidence, &fixture->tenant, 1, leaf, &err), STATUS_OK);
    assert_int_equal(leaf_decode(leaf, &fields, &err), STATUS_OK);
    assert_int_equal(fields.count, 4);
    struct evidence_summary summary; /* its block still commits to the other one */
    assert_int_equal(evidence_check(evidence, &fixture->tenant, &summary, &err), STATUS_CORRUPT);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 5, 1000, 4, true, &err),
                     STATUS_CORRUPT); /* in memory */
    evidence_close(evidence);
}

/* The disk is full from the n-th change on, for every n, and then is not. */
static void a_full_disk_only_puts_a_flush_off(void **state)
{
    struct fixture *fixture = *state;
    int n = 0;

    fixture->failing.full = true;
    for (bool failed = true; failed; n++) {
        struct guid tenants[2] = {{{(uint8_t)(n + 1)}}, {{(uint8_t)(n + 1), 1}}};
        struct error err;
        fixture->failing.changes_left = -1;
        struct evidence *evidence = fixture_open(fixture, &fixture->failing.io);
        (void)take_leaves(evidence, &tenants[0], 0, 3, false);
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        (void)take_leaves(evidence, &tenants[0], 3, 5, false);
        (void)take_leaves(evidence, &tenants[1], 0, 2, false);
        fixture->failing.changes_left = n;
        failed = evidence_flush(evidence, &err) != STATUS_OK;
        (void)take_leaves(evidence, &tenants[0], 5, 7, false);
        if (failed) {
            assert_int_equal(err.status, STATUS_FULL);
            assert_int_equal(evidence_flush(evidence, &err), STATUS_FULL);
        }
        fixture->failing.changes_left = -1;
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        for (int reopened = 0; reopened < 2; reopened++) {
            struct evidence_summary summary;
            assert_int_equal(evidence_check(evidence, &tenants[0], &summary, &err), STATUS_OK);
            assert_int_equal(summary.leaf_count, 7);
            assert_int_equal(evidence_check(evidence, &tenants[1], &summary, &err), STATUS_OK);
            assert_int_equal(summary.leaf_count, 2);
            evidence_close(evidence);
            evidence = fixture_open(fixture, fixture->disk);
        }
        evidence_close(evidence);
    }
    assert_true(n > 4);
}

/* A file that cannot be opened leaves nothing unknown. */
static void too_few_descriptors_only_put_a_flush_off(void **state)
{
    enum { TENANTS = 120 };
    struct fixture *fixture = *state;
    struct rlimit limit, few;
    struct error err;
    struct evidence *evidence = fixture_open(fixture, fixture->disk);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(0);
    assert_true(next >= 0);
    (void)close(next);
    for (uint8_t t = 0; t < TENANTS; t++)
        (void)take_leaves(evidence, &(struct guid){{t, 9}}, 0, 2, false);
    for (rlim_t left = 0; left < 100; left += 33) {
        few = (struct rlimit){(rlim_t)next + left, limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        enum status status = evidence_flush(evidence, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(status, STATUS_BUSY);
    }
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    evidence_close(evidence);
    evidence = fixture_open(fixture, fixture->disk);
    for (uint8_t t = 0; t < TENANTS; t++) {
        struct evidence_summary summary;
        assert_int_equal(evidence_check(evidence, &(struct guid){{t, 9}}, &summary, &err),
                         STATUS_OK);
        assert_int_equal(summary.leaf_count, 2);
    }
    evidence_close(evidence);
}

/* The disk fails at the n-th change, for every n; then the log is replayed. */
static void no_failure_loses_or_doubles_a_leaf(void **state)
{
    struct fixture *fixture = *state;
    int n = 0;

    for (bool failed = true; failed; n++) {
        struct guid tenants[2] = {{{(uint8_t)(n + 1)}}, {{(uint8_t)(n + 1), 1}}};
        struct error err;
        fixture->failing.changes_left = -1;
        struct evidence *evidence = fixture_open(fixture, &fixture->failing.io);
        (void)take_leaves(evidence, &tenants[0], 0, 3, false);
        (void)take_leaves(evidence, &tenants[1], 0, 2, false);
        fixture->failing.changes_left = n;
        failed = evidence_flush(evidence, &err) != STATUS_OK;
        (void)take_leaves(evidence, &tenants[0], 3, 7, false);
        failed = evidence_flush(evidence, &err) != STATUS_OK || failed;
        if (failed) {
            assert_int_equal(evidence_flush(evidence, &err), STATUS_IO);
            fixture->failing.changes_left = -1;
            assert_int_equal(evidence_flush(evidence, &err), STATUS_IO);
        }
        evidence_close(evidence);

        fixture->failing.changes_left = -1;
        evidence = fixture_open(fixture, fixture->disk);
        for (int t = 0; t < 2; t++)
            (void)take_leaves(evidence, &tenants[t], 0, t == 0 ? 7 : 2, true);
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        evidence_close(evidence);
        evidence = fixture_open(fixture, fixture->disk);
        for (int t = 0; t < 2; t++) {
            uint64_t leaves = 0, next = 0;
            assert_int_equal(evidence_count(evidence, &tenants[t], &leaves, &next, &err),
                             STATUS_OK);
            assert_int_equal(leaves, t == 0 ? 7 : 2);
            assert_int_equal(fixture_verify(evidence, &tenants[t], 1, (uint32_t)(next - 1), &err),
                             STATUS_OK);
        }
        evidence_close(evidence);
    }
    assert_in_range(n, 15, 100);
}

struct worker {
    struct evidence *evidence;
    struct guid tenant;
    int wrong;
};

static void *take_and_verify(void *arg)
{
    struct worker *worker = arg;
    struct error err;

    for (uint64_t i = 0; i < 60; i++) {
        if (fixture_take(worker->evidence, &worker->tenant, i, 1 + 5 * i, 5, false, &err) !=
                STATUS_OK ||
            fixture_verify(worker->evidence, &worker->tenant, 1, (uint32_t)(5 * i + 5), &err) !=
                STATUS_OK)
            worker->wrong++;
    }
    return NULL;
}

static void takes_flushes_and_checks_run_together(void **state)
{
    struct fixture *fixture = *state;
    struct worker workers[3];
    pthread_t threads[3];
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    for (int i = 0; i < 3; i++) {
        workers[i] = (struct worker){evidence, {{(uint8_t)(i + 1)}}, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_verify, &workers[i]), 0);
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
    }
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    evidence_close(evidence);
    evidence = fixture_open(fixture, fixture->disk);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture_verify(evidence, &workers[i].tenant, 1, 300, &err), STATUS_OK);
    evidence_close(evidence);
}

/* Gaps stand for leaves that a damaged log has lost; the log goes on behind them. */
static void what_is_skipped_is_a_gap(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    struct leaf_sink *sink = evidence_sink(evidence);
    const struct leaf_place next = {5, 5000000000u, 900};
    struct evidence_summary summary;
    struct error err;

    assert_int_equal(fixture_take(evidence, &fixture->tenant, 0, 1, 70, false, &err), STATUS_OK);
    for (int i = 0; i < 2; i++) /* a replay says it again; skip() is cmocka's too */
        assert_int_equal((sink->skip)(sink, &fixture->tenant, &next, &err), STATUS_OK);
    assert_int_equal(fixture_take(evidence, &fixture->tenant, 5, next.first_seq, 3, false, &err),
                     STATUS_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(evidence_check(evidence, &fixture->tenant, &summary, &err), STATUS_OK);
        assert_int_equal(summary.leaf_count, 6);
        assert_int_equal(summary.record_count, 73);
        assert_int_equal(summary.lost_leaf_count, 4);
        assert_int_equal(summary.lost_record_count, next.first_seq - 71);
        assert_int_equal(summary.next_seq, next.first_seq + 3);
        assert_int_equal(fixture_verify(evidence, &fixture->tenant, 1, 70, &err), STATUS_OK);
        assert_int_equal(fixture_verify(evidence, &fixture->tenant, 71, 1, &err), STATUS_CORRUPT);
        assert_non_null(strstr(err.text, "lost"));
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        evidence_close(evidence);
        evidence = fixture_open(fixture, fixture->disk);
    }
    evidence_close(evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            leaves_are_the_same_in_memory_on_disk_and_after_reopening, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_skipped_is_a_gap, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_unknown_tenant_has_no_leaves, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(tenants_do_not_mix, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_leaf_that_does_not_follow_is_corrupt, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_replayed_leaf_must_be_the_known_one, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(takes_flushes_and_checks_run_together, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(too_few_descriptors_only_put_a_flush_off, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_only_puts_a_flush_off, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_failure_loses_or_doubles_a_leaf, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
