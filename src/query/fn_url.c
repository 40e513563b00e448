/* SPDX-License-Identifier: Apache-2.0 */
/* fn_url.c - url_encode() url_decode() parse_url() parse_urlquery() parse_path(). */
#include "base/text.h"
#include "query/items.h"

#include <stdlib.h>

BIND(bind_text, "s", TYPE_STRING)
BIND(bind_parse, "s", TYPE_DYNAMIC)

static void add_decoded(struct buf *buf, struct slice s)
{
    for (size_t i = 0; i < s.size; i++) {
        char c = s.data[i];
        bool escape = c == '%' && i + 2 < s.size;
        int high = escape ? text_hex_digit(s.data[i + 1]) : -1;
        int low = escape ? text_hex_digit(s.data[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            buf_add_byte(buf, (char)(high * 16 + low));
            i += 2;
        } else {
            buf_add_byte(buf, c == '+' ? ' ' : c);
        }
    }
}

static enum status row_url_decode(ROW_PARAMETERS)
{
    struct buf buf;

    (void)arg_count;
    text_start(&buf);
    add_decoded(&buf, args[0].bytes);
    if (!text_is_utf8(buf_slice(&buf))) {
        buf_release(&buf);
        return give_bytes(ret, args[0].bytes);
    }
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL(row_url_decode, TYPE_STRING)

static enum status encode(struct eval *eval, struct slice s, bool plus, struct value *ret,
                          struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    struct buf buf;

    text_start(&buf);
    for (size_t i = 0; i < s.size && !buf.failed; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                     (c != '\0' && strchr(plus ? "-_.!*()" : "-_.~", c) != NULL);
        if (plain)
            buf_add_byte(&buf, (char)c);
        else if (c == ' ' && plus)
            buf_add_byte(&buf, '+');
        else
            buf_add(&buf, (char[3]){'%', digits[c >> 4], digits[c & 15]}, 3);
    }
    return give_buf(eval, &buf, ret, err);
}

static enum status row_url_encode(ROW_PARAMETERS)
{
    (void)arg_count;
    return encode(eval, args[0].bytes, true, ret, err);
}
ROW_EVAL(row_url_encode, TYPE_STRING)

static enum status row_url_encode_component(ROW_PARAMETERS)
{
    (void)arg_count;
    return encode(eval, args[0].bytes, false, ret, err);
}
ROW_EVAL(row_url_encode_component, TYPE_STRING)

/* ---- parse_url ---- */

static struct slice take_before(struct slice *rest, char byte)
{
    size_t at = slice_find_byte(*rest, byte, 0);
    struct slice head = slice_head(*rest, at);

    *rest = at == SIZE_MAX ? slice_from(rest->data + rest->size, 0) : slice_tail(*rest, at + 1);
    return head;
}

struct parameter {
    struct slice key, value;
};

static int by_key(const void *left, const void *right)
{
    const struct parameter *a = left;
    const struct parameter *b = right;
    int order = slice_compare(a->key, b->key);

    /* of the same text: as they stand */
    return order != 0 ? order : a->value.data < b->value.data ? -1 : a->value.data > b->value.data;
}

/* The parameters that have a key and a value, by their keys. */
static struct parameter *read_query(struct eval *eval, struct slice query, size_t *ret_count,
                                    struct error *err)
{
    size_t room = 1;
    size_t count = 0;

    for (size_t i = 0; i < query.size; i++)
        room += query.data[i] == '&';
    struct parameter *list = ARENA_ARRAY(eval->arena, struct parameter, room, err);
    while (list != NULL && query.size > 0) {
        struct slice value = take_before(&query, '&');
        struct slice key = take_before(&value, '=');
        if (key.size > 0 && value.size > 0)
            list[count++] = (struct parameter){key, value};
    }
    if (list != NULL)
        qsort(list, count, sizeof(*list), by_key);
    *ret_count = count;
    return list;
}

/* {"k":"v"}; a key that is there several times has an array.  Escapes stay as they are. */
static enum status add_query(struct eval *eval, struct buf *buf, struct slice query,
                             struct error *err)
{
    size_t count;
    const struct parameter *list = read_query(eval, query, &count, err);

    if (list == NULL)
        return err->status;
    buf_add_byte(buf, '{');
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && slice_equal(list[end].key, list[i].key))
            end++;
        buf_add_text(buf, i > 0 ? "," : "");
        text_add_json_string(buf, list[i].key);
        buf_add_text(buf, end > i + 1 ? ":[" : ":");
        for (size_t k = i; k < end; k++) {
            buf_add_text(buf, k > i ? "," : "");
            text_add_json_string(buf, list[k].value);
        }
        buf_add_text(buf, end > i + 1 ? "]" : "");
        i = end;
    }
    buf_add_byte(buf, '}');
    return STATUS_OK;
}

static enum status add_query_member(struct eval *eval, struct buf *buf, struct slice query,
                                    struct error *err)
{
    if (buf->size > 1)
        buf_add_byte(buf, ',');
    buf_add_text(buf, "\"Query Parameters\":");
    return add_query(eval, buf, query, err);
}

struct url {
    struct slice scheme, user, password, host, port, path, query, fragment;
};

/* What stands before '@' is a user only if a password follows it. */
static void read_authority(struct slice authority, struct url *url)
{
    size_t sign = slice_find_byte(authority, '@', 0);
    size_t colon = slice_find_byte(authority, ':', 0);

    if (sign != SIZE_MAX && colon < sign) {
        url->user = slice_head(authority, colon);
        url->password = slice_head(slice_tail(authority, colon + 1), sign - colon - 1);
        authority = slice_tail(authority, sign + 1);
    }
    size_t bracket = slice_find_byte(authority, ']', 0);
    colon = slice_find_byte(authority, ':', bracket == SIZE_MAX ? 0 : bracket);
    url->host = slice_head(authority, colon);
    if (colon != SIZE_MAX)
        url->port = slice_tail(authority, colon + 1);
}

/* Without a scheme all parts are empty. */
static void read_url(struct slice text, struct url *url)
{
    size_t at = slice_find(text, SLICE("://"), 0);

    if (at == SIZE_MAX)
        return;
    url->scheme = slice_head(text, at);
    struct slice rest = slice_tail(text, at + 3);
    bool only_path = slice_find_byte(rest, '#', 0) == SIZE_MAX &&
                     slice_find_byte(rest, '?', 0) == SIZE_MAX;
    url->fragment = rest;
    rest = take_before(&url->fragment, '#');
    url->query = rest;
    rest = take_before(&url->query, '?');
    size_t slash = slice_find_byte(rest, '/', 0);
    if (slash != SIZE_MAX && !(only_path && slash + 1 == rest.size))
        url->path = slice_tail(rest, slash);
    read_authority(slice_head(rest, slash), url);
}

static enum status row_parse_url(ROW_PARAMETERS)
{
    struct url url = {0};
    struct buf buf;

    (void)arg_count;
    read_url(args[0].bytes, &url);
    bag_start(&buf);
    bag_add_text(&buf, "Scheme", url.scheme);
    bag_add_text(&buf, "Host", url.host);
    bag_add_text(&buf, "Port", url.port);
    bag_add_text(&buf, "Path", url.path);
    bag_add_text(&buf, "Username", url.user);
    bag_add_text(&buf, "Password", url.password);
    enum status status = add_query_member(eval, &buf, url.query, err);
    bag_add_text(&buf, "Fragment", url.fragment);
    if (status == STATUS_OK)
        return bag_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_parse_url, TYPE_DYNAMIC)

static enum status row_parse_urlquery(ROW_PARAMETERS)
{
    struct slice query = args[0].bytes;
    struct buf buf;

    (void)arg_count;
    if (query.size > 0 && query.data[0] == '?')
        query = slice_tail(query, 1);
    bag_start(&buf);
    enum status status = add_query_member(eval, &buf, query, err);
    if (status == STATUS_OK)
        return bag_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_parse_urlquery, TYPE_DYNAMIC)

/* ---- parse_path ---- */

static size_t last_of(struct slice s, const char *bytes)
{
    for (size_t i = s.size; i > 0; i--) {
        if (s.data[i - 1] != '\0' && strchr(bytes, s.data[i - 1]) != NULL)
            return i - 1;
    }
    return SIZE_MAX;
}

static enum status row_parse_path(ROW_PARAMETERS)
{
    struct slice s = args[0].bytes;
    struct slice scheme = SLICE("");
    struct slice root = SLICE("");
    struct slice stream = SLICE("");
    size_t at = slice_find(s, SLICE("://"), 0);
    struct buf buf;

    (void)arg_count;
    if (at != SIZE_MAX) {
        scheme = slice_head(s, at);
        s = slice_tail(s, at + 3);
    }
    struct slice path = s;
    if (path.size >= 2 && path.data[1] == ':') {
        root = slice_head(path, 2);
        size_t colon = slice_find_byte(path, ':', 2);
        if (colon != SIZE_MAX) {
            stream = slice_tail(path, colon + 1);
            path = slice_head(path, colon);
        }
    } else if (scheme.size > 0) { /* a shared path, \\\\server, has no root */
        size_t end = 0;
        while (end < path.size && path.data[end] != '/' && path.data[end] != '\\')
            end++;
        root = slice_head(path, end);
    }
    size_t slash = last_of(path, "/\\");
    struct slice file = slash == SIZE_MAX ? path : slice_tail(path, slash + 1);
    size_t colon = slice_find_byte(file, ':', 0);
    if (colon != SIZE_MAX) { /* of a path without a drive */
        stream = slice_tail(file, colon + 1);
        file = slice_head(file, colon);
    }
    struct slice directory = slash == SIZE_MAX ? SLICE("") : slice_head(path, slash);
    size_t parent = last_of(directory, "/\\");
    size_t dot = last_of(file, ".");
    bag_start(&buf);
    bag_add_text(&buf, "Scheme", scheme);
    bag_add_text(&buf, "RootPath", root);
    bag_add_text(&buf, "DirectoryPath", directory);
    bag_add_text(&buf, "DirectoryName",
                 parent == SIZE_MAX ? directory : slice_tail(directory, parent + 1));
    bag_add_text(&buf, "Filename", file);
    bag_add_text(&buf, "Extension", dot == SIZE_MAX ? SLICE("") : slice_tail(file, dot + 1));
    bag_add_text(&buf, "AlternateDataStreamName", stream);
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_path, TYPE_DYNAMIC)

#define URL(NAME, TEXT, EXAMPLE, BIND_FN, EVAL)                                                    \
    {.name = (NAME), .signature = NAME "(text)", .summary = (TEXT), .example = (EXAMPLE),          \
     .args_min = 1, .args_max = 1, .bind = (BIND_FN), .eval = eval_row_##EVAL}

static const struct function functions[] = {
    URL("url_decode", "the text without %-escapes", "url_decode('a%20b') == 'a b'", bind_text,
        url_decode),
    URL("url_encode", "the text as it may stand in a form", "url_encode('a b/') == 'a+b%2f'",
        bind_text, url_encode),
    URL("url_encode_component", "the text as it may stand in a URL",
        "url_encode_component('a b') == 'a%20b'", bind_text, url_encode_component),
    URL("parse_url", "the parts of a URL", "parse_url('http://h:80/p?k=v').Host == 'h'",
        bind_parse, parse_url),
    URL("parseurl", "the same as parse_url()", "parseurl('http://h:80/p').Port == '80'",
        bind_parse, parse_url),
    URL("parse_urlquery", "the parameters of a query",
        "parse_urlquery('k=v')['Query Parameters'].k == 'v'", bind_parse, parse_urlquery),
    URL("parseurlquery", "the same as parse_urlquery()",
        "parseurlquery('k=v')['Query Parameters'].k == 'v'", bind_parse, parse_urlquery),
    URL("parse_path", "the parts of a path to a file",
        "parse_path('/tmp/a.txt').Extension == 'txt'", bind_parse, parse_path),
};

FUNCTION_FAMILY(url, functions);
