/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/leaf.h"

#include "base/limits.h"
#include "crypt/hash.h"
#include "crypt/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define RECEIVED_US INT64_C(1795410000000000)

static void make_seed(uint8_t seed[SEED_BYTES])
{
    for (int i = 0; i < SEED_BYTES; i++)
        seed[i] = (uint8_t)i;
}

static struct leaf_fields sample(void)
{
    struct leaf_fields fields = {
        .kind = LEAF_KIND_DATA,
        .flags = LEAF_FLAG_COALESCED | LEAF_FLAG_IDEMPOTENCY,
        .leaf_index = 7,
        .first_seq = 100,
        .count = 257,
        .commit_time_us = RECEIVED_US,
        .raw_bytes = 123456,
    };

    for (int i = 0; i < 32; i++) {
        if (i < 16)
            fields.source_id.bytes[i] = (uint8_t)i;
        fields.batch_root.bytes[i] = (uint8_t)i;
        fields.aux.bytes[i] = (uint8_t)(32 + i);
    }
    return fields;
}

static void leaf_has_the_published_bytes_and_hash(void **state)
{
    struct leaf_fields fields = sample(), back;
    uint8_t leaf[LEAF_BYTES];
    struct hash256 hash;
    struct error err;

    (void)state;
    leaf_encode(&fields, leaf);
    assert_memory_equal(leaf, vector_leaf, LEAF_BYTES);
    leaf_hash(leaf, &hash);
    assert_memory_equal(hash.bytes, vector_leaf_hash, 32);
    assert_int_equal(leaf_decode(leaf, &back, &err), STATUS_OK);
    assert_int_equal(back.flags, fields.flags);
    assert_int_equal(back.count, 257);
    assert_int_equal(back.commit_time_us, RECEIVED_US);
    assert_memory_equal(back.aux.bytes, fields.aux.bytes, 32);
    leaf_encode(&back, leaf);
    assert_memory_equal(leaf, vector_leaf, LEAF_BYTES);
}

static void leaf_with_any_field_out_of_range_is_corrupt(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } faults[] = {{0, 'B'},  {4, 0},     {4, 4},    {5, 2},    {6, 1},    {7, 8},
                  {31, 1},   {26, 0xff}, {32, 0x80}, {4, 2 /* control with 257 */}};

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct leaf_fields back;
        struct error err;
        uint8_t leaf[LEAF_BYTES];
        memcpy(leaf, vector_leaf, LEAF_BYTES);
        leaf[faults[i].at] = faults[i].value;
        assert_int_equal(leaf_decode(leaf, &back, &err), STATUS_CORRUPT);
        assert_string_not_equal(err.text, "");
    }
    struct leaf_fields fields = sample(), back;
    struct error err;
    uint8_t leaf[LEAF_BYTES];
    fields.count = 0;
    leaf_encode(&fields, leaf);
    assert_int_equal(leaf_decode(leaf, &back, &err), STATUS_CORRUPT);
    fields.count = 2;
    fields.first_seq = UINT64_MAX - 1;
    leaf_encode(&fields, leaf);
    assert_int_equal(leaf_decode(leaf, &back, &err), STATUS_CORRUPT);
}

static void check_batch(uint32_t count, const uint8_t salts_digest[32], const uint8_t root[32])
{
    struct hash256 *salts = calloc(count, sizeof(*salts));
    struct hash256 *inner = calloc(count, sizeof(*inner));
    uint32_t *sizes = calloc(count, sizeof(*sizes));
    struct hash256 hash;
    uint8_t seed[SEED_BYTES];

    assert_non_null(salts);
    assert_non_null(inner);
    assert_non_null(sizes);
    make_seed(seed);
    leaf_salts(seed, count, salts);
    sha256(salts, count * sizeof(*salts), hash.bytes);
    assert_memory_equal(hash.bytes, salts_digest, 32);
    for (uint32_t i = 0; i < count; i++) {
        char raw[80];
        int size = snprintf(raw, sizeof(raw), "{\"Id\":%u,\"Operation\":\"MailItemsAccessed\"}", i);
        sizes[i] = (uint32_t)size;
        leaf_commitment(&salts[i], slice_from(raw, (size_t)size), &inner[i]);
    }
    leaf_inner_hashes(100, RECEIVED_US, sizes, inner, count, inner);
    merkle_root(inner, count, &hash);
    assert_memory_equal(hash.bytes, root, 32);
    free(sizes);
    free(inner);
    free(salts);
}

static void batch_roots_match_the_second_implementation(void **state)
{
    struct hash256 commitment;
    struct hash256 salt;

    (void)state;
    make_seed(salt.bytes);
    leaf_commitment(&salt, SLICE("hello"), &commitment);
    assert_memory_equal(commitment.bytes, vector_commitment, 32);
    check_batch(1, vector_salts_1, vector_root_1);
    check_batch(2, vector_salts_2, vector_root_2);
    check_batch(3, vector_salts_3, vector_root_3);
    check_batch(5, vector_salts_5, vector_root_5);
    check_batch(257, vector_salts_257, vector_root_257);
    check_batch(1000, vector_salts_1000, vector_root_1000);
}

/* The eight inputs and the roots of the reference implementation of RFC 6962. */
static void tree_matches_rfc_6962(void **state)
{
    static const struct {
        const char *data;
        size_t size;
    } inputs[8] = {{"", 0},
                   {"\x00", 1},
                   {"\x10", 1},
                   {"\x20\x21", 2},
                   {"\x30\x31", 2},
                   {"\x40\x41\x42\x43", 4},
                   {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
                   {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
    static const uint8_t roots[3][4] = {
        {0x6e, 0x34, 0x0b, 0x9c}, /* 1 */
        {0xfa, 0xc5, 0x42, 0x03}, /* 2 */
        {0x5d, 0xc9, 0xda, 0x79}, /* 8 */
    };
    static const size_t counts[3] = {1, 2, 8};
    struct hash256 leaves[8], root;

    (void)state;
    for (int i = 0; i < 8; i++) {
        uint8_t message[32] = {0};
        memcpy(message + 1, inputs[i].data, inputs[i].size);
        sha256(message, inputs[i].size + 1, leaves[i].bytes);
    }
    for (int i = 0; i < 3; i++) {
        merkle_root(leaves, counts[i], &root);
        assert_memory_equal(root.bytes, roots[i], 4);
    }
}

/* The definition of RFC 6962 section 2.1, as it stands there. */
static void root_by_definition(const struct hash256 *leaves, size_t count, struct hash256 *ret)
{
    struct hash256 left, right;
    size_t split = 1;

    if (count == 1) {
        *ret = leaves[0];
        return;
    }
    while (split * 2 < count)
        split *= 2;
    root_by_definition(leaves, split, &left);
    root_by_definition(leaves + split, count - split, &right);
    sha256_prefixed_pair(0x01, left.bytes, right.bytes, ret->bytes);
}

static void frontier_has_the_root_of_each_size(void **state)
{
    struct hash256 leaves[300], root, want;
    struct merkle_frontier frontier;

    (void)state;
    merkle_frontier_init(&frontier);
    merkle_frontier_root(&frontier, &root);
    sha256(NULL, 0, want.bytes);
    assert_memory_equal(&root, &want, sizeof(root));
    for (size_t i = 0; i < 300; i++) {
        sha256(&i, sizeof(i), leaves[i].bytes);
        merkle_frontier_add(&frontier, &leaves[i]);
        merkle_frontier_root(&frontier, &root);
        root_by_definition(leaves, i + 1, &want);
        assert_memory_equal(&root, &want, sizeof(root));
        merkle_root(leaves, i + 1, &root);
        assert_memory_equal(&root, &want, sizeof(root));
        assert_int_equal(frontier.leaf_count, i + 1);
    }
}

static void nodes_have_the_root_of_their_leaves(void **state)
{
    struct hash256 leaves[5 * MERKLE_NODE_LEAVES + 3], nodes[6], root, want;

    (void)state;
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        sha256(&i, sizeof(i), leaves[i].bytes);
    for (size_t count = 1; count <= sizeof(leaves) / sizeof(leaves[0]); count += 7) {
        size_t node_count = merkle_nodes(leaves, count, nodes);
        assert_int_equal(node_count, (count + MERKLE_NODE_LEAVES - 1) / MERKLE_NODE_LEAVES);
        for (size_t i = 0; i < node_count; i++) {
            size_t from = i * MERKLE_NODE_LEAVES, left = count - from;
            root_by_definition(leaves + from, left < MERKLE_NODE_LEAVES ? left : MERKLE_NODE_LEAVES,
                               &want);
            assert_memory_equal(&nodes[i], &want, sizeof(want));
        }
        merkle_root(leaves, count, &want);
        merkle_root(nodes, node_count, &root);
        assert_memory_equal(&root, &want, sizeof(root));
    }
    merkle_root(leaves, sizeof(leaves) / sizeof(leaves[0]), &want);
    size_t node_count = merkle_nodes(leaves, sizeof(leaves) / sizeof(leaves[0]), leaves);
    merkle_root(leaves, node_count, &root); /* in place */
    assert_memory_equal(&root, &want, sizeof(root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_has_the_published_bytes_and_hash),
        cmocka_unit_test(leaf_with_any_field_out_of_range_is_corrupt),
        cmocka_unit_test(batch_roots_match_the_second_implementation),
        cmocka_unit_test(tree_matches_rfc_6962),
        cmocka_unit_test(frontier_has_the_root_of_each_size),
        cmocka_unit_test(nodes_have_the_root_of_their_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
