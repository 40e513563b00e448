/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves as values of KQL types. */
#include "store/values_priv.h"

#include "store/part_maker.h"

static struct part *part_of(const char *const *lines, uint32_t count, struct batch_maker *m)
{
    batch_maker_init(m, "T", 1);
    for (uint32_t i = 0; i < count; i++)
        batch_maker_add(m, slice_of(lines[i]), i);
    return build_part(m);
}

static const struct path_values *get(const struct part *part, enum type type)
{
    const struct path_values *values, *again;
    struct error err;
    uint32_t path = part_find_path(part, SLICE("a"), PATH_VALUE);

    assert_int_equal(path_values_get(part, path, type, &values, &err), STATUS_OK);
    assert_int_equal(path_values_get(part, path, type, &again, &err), STATUS_OK);
    assert_ptr_equal(values, again);
    assert_int_equal(values->count, part->paths[path].dict_count + 1);
    return values;
}

static void strings_are_decoded(void **state)
{
    (void)state;
    static const char *const LINES[] = {"{\"a\":\"x\\ny\"}", "{\"a\":\"\\u00e9\"}", "{\"a\":null}",
                                        "{\"a\":12}", "{\"a\":\"plain\"}"};
    static const char *const WANT[] = {"x\ny", "\xC3\xA9", "", "12", "plain", ""};
    struct batch_maker m;
    struct part *part = part_of(LINES, 5, &m);
    const struct path_values *values = get(part, TYPE_STRING);
    /* Quoted leaves and scalars are of different shapes but of one dictionary. */
    for (uint32_t i = 0; i < 5; i++) {
        uint32_t found = 0;
        for (uint32_t k = 0; k + 1 < values->count; k++)
            found += slice_is(((const struct slice *)values->data)[k], WANT[i]);
        assert_int_equal(found, 1);
    }
    assert_int_equal(((const struct slice *)values->data)[5].size, 0);
    assert_false(values->unique);
    assert_false(values->is_run); /* some are the part's text, some are not */
    assert_null(values->nulls);
    part_unref(part);
    batch_maker_release(&m);
}

static void empty_arrays_have_one_spelling(void **state)
{
    (void)state;
    static const char *const LINES[] = {"{\"a\":[ ]}", "{\"a\":[\n ]}"};
    struct batch_maker m;
    struct part *part = part_of(LINES, 2, &m);
    const struct path_values *values = get(part, TYPE_DYNAMIC);

    for (uint32_t i = 0; i < 2; i++)
        assert_true(slice_is(((const struct slice *)values->data)[i], "[]"));
    assert_false(values->unique);
    assert_true(slice_is(((const struct slice *)get(part, TYPE_STRING)->data)[0], "[ ]"));
    part_unref(part);
    batch_maker_release(&m);
}

static void texts_of_json_are_that_where_it_is_asked(void **state)
{
    (void)state;
    static const char *const LINES[] = {"{\"a\":\"[1, 2]\"}", "{\"a\":\"[1,2]\"}",
                                        "{\"a\":\"[1,2\"}"};
    static const char *const WANT[] = {"[1,2]", "[1,2]", "\"[1,2\""};
    const struct path_values *parsed, *again;
    struct error err;
    struct batch_maker m;
    struct part *part = part_of(LINES, 3, &m);
    const struct path_values *plain = get(part, TYPE_DYNAMIC);
    uint32_t path = part_find_path(part, SLICE("a"), PATH_VALUE);

    assert_int_equal(path_values_parsed(part, path, &parsed, &err), STATUS_OK);
    assert_int_equal(path_values_parsed(part, path, &again, &err), STATUS_OK);
    assert_ptr_equal(parsed, again);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(slice_is(((const struct slice *)parsed->data)[i], WANT[i]));
    assert_true(slice_is(((const struct slice *)plain->data)[0], "\"[1, 2]\""));
    assert_false(parsed->unique);
    assert_true(plain->unique && plain->id != parsed->id);
    part_unref(part);
    batch_maker_release(&m);
}

static void a_run_is_one_text(void **state)
{
    (void)state;
    static const char *const LINES[] = {"{\"a\":\"one\"}", "{\"a\":\"two\"}", "{\"a\":\"three\"}"};
    struct batch_maker m;
    struct part *part = part_of(LINES, 3, &m);
    const struct path_values *values = get(part, TYPE_STRING);
    const struct slice *texts = values->data;

    assert_true(values->is_run);
    assert_memory_equal(texts[0].data, "onetwothree", 11);
    assert_ptr_equal(texts[2].data, texts[0].data + 6);
    part_unref(part);
    batch_maker_release(&m);
}

static void dynamic_values_are_json(void **state)
{
    (void)state;
    static const char *const LINES[] = {"{\"a\":\"x\\n\"}", "{\"a\":\"\"}",
                                        "{\"a\":\"R\\u0026D\"}", "{\"a\":\"R&D\"}"};
    struct batch_maker m;
    struct part *part = part_of(LINES, 4, &m);
    const struct path_values *values = get(part, TYPE_DYNAMIC);
    assert_true(slice_is(((const struct slice *)values->data)[0], "\"x\\n\""));
    assert_true(slice_is(((const struct slice *)values->data)[1], "\"\""));
    assert_int_equal(values->nulls[0], 0);
    assert_true(slice_is(((const struct slice *)values->data)[2], "\"R&D\""));
    assert_true(slice_is(((const struct slice *)values->data)[3], "\"R&D\""));
    assert_int_equal(values->nulls[4], 1);
    part_unref(part);
    batch_maker_release(&m);
}

static void plain_dictionaries_are_unique(void **state)
{
    (void)state;
    static const char *const LINES[] = {"{\"a\":\"x\"}", "{\"a\":\"y\"}"};
    struct batch_maker m;
    struct part *part = part_of(LINES, 2, &m);
    assert_true(get(part, TYPE_STRING)->unique);
    assert_int_not_equal(get(part, TYPE_STRING)->id, get(part, TYPE_DYNAMIC)->id);
    part_unref(part);
    batch_maker_release(&m);
}

static void check_fixed(enum type type, const char *text, bool is_valid, int64_t want)
{
    int64_t number = 0;
    bool found = leaf_to_fixed(type, slice_of(text), &number);

    if (found != is_valid || (found && number != want))
        fail_msg("'%s' as %s", text, type_name(type));
}

static void texts_become_fixed_values(void **state)
{
    (void)state;
    check_fixed(TYPE_LONG, "-12", true, -12);
    check_fixed(TYPE_LONG, "1e3", true, 1000);
    check_fixed(TYPE_LONG, "1.5", false, 0);
    check_fixed(TYPE_LONG, "1e30", false, 0);
    check_fixed(TYPE_LONG, "nan", false, 0);
    check_fixed(TYPE_INT, "2147483648", false, 0);
    check_fixed(TYPE_INT, "-5", true, -5);
    check_fixed(TYPE_BOOL, "TRUE", true, 1);
    check_fixed(TYPE_BOOL, "false", true, 0);
    check_fixed(TYPE_BOOL, "1", true, 1);
    check_fixed(TYPE_BOOL, "yes", false, 0);
    check_fixed(TYPE_DATETIME, "0001-01-02", true, TICKS_PER_DAY);
    check_fixed(TYPE_DATETIME, "yesterday", false, 0);
    check_fixed(TYPE_TIMESPAN, "1.02:03:04.5", true,
                TICKS_PER_DAY + 2 * TICKS_PER_HOUR + 3 * TICKS_PER_MINUTE + 45000000);
    check_fixed(TYPE_TIMESPAN, "-00:00:01", true, -TICKS_PER_SECOND);
    check_fixed(TYPE_TIMESPAN, "00:60:00", false, 0);
    check_fixed(TYPE_TIMESPAN, "00:00", false, 0);
    check_fixed(TYPE_TIMESPAN, "00:00:00.", false, 0);
    check_fixed(TYPE_TIMESPAN, "1:2:3:4", false, 0);
    check_fixed(TYPE_TIMESPAN, "12", false, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(empty_arrays_have_one_spelling),
        cmocka_unit_test(texts_of_json_are_that_where_it_is_asked),
        cmocka_unit_test(a_run_is_one_text),
        cmocka_unit_test(dynamic_values_are_json),
        cmocka_unit_test(plain_dictionaries_are_unique),
        cmocka_unit_test(texts_become_fixed_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
