/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor: starts keeper and server, and starts them again. */
#include "main/process.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/text.h"
#include "cli/cli.h"
#include "main/notify.h"
#include "main/proc_keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESTART_MS_MIN 100u
#define RESTART_MS_MAX 5000u
#define HEALTHY_US 30000000u /* a life this long resets the pause */

/* Signal handlers can reach nothing else. */
static volatile sig_atomic_t server_pid, stop_wanted;

static void forward(int number)
{
    if (number != SIGHUP) {
        stop_wanted = 1;
        notify_send("STOPPING=1");
    }
    if (server_pid > 0)
        (void)kill((pid_t)server_pid, number);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = forward};

    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

/* In a child: own signals again, and die with the supervisor. */
static void become_child(pid_t parent)
{
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CLI_FAILED);
}

struct children {
    pid_t keeper, server;
    int port_pipe;
};

/* Ends it and takes its state: no later wait meets it. */
static void end_child(pid_t pid)
{
    if (pid <= 0)
        return;
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* The keeper's end and the server's end of every channel. */
struct channels {
    int keeper[KEEPER_SOCKETS], server[KEEPER_SOCKETS];
};

static void close_all(const int fds[KEEPER_SOCKETS])
{
    for (int i = 0; i < KEEPER_SOCKETS; i++)
        (void)close(fds[i]);
}

static enum status make_channels(struct channels *ret, struct error *err)
{
    for (int i = 0; i < KEEPER_SOCKETS; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
            enum status status = ERROR_SET(err, STATUS_IO, "cannot make a socket pair");
            while (i-- > 0) {
                (void)close(ret->keeper[i]);
                (void)close(ret->server[i]);
            }
            return status;
        }
        ret->keeper[i] = pair[0];
        ret->server[i] = pair[1];
    }
    return STATUS_OK;
}

static enum status start_keeper(const struct data_dir *dir, const struct channels *channels,
                                pid_t *ret, struct error *err)
{
    char kek[DATA_PATH_BYTES];
    pid_t parent = getpid();
    int ready[2], landlock = 0;
    enum status status = data_dir_kek(dir, kek, err);

    if (status != STATUS_OK)
        return status;
    if (pipe(ready) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot make a pipe");
    *ret = fork();
    if (*ret == 0) {
        const struct keeper_options options = {dir->path, kek, KEEPER_SOCKETS};
        become_child(parent);
        close_all(channels->server);
        (void)close(ready[0]);
        _exit(keeper_run(&options, channels->keeper, ready[1]));
    }
    (void)close(ready[1]);
    if (*ret < 0) {
        (void)close(ready[0]);
        return ERROR_SET(err, STATUS_IO, "cannot start the keeper");
    }
    return keeper_wait(ready[0], &landlock, err);
}

static enum status start_server(const struct data_dir *dir, const struct config *config,
                                const struct channels *channels, struct children *ret,
                                struct error *err)
{
    struct server_process process = {.dir = dir, .config = config};
    pid_t parent = getpid();
    sigset_t signals, before; /* one that comes before the server waits for it stays pending */
    int ports[2];

    if (pipe(ports) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot make a pipe");
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    memcpy(process.keeper_sockets, channels->server, sizeof(process.keeper_sockets));
    process.port_pipe = ports[1];
    ret->server = fork();
    if (ret->server == 0) {
        become_child(parent);
        close_all(channels->keeper);
        (void)close(ports[0]);
        _exit(process_server(&process));
    }
    server_pid = ret->server > 0 ? ret->server : 0;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ports[1]);
    if (ret->server < 0) {
        (void)close(ports[0]);
        return ERROR_SET(err, STATUS_IO, "cannot start the server");
    }
    ret->port_pipe = ports[0];
    return STATUS_OK;
}

/* Both, or neither. */
static enum status start_children(const struct data_dir *dir, const struct config *config,
                                  struct children *ret, struct error *err)
{
    struct channels channels;
    enum status status = make_channels(&channels, err);

    if (status != STATUS_OK)
        return status;
    status = start_keeper(dir, &channels, &ret->keeper, err);
    if (status == STATUS_OK)
        status = start_server(dir, config, &channels, ret, err);
    close_all(channels.keeper);
    close_all(channels.server);
    if (status != STATUS_OK)
        end_child(ret->keeper);
    return status;
}

/* Reads the port the server got, so that a restart listens on the same one. */
static bool read_port(int fd, struct config *config)
{
    char text[16];
    ssize_t got;
    uint64_t port;

    do {
        got = read(fd, text, sizeof(text));
    } while (got < 0 && errno == EINTR);
    (void)close(fd);
    if (got <= 0 || !text_parse_u64(slice_from(text, (size_t)got), &port))
        return false;
    char *colon = strrchr(config->listen, ':');
    if (colon != NULL && strcmp(colon, ":0") == 0)
        (void)snprintf(colon, sizeof(config->listen) - (size_t)(colon - config->listen), ":%u",
                       (unsigned)port);
    return true;
}

/* Waits for the end of either; ends the other.  The server's exit code, or -1
 * if it was killed or the keeper went first. */
static int wait_children(const struct children *children)
{
    int code = -1, state = 0;
    pid_t pid, keeper = children->keeper;
    bool is_over;

    do { /* a keeper that ends well saw the server close its sockets: wait for that */
        pid = waitpid(-1, &state, 0);
        is_over = pid == keeper && WIFEXITED(state) && WEXITSTATUS(state) == 0;
        if (is_over)
            keeper = 0; /* its number may soon be another's */
    } while ((pid < 0 && errno == EINTR) || is_over);
    if (pid == children->server && WIFEXITED(state))
        code = WEXITSTATUS(state);
    else if (pid == children->server)
        log_line(LOG_LEVEL_ERROR, "the server was ended by signal %d", WTERMSIG(state));
    else
        log_line(LOG_LEVEL_ERROR, "the keeper ended");
    server_pid = 0;
    end_child(pid == children->server ? keeper : children->server);
    return code;
}

/* A life of both, to its end; as wait_children(). */
static int live(const struct children *children, struct config *config, bool *was_ready)
{
    if (stop_wanted)
        (void)kill(children->server, SIGTERM);
    bool ready = read_port(children->port_pipe, config);
    if (ready && !stop_wanted)
        notify_send("READY=1");
    *was_ready = *was_ready || ready;
    return wait_children(children);
}

int process_supervise(const struct data_dir *dir, struct config *config)
{
    unsigned pause_ms = RESTART_MS_MIN;
    bool was_ready = false;

    machine_allow_files(); /* of this process and its children */
    notify_open();
    catch_signals();
    for (;;) {
        struct children children = {0};
        struct error err;
        uint64_t started_us = clock_monotonic_us(clock_system());
        int code = -1;
        if (start_children(dir, config, &children, &err) == STATUS_OK)
            code = live(&children, config, &was_ready);
        else if (!was_ready)
            return cli_fail(&err);
        else /* what it lacks may be there in a moment: it worked before */
            log_failure("cannot start the server again", &err);
        if (stop_wanted && code >= 0)
            return code;
        if (stop_wanted || (!was_ready && code != -1))
            return code < 0 ? CLI_FAILED : code; /* it said why */
        if (clock_monotonic_us(clock_system()) - started_us > HEALTHY_US)
            pause_ms = RESTART_MS_MIN;
        log_line(LOG_LEVEL_WARNING, "starting again in %u ms", pause_ms);
        struct timespec wait = {pause_ms / 1000, (long)(pause_ms % 1000) * 1000000};
        (void)nanosleep(&wait, NULL);
        if (stop_wanted)
            return CLI_OK;
        pause_ms = pause_ms * 2 > RESTART_MS_MAX ? RESTART_MS_MAX : pause_ms * 2;
    }
}
