/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_child(int value)
{
    int state = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        CHECK(value == 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &state, 0), child);
    return state;
}

static void a_false_check_ends_the_process(void **state)
{
    (void)state;
    assert_true(WIFEXITED(run_child(1)));
    int ended = run_child(2);
    assert_true(WIFSIGNALED(ended) || WEXITSTATUS(ended) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_false_check_ends_the_process)};

    return RUN_TESTS(tests);
}
