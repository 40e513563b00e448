/* SPDX-License-Identifier: Apache-2.0 */
/* Broken blobs of columns are refused, whatever byte is wrong. */
#include "store/column_priv.h"

#include "store/section_trip.h"

/* Decodes each column of the header from a changed blob. */
static void columns_survive(struct trip *t, const struct section_header *header, size_t step)
{
    char *copy = malloc(t->plain.size);

    assert_non_null(copy);
    for (uint32_t p = 0; p < header->part->path_count; p++) {
        const struct column_entry *entry = &header->columns[p];
        if (entry->size == 0 || entry->is_inline)
            continue;
        for (size_t at = 0; at < entry->size; at += step) {
            struct cache_memory memory = {.bytes_max = 64 * MIB};
            struct path_column column;
            memcpy(copy, t->plain.data + entry->offset, entry->size);
            copy[at] = (char)(copy[at] ^ (1 << at % 8));
            struct column_bytes bytes = {entry, {copy, entry->size}};
            enum status status = column_decode(t->view, &header->uses, p, &bytes, &memory,
                                               &column, &t->err);
            assert_true(status == STATUS_OK || status == STATUS_CORRUPT ||
                        status == STATUS_LIMIT);
            if (status == STATUS_OK) {
                for (uint32_t v = 0; !column.is_array && v < column.value_count; v++)
                    assert_true(code_at(column.codes, v) < column.dict_count);
            }
            cache_memory_free(&memory);
        }
        for (size_t size = 0; size < entry->size; size += step * 3 + 1) {
            struct cache_memory memory = {.bytes_max = 64 * MIB};
            struct path_column column;
            struct column_bytes bytes = {entry, {t->plain.data + entry->offset, size}};
            assert_int_not_equal(column_decode(t->view, &header->uses, p, &bytes, &memory,
                                               &column, &t->err),
                                 STATUS_OK);
            cache_memory_free(&memory);
        }
    }
    free(copy);
}

static void a_wrong_byte_is_refused_or_harmless(void **state)
{
    (void)state;
    for (int thorough = 0; thorough < 2; thorough++) {
        struct batch_maker m;
        struct trip t;
        batch_maker_init(&m, "T", 1);
        fixture_records(&m, 300, 3);
        trip_init(&t, &m, thorough == 1);
        struct section_header *header = trip_header(&t);
        columns_survive(&t, header, 7);
        section_header_free(header);
        trip_release(&t);
        batch_maker_release(&m);
    }
}

static void an_entry_that_lies_is_refused(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 300, 3);
    trip_init(&t, &m, true);
    struct section_header *header = trip_header(&t);
    uint32_t p = part_find_path(header->part, SLICE("Id"), PATH_VALUE);
    for (int what = 0; what < 5; what++) {
        struct column_entry entry = header->columns[p];
        struct cache_memory memory = {.bytes_max = 64 * MIB};
        struct path_column column;
        entry.dict_count -= what == 0;
        entry.text_bytes += what == 1;
        entry.codes = what == 2 ? CODES_CONST : what == 3 ? CODES_SAME : entry.codes;
        entry.texts = what == 4 ? TEXTS_PLAIN : entry.texts;
        struct column_bytes bytes = {&entry, {t.plain.data + entry.offset, entry.size}};
        assert_int_equal(column_decode(t.view, &header->uses, p, &bytes, &memory, &column,
                                       &t.err),
                         STATUS_CORRUPT);
        cache_memory_free(&memory);
    }
    section_header_free(header);
    trip_release(&t);
    batch_maker_release(&m);
}

static void the_memory_of_a_column_is_bounded(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 300, 3);
    trip_init(&t, &m, true);
    struct section_header *header = trip_header(&t);
    uint32_t p = part_find_path(header->part, SLICE("Id"), PATH_VALUE);
    struct cache_memory memory = {.bytes_max = 1000};
    struct path_column column;
    struct column_bytes bytes = {&header->columns[p],
                                 {t.plain.data + header->columns[p].offset,
                                  header->columns[p].size}};
    assert_int_equal(column_decode(t.view, &header->uses, p, &bytes, &memory, &column, &t.err),
                     STATUS_LIMIT);
    cache_memory_free(&memory);
    section_header_free(header);
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_byte_is_refused_or_harmless),
        cmocka_unit_test(an_entry_that_lies_is_refused),
        cmocka_unit_test(the_memory_of_a_column_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
