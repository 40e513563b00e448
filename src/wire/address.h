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

/* All of it: an IPv4 address as ::ffff:a.b.c.d. */
#define ADDRESS_BYTES 16
void address_bytes(const struct sockaddr *address, uint8_t ret[ADDRESS_BYTES]);

/* An address or a network. */
struct address_range {
    uint8_t address[ADDRESS_BYTES];
    unsigned bits; /* of these that count */
};

/* "192.0.2.7", "10.0.0.0/8", "2001:db8::/32". */
enum status address_range_parse(struct slice text, struct address_range *ret,
                                struct error *err) MUST_USE;

#define TRUSTED_PROXIES_MAX 64u

struct address_ranges {
    struct address_range items[TRUSTED_PROXIES_MAX];
    uint32_t count;
};

bool address_ranges_have(const struct address_ranges *ranges, const uint8_t address[ADDRESS_BYTES]);

/* Reads a value of X-Forwarded-For from its end, past the addresses that are in `ranges`: *address
 * becomes the last one that was read.  True: that is in none of them, so it is the client's; or
 * what stands there is no address, and nothing before it counts. */
bool address_forwarded(struct slice value, const struct address_ranges *ranges,
                       uint8_t address[ADDRESS_BYTES]);

/* The host in text, without the port; "?" for a family that is not IP. */
void address_format(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES]);

#endif
