/* SPDX-License-Identifier: Apache-2.0 */
/* control_plane.h - a control plane in a file of its own, with a clock that stands still. */
#ifndef META_CONTROL_PLANE_H
#define META_CONTROL_PLANE_H

#include "test.h"

#include "base/limits.h"
#include "meta/meta.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START_US INT64_C(1700000000000000)

struct control_plane {
    char path[64];
    struct clock_fixed clock;
    struct meta *meta;
    struct arena *arena;
    struct error err;
};

static inline int control_plane_setup(void **state)
{
    struct control_plane *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    (void)snprintf(p->path, sizeof(p->path), "/tmp/daybook-meta-XXXXXX");
    int fd = mkstemp(p->path);
    assert_true(fd >= 0);
    (void)close(fd);
    clock_fixed_init(&p->clock, START_US);
    p->arena = arena_new(MIB);
    assert_non_null(p->arena);
    assert_int_equal(meta_open(p->path, &p->clock.clock, &p->meta, &p->err), STATUS_OK);
    *state = p;
    return 0;
}

static inline int control_plane_teardown(void **state)
{
    struct control_plane *p = *state;

    meta_close(p->meta);
    arena_free(p->arena);
    char sum[80];
    (void)snprintf(sum, sizeof(sum), "%s.sum", p->path);
    (void)unlink(p->path);
    (void)unlink(sum);
    free(p);
    return 0;
}

/* Another connection to the file does this. */
static inline void control_plane_do(const struct control_plane *p, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

static inline void control_plane_reopen(struct control_plane *p)
{
    struct error err;

    meta_close(p->meta);
    p->meta = NULL;
    ASSERT_OK(meta_open(p->path, &p->clock.clock, &p->meta, &err));
}

#define META_TEST(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, control_plane_setup, control_plane_teardown)

#endif
