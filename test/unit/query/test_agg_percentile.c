/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles by nearest rank. */
#include "ask.h"

#include "query/function.h"
#include "query/run_priv.h"

static const struct ask ranks_cases[] = {
    {"range x from 1 to 100 step 1 | summarize percentile(x, 50), percentile(x, 0), "
     "percentile(x, 100), percentile(x, 95)",
     "[[50,1,100,95]]"},
    {"range x from 1 to 10 step 1 | summarize percentiles(x, 10, 90)",
     "[[1,9]]"},
    {"range x from 1 to 10 step 1 | summarize percentiles_array(x, 50, 100), "
     "percentiles_array(x, dynamic([10]))",
     "[[[5,10],[1]]]"},
    /* as many as are asked for, in any order */
    {"range x from 1 to 100 step 1 | summarize a = percentiles_array(x, range(0, 100, 10)), "
     "w = percentilesw_array(x, 2, range(100, 0, -10)) | project array_length(a), tostring(a), "
     "array_length(w), w[0], w[9], w[10]",
     "[[11,\"[1,10,20,30,40,50,60,70,80,90,100]\",11,100,10,1]]"},
    {"range x from 1 to 9 step 1 | summarize percentiles_array(x, 1, 12, 23, 34, 45, 56, 67, 78, "
     "89, 100) by x % 2 | summarize sum(array_length(percentiles_x))",
     "[[20]]"},
    {"range x from 1 to 20000 step 1 | summarize p = percentiles_array(x, range(0, 100, 1)) "
     "by k = x % 3000 | summarize count(), min(array_length(p)), max(array_length(p))",
     "[[3000,101,101]]"},
    {"datatable(v:long, w:long)[1, 1, 2, 98, 3, 1] | summarize percentilew(v, w, 50), "
     "percentilesw(v, w, 1, 100)",
     "[[2,1,3]]"},
};
ASK_TEST(ranks, ranks_cases)

static const struct ask types_and_nothing_cases[] = {
    {"datatable(t:datetime)[datetime(2024-01-01), datetime(2024-01-02)] | summarize "
     "percentile(t, 50)",
     "[[\"2024-01-01T00:00:00.0000000Z\"]]"},
    {"datatable(t:timespan)[1h, 2h, 3h] | summarize percentile(t, 50)",
     "[[\"02:00:00\"]]"},
    {"datatable(x:long)[long(null)] | summarize percentile(x, 50)",
     "[[null]]"},
    /* the elements of an array have the type, too */
    {"datatable(t:datetime, s:timespan)[datetime(2024-01-01), 1h, datetime(2024-01-02), 2h] "
     "| summarize percentiles_array(t, 50, 100), percentilesw_array(s, 1, 50, 100)",
     "[[[\"2024-01-01T00:00:00.0000000Z\",\"2024-01-02T00:00:00.0000000Z\"],"
     "[\"01:00:00\",\"02:00:00\"]]]"},
    {"datatable(x:long, y:real, z:dynamic)[9007199254740993, 0.5, dynamic(2)] "
     "| summarize percentiles_array(x, 50), percentilesw_array(x, 1, 50), "
     "percentiles_array(y, 50), percentiles_array(z, 50)",
     "[[[9007199254740993],[9007199254740993],[0.5],[2.0]]]"},
};
ASK_TEST(types_and_nothing, types_and_nothing_cases)

#define SAMPLES "range x from 1 to 300000 step 1 | extend r = toreal(hash(x, 1000003)), w = 1.5"

/* One state for all percents of the same values: 19 of their own do not fit. */
static const struct ask shared_cases[] = {
    {"set maxmemoryconsumptionperiterator = 33554432; " SAMPLES " | summarize percentiles(x, 5, "
     "10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95) | project "
     "percentile_x_5, percentile_x_50, percentile_x_95",
     "[[15000,150000,285000]]"},
    {"set maxmemoryconsumptionperiterator = 33554432; " SAMPLES " | summarize percentile(x, 5), "
     "a = percentile(x, 25), b = percentile(x, 50), c = percentile(x, 75), d = percentile(x, 95), "
     "percentiles_array(x, 0, 100)",
     "[[15000,75000,150000,225000,285000,[1,300000]]]"},
    {"set maxmemoryconsumptionperiterator = 50331648; " SAMPLES " | summarize percentilesw(x, w, "
     "5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95) | project "
     "percentile_x_5, percentile_x_50, percentile_x_95",
     "[[15000,150000,285000]]"},
    /* values that are not the same do not share */
    {"range x from 1 to 10 step 1 | summarize percentile(x, 50), b = percentile(x + 1, 50), "
     "c = percentile(x + 2, 50), d = percentilew(x, x, 50), e = percentilew(x, 1, 50), "
     "f = percentile(toreal(x), 50), g = percentile(x, 90), h = percentilew(x, x, 10)",
     "[[5,6,7,7,5,5,9,3]]"},
    {"range x from 1 to 10 step 1 | summarize a = percentile(iff(x in (1, 2), 0, x), 50), "
     "b = percentile(iff(x in (9, 10), 0, x), 50), c = percentile(iff(x in (9, 10), 0, x), 90)",
     "[[5,3,7]]"},
    {"range x from 1 to 10 step 1 | summarize percentiles(iff(x in (9, 10), 0, x), 50, 90)",
     "[[3,7]]"},
    {"range x from 1 to 1000 step 1 | summarize (a, b) = percentiles(rand(), 10, 90) | project "
     "a < b",
     "[[true]]"},
    {"let percentile = (v:long, p:real) { p }; range x from 1 to 10 step 1 | summarize "
     "percentiles(1, 10, 90), count()",
     "[[10,90,10]]"},
    {"range x from 1 to 100000 step 1 | summarize percentiles(x, 50, 100), n = count(), "
     "percentile(x, 0) by k = x % 40000 | summarize count(), sum(percentile_x_50), "
     "sum(percentile_x_100), sum(n), sum(percentile_x_0)",
     "[[40000,1600020000,3200020000,100000,800020000]]"},
};
ASK_TEST(calls_of_the_same_values_share_them, shared_cases)

static const struct ask order_cases[] = {
    {"datatable(x:real)[-0.5, real(-inf), 3.25, -1e300, real(+inf), 1e-300, real(nan), 2, -7] | "
     "summarize (a, b, c) = percentiles(x, 25, 50, 75) | project a == -1e300, b == -0.5, c == 2",
     "[[true,true,true]]"},
    {"datatable(x:long)[-5, 9223372036854775807, 0, long(-9223372036854775807), 7] | summarize "
     "percentiles(x, 0, 40, 50, 80, 100)",
     "[[-9223372036854775807,-5,0,7,9223372036854775807]]"},
    {"range x from 1 to 100000 step 1 | extend y = toreal(hash(x, 100000)) - 50000 | summarize "
     "p = percentiles_array(y, 0, 1, 37, 50, 100), l = make_list(y, 200000) | extend s = "
     "array_sort_asc(l) | project p[0] == s[0], p[1] == s[999], p[2] == s[36999], "
     "p[3] == s[49999], p[4] == s[99999]",
     "[[true,true,true,true,true]]"},
};
ASK_TEST(values_are_in_their_order, order_cases)

static void sorting_ends_when_the_query_is_cancelled(void **state)
{
    enum { ROWS = 1000 };
    static int64_t values[ROWS];
    static const uint32_t groups[ROWS];
    const double percents[] = {50};
    const struct aggregate *percentile = aggregate_find(SLICE("percentile"));
    const struct value percent = {.type = TYPE_REAL, .real = 50};
    const struct value *constants[] = {NULL, &percent};
    const struct vector args[] = {
        {.type = TYPE_LONG, .encoding = VECTOR_FLAT, .row_count = ROWS, .data = values},
        {.type = TYPE_REAL, .encoding = VECTOR_CONST, .row_count = ROWS, .data = percents}};
    uint64_t samples[16] = {0}; /* a state */
    atomic_bool cancelled = false;
    struct query_request request = {.cancelled = &cancelled};
    struct query query = {.request = &request, .deadline_us = UINT64_MAX};
    const struct run run = {.query = &query};
    struct aggregate_state_context context = {
        .arena = arena_new(MIB), .run = &run, .constants = constants, .arg_count = 2,
        .type = TYPE_LONG};
    struct error err = {.status = STATUS_OK};
    struct vector ret;

    (void)state;
    assert_true(percentile->state_bytes <= sizeof(samples));
    for (int64_t i = 0; i < ROWS; i++)
        values[i] = i * 7919 % ROWS;
    ASSERT_OK(percentile->update(&context, samples, groups, args, 2, ROWS, &err));
    atomic_store(&cancelled, true);
    ASSERT_STATUS(STATUS_CANCELLED,
                  percentile->finish(&context, samples, 1, context.arena, &ret, &err));
    atomic_store(&cancelled, false);
    ASSERT_OK(percentile->finish(&context, samples, 1, context.arena, &ret, &err));
    assert_int_equal(ret.integers[0], 499);
    arena_free(context.arena);
}

ASK_MAIN(cmocka_unit_test(ranks),
         cmocka_unit_test(calls_of_the_same_values_share_them),
         cmocka_unit_test(values_are_in_their_order),
         cmocka_unit_test(sorting_ends_when_the_query_is_cancelled),
         cmocka_unit_test(types_and_nothing))
