/* SPDX-License-Identifier: Apache-2.0 */
/* A header is known by each of its bytes, and a block is found behind any damage. */
#include "evidence/block_priv.h"

#include "base/hash.h"
#include "evidence/fixture.h"

#define PATH "batch"
#define FIRST UINT64_C(0x0102030405060708)
#define SEALED_BYTES (AEAD_OVERHEAD_BYTES + 2 * ENTRY_BYTES)
#define BLOCK_BYTES (BLOCK_HEADER_BYTES + SEALED_BYTES)

static struct block_header sample(void)
{
    uint8_t sealed[SEALED_BYTES];
    struct block_header header = {.size = BLOCK_BYTES, .first_index = FIRST, .count = 2};

    memset(sealed, 0x5a, sizeof(sealed));
    header.sealed_crc = hash_crc32c(0, sealed, sizeof(sealed));
    block_encode(&header);
    return header;
}

static void assert_sample(const struct block_header *header)
{
    assert_int_equal(header->size, BLOCK_BYTES);
    assert_int_equal(header->first_index, FIRST);
    assert_int_equal(header->count, 2);
}

static void each_byte_of_a_header_counts(void **state)
{
    const struct block_header good = sample();
    struct block_header read = {0};

    (void)state;
    memcpy(read.bytes, good.bytes, sizeof(read.bytes));
    assert_true(block_decode(&read));
    assert_sample(&read);
    assert_int_equal(read.sealed_crc, good.sealed_crc);
    for (size_t at = 0; at < BLOCK_HEADER_BYTES; at++) {
        read = good;
        read.bytes[at] ^= 0x20;
        assert_false(block_decode(&read));
    }
}

static void a_header_out_of_bounds_is_none(void **state)
{
    const uint32_t least = BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES + ENTRY_BYTES;
    const uint32_t most = (uint32_t)(BLOCK_HEADER_BYTES + AEAD_OVERHEAD_BYTES +
                                     BLOCK_PLAIN_BYTES_MAX);
    const struct {
        uint32_t size, count;
        bool is_right;
    } headers[] = {
        {least, 1, true},      {most, BLOCK_LEAVES_MAX, true}, {least - 1, 1, false},
        {most + 1, 1, false},  {least, 0, false},              {most, BLOCK_LEAVES_MAX + 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct block_header header = {.size = headers[i].size, .count = headers[i].count};
        block_encode(&header);
        assert_int_equal(block_decode(&header), headers[i].is_right);
    }
}

/* The sample at that place of a file of zeros, which ends with it. */
static struct io_file *put_sample(struct fixture *fixture, uint64_t at)
{
    const struct block_header header = sample();
    struct io_file *file = NULL;
    uint8_t sealed[SEALED_BYTES];
    struct error err;

    memset(sealed, 0x5a, sizeof(sealed));
    assert_int_equal(io_open(fixture->disk, PATH, IO_WRITE, &file, &err), STATUS_OK);
    assert_int_equal(io_truncate(file, 0, &err), STATUS_OK);
    assert_int_equal(io_write_at(file, at, header.bytes, sizeof(header.bytes), &err), STATUS_OK);
    assert_int_equal(io_write_at(file, at + BLOCK_HEADER_BYTES, sealed, sizeof(sealed), &err),
                     STATUS_OK);
    return file;
}

/* What is searched is read in pieces of one MiB: a mark may lie on the seam of two. */
static void a_block_is_found_behind_damage(void **state)
{
    static const uint64_t places[] = {1, 31, 5000, MIB - 2, MIB - 1, MIB, MIB + 1, 2 * MIB - 3};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct io_file *file = put_sample(fixture, places[i]);
        struct block_header header;
        uint64_t offset = 0, size = places[i] + BLOCK_BYTES;
        struct error err;
        assert_int_equal(block_probe(file, 0, size, &header, &err), STATUS_NOT_FOUND);
        assert_int_equal(block_next(file, &offset, size, &header, &err), STATUS_OK);
        assert_int_equal(offset, places[i]);
        assert_sample(&header);
        assert_int_equal(block_check(file, offset, &header, &err), STATUS_OK);
        assert_int_equal(block_next(file, &offset, size, &header, &err), STATUS_OK);
        assert_int_equal(offset, places[i]); /* it stands there already */
        offset++;
        assert_int_equal(block_next(file, &offset, size, &header, &err), STATUS_NOT_FOUND);
        io_close(file);
    }
}

static void a_block_that_is_cut_is_none(void **state)
{
    struct io_file *file = put_sample(*state, 0);
    struct block_header header;
    struct error err;

    assert_int_equal(block_probe(file, 0, BLOCK_BYTES, &header, &err), STATUS_OK);
    for (uint64_t size = 0; size < BLOCK_BYTES; size++)
        assert_int_equal(block_probe(file, 0, size, &header, &err), STATUS_NOT_FOUND);
    assert_int_equal(block_probe(file, BLOCK_BYTES + 1, BLOCK_BYTES, &header, &err),
                     STATUS_NOT_FOUND);
    io_close(file);
}

static void a_changed_byte_behind_the_header_is_noticed(void **state)
{
    struct io_file *file = put_sample(*state, 3);
    struct block_header header = sample();
    struct error err;
    const char other = 'x';

    assert_int_equal(block_check(file, 3, &header, &err), STATUS_OK);
    assert_int_equal(io_write_at(file, 3 + BLOCK_BYTES - 1, &other, 1, &err), STATUS_OK);
    assert_int_equal(block_check(file, 3, &header, &err), STATUS_NOT_FOUND);
    io_close(file);
}

/* No block opens as that of another tenant, at another place or with other leaves. */
static void what_is_bound_tells_blocks_apart(void **state)
{
    uint8_t good[BLOCK_ADDITIONAL_BYTES], other[BLOCK_ADDITIONAL_BYTES];
    struct fixture *fixture = *state;
    const char leaves[2 * LEAF_BYTES] = {1};
    const struct slice all = {leaves, sizeof(leaves)};
    struct block_header header = sample();

    (void)block_additional(&fixture->tenant, &header, all, good);
    struct guid tenant = fixture->tenant;
    tenant.bytes[15] ^= 1;
    (void)block_additional(&tenant, &header, all, other);
    assert_memory_not_equal(good, other, sizeof(good));
    (void)block_additional(&fixture->tenant, &header, slice_head(all, LEAF_BYTES), other);
    assert_memory_not_equal(good, other, sizeof(good));
    header.first_index++;
    block_encode(&header);
    (void)block_additional(&fixture->tenant, &header, all, other);
    assert_memory_not_equal(good, other, sizeof(good));
    header = sample();
    struct slice again = block_additional(&fixture->tenant, &header, all, other);
    assert_int_equal(again.size, sizeof(good));
    assert_memory_equal(good, other, sizeof(good));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_of_a_header_counts),
        cmocka_unit_test(a_header_out_of_bounds_is_none),
        FIXTURE_TEST(a_block_is_found_behind_damage),
        FIXTURE_TEST(a_block_that_is_cut_is_none),
        FIXTURE_TEST(a_changed_byte_behind_the_header_is_noticed),
        FIXTURE_TEST(what_is_bound_tells_blocks_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
