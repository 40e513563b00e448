/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/frame_priv.h"

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
    static const char *const paths[] = {SECOND, "wal/0000000000000003.wal"};
    struct error err;

    for (size_t i = 0; i < 2; i++) {
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
        assert_int_equal(ingest_last_seq(f->w.ingest, &f->w.tenant), counts[frames]);
        world_reopen(&f->w); /* what was cut stays cut */
        assert_int_equal(f->w.record_count, counts[frames]);
        world_close(&f->w);
    }
}

static void expect_corrupt(struct fixture *f, const char *text)
{
    struct error err;

    assert_int_equal(world_try_open(&f->w, &err), STATUS_CORRUPT);
    if (strstr(err.text, text) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, text);
}

static void a_damaged_acknowledged_frame_is_corruption(void **state)
{
    struct fixture *f = *state;
    char offset[32];

    for (int i = 0; i < 3; i++) { /* the last one cannot be told from a torn one */
        for (size_t at = f->ends[i]; at < f->ends[i + 1]; at += 11) {
            f->file.data[at] ^= 4;
            write_first(f, f->file.size);
            (void)snprintf(offset, sizeof(offset), "offset %zu", f->ends[i]);
            expect_corrupt(f, offset);
            f->file.data[at] ^= 4;
        }
    }
    f->file.data[f->ends[3] + 70] ^= 4;
    write_first(f, f->file.size);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 4);
}

static void files_before_the_last_must_be_whole(void **state)
{
    struct fixture *f = *state;

    world_open(&f->w);
    put(&f->w, f->arena, "{\"Id\":6}");
    world_close(&f->w);
    write_first(f, f->ends[3]);
    expect_corrupt(f, "frames are missing");
    write_first(f, f->file.size - 1);
    expect_corrupt(f, FIRST);
    f->file.data[f->ends[3] + 70] ^= 4;
    write_first(f, f->file.size);
    expect_corrupt(f, FIRST);
    f->file.data[f->ends[3] + 70] ^= 4;
    f->file.data[3] ^= 4;
    write_first(f, f->file.size);
    expect_corrupt(f, FIRST);
    write_first(f, 10);
    expect_corrupt(f, "header is cut");
    f->file.data[3] ^= 4;
    write_first(f, f->file.size);
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 6);
}

static void a_missing_file_is_corruption(void **state)
{
    struct fixture *f = *state;
    struct error err;

    world_open(&f->w);
    put(&f->w, f->arena, "{\"Id\":6}");
    world_close(&f->w);
    ASSERT_OK(io_unlink(f->w.io, FIRST, &err));
    expect_corrupt(f, "0000000000000001 is missing");
    write_first(f, f->file.size);
    f->w.floor = 9;
    expect_corrupt(f, "is missing");
    f->w.floor = 0;
    world_reopen(&f->w);
    assert_int_equal(f->w.record_count, 6);
}

static void a_frame_of_another_tenant_or_place_is_refused(void **state)
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
    expect_corrupt(f, "acknowledged frame is damaged");
    buf_release(&file);
}

static void records_of_a_tenant_without_keys_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct guid known = f->w.tenant;
    struct error err;
    char path[128];
    struct keyring *keyring;

    /* a keyring that has never heard of the tenant */
    ASSERT_OK(io_make_dir(f->w.io, "second", &err));
    ASSERT_OK(io_make_dir(f->w.io, "second/keys", &err));
    struct io *io;
    (void)snprintf(path, sizeof(path), "%s/second", f->w.path);
    ASSERT_OK(io_linux_new(path, &io, &err));
    (void)snprintf(path, sizeof(path), "%s/second/kek", f->w.path);
    ASSERT_OK(keyring_local_create(io, path, SLICE("test.example"), &err));
    ASSERT_OK(keyring_local_open(io, path, &keyring, &err));
    keyring_free(f->w.keyring);
    f->w.keyring = keyring;
    world_open(&f->w);
    assert_int_equal(f->w.record_count, 0);
    assert_int_equal(ingest_last_seq(f->w.ingest, &known), 0);
    world_close(&f->w);
    keyring_free(f->w.keyring);
    f->w.keyring = NULL;
    io_free(io);
}

static void a_log_that_ends_before_the_state_is_corruption(void **state)
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
    expect_corrupt(f, "the log ends at leaf 4");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_torn_tail_of_the_last_file_is_cut),
        TEST(a_damaged_acknowledged_frame_is_corruption),
        TEST(files_before_the_last_must_be_whole),
        TEST(a_missing_file_is_corruption),
        TEST(a_frame_of_another_tenant_or_place_is_refused),
        TEST(records_of_a_tenant_without_keys_are_left_out),
        TEST(a_log_that_ends_before_the_state_is_corruption),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
