/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/io.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

static void a_file_is_replaced_piece_by_piece(void **state)
{
    struct io_replacing replacing;
    struct buf buf;

    (void)state;
    ASSERT_OK(io_make_dir(io, "d", &err));
    for (int is_whole = 1; is_whole >= 0; is_whole--) { /* half a file changes nothing */
        ASSERT_OK(io_replace_begin(io, "d/p", &replacing, &err));
        ASSERT_OK(io_replace_add(&replacing, SLICE("one "), &err));
        ASSERT_OK(io_replace_add(&replacing, SLICE(""), &err));
        ASSERT_OK(io_replace_add(&replacing, is_whole ? SLICE("two") : SLICE("three"), &err));
        ASSERT_OK(io_replace_end(&replacing, is_whole, &err));
        buf_init(&buf, 100);
        ASSERT_OK(io_read_all(io, "d/p", &buf, &err));
        ASSERT_SLICE(buf_slice(&buf), "one two");
        buf_release(&buf);
    }
    ASSERT_STATUS(STATUS_NOT_FOUND, io_replace_begin(io, "none/p", &replacing, &err));
    ASSERT_OK(io_replace_end(&replacing, false, &err));
    ASSERT_STATUS(STATUS_NOT_FOUND, io_unlink(io, "d/p.tmp", &err)); /* it would take space */
    ASSERT_OK(io_unlink(io, "d/p", &err));
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

/* It can be asked for any end, also a lower one than before, and changes no byte. */
static void pacing_changes_nothing_in_a_file(void **state)
{
    struct io_file *file = NULL;
    char piece[4096], back[4096];
    uint64_t end = 0;

    (void)state;
    ASSERT_OK(io_open(io, "long", IO_WRITE, &file, &err));
    for (int round = 0; round < 2; round++) {
        for (end = 0; end < 900 * 1024; end += sizeof(piece)) {
            memset(piece, (int)(end / sizeof(piece)) + round, sizeof(piece));
            ASSERT_OK(io_write_at(file, end, piece, sizeof(piece), &err));
            ASSERT_OK(io_pace(file, end + sizeof(piece), &err));
        }
    }
    for (uint64_t at = 0; at < end; at += sizeof(back)) {
        ASSERT_OK(io_read_at(file, at, back, sizeof(back), &err));
        assert_int_equal((unsigned char)back[17], (at / sizeof(back) + 1) & 255);
    }
    io_close(file);
    ASSERT_OK(io_unlink(io, "long", &err));
}

static void zeros_are_written_in_pieces(void **state)
{
    static char back[600 * 1024 + 3];
    struct io_file *file;

    (void)state;
    ASSERT_OK(io_open(io, "zeros", IO_CREATE, &file, &err));
    memset(back, 'x', sizeof(back));
    ASSERT_OK(io_write_at(file, 0, back, sizeof(back), &err));
    ASSERT_OK(io_write_zeros(file, 1, sizeof(back) - 1, &err));
    ASSERT_OK(io_read_at(file, 0, back, sizeof(back), &err));
    assert_int_equal(back[0], 'x');
    assert_int_equal(back[sizeof(back) - 1], 'x');
    for (size_t i = 1; i < sizeof(back) - 1; i++)
        assert_int_equal(back[i], 0);
    ASSERT_OK(io_write_zeros(file, 7, 7, &err));
    io_close(file);
    ASSERT_OK(io_unlink(io, "zeros", &err));
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
    assert_int_equal(io_sync_dir(io, "none", &err), STATUS_IO);
    assert_int_equal(io_make_dir(io, "none/x", &err), STATUS_IO);
    ASSERT_OK(io_unlink(io, "d/a", &err));
    ASSERT_OK(io_unlink(io, "d/b", &err));
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/d", root);
    assert_int_equal(rmdir(path), 0);
}

static atomic_bool is_done;

static void *rename_on(void *arg)
{
    char from[64], to[64];

    (void)snprintf(from, sizeof(from), "%s/from", root);
    (void)snprintf(to, sizeof(to), "%s/to", root);
    while (!atomic_load(&is_done)) {
        if (rename(from, to) == 0)
            (void)rename(to, from);
    }
    return arg;
}

/* Time zones are such links, and something is renamed somewhere at all times. */
static void a_link_upwards_opens_while_others_rename(void **state)
{
    struct io_file *file;
    pthread_t thread;
    char path[64];

    (void)state;
    ASSERT_OK(io_make_dir(io, "d", &err));
    ASSERT_OK(io_replace(io, "d/target", SLICE("x"), &err));
    ASSERT_OK(io_replace(io, "from", SLICE(""), &err));
    (void)snprintf(path, sizeof(path), "%s/d/link", root);
    assert_int_equal(symlink("../d/../d/../d/../d/../d/target", path), 0);
    assert_int_equal(pthread_create(&thread, NULL, rename_on, NULL), 0);
    enum status status = STATUS_OK;
    for (int i = 0; i < 200000 && status == STATUS_OK; i++) {
        status = io_open(io, "d/link", IO_READ, &file, &err);
        if (status == STATUS_OK)
            io_close(file);
    }
    atomic_store(&is_done, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    if (status != STATUS_OK)
        fail_msg("%s", err.text);
    ASSERT_OK(io_unlink(io, "d/link", &err));
    ASSERT_OK(io_unlink(io, "d/target", &err));
    if (io_unlink(io, "from", &err) == STATUS_NOT_FOUND)
        ASSERT_OK(io_unlink(io, "to", &err));
    (void)snprintf(path, sizeof(path), "%s/d", root);
    assert_int_equal(rmdir(path), 0);
}

/* From here on no sync of this process succeeds, for want of space. */
static bool make_syncs_fail(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = filter != NULL &&
              seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSPC), SCMP_SYS(fsync), 0) == 0 &&
              seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSPC), SCMP_SYS(fdatasync), 0) == 0 &&
              seccomp_load(filter) == 0;

    if (filter != NULL)
        seccomp_release(filter);
    return ok;
}

/* Which of the calls ended otherwise, or 0. */
static int try_syncs(void)
{
    struct io_file *file = NULL;

    if (io_open(io, "file", IO_WRITE, &file, &err) != STATUS_OK || !make_syncs_fail())
        return 1;
    int failed = io_sync(file, &err) != STATUS_IO               ? 2
                 : io_sync_dir(io, "", &err) != STATUS_IO       ? 3
                 : io_make_dir(io, "folder", &err) != STATUS_IO ? 4
                                                                : 0;
    io_close(file);
    return failed;
}

/* STATUS_FULL would say that nothing happened and a later try may do. */
static void a_failed_sync_is_never_a_lack_of_space(void **state)
{
    char path[64];
    int ended = 0;

    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(try_syncs());
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 0);
    ASSERT_OK(io_unlink(io, "file", &err));
    (void)snprintf(path, sizeof(path), "%s/folder", root);
    assert_int_equal(rmdir(path), 0);
}

/* In place of the library's: they move a few bytes at most, are interrupted, or find no space, as
 * on a network's disk or one that is nearly full. */
static struct {
    size_t bytes_max; /* of a call; 0: the library's */
    int left;         /* calls until no space is left; below 0: there is always some */
    bool interrupts;  /* each second call is interrupted before it did anything */
    int calls;
} meagre = {.left = -1};

ssize_t meagre_call(size_t *size) /* not static: headers have pread64() as inline */
{
    if (meagre.bytes_max == 0)
        return 0;
    errno = meagre.left == 0 ? ENOSPC : EINTR;
    if (meagre.left == 0 || (meagre.interrupts && ++meagre.calls % 2 != 0))
        return -1;
    meagre.left -= meagre.left > 0;
    *size = *size > meagre.bytes_max ? meagre.bytes_max : *size;
    return 0;
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    ssize_t (*real)(int, void *, size_t, off64_t) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "pread64");
    return meagre_call(&size) < 0 ? -1 : real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    return meagre_call(&size) < 0 ? -1 : real(fd, data, size, offset);
}

static void what_moves_in_part_is_moved_whole(void **state)
{
    char text[1000], back[sizeof(text)];
    struct io_file *file = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7 % 251);
    ASSERT_OK(io_open(io, "parts", IO_CREATE, &file, &err));
    for (int interrupts = 0; interrupts < 2; interrupts++) {
        meagre.bytes_max = 7;
        meagre.interrupts = interrupts != 0;
        memset(back, 0, sizeof(back));
        enum status written = io_write_at(file, 3, text, sizeof(text), &err);
        meagre.bytes_max = 0;
        ASSERT_OK(written);
        ASSERT_OK(io_read_at(file, 3, back, sizeof(back), &err));
        assert_memory_equal(back, text, sizeof(text));
        memset(back, 0, sizeof(back));
        meagre.bytes_max = 7;
        enum status read = io_read_at(file, 3, back, sizeof(back), &err);
        enum status beyond = io_read_at(file, 4, back, sizeof(back), &err);
        meagre.bytes_max = 0;
        ASSERT_OK(read);
        assert_int_equal(beyond, STATUS_CORRUPT); /* the file has one byte less */
        assert_memory_equal(back, text + 1, sizeof(text) - 1);
        ASSERT_OK(io_truncate(file, 0, &err));
    }
    meagre.interrupts = false;
    io_close(file);
    ASSERT_OK(io_unlink(io, "parts", &err));
}

/* The first call writes what there is room for, the next one says that there is none. */
static void a_disk_that_fills_up_in_a_write_is_full(void **state)
{
    struct io_file *file = NULL;
    uint64_t size = 0;

    (void)state;
    ASSERT_OK(io_open(io, "filling", IO_CREATE, &file, &err));
    meagre.bytes_max = 4;
    meagre.left = 2;
    enum status status = io_write_at(file, 0, "twelve bytes", 12, &err);
    meagre.bytes_max = 0;
    meagre.left = -1;
    assert_int_equal(status, STATUS_FULL);
    assert_int_equal(err.os_errno, ENOSPC);
    ASSERT_OK(io_size(file, &size, &err));
    assert_int_equal(size, 8);
    io_close(file);
    ASSERT_OK(io_unlink(io, "filling", &err));
}

/* The same of the kernel: a file may get no longer than this, and the rest is refused. */
static void a_write_across_the_longest_file_is_cut_and_told(void **state)
{
    struct rlimit limit, small;
    struct io_file *file = NULL;
    uint64_t size = 0;

    (void)state;
    ASSERT_OK(io_open(io, "longest", IO_CREATE, &file, &err));
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){5, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status status = io_write_at(file, 0, "twelve bytes", 12, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, STATUS_IO);
    assert_int_equal(err.os_errno, EFBIG);
    ASSERT_OK(io_size(file, &size, &err));
    assert_int_equal(size, 5);
    io_close(file);
    ASSERT_OK(io_unlink(io, "longest", &err));
}

/* In place of the library's: one that fails at the n-th entry, as on a disk that cannot be read. */
static int entries_left = -1; /* below 0: it does not fail */

struct dirent *readdir(DIR *dir)
{
    struct dirent *(*real)(DIR *) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, sizeof(off_t) == sizeof(long) ? "readdir" : "readdir64");
    if (entries_left == 0) {
        errno = EIO;
        return NULL;
    }
    entries_left -= entries_left > 0;
    return real(dir);
}

static enum status count_name(void *context, const char *name, struct error *ignored)
{
    (void)name;
    (void)ignored;
    ++*(int *)context;
    return STATUS_OK;
}

/* Else a directory that cannot be read is an empty one, and what is in it is overwritten. */
static void a_list_that_breaks_off_is_no_list(void **state)
{
    int count = 0;

    (void)state;
    ASSERT_OK(io_replace(io, "one", SLICE(""), &err));
    ASSERT_OK(io_replace(io, "two", SLICE(""), &err));
    for (int entries = 0; entries <= 4; entries++) { /* with . and .. */
        errno = 0;
        entries_left = entries;
        enum status status = io_list(io, "", count_name, &count, &err);
        entries_left = -1;
        assert_int_equal(status, STATUS_IO);
        assert_int_equal(err.os_errno, EIO);
        assert_int_equal(count, 0);
    }
    errno = EIO; /* of a call before */
    ASSERT_OK(io_list(io, "", count_name, &count, &err));
    assert_int_equal(count, 2);
    ASSERT_OK(io_unlink(io, "one", &err));
    ASSERT_OK(io_unlink(io, "two", &err));
}

static enum status ignore_name(void *context, const char *name, struct error *ignored)
{
    (void)context;
    (void)name;
    (void)ignored;
    return STATUS_OK;
}

/* Nothing happened, so nothing is unknown: whoever asked may ask again. */
static void without_a_descriptor_it_is_to_be_tried_again(void **state)
{
    struct rlimit limit, none;
    struct io_file *file;
    enum status found[7];

    (void)state;
    ASSERT_OK(io_replace(io, "there", SLICE(""), &err));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    found[0] = io_open(io, "there", IO_READ, &file, &err);
    found[1] = io_open(io, "new", IO_WRITE, &file, &err);
    found[2] = io_sync_dir(io, "", &err);
    found[3] = io_make_dir(io, "folder", &err);
    found[4] = io_rename(io, "there", "else", &err);
    found[5] = io_unlink(io, "there", &err);
    found[6] = io_list(io, "", ignore_name, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
        assert_int_equal(found[i], STATUS_BUSY);
    assert_int_equal(err.os_errno, EMFILE);
    ASSERT_OK(io_unlink(io, "there", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_file_is_read_back),
        cmocka_unit_test(a_file_is_replaced_piece_by_piece),
        cmocka_unit_test(files_are_written_and_read_at_offsets),
        cmocka_unit_test(pacing_changes_nothing_in_a_file),
        cmocka_unit_test(zeros_are_written_in_pieces),
        cmocka_unit_test(a_path_cannot_leave_the_root),
        cmocka_unit_test(names_are_listed_in_order),
        cmocka_unit_test(a_link_upwards_opens_while_others_rename),
        cmocka_unit_test(what_moves_in_part_is_moved_whole),
        cmocka_unit_test(a_disk_that_fills_up_in_a_write_is_full),
        cmocka_unit_test(a_write_across_the_longest_file_is_cut_and_told),
        cmocka_unit_test(a_list_that_breaks_off_is_no_list),
        cmocka_unit_test(without_a_descriptor_it_is_to_be_tried_again),
        cmocka_unit_test(a_failed_sync_is_never_a_lack_of_space),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
