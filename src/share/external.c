/* SPDX-License-Identifier: Apache-2.0 */
#include "share/external.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/compress.h"
#include "wire/client.h"

#define REFUSED                                                                                    \
    "external data is refused: the host '%.*s' is not in the setting external_data_hosts"

/* Such ends a host for some and not for others: who looks at it, who connects to it. */
static bool is_odd(struct slice url, struct slice authority)
{
    return text_has_control(url) || slice_find_byte(authority, '@', 0) != SIZE_MAX ||
           slice_find_byte(authority, '\\', 0) != SIZE_MAX ||
           slice_find_byte(authority, ' ', 0) != SIZE_MAX;
}

/* "https://host:port/path?query" in its parts; `base` is up to the path. */
static bool split(struct slice url, struct slice *ret_base, struct slice *ret_host,
                  struct slice *ret_path)
{
    bool https = slice_starts_with(url, SLICE("https://"));
    size_t start = https ? 8 : 7;

    if (!https && !slice_starts_with(url, SLICE("http://")))
        return false;
    size_t end = start;
    while (end < url.size && url.data[end] != '/' && url.data[end] != '?' &&
           url.data[end] != '#' && url.data[end] != ';')
        end++;
    *ret_base = slice_head(url, end);
    struct slice authority = slice_tail(*ret_base, start);
    *ret_path = slice_tail(url, end);
    *ret_path = slice_head(*ret_path, slice_find_byte(*ret_path, '#', 0));
    *ret_path = slice_head(*ret_path, slice_find_byte(*ret_path, ';', 0)); /* keys of others */
    if (ret_path->size == 0)
        *ret_path = SLICE("/");
    if (is_odd(url, authority))
        return false;
    *ret_host = slice_head(authority, slice_find_byte(authority, ':', 0));
    return ret_host->size > 0;
}

static bool matches(struct slice pattern, struct slice host)
{
    if (slice_starts_with(pattern, SLICE("*.")) && host.size >= pattern.size)
        return slice_equal_nocase(slice_tail(pattern, 1),
                                  slice_tail(host, host.size - pattern.size + 1));
    return pattern.size > 0 && slice_equal_nocase(pattern, host);
}

enum status external_check(const struct external *external, struct slice url, struct error *err)
{
    struct slice base, host, path, pattern, rest = external->hosts;

    if (!split(url, &base, &host, &path))
        return ERROR_SET(err, STATUS_DENIED, "external data is refused: '%.*s' is no address "
                                             "such as https://host/path",
                         SLICE_FMT(slice_head(url, 64)));
    if (!slice_starts_with(url, SLICE("https://")) && !external->allow_private)
        return ERROR_SET(err, STATUS_DENIED, "external data is refused: not over https");
    while (slice_next(&rest, ',', &pattern)) {
        if (matches(slice_trim(pattern), host))
            return STATUS_OK;
    }
    return ERROR_SET(err, STATUS_DENIED, REFUSED, SLICE_FMT(slice_head(host, 64)));
}

static enum status decode(struct slice body, struct arena *arena, struct slice *ret,
                          struct error *err)
{
    enum compression kind = compression_detect(body);
    struct decompressor *decompressor = NULL;
    struct buf plain;

    if (kind == COMPRESSION_NONE) {
        *ret = arena_copy(arena, body, err);
        return ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_init(&plain, EXTERNAL_BYTES_MAX);
    enum status status = decompressor_new(kind, &decompressor, err);
    if (status == STATUS_OK)
        status = decompressor_feed(decompressor, body, &plain, err);
    if (status == STATUS_OK)
        status = decompressor_finish(decompressor, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(&plain), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    decompressor_free(decompressor);
    buf_release(&plain);
    return status;
}

enum status external_fetch(const struct external *external, struct slice url,
                           const atomic_bool *cancelled, struct arena *arena, struct slice *ret,
                           struct error *err)
{
    struct slice base, host, path;
    struct client *client = NULL;
    struct client_answer answer = {0};
    enum status status = external_check(external, url, err);

    if (status != STATUS_OK || !split(url, &base, &host, &path))
        return status;
    const struct client_options options = {
        .url = base,
        .timeout_ms = EXTERNAL_TIME_MS,
        .guarded = true,
        .allow_private = external->allow_private,
    };
    const struct client_request request = {
        .method = HTTP_GET,
        .path = path,
        .cancelled = cancelled,
        .answer_bytes_max = EXTERNAL_BYTES_MAX,
    };
    status = client_new(&options, &client, err);
    if (status == STATUS_OK)
        status = client_send(client, &request, &answer, err);
    if (status == STATUS_OK && answer.status != 200)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "'%.*s' answers %u",
                           SLICE_FMT(slice_head(url, 128)), answer.status);
    if (status == STATUS_OK)
        status = decode(buf_slice(&answer.body), arena, ret, err);
    if (status == STATUS_IO) /* theirs, not our disk's */
        err->status = status = STATUS_NOT_FOUND;
    client_answer_release(&answer);
    client_free(client);
    return status;
}
