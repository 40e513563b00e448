/* SPDX-License-Identifier: Apache-2.0 */
#include "query/items.h"

#include "base/text.h"
#include "table/dynamic.h"

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

/* By what the texts say: neither quotes nor escapes count. */
static int text_compare(struct slice a, struct slice b)
{
    struct slice inner[2] = {slice_from(a.data + 1, a.size - 2),
                             slice_from(b.data + 1, b.size - 2)};
    struct buf plain[2];

    for (int i = 0; i < 2; i++) {
        buf_init(&plain[i], inner[i].size + 16);
        if (slice_find_byte(inner[i], '\\', 0) == SIZE_MAX)
            continue;
        json_unescape(inner[i], &plain[i]);
        if (!plain[i].failed) /* else the text as it is spelled */
            inner[i] = buf_slice(&plain[i]);
    }
    int order = slice_compare(inner[0], inner[1]);
    buf_release(&plain[0]);
    buf_release(&plain[1]);
    return order;
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
