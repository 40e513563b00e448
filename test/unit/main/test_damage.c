/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that would look like nothing at all is told at the start. */
#include "place.h"

#include "base/hash.h"
#include "base/time.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct error err;

/* Its records would be left out of the replay, and the log be cut. */
static void a_keyring_that_lacks_a_tenant_is_damage(void **state)
{
    struct daybook_options options = {.thread_count = 1};
    char kek[DATA_PATH_BYTES];
    struct place place;
    struct buf before;

    (void)state;
    place_make(&place);
    place_open(&place);
    buf_init(&before, MIB);
    ASSERT_OK(io_read_all(place.io, KEYRING_PATH, &before, &err));
    assert_int_equal(
        place_ask(&place, place.admin, HTTP_POST, "/v1/tenants", "{\"name\":\"contoso\"}"), 200);
    ASSERT_OK(io_replace(place.io, KEYRING_PATH, buf_slice(&before), &err));
    ASSERT_OK(io_replace(place.io, KEYRING_PATH ".copy", buf_slice(&before), &err));
    buf_release(&before);
    place_close(&place, true);

    ASSERT_OK(data_dir_open(place.root, &place.dir, &err));
    ASSERT_OK(io_linux_new(place.root, &place.io, &err));
    ASSERT_OK(data_dir_kek(&place.dir, kek, &err));
    ASSERT_OK(keyring_local_open(place.io, kek, &place.keyring, &err));
    options.dir = &place.dir;
    options.keyring = place.keyring;
    assert_int_equal(daybook_open(&options, &place.daybook, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "'contoso'"));
    place_close(&place, false);
    place_remove(&place);
}

/* Numbers would begin anew, and their leaves be written over those that are there. */
static void a_start_without_the_state_of_ingest_is_refused(void **state)
{
    static const char *const paths[] = {"ingest/state", "ingest/state.copy"};
    static const char record[] = "{\"Id\":\"1\",\"n\":1}\n";
    struct place *place = *state;
    const struct daybook_options options = {
        .dir = &place->dir, .keyring = place->keyring, .thread_count = 1};
    struct daybook *refused = NULL;
    struct buf bytes;

    place_add_tenant(place, "alpha");
    place_ingest(place, "alpha", "T_CL", record);
    daybook_close(place->daybook, true);
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(place->io, paths[0], &bytes, &err));
    for (int i = 0; i < 2; i++)
        ASSERT_OK(io_unlink(place->io, paths[i], &err));
    assert_int_equal(daybook_open(&options, &refused, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "'ingest/state' and its copy are missing"));
    ASSERT_OK(io_replace(place->io, paths[1], buf_slice(&bytes), &err)); /* one is enough */
    buf_release(&bytes);
    place_start(place);
    place_ingest(place, "alpha", "T_CL", record); /* it is known still */
    assert_int_equal(place_query(place, "alpha", "T_CL | summarize count()"), 200);
    ASSERT_SAYS(place, "\n[1]]");
}

/* ---- answers say what lacks ---- */

#define JANUARY "T_CL | where TimeGenerated < datetime(2024-02-01) | summarize count()"
#define MARCH "T_CL | where TimeGenerated >= datetime(2024-02-01) | summarize count()"
#define MARCH_UNIX_US INT64_C(1709251200000000)

/* An access to a mailbox. */
static void read_mail(struct place *place, const char *id, const char *time)
{
    char body[512];

    (void)snprintf(body, sizeof(body),
                   "{\"Id\":\"%s\",\"CreationTime\":\"%s\",\"RecordType\":50,"
                   "\"Operation\":\"MailItemsAccessed\",\"MailboxOwnerUPN\":\"ann@x\","
                   "\"ClientIPAddress\":\"192.0.2.66\",\"OperationProperties\":"
                   "[{\"Name\":\"MailAccessType\",\"Value\":\"Bind\"}],\"Folders\":"
                   "[{\"FolderItems\":[{\"InternetMessageId\":\"<%s@x>\"}]}]}\n",
                   id, time, id);
    place_ingest(place, "alpha", "AuditRecords", body);
}

/* A record of January in one segment and three of March in another, and a mail read in each. */
static void fill(struct place *place)
{
    place_add_tenant(place, "alpha");
    read_mail(place, "1", "2024-01-01T00:00:00");
    place_ingest(place, "alpha", "T_CL",
                 "{\"TimeGenerated\":\"2024-01-01T00:00:00Z\",\"n\":1}\n");
    /* What the rules write of January may come too late for the first, but not for the second. */
    ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    read_mail(place, "2", "2024-03-02T00:00:00");
    place_ingest(place, "alpha", "T_CL",
                 "{\"TimeGenerated\":\"2024-03-01T00:00:00Z\",\"n\":2}\n"
                 "{\"TimeGenerated\":\"2024-03-01T00:00:00Z\",\"n\":3}\n"
                 "{\"TimeGenerated\":\"2024-03-01T00:00:00Z\",\"n\":4}\n");
    ASSERT_OK(daybook_checkpoint(place->daybook, &err));
}

static void expect(struct place *place, const char *query, const char *rows, const char *code)
{
    char text[64];

    assert_int_equal(place_query(place, "alpha", query), 200);
    ASSERT_SAYS(place, rows);
    (void)snprintf(text, sizeof(text), "\"gap_code\":\"%s\"", code);
    ASSERT_SAYS(place, code[0] == '\0' ? "\"complete\":true" : "\"complete\":false");
    if (code[0] != '\0')
        ASSERT_SAYS(place, text);
}

static unsigned ask_as(struct place *place, const char *role, enum http_method method,
                       const char *target, const char *body)
{
    char token[TOKEN_BYTES];

    place_add_token(place, "alpha", role, "", token);
    return place_ask(place, token, method, target, body);
}

/* The first range that is listed as lost. */
static void accept_first(struct place *place, bool is_bound)
{
    char first[32], body[256];

    assert_int_equal(ask_as(place, "admin", HTTP_GET, "/v1/losses", ""), 200);
    ASSERT_SAYS(place, is_bound ? "\"at_most\":true" : "\"at_most\":false");
    ASSERT_SAYS(place, "\"accepted\":null");
    unsigned long long from = 0, to = 0;
    const char *at = strstr(place_body(place), "\"first_seq\":");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\"first_seq\":%llu,\"last_seq\":%llu", &from, &to), 2);
    (void)snprintf(first, sizeof(first), "\"first_seq\":%llu,", from);
    (void)snprintf(body, sizeof(body),
                   "{\"tenant\":\"alpha\",\"first_seq\":%llu,\"last_seq\":%llu}", from, to);
    assert_int_equal(ask_as(place, "admin", HTTP_POST, "/v1/losses", body), 200);
    ASSERT_SAYS(place, first);
}

/* Whatever else is listed, of the instance too. */
static void accept_rest(struct place *place)
{
    static const char open[] = "\"accepted\":null";
    char tenant[64], body[256];
    unsigned long long from, to;

    for (int i = 0; i < 100; i++) {
        assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/losses", ""), 200);
        const char *at = strstr(place_body(place), open);
        if (at == NULL)
            return;
        while (strncmp(at, "{\"tenant\"", 9) != 0)
            at--;
        assert_int_equal(sscanf(at, "{\"tenant\":\"%63[^\"]\",\"first_seq\":%llu,\"last_seq\":%llu",
                                tenant, &from, &to),
                         3);
        (void)snprintf(body, sizeof(body),
                       "{\"tenant\":\"%s\",\"first_seq\":%llu,\"last_seq\":%llu}", tenant, from,
                       to);
        assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/losses", body), 200);
    }
    fail_msg("there is always one more");
}

/* Bounds over rows that lack are no bounds, and "nothing was touched" is not known. */
static void expect_open_scope(struct place *place)
{
    assert_int_equal(ask_as(place, "analyst", HTTP_POST, "/v1/scope",
                            "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"192.0.2.66\"}]}"),
                     200);
    ASSERT_SAYS(place, "\"records\":1,");
    ASSERT_SAYS(place, "\"upper_open\":true,\"cannot_rule_out\":[\"stored records are lost or "
                       "cannot be read\"]");
    ASSERT_SAYS(place, "\"complete\":false,\"gap\":\"records ");
    ASSERT_SAYS(place, "\"gap_code\":\"section_damaged\"}");
    assert_int_equal(ask_as(place, "analyst", HTTP_POST, "/v1/scope",
                            "{\"indicators\":[{\"kind\":\"ip\",\"value\":\"192.0.2.67\"}]}"),
                     200);
    ASSERT_SAYS(place, "\"tenants\":[]");
    ASSERT_SAYS(place, "\"gap_code\":\"section_damaged\"}");
}

static void expect_status(struct place *place, const char *one, const char *other)
{
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/status", ""), 200);
    ASSERT_SAYS(place, one);
    ASSERT_SAYS(place, other);
}

static void answers_about_rows_that_cannot_be_read_are_not_complete(void **state)
{
    struct place *place = *state;
    char path[512];
    struct stat stat_;

    fill(place);
    place_find(place, "seg", ".seg", true, path);
    assert_true(path[0] != '\0');
    place_close(place, false);
    assert_int_equal(stat(path, &stat_), 0);
    assert_int_equal(truncate(path, 64), 0); /* the head alone is left, behind it are zeros */
    assert_int_equal(truncate(path, stat_.st_size), 0);
    place_open(place);
    for (int i = 0; i < 2; i++) { /* found by this question, and known before it */
        expect(place, "T_CL | where n > 0 | summarize count()", "\n[1]]", "section_damaged");
        expect(place, MARCH, "\n[0]]", "section_damaged");
        expect(place, JANUARY, "\n[1]]", "");
    }
    expect_open_scope(place);
    assert_int_equal(ask_as(place, "analyst", HTTP_GET, "/v1/raw?from-seq=1&count=100000", ""),
                     410);
    ASSERT_SAYS(place, "\"records_lost\"");
    expect_status(place, "{\"check\":\"store\",\"verdict\":\"bad\"", "\"verdict\":\"bad\"}\n");
    accept_first(place, true);
    accept_rest(place);
    expect_status(place, "{\"check\":\"store\",\"verdict\":\"ok\"",
                  " ranges of records are lost, which was accepted, last on 20");
    place_close(place, false);
    place_open(place);
    expect(place, JANUARY, "\n[1]]", "");
    expect(place, MARCH " by n", "[", "records_lost");
    ASSERT_SAYS(place, "which was accepted");
}

/* The columns of the table are those of its rows, and many tables are bound at once: damage that
 * is met there is told too. */
static void damage_met_before_a_row_is_read_is_told(void **state)
{
    static const char *const queries[] = {
        "T_CL | getschema | where ColumnName == 'n' | summarize count()",
        JANUARY " by column_ifexists('late', '')",
        "union T_CL, (print n = 7) | where n in (1, 2, 3, 4) | summarize count()",
        "search in (T_CL) * | summarize count()",
        "find in (T_CL) where n > 0 project n | summarize count()",
    };
    struct place *place = *state;
    char path[512];
    struct stat stat_;

    fill(place);
    place_find(place, "seg", ".seg", true, path);
    assert_int_equal(stat(path, &stat_), 0);
    for (int is_head = 1; is_head >= 0; is_head--) { /* damage to it harms no record */
        place_close(place, false);
        assert_int_equal(truncate(path, is_head ? stat_.st_size : 64), 0);
        assert_int_equal(truncate(path, stat_.st_size), 0);
        FILE *file = fopen(path, "r+");
        assert_non_null(file);
        assert_int_equal(fputs("nonsense", file) >= 0, 1);
        assert_int_equal(fclose(file), 0);
        place_open(place);
        for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
            expect(place, queries[i], "", is_head ? "" : "section_damaged");
            place_close(place, false);
            place_open(place);
        }
    }
}

/* Who can write to the disk makes a question pass the rows by. */
static void answers_beside_an_altered_catalog_are_not_complete(void **state)
{
    const int64_t march = time_from_unix_us(MARCH_UNIX_US), april = march + 31 * 24 * 3600 *
                                                                            TICKS_PER_SECOND;
    struct place *place = *state;
    struct buf bytes;
    uint32_t changed = 0;

    fill(place);
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(place->io, "seg/catalog", &bytes, &err));
    for (size_t at = 0; at + sizeof(march) <= bytes.size; at++) {
        if (memcmp(bytes.data + at, &march, sizeof(march)) != 0)
            continue;
        memcpy(bytes.data + at, &april, sizeof(april));
        changed++;
    }
    assert_int_equal(changed, 2); /* the first and the last time of the section */
    uint32_t crc = hash_crc32c(0, bytes.data, bytes.size - sizeof(crc));
    memcpy(bytes.data + bytes.size - sizeof(crc), &crc, sizeof(crc));
    place_close(place, false);
    ASSERT_OK(data_dir_open(place->root, &place->dir, &err));
    ASSERT_OK(io_linux_new(place->root, &place->io, &err));
    ASSERT_OK(io_replace(place->io, "seg/catalog", buf_slice(&bytes), &err));
    io_free(place->io);
    data_dir_close(&place->dir);
    buf_release(&bytes);
    place_open(place);
    expect(place, "T_CL | where TimeGenerated between (datetime(2024-02-01) .. "
                  "datetime(2024-03-15)) | summarize count()", "\n[0]]", "records_lost");
    expect(place, JANUARY, "\n[1]]", "records_lost");
    accept_first(place, false);
    expect(place, JANUARY, "\n[1]]", "");
}

/* A segment and the catalog are gone: the rest passes for all there is. */
static void answers_are_not_complete_where_a_segment_is_gone(void **state)
{
    struct place *place = *state;
    char path[512], catalog[512];

    fill(place);
    place_find(place, "seg", ".seg", true, path);
    assert_true(path[0] != '\0');
    (void)snprintf(catalog, sizeof(catalog), "%s/seg/catalog", place->root);
    place_close(place, true);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(catalog), 0);
    place_open(place);
    expect(place, "T_CL | summarize count()", "\n[1]]", "records_lost");
    expect(place, "T_CL | summarize count()", "\n[1]]", "records_lost");
    accept_first(place, false);
    place_close(place, false);
    place_open(place);
    expect(place, JANUARY, "\n[1]]", "");
    expect(place, "T_CL | summarize count()", "\n[1]]", "records_lost");
}

/* A directory in the place of a file: the system gives an error for bytes, as of a bad sector. */
static void hide(const char *path)
{
    char aside[600];

    (void)snprintf(aside, sizeof(aside), "%s.hidden", path);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void show(const char *path)
{
    char aside[600];

    (void)snprintf(aside, sizeof(aside), "%s.hidden", path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rename(aside, path), 0);
}

/* What the disk does not give lacks in each answer that meets it, and is not lost: the same
 * process answers in full once the disk gives it. */
static void a_segment_that_cannot_be_read_is_a_gap_of_the_answer(void **state)
{
    struct place *place = *state;
    char path[512], all[] = "/v1/raw?from-seq=1&count=100000";

    fill(place);
    place_find(place, "seg", ".seg", true, path);
    place_close(place, false);
    hide(path);
    place_open(place);
    for (int i = 0; i < 2; i++) {
        expect(place, MARCH " by n", "[", "section_unreadable");
        expect(place, "T_CL | getschema | where ColumnName == 'n' | summarize count()", "\n[1]]",
               "section_unreadable");
        expect(place, "T_CL | where n > 0 | summarize count()", "\n[1]]", "section_unreadable");
        expect(place, "T_CL | summarize count()", "\n[4]]", ""); /* which is known beside it */
        expect(place, JANUARY, "\n[1]]", "");
    }
    assert_int_equal(ask_as(place, "analyst", HTTP_GET, all, ""), 500);
    ASSERT_SAYS(place, "\"section_unreadable\"");
    assert_false(place_says(place, "seg/"));
    expect_status(place, "{\"check\":\"store\",\"verdict\":\"bad\"", "the disk did not give 3 ");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    ASSERT_SAYS(place, "daybook_unreadable_sections 3\n");
    ASSERT_SAYS(place, "daybook_corrupt_sections 0\n");
    assert_int_equal(ask_as(place, "admin", HTTP_GET, "/v1/losses", ""), 200);
    ASSERT_SAYS(place, "[]");
    show(path);
    expect(place, MARCH " by n", "[", "");
    expect(place, "T_CL | where n > 0 | summarize count()", "\n[4]]", "");
    assert_int_equal(ask_as(place, "analyst", HTTP_GET, all, ""), 200);
    ASSERT_SAYS(place, "\"n\":4}");
}

/* What the disk does not give of it keeps sections apart, and is told until it does. */
static void evidence_that_cannot_be_read_is_told(void **state)
{
    struct place *place = *state;
    char directory[512], path[600];

    fill(place);
    for (int i = 0; i < 2; i++) /* what the rules write of it is there, too */
        ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    place_find(place, "t", "", true, directory); /* the instance's is the first */
    (void)snprintf(path, sizeof(path), "%s/batch.0", directory);
    hide(path);
    assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/compact", ""), 200);
    ASSERT_SAYS(place, "\ndone\n");
    expect_status(place, "{\"check\":\"store\",\"verdict\":\"bad\"",
                  "the evidence of sections could not be read");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    assert_false(place_says(place, "daybook_unchecked_sections_total 0\n"));
    show(path);
    expect(place, "T_CL | where n > 0 | summarize count()", "\n[4]]", "");
    place_close(place, true);
    place_open(place);
    assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/compact", ""), 200);
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    ASSERT_SAYS(place, "daybook_unchecked_sections_total 0\n");
    expect(place, "T_CL | where n > 0 | summarize count()", "\n[4]]", "");
}

static void access_mailbox(struct place *place, const char *mailbox, const char *app,
                           const char *address, const char *time)
{
    char body[512];

    (void)snprintf(body, sizeof(body),
                   "{\"Id\":\"%s\",\"CreationTime\":\"%s\",\"RecordType\":50,"
                   "\"Operation\":\"MailItemsAccessed\",\"MailboxOwnerUPN\":\"%s\","
                   "\"AppId\":\"%s\",\"ClientIPAddress\":\"%s\"}\n",
                   time, time, mailbox, app, address);
    place_ingest(place, "alpha", "AuditRecords", body);
    for (int i = 0; i < 2; i++) /* the hit is written by the first */
        ASSERT_OK(daybook_checkpoint(place->daybook, &err));
}

/* The rules remember what they saw from the store; what lacks there they see for the first
 * time. */
static void alerts_say_that_records_lack(void **state)
{
    struct place *place = *state;
    char path[512];
    struct stat stat_;

    place_add_tenant(place, "alpha");
    access_mailbox(place, "ann@x", "mail", "10.1.1.1", "2024-01-01T00:00:00");
    access_mailbox(place, "bob@x", "sync", "66.6.6.6", "2024-01-02T00:00:00");
    place_find(place, "seg", ".seg", true, path);
    place_close(place, false);
    assert_int_equal(stat(path, &stat_), 0);
    assert_int_equal(truncate(path, 64), 0);
    assert_int_equal(truncate(path, stat_.st_size), 0);
    place_open(place);
    access_mailbox(place, "bob@x", "sync", "66.6.6.6", "2024-01-20T00:00:00");
    assert_int_equal(place_query(place, "alpha", "SecurityAlert | project ExtendedProperties"),
                     200);
    ASSERT_SAYS(place, "\\\"complete\\\":false,");
    ASSERT_SAYS(place, "stored records are lost or cannot be read: what was seen before is not ");
    assert_int_equal(place_query(place, "alpha", "FirstSeen | where AlertId != '' | project x = "
                                                 "tostring(Reasons)"), 200);
    ASSERT_SAYS(place, "stored records are lost or cannot be read");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/status", ""), 200);
    ASSERT_SAYS(place, "{\"check\":\"rules\",\"verdict\":\"warning\"");
    ASSERT_SAYS(place, "records lack, so they do not know all that they saw of 1 tenants\"");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    ASSERT_SAYS(place, "daybook_rule_lacking_tenants 1\n");
}

/* A record that the log still has makes the rules ask the store before the start knows of it. */
static void alerts_say_that_a_segment_is_gone(void **state)
{
    struct place *place = *state;
    char path[512], catalog[512];

    place_add_tenant(place, "alpha");
    access_mailbox(place, "ann@x", "mail", "10.1.1.1", "2024-01-01T00:00:00");
    access_mailbox(place, "bob@x", "sync", "66.6.6.6", "2024-01-02T00:00:00");
    place_ingest(place, "alpha", "AuditRecords",
                 "{\"Id\":\"3\",\"CreationTime\":\"2024-01-03T00:00:00\",\"RecordType\":15,"
                 "\"Operation\":\"UserLoggedIn\",\"UserId\":\"ann@x\","
                 "\"ClientIP\":\"10.1.1.1\"}\n");
    place_find(place, "seg", ".seg", false, path);
    (void)snprintf(catalog, sizeof(catalog), "%s/seg/catalog", place->root);
    place_close(place, false);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(catalog), 0);
    place_open(place);
    access_mailbox(place, "eve@x", "new", "77.7.7.7", "2024-01-20T00:00:00");
    assert_int_equal(place_query(place, "alpha", "SecurityAlert | project ExtendedProperties"),
                     200);
    ASSERT_SAYS(place, "eve@x");
    ASSERT_SAYS(place, "\\\"complete\\\":false,");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/v1/status", ""), 200);
    ASSERT_SAYS(place, "saw of 1 tenants, nor all earlier alerts\"");
    assert_int_equal(place_ask(place, place->admin, HTTP_GET, "/metrics", ""), 200);
    ASSERT_SAYS(place, "daybook_rule_lacking_tenants 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_start_without_the_state_of_ingest_is_refused),
        PLACE_TEST(answers_about_rows_that_cannot_be_read_are_not_complete),
        PLACE_TEST(damage_met_before_a_row_is_read_is_told),
        PLACE_TEST(answers_beside_an_altered_catalog_are_not_complete),
        PLACE_TEST(answers_are_not_complete_where_a_segment_is_gone),
        PLACE_TEST(a_segment_that_cannot_be_read_is_a_gap_of_the_answer),
        PLACE_TEST(evidence_that_cannot_be_read_is_told),
        PLACE_TEST(alerts_say_that_records_lack),
        PLACE_TEST(alerts_say_that_a_segment_is_gone),
        cmocka_unit_test(a_keyring_that_lacks_a_tenant_is_damage),
    };

    return RUN_TESTS(tests);
}
