/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins: narrow, ipv4_lookup. */
#include "ask.h"

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    static const struct ask cases[] = {
        {"let L = datatable(net:string)['10.0.0.0/8']; print ip = '10.1.1.1' | "
         "evaluate ipv4_lookup(L, nosuch, net)",
         "! 1:94 column 'nosuch' is not known"},
        {"let L = datatable(net:string)['10.0.0.0/8']; print ip = '10.1.1.1' | "
         "evaluate ipv4_lookup(L, ip, nosuch)",
         "! 1:98 column 'nosuch' is not known"},
        {"T | evaluate ipv4_lookup()", "! 1:5 'ipv4_lookup' takes at least 3 arguments"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | evaluate narrow() | count", "[[14]]"},
        {"let L = datatable(net:string, name:string)['10.0.0.0/8', 'x']; print ip = "
         "'10.1.1.1' | evaluate ipv4_lookup(L, ip, net) | project name",
         "[[\"x\"]]"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_is_right_has_its_answer),
    };

    return RUN_TESTS(tests);
}
