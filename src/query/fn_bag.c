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

/* ---- paths ---- */

#define PATH_DEPTH_MAX 32u

/* Keys from the outside in, as they are written within the quotes of JSON. */
struct key_path {
    struct slice *keys;
    uint32_t count; /* 0: no path of keys alone */
};

static enum status key_of(struct arena *arena, struct slice key, struct slice *ret,
                          struct error *err)
{
    struct buf buf;

    buf_init(&buf, DYNAMIC_BYTES_MAX);
    text_add_json_string(&buf, key);
    enum status status = buf_check(&buf, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, slice_from(buf.data + 1, buf.size - 2), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&buf);
    return status;
}

/* Takes the step that text begins with: ".name", or "['name']" with either quote. */
static bool take_step(struct slice *text, struct slice *ret)
{
    if (text->data[0] == '.') {
        size_t end = 1;
        while (end < text->size && text->data[end] != '.' && text->data[end] != '[')
            end++;
        *ret = slice_from(text->data + 1, end - 1);
        *text = slice_tail(*text, end);
        return ret->size > 0;
    }
    if (text->size < 4 || text->data[0] != '[' ||
        (text->data[1] != '\'' && text->data[1] != '"'))
        return false;
    size_t close = slice_find_byte(*text, text->data[1], 2);
    if (close >= text->size - 1 || text->data[close + 1] != ']')
        return false;
    *ret = slice_from(text->data + 2, close - 2);
    *text = slice_tail(*text, close + 2);
    return true;
}

/* "$.a['b c']" is the keys "a" and "b c"; what does not begin as a path does is one key. */
static enum status path_of(struct arena *arena, struct slice text, struct key_path *ret,
                           struct error *err)
{
    struct slice keys[PATH_DEPTH_MAX] = {text};
    enum status status = STATUS_OK;
    uint32_t count = 1;

    *ret = (struct key_path){0};
    if (slice_starts_with(text, SLICE("$.")) || slice_starts_with(text, SLICE("$["))) {
        text = slice_tail(text, 1);
        for (count = 0; text.size > 0; count++) {
            if (count == PATH_DEPTH_MAX || !take_step(&text, &keys[count]))
                return STATUS_OK;
        }
    }
    ret->keys = ARENA_ARRAY(arena, struct slice, count, err);
    if (ret->keys == NULL)
        return err->status;
    for (ret->count = 0; ret->count < count && status == STATUS_OK; ret->count++)
        status = key_of(arena, keys[ret->count], &ret->keys[ret->count], err);
    return status;
}

/* ---- removing ---- */

struct removal {
    struct eval *eval;
    const struct key_path *const *paths; /* those whose first `depth` keys led here */
    uint32_t path_count;
    uint32_t depth;
};

/* Copies a bag without what the paths name. */
static enum status add_without(struct buf *buf, struct slice bag, const struct removal *removal,
                               struct error *err)
{
    const struct key_path **inner =
        ARENA_ARRAY(removal->eval->arena, const struct key_path *, removal->path_count + 1, err);
    struct dynamic_iterator it = dynamic_iterate(bag);
    enum status status = inner == NULL ? err->status : STATUS_OK;
    uint32_t depth = removal->depth;
    bool first = true;

    buf_add_byte(buf, '{');
    while (status == STATUS_OK && dynamic_next(&it)) {
        struct removal deeper = {removal->eval, inner, 0, depth + 1};
        bool drop = false;
        status = eval_spend(removal->eval, 8 * (uint64_t)removal->path_count, err);
        for (uint32_t i = 0; i < removal->path_count; i++) {
            const struct key_path *path = removal->paths[i];
            if (path->count <= depth || !slice_equal(path->keys[depth], it.key))
                continue;
            drop = drop || path->count == depth + 1;
            inner[deeper.path_count++] = path;
        }
        if (drop || status != STATUS_OK)
            continue;
        buf_add_text(buf, first ? "\"" : ",\"");
        first = false;
        buf_add_slice(buf, it.key);
        buf_add_text(buf, "\":");
        if (deeper.path_count > 0 && dynamic_kind(it.value) == JSON_OBJECT)
            status = add_without(buf, it.value, &deeper, err);
        else
            buf_add_slice(buf, it.value);
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
    uint32_t count = status == STATUS_OK ? items.count : 0;
    struct key_path *paths = ARENA_ARRAY(eval->arena, struct key_path, count + 1, err);
    const struct key_path **all =
        ARENA_ARRAY(eval->arena, const struct key_path *, count + 1, err);
    if (status != STATUS_OK || paths == NULL || all == NULL)
        return err->status;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct slice text;
        status = dynamic_to_string(eval->arena, items.data[i], &text, err);
        if (status == STATUS_OK)
            status = path_of(eval->arena, text, &paths[i], err);
        all[i] = &paths[i];
    }
    if (status != STATUS_OK)
        return status;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    const struct removal removal = {eval, all, count, 0};
    status = add_without(&buf, args[0].bytes, &removal, err);
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

static enum status row_bag_set_key(ROW_PARAMETERS)
{
    struct key_path path;
    struct slice json;
    struct buf buf;

    (void)arg_count;
    if (!is_bag(&args[0]))
        return STATUS_OK;
    enum status status = value_json(eval, &args[2], &json, err);
    if (status == STATUS_OK)
        status = path_of(eval->arena, args[1].bytes, &path, err);
    if (status != STATUS_OK || path.count == 0)
        return status; /* null: an index cannot be set */
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    add_changed(&buf, args[0].bytes, path.keys, path.count, json);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_bag_set_key, TYPE_DYNAMIC)
BIND(bind_bag_set_key, "ysa", TYPE_DYNAMIC)

static enum status row_bag_zip(ROW_PARAMETERS)
{
    struct items keys;
    struct items values = {0};
    struct buf buf;

    (void)arg_count;
    if (!items_is_array(&args[0]))
        return STATUS_OK;
    enum status status = items_of(eval, args[0].bytes, &keys, err);
    if (status == STATUS_OK && items_is_array(&args[1]))
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
