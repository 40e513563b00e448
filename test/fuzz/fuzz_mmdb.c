/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mmdb.c - any bytes as a database of addresses: refused with a reason, or what it says of
 * an address is text and degrees, and the same each time it is asked. */
#include "codec/mmdb.h"

#include "base/check.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

/* MMDB_open() forgets 5 KB when it refuses some files; a server opens one a start. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

static bool is_same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

static bool find(const struct mmdb *mmdb, const char *address, struct mmdb_place *ret)
{
    if (!mmdb_find(mmdb, slice_of(address), ret))
        return false;
    CHECK(text_is_utf8(ret->country) && text_is_utf8(ret->state) && text_is_utf8(ret->city));
    CHECK(isnan(ret->latitude) || (ret->latitude >= -90 && ret->latitude <= 90));
    CHECK(isnan(ret->longitude) || (ret->longitude >= -180 && ret->longitude <= 180));
    return true;
}

static void check_address(const struct mmdb *mmdb, const char *address)
{
    struct mmdb_place place, again;
    bool is_found = find(mmdb, address, &place);

    CHECK(find(mmdb, address, &again) == is_found);
    CHECK(!is_found || (slice_equal(place.country, again.country) &&
                        slice_equal(place.state, again.state) &&
                        slice_equal(place.city, again.city) &&
                        is_same(place.latitude, again.latitude) &&
                        is_same(place.longitude, again.longitude)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const addresses[] = {"0.0.0.0", "203.0.113.7", "255.255.255.255", "::",
                                            "::203.0.113.7", "2001:db8:1::5", "2001:db9::1",
                                            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    struct mmdb *mmdb = NULL;
    struct error err = {0};
    char path[64];
    int fd = memfd_create("mmdb", MFD_CLOEXEC);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (mmdb_open(path, &mmdb, &err) == STATUS_OK) {
        for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
            check_address(mmdb, addresses[i]);
        mmdb_close(mmdb);
    } else {
        CHECK(err.text[0] != '\0');
    }
    (void)close(fd);
    return 0;
}
