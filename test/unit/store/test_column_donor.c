/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that another column has are not stored twice, and come back as they were. */
#include "test.h"

#include "store/column_priv.h"
#include "store/section_trip.h"

static void guid_text(struct rng *rng, char ret[GUID_TEXT_BYTES + 1])
{
    struct guid guid;

    for (size_t b = 0; b < sizeof(guid.bytes); b++)
        guid.bytes[b] = (uint8_t)rng_next(rng);
    guid_format(&guid, ret);
}

/* Three kinds of records that name the same sessions, and addresses that end in names. */
static void add_records(struct batch_maker *m, uint32_t count)
{
    char line[1024], session[GUID_TEXT_BYTES + 1], other[GUID_TEXT_BYTES + 1];
    struct rng rng = {7};

    for (uint32_t i = 0; i < count; i++) {
        struct rng of_session = {1 + rng_below(&rng, count / 3)};
        int64_t ticks = FIXTURE_TIME + (int64_t)i * 10000000;
        guid_text(&of_session, session);
        guid_text(&rng, other);
        int size = 0;
        if (i % 3 == 0)
            size = snprintf(line, sizeof(line), "{\"Session\":\"%s\",\"N\":%u}", session, i % 5);
        else if (i % 3 == 1)
            size = snprintf(line, sizeof(line),
                            "{\"Inter\":\"%s\",\"Props\":[{\"Name\":\"Device\",\"Value\":\"%s\"},"
                            "{\"Name\":\"Os\",\"Value\":\"Windows%u\"}]}",
                            i % 4 == 0 ? other : session, session, i % 7);
        else
            size = snprintf(line, sizeof(line),
                            "{\"Name\":\"report %u.docx\","
                            "\"Url\":\"https://site%u.example/%s%u.%s\"}",
                            i, i % 8, i % 10 == 0 ? "no-report " : "report ", i,
                            i % 9 == 0 ? "tmp" : "docx");
        batch_maker_add(m, slice_from(line, (size_t)size), ticks);
    }
}

static void shared_texts_are_stored_once(void **state)
{
    struct batch_maker m;
    struct trip t;

    (void)state;
    batch_maker_init(&m, "T", 1);
    add_records(&m, 6000);
    trip_init(&t, &m, true); /* every row is rendered and compared */
    struct section_header *header = trip_header(&t);
    const struct column_entry *session = trip_entry(header, "Session");
    const struct column_entry *inter = trip_entry(header, "Inter");
    const struct column_entry *props = trip_entry(header, "Props[].Value");
    const struct column_entry *url = trip_entry(header, "Url");
    assert_true((session->donor != 0) != (inter->donor != 0)); /* not each from the other */
    assert_true(texts_are_guids(session->texts));
    assert_true(texts_are_guids(inter->texts));
    assert_int_not_equal(props->donor, 0);
    assert_int_equal(url->donor, part_find_path(header->part, SLICE("Name"), PATH_VALUE));
    assert_true(url->size < 2000 * 4);
    section_header_free(header);
    trip_release(&t);
    batch_maker_release(&m);
}

static void a_flush_does_not_look_for_them(void **state)
{
    struct batch_maker m;
    struct trip t;

    (void)state;
    batch_maker_init(&m, "T", 1);
    add_records(&m, 600);
    trip_init(&t, &m, false);
    struct section_header *header = trip_header(&t);
    for (uint32_t p = 0; p < header->part->path_count; p++)
        assert_int_equal(header->columns[p].donor, 0);
    section_header_free(header);
    trip_release(&t);
    batch_maker_release(&m);
}

/* Texts of which what is their own, or what stands in front of the lent ones, are GUIDs. */
static void own_texts_may_be_guids(void **state)
{
    char line[1024], own[GUID_TEXT_BYTES + 1];
    struct rng rng = {11};
    struct batch_maker m;
    struct trip t;

    (void)state;
    batch_maker_init(&m, "T", 1);
    for (uint32_t i = 0; i < 4000; i++) {
        uint32_t user = rng_below(&rng, 1000);
        guid_text(&rng, own);
        int size = i % 2 == 0
                       ? snprintf(line, sizeof(line),
                                  "{\"User\":\"someone.%u@contoso.example\",\"Place\":"
                                  "\"/sites/%u/documents\",\"Item\":\"%s/sites/%u/documents\"}",
                                  user, i, own, i)
                   : i % 8 == 1
                       ? snprintf(line, sizeof(line), "{\"Actor\":\"%s\"}", own)
                       : snprintf(line, sizeof(line),
                                  "{\"Actor\":\"someone.%u@contoso.example\"}", user);
        batch_maker_add(&m, slice_from(line, (size_t)size),
                        FIXTURE_TIME + (int64_t)i * 10000000);
    }
    trip_init(&t, &m, true); /* every row is rendered and compared */
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_texts_are_stored_once),
        cmocka_unit_test(a_flush_does_not_look_for_them),
        cmocka_unit_test(own_texts_may_be_guids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
