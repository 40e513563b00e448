/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/event.h"
#include "record_maker.h"

static void fields_come_from_the_top_level(void **state)
{
    struct made made;
    struct event e;

    (void)state;
    make_text(&made,
              "{\"Operation\":\"MailItemsAccessed\",\"AppId\":\"graph\",\"ClientAppId\":\"evil\","
              "\"MailboxGuid\":\"g\",\"MailboxOwnerUPN\":\"a@b\",\"ClientIP\":\"1.2.3.4:5555\","
              "\"Item\":{\"UserId\":\"inner\"},\"UserId\":\"outer\",\"SessionId\":5}",
              99);
    event_from_record(&made.record, &e);
    assert_true(e.is_mail_access);
    ASSERT_SLICE(e.app, "evil");
    ASSERT_SLICE(e.mailbox, "a@b");
    ASSERT_SLICE(e.address, "1.2.3.4");
    ASSERT_SLICE(e.user, "outer");
    assert_int_equal(e.session.size, 0); /* a number is no session */
    assert_int_equal(e.time, 99);
    made_release(&made);
    make_text(&made, "{\"Operation\":\"UserLoggedIn\",\"ClientIP\":\"::1\"}", 1);
    event_from_record(&made.record, &e);
    assert_true(e.is_sign_in);
    assert_false(e.is_mail_access);
    ASSERT_SLICE(e.address, "::1");
    made_release(&made);
}

static void long_fields_are_cut_at_whole_characters(void **state)
{
    char id[EVENT_FIELD_BYTES_MAX], text[4 * EVENT_FIELD_BYTES_MAX];
    struct made made;
    struct event e;

    (void)state;
    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    (void)snprintf(text, sizeof(text),
                   "{\"Id\":\"%s1\",\"UserId\":\"%s\\u00e9\",\"AppId\":\"%s12\"}", id, id, id);
    make_text(&made, text, 1);
    event_from_record(&made.record, &e);
    assert_int_equal(e.id.size, EVENT_FIELD_BYTES_MAX);
    assert_int_equal(e.user.size, EVENT_FIELD_BYTES_MAX - 1);
    assert_int_equal(e.app.size, EVENT_FIELD_BYTES_MAX);
    made_release(&made);
}

static void a_quarantined_record_has_no_fields(void **state)
{
    struct record record = {.raw = SLICE("{broken"), .token_count = 0};
    struct event e;

    (void)state;
    event_from_record(&record, &e);
    assert_false(e.is_mail_access);
    assert_int_equal(e.operation.size, 0);
}

static void networks_are_16_and_32_bits(void **state)
{
    char text[NETWORK_BYTES];

    (void)state;
    ASSERT_SLICE(event_network(SLICE("10.20.30.40"), text), "10.20.0.0/16");
    ASSERT_SLICE(event_network(SLICE("255.100.30.40"), text), "255.100.0.0/16");
    ASSERT_SLICE(event_network(SLICE("9.0.30.40"), text), "9.0.0.0/16");
    ASSERT_SLICE(event_network(SLICE("2603:10a6:5::1"), text), "2603:10a6::/32");
    ASSERT_SLICE(event_network(SLICE("2603:10A6:0005:0:0::1"), text), "2603:10a6::/32");
    ASSERT_SLICE(event_network(SLICE("fe80::1%3"), text), "fe80:0::/32");
    /* IPv4 within IPv6 is IPv4: all of them are not one network */
    ASSERT_SLICE(event_network(SLICE("::ffff:10.20.30.40"), text), "10.20.0.0/16");
    ASSERT_SLICE(event_network(SLICE("::FFFF:0a14:1e28"), text), "10.20.0.0/16");
    ASSERT_SLICE(event_network(SLICE("not-an-address"), text), "not-an-address");
    assert_int_equal(event_network(SLICE(""), text).size, 0);
    /* What is too long to be an address is cut, but not within an escape or a character. */
#define LONG "123456789 123456789 123456789 123456789 12345"
    ASSERT_SLICE(event_network(SLICE(LONG "6\\\",\\\"x"), text), LONG "6");
    ASSERT_SLICE(event_network(SLICE(LONG "\\\"x"), text), LONG "\\\"");
    ASSERT_SLICE(event_network(SLICE(LONG "\\u0041"), text), LONG);
    ASSERT_SLICE(event_network(SLICE(LONG "6\xC3\xA9x"), text), LONG "6");
    ASSERT_SLICE(event_network(SLICE(LONG "67890"), text), LONG "67");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_from_the_top_level),
        cmocka_unit_test(a_quarantined_record_has_no_fields),
        cmocka_unit_test(long_fields_are_cut_at_whole_characters),
        cmocka_unit_test(networks_are_16_and_32_bits),
    };

    return RUN_TESTS(tests);
}
