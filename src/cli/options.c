/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/text.h"

#include <stdio.h>

static const struct option *find(const struct option *table, uint32_t table_count,
                                 struct slice name)
{
    if (slice_is(name, "h"))
        name = SLICE("help");
    for (uint32_t i = 0; i < table_count; i++) {
        if (slice_is(name, table[i].name))
            return &table[i];
    }
    return NULL;
}

static enum status unknown(const struct option *table, uint32_t table_count, const char *word,
                           struct slice name, struct error *err)
{
    const char *nearest = NULL;
    size_t best = text_typo_limit(name);

    for (uint32_t i = 0; i < table_count; i++) {
        size_t distance = text_distance(name, slice_of(table[i].name));
        if (distance < best) {
            best = distance;
            nearest = table[i].name;
        }
    }
    if (nearest != NULL)
        return ERROR_SET(err, STATUS_INVALID, "there is no option '%s'; did you mean '%s%s'?", word,
                         nearest[1] == '\0' ? "-" : "--", nearest);
    return ERROR_SET(err, STATUS_INVALID, "there is no option '%s'", word);
}

/* What is no path goes into requests, which are UTF-8. */
static bool is_path(const struct option *option)
{
    return strcmp(option->argument, "FILE") == 0 || strcmp(option->argument, "DIR") == 0;
}

static enum status add(struct options *options, const struct option *option, const char *value,
                       struct error *err)
{
    if (option->has_value && !is_path(option) && !text_is_utf8(slice_of(value)))
        return ERROR_SET(err, STATUS_INVALID, "the value of option '%s' is not UTF-8 text",
                         option->name);
    if (option->has_value && value[0] == '\0') /* of a variable that is not set: no restriction */
        return ERROR_SET(err, STATUS_INVALID, "the value of option '%s' is empty", option->name);
    if (!option->many && options_has(options, option->name))
        return ERROR_SET(err, STATUS_INVALID, "option '%s' is given twice", option->name);
    if (options->value_count == OPTION_VALUES_MAX)
        return ERROR_SET(err, STATUS_INVALID, "more than %u options", OPTION_VALUES_MAX);
    options->values[options->value_count++] = (struct option_value){option, value};
    return STATUS_OK;
}

enum status options_parse(const struct option *table, uint32_t table_count, int argc,
                          const char **argv, struct arena *arena, struct options *ret,
                          struct error *err)
{
    bool only_words = false;

    ret->value_count = ret->word_count = 0;
    ret->words = ARENA_ARRAY(arena, const char *, (size_t)argc + 1, err);
    if (ret->words == NULL)
        return err->status;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (only_words || word[0] != '-' || word[1] == '\0') {
            ret->words[ret->word_count++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        struct slice name = slice_of(word[1] == '-' ? word + 2 : word + 1);
        size_t equals = slice_find_byte(name, '=', 0);
        const struct option *option = find(table, table_count, slice_head(name, equals));
        if (option == NULL)
            return unknown(table, table_count, word, slice_head(name, equals), err);
        const char *value = "";
        if (option->has_value && equals != SIZE_MAX)
            value = name.data + equals + 1;
        else if (option->has_value && ++i < argc)
            value = argv[i];
        else if (option->has_value || equals != SIZE_MAX)
            return ERROR_SET(err, STATUS_INVALID, "option '%s' %s", word,
                             option->has_value ? "wants a value" : "takes no value");
        enum status status = add(ret, option, value, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

bool options_has(const struct options *options, const char *name)
{
    return options_get(options, name, NULL) != NULL;
}

const char *options_get(const struct options *options, const char *name, const char *fallback)
{
    for (uint32_t i = options->value_count; i-- > 0;) {
        if (strcmp(options->values[i].option->name, name) == 0)
            return options->values[i].value;
    }
    return fallback;
}

void options_help(const struct option *table, uint32_t table_count, struct buf *ret)
{
    for (uint32_t i = 0; i < table_count; i++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "  %s%s%s%s", table[i].name[1] == '\0' ? "-" : "--",
                       table[i].name, table[i].has_value ? " " : "",
                       table[i].has_value ? table[i].argument : "");
        buf_add_format(ret, "%-24s %s\n", left, table[i].help);
    }
}
