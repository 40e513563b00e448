/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings, with their places; and queries that deserve none. */
#include "ask.h"

#include <time.h>

struct warned {
    const char *query, *says;
    uint32_t line, column;
};

static enum status take_rows(struct query_sink *sink, const struct batch *batch,
                             struct error *err)
{
    (void)sink;
    (void)batch;
    (void)err;
    return STATUS_OK;
}

static void run(const char *text, struct query_stats *ret)
{
    struct query_request request = {.env = &ask_env, .text = slice_of(text),
                                    .now = INT64_C(639000000000000000)};
    struct query_sink sink = {.rows = take_rows};
    struct error err;

    *ret = (struct query_stats){0};
    ASSERT_OK(query_run(&request, &sink, ret, &err));
}

static void suspicious_queries_are_warned_about(void **state)
{
    static const struct warned cases[] = {
        {"T | summarize makeset(s)", "'makeset' is deprecated; use make_set", 1, 15},
        {"T | extend\n  p = pack('a', n)", "'pack' is deprecated; use bag_pack", 2, 7},
        {"T | extend x = columnifexists('n', 1)", "column_ifexists", 1, 16},
        {"T | where s == 1", "compares a string with a long", 1, 13},
        {"T | where '5' == n", "compares a string with a long", 1, 15},
        {"T | where n == 'a'", "'a' is not a long: it becomes null", 1, 16},
        {"T | where 'a' != t", "'a' is not a datetime: it becomes null", 1, 11},
        {"T | where n in (1, 'b', '2')", "'b' is not a long: it becomes null", 1, 20},
        {"datatable(x:long, y:string)[1, 2,\n 'a', 'b']", "'a' is not a long", 2, 2},
        {"datatable(x:int)[99999999999]", "this long does not fit an int: it becomes 1215752191",
         1, 18},
        {"T | where n == long(null)", "never true; use isnull()", 1, 13},
        {"T | where tolower(s) == 'One'", "never gives a text with capitals", 1, 22},
        {"T | where 1 == 2", "the condition is never true", 1, 13},
        {"T | where true", "the condition is always true", 1, 11},
        {"let unused = 5;\nlet f = () { 1 };\nprint f()", "'unused' is not used", 1, 1},
        {"let a = 5;\nlet f = () { a };\nT", "'f' is not used", 2, 1},
        {"print geo_info_from_ip_address('1.1.1.1')", "geoip_database names no file", 1, 7},
        {"T | fork (count) (take 1)", "fork gives 2 tables", 1, 5},
        {"T | facet by n, s", "facet gives 2 tables", 1, 5},
        {"T | evaluate preview(1)", "preview gives 2 tables", 1, 5},
        {"print 1,\n Beware()", "it is guessed", 2, 2},
        {"T | summarize count() by n | extend p = prev(n)", "the rows come in no order", 1, 41},
        {"T | where b = (n == 1)", "'=' gives a name: compare with '=='", 1, 11},
        {"union isfuzzy=true T, Nosuch", "does without it: table 'Nosuch' is not known", 1, 23},
        {"union isfuzzy=true No0, T,\nNo1, No2", "without it and 2 more: table 'No0'", 1, 20},
        {"set best_effort;\nunion T, (Nosuch | take 1)", "table 'Nosuch' is not known", 2, 11},
        {"set notruncaton;\nT",
         "'notruncaton' is no option of a query; did you mean 'notruncation'?", 1, 1},
        {"set servertimeout = 5m;\n set querynow = datetime(2026-01-31); T",
         "did you mean 'query_now'?", 2, 2},
        {"set query_datascop = 'all'; T", "did you mean 'query_datascope'?", 1, 1},
        {"set NoSuchThing = 'x'; T", "'NoSuchThing' is no option of a query: it changes nothing", 1,
         1},
        {"let f = () { set notruncaton; T | take 1 };\nf()", "did you mean 'notruncation'?", 1, 14},
        {"set query_datetimescope_from = datetime(2026-01-31); T",
         "'query_datetimescope_from' changes nothing here", 1, 1},
        {"Mapped | where n == 1 and e == 'x'",
         "column 'e' of Mapped is never filled here; see tables.md", 1, 27},
        {"Mapped | where isnotnull(t) | where n > 0\n| where t > ago(1d) or ['t'] < now()",
         "column 't' of Mapped", 1, 26},
        {"Mapped | where n > 0 | extend x = e | project n, y = x | where y has 'a'",
         "column 'e' of Mapped", 1, 64},
        {"let M = Mapped | where d.a == 1; M | where isnotempty(tostring(d.b))",
         "column 'd' of Mapped", 1, 24},
        {"let n = 5; T | where n == 2", "'n' means the column, not the let", 1, 22},
    };
    struct query_stats stats;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run(cases[i].query, &stats);
        if (stats.warning_count != 1)
            fail_msg("%s: %u warnings", cases[i].query, stats.warning_count);
        if (strstr(stats.warnings[0].text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].query, stats.warnings[0].text);
        if (stats.warnings[0].line != cases[i].line ||
            stats.warnings[0].column != cases[i].column)
            fail_msg("%s: at %u:%u", cases[i].query, stats.warnings[0].line,
                     stats.warnings[0].column);
        assert_true(stats.warnings[0].code[0] != '\0');
    }
}

static void plain_queries_are_not(void **state)
{
    static const char *const queries[] = {
        "T | where s == 'One' and tolower(s) == 'one' and n == 1.5",
        "let a = 5; T | where n == a",
        "Mapped | where n == 1 and s == 'one' and b",
        "Mapped | extend e = s | where e == 'x'",
        "Mapped | where * has 'one' or * == 'two' | search 'one'",
        "Mapped | extend x = e | summarize count() by e",
        "Empty | where e == 'x'",
        "set notruncation; set query_datascope = 'hotcache'; set querytrace; T",
        "set query_results_cache_max_age = 5m; set request_description = 'x'; T",
        "let f = () { set truncationmaxrecords = 1; T }; f()",
        "let rows = T | where n > 1; rows | join rows on n",
        "T | where d.a == 1 and t > ago(1d)",
        "let f = (n:long) { T | where n == 1 }; f(1)",
        "T | summarize c = count() by n | sort by n | where c > 0 | extend p = prev(n)",
        "T | summarize c = count() by n | serialize | extend p = row_number()",
        "T | summarize c = count() by n | serialize p = row_cumsum(c)",
        "range x from 1 to 3 step 1 | extend p = next(x)",
        "T | top 2 by n | extend p = next(n)",
        "T | union T | partition by s (sort by n | extend p = next(n))",
        "T | union T | top-nested 1 of s by sum(n), top-nested 1 of n by sum(n)",
        "T | union T | evaluate activity_counts_metrics(s, t, datetime(2026-01-01), "
        "datetime(2026-01-03), 1d)",
        "T | union T | evaluate session_count(s, t, datetime(2026-01-01), datetime(2026-01-03), "
        "1d, 1d)",
        "T | union T | evaluate narrow()",
        "T | union T | evaluate funnel_sequence_completion(n, t, datetime(2026-01-01), "
        "datetime(2026-01-03), 1d, s, dynamic(['one', 'two']), dynamic([1d]))",
    };
    struct query_stats stats;

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        run(queries[i], &stats);
        if (stats.warning_count != 0)
            fail_msg("%s: %s", queries[i], stats.warnings[0].text);
    }
}

static void they_are_bounded(void **state)
{
    struct query_stats stats;
    struct buf text;

    (void)state;
    buf_init(&text, 64 * KIB);
    buf_add_text(&text, "T | where true");
    for (int i = 0; i < 40; i++)
        buf_add_text(&text, "\n| where true");
    buf_add_byte(&text, '\0');
    run(text.data, &stats);
    assert_int_equal(stats.warning_count, QUERY_WARNINGS_MAX);
    buf_release(&text);
}

struct repeated {
    const char *start, *front, *back, *end; /* a number stands between front and back */
};

/* Processor time of a query that repeats something; the least of some. */
static uint64_t cost_ns(const struct repeated *r, uint32_t count)
{
    uint64_t least = UINT64_MAX;
    struct buf text;

    buf_init(&text, 256 * KIB);
    buf_add_text(&text, r->start);
    for (uint32_t i = 0; i < count; i++)
        buf_add_format(&text, "%s%u%s", r->front, i, r->back);
    buf_add_text(&text, r->end);
    buf_add_byte(&text, '\0');
    assert_false(text.failed);
    for (int i = 0; i < 3; i++) {
        struct timespec from, to;
        struct query_stats stats;
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        run(text.data, &stats);
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        uint64_t took = (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u +
                        (uint64_t)to.tv_nsec - (uint64_t)from.tv_nsec;
        least = took < least ? took : least;
    }
    buf_release(&text);
    return least;
}

/* They grew with its square, to a second for a text of 256 KiB. */
static void names_and_places_cost_as_much_as_the_text_is_long(void **state)
{
    static const struct repeated cases[] = {
        {"", "let a", " = 1;", "print 1"},                        /* is each used? */
        {"print case(", "false, strlen('", "'), ", "2)"},         /* where is each argument? */
        {"print pack_array(", "weekofyear(now()) + ", ",", "2)"}, /* each is deprecated */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t few = cost_ns(&cases[i], 500), many = cost_ns(&cases[i], 4000);
        if (many > few * 24)
            fail_msg("%s: %llu ns, 8 times as long %llu", cases[i].front,
                     (unsigned long long)few, (unsigned long long)many);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspicious_queries_are_warned_about),
        cmocka_unit_test(plain_queries_are_not),
        cmocka_unit_test(they_are_bounded),
        cmocka_unit_test(names_and_places_cost_as_much_as_the_text_is_long),
    };

    return RUN_TESTS(tests);
}
