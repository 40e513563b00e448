/* SPDX-License-Identifier: Apache-2.0 */
/* Elements as rows: which there are, in which parts, with what beside them. */
#include "store/scan_maker.h"

struct element_sink {
    struct scan_sink sink;
    struct buf text;       /* operation=state:member, a row each */
    uint64_t plain_rows;   /* of batches that are not of elements */
    uint32_t column_count; /* that were asked for */
    uint64_t stop_behind;  /* so many rows */
    uint64_t rows;
};

static enum status take_elements(struct scan_sink *base, uint32_t worker,
                                 const struct batch *batch, bool *stop, struct error *err)
{
    struct element_sink *s = (struct element_sink *)base;

    (void)worker;
    (void)err;
    if (batch->column_count == s->column_count) {
        s->plain_rows += batch->row_count;
        return STATUS_OK;
    }
    const struct vector *element = &batch->columns[s->column_count];
    assert_true(batch->decided);
    assert_int_equal(element->type, TYPE_DYNAMIC);
    assert_int_equal(element->member->row_count, batch->row_count);
    for (uint32_t r = 0; r < batch->row_count; r++) {
        struct value operation = vector_value(&batch->columns[0], r);
        struct value state = vector_value(element, r);
        struct value member = vector_value(element->member, r);
        buf_add_slice(&s->text, operation.bytes);
        buf_add_text(&s->text, state.is_null ? "=-:" : "=+:");
        buf_add_slice(&s->text, member.bytes);
        buf_add_byte(&s->text, ' ');
    }
    s->rows += batch->row_count;
    *stop = s->rows >= s->stop_behind;
    return STATUS_OK;
}

/* The elements of Folders at the path, their member; what came stays in the sink. */
static struct element_sink ask(struct store *store, const char *path, const char *member,
                               uint64_t stop_behind)
{
    struct store_snapshot *snapshot = NULL;
    struct table_source *source = NULL;
    struct guid tenant = tenant_of(1);
    uint32_t columns[] = {index_of(store, "Audit", "Operation"),
                          index_of(store, "Audit", "Folder")};
    const struct scan_elements elements = {columns[1], slice_of(path), slice_of(member)};
    struct element_sink sink = {
        .sink.take = take_elements, .column_count = 2, .stop_behind = stop_behind};
    struct scan_stats stats;
    struct error err = {0};

    buf_init(&sink.text, MIB);
    assert_int_equal(store_snapshot(store, &snapshot, &err), STATUS_OK);
    assert_int_equal(
        store_snapshot_source(snapshot, SLICE("Audit"), &tenant, 1, &source, &err), STATUS_OK);
    struct scan_request request = {.tenants = &tenant, .tenant_count = 1, .columns = columns,
                                   .column_count = 2, .elements = &elements,
                                   .time_from = INT64_MIN, .time_to = INT64_MAX,
                                   .thread_count = 1, .arena = arena_new(64 * MIB)};
    assert_int_equal(source->ops->scan(source, &request, &sink.sink, &stats, &err), STATUS_OK);
    arena_free(request.arena);
    store_snapshot_free(snapshot);
    return sink;
}

static void put_lines(struct store *store, const char *const *lines)
{
    struct batch_maker m;

    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; lines[i] != NULL; i++)
        batch_maker_add(&m, slice_of(lines[i]), TICKS_PER_SECOND * (i + 1));
    put(store, &m);
    batch_maker_release(&m);
}

static void is_answer(const char *const *lines, const char *path, const char *member,
                      const char *wanted)
{
    struct store *store = open_store();

    put_lines(store, lines);
    struct element_sink sink = ask(store, path, member, UINT64_MAX);
    buf_add_byte(&sink.text, '\0');
    assert_false(sink.text.failed);
    if (wanted == NULL) {
        assert_int_equal(sink.rows, 0);
        assert_true(sink.plain_rows > 0);
    } else {
        assert_string_equal(sink.text.data, wanted);
        assert_int_equal(sink.plain_rows, 0);
    }
    buf_release(&sink.text);
    close_store(store);
}

/* Two levels: elements, those without the member, arrays that are empty or not there. */
static void elements_come_one_by_one(void **state)
{
    static const char *const lines[] = {
        "{\"Operation\":\"a\",\"Folder\":[{\"I\":[{\"M\":\"1\"},{\"M\":\"2\"}]},{\"I\":[{\"M\":"
        "\"3\"}]}]}",
        "{\"Operation\":\"b\",\"Folder\":[]}",
        "{\"Operation\":\"c\"}",
        "{\"Operation\":\"d\",\"Folder\":[{\"I\":[]},{\"P\":\"x\"},{\"I\":[{\"N\":\"n\"},{\"M\":"
        "\"\\u0034\"},{\"M\":null}]}]}",
        NULL};
    (void)state;
    is_answer(lines, "[].I[]", "M", "a=+:1 a=+:2 a=+:3 d=-: d=+: d=+:4 d=+: c=-: ");
}

static void one_level_and_a_member_inside(void **state)
{
    static const char *const lines[] = {
        "{\"Operation\":\"a\",\"Folder\":[{\"O\":{\"M\":\"1\"}},{\"O\":{}},{\"O\":7}]}",
        "{\"Operation\":\"b\",\"Folder\":[{\"M\":\"no\",\"O\":{\"M\":\"x\",\"M\":\"2\"}}]}", NULL};
    (void)state;
    is_answer(lines, "[]", "O.M", "a=+:1 a=+: a=+: b=+:2 ");
}

/* Where something else than arrays of objects is in the part, or the member is no text,
 * rows come as ever. */
static void other_values_are_left_to_the_engine(void **state)
{
    static const char *const others[] = {
        "{\"Operation\":\"b\",\"Folder\":{\"M\":\"1\"}}",
        "{\"Operation\":\"b\",\"Folder\":\"text\"}",
        "{\"Operation\":\"b\",\"Folder\":[\"text\"]}",
        "{\"Operation\":\"b\",\"Folder\":[[{\"M\":\"1\"}]]}",
        "{\"Operation\":\"b\",\"Folder\":[{\"M\":1}]}",
        "{\"Operation\":\"b\",\"Folder\":[{\"M\":true}]}",
        "{\"Operation\":\"b\",\"Folder\":[{\"M\":[1]}]}",
        "{\"Operation\":\"b\",\"Folder\":[{\"M\":{\"a\":1}}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *const lines[] = {"{\"Operation\":\"a\",\"Folder\":[{\"M\":\"1\"}]}", others[i],
                                     NULL};
        is_answer(lines, "[]", "M", NULL);
    }
    static const char *const nowhere[] = {"{\"Operation\":\"a\",\"Folder\":[{\"N\":\"1\"}]}",
                                          NULL};
    is_answer(nowhere, "[]", "M", NULL);
    is_answer(nowhere, "[].N[]", "M", NULL);
}

/* More elements than fit a batch, of one row and of many; the consumer may have enough. */
static void many_elements(void **state)
{
    struct store *store = open_store();
    struct batch_maker m;
    struct buf text;

    (void)state;
    buf_init(&text, MIB);
    batch_maker_init(&m, "Audit", 1);
    for (int i = 0; i < 3000; i++) {
        buf_clear(&text);
        buf_add_format(&text, "{\"Operation\":\"%d\",\"Folder\":[{\"M\":\"0\"}", i % 7);
        for (int e = 1; e < (i == 1500 ? 10000 : 3); e++)
            buf_add_format(&text, ",{\"M\":\"%d\"}", i + e);
        buf_add_text(&text, "]}");
        batch_maker_add(&m, buf_slice(&text), TICKS_PER_SECOND * (i + 1));
    }
    put(store, &m);
    struct element_sink all = ask(store, "[]", "M", UINT64_MAX);
    assert_int_equal(all.rows, 2999 * 3 + 10000);
    struct element_sink some = ask(store, "[]", "M", 5000);
    assert_true(some.rows >= 5000 && some.rows < 10000);
    buf_release(&all.text);
    buf_release(&some.text);
    buf_release(&text);
    batch_maker_release(&m);
    close_store(store);
}

static int seal(void **state)
{
    (void)state;
    is_sealed = true;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_one_by_one),
        cmocka_unit_test(one_level_and_a_member_inside),
        cmocka_unit_test(other_values_are_left_to_the_engine),
        cmocka_unit_test(many_elements),
        cmocka_unit_test_setup(elements_come_one_by_one, seal),
        cmocka_unit_test_setup(one_level_and_a_member_inside, seal),
        cmocka_unit_test_setup(other_values_are_left_to_the_engine, seal),
        cmocka_unit_test_setup(many_elements, seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
