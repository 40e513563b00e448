/* SPDX-License-Identifier: Apache-2.0 */
/* fn_regex.c - functions with regular expressions.
 *
 * A constant pattern is compiled once in prepare(); otherwise it is compiled
 * when it differs from the row before.
 */
#include "base/text.h"
#include "query/fn_priv.h"
#include "query/regex.h"
#include "table/dynamic.h"

/* Where a function has its pattern, and what is put around it. */
struct pattern_form {
    uint32_t index;
    const char *before, *after;
    const char *again; /* NULL, or behind the pattern a second time */
};

/* The pattern of the rows of one call of eval(). */
struct pattern {
    const struct regex *regex; /* of prepare(), or own */
    struct regex *own;
    struct slice text; /* of own */
    struct pattern_form form;
};

/* One row: regex is the compiled pattern. */
typedef enum status regex_row(struct eval *eval, const struct regex *regex,
                              const struct value *args, uint32_t arg_count, struct value *ret,
                              struct error *err);

static void free_regex(void *regex)
{
    regex_free(regex);
}

static enum status compile(struct pattern_form form, struct slice text, struct regex **ret,
                           struct error *err)
{
    struct buf buf;
    enum status status;

    buf_init(&buf, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&buf, form.before);
    buf_add_slice(&buf, text);
    buf_add_text(&buf, form.after);
    if (form.again != NULL) {
        buf_add_slice(&buf, text);
        buf_add_text(&buf, form.again);
    }
    status = buf_check(&buf, err);
    if (status == STATUS_OK)
        status = regex_new(buf_slice(&buf), 0, ret, err);
    buf_release(&buf);
    return status;
}

static enum status prepare(struct eval *eval, const struct argument *args, struct pattern_form form,
                           void **ret, struct error *err)
{
    struct regex *regex = NULL;
    struct slice text;

    *ret = NULL;
    if (!constant_text(args, form.index, &text))
        return STATUS_OK;
    enum status status = compile(form, text, &regex, err);
    if (status != STATUS_OK) {
        argument_place(&args[form.index], err);
        return status;
    }
    status = arena_on_free(eval->query_arena, free_regex, regex, err);
    if (status != STATUS_OK) {
        regex_free(regex);
        return status;
    }
    *ret = regex;
    return STATUS_OK;
}

static enum status pattern_for(struct pattern *pattern, struct slice text, struct eval *eval,
                               struct error *err)
{
    struct regex *made = NULL;

    if (pattern->regex != NULL &&
        (pattern->own == NULL || slice_equal(pattern->text, text)))
        return STATUS_OK;
    enum status status = eval_look(eval, err);
    if (status == STATUS_OK)
        status = compile(pattern->form, text, &made, err);
    if (status != STATUS_OK)
        return status;
    regex_free(pattern->own);
    pattern->own = made;
    pattern->regex = made;
    pattern->text = text;
    return STATUS_OK;
}

static void store_row(void *data, uint8_t *nulls, uint32_t row, const struct value *value)
{
    nulls[row] = value->is_null && value->type != TYPE_STRING;
    if (type_is_bytes(value->type))
        ((struct slice *)data)[row] = value->is_null ? SLICE("") : value->bytes;
    else
        ((int64_t *)data)[row] = value->is_null ? 0 : value->integer;
}

/* type: string, dynamic or long. */
static enum status regex_rows(EVAL_PARAMETERS, regex_row *row_fn, enum type type,
                              struct pattern_form form)
{
    struct pattern pattern = {.regex = eval->call_state, .form = form};
    bool once = true;
    struct value *values = ARENA_ARRAY(eval->arena, struct value, arg_count, err);

    if (values == NULL)
        return err->status;
    for (uint32_t i = 0; i < arg_count; i++)
        once = once && args[i].encoding == VECTOR_CONST;
    uint32_t rows = once ? 1 : row_count;
    enum status status = vector_flat(eval->arena, type, rows, true, ret, err);
    void *data = vector_data(ret);
    uint8_t *nulls = vector_nulls(ret);
    for (uint32_t row = 0; status == STATUS_OK && row < rows; row++) {
        struct value result = {.type = type, .is_null = type != TYPE_STRING, .bytes = SLICE("")};
        bool any_null = false;
        for (uint32_t i = 0; i < arg_count; i++) {
            values[i] = row_value(&args[i], row);
            any_null = any_null || (values[i].is_null && values[i].type != TYPE_STRING);
        }
        if (!any_null) {
            status = pattern_for(&pattern, values[form.index].bytes, eval, err);
            if (status == STATUS_OK)
                status = row_fn(eval, pattern.regex, values, arg_count, &result, err);
        }
        store_row(data, nulls, row, &result);
    }
    regex_free(pattern.own);
    if (status != STATUS_OK)
        return status;
    if (type == TYPE_STRING)
        ret->nulls = NULL;
    if (once)
        ret->encoding = VECTOR_CONST;
    ret->row_count = row_count;
    return STATUS_OK;
}

/* `matches regex` with a pattern that comes with the row. */
static enum status eval_matches(EVAL_PARAMETERS)
{
    struct pattern pattern = {.form = {1, "", "", NULL}};
    enum status status = vector_flat(eval->arena, TYPE_BOOL, row_count, false, ret, err);
    uint8_t *data = vector_data(ret);

    (void)arg_count;
    for (uint32_t row = 0; row < row_count && status == STATUS_OK; row++) {
        status = pattern_for(&pattern, row_value(&args[1], row).bytes, eval, err);
        struct regex_matches m = {.eval = eval,
                                  .regex = pattern.regex,
                                  .text = row_value(&args[0], row).bytes};
        if (status == STATUS_OK)
            status = regex_next(&m, NULL, 0, err);
        data[row] = m.found;
    }
    regex_free(pattern.own);
    return status;
}

const struct function operator_regex_row = {.name = "matches regex", .eval = eval_matches};

#define REGEX_EVAL(NAME, ROW, TYPE, INDEX, BEFORE, AFTER, AGAIN)                                   \
    static enum status prepare_##NAME(struct eval *eval, const struct argument *args,              \
                                      uint32_t arg_count, void **ret, struct error *err)           \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return prepare(eval, args, (struct pattern_form){INDEX, BEFORE, AFTER, AGAIN}, ret, err);  \
    }                                                                                              \
    static enum status eval_##NAME(EVAL_PARAMETERS)                                                \
    {                                                                                              \
        return regex_rows(eval, args, arg_count, row_count, ret, err, ROW, TYPE,                   \
                          (struct pattern_form){INDEX, BEFORE, AFTER, AGAIN});                     \
    }

/* ---- extract ---- */

/* extract(regex, group, source [, typeof(type)]) */
static enum status row_extract(struct eval *eval, const struct regex *regex,
                               const struct value *args, uint32_t arg_count, struct value *ret,
                               struct error *err)
{
    struct slice groups[REGEX_GROUPS_MAX + 1];
    int64_t group = args[1].integer;
    struct regex_matches m = {.eval = eval, .regex = regex, .text = args[2].bytes};

    (void)arg_count;
    if (group < 0 || group > REGEX_GROUPS_MAX || group > regex_group_count(regex))
        return STATUS_OK;
    enum status status = regex_next(&m, groups, (uint32_t)group + 1, err);
    return status != STATUS_OK || !m.found || groups[group].data == NULL
               ? status
               : give_bytes(ret, groups[group]);
}
REGEX_EVAL(extract_text, row_extract, TYPE_STRING, 0, "", "", NULL)

/* typeof(x) arrives as a null of that type. */
static enum status bind_extract(BIND_PARAMETERS)
{
    struct slice name;

    want[0] = TYPE_STRING;
    want[1] = TYPE_LONG;
    want[2] = TYPE_STRING;
    *ret = TYPE_STRING;
    if (arg_count > 3 && (!constant_text(args, 3, &name) || !type_from_name(name, ret)))
        return ERROR_SET(err, STATUS_INVALID, "the fourth argument is a type such as typeof(long)");
    return STATUS_OK;
}

static enum status eval_extract(EVAL_PARAMETERS)
{
    struct vector text;
    enum status status = eval_extract_text(eval, args, 3, row_count, &text, err);

    if (status != STATUS_OK || arg_count < 4) {
        *ret = text;
        return status;
    }
    enum type type = TYPE_STRING;
    struct value name = row_value(&args[3], 0);
    (void)type_from_name(name.bytes, &type);
    return function_cast(eval, &text, type, ret, err);
}

/* extract_all(regex [, groups], source): one group gives texts, several give arrays. */
static void add_groups(struct buf *buf, const struct slice *groups, const uint32_t *chosen,
                       uint32_t chosen_count)
{
    if (buf->size > 1)
        buf_add_byte(buf, ',');
    if (chosen_count > 1)
        buf_add_byte(buf, '[');
    for (uint32_t i = 0; i < chosen_count; i++) {
        if (i > 0)
            buf_add_byte(buf, ',');
        text_add_json_string(buf, groups[chosen[i]]);
    }
    if (chosen_count > 1)
        buf_add_byte(buf, ']');
}

static uint32_t choose_groups(const struct regex *regex, const struct value *list,
                              uint32_t *chosen)
{
    uint32_t group_count = regex_group_count(regex);
    uint32_t count = 0;

    struct dynamic_iterator it = dynamic_iterate(list == NULL ? SLICE("[]") : list->bytes);
    while (dynamic_next(&it) && count < REGEX_GROUPS_MAX) {
        struct slice item = slice_trim(it.value);
        int64_t group;
        if (item.size > 2 && item.data[0] == '"')
            group = regex_group_named(regex, slice_from(item.data + 1, item.size - 2));
        else if (!text_parse_i64(item, &group))
            continue;
        if (group >= 0 && group <= group_count &&
            group <= REGEX_GROUPS_MAX)
            chosen[count++] = (uint32_t)group;
    }
    if (count > 0) /* a list without a group that is there is none */
        return count;
    if (group_count == 0)
        chosen[count++] = 0;
    for (uint32_t i = 1; i <= group_count && count < REGEX_GROUPS_MAX; i++)
        chosen[count++] = i;
    return count;
}

static enum status row_extract_all(struct eval *eval, const struct regex *regex,
                                   const struct value *args, uint32_t arg_count,
                                   struct value *ret, struct error *err)
{
    struct slice source = args[arg_count - 1].bytes;
    struct slice groups[REGEX_GROUPS_MAX + 1];
    uint32_t chosen[REGEX_GROUPS_MAX + 1];
    uint32_t group_count = regex_group_count(regex) + 1;
    uint32_t chosen_count = choose_groups(regex, arg_count > 2 ? &args[1] : NULL, chosen);
    struct regex_matches m = {.eval = eval, .regex = regex, .text = source};
    struct buf buf;

    if (group_count > REGEX_GROUPS_MAX + 1)
        group_count = REGEX_GROUPS_MAX + 1;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    buf_add_byte(&buf, '[');
    enum status status = regex_next(&m, groups, group_count, err);
    while (status == STATUS_OK && m.found && !buf.failed) {
        add_groups(&buf, groups, chosen, chosen_count);
        status = regex_next(&m, groups, group_count, err);
    }
    buf_add_byte(&buf, ']');
    if (status == STATUS_OK && buf.size != 2)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
REGEX_EVAL(extract_all, row_extract_all, TYPE_DYNAMIC, 0, "", "", NULL)

static enum status bind_extract_all(BIND_PARAMETERS)
{
    (void)args, (void)err;
    want[0] = TYPE_STRING;
    want[1] = arg_count > 2 ? TYPE_DYNAMIC : TYPE_STRING;
    want[arg_count - 1] = TYPE_STRING;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

/* ---- replace ---- */

/* Adds the rewrite with \0 .. \9 filled in. */
static void add_rewrite(struct buf *buf, struct slice rewrite, const struct slice *groups,
                        uint32_t group_count)
{
    for (size_t i = 0; i < rewrite.size; i++) {
        char c = rewrite.data[i];
        char next = i + 1 < rewrite.size ? rewrite.data[i + 1] : '\0';
        if (c == '\\' && next >= '0' && next <= '9') {
            uint32_t group = (uint32_t)(next - '0');
            if (group < group_count && groups[group].size > 0)
                buf_add_slice(buf, groups[group]);
            i++;
        } else if (c == '\\' && next == '\\') {
            buf_add_byte(buf, '\\');
            i++;
        } else {
            buf_add_byte(buf, c);
        }
    }
}

static enum status replace_all(struct eval *eval, const struct regex *regex, struct slice source,
                               struct slice rewrite, struct value *ret, struct error *err)
{
    struct slice groups[10];
    uint32_t group_count = regex_group_count(regex) + 1;
    struct regex_matches m = {.eval = eval, .regex = regex, .text = source};
    struct buf buf;
    size_t copied = 0;

    if (group_count > 10)
        group_count = 10;
    enum status status = regex_next(&m, groups, group_count, err);
    if (status != STATUS_OK || !m.found)
        return status != STATUS_OK ? status : give_bytes(ret, source);
    text_start(&buf);
    while (status == STATUS_OK && m.found && !buf.failed) {
        size_t at = (size_t)(groups[0].data - source.data);
        buf_add(&buf, source.data + copied, at - copied);
        add_rewrite(&buf, rewrite, groups, group_count);
        copied = at + groups[0].size;
        status = eval_spend(eval, rewrite.size, err);
        if (status == STATUS_OK)
            status = regex_next(&m, groups, group_count, err);
    }
    buf_add_slice(&buf, slice_tail(source, copied));
    if (status == STATUS_OK)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}

static enum status row_replace_regex(struct eval *eval, const struct regex *regex,
                                     const struct value *args, uint32_t arg_count,
                                     struct value *ret, struct error *err)
{
    (void)arg_count;
    return replace_all(eval, regex, args[0].bytes, args[2].bytes, ret, err);
}
REGEX_EVAL(replace_regex, row_replace_regex, TYPE_STRING, 1, "", "", NULL)

static enum status row_replace(struct eval *eval, const struct regex *regex,
                               const struct value *args, uint32_t arg_count, struct value *ret,
                               struct error *err)
{
    (void)arg_count;
    return replace_all(eval, regex, args[2].bytes, args[1].bytes, ret, err);
}
REGEX_EVAL(replace, row_replace, TYPE_STRING, 0, "", "", NULL)
BIND(bind_texts, "s", TYPE_STRING)

/* ---- trim ---- */

/* The pattern stands in a group and is anchored; all that it matches goes. */
#define TRIM(NAME, BEFORE, AFTER, AGAIN)                                                           \
    static enum status row_##NAME(struct eval *eval, const struct regex *regex,                    \
                                  const struct value *args, uint32_t arg_count,                    \
                                  struct value *ret, struct error *err)                            \
    {                                                                                              \
        (void)arg_count;                                                                           \
        return replace_all(eval, regex, args[1].bytes, SLICE(""), ret, err);                       \
    }                                                                                              \
    REGEX_EVAL(NAME, row_##NAME, TYPE_STRING, 0, BEFORE, AFTER, AGAIN)
TRIM(trim, "^(", ")|(", ")$")
TRIM(trim_start, "^(", ")", NULL)
TRIM(trim_end, "(", ")$", NULL)

/* ---- counting and finding ---- */

/* countof(source, search, 'regex'): matches that may overlap begin one on. */
static enum status row_countof_regex(struct eval *eval, const struct regex *regex,
                                     const struct value *args, uint32_t arg_count,
                                     struct value *ret, struct error *err)
{
    struct regex_matches m = {.eval = eval, .regex = regex, .text = args[0].bytes};
    struct slice match;
    int64_t count = 0;
    enum status status = regex_next(&m, &match, 1, err);

    (void)arg_count;
    while (status == STATUS_OK && m.found) {
        count++;
        status = regex_next(&m, &match, 1, err);
    }
    return status == STATUS_OK ? give_long(ret, count) : status;
}
REGEX_EVAL(countof_regex, row_countof_regex, TYPE_LONG, 1, "", "", NULL)

static enum status row_countof(ROW_PARAMETERS)
{
    int64_t count = 0;
    enum status status = STATUS_OK;

    (void)arg_count;
    if (args[1].bytes.size == 0)
        return give_long(ret, 0);
    for (size_t at = 0; status == STATUS_OK; at++) { /* matches of plain text overlap */
        at = slice_find(args[0].bytes, args[1].bytes, at);
        if (at == SIZE_MAX)
            return give_long(ret, count);
        count++;
        status = eval_spend(eval, args[1].bytes.size, err);
    }
    return status;
}
ROW_EVAL(row_countof, TYPE_LONG)
BIND(bind_countof, "s", TYPE_LONG)

static bool wants_regex(const struct value *kind)
{
    return kind != NULL && kind->type == TYPE_STRING &&
           slice_equal_nocase(kind->bytes, SLICE("regex"));
}

static enum status prepare_countof(struct eval *eval, const struct argument *args,
                                   uint32_t arg_count, void **ret, struct error *err)
{
    *ret = NULL;
    if (arg_count > 2 && args[2].constant != NULL && !wants_regex(args[2].constant) &&
        !args[2].constant->is_null &&
        !slice_equal_nocase(args[2].constant->bytes, SLICE("normal")))
        return argument_fail(err, &args[2], "expected 'normal' or 'regex', found '%.*s'",
                             SLICE_FMT(slice_head(args[2].constant->bytes, 64)));
    if (arg_count < 3 || !wants_regex(args[2].constant))
        return STATUS_OK;
    return prepare_countof_regex(eval, args, arg_count, ret, err);
}

static enum status eval_countof(EVAL_PARAMETERS)
{
    struct value kind = {.type = TYPE_LONG};

    if (arg_count > 2 && row_count > 0)
        kind = row_value(&args[2], 0);
    bool by_row = arg_count > 2 && args[2].encoding != VECTOR_CONST;
    for (uint32_t row = 1; by_row && row < row_count; row++) {
        struct value other = row_value(&args[2], row);
        if (wants_regex(&other) != wants_regex(&kind))
            return ERROR_SET(err, STATUS_INVALID, "the kind of countof() must be the same in "
                                                  "all rows, 'normal' or 'regex'");
    }
    if (wants_regex(&kind))
        return eval_countof_regex(eval, args, arg_count, row_count, ret, err);
    return eval_row_countof(eval, args, arg_count, row_count, ret, err);
}

/* indexof_regex(source, regex [, start, length, occurrence]), in characters; occurrence 0 is the
 * first, as in indexof(). */
static enum status row_indexof_regex(struct eval *eval, const struct regex *regex,
                                     const struct value *args, uint32_t arg_count,
                                     struct value *ret, struct error *err)
{
    struct slice source = args[0].bytes;
    struct slice match;
    int64_t start = arg_count > 2 ? args[2].integer : 0;
    int64_t length = arg_count > 3 ? args[3].integer : -1;
    int64_t nth = arg_count > 4 ? args[4].integer : 1;
    size_t from = 0;

    if (nth < 0 || length < -1 || start < 0)
        return STATUS_OK;
    for (int64_t i = 0; i < start && from < source.size; i++)
        (void)text_next_rune(source, &from);
    size_t end = from;
    for (int64_t i = 0; i < length && end < source.size; i++)
        (void)text_next_rune(source, &end);
    if (length >= 0)
        source = slice_head(source, end);
    struct regex_matches m = {
        .eval = eval, .regex = regex, .text = source, .from = from};
    enum status status = regex_next(&m, &match, 1, err);
    while (status == STATUS_OK && m.found) {
        if (--nth <= 0)
            return give_long(ret, (int64_t)text_rune_count(
                                      slice_head(source, (size_t)(match.data - source.data))));
        status = regex_next(&m, &match, 1, err);
    }
    return status == STATUS_OK ? give_long(ret, -1) : status;
}
REGEX_EVAL(indexof_regex, row_indexof_regex, TYPE_LONG, 1, "", "", NULL)
BIND(bind_indexof_regex, "ssl", TYPE_LONG)

static enum status row_regex_quote(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    for (size_t i = 0; i < args[0].bytes.size; i++) {
        char c = args[0].bytes.data[i];
        if (c != '\0' && strchr("\\.+*?()|[]{}^$#-&~ ", c) != NULL && c != ' ')
            buf_add_byte(&buf, '\\');
        buf_add_byte(&buf, c);
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_regex_quote, TYPE_STRING)

#define REGEX_FUNCTION(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                          \
    {.name = #NAME, .signature = (SIGNATURE), .summary = (TEXT), .example = (EXAMPLE),             \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .prepare = prepare_##NAME,           \
     .eval = eval_##NAME}

static const struct function functions[] = {
    {.name = "extract", .signature = "extract(regex, group, source [, typeof(type)])",
     .summary = "the text of a group of the first match",
     .example = "extract('x=([0-9]+)', 1, 'a x=45') == '45'", .args_min = 3, .args_max = 4,
     .flags = FUNCTION_LAZY_NULL, .bind = bind_extract, .prepare = prepare_extract_text,
     .eval = eval_extract},
    REGEX_FUNCTION(extract_all, "extract_all(regex [, groups], source)",
                   "the groups of all matches, as an array",
                   "array_length(extract_all('([a-z])', 'a1b2')) == 2", 2, 3, bind_extract_all),
    {.name = "extractall", .signature = "extractall(regex [, groups], source)",
     .summary = "the same as extract_all()",
     .example = "array_length(extractall('([a-z])', 'a1b2')) == 2", .args_min = 2,
     .args_max = 3, .flags = FUNCTION_DEPRECATED, .bind = bind_extract_all,
     .prepare = prepare_extract_all, .eval = eval_extract_all},
    REGEX_FUNCTION(replace_regex, "replace_regex(source, regex, rewrite)",
                   "replaces each match; \\1 stands for the first group",
                   "replace_regex('a1b2', '[0-9]', '-') == 'a-b-'", 3, 3, bind_texts),
    REGEX_FUNCTION(replace, "replace(regex, rewrite, source)",
                   "the same as replace_regex() with the arguments in another order",
                   "replace('[0-9]', '-', 'a1b2') == 'a-b-'", 3, 3, bind_texts),
    REGEX_FUNCTION(trim, "trim(regex, source)", "without the match at each end",
                   "trim('-+', '--a-b--') == 'a-b'", 2, 2, bind_texts),
    REGEX_FUNCTION(trim_start, "trim_start(regex, source)", "without the match at the start",
                   "trim_start('-+', '--a--') == 'a--'", 2, 2, bind_texts),
    REGEX_FUNCTION(trim_end, "trim_end(regex, source)", "without the match at the end",
                   "trim_end('-+', '--a--') == '--a'", 2, 2, bind_texts),
    REGEX_FUNCTION(countof, "countof(source, search [, 'normal' | 'regex'])",
                   "how often a text or a pattern occurs", "countof('abcabc', 'bc') == 2", 2, 3,
                   bind_countof),
    REGEX_FUNCTION(indexof_regex, "indexof_regex(source, regex [, start, length, occurrence])",
                   "where a pattern matches, in characters from 0; -1 if nowhere",
                   "indexof_regex('ab12', '[0-9]') == 2", 2, 5, bind_indexof_regex),
    {.name = "regex_quote", .signature = "regex_quote(text)",
     .summary = "the pattern that matches just this text",
     .example = "regex_quote('a.b') == @'a\\.b'", .args_min = 1, .args_max = 1,
     .bind = bind_texts, .eval = eval_row_regex_quote},
};

FUNCTION_FAMILY(regex, functions);
