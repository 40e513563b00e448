/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cli_options.c - any words, each behind a NUL, as a command line: refused with a reason,
 * or written out in another form it says the same. */
#include "cli/options.h"

#include "base/check.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 600u

static const struct option table[] = {
    {"tenant", true, false, "NAME", "of this tenant"},
    {"header", true, true, "NAME=VALUE", "a header; may be given more than once"},
    {"o", true, false, "FILE", "where the output goes"},
    {"quiet", false, false, NULL, "says nothing"},
    {"v", false, true, NULL, "says more each time"},
};
#define OPTION_COUNT (sizeof(table) / sizeof(table[0]))

static enum status parse(const char **words, uint32_t count, struct arena *arena,
                         struct options *ret)
{
    struct error err = {0};
    enum status status =
        options_parse(table, OPTION_COUNT, (int)count, words, arena, ret, &err);

    CHECK(status == STATUS_OK || (status == STATUS_INVALID && err.text[0] != '\0'));
    return status;
}

/* What the parts say: all values, then all words. */
static void check(const struct options *options, uint32_t count)
{
    CHECK(options->value_count + options->word_count <= count);
    for (uint32_t i = 0; i < options->value_count; i++) {
        const struct option *option = options->values[i].option;
        CHECK(option >= table && option < table + OPTION_COUNT);
        CHECK(option->has_value || options->values[i].value[0] == '\0');
        CHECK(options_has(options, option->name));
        for (uint32_t k = i + 1; k < options->value_count; k++)
            CHECK(option->many || options->values[k].option != option);
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *last = NULL;
        for (uint32_t k = 0; k < options->value_count; k++)
            last = options->values[k].option == &table[i] ? options->values[k].value : last;
        CHECK(options_get(options, table[i].name, NULL) == last);
    }
}

/* --name=value for each value, then -- and the words. */
static void parse_again(const struct options *options, struct arena *arena)
{
    const char **words;
    struct options again;
    struct error err;
    struct buf text;
    uint32_t count = 0;

    words = ARENA_ARRAY(arena, const char *, options->value_count + options->word_count + 1, &err);
    CHECK(words != NULL);
    buf_init(&text, 4 * KIB + WORDS_MAX * 16);
    for (uint32_t i = 0; i < options->value_count; i++) {
        const struct option_value *value = &options->values[i];
        buf_clear(&text);
        buf_add_format(&text, "--%s", value->option->name);
        if (value->option->has_value)
            buf_add_format(&text, "=%s", value->value);
        words[count++] = arena_copy(arena, buf_slice(&text), &err).data;
    }
    words[count++] = "--";
    for (uint32_t i = 0; i < options->word_count; i++)
        words[count++] = options->words[i];
    CHECK(!text.failed && parse(words, count, arena, &again) == STATUS_OK);
    CHECK(again.value_count == options->value_count && again.word_count == options->word_count);
    for (uint32_t i = 0; i < again.value_count; i++) {
        CHECK(again.values[i].option == options->values[i].option);
        CHECK(strcmp(again.values[i].value, options->values[i].value) == 0);
    }
    for (uint32_t i = 0; i < again.word_count; i++)
        CHECK(again.words[i] == options->words[i]);
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_from((const char *)data, size < 4 * KIB ? size : 4 * KIB), word;
    struct arena *arena = arena_new(4 * MIB);
    const char *words[WORDS_MAX];
    uint32_t count = 0;
    struct options options;
    struct error err;

    CHECK(arena != NULL);
    while (count < WORDS_MAX && slice_next(&rest, '\0', &word))
        CHECK((words[count++] = arena_copy(arena, word, &err).data) != NULL);
    if (parse(words, count, arena, &options) == STATUS_OK) {
        check(&options, count);
        parse_again(&options, arena);
    }
    arena_free(arena);
    return 0;
}
