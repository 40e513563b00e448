/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shell.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/query_priv.h"
#include "cli/shell_text.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_LINES_MAX 2000
#define LISTED_MAX 40u
#define TEXT_BYTES_MAX (1 * MIB)

struct shell {
    const struct command_context *context;
    struct session *session;
    EditLine *edit;
    History *history;
    struct buf text;  /* lines of the query so far */
    bool given_up;    /* Ctrl-C while editing */
};

static char *prompt(EditLine *edit)
{
    static const char *const prompts[] = {"daybook> ", "      -> "};
    struct shell *shell = NULL;

    (void)el_get(edit, EL_CLIENTDATA, &shell);
    /* libedit only reads it */
    union {
        const char *text;
        char *prompt;
    } ret = {prompts[shell->text.size > 0 ? 1 : 0]};
    return ret.prompt;
}

static unsigned char give_up(EditLine *edit, int key)
{
    struct shell *shell = NULL;

    (void)key;
    (void)el_get(edit, EL_CLIENTDATA, &shell);
    shell->given_up = true;
    return CC_NEWLINE;
}

/* ---- completion ---- */

/* The tape of what can stand at the cursor; false: it is not known. */
static bool ask_completion(struct shell *shell, const LineInfo *line,
                           struct session_answer *answer, struct json_tape *tape)
{
    struct buf text, body;
    struct error err;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_init(&body, 2 * TEXT_BYTES_MAX);
    buf_add_slice(&text, buf_slice(&shell->text));
    buf_add(&text, line->buffer, (size_t)(line->cursor - line->buffer));
    enum status status = query_body(shell->context, buf_slice(&text), &body, &err);
    if (status == STATUS_OK) {
        struct session_request request = {
            .method = HTTP_POST,
            .path = "/v1/query/complete",
            .body = buf_slice(&body),
        };
        status = session_ask(shell->session, &request, answer, tape, &err);
    }
    buf_release(&text);
    buf_release(&body);
    return status == STATUS_OK;
}

/* How many bytes the texts of all items have in common at their beginning. */
static void common_beginning(struct slice text, const struct json_tape *tape, uint32_t items,
                             struct buf *ret)
{
    for (uint32_t i = items + 1; i < tape->tokens[items].next; i = tape->tokens[i].next) {
        uint32_t token = json_member(text, tape->tokens, i, SLICE("text"));
        struct buf word;
        size_t same = 0;
        if (token == UINT32_MAX)
            continue;
        buf_init(&word, MIB);
        answer_add_text(text, tape, token, &word);
        if (i == items + 1)
            buf_add_slice(ret, buf_slice(&word));
        while (same < word.size && same < ret->size && word.data[same] == ret->data[same])
            same++;
        while (same > 0 && same < ret->size && ((unsigned char)ret->data[same] & 0xc0) == 0x80)
            same--;
        ret->size = same;
        buf_release(&word);
    }
}

static void list_items(struct slice text, const struct json_tape *tape, uint32_t items)
{
    uint32_t shown = 0;
    struct buf line;

    (void)printf("\n");
    for (uint32_t i = items + 1; i < tape->tokens[items].next; i = tape->tokens[i].next) {
        struct slice summary = answer_member(text, tape, i, "summary");
        struct slice detail = answer_member(text, tape, i, "detail");
        uint32_t token = json_member(text, tape->tokens, i, SLICE("text"));
        struct buf word;
        if (++shown > LISTED_MAX || token == UINT32_MAX)
            continue;
        buf_init(&word, MIB);
        buf_init(&line, MIB);
        answer_add_text(text, tape, token, &word);
        text_add_printable(&line, buf_slice(&word));
        while (line.size < 26)
            buf_add_byte(&line, ' ');
        buf_add_text(&line, "  ");
        text_add_printable(&line, slice_head(summary.size > 0 ? summary : detail, 70));
        (void)printf("%.*s\n", SLICE_FMT(buf_slice(&line)));
        buf_release(&line);
        buf_release(&word);
    }
    if (shown > LISTED_MAX)
        (void)printf("and %u more\n", shown - LISTED_MAX);
    (void)fflush(stdout);
}

/* Text that is pasted is there at once, with more behind its tabs than an impatient second Tab. */
static bool is_pasted(void)
{
    int left_bytes = 0;

    return ioctl(STDIN_FILENO, FIONREAD, &left_bytes) == 0 && left_bytes > 1;
}

/* Writes what all choices begin with; lists them where that is nothing new. */
static unsigned char complete(EditLine *edit, int key)
{
    struct shell *shell = NULL;
    struct session_answer answer = {0};
    const LineInfo *line = el_line(edit);
    unsigned char ret = CC_ERROR;
    struct json_tape tape;
    struct buf word;

    (void)key;
    (void)el_get(edit, EL_CLIENTDATA, &shell);
    if (is_pasted()) {
        (void)el_insertstr(edit, "\t");
        return CC_REFRESH;
    }
    json_tape_init(&tape);
    buf_init(&word, MIB);
    if (ask_completion(shell, line, &answer, &tape)) {
        struct slice text = buf_slice(&answer.body);
        uint32_t items = json_member(text, tape.tokens, 0, SLICE("items"));
        uint64_t from = answer_number(text, &tape, 0, "from");
        uint64_t at = text_rune_count(buf_slice(&shell->text)) +
                      text_rune_count(slice_from(line->buffer,
                                                 (size_t)(line->cursor - line->buffer)));
        if (items != UINT32_MAX && tape.tokens[items].next > items + 1 && from <= at) {
            bool one = tape.tokens[items + 1].next == tape.tokens[items].next;
            common_beginning(text, &tape, items, &word);
            size_t characters = text_rune_count(buf_slice(&word));
            buf_add_byte(&word, '\0');
            if (characters > at - from || one) {
                el_deletestr(edit, (int)(at - from));
                (void)el_insertstr(edit, word.data);
                ret = CC_REFRESH;
            } else {
                list_items(text, &tape, items);
                ret = CC_REDISPLAY;
            }
        }
    }
    buf_release(&word);
    json_tape_release(&tape);
    session_answer_release(&answer);
    return ret;
}

/* ---- history ---- */

/* The path, with the directories above it made; empty where there is no home. */
static void history_path(struct buf *ret)
{
    shell_add_history_path(ret);
    for (size_t i = 1; i < ret->size; i++) {
        if (ret->data[i] != '/')
            continue;
        ret->data[i] = '\0';
        (void)mkdir(ret->data, 0700);
        ret->data[i] = '/';
    }
    buf_add_byte(ret, '\0');
}

static void load_history(struct shell *shell)
{
    HistEvent event;
    struct buf path;

    buf_init(&path, 64 * KIB);
    history_path(&path);
    (void)history(shell->history, &event, H_SETSIZE, HISTORY_LINES_MAX);
    (void)history(shell->history, &event, H_SETUNIQUE, 1);
    if (!path.failed && path.size > 1)
        (void)history(shell->history, &event, H_LOAD, path.data);
    buf_release(&path);
}

static void save_history(struct shell *shell)
{
    HistEvent event;
    struct buf path;

    buf_init(&path, 64 * KIB);
    history_path(&path);
    mode_t mask = umask(077);
    if (!path.failed && path.size > 1) {
        (void)chmod(path.data, 0600); /* made by another program perhaps */
        (void)history(shell->history, &event, H_SAVE, path.data);
    }
    (void)umask(mask);
    buf_release(&path);
}

/* ---- lines ---- */

static void ask(struct shell *shell)
{
    struct slice text = slice_trim(buf_slice(&shell->text));
    bool is_complete; /* what lacks was said */
    struct error err;
    struct buf caret;

    if (text.size == 0)
        return;
    (void)fflush(stdout);
    if (query_ask(shell->context, shell->session, text, &is_complete, &err) == STATUS_OK)
        return;
    (void)cli_fail(&err);
    buf_init(&caret, 64 * KIB);
    shell_add_caret(&caret, text, err.line, err.column);
    (void)fprintf(stderr, "%.*s", SLICE_FMT(buf_slice(&caret)));
    buf_release(&caret);
}

/* One line more; false at the end of the input. */
static bool read_line(struct shell *shell)
{
    atomic_bool *interrupted = shell->context->host->interrupted;
    HistEvent event;
    int size = 0;

    shell->given_up = false;
    const char *line = el_gets(shell->edit, &size);
    /* Ctrl-C is a signal until the terminal is ready for the line, and is about none then. */
    bool signalled = atomic_exchange(interrupted, false) && line == NULL;
    if (shell->given_up || signalled) {
        (void)printf("^C\n");
        buf_clear(&shell->text);
        return true;
    }
    if (line == NULL || size <= 0) {
        if (isatty(STDIN_FILENO))
            (void)printf("\n");
        else
            ask(shell); /* the end of a file ends the query */
        return false;
    }
    struct slice typed = slice_from(line, (size_t)size);
    if (slice_trim(typed).size > 0)
        (void)history(shell->history, &event, H_ENTER, line);
    buf_add_slice(&shell->text, typed);
    if (shell->text.failed) {
        (void)fprintf(stderr, "daybook: the query is longer than %zu bytes\n", TEXT_BYTES_MAX);
        buf_clear(&shell->text);
    } else if (shell_is_ended(buf_slice(&shell->text))) {
        save_history(shell); /* the window may be closed, or Ctrl-C be meant twice */
        ask(shell);
        buf_clear(&shell->text);
        atomic_store(interrupted, false); /* it was about that query */
    }
    return true;
}

static bool prepare(struct shell *shell)
{
    bool terminal = isatty(STDIN_FILENO);

    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    shell->edit = el_init("daybook", stdin, stdout, stderr);
    shell->history = history_init();
    if (shell->edit == NULL || shell->history == NULL)
        return false;
    (void)el_set(shell->edit, EL_CLIENTDATA, shell);
    (void)el_set(shell->edit, EL_EDITOR, "emacs");
    (void)el_set(shell->edit, EL_HIST, history, shell->history);
    if (terminal) {
        (void)el_set(shell->edit, EL_PROMPT, prompt);
        /* Ctrl-C is a key while a line is edited, and a signal while a query runs. */
        (void)el_set(shell->edit, EL_SETTY, "-d", "-isig", NULL);
    }
    (void)el_set(shell->edit, EL_ADDFN, "daybook-complete", "what can stand here", complete);
    (void)el_set(shell->edit, EL_ADDFN, "daybook-give-up", "begin anew", give_up);
    (void)el_set(shell->edit, EL_BIND, "^I", "daybook-complete", NULL);
    (void)el_set(shell->edit, EL_BIND, "^C", "daybook-give-up", NULL);
    (void)el_set(shell->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    load_history(shell);
    if (terminal)
        (void)fprintf(stderr, "A query ends with an empty line or ';'. Tab completes, Ctrl-C "
                              "cancels, Ctrl-D leaves.\n");
    return true;
}

int shell_run(const struct command_context *context)
{
    struct shell shell = {.context = context};
    struct error err;
    int code = CLI_OK;

    buf_init(&shell.text, TEXT_BYTES_MAX);
    if (session_open(context, &shell.session, &err) != STATUS_OK)
        return cli_fail(&err);
    if (prepare(&shell)) {
        while (read_line(&shell))
            ;
        save_history(&shell);
    } else {
        (void)fprintf(stderr, "daybook: the terminal cannot be used\n");
        code = CLI_FAILED;
    }
    if (shell.history != NULL)
        history_end(shell.history);
    if (shell.edit != NULL)
        el_end(shell.edit);
    session_close(shell.session);
    buf_release(&shell.text);
    return code;
}
