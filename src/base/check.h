/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - assertions that stay in the release build.
 *
 * CHECK states what its author has proved about this program.  A false one is
 * our bug: the process stops and the supervisor starts it again, because a
 * stopped server loses a minute and a wrong one loses the evidence.  Bytes
 * from a disk or a socket are never CHECKed; they get a status.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

_Noreturn void check_failed(const char *expression, const char *file, int line);

#define CHECK(e) ((e) ? (void)0 : check_failed(#e, __FILE__, __LINE__))

#ifdef DEBUG_CHECKS /* for hot loops: on in the sanitizer build only */
#define CHECK_DEBUG(e) CHECK(e)
#else
#define CHECK_DEBUG(e) ((void)sizeof(!(e)))
#endif

#endif
