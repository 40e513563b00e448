/* SPDX-License-Identifier: Apache-2.0 */
/* damaged.h - files of the data directory that were damaged and set aside.
 *
 * What could be made good or made anew is renamed to NAME.damaged, for a person to
 * look at and remove.
 */
#ifndef SHARE_DAMAGED_H
#define SHARE_DAMAGED_H

#include "base/io.h"

/* How many there are; their names, with commas between, are added to *ret_names. */
uint32_t damaged_files(struct io *io, struct buf *ret_names);

#endif
