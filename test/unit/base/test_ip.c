/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/ip.h"

static void all_writings_of_an_address_are_one(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:443", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:C000:0201", "192.0.2.1"},
        {"0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"},
        {"[::ffff:192.0.2.1]:443", "192.0.2.1"},
        {"::192.0.2.1", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"[2001:0db8:0000::0001]", "2001:db8::1"},
        {"[2001:db8::0:1]:443", "2001:db8::1"},
        {"fe80::1%eth0", "fe80::1"},
        {" 2001:db8::1 ", "2001:db8::1"},
        {"::1", "::1"},
        {"::ffff:1", "::ffff:1"}, /* not 255.255.0.1 */
        {"::FA:0001", "::fa:1"},
        {"0:0:0:0:0:0:192.0.2.1", "192.0.2.1"},
        {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    char room[IP_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice got = ip_canonical(slice_of(cases[i].text), room);
        if (!slice_is(got, cases[i].want))
            fail_msg("%s: %.*s", cases[i].text, SLICE_FMT(got));
    }
}

static void what_is_no_address_stays_as_it_is(void **state)
{
    static const char *const texts[] = {
        "", "[", "[]", ":", "::g", "1.2.3", "1.2.3.4.5", "1.2.3.256", "host", "host:80",
        "1.02.3.4", "1.2.3.", "1.2..4", ".1.2.3", "1.2.3.4.", "1.2.3.0004",
        "12345::1", "1:2:3:4:5:6:7", "[2001:db8::1", "2001:db8::1/64", "%",
        "1111111111111111111111111111111111111111111111111111111111111111",
    };
    char room[IP_TEXT_BYTES];
    uint8_t ip[IP_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (ip_parse(slice_of(texts[i]), ip) ||
            !slice_is(ip_canonical(slice_of(texts[i]), room), texts[i]))
            fail_msg("%s", texts[i]);
    }
    assert_false(ip_parse(slice_from("1.2.3.4\0x", 9), ip));
}

static void brackets_and_ports_go(void **state)
{
    (void)state;
    ASSERT_SLICE(ip_bare(SLICE("[2603::1]:443")), "2603::1");
    ASSERT_SLICE(ip_bare(SLICE("2603::1")), "2603::1");
    ASSERT_SLICE(ip_bare(SLICE("192.0.2.1:443")), "192.0.2.1");
    ASSERT_SLICE(ip_bare(SLICE("host")), "host");
    ASSERT_SLICE(ip_bare(SLICE("[")), "[");
    assert_int_equal(ip_bare(SLICE("")).size, 0);
}

static void four_are_four_in_six(void **state)
{
    uint8_t ip[IP_BYTES];

    (void)state;
    assert_true(ip_parse(SLICE("10.20.30.40"), ip));
    assert_true(ip_is_four(ip));
    assert_int_equal(ip[12], 10);
    assert_true(ip_parse(SLICE("::ffff:10.20.30.40"), ip));
    assert_true(ip_is_four(ip));
    assert_true(ip_parse(SLICE("2001:db8::1"), ip));
    assert_false(ip_is_four(ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_writings_of_an_address_are_one),
        cmocka_unit_test(what_is_no_address_stays_as_it_is),
        cmocka_unit_test(brackets_and_ports_go),
        cmocka_unit_test(four_are_four_in_six),
    };

    return RUN_TESTS(tests);
}
