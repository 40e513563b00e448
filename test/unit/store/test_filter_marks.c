/* SPDX-License-Identifier: Apache-2.0 */
/* Words that no index knows: columns that may have them are marked, and few rows are left. */
#include "store/scan_maker.h"

#define ROWS 3000
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Each number of 0 to 2999 stands once in each place. */
static void put_numbers(struct store *store)
{
    struct batch_maker m;
    struct buf text;

    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    m.next_seq = 100000;
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned n = i * 7 % ROWS;
        buf_clear(&text);
        buf_add_format(&text,
                       "{\"Operation\":\"about %u\",\"Number\":%u,\"Ratio\":%u.5,"
                       "\"Key\":\"%08x-0001-0002-0003-000000000004\","
                       "\"FolderId\":\"%08x-0001-0002-0003-000000000005\","
                       "\"Folder\":[{\"a\":\"x%u\"},{\"a\":\"%u of " DIGEST "\",\"b\":[%u]}]}",
                       i + 10000, n + 20000, i + 30000, i + 0x40000, i + 0x70000, i, i + 50000,
                       i + 60000);
        batch_maker_add(&m, buf_slice(&text), TICKS_PER_SECOND * (i + 1));
    }
    put(store, &m);
    buf_release(&text);
    batch_maker_release(&m);
}

/* So many rows have the word in one of their columns. */
static void expect_with_word(struct store *store, const char *columns, const char *text,
                             uint64_t want)
{
    struct value word = text_value(text);
    struct query q = {.table = "Audit", .columns = columns, .filter_count = 1};
    q.filters[0] = (struct filter){.kind = FILTER_ANY_HAS,
                                   .column = SOURCE_COLUMN_ANY,
                                   .values = &word,
                                   .value_count = 1};
    char *rows = run(store, &q);
    if (count_lines(rows) != want)
        fail_msg("%s: %d rows", text, (int)count_lines(rows));
    free(rows);
}

static void few_rows_are_left(void **state)
{
    static const struct {
        const char *word;
        uint64_t want;
    } cases[] = {
        {"10017", 1},    /* in a text */
        {"20017", 1},    /* a number */
        {"30017", 1},    /* before the point */
        {"50017", 1},    /* below an array */
        {"60017", 1},    /* in an array below an array */
        {"100017", 1},   /* a _Seq */
        {"0100017", 0},  /* which is not shown so */
        {"00040017", 1}, /* a piece of a GUID */
        {"40017", 0},    /* less than that */
        {"0002", ROWS},  /* of a GUID, or of a time */
        {"70017", 0},
        {"5", ROWS},     /* behind the point */
    };

    (void)state;
    struct store *store = open_store();
    put_numbers(store);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_with_word(store, "_Seq Operation", cases[i].word, cases[i].want);
    }
    close_store(store);
}

/* GUIDs that one filter has left as they are, among the columns that another one marks: its word
 * is no piece of them, and longer than the longest. */
static void other_filters_meet_guids(void **state)
{
    (void)state;
    struct store *store = open_store();
    put_numbers(store);
    uint32_t folder = index_of(store, "Audit", "Folder");
    struct value piece = text_value("00070017");
    struct value others[] = {
        text_value(DIGEST), text_value("x23"), text_value("00070018"),
        text_value("00070017-0001-0002-0003-000000000005")};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct query q = {.table = "Audit", .columns = "_Seq", .filter_count = 2};
        q.filters[0] = (struct filter){.kind = FILTER_ANY_HAS,
                                       .column = SOURCE_COLUMN_ANY,
                                       .values = &piece,
                                       .value_count = 1};
        q.filters[1] = (struct filter){
            .kind = FILTER_HAS, .column = folder, .values = &others[i], .value_count = 1};
        char *text = run(store, &q);
        if (count_lines(text) != (i < 2 ? 1 : 0))
            fail_msg("%.*s: %d rows", SLICE_FMT(others[i].bytes), (int)count_lines(text));
        free(text);
    }
    close_store(store);
}

/* The word is a key in the elements of an array, and no value: of all columns only the array is
 * needed to find the rows.  A key with an escape may be any word. */
static void words_are_keys_in_arrays(void **state)
{
    static const struct {
        const char *word;
        uint64_t want;
    } cases[] = {{"Member", 2}, {"Inner", 2}, {"elsewhere", 1}};
    struct batch_maker m;

    (void)state;
    struct store *store = open_store();
    batch_maker_init(&m, "Audit", 1);
    batch_maker_add(&m,
                    SLICE("{\"Operation\":\"x\",\"Folder\":[{\"Member\":[{\"Inner\":\"v\"}]}]}"),
                    TICKS_PER_SECOND);
    batch_maker_add(&m, SLICE("{\"Operation\":\"y\",\"Folder\":[{\"back\\\\slash\":1}]}"),
                    2 * TICKS_PER_SECOND);
    batch_maker_add(&m, SLICE("{\"Operation\":\"z\"}"), 3 * TICKS_PER_SECOND);
    put(store, &m);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_with_word(store, "_Seq", cases[i].word, cases[i].want);
    }
    batch_maker_release(&m);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_rows_are_left),
        cmocka_unit_test(other_filters_meet_guids),
        cmocka_unit_test(words_are_keys_in_arrays),
    };

    int failed = cmocka_run_group_tests_name("memory", tests, NULL, NULL);
    is_sealed = true;
    return failed + cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
