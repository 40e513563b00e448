/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

struct setting {
    struct fixture fixture;
    struct http_router router;
    struct principal principal;
    struct http_request request;
    struct http_response response;
};

static void setting_open(struct setting *s, enum http_method method, const char *path,
                         enum role role)
{
    *s = (struct setting){0};
    s->router = fixture_router(&s->fixture);
    s->principal.role = role;
    s->request = (struct http_request){.method = method, .path = slice_of(path),
                                       .principal = &s->principal, .arena = arena_new(1 * MIB)};
    http_response_init(&s->response);
}

static void setting_close(struct setting *s)
{
    http_response_release(&s->response);
    arena_free(s->request.arena);
}

static bool body_has(struct setting *s, const char *text)
{
    return slice_find(buf_slice(&s->response.body), slice_of(text), 0) != SIZE_MAX;
}

static const char *header_of(struct setting *s, const char *name)
{
    for (uint32_t i = 0; i < s->response.header_count; i++) {
        if (slice_is(s->response.headers[i].name, name))
            return s->response.headers[i].value.data;
    }
    return NULL;
}

static void test_roles_have_names_both_ways(void **state)
{
    (void)state;
    for (unsigned i = ROLE_INGEST; i < ROLE_MONITOR; i++) {
        enum role role = ROLE_NONE;
        assert_true(role_from_name(slice_of(role_name((enum role)i)), &role));
        assert_int_equal(role, i);
    }
    enum role role = ROLE_NONE;
    assert_false(role_from_name(SLICE("none"), &role));
    assert_false(role_from_name(SLICE("root"), &role));
    assert_string_equal(role_name(ROLE_MONITOR), "auditor"); /* nobody asks for it by name */
}

static void test_unknown_path_is_404_and_unknown_method_is_405_with_allow(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s, HTTP_GET, "/nothing", ROLE_INGEST);
    http_dispatch(&s.router, &s.request, &s.response);
    assert_int_equal(s.response.status, 404);
    assert_true(body_has(&s, "\"code\":\"not_found\""));
    setting_close(&s);
    setting_open(&s, HTTP_GET, "/count", ROLE_INGEST);
    http_dispatch(&s.router, &s.request, &s.response);
    assert_int_equal(s.response.status, 405);
    assert_string_equal(header_of(&s, "Allow"), "POST, PUT");
    setting_close(&s);
}

static void test_anonymous_is_401_and_another_role_403(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s, HTTP_POST, "/count", ROLE_NONE);
    http_dispatch(&s.router, &s.request, &s.response);
    assert_int_equal(s.response.status, 401);
    assert_string_equal(header_of(&s, "WWW-Authenticate"), "Bearer");
    setting_close(&s);
    setting_open(&s, HTTP_POST, "/count", ROLE_READER);
    http_dispatch(&s.router, &s.request, &s.response);
    assert_int_equal(s.response.status, 403);
    assert_true(body_has(&s, "\"code\":\"denied\""));
    setting_close(&s);
}

static void test_a_parameter_that_a_route_does_not_know_is_refused(void **state)
{
    static const struct {
        const char *path, *name;
        unsigned status;
    } cases[] = {
        {"/strict", "table", 200}, {"/strict", "tenant", 200}, {"/strict", "tabel", 400},
        {"/strict", "", 400},      {"/admin", "table", 400},   {"/live", "table", 200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_pair pair = {slice_of(cases[i].name), SLICE("x")};
        struct setting s;
        setting_open(&s, HTTP_GET, cases[i].path, ROLE_ADMIN);
        s.request.query = &pair;
        s.request.query_count = 1;
        http_dispatch(&s.router, &s.request, &s.response);
        assert_int_equal(s.response.status, cases[i].status);
        assert_int_equal(body_has(&s, "did you mean 'table'?"), i == 2);
        setting_close(&s);
    }
}

static void test_a_failed_look_up_is_not_taken_for_anonymous(void **state)
{
    struct fixture fixture = {0};
    struct http_router router = fixture_router(&fixture);
    struct principal p;
    const struct slice remote = SLICE("192.0.2.1");
    struct error err = {0};
    (void)state;
    assert_int_equal(http_authenticate(&router, SLICE("Bearer ingest"), remote, &p, &err),
                     STATUS_OK);
    assert_int_equal(p.role, ROLE_INGEST);
    assert_int_equal(http_authenticate(&router, SLICE("Bearer expired"), remote, &p, &err),
                     STATUS_OK);
    assert_int_equal(p.role, ROLE_NONE);
    assert_int_equal(http_authenticate(&router, SLICE("Basic ingest"), remote, &p, &err),
                     STATUS_OK);
    assert_int_equal(p.role, ROLE_NONE);
    assert_int_equal(http_authenticate(&router, SLICE("Bearer broken"), remote, &p, &err),
                     STATUS_CORRUPT);
}

static void test_each_status_has_its_answer(void **state)
{
    static const struct {
        enum status status;
        const char *code;
        unsigned http;
    } cases[] = {
        {STATUS_INVALID, "", 400}, {STATUS_NOT_FOUND, "", 404}, {STATUS_DENIED, "", 403},
        {STATUS_CONFLICT, "", 409}, {STATUS_CONFLICT, "idempotency_conflict", 422},
        {STATUS_LIMIT, "", 413}, {STATUS_LIMIT, "E_RUNAWAY_QUERY", 400},
        {STATUS_LIMIT, "E_QUERY_TIMEOUT", 400}, {STATUS_LIMIT, "E_QUERY_TOO_COMPLEX", 400},
        {STATUS_LIMIT, "E_QUERY_RESULT_SET_TOO_LARGE", 413},
        {STATUS_LIMIT, "document_quota", 413}, {STATUS_LIMIT, "table_quota", 413},
        {STATUS_BUSY, "", 429}, {STATUS_CANCELLED, "", 503}, {STATUS_FULL, "", 507},
        {STATUS_CORRUPT, "", 500}, {STATUS_CORRUPT, "records_lost", 410},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct setting s;
        struct error err = {0};
        setting_open(&s, HTTP_GET, "/", ROLE_READER);
        (void)ERROR_SET(&err, cases[i].status, "text \"quoted\" /secret");
        if (cases[i].code[0] != '\0')
            (void)error_code(&err, cases[i].code);
        err.line = 2;
        err.column = 5;
        buf_add_text(&s.response.body, "half an answer");
        http_error_phase(&s.response, &s.request, &err, "bind");
        assert_int_equal(s.response.status, cases[i].http);
        assert_false(body_has(&s, "half"));
        assert_true(body_has(&s, "\"line\":2,\"column\":5,\"phase\":\"bind\"}}"));
        assert_int_equal(body_has(&s, "/secret"), cases[i].http != 500);
        if (cases[i].http == 429 || cases[i].http == 507)
            assert_non_null(header_of(&s, "Retry-After"));
        setting_close(&s);
    }
}

static void count_failure(void *context, const struct http_request *request,
                          const struct error *err)
{
    struct fixture *fixture = context;
    (void)request;
    (void)err;
    atomic_fetch_add(&fixture->calls, 1);
}

static void test_a_client_that_is_gone_is_no_failure(void **state)
{
    atomic_bool cancelled = true;
    struct setting s;
    (void)state;
    setting_open(&s, HTTP_GET, "/slow", ROLE_INGEST);
    const struct http_pair query = {SLICE("ms"), SLICE("10")};
    s.request.query = &query;
    s.request.query_count = 1;
    s.request.cancelled = &cancelled;
    s.router.failed = count_failure;
    http_dispatch(&s.router, &s.request, &s.response);
    assert_int_equal(s.response.status, 503);
    assert_int_equal(s.fixture.calls, 0);
    setting_close(&s);
}

static void parse(struct setting *s, const char *target, enum status wanted)
{
    struct error err = {0};
    setting_open(s, HTTP_GET, "", ROLE_NONE);
    assert_int_equal(http_parse_target(slice_of(target), s->request.arena, &s->request, &err),
                     wanted);
}

static void test_a_target_is_split_before_it_is_decoded(void **state)
{
    struct setting s;
    (void)state;
    parse(&s, "/v1/a%20b%2fc+d?x=1%262&y=a+b&flag&x=3&=e&", STATUS_OK);
    assert_true(slice_is(s.request.path, "/v1/a b/c+d"));
    assert_int_equal(s.request.query_count, 5);
    assert_true(slice_is(http_query(&s.request, "x"), "1&2"));
    assert_true(slice_is(http_query(&s.request, "y"), "a b"));
    assert_int_equal(http_query(&s.request, "flag").size, 0);
    setting_close(&s);
}

static void test_a_broken_target_is_refused(void **state)
{
    static const char *const wrong[] = {"", "x", "*", "https://h/", "/%", "/%4", "/%zz", "/%00",
                                        "/?a=%00", "/?%g=1", "/a\tb", "/a\x7f"};
    struct setting s;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        parse(&s, wrong[i], STATUS_INVALID);
        setting_close(&s);
    }
    char many[1024] = "/?";
    for (unsigned i = 0; i <= QUERY_PARAMETERS_MAX; i++)
        memcpy(many + 2 + i * 4, "a=1&", 5);
    parse(&s, many, STATUS_LIMIT);
    setting_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles_have_names_both_ways),
        cmocka_unit_test(test_unknown_path_is_404_and_unknown_method_is_405_with_allow),
        cmocka_unit_test(test_anonymous_is_401_and_another_role_403),
        cmocka_unit_test(test_a_parameter_that_a_route_does_not_know_is_refused),
        cmocka_unit_test(test_a_failed_look_up_is_not_taken_for_anonymous),
        cmocka_unit_test(test_each_status_has_its_answer),
        cmocka_unit_test(test_a_client_that_is_gone_is_no_failure),
        cmocka_unit_test(test_a_target_is_split_before_it_is_decoded),
        cmocka_unit_test(test_a_broken_target_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
