/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_share_external.c - any address for externaldata.  What the list of hosts lets through is, to
 * who connects (libcurl), https and one of these hosts: the two read an address alike.
 *
 *   u8 odd: private addresses and http, too | the address */
#include "share/external.h"

#include "base/check.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOSTS "good.example, *.example.net,10.0.0.1"

static bool is_listed(struct slice host)
{
    return slice_equal_nocase(host, SLICE("good.example")) || slice_is(host, "10.0.0.1") ||
           (host.size > strlen(".example.net") &&
            slice_equal_nocase(slice_tail(host, host.size - strlen(".example.net")),
                               SLICE(".example.net")));
}

static void check_parts(CURLU *parts, bool allows_http)
{
    char *host = NULL, *scheme = NULL, *user = NULL;

    CHECK(curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && is_listed(slice_of(host)));
    CHECK(curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
    CHECK(strcmp(scheme, "https") == 0 || (allows_http && strcmp(scheme, "http") == 0));
    CHECK(curl_url_get(parts, CURLUPART_USER, &user, 0) != CURLUE_OK);
    curl_free(host);
    curl_free(scheme);
    curl_free(user);
}

static void check_url(struct slice base, struct slice path, bool allows_http)
{
    CURLU *parts = curl_url();
    struct buf text;

    CHECK(parts != NULL);
    buf_init(&text, 64 * KIB);
    buf_add_slice(&text, base);
    buf_add_slice(&text, path);
    buf_add_byte(&text, '\0');
    CHECK(!text.failed);
    if (curl_url_set(parts, CURLUPART_URL, text.data, 0) == CURLUE_OK)
        check_parts(parts, allows_http);
    curl_url_cleanup(parts);
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};

    if (size == 0 || memchr(data, 0, size) != NULL)
        return 0;
    const struct external external = {SLICE(HOSTS), (data[0] & 1) != 0};
    struct slice url = slice_from((const char *)data + 1, size - 1);
    enum status status = external_check(&external, url, &err);
    CHECK(status == STATUS_OK || (status == STATUS_DENIED && err.text[0] != '\0'));
    if (status != STATUS_OK)
        return 0;
    /* The part up to the path, which is what a client is made with, and what it asks for. */
    size_t end = slice_starts_with(url, SLICE("https://")) ? 8 : 7;
    while (end < url.size && strchr("/?#;", url.data[end]) == NULL)
        end++;
    struct slice path = slice_tail(url, end);
    path = slice_head(path, slice_find_byte(path, '#', 0));
    path = slice_head(path, slice_find_byte(path, ';', 0)); /* keys of others */
    check_url(slice_head(url, end), SLICE(""), external.allow_private);
    check_url(slice_head(url, end), path.size == 0 ? SLICE("/") : path, external.allow_private);
    return 0;
}
