/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/wal_priv.h"

#include "base/limits.h"
#include "ingest/fault_io.h"
#include "ingest/frame_priv.h"
#include "ingest/waiting_priv.h"
#include "ingest/world.h"

#include <semaphore.h>

static const struct key wal_key = {{3}};

struct fixture {
    struct world w;
    struct fault_io fault;
    struct wal *wal;
    int fatal_count;
};

struct note { /* an entry that writes down how it settled */
    struct wal_entry entry;
    int settled; /* 1 durable, -1 refused */
    int order;   /* of all, from 1 */
    bool fails;
    sem_t *began, *may_end; /* NULL, or of one that stays in its commit for a while */
};

static int settled_count;

static enum status settle(struct wal_entry *entry, bool durable, struct error *err)
{
    struct note *note = (struct note *)entry;

    note->settled = durable ? 1 : -1;
    note->order = ++settled_count; /* one commit at a time */
    if (note->began != NULL) {
        (void)sem_post(note->began);
        (void)sem_wait(note->may_end);
    }
    return note->fails && durable ? ERROR_SET(err, STATUS_IO, "the sink failed") : STATUS_OK;
}

static void on_fatal(void *context, const struct error *err)
{
    (void)err;
    ((struct fixture *)context)->fatal_count++;
}

static int set_up_with(void **state, uint64_t ahead_bytes)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct error err;

    world_new(&f->w);
    fault_io_init(&f->fault, f->w.io);
    struct wal_options options = {.io = &f->fault.io,
                                  .clock = clock_system(),
                                  .next_file = 4,
                                  .next_lsn = 100,
                                  .ahead_bytes = ahead_bytes,
                                  .fatal = on_fatal,
                                  .context = f};
    ASSERT_OK(io_make_dir(f->w.io, "wal", &err));
    ASSERT_OK(wal_open(&options, &f->wal, &err));
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 0);
}

static int set_up_ahead(void **state)
{
    return set_up_with(state, 4096);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    wal_close(f->wal);
    world_free(&f->w);
    free(f);
    return 0;
}

static struct note make_note(const char *payload)
{
    return (struct note){
        .entry = {.key = &wal_key, .payload = slice_of(payload), .settle = settle}};
}

static enum status commit(struct fixture *f, struct note *note)
{
    struct error err;
    enum status status = wal_enqueue(f->wal, &note->entry, &err);

    if (status != STATUS_OK)
        return status;
    status = wal_wait(f->wal, &note->entry, &err);
    wal_entry_end(f->wal, &note->entry);
    return status;
}

static void frames_are_in_the_file_in_order(void **state)
{
    struct fixture *f = *state;
    struct note notes[] = {make_note("one"), make_note(""), make_note("two")};
    struct wal_header header;
    struct frame frame;
    struct buf bytes;
    struct error err;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(commit(f, &notes[i]), STATUS_OK);
        assert_int_equal(notes[i].settled, 1);
        assert_int_equal(notes[i].entry.file, i == 1 ? 0 : 4);
    }
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, "wal/0000000000000004.wal", &bytes, &err));
    assert_true(wal_header_decode((const uint8_t *)bytes.data, &header));
    assert_int_equal(header.first_lsn, 100);
    assert_true(frame_decode(slice_tail(buf_slice(&bytes), WAL_HEADER_BYTES), &frame));
    assert_int_equal(frame.header.lsn, 100);
    assert_memory_equal(frame.header.previous, header.log_id.bytes, AEAD_TAG_BYTES);
    size_t second = WAL_HEADER_BYTES + frame_size(&frame);
    uint8_t tag[AEAD_TAG_BYTES];
    memcpy(tag, frame.tag, sizeof(tag));
    assert_true(frame_decode(slice_tail(buf_slice(&bytes), second), &frame));
    assert_int_equal(frame.header.lsn, 101);
    assert_int_equal(frame.header.commit_lsn, 101);
    assert_memory_equal(frame.header.previous, tag, sizeof(tag));
    assert_int_equal(second + frame_size(&frame), bytes.size);
    buf_release(&bytes);
}

static uint64_t size_of(struct fixture *f, uint64_t number)
{
    char path[WAL_PATH_BYTES];
    struct io_file *file = NULL;
    struct error err;
    uint64_t size = 0;

    wal_path(number, path);
    ASSERT_OK(io_open(f->w.io, path, IO_READ, &file, &err));
    ASSERT_OK(io_size(file, &size, &err));
    io_close(file);
    return size;
}

/* The log goes on in the next one when a commit does not fit, and cuts what is left. */
static void frames_go_into_files_made_ahead(void **state)
{
    static char text[1500];
    struct fixture *f = *state;
    struct wal_header header;
    struct wal_stats stats;
    struct error err;
    struct buf bytes;

    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 5; i++) {
        struct note note = make_note("");
        note.entry.payload = slice_from(text, sizeof(text));
        assert_int_equal(commit(f, &note), STATUS_OK);
        assert_int_equal(note.entry.file, 4 + i / 2);
        assert_int_equal(size_of(f, note.entry.file), 4096);
    }
    assert_true(size_of(f, 4) < 4096);
    assert_int_equal(size_of(f, 6), 4096); /* written to */
    assert_int_equal(size_of(f, 7), 4096); /* the next */
    wal_stats(f->wal, &stats);
    const size_t frame = frame_sealed_size(slice_from(text, sizeof(text)));
    assert_int_equal(size_of(f, 4), WAL_HEADER_BYTES + 2 * frame);
    assert_int_equal(stats.bytes, 3 * WAL_HEADER_BYTES + 5 * frame); /* no zeros */
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(f->w.io, "wal/0000000000000006.wal", &bytes, &err));
    assert_true(wal_header_decode((const uint8_t *)bytes.data, &header));
    assert_true(header.is_ahead);
    assert_int_equal(header.first_lsn, 104);
    buf_release(&bytes);
}

/* Neither the frame that is larger than a file, nor one that has no file to go on in. */
static void what_does_not_fit_is_appended(void **state)
{
    static char text[10000];
    struct fixture *f = *state;
    struct note large = make_note(""), small = make_note("small"), last = make_note("last");

    memset(text, 'x', sizeof(text));
    large.entry.payload = slice_from(text, sizeof(text));
    assert_int_equal(commit(f, &large), STATUS_OK);
    assert_int_equal(large.entry.file, 4);
    assert_true(size_of(f, 4) > sizeof(text));
    assert_int_equal(commit(f, &small), STATUS_OK);
    assert_int_equal(small.entry.file, 5);
    f->fault.free_bytes = INGEST_RESERVE_BYTES + 20000; /* none for another file */
    assert_int_equal(commit(f, &large), STATUS_OK);
    assert_int_equal(large.entry.file, 5);
    assert_int_equal(commit(f, &last), STATUS_OK);
    assert_int_equal(last.entry.file, 5);
}

static void a_log_that_is_hardly_used_keeps_no_file_ready(void **state)
{
    static const char next[] = "wal/0000000000000005.wal";
    char text[512];
    struct fixture *f = *state;
    struct note small = make_note("small"), more = make_note("");

    assert_int_equal(size_of(f, 4), 4096);
    assert_int_equal(commit(f, &small), STATUS_OK);
    assert_false(io_exists(f->w.io, next));
    memset(text, 'x', sizeof(text));
    more.entry.payload = slice_from(text, sizeof(text));
    assert_int_equal(commit(f, &more), STATUS_OK);
    assert_int_equal(more.entry.file, 4);
    assert_true(io_exists(f->w.io, next));
}

/* What goes into the zeros takes no space. */
static void the_servers_own_need_no_space_in_a_file_made_ahead(void **state)
{
    struct fixture *f = *state;
    struct note own = make_note("own"), other = make_note("other");

    f->fault.free_bytes = 0;
    own.entry.internal = true;
    assert_int_equal(commit(f, &own), STATUS_OK);
    assert_int_equal(commit(f, &other), STATUS_FULL);
    assert_int_equal(f->fatal_count, 0);
}

static void a_rotation_waits_for_the_frames_before(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one"), two = make_note("two");
    struct error err;
    uint64_t file;

    ASSERT_OK(wal_rotate(f->wal, &file, &err));
    assert_int_equal(file, 4); /* it is empty */
    assert_int_equal(commit(f, &one), STATUS_OK);
    ASSERT_OK(wal_rotate(f->wal, &file, &err));
    assert_int_equal(file, 5);
    assert_int_equal(commit(f, &two), STATUS_OK);
    assert_int_equal(two.entry.file, 5);
    ASSERT_OK(wal_settle(f->wal, &err));
    ASSERT_OK(wal_trim(f->wal, 5, &err));
    assert_false(io_exists(f->w.io, "wal/0000000000000004.wal"));
    ASSERT_OK(wal_trim(f->wal, 99, &err)); /* the file in use stays */
    assert_true(io_exists(f->w.io, "wal/0000000000000005.wal"));
}

static void files_set_aside_leave_the_log_and_stay_on_the_disk(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one");
    struct wal_stats before, after;
    struct error err;
    uint64_t file;

    assert_int_equal(commit(f, &one), STATUS_OK);
    ASSERT_OK(wal_rotate(f->wal, &file, &err));
    wal_stats(f->wal, &before);
    ASSERT_OK(wal_keep(f->wal, file, &err));
    ASSERT_OK(wal_trim(f->wal, file, &err));
    wal_stats(f->wal, &after);
    assert_true(after.bytes < before.bytes);
    assert_false(io_exists(f->w.io, "wal/0000000000000004.wal"));
    assert_true(io_exists(f->w.io, "wal/0000000000000004.wal.aside"));
    assert_false(io_exists(f->w.io, "wal/keep"));
    ASSERT_OK(wal_trim(f->wal, file, &err));
}

static void what_could_not_be_set_aside_is_not_removed_later(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one"), two = make_note("two");
    struct error err;
    uint64_t file;

    assert_int_equal(commit(f, &one), STATUS_OK);
    ASSERT_OK(wal_rotate(f->wal, &file, &err));
    assert_int_equal(commit(f, &two), STATUS_OK);
    ASSERT_OK(wal_rotate(f->wal, &file, &err));
    ASSERT_OK(wal_keep(f->wal, file, &err));
    f->fault.sticky = true;
    f->fault.fail_at = f->fault.calls + 1;
    assert_int_equal(wal_trim(f->wal, file, &err), STATUS_IO);
    f->fault.fail_at = 0;
    ASSERT_OK(wal_trim(f->wal, file, &err)); /* of the next checkpoint */
    assert_false(io_exists(f->w.io, "wal/0000000000000004.wal"));
    assert_true(io_exists(f->w.io, "wal/0000000000000004.wal.aside"));
    assert_true(io_exists(f->w.io, "wal/0000000000000005.wal.aside"));
}

#define NOTE "keep 5 8a338403\n" /* the bytes of docs/format/wal.md, "wal/keep" */

/* As the next process reads it: the files that leave the log stay, or not. */
static void expect_kept(struct fixture *f, const char *note, bool is_first, bool is_second)
{
    static const char *const PATHS[] = {"wal/0000000000000004.wal", "wal/0000000000000005.wal"};
    const bool are_kept[] = {is_first, is_second};
    const struct wal_options options = {
        .io = &f->fault.io, .clock = clock_system(), .next_file = 6, .next_lsn = 100,
        .fatal = on_fatal, .context = f};
    struct wal *wal = NULL;
    struct error err;

    for (int i = 0; i < 2; i++)
        ASSERT_OK(io_replace(f->w.io, PATHS[i], SLICE("frames"), &err));
    ASSERT_OK(io_replace(f->w.io, "wal/keep", slice_of(note), &err));
    ASSERT_OK(wal_open(&options, &wal, &err));
    for (uint64_t i = 0; i < 2; i++)
        ASSERT_OK(wal_note_file(wal, 4 + i, 6, false, &err));
    ASSERT_OK(wal_trim(wal, 6, &err));
    wal_close(wal);
    for (int i = 0; i < 2; i++) {
        char aside[WAL_PATH_BYTES + 8];
        (void)snprintf(aside, sizeof(aside), "%s.aside", PATHS[i]);
        assert_false(io_exists(f->w.io, PATHS[i]));
        assert_int_equal(io_exists(f->w.io, aside), are_kept[i]);
        io_unlink_if_possible(f->w.io, aside);
    }
    ASSERT_OK(io_unlink(f->w.io, "wal/0000000000000006.wal", &err));
    assert_false(io_exists(f->w.io, "wal/keep"));
}

static void the_note_of_what_is_kept_is_in_its_form(void **state)
{
    struct fixture *f = *state;
    struct buf bytes;
    struct error err;

    buf_init(&bytes, KIB);
    ASSERT_OK(wal_keep(f->wal, 5, &err));
    ASSERT_OK(io_read_all(f->w.io, "wal/keep", &bytes, &err));
    assert_true(slice_is(buf_slice(&bytes), NOTE));
    expect_kept(f, NOTE, true, false);
    buf_release(&bytes);
}

/* One that cannot be believed is for all: what is removed is gone. */
static void a_damaged_note_keeps_all(void **state)
{
    struct fixture *f = *state;
    char note[] = NOTE;

    for (size_t at = 0; at < sizeof(NOTE) - 1; at++) {
        note[at] ^= 1;
        expect_kept(f, note, true, true);
        note[at] ^= 1;
        const char byte = note[at];
        note[at] = '\0';
        expect_kept(f, note, true, true);
        note[at] = byte;
    }
    expect_kept(f, "5\n", true, true); /* of a program before, which has no checksum */
    expect_kept(f, "0\n", true, true); /* the same with a changed byte */
    f->fault.bad_path = "wal/keep";
    expect_kept(f, NOTE, true, true);
    f->fault.bad_path = NULL;
}

/* Each look at it takes a time; in `asks` one is ready() from within a sync. */
struct slow_clock {
    struct clock clock; /* first */
    struct wal *asks;
    uint64_t now_us, step_us, looks;
    enum status ready_meanwhile;
};

static uint64_t slow_monotonic_us(const struct clock *clock)
{
    struct slow_clock *slow = (struct slow_clock *)(uintptr_t)clock;
    struct wal *asks = slow->asks;
    struct error err;

    slow->now_us += slow->step_us;
    if (++slow->looks == 2 && asks != NULL) { /* behind the sync, of which nothing is noted yet */
        slow->asks = NULL;
        slow->ready_meanwhile = wal_ready(asks, &err);
    }
    return slow->now_us;
}

static void a_slow_disk_is_told(void **state)
{
    struct fixture *f = *state;
    struct slow_clock slow = {.clock = {NULL, slow_monotonic_us}, .now_us = 1};
    const struct wal_options options = {.io = &f->fault.io, .clock = &slow.clock,
                                        .next_file = 5, .next_lsn = 100, .fatal = on_fatal,
                                        .context = f};
    struct note fast = make_note("fast"), late = make_note("late");
    struct wal *first = f->wal;
    struct error err;

    ASSERT_OK(wal_open(&options, &f->wal, &err));
    assert_int_equal(commit(f, &fast), STATUS_OK);
    ASSERT_OK(wal_ready(f->wal, &err));
    slow.step_us = 1500000;
    slow.looks = 0;
    slow.asks = f->wal;
    assert_int_equal(commit(f, &late), STATUS_OK);
    assert_int_equal(slow.ready_meanwhile, STATUS_BUSY);
    slow.step_us = 0;
    assert_int_equal(wal_ready(f->wal, &err), STATUS_BUSY);
    assert_non_null(strstr(err.text, "slow"));
    slow.now_us += 10000000;
    ASSERT_OK(wal_ready(f->wal, &err));
    wal_stop(f->wal, &(struct error){.status = STATUS_IO, .text = "of 'wal/secret'"});
    assert_int_equal(wal_ready(f->wal, &err), STATUS_BUSY);
    assert_null(strstr(err.text, "secret")); /* anybody may ask */
    assert_int_equal(f->fatal_count, 1);
    wal_close(f->wal);
    f->wal = first;
}

static void a_full_file_is_followed_by_another(void **state)
{
    struct fixture *f = *state;
    char *large = malloc(WAL_FILE_BYTES);
    struct note one = make_note(""), two = make_note("two");
    struct wal_stats stats;

    memset(large, 'x', WAL_FILE_BYTES);
    one.entry.payload = slice_from(large, WAL_FILE_BYTES);
    assert_int_equal(commit(f, &one), STATUS_OK);
    assert_int_equal(commit(f, &two), STATUS_OK);
    assert_int_equal(one.entry.file, 4);
    assert_int_equal(two.entry.file, 5);
    wal_stats(f->wal, &stats);
    assert_true(stats.bytes > WAL_FILE_BYTES);
    assert_int_equal(stats.fsyncs, 2);
    free(large);
}

static void a_log_that_is_too_long_is_busy(void **state)
{
    struct fixture *f = *state;
    struct note note = make_note("one");
    struct error err;

    ASSERT_OK(wal_note_file(f->wal, 3, WAL_BYTES_MAX, false, &err));
    assert_int_equal(commit(f, &note), STATUS_BUSY);
    note.entry.internal = true;
    assert_int_equal(commit(f, &note), STATUS_OK);
    /* the old file is not there: a trim before may have removed it */
    ASSERT_OK(wal_trim(f->wal, 4, &err));
    note.entry.internal = false;
    assert_int_equal(commit(f, &note), STATUS_OK);
}

static void a_full_disk_refuses_and_the_next_commit_begins_a_file(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one"), two = make_note("two"), three = make_note("three");

    assert_int_equal(commit(f, &one), STATUS_OK);
    f->fault.os_errno = ENOSPC;
    f->fault.fail_at = f->fault.calls + 2;
    assert_int_equal(commit(f, &two), STATUS_FULL);
    assert_int_equal(two.settled, -1);
    assert_int_equal(f->fatal_count, 0);
    assert_int_equal(commit(f, &three), STATUS_OK);
    assert_int_equal(three.entry.file, 5);
}

static void a_full_disk_that_cannot_be_undone_stops_the_log(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one");

    f->fault.os_errno = ENOSPC;
    f->fault.sticky = true;
    f->fault.fail_at = f->fault.calls + 2;
    assert_int_equal(commit(f, &one), STATUS_FULL);
    assert_int_equal(f->fatal_count, 1);
    f->fault.fail_at = 0;
    assert_int_equal(commit(f, &one), STATUS_FULL); /* the reason of the stop */
}

static void a_failed_sink_stops_the_log(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one"), two = make_note("two");
    struct error err;
    uint64_t file;

    one.fails = true;
    assert_int_equal(commit(f, &one), STATUS_IO);
    assert_int_equal(f->fatal_count, 1);
    assert_int_equal(commit(f, &two), STATUS_IO);
    assert_int_equal(two.settled, 0);
    assert_int_equal(wal_settle(f->wal, &err), STATUS_IO);
    assert_int_equal(wal_rotate(f->wal, &file, &err), STATUS_IO);
}

static void a_rotation_that_fails_can_be_tried_again(void **state)
{
    struct fixture *f = *state;
    struct note one = make_note("one"), two = make_note("two");
    struct error err;
    uint64_t file;

    assert_int_equal(commit(f, &one), STATUS_OK);
    f->fault.fail_at = f->fault.calls + 3;
    assert_int_equal(wal_rotate(f->wal, &file, &err), STATUS_IO);
    assert_int_equal(commit(f, &two), STATUS_OK);
    assert_int_equal(two.entry.file, 5);
    ASSERT_OK(wal_rotate(f->wal, &file, &err));
    assert_int_equal(file, 6);
    assert_int_equal(f->fatal_count, 0);
}

/* What a failed sync did not write, a later one does not write either, and says nothing. */
static void stop_at_sync(void **state, uint64_t call, bool rotates)
{
    struct fixture *f = *state;
    struct note one = make_note("one"), two = make_note("two");
    struct error err;
    uint64_t file;

    if (rotates) {
        assert_int_equal(commit(f, &one), STATUS_OK);
        f->fault.fail_at = f->fault.calls + call;
        assert_int_equal(wal_rotate(f->wal, &file, &err), STATUS_IO);
    } else {
        f->fault.os_errno = ENOSPC;
        f->fault.fail_at = f->fault.calls + 2; /* the write, so that a file is begun next */
        assert_int_equal(commit(f, &one), STATUS_FULL);
        f->fault.fail_at = f->fault.calls + call;
        assert_int_equal(commit(f, &one), STATUS_IO);
    }
    assert_int_equal(f->fatal_count, 1);
    assert_int_equal(commit(f, &two), STATUS_IO);
    assert_int_equal(wal_rotate(f->wal, &file, &err), STATUS_IO);
    assert_int_equal(f->fatal_count, 1);
}

/* look, open, truncate, write, sync, sync of the directory */
static void a_new_file_that_is_not_synced_stops_the_log(void **state)
{
    stop_at_sync(state, 5, true);
}

static void a_new_name_that_is_not_synced_stops_the_log(void **state)
{
    stop_at_sync(state, 6, true);
}

static void a_commit_does_not_go_into_a_file_whose_name_is_not_synced(void **state)
{
    stop_at_sync(state, 6, false);
}

/* Begins a commit that lasts until end_long_commit(). */
static void begin_long_commit(struct fixture *f, struct note *note, sem_t *began, sem_t *may_end)
{
    struct error err;

    (void)sem_init(began, 0, 0);
    (void)sem_init(may_end, 0, 0);
    note->began = began;
    note->may_end = may_end;
    note->entry.stands_back = true; /* by the committer: this thread goes on */
    ASSERT_OK(wal_enqueue(f->wal, &note->entry, &err));
    (void)sem_wait(began);
}

static void end_long_commit(struct fixture *f, struct note *note)
{
    struct error err;

    (void)sem_post(note->may_end);
    ASSERT_OK(wal_wait(f->wal, &note->entry, &err));
    wal_entry_end(f->wal, &note->entry);
    (void)sem_destroy(note->began);
    (void)sem_destroy(note->may_end);
}

static void small_frames_do_not_wait_for_large_ones(void **state)
{
    static char large[COMMIT_BYTES_MAX];
    struct fixture *f = *state;
    struct note first = make_note("first"), small = make_note("small"), behind = make_note("b");
    struct note bulk[] = {make_note(""), make_note("")};
    struct error err;
    sem_t began, may_end;

    memset(large, 'x', sizeof(large));
    begin_long_commit(f, &first, &began, &may_end);
    for (int i = 0; i < 2; i++) {
        bulk[i].entry.tenant = (struct guid){{1}};
        bulk[i].entry.payload = slice_from(large, sizeof(large));
        bulk[i].entry.stands_back = true;
        ASSERT_OK(wal_enqueue(f->wal, &bulk[i].entry, &err));
    }
    behind.entry.tenant = (struct guid){{1}};
    small.entry.tenant = (struct guid){{2}};
    ASSERT_OK(wal_enqueue(f->wal, &behind.entry, &err));
    ASSERT_OK(wal_enqueue(f->wal, &small.entry, &err));
    end_long_commit(f, &first);
    struct note *notes[] = {&small, &bulk[0], &bulk[1], &behind};
    for (int i = 0; i < 4; i++) {
        ASSERT_OK(wal_wait(f->wal, &notes[i]->entry, &err));
        wal_entry_end(f->wal, &notes[i]->entry);
        assert_int_equal(notes[i]->settled, 1);
        assert_int_equal(notes[i]->order, first.order + 1 + i);
    }
}

/* What waited when it was called, although others went before and come behind. */
static void to_settle_waits_for_large_frames_too(void **state)
{
    static char large[COMMIT_BYTES_MAX];
    struct fixture *f = *state;
    struct note bulk = make_note(""), small = make_note("small");
    struct error err;

    memset(large, 'x', sizeof(large));
    bulk.entry.payload = slice_from(large, sizeof(large));
    bulk.entry.stands_back = true;
    small.entry.tenant = (struct guid){{2}};
    small.entry.stands_back = true;
    ASSERT_OK(wal_enqueue(f->wal, &bulk.entry, &err));
    ASSERT_OK(wal_enqueue(f->wal, &small.entry, &err));
    ASSERT_OK(wal_settle(f->wal, &err));
    assert_int_equal(bulk.settled, 1);
    assert_int_equal(small.settled, 1);
    ASSERT_OK(wal_wait(f->wal, &bulk.entry, &err));
    ASSERT_OK(wal_wait(f->wal, &small.entry, &err));
    wal_entry_end(f->wal, &bulk.entry);
    wal_entry_end(f->wal, &small.entry);
}

static void a_refused_commit_refuses_all_that_waits(void **state)
{
    static char large[COMMIT_BYTES_MAX];
    struct fixture *f = *state;
    struct note first = make_note("first"), bulk = make_note(""), small = make_note("small");
    struct note again = make_note("again");
    struct error err;
    sem_t began, may_end;

    memset(large, 'x', sizeof(large));
    begin_long_commit(f, &first, &began, &may_end);
    bulk.entry.tenant = (struct guid){{1}};
    bulk.entry.payload = slice_from(large, sizeof(large));
    ASSERT_OK(wal_enqueue(f->wal, &bulk.entry, &err));
    small.entry.tenant = (struct guid){{2}};
    ASSERT_OK(wal_enqueue(f->wal, &small.entry, &err));
    f->fault.os_errno = ENOSPC;
    f->fault.fail_at = f->fault.calls + 2;
    end_long_commit(f, &first);
    assert_int_equal(wal_wait(f->wal, &bulk.entry, &err), STATUS_FULL);
    assert_int_equal(wal_wait(f->wal, &small.entry, &err), STATUS_FULL);
    wal_entry_end(f->wal, &bulk.entry);
    wal_entry_end(f->wal, &small.entry);
    assert_int_equal(first.settled, 1);
    assert_int_equal(bulk.settled, -1);
    assert_int_equal(small.settled, -1);
    assert_int_equal(commit(f, &again), STATUS_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(frames_are_in_the_file_in_order),
#define TEST_AHEAD(name) cmocka_unit_test_setup_teardown(name, set_up_ahead, tear_down)
        TEST_AHEAD(frames_go_into_files_made_ahead),
        TEST_AHEAD(what_does_not_fit_is_appended),
        TEST_AHEAD(a_log_that_is_hardly_used_keeps_no_file_ready),
        TEST_AHEAD(the_servers_own_need_no_space_in_a_file_made_ahead),
        TEST(a_rotation_waits_for_the_frames_before),
        TEST(files_set_aside_leave_the_log_and_stay_on_the_disk),
        TEST(what_could_not_be_set_aside_is_not_removed_later),
        TEST(the_note_of_what_is_kept_is_in_its_form),
        TEST(a_slow_disk_is_told),
        TEST(a_damaged_note_keeps_all),
        TEST(a_full_file_is_followed_by_another),
        TEST(a_log_that_is_too_long_is_busy),
        TEST(a_full_disk_refuses_and_the_next_commit_begins_a_file),
        TEST(a_full_disk_that_cannot_be_undone_stops_the_log),
        TEST(a_failed_sink_stops_the_log),
        TEST(a_rotation_that_fails_can_be_tried_again),
        TEST(a_new_file_that_is_not_synced_stops_the_log),
        TEST(a_new_name_that_is_not_synced_stops_the_log),
        TEST(a_commit_does_not_go_into_a_file_whose_name_is_not_synced),
        TEST(small_frames_do_not_wait_for_large_ones),
        TEST(to_settle_waits_for_large_frames_too),
        TEST(a_refused_commit_refuses_all_that_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
