/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/event.h"
#include "record_maker.h"

static struct error err;
static struct arena *scratch;

static int tear_down(void **state)
{
    (void)state;
    arena_free(scratch);
    scratch = NULL;
    return 0;
}

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
    ASSERT_OK(event_from_record(&made.record, &scratch, &e, &err));
    assert_true(e.is_mail_access);
    ASSERT_SLICE(e.app, "evil");
    ASSERT_SLICE(e.mailbox, "a@b");
    ASSERT_SLICE(e.address, "1.2.3.4");
    ASSERT_SLICE(e.user, "outer");
    assert_int_equal(e.session.size, 0); /* a number is no session */
    assert_int_equal(e.time, 99);
    made_release(&made);
    make_text(&made, "{\"Operation\":\"UserLoggedIn\",\"ClientIP\":\"::1\"}", 1);
    ASSERT_OK(event_from_record(&made.record, &scratch, &e, &err));
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
    ASSERT_OK(event_from_record(&made.record, &scratch, &e, &err));
    assert_int_equal(e.id.size, EVENT_FIELD_BYTES_MAX);
    assert_int_equal(e.user.size, EVENT_FIELD_BYTES_MAX - 1);
    assert_int_equal(e.app.size, EVENT_FIELD_BYTES_MAX);
    made_release(&made);
}

static void escapes_are_decoded_before_a_field_is_cut(void **state)
{
    char text[16 * EVENT_FIELD_BYTES_MAX], id[6 * EVENT_FIELD_BYTES_MAX + 25];
    struct made made;
    struct event e;

    (void)state;
    make_text(&made,
              "{\"Operation\":\"Mail\\u0049temsAccessed\",\"ClientAppId\":\"\",\"AppId\":\"a\\\\\","
              "\"MailboxOwnerUPN\":\"o\\u0027n\\u00f6il@\\ud83d\\ude00\","
              "\"ClientIP\":\"1.2.3\\u002e4\","
              "\"OriginatingServer\":\"x\\r\\n\"}",
              1);
    ASSERT_OK(event_from_record(&made.record, &scratch, &e, &err));
    assert_true(e.is_mail_access);
    ASSERT_SLICE(e.mailbox, "o'n\u00f6il@\U0001F600");
    ASSERT_SLICE(e.address, "1.2.3.4");
    ASSERT_SLICE(e.app, "a\\");
    made_release(&made);
    for (size_t i = 0; i < sizeof(id) - 1; i += 6)
        memcpy(id + i, "\\u0001", 7);
    (void)snprintf(text, sizeof(text), "{\"Id\":\"%s\",\"UserId\":\"1%s\"}", id, id);
    make_text(&made, text, 1);
    ASSERT_OK(event_from_record(&made.record, &scratch, &e, &err));
    assert_int_equal(e.id.size, EVENT_FIELD_BYTES_MAX);
    assert_int_equal(e.user.size, EVENT_FIELD_BYTES_MAX);
    assert_int_equal(e.user.data[EVENT_FIELD_BYTES_MAX - 1], 1);
    made_release(&made);
    /* Most records of mailboxes have an escape in a field that nobody asks for. */
    arena_free(scratch);
    scratch = NULL;
    make_text(&made, "{\"Id\":\"1\",\"OriginatingServer\":\"x\\r\\n\"}", 1);
    ASSERT_OK(event_from_record(&made.record, &scratch, &e, &err));
    assert_null(scratch);
    made_release(&made);
}

static void a_quarantined_record_has_no_fields(void **state)
{
    struct record record = {.raw = SLICE("{broken"), .token_count = 0};
    struct event e;

    (void)state;
    ASSERT_OK(event_from_record(&record, &scratch, &e, &err));
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
    /* What is too long to be an address is cut, but not within a character. */
#define LONG "123456789 123456789 123456789 123456789 12345"
    ASSERT_SLICE(event_network(SLICE(LONG "6\\u0041"), text), LONG "6\\");
    ASSERT_SLICE(event_network(SLICE(LONG "6\xC3\xA9x"), text), LONG "6");
    ASSERT_SLICE(event_network(SLICE(LONG "67890"), text), LONG "67");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(fields_come_from_the_top_level, tear_down),
        cmocka_unit_test_teardown(a_quarantined_record_has_no_fields, tear_down),
        cmocka_unit_test_teardown(long_fields_are_cut_at_whole_characters, tear_down),
        cmocka_unit_test_teardown(escapes_are_decoded_before_a_field_is_cut, tear_down),
        cmocka_unit_test_teardown(networks_are_16_and_32_bits, tear_down),
    };

    return RUN_TESTS(tests);
}
