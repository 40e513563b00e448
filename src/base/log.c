/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_BYTES 4096

static atomic_int log_level_now = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&log_level_now, (int)level);
}

/* The journal reads standard error: it has times of its own, and takes levels as the number of
 * syslog(3) in front of a line.  JOURNAL_STREAM names the file, as standard error may be another
 * again. */
static bool goes_to_journal(void)
{
    const char *name = getenv("JOURNAL_STREAM");
    char here[64];
    struct stat st;

    if (name == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    (void)snprintf(here, sizeof(here), "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino);
    return strcmp(here, name) == 0;
}

static void add_begin(struct buf *line, enum log_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    static const int priorities[] = {3, 4, 6, 7};
    char time[TIME_TEXT_BYTES + 1];

    if (goes_to_journal()) {
        buf_add_format(line, "<%d>%s ", priorities[level], names[level]);
        return;
    }
    time_format_iso(time_from_unix_us(clock_unix_us(clock_system())), time);
    buf_add_format(line, "%.23sZ %s ", time, names[level]);
}

void log_line(enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_BYTES / 2];
    struct buf line;
    va_list args;

    if ((int)level > atomic_load(&log_level_now))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&line, LOG_LINE_BYTES * 4);
    add_begin(&line, level);
    text_add_printable(&line, slice_of(text));
    buf_add_byte(&line, '\n');
    /* Nobody reads any more: be quiet.  A full disk has space again some time. */
    if (!line.failed && write(STDERR_FILENO, line.data, line.size) < 0 &&
        (errno == EPIPE || errno == EBADF))
        atomic_store(&log_level_now, LOG_LEVEL_NONE);
    buf_release(&line);
}

void log_failure(const char *what, const struct error *err)
{
    log_line(LOG_LEVEL_ERROR, "%s: %s (%s)", what, err->text,
             err->origin == NULL ? "?" : err->origin);
}
