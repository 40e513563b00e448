/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the command, parses its arguments, prints help. */
#include "cli/command_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/completion.h"
#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>

#define OPTIONS_MAX 24u

static const struct option common_options[] = {
    {"data", true, false, "DIR", "work on this data directory (no server may run on it)"},
    {"server", true, false, "URL", "ask this server; the token comes from DAYBOOK_TOKEN"},
    {"cacert", true, false, "FILE", "the certificate that signs the server's"},
    {"o", true, false, "FORMAT", "table, json, ndjson or csv (table on a terminal)"}, /* last */
};

static const struct option help_option[] = {
    {"help", false, false, NULL, "show this help"},
};

static const struct option init_options[] = {
    {"data", true, false, "DIR", "the data directory to make"},
    {"host", true, false, "NAME", "name of this server in its certificate and receipts"},
    {"kek", true, false, "FILE", "where the key-encryption key goes (best: another disk)"},
    {"o", true, false, "FORMAT", "json for programs"},
};

static const struct option serve_options[] = {
    {"data", true, false, "DIR", "the data directory"},
    {"listen", true, false, "ADDRESS", "address:port (default 127.0.0.1:8443; port 0 = any)"},
    {"config", true, false, "FILE", "settings (docs/user/config.md)"},
};

static const struct option certificate_options[] = {
    {"data", true, false, "DIR", "the data directory (a server may run on it)"},
};

static const struct option compact_options[] = {
    {"quiet", false, false, NULL, "no progress"},
};

static const struct option ingest_options[] = {
    {"tenant", true, false, "NAME", "whose records these are (name or id)"},
    {"table", true, false, "TABLE", "the table (default: AuditRecords, by content)"},
    {"follow", false, false, NULL, "read on as the file grows, or another takes its name"},
    {"state", true, false, "FILE", "with --follow: how far it came, to go on from"},
    {"quiet", false, false, NULL, "no progress"},
};

static const struct option loss_options[] = {
    {"tenant", true, false, "NAME", "whose records are lost"},
    {"from-seq", true, false, "N", "the range that begins here (default: all that are open)"},
    {"from", true, false, "TIME", "the first time that is concerned (default: as listed)"},
    {"to", true, false, "TIME", "the last one"},
    {"yes", false, false, NULL, "do not ask"},
};

static const struct option verify_options[] = {
    {"tenant", true, false, "NAME", "only this tenant (default: all, and the instance's log)"},
    {"receipt", true, false, "FILE", "only what these receipts, or answers of ingest, promise"},
};

static const struct option query_options[] = {
    {"tenant", true, false, "NAME", "whose records to read"},
    {"all-tenants", false, false, NULL, "read all tenants (role operator; audited)"},
    {"now", true, false, "TIME", "what now() and ago() mean"},
    {"watermark", true, false, "N|now", "see the tenant's records up to this _Seq alone"},
    {"batch", true, false, "FILE", "lines {\"id\",\"query\"}; an answer a line"},
    {"check", false, false, NULL, "with --batch: parse and bind only"},
    {"parameter", true, true, "NAME=VALUE", "a declared query parameter"},
    {"pager", false, false, NULL, "show the answer through $PAGER, on a terminal"},
    {"explain", false, false, NULL, "print the plan of the query, do not run it"},
    {"analyze", false, false, NULL, "with --explain: run it; rows and time of each operator"},
    {"format", false, false, NULL, "print the query in its canonical layout, do not run it"},
    {"reference", false, false, NULL, "print the reference of the language"},
    {"fail-on-incomplete", false, false, NULL, "exit code 5 when records lack in the answer"},
};

static const struct option raw_options[] = {
    {"tenant", true, false, "NAME", "whose records to read"},
    {"from-seq", true, false, "N", "the first sequence number"},
    {"count", true, false, "M", "how many"},
    {"0", false, false, NULL, "end each record with NUL instead of a newline"},
};

static const struct option scope_options[] = {
    {"tenant", true, false, "NAME", "only this tenant"},
    {"all-tenants", false, false, NULL, "all tenants (role operator; audited)"},
    {"alert", true, true, "ID", "the indicators of this alert"},
    {"app-id", true, true, "GUID", "an application"},
    {"ip", true, true, "ADDRESS", "an address"},
    {"session", true, true, "ID", "a session"},
    {"user", true, true, "UPN", "a user"},
    {"indicators", true, true, "FILE", "lines KIND VALUE (the kinds above, without --)"},
    {"from", true, false, "TIME", "not before"},
    {"to", true, false, "TIME", "before"},
};

static const struct option tenant_options[] = {
    {"id", true, false, "GUID", "its id (default: a random one)"},
};

static const struct option token_options[] = {
    {"tenant", true, false, "NAME", "what the token may reach (none: the instance)"},
    {"role", true, false, "ROLE", "ingest, reader, analyst, admin, auditor or operator"},
    {"table", true, false, "TABLE", "the only table an ingest token may write"},
    {"expires", true, false, "TIME", "how long it is valid (default 30d)"},
    {"name", true, false, "TEXT", "what it is for"},
};

static const struct option watchlist_options[] = {
    {"tenant", true, false, "NAME", "whose list it is"},
};

static const struct option function_options[] = {
    {"tenant", true, false, "NAME", "whose function it is (none: of all tenants)"},
};

static const struct option webhook_options[] = {
    {"allow-private", false, false, NULL, "the receiver may have a private address or plain http"},
};

#define OPTIONS(table) table, sizeof(table) / sizeof(table[0])

static int make_directory(const struct command_context *context)
{
    if (!options_has(context->options, "data"))
        return command_usage(context, "--data DIR is wanted");
    return context->host->init(context->options);
}

static int complete_words(const struct command_context *context);

static int serve_directory(const struct command_context *context)
{
    if (!options_has(context->options, "data"))
        return command_usage(context, "--data DIR is wanted");
    return context->host->serve(context->options);
}

static int renew_certificate(const struct command_context *context)
{
    const struct options *o = context->options;

    if (o->word_count != 1 || strcmp(o->words[0], "renew") != 0)
        return command_usage(context, "'renew' is wanted");
    if (!options_has(o, "data"))
        return command_usage(context, "--data DIR is wanted");
    return context->host->renew(o);
}

static const struct command commands[] = {
    {"init", "--data DIR [--host NAME] [--kek FILE] [-o json]",
     "make a data directory, keys and the first token", NULL, OPTIONS(init_options),
     make_directory, COMMAND_HOST},
    {"serve", "--data DIR [--listen ADDRESS:PORT] [--config FILE]", "run the server", NULL,
     OPTIONS(serve_options), serve_directory, COMMAND_HOST},
    {"certificate", "renew --data DIR", "renew the certificate that init made",
     "The new one has the same names and the same key.  The server takes it when it is\n"
     "told to (systemctl reload, SIGHUP): give it to all clients before.\n",
     OPTIONS(certificate_options), renew_certificate, COMMAND_HOST | COMMAND_WORDS},
    {"tenant", "add NAME [--id GUID]\nlist\nshow NAME", "add and list tenants", NULL,
     OPTIONS(tenant_options), cmd_tenant, COMMAND_WORDS},
    {"token", "add --role ROLE [--tenant NAME] [--table T] [--expires 30d]\nlist\nrevoke ID",
     "make, list and revoke tokens",
     "The token is printed once.  A token without --tenant reaches the whole instance\n"
     "(roles admin and operator), or its metrics and status (auditor).\n",
     OPTIONS(token_options), cmd_token, COMMAND_WORDS},
    {"webhook", "set URL [--allow-private]\nshow\nclear", "where alerts are delivered", NULL,
     OPTIONS(webhook_options), cmd_webhook, COMMAND_WORDS},
    {"ingest", "--tenant NAME [--table T] FILE...|-\n--follow [--state FILE] --tenant NAME FILE|-",
     "send records from files",
     "Reads NDJSON, JSON arrays and Management-API blobs, also .gz and .zst.\n",
     OPTIONS(ingest_options), cmd_ingest, COMMAND_WORDS},
    {"query",
     "--tenant NAME|--all-tenants [OPTION]... ['KQL'|-]\n--batch FILE [--check]\n--format 'KQL'|-",
     "ask in KQL",
     "Without a query it reads one from standard input; where that is a terminal, and\n"
     "the answers go to one, several until Ctrl-D.  With --batch FILE each line\n"
     "{\"id\",\"query\"} is answered on a line; without --data and --server there are no\n"
     "tables then.\n",
     OPTIONS(query_options), cmd_query, COMMAND_WORDS},
    {"raw", "--tenant NAME --from-seq N --count M [-0]", "the exact bytes received", NULL,
     OPTIONS(raw_options), cmd_raw, COMMAND_BYTES},
    {"scope",
     "--tenant NAME|--all-tenants INDICATOR... [OPTION]...",
     "which mailboxes and messages were read",
     "An indicator is --alert, --app-id, --ip, --session, --user or --indicators.  The\n"
     "lower bound counts messages named in bind records; the upper bound adds that a\n"
     "sync takes whole folders and that throttled periods cannot be ruled out.\n"
     "Exit code 1 when nothing was touched, 5 when nothing was found and records lack.\n",
     OPTIONS(scope_options), cmd_scope, 0},
    {"watchlist", "--tenant NAME add ALIAS FILE\n--tenant NAME list\n--tenant NAME show ALIAS\n"
     "--tenant NAME remove ALIAS",
     "lists that queries read with _GetWatchlist()",
     "FILE is CSV whose first line names the columns ('-': stdin).\n",
     OPTIONS(watchlist_options), cmd_watchlist, COMMAND_WORDS},
    {"function", "[--tenant NAME] add NAME FILE\n[--tenant NAME] list\n[--tenant NAME] show NAME\n"
     "[--tenant NAME] remove NAME",
     "functions that queries call by their name",
     "FILE holds (parameters) { body } in KQL ('-': stdin).\n",
     OPTIONS(function_options), cmd_function, COMMAND_WORDS},
    {"loss", "list [--tenant NAME]\naccept --tenant NAME [--from-seq N] [OPTION]...",
     "records lost to damage",
     "Until a loss is accepted all answers about its tenant are incomplete; afterwards\n"
     "those that concern the times and numbers of what is lost.  Who accepted it is\n"
     "recorded, and the gap stays in the evidence.  Have the senders send the records\n"
     "again first.\n",
     OPTIONS(loss_options), cmd_loss, COMMAND_WORDS},
    {"verify", "[--tenant NAME] [--receipt FILE]", "check every record against its evidence",
     "Exit code 1 when something does not match, 5 when only known gaps lack.\n",
     OPTIONS(verify_options), cmd_verify, 0},
    {"compact", "[--quiet]", "join and recompress what is stored", NULL, OPTIONS(compact_options),
     cmd_compact, COMMAND_BYTES},
    {"doctor", "[-o FORMAT]", "check the state of a server or data directory", NULL, NULL, 0,
     cmd_doctor, 0},
    {"completion", "bash|zsh|fish", "print what completes commands in a shell",
     "For this shell alone: eval \"$(daybook completion bash)\".\n", NULL, 0, complete_words,
     COMMAND_HOST | COMMAND_WORDS},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

enum status command_read(const char *path, struct buf *ret, struct error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char chunk[16384];

    if (file == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
    /* Less than wanted is the end: a terminal would have to say it once more. */
    for (size_t got = sizeof(chunk); got == sizeof(chunk);) {
        got = fread(chunk, 1, sizeof(chunk), file);
        buf_add(ret, chunk, got);
    }
    bool failed = ferror(file) != 0;
    if (file != stdin)
        (void)fclose(file);
    if (failed)
        return ERROR_SET(err, STATUS_IO, "cannot read '%s'", path);
    struct slice text = text_without_mark(buf_slice(ret));
    if (text.size < ret->size)
        memmove(ret->data, text.data, text.size);
    ret->size = text.size;
    return buf_check(ret, err);
}

int cli_fail(const struct error *err)
{
    struct buf text;

    buf_init(&text, ERROR_TEXT_BYTES * 8);
    text_add_printable(&text, slice_of(err->text));
    if (err->line > 0)
        (void)fprintf(stderr, "daybook: line %u, column %u: %.*s\n", err->line, err->column,
                      SLICE_FMT(buf_slice(&text)));
    else
        (void)fprintf(stderr, "daybook: %.*s\n", SLICE_FMT(buf_slice(&text)));
    buf_release(&text);
    switch (err->status) {
    case STATUS_DENIED:
        return CLI_DENIED;
    case STATUS_INVALID:
        return CLI_USAGE;
    case STATUS_OK:
    case STATUS_NOT_FOUND:
    case STATUS_CONFLICT:
    case STATUS_LIMIT:
    case STATUS_BUSY:
    case STATUS_CANCELLED:
    case STATUS_IO:
    case STATUS_FULL:
    case STATUS_CORRUPT:
    case STATUS_COUNT_:
        break;
    }
    return CLI_FAILED;
}

static void add_usage(struct buf *ret, const struct command *command)
{
    struct slice rest = slice_of(command->usage), line;

    for (const char *left = "usage:"; slice_next(&rest, '\n', &line); left = "      ")
        buf_add_format(ret, "%s daybook %s %.*s\n", left, command->name, SLICE_FMT(line));
}

int command_usage(const struct command_context *context, const char *format, ...)
{
    struct buf usage;
    va_list args;

    buf_init(&usage, 64 * KIB);
    add_usage(&usage, context->command);
    (void)fprintf(stderr, "daybook %s: ", context->command->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "\n%.*s", SLICE_FMT(buf_slice(&usage)));
    buf_release(&usage);
    return CLI_USAGE;
}

/* Releases the text.  Returns an exit code. */
static int print(struct buf *text)
{
    struct error err;
    int code = CLI_OK;

    if (output_write(buf_slice(text), &err) != STATUS_OK && !output_was_left(&err))
        code = cli_fail(&err);
    buf_release(text);
    return code;
}

static int complete_words(const struct command_context *context)
{
    const char *shell = context->options->word_count == 1 ? context->options->words[0] : "";
    const struct completion completion = {commands, COMMAND_COUNT, OPTIONS(common_options)};
    struct buf text;

    buf_init(&text, MIB);
    if (completion_add(&completion, shell, &text))
        return print(&text);
    buf_release(&text);
    return command_usage(context, "say bash, zsh or fish");
}

static void add_overview(struct buf *ret)
{
    buf_add_text(ret, "Daybook: a cloud audit-log service.\n\nusage: daybook COMMAND ...\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        buf_add_format(ret, "  %-11s %s\n", commands[i].name, commands[i].summary);
    buf_add_text(ret, "\n'daybook COMMAND --help' tells more.\n");
}

static int show_command_help(const struct command *command, const struct option *options,
                             uint32_t count)
{
    struct buf buf;

    buf_init(&buf, 64 * KIB);
    buf_add_format(&buf, "%s\n\n", command->summary);
    add_usage(&buf, command);
    buf_add_format(&buf, "\n%s%s", command->details == NULL ? "" : command->details,
                   command->details == NULL ? "" : "\n");
    options_help(options, count, &buf);
    return print(&buf);
}

/* Before anything is done: a token that was made and cannot be shown is lost. */
static bool check_arguments(const struct command_context *context)
{
    const struct options *o = context->options;
    uint32_t flags = context->command->flags;
    enum output_format format;
    struct error err;

    if ((flags & COMMAND_HOST) == 0 && output_format_from(o, &format, &err) != STATUS_OK)
        return (void)command_usage(context, "%s", err.text), false;
    if (options_has(o, "tenant") && options_has(o, "all-tenants"))
        return (void)command_usage(context, "give --tenant or --all-tenants, not both"), false;
    if ((flags & COMMAND_WORDS) == 0 && o->word_count > 0)
        return (void)command_usage(context, "it takes options only, not '%s'", o->words[0]), false;
    return true;
}

static uint32_t add_options(struct option *table, uint32_t count, const struct option *more,
                            uint32_t more_count)
{
    CHECK(count + more_count <= OPTIONS_MAX);
    for (uint32_t i = 0; i < more_count; i++)
        table[count + i] = more[i];
    return count + more_count;
}

static int run_command(const struct cli_host *host, const struct command *command, int argc,
                       const char **argv)
{
    struct option table[OPTIONS_MAX];
    struct options options;
    struct error err;
    int code;
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);

    if (arena == NULL)
        return CLI_FAILED;
    uint32_t count = add_options(table, 0, command->options, command->option_count);
    if ((command->flags & COMMAND_HOST) == 0) {
        count = add_options(table, count, OPTIONS(common_options));
        count -= (command->flags & COMMAND_BYTES) != 0 ? 1 : 0;
    }
    count = add_options(table, count, OPTIONS(help_option));
    struct command_context context = {host, command, &options, arena};
    if (options_parse(table, count, argc, argv, arena, &options, &err) != STATUS_OK)
        code = command_usage(&context, "%s", err.text);
    else if (options_has(&options, "help"))
        code = show_command_help(command, table, count);
    else
        code = check_arguments(&context) ? command->run(&context) : CLI_USAGE;
    arena_free(arena);
    return code;
}

static int unknown_command(const char *name)
{
    const char *nearest = NULL;
    size_t best = text_typo_limit(slice_of(name));

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t distance = text_distance(slice_of(name), slice_of(commands[i].name));
        if (distance < best) {
            best = distance;
            nearest = commands[i].name;
        }
    }
    (void)fprintf(stderr, "daybook: there is no command '%s'%s%s%s\n", name,
                  nearest == NULL ? "; see 'daybook --help'" : "; did you mean '",
                  nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
    return CLI_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int cli_main(const struct cli_host *host, int argc, const char **argv)
{
    struct buf text;

    buf_init(&text, 64 * KIB);
    if (argc == 0) {
        add_overview(&text);
        (void)fprintf(stderr, "%.*s", SLICE_FMT(buf_slice(&text)));
        buf_release(&text);
        return CLI_USAGE;
    }
    bool wants_help = is_help(argv[0]);
    if (wants_help && (argc == 1 || is_help(argv[1]))) {
        add_overview(&text);
        return print(&text);
    }
    if (wants_help) { /* 'help COMMAND' is 'COMMAND --help' */
        const char *about[] = {argv[1], "--help"};
        return cli_main(host, 2, about);
    }
    if (strcmp(argv[0], "--version") == 0) {
        buf_add_format(&text, "daybook %s\n", DAYBOOK_VERSION);
        return print(&text);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[0], commands[i].name) == 0)
            return run_command(host, &commands[i], argc - 1, argv + 1);
    }
    return unknown_command(argv[0]);
}
