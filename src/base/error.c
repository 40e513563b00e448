/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status error_set(struct error *err, const char *origin, enum status status,
                      const char *format, ...)
{
    int saved_errno = errno;
    va_list args;

    CHECK(err != NULL);
    CHECK(status > STATUS_OK && status < STATUS_COUNT_);
    if (status == STATUS_IO && (saved_errno == ENOSPC || saved_errno == EDQUOT))
        status = STATUS_FULL;
    *err = (struct error){.status = status, .origin = origin};
    if (status == STATUS_IO || status == STATUS_FULL)
        err->os_errno = saved_errno;

    va_start(args, format);
    int size = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (err->os_errno != 0 && size >= 0 && (size_t)size < sizeof(err->text)) {
        char reason[128];
        const char *text = strerror_r(err->os_errno, reason, sizeof(reason));
        (void)snprintf(err->text + size, sizeof(err->text) - (size_t)size, ": %s", text);
    }
    return status;
}

enum status error_wrap(struct error *err, const char *format, ...)
{
    char context[ERROR_TEXT_BYTES];
    char whole[ERROR_TEXT_BYTES * 2 + 4];
    va_list args;

    CHECK(err != NULL && err->status != STATUS_OK);
    va_start(args, format);
    (void)vsnprintf(context, sizeof(context), format, args);
    va_end(args);
    (void)snprintf(whole, sizeof(whole), "%s: %s", context, err->text);
    memcpy(err->text, whole, sizeof(err->text) - 1);
    err->text[sizeof(err->text) - 1] = '\0';
    return err->status;
}

enum status error_code(struct error *err, const char *code)
{
    CHECK(err != NULL && err->status != STATUS_OK);
    (void)snprintf(err->code, sizeof(err->code), "%s", code);
    return err->status;
}

const char *status_name(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return "OK";
    case STATUS_INVALID:
        return "INVALID";
    case STATUS_NOT_FOUND:
        return "NOT_FOUND";
    case STATUS_DENIED:
        return "DENIED";
    case STATUS_CONFLICT:
        return "CONFLICT";
    case STATUS_LIMIT:
        return "LIMIT";
    case STATUS_BUSY:
        return "BUSY";
    case STATUS_CANCELLED:
        return "CANCELLED";
    case STATUS_IO:
        return "IO";
    case STATUS_FULL:
        return "FULL";
    case STATUS_CORRUPT:
        return "CORRUPT";
    case STATUS_COUNT_:
        break;
    }
    return "UNKNOWN";
}
