/* SPDX-License-Identifier: Apache-2.0 */
#include "control_plane.h"

#include <string.h>

static struct error err;

static void a_setting_is_kept_over_a_restart(void **state)
{
    struct control_plane *p = *state;
    struct slice value;

    ASSERT_OK(meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_SLICE(value, "");
    ASSERT_OK(set_setting(p->meta, SLICE("a"), SLICE("one"), &err));
    ASSERT_OK(set_setting(p->meta, SLICE("a"), SLICE("two'\xC3\xA9"), &err));
    control_plane_reopen(p);
    ASSERT_OK(meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_SLICE(value, "two'\xC3\xA9");
}

/* Before it is too large for its sum, and not as if the disk were full. */
static void a_full_one_says_so(void **state)
{
    static char large[30000];
    struct control_plane *p = *state;
    struct slice value;

    meta_close(p->meta);
    p->bytes_max = 12 * 4096;
    ASSERT_OK(control_plane_open(p, false, &err));
    memset(large, 'x', sizeof(large));
    ASSERT_STATUS(STATUS_LIMIT, set_setting(p->meta, SLICE("a"),
                                                 slice_from(large, sizeof(large)), &err));
    assert_non_null(strstr(err.text, "the control plane is full"));
    ASSERT_OK(set_setting(p->meta, SLICE("a"), SLICE("one"), &err));
    assert_true(io_exists(p->io, "db.sum"));
    control_plane_reopen(p);
    ASSERT_OK(meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_SLICE(value, "one");
}

static void two_settings_are_stored_together_or_not(void **state)
{
    static char large[30000];
    struct control_plane *p = *state;
    struct meta_setting pair[2] = {{SLICE("a"), SLICE("one")}, {SLICE("b"), SLICE("1")}};
    struct slice value;

    meta_close(p->meta);
    p->bytes_max = 12 * 4096;
    ASSERT_OK(control_plane_open(p, false, &err));
    ASSERT_OK(meta_settings_set(p->meta, pair, 2, &err));
    memset(large, 'x', sizeof(large));
    pair[0].value = SLICE("two");
    pair[1].value = slice_from(large, sizeof(large));
    ASSERT_STATUS(STATUS_LIMIT, meta_settings_set(p->meta, pair, 2, &err));
    ASSERT_OK(meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_SLICE(value, "one");
    pair[1].value = SLICE("0");
    ASSERT_OK(meta_settings_set(p->meta, pair, 2, &err));
    control_plane_reopen(p);
    ASSERT_OK(meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_SLICE(value, "two");
    ASSERT_OK(meta_setting_get(p->meta, SLICE("b"), p->arena, &value, &err));
    ASSERT_SLICE(value, "0");
}

static void a_newer_schema_is_refused(void **state)
{
    struct control_plane *p = *state;

    meta_close(p->meta);
    control_plane_do(p, "PRAGMA user_version = 99");
    ASSERT_STATUS(STATUS_CORRUPT, control_plane_open(p, false, &err));
    assert_non_null(strstr(err.text, "99"));
    assert_null(p->meta);
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
    struct control_plane *p = *state;
    FILE *file = fopen(p->path, "w");

    meta_close(p->meta);
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is not a database. ", file);
    (void)fclose(file);
    ASSERT_OK(io_unlink(p->io, "db.copy", &err));
    ASSERT_STATUS(STATUS_CORRUPT, control_plane_open(p, false, &err));
    ASSERT_STATUS(STATUS_CORRUPT, control_plane_open(p, true, &err));
    assert_null(p->meta);
}

static void a_place_that_is_not_there_is_an_io_error(void **state)
{
    struct control_plane *p = *state;
    const struct meta_options options = {
        .io = p->io, .path = "nowhere/db", .clock = &p->clock.clock, .create = true};
    struct meta *meta = NULL;

    ASSERT_STATUS(STATUS_IO, meta_open(&options, &meta, &err));
    assert_null(meta);
    meta_close(NULL);
}

static void what_another_broke_is_an_error_and_no_crash(void **state)
{
    struct control_plane *p = *state;
    struct slice value;
    struct meta_token token = {0};
    struct meta_tenant tenant, *tenants;
    struct meta_token *tokens;
    char text[TOKEN_TEXT_BYTES];
    struct guid id = {{1}};
    uint32_t count;

    control_plane_do(p, "DROP TABLE settings; DROP TABLE tenants; DROP TABLE tokens");
    ASSERT_STATUS(STATUS_IO, meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_STATUS(STATUS_IO, set_setting(p->meta, SLICE("a"), SLICE("b"), &err));
    ASSERT_STATUS(STATUS_IO, meta_tenant_add(p->meta, SLICE("a"), NULL, &tenant, p->arena, &err));
    ASSERT_STATUS(STATUS_IO, meta_tenant_find(p->meta, SLICE("a"), &tenant, p->arena, &err));
    ASSERT_STATUS(STATUS_IO, meta_tenant_list(p->meta, p->arena, &tenants, &count, &err));
    ASSERT_STATUS(STATUS_IO, meta_token_add(p->meta, &token, text, &id, &err));
    ASSERT_STATUS(STATUS_IO, meta_token_list(p->meta, NULL, p->arena, &tokens, &count, &err));
    ASSERT_STATUS(STATUS_IO, meta_token_revoke(p->meta, &id, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(a_setting_is_kept_over_a_restart),
        META_TEST(a_full_one_says_so),
        META_TEST(two_settings_are_stored_together_or_not),
        META_TEST(a_newer_schema_is_refused),
        META_TEST(a_file_that_is_no_database_is_corrupt),
        META_TEST(a_place_that_is_not_there_is_an_io_error),
        META_TEST(what_another_broke_is_an_error_and_no_crash),
    };

    return RUN_TESTS(tests);
}
