/* SPDX-License-Identifier: Apache-2.0 */
/* fn_bag.c - functions on property bags. */
#include "base/map.h"
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"

static bool is_bag(const struct value *value)
{
    return !value->is_null && dynamic_kind(value->bytes) == JSON_OBJECT;
}

BIND(bind_bags, "y", TYPE_DYNAMIC)

static enum status bind_bag_pack(BIND_PARAMETERS)
{
    *ret = TYPE_DYNAMIC;
    for (uint32_t i = 0; i < arg_count; i += 2)
        want[i] = TYPE_STRING;
    (void)args;
    if (arg_count % 2 != 0)
        return ERROR_SET(err, STATUS_INVALID, "bag_pack() wants pairs of key and value");
    return STATUS_OK;
}

static enum status row_bag_pack(ROW_PARAMETERS)
{
    enum status status = STATUS_OK;
    struct buf buf;

    bag_start(&buf);
    for (uint32_t i = 0; status == STATUS_OK && i < arg_count; i += 2) {
        struct slice json = SLICE("");
        status = value_json(eval, &args[i + 1], &json, err);
        if (i > 0)
            buf_add_byte(&buf, ',');
        text_add_json_string(&buf, args[i].bytes);
        buf_add_byte(&buf, ':');
        buf_add_slice(&buf, json);
    }
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_bag_pack, TYPE_DYNAMIC)

static enum status row_bag_keys(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    struct buf buf;

    (void)arg_count;
    if (!is_bag(&args[0]))
        return STATUS_OK;
    list_start(&buf);
    while (dynamic_next(&it)) {
        if (buf.size > 1)
            buf_add_byte(&buf, ',');
        buf_add_byte(&buf, '"');
        buf_add_slice(&buf, it.key);
        buf_add_byte(&buf, '"');
    }
    return list_give(eval, &buf, ret, err);
}
ROW_EVAL(row_bag_keys, TYPE_DYNAMIC)

/* The first bag that has a key gives its value. */
static enum status row_bag_merge(ROW_PARAMETERS)
{
    enum status status = STATUS_OK;
    struct map keys;
    struct buf buf;

    map_init(&keys);
    bag_start(&buf);
    for (uint32_t i = 0; status == STATUS_OK && i < arg_count; i++) {
        if (!is_bag(&args[i]))
            continue;
        struct dynamic_iterator it = dynamic_iterate(args[i].bytes);
        while (status == STATUS_OK && dynamic_next(&it)) {
            bool is_new = false;
            if (map_put(&keys, it.key, &is_new, err) == NULL)
                status = err->status;
            if (is_new)
                bag_add(&buf, it.key, it.value);
        }
    }
    map_release(&keys);
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_bag_merge, TYPE_DYNAMIC)

/* ---- removing ---- */

#define REMOVE_DEPTH_MAX 32

/* True if the path names exactly this key; *ret_rest is what follows it. */
static bool path_begins(struct slice path, struct slice key, struct slice *ret_rest)
{
    if (slice_starts_with(path, SLICE("$.")))
        path = slice_tail(path, 2);
    else if (slice_equal(path, key)) {
        *ret_rest = SLICE("");
        return true;
    } else
        return false;
    if (!slice_starts_with(path, key))
        return false;
    *ret_rest = slice_tail(path, key.size);
    return ret_rest->size == 0 || ret_rest->data[0] == '.';
}

struct removal {
    struct eval *eval;
    const struct slice *paths;
    uint32_t path_count;
};

/* Copies a bag without what the paths name.  paths are texts such as "a" or
 * "$.a.b"; deeper steps are tried with "$" in front again. */
static enum status add_without(struct buf *buf, struct slice bag, const struct removal *removal,
                               unsigned depth, struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(bag);
    enum status status = STATUS_OK;
    bool first = true;

    buf_add_byte(buf, '{');
    while (status == STATUS_OK && dynamic_next(&it)) {
        struct slice inner[8];
        uint32_t inner_count = 0;
        bool drop = false;
        for (uint32_t i = 0; i < removal->path_count && status == STATUS_OK; i++) {
            struct slice rest;
            status = eval_spend(removal->eval, 8, err);
            if (!path_begins(removal->paths[i], it.key, &rest))
                continue;
            drop = drop || rest.size == 0;
            if (rest.size > 0 && inner_count < 8)
                inner[inner_count++] = rest;
        }
        if (drop)
            continue;
        if (!first)
            buf_add_byte(buf, ',');
        first = false;
        buf_add_byte(buf, '"');
        buf_add_slice(buf, it.key);
        buf_add_text(buf, "\":");
        if (inner_count > 0 && depth < REMOVE_DEPTH_MAX &&
            dynamic_kind(it.value) == JSON_OBJECT) {
            char paths_text[8][256];
            for (uint32_t i = 0; i < inner_count; i++) {
                size_t size = inner[i].size < 254 ? inner[i].size : 254;
                paths_text[i][0] = '$';
                memcpy(paths_text[i] + 1, inner[i].data, size);
                inner[i] = slice_from(paths_text[i], size + 1);
            }
            const struct removal deeper = {removal->eval, inner, inner_count};
            if (status == STATUS_OK)
                status = add_without(buf, it.value, &deeper, depth + 1, err);
        } else {
            buf_add_slice(buf, it.value);
        }
    }
    buf_add_byte(buf, '}');
    return status;
}

static enum status row_bag_remove_keys(ROW_PARAMETERS)
{
    struct items items;
    struct buf buf;

    (void)arg_count;
    if (!is_bag(&args[0]))
        return STATUS_OK;
    enum status status = items_of(eval, args[1].bytes, &items, err);
    struct slice *paths = ARENA_ARRAY(eval->arena, struct slice, items.count + 1, err);
    if (status != STATUS_OK || paths == NULL)
        return err->status;
    for (uint32_t i = 0; status == STATUS_OK && i < items.count; i++)
        status = dynamic_to_string(eval->arena, items.data[i], &paths[i], err);
    if (status != STATUS_OK)
        return status;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    const struct removal removal = {eval, paths, items.count};
    status = add_without(&buf, args[0].bytes, &removal, 0, err);
    if (status == STATUS_OK)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_bag_remove_keys, TYPE_DYNAMIC)

/* ---- single keys ---- */

static struct slice find_key(struct slice bag, struct slice key)
{
    if (slice_starts_with(key, SLICE("$")))
        return dynamic_path(bag, key);
    return dynamic_member(bag, key);
}

static enum status row_bag_has_key(ROW_PARAMETERS)
{
    (void)eval, (void)arg_count, (void)err;
    if (!is_bag(&args[0]))
        return give_bool(ret, false);
    return give_bool(ret, find_key(args[0].bytes, args[1].bytes).size > 0);
}
ROW_EVAL(row_bag_has_key, TYPE_BOOL)
BIND(bind_bag_has_key, "ys", TYPE_BOOL)

/* Adds the bag with what is at the path replaced; path: keys, escaped.  A bag that is
 * not there begins empty. */
static void add_changed(struct buf *buf, struct slice bag, const struct slice *path,
                        uint32_t depth, struct slice json)
{
    struct dynamic_iterator it = dynamic_iterate(bag);
    bool found = false;
    bool first = true;

    if (depth == 0) {
        buf_add_slice(buf, json.size == 0 ? SLICE("null") : json);
        return;
    }
    buf_add_byte(buf, '{');
    while (dynamic_next(&it)) {
        bool same = slice_equal(it.key, path[0]);
        buf_add_text(buf, first ? "\"" : ",\"");
        buf_add_slice(buf, it.key);
        buf_add_text(buf, "\":");
        if (same)
            add_changed(buf, dynamic_kind(it.value) == JSON_OBJECT ? it.value : SLICE("{}"),
                        path + 1, depth - 1, json);
        else
            buf_add_slice(buf, it.value);
        found = found || same;
        first = false;
    }
    if (!found) {
        buf_add_text(buf, first ? "\"" : ",\"");
        buf_add_slice(buf, path[0]);
        buf_add_text(buf, "\":");
        add_changed(buf, SLICE("{}"), path + 1, depth - 1, json);
    }
    buf_add_byte(buf, '}');
}

#define PATH_DEPTH_MAX 32u

/* "$.a.b" is the keys a and b; all else is one key. */
static uint32_t split_path(struct slice escaped, struct slice *ret)
{
    uint32_t count = 0;

    if (escaped.size < 3 || escaped.data[0] != '$' || escaped.data[1] != '.') {
        ret[0] = escaped;
        return 1;
    }
    struct slice rest = slice_tail(escaped, 2);
    while (count < PATH_DEPTH_MAX) {
        size_t dot = count + 1 == PATH_DEPTH_MAX ? SIZE_MAX : slice_find_byte(rest, '.', 0);
        if (dot >= rest.size) {
            ret[count++] = rest;
            break;
        }
        ret[count++] = slice_head(rest, dot);
        rest = slice_tail(rest, dot + 1);
    }
    return count;
}

static enum status row_bag_set_key(ROW_PARAMETERS)
{
    struct slice path[PATH_DEPTH_MAX];
    struct slice json;
    struct buf key;
    struct buf buf;

    (void)arg_count;
    if (!is_bag(&args[0]))
        return STATUS_OK;
    enum status status = value_json(eval, &args[2], &json, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&key, DYNAMIC_BYTES_MAX);
    text_add_json_string(&key, args[1].bytes);
    struct slice escaped = SLICE("");
    if (key.size >= 2)
        escaped = slice_from(key.data + 1, key.size - 2);
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    add_changed(&buf, args[0].bytes, path, split_path(escaped, path), json);
    buf.failed = buf.failed || key.failed;
    buf_release(&key);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_bag_set_key, TYPE_DYNAMIC)
BIND(bind_bag_set_key, "ysa", TYPE_DYNAMIC)

static enum status row_bag_zip(ROW_PARAMETERS)
{
    struct items keys;
    struct items values;
    struct buf buf;

    (void)arg_count;
    if (!items_is_array(&args[0]) || !items_is_array(&args[1]))
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &keys, err);
    if (status == STATUS_OK)
        status = items_of(eval, args[1].bytes, &values, err);
    if (status != STATUS_OK)
        return status;
    bag_start(&buf);
    for (uint32_t i = 0; i < keys.count; i++) {
        struct slice key = keys.data[i];
        if (dynamic_kind(key) == JSON_STRING && key.size >= 2)
            bag_add(&buf, slice_from(key.data + 1, key.size - 2),
                    i < values.count ? values.data[i] : SLICE("null"));
    }
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_bag_zip, TYPE_DYNAMIC)

/* ---- treepath ---- */

struct tree {
    struct buf list, path;
    struct map seen; /* paths that are in the list */
    struct error *err;
};

static void add_paths(struct tree *tree, struct slice json, unsigned depth);

static void add_step(struct tree *tree, struct slice value, unsigned depth)
{
    bool is_new = false;

    if (map_put(&tree->seen, buf_slice(&tree->path), &is_new, tree->err) == NULL)
        tree->list.failed = true;
    if (is_new) {
        if (tree->list.size > 1)
            buf_add_byte(&tree->list, ',');
        buf_add_byte(&tree->list, '"');
        buf_add_slice(&tree->list, buf_slice(&tree->path));
        buf_add_byte(&tree->list, '"');
    }
    add_paths(tree, value, depth + 1);
}

/* The elements of an array share the step [0], so what is below any of them is listed. */
static void add_paths(struct tree *tree, struct slice json, unsigned depth)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    enum json_kind kind = dynamic_kind(json);
    size_t base = tree->path.size;

    if ((kind != JSON_OBJECT && kind != JSON_ARRAY) || depth > JSON_DEPTH_MAX)
        return;
    while (dynamic_next(&it) && !tree->list.failed && !tree->path.failed) {
        tree->path.size = base;
        if (kind == JSON_ARRAY) {
            buf_add_text(&tree->path, "[0]");
        } else {
            buf_add_text(&tree->path, "['");
            buf_add_slice(&tree->path, it.key);
            buf_add_text(&tree->path, "']");
        }
        add_step(tree, it.value, depth);
    }
    tree->path.size = base;
}

static enum status row_treepath(ROW_PARAMETERS)
{
    struct tree tree = {.err = err};

    (void)arg_count;
    buf_init(&tree.path, QUERY_TEXT_BYTES_MAX);
    map_init(&tree.seen);
    list_start(&tree.list);
    add_paths(&tree, args[0].bytes, 0);
    tree.list.failed = tree.list.failed || tree.path.failed;
    buf_release(&tree.path);
    map_release(&tree.seen);
    return list_give(eval, &tree.list, ret, err);
}
ROW_EVAL(row_treepath, TYPE_DYNAMIC)

#define PACK(NAME, TEXT, EXAMPLE)                                                                  \
    {.name = (NAME), .signature = NAME "(key, value [, ...])", .summary = (TEXT),                  \
     .example = (EXAMPLE), .args_min = 2, .args_max = 254, .flags = FUNCTION_LAZY_NULL,            \
     .bind = bind_bag_pack, .eval = eval_row_bag_pack}

static const struct function functions[] = {
    PACK("bag_pack", "a bag of keys and values", "tostring(bag_pack('a', 1)) == '{\"a\":1}'"),
    PACK("pack", "the same as bag_pack()", "tostring(pack('a', 1)) == '{\"a\":1}'"),
    PACK("pack_dictionary", "the same as bag_pack()",
         "tostring(pack_dictionary('a', 1)) == '{\"a\":1}'"),
    {.name = "bag_keys", .signature = "bag_keys(bag)", .summary = "the keys as an array",
     .example = "tostring(bag_keys(dynamic({'a': 1}))) == '[\"a\"]'", .args_min = 1,
     .args_max = 1, .bind = bind_bags, .eval = eval_row_bag_keys},
    {.name = "bag_merge", .signature = "bag_merge(bag, bag [, ...])",
     .summary = "bags joined into one; the first value of a key stays",
     .example = "tostring(bag_merge(dynamic({'a': 1}), dynamic({'a': 2}))) == '{\"a\":1}'",
     .args_min = 1, .args_max = 64, .flags = FUNCTION_LAZY_NULL, .bind = bind_bags,
     .eval = eval_row_bag_merge},
    {.name = "bag_remove_keys", .signature = "bag_remove_keys(bag, keys)",
     .summary = "a bag without some keys or paths ($.a.b)",
     .example = "tostring(bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['b']))) == "
                "'{\"a\":1}'",
     .args_min = 2, .args_max = 2, .bind = bind_bags, .eval = eval_row_bag_remove_keys},
    {.name = "bag_has_key", .signature = "bag_has_key(bag, key)",
     .summary = "true if the bag has a key or path", .args_min = 2,
     .example = "bag_has_key(dynamic({'a': 1}), 'a')", .args_max = 2, .bind = bind_bag_has_key,
     .eval = eval_row_bag_has_key},
    {.name = "bag_set_key", .signature = "bag_set_key(bag, key, value)",
     .summary = "a bag with a key set",
     .example = "tostring(bag_set_key(dynamic({'a': 1}), 'a', 2)) == '{\"a\":2}'", .args_min = 3,
     .args_max = 3, .flags = FUNCTION_LAZY_NULL, .bind = bind_bag_set_key,
     .eval = eval_row_bag_set_key},
    {.name = "bag_zip", .signature = "bag_zip(keys, values)",
     .summary = "a bag from an array of keys and one of values",
     .example = "tostring(bag_zip(dynamic(['a']), dynamic([1]))) == '{\"a\":1}'", .args_min = 2,
     .args_max = 2, .bind = bind_bags, .eval = eval_row_bag_zip},
    {.name = "treepath", .signature = "treepath(value)", .summary = "the paths inside a value",
     .example = "array_length(treepath(dynamic({'a': [1]}))) == 2", .args_min = 1, .args_max = 1,
     .bind = bind_bags, .eval = eval_row_treepath},
};

FUNCTION_FAMILY(bag, functions);
