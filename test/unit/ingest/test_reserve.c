/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/reserve_priv.h"

#include "base/limits.h"
#include "ingest/fault_io.h"
#include "ingest/world.h"

#define SIZE_BYTES (600 * KIB)

static struct error err;

static uint64_t size_of(struct io *io, const char *path)
{
    struct io_file *file = NULL;
    uint64_t size = 0;

    ASSERT_OK(io_open(io, path, IO_READ, &file, &err));
    ASSERT_OK(io_size(file, &size, &err));
    io_close(file);
    return size;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    world_new(w);
    ASSERT_OK(io_make_dir(w->io, "wal", &err));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    free(*state);
    return 0;
}

static void it_is_made_given_up_and_made_again(void **state)
{
    struct world *w = *state;
    struct reserve reserve;

    ASSERT_OK(reserve_open(&reserve, w->io, SIZE_BYTES, &err));
    assert_int_equal(size_of(w->io, RESERVE_PATH), SIZE_BYTES);
    assert_true(reserve_is_whole(&reserve));
    assert_true(reserve_release(&reserve, 100000));
    assert_true(size_of(w->io, RESERVE_PATH) <= SIZE_BYTES - 100000);
    assert_true(size_of(w->io, RESERVE_PATH) >= SIZE_BYTES - 140000);
    ASSERT_OK(reserve_open(&reserve, w->io, SIZE_BYTES, &err)); /* a restart */
    assert_int_equal(size_of(w->io, RESERVE_PATH), reserve.left_bytes);
    assert_true(reserve_release(&reserve, SIZE_BYTES));
    assert_int_equal(size_of(w->io, RESERVE_PATH), 0);
    assert_false(reserve_release(&reserve, 1));
    reserve_renew(&reserve);
    assert_int_equal(size_of(w->io, RESERVE_PATH), SIZE_BYTES);
    assert_true(reserve_is_whole(&reserve));
}

static void none_is_kept_without_a_size(void **state)
{
    struct world *w = *state;
    struct reserve reserve;

    ASSERT_OK(reserve_open(&reserve, w->io, 0, &err));
    assert_false(io_exists(w->io, RESERVE_PATH));
    assert_false(reserve_release(&reserve, 1));
    reserve_renew(&reserve);
    assert_false(io_exists(w->io, RESERVE_PATH));
}

/* No space is no failure, and nothing is left of the try. */
static void a_full_disk_has_none(void **state)
{
    struct world *w = *state;
    struct reserve reserve;
    struct fault_io fault;

    for (uint64_t n = 1; n < 6; n++) {
        fault_io_init(&fault, w->io);
        fault.fail_at = n;
        fault.os_errno = ENOSPC;
        enum status status = reserve_open(&reserve, &fault.io, SIZE_BYTES, &err);
        fault.fail_at = 0;
        if (status == STATUS_OK && reserve.left_bytes == 0) {
            assert_false(io_exists(w->io, RESERVE_PATH));
            assert_false(io_exists(w->io, RESERVE_PATH ".tmp"));
        }
        if (io_exists(w->io, RESERVE_PATH))
            ASSERT_OK(io_unlink(w->io, RESERVE_PATH, &err));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_made_given_up_and_made_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(none_is_kept_without_a_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_has_none, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
