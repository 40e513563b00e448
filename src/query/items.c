/* SPDX-License-Identifier: Apache-2.0 */
#include "query/items.h"

#include "base/text.h"
#include "table/dynamic.h"

#include <endian.h>

#define ESCAPE_BYTES 6u    /* of \u and four digits; others have two */
#define COMPARED_BYTES 64u /* at once */
#define REAL_WHOLE_MAX 9e18 /* reals up to it fit 64 bits */

bool items_is_array(const struct value *value)
{
    return value->type == TYPE_DYNAMIC && !value->is_null &&
           dynamic_kind(value->bytes) == JSON_ARRAY;
}

enum status items_of(struct eval *eval, struct slice json, struct items *ret, struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    uint64_t count = dynamic_kind(json) == JSON_ARRAY ? dynamic_count(json) : 0;
    struct slice *data = ARENA_ARRAY(eval->arena, struct slice, count + 1, err);
    uint32_t at = 0;

    if (data == NULL)
        return err->status;
    while (at < count && dynamic_next(&it))
        data[at++] = slice_trim(it.value);
    *ret = (struct items){data, at};
    return STATUS_OK;
}

static int kind_order(struct slice json)
{
    switch (dynamic_kind(json)) {
    case JSON_NUMBER:
        return 0;
    case JSON_STRING:
        return 1;
    case JSON_FALSE:
        return 2;
    case JSON_TRUE:
        return 3;
    case JSON_ARRAY:
        return 4;
    case JSON_OBJECT:
        return 5;
    case JSON_NULL:
        return 6;
    }
    return 6;
}

static int plain_compare(struct slice a, struct slice b)
{
    struct slice texts[2] = {a, b};
    struct buf plain[2];

    for (int i = 0; i < 2; i++) {
        buf_init(&plain[i], texts[i].size + 16);
        json_unescape(texts[i], &plain[i]);
        if (!plain[i].failed) /* else the text as it is spelled */
            texts[i] = buf_slice(&plain[i]);
    }
    int order = slice_compare(texts[0], texts[1]);
    buf_release(&plain[0]);
    buf_release(&plain[1]);
    return order;
}

static size_t common_bytes(struct slice a, struct slice b)
{
    size_t size = a.size < b.size ? a.size : b.size, at = 0;

    while (size - at >= COMPARED_BYTES && memcmp(a.data + at, b.data + at, COMPARED_BYTES) == 0)
        at += COMPARED_BYTES;
    while (at < size && a.data[at] == b.data[at])
        at++;
    return at;
}

/* Where the escape begins that the byte at `at` is of; `at` if it is of none. */
static size_t escape_begin(struct slice s, size_t at)
{
    size_t first = at < ESCAPE_BYTES ? 0 : at - ESCAPE_BYTES + 1, slash = at, slashes = 0;

    while (slash > first && s.data[slash - 1] != '\\')
        slash--;
    while (slashes < slash && s.data[slash - slashes - 1] == '\\')
        slashes++;
    bool is_begin = slash > first && slashes % 2 == 1; /* else it is escaped by one before */
    bool is_long = is_begin && slash < s.size && s.data[slash] == 'u';
    return is_begin && (is_long || slash == at) ? slash - 1 : at;
}

/* The byte that stands at `at`, or what the escape there stands for if it is one that a compact
 * value has; -1: another. */
static int byte_at(struct slice s, size_t at)
{
    static const char from[] = "\"\\nrt", to[] = "\"\\\n\r\t";
    unsigned char code[2];

    if (s.data[at] != '\\' || at + 1 >= s.size)
        return (unsigned char)s.data[at];
    const char *known = strchr(from, s.data[at + 1]);
    if (known != NULL)
        return to[known - from];
    bool is_control = s.data[at + 1] == 'u' && at + ESCAPE_BYTES <= s.size &&
                      text_parse_hex(slice_from(s.data + at + 2, 4), code, 2) && code[0] == 0 &&
                      code[1] < ' ';
    return is_control ? code[1] : -1;
}

/* By what the texts say: neither quotes nor escapes count.  Where they are spelled alike
 * nothing is decoded, and no more than a character behind that if they are compact. */
static int text_compare(struct slice a, struct slice b)
{
    struct slice x = slice_from(a.data + 1, a.size - 2);
    struct slice y = slice_from(b.data + 1, b.size - 2);
    size_t at = escape_begin(x, common_bytes(x, y));

    if (at >= x.size || at >= y.size)
        return (at < x.size) - (at < y.size);
    int left = byte_at(x, at), right = byte_at(y, at);
    return left < 0 || right < 0 || left == right ? plain_compare(x, y) : left - right;
}

int item_compare(struct slice a, struct slice b)
{
    int order = kind_order(a) - kind_order(b);
    int64_t i;
    int64_t k;
    double x;
    double y;

    if (order != 0)
        return order;
    if (dynamic_kind(a) == JSON_NUMBER) {
        if (text_parse_i64(a, &i) && text_parse_i64(b, &k))
            return i < k ? -1 : i > k;
        if (text_parse_double(a, &x) && text_parse_double(b, &y))
            return x < y ? -1 : x > y;
    }
    return dynamic_kind(a) == JSON_STRING ? text_compare(a, b) : slice_compare(a, b);
}

static void add_big_endian(struct buf *buf, uint64_t number)
{
    number = htobe64(number);
    buf_add(buf, &number, sizeof(number));
}

/* Whole numbers that share a real come in their order, too. */
static void add_number_order(struct buf *buf, struct slice json)
{
    const uint64_t sign = UINT64_C(1) << 63;
    double real = 0;
    int64_t whole = 0;
    uint64_t bits;

    (void)text_parse_double(json, &real); /* what is no number is 0 */
    if (!text_parse_i64(json, &whole) && real >= -REAL_WHOLE_MAX && real <= REAL_WHOLE_MAX)
        whole = (int64_t)real;
    real = real == 0 ? 0 : real; /* -0 is 0 */
    memcpy(&bits, &real, sizeof(bits));
    add_big_endian(buf, (bits & sign) != 0 ? ~bits : bits | sign);
    add_big_endian(buf, (uint64_t)whole ^ sign);
}

void item_add_order(struct buf *buf, struct slice json)
{
    buf_add_byte(buf, (char)(ITEM_ORDER_LOW + 1 + kind_order(json)));
    if (dynamic_kind(json) == JSON_NUMBER)
        add_number_order(buf, json);
    else if (dynamic_kind(json) == JSON_STRING)
        json_unescape(slice_from(json.data + 1, json.size - 2), buf);
    else
        buf_add_slice(buf, json);
}

bool item_equal(struct slice a, struct slice b)
{
    return slice_equal(a, b) ||
           (dynamic_kind(a) == JSON_NUMBER && dynamic_kind(b) == JSON_NUMBER &&
            item_compare(a, b) == 0);
}

uint32_t items_find(const struct items *items, struct slice item)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (item_equal(items->data[i], item))
            return i;
    }
    return UINT32_MAX;
}

enum status value_json(struct eval *eval, const struct value *value, struct slice *ret,
                       struct error *err)
{
    struct value result = {.type = TYPE_DYNAMIC};
    struct buf buf;

    if (value->type == TYPE_DYNAMIC && !value->is_null) {
        *ret = slice_trim(value->bytes);
        return STATUS_OK;
    }
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    if (value->type == TYPE_DECIMAL && !value->is_null)
        buf_add_slice(&buf, value->bytes);
    else
        dynamic_add_value(&buf, value);
    enum status status = give_buf(eval, &buf, &result, err);
    *ret = result.bytes;
    return status;
}

void list_start(struct buf *buf)
{
    buf_init(buf, DYNAMIC_BYTES_MAX);
    buf_add_byte(buf, '[');
}

void list_add(struct buf *buf, struct slice json)
{
    if (buf->size > 1)
        buf_add_byte(buf, ',');
    if (json.size == 0)
        buf_add_text(buf, "null");
    else
        buf_add_slice(buf, json);
}

enum status list_give(struct eval *eval, struct buf *buf, struct value *ret, struct error *err)
{
    buf_add_byte(buf, ']');
    if (buf->failed && eval_look(eval, err) != STATUS_OK) { /* not its length, but the time */
        buf_release(buf);
        return err->status;
    }
    return give_buf(eval, buf, ret, err);
}

void bag_start(struct buf *buf)
{
    buf_init(buf, DYNAMIC_BYTES_MAX);
    buf_add_byte(buf, '{');
}

void bag_add(struct buf *buf, struct slice escaped_key, struct slice json)
{
    if (buf->size > 1)
        buf_add_byte(buf, ',');
    buf_add_byte(buf, '"');
    buf_add_slice(buf, escaped_key);
    buf_add_text(buf, "\":");
    if (json.size == 0)
        buf_add_text(buf, "null");
    else
        buf_add_slice(buf, json);
}

void bag_add_text(struct buf *buf, const char *key, struct slice text)
{
    bag_add(buf, slice_of(key), SLICE("\""));
    if (!buf->failed)
        buf->size--; /* the quote only opened the value */
    text_add_json_string(buf, text);
}

enum status bag_give(struct eval *eval, struct buf *buf, struct value *ret, struct error *err)
{
    buf_add_byte(buf, '}');
    return give_buf(eval, buf, ret, err);
}
