/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/run_priv.h"

#include "base/limits.h"
#include "ingest/fault_io.h"
#include "ingest/world.h"

static const struct key run_key = {{9}};

static enum status give_key(void *context, const struct guid *tenant, struct key *ret,
                            struct error *err)
{
    const struct guid *unknown = context;

    if (unknown != NULL && guid_equal(unknown, tenant))
        return ERROR_SET(err, STATUS_NOT_FOUND, "no such tenant");
    *ret = run_key;
    return STATUS_OK;
}

static struct guid make_guid(uint8_t byte)
{
    struct guid guid;

    memset(guid.bytes, byte, sizeof(guid.bytes));
    return guid;
}

static void must_add(struct run_writer *writer, uint64_t key, uint32_t minute, const char *value)
{
    struct run_entry entry = {key, minute, slice_of(value)};
    struct error err;

    ASSERT_OK(run_writer_add(writer, &entry, &err));
}

#define ENTRIES 20000u

/* Two tenants; the second has ENTRIES entries with keys 3, 6, 9 ... and the
 * key 30 three times. */
static void write_run(struct io *io, uint64_t number)
{
    struct guid a = make_guid(1), b = make_guid(2);
    struct run_writer *writer;
    struct error err;

    ASSERT_OK(io_make_dir(io, "ingest", &err));
    ASSERT_OK(run_writer_new(io, number, &writer, &err));
    ASSERT_OK(run_writer_begin(writer, &a, RUN_KIND_KEY, &run_key, 1, &err));
    must_add(writer, 5, 50, "answer");
    ASSERT_OK(run_writer_end(writer, &err));
    ASSERT_OK(run_writer_begin(writer, &b, RUN_KIND_RECORD, &run_key, ENTRIES + 2, &err));
    for (uint32_t i = 1; i <= ENTRIES; i++) {
        for (int j = 0; j < (i == 10 ? 3 : 1); j++)
            must_add(writer, 3 * (uint64_t)i, i % 1000, "0123456789ab");
    }
    ASSERT_OK(run_writer_end(writer, &err));
    ASSERT_OK(run_writer_begin(writer, &b, RUN_KIND_KEY, &run_key, 0, &err));
    ASSERT_OK(run_writer_end(writer, &err)); /* leaves no trace */
    ASSERT_OK(run_writer_finish(writer, &err));
    run_writer_free(writer);
}

static bool count_entry(void *context, const struct run_entry *entry)
{
    (void)entry;
    return ++*(int *)context == 100;
}

static int find(struct run *run, struct guid tenant, enum run_kind kind, uint64_t key)
{
    int count = 0;
    struct run_query query = {tenant, kind, key, count_entry, &count, clock_system()};
    struct error err;

    ASSERT_OK(run_find(run, &query, &err));
    return count;
}

static int set_up(void **state)
{
    struct world *w = malloc(sizeof(*w));

    world_new(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    free(*state);
    return 0;
}

static void what_is_in_is_found_and_nothing_else(void **state)
{
    struct world *w = *state;
    struct run_keys keys = {give_key, NULL};
    struct guid a = make_guid(1), b = make_guid(2);
    struct run *run;
    struct error err;

    write_run(w->io, 7);
    ASSERT_OK(run_open(w->io, 7, &keys, &run, &err));
    assert_int_equal(run_number(run), 7);
    assert_int_equal(run_entry_count(run), ENTRIES + 3);
    assert_int_equal(run_newest_minute(run), 999);
    assert_int_equal(run_section_count(run), 2);
    for (uint64_t key = 0; key < 3 * ENTRIES + 5; key += key < 300 ? 1 : 97)
        assert_int_equal(find(run, b, RUN_KIND_RECORD, key),
                         key == 30 ? 3 : key > 0 && key % 3 == 0 && key <= 3 * ENTRIES);
    assert_int_equal(find(run, a, RUN_KIND_KEY, 5), 1);
    assert_int_equal(find(run, a, RUN_KIND_RECORD, 3), 0);
    assert_int_equal(find(run, b, RUN_KIND_KEY, 5), 0);
    assert_int_equal(find(run, make_guid(3), RUN_KIND_KEY, 5), 0);
    run_close(run);
}

static void a_cursor_walks_a_section_in_order(void **state)
{
    struct world *w = *state;
    struct run_keys keys = {give_key, NULL};
    struct run_cursor cursor;
    struct run *run;
    struct error err;
    uint64_t last = 0;
    uint32_t count = 0;

    write_run(w->io, 1);
    ASSERT_OK(run_open(w->io, 1, &keys, &run, &err));
    ASSERT_OK(run_cursor_open(&cursor, run, 1, &err));
    for (; !cursor.done; count++) {
        assert_true(cursor.entry.key >= last);
        last = cursor.entry.key;
        ASSERT_OK(run_cursor_next(&cursor, &err));
    }
    assert_int_equal(count, ENTRIES + 2);
    run_cursor_close(&cursor);
    run_close(run);
}

static void a_tenant_without_keys_is_left_out(void **state)
{
    struct world *w = *state;
    struct guid a = make_guid(1), b = make_guid(2);
    struct run_keys keys = {give_key, &b};
    struct run *run;
    struct error err;

    write_run(w->io, 1);
    ASSERT_OK(run_open(w->io, 1, &keys, &run, &err));
    assert_int_equal(find(run, b, RUN_KIND_RECORD, 3), 0);
    assert_int_equal(run_section(run, 1).entry_count, 0);
    assert_int_equal(find(run, a, RUN_KIND_KEY, 5), 1);
    run_close(run);
}

static void read_all(struct run *run, struct error *err)
{
    for (size_t i = 0; i < run_section_count(run); i++) {
        struct run_cursor cursor;
        enum status status = run_cursor_open(&cursor, run, i, err);
        while (status == STATUS_OK && !cursor.done)
            status = run_cursor_next(&cursor, err);
        run_cursor_close(&cursor);
        if (status != STATUS_OK)
            return;
    }
    err->status = STATUS_OK;
}

static void each_damage_is_found(void **state)
{
    struct world *w = *state;
    struct run_keys keys = {give_key, NULL};
    struct buf good;
    struct rng rng = {3};
    struct error err;

    write_run(w->io, 1);
    buf_init(&good, 4 * MIB);
    ASSERT_OK(io_read_all(w->io, "ingest/0000000000000001.run", &good, &err));
    for (int i = 0; i < 300; i++) {
        size_t at = i < 64 ? (size_t)i : rng_below(&rng, (uint32_t)good.size);
        struct run *run = NULL;
        good.data[at] ^= 1;
        ASSERT_OK(io_replace(w->io, "ingest/0000000000000001.run", buf_slice(&good), &err));
        if (run_open(w->io, 1, &keys, &run, &err) == STATUS_OK)
            read_all(run, &err);
        assert_int_equal(err.status, STATUS_CORRUPT);
        run_close(run);
        good.data[at] ^= 1;
    }
    ASSERT_OK(io_replace(w->io, "ingest/0000000000000001.run", slice_head(buf_slice(&good), 100),
                         &err));
    struct run *run = NULL;
    assert_int_equal(run_open(w->io, 1, &keys, &run, &err), STATUS_CORRUPT);
    assert_int_equal(run_open(w->io, 2, &keys, &run, &err), STATUS_NOT_FOUND);
    buf_release(&good);
}

static void a_failing_disk_is_reported(void **state)
{
    struct world *w = *state;
    struct run_keys keys = {give_key, NULL};
    struct guid a = make_guid(1);
    struct fault_io fault;
    struct error err;
    int failures = 0;

    write_run(w->io, 1);
    for (uint64_t n = 1; n < 40; n++) {
        struct run_writer *writer = NULL;
        struct run *run = NULL;
        fault_io_init(&fault, w->io);
        fault.fail_at = n;
        enum status status = run_writer_new(&fault.io, 2, &writer, &err);
        if (status == STATUS_OK)
            status = run_writer_begin(writer, &a, RUN_KIND_KEY, &run_key, 1, &err);
        if (status == STATUS_OK) {
            must_add(writer, 1, 1, "x");
            status = run_writer_end(writer, &err);
        }
        if (status == STATUS_OK)
            status = run_writer_finish(writer, &err);
        run_writer_free(writer);
        if (status == STATUS_OK)
            status = run_open(&fault.io, 1, &keys, &run, &err);
        if (status == STATUS_OK) {
            read_all(run, &err);
            status = err.status;
        }
        run_close(run);
        assert_true(status == STATUS_OK || status == STATUS_IO);
        failures += status != STATUS_OK;
    }
    assert_in_range(failures, 12, 39);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_is_in_is_found_and_nothing_else),
        TEST(a_cursor_walks_a_section_in_order),
        TEST(a_tenant_without_keys_is_left_out),
        TEST(each_damage_is_found),
        TEST(a_failing_disk_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
