/* SPDX-License-Identifier: Apache-2.0 */
#include "serving.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/* In place of the library's: of all options it notes where else authorities are looked for, and
 * whether a connection on which nothing comes is looked after. */
#undef curl_easy_setopt
static const void *ca_directory;
static const void *keepalive;
static unsigned user_timeout_ms;

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    int (*real)(int, int, int, const void *, socklen_t);

    *(void **)&real = dlsym(RTLD_NEXT, "setsockopt");
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT && size == sizeof(user_timeout_ms))
        memcpy(&user_timeout_ms, value, sizeof(user_timeout_ms));
    return real(fd, level, name, value, size);
}

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    CURLcode (*real)(CURL *curl, CURLoption option, ...);
    va_list args;
    va_start(args, option);
    const void *value = va_arg(args, const void *);
    va_end(args);
    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_setopt");
    if (option == CURLOPT_CAPATH)
        ca_directory = value;
    if (option == CURLOPT_TCP_KEEPALIVE)
        keepalive = value;
    return real(curl, option, value);
}

static enum status open_client(const char *url, bool guarded, bool allow_private,
                               struct client **ret, struct error *err)
{
    struct client_options options = {
        .url = slice_of(url),
        .ca_file = slice_of(fixture.ca_path),
        .timeout_ms = 3000,
        .guarded = guarded,
        .allow_private = allow_private,
    };
    return client_new(&options, ret, err);
}

static enum status get(struct client *client, struct client_request *request,
                       struct client_answer *answer, struct error *err)
{
    request->method = HTTP_GET;
    if (request->path.size == 0)
        request->path = SLICE("/live");
    return client_send(client, request, answer, err);
}

/* Spellings of inner hosts: none may be connected to, whatever the resolver says. */
static void test_a_guarded_client_connects_to_no_inner_address(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "169.254.169.254", "168.63.129.16", "100.100.100.200", "10.0.0.1",
        "[fd00:ec2::254]", "[fe80::1]",
    };
    struct server_stats before;
    struct server_stats after;
    (void)state;
    server_stats(fixture.server, &before);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char url[128];
        struct client *client = NULL;
        struct client_request request = {0};
        struct client_answer answer;
        struct error err = {0};
        (void)snprintf(url, sizeof(url), "https://%s:%u", hosts[i], server_port(fixture.server));
        assert_int_equal(open_client(url, true, false, &client, &err), STATUS_OK);
        enum status status = get(client, &request, &answer, &err);
        if (status != STATUS_DENIED)
            fail_msg("%s: %s", url, err.text);
        client_free(client);
    }
    server_stats(fixture.server, &after);
    assert_int_equal(after.connections, before.connections);
}

static void test_allow_private_lifts_the_address_check_only(void **state)
{
    struct client *client = NULL;
    struct client_request request = {0};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    assert_int_equal(open_client(fixture.url, true, true, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_OK);
    assert_int_equal(answer.status, 200);
    client_answer_release(&answer);
    /* A guarded answer is bounded. */
    request.path = SLICE("/stream?n=100");
    assert_int_equal(get(client, &request, &answer, &err), STATUS_LIMIT);
    client_free(client);
}

static void test_a_guarded_url_is_plain_https(void **state)
{
    static const char *const wrong[] = {
        "http://example.com:443/", "ftp://example.com/", "file:///etc/passwd", "gopher://x/",
        "https://user@example.com/", "https://user:word@example.com/", "https://example.com:22/",
        "https://example.com:1023/", "https://example.com:80/", "example.com", "", "https://",
    };
    struct client *client = NULL;
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(open_client(wrong[i], true, true, &client, &err), STATUS_INVALID);
    assert_int_equal(open_client("http://127.0.0.1:1", false, false, &client, &err),
                     STATUS_INVALID);
    assert_int_equal(open_client("http://10.1.2.3/hook", true, false, &client, &err),
                     STATUS_INVALID);
    assert_int_equal(open_client("http://10.1.2.3/hook", true, true, &client, &err), STATUS_OK);
    client_free(client);
}

/* Such is cut where it stands, so that another host would be asked. */
static void test_a_url_has_no_control_characters(void **state)
{
    const struct slice wrong[] = {
        SLICE("https://127.0.0.2\0.example.com"),
        SLICE("https://example.com/\0x"),
        SLICE("https://exam\nple.com/"),
        SLICE("https://example.com/\x7f"),
    };
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(client_check_guarded(wrong[i], true, &err), STATUS_INVALID);
        assert_non_null(strstr(err.text, "control character"));
    }
}

/* "Instead of the system's": the library has a directory of them, too. */
static void test_a_ca_file_stands_for_all_authorities(void **state)
{
    struct client *client = NULL;
    struct error err = {0};
    struct client_options options = {.url = slice_of(fixture.url)};
    (void)state;
    ca_directory = &fixture;
    assert_int_equal(client_new(&options, &client, &err), STATUS_OK);
    assert_ptr_equal(ca_directory, &fixture); /* as it is */
    client_free(client);
    options.ca_file = slice_of(fixture.ca_path);
    assert_int_equal(client_new(&options, &client, &err), STATUS_OK);
    assert_null(ca_directory);
    client_free(client);
}

/* Who waits for an answer without a limit of time hears that the other machine is gone. */
static void test_a_silent_connection_is_looked_after(void **state)
{
    struct client *client = NULL;
    struct client_request request = {.path = SLICE("/live")};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    keepalive = NULL;
    user_timeout_ms = 0;
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal((uintptr_t)keepalive, 1);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_OK);
    client_answer_release(&answer);
    assert_true(user_timeout_ms > 0 && user_timeout_ms <= 200000);
    client_free(client);
}

static void test_a_token_cannot_bring_a_header_of_its_own(void **state)
{
    struct client *client = NULL;
    struct error err = {0};
    struct client_options options = {.url = slice_of(fixture.url)};
    (void)state;
    options.token = SLICE("x\r\nEvil: y");
    assert_int_equal(client_new(&options, &client, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "control character"));
}

/* "..": part of a name that somebody chose, not the way to another resource. */
static void test_a_path_is_sent_as_it_is(void **state)
{
    struct client *client = NULL;
    struct client_request request = {.path = SLICE("/nothing/../live")};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_OK);
    assert_int_equal(answer.status, 404);
    client_answer_release(&answer);
    client_free(client);
}

static void test_an_unreadable_ca_file_is_named(void **state)
{
    struct client *client = NULL;
    struct client_request request = {0};
    struct client_answer answer;
    struct error err = {0};
    struct client_options options = {.url = slice_of(fixture.url), .ca_file = SLICE("/none")};
    (void)state;
    assert_int_equal(client_new(&options, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "'/none'"));
    client_free(client);
}

static void test_an_unknown_certificate_is_refused(void **state)
{
    struct client *client = NULL;
    struct client_request request = {0};
    struct client_answer answer;
    struct error err = {0};
    struct client_options options = {.url = slice_of(fixture.url)};
    (void)state;
    assert_int_equal(client_new(&options, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "--cacert"));
    client_free(client);
}

static void test_cancelling_ends_a_request(void **state)
{
    struct client *client = NULL;
    atomic_bool cancelled = true;
    struct client_request request = {.path = SLICE("/slow?ms=5000"), .cancelled = &cancelled};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_CANCELLED);
    client_free(client);
}

static enum status count_bytes(void *context, struct slice bytes, struct error *err)
{
    size_t *total = context;
    *total += bytes.size;
    if (*total > 50000)
        return ERROR_SET(err, STATUS_CONFLICT, "enough");
    return STATUS_OK;
}

static void test_on_body_gets_the_bytes_and_may_stop(void **state)
{
    struct client *client = NULL;
    size_t total = 0;
    struct client_request request = {
        .path = SLICE("/stream?n=30"), .on_body = count_bytes, .context = &total};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_OK);
    assert_int_equal(total, 30000);
    assert_int_equal(answer.body.size, 0);
    client_answer_release(&answer);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_CONFLICT);
    client_free(client);
}

static void test_what_cut_an_answer_off_is_told(void **state)
{
    struct client *client = NULL;
    size_t total = 0;
    struct client_request request = {.path = SLICE("/stream?n=30&fail=1&why=9+is+lost"),
                                     .on_body = count_bytes,
                                     .context = &total};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_CORRUPT);
    assert_int_equal(total, 30000);
    assert_string_equal(err.text, "the answer is not complete: 9 is lost");
    request.path = SLICE("/stream?n=2&fail=1");
    total = 0;
    assert_int_equal(get(client, &request, &answer, &err), STATUS_IO);
    assert_int_equal(total, 2000);
    request.path = SLICE("/stream?n=0&fail=1"); /* an error is no data */
    assert_int_equal(get(client, &request, &answer, &err), STATUS_OK);
    assert_int_equal(answer.status, 500);
    assert_true(answer.body.size > 0);
    assert_int_equal(total, 2000);
    client_answer_release(&answer);
    client_free(client);
}

static void test_a_header_cannot_carry_a_second_line(void **state)
{
    struct client *client = NULL;
    struct http_pair header = {.name = SLICE("X"), .value = SLICE("a\r\nY: b")};
    struct client_request request = {.headers = &header, .header_count = 1};
    struct client_answer answer;
    struct error err = {0};
    (void)state;
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_INVALID);
    client_free(client);
}

static void test_a_certificate_that_has_ended_is_told(void **state)
{
    struct buf certificate, key;
    struct error err = {0};
    struct client *client = NULL;
    struct client_answer answer;
    struct client_request request = {.path = SLICE("/live")};
    (void)state;
    buf_init(&certificate, 1 * MIB);
    buf_init(&key, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE("box.example"),
                                   time(NULL) - (TLS_CERT_DAYS + 1) * INT64_C(86400),
                                   &certificate, &key, &err),
                     STATUS_OK);
    assert_int_equal(server_reload(fixture.server, buf_slice(&certificate), buf_slice(&key), &err),
                     STATUS_OK);
    fixture_write_ca(&fixture, buf_slice(&certificate));
    assert_int_equal(open_client(fixture.url, false, false, &client, &err), STATUS_OK);
    assert_int_equal(get(client, &request, &answer, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "the server's certificate has ended"));
    assert_null(strstr(err.text, "--cacert"));
    client_free(client);
    assert_int_equal(server_reload(fixture.server, buf_slice(&fixture.certificate),
                                   buf_slice(&fixture.key), &err),
                     STATUS_OK);
    fixture_write_ca(&fixture, buf_slice(&fixture.certificate));
    buf_release(&certificate);
    buf_release(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_guarded_client_connects_to_no_inner_address),
        cmocka_unit_test(test_allow_private_lifts_the_address_check_only),
        cmocka_unit_test(test_a_guarded_url_is_plain_https),
        cmocka_unit_test(test_a_url_has_no_control_characters),
        cmocka_unit_test(test_a_ca_file_stands_for_all_authorities),
        cmocka_unit_test(test_a_silent_connection_is_looked_after),
        cmocka_unit_test(test_a_token_cannot_bring_a_header_of_its_own),
        cmocka_unit_test(test_a_path_is_sent_as_it_is),
        cmocka_unit_test(test_an_unreadable_ca_file_is_named),
        cmocka_unit_test(test_an_unknown_certificate_is_refused),
        cmocka_unit_test(test_cancelling_ends_a_request),
        cmocka_unit_test(test_on_body_gets_the_bytes_and_may_stop),
        cmocka_unit_test(test_what_cut_an_answer_off_is_told),
        cmocka_unit_test(test_a_header_cannot_carry_a_second_line),
        cmocka_unit_test(test_a_certificate_that_has_ended_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
