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

real_shim_result real_shim_parse(const char *text, std::size_t size, double *ret)
{
    const std::from_chars_result done = std::from_chars(text, text + size, *ret);

    if (done.ptr != text + size || done.ec == std::errc::invalid_argument)
        return REAL_SHIM_NONE;
    return done.ec == std::errc() ? REAL_SHIM_OK : REAL_SHIM_BEYOND;
}
