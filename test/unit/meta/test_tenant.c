/* SPDX-License-Identifier: Apache-2.0 */
#include "control_plane.h"

#include <string.h>

static struct error err;

static void a_tenant_is_found_by_name_in_any_case_and_by_id(void **state)
{
    struct control_plane *p = *state;
    struct meta_tenant made, found;
    char id[GUID_TEXT_BYTES + 1];

    ASSERT_OK(meta_tenant_add(p->meta, SLICE("Contoso"), NULL, &made, p->arena, &err));
    assert_false(guid_is_zero(&made.id));
    assert_int_equal(made.created_us, START_US);
    control_plane_reopen(p);
    ASSERT_OK(meta_tenant_find(p->meta, SLICE("cONTOSO"), &found, p->arena, &err));
    assert_true(guid_equal(&found.id, &made.id));
    ASSERT_SLICE(found.name, "Contoso");
    assert_int_equal(found.created_us, START_US);
    guid_format(&made.id, id);
    ASSERT_OK(meta_tenant_find(p->meta, slice_of(id), &found, p->arena, &err));
    ASSERT_SLICE(found.name, "Contoso");
}

static void a_name_or_an_id_is_given_once(void **state)
{
    struct control_plane *p = *state;
    const struct guid id = {{7}};
    struct meta_tenant tenant;

    ASSERT_OK(meta_tenant_add(p->meta, SLICE("one"), &id, &tenant, p->arena, &err));
    assert_true(guid_equal(&tenant.id, &id));
    ASSERT_STATUS(STATUS_CONFLICT,
                  meta_tenant_add(p->meta, SLICE("ONE"), NULL, &tenant, p->arena, &err));
    ASSERT_STATUS(STATUS_CONFLICT,
                  meta_tenant_add(p->meta, SLICE("two"), &id, &tenant, p->arena, &err));
}

static void a_name_is_text_of_reasonable_size_and_no_guid(void **state)
{
    struct control_plane *p = *state;
    struct meta_tenant tenant;
    char longest[TENANT_NAME_BYTES_MAX + 1];
    const struct slice bad[] = {
        SLICE(""), SLICE("a\nb"), SLICE("a\x7f"), SLICE("\xFF\xFE"), SLICE("a\0b"),
        SLICE("4fd1e0a4-1b2c-4d3e-8f90-123456789abc"), {longest, sizeof(longest)},
    };

    memset(longest, 'x', sizeof(longest));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ASSERT_STATUS(STATUS_INVALID,
                      meta_tenant_add(p->meta, bad[i], NULL, &tenant, p->arena, &err));
    struct slice fits = slice_from(longest, TENANT_NAME_BYTES_MAX);
    ASSERT_OK(meta_tenant_add(p->meta, fits, NULL, &tenant, p->arena, &err));
    ASSERT_OK(meta_tenant_find(p->meta, fits, &tenant, p->arena, &err));
}

static void what_is_not_there_is_not_found(void **state)
{
    struct control_plane *p = *state;
    struct meta_tenant tenant;
    char huge[TENANT_NAME_BYTES_MAX * 4];

    memset(huge, 'x', sizeof(huge));
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  meta_tenant_find(p->meta, SLICE("' OR 1=1 --"), &tenant, p->arena, &err));
    ASSERT_STATUS(STATUS_NOT_FOUND, meta_tenant_find(p->meta, SLICE(""), &tenant, p->arena, &err));
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  meta_tenant_find(p->meta, SLICE("4fd1e0a4-1b2c-4d3e-8f90-123456789abc"), &tenant,
                                   p->arena, &err));
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  meta_tenant_find(p->meta, slice_from(huge, sizeof(huge)), &tenant, p->arena,
                                   &err));
}

static void the_list_is_by_name(void **state)
{
    struct control_plane *p = *state;
    struct meta_tenant tenant, *list;
    uint32_t count = 9;

    ASSERT_OK(meta_tenant_list(p->meta, p->arena, &list, &count, &err));
    assert_int_equal(count, 0);
    ASSERT_OK(meta_tenant_add(p->meta, SLICE("bravo"), NULL, &tenant, p->arena, &err));
    ASSERT_OK(meta_tenant_add(p->meta, SLICE("Alpha"), NULL, &tenant, p->arena, &err));
    ASSERT_OK(meta_tenant_list(p->meta, p->arena, &list, &count, &err));
    assert_int_equal(count, 2);
    ASSERT_SLICE(list[0].name, "Alpha");
    ASSERT_SLICE(list[1].name, "bravo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(a_tenant_is_found_by_name_in_any_case_and_by_id),
        META_TEST(a_name_or_an_id_is_given_once),
        META_TEST(a_name_is_text_of_reasonable_size_and_no_guid),
        META_TEST(what_is_not_there_is_not_found),
        META_TEST(the_list_is_by_name),
    };

    return RUN_TESTS(tests);
}
