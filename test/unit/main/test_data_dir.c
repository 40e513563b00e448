/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have a data directory. */
#include "main/data_dir.h"

#include "tree.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "crypt/keyring_local.h"
#include "meta/meta.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char root[64], format[80];
};

/* In place of the library's: the calls that change the disk, of which one fails, or all from one
 * on.  Nothing is synced for real, as there are thousands of them. */
static struct {
    long at; /* 0: none fails */
    long calls;
    bool is_for_good;
    int code;
} strike;

static bool strikes(void)
{
    strike.calls++;
    if (strike.at == 0 || (strike.is_for_good ? strike.calls < strike.at
                                              : strike.calls != strike.at))
        return false;
    errno = strike.code;
    return true;
}

int fsync(int fd)
{
    (void)fd;
    return strikes() ? -1 : 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return strikes() ? -1 : 0;
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "write");
    return strikes() ? -1 : real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    return strikes() ? -1 : real(fd, data, size, offset);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    int (*real)(int, const char *, int, const char *) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "renameat");
    return strikes() ? -1 : real(from_fd, from, to_fd, to);
}

int mkdir(const char *path, mode_t mode)
{
    int (*real)(const char *, mode_t) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "mkdir");
    return strikes() ? -1 : real(path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    int (*real)(int, const char *, mode_t) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "mkdirat");
    return strikes() ? -1 : real(fd, path, mode);
}

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    (void)snprintf(place->root, sizeof(place->root), "/tmp/daybook-lock-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    (void)snprintf(place->format, sizeof(place->format), "%s/FORMAT", place->root);
    FILE *file = fopen(place->format, "we");
    assert_non_null(file);
    (void)fputs("daybook 1\n", file);
    assert_int_equal(fclose(file), 0);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    (void)tree_remove(place->root);
    free(place);
    return 0;
}

static void a_living_holder_is_named_at_once(void **state)
{
    struct place *place = *state;
    struct data_dir first, second;
    struct error err;
    char pid[32];
    uint64_t begin_us = clock_monotonic_us(clock_system());

    assert_int_equal(data_dir_open(place->root, &first, &err), STATUS_OK);
    assert_int_equal(data_dir_open(place->root, &second, &err), STATUS_BUSY);
    (void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    assert_true(clock_monotonic_us(clock_system()) - begin_us < 1000000);
    data_dir_close(&first);
    assert_int_equal(data_dir_open(place->root, &second, &err), STATUS_OK);
    data_dir_close(&second);
}

/* The holder is killed; its child has the lock for a moment longer. */
static void what_a_killed_holder_left_is_waited_for(void **state)
{
    struct place *place = *state;
    struct data_dir dir;
    struct error err;
    int told[2], end = 0;
    pid_t left = 0;

    assert_int_equal(pipe(told), 0);
    pid_t holder = fork();
    if (holder == 0) {
        if (data_dir_open(place->root, &dir, &err) != STATUS_OK)
            _exit(1);
        left = fork();
        if (left == 0) {
            (void)usleep(300000);
            _exit(0);
        }
        (void)!write(told[1], &left, sizeof(left));
        (void)pause();
    }
    assert_int_equal(read(told[0], &left, sizeof(left)), sizeof(left));
    assert_int_equal(kill(holder, SIGKILL), 0);
    assert_int_equal(waitpid(holder, &end, 0), holder);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_OK);
    data_dir_close(&dir);
    (void)close(told[0]);
    (void)close(told[1]);
}

/* An error that says to make one would be followed. */
static void one_that_may_not_be_read_is_not_called_missing(void **state)
{
    struct place *place = *state;
    struct data_dir dir;
    struct error err;

    assert_int_equal(unlink(place->format), 0);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "daybook init"));
    assert_int_equal(symlink("FORMAT", place->format), 0); /* root may read all but this */
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_IO);
    assert_null(strstr(err.text, "daybook init"));
}

/* Told from damage, as it would send somebody for a program that there is not. */
static void a_newer_format_is_told_from_damage(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"daybook 2\n", "use a newer one"}, {"daybook 12\n", "use a newer one"},
        {"daybnok 1\n", "is damaged"},      {"daybook 1", "is damaged"},
        {"daybook q\n", "is damaged"},      {"daybook 1\v", "is damaged"},
        {"daybook \n", "is damaged"},       {"\n", "is damaged"},
        {"", "is damaged"},                 {"daybook 1\nmore", "is damaged"},
    };
    struct place *place = *state;
    struct data_dir dir;
    struct error err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FILE *file = fopen(place->format, "w");
        assert_non_null(file);
        assert_true(fputs(cases[i].text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_CORRUPT);
        assert_non_null(strstr(err.text, cases[i].says));
    }
    assert_int_equal(unlink(place->format), 0);
    assert_int_equal(mkdir(place->format, 0700), 0); /* the disk gives an error for bytes */
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_IO);
    assert_int_equal(rmdir(place->format), 0);
}

static void in_root(const struct place *place, const char *name, char ret[128])
{
    (void)snprintf(ret, 128, "%s/%s", place->root, name);
}

/* Its user could not open what root makes there. */
static void root_stays_out_of_a_directory_of_others(void **state)
{
    struct place *place = *state;
    struct data_dir dir;
    struct error err;

    if (geteuid() != 0 || chown(place->format, 12345, 12345) != 0) /* or has no other id */
        skip();
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_DENIED);
    assert_non_null(strstr(err.text, "say: setpriv --reuid=12345 --regid=12345 --clear-groups "));
    assert_non_null(strstr(err.text, ": chown -R 0:0 DIR"));
    assert_int_equal(chown(place->format, 1, 1), 0);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_DENIED);
    const struct passwd *owner = getpwuid(1);
    assert_non_null(strstr(err.text, owner == NULL ? "#1" : owner->pw_name));
    assert_int_equal(unlink(place->format), 0);
    assert_int_equal(rmdir(place->root), 0);       /* nothing else was left there */
    assert_int_equal(mkdir(place->root, 0700), 0); /* for who removes it */
}

/* That user may want root to make, change or give away a file elsewhere, or to wait for ever. */
static void root_falls_into_no_trap_of_others(void **state)
{
    struct place *place = *state;
    struct data_dir dir;
    struct error err;
    struct stat st;
    char lock[128], user[128], victim[128];

    in_root(place, "LOCK", lock);
    in_root(place, "LOCK.user", user);
    in_root(place, "victim", victim);
    if (geteuid() != 0 || chown(place->format, 1, 1) != 0)
        skip();
    assert_int_equal(symlink("victim", lock), 0);
    assert_int_equal(symlink("victim", user), 0);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_DENIED);
    assert_int_equal(access(victim, F_OK), -1);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(mkfifo(lock, 0600), 0);
    (void)unlink(user);
    assert_int_equal(mkfifo(user, 0600), 0);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_DENIED);
    assert_int_equal(unlink(lock), 0);
    (void)unlink(user);
    FILE *file = fopen(victim, "we");
    assert_non_null(file);
    (void)fputs("secret", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(link(victim, lock), 0);
    file = fopen(user, "we"); /* as if it had been made there just now */
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chown(user, 1, 1), 0);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_DENIED);
    assert_int_equal(stat(victim, &st), 0);
    assert_int_equal(st.st_uid, 0);
    assert_int_equal(st.st_size, 6);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(chown(place->format, 0, 0), 0);
    assert_int_equal(symlink("victim", lock), 0);
    assert_int_equal(data_dir_open(place->root, &dir, &err), STATUS_IO);
    assert_int_equal(stat(victim, &st), 0);
    assert_int_equal(st.st_size, 6);
}

static void who_works_there_is_told_to_root_first(void **state)
{
    struct place *place = *state;
    struct data_dir first, second;
    struct error err;

    if (geteuid() != 0 || chown(place->format, 1, 1) != 0)
        skip(); /* a_living_holder_is_named_at_once has the rest */
    assert_int_equal(chown(place->format, 0, 0), 0);
    assert_int_equal(data_dir_open(place->root, &first, &err), STATUS_OK);
    assert_int_equal(chown(place->format, 1, 1), 0);
    assert_int_equal(data_dir_open(place->root, &second, &err), STATUS_BUSY);
    data_dir_close(&first);
}

static void a_new_one_has_all_directories(void **state)
{
    struct place *place = *state;
    char data[80], path[DATA_PATH_BYTES];
    struct data_init init = {.host = "a.example"};
    struct data_dir dir = {.lock_fd = -1};
    struct error err;

    (void)snprintf(data, sizeof(data), "%s/data//", place->root);
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_OK);
    (void)snprintf(dir.path, sizeof(dir.path), "%s", data);
    for (size_t i = 0; data_dir_served[i] != NULL; i++) {
        data_dir_path(&dir, data_dir_served[i], path);
        assert_int_equal(access(path, R_OK | W_OK | X_OK), 0);
    }
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_CONFLICT);
}

/* As by an init that was not given as the server's user. */
static void one_that_root_made_for_another_is_known(void **state)
{
    struct place *place = *state;
    uid_t user = 0;
    gid_t group = 0;

    if (geteuid() != 0 || chown(place->root, 1, 2) != 0)
        skip();
    assert_true(data_dir_is_of_another(place->root, &user, &group));
    assert_int_equal(user, 1);
    assert_int_equal(group, 2);
    assert_int_equal(chown(place->format, 1, 2), 0);
    assert_false(data_dir_is_of_another(place->root, &user, &group));
}

static void one_that_lacks_its_format_is_left_as_it_is(void **state)
{
    struct place *place = *state;
    char data[80], path[DATA_PATH_BYTES];
    struct data_init init = {.host = "a.example"};
    struct data_dir dir = {.lock_fd = -1};
    struct stat before, after;
    struct error err;

    (void)snprintf(data, sizeof(data), "%s/data", place->root);
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_OK);
    (void)snprintf(dir.path, sizeof(dir.path), "%s", data);
    data_dir_path(&dir, "FORMAT", path);
    assert_int_equal(unlink(path), 0);
    data_dir_path(&dir, "tls/cert.pem", path);
    assert_int_equal(stat(path, &before), 0);
    init.kek_path = "/elsewhere/kek";
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "put that back"));
    assert_non_null(strstr(err.text, "remove all that is in it")); /* all that its user can */
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* not replaced */
    data_dir_path(&dir, "keys/kek.path", path);
    assert_int_equal(access(path, F_OK), -1);
}

/* A later one without --kek has its key inside, as it says. */
static void a_failed_init_leaves_no_path_of_a_key(void **state)
{
    struct place *place = *state;
    char data[80], path[DATA_PATH_BYTES];
    struct data_init init = {.host = "a.example", .kek_path = "/nowhere/at/all/kek"};
    struct data_dir dir = {.lock_fd = -1};
    struct error err;

    (void)snprintf(data, sizeof(data), "%s/data", place->root);
    assert_int_not_equal(data_dir_init(data, &init, &err), STATUS_OK);
    init.kek_path = NULL;
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_OK);
    (void)snprintf(dir.path, sizeof(dir.path), "%s", data);
    data_dir_path(&dir, "keys/kek", path);
    assert_int_equal(access(path, R_OK), 0);
}

static void a_key_file_has_a_path_of_full_length(void **state)
{
    struct place *place = *state;
    char data[80], kek[DATA_PATH_BYTES];
    struct data_init init = {.host = "a.example", .kek_path = kek};
    struct error err;

    (void)snprintf(data, sizeof(data), "%s/data", place->root);
    memset(kek, 'k', sizeof(kek) - 1);
    kek[sizeof(kek) - 1] = '\0';
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "too long"));
    (void)snprintf(kek, sizeof(kek), "%s/kek", place->root);
    assert_int_equal(data_dir_init(data, &init, &err), STATUS_OK); /* a second attempt */
    assert_int_equal(access(kek, R_OK), 0);
}

/* All that a server starts with is there, and the token is good, if there is one. */
static void assert_complete(const char *data, const char *token)
{
    struct meta_options options = {.path = "control/db", .clock = clock_system()};
    struct arena *arena = arena_new(MIB);
    struct keyring *keyring = NULL;
    struct meta_token found;
    struct meta *meta = NULL;
    struct io *io = NULL;
    struct data_dir dir;
    char kek[DATA_PATH_BYTES];
    struct error err;

    assert_non_null(arena);
    assert_int_equal(data_dir_open(data, &dir, &err), STATUS_OK);
    assert_int_equal(data_dir_kek(&dir, kek, &err), STATUS_OK);
    assert_int_equal(io_linux_new(data, &io, &err), STATUS_OK);
    assert_int_equal(keyring_local_open(io, kek, &keyring, &err), STATUS_OK);
    options.io = io;
    assert_int_equal(meta_open(&options, &meta, &err), STATUS_OK);
    if (token != NULL)
        assert_int_equal(meta_token_check(meta, slice_of(token), &found, arena, &err), STATUS_OK);
    assert_true(io_exists(io, "tls/cert.pem") && io_exists(io, "tls/key.pem"));
    meta_close(meta);
    keyring_free(keyring);
    io_free(io);
    data_dir_close(&dir);
    arena_free(arena);
}

/* What is left of an init that failed: another one completes it, or says what to do. */
static void try_again(const char *data, const char *kek)
{
    struct data_init init = {.host = "a.example", .kek_path = kek};
    struct data_dir dir = {.lock_fd = -1};
    struct error err;
    enum status opened = data_dir_open(data, &dir, &err);

    data_dir_close(&dir);
    enum status status = data_dir_init(data, &init, &err);
    if (status == STATUS_OK) {
        assert_int_equal(opened, STATUS_NOT_FOUND);
        assert_complete(data, init.admin_token);
        return;
    }
    assert_int_equal(status, STATUS_CONFLICT);
    if (opened == STATUS_OK) { /* only the sync of its last name failed */
        assert_non_null(strstr(err.text, "is a data directory already"));
        assert_complete(data, NULL);
        return;
    }
    assert_int_equal(opened, STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "remove all that is in it"));
}

/* With no call failing in the end; how many failed in vain. */
static uint32_t init_with_each_call_failing(struct place *place, const char *kek)
{
    char data[80];
    uint32_t failures = 0;
    struct error err;
    bool struck = true;

    (void)snprintf(data, sizeof(data), "%s/data", place->root);
    for (strike.at = 1; struck; strike.at++) {
        struct data_init init = {.host = "a.example", .kek_path = kek};
        const long at = strike.at;
        strike.calls = 0;
        enum status status = data_dir_init(data, &init, &err);
        struck = strike.calls >= at;
        strike.at = 0;
        failures += status != STATUS_OK;
        if (status == STATUS_OK)
            assert_complete(data, init.admin_token);
        else
            try_again(data, kek);
        (void)tree_remove(data);
        if (kek != NULL)
            (void)unlink(kek);
        strike.at = at;
    }
    strike.at = 0;
    return failures;
}

static void an_init_that_failed_anywhere_is_completed_or_refused(void **state)
{
    struct place *place = *state;
    char kek[80];

    (void)snprintf(kek, sizeof(kek), "%s/kek", place->root);
    strike.code = EIO;
    assert_true(init_with_each_call_failing(place, NULL) > 60);
    strike.code = ENOSPC;
    strike.is_for_good = true; /* a full disk, and one that is made read-only */
    assert_true(init_with_each_call_failing(place, kek) > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_living_holder_is_named_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_killed_holder_left_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_may_not_be_read_is_not_called_missing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(root_stays_out_of_a_directory_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(root_falls_into_no_trap_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(who_works_there_is_told_to_root_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_one_has_all_directories, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_root_made_for_another_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_format_is_told_from_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_lacks_its_format_is_left_as_it_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_failed_init_leaves_no_path_of_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_file_has_a_path_of_full_length, setup, teardown),
        cmocka_unit_test_setup_teardown(an_init_that_failed_anywhere_is_completed_or_refused, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
