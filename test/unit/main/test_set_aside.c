/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that is damaged on the disk stops neither checkpoints nor ingest,
 * and the log of the records it was for is kept. */
#include "place.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct error err;

static void ingest(struct place *place, const char *name)
{
    char body[64];

    (void)snprintf(body, sizeof(body), "{\"n\":\"%s\"}\n", name);
    place_ingest(place, "alpha", "T_CL", body);
}

/* The newest block does not open any more. */
static void damage_evidence(const struct place *place)
{
    char tenant[512], path[600];
    uint8_t last;

    place_find(place, "t", "", true, tenant);
    (void)snprintf(path, sizeof(path), "%s/batch.0", tenant);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t end = lseek(fd, 0, SEEK_END);
    assert_int_equal(pread(fd, &last, 1, end - 1), 1);
    last ^= 1;
    assert_int_equal(pwrite(fd, &last, 1, end - 1), 1);
    (void)close(fd);
}

/* A checkpoint that has written its evidence, and found no place for its segment. */
static void checkpoint_in_part(struct place *place)
{
    char segments[512], away[512];

    (void)snprintf(segments, sizeof(segments), "%s/seg", place->root);
    (void)snprintf(away, sizeof(away), "%s/seg.away", place->root);
    assert_int_equal(rename(segments, away), 0);
    assert_int_not_equal(daybook_checkpoint(place->daybook, &err), STATUS_OK);
    assert_int_equal(rename(away, segments), 0);
}

/* One record is sealed, the evidence of another was written and does not open. */
static void two_of_damaged_evidence(struct place *place)
{
    place_make(place);
    place_open(place);
    place_add_tenant(place, "alpha");
    ingest(place, "one");
    ASSERT_OK(daybook_checkpoint(place->daybook, &err));
    ingest(place, "two");
    checkpoint_in_part(place);
    damage_evidence(place);
}

static void leave_with_three(struct place *place)
{
    assert_int_equal(place_query(place, "alpha", "T_CL | summarize count(), dcount(n)"), 200);
    assert_true(place_says(place, "[3,3]"));
    place_close(place, false);
    place_remove(place);
}

static void records_of_damaged_evidence_are_kept_with_their_log(void **state)
{
    (void)state;
    struct place place = {0};
    char path[512];

    two_of_damaged_evidence(&place);
    ASSERT_OK(daybook_checkpoint(place.daybook, &err));
    place_find(&place, "wal", ".aside", true, path);
    assert_true(path[0] != '\0');
    ingest(&place, "three");
    ASSERT_OK(daybook_checkpoint(place.daybook, &err));
    leave_with_three(&place);
}

/* The server ends between the commit of the segment and the rename of the log. */
static void a_crash_before_the_log_is_set_aside_does_not_let_the_next_start_remove_it(void **state)
{
    (void)state;
    struct place place = {0};
    char path[512], aside[600];

    two_of_damaged_evidence(&place);
    place_find(&place, "wal", ".wal", false, path); /* the oldest */
    (void)snprintf(aside, sizeof(aside), "%s.aside", path);
    assert_int_equal(mkdir(aside, 0700), 0); /* the rename fails */
    assert_int_not_equal(daybook_checkpoint(place.daybook, &err), STATUS_OK);
    place_close(&place, false);
    assert_int_equal(rmdir(aside), 0);
    place_open(&place);
    ingest(&place, "three");
    ASSERT_OK(daybook_checkpoint(place.daybook, &err));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(aside, F_OK), 0);
    leave_with_three(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_crash_before_the_log_is_set_aside_does_not_let_the_next_start_remove_it),
        cmocka_unit_test(records_of_damaged_evidence_are_kept_with_their_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
