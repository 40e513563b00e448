/* SPDX-License-Identifier: Apache-2.0 */
/* What a query finds by a name, and in which order it is looked for. */
#include "fixture.h"

static struct error err;

static const struct guid instance, beta_id = {{8}};
static const struct principal who = {.role = ROLE_OPERATOR, .id = {{1}}};

struct scene {
    struct fixture *f;
    struct http_request request;
    struct guid tenants[2];
    struct slice names[2];
    struct query_view view;
};

static struct slice ship_view(void *context, struct slice name)
{
    (void)context;
    return slice_is(name, "Logs") ? SLICE("Logs | where true") : (struct slice){"", 0};
}

static void ship_views(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("Logs"));
}

static struct slice ship_function(void *context, struct slice name)
{
    (void)context;
    return slice_is(name, "Shared") ? SLICE("() { 1 }") : (struct slice){"", 0};
}

static void put(struct fixture *f, const struct guid *whose, enum meta_document_kind kind,
                const char *name, const char *text)
{
    const struct documents documents = {f->meta, f->keyring};
    const struct meta_document plain = {.name = slice_of(name), .body = slice_of(text)};

    ASSERT_OK(document_put(&documents, whose, kind, &plain, f->arena, &err));
}

/* A view of one tenant, or of two. */
static void open_view(struct scene *s, struct fixture *f, uint32_t count)
{
    *s = (struct scene){.f = f,
                        .request = {.principal = &who, .arena = f->arena},
                        .tenants = {f->tenant, beta_id},
                        .names = {SLICE("alpha"), SLICE("beta")}};
    const struct reach reach = {s->tenants, s->names, count};

    f->share->services.view = ship_view;
    f->share->services.views = ship_views;
    f->share->services.function = ship_function;
    ASSERT_OK(share_view_open(f->share, &s->request, &reach, &s->view, &err));
}

static struct slice function(struct scene *s, const char *name)
{
    return s->view.env.function(s->view.env.context, slice_of(name));
}

static void note_name(void *arg, struct slice name)
{
    buf_add_slice(arg, name);
    buf_add_byte(arg, ' ');
}

/* Every name, with a blank behind. */
static bool names_are(struct scene *s,
                      void (*names)(void *context, void (*each)(void *arg, struct slice name),
                                    void *arg),
                      const char *wanted)
{
    struct buf found;

    buf_init(&found, MIB);
    names(s->view.env.context, note_name, &found);
    bool result = slice_is(buf_slice(&found), wanted);
    buf_release(&found);
    return result;
}

static void tables_and_views_have_names(void **state)
{
    struct fixture *f = *state;
    struct table_source *source = NULL;
    struct scene s;

    (void)fixture_put(f);
    open_view(&s, f, 1);
    const struct query_env *env = &s.view.env;
    ASSERT_OK(env->table(env->context, SLICE("T_CL"), &source, &err));
    ASSERT_STATUS(STATUS_NOT_FOUND, env->table(env->context, SLICE("U_CL"), &source, &err));
    assert_true(names_are(&s, env->names, "Quarantine T_CL Logs "));
    assert_true(names_are(&s, env->stored, "T_CL "));
    assert_true(slice_is(env->view(env->context, SLICE("Logs")), "Logs | where true"));
    assert_int_equal(env->view(env->context, SLICE("T_CL")).size, 0);
    share_view_close(&s.view);
}

/* The snapshot is that of the moment when it was opened. */
static void what_comes_later_is_not_seen(void **state)
{
    struct fixture *f = *state;
    struct table_source *source = NULL;
    struct scene s;

    open_view(&s, f, 1);
    (void)fixture_put(f);
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  s.view.env.table(s.view.env.context, SLICE("T_CL"), &source, &err));
    share_view_close(&s.view);
}

static void a_tenants_function_comes_before_the_others(void **state)
{
    struct fixture *f = *state;
    struct scene s;

    put(f, &instance, META_FUNCTION, "Shared", "() { 2 }");
    put(f, &instance, META_FUNCTION, "Common", "() { 3 }");
    put(f, &f->tenant, META_FUNCTION, "Common", "() { 4 }");
    open_view(&s, f, 1);
    assert_true(slice_is(function(&s, "Shared"), "() { 2 }"));
    assert_true(slice_is(function(&s, "Common"), "() { 4 }"));
    assert_int_equal(function(&s, "None").size, 0);
    share_view_close(&s.view);
    open_view(&s, f, 2); /* whose would it be? */
    assert_true(slice_is(function(&s, "Common"), "() { 3 }"));
    share_view_close(&s.view);
}

/* Else it would hide records; a table that anybody may begin takes no function away. */
static void a_function_hides_no_view_and_no_table_a_function(void **state)
{
    struct fixture *f = *state;
    struct scene s;

    put(f, &f->tenant, META_FUNCTION, "Logs", "() { 5 }");
    put(f, &f->tenant, META_FUNCTION, "T_CL", "() { 6 }");
    (void)fixture_put(f);
    open_view(&s, f, 1);
    assert_int_equal(function(&s, "Logs").size, 0);
    assert_true(slice_is(function(&s, "T_CL"), "() { 6 }"));
    const struct reach reach = {s.tenants, s.names, 1}, nobody = {0};
    ASSERT_STATUS(STATUS_CONFLICT,
                  share_check_no_table(f->share, s.view.snapshot, &reach, SLICE("T_CL"), &err));
    ASSERT_STATUS(STATUS_CONFLICT,
                  share_check_no_table(f->share, s.view.snapshot, &nobody, SLICE("Logs"), &err));
    ASSERT_OK(share_check_no_table(f->share, s.view.snapshot, &nobody, SLICE("T_CL"), &err));
    share_view_close(&s.view);
}

static void watchlists_are_those_of_one_tenant(void **state)
{
    struct fixture *f = *state;
    struct slice text = {"", 0};
    struct scene s;

    put(f, &f->tenant, META_WATCHLIST, "vips", "Name\nann\n");
    open_view(&s, f, 1);
    const struct query_env *env = &s.view.env;
    ASSERT_OK(env->watchlist(env->context, SLICE("vips"), f->arena, &text, &err));
    assert_true(slice_is(text, "Name\nann\n"));
    ASSERT_STATUS(STATUS_NOT_FOUND,
                  env->watchlist(env->context, SLICE("none"), f->arena, &text, &err));
    assert_true(names_are(&s, env->watchlists, "vips "));
    share_view_close(&s.view);
    open_view(&s, f, 2);
    ASSERT_STATUS(STATUS_INVALID,
                  env->watchlist(env->context, SLICE("vips"), f->arena, &text, &err));
    assert_true(names_are(&s, env->watchlists, ""));
    share_view_close(&s.view);
}

/* A view is a place among what reads much; one that was closed is free again. */
static void a_view_takes_a_place_and_gives_it_back(void **state)
{
    struct fixture *f = *state;
    struct gate *gate = &f->share->gate;
    struct scene s;

    for (unsigned i = 0; i < GATE_PLACES_MAX + 1; i++) {
        open_view(&s, f, 1 + i % 2);
        assert_int_equal(gate->taken, 1);
        share_view_close(&s.view);
        assert_int_equal(gate->taken, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(tables_and_views_have_names),
        FIXTURE_TEST(what_comes_later_is_not_seen),
        FIXTURE_TEST(a_tenants_function_comes_before_the_others),
        FIXTURE_TEST(a_function_hides_no_view_and_no_table_a_function),
        FIXTURE_TEST(watchlists_are_those_of_one_tenant),
        FIXTURE_TEST(a_view_takes_a_place_and_gives_it_back),
    };

    return RUN_TESTS(tests);
}
