/* SPDX-License-Identifier: Apache-2.0 */
/* A segment file is opened once, whatever its head is like, and goes with its last reader. */
#include "store/sealed_priv.h"

#include "store/segment_fixture.h"

#define NUMBER 1u
#define PATH "seg/0000000000000001.seg"

/* A file with one section, which this test alone has in hand. */
static void scene_init(struct fixture *f, struct segment_file **ret)
{
    struct batch_maker m;

    fixture_init(f);
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 20, 5);
    struct part *part = fixture_part(&m);
    assert_int_equal(fixture_flush(f->sealed, &part, 1, 7, NULL, NULL, &f->err), STATUS_OK);
    part_unref(part);
    batch_maker_release(&m);
    sealed_close(f->sealed);
    f->sealed = NULL;
    assert_int_equal(segment_file_new(f->io, NUMBER, ret, &f->err), STATUS_OK);
}

static void put_byte(struct fixture *f, uint64_t at, char byte)
{
    struct io_file *file = NULL;

    assert_int_equal(io_open(f->io, PATH, IO_WRITE, &file, &f->err), STATUS_OK);
    assert_int_equal(io_write_at(file, at, &byte, 1, &f->err), STATUS_OK);
    io_close(file);
}

static void it_is_opened_once(void **state)
{
    struct segment_file *file = NULL;
    struct fixture f;

    (void)state;
    scene_init(&f, &file);
    assert_null(file->file);
    assert_int_equal(segment_file_open(file, &f.err), STATUS_OK);
    struct io_file *opened = file->file;
    assert_non_null(opened);
    assert_int_equal(io_unlink(f.io, PATH, &f.err), STATUS_OK);
    assert_int_equal(segment_file_open(file, &f.err), STATUS_OK);
    assert_ptr_equal(file->file, opened);
    segment_file_unref(file);
    fixture_release(&f);
}

static void one_that_is_missing_is_looked_for_again(void **state)
{
    struct segment_file *file = NULL;
    struct fixture f;

    (void)state;
    scene_init(&f, &file);
    assert_int_equal(io_rename(f.io, PATH, "seg/away", &f.err), STATUS_OK);
    assert_int_equal(segment_file_open(file, &f.err), STATUS_NOT_FOUND);
    assert_int_equal(io_rename(f.io, "seg/away", PATH, &f.err), STATUS_OK);
    assert_int_equal(segment_file_open(file, &f.err), STATUS_OK);
    segment_file_unref(file);
    fixture_release(&f);
}

/* Sections have their own checks; what is wrong with the head alone is no reason to lose them. */
static void a_damaged_head_keeps_nobody_out(void **state)
{
    struct segment_file *file = NULL;
    struct error err = {0};
    struct fixture f;

    (void)state;
    scene_init(&f, &file);
    put_byte(&f, 0, 'x');
    assert_int_equal(segment_file_open(file, &err), STATUS_OK);
    assert_int_equal(segment_check_head(file->file, NUMBER, &f.err), STATUS_CORRUPT);
    assert_int_equal(err.status, STATUS_OK);
    segment_file_unref(file);
    fixture_release(&f);
}

static void a_dead_one_goes_with_the_last_reference(void **state)
{
    struct segment_file *file = NULL, *again = NULL;
    struct fixture f;

    (void)state;
    scene_init(&f, &file);
    segment_file_unref(file);
    assert_true(io_exists(f.io, PATH)); /* the catalog lists it */
    assert_int_equal(segment_file_new(f.io, NUMBER, &again, &f.err), STATUS_OK);
    (void)atomic_fetch_add(&again->references, 1);
    atomic_store(&again->is_dead, true);
    segment_file_unref(again);
    assert_true(io_exists(f.io, PATH));
    segment_file_unref(again);
    assert_false(io_exists(f.io, PATH));
    segment_file_unref(NULL);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_opened_once),
        cmocka_unit_test(one_that_is_missing_is_looked_for_again),
        cmocka_unit_test(a_damaged_head_keeps_nobody_out),
        cmocka_unit_test(a_dead_one_goes_with_the_last_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
