/* SPDX-License-Identifier: Apache-2.0 */
/* join and lookup: kinds, conditions. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"T | join kind=nosuch (T) on n", "! 1:15 'nosuch' is not a kind of join"},
        {"T | join (T) on nosuch", "! 1:17 column 'nosuch' is not known"},
        {"T | join (T) on $left.n == $right.nosuch",
         "! 1:35 column of $right 'nosuch' is not known"},
        {"T | join (T) on $left.nosuch == $right.n",
         "! 1:23 column of $left 'nosuch' is not known"},
        {"T | join (T) on $left.n == $left.n", "! 1:25 expected $left.a == $right.b"},
        {"T | join (T) on $left.n == $right.t", "! 1:25 cannot join a long with a datetime"},
        {"T | join (Nosuch) on n", "! 1:11 table 'Nosuch' is not known"},
        {"T | join (T) on n > n", "! 1:19 expected a column or $left.a == $right.b"},
        {"T | lookup kind=leftanti (T) on n", "! 1:17 'leftanti' is not a kind of lookup"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | join (T) on n | count", "[[2]]"},
        {"T | join kind=leftanti (T | where n == 1) on n | count", "[[1]]"},
        {"T | lookup (T | project n, x = s) on n | project x", "[[\"one\"],[\"two\"]]"},
    };

    (void)state;
    ASK(cases);
}

static void add_long_name(struct buf *query, char letter)
{
    buf_add_text(query, "['");
    for (uint32_t i = 0; i < 1100; i++)
        buf_add_byte(query, letter);
    buf_add_text(query, "'] = ");
}

/* Names have no greatest length: those that the data make may have any. */
static void long_names_are_numbered_too(void **state)
{
    struct buf query;

    (void)state;
    buf_init(&query, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&query, "let L = print k = 1, ");
    add_long_name(&query, 'A');
    buf_add_text(&query, "1, ");
    add_long_name(&query, 'B');
    buf_add_text(&query, "1; union (L | join kind=inner L on k), (print ");
    add_long_name(&query, 'A');
    buf_add_text(&query, "'of another type') | getschema | summarize count_distinct(ColumnName), "
                         "min(strlen(ColumnName)), max(strlen(ColumnName))");
    buf_add_byte(&query, '\0');
    ask_all(&(struct ask){query.data, "[[7,1,1107]]"}, 1);
    buf_release(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
        cmocka_unit_test(long_names_are_numbered_too),
    };

    return RUN_TESTS(tests);
}
