/* SPDX-License-Identifier: Apache-2.0 */
/* ip.h - the addresses of hosts in texts of others, who write one address in many ways:
 * with a port, in brackets, with a zone, with capitals, with zeros that need not be there,
 * and an IPv4 one as IPv6 (::ffff:192.0.2.1). */
#ifndef BASE_IP_H
#define BASE_IP_H

#include "base/slice.h"

#define IP_BYTES 16
#define IP_TEXT_BYTES 48 /* of an address, with its end */

/* The part of a text that is an address if anything in it is: without brackets and port. */
struct slice ip_bare(struct slice text);
/* The address that a text has; IPv4 as ::ffff:a.b.c.d.  False: it has none. */
bool ip_parse(struct slice text, uint8_t ret[IP_BYTES]);
/* An IPv4 address, also one that is written as IPv6? */
bool ip_is_four(const uint8_t ip[IP_BYTES]);
/* The same text for all writings of an address: a.b.c.d, or what RFC 5952 recommends.  A text
 * without an address stays as it is.  `room` holds what is returned, or nothing. */
struct slice ip_canonical(struct slice text, char room[IP_TEXT_BYTES]);

#endif
