/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/random.h"
#include "base/slab.h"
#include "base/slab_priv.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 3000u
#define THREADS 4u

struct piece {
    unsigned char *bytes;
    size_t size;
};

/* Of the slabs, with a sanitizer, too. */
static void *take(size_t size)
{
    return size > SLAB_BLOCK_BYTES_MAX ? slab_alloc(size) : slab_take(size);
}

static void give_back(void *block, size_t size)
{
    if (size > SLAB_BLOCK_BYTES_MAX)
        slab_free(block, size);
    else
        slab_give_back(block, size);
}

static void fill(struct piece *piece, size_t size, unsigned char mark)
{
    *piece = (struct piece){take(size), size};
    assert_non_null(piece->bytes);
    assert_int_equal((uintptr_t)piece->bytes % 16, 0);
    memset(piece->bytes, mark, size);
}

static void drop(struct piece *piece, unsigned char mark)
{
    bool is_whole = true;

    for (size_t i = 0; i < piece->size; i++)
        is_whole = is_whole && piece->bytes[i] == mark;
    assert_true(is_whole);
    give_back(piece->bytes, piece->size);
    piece->bytes = NULL;
}

/* No block gets into another: each has its own bytes to the end. */
static void take_and_give_back(uint64_t seed)
{
    struct piece *pieces = calloc(BLOCKS, sizeof(*pieces));
    struct rng rng = {seed};

    assert_non_null(pieces);
    for (uint32_t i = 0; i < 20 * BLOCKS; i++) {
        uint32_t at = (uint32_t)rng_below(&rng, BLOCKS);
        unsigned char mark = (unsigned char)at;
        if (pieces[at].bytes != NULL)
            drop(&pieces[at], mark);
        else
            fill(&pieces[at], 1 + rng_below(&rng, rng_below(&rng, 8) == 0 ? 40000 : 900), mark);
    }
    for (uint32_t at = 0; at < BLOCKS; at++) {
        if (pieces[at].bytes != NULL)
            drop(&pieces[at], (unsigned char)at);
    }
    free(pieces);
}

static void blocks_are_apart_and_all_come_back(void **state)
{
    (void)state;
    take_and_give_back(1);
    assert_true(slab_bytes() <= 256 * KIB);
}

static void every_size_has_its_room(void **state)
{
    struct piece pair[2];

    (void)state;
    for (size_t size = 1; size < 34000; size += size < 300 ? 1 : 61) {
        fill(&pair[0], size, 1);
        fill(&pair[1], size, 2);
        drop(&pair[0], 1);
        drop(&pair[1], 2);
    }
    slab_free(NULL, 1);
    slab_free(NULL, 100000);
    assert_true(slab_bytes() <= 256 * KIB);
}

/* What is free is used before there is more; an eighth is lost to sizes, and little else. */
static void room_is_used_again(void **state)
{
    static struct piece pieces[BLOCKS];
    size_t wanted = 0;

    (void)state;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        fill(&pieces[i], 577, 7); /* just above a size */
        wanted += 577;
    }
    size_t bytes = slab_bytes();
    assert_in_range(bytes, wanted, wanted + wanted / 8 + 3 * 256 * KIB);
    for (uint32_t i = 0; i < BLOCKS; i += 2)
        drop(&pieces[i], 7);
    for (uint32_t i = 0; i < BLOCKS; i += 2)
        fill(&pieces[i], 600, 7);
    assert_int_equal(slab_bytes(), bytes);
    for (uint32_t i = 0; i < BLOCKS; i++)
        drop(&pieces[i], 7);
    assert_true(slab_bytes() <= 256 * KIB);
}

/* It would not see a slab's blocks. */
static void a_sanitizer_sees_each_block(void **state)
{
    size_t before = slab_bytes();
    void *blocks[BLOCKS];

    (void)state;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        blocks[i] = slab_alloc(512);
        assert_non_null(blocks[i]);
    }
    size_t taken = slab_bytes() - before;
    for (uint32_t i = 0; i < BLOCKS; i++)
        slab_free(blocks[i], 512);
    assert_int_equal(taken > 0, !SLAB_IN_HEAP);
}

static size_t resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    (void)fclose(file);
    return (size_t)resident * 4096;
}

/* One block in each slab stays: the others take no memory, and are whole when they are used
 * again. */
static void pages_that_come_back_go_to_the_system(void **state)
{
    static struct piece pieces[6000];
    const uint32_t count = 6000, step = 40; /* a slab has some 30 of them */

    (void)state;
    for (uint32_t i = 0; i < count; i++)
        fill(&pieces[i], 8192, (unsigned char)i);
    size_t bytes = slab_bytes(), full = resident_bytes();
    for (uint32_t i = 0; i < count; i++) {
        if (i % step != 0)
            drop(&pieces[i], (unsigned char)i);
    }
    assert_true(slab_bytes() > bytes / 2);
    assert_true(resident_bytes() < full - 28 * MIB); /* of 47 */
    for (uint32_t i = 0; i < count; i++) {
        if (i % step != 0)
            fill(&pieces[i], 8192, (unsigned char)i);
    }
    assert_true(slab_bytes() <= bytes + 256 * KIB);
    for (uint32_t i = 0; i < count; i++)
        drop(&pieces[i], (unsigned char)i);
    assert_true(slab_bytes() <= 256 * KIB);
}

static void *work(void *seed)
{
    take_and_give_back((uint64_t)(uintptr_t)seed);
    return NULL;
}

static void threads_share_it(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 2)), 0);
    for (uint32_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(slab_bytes() <= 256 * KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_apart_and_all_come_back),
        cmocka_unit_test(every_size_has_its_room),
        cmocka_unit_test(room_is_used_again),
        cmocka_unit_test(a_sanitizer_sees_each_block),
        cmocka_unit_test(pages_that_come_back_go_to_the_system),
        cmocka_unit_test(threads_share_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
