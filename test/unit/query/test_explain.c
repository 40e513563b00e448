/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include "query/explain_priv.h"

struct text_sink {
    struct query_sink sink; /* first */
    struct buf text;
};

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    struct buf *text = &((struct text_sink *)sink)->text;

    for (uint32_t i = 0; i < schema->column_count; i++) {
        buf_add_slice(text, schema->columns[i].name);
        buf_add_byte(text, i + 1 < schema->column_count ? '|' : '\n');
    }
    return buf_check(text, err);
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct buf *text = &((struct text_sink *)sink)->text;

    for (uint32_t r = 0; r < batch->row_count; r++) {
        for (uint32_t c = 0; c < batch->column_count && c < 3; c++) {
            struct value v = vector_value(&batch->columns[c], r);
            buf_add_text(text, c > 0 ? "|" : "");
            query_add_text(text, &v);
        }
        buf_add_byte(text, '\n');
    }
    return buf_check(text, err);
}

static void explains(const char *query, enum query_explain how, const char *wanted)
{
    struct query_request request = {.env = &ask_env, .text = slice_of(query), .explain = how};
    struct text_sink sink = {{.begin = begin, .rows = rows}, {0}};
    struct query_stats stats;
    struct error err;

    buf_init(&sink.text, MIB);
    ASSERT_OK(query_run(&request, &sink.sink, &stats, &err));
    if (!slice_is(buf_slice(&sink.text), wanted))
        fail_msg("wanted:\n%s\nfound:\n%.*s", wanted, SLICE_FMT(buf_slice(&sink.text)));
    buf_release(&sink.text);
}

static void test_a_scan_says_what_it_reads_and_is_told(void **state)
{
    (void)state;
    explains("Empty | where s == 'x' and n between (1 .. 5) | project m = n + 1", EXPLAIN_PLAN,
             "operator|detail\n"
             "project|m = (n + 1)\n"
             "  where|((s == \"x\") and ((n >= 1) and (n <= 5)))\n"
             "    scan|Empty; columns n, s; filters n <= 5 and n >= 1 and s == \"x\"\n");
}

static void test_top_and_summarize_describe_themselves(void **state)
{
    (void)state;
    explains("Empty | summarize c = count(), arg_max(t, n) by s | top 3 by c", EXPLAIN_PLAN,
             "operator|detail\n"
             "sort|by c desc; keeps the first 3\n"
             "  project|c = column 2, 3 columns as they are\n"
             "    summarize|count(), arg_max(t, n) by s; each thread for itself, then merged\n"
             "      scan|Empty; columns n, s, t\n");
}

/* Not all of them: a table has over a hundred. */
static void test_scan_reads_what_its_steps_look_at(void **state)
{
    (void)state;
    explains("Empty | scan declare (k: long) with (step a: n == 1 => k = 2; "
             "step b: s == a.s => k = a.k + 1;) | project t, k",
             EXPLAIN_PLAN,
             "operator|detail\n"
             "project|2 columns as they are\n"
             "  scan|\n"
             "    scan|Empty; columns n, s, t\n");
}

static void test_joins_have_two_inputs(void **state)
{
    (void)state;
    explains("Empty | join kind=leftanti (Empty | take 5) on s | where s in ('a', 'b', 'c', 'd')",
             EXPLAIN_PLAN,
             "operator|detail\n"
             "where|s in (\"a\", \"b\", \"c\", ... 4 values)\n"
             "  join|leftanti, hash table of the right side on s == s\n"
             "    scan|Empty; columns n, r, s, d, e, t, b, span; filters s == any of 4 values\n"
             "    take|5 rows\n"
             "      scan|Empty; columns s\n");
}

static void test_a_measured_run_counts_the_rows_of_each(void **state)
{
    (void)state;
    explains("range i from 1 to 100 step 1 | where i % 10 == 0 | take 3", EXPLAIN_ANALYZE,
             "operator|detail|rows|self_us\n"
             "take|3 rows|3\n"
             "  where|((i % 10) == 0)|10\n"
             "    range||100\n");
}

static void test_rarer_operators_describe_themselves(void **state)
{
    (void)state;
    explains("Empty | mv-expand x = d, d | parse s with a 'x' b:long | parse-where e with * 'y' f",
             EXPLAIN_PLAN,
             "operator|detail\n"
             "parse|e to f; keeps what matches\n"
             "  parse|s to a, b\n"
             "    mv-expand|x = d, d = d\n"
             "      scan|Empty; columns n, r, s, d, e, t, span\n");
    explains("Empty | partition by s (top 2 by n)", EXPLAIN_PLAN,
             "operator|detail\n"
             "partition|by s; in each: sort by n desc; keeps the first 2\n"
             "  scan|Empty; columns n, r, s, d, e, t, b, span\n");
    explains("union (Empty | project n), (print a = 1)", EXPLAIN_PLAN,
             "operator|detail\n"
             "union|2 tables, one after the other\n"
             "  project|a = long(null), 1 columns as they are\n"
             "    project|1 columns as they are\n"
             "      scan|Empty; columns n\n"
             "  project|n = long(null), 1 columns as they are\n"
             "    project|a = 1\n"
             "      rows|\n");
}

static void test_expressions_look_like_the_language(void **state)
{
    (void)state;
    explains("Empty | where s matches regex 'x+' and s matches regex e and isnull(d[1].a)",
             EXPLAIN_PLAN,
             "operator|detail\n"
             "where|((s matches regex \"x+\") and (s matches regex e) and isnull(d[1].a))\n"
             "  scan|Empty; columns n, r, s, d, e, t, b, span\n");
    explains("Empty | project n, a = '', b = '', c = long(null), d = dynamic(null)", EXPLAIN_PLAN,
             "operator|detail\n"
             "project|1 columns as they are, 4 columns empty\n"
             "  scan|Empty; columns n\n");
}

static void test_errors_are_those_of_the_query(void **state)
{
    struct query_request request = {
        .env = &ask_env, .text = SLICE("T | where nosuch == 1"), .explain = EXPLAIN_PLAN};
    struct text_sink sink = {{.begin = begin, .rows = rows}, {0}};
    struct query_stats stats;
    struct error err;

    (void)state;
    buf_init(&sink.text, MIB);
    ASSERT_STATUS(STATUS_INVALID, query_run(&request, &sink.sink, &stats, &err));
    assert_int_equal(err.column, 11);
    assert_int_equal(sink.text.size, 0);
    buf_release(&sink.text);
}

static void test_long_details_are_cut(void **state)
{
    struct value long_text = {.type = TYPE_STRING};
    char bytes[2000];
    struct buf text;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    long_text.bytes = slice_from(bytes, sizeof(bytes));
    buf_init(&text, MIB);
    explain_value(&text, &long_text);
    assert_true(text.size < 200);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_scan_says_what_it_reads_and_is_told),
        cmocka_unit_test(test_top_and_summarize_describe_themselves),
        cmocka_unit_test(test_scan_reads_what_its_steps_look_at),
        cmocka_unit_test(test_joins_have_two_inputs),
        cmocka_unit_test(test_a_measured_run_counts_the_rows_of_each),
        cmocka_unit_test(test_rarer_operators_describe_themselves),
        cmocka_unit_test(test_expressions_look_like_the_language),
        cmocka_unit_test(test_errors_are_those_of_the_query),
        cmocka_unit_test(test_long_details_are_cut),
    };
    return RUN_TESTS(tests);
}
