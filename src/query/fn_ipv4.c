/* SPDX-License-Identifier: Apache-2.0 */
/* fn_ipv4.c - IPv4 addresses, ranges and searching them in text. */
#include "base/term.h"
#include "base/text.h"
#include "query/ip_priv.h"
#include "query/items.h"
#include "table/dynamic.h"

static uint32_t mask_of(int64_t prefix)
{
    return prefix <= 0 ? 0 : UINT32_MAX << (32 - prefix);
}

bool ip_parse_v4(struct slice text, uint32_t *ret_address, int64_t *ret_prefix)
{
    uint32_t address = 0;
    size_t at = 0;

    text = slice_trim(text);
    *ret_prefix = 32;
    size_t slash = slice_find_byte(text, '/', 0);
    if (slash != SIZE_MAX) {
        if (!text_parse_i64(slice_tail(text, slash + 1), ret_prefix) || *ret_prefix < 0 ||
            *ret_prefix > 32)
            return false;
        text = slice_head(text, slash);
    }
    for (int part = 0; part < 4; part++) {
        uint32_t value = 0;
        size_t start = at;
        while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9' && at - start < 3)
            value = value * 10 + (uint32_t)(text.data[at++] - '0');
        if (at == start || value > 255 || (text.data[start] == '0' && at - start > 1))
            return false;
        address = address << 8 | value;
        if (part < 3 && (at >= text.size || text.data[at++] != '.'))
            return false;
    }
    if (at != text.size)
        return false;
    *ret_address = address;
    return true;
}

static enum status give_v4(struct eval *eval, uint32_t address, int64_t prefix, bool with_prefix,
                           struct value *ret, struct error *err)
{
    struct buf buf;

    address &= mask_of(prefix);
    text_start(&buf);
    buf_add_format(&buf, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                   address & 255);
    if (with_prefix)
        buf_add_format(&buf, "/%d", (int)prefix);
    return give_buf(eval, &buf, ret, err);
}

static bool in_range(uint32_t address, struct slice range, bool *ret)
{
    uint32_t network;
    int64_t prefix;

    if (!ip_parse_v4(range, &network, &prefix))
        return false;
    *ret = ((address ^ network) & mask_of(prefix)) == 0;
    return true;
}

static enum status row_ipv4_is_private(ROW_PARAMETERS)
{
    static const struct {
        uint32_t network;
        int64_t prefix;
    } ranges[] = {{0x0A000000, 8}, {0xAC100000, 12}, {0xC0A80000, 16}};
    uint32_t address;
    int64_t prefix;
    bool hit = false;

    (void)eval, (void)arg_count, (void)err;
    if (!ip_parse_v4(args[0].bytes, &address, &prefix))
        return STATUS_OK;
    for (size_t i = 0; i < 3; i++)
        hit = hit || (prefix >= ranges[i].prefix &&
                      ((address ^ ranges[i].network) & mask_of(ranges[i].prefix)) == 0);
    return give_bool(ret, hit);
}
ROW_EVAL(row_ipv4_is_private, TYPE_BOOL)

static enum status row_ipv4_is_in_range(ROW_PARAMETERS)
{
    uint32_t address;
    int64_t prefix;
    bool hit;

    (void)eval, (void)arg_count, (void)err;
    if (!ip_parse_v4(args[0].bytes, &address, &prefix) || !in_range(address, args[1].bytes, &hit))
        return STATUS_OK;
    return give_bool(ret, hit);
}
ROW_EVAL(row_ipv4_is_in_range, TYPE_BOOL)

/* Ranges as further arguments or as one array; bad ones are passed over. */
static enum status row_ipv4_is_in_any_range(ROW_PARAMETERS)
{
    uint32_t address;
    int64_t prefix;

    if (!ip_parse_v4(args[0].bytes, &address, &prefix))
        return STATUS_OK;
    for (uint32_t i = 1; i < arg_count; i++) {
        bool hit = false;
        if (!items_is_array(&args[i])) {
            struct slice text;
            enum status status = value_text(eval->arena, &args[i], &text, err);
            if (status != STATUS_OK)
                return status;
            if (in_range(address, text, &hit) && hit)
                return give_bool(ret, true);
            continue;
        }
        struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
        while (dynamic_next(&it)) {
            struct slice text = slice_trim(it.value);
            if (text.size >= 2 &&
                in_range(address, slice_from(text.data + 1, text.size - 2), &hit) && hit)
                return give_bool(ret, true);
        }
    }
    return give_bool(ret, false);
}
ROW_EVAL(row_ipv4_is_in_any_range, TYPE_BOOL)

static enum status bind_any_range(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)err;
    want[0] = TYPE_STRING;
    *ret = TYPE_BOOL;
    return STATUS_OK;
}

/* The order of two addresses under the smallest of all prefixes. */
static bool compare(const struct value *args, uint32_t arg_count, int *ret)
{
    uint32_t a;
    uint32_t b;
    int64_t prefix_a;
    int64_t prefix_b;

    if (!ip_parse_v4(args[0].bytes, &a, &prefix_a) || !ip_parse_v4(args[1].bytes, &b, &prefix_b))
        return false;
    int64_t prefix = prefix_a < prefix_b ? prefix_a : prefix_b;
    if (arg_count > 2) {
        if (args[2].integer < 0 || args[2].integer > 32)
            return false;
        prefix = args[2].integer < prefix ? args[2].integer : prefix;
    }
    a &= mask_of(prefix);
    b &= mask_of(prefix);
    *ret = a < b ? -1 : a > b;
    return true;
}

static enum status row_ipv4_is_match(ROW_PARAMETERS)
{
    int order;

    (void)eval, (void)err;
    return compare(args, arg_count, &order) ? give_bool(ret, order == 0) : STATUS_OK;
}
ROW_EVAL(row_ipv4_is_match, TYPE_BOOL)

static enum status row_ipv4_compare(ROW_PARAMETERS)
{
    int order;

    (void)eval, (void)err;
    return compare(args, arg_count, &order) ? give_long(ret, order) : STATUS_OK;
}
ROW_EVAL(row_ipv4_compare, TYPE_LONG)
BIND(bind_test, "ssl", TYPE_BOOL)
BIND(bind_number, "ssl", TYPE_LONG)

static enum status row_parse_ipv4(ROW_PARAMETERS)
{
    uint32_t address;
    int64_t prefix;

    (void)eval, (void)arg_count, (void)err;
    if (!ip_parse_v4(args[0].bytes, &address, &prefix))
        return STATUS_OK;
    return give_long(ret, address & mask_of(prefix));
}
ROW_EVAL(row_parse_ipv4, TYPE_LONG)

static enum status row_parse_ipv4_mask(ROW_PARAMETERS)
{
    uint32_t address;
    int64_t prefix;

    (void)eval, (void)arg_count, (void)err;
    if (!ip_parse_v4(args[0].bytes, &address, &prefix) || args[1].integer < 0 ||
        args[1].integer > 32)
        return STATUS_OK;
    return give_long(ret,
                     address & mask_of(args[1].integer < prefix ? args[1].integer : prefix));
}
ROW_EVAL(row_parse_ipv4_mask, TYPE_LONG)
BIND(bind_mask, "sl", TYPE_LONG)

static enum status row_ipv4_netmask_suffix(ROW_PARAMETERS)
{
    uint32_t address;
    int64_t prefix;

    (void)eval, (void)arg_count, (void)err;
    return ip_parse_v4(args[0].bytes, &address, &prefix) ? give_long(ret, prefix) : STATUS_OK;
}
ROW_EVAL(row_ipv4_netmask_suffix, TYPE_LONG)

static enum status format(struct eval *eval, const struct value *args, uint32_t arg_count,
                          bool with_prefix, struct value *ret, struct error *err)
{
    uint32_t address;
    int64_t prefix = 32;

    if (args[0].type == TYPE_STRING) {
        if (!ip_parse_v4(args[0].bytes, &address, &prefix))
            return STATUS_OK;
    } else {
        if (args[0].integer < 0 || args[0].integer > UINT32_MAX)
            return STATUS_OK;
        address = (uint32_t)args[0].integer;
    }
    if (arg_count > 1) {
        if (args[1].integer < 0 || args[1].integer > 32)
            return STATUS_OK;
        prefix = args[1].integer < prefix ? args[1].integer : prefix;
    }
    return give_v4(eval, address, prefix, with_prefix, ret, err);
}

static enum status row_format_ipv4(ROW_PARAMETERS)
{
    return format(eval, args, arg_count, false, ret, err);
}
ROW_EVAL(row_format_ipv4, TYPE_STRING)

static enum status row_format_ipv4_mask(ROW_PARAMETERS)
{
    return format(eval, args, arg_count, true, ret, err);
}
ROW_EVAL(row_format_ipv4_mask, TYPE_STRING)

static enum status bind_format(BIND_PARAMETERS)
{
    (void)err;
    if (args[0].type != TYPE_STRING)
        want[0] = args[0].type == TYPE_DYNAMIC ? TYPE_STRING : TYPE_LONG;
    if (arg_count > 1)
        want[1] = TYPE_LONG;
    *ret = TYPE_STRING;
    return STATUS_OK;
}

static enum status row_ipv4_range_to_cidr_list(ROW_PARAMETERS)
{
    uint32_t first;
    uint32_t last;
    int64_t prefix;
    struct buf buf;

    (void)arg_count;
    if (!ip_parse_v4(args[0].bytes, &first, &prefix) ||
        !ip_parse_v4(args[1].bytes, &last, &prefix) || first > last)
        return STATUS_OK;
    list_start(&buf);
    for (uint64_t at = first; at <= last;) {
        uint32_t bits = at == 0 ? 32 : (uint32_t)__builtin_ctzll(at);
        while (bits > 0 && (bits > 32 || at + (UINT64_C(1) << bits) - 1 > last))
            bits--;
        buf_add_format(&buf, "%s\"%u.%u.%u.%u/%u\"", buf.size > 1 ? "," : "",
                       (unsigned)(at >> 24), (unsigned)(at >> 16 & 255),
                       (unsigned)(at >> 8 & 255), (unsigned)(at & 255), 32 - bits);
        at += UINT64_C(1) << bits;
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_ipv4_range_to_cidr_list, TYPE_DYNAMIC)
BIND(bind_cidr, "s", TYPE_DYNAMIC)

/* ---- in text ---- */

/* Does the byte belong to a character that no address begins or ends beside?  That is a letter or
 * a digit, as in terms, or a full stop: 1.10.1.2.3 has no address. */
static bool is_part(struct slice s, size_t at)
{
    return s.data[at] == '.' || term_has(s, at);
}

#define ADDRESS_BYTES_MAX (sizeof("255.255.255.255") - 1)

/* Whether an address that is `wanted` stands in the text; a prefix that ends in a dot is what it
 * begins with. */
static bool has_address(struct slice s, struct slice wanted, bool prefix)
{
    if (wanted.size > ADDRESS_BYTES_MAX) /* each search would read all of it */
        return false;
    bool begins = prefix && wanted.size > 0 && wanted.data[wanted.size - 1] == '.';
    for (size_t at = slice_find(s, wanted, 0); at != SIZE_MAX && wanted.size > 0;
         at = slice_find(s, wanted, at + 1)) {
        size_t end = at;
        uint32_t address;
        int64_t bits;
        if (at > 0 && is_part(s, at - 1))
            continue;
        while (end < s.size && ((s.data[end] >= '0' && s.data[end] <= '9') || s.data[end] == '.'))
            end++;
        struct slice found = slice_from(s.data + at, end - at);
        while (found.size > 0 && found.data[found.size - 1] == '.')
            found.size--; /* the end of a sentence, or dots where something is left out */
        if (end < s.size && is_part(s, end))
            continue;
        if ((begins ? found.size > wanted.size : found.size == wanted.size) &&
            ip_parse_v4(found, &address, &bits))
            return true;
    }
    return false;
}

static enum status search(struct eval *eval, const struct value *args, uint32_t arg_count,
                          bool prefix, struct value *ret, struct error *err)
{
    for (uint32_t i = 1; i < arg_count; i++) {
        struct items items;
        bool is_array = items_is_array(&args[i]);
        enum status status = items_of(eval, is_array ? args[i].bytes : SLICE("[]"), &items, err);
        for (uint32_t k = 0; status == STATUS_OK && k < (is_array ? items.count : 1); k++) {
            struct slice wanted;
            status = is_array ? dynamic_to_string(eval->arena, items.data[k], &wanted, err)
                              : value_text(eval->arena, &args[i], &wanted, err);
            if (status == STATUS_OK) /* the text is read again for each */
                status = eval_spend(eval, args[0].bytes.size + wanted.size + 16, err);
            if (status == STATUS_OK && has_address(args[0].bytes, wanted, prefix))
                return give_bool(ret, true);
        }
        if (status != STATUS_OK)
            return status;
    }
    return give_bool(ret, false);
}

static enum status row_has_ipv4(ROW_PARAMETERS)
{
    return search(eval, args, arg_count, false, ret, err);
}
ROW_EVAL(row_has_ipv4, TYPE_BOOL)

static enum status row_has_ipv4_prefix(ROW_PARAMETERS)
{
    return search(eval, args, arg_count, true, ret, err);
}
ROW_EVAL(row_has_ipv4_prefix, TYPE_BOOL)

#define IP(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN, EVAL)                                \
    {.name = (NAME), .signature = NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##EVAL}

static const struct function functions[] = {
    IP("ipv4_is_private", "(address)", "true for 10/8, 172.16/12 and 192.168/16",
       "ipv4_is_private('10.1.2.3')", 1, 1, bind_test, ipv4_is_private),
    IP("ipv4_is_in_range", "(address, range)", "true if an address is in a range",
       "ipv4_is_in_range('10.1.2.3', '10.0.0.0/8')", 2, 2, bind_test, ipv4_is_in_range),
    IP("ipv4_is_in_any_range", "(address, range, ... | ranges)",
       "true if an address is in one of the ranges",
       "ipv4_is_in_any_range('10.1.2.3', '10.0.0.0/8')", 2, 64, bind_any_range,
       ipv4_is_in_any_range),
    IP("ipv4_is_match", "(a, b [, prefix])", "true if two addresses are equal under a prefix",
       "ipv4_is_match('10.1.2.3', '10.1.2.9', 24)", 2, 3, bind_test, ipv4_is_match),
    IP("ipv4_compare", "(a, b [, prefix])", "-1, 0 or 1: the order of two addresses",
       "ipv4_compare('10.1.2.3', '10.1.2.4') == -1", 2, 3, bind_number, ipv4_compare),
    IP("ipv4_netmask_suffix", "(address)", "the prefix length of a range",
       "ipv4_netmask_suffix('10.0.0.0/8') == 8", 1, 1, bind_number, ipv4_netmask_suffix),
    IP("ipv4_range_to_cidr_list", "(first, last)", "the ranges that cover two ends",
       "ipv4_range_to_cidr_list('10.0.0.0', '10.0.0.1')[0] == '10.0.0.0/31'", 2, 2, bind_cidr,
       ipv4_range_to_cidr_list),
    IP("parse_ipv4", "(address)", "an address as a number", "parse_ipv4('0.0.1.0') == 256", 1, 1,
       bind_mask, parse_ipv4),
    IP("parse_ipv4_mask", "(address, prefix)", "an address under a prefix as a number",
       "parse_ipv4_mask('0.0.1.7', 24) == 256", 2, 2, bind_mask, parse_ipv4_mask),
    IP("format_ipv4", "(address [, prefix])", "an address as text, under a prefix",
       "format_ipv4('10.1.2.3', 24) == '10.1.2.0'", 1, 2, bind_format, format_ipv4),
    IP("format_ipv4_mask", "(address [, prefix])", "an address as a range",
       "format_ipv4_mask('10.1.2.3', 24) == '10.1.2.0/24'", 1, 2, bind_format, format_ipv4_mask),
    IP("has_ipv4", "(text, address)", "true if an address stands in a text",
       "has_ipv4('from 10.1.2.3:80', '10.1.2.3')", 2, 2, bind_any_range, has_ipv4),
    IP("has_any_ipv4", "(text, address, ... | addresses)",
       "true if one of the addresses stands in a text",
       "has_any_ipv4('from 10.1.2.3:80', '10.1.2.3', '10.1.2.4')", 2, 64, bind_any_range,
       has_ipv4),
    IP("has_ipv4_prefix", "(text, prefix)",
       "true if an address that begins so (10.1.), or is it (10.1.2.3), stands in a text",
       "has_ipv4_prefix('from 10.1.2.3:80', '10.1.')", 2, 2, bind_any_range, has_ipv4_prefix),
    IP("has_any_ipv4_prefix", "(text, prefix, ... | prefixes)",
       "true if an address with one of the beginnings stands in a text",
       "has_any_ipv4_prefix('from 10.1.2.3:80', '10.1.', '10.2.')", 2, 64, bind_any_range,
       has_ipv4_prefix),
};

FUNCTION_FAMILY(ipv4, functions);
