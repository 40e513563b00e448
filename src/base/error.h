/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - how a failure travels.
 *
 * What can fail returns `enum status` and takes `struct error *err` last,
 * never NULL.  The status is for the caller to act on, the text for a person:
 * lower case, no full stop, the subject in 'quotes', what was wanted and what
 * was found.  err is written only on failure, once, where the failure is;
 * callers may put context in front with error_wrap().
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

#define ERROR_TEXT_BYTES 512
#define ERROR_CODE_BYTES 48

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum status {
    STATUS_OK = 0,
    STATUS_INVALID,   /* the request is wrong; retrying cannot help */
    STATUS_NOT_FOUND, /* what was named does not exist (for this caller) */
    STATUS_DENIED,    /* the caller may not do this */
    STATUS_CONFLICT,  /* it exists already, or with other content */
    STATUS_LIMIT,     /* a bound of limits.h or a quota was reached */
    STATUS_BUSY,      /* try again later */
    STATUS_CANCELLED,
    STATUS_IO,      /* the operating system said no; see os_errno */
    STATUS_FULL,    /* no space on the disk: refuse, recover by itself */
    STATUS_CORRUPT, /* stored bytes fail their own checks */
    STATUS_COUNT_
};

struct error {
    enum status status;
    int os_errno;    /* 0 if the system was not involved */
    uint32_t line;   /* 1-based position in the query text, or 0 */
    uint32_t column; /* 1-based, in characters */
    const char *origin;          /* "file.c:123", static storage */
    char code[ERROR_CODE_BYTES]; /* stable code for programs, "" if the status says all */
    char text[ERROR_TEXT_BYTES]; /* never empty on failure; cut at the end */
};

/* Fills *err and returns status, so that `return ERROR_SET(err, ...)` is one
 * line.  errno is kept in os_errno for STATUS_IO and STATUS_FULL; a STATUS_IO
 * with errno ENOSPC or EDQUOT becomes STATUS_FULL. */
enum status error_set(struct error *err, const char *origin, enum status status,
                      const char *format, ...) PRINTF_LIKE(4, 5);

/* Puts "context: " in front of the text.  Returns err->status. */
enum status error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets the stable code (for example "E_RUNAWAY_QUERY").  Returns err->status. */
enum status error_code(struct error *err, const char *code);

/* The code for programs: its own, or the name of the status. */
const char *error_name(const struct error *err);
/* "invalid", "not_found", ... : the name of a status for programs. */
const char *status_name(enum status status);

#define ERROR_STRING2_(x) #x
#define ERROR_STRING_(x) ERROR_STRING2_(x)
#define ERROR_SET(err, status, ...)                                                                \
    error_set((err), __FILE__ ":" ERROR_STRING_(__LINE__), (status), __VA_ARGS__)
/* For a failed allocation. */
#define ERROR_MEMORY(err) ERROR_SET((err), STATUS_LIMIT, "out of memory")

#endif
