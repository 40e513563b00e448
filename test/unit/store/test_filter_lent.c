/* SPDX-License-Identifier: Apache-2.0 */
/* Words in texts that end in another column's: what is said is what the texts say. */
#include "store/filter_priv.h"

#include "store/section_trip.h"

enum { RECORDS = 6000 };

static const char *const FRONTS[] = {"https://site.example/", "https://site.example/pre",
                                     "https://site.example/report/", "", "pre"};
static const char *const WORDS[] = {"report", "prereport", "pre",  "example", "DOCX",
                                    "site",   "r7",        "none", "x12",     "of"};

/* with_escapes: some addresses are null, or show a "pre" in their front that is written
 * otherwise. */
static void add_records(struct batch_maker *m, bool with_escapes)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        char name[64], line[256];
        bool is_dotted = i % 4 == 0; /* no term goes on from the front to the name */
        (void)snprintf(name, sizeof(name), "%s%s x%u of r%u.docx", is_dotted ? "-" : "",
                       i % 6 == 0 ? "report" : "budget", i, i % 11);
        const char *front = FRONTS[i / 7 % 5];
        if (with_escapes && i % 13 == 0)
            front = i % 2 == 0 ? "site/\\u0070re" : "site/\\u0070re/";
        int size = snprintf(line, sizeof(line), "{\"Name\":\"%s\",\"Url\":\"%s%s%s\"}", name,
                            front, name, i % 19 == 0 ? ".tmp" : "");
        if (with_escapes && i % 31 == 0)
            size = snprintf(line, sizeof(line), "{\"Name\":\"%s\",\"Url\":null}", name);
        batch_maker_add(m, slice_from(line, (size_t)size), 638000000000000000 + i);
    }
}

/* The donor is asked here, or was before; all values are wanted, or one of three. */
static void assert_same(struct part_scan *scan, const struct filter *filter, uint32_t path,
                        bool expect_done)
{
    const struct path_column *column = &scan->part->paths[path];
    const struct wanted_values donor = {column->lent->donor, TYPE_STRING, NULL};
    const struct path_values *values = NULL;
    uint8_t *matches = NULL, *lent = NULL;
    bool is_done = false;
    struct error err;
    uint8_t *some = arena_alloc(scan->arena, column->dict_count, &err);

    assert_non_null(some);
    for (uint32_t i = 0; i < column->dict_count; i += 3)
        some[i] = 1;

    assert_int_equal(path_values_get(scan->part, path, TYPE_STRING, &values, &err), STATUS_OK);
    assert_int_equal(filter_match_path(scan, filter, &donor, &lent, &err), STATUS_OK);
    const struct slice *texts = values->data;
    for (int variant = 0; variant < 4; variant++) {
        const uint8_t *codes = variant / 2 == 0 ? NULL : some;
        const struct lent_question question = {filter, path, variant % 2 != 0, lent, codes};
        assert_int_equal(filter_match_lent(scan, &question, &matches, &is_done, &err), STATUS_OK);
        assert_int_equal(is_done, expect_done);
        for (uint32_t i = 0; i < column->dict_count && is_done; i += codes == NULL ? 1 : 3)
            assert_int_equal(matches != NULL && matches[i] != 0,
                             filter_matches_slice(filter, texts[i]));
    }
}

static void ask(struct trip *t)
{
    struct part_scan scan = {.part = t->view, .is_view = true, .arena = arena_new(64 * MIB)};
    uint32_t path = part_find_path(t->view, SLICE("Url"), PATH_VALUE);

    for (uint32_t w = 0; w < sizeof(WORDS) / sizeof(WORDS[0]); w++) {
        struct value value = {.type = TYPE_STRING, .bytes = slice_of(WORDS[w])};
        struct filter filter = {.kind = FILTER_HAS, .values = &value, .value_count = 1};
        assert_same(&scan, &filter, path, true);
        filter.kind = FILTER_EQUAL; /* no word */
        assert_same(&scan, &filter, path, false);
    }
    struct value divided = {.type = TYPE_STRING, .bytes = SLICE("pre-report")};
    struct filter filter = {.kind = FILTER_HAS, .values = &divided, .value_count = 1};
    assert_same(&scan, &filter, path, false); /* may lie across the border */
    arena_free(scan.arena);
}

static void words_are_found_where_they_stand(void **state)
{
    struct batch_maker m;
    struct trip t;

    (void)state;
    batch_maker_init(&m, "T", 1);
    add_records(&m, false);
    trip_init(&t, &m, true);
    uint32_t path = part_find_path(t.view, SLICE("Url"), PATH_VALUE);
    uint32_t name = part_find_path(t.view, SLICE("Name"), PATH_VALUE);
    assert_non_null(t.view->paths[path].lent);
    assert_int_equal(t.view->paths[path].lent->donor, name);
    assert_true(t.view->paths[path].lent->front_count > 1);
    ask(&t);
    trip_release(&t);
    batch_maker_release(&m);
}

static void escapes_are_seen_through(void **state)
{
    struct batch_maker m;
    struct trip t;

    (void)state;
    batch_maker_init(&m, "T", 1);
    add_records(&m, true);
    trip_init(&t, &m, true);
    uint32_t path = part_find_path(t.view, SLICE("Url"), PATH_VALUE);
    assert_non_null(t.view->paths[path].lent);
    assert_true(t.view->paths[path].has_escapes);
    ask(&t);
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_where_they_stand),
        cmocka_unit_test(escapes_are_seen_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
