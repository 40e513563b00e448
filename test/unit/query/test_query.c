/* SPDX-License-Identifier: Apache-2.0 */
/* query_run(): phases, limits of the result, what sinks refuse. */
#include "mixed.h"

static void expect(const char *query, struct query_request request, enum status status,
                   const char *code, enum query_phase phase)
{
    struct mixed_answer answer;
    struct mixed all;

    mixed_open(&all);
    mixed_run(&all, query, "Flat", request, &answer);
    if (answer.status != status || strcmp(answer.err.code, code) != 0 ||
        answer.stats.phase != phase)
        fail_msg("%s: %s %s in %s: %s", query, status_name(answer.status), answer.err.code,
                 query_phase_name(answer.stats.phase), answer.err.text);
    buf_release(&answer.text);
    arena_free(all.arena);
}

static void limits_have_their_codes(void **state)
{
    const struct query_request plain = {0};

    (void)state;
    expect("@ | where", plain, STATUS_INVALID, "SYN0002", QUERY_PHASE_PARSE);
    expect("@ | where nosuch", plain, STATUS_INVALID, "SEM0100", QUERY_PHASE_BIND);
    expect("let a = 1;", plain, STATUS_INVALID, "SEM0100", QUERY_PHASE_BIND);
    expect("@", (struct query_request){.rows_max = 6143}, STATUS_LIMIT,
           "E_QUERY_RESULT_SET_TOO_LARGE", QUERY_PHASE_RUN);
    expect("@", (struct query_request){.rows_max = 6144}, STATUS_OK, "", QUERY_PHASE_RUN);
    expect("range x from 1 to 500001 step 1", plain, STATUS_LIMIT,
           "E_QUERY_RESULT_SET_TOO_LARGE", QUERY_PHASE_RUN);
    expect("range x from 1 to 500001 step 1", (struct query_request){.rows_max = UINT64_MAX},
           STATUS_OK, "", QUERY_PHASE_RUN);
    /* Of 64 MiB in few rows. */
    expect("range x from 1 to 70 step 1 | extend s = strcat(strrep('0123456789abcdef', 1024), "
           "x) | extend s = strrep(s, 64)",
           plain, STATUS_LIMIT, "E_QUERY_RESULT_SET_TOO_LARGE", QUERY_PHASE_RUN);
    expect("@ | sort by id desc", (struct query_request){.memory_bytes = 300 * KIB},
           STATUS_LIMIT, "E_RUNAWAY_QUERY", QUERY_PHASE_RUN);
    expect("@", (struct query_request){.memory_bytes = 1}, STATUS_LIMIT, "E_RUNAWAY_QUERY",
           QUERY_PHASE_PARSE);
    expect("range x from 1 to 50000000 step 1 | summarize sum(x * x)",
           (struct query_request){.time_ms = 1}, STATUS_LIMIT, "E_QUERY_TIMEOUT",
           QUERY_PHASE_RUN);
    expect("@ | summarize nosuch()", (struct query_request){.check_only = true}, STATUS_INVALID,
           "SEM0260", QUERY_PHASE_BIND);
}

/* Checked only: a schema and no rows, nothing is read. */
static void a_check_does_not_run(void **state)
{
    struct mixed_answer answer;
    struct mixed all;

    (void)state;
    mixed_open(&all);
    mixed_run(&all, "@", "Flat", (struct query_request){.check_only = true, .rows_max = 1},
              &answer);
    assert_int_equal(answer.status, STATUS_OK);
    assert_int_equal(answer.text.size, 0);
    assert_int_equal(answer.stats.scan.rows_scanned, 0);
    buf_release(&answer.text);
    mixed_run(&all, "@", "Flat", (struct query_request){0}, &answer);
    assert_int_equal(answer.stats.rows, 6144);
    assert_int_equal(answer.stats.scan.rows_scanned, 6144);
    assert_true(answer.stats.memory_bytes > 0);
    buf_release(&answer.text);
    arena_free(all.arena);
}

static enum status refuse(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    (void)sink;
    (void)batch;
    return ERROR_SET(err, STATUS_IO, "nobody reads it any more");
}

static enum status refuse_schema(struct query_sink *sink, const struct schema *schema,
                                 struct error *err)
{
    (void)sink;
    (void)schema;
    return ERROR_SET(err, STATUS_IO, "nobody reads it any more");
}

static enum status refuse_table(struct query_sink *sink, struct slice name,
                                const struct schema *schema, struct error *err)
{
    (void)sink;
    (void)name;
    (void)schema;
    return ERROR_SET(err, STATUS_IO, "nobody reads it any more");
}

static enum status take_rows(struct query_sink *sink, const struct batch *batch,
                             struct error *err)
{
    (void)sink;
    (void)batch;
    (void)err;
    return STATUS_OK;
}

/* Limits are those of all tables together, and a sink may want one only. */
static void several_tables_are_one_result(void **state)
{
    struct query_sink one = {.rows = take_rows};
    struct query_sink refusing = {.rows = take_rows, .table = refuse_table};
    struct query_request request = {
        .text = SLICE("range x from 1 to 3 step 1 | fork (take 2) (take 3)")};
    struct query_stats stats;
    struct error err;

    (void)state;
    assert_int_equal(query_run(&request, &one, &stats, &err), STATUS_OK);
    assert_int_equal(stats.rows, 2);
    assert_int_equal(stats.warning_count, 1);
    assert_string_equal(stats.warnings[0].code, "KS_TABLES");
    assert_int_equal(query_run(&request, &refusing, &stats, &err), STATUS_IO);
    assert_int_equal(stats.warning_count, 0);
    request.explain = EXPLAIN_PLAN; /* of the first */
    assert_int_equal(query_run(&request, &refusing, &stats, &err), STATUS_OK);
}

struct slow_tables {
    enum status (*check)(void *query, struct error *err);
    void *query;
};

static void watch(void *context, enum status (*check)(void *query, struct error *err),
                  void *query)
{
    *(struct slow_tables *)context = (struct slow_tables){check, query};
}

/* It would take for ever. */
static enum status find_slowly(void *context, struct slice name, struct table_source **ret,
                               struct error *err)
{
    const struct slow_tables *slow = context;
    enum status status = STATUS_OK;

    (void)name;
    (void)ret;
    while (status == STATUS_OK)
        status = slow->check(slow->query, err);
    return status;
}

/* Tables may take long before the query runs: limits hold there, too, wherever one is named. */
static void tables_look_at_the_time(void **state)
{
    static const struct {
        const char *query;
        uint64_t time_ms;
    } cases[] = {
        {"T | take 1", 20},
        {"let x = T; x | take 1", 20},
        {"union T, T", 20},
        {"print 1 in (T)", 20},
        {"set servertimeout = 20ms; T | take 1", 0},
    };
    struct query_sink sink = {.rows = take_rows};
    struct slow_tables slow = {0};
    const struct query_env env = {.context = &slow, .table = find_slowly, .watch = watch};
    const atomic_bool cancelled = true;
    struct query_stats stats;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct query_request request = {
            .text = slice_of(cases[i].query), .env = &env, .time_ms = cases[i].time_ms};
        ASSERT_STATUS(STATUS_LIMIT, query_run(&request, &sink, &stats, &err));
        assert_string_equal(err.code, "E_QUERY_TIMEOUT");
        assert_null(slow.check);
        request.cancelled = &cancelled;
        ASSERT_STATUS(STATUS_CANCELLED, query_run(&request, &sink, &stats, &err));
    }
}

/* What the sink says is what the query says. */
static void sinks_can_refuse(void **state)
{
    struct query_sink late = {.begin = mixed_begin, .rows = refuse};
    struct mixed_answer early = {.sink = {.begin = refuse_schema, .rows = mixed_rows}};
    struct mixed_answer rows = {.sink = late};
    struct query_request request = {.text = SLICE("print 1")};
    struct query_stats stats;
    struct error err;

    (void)state;
    buf_init(&rows.text, KIB);
    ASSERT_STATUS(STATUS_IO, query_run(&request, &rows.sink, &stats, &err));
    assert_string_equal(err.text, "nobody reads it any more");
    buf_release(&rows.text);
    ASSERT_STATUS(STATUS_IO, query_run(&request, &early.sink, &stats, &err));
    assert_int_equal(stats.phase, QUERY_PHASE_BIND);
}

static void phases_have_names(void **state)
{
    (void)state;
    assert_string_equal(query_phase_name(QUERY_PHASE_PARSE), "parse");
    assert_string_equal(query_phase_name(QUERY_PHASE_BIND), "bind");
    assert_string_equal(query_phase_name(QUERY_PHASE_RUN), "run");
}

ASK_MAIN(cmocka_unit_test(limits_have_their_codes),
         cmocka_unit_test(a_check_does_not_run),
         cmocka_unit_test(tables_look_at_the_time),
         cmocka_unit_test(sinks_can_refuse),
         cmocka_unit_test(several_tables_are_one_result),
         cmocka_unit_test(phases_have_names))
