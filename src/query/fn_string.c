/* SPDX-License-Identifier: Apache-2.0 */
/* fn_string.c - the string functions that most queries use, as loops. */
#include "base/fold.h"
#include "base/text.h"
#include "query/fn_priv.h"
#include "table/dynamic.h"

/* Rows of output: one where all arguments are constant. */
static uint32_t output_rows(const struct vector *args, uint32_t arg_count, uint32_t row_count)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i].encoding != VECTOR_CONST)
            return row_count;
    }
    return 1;
}

static enum status texts_new(struct eval *eval, uint32_t rows, uint32_t row_count,
                             struct vector *ret, struct slice **ret_texts, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_STRING, rows, false, ret, err);
    void *data = vector_data(ret);

    if (status != STATUS_OK)
        return status;
    *ret_texts = data;
    ret->row_count = row_count;
    if (rows != row_count)
        ret->encoding = VECTOR_CONST;
    return STATUS_OK;
}

/* ---- letters ---- */

static enum status fold_unicode(struct eval *eval, struct slice in, bool upper, struct slice *ret,
                                struct error *err)
{
    struct value value = {.type = TYPE_STRING};
    struct buf buf;

    text_start(&buf);
    for (size_t at = 0; at < in.size;) {
        size_t from = at;
        uint32_t rune = text_next_rune(in, &at);
        uint32_t other = upper ? fold_upper(rune) : fold_lower(rune);
        if (other == rune) /* bytes that are no UTF-8 too */
            buf_add(&buf, in.data + from, at - from);
        else
            text_add_rune(&buf, other);
    }
    enum status status = give_buf(eval, &buf, &value, err);
    *ret = value.bytes;
    return status;
}

static enum status fold_all(struct eval *eval, const struct vector *v, bool upper,
                            struct vector *ret, struct error *err)
{
    uint32_t count = vector_element_count(v);
    unsigned char first = upper ? 'a' : 'A';
    struct slice *texts;
    enum status status = texts_new(eval, count, v->row_count, ret, &texts, err);

    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct slice in = v->slices[i];
        unsigned char high = 0;
        char *out = arena_alloc_raw(eval->arena, in.size + 1, err);
        if (out == NULL)
            return err->status;
        for (size_t k = 0; k < in.size; k++) {
            unsigned char c = (unsigned char)in.data[k];
            high |= c;
            out[k] = (char)((unsigned char)(c - first) < 26 ? c ^ 32 : c);
        }
        texts[i] = slice_from(out, in.size);
        status = eval_spend(eval, in.size, err);
        if (status == STATUS_OK && high >= 128)
            status = fold_unicode(eval, in, upper, &texts[i], err);
    }
    return status;
}

static enum status eval_tolower(EVAL_PARAMETERS)
{
    (void)arg_count, (void)row_count;
    return fold_all(eval, &args[0], false, ret, err);
}

static enum status eval_toupper(EVAL_PARAMETERS)
{
    (void)arg_count, (void)row_count;
    return fold_all(eval, &args[0], true, ret, err);
}

/* ---- strcat ---- */

/* first: the first argument that is joined; the ones before are not. */
static enum status join_rows(EVAL_PARAMETERS, uint32_t first)
{
    uint32_t rows = output_rows(args, arg_count, row_count);
    struct slice *texts;
    enum status status = texts_new(eval, rows, row_count, ret, &texts, err);

    for (uint32_t row = 0; status == STATUS_OK && row < rows; row++) {
        struct slice between = first == 1 ? args[0].slices[vector_index(&args[0], row)] : SLICE("");
        size_t size = 0;
        for (uint32_t i = first; i < arg_count; i++)
            size += args[i].slices[vector_index(&args[i], row)].size + between.size;
        if (size > QUERY_STRING_BYTES_MAX)
            return ERROR_SET(err, STATUS_LIMIT, "a text of %zu bytes is over the limit of %zu",
                             size, QUERY_STRING_BYTES_MAX);
        char *out = arena_alloc_raw(eval->arena, size + 1, err);
        char *at = out;
        if (out == NULL)
            return err->status;
        for (uint32_t i = first; i < arg_count; i++) {
            struct slice part = args[i].slices[vector_index(&args[i], row)];
            if (i > first && between.size > 0) {
                memcpy(at, between.data, between.size);
                at += between.size;
            }
            if (part.size > 0)
                memcpy(at, part.data, part.size);
            at += part.size;
        }
        texts[row] = slice_from(out, (size_t)(at - out));
        status = eval_spend(eval, size / 8 + 1, err);
    }
    return status;
}

static enum status eval_strcat(EVAL_PARAMETERS)
{
    return join_rows(eval, args, arg_count, row_count, ret, err, 0);
}

static enum status eval_strcat_delim(EVAL_PARAMETERS)
{
    return join_rows(eval, args, arg_count, row_count, ret, err, 1);
}
BIND(bind_texts, "s", TYPE_STRING)

/* ---- substring ---- */

/* The byte offset of code point `index`, at most the size. */
static size_t rune_offset(struct slice s, int64_t index)
{
    size_t at = 0;

    for (; at < s.size && index > 0; index--) {
        at++;
        while (at < s.size && ((unsigned char)s.data[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

static struct slice substring(struct slice s, int64_t start, int64_t length)
{
    if (start < 0) { /* from the end */
        int64_t count = (int64_t)text_rune_count(s);
        if (start < -count)
            return SLICE("");
        start += count;
    }
    if (text_is_ascii(s)) {
        s = slice_tail(s, (size_t)start);
        return slice_head(s, length < 0 ? 0 : (size_t)length);
    }
    s = slice_tail(s, rune_offset(s, start));
    return slice_head(s, length < 0 ? 0 : rune_offset(s, length));
}

static enum status eval_substring(EVAL_PARAMETERS)
{
    uint32_t rows = output_rows(args, arg_count, row_count);
    struct slice *texts;
    enum status status = texts_new(eval, rows, row_count, ret, &texts, err);

    for (uint32_t row = 0; status == STATUS_OK && row < rows; row++) {
        int64_t length = INT64_MAX;
        bool is_null = vector_is_null(&args[1], row);
        if (arg_count > 2) {
            length = args[2].integers[vector_index(&args[2], row)];
            is_null = is_null || vector_is_null(&args[2], row);
        }
        struct slice text = args[0].slices[vector_index(&args[0], row)];
        texts[row] = is_null ? SLICE("")
                             : substring(text, args[1].integers[vector_index(&args[1], row)],
                                         length);
        status = eval_spend(eval, text.size / 4 + 1, err);
    }
    return status;
}
BIND(bind_substring, "sll", TYPE_STRING)

/* ---- split ---- */

static enum status split_one(struct eval *eval, struct slice s, struct slice by, int64_t only,
                             struct slice *ret, struct error *err)
{
    struct value value = {.type = TYPE_DYNAMIC};
    struct buf buf;
    size_t from = 0;

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    (void)buf_reserve(&buf, s.size + 8);
    buf_add_byte(&buf, '[');
    for (int64_t index = 0;; index++) {
        size_t at = by.size == 0 ? SIZE_MAX : slice_find(s, by, from);
        struct slice part = slice_head(slice_tail(s, from), at == SIZE_MAX ? SIZE_MAX : at - from);
        if (only < 0 || only == index) {
            if (buf.size > 1)
                buf_add_byte(&buf, ',');
            text_add_json_string(&buf, part);
        }
        if (at == SIZE_MAX || buf.failed)
            break;
        from = at + by.size;
    }
    buf_add_byte(&buf, ']');
    enum status status = give_buf(eval, &buf, &value, err);
    *ret = value.bytes;
    return status;
}

static enum status eval_split(EVAL_PARAMETERS)
{
    uint32_t rows = output_rows(args, arg_count, row_count);
    enum status status = vector_flat(eval->arena, TYPE_DYNAMIC, rows, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t row = 0; status == STATUS_OK && row < rows; row++) {
        int64_t only = -1;
        if (arg_count > 2 && !vector_is_null(&args[2], row))
            only = args[2].integers[vector_index(&args[2], row)];
        struct slice text = args[0].slices[vector_index(&args[0], row)];
        status = eval_spend(eval, text.size + 1, err);
        if (status == STATUS_OK)
            status = split_one(eval, text, args[1].slices[vector_index(&args[1], row)], only,
                               &((struct slice *)data)[row], err);
    }
    if (status == STATUS_OK && rows != row_count) {
        ret->encoding = VECTOR_CONST;
        ret->row_count = row_count;
    }
    return status;
}
BIND(bind_split, "ssl", TYPE_DYNAMIC)

/* ---- sizes ---- */

static enum status sizes(struct eval *eval, const struct vector *v, bool bytes,
                         struct vector *ret, struct error *err)
{
    uint32_t count = vector_element_count(v);
    enum status status = vector_flat(eval->arena, TYPE_LONG, count, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct slice text = v->slices[i];
        ((int64_t *)data)[i] = (int64_t)(bytes ? text.size : text_rune_count(text));
        if (!bytes)
            status = eval_spend(eval, text.size / 4 + 1, err);
    }
    ret->encoding = v->encoding;
    ret->row_count = v->row_count;
    return status;
}

static enum status eval_strlen(EVAL_PARAMETERS)
{
    (void)arg_count, (void)row_count;
    return sizes(eval, &args[0], false, ret, err);
}

static enum status eval_string_size(EVAL_PARAMETERS)
{
    (void)arg_count, (void)row_count;
    return sizes(eval, &args[0], true, ret, err);
}
BIND(bind_size, "s", TYPE_LONG)

/* ---- replace_string ---- */

static enum status row_replace_string(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    struct slice find = args[1].bytes;
    struct buf buf;
    size_t from = 0;

    (void)arg_count;
    if (find.size == 0 || slice_find(s, find, 0) == SIZE_MAX)
        return give_bytes(ret, s);
    text_start(&buf);
    while (!buf.failed) {
        size_t at = slice_find(s, find, from);
        if (at == SIZE_MAX)
            break;
        buf_add(&buf, s.data + from, at - from);
        buf_add_slice(&buf, args[2].bytes);
        from = at + find.size;
    }
    buf_add_slice(&buf, slice_tail(s, from));
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_replace_string, TYPE_STRING)

static const struct function functions[] = {
    {.name = "tolower", .signature = "tolower(text)", .summary = "the text in small letters",
     .example = "tolower('AbC') == 'abc'", .args_min = 1, .args_max = 1, .bind = bind_texts,
     .eval = eval_tolower},
    {.name = "toupper", .signature = "toupper(text)", .summary = "the text in capitals",
     .example = "toupper('AbC') == 'ABC'", .args_min = 1, .args_max = 1, .bind = bind_texts,
     .eval = eval_toupper},
    {.name = "strcat", .signature = "strcat(value, value [, ...])",
     .summary = "the values as text, one after the other", .example = "strcat('a', 1) == 'a1'",
     .args_min = 1, .args_max = 64, .bind = bind_texts, .eval = eval_strcat},
    {.name = "strcat_delim", .signature = "strcat_delim(delimiter, value, value [, ...])",
     .summary = "the values as text with a delimiter between them",
     .example = "strcat_delim('-', 'a', 1, 2) == 'a-1-2'", .args_min = 2, .args_max = 64,
     .bind = bind_texts, .eval = eval_strcat_delim},
    {.name = "substring", .signature = "substring(source, start [, length])",
     .summary = "a part of a text, counted in characters from 0; a negative start is from the end",
     .example = "substring('abcdef', 1, 2) == 'bc'", .args_min = 2, .args_max = 3,
     .bind = bind_substring, .eval = eval_substring},
    {.name = "split", .signature = "split(source, delimiter [, index])",
     .summary = "the parts between delimiters, as an array; or the one asked for",
     .example = "split('a_b', '_')[1] == 'b'", .args_min = 2, .args_max = 3,
     .bind = bind_split, .eval = eval_split},
    {.name = "strlen", .signature = "strlen(text)", .summary = "the number of characters",
     .example = "strlen('abc') == 3", .args_min = 1, .args_max = 1, .bind = bind_size,
     .eval = eval_strlen},
    {.name = "string_size", .signature = "string_size(text)",
     .summary = "the number of bytes in UTF-8", .example = "string_size('abc') == 3",
     .args_min = 1, .args_max = 1, .bind = bind_size, .eval = eval_string_size},
    {.name = "replace_string", .signature = "replace_string(text, find, replacement)",
     .summary = "replaces each occurrence of a text",
     .example = "replace_string('a.b.c', '.', '-') == 'a-b-c'", .args_min = 3, .args_max = 3,
     .bind = bind_texts, .eval = eval_row_replace_string},
};

FUNCTION_FAMILY(string, functions);
