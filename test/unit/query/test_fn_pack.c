/* SPDX-License-Identifier: Apache-2.0 */
/* pack_all(true) leaves out what is empty. */
#include "ask.h"

static const struct ask empty_cases[] = {
    {"datatable(a:long, b:string, c:dynamic)[1, '', dynamic(null), long(null), 'x', "
     "dynamic([])] | project p = pack_all(true)",
     "[[{\"a\":1}],[{\"b\":\"x\",\"c\":[]}]]"},
    {"datatable(a:long, b:string)[1, ''] | project p = pack_all(), q = pack_all(false)",
     "[[{\"a\":1,\"b\":\"\"},{\"a\":1,\"b\":\"\"}]]"},
};
ASK_TEST(empty, empty_cases)

ASK_MAIN(cmocka_unit_test(empty))
