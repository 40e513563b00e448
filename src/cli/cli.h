/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - the command line (the contract is docs/user/cli.md).
 *
 * Every command speaks HTTP requests: over TLS to a server (--server URL), or
 * to the same handlers in this process on a data directory (--data DIR, which
 * is locked meanwhile).  What needs the processes and files of a server comes
 * in through struct cli_host, filled by main.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"
#include "wire/http.h"

/* Exit codes, a contract with scripts. */
enum cli_exit {
    CLI_OK = 0,
    CLI_NO = 1,         /* "no" from a command that answers yes or no */
    CLI_USAGE = 2,
    CLI_DENIED = 3,
    CLI_FAILED = 4,     /* server or store */
    CLI_INCOMPLETE = 5, /* verify; scope that found nothing where records lack; query if asked */
};

/* An opened data directory. */
struct cli_local {
    const struct http_router *router;
    struct principal principal; /* instance-wide operator: who can open the files may do all */
    void *state;
};

struct cli_host {
    /* STATUS_BUSY with the holder's pid in the text if it is locked. */
    enum status (*open_local)(const char *data_dir, struct cli_local *ret, struct error *err);
    /* Makes what is in memory durable in segments, unlocks. */
    void (*close_local)(struct cli_local *local);
    /* `init` and `serve`, which make a directory and work on it as no other command does. */
    int (*init)(const struct options *options);
    int (*serve)(const struct options *options);
    /* `certificate renew`: beside a server that runs, which takes the new one on SIGHUP. */
    int (*renew)(const struct options *options);
    atomic_bool *interrupted; /* set by SIGINT, SIGTERM, SIGHUP; the interactive mode clears it */
};

/* argv without the program name.  Returns an exit code. */
int cli_main(const struct cli_host *host, int argc, const char **argv);

/* For main's own commands: prints "daybook: text" to stderr and gives the code. */
int cli_fail(const struct error *err);

#endif
