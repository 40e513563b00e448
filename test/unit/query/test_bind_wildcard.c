/* SPDX-License-Identifier: Apache-2.0 */
/* Tables named with '*', and what '*' alone means. */
#include "ask.h"

static void star_alone_reads_the_tables_that_hold_rows(void **state)
{
    static const struct ask cases[] = {
        {"union * | count", "[[2]]"},
        {"union withsource=from * | distinct from", "[[\"T\"]]"},
        {"let L = view () { print n = 7 }; union * | summarize sum(n)", "[[10]]"},
        /* rows of a let that is no view are there already */
        {"let L = T | where n > 1; union * | summarize sum(n)", "[[3]]"},
        {"let L = materialize(T); search '*' | count", "[[2]]"},
    };

    (void)state;
    ASK(cases);
}

static void columns_that_only_empty_tables_have_are_null(void **state)
{
    static const struct ask cases[] = {
        {"union * | where isempty(e) | count", "[[2]]"},
        {"union * | project n, e", "\"types\":[\"long\",\"string\"]"},
        {"let f = () { union * | where e == 'x' }; f | count", "[[0]]"},
        {"union * | project TenantId, Type", "\"types\":[\"guid\",\"string\"]"},
        {"union * | project nosuch", "! 1:19 column 'nosuch' is not known"},
    };

    (void)state;
    ASK(cases);
}

static void a_pattern_reads_every_table_it_matches(void **state)
{
    static const struct ask cases[] = {
        {"union Em* | count", "[[0]]"},
        {"union withsource=from T*, Empty | summarize count() by from", "[[\"T\",2]]"},
        {"union Zz*", "! 1:1 union has no table"},
        {"let Zz = T; union Zz*", "! 1:13 union has no table"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(star_alone_reads_the_tables_that_hold_rows),
        cmocka_unit_test(columns_that_only_empty_tables_have_are_null),
        cmocka_unit_test(a_pattern_reads_every_table_it_matches),
    };

    return RUN_TESTS(tests);
}
