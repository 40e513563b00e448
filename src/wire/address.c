/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - numeric addresses, and the table of those that are not public. */
#include "wire/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

struct range4 {
    uint32_t address;
    unsigned bits;
};

/* The IANA special-purpose registry, and one cloud's fixed public-looking address. */
static const struct range4 special4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared (carrier NAT; some clouds' metadata) */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, metadata */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* IETF protocols */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relay */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xa83f8110, 32}, /* 168.63.129.16: Azure's host */
    {0xe0000000, 4},  /* multicast */
    {0xf0000000, 4},  /* reserved, broadcast */
};

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof(special4) / sizeof(special4[0]); i++) {
        uint32_t mask = UINT32_MAX << (32 - special4[i].bits);
        if ((address & mask) == special4[i].address)
            return false;
    }
    return true;
}

static uint32_t read4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

/* Only 2000::/3 is handed out; inside it some blocks are not, or wrap IPv4. */
static bool is_public6(const uint8_t b[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

    if (memcmp(b, mapped, sizeof(mapped)) == 0 || memcmp(b, nat64, sizeof(nat64)) == 0)
        return is_public4(read4(b + 12));
    if ((b[0] & 0xe0) != 0x20)
        return false;
    if (b[0] == 0x20 && b[1] == 0x02)
        return is_public4(read4(b + 2)); /* 6to4 */
    if (b[0] == 0x20 && b[1] == 0x01 && (b[2] & 0xfe) == 0)
        return false; /* 2001::/23: Teredo, ORCHID, benchmarks */
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8)
        return false; /* documentation */
    if (b[0] == 0x3f && b[1] == 0xff && (b[2] & 0xf0) == 0)
        return false; /* documentation, 3fff::/20 */
    return true;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return is_public4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        return is_public6(in6.sin6_addr.s6_addr);
    }
    return false;
}

void address_bytes(const struct sockaddr *address, uint8_t ret[ADDRESS_BYTES])
{
    struct in6_addr host = IN6ADDR_ANY_INIT;

    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        memset(host.s6_addr + 10, 0xff, 2);
        memcpy(host.s6_addr + 12, &in.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        host = in6.sin6_addr;
    }
    memcpy(ret, host.s6_addr, ADDRESS_BYTES);
}

void address_network(const struct sockaddr *address, uint8_t ret[ADDRESS_NETWORK_BYTES])
{
    struct in6_addr host;

    address_bytes(address, host.s6_addr);
    if (!IN6_IS_ADDR_V4MAPPED(&host))
        memset(host.s6_addr + 8, 0, 8);
    memcpy(ret, host.s6_addr, ADDRESS_NETWORK_BYTES);
}

/* Numbers only, without a port. */
static bool parse_host(struct slice text, uint8_t ret[ADDRESS_BYTES])
{
    char host[ADDRESS_TEXT_BYTES];
    struct in6_addr in6 = IN6ADDR_ANY_INIT;

    if (text.size >= sizeof(host) || memchr(text.data, '\0', text.size) != NULL)
        return false;
    (void)snprintf(host, sizeof(host), "%.*s", SLICE_FMT(text));
    if (inet_pton(AF_INET, host, in6.s6_addr + 12) == 1)
        memset(in6.s6_addr + 10, 0xff, 2);
    else if (inet_pton(AF_INET6, host, &in6) != 1)
        return false;
    memcpy(ret, in6.s6_addr, ADDRESS_BYTES);
    return true;
}

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

enum status address_range_parse(struct slice text, struct address_range *ret, struct error *err)
{
    const char *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);
    size_t size = slash == NULL ? text.size : (size_t)(slash - text.data);
    uint64_t bits = 128;

    bool good = size > 0 && parse_host(slice_head(text, size), ret->address);
    bool is_4 = good && memcmp(ret->address, mapped, sizeof(mapped)) == 0;
    if (good && slash != NULL)
        good = text_parse_u64(slice_tail(text, size + 1), &bits) && bits <= (is_4 ? 32u : 128u);
    if (!good)
        return ERROR_SET(err, STATUS_INVALID, "'%.*s' is no address and no network",
                         SLICE_FMT(slice_head(text, 100)));
    ret->bits = (unsigned)bits + (is_4 && slash != NULL ? 96 : 0);
    return STATUS_OK;
}

static bool range_has(const struct address_range *range, const uint8_t address[ADDRESS_BYTES])
{
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    unsigned mask = 0xff00u >> rest & 0xff;

    return memcmp(range->address, address, whole) == 0 &&
           (rest == 0 || ((range->address[whole] ^ address[whole]) & mask) == 0);
}

bool address_ranges_have(const struct address_ranges *ranges, const uint8_t address[ADDRESS_BYTES])
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (range_has(&ranges->items[i], address))
            return true;
    }
    return false;
}

/* As proxies write one: some with the port, IPv6 then in brackets. */
static bool parse_hop(struct slice text, uint8_t ret[ADDRESS_BYTES])
{
    const char *colon;

    if (text.size == 0)
        return false;
    if (text.data[0] == '[') {
        const char *end = memchr(text.data, ']', text.size);
        return end != NULL && parse_host(slice_from(text.data + 1, (size_t)(end - text.data) - 1),
                                         ret);
    }
    if (parse_host(text, ret))
        return true;
    colon = memchr(text.data, ':', text.size);
    return colon != NULL && parse_host(slice_from(text.data, (size_t)(colon - text.data)), ret);
}

bool address_forwarded(struct slice value, const struct address_ranges *ranges,
                       uint8_t address[ADDRESS_BYTES])
{
    while (value.size > 0) {
        size_t from = value.size;
        while (from > 0 && value.data[from - 1] != ',')
            from--;
        if (!parse_hop(slice_trim(slice_tail(value, from)), address))
            return true;
        if (!address_ranges_have(ranges, address))
            return true;
        value = slice_head(value, from > 0 ? from - 1 : 0);
    }
    return false;
}

void address_format(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES])
{
    const char *text = NULL;

    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        text = inet_ntop(AF_INET, &in.sin_addr, ret, ADDRESS_TEXT_BYTES);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            text = inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, ret, ADDRESS_TEXT_BYTES);
        else
            text = inet_ntop(AF_INET6, &in6.sin6_addr, ret, ADDRESS_TEXT_BYTES);
    }
    if (text == NULL)
        (void)snprintf(ret, ADDRESS_TEXT_BYTES, "?");
}

static bool parse(struct slice text, struct sockaddr_storage *ret, socklen_t *ret_size)
{
    char host[ADDRESS_TEXT_BYTES];
    uint64_t port = 0;
    size_t colon = SIZE_MAX;

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ':')
            colon = i;
    }
    if (colon == SIZE_MAX || !text_parse_u64(slice_tail(text, colon + 1), &port) || port > 65535)
        return false;
    struct slice name = slice_head(text, colon);
    bool bracketed = name.size > 2 && name.data[0] == '[' && name.data[name.size - 1] == ']';
    if (bracketed)
        name = slice_from(name.data + 1, name.size - 2);
    if (slice_is(name, "localhost"))
        name = SLICE("127.0.0.1");
    if (name.size >= sizeof(host))
        return false;
    (void)snprintf(host, sizeof(host), "%.*s", SLICE_FMT(name));

    *ret = (struct sockaddr_storage){0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (!bracketed && inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        memcpy(ret, &in, sizeof(in));
        *ret_size = sizeof(in);
        return true;
    }
    if (bracketed && inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        memcpy(ret, &in6, sizeof(in6));
        *ret_size = sizeof(in6);
        return true;
    }
    return false;
}

enum status address_parse(struct slice text, struct sockaddr_storage *ret, socklen_t *ret_size,
                          struct error *err)
{
    if (parse(text, ret, ret_size))
        return STATUS_OK;
    return ERROR_SET(err, STATUS_INVALID,
                     "'%.*s' is not an address to listen on; wanted 127.0.0.1:8443 or [::]:8443",
                     SLICE_FMT(text));
}
