/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins: narrow, ipv4_lookup. */
#include "kql.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct kql_case cases[] = {
        {"let L = datatable(net:string)['10.0.0.0/8']; print ip = '10.1.1.1' | "
         "evaluate ipv4_lookup(L, nosuch, net)",
         "column 'nosuch' is not known", 1, 94},
        {"let L = datatable(net:string)['10.0.0.0/8']; print ip = '10.1.1.1' | "
         "evaluate ipv4_lookup(L, ip, nosuch)",
         "column 'nosuch' is not known", 1, 98},
        {"T | evaluate ipv4_lookup()", "'ipv4_lookup' takes at least 3 arguments", 1, 5},
    };

    (void)state;
    KQL_CHECK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct kql_case cases[] = {
        {"T | evaluate narrow() | count", "[[14]]", 0, 0},
        {"let L = datatable(net:string, name:string)['10.0.0.0/8', 'x']; print ip = "
         "'10.1.1.1' | evaluate ipv4_lookup(L, ip, net) | project name",
         "[[\"x\"]]", 0, 0},
    };

    (void)state;
    KQL_CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
