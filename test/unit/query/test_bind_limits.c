/* SPDX-License-Identifier: Apache-2.0 */
/* Limits have Kusto's names, and the lower of `set` and the request holds. */
#include "test.h"

#include "base/limits.h"
#include "query/query.h"

#include <string.h>

#define LONG "range x from 1 to 40000000 step 1 | extend y = x | summarize count() by y % 7"
#define LIST "range x from 1 to 1000000 step 1 | summarize make_list(x)"
#define BIG                                                                                        \
    "range x from 1 to 80 step 1"                                                                  \
    " | project s = strcat(x, strrep(strrep('a', 1000), 1000))"

struct limit_case {
    const char *query;
    const char *code; /* of the error; "" = it succeeds */
    uint64_t rows;    /* of the result, when it succeeds */
    struct {
        size_t memory_bytes;
        uint64_t time_ms, rows_max;
    } given; /* by the request */
};

static const struct limit_case cases[] = {
    /* what holds when nothing is said */
    {"range x from 1 to 500000 step 1", "", 500000, {0}},
    {"range x from 1 to 500001 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", 0, {0}},
    {BIG, "E_QUERY_RESULT_SET_TOO_LARGE", 0, {0}},
    {BIG " | take 60", "", 60, {0}},
    {LIST, "E_RUNAWAY_QUERY", 0, {.memory_bytes = MIB}},
    {LONG, "E_QUERY_TIMEOUT", 0, {.time_ms = 20}},
    /* rows */
    {"set truncationmaxrecords = 3; range x from 1 to 4 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", 0,
     {0}},
    {"set truncationmaxrecords = 4; range x from 1 to 4 step 1", "", 4, {0}},
    {"set truncation_max_records = 3; range x from 1 to 4 step 1", "E_QUERY_RESULT_SET_TOO_LARGE",
     0, {0}},
    {"set truncationmaxrecords = 600000; range x from 1 to 500001 step 1", "", 500001, {0}},
    {"set truncationmaxrecords = 5; range x from 1 to 4 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", 0,
     {.rows_max = 3}},
    {"set truncationmaxrecords = 3; range x from 1 to 4 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", 0,
     {.rows_max = UINT64_MAX}},
    /* bytes: a long counts 8 */
    {"set truncationmaxsize = 24; range x from 1 to 3 step 1", "", 3, {0}},
    {"set truncationmaxsize = 23; range x from 1 to 3 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", 0,
     {0}},
    {"set truncationmaxsize = 100000000; " BIG, "", 80, {0}},
    {"set truncationmaxsize = 100000000; " BIG, "E_QUERY_RESULT_SET_TOO_LARGE", 0,
     {.rows_max = 100}},
    /* neither */
    {"set notruncation; range x from 1 to 500001 step 1", "", 500001, {0}},
    {"set notruncation = true; " BIG, "", 80, {0}},
    {"set notruncation = false; range x from 1 to 500001 step 1", "E_QUERY_RESULT_SET_TOO_LARGE",
     0, {0}},
    {"set notruncation; range x from 1 to 4 step 1", "E_QUERY_RESULT_SET_TOO_LARGE", 0,
     {.rows_max = 3}},
    /* so many and no more, without an error */
    {"set query_take_max_records = 3; range x from 1 to 1000000 step 1", "", 3, {0}},
    {"set query_take_max_records = 3; range x from 1 to 2 step 1", "", 2, {0}},
    {"set query_take_max_records = 4; range x from 1 to 9 step 1", "E_QUERY_RESULT_SET_TOO_LARGE",
     0, {.rows_max = 3}},
    /* memory can be lowered only */
    {"set maxmemoryconsumptionperiterator = 1048576; " LIST, "E_RUNAWAY_QUERY", 0, {0}},
    {"set max_memory_consumption_per_iterator = 1048576; " LIST, "E_RUNAWAY_QUERY", 0, {0}},
    {"set max_memory_consumption_per_query_per_node = 1048576; " LIST, "E_RUNAWAY_QUERY", 0, {0}},
    {"set maxmemoryconsumptionperiterator = 68719476736; " LIST, "E_RUNAWAY_QUERY", 0,
     {.memory_bytes = MIB}},
    {"set maxmemoryconsumptionperiterator = 536870912; " LIST, "", 1, {0}},
    /* time */
    {"set servertimeout = 20ms; " LONG, "E_QUERY_TIMEOUT", 0, {0}},
    {"set servertimeout = time(00:00:00.02); " LONG, "E_QUERY_TIMEOUT", 0, {.time_ms = 60000}},
    {"set servertimeout = 1h; " LONG, "E_QUERY_TIMEOUT", 0, {.time_ms = 20}},
    {"set norequesttimeout; " LONG, "E_QUERY_TIMEOUT", 0, {.time_ms = 20}},
    {"set servertimeout = 10000000d; print 1", "", 1, {0}},
    /* what makes no sense is refused; other options are left alone */
    {"set truncationmaxrecords = 'x'; print 1", "SEM0100", 0, {0}},
    {"set truncationmaxrecords = 0; print 1", "SEM0100", 0, {0}},
    {"set truncationmaxrecords; print 1", "SEM0100", 0, {0}},
    {"set truncationmaxsize = -1; print 1", "SEM0100", 0, {0}},
    {"set notruncation = 3; print 1", "SEM0100", 0, {0}},
    {"set servertimeout = 5; print 1", "SEM0100", 0, {0}},
    {"set servertimeout = -5m; print 1", "SEM0100", 0, {0}},
    {"set querytrace; set nosuch = 'x'; print 1", "", 1, {0}},
    /* the limits are the query's, not those of a function in it */
    {"let f = () { set truncationmaxrecords = 1; range x from 1 to 3 step 1 }; f()", "", 3, {0}},
};

struct counter {
    struct query_sink sink; /* first */
    uint64_t rows;
};

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    (void)err;
    ((struct counter *)sink)->rows += batch->row_count;
    return STATUS_OK;
}

static void each_limit_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct limit_case *c = &cases[i];
        struct counter counter = {.sink = {.rows = rows}};
        struct query_request request = {.text = slice_of(c->query),
                                        .memory_bytes = c->given.memory_bytes,
                                        .time_ms = c->given.time_ms,
                                        .rows_max = c->given.rows_max};
        struct query_stats stats;
        struct error err;
        enum status status = query_run(&request, &counter.sink, &stats, &err);
        if ((status == STATUS_OK) != (c->code[0] == '\0') ||
            (status != STATUS_OK && strcmp(err.code, c->code) != 0))
            fail_msg("%s: %s %s %s", c->query, status_name(status), err.code, err.text);
        if (status == STATUS_OK && counter.rows != c->rows)
            fail_msg("%s: %llu rows", c->query, (unsigned long long)counter.rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_holds),
    };

    return RUN_TESTS(tests);
}
