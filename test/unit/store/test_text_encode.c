/* SPDX-License-Identifier: Apache-2.0 */
/* Texts come back whatever they look like; each look has its encoding. */
#include "store/column_priv.h"

#include "base/random.h"
#include "base/time.h"
#include "store/segment_fixture.h"

static uint8_t trip(const struct slice *texts, uint32_t count, bool thorough)
{
    struct buf blob;
    struct error err;
    struct column_entry entry = {.dict_count = count};
    struct cache_memory memory = {.bytes_max = 16 * MIB};
    struct arena *scratch = arena_new(64 * MIB);
    struct slice *back = calloc(count, sizeof(*back));

    buf_init(&blob, MIB * 16);
    for (uint32_t i = 0; i < count; i++)
        entry.text_bytes += (uint32_t)texts[i].size;
    assert_int_equal(texts_encode(texts, count, packing_for(count, 3), thorough, &blob,
                                  &entry.texts, &err),
                     STATUS_OK);
    struct reader r = reader_from(blob.data, blob.size);
    const struct guid *guids = NULL;
    char *text = malloc(count * (size_t)GUID_TEXT_BYTES + 1);
    assert_non_null(text);
    if (entry.texts == TEXTS_GUID) {
        assert_int_equal(guids_decode(&entry, &r, scratch, &memory, &guids, &err), STATUS_OK);
        guids_to_texts(guids, count, text, back);
    } else {
        assert_int_equal(texts_decode(&entry, &r, scratch, &memory, back, &err), STATUS_OK);
    }
    for (uint32_t i = 0; i < count; i++)
        assert_true(slice_equal(texts[i], back[i]));
    free(text);
    free(back);
    arena_free(scratch);
    cache_memory_free(&memory);
    buf_release(&blob);
    return entry.texts;
}

static void each_look_has_its_encoding(void **state)
{
    (void)state;
    const struct slice guids[] = {SLICE("01234567-89ab-cdef-0123-456789abcdef"),
                                  SLICE("00000000-0000-0000-0000-000000000000")};
    const struct slice upper[] = {SLICE("01234567-89AB-cdef-0123-456789abcdef")};
    const struct slice numbers[] = {SLICE("0"), SLICE("-1"), SLICE("9223372036854775807"),
                                    SLICE("-9223372036854775808")};
    const struct slice times[] = {SLICE("2024-02-29T01:02:03.1230000Z"),
                                  SLICE("0001-01-01T00:00:00.0000000Z"),
                                  SLICE("9999-12-31T23:59:59.9999999Z")};
    const struct slice days[] = {SLICE("2024-02-29T01:02:03"), SLICE("2023-01-01T00:00:00")};
    assert_int_equal(trip(guids, 2, false), TEXTS_GUID);
    assert_int_equal(trip(upper, 1, false), TEXTS_PLAIN);
    assert_int_equal(trip(numbers, 4, false), TEXTS_INTEGER);
    assert_int_equal(trip(times, 3, false), TEXTS_TIME);
    assert_int_equal(trip(days, 2, false), TEXTS_TIME);
}

static void near_misses_are_plain_and_exact(void **state)
{
    (void)state;
    static const char *const NEAR[] = {
        "00", "-0", "+1", "1.0", "9223372036854775808", "", "-", "2024-02-30T00:00:00",
        "2024-02-29 01:02:03", "2024-02-29T01:02:03.", "2024-02-29T24:00:00", "1e5",
        "2024-02-29T01:02:03+00:00", "2024-2-29T01:02:03", "2024-02-29T01:02:03.12345678Z"};
    for (size_t i = 0; i < sizeof(NEAR) / sizeof(NEAR[0]); i++) {
        const struct slice one = slice_of(NEAR[i]);
        const struct slice two[] = {SLICE("12"), one};
        assert_int_equal(trip(&one, 1, true), TEXTS_PLAIN);
        assert_int_equal(trip(two, 2, true), TEXTS_PLAIN);
    }
}

static void identifiers_of_one_build_are_stored_across(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    char (*lines)[64] = calloc(COUNT, sizeof(*lines));
    struct slice *texts = calloc(COUNT, sizeof(*texts));
    struct rng rng = {1};
    assert_non_null(lines);
    assert_non_null(texts);
    for (uint32_t i = 0; i < COUNT; i++) {
        unsigned server = 1000 + rng_below(&rng, 9000);
        int size = i % 10 == 0
                       ? snprintf(lines[i], 64, "<%x@b>", rng_below(&rng, 1u << 31))
                       : snprintf(lines[i], 64, "<SRV%04u%08X%08X@SRV%04u.example>", server,
                                  (unsigned)rng_next(&rng), (unsigned)rng_next(&rng), server);
        texts[i] = slice_from(lines[i], (size_t)size);
    }
    assert_int_equal(trip(texts, COUNT, true), TEXTS_GROUPED);
    assert_int_equal(trip(texts, COUNT, false), TEXTS_PLAIN);
    free(lines);
    free(texts);
}

/* Many are tried by some of them; those that share their front shrink, drawn ones do not. */
static void many_guids_are_packed_where_it_pays(void **state)
{
    enum { MANY = 1000 };
    static char lines[MANY][GUID_TEXT_BYTES + 1];
    static struct slice texts[MANY];

    (void)state;
    for (int alike = 0; alike < 2; alike++) {
        struct buf blob;
        struct error err;
        uint8_t encoding = 0;
        for (uint32_t i = 0; i < MANY; i++) {
            struct guid guid = guid_new();
            if (alike)
                memset(guid.bytes, 7, 12);
            guid_format(&guid, lines[i]);
            texts[i] = slice_from(lines[i], GUID_TEXT_BYTES);
        }
        assert_int_equal(trip(texts, MANY, false), TEXTS_GUID);
        buf_init(&blob, MIB);
        assert_int_equal(texts_encode(texts, MANY, packing_for(MANY, 1), false, &blob, &encoding,
                                      &err),
                         STATUS_OK);
        assert_true(alike ? blob.size < MANY * 10 : blob.size < MANY * sizeof(struct guid) + 10);
        buf_release(&blob);
    }
}

static void forms_of_times_write_what_they_read(void **state)
{
    (void)state;
    for (uint8_t form = 0; form < TIME_FORM_COUNT; form++) {
        char text[32];
        uint8_t found = 255;
        int64_t ticks = 0;
        time_form_write(form, FIXTURE_TIME, text);
        assert_true(time_form_of(slice_from(text, time_form_size(form)), &found, &ticks));
        assert_int_equal(found, form);
        assert_int_equal(ticks, FIXTURE_TIME);
    }
}

/* Against the parser that takes more, and the writer. */
static void a_text_has_a_form_when_it_would_be_written_so(void **state)
{
    static const char model[] = "2024-02-29T23:59:58.1234567Z";
    static const char strange[] = "0123456789-:.TtZz +,/\x7f\xb0";
    unsigned found_count = 0;

    (void)state;
    for (unsigned try = 0; try < 200000; try++) {
        char text[32], again[32];
        size_t size = 17 + random_u64() % 12;
        memcpy(text, model, sizeof(model));
        for (uint64_t n = random_u64() % 4; n > 0; n--) {
            size_t at = random_u64() % (sizeof(model) - 1);
            text[at] = model[at] >= '0' && model[at] <= '9' && random_u64() % 4 > 0
                           ? (char)('0' + random_u64() % 10)
                           : strange[random_u64() % (sizeof(strange) - 1)];
        }
        if (random_u64() % 2 == 0)
            text[size - 1] = 'Z';
        struct slice slice = slice_from(text, size);
        bool zulu = text[size - 1] == 'Z';
        size_t rest = size < 19u + zulu ? 1 : size - 19 - zulu;
        uint8_t form = 0, want_form = (uint8_t)((rest == 0 ? 0 : rest - 1) << 1 | zulu);
        int64_t ticks = 0, want_ticks = 0;
        bool want = rest != 1 && rest <= 8 && time_parse_iso(slice, &want_ticks);
        if (want)
            time_form_write(want_form, want_ticks, again);
        want = want && memcmp(again, text, size) == 0;
        assert_int_equal(time_form_of(slice, &form, &ticks), want);
        found_count += want;
        assert_true(!want || (form == want_form && ticks == want_ticks));
    }
    assert_true(found_count > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_look_has_its_encoding),
        cmocka_unit_test(near_misses_are_plain_and_exact),
        cmocka_unit_test(identifiers_of_one_build_are_stored_across),
        cmocka_unit_test(many_guids_are_packed_where_it_pays),
        cmocka_unit_test(forms_of_times_write_what_they_read),
        cmocka_unit_test(a_text_has_a_form_when_it_would_be_written_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
