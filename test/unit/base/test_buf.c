/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"

#include <stdlib.h>

static void what_is_put_is_read_back(void **state)
{
    static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    buf_put_u8(&buf, 0xab);
    buf_put_u16(&buf, 0x1234);
    buf_put_u32(&buf, 0xdeadbeef);
    buf_put_u64(&buf, UINT64_MAX - 1);
    for (size_t i = 0; i < 8; i++)
        buf_put_varint(&buf, numbers[i]);
    buf_put_blob(&buf, SLICE("hello"));
    assert_int_equal((unsigned char)buf.data[1], 0x34); /* little-endian */
    struct reader r = reader_from(buf.data, buf.size);
    assert_int_equal(reader_u8(&r), 0xab);
    assert_int_equal(reader_u16(&r), 0x1234);
    assert_int_equal(reader_u32(&r), 0xdeadbeef);
    assert_true(reader_u64(&r) == UINT64_MAX - 1);
    for (size_t i = 0; i < 8; i++)
        assert_true(reader_varint(&r) == numbers[i]);
    ASSERT_SLICE(reader_blob(&r), "hello");
    assert_int_equal(reader_left(&r), 0);
    assert_false(r.failed);
    assert_int_equal(reader_u32(&r), 0);
    assert_true(r.failed);
    buf_release(&buf);
}

static void a_broken_varint_or_blob_fails(void **state)
{
    static const uint8_t endless[11] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0x7f, 0};
    static const uint8_t blob[] = {200, 1, 'x'};
    struct reader r = reader_from(endless, sizeof(endless));

    (void)state;
    assert_int_equal(reader_varint(&r), 0);
    assert_true(r.failed);
    r = reader_from(blob, sizeof(blob));
    assert_int_equal(reader_blob(&r).size, 0);
    assert_true(r.failed);
    r = reader_from(NULL, 0);
    assert_int_equal(reader_u8(&r), 0);
    assert_true(r.failed);
}

static void the_maximum_is_sticky(void **state)
{
    struct error err;
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    buf_add_text(&buf, "12345678");
    ASSERT_OK(buf_check(&buf, &err));
    buf_add_text(&buf, "abc");
    buf_add_byte(&buf, 'd');
    ASSERT_STATUS(STATUS_LIMIT, buf_check(&buf, &err));
    assert_int_equal(buf.size, 8);
    assert_null(buf_take(&buf));
    buf_clear(&buf);
    buf_add_text(&buf, "ok");
    ASSERT_OK(buf_check(&buf, &err));
    char *text = buf_take(&buf);
    assert_string_equal(text, "ok");
    assert_int_equal(buf.size, 0);
    free(text);
    buf_release(&buf);
}

static void numbers_and_long_formats_are_written(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10000);
    buf_add_i64(&buf, INT64_MIN);
    buf_add_byte(&buf, ' ');
    buf_add_u64(&buf, UINT64_MAX);
    ASSERT_SLICE(buf_slice(&buf), "-9223372036854775808 18446744073709551615");
    buf_clear(&buf);
    buf_add_format(&buf, "%0900d", 7);
    assert_int_equal(buf.size, 900);
    assert_int_equal(buf.data[899], '7');
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read_back),
        cmocka_unit_test(a_broken_varint_or_blob_fails),
        cmocka_unit_test(the_maximum_is_sticky),
        cmocka_unit_test(numbers_and_long_formats_are_written),
    };

    return RUN_TESTS(tests);
}
