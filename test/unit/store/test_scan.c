/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, limits and cancelling of a scan. */
#include "store/scan_maker.h"

static void threads_and_limits_end_a_scan(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct query q = {.table = "Audit", .columns = "_Seq Folder AdditionalFields",
                      .thread_count = 4};
    char *text = run(store, &q);
    assert_int_equal(count_lines(text), 12000);
    free(text);
    q.row_limit = 10;
    q.thread_count = 1;
    text = run(store, &q);
    assert_true(count_lines(text) <= BATCH_ROWS_MAX);
    free(text);
    atomic_bool cancelled = true;
    q.cancelled = &cancelled;
    q.want = STATUS_CANCELLED;
    free(run(store, &q));
    close_store(store);
}

#define LOOKS 3

static enum status count_looks(void *context, struct error *err)
{
    unsigned *count = context;

    return ++*count == LOOKS ? ERROR_SET(err, STATUS_LIMIT, "the time is over") : STATUS_OK;
}

/* Finds nothing, and ends where a look at the time says so. */
static void check_looks(struct store *store, struct query q)
{
    unsigned looks = 0;

    check(store, q, "");
    q.check = count_looks;
    q.check_context = &looks;
    q.want = STATUS_LIMIT;
    check(store, q, "");
    assert_int_equal(looks, LOOKS);
}

/* No batch is sent, so nobody but the scan itself can look. */
static void a_scan_that_finds_nothing_ends_too(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_many(store);
    struct value none = text_value("none");
    struct query q = {.table = "Audit", .columns = "_Seq", .filter_count = 1};
    q.filters[0] = (struct filter){.kind = FILTER_EQUAL,
                                   .column = index_of(store, "Audit", "Operation"),
                                   .values = &none,
                                   .value_count = 1};
    check_looks(store, q);
    atomic_bool cancelled = true;
    q.cancelled = &cancelled;
    q.want = STATUS_CANCELLED;
    check(store, q, "");
    close_store(store);
}

/* A question may have thousands of words and alternatives, each of which goes through a
 * dictionary. */
static void words_of_one_part_look_at_the_time(void **state)
{
    (void)state;
    struct store *store = open_store();
    struct batch_maker m;
    struct value words[8];
    struct filter parts[8];
    batch_maker_init(&m, "Audit", 1);
    batch_maker_add(&m, SLICE("{\"Operation\":\"\xC3\xA4 one\"}"), TICKS_PER_SECOND);
    batch_maker_add(&m, SLICE("{\"Operation\":\"two\"}"), 2 * TICKS_PER_SECOND);
    put(store, &m);
    batch_maker_release(&m);
    for (uint32_t i = 0; i < 8; i++) {
        words[i] = text_value("\xC3\x84X1");
        parts[i] = (struct filter){.kind = FILTER_HAS,
                                   .column = index_of(store, "Audit", "Operation"),
                                   .values = words,
                                   .value_count = 1};
    }
    const struct filter alternatives = {
        .kind = FILTER_OR, .column = SOURCE_COLUMN_ANY, .parts = parts, .part_count = 8};
    struct filter list = parts[0];
    list.value_count = 8;
    for (int i = 0; i < 2; i++) {
        struct query q = {.table = "Audit", .columns = "_Seq", .filter_count = 1};
        q.filters[0] = i == 0 ? alternatives : list;
        check_looks(store, q);
    }
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_limits_end_a_scan),
        cmocka_unit_test(a_scan_that_finds_nothing_ends_too),
        cmocka_unit_test(words_of_one_part_look_at_the_time),
    };

    int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
