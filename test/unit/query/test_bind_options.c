/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds, hints and properties of operators: which there are and what they can be. */
#include "ask.h"

static void an_unknown_option_is_refused(void **state)
{
    static const struct ask cases[] = {
        {"T | join kindd=inner (T) on n",
         "! 1:10 'join' has no property 'kindd'; did you mean 'kind'?"},
        {"T | join hint.stratgy=shuffle (T) on n", "! 1:10 did you mean 'hint.strategy'?"},
        {"T | union withsourc=Name (T)", "! 1:11 did you mean 'withsource'?"},
        {"T | sort kind=stable by n",
         "! 1:10 'sort' has no property 'kind'; it has hint.strategy, hint.progressive_top"},
        {"T | take kind=x 1", "! 1:10 'take' has no property 'kind'; it has none"},
        {"T | summarize hint.nosuch=1 count()", "! 1:15 'summarize' has no property 'hint.nosuch'"},
        {"T | getschema nosuch=1", "! 1:15 'getschema' has no property 'nosuch'; it has kind"},
        {"T | where n > 0 |\n top hint.x=1 1 by n", "! 2:6 'top' has no property 'hint.x'"},
        {"T | parse-kv s as (a:long) with (kv_delimeter='=')",
         "! 1:34 did you mean 'kv_delimiter'?"},
        {"T | evaluate hint.distributon=single narrow()",
         "! 1:14 did you mean 'hint.distribution'?"},
        {"externaldata(a:string)['https://ok/x.csv'] with (ignoreFirstRecrod=true)",
         "! 1:50 did you mean 'ignorefirstrecord'?"},
        {"T | render timechart with (titel='x')", "! 1:28 did you mean 'title'?"},
        {"search withsuorce=x 'a'", "! 1:8 did you mean 'withsource'?"},
    };

    (void)state;
    ASK(cases);
}

static void an_unknown_value_is_refused(void **state)
{
    static const struct ask cases[] = {
        {"T | join kind=inner_unique (T) on n",
         "! 1:15 'inner_unique' is not a kind of join; did you mean 'innerunique'?"},
        {"T | lookup kind=rightouter (T) on n",
         "! 1:17 'rightouter' is not a kind of lookup; expected inner or leftouter"},
        {"T | union kind=nosuch (T)",
         "! 1:16 'nosuch' is not a kind of union; expected inner or outer"},
        {"T | union isfuzzy=maybe (T)", "! 1:19 'isfuzzy' of 'union' needs true or false"},
        {"T | parse kind=regexp s with 'o' x",
         "! 1:16 'regexp' is not a kind of parse; did you mean 'regex'?"},
        {"T | parse kind=nosuch s with 'o' x", "! 1:16 expected simple, regex or relaxed"},
        {"T | parse kind='regex' s with 'o' x", "! 1:16 'kind' of 'parse' needs a word"},
        {"T | parse kind=regex flags=ix s with 'o' x", "! 1:28 'x' is not a flags of parse"},
        {"T | mv-expand kind=arrays d", "! 1:20 did you mean 'array'?"},
        {"T | mv-expand with_itemindex=1 d", "! 1:30 needs the name of a column"},
        {"T | make-series kind=empty count() on n from 1 to 3 step 1",
         "! 1:22 'empty' is not a kind of make-series"},
        {"T | reduce kind=sources by s", "! 1:17 did you mean 'source'?"},
        {"T | search kind=sensitive 'a'", "! 1:17 'sensitive' is not a kind of search"},
        {"T | summarize hint.strategy=shufle count() by n", "! 1:29 did you mean 'shuffle'?"},
        {"T | summarize hint.num_partitions=x count() by n", "! 1:35 needs a whole number"},
        {"T | evaluate hint.distribution=nosuch narrow()",
         "! 1:32 'nosuch' is not a hint.distribution of evaluate"},
        {"T | consume decodeblocks=nosuch", "! 1:26 needs true or false"},
        {"T | render timchart",
         "! 1:12 'timchart' is not a chart of render; did you mean 'timechart'?"},
        {"T | render columnchart kind=stacky", "! 1:29 did you mean 'stacked'?"},
        {"T | render columnchart with (kind=nosuch)",
         "! 1:35 expected default, unstacked, stacked, stacked100 or map"},
        {"T | join kind=inner kind=inner (T) on n", "! 1:21 'kind' stands twice"},
        {"T | scan with (step s output=frist: true;)", "! 1:30 'frist' is not an output of a step"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_passes(void **state)
{
    static const struct ask cases[] = {
        {"T | join kind=leftsemi hint.strategy=shuffle hint.shufflekey=n hint.shufflekey=s (T) "
         "on n"
         " | count",
         "[[2]]"},
        {"T | union kind=Inner withsource=Source isfuzzy=true (T) | count", "[[4]]"},
        {"union hint.concurrency=2 hint.spread=all T, T | count", "[[4]]"},
        {"T | parse kind=regex flags=Ui s with 'O' x 'e' | project x", "[[\"n\"],[\"\"]]"},
        {"T | mv-expand bagexpansion=array with_itemindex=i d | project i", "[[0],[0],[1]]"},
        {"T | getschema kind=csl | count", "[[7]]"},
        {"T | consume decodeblocks=true | count", "[[2]]"},
        {"T | summarize hint.num_partitions=4 count() by b | count", "[[2]]"},
        {"T | count | render table", "[[2]]"},
        {"T | count | render columnchart kind=stacked title='a b'", "[[2]]"},
        {"T | count | render timechart with (title=strcat('a', 'b'), ycolumns=a, b, ymin=-1,"
         " xtitle=@'x')",
         "[[2]]"},
        {"let x = T | render piechart with (title='t'); x | count", "[[2]]"},
        {"externaldata(name:string, number:long)['https://ok/x.csv'] with"
         " (ignorefirstrecord=true) | count",
         "[[2]]"},
        {"T | top hint.progressive_top=true 1 by n | project n", "[[2]]"},
    };

    (void)state;
    ASK(cases);
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
