/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/machine.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void memory_is_what_the_kernel_says(void **state)
{
    unsigned long long total_kib = 0;
    FILE *file = fopen("/proc/meminfo", "r");

    (void)state;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "MemTotal: %llu kB", &total_kib), 1);
    (void)fclose(file);
    assert_int_equal(machine_memory_bytes() / KIB, total_kib);
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
        cmocka_unit_test(there_is_a_processor),
        cmocka_unit_test(a_large_block_is_of_the_heap),
        cmocka_unit_test(as_many_files_as_the_system_lets_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
