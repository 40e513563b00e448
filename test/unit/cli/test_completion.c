/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a shell does it is in story s10. */
#include "test.h"

#include "base/limits.h"
#include "cli/completion.h"

#include <string.h>

static const struct option common[] = {
    {"data", true, false, "DIR", "where"},
    {"o", true, false, "FORMAT", "how"},
};

static const struct option own[] = {
    {"role", true, true, "ROLE", "who's [this]"},
    {"from", true, false, "FILE", "read"},
    {"0", false, false, NULL, "flag"},
};

static const struct command commands[] = {
    {"thing", "--tenant NAME add FILE\n[--tenant NAME] list", "it's a thing", NULL, own, 3, NULL,
     COMMAND_WORDS},
    {"bytes", "--count N", "bytes", NULL, NULL, 0, NULL, COMMAND_BYTES},
    {"host", "a|b", "makes", NULL, NULL, 0, NULL, COMMAND_HOST},
};

static const struct completion completion = {commands, 3, common, 2};

static void expect(const char *shell, const char *const *wanted, size_t count)
{
    struct buf text;

    buf_init(&text, MIB);
    assert_true(completion_add(&completion, shell, &text));
    buf_add_byte(&text, '\0');
    assert_false(text.failed);
    for (size_t i = 0; i < count; i++) {
        if (strstr(text.data, wanted[i]) == NULL)
            fail_msg("%s lacks: %s", shell, wanted[i]);
    }
    buf_release(&text);
}

static void test_each_shell_has_commands_options_and_values(void **state)
{
    static const char *const bash[] = {
        "'thing bytes host help --help --version'",
        "verbs='add list' options='--role --from -0 --data -o --help'",
        "verbs='' options='--data --help'", "verbs='a b' options='--help'",
        "--role) COMPREPLY=($(compgen -W 'ingest reader",
        "--from) COMPREPLY=($(compgen -f", "--data) COMPREPLY=($(compgen -d",
    };
    static const char *const zsh[] = {
        "#compdef daybook\n", "'thing:it'\\''s a thing'", "'*--role[who'\\''s \\[this\\]]:ROLE:(",
        "'--from[read]:FILE:_files'", "'--data[where]:DIR:_files -/'", "'-0[flag]'",
        "'1:word:(add list)'",
    };
    static const char *const fish[] = {
        "-a thing -d 'it\\'s a thing'", "from thing' -l role -x -a 'ingest reader",
        "from thing' -l from -r -F -d", "from thing' -s 0 -d 'flag'", "from thing' -a 'add list'",
        "from host' -a 'a b'",
    };

    (void)state;
    expect("bash", bash, sizeof(bash) / sizeof(bash[0]));
    expect("zsh", zsh, sizeof(zsh) / sizeof(zsh[0]));
    expect("fish", fish, sizeof(fish) / sizeof(fish[0]));
}

static void test_other_shells_are_not_known(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, MIB);
    assert_false(completion_add(&completion, "csh", &text));
    assert_false(completion_add(&completion, "", &text));
    assert_int_equal(text.size, 0);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_shell_has_commands_options_and_values),
        cmocka_unit_test(test_other_shells_are_not_known),
    };
    return RUN_TESTS(tests);
}
