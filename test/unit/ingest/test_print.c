/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/print_priv.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static void make_keys(struct hmac256 *idem, struct print_keys *ret)
{
    struct key key = {{1}};
    struct error err;

    hmac256_init(idem, "key", 3);
    ret->idem = idem;
    assert_int_equal(vhash_key_derive(&key, &ret->hash, &err), STATUS_OK);
}

static struct print make(const char *table, const char *id, const char *raw, uint32_t minute)
{
    struct hmac256 idem;
    struct print_keys keys;
    struct print print;

    make_keys(&idem, &keys);
    print_make(&keys, slice_of(table), slice_of(id), slice_of(raw), &print);
    print.minute = minute;
    return print;
}

static void add(struct print_set *set, struct print print)
{
    struct error err;

    assert_int_equal(print_set_add(set, &print, &err), STATUS_OK);
}

static void a_print_is_of_table_id_and_content(void **state)
{
    struct print a = make("T", "id", "raw", 5);

    (void)state;
    struct print same = make("T", "id", "raw", 6);
    assert_int_equal(a.id, same.id);
    assert_true(print_has_content_of(&a, &same));
    struct print other = make("T", "id", "Raw", 5);
    assert_int_equal(a.id, other.id);
    assert_false(print_has_content_of(&a, &other));
    assert_int_not_equal(a.id, make("U", "id", "raw", 5).id);
    assert_int_not_equal(a.id, make("T", "ie", "raw", 5).id);
    assert_int_not_equal(make("T", "Ui", "", 5).id, make("TU", "i", "", 5).id);
}

static void a_print_of_a_body_is_of_its_table_too(void **state)
{
    struct hmac256 idem;
    struct print_keys keys;

    (void)state;
    make_keys(&idem, &keys);
    uint64_t print = print_of_body(&keys, SLICE("T"), SLICE("body"));
    assert_int_equal(print_of_body(&keys, SLICE("T"), SLICE("body")), print);
    assert_int_not_equal(print_of_body(&keys, SLICE("U"), SLICE("body")), print);
    assert_int_not_equal(print_of_body(&keys, SLICE("T"), SLICE("Body")), print);
    assert_int_not_equal(print_of_body(&keys, SLICE(""), SLICE("Tbody")), print);
    assert_int_not_equal(print_of_body(&keys, SLICE(""), SLICE("")), print);
}

static void equal_content_is_a_duplicate_and_other_a_conflict(void **state)
{
    struct print_set set = {0};
    struct print a = make("T", "a", "1", 10), b = make("T", "a", "2", 10);
    struct print c = make("T", "c", "", 9);

    (void)state;
    assert_int_equal(print_set_look(&set, &a, 0), PRINT_NEW);
    add(&set, a);
    assert_int_equal(print_set_look(&set, &a, 10), PRINT_DUPLICATE);
    assert_int_equal(print_set_look(&set, &a, 11), PRINT_NEW); /* too long ago */
    assert_int_equal(print_set_look(&set, &b, 10), PRINT_CONFLICTING);
    assert_int_equal(print_set_look(&set, &c, 0), PRINT_NEW);
    add(&set, b);
    assert_int_equal(print_set_look(&set, &a, 10), PRINT_DUPLICATE);
    assert_int_equal(print_set_look(&set, &b, 10), PRINT_DUPLICATE);
    assert_true(print_set_forget(&set, &a));
    assert_int_equal(print_set_look(&set, &a, 0), PRINT_CONFLICTING);
    assert_false(print_set_forget(&set, &c));
    print_set_release(&set);
    assert_int_equal(print_set_look(&set, &a, 0), PRINT_NEW);
    assert_false(print_set_forget(&set, &a));
}

static void many_are_found_and_come_out_sorted(void **state)
{
    struct print_set set = {0};
    struct print *sorted;
    struct error err;
    size_t count;
    char id[16];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(id, sizeof(id), "%d", i);
        add(&set, make("T", id, id, 3));
    }
    assert_int_equal(set.count, 5000);
    assert_true(set.count * 4 <= set.capacity * 3);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(id, sizeof(id), "%d", i);
        struct print print = make("T", id, id, 3);
        assert_int_equal(print_set_look(&set, &print, 0), PRINT_DUPLICATE);
        if (i < 100)
            assert_true(print_set_forget(&set, &print));
    }
    assert_int_equal(print_set_sorted(&set, &sorted, &count, &err), STATUS_OK);
    assert_int_equal(count, 4900);
    for (size_t i = 1; i < count; i++)
        assert_true(sorted[i - 1].id <= sorted[i].id);
    free(sorted);
    print_set_release(&set);
}

static void what_went_on_at_the_front_is_sorted_too(void **state)
{
    struct print_set set = {0};
    struct print *sorted;
    struct error err;
    size_t count;

    (void)state;
    for (uint64_t i = 1; i <= 20; i++) { /* all but the first of the highest find no room */
        add(&set, (struct print){.id = UINT64_MAX - i, .minute = 1});
        add(&set, (struct print){.id = i, .minute = 1});
    }
    assert_int_equal(print_set_sorted(&set, &sorted, &count, &err), STATUS_OK);
    assert_int_equal(count, 40);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal(sorted[i].id, i + 1);
        assert_int_equal(sorted[20 + i].id, UINT64_MAX - 20 + i);
    }
    free(sorted);
    print_set_release(&set);
}

static void all_versions_of_one_id_are_known(void **state)
{
    struct print_set set = {0};
    struct print *sorted;
    struct error err;
    size_t count;
    char raw[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(raw, sizeof(raw), "%d", i);
        struct print print = make("T", "same", raw, 3);
        assert_int_equal(print_set_look(&set, &print, 0), i == 0 ? PRINT_NEW : PRINT_CONFLICTING);
        add(&set, print);
        add(&set, print);
    }
    assert_int_equal(set.count, 1000);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(raw, sizeof(raw), "%d", i);
        struct print print = make("T", "same", raw, 3);
        assert_int_equal(print_set_look(&set, &print, 3), PRINT_DUPLICATE);
        assert_int_equal(print_set_look(&set, &print, 4), PRINT_NEW);
        if (i % 2 == 0)
            continue;
        assert_true(print_set_forget(&set, &print));
        assert_int_equal(print_set_look(&set, &print, 3), PRINT_CONFLICTING);
    }
    /* few have the key of the id itself, so that no walk is long */
    assert_int_equal(print_set_sorted(&set, &sorted, &count, &err), STATUS_OK);
    assert_int_equal(count, 500);
    struct print same = make("T", "same", "", 3);
    size_t same_count = 0;
    for (size_t i = 0; i < count; i++)
        same_count += sorted[i].id == same.id;
    assert_int_equal(same_count, DEDUPE_VERSIONS_MAX / 2);
    free(sorted);
    print_set_release(&set);
}

/* Forgotten ones take no place that a version needs: of these nothing would say where it is. */
static void a_version_takes_the_place_of_a_forgotten_one(void **state)
{
    struct print_set set = {0};
    struct print print;
    struct error err;
    char raw[16];

    (void)state;
    assert_int_equal(print_set_reserve(&set, 100, &err), STATUS_OK); /* to grow drops them */
    for (unsigned i = 0; i < DEDUPE_VERSIONS_MAX; i++) {
        (void)snprintf(raw, sizeof(raw), "%u", i);
        print = make("T", "same", raw, 3);
        add(&set, print);
        assert_true(print_set_forget(&set, &print));
    }
    struct print other = make("T", "same", "other", 3);
    add(&set, other);
    assert_int_equal(set.count, DEDUPE_VERSIONS_MAX);
    assert_int_equal(print_set_look(&set, &other, 3), PRINT_DUPLICATE);
    unsigned forgotten_count = 0;
    for (unsigned i = 0; i < DEDUPE_VERSIONS_MAX; i++) {
        (void)snprintf(raw, sizeof(raw), "%u", i);
        print = make("T", "same", raw, 3);
        forgotten_count += print_set_forget(&set, &print);
        assert_int_equal(print_set_look(&set, &print, 3), PRINT_CONFLICTING);
    }
    assert_int_equal(forgotten_count, DEDUPE_VERSIONS_MAX - 1);
    print_set_release(&set);
}

/* What was added when the versions before it were there is forgotten when they are not. */
static void a_late_version_is_forgotten_too(void **state)
{
    struct print_set set = {0};
    struct print late = make("T", "same", "late", 3);
    struct error err;
    char raw[16];

    (void)state;
    for (unsigned i = 0; i < DEDUPE_VERSIONS_MAX; i++) {
        (void)snprintf(raw, sizeof(raw), "%u", i);
        add(&set, make("T", "same", raw, 3));
    }
    add(&set, late);
    (void)snprintf(raw, sizeof(raw), "%u", 3);
    struct print early = make("T", "same", raw, 3);
    assert_true(print_set_forget(&set, &early));
    assert_int_equal(print_set_reserve(&set, 1000, &err), STATUS_OK); /* leaves that one out */
    assert_int_equal(print_set_look(&set, &late, 3), PRINT_DUPLICATE);
    assert_true(print_set_forget(&set, &late));
    assert_int_equal(print_set_look(&set, &late, 3), PRINT_CONFLICTING);
    print_set_release(&set);
}

/* Or what is asked for first is too old, and the late key is not asked for. */
static void one_version_is_known_as_long_as_the_latest(void **state)
{
    static const uint32_t LATE[] = {9, 7, 8};
    struct print_set set = {0};
    struct print *sorted;
    struct error err;
    unsigned counts[10] = {0};
    size_t count;
    char raw[16];

    (void)state;
    for (unsigned i = 0; i < DEDUPE_VERSIONS_MAX + 3; i++) {
        (void)snprintf(raw, sizeof(raw), "%u", i);
        add(&set, make("T", "same", raw,
                       i < DEDUPE_VERSIONS_MAX ? 3 : LATE[i - DEDUPE_VERSIONS_MAX]));
    }
    struct print same = make("T", "same", "", 3);
    assert_int_equal(print_set_sorted(&set, &sorted, &count, &err), STATUS_OK);
    assert_int_equal(count, DEDUPE_VERSIONS_MAX + 3);
    for (size_t i = 0; i < count; i++)
        counts[sorted[i].minute] += sorted[i].id == same.id;
    assert_int_equal(counts[3], DEDUPE_VERSIONS_MAX - 1);
    assert_int_equal(counts[9], 1);
    free(sorted);
    print_set_release(&set);
}

static void a_reserved_set_does_not_grow(void **state)
{
    struct print_set set = {0};
    struct error err;
    char id[16];

    (void)state;
    assert_int_equal(print_set_reserve(&set, 1000, &err), STATUS_OK);
    size_t capacity = set.capacity;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof(id), "%d", i);
        add(&set, make("T", id, "", 3));
    }
    assert_int_equal(set.capacity, capacity);
    print_set_release(&set);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_print_is_of_table_id_and_content),
        cmocka_unit_test(a_print_of_a_body_is_of_its_table_too),
        cmocka_unit_test(equal_content_is_a_duplicate_and_other_a_conflict),
        cmocka_unit_test(many_are_found_and_come_out_sorted),
        cmocka_unit_test(what_went_on_at_the_front_is_sorted_too),
        cmocka_unit_test(all_versions_of_one_id_are_known),
        cmocka_unit_test(a_version_takes_the_place_of_a_forgotten_one),
        cmocka_unit_test(a_late_version_is_forgotten_too),
        cmocka_unit_test(one_version_is_known_as_long_as_the_latest),
        cmocka_unit_test(a_reserved_set_does_not_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
