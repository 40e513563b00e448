/* SPDX-License-Identifier: Apache-2.0 */
/* external.h - what externaldata may read: https addresses of the hosts that the
 * operator names, through the guard of wire/client. */
#ifndef SHARE_EXTERNAL_H
#define SHARE_EXTERNAL_H

#include "base/arena.h"
#include "base/error.h"

#include <stdatomic.h>

struct external {
    struct slice hosts; /* "raw.example.com,*.example.net"; "" = none */
    bool allow_private; /* private addresses and plain http too */
};

/* Is the host of the address in the list?  STATUS_DENIED says how to allow it. */
enum status external_check(const struct external *external, struct slice url,
                           struct error *err) MUST_USE;
/* What stands there, decoded where it is gzip or zstd, in the arena. */
enum status external_fetch(const struct external *external, struct slice url,
                           const atomic_bool *cancelled, struct arena *arena, struct slice *ret,
                           struct error *err) MUST_USE;

#endif
