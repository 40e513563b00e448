/* SPDX-License-Identifier: Apache-2.0 */
/* store_priv.h - the store as its own files see it.
 *
 * `lock` guards what readers pin together: the parts in memory and the list of
 * published sections.  It is held for copying pointers only, never for work or
 * input and output.  A flush holds flush_lock throughout, and `lock` only for
 * memory_begin_flush() and for the last step, in which the parts leave memory
 * and the section is published: a snapshot sees each row once.
 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include "store/memory_priv.h"
#include "store/store.h"

#include <pthread.h>

struct segment_set; /* segment_priv.h */

struct store {
    struct record_sink sink; /* first */
    struct store_options options;
    pthread_mutex_t lock;
    struct memory memory;
    struct segment_set *segments;
    pthread_mutex_t flush_lock; /* flush, merge and compact: one at a time */
    atomic_uint_fast64_t flush_count, merge_count;
};

#endif
