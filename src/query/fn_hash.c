/* SPDX-License-Identifier: Apache-2.0 */
/* fn_hash.c - hash() hash_md5() hash_sha256() ...: texts by their UTF-8 bytes,
 * whole numbers and times by their eight little-endian bytes (xxhash only;
 * the others take the text). */
#include "base/hash.h"
#include "base/text.h"
#include "query/fn_priv.h"

#include <openssl/evp.h>

static enum status hash_value(struct eval *eval, const struct value *value, uint64_t *ret,
                              struct error *err)
{
    struct slice text;

    if (value->type == TYPE_INT || value->type == TYPE_LONG || value->type == TYPE_DATETIME ||
        value->type == TYPE_TIMESPAN) {
        *ret = hash_xxh64(&value->integer, sizeof(value->integer), 0);
        return STATUS_OK;
    }
    if (value->type == TYPE_REAL) {
        *ret = hash_xxh64(&value->real, sizeof(value->real), 0);
        return STATUS_OK;
    }
    if (value->type == TYPE_GUID) {
        *ret = hash_xxh64(value->guid.bytes, sizeof(value->guid), 0);
        return STATUS_OK;
    }
    enum status status = value_text(eval->arena, value, &text, err);
    *ret = status == STATUS_OK ? hash_xxh64(text.data, text.size, 0) : 0;
    return status;
}

static enum status give_modulo(struct value *ret, uint64_t hash, const struct value *args,
                               uint32_t arg_count)
{
    int64_t signed_hash = (int64_t)hash;

    if (arg_count < 2)
        return give_long(ret, signed_hash);
    if (args[1].integer <= 0)
        return STATUS_OK;
    int64_t rest = signed_hash % args[1].integer;
    return give_long(ret, rest < 0 ? rest + args[1].integer : rest);
}

static enum status row_hash(ROW_PARAMETERS)
{
    uint64_t hash;
    enum status status = hash_value(eval, &args[0], &hash, err);

    return status == STATUS_OK ? give_modulo(ret, hash, args, arg_count) : status;
}
ROW_EVAL(row_hash, TYPE_LONG)
BIND(bind_hash, "al", TYPE_LONG)

/* As boost's hash_combine with 64 bits. */
static uint64_t combine(uint64_t seed, uint64_t hash)
{
    return seed ^ (hash + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2));
}

static enum status row_hash_combine(ROW_PARAMETERS)
{
    uint64_t hash = (uint64_t)args[0].integer;

    (void)eval, (void)err;
    for (uint32_t i = 1; i < arg_count; i++)
        hash = combine(hash, (uint64_t)args[i].integer);
    return give_long(ret, (int64_t)hash);
}
ROW_EVAL(row_hash_combine, TYPE_LONG)
BIND(bind_hash_combine, "l", TYPE_LONG)

static enum status row_hash_many(ROW_PARAMETERS)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < arg_count; i++) {
        uint64_t one;
        enum status status = hash_value(eval, &args[i], &one, err);
        if (status != STATUS_OK)
            return status;
        hash = i == 0 ? one : combine(hash, one);
    }
    return give_long(ret, (int64_t)hash);
}
ROW_EVAL(row_hash_many, TYPE_LONG)
BIND(bind_hash_many, "a", TYPE_LONG)

static enum status digest(struct eval *eval, const EVP_MD *kind, const struct value *value,
                          struct value *ret, struct error *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    struct slice text = SLICE("");
    struct buf buf;
    enum status status = value_text(eval->arena, value, &text, err);

    if (status != STATUS_OK)
        return status;
    if (text.size == 0) /* as the service has it */
        return give_bytes(ret, text);
    if (EVP_Digest(text.data, text.size, bytes, &size, kind, NULL) != 1)
        return ERROR_SET(err, STATUS_INVALID, "this hash is switched off on this system");
    text_start(&buf);
    text_add_hex(&buf, bytes, size);
    return give_buf(eval, &buf, ret, err);
}

#define DIGEST(NAME, KIND)                                                                         \
    static enum status row_hash_##NAME(ROW_PARAMETERS)                                             \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return digest(eval, KIND(), &args[0], ret, err);                                           \
    }                                                                                              \
    ROW_EVAL(row_hash_##NAME, TYPE_STRING)
DIGEST(md5, EVP_md5)
DIGEST(sha1, EVP_sha1)
DIGEST(sha256, EVP_sha256)
BIND(bind_digest, "a", TYPE_STRING)

#define HASH(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN, EVAL)                              \
    {.name = (NAME), .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),            \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##EVAL}

static const struct function functions[] = {
    HASH("hash", "hash(value [, modulo])", "the XXH64 hash of a value",
         "hash('World') == 1846988464401551951", 1, 2, bind_hash, hash),
    HASH("hash_xxhash64", "hash_xxhash64(value [, modulo])", "the XXH64 hash of a value",
         "hash_xxhash64('World') == 1846988464401551951", 1, 2, bind_hash, hash),
    HASH("hash_combine", "hash_combine(hash, hash [, ...])", "one hash from several",
         "hash_combine(1, 2) == hash_combine(1, 2)", 2, 64, bind_hash_combine, hash_combine),
    HASH("hash_many", "hash_many(value [, ...])", "one hash of several values",
         "hash_many('a', 'b') != hash_many('b', 'a')", 1, 64, bind_hash_many, hash_many),
    HASH("hash_md5", "hash_md5(value)", "the MD5 hash as hex digits",
         "hash_md5('World') == 'f5a7924e621e84c9280a9a27e1bcb7f6'", 1, 1, bind_digest, hash_md5),
    HASH("hash_sha1", "hash_sha1(value)", "the SHA-1 hash as hex digits",
         "hash_sha1('World') == '70c07ec18ef89c5309bbb0937f3a6342411e1fdd'", 1, 1, bind_digest,
         hash_sha1),
    HASH("hash_sha256", "hash_sha256(value)", "the SHA-256 hash as hex digits",
         "strlen(hash_sha256('World')) == 64", 1, 1, bind_digest, hash_sha256),
};

FUNCTION_FAMILY(hash, functions);
