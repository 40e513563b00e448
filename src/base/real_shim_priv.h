/* SPDX-License-Identifier: Apache-2.0 */
/* real_shim_priv.h - the C++ side of reals in text: C has printf and strtod, a microsecond
 * each, where C++ has std::to_chars and std::from_chars. */
#ifndef BASE_REAL_SHIM_PRIV_H
#define BASE_REAL_SHIM_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REAL_SHIM_BYTES 32u

/* The fewest digits that read back as the value, which is finite, as "-d.ddde+XX" (no point
 * behind a single digit).  Of several with so few digits it is the closest.  `to` has
 * REAL_SHIM_BYTES; gives how many are used. */
size_t real_shim_shortest(double value, char *to);
enum real_shim_result {
    REAL_SHIM_OK,
    REAL_SHIM_NONE,   /* not all of the text is a number */
    REAL_SHIM_BEYOND, /* a number, greater than all doubles or closer to 0 than all but 0 */
};

/* A number as JSON writes them, with any number of digits, inf, or nan, without a plus. */
enum real_shim_result real_shim_parse(const char *text, size_t size, double *ret);

#ifdef __cplusplus
}
#endif

#endif
