/* SPDX-License-Identifier: Apache-2.0 */
/* Zones by name: what is found, what is no zone, and a disk that fails. */
#include "test.h"

#include "tzif.h"

#include "base/limits.h"
#include "ingest/fault_io.h"
#include "query/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[] = "/tmp/daybook-zones-XXXXXX";
static struct error err;

static void put(struct io *io, const char *path, struct slice text)
{
    ASSERT_OK(io_replace(io, path, text, &err));
}

static int set_up(void **state)
{
    struct tzif plain = TZIF_PLAIN;
    struct io *io = NULL;
    struct buf file;

    (void)state;
    if (mkdtemp(root) == NULL || io_linux_new(root, &io, &err) != STATUS_OK)
        return 1;
    buf_init(&file, MIB);
    tzif_make(&file, &plain);
    ASSERT_OK(io_make_dir(io, "Area", &err));
    ASSERT_OK(io_make_dir(io, "Area/Sub", &err));
    put(io, "Area/Sub/One", buf_slice(&file));
    put(io, "Area/Two", buf_slice(&file));
    put(io, "Etc+1", buf_slice(&file));
    put(io, "lower", buf_slice(&file));
    put(io, "Damaged", SLICE("TZif2, and no more"));
    put(io, "Readme", SLICE("about this"));
    put(io, "S", SLICE("x"));
    assert_non_null(buf_extend(&file, ZONE_BYTES_MAX));
    put(io, "Long", buf_slice(&file));
    buf_release(&file);
    io_free(io);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"Area/Sub/One", "Area/Two", "Etc+1", "lower", "Damaged",
                                        "Readme",       "S",        "Long"};
    static const char *const directories[] = {"Area/Sub", "Area", ""};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", root, files[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
        if (rmdir(path) != 0)
            return 1;
    }
    return 0;
}

static struct zone_set *set_new(struct fault_io *fault)
{
    struct zone_set *set = NULL;
    struct io *io = NULL;

    ASSERT_OK(io_linux_new(root, &io, &err));
    fault_io_init(fault, io);
    fault->os_errno = EIO;
    ASSERT_OK(zone_set_new(&fault->io, &set, &err));
    return set;
}

static void set_free(struct zone_set *set, struct fault_io *fault)
{
    zone_set_free(set); /* releases the faulty disk, but not the one below */
    io_free(fault->real);
}

static void zones_are_found_by_name(void **state)
{
    static const char *const none[] = {"",          "Nothing", "Area",     "Area/",  "Area//Two",
                                       "/Area/Two", "lower",   "Area/Two/", "Area/Two/Three",
                                       "../Etc+1",  "Area/../Etc+1", "Area/.", "Etc 1"};
    struct fault_io fault;
    struct zone_set *set = set_new(&fault);
    const struct zone *zone = NULL;
    const struct zone *again = NULL;
    char name[100];

    (void)state;
    ASSERT_OK(zone_set_find(set, SLICE("Area/Sub/One"), &zone, &err));
    assert_int_equal(zone_offset(zone, 1000, ZONE_UTC), 7200);
    uint64_t calls = fault.calls;
    ASSERT_OK(zone_set_find(set, SLICE("Area/Sub/One"), &again, &err));
    assert_ptr_equal(zone, again);
    assert_int_equal(fault.calls, calls); /* it was kept */
    ASSERT_OK(zone_set_find(set, SLICE("Etc+1"), &zone, &err));
    assert_non_null(zone);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ASSERT_OK(zone_set_find(set, slice_of(none[i]), &zone, &err));
        assert_null(zone);
    }
    ASSERT_OK(zone_set_find(set, SLICE("Etc+1\0x"), &zone, &err));
    assert_null(zone);
    memset(name, 'A', sizeof(name));
    ASSERT_OK(zone_set_find(set, slice_from(name, sizeof(name)), &zone, &err));
    assert_null(zone);
    ASSERT_STATUS(STATUS_CORRUPT, zone_set_find(set, SLICE("Damaged"), &zone, &err));
    ASSERT_STATUS(STATUS_CORRUPT, zone_set_find(set, SLICE("Readme"), &zone, &err));
    ASSERT_STATUS(STATUS_LIMIT, zone_set_find(set, SLICE("Long"), &zone, &err));
    assert_null(zone);
    set_free(set, &fault);
    zone_set_free(NULL);
}

#define NAMES "[\"Area/Sub/One\",\"Area/Two\",\"Damaged\",\"Etc+1\",\"Long\"]"

static void a_failing_disk_is_an_error(void **state)
{
    uint64_t calls = 1;

    (void)state;
    for (uint64_t n = 0; n <= calls; n++) {
        struct fault_io fault;
        struct zone_set *set = set_new(&fault);
        const struct zone *zone = NULL;
        struct buf names;

        fault.fail_at = n;
        enum status status = zone_set_find(set, SLICE("Area/Two"), &zone, &err);
        assert_true((status == STATUS_OK) == (zone != NULL));
        assert_true((status == STATUS_IO) == (n >= 1 && n <= 3)); /* open, size, read */
        buf_init(&names, MIB);
        status = zone_set_names(set, &names, &err);
        if (status == STATUS_OK)
            ASSERT_SLICE(buf_slice(&names), NAMES);
        assert_true(status == STATUS_OK || (status == STATUS_IO && n > 3));
        calls = n == 0 ? fault.calls : calls;
        buf_release(&names);
        set_free(set, &fault);
    }
    assert_true(calls > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_are_found_by_name),
        cmocka_unit_test(a_failing_disk_is_an_error),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
