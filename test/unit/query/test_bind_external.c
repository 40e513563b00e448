/* SPDX-License-Identifier: Apache-2.0 */
/* Tables made of text: externaldata and watchlists. */
#include "ask.h"

static void formats_become_rows(void **state)
{
    static const struct ask cases[] = {
        {"externaldata(a:string, n:long)['https://ok/x.csv'] | project a, n",
         "[[\"name\",null],[\"x\",1],[\"y\",2]]"},
        {"externaldata(a:string, n:long)['https://ok/x.csv'] with (ignoreFirstRecord=true)",
         "[[\"x\",1],[\"y\",2]]"},
        {"externaldata(line:string)['https://ok/x.txt']", "[[\"one\"],[\"two,2\"]]"},
        {"externaldata(a:string, b:int)['https://ok/x'] with (format='tsv')", "[[\"p\",7]]"},
        {"externaldata(a:string, d:dynamic, n:long)['https://ok/x.json'] | project a, d.k, n",
         "[[\"x\",5,1],[\"y\",null,null]]"},
        {"externaldata(k:long, name:string, none:string)['https://ok/x.json'] with (format='json',"
         " ingestionMapping='[{\"Column\":\"k\",\"Properties\":{\"Path\":\"$.d.k\"}},"
         "{\"column\":\"name\",\"path\":\"$.a\"}]')",
         "[[5,\"x\",\"\"],[null,\"y\",\"\"]]"},
        {"externaldata(a:string)['https://ok/array'] with (format=multijson)", "[[\"x\"],[\"y\"]]"},
        {"externaldata(t:string)[@'https://ok/x.txt'] with (format='raw') | project strlen(t)",
         "[[9]]"},
        {"external_data(a:string)['https://ok/x.txt', 'https://ok/x.txt'] | count", "[[4]]"},
        {"let L = externaldata(a:string)['https://ok/x.txt']; L | where a in (L) | count", "[[2]]"},
        {"externaldata(a:string, x:dynamic)['https://ok/x.psv'] with (format='psv')",
         "[[\"q\",{\"z\":1}]]"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_not_allowed_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"externaldata(a:string)['https://evil/x']", "! 1:1 is not allowed"},
        {"T |\n where s in (externaldata(a:string)['https://evil/x'])", "! 2:14 is not allowed"},
        {"externaldata(a:string)[7]", "! 1:24 an address is a string"},
        {"externaldata(a:string)[]", "! 1:1 wants columns and an address"},
        {"externaldata(a:string)['https://ok/x'] with (format='zip')", "! 1:1 is not supported"},
        {"externaldata(a:string)['https://ok/x.csv'] with (format='json')", "! is not JSON"},
        {"externaldata(a:string)['https://ok/x.csv'] with (ingestionMapping='[]')",
         "! 1:1 for json and multijson only"},
        {"externaldata(a:string)['https://ok/x.json'] with (ingestionMapping='{}')",
         "! 1:1 is an array of objects"},
        {"externaldata(a:string)['https://ok/x.json'] with (ingestionMapping="
         "'[{\"Column\":\"b\",\"Path\":\"$.b\"}]')",
         "! 1:1 with a Column of the table"},
        {"externaldata(t:datetime)['https://ok/x.json'] with (ingestionMapping='[{\"Column\":\"t\","
         "\"Properties\":{\"Path\":\"$.t\",\"Transform\":\"DateTimeFromUnixSeconds\"}}]')",
         "! 1:1 with a Transform is not read"},
        {"externaldata(a:string)['https://ok/x.json'] with (ingestionMappingReference='m')",
         "! 1:1 there are no stored mappings"},
    };
    struct buf answer;

    (void)state;
    ASK(cases);
    ask_answer(cases[0].query, true, &answer); /* a check asks nobody */
    assert_non_null(strstr(answer.data, "\"rows\":[]"));
    buf_release(&answer);
}

static void watchlists_are_tables(void **state)
{
    static const struct ask cases[] = {
        {"_GetWatchlist('vips') | project SearchKey, ['User Name'], Level",
         "[[\"ann\",\"ann\",\"1\"],[\"bob\",\"bob\",\"\"]]"},
        {"_GetWatchlistAlias | project WatchlistAlias", "[[\"vips\"]]"},
        {"_GetWatchlistAlias() | count", "[[1]]"},
        {"T | where s !in ((_GetWatchlist('vips') | project SearchKey)) | count", "[[2]]"},
        {"_GetWatchlist('none') | count", "! 1:15 there is no watchlist 'none'"},
        {"_GetWatchlist() | count", "! 1:1 takes the alias"},
        {"_GetWatchlist(7) | count", "! 1:1 takes the alias"},
        {"_GetWatchlist(nosuch) | count", "! 1:15 is not known"},
    };
    struct buf answer;

    (void)state;
    ASK(cases);
    ask_answer("_GetWatchlist('broken') | count", false, &answer);
    assert_non_null(strstr(answer.data, "a quote is not closed"));
    buf_release(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_become_rows),
        cmocka_unit_test(what_is_not_allowed_is_refused_where_it_stands),
        cmocka_unit_test(watchlists_are_tables),
    };

    return RUN_TESTS(tests);
}
