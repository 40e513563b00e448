/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[] = "/tmp/daybook-io-XXXXXX";
static struct io *io;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL || io_linux_new(root, &io, &err) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    io_free(io);
    return rmdir(root);
}

static void a_replaced_file_is_read_back(void **state)
{
    struct buf buf;

    (void)state;
    ASSERT_OK(io_make_dir(io, "d", &err));
    ASSERT_OK(io_make_dir(io, "d", &err)); /* is there already */
    ASSERT_OK(io_replace(io, "d/f", SLICE("first"), &err));
    ASSERT_OK(io_replace(io, "d/f", SLICE("2nd"), &err));
    buf_init(&buf, 100);
    ASSERT_OK(io_read_all(io, "d/f", &buf, &err));
    ASSERT_SLICE(buf_slice(&buf), "2nd");
    buf_release(&buf);
    buf_init(&buf, 2);
    ASSERT_STATUS(STATUS_LIMIT, io_read_all(io, "d/f", &buf, &err));
    buf_release(&buf);
    assert_false(io_exists(io, "d/f.tmp"));
    ASSERT_OK(io_unlink(io, "d/f", &err));
    ASSERT_STATUS(STATUS_NOT_FOUND, io_unlink(io, "d/f", &err));
}

static void files_are_written_and_read_at_offsets(void **state)
{
    struct io_file *file, *again;
    uint64_t size;
    char text[8];

    (void)state;
    ASSERT_OK(io_open(io, "x", IO_CREATE, &file, &err));
    ASSERT_STATUS(STATUS_IO, io_open(io, "x", IO_CREATE, &again, &err));
    ASSERT_OK(io_write_at(file, 3, "hello", 5, &err));
    ASSERT_OK(io_sync(file, &err));
    ASSERT_OK(io_size(file, &size, &err));
    assert_int_equal(size, 8);
    ASSERT_OK(io_read_at(file, 3, text, 5, &err));
    assert_memory_equal(text, "hello", 5);
    ASSERT_STATUS(STATUS_CORRUPT, io_read_at(file, 5, text, 5, &err));
    ASSERT_OK(io_truncate(file, 4, &err));
    io_close(file);
    ASSERT_OK(io_rename(io, "x", "y", &err));
    ASSERT_STATUS(STATUS_NOT_FOUND, io_open(io, "x", IO_READ, &file, &err));
    assert_true(io_exists(io, "y"));
    ASSERT_STATUS(STATUS_NOT_FOUND, io_open(io, "y/below", IO_READ, &file, &err));
    ASSERT_OK(io_unlink(io, "y", &err));
}

static void a_path_cannot_leave_the_root(void **state)
{
    struct io_file *file;

    (void)state;
    assert_int_not_equal(io_open(io, "../etc/passwd", IO_READ, &file, &err), STATUS_OK);
    assert_int_not_equal(io_open(io, "/etc/passwd", IO_READ, &file, &err), STATUS_OK);
    assert_int_not_equal(io_unlink(io, "../nothing/x", &err), STATUS_OK);
}

static enum status collect(void *context, const char *name, struct error *e)
{
    (void)e;
    buf_add_text(context, name);
    buf_add_byte(context, ' ');
    return STATUS_OK;
}

static void names_are_listed_in_order(void **state)
{
    struct buf names;
    uint64_t free_bytes;

    (void)state;
    ASSERT_OK(io_replace(io, "d/b", SLICE(""), &err));
    ASSERT_OK(io_replace(io, "d/a", SLICE(""), &err));
    buf_init(&names, 100);
    ASSERT_OK(io_list(io, "d", collect, &names, &err));
    ASSERT_SLICE(buf_slice(&names), "a b ");
    buf_release(&names);
    ASSERT_STATUS(STATUS_NOT_FOUND, io_list(io, "none", collect, &names, &err));
    ASSERT_OK(io_free_bytes(io, &free_bytes, &err));
    assert_true(free_bytes > 0);
    ASSERT_OK(io_sync_dir(io, "d", &err));
    ASSERT_OK(io_unlink(io, "d/a", &err));
    ASSERT_OK(io_unlink(io, "d/b", &err));
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/d", root);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_file_is_read_back),
        cmocka_unit_test(files_are_written_and_read_at_offsets),
        cmocka_unit_test(a_path_cannot_leave_the_root),
        cmocka_unit_test(names_are_listed_in_order),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
