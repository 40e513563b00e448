/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - lines for the operator on stderr (journald reads them there).
 *
 * Only the last tiers (share, cli, main) log; a library returns its error.
 * One line a call, control characters escaped, thread-safe.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level {
    LOG_LEVEL_NONE = -1, /* for tests that provoke all that there is to say */
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

void log_set_level(enum log_level level); /* default INFO; process-wide */
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
void log_failure(const char *what, const struct error *err); /* "what: text (origin)" */

#endif
