/* SPDX-License-Identifier: Apache-2.0 */
/* One row, or a few, that would take minutes: the query ends at its time all the same.
 * What a row begins with is small, so that it is the loop that is met by the limit. */
#include "ask.h"

#include <time.h>

#define IN_TIME "set servertimeout = 50ms; "
#define OVER "! E_QUERY_TIMEOUT"
#define A(COUNT) "strrep(strrep('a', 1000), " #COUNT ")"

static const struct ask texts_cases[] = {
    {IN_TIME "print extract_all('(a.*b|a)', " A(300) ")", OVER},
    {IN_TIME "print replace_regex(" A(300) ", 'a.*b|a', 'x')", OVER},
    {IN_TIME "print countof(" A(300) ", 'a.*b|a', 'regex')", OVER},
    {IN_TIME "print indexof_regex(" A(300) ", 'a.*b|a', 0, -1, 1000000000)", OVER},
    {IN_TIME "print replace_regex(" A(300) ", 'a(x?)', strrep(strrep(@'\\1', 1000), 1000))", OVER},
    {IN_TIME "print s = " A(300) " | parse-kv s as (b:string) with (regex=@'(a).*(b)|(?:a)')",
     OVER},
    {IN_TIME "print countof(" A(1000) ", " A(500) ")", OVER},
    {IN_TIME "print indexof(" A(1000) ", 'a', 0, 500000, 1000000000)", OVER},
    {IN_TIME "print translate(make_string(range(1000, 50000, 1)), 'x', " A(1000) ")", OVER},
    {IN_TIME "print replace_strings(" A(1000) ", pack_array(strcat(" A(500) ", 'b')), "
     "pack_array('x'))",
     OVER},
    {IN_TIME "print has_any_index(" A(1000) ", range(1, 300000, 1))", OVER},
    {IN_TIME "print s = " A(1000) " | where s has_any (range(1, 300000, 1))", OVER},
};
ASK_TEST(a_text_that_is_searched_again_and_again, texts_cases)

#define MANY(TEXT)                                                                                 \
    IN_TIME "print s = " TEXT ", x = range(1, 100000, 1) | mv-expand x to typeof(long) | "
#define MEGABYTES "strrep(strrep(strrep('1', 1000), 1000), 4)"

static const struct ask rows_cases[] = {
    {MANY(MEGABYTES) "summarize max(strlen(substring(s, x)))", OVER},
    {MANY(MEGABYTES) "where substring(s, x) == substring(s, x + 1) | count", OVER},
    {MANY(MEGABYTES) "where substring(s, x) in ('a', 'b') | count", OVER},
    {MANY(MEGABYTES) "where substring(s, x) contains 'b' | count", OVER},
    {MANY(MEGABYTES) "where split(substring(s, x), 'b', 1) == '' | count", OVER},
    {MANY(MEGABYTES) "summarize arg_max(substring(s, x % 3), x)", OVER},
    {MANY("range(1, 100000, 1)") "summarize make_set(s)", OVER},
    {MANY("bag_pack('a', " MEGABYTES ")") "evaluate bag_unpack(s) | count", OVER},
    {MANY("range(1, 500000, 1)") "summarize sum(tolong(s[499990 + x % 5]))", OVER},
};
ASK_TEST(rows_that_share_long_texts, rows_cases)

static const struct ask lists_cases[] = {
    {IN_TIME "print k = strcat_array(range(1, 100000, 1), '\",\"') | extend b = bag_zip("
     "parse_json(strcat('[\"', k, '\"]')), range(1, 100000, 1)) | project bag_remove_keys(b, "
     "parse_json(strcat('[\"', replace_string(k, '1', 'z'), '\"]')))",
     OVER},
    {IN_TIME "print array_sort_desc(range(1, 900000, 1))", OVER},
    {IN_TIME "print set_union(range(1, 500000, 1), range(400000, 900000, 1))", OVER},
    {IN_TIME "print series_fft(range(1, 999983, 1))", OVER},
    {IN_TIME "print series_decompose(range(1, 1000000, 1))", OVER},
};
ASK_TEST(lists_that_are_long, lists_cases)

/* Where the time is looked at again only behind the work, an answer that it is over says nothing:
 * this measures what was worked. */
#define SECONDS_MAX 4
#define SOON "set servertimeout = 500ms; "
#define LONG_TEXT "strrep(strrep(strrep('a', 1000), 1000), 15)"
#define OTHER(LETTER) "strcat(" LONG_TEXT ", '" LETTER "')"
#define NUMBER(DIGIT, MEGABYTES)                                                                   \
    "parse_json(strrep(strrep(strrep('" DIGIT "', 1000), 1000), " #MEGABYTES "))"
#define NUMBERS(MEGABYTES)                                                                         \
    "let a = " NUMBER("9", MEGABYTES) "; let b = " NUMBER("8", MEGABYTES) "; "

static const struct ask quick_cases[] = {
    {SOON "range x from 1 to 4096 step 1 | extend s = iff(x % 2 == 0, " LONG_TEXT ", " OTHER("b")
     ") | sort by x desc | summarize max(strlen(s))",
     OVER},
    {SOON "range x from 1 to 4096 step 1 | extend s = iff(x % 2 == 0, " LONG_TEXT ", " OTHER("b")
     ") | top 4000 by x desc | summarize max(strlen(s))",
     OVER},
    {"range x from 1 to 4096 step 1 | serialize d = row_rank_dense(" LONG_TEXT "), "
     "m = row_rank_min(" LONG_TEXT ") | summarize count(), max(d), max(m)",
     "[[4096,1,1]]"},
    {SOON "union (print s = " OTHER("b") "), (print s = " OTHER("c") ") "
     "| extend x = range(1, 4096, 1) | mv-expand x to typeof(long) | sort by x asc "
     "| extend d = row_rank_dense(s) | summarize max(d)",
     OVER},
    {SOON "print has_any_ipv4(" LONG_TEXT ", repeat('10.1.2.3', 1000000))", OVER},
    {SOON "print has_any_ipv4_prefix(" LONG_TEXT ", repeat('10.1.', 1000000))", OVER},
    {SOON "print has_ipv4(" LONG_TEXT ", strrep(strrep(strrep('a', 1000), 1000), 7))",
     "[[false]]"},
    {SOON "range x from 1 to 4096 step 1 | summarize max(decimal(1e6000) % todecimal(x))", OVER},
    {SOON "range x from 1 to 4096 step 1 | summarize max(bin(decimal(1e6000), todecimal(x)))",
     OVER},
    {SOON NUMBERS(2) "range x from 1 to 4096 step 1 "
     "| summarize sum(iff(x % 2 == 0, a, b) + 1)",
     OVER},
    {SOON NUMBERS(15) "range x from 1 to 4096 step 1 "
     "| extend t = tostring(iff(x % 2 == 0, a, b)) | summarize countif(t == 'x')",
     OVER},
    {"print array_length(bag_keys(parse_xml(strcat('<a><n', strcat_array(range(10000, 74999, 1), "
     "'/><n'), '/></a>')).a))",
     "[[65000]]"},
    {"print array_length(bag_keys(parse_xml(strcat('<a x', strcat_array(range(10000, 39999, 1), "
     "'=\"\" x'), '=\"\">', strrep(strrep('t<!---->', 1000), 30), '</a>')).a))",
     "[[30001]]"},
    {"print strlen(replace_strings(strcat_array(range(1, 50000, 1), 'x'), array_concat("
     "pack_array('x'), split(strcat('x', strcat_array(range(1, 6000, 1), ',x')), ',')), "
     "pack_array('--')))",
     "[[338892]]"},
    {SOON "print strlen(punycode_domain_to_string(strrep(strcat(make_string(range(19968, 24062, "
     "1)), '.'), 1000)))",
     OVER},
    {"print strlen(format_datetime(datetime(2026-01-01), strrep(strrep(strrep('y', 1000), 1000), "
     "4)))",
     "[[4000000]]"},
    {"print strlen(format_timespan(1h, strrep(strrep(strrep('Hx', 1000), 1000), 2)))",
     "[[4000000]]"},
    {"print b = parse_json(strcat('{\"k', strcat_array(range(100001, 109000, 1), '\":1,\"k'), "
     "'\":1}')), x = range(1, 400, 1) | mv-expand x to typeof(long) "
     "| summarize array_length(bag_keys(buildschema(b)))",
     "[[9000]]"},
};

static void ask_within(const struct ask *one, int seconds)
{
    clock_t begin = clock();

    ask_all(one, 1);
    clock_t spent = clock() - begin;
    if (spent > seconds * CLOCKS_PER_SEC)
        fail_msg("%.300s\n  %.1f s", one->query, (double)spent / CLOCKS_PER_SEC);
}

static void ask_in_time(const struct ask *one) { ask_within(one, SECONDS_MAX); }

static void work_ends_in_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(quick_cases) / sizeof(quick_cases[0]); i++)
        ask_in_time(&quick_cases[i]);
}

/* A row that goes through all steps copies 99 times what all steps keep. */
static void test_scan_of_many_steps(void **state)
{
    struct buf query;

    (void)state;
    buf_init(&query, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&query, IN_TIME "range x from 1 to 4096 step 1 | scan declare (c0: long");
    for (uint32_t i = 1; i < 100; i++)
        buf_add_format(&query, ", c%u: long", i);
    buf_add_text(&query, ") with (");
    for (uint32_t i = 0; i < 99; i++)
        buf_add_format(&query, "step s%u output=none: true; ", i);
    buf_add_text(&query, ") | count");
    buf_add_byte(&query, '\0');
    const struct ask one = {query.data, OVER};
    ask_in_time(&one);
    buf_release(&query);
}

/* A greedy value is compared with each key at each delimiter. */
static void test_greedy_value_and_many_keys(void **state)
{
    struct buf query;

    (void)state;
    buf_init(&query, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&query, SOON "print s = strcat('z=', strrep(strrep(strrep(' ', 1000), 1000), 4)) "
                              "| parse-kv s as (k0: string");
    for (uint32_t i = 1; i < 900; i++)
        buf_add_format(&query, ", k%u: string", i);
    buf_add_text(&query, ") with (pair_delimiter = ' ', kv_delimiter = '=', greedy = true) "
                         "| project k0");
    buf_add_byte(&query, '\0');
    const struct ask one = {query.data, OVER};
    ask_in_time(&one);
    buf_release(&query);
}

/* Keys that end in blanks all stand before many blanks, longest first and shortest first. */
static void test_greedy_value_and_keys_with_blanks(void **state)
{
    struct buf query;

    (void)state;
    for (int up = 0; up < 2; up++) {
        buf_init(&query, QUERY_TEXT_BYTES_MAX);
        buf_add_text(&query, "print s = strcat('z=1,a', strrep(strrep(strrep(' ', 1000), 1000), 4)"
                             ", 'x') | parse-kv s as (z: string");
        for (int i = 0; i < 60; i++)
            buf_add_format(&query, ", ['a%*s']: string", up ? i : 59 - i, "");
        buf_add_text(&query, ") with (pair_delimiter = ',', kv_delimiter = '=', greedy = true) "
                             "| project strlen(z)");
        buf_add_byte(&query, '\0');
        const struct ask one = {query.data, "[[4000004]]"};
        ask_within(&one, 2);
        buf_release(&query);
    }
}

/* The list of what is missing, which begins with a long one, is not copied for each more. */
static void test_pattern_calls_without_a_case(void **state)
{
    struct buf query;

    (void)state;
    buf_init(&query, 2 * QUERY_TEXT_BYTES_MAX);
    buf_add_text(&query, "declare pattern p; union p('");
    for (uint32_t i = 0; i < 110000; i++)
        buf_add_byte(&query, '\1');
    buf_add_text(&query, "')");
    for (uint32_t i = 0; i < 20000; i++)
        buf_add_text(&query, ",p('a')");
    buf_add_byte(&query, '\0');
    const struct ask one = {query.data, "! SEM0036"};
    ask_within(&one, 1);
    buf_release(&query);
}

/* A search of a text cannot be stopped: the ones that may take long are not begun. */
static const struct ask patterns_cases[] = {
    {"print " A(1000) " matches regex '((a?){200}(a){200}.*)*b'",
     "! a text of 1000000 bytes is too long for a regular expression of this size"},
    {"print extract('((a?){200}(a){200}.*)*b', 1, " A(1000) ")", "! E_RUNAWAY_QUERY"},
    {"print s = " A(1000) " | parse kind=regex s with '((a?){200}(a){200}.*)*b' t",
     "! E_RUNAWAY_QUERY"},
    {"print " A(1000) " matches regex 'a+$', extract('(a)(b)', 1, strcat(" A(1000) ", 'b'))",
     "[[true,\"a\"]]"},
};
ASK_TEST(a_pattern_that_could_take_long_is_refused, patterns_cases)

ASK_MAIN(cmocka_unit_test(a_text_that_is_searched_again_and_again),
         cmocka_unit_test(rows_that_share_long_texts), cmocka_unit_test(lists_that_are_long),
         cmocka_unit_test(work_ends_in_time), cmocka_unit_test(test_scan_of_many_steps),
         cmocka_unit_test(test_greedy_value_and_many_keys),
         cmocka_unit_test(test_greedy_value_and_keys_with_blanks),
         cmocka_unit_test(test_pattern_calls_without_a_case),
         cmocka_unit_test(a_pattern_that_could_take_long_is_refused))
