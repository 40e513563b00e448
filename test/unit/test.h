/* SPDX-License-Identifier: Apache-2.0 */
/* test.h - cmocka with the headers it wants, and checks of statuses. */
#ifndef TEST_TEST_H
#define TEST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/slice.h"

#define ASSERT_OK(call)                                                                            \
    do {                                                                                           \
        enum status status_ = (call);                                                              \
        if (status_ != STATUS_OK)                                                                  \
            fail_msg("%s: status %d: %s", #call, (int)status_, err.text);                          \
    } while (0)

#define ASSERT_STATUS(wanted, call) assert_int_equal((int)(call), (int)(wanted))

#define ASSERT_SLICE(actual, text)                                                                 \
    do {                                                                                           \
        struct slice slice_ = (actual);                                                            \
        assert_int_equal(slice_.size, sizeof(text) - 1);                                           \
        assert_memory_equal(slice_.data == NULL ? "" : slice_.data, text, sizeof(text) - 1);       \
    } while (0)

#define RUN_TESTS(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
