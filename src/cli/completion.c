/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"

#include <string.h>

#define HELP_TEXT "show the options"

/* What an option or word is completed with. */
enum values { VALUES_NONE, VALUES_FILE, VALUES_DIRECTORY, VALUES_WORDS };

static enum values values_of(const struct option *option, const char **ret_words)
{
    static const struct {
        const char *argument, *words;
    } known[] = {
        {"FORMAT", "table json ndjson csv"},
        {"ROLE", "ingest reader analyst admin auditor operator"},
    };

    *ret_words = "";
    if (!option->has_value)
        return VALUES_NONE;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(option->argument, known[i].argument) == 0) {
            *ret_words = known[i].words;
            return VALUES_WORDS;
        }
    }
    if (strcmp(option->argument, "DIR") == 0)
        return VALUES_DIRECTORY;
    return strcmp(option->argument, "FILE") == 0 ? VALUES_FILE : VALUES_NONE;
}

/* The i-th option of the command, of its own and the common ones; NULL behind the last. */
static const struct option *option_at(const struct completion *c, const struct command *command,
                                      size_t i)
{
    size_t common = (command->flags & COMMAND_HOST) != 0    ? 0
                    : (command->flags & COMMAND_BYTES) != 0 ? c->common_count - 1
                                                            : c->common_count;

    if (i < command->option_count)
        return &command->options[i];
    i -= command->option_count;
    return i < common ? &c->common[i] : NULL;
}

static bool is_verb(struct slice word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (!(word.data[i] >= 'a' && word.data[i] <= 'z') && word.data[i] != '|')
            return false;
    }
    return word.size > 0;
}

/* "add list show": the first word of lower case letters in each line of the usage. */
static void add_verbs(struct buf *ret, const struct command *command)
{
    struct slice rest = slice_of(command->usage), line, word, verb;
    size_t from = ret->size;

    while (slice_next(&rest, '\n', &line)) {
        bool found = false;
        while (!found && slice_next(&line, ' ', &word)) {
            found = is_verb(word);
            while (found && slice_next(&word, '|', &verb)) {
                if (ret->size > from)
                    buf_add_byte(ret, ' ');
                buf_add_slice(ret, verb);
            }
        }
    }
}

/* In single quotes of a shell; what is in `escaped` gets a backslash. */
static void add_quoted(struct buf *ret, const char *text, const char *escaped, const char *quote)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            buf_add_text(ret, quote);
            continue;
        }
        if (strchr(escaped, *text) != NULL)
            buf_add_byte(ret, '\\');
        buf_add_byte(ret, *text);
    }
}

static const char *dashes(const struct option *option)
{
    return option->name[1] == '\0' ? "-" : "--";
}

/* ---- bash ---- */

static void add_bash_command(const struct completion *c, const struct command *command,
                             struct buf *ret)
{
    const struct option *option;
    const char *words;

    buf_add_format(ret, "    %s)\n        case \"$before\" in\n", command->name);
    for (size_t i = 0; (option = option_at(c, command, i)) != NULL; i++) {
        enum values values = values_of(option, &words);
        if (!option->has_value)
            continue;
        buf_add_format(ret, "        %s%s) ", dashes(option), option->name);
        if (values == VALUES_WORDS)
            buf_add_format(ret, "COMPREPLY=($(compgen -W '%s' -- \"$word\")); ", words);
        else if (values == VALUES_FILE)
            buf_add_text(ret, "COMPREPLY=($(compgen -f -- \"$word\")); ");
        else if (values == VALUES_DIRECTORY)
            buf_add_text(ret, "COMPREPLY=($(compgen -d -- \"$word\")); ");
        buf_add_text(ret, "return ;;\n");
    }
    buf_add_text(ret, "        esac\n        verbs='");
    add_verbs(ret, command);
    buf_add_text(ret, "' options='");
    for (size_t i = 0; (option = option_at(c, command, i)) != NULL; i++)
        buf_add_format(ret, "%s%s ", dashes(option), option->name);
    buf_add_text(ret, "--help' ;;\n");
}

static void add_bash(const struct completion *c, struct buf *ret)
{
    buf_add_text(ret, "# Completion of daybook in bash, by 'daybook completion bash'.\n"
                      "_daybook() {\n"
                      "    local word=${COMP_WORDS[COMP_CWORD]} verbs= options=\n"
                      "    local before=${COMP_WORDS[COMP_CWORD-1]}\n"
                      "    COMPREPLY=()\n"
                      "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                      "        COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < c->command_count; i++)
        buf_add_format(ret, "%s ", c->commands[i].name);
    buf_add_text(ret, "help --help --version' -- \"$word\"))\n"
                      "        return\n"
                      "    fi\n"
                      "    case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; i < c->command_count; i++)
        add_bash_command(c, &c->commands[i], ret);
    /* A word that begins no verb is the name of a file, perhaps: -o default of complete. */
    buf_add_text(ret, "    esac\n"
                      "    case \"$word\" in\n"
                      "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                      "    *) COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\")) ;;\n"
                      "    esac\n"
                      "}\n"
                      "complete -o default -F _daybook daybook\n");
}

/* ---- zsh ---- */

static void add_zsh_option(const struct option *option, struct buf *ret)
{
    const char *words;
    enum values values = values_of(option, &words);

    buf_add_format(ret, " \\\n            '%s%s%s[", option->many ? "*" : "", dashes(option),
                   option->name);
    add_quoted(ret, option->help, "[]\\", "'\\''");
    buf_add_byte(ret, ']');
    if (option->has_value) {
        buf_add_byte(ret, ':');
        add_quoted(ret, option->argument, ":\\", "'\\''");
        buf_add_format(ret, ":%s%s%s",
                       values == VALUES_WORDS       ? "("
                       : values == VALUES_FILE      ? "_files"
                       : values == VALUES_DIRECTORY ? "_files -/"
                                                    : " ",
                       words, values == VALUES_WORDS ? ")" : "");
    }
    buf_add_byte(ret, '\'');
}

static void add_zsh(const struct completion *c, struct buf *ret)
{
    const struct option *option;

    buf_add_text(ret, "#compdef daybook\n"
                      "# Completion of daybook in zsh, by 'daybook completion zsh'.\n"
                      "_daybook() {\n"
                      "    local -a names\n"
                      "    if (( CURRENT == 2 )); then\n"
                      "        names=(\n");
    for (size_t i = 0; i < c->command_count; i++) {
        buf_add_format(ret, "            '%s:", c->commands[i].name);
        add_quoted(ret, c->commands[i].summary, "\\", "'\\''");
        buf_add_text(ret, "'\n");
    }
    buf_add_text(ret, "        )\n"
                      "        _describe command names\n"
                      "        return\n"
                      "    fi\n"
                      "    shift words\n"
                      "    (( CURRENT-- ))\n"
                      "    case $words[1] in\n");
    for (size_t i = 0; i < c->command_count; i++) {
        const struct command *command = &c->commands[i];
        buf_add_format(ret, "    %s)\n        _arguments", command->name);
        for (size_t k = 0; (option = option_at(c, command, k)) != NULL; k++)
            add_zsh_option(option, ret);
        buf_add_text(ret, " \\\n            '--help[" HELP_TEXT "]'");
        size_t from = ret->size;
        buf_add_text(ret, " \\\n            '1:word:(");
        size_t verbs = ret->size;
        add_verbs(ret, command);
        if (ret->size > verbs)
            buf_add_text(ret, ")'");
        else
            ret->size = from;
        buf_add_text(ret, " \\\n            '*:file:_files' ;;\n");
    }
    buf_add_text(ret, "    esac\n"
                      "}\n"
                      "if [ \"$funcstack[1]\" = _daybook ]; then _daybook \"$@\"; "
                      "else compdef _daybook daybook; fi\n");
}

/* ---- fish ---- */

static void add_fish_option(const struct command *command, const struct option *option,
                            struct buf *ret)
{
    const char *words;
    enum values values = values_of(option, &words);

    buf_add_format(ret, "complete -c daybook -n '__fish_seen_subcommand_from %s' %s %s",
                   command->name, option->name[1] == '\0' ? "-s" : "-l", option->name);
    if (values == VALUES_FILE)
        buf_add_text(ret, " -r -F");
    else if (option->has_value)
        buf_add_text(ret, " -x");
    if (values == VALUES_WORDS)
        buf_add_format(ret, " -a '%s'", words);
    else if (values == VALUES_DIRECTORY)
        buf_add_text(ret, " -a '(__fish_complete_directories)'");
    buf_add_text(ret, " -d '");
    add_quoted(ret, option->help, "\\", "\\'");
    buf_add_text(ret, "'\n");
}

static void add_fish(const struct completion *c, struct buf *ret)
{
    const struct option *option;

    buf_add_text(ret, "# Completion of daybook in fish, by 'daybook completion fish'.\n");
    for (size_t i = 0; i < c->command_count; i++) {
        const struct command *command = &c->commands[i];
        buf_add_format(ret, "complete -c daybook -f -n __fish_use_subcommand -a %s -d '",
                       command->name);
        add_quoted(ret, command->summary, "\\", "\\'");
        buf_add_text(ret, "'\n");
        for (size_t k = 0; (option = option_at(c, command, k)) != NULL; k++)
            add_fish_option(command, option, ret);
        buf_add_format(ret, "complete -c daybook -n '__fish_seen_subcommand_from %s' -l help -d '"
                       HELP_TEXT "'\n", command->name);
        size_t from = ret->size;
        buf_add_format(ret, "complete -c daybook -n '__fish_seen_subcommand_from %s' -a '",
                       command->name);
        size_t verbs = ret->size;
        add_verbs(ret, command);
        if (ret->size > verbs)
            buf_add_text(ret, "'\n");
        else
            ret->size = from;
    }
}

bool completion_add(const struct completion *completion, const char *shell, struct buf *ret)
{
    static const struct {
        const char *name;
        void (*add)(const struct completion *completion, struct buf *ret);
    } shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].add(completion, ret);
            return true;
        }
    }
    return false;
}
