/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: dbk_<32 hex id>_<43 base64url secret>_<8 hex crc32c of what stands
 * before>.  The check sum lets a scanner for leaked secrets recognise one and
 * saves the look-up for typing errors; it is no secret.  Only the SHA-256 of
 * the secret is kept: 256 random bits need no slow hash. */
#include "meta/meta_priv.h"

#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define ID_BYTES 32
#define SECRET_BYTES 43
#define CRC_BYTES 8
#define TEXT_BYTES (4 + ID_BYTES + 1 + SECRET_BYTES + 1 + CRC_BYTES)

_Static_assert(TEXT_BYTES < TOKEN_TEXT_BYTES, "a token fits its buffer");

#define REMOVED_AT_ONCE 100 /* of those that are not valid any more */

#define COLUMNS "id,tenant,role,name,only_table,created_us,expires_us,revoked_us"

static void write_text(const struct guid *id, const uint8_t secret[32],
                       char ret[TOKEN_TEXT_BYTES])
{
    struct buf buf;

    buf_init(&buf, TOKEN_TEXT_BYTES * 2);
    (void)buf_reserve(&buf, TOKEN_TEXT_BYTES); /* does not move: it is wiped where it is */
    buf_add_text(&buf, "dbk_");
    text_add_hex(&buf, id->bytes, sizeof(id->bytes));
    buf_add_byte(&buf, '_');
    text_add_base64(&buf, secret, 32);
    if (buf.failed) { /* no memory: no token */
        buf_release(&buf);
        ret[0] = '\0';
        return;
    }
    buf.size--; /* the padding */
    for (size_t i = 4 + ID_BYTES + 1; i < buf.size; i++) {
        if (buf.data[i] == '+')
            buf.data[i] = '-';
        else if (buf.data[i] == '/')
            buf.data[i] = '.';
    }
    uint32_t crc = hash_crc32c(0, buf.data, buf.size);
    buf_add_format(&buf, "_%08x", crc);
    (void)snprintf(ret, TOKEN_TEXT_BYTES, "%.*s", SLICE_FMT(buf_slice(&buf)));
    explicit_bzero(buf.data, buf.capacity);
    buf_release(&buf);
}

/* Splits a token text; false for anything malformed. */
static bool read_text(struct slice text, struct guid *ret_id, struct slice *ret_secret)
{
    if (text.size != TEXT_BYTES || !slice_starts_with(text, SLICE("dbk_")) ||
        text.data[4 + ID_BYTES] != '_' || text.data[TEXT_BYTES - CRC_BYTES - 1] != '_')
        return false;
    char crc[CRC_BYTES + 1];
    (void)snprintf(crc, sizeof(crc), "%08x", hash_crc32c(0, text.data, TEXT_BYTES - CRC_BYTES - 1));
    if (memcmp(crc, text.data + TEXT_BYTES - CRC_BYTES, CRC_BYTES) != 0)
        return false;
    *ret_secret = slice_from(text.data + 4 + ID_BYTES + 1, SECRET_BYTES);
    return text_parse_hex(slice_from(text.data + 4, ID_BYTES), ret_id->bytes,
                          sizeof(ret_id->bytes));
}

/* ---- how many ---- */

/* The oldest of the tenant that are not valid any more; the audit has them.  First those that
 * were revoked, which they are by any clock. */
static enum status remove_some(struct meta *meta, const struct guid *tenant, int64_t now_us,
                               struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status = meta_prepare(
        meta,
        "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens"
        " WHERE tenant=? AND (revoked_us<>0 OR expires_us<=?)"
        " ORDER BY revoked_us=0, created_us, id LIMIT ?)",
        &statement, err);

    if (status != STATUS_OK)
        return status;
    meta_bind_guid(statement, 1, tenant);
    (void)sqlite3_bind_int64(statement, 2, now_us);
    (void)sqlite3_bind_int(statement, 3, REMOVED_AT_ONCE);
    if (sqlite3_step(statement) != SQLITE_DONE)
        status = meta_fail(meta, "remove old tokens", err);
    (void)sqlite3_finalize(statement);
    return status;
}

/* One more of the tenant has room, or gets it. */
static enum status make_room(struct meta *meta, const struct guid *tenant, struct error *err)
{
    const int64_t now_us = clock_unix_us(meta->clock);
    sqlite3_stmt *statement = NULL;
    int64_t all = 0, valid = 0;
    enum status status = meta_prepare(
        meta,
        "SELECT count(*), count(*) FILTER (WHERE revoked_us=0 AND expires_us>?2) FROM tokens"
        " WHERE tenant=?1",
        &statement, err);

    if (status != STATUS_OK)
        return status;
    meta_bind_guid(statement, 1, tenant);
    (void)sqlite3_bind_int64(statement, 2, now_us);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        all = sqlite3_column_int64(statement, 0);
        valid = sqlite3_column_int64(statement, 1);
    } else {
        status = meta_fail(meta, "count tokens", err);
    }
    (void)sqlite3_finalize(statement);
    if (status == STATUS_OK && valid >= TENANT_TOKENS_MAX) {
        (void)ERROR_SET(err, STATUS_LIMIT,
                        "%lld tokens are valid, the most is %u; revoke one before another comes",
                        (long long)valid, TENANT_TOKENS_MAX);
        return error_code(err, META_TOKEN_QUOTA);
    }
    return status == STATUS_OK && all >= TENANT_TOKENS_MAX
               ? remove_some(meta, tenant, now_us, err)
               : status;
}

/* ---- tokens ---- */

static enum status insert(struct meta *meta, const struct meta_token *token,
                          const struct guid *id, const uint8_t secret_sha256[32],
                          struct error *err)
{
    sqlite3_stmt *statement = NULL;
    enum status status =
        meta_prepare(meta, "INSERT INTO tokens VALUES(?,?,?,?,?,?,?,?,0)", &statement, err);

    if (status != STATUS_OK)
        return status;
    meta_bind_guid(statement, 1, id);
    (void)sqlite3_bind_blob(statement, 2, secret_sha256, 32, SQLITE_STATIC);
    meta_bind_guid(statement, 3, &token->tenant);
    (void)sqlite3_bind_int(statement, 4, (int)token->role);
    meta_bind_text(statement, 5, token->name);
    meta_bind_text(statement, 6, token->table);
    (void)sqlite3_bind_int64(statement, 7, clock_unix_us(meta->clock));
    (void)sqlite3_bind_int64(statement, 8, token->expires_us);
    if (sqlite3_step(statement) != SQLITE_DONE)
        status = meta_fail(meta, "add a token", err);
    (void)sqlite3_finalize(statement);
    return status;
}

enum status meta_token_check_names(const struct meta_token *token, struct error *err)
{
    if (token->name.size > TOKEN_NAME_BYTES_MAX || token->table.size > TABLE_NAME_BYTES_MAX)
        return ERROR_SET(err, STATUS_INVALID,
                         "a token's name has at most %d bytes, its table's name %d",
                         TOKEN_NAME_BYTES_MAX, TABLE_NAME_BYTES_MAX);
    return text_has_control(token->name) || text_has_control(token->table)
               ? ERROR_SET(err, STATUS_INVALID, "a token's name has no control characters")
               : STATUS_OK;
}

enum status meta_token_add(struct meta *meta, const struct meta_token *token,
                           char ret_text[TOKEN_TEXT_BYTES], struct guid *ret_id,
                           struct error *err)
{
    struct guid id = guid_is_zero(&token->id) ? guid_new() : token->id, parsed;
    uint8_t secret[32], sha256[32];
    char text[TOKEN_TEXT_BYTES];
    struct slice secret_text;
    enum status status = meta_token_check_names(token, err);

    if (status != STATUS_OK)
        return status;
    random_bytes(secret, sizeof(secret));
    write_text(&id, secret, text);
    OPENSSL_cleanse(secret, sizeof(secret));
    if (!read_text(slice_of(text), &parsed, &secret_text))
        return ERROR_MEMORY(err);
    (void)SHA256((const unsigned char *)secret_text.data, secret_text.size, sha256);
    meta_lock(meta);
    status = make_room(meta, &token->tenant, err);
    if (status == STATUS_OK)
        status = insert(meta, token, &id, sha256, err);
    meta_unlock(meta);
    if (status == STATUS_OK) {
        memcpy(ret_text, text, sizeof(text));
        *ret_id = id;
    }
    OPENSSL_cleanse(text, sizeof(text));
    return status;
}

static void cache_put(struct meta *meta, const uint8_t sha256[32], const struct meta_token *token)
{
    struct token_cache_entry *entry = &meta->cache[sha256[0] % TOKEN_CACHE_SLOTS];

    *entry = (struct token_cache_entry){
        .id = token->id,
        .tenant = token->tenant,
        .role = token->role,
        .expires_us = token->expires_us,
        .checked_us = clock_monotonic_us(meta->clock),
    };
    memcpy(entry->text_sha256, sha256, 32);
    (void)snprintf(entry->name, sizeof(entry->name), "%.*s", SLICE_FMT(token->name));
    (void)snprintf(entry->table, sizeof(entry->table), "%.*s", SLICE_FMT(token->table));
}

static bool cache_get(struct meta *meta, const uint8_t sha256[32], struct arena *arena,
                      struct meta_token *ret, struct error *err)
{
    const struct token_cache_entry *entry = &meta->cache[sha256[0] % TOKEN_CACHE_SLOTS];

    if (CRYPTO_memcmp(entry->text_sha256, sha256, 32) != 0 || entry->checked_us == 0 ||
        clock_monotonic_us(meta->clock) - entry->checked_us > 1000000)
        return false;
    *ret = (struct meta_token){
        .id = entry->id,
        .tenant = entry->tenant,
        .role = entry->role,
        .expires_us = entry->expires_us,
        .name = arena_copy(arena, slice_of(entry->name), err),
        .table = arena_copy(arena, slice_of(entry->table), err),
    };
    return ret->name.data != NULL && ret->table.data != NULL;
}

static enum status read_row(sqlite3_stmt *statement, struct arena *arena, void *ret_token,
                            struct error *err)
{
    struct meta_token *ret = ret_token;

    ret->id = meta_column_guid(statement, 0);
    ret->tenant = meta_column_guid(statement, 1);
    ret->role = (uint32_t)sqlite3_column_int(statement, 2);
    ret->name = meta_column_text(statement, 3, arena, err);
    ret->table = meta_column_text(statement, 4, arena, err);
    ret->created_us = sqlite3_column_int64(statement, 5);
    ret->expires_us = sqlite3_column_int64(statement, 6);
    ret->revoked_us = sqlite3_column_int64(statement, 7);
    return ret->name.data == NULL || ret->table.data == NULL ? err->status : STATUS_OK;
}

/* Reads the row of `id` and compares the secret; STATUS_DENIED for any mismatch. */
static enum status look_up(struct meta *meta, const struct guid *id, struct slice secret,
                           struct meta_token *ret, struct arena *arena, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    uint8_t sha256[32];
    enum status status = meta_prepare(
        meta, "SELECT " COLUMNS ",secret_sha256 FROM tokens WHERE id=?", &statement, err);

    if (status != STATUS_OK)
        return status;
    (void)SHA256((const unsigned char *)secret.data, secret.size, sha256);
    meta_bind_guid(statement, 1, id);
    int step = sqlite3_step(statement);
    if (step == SQLITE_ROW && sqlite3_column_bytes(statement, 8) == 32 &&
        CRYPTO_memcmp(sqlite3_column_blob(statement, 8), sha256, 32) == 0)
        status = read_row(statement, arena, ret, err);
    else if (step == SQLITE_ROW || step == SQLITE_DONE)
        status = ERROR_SET(err, STATUS_DENIED, "the token is not valid");
    else
        status = meta_fail(meta, "check a token", err);
    (void)sqlite3_finalize(statement);
    /* A release made such, which would be for all tables as nothing stands before the NUL. */
    bool is_odd = status == STATUS_OK && text_has_control(ret->table);
    if (status == STATUS_OK && (ret->revoked_us != 0 || is_odd))
        status = ERROR_SET(err, STATUS_DENIED, "the token is not valid");
    return status;
}

enum status meta_token_check(struct meta *meta, struct slice text, struct meta_token *ret,
                             struct arena *arena, struct error *err)
{
    struct guid id;
    struct slice secret;
    uint8_t sha256[32];
    enum status status = STATUS_OK;

    if (!read_text(text, &id, &secret))
        return ERROR_SET(err, STATUS_DENIED, "the token is not valid");
    (void)SHA256((const unsigned char *)text.data, text.size, sha256);
    meta_lock(meta);
    if (!cache_get(meta, sha256, arena, ret, err)) {
        status = look_up(meta, &id, secret, ret, arena, err);
        if (status == STATUS_OK)
            cache_put(meta, sha256, ret);
    }
    meta_unlock(meta);
    if (status == STATUS_OK && ret->expires_us <= clock_unix_us(meta->clock))
        status = ERROR_SET(err, STATUS_DENIED, "the token is not valid");
    return status;
}

bool meta_token_has_ended(struct meta *meta, const struct guid *id)
{
    sqlite3_stmt *statement = NULL;
    bool has_ended = false;
    struct error ignored;

    meta_lock(meta);
    if (meta_prepare(meta, "SELECT revoked_us,expires_us FROM tokens WHERE id=?", &statement,
                     &ignored) == STATUS_OK) {
        meta_bind_guid(statement, 1, id);
        int step = sqlite3_step(statement);
        has_ended = step == SQLITE_DONE ||
                    (step == SQLITE_ROW &&
                     (sqlite3_column_int64(statement, 0) != 0 ||
                      sqlite3_column_int64(statement, 1) <= clock_unix_us(meta->clock)));
    }
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    return has_ended;
}

enum status meta_token_find(struct meta *meta, const struct guid *id, struct arena *arena,
                            struct meta_token *ret, struct error *err)
{
    sqlite3_stmt *statement = NULL;

    meta_lock(meta);
    enum status status =
        meta_prepare(meta, "SELECT " COLUMNS " FROM tokens WHERE id=?", &statement, err);
    if (status == STATUS_OK) {
        meta_bind_guid(statement, 1, id);
        int step = sqlite3_step(statement);
        status = step == SQLITE_ROW ? read_row(statement, arena, ret, err)
                 : step == SQLITE_DONE
                     ? ERROR_SET(err, STATUS_NOT_FOUND, "there is no such token")
                     : meta_fail(meta, "find a token", err);
    }
    (void)sqlite3_finalize(statement);
    meta_unlock(meta);
    return status;
}

enum status meta_token_list(struct meta *meta, const struct guid *tenant, struct arena *arena,
                            struct meta_token **ret, uint32_t *ret_count, struct error *err)
{
    const struct meta_list list = {
        .sql = tenant == NULL ? "SELECT " COLUMNS ", (SELECT count(*) FROM tokens) FROM tokens"
                                " ORDER BY created_us, id"
                              : "SELECT " COLUMNS ", (SELECT count(*) FROM tokens WHERE tenant=?1)"
                                " FROM tokens WHERE tenant=?1 ORDER BY created_us, id",
        .bound = tenant,
        .what = "list the tokens",
        .row_bytes = sizeof(**ret),
        .read_row = read_row,
    };
    void *rows;
    enum status status = meta_read_list(meta, &list, arena, &rows, ret_count, err);

    *ret = rows;
    return status;
}

enum status meta_token_revoke(struct meta *meta, const struct guid *id, struct error *err)
{
    sqlite3_stmt *statement = NULL;

    meta_lock(meta);
    enum status status = meta_prepare(
        meta, "UPDATE tokens SET revoked_us=? WHERE id=? AND revoked_us=0", &statement, err);
    if (status == STATUS_OK) {
        (void)sqlite3_bind_int64(statement, 1, clock_unix_us(meta->clock));
        meta_bind_guid(statement, 2, id);
        if (sqlite3_step(statement) != SQLITE_DONE)
            status = meta_fail(meta, "revoke a token", err);
        else if (sqlite3_changes(meta->db) == 0)
            status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no such token to revoke");
    }
    (void)sqlite3_finalize(statement);
    memset(meta->cache, 0, sizeof(meta->cache)); /* takes effect at once */
    meta_unlock(meta);
    return status;
}
