/* SPDX-License-Identifier: Apache-2.0 */
/* The tables and views that ship, through the whole program. */
#include "place.h"

/* A mailbox access, a file, a directory change, a sign-in. */
static const char records[] =
    "{\"CreationTime\":\"2024-02-17T17:12:03\",\"Id\":\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001\","
    "\"Operation\":\"MailItemsAccessed\",\"RecordType\":50,\"Workload\":\"Exchange\","
    "\"UserId\":\"ann@contoso.example\",\"UserType\":0,\"ResultStatus\":\"Succeeded\","
    "\"ClientIPAddress\":\"192.0.2.1\",\"MailboxOwnerUPN\":\"ann@contoso.example\","
    "\"OperationProperties\":[{\"Name\":\"MailAccessType\",\"Value\":\"Bind\"}]}\n"
    "{\"CreationTime\":\"2024-02-17T17:12:04\",\"Id\":\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c002\","
    "\"Operation\":\"FileAccessed\",\"RecordType\":6,\"Workload\":\"SharePoint\","
    "\"UserId\":\"ann@contoso.example\",\"UserType\":5,\"ObjectId\":\"https://x/y\","
    "\"ClientIP\":\"192.0.2.1\",\"Zonk\":{\"a\":[7]}}\n"
    "{\"CreationTime\":\"2024-02-17T17:12:05\",\"Id\":\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c003\","
    "\"Operation\":\"Add member to group.\",\"RecordType\":8,"
    "\"Workload\":\"AzureActiveDirectory\",\"UserId\":\"ann@contoso.example\","
    "\"ResultStatus\":\"Success\",\"ModifiedProperties\":[]}\n"
    "{\"CreationTime\":\"2024-02-17T17:12:06\",\"Id\":\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c004\","
    "\"Operation\":\"UserLoggedIn\",\"RecordType\":15,\"Workload\":\"AzureActiveDirectory\","
    "\"UserId\":\"ann@contoso.example\",\"ActorIpAddress\":\"192.0.2.1\","
    "\"ClientIP\":\"192.0.2.1\","
    "\"ResultStatus\":\"Success\",\"ExtendedProperties\":[]}\n";

static void ask_all(struct place *place, const struct content *content)
{
    static const char *const rests[] = {"| take 1", "| getschema", "| summarize count()",
                                        "| where TimeGenerated > ago(10000d) | take 5", "| count"};
    char query[256];

    /* Those with a file of their own, and some of the lists. */
    for (uint32_t i = 0; i < content->table_count; i += i < 8 ? 1 : 23) {
        for (size_t k = 0; k < sizeof(rests) / sizeof(rests[0]); k++) {
            struct slice name = content->tables[i].name;
            (void)snprintf(query, sizeof(query), "%.*s %s", SLICE_FMT(name), rests[k]);
            if (place_query(place, "alpha", query) != 200)
                fail_msg("%s: %s", query, place_body(place));
            ASSERT_SAYS(place, "\"complete\":true");
        }
    }
}

static void every_table_and_view_answers_on_an_empty_store(void **state)
{
    struct place *place = *state;
    struct content content;
    struct error err;

    ASSERT_OK(content_load(&content, &err));
    assert_true(content.table_count > 300);
    assert_true(content.view_count >= 4);
    place_add_tenant(place, "alpha");
    ask_all(place, &content);
    content_release(&content);
}

static void every_column_of_a_view_can_be_read(void **state)
{
    struct place *place = *state;
    struct content content;
    struct error err;
    char query[512];

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "", records);
    ASSERT_OK(content_load(&content, &err));
    for (uint32_t i = 0; i < content.table_count; i += i < 8 ? 1 : 7) {
        const struct table_definition *table = &content.tables[i];
        (void)snprintf(query, sizeof(query), "%.*s | getschema | project ColumnName, ColumnType",
                       SLICE_FMT(table->name));
        assert_int_equal(place_query(place, "alpha", query), 200);
        for (uint32_t c = 0; c < table->schema.column_count; c++) {
            const struct column *column = &table->schema.columns[c];
            (void)snprintf(query, sizeof(query), "[\"%.*s\",\"%s\"]", SLICE_FMT(column->name),
                           type_name(column->type));
            ASSERT_SAYS(place, query);
        }
    }
    content_release(&content);
}

static void records_show_in_the_views_that_choose_them(void **state)
{
    static const struct {
        const char *query, *rows;
    } cases[] = {
        {"AuditRecords | count", "[4]"},
        {"OfficeActivity | count", "[2]"},
        {"CloudAppEvents | count", "[4]"},
        {"AuditLogs | count", "[1]"},
        {"SigninLogs | count", "[1]"},
        {"OfficeActivity | where OfficeWorkload == 'Exchange' | project Operation, UserId",
         "[\"MailItemsAccessed\",\"ann@contoso.example\"]"},
        {"OfficeActivity | where RecordType == 'ExchangeItemAggregated' | project Operation",
         "[\"MailItemsAccessed\"]"},
        {"OfficeActivity | where RecordType == 'SharePointFileOperation' | count", "[1]"},
        {"AuditLogs | project ActivityDisplayName", "[\"Add member to group\"]"},
        {"SigninLogs | project UserPrincipalName, IPAddress",
         "[\"ann@contoso.example\",\"192.0.2.1\"]"},
        {"CloudAppEvents | where ActionType == 'FileAccessed' | project AccountType",
         "[\"Application\"]"},
        {"CloudAppEvents | where ActionType == 'FileAccessed'"
         " | project tostring(RawEventData.Workload)",
         "[\"SharePoint\"]"},
        {"CloudAppEvents | where ActionType == 'FileAccessed'"
         " | project toint(RawEventData.Zonk.a[0]), isnull(RawEventData._Seq)",
         "[7,true]"},
        {"OfficeActivity | where Operation == 'FileAccessed'"
         " | project toint(AdditionalFields.Zonk.a[0])",
         "[7]"},
    };
    struct place *place = *state;
    struct content content;
    struct error err;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "", records);
    for (int sealed = 0; sealed < 2; sealed++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            assert_int_equal(place_query(place, "alpha", cases[i].query), 200);
            if (!place_says(place, cases[i].rows))
                fail_msg("%s: %s", cases[i].query, place_body(place));
        }
        ASSERT_OK(content_load(&content, &err));
        ask_all(place, &content);
        content_release(&content);
        ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    }
}

/* As Log Analytics exports rows: columns of arrays and bags are texts. */
static void texts_of_an_export_are_what_they_say(void **state)
{
    static const char row[] =
        "{\"TimeGenerated\":\"2024-02-17T18:00:00Z\",\"OperationName\":\"Update application\","
        "\"InitiatedBy\":\"{\\\"user\\\":{\\\"userPrincipalName\\\":"
        "\\\"eve@contoso.example\\\"}}\",\"Identity\":\"[1]\","
        "\"TargetResources\":\"[{\\\"displayName\\\":\\\"R\\\\u0026D\\\"}]\"}\n";
    static const struct {
        const char *query, *rows;
    } cases[] = {
        {"AuditLogs | project gettype(TargetResources), TargetResources[0].displayName, Identity",
         "[\"array\",\"R&D\",\"[1]\"]"},
        {"AuditLogs | where InitiatedBy.user.userPrincipalName == 'eve@contoso.example' | count",
         "[1]"},
        {"AuditLogs | where InitiatedBy.user.userPrincipalName == 'ann@contoso.example' | count",
         "[1]"},
        {"AuditLogs | mv-expand TargetResources | where TargetResources.displayName == 'R&D'"
         " | count", "[1]"},
        {"search in (AuditLogs) 'eve@contoso.example' | count", "[1]"},
        {"AuditLogs | where * has 'D' | count", "[1]"},
    };
    struct place *place = *state;
    struct error err;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "", records);
    place_ingest(place, "alpha", "AuditLogs", row);
    for (int sealed = 0; sealed < 2; sealed++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            assert_int_equal(place_query(place, "alpha", cases[i].query), 200);
            if (!place_says(place, cases[i].rows))
                fail_msg("%s: %s", cases[i].query, place_body(place));
        }
        ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    }
}

static void a_view_holds_the_rows_of_its_own_name_too(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "", records);
    place_ingest(place, "alpha", "OfficeActivity",
                 "{\"TimeGenerated\":\"2024-02-17T18:00:00Z\",\"Operation\":\"New-InboxRule\"}");
    assert_int_equal(place_query(place, "alpha", "OfficeActivity | count"), 200);
    ASSERT_SAYS(place, "[3]");
    assert_int_equal(place_query(place, "alpha",
                                 "OfficeActivity | where Operation startswith 'New'"
                                 " | project TimeGenerated"),
                     200);
    ASSERT_SAYS(place, "[\"2024-02-17T18:00:00.0000000Z\"]");
}

static void all_tables_together_have_each_row_once(void **state)
{
    static const struct {
        const char *query, *rows;
    } cases[] = {
        {"OfficeActivity | where Operation == 'Zend' | count", "[2]"},
        {"union * | where Operation == 'Zend' | count", "[2]"},
        {"union withsource=T * | where Operation == 'Zend' | summarize n = count() by T"
         " | sort by T asc",
         "[\"AuditRecords\",1],\n[\"OfficeActivity\",1]"},
        {"search 'Zend' | where $table != 'DaybookAudit' | count", "[2]"},
        {"find where Operation == 'Zend' | count", "[2]"},
        {"let L = OfficeActivity; union * | where Operation == 'Zend' | count", "[2]"},
        {"union Office* | where Operation == 'Zend' | count", "[2]"},
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "AuditRecords",
                 "{\"Id\":\"5f2d7c1e-0000-4000-8000-000000000001\",\"RecordType\":2,"
                 "\"CreationTime\":\"2024-02-17T18:00:00\",\"Workload\":\"Exchange\","
                 "\"Operation\":\"Zend\"}");
    place_ingest(place, "alpha", "OfficeActivity",
                 "{\"TimeGenerated\":\"2024-02-17T18:00:00Z\",\"Operation\":\"Zend\"}");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (place_query(place, "alpha", cases[i].query) != 200 ||
            !place_says(place, cases[i].rows))
            fail_msg("%s: %s", cases[i].query, place_body(place));
    }
}

static void a_table_of_defender_has_two_names_for_its_time(void **state)
{
    static const struct {
        const char *query, *rows;
    } cases[] = {
        {"DeviceEvents | where Timestamp == TimeGenerated"
         " | project Timestamp, Type, DeviceName",
         "[\"2024-02-17T18:00:00.0000000Z\",\"DeviceEvents\",\"pc1\"]"},
        {"DeviceEvents | project toint(AdditionalFields.a), toint(_AdditionalFields.Zonk)",
         "[7,8]"},
        {"DeviceEvents | where Timestamp between (datetime(2024-02-17T18:00:01) .. 1h) | count",
         "[0]"},
        {"union * | where Type == 'DeviceEvents' | project DeviceName, InitiatingProcessFileName",
         "[\"pc1\",\"\"]"},
        {"search 'pc1' | project $table", "[\"DeviceEvents\"]"},
        {"union withsource=T Device* | summarize count() by T", "[\"DeviceEvents\",1]"},
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "DeviceEvents",
                 "{\"Timestamp\":\"2024-02-17T18:00:00Z\",\"DeviceName\":\"pc1\","
                 "\"AdditionalFields\":{\"a\":7},\"Zonk\":8}");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (place_query(place, "alpha", cases[i].query) != 200 ||
            !place_says(place, cases[i].rows))
            fail_msg("%s: %s", cases[i].query, place_body(place));
    }
}

static void time_columns_are_known_for_declared_tables_only(void **state)
{
    struct content content;
    struct error err;

    (void)state;
    ASSERT_OK(content_load(&content, &err));
    assert_non_null(content_time_column(&content, SLICE("AuditRecords")));
    assert_string_equal(content_time_column(&content, SLICE("AuditLogs")), "TimeGenerated");
    assert_null(content_time_column(&content, SLICE("T_CL")));
    assert_int_equal(content_view_text(&content, SLICE("T_CL")).size, 0);
    assert_true(slice_starts_with(content_view_text(&content, SLICE("AuditLogs")),
                                  SLICE("union AuditLogs, (AuditRecords | where ")));
    content_release(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(every_table_and_view_answers_on_an_empty_store),
        PLACE_TEST(every_column_of_a_view_can_be_read),
        PLACE_TEST(records_show_in_the_views_that_choose_them),
        PLACE_TEST(texts_of_an_export_are_what_they_say),
        PLACE_TEST(a_view_holds_the_rows_of_its_own_name_too),
        PLACE_TEST(all_tables_together_have_each_row_once),
        PLACE_TEST(a_table_of_defender_has_two_names_for_its_time),
        cmocka_unit_test(time_columns_are_known_for_declared_tables_only),
    };

    return RUN_TESTS(tests);
}
