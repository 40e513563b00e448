/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - see secret.h. */
#include "crypt/secret.h"

#include "base/check.h"

#include <string.h>
#include <sys/mman.h>

void *secret_alloc(size_t size, bool *ret_locked, struct error *err)
{
    void *pages =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED) {
        (void)ERROR_MEMORY(err);
        return NULL;
    }
    bool locked = mlock(pages, size) == 0;
    if (madvise(pages, size, MADV_DONTDUMP) != 0)
        locked = false;
    if (ret_locked != NULL)
        *ret_locked = locked;
    return pages;
}

void secret_free(void *pages, size_t size)
{
    if (pages == NULL)
        return;
    explicit_bzero(pages, size);
    int failed = munmap(pages, size);
    CHECK(failed == 0);
}
