/* SPDX-License-Identifier: Apache-2.0 */
/* where, project and its kin, sort, top, take. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | project n, n", "! 1:16 column 'n' stands twice"},
        {"T | project-away nosuch", "! 1:18 column 'nosuch' is not known"},
        {"T | project-keep nosuch", "! 1:18 column 'nosuch' is not known"},
        {"T | project-rename x = nosuch", "! 1:24 column 'nosuch' is not known"},
        {"T | project-rename s = n", "! 1:20 column 's' stands twice"},
        {"T | project-rename n", "! 1:20 expected new_name = old_name"},
        {"T | project-reorder nosuch", "! 1:21 column 'nosuch' is not known"},
        {"T | sort by nosuch", "! 1:13 column 'nosuch' is not known"},
        {"T | top 'x' by n", "! 1:9 expected a whole number of rows"},
        {"T | take 'x'", "! 1:10 expected a whole number of rows"},
        {"T | extend nn = n * 2, nn = 3", "! 1:24 column 'nn' stands twice"},
        {"T | where t", "! 1:11 where needs a bool, found a datetime"},
        {"T | distinct nosuch", "! 1:14 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | project-away n* | getschema | count", "[[6]]"},
        {"T | project-reorder s | getschema | take 1 | project ColumnName", "[[\"s\"]]"},
        {"T | top 1 by n | project n", "[[2]]"},
        {"T | getschema | count", "[[7]]"},
        {"T | serialize x = row_number() | project x", "[[1],[2]]"},
        {"T | project strlen(s), tostring(n)", "[[3,\"1\"],[3,\"2\"]]"},
        {"T | distinct s | count", "[[2]]"},
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
