/* SPDX-License-Identifier: Apache-2.0 */
/* twin.h - a small file that is kept twice, as NAME and NAME.copy.
 *
 * Whichever of the two is damaged or missing is made good from the other, and so is one that
 * the disk does not give, also when asked again.  A NAME that was damaged, and either that could
 * not be read, is kept beside with ".damaged".  Each change goes to NAME first, then to
 * the copy, so where both are sound and differ, NAME is the newer; unless it only
 * lacks the end of the copy: then it was cut.  What was promised is in both, so nothing of
 * that is lost where the older one has to do.  Where the one that could be read had been cut,
 * what is kept beside is the whole one: a start that can read it puts it back.
 */
#ifndef BASE_TWIN_H
#define BASE_TWIN_H

#include "base/io.h"

#define TWIN_COPY ".copy"
#define TWIN_DAMAGED ".damaged"
#define TWIN_PATH_BYTES 128 /* of NAME with both */

enum twin_sound { TWIN_IN_BOTH, TWIN_IN_NAME, TWIN_IN_COPY };

/* STATUS_CORRUPT if the bytes fail their checks; may shorten them by an end that
 * does not count. */
typedef enum status twin_check(void *context, struct slice *bytes, struct error *err);

/* The sound bytes, also where the other could not be made good.  STATUS_NOT_FOUND if there is
 * neither, STATUS_CORRUPT (of NAME) if neither is sound, STATUS_IO if one that cannot be read is
 * the only one that may be.  A disk without space to make the other good is no failure: *ret_sound
 * says which one is sound, and whatever is added to that alone counts at the next start. */
enum status twin_load(struct io *io, const char *path, twin_check *check, void *context,
                      struct buf *ret, enum twin_sound *ret_sound, struct error *err) MUST_USE;
/* Replaces both. */
enum status twin_save(struct io *io, const char *path, struct slice bytes,
                      struct error *err) MUST_USE;

#endif
