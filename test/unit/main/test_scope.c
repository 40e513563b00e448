/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds of an intrusion, on records made by hand, through the whole program. */
#include "place.h"

#include <ctype.h>

#define EVIL "e0000000-0000-4000-8000-000000000001"
#define MAIL "a0000000-0000-4000-8000-000000000002"

static unsigned record_number;

/* One mail access: who, with what, from where; the rest begins with a comma. */
static void add(struct buf *out, const char *mailbox, const char *app, const char *address,
                const char *rest)
{
    record_number++;
    buf_add_format(out,
                   "{\"CreationTime\":\"2024-02-17T17:%02u:00\","
                   "\"Id\":\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae1%04x\","
                   "\"Operation\":\"MailItemsAccessed\",\"RecordType\":50,"
                   "\"Workload\":\"Exchange\",\"UserId\":\"%s\",\"MailboxOwnerUPN\":\"%s\","
                   "\"ClientIPAddress\":\"%s\",\"AppId\":\"%s\"%s}\n",
                   record_number % 60, record_number, mailbox, mailbox, address, app, rest);
}

#define BIND ",\"OperationProperties\":[{\"Name\":\"MailAccessType\",\"Value\":\"Bind\"}]"
#define SYNC ",\"OperationProperties\":[{\"Name\":\"MailAccessType\",\"Value\":\"Sync\"}]"
#define THROTTLED                                                                                  \
    ",\"OperationProperties\":[{\"Name\":\"MailAccessType\",\"Value\":\"Bind\"},"                  \
    "{\"Name\":\"IsThrottled\",\"Value\":\"True\"}]"
#define ITEMS_1_2                                                                                  \
    ",\"Folders\":[{\"Path\":\"\\\\Inbox\",\"FolderItems\":[{\"InternetMessageId\":\"<1@x>\"},"    \
    "{\"InternetMessageId\":\"<2@x>\"}]}]"
#define ITEMS_2_3                                                                                  \
    ",\"Folders\":[{\"Path\":\"\\\\Inbox\",\"FolderItems\":[{\"InternetMessageId\":\"<2@x>\"},"    \
    "{\"InternetMessageId\":\"<3@x>\"}]}]"
#define INBOX ",\"Folders\":[{\"Path\":\"\\\\Inbox\"}]"
/* What the service writes of a sync: the folder is where the item lies. */
#define INBOX_OF_ITEM                                                                              \
    ",\"Item\":{\"Id\":\"LgA1\",\"ParentFolder\":{\"Id\":\"LgA1\",\"Name\":\"Inbox\","             \
    "\"Path\":\"\\\\Inbox\"}}"

static void put(struct place *place, const char *tenant, const char *table, struct buf *records)
{
    buf_add_byte(records, '\0');
    place_ingest(place, tenant, table, records->data);
    buf_clear(records);
}

/* Asks as an operator of the instance. */
static unsigned scope(struct place *place, const char *body)
{
    char token[TOKEN_BYTES];

    place_add_token(place, "", "operator", "", token);
    return place_ask(place, token, HTTP_POST, "/v1/scope", body);
}

#define ALL ",\"all_tenants\":true}"
#define BY_APP "{\"indicators\":[{\"kind\":\"app-id\",\"value\":\"" EVIL "\"}]"

/* Nothing was touched in a time that is none, which nobody may take for an answer. */
static void a_time_that_ends_before_it_begins_is_refused(void **state)
{
    struct place *place = *state;

    assert_int_equal(scope(place, BY_APP ",\"from\":\"2024-02-02\",\"to\":\"2024-02-01\"" ALL),
                     400);
    ASSERT_SAYS(place, "'from' has to be before 'to'");
    assert_int_equal(scope(place, BY_APP ",\"from\":\"2024-02-01\",\"to\":\"2024-02-01\"" ALL),
                     400);
    assert_int_equal(scope(place, BY_APP ",\"from\":\"2024-02-01\",\"to\":\"2024-02-02\"" ALL),
                     200);
}

static void messages_of_binds_are_counted_once(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    add(&r, "ANN@x", EVIL, "192.0.2.66", BIND ITEMS_2_3);
    add(&r, "ann@x", MAIL, "192.0.2.1", BIND ITEMS_2_3);
    add(&r, "bob@x", MAIL, "192.0.2.1", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"bind_messages\":[\"<1@x>\",\"<2@x>\",\"<3@x>\"]");
    ASSERT_SAYS(place, "\"lower\":3,\"upper\":3,\"upper_open\":false,\"cannot_rule_out\":[]");
    ASSERT_SAYS(place, "\"records\":2");
    ASSERT_SAYS(place, "\"addresses\":[\"192.0.2.66\"]");
    assert_false(place_says(place, "bob@x"));
    ASSERT_SAYS(place, "\"complete\":true");
    buf_release(&r);
}

/* What matches nothing says "nothing was touched". */
static void an_id_is_found_in_each_of_its_writings(void **state)
{
    static const struct {
        const char *kind, *value;
    } cases[] = {
        {"app-id", EVIL},
        {"app-id", "E0000000-0000-4000-8000-000000000001"},
        {"app-id", "{E0000000-0000-4000-8000-000000000001}"},
        {"app-id", "e0000000000040008000000000000001"},
        {"session", "{B0000000-0000-4000-8000-000000000003}"},
    };
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66",
        ",\"SessionId\":\"b0000000-0000-4000-8000-000000000003\"" BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body),
                       "{\"indicators\":[{\"kind\":\"%s\",\"value\":\"%s\"}]" ALL, cases[i].kind,
                       cases[i].value);
        assert_int_equal(scope(place, body), 200);
        ASSERT_SAYS(place, "\"mailbox\":\"ann@x\"");
    }
    buf_release(&r);
}

static void a_function_with_the_name_of_a_table_hides_nothing(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    place_keep_function(place, "AuditRecords", "() { datatable(Operation:string)[] }");
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"records\":1");
    buf_release(&r);
}

static void a_sync_raises_the_upper_bound_by_what_the_log_knows(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", SYNC INBOX);
    add(&r, "ann@x", MAIL, "192.0.2.1", BIND ITEMS_1_2);
    add(&r, "ann@x", MAIL, "192.0.2.1", BIND ITEMS_2_3);
    add(&r, "bob@x", MAIL, "192.0.2.1",
        BIND ",\"Folders\":[{\"Path\":\"\\\\Inbox\",\"FolderItems\":"
             "[{\"InternetMessageId\":\"<9@x>\"}]}]");
    put(place, "alpha", "", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"bind_messages\":[],\"sync_folders\":[\"\\\\Inbox\"]");
    ASSERT_SAYS(place, "\"lower\":0,\"upper\":3,\"upper_open\":true,"
                       "\"cannot_rule_out\":[\"1 synced folders were taken whole\"]");
    buf_release(&r);
}

static void a_sync_is_of_the_folder_in_which_its_item_lies(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", SYNC INBOX_OF_ITEM);
    add(&r, "ann@x", MAIL, "192.0.2.1", BIND ITEMS_1_2);
    add(&r, "bob@x", MAIL, "192.0.2.1", BIND ITEMS_1_2);
    add(&r, "bob@x", MAIL, "192.0.2.1", BIND ITEMS_2_3);
    put(place, "alpha", "", &r);
    buf_add_text(&r, "{\"TimeGenerated\":\"2024-02-18T00:00:00Z\","
                     "\"Operation\":\"MailItemsAccessed\",\"UserId\":\"bob@x\","
                     "\"MailboxOwnerUPN\":\"bob@x\",\"Client_IPAddress\":\"192.0.2.66\","
                     "\"AppId\":\"" EVIL "\"" SYNC ",\"Folders\":\"\",\"Item\":"
                     "\"{\\\"ParentFolder\\\":{\\\"Path\\\":\\\"\\\\\\\\Inbox\\\"}}\"}");
    put(place, "alpha", "OfficeActivity", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"mailbox\":\"bob@x\"");
    ASSERT_SAYS(place, "\"lower\":0,\"upper\":2,\"upper_open\":true");
    ASSERT_SAYS(place, "\"lower\":0,\"upper\":3,\"upper_open\":true");
    assert_false(place_says(place, "unnamed folder"));
    buf_release(&r);
}

/* A bound is not closed by what the log leaves out. */
static void a_record_that_does_not_name_all_messages_opens_the_upper_bound(void **state)
{
#define ITEM ",\"Folders\":[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"<1@x>\"}"
    static const struct {
        const char *rest;
        bool is_open;
    } cases[] = {
        {BIND ITEM "]}],\"OperationCount\":1", false},
        {BIND ITEM "]}],\"OperationCount\":2", true},
        {BIND ITEM ",{\"Id\":\"RgAA\"}]}]", true},
        {BIND, true},
    };
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char user[64], body[256];
        (void)snprintf(user, sizeof(user), "u%zu@x", i);
        add(&r, user, EVIL, "192.0.2.66", cases[i].rest);
        put(place, "alpha", "", &r);
        (void)snprintf(body, sizeof(body),
                       "{\"indicators\":[{\"kind\":\"user\",\"value\":\"%s\"}]" ALL, user);
        assert_int_equal(scope(place, body), 200);
        if (place_says(place, "\"upper_open\":true,\"cannot_rule_out\":["
                              "\"1 records do not name all messages they are about\"]") !=
            cases[i].is_open)
            fail_msg("%s: %s", cases[i].rest, place_body(place));
    }
    buf_release(&r);
}

static void a_row_whose_folders_are_cut_opens_the_upper_bound(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    buf_add_text(&r, "{\"TimeGenerated\":\"2024-02-18T00:00:00Z\","
                     "\"Operation\":\"MailItemsAccessed\",\"UserId\":\"ann@x\","
                     "\"MailboxOwnerUPN\":\"ann@x\",\"AppId\":\"" EVIL "\"" BIND
                     ",\"Folders\":\"[{\\\"Path\\\":\\\"Inbox\\\",\\\"FolderItems\\\":"
                     "[{\\\"InternetMessageId\\\":\\\"<5@x>\\\"},{\\\"Inter\"}");
    put(place, "alpha", "OfficeActivity", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"bind_messages\":[\"<5@x>\"]");
    ASSERT_SAYS(place, "\"upper_open\":true,\"cannot_rule_out\":["
                       "\"1 records do not name all messages they are about\"]");
    buf_release(&r);
}

static void a_throttled_hour_opens_the_upper_bound(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", THROTTLED ITEMS_1_2);
    put(place, "alpha", "", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"throttled\":[\"2024-02-17T17:00:00.0000000Z\"]");
    ASSERT_SAYS(place, "\"lower\":2,\"upper\":2,\"upper_open\":true,"
                       "\"cannot_rule_out\":[\"the log was throttled in 1 hours\"]");
    buf_release(&r);
}

/* Others read so much that nobody's accesses were recorded for a day. */
static void a_mailbox_that_others_throttled_has_an_open_bound(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    record_number = 9;
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    add(&r, "Ann@x", MAIL, "192.0.2.1", THROTTLED ITEMS_2_3);
    add(&r, "bob@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    for (int day = 14; day <= 16; day += 2) /* the first is over before the intruder comes */
        buf_add_format(&r,
                       "{\"TimeGenerated\":\"2024-02-%dT18:00:00Z\","
                       "\"Operation\":\"MailItemsAccessed\",\"UserId\":\"ann@x\","
                       "\"MailboxOwnerUPN\":\"ann@x\",\"AppId\":\"" MAIL "\","
                       "\"OperationProperties\":\"[{\\\"Name\\\":\\\"IsThrottled\\\","
                       "\\\"Value\\\":\\\"True\\\"}]\"}\n",
                       day);
    put(place, "alpha", "OfficeActivity", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"throttled\":[\"2024-02-16T18:00:00.0000000Z\","
                       "\"2024-02-17T17:00:00.0000000Z\"]");
    ASSERT_SAYS(place, "\"lower\":2,\"upper\":2,\"upper_open\":true,"
                       "\"cannot_rule_out\":[\"the log was throttled in 2 hours\"]");
    ASSERT_SAYS(place, "\"lower\":2,\"upper\":2,\"upper_open\":false"); /* bob's */
    assert_int_equal(scope(place, BY_APP ",\"to\":\"2024-02-17T17:11:00Z\"" ALL), 200);
    ASSERT_SAYS(place, "\"throttled\":[\"2024-02-16T18:00:00.0000000Z\"]");
    assert_false(place_says(place, "bob@x"));
    buf_release(&r);
}

static void rows_of_both_tables_count(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    buf_add_text(&r, "{\"TimeGenerated\":\"2024-02-18T00:00:00Z\","
                     "\"Operation\":\"MailItemsAccessed\",\"UserId\":\"ann@x\","
                     "\"MailboxOwnerUPN\":\"ann@x\",\"Client_IPAddress\":\"192.0.2.66\","
                     "\"AppId\":\"" EVIL "\",\"SessionId\":\"s-5\"" BIND
                     ",\"Folders\":\"[{\\\"Path\\\":\\\"Inbox\\\",\\\"FolderItems\\\":"
                     "[{\\\"InternetMessageId\\\":\\\"<5@x>\\\"}]}]\"}\n"
                     "{\"TimeGenerated\":\"2024-02-17T00:00:00Z\","
                     "\"Operation\":\"MailItemsAccessed\",\"UserId\":\"bob@x\","
                     "\"MailboxOwnerUPN\":\"bob@x\",\"AppId\":\"" MAIL "\"" BIND
                     ",\"AppAccessContext\":{\"AADSessionId\":\"s-6\"}}");
    put(place, "alpha", "OfficeActivity", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"bind_messages\":[\"<1@x>\",\"<2@x>\",\"<5@x>\"]");
    ASSERT_SAYS(place, "\"last\":\"2024-02-18T00:00:00.0000000Z\"");
    assert_int_equal(
        scope(place, "{\"indicators\":[{\"kind\":\"session\",\"value\":\"s-5\"}]" ALL), 200);
    ASSERT_SAYS(place, "\"bind_messages\":[\"<5@x>\"]");
    ASSERT_SAYS(place, "\"sessions\":[\"s-5\"]");
    assert_int_equal(
        scope(place, "{\"indicators\":[{\"kind\":\"session\",\"value\":\"s-6\"}]" ALL), 200);
    ASSERT_SAYS(place, "\"mailbox\":\"bob@x\"");
    buf_release(&r);
}

/* A sign-in is known by the directory's session, also where the mailbox has one of its own. */
static void a_session_of_the_access_context_is_one(void **state)
{
#define OBJECT ",\"AppAccessContext\":{\"AADSessionId\":\"s-7\"}"
#define TEXT ",\"AppAccessContext\":\"{\\\"AADSessionId\\\":\\\"s-7\\\"}\""
    static const struct {
        const char *table, *only, *beside;
    } cases[] = {
        {"", BIND OBJECT, BIND OBJECT ",\"SessionId\":\"s-8\""},
        {"OfficeActivity", BIND OBJECT, BIND OBJECT ",\"SessionId\":\"s-8\""},
        {"OfficeActivity", BIND TEXT, BIND TEXT ",\"SessionId\":\"s-8\""},
    };
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        add(&r, "ann@x", EVIL, "192.0.2.66", cases[i].only);
        add(&r, "ann@x", EVIL, "192.0.2.66", cases[i].beside);
        add(&r, "bob@x", MAIL, "192.0.2.1", BIND ",\"SessionId\":\"s-9\"");
        put(place, "alpha", cases[i].table, &r);
    }
    assert_int_equal(
        scope(place, "{\"indicators\":[{\"kind\":\"session\",\"value\":\"S-7\"}]" ALL), 200);
    ASSERT_SAYS(place, "\"mailbox\":\"ann@x\"");
    ASSERT_SAYS(place, "\"records\":6,");
    ASSERT_SAYS(place, "\"sessions\":[\"s-7\",\"s-8\"]");
    assert_false(place_says(place, "bob@x"));
    assert_int_equal(
        scope(place, "{\"indicators\":[{\"kind\":\"session\",\"value\":\"s-8\"}]" ALL), 200);
    ASSERT_SAYS(place, "\"records\":3,");
    buf_release(&r);
}

static void kinds_restrict_each_other_and_values_are_alternatives(void **state)
{
    static const struct {
        const char *indicators, *lower;
    } cases[] = {
        {"{\"kind\":\"ip\",\"value\":\"192.0.2.66\"}", "\"lower\":2,"},
        {"{\"kind\":\"ip\",\"value\":\"192.0.2.66\"},{\"kind\":\"ip\",\"value\":\"192.0.2.67\"}",
         "\"lower\":3,"},
        {"{\"kind\":\"app-id\",\"value\":\"" EVIL "\"},{\"kind\":\"ip\",\"value\":\"192.0.2.67\"}",
         "\"lower\":2,"},
        {"{\"kind\":\"ip\",\"value\":\"192.0.2.67:80\"}", "\"lower\":2,"},
        {"{\"kind\":\"ip\",\"value\":\"2001:DB8::7\"}", "\"lower\":2,"},
        {"{\"kind\":\"ip\",\"value\":\"[2001:db8::7]:1\"}", "\"lower\":2,"},
        {"{\"kind\":\"session\",\"value\":\"s-1\"}", "\"lower\":2,"},
        {"{\"kind\":\"user\",\"value\":\"ANN@x\"},{\"kind\":\"ip\",\"value\":\"192.0.2.66\"}",
         "\"lower\":2,"},
        {"{\"kind\":\"user\",\"value\":\"nobody@x\"}", "{\"tenants\":[],"},
    };
    struct place *place = *state;
    struct buf r;
    char body[512];

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2 ",\"SessionId\":\"s-1\"");
    add(&r, "ann@x", EVIL, "192.0.2.67:4711", BIND ITEMS_2_3 ",\"SessionId\":\"s-2\"");
    add(&r, "ann@x", EVIL, "[2001:db8::7]:443", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(body, sizeof(body), "{\"indicators\":[%s]%s", cases[i].indicators, ALL);
        assert_int_equal(scope(place, body), 200);
        if (!place_says(place, cases[i].lower))
            fail_msg("%s: %s", cases[i].indicators, place_body(place));
    }
    buf_release(&r);
}

/* An address can be written in several ways; whoever writes it another way does not hide. */
static void an_address_is_found_in_each_of_its_writings(void **state)
{
    static const char *const written[] = {
        "2001:db8::7",  "2001:DB8:0:0:0:0:0:7", "[2001:0db8:0000::0007]:443", "2001:db8::0:7%2",
        "::ffff:192.0.2.66", "192.0.2.66", "192.0.2.66:81", "[::FFFF:c000:0242]:9",
    };
    static const char *const asked[] = {"2001:db8::7", "2001:DB8:0:0::7", "[2001:db8::0007]:1",
                                        "192.0.2.66", "::ffff:192.0.2.66", "::FFFF:C000:242"};
    struct place *place = *state;
    struct buf r;
    char body[512];

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
        add(&r, "ann@x", EVIL, written[i], BIND ITEMS_1_2);
    add(&r, "ann@x", EVIL, "2001:db8::8", BIND ITEMS_1_2);
    add(&r, "ann@x", EVIL, "::ffff:192.0.2.67", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        (void)snprintf(body, sizeof(body),
                       "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"%s\"}]%s", asked[i], ALL);
        assert_int_equal(scope(place, body), 200);
        if (!place_says(place, "\"records\":4,"))
            fail_msg("%s: %s", asked[i], place_body(place));
    }
    ASSERT_SAYS(place, "\"ip\":[\"192.0.2.66\"]");
    buf_release(&r);
}

/* Threads take the records in any order; what is shown is evidence, and is the same each time. */
static void the_answer_does_not_depend_on_the_order_of_records(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "zoe@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    add(&r, "bob@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    add(&r, "Bob@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    assert_int_equal(scope(place, "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"192.0.2.66\"},"
                                  "{\"kind\":\"ip\",\"value\":\"192.0.2.1\"}]" ALL),
                     200);
    ASSERT_SAYS(place, "\"mailboxes\":[{\"mailbox\":\"Bob@x\"");
    ASSERT_SAYS(place, ",{\"mailbox\":\"zoe@x\"");
    ASSERT_SAYS(place, "\"ip\":[\"192.0.2.1\",\"192.0.2.66\"]");
    buf_release(&r);
}

static void a_time_range_is_half_open_and_one_end_will_do(void **state)
{
    static const struct {
        const char *range;
        bool found;
    } cases[] = {
        {",\"from\":\"2024-02-17T17:30:00Z\"", true},
        {",\"from\":\"2024-02-17T17:30:01Z\"", false},
        {",\"to\":\"2024-02-17T17:30:01Z\"", true},
        {",\"to\":\"2024-02-17T17:30:00Z\"", false},
        {",\"from\":\"2024-02-17\",\"to\":\"2024-02-18\"", true},
    };
    struct place *place = *state;
    struct buf r;
    char body[512];

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    record_number = 29;
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(body, sizeof(body), "%s%s%s", BY_APP, cases[i].range, ALL);
        if (scope(place, body) != 200 || place_says(place, "ann@x") != cases[i].found)
            fail_msg("%s: %s", cases[i].range, place_body(place));
    }
    buf_release(&r);
}

#define MANY 10000 /* as many indicators as are taken; as text they are too long for a query */

/* A whole company whose mailboxes were taken with one application. */
static void ten_thousand_synced_mailboxes_are_looked_at(void **state)
{
    struct place *place = *state;
    struct buf r;
    char name[32];

    buf_init(&r, 16 * MIB);
    place_add_tenant(place, "alpha");
    for (int i = 0; i < MANY + 2000; i++) {
        (void)snprintf(name, sizeof(name), "user%05d@company.example", i);
        add(&r, name, EVIL, "192.0.2.66", SYNC INBOX);
    }
    add(&r, "user00007@company.example", MAIL, "192.0.2.1", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "\"mailbox\":\"user11999@company.example\"");
    ASSERT_SAYS(place, "\"lower\":0,\"upper\":2,\"upper_open\":true");
    buf_release(&r);
}

static void ten_thousand_indicators_are_looked_for(void **state)
{
    static const struct {
        const char *kind, *head;
    } cases[] = {
        {"ip", "2001:db8:1:2:3:4:5:"},
        {"user", "somebody@department-of-the-company-"},
        {"app-id", "c0000000-0000-4000-8000-00000000"},
        {"session", "s0000000-0000-4000-8000-00000000"},
    };
    struct place *place = *state;
    struct buf r;

    buf_init(&r, 2 * MIB);
    place_add_tenant(place, "alpha");
    add(&r, "somebody@department-of-the-company-270f", "C0000000-0000-4000-8000-00000000270F",
        "[2001:DB8:1:2:3:4:5:270F]:443",
        BIND ITEMS_1_2 ",\"SessionId\":\"s0000000-0000-4000-8000-00000000270f\"");
    add(&r, "bob@x", MAIL, "192.0.2.1", BIND ITEMS_2_3);
    put(place, "alpha", "", &r);
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        buf_clear(&r);
        buf_add_text(&r, "{\"indicators\":[");
        for (int i = 0; i < MANY; i++) {
            buf_add_format(&r, "%s{\"kind\":\"%s\",\"value\":\"%s%04x\"}", i == 0 ? "" : ",",
                           cases[k].kind, cases[k].head, (unsigned)i);
        }
        buf_add_text(&r, "]" ALL);
        buf_add_byte(&r, '\0');
        if (scope(place, r.data) != 200)
            fail_msg("%s: %s", cases[k].kind, place_body(place));
        ASSERT_SAYS(place, "\"mailbox\":\"somebody@department-of-the-company-270f\"");
        ASSERT_SAYS(place, "\"lower\":2,\"upper\":2,");
        if (place_says(place, "bob@x"))
            fail_msg("%s: %s", cases[k].kind, place_body(place));
    }
    buf_release(&r);
}

/* Days of ann's mail client, then the intruder from one address: an alert. */
static void raise_alert(struct place *place, char ret[64])
{
    struct error err;
    struct buf r;

    buf_init(&r, MIB);
    for (int day = 1; day <= 20; day++) {
        record_number++;
        buf_add_format(&r,
                       "{\"CreationTime\":\"2024-01-%02dT08:00:00\",\"Id\":"
                       "\"7d1bd2ae-2e15-4bd2-a2f0-0f3f2ae2%04x\",\"Operation\":"
                       "\"MailItemsAccessed\",\"RecordType\":50,\"UserId\":\"ann@x\","
                       "\"MailboxOwnerUPN\":\"ann@x\",\"ClientIPAddress\":\"192.0.2.1\","
                       "\"AppId\":\"" MAIL "\"}\n",
                       day, record_number);
    }
    put(place, "alpha", "", &r);
    add(&r, "ann@x", EVIL, "198.51.100.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    ASSERT_OK(daybook_checkpoint(place->daybook, &err)); /* waits for the rules */
    assert_int_equal(place_query(place, "alpha", "SecurityAlert | project SystemAlertId"), 200);
    const char *row = strstr(place_body(place), "\n[\"");
    if (row == NULL)
        fail_msg("no alert: %s", place_body(place));
    (void)snprintf(ret, 64, "%.*s", (int)strcspn(row + 3, "\""), row + 3);
    buf_release(&r);
}

static unsigned scope_of_alert(struct place *place, const char *alert)
{
    char body[256];

    (void)snprintf(body, sizeof(body),
                   "{\"indicators\":[{\"kind\":\"alert\",\"value\":\"%s\"}]" ALL, alert);
    return scope(place, body);
}

static void an_alert_grows_over_the_addresses_of_its_application(void **state)
{
    struct place *place = *state;
    struct buf r;
    char alert[64];

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    place_add_tenant(place, "bravo");
    raise_alert(place, alert);
    /* From another address into the same mailbox, from there into another, and so on. */
    add(&r, "ann@x", EVIL, "203.0.113.5", BIND ITEMS_2_3);
    add(&r, "bob@x", EVIL, "203.0.113.5:5000", BIND ITEMS_1_2);
    add(&r, "bob@x", EVIL, "203.0.113.6", BIND ITEMS_1_2);
    add(&r, "cid@x", EVIL, "203.0.113.6", BIND ITEMS_1_2);
    /* No way leads here. */
    add(&r, "dan@x", EVIL, "203.0.113.99", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    add(&r, "zoe@y", EVIL, "198.51.100.66", BIND ITEMS_1_2);
    put(place, "bravo", "", &r);
    assert_int_equal(scope_of_alert(place, alert), 200);
    ASSERT_SAYS(place, "\"ip\":[\"198.51.100.66\",\"203.0.113.5\",\"203.0.113.6\"]");
    ASSERT_SAYS(place, "\"bind_messages\":[\"<1@x>\",\"<2@x>\",\"<3@x>\"]");
    ASSERT_SAYS(place, "\"mailbox\":\"bob@x\"");
    ASSERT_SAYS(place, "\"mailbox\":\"cid@x\"");
    ASSERT_SAYS(place, "\"mailbox\":\"zoe@y\"");
    assert_false(place_says(place, "dan@x"));
    buf_release(&r);
}

/* An intruder who changes the address with each access, all but one of nobody else. */
static void an_alert_grows_to_ten_thousand_addresses(void **state)
{
    struct place *place = *state;
    struct buf r;
    char alert[64], address[48];

    buf_init(&r, 16 * MIB);
    place_add_tenant(place, "alpha");
    raise_alert(place, alert);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(address, sizeof(address), "2001:db8:1:2:3:4:5:%x", (unsigned)i);
        add(&r, "ann@x", EVIL, address, BIND ITEMS_2_3);
    }
    add(&r, "bob@x", EVIL, "2001:db8:1:2:3:4:5:7", BIND ITEMS_1_2);
    add(&r, "cid@x", EVIL, "2001:db8:1:2:3:4:5:8", BIND ITEMS_1_2);
    add(&r, "cid@x", MAIL, "[2001:DB8:1:2:3:4:5:8]:443", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    assert_int_equal(scope_of_alert(place, alert), 200);
    ASSERT_SAYS(place, "\"records\":10000,");
    ASSERT_SAYS(place, "\"mailbox\":\"bob@x\"");
    assert_false(place_says(place, "cid@x"));
    buf_release(&r);
}

/* The office's own address, known from either table, is not the intruder's. */
static void an_address_that_anything_else_uses_is_not_added(void **state)
{
    struct place *place = *state;
    struct buf r;
    char alert[64];

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    raise_alert(place, alert);
    add(&r, "ann@x", EVIL, "192.0.2.1", BIND ITEMS_2_3);
    add(&r, "bob@x", EVIL, "192.0.2.1", BIND ITEMS_1_2);
    add(&r, "ann@x", EVIL, "192.0.2.9", BIND ITEMS_2_3);
    add(&r, "cid@x", EVIL, "192.0.2.9", BIND ITEMS_1_2);
    add(&r, "ann@x", EVIL, "2001:db8::9", BIND ITEMS_2_3);
    add(&r, "dan@x", EVIL, "2001:db8::9", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    buf_add_text(&r, "{\"TimeGenerated\":\"2024-02-10T00:00:00Z\",\"Operation\":\"Send\","
                     "\"UserId\":\"eve@x\",\"ClientIP\":\"192.0.2.9:55\",\"AppId\":\"" MAIL "\"}\n"
                     "{\"TimeGenerated\":\"2024-02-10T00:00:00Z\",\"Operation\":\"Send\","
                     "\"UserId\":\"eve@x\",\"ClientIP\":\"2001:DB8:0:0:0:0:0:9\","
                     "\"AppId\":\"" MAIL "\"}");
    put(place, "alpha", "OfficeActivity", &r);
    assert_int_equal(scope_of_alert(place, alert), 200);
    ASSERT_SAYS(place, "\"ip\":[\"198.51.100.66\"]");
    ASSERT_SAYS(place, "\"bind_messages\":[\"<1@x>\",\"<2@x>\"]");
    assert_false(place_says(place, "bob@x"));
    assert_false(place_says(place, "cid@x"));
    assert_false(place_says(place, "dan@x"));
    buf_release(&r);
}

static void only_the_tenants_asked_for_are_looked_at(void **state)
{
    struct place *place = *state;
    char analyst[TOKEN_BYTES];
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    place_add_tenant(place, "bravo");
    place_add_tenant(place, "charlie");
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    add(&r, "bea@y", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_2_3);
    put(place, "bravo", "", &r);
    add(&r, "cid@z", MAIL, "192.0.2.3", BIND ITEMS_1_2);
    put(place, "charlie", "", &r);
    place_add_token(place, "alpha", "analyst", "", analyst);
    assert_int_equal(place_ask(place, analyst, HTTP_POST, "/v1/scope", BY_APP "}"), 200);
    ASSERT_SAYS(place, "\"bind_messages\":[\"<1@x>\",\"<2@x>\"]");
    assert_false(place_says(place, "bravo"));
    assert_false(place_says(place, "bea@y"));
    assert_int_equal(scope(place, BY_APP ALL), 200);
    ASSERT_SAYS(place, "{\"tenant\":\"alpha\"");
    ASSERT_SAYS(place, "{\"tenant\":\"bravo\"");
    ASSERT_SAYS(place, "bea@y");
    assert_false(place_says(place, "charlie"));
    assert_false(place_says(place, "cid@z"));
    buf_release(&r);
}

/* The answer would look as if it held what the alert that is not there stands for. */
static void an_unknown_alert_beside_a_known_one_is_refused(void **state)
{
#define ALERT(id) "{\"kind\":\"alert\",\"value\":\"" id "\"}"
    struct place *place = *state;
    char alert[64], body[512];

    place_add_tenant(place, "alpha");
    raise_alert(place, alert);
    (void)snprintf(body, sizeof(body),
                   "{\"indicators\":[" ALERT("%s") "," ALERT("22222222-2222-4222-8222-222222222222")
                   "," ALERT("33333333-2222-4222-8222-222222222222") "]" ALL,
                   alert);
    assert_int_equal(scope(place, body), 404);
    ASSERT_SAYS(place, "there is no alert '22222222-2222-4222-8222-222222222222'");
    for (char *c = alert; *c != '\0'; c++) /* an id is the same in capitals */
        *c = (char)toupper((unsigned char)*c);
    assert_int_equal(scope_of_alert(place, alert), 200);
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
    } cases[] = {
        {"{}", 400},
        {"{\"indicators\":{}}", 400},
        {"{\"indicators\":[],\"all_tenants\":true}", 400},
        {"{\"indicators\":[1],\"all_tenants\":true}", 400},
        {"{\"indicators\":[{\"kind\":\"ip\"}],\"all_tenants\":true}", 400},
        {"{\"indicators\":[{\"kind\":\"shoe\",\"value\":\"1\"}],\"all_tenants\":true}", 400},
        {"{\"indicators\":[{\"kind\":\"ip\",\"value\":\" \"}],\"all_tenants\":true}", 400},
        {"{\"indicators\":[{\"kind\":\"ip\",\"value\":\"192.0.2.O\"}],\"all_tenants\":true}", 400},
        {"{\"indicators\":[{\"kind\":\"alert\",\"value\":\"none\"}],\"all_tenants\":true}", 404},
        {BY_APP ",\"from\":\"yesterday\"" ALL, 400},
        {"[]", 400},
        {"{", 400},
    };
    struct place *place = *state;

    place_add_tenant(place, "alpha");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (scope(place, cases[i].body) != cases[i].status)
            fail_msg("%s: %s", cases[i].body, place->answer.data);
    }
}

static void more_than_ten_thousand_are_refused_before_one_is_looked_at(void **state)
{
    struct place *place = *state;
    struct buf body;

    buf_init(&body, MIB);
    place_add_tenant(place, "alpha");
    buf_add_text(&body, "{\"indicators\":[0");
    for (int i = 0; i < MANY; i++)
        buf_add_text(&body, ",0");
    buf_add_text(&body, "]" ALL);
    buf_add_byte(&body, '\0');
    assert_int_equal(scope(place, body.data), 413);
    ASSERT_SAYS(place, "at most 10000 indicators");
    buf_release(&body);
}

static void a_value_cannot_leave_its_quotes(void **state)
{
    struct place *place = *state;
    struct buf r;

    buf_init(&r, MIB);
    place_add_tenant(place, "alpha");
    add(&r, "ann@x", EVIL, "192.0.2.66", BIND ITEMS_1_2);
    put(place, "alpha", "", &r);
    assert_int_equal(scope(place, "{\"indicators\":[{\"kind\":\"user\",\"value\":"
                                  "\"\\\") or 1 == 1 //\"}]" ALL),
                     200);
    ASSERT_SAYS(place, "{\"tenants\":[],");
    buf_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_time_that_ends_before_it_begins_is_refused),
        PLACE_TEST(messages_of_binds_are_counted_once),
        PLACE_TEST(an_id_is_found_in_each_of_its_writings),
        PLACE_TEST(a_function_with_the_name_of_a_table_hides_nothing),
        PLACE_TEST(a_sync_raises_the_upper_bound_by_what_the_log_knows),
        PLACE_TEST(a_sync_is_of_the_folder_in_which_its_item_lies),
        PLACE_TEST(a_record_that_does_not_name_all_messages_opens_the_upper_bound),
        PLACE_TEST(a_row_whose_folders_are_cut_opens_the_upper_bound),
        PLACE_TEST(a_throttled_hour_opens_the_upper_bound),
        PLACE_TEST(a_mailbox_that_others_throttled_has_an_open_bound),
        PLACE_TEST(rows_of_both_tables_count),
        PLACE_TEST(a_session_of_the_access_context_is_one),
        PLACE_TEST(kinds_restrict_each_other_and_values_are_alternatives),
        PLACE_TEST(an_address_is_found_in_each_of_its_writings),
        PLACE_TEST(the_answer_does_not_depend_on_the_order_of_records),
        PLACE_TEST(a_time_range_is_half_open_and_one_end_will_do),
        PLACE_TEST(ten_thousand_synced_mailboxes_are_looked_at),
        PLACE_TEST(ten_thousand_indicators_are_looked_for),
        PLACE_TEST(an_alert_grows_over_the_addresses_of_its_application),
        PLACE_TEST(an_alert_grows_to_ten_thousand_addresses),
        PLACE_TEST(an_address_that_anything_else_uses_is_not_added),
        PLACE_TEST(only_the_tenants_asked_for_are_looked_at),
        PLACE_TEST(an_unknown_alert_beside_a_known_one_is_refused),
        PLACE_TEST(what_is_wrong_is_said),
        PLACE_TEST(more_than_ten_thousand_are_refused_before_one_is_looked_at),
        PLACE_TEST(a_value_cannot_leave_its_quotes),
    };

    return RUN_TESTS(tests);
}
