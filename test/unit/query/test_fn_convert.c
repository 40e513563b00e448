/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between types, and what does not convert. */
#include "ask.h"

static const struct ask numbers_cases[] = {
    {"print tolong('12'), tolong(' 12 '), tolong('0x10'), tolong('1.5'), tolong('x'), tolong('')",
     "[[12,12,16,null,null,null]]"},
    {"print tolong(1.9), tolong(-1.9), tolong(true), tolong('9223372036854775807'), "
     "tolong('9223372036854775808')",
     "[[1,-1,1,9223372036854775807,null]]"},
    {"print toint('2147483647'), toint('2147483648'), toint(long(null))",
     "[[2147483647,null,null]]"},
    {"print todouble('1.5'), todouble('1e3'), todouble('nan'), todouble('x')",
     "[[1.5,1000,\"NaN\",null]]"},
    {"print todecimal('1.10'), todecimal('x'), todecimal(2)",
     "[[\"1.1\",null,\"2\"]]"},
};
ASK_TEST(numbers, numbers_cases)

static const struct ask booleans_cases[] = {
    {"print tobool('true'), tobool('FALSE'), tobool(1), tobool(0), tobool('2'), tobool('')",
     "[[true,false,true,false,true,null]]"},
};
ASK_TEST(booleans, booleans_cases)

static const struct ask texts_cases[] = {
    {"print tostring(1), tostring(1.5), tostring(true), tostring(long(null)), tostring(1h)",
     "[[\"1\",\"1.5\",\"True\",\"\",\"01:00:00\"]]"},
    {"print tostring(dynamic({\"a\":[1,\"b\"]})), tostring(dynamic(\"x\")), "
     "tostring(dynamic(null))",
     "[[\"{\\\"a\\\":[1,\\\"b\\\"]}\",\"x\",\"\"]]"},
};
ASK_TEST(texts, texts_cases)

static const struct ask times_and_identifiers_cases[] = {
    {"print todatetime('2024-02-29'), todatetime('2024-02-30'), todatetime('')",
     "[[\"2024-02-29T00:00:00.0000000Z\",null,null]]"},
    {"print totimespan('1.02:03:04'), totimespan('1h'), totimespan('x')",
     "[[\"1.02:03:04\",\"01:00:00\",null]]"},
    {"print toguid('74be27de-1e4e-49d9-b579-fe0b331d3642'), toguid('74be27de')",
     "[[\"74be27de-1e4e-49d9-b579-fe0b331d3642\",null]]"},
};
ASK_TEST(times_and_identifiers, times_and_identifiers_cases)

static const struct ask dynamic_cases[] = {
    {"print parse_json('{\"a\":1}').a, parse_json('[1,').a, parse_json('')",
     "[[1,null,null]]"},
    {"print gettype(1), gettype(dynamic([1])), gettype(parse_json('{}')), gettype('a'), "
     "gettype(dynamic(null))",
     "[[\"long\",\"array\",\"dictionary\",\"string\",\"null\"]]"},
};
ASK_TEST(dynamic, dynamic_cases)

/* Reading a dynamic's text again is the same as reading any text: strcat() hides which it is. */
#define DYNAMICS                                                                                   \
    "let T = datatable(d: dynamic) [dynamic({\"a\": [1, {\"b\": \" c \"}]}), "                     \
    "dynamic([]), dynamic(\"x\"), dynamic(\"{\\\"a\\\": [\\\"y z\\\"]}\"), "                       \
    "dynamic(\" [1, 2] \"), dynamic(null), dynamic(1.50), dynamic(true), "                         \
    "dynamic(\"true\"), dynamic(\"null\"), dynamic(\"\"), dynamic(\"[1,\"), "                      \
    "dynamic(\"12\")]; T "

static const struct ask again_cases[] = {
    {DYNAMICS "| extend p = parse_json(tostring(d)), q = parse_json(strcat(tostring(d), '')) "
              "| summarize n = count(), alike = countif(gettype(p) == gettype(q) and "
              "tostring(p) == tostring(q) and isnull(p) == isnull(q)), "
              "nulls = countif(isnull(p)), texts = countif(gettype(p) == 'string')",
     "[[13,13,3,2]]"},
    {DYNAMICS "| where tostring(todynamic(tostring(d)).a[0]) == 'y z' | count", "[[1]]"},
    {DYNAMICS "| where toint(parse_json(tostring(d))[1]) == 2 | count", "[[1]]"},
};
ASK_TEST(again, again_cases)

ASK_MAIN(cmocka_unit_test(numbers),
         cmocka_unit_test(booleans),
         cmocka_unit_test(texts),
         cmocka_unit_test(times_and_identifiers),
         cmocka_unit_test(dynamic),
         cmocka_unit_test(again))
