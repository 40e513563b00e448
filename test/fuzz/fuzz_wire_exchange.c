/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_exchange.c - any bytes on a connection, behind its TLS.  Each request that reaches a
 * handler is one that a strict reader of the same bytes finds there, in this order and with
 * this body: nothing is smuggled.  How the bytes are cut into packets makes no difference (but
 * for malformed lines behind a body: the library may refuse them or not), and what bodies took of
 * the server's memory is given back.
 *
 *   u8 bytes of a packet | what the client sends */
#include "wire/exchange_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUNDS_MAX 100000

/* ---- the strict reader: RFC 9112 as far as we take it ---- */

struct strict {
    struct slice rest; /* not read yet */
    struct slice target, encoding;
    struct buf body;
    bool has_trailer; /* since it was asked for */
};

/* A NUL before the LF is not to be told from a CR: the library writes one over it. */
static bool strict_line(struct slice *rest, struct slice *ret)
{
    size_t end = slice_find_byte(*rest, '\n', 0);

    if (end == SIZE_MAX || end == 0 || (rest->data[end - 1] != '\r' && rest->data[end - 1] != '\0'))
        return false;
    *ret = slice_head(*rest, end - 1);
    *rest = slice_tail(*rest, end + 1);
    return slice_find_byte(*ret, '\r', 0) == SIZE_MAX;
}

/* The lines between chunks are the library's alone: it takes a bare LF, too. */
static bool chunk_line(struct slice *rest, struct slice *ret)
{
    size_t end = slice_find_byte(*rest, '\n', 0);

    if (end == SIZE_MAX)
        return false;
    *ret = slice_trim(slice_head(*rest, end));
    *rest = slice_tail(*rest, end + 1);
    return true;
}

static bool strict_chunks(struct strict *s)
{
    struct slice line;
    uint64_t size = 1;

    while (size > 0) {
        if (!chunk_line(&s->rest, &line))
            return false;
        struct slice digits = slice_trim(slice_head(line, slice_find_byte(line, ';', 0)));
        char padded[16];
        uint8_t bytes[8];
        while (digits.size > 1 && digits.data[0] == '0')
            digits = slice_tail(digits, 1);
        if (digits.size == 0 || digits.size > sizeof(padded))
            return false;
        memset(padded, '0', sizeof(padded));
        memcpy(padded + sizeof(padded) - digits.size, digits.data, digits.size);
        if (!text_parse_hex(slice_from(padded, sizeof(padded)), bytes, sizeof(bytes)))
            return false;
        size = 0;
        for (size_t i = 0; i < sizeof(bytes); i++)
            size = size << 8 | bytes[i];
        if (size > s->rest.size)
            return false;
        buf_add_slice(&s->body, slice_head(s->rest, size));
        s->rest = slice_tail(s->rest, size);
        if (size > 0 && (!chunk_line(&s->rest, &line) || line.size > 0))
            return false;
    }
    if (!slice_starts_with(s->rest, SLICE("\r\n"))) {
        s->rest = SLICE(""); /* lines behind the body: the last request of a connection */
        s->has_trailer = true;
    }
    s->rest = slice_tail(s->rest, 2);
    return true;
}

/* The header lines; false for what says in no way, or in two, where the body ends. */
static bool strict_headers(struct strict *s, bool *ret_chunked, uint64_t *ret_length)
{
    uint32_t lengths = 0, encodings = 0;
    struct slice line;

    *ret_chunked = false;
    *ret_length = 0;
    for (;;) {
        if (!strict_line(&s->rest, &line))
            return false;
        if (line.size == 0)
            return lengths + encodings <= 1;
        size_t colon = slice_find_byte(line, ':', 0);
        if (colon == SIZE_MAX || colon == 0 || slice_find_byte(line, '\0', 0) != SIZE_MAX)
            return false;
        struct slice name = slice_head(line, colon);
        struct slice value = slice_trim(slice_tail(line, colon + 1));
        if (slice_trim(name).size != name.size)
            return false;
        if (slice_equal_nocase(name, SLICE("content-length"))) {
            lengths++;
            if (!text_parse_u64(value, ret_length))
                return false;
        } else if (slice_equal_nocase(name, SLICE("transfer-encoding"))) {
            encodings++;
            *ret_chunked = true;
            if (!slice_equal_nocase(value, SLICE("chunked")))
                return false;
        } else if (slice_equal_nocase(name, SLICE("content-encoding"))) {
            s->encoding = value;
        }
    }
}

static bool strict_next(struct strict *s)
{
    struct slice line;
    uint64_t length = 0;
    bool is_chunked = false;

    buf_clear(&s->body);
    s->encoding = SLICE("");
    while (s->rest.size > 0 && (s->rest.data[0] == '\r' || s->rest.data[0] == '\n'))
        s->rest = slice_tail(s->rest, 1); /* a client may have sent a line end too many */
    if (!strict_line(&s->rest, &line))
        return false;
    size_t blank = slice_find_byte(line, ' ', 0);
    if (blank == SIZE_MAX)
        return false;
    s->target = slice_tail(line, blank + 1);
    s->target = slice_head(s->target, slice_find_byte(s->target, ' ', 0));
    if (!strict_headers(s, &is_chunked, &length))
        return false;
    if (is_chunked)
        return strict_chunks(s);
    if (length > s->rest.size)
        return false;
    buf_add_slice(&s->body, slice_head(s->rest, length));
    s->rest = slice_tail(s->rest, length);
    return true;
}

/* ---- the server ---- */

struct world {
    struct MHD_Daemon *daemon;
    struct server server;
    struct http_router router;
    struct connection connection;
    bool is_open;
    struct strict strict;
    uint32_t calls;
    uint64_t digest; /* of all calls */
};

static struct world world;

static bool is_this(struct strict *strict, const struct http_request *request)
{
    struct arena *arena = arena_new(1 * MIB);
    struct http_request other = {0};
    struct error err;

    CHECK(arena != NULL);
    bool is_same = http_parse_target(strict->target, arena, &other, &err) == STATUS_OK &&
                   slice_equal(other.path, request->path) &&
                   other.query_count == request->query_count;
    bool is_coded = http_header(request, "content-encoding").size > 0;
    if (is_same && !is_coded)
        is_same = slice_equal(buf_slice(&strict->body), request->body);
    arena_free(arena);
    return is_same && is_coded == (strict->encoding.size > 0);
}

static void check_request(const struct http_request *request)
{
    uint32_t hosts = 0;

    CHECK(request->path.size > 0 && request->path.data[0] == '/');
    CHECK(request->header_count <= HEADER_COUNT_MAX);
    for (uint32_t i = 0; i < request->header_count; i++) {
        struct slice name = request->headers[i].name, value = request->headers[i].value;
        hosts += slice_is(name, "host");
        CHECK(name.size > 0);
        for (size_t k = 0; k < name.size; k++)
            CHECK(name.data[k] > ' ' && name.data[k] < 0x7f &&
                  !(name.data[k] >= 'A' && name.data[k] <= 'Z'));
        for (size_t k = 0; k < value.size; k++)
            CHECK((unsigned char)value.data[k] >= ' ' || value.data[k] == '\t');
    }
    CHECK(hosts <= 1);
}

static enum status handle(void *context, const struct http_request *request,
                          struct http_response *response, struct error *err)
{
    (void)context;
    check_request(request);
    do {
        CHECK(strict_next(&world.strict));
    } while (!is_this(&world.strict, request));
    world.calls++;
    world.digest = hash_xxh3(request->path.data, request->path.size, world.digest);
    world.digest = hash_xxh3(request->body.data, request->body.size, world.digest);
    for (int i = 0; i < 3; i++) {
        buf_add_text(&response->body, "some of the answer\n");
        if (http_flush(response, 1, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status authenticate(void *context, struct slice token, struct slice remote,
                                struct principal *ret, struct error *err)
{
    (void)context;
    (void)remote;
    if (!slice_is(token, "good"))
        return ERROR_SET(err, STATUS_DENIED, "unknown");
    ret->role = ROLE_INGEST;
    return STATUS_OK;
}

#define ANYBODY (1u << ROLE_NONE | 1u << ROLE_INGEST)

static const struct http_route routes[] = {
    {HTTP_POST, "/closed/*", 1u << ROLE_INGEST, handle, HTTP_AT_ONCE, 0, "*"},
    {HTTP_GET, "/stream/*", ANYBODY, handle, HTTP_OPEN_ENDED, 0, "*"},
    {HTTP_GET, "/*", ANYBODY, handle, HTTP_AT_ONCE, 0, "*"},
    {HTTP_POST, "/*", ANYBODY, handle, HTTP_AT_ONCE, 0, "*"},
    {HTTP_PUT, "/*", ANYBODY, handle, HTTP_AT_ONCE, 0, "*"},
};

static void watch(void *context, struct MHD_Connection *mhd, void **slot,
                  enum MHD_ConnectionNotificationCode code)
{
    (void)context;
    (void)mhd;
    world.is_open = code == MHD_CONNECTION_NOTIFY_STARTED;
    *slot = world.is_open ? &world.connection : NULL;
}

static size_t keep_raw(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text);
}

static void start(void)
{
    world.router = (struct http_router){.routes = routes,
                                        .route_count = sizeof(routes) / sizeof(routes[0]),
                                        .authenticate = authenticate};
    world.server.router = &world.router;
    (void)pthread_mutex_init(&world.server.lock, NULL);
    (void)pthread_cond_init(&world.server.changed, NULL);
    buf_pool_init(&world.server.bodies);
    gate_init(&world.server.decoders, DECODERS_MAX);
    world.server.body_room.bytes_max = BODIES_BYTES_MAX;
    world.server.answer_room.bytes_max = ANSWERS_KEPT_BYTES_MAX;
    buf_init(&world.strict.body, 64 * KIB);
    world.daemon = MHD_start_daemon(
        MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, exchange_step, &world.server,
        MHD_OPTION_NOTIFY_CONNECTION, watch, NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_end,
        &world.server, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, &world.server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    CHECK(world.daemon != NULL);
}

/* Reads what there is of the answer; false when the server has closed the connection. */
static bool read_answer(int fd, char first[8], size_t *size)
{
    char room[4096];
    ssize_t got;

    while ((got = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0) {
        for (ssize_t i = 0; i < got && *size < 8; i++)
            first[(*size)++] = room[i];
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void run(struct slice bytes, size_t packet)
{
    const struct sockaddr_in remote = {.sin_family = AF_INET, .sin_addr = {htonl(0xc0000207)}};
    struct slice left = bytes;
    char first[8];
    size_t answered = 0;
    int ends[2], rounds = 0;
    bool is_there = true;

    world.connection = (struct connection){.server = &world.server, .remote = "192.0.2.7"};
    world.calls = 0;
    world.digest = 0;
    world.strict.rest = bytes;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    world.connection.fd = ends[0];
    CHECK(MHD_add_connection(world.daemon, ends[0], (const struct sockaddr *)&remote,
                             sizeof(remote)) == MHD_YES);
    for (; is_there || world.is_open; rounds++) {
        CHECK(rounds < ROUNDS_MAX);
        struct slice part = slice_head(left, packet);
        ssize_t sent = part.size == 0 ? 0 : send(ends[1], part.data, part.size,
                                                 MSG_NOSIGNAL | MSG_DONTWAIT);
        left = slice_tail(left, sent > 0 ? (size_t)sent : 0);
        if (left.size == 0)
            (void)shutdown(ends[1], SHUT_WR);
        CHECK(MHD_run(world.daemon) == MHD_YES);
        is_there = is_there && read_answer(ends[1], first, &answered);
        if (!is_there)
            (void)shutdown(ends[1], SHUT_RDWR);
    }
    (void)close(ends[1]);
    CHECK(answered == 0 || (answered == 8 && memcmp(first, "HTTP/1.1", 8) == 0));
    CHECK(world.server.active == 0 && world.connection.exchange == NULL);
    CHECK(atomic_load(&world.server.body_room.taken) == 0);
    CHECK(atomic_load(&world.server.answer_room.taken) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 64 * KIB)
        return 0;
    struct slice bytes = slice_from((const char *)data + 1, size - 1);
    if (world.daemon == NULL)
        start();
    world.strict.has_trailer = false;
    run(bytes, SIZE_MAX);
    uint32_t calls = world.calls;
    uint64_t digest = world.digest;
    run(bytes, 1 + (size_t)data[0] * 8);
    CHECK((world.calls == calls && world.digest == digest) || world.strict.has_trailer);
    return 0;
}
