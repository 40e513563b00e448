/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a key in a text of pairs, as parse-kv finds it. */
#include "ask.h"

static const struct ask delimiters_cases[] = {
    {"print s = 'a=1, b = 2 ,c=x y' | parse-kv s as (a: long, b: long, c: string) with "
     "(pair_delimiter = ',', kv_delimiter = '=') | project-away s",
     "[[1,2,\"x y\"]]"},
    {"print s = 'k:v a:\"x y\" b:z' | parse-kv s as (a: string, b: string, none: string) with "
     "(pair_delimiter = ' ', kv_delimiter = ':', quote = '\"') | project-away s",
     "[[\"x y\",\"z\",\"\"]]"},
    {"print s = '(event time)=(2021-01-01 10:00:54) x=1' | parse-kv s as (['event time']: "
     "datetime, x: int) with (pair_delimiter = ' ', kv_delimiter = '=', quote = '()') | "
     "project-away s",
     "[[\"2021-01-01T10:00:54.0000000Z\",1]]"},
    {"print s = \"a='it\\\\'s' b=2\" | parse-kv s as (a: string, b: long) with (pair_delimiter "
     "= ' ', kv_delimiter = '=', quote = \"'\", escape = '\\\\') | project-away s",
     "[[\"it's\",2]]"},
    {"print s = 'name=John Doe phone=1 city=New York' | parse-kv s as (name: string, city: "
     "string) with (pair_delimiter = ' ', kv_delimiter = '=', greedy = true) | project-away s",
     "[[\"John Doe phone=1\",\"New York\"]]"},
    {"print s = 'a=' | parse-kv s as (a: string, b: string) with (pair_delimiter = ',', "
     "kv_delimiter = '=') | project-away s",
     "[[\"\",\"\"]]"},
};
ASK_TEST(delimiters, delimiters_cases)

static const struct ask words_only_cases[] = {
    {"print s = '2021 [INFO] Thread:45, Machine:N1, Text: Started' | parse-kv s as (Text: "
     "string, Thread: long, Machine: string) | project-away s",
     "[[\"Started\",45,\"N1\"]]"},
    {"print s = \"Text: 'The service is up' x\" | parse-kv s as (Text: string) with (quote = "
     "\"'\") | project-away s",
     "[[\"The service is up\"]]"},
};
ASK_TEST(words_only, words_only_cases)

static const struct ask patterns_cases[] = {
    {"print s = '[a:1][b:2]' | parse-kv s as (a: long, b: long) with (regex = "
     "@'\\[(\\w+):(\\w+)\\]') | project-away s",
     "[[1,2]]"},
    {"print s = '' | parse-kv s as (a: long) with (regex = '(a)')",
     "! the pattern needs two groups: the key and the valu"},
    {"print s = '' | parse-kv s as (a: long) with (regex = '(')",
     "! '(' is not a regular expression: missing ): ("},
    {"print s = '' | parse-kv s as (a: long) with (pair_delimiter = ',')",
     "! parse-kv needs 'kv_delimiter' or 'regex'"},
    {"print s = '' | parse-kv s as (a: long) with (kv_delimiter = '')",
     "! 'kv_delimiter' needs a text that is not empty"},
};
ASK_TEST(patterns, patterns_cases)

ASK_MAIN(cmocka_unit_test(delimiters),
         cmocka_unit_test(words_only),
         cmocka_unit_test(patterns))
