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
        return "ok";
    case STATUS_INVALID:
        return "invalid";
    case STATUS_NOT_FOUND:
        return "not_found";
    case STATUS_DENIED:
        return "denied";
    case STATUS_CONFLICT:
        return "conflict";
    case STATUS_LIMIT:
        return "limit";
    case STATUS_BUSY:
        return "busy";
    case STATUS_CANCELLED:
        return "cancelled";
    case STATUS_IO:
        return "io";
    case STATUS_FULL:
        return "full";
    case STATUS_CORRUPT:
        return "corrupt";
    case STATUS_COUNT_:
        break;
    }
    return "unknown";
}

const char *error_name(const struct error *err)
{
    return err->code[0] != '\0' ? err->code : status_name(err->status);
}
