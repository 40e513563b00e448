/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_share_api.c - any requests, one behind the other, to a whole instance in memory: paths,
 * query strings, JSON bodies, watchlists, functions, receipts, through the real handlers.
 *
 *   u8 who, METHOD, blank, target, LF, headers, empty line, body | NUL | the next request
 *
 * Whatever is sent: a failure is never ours (500), answers are what their type says, nobody does
 * what his role may not, what is done is recorded first, and who belongs to the tenant alpha is
 * never told a word of what the tenant beta has. */
#include "share/share.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/json.h"
#include "crypt/keyring_local.h"
#include "memory_io.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS_MAX 16u
#define REQUEST_MS 1500u /* then the client is gone */
#define FILL_MS (10 * 60 * 1000) /* it stays for what must go in, however busy the machine */
#define WATCH_MS 100u

/* In all that beta has.  In two pieces, so that it is in no dictionary. */
#define SECRET_HEAD "Qz7WvKx2"
#define SECRET_TAIL "Hj9LmPt4"

struct instance {
    struct memory_io memory;
    struct keyring *keyring;
    struct meta *meta;
    struct evidence *evidence;
    struct store *store;
    struct ingest *ingest;
    struct detect *detect;
    struct webhook *webhook;
    struct share *share;
};

static const struct guid alpha = {{0xa1}}, beta = {{0xb2}};
static char directory[] = "/tmp/daybook-fuzz-XXXXXX", kek_path[64], secret[32];
static atomic_bool cancelled;
static atomic_int_fast64_t deadline_ms = INT64_MAX;

/* ---- once a process ---- */

static int64_t now_ms(void)
{
    return (int64_t)(clock_monotonic_us(clock_system()) / 1000);
}

static void *watch(void *context)
{
    const struct timespec pause = {0, WATCH_MS * 1000000L};

    for (;;) {
        (void)nanosleep(&pause, NULL);
        if (now_ms() > atomic_load(&deadline_ms))
            atomic_store(&cancelled, true);
    }
    return context;
}

static void clean_up(void)
{
    (void)unlink(kek_path);
    (void)rmdir(directory);
}

static void start(void)
{
    pthread_t thread;

    if (kek_path[0] != '\0')
        return;
    CHECK(mkdtemp(directory) != NULL);
    (void)snprintf(kek_path, sizeof(kek_path), "%s/kek", directory);
    (void)snprintf(secret, sizeof(secret), "%s%s", SECRET_HEAD, SECRET_TAIL);
    CHECK(atexit(clean_up) == 0);
    CHECK(pthread_create(&thread, NULL, watch, NULL) == 0);
    log_set_level(LOG_LEVEL_ERROR);
}

/* ---- an instance ---- */

static void fatal(void *context, const struct error *err)
{
    (void)context;
    fprintf(stderr, "fatal: %s\n", err->text);
    CHECK(false);
}

static struct slice no_text(void *context, struct slice name)
{
    (void)context;
    (void)name;
    return SLICE("");
}

static void open_keys(struct instance *n)
{
    struct error err;

    CHECK(keyring_local_create(&n->memory.io, kek_path, SLICE("test.example"), &err) ==
          STATUS_OK);
    CHECK(keyring_local_open(&n->memory.io, kek_path, &n->keyring, &err) == STATUS_OK);
    CHECK(keyring_create_tenant(n->keyring, &alpha, &err) == STATUS_OK);
    CHECK(keyring_create_tenant(n->keyring, &beta, &err) == STATUS_OK);
}

static void open_control(struct instance *n)
{
    const struct meta_options options = {
        .io = &n->memory.io, .path = "db", .clock = clock_system(), .create = true,
        .fatal = fatal};
    struct arena *arena = arena_new(MIB);
    struct meta_tenant tenant;
    struct error err;

    CHECK(arena != NULL);
    CHECK(meta_open(&options, &n->meta, &err) == STATUS_OK);
    CHECK(meta_tenant_add(n->meta, SLICE("alpha"), &alpha, &tenant, arena, &err) == STATUS_OK);
    CHECK(meta_tenant_add(n->meta, SLICE("beta"), &beta, &tenant, arena, &err) == STATUS_OK);
    arena_free(arena);
}

static void open_engine(struct instance *n)
{
    struct io *io = &n->memory.io;
    struct error err;
    const struct store_options store = {
        .io = io, .keyring = n->keyring, .clock = clock_system(), .thread_count = 1};
    const struct detect_options detect = {.clock = clock_system()};

    CHECK(evidence_open(io, n->keyring, &n->evidence, &err) == STATUS_OK);
    CHECK(store_open(&store, &n->store, &err) == STATUS_OK);
    const struct ingest_options ingest = {.io = io,
                                          .keyring = n->keyring,
                                          .clock = clock_system(),
                                          .records = store_sink(n->store),
                                          .leaves = evidence_sink(n->evidence),
                                          .wal_floor = store_wal_floor(n->store),
                                          .fatal = fatal};
    CHECK(ingest_open(&ingest, &n->ingest, &err) == STATUS_OK);
    CHECK(detect_new(&detect, &n->detect, &err) == STATUS_OK);
    CHECK(webhook_new(&n->webhook, &err) == STATUS_OK);
}

static void instance_open(struct instance *n)
{
    struct error err;

    memory_io_init(&n->memory);
    open_keys(n);
    open_control(n);
    open_engine(n);
    const struct share_services services = {.ingest = n->ingest,
                                            .store = n->store,
                                            .meta = n->meta,
                                            .keyring = n->keyring,
                                            .evidence = n->evidence,
                                            .io = &n->memory.io,
                                            .detect = n->detect,
                                            .webhook = n->webhook,
                                            .clock = clock_system(),
                                            .thread_count = 1,
                                            .view = no_text,
                                            .function = no_text};
    CHECK(share_new(&services, &n->share, &err) == STATUS_OK);
}

static void instance_close(struct instance *n)
{
    share_free(n->share);
    webhook_free(n->webhook);
    ingest_close(n->ingest);
    detect_free(n->detect);
    store_close(n->store);
    evidence_close(n->evidence);
    meta_close(n->meta);
    keyring_free(n->keyring);
    memory_io_release(&n->memory);
}

static uint64_t recorded(const struct instance *n)
{
    struct ingest_stats stats;

    ingest_stats(n->ingest, &stats);
    return stats.acked_requests;
}

/* ---- who asks for what ---- */

static const struct person {
    char letter;
    enum role role;
    bool is_alphas;
    const char *table;
} people[] = {
    {'O', ROLE_OPERATOR, false, ""}, {'A', ROLE_ADMIN, false, ""},
    {'a', ROLE_ADMIN, true, ""},     {'n', ROLE_ANALYST, true, ""},
    {'r', ROLE_READER, true, ""},    {'u', ROLE_AUDITOR, true, ""},
    {'i', ROLE_INGEST, true, ""},    {'t', ROLE_INGEST, true, "T_CL"},
    {'-', ROLE_NONE, false, ""}, /* anybody else */
};

static const struct person *person_of(char letter)
{
    const struct person *person = people;

    while (person->letter != letter && person->role != ROLE_NONE)
        person++;
    return person;
}

static void make_principal(const struct person *person, struct principal *ret)
{
    *ret = (struct principal){.role = person->role, .id = {{(uint8_t)person->letter}}};
    if (person->is_alphas)
        ret->tenant = alpha;
    (void)snprintf(ret->name, sizeof(ret->name), "name of %c", person->letter);
    (void)snprintf(ret->table, sizeof(ret->table), "%s", person->table);
}

static enum http_method method_of(struct slice name)
{
    for (int i = 0; i < HTTP_METHOD_COUNT_; i++) {
        if (slice_is(name, http_method_name((enum http_method)i)))
            return (enum http_method)i;
    }
    return HTTP_METHOD_COUNT_;
}

/* The lines up to the empty one; what the transport leaves to us is what it would refuse. */
static void read_headers(struct slice *text, struct http_pair *headers, uint32_t *ret_count)
{
    struct slice line;

    *ret_count = 0;
    while (slice_next(text, '\n', &line) && line.size > 0) {
        size_t colon = slice_find_byte(line, ':', 0);
        if (colon == SIZE_MAX || *ret_count == HEADER_COUNT_MAX)
            continue;
        headers[(*ret_count)++] = (struct http_pair){slice_head(line, colon),
                                                     slice_trim(slice_tail(line, colon + 1))};
    }
}

/* ---- what an answer must be ---- */

static bool is_json(struct slice text)
{
    struct json_tape tape;

    json_tape_init(&tape);
    bool good = json_parse(text, 10 * JSON_DEPTH_MAX, &tape) == JSON_OK;
    json_tape_release(&tape);
    return good;
}

static void check_form(const struct http_response *response)
{
    struct slice body = buf_slice(&response->body), line;
    struct slice type = slice_of(response->content_type);

    if (slice_is(type, "application/octet-stream"))
        return;
    CHECK(text_is_utf8(body));
    if (slice_is(type, "application/x-ndjson")) {
        while (slice_next(&body, '\n', &line))
            CHECK(line.size == 0 || is_json(line));
    } else if (slice_starts_with(type, SLICE("application/json"))) {
        CHECK(is_json(body));
    } else {
        CHECK(slice_starts_with(type, SLICE("text/plain")));
    }
    for (uint32_t i = 0; i < response->header_count; i++) {
        struct slice value = response->headers[i].value;
        for (size_t k = 0; k < value.size; k++)
            CHECK((unsigned char)value.data[k] >= ' ' && value.data[k] != 0x7f);
    }
}

static void check_failure(const struct http_response *response)
{
    static const unsigned known[] = {400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 503, 507};
    bool is_known = false;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        is_known |= response->status == known[i];
    CHECK(is_known);
    CHECK(slice_starts_with(buf_slice(&response->body), SLICE("{\"error\":{\"code\":\"")));
}

static bool is_open_to_all(const struct http_request *request)
{
    return slice_is(request->path, "/livez") || slice_is(request->path, "/readyz");
}

/* What the roles are for, said once more and in another way. */
static bool may(const struct person *who, const struct http_request *request)
{
    bool asks = slice_starts_with(request->path, SLICE("/v1/query")) ||
                slice_is(request->path, "/v1/scope") || slice_is(request->path, "/v1/verify");

    switch (who->role) {
    case ROLE_NONE:
        return is_open_to_all(request);
    case ROLE_INGEST:
        return is_open_to_all(request) || slice_is(request->path, "/v1/ingest");
    case ROLE_READER:
    case ROLE_AUDITOR:
        return asks || request->method == HTTP_GET;
    case ROLE_MONITOR:
        return is_open_to_all(request) || slice_is(request->path, "/v1/status") ||
               slice_is(request->path, "/metrics");
    case ROLE_ANALYST:
        return asks || request->method == HTTP_GET ||
               slice_starts_with(request->path, SLICE("/v1/watchlists/")) ||
               slice_starts_with(request->path, SLICE("/v1/functions/"));
    case ROLE_ADMIN:
    case ROLE_OPERATOR:
    case ROLE_COUNT_:
        break;
    }
    return true;
}

static bool is_recorded(const struct http_request *request)
{
    static const char *const paths[] = {"/v1/query", "/v1/query/batch", "/v1/query/explain",
                                        "/v1/raw",   "/v1/scope",       "/v1/verify",
                                        "/v1/compact"};
    bool is_plain = is_open_to_all(request) || slice_is(request->path, "/v1/status") ||
                    slice_is(request->path, "/metrics");
    bool is_change = request->method == HTTP_PUT || request->method == HTTP_DELETE ||
                     (request->method == HTTP_POST && (slice_is(request->path, "/v1/tenants") ||
                                                       slice_is(request->path, "/v1/tokens"))) ||
                     (request->method == HTTP_GET && !is_plain);

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !is_change; i++)
        is_change = slice_is(request->path, paths[i]);
    return is_change;
}

static bool has_secret(struct slice text)
{
    return slice_find(text, slice_of(secret), 0) != SIZE_MAX;
}

static void check_secrets(const struct http_response *response)
{
    CHECK(!has_secret(buf_slice(&response->body)));
    for (uint32_t i = 0; i < response->header_count; i++)
        CHECK(!has_secret(response->headers[i].value));
}

/* ---- a request ---- */

static unsigned dispatch(struct instance *n, const struct person *person,
                         struct http_request *request, int64_t timeout_ms)
{
    struct principal who;
    struct http_response response;
    uint64_t before = recorded(n);

    make_principal(person, &who);
    request->principal = &who;
    request->remote = SLICE("192.0.2.7");
    request->cancelled = &cancelled;
    http_response_init(&response);
    atomic_store(&cancelled, false);
    atomic_store(&deadline_ms, now_ms() + timeout_ms);
    http_dispatch(share_router(n->share), request, &response);
    atomic_store(&deadline_ms, INT64_MAX);
    check_form(&response);
    if (response.status >= 300) {
        check_failure(&response);
    } else {
        CHECK(response.status == 200 && may(person, request));
        CHECK(!is_recorded(request) || recorded(n) > before);
    }
    if (person->is_alphas)
        check_secrets(&response);
    http_response_release(&response);
    return response.status;
}

/* The status of the answer; 0: the target was none. */
static unsigned send(struct instance *n, struct slice text, int64_t timeout_ms)
{
    struct http_pair headers[HEADER_COUNT_MAX];
    struct arena *arena = arena_new(GIB);
    struct http_request request = {.arena = arena, .headers = headers};
    struct slice line = SLICE("");
    struct error err = {0};
    unsigned status = 0;

    CHECK(arena != NULL);
    const struct person *person = person_of(text.size == 0 ? '-' : text.data[0]);
    text = slice_tail(text, 1);
    (void)slice_next(&text, '\n', &line);
    size_t blank = slice_find_byte(line, ' ', 0);
    enum http_method method = method_of(slice_head(line, blank));
    if (blank != SIZE_MAX &&
        http_parse_target(slice_tail(line, blank + 1), arena, &request, &err) == STATUS_OK) {
        request.method = method;
        read_headers(&text, headers, &request.header_count);
        request.body = text;
        status = dispatch(n, person, &request, timeout_ms);
    }
    arena_free(arena);
    return status;
}

/* What beta has, and what of it is in the logs; # is the secret. */
static void fill(struct instance *n)
{
    static const char *const requests[] = {
        "OPOST /v1/ingest?tenant=beta&table=T_CL\n\n{\"n\":1,\"IP\":\"192.0.2.9\",\"s\":\"#\"}",
        "OPUT /v1/watchlists/#?tenant=beta\n\nip,why\n192.0.2.9,#\n",
        "OPUT /v1/functions/f#?tenant=beta\n\n(x:string) { print y = strcat(x, '#') }",
        "OPOST /v1/tokens\n\n{\"role\":\"reader\",\"tenant\":\"beta\",\"name\":\"#\"}",
        "OPOST /v1/query\n\n{\"query\":\"T_CL | where s == '#'\",\"tenant\":\"beta\"}",
        "OPOST /v1/ingest?tenant=alpha&table=T_CL\n\n{\"n\":2,\"ClientIP\":\"192.0.2.9\"}",
    };

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct buf text;
        buf_init(&text, 4 * KIB);
        for (const char *c = requests[i]; *c != '\0'; c++) {
            if (*c == '#')
                buf_add_text(&text, secret);
            else
                buf_add_byte(&text, *c);
        }
        CHECK(send(n, buf_slice(&text), FILL_MS) == 200);
        buf_release(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_from((const char *)data, size), text;
    static struct instance instance;

    start();
    if (has_secret(rest))
        return 0;
    instance_open(&instance);
    fill(&instance);
    for (uint32_t i = 0; i < REQUESTS_MAX && slice_next(&rest, '\0', &text); i++)
        (void)send(&instance, text, REQUEST_MS);
    instance_close(&instance);
    return 0;
}
