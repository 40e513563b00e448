/* SPDX-License-Identifier: Apache-2.0 */
/* Tables made of text: externaldata and watchlists. */
#include "kql.h"

static void formats_become_rows(void **state)
{
    static const struct kql_case cases[] = {
        {"externaldata(a:string, n:long)['https://ok/x.csv'] | project a, n",
         "[[\"name\",null],[\"x\",1],[\"y\",2]]", 0, 0},
        {"externaldata(a:string, n:long)['https://ok/x.csv'] with (ignoreFirstRecord=true)",
         "[[\"x\",1],[\"y\",2]]", 0, 0},
        {"externaldata(line:string)['https://ok/x.txt']", "[[\"one\"],[\"two,2\"]]", 0, 0},
        {"externaldata(a:string, b:int)['https://ok/x'] with (format='tsv')", "[[\"p\",7]]", 0, 0},
        {"externaldata(a:string, d:dynamic, n:long)['https://ok/x.json'] | project a, d.k, n",
         "[[\"x\",5,1],[\"y\",null,null]]", 0, 0},
        {"externaldata(a:string)['https://ok/array'] with (format=multijson)",
         "[[\"x\"],[\"y\"]]", 0, 0},
        {"externaldata(t:string)[@'https://ok/x.txt'] with (format='raw') | project strlen(t)",
         "[[9]]", 0, 0},
        {"external_data(a:string)['https://ok/x.txt', 'https://ok/x.txt'] | count", "[[4]]", 0, 0},
        {"let L = externaldata(a:string)['https://ok/x.txt']; L | where a in (L) | count",
         "[[2]]", 0, 0},
        {"externaldata(a:string, x:dynamic)['https://ok/x.psv'] with (format='psv')",
         "[[\"q\",{\"z\":1}]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_not_allowed_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"externaldata(a:string)['https://evil/x']", "is not allowed", 1, 1},
        {"T |\n where s in (externaldata(a:string)['https://evil/x'])", "is not allowed", 2, 14},
        {"externaldata(a:string)[7]", "an address is a string", 1, 24},
        {"externaldata(a:string)[]", "wants columns and an address", 1, 1},
        {"externaldata(a:string)['https://ok/x'] with (format='zip')", "is not supported", 1, 1},
        {"externaldata(a:string)['https://ok/x.csv'] with (format='json')", "is not JSON", 0, 0},
    };
    struct buf answer;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(cases) / sizeof(cases[0]); i++)
        kql_check(&cases[i]);
    buf_init(&answer, MIB);
    kql_answer(cases[5].query, false, &answer);
    assert_non_null(strstr(answer.data, cases[5].says));
    buf_clear(&answer);
    kql_answer(cases[0].query, true, &answer); /* a check asks nobody */
    assert_non_null(strstr(answer.data, "\"rows\":[]"));
    buf_release(&answer);
}

static void watchlists_are_tables(void **state)
{
    static const struct kql_case cases[] = {
        {"_GetWatchlist('vips') | project SearchKey, ['User Name'], Level",
         "[[\"ann\",\"ann\",\"1\"],[\"bob\",\"bob\",\"\"]]", 0, 0},
        {"_GetWatchlistAlias | project WatchlistAlias", "[[\"vips\"]]", 0, 0},
        {"_GetWatchlistAlias() | count", "[[1]]", 0, 0},
        {"T | where s !in ((_GetWatchlist('vips') | project SearchKey)) | count", "[[2]]", 0, 0},
        {"_GetWatchlist('none') | count", "there is no watchlist 'none'", 1, 15},
        {"_GetWatchlist() | count", "takes the alias", 1, 1},
        {"_GetWatchlist(7) | count", "takes the alias", 1, 1},
        {"_GetWatchlist(nosuch) | count", "is not known", 1, 15},
    };
    struct buf answer;

    (void)state;
    KQL_CHECK(cases);
    buf_init(&answer, MIB);
    kql_answer("_GetWatchlist('broken') | count", false, &answer);
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
