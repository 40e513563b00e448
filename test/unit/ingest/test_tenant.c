/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/tenant_priv.h"

#include "ingest/world.h"

struct fixture {
    struct world w;
    struct tenant_table table;
    struct tenant *tenant;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct error err;

    world_new(&f->w);
    tenant_table_init(&f->table, f->w.keyring);
    ASSERT_OK(tenant_table_get(&f->table, &f->w.tenant, &f->tenant, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    tenant_table_release(&f->table);
    world_free(&f->w);
    free(f);
    return 0;
}

static void a_tenant_is_made_once_and_begins_at_one(void **state)
{
    struct fixture *f = *state;
    struct tenant *again, **list;
    struct guid unknown = guid_new();
    struct error err;
    size_t count;

    ASSERT_OK(tenant_table_get(&f->table, &f->w.tenant, &again, &err));
    assert_ptr_equal(again, f->tenant);
    assert_ptr_equal(tenant_table_find(&f->table, &f->w.tenant), again);
    assert_int_equal(again->given.next_seq, 1);
    assert_int_equal(again->given.next_leaf, 0);
    assert_null(tenant_table_find(&f->table, &f->w.other));
    assert_int_equal(tenant_table_get(&f->table, &unknown, &again, &err), STATUS_NOT_FOUND);
    ASSERT_OK(tenant_table_get(&f->table, &f->w.other, &again, &err));
    ASSERT_OK(tenant_table_get_stored(&f->table, &unknown, &again, &err));
    assert_null(again);
    assert_int_equal(tenant_table_get_stored(&f->table, &(struct guid){{0}}, &again, &err),
                     STATUS_INVALID);
    ASSERT_OK(tenant_table_get_stored(&f->table, &f->w.other, &again, &err));
    assert_non_null(again);
    ASSERT_OK(tenant_table_list(&f->table, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_true(memcmp(&list[0]->id, &list[1]->id, sizeof(struct guid)) < 0);
    free(list);
}

static struct print make_print(uint8_t n)
{
    return (struct print){.id = n, .content = {n}, .minute = 5};
}

static void add(struct fixture *f, uint8_t n)
{
    struct print print = make_print(n);
    struct error err;

    ASSERT_OK(print_set_add(&f->tenant->hot, &print, &err));
}

static void keep(struct fixture *f, uint8_t n, const char *text)
{
    struct hash256 mac = {{n}}, body = {{7}};
    struct error err;
    struct kept_answer *answer = kept_answer_new(5, &body, slice_of(text), &err);

    ASSERT_OK(tenant_keep_answer(f->tenant, &mac, answer, &err));
}

static void expect(struct fixture *f, uint8_t n, bool there, const char *text)
{
    struct print print = make_print(n);
    struct hash256 mac = {{n}};
    const struct kept_answer *answer = tenant_find_answer(f->tenant, &mac);

    assert_int_equal(tenant_look(f->tenant, &print, 0), there ? PRINT_DUPLICATE : PRINT_NEW);
    if (text == NULL)
        assert_null(answer);
    else
        assert_true(slice_is(slice_from(answer->bytes, answer->size), text));
}

static void what_is_frozen_is_seen_until_it_is_thawed(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add(f, 1);
    keep(f, 1, "one");
    ASSERT_OK(tenant_freeze(f->tenant, &err));
    add(f, 2);
    keep(f, 2, "two");
    expect(f, 1, true, "one");
    expect(f, 2, true, "two");
    tenant_thaw(f->tenant);
    expect(f, 1, false, NULL);
    expect(f, 2, true, "two");
}

static void a_failed_save_keeps_what_was_frozen(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add(f, 1);
    keep(f, 1, "old");
    ASSERT_OK(tenant_freeze(f->tenant, &err));
    add(f, 2);
    keep(f, 1, "new");
    ASSERT_OK(tenant_freeze(f->tenant, &err)); /* nothing was thawed between */
    assert_int_equal(f->tenant->hot.count, 0);
    assert_int_equal(f->tenant->frozen.count, 2);
    expect(f, 1, true, "new");
    expect(f, 2, true, NULL);
}

static void what_is_forgotten_is_new_again(void **state)
{
    struct fixture *f = *state;
    struct print one = make_print(1), two = make_print(2);
    struct error err;

    add(f, 1);
    ASSERT_OK(tenant_freeze(f->tenant, &err));
    add(f, 2);
    tenant_forget(f->tenant, &one);
    tenant_forget(f->tenant, &two);
    expect(f, 1, false, NULL);
    expect(f, 2, false, NULL);
}

static void what_is_delivered_ends_before_the_first_that_is_not(void **state)
{
    struct fixture *f = *state;
    struct undelivered first, second;

    assert_int_equal(tenant_delivered_seq(f->tenant), 0);
    tenant_add_undelivered(f->tenant, &first, 1);
    tenant_add_undelivered(f->tenant, &second, 5);
    f->tenant->given.next_seq = 9;
    assert_int_equal(tenant_delivered_seq(f->tenant), 0);
    tenant_remove_undelivered(f->tenant, &first);
    assert_int_equal(tenant_delivered_seq(f->tenant), 4);
    tenant_remove_undelivered(f->tenant, &second);
    assert_int_equal(tenant_delivered_seq(f->tenant), 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_tenant_is_made_once_and_begins_at_one),
        TEST(what_is_frozen_is_seen_until_it_is_thawed),
        TEST(a_failed_save_keeps_what_was_frozen),
        TEST(what_is_forgotten_is_new_again),
        TEST(what_is_delivered_ends_before_the_first_that_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
