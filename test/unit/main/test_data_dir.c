/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have a data directory. */
#include "main/data_dir.h"

#include "tree.h"

#include "base/clock.h"

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
        cmocka_unit_test_setup_teardown(one_that_lacks_its_format_is_left_as_it_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_failed_init_leaves_no_path_of_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_file_has_a_path_of_full_length, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
