/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a batch in, a line out. */
#include "ask.h"
#include "test.h"

static void answers(const char *line, const char *wanted)
{
    struct query_request request = {.now = TICKS_UNIX_EPOCH};
    struct error err = {.status = STATUS_OK};
    struct buf text;

    buf_init(&text, MIB);
    ASSERT_OK(query_batch_line(&request, slice_of(line), &text, &err));
    assert_int_equal(err.status, STATUS_OK);
    if (!slice_is(buf_slice(&text), wanted))
        fail_msg("%s\n  %.*s  wanted %s", line, SLICE_FMT(buf_slice(&text)), wanted);
    buf_release(&text);
}

#define COVERED                                                                                    \
    ",\"complete\":true,\"watermark\":0,\"scanned\":{\"rows\":0,\"parts\":0,"                      \
    "\"parts_skipped\":0,\"bytes\":0}}\n"

static void lines_are_answered(void **state)
{
    (void)state;
    answers("{\"id\":7,\"query\":\"print a = 1, ['b \\\"c'] = 'x\\\"\\\\ny'\"}",
            "{\"id\":7,\"columns\":[\"a\",\"b \\\"c\"],\"types\":[\"long\",\"string\"],\"rows\":"
            "[[1,\"x\\\"\\ny\"]]" COVERED);
    answers("{\"query\":\"print a = 1 | take 0\",\"id\":\"a\\\"b\"}",
            "{\"id\":\"a\\\"b\",\"columns\":[\"a\"],\"types\":[\"long\"],\"rows\":[]" COVERED);
    answers("{\"id\":[1,{\"x\":null}],\"query\":\"range x from 1 to 3 step 1\"}",
            "{\"id\":[1,{\"x\":null}],\"columns\":[\"x\"],\"types\":[\"long\"],\"rows\":"
            "[[1],[2],[3]]" COVERED);
    answers("{\"id\":[1,\n{\"x\":\r\nnull}],\"query\":\"print a = parse_json('[1]')\"}",
            "{\"id\":[1,{\"x\":null}],\"columns\":[\"a\"],\"types\":[\"dynamic\"],\"rows\":"
            "[[[1]]]" COVERED);
    answers("{\"id\":1,\"query\":\"print \\u0061 = 1 |\\n where\"}",
            "{\"id\":1,\"error\":\"expected the operator's arguments, found the end of the query; "
            "it is written: where predicate\","
            "\"code\":\"SYN0002\",\"phase\":\"parse\",\"line\":2,\"column\":7}\n");
}

/* Whoever checks a set of rules reads them here. */
static void warnings_are_told(void **state)
{
    struct query_request request = {.now = TICKS_UNIX_EPOCH, .check_only = true};
    struct error err = {.status = STATUS_OK};
    struct buf text;

    (void)state;
    answers("{\"id\":1,\"query\":\"let a = 1; print b = 2\"}",
            "{\"id\":1,\"columns\":[\"b\"],\"types\":[\"long\"],\"rows\":[[2]],"
            "\"complete\":true,\"watermark\":0,\"scanned\":{\"rows\":0,\"parts\":0,"
            "\"parts_skipped\":0,\"bytes\":0},\"warnings\":[{\"line\":1,\"column\":1,"
            "\"code\":\"KS_UNUSED\",\"message\":\"'a' is not used\"}]}\n");
    buf_init(&text, MIB);
    ASSERT_OK(query_batch_line(&request,
                               SLICE("{\"id\":1,\"query\":\"print b = dynamic({}) | evaluate "
                                     "bag_unpack(b) | where c == 1\"}"),
                               &text, &err));
    assert_int_not_equal(slice_find(buf_slice(&text), SLICE("\"KS_UNCHECKED\""), 0), SIZE_MAX);
    buf_release(&text);
}

static void lines_that_are_none_are_answered(void **state)
{
    static const struct {
        const char *line, *id;
    } cases[] = {
        {"", "null"},
        {"x", "null"},
        {"[]", "null"},
        {"7", "null"},
        {"{}", "null"},
        {"{\"id\":1}", "1"},
        {"{\"query\":\"print 1\"}", "null"},
        {"{\"id\":\"a\\u0041\",\"query\":7}", "\"a\\u0041\""},
        {"{\"id\":1,\"query\":null}", "1"},
        {"{\"id\":1,\"query\":\"print 1\"", "null"},
        {"{\"id\":1,\"query\":\"print 1\"} x", "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char wanted[256];
        (void)snprintf(wanted, sizeof(wanted),
                       "{\"id\":%s,\"error\":\"expected an object with 'id' and 'query'\","
                       "\"code\":\"invalid\",\"phase\":\"parse\",\"line\":0,\"column\":0}\n",
                       cases[i].id);
        answers(cases[i].line, wanted);
    }
}

/* An answer that does not fit what it is written to. */
static void answers_are_bounded(void **state)
{
    struct query_request request = {.now = TICKS_UNIX_EPOCH};
    struct error err = {.status = STATUS_OK};
    struct buf text;

    (void)state;
    buf_init(&text, 64);
    ASSERT_STATUS(STATUS_LIMIT,
                  query_batch_line(&request, SLICE("{\"id\":1,\"query\":\"print 'sixty-four'\"}"),
                                   &text, &err));
    buf_release(&text);
}

static enum status find_broken(void *context, struct slice name, struct table_source **ret,
                               struct error *err)
{
    (void)name;
    (void)ret;
    return ERROR_SET(err, *(const enum status *)context, "cannot open 'seg/1'");
}

/* They are for the log of a server, and not for who asked. */
static void failures_of_the_store_are_no_answers(void **state)
{
    static const enum status failures[] = {STATUS_IO, STATUS_CORRUPT};

    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        enum status failure = failures[i];
        struct query_env env = ask_env;
        struct query_request request = {.env = &env, .now = TICKS_UNIX_EPOCH};
        struct error err = {.status = STATUS_OK};
        struct buf text;
        env.context = &failure;
        env.table = find_broken;
        buf_init(&text, MIB);
        ASSERT_STATUS(failure, query_batch_line(&request, SLICE("{\"id\":1,\"query\":\"Gone\"}"),
                                                &text, &err));
        assert_string_equal(err.text, "cannot open 'seg/1'");
        buf_release(&text);
    }
}

ASK_MAIN(cmocka_unit_test(lines_are_answered), cmocka_unit_test(warnings_are_told),
         cmocka_unit_test(lines_that_are_none_are_answered),
         cmocka_unit_test(answers_are_bounded),
         cmocka_unit_test(failures_of_the_store_are_no_answers))
