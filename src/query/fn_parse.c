/* SPDX-License-Identifier: Apache-2.0 */
/* fn_parse.c - extract_json() parse_csv() parse_version() parse_command_line() */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"

BIND(bind_parse, "s", TYPE_DYNAMIC)
BIND(bind_version, "s", TYPE_DECIMAL)

/* ---- extract_json(path, text [, typeof(type)]) ---- */

static enum status bind_extract_json(BIND_PARAMETERS)
{
    struct slice name;

    want[0] = TYPE_STRING;
    if (args[1].type != TYPE_DYNAMIC)
        want[1] = TYPE_STRING;
    *ret = TYPE_STRING;
    if (arg_count > 2 && (!constant_text(args, 2, &name) || !type_from_name(name, ret)))
        return ERROR_SET(err, STATUS_INVALID, "the third argument is a type such as typeof(long)");
    return STATUS_OK;
}

static enum status row_extract_json(ROW_PARAMETERS)
{
    struct slice json = args[1].bytes;
    struct value found = {.type = TYPE_DYNAMIC};
    enum status status = STATUS_OK;

    if (args[1].is_null && args[1].type == TYPE_DYNAMIC)
        return STATUS_OK;
    if (args[1].type == TYPE_STRING)
        status = dynamic_parse(eval->arena, args[1].bytes, &json, err);
    if (status != STATUS_OK)
        return status;
    found.bytes = dynamic_path(json, args[0].bytes);
    found.is_null = dynamic_is_null(found.bytes);
    (void)arg_count;
    return value_convert(eval, &found, ret->type, false, ret, err);
}

static enum status eval_row_extract_json(EVAL_PARAMETERS)
{
    enum type type = TYPE_STRING;
    struct value name = arg_count > 2 ? row_value(&args[2], 0) : (struct value){0};

    if (arg_count > 2)
        (void)type_from_name(name.bytes, &type);
    struct row_call call = {args, arg_count, row_count, row_extract_json, type, true, false};
    return function_rows(eval, &call, ret, err);
}

/* ---- parse_csv: one record ---- */

static enum status row_parse_csv(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    struct buf cell;
    struct buf buf;
    size_t at = 0;
    bool more = true;

    (void)arg_count;
    buf_init(&cell, QUERY_STRING_BYTES_MAX);
    list_start(&buf);
    while (more) {
        buf_clear(&cell);
        if (at < s.size && s.data[at] == '"') {
            at++;
            while (at < s.size &&
                   (s.data[at] != '"' || (at + 1 < s.size && s.data[at + 1] == '"'))) {
                at += s.data[at] == '"';
                buf_add_byte(&cell, s.data[at++]);
            }
            at += at < s.size;
        }
        while (at < s.size && s.data[at] != ',' && s.data[at] != '\n' && s.data[at] != '\r')
            buf_add_byte(&cell, s.data[at++]);
        more = at < s.size && s.data[at] == ',';
        at++;
        if (buf.size > 1)
            buf_add_byte(&buf, ',');
        text_add_json_string(&buf, buf_slice(&cell));
    }
    buf.failed = buf.failed || cell.failed;
    buf_release(&cell);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_csv, TYPE_DYNAMIC)

/* ---- parse_version ---- */

#define VERSION_PARTS 4
#define VERSION_DIGITS_MAX 8u /* of a part */

static enum status row_parse_version(ROW_PARAMETERS)
{
    struct slice rest = slice_trim(args[0].bytes);
    struct buf buf;
    bool any = false;

    (void)arg_count;
    if (rest.size == 0)
        return STATUS_OK;
    text_start(&buf);
    for (int i = 0; i < VERSION_PARTS; i++) {
        struct slice part;
        uint64_t number = 0;
        if (slice_next(&rest, '.', &part) &&
            (!text_parse_u64(part, &number) || part.size > VERSION_DIGITS_MAX)) {
            buf_release(&buf);
            return STATUS_OK;
        }
        if (any)
            buf_add_format(&buf, "%08llu", (unsigned long long)number);
        else if (number > 0 || i == VERSION_PARTS - 1)
            buf_add_u64(&buf, number);
        any = any || number > 0;
    }
    if (rest.data != NULL) {
        buf_release(&buf);
        return STATUS_OK;
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_version, TYPE_DECIMAL)

/* ---- parse_command_line: the rules of CommandLineToArgvW ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One argument at *at into word. */
static void read_argument(struct slice s, size_t *at, struct buf *word)
{
    bool quoted = false;

    while (*at < s.size && (quoted || !is_blank(s.data[*at]))) {
        size_t slashes = 0;
        while (*at < s.size && s.data[*at] == '\\') {
            slashes++;
            (*at)++;
        }
        bool quote = *at < s.size && s.data[*at] == '"';
        for (size_t i = 0; i < (quote ? slashes / 2 : slashes); i++)
            buf_add_byte(word, '\\');
        if (quote && slashes % 2 != 0) {
            buf_add_byte(word, '"');
            (*at)++;
        } else if (quote && quoted && *at + 1 < s.size && s.data[*at + 1] == '"') {
            buf_add_byte(word, '"');
            *at += 2;
        } else if (quote) {
            quoted = !quoted;
            (*at)++;
        } else if (slashes == 0) {
            buf_add_byte(word, s.data[(*at)++]);
        }
    }
}

static enum status row_parse_command_line(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    struct buf word;
    struct buf buf;
    size_t at = 0;

    if (arg_count > 1 && !slice_equal_nocase(args[1].bytes, SLICE("windows")))
        return ERROR_SET(err, STATUS_INVALID,
                         "parse_command_line() knows the parser 'windows', not '%.*s'",
                         SLICE_FMT(args[1].bytes));
    if (slice_trim(s).size == 0)
        return STATUS_OK;
    buf_init(&word, QUERY_STRING_BYTES_MAX);
    list_start(&buf);
    while (true) {
        while (at < s.size && is_blank(s.data[at]))
            at++;
        if (at >= s.size)
            break;
        buf_clear(&word);
        read_argument(s, &at, &word);
        if (buf.size > 1)
            buf_add_byte(&buf, ',');
        text_add_json_string(&buf, buf_slice(&word));
    }
    buf.failed = buf.failed || word.failed;
    buf_release(&word);
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_command_line, TYPE_DYNAMIC)

#define JSON_PATH(NAME)                                                                            \
    {.name = (NAME), .signature = NAME "(path, json [, typeof(type)])",                            \
     .summary = "what a path such as '$.a[0].b' finds in JSON text",                               \
     .example = NAME "('$.a', '{\"a\":\"x\"}') == 'x'", .args_min = 2, .args_max = 3,              \
     .flags = FUNCTION_LAZY_NULL, .bind = bind_extract_json, .eval = eval_row_extract_json}

static const struct function functions[] = {
    JSON_PATH("extract_json"),
    JSON_PATH("extractjson"),
    {.name = "parse_csv", .signature = "parse_csv(text)",
     .summary = "the cells of one CSV record", .example = "parse_csv('a,\"b,c\"')[1] == 'b,c'",
     .args_min = 1, .args_max = 1, .bind = bind_parse, .eval = eval_row_parse_csv},
    {.name = "parse_version", .signature = "parse_version(text)",
     .summary = "a version with up to four parts as a number that compares",
     .example = "parse_version('1.10') > parse_version('1.9')", .args_min = 1, .args_max = 1,
     .bind = bind_version, .eval = eval_row_parse_version},
    {.name = "parse_command_line", .signature = "parse_command_line(text [, 'windows'])",
     .summary = "the arguments of a command line",
     .example = "parse_command_line('a \"b c\"', 'windows')[1] == 'b c'", .args_min = 1,
     .args_max = 2, .bind = bind_parse, .eval = eval_row_parse_command_line},
};

FUNCTION_FAMILY(parse, functions);
