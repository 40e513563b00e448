/* SPDX-License-Identifier: Apache-2.0 */
/* command_priv.h - what the subcommands share. */
#ifndef CLI_COMMAND_PRIV_H
#define CLI_COMMAND_PRIV_H

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/session.h"

struct command_context;

enum command_flag {
    COMMAND_WORDS = 1, /* takes words, else options only */
    COMMAND_HOST = 2,  /* makes or serves a directory, where others ask: no common options */
    COMMAND_BYTES = 4, /* prints bytes as they are, or nothing: no -o */
};

struct command {
    const char *name;    /* "tenant" */
    const char *usage;   /* lines after the name: "add NAME [--id GUID]\nlist\nshow NAME" */
    const char *summary; /* one line */
    const char *details; /* for --help; may be NULL */
    const struct option *options; /* beyond the common ones */
    uint32_t option_count;
    int (*run)(const struct command_context *context);
    uint32_t flags;   /* enum command_flag */
};

/* What a command gets: parsed arguments and the way to ask. */
struct command_context {
    const struct cli_host *host;
    const struct command *command;
    const struct options *options;
    struct arena *arena;
};

/* The whole of a file, or of stdin for "-"; ret's maximum bounds it. */
enum status command_read(const char *path, struct buf *ret, struct error *err) MUST_USE;

int command_usage(const struct command_context *context, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Opens the session, asks, and hands the answer to show(). */
int command_ask(const struct command_context *context, const struct session_request *request,
                enum status (*show)(const struct command_context *context, struct slice text,
                                    const struct json_tape *tape, struct error *err));
/* An array of objects as rows; a single object as one row. */
enum status command_show_objects(const struct command_context *context, struct slice text,
                                 const struct json_tape *tape, struct error *err);

/* Says on standard error why the answer is not complete; false: it is. */
bool command_show_gap(struct slice text, const struct json_tape *tape);

int cmd_compact(const struct command_context *context);
int cmd_doctor(const struct command_context *context);
int cmd_function(const struct command_context *context);
int cmd_ingest(const struct command_context *context);
int cmd_loss(const struct command_context *context);
int cmd_query(const struct command_context *context);
int cmd_raw(const struct command_context *context);
int cmd_scope(const struct command_context *context);
int cmd_tenant(const struct command_context *context);
int cmd_token(const struct command_context *context);
int cmd_verify(const struct command_context *context);
int cmd_watchlist(const struct command_context *context);
int cmd_webhook(const struct command_context *context);

#endif
