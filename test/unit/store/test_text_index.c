/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "store/column_priv.h"

#include "store/segment_fixture.h"

static struct part *make_part(struct batch_maker *m)
{
    char line[512];

    batch_maker_init(m, "T", 1);
    for (uint32_t i = 0; i < 1000; i++) {
        int size = snprintf(line, sizeof(line),
                            "{\"A\":\"text number %u\",\"B\":\"text number %u\",\"C\":\"text "
                            "number %u\",\"Short\":\"%u\",\"Few\":\"text number %u\",\"Alone\":"
                            "\"nobody has %u\"}",
                            i, i % 2 == 0 ? i : i + 5000, i % 4 == 0 ? i : i + 9000, i, i % 9, i);
        batch_maker_add(m, slice_from(line, (size_t)size), FIXTURE_TIME + i);
    }
    return fixture_part(m);
}

static uint32_t find(const struct part *part, const char *name)
{
    return part_find_path(part, slice_of(name), PATH_VALUE);
}

static bool may(void *context, uint32_t donor)
{
    return context == NULL || donor != *(const uint32_t *)context;
}

static void the_column_with_most_of_the_texts_lends(void **state)
{
    struct batch_maker m;
    struct part *part = make_part(&m);
    struct text_index *index = NULL;
    struct error err;

    (void)state;
    ASSERT_OK(text_index_new(part, &index, &err));
    uint32_t a = find(part, "A"), b = find(part, "B"), c = find(part, "C");
    assert_int_equal(text_index_donor(index, b, may, NULL), a);
    assert_int_equal(text_index_donor(index, a, may, NULL), b);
    assert_int_equal(text_index_donor(index, a, may, &b), c); /* the next best */
    assert_int_equal(text_index_donor(index, find(part, "Short"), may, NULL), 0);
    assert_int_equal(text_index_donor(index, find(part, "Few"), may, NULL), 0);
    assert_int_equal(text_index_donor(index, find(part, "Alone"), may, NULL), 0);
    text_index_free(index);
    part_unref(part);
    batch_maker_release(&m);
}

static void codes_are_those_of_the_column(void **state)
{
    struct batch_maker m;
    struct part *part = make_part(&m);
    struct text_index *index = NULL;
    struct error err;

    (void)state;
    ASSERT_OK(text_index_new(part, &index, &err));
    uint32_t b = find(part, "B");
    for (uint32_t i = 0; i < part->paths[b].dict_count; i++)
        assert_int_equal(text_index_code(index, b, part->paths[b].dict[i]), i);
    assert_int_equal(text_index_code(index, b, SLICE("text number 1")), BORROW_NONE);
    assert_int_equal(text_index_code(index, find(part, "Few"), SLICE("text number 1")),
                     BORROW_NONE); /* it has too few to lend */
    text_index_free(index);
    text_index_free(NULL);
    part_unref(part);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_column_with_most_of_the_texts_lends),
        cmocka_unit_test(codes_are_those_of_the_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
