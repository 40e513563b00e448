/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_serve.h - answers for another process (docs/format/keeper.md). */
#ifndef CRYPT_KEYRING_SERVE_H
#define CRYPT_KEYRING_SERVE_H

#include "crypt/keyring.h"

/* Serves one SOCK_SEQPACKET socket until its other end is closed (STATUS_OK).
 * STATUS_INVALID after a message that no client of ours sends: close it then.
 * Several threads may serve sockets of their own from one keyring. */
enum status keyring_serve(struct keyring *keyring, int socket, struct error *err) MUST_USE;

#endif
