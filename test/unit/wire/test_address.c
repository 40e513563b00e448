/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool is_public(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return address_is_public((struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return address_is_public((struct sockaddr *)&in6);
}

static void test_inner_addresses_are_not_public(void **state)
{
    static const char *const inner[] = {
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
        "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.0.1",
        "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.9", "168.63.129.16", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:2::1", "2001:db8::1",
        "3fff::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::a9fe:a9fe",
        "febf::1", "fec0::1", "ff02::1", "ff0e::1", "100::1", "4000::1", "8000::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
        if (is_public(inner[i]))
            fail_msg("%s", inner[i]);
    }
    struct sockaddr other = {.sa_family = AF_UNIX};
    assert_false(address_is_public(&other));
}

static void test_outer_addresses_are_public(void **state)
{
    static const char *const outer[] = {
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1",
        "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.1", "172.15.255.255",
        "172.32.0.1", "168.63.129.15", "168.63.129.17", "192.167.255.255", "192.169.0.1",
        "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1",
        "2001:4860:4860::8888", "2001:200::1", "2002:808:808::1", "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(outer) / sizeof(outer[0]); i++) {
        if (!is_public(outer[i]))
            fail_msg("%s", outer[i]);
    }
}

static void expect_network(const char *text, const char *network)
{
    uint8_t got[ADDRESS_NETWORK_BYTES], wanted[ADDRESS_NETWORK_BYTES];
    struct sockaddr_storage address;
    struct error err = {0};
    socklen_t size;

    assert_int_equal(address_parse(slice_of(text), &address, &size, &err), STATUS_OK);
    address_network((struct sockaddr *)&address, got);
    assert_int_equal(inet_pton(AF_INET6, network, wanted), 1);
    assert_memory_equal(got, wanted, sizeof(got));
}

static void test_many_addresses_are_one_network(void **state)
{
    static const struct sockaddr none = {.sa_family = AF_UNIX};
    uint8_t got[ADDRESS_NETWORK_BYTES];

    (void)state;
    expect_network("192.0.2.7:1", "::ffff:192.0.2.7");
    expect_network("[::ffff:192.0.2.7]:1", "::ffff:192.0.2.7");
    expect_network("[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2::");
    expect_network("[2001:db8:1:2::7]:1", "2001:db8:1:2::");
    expect_network("[2001:db8:1:3::7]:1", "2001:db8:1:3::");
    address_network(&none, got);
    assert_int_equal(got[15], 0);
}

static void test_listen_addresses_are_read(void **state)
{
    struct sockaddr_storage address;
    socklen_t size;
    struct error err = {0};
    char text[ADDRESS_TEXT_BYTES];
    (void)state;
    assert_int_equal(address_parse(SLICE("127.0.0.1:8443"), &address, &size, &err), STATUS_OK);
    address_format((struct sockaddr *)&address, text);
    assert_string_equal(text, "127.0.0.1");
    assert_int_equal(address_parse(SLICE("localhost:0"), &address, &size, &err), STATUS_OK);
    assert_int_equal(address_parse(SLICE("[::]:65535"), &address, &size, &err), STATUS_OK);
    assert_int_equal(address_parse(SLICE("[::1]:1"), &address, &size, &err), STATUS_OK);
    address_format((struct sockaddr *)&address, text);
    assert_string_equal(text, "::1");
}

static void test_wrong_listen_addresses_are_refused(void **state)
{
    static const char *const wrong[] = {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                                        "127.0.0.1:-1", "[127.0.0.1]:1", "::1:80", "[::1:80",
                                        "host.example:80", "[]:1", "127.0.0.1:80x"};
    struct sockaddr_storage address;
    socklen_t size;
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(address_parse(slice_of(wrong[i]), &address, &size, &err),
                         STATUS_INVALID);
}

static void test_networks_are_read_and_have_their_addresses(void **state)
{
    static const struct {
        const char *network, *inside, *outside;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7:1", "192.0.2.6:1"},
        {"10.0.0.0/8", "10.255.0.1:1", "11.0.0.0:1"},
        {"10.0.0.0/9", "10.127.0.1:1", "10.128.0.1:1"},
        {"0.0.0.0/0", "203.0.113.9:1", "[2001:db8::1]:1"},
        {"10.0.0.0/8", "[::ffff:10.1.1.1]:1", "[::10.1.1.1]:1"},
        {"2001:db8::/33", "[2001:db8:7fff::1]:1", "[2001:db8:8000::1]:1"},
        {"::1", "[::1]:1", "127.0.0.1:1"},
        {"::/0", "127.0.0.1:1", NULL},
    };
    static const char *const wrong[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                                        "::1/129", "proxy.example", "10.0.0.1:80", "[::1]",
                                        "10.0.0.0/8/8"};
    struct address_ranges ranges = {.count = 1};
    struct sockaddr_storage address;
    uint8_t bytes[ADDRESS_BYTES];
    socklen_t size;
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(address_range_parse(slice_of(cases[i].network), &ranges.items[0], &err),
                         STATUS_OK);
        assert_int_equal(address_parse(slice_of(cases[i].inside), &address, &size, &err),
                         STATUS_OK);
        address_bytes((struct sockaddr *)&address, bytes);
        assert_true(address_ranges_have(&ranges, bytes));
        if (cases[i].outside == NULL)
            continue;
        assert_int_equal(address_parse(slice_of(cases[i].outside), &address, &size, &err),
                         STATUS_OK);
        address_bytes((struct sockaddr *)&address, bytes);
        assert_false(address_ranges_have(&ranges, bytes));
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(address_range_parse(slice_of(wrong[i]), &ranges.items[0], &err),
                         STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inner_addresses_are_not_public),
        cmocka_unit_test(test_outer_addresses_are_public),
        cmocka_unit_test(test_many_addresses_are_one_network),
        cmocka_unit_test(test_listen_addresses_are_read),
        cmocka_unit_test(test_wrong_listen_addresses_are_refused),
        cmocka_unit_test(test_networks_are_read_and_have_their_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
