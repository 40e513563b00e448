/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/machine.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void memory_is_what_the_kernel_says(void **state)
{
    unsigned long long total_kib = 0;
    FILE *file = fopen("/proc/meminfo", "r");

    (void)state;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "MemTotal: %llu kB", &total_kib), 1);
    (void)fclose(file);
    assert_in_range(machine_memory_bytes() / KIB, 1, total_kib);
}

static void write_limit(const char *dir, const char *name, const char *text)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* As cgroups(7) and the kernel's cgroup-v2.rst have it. */
static void a_control_group_may_have_less(void **state)
{
    char root[] = "/tmp/test-groups-XXXXXX", dir[4096];

    (void)state;
    assert_non_null(mkdtemp(root));
    assert_true(machine_group_bytes(SLICE("0::/\n"), root) == UINT64_MAX);
    write_limit(root, "memory.max", "max\n");
    assert_true(machine_group_bytes(SLICE("0::/\n"), root) == UINT64_MAX);
    (void)snprintf(dir, sizeof(dir), "%s/system.slice", root);
    assert_int_equal(mkdir(dir, 0700), 0);
    write_limit(dir, "memory.max", "2147483648\n");
    struct slice groups = SLICE("1:name=systemd:/a\n0::/system.slice/daybook.service\n");
    assert_int_equal(machine_group_bytes(groups, root), 2147483648); /* of one above it */
    (void)snprintf(dir, sizeof(dir), "%s/system.slice/daybook.service", root);
    assert_int_equal(mkdir(dir, 0700), 0);
    write_limit(dir, "memory.max", "4294967296\n");
    assert_int_equal(machine_group_bytes(groups, root), 2147483648);
    write_limit(dir, "memory.max", "1073741824\n");
    assert_int_equal(machine_group_bytes(groups, root), 1073741824);
    /* Version 1; in a container the group that is named may be the host's. */
    (void)snprintf(dir, sizeof(dir), "%s/memory", root);
    assert_int_equal(mkdir(dir, 0700), 0);
    write_limit(dir, "memory.limit_in_bytes", "536870912\n");
    groups = SLICE("9:cpu,cpuacct:/x\n4:hugetlb,memory:/docker/12\n");
    assert_int_equal(machine_group_bytes(groups, root), 536870912);
    assert_true(machine_group_bytes(SLICE("9:cpu:/x\nnothing\n\n:"), root) == UINT64_MAX);
    static const char *const made[] = {"/memory/memory.limit_in_bytes", "/memory",
                                       "/system.slice/daybook.service/memory.max",
                                       "/system.slice/daybook.service",
                                       "/system.slice/memory.max", "/system.slice",
                                       "/memory.max", ""};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        (void)snprintf(dir, sizeof(dir), "%s%s", root, made[i]);
        assert_int_equal(remove(dir), 0);
    }
}

static void there_is_a_processor(void **state)
{
    (void)state;
    assert_true(machine_processors() >= 1);
    assert_true(machine_processors() <= 65536);
}

/* What a query takes and gives back stays in the heap: it is not mapped each time. */
static void a_large_block_is_of_the_heap(void **state)
{
    (void)state;
    machine_set_heap();
    size_t mapped = mallinfo2().hblks;
    char *block = malloc(MIB / 2);
    assert_non_null(block);
    assert_int_equal(mallinfo2().hblks, mapped);
    free(block);
}

static void as_many_files_as_the_system_lets_have(void **state)
{
    struct rlimit limit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 100 ? limit.rlim_max : 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    machine_allow_files();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_cur == limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_what_the_kernel_says),
        cmocka_unit_test(a_control_group_may_have_less),
        cmocka_unit_test(there_is_a_processor),
        cmocka_unit_test(a_large_block_is_of_the_heap),
        cmocka_unit_test(as_many_files_as_the_system_lets_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
