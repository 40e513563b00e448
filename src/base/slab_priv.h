/* SPDX-License-Identifier: Apache-2.0 */
/* slab_priv.h - the slabs themselves, for slab_alloc() and for their tests.
 *
 * A sanitizer knows what malloc() gave and what free() took, not what a slab did: in a block
 * that was given back, or behind one, it would see nothing wrong.  SLAB_IN_HEAP: slab_alloc()
 * has all blocks from malloc(), as the program is built with one.
 */
#ifndef BASE_SLAB_PRIV_H
#define BASE_SLAB_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLAB_IN_HEAP true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SLAB_IN_HEAP true
#endif
#endif
#ifndef SLAB_IN_HEAP
#define SLAB_IN_HEAP false
#endif

#define SLAB_BLOCK_BYTES_MAX ((size_t)32 * 1024)

/* A block of at most SLAB_BLOCK_BYTES_MAX, in a slab, however the program is built. */
void *slab_take(size_t size);
void slab_give_back(void *block, size_t size);

/* Bytes of all slabs in use, with what is free in them: only tests ask. */
size_t slab_bytes(void);

#endif
