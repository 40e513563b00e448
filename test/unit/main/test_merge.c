/* SPDX-License-Identifier: Apache-2.0 */
/* Aggregates of several workers, merged, are those of one. */
#include "answers.h"
#include "query/function.h"

#define PARTS 12
#define PART_ROWS 1000

/* Every aggregate once; those of an order that threads do not keep are sorted. */
static const struct {
    const char *name, *call;
} calls[] = {
    {"count", "count()"},
    {"cnt", "cnt()"},
    {"countif", "countif(n > 500)"},
    {"sum", "sum(n), sum(l)"},
    {"sumif", "sumif(n, l > 0)"},
    {"avg", "round(avg(n), 6)"},
    {"avgif", "round(avgif(n, l > 3), 6)"},
    {"min", "min(n), min(s), min(t), min(r), min(b)"},
    {"minif", "minif(s, n > 100)"},
    {"max", "max(n), max(s), max(t), max(r), max(b)"},
    {"maxif", "maxif(s, n < 100)"},
    {"make_set", "array_sort_asc(make_set(l)), array_length(make_set(s, 7))"},
    {"makeset", "array_sort_asc(makeset(s, 100000)), array_length(makeset(s))"},
    {"make_set_if", "array_sort_asc(make_set_if(s, n > 900))"},
    {"make_list", "array_sort_asc(make_list(n)), array_length(make_list(n, 7))"},
    {"makelist", "array_sort_asc(makelist(s, 100000)), array_length(makelist(s))"},
    {"make_list_if", "array_sort_asc(make_list_if(n, l == 3))"},
    {"make_list_with_nulls", "array_length(make_list_with_nulls(n))"},
    {"make_bag", "array_sort_asc(bag_keys(make_bag(bag_pack(s, 1))))"},
    {"make_dictionary", "array_sort_asc(bag_keys(make_dictionary(bag_pack(s, 1), 100000)))"},
    {"make_bag_if", "array_sort_asc(bag_keys(make_bag_if(bag_pack(s, 1), n > 900)))"},
    {"dcount", "dcount(n), dcount(s)"},
    {"dcountif", "dcountif(s, n > 100)"},
    {"count_distinct", "count_distinct(n), count_distinct(s), count_distinct(t)"},
    {"count_distinctif", "count_distinctif(s, n > 100)"},
    {"hll", "dcount_hll(hll(s))"},
    {"hll_if", "dcount_hll(hll_if(s, n > 100))"},
    {"stdev", "round(stdev(n), 6)"},
    {"stdevif", "round(stdevif(n, l > 3), 6)"},
    {"stdevp", "round(stdevp(n), 6)"},
    {"stdevpif", "round(stdevpif(n, l > 3), 6)"},
    {"variance", "round(variance(n), 3)"},
    {"varianceif", "round(varianceif(n, l > 3), 3)"},
    {"variancep", "round(variancep(n), 3)"},
    {"variancepif", "round(variancepif(n, l > 3), 3)"},
    {"covariance", "round(covariance(n, l), 3)"},
    {"covarianceif", "round(covarianceif(n, l, n > 9), 3)"},
    {"covariancep", "round(covariancep(n, l), 3)"},
    {"covariancepif", "round(covariancepif(n, l, n > 9), 3)"},
    {"binary_all_and", "binary_all_and(n)"},
    {"binary_all_or", "binary_all_or(n)"},
    {"binary_all_xor", "binary_all_xor(n)"},
    {"percentile", "percentile(n, 50)"},
    {"percentiles", "percentiles(n, 5, 50, 95)"},
    {"percentilew", "percentilew(n, l, 50)"},
    {"percentilesw", "percentilesw(n, l, 5, 95)"},
    {"percentiles_array", "percentiles_array(n, range(0, 100, 10))"},
    {"percentilesw_array", "percentilesw_array(n, l, range(0, 100, 10))"},
    {"arg_max", "arg_max(u, n, s, d)"},
    {"argmax", "argmax(u, n)"},
    {"arg_min", "arg_min(u, n, s, d)"},
    {"argmin", "argmin(u, n)"},
    {"take_any", "take_any(g)"},
    {"any", "any(g)"},
    {"take_anyif", "take_anyif(g, n > 100)"},
    {"anyif", "anyif(g, n > 100)"},
    /* A digest depends on the order in which it is filled: within its error it does not. */
    {"tdigest", "abs(percentile_tdigest(tdigest(n), 50) - percentile(n, 50)) < 30"},
    {"buildschema", "array_sort_asc(bag_keys(buildschema(d)))"},
};

#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

/* hll_merge() and tdigest_merge() take what hll() and tdigest() gave. */
static const char hll_merged[] = "T_CL | summarize h = hll(s) by g, l"
                                 " | summarize dcount_hll(hll_merge(h)) by g";
static const char digest_merged[] = "T_CL | summarize d = tdigest(n) by g, l"
                                    " | summarize m = tdigest_merge(d), o = merge_tdigest(d) by g"
                                    " | project g, abs(percentile_tdigest(m, 50) - 500) < 100,"
                                    " percentile_tdigest(o, 100) > 800";

static void fill(struct answers *a)
{
    struct rng rng = {7};
    struct batch_maker m;
    char line[512];

    batch_maker_init(&m, "T_CL", 1);
    for (int p = 0; p < PARTS; p++) {
        for (int i = 0; i < PART_ROWS; i++) {
            uint32_t n = rng_below(&rng, 1000);
            int number = p * PART_ROWS + i;
            /* Groups 0 to 3 are everywhere, a group of its own is in each part. */
            int group = i % 5 == 4 ? 100 + p : i % 5;
            int size = snprintf(
                line, sizeof(line),
                "{\"g\":\"g%d\",\"l\":%u,\"s\":\"%c%u\",\"r\":%u.5,\"b\":%s,\"u\":%d,"
                "\"t\":\"2024-01-%02uT00:00:00Z\",\"d\":{\"k%u\":%u}%s%u}",
                group, rng_below(&rng, 8), '0' + (int)rng_below(&rng, 60), n, n,
                n % 2 == 0 ? "true" : "false", number, 1 + n % 28, n % 3, n,
                i % 11 == 0 ? ",\"m\":" : ",\"n\":", n);
            batch_maker_add(&m, slice_from(line, (size_t)size), FIXTURE_TIME + number);
        }
        answers_put(a, &m);
    }
    batch_maker_release(&m);
}

/* The answer of one worker is that of four, three times. */
static unsigned compare(struct answers *a, const char *query)
{
    struct query_request request = {.text = slice_of(query), .thread_count = 1};
    struct query_stats stats;
    struct error err;
    struct buf want;
    unsigned failures = 0;

    buf_init(&want, GIB);
    if (answers_ask(a, request, &want, &stats, &err) != STATUS_OK)
        fail_msg("%s: %s", query, err.text);
    assert_true(want.size > 0);
    request.thread_count = 4;
    for (int i = 0; i < 3; i++) {
        struct buf got;
        buf_init(&got, GIB);
        if (answers_ask(a, request, &got, &stats, &err) != STATUS_OK ||
            !slice_equal(buf_slice(&got), buf_slice(&want))) {
            print_error("%s\n  wanted %.*s\n  got    %.*s\n", query,
                        SLICE_FMT(slice_head(buf_slice(&want), 300)),
                        SLICE_FMT(slice_head(buf_slice(&got), 300)));
            failures++;
        }
        buf_release(&got);
    }
    buf_release(&want);
    return failures;
}

static void workers_merge_every_aggregate(void **state)
{
    struct answers a;
    char query[256];
    unsigned failures = 0;

    (void)state;
    answers_open(&a);
    fill(&a);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        (void)snprintf(query, sizeof(query), "T_CL | summarize %s by g", calls[i].call);
        failures += compare(&a, query);
        (void)snprintf(query, sizeof(query), "T_CL | where l > 5 | summarize %s", calls[i].call);
        if (strstr(calls[i].call, "any") == NULL)
            failures += compare(&a, query);
    }
    failures += compare(&a, hll_merged);
    failures += compare(&a, digest_merged);
    answers_close(&a);
    assert_int_equal(failures, 0);
}

static void no_aggregate_is_left_out(void **state)
{
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);

    (void)state;
    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->aggregate_count; i++) {
            const char *name = families[f]->aggregates[i].name;
            bool found = strstr(name, "_merge") != NULL || strstr(name, "merge_") != NULL;
            for (size_t c = 0; c < CALL_COUNT; c++)
                found = found || strcmp(calls[c].name, name) == 0;
            if (!found)
                fail_msg("no test of %s()", name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_merge_every_aggregate),
        cmocka_unit_test(no_aggregate_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
