/* SPDX-License-Identifier: Apache-2.0 */
/* fn_xml.c - parse_xml(): elements as bags, attributes as "@name", text as
 * "#text"; repeated elements become an array.  Text that is no XML is null.
 *
 * One pass with a bounded depth; an element's children are kept as a list of
 * names and JSON values until it ends.
 */
#include "base/map.h"
#include "base/text.h"
#include "query/items.h"

#define XML_BYTES_MAX (1u << 20) /* of a longer text null, as its page has it */
#define XML_NODES_MAX 65536u

struct member {
    struct slice name; /* with '@' for attributes; "#text" */
    struct slice json;
    uint32_t next; /* 1 + the index of the next of the same name, 0: none */
    bool is_later; /* one of the same name stands before it */
};

struct xml {
    struct eval *eval;
    struct slice s;
    size_t at;
    uint32_t node_count;
    struct error *err;
};

struct members {
    struct member *data;
    uint32_t count, capacity;
    bool has_elements;
};

static bool add_member(struct xml *xml, struct members *members, struct slice name,
                       struct slice json)
{
    if (++xml->node_count > XML_NODES_MAX)
        return false;
    if (members->count == members->capacity) {
        uint32_t capacity = members->capacity == 0 ? 8 : members->capacity * 2;
        struct member *data = ARENA_ARRAY(xml->eval->arena, struct member, capacity, xml->err);
        if (data == NULL)
            return false;
        if (members->count > 0)
            memcpy(data, members->data, members->count * sizeof(*data));
        members->data = data;
        members->capacity = capacity;
    }
    members->data[members->count++] = (struct member){.name = name, .json = json};
    if (!slice_starts_with(name, SLICE("@")) && !slice_starts_with(name, SLICE("#")))
        members->has_elements = true;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct xml *xml)
{
    while (xml->at < xml->s.size && is_blank(xml->s.data[xml->at]))
        xml->at++;
}

static bool starts(const struct xml *xml, const char *text)
{
    return slice_starts_with(slice_tail(xml->s, xml->at), slice_of(text));
}

/* Moves behind the next `end`; false if there is none. */
static bool skip_past(struct xml *xml, const char *end)
{
    size_t at = slice_find(xml->s, slice_of(end), xml->at);

    if (at == SIZE_MAX)
        return false;
    xml->at = at + strlen(end);
    return true;
}

static struct slice read_name(struct xml *xml)
{
    size_t begin = xml->at;

    while (xml->at < xml->s.size && !is_blank(xml->s.data[xml->at]) &&
           strchr("=/><\"'", xml->s.data[xml->at]) == NULL)
        xml->at++;
    return slice_from(xml->s.data + begin, xml->at - begin);
}

static void add_entity(struct buf *buf, struct slice name)
{
    static const struct {
        const char *name;
        char byte;
    } entities[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    uint32_t rune = 0;

    for (size_t i = 0; i < COUNT_OF(entities); i++) {
        if (slice_is(name, entities[i].name)) {
            buf_add_byte(buf, entities[i].byte);
            return;
        }
    }
    bool hex = name.size > 2 && name.data[0] == '#' && (name.data[1] | 32) == 'x';
    for (size_t i = hex ? 2 : 1; name.size > 1 && name.data[0] == '#' && i < name.size; i++) {
        int digit = text_hex_digit(name.data[i]);
        if (digit < 0 || digit >= (hex ? 16 : 10) || rune > 0x10FFFF)
            return;
        rune = rune * (hex ? 16 : 10) + (uint32_t)digit;
    }
    if (rune > 0 && rune <= 0x10FFFF && !(rune >= 0xD800 && rune <= 0xDFFF))
        text_add_rune(buf, rune);
}

static void add_unescaped(struct buf *buf, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        size_t end = text.data[i] == '&' ? slice_find_byte(slice_head(text, i + 12), ';', i)
                                         : SIZE_MAX;
        if (end == SIZE_MAX) {
            buf_add_byte(buf, text.data[i]);
            continue;
        }
        add_entity(buf, slice_from(text.data + i + 1, end - i - 1));
        i = end;
    }
}

/* The text as a JSON string in the arena. */
static bool text_json(struct xml *xml, struct slice text, bool unescape, struct slice *ret)
{
    struct value made = {.type = TYPE_DYNAMIC};
    struct buf plain;
    struct buf json;

    buf_init(&plain, QUERY_STRING_BYTES_MAX);
    buf_init(&json, DYNAMIC_BYTES_MAX);
    if (unescape)
        add_unescaped(&plain, text);
    else
        buf_add_slice(&plain, text);
    text_add_json_string(&json, buf_slice(&plain));
    json.failed = json.failed || plain.failed;
    buf_release(&plain);
    if (give_buf(xml->eval, &json, &made, xml->err) != STATUS_OK)
        return false;
    *ret = made.bytes;
    return true;
}

static bool read_attributes(struct xml *xml, struct members *members)
{
    while (true) {
        skip_blanks(xml);
        if (xml->at >= xml->s.size || xml->s.data[xml->at] == '>' || starts(xml, "/>") ||
            starts(xml, "?>"))
            return true;
        struct slice name = read_name(xml);
        skip_blanks(xml);
        if (name.size == 0 || xml->at >= xml->s.size || xml->s.data[xml->at++] != '=')
            return false;
        skip_blanks(xml);
        if (xml->at >= xml->s.size || strchr("\"'", xml->s.data[xml->at]) == NULL)
            return false;
        size_t begin = xml->at + 1;
        size_t end = slice_find_byte(xml->s, xml->s.data[xml->at], begin);
        if (end == SIZE_MAX)
            return false;
        char *key = arena_alloc_raw(xml->eval->arena, name.size + 2, xml->err);
        struct slice json;
        if (key == NULL ||
            !text_json(xml, slice_from(xml->s.data + begin, end - begin), true, &json))
            return false;
        key[0] = '@';
        memcpy(key + 1, name.data, name.size);
        if (!add_member(xml, members, slice_from(key, name.size + 1), json))
            return false;
        xml->at = end + 1;
    }
}

/* Links the members of each name; there may be tens of thousands of names. */
static bool link_members(struct xml *xml, struct members *members)
{
    struct map names; /* name to the index of the last member that has it */
    bool good = true;

    map_init(&names);
    for (uint32_t i = 0; i < members->count; i++) {
        bool is_new;
        struct map_entry *entry = map_put(&names, members->data[i].name, &is_new, xml->err);
        good = entry != NULL;
        if (!good)
            break;
        if (!is_new)
            members->data[entry->value].next = i + 1;
        members->data[i].is_later = !is_new;
        entry->value = i;
    }
    map_release(&names);
    return good;
}

/* Members in order; those of one name together as an array. */
static bool members_json(struct xml *xml, struct members *members, struct slice *ret)
{
    struct value made = {.type = TYPE_DYNAMIC};
    struct buf buf;

    if (!link_members(xml, members))
        return false;
    bag_start(&buf);
    for (uint32_t i = 0; i < members->count; i++) {
        const struct member *first = &members->data[i];
        if (first->is_later)
            continue;
        if (buf.size > 1)
            buf_add_byte(&buf, ',');
        text_add_json_string(&buf, first->name);
        buf_add_text(&buf, first->next != 0 ? ":[" : ":");
        buf_add_slice(&buf, first->json);
        for (uint32_t next = first->next; next != 0; next = members->data[next - 1].next) {
            buf_add_byte(&buf, ',');
            buf_add_slice(&buf, members->data[next - 1].json);
        }
        if (first->next != 0)
            buf_add_byte(&buf, ']');
    }
    if (bag_give(xml->eval, &buf, &made, xml->err) != STATUS_OK)
        return false;
    *ret = made.bytes;
    return true;
}

/* Comments, declarations and processing instructions. */
static bool skip_misc(struct xml *xml)
{
    while (true) {
        skip_blanks(xml);
        if (starts(xml, "<!--")) {
            if (!skip_past(xml, "-->"))
                return false;
        } else if (starts(xml, "<?")) {
            if (!skip_past(xml, "?>"))
                return false;
        } else if (starts(xml, "<!DOCTYPE")) {
            if (!skip_past(xml, ">"))
                return false;
        } else {
            return true;
        }
    }
}

static bool read_element(struct xml *xml, unsigned depth, struct slice *ret_name,
                         struct slice *ret_json);

/* Text beside elements, one before it or one that follows: blanks around it are layout. */
static bool is_mixed(const struct xml *xml, const struct members *members)
{
    return members->has_elements ||
           (!starts(xml, "</") && !starts(xml, "<!") && !starts(xml, "<?"));
}

/* One piece of an element's content; *ret_end at the closing tag. */
static bool read_content(struct xml *xml, unsigned depth, struct members *members, bool *ret_end)
{
    struct slice name;
    struct slice json;

    *ret_end = false;
    if (starts(xml, "</")) {
        *ret_end = true;
        return true;
    }
    if (starts(xml, "<!--"))
        return skip_past(xml, "-->");
    if (starts(xml, "<?"))
        return skip_past(xml, "?>");
    if (starts(xml, "<![CDATA[")) {
        size_t begin = xml->at + 9;
        if (!skip_past(xml, "]]>") ||
            !text_json(xml, slice_from(xml->s.data + begin, xml->at - 3 - begin), false, &json))
            return false;
        return add_member(xml, members, SLICE("#cdata-section"), json);
    }
    if (starts(xml, "<"))
        return read_element(xml, depth + 1, &name, &json) &&
               add_member(xml, members, name, json);
    size_t end = slice_find_byte(xml->s, '<', xml->at);
    if (end == SIZE_MAX)
        return false;
    struct slice text = slice_from(xml->s.data + xml->at, end - xml->at);
    xml->at = end;
    if (slice_trim(text).size == 0)
        return true;
    if (is_mixed(xml, members))
        text = slice_trim(text);
    return text_json(xml, text, true, &json) && add_member(xml, members, SLICE("#text"), json);
}

static bool read_element(struct xml *xml, unsigned depth, struct slice *ret_name,
                         struct slice *ret_json)
{
    struct members members = {0};
    bool end = false;

    if (depth > JSON_DEPTH_MAX || !starts(xml, "<"))
        return false;
    xml->at++;
    *ret_name = read_name(xml);
    if (ret_name->size == 0 || !read_attributes(xml, &members))
        return false;
    if (starts(xml, "/>")) {
        xml->at += 2;
    } else {
        if (!starts(xml, ">"))
            return false;
        xml->at++;
        while (!end) {
            if (xml->at >= xml->s.size || !read_content(xml, depth, &members, &end))
                return false;
        }
        xml->at += 2;
        if (!slice_equal(read_name(xml), *ret_name) || !skip_past(xml, ">"))
            return false;
    }
    if (members.count == 0) {
        *ret_json = SLICE("null");
        return true;
    }
    if (members.count == 1 && (slice_is(members.data[0].name, "#text"))) {
        *ret_json = members.data[0].json;
        return true;
    }
    return members_json(xml, &members, ret_json);
}

static enum status row_parse_xml(ROW_PARAMETERS)
{
    struct xml xml = {.eval = eval, .s = args[0].bytes, .err = err};
    struct slice name;
    struct slice json;
    struct buf buf;

    (void)arg_count;
    err->status = STATUS_OK;
    if (xml.s.size > XML_BYTES_MAX)
        return STATUS_OK;
    if (!skip_misc(&xml) || !read_element(&xml, 0, &name, &json) || !skip_misc(&xml) ||
        xml.at != xml.s.size)
        return err->status; /* memory; else it was no XML */
    bag_start(&buf);
    text_add_json_string(&buf, name);
    buf_add_byte(&buf, ':');
    buf_add_slice(&buf, json);
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_xml, TYPE_DYNAMIC)
BIND(bind_parse_xml, "s", TYPE_DYNAMIC)

static const struct function functions[] = {
    {.name = "parse_xml", .signature = "parse_xml(text)",
     .summary = "XML as bags: attributes as @name, text as #text",
     .example = "parse_xml('<a b=\"1\">x</a>').a['@b'] == '1'", .args_min = 1, .args_max = 1,
     .bind = bind_parse_xml, .eval = eval_row_parse_xml},
};

FUNCTION_FAMILY(xml, functions);
