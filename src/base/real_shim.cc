/* SPDX-License-Identifier: Apache-2.0 */
/* real_shim.cc - see real_shim_priv.h. */
#include "base/real_shim_priv.h"

#include <charconv>

std::size_t real_shim_shortest(double value, char *to)
{
    return (std::size_t)(std::to_chars(to, to + REAL_SHIM_BYTES, value,
                                       std::chars_format::scientific)
                             .ptr -
                         to);
}

bool real_shim_parse(const char *text, std::size_t size, double *ret)
{
    const std::from_chars_result done = std::from_chars(text, text + size, *ret);

    return done.ec == std::errc() && done.ptr == text + size;
}
