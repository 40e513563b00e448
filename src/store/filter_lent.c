/* SPDX-License-Identifier: Apache-2.0 */
/* filter_lent.c - words in texts that end in another column's: addresses that end in the name
 * of a file, say.  The name is searched once, where it stands, and so is what stands in front
 * of many names; the texts themselves, most of a section's bytes, are not read. */
#include "store/filter_priv.h"

#include "base/term.h"

enum { FRONT_MATCHES = 1, FRONT_IS_ODD = 2 };

/* Words that are within the front or the donor's text if no term goes on from one to the
 * other.  (A null is "null" in the dictionary.) */
static bool are_terms(const struct filter *filter)
{
    if (filter->kind != FILTER_HAS && filter->kind != FILTER_ANY_HAS)
        return false;
    for (uint32_t k = 0; k < filter->value_count; k++) {
        struct slice word = filter->values[k].bytes;
        bool is_term = word.size > 0 && !slice_equal_nocase(word, SLICE("null"));
        for (size_t i = 0; i < word.size; i++)
            is_term = is_term && term_has_ascii((unsigned char)word.data[i]);
        if (!is_term)
            return false;
    }
    return true;
}

/* Are the donor's values the texts of its dictionary? */
static enum status is_plain(struct part_scan *scan, uint32_t donor, bool *ret, struct error *err)
{
    const struct path_column *column = &scan->part->paths[donor];
    const struct path_values *values = NULL;
    enum status status = scan_load(scan, donor, err);

    if (status == STATUS_OK)
        status = path_values_get(scan->part, donor, TYPE_STRING, &values, err);
    *ret = status == STATUS_OK && column->dict != NULL && values->data == column->dict;
    return status;
}

/* A byte a front. */
static uint8_t *match_fronts(struct part_scan *scan, const struct filter *filter,
                             const struct lent_texts *lent, struct error *err)
{
    uint8_t *ret = ARENA_ARRAY(scan->arena, uint8_t, lent->front_count, err);

    if (ret == NULL)
        return NULL;
    filter_match_run(filter, lent->front_texts, lent->front_count, ret);
    for (uint32_t i = 0; i < lent->front_count; i++)
        ret[i] = (uint8_t)(ret[i] * FRONT_MATCHES | lent->odd_fronts[i] * FRONT_IS_ODD);
    return ret;
}

/* Does a term go on from the front to the donor's text, or has the front an escape?  Then the
 * value is looked at. */
static bool is_odd(const struct path_column *column, const struct path_column *donor,
                   uint32_t code)
{
    const struct lent_texts *lent = column->lent;
    struct slice front = lent->front_texts[lent->fronts[code]];
    uint32_t end = lent->codes[code];
    bool goes_on = end < donor->dict_count && donor->dict[end].size > 0 &&
                   term_has(donor->dict[end], 0);

    return goes_on || slice_find_byte(front, '\\', 0) != SIZE_MAX;
}

/* Fills ret from what is said of fronts and donor. */
static enum status put_together(struct part_scan *scan, const struct lent_question *question,
                                const uint8_t *fronts, const uint8_t *ends, uint8_t *ret,
                                struct error *err)
{
    const struct path_column *column = &scan->part->paths[question->path];
    const struct lent_texts *lent = column->lent;
    const struct path_values *values = NULL;
    /* of its own, as a byte that is written might be a part of the structures */
    const uint16_t *codes = lent->codes, *front_numbers = lent->fronts;
    const uint8_t *wanted = question->codes;
    uint32_t count = column->dict_count;
    uint8_t any = 0, any_front = 0;

    for (uint32_t i = 0; i < lent->front_count; i++)
        any_front |= fronts[i];
    for (uint32_t i = 0; i < count && any_front == 0; i++)
        ret[i] = ends[codes[i]];
    for (uint32_t i = 0; i < count && any_front != 0; i++) {
        uint8_t front = wanted == NULL || wanted[i] != 0 ? fronts[front_numbers[i]] : 0;
        ret[i] = (uint8_t)(front | ends[codes[i]]);
        any |= front;
    }
    if ((any & FRONT_IS_ODD) == 0)
        return STATUS_OK;
    enum status status = path_values_get(scan->part, question->path, TYPE_STRING, &values, err);
    for (uint32_t i = 0; i < column->dict_count && status == STATUS_OK; i++) {
        if ((ret[i] & FRONT_IS_ODD) == 0)
            continue;
        ret[i] = is_odd(column, &scan->part->paths[lent->donor], i)
                     ? filter_matches_slice(question->filter,
                                            ((const struct slice *)values->data)[i])
                     : ret[i] & FRONT_MATCHES;
    }
    return status;
}

/* What the donor's texts say, those alone that the wanted texts are made of. */
static enum status ask_donor(struct part_scan *scan, const struct lent_question *question,
                             uint8_t **ret, struct error *err)
{
    const struct path_column *column = &scan->part->paths[question->path];
    const struct lent_texts *lent = column->lent;
    uint32_t donor_count = scan->part->paths[lent->donor].dict_count;
    uint8_t *wanted = NULL;

    if (question->codes != NULL) {
        wanted = ARENA_ARRAY(scan->arena, uint8_t, donor_count + (size_t)1, err);
        if (wanted == NULL)
            return err->status;
        for (uint32_t i = 0; i < column->dict_count; i++)
            wanted[lent->codes[i]] |= question->codes[i];
    }
    const struct wanted_values donors = {lent->donor, TYPE_STRING, wanted};
    return filter_match_path(scan, question->filter, &donors, ret, err);
}

enum status filter_match_lent(struct part_scan *scan, const struct lent_question *question,
                              uint8_t **ret, bool *ret_done, struct error *err)
{
    const struct path_column *column = &scan->part->paths[question->path];
    const struct lent_texts *lent = column->lent;
    bool plain = false;
    uint8_t *asked = NULL;

    *ret_done = false;
    *ret = NULL;
    if (lent == NULL || !are_terms(question->filter))
        return STATUS_OK;
    enum status status = is_plain(scan, lent->donor, &plain, err);
    if (status != STATUS_OK || !plain)
        return status;
    if (!question->lent_is_known)
        status = ask_donor(scan, question, &asked, err);
    if (status != STATUS_OK)
        return status;
    const uint8_t *known = question->lent_is_known ? question->lent : asked;
    uint32_t donor_count = scan->part->paths[lent->donor].dict_count;
    uint8_t *ends = ARENA_ARRAY(scan->arena, uint8_t, donor_count + (size_t)1, err);
    uint8_t *fronts = match_fronts(scan, question->filter, lent, err);
    uint8_t *matches = arena_alloc_raw(scan->arena, column->dict_count + (size_t)1, err);
    if (ends == NULL || fronts == NULL || matches == NULL)
        return err->status;
    if (known != NULL)
        memcpy(ends, known, donor_count);
    status = put_together(scan, question, fronts, ends, matches, err);
    *ret_done = status == STATUS_OK;
    *ret = memchr(matches, 1, column->dict_count) != NULL ? matches : NULL;
    return status;
}
