/* SPDX-License-Identifier: Apache-2.0 */
/* section_check.c - before a section becomes the only copy of its rows: decode
 * it, render every row, have the bytes checked against their commitments. */
#include "store/sealed_priv.h"

#include <stdlib.h>

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

static enum status check_view(struct part *view, struct record_verifier *verifier,
                              struct error *err)
{
    struct numbered_row *rows = malloc((size_t)view->row_count * sizeof(*rows));
    struct rendering rendering = {view, rows, view->row_count, {0}};

    if (rows == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t r = 0; r < view->row_count; r++)
        rows[r] = (struct numbered_row){view->seqs[r], r};
    qsort(rows, view->row_count, sizeof(*rows), compare_rows);
    buf_init(&rendering.raw, REQUEST_BODY_BYTES_MAX);
    enum status status = check_runs(&rendering, verifier, err);
    buf_release(&rendering.raw);
    free(rows);
    return status;
}

enum status section_check(const struct section_info *info, struct slice plain,
                          struct record_verifier *verifier, struct error *err)
{
    struct cache *cache = cache_new(SECTION_BYTES_MAX);
    struct section *section = NULL;
    struct part *view = NULL;
    enum status status = cache == NULL ? ERROR_MEMORY(err)
                                       : section_new(info, NULL, plain, NULL, cache, &section, err);

    if (status == STATUS_OK)
        status = section_view(section, &view, err);
    if (status == STATUS_OK)
        status = section_load_all(view, err);
    if (status == STATUS_OK && verifier != NULL)
        status = check_view(view, verifier, err);
    part_unref(view);
    section_unref(section);
    cache_free(cache);
    return status;
}
