/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite over a disk whose n-th call fails: what was answered is there after the next
 * opening, what was refused is there whole or not at all, and after a failure that leaves
 * the disk unknown nothing is written any more. */
#include "control_plane.h"

#include "ingest/fault_io.h"
#include "meta/vfs_priv.h"

#include <errno.h>

#define STEPS 6u
#define BODY_BYTES 20000u /* several pages */
#define GONE_BYTES 300000u /* of what is removed: enough to be given back */

static struct error err;

enum outcome { REFUSED, ANSWERED };

struct life {
    struct fault_io faults;
    enum outcome outcomes[STEPS];
    uint32_t step_count; /* changes after the opening */
    uint32_t fatal_count;
    bool was_opened;
};

static void on_fatal(void *context, const struct error *e)
{
    assert_true(e->text[0] != '\0');
    ((struct life *)context)->fatal_count++;
}

static enum status change(struct meta *meta, uint32_t step)
{
    static char body[BODY_BYTES];
    char name[16];

    (void)snprintf(name, sizeof(name), "n%u", step);
    memset(body, 'a' + (int)step, sizeof(body));
    if (step % 3 == 2) {
        const struct meta_document document = {.name = slice_of(name),
                                               .body = slice_from(body, sizeof(body)),
                                               .items = 1};
        return meta_document_put(meta, &(struct guid){{1}}, META_WATCHLIST, &document, &err);
    }
    return set_setting(meta, slice_of(name), slice_from(body, 10 + step), &err);
}

static uint64_t database_bytes(struct control_plane *p)
{
    struct io_file *file = NULL;
    uint64_t size = 0;

    ASSERT_OK(io_open(p->io, "db", IO_READ, &file, &err));
    ASSERT_OK(io_size(file, &size, &err));
    io_close(file);
    return size;
}

static bool is_there(struct control_plane *p, uint32_t step)
{
    struct meta_document document;
    struct slice value;
    char name[16];

    (void)snprintf(name, sizeof(name), "n%u", step);
    if (step % 3 != 2) {
        ASSERT_OK(meta_setting_get(p->meta, slice_of(name), p->arena, &value, &err));
        assert_true(value.size == 0 || value.size == 10 + step);
        return value.size > 0;
    }
    enum status status = meta_document_get(p->meta, &(struct guid){{1}}, META_WATCHLIST,
                                           slice_of(name), p->arena, &document, &err);
    if (status == STATUS_NOT_FOUND)
        return false;
    ASSERT_OK(status);
    assert_int_equal(document.body.size, BODY_BYTES);
    assert_int_equal(document.body.data[BODY_BYTES - 1], 'a' + (int)step);
    return true;
}

static void live(struct life *life, struct control_plane *p)
{
    const struct meta_options options = {.io = &life->faults.io,
                                         .path = "db",
                                         .clock = &p->clock.clock,
                                         .fatal = on_fatal,
                                         .context = life};
    struct meta *meta = NULL;

    life->was_opened = meta_open(&options, &meta, &err) == STATUS_OK;
    for (uint32_t i = 0; i < life->step_count && life->was_opened; i++) {
        bool was_fatal = life->fatal_count > 0;
        enum status status = change(meta, i);
        /* fatal() ends the process before the answer */
        life->outcomes[i] = status == STATUS_OK && life->fatal_count == 0 ? ANSWERED : REFUSED;
        if (was_fatal)
            assert_int_not_equal(status, STATUS_OK); /* nothing is written any more */
        else if (status != STATUS_OK && status != STATUS_IO && status != STATUS_FULL)
            fail_msg("step %u: %s: %s", i, status_name(status), err.text);
    }
    meta_close(meta);
    assert_true(life->fatal_count <= 1);
}

/* What was refused may be there only if nobody knows (it was the last one, then). */
static void compare(struct life *life, struct control_plane *p)
{
    ASSERT_OK(control_plane_open(p, false, &err));
    assert_false(meta_is_restored(p->meta));
    for (uint32_t i = 0; i < STEPS; i++) {
        bool there = is_there(p, i);
        if (life->outcomes[i] == ANSWERED && !there)
            fail_msg("step %u was answered and is not there", i);
        if (life->outcomes[i] == REFUSED && there && life->fatal_count == 0)
            fail_msg("step %u was refused and is there", i);
    }
}

/* A sync fails or is left out: the order of the calls is what counts here. */
static enum status sync_quickly(struct io_file *base, struct error *e)
{
    struct fault_io *f = ((struct fault_file *)base)->io;

    return fault_hits(f) ? fault_error(f, e) : STATUS_OK;
}

static enum status sync_dir_quickly(struct io *io, const char *path, struct error *e)
{
    struct fault_io *f = (struct fault_io *)io;

    (void)path;
    return fault_hits(f) ? fault_error(f, e) : STATUS_OK;
}

/* A watchlist that is gone: its pages are most of the database. */
static void leave_room(struct control_plane *p)
{
    static char body[GONE_BYTES];
    const struct meta_document document = {
        .name = SLICE("gone"), .body = slice_from(body, sizeof(body)), .items = 1};
    const struct guid tenant = {{1}};

    memset(body, 'g', sizeof(body));
    ASSERT_OK(set_setting(p->meta, SLICE("kept"), SLICE("as it is"), &err));
    ASSERT_OK(meta_document_put(p->meta, &tenant, META_WATCHLIST, &document, &err));
    ASSERT_OK(meta_document_remove(p->meta, &tenant, META_WATCHLIST, SLICE("gone"), &err));
    assert_true(database_bytes(p) > GONE_BYTES);
}

/* A new database whose fail_at-th call fails; how many calls there were.  Without steps: one that
 * is made smaller when it is opened. */
static uint64_t run(struct control_plane *p, uint32_t step_count, uint64_t fail_at, bool sticky,
                    int os_errno)
{
    static const char *const names[] = {"db", "db.sum", "db.copy", "db-journal"};
    struct life life = {.step_count = step_count};
    struct io *real = p->io;
    struct slice kept;

    fault_io_init(&life.faults, real);
    struct io_ops ops = *life.faults.io.ops;
    ops.sync = sync_quickly;
    ops.sync_dir = sync_dir_quickly;
    life.faults.io.ops = &ops;
    p->io = &life.faults.io;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (io_exists(p->io, names[i]))
            ASSERT_OK(io_unlink(p->io, names[i], &err));
    }
    ASSERT_OK(control_plane_open(p, true, &err));
    if (step_count == 0)
        leave_room(p);
    meta_close(p->meta);
    life.faults.calls = 0;
    life.faults.os_errno = os_errno;
    life.faults.sticky = sticky;
    life.faults.fail_at = fail_at;
    live(&life, p);
    uint64_t calls = life.faults.calls;
    life.faults.fail_at = 0;
    compare(&life, p);
    if (step_count == 0) {
        ASSERT_OK(meta_setting_get(p->meta, SLICE("kept"), p->arena, &kept, &err));
        ASSERT_SLICE(kept, "as it is");
    }
    if (fail_at == 0 && step_count == 0)
        assert_true(database_bytes(p) < GONE_BYTES / 4);
    meta_close(p->meta);
    p->meta = NULL;
    p->io = real;
    arena_clear(p->arena);
    return calls;
}

static void every_call_fails_once_and_for_good(void **state)
{
    static const int reasons[] = {EIO, ENOSPC};
    struct control_plane *p = *state;

    meta_close(p->meta);
    uint64_t calls = run(p, STEPS, 0, false, EIO);
    assert_true(calls > 100);
    for (size_t r = 0; r < 2; r++) {
        for (uint64_t n = 1; n <= calls; n++) {
            (void)run(p, STEPS, n, false, reasons[r]);
            (void)run(p, STEPS, n, true, reasons[r]);
        }
    }
}

static void every_call_fails_while_room_is_given_back(void **state)
{
    struct control_plane *p = *state;

    meta_close(p->meta);
    uint64_t calls = run(p, 0, 0, false, EIO);
    assert_true(calls > 50);
    for (uint64_t n = 1; n <= calls; n++) {
        (void)run(p, 0, n, true, EIO); /* as a kill */
        (void)run(p, 0, n, false, ENOSPC);
    }
}

/* The unwritten end of a file is zeros, and what has no name is not opened. */
static void files_are_as_sqlite_wants_them(void **state)
{
    struct control_plane *p = *state;
    struct meta_vfs vfs;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB, there = 9;
    char bytes[8], room[64];
    sqlite3_int64 size = 0;

    ASSERT_OK(meta_vfs_open(&vfs, p->io, &err));
    sqlite3_file *file = calloc(1, (size_t)vfs.base.szOsFile);
    assert_non_null(file);
    assert_int_equal(vfs.base.xOpen(&vfs.base, NULL, file, flags, NULL), SQLITE_CANTOPEN);
    assert_int_equal(vfs.base.xOpen(&vfs.base, "x", file, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_CANTOPEN);
    assert_int_equal(vfs.base.xAccess(&vfs.base, "x", SQLITE_ACCESS_EXISTS, &there), SQLITE_OK);
    assert_int_equal(there, 0);
    assert_int_equal(vfs.base.xOpen(&vfs.base, "x", file, flags, NULL), SQLITE_OK);
    assert_int_equal(vfs.base.xAccess(&vfs.base, "x", SQLITE_ACCESS_EXISTS, &there), SQLITE_OK);
    assert_int_equal(there, 0); /* an empty one is none */
    assert_int_equal(file->pMethods->xWrite(file, "abcde", 5, 0), SQLITE_OK);
    memset(bytes, 7, sizeof(bytes));
    assert_int_equal(file->pMethods->xRead(file, bytes, 8, 0), SQLITE_IOERR_SHORT_READ);
    assert_memory_equal(bytes, "abcde\0\0\0", 8);
    assert_int_equal(file->pMethods->xRead(file, bytes, 4, 1), SQLITE_OK);
    assert_memory_equal(bytes, "bcde", 4);
    assert_int_equal(file->pMethods->xRead(file, bytes, 8, 90), SQLITE_IOERR_SHORT_READ);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(file->pMethods->xTruncate(file, 2), SQLITE_OK);
    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    assert_int_equal(size, 2);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
    assert_int_equal(file->pMethods->xClose(file), SQLITE_OK);
    assert_int_equal(vfs.base.xFullPathname(&vfs.base, "a/b", sizeof(room), room), SQLITE_OK);
    assert_string_equal(room, "a/b");
    assert_int_equal(vfs.base.xFullPathname(&vfs.base, "a/b", 3, room), SQLITE_CANTOPEN);
    assert_int_equal(vfs.base.xDelete(&vfs.base, "x", 1), SQLITE_OK);
    assert_int_equal(vfs.base.xDelete(&vfs.base, "x", 1), SQLITE_IOERR_DELETE_NOENT);
    free(file);
    meta_vfs_close(&vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(files_are_as_sqlite_wants_them),
        META_TEST(every_call_fails_once_and_for_good),
        META_TEST(every_call_fails_while_room_is_given_back),
    };

    return RUN_TESTS(tests);
}
