/* SPDX-License-Identifier: Apache-2.0 */
/* guess.h - how often wrong tokens may be tried, by an address and in all.
 *
 * Buckets of attempts that refill with time: an address has GUESS_ADDRESS_BURST and
 * gets one a second, all together have GUESS_ALL_BURST and get ten a second.  A valid
 * token is never asked here, so guessers cannot lock others out.  An address is an
 * IPv4 address or an IPv6 /64.  The memory is fixed: in a full set of the table the
 * address that was quiet longest is forgotten.
 */
#ifndef SHARE_GUESS_H
#define SHARE_GUESS_H

#include "base/slice.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define GUESS_ADDRESS_BURST 100u
#define GUESS_ALL_BURST 2000u
#define GUESS_SETS 1024u
#define GUESS_WAYS 4u

struct guess_bucket {
    uint64_t key;     /* of the address; 0 = free */
    uint64_t seen_us; /* the last attempt */
    double left;
};

struct guess {
    pthread_mutex_t lock; /* all below */
    struct guess_bucket all;
    struct guess_bucket sets[GUESS_SETS][GUESS_WAYS];
};

void guess_init(struct guess *guess);
void guess_release(struct guess *guess);
/* Counts a wrong token from this address at a monotonic time; false: too many. */
bool guess_allowed(struct guess *guess, struct slice address, uint64_t now_us);

#endif
