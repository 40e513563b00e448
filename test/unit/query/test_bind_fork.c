/* SPDX-License-Identifier: Apache-2.0 */
/* fork, facet and their like: the first of their tables, and the further ones. */
#include "kql.h"

static void the_first_table_is_the_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | fork (where n > 1 | project n)", "[[2]]", 0, 0},
        {"T | fork big = (where n > 1 | project n) (count) | project m = n", "[[2]]", 0, 0},
        {"T | facet by s | sort by s asc", "[[\"one\",1],[\"two\",1]]", 0, 0},
        {"T | facet by s, b with (take 1) | getschema | project ColumnName",
         "[[\"s\"],[\"count_s\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void further_tables_follow(void **state)
{
    static const struct kql_case cases[] = {
        {"T | fork (where n > 1 | project n) (count)",
         "\"rows\":[[2]],\"tables\":[{\"name\":\"Table2\",\"columns\":[\"Count\"],\"types\":"
         "[\"long\"],\"rows\":[[2]]}],\"complete\":true",
         0, 0},
        {"T | where n > 0 | fork a = (count) b = (project n) c = (where n > 9)",
         "[[2]],\"tables\":[{\"name\":\"b\",\"columns\":[\"n\"],\"types\":[\"long\"],"
         "\"rows\":[[1],[2]]},{\"name\":\"c\",",
         0, 0},
        {"T | facet by s, b with (where n == 2 | project n)",
         "\"tables\":[{\"name\":\"b\",\"columns\":[\"b\",\"count_b\"],\"types\":[\"bool\","
         "\"long\"],\"rows\":[[true,1],[false,1]]},{\"name\":\"Table3\",\"columns\":[\"n\"],"
         "\"types\":[\"long\"],\"rows\":[[2]]}]",
         0, 0},
        {"T | project n | evaluate preview(1)",
         "\"rows\":[[1]],\"tables\":[{\"name\":\"Table2\",\"columns\":[\"Count\"]", 0, 0},
        {"set query_take_max_records = 1; T | project n | fork (take 2) (take 2)",
         "\"rows\":[[1]],\"tables\":[{\"name\":\"Table2\",\"columns\":[\"n\"],\"types\":"
         "[\"long\"],\"rows\":[[1]]}]",
         0, 0},
        /* in the middle of a query there is one */
        {"T | fork (count) (take 1) | project Count", "\"rows\":[[2]],\"complete\"", 0, 0},
        {"T | where n in ((T | fork (project n) (count))) | count",
         "\"rows\":[[2]],\"complete\"", 0, 0},
        {"let f = T | fork (count) (take 1); f", "\"rows\":[[2]],\"complete\"", 0, 0},
        {"T | take 1 | mv-apply x = d on (fork (count) (take 1)) | project Count",
         "\"rows\":[[1]],\"complete\"", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void broken_ones_are_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"T | fork (where nosuch > 1)", "'nosuch'", 1, 17},
        {"T | fork where n > 1", "expected '='", 1, 16},
        {"T | fork (count) (where nosuch > 1)", "'nosuch'", 1, 25},
        {"T | fork (count) (where nosuch > 1) | project Count", "'nosuch'", 1, 25},
        {"T | facet by s, nosuch", "'nosuch'", 1, 17},
        {"T | facet by s with (where nosuch > 1)", "'nosuch'", 1, 28},
        {"T | facet s", "expected 'by'", 1, 11},
    };

    (void)state;
    KQL_CHECK(cases);
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
