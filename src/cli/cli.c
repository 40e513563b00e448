/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the command, parses its arguments, prints help. */
#include "cli/command_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>

#define OPTIONS_MAX 24u

static const struct option common_options[] = {
    {"data", true, false, "DIR", "work on this data directory (no server may run on it)"},
    {"server", true, false, "URL", "ask this server; the token comes from DAYBOOK_TOKEN"},
    {"cacert", true, false, "FILE", "the certificate that signs the server's"},
    {"o", true, false, "FORMAT", "table, json, ndjson or csv (table on a terminal)"},
    {"help", false, false, NULL, "show this help"},
};

static const struct option compact_options[] = {
    {"quiet", false, false, NULL, "no progress"},
};

static const struct option ingest_options[] = {
    {"tenant", true, false, "NAME", "whose records these are (name or id)"},
    {"table", true, false, "TABLE", "the table (default: AuditRecords, by content)"},
    {"follow", false, false, NULL, "go on reading as the file grows, or another takes its name"},
    {"quiet", false, false, NULL, "no progress"},
};

static const struct option loss_options[] = {
    {"tenant", true, false, "NAME", "whose records are lost"},
    {"from-seq", true, false, "N", "the range that begins here (default: all not accepted yet)"},
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
    {"indicators", true, true, "FILE", "lines KIND VALUE (app-id, ip, session, user)"},
    {"from", true, false, "TIME", "not before"},
    {"to", true, false, "TIME", "not after"},
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

static const struct command commands[] = {
    {"tenant", "add NAME [--id GUID] | list | show NAME", "add and list tenants", NULL,
     OPTIONS(tenant_options), cmd_tenant, true},
    {"token", "add --role ROLE [--tenant NAME] [--table T] [--expires 30d] | list | revoke ID",
     "make, list and revoke tokens",
     "The token is printed once.  A token without --tenant reaches the whole instance\n"
     "(roles admin and operator).\n",
     OPTIONS(token_options), cmd_token, true},
    {"webhook", "set URL [--allow-private] | show | clear", "where alerts are delivered", NULL,
     OPTIONS(webhook_options), cmd_webhook, true},
    {"ingest", "--tenant NAME [--table T] [--follow] FILE...|-", "send records from files",
     "Reads NDJSON, JSON arrays and Management-API blobs, also .gz and .zst.\n",
     OPTIONS(ingest_options), cmd_ingest, true},
    {"query", "--tenant NAME|--all-tenants [--now TIME] ['KQL'|-]", "ask in KQL",
     "Without a query it reads one from standard input, on a terminal several until Ctrl-D.\n"
     "With --batch FILE each line {\"id\",\"query\"} is answered on a line; without --data\n"
     "and --server there are no tables then.\n",
     OPTIONS(query_options), cmd_query, true},
    {"raw", "--tenant NAME --from-seq N --count M [-0]", "the exact bytes received", NULL,
     OPTIONS(raw_options), cmd_raw, false},
    {"scope",
     "--tenant NAME|--all-tenants (--alert ID | --app-id | --ip | --session | --user VALUE"
     " | --indicators FILE)...",
     "which mailboxes and messages were read",
     "The lower bound counts messages named in bind records; the upper bound adds that a\n"
     "sync takes whole folders and that throttled periods cannot be ruled out.\n"
     "Exit code 1 when nothing was touched.\n",
     OPTIONS(scope_options), cmd_scope, false},
    {"watchlist", "--tenant NAME add ALIAS FILE | list | show ALIAS | remove ALIAS",
     "lists that queries read with _GetWatchlist()",
     "FILE is CSV whose first line names the columns ('-': stdin).\n",
     OPTIONS(watchlist_options), cmd_watchlist, true},
    {"function", "[--tenant NAME] add NAME FILE | list | show NAME | remove NAME",
     "functions that queries call by their name",
     "FILE holds (parameters) { body } in KQL ('-': stdin).\n",
     OPTIONS(function_options), cmd_function, true},
    {"loss", "list [--tenant NAME] | accept --tenant NAME [--from-seq N] [--from TIME] [--to TIME]"
             " [--yes]",
     "records lost with a damaged log",
     "Until a loss is accepted all answers about its tenant are incomplete; afterwards those\n"
     "that concern the times and numbers of what is lost.  Who accepted it is recorded, and\n"
     "the gap stays in the evidence.  Have the senders send the records again first.\n",
     OPTIONS(loss_options), cmd_loss, true},
    {"verify", "[--tenant NAME] [--receipt FILE]", "check every record against its evidence",
     "Exit code 1 when something does not match, 5 when only known gaps lack.\n",
     OPTIONS(verify_options), cmd_verify, false},
    {"compact", "[--quiet]", "join and recompress what is stored", NULL, OPTIONS(compact_options),
     cmd_compact, false},
    {"doctor", "[-o FORMAT]", "check the state of a server or data directory", NULL, NULL, 0,
     cmd_doctor, false},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

enum status command_read(const char *path, struct buf *ret, struct error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char chunk[16384];

    if (file == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
    for (size_t got = fread(chunk, 1, sizeof(chunk), file); got > 0;
         got = fread(chunk, 1, sizeof(chunk), file))
        buf_add(ret, chunk, got);
    bool failed = ferror(file) != 0;
    if (file != stdin)
        (void)fclose(file);
    if (failed)
        return ERROR_SET(err, STATUS_IO, "cannot read '%s'", path);
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

int command_usage(const struct command_context *context, const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "daybook %s: ", context->command->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "\nusage: daybook %s %s\n", context->command->name,
                  context->command->usage);
    return CLI_USAGE;
}

static void print(struct buf *buf)
{
    struct error err;

    if (output_write(buf_slice(buf), &err) != STATUS_OK)
        (void)fprintf(stderr, "daybook: %s\n", err.text);
    buf_release(buf);
}

static int show_help(void)
{
    struct buf buf;

    buf_init(&buf, 64 * KIB);
    buf_add_text(&buf, "Daybook: a cloud audit-log service.\n\nusage: daybook COMMAND ...\n\n");
    buf_add_format(&buf, "  %-10s %s\n", "init", "make a data directory, keys and the first token");
    buf_add_format(&buf, "  %-10s %s\n", "serve", "run the server");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        buf_add_format(&buf, "  %-10s %s\n", commands[i].name, commands[i].summary);
    buf_add_text(&buf, "\n'daybook COMMAND --help' tells more.\n");
    print(&buf);
    return CLI_OK;
}

static int show_command_help(const struct command *command)
{
    struct buf buf;

    buf_init(&buf, 64 * KIB);
    buf_add_format(&buf, "%s\n\nusage: daybook %s %s\n\n", command->summary, command->name,
                   command->usage);
    if (command->details != NULL)
        buf_add_format(&buf, "%s\n", command->details);
    options_help(command->options, command->option_count, &buf);
    options_help(common_options, sizeof(common_options) / sizeof(common_options[0]), &buf);
    print(&buf);
    return CLI_OK;
}

/* Before anything is done: a token that was made and cannot be shown is lost. */
static bool check_arguments(const struct command_context *context)
{
    const struct options *o = context->options;
    enum output_format format;
    struct error err;

    if (output_format_from(o, &format, &err) != STATUS_OK)
        return (void)command_usage(context, "%s", err.text), false;
    if (!context->command->takes_words && o->word_count > 0)
        return (void)command_usage(context, "it takes options only, not '%s'", o->words[0]), false;
    return true;
}

static int run_command(const struct cli_host *host, const struct command *command, int argc,
                       const char **argv)
{
    struct option table[OPTIONS_MAX];
    struct options options;
    struct error err;
    uint32_t count = 0;
    int code;
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);

    if (arena == NULL)
        return CLI_FAILED;
    for (uint32_t i = 0; i < command->option_count; i++)
        table[count++] = command->options[i];
    for (size_t i = 0; i < sizeof(common_options) / sizeof(common_options[0]); i++)
        table[count++] = common_options[i];
    struct command_context context = {host, command, &options, arena};
    if (options_parse(table, count, argc, argv, arena, &options, &err) != STATUS_OK)
        code = command_usage(&context, "%s", err.text);
    else if (options_has(&options, "help"))
        code = show_command_help(command);
    else
        code = check_arguments(&context) ? command->run(&context) : CLI_USAGE;
    arena_free(arena);
    return code;
}

static int unknown_command(const char *name)
{
    static const char *const of_host[] = {"init", "serve"};
    const char *nearest = NULL;
    size_t best = options_typo_limit(slice_of(name));

    for (size_t i = 0; i < COMMAND_COUNT + 2; i++) {
        const char *known = i < COMMAND_COUNT ? commands[i].name : of_host[i - COMMAND_COUNT];
        size_t distance = text_distance(slice_of(name), slice_of(known));
        if (distance < best) {
            best = distance;
            nearest = known;
        }
    }
    (void)fprintf(stderr, "daybook: there is no command '%s'%s%s%s\n", name,
                  nearest == NULL ? "; see 'daybook --help'" : "; did you mean '",
                  nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
    return CLI_USAGE;
}

int cli_main(const struct cli_host *host, int argc, const char **argv)
{
    if (argc == 0)
        return (void)show_help(), CLI_USAGE;
    bool wants_help = strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
                      strcmp(argv[0], "help") == 0;
    if (wants_help && argc == 1)
        return show_help();
    if (wants_help) { /* 'help COMMAND' is 'COMMAND --help' */
        const char *about[] = {argv[1], "--help"};
        return cli_main(host, 2, about);
    }
    if (strcmp(argv[0], "--version") == 0) {
        (void)printf("daybook %s\n", DAYBOOK_VERSION);
        return CLI_OK;
    }
    if (strcmp(argv[0], "init") == 0)
        return host->init(argc - 1, argv + 1);
    if (strcmp(argv[0], "serve") == 0)
        return host->serve(argc - 1, argv + 1);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[0], commands[i].name) == 0)
            return run_command(host, &commands[i], argc - 1, argv + 1);
    }
    return unknown_command(argv[0]);
}
