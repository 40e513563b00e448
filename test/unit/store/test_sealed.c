/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, and what a disk that fails at any step leaves behind. */
#include "store/sealed_priv.h"

#include "store/failing_io.h"
#include "store/segment_fixture.h"

#define KILL_POINTS_MAX 200u

/* One flush on a disk whose n-th change fails; true if the flush succeeded. */
static bool flush_with_failure(struct fixture *f, struct part *part, uint64_t n, bool sticky)
{
    struct failing_io disk = failing_io_over(f->io);
    struct sealed_options options = f->options;
    struct sealed *sealed = NULL;
    enum status status;

    sealed_close(f->sealed);
    f->sealed = NULL;
    options.io = &disk.io;
    if (sealed_open(&options, &sealed, &f->err) != STATUS_OK)
        fail_msg("%s", f->err.text);
    disk.change_count = 0;
    disk.fail_at = n;
    disk.sticky = sticky;
    status = fixture_flush(sealed, &part, 1, 7, NULL, NULL, &f->err);
    sealed_close(sealed);
    return status == STATUS_OK;
}

static void kill_points(bool sticky)
{
    bool done = false;

    for (uint64_t n = 1; !done; n++) {
        struct fixture f;
        struct batch_maker m;
        fixture_init(&f);
        batch_maker_init(&m, "T", 1);
        fixture_records(&m, 40, n);
        f.verifier.makers[0] = &m;
        f.verifier.maker_count = 1;
        struct part *part = fixture_part(&m);
        done = flush_with_failure(&f, part, n, sticky);
        fixture_reopen(&f);
        uint64_t floor = sealed_wal_floor(f.sealed);
        uint64_t rows = fixture_check(&f, &m);
        /* all and the floor has moved, or nothing at all; with half a change, or none yet,
         * the replay leaves out what a section has */
        bool is_known = sealed_floor_is_known(f.sealed);
        assert_true(floor == 0 || floor == 7);
        assert_int_equal(rows, floor == 7 || !is_known ? 40 : 0);
        for (uint32_t i = 0; i < 40; i++)
            assert_int_equal(sealed_has_row(f.sealed, &m.batch.tenant, m.records[i].seq),
                             !is_known);
        if (done)
            assert_int_equal(floor, 7);
        if (floor == 0) { /* the write-ahead log gives the rows again */
            assert_int_equal(fixture_flush(f.sealed, &part, is_known, 7, NULL, NULL, &f.err),
                             STATUS_OK);
            assert_int_equal(fixture_check(&f, &m), 40);
        }
        part_unref(part);
        batch_maker_release(&m);
        fixture_release(&f);
        assert_true(n < KILL_POINTS_MAX);
    }
}

static void a_failure_at_any_step_loses_and_doubles_nothing(void **state)
{
    (void)state;
    kill_points(false);
}

static void a_disk_that_stays_broken_loses_and_doubles_nothing(void **state)
{
    (void)state;
    kill_points(true);
}

struct listing {
    struct section_list *list;
    uint32_t unlisted_count; /* segment files without a section in the list */
};

static enum status count_unlisted(void *context, const char *name, struct error *err)
{
    struct listing *listing = context;
    uint64_t number = 0;
    bool is_listed = !segment_parse_name(name, &number);

    (void)err;
    for (uint32_t i = 0; i < listing->list->count; i++)
        is_listed = is_listed || listing->list->sections[i]->info.segment == number;
    listing->unlisted_count += !is_listed;
    return STATUS_OK;
}

static uint32_t unlisted_files(struct fixture *f, struct sealed *sealed)
{
    struct listing listing = {.list = sealed_pin(sealed, NULL, NULL)};

    assert_int_equal(io_list(f->io, SEGMENT_DIR, count_unlisted, &listing, &f->err), STATUS_OK);
    section_list_unref(listing.list);
    return listing.unlisted_count;
}

/* The same store goes on after a failure: rows are in memory still.
 * os_errno: of the call that fails. */
static void flush_twice(int os_errno)
{
    struct fixture f;
    struct batch_maker m;
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 40, 1);
    struct part *part = fixture_part(&m);
    for (uint64_t n = 1; n < 20; n++) {
        struct failing_io disk = failing_io_over(f.io);
        struct sealed_options options = f.options;
        struct sealed *sealed = NULL;
        options.io = &disk.io;
        disk.os_errno = os_errno;
        assert_int_equal(sealed_open(&options, &sealed, &f.err), STATUS_OK);
        disk.fail_at = disk.change_count + n;
        enum status status = fixture_flush(sealed, &part, 1, n, NULL, NULL, &f.err);
        if (status == STATUS_FULL) /* each try would leave another one */
            assert_int_equal(unlisted_files(&f, sealed), 0);
        if (status != STATUS_OK)
            status = fixture_flush(sealed, &part, 1, n, NULL, NULL, &f.err);
        assert_int_equal(status, STATUS_OK);
        sealed_close(sealed);
        fixture_reopen(&f);
        assert_false(f.sealed->is_rebuilt); /* the catalog is sound */
        assert_int_equal(sealed_wal_floor(f.sealed), n);
        assert_int_equal(fixture_check(&f, &m), 40 * n);
    }
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

static void a_flush_can_be_tried_again(void **state)
{
    (void)state;
    flush_twice(EIO);
    flush_twice(ENOSPC);
}

static void put_file(struct fixture *f, const char *path, struct slice content)
{
    struct io_file *file = NULL;

    assert_int_equal(io_open(f->io, path, IO_WRITE, &file, &f->err), STATUS_OK);
    assert_int_equal(io_write_at(file, 0, content.data, content.size, &f->err), STATUS_OK);
    io_close(file);
}

static void files_that_no_catalog_lists_are_removed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    put_file(&f, "seg/0000000000000009.seg", SLICE("left over"));
    put_file(&f, "seg/0000000000000009.tmp", SLICE("left over"));
    put_file(&f, "seg/notes.txt", SLICE("not ours"));
    fixture_reopen(&f);
    assert_false(io_exists(f.io, "seg/0000000000000009.seg"));
    assert_false(io_exists(f.io, "seg/0000000000000009.tmp"));
    assert_true(io_exists(f.io, "seg/notes.txt"));
    fixture_release(&f);
}

static void counts_tell_what_is_there(void **state)
{
    (void)state;
    struct fixture f;
    struct batch_maker m;
    struct store_stats stats = {0};
    fixture_init(&f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 40, 1);
    batch_maker_add(&m, SLICE("not json"), FIXTURE_TIME);
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 7, NULL, NULL, &f.err), STATUS_OK);
    assert_int_equal(fixture_flush(f.sealed, &part, 1, 7, NULL, NULL, &f.err), STATUS_OK);
    sealed_stats(f.sealed, &stats);
    assert_int_equal(stats.rows_sealed, 82);
    assert_int_equal(stats.sections, 2);
    assert_int_equal(stats.segments, 2);
    assert_int_equal(stats.flushes, 2);
    assert_int_equal(stats.fallback_records, 2);
    assert_true(stats.bytes_sealed > 0);
    part_unref(part);
    batch_maker_release(&m);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_at_any_step_loses_and_doubles_nothing),
        cmocka_unit_test(a_disk_that_stays_broken_loses_and_doubles_nothing),
        cmocka_unit_test(a_flush_can_be_tried_again),
        cmocka_unit_test(files_that_no_catalog_lists_are_removed),
        cmocka_unit_test(counts_tell_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
