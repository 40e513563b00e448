/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_share_external.c - any address for externaldata.  What the list of hosts lets through is, to
 * who connects (libcurl), https and one of these hosts: the two read an address alike.
 *
 *   u8 odd: private addresses and http, too | the address */
#include "share/external.h"

#include "base/check.h"

#include <curl/curl.h>
#include <stdlib.h>
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
    /* All of it, and the part up to the path, which is what a client is made with. */
    size_t ends[2] = {url.size, 8};
    while (ends[1] < url.size && strchr("/?#;", url.data[ends[1]]) == NULL)
        ends[1]++;
    for (int i = 0; i < 2; i++) {
        char *text = slice_dup(slice_head(url, ends[i]));
        CURLU *parts = curl_url();
        CHECK(text != NULL && parts != NULL);
        if (curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK)
            check_parts(parts, external.allow_private);
        curl_url_cleanup(parts);
        free(text);
    }
    return 0;
}
