/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "query/csv.h"

#include <string.h>

static void cells_are_read_line_by_line(void **state)
{
    static const struct {
        const char *text, *cells; /* cells joined by '|', lines by '/' */
        char separator;
    } cases[] = {
        {"a,b\nc,d\n", "a|b/c|d", ','},
        {"a,b\r\n\r\nc", "a|b/c", ','},
        {"\"a,1\",\"b\"\"c\"\"\",\"x\ny\"", "a,1|b\"c\"|x\ny", ','},
        {",\n,,", "|/||", ','},
        {"\"a\"z,b", "a|b", ','},
        {"a\tb", "a|b", '\t'},
        {"", "", ','},
        {"\n\n", "", ','},
    };
    struct arena *arena = arena_new(1 << 20);
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct csv csv = {slice_of(cases[i].text), cases[i].separator, arena};
        struct slice cells[4];
        uint32_t count = 0, lines = 0;
        struct buf out;
        buf_init(&out, 64);
        for (;;) {
            ASSERT_OK(csv_next(&csv, cells, 4, &count, &err));
            if (count == 0)
                break;
            if (lines++ > 0)
                buf_add_byte(&out, '/');
            for (uint32_t c = 0; c < count; c++) {
                if (c > 0)
                    buf_add_byte(&out, '|');
                buf_add_slice(&out, cells[c]);
            }
        }
        buf_add_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].cells);
        buf_release(&out);
    }
    arena_free(arena);
}

static void cells_beyond_the_room_are_counted(void **state)
{
    struct csv csv = {SLICE("a,b,c,d"), ',', NULL};
    struct slice cells[2];
    struct error err;
    uint32_t count;

    (void)state;
    ASSERT_OK(csv_next(&csv, cells, 2, &count, &err));
    assert_int_equal(count, 4);
    ASSERT_SLICE(cells[1], "b");
}

static void an_open_quote_is_refused(void **state)
{
    struct csv csv = {SLICE("a,\"b\nc"), ',', NULL};
    struct slice cells[2];
    struct error err;
    uint32_t count;

    (void)state;
    ASSERT_STATUS(STATUS_INVALID, csv_next(&csv, cells, 2, &count, &err));
    assert_non_null(strstr(err.text, "not closed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_read_line_by_line),
        cmocka_unit_test(cells_beyond_the_room_are_counted),
        cmocka_unit_test(an_open_quote_is_refused),
    };

    return RUN_TESTS(tests);
}
