/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dynamic.c - any text as a dynamic value: parsed it is compact JSON and stays as it
 * is when parsed again; what iteration finds is found by key, by index and by path; scalars
 * come back from their JSON as they were. */
#include "table/dynamic.h"

#include "base/check.h"
#include "base/limits.h"

#define DEPTH 40u
#define MEMBERS 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(struct slice json)
{
    struct json_tape tape;

    json_tape_init(&tape);
    CHECK(json_parse(json, 4 * JSON_DEPTH_MAX, &tape) == JSON_OK);
    json_tape_release(&tape);
}

static void check_scalar(struct arena *arena, struct slice json)
{
    struct slice text, again;
    struct value v;
    struct error err;
    struct buf buf;

    if (dynamic_to_string(arena, json, &text, &err) != STATUS_OK ||
        dynamic_to_value(arena, json, &v, &err) != STATUS_OK || v.type == TYPE_DYNAMIC)
        return;
    buf_init(&buf, 16 * MIB);
    dynamic_add_value(&buf, &v);
    CHECK(!buf.failed);
    check_json(buf_slice(&buf));
    struct value back;
    if (v.type == TYPE_STRING) {
        CHECK(slice_equal(v.bytes, text));
        CHECK(dynamic_to_string(arena, buf_slice(&buf), &again, &err) == STATUS_OK);
        CHECK(slice_equal(again, text));
    } else if (dynamic_to_value(arena, buf_slice(&buf), &back, &err) == STATUS_OK &&
               back.type == v.type) {
        CHECK(v.type != TYPE_LONG || back.integer == v.integer);
        CHECK(v.type != TYPE_BOOL || back.boolean == v.boolean);
        CHECK(v.type != TYPE_REAL || back.real == v.real);
    } else {
        CHECK(v.type == TYPE_REAL && v.real - v.real != 0); /* 1e999 is said as text */
    }
    buf_release(&buf);
}

/* Each member has its key, of several with one key the last. */
static void check_member(struct slice json, const struct dynamic_iterator *it)
{
    struct buf key;

    buf_init(&key, it->key.size + 8);
    json_unescape(it->key, &key);
    struct slice found = dynamic_member(json, buf_slice(&key));
    CHECK(found.data != NULL && found.data >= it->value.data);
    struct buf path;
    buf_init(&path, 2 * key.size + 8);
    buf_add_text(&path, "$['");
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] == '\\' || key.data[i] == '\'')
            buf_add_byte(&path, '\\');
        buf_add_byte(&path, key.data[i]);
    }
    buf_add_text(&path, "']");
    CHECK(dynamic_path(json, buf_slice(&path)).data == found.data);
    buf_release(&path);
    buf_release(&key);
}

static void walk(struct arena *arena, struct slice json, unsigned depth)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    int64_t count = (int64_t)dynamic_count(json), index = 0;

    check_scalar(arena, json);
    while (dynamic_next(&it)) {
        CHECK(it.value.data >= json.data && it.value.size > 0 &&
              it.value.data + it.value.size <= json.data + json.size);
        if (index < (int64_t)MEMBERS) {
            check_json(it.value);
            if (it.is_object)
                check_member(json, &it);
            else
                CHECK(dynamic_element(json, index).data == it.value.data &&
                      dynamic_element(json, index - count).data == it.value.data);
            if (depth < DEPTH)
                walk(arena, it.value, depth + 1);
        }
        index++;
    }
    CHECK(index == count);
    CHECK(dynamic_element(json, count).data == NULL);
}

/* path | line feed | text */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size), path;
    struct arena *arena = arena_new(64 * MIB);
    struct slice json, again;
    struct error err;

    CHECK(arena != NULL);
    if (slice_next(&text, '\n', &path) && text.data != NULL &&
        dynamic_parse(arena, text, &json, &err) == STATUS_OK && json.size > 0) {
        check_json(json);
        CHECK(dynamic_parse(arena, json, &again, &err) == STATUS_OK && slice_equal(json, again));
        struct slice found = dynamic_path(json, path);
        if (found.size > 0)
            check_json(found);
        walk(arena, json, 0);
    }
    arena_free(arena);
    return 0;
}
