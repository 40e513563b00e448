/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/memory_priv.h"

#include "base/hash.h"
#include "base/limits.h"
#include "ingest/fault_io.h"
#include "ingest/save_priv.h"
#include "ingest/two_clocks.h"
#include "ingest/world.h"

struct fixture {
    struct world w;
    struct fault_io fault; /* over the disk of w */
    struct two_clocks clocks;
    struct tenant_table table;
    struct memory memory;
    struct tenant *tenant;
};

static void open_memory(struct fixture *f)
{
    struct error err;

    tenant_table_init(&f->table, f->w.keyring);
    memory_init(&f->memory, &f->fault.io, &f->table);
    f->memory.clock = &f->clocks.clock;
    ASSERT_OK(memory_load(&f->memory, &err));
    ASSERT_OK(tenant_table_get(&f->table, &f->w.tenant, &f->tenant, &err));
}

static void close_memory(struct fixture *f)
{
    memory_free_all(&f->memory);
    tenant_table_release(&f->table);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    world_new(&f->w);
    fault_io_init(&f->fault, f->w.io);
    two_clocks_init(&f->clocks, 0);
    open_memory(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    close_memory(f);
    world_free(&f->w);
    free(f);
    return 0;
}

static void save(struct fixture *f, uint64_t floor, uint32_t oldest)
{
    struct error err;

    ASSERT_OK(tenant_freeze(f->tenant, &err));
    ASSERT_OK(memory_save(&f->memory, floor, oldest, &err));
}

static void add(struct fixture *f, uint64_t id, uint8_t content, uint32_t minute)
{
    struct print print = {.id = id, .content = {content}, .minute = minute};
    struct error err;

    ASSERT_OK(print_set_add(&f->tenant->hot, &print, &err));
}

static enum print_verdict look(struct fixture *f, uint64_t id, uint8_t content, uint32_t oldest)
{
    struct print print = {.id = id, .content = {content}};
    struct memory_query query = {f->tenant, &print, 1, oldest};
    uint64_t generation;
    uint8_t verdict;
    struct error err;

    ASSERT_OK(memory_look(&f->memory, &query, &verdict, &generation, &err));
    assert_int_equal(generation, memory_generation(&f->memory));
    return (enum print_verdict)verdict;
}

static void a_new_directory_has_no_memory(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->memory.floor, 0);
    assert_int_equal(f->memory.run_count, 0);
    assert_int_equal(look(f, 1, 1, 0), PRINT_NEW);
    assert_int_equal(look(f, 0, 0, 0), PRINT_NEW);
}

static void what_was_saved_is_known_after_a_start(void **state)
{
    struct fixture *f = *state;

    add(f, 1, 1, 100);
    add(f, 2, 2, 100);
    f->tenant->durable = (struct tenant_counters){50, 6, 777};
    save(f, 9, 1);
    assert_int_equal(f->tenant->frozen.count, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(look(f, 1, 1, 100), PRINT_DUPLICATE);
        assert_int_equal(look(f, 1, 1, 101), PRINT_NEW);
        assert_int_equal(look(f, 2, 1, 100), PRINT_CONFLICTING);
        assert_int_equal(look(f, 3, 1, 100), PRINT_NEW);
        close_memory(f);
        open_memory(f);
        assert_int_equal(f->memory.floor, 9);
        assert_int_equal(f->tenant->given.next_seq, 50);
        assert_int_equal(f->tenant->durable.next_leaf, 6);
        assert_int_equal(f->tenant->durable.commit_us, 777);
    }
}

static void the_minute_of_a_save_is_known_after_a_start(void **state)
{
    static const struct {
        uint32_t saved, now, expected; /* saved 0: by an older program */
    } CASES[] = {{0, 100, 100}, {300, 5000, 300}, {50, 100 + 1440, 100},
                 {50, 100 + 1439, 50}, /* the clock was ahead, it may be */
                 {50, 90, 50}};        /* it was */
    struct fixture *f = *state;

    add(f, 1, 1, 100);
    add(f, 2, 2, 99);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        f->memory.minute = CASES[i].saved;
        f->clocks.unix_us = CASES[i].now * INT64_C(60000000);
        save(f, 1, 1);
        close_memory(f);
        open_memory(f);
        assert_int_equal(f->memory.minute, CASES[i].expected);
    }
}

static void later_runs_add_to_earlier_ones(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= 30; i++) {
        add(f, 1, (uint8_t)(i % 3), i);
        add(f, 100 + i, 1, i);
        save(f, i, 1);
        assert_in_range(f->memory.run_count, 1, 8);
    }
    assert_int_equal(look(f, 1, 0, 30), PRINT_DUPLICATE);
    assert_int_equal(look(f, 1, 7, 0), PRINT_CONFLICTING);
    for (uint32_t i = 1; i <= 30; i++)
        assert_int_equal(look(f, 100 + i, 1, i), PRINT_DUPLICATE);
}

static void what_is_too_old_is_dropped(void **state)
{
    struct fixture *f = *state;

    add(f, 1, 1, 100);
    save(f, 1, 1);
    save(f, 2, 100);
    assert_int_equal(f->memory.run_count, 1);
    save(f, 3, 101);
    assert_int_equal(f->memory.run_count, 0);
    assert_false(io_exists(f->w.io, "ingest/0000000000000001.run"));
}

/* The first versions of an Id are too old, and dropped by a merge; the last one is not. */
static void a_late_version_outlives_the_others(void **state)
{
    struct fixture *f = *state;

    for (uint8_t i = 0; i < DEDUPE_VERSIONS_MAX; i++)
        add(f, 1, i, 100);
    add(f, 1, 100, 300);
    add(f, 1, 101, 200);
    save(f, 1, 1);
    for (uint64_t i = 2; i <= 4; i++) { /* runs of four become one */
        assert_int_equal(look(f, 1, 100, 300), PRINT_DUPLICATE);
        add(f, i, 1, 400);
        save(f, i, 300);
    }
    assert_int_equal(f->memory.run_count, 1);
    assert_int_equal(look(f, 1, 100, 300), PRINT_DUPLICATE);
    assert_int_equal(look(f, 1, 100, 301), PRINT_NEW);
    assert_int_equal(look(f, 1, 101, 300), PRINT_CONFLICTING);
    assert_int_equal(look(f, 1, DEDUPE_VERSIONS_MAX - 1, 300), PRINT_CONFLICTING);
}

static void kept_answers_are_found_by_their_whole_hash(void **state)
{
    struct fixture *f = *state;
    struct hash256 mac = {{1, 2, 3}}, body = {{9}}, near = mac;
    struct kept_answer *answer;
    struct error err;

    answer = kept_answer_new(100, &body, SLICE("the answer"), &err);
    ASSERT_OK(tenant_keep_answer(f->tenant, &mac, answer, &err));
    save(f, 1, 1);
    ASSERT_OK(memory_look_key(&f->memory, f->tenant, &mac, 100, &answer, &err));
    assert_non_null(answer);
    assert_true(slice_is(slice_from(answer->bytes, answer->size), "the answer"));
    assert_memory_equal(&answer->body_hash, &body, sizeof(body));
    free(answer);
    ASSERT_OK(memory_look_key(&f->memory, f->tenant, &mac, 101, &answer, &err));
    assert_null(answer);
    near.bytes[31] = 1;
    ASSERT_OK(memory_look_key(&f->memory, f->tenant, &near, 100, &answer, &err));
    assert_null(answer);
}

static void left_over_runs_are_removed(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add(f, 1, 1, 100);
    save(f, 1, 1);
    ASSERT_OK(io_replace(f->w.io, "ingest/0000000000000099.run", SLICE("half"), &err));
    close_memory(f);
    open_memory(f);
    assert_false(io_exists(f->w.io, "ingest/0000000000000099.run"));
    assert_int_equal(look(f, 1, 1, 100), PRINT_DUPLICATE);
}

static enum status load_again(struct fixture *f, struct error *err)
{
    close_memory(f);
    tenant_table_init(&f->table, f->w.keyring);
    memory_init(&f->memory, &f->fault.io, &f->table);
    return memory_load(&f->memory, err);
}

static void each_damage_of_the_state_is_found(void **state)
{
    struct fixture *f = *state;
    struct buf bytes;
    struct error err;

    save(f, 4, 1);
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, STATE_PATH, &bytes, &err));
    for (size_t i = 0; i <= bytes.size; i++) {
        struct slice damaged = slice_head(buf_slice(&bytes), i); /* cut, and for i = size flipped */
        if (i == bytes.size)
            bytes.data[i - 20] ^= 1;
        ASSERT_OK(io_replace(f->w.io, STATE_PATH, damaged, &err));
        ASSERT_OK(io_replace(f->w.io, STATE_PATH ".copy", damaged, &err));
        assert_int_equal(load_again(f, &err), STATUS_CORRUPT);
    }
    buf_release(&bytes);
}

static void a_state_of_a_newer_program_is_refused(void **state)
{
    struct fixture *f = *state;
    struct buf bytes;
    struct error err;

    save(f, 4, 1);
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, STATE_PATH, &bytes, &err));
    bytes.data[8] = 5;
    bytes.size -= sizeof(uint32_t);
    buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    ASSERT_OK(io_replace(f->w.io, STATE_PATH, buf_slice(&bytes), &err));
    assert_int_equal(load_again(f, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "version 5"));
    buf_release(&bytes);
}

static void one_of_the_two_states_is_enough(void **state)
{
    static const char *const PATHS[] = {STATE_PATH, STATE_PATH ".copy"};
    struct fixture *f = *state;
    struct error err;

    add(f, 1, 1, 100);
    save(f, 4, 1);
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(io_replace(f->w.io, PATHS[i], SLICE("nonsense"), &err));
        close_memory(f);
        open_memory(f);
        assert_int_equal(f->memory.floor, 4);
        assert_int_equal(look(f, 1, 1, 100), PRINT_DUPLICATE);
    }
    assert_true(io_exists(f->w.io, STATE_PATH ".damaged"));
}

static void a_missing_run_is_forgotten_and_counted(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add(f, 1, 1, 100);
    save(f, 1, 1);
    ASSERT_OK(io_unlink(f->w.io, "ingest/0000000000000001.run", &err));
    ASSERT_OK(load_again(f, &err));
    assert_int_equal(f->memory.lost_count, 1);
    assert_int_equal(f->memory.run_count, 0);
}

/* Damage that the opening finds, and damage that a look finds. */
static void a_damaged_run_is_set_aside_and_counted(void **state)
{
    static const char RUN[] = "ingest/0000000000000001.run";
    static const char OTHER[] = "ingest/0000000000000002.run";
    struct fixture *f = *state;
    struct buf bytes;
    struct error err;

    add(f, 1, 1, 100);
    save(f, 1, 1);
    add(f, 2, 2, 100);
    save(f, 2, 1);
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, RUN, &bytes, &err));
    bytes.data[bytes.size - 1] ^= 1; /* the directory */
    ASSERT_OK(io_replace(f->w.io, RUN, buf_slice(&bytes), &err));
    close_memory(f);
    open_memory(f);
    assert_int_equal(f->memory.lost_count, 1);
    assert_false(io_exists(f->w.io, RUN));
    assert_true(io_exists(f->w.io, "ingest/0000000000000001.run.damaged"));
    assert_int_equal(look(f, 1, 1, 100), PRINT_NEW);
    assert_int_equal(look(f, 2, 2, 100), PRINT_DUPLICATE);

    buf_clear(&bytes);
    ASSERT_OK(io_read_all(f->w.io, OTHER, &bytes, &err));
    bytes.data[70] ^= 1; /* the first block */
    ASSERT_OK(io_replace(f->w.io, OTHER, buf_slice(&bytes), &err));
    close_memory(f);
    open_memory(f);
    assert_int_equal(f->memory.lost_count, 1); /* the state still names the first */
    assert_int_equal(look(f, 2, 2, 100), PRINT_NEW);
    assert_int_equal(f->memory.lost_count, 2);
    assert_int_equal(look(f, 2, 2, 100), PRINT_NEW);
    assert_int_equal(f->memory.lost_count, 2);
    add(f, 3, 3, 100);
    save(f, 3, 1);
    assert_false(io_exists(f->w.io, OTHER));
    assert_true(io_exists(f->w.io, "ingest/0000000000000002.run.damaged"));
    assert_int_equal(look(f, 3, 3, 100), PRINT_DUPLICATE);
    buf_release(&bytes);
}

/* A merge of runs leaves a damaged one out instead of failing for ever. */
static void a_save_goes_on_without_a_damaged_run(void **state)
{
    static const char RUN[] = "ingest/0000000000000002.run";
    struct fixture *f = *state;
    struct buf bytes;
    struct error err;

    for (uint64_t i = 1; i <= 3; i++) {
        add(f, i, (uint8_t)i, 100);
        save(f, i, 1);
    }
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, RUN, &bytes, &err));
    bytes.data[70] ^= 1;
    ASSERT_OK(io_replace(f->w.io, RUN, buf_slice(&bytes), &err));
    close_memory(f);
    open_memory(f);
    for (uint64_t i = 4; i <= 12; i++) { /* four of them are merged */
        add(f, i, (uint8_t)i, 100);
        save(f, i, 1);
    }
    for (uint64_t i = 1; i <= 12; i++)
        assert_int_equal(look(f, i, (uint8_t)i, 100), i == 2 ? PRINT_NEW : PRINT_DUPLICATE);
    assert_int_equal(f->memory.lost_count, 1);
    buf_release(&bytes);
}

static bool has_run(struct fixture *f, uint64_t number)
{
    char path[RUN_PATH_BYTES];

    run_path(number, path);
    return io_exists(f->w.io, path);
}

static void expect_known(struct fixture *f, uint64_t last)
{
    for (uint64_t i = 1; i <= last; i++)
        assert_int_equal(look(f, i, (uint8_t)i, 100), PRINT_DUPLICATE);
}

static void add_and_save(struct fixture *f, uint64_t i)
{
    add(f, i, (uint8_t)i, 100);
    save(f, i, 1);
}

/* The log is shortened by a save; a merge can come later. */
static void a_merge_that_fails_does_not_fail_the_save(void **state)
{
    static const int CODES[] = {ENOSPC, EIO};
    struct fixture *f = *state;
    char merged[RUN_PATH_BYTES];

    for (uint64_t i = 1; i <= 3; i++)
        add_and_save(f, i);
    for (uint64_t i = 4; i <= 5; i++) {
        run_path(i + 1, merged);
        f->fault.bad_path = merged;
        f->fault.os_errno = CODES[i - 4];
        add_and_save(f, i);
        assert_int_equal(f->memory.run_count, i);
        assert_int_equal(f->memory.floor, i);
        assert_false(has_run(f, i + 1));
        expect_known(f, i);
    }
    f->fault.bad_path = NULL;
    add_and_save(f, 6);
    assert_int_equal(f->memory.run_count, 1);
    expect_known(f, 6);
}

static void without_space_for_it_no_merge_is_begun(void **state)
{
    struct fixture *f = *state;

    for (uint64_t i = 1; i <= 3; i++)
        add_and_save(f, i);
    f->fault.free_bytes = 0;
    add_and_save(f, 4);
    assert_int_equal(f->memory.run_count, 4);
    assert_int_equal(f->memory.next_run, 5);
    f->fault.free_bytes = FAULT_FREE_BYTES;
    add_and_save(f, 5);
    assert_int_equal(f->memory.run_count, 1);
    expect_known(f, 5);
}

/* There a checkpoint comes every two seconds: what is not merged is soon forgotten. */
static void small_runs_are_merged_on_a_nearly_full_disk(void **state)
{
    struct fixture *f = *state;

    f->fault.free_bytes = INGEST_RESERVE_BYTES;
    for (uint64_t i = 1; i <= 2 * RUNS_MAX; i++)
        add_and_save(f, i);
    assert_int_equal(f->memory.forgotten_count, 0);
    expect_known(f, 2 * RUNS_MAX);
}

/* It is not damaged: the disk does not give it now. */
static void runs_are_merged_behind_one_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;

    for (uint64_t i = 1; i <= 3; i++)
        add_and_save(f, i);
    f->fault.bad_path = "ingest/0000000000000002.run";
    for (uint64_t i = 4; i <= 40; i++) {
        add_and_save(f, i);
        assert_in_range(f->memory.run_count, 1, 8);
    }
    f->fault.bad_path = NULL;
    assert_int_equal(f->memory.lost_count + f->memory.forgotten_count, 0);
    expect_known(f, 40);
    close_memory(f);
    open_memory(f);
    for (uint64_t i = 41; i <= 44; i++)
        add_and_save(f, i);
    assert_false(has_run(f, 2));
    expect_known(f, 44);
}

#define FEW 5000u /* more than a block has */

static uint64_t nth_id(uint64_t i)
{
    return i * UINT64_C(0x0010000000000001);
}

static enum status try_look(struct fixture *f, uint64_t id)
{
    struct print print = {.id = id, .content = {1}};
    struct memory_query query = {f->tenant, &print, 1, 1};
    uint64_t generation;
    uint8_t verdict;
    struct error err;

    return memory_look(&f->memory, &query, &verdict, &generation, &err);
}

static void pass(struct fixture *f, uint64_t seconds)
{
    f->clocks.monotonic_us += seconds * 1000000;
}

/* It mostly passes: who sends tries again, and nothing is stored twice.  After a minute ingest
 * goes on: of the keys in that block nothing is known, of others all. */
static void a_block_that_cannot_be_read_is_waited_for_then_passed_by(void **state)
{
    static const char RUN[] = "ingest/0000000000000001.run";
    struct fixture *f = *state;

    for (uint64_t i = 1; i < FEW / 2; i++)
        add(f, nth_id(i), 1, 100);
    save(f, 1, 1);
    f->fault.bad_path = RUN;
    assert_int_equal(try_look(f, nth_id(1)), STATUS_BUSY);
    assert_int_equal(memory_unread(&f->memory), 1);
    f->fault.bad_path = NULL;
    assert_int_equal(look(f, nth_id(1), 1, 100), PRINT_DUPLICATE);
    pass(f, 3600);
    f->fault.bad_path = RUN;
    assert_int_equal(try_look(f, nth_id(1)), STATUS_BUSY);
    pass(f, 59);
    assert_int_equal(try_look(f, nth_id(1)), STATUS_BUSY);
    pass(f, 2);
    assert_int_equal(look(f, nth_id(1), 1, 100), PRINT_NEW);
    f->fault.bad_path = NULL;
    uint64_t calls = f->fault.calls;
    assert_int_equal(look(f, nth_id(1), 1, 100), PRINT_NEW); /* such a read may take seconds */
    assert_int_equal(f->fault.calls, calls);
    assert_int_equal(look(f, nth_id(FEW / 2 - 1), 1, 100), PRINT_DUPLICATE);
    for (uint64_t i = 2; i <= 12; i++)
        add_and_save(f, i);
    assert_true(has_run(f, 1));
    assert_int_equal(f->memory.lost_count + f->memory.forgotten_count, 0);
    pass(f, 600);
    assert_int_equal(look(f, nth_id(1), 1, 100), PRINT_DUPLICATE);
    close_memory(f);
    open_memory(f);
    assert_int_equal(memory_unread(&f->memory), 0);
}

static void a_read_that_fails_once_is_tried_again(void **state)
{
    struct fixture *f = *state;
    uint32_t loaded = 0;

    add_and_save(f, 1);
    f->fault.fail_at = f->fault.calls + 1;
    assert_int_equal(look(f, 1, 1, 100), PRINT_DUPLICATE);
    assert_int_equal(memory_unread(&f->memory), 0);
    close_memory(f);
    f->fault.calls = f->fault.fail_at = 0;
    open_memory(f);
    for (uint64_t n = f->fault.calls; n > 0; n--) {
        struct error err;
        f->fault.calls = 0;
        f->fault.fail_at = n;
        enum status status = load_again(f, &err);
        f->fault.fail_at = 0;
        if (status != STATUS_OK) /* of a directory, which is not asked again */
            continue;
        assert_int_equal(memory_unread(&f->memory) + f->memory.lost_count, 0);
        ASSERT_OK(tenant_table_get(&f->table, &f->w.tenant, &f->tenant, &err));
        expect_known(f, 1);
        loaded++;
    }
    assert_in_range(loaded, 10, 20); /* two of the state, a run */
}

/* The start is not refused, and the file stays for when it can be read, however old it is. */
static void a_run_that_cannot_be_opened_stays(void **state)
{
    static const char RUN[] = "ingest/0000000000000001.run";
    struct fixture *f = *state;

    add_and_save(f, 1);
    add_and_save(f, 2);
    close_memory(f);
    f->fault.bad_path = RUN;
    open_memory(f);
    assert_int_equal(memory_unread(&f->memory), 1);
    assert_int_equal(try_look(f, 1), STATUS_BUSY);
    pass(f, 60);
    assert_int_equal(look(f, 1, 1, 100), PRINT_NEW);
    assert_int_equal(look(f, 2, 2, 100), PRINT_DUPLICATE);
    assert_int_equal(f->memory.minute, 100);
    for (uint64_t i = 3; i <= 40; i++)
        add_and_save(f, i);
    assert_int_equal(f->memory.lost_count + f->memory.forgotten_count, 0);
    add(f, 41, 41, 100);
    save(f, 41, 99);
    assert_true(has_run(f, 1));
    f->fault.bad_path = NULL;
    add_and_save(f, 42); /* opens it */
    assert_int_equal(memory_unread(&f->memory), 0);
    expect_known(f, 42);
    close_memory(f);
    open_memory(f);
    expect_known(f, 42);
}

/* Each try would leave another one. */
static void a_save_that_fails_leaves_no_run(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add(f, 1, 1, 100);
    ASSERT_OK(tenant_freeze(f->tenant, &err));
    f->fault.bad_path = "ingest/0000000000000001.run";
    f->fault.os_errno = ENOSPC;
    assert_int_equal(memory_save(&f->memory, 1, 1, &err), STATUS_FULL);
    assert_false(has_run(f, 1));
    f->fault.bad_path = NULL;
    save(f, 1, 1);
    expect_known(f, 1);
}

#define READERS 4
#define READ_PRINTS 5000u
#define READERS_SECONDS 10

struct readers {
    struct fixture *f;
    struct print prints[READ_PRINTS];
    atomic_bool stop;
    atomic_uint looks, wrong_count;
};

static void *look_on(void *context)
{
    struct readers *readers = context;
    struct memory_query query = {readers->f->tenant, readers->prints, READ_PRINTS, 1};
    uint64_t until = clock_monotonic_us(clock_system()) + READERS_SECONDS * UINT64_C(1000000);
    uint8_t *verdicts = calloc(READ_PRINTS, 1);
    uint64_t generation;
    struct error err;

    CHECK(verdicts != NULL);
    while (!atomic_load(&readers->stop) && clock_monotonic_us(clock_system()) < until) {
        if (memory_look(&readers->f->memory, &query, verdicts, &generation, &err) != STATUS_OK)
            (void)atomic_fetch_add(&readers->wrong_count, 1);
        for (uint32_t i = 0; i < READ_PRINTS; i++) {
            if (verdicts[i] != PRINT_DUPLICATE)
                (void)atomic_fetch_add(&readers->wrong_count, 1);
        }
        (void)atomic_fetch_add(&readers->looks, 1);
    }
    free(verdicts);
    return NULL;
}

/* Who sends again what is known reads for long, one beside the other. */
static void a_save_does_not_wait_for_the_last_reader(void **state)
{
    struct fixture *f = *state;
    struct readers *readers = calloc(1, sizeof(*readers));
    pthread_t threads[READERS];

    assert_non_null(readers);
    readers->f = f;
    for (uint32_t i = 0; i < READ_PRINTS; i++) {
        readers->prints[i] = (struct print){.id = (i + 1) * UINT64_C(0x9E3779B97F4A7C15),
                                            .content = {1}};
        add(f, readers->prints[i].id, 1, 100);
    }
    save(f, 1, 1);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_on, readers), 0);
    while (atomic_load(&readers->looks) < READERS)
        (void)usleep(1000);
    uint64_t begin_us = clock_monotonic_us(clock_system());
    for (uint64_t i = 2; i <= 4; i++) {
        add(f, i, 2, 100);
        save(f, i, 1);
    }
    uint64_t took_us = clock_monotonic_us(clock_system()) - begin_us;
    atomic_store(&readers->stop, true);
    for (int i = 0; i < READERS; i++)
        (void)pthread_join(threads[i], NULL);
    assert_in_range(took_us, 0, READERS_SECONDS * 1000000 / 2);
    assert_int_equal(atomic_load(&readers->wrong_count), 0);
    free(readers);
}

static void add_many(struct fixture *f, uint32_t save_number, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        add(f, (save_number * UINT64_C(1000) + i + 1) * UINT64_C(0x9E3779B97F4A7C15), 1, 100);
    save(f, save_number, 1);
}

static void expect_many(struct fixture *f, uint32_t save_number, uint32_t count,
                        enum print_verdict expected)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = (save_number * UINT64_C(1000) + i + 1) * UINT64_C(0x9E3779B97F4A7C15);
        assert_int_equal(look(f, id, 1, 100), expected);
    }
}

static void a_merge_makes_no_run_that_is_too_large(void **state)
{
    static const uint32_t COUNTS[] = {30, 7, 20, 5, 1, 12, 25};
    struct fixture *f = *state;

    f->memory.run_entries_max = 100;
    for (uint32_t i = 0; i < 70; i++) {
        add_many(f, i + 1, COUNTS[i % 7]);
        for (size_t at = 0; at < f->memory.run_count; at++)
            assert_in_range(run_entry_count(f->memory.runs[at]), 1, 100);
    }
    assert_in_range(f->memory.run_count, 1000 / 100, 1000 / 50);
    assert_int_equal(f->memory.forgotten_count, 0);
    for (uint32_t i = 0; i < 70; i++)
        expect_many(f, i + 1, COUNTS[i % 7], PRINT_DUPLICATE);
}

static void the_oldest_run_is_forgotten_when_all_are_full(void **state)
{
    struct fixture *f = *state;

    f->memory.run_entries_max = 10;
    for (uint32_t i = 1; i <= RUNS_MAX; i++)
        add_many(f, i, 6);
    assert_int_equal(f->memory.run_count, RUNS_MAX);
    save(f, RUNS_MAX, 1); /* nothing new, so nothing has to go */
    assert_int_equal(f->memory.forgotten_count, 0);
    add_many(f, RUNS_MAX + 1, 6);
    assert_int_equal(f->memory.forgotten_count, 1);
    assert_int_equal(f->memory.run_count, RUNS_MAX);
    expect_many(f, 1, 6, PRINT_NEW);
    for (uint32_t i = 2; i <= RUNS_MAX + 1; i++)
        expect_many(f, i, 6, PRINT_DUPLICATE);
    assert_false(io_exists(f->w.io, "ingest/0000000000000001.run"));
    close_memory(f);
    open_memory(f);
    expect_many(f, 2, 6, PRINT_DUPLICATE);
}

static void a_key_value_has_a_hash_and_a_body(void **state)
{
    char bytes[KEY_MAC_REST_BYTES + HASH_BYTES + 2] = {1};
    struct key_value value;

    (void)state;
    assert_true(key_value_decode(slice_from(bytes, sizeof(bytes)), &value));
    assert_int_equal(value.answer.size, 2);
    assert_false(key_value_decode(slice_from(bytes, KEY_MAC_REST_BYTES + HASH_BYTES - 1), &value));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_new_directory_has_no_memory),
        TEST(what_was_saved_is_known_after_a_start),
        TEST(the_minute_of_a_save_is_known_after_a_start),
        TEST(later_runs_add_to_earlier_ones),
        TEST(what_is_too_old_is_dropped),
        TEST(a_late_version_outlives_the_others),
        TEST(kept_answers_are_found_by_their_whole_hash),
        TEST(left_over_runs_are_removed),
        TEST(each_damage_of_the_state_is_found),
        TEST(a_state_of_a_newer_program_is_refused),
        TEST(one_of_the_two_states_is_enough),
        TEST(a_missing_run_is_forgotten_and_counted),
        TEST(a_damaged_run_is_set_aside_and_counted),
        TEST(a_save_goes_on_without_a_damaged_run),
        TEST(a_merge_that_fails_does_not_fail_the_save),
        TEST(without_space_for_it_no_merge_is_begun),
        TEST(small_runs_are_merged_on_a_nearly_full_disk),
        TEST(runs_are_merged_behind_one_that_cannot_be_read),
        TEST(a_block_that_cannot_be_read_is_waited_for_then_passed_by),
        TEST(a_read_that_fails_once_is_tried_again),
        TEST(a_run_that_cannot_be_opened_stays),
        TEST(a_save_that_fails_leaves_no_run),
        TEST(a_save_does_not_wait_for_the_last_reader),
        TEST(a_merge_makes_no_run_that_is_too_large),
        TEST(the_oldest_run_is_forgotten_when_all_are_full),
        TEST(a_key_value_has_a_hash_and_a_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
