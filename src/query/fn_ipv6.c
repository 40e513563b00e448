/* SPDX-License-Identifier: Apache-2.0 */
/* fn_ipv6.c - IPv6 addresses; IPv4 ones count as ::ffff:a.b.c.d. */
#include "base/text.h"
#include "query/ip_priv.h"
#include "query/items.h"
#include "table/dynamic.h"

struct address {
    uint8_t bytes[16];
    int64_t prefix; /* 0 .. 128 */
};

static bool parse_group(struct slice s, uint8_t *ret)
{
    uint32_t value = 0;

    if (s.size == 0 || s.size > 4)
        return false;
    for (size_t i = 0; i < s.size; i++) {
        int digit = text_hex_digit(s.data[i]);
        if (digit < 0)
            return false;
        value = value * 16 + (uint32_t)digit;
    }
    ret[0] = (uint8_t)(value >> 8);
    ret[1] = (uint8_t)value;
    return true;
}

/* Groups of a part without "::"; returns the bytes or SIZE_MAX. */
static size_t parse_part(struct slice s, uint8_t ret[16])
{
    size_t size = 0;

    while (s.size > 0) {
        size_t colon = slice_find_byte(s, ':', 0);
        struct slice group = slice_head(s, colon);
        uint32_t v4;
        int64_t prefix;
        if (colon == SIZE_MAX && slice_find_byte(group, '.', 0) != SIZE_MAX) {
            if (size > 12 || !ip_parse_v4(group, &v4, &prefix) || prefix != 32)
                return SIZE_MAX;
            for (int i = 0; i < 4; i++)
                ret[size++] = (uint8_t)(v4 >> (24 - 8 * i));
            return size;
        }
        if (size > 14 || !parse_group(group, ret + size))
            return SIZE_MAX;
        size += 2;
        if (colon == SIZE_MAX)
            break;
        s = slice_tail(s, colon + 1);
        if (s.size == 0)
            return SIZE_MAX;
    }
    return size;
}

static bool parse(struct slice text, struct address *ret)
{
    uint8_t head[16];
    uint8_t tail[16];
    uint32_t v4;

    *ret = (struct address){.prefix = 128};
    text = slice_trim(text);
    if (ip_parse_v4(text, &v4, &ret->prefix)) {
        ret->prefix += 96;
        ret->bytes[10] = ret->bytes[11] = 0xff;
        for (int i = 0; i < 4; i++)
            ret->bytes[12 + i] = (uint8_t)(v4 >> (24 - 8 * i));
        return true;
    }
    ret->prefix = 128;
    size_t slash = slice_find_byte(text, '/', 0);
    if (slash != SIZE_MAX) {
        if (!text_parse_i64(slice_tail(text, slash + 1), &ret->prefix) || ret->prefix < 0 ||
            ret->prefix > 128)
            return false;
        text = slice_head(text, slash);
    }
    text = slice_head(text, slice_find_byte(text, '%', 0)); /* the zone is of this host only */
    bool dotted = slice_find_byte(text, '.', 0) != SIZE_MAX;
    if (dotted && ret->prefix <= 32 && slash != SIZE_MAX)
        ret->prefix += 96; /* counted in the IPv4 part */
    size_t gap = slice_find(text, SLICE("::"), 0);
    if (gap == SIZE_MAX)
        return parse_part(text, ret->bytes) == 16;
    size_t head_size = parse_part(slice_head(text, gap), head);
    size_t tail_size = parse_part(slice_tail(text, gap + 2), tail);
    if (head_size == SIZE_MAX || tail_size == SIZE_MAX || head_size + tail_size > 14)
        return false;
    memcpy(ret->bytes, head, head_size);
    memcpy(ret->bytes + 16 - tail_size, tail, tail_size);
    if (dotted && head_size == 0 && tail_size == 4) /* ::a.b.c.d is the IPv4 address */
        ret->bytes[10] = ret->bytes[11] = 0xff;
    return true;
}

bool ip_parse_v6(struct slice text, uint8_t ret_address[16], int64_t *ret_prefix)
{
    struct address address;

    if (!parse(text, &address))
        return false;
    memcpy(ret_address, address.bytes, sizeof(address.bytes));
    *ret_prefix = address.prefix;
    return true;
}

static void mask(struct address *address, int64_t prefix)
{
    for (int64_t i = 0; i < 16; i++) {
        int64_t bits = prefix - i * 8;
        if (bits >= 8)
            continue;
        uint8_t kept = (uint8_t)(bits <= 0 ? 0 : 0xff << (8 - bits));
        address->bytes[i] = (uint8_t)(address->bytes[i] & kept);
    }
}

static bool is_v4(const struct value *value)
{
    uint32_t address;
    int64_t prefix;

    return ip_parse_v4(value->bytes, &address, &prefix);
}

static bool compare(const struct value *args, uint32_t arg_count, int *ret)
{
    struct address a;
    struct address b;
    int64_t prefix;

    if (!parse(args[0].bytes, &a) || !parse(args[1].bytes, &b))
        return false;
    prefix = a.prefix < b.prefix ? a.prefix : b.prefix;
    if (arg_count > 2) {
        int64_t wanted = args[2].integer;
        if (wanted >= 0 && wanted <= 32 && is_v4(&args[0]) && is_v4(&args[1]))
            wanted += 96;
        if (wanted < 0 || wanted > 128)
            return false;
        prefix = wanted < prefix ? wanted : prefix;
    }
    mask(&a, prefix);
    mask(&b, prefix);
    int order = memcmp(a.bytes, b.bytes, 16);
    *ret = order < 0 ? -1 : order > 0;
    return true;
}

static enum status row_ipv6_compare(ROW_PARAMETERS)
{
    int order;

    (void)eval, (void)err;
    return compare(args, arg_count, &order) ? give_long(ret, order) : STATUS_OK;
}
ROW_EVAL(row_ipv6_compare, TYPE_LONG)

static enum status row_ipv6_is_match(ROW_PARAMETERS)
{
    int order;

    (void)eval, (void)err;
    return compare(args, arg_count, &order) ? give_bool(ret, order == 0) : STATUS_OK;
}
ROW_EVAL(row_ipv6_is_match, TYPE_BOOL)
BIND(bind_number, "ssl", TYPE_LONG)
BIND(bind_test, "ssl", TYPE_BOOL)

static bool in_range(struct address address, struct slice range, bool *ret)
{
    struct address network;

    if (!parse(range, &network))
        return false;
    mask(&address, network.prefix);
    mask(&network, network.prefix);
    *ret = memcmp(address.bytes, network.bytes, 16) == 0;
    return true;
}

static enum status row_ipv6_is_in_range(ROW_PARAMETERS)
{
    struct address address;
    bool hit;

    (void)eval, (void)arg_count, (void)err;
    if (!parse(args[0].bytes, &address) || !in_range(address, args[1].bytes, &hit))
        return STATUS_OK;
    return give_bool(ret, hit);
}
ROW_EVAL(row_ipv6_is_in_range, TYPE_BOOL)

static enum status row_ipv6_is_in_any_range(ROW_PARAMETERS)
{
    struct address address;

    if (!parse(args[0].bytes, &address))
        return STATUS_OK;
    for (uint32_t i = 1; i < arg_count; i++) {
        struct slice text;
        bool hit = false;
        if (items_is_array(&args[i])) {
            struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
            while (dynamic_next(&it)) {
                text = slice_trim(it.value);
                if (text.size >= 2 &&
                    in_range(address, slice_from(text.data + 1, text.size - 2), &hit) && hit)
                    return give_bool(ret, true);
            }
            continue;
        }
        enum status status = value_text(eval->arena, &args[i], &text, err);
        if (status != STATUS_OK)
            return status;
        if (in_range(address, text, &hit) && hit)
            return give_bool(ret, true);
    }
    return give_bool(ret, false);
}
ROW_EVAL(row_ipv6_is_in_any_range, TYPE_BOOL)

static enum status bind_any_range(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)err;
    want[0] = TYPE_STRING;
    *ret = TYPE_BOOL;
    return STATUS_OK;
}

static enum status give_address(struct eval *eval, struct address *address, int64_t prefix,
                                struct value *ret, struct error *err)
{
    struct buf buf;

    mask(address, prefix < address->prefix ? prefix : address->prefix);
    text_start(&buf);
    for (int i = 0; i < 16; i += 2)
        buf_add_format(&buf, "%s%02x%02x", i > 0 ? ":" : "", address->bytes[i],
                       address->bytes[i + 1]);
    return give_buf(eval, &buf, ret, err);
}

static enum status row_parse_ipv6(ROW_PARAMETERS)
{
    struct address address;

    (void)arg_count;
    if (!parse(args[0].bytes, &address))
        return STATUS_OK;
    return give_address(eval, &address, 128, ret, err);
}
ROW_EVAL(row_parse_ipv6, TYPE_STRING)

static enum status row_parse_ipv6_mask(ROW_PARAMETERS)
{
    struct address address;
    int64_t prefix = args[1].integer;

    (void)arg_count;
    if (!parse(args[0].bytes, &address) || prefix < 0 || prefix > 128)
        return STATUS_OK;
    if (slice_find_byte(args[0].bytes, ':', 0) == SIZE_MAX && prefix <= 32)
        prefix += 96; /* of an IPv4 address: parse_ipv6_mask("127.0.0.1", 24) is documented so */
    return give_address(eval, &address, prefix, ret, err);
}
ROW_EVAL(row_parse_ipv6_mask, TYPE_STRING)
BIND(bind_text, "sl", TYPE_STRING)

#define IP(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, BIND_FN)                                      \
    {.name = #NAME, .signature = #NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = (MIN), .args_max = (MAX), .bind = (BIND_FN), .eval = eval_row_##NAME}

static const struct function functions[] = {
    IP(ipv6_compare, "(a, b [, prefix])", "-1, 0 or 1: the order of two addresses",
       "ipv6_compare('::1', '::2') == -1", 2, 3, bind_number),
    IP(ipv6_is_match, "(a, b [, prefix])", "true if two addresses are equal under a prefix",
       "ipv6_is_match('fe80::1', 'fe80::2', 64)", 2, 3, bind_test),
    IP(ipv6_is_in_range, "(address, range)", "true if an address is in a range",
       "ipv6_is_in_range('fe80::1', 'fe80::/64')", 2, 2, bind_test),
    IP(ipv6_is_in_any_range, "(address, range, ... | ranges)",
       "true if an address is in one of the ranges",
       "ipv6_is_in_any_range('fe80::1', '::1/128', 'fe80::/64')", 2, 64, bind_any_range),
    IP(parse_ipv6, "(address)", "an address with all its digits",
       "parse_ipv6('::1') == '0000:0000:0000:0000:0000:0000:0000:0001'", 1, 1, bind_text),
    IP(parse_ipv6_mask, "(address, prefix)", "an address under a prefix with all its digits",
       "parse_ipv6_mask('::1', 64) == '0000:0000:0000:0000:0000:0000:0000:0000'", 2, 2,
       bind_text),
};

FUNCTION_FAMILY(ipv6, functions);
