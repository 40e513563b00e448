/* SPDX-License-Identifier: Apache-2.0 */
/* section_trip.h - a part through the bytes of a section and back, for tests. */
#ifndef STORE_SECTION_TRIP_H
#define STORE_SECTION_TRIP_H

#include "codec/compress.h"
#include "store/segment_fixture.h"

struct trip {
    struct fixture_verifier verifier;
    struct part *part;
    struct section_info info;
    struct buf plain;
    struct cache *cache;
    struct section *section;
    struct part *view;
    struct error err;
};

static inline enum status trip_check(struct trip *t)
{
    return section_check(t->cache, &t->info, buf_slice(&t->plain), t->part,
                         &t->verifier.verifier, &t->err);
}

/* Encodes, checks every row by its tag and then against the maker, and opens a view. */
static inline void trip_init(struct trip *t, const struct batch_maker *m, bool thorough)
{
    struct part *part = fixture_part(m);
    struct section_options options = {thorough ? 9 : 1, thorough, 42};

    *t = (struct trip){.part = part,
                       .verifier = {.verifier.verify = fixture_verify, .makers = {m},
                                    .maker_count = 1}};
    uint64_t *tags = part->tags;
    buf_init(&t->plain, 64 * MIB);
    t->cache = cache_new(64 * MIB);
    assert_non_null(t->cache);
    section_info_from_part(part, &t->info);
    if (section_encode(part, &options, &t->plain, &t->info, &t->err) != STATUS_OK ||
        trip_check(t) != STATUS_OK)
        fail_msg("%s", t->err.text);
    t->verifier.seen = 0;
    part->tags = NULL;
    if (trip_check(t) != STATUS_OK)
        fail_msg("%s", t->err.text);
    part->tags = tags;
    assert_int_equal(t->verifier.seen, m->batch.record_count);
    if (section_new(&t->info, NULL, buf_slice(&t->plain), NULL, t->cache, &t->section, &t->err) !=
            STATUS_OK ||
        section_view(t->section, &t->view, &t->err) != STATUS_OK ||
        section_load_all(t->view, &t->err) != STATUS_OK)
        fail_msg("%s", t->err.text);
    assert_int_equal(t->view->raw_bytes, part->raw_bytes);
    assert_int_equal(t->view->value_count, part->value_count);
}

static inline void trip_release(struct trip *t)
{
    part_unref(t->part);
    part_unref(t->view);
    section_unref(t->section);
    cache_free(t->cache);
    buf_release(&t->plain);
}

/* The header of the section, to see how columns were encoded. */
static inline struct section_header *trip_header(struct trip *t)
{
    struct section_header *header = NULL;
    char *raw = malloc((size_t)t->info.header_raw + 1);

    assert_non_null(raw);
    assert_int_equal(zstd_unpack(slice_head(buf_slice(&t->plain), t->info.header_packed),
                                 t->info.header_raw, raw, &t->err),
                     STATUS_OK);
    assert_int_equal(section_header_decode(&t->info, slice_from(raw, t->info.header_raw), &header,
                                           &t->err),
                     STATUS_OK);
    free(raw);
    return header;
}

static inline const struct column_entry *trip_entry(const struct section_header *header,
                                                    const char *path)
{
    uint32_t p = part_find_path(header->part, slice_of(path), PATH_VALUE);

    assert_int_not_equal(p, UINT32_MAX);
    return &header->columns[p];
}

#endif
