/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

static void a_full_disk_has_its_own_status(void **state)
{
    struct error err;

    (void)state;
    errno = ENOSPC;
    ASSERT_STATUS(STATUS_FULL, ERROR_SET(&err, STATUS_IO, "cannot write '%s'", "x"));
    assert_int_equal(err.os_errno, ENOSPC);
    assert_non_null(strstr(err.text, "cannot write 'x': "));
    errno = EIO;
    ASSERT_STATUS(STATUS_IO, ERROR_SET(&err, STATUS_IO, "cannot read"));
    ASSERT_STATUS(STATUS_INVALID, ERROR_SET(&err, STATUS_INVALID, "no"));
    assert_int_equal(err.os_errno, 0);
    assert_string_equal(err.text, "no");
}

static void context_goes_in_front_and_long_texts_are_cut(void **state)
{
    struct error err;
    char text[2000];

    (void)state;
    (void)ERROR_SET(&err, STATUS_LIMIT, "inner");
    ASSERT_STATUS(STATUS_LIMIT, error_wrap(&err, "outer %d", 7));
    assert_string_equal(err.text, "outer 7: inner");
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)ERROR_SET(&err, STATUS_LIMIT, "%s", text);
    (void)error_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
    assert_int_equal(error_code(&err, "E_X"), STATUS_LIMIT);
    assert_string_equal(err.code, "E_X");
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT_; i++)
        assert_string_not_equal(status_name((enum status)i), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_has_its_own_status),
        cmocka_unit_test(context_goes_in_front_and_long_texts_are_cut),
        cmocka_unit_test(every_status_has_a_name),
    };

    return RUN_TESTS(tests);
}
