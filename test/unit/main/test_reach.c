/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: every route of the program x every role x every tenant,
 * against a table of what is allowed.  A route that is not in the table, or in
 * the table and not in the program, fails. */
#include "place.h"

/* Who reaches a route: */
enum reach_kind {
    PUBLIC,   /* anybody */
    INSTANCE, /* tokens without a tenant */
    MONITORED, /* the same, and an auditor without a tenant, who reaches nothing else */
    LISTED,   /* filtered by the token's tenant, names none */
    TENANT,   /* names a tenant; tokens without one must */
    OPTIONAL, /* as TENANT, tokens without one need not */
    EMPTY,    /* as TENANT; who may is told 400, as there is nothing to do it to */
};

/* %t is the tenant, %n a fresh number, %i the id of a token of the tenant, %w and %f the
 * name of a watchlist and of a stored function that each tenant has. */
struct rule {
    enum http_method method;
    const char *path; /* as in the routes */
    const char *target, *body;
    const char *roles; /* initials: i r a d(min) u(auditor) o */
    enum reach_kind kind;
    const char *operation; /* of its record in the audit, or "-" and why there is none */
};

static const struct rule rules[] = {
    {HTTP_POST, "/v1/ingest", "/v1/ingest?table=T_CL<&tenant=%t>", "{\"n\":%n}", "ido", TENANT,
     "-its receipts"},
    {HTTP_POST, "/v1/query", "/v1/query", "{\"query\":\"print 1\"<,\"tenant\":\"%t\">}", "raduo",
     TENANT, "AuditSearch"},
    {HTTP_POST, "/v1/query/batch", "/v1/query/batch<?tenant=%t>",
     "{\"id\":\"1\",\"query\":\"print 1\"}", "raduo", TENANT, "AuditSearch"},
    {HTTP_POST, "/v1/query/complete", "/v1/query/complete",
     "{\"query\":\"print 1\",\"position\":5<,\"tenant\":\"%t\">}", "raduo", TENANT,
     "-reads nothing here; with values it is AuditSearch"},
    {HTTP_POST, "/v1/query/explain", "/v1/query/explain",
     "{\"query\":\"print 1\"<,\"tenant\":\"%t\">}", "raduo", TENANT, "AuditSearch"},
    {HTTP_POST, "/v1/query/format", "/v1/query/format", "{\"query\":\"print 1\"}", "raduo", LISTED,
     "-touches no tenant"},
    {HTTP_GET, "/v1/watchlists", "/v1/watchlists<?tenant=%t>", "", "raduo", TENANT,
     "WatchlistList"},
    {HTTP_GET, "/v1/watchlists/*", "/v1/watchlists/%w<?tenant=%t>", "", "raduo", TENANT,
     "WatchlistRead"},
    {HTTP_PUT, "/v1/watchlists/*", "/v1/watchlists/%w<?tenant=%t>", "name\nx\n", "ado", TENANT,
     "WatchlistSet"},
    {HTTP_DELETE, "/v1/watchlists/*", "/v1/watchlists/%w<?tenant=%t>", "", "ado", TENANT,
     "WatchlistRemove"},
    {HTTP_GET, "/v1/functions", "/v1/functions<?tenant=%t>", "", "raduo", OPTIONAL, "FunctionList"},
    {HTTP_GET, "/v1/functions/*", "/v1/functions/%f<?tenant=%t>", "", "raduo", OPTIONAL,
     "FunctionRead"},
    {HTTP_PUT, "/v1/functions/*", "/v1/functions/%f<?tenant=%t>", "(x:long) { x + 1 }", "ado",
     OPTIONAL, "FunctionSet"},
    {HTTP_DELETE, "/v1/functions/*", "/v1/functions/%f<?tenant=%t>", "", "ado", OPTIONAL,
     "FunctionRemove"},
    {HTTP_GET, "/v1/raw", "/v1/raw?from-seq=0&count=1<&tenant=%t>", "", "raduo", TENANT,
     "AuditExport"},
    {HTTP_POST, "/v1/scope", "/v1/scope",
     "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"192.0.2.1\"}]<,\"tenant\":\"%t\">}", "raduo",
     TENANT, "ExposureScope"},
    {HTTP_GET, "/v1/tenants", "/v1/tenants<?name=%t>", "", "do", OPTIONAL, "TenantList"},
    {HTTP_POST, "/v1/tenants", "/v1/tenants", "{\"name\":\"new %n\"}", "do", INSTANCE,
     "-TenantAdd, in the tenant that it makes"},
    {HTTP_GET, "/v1/tokens", "/v1/tokens", "", "do", LISTED, "TokenList"},
    {HTTP_POST, "/v1/tokens", "/v1/tokens", "{\"role\":\"reader\"<,\"tenant\":\"%t\">}", "do",
     TENANT, "TokenAdd"},
    {HTTP_DELETE, "/v1/tokens/*", "/v1/tokens/%i", "", "do", TENANT, "TokenRevoke"},
    {HTTP_GET, "/v1/settings/webhook", "/v1/settings/webhook", "", "do", INSTANCE, "WebhookRead"},
    {HTTP_PUT, "/v1/settings/webhook", "/v1/settings/webhook", "{\"url\":\"\"}", "do", INSTANCE,
     "WebhookSet"},
    {HTTP_GET, "/v1/losses", "/v1/losses<?tenant=%t>", "", "raduo", OPTIONAL, "LossList"},
    {HTTP_POST, "/v1/losses", "/v1/losses", "{<\"tenant\":\"%t\">}", "do", EMPTY,
     "-nothing is lost here; else LossAccept"},
    {HTTP_GET, "/v1/verify", "/v1/verify<?tenant=%t>", "", "raduo", OPTIONAL, "Verify"},
    {HTTP_POST, "/v1/verify", "/v1/verify<?tenant=%t>", "no receipt", "raduo", OPTIONAL, "Verify"},
    {HTTP_POST, "/v1/compact", "/v1/compact", "", "do", INSTANCE, "Compact"},
    {HTTP_GET, "/v1/status", "/v1/status", "", "raduo", MONITORED,
     "-counts, and wanted when nothing can be written"},
    {HTTP_GET, "/livez", "/livez", "", "", PUBLIC, "-no content"},
    {HTTP_GET, "/readyz", "/readyz", "", "", PUBLIC, "-no content"},
    {HTTP_GET, "/metrics", "/metrics", "", "raduo", MONITORED, "-counts, every few seconds"},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static const char *const role_names[] = {"ingest", "reader", "analyst", "admin", "auditor",
                                         "operator"};
static const char role_initials[] = "iraduo";

struct who {
    char token[TOKEN_BYTES];
    char initial;       /* 0 = anonymous */
    const char *tenant; /* "" = the instance */
};

static unsigned fresh;

/* The id of a new token of the tenant, or of none. */
static void token_id(struct place *place, const char *tenant, char ret[64])
{
    char body[128];

    (void)snprintf(ret, 64, "%s", "7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001");
    if (tenant[0] == '\0') {
        ret[0] = '\0';
        return;
    }
    (void)snprintf(body, sizeof(body), "{\"role\":\"reader\",\"tenant\":\"%s\"}", tenant);
    if (place_ask(place, place->admin, HTTP_POST, "/v1/tokens", body) == 200)
        place_member(place, "id", ret, 64);
}

/* The name of a document that each tenant has, and the instance where it may. */
static const char *document(struct place *place, bool is_watchlist)
{
    static const char *const owners[] = {"", "?tenant=alpha", "?tenant=bravo"};
    char target[96];

    for (int i = is_watchlist; i < 3; i++) {
        (void)snprintf(target, sizeof(target), "/v1/%s/seen%s",
                       is_watchlist ? "watchlists" : "functions", owners[i]);
        (void)place_ask(place, place->admin, HTTP_PUT, target,
                        is_watchlist ? "name\nx\n" : "(x:long) { x + 1 }");
    }
    return "seen";
}

/* What stands between < and > is left out where there is no tenant: that is who names none. */
static void fill(struct place *place, const char *pattern, const char *tenant, struct buf *ret)
{
    char id[64];

    buf_clear(ret);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '<' && tenant[0] == '\0')
            p = strchr(p, '>');
        else if (*p != '%' && *p != '<' && *p != '>')
            buf_add_byte(ret, *p);
        if (*p != '%')
            continue;
        p++;
        if (*p == 't')
            buf_add_text(ret, tenant);
        else if (*p == 'n')
            buf_add_format(ret, "%u", ++fresh);
        else if (*p == 'w' || *p == 'f')
            buf_add_text(ret, document(place, *p == 'w'));
        else {
            token_id(place, tenant, id);
            buf_add_text(ret, id);
        }
    }
    buf_add_byte(ret, '\0');
}

static unsigned ask(struct place *place, const struct rule *rule, const char *token,
                    const char *tenant)
{
    struct buf target, body;

    buf_init(&target, MIB);
    buf_init(&body, MIB);
    fill(place, rule->target, tenant, &target);
    fill(place, rule->body, tenant, &body);
    unsigned status = place_ask(place, token, rule->method, target.data, body.data);
    buf_release(&target);
    buf_release(&body);
    return status;
}

static unsigned wanted(const struct rule *rule, const struct who *who, const char *tenant)
{
    if (rule->kind == PUBLIC)
        return 200;
    if (who->initial == '\0')
        return 401;
    if (strchr(rule->roles, who->initial) == NULL)
        return 403;
    bool instance = who->tenant[0] == '\0';
    if (instance && who->initial == 'u')
        return rule->kind == MONITORED ? 200 : 403;
    if (rule->kind == INSTANCE || rule->kind == MONITORED)
        return instance ? 200 : 403;
    if (rule->kind == LISTED)
        return 200;
    if (tenant[0] == '\0') {
        bool by_id = strstr(rule->target, "%i") != NULL;
        return by_id || (instance && rule->kind == TENANT) ? 400 : 200;
    }
    if (strcmp(tenant, "nowhere") == 0 || (!instance && strcmp(tenant, who->tenant) != 0))
        return 404;
    return 200;
}

static unsigned make_everybody(struct place *place, struct who *ret)
{
    static const char *const tenants[] = {"alpha", "bravo"};
    unsigned count = 0;

    ret[count++] = (struct who){"", '\0', ""};
    for (int t = 0; t < 2; t++) {
        for (int r = 0; r < 6; r++) {
            ret[count].initial = role_initials[r];
            ret[count].tenant = tenants[t];
            place_add_token(place, tenants[t], role_names[r], "", ret[count++].token);
        }
    }
    ret[count] = (struct who){"", 'd', ""};
    place_add_token(place, "", "admin", "", ret[count++].token);
    ret[count] = (struct who){"", 'o', ""};
    place_add_token(place, "", "operator", "", ret[count++].token);
    ret[count] = (struct who){"", 'u', ""};
    place_add_token(place, "", "auditor", "", ret[count++].token);
    return count;
}

static void every_role_reaches_what_the_table_says_and_no_more(void **state)
{
    static const char *const tenants[] = {"", "alpha", "bravo", "nowhere"};
    struct place *place = *state;
    struct who everybody[16];
    unsigned wrong = 0;

    place_add_tenant(place, "alpha");
    place_add_tenant(place, "bravo");
    unsigned count = make_everybody(place, everybody);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        for (unsigned w = 0; w < count; w++) {
            for (int t = 0; t < 4; t++) {
                unsigned status = ask(place, &rules[i], everybody[w].token, tenants[t]);
                unsigned right = wanted(&rules[i], &everybody[w], tenants[t]);
                right = right == 200 && rules[i].kind == EMPTY ? 400 : right;
                if (status != right) {
                    print_error("%s %s as %c of '%s' for '%s': %u, wanted %u: %.100s\n",
                                http_method_name(rules[i].method), rules[i].path,
                                everybody[w].initial == '\0' ? '-' : everybody[w].initial,
                                everybody[w].tenant, tenants[t], status, right,
                                place_body(place));
                    wrong++;
                }
            }
        }
    }
    assert_int_equal(wrong, 0);
}

static void the_table_has_every_route_and_no_other(void **state)
{
    const struct http_router *router = daybook_router(((struct place *)*state)->daybook);

    assert_int_equal(router->route_count, RULE_COUNT);
    for (uint32_t i = 0; i < router->route_count; i++) {
        bool found = false;
        for (size_t k = 0; k < RULE_COUNT; k++)
            found = found || (router->routes[i].method == rules[k].method &&
                              strcmp(router->routes[i].path, rules[k].path) == 0);
        if (!found)
            fail_msg("%s is not in the table", router->routes[i].path);
    }
}

/* How many records of the operation there are in the tenant and in the log of the instance. */
static unsigned recorded(struct place *place, const char *operation)
{
    static const char *const logs[] = {"alpha", "instance"};
    unsigned count = 0, rows;
    char body[320];

    for (int i = 0; i < 2; i++) {
        (void)snprintf(body, sizeof(body),
                       "{\"tenant\":\"%s\",\"query\":\"DaybookAudit | where Operation == '%s' and"
                       " Query !has 'DaybookAudit' | summarize n = tostring(count())\"}",
                       logs[i], operation);
        assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/query", body), 200);
        const char *at = strstr(place_body(place), "\n[\"");
        assert_non_null(at);
        assert_int_equal(sscanf(at, "%*[^0-9]%u", &rows), 1);
        count += rows;
    }
    return count;
}

static void every_route_leaves_its_record(void **state)
{
    struct place *place = *state;
    unsigned wrong = 0;

    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].operation[0] == '-') {
            assert_true(strlen(rules[i].operation) > 5); /* why */
            continue;
        }
        unsigned before = recorded(place, rules[i].operation);
        assert_int_equal(ask(place, &rules[i], place->admin, "alpha"), 200);
        if (recorded(place, rules[i].operation) <= before) {
            print_error("%s %s leaves no %s\n", http_method_name(rules[i].method), rules[i].path,
                        rules[i].operation);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Before it exists and when it is somebody else's: the same bytes. */
static void a_foreign_tenant_and_none_answer_alike(void **state)
{
    struct place *place = *state;
    struct who who[6];
    struct buf before[RULE_COUNT][6];

    place_add_tenant(place, "alpha");
    for (int r = 0; r < 6; r++)
        place_add_token(place, "alpha", role_names[r], "", who[r].token);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < RULE_COUNT; i++) {
            for (int r = 0; r < 6; r++) {
                if (rules[i].kind < TENANT || strstr(rules[i].target, "%i") != NULL)
                    continue;
                (void)ask(place, &rules[i], who[r].token, "charlie");
                if (round == 0) {
                    buf_init(&before[i][r], MIB);
                    buf_add_slice(&before[i][r], buf_slice(&place->answer));
                    continue;
                }
                assert_true(slice_equal(buf_slice(&before[i][r]), buf_slice(&place->answer)));
                buf_release(&before[i][r]);
            }
        }
        if (round == 0)
            place_add_tenant(place, "charlie");
    }
}

static void a_foreign_token_and_none_answer_alike(void **state)
{
    struct place *place = *state;
    char admin[TOKEN_BYTES], id[64], target[96], none[512];

    place_add_tenant(place, "alpha");
    place_add_tenant(place, "bravo");
    place_add_token(place, "alpha", "admin", "", admin);
    token_id(place, "bravo", id);
    (void)snprintf(target, sizeof(target), "/v1/tokens/%s", id);
    assert_int_equal(place_ask(place, admin, HTTP_DELETE, target, ""), 404);
    (void)snprintf(none, sizeof(none), "%s", place_body(place));
    char *at = strstr(none, id);
    assert_non_null(at);
    static const char other[] = "7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1c001";
    memcpy(at, other, sizeof(other) - 1);
    (void)snprintf(target, sizeof(target), "/v1/tokens/%s", other);
    assert_int_equal(place_ask(place, admin, HTTP_DELETE, target, ""), 404);
    assert_string_equal(place_body(place), none);
    /* And it still works for its owner. */
    (void)place_ask(place, admin, HTTP_GET, "/v1/tokens", "");
    assert_false(place_says(place, id));
}

static void only_an_operator_of_the_instance_reads_all_tenants(void **state)
{
    static const char query[] = "{\"query\":\"print 1\",\"all_tenants\":true}";
    struct place *place = *state;
    struct who everybody[16];

    place_add_tenant(place, "alpha");
    place_add_tenant(place, "bravo");
    unsigned count = make_everybody(place, everybody);
    for (unsigned w = 1; w < count; w++) {
        bool all = everybody[w].initial == 'o' && everybody[w].tenant[0] == '\0';
        assert_int_equal(place_ask(place, everybody[w].token, HTTP_POST, "/v1/query", query),
                         all ? 200 : 403);
    }
}

static void a_tenant_sees_its_rows_only(void **state)
{
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    place_add_tenant(place, "bravo");
    place_ingest(place, "alpha", "T_CL", "{\"n\":\"one\"}");
    place_ingest(place, "bravo", "T_CL", "{\"n\":\"two\"}\n{\"n\":\"three\"}");
    assert_int_equal(place_query(place, "alpha", "T_CL | summarize make_set(n)"), 200);
    ASSERT_SAYS(place, "[[\"one\"]]");
    assert_int_equal(place_query(place, "bravo", "T_CL | count"), 200);
    ASSERT_SAYS(place, "[2]");
    assert_int_equal(place_query(place, "alpha", "union * | where n in ('two', 'three') | count"),
                     200);
    ASSERT_SAYS(place, "[0]");
}

static void an_admin_of_a_tenant_cannot_rise(void **state)
{
    struct place *place = *state;
    char admin[TOKEN_BYTES], token[TOKEN_BYTES];

    place_add_tenant(place, "alpha");
    place_add_token(place, "alpha", "admin", "", admin);
    assert_int_equal(place_ask(place, admin, HTTP_POST, "/v1/tokens", "{\"role\":\"operator\"}"),
                     403);
    assert_int_equal(place_ask(place, admin, HTTP_POST, "/v1/tokens", "{\"role\":\"admin\"}"),
                     200);
    place_member(place, "token", token, sizeof(token));
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/status", ""), 403);
    assert_int_equal(place_ask(place, token, HTTP_GET, "/v1/tenants?name=alpha", ""), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(the_table_has_every_route_and_no_other),
        PLACE_TEST(every_route_leaves_its_record),
        PLACE_TEST(every_role_reaches_what_the_table_says_and_no_more),
        PLACE_TEST(a_foreign_tenant_and_none_answer_alike),
        PLACE_TEST(a_foreign_token_and_none_answer_alike),
        PLACE_TEST(only_an_operator_of_the_instance_reads_all_tenants),
        PLACE_TEST(a_tenant_sees_its_rows_only),
        PLACE_TEST(an_admin_of_a_tenant_cannot_rise),
    };

    return RUN_TESTS(tests);
}
