/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/first_seen.h"
#include "record_maker.h"

#define DAY(n) (TICKS_UNIX_EPOCH + (n) * TICKS_PER_DAY)

static struct error err;
static struct first_seen *rule;
static const struct guid tenant = {{1}}, other = {{2}};

static int set_up(void **state)
{
    (void)state;
    rule = first_seen_new();
    return rule == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    first_seen_free(rule);
    return 0;
}

static struct first_seen_hit see_sign_in_of(const char *user, const char *operation,
                                            const char *address, int64_t time)
{
    struct arena *scratch = NULL;
    struct first_seen_hit hit;
    struct event event;
    struct made made;
    char text[128];

    (void)snprintf(text, sizeof(text),
                   "{\"Operation\":\"%s\",\"UserId\":\"%s\",\"ClientIP\":\"%s\"}", operation, user,
                   address);
    make_text(&made, text, time);
    ASSERT_OK(event_from_record(&made.record, &scratch, &event, &err));
    assert_null(scratch); /* nothing to decode */
    ASSERT_OK(first_seen_observe(rule, &tenant, &event, &hit, &err));
    made_release(&made);
    return hit;
}

/* Of `ann`, in `tenant`. */
static struct first_seen_hit see_sign_in(const char *operation, const char *address, int64_t time)
{
    return see_sign_in_of("ann", operation, address, time);
}

static struct first_seen_hit see(const struct guid *who, const char *mailbox, const char *app,
                                 const char *address, int64_t time)
{
    struct arena *scratch = NULL;
    struct first_seen_hit hit;
    struct event event;
    struct made made;

    make_access(&made, mailbox, app, address, time);
    ASSERT_OK(event_from_record(&made.record, &scratch, &event, &err));
    ASSERT_OK(first_seen_observe(rule, who, &event, &hit, &err));
    if (hit.alert)
        ASSERT_OK(first_seen_mark(rule, who, event.address, &err));
    arena_free(scratch);
    made_release(&made);
    return hit;
}

/* Twenty days of ordinary life in a tenant. */
static void live(const struct guid *who)
{
    for (int day = 0; day < 20; day++) {
        (void)see(who, "ann", "outlook", "10.1.1.1", DAY(day));
        (void)see(who, "bob", "outlook", "10.1.2.2", DAY(day));
        (void)see(who, "bob", "sync", "10.1.2.2", DAY(day));
    }
}

static void a_known_pair_is_no_hit(void **state)
{
    (void)state;
    live(&tenant);
    assert_int_equal(see(&tenant, "ANN", "OUTLOOK", "10.1.9.9", DAY(20)).kind, FIRST_SEEN_NOTHING);
}

static void a_new_app_from_the_usual_network_is_a_hit_but_no_alert(void **state)
{
    (void)state;
    live(&tenant);
    struct first_seen_hit hit = see(&tenant, "ann", "sync", "10.1.7.7", DAY(20));
    assert_int_equal(hit.kind, FIRST_SEEN_PAIR);
    assert_int_equal(hit.score, 20);
    assert_false(hit.alert);
    hit = see(&tenant, "ann", "brand-new", "10.1.7.7", DAY(20));
    assert_int_equal(hit.score, 40);
    assert_false(hit.alert);
}

static void a_new_app_from_a_strange_network_is_an_alert(void **state)
{
    (void)state;
    live(&tenant);
    struct first_seen_hit hit = see(&tenant, "ann", "sync", "66.6.6.6", DAY(20));
    assert_true(hit.alert);
    assert_true(hit.network_new);
    assert_int_equal(hit.baseline_days, 20);
    assert_int_equal(hit.reasons, REASON_PAIR_NEW | REASON_NETWORK_NEW);
}

static void an_alerted_address_is_remembered_in_every_tenant(void **state)
{
    (void)state;
    live(&tenant);
    live(&other);
    assert_true(see(&tenant, "ann", "sync", "66.6.6.6", DAY(20)).alert);
    struct first_seen_hit hit = see(&tenant, "carl", "sync", "66.6.6.6", DAY(25));
    assert_true(hit.alert);
    assert_true((hit.reasons & REASON_ADDRESS_ALERTED) != 0);
    assert_true(see(&other, "ann", "sync", "66.6.6.6", DAY(25)).alert);
}

/* Whoever sends records of a tenant of theirs could otherwise have all that is new in an office of
 * another tenant told as a theft. */
static void an_address_alerted_elsewhere_does_not_count_where_people_sign_in(void **state)
{
    struct first_seen_hit hit;

    (void)state;
    live(&tenant);
    live(&other);
    ASSERT_OK(first_seen_mark(rule, &other, SLICE("10.1.1.9"), &err));
    ASSERT_OK(first_seen_mark(rule, &other, SLICE("10.2.1.9"), &err));
    for (int i = 0; i < 3; i++) { /* the same user again is no other */
        (void)see_sign_in("UserLoggedIn", "10.1.1.9", DAY(19));
        (void)see_sign_in_of(i == 0 ? "x" : i == 1 ? "y" : "z", "UserLoginFailed", "10.2.1.9",
                             DAY(19));
    }
    hit = see(&tenant, "ann", "sync", "10.1.1.9", DAY(20)); /* who signed in there */
    assert_false(hit.alert);
    assert_int_equal(hit.reasons, REASON_PAIR_NEW);
    (void)see_sign_in_of("bob", "UserLoggedIn", "10.1.1.9", DAY(19));
    assert_true(see(&tenant, "carl", "sync", "10.1.1.9", DAY(20)).alert);
    ASSERT_OK(first_seen_mark(rule, &other, SLICE("10.1.1.8"), &err));
    (void)see_sign_in_of("dora", "UserLoggedIn", "10.1.1.9", DAY(19)); /* an office now */
    hit = see(&tenant, "fred", "sync", "10.1.1.8", DAY(20));
    assert_false(hit.alert);
    assert_int_equal(hit.reasons, REASON_PAIR_NEW | REASON_SESSION_SHARED);
    assert_true(see(&other, "carl", "sync", "10.1.1.9", DAY(20)).alert); /* its own */
    hit = see(&tenant, "dora", "sync", "10.2.1.9", DAY(22)); /* refused there */
    assert_true(hit.alert);
    assert_true((hit.reasons & REASON_ALERTED_ELSEWHERE) != 0);
    hit = see(&tenant, "emil", "sync", "10.2.1.9", DAY(25)); /* now an alert of its own */
    assert_true(hit.alert);
    assert_true((hit.reasons & REASON_ADDRESS_ALERTED) != 0);
    assert_false((hit.reasons & REASON_ALERTED_ELSEWHERE) != 0);
}

/* A row that is no alert does not tell whose address was in another tenant's. */
static void alerts_of_others_show_in_alerts_alone(void **state)
{
    static const struct guid young = {{3}};
    struct first_seen_hit hit;

    (void)state;
    live(&tenant);
    live(&other);
    (void)see(&young, "ann", "outlook", "10.1.1.1", DAY(1));
    (void)see(&young, "ann", "outlook", "66.6.1.1", DAY(2));
    ASSERT_OK(first_seen_mark(rule, &other, SLICE("66.6.6.6"), &err));
    hit = see(&young, "ann", "sync", "66.6.6.6", DAY(10));
    assert_int_equal(hit.reasons, REASON_PAIR_NEW | REASON_APP_NEW | REASON_LEARNING);
    (void)see(&tenant, "ann", "outlook", "66.6.1.1", DAY(19));
    hit = see(&tenant, "old", "sync", "66.6.6.6", DAY(-20));
    assert_int_equal(hit.reasons & (REASON_ADDRESS_ALERTED | REASON_BACKFILL), REASON_BACKFILL);
    hit = see(&tenant, "ann", "sync", "66.6.6.6", DAY(25));
    assert_true(hit.alert);
    assert_int_equal(hit.score, 60);
    assert_int_equal(hit.reasons,
                     REASON_PAIR_NEW | REASON_ADDRESS_ALERTED | REASON_ALERTED_ELSEWHERE);
    first_seen_suppress(&hit); /* above the alerts of an hour */
    assert_false(hit.alert);
    assert_int_equal(hit.score, 20);
    assert_int_equal(hit.reasons, REASON_PAIR_NEW);
    hit = see(&tenant, "carl", "sync", "66.6.6.6", DAY(25)); /* marked by its own now */
    first_seen_suppress(&hit);
    assert_int_equal(hit.reasons,
                     REASON_PAIR_NEW | REASON_SESSION_SHARED | REASON_ADDRESS_ALERTED);
}

static void an_alerted_address_is_known_in_each_of_its_writings(void **state)
{
    (void)state;
    live(&tenant);
    ASSERT_OK(first_seen_load_alerted(rule, SLICE("2001:DB8::7"), &err));
    ASSERT_OK(first_seen_mark(rule, &tenant, SLICE("10.1.3.3"), &err));
    assert_true(see(&tenant, "ann", "sync", "[2001:0db8:0:0::0007]:443", DAY(20)).reasons &
                REASON_ADDRESS_ALERTED);
    assert_true(see(&tenant, "ann", "x", "::ffff:10.1.3.3", DAY(20)).reasons &
                REASON_ADDRESS_ALERTED);
    assert_false(see(&tenant, "ann", "y", "2001:db8::70", DAY(20)).reasons &
                 REASON_ADDRESS_ALERTED);
}

/* A strange network does not become a known one by a mapped address of another network. */
static void a_mapped_address_has_its_own_network(void **state)
{
    (void)state;
    live(&tenant);
    (void)see(&tenant, "bob", "outlook", "::ffff:10.1.1.1", DAY(5));
    assert_true(see(&tenant, "ann", "evil", "::ffff:66.6.6.6", DAY(20)).network_new);
    assert_false(see(&tenant, "ann", "other", "::ffff:10.1.9.9", DAY(20)).network_new);
}

static void a_sign_in_from_the_new_network_explains_it(void **state)
{
    (void)state;
    live(&tenant);
    assert_int_equal(see_sign_in("UserLoggedIn", "77.7.7.7", DAY(20)).kind, FIRST_SEEN_NETWORK);
    assert_false(see(&tenant, "ann", "sync", "77.7.8.8", DAY(20) + TICKS_PER_HOUR).alert);
}

/* Whoever wants to be no stranger tries a password first, and waits. */
static void a_refused_sign_in_makes_no_network_known(void **state)
{
    (void)state;
    live(&tenant);
    assert_int_equal(see_sign_in("UserLoginFailed", "66.6.6.6", DAY(18)).kind, FIRST_SEEN_NOTHING);
    struct first_seen_hit hit = see(&tenant, "ann", "sync", "66.6.6.6", DAY(20));
    assert_true(hit.network_new);
    assert_true(hit.alert);
}

static void learning_and_old_records_raise_no_storm(void **state)
{
    (void)state;
    assert_false(see(&tenant, "ann", "a", "66.6.6.6", DAY(0)).alert);
    struct first_seen_hit hit = see(&tenant, "ann", "b", "67.6.6.6", DAY(13));
    assert_false(hit.alert);
    assert_true((hit.reasons & REASON_LEARNING) != 0);
    (void)see(&tenant, "ann", "a", "66.6.6.6", DAY(100));
    hit = see(&tenant, "ann", "c", "68.6.6.6", DAY(69));
    assert_false(hit.alert);
    assert_true((hit.reasons & REASON_BACKFILL) != 0);
    assert_true(see(&tenant, "ann", "d", "69.6.6.6", DAY(75)).alert);
}

static void a_record_without_a_time_makes_no_other_old(void **state)
{
    struct event event = {.time = DAY(900), .is_undated = true};
    struct first_seen_hit hit;

    (void)state;
    (void)see(&tenant, "ann", "mail", "1.1.1.1", DAY(1));
    ASSERT_OK(first_seen_observe(rule, &tenant, &event, &hit, &err));
    assert_true(see(&tenant, "ann", "sync", "66.6.6.6", DAY(20)).alert);
}

static struct first_seen_hit see_undated(const char *app, const char *address, int64_t time)
{
    struct event event = {.time = time, .is_undated = true, .is_mail_access = true,
                          .mailbox = SLICE("ann"), .user = SLICE("ann"), .app = slice_of(app),
                          .address = slice_of(address)};
    struct first_seen_hit hit;

    ASSERT_OK(first_seen_observe(rule, &tenant, &event, &hit, &err));
    return hit;
}

static void where_no_record_has_a_time_none_is_old(void **state)
{
    (void)state;
    assert_int_equal(see(&tenant, "ann", "mail", "1.1.1.1", DAY(0)).reasons & REASON_BACKFILL, 0);
    first_seen_free(rule);
    rule = first_seen_new();
    assert_non_null(rule);
    for (int day = 0; day < 20; day++) {
        struct first_seen_hit hit = see_undated("mail", "1.1.1.1", DAY(day));
        assert_int_equal(hit.reasons & REASON_BACKFILL, 0);
    }
    assert_true(see_undated("sync", "66.6.6.6", DAY(20)).alert);
}

static void a_loaded_row_without_a_time_makes_no_record_old(void **state)
{
    struct first_seen_row row = {
        .kind = SLICE("network"), .address = SLICE("1.1.1.1"), .network = SLICE("1.1.0.0/16"),
        .time = DAY(900), .undated = true,
    };

    (void)state;
    (void)see(&tenant, "ann", "mail", "1.1.1.1", DAY(1));
    ASSERT_OK(first_seen_load(rule, &tenant, &row, &err));
    assert_true(see(&tenant, "ann", "sync", "66.6.6.6", DAY(20)).alert);
    row.undated = false;
    ASSERT_OK(first_seen_load(rule, &tenant, &row, &err));
    assert_false(see(&tenant, "ann", "other", "67.6.6.6", DAY(20)).alert);
}

static void loaded_rows_are_the_baseline(void **state)
{
    struct first_seen_row row = {
        .kind = SLICE("pair"), .mailbox = SLICE("ann"), .app = SLICE("sync"),
        .address = SLICE("66.6.6.6"), .network = SLICE("66.6.0.0/16"), .time = DAY(1),
        .alerted = true,
    };

    (void)state;
    ASSERT_OK(first_seen_load(rule, &tenant, &row, &err));
    assert_int_equal(see(&tenant, "ann", "sync", "66.6.6.6", DAY(20)).kind, FIRST_SEEN_NOTHING);
    struct first_seen_hit hit = see(&tenant, "bob", "sync", "66.6.6.6", DAY(20));
    assert_true(hit.alert);
    assert_int_equal(hit.reasons, REASON_PAIR_NEW | REASON_ADDRESS_ALERTED);
}

static void the_oldest_record_is_remembered_beside_the_rows(void **state)
{
    struct first_seen_row row = {
        .kind = SLICE("pair"), .mailbox = SLICE("ann"), .app = SLICE("outlook"),
        .address = SLICE("10.1.1.1"), .network = SLICE("10.1.0.0/16"), .time = DAY(30),
    };

    (void)state;
    assert_true(first_seen_oldest(rule, &tenant) == INT64_MAX);
    ASSERT_OK(first_seen_load(rule, &tenant, &row, &err));
    assert_true(first_seen_oldest(rule, &tenant) == DAY(30));
    ASSERT_OK(first_seen_load_oldest(rule, &tenant, DAY(1), &err));
    ASSERT_OK(first_seen_load_oldest(rule, &tenant, DAY(31), &err)); /* is not older */
    struct first_seen_hit hit = see(&tenant, "ann", "sync", "66.6.6.6", DAY(31));
    assert_true(hit.alert);
    assert_int_equal(hit.baseline_days, 30);
}

static void reasons_are_sentences(void **state)
{
    struct event event = {.app = SLICE("X"), .mailbox = SLICE("m"), .address = SLICE("1.2.3.4")};
    struct first_seen_hit hit = {.reasons = REASON_PAIR_NEW | REASON_APP_NEW, .baseline_days = 30};
    struct buf buf;

    (void)state;
    buf_init(&buf, MIB);
    first_seen_add_reasons(&hit, &event, &buf);
    ASSERT_SLICE(buf_slice(&buf),
                 "[\"application X has not accessed mailbox m before; seen on 0 of 30 days\","
                 "\"application X is new to the tenant\"]");
    hit.reasons = REASON_LEARNING | REASON_BACKFILL;
    buf_clear(&buf);
    first_seen_add_reasons(&hit, &event, &buf);
    ASSERT_SLICE(buf_slice(&buf),
                 "[\"no alert: the tenant's oldest record is less than 14 days before this one\","
                 "\"no alert: the tenant's newest record is more than 30 days after this one\"]");
    buf_release(&buf);
}

static void what_was_loaded_can_turn_out_to_lack_rows(void **state)
{
    (void)state;
    assert_false(first_seen_set_lacking(rule, &tenant)); /* is not loaded: that will tell */
    live(&tenant);
    assert_false(first_seen_set_lacking(rule, &tenant));
    ASSERT_OK(first_seen_set_loaded(rule, &tenant, true, &err));
    ASSERT_OK(first_seen_set_loaded(rule, &other, false, &err));
    assert_int_equal(see(&tenant, "eve", "a", "10.1.1.1", DAY(20)).reasons &
                         REASON_RECORDS_LACK, 0);
    assert_true(first_seen_set_lacking(rule, &tenant));
    assert_false(first_seen_set_lacking(rule, &tenant));
    assert_false(first_seen_set_lacking(rule, &other));
    assert_int_not_equal(see(&tenant, "eve", "b", "10.1.1.1", DAY(20)).reasons &
                             REASON_RECORDS_LACK, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_known_pair_is_no_hit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_app_from_the_usual_network_is_a_hit_but_no_alert,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_app_from_a_strange_network_is_an_alert, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_alerted_address_is_remembered_in_every_tenant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            an_address_alerted_elsewhere_does_not_count_where_people_sign_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alerts_of_others_show_in_alerts_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alerted_address_is_known_in_each_of_its_writings,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mapped_address_has_its_own_network, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sign_in_from_the_new_network_explains_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_refused_sign_in_makes_no_network_known, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(learning_and_old_records_raise_no_storm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_without_a_time_makes_no_other_old, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(where_no_record_has_a_time_none_is_old, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loaded_row_without_a_time_makes_no_record_old, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(loaded_rows_are_the_baseline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_loaded_can_turn_out_to_lack_rows, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_record_is_remembered_beside_the_rows, set_up,
                                        tear_down),
        cmocka_unit_test(reasons_are_sentences),
    };

    return RUN_TESTS(tests);
}
