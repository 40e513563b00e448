/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "share/share_priv.h"

static const struct principal reader = {.role = ROLE_READER};

static enum status format(const char *body, struct http_response *ret, struct error *err)
{
    struct arena *arena = arena_new(MIB);
    struct http_request request = {
        .method = HTTP_POST, .body = slice_of(body), .principal = &reader, .arena = arena};

    http_response_init(ret);
    enum status status = share_query_format(NULL, &request, ret, err);
    arena_free(arena);
    return status;
}

static void test_a_query_is_laid_out(void **state)
{
    struct http_response response;
    struct error err = {0};

    (void)state;
    ASSERT_OK(format("{\"query\":\"T|where a==1\"}", &response, &err));
    assert_int_equal(response.status, 200);
    ASSERT_SLICE(buf_slice(&response.body), "{\"query\":\"T\\n| where a == 1\\n\"}\n");
    http_response_release(&response);
}

static void test_what_is_no_query_is_400_with_its_place(void **state)
{
    struct http_response response;
    struct error err = {0};

    (void)state;
    ASSERT_OK(format("{\"query\":\"T|wher x\"}", &response, &err));
    assert_int_equal(response.status, 400);
    assert_true(slice_find(buf_slice(&response.body), SLICE("\"column\":3"), 0) != SIZE_MAX);
    assert_true(slice_find(buf_slice(&response.body), SLICE("\"phase\":\"parse\""), 0) !=
                SIZE_MAX);
    http_response_release(&response);
}

static void test_a_wrong_body_is_refused(void **state)
{
    struct http_response response;
    struct error err = {0};

    (void)state;
    ASSERT_STATUS(STATUS_INVALID, format("[1]", &response, &err));
    http_response_release(&response);
    ASSERT_STATUS(STATUS_INVALID, format("{\"query\":7}", &response, &err));
    http_response_release(&response);
}

/* The order of the checks: body, position, and only then the tenant. */
static void test_a_wrong_position_is_refused(void **state)
{
    static const char *const bodies[] = {"{\"query\":\"T\",\"position\":2}",
                                         "{\"query\":\"T\",\"position\":-1}",
                                         "{\"query\":\"T\",\"position\":\"x\"}", "7"};

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct arena *arena = arena_new(MIB);
        struct http_request request = {.method = HTTP_POST,
                                       .body = slice_of(bodies[i]),
                                       .principal = &reader,
                                       .arena = arena};
        struct http_response response;
        struct error err = {0};
        http_response_init(&response);
        ASSERT_STATUS(STATUS_INVALID, share_query_complete(NULL, &request, &response, &err));
        http_response_release(&response);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_query_is_laid_out),
        cmocka_unit_test(test_what_is_no_query_is_400_with_its_place),
        cmocka_unit_test(test_a_wrong_body_is_refused),
        cmocka_unit_test(test_a_wrong_position_is_refused),
    };
    return RUN_TESTS(tests);
}
