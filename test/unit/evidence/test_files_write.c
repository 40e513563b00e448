/* SPDX-License-Identifier: Apache-2.0 */
/* Runs go into files and blocks of bounded sizes, and onto the disk, whoever waits for it. */
#include "evidence/files_priv.h"

#include "evidence/files_fixture.h"

#include <pthread.h>

static void files_and_blocks_are_cut_at_their_limits(void **state)
{
    struct fixture *fixture = *state;
    struct stored stored;
    struct error err;
    uint64_t total = FILE_LEAVES + 2500;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    for (uint64_t i = 0; i < total; i++) {
        assert_int_equal(fixture_take(evidence, &fixture->tenant, i, 1 + i, 1, false, &err),
                         STATUS_OK);
        if (i == 40000 || i == FILE_LEAVES + 10)
            assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    }
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    evidence_close(evidence);
    assert_int_equal(size_of(fixture, LEAF_PATH), FILE_LEAVES * 128);
    assert_int_equal(size_of(fixture, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1/leaf.1"), 2500 * 128);
    assert_int_equal(files_load(fixture->disk, &fixture->tenant, &stored, &err), STATUS_OK);
    assert_int_equal(stored.leaf_count, total);
    assert_int_equal(stored.next_seq, total + 1);
    evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, 65000, 1500, &err), STATUS_OK);
    assert_int_equal(fixture_verify(evidence, &fixture->tenant, 1, 100, &err), STATUS_OK);
    evidence_close(evidence);
}

static void a_thousand_records_a_leaf_cost_less_than_a_byte_each(void **state)
{
    struct fixture *fixture = *state;
    struct error err;

    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(
            fixture_take(evidence, &fixture->tenant, i, 1 + 1000 * i, 1000, false, &err),
            STATUS_OK);
    assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    evidence_close(evidence);
    assert_true(size_of(fixture, LEAF_PATH) + size_of(fixture, BATCH_PATH) < 20000);
}

/* ---- several threads ---- */

#define TENANTS 12u

static struct guid tenant_of(const struct fixture *fixture, uint32_t number)
{
    struct guid tenant = fixture->tenant;

    tenant.bytes[15] = (uint8_t)number;
    return tenant;
}

/* The first leaf of each of the tenants. */
static void take_all(struct fixture *fixture, struct evidence *evidence, bool replayed)
{
    for (uint32_t i = 0; i < TENANTS; i++) {
        struct guid tenant = tenant_of(fixture, i);
        struct error err;
        assert_int_equal(fixture_take(evidence, &tenant, 0, 1, 20, replayed, &err), STATUS_OK);
    }
}

static void all_are_there(struct fixture *fixture)
{
    struct evidence *evidence = fixture_open(fixture, fixture->disk);

    for (uint32_t i = 0; i < TENANTS; i++) {
        struct guid tenant = tenant_of(fixture, i);
        struct evidence_summary summary;
        struct error err;
        assert_int_equal(evidence_check(evidence, &tenant, &summary, &err), STATUS_OK);
        assert_int_equal(summary.leaf_count, 1);
        assert_int_equal(fixture_verify(evidence, &tenant, 1, 20, &err), STATUS_OK);
    }
    evidence_close(evidence);
}

/* Some change of the disk fails, and all after it: the flush says so, whichever thread met
 * it, and the next process makes all of it good. */
static void threads_that_fail_lose_nothing(void **state)
{
    bool was_whole = false;

    for (int changes = 0; !was_whole; changes += 5) {
        struct error err;
        (void)fixture_teardown(state);
        (void)fixture_setup(state);
        struct fixture *fixture = *state;
        struct evidence *evidence = fixture_open(fixture, &fixture->failing.io);
        evidence_set_threads(evidence, 8);
        take_all(fixture, evidence, false);
        fixture->failing.changes_left = changes;
        was_whole = evidence_flush(evidence, &err) == STATUS_OK;
        assert_true(was_whole || err.status == STATUS_IO);
        assert_true(changes > 0 || !was_whole);
        evidence_close(evidence);
        evidence = fixture_open(fixture, fixture->disk);
        evidence_set_threads(evidence, 8);
        take_all(fixture, evidence, true);
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        evidence_close(evidence);
        all_are_there(fixture);
    }
}

/* Two calls of the disk that fail at the same time: there is no place for the block of one
 * tenant, and the directory of the other cannot be synced. */
static struct {
    pthread_barrier_t both;
    char full[16], broken[16]; /* ends of the tenants' names */
    atomic_int changes;      /* since */
} meeting;

static bool is_of(const char *path, const char *end)
{
    const size_t at = strlen("t/") + 2 * (sizeof(struct guid) - 1);

    return strlen(path) > at && strncmp(path + at, end, 2) == 0;
}

static enum status open_full(struct io *io, const char *path, enum io_open_mode mode,
                             struct io_file **ret, struct error *err)
{
    meeting.changes++;
    if (!is_of(path, meeting.full) || strstr(path, "batch") == NULL)
        return failing_open(io, path, mode, ret, err);
    (void)pthread_barrier_wait(&meeting.both);
    return ERROR_SET(err, STATUS_FULL, "there is no place");
}

static enum status sync_dir_broken(struct io *io, const char *path, struct error *err)
{
    meeting.changes++;
    if (!is_of(path, meeting.broken))
        return failing_sync_dir(io, path, err);
    (void)pthread_barrier_wait(&meeting.both);
    return ERROR_SET(err, STATUS_IO, "the disk syncs no directory");
}

static void take_two(struct fixture *fixture, struct evidence *evidence, bool replayed)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct guid tenant = tenant_of(fixture, i);
        struct error err;
        assert_int_equal(fixture_take(evidence, &tenant, 0, 1, 20, replayed, &err), STATUS_OK);
    }
}

/* A flush that found no space is tried again, and after a failed sync the second try would
 * succeed without the bytes: that one ends all writing, whichever thread met which. */
static void a_full_disk_hides_no_failed_sync(void **state)
{
    for (int round = 0; round < 32; round++) {
        struct error err;
        (void)fixture_teardown(state);
        (void)fixture_setup(state);
        struct fixture *fixture = *state;
        (void)snprintf(meeting.full, sizeof(meeting.full), "%02d", round % 2);
        (void)snprintf(meeting.broken, sizeof(meeting.broken), "%02d", 1 - round % 2);
        assert_int_equal(pthread_barrier_init(&meeting.both, NULL, 2), 0);
        struct evidence *evidence = fixture_open(fixture, &fixture->failing.io);
        evidence_set_threads(evidence, 2);
        take_two(fixture, evidence, false);
        fixture->failing.ops.open = open_full;
        fixture->failing.ops.sync_dir = sync_dir_broken;
        assert_int_equal(evidence_flush(evidence, &err), STATUS_IO);
        meeting.changes = 0;
        assert_int_equal(evidence_flush(evidence, &err), STATUS_IO); /* for good */
        assert_int_equal(meeting.changes, 0);
        evidence_close(evidence);
        (void)pthread_barrier_destroy(&meeting.both);
        evidence = fixture_open(fixture, fixture->disk); /* the next process */
        take_two(fixture, evidence, true);
        assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
        evidence_close(evidence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(files_and_blocks_are_cut_at_their_limits),
        FIXTURE_TEST(a_thousand_records_a_leaf_cost_less_than_a_byte_each),
        FIXTURE_TEST(threads_that_fail_lose_nothing),
        FIXTURE_TEST(a_full_disk_hides_no_failed_sync),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
