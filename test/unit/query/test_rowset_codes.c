/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of kept rows as numbers, and as slices again. */
#include "test.h"

#include "base/limits.h"
#include "query/key_set_priv.h"
#include "query/rowset_priv.h"

#include <stdlib.h>

static struct column columns[] = {{{"n", 1}, TYPE_LONG}, {{"s", 1}, TYPE_STRING}};
static const struct schema schema = {columns, 2};
static const struct slice words[] = {{"one", 3}, {"two", 3}, {"", 0}, {"four", 4}};
static const uint32_t codes[] = {3, 0, 0, 1, 2, 3};

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * MIB);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct rowset *open_coded(void)
{
    struct error err = {.status = STATUS_OK};
    struct rowset *set = rowset_new(arena, &schema, NULL, &err);

    assert_non_null(set);
    ASSERT_OK(rowset_code(set, &err));
    return set;
}

/* Six rows; the words of `from` on, by codes. */
static void add_words(struct rowset *set, const struct slice *dictionary, uint32_t size,
                      uint64_t id)
{
    static const int64_t numbers[] = {1, 2, 3, 4, 5, 6};
    struct error err = {.status = STATUS_OK};
    struct vector v[] = {
        {.type = TYPE_LONG, .row_count = 6, .integers = numbers},
        {.type = TYPE_STRING, .encoding = VECTOR_DICT, .row_count = 6, .slices = dictionary,
         .codes = codes, .dict_size = size, .dict_unique = true, .dict_id = id},
    };
    struct batch batch = {.row_count = 6, .column_count = 2, .columns = v};

    ASSERT_OK(rowset_add(set, &batch, NULL, 6, &err));
}

static void add_one(struct rowset *set, const char *text)
{
    struct error err = {.status = STATUS_OK};
    struct value values[] = {{.type = TYPE_LONG, .integer = 9},
                             {.type = TYPE_STRING, .bytes = slice_of(text)}};

    ASSERT_OK(rowset_add_values(set, values, &err));
}

/* Rows without a dictionary, up to BATCH_ROWS_MAX. */
static void add_loose(struct rowset *set, const char *text, uint32_t count)
{
    static const int64_t numbers[BATCH_ROWS_MAX];
    static struct slice texts[BATCH_ROWS_MAX];
    struct error err = {.status = STATUS_OK};
    struct vector v[] = {{.type = TYPE_LONG, .row_count = count, .integers = numbers},
                         {.type = TYPE_STRING, .row_count = count, .slices = texts}};
    struct batch batch = {.row_count = count, .column_count = 2, .columns = v};

    for (uint32_t i = 0; i < count; i++)
        texts[i] = slice_of(text);
    ASSERT_OK(rowset_add(set, &batch, NULL, count, &err));
}

static void assert_text(const struct rowset *set, uint32_t row, const char *text)
{
    assert_true(slice_is(rowset_value(set, row, 1).bytes, text));
}

static void assert_words(const struct rowset *set, uint32_t from)
{
    for (uint32_t i = 0; i < 6; i++)
        assert_true(slice_equal(rowset_value(set, from + i, 1).bytes, words[codes[i]]));
}

static void finish(struct rowset *set)
{
    struct error err = {.status = STATUS_OK};
    ASSERT_OK(rowset_finish(set, &err));
}

/* Texts of two dictionaries are numbered once; what is taken are codes. */
static void test_one_dictionary(void **state)
{
    static const struct slice turned[] = {{"two", 3}, {"four", 4}, {"one", 3}, {"", 0}};
    static const uint32_t rows[] = {12, 0, 7};
    struct error err = {.status = STATUS_OK};
    struct rowset *set = open_coded();
    struct vector taken[2];

    (void)state;
    add_words(set, words, 4, 71);
    add_words(set, turned, 4, 72);
    add_one(set, "four");
    finish(set);
    assert_words(set, 0);
    assert_text(set, 6, "");
    assert_text(set, 7, "two");
    assert_text(set, 12, "four");
    ASSERT_OK(rowset_take(set, arena, rows, 3, taken, &err));
    assert_int_equal(taken[1].encoding, VECTOR_DICT);
    assert_int_equal(taken[1].dict_size, 4);
    assert_int_equal(taken[1].codes[0], taken[1].codes[1]);
    assert_int_not_equal(taken[1].codes[0], taken[1].codes[2]);
    assert_int_equal(taken[0].integers[0], 9);
    /* More rows after it was read. */
    add_one(set, "five");
    finish(set);
    assert_text(set, 13, "five");
    assert_words(set, 0);
}

/* A few texts without a dictionary are numbered, too; many make slices of all. */
static void test_slices_again(void **state)
{
    struct rowset *set = open_coded();

    (void)state;
    add_words(set, words, 4, 71);
    add_loose(set, "five", 1);
    assert_true(rowset_is_coded(set, 1));
    add_words(set, words, 4, 71);
    add_loose(set, "six", BATCH_ROWS_MAX - 1);
    assert_true(rowset_is_coded(set, 1));
    add_loose(set, "seven", 1);
    assert_false(rowset_is_coded(set, 1));
    add_words(set, words, 4, 71);
    finish(set);
    assert_words(set, 0);
    assert_text(set, 6, "five");
    assert_words(set, 7);
    assert_text(set, 13, "six");
    assert_text(set, 13 + BATCH_ROWS_MAX - 1, "seven");
    assert_words(set, 13 + BATCH_ROWS_MAX);
}

/* Rows by a list, of a column with a dictionary, without one, and of one value. */
static void test_picked_rows(void **state)
{
    static const int64_t numbers[] = {1, 2, 3, 4, 5, 6};
    static const struct slice texts[] = {{"a", 1}, {"b", 1}, {"c", 1},
                                         {"d", 1}, {"e", 1}, {"f", 1}};
    static const uint32_t rows[] = {1, 3, 4};
    struct error err = {.status = STATUS_OK};
    struct rowset *set = open_coded();
    struct vector v[] = {
        {.type = TYPE_LONG, .row_count = 6, .integers = numbers},
        {.type = TYPE_STRING, .encoding = VECTOR_DICT, .row_count = 6, .slices = words,
         .codes = codes, .dict_size = 4, .dict_unique = true, .dict_id = 71},
    };
    struct batch batch = {.row_count = 6, .column_count = 2, .columns = v};

    (void)state;
    ASSERT_OK(rowset_add(set, &batch, rows, 3, &err));
    v[1] = (struct vector){.type = TYPE_STRING, .row_count = 6, .slices = texts};
    ASSERT_OK(rowset_add(set, &batch, rows, 3, &err));
    v[1].encoding = VECTOR_CONST;
    ASSERT_OK(rowset_add(set, &batch, rows, 3, &err));
    assert_true(rowset_is_coded(set, 1));
    finish(set);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(slice_equal(rowset_value(set, i, 1).bytes, words[codes[rows[i]]]));
        assert_true(slice_equal(rowset_value(set, 3 + i, 1).bytes, texts[rows[i]]));
        assert_text(set, 6 + i, "a");
        assert_int_equal(rowset_value(set, 3 + i, 0).integer, numbers[rows[i]]);
    }
}

/* A chunk's end is in the midst of rows without a dictionary. */
static void test_loose_rows_over_a_border(void **state)
{
    static const int64_t numbers[BATCH_ROWS_MAX];
    static char letters[BATCH_ROWS_MAX][2];
    static struct slice texts[BATCH_ROWS_MAX];
    struct error err = {.status = STATUS_OK};
    struct rowset *set = open_coded();
    struct vector v[] = {{.type = TYPE_LONG, .row_count = 3000, .integers = numbers},
                         {.type = TYPE_STRING, .row_count = 3000, .slices = texts}};
    struct batch batch = {.row_count = 3000, .column_count = 2, .columns = v};

    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        letters[i][0] = (char)('a' + i % 26);
        letters[i][1] = (char)('a' + i / 26 % 26);
        texts[i] = slice_from(letters[i], 2);
    }
    for (uint32_t i = 0; i < 700; i++)
        add_words(set, words, 4, 71);
    ASSERT_OK(rowset_add(set, &batch, NULL, 3000, &err));
    assert_true(rowset_is_coded(set, 1));
    finish(set);
    for (uint32_t i = 0; i < 3000; i++)
        assert_true(slice_equal(rowset_value(set, 4200 + i, 1).bytes, texts[i]));
}

static void test_sets_become_one(void **state)
{
    struct error err = {.status = STATUS_OK};

    (void)state;
    for (uint32_t i = 0; i < 4; i++) { /* which of them has slices */
        struct rowset *all = rowset_new(arena, &schema, NULL, &err);
        struct rowset *one = open_coded();
        struct rowset *other = open_coded();
        uint32_t zeros = (i & 1) != 0 ? BATCH_ROWS_MAX + 1 : 1;
        uint32_t sixes = (i & 2) != 0 ? BATCH_ROWS_MAX + 1 : 1;
        assert_non_null(all);
        for (uint32_t k = 0; k < zeros; k++)
            add_loose(one, "zero", 1);
        add_words(one, words, 4, 71);
        add_words(other, words, 4, 72);
        for (uint32_t k = 0; k < sixes; k++)
            add_loose(other, "six", 1);
        uint32_t border = one->chunk_count * BATCH_ROWS_MAX;
        ASSERT_OK(rowset_adopt(all, one, &err));
        ASSERT_OK(rowset_adopt(all, other, &err));
        finish(all);
        assert_int_equal(all->row_count, 12 + zeros + sixes);
        assert_int_equal(rowset_is_coded(all, 1), i == 0);
        assert_text(all, 0, "zero");
        assert_words(all, zeros);
        assert_words(all, border);
        assert_text(all, border + 6, "six");
    }
}

/* Nearly as many texts as rows: slices take less. */
static void test_too_many(void **state)
{
    struct rowset *set = open_coded();
    char (*texts)[8] = calloc(1u << 17, sizeof(*texts));
    struct slice *slices = calloc(1u << 17, sizeof(*slices));
    uint32_t own[BATCH_ROWS_MAX];
    int64_t numbers[BATCH_ROWS_MAX] = {0};

    (void)state;
    assert_true(texts != NULL && slices != NULL);
    for (uint32_t i = 0; i < 1u << 17; i++) {
        memcpy(texts[i], &i, sizeof(i));
        slices[i] = slice_from(texts[i], sizeof(texts[i]));
    }
    for (uint32_t at = 0; at < 1u << 17; at += BATCH_ROWS_MAX) {
        struct error err = {.status = STATUS_OK};
        for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++)
            own[i] = at + i;
        struct vector v[] = {
            {.type = TYPE_LONG, .row_count = BATCH_ROWS_MAX, .integers = numbers},
            {.type = TYPE_STRING, .encoding = VECTOR_DICT, .row_count = BATCH_ROWS_MAX,
             .slices = slices, .codes = own, .dict_size = 1u << 17, .dict_unique = true,
             .dict_id = 5},
        };
        struct batch batch = {.row_count = BATCH_ROWS_MAX, .column_count = 2, .columns = v};
        ASSERT_OK(rowset_add(set, &batch, NULL, BATCH_ROWS_MAX, &err));
    }
    finish(set);
    assert_false(rowset_is_coded(set, 1));
    for (uint32_t i = 0; i < 1u << 17; i += 1001)
        assert_true(slice_equal(rowset_value(set, i, 1).bytes, slices[i]));
    free(slices);
    free(texts);
}

/* A set takes a chunk of codes as it is, and adds rows to a copy. */
static void test_chunk_of_codes(void **state)
{
    static const uint32_t rows[] = {0, 1, 2, 3, 4, 5};
    struct error err = {.status = STATUS_OK};
    struct rowset *from = open_coded();
    struct rowset *to = rowset_new(arena, &schema, NULL, &err);
    struct vector taken[2];

    (void)state;
    assert_non_null(to);
    add_words(from, words, 4, 71);
    finish(from);
    ASSERT_OK(rowset_take(from, arena, rows, 6, taken, &err));
    struct batch batch = {.row_count = 6, .column_count = 2, .columns = taken};
    ASSERT_OK(rowset_add(to, &batch, NULL, 6, &err));
    assert_ptr_equal(to->chunks[0].columns[1].codes, taken[1].codes);
    add_one(to, "five");
    ASSERT_OK(rowset_add(to, &batch, NULL, 6, &err));
    assert_words(to, 0);
    assert_text(to, 6, "five");
    assert_words(to, 7);
}

static void test_memory(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct arena *little = arena_new(64 * KIB);

    (void)state;
    assert_non_null(little);
    struct rowset *set = rowset_new(little, &schema, NULL, &err);
    assert_non_null(set);
    ASSERT_STATUS(STATUS_LIMIT, rowset_code(set, &err));
    arena_free(little);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_dictionary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slices_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_picked_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loose_rows_over_a_border, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sets_become_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chunk_of_codes, set_up, tear_down),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
