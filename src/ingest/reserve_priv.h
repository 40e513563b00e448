/* SPDX-License-Identifier: Apache-2.0 */
/* reserve_priv.h - space on the disk that is given up for the server's own records.
 *
 * wal/reserve is a file of zeros.  Somebody else may fill the disk to the last byte;
 * then it is cut, a little each time (what is free others may take as well), and what
 * has to be recorded, as who reads what, finds its space.  It is made whole again when
 * there is plenty.  One thread.
 */
#ifndef INGEST_RESERVE_PRIV_H
#define INGEST_RESERVE_PRIV_H

#include "base/io.h"

#define RESERVE_PATH "wal/reserve"

struct reserve {
    struct io *io;
    uint64_t size_bytes; /* when it is whole; 0: none is kept */
    uint64_t left_bytes;
};

/* Makes the file unless it is there.  A disk without space for it is no failure. */
enum status reserve_open(struct reserve *reserve, struct io *io, uint64_t size_bytes,
                         struct error *err) MUST_USE;
/* Gives up space for so many bytes and some more; false if there was none to give. */
bool reserve_release(struct reserve *reserve, uint64_t bytes);
static inline bool reserve_is_whole(const struct reserve *reserve)
{
    return reserve->left_bytes == reserve->size_bytes;
}
/* Makes it whole again if the disk has space for it and more. */
void reserve_renew(struct reserve *reserve);

#endif
