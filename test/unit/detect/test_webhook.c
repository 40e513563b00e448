/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/webhook.h"
#include "receiver.h"

static void an_alert_arrives_after_refusals(void **state)
{
    const struct detect_alert alert = {.id = {{0xab}}, .json = SLICE("{\"marker\":1}")};
    struct receiver r = {.refuse = 2};
    struct webhook_stats stats;
    struct webhook *webhook;
    struct error err;

    (void)state;
    receiver_begin(&r, "http");
    ASSERT_OK(webhook_new(&webhook, &err));
    webhook_put(webhook, &alert); /* off: goes nowhere, is not counted as lost */
    ASSERT_OK(webhook_set(webhook, slice_of(r.url), true, &err));
    webhook_put(webhook, &alert);
    for (int i = 0; i < 500; i++) {
        webhook_stats(webhook, &stats);
        if (stats.delivered > 0)
            break;
        (void)usleep(10000);
    }
    assert_int_equal(stats.delivered, 1);
    assert_int_equal(stats.dropped, 0);
    assert_int_equal(r.requests, 3);
    assert_non_null(strstr(r.last, "Daybook-Alert: ab000000-"));
    assert_non_null(strstr(r.last, "POST /hook"));
    webhook_free(webhook);
    receiver_end(&r);
}

/* Of one alert to the receiver. */
static struct webhook_stats deliver_one(struct receiver *r)
{
    const struct detect_alert alert = {.json = SLICE("{\"marker\":1}")};
    struct webhook_stats stats = {0};
    struct webhook *webhook;
    struct error err;

    receiver_begin(r, "http");
    ASSERT_OK(webhook_new(&webhook, &err));
    ASSERT_OK(webhook_set(webhook, slice_of(r->url), true, &err));
    webhook_put(webhook, &alert);
    for (int i = 0; i < 3000 && stats.delivered + stats.failed == 0; i++) {
        (void)usleep(10000);
        webhook_stats(webhook, &stats);
    }
    webhook_free(webhook);
    receiver_end(r);
    return stats;
}

static void any_answer_2xx_counts_however_long(void **state)
{
    struct receiver r = {.answer_bytes = 100000};
    struct webhook_stats stats = deliver_one(&r);

    (void)state;
    assert_string_equal(stats.failure, "");
    assert_int_equal(stats.delivered, 1);
    assert_int_equal(r.requests, 1);
}

static void an_address_may_have_a_query_and_no_path(void **state)
{
    static const char *const targets[][2] = {
        {"?k=a", "POST /?k=a HTTP"},     {"?k=a/b", "POST /?k=a/b HTTP"},
        {"/h?k=a/b", "POST /h?k=a/b HTTP"}, {"", "POST / HTTP"},
        {"/?k=a", "POST /?k=a HTTP"},    {"#part", "POST / HTTP"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct receiver r = {.target = targets[i][0]};
        assert_int_equal(deliver_one(&r).delivered, 1);
        if (strstr(r.last, targets[i][1]) == NULL)
            fail_msg("wanted %s in %s", targets[i][1], r.last);
    }
}

/* Until the counter, one of the stats, is above 0. */
static void wait_for(struct webhook *webhook, struct webhook_stats *stats,
                     const uint64_t *counter, int seconds)
{
    for (int i = 0; i < 100 * seconds && *counter == 0; i++) {
        (void)usleep(10000);
        webhook_stats(webhook, stats);
    }
}

/* What stands behind the host may be a secret, and errors are shown. */
static void an_error_names_the_host_alone(void **state)
{
    struct receiver r = {.target = "?k=secret"};
    const struct detect_alert alert = {.json = SLICE("{\"marker\":1}")};
    struct webhook_stats stats = {0};
    struct webhook *webhook;
    struct error err;

    (void)state;
    receiver_begin(&r, "http");
    ASSERT_OK(webhook_new(&webhook, &err));
    ASSERT_OK(webhook_set(webhook, slice_of(r.url), false, &err));
    webhook_put(webhook, &alert);
    wait_for(webhook, &stats, &stats.failed, 30);
    assert_int_equal(stats.failed, 1);
    assert_non_null(strstr(stats.failure, "http://127.0.0.1:"));
    assert_null(strstr(stats.failure, "secret"));
    webhook_free(webhook);
    receiver_end(&r);
}

static void a_private_address_is_not_called_unless_allowed(void **state)
{
    const struct detect_alert alert = {.json = SLICE("{\"marker\":1}")};
    struct receiver r = {0};
    struct webhook_stats stats;
    struct webhook *webhook;
    struct error err;

    (void)state;
    receiver_begin(&r, "https");
    ASSERT_OK(webhook_new(&webhook, &err));
    ASSERT_OK(webhook_set(webhook, slice_of(r.url), false, &err));
    webhook_put(webhook, &alert);
    (void)usleep(100000);
    webhook_stats(webhook, &stats);
    assert_int_equal(stats.delivered, 0);
    webhook_free(webhook);
    assert_int_equal(r.requests, 0);
    receiver_end(&r);
}

/* The address stays and the permission goes: what was set up with it goes, too. */
static void a_permission_that_is_taken_back_counts_at_once(void **state)
{
    const struct detect_alert alert = {.json = SLICE("{\"marker\":1}")};
    struct receiver r = {0};
    struct webhook_stats stats = {0};
    struct webhook *webhook;
    struct error err;

    (void)state;
    receiver_begin(&r, "http");
    ASSERT_OK(webhook_new(&webhook, &err));
    ASSERT_OK(webhook_set(webhook, slice_of(r.url), true, &err));
    webhook_put(webhook, &alert);
    wait_for(webhook, &stats, &stats.delivered, 30);
    assert_int_equal(stats.delivered, 1);
    ASSERT_OK(webhook_set(webhook, slice_of(r.url), false, &err));
    webhook_put(webhook, &alert);
    wait_for(webhook, &stats, &stats.failed, 60);
    assert_int_equal(stats.failed, 1);
    assert_non_null(strstr(stats.failure, "not https"));
    webhook_free(webhook);
    assert_int_equal(r.requests, 1);
    receiver_end(&r);
}

/* How many requests the receiver gets where the end comes with so many alerts that wait. */
static unsigned end_with(struct receiver *r, int alert_count)
{
    const struct detect_alert alert = {.id = {{0xab}}, .json = SLICE("{\"marker\":1}")};
    struct webhook *webhook;
    struct error err;

    receiver_begin(r, "http");
    ASSERT_OK(webhook_new(&webhook, &err));
    ASSERT_OK(webhook_set(webhook, slice_of(r->url), true, &err));
    for (int i = 0; i < alert_count; i++)
        webhook_put(webhook, &alert);
    webhook_free(webhook);
    unsigned requests = r->requests;
    receiver_end(r);
    return requests;
}

/* The server ends, whatever waits for a receiver that is out of order. */
static void the_end_does_not_wait_for_a_receiver_that_refuses(void **state)
{
    struct receiver r = {.refuse = 1000};

    (void)state;
    assert_in_range(end_with(&r, 100), 0, 50); /* of the first; the others are given up */
}

/* Nor for one that takes all, slowly. */
static void the_end_does_not_wait_for_a_slow_receiver(void **state)
{
    struct receiver r = {.delay_s = 4};

    (void)state;
    assert_in_range(end_with(&r, 8), 2, 4); /* one more is under way when the ten seconds end */
}

/* 12.7 s between the tries, and none behind the last: others wait behind it. */
static void an_alert_is_given_up_with_the_last_try(void **state)
{
    const struct detect_alert alert = {.json = SLICE("{\"marker\":1}")};
    struct receiver r = {.refuse = WEBHOOK_TRIES_MAX};
    struct webhook_stats stats = {0};
    struct webhook *webhook;
    struct error err;

    (void)state;
    receiver_begin(&r, "http");
    ASSERT_OK(webhook_new(&webhook, &err));
    ASSERT_OK(webhook_set(webhook, slice_of(r.url), true, &err));
    webhook_put(webhook, &alert);
    wait_for(webhook, &stats, &stats.failed, 20);
    assert_int_equal(stats.failed, 1);
    assert_int_equal(r.requests, WEBHOOK_TRIES_MAX);
    webhook_free(webhook);
    receiver_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_arrives_after_refusals),
        cmocka_unit_test(an_alert_is_given_up_with_the_last_try),
        cmocka_unit_test(any_answer_2xx_counts_however_long),
        cmocka_unit_test(an_address_may_have_a_query_and_no_path),
        cmocka_unit_test(an_error_names_the_host_alone),
        cmocka_unit_test(a_private_address_is_not_called_unless_allowed),
        cmocka_unit_test(a_permission_that_is_taken_back_counts_at_once),
        cmocka_unit_test(the_end_does_not_wait_for_a_receiver_that_refuses),
        cmocka_unit_test(the_end_does_not_wait_for_a_slow_receiver),
    };

    return RUN_TESTS(tests);
}
