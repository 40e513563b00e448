/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "detect/detect.h"
#include "record_maker.h"

#include <pthread.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY(n) (TICKS_UNIX_EPOCH + (n) * TICKS_PER_DAY)
#define HOUR_US INT64_C(3600000000)
#define DAYS_TO_2100 47482

/* Collects what the rules write and deliver; remembers what TABLES_FORMAT says. */
struct collector {
    pthread_mutex_t lock;
    unsigned rows, alerts, delivered, refusals_left, questions, failures_left;
    bool refuses_alerts; /* of the refusals: the table SecurityAlert alone, else FirstSeen alone */
    atomic_uint held; /* while it is the first byte of a tenant, its hits wait */
    atomic_uint waiting;
    bool remembers, lacks;
    bool is_young; /* of what it remembers: it came first in 2100 */
    bool oldest_fails;
    char last[2048]; /* that was delivered */
};

#define TABLES_FORMAT                                                                              \
    "let FirstSeen = datatable(TenantId: guid, Kind: string, Mailbox: string, AppId: string,"      \
    " Address: string, Network: string, UserId: string, FirstTime: datetime, AlertId: string,"     \
    " Undated: bool)["                                                                             \
    "'05000000-0000-0000-0000-000000000000', 'pair', 'ann', 'outlook', '10.1.1.1',"                \
    " '10.1.0.0/16', 'ann', datetime(%s-01-01), '', false,"                                        \
    "'05000000-0000-0000-0000-000000000000', 'pair', \"o'n\u00f6il\", 'outlook', '10.1.1.1',"      \
    " '10.1.0.0/16', 'ann', datetime(%s-01-01), '', bool(null),"                                   \
    "'05000000-0000-0000-0000-000000000000', 'network', '', '', '10.9.1.1', '10.9.0.0/16', '',"    \
    " datetime(%s-01-01), '', true];\n"                                                            \
    "let SecurityAlert = datatable(AlertType: string, ExtendedProperties: string)["                \
    "'first-seen-application', '{\"address\":\"10.1.2.3\"}',"                                      \
    " 'other', '{\"address\":\"10.1.4.5\"}'];\n"                                                   \
    "let AuditRecords = datatable(TimeGenerated: datetime, _Seq: long)["                           \
    "datetime(1969-12-01), 3, datetime(1960-01-01), 9];\n"                                         \
    "let OfficeActivity = AuditRecords | where _Seq == 0;\n"

static struct error err;
static struct collector collector = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct detect *detect;
static const struct guid tenant = {{5}};
static int64_t received_us; /* of what is fed */

static enum status keep(void *context, const struct guid *who, struct slice table,
                        struct slice body, struct error *e)
{
    struct collector *c = context;
    enum status status = STATUS_OK;

    while (atomic_load(&c->held) == who->bytes[0]) {
        atomic_store(&c->waiting, 1);
        (void)usleep(1000);
    }
    (void)pthread_mutex_lock(&c->lock);
    if (c->refusals_left > 0 && slice_is(table, "SecurityAlert") == c->refuses_alerts) {
        c->refusals_left--;
        status = ERROR_SET(e, STATUS_BUSY, "busy");
    } else {
        for (size_t i = 0; i < body.size; i++)
            *(slice_is(table, "SecurityAlert") ? &c->alerts : &c->rows) += body.data[i] == '\n';
    }
    (void)pthread_mutex_unlock(&c->lock);
    return status;
}

/* Runs the question over TABLES_FORMAT. */
static enum status ask(void *context, const struct guid *who, struct slice text,
                       struct query_sink *sink, bool *ret_complete, struct error *e)
{
    struct collector *c = context;
    struct query_stats stats;
    struct buf all;

    c->questions++;
    *ret_complete = !c->lacks;
    assert_true(who == NULL || guid_equal(who, &tenant) || !c->remembers);
    if (c->failures_left > 0) {
        c->failures_left--;
        return ERROR_SET(e, STATUS_IO, "the disk does not answer");
    }
    if (c->oldest_fails && slice_find(text, SLICE("_Seq"), 0) != SIZE_MAX)
        return ERROR_SET(e, STATUS_IO, "a block is bad");
    if (!c->remembers)
        return STATUS_OK;
    buf_init(&all, 64 * KIB);
    buf_add_format(&all, TABLES_FORMAT, c->is_young ? "2100" : "1970",
                   c->is_young ? "2100" : "1970", c->is_young ? "2100" : "1980");
    buf_add_slice(&all, text);
    const struct query_request request = {
        .text = buf_slice(&all), .now = time_from_unix_us(clock_unix_us(clock_system()))};
    enum status status = query_run(&request, sink, &stats, e);
    buf_release(&all);
    return status;
}

static void deliver(void *context, const struct detect_alert *alert)
{
    struct collector *c = context;

    assert_true(alert->json.size > 0 && alert->json.data[alert->json.size - 1] == '}');
    (void)pthread_mutex_lock(&c->lock);
    c->delivered++;
    (void)snprintf(c->last, sizeof(c->last), "%.*s", SLICE_FMT(alert->json));
    (void)pthread_mutex_unlock(&c->lock);
}

static int set_up(void **state)
{
    const struct detect_options options = {.clock = clock_system(),
                                           .context = &collector,
                                           .write = keep,
                                           .ask = ask,
                                           .deliver = deliver};

    (void)state;
    collector.rows = collector.alerts = collector.delivered = collector.questions = 0;
    collector.remembers = collector.lacks = collector.refuses_alerts = false;
    collector.is_young = collector.oldest_fails = false;
    collector.refusals_left = 0;
    received_us = 0;
    return detect_new(&options, &detect, &err) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    detect_free(detect);
    return 0;
}

static enum status try_feed_of(const struct guid *who, const char *mailbox, const char *app,
                               const char *address, int64_t time, bool replayed)
{
    struct made made;

    make_access(&made, mailbox, app, address, time);
    const struct record_batch batch = {
        .tenant = *who, .table = SLICE("AuditRecords"), .records = &made.record,
        .record_count = 1, .replayed = replayed, .received_us = received_us,
    };
    enum status status = record_sink_take(detect_sink(detect), &batch, &err);
    made_release(&made);
    return status;
}

static enum status try_feed(const char *mailbox, const char *app, const char *address,
                            int64_t time, bool replayed)
{
    return try_feed_of(&tenant, mailbox, app, address, time, replayed);
}

static void feed(const char *mailbox, const char *app, const char *address, int64_t time,
                 bool replayed)
{
    ASSERT_OK(try_feed(mailbox, app, address, time, replayed));
}

#define MANY 150

/* A large batch is learnt in parts. */
static void every_record_of_a_large_batch_is_seen(void **state)
{
    static struct made made[MANY];
    static struct record records[MANY];
    struct detect_stats stats;
    char mailbox[16];

    (void)state;
    ASSERT_OK(detect_start(detect, &err));
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(mailbox, sizeof(mailbox), "user%d", i);
        make_access(&made[i], mailbox, "outlook", "10.1.1.1", DAY(i / 50));
        records[i] = made[i].record;
    }
    const struct record_batch batch = {
        .tenant = tenant, .table = SLICE("AuditRecords"), .records = records,
        .record_count = MANY};
    for (int round = 0; round < 2; round++) /* none is new the second time */
        ASSERT_OK(record_sink_take(detect_sink(detect), &batch, &err));
    ASSERT_OK(detect_drain(detect, &err));
    detect_stats(detect, &stats);
    assert_int_equal(stats.events, 2 * MANY);
    assert_int_equal(stats.pairs, MANY);
    assert_int_equal(collector.rows, MANY);
    for (int i = 0; i < MANY; i++)
        made_release(&made[i]);
}

static void hits_are_written_and_alerts_delivered(void **state)
{
    struct detect_stats stats;

    (void)state;
    ASSERT_OK(detect_start(detect, &err));
    for (int day = 0; day < 20; day++)
        feed("ann", "outlook", "10.1.1.1", DAY(day), false);
    feed("ann", "sync", "66.6.6.6", DAY(20), false);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, 2);
    assert_int_equal(collector.alerts, 1);
    assert_int_equal(collector.delivered, 1);
    detect_stats(detect, &stats);
    assert_int_equal(stats.events, 21);
    assert_int_equal(stats.pairs, 2);
    assert_int_equal(stats.alerts, 1);
    assert_int_equal(stats.queue_depth, 0);
}

/* What is written of them is more than a request may have, as long as fields are whole. */
static void hits_of_large_records_are_all_written(void **state)
{
    static char app[900 * 1024], text[sizeof(app) + 256];

    (void)state;
    memset(app, 'x', sizeof(app) - 1);
    for (int i = 0; i < 80; i++) {
        struct made made;
        (void)snprintf(text, sizeof(text),
                       "{\"Operation\":\"MailItemsAccessed\",\"MailboxOwnerUPN\":\"%d\","
                       "\"ClientAppId\":\"%s\"}",
                       i, app);
        make_text(&made, text, DAY(0));
        const struct record_batch batch = {.tenant = tenant, .table = SLICE("AuditRecords"),
                                           .records = &made.record, .record_count = 1};
        ASSERT_OK(record_sink_take(detect_sink(detect), &batch, &err));
        made_release(&made);
    }
    ASSERT_OK(detect_start(detect, &err));
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, 80);
}

/* What finds no place in the queue is not learnt, so that it is found the next time. */
static void a_hit_that_is_refused_comes_again(void **state)
{
    enum status status = STATUS_OK;
    struct detect_stats stats;
    char mailbox[32];
    unsigned i = 0;

    (void)state;
    for (; status == STATUS_OK && i < 1000000; i++) {
        (void)snprintf(mailbox, sizeof(mailbox), "m%u", i);
        status = try_feed(mailbox, "outlook", "10.1.1.1", DAY(1), false);
    }
    ASSERT_STATUS(STATUS_BUSY, status);
    detect_stats(detect, &stats);
    assert_int_equal(stats.missed, 1);
    ASSERT_OK(detect_start(detect, &err));
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, i - 1);
    feed(mailbox, "outlook", "10.1.1.1", DAY(1), false);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, i);
}

/* A tenant whose sender floods the rules does not keep them from the others. */
static void a_flood_of_one_tenant_leaves_room_for_others(void **state)
{
    static const struct guid other = {{6}};
    enum status status = STATUS_OK;
    struct detect_stats stats;
    char mailbox[32];

    (void)state;
    for (unsigned i = 0; status == STATUS_OK && i < 1000000; i++) {
        (void)snprintf(mailbox, sizeof(mailbox), "m%u", i);
        status = try_feed(mailbox, "outlook", "10.1.1.1", DAY(1), false);
    }
    ASSERT_STATUS(STATUS_BUSY, status);
    for (int day = 0; day < 20; day++)
        ASSERT_OK(try_feed_of(&other, "ann", "outlook", "10.1.1.1", DAY(day), false));
    ASSERT_OK(try_feed_of(&other, "ann", "sync", "66.6.6.6", DAY(20), false));
    detect_stats(detect, &stats);
    assert_int_equal(stats.alerts, 1);
    assert_int_equal(stats.missed, 1);
    ASSERT_OK(detect_start(detect, &err));
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.delivered, 1);
    feed(mailbox, "outlook", "10.1.1.1", DAY(1), false); /* its own places are free again */
}

/* So many new mailboxes, from m`from` on, read from a strange network. */
static void feed_alerts(const struct guid *who, int from, int count, bool replayed)
{
    char mailbox[16];

    for (int day = 0; day < 20; day++)
        ASSERT_OK(try_feed_of(who, "ann", "outlook", "10.1.1.1", DAY(day), replayed));
    for (int i = from; i < from + count; i++) {
        (void)snprintf(mailbox, sizeof(mailbox), "m%d", i);
        ASSERT_OK(try_feed_of(who, mailbox, "sync", "66.6.6.6", DAY(20), replayed));
    }
}

static void expect_alerts(unsigned alerts, unsigned suppressed)
{
    struct detect_stats stats;

    detect_stats(detect, &stats);
    assert_int_equal(stats.alerts, alerts);
    assert_int_equal(stats.suppressed, suppressed);
}

static void alerts_of_other_hours_in_the_log_do_not_count(void **state)
{
    (void)state;
    for (int hour = 1; hour <= 3; hour++) {
        received_us = hour * HOUR_US;
        feed_alerts(&tenant, hour * 1000, 200, true);
    }
    expect_alerts(600, 0);
    received_us -= HOUR_US; /* a batch that was late */
    feed_alerts(&tenant, 5000, 100, false);
    expect_alerts(650, 50);
    received_us = 0; /* the clock was set back */
    feed_alerts(&tenant, 6000, 100, false);
    expect_alerts(750, 50);
}

static void one_tenant_does_not_take_the_alerts_of_the_hour(void **state)
{
    static const struct guid others[] = {{{6}}, {{7}}};

    (void)state;
    feed_alerts(&tenant, 0, 600, false);
    expect_alerts(250, 350);
    feed_alerts(&others[0], 0, 200, false);
    expect_alerts(450, 350);
    feed_alerts(&others[1], 0, 100, false); /* all together have no more than 500 */
    expect_alerts(500, 400);
}

/* The bound of alerts is one of what a sender makes others think of addresses, too. */
static void an_alert_that_is_not_told_marks_no_address(void **state)
{
    static const struct guid others[] = {{{6}}, {{7}}};
    static const char *const homes[] = {"77.7.1.1", "66.6.1.1"}, *const asked[] = {"77.7.7.7",
                                                                                  "66.6.6.6"};
    (void)state;
    feed_alerts(&tenant, 0, 250, false);
    feed("new", "sync", "77.7.7.7", DAY(20), false);
    expect_alerts(250, 1);
    for (int i = 0; i < 2; i++) {
        for (int day = 0; day < 20; day++)
            ASSERT_OK(try_feed_of(&others[i], "ann", "outlook", homes[i], DAY(day), false));
        ASSERT_OK(try_feed_of(&others[i], "ann", "sync", asked[i], DAY(22), false));
        expect_alerts(250 + (unsigned)i, 1); /* of the other address it was told */
    }
}

static void a_busy_table_is_tried_again(void **state)
{
    (void)state;
    collector.refusals_left = 3;
    ASSERT_OK(detect_start(detect, &err));
    feed("ann", "outlook", "10.1.1.1", DAY(0), false);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, 1);
    assert_int_equal(collector.refusals_left, 0);
}

/* A hit that is an alert, and the one it stands beside. */
static void feed_alert(void)
{
    for (int day = 0; day < 20; day++)
        feed("ann", "outlook", "10.1.1.1", DAY(day), false);
    feed("ann", "sync", "66.6.6.6", DAY(20), false);
}

static void expect_both_once(void)
{
    struct detect_stats stats;
    enum status status = STATUS_BUSY;

    for (int i = 0; status == STATUS_BUSY && i < 100; i++) {
        (void)usleep(100000);
        status = detect_drain(detect, &err);
    }
    ASSERT_OK(status);
    assert_int_equal(collector.refusals_left, 0);
    assert_int_equal(collector.alerts, 1);
    assert_int_equal(collector.rows, 2);
    assert_int_equal(collector.delivered, 1);
    detect_stats(detect, &stats);
    assert_int_equal(stats.queue_depth, 0);
    assert_int_equal(stats.missed, 0);
    assert_true(stats.failed_writes > 0);
    assert_false(stats.is_failing);
}

/* For several seconds, more than are waited for at once. */
static void hits_wait_until_their_tables_can_be_written(void **state)
{
    struct detect_stats stats;

    (void)state;
    for (int alerts_first = 0; alerts_first < 2; alerts_first++) {
        if (alerts_first != 0) {
            tear_down(NULL);
            set_up(NULL);
        }
        collector.refuses_alerts = alerts_first != 0;
        collector.refusals_left = 120; /* two tries of a second, and a bit of the third */
        feed_alert();
        ASSERT_OK(detect_start(detect, &err));
        assert_int_equal(detect_drain(detect, &err), STATUS_BUSY); /* the log is not to be cut */
        detect_stats(detect, &stats);
        assert_true(stats.is_failing);
        assert_int_equal(stats.queue_depth, 2);
        expect_both_once();
    }
}

/* What is left is in the log, as no checkpoint could cut it. */
static void stopping_does_not_wait_for_a_table_that_cannot_be_written(void **state)
{
    (void)state;
    collector.refusals_left = UINT_MAX;
    feed("ann", "outlook", "10.1.1.1", DAY(0), false);
    ASSERT_OK(detect_start(detect, &err));
    assert_int_equal(detect_drain(detect, &err), STATUS_BUSY);
    tear_down(NULL);
    assert_int_equal(collector.rows, 0);
    set_up(NULL);
    feed("ann", "outlook", "10.1.1.1", DAY(0), true); /* the log is replayed */
    ASSERT_OK(detect_start(detect, &err));
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, 1);
}

static atomic_bool drained;

static void *drain(void *arg)
{
    struct error e;

    atomic_store(&drained, detect_drain(detect, &e) == STATUS_OK);
    return arg;
}

/* Hits of a tenant are written together, also those that came after the call; they do not
 * stand for those of another tenant that came before it. */
static void a_drain_waits_for_what_came_before_it(void **state)
{
    static const struct guid first = {{6}}, second = {{7}};
    pthread_t drainer;

    (void)state;
    atomic_store(&drained, false);
    atomic_store(&collector.waiting, 0);
    atomic_store(&collector.held, 5);
    ASSERT_OK(detect_start(detect, &err));
    feed("ann", "outlook", "10.1.1.1", DAY(0), false);
    while (atomic_load(&collector.waiting) == 0)
        (void)usleep(1000);
    ASSERT_OK(try_feed_of(&first, "a", "outlook", "10.1.1.1", DAY(0), false));
    ASSERT_OK(try_feed_of(&second, "a", "outlook", "10.1.1.1", DAY(0), false));
    assert_int_equal(pthread_create(&drainer, NULL, drain, NULL), 0);
    (void)usleep(100000); /* it has begun */
    for (int i = 0; i < 3; i++) {
        char mailbox[8];
        (void)snprintf(mailbox, sizeof(mailbox), "late%d", i);
        ASSERT_OK(try_feed_of(&first, mailbox, "outlook", "10.1.1.1", DAY(0), false));
    }
    atomic_store(&collector.held, 7);
    (void)usleep(300000);
    bool is_early = atomic_load(&drained);
    atomic_store(&collector.held, 0);
    (void)pthread_join(drainer, NULL);
    assert_false(is_early);
    assert_true(atomic_load(&drained));
    assert_int_equal(collector.rows, 6);
}

static void replay_row(const char *mailbox)
{
    struct made row;
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"FirstTime\":\"1970-01-01T00:00:00Z\",\"Kind\":\"pair\",\"Mailbox\":\"%s\","
                   "\"AppId\":\"outlook\",\"Address\":\"10.1.1.1\",\"Network\":\"10.1.0.0/16\"}",
                   mailbox);
    make_text(&row, text, DAY(0));
    const struct record_batch batch = {
        .tenant = tenant, .table = SLICE("FirstSeen"), .records = &row.record, .record_count = 1,
        .replayed = true,
    };
    ASSERT_OK(record_sink_take(detect_sink(detect), &batch, &err));
    made_release(&row);
}

static void a_replayed_row_cancels_the_replayed_hit(void **state)
{
    (void)state;
    feed("ann", "outlook", "10.1.1.1", DAY(0), true);
    feed("o\\u0027neil", "outlook", "10.1.1.1", DAY(0), true);
    feed("bob", "outlook", "10.1.1.1", DAY(0), true);
    feed("Eve", "Outlook", "10.1.1.1", DAY(0), true);
    replay_row("eve"); /* of a record that came first then, with the same in other letters */
    replay_row("ann");
    replay_row("o'neil");
    replay_row("o\\u0027neil");
    ASSERT_OK(detect_start(detect, &err));
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, 1); /* bob's */
}
static void a_tenant_is_remembered_when_its_first_batch_comes(void **state)
{
    struct detect_stats stats;

    (void)state;
    collector.remembers = true;
    collector.failures_left = 1;
    assert_int_equal(try_feed("ann", "outlook", "10.1.1.1", DAY(20), false), STATUS_IO);
    assert_int_equal(collector.questions, 1);
    feed("ann", "outlook", "10.1.1.1", DAY(20), false);
    feed("ann", "outlook", "10.1.1.1", DAY(21), false);
    assert_int_equal(collector.questions, 2);
    detect_stats(detect, &stats);
    assert_int_equal(stats.pairs, 0);
    assert_int_equal(stats.networks, 0);
}

/* Records of the batch at hand, from 7 on, do not tell yet. */
static void the_oldest_record_counts_where_the_rows_are_young(void **state)
{
    (void)state;
    collector.remembers = collector.is_young = true;
    ASSERT_OK(detect_start(detect, &err));
    feed("ann", "sync", "66.6.6.6", DAY(DAYS_TO_2100 + 5), false);
    assert_int_equal(collector.questions, 2);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.delivered, 1);
    assert_non_null(strstr(collector.last, "; seen on 0 of 47518 days")); /* from 1969-12-01 on */
}

/* What was learnt of the records before the rows is lost with the rows, so it learns again. */
static void the_oldest_record_does_not_count_where_rows_lack(void **state)
{
    (void)state;
    collector.remembers = collector.is_young = collector.lacks = true;
    ASSERT_OK(detect_start(detect, &err));
    feed("ann", "sync", "66.6.6.6", DAY(DAYS_TO_2100 + 5), false);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.rows, 1);
    assert_int_equal(collector.delivered, 0);
}

static void nor_where_that_is_known_behind_the_replay(void **state)
{
    (void)state;
    collector.remembers = collector.is_young = true;
    feed("ann", "outlook", "10.1.1.1", DAY(DAYS_TO_2100 + 5), true); /* known: it only loads */
    detect_set_lacking(detect, &tenant);
    ASSERT_OK(detect_start(detect, &err));
    feed("ann", "sync", "66.6.6.6", DAY(DAYS_TO_2100 + 5), false);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.delivered, 0);
}

/* Records that are only asked for their age keep the rules from no tenant. */
static void a_tenant_is_watched_though_its_oldest_record_cannot_be_read(void **state)
{
    struct detect_stats stats;

    (void)state;
    collector.remembers = collector.is_young = collector.oldest_fails = true;
    for (int i = 0; i < 3; i++)
        feed("ann", "sync", "66.6.6.6", DAY(DAYS_TO_2100 + 5), false);
    assert_int_equal(collector.questions, 2); /* once */
    detect_stats(detect, &stats);
    assert_int_equal(stats.pairs, 1);
    assert_int_equal(stats.missed, 0);
    assert_int_equal(stats.lacking_tenants, 1);
}

/* Senders write ' and letters beyond ASCII as escapes, each in its way. */
static void a_pair_is_known_however_its_record_writes_it(void **state)
{
    struct detect_stats stats;

    (void)state;
    collector.remembers = true;
    feed("o\\u0027n\\u00f6il", "outlook", "10.1.1.1", DAY(20), false);
    feed("o'n\u00f6il", "outl\\u006fok", "10.1.1.1", DAY(20), false);
    feed("O\\u0027N\u00f6IL", "outlook", "10.1.1.1", DAY(20), false);
    detect_stats(detect, &stats);
    assert_int_equal(stats.pairs, 0);
    feed("\\u00f6", "outlook", "10.1.1.1", DAY(20), false);
    feed("\u00f6", "outlook", "10.1.1.1", DAY(20), false);
    detect_stats(detect, &stats);
    assert_int_equal(stats.pairs, 1);
}

/* 20 for the pair, 20 for the application, 40 for the address: more than 60. */
static void addresses_of_alerts_are_remembered_over_all_tenants(void **state)
{
    struct detect_stats stats;

    (void)state;
    collector.remembers = true;
    ASSERT_OK(detect_load(detect, &err));
    assert_int_equal(collector.questions, 1);
    feed("ann", "outlook", "10.1.1.1", DAY(20), false);
    feed("ann", "reader", "10.1.4.5", DAY(21), false); /* of an alert that is not ours */
    detect_stats(detect, &stats);
    assert_int_equal(stats.pairs, 1);
    assert_int_equal(stats.alerts, 0);
    feed("ann", "sync", "10.1.2.3", DAY(22), false);
    detect_stats(detect, &stats);
    assert_int_equal(stats.pairs, 2);
    assert_int_equal(stats.alerts, 1);
}

/* Records lack of what it remembers, so it may raise an alert about what it has seen. */
static void an_alert_says_where_records_lack(void **state)
{
    struct detect_stats stats;

    (void)state;
    collector.remembers = collector.lacks = true;
    ASSERT_OK(detect_load(detect, &err));
    detect_stats(detect, &stats);
    assert_true(stats.alerts_lack);
    assert_int_equal(stats.lacking_tenants, 0);
    ASSERT_OK(detect_start(detect, &err));
    feed("ann", "reader", "66.6.6.6", DAY(21), false);
    ASSERT_OK(detect_drain(detect, &err));
    detect_stats(detect, &stats);
    assert_int_equal(stats.lacking_tenants, 1);
    assert_int_equal(collector.delivered, 1);
    assert_non_null(strstr(collector.last, "\"complete\":false,\"why\":["));
    assert_non_null(strstr(collector.last, "\"stored records are lost or cannot be read: "));
}

/* That records are lost is known behind the replay, which has asked for what it remembers. */
static void hits_of_the_replay_say_what_was_found_lost_behind_it(void **state)
{
    static const struct guid other = {{6}};
    struct detect_stats stats;

    (void)state;
    collector.remembers = true;
    ASSERT_OK(detect_load(detect, &err));
    feed("ann", "reader", "66.6.6.6", DAY(21), true);
    for (int i = 0; i < 2; i++) { /* of one range, and of another */
        detect_set_lacking(detect, &tenant);
        detect_set_lacking(detect, &other); /* is asked for when it comes */
        detect_stats(detect, &stats);
        assert_int_equal(stats.lacking_tenants, 1);
        assert_true(stats.alerts_lack);
    }
    ASSERT_OK(detect_start(detect, &err));
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.delivered, 1);
    assert_non_null(strstr(collector.last, "\"complete\":false,\"why\":["));
    feed("ann", "writer", "66.7.6.6", DAY(21), false);
    ASSERT_OK(detect_drain(detect, &err));
    assert_int_equal(collector.delivered, 2);
    assert_non_null(strstr(collector.last, "\"complete\":false,\"why\":["));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hits_are_written_and_alerts_delivered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_record_of_a_large_batch_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hits_of_large_records_are_all_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hit_that_is_refused_comes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_of_one_tenant_leaves_room_for_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(alerts_of_other_hours_in_the_log_do_not_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_tenant_does_not_take_the_alerts_of_the_hour, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_alert_that_is_not_told_marks_no_address, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_busy_table_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hits_wait_until_their_tables_can_be_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stopping_does_not_wait_for_a_table_that_cannot_be_written,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drain_waits_for_what_came_before_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_replayed_row_cancels_the_replayed_hit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_tenant_is_remembered_when_its_first_batch_comes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_record_counts_where_the_rows_are_young, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_record_does_not_count_where_rows_lack, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nor_where_that_is_known_behind_the_replay, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_tenant_is_watched_though_its_oldest_record_cannot_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pair_is_known_however_its_record_writes_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(addresses_of_alerts_are_remembered_over_all_tenants,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alert_says_where_records_lack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hits_of_the_replay_say_what_was_found_lost_behind_it,
                                        set_up, tear_down),
    };

    return RUN_TESTS(tests);
}
