/* SPDX-License-Identifier: Apache-2.0 */
/* Very many groups of one key, set aside and joined: as many, with the same values, as one
 * thread finds that sets none aside. */
#include "mixed.h"

#define ROWS "@ | mv-expand k = range(0, 9) to typeof(long) | extend x = id * 10 + k "
#define WHOLE "| summarize count(), sum(n), max(n), min(n), sum(m), countif(isnull(x)), sum(x)"

static const char *const alike[] = {
    /* All keys in one thread alone; nobody reads them; in both. */
    ROWS "| summarize n = count(), m = sum(id) by x " WHOLE,
    ROWS "| summarize n = count(), m = sum(id) by x | summarize count(), sum(n), max(m)",
    ROWS "| extend x = (x * 7) % 40001 | summarize n = count(), m = sum(id) by x " WHOLE,
    /* Few rows are new groups at last. */
    ROWS "| extend x = iff(x > 30000, x % 9, x) | summarize n = count(), m = max(id) by x " WHOLE,
    /* A null among them, and in both. */
    ROWS "| extend x = iff(x % 5000 == 1, long(null), x) "
         "| summarize n = count(), m = sum(id) by x " WHOLE,
    /* Other types of keys. */
    ROWS "| summarize n = count() by t = strcat('key ', x % 45000) "
         "| summarize count(), sum(n), sum(strlen(t)), min(t), max(t)",
    ROWS "| summarize n = count() by r = iff(x == 3, real(nan), x / 2.0) "
         "| summarize count(), sum(n), countif(isnan(r)), sum(iff(isnan(r), 0.0, r))",
    ROWS "| summarize n = count() by t = datetime(2026-01-01) + x * 1s "
         "| summarize count(), sum(n), min(t), max(t)",
    ROWS "| summarize n = count() by c = todecimal(x % 45000) | summarize count(), sum(n), max(c)",
    /* States that are texts, sets, lists, sketches, rows. */
    ROWS "| summarize a = min(s), b = max(s), l = make_list(k), e = make_set(k), d = dcount(s), "
         "c = count_distinct(k), v = avg(r), (at, p) = arg_max(id, s) by x = x % 40000 "
         "| summarize count(), min(a), max(b), sum(array_length(l)), sum(array_length(e)), sum(d), "
         "sum(c), sum(toint(v)), sum(at), max(p)",
    /* Lists of sorted rows are in their order, each and every one. */
    ROWS "| sort by x asc | summarize l = make_list(x), f = make_list(x, 1) by k = x % 20000 "
         "| where k in (5, 19999) | sort by k asc",
    ROWS "| sort by x asc | summarize l = make_list(x) by k = x % 20000 "
         "| summarize count(), countif(l[0] < l[1] and l[1] < l[2])",
    /* Keys that are sorted, rows that nobody wants any more. */
    ROWS "| summarize n = count() by x | top 3 by x desc",
    ROWS "| distinct x | take 7 | count",
};
MIXED_TEST(threads_do_not_matter, mixed_same, alike)

/* Keys that come again and again are kept a few times, not once for each time. */
static void test_keys_that_come_again(void **state)
{
    static const char *const queries[] = {
        "range x from 1 to 1000000 step 1 | summarize n = count() by k = x % 20000 "
        "| summarize count(), min(n), max(n)",
        "range x from 1 to 2000000 step 1 | extend k = hash(x, 16000) | summarize n = count() by k "
        "| summarize count(), sum(n)",
    };
    static const char *const wanted[] = {"20000|50|50\n", "16000|2000000\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct mixed_answer answer;
        struct mixed all;
        mixed_open(&all);
        mixed_run(&all, queries[i], "",
                  (struct query_request){.thread_count = 2, .memory_bytes = 24 * MIB}, &answer);
        if (!slice_is(buf_slice(&answer.text), wanted[i]))
            fail_msg("%s\n  %s %.*s", queries[i], answer.err.text,
                     SLICE_FMT(buf_slice(&answer.text)));
        buf_release(&answer.text);
        arena_free(all.arena);
    }
}

static const char *const hungry[] = {
    "@ | mv-expand k = range(0, 5) to typeof(long) | summarize m = max(s) by x = id * 6 + k "
    "| count"};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

static const char *const stopped[] = {
    "@ | mv-expand k = range(0, 9) to typeof(long) | summarize count() by id * 10 + k"};
MIXED_TEST(they_stop, mixed_stop, stopped)

ASK_MAIN(cmocka_unit_test(threads_do_not_matter),
         cmocka_unit_test(test_keys_that_come_again),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(they_stop))
