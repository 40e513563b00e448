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
        {"T | evaluate rolling_percentile(n, 50, n, 1, 1, s, s, s, s, s, s, s, s, s, s, s, s, s, "
         "s, s, s, s, s, s, s)",
         "! 1:5 'rolling_percentile' has too many arguments"},
    };

    (void)state;
    ASK(cases);
}

static void what_is_right_has_its_answer(void **state)
{
    static const struct ask cases[] = {
        {"T | evaluate narrow() | count", "[[14]]"},
        {"print Row = 'x', Value = 'y' | evaluate narrow() | project Row, Value",
         "[[0,\"x\"],[0,\"y\"]]"},
        {"let L = datatable(net:string, name:string)['10.0.0.0/8', 'x']; print ip = "
         "'10.1.1.1' | evaluate ipv4_lookup(L, ip, net) | project name",
         "[[\"x\"]]"},
        /* a lookup by keys leaves the other columns alone */
        {"let L = datatable(net:string, k:string, n:long)['10.0.0.0/8', 'a', 7, '10.0.0.0/8', 'b', "
         "8]; print ip = '10.1.1.1', k = 'a', k1 = 'mine' | evaluate ipv4_lookup(L, ip, net, k)"
         " | extend all = pack_all() | project all",
         "[[{\"ip\":\"10.1.1.1\",\"k\":\"a\",\"k1\":\"mine\",\"net\":\"10.0.0.0/8\",\"n\":7}]]"},
        {"let L = datatable(net:string, k1:string, k:string, n:long)['10.0.0.0/8', 'x', 'a', 7]; "
         "print ip = '11.1.1.1', k = 'a' | evaluate ipv4_lookup(L, ip, net, k, k1, "
         "return_unmatched = true)",
         "! column 'k1' is not known"},
        {"let L = datatable(net:string, k1:string, k:string, n:long)['10.0.0.0/8', 'x', 'a', 7]; "
         "datatable(ip:string, k:string, k1:string)['10.1.1.1', 'a', 'x', '10.1.1.1', 'a', 'y', "
         "'11.1.1.1', 'a', 'x'] | evaluate ipv4_lookup(L, ip, net, k, k1, return_unmatched = true)"
         " | sort by ip asc, k1 asc | project ip, k1, net, n",
         "[[\"10.1.1.1\",\"x\",\"10.0.0.0/8\",7],[\"10.1.1.1\",\"y\",\"\",null],"
         "[\"11.1.1.1\",\"x\",\"\",null]]"},
        /* twelve keys: none is called as another's second */
        {"let L = datatable(net:string, a:long, b:long, c:long, d:long, e:long, f:long, g:long, "
         "h:long, i:long, j:long, k:long, l:long, n:long)['10.0.0.0/8', 1, 1, 1, 1, 1, 1, 1, 1, "
         "1, 1, 1, 1, 7]; print ip = '10.1.1.1', a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, "
         "g = 1, h = 1, i = 1, j = 1, k = 1, l = 1 | evaluate ipv4_lookup(L, ip, net, a, b, c, "
         "d, e, f, g, h, i, j, k, l) | getschema | count",
         "[[15]]"}, /* ip, twelve keys, net, n */
        /* arguments behind the ninth count */
        {"datatable(v:long, x:long, a:string, b:string, c:string, d:string, e:string)"
         "[1, 1, '', '', '', '', 'p', 9, 1, '', '', '', '', 'q'] | evaluate "
         "rolling_percentile(v, 50, x, 1, 1, a, b, c, d, e) | sort by e asc | project e, "
         "rolling_1_percentile_v_50",
         "[[\"p\",1],[\"q\",9]]"},
        {"let L = datatable(net:string, a:long, b:long, c:long, d:long, e:long, f:long)"
         "['10.0.0.0/8', 1, 2, 3, 4, 5, 6]; print ip = '11.1.1.1', a = 1, b = 2, c = 3, d = 4, "
         "e = 5, f = 6 | evaluate ipv4_lookup(L, ip, net, a, b, c, d, e, f, true) | count",
         "[[1]]"},
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
