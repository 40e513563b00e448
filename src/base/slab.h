/* SPDX-License-Identifier: Apache-2.0 */
/* slab.h - small blocks that stay for a while, apart from the heap.
 *
 * Rows that are not sealed are a hundred thousand blocks of some hundred bytes, what questions
 * decoded as many of some thousand, which come and go at their own times.  In one heap with all
 * else each keeps what lay around it from being used by what is larger, and from the system.
 * Here blocks of about one size (an eighth more at most) share 256 KiB, which come back with
 * the last; what was never given away takes no memory, nor, but for 16 MiB, whole pages that
 * came back.
 *
 * Source: Bonwick, "The Slab Allocator", USENIX 1994.  Thread-safe.
 */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include <stddef.h>

/* At least 16-byte aligned, not cleared.  Larger than 32 KiB: from malloc().  NULL without
 * memory.  Owned by the caller: slab_free() with the size that was asked for. */
void *slab_alloc(size_t size);
void slab_free(void *block, size_t size); /* NULL allowed */

#endif
