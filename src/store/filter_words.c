/* SPDX-License-Identifier: Apache-2.0 */
/* Where a word of `has` can be: in a leaf as it is written, or only in what a column shows. */
#include "store/filter_priv.h"

#include "base/check.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/json.h"

#define GUID_PIECE_BYTES_MAX 12u

static bool is_of(struct slice word, const char *characters)
{
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] == '\0' || strchr(characters, word.data[i]) == NULL)
            return false;
    }
    return true;
}

/* A word that cannot lie across the border of a leaf, nor be made by the way a
 * typed value is printed, is found in a leaf or a literal alone. */
static bool is_findable(struct slice word, bool anywhere)
{
    size_t dots = 0;

    if (word.size == 0 || word.data[0] == ':' || slice_equal_nocase(word, SLICE("null")))
        return false; /* a null has no text as a value, and one in an array */
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        if (memchr("\"\\[]{},/", c, 8) != NULL || (unsigned char)c <= ' ')
            return false;
        dots += c == '.';
    }
    return !anywhere || dots > 1 || !is_of(word, "0123456789TZtzEe:.+-");
}

bool filter_is_findable(const struct filter *filter)
{
    if (filter->kind != FILTER_HAS && filter->kind != FILTER_ANY_HAS)
        return false;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        if (filter->values[i].type != TYPE_STRING ||
            !is_findable(filter->values[i].bytes, filter->kind == FILTER_ANY_HAS))
            return false;
    }
    return true;
}

bool filter_is_number(const struct filter *filter)
{
    if (filter->kind != FILTER_ANY_HAS || filter->value_count != 1 ||
        filter->values[0].type != TYPE_STRING)
        return false;
    struct slice word = filter->values[0].bytes;
    /* Terms of a time are years, months, days with hours, minutes, seconds; a fraction ends
     * with Z. */
    return word.size > 0 && word.size != 2 && word.size != 4 && is_of(word, "0123456789");
}

static bool has_typed(const struct scan_source *source, enum type type)
{
    for (uint32_t i = 0; i < source->schema.column_count; i++) {
        if (source->columns[i].source == COLUMN_FIELD && source->columns[i].type == type)
            return true;
    }
    return false;
}

bool filter_is_elsewhere(const struct scan_source *source, const struct guid *tenant,
                         const struct filter *filter)
{
    char text[GUID_TEXT_BYTES + 1];

    guid_format(tenant, text);
    if (filter_is_within(filter, slice_of(text)) || filter_is_within(filter, source->table))
        return true;
    for (uint32_t i = 0; i < filter->value_count; i++) {
        struct slice word = filter->values[i].bytes;
        if ((slice_equal_nocase(word, SLICE("true")) ||
             slice_equal_nocase(word, SLICE("false"))) &&
            has_typed(source, TYPE_BOOL))
            return true; /* 1 is shown as True */
        if ((slice_equal_nocase(word, SLICE("infinity")) ||
             slice_equal_nocase(word, SLICE("-infinity"))) &&
            has_typed(source, TYPE_REAL))
            return true; /* and so 1e400 */
    }
    return false;
}

bool filter_shows_guids_anew(const struct part_scan *scan, const struct filter *filter)
{
    const struct scan_source *source = scan->source;
    bool is_like_guid = false;

    for (uint32_t i = 0; i < filter->value_count; i++)
        is_like_guid |= is_of(filter->values[i].bytes, "0123456789abcdefABCDEF-");
    for (uint32_t i = 0; i < source->schema.column_count && is_like_guid; i++) {
        const struct source_column *column = &source->columns[i];
        if (column->source != COLUMN_FIELD || column->type != TYPE_GUID)
            continue;
        uint32_t path = part_find_path(scan->part, column->path, PATH_VALUE);
        if (path != UINT32_MAX && scan_text_form(scan, path) != FORM_GUID)
            return true;
    }
    return false;
}

/* ---- what texts look like ---- */

static bool is_hex(struct slice word)
{
    return is_of(word, "0123456789abcdefABCDEF");
}

/* The terms of a GUID have 8, 4, 4, 4 and 12 characters. */
static bool is_guid_piece(struct slice word)
{
    return is_hex(word) && (word.size == 4 || word.size == 8 || word.size == GUID_PIECE_BYTES_MAX);
}

bool filter_is_guid_piece(const struct filter *filter)
{
    return filter->value_count == 1 && is_guid_piece(filter->values[0].bytes);
}

static bool is_in_form(enum text_form form, struct slice word)
{
    switch (form) {
    case FORM_GUID:
        return is_hex(word) ? is_guid_piece(word) : is_of(word, "0123456789abcdefABCDEF-");
    case FORM_INTEGER:
        return is_of(word, "0123456789-");
    case FORM_TIME:
        return is_of(word, "0123456789TtZz:.-");
    case FORM_ANY:
        break;
    }
    return true;
}

/* A field of times or truth values that is shown in its column alone. */
static bool is_time_or_truth(const struct part_scan *scan, struct slice path)
{
    const struct scan_source *source = scan->source;
    bool is_one = false;

    for (uint32_t i = 0; i < source->schema.column_count; i++) {
        const struct source_column *column = &source->columns[i];
        if (column->source != COLUMN_FIELD || !slice_equal(column->path, path))
            continue;
        if (column->type != TYPE_DATETIME && column->type != TYPE_BOOL)
            return false;
        is_one = true;
    }
    return is_one && path_is_top_level(path);
}

bool filter_may_be_in(const struct part_scan *scan, const struct filter *filter, uint32_t path)
{
    const struct path_column *column = &scan->part->paths[path];
    enum text_form form = scan_text_form(scan, path);
    bool may_be = false;

    if (column->is_array || column->is_object)
        return true;
    for (uint32_t i = 0; i < filter->value_count; i++)
        may_be |= is_in_form(form, filter->values[i].bytes);
    return may_be && !(filter_is_number(filter) && is_time_or_truth(scan, column->path));
}

/* ---- texts that are read as JSON ---- */

/* Does the text, as it is written, begin with a bracket? */
static bool begins_like_json(struct slice text)
{
    size_t at = 0;

    while (at < text.size && (text.data[at] == ' ' ||
                              (text.data[at] == '\\' && at + 1 < text.size &&
                               memchr("nrtu", text.data[at + 1], 4) != NULL))) {
        if (text.data[at] == '\\' && text.data[++at] == 'u')
            return true; /* or it may */
        at++;
    }
    return at < text.size && (text.data[at] == '[' || text.data[at] == '{');
}

/* An escape in the JSON that makes other terms than are written: a backslash is two in the text.
 * `\n`, `\"` and `\/` stay, or are between terms. */
static bool has_term_escape(struct slice text)
{
    static const char *const escapes[] = {"\\\\u", "\\\\b", "\\\\f", "\\u005"};

    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        if (slice_find(text, slice_of(escapes[i]), 0) != SIZE_MAX)
            return true;
    }
    return false;
}

static enum status column_is_unpacked(struct part_scan *scan, const struct source_column *column,
                                      bool of_words, bool *ret, struct error *err)
{
    uint32_t index = column->is_parsed ? part_find_path(scan->part, column->path, PATH_VALUE)
                                       : UINT32_MAX;

    if (index == UINT32_MAX || scan_text_form(scan, index) != FORM_ANY)
        return STATUS_OK;
    if (scan->peek != NULL) {
        *ret = true;
        return STATUS_OK;
    }
    enum status status = scan_load(scan, index, err);
    const struct path_column *path = &scan->part->paths[index];
    for (uint32_t i = 0; status == STATUS_OK && i < path->dict_count && !*ret; i++)
        *ret = path->dict_kinds[i] == JSON_STRING && begins_like_json(path->dict[i]) &&
               (!of_words || has_term_escape(path->dict[i]));
    return status;
}

enum status filter_is_unpacked(struct part_scan *scan, const struct filter *filter, bool *ret,
                               struct error *err)
{
    const struct scan_source *source = scan->source;
    bool is_any = filter->column == SOURCE_COLUMN_ANY;
    bool of_words = is_any || (filter->kind == FILTER_HAS && filter->path.size == 0);
    uint32_t begin = is_any ? 0 : filter->column;
    uint32_t end = is_any ? source->schema.column_count : filter->column + 1;
    enum status status = STATUS_OK;

    *ret = false;
    for (uint32_t i = begin; i < end && status == STATUS_OK && !*ret; i++)
        status = column_is_unpacked(scan, &source->columns[i], of_words, ret, err);
    return status;
}

/* ---- what columns show ---- */

static enum status set_match(struct part_scan *scan, uint32_t count, uint32_t i,
                             uint8_t **matches, struct error *err)
{
    if (*matches == NULL)
        *matches = arena_alloc(scan->arena, count + (size_t)1, err);
    if (*matches == NULL)
        return err->status;
    (*matches)[i] = 1;
    return STATUS_OK;
}

/* As tostring() has it. */
static void add_shown(struct buf *text, const struct path_values *values, uint32_t i)
{
    char guid[GUID_TEXT_BYTES + 1];

    switch (values->type) {
    case TYPE_INT:
    case TYPE_LONG:
        buf_add_i64(text, ((const int64_t *)values->data)[i]);
        return;
    case TYPE_TIMESPAN:
        time_format_span(((const int64_t *)values->data)[i], text);
        return;
    case TYPE_REAL:
        text_add_double(text, ((const double *)values->data)[i]);
        return;
    case TYPE_GUID:
        guid_format(&((const struct guid *)values->data)[i], guid);
        buf_add_text(text, guid);
        return;
    case TYPE_BOOL:
    case TYPE_DATETIME:
    case TYPE_DECIMAL:
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_COUNT_:
        return;
    }
}

static bool is_shown_anew(enum type type)
{
    return type == TYPE_INT || type == TYPE_LONG || type == TYPE_REAL || type == TYPE_TIMESPAN ||
           type == TYPE_GUID;
}

static enum status match_typed(struct part_scan *scan, const struct filter *filter, uint32_t path,
                               enum type type, uint8_t **matches, struct error *err)
{
    const struct path_values *values;
    uint32_t count = scan->part->paths[path].dict_count;
    enum status status = path_values_get(scan->part, path, type, &values, err);
    struct buf text;

    buf_init(&text, KIB);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (values->nulls != NULL && values->nulls[i] != 0)
            continue;
        buf_clear(&text);
        add_shown(&text, values, i);
        if (filter_matches_slice(filter, buf_slice(&text)))
            status = set_match(scan, count, i, matches, err);
    }
    if (status == STATUS_OK)
        status = buf_check(&text, err);
    buf_release(&text);
    return status;
}

/* Numbers with a point or an exponent, which a dynamic value may show in another way. */
static enum status match_numbers(struct part_scan *scan, const struct filter *filter,
                                 uint32_t path, uint8_t **matches, struct error *err)
{
    const struct path_column *column = &scan->part->paths[path];
    enum status status = STATUS_OK;
    double number;
    struct buf text;

    buf_init(&text, KIB);
    for (uint32_t i = 0; i < column->dict_count && status == STATUS_OK; i++) {
        if (column->dict_kinds[i] != JSON_NUMBER || is_of(column->dict[i], "0123456789-") ||
            !text_parse_double(column->dict[i], &number))
            continue;
        buf_clear(&text);
        text_add_double(&text, number);
        if (filter_matches_slice(filter, buf_slice(&text)))
            status = set_match(scan, column->dict_count, i, matches, err);
    }
    if (status == STATUS_OK)
        status = buf_check(&text, err);
    buf_release(&text);
    return status;
}

enum status filter_match_shown(struct part_scan *scan, const struct filter *filter,
                               uint32_t path, uint8_t **matches, struct error *err)
{
    const struct scan_source *source = scan->source;
    struct slice text = scan->part->paths[path].path;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < source->schema.column_count && status == STATUS_OK; i++) {
        const struct source_column *column = &source->columns[i];
        if (column->source == COLUMN_FIELD && is_shown_anew(column->type) &&
            slice_equal(column->path, text))
            status = match_typed(scan, filter, path, column->type, matches, err);
    }
    if (status == STATUS_OK && filter_is_number(filter))
        status = match_numbers(scan, filter, path, matches, err);
    return status;
}

/* ---- GUIDs ---- */

enum status filter_match_guids(struct part_scan *scan, const struct filter *filter,
                               const struct path_column *path, uint8_t **ret,
                               struct error *err)
{
    struct slice word = filter->values[0].bytes;
    uint8_t piece[GUID_PIECE_BYTES_MAX / 2];
    enum status status = STATUS_OK;

    *ret = NULL;
    CHECK(filter_is_guid_piece(filter) && text_parse_hex(word, piece, word.size / 2));
    for (uint32_t i = 0; i < path->dict_count && status == STATUS_OK; i++) {
        const uint8_t *bytes = path->guids[i].bytes;
        bool is_match = word.size == 8    ? memcmp(bytes, piece, 4) == 0
                        : word.size == 12 ? memcmp(bytes + 10, piece, 6) == 0
                                          : memcmp(bytes + 4, piece, 2) == 0 ||
                                                memcmp(bytes + 6, piece, 2) == 0 ||
                                                memcmp(bytes + 8, piece, 2) == 0;
        if (is_match)
            status = set_match(scan, path->dict_count, i, ret, err);
    }
    return status;
}
