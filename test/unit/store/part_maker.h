/* SPDX-License-Identifier: Apache-2.0 */
/* part_maker.h - parts from test batches, and the check that nothing is lost. */
#ifndef STORE_PART_MAKER_H
#define STORE_PART_MAKER_H

#include "store/batch_maker.h"
#include "store/row_tag_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static inline struct part *build_part(const struct batch_maker *m)
{
    struct error err;
    struct part *part = NULL;

    if (part_from_records(&m->batch, &part, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return part;
}

/* Every record of the batch is there once, with its bytes. */
static inline void check_part(const struct part *part, const struct batch_maker *m,
                              uint64_t first_seq)
{
    struct buf raw;
    buf_init(&raw, 64 * MIB);
    uint64_t raw_bytes = 0;
    uint32_t seen = 0;

    for (uint32_t row = 0; row < part->row_count; row++) {
        if (part->seqs[row] < first_seq || part->seqs[row] - first_seq >= m->batch.record_count)
            continue;
        const struct record *record = &m->records[part->seqs[row] - first_seq];
        buf_clear(&raw);
        part_render(part, row, &raw);
        assert_false(raw.failed);
        if (!slice_equal(buf_slice(&raw), record->raw))
            fail_msg("wanted '%.*s', found '%.*s'", SLICE_FMT(record->raw),
                     SLICE_FMT(buf_slice(&raw)));
        assert_int_equal(part->event_times[row], record->event_time);
        assert_int_equal(part->row_flags[row], record->flags);
        if (part->tags != NULL)
            assert_int_equal(part->tags[row], row_tag(record->seq, record->raw));
        raw_bytes += record->raw.size;
        seen++;
    }
    assert_int_equal(seen, m->batch.record_count);
    if (seen == part->row_count)
        assert_int_equal(part->raw_bytes, raw_bytes);
    buf_release(&raw);
}

#endif
