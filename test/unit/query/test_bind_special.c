/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that see the columns of the input, a table, the request. */
#include "ask.h"

static const struct ask columns_cases[] = {
    {"print a = 1 | project iscolumnexists('a'), iscolumnexists('b')",
     "[[true,false]]"},
    {"print a = 1 | project iscolumnexists()",
     "! takes 1 argument"},
    {"print a = 'x' | project iscolumnexists(a)",
     "! must be a constant string"},
    {"print a = 1 | project x = column_ifexists('a', 2), y = column_ifexists('b', 2)",
     "[[1,2]]"},
    {"print column_ifexists('a')",
     "! takes 2 arguments"},
    {"print column_ifexists(1, 2)",
     "! must be a constant string"},
    {"print a = 1, b = 'x' | project bag_pack_columns(a, b)",
     "[[{\"a\":1,\"b\":\"x\"}]]"},
    {"print a = 1 | project bag_pack_columns(a + 1)",
     "! takes columns"},
    {"print a = 1 | project bag_pack_columns(b)",
     "! column 'b' is not known"},
    {"print a = 1 | project bag_pack_columns()",
     "! at least one column"},
    {"print a = 1, b = '' | project p = pack_all(), q = pack_all(true)",
     "[[{\"a\":1,\"b\":\"\"},{\"a\":1}]]"},
    {"print a = 1 | project pack_all(a)",
     "! "},
    {"print column_names_of((print a = 1, b = 2))",
     "[[[\"a\",\"b\"]]]"},
    {"print column_names_of()",
     "! takes a table"},
    {"print a = 1, b = 'xyz' | project estimate_data_size(*)",
     "[[11]]"},
    {"print isnull(ingestion_time())",
     "[[true]]"},
};
ASK_TEST(columns, columns_cases)

/* Rows beside aggregates have the keys and the aggregates alone: a column that is meant
 * without its name was read from a place that they do not have. */
static const struct ask beside_cases[] = {
    {"print a = 1, b = 2 | summarize x = tostring(pack_all()) == '{}'",
     "! column 'a' must stand in an aggregate or behind 'by'"},
    {"print a = 1, b = 2 | summarize x = pack_all() by a",
     "! column 'b' must stand in an aggregate or behind 'by'"},
    {"print b = 2, a = 1 | summarize n = count(), p = pack_all() by b, a",
     "[[2,1,1,{\"b\":2,\"a\":1}]]"},
    {"print a = 1 | summarize count(), estimate_data_size(*)",
     "! column 'a' must stand in an aggregate or behind 'by'"},
    {"print b = 1, a = 'x' | summarize count() == 1 and * has 'x'",
     "! column 'b' must stand in an aggregate or behind 'by'"},
    {"print b = 2, a = 1 | summarize count(), x = column_ifexists('a', 7)",
     "! column 'a' must stand in an aggregate or behind 'by'"},
    {"print b = 2, a = 1 | summarize x = column_ifexists('a', 7), n = count() by a",
     "[[1,1,1]]"},
    {"datatable(_ReceivedTime: datetime)[datetime(1970-01-01)] | summarize count(), "
     "ingestion_time()",
     "! column '_ReceivedTime' must stand in an aggregate or behind 'by'"},
    {"datatable(_ReceivedTime: datetime)[datetime(1970-01-01)] | summarize count(), "
     "cursor_after('1')",
     "! column '_ReceivedTime' must stand in an aggregate or behind 'by'"},
};
ASK_TEST(columns_beside_aggregates, beside_cases)

/* The rows of a part, or of an element, are not there yet while the query is bound: the
 * process read them through a null pointer. */
static const struct ask given_cases[] = {
    {"datatable(s: string, d: dynamic)['a', dynamic({'x': 1})] | partition by s (take 1 | "
     "evaluate bag_unpack(d))",
     "! cannot come from the rows inside 'partition' or 'mv-apply'"},
    {"datatable(s: string, n: long)['a', 1] | partition by s (evaluate pivot(n))",
     "! cannot come from the rows inside 'partition' or 'mv-apply'"},
    {"datatable(d: dynamic)[dynamic([1])] | mv-apply d on (evaluate bag_unpack(d))",
     "! cannot come from the rows inside 'partition' or 'mv-apply'"},
    {"datatable(s: string)['a'] | partition by s (reduce by s)",
     "! cannot come from the rows inside 'partition' or 'mv-apply'"},
    {"datatable(s: string, d: dynamic)['a', dynamic({'x': 1})] | partition by s (take 1 | "
     "evaluate bag_unpack(d): (s: string, x: long)) | project x",
     "[[1]]"},
    {"print a = 1 | partition by a (extend b = toscalar(print c = 7)) | project b",
     "[[7]]"},
};
ASK_TEST(rows_that_are_not_there_yet, given_cases)

static const struct ask subqueries_cases[] = {
    {"print toscalar(range x from 5 to 6 step 1)",
     "[[5]]"},
    {"print isnull(toscalar(range x from 6 to 5 step 1))",
     "[[true]]"},
    {"print toscalar(7)",
     "[[7]]"},
    {"print toscalar()",
     "! takes a table"},
    {"print toscalar(print 1 | project-away print_0)",
     "! no columns"},
};
ASK_TEST(subqueries, subqueries_cases)

static const struct ask bins_cases[] = {
    {"set query_bin_auto_size = 10; print bin_auto(17)",
     "[[10]]"},
    {"set query_bin_auto_size = 1h; set query_bin_auto_at = datetime(2017-01-01 00:05); print "
     "bin_auto(datetime(2017-01-01 02:01))",
     "[[\"2017-01-01T01:05:00.0000000Z\"]]"},
    {"print bin_auto(17)",
     "! query_bin_auto_size"},
    {"set query_bin_auto_size = 10; print bin_auto()",
     "! takes 1 argument"},
    {"set query_bin_auto_size = 10; print bin_auto('x')",
     "[[null]]"},
};
ASK_TEST(bins, bins_cases)

static const struct ask the_caller_cases[] = {
    {"print current_principal(), current_database(), current_cluster_endpoint()",
     "[[\"daybook=local\",\"daybook\",\"daybook\"]]"},
    {"print current_principal_details().Type",
     "[[\"token\"]]"},
    {"print current_principal_is_member_of('daybook=local'), "
     "current_principal_is_member_of(dynamic(['x', 'daybook=local'])), "
     "current_principal_is_member_of('daybook=loca')",
     "[[true,true,false]]"},
    {"print current_principal_is_member_of()",
     "! at least 1 argument"},
};
ASK_TEST(the_caller, the_caller_cases)

static const struct ask cursors_cases[] = {
    {"print cursor_after(''), cursor_before_or_at('')",
     "[[true,true]]"},
    {"print cursor_after(cursor_current())",
     "! time of receipt"},
    {"datatable(_ReceivedTime: datetime)[datetime(1970-01-01), datetime(1970-01-03)] | where "
     "cursor_after(cursor_current()) | count",
     "[[1]]"},
    {"datatable(_ReceivedTime: datetime)[datetime(1970-01-01), datetime(1970-01-03)] | where "
     "cursor_before_or_at(current_cursor()) | count",
     "[[1]]"},
    {"print cursor_after('x')",
     "! what cursor_current() gave"},
    {"print cursor_after()",
     "! takes 1 argument"},
    {"print extent_id(), extentid(), extent_tags()",
     "[[\"00000000-0000-0000-0000-000000000000\",\"00000000-0000-0000-0000-000000000000\",[]]]"},
};
ASK_TEST(cursors, cursors_cases)

ASK_MAIN(cmocka_unit_test(columns), cmocka_unit_test(columns_beside_aggregates),
         cmocka_unit_test(rows_that_are_not_there_yet),
         cmocka_unit_test(subqueries),
         cmocka_unit_test(bins),
         cmocka_unit_test(the_caller),
         cmocka_unit_test(cursors))
