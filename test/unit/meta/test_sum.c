/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte counts but those of free pages, and a sum that follows page by page is the sum of
 * the whole file. */
#include "control_plane.h"

#include "base/buf.h"
#include "base/twin.h"
#include "ingest/fault_io.h"
#include "meta/sum_priv.h"

#define PAGES 6u
#define NAME "file"

static struct error err;
static uint8_t file[(PAGES + 2) * META_PAGE_BYTES];

static void put_u32(size_t at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        file[at + (size_t)i] = (uint8_t)(value >> (24 - 8 * i));
}

static size_t start_of(uint32_t page) /* counted from 1 as in the format */
{
    return (page - 1) * (size_t)META_PAGE_BYTES;
}

/* Page 3 lists 5, page 6 lists none; 2 and 4 are in use. */
static void make_file(void)
{
    for (size_t i = 0; i < sizeof(file); i++)
        file[i] = (uint8_t)(i * 31 + i / META_PAGE_BYTES * 7);
    file[16] = META_PAGE_BYTES >> 8;
    file[17] = 0;
    put_u32(24, 77);
    put_u32(32, 3);
    put_u32(36, 3);
    put_u32(start_of(3), 6);
    put_u32(start_of(3) + 4, 1);
    put_u32(start_of(3) + 8, 5);
    put_u32(start_of(6), 0);
    put_u32(start_of(6) + 4, 0);
}

static void write_file(struct control_plane *p, size_t size)
{
    ASSERT_OK(io_replace(p->io, NAME, slice_from((char *)file, size), &err));
}

static struct meta_sum sum_of(struct control_plane *p, size_t size)
{
    struct meta_sum sum;

    write_file(p, size);
    ASSERT_OK(meta_sum_of(p->io, NAME, META_DATABASE_BYTES_MAX, &sum, &err));
    assert_int_equal(sum.size, size);
    return sum;
}

static struct meta_sum sum_of_all(struct control_plane *p)
{
    return sum_of(p, PAGES * META_PAGE_BYTES);
}

static void all_bytes_count_but_those_of_free_pages(void **state)
{
    struct control_plane *p = *state;

    make_file();
    struct meta_sum good = sum_of_all(p);
    assert_int_equal(good.counter, 77);
    for (size_t at = 0; at < PAGES * META_PAGE_BYTES; at += 211) {
        file[at] ^= 16;
        struct meta_sum bad = sum_of_all(p);
        file[at] ^= 16;
        assert_int_equal(bad.hash == good.hash, at / META_PAGE_BYTES == 4);
    }
}

static void pages_that_changed_places_count(void **state)
{
    struct control_plane *p = *state;

    make_file();
    struct meta_sum good = sum_of_all(p);
    for (size_t i = 0; i < META_PAGE_BYTES; i++) {
        uint8_t byte = file[start_of(2) + i];
        file[start_of(2) + i] = file[start_of(4) + i];
        file[start_of(4) + i] = byte;
    }
    struct meta_sum bad = sum_of_all(p);
    assert_false(meta_sums_equal(&good, &bad));
}

static void a_list_without_sense_ends(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } cases[] = {{32, 4711},           {32, 0},      {36, 0},      {36, UINT32_MAX},
                 {2 * 4096, 3},        {2 * 4096, 999}, {2 * 4096 + 4, 2000},
                 {2 * 4096 + 4, 1023}, {2 * 4096 + 8, 0}, {2 * 4096 + 8, UINT32_MAX}};
    struct control_plane *p = *state;

    make_file();
    struct meta_sum good = sum_of_all(p);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_file();
        put_u32(cases[i].at, cases[i].value);
        struct meta_sum bad = sum_of_all(p);
        assert_true(bad.hash != good.hash);
    }
    make_file();
    put_u32(32, 6); /* the trunk is cut */
    put_u32(36, 9);
    (void)sum_of(p, PAGES * META_PAGE_BYTES - 5);
    assert_int_equal(sum_of(p, 50).counter, 0);
    assert_int_equal(sum_of(p, 0).hash, 0);
}

static void all_counts_where_pages_have_another_size(void **state)
{
    struct control_plane *p = *state;

    make_file();
    file[16] = 8192 >> 8;
    struct meta_sum good = sum_of_all(p);
    file[start_of(5) + 9] ^= 1;
    struct meta_sum bad = sum_of_all(p);
    assert_true(bad.hash != good.hash);
}

static void expect_followed(struct control_plane *p, struct meta_pages *pages, size_t size,
                            const uint64_t *written, size_t count)
{
    struct meta_sum whole = sum_of(p, size), followed;
    struct io_file *open = NULL;

    ASSERT_OK(io_open(p->io, NAME, IO_READ, &open, &err));
    ASSERT_OK(meta_pages_resize(pages, open, &err));
    for (size_t i = 0; i < count; i++)
        ASSERT_OK(meta_pages_follow(pages, open, written[i], &err));
    ASSERT_OK(meta_pages_sum(pages, open, &followed, &err));
    assert_true(meta_sums_equal(&whole, &followed));
    io_close(open);
}

static void a_sum_that_follows_is_that_of_the_whole(void **state)
{
    struct control_plane *p = *state;
    struct meta_pages pages = {.size_max = META_DATABASE_BYTES_MAX};

    make_file();
    expect_followed(p, &pages, 2 * META_PAGE_BYTES + 100, NULL, 0);
    expect_followed(p, &pages, PAGES * META_PAGE_BYTES, NULL, 0); /* the short one, too */
    file[start_of(2) + 5] ^= 1;
    file[start_of(4) + 5] ^= 1;
    expect_followed(p, &pages, PAGES * META_PAGE_BYTES, (uint64_t[]){3, 1, 3, 99}, 4);
    put_u32(start_of(3) + 8, 4); /* another one is free, what was free is in use */
    expect_followed(p, &pages, sizeof(file), (uint64_t[]){2, 4}, 2);
    pages.size = 0; /* it became shorter */
    expect_followed(p, &pages, 4 * META_PAGE_BYTES, NULL, 0);
    meta_pages_release(&pages);
}

static void an_unsound_sum_is_none(void **state)
{
    const struct meta_sum sum = {.counter = 7, .size = UINT64_C(1) << 33, .hash = 1234567};
    struct control_plane *p = *state;
    struct meta_sum back;
    struct buf bytes;

    assert_false(meta_sum_read(p->io, NAME, &back));
    ASSERT_OK(meta_sum_write(p->io, NAME, &sum, &err));
    assert_true(meta_sum_read(p->io, NAME, &back));
    assert_true(meta_sums_equal(&sum, &back));
    buf_init(&bytes, MIB);
    ASSERT_OK(io_read_all(p->io, NAME, &bytes, &err));
    for (size_t i = 0; i < bytes.size; i++) {
        ASSERT_OK(twin_save(p->io, NAME, slice_from(bytes.data, i), &err));
        assert_false(meta_sum_read(p->io, NAME, &back));
        bytes.data[i] ^= 1;
        ASSERT_OK(twin_save(p->io, NAME, buf_slice(&bytes), &err));
        assert_false(meta_sum_read(p->io, NAME, &back));
        bytes.data[i] ^= 1;
    }
    buf_release(&bytes);
    ASSERT_STATUS(STATUS_NOT_FOUND, meta_sum_of(p->io, "none", MIB, &back, &err));
}

/* Either of the two does; who removes the first wants none. */
static void a_sum_is_kept_twice(void **state)
{
    const struct meta_sum sum = {.counter = 8, .size = 4096, .hash = 7654321};
    struct control_plane *p = *state;
    struct meta_sum back;

    ASSERT_OK(meta_sum_write(p->io, NAME, &sum, &err));
    ASSERT_OK(io_replace(p->io, NAME, SLICE(""), &err)); /* what was written went elsewhere */
    assert_true(meta_sum_read(p->io, NAME, &back));
    assert_true(meta_sums_equal(&sum, &back));
    ASSERT_OK(io_replace(p->io, NAME TWIN_COPY, SLICE("x"), &err));
    assert_true(meta_sum_read(p->io, NAME, &back));
    assert_true(meta_sums_equal(&sum, &back));
    struct fault_io fault; /* the second is gone, and cannot be made */
    fault_io_init(&fault, p->io);
    fault.bad_path = NAME TWIN_COPY ".tmp";
    ASSERT_OK(io_unlink(p->io, NAME TWIN_COPY, &err));
    assert_true(meta_sum_read(&fault.io, NAME, &back));
    assert_true(meta_sums_equal(&sum, &back));
    ASSERT_OK(io_unlink(p->io, NAME, &err));
    assert_false(meta_sum_read(p->io, NAME, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(all_bytes_count_but_those_of_free_pages),
        META_TEST(pages_that_changed_places_count),
        META_TEST(a_list_without_sense_ends),
        META_TEST(all_counts_where_pages_have_another_size),
        META_TEST(a_sum_that_follows_is_that_of_the_whole),
        META_TEST(an_unsound_sum_is_none),
        META_TEST(a_sum_is_kept_twice),
    };

    return RUN_TESTS(tests);
}
