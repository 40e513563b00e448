/* SPDX-License-Identifier: Apache-2.0 */
/* column_encode.c - one column of a part as bytes (docs/format/segment.md).
 *
 * The dictionary is numbered anew in the order of first occurrence
 * (canonical), so that a column of distinct values has the codes 0 1 2 ... and
 * costs nothing.  What one column says about another (SAME, CONTEXT) is found
 * by trying: candidates are the columns of the shape that has most values.
 *
 * Invariant: following `base` from column to column ends within
 * CONTEXT_CHAIN_MAX steps, so decoding does. */
#include "store/column_encode_priv.h"

#include "codec/json.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLE_VALUES 2048u
#define CONTEXT_VALUES_MIN 64u
#define RANK_COUNT 256u

enum status column_encoder_new(const struct part *part, struct packing how, bool thorough,
                               struct column_encoder **ret, struct error *err)
{
    struct arena *arena = arena_new(ARENA_BUDGET_BYTES_MAX);
    enum status status = STATUS_OK;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    struct column_encoder *encoder = ARENA_NEW(arena, struct column_encoder, err);
    if (encoder == NULL) {
        status = err->status;
        goto out;
    }
    *encoder = (struct column_encoder){
        .part = part, .packing = how, .thorough = thorough, .arena = arena};
    encoder->canonicals = ARENA_ARRAY(arena, struct canonical, part->path_count, err);
    encoder->bases = ARENA_ARRAY(arena, uint32_t, part->path_count, err);
    encoder->donors = ARENA_ARRAY(arena, uint32_t, part->path_count, err);
    encoder->is_same = ARENA_ARRAY(arena, uint8_t, part->path_count, err);
    status = encoder->canonicals == NULL || encoder->bases == NULL || encoder->donors == NULL ||
                     encoder->is_same == NULL
                 ? err->status
                 : path_uses_build(part, arena, &encoder->uses, err);
    if (status == STATUS_OK && thorough)
        status = text_index_new(part, &encoder->texts, err);
    if (status != STATUS_OK)
        goto out;
    *ret = encoder;
    arena = NULL; /* given away */
out:
    arena_free(arena);
    return status;
}

void column_encoder_free(struct column_encoder *encoder)
{
    if (encoder == NULL)
        return;
    text_index_free(encoder->texts);
    arena_free(encoder->arena);
}

enum status column_canonical(struct column_encoder *encoder, uint32_t path,
                             struct canonical **ret, struct error *err)
{
    struct canonical *c = &encoder->canonicals[path];
    const struct path_column *column = &encoder->part->paths[path];

    *ret = c;
    if (c->done)
        return STATUS_OK;
    uint32_t *map = malloc(((size_t)column->dict_count + 1) * sizeof(*map));
    c->codes = arena_alloc_raw(encoder->arena, (size_t)column->value_count * 4 + 4, err);
    c->order = arena_alloc_raw(encoder->arena, (size_t)column->dict_count * 4 + 4, err);
    if (map == NULL || c->codes == NULL || c->order == NULL) {
        free(map);
        return ERROR_MEMORY(err);
    }
    memset(map, 0xff, (size_t)column->dict_count * sizeof(*map));
    for (uint32_t v = 0; v < column->value_count; v++) {
        uint32_t code = code_at(column->codes, v);
        if (map[code] == UINT32_MAX) {
            map[code] = c->dict_count;
            c->order[c->dict_count++] = code;
        }
        c->codes[v] = map[code];
    }
    free(map);
    c->done = true;
    return STATUS_OK;
}

/* ---- codes ---- */

/* Tokens of PLANES (recent false) or RECENT. */
static void make_tokens(const uint32_t *codes, uint32_t count, bool recent, uint32_t *ret)
{
    uint32_t fresh = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (codes[i] == fresh) {
            ret[i] = 0;
            fresh++;
        } else {
            ret[i] = recent ? fresh - codes[i] : codes[i] + 1;
        }
    }
}

static enum status put_tokens(const struct column_encoder *encoder, const uint32_t *codes,
                              uint32_t count, bool recent, struct buf *ret, struct error *err)
{
    uint32_t *tokens = malloc((size_t)count * sizeof(*tokens) + 1);

    if (tokens == NULL)
        return ERROR_MEMORY(err);
    make_tokens(codes, count, recent, tokens);
    enum status status = planes_put(ret, tokens, count, encoder->packing, err);
    free(tokens);
    return status;
}

/* ---- arrays ---- */

static enum status encode_shapes(const struct column_encoder *encoder,
                                 const struct path_column *column, struct buf *blob,
                                 struct error *err)
{
    uint32_t low = UINT32_MAX;

    if (column->element_shapes == NULL || column->element_count == 0) {
        buf_put_u8(blob, 0);
        buf_put_varint(blob, column->element_count == 0 ? 0 : column->only_shape);
        return buf_check(blob, err);
    }
    uint32_t *tokens = malloc((size_t)column->element_count * sizeof(*tokens));
    if (tokens == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t e = 0; e < column->element_count; e++)
        low = column->element_shapes[e] < low ? column->element_shapes[e] : low;
    for (uint32_t e = 0; e < column->element_count; e++)
        tokens[e] = column->element_shapes[e] - low;
    buf_put_u8(blob, 1);
    buf_put_varint(blob, low);
    enum status status = planes_put(blob, tokens, column->element_count, encoder->packing, err);
    free(tokens);
    return status;
}

static enum status encode_array(const struct column_encoder *encoder, uint32_t path,
                                struct buf *blob, struct column_entry *ret, struct error *err)
{
    const struct path_column *column = &encoder->part->paths[path];
    bool same = true;
    enum status status = STATUS_OK;

    for (uint32_t v = 1; same && v < column->value_count; v++)
        same = code_at(column->codes, v) == code_at(column->codes, 0);
    ret->codes = same ? CODES_CONST : CODES_PLANES;
    if (same)
        buf_put_varint(blob, column->value_count == 0 ? 0 : code_at(column->codes, 0));
    else
        status = planes_put(blob, column->codes.wide, column->value_count, encoder->packing, err);
    return status == STATUS_OK ? encode_shapes(encoder, column, blob, err) : status;
}

/* ---- what other columns say ---- */

static bool is_value(const struct path_column *column)
{
    return !column->is_array && !column->is_object && column->value_count > 0;
}

/* The longest way down from a path over bases and donors; UINT32_MAX if it meets `avoid`. */
static uint32_t depth_below(const struct column_encoder *encoder, uint32_t path, uint32_t avoid)
{
    const uint32_t next[2] = {encoder->bases[path], encoder->donors[path]};
    uint32_t most = 0;

    if (path == avoid)
        return UINT32_MAX;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t depth = next[i] == 0 ? 0 : depth_below(encoder, next[i], avoid);
        if (depth == UINT32_MAX)
            return UINT32_MAX;
        most = next[i] != 0 && depth + 1 > most ? depth + 1 : most;
    }
    return most;
}

/* The longest way up: over those that lean on the path. */
static uint32_t height_above(const struct column_encoder *encoder, uint32_t path)
{
    uint32_t most = 0;

    for (uint32_t p = 1; p < encoder->part->path_count; p++) {
        if (encoder->bases[p] != path && encoder->donors[p] != path)
            continue;
        uint32_t height = height_above(encoder, p) + 1;
        most = height > most ? height : most;
    }
    return most;
}

/* Would `base` for `path` close a circle or make a chain too long? */
bool column_may_lean_on(const struct column_encoder *encoder, uint32_t path, uint32_t base)
{
    uint32_t below = depth_below(encoder, base, path);

    return below < CONTEXT_CHAIN_MAX / 2 - 1 &&
           below + 1 + height_above(encoder, path) < CONTEXT_CHAIN_MAX;
}

/* The use of the path with most values. */
const struct path_use *column_widest_use(const struct column_encoder *encoder, uint32_t path)
{
    const struct path_uses *uses = &encoder->uses;
    const struct path_use *best = NULL;
    uint32_t best_count = 0;

    for (uint32_t u = uses->starts[path]; u < uses->starts[path + 1]; u++) {
        uint32_t count = encoder->part->shapes[uses->uses[u].shape].row_count;
        if (best == NULL || count > best_count) {
            best = &uses->uses[u];
            best_count = count;
        }
    }
    return best;
}

/* Paths of the slots of a shape that may be a base. */
static uint32_t add_candidates(const struct column_encoder *encoder, uint32_t path, uint32_t s,
                               uint32_t *ret, uint32_t count)
{
    const struct shape *shape = &encoder->part->shapes[s];

    for (uint32_t i = 0; i < shape->slot_count && count < COLUMN_CANDIDATES_MAX; i++) {
        uint32_t p = shape->slots[i].path;
        const struct path_column *column = &encoder->part->paths[p];
        if (p != path && !shape->slots[i].shadowed && is_value(column))
            ret[count++] = p;
    }
    return count;
}

uint32_t column_candidates(const struct column_encoder *encoder, uint32_t path, uint32_t *ret)
{
    const struct part *part = encoder->part;
    const struct path_use *use = column_widest_use(encoder, path);
    uint32_t widest = 0, count = add_candidates(encoder, path, use->shape, ret, 0);

    if (part->shapes[use->shape].parent_path == 0)
        return count;
    /* values below arrays may follow from the record: take the widest record
     * that has the outermost array */
    uint32_t top = part->shapes[use->shape].parent_path;
    for (uint32_t p; (p = path_parent(part, &encoder->uses, top)) != 0;)
        top = p;
    const struct path_use *top_use = column_widest_use(encoder, top);
    if (top_use != NULL) {
        widest = top_use->shape;
        count = add_candidates(encoder, path, widest, ret, count);
    }
    return count;
}

static bool same_text(const struct path_column *a, uint32_t code_a, const struct path_column *b,
                      uint32_t code_b)
{
    return a->dict_kinds[code_a] == b->dict_kinds[code_b] &&
           slice_equal(a->dict[code_a], b->dict[code_b]);
}

/* Is every value the text of `base` in its context? */
static bool check_same(const struct path_column *column, const struct path_column *base,
                       const uint32_t *context, uint32_t *map)
{
    memset(map, 0xff, (size_t)base->dict_count * sizeof(*map));
    for (uint32_t v = 0; v < column->value_count; v++) {
        uint32_t code = code_at(column->codes, v), c = context[v];
        if (c >= base->dict_count)
            return false;
        if (map[c] == code)
            continue;
        if (map[c] != UINT32_MAX || !same_text(column, code, base, c))
            return false;
        map[c] = code;
    }
    return true;
}

/* Cheap look before check_same(): the first and last value of the widest use. */
static bool looks_same(const struct column_encoder *encoder, uint32_t path, uint32_t base)
{
    const struct part *part = encoder->part;
    const struct path_use *use = column_widest_use(encoder, path);
    const struct shape *shape = &part->shapes[use->shape];

    for (uint32_t i = 0; i < shape->slot_count; i++) {
        if (shape->slots[i].path != base)
            continue;
        uint32_t a = shape->slots[use->slot].first, b = shape->slots[i].first;
        uint32_t end = shape->row_count - 1;
        const struct path_column *x = &part->paths[path], *y = &part->paths[base];
        return same_text(x, code_at(x->codes, a), y, code_at(y->codes, b)) &&
               same_text(x, code_at(x->codes, a + end), y, code_at(y->codes, b + end));
    }
    return true; /* from element to record: only the whole check knows */
}

/* The context codes of `path` under `base` in fresh memory; NULL on failure. */
uint32_t *column_context(const struct column_encoder *encoder, uint32_t path, uint32_t base,
                         struct error *err)
{
    uint32_t count = encoder->part->paths[path].value_count;
    uint32_t *context = malloc((size_t)count * sizeof(*context) + 1);

    if (context == NULL) {
        (void)ERROR_MEMORY(err);
    } else if (part_context_codes(encoder->part, &encoder->uses, path, base, context, err) !=
               STATUS_OK) {
        free(context);
        context = NULL;
    }
    return context;
}

static enum status find_same(struct column_encoder *encoder, uint32_t path,
                             const uint32_t *candidates, uint32_t count, uint32_t *ret_base,
                             struct error *err)
{
    const struct part *part = encoder->part;

    *ret_base = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct path_column *base = &part->paths[candidates[i]];
        if (base->dict_count < 2 || base->value_count < part->paths[path].dict_count ||
            !looks_same(encoder, path, candidates[i]) ||
            !column_may_lean_on(encoder, path, candidates[i]))
            continue;
        if (!encoder->thorough &&
            part_context_needs_rows(part, &encoder->uses, path, candidates[i]))
            continue;
        uint32_t *context = column_context(encoder, path, candidates[i], err);
        uint32_t *map = malloc((size_t)base->dict_count * sizeof(*map));
        bool same = context != NULL && map != NULL &&
                    check_same(&part->paths[path], base, context, map);
        bool failed = context == NULL || map == NULL;
        free(context);
        free(map);
        if (failed)
            return ERROR_MEMORY(err);
        if (same) {
            *ret_base = candidates[i];
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

struct ranking {
    const uint32_t *codes, *context; /* count */
    uint32_t count, context_count;
    uint8_t *ranks;                  /* out: count */
    uint32_t *escapes;               /* out: room for count */
    uint32_t escape_count;
};

/* Ranks of the codes among their context's lists; escapes are collected. */
static enum status make_ranks(struct ranking *r, struct error *err)
{
    struct context_lists lists;
    enum status status = context_lists_init(&lists, r->context_count, r->context, r->count, err);

    r->escape_count = 0;
    for (uint32_t v = 0; status == STATUS_OK && v < r->count; v++) {
        uint32_t rank = context_rank(&lists, r->context[v], r->codes[v]);
        r->ranks[v] = (uint8_t)rank;
        if (rank == CONTEXT_ESCAPE)
            r->escapes[r->escape_count++] = r->codes[v];
    }
    context_lists_release(&lists);
    return status;
}

static double entropy_bits(const uint32_t *histogram, uint32_t size, uint32_t total)
{
    double bits = 0;

    for (uint32_t i = 0; i < size; i++)
        if (histogram[i] > 0)
            bits += histogram[i] * log2((double)total / histogram[i]);
    return bits;
}

/* Bits that the sample would cost under this context. */
static enum status score_context(struct ranking *r, uint32_t dict_count, double *ret,
                                 struct error *err)
{
    uint8_t ranks[SAMPLE_VALUES];
    uint32_t escapes[SAMPLE_VALUES], histogram[RANK_COUNT] = {0}, high = 0, again = 0;

    r->ranks = ranks;
    r->escapes = escapes;
    enum status status = make_ranks(r, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < r->count; i++)
        histogram[ranks[i]]++;
    for (uint32_t i = 0; i < r->escape_count; i++) {
        again += escapes[i] < high ? 1 : 0; /* not the first time: its code is written */
        high = escapes[i] >= high ? escapes[i] + 1 : high;
    }
    *ret = entropy_bits(histogram, RANK_COUNT, r->count) +
           again * log2((double)dict_count + 1) + (r->escape_count - again);
    return STATUS_OK;
}

static enum status find_context(struct column_encoder *encoder, uint32_t path,
                                const uint32_t *candidates, uint32_t count, uint32_t *ret_base,
                                struct error *err)
{
    const struct part *part = encoder->part;
    const struct canonical *c = &encoder->canonicals[path];
    const struct path_use *use = column_widest_use(encoder, path);
    const struct shape *shape = &part->shapes[use->shape];
    uint32_t from = shape->slots[use->slot].first;
    uint32_t sample = shape->row_count < SAMPLE_VALUES ? shape->row_count : SAMPLE_VALUES;
    double best = 0;

    *ret_base = 0;
    if (shape->row_count > sample)
        from += (shape->row_count - sample) / 2;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t base = candidates[i];
        double score = 0;
        if (part->paths[base].dict_count < 2 || part->paths[base].dict_count > CONTEXT_DICT_MAX ||
            encoder->is_same[base] || !column_may_lean_on(encoder, path, base))
            continue;
        uint32_t *context = column_context(encoder, path, base, err);
        if (context == NULL)
            return err->status;
        struct ranking r = {c->codes + from, context + from, sample,
                            part->paths[base].dict_count + 1, NULL, NULL, 0};
        enum status status = score_context(&r, c->dict_count, &score, err);
        free(context);
        if (status != STATUS_OK)
            return status;
        if (*ret_base == 0 || score < best) {
            *ret_base = base;
            best = score;
        }
    }
    return STATUS_OK;
}

static enum status put_context(const struct column_encoder *encoder, uint32_t path, uint32_t base,
                               struct buf *ret, struct error *err)
{
    uint32_t count = encoder->part->paths[path].value_count;
    uint32_t *context = column_context(encoder, path, base, err);
    uint8_t *ranks = malloc((size_t)count + 1);
    uint32_t *escapes = malloc((size_t)count * sizeof(*escapes) + 1);
    struct ranking r = {encoder->canonicals[path].codes, context, count,
                        encoder->part->paths[base].dict_count + 1, ranks, escapes, 0};
    enum status status = context == NULL || ranks == NULL || escapes == NULL
                             ? ERROR_MEMORY(err)
                             : make_ranks(&r, err);

    if (status == STATUS_OK)
        status = stream_put(ret, (struct slice){(const char *)ranks, count}, encoder->packing, err);
    if (status == STATUS_OK) {
        /* of the escapes alone: a code is new there when it is above all before */
        status = put_tokens(encoder, escapes, r.escape_count, true, ret, err);
    }
    free(context);
    free(ranks);
    free(escapes);
    return status;
}

/* ---- values ---- */

/* Are all values the event times of their rows in one form? */
static bool is_event_time(const struct column_encoder *encoder, uint32_t path, uint8_t *ret_form)
{
    const struct part *part = encoder->part;
    const struct path_column *column = &part->paths[path];
    int64_t ticks = 0;
    uint8_t form = 0;

    if (column->dict_count < 2 || path_parent(part, &encoder->uses, path) != 0 ||
        !time_form_of(column->dict[code_at(column->codes, 0)], ret_form, &ticks))
        return false;
    int64_t *dict = malloc((size_t)column->dict_count * sizeof(*dict));
    if (dict == NULL)
        return false;
    bool good = true;
    for (uint32_t i = 0; good && i < column->dict_count; i++)
        good = column->dict_kinds[i] == JSON_STRING &&
               time_form_of(column->dict[i], &form, &dict[i]) && form == *ret_form;
    const struct path_uses *uses = &encoder->uses;
    for (uint32_t u = uses->starts[path]; good && u < uses->starts[path + 1]; u++) {
        const struct shape *shape = &part->shapes[uses->uses[u].shape];
        uint32_t first = shape->slots[uses->uses[u].slot].first;
        const int64_t *times = part->event_times + shape->row_begin;
        for (uint32_t k = 0; good && k < shape->row_count; k++)
            good = dict[code_at(column->codes, first + k)] == times[k];
    }
    free(dict);
    return good;
}

static enum status put_dictionary(struct column_encoder *encoder, uint32_t path,
                                  struct buf *blob, struct column_entry *ret, struct error *err)
{
    const struct path_column *column = &encoder->part->paths[path];
    const struct canonical *c = &encoder->canonicals[path];
    struct slice *texts = malloc((size_t)c->dict_count * sizeof(*texts) + 1);
    uint8_t *kinds = malloc((size_t)c->dict_count + 1);
    uint64_t bytes = 0;
    bool same = true;
    enum status status = STATUS_OK;

    if (texts == NULL || kinds == NULL) {
        status = ERROR_MEMORY(err);
        goto out;
    }
    for (uint32_t i = 0; i < c->dict_count; i++) {
        texts[i] = column->dict[c->order[i]];
        kinds[i] = column->dict_kinds[c->order[i]];
        same = same && kinds[i] == kinds[0];
        bytes += texts[i].size;
    }
    if (bytes > COLUMN_STREAM_BYTES_MAX / 2) {
        status = ERROR_SET(err, STATUS_LIMIT, "a column of %llu bytes is too large",
                           (unsigned long long)bytes);
        goto out;
    }
    ret->text_bytes = (uint32_t)bytes;
    size_t start = blob->size;
    status = texts_encode(texts, c->dict_count, encoder->packing, encoder->thorough, blob,
                          &ret->texts, err);
    if (status == STATUS_OK && encoder->thorough && c->dict_count >= BORROW_TEXTS_MIN &&
        ret->texts != TEXTS_INTEGER && ret->texts != TEXTS_TIME)
        status = column_borrow(encoder, path, texts, start, blob, ret, err);
    if (status != STATUS_OK)
        goto out;
    buf_put_u8(blob, same ? kinds[0] : UINT8_MAX);
    if (!same)
        status = stream_put(blob, (struct slice){(const char *)kinds, c->dict_count},
                            encoder->packing, err);
out:
    free(texts);
    free(kinds);
    return status;
}

/* The smallest of PLANES, RECENT and CONTEXT; PLANES if not thorough. */
static enum status put_codes(struct column_encoder *encoder, uint32_t path,
                             const uint32_t *candidates, uint32_t candidate_count,
                             struct buf *blob, struct column_entry *ret, struct error *err)
{
    const struct canonical *c = &encoder->canonicals[path];
    uint32_t count = encoder->part->paths[path].value_count, base = 0;
    struct buf best, other;

    ret->codes = CODES_PLANES;
    if (!encoder->thorough)
        return put_tokens(encoder, c->codes, count, false, blob, err);
    buf_init(&best, COLUMN_STREAM_BYTES_MAX);
    buf_init(&other, COLUMN_STREAM_BYTES_MAX);
    enum status status = put_tokens(encoder, c->codes, count, false, &best, err);
    if (status != STATUS_OK)
        goto out;
    status = put_tokens(encoder, c->codes, count, true, &other, err);
    if (status != STATUS_OK)
        goto out;
    if (other.size < best.size) {
        struct buf swap = best;
        best = other;
        other = swap;
        ret->codes = CODES_RECENT;
    }
    if (count >= CONTEXT_VALUES_MIN)
        status = find_context(encoder, path, candidates, candidate_count, &base, err);
    if (status != STATUS_OK || base == 0)
        goto out;
    buf_clear(&other);
    status = put_context(encoder, path, base, &other, err);
    if (status == STATUS_OK && is_worth_a_column(best.size, other.size, count, SAVED_BY_CONTEXT)) {
        struct buf swap = best;
        best = other;
        other = swap;
        ret->codes = CODES_CONTEXT;
        ret->base = base;
        encoder->bases[path] = base;
    }
out:
    if (status == STATUS_OK)
        buf_add_slice(blob, buf_slice(&best));
    buf_release(&best);
    buf_release(&other);
    return status == STATUS_OK ? buf_check(blob, err) : status;
}

static enum status encode_values(struct column_encoder *encoder, uint32_t path, struct buf *blob,
                                 struct column_entry *ret, struct error *err)
{
    const struct path_column *column = &encoder->part->paths[path];
    struct canonical *c = NULL;
    uint32_t candidates[COLUMN_CANDIDATES_MAX], candidate_count = 0, base = 0;
    uint8_t form = 0;
    enum status status = column_canonical(encoder, path, &c, err);

    if (status != STATUS_OK)
        return status;
    ret->dict_count = c->dict_count;
    if (c->dict_count > 1) {
        if (is_event_time(encoder, path, &form)) {
            ret->codes = CODES_EVENT;
            ret->base = form;
            ret->text_bytes = (uint32_t)(c->dict_count * time_form_size(form));
            return STATUS_OK;
        }
        candidate_count = column_candidates(encoder, path, candidates);
        status = find_same(encoder, path, candidates, candidate_count, &base, err);
        if (status != STATUS_OK)
            return status;
    }
    if (base != 0) {
        for (uint32_t i = 0; i < c->dict_count; i++)
            ret->text_bytes += (uint32_t)column->dict[c->order[i]].size;
        ret->codes = CODES_SAME;
        ret->base = encoder->bases[path] = base;
        encoder->is_same[path] = 1;
        return STATUS_OK;
    }
    if (c->dict_count == 1)
        ret->codes = CODES_CONST;
    else if (c->dict_count == column->value_count)
        ret->codes = CODES_IDENTITY;
    else
        status = put_codes(encoder, path, candidates, candidate_count, blob, ret, err);
    return status == STATUS_OK ? put_dictionary(encoder, path, blob, ret, err) : status;
}

enum status column_encode(struct column_encoder *encoder, uint32_t path, struct buf *blob,
                          struct column_entry *ret, struct error *err)
{
    const struct path_column *column = &encoder->part->paths[path];
    size_t start = blob->size;
    enum status status = STATUS_OK;

    *ret = (struct column_entry){.value_count = column->value_count};
    if (column->is_array)
        status = encode_array(encoder, path, blob, ret, err);
    else if (is_value(column))
        status = encode_values(encoder, path, blob, ret, err);
    if (status != STATUS_OK)
        return status;
    ret->size = (uint32_t)(blob->size - start);
    return buf_check(blob, err);
}
