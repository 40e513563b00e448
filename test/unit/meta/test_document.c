/* SPDX-License-Identifier: Apache-2.0 */
#include "control_plane.h"

static struct error err;
static const struct guid one = {{1}}, two = {{2}};

static void put(struct control_plane *p, const struct guid *tenant, const char *name,
                struct slice body)
{
    const struct meta_document document = {.name = slice_of(name), .body = body, .items = 3};

    ASSERT_OK(meta_document_put(p->meta, tenant, META_WATCHLIST, &document, &err));
}

static void documents_outlive_a_restart(void **state)
{
    struct control_plane *p = *state;
    struct meta_document got;

    put(p, &one, "vips", SLICE("a\0b"));
    put(p, &one, "vips", SLICE("c\0d"));
    control_plane_reopen(p);
    ASSERT_OK(meta_document_get(p->meta, &one, META_WATCHLIST, SLICE("vips"), p->arena, &got,
                                &err));
    ASSERT_SLICE(got.body, "c\0d");
    assert_int_equal(got.items, 3);
    assert_true(got.updated_us == START_US);
}

static void each_tenant_and_kind_has_its_own(void **state)
{
    struct control_plane *p = *state;
    struct meta_document *list, got;
    uint32_t count;

    put(p, &one, "b", SLICE("1"));
    put(p, &one, "a", SLICE("2"));
    put(p, &two, "a", SLICE("3"));
    ASSERT_OK(meta_document_list(p->meta, &one, META_WATCHLIST, p->arena, &list, &count, &err));
    assert_int_equal(count, 2);
    ASSERT_SLICE(list[0].name, "a");
    assert_int_equal(list[0].body.size, 0);
    ASSERT_OK(meta_document_list(p->meta, &one, META_FUNCTION, p->arena, &list, &count, &err));
    assert_int_equal(count, 0);
    ASSERT_STATUS(STATUS_NOT_FOUND, meta_document_get(p->meta, &two, META_WATCHLIST, SLICE("b"),
                                                      p->arena, &got, &err));
    assert_non_null(strstr(err.text, "there is no 'b'"));
}

static void what_is_removed_is_gone(void **state)
{
    struct control_plane *p = *state;

    put(p, &one, "a", SLICE("1"));
    ASSERT_OK(meta_document_remove(p->meta, &one, META_WATCHLIST, SLICE("a"), &err));
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  meta_document_remove(p->meta, &one, META_WATCHLIST, SLICE("a"), &err));
}

static void a_control_plane_of_version_1_gets_them(void **state)
{
    struct control_plane *p = *state;

    control_plane_do(p, "DROP TABLE documents; PRAGMA user_version = 1");
    control_plane_reopen(p);
    put(p, &one, "a", SLICE("1"));
}

static void without_its_table_everything_fails(void **state)
{
    struct control_plane *p = *state;
    const struct meta_document document = {.name = SLICE("a"), .body = SLICE("b")};
    struct meta_document *list, got;
    uint32_t count;

    control_plane_do(p, "DROP TABLE documents");
    ASSERT_STATUS(STATUS_IO, meta_document_put(p->meta, &one, META_WATCHLIST, &document, &err));
    ASSERT_STATUS(STATUS_IO, meta_document_get(p->meta, &one, META_WATCHLIST, SLICE("a"),
                                               p->arena, &got, &err));
    ASSERT_STATUS(STATUS_IO, meta_document_list(p->meta, &one, META_WATCHLIST, p->arena, &list,
                                                &count, &err));
    ASSERT_STATUS(STATUS_IO,
                  meta_document_remove(p->meta, &one, META_WATCHLIST, SLICE("a"), &err));
}

/* Rows of another program: to put them one by one takes long. */
static void add_rows(struct control_plane *p, const char *rows)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<999)"
                   "INSERT INTO documents SELECT x'01000000000000000000000000000000',1,%s",
                   rows);
    control_plane_do(p, sql);
    control_plane_reopen(p);
}

static void expect_refused(struct control_plane *p, const char *name, struct slice body,
                           const char *why)
{
    const struct meta_document document = {.name = slice_of(name), .body = body};

    ASSERT_STATUS(STATUS_LIMIT, meta_document_put(p->meta, &one, META_WATCHLIST, &document, &err));
    assert_string_equal(err.code, META_DOCUMENT_QUOTA);
    if (strstr(err.text, why) == NULL)
        fail_msg("%s", err.text);
}

static void a_tenant_has_so_many_of_a_kind(void **state)
{
    const struct meta_document function = {.name = SLICE("f"), .body = SLICE("1")};
    struct control_plane *p = *state;

    add_rows(p, "'n'||i,1,1,x'00' FROM n");
    put(p, &one, "last", SLICE("1"));
    expect_refused(p, "more", SLICE("1"), "there are 1000 of them");
    put(p, &one, "n7", SLICE("other")); /* takes the place of one */
    put(p, &two, "more", SLICE("1"));
    ASSERT_OK(meta_document_put(p->meta, &one, META_FUNCTION, &function, &err));
    ASSERT_OK(meta_document_remove(p->meta, &one, META_WATCHLIST, SLICE("n7"), &err));
    put(p, &one, "more", SLICE("1"));
}

static void a_tenant_has_so_many_bytes(void **state)
{
    const struct meta_document function = {.name = SLICE("f"), .body = SLICE("1")};
    struct control_plane *p = *state;
    char large[101] = "";

    add_rows(p, "'large',1,1,zeroblob(64*1024*1024-100)");
    expect_refused(p, "a", slice_from(large, 101), "the most is 67108864");
    put(p, &one, "a", slice_from(large, 100));
    put(p, &one, "a", slice_from(large, 100));
    expect_refused(p, "a", slice_from(large, 101), "the most is 67108864");
    ASSERT_STATUS(STATUS_LIMIT,
                  meta_document_put(p->meta, &one, META_FUNCTION, &function, &err));
    put(p, &two, "a", slice_from(large, 101));
    add_rows(p, "'more',1,1,x'00'"); /* of a program without this bound */
    put(p, &one, "a", slice_from(large, 99));
    put(p, &one, "large", SLICE("small"));
    put(p, &one, "a", slice_from(large, 101));
}

/* Room is left for tenants, tokens and their revocation. */
static void documents_do_not_fill_the_control_plane(void **state)
{
    struct control_plane *p = *state;
    char large[20000] = "";

    p->bytes_max = CONTROL_RESERVE_BYTES + 15 * 4096;
    control_plane_reopen(p);
    put(p, &two, "a", slice_from(large, sizeof(large)));
    expect_refused(p, "a", slice_from(large, sizeof(large)), "nearly full");
    ASSERT_OK(set_setting(p->meta, SLICE("a"), slice_from(large, sizeof(large)), &err));
    put(p, &two, "a", SLICE("1"));
}

#define TEST(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, control_plane_setup, control_plane_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documents_outlive_a_restart),
        TEST(each_tenant_and_kind_has_its_own),
        TEST(what_is_removed_is_gone),
        TEST(a_control_plane_of_version_1_gets_them),
        TEST(without_its_table_everything_fails),
        TEST(a_tenant_has_so_many_of_a_kind),
        TEST(a_tenant_has_so_many_bytes),
        TEST(documents_do_not_fill_the_control_plane),
    };

    return RUN_TESTS(tests);
}
