/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/time.h"
#include "respond/access.h"
#include "respond/scope.h"

#include <stdio.h>
#include <string.h>

#define BIND SLICE("[{\"Name\":\"MailAccessType\",\"Value\":\"Bind\"}]")
#define SYNC SLICE("[{\"Name\":\"mailaccesstype\",\"Value\":\"sync\"}]")

struct state {
    struct arena *arena;
    struct scope_accesses accesses;
    struct buf json;
};

static struct error err;
static const struct guid tenant = {{1}}, other = {{2}};

static int set_up(void **state)
{
    static struct state s;

    s.arena = arena_new(16 * MIB);
    scope_accesses_init(&s.accesses, s.arena);
    buf_init(&s.json, MIB);
    *state = &s;
    return s.arena == NULL;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    scope_accesses_release(&s->accesses);
    arena_free(s->arena);
    buf_release(&s->json);
    return 0;
}

static void add(struct state *s, const char *mailbox, struct slice properties, const char *folders)
{
    const struct access access = {
        .tenant = tenant,
        .mailbox = slice_of(mailbox),
        .time = TICKS_UNIX_EPOCH,
        .properties = properties,
        .folders = slice_of(folders),
    };

    ASSERT_OK(scope_add_access(&s->accesses, &access, &err));
}

static void mailboxes_fold_case_and_keep_tenants_apart(void **state)
{
    struct state *s = *state;

    add(s, "Ann@X", BIND, "[]");
    add(s, "ann@x", BIND, "[]");
    assert_int_equal(s->accesses.mailboxes.count, 1);
    const struct mailbox_scope *m = scope_find_mailbox(&s->accesses, &tenant, SLICE("ANN@x"));
    assert_non_null(m);
    assert_int_equal(m->records, 2);
    ASSERT_SLICE(m->name, "Ann@X");
    assert_null(scope_find_mailbox(&s->accesses, &other, SLICE("ann@x")));
}

static void foreign_shapes_name_nothing_and_leave_the_bound_open(void **state)
{
    static const char *const shapes[] = {
        "", "null", "7", "{}", "[]", "[1,null,[]]", "\"\"", "\"[\"", "\"[{]\"",
        "[{\"FolderItems\":7}]", "[{\"FolderItems\":[1,{\"InternetMessageId\":2}]}]",
    };
    struct state *s = *state;

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        add(s, "ann@x", BIND, shapes[i]);
        add(s, "ann@x", slice_of(shapes[i]), "[]");
    }
    const struct mailbox_scope *m = scope_find_mailbox(&s->accesses, &tenant, SLICE("ann@x"));
    assert_int_equal(m->bind_messages.count, 0);
    assert_int_equal(m->sync_folders.count, 0);
    assert_int_equal(m->unnamed_records, 2 * sizeof(shapes) / sizeof(shapes[0]));
    scope_add_mailbox_json(m, true, &s->json);
    assert_int_not_equal(slice_find(buf_slice(&s->json),
                                    SLICE("\"lower\":0,\"upper\":0,\"upper_open\":true,"
                                          "\"cannot_rule_out\":[\"22 records do not name all"
                                          " messages they are about\"]"),
                                    0),
                         SIZE_MAX);
}

static void a_bind_that_names_all_its_messages_closes_the_bound(void **state)
{
#define BOTH "{\"FolderItems\":[{\"InternetMessageId\":\"1\"},{\"InternetMessageId\":\"2\"}]}"
    static const struct {
        const char *folders;
        int64_t count;
        unsigned unnamed;
    } cases[] = {
        {"[" BOTH "]", 0, 0},
        {"[" BOTH "]", 2, 0},
        {"[" BOTH "]", 1, 0},
        {"[" BOTH "]", 3, 1},
        {"[" BOTH "," BOTH "]", 4, 0}, /* a message may be read twice */
        {"[" BOTH ",{}]", 2, 1},
        {"[" BOTH ",{\"FolderItems\":[{\"Id\":\"RgAA\"}]}]", 0, 1},
        {"\"[{\\\"FolderItems\\\":[{\\\"InternetMessageId\\\":\\\"1\\\"}]}]\"", 1, 0},
        {"\"[{\\\"FolderItems\\\":[{\\\"InternetMessageId\\\":\\\"1\\\"}]},{\"", 1, 1},
    };
    struct state *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "u%zu@x", i);
        const struct access access = {
            .tenant = tenant, .mailbox = slice_of(name), .time = TICKS_UNIX_EPOCH,
            .properties = BIND, .folders = slice_of(cases[i].folders),
            .operation_count = cases[i].count,
        };
        ASSERT_OK(scope_add_access(&s->accesses, &access, &err));
        const struct mailbox_scope *m = scope_find_mailbox(&s->accesses, &tenant, slice_of(name));
        if (m->unnamed_records != cases[i].unnamed)
            fail_msg("%s: %llu", cases[i].folders, (unsigned long long)m->unnamed_records);
    }
}

static void a_sync_without_a_folder_is_still_a_sync(void **state)
{
    struct state *s = *state;

    add(s, "ann@x", SYNC, "[]");
    add(s, "ann@x", SYNC, "[{\"Path\":\"\"}]");
    const struct mailbox_scope *m = scope_find_mailbox(&s->accesses, &tenant, SLICE("ann@x"));
    assert_int_equal(m->sync_folders.count, 1);
    assert_int_equal(m->unnamed_records, 0);
    scope_add_mailbox_json(m, true, &s->json);
    assert_int_not_equal(slice_find(buf_slice(&s->json), SLICE("\"upper_open\":true"), 0),
                         SIZE_MAX);
}

static void known_messages_count_in_synced_folders_of_the_mailbox_only(void **state)
{
    static const char inbox[] = "[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"1\"}]},"
                                "{\"Path\":\"J\",\"FolderItems\":[{\"InternetMessageId\":\"2\"}]}]";
    struct state *s = *state;

    add(s, "ann@x", SYNC, "[{\"Path\":\"I\"}]");
    ASSERT_OK(scope_add_known(&s->accesses, &tenant, SLICE("ANN@x"), slice_of(inbox), &err));
    ASSERT_OK(scope_add_known(&s->accesses, &tenant, SLICE("bob@x"), slice_of(inbox), &err));
    ASSERT_OK(scope_add_known(&s->accesses, &other, SLICE("ann@x"), slice_of(inbox), &err));
    const struct mailbox_scope *m = scope_find_mailbox(&s->accesses, &tenant, SLICE("ann@x"));
    assert_int_equal(m->known_in_synced.count, 1);
    assert_non_null(map_find(&m->known_in_synced, SLICE("1")));
}

static void a_message_that_was_bound_and_synced_counts_once(void **state)
{
    static const char inbox[] = "[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"1\"},"
                                "{\"InternetMessageId\":\"2\"}]}]";
    struct state *s = *state;

    add(s, "ann@x", BIND, "[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"1\"}]}]");
    add(s, "ann@x", SYNC, "[{\"Path\":\"I\"}]");
    ASSERT_OK(scope_add_known(&s->accesses, &tenant, SLICE("ann@x"), slice_of(inbox), &err));
    scope_add_mailbox_json(scope_find_mailbox(&s->accesses, &tenant, SLICE("ann@x")), true,
                           &s->json);
    assert_int_not_equal(slice_find(buf_slice(&s->json), SLICE("\"lower\":1,\"upper\":2,"), 0),
                         SIZE_MAX);
}

static void throttled_by_anybody_opens_the_bound_for_a_day(void **state)
{
#define THROTTLED "[{\"Name\":\"isThrottled\",\"Value\":\"true\"}]"
    static const struct {
        const char *mailbox, *properties;
        int64_t after; /* the access */
        bool is_open;
    } cases[] = {
        {"a@x", THROTTLED, -TICKS_PER_DAY, true},
        {"b@x", THROTTLED, -TICKS_PER_DAY - 1, false},
        {"c@x", THROTTLED, TICKS_PER_DAY, true},
        {"d@x", THROTTLED, TICKS_PER_DAY + 1, false},
        {"e@x", "\"[{\\\"Name\\\":\\\"IsThrottled\\\",\\\"Value\\\":\\\"True\\\"}]\"", 0, true},
        {"f@x", "[{\"Name\":\"IsThrottled\",\"Value\":\"False\"}]", 0, false},
        {"g@x", "[]", 0, false},
    };
    struct state *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct access access = {
            .tenant = tenant,
            .mailbox = slice_of(cases[i].mailbox),
            .time = TICKS_UNIX_EPOCH + cases[i].after,
            .properties = slice_of(cases[i].properties),
        };
        add(s, cases[i].mailbox, BIND, "[]");
        ASSERT_OK(scope_add_throttled(&s->accesses, &access, &err));
        const struct mailbox_scope *m =
            scope_find_mailbox(&s->accesses, &tenant, access.mailbox);
        if ((m->throttled_times.count > 0) != cases[i].is_open)
            fail_msg("%s", cases[i].mailbox);
        access.tenant = other; /* has no such mailbox */
        ASSERT_OK(scope_add_throttled(&s->accesses, &access, &err));
        assert_int_equal(m->records, 1);
    }
    assert_int_equal(s->accesses.mailboxes.count, sizeof(cases) / sizeof(cases[0]));
}

static void bounds_over_records_that_lack_are_open(void **state)
{
    struct state *s = *state;

    add(s, "ann@x", BIND, "[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"1\"}]}]");
    scope_add_mailbox_json(scope_find_mailbox(&s->accesses, &tenant, SLICE("ann@x")), false,
                           &s->json);
    assert_int_not_equal(slice_find(buf_slice(&s->json),
                                    SLICE("\"upper\":1,\"upper_open\":true,\"cannot_rule_out\":["
                                          "\"stored records are lost or cannot be read\"]"),
                                    0),
                         SIZE_MAX);
}

/* A scope that is too broad is refused before it takes the memory of the server. */
static void what_is_kept_of_mailboxes_is_bounded(void **state)
{
    struct state *s = *state;
    enum status status = STATUS_OK;
    char folders[200], mailbox[32];
    int count = 0;

    s->accesses.bytes_max = MIB;
    for (; count < 100000 && status == STATUS_OK; count++) {
        (void)snprintf(mailbox, sizeof(mailbox), "user%d@x", count / 1000);
        (void)snprintf(folders, sizeof(folders),
                       "[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"<%080d@x>\"}]}]",
                       count % 2000);
        const struct access access = {.tenant = tenant,
                                      .mailbox = slice_of(mailbox),
                                      .time = TICKS_UNIX_EPOCH,
                                      .properties = BIND,
                                      .folders = slice_of(folders)};
        status = scope_add_access(&s->accesses, &access, &err);
    }
    assert_int_equal(status, STATUS_LIMIT);
    assert_non_null(strstr(err.text, "more than 1048576 bytes"));
    assert_in_range(count, 6000, 8000);
    assert_in_range(s->accesses.bytes, MIB, MIB + KIB);
}

static void what_is_known_of_synced_folders_is_bounded(void **state)
{
    const struct slice folders =
        SLICE("[{\"Path\":\"I\",\"FolderItems\":[{\"InternetMessageId\":\"<1@x>\"}]}]");
    struct state *s = *state;

    add(s, "ann@x", SYNC, "[{\"Path\":\"I\"}]");
    s->accesses.bytes_max = s->accesses.bytes;
    ASSERT_STATUS(STATUS_LIMIT,
                  scope_add_known(&s->accesses, &tenant, SLICE("ann@x"), folders, &err));
}

static void a_huge_mailbox_name_is_cut_not_overrun(void **state)
{
    static char name[100000];
    struct state *s = *state;

    memset(name, 'M', sizeof(name) - 1);
    add(s, name, BIND, "[]");
    assert_non_null(scope_find_mailbox(&s->accesses, &tenant, slice_of(name)));
}

static void indicator_kinds_have_names(void **state)
{
    enum indicator_kind kind;

    (void)state;
    assert_true(indicator_kind_from_name(SLICE("app-id"), &kind));
    assert_int_equal(kind, INDICATOR_APP);
    assert_false(indicator_kind_from_name(SLICE("app"), &kind));
    assert_false(indicator_kind_from_name(SLICE(""), &kind));
}

#define ACCESS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(mailboxes_fold_case_and_keep_tenants_apart),
        ACCESS_TEST(foreign_shapes_name_nothing_and_leave_the_bound_open),
        ACCESS_TEST(a_bind_that_names_all_its_messages_closes_the_bound),
        ACCESS_TEST(a_sync_without_a_folder_is_still_a_sync),
        ACCESS_TEST(known_messages_count_in_synced_folders_of_the_mailbox_only),
        ACCESS_TEST(a_message_that_was_bound_and_synced_counts_once),
        ACCESS_TEST(throttled_by_anybody_opens_the_bound_for_a_day),
        ACCESS_TEST(bounds_over_records_that_lack_are_open),
        ACCESS_TEST(what_is_kept_of_mailboxes_is_bounded),
        ACCESS_TEST(what_is_known_of_synced_folders_is_bounded),
        ACCESS_TEST(a_huge_mailbox_name_is_cut_not_overrun),
        ACCESS_TEST(indicator_kinds_have_names),
    };

    return RUN_TESTS(tests);
}
