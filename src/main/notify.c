/* SPDX-License-Identifier: Apache-2.0 */
#include "main/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Written before the first signal is caught. */
static struct sockaddr_un manager;
static socklen_t manager_size;

void notify_open(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t size = name == NULL ? 0 : strlen(name);

    manager_size = 0;
    if (size == 0 || size >= sizeof(manager.sun_path))
        return;
    manager = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(manager.sun_path, name, size);
    if (name[0] == '@') /* an abstract name */
        manager.sun_path[0] = '\0';
    manager_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

void notify_send(const char *state)
{
    int before = errno;
    int fd = manager_size == 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&manager,
                     manager_size);
        (void)close(fd);
    }
    errno = before;
}
