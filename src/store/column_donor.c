/* SPDX-License-Identifier: Apache-2.0 */
/* column_donor.c - which column's texts a column's can be made of (text_borrow.c): the one
 * that has most of them, or one whose value in the same record each of them ends in. */
#include "base/guid.h"
#include "store/column_encode_priv.h"

#include <stdlib.h>

#define DONOR_TEXTS_MAX 4u /* for each that borrows: to read more for few is too dear */
#define ENDING_BYTES_MIN 4u
#define ENDING_SAMPLE 64u

static bool are_guids(const struct path_column *column)
{
    struct guid guid;

    for (uint32_t i = 0; i < column->dict_count; i++)
        if (column->dict[i].size != GUID_TEXT_BYTES ||
            !guid_parse_lower(column->dict[i].data, &guid))
            return false;
    return true;
}

struct lending {
    const struct column_encoder *encoder;
    uint32_t path;
    bool are_guids;
};

static bool may_lend_to(void *context, uint32_t donor)
{
    const struct lending *lending = context;
    const struct path_column *paths = lending->encoder->part->paths;

    if (paths[donor].dict_count / DONOR_TEXTS_MAX > paths[lending->path].dict_count)
        return false;
    return column_may_lean_on(lending->encoder, lending->path, donor) &&
           (!lending->are_guids || are_guids(&lending->encoder->part->paths[donor]));
}

static bool ends_in(struct slice text, struct slice end)
{
    return end.size >= ENDING_BYTES_MIN && slice_ends_with(text, end);
}

/* How many of a sample of a path's texts end in what `base` has in the same record. */
static uint32_t count_endings(const struct column_encoder *encoder, uint32_t path, uint32_t base)
{
    const struct path_use *use = column_widest_use(encoder, path);
    const struct shape *shape = &encoder->part->shapes[use->shape];
    const struct path_column *x = &encoder->part->paths[path], *y = &encoder->part->paths[base];
    uint32_t count = 0;

    for (uint32_t i = 0; i < shape->slot_count; i++) {
        if (shape->slots[i].path != base)
            continue;
        uint32_t a = shape->slots[use->slot].first, b = shape->slots[i].first;
        for (uint32_t n = 0; n < ENDING_SAMPLE; n++) {
            uint32_t k = (uint32_t)((uint64_t)n * shape->row_count / ENDING_SAMPLE);
            count += ends_in(x->dict[code_at(x->codes, a + k)], y->dict[code_at(y->codes, b + k)])
                         ? 1 : 0;
        }
        return count;
    }
    return 0;
}

static uint32_t find_ending(const struct column_encoder *encoder, uint32_t path,
                            const uint32_t *candidates, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct path_column *base = &encoder->part->paths[candidates[i]];
        if (base->dict_count >= BORROW_TEXTS_MIN &&
            !part_context_needs_rows(encoder->part, &encoder->uses, path, candidates[i]) &&
            count_endings(encoder, path, candidates[i]) >= ENDING_SAMPLE * 3 / 4 &&
            column_may_lean_on(encoder, path, candidates[i]))
            return candidates[i];
    }
    return 0;
}

/* What is tried: a path's texts from a donor's. */
struct attempt {
    uint32_t path, donor;
    enum borrow_mode mode;
    const struct slice *texts; /* of the path, as they are numbered */
    bool are_guids;
};

/* refs of BORROW_ENDS: what the donor has beside the first value of each text. */
static enum status refs_of_rows(const struct column_encoder *encoder,
                                const struct attempt *attempt, uint32_t *refs, struct error *err)
{
    const struct path_column *column = &encoder->part->paths[attempt->path];
    const struct path_column *from = &encoder->part->paths[attempt->donor];
    const struct canonical *c = &encoder->canonicals[attempt->path];
    uint32_t *context = column_context(encoder, attempt->path, attempt->donor, err), fresh = 0;

    if (context == NULL)
        return err->status;
    for (uint32_t v = 0; v < column->value_count; v++) {
        if (c->codes[v] != fresh)
            continue;
        uint32_t code = context[v];
        bool ends = code < from->dict_count && ends_in(attempt->texts[fresh], from->dict[code]);
        refs[fresh++] = ends ? code : BORROW_NONE;
    }
    free(context);
    return STATUS_OK;
}

/* From the part's codes to those that are written. */
static void number_refs(const struct canonical *donor, uint32_t *map, uint32_t *refs,
                        uint32_t count)
{
    for (uint32_t i = 0; i < donor->dict_count; i++)
        map[donor->order[i]] = i;
    for (uint32_t i = 0; i < count; i++)
        refs[i] = refs[i] == BORROW_NONE ? BORROW_NONE : map[refs[i]];
}

static enum status fill_refs(const struct column_encoder *encoder, const struct attempt *attempt,
                             const struct canonical *donor, uint32_t *refs, struct error *err)
{
    uint32_t count = encoder->canonicals[attempt->path].dict_count;
    size_t size = encoder->part->paths[attempt->donor].dict_count * sizeof(uint32_t);
    enum status status = STATUS_OK;

    if (attempt->mode == BORROW_ENDS)
        status = refs_of_rows(encoder, attempt, refs, err);
    for (uint32_t i = 0; i < count && attempt->mode == BORROW_WHOLE; i++)
        refs[i] = text_index_code(encoder->texts, attempt->donor, attempt->texts[i]);
    uint32_t *map = malloc(size + 1);
    if (map == NULL)
        return ERROR_MEMORY(err);
    memset(map, 0xff, size); /* texts without a value have no number */
    number_refs(donor, map, refs, count);
    free(map);
    return status;
}

static enum status put_borrowed(struct column_encoder *encoder, const struct attempt *attempt,
                                struct buf *ret, uint8_t *ret_encoding, struct error *err)
{
    const struct path_column *from = &encoder->part->paths[attempt->donor];
    uint32_t count = encoder->canonicals[attempt->path].dict_count;
    uint32_t *refs = malloc((size_t)count * sizeof(*refs) + 1);
    struct slice *lent = malloc((size_t)from->dict_count * sizeof(*lent) + 1);
    struct canonical *c = NULL;
    enum status status = refs == NULL || lent == NULL
                             ? ERROR_MEMORY(err)
                             : column_canonical(encoder, attempt->donor, &c, err);

    if (status == STATUS_OK)
        status = fill_refs(encoder, attempt, c, refs, err);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < c->dict_count; i++)
            lent[i] = from->dict[c->order[i]];
        struct borrowing borrowing = {attempt->mode, attempt->texts, refs, lent, count};
        status = borrow_encode(&borrowing, attempt->are_guids, encoder->packing, ret, ret_encoding,
                               err);
    }
    free(refs);
    free(lent);
    return status;
}

/* The donor stays 0 if there is none. */
static void find_donor(const struct column_encoder *encoder, struct attempt *attempt)
{
    struct lending lending = {encoder, attempt->path, attempt->are_guids};
    uint32_t candidates[COLUMN_CANDIDATES_MAX];

    attempt->mode = BORROW_WHOLE;
    attempt->donor = text_index_donor(encoder->texts, attempt->path, may_lend_to, &lending);
    if (attempt->donor != 0 || attempt->are_guids)
        return;
    uint32_t count = column_candidates(encoder, attempt->path, candidates);
    attempt->mode = BORROW_ENDS;
    attempt->donor = find_ending(encoder, attempt->path, candidates, count);
}

enum status column_borrow(struct column_encoder *encoder, uint32_t path, const struct slice *texts,
                          size_t start, struct buf *blob, struct column_entry *ret,
                          struct error *err)
{
    struct attempt attempt = {
        .path = path, .texts = texts, .are_guids = texts_are_guids(ret->texts)};
    uint8_t encoding = TEXTS_NONE;
    struct buf other;

    find_donor(encoder, &attempt);
    if (attempt.donor == 0)
        return STATUS_OK;
    buf_init(&other, COLUMN_STREAM_BYTES_MAX);
    enum status status = put_borrowed(encoder, &attempt, &other, &encoding, err);
    /* its own texts, and fronts, may be GUIDs, which says that all texts are */
    if (status == STATUS_OK && texts_are_guids(encoding) == attempt.are_guids &&
        is_worth_a_column(blob->size - start, other.size, ret->value_count, SAVED_BY_DONOR)) {
        blob->size = start;
        buf_add_slice(blob, buf_slice(&other));
        ret->texts = encoding;
        ret->donor = encoder->donors[path] = attempt.donor;
        status = buf_check(blob, err);
    }
    buf_release(&other);
    return status;
}
