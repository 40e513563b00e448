/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The line VmFlags of the mapping that holds `address`. */
static bool has_flag(const void *address, const char *flag)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false, found = false;

    assert_non_null(file);
    while (!found && fgets(line, sizeof(line), file) != NULL) {
        unsigned long long from, to;
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        found = inside && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, flag) != NULL;
    }
    assert_int_equal(fclose(file), 0);
    return found;
}

static void pages_are_zero_and_kept_out_of_dumps(void **state)
{
    bool locked = false;
    struct error err;
    uint8_t *pages = secret_alloc(10000, &locked, &err);

    (void)state;
    assert_non_null(pages);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(pages[i], 0);
    assert_true(has_flag(pages, " dd")); /* MADV_DONTDUMP */
#ifndef DEBUG_CHECKS /* the address sanitizer makes mlock() do nothing */
    if (locked)
        assert_true(has_flag(pages, " lo"));
#endif
    secret_free(pages, 10000);
    secret_free(NULL, 0);
}

static void more_than_there_is_is_a_limit(void **state)
{
    struct error err;

    (void)state;
    assert_null(secret_alloc(SIZE_MAX / 2, NULL, &err));
    assert_int_equal(err.status, STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_zero_and_kept_out_of_dumps),
        cmocka_unit_test(more_than_there_is_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
