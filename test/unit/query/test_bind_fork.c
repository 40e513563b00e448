/* SPDX-License-Identifier: Apache-2.0 */
/* fork, facet and their like: the first of their tables, and the further ones. */
#include "ask.h"

static void the_first_table_is_the_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | fork (where n > 1 | project n)", "[[2]]"},
        {"T | fork big = (where n > 1 | project n) (count) | project m = n", "[[2]]"},
        {"T | facet by s | sort by s asc", "[[\"one\",1],[\"two\",1]]"},
        {"T | facet by s, b with (take 1) | getschema | project ColumnName",
         "[[\"s\"],[\"count_s\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void further_tables_follow(void **state)
{
    static const struct ask cases[] = {
        {"T | fork (where n > 1 | project n) (count)",
         "\"rows\":[[2]],\"tables\":[{\"name\":\"Table2\",\"columns\":[\"Count\"],\"types\":"
         "[\"long\"],\"rows\":[[2]]}],\"complete\":true"},
        {"T | where n > 0 | fork a = (count) b = (project n) c = (where n > 9)",
         "[[2]],\"tables\":[{\"name\":\"b\",\"columns\":[\"n\"],\"types\":[\"long\"],"
         "\"rows\":[[1],[2]]},{\"name\":\"c\","},
        {"T | fork (count | as first) (project n | as second)",
         "\"tables\":[{\"name\":\"second\",\"columns\":[\"n\"]"},
        {"T | facet by s, b with (where n == 2 | project n)",
         "\"tables\":[{\"name\":\"b\",\"columns\":[\"b\",\"count_b\"],\"types\":[\"bool\","
         "\"long\"],\"rows\":[[true,1],[false,1]]},{\"name\":\"Table3\",\"columns\":[\"n\"],"
         "\"types\":[\"long\"],\"rows\":[[2]]}]"},
        {"T | project n | evaluate preview(1)",
         "\"rows\":[[1]],\"tables\":[{\"name\":\"Table2\",\"columns\":[\"Count\"]"},
        {"set query_take_max_records = 1; T | project n | fork (take 2) (take 2)",
         "\"rows\":[[1]],\"tables\":[{\"name\":\"Table2\",\"columns\":[\"n\"],\"types\":"
         "[\"long\"],\"rows\":[[1]]}]"},
        /* in the middle of a query there is one */
        {"T | fork (count) (take 1) | project Count", "\"rows\":[[2]],\"complete\""},
        {"T | where n in ((T | fork (project n) (count))) | count", "\"rows\":[[2]],\"complete\""},
        {"let f = T | fork (count) (take 1); f", "\"rows\":[[2]],\"complete\""},
        {"T | take 1 | mv-apply x = d on (fork (count) (take 1)) | project Count",
         "\"rows\":[[1]],\"complete\""},
    };

    (void)state;
    ASK(cases);
}

static void broken_ones_are_refused(void **state)
{
    static const struct ask cases[] = {
        {"T | fork (where nosuch > 1)", "! 1:17 'nosuch'"},
        {"T | fork where n > 1", "! 1:16 expected '='"},
        {"T | fork (count) (where nosuch > 1)", "! 1:25 'nosuch'"},
        {"T | fork (count) (where nosuch > 1) | project Count", "! 1:25 'nosuch'"},
        {"T | facet by s, nosuch", "! 1:17 'nosuch'"},
        {"T | facet by s with (where nosuch > 1)", "! 1:28 'nosuch'"},
        {"T | facet s", "! 1:11 expected 'by'"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_table_is_the_answer),
        cmocka_unit_test(further_tables_follow),
        cmocka_unit_test(broken_ones_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
