/* SPDX-License-Identifier: Apache-2.0 */
/* Watchlists and stored functions through the whole program. */
#include "place.h"

#include <sqlite3.h>

static const char list[] = "User,Level\nann@contoso.example,1\nbob@contoso.example,2\n";

static void watchlists_are_stored_and_queried(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_add_tenant(place, "beta");
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/watchlists/vips?tenant=alpha",
                               list),
                     200);
    ASSERT_SAYS(place, "\"name\":\"vips\",\"rows\":2");
    assert_int_equal(place_query(place, "alpha",
                                 "_GetWatchlist('vips') | where Level == '1' | project SearchKey"),
                     200);
    ASSERT_SAYS(place, "[\"ann@contoso.example\"]");
    assert_int_equal(place_query(place, "beta", "_GetWatchlist('vips')"), 400);
    ASSERT_SAYS(place, "there is no watchlist 'vips'");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/watchlists?tenant=alpha", ""),
                     200);
    ASSERT_SAYS(place, "[{\"name\":\"vips\",\"rows\":2,");
    assert_int_equal(
        place_ask(place, place->admin, HTTP_GET, "/v1/watchlists/vips?tenant=alpha", ""), 200);
    ASSERT_SAYS(place, "\"text\":\"User,Level\\nann@contoso.example,1\\n");
    place_close(place, true);
    place_open(place); /* they outlive a restart */
    assert_int_equal(place_query(place, "alpha", "_GetWatchlistAlias | count"), 200);
    ASSERT_SAYS(place, "[1]");
    assert_int_equal(
        place_ask(place, place->admin, HTTP_DELETE, "/v1/watchlists/vips?tenant=alpha", ""), 200);
    assert_int_equal(
        place_ask(place, place->admin, HTTP_DELETE, "/v1/watchlists/vips?tenant=alpha", ""), 404);
    assert_int_equal(
        place_ask(place, place->admin, HTTP_GET, "/v1/watchlists/vips?tenant=alpha", ""), 404);
}

static void functions_of_the_tenant_come_before_those_of_all(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_add_tenant(place, "beta");
    assert_int_equal(
        place_ask(place, place->admin, HTTP_PUT, "/v1/functions/Level", "() { 'all' }"), 200);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/Level?tenant=alpha",
                               "() { 'alpha' }"),
                     200);
    assert_int_equal(place_query(place, "alpha", "print Level()"), 200);
    ASSERT_SAYS(place, "[\"alpha\"]");
    assert_int_equal(place_query(place, "beta", "print Level()"), 200);
    ASSERT_SAYS(place, "[\"all\"]");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/functions/Level", ""), 200);
    ASSERT_SAYS(place, "\"text\":\"() { 'all' }\"");
    assert_int_equal(place_ask(place, place->admin, HTTP_DELETE, "/v1/functions/Level", ""), 200);
    assert_int_equal(place_query(place, "beta", "print Level()"), 400);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/Bad?tenant=alpha",
                               "() { | }"),
                     400);
    ASSERT_SAYS(place, "\"line\":1");
}

/* It would hide what is recorded of who asks, and records from who looks for them. */
static void a_function_does_not_take_the_name_of_a_table(void **state)
{
    static const char *const taken[] = {"DaybookAudit", "AuditRecords", "SigninLogs",
                                        "SecurityIncident", "Quarantine", "DeviceEvents", "T_CL"};
    static const char *const owners[] = {"?tenant=alpha", ""};
    struct place *place = *state;
    char target[96];

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "T_CL", "{\"n\":1}");
    for (size_t i = 0; i < 2 * sizeof(taken) / sizeof(taken[0]); i++) {
        (void)snprintf(target, sizeof(target), "/v1/functions/%s%s", taken[i / 2], owners[i % 2]);
        if (place_ask(place, place->admin, HTTP_PUT, target, "() { print 1 }") != 409)
            fail_msg("%s: %s", target, place->answer.data);
        ASSERT_SAYS(place, "' is a table");
    }
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/U_CL?tenant=alpha",
                               "() { print 1 }"),
                     200);
}

static void a_function_that_has_the_name_of_a_table_is_not_called(void **state)
{
    static const char *const tables[] = {"DaybookAudit", "SigninLogs", "AuditRecords"};
    struct place *place = *state;
    char query[96];

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "",
                 "{\"CreationTime\":\"2024-02-17T17:00:00\",\"Id\":"
                 "\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae10001\",\"Operation\":\"UserLoggedIn\","
                 "\"RecordType\":15,\"UserId\":\"ann@x\"}");
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        place_keep_function(place, tables[i], "() { datatable(Operation:string)[] }");
        (void)snprintf(query, sizeof(query), "%s | count", tables[i]);
        assert_int_equal(place_query(place, "alpha", query), 200);
        if (place_says(place, "[0]"))
            fail_msg("%s: %s", query, place_body(place));
    }
}

/* Or who may store records only could take a function away. */
static void a_function_comes_before_a_table_that_nobody_declared(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/Mine?tenant=alpha",
                               "() { datatable(n:long)[7] }"),
                     200);
    place_ingest(place, "alpha", "Mine", "{\"n\":1}");
    assert_int_equal(place_query(place, "alpha", "Mine | project n"), 200);
    ASSERT_SAYS(place, "[7]");
}

/* What is taken is known: one more than a list has is refused. */
static void a_function_too_many_is_refused(void **state)
{
    struct place *place = *state;
    char path[DATA_PATH_BYTES];
    sqlite3 *db = NULL;

    place_add_tenant(place, "alpha");
    place_close(place, true);
    (void)snprintf(path, sizeof(path), "%s/control/db", place->root);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
                                  " WHERE i<999) INSERT INTO documents SELECT zeroblob(16),2,"
                                  " 'a'||i,0,0,CAST('() { 1 }' AS BLOB) FROM n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    place_open(place);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/b", "() { 2 }"), 200);
    assert_int_equal(place_query(place, "alpha", "print b()"), 200);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/c", "() { 3 }"), 413);
    ASSERT_SAYS(place, "\"code\":\"document_quota\",\"message\":\"there are 1000 of them");
    assert_int_equal(place_ask(place, place->admin, HTTP_DELETE, "/v1/functions/a1", ""), 200);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/functions/c", "() { 3 }"), 200);
    assert_int_equal(place_query(place, "alpha", "print c()"), 200);
    ASSERT_SAYS(place, "[3]");
}

static void changes_are_in_the_audit(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/watchlists/vips?tenant=alpha",
                               list),
                     200);
    assert_int_equal(
        place_ask(place, place->admin, HTTP_DELETE, "/v1/watchlists/vips?tenant=alpha", ""), 200);
    assert_int_equal(place_query(place, "alpha",
                                 "DaybookAudit | where Operation startswith 'Watchlist'"
                                 " | project Operation | sort by Operation asc"),
                     200);
    ASSERT_SAYS(place, "[\"WatchlistRemove\"],\n[\"WatchlistSet\"]");
}

static void functions_that_ship_can_be_called(void **state)
{
    static const char *const queries[] = {
        "DeviceFileEvents | invoke FileProfile('SHA1', 500) | where GlobalPrevalence < 15",
        "_Im_Dns(starttime=ago(1d), domain_has_any=dynamic(['x'])) | summarize count() by DnsQuery",
        "imAuthentication(eventresult='Failure') | count",
        "ASimNetworkSession | count",
        "_Im_WebSession(url_has_any=dynamic(['a']), eventresult='Success') | count",
        "_Im_ProcessCreate() | count",
        "imFileEvent | count",
        "_Im_RegistryEvent | count",
        "_Im_AuditEvent | count",
        "_Im_UserManagement | count",
        "_Im_AlertEvent | count",
        "_Im_DhcpEvent | count",
        "imRegistry | where User has 'x' and Process has 'y' | project Dvc, CommandLine",
        "imProcessTerminate | project User, Process, CommandLine, Hash, Dvc, Rule",
        "imFileEvent | project FileName, FilePath, Hash, Url, User, Process, CommandLine, IpAddr",
        "imDns | project Domain, DomainCategory, IpAddr, Hostname, SessionId, Src, Dst, Dvc",
        "imWebSession | project UserAgent, HttpStatusCode, IpAddr, User, Hostname, Src, Dst, Rule",
        "imNetworkSession | project IpAddr, Hostname, User, Application, Duration, SessionId",
        "imAuthentication | project User, LogonTarget, Src, Dst, IpAddr, Application",
        "imAuditEvent | project User, Value, Application, IpAddr, Dst",
        "imUserManagement | project User, IpAddr, Hostname, Application",
        "imDhcpEvent | project IpAddr, Hostname, SessionId, Duration, User",
        "imAlertEvent | project IpAddr, Hostname, User, Url",
        "imProcess | count",
        "_Im_RegistryEvent(registrydata_has_any=dynamic(['x'])) | count",
        "imAuditEvent(newvalue_has_any=dynamic(['x'])) | count",
        "_Im_Authentication(username_has_any='x', eventresultdetails_in=dynamic(['y'])) | count",
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        if (place_query(place, "alpha", queries[i]) != 200)
            fail_msg("%s: %s", queries[i], place_body(place));
        if (i == 0)
            ASSERT_SAYS(place, "\"warnings\":[{\"line\":1,\"column\":27,\"code\":\"KS_FUNCTION\"");
    }
}

/* What the pages of the schemas (learn.microsoft.com/azure/sentinel/normalization-schema-...)
 * list as filters. */
static void parsers_filter_as_their_pages_say(void **state)
{
    static const struct {
        const char *query, *rows;
    } cases[] = {
        {"imProcess | count", "[2]"},
        {"_Im_ProcessCreate | project User, CommandLine", "[\"bob\",\"evil.exe -k 10.1.2.3\"]"},
        {"imProcessTerminate | project User, Process", "[\"ann\",\"evil.exe\"]"},
        {"imProcessCreate(commandline_has_all=dynamic(['evil', '-k']), targetusername_has='bob',"
         " commandline_has_any_ip_prefix=dynamic(['10.1.']),"
         " actingprocess_has_any=dynamic(['svchost.exe']),"
         " dvcipaddr_has_any_prefix=dynamic(['10.0.'])) | count",
         "[1]"},
        {"imProcessCreate(parentprocess_has_any=dynamic(['x'])) | count", "[0]"},
        {"_Im_NetworkSession(ipaddr_has_any_prefix=dynamic(['10.'])) | count", "[1]"},
        {"_Im_NetworkSession(ipaddr_has_any_prefix=dynamic(['8.'])) | count", "[1]"},
        {"_Im_NetworkSession(ipaddr_has_any_prefix=dynamic(['9.'])) | count", "[0]"},
    };
    static const char processes[] =
        "[{\"TimeGenerated\":\"2026-04-01T09:00:00Z\",\"EventType\":\"ProcessCreated\","
        "\"TargetProcessCommandLine\":\"evil.exe -k 10.1.2.3\",\"TargetUsername\":\"bob\","
        "\"ActingProcessName\":\"svchost.exe\",\"DvcIpAddr\":\"10.0.0.7\"},"
        "{\"TimeGenerated\":\"2026-04-01T09:00:00Z\",\"EventType\":\"ProcessTerminated\","
        "\"TargetProcessName\":\"evil.exe\",\"ActorUsername\":\"ann\"}]";
    static const char session[] = "[{\"TimeGenerated\":\"2026-04-01T09:00:00Z\","
                                  "\"SrcIpAddr\":\"10.1.1.1\",\"DstIpAddr\":\"8.8.8.8\"}]";
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "ASimProcessEventLogs", processes);
    place_ingest(place, "alpha", "ASimNetworkSessionLogs", session);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (place_query(place, "alpha", cases[i].query) != 200)
            fail_msg("%s: %s", cases[i].query, place_body(place));
        ASSERT_SAYS(place, cases[i].rows);
    }
}

static void views_know_when_a_record_was_received(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "",
                 "{\"CreationTime\":\"2024-02-17T17:00:00\",\"Id\":"
                 "\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae10001\",\"Operation\":\"UserLoggedIn\","
                 "\"RecordType\":15,\"UserId\":\"ann@x\"}");
    assert_int_equal(place_query(place, "alpha",
                                 "SigninLogs | where _TimeReceived == ingestion_time()"
                                 " and _TimeReceived > TimeGenerated | count"),
                     200);
    ASSERT_SAYS(place, "[1]");
}

static void external_data_is_refused(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    assert_int_equal(
        place_query(place, "alpha", "externaldata(a:string)['https://example.com/x.csv']"), 403);
    ASSERT_SAYS(place, "the host 'example.com' is not in the setting external_data_hosts");
    ASSERT_SAYS(place, "\"phase\":\"run\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(watchlists_are_stored_and_queried),
        PLACE_TEST(functions_of_the_tenant_come_before_those_of_all),
        PLACE_TEST(a_function_does_not_take_the_name_of_a_table),
        PLACE_TEST(a_function_that_has_the_name_of_a_table_is_not_called),
        PLACE_TEST(a_function_comes_before_a_table_that_nobody_declared),
        PLACE_TEST(a_function_too_many_is_refused),
        PLACE_TEST(changes_are_in_the_audit),
        PLACE_TEST(functions_that_ship_can_be_called),
        PLACE_TEST(parsers_filter_as_their_pages_say),
        PLACE_TEST(views_know_when_a_record_was_received),
        PLACE_TEST(external_data_is_refused),
    };

    return RUN_TESTS(tests);
}
