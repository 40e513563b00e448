/* SPDX-License-Identifier: Apache-2.0 */
/* proc_keeper.c - see proc_keeper.h. */
#include "main/proc_keeper.h"

#include "base/check.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/priority.h"
#include "base/sandbox.h"
#include "crypt/aead.h"
#include "crypt/keyring_local.h"
#include "crypt/keyring_remote.h"
#include "crypt/keyring_serve.h"
#include "crypt/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_STATUS_FAILED 4 /* "server or store" of the command line's contract */

struct report {
    enum status status;
    int os_errno;
    int landlock_version;
    char text[ERROR_TEXT_BYTES];
};

struct channel {
    struct keyring *keyring;
    int socket;
    pthread_t thread;
};

/* ---- in the keeper ---- */

static void *serve(void *arg)
{
    struct channel *channel = arg;
    struct error err;

    /* A channel that misbehaves is closed; the others go on. */
    (void)!keyring_serve(channel->keyring, channel->socket, &err);
    (void)close(channel->socket);
    return NULL;
}

/* The library reads its configuration at its first use, which must be before
 * the sandbox closes. */
static enum status warm_up(struct error *err)
{
    uint8_t seed[SIGN_SEED_BYTES] = {0}, signature[SIGNATURE_BYTES];
    uint8_t sealed[AEAD_OVERHEAD_BYTES];
    struct key key = {{0}};
    struct signer *signer = signer_new(seed, err);
    enum status status = signer == NULL ? err->status
                                        : signer_sign(signer, SLICE("warm"), signature, err);

    signer_free(signer);
    return status != STATUS_OK ? status
                               : aead_seal_to(&key, SLICE(""), SLICE(""), sealed, err);
}

static enum status prepare(const struct keeper_options *options, struct io **ret_io,
                           struct keyring **ret, int *ret_landlock, struct error *err)
{
    const struct sandbox_rules rules = {.profile = SANDBOX_PROFILE_KEEPER}; /* no path at all */
    struct sandbox_level level = {0};

    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN); /* somebody may send it to all that are called daybook */
    (void)signal(SIGPIPE, SIG_IGN);
    enum status status = io_linux_new(options->data_dir, ret_io, err);
    if (status == STATUS_OK)
        status = keyring_local_open(*ret_io, options->kek_path, ret, err);
    if (status == STATUS_OK)
        status = warm_up(err);
    if (status == STATUS_OK)
        status = sandbox_enter(&rules, &level, err);
    *ret_landlock = level.landlock_version;
    return status;
}

static void send_report(int ready_fd, enum status status, const struct error *err,
                        int landlock_version)
{
    struct report report = {.status = status, .landlock_version = landlock_version};

    if (status != STATUS_OK) {
        report.os_errno = err->os_errno;
        (void)snprintf(report.text, sizeof(report.text), "%s", err->text);
    }
    /* If nobody listens, the sockets will say so as well. */
    (void)!write(ready_fd, &report, sizeof(report));
    (void)close(ready_fd);
}

static bool serve_all(struct keyring *keyring, const int *sockets, uint32_t count)
{
    struct channel channels[KEEPER_CHANNELS_MAX];
    uint32_t started = 0;

    for (; started < count; started++) {
        channels[started] = (struct channel){.keyring = keyring, .socket = sockets[started]};
        if (pthread_create(&channels[started].thread, NULL, serve, &channels[started]) != 0)
            break;
    }
    for (uint32_t i = started; i < count; i++)
        (void)close(sockets[i]);
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(channels[i].thread, NULL);
    return started == count;
}

int keeper_run(const struct keeper_options *options, const int *sockets, int ready_fd)
{
    struct io *io = NULL;
    struct keyring *keyring = NULL;
    int landlock_version = 0;
    struct error err;

    CHECK(options->channel_count >= 1 && options->channel_count <= KEEPER_CHANNELS_MAX);
    priority_prompt();
    enum status status = prepare(options, &io, &keyring, &landlock_version, &err);
    send_report(ready_fd, status, &err, landlock_version);
    bool served = status == STATUS_OK && serve_all(keyring, sockets, options->channel_count);
    keyring_free(keyring);
    io_free(io);
    return served ? EXIT_SUCCESS : EXIT_STATUS_FAILED;
}

/* ---- in its parent ---- */

enum status keeper_wait(int ready_fd, int *ret_landlock, struct error *err)
{
    struct report report;
    ssize_t size = -1;

    do
        size = read(ready_fd, &report, sizeof(report));
    while (size < 0 && errno == EINTR);
    (void)close(ready_fd);
    if (size != (ssize_t)sizeof(report) || (unsigned)report.status >= STATUS_COUNT_)
        return ERROR_SET(err, STATUS_IO, "the keeper of the keys died at its start");
    *ret_landlock = report.landlock_version;
    if (report.status == STATUS_OK)
        return STATUS_OK;
    report.text[sizeof(report.text) - 1] = '\0';
    errno = report.os_errno;
    return ERROR_SET(err, report.status, "keeper: %s", report.text);
}

static int compare_fds(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return x < y ? -1 : x > y;
}

/* Closes every descriptor from 3 on that is not in keep[] (sorted here). */
static void close_others(int *keep, size_t count)
{
    int from = STDERR_FILENO + 1;

    qsort(keep, count, sizeof(*keep), compare_fds);
    for (size_t i = 0; i < count; i++) {
        if (keep[i] > from)
            (void)close_range((unsigned)from, (unsigned)keep[i] - 1, 0);
        from = keep[i] + 1;
    }
    (void)close_range((unsigned)from, ~0u, 0);
}

_Noreturn static void child(const struct keeper_options *options, const int *sockets,
                            int ready_fd)
{
    int keep[KEEPER_CHANNELS_MAX + 1];

    memcpy(keep, sockets, options->channel_count * sizeof(*sockets));
    keep[options->channel_count] = ready_fd;
    close_others(keep, options->channel_count + 1);
    _exit(keeper_run(options, sockets, ready_fd));
}

struct ends {
    int server[KEEPER_CHANNELS_MAX], keeper[KEEPER_CHANNELS_MAX];
    int ready[2];
    uint32_t count; /* socket pairs that are open */
};

static enum status open_ends(struct ends *ends, uint32_t count, struct error *err)
{
    for (; ends->count < count; ends->count++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
            return ERROR_SET(err, STATUS_IO, "cannot make sockets for the keeper of the keys");
        ends->server[ends->count] = pair[0];
        ends->keeper[ends->count] = pair[1];
    }
    if (pipe2(ends->ready, O_CLOEXEC) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot make a pipe for the keeper of the keys");
    return STATUS_OK;
}

enum status keeper_start(const struct keeper_options *options, struct keyring **ret,
                         pid_t *ret_pid, struct error *err)
{
    struct ends ends = {.ready = {-1, -1}};
    bool server_ends = true;
    int landlock_version = 0;
    pid_t pid = -1;
    enum status status = open_ends(&ends, options->channel_count, err);

    if (status != STATUS_OK)
        goto out;
    pid = fork();
    if (pid < 0) {
        status = ERROR_SET(err, STATUS_IO, "cannot start the keeper of the keys");
        goto out;
    }
    if (pid == 0)
        child(options, ends.keeper, ends.ready[1]);
    (void)close(ends.ready[1]); /* so that its death shows as the end of the pipe */
    status = keeper_wait(ends.ready[0], &landlock_version, err);
    ends.ready[0] = ends.ready[1] = -1;
    if (status != STATUS_OK)
        goto out;
    server_ends = false; /* taken, also on failure */
    status = keyring_remote_new(ends.server, ends.count, KEEPER_TIMEOUT_MS, ret, err);
    if (status == STATUS_OK)
        *ret_pid = pid;
out:
    for (uint32_t i = 0; i < ends.count; i++) {
        (void)close(ends.keeper[i]);
        if (server_ends)
            (void)close(ends.server[i]);
    }
    for (int i = 0; i < 2; i++)
        if (ends.ready[i] >= 0)
            (void)close(ends.ready[i]);
    if (status != STATUS_OK && pid > 0)
        (void)waitpid(pid, NULL, 0); /* without clients it ends */
    return status;
}
