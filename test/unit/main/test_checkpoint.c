/* SPDX-License-Identifier: Apache-2.0 */
/* A process that dies at any disk call of a checkpoint loses nothing and
 * doubles nothing.  The calls that change the disk are replaced here: they
 * count, and end the process at a chosen one. */
#include "place.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RECORDS 40
#define CALLS_MAX 2000
#define DIED 77

static struct error err;
static bool counting;
static int calls, die_at;

static void count_call(void)
{
    if (counting && __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) == die_at)
        _exit(DIED);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    count_call();
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int fdatasync(int fd)
{
    count_call();
    return (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size)
{
    count_call();
    return (int)syscall(SYS_ftruncate, fd, size);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    count_call();
    return (int)syscall(SYS_renameat, from_fd, from, to_fd, to);
}

int unlinkat(int fd, const char *name, int flags)
{
    count_call();
    return (int)syscall(SYS_unlinkat, fd, name, flags);
}

int mkdirat(int fd, const char *name, mode_t mode)
{
    count_call();
    return (int)syscall(SYS_mkdirat, fd, name, mode);
}

static void ingest(struct place *place, int from)
{
    struct buf body;

    buf_init(&body, MIB);
    for (int i = from; i < from + RECORDS / 2; i++)
        buf_add_format(&body, "{\"n\":\"r%d\"}\n", i);
    buf_add_byte(&body, '\0');
    place_ingest(place, "alpha", "T_CL", body.data);
    buf_release(&body);
}

/* Opens, makes a checkpoint that dies at call `at`; DIED or 0. */
static int die_in_checkpoint(struct place *place, int at)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        place_open(place);
        ingest(place, RECORDS / 2);
        die_at = at;
        counting = true;
        bool done = daybook_checkpoint(place->daybook, &err) == STATUS_OK;
        _exit(done ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void check_all_there_once(struct place *place, int at, const char *when)
{
    char reader[TOKEN_BYTES];

    assert_int_equal(place_query(place, "alpha", "T_CL | summarize count(), dcount(n), dcount(_Seq)"
                                                 ", countif(_Seq < 1)"),
                     200);
    if (!place_says(place, "[40,40,40,0]"))
        fail_msg("died at call %d, %s: %s", at, when, place_body(place));
    place_add_token(place, "alpha", "reader", "", reader);
    assert_int_equal(place_ask(place, reader, HTTP_GET, "/v1/raw?from-seq=0&count=1000", ""), 200);
    for (int i = 0; i < RECORDS; i++) {
        char line[32];
        (void)snprintf(line, sizeof(line), "{\"n\":\"r%d\"}\n", i);
        const char *first = strstr(place_body(place), line);
        if (first == NULL || strstr(first + 1, line) != NULL)
            fail_msg("died at call %d, %s: %s is not there once", at, when, line);
    }
}

/* A directory with half of the records in a segment. */
static void make_half(struct place *place)
{
    place_make(place);
    place_open(place);
    place_add_tenant(place, "alpha");
    ingest(place, 0);
    ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    place_close(place, false);
}

static void a_death_at_any_call_loses_and_doubles_nothing(void **state)
{
    int code = DIED, at;

    (void)state;
    for (at = 1; code == DIED && at < CALLS_MAX; at++) {
        struct place place;
        make_half(&place);
        code = die_in_checkpoint(&place, at);
        assert_true(code == DIED || code == 0);
        place_open(&place);
        check_all_there_once(&place, at, "opened again");
        ASSERT_OK(daybook_checkpoint(place.daybook, &err));
        check_all_there_once(&place, at, "after the next checkpoint");
        place_close(&place, false);
        place_open(&place);
        check_all_there_once(&place, at, "opened a third time");
        place_close(&place, false);
        place_remove(&place);
    }
    print_message("%d disk calls in a checkpoint\n", at - 2);
    assert_int_equal(code, 0);
    assert_true(at > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_death_at_any_call_loses_and_doubles_nothing),
    };

    return RUN_TESTS(tests);
}
