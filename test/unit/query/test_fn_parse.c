/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of various formats. */
#include "ask.h"

static const struct ask json_and_csv_cases[] = {
    {"print extract_json('$.a', '{\"a\": 5}', typeof(long)), extract_json('$.a', '{\"a\": "
     "5}'), extract_json('$.b', '{\"a\": 5}'), extract_json('$.a', dynamic({'a': 'x'}))",
     "[[5,\"5\",\"\",\"x\"]]"},
    {"print extract_json('$.a', '{}', 'nothing')",
     "! the third argument is a type such as typeof(long)"},
    {"print parse_csv('a,\"b,c\",'), parse_csv('\"x\"\"y\"')",
     "[[[\"a\",\"b,c\",\"\"],[\"x\\\"y\"]]]"},
    {"print parse_version('1.2.3.4') > parse_version('1.2.3'), isnull(parse_version('x')), "
     "parse_command_line('a \"b c\" d', 'windows')",
     "[[true,true,[\"a\",\"b c\",\"d\"]]]"},
    {"print isnull(parse_version('1.99999999')), isnull(parse_version('1.100000000')), "
     "isnull(parse_version('000000001.0')), isnull(parse_version('1.2.3.4.5'))",
     "[[false,true,true,true]]"},
};
ASK_TEST(json_and_csv, json_and_csv_cases)

ASK_MAIN(cmocka_unit_test(json_and_csv))
