/* SPDX-License-Identifier: Apache-2.0 */
#include "share/damaged.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const FILES[] = {"seg/catalog",         "seg/catalog.damaged",
                                    "ingest/1.run.damaged", "ingest/state.damaged",
                                    "keys/keyring.damaged", "wal/1.wal.aside",
                                    "t/1-batch.0.aside",    "keys/keyring.copy.damaged"};
static const char *const DIRECTORIES[] = {"seg", "ingest", "keys", "wal", "t"};

static void what_was_set_aside_is_named(void **state)
{
    char root[] = "/tmp/daybook-damaged-XXXXXX";
    struct io *io = NULL;
    struct error err;
    struct buf names;

    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(io_linux_new(root, &io, &err), STATUS_OK);
    buf_init(&names, MIB);
    assert_int_equal(damaged_files(io, &names), 0);
    assert_int_equal(names.size, 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(io_make_dir(io, DIRECTORIES[i], &err), STATUS_OK);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(io_replace(io, FILES[i], SLICE("x"), &err), STATUS_OK);
    assert_int_equal(damaged_files(io, &names), 7);
    assert_true(slice_is(buf_slice(&names), "seg/catalog.damaged, ingest/1.run.damaged, "
                                            "ingest/state.damaged, wal/1.wal.aside, "
                                            "t/1-batch.0.aside, keys/keyring.damaged, "
                                            "keys/keyring.copy.damaged"));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(io_unlink(io, FILES[i], &err), STATUS_OK);
    for (size_t i = 0; i < 5; i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "%s/%s", root, DIRECTORIES[i]);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(root), 0);
    buf_release(&names);
    io_free(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_aside_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
