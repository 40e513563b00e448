/* SPDX-License-Identifier: Apache-2.0 */
/* run_pieces.c - work behind a breaker, in pieces that the workers take. */
#include "base/crew.h"
#include "query/run_priv.h"

#include <stdatomic.h>

struct pieces {
    struct run *run;
    run_piece *work;
    void *context;
    uint32_t count;
    atomic_uint next;
    atomic_bool is_over;  /* somebody failed, or nobody wants more */
    pthread_mutex_t lock; /* status and error */
    enum status status;
    struct error *error;
};

static void fail(struct pieces *p, const struct error *err)
{
    (void)pthread_mutex_lock(&p->lock);
    if (p->status == STATUS_OK) {
        p->status = err->status;
        *p->error = *err;
    }
    (void)pthread_mutex_unlock(&p->lock);
    atomic_store(&p->is_over, true);
}

/* Which piece is next; `count`: none. */
static uint32_t take_piece(struct pieces *p)
{
    uint32_t piece = atomic_load(&p->is_over) ? p->count : atomic_fetch_add(&p->next, 1);
    return piece < p->count ? piece : p->count;
}

static void take_pieces(void *context, uint32_t index)
{
    struct pieces *p = context;
    struct worker *w = &p->run->workers[index];
    struct error err = {0};

    for (uint32_t i = take_piece(p); i < p->count; i = take_piece(p)) {
        bool stop = false;
        enum status status = run_check(p->run, &err);
        if (status == STATUS_OK)
            status = p->work(p->context, w, i, &stop, &err);
        if (status != STATUS_OK)
            fail(p, &err);
        if (stop)
            atomic_store(&p->is_over, true);
        arena_clear(w->batch_arena);
    }
}

/* The first worker is the thread that owns the run's arena. */
static enum status open_homes(struct run *run, struct error *err)
{
    run->workers[0].home = run->arena;
    for (uint32_t i = 1; i < run->scan_threads; i++) {
        struct worker *w = &run->workers[i];
        if (w->home != NULL)
            continue;
        struct arena *home = arena_share(run->arena);
        if (home == NULL)
            return ERROR_MEMORY(err);
        enum status status = arena_on_free(run->arena, run_free_arena, home, err);
        if (status != STATUS_OK) {
            arena_free(home);
            return status;
        }
        w->home = home;
    }
    return STATUS_OK;
}

enum status run_pieces(struct run *run, uint32_t count, run_piece *work, void *context,
                       struct error *err)
{
    struct pieces p = {
        .run = run, .work = work, .context = context, .count = count, .error = err};
    uint32_t threads = count < run->scan_threads ? count : run->scan_threads;
    enum status status = open_homes(run, err);

    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_init(&p.lock, NULL);
    crew_run(threads, take_pieces, &p);
    (void)pthread_mutex_destroy(&p.lock);
    return p.status;
}
