/* SPDX-License-Identifier: Apache-2.0 */
/* lost.c - which records lack: numbers that no row has, sections that cannot be read.
 *
 * Numbers have no gaps within a tenant.  So where just as many rows as numbers are there nothing
 * lacks, and only else the numbers of all rows are looked at.  (Rows that are there twice may
 * hide as many others: that is seen where each record is held against its evidence.) */
#include "store/store_priv.h"

#include <stdlib.h>

/* ---- all gaps ---- */

/* It was found damaged, and there is no gap with its numbers. */
static bool is_new(const struct section *section, const struct store_gap *gaps, uint32_t count)
{
    const struct section_info *info = section_info(section);

    if (section_is_usable(section) || section_is_altered(section))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (guid_equal(&gaps[i].tenant, &info->tenant) && gaps[i].first_seq == info->seq_min &&
            gaps[i].last_seq == info->seq_max)
            return false;
    }
    return true;
}

enum status store_gaps(struct store *store, struct arena *arena, struct store_gap **ret,
                       uint32_t *ret_count, struct error *err)
{
    struct section_list *list = sealed_pin(store->sealed, NULL, NULL);
    uint32_t broken = 0;

    for (uint32_t i = 0; i < list->count; i++)
        broken += !section_is_usable(list->sections[i]);
    enum status status = gap_list_all(&store->gaps, broken, arena, ret, ret_count, err);
    for (uint32_t i = 0; i < list->count && broken > 0 && status == STATUS_OK; i++) {
        const struct section *section = list->sections[i];
        if (!is_new(section, *ret, *ret_count))
            continue;
        (*ret)[(*ret_count)++] = section_gap(section);
        broken--; /* others may be found meanwhile */
    }
    section_list_unref(list);
    return status;
}

/* ---- what no row has ---- */

struct search {
    struct store_snapshot *snapshot;
    const struct guid *tenant;
    uint32_t begin, end; /* its sections */
    struct seq_set found;
    uint64_t unreadable; /* rows of which the numbers cannot be read */
};

/* How many rows there are of the tenant, for sure. */
static enum status count_rows(const struct search *s, uint64_t *ret, struct error *err)
{
    *ret = 0;
    for (uint32_t i = s->begin; i < s->end; i++) {
        struct section *section = s->snapshot->sections->sections[i];
        enum status status = section_check_facts(section, err);
        if (status != STATUS_OK && status != STATUS_CORRUPT)
            return status;
        *ret += section_is_altered(section) ? 0 : section_info(section)->row_count;
    }
    for (uint32_t i = 0; i < s->snapshot->memory.count; i++)
        *ret += s->snapshot->memory.held[i]->row_count;
    return STATUS_OK;
}

static enum status add_rows(struct search *s, const struct part *part, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0, end; i < part->row_count && status == STATUS_OK; i = end) {
        for (end = i + 1; end < part->row_count && part->seqs[end] == part->seqs[end - 1] + 1;)
            end++;
        status = seq_set_add(&s->found, s->tenant, part->seqs[i], part->seqs[end - 1], err);
    }
    return status;
}

/* Which numbers it has is known only where no other table's lie between them: those would be
 * covered, and that they lack be hidden.  Whoever asks for its rows is told. */
static enum status add_unreadable(struct search *s, const struct section *section,
                                  struct error *err)
{
    const struct store_gap gap = section_gap(section);

    if (gap.is_whole)
        return seq_set_add(&s->found, s->tenant, gap.first_seq, gap.last_seq, err);
    s->unreadable += section_info(section)->row_count;
    return STATUS_OK;
}

static enum status add_section(struct search *s, struct section *section, struct error *err)
{
    struct part *view = NULL;

    if (section_is_altered(section))
        return STATUS_OK; /* whose rows they are is not known */
    enum status status = section_view(section, &view, err);
    if (status == STATUS_OK)
        status = section_load_rows(view, ROWS_SEQS, err);
    if (status == STATUS_OK)
        status = add_rows(s, view, err);
    if (status == STATUS_CORRUPT || section_was_unread(status, err))
        status = add_unreadable(s, section, err);
    part_unref(view);
    return status;
}

static enum status add_held(struct search *s, struct held *held, struct error *err)
{
    struct part *part = NULL;
    enum status status = held_part(held, &part, err);

    if (status == STATUS_OK)
        status = add_rows(s, part, err);
    part_unref(part);
    return status;
}

static enum status find_rows(struct search *s, struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t i = s->begin; i < s->end && status == STATUS_OK; i++)
        status = add_section(s, s->snapshot->sections->sections[i], err);
    for (uint32_t i = 0; i < s->snapshot->memory.count && status == STATUS_OK; i++)
        status = add_held(s, s->snapshot->memory.held[i], err);
    return status;
}

static bool has_section(const struct search *s, uint64_t first, uint64_t last)
{
    for (uint32_t i = s->begin; i < s->end; i++) {
        const struct section *section = s->snapshot->sections->sections[i];
        const struct section_info *info = section_info(section);
        if (!section_is_altered(section) && info->seq_min == first && info->seq_max == last)
            return true;
    }
    return false;
}

/* The rows of a section that is listed count as they are, read or not; the numbers of its loss
 * would cover those of others. */
static bool is_of_section(const void *context, const struct store_gap *gap)
{
    return has_section(context, gap->first_seq, gap->last_seq);
}

static uint64_t count_found(const struct search *s, uint64_t last_seq)
{
    return seq_set_count(&s->found, s->tenant, 1, last_seq);
}

enum status store_missing(struct store *store, const struct guid *tenant, uint64_t last_seq,
                          enum status (*each)(void *context, uint64_t first, uint64_t last,
                                              struct error *err),
                          void *context, struct error *err)
{
    struct search s = {.tenant = tenant};
    uint64_t first, last, rows = 0;

    seq_set_init(&s.found);
    enum status status = store_snapshot_of(store, tenant, &s.snapshot, err);
    if (status != STATUS_OK)
        goto out;
    section_list_find(s.snapshot->sections, tenant, 0, &s.begin, &s.end);
    status = count_rows(&s, &rows, err);
    if (status == STATUS_OK)
        status = gap_list_numbers(&store->gaps, tenant, is_of_section, &s, &s.found, err);
    /* More than there can be: some are there twice, and others may lack. */
    if (status != STATUS_OK || rows + count_found(&s, last_seq) == last_seq)
        goto out;
    status = find_rows(&s, err);
    if (status != STATUS_OK || s.unreadable + count_found(&s, last_seq) >= last_seq)
        goto out;
    for (uint32_t i = 1; status == STATUS_OK &&
                         seq_set_lack(&s.found, tenant, i == 1 ? 1 : last + 1, last_seq, &first,
                                      &last);
         i++) {
        if (has_section(&s, first, last)) /* or who accepts these accepts that section's only */
            last = first;
        last = i == STORE_MISSING_MAX ? last_seq : last;
        status = each(context, first, last, err);
    }
out:
    seq_set_release(&s.found);
    store_snapshot_free(s.snapshot);
    return status;
}
