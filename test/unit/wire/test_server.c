/* SPDX-License-Identifier: Apache-2.0 */
#include "serving.h"

#include "codec/compress.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static unsigned send_body(struct client *client, const char *path, const char *encoding,
                          struct slice body, struct buf *ret_answer)
{
    struct client_answer answer;
    struct error err = {0};
    struct http_pair header = {.name = SLICE("Content-Encoding"), .value = slice_of(encoding)};
    struct client_request request = {
        .method = HTTP_POST,
        .path = slice_of(path),
        .headers = &header,
        .header_count = encoding == NULL ? 0 : 1,
        .body = body,
    };
    if (client_send(client, &request, &answer, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    if (ret_answer != NULL)
        *ret_answer = answer.body;
    else
        client_answer_release(&answer);
    return answer.status;
}

static unsigned get(struct client *client, const char *path, struct buf *ret_answer,
                    enum status wanted)
{
    struct client_answer answer = {0};
    struct error err = {0};
    struct client_request request = {.method = HTTP_GET, .path = slice_of(path)};
    assert_int_equal(client_send(client, &request, &answer, &err), wanted);
    if (ret_answer != NULL)
        *ret_answer = answer.body;
    else
        client_answer_release(&answer);
    return answer.status;
}

static unsigned status_of(const struct buf *answer)
{
    if (answer->size < 12 || memcmp(answer->data, "HTTP/1.", 7) != 0)
        return 0;
    return fixture_number(slice_from(answer->data + 9, 3));
}

static size_t count_of(const struct buf *answer, const char *text)
{
    size_t count = 0;
    size_t at = 0;
    while ((at = slice_find(buf_slice(answer), slice_of(text), at)) != SIZE_MAX) {
        count++;
        at++;
    }
    return count;
}

static void test_a_body_comes_back_over_tls(void **state)
{
    struct client *client = fixture_client(&fixture, "ingest");
    struct buf answer;
    (void)state;
    for (int i = 0; i < 3; i++) { /* the connection is used again */
        assert_int_equal(send_body(client, "/echo", NULL, SLICE("{\"a\":1}"), &answer), 200);
        assert_true(slice_is(buf_slice(&answer), "{\"a\":1}"));
        buf_release(&answer);
    }
    client_free(client);
}

static void test_the_token_is_checked_before_the_body(void **state)
{
    struct buf answer;
    (void)state;
    unsigned calls = atomic_load(&fixture.calls);
    /* 50 MiB are promised, none is sent: the answer comes all the same. */
    fixture_raw(&fixture,
                SLICE("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 52428800\r\n\r\n"),
                &answer);
    assert_int_equal(status_of(&answer), 401);
    assert_int_equal(count_of(&answer, "WWW-Authenticate: Bearer"), 1);
    buf_release(&answer);
    fixture_raw(&fixture,
                SLICE("POST /count HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ingest\r\n"
                      "Expect: 100-continue\r\nContent-Length: 67108865\r\n\r\n"),
                &answer);
    assert_int_equal(status_of(&answer), 413);
    buf_release(&answer);
    assert_int_equal(atomic_load(&fixture.calls), calls);
}

static void test_unknown_and_expired_tokens_get_equal_answers(void **state)
{
    struct client *unknown = fixture_client(&fixture, "nobody");
    struct client *expired = fixture_client(&fixture, "expired");
    struct buf a;
    struct buf b;
    (void)state;
    assert_int_equal(send_body(unknown, "/echo", NULL, SLICE("x"), &a), 401);
    assert_int_equal(send_body(expired, "/echo", NULL, SLICE("x"), &b), 401);
    assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
    buf_release(&a);
    buf_release(&b);
    client_free(unknown);
    client_free(expired);
    client_free(NULL);
}

static void test_gzip_and_zstd_bodies_are_decoded(void **state)
{
    struct client *client = fixture_client(&fixture, "ingest");
    struct buf packed;
    struct buf answer;
    struct error err = {0};
    char text[20000];
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i * i % 23);
    struct slice raw = slice_from(text, sizeof(text));
    buf_init(&packed, 1 * MIB);
    assert_int_equal(gzip_pack(raw, &packed, &err), STATUS_OK);
    assert_int_equal(send_body(client, "/echo", "gzip", buf_slice(&packed), &answer), 200);
    assert_true(slice_equal(buf_slice(&answer), raw));
    buf_release(&answer);
    buf_clear(&packed);
    assert_int_equal(zstd_pack(raw, 3, &packed, &err), STATUS_OK);
    assert_int_equal(send_body(client, "/echo", "zstd", buf_slice(&packed), &answer), 200);
    assert_true(slice_equal(buf_slice(&answer), raw));
    buf_release(&answer);
    /* frames in a row say no size of all */
    struct buf twice;
    buf_init(&twice, 1 * MIB);
    buf_add_slice(&twice, buf_slice(&packed));
    buf_add_slice(&twice, buf_slice(&packed));
    assert_int_equal(send_body(client, "/echo", "zstd", buf_slice(&twice), &answer), 200);
    assert_int_equal(answer.size, 2 * raw.size);
    assert_true(slice_equal(slice_tail(buf_slice(&answer), raw.size), raw));
    buf_release(&answer);
    buf_release(&twice);
    /* cut short, garbage, unknown */
    assert_int_equal(send_body(client, "/echo", "zstd",
                               slice_head(buf_slice(&packed), packed.size - 3), NULL),
                     400);
    assert_int_equal(send_body(client, "/echo", "gzip", SLICE("not gzip at all"), NULL), 400);
    assert_int_equal(send_body(client, "/echo", "br", SLICE("x"), NULL), 415);
    assert_int_equal(send_body(client, "/echo", NULL, SLICE("still fine"), NULL), 200);
    buf_release(&packed);
    client_free(client);
}

/* Without its size, as who writes through a stream makes it. */
static void test_small_bodies_of_zstd_need_no_place(void **state)
{
    static const struct guid zero;
    struct client *client = fixture_client(&fixture, "ingest");
    struct gate *gate = &fixture.server->decoders;
    struct buf small, large;
    struct error err = {0};
    char noise[16 * KIB];
    uint64_t number = 1;
    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++) {
        number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        noise[i] = (char)(number >> 56);
    }
    buf_init(&small, MIB);
    buf_init(&large, MIB);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(zstd_pack(slice_from(noise, KIB), 3, &small, &err), STATUS_OK);
        assert_int_equal(zstd_pack(slice_from(noise, sizeof(noise)), 3, &large, &err), STATUS_OK);
        assert_int_equal(gate_enter(gate, &zero, NULL, 0, NULL, &err), STATUS_OK);
    }
    assert_int_equal(send_body(client, "/count", "zstd", buf_slice(&small), NULL), 200);
    assert_int_equal(send_body(client, "/count", "zstd", buf_slice(&large), NULL), 429);
    gate_leave(gate, &zero, NULL);
    gate_leave(gate, &zero, NULL);
    assert_int_equal(send_body(client, "/count", "zstd", buf_slice(&large), NULL), 200);
    assert_int_equal(atomic_load(&fixture.server->body_room.taken), 0);
    buf_release(&small);
    buf_release(&large);
    client_free(client);
}

static void test_a_bomb_is_413_and_never_reaches_the_handler(void **state)
{
    struct client *client = fixture_client(&fixture, "ingest");
    size_t size = 80 * MIB;
    char *zeros = calloc(1, size);
    struct buf packed;
    struct error err = {0};
    (void)state;
    assert_non_null(zeros);
    buf_init(&packed, 128 * MIB);
    assert_int_equal(gzip_pack(slice_from(zeros, size), &packed, &err), STATUS_OK);
    unsigned calls = atomic_load(&fixture.calls);
    assert_int_equal(send_body(client, "/count", "gzip", buf_slice(&packed), NULL), 413);
    assert_int_equal(send_body(client, "/count", NULL, slice_from(zeros, size), NULL), 413);
    assert_int_equal(atomic_load(&fixture.calls), calls);
    struct buf answer;
    assert_int_equal(send_body(client, "/count", NULL, slice_from(zeros, 64 * MIB), &answer), 200);
    assert_true(slice_is(buf_slice(&answer), "67108864"));
    buf_release(&answer);
    assert_int_equal(send_body(client, "/short", NULL, slice_from(zeros, MIB), NULL), 200);
    assert_int_equal(send_body(client, "/short", NULL, slice_from(zeros, MIB + 1), NULL), 413);
    buf_clear(&packed);
    assert_int_equal(gzip_pack(slice_from(zeros, 2 * MIB), &packed, &err), STATUS_OK);
    assert_int_equal(send_body(client, "/short", "gzip", buf_slice(&packed), NULL), 413);
    buf_release(&packed);
    free(zeros);
    client_free(client);
}

#define HEAD "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ingest\r\n"
#define INNER "GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* Anybody may ask this: their bodies count as those of the instance's tokens. */
static void test_hardly_a_body_is_taken_where_none_is_wanted(void **state)
{
    static const struct {
        const char *head;
        unsigned status;
    } cases[] = {
        {"GET /live HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", 413},
        {"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 200},
    };
    struct buf request;
    struct buf answer;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_raw(&fixture, slice_of(cases[i].head), &answer);
        assert_int_equal(status_of(&answer), cases[i].status);
        buf_release(&answer);
    }
    buf_init(&request, 1 * MIB);
    buf_add_text(&request, "GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n1001\r\n");
    for (size_t i = 0; i < NO_BODY_BYTES_MAX + 1; i++)
        buf_add_byte(&request, 'x');
    buf_add_text(&request, "\r\n0\r\n\r\n");
    fixture_raw(&fixture, buf_slice(&request), &answer);
    assert_int_equal(status_of(&answer), 413);
    buf_release(&request);
    buf_release(&answer);
}

static void test_a_body_that_decodes_to_nothing_ends(void **state)
{
    enum { BLOCKS = 1000, CHUNKS = 220 };
    static const char block[] = "\0\0\0\xff\xff";
    struct buf request;
    struct buf answer;
    (void)state;
    buf_init(&request, 4 * MIB);
    buf_add_slice(&request,
                  SLICE("POST /short HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ingest\r\n"
                        "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
                        "Connection: close\r\n\r\n"
                        "a\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\r\n"));
    for (int i = 0; i < CHUNKS; i++) {
        buf_add_format(&request, "%zx\r\n", BLOCKS * (sizeof(block) - 1));
        for (int k = 0; k < BLOCKS; k++)
            buf_add(&request, block, sizeof(block) - 1);
        buf_add_text(&request, "\r\n");
    }
    assert_true(request.size > MIB);
    buf_add_text(&request, "0\r\n\r\n");
    fixture_raw(&fixture, buf_slice(&request), &answer);
    assert_int_equal(status_of(&answer), 413);
    buf_release(&request);
    buf_release(&answer);
}

static void test_smuggled_requests_are_never_answered(void **state)
{
    static const char *const cases[] = {
        HEAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding:\x0b" "chunked\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" INNER,
        HEAD "Content-Length: 0\r\nContent-Length: 51\r\n\r\n" INNER,
        HEAD "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "Content-Length: 0, 0\r\n\r\n" INNER,
        HEAD "Content-Length: +0\r\n\r\n" INNER,
        HEAD "Content-Length: -1\r\n\r\n" INNER,
        HEAD "Content-Length: 0x0\r\n\r\n" INNER,
        HEAD "Content-Length: 18446744073709551616\r\n\r\n" INNER,
        HEAD "Content-Length:\r\n\r\n" INNER,
        HEAD "Content-Length: 1 1\r\n\r\n" INNER,
        HEAD "X: a\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "X: a\rY: b\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "Content-Length: 0\nX: y\r\n\r\n" INNER,
        HEAD "X: a\r\n folded\r\nContent-Length: 0\x01\r\n\r\n" INNER,
        HEAD "X y: a\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD ": a\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "nocolon\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "Host: y\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "Authorization: Bearer nobody\r\nContent-Length: 0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\nx\r\n" INNER,
        HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n" INNER,
        HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n" INNER,
        HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n" INNER,
        "POST /echo HTTP/1.1\r\nAuthorization: Bearer ingest\r\nContent-Length: 0\r\n\r\n" INNER,
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer ingest\r\n"
        "\r\n0\r\n\r\n" INNER,
        "POST /echo HTTP/2.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n" INNER,
        "POST /echo HTTP/1.1 x\r\nHost: x\r\nContent-Length: 0\r\n\r\n" INNER,
        "POST  /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" INNER,
        "POST /echo\r\nHost: x\r\n\r\n" INNER,
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf answer;
        fixture_raw(&fixture, slice_of(cases[i]), &answer);
        unsigned status = status_of(&answer);
        if (count_of(&answer, "HTTP/1.1 2") > 0 || count_of(&answer, "live") > 0 ||
            (status != 0 && status < 400))
            fail_msg("case %zu: %.*s", i, SLICE_FMT(buf_slice(&answer)));
        buf_release(&answer);
    }
}

static void test_a_right_chunked_body_is_taken(void **state)
{
    struct buf answer;
    (void)state;
    fixture_raw(&fixture,
                SLICE(HEAD "Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\n"
                           "\r\n" INNER),
                &answer);
    assert_int_equal(count_of(&answer, "abcde"), 1);
    assert_int_equal(count_of(&answer, "live"), 1);
    buf_release(&answer);
    fixture_raw(&fixture,
                SLICE(HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n"
                           "Trailer: x\r\n\r\n" INNER),
                &answer);
    assert_int_equal(count_of(&answer, "abcde"), 1);
    assert_int_equal(count_of(&answer, "live"), 0); /* behind a trailer nothing is read */
    buf_release(&answer);
    fixture_raw(&fixture,
                SLICE(HEAD "Content-Encoding: zstd\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n" INNER),
                &answer);
    assert_int_equal(status_of(&answer), 400);
    assert_int_equal(count_of(&answer, "live"), 0); /* nor if the body is refused */
    buf_release(&answer);
}

/* Nothing of the next request is there yet when the header is read. */
static void test_the_header_ends_in_right_line_ends(void **state)
{
    static const char *const cases[] = {
        "GET /live HTTP/1.1\r\nHost: x\n\r\n",
        "GET /live HTTP/1.1\r\nHost: x\r\n\n",
        "GET /live HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        "GET /live HTTP/1.1\nHost: x\r\n\r\n",
        "GET /live HTTP/1.0\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf answer;
        fixture_raw(&fixture, slice_of(cases[i]), &answer);
        if (count_of(&answer, "live") > 0 || status_of(&answer) != 400)
            fail_msg("case %zu: %.*s", i, SLICE_FMT(buf_slice(&answer)));
        buf_release(&answer);
    }
    struct buf answer;
    fixture_raw(&fixture, SLICE("GET /live\0/x HTTP/1.1\r\nHost: x\r\n\r\n"), &answer);
    assert_int_equal(count_of(&answer, "live"), 0);
    buf_release(&answer);
    fixture_raw(&fixture, SLICE("GET /live HTTP/1.1\r\nHost: x\0\0y\r\nConnection: close\r\n\r\n"),
                &answer);
    assert_int_equal(count_of(&answer, "live"), 0);
    buf_release(&answer);
    fixture_raw(&fixture, SLICE("GET /live HTTP/1.0\r\n\r\n"), &answer);
    assert_int_equal(count_of(&answer, "live"), 1);
    buf_release(&answer);
}

static void test_every_answer_has_the_security_headers(void **state)
{
    static const char *const requests[] = {
        "GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /stream?n=2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "TRACE /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    };
    static const char *const headers[] = {
        "Cache-Control: no-store\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "Strict-Transport-Security: max-age=",
        "Request-Id: ",
    };
    char last[REQUEST_ID_CHARS + 1] = "";
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct buf answer;
        fixture_raw(&fixture, slice_of(requests[i]), &answer);
        for (size_t k = 0; k < sizeof(headers) / sizeof(headers[0]); k++)
            assert_int_equal(count_of(&answer, headers[k]), 1);
        assert_int_equal(count_of(&answer, "Server:"), 0);
        buf_add_byte(&answer, '\0');
        const char *id = strstr(answer.data, "Request-Id: ") + strlen("Request-Id: ");
        assert_int_equal(strspn(id, "0123456789abcdef"), REQUEST_ID_CHARS);
        assert_int_not_equal(memcmp(id, last, REQUEST_ID_CHARS), 0);
        memcpy(last, id, REQUEST_ID_CHARS);
        buf_release(&answer);
    }
}

static void test_huge_headers_are_refused(void **state)
{
    struct buf request;
    struct buf answer;
    (void)state;
    buf_init(&request, 1 * MIB);
    for (int kind = 0; kind < 3; kind++) {
        buf_clear(&request);
        buf_add_text(&request, "GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for (int i = 0; i < (kind == 0 ? 120 : 1); i++) {
            buf_add_format(&request, "X-%d: ", i);
            for (int k = 0; k < (kind == 0 ? 10 : kind == 1 ? 9000 : 200000); k++)
                buf_add_byte(&request, 'v');
            buf_add_text(&request, "\r\n");
        }
        buf_add_text(&request, "\r\n");
        fixture_raw(&fixture, buf_slice(&request), &answer);
        unsigned status = status_of(&answer);
        assert_true(status == 431 || status == 413 || (kind == 2 && status == 0));
        buf_release(&answer);
    }
    buf_release(&request);
}

static void test_old_tls_and_weak_suites_are_refused(void **state)
{
    static const char *const weak[] = {
        "NORMAL:-VERS-ALL:+VERS-TLS1.0",
        "NORMAL:-VERS-ALL:+VERS-TLS1.1",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA",
    };
    static const char *const right[] = {
        "NORMAL:-VERS-ALL:+VERS-TLS1.2",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3",
        "NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305",
    };
    struct tls_client c;
    (void)state;
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        assert_true(tls_connect(&c, server_port(fixture.server), weak[i]) < 0);
        tls_close(&c);
    }
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        assert_int_equal(tls_connect(&c, server_port(fixture.server), right[i]), 0);
        tls_close(&c);
    }
}

static void test_a_long_answer_is_streamed_whole(void **state)
{
    struct client *client = fixture_client(&fixture, "");
    struct buf answer;
    (void)state;
    assert_int_equal(get(client, "/stream?n=3000", &answer, STATUS_OK), 200);
    assert_int_equal(answer.size, 3000000);
    for (size_t i = 0; i < answer.size; i += 997)
        assert_int_equal(answer.data[i], 'a' + (int)(i / 1000 % 26));
    buf_release(&answer);
    assert_int_equal(get(client, "/stream?n=0", NULL, STATUS_OK), 200);
    client_free(client);
}

static unsigned niceness(struct client *client, const char *path)
{
    struct buf answer;

    assert_int_equal(get(client, path, &answer, STATUS_OK), 200);
    unsigned number = fixture_number(buf_slice(&answer));
    buf_release(&answer);
    return number;
}

/* It was asked for with a token that was right then. */
static void test_an_answer_ends_when_its_token_is_revoked(void **state)
{
    struct client *client = fixture_client(&fixture, "");
    (void)state;
    assert_int_equal(get(client, "/stream?n=300&ms=5", NULL, STATUS_OK), 200);
    atomic_store(&fixture.revoked, true);
    uint64_t begin_us = clock_monotonic_us(clock_system());
    (void)get(client, "/stream?n=3000&ms=5", NULL, STATUS_IO);
    assert_in_range(clock_monotonic_us(clock_system()) - begin_us, 500000, 10000000);
    atomic_store(&fixture.revoked, false);
    client_free(client);
}

static void test_a_body_is_not_taken_of_a_token_revoked_meanwhile(void **state)
{
    struct tls_client c;
    struct buf answer;
    (void)state;
    unsigned calls = atomic_load(&fixture.calls);
    assert_int_equal(tls_connect(&c, server_port(fixture.server), NULL), 0);
    unsigned asked = atomic_load(&fixture.asked);
    assert_true(tls_send(&c, SLICE(HEAD "Connection: close\r\nContent-Length: 5\r\n\r\nab")));
    for (int i = 0; i < 1000 && atomic_load(&fixture.asked) == asked; i++)
        fixture_sleep_ms(10);
    fixture_sleep_ms(1100);
    atomic_store(&fixture.revoked, true);
    assert_true(tls_send(&c, SLICE("cde")));
    buf_init(&answer, 1 * MIB);
    tls_read_all(&c, &answer);
    atomic_store(&fixture.revoked, false);
    assert_int_equal(status_of(&answer), 401);
    assert_int_equal(count_of(&answer, "the token is not valid any more"), 1);
    assert_int_equal(atomic_load(&fixture.calls), calls);
    buf_release(&answer);
    tls_close(&c);
}

static uint64_t rejected_now(void)
{
    struct server_stats stats;
    server_stats(fixture.server, &stats);
    return stats.rejected;
}

/* Not only when the last byte is there, which may be hours later. */
static void test_a_body_is_refused_while_it_comes(void **state)
{
    enum { SIZE = 70000 };
    static char bytes[SIZE];
    struct tls_client c;
    struct buf answer;
    (void)state;
    unsigned calls = atomic_load(&fixture.calls);
    uint64_t rejected = rejected_now();
    assert_int_equal(tls_connect(&c, server_port(fixture.server), NULL), 0);
    assert_true(tls_send(&c, SLICE(HEAD "Connection: close\r\nContent-Length: 70000\r\n\r\n")));
    assert_true(tls_send(&c, slice_from(bytes, SIZE / 2)));
    fixture_sleep_ms(1100);
    assert_int_equal(rejected_now(), rejected);
    atomic_store(&fixture.revoked, true);
    assert_true(tls_send(&c, slice_from(bytes, 1)));
    for (int i = 0; i < 50 && rejected_now() == rejected; i++)
        fixture_sleep_ms(20);
    assert_int_equal(rejected_now(), rejected + 1);
    assert_true(tls_send(&c, slice_from(bytes, SIZE - SIZE / 2 - 1)));
    buf_init(&answer, 1 * MIB);
    tls_read_all(&c, &answer);
    atomic_store(&fixture.revoked, false);
    assert_int_equal(status_of(&answer), 401);
    assert_int_equal(count_of(&answer, "the token is not valid any more"), 1);
    assert_int_equal(atomic_load(&fixture.calls), calls);
    buf_release(&answer);
    tls_close(&c);
}

struct late {
    enum http_method method;
    const char *path;
    size_t body_bytes;
    enum status wanted;
    unsigned wanted_answer; /* if it is whole */
    enum status status;
    unsigned answer;
    pthread_t thread;
};

static void *ask_late(void *arg)
{
    struct late *late = arg;
    struct client *client = fixture_client(&fixture, "ingest");
    struct client_answer answer = {0};
    struct error err = {0};
    char *body = calloc(1, late->body_bytes + 1);
    struct client_request request = {.method = late->method,
                                     .path = slice_of(late->path),
                                     .body = slice_from(body, late->body_bytes)};
    late->status = client_send(client, &request, &answer, &err);
    late->answer = answer.status;
    client_answer_release(&answer);
    client_free(client);
    free(body);
    return NULL;
}

/* But that something was stored is told. */
static void test_an_answer_is_not_told_to_a_token_revoked_meanwhile(void **state)
{
    struct late cases[] = {
        {HTTP_GET, "/slow?ms=2500", 0, .wanted_answer = 401},
        {HTTP_GET, "/stream?n=1&ms=2500&rest=x", 0, .wanted = STATUS_IO},
        {HTTP_PUT, "/slow?ms=2500", 1, .wanted_answer = 200},
        {HTTP_POST, "/slow?ms=2500", 1, .wanted_answer = 200},
        {HTTP_POST, "/slow?ms=2500", LARGE_BODY_BYTES, .wanted_answer = 200},
    };
    const size_t count = sizeof(cases) / sizeof(cases[0]);
    (void)state;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&cases[i].thread, NULL, ask_late, &cases[i]), 0);
    fixture_sleep_ms(1200);
    atomic_store(&fixture.revoked, true);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(cases[i].thread, NULL);
    atomic_store(&fixture.revoked, false);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(cases[i].status, cases[i].wanted);
        assert_true(cases[i].status != STATUS_OK || cases[i].answer == cases[i].wanted_answer);
    }
}

/* Reads what comes of 32 MiB. */
static void read_large(bool revokes, const char *method, const char *path, struct buf *ret)
{
    struct tls_client c;
    char request[100];
    (void)snprintf(request, sizeof(request),
                   "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path);
    buf_init(ret, 64 * MIB);
    assert_int_equal(tls_connect(&c, server_port(fixture.server), NULL), 0);
    assert_true(tls_send(&c, slice_of(request)));
    assert_true(tls_read(&c, ret) > 0);
    if (revokes) {
        fixture_sleep_ms(1100);
        atomic_store(&fixture.revoked, true);
    }
    tls_read_all(&c, ret);
    atomic_store(&fixture.revoked, false);
    tls_close(&c);
    assert_int_equal(status_of(ret), 200);
}

/* They are made in one piece. */
static void read_whole(bool revokes, const char *method, struct buf *ret)
{
    read_large(revokes, method, "/whole", ret);
    assert_int_equal(count_of(ret, "Content-Length: 33554432\r\n"), 1);
}

/* Its handler has long ended, or waits for the client to take more. */
static void test_what_was_handed_over_ends_when_its_token_is_revoked(void **state)
{
    struct buf answer;
    (void)state;
    read_large(true, "GET", "/handed", &answer);
    assert_true(answer.size < FIXTURE_WHOLE_BYTES);
    buf_release(&answer);
    read_large(false, "GET", "/handed", &answer);
    assert_true(answer.size > FIXTURE_WHOLE_BYTES);
    buf_release(&answer);
}

static void test_an_answer_in_one_piece_ends_when_its_token_is_revoked(void **state)
{
    struct buf answer;
    (void)state;
    read_whole(true, "GET", &answer);
    assert_true(answer.size < FIXTURE_WHOLE_BYTES);
    buf_release(&answer);
    read_whole(false, "GET", &answer);
    assert_true(answer.size > FIXTURE_WHOLE_BYTES);
    const char *body = answer.data + answer.size - FIXTURE_WHOLE_BYTES;
    for (size_t i = 0; i < FIXTURE_WHOLE_BYTES; i++) {
        if (body[i] != (char)('a' + i % 23))
            fail_msg("another byte at %zu", i);
    }
    buf_release(&answer);
    read_whole(false, "HEAD", &answer);
    assert_true(answer.size < 4096);
    buf_release(&answer);
}

static void test_what_streams_stands_back(void **state)
{
    struct client *client = fixture_client(&fixture, "");
    unsigned usual = niceness(client, "/nice-inline");
    (void)state;
    assert_int_equal(niceness(client, "/nice"), usual + 10 < 39 ? usual + 10 : 39);
    assert_int_equal(niceness(client, "/nice-inline"), usual); /* and nobody else does */
    client_free(client);
}

static void test_a_failure_in_the_middle_is_seen_as_a_cut_answer(void **state)
{
    struct client *client = fixture_client(&fixture, "");
    (void)state;
    (void)get(client, "/stream?n=5&fail=1", NULL, STATUS_IO);
    assert_int_equal(get(client, "/stream?n=0&fail=1", NULL, STATUS_OK), 500);
    client_free(client);
}

/* There are no chunks in it, so what is cut off would be taken for all. */
static void test_what_streams_wants_http_11(void **state)
{
    struct buf answer;
    (void)state;
    fixture_raw(&fixture, SLICE("GET /stream?n=5&fail=1 HTTP/1.0\r\n\r\n"), &answer);
    assert_int_equal(status_of(&answer), 505);
    assert_int_equal(count_of(&answer, "wants HTTP/1.1"), 1);
    buf_release(&answer);
    fixture_raw(&fixture,
                SLICE("POST /stream?n=5 HTTP/1.0\r\nAuthorization: Bearer ingest\r\n"
                      "Content-Length: 2\r\n\r\nab"),
                &answer);
    assert_int_equal(status_of(&answer), 505);
    buf_release(&answer);
    /* The last one streams, but says itself where it ends. */
    static const char *const others[] = {"GET /live HTTP/1.0\r\n\r\n",
                                         "GET /nice HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        fixture_raw(&fixture, slice_of(others[i]), &answer);
        assert_int_equal(status_of(&answer), 200);
        buf_release(&answer);
    }
}

static void test_a_lost_client_cancels_its_handler(void **state)
{
    struct tls_client c;
    struct buf answer;
    (void)state;
    unsigned cancelled = atomic_load(&fixture.slow_cancelled);
    assert_int_equal(tls_connect(&c, server_port(fixture.server), NULL), 0);
    assert_true(tls_send(&c, SLICE("GET /slow?ms=20000 HTTP/1.1\r\nHost: x\r\n\r\n")));
    fixture_sleep_ms(200);
    tls_close(&c);
    for (int i = 0; i < 30 && atomic_load(&fixture.slow_cancelled) == cancelled; i++)
        fixture_sleep_ms(100);
    assert_int_equal(atomic_load(&fixture.slow_cancelled), cancelled + 1);
    /* The same while bytes are being streamed to nobody. */
    assert_int_equal(tls_connect(&c, server_port(fixture.server), NULL), 0);
    assert_true(tls_send(&c, SLICE("GET /stream?n=100000000 HTTP/1.1\r\nHost: x\r\n\r\n")));
    buf_init(&answer, 1 * MIB);
    assert_true(tls_read(&c, &answer) > 0);
    tls_close(&c);
    buf_release(&answer);
}

static void *many_requests(void *arg)
{
    struct client *client = fixture_client(&fixture, "ingest");
    unsigned *failures = arg;
    for (int i = 0; i < 5; i++)
        *failures += send_body(client, "/echo", NULL, SLICE("hello"), NULL) != 200;
    client_free(client);
    return NULL;
}

static void test_fifty_connections_at_once(void **state)
{
    pthread_t threads[50];
    unsigned failures[50] = {0};
    (void)state;
    for (int i = 0; i < 50; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_requests, &failures[i]), 0);
    for (int i = 0; i < 50; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
    }
}

static void test_a_new_certificate_serves_new_connections(void **state)
{
    struct buf certificate;
    struct buf key;
    struct error err = {0};
    struct client *old = fixture_client(&fixture, "");
    int64_t end = 0;
    (void)state;
    assert_int_equal(get(old, "/live", NULL, STATUS_OK), 200);
    assert_int_equal(tls_cert_end(buf_slice(&fixture.certificate), &end, &err), STATUS_OK);
    assert_int_equal(server_certificate_end(fixture.server), end);
    buf_init(&certificate, 1 * MIB);
    buf_init(&key, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE("127.0.0.1"), time(NULL) - 86400, &certificate, &key,
                                   &err),
                     STATUS_OK);
    /* A key of another certificate changes nothing. */
    assert_int_equal(server_reload(fixture.server, buf_slice(&certificate),
                                   buf_slice(&fixture.key), &err),
                     STATUS_INVALID);
    assert_int_equal(server_certificate_end(fixture.server), end);
    assert_int_equal(server_reload(fixture.server, buf_slice(&certificate), buf_slice(&key), &err),
                     STATUS_OK);
    assert_int_equal(tls_cert_end(buf_slice(&certificate), &end, &err), STATUS_OK);
    assert_int_equal(server_certificate_end(fixture.server), end);
    assert_int_equal(get(old, "/live", NULL, STATUS_OK), 200); /* its connection stays */
    struct client *distrusting = fixture_client(&fixture, "");
    (void)get(distrusting, "/live", NULL, STATUS_IO);
    fixture_write_ca(&fixture, buf_slice(&certificate));
    struct client *trusting = fixture_client(&fixture, "");
    assert_int_equal(get(trusting, "/live", NULL, STATUS_OK), 200);
    client_free(old);
    client_free(distrusting);
    client_free(trusting);
    assert_int_equal(server_reload(fixture.server, buf_slice(&fixture.certificate),
                                   buf_slice(&fixture.key), &err),
                     STATUS_OK);
    fixture_write_ca(&fixture, buf_slice(&fixture.certificate));
    buf_release(&certificate);
    buf_release(&key);
}

/* The two slow clients wait side by side: the test takes one deadline. */
static void test_slow_headers_and_slow_bodies_are_cut_off(void **state)
{
    struct tls_client silent;
    struct tls_client header;
    struct tls_client body;
    struct buf rest;
    time_t start = time(NULL);
    (void)state;
    buf_init(&rest, 1 * MIB);
    silent = (struct tls_client){.fd = tls_connect_tcp(server_port(fixture.server))};
    assert_int_equal(tls_connect(&header, server_port(fixture.server), NULL), 0);
    assert_int_equal(tls_connect(&body, server_port(fixture.server), NULL), 0);
    assert_true(tls_send(&header, SLICE("GET /live HTTP/1.1\r\nHost: x\r\n")));
    assert_true(tls_send(&body, SLICE(HEAD "Content-Length: 100000\r\n\r\n")));
    bool alive = true;
    for (int i = 0; i < 28 && alive; i++) {
        alive = tls_send(&header, SLICE("X: y\r\n")) && tls_send(&body, SLICE("z"));
        fixture_sleep_ms(500);
    }
    tls_read_all(&header, &rest);
    tls_read_all(&body, &rest);
    char byte;
    assert_true(recv(silent.fd, &byte, 1, 0) <= 0);
    assert_int_equal(rest.size, 0);
    assert_true(time(NULL) - start < 16);
    tls_close(&header);
    tls_close(&body);
    tls_close(&silent);
    buf_release(&rest);
}

static void *slow_request(void *arg)
{
    struct client *client = fixture_client(&fixture, "");
    *(unsigned *)arg = get(client, "/slow-inline?ms=800", NULL, STATUS_OK);
    client_free(client);
    return NULL;
}

static void test_a_drain_lets_requests_finish_and_takes_no_more(void **state)
{
    pthread_t thread;
    unsigned status = 0;
    (void)state;
    unsigned started = atomic_load(&fixture.slow_started);
    assert_int_equal(pthread_create(&thread, NULL, slow_request, &status), 0);
    while (atomic_load(&fixture.slow_started) == started)
        fixture_sleep_ms(10);
    server_drain(fixture.server, 5000);
    (void)pthread_join(thread, NULL);
    assert_int_equal(status, 200);
    assert_true(tls_connect_tcp(server_port(fixture.server)) < 0);
    struct server_stats stats;
    server_stats(fixture.server, &stats);
    assert_true(stats.connections > 50 && stats.requests > 250 && stats.answers_2xx > 250);
    assert_true(stats.rejected > 20 && stats.answers_4xx > 20 && stats.answers_5xx >= 1);
    assert_true(stats.answers_429 >= 1 && stats.answers_429 < stats.answers_4xx);
}

/* server_free() drains too: meanwhile others may have files with the listener's number. */
static void test_a_second_drain_closes_nobodys_file(void **state)
{
    int files[32];

    (void)state;
    for (size_t i = 0; i < 32; i++) {
        files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(files[i] >= 0);
    }
    server_drain(fixture.server, 0);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(close(files[i]), 0);
}

static void add_times(struct buf *to, unsigned times, const char *text)
{
    for (unsigned i = 0; i < times; i++)
        buf_add_text(to, text);
}

/* What does not fit the library's memory of a connection it closes without an answer, and
 * without saying that the request is over. */
static void test_a_request_that_the_library_gives_up_is_over(void **state)
{
    struct fixture own;
    struct http_router routes;
    struct buf request;
    struct buf answer;
    (void)state;
    fixture_start(&own, &routes);
    buf_init(&request, 1 * MIB);
    for (int i = 0; i < 2; i++) {
        buf_clear(&request);
        buf_add_text(&request, "GET /live?");
        add_times(&request, i == 0 ? 10000 : 20000, i == 0 ? "a&" : "x");
        buf_add_text(&request, " HTTP/1.1\r\nHost: x\r\nCookie: ");
        add_times(&request, i == 0 ? 1 : 1000, "a=b;");
        buf_add_text(&request, "\r\n\r\n");
        fixture_raw(&own, buf_slice(&request), &answer);
        assert_int_equal(answer.size, 0);
        buf_release(&answer);
    }
    uint64_t start = clock_monotonic_us(clock_system());
    server_drain(own.server, 10000);
    assert_true(clock_monotonic_us(clock_system()) - start < 2000000);
    fixture_stop(&own);
    buf_release(&request);
}

/* One with other bounds, under the certificate of the fixture. */
static struct fixture start_another(struct server_options options)
{
    struct fixture own = fixture;
    struct error err = {0};

    options.listen = SLICE("127.0.0.1:0");
    options.certificate_pem = buf_slice(&fixture.certificate);
    options.key_pem = buf_slice(&fixture.key);
    options.router = &router;
    assert_int_equal(server_start(&options, &own.server, &err), STATUS_OK);
    (void)snprintf(own.url, sizeof(own.url), "https://127.0.0.1:%u", server_port(own.server));
    return own;
}

/* Nor do they end what is at work. */
static void test_silent_connections_keep_nobody_out(void **state)
{
    enum { ROOM = 8, SILENT = 60 };
    struct fixture own = start_another((struct server_options){.connections_max = ROOM});
    uint16_t port = server_port(own.server);
    struct tls_client busy;
    struct buf answer;
    int silent[SILENT];
    (void)state;
    assert_int_equal(tls_connect(&busy, port, NULL), 0);
    assert_true(tls_send(&busy, SLICE("GET /slow-inline?ms=3000 HTTP/1.1\r\nHost: x\r\n"
                                      "Connection: close\r\n\r\n")));
    fixture_sleep_ms(200);
    uint64_t start = clock_monotonic_us(clock_system());
    for (int i = 0; i < SILENT; i++) {
        silent[i] = tls_connect_tcp(port);
        fixture_sleep_ms(10);
    }
    for (int i = 0; i < 3; i++) {
        struct client *client = fixture_client(&own, "");
        assert_int_equal(get(client, "/live", NULL, STATUS_OK), 200);
        client_free(client);
    }
    assert_true(clock_monotonic_us(clock_system()) - start < HEADER_TIMEOUT_MS * 500u);
    buf_init(&answer, 1 * MIB);
    tls_read_all(&busy, &answer);
    assert_int_equal(status_of(&answer), 200);
    buf_release(&answer);
    tls_close(&busy);
    for (int i = 0; i < SILENT; i++)
        (void)close(silent[i]);
    server_free(own.server);
}

/* The most memory that the process had since it was asked last. */
static uint64_t peak_kib(void)
{
    char line[256];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        (void)sscanf(line, "VmHWM: %llu kB", &kib);
    (void)fclose(file);
    file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        (void)fputs("5", file);
        (void)fclose(file);
    }
    return kib;
}

/* Twelve are complete but for the last byte of each, which come at once. */
static void complete_many(struct slice packed)
{
    enum { MANY = 12 };
    struct tls_client c[MANY];
    char head[256];
    unsigned counts[2] = {0};

    (void)snprintf(head, sizeof(head),
                   "POST /slow?ms=1500 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ingest\r\n"
                   "Connection: close\r\nContent-Encoding: zstd\r\nContent-Length: %zu\r\n\r\n",
                   packed.size);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(tls_connect(&c[i], server_port(fixture.server), NULL), 0);
        assert_true(tls_send(&c[i], slice_of(head)));
        assert_true(tls_send(&c[i], slice_head(packed, packed.size - 1)));
    }
    fixture_sleep_ms(300);
    (void)peak_kib();
    uint64_t before_kib = peak_kib();
    for (int i = 0; i < MANY; i++)
        assert_true(tls_send(&c[i], slice_tail(packed, packed.size - 1)));
    for (int i = 0; i < MANY; i++) {
        struct buf got;
        buf_init(&got, MIB);
        tls_read_all(&c[i], &got);
        assert_true(status_of(&got) == 200 || status_of(&got) == 429);
        counts[status_of(&got) == 429]++;
        buf_release(&got);
        tls_close(&c[i]);
    }
    assert_true(counts[0] > 0 && counts[1] > 0);
    /* All of them would take 790 MiB; sanitizers keep what is freed for a while. */
    assert_true(peak_kib() < before_kib + BODIES_BYTES_MAX * 5 / 4 / KIB);
}

static void test_bodies_of_zstd_have_room_before_they_are_decoded(void **state)
{
    struct buf raw, packed;
    struct error err = {0};
    char line[KIB];
    uint64_t number = 1;
    (void)state;
    buf_init(&raw, REQUEST_BODY_BYTES_MAX);
    buf_init(&packed, 2 * REQUEST_BODY_BYTES_MAX);
    memset(line, 'x', sizeof(line));
    while (raw.size < REQUEST_BODY_BYTES_MAX) { /* eight bytes of each line are new */
        number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(line, &number, sizeof(number));
        buf_add(&raw, line, sizeof(line));
    }
    assert_int_equal(zstd_pack(buf_slice(&raw), 3, &packed, &err), STATUS_OK);
    assert_true(packed.size < 2 * MIB);
    complete_many(buf_slice(&packed));
    buf_clear(&packed);
    for (int i = 0; i < 2; i++) /* nothing says how large both are */
        assert_int_equal(zstd_pack(slice_head(buf_slice(&raw), raw.size / 2), 3, &packed, &err),
                         STATUS_OK);
    complete_many(buf_slice(&packed));
    buf_release(&raw);
    buf_release(&packed);
}

/* With the body of 5,000 bytes, above what is always taken of somebody. */
static unsigned store_some(struct fixture *own, const char *token)
{
    char body[5000];
    struct client *client = fixture_client(own, token);
    memset(body, 'x', sizeof(body));
    unsigned status = send_body(client, "/count", NULL, slice_from(body, sizeof(body)), NULL);
    client_free(client);
    return status;
}

static unsigned ask_whole(struct fixture *own, const char *token)
{
    struct client *client = fixture_client(own, token);
    unsigned status = get(client, "/whole-inline", NULL, STATUS_OK);
    client_free(client);
    return status;
}

/* Three times, and reads no more than it has to; there is room for two answers. */
static void ask_thrice(struct fixture *own, struct slice request, bool stores)
{
    uint16_t port = server_port(own->server);
    struct tls_client c[3];
    struct buf got[3];

    for (int i = 0; i < 3; i++) {
        buf_init(&got[i], 64 * MIB);
        assert_int_equal(tls_connect(&c[i], port, NULL), 0);
        assert_true(tls_send(&c[i], request));
        assert_true(tls_read(&c[i], &got[i]) > 0);
    }
    /* The others of the counter are not kept from storing, nor the admin from the lists. */
    assert_int_equal(store_some(own, "ingest"), stores ? 429 : 200);
    assert_int_equal(store_some(own, "neighbour"), 200);
    assert_int_equal(ask_whole(own, ""), stores ? 200 : 429);
    assert_int_equal(ask_whole(own, "admin"), 200);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(status_of(&got[i]), i < 2 ? 200 : 429);
        tls_read_all(&c[i], &got[i]);
        assert_true(i == 2 || got[i].size > FIXTURE_WHOLE_BYTES);
        tls_close(&c[i]);
        buf_release(&got[i]);
    }
}

/* Nor is more stored of who does not hear what became of the last. */
static void test_answers_that_nobody_reads_are_bounded(void **state)
{
    struct fixture own = start_another((struct server_options){
        .answers_bytes_max = 4 * FIXTURE_WHOLE_BYTES /* a tenant has half of it */
    });
    struct buf store;
    (void)state;
    buf_init(&store, 64 * MIB);
    buf_add_format(&store, HEAD "Connection: close\r\nContent-Length: %zu\r\n\r\n",
                   FIXTURE_WHOLE_BYTES);
    add_times(&store, FIXTURE_WHOLE_BYTES / 16, "sixteen letters.");
    unsigned calls = atomic_load(&fixture.calls);
    for (int i = 0; i < 2; i++) { /* there is room again once they are read */
        ask_thrice(&own, SLICE("GET /whole HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                   false);
        ask_thrice(&own, buf_slice(&store), true);
        fixture_sleep_ms(300);
    }
    assert_int_equal(atomic_load(&fixture.calls), calls + 2 * (2 + 2 + 1));
    server_free(own.server);
    buf_release(&store);
}

static void test_a_wrong_start_says_why(void **state)
{
    struct server *server = NULL;
    struct error err = {0};
    struct server_options options = {
        .listen = SLICE("127.0.0.1:0"),
        .certificate_pem = SLICE("not pem"),
        .key_pem = buf_slice(&fixture.key),
        .router = &router,
    };
    (void)state;
    assert_int_equal(server_start(&options, &server, &err), STATUS_INVALID);
    options.certificate_pem = buf_slice(&fixture.certificate);
    options.listen = SLICE("nowhere");
    assert_int_equal(server_start(&options, &server, &err), STATUS_INVALID);
    options.listen = SLICE("192.0.2.1:1");
    assert_int_equal(server_start(&options, &server, &err), STATUS_IO);
    server_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_comes_back_over_tls),
        cmocka_unit_test(test_the_token_is_checked_before_the_body),
        cmocka_unit_test(test_unknown_and_expired_tokens_get_equal_answers),
        cmocka_unit_test(test_gzip_and_zstd_bodies_are_decoded),
        cmocka_unit_test(test_small_bodies_of_zstd_need_no_place),
        cmocka_unit_test(test_a_bomb_is_413_and_never_reaches_the_handler),
        cmocka_unit_test(test_hardly_a_body_is_taken_where_none_is_wanted),
        cmocka_unit_test(test_a_body_that_decodes_to_nothing_ends),
        cmocka_unit_test(test_smuggled_requests_are_never_answered),
        cmocka_unit_test(test_a_right_chunked_body_is_taken),
        cmocka_unit_test(test_the_header_ends_in_right_line_ends),
        cmocka_unit_test(test_every_answer_has_the_security_headers),
        cmocka_unit_test(test_huge_headers_are_refused),
        cmocka_unit_test(test_old_tls_and_weak_suites_are_refused),
        cmocka_unit_test(test_a_long_answer_is_streamed_whole),
        cmocka_unit_test(test_an_answer_ends_when_its_token_is_revoked),
        cmocka_unit_test(test_a_body_is_not_taken_of_a_token_revoked_meanwhile),
        cmocka_unit_test(test_a_body_is_refused_while_it_comes),
        cmocka_unit_test(test_an_answer_is_not_told_to_a_token_revoked_meanwhile),
        cmocka_unit_test(test_an_answer_in_one_piece_ends_when_its_token_is_revoked),
        cmocka_unit_test(test_what_was_handed_over_ends_when_its_token_is_revoked),
        cmocka_unit_test(test_what_streams_stands_back),
        cmocka_unit_test(test_a_failure_in_the_middle_is_seen_as_a_cut_answer),
        cmocka_unit_test(test_what_streams_wants_http_11),
        cmocka_unit_test(test_a_lost_client_cancels_its_handler),
        cmocka_unit_test(test_fifty_connections_at_once),
        cmocka_unit_test(test_a_new_certificate_serves_new_connections),
        cmocka_unit_test(test_slow_headers_and_slow_bodies_are_cut_off),
        cmocka_unit_test(test_silent_connections_keep_nobody_out),
        cmocka_unit_test(test_bodies_of_zstd_have_room_before_they_are_decoded),
        cmocka_unit_test(test_answers_that_nobody_reads_are_bounded),
        cmocka_unit_test(test_a_wrong_start_says_why),
        cmocka_unit_test(test_a_drain_lets_requests_finish_and_takes_no_more),
        cmocka_unit_test(test_a_second_drain_closes_nobodys_file),
        cmocka_unit_test(test_a_request_that_the_library_gives_up_is_over),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
