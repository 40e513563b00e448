/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static struct {
    atomic_bool armed;
    atomic_uint_fast64_t count, fail_at;
    atomic_bool sticky;
} state;

void alloc_set(uint64_t fail_at, bool sticky)
{
    atomic_store(&state.fail_at, fail_at);
    atomic_store(&state.sticky, sticky);
    atomic_store(&state.count, 0);
}

void alloc_arm(bool armed)
{
    atomic_store(&state.armed, armed);
}

uint64_t alloc_count(void)
{
    return atomic_load(&state.count);
}

static bool fails(void)
{
    if (!atomic_load(&state.armed))
        return false;
    uint64_t n = atomic_fetch_add(&state.count, 1) + 1, at = atomic_load(&state.fail_at);
    bool hit = at != 0 && (n == at || (atomic_load(&state.sticky) && n > at));
    if (hit)
        errno = ENOMEM;
    return hit;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}
