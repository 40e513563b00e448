/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/files_priv.h"

#include "evidence/fixture.h"

#include <pthread.h>

#define LEAF_PATH "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1/leaf.0"
#define BATCH_PATH "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1/batch.0"
#define RECORDS 600

static void write_three(struct fixture *fixture)
{
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    struct error err;

    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(fixture_take(evidence, &fixture->tenant, i, 1 + 200 * i, 200, false, &err),
                         STATUS_OK);
        if (i != 1) /* two blocks: leaf 0, leaves 1 and 2 */
            assert_int_equal(evidence_flush(evidence, &err), STATUS_OK);
    }
    evidence_close(evidence);
}

static void flip(struct fixture *fixture, const char *path, uint64_t offset)
{
    struct io_file *file = NULL;
    struct error err;
    uint8_t byte;

    assert_int_equal(io_open(fixture->disk, path, IO_WRITE, &file, &err), STATUS_OK);
    assert_int_equal(io_read_at(file, offset, &byte, 1, &err), STATUS_OK);
    byte ^= 0x10;
    assert_int_equal(io_write_at(file, offset, &byte, 1, &err), STATUS_OK);
    io_close(file);
}

static uint64_t size_of(struct fixture *fixture, const char *path)
{
    struct io_file *file = NULL;
    uint64_t size = 0;
    struct error err;

    assert_int_equal(io_open(fixture->disk, path, IO_READ, &file, &err), STATUS_OK);
    assert_int_equal(io_size(file, &size, &err), STATUS_OK);
    io_close(file);
    return size;
}

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

static void missing_files_are_corruption(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_entry entry;
    struct error err;
    uint64_t count = 0;

    write_three(fixture);
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(evidence_count(evidence, &fixture->tenant, &count, NULL, &err), STATUS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(io_unlink(fixture->disk, BATCH_PATH, &err), STATUS_OK);
    assert_int_equal(evidence_entry(evidence, &fixture->tenant, 0, &entry, &err), STATUS_CORRUPT);
    assert_int_equal(io_unlink(fixture->disk, LEAF_PATH, &err), STATUS_OK);
    assert_int_equal(evidence_leaf(evidence, &fixture->tenant, 0, entry.leaf, &err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "missing"));
    evidence_close(evidence);
}

static void blocks_of_another_tenant_do_not_open(void **state)
{
    struct fixture *fixture = *state;
    struct guid other;
    struct buf content;
    struct error err;

    write_three(fixture);
    memset(other.bytes, 0xa1, 16);
    other.bytes[15] = 0xa2; /* the same key in this fixture */
    assert_int_equal(io_make_dir(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2", &err),
                     STATUS_OK);
    buf_init(&content, 100000);
    assert_int_equal(io_read_all(fixture->disk, LEAF_PATH, &content, &err), STATUS_OK);
    assert_int_equal(io_replace(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2/leaf.0",
                                buf_slice(&content), &err),
                     STATUS_OK);
    buf_clear(&content);
    assert_int_equal(io_read_all(fixture->disk, BATCH_PATH, &content, &err), STATUS_OK);
    assert_int_equal(io_replace(fixture->disk, "t/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2/batch.0",
                                buf_slice(&content), &err),
                     STATUS_OK);
    buf_release(&content);
    struct evidence *evidence = fixture_open(fixture, fixture->disk);
    assert_int_equal(fixture_verify(evidence, &other, 1, 10, &err), STATUS_CORRUPT);
    evidence_close(evidence);
}

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
        cmocka_unit_test_setup_teardown(every_changed_byte_of_both_files_is_noticed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(lost_blocks_are_a_gap_when_the_next_leaf_comes,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_behind_a_damaged_one_are_read, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(missing_files_are_corruption, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_of_another_tenant_do_not_open, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(files_and_blocks_are_cut_at_their_limits, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_thousand_records_a_leaf_cost_less_than_a_byte_each,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(threads_that_fail_lose_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_hides_no_failed_sync, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
