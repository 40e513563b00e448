/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds, hints and properties of operators: which there are and what they can be. */
#include "kql.h"

static void an_unknown_option_is_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"T | join kindd=inner (T) on n", "'join' has no property 'kindd'; did you mean 'kind'?",
         1, 10},
        {"T | join hint.stratgy=shuffle (T) on n", "did you mean 'hint.strategy'?", 1, 10},
        {"T | union withsourc=Name (T)", "did you mean 'withsource'?", 1, 11},
        {"T | sort kind=stable by n",
         "'sort' has no property 'kind'; it has hint.strategy, hint.progressive_top", 1, 10},
        {"T | take kind=x 1", "'take' has no property 'kind'; it has none", 1, 10},
        {"T | summarize hint.nosuch=1 count()", "'summarize' has no property 'hint.nosuch'", 1, 15},
        {"T | getschema nosuch=1", "'getschema' has no property 'nosuch'; it has kind", 1, 15},
        {"T | where n > 0 |\n top hint.x=1 1 by n", "'top' has no property 'hint.x'", 2, 6},
        {"T | parse-kv s as (a:long) with (kv_delimeter='=')", "did you mean 'kv_delimiter'?", 1,
         34},
        {"T | evaluate hint.distributon=single narrow()", "did you mean 'hint.distribution'?", 1,
         14},
        {"externaldata(a:string)['https://ok/x.csv'] with (ignoreFirstRecrod=true)",
         "did you mean 'ignorefirstrecord'?", 1, 50},
        {"T | render timechart with (titel='x')", "did you mean 'title'?", 1, 28},
        {"search withsuorce=x 'a'", "did you mean 'withsource'?", 1, 8},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void an_unknown_value_is_refused(void **state)
{
    static const struct kql_case cases[] = {
        {"T | join kind=inner_unique (T) on n",
         "'inner_unique' is not a kind of join; did you mean 'innerunique'?", 1, 15},
        {"T | lookup kind=rightouter (T) on n",
         "'rightouter' is not a kind of lookup; expected inner or leftouter", 1, 17},
        {"T | union kind=nosuch (T)", "'nosuch' is not a kind of union; expected inner or outer",
         1, 16},
        {"T | union isfuzzy=maybe (T)", "'isfuzzy' of 'union' needs true or false", 1, 19},
        {"T | parse kind=regexp s with 'o' x",
         "'regexp' is not a kind of parse; did you mean 'regex'?", 1, 16},
        {"T | parse kind=nosuch s with 'o' x", "expected simple, regex or relaxed", 1, 16},
        {"T | parse kind='regex' s with 'o' x", "'kind' of 'parse' needs a word", 1, 16},
        {"T | parse kind=regex flags=ix s with 'o' x", "'x' is not a flags of parse", 1, 28},
        {"T | mv-expand kind=arrays d", "did you mean 'array'?", 1, 20},
        {"T | mv-expand with_itemindex=1 d", "needs the name of a column", 1, 30},
        {"T | make-series kind=empty count() on n from 1 to 3 step 1",
         "'empty' is not a kind of make-series", 1, 22},
        {"T | reduce kind=sources by s", "did you mean 'source'?", 1, 17},
        {"T | search kind=sensitive 'a'", "'sensitive' is not a kind of search", 1, 17},
        {"T | summarize hint.strategy=shufle count() by n", "did you mean 'shuffle'?", 1, 29},
        {"T | summarize hint.num_partitions=x count() by n", "needs a whole number", 1, 35},
        {"T | evaluate hint.distribution=nosuch narrow()",
         "'nosuch' is not a hint.distribution of evaluate", 1, 32},
        {"T | consume decodeblocks=nosuch", "needs true or false", 1, 26},
        {"T | render timchart", "'timchart' is not a chart of render; did you mean 'timechart'?", 1,
         12},
        {"T | render columnchart kind=stacky", "did you mean 'stacked'?", 1, 29},
        {"T | render columnchart with (kind=nosuch)",
         "expected default, unstacked, stacked, stacked100 or map", 1, 35},
        {"T | join kind=inner kind=inner (T) on n", "'kind' stands twice", 1, 21},
        {"T | scan with (step s output=frist: true;)", "'frist' is not an output of a step", 1, 30},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_passes(void **state)
{
    static const struct kql_case cases[] = {
        {"T | join kind=leftsemi hint.strategy=shuffle hint.shufflekey=n hint.shufflekey=s (T) on n"
         " | count", "[[2]]", 0, 0},
        {"T | union kind=Inner withsource=Source isfuzzy=true (T) | count", "[[4]]", 0, 0},
        {"union hint.concurrency=2 hint.spread=all T, T | count", "[[4]]", 0, 0},
        {"T | parse kind=regex flags=Ui s with 'O' x | project x", "[[\"ne\"],[\"\"]]", 0, 0},
        {"T | mv-expand bagexpansion=array with_itemindex=i d | project i", "[[0],[0],[1]]", 0, 0},
        {"T | getschema kind=csl | count", "[[7]]", 0, 0},
        {"T | consume decodeblocks=true | count", "[[2]]", 0, 0},
        {"T | summarize hint.num_partitions=4 count() by b | count", "[[2]]", 0, 0},
        {"T | count | render table", "[[2]]", 0, 0},
        {"T | count | render columnchart kind=stacked title='a b'", "[[2]]", 0, 0},
        {"T | count | render timechart with (title=strcat('a', 'b'), ycolumns=a, b, ymin=-1,"
         " xtitle=@'x')", "[[2]]", 0, 0},
        {"let x = T | render piechart with (title='t'); x | count", "[[2]]", 0, 0},
        {"externaldata(name:string, number:long)['https://ok/x.csv'] with"
         " (ignorefirstrecord=true) | count", "[[2]]", 0, 0},
        {"T | top hint.progressive_top=true 1 by n | project n", "[[2]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_option_is_refused),
        cmocka_unit_test(an_unknown_value_is_refused),
        cmocka_unit_test(what_is_right_passes),
    };

    return RUN_TESTS(tests);
}
