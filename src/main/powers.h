/* SPDX-License-Identifier: Apache-2.0 */
/* powers.h - what the server process may touch: its part of the data directory,
 * its certificate, and what name look-ups and TLS of webhooks read.  Never keys/
 * and never the key-encryption key, wherever that is.
 */
#ifndef MAIN_POWERS_H
#define MAIN_POWERS_H

#include "main/config.h"

/* For good; before the first thread.  STATUS_DENIED if the key-encryption key lies
 * where the server must read (beside its certificate, say). */
enum status powers_drop(const struct data_dir *dir, const struct config *config,
                        struct error *err) MUST_USE;

#endif
