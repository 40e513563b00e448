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

/* Another for the same names and the same key, for another TLS_CERT_DAYS; appended.  As the key
 * stays one file changes: at no moment do certificate and key not fit.  STATUS_INVALID where
 * tls_cert_make() or this did not make the old one. */
enum status tls_cert_renew(struct slice certificate_pem, struct slice key_pem, int64_t now_unix_s,
                           struct buf *ret, struct error *err) MUST_USE;

/* When the first certificate of a text in PEM ends, in seconds since 1970. */
enum status tls_cert_end(struct slice pem, int64_t *ret_unix_s, struct error *err) MUST_USE;

#endif
