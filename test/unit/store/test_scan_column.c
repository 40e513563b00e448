/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a declared table. */
#include "store/scan_maker.h"

static const char *const AUDIT[] = {
    ("{\"Operation\":\"A\",\"RecordType\":1,\"Number\":\"7\",\"Flag\":\"True\",\"Ratio\":\"1.5\","
    "\"Folder\":{\"Path\":\"\\\\Inbox\",\"N\":[1,2]},\"CreationTime\":\"2026-01-02T03:04:05\","
    "\"Key\":\"89D53FE6-7F50-4456-B931-21FD1DC9EEBE\",\"Span\":\"1.02:03:04.5\",\"X\":{\"y\":[]}}"),
    ("{\"Operation\":\"B\\u0041\",\"RecordType\":\"2\",\"Number\":7.0,\"Flag\":false,\"Ratio\":2,"
    "\"Folder\":\"[1]\",\"X\":1,\"\\u00e9\":\"q\\\"\"}"),
    "{\"Operation\":null,\"Number\":\"no\",\"Folder\":[{\"Path\":\"p\"}],\"CreationTime\":\"?\"}",
};

static void put_audit(struct store *store)
{
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3; i++)
        batch_maker_add(&m, slice_of(AUDIT[i]), TICKS_PER_SECOND * (i + 1));
    put(store, &m);
    batch_maker_release(&m);
}

static void declared_columns_have_their_types(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_audit(store);
    check(store, (struct query){.table = "Audit", .columns = "_Seq Operation RecordType Number"},
          "1|A|1|7\n2|BA|2|7\n3|||null\n");
    check(store, (struct query){.table = "Audit", .columns = "Flag Ratio CreationTime Key Span"},
          "true|1.5|2026-01-02T03:04:05.0000000Z|89d53fe6-7f50-4456-b931-21fd1dc9eebe|"
          "1.02:03:04.5000000\n"
          "false|2|null|null|null\nnull|null|null|null|null\n");
    check(store, (struct query){.table = "Audit", .columns = "Folder Path"},
          "{\"Path\":\"\\\\Inbox\",\"N\":[1,2]}|\\Inbox\n[1]|\n[{\"Path\":\"p\"}]|\n");
    check(store, (struct query){.table = "Audit", .columns = "TenantId TimeGenerated"},
          "00000000-0000-0000-0000-000000000001|0001-01-01T00:00:01.0000000Z\n"
          "00000000-0000-0000-0000-000000000001|0001-01-01T00:00:02.0000000Z\n"
          "00000000-0000-0000-0000-000000000001|0001-01-01T00:00:03.0000000Z\n");
    check(store, (struct query){.table = "Audit", .columns = "_ReceivedTime"},
          "2023-11-14T22:13:20.0000000Z\n2023-11-14T22:13:20.0000000Z\n"
          "2023-11-14T22:13:20.0000000Z\n");
    check(store, (struct query){.table = "Audit", .columns = ""}, "\n\n\n");
    close_store(store);
}

/* Of a typed column an array or object is a null, whatever else the section's rows have. */
static void containers_in_typed_columns_are_null(void **state)
{
    static const char *const RECORDS[] = {
        ("{\"Number\":7,\"Flag\":true,\"Ratio\":1.5,\"CreationTime\":\"2026-01-02T03:04:05\","
         "\"Key\":\"89d53fe6-7f50-4456-b931-21fd1dc9eebe\"}"),
        ("{\"Number\":[1,2,3],\"Flag\":{\"a\":1},\"Ratio\":[0],\"CreationTime\":{\"a\":1},"
         "\"Key\":[\"89d53fe6-7f50-4456-b931-21fd1dc9eebe\"]}"),
        "{\"Number\":8,\"Flag\":false,\"Ratio\":2}",
        "{\"Number\":{\"a\":[7,8]},\"Flag\":[],\"Ratio\":{},\"Key\":{\"k\":[1]}}",
    };
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 4; i++)
        batch_maker_add(&m, slice_of(RECORDS[i]), TICKS_PER_SECOND * (i + 1));
    put(store, &m);
    batch_maker_release(&m);
    check(store, (struct query){.table = "Audit", .columns = "Number Flag Ratio"},
          "7|true|1.5\nnull|null|null\n8|false|2\nnull|null|null\n");
    check(store, (struct query){.table = "Audit", .columns = "CreationTime Key"},
          "2026-01-02T03:04:05.0000000Z|89d53fe6-7f50-4456-b931-21fd1dc9eebe\n"
          "null|null\nnull|null\nnull|null\n");
    close_store(store);
}

/* Arrays and objects are compact, however they were sent; as texts they are as they were. */
static void containers_have_one_spelling(void **state)
{
    static const char *const RECORDS[] = {
        ("{\"Folder\":{\"Path\":\"R\\u0026D\",\"N\":[\"\\u00e9\"]},"
         "\"Operation\":{\"a\":\"\\u0041\"},"
         "\"X\":[\"\\/\"]}"),
        ("{\"Folder\": {\"Path\": \"R&D\", \"N\": [ \"\xC3\xA9\" ]}, "
         "\"Operation\": {\"a\": \"A\"},"
         "\"X\" : [\"/\"]}"),
        "{\"Folder\":\"\\u0041\",\"X\":\"\\u0041\"}",
    };
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3; i++)
        batch_maker_add(&m, slice_of(RECORDS[i]), TICKS_PER_SECOND * (i + 1));
    put(store, &m);
    batch_maker_release(&m);
    check(store, (struct query){.table = "Audit", .columns = "Folder AdditionalFields"},
          "{\"Path\":\"R&D\",\"N\":[\"\xC3\xA9\"]}|{\"X\":[\"/\"]}\n"
          "{\"Path\":\"R&D\",\"N\":[\"\xC3\xA9\"]}|{\"X\":[\"/\"]}\n"
          "\"A\"|{\"X\":\"A\"}\n");
    check(store, (struct query){.table = "Audit", .columns = "Operation"},
          "{\"a\":\"\\u0041\"}\n{\"a\": \"A\"}\n\n");
    close_store(store);
}

static void undeclared_fields_are_in_additional_fields(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_audit(store);
    check(store, (struct query){.table = "Audit", .columns = "AdditionalFields"},
          "{\"X\":{\"y\":[]}}\n{\"X\":1,\"\xC3\xA9\":\"q\\\"\"}\nnull\n");
    close_store(store);
}

#define GUID_ROWS 60u

/* Few rows of many GUIDs are read without making all of them texts; the last has none. */
static void few_of_many_guids_are_read_as_they_are(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    for (uint32_t i = 0; i < GUID_ROWS; i++) {
        char text[400];
        (void)snprintf(text, sizeof(text),
                       "{\"Operation\":\"89d53fe6-7f50-4456-b931-0000000000%02x\","
                       "\"Key\":\"89d53fe6-7f50-4456-b931-1000000000%02x\","
                       "\"Folder\":{\"Path\":\"89d53fe6-7f50-4456-b931-2000000000%02x\"},"
                       "\"Other\":\"89d53fe6-7f50-4456-b931-3000000000%02x\"}",
                       i, i, i, i);
        batch_maker_add(&m, slice_of(text), TICKS_PER_SECOND * (i + 1));
    }
    batch_maker_add(&m, SLICE("{\"Number\":1}"), TICKS_PER_SECOND * (GUID_ROWS + 1));
    put(store, &m);
    struct query few = {.table = "Audit", .columns = "Operation Key Folder Path AdditionalFields",
                        .time_from = TICKS_PER_SECOND * GUID_ROWS, .time_to = INT64_MAX};
    check(store, few,
          "89d53fe6-7f50-4456-b931-00000000003b|89d53fe6-7f50-4456-b931-10000000003b|"
          "{\"Path\":\"89d53fe6-7f50-4456-b931-20000000003b\"}|"
          "89d53fe6-7f50-4456-b931-20000000003b|"
          "{\"Other\":\"89d53fe6-7f50-4456-b931-30000000003b\"}\n"
          "|null|null||null\n");
    struct query all = {.table = "Audit", .columns = "Operation Key Folder Path AdditionalFields"};
    char *whole = run(store, &all), *rest = run(store, &few);
    assert_string_equal(whole + strlen(whole) - strlen(rest), rest);
    free(whole);
    free(rest);
    check(store, few, /* the texts are there now: the same */
          "89d53fe6-7f50-4456-b931-00000000003b|89d53fe6-7f50-4456-b931-10000000003b|"
          "{\"Path\":\"89d53fe6-7f50-4456-b931-20000000003b\"}|"
          "89d53fe6-7f50-4456-b931-20000000003b|"
          "{\"Other\":\"89d53fe6-7f50-4456-b931-30000000003b\"}\n"
          "|null|null||null\n");
    batch_maker_release(&m);
    close_store(store);
}

static void quarantined_rows_are_in_their_own_table(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    batch_maker_init(&m, "Audit", 1);
    batch_maker_add(&m, SLICE("{\"Operation\":\"A\"}"), 1);
    batch_maker_add(&m, SLICE("broken \xFF"), 2);
    put(store, &m);
    check(store, (struct query){.table = "Audit", .columns = "_Seq Operation"}, "1|A\n");
    check(store, (struct query){.table = "Quarantine", .columns = "_Seq Reason Raw Table"},
          "2|is not an object|broken \xEF\xBF\xBD|Audit\n");
    batch_maker_release(&m);
    close_store(store);
}

/* Of equal texts a part has one, a batch of its rows one for each of them. */
static void texts_are_charged_while_they_are_made(void **state)
{
    enum { PUTS = 8, ROWS = QUERY_MEMORY_BYTES / PUTS / MIB + 1 };
    static char text[MIB + 64];
    struct batch_maker m;

    (void)state;
    if (is_sealed)
        return; /* each of the parts would be a section, and none large enough */
    struct store *store = open_store();
    batch_maker_init(&m, "Audit", 1);
    (void)snprintf(text, sizeof(text), "{\"Folder\":{\"Path\":\"%*d\"}}", (int)MIB, 7);
    for (uint32_t i = 0; i < PUTS; i++) {
        for (uint32_t k = 0; k < ROWS; k++)
            batch_maker_add(&m, slice_of(text), TICKS_PER_SECOND);
        put(store, &m);
    }
    struct query q = {.table = "Audit", .columns = "Folder", .want = STATUS_LIMIT};
    free(run(store, &q));
    assert_non_null(strstr(q.err.text, "the memory budget of "));
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declared_columns_have_their_types),
        cmocka_unit_test(containers_in_typed_columns_are_null),
        cmocka_unit_test(containers_have_one_spelling),
        cmocka_unit_test(undeclared_fields_are_in_additional_fields),
        cmocka_unit_test(few_of_many_guids_are_read_as_they_are),
        cmocka_unit_test(quarantined_rows_are_in_their_own_table),
        cmocka_unit_test(texts_are_charged_while_they_are_made),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
