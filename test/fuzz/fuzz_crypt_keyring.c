/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_crypt_keyring.c - a keyring and its copy with any damage, sums made right or not.  No key is
 * ever another one than it was, and as long as one of the two is sound all of them are there.
 *
 *   changes: u8 0-1 the file, 2-3 what | u16 place | u8 byte (or another place in records) */
#include "crypt/keyring_local.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "memory_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TENANTS 3u
#define HEADER_BYTES 512u
#define RECORD_BYTES 256u
#define IMAGE_BYTES (HEADER_BYTES + TENANTS * RECORD_BYTES)

enum change { SET_BYTE, CUT, COPY_RECORD, MAKE_SUMS_RIGHT };

static const char *const paths[2] = {KEYRING_PATH, KEYRING_PATH ".copy"};
static char directory[] = "/tmp/daybook-fuzz-XXXXXX", kek_path[64];
static uint8_t image[IMAGE_BYTES];
static struct key keys[TENANTS];

static struct guid tenant_of(uint32_t i)
{
    return (struct guid){{(uint8_t)(i + 1)}};
}

static enum status key_of(struct keyring *keyring, uint32_t i, struct key *ret)
{
    const struct guid tenant = tenant_of(i);
    struct error err;

    return keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_WAL, ret, &err);
}

static void clean_up(void)
{
    (void)unlink(kek_path);
    (void)rmdir(directory);
}

/* A sound keyring, once. */
static void start(void)
{
    struct memory_io memory;
    struct keyring *keyring;
    struct error err;

    CHECK(mkdtemp(directory) != NULL);
    (void)snprintf(kek_path, sizeof(kek_path), "%s/kek", directory);
    CHECK(atexit(clean_up) == 0);
    memory_io_init(&memory);
    CHECK(keyring_local_create(&memory.io, kek_path, SLICE("test.example"), &err) == STATUS_OK);
    CHECK(keyring_local_open(&memory.io, kek_path, &keyring, &err) == STATUS_OK);
    for (uint32_t i = 0; i < TENANTS; i++) {
        const struct guid tenant = tenant_of(i);
        CHECK(keyring_create_tenant(keyring, &tenant, &err) == STATUS_OK);
        CHECK(key_of(keyring, i, &keys[i]) == STATUS_OK);
    }
    keyring_free(keyring);
    for (int f = 0; f < 2; f++) {
        const struct buf *file = memory_io_file(&memory, paths[f]);
        CHECK(file->size == IMAGE_BYTES);
        memcpy(image, file->data, IMAGE_BYTES);
    }
    memory_io_release(&memory);
}

static void make_sum_right(uint8_t *bytes, size_t size)
{
    uint32_t sum = hash_crc32c(0, bytes, size - 4);

    for (int i = 0; i < 4; i++)
        bytes[size - 4 + (size_t)i] = (uint8_t)(sum >> (8 * i));
}

/* One change of a file; true if it may pass for sound afterwards. */
static bool change(struct reader *r, enum change what, struct buf *file)
{
    uint8_t *bytes = (uint8_t *)file->data;
    size_t place = reader_u16(r), other = reader_u8(r);
    size_t records = file->size < HEADER_BYTES ? 0 : (file->size - HEADER_BYTES) / RECORD_BYTES;

    if (file->size == 0)
        return true;
    switch (what) {
    case SET_BYTE:
        bytes[place % file->size] = (uint8_t)other;
        return false;
    case CUT:
        file->size = place % file->size;
        return true; /* a record less is a keyring, too */
    case COPY_RECORD:
        if (records > 0)
            memmove(bytes + HEADER_BYTES + place % records * RECORD_BYTES,
                    bytes + HEADER_BYTES + other % records * RECORD_BYTES, RECORD_BYTES);
        return true;
    case MAKE_SUMS_RIGHT:
        if (file->size >= HEADER_BYTES)
            make_sum_right(bytes, HEADER_BYTES);
        for (size_t i = 0; i < records; i++)
            make_sum_right(bytes + HEADER_BYTES + i * RECORD_BYTES, RECORD_BYTES);
        return true;
    }
    return true;
}

static void check_keys(struct keyring *keyring, bool wants_all)
{
    for (uint32_t i = 0; i < TENANTS; i++) {
        struct key key;
        enum status status = key_of(keyring, i, &key);
        CHECK(status == STATUS_OK || !wants_all);
        CHECK(status != STATUS_OK || memcmp(&key, &keys[i], sizeof(key)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    bool is_touched[2] = {false}, may_be_sound = false;
    struct memory_io memory;
    struct keyring *keyring;
    struct error err;

    if (kek_path[0] == '\0')
        start();
    memory_io_init(&memory);
    for (int f = 0; f < 2; f++)
        buf_add(memory_io_file(&memory, paths[f]), image, IMAGE_BYTES);
    while (reader_left(&r) >= 4) {
        uint8_t head = reader_u8(&r);
        is_touched[head & 1] = true;
        may_be_sound |= change(&r, (enum change)(head >> 1 & 3),
                               memory_io_file(&memory, paths[head & 1]));
    }
    bool wants_all = !may_be_sound && !(is_touched[0] && is_touched[1]);
    enum status status = keyring_local_open(&memory.io, kek_path, &keyring, &err);
    CHECK(status == STATUS_OK || !wants_all);
    if (status == STATUS_OK) {
        check_keys(keyring, wants_all);
        keyring_free(keyring);
        /* What was made good stays good. */
        CHECK(keyring_local_open(&memory.io, kek_path, &keyring, &err) == STATUS_OK);
        check_keys(keyring, wants_all);
        keyring_free(keyring);
    }
    memory_io_release(&memory);
    return 0;
}
