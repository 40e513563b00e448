/* SPDX-License-Identifier: Apache-2.0 */
/* path_priv.h - the text of paths: keys joined by '.', see part_priv.h. */
#ifndef STORE_PATH_PRIV_H
#define STORE_PATH_PRIV_H

#include "base/buf.h"

/* Appends a key (unescaped), with '.' before it unless it is the first. */
void path_add_key(struct buf *path, struct slice key);
/* Takes the first key off *path and decodes it into `key` (cleared before).
 * false when there is none. */
bool path_next_key(struct slice *path, struct buf *key);
/* Is it a field of the record itself, not of an object or array inside? */
bool path_is_top_level(struct slice path);

#endif
