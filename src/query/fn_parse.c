/* SPDX-License-Identifier: Apache-2.0 */
/* fn_parse.c - extract_json() parse_csv() parse_version() parse_command_line()
 * parse_user_agent(). */
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

/* ---- parse_version: eight digits a part ---- */

#define VERSION_PARTS 4
#define VERSION_PART_MAX 99999999

static enum status row_parse_version(ROW_PARAMETERS)
{
    struct slice rest = slice_trim(args[0].bytes);
    struct buf buf;
    bool any = false;

    (void)arg_count;
    text_start(&buf);
    for (int i = 0; i < VERSION_PARTS; i++) {
        struct slice part;
        uint64_t number = 0;
        if (slice_next(&rest, '.', &part) &&
            (!text_parse_u64(part, &number) || number > VERSION_PART_MAX)) {
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

/* ---- parse_user_agent: the common browsers, systems and devices ---- */

struct agent_rule {
    const char *mark, *family;
    const char *version_after; /* NULL: right after the mark */
};

static const struct agent_rule browsers[] = {
    {"Edg/", "Edge", NULL},          {"EdgA/", "Edge Mobile", NULL},
    {"EdgiOS/", "Edge Mobile", NULL}, {"Edge/", "Edge", NULL},
    {"OPR/", "Opera", NULL},         {"SamsungBrowser/", "Samsung Internet", NULL},
    {"FxiOS/", "Firefox iOS", NULL}, {"Firefox/", "Firefox", NULL},
    {"CriOS/", "Chrome Mobile iOS", NULL}, {"Chrome/", "Chrome", NULL},
    {"MSIE ", "IE", NULL},           {"Trident/", "IE", "rv:"},
    {"Safari/", "Safari", "Version/"}, {"python-requests/", "Python Requests", NULL},
    {"curl/", "curl", NULL},         {"Wget/", "Wget", NULL},
};
static const struct agent_rule systems[] = {
    {"Windows NT 10.0", "Windows 10", ""}, {"Windows NT 6.3", "Windows 8.1", ""},
    {"Windows NT 6.2", "Windows 8", ""},   {"Windows NT 6.1", "Windows 7", ""},
    {"Windows NT", "Windows", ""},         {"Android ", "Android", NULL},
    {"iPhone OS ", "iOS", NULL},           {"CPU OS ", "iOS", NULL},
    {"Mac OS X ", "Mac OS X", NULL},       {"CrOS", "Chrome OS", ""},
    {"Linux", "Linux", ""},
};
static const struct agent_rule devices[] = {
    {"iPhone", "iPhone", ""}, {"iPad", "iPad", ""}, {"Macintosh", "Mac", ""},
    {"Android", "Generic Smartphone", ""},
};

static void add_versions(struct buf *buf, struct slice version)
{
    static const char *const names[] = {"MajorVersion", "MinorVersion", "Patch"};
    size_t at = 0;

    for (size_t i = 0; i < 3; i++) {
        size_t start = at;
        while (at < version.size && version.data[at] >= '0' && version.data[at] <= '9')
            at++;
        buf_add_format(buf, ",\"%s\":\"%.*s\"", names[i], (int)(at - start),
                       version.data + start);
        if (at < version.size && (version.data[at] == '.' || version.data[at] == '_'))
            at++;
        else
            version = slice_head(version, at);
    }
}

static void add_agent_part(struct buf *buf, struct slice agent, const struct agent_rule *rules,
                           size_t rule_count, bool with_version)
{
    struct slice version = {"", 0};
    const char *family = "Other";

    for (size_t i = 0; i < rule_count; i++) {
        struct slice mark = slice_of(rules[i].mark);
        size_t at = slice_find(agent, mark, 0);
        if (at == SIZE_MAX)
            continue;
        family = rules[i].family;
        if (rules[i].version_after == NULL) {
            version = slice_tail(agent, at + mark.size);
        } else if (rules[i].version_after[0] != '\0') {
            struct slice before = slice_of(rules[i].version_after);
            at = slice_find(agent, before, 0);
            if (at != SIZE_MAX)
                version = slice_tail(agent, at + before.size);
        }
        break;
    }
    buf_add_byte(buf, '{');
    buf_add_text(buf, "\"Family\":");
    text_add_json_string(buf, slice_of(family));
    if (with_version)
        add_versions(buf, version);
    buf_add_byte(buf, '}');
}

static enum status row_parse_user_agent(ROW_PARAMETERS)
{
    struct slice wanted;
    struct slice agent = args[0].bytes;
    struct buf buf;
    enum status status = value_text(eval->arena, &args[arg_count - 1], &wanted, err);
    bool all = arg_count < 2;

    if (status != STATUS_OK)
        return status;
    bag_start(&buf);
    if (all || slice_find(wanted, SLICE("browser"), 0) != SIZE_MAX) {
        buf_add_text(&buf, "\"Browser\":");
        add_agent_part(&buf, agent, browsers, COUNT_OF(browsers), true);
    }
    if (all || slice_find(wanted, SLICE("os"), 0) != SIZE_MAX) {
        buf_add_text(&buf, buf.size > 1 ? ",\"OperatingSystem\":" : "\"OperatingSystem\":");
        add_agent_part(&buf, agent, systems, COUNT_OF(systems), true);
    }
    if (all || slice_find(wanted, SLICE("device"), 0) != SIZE_MAX) {
        buf_add_text(&buf, buf.size > 1 ? ",\"Device\":" : "\"Device\":");
        add_agent_part(&buf, agent, devices, COUNT_OF(devices), false);
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_user_agent, TYPE_DYNAMIC)

static enum status bind_parse_user_agent(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)err;
    want[0] = TYPE_STRING;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

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
    {.name = "parse_user_agent",
     .signature = "parse_user_agent(text [, 'browser' | 'os' | 'device'])",
     .summary = "the browser, system and device that a user agent names",
     .example = "parse_user_agent('Mozilla/5.0 Firefox/120.0', 'browser').Browser.Family == "
                "'Firefox'",
     .args_min = 1, .args_max = 2, .bind = bind_parse_user_agent,
     .eval = eval_row_parse_user_agent},
};

FUNCTION_FAMILY(parse, functions);
