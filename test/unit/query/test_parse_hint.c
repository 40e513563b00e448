/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser says to people who know another language, or are in a hurry. */
#include "ask.h"

static void tokens_that_make_no_sense(void **state)
{
    static const struct ask cases[] = {
        {"T where n == 1",
         "! 1:3 expected an operator, '|' or ';', found 'where'; put '|' before an operator"},
        {"T | take 1 where n == 1",
         "! 1:12 expected an operator, '|' or ';', found 'where'; put '|'"},
        {"T | where (s = 'one')", "! 1:14 expected ')', found '='; compare with '=='"},
        {"T | where s === 'one'", "! 1:15 expected an expression, found '='; compare with '=='"},
        {"T | where s ==~ 'one'", "! 1:15 expected an expression, found '~'; write '=~'"},
        {"T | where n => 1", "! 1:13 expected an operator, '|' or ';', found '=>'; write '>='"},
        {"T | where n =< 1", "! 1:14 expected an expression, found '<'; write '<='"},
        {"T | where n == 1 && n == 2", "! found '&'; write 'and'"},
        {"T | where n == 1 || n == 2", "! found '|'; take one '|' away, or write 'or'"},
        {"T | | take 1", "! found '|'; take one '|' away, or write 'or'"},
        {"T | where n == 1 AND n == 2",
         "! found 'AND'; words of the language are written in lower"},
        {"T | where s is null", "! found 'is'; write isnull(x)"},
        {"T | where not s == 'one'", "! found 's'; write not(...)"},
        {"T | where s not in ('a')", "! found 'not'; write '!in'"},
        {"T | where s in 'a', 'b'", "! found ','; a list is written in parentheses"},
        {"T | where s in [1]", "! found '['; a list is written in parentheses"},
        {"T | where s LIKE 'a'", "! found 'LIKE'; write 'contains'"},
        {"T | where s matches 'a'", "! found 'matches'; write 'matches regex'"},
        {"T | where n between 1 and 2", "! found '1'; write between (low .. high)"},
        {"T | where t > ago(1 d)", "! found 'd'; a timespan is written in one"},
        {"T | project n as m", "! found 'as'; a name stands in front"},
        {"T | project n,", "! found the end of the query; the ',' before it is too many"},
        {"T | summarize count(), by n", "! found 'n'; the ',' before 'by' is too many"},
        {"T | summarize count() group by n", "! found 'group'; groups are written"},
        {"T | summarize count() by n having count_ > 1", "! found 'having'; write '| where ...'"},
        {"T | summarize distinct n", "! found 'n'; write '| distinct column'"},
        {"T | count by n", "! found 'by'; write '| summarize count() by ...'"},
        {"T | count()", "! found '('; the operator is '| count'"},
        {"T | order by n descending", "! found 'descending'; write 'desc'"},
        {"T | sort by n limit 1", "! found 'limit'; put '|' before an operator"},
        {"T | extend x = case when n == 1 then 2 end", "! found 'when'; write case("},
        {"T | extend a := 5", "! found '='; write '='"},
        {"let a = 5\nT | take a", "! 2:1 expected an operator, '|' or ';', found 'T'; a let"},
        {"T | project n s", "! found 's'; something is missing before it"},
        {"T | summarize count() n", "! found 'n'; something is missing before it"},
        {"T | where n == 1\nfoo", "! found 'foo'; an operator begins with '|'"},
        {"T # comment", "! found '#'; comments begin with '//'"},
        {"T /* comment */ | take 1", "! comments begin with '//'"},
        {"T; | take 1", "! 1:4 expected an expression, found '|'; ';' ends the query"},
    };

    (void)state;
    ASK(cases);
}

static void queries_that_begin_otherwise(void **state)
{
    static const char table[] = "! a query begins with its table: Table | where ...";
    static const char *const begins[] = {"select n from T", "SELECT * FROM T", "where n == 1",
                                         "| where n == 1"};
    static const struct ask cases[] = {
        {"x = 5; T", "! found '='; a name is given with 'let x = ...;'"},
        {"var x = 5; T", "! found 'x'; a name is given with 'let x = ...;'"},
        {"let f(x) = { x }; T", "! found '('; a function is written let f = (x:type) { ... }"},
        {"let f = (x) { x }; T", "! found '{'; parameters of a function have types"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        ASK(((struct ask[]){{begins[i], table}}));
    ASK(cases);
}

static void operators_of_other_languages(void **state)
{
    static const struct ask cases[] = {
        {"T | select n", "! 1:5 'select' is not an operator; write project"},
        {"T | group by n", "! 1:5 'group' is not an operator; write summarize ... by"},
        {"T | left join T on n", "! 1:5 'left' is not an operator; write join kind=leftouter"},
        {"T | dedup n", "! write distinct"},
        {"T | WHERE n == 1", "! 'WHERE' is not an operator; did you mean 'where'?"},
        {"T | SUMMARIZE count()", "! did you mean 'summarize'?"},
        {"T | tolower(s)", "! 'tolower' is not an operator but a function: use it in extend"},
        {"T | sum(n)", "! 'sum' is not an operator but a function: use it in summarize"},
        {"T | where s == \xe2\x80\x9cone\xe2\x80\x9d",
         "! unexpected character '\xe2\x80\x9c'; write plain quotes"},
        {"T | where `s` == 'one'",
         "! unexpected character '`'; a name with blanks is written ['a name']"},
        {"T | where !(n == 1)", "! unexpected character '!'; write not(...)"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_that_make_no_sense),
        cmocka_unit_test(queries_that_begin_otherwise),
        cmocka_unit_test(operators_of_other_languages),
    };

    return RUN_TESTS(tests);
}
