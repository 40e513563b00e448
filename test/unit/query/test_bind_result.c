/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a column that the query does not name. */
#include "ask.h"

static const struct ask names_cases[] = {
    {"print 1, a = 2, strlen('x'), tostring(1) | getschema | project ColumnName",
     "[[\"print_0\"],[\"a\"],[\"print_2\"],[\"print_3\"]]"},
    {"print a = 1, d = dynamic({'x': [1]}) | project tostring(a), strlen('x'), log(a), d.x, "
     "d.x[0], d['x'], a + 1, split('a', 'b'), repeat(a, 2), gettype(a) | getschema | project "
     "ColumnName",
     "[[\"a\"],[\"strlen_\"],[\"a1\"],[\"d_x\"],[\"d_x_0\"],[\"d_x1\"],[\"Column1\"],[\"Column2"
     "\"],[\"repeat_a\"],[\"type_a\"]]"},
    {"print a = 1 | summarize sum(a), sum(a + 1), make_list(a), count(), countif(a > 0), "
     "percentile(a, 5), take_any(a) | getschema | project ColumnName",
     "[[\"sum_a\"],[\"sum_\"],[\"list_a\"],[\"count_\"],[\"countif_\"],[\"percentile_a_5\"],[\""
     "a\"]]"},
    {"print a = 1 | summarize argmax(a, a) | getschema | project ColumnName",
     "[[\"max_a\"],[\"max_a_a\"]]"},
    {"print d = datetime(2024-01-01) | project make_datetime(d), make_datetime(2024, 1, 2), "
     "startofday(d), ingestion_time() | getschema | project ColumnName",
     "[[\"d\"],[\"Column1\"],[\"d1\"],[\"$IngestionTime\"]]"},
};
ASK_TEST(names, names_cases)

ASK_MAIN(cmocka_unit_test(names))
