/* SPDX-License-Identifier: Apache-2.0 */
/* The index never denies a value that is there. */
#include "base/hash.h"
#include "store/section_priv.h"
#include "store/words_priv.h"

#include "store/section_trip.h"

/* What the directory says of the pages. */
static void read_pages(const struct entity_index *index, struct reader *r,
                       struct index_page *ret)
{
    uint64_t offset = 0;

    for (uint32_t i = 0; i < index->page_count; i++) {
        ret[i].first = reader_u32(r);
        ret[i].size = (uint32_t)reader_varint(r);
        ret[i].offset = offset;
        offset += ret[i].size;
    }
    assert_int_equal(offset, index->pages.size);
}

static void assert_hits(const struct index_hit *a, uint32_t a_count, const struct index_hit *b,
                        uint32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        assert_int_equal(a[i].rank, b[i].rank);
        assert_int_equal(a[i].blocks, b[i].blocks);
    }
}

/* A probe that begins at a step finds what one from the beginning does, for the fingerprints
 * beside it too. */
static void assert_steps_agree(struct slice page, const struct index_probe *probe,
                               const struct index_hit *hits, uint32_t count)
{
    struct index_hit *found = calloc((size_t)probe->rank_count * 2, sizeof(*found));
    struct index_hit *others = found + probe->rank_count;
    uint32_t found_count = 0, other_count = 0;
    struct index_probe with = *probe;
    struct error err;
    struct buf steps;

    buf_init(&steps, MIB);
    assert_int_equal(entity_index_steps(page, probe, &steps, &err), STATUS_OK);
    with.step_count = (uint32_t)(steps.size / sizeof(struct index_step));
    with.steps = (const struct index_step *)(const void *)steps.data;
    assert_true(with.step_count > 0);
    assert_int_equal(entity_index_probe(page, &with, found, &found_count, &err), STATUS_OK);
    assert_hits(found, found_count, hits, count);
    for (uint32_t i = 0; i < with.step_count; i++) {
        struct index_probe from_start = *probe;
        with.fingerprint = from_start.fingerprint = with.steps[i].print + (i & 1);
        assert_int_equal(entity_index_probe(page, &with, found, &found_count, &err), STATUS_OK);
        assert_int_equal(entity_index_probe(page, &from_start, others, &other_count, &err),
                         STATUS_OK);
        assert_hits(found, found_count, others, other_count);
    }
    buf_release(&steps);
    free(found);
}

static void assert_cut_is_damage(struct slice cut, const struct index_probe *probe,
                                 struct index_hit *hits)
{
    uint32_t count = 0;
    struct error err;
    struct buf none;

    assert_int_equal(entity_index_probe(cut, probe, hits, &count, &err), STATUS_CORRUPT);
    buf_init(&none, MIB);
    assert_int_equal(entity_index_steps(cut, probe, &none, &err), STATUS_CORRUPT);
    buf_release(&none);
}

static void no_value_is_denied_and_blocks_are_right(void **state)
{
    (void)state;
    struct batch_maker m;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 6000, 9);
    struct part *part = fixture_part(&m);
    struct arena *arena = arena_new(64 * MIB);
    struct error err;
    struct path_uses uses;
    struct entity_index index = {0};
    assert_int_equal(path_uses_build(part, arena, &uses, &err), STATUS_OK);
    struct column_entry *columns = ARENA_ARRAY(arena, struct column_entry, part->path_count, &err);
    buf_init(&index.pages, 64 * MIB);
    buf_init(&index.directory, 64 * MIB);
    assert_int_equal(entity_index_build(part, &uses, 99, columns, &index, &err), STATUS_OK);
    assert_true(index.page_count > 3);
    struct index_page *pages = ARENA_ARRAY(arena, struct index_page, index.page_count, &err);
    struct reader r = reader_from(index.directory.data, index.directory.size);
    uint8_t bits = reader_u8(&r);
    uint32_t rank_count = (uint32_t)reader_varint(&r), rank = UINT32_MAX;
    uint64_t *rank_blocks = ARENA_ARRAY(arena, uint64_t, rank_count, &err);
    uint32_t path = part_find_path(part, SLICE("Folders[].Items[].Mid"), PATH_VALUE);
    for (uint32_t i = 0; i < rank_count; i++) {
        if (reader_varint(&r) == path)
            rank = i;
        rank_blocks[i] = reader_u64(&r);
        assert_int_not_equal(rank_blocks[i], 0);
    }
    assert_int_not_equal(rank, UINT32_MAX);
    read_pages(&index, &r, pages);
    const struct path_column *column = &part->paths[path];
    assert_true(columns[path].is_indexed);
    uint32_t *rows = malloc(column->value_count * sizeof(*rows));
    assert_int_equal(part_value_rows(part, &uses, path, rows, &err), STATUS_OK);
    struct index_hit *hits = ARENA_ARRAY(arena, struct index_hit, rank_count, &err);
    uint32_t hit_count = 0, units = 0;
    for (uint32_t v = 0; v < column->value_count; v++) {
        uint64_t blocks = 0;
        struct words words = {.text = column->dict[code_at(column->codes, v)]};
        struct slice unit;
        if (!words_next(&words, &unit))
            unit = words.text;
        else
            units++;
        uint32_t print = entity_fingerprint(99, unit) >> (32 - bits);
        uint32_t page = entity_index_page(pages, index.page_count, print);
        assert_int_not_equal(page, UINT32_MAX);
        struct slice bytes = {index.pages.data + pages[page].offset, pages[page].size};
        struct index_probe probe = {.first = pages[page].first,
                                    .fingerprint = print,
                                    .rank_count = rank_count,
                                    .rank_blocks = rank_blocks};
        assert_int_equal(entity_index_probe(bytes, &probe, hits, &hit_count, &err), STATUS_OK);
        for (uint32_t i = 0; i < hit_count; i++)
            blocks |= hits[i].rank == rank ? hits[i].blocks : 0;
        assert_true((blocks >> (rows[v] / INDEX_BLOCK_ROWS) & 1) == 1);
        assert_steps_agree(bytes, &probe, hits, hit_count);
    }
    const struct index_probe any = {
        .fingerprint = UINT32_MAX, .rank_count = rank_count, .rank_blocks = rank_blocks};
    assert_cut_is_damage(slice_from(index.pages.data, 1), &any, hits);
    assert_true(units > 0);
    free(rows);
    buf_release(&index.pages);
    buf_release(&index.directory);
    arena_free(arena);
    part_unref(part);
    batch_maker_release(&m);
}

/* The blocks that the literals of shapes have the unit in. */
static uint64_t blocks_of_literal(const struct entity_index *index, struct arena *arena,
                                  struct slice unit)
{
    struct error err;
    struct reader r = reader_from(index->directory.data, index->directory.size);
    uint8_t bits = reader_u8(&r);
    uint32_t rank_count = (uint32_t)reader_varint(&r), literals = UINT32_MAX, count = 0;
    uint64_t *rank_blocks = ARENA_ARRAY(arena, uint64_t, rank_count, &err), ret = 0;
    struct index_hit *hits = ARENA_ARRAY(arena, struct index_hit, rank_count, &err);
    struct index_page *pages = ARENA_ARRAY(arena, struct index_page, index->page_count, &err);

    for (uint32_t i = 0; i < rank_count; i++) {
        if (reader_varint(&r) == 0)
            literals = i;
        rank_blocks[i] = reader_u64(&r);
    }
    read_pages(index, &r, pages);
    uint32_t print = entity_fingerprint(99, unit) >> (32 - bits);
    uint32_t page = entity_index_page(pages, index->page_count, print);
    assert_int_not_equal(page, UINT32_MAX);
    struct slice bytes = {index->pages.data + pages[page].offset, pages[page].size};
    struct index_probe probe = {.first = pages[page].first,
                                .fingerprint = print,
                                .rank_count = rank_count,
                                .rank_blocks = rank_blocks};
    assert_int_equal(entity_index_probe(bytes, &probe, hits, &count, &err), STATUS_OK);
    for (uint32_t i = 0; i < count; i++)
        ret |= hits[i].rank == literals ? hits[i].blocks : 0;
    return ret;
}

/* In more of them they would take more memory than the record that brought them, many times. */
static void literals_of_elements_are_in_the_blocks_that_have_them(void **state)
{
    enum { ROWS = 1100 };
    static const char *const TEXTS[] = {"{\"a\":[3,{\"wordelement\":1},{\"other\":2}]}",
                                        "{\"a\":[{\"c\":[{\"wordindepth\":1}]}]}",
                                        "{\"wordrecord\":1}"};
    struct arena *arena = arena_new(64 * MIB);
    struct entity_index index = {0};
    struct path_uses uses;
    struct batch_maker m;
    struct error err;

    (void)state;
    batch_maker_init(&m, "T", 1);
    for (int64_t i = 0; i < 3 * ROWS; i++)
        batch_maker_add(&m, slice_of(TEXTS[i / ROWS]), i);
    struct part *part = fixture_part(&m);
    assert_int_equal(path_uses_build(part, arena, &uses, &err), STATUS_OK);
    struct column_entry *columns = ARENA_ARRAY(arena, struct column_entry, part->path_count, &err);
    buf_init(&index.pages, MIB);
    buf_init(&index.directory, MIB);
    assert_int_equal(entity_index_build(part, &uses, 99, columns, &index, &err), STATUS_OK);
    /* The root shape of the first two is one; it has their rows by time. */
    const struct shape *shape = &part->shapes[part_root_shape(part, 0)];
    uint32_t first = shape->row_count == 2 * ROWS ? 0 : ROWS, other = first == 0 ? 2 * ROWS : 0;
    const struct {
        const char *unit;
        uint32_t row;
    } units[] = {{"wordelement", first}, {"other", first}, {"wordindepth", first + ROWS},
                 {"wordrecord", other}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        uint64_t want = 0;
        for (uint32_t row = units[i].row; row < units[i].row + ROWS; row++)
            want |= UINT64_C(1) << (row / INDEX_BLOCK_ROWS);
        assert_int_equal(blocks_of_literal(&index, arena, slice_of(units[i].unit)), want);
    }
    buf_release(&index.pages);
    buf_release(&index.directory);
    arena_free(arena);
    part_unref(part);
    batch_maker_release(&m);
}

static void letters_of_either_case_are_one_and_keys_differ(void **state)
{
    (void)state;
    assert_int_equal(entity_fingerprint(1, SLICE("User@Example.com")),
                     entity_fingerprint(1, SLICE("uSER@eXAMPLE.COM")));
    assert_int_not_equal(entity_fingerprint(1, SLICE("user@example.com")),
                         entity_fingerprint(2, SLICE("user@example.com")));
    assert_false(entity_is_indexed(SLICE("short")));
    assert_true(entity_is_indexed(SLICE("longer")));
}

/* The print is one of the text in lower case, whatever its length and wherever a byte stands. */
static void any_byte_folds_as_ascii_does(void **state)
{
    char text[40], lower[40];

    (void)state;
    for (size_t size = 1; size <= sizeof(text); size++) {
        for (size_t at = 0; at < size; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, 'Q', size);
                memset(lower, 'q', size);
                text[at] = (char)c;
                lower[at] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
                assert_int_equal(entity_fingerprint(7, slice_from(text, size)),
                                 (uint32_t)(hash_xxh3(lower, size, 7) >> 32));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_folds_as_ascii_does),
        cmocka_unit_test(no_value_is_denied_and_blocks_are_right),
        cmocka_unit_test(literals_of_elements_are_in_the_blocks_that_have_them),
        cmocka_unit_test(letters_of_either_case_are_one_and_keys_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
