/* SPDX-License-Identifier: Apache-2.0 */
/* search, find. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"search in (T) nosuch == 1", "! 1:15 column 'nosuch' is not known"},
        {"search in (Nosuch) 'x'", "! 1:12 table 'Nosuch' is not known"},
        {"find in (T) where nosuch == 1", "! 1:19 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"search 'one' | count", "[[1]]"},
        {"T | search 'one' | count", "[[1]]"},
        {"search in (T) s == 'one' | count", "[[1]]"},
        {"search kind=case_sensitive in (T) 'ONE' | count", "[[0]]"},
        {"search in (T) 'o*' | count", "[[1]]"},
        {"find in (T) where n == 1 | project source_", "[[\"T\"]]"},
        {"find in (T) where n == 1 project s", "[[\"T\",\"one\"]]"},
        {"search in (T) * has 'two' | count", "[[1]]"},
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
