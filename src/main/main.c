/* SPDX-License-Identifier: Apache-2.0 */
/* Starts what the command line asks for. */
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "crypt/keyring_local.h"
#include "main/compose.h"
#include "main/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_bool interrupted;

static void on_interrupt(int number)
{
    (void)number;
    if (atomic_exchange(&interrupted, true))
        _exit(CLI_FAILED); /* the second time means it */
}

/* ---- commands on a data directory ---- */

struct local {
    struct data_dir dir;
    struct io *io;
    struct keyring *keyring;
    struct daybook *daybook;
};

static void free_local(struct local *local, bool flush)
{
    if (local == NULL)
        return;
    daybook_close(local->daybook, flush);
    keyring_free(local->keyring);
    io_free(local->io);
    data_dir_close(&local->dir);
    free(local);
}

static enum status open_local(const char *data_dir, struct cli_local *ret, struct error *err)
{
    struct local *local = calloc(1, sizeof(*local));
    char kek[DATA_PATH_BYTES];

    if (local == NULL)
        return ERROR_MEMORY(err);
    local->dir.lock_fd = -1;
    machine_allow_files();
    log_set_level(LOG_LEVEL_WARNING);
    enum status status = data_dir_open(data_dir, &local->dir, err);
    if (status == STATUS_OK)
        status = io_linux_new(data_dir, &local->io, err);
    if (status == STATUS_OK)
        status = data_dir_kek(&local->dir, kek, err);
    if (status == STATUS_OK)
        status = keyring_local_open(local->io, kek, &local->keyring, err);
    struct daybook_options options = {
        .dir = &local->dir,
        .keyring = local->keyring,
        .background = true,
    };
    if (status == STATUS_OK)
        status = daybook_open(&options, &local->daybook, err);
    if (status != STATUS_OK) {
        free_local(local, false);
        return status;
    }
    *ret = (struct cli_local){
        .router = daybook_router(local->daybook),
        .principal = {.role = ROLE_OPERATOR, .name = "local"},
        .state = local,
    };
    return STATUS_OK;
}

static void close_local(struct cli_local *cli_local)
{
    free_local(cli_local->state, true);
    cli_local->state = NULL;
}

/* ---- init ---- */

static void add_ca_file(struct buf *ret, const char *path)
{
    char *absolute = realpath(path, NULL);

    buf_add_text(ret, absolute == NULL ? path : absolute);
    buf_add_text(ret, "/tls/cert.pem");
    free(absolute);
}

static void add_init(struct buf *out, const char *path, const struct data_init *init, bool json)
{
    struct buf ca_file;

    buf_init(&ca_file, MIB);
    add_ca_file(&ca_file, path);
    if (json) {
        buf_add_format(out, "{\"admin_token\":\"%s\",\"ca_file\":", init->admin_token);
        text_add_json_string(out, buf_slice(&ca_file));
        buf_add_text(out, ",\"url\":\"https://127.0.0.1:8443\"}\n");
    } else {
        buf_add_format(out,
                       "Made '%s'.  Next:\n\n"
                       "  daybook serve --data %s\n\n"
                       "and, in another terminal:\n\n"
                       "  export DAYBOOK_SERVER=https://127.0.0.1:8443\n"
                       "  export DAYBOOK_CACERT=%.*s\n"
                       "  export DAYBOOK_TOKEN=%s\n"
                       "  daybook tenant add contoso\n\n"
                       "The token is an admin's, valid for 30 days, and is not shown again.\n",
                       path, path, SLICE_FMT(buf_slice(&ca_file)), init->admin_token);
    }
    buf_release(&ca_file);
}

static void tell_owner(const char *path, const char *kek_path)
{
    uid_t user;
    gid_t group;

    if (data_dir_is_of_another(path, &user, &group))
        (void)fprintf(stderr,
                      "daybook: '%s' is another user's, and what is in it now is root's.  If that "
                      "user is to run the server, say: chown -R %u:%u '%s'%s%s%s\n",
                      path, (unsigned)user, (unsigned)group, path, kek_path != NULL ? " '" : "",
                      kek_path != NULL ? kek_path : "", kek_path != NULL ? "'" : "");
}

/* A token that nobody has seen is of no use: that it was not shown is a failure. */
static enum status print_init(const char *path, const struct data_init *init, bool json,
                              struct error *err)
{
    struct buf out;

    buf_init(&out, MIB);
    (void)buf_reserve(&out, 32 * KIB); /* does not move: no copy of the token stays behind */
    add_init(&out, path, init, json);
    enum status status = buf_check(&out, err);
    if (status == STATUS_OK)
        status = output_write(buf_slice(&out), err);
    if (out.data != NULL)
        explicit_bzero(out.data, out.capacity);
    buf_release(&out);
    if (status != STATUS_OK)
        return error_wrap(err, "'%s' was made, but its token is not shown ('daybook token add "
                               "--role admin --data %s' makes another)", path, path);
    if (init->kek_path == NULL)
        (void)fprintf(stderr, "daybook: the key-encryption key lies beside the data "
                              "('%s/keys/kek'); whoever copies the directory can read it.  "
                              "Use --kek FILE on another disk.\n",
                      path);
    tell_owner(path, init->kek_path);
    return STATUS_OK;
}

static enum status make_data(const struct options *options, struct error *err)
{
    const char *path = options_get(options, "data", "");
    struct data_init data = {
        .host = options_get(options, "host", "localhost"),
        .kek_path = options_get(options, "kek", NULL),
    };
    bool json = options_has(options, "o") || !isatty(STDOUT_FILENO);
    enum status status = STATUS_OK;

    if (strcmp(options_get(options, "o", "json"), "json") != 0)
        return ERROR_SET(err, STATUS_INVALID, "-o is json, not '%s'",
                         options_get(options, "o", ""));
    status = data_dir_init(path, &data, err);
    if (status == STATUS_OK)
        status = print_init(path, &data, json, err);
    explicit_bzero(data.admin_token, sizeof(data.admin_token));
    return status;
}

static int init(const struct options *options)
{
    struct error err;

    return make_data(options, &err) == STATUS_OK ? CLI_OK : cli_fail(&err);
}

/* ---- certificate renew ---- */

static int renew(const struct options *options)
{
    const char *path = options_get(options, "data", "");
    char text[TIME_TEXT_BYTES + 1];
    struct buf out, ca_file;
    struct error err;
    int64_t end = 0;

    buf_init(&out, MIB);
    buf_init(&ca_file, MIB);
    enum status status = data_dir_renew(path, &end, &err);
    if (status == STATUS_OK) {
        time_format_iso(time_from_unix_us(end * US_PER_SECOND), text);
        add_ca_file(&ca_file, path);
        buf_add_text(&out, "{\"ca_file\":");
        text_add_json_string(&out, buf_slice(&ca_file));
        buf_add_format(&out, ",\"expires\":\"%.19sZ\"}\n", text);
        status = buf_check(&out, &err);
    }
    if (status == STATUS_OK)
        status = output_write(buf_slice(&out), &err);
    if (status == STATUS_OK)
        (void)fprintf(stderr, "daybook: give the new certificate to all clients, then let the "
                              "server take it: systemctl reload daybook\n");
    buf_release(&out);
    buf_release(&ca_file);
    return status == STATUS_OK ? CLI_OK : cli_fail(&err);
}

/* ---- serve ---- */

static int serve(const struct options *options)
{
    const char *file = options_get(options, "config", NULL);
    struct data_dir dir;
    struct config config;
    struct error err;

    if (data_dir_open(options_get(options, "data", ""), &dir, &err) != STATUS_OK)
        return cli_fail(&err);
    config_init(&config, &dir);
    enum status status = file == NULL ? STATUS_OK : config_read(&config, file, &err);
    if (status == STATUS_OK && options_has(options, "listen"))
        status = config_set(config.listen, sizeof(config.listen), "--listen",
                            slice_of(options_get(options, "listen", "")), &err);
    int code = status == STATUS_OK ? process_supervise(&dir, &config) : cli_fail(&err);
    data_dir_close(&dir);
    return code;
}

/* A number of these that is free would go to the next file that is opened, and the answer, or a
 * line of the log, into that.  What takes its place can neither be written nor read. */
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    const struct cli_host host = {
        .open_local = open_local,
        .close_local = close_local,
        .init = init,
        .serve = serve,
        .renew = renew,
        .interrupted = &interrupted,
    };
    struct error err;
    const char **arguments = calloc((size_t)argc + 1, sizeof(*arguments));

    if (arguments == NULL || !hold_standard_streams())
        return CLI_FAILED;
    if (sandbox_hide_memory(&err) != STATUS_OK) /* before there are keys, in whatever process */
        return cli_fail(&err);
    for (int i = 1; i < argc; i++)
        arguments[i - 1] = argv[i];
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN) /* a window was closed; nohup says to go on */
        (void)sigaction(SIGHUP, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    int code = cli_main(&host, argc - 1, arguments);
    free(arguments);
    return code;
}
