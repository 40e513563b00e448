/* SPDX-License-Identifier: Apache-2.0 */
#include "main/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A manager that listens there; '@' begins an abstract name. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    notify_open();
    return fd;
}

static void assert_got(int fd, const char *wanted)
{
    char text[64] = "";

    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), (ssize_t)strlen(wanted));
    assert_string_equal(text, wanted);
}

static void the_manager_hears_it(void **state)
{
    char path[64], abstract[64];

    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/daybook-notify-%d", (int)getpid());
    (void)snprintf(abstract, sizeof(abstract), "@daybook-notify-%d", (int)getpid());
    int fd = listen_at(path);
    errno = EINTR; /* of the call that a signal broke */
    notify_send("READY=1");
    assert_int_equal(errno, EINTR);
    notify_send("STOPPING=1");
    assert_got(fd, "READY=1");
    assert_got(fd, "STOPPING=1");
    (void)close(fd);
    assert_int_equal(unlink(path), 0);
    errno = EINTR;
    notify_send("READY=1"); /* to nobody */
    assert_int_equal(errno, EINTR);
    fd = listen_at(abstract);
    notify_send("READY=1");
    assert_got(fd, "READY=1");
    (void)close(fd);
}

static void without_a_manager_nothing_is_sent(void **state)
{
    char name[200];
    char text[8];

    (void)state;
    (void)snprintf(name, sizeof(name), "@daybook-notify-none-%d", (int)getpid());
    int fd = listen_at(name);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    notify_open();
    notify_send("READY=1");
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0); /* longer than an address */
    notify_open();
    notify_send("READY=1");
    assert_int_equal(recv(fd, text, sizeof(text), 0), -1);
    assert_int_equal(errno, EAGAIN);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_hears_it),
        cmocka_unit_test(without_a_manager_nothing_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
