/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/log_read_priv.h"

#include "base/limits.h"
#include "ingest/ahead_priv.h"
#include "ingest/fault_io.h"
#include "ingest/world.h"

#define FIRST "wal/0000000000000001.wal"
#define FRAMES 4

struct fixture {
    struct world w;
    struct buf file; /* with FRAMES frames, the last file of the log */
    size_t ends[FRAMES + 1];
};

struct reading {
    uint32_t frames, lost, suspects;
    uint64_t torn_bytes;
    bool is_damaged;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    struct error err;
    struct frame frame;

    world_new(&f->w);
    world_open(&f->w);
    for (int i = 0; i < FRAMES; i++) {
        struct ingest_request request = world_request(&f->w, "Mine", SLICE("{\"Id\":1}\n{}"));
        ASSERT_OK(ingest_put(f->w.ingest, &request, arena, &answer, &err));
    }
    world_close(&f->w);
    buf_init(&f->file, MIB);
    ASSERT_OK(io_read_all(f->w.io, FIRST, &f->file, &err));
    f->ends[0] = WAL_HEADER_BYTES;
    for (int i = 0; i < FRAMES; i++) {
        assert_true(frame_decode(slice_tail(buf_slice(&f->file), f->ends[i]), &frame));
        f->ends[i + 1] = f->ends[i] + frame_size(&frame);
    }
    arena_free(arena);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    world_free(&f->w);
    buf_release(&f->file);
    free(f);
    return 0;
}

/* Reads a log of one file with these bytes. */
static struct reading read_log(struct fixture *f, struct slice bytes)
{
    struct reading result = {.frames = 0};
    struct log_reader reader;
    struct log_item item;
    struct error err;
    struct buf room;
    bool done = false;

    ASSERT_OK(io_replace(f->w.io, FIRST, bytes, &err));
    ASSERT_OK(log_reader_open(&reader, f->w.io, &err));
    ASSERT_OK(log_reader_renew(&reader, &err));
    result.torn_bytes = reader.torn_bytes;
    buf_init(&room, MIB);
    while (!done) {
        ASSERT_OK(log_reader_next(&reader, &room, &item, &done, &err));
        if (!done && item.lost_count == 0) {
            result.frames++;
            assert_true(guid_equal(&item.frame.header.tenant, &f->w.tenant));
        } else if (!done) {
            result.lost += (uint32_t)item.lost_count;
            result.suspects += item.has_suspect && guid_equal(&item.suspect, &f->w.tenant);
        }
    }
    for (size_t i = 0; i < reader.file_count; i++)
        result.is_damaged = result.is_damaged || reader.files[i].is_damaged;
    buf_release(&room);
    log_reader_close(&reader);
    return result;
}

static void a_whole_log_is_read_whole(void **state)
{
    struct fixture *f = *state;
    struct reading all = read_log(f, buf_slice(&f->file));

    assert_int_equal(all.frames, FRAMES);
    assert_int_equal(all.lost + all.torn_bytes, 0);
    assert_false(all.is_damaged);
}

static void any_damaged_byte_costs_its_frame_only(void **state)
{
    struct fixture *f = *state;

    for (size_t frame = 0; frame < FRAMES; frame++) {
        for (size_t at = f->ends[frame]; at < f->ends[frame + 1]; at += 5) {
            f->file.data[at] ^= 4;
            struct reading found = read_log(f, buf_slice(&f->file));
            f->file.data[at] ^= 4;
            bool is_last = frame + 1 == FRAMES; /* not to be told from a torn one */
            assert_int_equal(found.frames, FRAMES - 1);
            assert_int_equal(found.lost, is_last ? 0 : 1);
            assert_int_equal(found.is_damaged, !is_last);
            assert_int_equal(found.torn_bytes, is_last ? f->ends[FRAMES] - f->ends[FRAMES - 1] : 0);
            if (!is_last && at >= f->ends[frame] + FRAME_HEADER_BYTES)
                assert_int_equal(found.suspects, 1);
        }
    }
}

static void a_damaged_header_costs_nothing(void **state)
{
    struct fixture *f = *state;

    for (size_t at = 0; at < WAL_HEADER_BYTES; at++) {
        f->file.data[at] ^= 4;
        struct reading found = read_log(f, buf_slice(&f->file));
        f->file.data[at] ^= 4;
        assert_int_equal(found.frames, FRAMES);
        assert_int_equal(found.lost, 0);
        assert_true(found.is_damaged);
    }
}

/* Nothing says which log its frames are of. */
static void without_header_and_first_frame_all_is_lost(void **state)
{
    struct fixture *f = *state;

    memset(f->file.data, 0, WAL_HEADER_BYTES + 1);
    struct reading found = read_log(f, buf_slice(&f->file));
    assert_int_equal(found.frames, 0);
    assert_int_not_equal(found.lost, 0);
    assert_true(found.is_damaged);
}

static void a_cut_is_a_torn_end(void **state)
{
    struct fixture *f = *state;

    struct reading found = read_log(f, slice_head(buf_slice(&f->file), f->ends[2] + 9));
    assert_int_equal(found.frames, 2);
    assert_int_equal(found.torn_bytes, 9);
    assert_false(found.is_damaged);
}

/* A power cut while the second file was made, and a damaged frame in the first.  The process
 * may end before the second file is made anew. */
static void a_file_that_was_never_begun_shows_that_the_one_before_it_is_whole(void **state)
{
    struct fixture *f = *state;
    struct error err;

    ASSERT_OK(io_replace(f->w.io, "wal/0000000000000002.wal", SLICE(""), &err));
    f->file.data[f->ends[FRAMES] - 1] ^= 4;
    for (int start = 0; start < 2; start++) {
        struct reading found = read_log(f, buf_slice(&f->file));
        assert_int_equal(found.frames, FRAMES - 1);
        assert_int_equal(found.lost, 1);
        assert_int_equal(found.torn_bytes, 0);
    }
}

/* ---- files that were made ahead ---- */

/* The file of the fixture as it had been made of zeros: its header says so. */
static void make_ahead(struct fixture *f, size_t zeros)
{
    struct wal_header header;

    assert_true(wal_header_decode((const uint8_t *)f->file.data, &header));
    header.is_ahead = true;
    wal_header_encode(&header, (uint8_t *)f->file.data);
    memset(buf_extend(&f->file, zeros), 0, zeros);
}

static void zeros_behind_the_last_frame_are_its_end(void **state)
{
    struct fixture *f = *state;

    make_ahead(f, 5000);
    struct reading all = read_log(f, buf_slice(&f->file));
    assert_int_equal(all.frames, FRAMES);
    assert_int_equal(all.lost + all.torn_bytes, 0);
    assert_false(all.is_damaged);
}

/* Also as a file that another one follows: a crash may have left the zeros. */
static void zeros_at_the_end_of_any_file_are_no_damage(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf next;

    make_ahead(f, 5000);
    buf_init(&next, MIB);
    struct wal_header header = {.number = 2, .first_lsn = FRAMES + 1};
    (void)wal_header_encode(&header, buf_extend(&next, WAL_HEADER_BYTES));
    ASSERT_OK(io_replace(f->w.io, "wal/0000000000000002.wal", buf_slice(&next), &err));
    struct reading all = read_log(f, buf_slice(&f->file));
    assert_int_equal(all.frames, FRAMES);
    assert_int_equal(all.lost, 0);
    assert_false(all.is_damaged);
    /* its last frame is gone, zeros in its place: the next file tells */
    memset(f->file.data + f->ends[FRAMES - 1], 0, f->ends[FRAMES] - f->ends[FRAMES - 1]);
    all = read_log(f, buf_slice(&f->file));
    assert_int_equal(all.frames, FRAMES - 1);
    assert_int_equal(all.lost, 1);
    assert_true(all.is_damaged);
    buf_release(&next);
}

/* Each sector of a commit may have reached the disk or not. */
static void a_frame_torn_into_zeros_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct buf whole;

    make_ahead(f, 5000);
    buf_init(&whole, MIB);
    buf_add_slice(&whole, buf_slice(&f->file));
    for (size_t from = f->ends[FRAMES - 1]; from < f->ends[FRAMES]; from += 7) {
        memset(f->file.data + from, 0, f->ends[FRAMES] - from);
        struct reading found = read_log(f, buf_slice(&f->file));
        assert_int_equal(found.frames, FRAMES - 1);
        assert_int_equal(found.lost, 0);
        assert_false(found.is_damaged);
        assert_true(found.torn_bytes <= from - f->ends[FRAMES - 1]);
        memcpy(f->file.data, whole.data, whole.size);
        memset(f->file.data + f->ends[FRAMES - 1], 0, from + 1 - f->ends[FRAMES - 1]);
        found = read_log(f, buf_slice(&f->file));
        assert_int_equal(found.frames, FRAMES - 1);
        assert_int_equal(found.lost, 0);
        memcpy(f->file.data, whole.data, whole.size);
    }
    buf_release(&whole);
}

/* Every one of the frames was a commit of its own: what is behind proves it. */
static void a_hole_of_zeros_in_the_middle_is_damage(void **state)
{
    struct fixture *f = *state;

    make_ahead(f, 5000);
    for (size_t frame = 0; frame + 1 < FRAMES; frame++) {
        size_t size = f->ends[frame + 1] - f->ends[frame];
        char kept[4096];
        assert_true(size <= sizeof(kept));
        memcpy(kept, f->file.data + f->ends[frame], size);
        memset(f->file.data + f->ends[frame], 0, size);
        struct reading found = read_log(f, buf_slice(&f->file));
        memcpy(f->file.data + f->ends[frame], kept, size);
        assert_int_equal(found.frames, FRAMES - 1);
        assert_int_equal(found.lost, 1);
        assert_true(found.is_damaged);
    }
}

/* The file before it is the one that was written to: its end may be torn. */
static void a_file_of_zeros_was_not_begun(void **state)
{
    static const char zeros[3000];
    struct fixture *f = *state;
    struct log_reader reader;
    struct error err;

    make_ahead(f, 5000);
    ASSERT_OK(io_replace(f->w.io, "wal/0000000000000002.wal", slice_from(zeros, sizeof(zeros)),
                         &err));
    f->file.data[f->ends[FRAMES] - 1] ^= 4;
    struct reading found = read_log(f, buf_slice(&f->file));
    assert_int_equal(found.frames, FRAMES - 1);
    assert_int_equal(found.lost, 0);
    assert_int_equal(found.torn_bytes, f->ends[FRAMES] - f->ends[FRAMES - 1]);
    ASSERT_OK(log_reader_open(&reader, f->w.io, &err));
    assert_int_equal(reader.file_count, 1);
    assert_int_equal(reader.next_number, 2); /* its name is used */
    log_reader_close(&reader);
}

static void check_file(struct fixture *f, struct slice want)
{
    struct error err;
    struct buf bytes;

    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, FIRST, &bytes, &err));
    assert_true(slice_equal(buf_slice(&bytes), want));
    buf_release(&bytes);
}

/* Whatever a list of the files said, there is one with this number. */
static void a_file_with_frames_is_never_overwritten(void **state)
{
    struct fixture *f = *state;
    struct wal_options options = {
        .io = f->w.io, .clock = clock_system(), .next_file = 1, .next_lsn = 1};
    const struct ahead_options ahead_options = {.size_bytes = 4096, .first = 1};
    struct ahead ahead;
    struct error err;
    struct wal *wal;

    for (size_t i = 0; i < 2; i++) { /* as it was written, and one whose header is damaged */
        memset(f->file.data, 0, i * WAL_HEADER_BYTES);
        ASSERT_OK(io_replace(f->w.io, FIRST, buf_slice(&f->file), &err));
        ASSERT_OK(ahead_open(&ahead, f->w.io, &ahead_options, &err));
        assert_false(ahead_is_ready(&ahead, 1));
        ahead_close(&ahead);
        check_file(f, buf_slice(&f->file));
        for (options.ahead_bytes = 0; options.ahead_bytes <= 4096; options.ahead_bytes += 4096)
            assert_int_equal(wal_open(&options, &wal, &err), STATUS_CORRUPT);
        check_file(f, buf_slice(&f->file));
    }
}

/* It is the number of one that could not be begun, or was made ahead. */
static void a_file_without_a_frame_gives_its_name(void **state)
{
    static const uint8_t sizes[] = {0, 3, WAL_HEADER_BYTES, 200};
    struct fixture *f = *state;
    struct wal_options options = {
        .io = f->w.io, .clock = clock_system(), .next_file = 1, .next_lsn = 1};
    struct error err;
    struct wal *wal;

    memset(f->file.data + WAL_HEADER_BYTES, 0, 200 - WAL_HEADER_BYTES);
    for (size_t i = 0; i < sizeof(sizes); i++) {
        for (options.ahead_bytes = 0; options.ahead_bytes <= 4096; options.ahead_bytes += 4096) {
            struct slice bytes = slice_head(buf_slice(&f->file), sizes[i]);
            ASSERT_OK(io_replace(f->w.io, FIRST, bytes, &err));
            ASSERT_OK(wal_open(&options, &wal, &err));
            wal_close(wal);
        }
    }
}

/* On a disk that is nearly full it would take what is left, for good. */
static void no_unfinished_copy_stays(void **state)
{
    static const char COPY[] = FIRST ".tmp", OLD[] = "wal/00000000000000aa.wal.tmp";
    static const char ASIDE[] = "wal/00000000000000aa.wal.aside";
    struct fixture *f = *state;
    struct log_reader reader;
    struct fault_io fault;
    struct error err;

    ASSERT_OK(io_replace(f->w.io, OLD, SLICE("of a crash"), &err));
    ASSERT_OK(io_replace(f->w.io, ASIDE, SLICE("kept"), &err));
    fault_io_init(&fault, f->w.io);
    fault.bad_path = COPY;
    fault.os_errno = ENOSPC;
    ASSERT_OK(log_reader_open(&reader, &fault.io, &err));
    assert_false(io_exists(f->w.io, OLD));
    assert_true(io_exists(f->w.io, ASIDE));
    ASSERT_OK(log_reader_renew(&reader, &err));
    assert_false(io_exists(f->w.io, COPY));
    assert_int_equal(reader.file_count, 1);
    assert_int_equal(reader.files[0].size_bytes, f->ends[FRAMES]);
    log_reader_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_log_is_read_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_damaged_byte_costs_its_frame_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_header_costs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_header_and_first_frame_all_is_lost, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cut_is_a_torn_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_file_that_was_never_begun_shows_that_the_one_before_it_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeros_behind_the_last_frame_are_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeros_at_the_end_of_any_file_are_no_damage, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_frame_torn_into_zeros_is_cut_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hole_of_zeros_in_the_middle_is_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_zeros_was_not_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_with_frames_is_never_overwritten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_without_a_frame_gives_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_unfinished_copy_stays, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
