/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - one libcurl handle, used again and again.
 *
 * Guarded: the address check sits where the socket is made, so what is checked
 * is what is connected to, whatever the name resolves to the next time.
 */
#include "wire/client.h"

#include "base/limits.h"
#include "base/text.h"
#include "wire/address.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CANCEL_LOOK_MS 100
#define KEEPALIVE_IDLE_S 60L /* an answer may take an hour, that nobody is there minutes */
#define KEEPALIVE_STEP_S 15L
#define GONE_MS 195000u /* as long as that takes: nine steps */

struct client {
    CURL *curl;
    CURLM *multi; /* holds the connections */
    struct buf text; /* URL or header line being made */
    char *url, *ca_file, *token;
    uint64_t timeout_ms;
    bool guarded, allow_private;
    char incomplete[ERROR_TEXT_BYTES]; /* "" or why the answer will be cut off */
    bool blocked;    /* the last connection was refused by the guard */
    const struct client_request *request; /* of the request under way */
    struct client_answer *answer;
    struct error *err;
    bool failed; /* err is set */
    char why[CURL_ERROR_SIZE]; /* "" or what the library says of the last failure */
};

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct client *client = context;
    const unsigned gone_ms = GONE_MS;

    (void)purpose;
    if (client->guarded && !client->allow_private && !address_is_public(&address->addr)) {
        client->blocked = true;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    /* What is sent and not acknowledged keeps keepalive out, and is sent again for a quarter of
     * an hour (tcp(7), TCP_USER_TIMEOUT). */
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone_ms, sizeof(gone_ms));
    return fd;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct client *client = context;
    struct slice bytes = slice_from(data, size * count);
    long http_status = 0;

    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http_status);
    if (client->request->on_body != NULL && http_status / 100 == 2) {
        if (client->request->on_body(client->request->context, bytes, client->err) == STATUS_OK)
            return bytes.size;
        client->failed = true;
        return 0;
    }
    buf_add_slice(&client->answer->body, bytes);
    return client->answer->body.failed ? 0 : bytes.size;
}

static bool is_header(struct slice line, struct slice name, struct slice *ret_value)
{
    *ret_value = slice_trim(slice_tail(line, name.size));
    return slice_equal_nocase(slice_head(line, name.size), name);
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct client *client = context;
    struct slice line = slice_trim(slice_from(data, size * count));
    struct slice value;

    if (is_header(line, SLICE(HTTP_INCOMPLETE ":"), &value))
        (void)snprintf(client->incomplete, sizeof(client->incomplete), "%.*s", SLICE_FMT(value));
    if (is_header(line, SLICE("retry-after:"), &value)) {
        bool digits = value.size > 0 && value.size < sizeof(client->answer->retry_after);
        for (size_t i = 0; digits && i < value.size; i++)
            digits = isdigit((unsigned char)value.data[i]) != 0;
        if (digits)
            (void)snprintf(client->answer->retry_after, sizeof(client->answer->retry_after),
                           "%.*s", SLICE_FMT(value));
    }
    return size * count;
}

static int look_cancelled(void *context, curl_off_t total_in, curl_off_t in, curl_off_t total_out,
                          curl_off_t out)
{
    struct client *client = context;

    (void)total_in;
    (void)in;
    (void)total_out;
    (void)out;
    return client->request->cancelled != NULL && atomic_load(client->request->cancelled);
}

enum status client_check_guarded(struct slice url, bool allow_private, struct error *err)
{
    CURLU *parts = curl_url();
    char *text = slice_dup(url);
    char *scheme = NULL;
    char *user = NULL;
    char *port = NULL;
    uint64_t number = 0;
    const char *wrong = "it cannot be read";

    if (parts != NULL && text != NULL && curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK) {
        bool has_user = curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK;
        if (curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
            (void)text_parse_u64(slice_of(port), &number);
        wrong = NULL;
        bool is_http = strcmp(scheme, "http") == 0;
        if (strcmp(scheme, "https") != 0 && !(allow_private && is_http))
            wrong = is_http ? "it is not https, which only a private receiver may lack"
                            : "it is not https";
        else if (has_user)
            wrong = "it holds a user name";
        else if (number < 1024 && number != (is_http ? 80 : 443))
            wrong = "its port is below 1024 and not its scheme's own";
    }
    if (text_has_control(url)) /* what was read above may have ended there */
        wrong = "it holds a control character";
    curl_free(scheme);
    curl_free(user);
    curl_free(port);
    curl_url_cleanup(parts);
    free(text);
    if (wrong != NULL)
        return ERROR_SET(err, STATUS_INVALID, "the URL '%.*s' is refused: %s", SLICE_FMT(url),
                         wrong);
    return STATUS_OK;
}

static bool set_options(struct client *client)
{
    CURL *curl = client->curl;
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);

    rc |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
                           client->guarded && client->allow_private ? "https,http" : "https");
    rc |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    rc |= curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* "..": a part of somebody's name */
    rc |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->why);
    rc |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    rc |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    rc |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    rc |= curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    /* Without it the answer of a machine that is gone is waited for without an end. */
    rc |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    rc |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    rc |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_STEP_S);
    rc |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "daybook/" DAYBOOK_VERSION);
    rc |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    rc |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, client);
    rc |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    rc |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    rc |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    rc |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    rc |= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_cancelled);
    rc |= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
    rc |= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    /* Above 1 MiB libcurl asks with Expect: 100-continue, so that a refusal costs no upload. */
    rc |= curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024L);
    if (client->ca_file[0] != '\0') { /* the system's may stand in a file and in a directory */
        rc |= curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
        rc |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (client->timeout_ms > 0)
        rc |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    return rc == CURLE_OK;
}

enum status client_new(const struct client_options *options, struct client **ret,
                       struct error *err)
{
    enum status status = STATUS_OK;

    if (options->guarded)
        status = client_check_guarded(options->url, options->allow_private, err);
    else if (!slice_starts_with(options->url, SLICE("https://")))
        status = ERROR_SET(err, STATUS_INVALID, "the URL '%.*s' does not begin with https://",
                           SLICE_FMT(options->url));
    if (status == STATUS_OK && text_has_control(options->token))
        status = ERROR_SET(err, STATUS_INVALID, "the token has a line break or another control "
                                                "character in it");
    if (status != STATUS_OK)
        return status;
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return ERROR_MEMORY(err);
    client->guarded = options->guarded;
    client->allow_private = options->allow_private;
    client->timeout_ms = options->timeout_ms;
    if (client->guarded && client->timeout_ms == 0)
        client->timeout_ms = WEBHOOK_TIMEOUT_MS;
    buf_init(&client->text, 64 * KIB);
    client->url = slice_dup(options->url);
    client->ca_file = slice_dup(options->ca_file);
    client->token = slice_dup(options->token);
    client->curl = curl_easy_init();
    if (client->url == NULL || client->ca_file == NULL || client->token == NULL ||
        client->curl == NULL || !set_options(client)) {
        client_free(client);
        return ERROR_MEMORY(err);
    }
    *ret = client;
    return STATUS_OK;
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    if (client->curl != NULL)
        curl_easy_cleanup(client->curl);
    if (client->multi != NULL)
        (void)curl_multi_cleanup(client->multi);
    if (client->token != NULL)
        explicit_bzero(client->token, strlen(client->token));
    free(client->url);
    free(client->ca_file);
    free(client->token);
    buf_release(&client->text);
    free(client);
}

static bool add_line(struct client *client, struct curl_slist **list)
{
    buf_add_byte(&client->text, '\0');
    if (client->text.failed)
        return false;
    struct curl_slist *longer = curl_slist_append(*list, client->text.data);
    buf_clear(&client->text);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static enum status make_headers(struct client *client, const struct client_request *request,
                                struct curl_slist **list, struct error *err)
{
    bool ok = true;

    if (client->token[0] != '\0') {
        buf_add_format(&client->text, "Authorization: Bearer %s", client->token);
        ok = add_line(client, list);
    }
    for (uint32_t i = 0; ok && i < request->header_count; i++) {
        const struct http_pair *pair = &request->headers[i];
        if (text_has_control(pair->name) || text_has_control(pair->value))
            return ERROR_SET(err, STATUS_INVALID, "a control character in the header '%.*s'",
                             SLICE_FMT(pair->name));
        buf_add_slice(&client->text, pair->name);
        buf_add_text(&client->text, ": ");
        buf_add_slice(&client->text, pair->value);
        ok = add_line(client, list);
    }
    return ok ? STATUS_OK : ERROR_MEMORY(err);
}

static bool set_request(struct client *client, const struct client_request *request,
                        const struct curl_slist *headers)
{
    CURL *curl = client->curl;
    bool sends = request->method == HTTP_POST || request->method == HTTP_PUT;

    buf_clear(&client->text);
    buf_add_text(&client->text, client->url);
    if (client->text.size > 0 && client->text.data[client->text.size - 1] == '/' &&
        request->path.size > 0 && request->path.data[0] == '/')
        client->text.size--;
    buf_add_slice(&client->text, request->path);
    buf_add_byte(&client->text, '\0');
    if (client->text.failed)
        return false;
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_URL, client->text.data);
    buf_clear(&client->text);
    rc |= curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (sends) {
        rc |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
        rc |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                               request->body.size > 0 ? request->body.data : "");
        rc |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    }
    rc |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
    rc |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    return rc == CURLE_OK;
}

static enum status explain(struct client *client, CURLcode rc, struct error *err)
{
    if (client->failed)
        return err->status;
    if (client->answer->body.failed)
        return ERROR_SET(err, STATUS_LIMIT, "the answer of %s is over %zu bytes", client->url,
                         client->answer->body.max_bytes);
    if (rc == CURLE_ABORTED_BY_CALLBACK)
        return ERROR_SET(err, STATUS_CANCELLED, "cancelled");
    if (client->blocked)
        return ERROR_SET(err, STATUS_DENIED,
                         "%s is not an address of the public internet; allow_private permits it",
                         client->url);
    errno = 0;
    if (client->incomplete[0] != '\0')
        return ERROR_SET(err, STATUS_CORRUPT, "the answer is not complete: %s",
                         client->incomplete);
    if (rc == CURLE_SSL_CACERT_BADFILE && client->ca_file[0] != '\0')
        return ERROR_SET(err, STATUS_INVALID, "cannot read certificates from '%s'",
                         client->ca_file);
    bool has_ended = rc == CURLE_PEER_FAILED_VERIFICATION && strstr(client->why, "expired") != NULL;
    const char *advice = has_ended ? "; the server's certificate has ended and has to be renewed"
                         : rc == CURLE_PEER_FAILED_VERIFICATION
                             ? client->ca_file[0] == '\0' ? "; give its CA with --cacert FILE"
                                                          : "; is --cacert of this server?"
                         : rc == CURLE_COULDNT_CONNECT ? "; is the server running?"
                                                       : "";
    (void)ERROR_SET(err, STATUS_IO, "cannot reach %s: %s%s", client->url,
                    client->why[0] != '\0' ? client->why : curl_easy_strerror(rc), advice);
    return err->status;
}

/* curl_easy_perform() looks at the flag of cancellation once a second at best. */
static CURLcode perform(struct client *client)
{
    CURLcode rc = CURLE_FAILED_INIT;
    int running = 1, left;
    CURLMsg *message;

    if (client->multi == NULL)
        client->multi = curl_multi_init();
    if (client->multi == NULL || curl_multi_add_handle(client->multi, client->curl) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    while (running > 0) {
        if (curl_multi_perform(client->multi, &running) != CURLM_OK)
            break;
        if (look_cancelled(client, 0, 0, 0, 0) != 0) {
            rc = CURLE_ABORTED_BY_CALLBACK;
            break;
        }
        if (running > 0 &&
            curl_multi_poll(client->multi, NULL, 0, CANCEL_LOOK_MS, NULL) != CURLM_OK)
            break;
    }
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            rc = message->data.result;
    }
    (void)curl_multi_remove_handle(client->multi, client->curl);
    return rc;
}

enum status client_send(struct client *client, const struct client_request *request,
                        struct client_answer *ret, struct error *err)
{
    struct curl_slist *headers = NULL;
    size_t most = request->answer_bytes_max;
    long http_status = 0;

    if (most == 0)
        most = client->guarded ? WEBHOOK_ANSWER_BYTES_MAX : CLIENT_ANSWER_BYTES_MAX;
    *ret = (struct client_answer){0};
    buf_init(&ret->body, most);
    client->request = request;
    client->answer = ret;
    client->err = err;
    client->failed = client->blocked = false;
    client->incomplete[0] = client->why[0] = '\0';
    buf_clear(&client->text);
    enum status status = make_headers(client, request, &headers, err);
    if (status == STATUS_OK && !set_request(client, request, headers))
        status = ERROR_MEMORY(err);
    if (status == STATUS_OK) {
        CURLcode rc = perform(client);
        if (rc != CURLE_OK)
            status = explain(client, rc, err);
    }
    if (status == STATUS_OK) {
        (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http_status);
        ret->status = (unsigned)http_status;
    } else {
        client_answer_release(ret);
    }
    (void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return status;
}

void client_answer_release(struct client_answer *answer)
{
    buf_release(&answer->body);
}
