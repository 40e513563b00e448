/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_address.c - any text as an address to listen on: refused with a reason, or said and
 * read again it is the same; none is both of the machine and of the public internet. */
#include "wire/address.h"

#include "base/check.h"

#include <netinet/in.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as an address that a resolver gave. */
static void judge(const uint8_t *data, size_t size)
{
    struct sockaddr_storage address = {.ss_family = size % 2 == 0 ? AF_INET : AF_INET6};
    char text[ADDRESS_TEXT_BYTES];

    if (address.ss_family == AF_INET)
        memcpy(&((struct sockaddr_in *)&address)->sin_addr, data, size < 4 ? size : 4);
    else
        memcpy(&((struct sockaddr_in6 *)&address)->sin6_addr, data, size < 16 ? size : 16);
    address_format((struct sockaddr *)&address, text);
    CHECK(strlen(text) < sizeof(text));
    if (address.ss_family == AF_INET && size > 0 && data[0] == 127)
        CHECK(!address_is_public((struct sockaddr *)&address));
}

/* The same text as a setting, and as what a proxy says of its client. */
static void forward(struct slice text)
{
    struct address_ranges ranges = {.count = 1};
    uint8_t address[ADDRESS_BYTES] = {0};
    struct error err = {0};

    if (address_range_parse(text, &ranges.items[0], &err) == STATUS_OK)
        CHECK(ranges.items[0].bits <= 128 &&
              address_ranges_have(&ranges, ranges.items[0].address));
    else
        ranges.items[0].bits = 9; /* some are inside, some not */
    bool found = address_forwarded(text, &ranges, address);
    CHECK(found || text.size == 0 || address_ranges_have(&ranges, address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_storage address, again;
    socklen_t bytes = 0, again_bytes = 0;
    char host[ADDRESS_TEXT_BYTES], text[ADDRESS_TEXT_BYTES + 16];
    struct error err = {0};

    if (size > 0)
        judge(data, size);
    forward(slice_from((const char *)data, size));
    if (address_parse(slice_from((const char *)data, size), &address, &bytes, &err) !=
        STATUS_OK) {
        CHECK(err.text[0] != '\0');
        return 0;
    }
    bool is_four = address.ss_family == AF_INET;
    uint16_t port = is_four ? ((struct sockaddr_in *)&address)->sin_port
                            : ((struct sockaddr_in6 *)&address)->sin6_port;
    address_format((struct sockaddr *)&address, host);
    if (!is_four && strchr(host, ':') == NULL)
        return 0; /* a mapped one is said as IPv4 */
    (void)snprintf(text, sizeof(text), is_four ? "%s:%u" : "[%s]:%u", host, ntohs(port));
    CHECK(address_parse(slice_of(text), &again, &again_bytes, &err) == STATUS_OK);
    CHECK(bytes == again_bytes && memcmp(&address, &again, bytes) == 0);
    return 0;
}
