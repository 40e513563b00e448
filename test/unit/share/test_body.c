/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/time.h"
#include "share/share_priv.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;
static struct error err;

static enum status parse(const char *text, struct body *ret)
{
    struct http_request request = {.body = slice_of(text), .arena = arena};

    return share_body(&request, "a b c d e f", ret, &err);
}

static void test_a_body_is_an_object(void **state)
{
    struct body body;

    (void)state;
    ASSERT_OK(parse("{}", &body));
    share_body_release(&body);
    assert_int_equal(parse("[]", &body), STATUS_INVALID);
    assert_string_equal(err.text, "the body must be a JSON object");
    assert_int_equal(parse("{\"a\":", &body), STATUS_INVALID);
    assert_non_null(strstr(err.text, "(at byte 5)"));
}

/* Each value takes more memory than it has bytes. */
static void test_values_are_counted(void **state)
{
    struct body body;
    struct buf text;

    (void)state;
    buf_init(&text, MIB);
    buf_add_text(&text, "{\"a\":[0");
    for (unsigned i = 4; i < BODY_TOKENS_MAX; i++)
        buf_add_text(&text, ",0");
    buf_add_text(&text, "]}");
    buf_add_byte(&text, '\0');
    ASSERT_OK(parse(text.data, &body));
    share_body_release(&body);
    text.size -= 3;
    buf_add_text(&text, ",0]}");
    buf_add_byte(&text, '\0');
    assert_int_equal(parse(text.data, &body), STATUS_LIMIT);
    assert_string_equal(err.text, "the body has more than 131072 values");
    buf_release(&text);
}

static void test_texts(void **state)
{
    struct slice text;
    struct body body;

    (void)state;
    ASSERT_OK(parse("{\"a\":\"x\\u0041\",\"b\":null,\"c\":[1, \"y\"]}", &body));
    ASSERT_OK(share_body_text(&body, "a", arena, &text, &err));
    assert_true(slice_is(text, "xA"));
    ASSERT_OK(share_body_text(&body, "b", arena, &text, &err));
    assert_true(slice_is(text, ""));
    ASSERT_OK(share_body_text(&body, "none", arena, &text, &err));
    assert_true(slice_is(text, ""));
    assert_int_equal(share_body_text(&body, "c", arena, &text, &err), STATUS_INVALID);
    assert_string_equal(err.text, "'c' must be a string");
    uint32_t token = json_member(body.text, body.tape.tokens, 0, SLICE("c"));
    ASSERT_OK(share_body_value(&body, token, arena, &text, &err));
    assert_true(slice_is(text, "[1, \"y\"]"));
    token = json_member(body.text, body.tape.tokens, 0, SLICE("a"));
    ASSERT_OK(share_body_value(&body, token, arena, &text, &err));
    assert_true(slice_is(text, "xA"));
    share_body_release(&body);
}

/* Of a variable that is not set, it would restrict nothing. */
static void test_what_is_given_is_not_empty(void **state)
{
    struct slice text;
    struct body body;
    int64_t time = 1;

    (void)state;
    ASSERT_OK(parse("{\"a\":\"x\",\"b\":null,\"c\":\"\"}", &body));
    ASSERT_OK(share_body_given(&body, "a", arena, &text, &err));
    assert_true(slice_is(text, "x"));
    ASSERT_OK(share_body_given(&body, "b", arena, &text, &err));
    assert_true(slice_is(text, ""));
    ASSERT_OK(share_body_given(&body, "none", arena, &text, &err));
    assert_true(slice_is(text, ""));
    ASSERT_OK(share_body_text(&body, "c", arena, &text, &err));
    assert_int_equal(share_body_given(&body, "c", arena, &text, &err), STATUS_INVALID);
    assert_string_equal(err.text, "'c' is empty; leave it out");
    assert_int_equal(share_body_time(&body, "c", arena, &time, &err), STATUS_INVALID);
    share_body_release(&body);
}

/* Left out, a misspelt restriction would restrict nothing. */
static void test_members_that_are_not_known_are_refused(void **state)
{
    struct http_request request = {.body = SLICE("{\"table\":1,\"t\\u0065nant\":{\"x\":2}}"),
                                   .arena = arena};
    struct body body;

    (void)state;
    ASSERT_OK(share_body(&request, "tenant table", &body, &err));
    assert_int_equal(share_body_names(&body, 0, "tenant", &err), STATUS_INVALID);
    assert_string_equal(err.text, "there is no member 'table' here");
    share_body_release(&body);
    ASSERT_OK(share_body(&request, NULL, &body, &err));
    share_body_release(&body);
    request.body = SLICE("{\"tenant\":[{\"y\":1}],\"t\\u0061bel\":\"Door\"}");
    assert_int_equal(share_body(&request, "tenant table", &body, &err), STATUS_INVALID);
    assert_string_equal(err.text, "there is no member 'tabel' here; did you mean 'table'?");
    assert_int_equal(share_body(&request, "", &body, &err), STATUS_INVALID);
    assert_string_equal(err.text, "there is no member 'tenant' here");
}

static void test_a_flag_is_true_or_false(void **state)
{
    static const char *const wrong[] = {"\"true\"", "1", "0", "[]", "{}", "\"\""};
    struct body body;
    char text[32];
    bool flag;

    (void)state;
    ASSERT_OK(parse("{\"a\":true,\"b\":false,\"c\":null}", &body));
    flag = false;
    ASSERT_OK(share_body_flag(&body, "a", &flag, &err));
    assert_true(flag);
    ASSERT_OK(share_body_flag(&body, "none", &flag, &err));
    assert_true(flag);
    ASSERT_OK(share_body_flag(&body, "b", &flag, &err));
    assert_false(flag);
    flag = true;
    ASSERT_OK(share_body_flag(&body, "c", &flag, &err));
    assert_false(flag);
    share_body_release(&body);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"a\":%s}", wrong[i]);
        ASSERT_OK(parse(text, &body));
        assert_int_equal(share_body_flag(&body, "a", &flag, &err), STATUS_INVALID);
        assert_string_equal(err.text, "'a' must be true or false");
        share_body_release(&body);
    }
}

static void test_a_flag_of_the_url_is_1_or_0(void **state)
{
    static const char *const wrong[] = {"true", "yes", "2", "01"};
    struct http_pair pair = {SLICE("check"), SLICE("1")};
    const struct http_request request = {.query = &pair, .query_count = 1};
    bool flag = false;

    (void)state;
    ASSERT_OK(share_query_flag(&request, "check", &flag, &err));
    assert_true(flag);
    ASSERT_OK(share_query_flag(&request, "zero", &flag, &err));
    assert_false(flag);
    pair.value = SLICE("0");
    flag = true;
    ASSERT_OK(share_query_flag(&request, "check", &flag, &err));
    assert_false(flag);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        pair.value = slice_of(wrong[i]);
        assert_int_equal(share_query_flag(&request, "check", &flag, &err), STATUS_INVALID);
        assert_string_equal(err.text, "'check' must be 1 or 0");
    }
}

static void test_times(void **state)
{
    int64_t ticks = 7;
    struct body body;

    (void)state;
    ASSERT_OK(parse("{\"a\":\"1970-01-01T00:00:01Z\",\"b\":\"soon\",\"c\":null,\"d\":5}", &body));
    ASSERT_OK(share_body_time(&body, "none", arena, &ticks, &err));
    ASSERT_OK(share_body_time(&body, "c", arena, &ticks, &err));
    assert_int_equal(ticks, 7);
    ASSERT_OK(share_body_time(&body, "a", arena, &ticks, &err));
    assert_int_equal(ticks, time_from_unix_us(1000000));
    assert_int_equal(share_body_time(&body, "b", arena, &ticks, &err), STATUS_INVALID);
    assert_string_equal(err.text, "'b' wants a time such as 2024-02-17T17:12:03Z");
    assert_int_equal(share_body_time(&body, "d", arena, &ticks, &err), STATUS_INVALID);
    share_body_release(&body);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new(MIB);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_is_an_object),
        cmocka_unit_test(test_values_are_counted),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_what_is_given_is_not_empty),
        cmocka_unit_test(test_members_that_are_not_known_are_refused),
        cmocka_unit_test(test_a_flag_is_true_or_false),
        cmocka_unit_test(test_a_flag_of_the_url_is_1_or_0),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
