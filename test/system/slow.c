/* SPDX-License-Identifier: Apache-2.0 */
/* slow.c - a disk on which each sync takes so long, preloaded into a server.
 *
 * DAYBOOK_SLOW names a file with a number of milliseconds, which may be changed at any time.
 * The descriptor is opened before the server lets go of its powers. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int slow_fd = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("DAYBOOK_SLOW");

    if (path != NULL)
        slow_fd = open(path, O_RDONLY | O_CLOEXEC);
}

static void wait_as_told(void)
{
    char text[16] = "";
    ssize_t got = slow_fd < 0 ? 0 : pread(slow_fd, text, sizeof(text) - 1, 0);
    long ms = 0;

    for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++)
        ms = 10 * ms + (text[i] - '0');
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

    if (ms > 0)
        (void)nanosleep(&time, NULL);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

    wait_as_told();
    return real(fd);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

    wait_as_told();
    return real(fd);
}
