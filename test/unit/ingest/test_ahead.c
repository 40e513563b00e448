/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/ahead_priv.h"

#include "base/limits.h"
#include "ingest/fault_io.h"
#include "ingest/wal_priv.h"
#include "ingest/world.h"

#define SIZE_BYTES (600 * KIB)
#define TMP "wal/ahead.tmp"
#define THIRD "wal/0000000000000003.wal"
#define FOURTH "wal/0000000000000004.wal"

static struct error err;

struct fixture {
    struct world w;
    struct fault_io fault;
    struct ahead ahead;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    world_new(&f->w);
    fault_io_init(&f->fault, f->w.io);
    ASSERT_OK(io_make_dir(f->w.io, "wal", &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    ahead_close(&f->ahead);
    world_free(&f->w);
    free(f);
    return 0;
}

static enum status begin(struct fixture *f, bool in_background)
{
    const struct ahead_options options = {
        .size_bytes = SIZE_BYTES, .first = 3, .in_background = in_background};

    return ahead_open(&f->ahead, &f->fault.io, &options, &err);
}

static void check_zeros(struct io *io, const char *path)
{
    struct buf bytes;

    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(io, path, &bytes, &err));
    assert_int_equal(bytes.size, SIZE_BYTES);
    for (size_t i = 0; i < bytes.size; i++)
        assert_int_equal(bytes.data[i], 0);
    buf_release(&bytes);
}

static void files_are_there_when_they_are_needed(void **state)
{
    struct fixture *f = *state;

    ASSERT_OK(begin(f, false));
    check_zeros(f->w.io, THIRD);
    assert_true(ahead_is_ready(&f->ahead, 3));
    assert_false(ahead_take(&f->ahead, 4));
    ahead_want(&f->ahead, 4);
    check_zeros(f->w.io, FOURTH);
    assert_true(ahead_take(&f->ahead, 4));
    assert_false(ahead_take(&f->ahead, 4)); /* it is the caller's */
    assert_false(io_exists(f->w.io, TMP));
}

static void what_was_not_needed_is_removed(void **state)
{
    struct fixture *f = *state;

    ASSERT_OK(begin(f, false));
    assert_true(ahead_take(&f->ahead, 3));
    ahead_want(&f->ahead, 4);
    ahead_close(&f->ahead);
    assert_true(io_exists(f->w.io, THIRD));
    assert_false(io_exists(f->w.io, FOURTH));
    f->ahead = (struct ahead){.io = NULL};
}

/* Taken before it has its name, a file is never made any more: it would take the place of one
 * that is written to. */
static void a_file_is_made_by_one_only(void **state)
{
    struct fixture *f = *state;
    char path[WAL_PATH_BYTES];

    ASSERT_OK(begin(f, true));
    assert_true(ahead_take(&f->ahead, 3));
    for (uint64_t number = 4; number < 40; number++) {
        ahead_want(&f->ahead, number);
        if (number % 3 == 0) {
            for (int i = 0; i < 1000 && !ahead_is_ready(&f->ahead, number); i++)
                (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
        wal_path(number, path);
        if (ahead_take(&f->ahead, number)) {
            check_zeros(f->w.io, path);
            continue;
        }
        ASSERT_OK(io_replace(f->w.io, path, SLICE("mine"), &err));
    }
    ahead_close(&f->ahead);
    f->ahead = (struct ahead){.io = NULL};
    for (uint64_t number = 4; number < 40; number++) {
        struct buf bytes;
        wal_path(number, path);
        buf_init(&bytes, MIB);
        ASSERT_OK(io_read_all(f->w.io, path, &bytes, &err));
        assert_true(bytes.size == SIZE_BYTES || slice_is(buf_slice(&bytes), "mine"));
        buf_release(&bytes);
    }
}

static void without_space_the_log_does_without(void **state)
{
    struct fixture *f = *state;

    f->fault.free_bytes = SIZE_BYTES + INGEST_RESERVE_BYTES;
    ASSERT_OK(io_replace(f->w.io, TMP, SLICE("of a crash"), &err));
    ASSERT_OK(begin(f, false));
    assert_false(ahead_take(&f->ahead, 3));
    assert_false(io_exists(f->w.io, THIRD));
    assert_false(io_exists(f->w.io, TMP));
    f->fault.free_bytes = FAULT_FREE_BYTES;
    ahead_want(&f->ahead, 4);
    assert_true(ahead_take(&f->ahead, 4));
}

static void whatever_fails_the_log_does_without(void **state)
{
    struct fixture *f = *state;
    uint64_t call = 0;
    bool is_ready = false;

    while (!is_ready) {
        struct ahead *ahead = &f->ahead;
        f->fault.calls = 0;
        f->fault.fail_at = ++call;
        ASSERT_OK(begin(f, false));
        f->fault.fail_at = 0;
        is_ready = ahead_is_ready(ahead, 3);
        assert_int_equal(is_ready, f->fault.calls < call);
        assert_false(ahead_take(ahead, 4));
        assert_int_equal(is_ready, io_exists(f->w.io, THIRD));
        if (!is_ready)
            ahead_close(ahead);
    }
    assert_in_range(call, 8, 40);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_there_when_they_are_needed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_needed_is_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_made_by_one_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_space_the_log_does_without, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whatever_fails_the_log_does_without, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
