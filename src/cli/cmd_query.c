/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook query`: one KQL text, or a file of them with --batch. */
#include "cli/command_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/output.h"
#include "cli/query_priv.h"
#include "cli/shell.h"
#include "cli/shell_text.h"
#include "cli/waiting.h"
#include "query/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH_WAIT_S 60u /* nobody looks on: a line waits for its place among other questions */

static void add_string(struct buf *buf, const char *key, struct slice value)
{
    buf_add_text(buf, buf->size > 1 ? "," : "");
    text_add_json_string(buf, slice_of(key));
    buf_add_byte(buf, ':');
    text_add_json_string(buf, value);
}

static enum status add_watermark(struct buf *ret, const char *given, struct error *err)
{
    uint64_t number;

    if (given == NULL)
        return STATUS_OK;
    if (strcmp(given, "now") == 0) {
        buf_add_text(ret, ",\"watermark\":\"now\"");
    } else if (text_parse_u64(slice_of(given), &number)) {
        buf_add_text(ret, ",\"watermark\":");
        buf_add_u64(ret, number);
    } else {
        return ERROR_SET(err, STATUS_INVALID,
                         "--watermark is the _Seq that an earlier answer went up to, or now, not "
                         "'%s'", given);
    }
    return STATUS_OK;
}

/* The name before '=' of the i-th option if that is a parameter; *ret_value is what is behind. */
static bool is_parameter(const struct options *o, uint32_t i, struct slice *ret_name,
                         struct slice *ret_value)
{
    *ret_value = slice_of(o->values[i].value);
    return strcmp(o->values[i].option->name, "parameter") == 0 &&
           slice_next(ret_value, '=', ret_name);
}

static enum status add_parameters(struct buf *ret, const struct options *o, struct error *err)
{
    struct slice name, value, other, unused;
    bool any = false;

    for (uint32_t i = 0; i < o->value_count; i++) {
        if (strcmp(o->values[i].option->name, "parameter") != 0)
            continue;
        if (!is_parameter(o, i, &name, &value) || name.size == 0 || value.data == NULL)
            return ERROR_SET(err, STATUS_INVALID, "--parameter wants NAME=VALUE, not '%s'",
                             o->values[i].value);
        for (uint32_t k = 0; k < i; k++) {
            if (is_parameter(o, k, &other, &unused) && slice_equal(other, name))
                return ERROR_SET(err, STATUS_INVALID, "the parameter '%.*s' is given twice",
                                 SLICE_FMT(name));
        }
        buf_add_text(ret, any ? "," : ",\"parameters\":{");
        any = true;
        text_add_json_string(ret, name);
        buf_add_byte(ret, ':');
        text_add_json_string(ret, value);
    }
    if (any)
        buf_add_byte(ret, '}');
    return STATUS_OK;
}

/* {"query":...,"tenant":...,"now":...,"watermark":...,"parameters":{...},"all_tenants":true} */
enum status query_body(const struct command_context *context, struct slice text,
                       struct buf *ret, struct error *err)
{
    const struct options *o = context->options;
    const char *tenant = options_get(o, "tenant", NULL), *now = options_get(o, "now", NULL);

    buf_add_byte(ret, '{');
    add_string(ret, "query", text);
    if (tenant != NULL)
        add_string(ret, "tenant", slice_of(tenant));
    if (now != NULL)
        add_string(ret, "now", slice_of(now));
    if (add_watermark(ret, options_get(o, "watermark", NULL), err) != STATUS_OK)
        return err->status;
    if (options_has(o, "all-tenants"))
        buf_add_text(ret, ",\"all_tenants\":true");
    if (options_has(o, "analyze"))
        buf_add_text(ret, ",\"analyze\":true");
    if (add_parameters(ret, o, err) != STATUS_OK)
        return err->status;
    buf_add_byte(ret, '}');
    return buf_check(ret, err);
}

/* An answer, or one of its further tables: the object token at `at`. */
struct answer_table {
    struct slice text;
    const struct json_tape *tape;
    uint32_t at;
};

/* The names in "columns":[{"name","type"}...] of a table. */
static enum status column_names(const struct command_context *context,
                                const struct answer_table *table, struct slice **ret,
                                uint32_t *ret_count, struct error *err)
{
    struct slice text = table->text;
    const struct json_tape *tape = table->tape;
    uint32_t columns = json_member(text, tape->tokens, table->at, SLICE("columns"));
    uint32_t count = 0;

    if (columns == UINT32_MAX)
        return ERROR_SET(err, STATUS_CORRUPT, "the server's answer has no columns");
    for (uint32_t i = columns + 1; i < tape->tokens[columns].next; i = tape->tokens[i].next)
        count++;
    *ret = ARENA_ARRAY(context->arena, struct slice, count + 1, err);
    if (*ret == NULL)
        return err->status;
    count = 0;
    for (uint32_t i = columns + 1; i < tape->tokens[columns].next; i = tape->tokens[i].next) {
        uint32_t name = json_member(text, tape->tokens, i, SLICE("name"));
        struct buf decoded;
        buf_init(&decoded, MIB);
        if (name != UINT32_MAX)
            answer_add_text(text, tape, name, &decoded);
        (*ret)[count] = arena_copy(context->arena, buf_slice(&decoded), err);
        buf_release(&decoded);
        if ((*ret)[count++].data == NULL)
            return err->status;
    }
    *ret_count = count;
    return STATUS_OK;
}

/* On stderr: what is legal but suspicious. */
static void show_warnings(struct slice text, const struct json_tape *tape)
{
    uint32_t list = json_member(text, tape->tokens, 0, SLICE("warnings"));

    if (list == UINT32_MAX)
        return;
    for (uint32_t i = list + 1; i < tape->tokens[list].next; i = tape->tokens[i].next) {
        uint32_t message = json_member(text, tape->tokens, i, SLICE("message"));
        struct buf said, line;
        buf_init(&said, 4 * KIB);
        buf_init(&line, 32 * KIB);
        if (message != UINT32_MAX)
            answer_add_text(text, tape, message, &said);
        text_add_printable(&line, buf_slice(&said));
        (void)fprintf(stderr, "daybook: line %llu, column %llu: warning: %.*s\n",
                      (unsigned long long)answer_number(text, tape, i, "line"),
                      (unsigned long long)answer_number(text, tape, i, "column"),
                      SLICE_FMT(buf_slice(&line)));
        buf_release(&said);
        buf_release(&line);
    }
}

/* On stderr: rows, time, what was scanned and up to where. */
static void show_summary(struct slice text, const struct json_tape *tape, uint64_t rows)
{
    uint32_t scanned = json_member(text, tape->tokens, 0, SLICE("scanned"));

    (void)fprintf(stderr, "%llu %s, %.1f ms", (unsigned long long)rows, rows == 1 ? "row" : "rows",
                  (double)answer_number(text, tape, 0, "elapsed_us") / 1000.0);
    if (scanned != UINT32_MAX) {
        struct slice from = answer_member(text, tape, scanned, "from");
        (void)fprintf(stderr, "; scanned %llu rows, %.1f MB, %llu parts (%llu skipped)",
                      (unsigned long long)answer_number(text, tape, scanned, "rows"),
                      (double)answer_number(text, tape, scanned, "bytes") / 1e6,
                      (unsigned long long)answer_number(text, tape, scanned, "parts"),
                      (unsigned long long)answer_number(text, tape, scanned, "parts_skipped"));
        if (from.size > 0)
            (void)fprintf(stderr, ", %.*s to %.*s", SLICE_FMT(from),
                          SLICE_FMT(answer_member(text, tape, scanned, "to")));
        (void)fprintf(stderr, "; up to _Seq %llu",
                      (unsigned long long)answer_number(text, tape, 0, "watermark"));
    }
    (void)fprintf(stderr, "\n");
}

static enum status show_rows(const struct command_context *context, enum output_format format,
                             const struct answer_table *table, uint64_t *row_count,
                             struct error *err)
{
    const struct json_token *tokens = table->tape->tokens;
    struct output output;
    struct slice *columns = NULL;
    uint32_t column_count = 0;
    enum status status = column_names(context, table, &columns, &column_count, err);

    if (status != STATUS_OK)
        return status;
    uint32_t rows = json_member(table->text, tokens, table->at, SLICE("rows"));
    status = output_begin(&output, format, columns, column_count, context->arena, err);
    output.is_uncut = options_has(context->options, "explain");
    if (rows != UINT32_MAX) {
        for (uint32_t i = rows + 1; status == STATUS_OK && i < tokens[rows].next;
             i = tokens[i].next)
            status = output_row(&output, table->text, table->tape, i, err);
    }
    *row_count += output.row_count;
    if (status == STATUS_OK)
        return output_end(&output, err);
    output_drop(&output);
    return status;
}

/* Further tables, each under its name; formats for programs have one table, so there they
 * are left out, and said so. */
static enum status show_further(const struct command_context *context,
                                enum output_format format, struct slice text,
                                const struct json_tape *tape, uint64_t *row_count,
                                struct error *err)
{
    uint32_t list = json_member(text, tape->tokens, 0, SLICE("tables"));
    enum status status = STATUS_OK;
    uint32_t count = 0;

    for (uint32_t i = list + 1; list != UINT32_MAX && status == STATUS_OK &&
                                i < tape->tokens[list].next; i = tape->tokens[i].next) {
        struct answer_table table = {text, tape, i};
        uint32_t name = json_member(text, tape->tokens, i, SLICE("name"));
        struct buf title;
        count++;
        if (format != OUTPUT_TABLE)
            continue;
        buf_init(&title, MIB);
        buf_add_byte(&title, '\n');
        if (name != UINT32_MAX)
            text_add_printable(&title, json_text(text, &tape->tokens[name]));
        buf_add_byte(&title, '\n');
        status = output_write(buf_slice(&title), err);
        buf_release(&title);
        if (status == STATUS_OK)
            status = show_rows(context, format, &table, row_count, err);
    }
    if (count > 0 && format != OUTPUT_TABLE)
        (void)fprintf(stderr, "daybook: further tables of the answer: %u; -o table shows them\n",
                      count);
    return status;
}

static void add_member(struct buf *line, struct slice text, const struct json_tape *tape,
                       const char *key)
{
    uint32_t token = json_member(text, tape->tokens, 0, slice_of(key));
    struct buf value;

    buf_init(&value, 64 * KIB);
    if (token != UINT32_MAX)
        answer_add_text(text, tape, token, &value);
    text_add_printable(line, buf_slice(&value));
    buf_release(&value);
}

bool command_show_gap(struct slice text, const struct json_tape *tape)
{
    struct buf gap, code;

    if (!slice_is(answer_member(text, tape, 0, "complete"), "false"))
        return false;
    buf_init(&gap, 64 * KIB);
    buf_init(&code, 64 * KIB);
    add_member(&gap, text, tape, "gap");
    add_member(&code, text, tape, "gap_code");
    (void)fprintf(stderr, "daybook: the answer is not complete: %.*s%s%.*s%s\n",
                  SLICE_FMT(gap.size > 0 ? buf_slice(&gap)
                                         : SLICE("some stored data could not be read")),
                  code.size > 0 ? " (" : "", SLICE_FMT(buf_slice(&code)),
                  code.size > 0 ? ")" : "");
    buf_release(&gap);
    buf_release(&code);
    return true;
}

static enum status show(const struct command_context *context, enum output_format format,
                        struct slice text, const struct json_tape *tape, struct error *err)
{
    struct answer_table first = {text, tape, 0};
    uint64_t row_count = 0;
    enum status status = show_rows(context, format, &first, &row_count, err);

    if (status == STATUS_OK)
        status = show_further(context, format, text, tape, &row_count, err);
    if (status == STATUS_OK)
        (void)command_show_gap(text, tape);
    if (status == STATUS_OK)
        show_warnings(text, tape);
    if (status == STATUS_OK && isatty(STDERR_FILENO))
        show_summary(text, tape, row_count);
    return status;
}

/* With --pager through $PAGER (less), whose Ctrl-C is while it runs. */
static enum status show_paged(const struct command_context *context, struct slice text,
                              const struct json_tape *tape, struct error *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    const char *pager = getenv("PAGER");
    int ends[2], out;
    enum output_format format;

    if (output_format_from(context->options, &format, err) != STATUS_OK)
        return err->status;
    if (!options_has(context->options, "pager") || !isatty(STDOUT_FILENO))
        return show(context, format, text, tape, err);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot make a pipe for the pager");
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[0], STDIN_FILENO);
        (void)signal(SIGINT, SIG_DFL);
        (void)execl("/bin/sh", "sh", "-c", pager == NULL || pager[0] == '\0' ? "less" : pager,
                    (char *)NULL);
        _exit(127);
    }
    if (child < 0) { /* then without it */
        (void)close(ends[0]);
        (void)close(ends[1]);
        return show(context, format, text, tape, err);
    }
    (void)sigaction(SIGINT, &ignore, &before);
    out = dup(STDOUT_FILENO);
    (void)dup2(ends[1], STDOUT_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
    output_set_paged(true);
    enum status status = show(context, format, text, tape, err);
    output_set_paged(false);
    (void)dup2(out, STDOUT_FILENO); /* the pager sees the end */
    (void)close(out);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    (void)sigaction(SIGINT, &before, NULL);
    return status == STATUS_IO ? STATUS_OK : status; /* it was left before the end */
}

enum status query_ask(const struct command_context *context, struct session *session,
                      struct slice text, bool *ret_complete, struct error *err)
{
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX); /* of this answer: more may come */
    struct command_context own = *context;
    struct session_answer answer = {0};
    struct json_tape tape;
    struct buf body;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    own.arena = arena;
    json_tape_init(&tape);
    buf_init(&body, QUERY_BODY_BYTES_MAX);
    enum status status = query_body(context, text, &body, err);
    if (status == STATUS_OK) {
        struct session_request request = {
            .method = HTTP_POST,
            .path = options_has(context->options, "explain") ? "/v1/query/explain" : "/v1/query",
            .body = buf_slice(&body),
        };
        struct waiting *waiting = waiting_start(STDERR_FILENO);
        status = session_ask(session, &request, &answer, &tape, err);
        waiting_stop(waiting);
    }
    if (status == STATUS_OK) {
        output_set_stop(context->host->interrupted);
        status = show_paged(&own, buf_slice(&answer.body), &tape, err);
        output_set_stop(NULL);
        *ret_complete = !slice_is(answer_member(buf_slice(&answer.body), &tape, 0, "complete"),
                                  "false");
    }
    session_answer_release(&answer);
    json_tape_release(&tape);
    buf_release(&body);
    arena_free(arena);
    return status;
}

/* Under the message: the line of the query and a caret, for people. */
static void show_place(struct slice text, const struct error *err)
{
    struct buf caret;

    if (!isatty(STDERR_FILENO))
        return;
    buf_init(&caret, 64 * KIB);
    shell_add_caret(&caret, text, err->line, err->column);
    (void)fprintf(stderr, "%.*s", SLICE_FMT(buf_slice(&caret)));
    buf_release(&caret);
}

static int end(enum status status, const struct error *err)
{
    return status == STATUS_OK || output_was_left(err) ? CLI_OK : cli_fail(err);
}

/* The text of the argument, or of standard input for "-". */
static enum status read_text(const char *word, struct buf *ret, struct error *err)
{
    enum status status = STATUS_OK;

    buf_init(ret, QUERY_BODY_BYTES_MAX);
    if (strcmp(word, "-") == 0)
        status = command_read(word, ret, err);
    else
        buf_add_text(ret, word);
    if (status == STATUS_OK)
        status = buf_check(ret, err);
    if (status == STATUS_OK && !text_is_utf8(buf_slice(ret)))
        status = ERROR_SET(err, STATUS_INVALID, "the query is not UTF-8 text");
    return status;
}

static int run_one(const struct command_context *context, const char *word)
{
    struct session *session = NULL;
    bool is_complete = true;
    struct error err;
    struct buf text;
    enum status status = read_text(word, &text, &err);

    if (status == STATUS_OK && slice_trim(buf_slice(&text)).size == 0) {
        buf_release(&text);
        return command_usage(context, "give one query, in quotes or on standard input");
    }
    if (status == STATUS_OK)
        status = session_open(context, &session, &err);
    if (status == STATUS_OK)
        status = query_ask(context, session, buf_slice(&text), &is_complete, &err);
    int code = end(status, &err);
    if (code == CLI_OK && !is_complete && options_has(context->options, "fail-on-incomplete"))
        code = CLI_INCOMPLETE;
    if (status != STATUS_OK && code != CLI_OK)
        show_place(buf_slice(&text), &err);
    session_close(session);
    buf_release(&text);
    return code;
}

/* Sends a line of the batch to the server, which answers with a line. */
static enum status remote_line(const struct command_context *context, struct session *session,
                               struct slice line, struct buf *ret, struct error *err)
{
    const char *tenant = options_get(context->options, "tenant", "");
    const char *now = options_get(context->options, "now", "");
    struct http_pair query[] = {
        {SLICE("tenant"), slice_of(tenant)},
        {SLICE("now"), slice_of(now)},
        {SLICE("watermark"), slice_of(options_get(context->options, "watermark", ""))},
        {SLICE("check"), options_has(context->options, "check") ? SLICE("1") : SLICE("0")},
        {SLICE("all-tenants"),
         options_has(context->options, "all-tenants") ? SLICE("1") : SLICE("0")},
    };
    struct session_request request = {
        .method = HTTP_POST,
        .path = "/v1/query/batch",
        .query = query,
        .query_count = sizeof(query) / sizeof(query[0]),
        .body = line,
    };
    enum status status = STATUS_BUSY;
    unsigned left_s = BATCH_WAIT_S, wait_s = 1;

    while (status == STATUS_BUSY && wait_s > 0 && !atomic_load(context->host->interrupted)) {
        struct session_answer answer = {0};
        status = session_send(session, &request, &answer, err);
        if (status == STATUS_OK && answer.status != 200)
            status = session_error(&answer, err);
        wait_s = answer.retry_after_s > 0 ? answer.retry_after_s : 1;
        wait_s = wait_s < left_s ? wait_s : left_s; /* a proxy may say an hour */
        left_s -= wait_s;
        if (status == STATUS_OK)
            buf_add_slice(ret, slice_trim(buf_slice(&answer.body)));
        else if (status == STATUS_BUSY)
            (void)sleep(wait_s);
        session_answer_release(&answer);
    }
    return status;
}

static enum status local_line(const struct command_context *context, struct slice line,
                              struct buf *ret, struct error *err)
{
    const char *now = options_get(context->options, "now", NULL);
    struct query_request base = {
        .now = time_from_unix_us(clock_unix_us(clock_system())),
        .cancelled = context->host->interrupted,
        .check_only = options_has(context->options, "check"),
        .thread_count = 2,
    };

    if (now != NULL && !time_parse_iso(slice_of(now), &base.now))
        return ERROR_SET(err, STATUS_INVALID, "--now wants a time such as 2024-02-17T17:12:03Z");
    return query_batch_line(&base, line, ret, err);
}

static int run_batch(const struct command_context *context, const char *path)
{
    bool alone = !session_has_place(context->options);
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    struct session *session = NULL;
    struct error err;
    enum status status = STATUS_OK;
    char *line = NULL;
    size_t capacity = 0;

    if (file == NULL)
        status = ERROR_SET(&err, STATUS_IO, "cannot open '%s'", path);
    if (status == STATUS_OK && !alone)
        status = session_open(context, &session, &err);
    while (status == STATUS_OK) {
        ssize_t size = getline(&line, &capacity, file);
        if (size < 0 && ferror(file) != 0)
            status = ERROR_SET(&err, STATUS_IO, "cannot read '%s'", path);
        if (size < 0)
            break;
        struct slice text = slice_trim(slice_from(line, (size_t)size));
        struct buf answer;
        if (text.size == 0)
            continue;
        buf_init(&answer, GIB);
        status = alone ? local_line(context, text, &answer, &err)
                       : remote_line(context, session, text, &answer, &err);
        if (status == STATUS_LIMIT && !alone) { /* the line is too long for a request */
            query_batch_refuse(text, &err, &answer);
            status = STATUS_OK;
        }
        if (answer.size == 0 || answer.data[answer.size - 1] != '\n')
            buf_add_byte(&answer, '\n');
        if (atomic_load(context->host->interrupted)) /* what came is no answer then */
            status = ERROR_SET(&err, STATUS_CANCELLED, "interrupted: further lines have no answer");
        if (status == STATUS_OK)
            status = output_write_json(buf_slice(&answer), &err);
        buf_release(&answer);
    }
    free(line);
    if (file != NULL && file != stdin)
        (void)fclose(file);
    session_close(session);
    return end(status, &err);
}

/* What would be taken for done, and is not: "" or what is wrong with the options. */
static const char *wrong_with_batch(const struct options *o)
{
    static const char *const others[] = {"parameter", "explain", "pager", "o",
                                         "fail-on-incomplete"};

    if (o->word_count > 0)
        return "--batch takes no query besides";
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (options_has(o, others[i]))
            return "--batch takes no --parameter, --explain, --pager, --fail-on-incomplete or -o";
    }
    if (!session_has_place(o) && (options_has(o, "tenant") || options_has(o, "all-tenants")))
        return "--batch has no tenants without --data or --server";
    return "";
}

static int run_format(const struct command_context *context)
{
    struct buf text, laid_out;
    struct error err;

    if (context->options->word_count != 1)
        return command_usage(context, "give one query in quotes, or '-' for standard input");
    buf_init(&laid_out, 4 * QUERY_BODY_BYTES_MAX);
    enum status status = read_text(context->options->words[0], &text, &err);
    if (status == STATUS_OK)
        status = query_format(buf_slice(&text), &laid_out, &err);
    if (status == STATUS_OK)
        status = output_write(buf_slice(&laid_out), &err);
    buf_release(&text);
    buf_release(&laid_out);
    return end(status, &err);
}

static int run_reference(void)
{
    struct error err;
    struct buf buf;

    buf_init(&buf, MIB);
    enum status status = query_add_reference(&buf, &err);
    if (status == STATUS_OK)
        status = output_write(buf_slice(&buf), &err);
    buf_release(&buf);
    return end(status, &err);
}

int cmd_query(const struct command_context *context)
{
    const struct options *o = context->options;
    const char *batch = options_get(o, "batch", NULL);

    if ((options_has(o, "format") || options_has(o, "reference")) && options_has(o, "o"))
        return command_usage(context, "--format and --reference print a text, they take no -o");
    if (options_has(o, "format"))
        return run_format(context);
    if (options_has(o, "reference"))
        return run_reference();

    if (options_has(o, "analyze") && !options_has(o, "explain"))
        return command_usage(context, "--analyze goes with --explain");
    if (options_has(o, "check") && batch == NULL)
        return command_usage(context, "--check goes with --batch");
    if (batch != NULL)
        return wrong_with_batch(o)[0] == '\0' ? run_batch(context, batch)
                                              : command_usage(context, "%s", wrong_with_batch(o));
    if (o->word_count > 1)
        return command_usage(context, "give one query, in quotes");
    if (session_is_here(o) && !options_has(o, "tenant") && !options_has(o, "all-tenants"))
        return command_usage(context, "--tenant NAME or --all-tenants is wanted");
    /* Elsewhere the prompt and what is typed would stand among the rows. */
    if (o->word_count == 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return shell_run(context);
    return run_one(context, o->word_count == 0 ? "-" : o->words[0]);
}
