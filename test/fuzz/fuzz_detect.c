/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_detect.c - any records before the streaming rules.  What the rules write, rows, alerts and
 * messages of the webhook, is JSON with the names it should have and no others, a line each, of a
 * bounded size: no record puts words into a rule's mouth.
 *
 *   u8 hours since the record before, the record | LF | the next */
#include "detect/detect.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS_MAX 256u
#define WRITTEN_BYTES_MAX (64 * KIB) /* of a hit */

static const char row_names[] =
    "FirstTime,Kind,Mailbox,AppId,Address,Network,SessionId,UserId,RecordId,RecordSeq,"
    "Undated,";
static const char pair_names[] = "Score,Learning,Reasons,AlertId,";
static const char alert_names[] =
    "TimeGenerated,SystemAlertId,AlertName,DisplayName,AlertType,AlertSeverity,Description,"
    "StartTime,EndTime,CompromisedEntity,ConfidenceScore,Entities,ExtendedProperties,"
    "ProductName,ProviderName,VendorName,Status,Tactics,Techniques,IsIncident,";
static const char detail_names[] =
    "rule,score,record_seq,record_id,mailbox,app_id,address,session_id,user,record_time,"
    "complete,why,";
static const char webhook_names[] = "tenant,id,title,severity,time,";

static uint64_t rows, alerts, messages;

/* The names of an object's members, in order, a comma behind each. */
static void check_names(struct slice json, const char *names, const char *more)
{
    struct slice wanted = slice_of(names);
    struct json_tape tape;

    CHECK(json.size <= WRITTEN_BYTES_MAX);
    json_tape_init(&tape);
    CHECK(json_parse(json, JSON_DEPTH_MAX, &tape) == JSON_OK);
    CHECK(tape.tokens[0].kind == JSON_OBJECT);
    for (uint32_t i = 1; i < tape.tokens[0].next; i = tape.tokens[i + 1].next) {
        struct slice name = json_text(json, &tape.tokens[i]), next;
        if (wanted.size == 0) {
            wanted = slice_of(more);
            more = "";
        }
        CHECK(slice_next(&wanted, ',', &next) && slice_equal(name, next));
    }
    CHECK(wanted.size == 0);
    json_tape_release(&tape);
}

/* JSON within a text of JSON. */
static void check_inner(struct slice json, const char *member, const char *names)
{
    struct json_tape tape;
    struct buf text;

    json_tape_init(&tape);
    buf_init(&text, WRITTEN_BYTES_MAX);
    CHECK(json_parse(json, JSON_DEPTH_MAX, &tape) == JSON_OK);
    uint32_t token = json_member(json, tape.tokens, 0, slice_of(member));
    CHECK(token != UINT32_MAX && tape.tokens[token].kind == JSON_STRING);
    json_unescape(json_text(json, &tape.tokens[token]), &text);
    if (names != NULL)
        check_names(buf_slice(&text), names, "");
    else
        CHECK(json_parse(buf_slice(&text), JSON_DEPTH_MAX, &tape) == JSON_OK);
    buf_release(&text);
    json_tape_release(&tape);
}

static bool is_pair(struct slice row)
{
    return slice_find(slice_head(row, 64), SLICE("\"Kind\":\"pair\""), 0) != SIZE_MAX;
}

static enum status write(void *context, const struct guid *tenant, struct slice table,
                         struct slice body, struct error *err)
{
    struct slice line;

    (void)context;
    (void)tenant;
    (void)err;
    while (slice_next(&body, '\n', &line)) {
        if (line.size == 0)
            continue;
        if (slice_is(table, "FirstSeen")) {
            rows++;
            check_names(line, row_names, is_pair(line) ? pair_names : "");
        } else {
            CHECK(slice_is(table, "SecurityAlert"));
            alerts++;
            check_names(line, alert_names, "");
            check_inner(line, "ExtendedProperties", detail_names);
            check_inner(line, "Entities", NULL);
        }
    }
    return STATUS_OK;
}

static void deliver(void *context, const struct detect_alert *alert)
{
    (void)context;
    messages++;
    CHECK(slice_find_byte(alert->json, '\n', 0) == SIZE_MAX);
    check_names(alert->json, webhook_names, detail_names);
}

static void observe(struct detect *detect, struct slice text, int64_t time, uint64_t seq)
{
    struct json_tape tape;
    struct error err;

    json_tape_init(&tape);
    bool is_good = json_parse(text, JSON_DEPTH_MAX, &tape) == JSON_OK &&
                   tape.tokens[0].kind == JSON_OBJECT;
    const struct record record = {.raw = text,
                                  .tokens = is_good ? tape.tokens : NULL,
                                  .token_count = is_good ? tape.count : 0,
                                  .flags = is_good ? 0 : RECORD_QUARANTINED,
                                  .seq = seq,
                                  .event_time = time};
    const struct record_batch batch = {.tenant = {{7}},
                                       .table = SLICE("AuditRecords"),
                                       .records = &record,
                                       .record_count = 1};
    CHECK(record_sink_take(detect_sink(detect), &batch, &err) == STATUS_OK);
    json_tape_release(&tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct detect_options options = {
        .clock = clock_system(), .write = write, .deliver = deliver};
    struct slice rest = slice_from((const char *)data, size), line;
    int64_t time = time_from_unix_us(INT64_C(1700000000) * 1000000);
    struct detect *detect;
    struct detect_stats stats;
    struct error err;

    rows = alerts = messages = 0;
    CHECK(detect_new(&options, &detect, &err) == STATUS_OK);
    for (uint64_t i = 0; i < RECORDS_MAX && slice_next(&rest, '\n', &line); i++) {
        if (line.size == 0)
            continue;
        time += (int64_t)(uint8_t)line.data[0] * 3600 * TICKS_PER_SECOND;
        observe(detect, slice_tail(line, 1), time, i + 1);
    }
    CHECK(detect_start(detect, &err) == STATUS_OK);
    CHECK(detect_drain(detect, &err) == STATUS_OK);
    detect_stats(detect, &stats);
    detect_free(detect);
    CHECK(stats.failed_writes == 0 && rows >= stats.pairs && rows <= stats.pairs + stats.networks);
    CHECK(alerts == stats.alerts && messages == stats.alerts);
    return 0;
}
