/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/frame_priv.h"
#include "ingest/loss_priv.h"

#include "base/limits.h"
#include "ingest/world.h"

#define FIRST "wal/0000000000000001.wal"
#define SECOND "wal/0000000000000002.wal"

struct fixture {
    struct world w;
    struct arena *arena;
    struct buf file; /* the first file, with four frames */
    size_t ends[5];  /* of the header and the frames */
};

static void put(struct world *w, struct arena *arena, const char *body)
{
    struct ingest_answer answer;
    struct ingest_request request = world_request(w, "Mine", slice_of(body));
    struct error err;

    ASSERT_OK(ingest_put(w->ingest, &request, arena, &answer, &err));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct error err;
    struct frame frame;

    world_new(&f->w);
    f->arena = arena_new(MIB);
    world_open(&f->w);
    put(&f->w, f->arena, "{\"Id\":1}");
    put(&f->w, f->arena, "{\"Id\":2}\n{\"Id\":3}");
    put(&f->w, f->arena, "{\"Id\":4}");
    put(&f->w, f->arena, "{\"Id\":5}");
    world_close(&f->w);
    buf_init(&f->file, MIB);
    ASSERT_OK(io_read_all(f->w.io, FIRST, &f->file, &err));
    f->ends[0] = WAL_HEADER_BYTES;
    for (int i = 1; i < 5; i++) {
        assert_true(frame_decode(slice_tail(buf_slice(&f->file), f->ends[i - 1]), &frame));
        f->ends[i] = f->ends[i - 1] + frame_size(&frame);
    }
    assert_int_equal(f->ends[4], f->file.size);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    world_free(&f->w);
    buf_release(&f->file);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void write_first(struct fixture *f, size_t size)
{
    struct error err;

    ASSERT_OK(io_replace(f->w.io, FIRST, slice_head(buf_slice(&f->file), size), &err));
}

static void remove_others(struct fixture *f)
{
    static const char *const paths[] = {SECOND, "wal/0000000000000003.wal",
                                        "wal/0000000000000004.wal",
                                        "wal/0000000000000005.wal"};
    struct error err;

    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        if (io_exists(f->w.io, paths[i]))
            ASSERT_OK(io_unlink(f->w.io, paths[i], &err));
    }
}

static void a_torn_tail_of_the_last_file_is_cut(void **state)
{
    static const size_t counts[] = {0, 1, 3, 4, 5};
    struct fixture *f = *state;

    for (size_t size = 1; size < f->file.size; size += 7) {
        size_t frames = 0;
        write_first(f, size);
        remove_others(f);
        world_open(&f->w);
        while (frames < 4 && f->ends[frames + 1] <= size)
            frames++;
        assert_int_equal(f->w.record_count, counts[frames]);
        assert_int_equal(ingest_delivered_seq(f->w.ingest, &f->w.tenant), counts[frames]);
        world_reopen(&f->w); /* what was cut stays cut */
        assert_int_equal(f->w.record_count, counts[frames]);
        world_close(&f->w);
    }
}

/* One range is lost, or none (first 0). */
static void expect_lost(struct fixture *f, uint64_t first, uint64_t last, bool is_bound)
{
    struct ingest_lost *lost = NULL;
    struct ingest_stats stats;

    assert_int_equal(world_lost(&f->w, f->arena, &lost), first == 0 ? 0 : 1);
    ingest_stats(f->w.ingest, &stats);
    assert_int_equal(stats.damaged_logs, 1);
    if (first == 0)
        return;
    assert_true(guid_equal(&lost->tenant, &f->w.tenant));
    assert_int_equal(lost->first_seq, first);
    assert_int_equal(lost->last_seq, last);
    assert_int_equal(lost->is_bound, is_bound);
}

static void forget_lost(struct fixture *f)
{
    struct error err;

    world_close(&f->w);
    remove_others(f);
    if (io_exists(f->w.io, LOSS_PATH)) {
        ASSERT_OK(io_unlink(f->w.io, LOSS_PATH, &err));
        ASSERT_OK(io_unlink(f->w.io, LOSS_PATH ".copy", &err));
    }
}

static void a_damaged_frame_is_lost_alone_and_named(void **state)
{
    static const uint64_t ends[] = {1, 3, 4, 5}; /* the last records of the frames */
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++) { /* the last one cannot be told from a torn one */
        uint64_t first = i == 0 ? 1 : ends[i - 1] + 1;
        for (size_t at = f->ends[i]; at < f->ends[i + 1]; at += 11) {
            f->file.data[at] ^= 4;
            write_first(f, f->file.size);
            f->file.data[at] ^= 4;
            world_open(&f->w);
            assert_int_equal(f->w.record_count, 5 - (ends[i] - first + 1));
            assert_int_equal(ingest_delivered_seq(f->w.ingest, &f->w.tenant), 5);
            expect_lost(f, first, ends[i], false);
            world_reopen(&f->w); /* found again, told once */
            expect_lost(f, first, ends[i], false);
            forget_lost(f);
        }
    }
    f->file.data[f->ends[3] + 70] ^= 4;
    write_first(f, f->file.size);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 4);
}

/* The frames behind the damage in its file and in the next one are read. */
static void damage_before_the_last_file_is_no_torn_end(void **state)
{
    struct fixture *f = *state;
    uint64_t floor;
    struct error err;

    world_open(&f->w);
    put(&f->w, f->arena, "{\"Id\":6}");
    world_close(&f->w);
    f->file.data[3] ^= 4; /* the header's */
    write_first(f, f->file.size);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 6);
    expect_lost(f, 0, 0, false);
    world_close(&f->w);
    f->file.data[3] ^= 4;
    write_first(f, f->file.size - 1);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 5);
    expect_lost(f, 5, 5, false);
    ASSERT_OK(ingest_rotate(f->w.ingest, &floor, &err)); /* its bytes are kept */
    ASSERT_OK(ingest_save(f->w.ingest, floor, &err));
    ASSERT_OK(ingest_trim(f->w.ingest, floor, &err));
    assert_true(io_exists(f->w.io, FIRST ".aside"));
    assert_false(io_exists(f->w.io, FIRST));
}

/* Who had the lost frame is not given its numbers again: they may have been signed. */
static void the_last_numbers_before_damage_are_not_given_again(void **state)
{
    struct fixture *f = *state;
    struct ingest_answer answer;
    struct ingest_request request = world_request(&f->w, "Mine", SLICE("{\"Id\":7}"));
    struct error err;

    world_open(&f->w);
    world_close(&f->w);
    f->file.data[f->ends[3] + FRAME_HEADER_BYTES] ^= 4;
    write_first(f, f->file.size);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 4);
    expect_lost(f, 5, 4 + REQUEST_RECORDS_MAX, true);
    ASSERT_OK(ingest_put(f->w.ingest, &request, f->arena, &answer, &err));
    assert_int_equal(answer.first_seq, 5 + REQUEST_RECORDS_MAX);
    world_reopen(&f->w);
    assert_int_equal(f->w.record_count, 5);
    expect_lost(f, 5, 4 + REQUEST_RECORDS_MAX, true);
}

/* How many files were missing or damaged, and whether the first loss is a bound. */
static void expect_missing(struct fixture *f, uint64_t files, uint64_t first, uint64_t last)
{
    struct ingest_lost *lost = NULL;
    struct ingest_stats stats;

    assert_int_equal(world_lost(&f->w, f->arena, &lost), first == 0 ? 0 : 1);
    ingest_stats(f->w.ingest, &stats);
    assert_int_equal(stats.damaged_logs, files);
    if (first == 0)
        return;
    assert_int_equal(lost->first_seq, first);
    assert_int_equal(lost->last_seq, last);
}

/* Its records are lost, and the ones behind them are not. */
static void a_missing_file_costs_its_records_alone(void **state)
{
    struct fixture *f = *state;
    struct ingest_answer answer;
    struct ingest_request request = world_request(&f->w, "Mine", SLICE("{\"Id\":9}"));
    struct error err;
    uint64_t floor;

    world_open(&f->w);
    put(&f->w, f->arena, "{\"Id\":6}");
    ASSERT_OK(ingest_rotate(f->w.ingest, &floor, &err));
    put(&f->w, f->arena, "{\"Id\":7}");
    world_close(&f->w);
    struct buf second;
    buf_init(&second, MIB);
    ASSERT_OK(io_read_all(f->w.io, SECOND, &second, &err));
    ASSERT_OK(io_unlink(f->w.io, SECOND, &err)); /* between others */
    for (int i = 0; i < 2; i++) {
        world_open(&f->w);
        assert_int_equal(f->w.record_count, 6);
        expect_missing(f, 1, 6, 6);
        assert_int_equal(ingest_delivered_seq(f->w.ingest, &f->w.tenant), 7);
        world_close(&f->w);
    }
    forget_lost(f);
    ASSERT_OK(io_replace(f->w.io, SECOND, buf_slice(&second), &err));
    buf_release(&second);
    ASSERT_OK(io_unlink(f->w.io, FIRST, &err)); /* before all others */
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 1);
    expect_missing(f, 1, 1, 5);
    ASSERT_OK(ingest_put(f->w.ingest, &request, f->arena, &answer, &err));
    assert_int_equal(answer.first_seq, 7);
}

/* What the last files had, nobody knows: no number of it is given again. */
static void files_that_are_missing_at_the_end_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct ingest_answer answer;
    struct ingest_request request = world_request(&f->w, "Mine", SLICE("{\"Id\":9}"));
    const uint64_t most = UINT64_C(16) * REQUEST_RECORDS_MAX;
    struct error err;

    f->w.floor = 3; /* the first file is sealed, and nothing else is there */
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 0);
    expect_missing(f, 2, 6, 5 + 2 * most);
    ASSERT_OK(ingest_put(f->w.ingest, &request, f->arena, &answer, &err));
    assert_int_equal(answer.first_seq, 6 + 2 * most);
    world_reopen(&f->w); /* they lie before others now */
    assert_int_equal(f->w.record_count, 1);
    assert_int_equal(ingest_delivered_seq(f->w.ingest, &f->w.tenant), 6 + 2 * most);
}

static void a_frame_at_another_place_is_lost(void **state)
{
    struct fixture *f = *state;
    struct buf file;

    /* frames 2 and 3 change places: both check alone */
    buf_init(&file, MIB);
    buf_add(&file, f->file.data, f->ends[1]);
    buf_add(&file, f->file.data + f->ends[2], f->ends[3] - f->ends[2]);
    buf_add(&file, f->file.data + f->ends[1], f->ends[2] - f->ends[1]);
    buf_add(&file, f->file.data + f->ends[3], f->ends[4] - f->ends[3]);
    struct error err;
    ASSERT_OK(io_replace(f->w.io, FIRST, buf_slice(&file), &err));
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 3);
    expect_lost(f, 2, 3, false);
    buf_release(&file);
}

/* One that has never heard of any tenant; *ret_io is to be freed behind it. */
static void replace_keyring(struct fixture *f, struct io **ret_io)
{
    struct keyring *keyring = NULL;
    struct error err;
    char path[128];

    ASSERT_OK(io_make_dir(f->w.io, "second", &err));
    ASSERT_OK(io_make_dir(f->w.io, "second/keys", &err));
    (void)snprintf(path, sizeof(path), "%s/second", f->w.path);
    ASSERT_OK(io_linux_new(path, ret_io, &err));
    (void)snprintf(path, sizeof(path), "%s/second/kek", f->w.path);
    ASSERT_OK(keyring_local_create(*ret_io, path, SLICE("test.example"), &err));
    ASSERT_OK(keyring_local_open(*ret_io, path, &keyring, &err));
    keyring_free(f->w.keyring);
    f->w.keyring = keyring;
}

static void records_of_a_tenant_without_keys_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct guid known = f->w.tenant;
    struct io *io = NULL;

    replace_keyring(f, &io);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 0);
    assert_int_equal(ingest_delivered_seq(f->w.ingest, &known), 0);
    world_close(&f->w);
    keyring_free(f->w.keyring);
    f->w.keyring = NULL;
    io_free(io);
}

/* Its keys are never destroyed.  Others would be made for it, and its records be lost. */
static void records_of_the_instance_without_keys_refuse_the_start(void **state)
{
    static const struct guid instance;

    for (int is_saved = 0; is_saved < 2; is_saved++) {
        struct fixture *f = *state;
        struct ingest_request request;
        struct ingest_answer answer;
        struct io *io = NULL;
        struct error err;
        uint64_t floor;

        if (is_saved == 1) {
            (void)tear_down(state);
            (void)set_up(state);
            f = *state;
        }
        ASSERT_OK(keyring_create_tenant(f->w.keyring, &instance, &err));
        world_open(&f->w);
        request = world_request(&f->w, "Audit", SLICE("{\"Id\":1}"));
        request.tenant = instance;
        request.internal = true;
        ASSERT_OK(ingest_put(f->w.ingest, &request, f->arena, &answer, &err));
        ASSERT_OK(ingest_rotate(f->w.ingest, &floor, &err));
        if (is_saved == 1) {
            ASSERT_OK(ingest_save(f->w.ingest, floor, &err));
            ASSERT_OK(ingest_trim(f->w.ingest, floor, &err));
        }
        world_close(&f->w);
        replace_keyring(f, &io);
        assert_int_equal(world_try_open(&f->w, &err), STATUS_INVALID);
        assert_non_null(strstr(err.text, "no keys of the instance"));
        keyring_free(f->w.keyring);
        f->w.keyring = NULL;
        io_free(io);
    }
}

static void a_log_that_ends_before_the_state_has_lost_what_lies_between(void **state)
{
    struct fixture *f = *state;
    struct error err;
    uint64_t floor;

    world_open(&f->w);
    ASSERT_OK(ingest_rotate(f->w.ingest, &floor, &err));
    put(&f->w, f->arena, "{\"Id\":6}");
    ASSERT_OK(ingest_save(f->w.ingest, 1, &err));
    world_close(&f->w);
    struct buf file;
    buf_init(&file, MIB);
    ASSERT_OK(io_read_all(f->w.io, SECOND, &file, &err));
    ASSERT_OK(io_replace(f->w.io, SECOND, slice_head(buf_slice(&file), WAL_HEADER_BYTES), &err));
    buf_release(&file);
    world_open(&f->w);
    struct ingest_lost *lost = NULL;
    assert_int_equal(world_lost(&f->w, f->arena, &lost), 1);
    assert_int_equal(lost->first_seq, 6);
    assert_int_equal(lost->last_seq, 6);
    assert_int_equal(ingest_delivered_seq(f->w.ingest, &f->w.tenant), 6);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_torn_tail_of_the_last_file_is_cut),
        TEST(a_damaged_frame_is_lost_alone_and_named),
        TEST(damage_before_the_last_file_is_no_torn_end),
        TEST(the_last_numbers_before_damage_are_not_given_again),
        TEST(a_missing_file_costs_its_records_alone),
        TEST(files_that_are_missing_at_the_end_are_bounded),
        TEST(a_frame_at_another_place_is_lost),
        TEST(records_of_a_tenant_without_keys_are_left_out),
        TEST(records_of_the_instance_without_keys_refuse_the_start),
        TEST(a_log_that_ends_before_the_state_has_lost_what_lies_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
