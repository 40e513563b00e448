/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c - one request and its answer on the HTTP library's connection thread.
 *
 *     begin (request line) -> headers: framing, token, route -> body, decoded as it
 *     comes -> handler -> answer queued -> end
 *
 * A handler whose route streams, or that has a large body, runs in a thread of its own that
 * stands back; the connection thread takes the bytes it flushes (stream.c has that pair).
 */
#include "wire/exchange_priv.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/priority.h"
#include "base/text.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define DECODER_WAIT_MS 2000u /* for a place */
#define SMALL_PACKED_BYTES (8 * KIB) /* some 1.6 MiB come of it at most */

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

/* So that an answer is found in the log. */
static void make_id(char ret[REQUEST_ID_CHARS + 1])
{
    uint64_t number;

    random_bytes(&number, sizeof(number));
    (void)snprintf(ret, REQUEST_ID_CHARS + 1, "%016llx", (unsigned long long)number);
}

void *exchange_begin(void *context, const char *target, struct MHD_Connection *mhd)
{
    struct server *server = context;
    struct connection *connection = connection_of(mhd);
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    struct error err = {0};

    if (exchange == NULL || connection == NULL) {
        free(exchange);
        return NULL;
    }
    exchange->server = server;
    exchange->connection = connection;
    exchange->arena = arena_new(REQUEST_ARENA_BYTES);
    if (exchange->arena != NULL)
        exchange->target = arena_copy(exchange->arena, slice_of(target), &err);
    if (exchange->target.data == NULL) {
        arena_free(exchange->arena);
        free(exchange);
        return NULL;
    }
    http_response_init(&exchange->response);
    buf_init(&exchange->body, REQUEST_BODY_BYTES_MAX);
    buf_init(&exchange->packed, REQUEST_BODY_BYTES_MAX);
    exchange->request = (struct http_request){
        .principal = &exchange->principal,
        .remote = slice_of(connection->remote),
        .arena = exchange->arena,
        .cancelled = &exchange->cancelled,
    };
    make_id(exchange->request.id);
    stream_init(&exchange->stream);
    (void)pthread_mutex_lock(&server->lock);
    connection->exchange = exchange;
    server->active++;
    (void)pthread_mutex_unlock(&server->lock);
    atomic_fetch_add(&server->request_count, 1);
    return exchange;
}

void exchange_cancel(struct exchange *exchange)
{
    atomic_store(&exchange->cancelled, true);
}

/* ---- room ---- */

/* Of counters of tenants, that of whose token it is; two may share one. */
static atomic_uint_fast64_t *own(atomic_uint_fast64_t *by_tenant, const struct exchange *exchange)
{
    const struct guid *tenant = &exchange->principal.tenant;

    return &by_tenant[hash_xxh3(tenant->bytes, sizeof(tenant->bytes), 0) % TENANT_SLOTS];
}

/* Never above the bound, not even for a moment: others would be refused for it. */
static bool count_up(atomic_uint_fast64_t *counter, uint64_t bytes, uint64_t bytes_max)
{
    uint_fast64_t before = atomic_load(counter);

    do {
        if (bytes > bytes_max || before > bytes_max - bytes)
            return false;
    } while (!atomic_compare_exchange_weak(counter, &before, before + bytes));
    return true;
}

/* The tenant's own first: what it has no room for is never seen by others. */
static bool room_take(struct room *room, const struct exchange *exchange, uint64_t bytes)
{
    atomic_uint_fast64_t *mine = own(room->by_tenant, exchange);

    if (!count_up(mine, bytes, room->bytes_max / 2))
        return false;
    if (count_up(&room->taken, bytes, room->bytes_max))
        return true;
    atomic_fetch_sub(mine, bytes);
    return false;
}

static void room_give(struct room *room, const struct exchange *exchange, uint64_t bytes)
{
    atomic_fetch_sub(own(room->by_tenant, exchange), bytes);
    atomic_fetch_sub(&room->taken, bytes);
}

static void free_body(struct exchange *exchange)
{
    room_give(&exchange->server->body_room, exchange, exchange->charged_bytes);
    exchange->charged_bytes = 0;
    buf_pool_give(&exchange->server->bodies, &exchange->body);
    buf_pool_give(&exchange->server->bodies, &exchange->packed);
    decompressor_free(exchange->decompressor);
    exchange->decompressor = NULL;
}

static void free_answer(struct exchange *exchange)
{
    room_give(&exchange->server->answer_room, exchange, exchange->kept_bytes);
    exchange->kept_bytes = 0;
    atomic_fetch_sub(own(exchange->server->told_bytes, exchange),
                     atomic_exchange(&exchange->told_bytes, 0));
    http_response_release(&exchange->response);
}

void exchange_end(void *context, struct MHD_Connection *mhd, void **slot,
                  enum MHD_RequestTerminationCode reason)
{
    struct server *server = context;
    struct exchange *exchange = *slot;

    (void)mhd;
    (void)reason;
    *slot = NULL;
    if (exchange == NULL)
        return;
    exchange_cancel(exchange);
    stream_finish(&exchange->stream);
    connection_enter(exchange->connection, CONNECTION_IDLE);
    (void)pthread_mutex_lock(&server->lock);
    exchange->connection->exchange = NULL;
    connection_drop_client(exchange->connection);
    server->active--;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
    free_body(exchange);
    free_answer(exchange);
    arena_free(exchange->arena);
    free(exchange);
}

/* ---- the answer ---- */

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct exchange *exchange, struct MHD_Response *answer)
{
    const struct http_response *response = &exchange->response;
    struct error err = {0};
    bool ok = add_header(answer, "Content-Type", response->content_type) &&
              add_header(answer, "Request-Id", exchange->request.id) &&
              add_header(answer, "Cache-Control", "no-store") &&
              add_header(answer, "X-Content-Type-Options", "nosniff") &&
              add_header(answer, "Strict-Transport-Security", "max-age=63072000") &&
              add_header(answer, "Referrer-Policy", "no-referrer") &&
              add_header(answer, "Content-Security-Policy",
                         "default-src 'none'; frame-ancestors 'none'");

    for (uint32_t i = 0; ok && i < response->header_count; i++) {
        const struct http_pair *pair = &response->headers[i];
        struct slice value = arena_copy(exchange->arena, pair->value, &err);
        /* A handler's own value replaces ours (a page has another policy). */
        const char *ours = MHD_get_response_header(answer, pair->name.data);
        if (ours != NULL)
            (void)MHD_del_response_header(answer, pair->name.data, ours);
        ok = value.data != NULL && add_header(answer, pair->name.data, value.data);
    }
    bool close = exchange->closes || atomic_load(&exchange->server->draining);
    return ok && (!close || add_header(answer, "Connection", "close"));
}

static enum MHD_Result queue(struct exchange *exchange, struct MHD_Connection *mhd,
                             struct MHD_Response *answer)
{
    enum MHD_Result result = MHD_NO;
    unsigned status = exchange->response.status;

    if (answer == NULL)
        return MHD_NO;
    if (add_headers(exchange, answer)) {
        connection_enter(exchange->connection, CONNECTION_SENDING);
        result = MHD_queue_response(mhd, status, answer);
    }
    MHD_destroy_response(answer);
    if (status < 600)
        atomic_fetch_add(&exchange->server->answers[status / 100], 1);
    if (status == 429)
        atomic_fetch_add(&exchange->server->shed, 1);
    if (status == 507)
        atomic_fetch_add(&exchange->server->full, 1);
    return result;
}

/* Gives the body's memory away: it is freed when the last byte is out. */
static enum MHD_Result queue_body(struct exchange *exchange, struct MHD_Connection *mhd)
{
    struct buf *body = &exchange->response.body;
    size_t size = body->size;
    char *data = buf_take(body);

    if (data == NULL)
        return MHD_NO;
    atomic_fetch_add(&exchange->server->bytes_out, size);
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(size, data, MHD_RESPMEM_MUST_FREE);
    if (answer == NULL)
        free(data);
    return queue(exchange, mhd, answer);
}

static enum MHD_Result queue_stream(struct exchange *exchange, struct MHD_Connection *mhd)
{
    return queue(exchange, mhd,
                 MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32 * KIB, stream_read,
                                                   exchange, NULL));
}

/* How much of a refused body is read and dropped so that a client which sends
 * before it reads gets the answer: a little from anybody, more with a token. */
static uint64_t discard_bytes_max(const struct exchange *exchange)
{
    return exchange->principal.role == ROLE_NONE ? DISCARD_BYTES_MAX : DISCARD_TRUSTED_BYTES_MAX;
}

static void set_refusal(struct exchange *exchange, const struct error *err)
{
    exchange->refused = true;
    atomic_fetch_add(&exchange->server->rejected, 1);
    if (err != NULL)
        http_error(&exchange->response, &exchange->request, err);
    free_body(exchange);
}

/* Answers with the failure.  A short body is read first so that the client gets
 * to read the answer; after it, or without waiting for a long one, the connection ends. */
static enum MHD_Result refuse(struct exchange *exchange, struct MHD_Connection *mhd,
                              const struct error *err, unsigned status)
{
    set_refusal(exchange, err);
    if (status != 0)
        exchange->response.status = status;
    if (exchange->body_expected && !exchange->continue_expected && exchange->framing_is_right &&
        exchange->content_length <= discard_bytes_max(exchange)) {
        connection_enter(exchange->connection, CONNECTION_BODY);
        return MHD_YES;
    }
    exchange->closes |= exchange->body_expected || !exchange->framing_is_right;
    return queue_body(exchange, mhd);
}

/* The body may come for hours, and the answer be made for as long. */
static enum status look_at_token(struct exchange *exchange, struct error *err)
{
    if (exchange_is_valid(exchange))
        return STATUS_OK;
    exchange->principal.role = ROLE_NONE;
    return ERROR_SET(err, STATUS_DENIED, "the token is not valid any more");
}

/* ---- headers ---- */

struct header_scan {
    struct exchange *exchange;
    struct http_pair *pairs;
    uint32_t count;
    size_t bytes;
    const char *last_end; /* of the last value; before the first, of the request line */
    uint32_t hosts, lengths, encodings, authorizations;
    unsigned status; /* of the refusal, 0 = right */
    const char *wrong;
    struct error err;
};

static bool is_token(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (!isalnum(c) && strchr("!#$%&'*+-.^_`|~", c) == NULL)
            return false;
    }
    return name.size > 0;
}

/* The library (before 1.0) ends a line at a bare CR, LF or at CR LF and writes a NUL over each
 * byte of it.  A name stands two bytes behind the text before it exactly if that line ended in
 * CR LF, was not folded and had no NUL inside.  (NUL LF is not to be told from CR LF.) */
static bool line_is_right(const char *last_end, const char *name, const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return MHD_VERSION >= 0x01000000 || name == last_end + 2;
}

static void scan_fault(struct header_scan *scan, unsigned status, const char *wrong)
{
    scan->status = status;
    scan->wrong = wrong;
}

static enum MHD_Result scan_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    struct header_scan *scan = context;
    struct slice name = arena_copy(scan->exchange->arena, slice_from(key, key_size), &scan->err);

    (void)kind;
    scan->bytes += key_size + value_size;
    if (name.data == NULL || value == NULL || !is_token(name) ||
        !line_is_right(scan->last_end, key, value, value_size))
        scan_fault(scan, 400, "a malformed header line");
    else if (scan->count == HEADER_COUNT_MAX || scan->bytes > HEADERS_BYTES_MAX ||
             key_size + value_size > HEADER_LINE_BYTES_MAX)
        scan_fault(scan, 431, "too many or too long header lines");
    if (scan->status != 0)
        return MHD_NO;
    char *lower = (char *)(uintptr_t)name.data; /* our own copy */
    for (size_t i = 0; i < key_size; i++)
        lower[i] = (char)tolower((unsigned char)lower[i]);
    scan->last_end = value + value_size;
    struct slice trimmed = slice_trim(slice_from(value, value_size));
    scan->pairs[scan->count++] = (struct http_pair){.name = name, .value = trimmed};
    scan->hosts += slice_is(name, "host");
    scan->lengths += slice_is(name, "content-length");
    scan->encodings += slice_is(name, "transfer-encoding");
    scan->authorizations += slice_is(name, "authorization");
    return MHD_YES;
}

/* The request line in the same way: a method, two single blanks, and no NUL in the target. */
static bool start_is_right(const struct exchange *exchange, const char *method,
                           const char *version)
{
    return is_token(slice_of(method)) &&
           (MHD_VERSION >= 0x01000000 ||
            version == method + strlen(method) + 1 + exchange->target.size + 1);
}

/* Behind the last line stands the empty one, and the header, which begins with the method,
 * ends there.  (The library takes a line with an empty name for it.) */
static bool end_is_right(const char *last_end, const char *method, struct MHD_Connection *mhd)
{
    static const char nuls[4];
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return MHD_VERSION >= 0x01000000 ||
           (info != NULL && memcmp(last_end, nuls, sizeof(nuls)) == 0 &&
            last_end + sizeof(nuls) == method + info->header_size);
}

/* RFC 9112, 6: one way only to say where the body ends. */
static void check_framing(struct header_scan *scan, bool is_11, bool has_right_end)
{
    struct exchange *exchange = scan->exchange;
    struct slice length = http_header(&exchange->request, "content-length");
    struct slice encoding = http_header(&exchange->request, "transfer-encoding");
    struct slice expect = http_header(&exchange->request, "expect");

    if (!has_right_end)
        scan_fault(scan, 400, "a malformed end of the header");
    else if (scan->lengths + scan->encodings > 1)
        scan_fault(scan, 400, "more than one of Content-Length and Transfer-Encoding");
    else if (scan->encodings == 1 &&
             (!is_11 || !slice_equal_nocase(encoding, SLICE("chunked"))))
        scan_fault(scan, 400, "a Transfer-Encoding other than chunked");
    else if (scan->lengths == 1 &&
             (length.size == 0 || !isdigit((unsigned char)length.data[0]) ||
              !text_parse_u64(length, &exchange->content_length)))
        scan_fault(scan, 400, "a Content-Length that is not a number");
    else if (scan->hosts > 1 || (is_11 && scan->hosts == 0))
        scan_fault(scan, 400, "not exactly one Host");
    else if (scan->authorizations > 1)
        scan_fault(scan, 400, "more than one Authorization");
    else if (expect.size > 0 && !slice_equal_nocase(expect, SLICE("100-continue")))
        scan_fault(scan, 417, "an unknown Expect");
    exchange->framing_is_right = scan->status == 0;
    exchange->body_expected = exchange->content_length > 0 || scan->encodings == 1;
    exchange->continue_expected = expect.size > 0;
}

static enum http_method method_from_text(const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        return HTTP_GET; /* the library leaves the body out */
    for (unsigned i = 0; i < HTTP_METHOD_COUNT_; i++) {
        if (strcmp(method, http_method_name((enum http_method)i)) == 0)
            return (enum http_method)i;
    }
    return HTTP_METHOD_COUNT_;
}

static void read_headers(struct exchange *exchange, struct MHD_Connection *mhd,
                         const char *method, const char *version, struct header_scan *scan)
{
    bool is_11 = strcmp(version, "HTTP/1.1") == 0;

    *scan = (struct header_scan){.exchange = exchange, .last_end = version + strlen(version)};
    exchange->request.method = method_from_text(method);
    scan->pairs = ARENA_ARRAY(exchange->arena, struct http_pair, HEADER_COUNT_MAX, &scan->err);
    if (scan->pairs == NULL) {
        scan_fault(scan, 503, "no memory");
        return;
    }
    exchange->request.headers = scan->pairs;
    if (!is_11 && strcmp(version, "HTTP/1.0") != 0)
        scan_fault(scan, 505, "a version other than HTTP/1.1 and HTTP/1.0");
    else if (!start_is_right(exchange, method, version))
        scan_fault(scan, 400, "a malformed request line");
    else
        (void)MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, scan_header, scan);
    exchange->request.header_count = scan->count;
    if (scan->status == 0)
        check_framing(scan, is_11, end_is_right(scan->last_end, method, mhd));
}

/* Behind a proxy the client is the last one in X-Forwarded-For that is none itself: what stands
 * before it anybody can write there.  False if its network has its share of connections. */
static bool take_client(struct exchange *exchange)
{
    const struct http_request *request = &exchange->request;
    const struct address_ranges *proxies = &exchange->server->proxies;
    struct sockaddr_in6 client = {.sin6_family = AF_INET6};
    bool found = false;

    if (!exchange->connection->is_proxy)
        return true;
    for (uint32_t i = request->header_count; i > 0 && !found; i--) {
        if (slice_is(request->headers[i - 1].name, "x-forwarded-for"))
            found = address_forwarded(request->headers[i - 1].value, proxies,
                                      client.sin6_addr.s6_addr);
    }
    if (IN6_IS_ADDR_UNSPECIFIED(&client.sin6_addr))
        return true; /* the proxy asks for itself */
    address_format((struct sockaddr *)&client, exchange->remote);
    exchange->request.remote = slice_of(exchange->remote);
    return connection_take_client(exchange->connection, client.sin6_addr.s6_addr);
}

static enum MHD_Result take_headers(struct exchange *exchange, struct MHD_Connection *mhd,
                                    const char *method, const char *version)
{
    struct header_scan scan;
    struct error err = {0};
    struct http_request *request = &exchange->request;
    const struct http_router *router = exchange->server->router;
    enum compression kind = COMPRESSION_NONE;
    bool is_10 = strcmp(version, "HTTP/1.0") == 0;

    exchange->headers_taken = true;
    read_headers(exchange, mhd, method, version, &scan);
    if (scan.status != 0) {
        (void)ERROR_SET(&err, STATUS_INVALID, "%s", scan.wrong);
        return refuse(exchange, mhd, &err, scan.status);
    }
    if (http_parse_target(exchange->target, exchange->arena, request, &err) != STATUS_OK)
        return refuse(exchange, mhd, &err, 400);
    if (!take_client(exchange)) {
        (void)ERROR_SET(&err, STATUS_BUSY, "too many requests from this address at once");
        return refuse(exchange, mhd, &err, 0);
    }
    if (http_authenticate(router, http_header(request, "authorization"), request->remote,
                          &exchange->principal, &err) != STATUS_OK)
        return refuse(exchange, mhd, &err, 0);
    exchange->stream.valid_us = clock_monotonic_us(clock_system());
    exchange->route = http_admit(router, request, &exchange->response);
    if (exchange->route == NULL)
        return refuse(exchange, mhd, NULL, 0);
    /* Without chunks it would end where the connection does, and nobody see that it is cut off. */
    if (exchange->route->answer == HTTP_OPEN_ENDED && is_10) {
        (void)ERROR_SET(&err, STATUS_INVALID, "this answer wants HTTP/1.1 (of a proxy, too)");
        return refuse(exchange, mhd, &err, 505);
    }

    struct slice encoding = http_header(request, "content-encoding");
    if (encoding.size > 0 && !compression_from_name(encoding, &kind)) {
        (void)ERROR_SET(&err, STATUS_INVALID, "the Content-Encoding is not gzip, zstd or identity");
        return refuse(exchange, mhd, &err, 415);
    }
    exchange->encoding = kind;
    if (kind == COMPRESSION_GZIP &&
        decompressor_new(kind, &exchange->decompressor, &err) != STATUS_OK)
        return refuse(exchange, mhd, &err, 503);
    size_t most = http_body_bytes_max(exchange->route);
    if (exchange->content_length > most) {
        (void)ERROR_SET(&err, STATUS_LIMIT, "the body is over %zu bytes", most);
        return refuse(exchange, mhd, &err, 413);
    }
    buf_init(&exchange->body, most);
    buf_init(&exchange->packed, most);
    if (exchange->content_length > DISCARD_BYTES_MAX || kind != COMPRESSION_NONE)
        buf_pool_take(&exchange->server->bodies, most, &exchange->body);
    if (kind == COMPRESSION_ZSTD)
        buf_pool_take(&exchange->server->bodies, most, &exchange->packed);
    /* Untouched pages of the reservation cost nothing. */
    if (kind != COMPRESSION_GZIP && exchange->content_length > DISCARD_BYTES_MAX)
        (void)buf_reserve(kind == COMPRESSION_ZSTD ? &exchange->packed : &exchange->body,
                          exchange->content_length);
    connection_enter(exchange->connection, CONNECTION_BODY);
    return MHD_YES;
}

/* ---- body ---- */

/* So much of the body counts against the bounds of the server and the tenant. */
static enum status charge(struct exchange *exchange, uint64_t used, struct error *err)
{
    if (used <= exchange->charged_bytes)
        return STATUS_OK;
    if (!room_take(&exchange->server->body_room, exchange, used - exchange->charged_bytes))
        return ERROR_SET(err, STATUS_BUSY, "too many bodies are being received; try again");
    exchange->charged_bytes = used;
    return STATUS_OK;
}

/* What it holds now. */
static enum status charge_body(struct exchange *exchange, struct error *err)
{
    return charge(exchange, exchange->body.size + exchange->packed.size, err);
}

static enum status add_body(struct exchange *exchange, struct slice bytes, struct error *err)
{
    bool is_zstd = exchange->encoding == COMPRESSION_ZSTD;
    struct buf *to = is_zstd ? &exchange->packed : &exchange->body;

    if (exchange->decompressor != NULL) {
        enum status status = decompressor_feed(exchange->decompressor, bytes, to, err);
        if (status != STATUS_OK)
            return status;
    } else {
        buf_add_slice(to, bytes);
    }
    /* What decodes to nothing would never end.  Nor is a body with a Content-Length longer. */
    if (to->failed || exchange->received_bytes > to->max_bytes)
        return ERROR_SET(err, STATUS_LIMIT, "the body is over %zu bytes", to->max_bytes);
    return charge_body(exchange, err);
}

/* Several frames, or one that does not say its size: what memory it takes shows only when it is
 * taken, so few do that at a time. */
static enum status decode_unsized(struct exchange *exchange, struct error *err)
{
    struct gate *gate = &exchange->server->decoders;
    const struct guid *tenant = &exchange->principal.tenant;
    bool is_frame = false;
    enum status status =
        gate_enter(gate, tenant, NULL, DECODER_WAIT_MS, &exchange->cancelled, err);

    if (status != STATUS_OK)
        return status;
    status = zstd_decode(buf_slice(&exchange->packed), &exchange->body, &is_frame, err);
    if (status == STATUS_OK)
        status = charge_body(exchange, err);
    if (status != STATUS_OK)
        free_body(exchange); /* before the next one begins */
    gate_leave(gate, tenant, NULL);
    return status;
}

/* Of few bytes not much can come: the room for the most of it is taken first, the rest of that
 * given back.  So small bodies do not stand behind large ones, where there is so much room. */
static enum status decode_small(struct exchange *exchange, struct error *err)
{
    struct slice packed = buf_slice(&exchange->packed);
    uint64_t most = 2 * MIB + packed.size * REQUEST_RATIO_MAX;
    bool is_frame = false;
    struct error ignored;

    /* There may be room for what really comes. */
    if (charge(exchange, packed.size + most, &ignored) != STATUS_OK)
        return decode_unsized(exchange, err);
    enum status status = zstd_decode(packed, &exchange->body, &is_frame, err);
    if (status != STATUS_OK)
        return status; /* the refusal gives it all back */
    uint64_t rest = exchange->charged_bytes - packed.size - exchange->body.size;
    room_give(&exchange->server->body_room, exchange, rest);
    exchange->charged_bytes -= rest;
    return STATUS_OK;
}

/* The last bytes of many may come at once: the room for what a frame says that it decodes to is
 * taken before it is. */
static enum status decode_zstd(struct exchange *exchange, struct error *err)
{
    struct slice packed = buf_slice(&exchange->packed);
    enum status status = STATUS_OK;
    bool is_frame = false;
    uint64_t size = 0;

    if (!zstd_is_frame(packed, &size))
        return packed.size <= SMALL_PACKED_BYTES ? decode_small(exchange, err)
                                                 : decode_unsized(exchange, err);
    if (size <= exchange->body.max_bytes) /* or the decoder refuses it */
        status = charge(exchange, packed.size + size, err);
    if (status == STATUS_OK)
        status = zstd_decode(packed, &exchange->body, &is_frame, err);
    if (status == STATUS_OK)
        exchange->request.packed = packed;
    return status;
}

/* The body is complete: decodes what waited for that. */
static enum status finish_body(struct exchange *exchange, struct error *err)
{
    if (exchange->decompressor != NULL)
        return decompressor_finish(exchange->decompressor, err);
    return exchange->encoding == COMPRESSION_ZSTD ? decode_zstd(exchange, err) : STATUS_OK;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *upload,
                                 size_t *upload_size)
{
    struct error err = {0};
    struct slice bytes = slice_from(upload, *upload_size);

    *upload_size = 0;
    exchange->received_bytes += bytes.size;
    atomic_fetch_add(&exchange->connection->body_bytes, bytes.size);
    atomic_fetch_add(&exchange->server->bytes_in, bytes.size);
    if (!exchange->refused && look_at_token(exchange, &err) != STATUS_OK) {
        set_refusal(exchange, &err);
        exchange->received_bytes = bytes.size; /* what came while it was valid does not count */
    }
    if (exchange->refused && exchange->received_bytes > discard_bytes_max(exchange))
        return MHD_NO;
    stage_watch_lap(&exchange->connection->watch, STAGE_TRANSPORT);
    bool taken = exchange->refused || add_body(exchange, bytes, &err) == STATUS_OK;
    stage_watch_lap(&exchange->connection->watch, STAGE_DECODE);
    /* The library takes no answer in the middle of a body: the rest is read and
     * dropped, still bounded in size and time. */
    if (!taken)
        set_refusal(exchange, &err);
    return MHD_YES;
}

/* Of an answer that is whole and large: it may take hours to send. */
static ssize_t read_kept(void *context, uint64_t position, char *ret, size_t size_max)
{
    struct exchange *exchange = context;

    if (!exchange_is_valid(exchange))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    struct slice left = slice_tail(buf_slice(&exchange->response.body), position);
    struct slice part = slice_head(left, size_max);
    memcpy(ret, part.data, part.size);
    return (ssize_t)part.size;
}

/* The body stays ours until exchange_end(). */
static enum MHD_Result queue_kept(struct exchange *exchange, struct MHD_Connection *mhd)
{
    size_t size = exchange->response.body.size;

    atomic_fetch_add(&exchange->server->bytes_out, size);
    return queue(exchange, mhd,
                 MHD_create_response_from_callback(size, 32 * KIB, read_kept, exchange, NULL));
}

/* What was read is not told without a valid token, and can be asked for again; what was stored is
 * told all the same. */
static bool is_read(const struct exchange *exchange)
{
    enum http_method method = exchange->request.method;

    return method == HTTP_GET || (exchange->route->answer != HTTP_AT_ONCE && method != HTTP_PUT);
}

/* Who is trusted with all of the instance has to see its tokens to revoke one, also that of
 * whoever fills the room. */
static bool is_order(const struct exchange *exchange)
{
    const struct principal *who = &exchange->principal;

    return exchange->route->answer == HTTP_AT_ONCE && who->role == ROLE_ADMIN &&
           guid_is_zero(&who->tenant);
}

/* A large answer waits in memory for its reader, who may take days. */
static enum status charge_answer(struct exchange *exchange, struct error *err)
{
    struct server *server = exchange->server;
    size_t size = exchange->response.body.size;

    if (!is_read(exchange)) {
        atomic_fetch_add(own(server->told_bytes, exchange), size);
        atomic_store(&exchange->told_bytes, size);
        return STATUS_OK;
    }
    if (is_order(exchange))
        return STATUS_OK;
    if (!room_take(&server->answer_room, exchange, size))
        return ERROR_SET(err, STATUS_BUSY, "too many large answers wait to be read; try again");
    exchange->kept_bytes = size;
    return STATUS_OK;
}

/* Others may share the tenant's counter, which is not to hold them up: it only says when to look
 * whose answers they are. */
static uint64_t told_bytes_of(struct server *server, const struct guid *tenant)
{
    uint64_t bytes = 0;

    (void)pthread_mutex_lock(&server->lock);
    for (const struct connection *c = server->connections; c != NULL; c = c->next) {
        uint64_t told = c->exchange == NULL ? 0 : atomic_load(&c->exchange->told_bytes);
        /* Once that is set the tenant stays what it is. */
        if (told > 0 && guid_equal(&c->exchange->principal.tenant, tenant))
            bytes += told;
    }
    (void)pthread_mutex_unlock(&server->lock);
    return bytes;
}

/* Who does not read the answers to what it stores stores no more.  Short bodies have short
 * answers; a token can be revoked at any time. */
static enum status check_told(struct exchange *exchange, struct error *err)
{
    struct server *server = exchange->server;
    uint64_t bytes_max = server->answer_room.bytes_max / 2;
    bool may_be_large = !is_read(exchange) && exchange->body.size > NO_BODY_BYTES_MAX;

    if (!may_be_large || atomic_load(own(server->told_bytes, exchange)) < bytes_max ||
        told_bytes_of(server, &exchange->principal.tenant) < bytes_max)
        return STATUS_OK;
    return ERROR_SET(err, STATUS_BUSY, "too many large answers wait to be read; try again");
}

/* The handler is through. */
static enum MHD_Result queue_made(struct exchange *exchange, struct MHD_Connection *mhd)
{
    bool is_large = exchange->response.body.size > LARGE_BODY_BYTES;
    struct error err = {0};
    enum status status = is_read(exchange) ? look_at_token(exchange, &err) : STATUS_OK;

    if (status == STATUS_OK && is_large)
        status = charge_answer(exchange, &err);
    if (status != STATUS_OK) {
        free_answer(exchange);
        return refuse(exchange, mhd, &err, 0);
    }
    free_body(exchange);
    return is_read(exchange) && is_large ? queue_kept(exchange, mhd) : queue_body(exchange, mhd);
}

static enum MHD_Result answer(struct exchange *exchange, struct MHD_Connection *mhd)
{
    struct error err = {0};

    /* Nobody can tell for sure where lines behind the last chunk ended, and with it where
     * another request begins. */
    if (MHD_get_connection_values(mhd, MHD_FOOTER_KIND, NULL, NULL) > 0)
        exchange->closes = true;
    if (exchange->refused)
        return queue_body(exchange, mhd);
    stage_watch_lap(&exchange->connection->watch, STAGE_TRANSPORT);
    exchange->body_expected = false; /* it is there */
    if (finish_body(exchange, &err) != STATUS_OK || look_at_token(exchange, &err) != STATUS_OK ||
        check_told(exchange, &err) != STATUS_OK)
        return refuse(exchange, mhd, &err, 0);
    exchange->request.body = buf_slice(&exchange->body);
    connection_enter(exchange->connection, CONNECTION_HANDLING);
    stage_watch_lap(&exchange->connection->watch, STAGE_DECODE);
    if (exchange->route->answer != HTTP_AT_ONCE || exchange->body.size >= LARGE_BODY_BYTES) {
        if (stream_start(exchange, &err) != STATUS_OK)
            return refuse(exchange, mhd, &err, 0);
        if (stream_wait(&exchange->stream))
            return queue_stream(exchange, mhd);
    } else {
        priority_short_came(clock_monotonic_us(clock_system()));
        http_dispatch(exchange->server->router, &exchange->request, &exchange->response);
    }
    stage_watch_skip(&exchange->connection->watch); /* a handler measures itself */
    return queue_made(exchange, mhd);
}

enum MHD_Result exchange_step(void *context, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **slot)
{
    struct exchange *exchange = *slot;

    (void)context;
    (void)url;
    if (exchange == NULL)
        return MHD_NO;
    if (!exchange->headers_taken)
        return take_headers(exchange, mhd, method, version);
    if (*upload_size > 0)
        return take_body(exchange, upload, upload_size);
    return answer(exchange, mhd);
}
