/* SPDX-License-Identifier: Apache-2.0 */
/* Which tenants a request may read, and that the answer tells nobody of others. */
#include "fixture.h"

static struct error err;

static const struct guid beta_id = {{8}};

/* Asks as `who` for the tenant of that name. */
static enum status reach(struct fixture *f, const struct principal *who, const char *name, bool all,
                         struct reach *ret)
{
    const struct http_request request = {.principal = who, .arena = f->arena};

    err = (struct error){0};
    return share_reach(f->share, &request, slice_of(name), all, ret, &err);
}

static void add_beta(struct fixture *f)
{
    struct meta_tenant tenant;

    ASSERT_OK(meta_tenant_add(f->meta, SLICE("beta"), &beta_id, &tenant, f->arena, &err));
}

static void assert_one(const struct reach *found, const struct guid *tenant, const char *name)
{
    assert_int_equal(found->count, 1);
    assert_true(guid_equal(&found->tenants[0], tenant));
    assert_true(slice_is(found->names[0], name));
}

static void a_token_of_a_tenant_reaches_that_one(void **state)
{
    struct fixture *f = *state;
    const struct principal who = {.role = ROLE_ADMIN, .tenant = f->tenant};
    char own[GUID_TEXT_BYTES + 1];
    struct reach found;

    add_beta(f);
    guid_format(&f->tenant, own);
    ASSERT_OK(reach(f, &who, "", false, &found));
    assert_one(&found, &f->tenant, "alpha");
    ASSERT_OK(reach(f, &who, "alpha", false, &found));
    assert_one(&found, &f->tenant, "alpha");
    ASSERT_OK(reach(f, &who, own, false, &found));
    assert_one(&found, &f->tenant, "alpha");
}

/* One that is there and one that is not are told in the same words. */
static void others_are_not_there_for_it(void **state)
{
    struct fixture *f = *state;
    const struct principal who = {.role = ROLE_OPERATOR, .tenant = f->tenant};
    struct reach found;

    add_beta(f);
    ASSERT_STATUS(STATUS_NOT_FOUND, reach(f, &who, "beta", false, &found));
    assert_string_equal(err.text, "there is no tenant 'beta'");
    ASSERT_STATUS(STATUS_NOT_FOUND, reach(f, &who, "gamma", false, &found));
    assert_string_equal(err.text, "there is no tenant 'gamma'");
    ASSERT_STATUS(STATUS_NOT_FOUND, reach(f, &who, INSTANCE_NAME, false, &found));
    assert_int_equal(found.count, 0);
}

static void a_token_of_the_instance_names_one(void **state)
{
    struct fixture *f = *state;
    const struct principal who = {.role = ROLE_ADMIN};
    struct reach found;

    add_beta(f);
    ASSERT_OK(reach(f, &who, "beta", false, &found));
    assert_one(&found, &beta_id, "beta");
    ASSERT_OK(reach(f, &who, INSTANCE_NAME, false, &found));
    assert_one(&found, &(struct guid){{0}}, INSTANCE_NAME);
    ASSERT_STATUS(STATUS_INVALID, reach(f, &who, "", false, &found));
    ASSERT_STATUS(STATUS_NOT_FOUND, reach(f, &who, "gamma", false, &found));
}

static void all_at_once_are_for_operators_of_the_instance(void **state)
{
    struct fixture *f = *state;
    const struct principal operator = {.role = ROLE_OPERATOR};
    const struct principal others[] = {{.role = ROLE_ADMIN},
                                       {.role = ROLE_OPERATOR, .tenant = f->tenant}};
    struct reach found;

    add_beta(f);
    ASSERT_OK(reach(f, &operator, "", true, &found));
    assert_int_equal(found.count, 2);
    bool is_swapped = slice_is(found.names[0], "beta");
    assert_true(slice_is(found.names[is_swapped], "alpha"));
    assert_true(guid_equal(&found.tenants[is_swapped], &f->tenant));
    assert_true(guid_equal(&found.tenants[!is_swapped], &beta_id));
    for (size_t i = 0; i < 2; i++)
        ASSERT_STATUS(STATUS_DENIED, reach(f, &others[i], "", true, &found));
}

/* Whoever may administer the logs: the instance has one, too. */
static void logs_are_those_of_all_tenants_and_the_instance(void **state)
{
    struct fixture *f = *state;
    const struct principal admin = {.role = ROLE_ADMIN};
    const struct principal own = {.role = ROLE_ADMIN, .tenant = f->tenant};
    struct http_request request = {.principal = &admin, .arena = f->arena};
    struct reach found;

    add_beta(f);
    ASSERT_OK(share_reach_logs(f->share, &request, SLICE(""), &found, &err));
    assert_int_equal(found.count, 3);
    assert_true(slice_is(found.names[2], INSTANCE_NAME));
    assert_true(guid_is_zero(&found.tenants[2]));
    ASSERT_OK(share_reach_logs(f->share, &request, SLICE("beta"), &found, &err));
    assert_one(&found, &beta_id, "beta");
    request.principal = &own;
    ASSERT_OK(share_reach_logs(f->share, &request, SLICE(""), &found, &err));
    assert_one(&found, &f->tenant, "alpha");
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  share_reach_logs(f->share, &request, SLICE("beta"), &found, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_token_of_a_tenant_reaches_that_one),
        FIXTURE_TEST(others_are_not_there_for_it),
        FIXTURE_TEST(a_token_of_the_instance_names_one),
        FIXTURE_TEST(all_at_once_are_for_operators_of_the_instance),
        FIXTURE_TEST(logs_are_those_of_all_tenants_and_the_instance),
    };

    return RUN_TESTS(tests);
}
