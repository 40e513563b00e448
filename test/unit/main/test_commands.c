/* SPDX-License-Identifier: Apache-2.0 */
/* The command line on a data directory: what it prints and its exit codes. */
#include "place.h"

#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct desk {
    struct place place;
    struct buf out, errors;
    char file[96];
};

static struct place *host_place; /* cli_host has no context of its own */
static atomic_bool interrupted;

static enum status open_local(const char *data_dir, struct cli_local *ret, struct error *err)
{
    if (strcmp(data_dir, host_place->root) != 0)
        return ERROR_SET(err, STATUS_BUSY, "in use by process 7");
    *ret = (struct cli_local){
        .router = daybook_router(host_place->daybook),
        .principal = {.role = ROLE_OPERATOR, .name = "local"},
    };
    return STATUS_OK;
}

static void close_local(struct cli_local *local)
{
    (void)local;
}

static int other_command(const struct options *options)
{
    return 40 + (int)options->value_count;
}

static const struct cli_host host = {open_local, close_local, other_command, other_command,
                                     other_command, &interrupted};

static void read_back(int fd, struct buf *ret)
{
    char chunk[4096];
    ssize_t got;

    buf_clear(ret);
    (void)lseek(fd, 0, SEEK_SET);
    while ((got = read(fd, chunk, sizeof(chunk))) > 0)
        buf_add(ret, chunk, (size_t)got);
    buf_add_byte(ret, '\0');
}

/* Runs a command with its outputs in files. */
static int run(struct desk *desk, const char *const *argv)
{
    const char *words[32];
    int argc = 0, fds[2], saved[2];

    for (; argv[argc] != NULL; argc++)
        words[argc] = strcmp(argv[argc], "%d") == 0   ? desk->place.root
                      : strcmp(argv[argc], "%f") == 0 ? desk->file
                                                      : argv[argc];
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        char path[] = "/tmp/daybook-output-XXXXXX";
        fds[i] = mkstemp(path);
        (void)unlink(path);
        saved[i] = dup(i + 1);
        (void)dup2(fds[i], i + 1);
    }
    int code = cli_main(&host, argc, words);
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        (void)dup2(saved[i], i + 1);
        (void)close(saved[i]);
        read_back(fds[i], i == 0 ? &desk->out : &desk->errors);
        (void)close(fds[i]);
    }
    return code;
}

#define RUN(...) run(desk, (const char *const[]){__VA_ARGS__, NULL})
#define ASSERT_CODE(wanted, ...)                                                                   \
    do {                                                                                           \
        int code_ = RUN(__VA_ARGS__);                                                              \
        if (code_ != (wanted))                                                                     \
            fail_msg("exit code %d: %s%s", code_, desk->out.data, desk->errors.data);              \
    } while (0)
#define ASSERT_PRINTS(text)                                                                        \
    do {                                                                                           \
        if (strstr(desk->out.data, text) == NULL)                                                  \
            fail_msg("wanted %s in %s", text, desk->out.data);                                     \
    } while (0)

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    (void)unsetenv("DAYBOOK_DATA");
    (void)unsetenv("DAYBOOK_SERVER");
    (void)unsetenv("DAYBOOK_TOKEN");
    place_make(&desk->place);
    place_open(&desk->place);
    host_place = &desk->place;
    buf_init(&desk->out, GIB);
    buf_init(&desk->errors, GIB);
    (void)snprintf(desk->file, sizeof(desk->file), "%s/input", desk->place.root);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    place_close(&desk->place, false);
    place_remove(&desk->place);
    buf_release(&desk->out);
    buf_release(&desk->errors);
    free(desk);
    return 0;
}

static void write_file(const struct desk *desk, const char *text)
{
    FILE *file = fopen(desk->file, "w");

    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void tenants_and_tokens_are_made_listed_and_revoked(void **state)
{
    struct desk *desk = *state;
    char id[64];

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    ASSERT_CODE(CLI_FAILED, "tenant", "add", "alpha", "--data", "%d");
    ASSERT_CODE(CLI_OK, "tenant", "list", "--data", "%d");
    ASSERT_PRINTS("\"alpha\"");
    ASSERT_CODE(CLI_OK, "tenant", "show", "alpha", "--data", "%d");
    ASSERT_CODE(CLI_FAILED, "tenant", "show", "bravo", "--data", "%d");
    ASSERT_CODE(CLI_OK, "token", "add", "--tenant", "alpha", "--role", "reader", "--data", "%d",
                "-o", "json");
    const char *at = strstr(desk->out.data, "\"id\":\"");
    assert_non_null(at);
    (void)snprintf(id, sizeof(id), "%.36s", at + 6);
    ASSERT_CODE(CLI_OK, "token", "revoke", id, "--data", "%d");
    ASSERT_CODE(CLI_OK, "token", "list", "--data", "%d", "-o", "ndjson");
    ASSERT_PRINTS(id);
    ASSERT_CODE(CLI_USAGE, "token", "add", "--tenant", "alpha", "--role", "king", "--data", "%d");
}

static void what_is_ingested_comes_back(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "[{\"n\":1},\n {\"n\" : 2}]");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data", "%d");
    ASSERT_PRINTS("{\"records\":2,\"stored\":2,");
    ASSERT_CODE(CLI_OK, "query", "--tenant", "alpha", "T_CL | project n | sort by n asc", "--data",
                "%d");
    assert_string_equal(desk->out.data, "{\"n\":1}\n{\"n\":2}\n");
    ASSERT_CODE(CLI_OK, "query", "--tenant", "alpha", "T_CL | project n, s='a,b' | take 1",
                "--data", "%d", "-o", "csv");
    ASSERT_PRINTS("n,s\r\n");
    ASSERT_PRINTS(",\"a,b\"\r\n");
    ASSERT_CODE(CLI_OK, "query", "--tenant", "alpha", "T_CL | where n == 9 | project n", "--data",
                "%d", "-o", "json");
    assert_string_equal(desk->out.data, "[]\n");
    ASSERT_CODE(CLI_OK, "raw", "--tenant", "alpha", "--from-seq", "1", "--count", "100", "--data",
                "%d", "-0");
    assert_non_null(memmem(desk->out.data, desk->out.size, "{\"n\" : 2}", 10));
    ASSERT_CODE(CLI_FAILED, "ingest", "--tenant", "alpha", "/nowhere/at/all", "--data", "%d");
}

static void an_array_without_its_end_is_told(void **state)
{
    static const char *const texts[] = {"[", "[\n", "[{\"n\":1}", "[{\"n\":2},",
                                        "[{\"n\":3},{\"n\":"};
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        write_file(desk, texts[i]);
        ASSERT_CODE(CLI_USAGE, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data",
                    "%d");
        assert_non_null(strstr(desk->errors.data, "the JSON array has no end"));
    }
    ASSERT_CODE(CLI_OK, "query", "--tenant", "alpha", "T_CL | where n > 0 | count", "--data", "%d");
    assert_string_equal(desk->out.data, "{\"Count\":3}\n");
    write_file(desk, "[]");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data", "%d");
}

/* Several blobs in a row, as `cat` makes them: no record of the others can be found. */
static void what_stands_behind_an_array_is_told(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "[{\"n\":1}]\n[{\"n\":2}]\n");
    ASSERT_CODE(CLI_USAGE, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, "more behind the JSON array"));
    ASSERT_PRINTS("\"stored\":1,");
    write_file(desk, "[{\"n\":3}] \n\n");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data", "%d");
}

static void a_table_cannot_steer_the_terminal(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "{\"s\":\"\\u001b[2J\\u202eevil\\n\"}");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data", "%d");
    ASSERT_CODE(CLI_OK, "query", "--tenant", "alpha", "T_CL | project s", "--data", "%d", "-o",
                "table");
    ASSERT_PRINTS("evil");
    assert_null(strchr(desk->out.data, 0x1b));
    assert_null(strstr(desk->out.data, "\xE2\x80\xAE"));
}

static void batches_answer_a_line_a_line(void **state)
{
    struct desk *desk = *state;

    write_file(desk, "{\"id\":\"a\",\"query\":\"print x=1\"}\n{\"id\":\"b\",\"query\":\"print\"}\n"
                     "{\"id\":\"c\",\"query\":\"Nowhere\"}\n");
    ASSERT_CODE(CLI_OK, "query", "--batch", "%f");
    ASSERT_PRINTS("{\"id\":\"a\",\"columns\":[\"x\"],\"types\":[\"long\"],"
                       "\"rows\":[[1]],\"complete\":true,");
    ASSERT_PRINTS("{\"id\":\"c\",\"error\":");
    ASSERT_CODE(CLI_OK, "query", "--batch", "%f", "--check");
}

static void a_parameter_is_given_once(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    ASSERT_CODE(CLI_USAGE, "query", "--tenant", "alpha", "--parameter", "x=1", "--parameter", "x=2",
                "declare query_parameters(x:long); print x", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, "the parameter 'x' is given twice"));
}

/* By an option or by a variable, and only there the tenant counts. */
static void a_batch_is_asked_where_it_is_said(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "{\"n\":1}");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "--table", "T_CL", "%f", "--data", "%d");
    write_file(desk, "{\"id\":\"a\",\"query\":\"T_CL | count\"}\n");
    ASSERT_CODE(CLI_USAGE, "query", "--batch", "%f", "--tenant", "alpha");
    ASSERT_CODE(CLI_USAGE, "query", "--batch", "%f", "--all-tenants");
    assert_int_equal(setenv("DAYBOOK_DATA", desk->place.root, 1), 0);
    ASSERT_CODE(CLI_OK, "query", "--batch", "%f", "--tenant", "alpha");
    ASSERT_PRINTS("\"rows\":[[1]]");
    ASSERT_CODE(CLI_FAILED, "query", "--batch", "%f", "--tenant", "nosuch");
    (void)unsetenv("DAYBOOK_DATA");
    ASSERT_CODE(CLI_USAGE, "query", "--batch", "%f", "--parameter", "x=1");
    ASSERT_CODE(CLI_USAGE, "query", "--batch", "%f", "--explain");
    ASSERT_CODE(CLI_USAGE, "query", "--batch", "%f", "-o", "csv");
}

static void a_batch_that_is_interrupted_is_not_whole(void **state)
{
    struct desk *desk = *state;

    write_file(desk, "{\"id\":\"a\",\"query\":\"print x=1\"}\n");
    atomic_store(&interrupted, true);
    int code = RUN("query", "--batch", "%f");
    atomic_store(&interrupted, false);
    assert_int_equal(code, CLI_FAILED);
    assert_int_equal(desk->out.size, 1); /* no line with an error instead of an answer */
    assert_non_null(strstr(desk->errors.data, "interrupted"));
}

static void scope_says_no_with_its_exit_code(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    ASSERT_CODE(CLI_NO, "scope", "--tenant", "alpha", "--ip", "192.0.2.66", "--data", "%d");
    ASSERT_PRINTS("\"tenants\":[]");
    write_file(desk, "{\"CreationTime\":\"2024-02-17T17:12:03\",\"Operation\":"
                     "\"MailItemsAccessed\",\"RecordType\":50,\"MailboxOwnerUPN\":\"ann@x\","
                     "\"ClientIPAddress\":\"192.0.2.66\"}");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "%f", "--data", "%d");
    ASSERT_CODE(CLI_OK, "scope", "--all-tenants", "--ip", "192.0.2.66", "--data", "%d");
    ASSERT_PRINTS("\"mailbox\":\"ann@x\"");
    ASSERT_CODE(CLI_OK, "scope", "--all-tenants", "--ip", "192.0.2.66", "-o", "csv", "--data",
                "%d");
    ASSERT_PRINTS("lower,upper,upper_open,cannot_rule_out\r\n");
    ASSERT_PRINTS(",0,0,true,1 records do not name all messages they are about\r\n");
    write_file(desk, "# a comment\nip 192.0.2.66\n\napp-id x\n");
    ASSERT_CODE(CLI_NO, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
    write_file(desk, "ip\t192.0.2.66\nip \t 192.0.2.67\r\n");
    ASSERT_CODE(CLI_OK, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
    ASSERT_PRINTS("\"ip\":[\"192.0.2.66\",\"192.0.2.67\"]");
    write_file(desk, "ip\n");
    ASSERT_CODE(CLI_USAGE, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, "a line is KIND VALUE with a blank between"));
    ASSERT_CODE(CLI_USAGE, "scope", "--all-tenants", "--data", "%d");
}

/* What cannot match would be answered by "nothing was touched". */
static void indicators_are_what_somebody_meant(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "session s1 # from the alert\nuser a#EXT#@x\t# hers\r\n");
    ASSERT_CODE(CLI_NO, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
    ASSERT_PRINTS("\"session\":[\"s1\"]");
    ASSERT_PRINTS("\"user\":[\"a#EXT#@x\"]");
    write_file(desk, "session # which one?\n");
    ASSERT_CODE(CLI_USAGE, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
    write_file(desk, "user j\xF6rg@x\n");
    ASSERT_CODE(CLI_USAGE, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, ":1: the value is not UTF-8"));
    write_file(desk, "session s1 # B\xFCro\n");
    ASSERT_CODE(CLI_NO, "scope", "--all-tenants", "--indicators", "%f", "--data", "%d");
}

/* Nobody knows that nothing was touched. */
static void scope_and_query_say_that_records_lack(void **state)
{
    struct desk *desk = *state;
    char segments[128];

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "{\"CreationTime\":\"2024-02-17T17:12:03\",\"Operation\":"
                     "\"MailItemsAccessed\",\"RecordType\":50,\"MailboxOwnerUPN\":\"ann@x\","
                     "\"ClientIPAddress\":\"192.0.2.66\"}");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "%f", "--data", "%d");
    place_close(&desk->place, true);
    (void)snprintf(segments, sizeof(segments), "%s/seg", desk->place.root);
    assert_true(tree_remove(segments));
    place_open(&desk->place);
    ASSERT_CODE(CLI_INCOMPLETE, "scope", "--tenant", "alpha", "--ip", "192.0.2.66", "--data", "%d");
    ASSERT_PRINTS("\"tenants\":[]");
    assert_non_null(strstr(desk->errors.data, "the answer is not complete: records 1 to "));
    assert_non_null(strstr(desk->errors.data, "(records_lost)\n"));
    ASSERT_CODE(CLI_OK, "query", "--tenant", "alpha", "AuditRecords | count", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, "(records_lost)\n"));
    ASSERT_CODE(CLI_OK, "loss", "list", "--tenant", "alpha", "--data", "%d");
    ASSERT_PRINTS("\"first_seq\":1,");
}

/* 1 would say that nothing was touched. */
static void a_disk_that_fails_is_no_answer(void **state)
{
    struct desk *desk = *state;
    int end = 0;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    place_close(&desk->place, true);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {1, RLIM_INFINITY};
        struct error err;
        if (place_try_open(&desk->place, &err) != STATUS_OK)
            _exit(101);
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &none); /* each write fails with EFBIG */
        (void)RUN("scope", "--tenant", "alpha", "--ip", "192.0.2.66", "--data", "%d");
        _exit(100); /* it came back */
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    place_open(&desk->place);
    assert_true(WIFEXITED(end));
    assert_int_equal(WEXITSTATUS(end), CLI_FAILED);
}

/* Runs a command whose output nobody reads. */
static int run_unread(struct desk *desk, const char *const *argv)
{
    const char *words[32];
    int argc = 0, ends[2];

    for (; argv[argc] != NULL; argc++)
        words[argc] = strcmp(argv[argc], "%d") == 0 ? desk->place.root : argv[argc];
    (void)fflush(NULL);
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    int saved = dup(1);
    (void)dup2(ends[1], 1);
    int code = cli_main(&host, argc, words);
    (void)dup2(saved, 1);
    (void)close(saved);
    (void)close(ends[1]);
    return code;
}

static void who_has_enough_of_an_answer_makes_no_failure(void **state)
{
    static const char *const reads[][9] = {
        {"doctor", "--data", "%d", "-o", "json"},
        {"doctor", "--data", "%d", "-o", "table"},
        {"verify", "--tenant", "alpha", "--data", "%d"},
        {"query", "--tenant", "alpha", "print 1", "--data", "%d"},
        {"scope", "--tenant", "alpha", "--ip", "192.0.2.66", "--data", "%d"},
        {"scope", "--tenant", "alpha", "--ip", "192.0.2.67", "--data", "%d"},
    };
    struct desk *desk = *state;

    (void)signal(SIGPIPE, SIG_IGN); /* as the program has it */
    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    write_file(desk, "{\"CreationTime\":\"2024-02-17T17:12:03\",\"Operation\":"
                     "\"MailItemsAccessed\",\"RecordType\":50,\"MailboxOwnerUPN\":\"ann@x\","
                     "\"ClientIPAddress\":\"192.0.2.66\"}");
    ASSERT_CODE(CLI_OK, "ingest", "--tenant", "alpha", "%f", "--data", "%d");
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        int code = run_unread(desk, reads[i]);
        if (code != (i == 5 ? CLI_NO : CLI_OK)) /* the answer counts, read or not */
            fail_msg("%s, %zu: exit code %d", reads[i][0], i, code);
    }
}

static void what_is_wrong_has_its_exit_code(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "tenant", "add", "alpha", "--data", "%d");
    ASSERT_CODE(CLI_USAGE, "qery");
    assert_non_null(strstr(desk->errors.data, "did you mean 'query'"));
    ASSERT_CODE(CLI_USAGE, "query", "--tenent", "x");
    ASSERT_CODE(CLI_USAGE, "tenant", "list");
    ASSERT_CODE(CLI_USAGE, "tenant", "frobnicate", "--data", "%d");
    ASSERT_CODE(CLI_USAGE, "tenant", "list", "--data", "%d", "--server", "https://x");
    ASSERT_CODE(CLI_DENIED, "tenant", "list", "--server", "https://x");
    ASSERT_CODE(CLI_USAGE, "query", "--tenant", "alpha", "print 1", "--data", "%d", "-o", "xml");
    ASSERT_CODE(CLI_FAILED, "tenant", "list", "--data", "/elsewhere");
    assert_non_null(strstr(desk->errors.data, "process 7"));
    ASSERT_CODE(CLI_FAILED, "query", "--tenant", "nobody", "print 1", "--data", "%d");
    ASSERT_CODE(CLI_USAGE, "query", "--tenant", "alpha", "print (", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, "line 1, column "));
    ASSERT_CODE(CLI_USAGE, "query", "--tenant", "alpha", "--all-tenants", "print 1", "--data",
                "%d");
    ASSERT_CODE(CLI_USAGE, "query", "--tenant", "alpha", "print '\xFF'", "--data", "%d");
    ASSERT_CODE(CLI_USAGE, "query", "--tenant", "alpha\xFF", "print 1", "--data", "%d");
    ASSERT_CODE(CLI_USAGE, "tenant", "add", "alpha\xFF", "--data", "%d");
    assert_non_null(strstr(desk->errors.data, "not UTF-8"));
    assert_int_equal(desk->out.size, 1);
}

static void assert_lines_fit(const struct desk *desk)
{
    struct slice rest = slice_of(desk->out.data), line;

    while (slice_next(&rest, '\n', &line)) {
        if (line.size > 80)
            fail_msg("%zu columns: %.*s", line.size, SLICE_FMT(line));
    }
}

static void every_command_has_help(void **state)
{
    static const char *const names[] = {"init",   "serve", "tenant",    "token",    "webhook",
                                        "ingest", "query", "raw",       "scope",    "watchlist",
                                        "loss",   "verify", "function", "compact",  "doctor",
                                        "certificate"};
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "--help");
    assert_lines_fit(desk);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ASSERT_PRINTS(names[i]);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ASSERT_CODE(CLI_OK, names[i], "--help");
        ASSERT_PRINTS("usage: daybook");
        ASSERT_PRINTS("--data DIR");
        ASSERT_PRINTS("--help");
        assert_lines_fit(desk);
    }
    ASSERT_CODE(CLI_OK, "help", "help");
    ASSERT_PRINTS("usage: daybook COMMAND");
    ASSERT_CODE(CLI_OK, "--help", "-h");
    ASSERT_PRINTS("usage: daybook COMMAND");
    ASSERT_CODE(CLI_OK, "--version");
    ASSERT_PRINTS("daybook " DAYBOOK_VERSION "\n");
    ASSERT_CODE(41, "init", "--data", "a");
    ASSERT_CODE(42, "serve", "--data", "a", "--listen", "b");
    ASSERT_CODE(CLI_USAGE, "init", "--data", "a", "b");
    ASSERT_CODE(CLI_USAGE, "serve");
    assert_non_null(strstr(desk->errors.data, "daybook serve: --data DIR is wanted\nusage: "));
}

static void doctor_compact_and_webhook_work_on_a_directory(void **state)
{
    struct desk *desk = *state;

    ASSERT_CODE(CLI_OK, "doctor", "--data", "%d");
    ASSERT_PRINTS("0 alerts delivered, 0 wait, 0 not");
    ASSERT_CODE(CLI_OK, "compact", "--data", "%d", "--quiet");
    ASSERT_CODE(CLI_USAGE, "webhook", "set", "http://example.com", "--data", "%d");
    ASSERT_CODE(CLI_OK, "webhook", "show", "--data", "%d");
    ASSERT_CODE(CLI_OK, "webhook", "clear", "--data", "%d");
}

#define DESK_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(tenants_and_tokens_are_made_listed_and_revoked),
        DESK_TEST(what_is_ingested_comes_back),
        DESK_TEST(an_array_without_its_end_is_told),
        DESK_TEST(what_stands_behind_an_array_is_told),
        DESK_TEST(a_parameter_is_given_once),
        DESK_TEST(a_table_cannot_steer_the_terminal),
        DESK_TEST(batches_answer_a_line_a_line),
        DESK_TEST(a_batch_is_asked_where_it_is_said),
        DESK_TEST(a_batch_that_is_interrupted_is_not_whole),
        DESK_TEST(scope_says_no_with_its_exit_code),
        DESK_TEST(indicators_are_what_somebody_meant),
        DESK_TEST(scope_and_query_say_that_records_lack),
        DESK_TEST(a_disk_that_fails_is_no_answer),
        DESK_TEST(who_has_enough_of_an_answer_makes_no_failure),
        DESK_TEST(what_is_wrong_has_its_exit_code),
        DESK_TEST(every_command_has_help),
        DESK_TEST(doctor_compact_and_webhook_work_on_a_directory),
    };

    return RUN_TESTS(tests);
}
