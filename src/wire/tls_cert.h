/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert.h - a self-signed certificate for a first start. */
#ifndef WIRE_TLS_CERT_H
#define WIRE_TLS_CERT_H

#include "base/buf.h"
#include "base/error.h"

#define TLS_CERT_DAYS 397 /* what browsers accept at most */

/* A P-256 key and a certificate for localhost, 127.0.0.1, ::1 and host_name
 * ("" = none; a name or an address), valid from an hour before now_unix_s.
 * Both as PEM, appended.  The certificate is its own authority: it can stand
 * in a client's CA file. */
enum status tls_cert_make(struct slice host_name, int64_t now_unix_s, struct buf *ret_certificate,
                          struct buf *ret_key, struct error *err) MUST_USE;

#endif
