/* SPDX-License-Identifier: Apache-2.0 */
/* row_tag_priv.h - a fingerprint of a record, from when it comes until it is sealed.
 *
 * Columns that give back the bytes that came have the same tag again: vhash() of the
 * number and the bytes, under a key that only this process has and that nothing outside
 * sees, so that neither a fault nor who chooses records can make two of them agree.
 */
#ifndef STORE_ROW_TAG_PRIV_H
#define STORE_ROW_TAG_PRIV_H

#include "base/slice.h"

uint64_t row_tag(uint64_t seq, struct slice raw);

#endif
