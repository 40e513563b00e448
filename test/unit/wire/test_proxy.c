/* SPDX-License-Identifier: Apache-2.0 */
/* Who a client is where a reverse proxy stands before the server. */
#include "serving.h"

#include <string.h>

/* What the server behind these proxies takes for the address of a client that sends this. */
static void assert_remote(struct fixture *there, const char *headers, const char *wanted)
{
    char text[1024];
    struct buf answer;

    (void)snprintf(text, sizeof(text),
                   "GET /remote HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", headers);
    fixture_raw(there, slice_of(text), &answer);
    buf_add_byte(&answer, '\0');
    if (strstr(answer.data, wanted) == NULL)
        fail_msg("%s: not %s in %.*s", headers, wanted, SLICE_FMT(buf_slice(&answer)));
    buf_release(&answer);
}

static struct server *start_behind(const struct address_ranges *proxies)
{
    struct server *server = NULL;
    struct error err = {0};
    struct server_options options = {
        .listen = SLICE("127.0.0.1:0"),
        .certificate_pem = buf_slice(&fixture.certificate),
        .key_pem = buf_slice(&fixture.key),
        .router = &router,
        .proxies = proxies,
    };

    if (server_start(&options, &server, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return server;
}

static struct address_ranges ranges_of(const char *const *texts, uint32_t count)
{
    struct address_ranges ranges = {.count = count};
    struct error err = {0};

    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(address_range_parse(slice_of(texts[i]), &ranges.items[i], &err),
                         STATUS_OK);
    return ranges;
}

static void test_who_asks_behind_a_proxy_is_told_by_the_proxy_alone(void **state)
{
    static const char *const inner[] = {"127.0.0.1", "10.0.0.0/8"}, *const other[] = {"10.0.0.1"};
    struct address_ranges trusted = ranges_of(inner, 2), none = ranges_of(other, 1);
    struct fixture there = {.server = start_behind(&trusted)};
    (void)state;
    assert_remote(&there, "", "<127.0.0.1>");
    assert_remote(&there, "X-Forwarded-For: 203.0.113.9\r\n", "<203.0.113.9>");
    assert_remote(&there, "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n", "<203.0.113.9>");
    assert_remote(&there, "X-Forwarded-For: 203.0.113.9,10.1.2.3\r\n", "<203.0.113.9>");
    assert_remote(&there, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 10.1.2.3\r\n",
                  "<203.0.113.9>");
    assert_remote(&there, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.9\r\n",
                  "<203.0.113.9>");
    assert_remote(&there, "X-Forwarded-For: 203.0.113.9, nobody, 10.1.2.3\r\n", "<10.1.2.3>");
    assert_remote(&there, "X-Forwarded-For: nobody\r\n", "<127.0.0.1>");
    assert_remote(&there, "X-Forwarded-For: [2001:db8::1]:443\r\n", "<2001:db8::1>");
    server_free(there.server);
    there.server = start_behind(&none);
    assert_remote(&there, "X-Forwarded-For: 203.0.113.9\r\n", "<127.0.0.1>");
    server_free(there.server);
    assert_remote(&fixture, "X-Forwarded-For: 203.0.113.9\r\n", "<127.0.0.1>");
}

static void test_a_share_of_connections_is_the_clients_behind_a_proxy(void **state)
{
    static const char *const inner[] = {"127.0.0.1"};
    static const uint8_t client[ADDRESS_BYTES] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    static const uint8_t neighbour[ADDRESS_BYTES] = {0x20, 1, 0xd, 0xb8, [15] = 2};
    static const uint8_t other[ADDRESS_BYTES] = {0x20, 1, 0xd, 0xb8, 9};
    struct address_ranges trusted = ranges_of(inner, 1);
    struct server *server = start_behind(&trusted);
    struct connection all[CONNECTIONS_PER_ADDRESS_MAX + 1];
    (void)state;
    memset(all, 0, sizeof(all));
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        all[i].phase = CONNECTION_HANDLING; /* without a deadline */
        all[i].fd = -1;
        all[i].server = server;
        all[i].is_proxy = true;
    }
    (void)pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i + 1 < sizeof(all) / sizeof(all[0]); i++)
        all[i].next = &all[i + 1];
    struct connection *before = server->connections;
    server->connections = &all[0];
    (void)pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < CONNECTIONS_PER_ADDRESS_MAX; i++)
        assert_true(connection_take_client(&all[i], client));
    struct connection *last = &all[CONNECTIONS_PER_ADDRESS_MAX];
    assert_false(connection_take_client(last, neighbour));
    assert_true(connection_take_client(last, other));
    connection_drop_client(last);
    connection_drop_client(&all[0]);
    assert_true(connection_take_client(last, neighbour));
    (void)pthread_mutex_lock(&server->lock);
    server->connections = before;
    (void)pthread_mutex_unlock(&server->lock);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_asks_behind_a_proxy_is_told_by_the_proxy_alone),
        cmocka_unit_test(test_a_share_of_connections_is_the_clients_behind_a_proxy),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
