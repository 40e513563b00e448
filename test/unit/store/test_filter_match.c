/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter says of single values. */
#include "store/filter_priv.h"

#include "store/part_maker.h"

static struct value text_value(const char *text)
{
    return (struct value){.type = TYPE_STRING, .bytes = slice_of(text)};
}

static void test_types(void **state)
{
    struct value text = text_value("a"), number = {.type = TYPE_LONG, .integer = 1};
    struct filter equal = {.kind = FILTER_EQUAL, .values = &text, .value_count = 1};
    struct filter has = {.kind = FILTER_HAS, .values = &text, .value_count = 1};
    struct filter range = {.kind = FILTER_RANGE, .low = 1, .high = 2};

    (void)state;
    assert_int_equal(filter_type(&equal, TYPE_STRING), TYPE_STRING);
    assert_int_equal(filter_type(&equal, TYPE_DYNAMIC), TYPE_STRING);
    assert_int_equal(filter_type(&equal, TYPE_LONG), TYPE_COUNT_);
    assert_int_equal(filter_type(&has, TYPE_LONG), TYPE_COUNT_);
    assert_int_equal(filter_type(&range, TYPE_DATETIME), TYPE_DATETIME);
    assert_int_equal(filter_type(&range, TYPE_STRING), TYPE_COUNT_);
    equal.values = &number;
    assert_int_equal(filter_type(&equal, TYPE_INT), TYPE_INT);
    assert_int_equal(filter_type(&equal, TYPE_STRING), TYPE_COUNT_);
}

static void test_texts(void **state)
{
    struct value texts[] = {text_value("Report"), text_value("b\xC3\xA4")};
    struct filter filter = {.kind = FILTER_EQUAL, .values = texts, .value_count = 2};

    (void)state;
    assert_true(filter_matches_slice(&filter, SLICE("Report")));
    assert_false(filter_matches_slice(&filter, SLICE("report")));
    filter.kind = FILTER_EQUAL_NOCASE;
    assert_true(filter_matches_slice(&filter, SLICE("rEPORT")));
    assert_true(filter_matches_slice(&filter, SLICE("B\xC3\xA4")));
    assert_true(filter_matches_slice(&filter, SLICE("B\xC3\x84")));
    filter.kind = FILTER_HAS;
    filter.value_count = 1;
    assert_true(filter_matches_slice(&filter, SLICE("a-report.docx")));
    assert_false(filter_matches_slice(&filter, SLICE("reports")));
    assert_true(filter_is_within(&filter, SLICE("reports")));
    filter.kind = FILTER_RANGE;
    assert_false(filter_matches_slice(&filter, SLICE("Report")));
}

static void test_missing(void **state)
{
    struct value texts[] = {text_value("a"), text_value("")};
    struct filter filter = {.kind = FILTER_EQUAL, .values = texts, .value_count = 1};

    (void)state;
    assert_false(filter_matches_missing(&filter));
    filter.value_count = 2;
    assert_true(filter_matches_missing(&filter));
    filter.kind = FILTER_RANGE;
    assert_false(filter_matches_missing(&filter));
}

/* Of wanted codes all is said, of others nothing that is wrong. */
static void assert_wanted_are_found(struct part_scan *scan, const struct filter *filter,
                                    uint32_t path, uint32_t step)
{
    const struct path_column *column = &scan->part->paths[path];
    uint8_t *codes = calloc(column->dict_count, 1), *found = NULL;
    struct error err;

    for (uint32_t i = step; i < column->dict_count; i += 1 + (i * 7 + step) % (4 * step + 1))
        codes[i] = 1;
    const struct wanted_values some = {path, TYPE_STRING, codes};
    assert_int_equal(filter_match_path(scan, filter, &some, &found, &err), STATUS_OK);
    for (uint32_t i = 0; i < column->dict_count; i++) {
        bool is_match = filter_matches_slice(filter, column->dict[i]);
        bool is_found = found != NULL && found[i] != 0;
        assert_true(codes[i] != 0 ? is_found == is_match : !is_found || is_match);
    }
    free(codes);
}

/* How many values match. */
static uint32_t assert_found(struct part_scan *scan, const struct filter *filter, uint32_t path)
{
    const struct path_column *column = &scan->part->paths[path];
    const struct wanted_values all = {path, TYPE_STRING, NULL};
    uint8_t *found = NULL;
    uint32_t count = 0;
    struct error err;

    assert_int_equal(filter_match_path(scan, filter, &all, &found, &err), STATUS_OK);
    for (uint32_t i = 0; i < column->dict_count; i++) {
        bool wanted = filter_matches_slice(filter, column->dict[i]);
        assert_int_equal(found != NULL && found[i] != 0, wanted);
        count += wanted;
    }
    return count;
}

#define WORD_COUNT 20u

/* A dictionary searched as one text says what its values say one by one. */
static void words_of_a_dictionary(void **state)
{
    static const char *const pieces[] = {"report", "Report", "REPORTS", "x", "-", " ", "rt", "a",
                                         "re", "port", "b\xC3\xA4", "", "reportreport", "."};
    static const char *const words[WORD_COUNT] = {
        "report", "x",  "rt", "reports", "b\xC3\xA4", "n0", "n1", "n2", "n3", "n4",
        "n5",     "n6", "n7", "n8",      "n9",        "na", "nb", "nc", "nd", "ne"};
    const struct scan_request request = {0};
    struct value list[WORD_COUNT];
    struct part_scan scan = {.request = &request, .arena = arena_new(64 * MIB)};
    struct batch_maker m;
    uint64_t seed = 7;

    (void)state;
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < 2000; i++) {
        char text[256] = "{\"a\":\"", *end = text + strlen(text);
        for (uint32_t k = 0; k < i % 9; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            end = stpcpy(end, pieces[(seed >> 33) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        (void)stpcpy(end, "\"}");
        batch_maker_add(&m, slice_of(text), 1);
    }
    scan.part = build_part(&m);
    uint32_t path = part_find_path(scan.part, SLICE("a"), PATH_VALUE);
    assert_true(scan.part->paths[path].dict_count > 500);
    for (uint32_t w = 0; w < WORD_COUNT; w++) {
        struct value value = text_value(words[w]);
        struct filter filter = {.kind = FILTER_HAS, .values = &value, .value_count = 1};
        assert_int_equal(assert_found(&scan, &filter, path) > 0, w < 5);
        assert_wanted_are_found(&scan, &filter, path, w);
        list[w] = value;
    }
    for (enum filter_kind kind = FILTER_EQUAL; kind <= FILTER_HAS; kind++) {
        struct filter filter = {.kind = kind, .values = list, .value_count = WORD_COUNT};
        assert_true(assert_found(&scan, &filter, path) > 0);
        assert_wanted_are_found(&scan, &filter, path, 3);
    }
    part_unref(scan.part);
    batch_maker_release(&m);
    arena_free(scan.arena);
}

/* Texts and a word that repeat themselves are compared in about as much time as others: this
 * took more than a minute. */
static void texts_that_repeat_themselves(void **state)
{
    enum { TEXT = 800 * KIB, WORD = 100 * KIB };
    const struct scan_request request = {0};
    struct part_scan scan = {.request = &request, .arena = arena_new(64 * MIB)};
    char *word = malloc(WORD), *record = malloc(TEXT + WORD + 100);
    struct batch_maker m;

    (void)state;
    memset(word, 'a', WORD);
    word[WORD / 4] = 'b';
    batch_maker_init(&m, "T", 1);
    for (int i = 0; i < 4; i++) {
        char *end = stpcpy(record, i < 3 ? "{\"a\":\"" : "{\"a\":\"- ");
        memset(end, 'a', TEXT);
        end += TEXT - (size_t)i;
        if (i == 3) {
            *end++ = ' ';
            memcpy(end, word, WORD);
            end += WORD;
        }
        end = stpcpy(end, "\"}");
        batch_maker_add(&m, slice_from(record, (size_t)(end - record)), 1);
    }
    scan.part = build_part(&m);
    uint32_t path = part_find_path(scan.part, SLICE("a"), PATH_VALUE);
    const struct value value = {.type = TYPE_STRING, .bytes = slice_from(word, WORD)};
    const struct filter filter = {.kind = FILTER_HAS, .values = &value, .value_count = 1};
    assert_int_equal(scan.part->paths[path].dict_count, 4);
    assert_int_equal(assert_found(&scan, &filter, path), 1);
    part_unref(scan.part);
    batch_maker_release(&m);
    arena_free(scan.arena);
    free(record);
    free(word);
}

/* Codes of blocks: those of the rows there, whatever the shape. */
static void codes_of_blocks(void **state)
{
    uint64_t some = 5; /* blocks 0 and 2 of 12 */
    struct part_scan scan = {.arena = arena_new(64 * MIB), .blocks = &some};
    struct batch_maker m;
    uint8_t *codes = NULL;
    struct error err;

    (void)state;
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < 12 * INDEX_BLOCK_ROWS; i++) {
        char text[96];
        int size = snprintf(text, sizeof(text), i % 3 == 0 ? "{\"b\":1,\"a\":\"v%u\"}"
                                                           : "{\"a\":\"v%u\"}", i % 9000);
        batch_maker_add(&m, slice_from(text, (size_t)size), 1);
    }
    scan.part = build_part(&m);
    const struct part *part = scan.part;
    uint32_t path = part_find_path(part, SLICE("a"), PATH_VALUE), marked = 0;
    const struct path_column *column = &part->paths[path];
    assert_int_equal(filter_codes_in(&scan, path, 7, &codes, &err), STATUS_OK);
    assert_non_null(codes);
    uint8_t *wanted = calloc(column->dict_count, 1);
    for (uint32_t s = 0; s < part->root_shape_count; s++) {
        const struct shape *shape = &part->shapes[s];
        for (uint32_t k = 0; k < shape->slot_count; k++) {
            for (uint32_t i = 0; i < shape->row_count && shape->slots[k].path == path; i++) {
                uint32_t block = (shape->row_begin + i) / INDEX_BLOCK_ROWS;
                if ((some >> block & 1) != 0)
                    wanted[code_at(column->codes, shape->slots[k].first + i)] = 1;
            }
        }
    }
    for (uint32_t i = 0; i < column->dict_count; i++) {
        assert_int_equal(codes[i], wanted[i]);
        marked += codes[i];
    }
    assert_true(marked > 1000 && marked <= 2 * INDEX_BLOCK_ROWS);
    some = UINT64_MAX;
    assert_int_equal(filter_codes_in(&scan, path, UINT64_MAX, &codes, &err), STATUS_OK);
    assert_null(codes);
    free(wanted);
    part_unref(scan.part);
    batch_maker_release(&m);
    arena_free(scan.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(words_of_a_dictionary),
        cmocka_unit_test(texts_that_repeat_themselves),
        cmocka_unit_test(codes_of_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
