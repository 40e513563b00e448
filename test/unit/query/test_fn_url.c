/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of pages, paths. */
#include "ask.h"

static const struct ask addresses_cases[] = {
    {"print parse_url('https://u:p@host:81/a/b?x=1&y=%20#f')",
     "[[{\"Scheme\":\"https\",\"Host\":\"host\",\"Port\":\"81\",\"Path\":\"/a/b\",\"Username\":"
     "\"u\",\"Password\":\"p\",\"Query Parameters\":{\"x\":\"1\",\"y\":\"%20\"},"
     "\"Fragment\":\"f\"}]]"},
    {"print parse_url('').Host, parse_urlquery('a=1&b=').[\"Query Parameters\"]",
     "[[\"\",{\"a\":\"1\"}]]"},
    {"print parse_url('https://u@h/?b=2&a=1&b=3&c&=4'), parse_url('https://h/').Path, "
     "parse_url('h/p?a=1').Path, parse_url('ftp://[::1]:21/').Host",
     "[[{\"Scheme\":\"https\",\"Host\":\"u@h\",\"Port\":\"\",\"Path\":\"/\",\"Username\":\"\","
     "\"Password\":\"\",\"Query Parameters\":{\"a\":\"1\",\"b\":[\"2\",\"3\"]},\"Fragment\":\"\"},"
     "\"\",\"\",\"[::1]\"]]"},
    {"print url_encode('a b&\303\244'), url_decode('a%20b%26'), url_decode('%zz'), "
     "url_encode_component('a/b')",
     "[[\"a+b%26%c3%a4\",\"a b&\",\"%zz\",\"a%2fb\"]]"},
};
ASK_TEST(addresses, addresses_cases)

static const struct ask paths_cases[] = {
    {"print p = parse_path('\\\\\\\\srv\\\\f.txt:ads') | project p.Filename, p.Extension, "
     "p.AlternateDataStreamName",
     "[[\"f.txt\",\"txt\",\"ads\"]]"},
    {"print p = parse_path('\\\\\\\\shared\\\\users\\\\file.txt.gz') | project p.RootPath, "
     "p.DirectoryPath, p.DirectoryName, p.Extension",
     "[[\"\",\"\\\\\\\\shared\\\\users\",\"users\",\"gz\"]]"},
    {"print parse_path('C:\\\\dir\\\\a.txt').Filename, parse_path('/x/y.tar.gz').Extension, "
     "parse_path('').Filename",
     "[[\"a.txt\",\"gz\",\"\"]]"},
};
ASK_TEST(paths, paths_cases)

ASK_MAIN(cmocka_unit_test(addresses),
         cmocka_unit_test(paths))
