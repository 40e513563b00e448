/* SPDX-License-Identifier: Apache-2.0 */
/* What the server may touch is tried in a child, because powers are dropped for
 * good; the child ends with the line of its first wrong answer. */
#include "main/powers.h"

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define WANT(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(__LINE__ % 200 + 1);                                                             \
    } while (0)

static struct place place;

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static int setup(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}

static bool opens(const char *name, int flags)
{
    char path[256];

    (void)snprintf(path, sizeof(path), name[0] == '/' ? "%s%s" : "%s/%s",
                   name[0] == '/' ? "" : place.root, name);
    int fd = open(path, flags, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static void in_child(void (*body)(struct data_dir *dir, struct config *config))
{
    struct data_dir dir;
    struct config config;
    struct error err;
    int state = 0;

    if (!has_landlock())
        skip();
    assert_int_equal(data_dir_open(place.root, &dir, &err), STATUS_OK);
    config_init(&config, &dir);
    pid_t pid = fork();
    if (pid == 0) {
        body(&dir, &config);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &state, 0), pid);
    assert_true(WIFEXITED(state));
    assert_int_equal(WEXITSTATUS(state), 0);
    data_dir_close(&dir);
}

static void keys_are_out_of_reach_body(struct data_dir *dir, struct config *config)
{
    struct error err;

    WANT(opens("keys/kek", O_RDONLY) && opens("keys/keyring", O_RDONLY));
    WANT(powers_drop(dir, config, &err) == STATUS_OK);
    WANT(!opens("keys/kek", O_RDONLY) && errno == EACCES);
    WANT(!opens("keys/keyring", O_RDONLY) && !opens("keys/keyring", O_RDWR));
    WANT(!opens("keys/new", O_WRONLY | O_CREAT));
    WANT(!opens("FORMAT", O_RDWR) && !opens("new", O_WRONLY | O_CREAT));
    WANT(!opens("tls/key.pem", O_WRONLY) && !opens("tls/new", O_WRONLY | O_CREAT));
    WANT(!opens("/etc/passwd", O_RDONLY) && !opens("/proc/self/environ", O_RDONLY));
}

static void keys_are_out_of_reach(void **state)
{
    (void)state;
    in_child(keys_are_out_of_reach_body);
}

static void a_key_does_not_move_into_reach_body(struct data_dir *dir, struct config *config)
{
    char from[DATA_PATH_BYTES], to[DATA_PATH_BYTES];
    struct error err;

    WANT(powers_drop(dir, config, &err) == STATUS_OK);
    data_dir_path(dir, "keys/kek", from);
    data_dir_path(dir, "seg/kek", to);
    WANT(rename(from, to) != 0);
    WANT(link(from, to) != 0);
    WANT(symlink(from, to) != 0 || !opens("seg/kek", O_RDONLY));
    (void)unlink(to);
}

static void a_key_does_not_move_into_reach(void **state)
{
    (void)state;
    in_child(a_key_does_not_move_into_reach_body);
}

static void the_own_directories_are_writable_body(struct data_dir *dir, struct config *config)
{
    char path[256];
    struct error err;

    WANT(powers_drop(dir, config, &err) == STATUS_OK);
    for (size_t i = 0; data_dir_served[i] != NULL; i++) {
        (void)snprintf(path, sizeof(path), "%s/probe", data_dir_served[i]);
        WANT(opens(path, O_RDWR | O_CREAT));
    }
    WANT(opens("tls/cert.pem", O_RDONLY) && opens("tls/key.pem", O_RDONLY));
    WANT(opens(".", O_RDONLY | O_DIRECTORY));
}

static void the_own_directories_are_writable(void **state)
{
    (void)state;
    in_child(the_own_directories_are_writable_body);
}

static void a_key_beside_the_certificate_is_refused_body(struct data_dir *dir,
                                                         struct config *config)
{
    struct error err;

    data_dir_path(dir, "keys/cert.pem", config->certificate);
    WANT(powers_drop(dir, config, &err) == STATUS_DENIED);
    WANT(strstr(err.text, "key-encryption key") != NULL);
}

static void a_key_beside_the_certificate_is_refused(void **state)
{
    (void)state;
    in_child(a_key_beside_the_certificate_is_refused_body);
}

static void a_certificate_may_be_a_link_body(struct data_dir *dir, struct config *config)
{
    struct error err;

    data_dir_path(dir, "live/1.pem", config->certificate);
    data_dir_path(dir, "live/1.pem", config->key);
    WANT(powers_drop(dir, config, &err) == STATUS_OK);
    WANT(opens("live/1.pem", O_RDONLY));
    WANT(opens("live/2.pem", O_RDONLY)); /* a renewed one */
}

static void a_certificate_may_be_a_link(void **state)
{
    char path[128], to[64];

    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place.root, i == 0 ? "live" : "archive");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (int i = 1; i <= 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/archive/%d.pem", place.root, i);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        (void)fclose(file);
        (void)snprintf(path, sizeof(path), "%s/live/%d.pem", place.root, i);
        (void)snprintf(to, sizeof(to), "../archive/%d.pem", i);
        assert_int_equal(symlink(to, path), 0);
    }
    in_child(a_certificate_may_be_a_link_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_out_of_reach),
        cmocka_unit_test(a_key_does_not_move_into_reach),
        cmocka_unit_test(the_own_directories_are_writable),
        cmocka_unit_test(a_key_beside_the_certificate_is_refused),
        cmocka_unit_test(a_certificate_may_be_a_link),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
