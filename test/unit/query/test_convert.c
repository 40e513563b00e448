/* SPDX-License-Identifier: Apache-2.0 */
/* One value in another type. */
#include "ask.h"

static const struct ask conversions_cases[] = {
    {"print toguid('0123456789ab-cdef-0123-456789abcdef'), "
     "toguid('0123456789abcdef0123456789abcdef'), toguid('x'), "
     "toguid('0123456789abcdef0123456789abcdef0')",
     "[[\"01234567-89ab-cdef-0123-456789abcdef\",\"01234567-89ab-cdef-0123-456789abcdef\",null,"
     "\"01234567-89ab-cdef-0123-456789abcdef\"]]"},
    {"print todecimal('1.50'), todecimal(true), todecimal('x'), todecimal(1e20), "
     "todecimal(now()) ",
     "[[\"1.5\",\"1\",null,\"100000000000000000000\",null]]"},
    {"print tolong('0x1F'), tolong(1.9), tolong('x'), toint(3000000000), "
     "tolong(todecimal('7.9')), tolong(true), tolong(1e30)",
     "[[31,1,null,-1294967296,7,1,9223372036854775807]]"},
    {"print tobool('TRUE'), tobool('0'), tobool('x'), tobool(2), tobool(todecimal(0))",
     "[[true,false,null,true,false]]"},
    {"print toreal('1e3'), toreal('x'), toreal(todecimal('1.5')), todatetime('2020-13-01'), "
     "todatetime('2020-01-02'), totimespan('1.02:03:04'), totimespan('x')",
     "[[1000,null,1.5,null,\"2020-01-02T00:00:00.0000000Z\",\"1.02:03:04\",null]]"},
    {"print tostring(1.0), tostring(dynamic('a')), tostring(dynamic({'b': 1, 'a': [1]})), "
     "tostring(1h), tostring(true), dynamic_to_json(dynamic({'b': 1, 'a': {'z': 1, 'y': [2]}}))",
     "[[\"1\",\"a\",\"{\\\"b\\\":1,\\\"a\\\":[1]}\",\"01:00:00\",\"True\",\"{\\\"a\\\":{\\\"y"
     "\\\":[2],\\\"z\\\":1},\\\"b\\\":1}\"]]"},
    {"print todynamic('{\"a\": 1}').a, todynamic('{'), gettype(todynamic('5')), todynamic(1.5)",
     "[[1,\"{\",\"long\",1.5]]"},
};
ASK_TEST(conversions, conversions_cases)

ASK_MAIN(cmocka_unit_test(conversions))
