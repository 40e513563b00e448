/* SPDX-License-Identifier: Apache-2.0 */
/* Of two files one is enough. */
#include "base/twin.h"

#include "ingest/fault_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

struct place {
    char root[64];
    struct io *io;
};

static const char *const NAMES[] = {"state",     "state.copy",     "state.damaged",
                                    "state.tmp", "state.copy.tmp", "state.copy.damaged"};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    memcpy(place->root, "/tmp/daybook-twin-XXXXXX", sizeof("/tmp/daybook-twin-XXXXXX"));
    assert_non_null(mkdtemp(place->root));
    assert_int_equal(io_linux_new(place->root, &place->io, &err), STATUS_OK);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        if (io_exists(place->io, NAMES[i]))
            assert_int_equal(io_unlink(place->io, NAMES[i], &err), STATUS_OK);
    io_free(place->io);
    assert_int_equal(rmdir(place->root), 0);
    free(place);
    return 0;
}

/* Sound is what begins with '+'; '.' at the end does not count. */
static enum status check(void *context, struct slice *bytes, struct error *e)
{
    (void)context;
    if (bytes->size == 0 || bytes->data[0] != '+')
        return ERROR_SET(e, STATUS_CORRUPT, "'state' is damaged");
    while (bytes->data[bytes->size - 1] == '.')
        bytes->size--;
    return STATUS_OK;
}

static void put(struct place *place, const char *path, const char *text)
{
    if (text != NULL)
        assert_int_equal(io_replace(place->io, path, slice_of(text), &err), STATUS_OK);
    else if (io_exists(place->io, path))
        assert_int_equal(io_unlink(place->io, path, &err), STATUS_OK);
}

static void expect_file(struct place *place, const char *path, const char *text)
{
    struct buf bytes;

    buf_init(&bytes, 100);
    if (text == NULL) {
        assert_false(io_exists(place->io, path));
        return;
    }
    assert_int_equal(io_read_all(place->io, path, &bytes, &err), STATUS_OK);
    assert_true(slice_equal(buf_slice(&bytes), slice_of(text)));
    buf_release(&bytes);
}

static void expect_loaded(struct io *io, const char *text)
{
    enum twin_sound sound = TWIN_IN_NAME;
    struct buf bytes;

    buf_init(&bytes, 100);
    assert_int_equal(twin_load(io, "state", check, NULL, &bytes, &sound, &err), STATUS_OK);
    assert_true(slice_equal(buf_slice(&bytes), slice_of(text)));
    assert_int_equal(sound, TWIN_IN_BOTH);
    buf_release(&bytes);
}

static void either_is_mended_from_the_other(void **state)
{
    static const struct {
        const char *name, *copy; /* before */
        const char *read;        /* NULL: not at all */
        const char *name_after, *copy_after, *damaged;
    } cases[] = {
        {"+a", "+a", "+a", "+a", "+a", NULL},
        {"-a", "+b", "+b", "+b", "+b", "-a"},   /* damage */
        {NULL, "+b", "+b", "+b", "+b", NULL},   /* missing */
        {"+a", "-b", "+a", "+a", "+a", NULL},
        {"+a", NULL, "+a", "+a", "+a", NULL},
        {"+b", "+a", "+b", "+b", "+b", NULL},   /* a change that was cut short */
        {"+ab", "+a", "+ab", "+ab", "+ab", NULL},
        {"+a", "+ab", "+ab", "+ab", "+ab", "+a"}, /* the end is missing */
        {"+a..", "+ab", "+ab", "+ab", "+ab", "+a.."},
        {"+a..", "+a", "+a", "+a..", "+a", NULL},
        {"-a", "-b", NULL, "-a", "-b", NULL},
        {"-a", NULL, NULL, "-a", NULL, NULL},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        enum twin_sound sound = TWIN_IN_NAME;
        struct buf bytes;
        buf_init(&bytes, 100);
        put(place, "state", cases[i].name);
        put(place, "state.copy", cases[i].copy);
        put(place, "state.damaged", NULL);
        enum status status =
            twin_load(place->io, "state", check, NULL, &bytes, &sound, &err);
        assert_int_equal(status, cases[i].read != NULL ? STATUS_OK : STATUS_CORRUPT);
        if (cases[i].read != NULL)
            assert_true(slice_equal(buf_slice(&bytes), slice_of(cases[i].read)));
        assert_int_equal(sound, TWIN_IN_BOTH);
        expect_file(place, "state", cases[i].name_after);
        expect_file(place, "state.copy", cases[i].copy_after);
        expect_file(place, "state.damaged", cases[i].damaged);
        buf_release(&bytes);
    }
}

static void neither_is_not_found_and_save_makes_both(void **state)
{
    struct place *place = *state;
    enum twin_sound sound = TWIN_IN_NAME;
    struct buf bytes;

    buf_init(&bytes, 100);
    assert_int_equal(twin_load(place->io, "state", check, NULL, &bytes, &sound, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(twin_save(place->io, "state", SLICE("+new"), &err), STATUS_OK);
    expect_file(place, "state", "+new");
    expect_file(place, "state.copy", "+new");
    buf_release(&bytes);
}

/* A bad sector: the other one counts, and what cannot be read is kept for who can. */
static void one_that_cannot_be_read_is_made_anew(void **state)
{
    static const struct {
        const char *bad, *name, *copy; /* before */
        const char *read;              /* NULL: not at all */
        enum status status;
        const char *aside, *aside_after;
    } cases[] = {
        {"state", "+x", "+b", "+b", STATUS_OK, "state.damaged", "+x"},
        {"state.copy", "+a", "+x", "+a", STATUS_OK, "state.copy.damaged", "+x"},
        {"state", "+x", "-b", NULL, STATUS_IO, "state.damaged", NULL},
        {"state", "+x", NULL, NULL, STATUS_IO, "state.damaged", NULL},
        {"state.copy", "-a", "+x", NULL, STATUS_IO, "state.damaged", NULL},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        enum twin_sound sound = TWIN_IN_NAME;
        struct fault_io fault;
        struct buf bytes;
        fault_io_init(&fault, place->io);
        fault.bad_path = cases[i].bad;
        buf_init(&bytes, 100);
        put(place, "state", cases[i].name);
        put(place, "state.copy", cases[i].copy);
        put(place, cases[i].aside, NULL);
        enum status status =
            twin_load(&fault.io, "state", check, NULL, &bytes, &sound, &err);
        assert_int_equal(status, cases[i].status);
        expect_file(place, cases[i].aside, cases[i].aside_after);
        if (status == STATUS_OK) {
            assert_true(slice_equal(buf_slice(&bytes), slice_of(cases[i].read)));
            assert_int_equal(sound, TWIN_IN_BOTH);
            expect_file(place, "state", cases[i].read);
            expect_file(place, "state.copy", cases[i].read);
        } else {
            expect_file(place, "state", cases[i].name);
            expect_file(place, "state.copy", cases[i].copy);
        }
        buf_release(&bytes);
    }
}

/* A read that fails once is no reason to set anything aside. */
static void a_read_that_fails_is_tried_again(void **state)
{
    struct place *place = *state;

    for (uint64_t at = 1; at <= 6; at++) { /* open, size and bytes of each */
        enum twin_sound sound = TWIN_IN_NAME;
        struct fault_io fault;
        struct buf bytes;
        fault_io_init(&fault, place->io);
        fault.fail_at = at;
        buf_init(&bytes, 100);
        put(place, "state", "+b");
        put(place, "state.copy", "+a");
        assert_int_equal(twin_load(&fault.io, "state", check, NULL, &bytes, &sound, &err),
                         STATUS_OK);
        assert_true(slice_equal(buf_slice(&bytes), SLICE("+b")));
        expect_file(place, "state.damaged", NULL);
        expect_file(place, "state.copy.damaged", NULL);
        buf_release(&bytes);
    }
}

/* It says which one is sound where there is no space to make the other so. */
static void without_space_one_stays_alone(void **state)
{
    static const struct {
        const char *name, *copy;
        enum twin_sound sound;
    } cases[] = {
        {"+a", NULL, TWIN_IN_NAME},  {"+a", "-b", TWIN_IN_NAME}, {NULL, "+a", TWIN_IN_COPY},
        {"-b", "+a", TWIN_IN_COPY},  {"+", "+a", TWIN_IN_COPY},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        enum twin_sound sound = TWIN_IN_BOTH;
        struct fault_io fault;
        struct buf bytes;
        fault_io_init(&fault, place->io);
        fault.os_errno = ENOSPC;
        fault.bad_path = cases[i].sound == TWIN_IN_NAME ? "state.copy.tmp" : "state.tmp";
        buf_init(&bytes, 100);
        put(place, "state", cases[i].name);
        put(place, "state.copy", cases[i].copy);
        assert_int_equal(twin_load(&fault.io, "state", check, NULL, &bytes, &sound, &err),
                         STATUS_OK);
        assert_true(slice_equal(buf_slice(&bytes), SLICE("+a")));
        assert_int_equal(sound, cases[i].sound);
        buf_release(&bytes);
    }
}

/* It may be the newer one, and can be read again at the next start: until it is out of the way
 * nothing may be written to the other. */
static void one_that_cannot_be_read_has_to_go_first(void **state)
{
    struct place *place = *state;
    enum twin_sound sound = TWIN_IN_BOTH;
    struct fault_io fault;
    struct buf bytes;

    fault_io_init(&fault, place->io);
    fault.bad_path = "state";
    fault.bad_rename_errno = ENOSPC;
    buf_init(&bytes, 100);
    put(place, "state", "+x");
    put(place, "state.copy", "+a");
    assert_int_equal(twin_load(&fault.io, "state", check, NULL, &bytes, &sound, &err),
                     STATUS_FULL);
    buf_release(&bytes);
}

/* The other one, which was made what counts, may have lost its end. */
static void what_could_not_be_read_comes_back_with_the_end(void **state)
{
    static const struct {
        const char *name, *copy, *name_aside, *copy_aside; /* before */
        const char *read;
        const char *name_aside_after, *copy_aside_after;
    } cases[] = {
        {"+a", "+a", NULL, "+ab", "+ab", "+a", NULL},
        {"+a", "+a", "+ab", NULL, "+ab", "+a", NULL},
        {"+a..", "+a", NULL, "+ab", "+ab", "+a..", NULL},
        {"-a", "+a", NULL, "+ab", "+ab", "-a", NULL},
        {NULL, "+a", NULL, "+ab", "+ab", NULL, NULL},
        {"+a", "-a", NULL, "+ab", "+ab", NULL, NULL},
        {"+a", "+ab", NULL, "+abc", "+abc", "+a", NULL},
        {"+ab", "+ab", "+a", "+ab", "+ab", "+a", "+ab"}, /* nothing lacks */
        {"+b", "+b", "+ab", "+ac", "+b", "+ab", "+ac"},  /* it is older */
        {"+c", "+a", NULL, "+ab", "+c", NULL, "+ab"},
        {"+a", "+a", NULL, "-ab", "+a", NULL, "-ab"},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        put(place, "state", cases[i].name);
        put(place, "state.copy", cases[i].copy);
        put(place, "state.damaged", cases[i].name_aside);
        put(place, "state.copy.damaged", cases[i].copy_aside);
        expect_loaded(place->io, cases[i].read);
        expect_loaded(place->io, cases[i].read);
        expect_file(place, "state.damaged", cases[i].name_aside_after);
        expect_file(place, "state.copy.damaged", cases[i].copy_aside_after);
    }
}

/* A loose cable: first the one that is whole is not read, then what was made in its place. */
static void what_could_not_be_read_outlasts_another_such_start(void **state)
{
    struct place *place = *state;
    struct fault_io fault;

    put(place, "state", "+a");
    put(place, "state.copy", "+ab");
    fault_io_init(&fault, place->io);
    fault.bad_path = "state.copy";
    expect_loaded(&fault.io, "+a");
    expect_file(place, "state.copy.damaged", "+ab");
    expect_loaded(&fault.io, "+ab");
    expect_file(place, "state", "+ab");
    expect_file(place, "state.copy", "+ab");
}

/* Neither does a further damage: what the disk does not give may be all that is whole. */
static void what_could_not_be_read_is_not_written_over(void **state)
{
    struct place *place = *state;
    struct fault_io fault;

    put(place, "state", "+a");
    put(place, "state.copy", "-b");
    put(place, "state.copy.damaged", "+ab");
    fault_io_init(&fault, place->io);
    fault.bad_path = "state.copy.damaged";
    expect_loaded(&fault.io, "+a");
    expect_file(place, "state.copy.damaged", "+ab");
    expect_loaded(place->io, "+ab");
}

/* That the other one cannot be made good makes no difference to what is sound. */
static void what_is_sound_is_told_with_the_failure(void **state)
{
    struct place *place = *state;
    enum twin_sound sound = TWIN_IN_BOTH;
    struct fault_io fault;
    struct buf bytes;

    put(place, "state", "-a");
    put(place, "state.copy", "+b");
    fault_io_init(&fault, place->io);
    fault.os_errno = EIO;
    fault.bad_path = "state.tmp";
    buf_init(&bytes, 100);
    assert_int_equal(twin_load(&fault.io, "state", check, NULL, &bytes, &sound, &err), STATUS_IO);
    assert_true(slice_equal(buf_slice(&bytes), SLICE("+b")));
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(either_is_mended_from_the_other, setup, teardown),
        cmocka_unit_test_setup_teardown(neither_is_not_found_and_save_makes_both, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_read_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_that_fails_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(without_space_one_stays_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_read_has_to_go_first, setup, teardown),
        cmocka_unit_test_setup_teardown(what_could_not_be_read_comes_back_with_the_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_could_not_be_read_outlasts_another_such_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_could_not_be_read_is_not_written_over, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_sound_is_told_with_the_failure, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
