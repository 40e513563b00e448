/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules do at a start. */
#include "place.h"

#include "base/time.h"
#include "detect/receiver.h"
#include "ingest/ingest.h"

static struct error err;

static enum status drop_records(struct record_sink *sink, const struct record_batch *batch,
                                struct error *e)
{
    (void)sink;
    (void)batch;
    (void)e;
    return STATUS_OK;
}

static enum status drop_leaf(struct leaf_sink *sink, const struct leaf_commit *commit,
                             struct error *e)
{
    (void)sink;
    (void)commit;
    (void)e;
    return STATUS_OK;
}

static enum status drop_skip(struct leaf_sink *sink, const struct guid *tenant,
                             const struct leaf_place *next, struct error *e)
{
    (void)sink;
    (void)tenant;
    (void)next;
    (void)e;
    return STATUS_OK;
}

static void add_access(struct buf *ret, int days_ago, const char *app, const char *address)
{
    int64_t now = time_from_unix_us(clock_unix_us(clock_system()));
    char time[TIME_TEXT_BYTES + 1];

    time_format_iso(now - days_ago * TICKS_PER_DAY, time);
    buf_add_format(ret,
                   "{\"Id\":\"%s-%d\",\"CreationTime\":\"%s\",\"RecordType\":50,"
                   "\"Operation\":\"MailItemsAccessed\",\"MailboxOwnerUPN\":\"ann\","
                   "\"ClientAppId\":\"%s\",\"ClientIPAddress\":\"%s\"}\n",
                   app, days_ago, time, app, address);
}

/* What a crash leaves: the record is in the log, what the rules find in it is nowhere. */
static void append_to_log(struct place *place, const struct guid *tenant, struct slice body)
{
    struct record_sink records = {drop_records};
    struct leaf_sink leaves = {drop_leaf, drop_skip};
    const struct ingest_options options = {.io = place->io,
                                           .keyring = place->keyring,
                                           .clock = clock_system(),
                                           .records = &records,
                                           .leaves = &leaves,
                                           .any_floor = true};
    const struct ingest_request request = {
        .tenant = *tenant, .table = SLICE("AuditRecords"), .body = body};
    struct arena *arena = arena_new(64 * MIB);
    struct ingest_answer answer;
    struct ingest *ingest;

    ASSERT_OK(ingest_open(&options, &ingest, &err));
    ASSERT_OK(ingest_put(ingest, &request, arena, &answer, &err));
    ingest_close(ingest);
    arena_free(arena);
}

/* The start makes a checkpoint before anybody is served, as the catalog is gone: that waits until
 * the rules have written all, so a webhook that had its address later would have nothing. */
static void the_webhook_has_alerts_that_a_start_finds(void **state)
{
    struct place *place = *state;
    struct receiver receiver = {.end = "]}"};
    char text[GUID_TEXT_BYTES + 1], body[160], path[128];
    struct guid tenant;
    struct buf records;

    receiver_begin(&receiver, "http");
    (void)snprintf(body, sizeof(body), "{\"url\":\"%s\",\"allow_private\":true}", receiver.url);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook", body), 200);
    place_add_tenant(place, "alpha");
    place_member(place, "id", text, sizeof(text));
    assert_true(guid_parse(slice_of(text), &tenant));
    buf_init(&records, MIB);
    for (int day = 20; day > 0; day--)
        add_access(&records, day, "outlook", "10.1.1.1");
    buf_add_byte(&records, '\0');
    place_ingest(place, "alpha", "AuditRecords", records.data);
    daybook_close(place->daybook, true);
    buf_clear(&records);
    add_access(&records, 0, "sync", "66.6.6.6");
    append_to_log(place, &tenant, buf_slice(&records));
    (void)snprintf(path, sizeof(path), "%s/seg/catalog", place->root);
    assert_int_equal(unlink(path), 0);
    place_start(place);
    for (int i = 0; i < 500 && atomic_load(&receiver.requests) == 0; i++)
        (void)usleep(10000);
    assert_int_equal(place_query(place, "alpha", "SecurityAlert | count"), 200);
    ASSERT_SAYS(place, "[1]");
    assert_int_equal(receiver.requests, 1);
    assert_non_null(strstr(receiver.last, "\"app_id\":\"sync\""));
    receiver_end(&receiver);
    buf_release(&records);
}

/* The only row is of the newest day. */
static void history_that_came_newest_first_counts_after_a_restart(void **state)
{
    struct place *place = *state;
    struct buf records;

    place_add_tenant(place, "alpha");
    buf_init(&records, MIB);
    for (int day = 1; day <= 20; day++)
        add_access(&records, day, "outlook", "10.1.1.1");
    buf_add_byte(&records, '\0');
    place_ingest(place, "alpha", "AuditRecords", records.data);
    daybook_close(place->daybook, true);
    place_start(place);
    buf_clear(&records);
    add_access(&records, 0, "sync", "66.6.6.6");
    buf_add_byte(&records, '\0');
    place_ingest(place, "alpha", "AuditRecords", records.data);
    ASSERT_OK(daybook_checkpoint(place->daybook, &err)); /* waits for the rules */
    assert_int_equal(place_query(place, "alpha", "SecurityAlert | count"), 200);
    ASSERT_SAYS(place, "[1]");
    buf_release(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(the_webhook_has_alerts_that_a_start_finds),
        PLACE_TEST(history_that_came_newest_first_counts_after_a_restart),
    };

    return RUN_TESTS(tests);
}
