/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>

struct slice ip_bare(struct slice text)
{
    bool has_bracket = text.size > 1 && text.data[0] == '[';
    size_t close = has_bracket ? slice_find_byte(text, ']', 1) : SIZE_MAX;

    if (close != SIZE_MAX)
        return slice_from(text.data + 1, close - 1);
    size_t colon = slice_find_byte(text, ':', 0);
    if (colon != SIZE_MAX && slice_find_byte(text, ':', colon + 1) == SIZE_MAX)
        return slice_head(text, colon); /* IPv4 and a port */
    return text;
}

bool ip_is_four(const uint8_t ip[IP_BYTES])
{
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

    return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

static bool begins_with_zeros(const uint8_t ip[IP_BYTES])
{
    static const uint8_t zeros[12];

    return memcmp(ip, zeros, sizeof(zeros)) == 0;
}

/* a.b.c.d without zeros that need not be there, as inet_pton() wants it, which would cost as
 * much as all else that is asked of an event's address. */
static bool parse_four(struct slice text, uint8_t ret[4])
{
    size_t at = 0;

    for (unsigned i = 0; i < 4; i++) {
        size_t start = i == 0 ? 0 : ++at;
        unsigned value = 0;
        while (at < text.size && at - start < 3 && text.data[at] >= '0' && text.data[at] <= '9')
            value = value * 10 + (unsigned)(text.data[at++] - '0');
        if (at == start || value > 255 || (text.data[start] == '0' && at - start > 1))
            return false;
        if (i < 3 && (at >= text.size || text.data[at] != '.'))
            return false;
        ret[i] = (uint8_t)value;
    }
    return at == text.size;
}

bool ip_parse(struct slice text, uint8_t ret[IP_BYTES])
{
    char plain[IP_TEXT_BYTES];

    memset(ret, 0, IP_BYTES);
    text = ip_bare(slice_trim(text));
    text = slice_head(text, slice_find_byte(text, '%', 0)); /* a zone is of that host only */
    if (parse_four(text, ret + 12)) {
        ret[10] = ret[11] = 0xff;
        return true;
    }
    if (text.size == 0 || text.size >= sizeof(plain) || slice_find_byte(text, '\0', 0) != SIZE_MAX)
        return false;
    memcpy(plain, text.data, text.size);
    plain[text.size] = '\0';
    if (inet_pton(AF_INET6, plain, ret) != 1)
        return false;
    /* ::a.b.c.d, of before ::ffff:a.b.c.d */
    if (begins_with_zeros(ret) && slice_find_byte(text, '.', 0) != SIZE_MAX)
        ret[10] = ret[11] = 0xff;
    return true;
}

struct slice ip_canonical(struct slice text, char room[IP_TEXT_BYTES])
{
    uint8_t ip[IP_BYTES];

    if (!ip_parse(text, ip))
        return text;
    bool is_four = ip_is_four(ip);
    if (begins_with_zeros(ip) && (ip[12] | ip[13]) != 0) {
        /* inet_ntop() would write ::ffff:1 as ::255.255.0.1, which is read as IPv4. */
        (void)snprintf(room, IP_TEXT_BYTES, "::%x:%x", ip[12] << 8 | ip[13], ip[14] << 8 | ip[15]);
        return slice_of(room);
    }
    if (inet_ntop(is_four ? AF_INET : AF_INET6, is_four ? ip + 12 : ip, room, IP_TEXT_BYTES) ==
        NULL)
        return text;
    return slice_of(room);
}
