/* SPDX-License-Identifier: Apache-2.0 */
/* Probes deny nothing that is there: neither values nor words. */
#include "store/sealed_priv.h"
#include "store/section_trip.h"
#include "store/words_priv.h"

static enum status tenant_key(struct keyring *keyring, const struct guid *tenant,
                              enum key_purpose purpose, struct key *ret, struct error *err)
{
    (void)keyring;
    (void)tenant;
    (void)purpose;
    (void)err;
    memset(ret, 1, sizeof(*ret));
    return STATUS_OK;
}

static const struct keyring_ops OPS = {.tenant_key = tenant_key};
static struct keyring keyring = {.ops = &OPS};

/* A section whose index was made with the key that probes use. */
static void open_trip(struct trip *t, struct batch_maker *m)
{
    struct part *part = fixture_part(m);
    struct section_options options = {.level = 1};

    *t = (struct trip){0};
    buf_init(&t->plain, 64 * MIB);
    section_info_from_part(part, &t->info);
    assert_int_equal(
        section_index_seed(&keyring, &part->tenant, &options.index_seed, &t->err), STATUS_OK);
    assert_int_equal(section_encode(part, &options, &t->plain, &t->info, &t->err), STATUS_OK);
    t->cache = cache_new(64 * MIB);
    assert_int_equal(section_new(&t->info, NULL, buf_slice(&t->plain), &keyring, t->cache,
                                 &t->section, &t->err), STATUS_OK);
    assert_int_equal(section_view(t->section, &t->view, &t->err), STATUS_OK);
    assert_int_equal(section_load_all(t->view, &t->err), STATUS_OK);
    part_unref(part);
}

static void find_value(struct trip *t, uint32_t path, struct slice value, uint32_t block)
{
    uint64_t blocks = 0;
    bool maybe = false;

    assert_int_equal(section_probe(t->section, t->view->paths[path].path, value, &maybe, &blocks,
                                   &t->err), STATUS_OK);
    if (!maybe || (blocks >> block & 1) == 0)
        fail_msg("'%.*s' is denied", SLICE_FMT(value));
}

static void find_word(struct trip *t, uint32_t path, struct slice word, uint32_t block)
{
    struct arena *arena = arena_new(4 * MIB);
    struct word_hit *hits = NULL;
    uint32_t count = 0;
    bool is_known = false, found = false;

    assert_int_equal(section_probe_words(t->section, word, arena, &hits, &count, &is_known,
                                         &t->err), STATUS_OK);
    for (uint32_t i = 0; i < count; i++)
        found |= hits[i].path == path && (hits[i].blocks >> block & 1) != 0;
    if (is_known && !found)
        fail_msg("'%.*s' is denied", SLICE_FMT(word));
    arena_free(arena);
}

static void denies_nothing_that_is_there(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    struct path_uses uses;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 3000, 5);
    open_trip(&t, &m);
    struct arena *arena = arena_new(64 * MIB);
    assert_int_equal(path_uses_build(t.view, arena, &uses, &t.err), STATUS_OK);
    for (uint32_t p = 1; p < t.view->path_count; p++) {
        const struct path_column *column = &t.view->paths[p];
        if (column->is_array || column->is_object || column->value_count == 0)
            continue;
        uint32_t *rows = ARENA_ARRAY(arena, uint32_t, column->value_count, &t.err);
        assert_int_equal(part_value_rows(t.view, &uses, p, rows, &t.err), STATUS_OK);
        for (uint32_t v = 0; v < column->value_count; v += 7) {
            struct slice text = column->dict[code_at(column->codes, v)];
            if (slice_find_byte(text, '\\', 0) == SIZE_MAX)
                find_value(&t, p, text, rows[v] / INDEX_BLOCK_ROWS);
            find_word(&t, p, text, rows[v] / INDEX_BLOCK_ROWS);
        }
    }
    arena_free(arena);
    trip_release(&t);
    batch_maker_release(&m);
}

/* The text of an array or object is in no column, even where other rows have a plain value. */
static void denies_no_text_of_a_container(void **state)
{
    static const char *const RECORDS[] = {
        "{\"o\":{\"w\":\"somebody\"}}",
        "{\"o\":{\"w\":{\"app\":\"thunderbird\"}}}",
        "{\"o\":{\"w\":[\"evilhost\"]}}",
    };
    static const char *const VALUES[] = {"somebody", "{\"app\":\"thunderbird\"}",
                                         "[\"evilhost\"]"};
    (void)state;
    struct batch_maker m;
    struct trip t;
    bool maybe = true;
    batch_maker_init(&m, "T", 1);
    for (int i = 0; i < 3; i++)
        batch_maker_add(&m, slice_of(RECORDS[i]), TICKS_PER_SECOND * (i + 1));
    open_trip(&t, &m);
    for (int i = 0; i < 3; i++) {
        maybe = false;
        assert_int_equal(section_probe_exact(t.section, SLICE("o.w"), slice_of(VALUES[i]), &maybe,
                                             NULL, &t.err), STATUS_OK);
        assert_true(maybe);
    }
    assert_int_equal(section_probe_exact(t.section, SLICE("o.w"), SLICE("thunderbird"), &maybe,
                                         NULL, &t.err), STATUS_OK);
    assert_false(maybe);
    trip_release(&t);
    batch_maker_release(&m);
}

static void denies_what_is_not(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    struct arena *arena = arena_new(4 * MIB);
    struct word_hit *hits = NULL;
    uint32_t count = 1, path = 0;
    uint64_t blocks = 1;
    bool is_known = false, maybe = true;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 3000, 5);
    open_trip(&t, &m);
    assert_int_equal(section_probe_words(t.section, SLICE("nobodywritesthis"), arena, &hits,
                                         &count, &is_known, &t.err), STATUS_OK);
    assert_true(is_known);
    assert_int_equal(count, 0);
    /* pieces of numbers are not in the index */
    assert_int_equal(section_probe_words(t.section, SLICE("4456"), arena, &hits, &count,
                                         &is_known, &t.err), STATUS_OK);
    assert_false(is_known);
    /* a key of the records is in the literals */
    assert_int_equal(section_probe_words(t.section, SLICE("Folders"), arena, &hits, &count,
                                         &is_known, &t.err), STATUS_OK);
    assert_true(is_known && count >= 1);
    for (uint32_t i = 0; i < count; i++)
        path |= hits[i].path == 0;
    assert_int_equal(path, 1);
    path = part_find_path(t.view, SLICE("Folders[].Items[].Mid"), PATH_VALUE);
    assert_int_equal(section_probe(t.section, t.view->paths[path].path,
                                   SLICE("<nobody@nowhere.example>"), &maybe, &blocks, &t.err),
                     STATUS_OK);
    assert_false(maybe);
    assert_int_equal(blocks, 0);
    trip_release(&t);
    arena_free(arena);
    batch_maker_release(&m);
}

/* Before form 5 a quotation mark was of one term with the word that it stands at. */
static void old_terms_say_nothing_of_words(void **state)
{
    static const char *const texts[] = {"\xE2\x80\x9Cpassword\xE2\x80\x9D", "plain-text"};
    (void)state;
    struct batch_maker m;
    struct trip t;
    struct arena *arena = arena_new(4 * MIB);
    struct cache_entry *entry = NULL;
    struct word_hit *hits = NULL;
    char line[64];
    uint32_t count = 0;
    uint64_t blocks = 0;
    bool is_known = false, maybe = false;
    batch_maker_init(&m, "T", 1);
    for (unsigned i = 0; i < 200; i++) {
        int size = snprintf(line, sizeof(line), "{\"a\":\"%s\",\"i\":%u}", texts[i % 2], i);
        batch_maker_add(&m, slice_from(line, (size_t)size), 0);
    }
    open_trip(&t, &m);
    find_word(&t, part_find_path(t.view, SLICE("a"), PATH_VALUE), SLICE("password"), 0);
    find_word(&t, part_find_path(t.view, SLICE("a"), PATH_VALUE), SLICE("\xE2\x80"), 0);
    assert_int_equal(section_probe_words(t.section, SLICE("password"), arena, &hits, &count,
                                         &is_known, &t.err), STATUS_OK);
    assert_true(is_known);
    assert_int_equal(section_header_get(t.section, &entry, &t.err), STATUS_OK);
    ((struct section_header *)entry->payload)->form = SECTION_FORMAT_TERMS - 1;
    assert_int_equal(section_probe_words(t.section, SLICE("password"), arena, &hits, &count,
                                         &is_known, &t.err), STATUS_OK);
    assert_false(is_known);
    assert_int_equal(section_probe(t.section, SLICE("a"), SLICE("absent\xE2\x80\x9D"), &maybe,
                                   &blocks, &t.err), STATUS_OK);
    assert_true(maybe);
    /* terms of ASCII are the same */
    assert_int_equal(section_probe(t.section, SLICE("a"), SLICE("absent"), &maybe, &blocks,
                                   &t.err), STATUS_OK);
    assert_false(maybe);
    assert_int_equal(section_probe(t.section, SLICE("a"), SLICE("plain-text"), &maybe, &blocks,
                                   &t.err), STATUS_OK);
    assert_true(maybe);
    cache_unpin(entry);
    trip_release(&t);
    arena_free(arena);
    batch_maker_release(&m);
}

/* A header of form 1 reads; its index is left alone. */
static void old_form_says_nothing(void **state)
{
    (void)state;
    struct batch_maker m;
    struct trip t;
    struct section_header *old = NULL;
    struct buf raw;
    batch_maker_init(&m, "T", 1);
    fixture_records(&m, 50, 5);
    open_trip(&t, &m);
    struct section_header *header = trip_header(&t);
    buf_init(&raw, MIB);
    buf_put_varint(&raw, header->page_count);
    buf_put_u8(&raw, header->index_bits);
    buf_put_varint(&raw, header->rank_count);
    for (uint32_t i = 0; i < header->rank_count; i++) {
        buf_put_varint(&raw, header->ranks[i]);
        buf_put_u64(&raw, header->rank_blocks[i]);
    }
    for (uint32_t i = 0; i < header->page_count; i++) {
        buf_put_u32(&raw, 0);
        buf_put_varint(&raw, header->pages[i].size);
    }
    struct slice all = header->raw, kept = slice_head(all, all.size - raw.size);
    buf_clear(&raw);
    buf_put_u8(&raw, 1);
    buf_add_slice(&raw, slice_tail(kept, 1));
    buf_put_varint(&raw, 0);
    buf_put_u8(&raw, 12);
    assert_int_equal(section_header_decode(&t.info, buf_slice(&raw), &old, &t.err), STATUS_OK);
    assert_false(old->has_index);
    assert_int_equal(old->part->path_count, header->part->path_count);
    section_header_free(old);
    section_header_free(header);
    buf_release(&raw);
    trip_release(&t);
    batch_maker_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(denies_nothing_that_is_there),
        cmocka_unit_test(denies_no_text_of_a_container),
        cmocka_unit_test(denies_what_is_not),
        cmocka_unit_test(old_terms_say_nothing_of_words),
        cmocka_unit_test(old_form_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
