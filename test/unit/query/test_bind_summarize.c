/* SPDX-License-Identifier: Apache-2.0 */
/* summarize, distinct, count. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | summarize n", "! 1:15 column 'n' must stand in an aggregate or behind 'by'"},
        {"T | summarize count() by nosuch", "! 1:26 column 'nosuch' is not known"},
        {"T | summarize sum(nosuch)", "! 1:19 column 'nosuch' is not known"},
        {"T | summarize s", "! 1:15 column 's' must stand in an aggregate or behind 'by'"},
        {"T | summarize count(count())", "! 1:21 aggregate 'count' can only stand in summarize"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | summarize count() by b | count", "[[2]]"},
        {"T | summarize by b | count", "[[2]]"},
        {"T | summarize max(n) + 1 | project Column1", "[[3]]"},
        {"T | summarize count() by bin(t, 1d) | count", "[[2]]"},
        {"T | count | project Count", "[[2]]"},
        {"T | distinct *| count", "[[2]]"},
        {"T | summarize count() by d", "[[{\"a\":1},1],[[1,2],1]]"},
        {"T | summarize count(), count_2 = 1 + count(), count(), count(), count_ = max(n)"
         " | getschema | summarize make_list(ColumnName)",
         "[[[\"count_\",\"count_2\",\"count_1\",\"count_3\",\"count_4\"]]]"},
    };

    (void)state;
    ASK(cases);
}

/* To find a free name for each took time with the cube of their number, an hour for 9,000. */
static void more_columns_than_a_table_has_are_refused_soon(void **state)
{
    static const struct {
        const char *front, *again;
    } cases[] = {{"T | summarize count()", ", count()"}, {"T | summarize by 1 + n", ", 1 + n"},
                 {"T | distinct 1 + n", ", 1 + n"},      {"T | extend 1 + n", ", 1 + n"},
                 {"print 1", ", 1"},                     {"T | sort by n", ", n"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf text;
        buf_init(&text, 256 * KIB);
        buf_add_text(&text, cases[i].front);
        for (uint32_t n = 1; n < 9000; n++)
            buf_add_text(&text, cases[i].again);
        buf_add_byte(&text, '\0');
        ask_all(&(struct ask){text.data, "! more than 1000 columns"}, 1);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
        cmocka_unit_test(more_columns_than_a_table_has_are_refused_soon),
    };

    return RUN_TESTS(tests);
}
