/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_remote.h - a keyring in another process (docs/format/keeper.md). */
#ifndef CRYPT_KEYRING_REMOTE_H
#define CRYPT_KEYRING_REMOTE_H

#include "crypt/keyring.h"

/* The sockets (1 .. KEEPER_CHANNELS_MAX, SOCK_SEQPACKET, each served by
 * keyring_serve()) are taken, also on failure; keyring_free() closes them.  As
 * many requests run at a time as there are sockets.  When the other process is
 * gone or does not answer for timeout_ms, every call gives STATUS_BUSY. */
enum status keyring_remote_new(const int *sockets, uint32_t count, uint32_t timeout_ms,
                               struct keyring **ret, struct error *err) MUST_USE;

#endif
