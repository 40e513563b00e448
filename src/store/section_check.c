/* SPDX-License-Identifier: Apache-2.0 */
/* section_check.c - before a section becomes the only copy of its rows: decode it and
 * render every row.
 *
 * Rows that came since the start have a tag of their bytes, and each must give it again.
 * The commitments, which cost ten times as much, are then checked of the first rows: they
 * tell whether the evidence can be found and has the same records.  Rows of sections have
 * no tags; their commitments are all checked.
 *
 * Nothing else here reads the disk, so STATUS_IO is the verifier's, and says nothing of the disk
 * that the section is to be written to. */
#include "store/row_tag_priv.h"
#include "store/sealed_priv.h"

#include <stdlib.h>

#define EVIDENCE_UNREADABLE "evidence_unreadable"
#define SECTION_SAMPLE_ROWS 64u /* as many records as a node of the evidence has */

struct numbered_row {
    uint64_t seq;
    uint32_t row;
};

struct rendering {
    const struct part *view;
    const struct numbered_row *rows; /* in order of seq */
    uint32_t row_count;
    struct buf raw;
};

static int compare_rows(const void *a, const void *b)
{
    const struct numbered_row *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

static enum status render(void *context, uint64_t seq, struct slice *ret, struct error *err)
{
    struct rendering *rendering = context;
    const struct numbered_row key = {seq, 0};
    const struct numbered_row *found = bsearch(&key, rendering->rows, rendering->row_count,
                                               sizeof(key), compare_rows);

    if (found == NULL)
        return ERROR_SET(err, STATUS_NOT_FOUND, "record %llu is not in the section",
                         (unsigned long long)seq);
    buf_clear(&rendering->raw);
    part_render(rendering->view, found->row, &rendering->raw);
    *ret = buf_slice(&rendering->raw);
    return buf_check(&rendering->raw, err);
}

/* Runs of consecutive numbers, a leaf's worth at a time. */
static enum status check_runs(struct rendering *rendering, struct record_verifier *verifier,
                              struct error *err)
{
    enum status status = STATUS_OK;

    for (uint32_t from = 0, to; from < rendering->row_count && status == STATUS_OK; from = to) {
        for (to = from + 1; to < rendering->row_count && to - from < LEAF_RECORDS_MAX &&
                            rendering->rows[to].seq == rendering->rows[to - 1].seq + 1;)
            to++;
        status = verifier->verify(verifier, &rendering->view->tenant, rendering->rows[from].seq,
                                  to - from, render, rendering, err);
    }
    return status;
}

/* The rows whose numbers are below `end`, against their commitments. */
static enum status check_commitments(struct part *view, uint64_t end,
                                     struct record_verifier *verifier, struct error *err)
{
    struct numbered_row *rows = malloc((size_t)view->row_count * sizeof(*rows));
    struct rendering rendering = {view, rows, 0, {0}};

    if (rows == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t r = 0; r < view->row_count; r++) {
        if (view->seqs[r] < end)
            rows[rendering.row_count++] = (struct numbered_row){view->seqs[r], r};
    }
    qsort(rows, rendering.row_count, sizeof(*rows), compare_rows);
    buf_init(&rendering.raw, REQUEST_BODY_BYTES_MAX);
    enum status status = check_runs(&rendering, verifier, err);
    buf_release(&rendering.raw);
    free(rows);
    return status == STATUS_IO ? error_code(err, EVIDENCE_UNREADABLE) : status;
}

bool section_was_unchecked(enum status status, const struct error *err)
{
    return status == STATUS_IO && strcmp(err->code, EVIDENCE_UNREADABLE) == 0;
}

static bool has_rows_of(const struct part *view, const struct part *part)
{
    size_t bytes = part->row_count * sizeof(uint64_t);

    return view->row_count == part->row_count && memcmp(view->seqs, part->seqs, bytes) == 0 &&
           memcmp(view->event_times, part->event_times, bytes) == 0 &&
           memcmp(view->received_us, part->received_us, bytes) == 0 &&
           memcmp(view->row_flags, part->row_flags, part->row_count) == 0;
}

static enum status check_tags(struct part *view, const struct part *part, struct error *err)
{
    struct buf raw;
    enum status status = STATUS_OK;

    if (!has_rows_of(view, part))
        return ERROR_SET(err, STATUS_CORRUPT, "the section has other rows than it was made of");
    buf_init(&raw, REQUEST_BODY_BYTES_MAX);
    for (uint32_t r = 0; r < view->row_count && status == STATUS_OK; r++) {
        buf_clear(&raw);
        part_render(view, r, &raw);
        status = buf_check(&raw, err);
        if (status == STATUS_OK && row_tag(view->seqs[r], buf_slice(&raw)) != part->tags[r])
            status = ERROR_SET(err, STATUS_CORRUPT, "record %llu has other bytes than it came with",
                               (unsigned long long)view->seqs[r]);
    }
    buf_release(&raw);
    return status;
}

static enum status check_view(struct part *view, const struct part *part,
                              struct record_verifier *verifier, struct error *err)
{
    bool has_tags = part->tags != NULL;
    enum status status = has_tags ? check_tags(view, part, err) : STATUS_OK;

    if (status == STATUS_OK && verifier != NULL)
        status = check_commitments(
            view, has_tags ? part->seq_min + SECTION_SAMPLE_ROWS : UINT64_MAX, verifier, err);
    return status;
}

enum status section_check(struct cache *cache, const struct section_info *info,
                          struct slice plain, const struct part *part,
                          struct record_verifier *verifier, struct error *err)
{
    struct section *section = NULL;
    struct part *view = NULL;
    enum status status = section_new(info, NULL, plain, NULL, cache, &section, err);

    if (status == STATUS_OK)
        status = section_view(section, &view, err);
    if (status == STATUS_OK)
        status = section_load_all(view, err);
    if (status == STATUS_OK && part != NULL)
        status = check_view(view, part, verifier, err);
    part_unref(view);
    section_unref(section);
    return status;
}
