/* SPDX-License-Identifier: Apache-2.0 */
/* control_plane.h - a control plane in a file of its own, with a clock that stands still. */
#ifndef META_CONTROL_PLANE_H
#define META_CONTROL_PLANE_H

#include "test.h"
#include "tree.h"

#include "base/limits.h"
#include "meta/meta.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START_US INT64_C(1700000000000000)

struct control_plane {
    char root[64], path[80]; /* a directory, the database in it */
    struct io *io;
    struct clock_fixed clock;
    struct meta *meta;
    uint64_t bytes_max; /* 0: as large as any */
    uint32_t unsealed;  /* how often it was told */
    struct arena *arena;
    struct error err;
};

static inline enum status set_setting(struct meta *meta, struct slice name, struct slice value,
                                      struct error *err)
{
    return meta_settings_set(meta, &(struct meta_setting){name, value}, 1, err);
}

static inline void control_plane_unsealed(void *context, const struct error *why)
{
    (void)why;
    ((struct control_plane *)context)->unsealed++;
}

static inline enum status control_plane_open(struct control_plane *p, bool create,
                                             struct error *err)
{
    const struct meta_options options = {
        .io = p->io,
        .path = "db",
        .clock = &p->clock.clock,
        .create = create,
        .bytes_max = p->bytes_max,
        .unsealed = control_plane_unsealed,
        .context = p,
    };

    p->meta = NULL;
    return meta_open(&options, &p->meta, err);
}

static inline int control_plane_setup(void **state)
{
    struct control_plane *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    (void)snprintf(p->root, sizeof(p->root), "/tmp/daybook-meta-XXXXXX");
    assert_non_null(mkdtemp(p->root));
    (void)snprintf(p->path, sizeof(p->path), "%s/db", p->root);
    assert_int_equal(io_linux_new(p->root, &p->io, &p->err), STATUS_OK);
    clock_fixed_init(&p->clock, START_US);
    p->arena = arena_new(MIB);
    assert_non_null(p->arena);
    assert_int_equal(control_plane_open(p, true, &p->err), STATUS_OK);
    *state = p;
    return 0;
}

static inline int control_plane_teardown(void **state)
{
    struct control_plane *p = *state;

    meta_close(p->meta);
    arena_free(p->arena);
    io_free(p->io);
    (void)tree_remove(p->root);
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
    ASSERT_OK(control_plane_open(p, false, &err));
}

#define META_TEST(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, control_plane_setup, control_plane_teardown)

#endif
