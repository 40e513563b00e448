/* SPDX-License-Identifier: Apache-2.0 */
/* ip_priv.h - reading addresses. */
#ifndef QUERY_IP_PRIV_H
#define QUERY_IP_PRIV_H

#include "base/slice.h"

/* "a.b.c.d" or "a.b.c.d/prefix"; the address is not masked. */
bool ip_parse_v4(struct slice text, uint32_t *ret_address, int64_t *ret_prefix);
/* An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d, with or without a prefix, which is of 128
 * bits; the address is not masked. */
bool ip_parse_v6(struct slice text, uint8_t ret_address[16], int64_t *ret_prefix);

#endif
