/* SPDX-License-Identifier: Apache-2.0 */
/* in, has_any, has_all and their lists. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | where n in (nosuch)", "! 1:17 column 'nosuch' is not known"},
        {"T | where s has_any (s)", "! 1:13 'has_any' needs a constant list"},
        {"T | where n in (T | nosuchop)", "! 1:21 'nosuchop' is not an operator"},
        {"T | where s in ((T | project nosuch))", "! 1:30 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | where n in (1, 2) | count", "[[2]]"},
        {"T | where s in~ ('ONE') | count", "[[1]]"},
        {"T | where s !in ('one') | count", "[[1]]"},
        {"T | where n in ((T | project n | take 1)) | count", "[[1]]"},
        {"T | where s has_any ('on', 'one') | count", "[[1]]"},
        {"T | where s has_all ('one', 'x') | count", "[[0]]"},
        {"T | where n in (n, 5) | count", "[[2]]"},
        {"T | where s in (dynamic(['one'])) | count", "[[1]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
