/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_crypt_chunked.c - a sealed content with any damage: what opens is what was sealed, the
 * whole and each part of it, and damage is told as corruption.
 *
 *   u32 size of the plain text | places: u8 what, u32 where, u32 how much
 *
 * what: 0 a byte is changed, 1 the end is cut, 2 two chunks change places, else a part is read. */
#include "crypt/chunked_priv.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLAIN_BYTES_MAX (320 * KIB) /* more than one read of 16 chunks */
#define SEALED_CHUNK_BYTES (CIPHER_CHUNK_BYTES + CHUNKED_TAG_BYTES)
#define ROUNDS_MAX 16

static const struct key file_key = {{1, 2, 3}};

static enum status read_at(void *context, uint64_t offset, void *ret, size_t size,
                           struct error *err)
{
    const struct buf *cipher = context;

    if (offset > cipher->size || size > cipher->size - offset)
        return ERROR_SET(err, STATUS_CORRUPT, "behind the end");
    memcpy(ret, cipher->data + offset, size);
    return STATUS_OK;
}

static void make_plain(uint32_t size, struct buf *ret)
{
    uint32_t state = size | 1;

    while (ret->size < size) {
        state = state * 1664525u + 1013904223u;
        buf_put_u8(ret, (uint8_t)(state >> 24));
    }
}

/* False: nothing was changed. */
static bool damage(struct buf *cipher, uint8_t what, uint32_t where, uint32_t much)
{
    uint64_t chunks = (cipher->size - CHUNKED_HEADER_BYTES) / SEALED_CHUNK_BYTES;

    if (cipher->size == 0 || (what == 2 && chunks < 2))
        return false;
    if (what == 0) {
        cipher->data[where % cipher->size] ^= (char)(much % 255 + 1);
    } else if (what == 1) {
        cipher->size = where % cipher->size;
    } else {
        char *a = cipher->data + CHUNKED_HEADER_BYTES + where % chunks * SEALED_CHUNK_BYTES;
        char *b = cipher->data + CHUNKED_HEADER_BYTES + much % chunks * SEALED_CHUNK_BYTES;
        for (size_t i = 0; i < SEALED_CHUNK_BYTES; i++) {
            char c = a[i];
            a[i] = b[i];
            b[i] = c;
        }
    }
    return true;
}

static void read_part(const struct chunked_source *source, const struct buf *plain,
                      bool is_whole, uint32_t where, uint32_t much)
{
    size_t offset = where % (plain->size + 1), count = much % (plain->size - offset + 1);
    struct error err;
    struct buf part;

    buf_init(&part, PLAIN_BYTES_MAX);
    char *room = buf_extend(&part, count);
    enum status status = chunked_open_range(source, offset, count, room, &err);
    CHECK(status == STATUS_OK || (!is_whole && (status == STATUS_CORRUPT ||
                                                status == STATUS_INVALID)));
    if (status == STATUS_OK)
        CHECK(slice_equal(buf_slice(&part), slice_from(plain->data + offset, count)));
    CHECK(chunked_open_range(source, where, (size_t)UINT32_MAX + much, room, &err) != STATUS_OK);
    buf_release(&part);
}

static void open_whole(struct slice cipher, const struct buf *plain, bool is_same)
{
    struct error err;
    struct buf opened;

    buf_init(&opened, PLAIN_BYTES_MAX);
    enum status status = chunked_open(&file_key, SLICE("place"), cipher, &opened, &err);
    CHECK(status == (is_same ? STATUS_OK : STATUS_CORRUPT));
    CHECK(slice_equal(buf_slice(&opened), is_same ? buf_slice(plain) : SLICE("")));
    buf_clear(&opened);
    CHECK(chunked_open(&file_key, SLICE("other"), cipher, &opened, &err) == STATUS_CORRUPT);
    CHECK(opened.size == 0);
    buf_release(&opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t salt[CHUNKED_SALT_BYTES] = {7};
    struct reader r = reader_from(data, size);
    uint32_t plain_size = reader_u32(&r) % PLAIN_BYTES_MAX;
    struct buf plain, cipher, sealed;
    uint64_t known = 0;
    struct error err;

    buf_init(&plain, PLAIN_BYTES_MAX);
    buf_init(&cipher, 2 * PLAIN_BYTES_MAX);
    buf_init(&sealed, 2 * PLAIN_BYTES_MAX);
    make_plain(plain_size, &plain);
    CHECK(chunked_seal_salt(&file_key, salt, SLICE("place"), buf_slice(&plain), &cipher, &err) ==
          STATUS_OK);
    buf_add_slice(&sealed, buf_slice(&cipher));
    CHECK(cipher.size == chunked_size(plain_size));
    CHECK(chunked_plain_size(cipher.size, &known) && known == plain_size);
    for (int i = 0; i < ROUNDS_MAX && reader_left(&r) > 0; i++) {
        uint8_t what = reader_u8(&r);
        uint32_t where = reader_u32(&r), much = reader_u32(&r);
        const struct chunked_source source = {&file_key, SLICE("place"), cipher.size, read_at,
                                              &cipher};
        bool is_same = slice_equal(buf_slice(&cipher), buf_slice(&sealed));
        if (what > 2)
            read_part(&source, &plain, is_same, where, much);
        else if (damage(&cipher, what, where, much))
            open_whole(buf_slice(&cipher), &plain,
                       slice_equal(buf_slice(&cipher), buf_slice(&sealed)));
    }
    open_whole(buf_slice(&sealed), &plain, true);
    buf_release(&plain);
    buf_release(&cipher);
    buf_release(&sealed);
    return 0;
}
