/* SPDX-License-Identifier: Apache-2.0 */
/* restrict access, alias, tables of a database. */
#include "ask.h"

static void what_is_named_is_seen(void **state)
{
    static const struct ask cases[] = {
        {"restrict access to (T); T | count", "[[2]]"},
        {"restrict access to (database().T); T | count", "[[2]]"},
        {"restrict access to (database('daybook').*); T | count", "[[2]]"},
        {"restrict access to (database().E*, database().T); union T, Empty | count", "[[2]]"},
        {"let V = view () { T | where n > 1 }; restrict access to (V); V | count", "[[1]]"},
        {"let V = T | where n > 1; restrict access to (V); V | project n", "[[2]]"},
        {"let V = materialize(T | take 1); restrict access to (V); V | count", "[[1]]"},
        {"let V1 = view () { T }; let V2 = view () { T | take 1 }; restrict access to (*);"
         " union V* | count",
         "[[3]]"},
        /* values are not tables */
        {"let k = 2; let f = (x:long) { x + k }; let V = T | where n == k;"
         " restrict access to (V); V | project m = f(n)",
         "[[4]]"},
        {"set a = 5; restrict access to (T); T | count", "[[2]]"},
        /* what comes behind it is seen, and sees as little */
        {"restrict access to (T); let U = T | take 1; U | count", "[[1]]"},
        {"restrict access to (Rows); Rows | count", "[[2]]"},
        {"restrict access to (T, Twice); T | project m = Twice(n)", "[[2],[4]]"},
        {"restrict access to (_GetWatchlist, T); _GetWatchlist('vips') | count", "[[2]]"},
        {"let V = view () { T | take 1 }; restrict access to (V); union * | count", "[[1]]"},
        {"restrict access to (T, Empty); search 'one' | count", "[[1]]"},
        {"restrict access to (T); restrict access to (T); T | count", "[[2]]"},
        {"restrict access to (T); union isfuzzy=true T, Empty | count", "[[2]]"},
        {"database().T | count", "[[2]]"},
        {"database('daybook').T | count", "[[2]]"},
        {"database('daybook').table('T') | count", "[[2]]"},
        {"union isfuzzy=true T, database('other').table('T') | count", "[[2]]"},
    };

    (void)state;
    ASK(cases);
}

static void everything_else_is_not(void **state)
{
    static const char only[] = "! is not among what 'restrict access' names";
    static const char *const hidden[] = {
        "restrict access to (Empty); T | count",
        "let V = view () { T }; restrict access to (V); T | count",
        "let V = view () { T }; restrict access to (*); T | count",
        "let V = view () { T }; restrict access to (V); database().T | count",
        "let V = view () { T }; restrict access to (V); table('T') | count",
        "let V = view () { T }; restrict access to (V); let U = T; U | count",
        "let V = view () { T }; restrict access to (V); let U = () { T }; U | count",
        "let V = view () { T }; restrict access to (V); print toscalar(T | count)",
        "let V = view () { T }; restrict access to (V); V | where n in ((T | project n))",
        "let V = view () { T }; restrict access to (V); V | join T on n",
        "let V = view () { T }; restrict access to (V); _GetWatchlist('vips') | count",
        "restrict access to (T, Empty); restrict access to (Empty); T | count",
    };
    static const struct ask cases[] = {
        {"let V = view () { T }; let W = view () { T }; restrict access to (V); "
         "W | count",
         "! 1:71 table 'W' is not known"},
        {"let V = view () { T }; restrict access to (V); Rows() | count", "! 1:48 "},
        {"let V = view () { T }; restrict access to (V); V | extend m = Twice(n)",
         "! 1:63 function 'Twice' is not known"},
        {"print Twice(1); let V = view () { T }; restrict access to (V); V | extend m = Twice(n)",
         "! function 'Twice' is not known"},
        {"let V = view () { T }; restrict access to (V); union E* | count",
         "! 1:48 union has no table"},
        {"restrict access to (Nosuch); T | count", "! 1:21 table 'Nosuch' is not known"},
        {"restrict access to (Empt); T", "! did you mean 'Empty'?"},
        {"restrict access to (T); Empt", "! 1:25 table 'Empt' is not known"},
        {"restrict access to (database('other').T); T", "! 1:21 there are no other databases"},
        {"restrict access to (cluster('a').database('b').T); T",
         "! 1:21 there are no other databases"},
        {"restrict access to T; T", "! 1:20 expected '(', found 'T'"},
        {"restrict access (T); T", "! 1:17 expected 'to', found '('"},
        {"restrict access to (T; T", "! 1:22 expected ')', found ';'"},
        {"restrict access to (database(); T", "! 1:31 expected '.', found ';'"},
        {"restrict access to (); T", "! 1:21 expected a column name or a pattern"},
        {"alias database D = cluster('c').database('d'); T | count",
         "! 1:1 'alias' names another database"},
        {"alias database D; T | count", "! 1:17 expected '=', found ';'"},
        {"database('other').T | count", "! 1:19 tables of other databases"},
        {"database('other').table('T') | count", "! tables of other databases"},
        {"cluster('a').database('daybook').Rows() | count", "! tables of other databases"},
        {"print database('other').strlen('abc')", "! functions of other databases"},
        {"print database().strlen('abc')", "[[3]]"},
        {"T.table('T') | count", "! tables of other databases"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        ASK(((struct ask[]){{hidden[i], only}}));
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_named_is_seen),
        cmocka_unit_test(everything_else_is_not),
    };

    return RUN_TESTS(tests);
}
