/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/examine_priv.h"

#include "base/limits.h"
#include "base/time.h"
#include "ingest/ingest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW_US INT64_C(1708189923000000) /* 2024-02-17T17:12:03Z */
#define TENANT "0f0f0f0f-0000-4000-8000-000000000001"

static struct record examine(const char *json, const char *column, struct examination *ret)
{
    struct examine_options options = {.time_column = column, .received_us = NOW_US};
    struct record record = {.raw = slice_of(json)};
    static struct json_tape tape; /* lives until the next call; its tokens are used */

    assert_true(guid_parse(SLICE(TENANT), &options.tenant));
    json_tape_release(&tape);
    assert_int_equal(json_parse(record.raw, JSON_DEPTH_MAX, &tape), JSON_OK);
    record.tokens = tape.tokens;
    record.token_count = tape.count;
    examine_record(&options, &record, ret);
    return record;
}

static void expect_time(const char *json, const char *column, const char *time, uint32_t flags)
{
    struct examination examination;
    struct record record = examine(json, column, &examination);
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(record.event_time, text);
    assert_string_equal(text, time);
    assert_int_equal(record.flags, flags);
}

#define NOW "2024-02-17T17:12:03.0000000Z"

static void the_event_time_is_the_first_that_can_be_read(void **state)
{
    (void)state;
    expect_time("{\"CreationTime\":\"2024-02-17T17:12:01\"}", NULL,
                "2024-02-17T17:12:01.0000000Z", 0);
    expect_time("{\"CreationTime\":\"2024-02-17T17:12:01\",\"Timestamp\":\"2024-02-17T01:00:00Z\"}",
                NULL, "2024-02-17T01:00:00.0000000Z", 0);
    expect_time("{\"Timestamp\":\"2024-02-17T01:00:00Z\",\"TimeGenerated\":\"2024-02-16\"}", NULL,
                "2024-02-16T00:00:00.0000000Z", 0);
    expect_time("{\"TimeGenerated\":\"soon\",\"CreationTime\":\"2024-02-17T19:12:03+02:00\"}", NULL,
                NOW, 0);
    expect_time("{\"eventTime\":\"2024-02-17T17:12:03.1234567Z\"}", "eventTime",
                "2024-02-17T17:12:03.1234567Z", 0);
    expect_time("{\"eventTime\":\"2024-02-17T17:12:03Z\"}", NULL, NOW, RECORD_TIME_MISSING);
    expect_time("{\"CreationTime\":5}", NULL, NOW, RECORD_TIME_MISSING);
    expect_time("{\"x\":{\"CreationTime\":\"2024-02-17T17:12:01\"}}", NULL, NOW,
                RECORD_TIME_MISSING);
    expect_time("{\"\\u0043reationTime\":\"2024-02-17T17:12:01\"}", NULL,
                "2024-02-17T17:12:01.0000000Z", 0);
    expect_time("{\"CreationTime\":\"2024-02-17T19:12:03\\u002B02:00\"}", NULL, NOW, 0);
    expect_time("{\"CreationTime\":\"2024-02-17T17\\u003a12:01\"}", NULL,
                "2024-02-17T17:12:01.0000000Z", 0);
    expect_time("{\"CreationTime\":\"2024-02-17\\n\"}", NULL, NOW, RECORD_TIME_MISSING);
}

static void times_outside_the_window_are_filed_under_receipt(void **state)
{
    (void)state;
    expect_time("{\"CreationTime\":\"1999-01-01\"}", NULL, NOW, RECORD_TIME_BAD);
    expect_time("{\"CreationTime\":\"2004-02-19\"}", NULL, "2004-02-19T00:00:00.0000000Z", 0);
    expect_time("{\"CreationTime\":\"2004-02-16\"}", NULL, NOW, RECORD_TIME_BAD);
    expect_time("{\"CreationTime\":\"2024-02-18T17:12:03Z\"}", NULL,
                "2024-02-18T17:12:03.0000000Z", 0);
    expect_time("{\"CreationTime\":\"2024-02-18T17:12:04Z\"}", NULL, NOW, RECORD_TIME_BAD);
    expect_time("{\"CreationTime\":\"9999-12-31\"}", NULL, NOW, RECORD_TIME_BAD);
}

static void the_last_of_equal_keys_wins(void **state)
{
    struct examination examination;
    struct record record = examine("{\"Id\":\"x\",\"Id\":\"y\"}", NULL, &examination);

    (void)state, (void)record;
    assert_true(slice_is(examination.id, "y"));
}

static void an_id_is_a_text_or_a_number(void **state)
{
    struct examination e;

    (void)state;
    (void)examine("{\"Id\":12}", NULL, &e);
    assert_true(slice_is(e.id, "12"));
    (void)examine("{\"Id\":null}", NULL, &e);
    assert_int_equal(e.id.size, 0);
    (void)examine("{\"Id\":\"\"}", NULL, &e);
    assert_int_equal(e.id.size, 0);
    (void)examine("{\"id\":\"a\",\"x\":{\"Id\":1}}", NULL, &e);
    assert_int_equal(e.id.size, 0);
    (void)examine("{}", NULL, &e);
    assert_int_equal(e.id.size, 0);
}

static void another_organisation_is_foreign(void **state)
{
    static const struct {
        const char *json;
        bool foreign;
    } cases[] = {
        {"{\"OrganizationId\":\"" TENANT "\"}", false},
        {"{\"OrganizationId\":\"0F0F0F0F-0000-4000-8000-000000000001\"}", false},
        {"{\"OrganizationId\":\"1f0f0f0f-0000-4000-8000-000000000001\"}", true},
        {"{\"OrganizationId\":\"o-1234\"}", true},
        {"{\"OrganizationId\":\"\"}", false},
        {"{\"OrganizationId\":null}", false},
        {"{}", false},
    };
    struct examination e;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct record record = examine(cases[i].json, NULL, &e);
        assert_int_equal((record.flags & RECORD_FOREIGN) != 0, cases[i].foreign);
    }
}

static void audit_records_have_three_fields(void **state)
{
    struct examination e;

    (void)state;
    (void)examine("{\"RecordType\":1,\"Operation\":\"x\",\"CreationTime\":\"y\"}", NULL, &e);
    assert_true(e.is_audit);
    (void)examine("{\"RecordType\":1,\"Operation\":\"x\"}", NULL, &e);
    assert_false(e.is_audit);
}

static void a_quarantined_record_has_its_receive_time(void **state)
{
    struct examine_options options = {.received_us = NOW_US};
    struct record record = {.raw = SLICE("x"), .flags = RECORD_QUARANTINED};
    struct examination e;

    (void)state;
    examine_record(&options, &record, &e);
    assert_int_equal(record.event_time, time_from_unix_us(NOW_US));
    assert_int_equal(record.flags, RECORD_QUARANTINED);
}

static void table_names_are_checked(void **state)
{
    char longest[TABLE_NAME_BYTES_MAX + 2];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    assert_true(table_name_is_valid(slice_from(longest, TABLE_NAME_BYTES_MAX)));
    assert_false(table_name_is_valid(slice_from(longest, TABLE_NAME_BYTES_MAX + 1)));
    assert_true(table_name_is_valid(SLICE("_a9")));
    assert_false(table_name_is_valid(SLICE("9a")));
    assert_false(table_name_is_valid(SLICE("")));
    assert_false(table_name_is_valid(SLICE("a\0b")));
    assert_false(table_name_is_valid(SLICE("\xc3\xa4")));
    assert_true(table_name_is_reserved(SLICE("securityALERT")));
    assert_true(table_name_is_reserved(SLICE("Quarantine")));
    assert_false(table_name_is_reserved(SLICE("SecurityAlerts")));
}

/* The time and id cases of edge_cases.jsonl, and that all others have both. */
static void the_edge_cases_are_examined(void **state)
{
    const char *shared = getenv("DAYBOOK_SHARED");
    char path[512], *line = NULL;
    size_t room = 0, count = 0, without_time = 0, without_id = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/data/edge_cases.jsonl",
                   shared == NULL ? "../shared" : shared);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        printf("SKIPPED (44 cases)\n");
        skip();
    }
    for (; getline(&line, &room, file) > 0; count++) {
        struct json_tape tape;
        struct examination e;
        json_tape_init(&tape);
        assert_int_equal(json_parse(slice_of(line), JSON_DEPTH_MAX, &tape), JSON_OK);
        const struct json_token *value =
            &tape.tokens[json_member(slice_of(line), tape.tokens, 0, SLICE("record"))];
        char *json = slice_dup(json_text(slice_of(line), value));
        struct record record = examine(json, NULL, &e);
        without_time += (record.flags & RECORD_TIME_MISSING) != 0;
        without_id += e.id.size == 0;
        assert_int_equal(record.flags & (RECORD_FOREIGN | RECORD_TIME_BAD), 0);
        free(json);
        json_tape_release(&tape);
    }
    assert_int_equal(count, 44);
    assert_int_equal(without_time, 1);
    assert_int_equal(without_id, 1);
    free(line);
    (void)fclose(file);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_event_time_is_the_first_that_can_be_read),
        cmocka_unit_test(times_outside_the_window_are_filed_under_receipt),
        cmocka_unit_test(the_last_of_equal_keys_wins),
        cmocka_unit_test(an_id_is_a_text_or_a_number),
        cmocka_unit_test(another_organisation_is_foreign),
        cmocka_unit_test(audit_records_have_three_fields),
        cmocka_unit_test(a_quarantined_record_has_its_receive_time),
        cmocka_unit_test(table_names_are_checked),
        cmocka_unit_test(the_edge_cases_are_examined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
