/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule is tried in a child process, because a sandbox is for good.  The
 * child ends with _exit() and the number of its first wrong answer. */
#include "base/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct places {
    char root[48], writable[64], readable[64], other[64];
};

static void make_file(const char *directory, const char *name, char ret[128])
{
    (void)snprintf(ret, 128, "%s/%s", directory, name);
    int fd = open(ret, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
    struct places *places = calloc(1, sizeof(*places));
    char path[128];

    assert_non_null(places);
    (void)snprintf(places->root, sizeof(places->root), "/tmp/daybook-sandbox-XXXXXX");
    assert_non_null(mkdtemp(places->root));
    (void)snprintf(places->writable, sizeof(places->writable), "%s/w", places->root);
    (void)snprintf(places->readable, sizeof(places->readable), "%s/r", places->root);
    (void)snprintf(places->other, sizeof(places->other), "%s/o", places->root);
    assert_int_equal(mkdir(places->writable, 0700), 0);
    assert_int_equal(mkdir(places->readable, 0700), 0);
    assert_int_equal(mkdir(places->other, 0700), 0);
    make_file(places->writable, "file", path);
    make_file(places->readable, "file", path);
    make_file(places->other, "file", path);
    *state = places;
    return 0;
}

static int teardown(void **state)
{
    struct places *places = *state;
    const char *const names[] = {places->writable, places->readable, places->other};
    char path[128];

    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/file", names[i]);
        (void)unlink(path);
        (void)snprintf(path, sizeof(path), "%s/new", names[i]);
        (void)unlink(path);
        (void)rmdir(names[i]);
    }
    (void)rmdir(places->root);
    free(places);
    return 0;
}

static void *thread_body(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

static bool refused(long result)
{
    return result < 0 && (errno == EPERM || errno == EACCES);
}

/* Ends the child when an answer is wrong; n counts the answers. */
#define WANT(n, e)                                                                                 \
    do {                                                                                           \
        (n)++;                                                                                     \
        if (!(e))                                                                                  \
            _exit(n);                                                                              \
    } while (0)

static void common_refusals(int *n)
{
    WANT(*n, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 || refused(-1));
    WANT(*n, refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
    char *arguments[] = {NULL};
    WANT(*n, refused(execve("/bin/true", arguments, arguments)));
    WANT(*n, refused(syscall(SYS_execveat, -1, "/bin/true", arguments, arguments, 0)));
    WANT(*n, refused(mount("none", "/mnt", "tmpfs", 0, NULL)));
    WANT(*n, refused(umount2("/proc", 0)));
    WANT(*n, refused(syscall(SYS_bpf, 0, NULL, 0)));
    WANT(*n, refused(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)));
    WANT(*n, refused(syscall(SYS_keyctl, 0, -3, 0)));
    WANT(*n, refused(syscall(SYS_userfaultfd, 0)));
    WANT(*n, refused(syscall(SYS_kexec_load, 0, 0, NULL, 0)));
    WANT(*n, refused(syscall(SYS_init_module, NULL, 0, "")));
    WANT(*n, refused(syscall(SYS_unshare, 0x10000000)));
    WANT(*n, refused(syscall(SYS_setns, 0, 0)));
    WANT(*n, refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)));
    WANT(*n, refused(syscall(SYS_io_uring_setup, 1, NULL)));
    WANT(*n, refused(syscall(SYS_chroot, "/")));
    WANT(*n, refused(syscall(SYS_setuid, 0)));
}

static void keeper_body(const struct places *places)
{
    const struct sandbox_rules rules = {.profile = SANDBOX_PROFILE_KEEPER};
    struct sandbox_level level;
    struct error err;
    char path[128];
    int n = 0, pair[2], seen = 0;
    pthread_t thread;

    (void)snprintf(path, sizeof(path), "%s/file", places->writable);
    int fd = open(path, O_RDWR);
    WANT(n, fd >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    WANT(n, sandbox_enter(&rules, &level, &err) == STATUS_OK && level.seccomp);
    /* What it must do still works. */
    WANT(n, pwrite(fd, "yz", 2, 0) == 2 && fdatasync(fd) == 0);
    WANT(n, send(pair[0], "a", 1, MSG_NOSIGNAL) == 1 && recv(pair[1], path, 1, 0) == 1);
    WANT(n, pthread_create(&thread, NULL, thread_body, &seen) == 0);
    WANT(n, pthread_join(thread, NULL) == 0 && seen == 1);
    /* Everything else does not. */
    common_refusals(&n);
    (void)snprintf(path, sizeof(path), "%s/file", places->writable);
    WANT(n, refused(open(path, O_RDONLY)));
    WANT(n, refused(open(path, O_RDWR)));
    WANT(n, refused(open("/etc/passwd", O_RDONLY)));
    WANT(n, refused(unlink(path)));
    WANT(n, refused(socket(AF_INET, SOCK_STREAM, 0)));
    WANT(n, refused(socket(AF_UNIX, SOCK_STREAM, 0)));
    WANT(n, refused(connect(pair[0], NULL, 0)));
    WANT(n, refused(fork()));
    WANT(n, refused(kill(getppid(), 0)));
    WANT(n, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                MAP_FAILED);
    _exit(0);
}

static void server_body(const struct places *places)
{
    const char *const writable[] = {places->writable, NULL};
    char file[128], made[128];
    (void)snprintf(file, sizeof(file), "%s/file", places->readable);
    const char *const readable[] = {file, NULL}; /* a file, not its directory */
    const struct sandbox_rules rules = {SANDBOX_PROFILE_SERVER, writable, readable, NULL};
    struct sandbox_level level;
    struct error err;
    int n = 0, seen = 0;
    pthread_t thread;

    WANT(n, sandbox_enter(&rules, &level, &err) == STATUS_OK && level.seccomp);
    WANT(n, pthread_create(&thread, NULL, thread_body, &seen) == 0);
    WANT(n, pthread_join(thread, NULL) == 0 && seen == 1);
    WANT(n, socket(AF_INET, SOCK_STREAM, 0) >= 0);
    common_refusals(&n);
    if (level.landlock_version == 0)
        _exit(0);
    WANT(n, open(file, O_RDONLY) >= 0);
    WANT(n, refused(open(file, O_RDWR)));
    (void)snprintf(made, sizeof(made), "%s/new", places->readable);
    WANT(n, refused(open(made, O_RDWR | O_CREAT, 0600)));
    (void)snprintf(made, sizeof(made), "%s/new", places->writable);
    int fd = open(made, O_RDWR | O_CREAT, 0600);
    WANT(n, fd >= 0 && ftruncate(fd, 10) == 0 && unlink(made) == 0);
    (void)snprintf(made, sizeof(made), "%s/file", places->other);
    WANT(n, refused(open(made, O_RDONLY)));
    WANT(n, refused(unlink(made)));
    WANT(n, refused(truncate(made, 0)) || level.landlock_version < 3);
    (void)snprintf(file, sizeof(file), "%s/new", places->writable);
    WANT(n, rename(made, file) != 0); /* EXDEV by Landlock's rules */
    WANT(n, refused(open("/etc/passwd", O_RDONLY)));
    WANT(n, refused(kill(getppid(), 0)) || level.landlock_version < 6);
    _exit(0);
}

static int run(const struct places *places, void (*body)(const struct places *places))
{
    int state = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        body(places);
    assert_int_equal(waitpid(pid, &state, 0), pid);
    assert_true(WIFEXITED(state));
    return WEXITSTATUS(state);
}

static void the_keeper_can_only_serve_what_is_open(void **state)
{
    assert_int_equal(run(*state, keeper_body), 0);
}

static void the_server_keeps_to_its_paths_and_starts_nothing(void **state)
{
    assert_int_equal(run(*state, server_body), 0);
}

static void hidden_body(const struct places *places)
{
    struct rlimit limit = {1, 1};
    struct error err;
    int n = 0, code = 0;

    (void)places;
    WANT(n, sandbox_hide_memory(&err) == STATUS_OK);
    WANT(n, sandbox_hide_memory(&err) == STATUS_OK);
    pid_t pid = fork(); /* and so are those that it starts */
    WANT(n, pid >= 0);
    WANT(n, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    WANT(n, getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
    if (pid > 0)
        WANT(n, waitpid(pid, &code, 0) == pid && code == 0);
    _exit(0);
}

static void hidden_memory_is_not_dumped(void **state)
{
    assert_int_equal(run(*state, hidden_body), 0);
}

static void missing_body(const struct places *places)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/missing", places->root);
    const char *const writable[] = {path, NULL};
    const struct sandbox_rules rules = {SANDBOX_PROFILE_SERVER, writable, NULL, NULL};
    struct sandbox_level level;
    struct error err;

    enum status status = sandbox_enter(&rules, &level, &err);
    _exit(status == STATUS_IO || (status == STATUS_OK && level.landlock_version == 0) ? 0 : 1);
}

static void a_missing_path_is_an_error(void **state)
{
    assert_int_equal(run(*state, missing_body), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_keeper_can_only_serve_what_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(the_server_keeps_to_its_paths_and_starts_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hidden_memory_is_not_dumped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_path_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
