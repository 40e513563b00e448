/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - the whole program on a data directory of its own, asked as over HTTP. */
#ifndef MAIN_PLACE_H
#define MAIN_PLACE_H

#include "test.h"
#include "tree.h"

#include "base/io.h"
#include "base/limits.h"
#include "codec/json.h"
#include "crypt/keyring_local.h"
#include "main/compose.h"
#include "meta/meta.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOKEN_BYTES 96

struct place {
    char root[64];
    char admin[TOKEN_BYTES]; /* the token that init made */
    struct data_dir dir;
    struct io *io;
    struct keyring *keyring;
    struct daybook *daybook;
    struct buf answer; /* of the last place_ask(), with a NUL behind */
};

static inline enum status place_try_start(struct place *place, struct error *err)
{
    const struct daybook_options options = {
        .dir = &place->dir,
        .keyring = place->keyring,
        .thread_count = 1,
    };

    return daybook_open(&options, &place->daybook, err);
}

static inline void place_start(struct place *place)
{
    struct error err;

    ASSERT_OK(place_try_start(place, &err));
}

/* For a child: an assertion there would go back into the loop of tests. */
static inline enum status place_try_open(struct place *place, struct error *err)
{
    char kek[DATA_PATH_BYTES];
    enum status status = data_dir_open(place->root, &place->dir, err);

    if (status == STATUS_OK)
        status = io_linux_new(place->root, &place->io, err);
    if (status == STATUS_OK)
        status = data_dir_kek(&place->dir, kek, err);
    if (status == STATUS_OK)
        status = keyring_local_open(place->io, kek, &place->keyring, err);
    return status == STATUS_OK ? place_try_start(place, err) : status;
}

static inline void place_open(struct place *place)
{
    struct error err;

    ASSERT_OK(place_try_open(place, &err));
}

static inline void place_close(struct place *place, bool flush)
{
    daybook_close(place->daybook, flush);
    keyring_free(place->keyring);
    io_free(place->io);
    data_dir_close(&place->dir);
    place->daybook = NULL;
    place->keyring = NULL;
    place->io = NULL;
}

/* The control plane, while the rest is closed. */
static inline struct meta *place_open_meta(struct place *place)
{
    const struct meta_options options = {
        .io = place->io, .path = "control/db", .clock = clock_system()};
    struct meta *meta = NULL;
    struct error err;

    daybook_close(place->daybook, true);
    ASSERT_OK(meta_open(&options, &meta, &err));
    return meta;
}

static inline void place_close_meta(struct place *place, struct meta *meta)
{
    meta_close(meta);
    place_start(place);
}

/* A function of all tenants that no route has looked at, as one of an earlier release. */
static inline void place_keep_function(struct place *place, const char *name, const char *text)
{
    const struct meta_document document = {.name = slice_of(name), .body = slice_of(text)};
    struct meta *meta = place_open_meta(place);
    struct error err;

    ASSERT_OK(meta_document_put(meta, &(struct guid){{0}}, META_FUNCTION, &document, &err));
    place_close_meta(place, meta);
}

/* A new, empty data directory, not opened. */
static inline void place_make(struct place *place)
{
    struct data_init init = {.host = "test.example"};
    struct error err;

    *place = (struct place){.root = "/tmp/daybook-place-XXXXXX", .dir = {.lock_fd = -1}};
    buf_init(&place->answer, GIB);
    assert_non_null(mkdtemp(place->root));
    ASSERT_OK(data_dir_init(place->root, &init, &err));
    (void)snprintf(place->admin, sizeof(place->admin), "%s", init.admin_token);
}

static inline void place_remove(struct place *place)
{
    (void)tree_remove(place->root);
    buf_release(&place->answer);
}

static inline void place_dispatch(struct place *place, const struct http_request *request)
{
    struct http_response response;
    struct error err;

    http_response_init(&response);
    http_dispatch(daybook_router(place->daybook), request, &response);
    buf_clear(&place->answer);
    buf_add_format(&place->answer, "%u ", response.status);
    buf_add_slice(&place->answer, buf_slice(&response.body));
    buf_add_byte(&place->answer, '\0');
    ASSERT_OK(buf_check(&place->answer, &err));
    place->answer.size--;
    http_response_release(&response);
}

/* The HTTP status; the body is in place->answer behind "NNN ". */
static inline unsigned place_ask(struct place *place, const char *token, enum http_method method,
                                 const char *target, const char *body)
{
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);
    struct http_request request = {.remote = SLICE("192.0.2.7"), .arena = arena};
    struct principal who;
    char authorization[TOKEN_BYTES + 16] = "";
    struct http_pair header = {SLICE("authorization"), SLICE("")};
    struct error err;

    assert_non_null(arena);
    ASSERT_OK(http_parse_target(slice_of(target), arena, &request, &err));
    if (token[0] != '\0')
        (void)snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    ASSERT_OK(http_authenticate(daybook_router(place->daybook), slice_of(authorization),
                                request.remote, &who, &err));
    header.value = slice_of(authorization);
    request.headers = &header;
    request.header_count = 1;
    request.method = method;
    request.body = slice_of(body);
    request.principal = &who;
    place_dispatch(place, &request);
    arena_free(arena);
    return (unsigned)(place->answer.data[0] - '0') * 100 +
           (unsigned)(place->answer.data[1] - '0') * 10 + (unsigned)(place->answer.data[2] - '0');
}

static inline const char *place_body(const struct place *place)
{
    return place->answer.data + 4;
}

static inline bool place_says(const struct place *place, const char *text)
{
    return strstr(place_body(place), text) != NULL;
}

#define ASSERT_SAYS(place, text)                                                                   \
    do {                                                                                           \
        if (!place_says(place, text))                                                              \
            fail_msg("wanted %s in %s", text, place_body(place));                                  \
    } while (0)

/* A string member of the last answer's object. */
static inline void place_member(const struct place *place, const char *key, char *ret, size_t size)
{
    struct slice text = slice_of(place_body(place));
    struct json_tape tape;

    json_tape_init(&tape);
    assert_int_equal(json_parse(text, JSON_DEPTH_MAX, &tape), JSON_OK);
    uint32_t token = json_member(text, tape.tokens, 0, slice_of(key));
    assert_true(token != UINT32_MAX);
    (void)snprintf(ret, size, "%.*s", SLICE_FMT(json_text(text, &tape.tokens[token])));
    json_tape_release(&tape);
}

static inline void place_add_tenant(struct place *place, const char *name)
{
    char body[160];

    (void)snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    assert_int_equal(place_ask(place, place->admin, HTTP_POST, "/v1/tenants", body), 200);
}

/* `tenant` "": of the instance.  `more` begins with a comma or is "". */
static inline void place_add_token(struct place *place, const char *tenant, const char *role,
                                   const char *more, char ret[TOKEN_BYTES])
{
    char body[512];

    (void)snprintf(body, sizeof(body), "{\"role\":\"%s\"%s%s%s%s}", role,
                   tenant[0] == '\0' ? "" : ",\"tenant\":\"", tenant,
                   tenant[0] == '\0' ? "" : "\"", more);
    if (place_ask(place, place->admin, HTTP_POST, "/v1/tokens", body) != 200)
        fail_msg("no token: %s", place->answer.data);
    place_member(place, "token", ret, TOKEN_BYTES);
}

static inline void place_ingest(struct place *place, const char *tenant, const char *table,
                                const char *body)
{
    char target[256], token[TOKEN_BYTES];

    place_add_token(place, tenant, "ingest", "", token);
    (void)snprintf(target, sizeof(target), "/v1/ingest%s%s", table[0] == '\0' ? "" : "?table=",
                   table);
    if (place_ask(place, token, HTTP_POST, target, body) != 200)
        fail_msg("not ingested: %s", place->answer.data);
}

/* The answer of a query by an analyst of the tenant; its status. */
static inline unsigned place_query(struct place *place, const char *tenant, const char *query)
{
    char token[TOKEN_BYTES];
    struct buf body;

    place_add_token(place, tenant, "analyst", "", token);
    buf_init(&body, MIB);
    buf_add_format(&body, "{\"query\":\"%s\"}%c", query, '\0');
    unsigned status = place_ask(place, token, HTTP_POST, "/v1/query", body.data);
    buf_release(&body);
    return status;
}

/* The path of what lies in a directory of the place and has a name that ends so, the last one in
 * order of names, or the first; empty: there is none. */
static inline void place_find(const struct place *place, const char *directory, const char *end,
                              bool is_last, char ret[512])
{
    char path[256];
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "%s/%s", place->root, directory);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    ret[0] = '\0';
    while ((entry = readdir(dir)) != NULL) {
        bool is_it = entry->d_name[0] != '.' &&
                     slice_ends_with(slice_of(entry->d_name), slice_of(end));
        int order = ret[0] == '\0' ? 0 : strcmp(entry->d_name, strrchr(ret, '/') + 1);
        if (is_it && (order == 0 || (order > 0) == is_last))
            (void)snprintf(ret, 512, "%s/%s", path, entry->d_name);
    }
    (void)closedir(dir);
}

static inline int place_setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    place_make(place);
    place_open(place);
    *state = place;
    return 0;
}

static inline int place_teardown(void **state)
{
    struct place *place = *state;

    place_close(place, false);
    place_remove(place);
    free(place);
    return 0;
}

#define PLACE_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, place_setup, place_teardown)

#endif
