/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h - pages for key material: not in core dumps, not in swap when the
 * limit of locked memory allows it, wiped when freed.  Thread-safe. */
#ifndef CRYPT_SECRET_H
#define CRYPT_SECRET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed; NULL with err set.  *ret_locked (may be NULL): the pages are locked. */
void *secret_alloc(size_t size, bool *ret_locked, struct error *err) MUST_USE;
void secret_free(void *pages, size_t size); /* NULL allowed */

#endif
