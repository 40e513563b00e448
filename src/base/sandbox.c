/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c - see sandbox.h.  Landlock has no wrapper in the C library; its
 * numbers are part of the kernel's stable interface and newer than the headers
 * of some systems, so they stand here. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Landlock ---- */

#define LANDLOCK_VERSION_QUERY 1u
#define LANDLOCK_RULE_PATH 1

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_FIRST_VERSION ((UINT64_C(1) << 13) - 1) /* version 1 knows bits 0 to 12 */
#define FS_REFER (UINT64_C(1) << 13)               /* 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)            /* 3 */
#define FS_IOCTL_DEVICE (UINT64_C(1) << 15)        /* 5 */
#define SCOPE_SIGNALS_AND_SOCKETS UINT64_C(3)      /* 6 */

#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEVICE)
#define FS_READING (FS_READ_FILE | FS_READ_DIR)

struct landlock_ruleset {
    uint64_t handled_fs;
    uint64_t handled_net; /* 4 */
    uint64_t scoped;      /* 6 */
};

struct landlock_path {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

static uint64_t known_access(int version)
{
    uint64_t access = FS_FIRST_VERSION;

    if (version >= 2)
        access |= FS_REFER;
    if (version >= 3)
        access |= FS_TRUNCATE;
    if (version >= 5)
        access |= FS_IOCTL_DEVICE;
    return access;
}

static enum status allow_path(int ruleset_fd, const char *path, uint64_t access,
                              struct error *err)
{
    struct landlock_path rule = {.allowed = access};
    enum status status = STATUS_OK;
    struct stat st;

    rule.fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.fd < 0)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s' for the sandbox", path);
    if (fstat(rule.fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed &= FS_OF_FILES;
    if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH, &rule, 0) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot allow '%s' in the sandbox", path);
    (void)close(rule.fd);
    return status;
}

static enum status allow_paths(int ruleset_fd, const char *const *paths, uint64_t access,
                               struct error *err)
{
    for (; paths != NULL && *paths != NULL; paths++) {
        enum status status = allow_path(ruleset_fd, *paths, access, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status limit_files(const struct sandbox_rules *rules, int *ret_version,
                               struct error *err)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_QUERY);
    enum status status = STATUS_OK;

    *ret_version = 0;
    if (version <= 0)
        return STATUS_OK; /* not built in or not switched on */
    uint64_t known = known_access((int)version);
    struct landlock_ruleset ruleset = {.handled_fs = known};
    size_t size = sizeof(ruleset.handled_fs);
    if (version >= 6) {
        ruleset.scoped = SCOPE_SIGNALS_AND_SOCKETS;
        size = sizeof(ruleset);
    }
    int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    if (fd < 0)
        return ERROR_SET(err, STATUS_IO, "cannot make the file rules of the sandbox");
    status = allow_paths(fd, rules->writable_paths, known & ~FS_EXECUTE, err);
    if (status == STATUS_OK)
        status = allow_paths(fd, rules->readable_paths, FS_READING, err);
    if (status == STATUS_OK)
        status = allow_paths(fd, rules->listed_paths, FS_READ_DIR, err);
    if (status == STATUS_OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot put the file rules of the sandbox in force");
    if (status == STATUS_OK)
        *ret_version = (int)version;
    (void)close(fd);
    return status;
}

/* ---- seccomp ---- */

/* What the keeper does after its start: serve open sockets, append to an open
 * file, use memory and threads, stop. */
static const int keeper_calls[] = {
    SCMP_SYS(read),           SCMP_SYS(write),           SCMP_SYS(readv),
    SCMP_SYS(writev),         SCMP_SYS(pread64),         SCMP_SYS(pwrite64),
    SCMP_SYS(recvfrom),       SCMP_SYS(sendto),          SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),        SCMP_SYS(shutdown),        SCMP_SYS(close),
    SCMP_SYS(fdatasync),      SCMP_SYS(fsync),           SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),     SCMP_SYS(lseek),           SCMP_SYS(poll),
    SCMP_SYS(ppoll),          SCMP_SYS(futex),           SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(madvise),         SCMP_SYS(mlock),
    SCMP_SYS(munlock),        SCMP_SYS(brk),             SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),  SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),   SCMP_SYS(getpid),          SCMP_SYS(gettid),
    SCMP_SYS(tgkill),         SCMP_SYS(rt_sigaction),    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),   SCMP_SYS(sigaltstack),     SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),    SCMP_SYS(sched_getaffinity), SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),           SCMP_SYS(exit),            SCMP_SYS(exit_group),
};

/* What no part of the server ever needs. */
static const int server_refused[] = {
    SCMP_SYS(execve),          SCMP_SYS(execveat),         SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
    SCMP_SYS(kcmp),            SCMP_SYS(pidfd_getfd),      SCMP_SYS(mount),
    SCMP_SYS(umount2),         SCMP_SYS(pivot_root),       SCMP_SYS(chroot),
    SCMP_SYS(move_mount),      SCMP_SYS(open_tree),        SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),        SCMP_SYS(fsmount),          SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),   SCMP_SYS(unshare),          SCMP_SYS(setns),
    SCMP_SYS(bpf),             SCMP_SYS(perf_event_open),  SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),  SCMP_SYS(io_uring_enter),   SCMP_SYS(io_uring_register),
    SCMP_SYS(keyctl),          SCMP_SYS(add_key),          SCMP_SYS(request_key),
    SCMP_SYS(kexec_load),      SCMP_SYS(kexec_file_load),  SCMP_SYS(init_module),
    SCMP_SYS(finit_module),    SCMP_SYS(delete_module),    SCMP_SYS(reboot),
    SCMP_SYS(swapon),          SCMP_SYS(swapoff),          SCMP_SYS(acct),
    SCMP_SYS(quotactl),        SCMP_SYS(quotactl_fd),      SCMP_SYS(iopl),
    SCMP_SYS(ioperm),          SCMP_SYS(open_by_handle_at), SCMP_SYS(mknod),
    SCMP_SYS(mknodat),         SCMP_SYS(personality),      SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),   SCMP_SYS(clock_adjtime),    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),     SCMP_SYS(setdomainname),    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),         SCMP_SYS(setuid),           SCMP_SYS(setgid),
    SCMP_SYS(setreuid),        SCMP_SYS(setregid),         SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),       SCMP_SYS(setgroups),        SCMP_SYS(capset),
};

static int add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int failed = seccomp_rule_add(filter, action, calls[i], 0);
        if (failed != 0)
            return failed;
    }
    return 0;
}

static int add_keeper_rules(scmp_filter_ctx filter)
{
    int failed = add_calls(filter, SCMP_ACT_ALLOW, keeper_calls, COUNT(keeper_calls));

    /* Threads, but no processes.  The arguments of clone3 are out of reach of a
     * filter; without it the C library uses clone. */
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    /* Memory, but no code. */
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return failed;
}

static enum status limit_calls(enum sandbox_profile profile, struct error *err)
{
    uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
    bool keeper = profile == SANDBOX_PROFILE_KEEPER;
    scmp_filter_ctx filter = seccomp_init(keeper ? refuse : SCMP_ACT_ALLOW);

    if (filter == NULL)
        return ERROR_MEMORY(err);
    int failed = keeper ? add_keeper_rules(filter)
                        : add_calls(filter, refuse, server_refused, COUNT(server_refused));
    if (failed == 0)
        failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (failed == 0)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed == 0)
        return STATUS_OK;
    errno = -failed;
    return ERROR_SET(err, STATUS_IO, "cannot limit the system calls of the sandbox");
}

enum status sandbox_hide_memory(struct error *err)
{
    struct rlimit none = {0, 0};

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot give up core dumps");
    return STATUS_OK;
}

enum status sandbox_enter(const struct sandbox_rules *rules, struct sandbox_level *ret,
                          struct error *err)
{
    *ret = (struct sandbox_level){0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot give up privileges");
    enum status status = sandbox_hide_memory(err);
    if (status == STATUS_OK)
        status = limit_files(rules, &ret->landlock_version, err);
    if (status == STATUS_OK)
        status = limit_calls(rules->profile, err);
    ret->seccomp = status == STATUS_OK;
    return status;
}
