/* SPDX-License-Identifier: Apache-2.0 */
/* section_probe.c - questions to the index of a section
 * (docs/format/segment.md, "Index"). */
#include "base/fold.h"
#include "base/text.h"
#include "store/sealed_priv.h"
#include "store/words_priv.h"

/* The index of one section while it is asked. */
struct probing {
    struct section *section;
    struct cache_entry *entry; /* pins the header */
    const struct section_header *header;
    struct arena *arena; /* for hits, or NULL */
    bool exact_case;
    uint64_t seed;
};

/* Derived once: it takes longer than a probe. */
static enum status get_seed(const struct section *section, struct section_header *header,
                            uint64_t *ret, struct error *err)
{
    *ret = atomic_load(&header->seed);
    if (atomic_load(&header->has_seed))
        return STATUS_OK;
    enum status status = section_index_seed(section->keyring, &section->info.tenant, ret, err);
    if (status == STATUS_OK) {
        atomic_store(&header->seed, *ret);
        atomic_store(&header->has_seed, true);
    }
    return status;
}

static enum status probing_open(struct probing *p, struct error *err)
{
    enum status status = section_header_get(p->section, &p->entry, err);

    if (status == STATUS_OK) {
        p->header = p->entry->payload;
        status = get_seed(p->section, p->entry->payload, &p->seed, err);
    }
    return status;
}

/* Where a unit is, in *ret (room for header->rank_count). */
static enum status probe_unit(const struct probing *p, struct slice unit, struct index_hit *ret,
                              uint32_t *ret_count, struct error *err)
{
    const struct section_header *header = p->header;
    uint32_t print = entity_fingerprint(p->seed, unit) >> (32 - header->index_bits);
    uint32_t index = entity_index_page(header->pages, header->page_count, print);
    struct cache_entry *page = NULL;

    *ret_count = 0;
    if (index == UINT32_MAX)
        return STATUS_OK;
    enum status status = section_page_get(p->section, header, index, &page, err);
    if (status == STATUS_OK) {
        const struct section_page *payload = page->payload;
        const struct index_probe probe = {
            .first = header->pages[index].first,
            .fingerprint = print,
            .rank_count = header->rank_count,
            .rank_blocks = header->rank_blocks,
            .steps = (const struct index_step *)(const void *)payload->steps.data,
            .step_count = (uint32_t)(payload->steps.size / sizeof(struct index_step))};
        status = entity_index_probe(buf_slice(&payload->bytes), &probe, ret, ret_count, err);
    }
    cache_unpin(page);
    return status;
}

/* Keeps what both have, in a; both rise by rank. */
static void intersect(struct index_hit *a, uint32_t *a_count, const struct index_hit *b,
                      uint32_t b_count)
{
    uint32_t kept = 0, j = 0;

    for (uint32_t i = 0; i < *a_count; i++) {
        while (j < b_count && b[j].rank < a[i].rank)
            j++;
        uint64_t blocks = j < b_count && b[j].rank == a[i].rank ? a[i].blocks & b[j].blocks : 0;
        if (blocks != 0)
            a[kept++] = (struct index_hit){a[i].rank, blocks};
    }
    *a_count = kept;
}

/* Units of a text, the longest first: it is in the fewest sections. */
#define UNITS_MAX 16u
struct units {
    struct slice list[UNITS_MAX];
    uint32_t count;
};

static void add_unit(struct units *units, struct slice unit)
{
    uint32_t at = units->count < UNITS_MAX ? units->count++ : UNITS_MAX;

    for (; at > 0 && units->list[at - 1].size < unit.size; at--) {
        if (at < UNITS_MAX)
            units->list[at] = units->list[at - 1];
    }
    if (at < UNITS_MAX)
        units->list[at] = unit;
}

/* The index folds ASCII only, so a unit with other letters that have a case says nothing
 * unless the case is exact.  A part of a character is another term than the character. */
static void find_units(struct slice text, bool exact_case, struct units *ret)
{
    struct words words = {.text = text};
    struct slice unit;

    ret->count = 0;
    if (!text_is_utf8(text))
        return;
    while (words_next(&words, &unit)) {
        if (exact_case || !fold_has_case(unit))
            add_unit(ret, unit);
    }
}

/* Where the (longest) units of a text are; *ret_any: it has one. */
static enum status probe_text(const struct probing *p, struct slice text,
                              struct index_hit **ret, uint32_t *ret_count, bool *ret_any,
                              struct error *err)
{
    size_t room = (size_t)p->header->rank_count + 1;
    uint32_t count = 0;
    struct index_hit *hits = arena_alloc_raw(p->arena, 2 * room * sizeof(*hits), err);
    struct units units;

    *ret = hits;
    *ret_count = 0;
    *ret_any = false;
    if (hits == NULL)
        return err->status;
    find_units(text, p->exact_case, &units);
    *ret_any = units.count > 0;
    enum status status =
        *ret_any ? probe_unit(p, units.list[0], hits, ret_count, err) : STATUS_OK;
    for (uint32_t i = 1; i < units.count && *ret_count > 0 && status == STATUS_OK; i++) {
        status = probe_unit(p, units.list[i], hits + room, &count, err);
        if (status == STATUS_OK)
            intersect(hits, ret_count, hits + room, count);
    }
    return status;
}

static uint64_t blocks_of(const struct section_header *header, const struct index_hit *hits,
                          uint32_t count, uint32_t path)
{
    for (uint32_t i = 0; i < count; i++) {
        if (header->ranks[hits[i].rank] == path)
            return hits[i].blocks;
    }
    return 0;
}

/* To earlier forms a word is one term with the punctuation beyond ASCII that stands beside it:
 * they know of values without any, and nothing of a word, whatever it is. */
static bool has_terms_of(const struct section_header *header, struct slice value)
{
    return header->form >= SECTION_FORMAT_TERMS || fold_is_ascii(value);
}

/* Is the value in the index, if the column has it?  The text of an array or object is not: its
 * words are those of its members.  *ret_absent: no row has anything there. */
static bool index_knows(const struct section_header *header, struct slice path,
                        struct slice value, uint32_t *ret_path, bool *ret_absent)
{
    const struct part *part = header->part;
    uint32_t p = part_find_path(part, path, PATH_VALUE);
    bool has_containers = part_find_path(part, path, PATH_ARRAY) != UINT32_MAX ||
                          part_find_path(part, path, PATH_OBJECT) != UINT32_MAX;
    bool is_container = value.size > 0 && (value.data[0] == '[' || value.data[0] == '{');

    *ret_absent = false;
    if (header->has_open_raw)
        return false;
    if (slice_find_byte(path, '[', 0) != SIZE_MAX && !part_has_only_arrays(part, path))
        return false;
    *ret_absent = p == UINT32_MAX && !has_containers;
    *ret_path = p == UINT32_MAX ? 0 : section_indexed_as(header, p);
    return p != UINT32_MAX && !(has_containers && is_container) && header->has_index &&
           header->columns[*ret_path].codes != CODES_EVENT;
}

static enum status probe_value(struct probing *p, uint32_t path, struct slice value,
                               uint64_t *ret_blocks, struct error *err)
{
    struct index_hit *hits = NULL;
    uint32_t count = 0;
    bool any = false;
    enum status status = probe_text(p, value, &hits, &count, &any, err);

    if (status != STATUS_OK)
        return status;
    if (!any && p->header->columns[path].is_indexed && entity_is_indexed(value) &&
        !words_any_strong(value) && (p->exact_case || !fold_has_case(value))) {
        any = true;
        status = probe_unit(p, value, hits, &count, err);
    }
    *ret_blocks = any ? blocks_of(p->header, hits, count, path) : UINT64_MAX;
    return status;
}

static enum status probe_column(struct probing *p, struct slice path, struct slice value,
                                bool *ret_maybe, uint64_t *ret_blocks, struct error *err)
{
    uint64_t blocks = UINT64_MAX;
    uint32_t at = 0;
    bool absent = false;

    *ret_maybe = true;
    if (ret_blocks != NULL)
        *ret_blocks = UINT64_MAX;
    enum status status = p->arena == NULL ? ERROR_MEMORY(err) : probing_open(p, err);
    if (status == STATUS_OK && index_knows(p->header, path, value, &at, &absent) &&
        has_terms_of(p->header, value))
        status = probe_value(p, at, value, &blocks, err);
    if (status == STATUS_OK) {
        *ret_maybe = !absent && blocks != 0;
        if (ret_blocks != NULL)
            *ret_blocks = absent ? 0 : blocks;
    }
    cache_unpin(p->entry);
    arena_free(p->arena);
    return section_note(p->section, status, err);
}

enum status section_probe(struct section *section, struct slice path, struct slice value,
                          bool *ret_maybe, uint64_t *ret_blocks, struct error *err)
{
    struct probing p = {.section = section, .arena = arena_new(ARENA_BUDGET_BYTES_MAX)};

    return probe_column(&p, path, value, ret_maybe, ret_blocks, err);
}

enum status section_probe_exact(struct section *section, struct slice path, struct slice value,
                                bool *ret_maybe, uint64_t *ret_blocks, struct error *err)
{
    struct probing p = {.section = section,
                        .arena = arena_new(ARENA_BUDGET_BYTES_MAX),
                        .exact_case = true};

    return probe_column(&p, path, value, ret_maybe, ret_blocks, err);
}

/* ---- words ---- */

static enum status all_hits(const struct probing *p, const struct index_hit *hits,
                            uint32_t count, struct word_hit **ret, uint32_t *ret_count,
                            struct error *err)
{
    const struct section_header *header = p->header;
    struct word_hit *list = ARENA_ARRAY(
        p->arena, struct word_hit, (size_t)header->rank_count + header->same_count + 1, err);

    *ret = list;
    *ret_count = 0;
    if (list == NULL)
        return err->status;
    if (header->has_escaped_literals)
        list[(*ret_count)++] = (struct word_hit){0, UINT64_MAX};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t path = header->ranks[hits[i].rank];
        const struct path_column *column = &header->part->paths[path];
        bool is_column = !column->is_array && !column->is_object;
        if (path == 0 ? !header->has_escaped_literals
                      : is_column && header->columns[path].codes != CODES_SAME)
            list[(*ret_count)++] = (struct word_hit){path, hits[i].blocks};
    }
    for (uint32_t i = 0; i < header->same_count && count > 0; i++) {
        uint64_t blocks = blocks_of(header, hits, count, header->same[i].as);
        if (blocks != 0)
            list[(*ret_count)++] = (struct word_hit){header->same[i].path, blocks};
    }
    return STATUS_OK;
}

enum status section_probe_words(struct section *section, struct slice text, struct arena *arena,
                                struct word_hit **ret, uint32_t *ret_count, bool *ret_known,
                                struct error *err)
{
    struct probing p = {.section = section, .arena = arena};
    struct index_hit *hits = NULL;
    uint32_t count = 0;
    bool any = false;
    enum status status = probing_open(&p, err);

    *ret_known = false;
    if (status == STATUS_OK && p.header->form >= SECTION_FORMAT_TERMS &&
        !p.header->has_open_raw) {
        status = probe_text(&p, text, &hits, &count, &any, err);
        if (status == STATUS_OK && any)
            status = all_hits(&p, hits, count, ret, ret_count, err);
        *ret_known = any;
    }
    cache_unpin(p.entry);
    return section_note(section, status, err);
}
