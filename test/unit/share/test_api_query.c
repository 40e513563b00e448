/* SPDX-License-Identifier: Apache-2.0 */
/* What an error shows of records waits for the record of the question, too, and a line that was
 * cut off is no answer.  The rest of api_query.c is proved through the whole program by
 * test/unit/main. */
#include "fixture.h"

/* In place of the real audit: notes that it was waited for. */
static unsigned waits;
static enum status fails_with; /* unless OK */
static struct error err;

enum status self_audit_new(struct ingest *ingest, const struct clock *clock,
                           struct self_audit **ret, struct error *e)
{
    (void)ingest;
    (void)clock;
    (void)e;
    *ret = NULL;
    return STATUS_OK;
}

enum status self_audit_begin(struct self_audit *audit, const struct audit_action *action,
                             struct audit_ticket *ret, struct error *e)
{
    (void)audit;
    (void)action;
    (void)e;
    ret->number = 1;
    return STATUS_OK;
}

enum status self_audit_wait(struct self_audit *audit, struct audit_ticket ticket, struct error *e)
{
    (void)audit;
    assert_int_equal(ticket.number, 1);
    waits++;
    return fails_with == STATUS_OK ? STATUS_OK : ERROR_SET(e, fails_with, "nothing was recorded");
}

enum status self_audit_put(struct self_audit *audit, const struct audit_action *action,
                           struct error *e)
{
    struct audit_ticket ticket;
    enum status status = self_audit_begin(audit, action, &ticket, e);

    return status == STATUS_OK ? self_audit_wait(audit, ticket, e) : status;
}

void self_audit_free(struct self_audit *audit)
{
    assert_null(audit);
}

static enum status ask(struct fixture *f, enum status audit, const char *body)
{
    waits = 0;
    fails_with = audit;
    return fixture_ask(f, share_query, "", body, &err);
}

#define SHOWS_A_VALUE                                                                              \
    "{\"tenant\":\"alpha\",\"query\":\"T_CL | where Type matches regex strcat('(value', n)\"}"
#define COUNTS "{\"tenant\":\"alpha\",\"query\":\"T_CL | count\"}"

static void an_error_that_shows_a_value_waits_for_its_record(void **state)
{
    struct fixture *f = *state;

    (void)fixture_put(f);
    ASSERT_OK(ask(f, STATUS_OK, SHOWS_A_VALUE));
    ASSERT_SAYS(f, "'(value0' is not a regular expression");
    assert_int_equal(waits, 1);
    ASSERT_OK(ask(f, STATUS_OK, COUNTS));
    ASSERT_SAYS(f, "\n[4]]");
    assert_int_equal(waits, 1);
}

static void without_a_record_nothing_is_shown(void **state)
{
    static const char *const bodies[] = {SHOWS_A_VALUE, COUNTS};
    struct fixture *f = *state;

    (void)fixture_put(f);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        ASSERT_OK(ask(f, STATUS_FULL, bodies[i]));
        ASSERT_SAYS(f, "{\"error\":{\"code\":\"full\",\"message\":\"nothing was recorded");
        assert_false(fixture_says(f, "(value"));
        assert_false(fixture_says(f, "[4]"));
        assert_int_equal(ask(f, STATUS_IO, bodies[i]), STATUS_IO);
        assert_non_null(strstr(err.text, "nothing was recorded"));
    }
}

static unsigned flushes;

static enum status fail_the_second_time(struct http_response *response, struct error *e)
{
    buf_clear(&response->body);
    return ++flushes < 2 ? STATUS_OK : ERROR_SET(e, STATUS_IO, "cannot read 'seg/7.seg'");
}

/* Paths and errors of the system are for the log, behind the first rows, too. */
static void a_failure_behind_rows_shows_no_path(void **state)
{
    struct fixture *f = *state;
    const struct principal who = {.role = ROLE_OPERATOR, .name = "me"};
    const struct http_request request = {
        .method = HTTP_POST,
        .path = SLICE("/v1/query"),
        .body = SLICE("{\"tenant\":\"alpha\",\"query\":\"range i from 1 to 20000 step 1"
                      " | extend s = strrep('x', 100)\"}"),
        .principal = &who,
        .arena = f->arena};
    char logged[1024] = "";
    struct http_response response;
    FILE *log = tmpfile();
    int kept = dup(STDERR_FILENO);

    assert_non_null(log);
    flushes = 0;
    fails_with = STATUS_OK;
    http_response_init(&response);
    response.flush = fail_the_second_time;
    (void)dup2(fileno(log), STDERR_FILENO);
    enum status status = share_query(f->share, &request, &response, &err);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    rewind(log);
    assert_true(fread(logged, 1, sizeof(logged) - 1, log) > 0);
    (void)fclose(log);
    ASSERT_OK(status);
    struct slice body = buf_slice(&response.body);
    assert_int_equal(flushes, 2);
    assert_int_not_equal(slice_find(body, SLICE("\"complete\":false,\"error\":{\"code\":\"io\","
                                                "\"message\":\"" HTTP_FAILED_TEXT "\""),
                                    0),
                         SIZE_MAX);
    assert_int_equal(slice_find(body, SLICE("seg/7"), 0), SIZE_MAX);
    assert_non_null(strstr(logged, "POST /v1/query"));
    assert_non_null(strstr(logged, "seg/7.seg"));
    http_response_release(&response);
}

/* By the end of the server: a line that says so would be taken for the answer of its query. */
static void a_line_that_was_cut_off_has_no_answer(void **state)
{
    struct fixture *f = *state;
    const atomic_bool cancelled = true;
    const struct principal who = {.role = ROLE_OPERATOR, .name = "me"};
    const struct http_pair query = {SLICE("tenant"), SLICE("alpha")};
    const struct http_request request = {.query = &query,
                                         .query_count = 1,
                                         .body = SLICE("{\"id\":1,\"query\":\"T_CL\"}"),
                                         .principal = &who,
                                         .arena = f->arena,
                                         .cancelled = &cancelled};
    struct http_response response;

    (void)fixture_put(f);
    fails_with = STATUS_OK;
    http_response_init(&response);
    assert_int_equal(share_query_batch(f->share, &request, &response, &err), STATUS_CANCELLED);
    http_response_release(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(an_error_that_shows_a_value_waits_for_its_record),
        FIXTURE_TEST(without_a_record_nothing_is_shown),
        FIXTURE_TEST(a_failure_behind_rows_shows_no_path),
        FIXTURE_TEST(a_line_that_was_cut_off_has_no_answer),
    };

    return RUN_TESTS(tests);
}
