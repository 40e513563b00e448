/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_csv.c - any text as CSV, the separator its first byte: every line makes the rest
 * shorter; written again with quotes the cells are read as they were. */
#include "query/csv.h"

#include "base/check.h"
#include "base/limits.h"

#define CELLS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_cell(struct buf *buf, struct slice cell)
{
    buf_add_byte(buf, '"');
    for (size_t i = 0; i < cell.size; i++) {
        if (cell.data[i] == '"')
            buf_add_byte(buf, '"');
        buf_add_byte(buf, cell.data[i]);
    }
    buf_add_byte(buf, '"');
}

static void check_again(struct arena *arena, const struct slice *cells, uint32_t count,
                        char separator)
{
    struct slice again[CELLS];
    uint32_t again_count;
    struct error err;
    struct buf buf;

    buf_init(&buf, 16 * MIB);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(&buf, separator);
        add_cell(&buf, cells[i]);
    }
    buf_add_text(&buf, "\n");
    struct csv csv = {.rest = buf_slice(&buf), .separator = separator, .arena = arena};
    CHECK(csv_next(&csv, again, CELLS, &again_count, &err) == STATUS_OK);
    CHECK(again_count == count);
    for (uint32_t i = 0; i < count; i++)
        CHECK(slice_equal(cells[i], again[i]));
    buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = ",;\t|";
    struct arena *arena = arena_new(64 * MIB);
    struct slice cells[CELLS];
    uint32_t count = 0;
    struct error err = {0};

    CHECK(arena != NULL);
    if (size > 0) {
        struct csv csv = {.rest = slice_from((const char *)data + 1, size - 1),
                          .separator = separators[data[0] % 4], .arena = arena};
        size_t left = csv.rest.size + 1;
        enum status status;
        while ((status = csv_next(&csv, cells, CELLS, &count, &err)) == STATUS_OK && count > 0) {
            CHECK(csv.rest.size < left);
            left = csv.rest.size;
            for (uint32_t i = 0; i < count && i < CELLS; i++)
                CHECK(cells[i].size < size);
            if (count <= CELLS)
                check_again(arena, cells, count, csv.separator);
        }
        CHECK(status == STATUS_OK || err.text[0] != '\0');
    }
    arena_free(arena);
    return 0;
}
