/* SPDX-License-Identifier: Apache-2.0 */
/* fn_kv.c - see kv_priv.h. */
#include "query/kv_priv.h"

#include "query/fn_priv.h"
#include "query/regex.h"

static bool at(struct slice text, size_t from, struct slice part)
{
    return part.size > 0 && text.size >= from && text.size - from >= part.size &&
           memcmp(text.data + from, part.data, part.size) == 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80;
}

static char opening(struct slice quote) { return quote.data[0]; }
static char closing(struct slice quote) { return quote.data[quote.size > 1]; }

static bool is_quote(const struct kv_spec *kv, char c)
{
    for (uint32_t i = 0; i < kv->quote_count; i++) {
        if (c == opening(kv->quotes[i]) || c == closing(kv->quotes[i]))
            return true;
    }
    return false;
}

/* The quotes that open here, or NULL. */
static const struct slice *quotes_at(const struct kv_spec *kv, struct slice text, size_t from)
{
    for (uint32_t i = 0; i < kv->quote_count; i++) {
        if (from < text.size && text.data[from] == opening(kv->quotes[i]))
            return &kv->quotes[i];
    }
    return NULL;
}

static bool escape_at(const struct kv_spec *kv, struct slice text, size_t from)
{
    for (uint32_t i = 0; i < kv->escape_count; i++) {
        if (at(text, from, kv->escapes[i]))
            return true;
    }
    return false;
}

/* The bytes of the delimiter between pairs here, 0 if it is none.  Without a separator
 * whatever is no word divides. */
static size_t delimiter_at(const struct kv_spec *kv, struct slice text, size_t from)
{
    if (kv->separator.size == 0)
        return from < text.size && !is_word(text.data[from]) && !is_quote(kv, text.data[from]);
    if (kv->pair.size > 0)
        return at(text, from, kv->pair) ? kv->pair.size : 0;
    return from < text.size && !is_word(text.data[from]) && !at(text, from, kv->separator);
}

static bool is_blank_at(const struct kv_spec *kv, struct slice text, size_t at)
{
    return at < text.size && (text.data[at] == ' ' || text.data[at] == '\t') &&
           delimiter_at(kv, text, at) == 0;
}

/* Behind the blanks that do not divide pairs. */
static size_t skip_blanks(const struct kv_spec *kv, struct slice text, size_t from)
{
    while (is_blank_at(kv, text, from))
        from++;
    return from;
}

struct run {
    size_t begin, end;
};

/* The same, without going through the run that went furthest so far again. */
static size_t skip_other_blanks(const struct kv_spec *kv, struct slice text, size_t from,
                                struct run *furthest)
{
    size_t end = from;

    while (is_blank_at(kv, text, end))
        end = end >= furthest->begin && end < furthest->end ? furthest->end : end + 1;
    if (end > furthest->end || (end == furthest->end && from < furthest->begin))
        *furthest = (struct run){from, end};
    return end;
}

/* Whether one of the keys, in quotes or not, and a separator stand here. */
static bool known_key_at(const struct kv_spec *kv, struct slice text, size_t from)
{
    size_t start = skip_blanks(kv, text, from);
    const struct slice *quotes = quotes_at(kv, text, start);
    struct run blanks = {0}; /* keys that end in blanks, too, may all stand here */

    start += quotes != NULL;
    for (uint32_t i = 0; i < kv->key_count; i++) {
        if (!at(text, start, kv->keys[i]))
            continue;
        size_t end = start + kv->keys[i].size;
        if (quotes != NULL && (end >= text.size || text.data[end++] != closing(*quotes)))
            continue;
        if (at(text, skip_other_blanks(kv, text, end, &blanks), kv->separator))
            return true;
    }
    return false;
}

/* From the opening quote, where it stands, to the closing one; escapes are taken out. */
static enum status quoted(const struct kv_spec *kv, struct slice text, size_t from,
                          struct arena *arena, struct slice *ret, size_t *ret_end,
                          struct error *err)
{
    char close = closing(*quotes_at(kv, text, from));
    struct buf buf;
    size_t i = from + 1;

    buf_init(&buf, QUERY_STRING_BYTES_MAX);
    for (; i < text.size && text.data[i] != close; i++) {
        if (escape_at(kv, text, i) && i + 1 < text.size)
            i++;
        buf_add_byte(&buf, text.data[i]);
    }
    *ret_end = i < text.size ? i + 1 : i;
    *ret = arena_copy(arena, buf_slice(&buf), err);
    buf_release(&buf);
    return ret->data == NULL ? err->status : STATUS_OK;
}

#define KEY_WORK 4u /* of a comparison with a known key */

/* Where a plain value ends.  A greedy one is compared with all keys at each delimiter. */
static enum status plain_end(const struct kv_spec *kv, struct slice text, size_t from,
                             struct eval *eval, size_t *ret, struct error *err)
{
    enum status status = STATUS_OK;
    size_t end = from;

    for (; end < text.size && status == STATUS_OK; end++) {
        size_t size = delimiter_at(kv, text, end);
        if (size > 0 && (!kv->greedy || known_key_at(kv, text, end + size)))
            break;
        if (size > 0)
            status = eval_spend(eval, (uint64_t)KEY_WORK * kv->key_count, err);
    }
    *ret = end;
    return status;
}

/* A key or a value at *at: in quotes, or up to where a plain one ends. */
static enum status take(const struct kv_spec *kv, struct slice text, size_t *at_byte, bool key,
                        struct eval *eval, struct slice *ret, struct error *err)
{
    enum status status = STATUS_OK;
    size_t from = skip_blanks(kv, text, *at_byte);
    size_t end = from;

    if (quotes_at(kv, text, from) != NULL)
        return quoted(kv, text, from, eval->arena, ret, at_byte, err);
    if (key) {
        while (end < text.size && (kv->separator.size == 0 || !at(text, end, kv->separator)) &&
               delimiter_at(kv, text, end) == 0)
            end++;
    } else {
        status = plain_end(kv, text, from, eval, &end, err);
    }
    *ret = slice_trim(slice_from(text.data + from, end - from));
    *at_byte = end;
    return status;
}

/* Past what stands between a key and its value; false if there is no value. */
static bool separate(const struct kv_spec *kv, struct slice text, size_t *at_byte)
{
    size_t from = *at_byte;

    if (kv->separator.size == 0) {
        while (from < text.size && delimiter_at(kv, text, from) > 0)
            from++;
    } else {
        while (from < text.size && kv->pair.size > 0 && !at(text, from, kv->separator) &&
               (text.data[from] == ' ' || text.data[from] == '\t'))
            from++;
        if (!at(text, from, kv->separator))
            return false;
        from += kv->separator.size;
    }
    *at_byte = from;
    return true;
}

static enum status find_pair(const struct kv_spec *kv, struct slice text, struct slice key,
                             struct eval *eval, struct slice *ret, struct error *err)
{
    size_t i = 0;

    while (i < text.size) {
        struct slice name;
        struct slice value = SLICE("");
        while (i < text.size && delimiter_at(kv, text, i) > 0)
            i += delimiter_at(kv, text, i);
        size_t start = i;
        enum status status = take(kv, text, &i, true, eval, &name, err);
        if (status != STATUS_OK)
            return status;
        bool wanted = slice_equal(name, key);
        if (kv->separator.size == 0 && !wanted) { /* any word may be a key */
            i += i == start;
            continue;
        }
        if (!separate(kv, text, &i)) {
            i += i == start;
            continue;
        }
        status = take(kv, text, &i, false, eval, &value, err);
        if (status != STATUS_OK)
            return status;
        if (wanted) {
            *ret = value;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

enum status kv_find(const struct kv_spec *kv, struct slice text, struct slice key,
                    struct eval *eval, struct slice *ret, struct error *err)
{
    struct slice groups[3];
    struct regex_matches m = {.eval = eval, .regex = kv->regex, .text = text};

    *ret = SLICE("");
    if (kv->regex == NULL)
        return find_pair(kv, text, key, eval, ret, err);
    enum status status = regex_next(&m, groups, 3, err);
    while (status == STATUS_OK && m.found) {
        if (groups[1].data != NULL && slice_equal(slice_trim(groups[1]), key)) {
            *ret = groups[2].data == NULL ? SLICE("") : slice_trim(groups[2]);
            return STATUS_OK;
        }
        status = regex_next(&m, groups, 3, err);
    }
    return status;
}

static enum status row_kv(ROW_PARAMETERS)
{
    struct slice found;

    (void)arg_count;
    enum status status = kv_find(eval->call_state, args[0].bytes, args[1].bytes, eval, &found, err);
    return status == STATUS_OK ? give_bytes(ret, found) : status;
}
ROW_EVAL(row_kv, TYPE_STRING)

BIND(bind_kv, "ss", TYPE_STRING)

const struct function function_kv = {.name = "parse-kv",
                                     .signature = "parse-kv",
                                     .summary = "the value of a key in a text of pairs",
                                     .example = "true",
                                     .args_min = 2,
                                     .args_max = 2,
                                     .bind = bind_kv,
                                     .eval = eval_row_kv};
