/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: bag_unpack, pivot. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | evaluate nosuch()", "! 1:14 plugin 'nosuch' is not known"},
        {"T | evaluate bag_unpack()", "! 1:5 'bag_unpack' takes a column"},
        {"T | evaluate bag_unpack(n)", "! 1:25 'bag_unpack' needs a dynamic column"},
        {"T | evaluate bag_unpack(nosuch)", "! 1:25 column 'nosuch' is not known"},
        {"T | evaluate bag_unpack(d, columnsConflict='keep')",
         "! 1:28 'keep' is not what to do with columns that are there; did you mean "
         "'keep_source'?"},
        {"T | evaluate bag_unpack(d, columnsConflict='other')",
         "! 1:28 'other' is not what to do with columns that are there; expected error, "
         "replace_source or keep_source"},
        {"T | evaluate bag_unpack(d, OutputColumnPrefx='x')",
         "! 1:28 did you mean 'OutputColumnPrefix'?"},
        {"T | evaluate pivot()", "! 1:5 'pivot' takes a column"},
        {"T | evaluate pivot(nosuch)", "! 1:20 column 'nosuch' is not known"},
        {"T | evaluate autocluster()", "! 1:14 plugin 'autocluster' is not here"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | project d, n | where n == 1 | evaluate bag_unpack(d) | project a", "[[1]]"},
        {"T | evaluate pivot(s) | count", "[[2]]"},
        {"datatable(d: dynamic)[dynamic({'a': null}), dynamic({'a': 1}), dynamic({'a': 2.5})] | "
         "evaluate bag_unpack(d) | getschema | project ColumnName, ColumnType",
         "[[\"a\",\"dynamic\"]]"},
        {"datatable(d: dynamic)[dynamic({'a': 2.5}), dynamic({'a': null}), dynamic({'a': 1})] | "
         "evaluate bag_unpack(d) | getschema | project ColumnName, ColumnType",
         "[[\"a\",\"dynamic\"]]"},
        {"datatable(d: dynamic)[dynamic({'a': 9007199254740993}), dynamic({'a': 1.5})] | "
         "evaluate bag_unpack(d) | project a",
         "[[9007199254740993],[1.5]]"},
        {"print id = 7, d = dynamic({'a':1,'id':8}) | evaluate bag_unpack(d) : (id:long, a:long)",
         "[[7,1]]"},
        {"print id = 7, d = dynamic({'id':8}) |"
         " evaluate bag_unpack(d, columnsConflict='replace_source') : (id:long)",
         "[[8]]"},
        {"datatable(a:long, b:string, d:dynamic)[1, 'z', dynamic({'k':2}), 2, 'y', dynamic({'a':3, "
         "'b':''})] | evaluate bag_unpack(d, columnsConflict='replace_source') : (b:string, a:long,"
         " k:long)",
         "[[\"z\",1,2],[\"\",3,null]]"},
        {"print id = 7, d = dynamic({'id':8}) |"
         " evaluate bag_unpack(d, 'p_', 'replace_source') : (id:long, p_id:long)",
         "[[7,8]]"},
        {"datatable(a:long, d:dynamic)[1, dynamic({'a':3}), 2, dynamic({'k':4})] | evaluate "
         "bag_unpack(d, columnsConflict='replace_source') : (*, a:long, k:long)",
         "[[3,null],[null,4]]"},
        {"datatable(a:long, d:dynamic)[1, dynamic({'a':3}), 2, dynamic({'k':4})] | evaluate "
         "bag_unpack(d, columnsConflict='replace_source') | project a",
         "[[3],[null]]"},
        {"print d = dynamic({'a':1,'b':2}) | evaluate bag_unpack(d, ignoredProperties="
         "dynamic(['a'])) : (a:long, b:long)",
         "[[null,2]]"},
        {"print id = 7, d = dynamic({'a':1}) |"
         " evaluate bag_unpack(d, 'p_') : (id:string, p_a:long, other:long)",
         "[[\"7\",1,null]]"},
        {"print d = parse_json('{\"\\\\u0061\":1,\"n\":null}') | evaluate bag_unpack(d) | "
         "project a, n",
         "[[1,null]]"},
    };

    (void)state;
    ASK(cases);
}

#define ROWS "datatable(k:string, v:long, d:dynamic)['x', 1, dynamic({'y': 'z'})] "

static bool is_refused(const char *query)
{
    struct buf answer;

    ask_answer(query, true, &answer);
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
    static const struct ask cases[] = {
        {"let X = " ROWS "| evaluate pivot(k, sum(v)) | where x == 1 | project x; X", "[[1]]"},
        {"let X = " ROWS "| evaluate bag_unpack(d) | where strcat(y, y) == 'zz' | project y, v; "
         "X",
         "[[\"z\",1]]"},
        {"let X =\n" ROWS "| evaluate pivot(k, sum(v))\n| where w == 1; X",
         "! 3:9 column 'w' is not known"},
    };

    (void)state;
    ASK(cases);
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
