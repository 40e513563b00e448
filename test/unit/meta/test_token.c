/* SPDX-License-Identifier: Apache-2.0 */
#include "control_plane.h"

#include "base/hash.h"
#include "wire/http.h"

#include <string.h>

#define HOUR_US INT64_C(3600000000)

static struct error err;

static struct guid add(struct control_plane *p, char text[TOKEN_TEXT_BYTES])
{
    const struct meta_token token = {
        .tenant = {{3}},
        .role = ROLE_INGEST,
        .name = SLICE("the collector"),
        .table = SLICE("T_CL"),
        .expires_us = START_US + HOUR_US,
    };
    struct guid id;

    ASSERT_OK(meta_token_add(p->meta, &token, text, &id, &err));
    return id;
}

static enum status check(struct control_plane *p, const char *text)
{
    struct meta_token found;

    return meta_token_check(p->meta, slice_of(text), &found, p->arena, &err);
}

static void a_token_gives_what_it_was_made_with(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];
    struct guid id = add(p, text);
    const struct guid tenant = {{3}};

    assert_int_equal(strncmp(text, "dbk_", 4), 0);
    for (int i = 0; i < 3; i++) { /* from the file, from the cache, after a restart */
        struct meta_token found = {0};
        ASSERT_OK(meta_token_check(p->meta, slice_of(text), &found, p->arena, &err));
        assert_true(guid_equal(&found.id, &id));
        assert_true(guid_equal(&found.tenant, &tenant));
        assert_int_equal(found.role, ROLE_INGEST);
        ASSERT_SLICE(found.name, "the collector");
        ASSERT_SLICE(found.table, "T_CL");
        assert_int_equal(found.expires_us, START_US + HOUR_US);
        if (i == 1)
            control_plane_reopen(p);
    }
}

static void any_changed_byte_is_refused(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];

    (void)add(p, text);
    ASSERT_OK(check(p, text));
    for (size_t i = 0; i < strlen(text); i++) {
        char c = text[i];
        text[i] = c == 'a' ? 'b' : 'a';
        ASSERT_STATUS(STATUS_DENIED, check(p, text));
        text[i] = c;
    }
    for (size_t size = 0; size < strlen(text); size++) {
        struct meta_token found;
        ASSERT_STATUS(STATUS_DENIED, meta_token_check(p->meta, slice_head(slice_of(text), size),
                                                      &found, p->arena, &err));
    }
    ASSERT_OK(check(p, text));
}

/* The sum is no secret: with a right one the secret still decides. */
static void a_wrong_secret_with_a_right_sum_is_refused(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES], sum[9];

    (void)add(p, text);
    size_t end = strlen(text) - 8;
    text[40] = text[40] == 'A' ? 'B' : 'A';
    (void)snprintf(sum, sizeof(sum), "%08x", hash_crc32c(0, text, end - 1));
    memcpy(text + end, sum, 8);
    ASSERT_STATUS(STATUS_DENIED, check(p, text));
    assert_string_equal(err.text, "the token is not valid");
}

static void unknown_expired_and_revoked_say_the_same(void **state)
{
    struct control_plane *p = *state;
    char expired[TOKEN_TEXT_BYTES], revoked[TOKEN_TEXT_BYTES];
    struct guid id = add(p, revoked);

    (void)add(p, expired);
    ASSERT_OK(meta_token_revoke(p->meta, &id, &err));
    ASSERT_STATUS(STATUS_DENIED, check(p, revoked));
    assert_string_equal(err.text, "the token is not valid");
    p->clock.now_unix_us = START_US + HOUR_US;
    ASSERT_STATUS(STATUS_DENIED, check(p, expired));
    assert_string_equal(err.text, "the token is not valid");
    ASSERT_STATUS(STATUS_DENIED, check(p, "nonsense"));
    assert_string_equal(err.text, "the token is not valid");
}

static void a_token_expires_though_it_is_cached(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];

    (void)add(p, text);
    p->clock.now_unix_us = START_US + HOUR_US - 1;
    ASSERT_OK(check(p, text));
    p->clock.now_unix_us++;
    ASSERT_STATUS(STATUS_DENIED, check(p, text));
}

static void a_revocation_works_at_once_here(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES], other[TOKEN_TEXT_BYTES];
    struct guid id = add(p, text);
    const struct guid tenant = {{3}};

    (void)add(p, other);
    ASSERT_OK(check(p, text));
    assert_false(meta_token_has_ended(p->meta, &id));
    ASSERT_OK(meta_token_revoke(p->meta, &id, &err));
    ASSERT_STATUS(STATUS_DENIED, check(p, text));
    assert_true(meta_token_has_ended(p->meta, &id));
    assert_true(meta_token_has_ended(p->meta, &tenant)); /* there is none */
    ASSERT_OK(check(p, other));
    ASSERT_STATUS(STATUS_NOT_FOUND, meta_token_revoke(p->meta, &id, &err));
}

static void what_was_begun_ends_with_the_time_of_its_token(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];
    struct guid id = add(p, text);

    p->clock.now_unix_us = START_US + HOUR_US - 1;
    assert_false(meta_token_has_ended(p->meta, &id));
    p->clock.now_unix_us++;
    assert_true(meta_token_has_ended(p->meta, &id));
}

/* Another process wrote it: the cache forgets within a second. */
static void a_revocation_by_another_works_within_a_second(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];

    (void)add(p, text);
    ASSERT_OK(check(p, text));
    control_plane_do(p, "UPDATE tokens SET revoked_us = 1");
    p->clock.now_unix_us += 1000001;
    ASSERT_STATUS(STATUS_DENIED, check(p, text));
}

static void the_secret_is_not_in_the_file(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES], bytes[65536];

    (void)add(p, text);
    FILE *file = fopen(p->path, "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    struct slice secret = slice_from(text + 37, 43);
    assert_int_equal(slice_find(slice_from(bytes, size), secret, 0), SIZE_MAX);
    assert_int_not_equal(slice_find(slice_from(bytes, size), SLICE("the collector"), 0), SIZE_MAX);
}

static void the_list_tells_what_is_revoked(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];
    struct meta_token *list;
    uint32_t count = 9;

    ASSERT_OK(meta_token_list(p->meta, NULL, p->arena, &list, &count, &err));
    assert_int_equal(count, 0);
    struct guid id = add(p, text);
    p->clock.now_unix_us++;
    (void)add(p, text);
    ASSERT_OK(meta_token_revoke(p->meta, &id, &err));
    ASSERT_OK(meta_token_list(p->meta, NULL, p->arena, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_true(guid_equal(&list[0].id, &id));
    assert_int_equal(list[0].revoked_us, START_US + 1);
    assert_int_equal(list[1].revoked_us, 0);
}

/* More than a request has room for, of another tenant. */
static void fill(struct control_plane *p, int count, const char *columns)
{
    char sql[400];

    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d)"
                   " INSERT INTO tokens SELECT CAST(printf('%%016d',i) AS BLOB),zeroblob(32),%s"
                   " FROM n", count, columns);
    control_plane_do(p, sql);
}

#define MANY 1000
#define OF_OTHER "zeroblob(16),1,'one of many that are here','',i,9e15,0"
#define OF_TENANT "x'03000000000000000000000000000000',1,'','',i,"
#define VALID OF_TENANT "9e15,0"
#define EXPIRED OF_TENANT "1,0"
#define REVOKED OF_TENANT "9e15,i"

static void one_is_found_among_many(void **state)
{
    static const struct guid tenant = {{3}}, none = {{0}}, unknown = {{9}};
    struct control_plane *p = *state;
    struct arena *small = arena_new(64 * KIB);
    char text[TOKEN_TEXT_BYTES];
    struct meta_token found, *list;
    uint32_t count;

    assert_non_null(small);
    fill(p, MANY, OF_OTHER);
    struct guid id = add(p, text);
    ASSERT_STATUS(STATUS_LIMIT, meta_token_list(p->meta, NULL, small, &list, &count, &err));
    ASSERT_OK(meta_token_find(p->meta, &id, small, &found, &err));
    assert_true(guid_equal(&found.id, &id) && guid_equal(&found.tenant, &tenant));
    ASSERT_SLICE(found.table, "T_CL");
    ASSERT_OK(meta_token_revoke(p->meta, &id, &err));
    ASSERT_OK(meta_token_find(p->meta, &id, small, &found, &err));
    assert_int_equal(found.revoked_us, START_US);
    ASSERT_STATUS(STATUS_NOT_FOUND, meta_token_find(p->meta, &unknown, small, &found, &err));
    ASSERT_OK(meta_token_list(p->meta, &tenant, small, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_true(guid_equal(&list[0].id, &id));
    ASSERT_OK(meta_token_list(p->meta, &unknown, small, &list, &count, &err));
    assert_int_equal(count, 0);
    ASSERT_OK(meta_token_list(p->meta, &none, p->arena, &list, &count, &err));
    assert_int_equal(count, MANY);
    arena_free(small);
}

static uint32_t tokens_of(struct control_plane *p, const struct guid *tenant)
{
    struct arena *arena = arena_new(64 * MIB);
    struct meta_token *list;
    uint32_t count;

    assert_non_null(arena);
    ASSERT_OK(meta_token_list(p->meta, tenant, arena, &list, &count, &err));
    arena_free(arena);
    return count;
}

static void a_tenant_has_so_many_valid_tokens(void **state)
{
    static const struct guid tenant = {{3}};
    struct control_plane *p = *state;
    struct meta_token token = {.tenant = tenant, .expires_us = START_US + HOUR_US};
    char text[TOKEN_TEXT_BYTES];
    struct guid id, last;

    fill(p, TENANT_TOKENS_MAX - 1, VALID);
    id = add(p, text);
    for (int i = 0; i < 2; i++) {
        ASSERT_STATUS(STATUS_LIMIT, meta_token_add(p->meta, &token, text, &last, &err));
        assert_string_equal(err.code, META_TOKEN_QUOTA);
        assert_non_null(strstr(err.text, "10000 tokens are valid"));
    }
    token.tenant = (struct guid){{4}}; /* another has its own */
    ASSERT_OK(meta_token_add(p->meta, &token, text, &last, &err));
    token.tenant = tenant;
    ASSERT_OK(meta_token_revoke(p->meta, &id, &err));
    ASSERT_OK(meta_token_add(p->meta, &token, text, &last, &err));
    ASSERT_STATUS(STATUS_LIMIT, meta_token_add(p->meta, &token, text, &id, &err));
    ASSERT_OK(check(p, text));
    assert_int_equal(tokens_of(p, &tenant), TENANT_TOKENS_MAX);
}

/* Or who makes tokens that are valid for a second would fill the control plane. */
static void tokens_that_are_not_valid_make_room(void **state)
{
    static const char *const dead[] = {EXPIRED, REVOKED};
    static const struct guid tenant = {{3}};
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES], first[TOKEN_TEXT_BYTES];

    (void)add(p, first);
    for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
        control_plane_do(p, "DELETE FROM tokens WHERE created_us < 1000000");
        fill(p, TENANT_TOKENS_MAX + 1, dead[i]);
        for (int n = 0; n < 10; n++)
            (void)add(p, text);
        uint32_t count = tokens_of(p, &tenant);
        assert_in_range(count, TENANT_TOKENS_MAX - 100, TENANT_TOKENS_MAX);
        ASSERT_OK(check(p, first));
        ASSERT_OK(check(p, text));
    }
}

static bool has_index(const struct control_plane *p)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_master WHERE name='tokens_of_tenant'", -1,
                           &statement, NULL),
        SQLITE_OK);
    bool is_there = sqlite3_step(statement) == SQLITE_ROW;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return is_there;
}

/* Of an earlier release, and without a page to spare. */
static void a_database_without_the_index_gets_it_where_there_is_space(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];

    (void)add(p, text);
    assert_true(has_index(p));
    control_plane_do(p, "DROP INDEX tokens_of_tenant; VACUUM");
    p->bytes_max = 4096; /* a page, or as many as there are */
    control_plane_reopen(p);
    assert_false(has_index(p));
    ASSERT_OK(check(p, text));
    (void)add(p, text);
    p->bytes_max = 0;
    control_plane_reopen(p);
    assert_true(has_index(p));
    ASSERT_OK(check(p, text));
    (void)add(p, text);
}

/* A NUL ends a name where it is compared: a token for a table would write all of them. */
static void a_name_has_no_control_characters(void **state)
{
    const struct slice wrong[] = {SLICE("\0Door"), SLICE("Do\nor"), SLICE("Door\x7f")};
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];
    struct guid id;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct meta_token named = {.name = wrong[i], .expires_us = START_US + HOUR_US};
        const struct meta_token bound = {.table = wrong[i], .expires_us = START_US + HOUR_US};
        ASSERT_STATUS(STATUS_INVALID, meta_token_add(p->meta, &named, text, &id, &err));
        ASSERT_STATUS(STATUS_INVALID, meta_token_add(p->meta, &bound, text, &id, &err));
    }
}

static void a_token_that_an_earlier_release_made_for_such_is_refused(void **state)
{
    struct control_plane *p = *state;
    char text[TOKEN_TEXT_BYTES];

    (void)add(p, text);
    control_plane_do(p, "UPDATE tokens SET only_table = char(0) || 'Door'");
    ASSERT_STATUS(STATUS_DENIED, check(p, text));
    ASSERT_STATUS(STATUS_DENIED, check(p, text)); /* nor from the cache */
}

/* Cut, a table's name would mean another table. */
static void a_name_that_does_not_fit_is_refused_not_cut(void **state)
{
    struct control_plane *p = *state;
    char longest[TABLE_NAME_BYTES_MAX + 1], text[TOKEN_TEXT_BYTES];
    struct meta_token token = {.expires_us = START_US + HOUR_US}, found;
    struct guid id;

    memset(longest, 'T', sizeof(longest));
    token.table = slice_from(longest, sizeof(longest));
    ASSERT_STATUS(STATUS_INVALID, meta_token_add(p->meta, &token, text, &id, &err));
    token.table = slice_from(longest, TABLE_NAME_BYTES_MAX);
    token.name = slice_from(longest, TOKEN_NAME_BYTES_MAX + 1);
    ASSERT_STATUS(STATUS_INVALID, meta_token_add(p->meta, &token, text, &id, &err));
    token.name.size--;
    ASSERT_OK(meta_token_add(p->meta, &token, text, &id, &err));
    for (int i = 0; i < 2; i++) { /* the second time from the cache */
        ASSERT_OK(meta_token_check(p->meta, slice_of(text), &found, p->arena, &err));
        assert_true(slice_equal(found.name, token.name));
        assert_true(slice_equal(found.table, token.table));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(a_token_gives_what_it_was_made_with),
        META_TEST(any_changed_byte_is_refused),
        META_TEST(a_wrong_secret_with_a_right_sum_is_refused),
        META_TEST(unknown_expired_and_revoked_say_the_same),
        META_TEST(a_token_expires_though_it_is_cached),
        META_TEST(a_revocation_works_at_once_here),
        META_TEST(what_was_begun_ends_with_the_time_of_its_token),
        META_TEST(a_revocation_by_another_works_within_a_second),
        META_TEST(the_secret_is_not_in_the_file),
        META_TEST(a_name_has_no_control_characters),
        META_TEST(a_token_that_an_earlier_release_made_for_such_is_refused),
        META_TEST(a_name_that_does_not_fit_is_refused_not_cut),
        META_TEST(the_list_tells_what_is_revoked),
        META_TEST(one_is_found_among_many),
        META_TEST(a_tenant_has_so_many_valid_tokens),
        META_TEST(tokens_that_are_not_valid_make_room),
        META_TEST(a_database_without_the_index_gets_it_where_there_is_space),
    };

    return RUN_TESTS(tests);
}
