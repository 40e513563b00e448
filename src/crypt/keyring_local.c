/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_local.c - see keyring_local.h; the bytes are in docs/format/keyring.md.
 *
 * Invariants:
 * 1. A tenant is in `index` only after its record is synced, in each file that is open.
 * 2. After a failed write or sync no record is written any more (`failed`):
 *    what the files hold then is known only after it is opened again.  A write that
 *    found no space is none: no key of that record was given out, and the next one
 *    takes its place.
 * 3. tenants[i] and secrets[i] belong together; secrets live in locked pages.
 * 4. `lock` guards everything but io, kek and host, which do not change. */
#include "crypt/keyring_local.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/random.h"
#include "base/text.h"
#include "base/twin.h"
#include "crypt/aead.h"
#include "crypt/hash.h"
#include "crypt/receipt.h"
#include "crypt/secret.h"
#include "crypt/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "DBKEYR1"
#define MAGIC_BYTES 8 /* with the NUL */
#define RECORD_MAGIC "KRT1"
#define KEYRING_BYTES_MAX (256 * MIB) /* a million tenants */
#define FORMAT_VERSION 1
#define HEADER_BYTES 512
#define HOST_BYTES_MAX 255
#define RECORD_BYTES 256
#define RECORD_OPEN_BYTES 72 /* of a record, authenticated but not secret */
#define RECORD_NUMBER_AT 176
#define KEK_TEXT_BYTES 65    /* 64 hex digits and a line feed */
#define ORIGIN_MIDDLE "/tlog/"
#define SIGNERS_MAX 16384u /* key objects kept; further ones are made for each use */
#define LIBRARY_SECRET_BYTES (4 * MIB) /* a power of two; a key object takes 32 bytes of it */

struct tenant_secret {
    struct key key;
    uint8_t seed[SIGN_SEED_BYTES];
};

struct tenant_entry {
    struct guid tenant;
    uint8_t log_id[16];
    uint8_t public_key[PUBLIC_KEY_BYTES];
    struct signer *signer; /* made at the first use */
};

struct local {
    struct keyring keyring; /* first */
    struct io_file *file, *copy; /* one is NULL if there was no space to mend it */
    struct key *kek; /* secret page */
    char host[HOST_BYTES_MAX + 1];
    pthread_rwlock_t lock;
    struct map index; /* tenant -> place in tenants */
    struct tenant_entry *tenants;
    struct tenant_secret *secrets;
    size_t tenant_count, tenant_capacity;
    size_t signer_count;
    uint8_t last[RECORD_BYTES]; /* at the start, while it is_owed: to be written once more */
    bool is_owed;
    bool failed;
};

/* ---- the key-encryption key ---- */

/* A new file is there after a power loss only if its directory is synced. */
static enum status sync_parent(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash == NULL ? slice_dup(SLICE("."))
                                 : slice_dup(slice_from(path, (size_t)(slash - path) + 1));

    if (parent == NULL)
        return ERROR_MEMORY(err);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = STATUS_OK;
    if (fd < 0 || fsync(fd) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot sync directory '%s'", parent);
    if (fd >= 0)
        (void)close(fd);
    free(parent);
    return status;
}

/* Whoever made it, perhaps an attempt that failed or was killed: what is read may be in memory
 * alone, and all is wrapped with it.  A place where nothing can be synced (another one's file
 * system, read-only), or a directory that may only be passed through, is left to who chose it. */
static enum status kek_sync(const char *path, struct error *err)
{
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return STATUS_OK; /* kek_read() says why */
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        status = ERROR_SET(err, STATUS_IO, "cannot sync key file '%s'", path);
    (void)close(fd);
    if (status == STATUS_OK)
        status = sync_parent(path, err);
    return status == STATUS_IO && (err->os_errno == EACCES || err->os_errno == EROFS) ? STATUS_OK
                                                                                     : status;
}

static enum status kek_create(const char *path, struct error *err)
{
    struct key key;
    struct buf text;
    enum status status = STATUS_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);

    if (fd < 0)
        return errno == EEXIST ? kek_sync(path, err)
                               : ERROR_SET(err, STATUS_IO, "cannot create key file '%s'", path);
    random_bytes(&key, sizeof(key));
    buf_init(&text, KEK_TEXT_BYTES);
    text_add_hex(&text, &key, sizeof(key));
    buf_add_byte(&text, '\n');
    if (buf_check(&text, err) != STATUS_OK)
        status = err->status;
    else if (write(fd, text.data, text.size) != (ssize_t)text.size || fsync(fd) != 0)
        status = ERROR_SET(err, STATUS_IO, "cannot write key file '%s'", path);
    OPENSSL_cleanse(&key, sizeof(key));
    if (text.data != NULL)
        OPENSSL_cleanse(text.data, text.size);
    buf_release(&text);
    (void)close(fd);
    if (status == STATUS_OK)
        return sync_parent(path, err);
    (void)unlink(path); /* half a key would stand in the way of the next try */
    return status;
}

static enum status kek_read(const char *path, struct key *ret, struct error *err)
{
    char text[KEK_TEXT_BYTES + 1];
    enum status status = STATUS_OK;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return ERROR_SET(err, STATUS_NOT_FOUND,
                         "there is no key file '%s', without which nothing can be read; is its "
                         "disk there?",
                         path);
    if (fd < 0)
        return ERROR_SET(err, STATUS_IO, "cannot open key file '%s'", path);
    ssize_t size = read(fd, text, sizeof(text));
    if (fstat(fd, &st) != 0 || size < 0)
        status = ERROR_SET(err, STATUS_IO, "cannot read key file '%s'", path);
    else if ((st.st_mode & 077) != 0)
        status = ERROR_SET(err, STATUS_DENIED,
                           "key file '%s' is open to others (mode %04o), want 0400", path,
                           (unsigned)st.st_mode & 07777);
    else if (size != KEK_TEXT_BYTES || text[KEK_TEXT_BYTES - 1] != '\n' ||
             !text_parse_hex(slice_from(text, 2 * KEY_BYTES), ret->bytes, KEY_BYTES))
        status = ERROR_SET(err, STATUS_CORRUPT, "key file '%s' is not 64 hex digits and a newline",
                           path);
    OPENSSL_cleanse(text, sizeof(text));
    (void)close(fd);
    return status;
}

/* ---- the header ---- */

static bool host_is_valid(struct slice host)
{
    for (size_t i = 0; i < host.size; i++) {
        char c = host.data[i];
        bool digit = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'z';
        if (!digit && !lower && c != '.' && c != '-' && c != ':')
            return false;
    }
    return host.size >= 1 && host.size <= HOST_BYTES_MAX;
}

/* Offsets: 0 magic, 8 version, 12 host size, 16 host (256), 272 sealed nothing
 * (40), then zero, 508 checksum. */
#define HEADER_PROOF_AT 272

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static enum status header_write(struct slice host, const struct key *kek,
                                uint8_t ret[HEADER_BYTES], struct error *err)
{
    struct buf buf;

    buf_init(&buf, HEADER_BYTES);
    buf_add(&buf, MAGIC, MAGIC_BYTES);
    buf_put_u32(&buf, FORMAT_VERSION);
    buf_put_u32(&buf, (uint32_t)host.size);
    buf_add_slice(&buf, host);
    enum status status = buf_check(&buf, err);
    if (status != STATUS_OK)
        goto out;
    memset(ret, 0, HEADER_BYTES);
    memcpy(ret, buf.data, buf.size);
    struct slice place = {(const char *)ret, HEADER_PROOF_AT};
    status = aead_seal_to(kek, place, SLICE(""), ret + HEADER_PROOF_AT, err);
    put_u32(ret + HEADER_BYTES - 4, hash_crc32c(0, ret, HEADER_BYTES - 4));
out:
    buf_release(&buf);
    return status;
}

static uint32_t get_u32(const uint8_t *at)
{
    struct reader r = reader_from(at, 4);

    return reader_u32(&r);
}

static bool checksum_is_right(const uint8_t *data, size_t size)
{
    return get_u32(data + size - 4) == hash_crc32c(0, data, size - 4);
}

static enum status header_read(struct local *local, const uint8_t header[HEADER_BYTES],
                               struct error *err)
{
    struct reader r = reader_from(header, HEADER_BYTES);
    (void)reader_bytes(&r, MAGIC_BYTES); /* checked, like the checksum */
    uint32_t version = reader_u32(&r), host_size = reader_u32(&r);
    struct slice host = reader_bytes(&r, host_size);
    uint8_t none[1];

    if (r.failed || !host_is_valid(host))
        return ERROR_SET(err, STATUS_CORRUPT, "header of '" KEYRING_PATH "' is damaged");
    if (version != FORMAT_VERSION)
        return ERROR_SET(err, STATUS_CORRUPT, "'" KEYRING_PATH "' has format %u, want %d", version,
                         FORMAT_VERSION);
    struct slice place = {(const char *)header, HEADER_PROOF_AT};
    struct slice proof = {(const char *)header + HEADER_PROOF_AT, AEAD_OVERHEAD_BYTES};
    if (aead_open_to(local->kek, place, proof, none, err) != STATUS_OK)
        return ERROR_SET(err, err->status,
                         "'" KEYRING_PATH "' was made with another key-encryption key: the key "
                         "file is another one or was changed; put the right one in its place");
    memcpy(local->host, host.data, host.size);
    local->host[host.size] = '\0';
    return STATUS_OK;
}

/* ---- records ---- */

static struct slice record_place(const struct local *local, const uint8_t *record,
                                 uint8_t room[RECORD_OPEN_BYTES + HOST_BYTES_MAX])
{
    size_t host_size = strlen(local->host);

    memcpy(room, record, RECORD_OPEN_BYTES);
    memcpy(room + RECORD_OPEN_BYTES, local->host, host_size);
    return (struct slice){(const char *)room, RECORD_OPEN_BYTES + host_size};
}

static enum status record_write(const struct local *local, const struct tenant_entry *entry,
                                const struct tenant_secret *secret, uint8_t ret[RECORD_BYTES],
                                struct error *err)
{
    uint8_t room[RECORD_OPEN_BYTES + HOST_BYTES_MAX];

    memset(ret, 0, RECORD_BYTES);
    memcpy(ret, RECORD_MAGIC, 4);
    ret[4] = 1; /* version of the tenant's key, little-endian */
    memcpy(ret + 8, entry->tenant.bytes, 16);
    memcpy(ret + 24, entry->log_id, 16);
    memcpy(ret + 40, entry->public_key, PUBLIC_KEY_BYTES);
    struct slice plain = {(const char *)secret, sizeof(*secret)};
    enum status status = aead_seal_to(local->kek, record_place(local, ret, room), plain,
                                      ret + RECORD_OPEN_BYTES, err);
    put_u32(ret + RECORD_NUMBER_AT, (uint32_t)local->tenant_count + 1);
    put_u32(ret + RECORD_BYTES - 4, hash_crc32c(0, ret, RECORD_BYTES - 4));
    return status;
}

static enum status grow(struct local *local, size_t want, struct error *err)
{
    size_t capacity = local->tenant_capacity > 0 ? local->tenant_capacity : 64;

    if (want <= local->tenant_capacity)
        return STATUS_OK;
    while (capacity < want)
        capacity *= 2;
    struct tenant_secret *secrets = secret_alloc(capacity * sizeof(*secrets), NULL, err);
    if (secrets == NULL)
        return err->status;
    struct tenant_entry *tenants = realloc(local->tenants, capacity * sizeof(*tenants));
    if (tenants == NULL) {
        secret_free(secrets, capacity * sizeof(*secrets));
        return ERROR_MEMORY(err);
    }
    if (local->tenant_count > 0)
        memcpy(secrets, local->secrets, local->tenant_count * sizeof(*secrets));
    secret_free(local->secrets, local->tenant_capacity * sizeof(*secrets));
    local->tenants = tenants;
    local->secrets = secrets;
    local->tenant_capacity = capacity;
    return STATUS_OK;
}

/* Room must be there (grow()). */
static enum status add_tenant(struct local *local, const struct tenant_entry *entry,
                              const struct tenant_secret *secret, struct error *err)
{
    struct map_entry *slot = map_put(&local->index, guid_slice(&entry->tenant), NULL, err);

    if (slot == NULL)
        return err->status;
    CHECK(local->tenant_count < local->tenant_capacity);
    slot->value = local->tenant_count;
    local->tenants[local->tenant_count] = *entry;
    local->secrets[local->tenant_count] = *secret;
    local->tenant_count++;
    return STATUS_OK;
}

static enum status record_read(struct local *local, const uint8_t record[RECORD_BYTES],
                               uint64_t offset, struct error *err)
{
    struct slice sealed = {(const char *)record + RECORD_OPEN_BYTES,
                           sizeof(struct tenant_secret) + AEAD_OVERHEAD_BYTES};
    uint8_t room[RECORD_OPEN_BYTES + HOST_BYTES_MAX];
    struct tenant_entry entry = {0};
    struct tenant_secret secret;
    enum status status = STATUS_CORRUPT;

    memcpy(entry.tenant.bytes, record + 8, 16);
    memcpy(entry.log_id, record + 24, 16);
    memcpy(entry.public_key, record + 40, PUBLIC_KEY_BYTES);
    if (map_find(&local->index, guid_slice(&entry.tenant)) != NULL)
        status = ERROR_SET(err, STATUS_CORRUPT,
                           "'" KEYRING_PATH "' has a tenant twice, at offset %llu",
                           (unsigned long long)offset);
    else if (aead_open_to(local->kek, record_place(local, record, room), sealed,
                          (uint8_t *)&secret, err) != STATUS_OK)
        status = error_wrap(err, "'" KEYRING_PATH "' at offset %llu", (unsigned long long)offset);
    else
        status = add_tenant(local, &entry, &secret, err);
    OPENSSL_cleanse(&secret, sizeof(secret));
    return status;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    uint8_t any = 0;

    for (size_t i = 0; i < size; i++)
        any |= data[i];
    return any == 0;
}

/* A disk may put a record in the place of another one, and what is left looks whole: the sound
 * file of the two would be overwritten with it.  Older programs wrote no number. */
static bool is_in_place(const uint8_t *record, size_t i)
{
    uint32_t number = get_u32(record + RECORD_NUMBER_AT);

    return number == 0 || number == i + 1;
}

/* twin_check: checksums only, so it wants no keys.  A record lies within one sector, so
 * a creation cut short leaves a short or an empty last record; it was never
 * acknowledged, does not count, and is overwritten. */
static enum status check_bytes(void *context, struct slice *bytes, struct error *err)
{
    const uint8_t *data = (const uint8_t *)bytes->data;

    (void)context;
    if (bytes->size < HEADER_BYTES || memcmp(data, MAGIC, MAGIC_BYTES) != 0 ||
        !checksum_is_right(data, HEADER_BYTES))
        return ERROR_SET(err, STATUS_CORRUPT, "header of '" KEYRING_PATH "' is damaged");
    size_t count = (bytes->size - HEADER_BYTES) / RECORD_BYTES;
    if (count > 0 && is_zero(data + HEADER_BYTES + (count - 1) * RECORD_BYTES, RECORD_BYTES))
        count--;
    bytes->size = HEADER_BYTES + count * RECORD_BYTES;
    for (size_t i = 0; i < count; i++) {
        size_t offset = HEADER_BYTES + i * RECORD_BYTES;
        if (!checksum_is_right(data + offset, RECORD_BYTES) ||
            memcmp(data + offset, RECORD_MAGIC, 4) != 0 || !is_in_place(data + offset, i))
            return ERROR_SET(err, STATUS_CORRUPT, "'" KEYRING_PATH "' is damaged at offset %zu",
                             offset);
    }
    return STATUS_OK;
}

/* The bytes passed check_bytes(). */
static enum status read_all(struct local *local, struct slice bytes, struct error *err)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    size_t count = (bytes.size - HEADER_BYTES) / RECORD_BYTES;
    enum status status = header_read(local, data, err);

    if (status == STATUS_OK)
        status = grow(local, count, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        size_t offset = HEADER_BYTES + i * RECORD_BYTES;
        status = record_read(local, data + offset, offset, err);
    }
    return status;
}

static enum status put_record(struct io_file *file, uint64_t offset,
                             const uint8_t record[RECORD_BYTES], struct error *err)
{
    if (file == NULL) /* the next start makes it from the other */
        return STATUS_OK;
    enum status status = io_write_at(file, offset, record, RECORD_BYTES, err);
    return status == STATUS_OK ? io_sync(file, err) : status;
}

/* The last one was read, but where the sync of its creation failed it is in memory alone, and no
 * further sync writes it: what comes behind it would stand behind a hole after a power cut.  A
 * disk that has no space for it is no reason to refuse a start, but nothing is put behind it. */
static enum status renew_last(struct local *local, struct error *err)
{
    uint64_t offset = HEADER_BYTES + (uint64_t)(local->tenant_count - 1) * RECORD_BYTES;
    enum status status = put_record(local->file, offset, local->last, err);

    if (status == STATUS_OK)
        status = put_record(local->copy, offset, local->last, err);
    local->is_owed = status == STATUS_FULL;
    return status;
}

static enum status load_files(struct local *local, struct io *io, struct error *err)
{
    enum twin_sound sound = TWIN_IN_BOTH;
    struct buf bytes;

    buf_init(&bytes, KEYRING_BYTES_MAX);
    enum status status = twin_load(io, KEYRING_PATH, check_bytes, NULL, &bytes, &sound, err);
    if (status == STATUS_NOT_FOUND) {
        status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no keyring '" KEYRING_PATH "'");
    } else if (status == STATUS_CORRUPT) {
        struct error damage = *err; /* its text is gone when the new one is written */
        status = ERROR_SET(err, STATUS_CORRUPT,
                           "%s; put one of the two back from a backup: no record can be read "
                           "without it",
                           damage.text);
    }
    if (status == STATUS_OK)
        status = read_all(local, buf_slice(&bytes), err);
    if (status == STATUS_OK && sound != TWIN_IN_COPY)
        status = io_open(io, KEYRING_PATH, IO_WRITE, &local->file, err);
    if (status == STATUS_OK && sound != TWIN_IN_NAME)
        status = io_open(io, KEYRING_PATH TWIN_COPY, IO_WRITE, &local->copy, err);
    if (status == STATUS_OK && local->tenant_count > 0) {
        memcpy(local->last, bytes.data + bytes.size - RECORD_BYTES, RECORD_BYTES);
        status = renew_last(local, err);
        status = status == STATUS_FULL ? STATUS_OK : status;
    }
    buf_release(&bytes);
    return status;
}

/* ---- the operations ---- */

static struct local *local_of(struct keyring *keyring)
{
    return (struct local *)keyring;
}

static enum status find(const struct local *local, const struct guid *tenant, size_t *ret,
                        struct error *err)
{
    const struct map_entry *slot = map_find(&local->index, guid_slice(tenant));

    if (slot == NULL)
        return ERROR_SET(err, STATUS_NOT_FOUND, "the keyring has no keys for this tenant");
    *ret = (size_t)slot->value;
    return STATUS_OK;
}

static enum status append_record(struct local *local, const uint8_t record[RECORD_BYTES],
                                 struct error *err)
{
    uint64_t offset = HEADER_BYTES + (uint64_t)local->tenant_count * RECORD_BYTES;
    enum status status = local->is_owed ? renew_last(local, err) : STATUS_OK;

    if (status == STATUS_OK)
        status = put_record(local->file, offset, record, err);
    if (status == STATUS_OK) /* after it: twin.h */
        status = put_record(local->copy, offset, record, err);
    if (status != STATUS_OK && status != STATUS_FULL)
        local->failed = true; /* invariant 2 */
    return status;
}

static enum status create_locked(struct local *local, const struct guid *tenant,
                                 struct error *err)
{
    struct tenant_entry entry = {.tenant = *tenant};
    struct tenant_secret secret;
    uint8_t record[RECORD_BYTES];
    struct signer *signer = NULL;
    enum status status = STATUS_OK;

    if (map_find(&local->index, guid_slice(tenant)) != NULL)
        return ERROR_SET(err, STATUS_CONFLICT, "the tenant has keys already");
    if (local->failed)
        return ERROR_SET(err, STATUS_BUSY, "the keyring failed to write before; restart it");
    random_bytes(&secret, sizeof(secret));
    random_bytes(entry.log_id, sizeof(entry.log_id));
    signer = signer_new(secret.seed, err);
    status = signer == NULL ? err->status : signer_public(signer, entry.public_key, err);
    if (status == STATUS_OK)
        status = grow(local, local->tenant_count + 1, err);
    if (status == STATUS_OK)
        status = record_write(local, &entry, &secret, record, err);
    if (status == STATUS_OK)
        status = append_record(local, record, err);
    if (status == STATUS_OK)
        status = add_tenant(local, &entry, &secret, err);
    OPENSSL_cleanse(&secret, sizeof(secret));
    signer_free(signer);
    return status;
}

static enum status local_create_tenant(struct keyring *keyring, const struct guid *tenant,
                                       struct error *err)
{
    struct local *local = local_of(keyring);

    (void)pthread_rwlock_wrlock(&local->lock);
    enum status status = create_locked(local, tenant, err);
    (void)pthread_rwlock_unlock(&local->lock);
    return status;
}

static enum status local_tenant_key(struct keyring *keyring, const struct guid *tenant,
                                    enum key_purpose purpose, struct key *ret, struct error *err)
{
    static const char *const labels[KEY_PURPOSE_COUNT_] = {
        [KEY_PURPOSE_WAL] = "wal",   [KEY_PURPOSE_SEG] = "seg",   [KEY_PURPOSE_INDEX] = "idx",
        [KEY_PURPOSE_IDEM] = "idem", [KEY_PURPOSE_TLOG] = "tlog", [KEY_PURPOSE_DOC] = "doc",
    };
    struct local *local = local_of(keyring);
    uint8_t info[64];
    size_t at = 0;

    CHECK((unsigned)purpose < KEY_PURPOSE_COUNT_);
    size_t label_size = strlen(labels[purpose]) + 1;
    memcpy(info, "daybook/key/v1", 15);
    memcpy(info + 15, labels[purpose], label_size);
    memcpy(info + 15 + label_size, tenant->bytes, 16);
    (void)pthread_rwlock_rdlock(&local->lock);
    enum status status = find(local, tenant, &at, err);
    if (status == STATUS_OK)
        hkdf_expand_sha256(local->secrets[at].key.bytes,
                           slice_from((const char *)info, 15 + label_size + 16), ret->bytes,
                           KEY_BYTES);
    (void)pthread_rwlock_unlock(&local->lock);
    return status;
}

static enum status local_tenants(struct keyring *keyring, uint64_t place,
                                 struct guid ret[KEYRING_TENANTS_MAX], uint32_t *ret_count,
                                 struct error *err)
{
    struct local *local = local_of(keyring);

    (void)err;
    *ret_count = 0;
    (void)pthread_rwlock_rdlock(&local->lock);
    for (; place < local->tenant_count && *ret_count < KEYRING_TENANTS_MAX; place++)
        ret[(*ret_count)++] = local->tenants[place].tenant;
    (void)pthread_rwlock_unlock(&local->lock);
    return STATUS_OK;
}

static void add_origin(const struct local *local, size_t at, struct buf *ret)
{
    buf_add_text(ret, local->host);
    buf_add_text(ret, ORIGIN_MIDDLE);
    text_add_hex(ret, local->tenants[at].log_id, sizeof(local->tenants[at].log_id));
}

static enum status local_log_identity(struct keyring *keyring, const struct guid *tenant,
                                      struct buf *ret_origin, uint8_t ret_public[PUBLIC_KEY_BYTES],
                                      struct error *err)
{
    struct local *local = local_of(keyring);
    size_t at = 0;

    (void)pthread_rwlock_rdlock(&local->lock);
    enum status status = find(local, tenant, &at, err);
    if (status == STATUS_OK) {
        add_origin(local, at, ret_origin);
        memcpy(ret_public, local->tenants[at].public_key, PUBLIC_KEY_BYTES);
        status = buf_check(ret_origin, err);
    }
    (void)pthread_rwlock_unlock(&local->lock);
    return status;
}

/* Makes the signer of a tenant if it has none and there is room for one more. */
static enum status prepare_signer(struct local *local, const struct guid *tenant,
                                  struct error *err)
{
    size_t at = 0;

    (void)pthread_rwlock_wrlock(&local->lock);
    enum status status = find(local, tenant, &at, err);
    if (status == STATUS_OK && local->tenants[at].signer == NULL &&
        local->signer_count < SIGNERS_MAX) {
        local->tenants[at].signer = signer_new(local->secrets[at].seed, err);
        if (local->tenants[at].signer != NULL)
            local->signer_count++;
        else
            status = err->status;
    }
    (void)pthread_rwlock_unlock(&local->lock);
    return status;
}

static enum status sign_locked(const struct local *local, size_t at,
                               const struct receipt_fields *fields, struct buf *ret,
                               struct error *err)
{
    const struct tenant_entry *entry = &local->tenants[at];
    struct signer *made = NULL;
    struct buf origin;
    enum status status = STATUS_OK;

    buf_init(&origin, ORIGIN_BYTES_MAX);
    add_origin(local, at, &origin);
    if (entry->signer == NULL) {
        made = signer_new(local->secrets[at].seed, err);
        if (made == NULL)
            status = err->status;
    }
    if (status == STATUS_OK)
        status = receipt_add(ret, buf_slice(&origin), fields,
                             entry->signer != NULL ? entry->signer : made, entry->public_key, err);
    signer_free(made);
    buf_release(&origin);
    return status;
}

static enum status local_sign_receipt(struct keyring *keyring, const struct guid *tenant,
                                      const struct receipt_fields *fields, struct buf *ret,
                                      struct error *err)
{
    struct local *local = local_of(keyring);
    size_t at = 0;
    bool bare = false;

    (void)pthread_rwlock_rdlock(&local->lock);
    enum status status = find(local, tenant, &at, err);
    if (status == STATUS_OK)
        bare = local->tenants[at].signer == NULL && local->signer_count < SIGNERS_MAX;
    if (status == STATUS_OK && !bare)
        status = sign_locked(local, at, fields, ret, err);
    (void)pthread_rwlock_unlock(&local->lock);
    if (!bare)
        return status;
    status = prepare_signer(local, tenant, err);
    if (status != STATUS_OK)
        return status;
    (void)pthread_rwlock_rdlock(&local->lock);
    status = sign_locked(local, at, fields, ret, err); /* places of tenants do not change */
    (void)pthread_rwlock_unlock(&local->lock);
    return status;
}

static void local_free(struct keyring *keyring)
{
    struct local *local = local_of(keyring);

    for (size_t i = 0; i < local->tenant_count; i++)
        signer_free(local->tenants[i].signer);
    secret_free(local->secrets, local->tenant_capacity * sizeof(*local->secrets));
    secret_free(local->kek, sizeof(*local->kek));
    free(local->tenants);
    map_release(&local->index);
    io_close(local->file);
    io_close(local->copy);
    (void)pthread_rwlock_destroy(&local->lock);
    free(local);
}

static const struct keyring_ops local_ops = {
    .create_tenant = local_create_tenant,
    .tenant_key = local_tenant_key,
    .tenants = local_tenants,
    .log_identity = local_log_identity,
    .sign_receipt = local_sign_receipt,
    .free = local_free,
};

enum status keyring_local_create(struct io *io, const char *kek_path, struct slice host,
                                 struct error *err)
{
    uint8_t header[HEADER_BYTES];
    struct key kek;

    if (!host_is_valid(host))
        return ERROR_SET(err, STATUS_INVALID,
                         "host name '%.*s' is not 1 to %d of a-z, 0-9, '.', '-' and ':'",
                         SLICE_FMT(slice_head(host, 300)), HOST_BYTES_MAX);
    enum status status = io_make_dir(io, "keys", err);
    if (status != STATUS_OK)
        return status;
    if (io_exists(io, KEYRING_PATH) || io_exists(io, KEYRING_PATH TWIN_COPY))
        return ERROR_SET(err, STATUS_CONFLICT, "there is a keyring already");
    status = kek_create(kek_path, err);
    if (status == STATUS_OK)
        status = kek_read(kek_path, &kek, err);
    if (status == STATUS_OK)
        status = header_write(host, &kek, header, err);
    if (status == STATUS_OK)
        status = twin_save(io, KEYRING_PATH, slice_from((const char *)header, sizeof(header)),
                           err);
    if (status == STATUS_OK)
        status = io_sync_dir(io, "", err);
    OPENSSL_cleanse(&kek, sizeof(kek));
    return status;
}

enum status keyring_local_open(struct io *io, const char *kek_path, struct keyring **ret,
                               struct error *err)
{
    struct local *local = calloc(1, sizeof(*local));
    enum status status = STATUS_OK;

    if (local == NULL)
        return ERROR_MEMORY(err);
    local->keyring.ops = &local_ops;
    map_init(&local->index);
    if (CRYPTO_secure_malloc_initialized() == 0) /* pages for the library's copies of keys */
        (void)CRYPTO_secure_malloc_init(LIBRARY_SECRET_BYTES, sizeof(struct key));
    int failed = pthread_rwlock_init(&local->lock, NULL);
    CHECK(failed == 0);
    local->kek = secret_alloc(sizeof(*local->kek), NULL, err);
    if (local->kek == NULL) {
        status = err->status;
        goto out;
    }
    status = kek_read(kek_path, local->kek, err);
    if (status != STATUS_OK)
        goto out;
    status = load_files(local, io, err);
    if (status != STATUS_OK)
        goto out;
    *ret = &local->keyring;
    local = NULL; /* given away */
out:
    if (local != NULL)
        local_free(&local->keyring);
    return status;
}
