/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers answer, through the whole program. */
#include "place.h"

static void make_alpha(struct place *place, const char *role, const char *more,
                       char token[TOKEN_BYTES])
{
    place_add_tenant(place, "alpha");
    place_add_token(place, "alpha", role, more, token);
}

static void a_token_for_a_table_writes_that_table_only(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "ingest", ",\"table\":\"T_CL\"", token);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/ingest", "{\"n\":1}"), 200);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/ingest?table=T_CL", "{\"n\":2}"),
                     200);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/ingest?table=U_CL", "{\"n\":3}"),
                     403);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/ingest?table=t_cl", "{\"n\":3}"),
                     403);
    assert_int_equal(place_query(place, "alpha", "T_CL | count"), 200);
    ASSERT_SAYS(place, "[2]");
}

static void a_table_is_for_tokens_that_ingest_and_has_a_name_that_fits(void **state)
{
    static const char *const bad[] = {
        "{\"tenant\":\"alpha\",\"role\":\"reader\",\"table\":\"T_CL\"}",
        "{\"tenant\":\"alpha\",\"role\":\"admin\",\"table\":\"T_CL\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"table\":"
        "\"T2345678901234567890123456789012345678901234567890123456789012345\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"name\":"
        "\"T2345678901234567890123456789012345678901234567890123456789012\xC3\xA9\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"table\":\"\\u0000Door\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"table\":\"No table\"}",
        "{\"tenant\":\"alpha\",\"role\":\"reader\",\"name\":\"no\\nname\"}",
        "{\"tenant\":\"alpha\",\"role\":\"emperor\"}",
        "{\"tenant\":\"alpha\",\"role\":\"none\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"expires\":\"0d\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"expires\":\"soon\"}",
        "{\"tenant\":\"alpha\",\"role\":\"ingest\",\"expires\":\"36500d\"}",
        "{\"tenant\":7,\"role\":\"ingest\"}",
        "[1]",
        "",
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (place_ask(place, place->admin, HTTP_POST, "/v1/tokens", bad[i]) != 400)
            fail_msg("%s: %s", bad[i], place->answer.data);
    }
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/tokens", ""), 200);
    assert_false(place_says(place, "alpha"));
}

static void nobody_writes_what_the_program_writes_itself(void **state)
{
    static const char *const targets[] = {
        "/v1/ingest?table=DaybookAudit", "/v1/ingest?table=SecurityAlert",
        "/v1/ingest?table=FirstSeen", "/v1/ingest?table=a%20b",
        "/v1/ingest?table=T_CL&format=xml", "/v1/ingest",
    };
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "ingest", "", token);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        unsigned status = place_ask(place, token, HTTP_POST, targets[i], "{\"n\":1}");
        if (status != 400 && status != 403)
            fail_msg("%s: %s", targets[i], place->answer.data);
    }
}

/* The log of the instance is read as a tenant, and is none: its id is that of all. */
static unsigned put_table(struct place *place, const char *token, const char *table)
{
    char target[128];

    (void)snprintf(target, sizeof(target), "/v1/ingest?table=%s", table);
    return place_ask(place, token, HTTP_POST, target, "[{\"a\":1}]");
}

static void expect_no_further_table(struct place *place, const char *token)
{
    assert_int_equal(put_table(place, token, "One_more"), 413);
    ASSERT_SAYS(place, "\"code\":\"table_quota\",\"message\":\"the tenant has 1000 tables");
    assert_int_equal(put_table(place, token, "T7"), 200);
    assert_int_equal(put_table(place, token, "AuditRecords"), 200);
}

/* Whether the tables are in memory, in the log or in segments. */
static void tables_of_a_tenant_are_bounded_across_restarts(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES], table[16];
    struct error err;

    make_alpha(place, "ingest", "", token);
    for (unsigned i = 0; i < TENANT_TABLES_MAX; i++) {
        (void)snprintf(table, sizeof(table), "T%u", i);
        assert_int_equal(put_table(place, token, table), 200);
        if (i == TENANT_TABLES_MAX / 2) /* one half of them is in a segment */
            ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    }
    expect_no_further_table(place, token);
    for (int flush = 0; flush < 2; flush++) {
        place_close(place, flush != 0);
        place_open(place);
        expect_no_further_table(place, token);
    }
    assert_int_equal(place_query(place, "alpha", "One_more"), 400);
    assert_int_equal(place_query(place, "alpha", "DaybookAudit | count"), 200); /* recorded */
}

static void the_instance_is_no_tenant_to_write_to_or_make_tokens_for(void **state)
{
    static const char *const roles[] = {"ingest", "reader", "analyst", "admin", "auditor",
                                        "operator"};
    struct place *place = *state;
    char body[96];

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        (void)snprintf(body, sizeof(body), "{\"role\":\"%s\",\"tenant\":\"instance\"}", roles[i]);
        if (place_ask(place, place->admin, HTTP_POST, "/v1/tokens", body) != 400)
            fail_msg("%s: %s", body, place->answer.data);
        ASSERT_SAYS(place, "a token is of a tenant");
    }
    assert_int_equal(place_ask(place, place->admin, HTTP_POST,
                               "/v1/ingest?tenant=instance&table=T_CL", "{\"n\":1}"),
                     400);
}

static void a_token_that_an_earlier_release_made_for_the_instance_is_refused(void **state)
{
    static const enum role roles[] = {ROLE_INGEST, ROLE_READER, ROLE_ANALYST, ROLE_AUDITOR,
                                      ROLE_ADMIN, ROLE_OPERATOR};
    char tokens[6][TOKEN_TEXT_BYTES];
    struct place *place = *state;
    struct meta *meta = place_open_meta(place);
    struct error err;
    struct guid id;

    for (size_t i = 0; i < 6; i++) {
        const struct meta_token token = {.role = roles[i], .expires_us = INT64_MAX};
        ASSERT_OK(meta_token_add(meta, &token, tokens[i], &id, &err));
    }
    place_close_meta(place, meta);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(place_ask(place, tokens[i], HTTP_GET, "/v1/status", ""),
                         i < 3 ? 401 : 200);
    assert_int_equal(place_ask(place, tokens[3], HTTP_GET, "/v1/tenants", ""), 403);
}

static void expect_one(struct place *place, const char *where)
{
    struct buf query;

    buf_init(&query, MIB);
    buf_add_format(&query, "DaybookAudit | where %s | count%c", where, '\0');
    if (place_query(place, "alpha", query.data) != 200 || !place_says(place, "[1]"))
        fail_msg("%s: %s", where, place_body(place));
    buf_release(&query);
}

/* The number of one reason in the metrics. */
static unsigned denied(struct place *place, const char *reason)
{
    char name[64];
    unsigned count = 0;

    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    (void)snprintf(name, sizeof(name), "daybook_denied_total{reason=\"%s\"} ", reason);
    const char *at = strstr(place_body(place), name);
    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(name), "%u", &count), 1);
    return count;
}

static void who_is_refused_is_counted_and_recorded(void **state)
{
    static const char none[] = "dbk_00000000000000000000";
    struct place *place = *state;
    char token[TOKEN_BYTES], gone[TOKEN_BYTES], id[64], target[96];

    make_alpha(place, "reader", "", token);
    place_add_token(place, "alpha", "reader", "", gone);
    place_member(place, "id", id, sizeof(id));
    (void)snprintf(target, sizeof(target), "/v1/tokens/%s", id);
    assert_int_equal(place_ask(place, place->admin, HTTP_DELETE, target, ""), 200);
    assert_int_equal(place_ask(place, "", HTTP_GET, "/v1/tokens", ""), 401);
    assert_int_equal(place_ask(place, none, HTTP_GET, "/v1/tokens", ""), 401);
    assert_int_equal(place_ask(place, none, HTTP_GET, "/livez", ""), 200);
    assert_int_equal(place_ask(place, gone, HTTP_GET, "/v1/raw", ""), 401);
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/tokens", ""), 403);
    for (int i = 0; i < 3; i++)
        assert_int_equal(place_ask(place, token, HTTP_GET,
                                   "/v1/raw?from-seq=0&count=1&tenant=bravo", ""), 404);
    assert_int_equal(place_ask(place, "", HTTP_GET, "/livez", ""), 200);
    assert_int_equal(denied(place, "no_token"), 1);
    assert_int_equal(denied(place, "unknown"), 2);
    assert_int_equal(denied(place, "revoked"), 1);
    assert_int_equal(denied(place, "expired"), 0);
    assert_int_equal(denied(place, "forbidden"), 1);
    assert_int_equal(denied(place, "foreign"), 3);
    /* They are not waited for; what is asked behind them is, and comes later. */
    assert_int_equal(place_query(place, "alpha", "print 1"), 200);
    expect_one(place, "Operation == 'Denied' and Query == 'a request: 401 revoked'");
    expect_one(place, "Operation == 'Denied' and Query == 'GET /v1/tokens: 403 forbidden'"
                      " and Role == 'reader' and ClientIP == '192.0.2.7'");
    (void)usleep(1100000);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/compact", ""), 403);
    assert_int_equal(place_query(place, "alpha", "print 1"), 200);
    expect_one(place, "Operation == 'Denied' and Query == "
                      "'POST /v1/compact: 403 forbidden; 3 more since the record before'");
    expect_one(place, "Operation == 'Denied' and Query has 'raw' | summarize n = count() "
                      "| where n == 0");
}

static void a_revoked_token_is_refused_at_the_next_request(void **state)
{
    struct place *place = *state;
    const struct http_router *router = daybook_router(place->daybook);
    struct principal who = {.role = ROLE_OPERATOR};
    char token[TOKEN_BYTES], id[64], target[96];

    make_alpha(place, "reader", "", token);
    place_member(place, "id", id, sizeof(id));
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query", "{\"query\":\"print 1\"}"),
                     200);
    assert_true(router->is_valid(router->context, &who)); /* who has none */
    assert_true(guid_parse(slice_of(id), &who.id));
    assert_true(router->is_valid(router->context, &who));
    (void)snprintf(target, sizeof(target), "/v1/tokens/%s", id);
    assert_int_equal(place_ask(place, place->admin, HTTP_DELETE, target, ""), 200);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query", "{\"query\":\"print 1\"}"),
                     401);
    assert_false(router->is_valid(router->context, &who)); /* what it asked for before ends, too */
}

static void a_token_of_another_tenant_is_not_there(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES], other[TOKEN_BYTES], id[64], target[96], unknown[96];

    make_alpha(place, "admin", "", token);
    place_add_tenant(place, "beta");
    place_add_token(place, "beta", "reader", "", other);
    place_member(place, "id", id, sizeof(id));
    (void)snprintf(target, sizeof(target), "/v1/tokens/%s", id);
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/tokens", ""), 200);
    assert_false(place_says(place, id));
    ASSERT_SAYS(place, "\"role\":\"admin\"");
    assert_int_equal(place_ask(place, token, HTTP_DELETE, target, ""), 404);
    ASSERT_SAYS(place, "there is no token '");
    assert_int_equal(place_ask(place, other, HTTP_POST, "/v1/query", "{\"query\":\"print 1\"}"),
                     200);
    (void)snprintf(unknown, sizeof(unknown), "/v1/tokens/%s",
                   "00000000-0000-0000-0000-000000000001");
    assert_int_equal(place_ask(place, token, HTTP_DELETE, unknown, ""), 404);
    ASSERT_SAYS(place, "there is no token '");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/tokens", ""), 200);
    ASSERT_SAYS(place, id);
    assert_int_equal(place_ask(place, place->admin, HTTP_DELETE, target, ""), 200);
    assert_int_equal(place_ask(place, other, HTTP_POST, "/v1/query", "{\"query\":\"print 1\"}"),
                     401);
}

/* What was read, by whom, stands in the tenant's own table. */
static void reading_and_administering_is_recorded(void **state)
{
    static const char *const operations[] = {"TokenAdd", "TenantAdd", "AuditSearch",
                                             "AuditExport", "ExposureScope"};
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "analyst", ",\"name\":\"ana\"", token);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query",
                               "{\"query\":\"print secret=42\"}"), 200);
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/raw?from-seq=0&count=0", ""), 200);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/scope",
                               "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"192.0.2.1\"}]}"),
                     200);
    assert_int_equal(place_query(place, "alpha", "DaybookAudit | project Operation"), 200);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        ASSERT_SAYS(place, operations[i]);
    assert_int_equal(place_query(place, "alpha",
                                 "DaybookAudit | where Query has 'secret' and UserId == 'ana'"
                                 " and ClientIP == '192.0.2.7' and Operation == 'AuditSearch'"
                                 " and UserId != '' | count"),
                     200);
    ASSERT_SAYS(place, "[1]");
}

/* Nobody chooses what stands there: a body with two roles. */
static void a_token_is_recorded_as_it_was_made(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES], id[64], where[400];

    place_add_tenant(place, "alpha");
    place_add_token(place, "alpha", "reader",
                    ",\"role\":\"ingest\",\"table\":\"T_CL\",\"name\":\"\\\"x\"",
                    token);
    place_member(place, "id", id, sizeof(id));
    (void)snprintf(where, sizeof(where),
                   "Operation == 'TokenAdd' | extend T = parse_json(Query) | where T.id == '%s'"
                   " and T.role == 'ingest' and T.table == 'T_CL' and T.name == '\\\"x'"
                   " and Query !has 'reader'"
                   " and todatetime(T.expires) between (now(29d) .. now(31d))", id);
    expect_one(place, where);
}

/* What matters is not kept out of the record by what stands in front of it, or by its place. */
static void all_that_was_asked_is_recorded(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES], made[TOKEN_BYTES], id[64], where[160];
    struct buf body;

    make_alpha(place, "admin", "", token);
    place_add_token(place, "alpha", "reader", "", made);
    place_member(place, "id", id, sizeof(id));
    (void)snprintf(where, sizeof(where), "Operation == 'TokenAdd' and tostring(parse_json(Query)"
                                         ".id) == '%s' and Query has 'reader'", id);
    expect_one(place, where);
    (void)snprintf(where, sizeof(where), "/v1/tokens/%s", id);
    assert_int_equal(place_ask(place, token, HTTP_DELETE, where, ""), 200);
    (void)snprintf(where, sizeof(where), "Operation == 'TokenRevoke' and Query == '%s'", id);
    expect_one(place, where);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query",
                               "{\"query\":\"declare query_parameters(who:string); print who\","
                               "\"parameters\":{\n\"who\":\"mallory\"}}"),
                     200);
    expect_one(place, "Parameters.who == 'mallory'");
    assert_int_equal(place_ask(place, token, HTTP_PUT, "/v1/functions/F", "(x:long) { x + 77 }"),
                     200);
    expect_one(place, "Operation == 'FunctionSet' and Query == 'F(x:long) { x + 77 }'");
    assert_int_equal(place_ask(place, token, HTTP_PUT, "/v1/watchlists/w", "a\nb\n"), 200);
    expect_one(place, "Operation == 'WatchlistSet' and Query startswith 'w, 4 bytes, SHA-256 '"
                      " and Query endswith hash_sha256('a\\\\nb\\\\n')");
    buf_init(&body, MIB);
    buf_add_text(&body, "{\"id\":1,\"query\":\"//");
    while (body.size < 200 * KIB)
        buf_add_text(&body, "padding ");
    buf_add_format(&body, "\\nprint 'hid'\"}%c", '\0');
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query/batch", body.data), 200);
    memset(body.data + 1, ' ', strlen("\"id\":1,")); /* a query has no id */
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query", body.data), 200);
    buf_clear(&body);
    buf_add_text(&body, "{\"tenant\":\"alpha\"");
    while (body.size < 300 * KIB)
        buf_add_text(&body, "        ");
    buf_add_format(&body, ",\"indicators\":[{\"kind\":\"user\",\"value\":\"hid@x\"}]}%c", '\0');
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/scope", body.data), 200);
    expect_one(place, "Operation == 'ExposureScope' and Query has 'hid'");
    buf_release(&body);
    assert_int_equal(place_query(place, "alpha", "DaybookAudit | where Query has 'hid'"
                                                 " and Query startswith '//' | count"),
                     200);
    ASSERT_SAYS(place, "[2]");
}

static void a_query_error_names_phase_line_and_column(void **state)
{
    static const struct {
        const char *query, *phase;
        unsigned status;
    } cases[] = {
        {"T_CL | wher n == 1", "\"phase\":\"parse\"", 400},
        {"T_CL | where zzz == 1", "\"phase\":\"bind\"", 400},
        {"Nowhere_CL", "\"phase\":\"bind\"", 400},
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "T_CL", "{\"n\":1}");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned status = place_query(place, "alpha", cases[i].query);
        if (status < 400 || status > 499 || !place_says(place, cases[i].phase) ||
            !place_says(place, "\"line\":1"))
            fail_msg("%s: %s", cases[i].query, place->answer.data);
    }
}

/* What a body is parsed to is many times as large. */
static void a_body_that_is_too_long_is_not_parsed(void **state)
{
    static const struct {
        enum http_method method;
        const char *target;
    } cases[] = {
        {HTTP_POST, "/v1/query"},          {HTTP_POST, "/v1/query/batch?tenant=alpha"},
        {HTTP_POST, "/v1/query/explain"},  {HTTP_POST, "/v1/query/format"},
        {HTTP_POST, "/v1/query/complete"}, {HTTP_POST, "/v1/scope"},
        {HTTP_POST, "/v1/tenants"},        {HTTP_POST, "/v1/tokens"},
        {HTTP_POST, "/v1/losses"},         {HTTP_PUT, "/v1/settings/webhook"},
        {HTTP_PUT, "/v1/watchlists/w?tenant=alpha"},
        {HTTP_PUT, "/v1/functions/f?tenant=alpha"},
    };
    struct place *place = *state;
    size_t size = 17 * MIB;
    char *body = calloc(1, size + 1);

    assert_non_null(body);
    place_add_tenant(place, "alpha");
    (void)snprintf(body, size, "{\"tenant\":\"alpha\",\"query\":\"print 1\",\"a\":[1");
    for (size_t i = strlen(body); i < size - 2; i += 2)
        memcpy(body + i, ",1", 2);
    memcpy(body + size - 2, "]}", 2);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (place_ask(place, place->admin, cases[i].method, cases[i].target, body) != 413)
            fail_msg("%s: %.200s", cases[i].target, place->answer.data);
    }
    memcpy(body + 3 * MIB, "1]}", sizeof("1]}")); /* not too long, but with too many values */
    for (size_t i = 0; i < 6; i++) {
        if (place_ask(place, place->admin, cases[i].method, cases[i].target, body) != 413 ||
            !place_says(place, " values"))
            fail_msg("%s: %.200s", cases[i].target, place->answer.data);
    }
    free(body);
}

static void a_query_body_that_is_wrong_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "[]", "{\"query\":7}", "{\"query\":\"print 1\",\"now\":\"later\"}",
        "{\"query\":\"print 1\",\"parameters\":[]}", "{\"query\":\"print 1\",\"timeout_ms\":0}",
        "{\"query\":\"print 1\",\"timeout_ms\":\"x\"}", "{\"query\":\"\"}",
        "{\"query\":\"print 1\",\"timeout_ms\":99999999999}",
    };
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "reader", "", token);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (place_ask(place, token, HTTP_POST, "/v1/query", bad[i]) != 400)
            fail_msg("%s: %s", bad[i], place->answer.data);
    }
}

/* Each would otherwise have run without what it was to restrict. */
static void what_is_misspelt_is_refused(void **state)
{
    static const struct {
        enum http_method method;
        const char *target, *body, *says;
    } cases[] = {
        {HTTP_POST, "/v1/tokens", "{\"role\":\"ingest\",\"tenant\":\"alpha\",\"tabel\":\"Door\"}",
         "no member 'tabel' here; did you mean 'table'?"},
        {HTTP_POST, "/v1/tokens", "{\"role\":\"ingest\",\"tenant\":\"alpha\",\"expire\":\"1h\"}",
         "no member 'expire' here; did you mean 'expires'?"},
        {HTTP_POST, "/v1/tokens?tenant=alpha",
         "{\"role\":\"admin\"}", "no parameter 'tenant' here"},
        {HTTP_POST, "/v1/tenants", "{\"name\":\"bravo\",\"ID\":\"7\"}", "did you mean 'id'?"},
        {HTTP_PUT, "/v1/settings/webhook", "{\"url\":\"\",\"allow_privat\":true}",
         "did you mean 'allow_private'?"},
        {HTTP_PUT, "/v1/settings/webhook", "{\"url\":\"\",\"allow_private\":1}",
         "'allow_private' must be true or false"},
        {HTTP_POST, "/v1/losses", "{\"tenant\":\"alpha\",\"fist_seq\":1}",
         "did you mean 'first_seq'?"},
        {HTTP_POST, "/v1/scope", "{\"indicators\":[],\"form\":\"2026-04-01\"}",
         "did you mean 'from'?"},
        {HTTP_POST, "/v1/scope", "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"x\",\"to\":1}]}",
         "no member 'to' here"},
        {HTTP_POST, "/v1/query", "{\"query\":\"print 1\",\"water_mark\":1}",
         "did you mean 'watermark'?"},
        {HTTP_POST, "/v1/query",
         "{\"query\":\"print 1\",\"timeout\":1}", "no member 'timeout' here"},
        {HTTP_POST, "/v1/query", "{\"query\":\"print 1\",\"all_tenants\":\"true\"}",
         "'all_tenants' must be true or false"},
        {HTTP_POST, "/v1/query/explain", "{\"query\":\"print 1\",\"analyse\":true}",
         "did you mean 'analyze'?"},
        {HTTP_POST, "/v1/query/format", "{\"query\":\"print 1\",\"a\":1}", "no member 'a' here"},
        {HTTP_POST, "/v1/query/complete",
         "{\"query\":\"print 1\",\"pos\":1}", "no member 'pos' here"},
        {HTTP_POST, "/v1/query/batch?tenant=alpha&chek=1", "{\"id\":1,\"query\":\"print 1\"}",
         "no parameter 'chek' here; did you mean 'check'?"},
        {HTTP_POST, "/v1/query/batch?tenant=alpha&check=true", "{\"id\":1,\"query\":\"print 1\"}",
         "'check' must be 1 or 0"},
        {HTTP_POST, "/v1/ingest?tenant=alpha&tabel=Door", "{\"n\":1}", "did you mean 'table'?"},
        {HTTP_GET, "/v1/raw?tenant=alpha&from-seq=1&count=1&Zero=1", "", "did you mean 'zero'?"},
        {HTTP_GET, "/v1/raw?tenant=alpha&from-seq=1&count=1&zero=yes", "", "must be 1 or 0"},
        {HTTP_POST, "/v1/compact", "{\"tenant\":\"alpha\"}", "no member 'tenant' here"},
        {HTTP_GET, "/v1/verify?tennant=alpha", "", "did you mean 'tenant'?"},
        {HTTP_GET, "/v1/tokens?tenant=alpha", "", "no parameter 'tenant' here"},
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (place_ask(place, place->admin, cases[i].method, cases[i].target, cases[i].body) != 400)
            fail_msg("%s %s: %s", cases[i].target, cases[i].body, place->answer.data);
        ASSERT_SAYS(place, cases[i].says);
    }
    assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/compact", "{}"), 200);
    assert_int_equal(place_ask(place, "", HTTP_GET, "/livez?verbose", ""), 200); /* of a probe */
}

static void now_and_parameters_reach_the_query(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "reader", "", token);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query",
                               "{\"query\":\"declare query_parameters(n:long, s:string);"
                               " print now(), n + 1, s\",\"now\":\"2024-02-17T17:12:03Z\","
                               "\"parameters\":{\"n\":41,\"s\":\"a\\\"b\"}}"),
                     200);
    ASSERT_SAYS(place, "[\"2024-02-17T17:12:03.0000000Z\",42,\"a\\\"b\"]");
}

/* What all rows have is written once, with what stands beside it: of many rows and of few. */
static void rows_have_what_each_has_and_what_all_have(void **state)
{
    static const char middle[] =
        "| extend a = 7, b = \\\"q\\\", c = int(null), d = iff(i == 3, \\\"x\\\", \\\"\\\"), e = "
        "iff(i > 0, int(null), 1), f = dynamic([1]) | project a, b, i, c, d, e, f | take 100\"}";
    struct place *place = *state;
    char token[TOKEN_BYTES], body[512], row[64];

    make_alpha(place, "reader", "", token);
    for (int count = 1; count <= 40; count += 13) {
        (void)snprintf(body, sizeof(body), "{\"query\":\"range i from 1 to %d step 1 %s", count,
                       middle);
        assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query", body), 200);
        for (int i = 1; i <= count; i++) {
            (void)snprintf(row, sizeof(row), "\n[7,\"q\",%d,null,\"%s\",null,[1]]%s", i,
                           i == 3 ? "x" : "", i < count ? "," : "]");
            ASSERT_SAYS(place, row);
        }
    }
}

static void a_batch_line_is_answered_on_a_line(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "reader", "", token);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query/batch",
                               "{\"id\":\"q1\",\"query\":\"print a=1\"}"), 200);
    ASSERT_SAYS(place, "{\"id\":\"q1\",\"columns\":[\"a\"],\"types\":[\"long\"],"
                       "\"rows\":[[1]],\"complete\":true,");
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/query/batch?check=1",
                               "{\"id\":\"q2\",\"query\":\"print a=\"}"), 200);
    ASSERT_SAYS(place, "{\"id\":\"q2\",\"error\":");
    ASSERT_SAYS(place, "\"phase\":\"parse\"");
}

static void raw_gives_the_bytes_that_came(void **state)
{
    struct place *place = *state;
    char token[TOKEN_BYTES], seq[32], target[96];

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "T_CL", "{ \"n\" : 1.00 }\r\n{\"n\":1e2,\"n\":3}\n");
    place_member(place, "first_seq", seq, sizeof(seq));
    place_add_token(place, "alpha", "auditor", "", token);
    for (int sealed = 0; sealed < 2; sealed++) {
        struct error err;
        (void)snprintf(target, sizeof(target), "/v1/raw?from-seq=%s&count=2", seq);
        assert_int_equal(place_ask(place, token, HTTP_GET, target, ""), 200);
        assert_string_equal(place_body(place), "{ \"n\" : 1.00 }\n{\"n\":1e2,\"n\":3}\n");
        ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    }
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/raw?from-seq=x&count=2", ""), 400);
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/raw?from-seq=1", ""), 400);
}

static void an_answer_of_ingest_counts_what_became_of_the_records(void **state)
{
    static const char body[] = "{\"Id\":\"a\",\"n\":1}\n{\"Id\":\"a\",\"n\":1}\n"
                               "{\"Id\":\"a\",\"n\":2}\n[7]\n";
    struct place *place = *state;
    char token[TOKEN_BYTES];

    make_alpha(place, "ingest", "", token);
    assert_int_equal(place_ask(place, token, HTTP_POST, "/v1/ingest?table=T_CL&format=ndjson",
                               body), 200);
    ASSERT_SAYS(place, "\"records\":4,\"stored\":2,\"duplicates\":1,\"conflicting\":1,");
    ASSERT_SAYS(place, "\"quarantined\":[{\"index\":3,\"reason\":");
    ASSERT_SAYS(place, "\"duplicate_indexes\":[1]");
    ASSERT_SAYS(place, "\"count\":3");
    ASSERT_SAYS(place, "\"receipt\":\"audit-receipt/v1");
}

/* A name that is refused leaves no keys behind. */
static void a_tenant_with_a_bad_name_is_not_half_made(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
    } cases[] = {
        {"{\"name\":\"\"}", 400},
        {"{\"name\":\"a\\u0001\",\"id\":\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001\"}", 400},
        {"{\"name\":\"a\",\"id\":\"x\"}", 400},
        {"{\"name\":7}", 400},
        {"{\"name\":\"Alpha\"}", 409},
    };
    const struct guid id = {{0x7d, 0x1b, 0xd2, 0xae, 0x2e, 0x15, 0x4b, 0xd2, 0xa2, 0xf0, 0x0f,
                             0x3f, 0x2a, 0xe1, 0xc0, 0x01}};
    struct place *place = *state;
    struct error err;

    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (place_ask(place, place->admin, HTTP_POST, "/v1/tenants", cases[i].body) !=
            cases[i].status)
            fail_msg("%s: %s", cases[i].body, place->answer.data);
    }
    ASSERT_OK(keyring_create_tenant(place->keyring, &id, &err));
}

static void a_webhook_is_https_unless_allowed(void **state)
{
    struct place *place = *state;

    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook",
                               "{\"url\":\"http://example.com/x\"}"), 400);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook",
                               "{\"url\":\"file:///etc/passwd\",\"allow_private\":true}"), 400);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook",
                               "{\"url\":\"http://127.0.0.1:9/\",\"allow_private\":true}"), 400);
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook",
                               "{\"url\":\"http://127.0.0.1:9009/\",\"allow_private\":true}"), 200);
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/settings/webhook", ""), 200);
    ASSERT_SAYS(place, "{\"url\":\"http://127.0.0.1:9009/\",\"allow_private\":true}");
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook", "{}"), 400);
    ASSERT_SAYS(place, "give 'url'; an empty one stops delivery");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/settings/webhook", ""), 200);
    ASSERT_SAYS(place, "{\"url\":\"http://127.0.0.1:9009/\",\"allow_private\":true}");
    assert_int_equal(place_ask(place, place->admin, HTTP_PUT, "/v1/settings/webhook",
                               "{\"url\":\"\"}"), 200);
}

static void expect_metric(const struct place *place, const char *name, double least)
{
    const char *at = strstr(place_body(place), name);

    while (at != NULL && at[-1] != '\n') /* in the lines above it */
        at = strstr(at + 1, name);
    assert_non_null(at);
    assert_true(strtod(at + strlen(name), NULL) >= least);
}

static void health_metrics_status_and_compaction_answer(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "T_CL", "{\"n\":1}");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    ASSERT_SAYS(place, "# TYPE daybook_acked_records_total counter\n");
    expect_metric(place, "daybook_start_time_seconds ", 1.7e9);
    expect_metric(place, "daybook_disk_free_bytes ", 1);
    assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/compact", ""), 200);
    ASSERT_SAYS(place, "done\n");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/status", ""), 200);
    ASSERT_SAYS(place, "{\"check\":\"store\",\"verdict\":\"ok\"");
    assert_int_equal(place_ask(place, "", HTTP_GET, "/readyz", ""), 200);
    daybook_set_draining(place->daybook);
    assert_int_equal(place_ask(place, "", HTTP_GET, "/readyz", "") / 100, 4);
    assert_int_equal(place_ask(place, "", HTTP_GET, "/livez", ""), 200);
}

/* What is sent of an answer; the first piece takes the directory away that more is written to. */
struct piecewise {
    struct http_response response; /* first */
    struct place *place;
    struct buf sent;
};

static void move_segments(const struct place *place, bool away)
{
    char here[128], there[128];

    (void)snprintf(here, sizeof(here), "%s/seg", place->root);
    (void)snprintf(there, sizeof(there), "%s/seg.away", place->root);
    assert_int_equal(rename(away ? here : there, away ? there : here), 0);
}

static enum status send_piece(struct http_response *response, struct error *error)
{
    struct piecewise *pieces = (struct piecewise *)response;

    (void)error;
    if (!response->started)
        move_segments(pieces->place, true);
    response->started = true;
    buf_add_slice(&pieces->sent, buf_slice(&response->body));
    buf_clear(&response->body);
    return STATUS_OK;
}

static void a_compaction_that_fails_midway_says_why(void **state)
{
    struct piecewise pieces = {.place = *state};
    struct principal who;
    char authorization[TOKEN_BYTES + 16];
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);
    struct http_request request = {.method = HTTP_POST, .path = SLICE("/v1/compact"),
                                   .remote = SLICE("192.0.2.7"), .principal = &who,
                                   .arena = arena};
    const struct http_router *router = daybook_router(pieces.place->daybook);
    struct error err;

    assert_non_null(arena);
    place_add_tenant(pieces.place, "alpha");
    place_ingest(pieces.place, "alpha", "T_CL", "{\"n\":1}");
    ASSERT_OK(daybook_checkpoint(pieces.place->daybook, &err));
    place_ingest(pieces.place, "alpha", "T_CL", "{\"n\":2}");
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", pieces.place->admin);
    ASSERT_OK(http_authenticate(router, slice_of(authorization), request.remote, &who, &err));
    buf_init(&pieces.sent, MIB);
    http_response_init(&pieces.response);
    pieces.response.flush = send_piece;
    http_dispatch(router, &request, &pieces.response);
    move_segments(pieces.place, false);
    assert_true(pieces.response.broken);
    if (!slice_starts_with(buf_slice(&pieces.response.body), SLICE(COMPACT_FAILED)))
        fail_msg("it says %.*s", SLICE_FMT(buf_slice(&pieces.response.body)));
    assert_true(slice_ends_with(buf_slice(&pieces.response.body), SLICE("\n")));
    http_response_release(&pieces.response);
    buf_release(&pieces.sent);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_token_for_a_table_writes_that_table_only),
        PLACE_TEST(a_table_is_for_tokens_that_ingest_and_has_a_name_that_fits),
        PLACE_TEST(nobody_writes_what_the_program_writes_itself),
        PLACE_TEST(tables_of_a_tenant_are_bounded_across_restarts),
        PLACE_TEST(the_instance_is_no_tenant_to_write_to_or_make_tokens_for),
        PLACE_TEST(a_token_that_an_earlier_release_made_for_the_instance_is_refused),
        PLACE_TEST(who_is_refused_is_counted_and_recorded),
        PLACE_TEST(a_revoked_token_is_refused_at_the_next_request),
        PLACE_TEST(a_token_of_another_tenant_is_not_there),
        PLACE_TEST(reading_and_administering_is_recorded),
        PLACE_TEST(a_token_is_recorded_as_it_was_made),
        PLACE_TEST(all_that_was_asked_is_recorded),
        PLACE_TEST(a_query_error_names_phase_line_and_column),
        PLACE_TEST(a_body_that_is_too_long_is_not_parsed),
        PLACE_TEST(a_query_body_that_is_wrong_is_refused),
        PLACE_TEST(what_is_misspelt_is_refused),
        PLACE_TEST(now_and_parameters_reach_the_query),
        PLACE_TEST(rows_have_what_each_has_and_what_all_have),
        PLACE_TEST(a_batch_line_is_answered_on_a_line),
        PLACE_TEST(raw_gives_the_bytes_that_came),
        PLACE_TEST(an_answer_of_ingest_counts_what_became_of_the_records),
        PLACE_TEST(a_tenant_with_a_bad_name_is_not_half_made),
        PLACE_TEST(a_webhook_is_https_unless_allowed),
        PLACE_TEST(health_metrics_status_and_compaction_answer),
        PLACE_TEST(a_compaction_that_fails_midway_says_why),
    };

    return RUN_TESTS(tests);
}
