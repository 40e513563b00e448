/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: bag_unpack, pivot. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"T | evaluate nosuch()", "plugin 'nosuch' is not known", 1, 14},
        {"T | evaluate bag_unpack()", "'bag_unpack' takes a column", 1, 5},
        {"T | evaluate bag_unpack(n)", "'bag_unpack' needs a dynamic column", 1, 25},
        {"T | evaluate bag_unpack(nosuch)", "column 'nosuch' is not known", 1, 25},
        {"T | evaluate bag_unpack(d, columnsConflict='keep')",
         "'keep' is not what to do with columns that are there; expected error, replace_source or "
         "keep_source",
         1, 28},
        {"T | evaluate bag_unpack(d, OutputColumnPrefx='x')", "did you mean 'OutputColumnPrefix'?",
         1, 28},
        {"T | evaluate pivot()", "'pivot' takes a column", 1, 5},
        {"T | evaluate pivot(nosuch)", "column 'nosuch' is not known", 1, 20},
        {"T | evaluate autocluster()", "plugin 'autocluster' is not known", 1, 14},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | project d, n | where n == 1 | evaluate bag_unpack(d) | project a", "[[1]]", 0, 0},
        {"T | evaluate pivot(s) | count", "[[2]]", 0, 0},
        {"datatable(d: dynamic)[dynamic({'a': null}), dynamic({'a': 1}), dynamic({'a': 2.5})] | "
         "evaluate bag_unpack(d) | getschema | project ColumnName, ColumnType",
         "[[\"a\",\"real\"]]", 0, 0},
        {"datatable(d: dynamic)[dynamic({'a': 2.5}), dynamic({'a': null}), dynamic({'a': 1})] | "
         "evaluate bag_unpack(d) | getschema | project ColumnName, ColumnType",
         "[[\"a\",\"real\"]]", 0, 0},
        {"print d = parse_json('{\"\\\\u0061\":1,\"n\":null}') | evaluate bag_unpack(d) | "
         "project a, n",
         "[[1,null]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

#define ROWS "datatable(k:string, v:long, d:dynamic)['x', 1, dynamic({'y': 'z'})] "

static bool is_refused(const char *query)
{
    struct buf answer;

    buf_init(&answer, MIB);
    kql_answer(query, true, &answer);
    bool refused = strstr(answer.data, "\"error\":") != NULL;
    buf_release(&answer);
    return refused;
}

/* Nothing is run, so any name may be a column behind a plugin that makes some. */
static void checking_takes_names_for_columns_that_the_data_makes(void **state)
{
    static const char *const good[] = {
        ROWS "| evaluate pivot(k, sum(v)) | where x > 1 | extend q = x + 1 | project q, x",
        ROWS "| evaluate bag_unpack(d) | where y has 'z' and strlen(y) > 1 | sort by y",
        ROWS "| evaluate bag_unpack(d) | summarize count() by y, bin(y, 1h) | where y == 1",
        ROWS "| evaluate bag_unpack(d) | project-rename z = y | mv-expand w | parse y with p ','",
        ROWS "| evaluate bag_unpack(d) | join kind=inner (print y = 'z') on y",
        "print y = 1 | join (" ROWS "| evaluate bag_unpack(d)) on y, $left.y == $right.w",
        "let X = " ROWS "| evaluate bag_unpack(d) | where y == 'z'; X | where w == 1",
        "union (" ROWS "| evaluate bag_unpack(d)), (print a = 1) | where y == 1",
        ROWS "| evaluate bag_unpack(d) | extend t = datetime_diff('day', y, 'a' / y)",
    };
    static const char *const bad[] = {
        ROWS "| evaluate bag_unpack(d) | project k, y | where w == 1",
        ROWS "| evaluate bag_unpack(d) | summarize count() by y | where w == 1",
        ROWS "| where y == 1 | evaluate bag_unpack(d)",
        ROWS "| evaluate bag_unpack(d) | extend z = nofunction(k)",
        ROWS "| evaluate bag_unpack(d) : (y: string) | where w == 1",
        ROWS "| evaluate bag_unpack(d) | extend z = k + 1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (is_refused(good[i]))
            fail_msg("refused: %s", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (!is_refused(bad[i]))
            fail_msg("accepted: %s", bad[i]);
    }
}

/* It is bound once before anybody uses it, and nothing runs then. */
static void a_let_may_use_columns_that_the_data_makes(void **state)
{
    static const struct kql_case cases[] = {
        {"let X = " ROWS "| evaluate pivot(k, sum(v)) | where x == 1 | project x; X", "[[1]]", 0,
         0},
        {"let X = " ROWS "| evaluate bag_unpack(d) | where strcat(y, y) == 'zz' | project y, v; X",
         "[[\"z\",1]]", 0, 0},
        {"let X =\n" ROWS "| evaluate pivot(k, sum(v))\n| where w == 1; X",
         "column 'w' is not known", 3, 9},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
        cmocka_unit_test(checking_takes_names_for_columns_that_the_data_makes),
        cmocka_unit_test(a_let_may_use_columns_that_the_data_makes),
    };

    return RUN_TESTS(tests);
}
