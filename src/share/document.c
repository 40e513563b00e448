/* SPDX-License-Identifier: Apache-2.0 */
#include "share/document.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypt/aead.h"
#include "crypt/hash.h"
#include "query/csv.h"
#include "query/function.h"
#include "query/query.h"
#include "share/share_priv.h"

#define NAME_BYTES_MAX 128u

/* ---- sealing ---- */

static enum status bind_place(enum meta_document_kind kind, struct slice name, struct buf *ret,
                              struct error *err)
{
    buf_init(ret, NAME_BYTES_MAX + 1);
    buf_add_byte(ret, (char)kind);
    buf_add_slice(ret, name);
    return buf_check(ret, err);
}

/* Functions for all tenants are under nobody's key. */
static bool is_plain(const struct guid *tenant, enum meta_document_kind kind)
{
    return guid_is_zero(tenant) && kind == META_FUNCTION;
}

static enum status seal(const struct documents *documents, const struct guid *tenant,
                        enum meta_document_kind kind, const struct meta_document *plain,
                        struct buf *ret, struct error *err)
{
    struct key key;
    struct buf place;
    enum status status = bind_place(kind, plain->name, &place, err);

    buf_init(ret, 2 * WATCHLIST_BYTES_MAX);
    if (status == STATUS_OK && is_plain(tenant, kind)) {
        buf_add_slice(ret, plain->body);
        status = buf_check(ret, err);
    } else if (status == STATUS_OK) {
        status = keyring_tenant_key(documents->keyring, tenant, KEY_PURPOSE_DOC, &key, err);
        if (status == STATUS_OK)
            status = aead_seal(&key, buf_slice(&place), plain->body, ret, err);
        explicit_bzero(&key, sizeof(key));
    }
    buf_release(&place);
    return status;
}

enum status document_get(const struct documents *documents, const struct guid *tenant,
                         enum meta_document_kind kind, struct slice name, struct arena *arena,
                         struct meta_document *ret, struct error *err)
{
    struct buf place, plain;
    struct key key;
    enum status status =
        meta_document_get(documents->meta, tenant, kind, name, arena, ret, err);

    if (status != STATUS_OK || is_plain(tenant, kind))
        return status;
    buf_init(&plain, 2 * WATCHLIST_BYTES_MAX);
    status = bind_place(kind, ret->name, &place, err);
    if (status == STATUS_OK)
        status = keyring_tenant_key(documents->keyring, tenant, KEY_PURPOSE_DOC, &key, err);
    if (status == STATUS_OK)
        status = aead_open(&key, buf_slice(&place), ret->body, &plain, err);
    if (status == STATUS_OK) {
        ret->body = arena_copy(arena, buf_slice(&plain), err);
        status = ret->body.data == NULL ? err->status : STATUS_OK;
    } else if (status == STATUS_CORRUPT && guid_is_zero(tenant) && text_is_utf8(ret->body)) {
        status = STATUS_OK; /* a release kept the instance's lists as they came */
    }
    explicit_bzero(&key, sizeof(key));
    buf_release(&place);
    buf_release(&plain);
    return status;
}

/* ---- what may be stored ---- */

static enum status check_name(enum meta_document_kind kind, struct slice name, struct error *err)
{
    bool good = name.size > 0 && name.size <= NAME_BYTES_MAX;

    for (size_t i = 0; i < name.size && good; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool digit = c >= '0' && c <= '9';
        good = letter || (digit && (i > 0 || kind == META_WATCHLIST)) ||
               (kind == META_WATCHLIST && (c == '-' || c == '.' || c == ' '));
    }
    if (!good)
        return ERROR_SET(err, STATUS_INVALID,
                         "'%.*s' is no name: 1 to %u letters, digits and '_'%s",
                         SLICE_FMT(slice_head(name, 64)), NAME_BYTES_MAX,
                         kind == META_WATCHLIST ? ", '-', '.' and spaces" : ", no digit first");
    if (kind == META_FUNCTION &&
        (function_find(name) != NULL || aggregate_find(name) != NULL))
        return ERROR_SET(err, STATUS_INVALID, "'%.*s' is a function of the language",
                         SLICE_FMT(name));
    return STATUS_OK;
}

static enum status check_header(const struct slice *cells, uint32_t count, struct error *err)
{
    if (count == 0 || count >= TABLE_COLUMNS_MAX)
        return ERROR_SET(err, STATUS_INVALID,
                         "the first line of a watchlist names its columns, at most %u",
                         TABLE_COLUMNS_MAX - 1);
    for (uint32_t i = 0; i < count; i++) {
        bool bad = cells[i].size == 0 || cells[i].size > COLUMN_NAME_BYTES_MAX ||
                   slice_is(cells[i], "SearchKey");
        for (uint32_t k = 0; k < i && !bad; k++)
            bad = slice_equal(cells[i], cells[k]);
        if (bad)
            return ERROR_SET(err, STATUS_INVALID,
                             "'%.*s' is no name of a column: empty, too long, there twice or "
                             "'SearchKey'",
                             SLICE_FMT(slice_head(cells[i], 64)));
    }
    return STATUS_OK;
}

static enum status check_watchlist(struct slice text, struct arena *arena, uint64_t *ret_rows,
                                   struct error *err)
{
    struct csv csv = {text_without_mark(text), ',', arena};
    struct slice *cells = ARENA_ARRAY(arena, struct slice, TABLE_COLUMNS_MAX, err);
    uint32_t count = 0, columns;

    if (cells == NULL)
        return err->status;
    if (text.size > WATCHLIST_BYTES_MAX || !text_is_utf8(text))
        return ERROR_SET(err, STATUS_INVALID, "a watchlist is UTF-8 text of at most %zu bytes",
                         WATCHLIST_BYTES_MAX);
    enum status status = csv_next(&csv, cells, TABLE_COLUMNS_MAX, &columns, err);
    if (status == STATUS_OK)
        status = check_header(cells, columns, err);
    for (uint64_t row = 1; status == STATUS_OK; row++) {
        status = csv_next(&csv, cells, TABLE_COLUMNS_MAX, &count, err);
        if (status != STATUS_OK || count == 0)
            break;
        if (count > columns)
            return ERROR_SET(err, STATUS_INVALID, "row %llu has %u cells, the first line %u",
                             (unsigned long long)row, count, columns);
        *ret_rows = row;
    }
    return status;
}

static enum status check_function(struct slice name, struct slice text, struct error *err)
{
    struct slice trimmed = slice_trim(text);

    if (trimmed.size == 0 || trimmed.data[0] != '(')
        return ERROR_SET(err, STATUS_INVALID,
                         "the text of a function is (parameters) { body }, without its name");
    return query_check_function(name, trimmed, err);
}

enum status document_put(const struct documents *documents, const struct guid *tenant,
                         enum meta_document_kind kind, const struct meta_document *plain,
                         struct arena *arena, struct error *err)
{
    struct meta_document document = *plain;
    struct buf sealed;
    enum status status = check_name(kind, plain->name, err);

    document.items = 0;
    if (status == STATUS_OK)
        status = kind == META_WATCHLIST
                     ? check_watchlist(plain->body, arena, &document.items, err)
                     : check_function(plain->name, plain->body, err);
    if (status != STATUS_OK)
        return status;
    status = seal(documents, tenant, kind, plain, &sealed, err);
    document.body = buf_slice(&sealed);
    if (status == STATUS_OK)
        status = meta_document_put(documents->meta, tenant, kind, &document, err);
    buf_release(&sealed);
    return status;
}

/* ---- routes: GET lists, GET, PUT and DELETE of one by its name ---- */

struct place {
    enum meta_document_kind kind;
    const char *prefix, *list, *read, *set, *removed; /* path; operations in the audit */
    struct guid tenant;                 /* zero: the instance's functions */
    struct slice name;
};

static const struct place places[] = {
    {META_WATCHLIST, "/v1/watchlists", "WatchlistList", "WatchlistRead", "WatchlistSet",
     "WatchlistRemove", {{0}}, {"", 0}},
    {META_FUNCTION, "/v1/functions", "FunctionList", "FunctionRead", "FunctionSet",
     "FunctionRemove", {{0}}, {"", 0}},
};

/* The kind by the path, the tenant by the request: functions of a token of the
 * instance that names no tenant are those of all. */
static enum status find_place(struct share *share, const struct http_request *request,
                              struct place *ret, struct error *err)
{
    bool lists = slice_starts_with(request->path, SLICE("/v1/watchlists"));
    struct slice tenant = http_query(request, "tenant");
    struct reach reach;

    *ret = places[lists ? 0 : 1];
    ret->name = slice_tail(request->path, strlen(ret->prefix) + 1);
    if (!lists && tenant.size == 0 && guid_is_zero(&request->principal->tenant))
        return STATUS_OK;
    enum status status = share_reach(share, request, tenant, false, &reach, err);
    if (status == STATUS_OK)
        ret->tenant = reach.tenants[0];
    return status;
}

/* Recorded in the tenant, or in the log of the instance, before the change, with what it is to
 * be: a function as its text, a list, which may be large, by its hash. */
static enum status record_set(struct share *share, const struct http_request *request,
                              const struct place *place, struct error *err)
{
    uint8_t hash[SHA256_BYTES];
    struct buf what;

    buf_init(&what, 2 * QUERY_TEXT_BYTES_MAX);
    buf_add_slice(&what, place->name);
    if (place->kind == META_FUNCTION) {
        buf_add_slice(&what, slice_trim(request->body));
    } else {
        sha256(request->body.data, request->body.size, hash);
        buf_add_format(&what, ", %zu bytes, SHA-256 ", request->body.size);
        text_add_hex(&what, hash, sizeof(hash));
    }
    enum status status = buf_check(&what, err);
    if (status == STATUS_OK)
        status = share_record(share, request, place->set, buf_slice(&what), &place->tenant, err);
    buf_release(&what);
    return status;
}

static void add_head(struct buf *out, const struct place *place,
                     const struct meta_document *document)
{
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(time_from_unix_us(document->updated_us), text);
    buf_add_text(out, "{\"name\":");
    text_add_json_string(out, document->name);
    if (place->kind == META_WATCHLIST)
        buf_add_format(out, ",\"rows\":%llu", (unsigned long long)document->items);
    buf_add_format(out, ",\"updated\":\"%s\"", text);
}

enum status share_document_list(void *context, const struct http_request *request,
                                struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct buf *out = &response->body;
    struct meta_document *list = NULL;
    struct place place;
    uint32_t count = 0;
    enum status status = find_place(share, request, &place, err);

    if (status == STATUS_OK)
        status = share_record(share, request, place.list, SLICE(""), &place.tenant, err);
    if (status == STATUS_OK)
        status = meta_document_list(share->services.meta, &place.tenant, place.kind,
                                    request->arena, &list, &count, err);
    if (status != STATUS_OK)
        return status;
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_head(out, &place, &list[i]);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
    return buf_check(out, err);
}

enum status share_document_get(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct share *share = context;
    const struct documents documents = {share->services.meta, share->services.keyring};
    struct meta_document document;
    struct place place;
    enum status status = find_place(share, request, &place, err);

    if (status == STATUS_OK)
        status = document_get(&documents, &place.tenant, place.kind, place.name, request->arena,
                              &document, err);
    if (status == STATUS_OK)
        status = share_record(share, request, place.read, place.name, &place.tenant, err);
    if (status != STATUS_OK)
        return status;
    add_head(&response->body, &place, &document);
    buf_add_text(&response->body, ",\"text\":");
    text_add_json_string(&response->body, document.body);
    buf_add_byte(&response->body, '}');
    return buf_check(&response->body, err);
}

/* A function of all tenants is to hide no table of any of them. */
static enum status check_not_taken(struct share *share, const struct http_request *request,
                                   const struct place *place, struct error *err)
{
    struct guid tenant = place->tenant;
    struct reach reach = {.tenants = &tenant, .count = 1};
    struct store_snapshot *snapshot = NULL;
    enum status status = STATUS_OK;

    if (guid_is_zero(&place->tenant))
        status = share_reach_logs(share, request, SLICE(""), &reach, err);
    if (status == STATUS_OK)
        status = store_snapshot_of(share->services.store,
                                   reach.count == 1 ? reach.tenants : NULL, &snapshot, err);
    if (status != STATUS_OK)
        return status;
    status = share_check_no_table(share, snapshot, &reach, place->name, err);
    store_snapshot_free(snapshot);
    return status;
}

enum status share_document_put(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct share *share = context;
    const struct documents documents = {share->services.meta, share->services.keyring};
    struct meta_document document = {.body = request->body};
    struct place place;
    enum status status = find_place(share, request, &place, err);

    document.name = place.name;
    if (status == STATUS_OK)
        status = record_set(share, request, &place, err);
    if (status == STATUS_OK && place.kind == META_FUNCTION)
        status = check_not_taken(share, request, &place, err);
    if (status == STATUS_OK)
        status = document_put(&documents, &place.tenant, place.kind, &document, request->arena,
                              err);
    if (status == STATUS_OK)
        status = meta_document_get(share->services.meta, &place.tenant, place.kind, place.name,
                                   request->arena, &document, err);
    if (status != STATUS_OK)
        return status;
    add_head(&response->body, &place, &document);
    buf_add_byte(&response->body, '}');
    return buf_check(&response->body, err);
}

enum status share_document_remove(void *context, const struct http_request *request,
                                  struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct place place;
    enum status status = find_place(share, request, &place, err);

    if (status == STATUS_OK)
        status = share_record(share, request, place.removed, place.name, &place.tenant, err);
    if (status == STATUS_OK)
        status = meta_document_remove(share->services.meta, &place.tenant, place.kind, place.name,
                                      err);
    if (status == STATUS_OK)
        buf_add_text(&response->body, "{\"removed\":true}");
    return status;
}
