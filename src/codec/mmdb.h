/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb.h - where addresses are, from a file in the MaxMind DB format (the layout of
 * GeoLite2-City: country, subdivisions, city, location).  The file is the operator's; it
 * is mapped, so it is replaced by renaming another over it, not written to.
 *
 * Any number of threads may look up at once. */
#ifndef CODEC_MMDB_H
#define CODEC_MMDB_H

#include "base/error.h"
#include "base/slice.h"

struct mmdb;

struct mmdb_place {
    struct slice country, state, city; /* English names, UTF-8, in the file; empty: not known */
    double latitude, longitude;        /* degrees; NAN: not known */
};

/* STATUS_IO: it cannot be read; STATUS_INVALID: it is no such database. */
enum status mmdb_open(const char *path, struct mmdb **ret, struct error *err) MUST_USE;
void mmdb_close(struct mmdb *mmdb); /* NULL: nothing */

/* The place of an IPv4 or IPv6 address as text.  False: the text is no address, or the file
 * does not have it. */
bool mmdb_find(const struct mmdb *mmdb, struct slice address, struct mmdb_place *ret);

#endif
