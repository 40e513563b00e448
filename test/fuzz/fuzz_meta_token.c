/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_meta_token.c - any text as a token, and a good one with any changes, its check sum made
 * right: refused as denied, unless it says the same id and the same secret.
 *
 *   u8 0: the text; else changes of the good one, u8 place, u8 byte each; odd: with a right sum */
#include "meta/meta.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "memory_io.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CRC_BYTES 8
#define ID_END (4 + 32)

static struct meta *meta;
static char good[TOKEN_TEXT_BYTES];
static struct guid good_id;

static void make_token(void)
{
    static struct memory_io memory;
    const struct meta_options options = {
        .io = &memory.io, .path = "db", .clock = clock_system(), .create = true};
    const struct meta_token token = {.tenant = {{7}},
                                     .role = 1,
                                     .name = SLICE("collector"),
                                     .table = SLICE("T_CL"),
                                     .expires_us = INT64_MAX};
    struct error err;

    memory_io_init(&memory);
    CHECK(meta_open(&options, &meta, &err) == STATUS_OK);
    CHECK(meta_token_add(meta, &token, good, &good_id, &err) == STATUS_OK);
}

/* The good token with the changes; false for bytes that are none. */
static void change(struct reader *r, bool has_right_sum, char ret[TOKEN_TEXT_BYTES])
{
    size_t size = strlen(good), summed = size - CRC_BYTES - 1;

    memcpy(ret, good, TOKEN_TEXT_BYTES);
    while (reader_left(r) >= 2) {
        size_t place = reader_u8(r);
        ret[place % size] = (char)reader_u8(r);
    }
    if (has_right_sum)
        (void)snprintf(ret + summed + 1, CRC_BYTES + 1, "%08x", hash_crc32c(0, ret, summed));
}

static void check_text(struct slice text)
{
    struct arena *arena = arena_new(1 * MIB);
    struct slice known = slice_of(good);
    struct meta_token token;
    struct error err = {0};

    CHECK(arena != NULL);
    enum status status = meta_token_check(meta, text, &token, arena, &err);
    if (status == STATUS_OK) {
        CHECK(text.size == known.size);
        CHECK(slice_equal_nocase(slice_head(text, ID_END), slice_head(known, ID_END)));
        CHECK(memcmp(text.data + ID_END, known.data + ID_END,
                     known.size - CRC_BYTES - ID_END) == 0);
        CHECK(guid_equal(&token.id, &good_id) && slice_is(token.name, "collector"));
        CHECK(slice_is(token.table, "T_CL") && token.role == 1 && token.tenant.bytes[0] == 7);
    } else {
        CHECK(status == STATUS_DENIED && strcmp(err.text, "the token is not valid") == 0);
        CHECK(!slice_equal(text, known));
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    char text[TOKEN_TEXT_BYTES];

    if (meta == NULL)
        make_token();
    uint8_t kind = reader_u8(&r);
    if (kind == 0) {
        check_text(reader_bytes(&r, reader_left(&r)));
    } else {
        change(&r, kind % 2 == 1, text);
        check_text(slice_from(text, strlen(good)));
    }
    return 0;
}
