/* SPDX-License-Identifier: Apache-2.0 */
/* twin.h - a small file that is kept twice, as NAME and NAME.copy.
 *
 * Whichever of the two is damaged or missing is made good from the other, and a
 * damaged NAME is kept as NAME.damaged.  Each change goes to NAME first, then to
 * the copy, so where both are sound and differ, NAME is the newer; unless it only
 * lacks the end of the copy: then it was cut.
 */
#ifndef BASE_TWIN_H
#define BASE_TWIN_H

#include "base/io.h"

#define TWIN_COPY ".copy"
#define TWIN_DAMAGED ".damaged"
#define TWIN_PATH_BYTES 128 /* of NAME with either */

/* STATUS_CORRUPT if the bytes fail their checks; may shorten them by an end that
 * does not count. */
typedef enum status twin_check(void *context, struct slice *bytes, struct error *err);

/* The sound bytes.  STATUS_NOT_FOUND if there is neither, STATUS_CORRUPT (of NAME) if
 * neither is sound.  A disk without space to make it good is no failure: *ret_single
 * says that only one of the two may be sound. */
enum status twin_load(struct io *io, const char *path, twin_check *check, void *context,
                      struct buf *ret, bool *ret_single, struct error *err) MUST_USE;
/* Replaces both. */
enum status twin_save(struct io *io, const char *path, struct slice bytes,
                      struct error *err) MUST_USE;

#endif
