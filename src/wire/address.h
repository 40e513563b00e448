/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - socket addresses: where to listen, and which hosts may be reached. */
#ifndef WIRE_ADDRESS_H
#define WIRE_ADDRESS_H

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_BYTES 64

/* "127.0.0.1:8443", "[::]:0", "localhost:8443": numeric or localhost only. */
enum status address_parse(struct slice text, struct sockaddr_storage *ret, socklen_t *ret_size,
                          struct error *err) MUST_USE;

/* Is it a unicast address of the public internet?  False for loopback, private,
 * link-local (metadata services), shared, documentation, multicast, reserved
 * and cloud-internal addresses, and for IPv6 forms that carry such an IPv4
 * address (mapped, compatible, NAT64, 6to4, Teredo). */
bool address_is_public(const struct sockaddr *address);

/* Who it is, as somebody may have many: an IPv4 address (also one mapped into IPv6) as
 * ::ffff:a.b.c.d, or the /64 of an IPv6 address. */
#define ADDRESS_NETWORK_BYTES 16
void address_network(const struct sockaddr *address, uint8_t ret[ADDRESS_NETWORK_BYTES]);

/* The host in text, without the port; "?" for a family that is not IP. */
void address_format(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES]);

#endif
