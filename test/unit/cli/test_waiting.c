/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cli/waiting.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a pseudo-terminal got while something took `ms`. */
static void watch(unsigned ms, char *ret, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct timespec wait = {ms / 1000, (long)(ms % 1000) * 1000000L};

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    struct waiting *waiting = waiting_start(terminal);
    assert_non_null(waiting);
    (void)nanosleep(&wait, NULL);
    waiting_stop(waiting);
    /* What was written arrives a little later: until nothing came for a while. */
    size_t filled = 0;
    struct pollfd ready = {.fd = master, .events = POLLIN};
    while (filled < size - 1 && poll(&ready, 1, 300) == 1) {
        ssize_t got = read(master, ret + filled, size - 1 - filled);
        if (got <= 0)
            break;
        filled += (size_t)got;
    }
    ret[filled] = '\0';
    (void)close(terminal);
    (void)close(master);
}

static void test_a_long_wait_is_said_and_taken_away(void **state)
{
    char text[256];

    (void)state;
    watch(WAITING_MS + 600, text, sizeof(text));
    assert_non_null(strstr(text, " s ... Ctrl-C cancels"));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
}

static void test_a_short_wait_writes_nothing(void **state)
{
    char text[256];

    (void)state;
    watch(1, text, sizeof(text));
    assert_string_equal(text, "");
}

static void test_a_pipe_is_not_written_to(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_null(waiting_start(ends[1]));
    waiting_stop(NULL);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_wait_is_said_and_taken_away),
        cmocka_unit_test(test_a_short_wait_writes_nothing),
        cmocka_unit_test(test_a_pipe_is_not_written_to),
    };
    return RUN_TESTS(tests);
}
